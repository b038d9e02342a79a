"""What is reported: means over periods, grades of the data behind them (D is shown, not ranked), and the declared set.

A grade says how far data may be trusted, by the tests of admission. Sums, ranks, levels and gaming refer to the set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.quarters import label
from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.data import NATION, Package, admission
from xinzhi.protocol import Protocol
from xinzhi.yardstick.breaking import judge, linked_growth, links, rules
from xinzhi.yardstick.estimating import NATIONAL, NONE, benchmark, kind
from xinzhi.yardstick.growth_accounts import IDENTITY_TOLERANCE, Growth
from xinzhi.yardstick.inputs import of_another_nation
from xinzhi.yardstick.panel import Marks, Panel, flag_texts, spread_to_growth

GRADES = admission.GRADES
FAILED = GRADES[-1]
PARAMETER = "reporting.grades"
BREAK, INVESTMENT = "employment_break", "investment"
MARKS = "marks"
FIRST = "first_published"


@dataclass(frozen=True, slots=True)
class GradedTests:
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
        grades = {name: np.where(np.isfinite(mean), self._grade(name, mean), -1) for name, mean in means.items()}
        return {**grades, MARKS: self.cap(start, end)}

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


def grade_tests(data: Package, panel: Panel, protocol: Protocol, growth: Growth, marks: Marks) -> GradedTests | None:
    """Return the tests of a package under a protocol; None where the protocol does not grade."""
    if protocol.choice(PARAMETER) != "on":
        return None
    values = admission.values(data.tables, data.units)
    tested = _spread(values, panel)
    yearly, single = _tests_of_used_figures(
        (_spread(admission.moving_mean(values), panel), tested), panel, protocol, growth
    )
    names = set(yearly) | set(single)
    caps = np.zeros(panel.shape, dtype=np.int64)
    for letter, entry in admission.terms()["marks"].items():
        for name in set(entry["flags"]) & set(marks):
            caps = np.where(marks[name], np.maximum(caps, GRADES.index(letter)), caps)
    return GradedTests(panel.years, yearly, single, caps, {name: _limits(name, protocol) for name in names}, tested)


def fails(
    graded: GradedTests, panel: Panel, protocol: Protocol, growth: Growth, spans: Sequence[tuple[int, int]]
) -> BoolArray:
    """Return whether the data of each region fail in each span `(R, P)` under another protocol, flags aside."""
    single = _tests_of_used_figures((graded.tested,), panel, protocol, growth)[0]
    limits = {name: _limits(name, protocol) for name in single}
    alternative = GradedTests(panel.years, {}, single, np.zeros(panel.shape, dtype=np.int64), limits)
    return np.stack([alternative.of_period(*span) == GRADES.index(FAILED) for span in spans], axis=1)


def _limits(name: str, protocol: Protocol) -> tuple[float, ...]:
    """Return the limits of a test; of what the protocol mends, each is that of the next grade."""
    limits = tuple(admission.limits(name))
    mended = {NONE: set[str](), NATIONAL: {"vintage", "sum_investment"}}.get(kind(protocol), {"vintage"})
    # Output first published is of the book that the benchmark takes investment out of: two books again.
    if protocol.choice("output.vintage", "latest") == FIRST:
        mended = mended - {"vintage"}
    return (*limits[1:], np.inf) if name in mended else limits


def grade_letters(grades: IntArray) -> list[str]:
    """Return grades as letters."""
    return [GRADES[grade] for grade in grades.tolist()]


def _tests_of_used_figures(
    tests: Sequence[Mapping[str, FloatArray]], panel: Panel, protocol: Protocol, growth: Growth
) -> list[dict[str, FloatArray]]:
    """Return the values of the tests for the figures that the protocol computes with, not for those it mends."""
    used = [dict(values) for values in tests]
    factor = None if kind(protocol) == NONE else benchmark(panel, protocol).values
    effect = break_effects(panel, protocol, growth)
    for values in used:
        if factor is not None and INVESTMENT in values:
            adjusted = values[INVESTMENT] * factor
            values[INVESTMENT] = np.where(np.isfinite(adjusted), adjusted, np.nan)
        if effect is not None:
            values[BREAK] = effect
    return used


def _spread(values: pl.DataFrame, panel: Panel) -> dict[str, FloatArray]:
    """Return the values of each test on the regions and years of a panel."""
    index = {region: at for at, region in enumerate(panel.regions)}
    names = values["test"].unique(maintain_order=True).to_list()
    usable = values.filter(pl.col("region").is_in(list(index)), pl.col("year").is_in(panel.years.tolist()))
    region = usable["region"].replace_strict(index, return_dtype=pl.Int64).to_numpy()
    test = usable["test"].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    out = np.full((len(names), *panel.shape), np.nan)
    if usable.is_empty():  # its columns have no type to index by
        return dict(zip(names, out, strict=True))
    out[test, region, usable["year"].to_numpy() - panel.years[0]] = usable["value"].to_numpy()
    return dict(zip(names, out, strict=True))


def _mean(values: FloatArray) -> FloatArray:
    """Return the mean over years of what is known; NaN where nothing is."""
    finite = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: FloatArray = np.where(finite, values, 0.0).sum(axis=1) / finite.sum(axis=1)
    return mean


def break_effects(panel: Panel, protocol: Protocol, growth: Growth) -> FloatArray | None:
    """Return what breaks in employment do to TFP growth `(R, T)`; None where labour is not persons."""
    # Of a break that the protocol does not link, the move beyond what was to be expected times the share of labour.
    if protocol.value("labour.unit") != "persons":
        return None
    judgements = judge(panel, rules(), frozenset({"employment"}))
    if not judgements:
        return None
    remaining = judgements[0].breaks.any
    if links(protocol):
        remaining = remaining & ~np.isfinite(linked_growth(panel, protocol))
    excess = np.where(remaining, judgements[0].growth - judgements[0].scores.expected, 0.0)
    return -np.nan_to_num(excess) * growth.labour_share


# Who declares the set: the protocol under its fingerprint, the table `regions` of the package, or nobody.
By = Literal["protocol", "regions", "accounts"]


@dataclass(frozen=True, slots=True)
class RegionSet:
    """The declared set of regions, and those of them that could not be measured here.

    `foreign` is the title of a protocol that declares a set of which these regions are none, so that its national
    labour share is that of another nation; `has_own_share` says whether the package has one.
    """

    declared: tuple[str, ...]
    missing: tuple[str, ...]
    by: By
    foreign: Text | None = None
    has_own_share: bool = False

    @property
    def complete(self) -> bool:
        """Whether every region of the set was measured, so that sums and ranks mean the set."""
        return not self.missing

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary, for provenance and certificate."""
        return {"declared_by": self.by, "declared": len(self.declared), "missing": list(self.missing)}

    def facts(self) -> Facts:
        """Return what is said where the set is not whole, or was declared by nobody."""
        n, k = len(self.declared), len(self.declared) - len(self.missing)
        if not self.complete:
            return {"note.set_incomplete": {"n": n, "k": k, "by": self.by}}
        return {"note.set_undeclared": {"n": n}} if self.by == "accounts" and n > 1 else {}

    def abroad(self) -> Facts:
        """Return what is said first of all of regions whose labour share is that of another nation."""
        return {} if self.foreign is None else {"answer.foreign": {"title": self.foreign, "given": self.has_own_share}}


UNDECLARED = RegionSet((), (), "accounts")


def region_set(package: Package, protocol: Protocol, regions: Sequence[str], measured: Sequence[str]) -> RegionSet:
    """Return the declared set for the regions of a package, of which some were measured.

    The protocol's set holds where every region belongs to it: a file with a few of its regions does not make another
    set. For regions of another kind (counties, countries, industries) the package's table `regions` declares it; where
    there is neither, the regions that were handed in stand for the set, and results say so.
    """
    table = package.optional("regions", verb="measure")
    declared: tuple[str, ...]
    by: By
    if list(regions) == [NATION]:  # the one region that the national series of a protocol speak of
        return RegionSet((NATION,), tuple({NATION} - set(measured)), "protocol")
    if protocol.regions and set(regions) <= set(protocol.regions):
        declared, by = tuple(protocol.regions), "protocol"
    elif table is not None and "region" in table.columns:
        declared, by = tuple(sorted({*table["region"].drop_nulls().to_list(), *regions})), "regions"
    else:
        declared, by = tuple(regions), "accounts"
    foreign = protocol.title if of_another_nation(regions, protocol) else None
    accounts = package.tables["accounts"]
    has_share = any(
        name in accounts.columns and accounts[name].count() > 0 for name in ("labour_share", "labour_compensation")
    )
    members = set(measured) if by != "accounts" else set(declared)
    return RegionSet(declared, tuple(code for code in declared if code not in members), by, foreign, has_share)


BOUGHT = tuple(field.name for field in fields(Growth) if field.name.startswith("intermediate_"))
FLOWS = tuple(field.name for field in fields(Growth) if field.name not in {*BOUGHT, "identity_gap"})


def flows(growth: Growth) -> tuple[str, ...]:
    """Return the columns of growth accounts: those of intermediate inputs where gross output is measured."""
    return FLOWS if growth.intermediate_growth is None else (*FLOWS[:-1], *BOUGHT, FLOWS[-1])


def period_table(
    names: Sequence[str],
    years: IntArray,
    growth: Growth,
    marks: Mapping[str, BoolArray],
    periods: Sequence[Sequence[int]],
    graded: GradedTests | None = None,
) -> pl.DataFrame:
    """Return the mean per year of every growth and contribution, region by period, with its grade if graded."""
    # Growth of the years after `start` up to `end`; the last period is the whole span of the figures. Periods of which
    # a region has not every year are left out for that region; periods that no region has are left out altogether.
    measured = np.isfinite(growth.tfp_growth)
    if not measured.any():
        return _table(pl.DataFrame(schema=_schema(growth)))
    spans = [(int(start), int(end)) for start, end in periods]
    columns = np.flatnonzero(measured.any(axis=0))
    full = (int(years[columns[0]]) - 1, int(years[columns[-1]]))
    spans = [*(span for span in spans if span != full), full]
    tables = [
        table for span in spans if (table := _period_columns(names, years, growth, marks, measured, span, graded))
    ]
    rows = {
        name: [cell for table in tables for cell in table[name]]
        if kind is str or not tables
        else np.concatenate([table[name] for table in tables])
        for name, kind in _schema(growth).items()
    }
    return _table(pl.DataFrame(rows, schema=_schema(growth)))


def _schema(growth: Growth) -> dict[str, type]:
    """Return the columns of the table."""
    columns = dict.fromkeys(flows(growth), float)
    return {"region": str, "start": int, "end": int, **columns, "grade": str, "flags": str}


def _period_columns(
    names: Sequence[str],
    years: IntArray,
    growth: Growth,
    marks: Mapping[str, BoolArray],
    measured: BoolArray,
    span: tuple[int, int],
    graded: GradedTests | None,
) -> dict[str, Any]:
    """Return the columns of one period, of the regions that have every year of it; nothing where none has."""
    inside = (years > span[0]) & (years <= span[1])
    full = measured[:, inside].all(axis=1) & (int(inside.sum()) == span[1] - span[0])
    rows = np.flatnonzero(full)
    if not rows.size:
        return {}

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(values[rows][:, inside].mean(axis=1))

    touched: Marks = {
        name: np.asarray(mask[rows][:, inside].any(axis=1, keepdims=True)) for name, mask in marks.items()
    }
    return {
        "region": [names[row] for row in rows.tolist()],
        "start": np.full(rows.size, span[0]),
        "end": np.full(rows.size, span[1]),
        **{name: mean(getattr(growth, name)) for name in flows(growth)},
        "grade": [None] * rows.size if graded is None else grade_letters(graded.of_period(*span)[rows]),
        "flags": flag_texts(touched, (rows.size, 1)),
    }


def _table(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the part of TFP in output growth and the rank within the period, which an estimated one does not have.

    A rank of estimated years means nothing without its range: both stand in `Ranking`.
    """
    period = ["start", "end"]
    estimated = pl.col("flags").str.contains("extrapolated:").any()
    return rows.with_columns(
        tfp_part=pl.col("tfp_growth") / pl.col("output_growth"),
        rank=pl.when(~estimated.over(period)).then(place().over(period)),
    ).select(*rows.columns[:-2], "tfp_part", "rank", "grade", "flags")


def place() -> pl.Expr:
    """Return the rank among the rows of a period; none of a failed grade, and one of what differs by rounding alone."""
    ranked = pl.when(pl.col("grade").ne_missing(FAILED)).then((pl.col("tfp_growth") / IDENTITY_TOLERANCE).round())
    return ranked.rank("min", descending=True).cast(pl.Int64)


def of_quarters(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the means over quarters per year, and the ends of the periods as they are written."""
    yearly = [name for name in rows.columns if name.endswith(("_growth", "_contribution"))]
    ends = [
        pl.Series(name, [str(label(period)) for period in rows[name]], dtype=pl.String) for name in ("start", "end")
    ]
    return rows.with_columns(pl.col(yearly) * 4, *ends)


def growth_marks(marks: Mapping[str, BoolArray]) -> Marks:
    """Turn marks of levels into marks of growth: a break belongs to its year, everything else to both ends."""
    return {name: mask if name.startswith("break:") else spread_to_growth(mask) for name, mask in marks.items()}


def official_span(periods: pl.DataFrame) -> tuple[int, int]:
    """Return the latest reported period in which no region rests on extrapolated figures; else the whole span."""
    spans = periods.group_by("start", "end", maintain_order=True).agg(
        official=~pl.col("flags").str.contains("extrapolated:").any()
    )
    full = spans.select("start", "end").row(-1)
    official = [row[:2] for row in spans.filter("official").iter_rows() if row[:2] != full]
    return max(official, key=lambda span: span[1], default=full)


SERIES = {
    "output": ("accounts", "output_real"),
    "investment": ("investment", "investment_nominal"),
    "investment_price": ("investment", "investment_price"),
}
GIVEN = ("capital", "capital_services", "employment", "hours", "labour_services", "schooling", "human_capital")
SERIES |= {name: ("accounts", name) for name in (*GIVEN, "labour_share")}


def coverage_table(panel: Panel) -> pl.DataFrame:
    """Return first year, last year and last official year of every series that the package gives."""
    # The last official year is the last one in which every region that has the series has an official figure; null when
    # there is none. Output that is only first published counts as official, and `last_revised_year` says how far
    # revised figures go.
    rows = []
    for series, (table, column) in SERIES.items():
        values, unofficial = _values(panel, table, column)
        if values is None or not np.isfinite(values).any():
            continue
        finite = np.isfinite(values)
        present = panel.calendar[finite.any(axis=0)]
        preliminary = panel.preliminary if series == "output" else np.zeros_like(finite)
        rows.append(
            {
                "series": series,
                "column": f"{table}.{column}",
                "first_year": int(present[0]),
                "last_year": int(present[-1]),
                "last_official_year": _last_common(panel, finite & ~unofficial),
                "last_revised_year": _last_common(panel, finite & ~unofficial & ~preliminary),
            }
        )
    years = dict.fromkeys(("first_year", "last_year", "last_official_year", "last_revised_year"), pl.Int64)
    return pl.DataFrame(rows, schema={"series": pl.String, "column": pl.String, **years})


def _values(panel: Panel, table: str, column: str) -> tuple[FloatArray | None, BoolArray]:
    """Return the values `(R, T)` of a column and its unofficial cells; assets are merged."""
    if table == "accounts":
        return panel.accounts.get(column), panel.marked(column)
    cells = panel.investment.get(column)
    if cells is None:
        return None, panel.marked(column)
    finite = np.isfinite(cells)
    values = np.where(finite.any(axis=0), np.where(finite, cells, 0.0).sum(axis=0), np.nan)
    return values, np.asarray(panel.marked(column).any(axis=0))


def _last_common(panel: Panel, official: BoolArray) -> int | None:
    """Return the last year in which every region that ever has an official figure has one."""
    ever = official[official.any(axis=1)]
    if not ever.size:
        return None
    years = panel.calendar[ever.all(axis=0)]
    return int(years[-1]) if years.size else None
