"""The frames of a measurement with its names, groups and periods looked up once, and what it says, as facts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi.core import flags
from xinzhi.core.finding import Finding
from xinzhi.core.names import Names, distinct
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text, clauses, listing, number, read_words, same, span_text, words
from xinzhi.data import tables_by_name
from xinzhi.protocol import Protocol
from xinzhi.yardstick.growth_accounts import GrowthAccounts
from xinzhi.yardstick.panel import GROWTH, Panel
from xinzhi.yardstick.periods import FAILED, UNDECLARED, Graded, RegionSet

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
    graded: Graded | None = None

    def spans(self) -> list[tuple[int, int]]:
        """Return the periods that are reported, in order, the whole span last."""
        return self.periods.select("start", "end").unique(maintain_order=True).rows()

    def shared(self, verb: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of any kind
        """Return what a result that rests on this measurement has from it: kind of frame, names and provenance."""
        made = replace(self.provenance, verb=verb, options=options)
        return {"kind": self.kind, "names": self.names, "provenance": made}


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


def region_names(regions: pl.DataFrame) -> dict[str, Text]:
    """Return the name of every region; two of one name get their codes."""
    rows = regions.select("region", "name_zh", "name_en").rows()
    return distinct({code: Text(zh=zh or en or code, en=en or zh or code) for code, zh, en in rows})


def region_groups(regions: pl.DataFrame) -> dict[str, Text]:
    """Return the macro-region of every region that has one."""
    rows = regions.select("region", "group_zh", "group_en").rows()
    return {code: Text(zh=zh or en, en=en or zh) for code, zh, en in rows if zh or en}


def _last(rows: pl.DataFrame) -> dict[str, float | str | None]:
    return rows.row(-1, named=True) if rows.height else {}


def alike(one: float, other: float) -> bool:
    """Return whether two rates of growth read alike in a sentence: none of them is called the higher."""
    return number(100 * one, 1) == number(100 * other, 1)


@dataclass(frozen=True)
class View:
    """A measurement with its names and periods looked up; unknown numbers are null, never NaN."""

    measurement: Figures

    @cached_property
    def names(self) -> Mapping[str, Text]:
        """Return the name of every region, group and the total; two regions of one name get their codes."""
        named = region_names(self.measurement.regions)
        return {**{group.en: group for group in self.groups}, NATIONAL: words("label.national"), **named}

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
        known = set(self.measurement.group_periods["region"])
        return tuple(group for group in self.groups if group.en in known)

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
        known = read_words("tiles.yaml").values()
        return next((one for one in known if self.codes and set(self.codes) <= set(one["tiles"])), {})

    @cached_property
    def national_periods(self) -> pl.DataFrame:
        """Return the growth accounts of the total by period, and TFP growth with the nation's own output.

        ``nation_growth`` is that of the nation's own accounts, and ``nation_tfp_growth`` what TFP growth of the total
        would be with it and the same inputs; both are null where the nation's growth is not known in every year.
        """
        made = self.measurement
        known = {} if len(self.codes) == 1 or made.regions_declared.foreign else made.panel.nation.get(GROWTH, {})

        def mean(start: int | str, end: int | str) -> float | None:
            years = range(int(start) + 1, int(end) + 1) if isinstance(start, int) else ()
            growth = [math.log1p(known[year] / 100) for year in years if year in known]
            return sum(growth) / len(growth) if growth and len(growth) == len(years) else None

        frame = made.national_periods.fill_nan(None)
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

    def of(self, span: Span) -> pl.DataFrame:
        """Return the growth accounts of the regions in a period, highest TFP growth first, those not ranked last."""
        return self._periods.filter(span.holds())

    def ranked(self, span: Span) -> pl.DataFrame:
        """Return the growth accounts of the regions that are ranked in a period, highest TFP growth first."""
        return self.of(span).drop_nulls("rank")

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
        return self.of(span).filter(pl.col("grade") == FAILED).sort("region")["region"].to_list()

    def national_of(self, span: Span) -> dict[str, float | str | None]:
        """Return the growth accounts of the total in a period, empty when there are none."""
        return _last(self.national_periods.filter(span.holds()))

    def group_in(self, group: Text, span: Span) -> dict[str, float | str | None]:
        """Return the growth accounts of a macro-region in a period, empty when there are none."""
        return _last(self.measurement.group_periods.fill_nan(None).filter(pl.col("region") == group.en, span.holds()))

    def exceptions(self, span: Span) -> list[str]:
        """Return the regions whose figures in the period do not rest on official figures alone."""
        rows = self.of(span).select("region", "flags").rows()
        return [code for code, cell in rows if not flags.is_official(cell)]

    def is_official(self, span: Span) -> bool:
        """Say whether the figures of the period are official ones in most regions."""
        return 2 * len(self.exceptions(span)) < self.of(span).height

    def is_extrapolated(self, span: Span) -> bool:
        """Say whether the figures of any region in the period rest on ones that have no official figure."""
        return any(flags.is_extrapolated(cell) for cell in self.of(span)["flags"])

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
        found = {}
        for span in {*self.spans, self.whole}:
            sets = [frozenset(kind for kind, _ in flags.split(cell)) for cell in self.of(span)["flags"]]
            found[span] = frozenset.intersection(*sets) if sets else frozenset()
        return found

    def span_text(self, span: Span) -> Text:
        """Return the label of a period with what it rests on."""
        if self.is_extrapolated(span):
            return flags.marked_span(span.start, span.end, self.of(span)["flags"])
        if not self.is_official(span):
            return words("label.assumed", span=span.label)
        names = listing([self.name(code) for code in self.exceptions(span)], EXCEPTIONS)
        key = "label.official_but" if names.en else "label.official"
        return words(key, span=span.label, names=names, adjusted=self.adjusted(span, short=True))

    def adjusted(self, span: Span, *, short: bool = False) -> Text | str:
        """Return the clause on what the official figures of investment of a period are adjusted to; none where nothing.

        Regions of another nation, and those without expenditure accounts, keep what was published (`benchmark`).
        """
        to = self.measurement.protocol.choice("capital.benchmark", "none")
        cells = self.of(span)["flags"]
        if to == "none" or all(("missing", "benchmark") in flags.split(cell) for cell in cells):
            return ""
        return words(f"label.adjusted.{'short' if short else to}")

    def name(self, code: str) -> Text:
        """Return the name of a region, group or the total."""
        return self.names.get(code, same(code))

    def code(self, region: str) -> str:
        """Return the code of a region that was measured, given by code or name."""
        return Names({"region": self.names}).resolve(region, self.codes)


def measured(result: Figures) -> Facts:
    """Return what growth came from, who is first and last, group against group; notes say how far figures carry."""
    if result.frame.is_empty():
        return {"answer.unmeasured": {}}
    view = View(result)
    facts = (
        result.regions_declared.abroad()
        | _exhausted(result)
        | _together(view)
        | beside_nation(view, view.lead, "answer.nation")
        | _sources(view)
        | ends(view)
    )
    if names := _named(view, view.unranked(view.lead)):  # their data fail the tests of admission
        facts["answer.unranked"] = {"span": view.lead.label, "k": len(names), "names": names}
    facts |= _whole(view) | contrast(view) | _latest(view) | _until(view)
    return facts | result.regions_declared.facts() | findings(result)


def _exhausted(result: Figures) -> Facts:
    """Return whose capital stock falls to zero or below, and from when on the region is not measured."""
    found = [one for one in result.findings if one.rule == "capital-exhausted"]
    return {"answer.exhausted": [{"message": one.message, "hint": one.hint} for one in found]} if found else {}


def findings(result: Figures) -> Facts:
    """Return how many warnings about the data touch these figures, and in which columns."""
    warned = [one for one in result.findings if one.severity != "note"]
    names = []
    for name, column in dict.fromkeys((str(one.table), one.column) for one in warned):
        table = tables_by_name()[name]
        found = table.column(column) if column else None
        names.append(table.title if found is None else found.text)
    return {"note.findings": {"n": len(warned), "names": names}} if warned else {}


def figures_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of growth accounts by what sentences call them."""
    parts = {name: row[column] for name, column in PARTS.items() if column in row}
    return {**rates(row), "share": row["tfp_part"], **parts}


def rates(row: Mapping[str, Any]) -> dict[str, float]:
    """Return growth of output in logarithms, which contributions add up to, and compound, as statistics publish it."""
    return {"growth": row["output_growth"], "compound": math.expm1(row["output_growth"])}


def _named(view: View, codes: Iterable[str]) -> list[Text]:
    return [view.name(code) for code in codes]


def _together(view: View) -> Facts:
    row, opening = view.national_of(view.lead), _opening(view, view.lead)
    if len(view.codes) == 1 or not row or row["output_growth"] is None:
        return _apart(view, opening)
    figures = figures_of(row)
    key = "answer.together" if figures["tfp"] > 0 and figures["growth"] > 0 else "answer.without"
    return {key: {"opening": opening, "n": len(view.codes), **figures}}


def beside_nation(view: View, span: Span, key: str) -> Facts:
    """Return the sum of the regions beside the nation's own growth, and TFP at the nation's, in every period."""
    row = view.national_of(span)
    if not row or row["nation_growth"] is None:
        return {}
    added, nation = float(row["output_growth"]), float(row["nation_growth"])  # type: ignore[arg-type] # both are known
    spans = [one for one in dict.fromkeys([*reversed(view.spans), view.whole]) if one != span]
    others = [(one.label, view.national_of(one).get("nation_tfp_growth")) for one in spans]
    figures = [
        words("yardstick.ranking.figure", span=label, value=value) for label, value in others if value is not None
    ]
    return {
        key: {
            "span": span.label,
            "n": len(view.codes),
            "added": added,
            "nation": nation,
            "added_compound": math.expm1(added),
            "nation_compound": math.expm1(nation),
            "implied": row["nation_tfp_growth"],
            "others": words("yardstick.ranking.nation_others", figures=figures) if figures else "",
        }
    }


def _apart(view: View, opening: Text) -> Facts:
    """Return what is said where the regions have no sum: there is one alone, one lacks years, or inputs are indices."""
    mine = view.of(view.lead).drop_nulls("tfp_growth")
    if len(view.codes) == 1 and mine.height == 1:
        name = view.name(view.codes[0])
        return {"answer.alone": {"opening": opening, "name": name, **figures_of(mine.row(0, named=True))}}
    declared = view.measurement.regions_declared
    if not declared.complete:
        return {"answer.no_set": {"opening": opening, "n": len(view.codes), "all": len(declared.declared)}}
    absent = [code for code in view.codes if code not in set(mine["region"])]
    if absent and not view.measurement.levels.is_empty():
        return {"answer.incomplete": {"opening": opening, "n": len(view.codes), "names": _named(view, absent)}}
    return {"answer.no_national": {"opening": opening, "n": len(view.codes)}}


def _opening(view: View, span: Span) -> Text:
    if not view.is_official(span):
        series = _doubtful(view, span)
        return words("yardstick.answer.no_official", span=span.label, names=series, n=len(series))
    names = listing(_named(view, view.exceptions(span)), EXCEPTIONS)
    key = f"yardstick.answer.{'official_but' if names.en else 'official'}"
    return words(key, span=span.label, names=names, adjusted=view.adjusted(span))


def largest_source(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``largest``: the factor that gave most of growth in every row."""
    factors = [name for name, column in PARTS.items() if column in frame.columns]
    top = pl.concat_list(PARTS[name] for name in factors).list.arg_max()
    return frame.with_columns(largest=top.replace_strict(list(range(len(factors))), factors, default=None))


def _sources(view: View) -> Facts:
    frame = largest_source(view.of(view.lead))
    if frame.height < SEVERAL:
        return {}
    led = _named(view, frame.filter(pl.col("largest") == "tfp")["region"])
    fell = _named(view, frame.filter(pl.col("tfp_growth") <= 0)["region"])
    counts = frame.filter(pl.col("largest") != "tfp")["largest"].value_counts(sort=True).rows()
    others = [words("yardstick.answer.other", factor=words(f"factor.{name}"), k=k) for name, k in counts]
    key = "answer.led" if led and counts else "answer.all_led" if led else "answer.none"
    factor = words(f"factor.{counts[0][0]}") if counts else None
    if len(counts) == 1 and not led:
        key = "answer.one_source"
    said = {"k": len(led), "n": frame.height, "names": led, "others": others, "factor": factor}
    return {key: said} | ({"answer.fell": {"k": len(fell), "n": frame.height, "names": fell}} if fell else {})


def ends(view: View) -> Facts:
    """Return the regions of highest and of lowest growth, where the whole set was measured and they read apart."""
    if not view.has_ends(view.lead):
        return {}
    rows = view.ranked(view.lead).select("region", "tfp_growth").rows()
    width = min(3, len(rows) // 2)
    said = [(words("yardstick.answer.figure", name=view.name(code), value=value), value) for code, value in rows]
    # all that tie with the last one named are named, or nobody: else the order of the codes would choose
    first = [text for text, value in said if value > rows[width - 1][1] - 1e-12]
    last = [text for text, value in reversed(said) if value < rows[-width][1] + 1e-12]
    return {"answer.ends": {"first": first, "last": last}} if max(len(first), len(last)) <= 2 * width else {}


def _whole(view: View) -> Facts:
    row = view.national_of(view.whole)
    rows = view.ranked(view.whole)["region"]
    if view.whole in view.spans or not row or rows.len() < SEVERAL:
        return {}
    said = {"span": view.whole.label, **figures_of(row)}
    # a rank of estimated years is not told without its range
    if view.is_extrapolated(view.whole) or not view.has_ends(view.whole):
        return {"answer.whole_plain": said}
    return {"answer.whole": {**said, "first": view.name(rows[0]), "last": view.name(rows[-1])}}


def contrast(view: View) -> Facts:
    """Return group against group, in the periods that both fill."""
    if not view.contrast:
        return {}
    late, lead = view.contrast

    def of(span: Span, when: str) -> dict[str, Any] | None:
        rows = [view.group_in(group, span) for group in (late, lead)]
        sides = zip(("late", "lead"), rows, strict=True)
        return {f"{side}_{when}": row["tfp_growth"] for side, row in sides} if all(rows) else None

    now, whole = of(view.lead, "now"), of(view.whole, "whole")
    if now is None:
        return {}
    key = "answer.contrast_now" if whole is None else "answer.contrast"
    spans = {"span": view.lead.label, "whole": view.whole.label}
    return {key: {"late": late, "lead": lead, **spans, **now, **(whole or {})}}


def _latest(view: View) -> Facts:
    if (span := view.latest) is None:
        return {}
    row = view.national_of(span)
    said = {"span": span.label, "names": _doubtful(view, span)}
    return {"note.latest": {**said, "tfp": row["tfp_growth"]}} if row else {"note.latest_plain": said}


def _doubtful(view: View, span: Span) -> list[Text]:
    """Return the series that are not official throughout a period."""
    cells = ";".join(cell or "" for cell in view.of(span)["flags"])
    doubtful = dict.fromkeys(series for kind, series in flags.split(cells) if not flags.is_official(f"{kind}:{series}"))
    return [flags.series_name(series) for series in doubtful]


def official_ends(view: View, before: int | None = None) -> dict[int, list[Text]]:
    """Return the inputs by the year in which their official figures end: all, or those that end before a year."""
    rows = view.measurement.coverage.drop_nulls("last_official_year").sort("last_official_year", maintain_order=True)
    by_year: dict[int, list[Text]] = {}
    unused = {"labour_share"} if view.measurement.regions_declared.foreign else set[str]()
    for series, year in rows.select("series", "last_official_year").rows():
        if series not in unused and (before is None or year < before):
            by_year.setdefault(int(year), []).append(flags.series_name(series))
    return by_year


def _until(view: View) -> Facts:
    """Return how far official figures carry."""
    ends = official_ends(view)
    parts = [words("yardstick.answer.until", names=names, year=year) for year, names in ends.items()]
    return {"note.reach": {"parts": clauses(parts)}} if parts else {}
