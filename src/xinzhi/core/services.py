"""Capital services: what a year's use of each asset costs, and the volume of services of all assets together.

Arrays stack the assets on axis 0; the last axis is the year.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.gaps import year_before
from xinzhi.core.index_numbers import chain, contributions

NegativeRule = Literal["zero", "near_zero", "refuse", "keep"]


def revaluation(price: FloatArray, *, years: int, centred: bool) -> FloatArray:
    """Return the expected rate of change of asset prices `(n, ..., T)`: the mean of the rates of some `years`.

    The window is centred on the year (EU KLEMS: 3 years) or ends with it (Penn World Table: 5 years); at the ends of
    the series the mean is over the years of it that there are. NaN in the first year, which has no rate.
    """
    if years < 1 or (centred and years % 2 == 0):
        raise UsageError("core.window", years=years)
    rate = price / year_before(price) - 1
    ahead = years // 2 if centred else 0
    margin = [(0, 0)] * (rate.ndim - 1) + [(years - 1 - ahead, ahead)]
    window = np.lib.stride_tricks.sliding_window_view(np.pad(rate, margin, constant_values=np.nan), years, axis=-1)
    known = np.isfinite(window)
    mean = np.where(known, window, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    return np.where(np.isfinite(rate), mean, np.nan)


def user_cost(
    price: FloatArray, rate_of_return: FloatArray | float, depreciation: FloatArray, revaluation: FloatArray
) -> FloatArray:
    """Return the cost of using one unit of each asset for a year `(n, ..., T)`, ``p[t-1] r + p[t] d - p[t-1] g``.

    `rate_of_return` is nominal and the same for all assets `(..., T)`: internal (`internal_return`) or from outside.
    The cost can be negative (`settle_negative`). Jorgenson and Griliches (1967), The explanation of productivity
    change; Inklaar, Woltjer and Gallardo Albarran (2019) for the Penn World Table, equation 11.
    """
    return np.asarray(year_before(price) * (rate_of_return - revaluation) + price * depreciation)


def internal_return(
    compensation: FloatArray, price: FloatArray, stock: FloatArray, depreciation: FloatArray, revaluation: FloatArray
) -> FloatArray:
    """Return the nominal rate of return `(..., T)` at which the user costs of all assets exhaust the income of capital.

    `compensation` `(..., T)` is in the unit of ``price * stock`` `(n, ..., T)`; NaN in the first year and without a
    stock.
    """
    without = _value(user_cost(price, 0.0, depreciation, revaluation), stock).sum(axis=0)
    invested = _value(year_before(price), stock).sum(axis=0)
    return np.asarray((compensation - without) / np.where(invested > 0, invested, np.nan))


def settle_negative(cost: FloatArray, rule: NegativeRule, *, floor: FloatArray | float = 0.0) -> FloatArray:
    """Apply the rule of the protocol to user costs below zero; cost shares are taken afterwards.

    ``zero`` (EU KLEMS 2019), ``near_zero`` puts `floor` in their place (EU KLEMS & INTANProd, which does not publish
    its own; with 0 the rule is ``zero``), ``refuse`` raises an `InputError`, ``keep`` leaves them.
    """
    negative = cost < 0
    match rule:
        case "keep":
            return cost
        case "zero":
            return np.where(negative, 0.0, cost)
        case "near_zero":
            return np.where(negative, floor, cost)
        case "refuse":
            if negative.any():
                raise InputError("core.negative-user-cost", count=int(negative.sum()))
            return cost
        case _:
            raise UsageError("core.unknown-user-cost-rule", rule=rule)


def capital_services(stock: FloatArray, cost: FloatArray) -> FloatArray:
    """Return the volume index of capital services `(..., T)`, a Törnqvist index of the stocks weighted by user cost.

    1 in the first year that has user costs, NaN before it; an asset that is not used has the stock 0. OECD (2009).
    """
    value = _value(cost, stock)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(stock / year_before(stock))
        share = value / value.sum(axis=0)
    return chain(contributions(change, share, formula="tornqvist").sum(axis=0))


def _value(price: FloatArray, stock: FloatArray) -> FloatArray:
    """Return price times stock; an asset that is not used is worth nothing, even without a price."""
    return np.where(stock == 0, 0.0, price * stock)
