"""Index numbers: one figure for the change of many quantities, and for the distance between many regions.

Quantities, prices and shares stack the items on axis 0; the last axis is the year.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from xinzhi.core.arrays import FloatArray, year_before
from xinzhi.core.errors import UsageError

Formula = Literal["tornqvist", "fisher", "laspeyres", "paasche"]


def contributions(growth: FloatArray, share: FloatArray, *, formula: Formula) -> FloatArray:
    """Return what every input contributes to the log change of the quantity index, log points `(n, ..., T)`.

    `growth` is the log growth of every input, `share` its cost share in its own year, adding up to 1 over the inputs.
    The contributions add up to the log of the index exactly: Törnqvist weights are the mean shares of two years,
    Laspeyres' and Paasche's follow from the logarithmic mean of relative and index, Fisher's are their mean (Vartia
    1976; Balk 2004, Economics Letters 82). An input that costs nothing in both years contributes nothing.
    """
    growth, share = np.broadcast_arrays(growth, share)
    effective = np.where((share == 0) & (year_before(share) == 0), 0.0, growth)
    return weights(effective, share, formula=formula) * effective


def weights(growth: FloatArray, share: FloatArray, *, formula: Formula) -> FloatArray:
    """Return the weights `(n, ..., T)` of the log growth of every input; they add up to 1; the first year is NaN."""
    before, current = year_before(share), _year_after_first(share)
    match formula:
        case "tornqvist":
            return (before + share) / 2
        case "laspeyres":
            return _logarithmic(before, growth)
        case "paasche":
            return _logarithmic(current, -growth)
        case "fisher":
            return (_logarithmic(before, growth) + _logarithmic(current, -growth)) / 2
        case _:
            raise UsageError("core.unknown-formula", formula=formula)


def log_index(growth: FloatArray, share: FloatArray, *, formula: Formula) -> FloatArray:
    """Return the log change `(..., T)` of the quantity index from its own definition, without weights."""
    before, current = year_before(share), _year_after_first(share)
    match formula:
        case "tornqvist":
            return np.asarray(((before + share) / 2 * growth).sum(axis=0))
        case "laspeyres":
            return np.asarray(np.log((before * np.exp(growth)).sum(axis=0)))
        case "paasche":
            return np.asarray(-np.log((current * np.exp(-growth)).sum(axis=0)))
        case "fisher":
            two = [log_index(growth, share, formula=name) for name in ("laspeyres", "paasche")]
            return (two[0] + two[1]) / 2
        case _:
            raise UsageError("core.unknown-formula", formula=formula)


def _year_after_first(share: FloatArray) -> FloatArray:
    """Return the shares without the first year, which has no change that they could weight."""
    current = np.array(share)
    current[..., 0] = np.nan
    return current


def _logarithmic(share: FloatArray, log_relative: FloatArray) -> FloatArray:
    """Return the weights that turn the mean of relatives with `share` into a mean of their logs."""
    log_ratio = log_relative - np.log((share * np.exp(log_relative)).sum(axis=0))
    at_one = log_ratio == 0
    # the logarithmic mean of every ratio and 1
    weight = share * np.where(at_one, 1.0, np.expm1(log_ratio) / np.where(at_one, 1.0, log_ratio))
    return np.asarray(weight / weight.sum(axis=0))


def chain(growth: FloatArray) -> FloatArray:
    """Return the index `(..., T)` of a log growth: 1 in the year before the first one, NaN from the first gap on."""
    finite = np.isfinite(growth)
    years = np.arange(growth.shape[-1])
    begins = np.where(finite.any(axis=-1), finite.argmax(axis=-1), growth.shape[-1] + 1)[..., None]
    level = np.exp(np.cumsum(np.where(years < begins, 0.0, np.where(finite, growth, np.nan)), axis=-1))
    return np.where(years < begins - 1, np.nan, level)


def bilateral(p0: FloatArray, p1: FloatArray, q0: FloatArray, q1: FloatArray, formula: Formula) -> FloatArray:
    """Return the quantity index of situation 1 relative to situation 0 from prices and quantities `(n, ...)`.

    Exchange prices and quantities for the price index. ILO, IMF, OECD, UNECE, Eurostat and World Bank (2004), Consumer
    Price Index Manual, chapters 15 and 16.
    """
    match formula:
        case "laspeyres":
            out = (p0 * q1).sum(axis=0) / (p0 * q0).sum(axis=0)
        case "paasche":
            out = (p1 * q1).sum(axis=0) / (p1 * q0).sum(axis=0)
        case "fisher":
            out = np.sqrt(bilateral(p0, p1, q0, q1, "laspeyres") * bilateral(p0, p1, q0, q1, "paasche"))
        case "tornqvist":
            v0, v1 = p0 * q0, p1 * q1
            weight = (v0 / v0.sum(axis=0) + v1 / v1.sum(axis=0)) / 2
            with np.errstate(divide="ignore", invalid="ignore"):
                relative = np.where(weight == 0, 0.0, np.log(q1) - np.log(q0))
            out = np.exp((weight * relative).sum(axis=0))
        case _:
            raise UsageError("core.unknown-formula", formula=formula)
    return np.asarray(out)


def chain_quantities(price: FloatArray, quantity: FloatArray, formula: Formula) -> FloatArray:
    """Return the quantity index `(..., T)` chained over the years of `(n, ..., T)`; the first year is 1."""
    links = bilateral(price[..., :-1], price[..., 1:], quantity[..., :-1], quantity[..., 1:], formula)
    return np.cumprod(np.concatenate([np.ones((*links.shape[:-1], 1)), links], axis=-1), axis=-1)


def multilateral_levels(output: FloatArray, inputs: FloatArray, shares: FloatArray, *, axis: int = -2) -> FloatArray:
    """Return the log level of TFP of every region relative to the mean of the regions that are complete in a year.

    Every region is compared with one that has the mean log output, inputs and shares, so that no third region is the
    base: Caves, Christensen and Diewert (1982), Economic Journal 92, centred on the mean. Output is `(..., R, T)`,
    inputs and cost shares `(n, ..., R, T)`; `axis` is that of the regions in `output`, counted from the end.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_output, log_inputs = np.log(output), np.log(inputs)
    complete = np.isfinite(log_output) & (np.isfinite(log_inputs) & np.isfinite(shares)).all(axis=0)
    count = complete.sum(axis=axis, keepdims=True)

    def mean(values: FloatArray) -> FloatArray:
        total = np.where(complete, values, 0.0).sum(axis=axis, keepdims=True)
        return np.asarray(total / np.where(count > 0, count, np.nan))

    weight = (shares + mean(shares)) / 2
    level = log_output - (weight * (log_inputs - mean(log_inputs))).sum(axis=0)
    return np.asarray(np.where(complete, level - mean(level), np.nan))
