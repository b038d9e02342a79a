"""What the rules got wrong where the truth is known: errors, the scales to exchange them by, and whose they are.

The band of a region must not depend on which others are in its package. So the others come from the package that the
protocol names, and the regions at hand stand in their places among them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, log_growth, yearly_change
from xinzhi.core.errors import InputError
from xinzhi.core.parameters import read_yaml
from xinzhi.data import load
from xinzhi.protocol import Protocol
from xinzhi.yardstick.breaking import EMPLOYMENT, judge
from xinzhi.yardstick.breaking import rules as break_rules
from xinzhi.yardstick.estimating import (
    benchmark_investment,
    common_end,
    deflator_growth,
    investment_ends,
    of_declared_set,
    retail_growth,
    rule_growth,
    weight,
)
from xinzhi.yardstick.growth_accounts import GrowthAccounts, account, build_inputs
from xinzhi.yardstick.inputs import labour_share
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import Panel, read_panel

T = TypeVar("T", bound=np.generic)

conventions = partial(read_yaml, Path(__file__).with_name("estimates.yaml"))


@dataclass(frozen=True, slots=True)
class Exchange:
    """Errors of one kind `(R, n)`, relative to all regions and over their scale `(R,)`.

    `complete` are the regions with every year. An error may be given to any region: `standard` of one region times the
    `scale` of another.
    """

    standard: FloatArray
    scale: FloatArray
    complete: BoolArray

    @classmethod
    def from_errors(cls, relative: FloatArray, shrinkage: float) -> Exchange:
        """Shrink the mean square of every region towards the median of the regions, which counts `shrinkage` years."""
        complete = np.asarray(np.isfinite(relative).all(axis=1))
        n = relative.shape[1]
        square = np.where(complete, (np.where(complete[:, None], relative, 0.0) ** 2).mean(axis=1), np.nan)
        middle = np.nanmedian(square) if complete.any() else np.nan
        mean_square = np.where(complete, square, middle)
        scale = np.sqrt((n * mean_square + shrinkage * middle) / (n + shrinkage))
        with np.errstate(invalid="ignore", divide="ignore"):
            standard = np.where(scale[:, None] > 0, relative / scale[:, None], 0.0)
        return cls(standard, scale, complete)


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
    panel, protocol = benchmark_investment(panel, protocol)
    spans = protocol.value("estimates.learn")
    first, last = spans[0][0], min(spans[-1][1], int(panel.years[common_end(panel)]), until or spans[-1][1])
    inside = np.flatnonzero((panel.years >= first) & (panel.years <= last))
    truth = investment_growth(panel)
    rule = rule_growth(panel, weight(protocol))
    finite = np.isfinite(rule) & np.isfinite(truth)
    # A year in which some region is unknown has no sum to be relative to.
    has = np.asarray(finite.any(axis=1))
    years = inside[finite[has][:, inside].all(axis=0)] if has.any() else inside[:0]
    least = conventions()
    if has.sum() < least["minimum_regions"] or (enough and len(years) < least["minimum_years"]):
        raise InputError(
            "yardstick.too-little-to-learn",
            years=len(years),
            regions=int(has.sum()),
            least_years=least["minimum_years"],
            least_regions=least["minimum_regions"],
        )
    relative, by_rule, sums = _relative(panel, rule, truth, has)
    shrinkage = float(protocol.value("estimates.shrinkage"))
    price, common = _price_errors(panel, years, shrinkage)
    steps = yearly_change(labour_share(panel, protocol).values)[:, years]
    return Errors(
        years=years,
        investment=Exchange.from_errors(relative[:, years], shrinkage),
        drift=_drift(panel, protocol, by_rule, sums, years),
        price=price,
        common=common,
        share=np.where(np.isfinite(steps), steps, 0.0),
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
            path_level = np.where(has[:, None], before * np.exp(growth), 0.0)
            return np.asarray(np.log(path_level.sum(axis=0) / before.sum(axis=0)))

    by_rule, in_truth = total(rule), total(truth)
    return np.where(has[:, None], (rule - by_rule) - (truth - in_truth), np.nan), by_rule, in_truth


def _drift(panel: Panel, protocol: Protocol, rule: FloatArray, truth: FloatArray, years: IntArray) -> FloatArray:
    """Return the error that all regions share: the control total, or the rule where there is none, less the sum."""
    index = panel.control.get("national_value")
    if protocol.choice("estimates.control_total", "none") == "none":
        common = rule - truth
    elif index is None:
        common = np.zeros_like(truth)
    else:
        common = yearly_change(index) - truth
    error = common[years]
    finite = np.isfinite(error)
    return np.where(finite, error - (error[finite].mean() if finite.any() else 0.0), 0.0)


def _price_errors(
    panel: Panel, years: IntArray, shrinkage: float
) -> tuple[tuple[Exchange, Exchange], tuple[FloatArray, FloatArray]]:
    """Return what two proxies missed of the official price of investment, relative and common."""
    price = panel.investment["investment_price"][0]
    official = np.isfinite(price) & ~panel.marked("investment_price")[0]
    change = log_growth(np.where(official, price, np.nan))[:, years]
    kinds, common = [], []
    for stand_in in (retail_growth(panel), deflator_growth(panel)):
        error = change - stand_in[:, years]
        finite = np.isfinite(error)
        shared = np.where(finite, error, 0.0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
        kinds.append(Exchange.from_errors(error - shared, shrinkage))
        common.append(shared)
    return (kinds[0], kinds[1]), (common[0], common[1])


def closing_errors(panel: Panel, protocol: Protocol) -> FloatArray | None:
    """Return what the last census but one moved employment by, beside what was expected `(R,)`; None where unknown.

    The series of before that census were not revised back, so that its years show the errors of ten years at once.
    """
    if protocol.value("labour.unit") != "persons" or not of_declared_set(panel, protocol):
        return None
    judgements = judge(panel, break_rules(), frozenset({EMPLOYMENT}))
    closes = np.isin(panel.years, conventions()["employment_revision"]["closes"])
    if not judgements or not closes.any():
        return None
    excess = (judgements[0].growth - judgements[0].scores.expected)[:, closes]
    return np.asarray(excess.sum(axis=1)) if np.isfinite(excess).all() else None


PARAMETER = "estimates.learned_from"
CLOSE = 1e-9  # of the same region among all and alone


@dataclass(frozen=True, slots=True)
class BandsBasis:
    """What bands stand on: the panel with its accounts, and the one that errors are learned from.

    `reported` are the regions of a package that has only a part of the declared set; None where it has all of them.
    `source` is the package that errors are learned from, `digests` are the fingerprints of its tables.
    """

    panel: Panel
    accounts: GrowthAccounts
    learned: Panel
    rules: Protocol
    periods: pl.DataFrame
    reported: tuple[str, ...] | None
    source: str
    digests: Mapping[str, str]

    @property
    def learned_from(self) -> str:
        """The package that errors are learned from, with a digest of the tables that they were learned from."""
        digest = hashlib.sha256(json.dumps(sorted(self.digests.items())).encode()).hexdigest()
        return f"{self.source}@{digest[:12]}"


def bands_basis(measurement: Measurement, accounts: GrowthAccounts) -> BandsBasis:
    """Return what the bands of a measurement stand on."""
    panel, rules, name_of_package = measurement.panel, measurement.protocol, str(measurement.provenance.package)
    itself = BandsBasis(panel, accounts, panel, rules, measurement.periods, None, name_of_package, panel.digests)
    if not is_part(panel, rules) or not rules.declares(PARAMETER):
        return itself
    name = str(rules.value(PARAMETER))
    package = load(name)
    reference_panel = read_panel(package)
    if panel.assets != reference_panel.assets or set(rules.regions) - set(reference_panel.regions):
        return itself
    joint_panel = within_declared_set(panel, reference_panel)
    inputs, _ = build_inputs(joint_panel, rules)
    joint_accounts = GrowthAccounts(inputs, account(inputs, rules))
    elsewhere = ~np.isin(joint_panel.regions, panel.regions)
    if not np.isfinite(joint_accounts.growth.tfp_growth[elsewhere]).any(axis=1).all():
        raise InputError("yardstick.others-not-measured", package=name, id=rules.id)
    _refuse_another_figure(panel, accounts, joint_panel, joint_accounts)
    return BandsBasis(
        joint_panel,
        joint_accounts,
        reference_panel,
        rules,
        measurement.periods,
        panel.regions,
        name,
        reference_panel.digests,
    )


def is_part(panel: Panel, protocol: Protocol) -> bool:
    """Return whether a package holds some regions of the declared set, and not all."""
    return of_declared_set(panel, protocol) and set(panel.regions) != set(protocol.regions)


def within_declared_set(panel: Panel, reference: Panel) -> Panel:
    """Return the panel of the others with the regions of a package in their places, in the years of the others."""
    rows = np.array([reference.region_index(region) for region in panel.regions])
    years = panel.years[np.isin(panel.years, reference.years)]
    to, out = years - reference.years[0], years - panel.years[0]

    def put(theirs: npt.NDArray[T], ours: npt.NDArray[T] | None, nothing: float) -> npt.NDArray[T]:
        result = np.array(theirs)
        result[..., rows, :] = nothing
        if ours is not None:
            result[..., rows[:, None], to] = ours[..., out]
        return result

    def figures(theirs: Mapping[str, FloatArray], ours: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        return {name: put(values, ours.get(name), np.nan) for name, values in theirs.items()}

    marks = {name: np.zeros((*mask.shape[:-2], *reference.shape), np.bool_) for name, mask in panel.unofficial.items()}
    marks |= reference.unofficial
    return replace(
        reference,
        accounts=figures(reference.accounts, panel.accounts),
        investment=figures(reference.investment, panel.investment),
        vintages=figures(reference.vintages, panel.vintages),
        unofficial={name: put(mask, panel.unofficial.get(name), nothing=False) for name, mask in marks.items()},
        preliminary=put(reference.preliminary, panel.preliminary, nothing=False),
        breaks=put(reference.breaks, panel.breaks, nothing=False),
    )


def _refuse_another_figure(
    panel: Panel, accounts: GrowthAccounts, joint_panel: Panel, joint_accounts: GrowthAccounts
) -> None:
    """Refuse where a region would have another figure among the others than alone."""
    for row, region in enumerate(panel.regions):
        separate = accounts.growth.tfp_growth[row][np.isin(panel.years, joint_panel.years)]
        years = np.isin(joint_panel.years, panel.years)
        joint_growth = joint_accounts.growth.tfp_growth[joint_panel.region_index(region)][years]
        finite = np.isfinite(separate)
        if not (np.abs(separate - joint_growth)[finite] <= CLOSE).all():
            raise InputError("yardstick.band-of-another-figure", region=region)
