"""What a measurement says: sentences made from the numbers, the pictures that show them, and the section of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

import polars as pl

from xinzhi import words
from xinzhi.core.schema import Column, describe
from xinzhi.core.text import Text, number, paragraph
from xinzhi.report.charts.axes import END, MOST, Row
from xinzhi.report.charts.chart import Drawing
from xinzhi.report.pages.yardstick import pictures, tables
from xinzhi.report.pages.yardstick.tables import notes
from xinzhi.report.section import Picture, Section, picture
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import Table, Writers, column, table
from xinzhi.yardstick import Measurement, Ranking
from xinzhi.yardstick.internal import (
    ALL,
    PARTS,
    TOGETHER,
    Span,
    View,
    largest_source,
    side_by_side,
)

PAIRS = {
    "band": ("low", "high", 100, 1),
    "place": ("rank_low", "rank_high", 1, 0),
    "over_protocols": ("protocol_low", "protocol_high", 100, 1),
    "place_over_protocols": ("protocol_rank_low", "protocol_rank_high", 1, 0),
}
ORDER = (
    "tfp_growth",
    "band",
    "over_protocols",
    "rank",
    "place",
    "place_over_protocols",
    "among_first",
    "grade",
    "flags",
)
Headline = tuple[str, Mapping[str, object]]  # the name of a sentence of the catalogue, and what it is made from


@section.register
def ranking(result: Ranking, *, region: str | None = None) -> Section:
    """Return what an assessment says first; the pictures behind the ranking are those of the measurement."""
    page: Section = measurement(result.measurement, region=region)
    facts = result.facts()
    pictures = [_ranked(result, picture) if picture.kind == "ranking" else picture for picture in page.pictures]
    return replace(
        page,
        answer=tuple(answer_of(facts, result.topic)),
        reach=tuple(notes_of(facts, result.topic)),
        pictures=tuple(pictures),
        sheets=(sheet(result),),
        document=None,
    )


def _ranked(result: Ranking, base: Picture) -> Picture:
    """Return the ranking with whiskers, the newest period first; its headline says who stands out in both."""
    view, bands = View(result.measurement), result.bands
    if bands is None and not result.protocols:
        return base
    newest = view.spans[-1]
    key = "ranking_ranges"
    facts: dict[str, object] = {"span": newest.label}
    if bands is not None and not bands.compares_ends:
        (k, n), (revised, _) = (bands.pair_counts(newest, component) for component in (TOGETHER, ALL))
        if n:
            key = "ranking_ties"
            more = "" if revised == k else words.yardstick.ranking_ties_revised(k=revised)
            facts |= {"k": k, "n": n, "revised": more}
    level = 0.9 if bands is None else bands.level
    how = paragraph([words.shared.how_ranking_ranges(), words.shared.how_whiskers(level=level)])
    twin = table_of(result)
    chart = picture("ranking", pictures.ranking, view, twin, facts, headline=key, how=how, ranked=result)
    return replace(chart, legend=twin.notes)


def sheet(result: Ranking) -> Table:
    """Return every column of both periods, for the workbook."""
    names, marks = ["code", *result.frame.columns], notes("ranking_ranges", result.frame["flags"])
    return table("ranking", result.with_codes, names, result, drop_empty=True, notes=marks)


def table_of(result: Ranking) -> Table:
    """Return both periods side by side, ranges in one cell each."""
    view = View(result.measurement)
    spans = dict.fromkeys([view.spans[-1], view.lead])
    frame = side_by_side(result.groups_of(view.spans[-1]), {span: _cells(result, span) for span in spans})
    columns = [describe(result.verb, name) for name in ("region", "group")]
    for span in spans:
        columns += [_column(result, name, span) for name in ORDER if f"{name}{span.label.en}" in frame.columns]
    writers: Writers = {"region": view.name, "group": view.group_of.get}
    return table("ranking", frame, columns, names=writers, notes=notes("ranking_ranges", result.frame["flags"]))


def _cells(result: Ranking, span: Span) -> pl.DataFrame:
    """Return what the table shows of a period, ranges in one cell each, without columns that have nothing."""
    regions = result.in_period(span.start, span.end)
    cells = {name: _ranges(regions, *PAIRS[name]) if name in PAIRS else regions[name] for name in ORDER}
    content = {name: column for name, column in cells.items() if column.null_count() < regions.height}
    return pl.DataFrame({"region": regions["region"], **content})


def _ranges(rows: pl.DataFrame, low: str, high: str, times: float, decimals: int) -> pl.Series:
    """Return a range as one cell; one of a single value is that value."""
    texts: list[str | None] = []
    for row in rows.iter_rows(named=True):
        ends = [number(times * row[end], decimals) for end in (low, high) if row[end] is not None]
        texts.append(" – ".join(dict.fromkeys(ends)) if ends else None)
    return pl.Series(texts, dtype=pl.String)


def _column(result: Ranking, name: str, span: Span) -> Column:
    """Return the column of a period: as the schema describes it, a range by the words of the page."""
    description = column(name, "text") if name in PAIRS else describe(result.verb, name)
    title = words.shared.column_in_period(title=description.title, period=span.label)
    return replace(description, name=f"{name}{span.label.en}", title=title)


def sides(result: Ranking) -> dict[str, str]:
    """Return on which side of all together each region is in the newest period: above, below, or a tie."""
    if result.bands is None or result.bands.part is not None:
        return {}
    newest = View(result.measurement).spans[-1]
    sure = result.bands.decided
    chances = result.bands.chances(newest)
    ties = dict.fromkeys(chances, "tie")
    above = {code: "above" for code, chance in chances.items() if chance >= sure}
    return ties | above | {code: "below" for code, chance in chances.items() if chance <= 1 - sure}


def leading(view: View) -> Headline:
    """Return the headline of the ranking."""
    if not view.has_ends(view.lead):
        return "one", {}
    codes = view.ranked(view.lead)["region"]
    return "ranking", {"first": view.name(codes[0]), "last": view.name(codes[-1])}


def tile_map(view: View) -> Headline:
    """Return the headline of the tile map."""
    growth = view.measured(view.lead)["tfp_growth"]
    return "map", {"k": (growth > 0).sum(), "n": growth.len()}


def sources(view: View) -> Headline:
    """Return the headline of the chart of sources by region."""
    largest = largest_source(view.regions_in(view.lead))["largest"].to_list()
    tops = {name: largest.count(name) for name in PARTS}
    best = max(tops, key=lambda name: tops[name])
    facts = {"factor": words.shared.factor_of(best), "k": tops[best], "n": len(largest), "tfp": tops["tfp"]}
    return "sources_tfp" if best == "tfp" else "sources", facts


def contributions(view: View) -> Headline:
    """Return the headline of the contributions by period."""
    row: Row = view.national_of(view.lead)
    if not row or not row["output_growth"]:
        return "contributions_plain", {}
    return "contributions", {"capital": row["capital_contribution"] / row["output_growth"], "tfp": row["tfp_part"]}


def groups(view: View) -> Headline:
    """Return the headline of the lines of the macro-regions."""
    parts = [
        words.shared.headline_since(name=group, value=math.expm1(view.group_growth(group)))
        for group in view.contrast or view.shown_groups[:2]
    ]
    return "groups", {"start": view.whole.start, "parts": parts}


def region_headline(view: View, code: str) -> Text:
    """Return the headline of the page of one region: its place in the leading period."""
    row = next((row for row in view.measured(view.lead).iter_rows(named=True) if row["region"] == code), None)
    if row is None:
        return words.shared.headline_region_none(span=view.lead.label)
    n = view.ranked(view.lead).height
    place = "" if row["rank"] is None else words.shared.headline_place(rank=row["rank"], n=n)
    tfp, growth, span = row["tfp_growth"], row["output_growth"], view.lead.label
    if code in view.unranked(view.lead):
        return words.shared.headline_region_unranked(growth=growth, tfp=tfp, span=span)
    if tfp > 0 and growth > 0:
        return words.shared.headline_region_up(share=row["tfp_part"], tfp=tfp, place=place, span=span)
    return words.shared.headline_region_down(growth=growth, tfp=tfp, place=place, span=span)


# Each picture is a row: what draws it from the words and the view, and its headline; its table bears its name.
Kind = Literal["ranking", "map", "sources", "contributions", "groups"]
PICTURES: Mapping[Kind, tuple[Callable[..., Drawing], Callable[[View], Headline]]] = {
    "ranking": (pictures.ranking, leading),
    "map": (pictures.tile_map, tile_map),
    "sources": (pictures.sources, sources),
    "contributions": (pictures.contributions, contributions),
    "groups": (pictures.groups, groups),
}


@section.register
def measurement(result: Measurement, *, region: str | None = None) -> Section:
    """Return what a measurement says; with a region its picture stands behind the others."""
    view, facts = View(result), result.facts()
    charts = [_picture(view, kind) for kind in available(view)]
    return Section(
        key="growth",
        title=words.shared.title_report(),
        answer=(paragraph(answer_of(facts, result.topic)),),
        reach=tuple(notes_of(facts, result.topic)),
        pictures=(*charts, *((_of_region(view, region),) if region is not None else ())),
        notes=(words.shared.note_convention(),),
        document=partial(_options, view),
    )


def _options(view: View, *_: object) -> dict[str, object]:
    """Return what the page of a measurement has otherwise than those of other results."""
    return {"leads": True, "protocol": view.measurement.protocol, "tables": tables.workbook(view)}


def available(view: View) -> list[Kind]:
    """Return the kinds of picture of the whole measurement that it has figures for."""
    ranked = view.measured(view.lead).height > 0
    has = {
        "map": ranked and bool(view.tiles),
        "contributions": view.national_periods.drop_nulls("output_growth").height > 0,
        "groups": bool(view.shown_groups) and view.measurement.groups.height > 0,
    }
    return [kind for kind in PICTURES if has.get(kind, ranked)]


def _picture(view: View, kind: Kind) -> Picture:
    chart, answer = PICTURES[kind]
    headline, facts = answer(view)
    table = {"ranking": tables.ranking, "groups": tables.groups}.get(kind)
    key = "national_periods" if kind == "contributions" else kind
    twin = table(view) if table else tables.table_of(view, key)
    title = "contrast" if kind == "groups" and view.contrast else kind
    how: Text = words.shared.how_of(kind)
    if kind == "ranking" and view.latest is None:
        how = words.shared.how_ranking_one()
    if kind == "groups" and view.measurement.levels.is_empty():
        how = words.shared.how_groups_one()
    if kind in {"ranking", "sources"} and view.regions_in(view.lead).height > MOST:
        how = paragraph([how, words.shared.how_ends(n=END)])
    result = picture(
        kind, chart, view, twin, {"span": view.lead.label, **facts}, title=title, headline=headline, how=how
    )
    return replace(result, legend=twin.notes if kind == "ranking" else ())


def _of_region(view: View, region: str) -> Picture:
    code = view.code(region)
    facts = {"name": view.name(code), "finding": region_headline(view, code)}
    twin = tables.table_of(view, "region_years", view.years_of(code))
    return picture("region", pictures.region, view, twin, facts, title=view.name(code), code=code)
