"""Grades: how far the data behind a figure may be trusted, by the tests of admission; D is shown, not ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.data import Package, admission
from xinzhi.protocol import Protocol
from xinzhi.yardstick.benchmark import NATIONAL, NONE, benchmark, kind
from xinzhi.yardstick.breaking import judge, linked_growth, links, rules
from xinzhi.yardstick.estimating import choice
from xinzhi.yardstick.growth_accounts import Growth
from xinzhi.yardstick.panel import Marks, Panel

GRADES = admission.GRADES
FAILED = GRADES[-1]
PARAMETER = "reporting.grades"
BREAK, INVESTMENT = "employment_break", "investment"
MARKS = "marks"
FIRST = "first_published"


@dataclass(frozen=True, slots=True)
class Graded:
    """The values of every test for each region and year `(R, T)`, NaN where a test could not be made.

    `yearly` are means around each year, where a test wants them; `single` the years alone, of which a period takes the
    mean. `caps` holds the grade that flags allow at best, as a number from 0 (A) to 3 (D). `tested` are the values of
    the years before a protocol mends any of them.
    """

    years: IntArray
    yearly: Mapping[str, FloatArray]
    single: Mapping[str, FloatArray]
    caps: IntArray
    limits: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    tested: Mapping[str, FloatArray] = field(default_factory=dict)

    def by_year(self) -> IntArray:
        """Return the grade of every region and year `(R, T)`."""
        return self._worst({name: self._grade(name, values) for name, values in self.yearly.items()}, self.caps)

    def of_period(self, start: int, end: int) -> IntArray:
        """Return the grade `(R,)` of mean growth after `start` up to `end`."""
        parts = {name: self._grade(name, values) for name, values in self.means(start, end).items()}
        return self._worst(parts, self.cap(start, end))

    def means(self, start: int, end: int) -> dict[str, FloatArray]:
        """Return the mean `(R,)` of every test over the years after `start` up to `end`."""
        inside = (self.years > start) & (self.years <= end)
        return {name: _mean(values[:, inside]) for name, values in self.single.items()}

    def cap(self, start: int, end: int) -> IntArray:
        """Return the grade `(R,)` that the flags of a period allow at best."""
        inside = (self.years > start) & (self.years <= end)
        best: IntArray = self.caps[:, inside].max(axis=1, initial=0)
        return best

    def letters(self, start: int, end: int) -> dict[str, IntArray]:
        """Return the grade `(R,)` of every test over a period, and that of the flags; -1 where it could not be made."""
        means = self.means(start, end)
        made = {name: np.where(np.isfinite(mean), self._grade(name, mean), -1) for name, mean in means.items()}
        return {**made, MARKS: self.cap(start, end)}

    def _grade(self, name: str, values: FloatArray) -> IntArray:
        """Return the grade of values of one test; what could not be tested lowers nothing."""
        size = np.nan_to_num(np.abs(values), nan=0.0)
        return np.asarray(sum((size > limit).astype(np.int64) for limit in self.limits[name]))

    @staticmethod
    def _worst(parts: Mapping[str, IntArray], caps: IntArray) -> IntArray:
        worst = caps
        for part in parts.values():
            worst = np.maximum(worst, part)
        return worst


def graded(data: Package, panel: Panel, protocol: Protocol, growth: Growth, marks: Marks) -> Graded | None:
    """Return the tests of a package under a protocol; None where the protocol does not grade."""
    if not protocol.declares(PARAMETER) or protocol.value(PARAMETER) != "on":
        return None
    values = admission.values(data.tables, data.units)
    tested = _spread(values, panel)
    yearly, single = _as_used((_spread(admission.smooth(values), panel), tested), panel, protocol, growth)
    names = set(yearly) | set(single)
    caps = np.zeros(panel.shape, dtype=np.int64)
    for letter, entry in admission.terms()["marks"].items():
        for name in set(entry["flags"]) & set(marks):
            caps = np.where(marks[name], np.maximum(caps, GRADES.index(letter)), caps)
    return Graded(panel.years, yearly, single, caps, {name: _limits(name, protocol) for name in names}, tested)


def fails(
    graded: Graded, panel: Panel, protocol: Protocol, growth: Growth, spans: Sequence[tuple[int, int]]
) -> BoolArray:
    """Return whether the data of each region fail in each span `(R, P)` under another protocol, flags aside."""
    single = _as_used((graded.tested,), panel, protocol, growth)[0]
    limits = {name: _limits(name, protocol) for name in single}
    made = Graded(panel.years, {}, single, np.zeros(panel.shape, dtype=np.int64), limits)
    return np.stack([made.of_period(*span) == GRADES.index(FAILED) for span in spans], axis=1)


def _limits(name: str, protocol: Protocol) -> tuple[float, ...]:
    """Return the limits of a test; of what the protocol mends, each is that of the next grade."""
    limits = tuple(admission.limits(name))
    mended = {NONE: set[str](), NATIONAL: {"vintage", "sum_investment"}}.get(kind(protocol), {"vintage"})
    # Output first published is of the book that the benchmark takes investment out of: two books again.
    if choice(protocol, "output.vintage", "latest") == FIRST:
        mended = mended - {"vintage"}
    return (*limits[1:], np.inf) if name in mended else limits


def lettered(grades: IntArray) -> list[str]:
    """Return grades as letters."""
    return [GRADES[grade] for grade in grades.tolist()]


def _as_used(
    tests: Sequence[Mapping[str, FloatArray]], panel: Panel, protocol: Protocol, growth: Growth
) -> list[dict[str, FloatArray]]:
    """Return the values of the tests for the figures that the protocol computes with, not for those it mends."""
    made = [dict(values) for values in tests]
    factor = None if kind(protocol) == NONE else benchmark(panel, protocol).factor
    effect = break_effects(panel, protocol, growth)
    for values in made:
        if factor is not None and INVESTMENT in values:
            moved = values[INVESTMENT] * factor
            values[INVESTMENT] = np.where(np.isfinite(moved), moved, np.nan)
        if effect is not None:
            values[BREAK] = effect
    return made


def _spread(values: pl.DataFrame, panel: Panel) -> dict[str, FloatArray]:
    """Return the values of each test on the regions and years of a panel."""
    index = {region: at for at, region in enumerate(panel.regions)}
    names = values["test"].unique(maintain_order=True).to_list()
    known = values.filter(pl.col("region").is_in(list(index)), pl.col("year").is_in(panel.years.tolist()))
    region = known["region"].replace_strict(index, return_dtype=pl.Int64).to_numpy()
    test = known["test"].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    out = np.full((len(names), *panel.shape), np.nan)
    if known.is_empty():  # its columns have no type to index by
        return dict(zip(names, out, strict=True))
    out[test, region, known["year"].to_numpy() - panel.years[0]] = known["value"].to_numpy()
    return dict(zip(names, out, strict=True))


def _mean(values: FloatArray) -> FloatArray:
    """Return the mean over years of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: FloatArray = np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1)
    return mean


def break_effects(panel: Panel, protocol: Protocol, growth: Growth) -> FloatArray | None:
    """Return what breaks in employment do to TFP growth `(R, T)`; None where labour is not persons."""
    # Of a break that the protocol does not link, the move beyond what was to be expected times the share of labour.
    if protocol.value("labour.unit") != "persons":
        return None
    found = judge(panel, rules(), frozenset({"employment"}))
    if not found:
        return None
    left = found[0].breaks.any
    if links(protocol):
        left = left & ~np.isfinite(linked_growth(panel, protocol))
    excess = np.where(left, found[0].growth - found[0].scores.expected, 0.0)
    return -np.nan_to_num(excess) * growth.labour_share
