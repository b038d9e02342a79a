"""The page of a decomposition: what productivity growth came from, its pictures first, and its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, listing, number, percent, sentences
from xinzhi.report import palette
from xinzhi.report.pages.sources_basis import assumptions, coverage, findings, omitted
from xinzhi.report.section import Picture, Section
from xinzhi.report.section import shown as drawn
from xinzhi.report.section_rows import section
from xinzhi.report.table import Column, Table, table, with_period
from xinzhi.sources import Sources, pair, part_name, share_range_text, whole_span
from xinzhi.yardstick.internal import Span, View

LINES = 8  # in one chart
PERIOD = {"period": "code"}
INKS: Mapping[str, str] = {
    "breakthrough": palette.ACCENT,
    "allocation": palette.DEEP,
    "allocation_labour": palette.DEEP,
    "allocation_capital": "#8fb9dc",
    "upgrading": "#8dbf97",
    "upgrading_traditional": "#4f8a5b",
    "upgrading_emerging": "#a9cdb0",
    "within": "#7f9a99",
    "allocation_between": "#5b4a8a",
    "unallocated": palette.BAND,
    "open": palette.FAINT,
    "tfp_growth": palette.INK,
}


@dataclass(frozen=True)
class Shown:
    """A decomposition with what its pictures and tables need; the whole span leads: short ones rest on few."""

    result: Sources

    @cached_property
    def view(self) -> View:
        """Return the official accounts with their names."""
        return View(self.result.measurement)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Return the regions over the whole span, highest TFP growth first, with what the charts draw."""
        return with_own(whole_span(self.result, self.result.periods)).sort("tfp_growth", descending=True)

    @cached_property
    def group_rows(self) -> pl.DataFrame:
        """Return the macro-regions and the whole over the whole span, highest TFP growth first, the whole last."""
        frame = whole_span(self.result, self.result.group_periods)
        if not frame.height:
            return frame
        rest = pl.sum_horizontal("allocation", "allocation_between", "unallocated")
        frame = with_upgrading(frame).with_columns(within=pl.col("tfp_growth") - rest)
        return with_own(frame).sort(pl.col("region") == "total", "tfp_growth", descending=[False, True])

    @cached_property
    def views(self) -> tuple[Shown, ...]:
        """Return the same of the decomposition and of that under the other labour shares, where there is one."""
        return (self, *(Shown(one) for one in self.result.views[1:]))

    @cached_property
    def span(self) -> Span:
        """Return the whole span."""
        return Span(*self.rows.select("start", "end").row(0))

    @cached_property
    def told(self) -> Text:
        """Return the whole span in words, with the mark of extrapolated figures."""
        return flags.marked_span(self.span.start, self.span.end, self.rows["flags"])

    def parts(self, frame: pl.DataFrame, *, split: bool = False) -> list[str]:
        """Return the parts that a frame knows, in the order in which they are stacked; `split` halves allocation."""
        moved = ["allocation_labour", "allocation_capital"] if split else ["allocation"]
        grown = ["upgrading_traditional", "upgrading_emerging"] if self.emerging else ["upgrading"]
        wanted = ["within_only", *moved, *grown, "breakthrough", "allocation_between", "unallocated"]
        known = [name for name in wanted if name in frame.columns and frame[name].is_not_null().any()]
        return [name for name in known if name != "unallocated" or (frame[name].abs() > 0).any()]

    def halves(self, frame: pl.DataFrame) -> list[str]:
        """Return the two halves of allocation where they are known."""
        whole = self.parts(frame)
        return [name for name in self.parts(frame, split=True) if name not in whole]

    @cached_property
    def grouped(self) -> bool:
        """Return whether there are accounts of several regions together: one region alone is no group."""
        return self.result.groups.height > 0 and self.result.frame["region"].n_unique() > 1

    @cached_property
    def emerging(self) -> bool:
        """Return whether any industry counts as emerging."""
        return bool(self.result.industries["emerging"].any())

    def called(self, code: str) -> Text:
        """Return the name of a row of `Sources.groups` where there are groups, else of a region."""
        names = self.result.names
        return names.text("group", code) if self.grouped else names.region(code)

    def year(self, year: int) -> Text:
        """Return a year in words, with the mark of extrapolated figures."""
        return flags.marked_span(year, year, self.result.frame.filter(year=year)["flags"])

    def _moved_most(self) -> str:
        """Return the region that reallocation moved most under all labour shares: by the smaller of its two figures."""
        moved = pl.concat([one.rows.select("region", pl.col("allocation").abs()) for one in self.views]).drop_nulls()
        least = moved.group_by("region").agg(pl.col("allocation").min())
        order = least.sort("allocation", "region", descending=[True, False]) if moved.height else self.rows
        return str(order["region"][0])

    def code(self, region: str | None) -> str:
        """Return the code of the region that pictures of one region show."""
        if region is None:
            return self._moved_most()
        names = self.result.names
        code = names.resolve(region, self.result.measurement.panel.regions)
        if code not in set(self.rows["region"]):
            raise UsageError("sources.not-in-span", name=names.region(code), span=self.span.label)
        return code


def with_own(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``within_only``: what the industries did themselves, where no frontier tells its two parts apart."""
    return frame.with_columns(within_only=pl.when(pl.col("breakthrough").is_null()).then(pl.col("within")))


def with_upgrading(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``upgrading``, of traditional and emerging industries together."""
    return frame.with_columns(upgrading=pl.col("upgrading_traditional") + pl.col("upgrading_emerging"))


def word(part: str) -> Text:
    """Return the short name of a part."""
    plain = part in {"allocation_labour", "allocation_capital", "tfp_growth"}
    return words.sources.chart_of(part) if plain else part_name(part.removesuffix("_only"))


def ink(part: str) -> str:
    """Return the colour of a part."""
    return INKS[part.removesuffix("_only")]


def grouping(name: str = "region") -> Column:
    """Return the column of macro-regions."""
    return Column(title=words.sources.column_group(), kind="name", name=name, names="group")


def sums(
    shown: Shown,
    key: str,
    frame: pl.DataFrame,
    leading: Sequence[Any],
    parts: Iterable[str],
    *,
    notes: Sequence[Text] = (),
    **values: Any,  # noqa: ANN401 - of the title
) -> Table:
    """Return TFP growth and parts of it behind some leading columns; marks come last where the frame has them."""
    columns = [*leading, *(Column(name=part, title=word(part), kind="percent") for part in parts), "flags?"]
    notes = flags.legend(set(frame["flags"])) if "flags" in frame.columns else notes
    return table(key, frame, columns, shown.result, notes=notes, **values)


def by_region(shown: Shown) -> Table:
    """Return the parts of every region over the whole span, highest TFP growth first."""
    groups = shown.result.measurement.regions.select("region", group="group_en")
    frame = shown.rows.join(groups, on="region", how="left", maintain_order="left")
    parts = ["tfp_growth", *shown.parts(frame), *shown.halves(frame)]
    return sums(shown, "sources_regions", frame, ["region", grouping("group")], parts, span=shown.span.label)


def by_shares(shown: Shown) -> Table | None:
    """Return the parts of every region over the whole span under both labour shares; None where the data leave none."""
    if shown.result.alternative is None or not shown.rows.height:
        return None
    parts = shown.parts(shown.rows)
    frame, chosen = shown.rows.select("region", "tfp_growth", *parts), shown.result.assumption_value("shares")
    frame = frame.join(
        shown.views[1].rows.select("region", *parts), on="region", maintain_order="left", suffix="_other"
    )
    columns = [
        Column(name=f"{part}{suffix}", title=words.sources.chart_of(f"shares_{value}", part=word(part)), kind="percent")
        for part in parts
        for suffix, value in (("", chosen), ("_other", shown.result.alternative.assumption_value("shares")))
    ]
    leads = ["region", Column(name="tfp_growth", title=word("tfp_growth"), kind="percent")]
    return table("sources_shares", frame, [*leads, *columns], shown.result, span=shown.span.label)


def by_period(shown: Shown) -> Table:
    """Return the sources of every region in every period."""
    frame = with_period(with_own(shown.result.periods)).sort("region", maintain_order=True)
    return sums(shown, "sources_periods", frame, ["region", PERIOD], ["tfp_growth", *shown.parts(frame)])


def by_group(shown: Shown) -> Table:
    """Return the sources of the macro-regions and of the whole in every period, in the order of the picture."""
    frame = with_period(with_upgrading(shown.result.group_periods))
    order = {name: i for i, name in enumerate(shown.group_rows["region"])}
    place = pl.col("region").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    parts = ["tfp_growth", *shown.parts(frame), *shown.halves(frame)]
    notes = (words.sources.note_between(),)
    frame = frame.sort(place, maintain_order=True)
    return sums(shown, "sources_groups", frame, [grouping(), PERIOD], parts, notes=notes)


def of_region(shown: Shown, code: str, parts: Sequence[str]) -> Table:
    """Return the sources of one region in every period, one row a period."""
    frame = with_period(shown.result.periods.filter(region=code)).drop("flags")
    names = [name.removesuffix("_only") for name in sorted(parts, key=lambda name: name not in frame.columns)]
    called = shown.view.name(code)
    return sums(shown, "sources_region", frame, [PERIOD], ["tfp_growth", *names], name=called)


def leading(shown: Shown, found: pl.DataFrame) -> Table:
    """Return the figures of the tile map: the part that sets a region apart."""
    source = Column(
        name="source", title=words.sources.column_leading(), values={name: word(name) for name in found["source"]}
    )
    points = {"contribution": {"kind": "percent", "unit": "points"}}
    return table("sources_apart", found, ["region", source, points], shown.result)


def reallocation(shown: Shown, rows: pl.DataFrame, names: Sequence[str]) -> Table:
    """Return what reallocation gave by year: labour, capital, and between regions where there are groups."""
    wanted = ("allocation", "allocation_labour", "allocation_capital", "allocation_between")
    frame = pl.concat([rows.filter(region=name) for name in names])
    frame = frame.select("region", "year", *(name for name in wanted if name in frame.columns))
    leads = [grouping() if shown.grouped else "region", "year"]
    return sums(shown, "sources_reallocation", frame, leads, frame.columns[2:])


def beside_means(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the parts beside those of a frontier analysis, means per year by region."""
    numbers = ("ours", "frontier", "difference")
    whole = [pl.when(pl.col(name).null_count() == 0).then(pl.col(name).mean()).alias(name) for name in numbers]
    return frame.group_by("region", "source", maintain_order=True).agg(*whole, years=pl.len().cast(pl.Int64))


def beside(shown: Shown, means: pl.DataFrame) -> Table:
    """Return both by region, means per year over the years that they share."""
    values = {name: words.sources.chart_of(name) for name in means["source"].unique()}
    part = Column(name="source", title=words.sources.column_part(), values=values)
    return table("sources_beside", means, ["region", part, "years", "ours", "frontier", "difference"], shown.result)


@section.register
def decomposition(result: Sources, *, region: str | None = None) -> Section:
    """Return what a decomposition says; its waterfall is that of `region`, or of where allocation moved most."""
    shown = Shown(result)
    periods = bool(result.periods.height)
    return Section.of(
        "sources.room",
        pictures(shown, region) if periods else (),
        [
            by_region(shown) if periods else None,
            by_shares(shown) if periods else None,
            by_group(shown) if shown.grouped else None,
            by_period(shown) if periods else None,
            coverage(result),
            assumptions(result),
            omitted(result, shown.view),
            findings(result, shown.view),
        ],
        anchor="sources",
        answer=_said(result, "answer."),
        notes=_notes(result),
    )


def _said(result: Sources, start: str) -> list[Text]:
    """Return the sentences of the facts whose keys start so."""
    return sentences({key: value for key, value in result.facts().items() if key.startswith(start)}, result.topic)


def _notes(result: Sources) -> tuple[Text, ...]:
    """Return what the decomposition rests on, what is missing, and what it cannot tell."""
    notes = _said(result, "basis.")
    if result.omitted.height:
        regions = result.omitted["region"].n_unique()
        notes.append(words.sources.note_omitted(years=result.omitted.height, regions=regions))
    notes = [words.sources.note_reading(), *notes]
    if (first := _estimated(result)) is not None:
        notes.append(words.sources.note_estimated(first=first, before=first - 1))
    coarse = ["coarse"] if result.provenance.options["detail"] == "sector" else []
    return (*notes, *(words.sources.note_of(name) for name in (*coarse, "frontier", "accounting", "periods")))


def _estimated(result: Sources) -> int | None:
    """Return the first year in which investment by sector is extrapolated; None where it never is."""
    years = result.frame.filter(pl.col("flags").str.contains("extrapolated:sector_investment"))["year"]
    return None if years.is_empty() else int(years.sort()[0])


def pictures(shown: Shown, region: str | None) -> list[Picture | None]:
    """Return every picture that the decomposition has figures for, the leading one first."""
    return [
        _stacked(shown),
        _groups(shown),
        _waterfall(shown, region),
        _map(shown),
        _reallocation(shown),
        _beside(shown),
    ]


def _stack(shown: Shown, frame: pl.DataFrame) -> dict[str, Any]:
    """Return what a chart of stacked contributions draws, and its colours."""
    parts = shown.parts(frame)
    draws = {one: one for one in (*parts, "tfp_growth")}
    return {"draws": {"name": "region", **draws}, "parts": {one: (word(one), ink(one)) for one in parts}}


def _stacked(shown: Shown) -> Picture | None:
    """Return the regions less all of them together, part by part; their own parts where there is no sum."""
    rows = apart(shown)
    facts: dict[str, object] = {"span": shown.told}
    if rows.height <= 1:
        rows = shown.rows
        headline = "within" if rows["breakthrough"].is_null().all() else "whole"
        more = _stack(shown, rows)
        return drawn("sources.whole", shown.result, rows, facts, twin=by_region(shown), headline=headline, **more)
    parts = shown.parts(rows)
    spread = [[float(np.std(apart(one)[name].drop_nulls().to_numpy())) for one in shown.views] for name in parts]
    told = [
        words.sources.chart_part(part=word(name), value=share_range_text(sizes, "plain"))
        for name, sizes in zip(parts, spread, strict=True)
    ]
    facts |= {"n": rows.height, "parts": listing(told)}
    twin = sums(shown, "sources_deviations", rows, ["region"], ["tfp_growth", *parts], span=shown.span.label)
    more = _stack(shown, rows) | {"x": words.sources.unit_of_apart()}
    return drawn("sources.sources", shown.result, rows, facts, twin=twin, **more)


def leading_parts(shown: Shown) -> pl.DataFrame:
    """Return ``region, source, contribution``: the part that holds most of a region's difference under all shares.

    Where the labour shares decide which part it is, `source` is ``open`` and `contribution` the difference of TFP.
    """
    # It is the largest part of the sign that the whole has: what is ahead where TFP is, what is behind where it is.
    signed = pl.col("contribution") * pl.when(pl.col("tfp_growth") < 0).then(-1).otherwise(1)
    first, *others = (
        rows.drop_nulls("breakthrough")
        .unpivot(
            [name for name in one.parts(rows) if name not in {"unallocated", "within_only"}],
            index=["region", "tfp_growth"],
            variable_name="source",
            value_name="contribution",
        )
        .drop_nulls("contribution")
        .sort("region", signed, descending=[False, True])
        .group_by("region", maintain_order=True)
        .first()
        for one, rows in ((one, apart(one)) for one in shown.views)
    )
    for other in others:
        first = first.join(other.select("region", other="source"), on="region", how="left", maintain_order="left")
        apart_from = pl.col("source") != pl.col("other")
        first = first.with_columns(
            source=pl.when(apart_from).then(pl.lit("open")).otherwise("source"),
            contribution=pl.when(apart_from).then("tfp_growth").otherwise("contribution"),
        ).drop("other")
    return first.select("region", "source", "contribution")


def apart(shown: Shown) -> pl.DataFrame:
    """Return the regions less all of them together; no rows where the regions have no sum."""
    whole = shown.group_rows.filter(pl.col("region") == "total") if shown.group_rows.height else shown.group_rows
    if not whole.height:
        return shown.rows.clear()
    names = [name for name in (*shown.parts(shown.rows), "tfp_growth") if whole[name][0] is not None]
    return shown.rows.with_columns(pl.col(name) - whole[name][0] for name in names)


def _groups(shown: Shown) -> Picture | None:
    """Return the stacked contributions of the macro-regions and of the whole; None where there are no groups."""
    two = pair(shown.result)
    if two is None:
        return None
    frame = shown.group_rows
    lost = []
    for one in shown.views:
        low, high = (one.group_rows.row(by_predicate=pl.col("region") == row["region"], named=True) for row in two)
        lost.append({name: (high[name] or 0.0) - (low[name] or 0.0) for name in one.parts(one.group_rows)})
    most = [max(one, key=lambda name: one[name]) for one in lost]
    names = shown.result.names
    same = len(set(most)) == 1
    facts = {
        "low": names.text("group", low["region"]),
        "high": names.text("group", high["region"]),
        "gap": number(100 * sum(lost[0].values()), 2),
        "span": shown.told,
        "part": word(most[0]) if same else words.sources.either_shares(first=word(most[0]), other=word(most[-1])),
        "most": share_range_text([one[name] for one, name in zip(lost, most, strict=True)], "plain"),
    }
    return drawn("sources.groups", shown.result, frame, facts, twin=by_group(shown), **_stack(shown, frame))


def _waterfall(shown: Shown, region: str | None) -> Picture | None:
    """Return the sources one upon the other, for one region."""
    code = shown.code(region)
    row = shown.rows.row(by_predicate=pl.col("region") == code, named=True)
    parts = [name for name in shown.parts(shown.rows, split=True) if row[name] is not None]
    steps = [(_step(name), 100 * (row[name] or 0.0), ink(name)) for name in (*parts, "tfp_growth")]
    rows = [row, *(one.rows.row(by_predicate=pl.col("region") == code, named=True) for one in shown.views[1:])]
    listed = [
        words.sources.chart_part(part=word(name), value=share_range_text([one[name] for one in rows])) for name in parts
    ]
    facts = {"name": shown.view.name(code), "tfp": percent(row["tfp_growth"], 2), "span": shown.told}
    facts["parts"] = listing(listed)
    return drawn("sources.waterfall", shown.result, None, facts, rows=steps, twin=of_region(shown, code, parts))


def _step(part: str) -> Text:
    """Return a word short enough to stand under a bar."""
    plain = part.removesuffix("_only")
    return words.sources.chart_of(plain) if plain.startswith(("upgrading_", "within")) else word(part)


def _map(shown: Shown) -> Picture | None:
    """Return the tile map of what sets a region apart; None without an arrangement of the regions, or without a sum."""
    found = leading_parts(shown)
    if not shown.view.tiles or not found.height:
        return None
    order = [name for name in (*shown.parts(shown.rows), "open") if name in set(found["source"])]
    rows = [
        {"region": code, "group": word(source), "value": 100 * value}
        for name in order
        for code, source, value in found.filter(source=name).rows()
    ]
    counts = found["source"].value_counts(sort=True).sort("count", "source", descending=[True, False]).rows()
    listed = listing([words.sources.chart_in_regions(part=word(name), k=k) for name, k in counts])
    facts, inks = {"parts": listed, "span": shown.told}, [ink(name) for name in order]
    more: dict[str, Any] = {"legend": words.sources.title_apart(), "arrangement": shown.view.tiles, "inks": inks}
    return drawn("sources.apart", shown.result, None, facts, rows=rows, twin=leading(shown, found), **more)


def _reallocation(shown: Shown) -> Picture | None:
    """Return what reallocation gave over the years by macro-region, by region where there are few and no groups."""
    frame = shown.result.groups if shown.grouped else shown.result.frame
    rows = frame.drop_nulls("allocation").sort("region", "year")
    names = [name for name in _order(shown, rows) if name in set(rows["region"])]
    if rows["year"].n_unique() <= 1 or not 0 < len(names) <= LINES:
        return None
    years = range(int(rows["year"].sort()[0]), int(rows["year"].sort()[-1]) + 1)
    known = {(region, year): value for region, year, value in rows.select("region", "year", "allocation").rows()}
    lines = [
        {"group": shown.called(name), "year": year, "value": None if value is None else 100 * value}
        for name in names
        for year in years
        for value in [known.get((name, year))]
    ]
    lead = "total" if "total" in names else names[0]
    start, end = rows.filter(region=lead)["year"][0], rows.filter(region=lead)["year"][-1]
    every = [one.result.groups if shown.grouped else one.result.frame for one in shown.views]
    facts = {
        key: share_range_text([one.filter(region=lead, year=year)["allocation"][0] for one in every])
        for key, year in (("first", start), ("last", end))
    }
    facts |= {"name": shown.called(lead), "start": shown.year(start), "end": shown.year(end)}
    return drawn("sources.reallocation", shown.result, None, facts, rows=lines, twin=reallocation(shown, rows, names))


def _order(shown: Shown, rows: pl.DataFrame) -> Sequence[str]:
    """Return the groups in the order of the regions table, the whole last; single regions by code."""
    if shown.grouped:
        return [*(group.en for group in shown.view.groups), "total"]
    codes: list[str] = rows["region"].unique().sort().to_list()
    return codes


def _beside(shown: Shown) -> Picture | None:
    """Return breakthrough against the technical change of a frontier analysis, by region; None where none was given."""
    if shown.result.beside is None:
        return None
    means = beside_means(shown.result.beside)
    rows = means.filter(source="breakthrough").drop_nulls().sort("frontier", descending=True)
    if not rows.height:
        return None
    both = ("ours", "frontier")
    ends = rows.with_columns(low=100 * pl.min_horizontal(both), high=100 * pl.max_horizontal(both))
    same = rows.filter((pl.col("ours") > 0) == (pl.col("frontier") > 0)).height
    facts: dict[str, object] = {name: percent(float(rows[name].to_numpy().mean()), 2) for name in ("ours", "frontier")}
    facts |= {"k": same, "n": rows.height}
    return drawn("sources.beside", shown.result, ends, facts, twin=beside(shown, means))
