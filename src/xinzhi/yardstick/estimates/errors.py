"""What the rules got wrong in the years in which the truth is known: errors, and the scales to exchange them by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import yearly_change
from xinzhi.core.parameters import read_yaml
from xinzhi.protocol import Protocol
from xinzhi.yardstick.benchmark import benchmarked
from xinzhi.yardstick.estimating import (
    common_end,
    deflator_growth,
    investment_ends,
    log_growth,
    retail_growth,
    rule_growth,
    weight,
)
from xinzhi.yardstick.inputs import labour_share
from xinzhi.yardstick.panel import Panel


@cache
def conventions() -> dict[str, Any]:
    """Return ``estimates.yaml``."""
    content: dict[str, Any] = read_yaml(Path(__file__).with_name("estimates.yaml"))
    return content


@dataclass(frozen=True, slots=True)
class Exchange:
    """Errors of one kind `(R, n)`, relative to all regions and over their scale `(R,)`; `whole` are regions with all.

    An error may be given to any region: `standard` of one region times the `scale` of another.
    """

    standard: FloatArray
    scale: FloatArray
    whole: BoolArray

    @classmethod
    def of(cls, relative: FloatArray, shrinkage: float) -> Exchange:
        """Shrink the mean square of every region towards the median of the regions, which counts `shrinkage` years."""
        whole = np.asarray(np.isfinite(relative).all(axis=1))
        n = relative.shape[1]
        square = np.where(whole, (np.where(whole[:, None], relative, 0.0) ** 2).mean(axis=1), np.nan)
        middle = np.nanmedian(square) if whole.any() else np.nan
        own = np.where(whole, square, middle)
        scale = np.sqrt((n * own + shrinkage * middle) / (n + shrinkage))
        with np.errstate(invalid="ignore", divide="ignore"):
            standard = np.where(scale[:, None] > 0, relative / scale[:, None], 0.0)
        return cls(standard, scale, whole)


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors of the rules in the learning years, `(n,)` positions on the axis of the panel.

    `investment` is the growth of the rule less the true growth, both relative to the sum of the regions; `drift` the
    growth of the control total less that of the sum of the regions, less its mean; `price` the true growth of the price
    less that of retail prices and of the deflator of output, `common` to all regions and relative to them; `share` the
    steps of the labour share `(R, n)`.
    """

    years: IntArray
    investment: Exchange
    drift: FloatArray
    price: tuple[Exchange, Exchange]
    common: tuple[FloatArray, FloatArray]
    share: FloatArray


def learn(panel: Panel, protocol: Protocol, until: int | None = None, *, enough: bool = True) -> Errors:
    """Return the errors of the years that the protocol learns from, up to `until` and the last official year."""
    panel, protocol = benchmarked(panel, protocol)
    spans = protocol.value("estimates.learn")
    first, last = spans[0][0], min(spans[-1][1], int(panel.years[common_end(panel)]), until or spans[-1][1])
    inside = np.flatnonzero((panel.years >= first) & (panel.years <= last))
    truth = investment_growth(panel)
    rule = rule_growth(panel, weight(protocol))
    known = np.isfinite(rule) & np.isfinite(truth)
    # A year in which some region is unknown has no sum to be relative to.
    has = np.asarray(known.any(axis=1))
    years = inside[known[has][:, inside].all(axis=0)] if has.any() else inside[:0]
    if enough:
        _refuse_too_few(len(years), int(has.sum()))
    relative, moved, sums = _relative(panel, rule, truth, has)
    shrinkage = float(protocol.value("estimates.shrinkage"))
    price, common = _price_errors(panel, years, shrinkage)
    steps = yearly_change(labour_share(panel, protocol).values)[:, years]
    return Errors(
        years=years,
        investment=Exchange.of(relative[:, years], shrinkage),
        drift=_drift(panel, protocol, moved, sums, years),
        price=price,
        common=common,
        share=np.where(np.isfinite(steps), steps, 0.0),
    )


def _refuse_too_few(years: int, regions: int) -> None:
    """Refuse to learn from too few years or regions."""
    least = conventions()
    if years < least["minimum_years"] or regions < least["minimum_regions"]:
        raise InputError(
            "yardstick.too-little-to-learn",
            years=years,
            regions=regions,
            least_years=least["minimum_years"],
            least_regions=least["minimum_regions"],
        )


def investment_growth(panel: Panel) -> FloatArray:
    """Return log growth of official nominal investment of all assets `(R, T)`."""
    official = np.arange(panel.shape[1]) <= investment_ends(panel)[:, None]
    return log_growth(np.where(official, panel.investment["investment_nominal"].sum(axis=0), np.nan))


def _relative(
    panel: Panel, rule: FloatArray, truth: FloatArray, has: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the errors relative to the sum `(R, T)`, and the growth of the sum by the rule and in truth `(T,)`."""
    level = panel.investment["investment_nominal"].sum(axis=0)
    before = np.where(has[:, None], np.roll(level, 1, axis=1), 0.0)

    def total(growth: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = np.where(has[:, None], before * np.exp(growth), 0.0)
            return np.asarray(np.log(moved.sum(axis=0) / before.sum(axis=0)))

    by_rule, in_truth = total(rule), total(truth)
    return np.where(has[:, None], (rule - by_rule) - (truth - in_truth), np.nan), by_rule, in_truth


def _drift(panel: Panel, protocol: Protocol, rule: FloatArray, truth: FloatArray, years: IntArray) -> FloatArray:
    """Return the error that all regions share: the control total, or the rule where there is none, less the sum."""
    control = protocol.value("estimates.control_total") if protocol.declares("estimates.control_total") else "none"
    index = panel.control.get("national_value")
    if control == "none":
        common = rule - truth
    elif index is None:
        common = np.zeros_like(truth)
    else:
        common = yearly_change(index) - truth
    error = common[years]
    known = np.isfinite(error)
    return np.where(known, error - (error[known].mean() if known.any() else 0.0), 0.0)


def _price_errors(
    panel: Panel, years: IntArray, shrinkage: float
) -> tuple[tuple[Exchange, Exchange], tuple[FloatArray, FloatArray]]:
    """Return what two proxies missed of the official price of investment, relative and common."""
    price = panel.investment["investment_price"][0]
    proxy = panel.unofficial.get("investment_price")
    official = np.isfinite(price) & ~(np.zeros_like(price, dtype=np.bool_) if proxy is None else proxy[0])
    change = log_growth(np.where(official, price, np.nan))[:, years]
    kinds, common = [], []
    for stand_in in (retail_growth(panel), deflator_growth(panel)):
        error = change - stand_in[:, years]
        known = np.isfinite(error)
        shared = np.where(known, error, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        kinds.append(Exchange.of(error - shared, shrinkage))
        common.append(shared)
    return (kinds[0], kinds[1]), (common[0], common[1])
