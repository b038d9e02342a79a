"""How far growth and rank depend on the protocol, over every admissible one, and on data: what each misreport gains.

Data that fail admission under a protocol have no rank under it. A misreport is what a region gains by each kind of it,
loses by correcting it, and which test reports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.parameters import read_yaml, setting
from xinzhi.yardstick.audit.choices import Grid, choices, grid, sourced_levels
from xinzhi.yardstick.audit.multiverse import Multiverse, Span, computable, settle
from xinzhi.yardstick.audit.outcomes import CONVENTIONS, blocks, rank, weighted_quantiles
from xinzhi.yardstick.capital import Invest
from xinzhi.yardstick.estimating import of_declared_set
from xinzhi.yardstick.growth_accounts import IDENTITY_TOLERANCE, account, build_inputs
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import Panel
from xinzhi.yardstick.periods import BREAK, FAILED, GRADES, MARKS, GradedTests, break_effects, fails


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The set with the alternatives that no source uses for the economy: its size, and how many could rank first.

    `closed` are the parameters that stay as the protocol has them, because all combinations would be too many.
    """

    protocols: int
    first: int
    closed: tuple[str, ...] = ()


# The parameters that decide whether data pass: what is mended by a protocol is not held against them.
MENDED = ("capital.benchmark", "labour.breaks", "output.vintage")


@dataclass(frozen=True, slots=True)
class Admission:
    """Under which protocols the data of a region fail admission: `failed` `(B, R, P)` by the branch `(N,)` of each."""

    branch: IntArray
    failed: BoolArray

    @classmethod
    def build(cls, reference: Measurement, full_grid: Grid, spans: Sequence[Span]) -> Admission:
        """Grade the data once for every combination of what a protocol mends."""
        axes = [at for at, choice in enumerate(full_grid.choices) if set(choice.paths) & set(MENDED)]
        sizes = [len(full_grid.choices[at].levels) for at in axes]
        failed = np.zeros((int(np.prod(sizes)), len(reference.panel.regions), len(spans)), dtype=np.bool_)
        for branch, levels in enumerate(product(*(full_grid.choices[at].levels for at in axes))):
            rules = full_grid.protocol.replace({path: level.values[path] for level in levels for path in level.departs})
            if reference.graded is None or reference.accounts is None:
                break
            failed[branch] = fails(reference.graded, reference.panel, rules, reference.accounts.growth, spans)
        picked = full_grid.rows[:, axes]
        return cls(np.ravel_multi_index(picked.T.tolist(), sizes) if axes else np.zeros(len(picked), np.int64), failed)

    def of_span(self, at: int) -> BoolArray:
        """Return the regions whose data fail in one span under every protocol `(N, R)`."""
        return self.failed[self.branch, :, at]

    def of_protocols(self, at: int, protocols: IntArray, regions: IntArray) -> BoolArray:
        """Return whether the data of some regions fail in one span under some protocols."""
        return np.asarray(self.failed[:, regions, at][self.branch[protocols]])


def possible_leaders(
    reference: Measurement, full_grid: Grid, span: Span, closed: tuple[str, ...], invest: Invest
) -> WhatIf:
    """Return how many regions could rank first in a period under a larger set, among those that are ranked."""
    rows, regions, growth = Multiverse.build(reference.panel, full_grid, [span], invest=invest).distinct(0).finite()
    barred = Admission.build(reference, full_grid, [span]).of_protocols(0, rows[growth.lead], regions)
    ranked = np.flatnonzero(~barred[growth.which[0]])
    figures = growth.select_regions(ranked)
    tops = [
        np.where(barred[:, ranked[block]], -np.inf, figures.values[:, block]).max(axis=0)
        for block in blocks(len(ranked))
    ]
    # A region is compared with the highest of the others: the first, or for the first one the second.
    ends = np.concatenate([[-np.inf, -np.inf], np.sort(figures.reference)])
    others = np.where(figures.reference == ends[-1], ends[-2], ends[-1])
    return WhatIf(len(rows), int(np.sum(np.concatenate([[], *tops]) >= others)), closed)


FIRST = setting(CONVENTIONS, "first")
SCHEMA: dict[str, type[pl.DataType]] = {
    "region": pl.String, "start": pl.Int64, "end": pl.Int64, "protocols": pl.Int64, "protocol_low": pl.Float64,
    "protocol_high": pl.Float64, "protocol_rank_low": pl.Int64, "protocol_rank_high": pl.Int64,
    "among_first": pl.Float64, "protocol_above": pl.Float64,
}  # fmt: skip


def robustness(measurement: Measurement, spans: Sequence[Span]) -> pl.DataFrame:
    """Return the range of growth and rank of every region over all protocols, and how often it is among the first.

    Every admissible protocol counts once, as in `audit`, of which this is the part that a ranking shows: nothing is
    sampled. The ranks of a region are those of the protocols under which its data pass admission. Without alternatives,
    or with more regions than ``most_compared``, there are no rows. `protocol_above` is the part of the protocols under
    which a region grows faster than all together, whose growth is taken to move from the reference as the regions' does
    on average, weighted by output; it is missing where the regions do not add up to a whole.

    >>> import xinzhi
    >>> measured = xinzhi.measure("china-provinces")
    >>> found = robustness(measured, [(2012, 2017)])
    >>> round(found.filter(region="360000")["among_first"].item(), 2)  # Jiangxi
    0.88
    """
    panel, rules = measurement.panel, measurement.protocol
    if len(panel.regions) > setting(CONVENTIONS, "most_compared"):
        return pl.DataFrame(schema=SCHEMA)
    selection, _ = settle(rules, sourced_levels(rules, computable(panel, rules, choices(rules))[0])[0])
    full_grid = grid(rules, selection)
    if len(full_grid.rows) == 1:
        return pl.DataFrame(schema=SCHEMA)
    estimates, admission = Multiverse.build(panel, full_grid, spans), Admission.build(measurement, full_grid, spans)
    return pl.concat([_of_span(measurement, estimates, admission, at) for at in range(len(spans))])


def _of_span(measurement: Measurement, estimates: Multiverse, admission: Admission, at: int) -> pl.DataFrame:
    """Return the ranges of one span; ranks are among the regions that have one, and need the whole set."""
    rows, regions, growth = estimates.distinct(at).finite()
    times, (start, end) = np.bincount(growth.which), estimates.spans[at]
    names = [measurement.panel.regions[row] for row in regions.tolist()]
    values = np.asarray(growth.values)
    low, high = weighted_quantiles(values, times)[[1, 3]]
    place = {"start": [start] * len(names), "end": [end] * len(names), "protocols": [len(rows)] * len(names)}
    above = _above(measurement, values, growth.reference, regions, times, (start, end))
    frame = pl.DataFrame(
        {"region": names, **place, "protocol_low": low, "protocol_high": high, "protocol_above": above}
    )
    ranked = measurement.periods.filter(
        pl.col("grade").ne_missing(FAILED) & pl.lit(measurement.regions_declared.complete), start=start, end=end
    )
    has_rank = np.isin(names, ranked["region"].to_list())
    passed = ~admission.of_protocols(at, rows[growth.lead], regions[has_rank])
    places, counted = rank(values[:, has_rank]), times[:, None] * passed
    first, last = weighted_quantiles(places, counted)[[1, 3]] if has_rank.any() else np.empty((2, 0))
    ranges = pl.DataFrame(
        {
            "region": np.array(names)[has_rank].tolist(),
            "protocol_rank_low": np.floor(first).astype(np.int64),
            "protocol_rank_high": np.ceil(last).astype(np.int64),
            "among_first": (counted * (places <= FIRST)).sum(axis=0) / times.sum(),
        },
        schema={name: SCHEMA[name] for name in ("region", *list(SCHEMA)[6:9])},
    )
    return frame.join(ranges, on="region", how="left", maintain_order="left").select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )


def _above(
    measurement: Measurement,
    growth: FloatArray,
    reference: FloatArray,
    regions: IntArray,
    times: IntArray,
    span: Span,
) -> FloatArray | None:
    """Return the part of the protocols under which each region grows faster than all together; None without a whole."""
    national_growth = measurement.national_periods.filter(start=span[0], end=span[1])["tfp_growth"].drop_nulls()
    if national_growth.is_empty():
        return None
    years = (measurement.panel.years > span[0]) & (measurement.panel.years <= span[1])
    size = np.nan_to_num(measurement.panel.account("output_nominal")[regions][:, years]).sum(axis=1)
    shift = (growth - reference) @ (size / size.sum())
    above: FloatArray = (times @ (growth > (national_growth[0] + shift)[:, None])) / times.sum()
    return above


KINDS = Path(__file__).with_name("misreport.yaml")
NONE = "none"
SUMS = {"sum_output": "output_nominal", "sum_investment": "investment_nominal", "sum_employment": "employment"}
SERIES = ("output_nominal", "output_real", "expenditure_gdp", "investment_nominal", "employment")
GAINS = {
    "region": pl.String, "kind": pl.String, "start": pl.Int64, "end": pl.Int64, "gain": pl.Float64,
    "honest_rank": pl.Int64, "misreported_rank": pl.Int64, "corrected_end": pl.Int64, "loss": pl.Float64,
    "rank_after": pl.Int64, "caught_during": pl.String, "caught_after": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of misreport: the sign of the change in each series, the size in logs, the two spans of years.

    A `persistent` series is not corrected: its level stays where the misreport left it.
    """

    name: str
    moves: Mapping[str, int]
    persistent: tuple[str, ...]
    size: float
    years: tuple[int, int]
    corrected: tuple[int, int]

    @classmethod
    def from_entry(cls, name: str, entry: Mapping[str, Any]) -> Kind:
        """Read one entry of ``misreport.yaml``: a part of the reported figure, here in logs of reported over true."""
        size, persistent = float(-np.log1p(-entry["size"])), tuple(entry.get("persistent", ()))
        return cls(name, entry["moves"], persistent, size, tuple(entry["years"]), tuple(entry["corrected"]))

    def shift(self, series: str, years: IntArray) -> FloatArray:
        """Return reported over true in logs `(T,)`: up on a straight line, down again when it is corrected."""
        last = self.size if series in self.persistent else 0.0
        line = np.interp(years, [*self.years, self.corrected[1]], [0.0, self.size, last])
        return np.asarray(self.moves.get(series, 0) * line)


def misreports(measured: Measurement) -> pl.DataFrame:
    """Return what every region would gain by each kind of misreport, one row a region and kind.

    The others report truly. TFP of a region depends on its own figures and on the national series of the protocol
    alone, so that all regions are moved at once and each has the figure that it would have by itself.
    """
    panel, rules, accounts = measured.panel, measured.protocol, measured.accounts
    if accounts is None or not of_declared_set(panel, rules) or not measured.regions_declared.complete:
        return pl.DataFrame(schema=GAINS)
    parts = [
        _rows(measured, kind, accounts.growth.tfp_growth)
        for kind in (Kind.from_entry(name, entry) for name, entry in read_yaml(KINDS)["kinds"].items())
        if panel.years[0] <= kind.years[0] and kind.corrected[1] <= panel.years[-1]
    ]
    return pl.concat([pl.DataFrame(schema=GAINS), *parts])


def _rows(measured: Measurement, kind: Kind, honest: FloatArray) -> pl.DataFrame:
    """Return the rows of one kind."""
    panel, rules = measured.panel, measured.protocol
    false_panel = misreported_panel(panel, kind)
    growth = account(build_inputs(false_panel, rules)[0], rules)
    graded = measured.graded  # and the tests on the figures of a region that misreports by itself
    tested = None if graded is None else replace(graded, single=dict(_tests(measured, graded, kind)))
    caught = [_caught(measured, tested, span) for span in (kind.years, kind.corrected)]
    columns: dict[str, FloatArray] = {}
    for at, (start, end) in enumerate((kind.years, kind.corrected)):
        inside = (panel.years > start) & (panel.years <= end)
        true, reported = honest[:, inside].mean(axis=1), growth.tfp_growth[:, inside].mean(axis=1)
        change = np.where(np.abs(reported - true) < IDENTITY_TOLERANCE, 0.0, reported - true)
        passed = [
            np.ones(len(panel.regions), dtype=np.bool_)
            if test is None
            else np.asarray(test.of_period(start, end) != GRADES.index(FAILED))
            for test in (graded, tested)
        ]
        before, after = _ranks(true, reported, passed[0])
        after[~passed[1]] = np.nan  # what admission fails has no rank, however high the growth
        names = ("gain", "honest_rank", "misreported_rank") if at == 0 else ("loss", None, "rank_after")
        columns |= {name: column for name, column in zip(names, (change, before, after), strict=True) if name}
    count = len(panel.regions)
    frame = pl.DataFrame(
        {
            "region": panel.regions,
            "kind": [kind.name] * count,
            "start": [kind.years[0]] * count,
            "end": [kind.years[1]] * count,
            "corrected_end": [kind.corrected[1]] * count,
            "caught_during": caught[0],
            "caught_after": caught[1],
            **{name: pl.Series(values, nan_to_null=True) for name, values in columns.items()},
        }
    )
    measured_rows = frame.filter(pl.col("gain").is_not_null() & pl.col("loss").is_not_null())
    return measured_rows.with_columns(pl.col("honest_rank", "misreported_rank", "rank_after").cast(pl.Int64)).select(
        *GAINS
    )


def misreported_panel(panel: Panel, kind: Kind) -> Panel:
    """Return the panel as it would be if every region misreported."""

    def moved(values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        return {name: series * np.exp(kind.shift(name, panel.years)) for name, series in values.items()}

    step = np.diff(kind.shift("output_real", panel.years), prepend=0.0)
    return replace(
        panel,
        accounts=moved(panel.accounts),
        investment=moved(panel.investment),
        vintages={name: growth + step for name, growth in panel.vintages.items()},
    )


def _ranks(true: FloatArray, reported: FloatArray, ranked: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the rank of each region with its true and with its reported figure among the true ones of the others."""
    usable = ranked & np.isfinite(true) & np.isfinite(reported)
    before, after = np.full((2, len(true)), np.nan)
    true_growth = true[usable]
    before[usable] = rank(true_growth[None])[0]
    above = (true_growth[None, :] > reported[usable][:, None]) & ~np.eye(len(true_growth), dtype=np.bool_)
    after[usable] = 1 + above.sum(axis=1)
    return before, after


def _caught(measured: Measurement, tested: GradedTests | None, span: tuple[int, int]) -> list[str]:
    """Return for a span the tests of admission whose grade a misreport lowers, by region."""
    count = len(measured.panel.regions)
    if measured.graded is None or tested is None:
        return [NONE] * count
    honest, reported = measured.graded.letters(*span), tested.letters(*span)
    names = [name for name in honest if name != MARKS]
    return [
        ", ".join(name for name in names if reported[name][at] > honest[name][at] >= 0) or NONE for at in range(count)
    ]


def _tests(measured: Measurement, honest: GradedTests, kind: Kind) -> Iterator[tuple[str, FloatArray]]:
    """Yield the value of every test `(R, T)` for the figures of a region that misreports by itself."""
    panel = measured.panel
    shift = {name: kind.shift(name, panel.years) for name in SERIES}
    for name, values in honest.single.items():
        if name == "investment":
            yield name, values * np.exp(shift["investment_nominal"] - shift["output_nominal"])
        elif name == "vintage":
            yield name, values + shift["output_nominal"] - shift["expenditure_gdp"]
        elif name == "deflator":
            yield name, values + np.diff(shift["output_nominal"] - shift["output_real"], prepend=0.0)
        elif name in SUMS:
            yield name, values + np.log1p(_share(panel, SUMS[name]) * np.expm1(shift[SUMS[name]]))
        elif name == BREAK and "employment" in kind.moves:
            yield name, _single_misreport_breaks(measured, kind)
        else:
            yield name, values


def _share(panel: Panel, column: str) -> FloatArray:
    """Return the share of every region in the sum of a series `(R, T)`."""
    values = panel.investment[column].sum(axis=0) if column in panel.investment else panel.account(column)
    with np.errstate(invalid="ignore"):
        return np.asarray(values / np.nansum(values, axis=0))


def _single_misreport_breaks(measured: Measurement, kind: Kind) -> FloatArray:
    """Return what breaks of employment do where one region misreports at a time: the others are what it is held to."""
    panel, rules, accounts = measured.panel, measured.protocol, measured.accounts
    true, false_employment = panel.account("employment"), misreported_panel(panel, kind).account("employment")
    effects = np.full(panel.shape, np.nan)
    for at in range(len(panel.regions)):
        employment = true.copy()
        employment[at] = false_employment[at]
        false_panel = replace(panel, accounts={**panel.accounts, "employment": employment})
        effect = break_effects(false_panel, rules, accounts.growth) if accounts else None
        if effect is not None:
            effects[at] = effect[at]
    return effects
