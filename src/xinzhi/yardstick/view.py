"""The frames of a measurement with its names, groups and periods looked up once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.finding import Finding
from xinzhi.core.names import Names, distinct
from xinzhi.core.periods import with_period
from xinzhi.core.result import Result
from xinzhi.core.text import Text, listing, number, read_words, same, span_text
from xinzhi.protocol import Protocol
from xinzhi.yardstick.growth_accounts import GrowthAccounts
from xinzhi.yardstick.panel import GROWTH, Panel
from xinzhi.yardstick.periods import FAILED, UNDECLARED, GradedTests, RegionSet

PARTS = {
    "capital": "capital_contribution",
    "labour": "labour_contribution",
    "human_capital": "human_capital_contribution",
    "intermediate": "intermediate_contribution",
    "tfp": "tfp_growth",
}
NATIONAL = "total"
EXCEPTIONS = 3
SEVERAL = 2  # regions from which on there is a ranking


@dataclass(frozen=True, repr=False, kw_only=True)
class Figures(Result, verb="measure", topic="yardstick", key=("region", "year")):
    """What a measurement holds: see `Measurement`."""

    inputs: pl.DataFrame
    periods: pl.DataFrame
    levels: pl.DataFrame
    national: pl.DataFrame
    national_periods: pl.DataFrame
    groups: pl.DataFrame
    group_periods: pl.DataFrame
    coverage: pl.DataFrame
    omitted: pl.DataFrame
    regions: pl.DataFrame
    protocol: Protocol
    panel: Panel
    price_base: int | None
    identity_gap: float
    regions_declared: RegionSet = UNDECLARED
    findings: tuple[Finding, ...] = ()
    accounts: GrowthAccounts | None = None
    graded: GradedTests | None = None

    def spans(self) -> list[tuple[int, int]]:
        """Return the periods that are reported, in order, the whole span last."""
        return self.periods.select("start", "end").unique(maintain_order=True).rows()

    def shared(self, verb: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of any kind
        """Return what a result that rests on this measurement has from it: kind of frame, names and provenance."""
        provenance = replace(self.provenance, verb=verb, options=options)
        return {"kind": self.kind, "names": self.names, "provenance": provenance}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A reporting period: growth of the years after `start`, up to `end`."""

    start: int
    end: int

    @property
    def label(self) -> Text:
        """The period in words, ``2012–2017``."""
        return span_text(self.start, self.end)

    def holds(self) -> pl.Expr:
        """Return the condition that a row of a periods frame is of this period."""
        return (pl.col("start") == self.start) & (pl.col("end") == self.end)


@dataclass(frozen=True, slots=True)
class Extents:
    """The first and the last year, the ends of the stacked contributions, and those of the TFP levels and 1."""

    first: int
    last: int
    low: float
    high: float
    bottom: float
    top: float


def region_names(regions: pl.DataFrame) -> dict[str, Text]:
    """Return the name of every region; two of one name get their codes."""
    rows = regions.select("region", "name_zh", "name_en").rows()
    return distinct({code: Text(zh=zh or en or code, en=en or zh or code) for code, zh, en in rows})


def region_groups(regions: pl.DataFrame) -> dict[str, Text]:
    """Return the macro-region of every region that has one."""
    rows = regions.select("region", "group_zh", "group_en").rows()
    return {code: Text(zh=zh or en, en=en or zh) for code, zh, en in rows if zh or en}


def side_by_side(frame: pl.DataFrame, periods: Mapping[Span, pl.DataFrame]) -> pl.DataFrame:
    """Return regions with the columns of more periods, each named by its period, such as ``tfp_growth2012–2017``."""
    for span, part in periods.items():
        names = {name: f"{name}{span.label.en}" for name in part.columns if name != "region"}
        frame = frame.join(part.rename(names), on="region", how="left", maintain_order="left")
    return frame


def listed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of a measurement as tables list it: with codes, periods, and no rank of estimated years."""
    if "region" in frame.columns:
        frame = frame.with_columns(code=pl.col("region"))
    if "start" not in frame.columns:
        return frame
    if "rank" in frame.columns:  # not told without its range
        estimated = pl.Series([flags.is_extrapolated(cell) for cell in frame["flags"]], dtype=pl.Boolean)
        frame = frame.with_columns(rank=pl.when(~estimated).then(pl.col("rank")))
    return with_period(frame)


def _last(rows: pl.DataFrame) -> dict[str, float | str | None]:
    return rows.row(-1, named=True) if rows.height else {}


def alike(first: float, second: float) -> bool:
    """Return whether two rates of growth read alike in a sentence: none of them is called the higher."""
    return number(100 * first, 1) == number(100 * second, 1)


@dataclass(frozen=True)
class View:
    """A measurement with its names and periods looked up; unknown numbers are null, never NaN."""

    measurement: Figures

    @cached_property
    def names(self) -> Mapping[str, Text]:
        """Return the name of every region, group and the total; two regions of one name get their codes."""
        region_labels = region_names(self.measurement.regions)
        return {**{group.en: group for group in self.groups}, NATIONAL: words.shared.label_national(), **region_labels}

    @cached_property
    def codes(self) -> list[str]:
        """Return the codes of the regions that were measured, in the order of the regions table."""
        measured = set(self.measurement.frame["region"].unique())
        return [code for code in self.measurement.regions["region"] if code in measured]

    @cached_property
    def group_of(self) -> Mapping[str, Text]:
        """Return the macro-region of every region that has one."""
        return region_groups(self.measurement.regions)

    @cached_property
    def groups(self) -> tuple[Text, ...]:
        """Return the macro-regions in the order in which they appear."""
        return tuple(dict.fromkeys(self.group_of.values()))

    @cached_property
    def shown_groups(self) -> tuple[Text, ...]:
        """Return the macro-regions that have growth accounts."""
        with_accounts = set(self.measurement.group_periods["region"])
        return tuple(group for group in self.groups if group.en in with_accounts)

    @cached_property
    def contrast(self) -> tuple[Text, ...]:
        """Return the two macro-regions that are set against each other, or none."""
        by_name = {group.en: group for group in self.shown_groups}
        pair = self._arrangement.get("contrast")
        return tuple(by_name[name] for name in pair) if pair and all(name in by_name for name in pair) else ()

    @property
    def tiles(self) -> Mapping[str, Sequence[object]]:
        """Return column, row and short names of every region, or nothing when no arrangement knows them all."""
        return dict(self._arrangement.get("tiles", {}))

    @cached_property
    def _arrangement(self) -> Mapping[str, Any]:
        arrangements = read_words("tiles.yaml").values()
        return next(
            (
                arrangement
                for arrangement in arrangements
                if self.codes and set(self.codes) <= set(arrangement["tiles"])
            ),
            {},
        )

    @cached_property
    def national_periods(self) -> pl.DataFrame:
        """Return the growth accounts of the total by period, and TFP growth with the nation's own output.

        ``nation_growth`` is that of the nation's own accounts, and ``nation_tfp_growth`` what TFP growth of the total
        would be with it and the same inputs; both are null where the nation's growth is not known in every year.
        """
        measurement = self.measurement
        growth_by_year = (
            {}
            if len(self.codes) == 1 or measurement.regions_declared.foreign
            else measurement.panel.nation.get(GROWTH, {})
        )

        def mean(start: int | str, end: int | str) -> float | None:
            years = range(int(start) + 1, int(end) + 1) if isinstance(start, int) else ()
            growth = [math.log1p(growth_by_year[year] / 100) for year in years if year in growth_by_year]
            return sum(growth) / len(growth) if growth and len(growth) == len(years) else None

        frame = measurement.national_periods.fill_nan(None)
        nation = [mean(*ends) for ends in frame.select("start", "end").iter_rows()]
        return frame.with_columns(pl.Series("nation_growth", nation, dtype=pl.Float64)).with_columns(
            nation_tfp_growth=pl.col("tfp_growth") - pl.col("output_growth") + pl.col("nation_growth")
        )

    @cached_property
    def _periods(self) -> pl.DataFrame:
        order = {"descending": True, "nulls_last": True, "maintain_order": True}
        periods = self.measurement.periods.fill_nan(None).sort("tfp_growth", **order)
        failed = pl.col("grade").eq_missing(FAILED) if "grade" in periods.columns else pl.col("rank").is_null()
        return periods.sort(failed, maintain_order=True)

    @cached_property
    def whole(self) -> Span:
        """Return the whole span: the longest period, or the years measured when no region has all of them."""
        if self._periods.height:
            return Span(*self._periods.select(pl.col("start").min(), pl.col("end").max()).row(0))
        years = self.measurement.frame["year"]
        first = years.min() if years.dtype == pl.String else years.min() - 1  # type: ignore[operator] # whole numbers
        return Span(first, years.max())  # type: ignore[arg-type] # years, or labels of quarters

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Return the reporting periods without the whole span (unless it is the only one), in order."""
        spans = sorted(Span(*row) for row in self._periods.select("start", "end").unique().rows())
        return tuple(span for span in spans if span != self.whole) or (self.whole,)

    def regions_in(self, span: Span) -> pl.DataFrame:
        """Return the growth accounts of the regions in a period, highest TFP growth first, those not ranked last."""
        return self._periods.filter(span.holds())

    def periods_of(self, region: str) -> pl.DataFrame:
        """Return the growth accounts of a region, a row a period."""
        return self.measurement.periods.fill_nan(None).filter(region=region)

    def ranked(self, span: Span) -> pl.DataFrame:
        """Return the growth accounts of the regions that are ranked in a period, highest TFP growth first."""
        return self.regions_in(span).drop_nulls("rank")

    def has_ends(self, span: Span) -> bool:
        """Say whether a first and a last of the ranked regions can be named: the set is whole, and they read apart."""
        growth = self.ranked(span)["tfp_growth"].to_list()
        return (
            len(growth) >= SEVERAL and self.measurement.regions_declared.complete and not alike(growth[0], growth[-1])
        )

    def unranked(self, span: Span) -> list[str]:
        """Return the regions whose data fail the tests of admission in a period: they are shown, not ranked."""
        if self.measurement.graded is None:
            return []
        return self.regions_in(span).filter(pl.col("grade") == FAILED).sort("region")["region"].to_list()

    def national_of(self, span: Span) -> dict[str, float | str | None]:
        """Return the growth accounts of the total in a period, empty when there are none."""
        return _last(self.national_periods.filter(span.holds()))

    def group_in(self, group: Text, span: Span) -> dict[str, float | str | None]:
        """Return the growth accounts of a macro-region in a period, empty when there are none."""
        return _last(self.measurement.group_periods.fill_nan(None).filter(pl.col("region") == group.en, span.holds()))

    def exceptions(self, span: Span) -> list[str]:
        """Return the regions whose figures in the period do not rest on official figures alone."""
        rows = self.regions_in(span).select("region", "flags").rows()
        return [code for code, cell in rows if not flags.is_official(cell)]

    def is_official(self, span: Span) -> bool:
        """Say whether the figures of the period are official ones in most regions."""
        return 2 * len(self.exceptions(span)) < self.regions_in(span).height

    def is_extrapolated(self, span: Span) -> bool:
        """Say whether the figures of any region in the period rest on ones that have no official figure."""
        return any(flags.is_extrapolated(cell) for cell in self.regions_in(span)["flags"])

    @cached_property
    def lead(self) -> Span:
        """Return the latest period of official figures; failing that, the latest without extrapolated ones."""
        sound = [span for span in self.spans if not self.is_extrapolated(span)]
        official = [span for span in sound if self.is_official(span)]
        return (official or sound or list(self.spans))[-1]

    @cached_property
    def latest(self) -> Span | None:
        """Return the last period when it comes after the leading one: its figures are weaker."""
        return self.spans[-1] if self.spans[-1] != self.lead else None

    @cached_property
    def common_kinds(self) -> Mapping[Span, frozenset[str]]:
        """Return the kinds of flag that all regions share in a period: said once, not on every row."""
        common = {}
        for span in {*self.spans, self.whole}:
            sets = [frozenset(kind for kind, _ in flags.split(cell)) for cell in self.regions_in(span)["flags"]]
            common[span] = frozenset.intersection(*sets) if sets else frozenset()
        return common

    def span_text(self, span: Span) -> Text:
        """Return the label of a period with what it rests on."""
        if self.is_extrapolated(span):
            return flags.marked_span(span.start, span.end, self.regions_in(span)["flags"])
        if not self.is_official(span):
            return words.shared.label_assumed(span=span.label)
        names = listing([self.name(code) for code in self.exceptions(span)], EXCEPTIONS)
        adjusted = self.adjusted(span, short=True)
        if names.en:
            return words.shared.label_official_but(span=span.label, names=names, adjusted=adjusted)
        return words.shared.label_official(span=span.label, adjusted=adjusted)

    def adjusted(self, span: Span, *, short: bool = False) -> Text | str:
        """Return the clause on what the official figures of investment of a period are adjusted to; none where nothing.

        Regions of another nation, and those without expenditure accounts, keep what was published (`benchmark`).
        """
        to = self.measurement.protocol.choice("capital.benchmark", "none")
        cells = self.regions_in(span)["flags"]
        if to == "none" or all(("missing", "benchmark") in flags.split(cell) for cell in cells):
            return ""
        return words.shared.label_adjusted_of("short" if short else to)

    def measured(self, span: Span) -> pl.DataFrame:
        """Return the growth accounts of the regions in a period whose TFP growth is known."""
        return self.regions_in(span).drop_nulls("tfp_growth")

    @cached_property
    def by_share(self) -> pl.DataFrame:
        """Return the regions in the leading period, the largest part of TFP in growth first."""
        return self.regions_in(self.lead).sort("tfp_part", descending=True, nulls_last=True)

    def years_of(self, code: str) -> pl.DataFrame:
        """Return the growth accounts of a region year by year."""
        return self.measurement.frame.fill_nan(None).filter(region=code).sort("year")

    def years_in(self, code: str, span: Span) -> pl.DataFrame:
        """Return the growth accounts of a region in the years of a period, with the levels behind them."""
        rows = self.years_of(code).filter(pl.col("year").is_between(span.start, span.end, closed="right"))
        inputs = self.measurement.inputs
        levels = inputs.select("region", "year", *(name for name in inputs.columns if name not in rows.columns))
        return rows.join(levels, on=["region", "year"], how="left", maintain_order="left")

    def by_growth(self, span: Span) -> pl.DataFrame:
        """Return the growth accounts of all regions in a period, highest TFP growth first, whatever their grade."""
        return self.regions_in(span).sort("tfp_growth", descending=True, nulls_last=True, maintain_order=True)

    def grade_counts(self, span: Span) -> dict[str, int]:
        """Return how many regions have which grade in a period."""
        grades = self.regions_in(span)["grade"].to_list()
        return {grade: grades.count(grade) for grade in "ABCD"}

    @cached_property
    def yearly(self) -> pl.DataFrame:
        """Return the growth accounts of every region year by year."""
        return self.measurement.frame.sort("region", "year")

    @cached_property
    def extents(self) -> Extents:
        """Return the ends that hold the years of every region."""
        rows = self.measurement.frame.fill_nan(None)
        parts = [pl.col(column) for column in PARTS.values() if column in rows.columns]
        ends = rows.select(
            first=pl.col("year").min(),
            last=pl.col("year").max(),
            low=pl.sum_horizontal(part.clip(upper_bound=0) for part in parts).min(),
            high=pl.sum_horizontal(part.clip(lower_bound=0) for part in parts).max(),
            bottom=pl.min_horizontal(pl.col("tfp_level").min(), 1.0),
            top=pl.max_horizontal(pl.col("tfp_level").max(), 1.0),
        )
        return Extents(*ends.row(0))

    def extrapolated_years(self, code: str | None = None) -> list[int]:
        """Return the years that rest on extrapolated figures, in one region or in any."""
        frame = self.measurement.frame if code is None else self.measurement.frame.filter(region=code)
        cells = frame.group_by("year").agg(pl.col("flags").fill_null("").str.join(";")).rows()
        return [year for year, cell in cells if flags.is_extrapolated(cell)]

    @cached_property
    def total_and_groups(self) -> pl.DataFrame:
        """Return the yearly growth accounts of the total and of the macro-regions."""
        return pl.concat([self.measurement.national, self.measurement.groups], how="vertical_relaxed")

    @cached_property
    def total_and_groups_by_period(self) -> pl.DataFrame:
        """Return the periods of the total and of the macro-regions, the whole span last."""
        frame = pl.concat([self.national_periods, self.measurement.group_periods], how="diagonal_relaxed")
        order = {NATIONAL: 0, **{group.en: place for place, group in enumerate(self.groups, start=1)}}
        last = (pl.col("end") - pl.col("start")) == self.whole.end - self.whole.start
        place = pl.col("region").replace_strict(order, default=len(order))
        return frame.sort(place, last, "start", maintain_order=True)

    def group_growth(self, group: Text) -> float:
        """Return the TFP growth of a macro-region over all years, in logs."""
        return float(self.measurement.groups.fill_nan(None).filter(region=group.en)["tfp_growth"].sum())

    @cached_property
    def cumulated(self) -> pl.DataFrame:
        """Return ``group, year, value``: TFP of each macro-region cumulated from the first year (= 100)."""
        frame = self.measurement.groups.fill_nan(None).drop_nulls("tfp_growth").sort("region", "year")
        start = frame.group_by("region", maintain_order=True).agg(year=pl.col("year").min() - 1, value=pl.lit(100.0))
        later = frame.select("region", "year", value=100 * pl.col("tfp_growth").cum_sum().over("region").exp())
        ends = pl.concat([start, later], how="vertical_relaxed")
        return ends.rename({"region": "group"}).sort("group", "year")

    @cached_property
    def group_levels(self) -> pl.DataFrame:
        """Return ``group, year, value``: mean in logs of the TFP levels of the regions of each macro-region."""
        member = self.measurement.regions.select("region", group="group_en").drop_nulls("group")
        frame = self.measurement.levels.fill_nan(None).drop_nulls("tfp_level").join(member, on="region")
        return frame.group_by("group", "year").agg(value=pl.col("tfp_level").log().mean().exp()).sort("group", "year")

    @cached_property
    def group_lines(self) -> pl.DataFrame:
        """Return ``year`` and the lines of each macro-region, ``cumulated <name>`` and ``group_level <name>``."""
        frame = self.cumulated.select("year").clear()
        for name, line in {"cumulated": self.cumulated, "group_level": self.group_levels}.items():
            titles = {group.en: f"{name} {group.en}" for group in self.shown_groups if group.en in set(line["group"])}
            wide = line.pivot(on="group", index="year", values="value").select("year", *titles).rename(titles)
            frame = frame.join(wide, on="year", how="full", coalesce=True)
        return frame.sort("year")

    @cached_property
    def compared_spans(self) -> tuple[Span, ...]:
        """Return the periods that a ranking shows beside the leading one: the latest, and the whole span."""
        spans = (span for span in (self.latest, self.whole) if span is not None and span != self.lead)
        return tuple(dict.fromkeys(spans))

    @cached_property
    def ranking(self) -> pl.DataFrame:
        """Return the ranking of the leading period; the others beside it, their columns named by their period."""
        grade = () if self.measurement.graded is None else ("grade",)
        names = ("rank", "region", "output_growth", "tfp_growth", "tfp_part", *grade, "flags")
        frame = self.regions_in(self.lead).select(*names, group="region")
        return side_by_side(frame, {span: self._columns_beside(span) for span in self.compared_spans})

    def _columns_beside(self, span: Span) -> pl.DataFrame:
        """Return what a ranking shows of a period beside the leading one; no rank of estimated years."""
        places = () if self.is_extrapolated(span) else ("rank",)
        grade = () if self.measurement.graded is None else ("grade",)
        return self.regions_in(span).select("region", "tfp_growth", *places, *grade, "flags")

    def name(self, code: str) -> Text:
        """Return the name of a region, group or the total."""
        return self.names.get(code, same(code))

    def code(self, region: str) -> str:
        """Return the code of a region that was measured, given by code or name."""
        return Names({"region": self.names}).resolve(region, self.codes)
