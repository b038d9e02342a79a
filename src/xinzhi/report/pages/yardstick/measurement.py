"""What a measurement says: sentences made from the numbers, the pictures that show them, and the section of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from altair.typing import ChartType

from xinzhi.core.text import Text, paragraph, words
from xinzhi.report.charts.kit.names import END, MOST
from xinzhi.report.charts.style import Words
from xinzhi.report.pages.yardstick import pictures, tables
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import Table
from xinzhi.yardstick import PARTS, Measurement, View, figures_of, largest_source

SEVERAL = 2  # regions from which on there is a ranking


def ranking_headline(view: View) -> Text:
    """Return the headline of the ranking."""
    rows = view.of(view.lead).drop_nulls("tfp_growth")["region"]
    if rows.len() < SEVERAL:
        return words("headline.one", span=view.lead.label)
    return words("headline.ranking", first=view.name(rows[0]), last=view.name(rows[-1]), span=view.lead.label)


def map_headline(view: View) -> Text:
    """Return the headline of the tile map."""
    growth = view.of(view.lead)["tfp_growth"].drop_nulls()
    return words("headline.map", k=(growth > 0).sum(), n=growth.len(), span=view.lead.label)


def sources_headline(view: View) -> Text:
    """Return the headline of the chart of sources by region."""
    largest = largest_source(view.of(view.lead))["largest"].to_list()
    tops = {name: largest.count(name) for name in PARTS}
    best = max(tops, key=lambda name: tops[name])
    key = "headline.sources_tfp" if best == "tfp" else "headline.sources"
    name = words(f"factor.{best}")
    return words(key, factor=name, k=tops[best], n=len(largest), tfp=tops["tfp"], span=view.lead.label)


def contributions_headline(view: View) -> Text:
    """Return the headline of the contributions by period."""
    row: Mapping[str, Any] = view.national_of(view.lead)
    if not row or not row["output_growth"]:
        return words("headline.contributions_plain")
    capital = row["capital_contribution"] / row["output_growth"]
    return words("headline.contributions", capital=capital, tfp=row["tfp_part"], span=view.lead.label)


def groups_headline(view: View) -> Text:
    """Return the headline of the lines of the macro-regions."""
    frame = view.measurement.groups.fill_nan(None)
    parts = [
        words("headline.since", name=group, value=math.expm1(frame.filter(region=group.en)["tfp_growth"].sum()))
        for group in view.contrast or view.shown_groups[:2]
    ]
    return words("headline.groups", start=view.whole.start, parts=parts)


def region_headline(view: View, code: str) -> Text:
    """Return the headline of the page of one region: its place in the leading period."""
    rows = view.of(view.lead).filter(region=code)
    if rows.is_empty() or rows["tfp_growth"][0] is None:
        return words("headline.region_none", span=view.lead.label)
    row = rows.row(0, named=True)
    n = view.of(view.lead)["tfp_growth"].drop_nulls().len()
    key = "headline.region_up" if row["tfp_growth"] > 0 and row["output_growth"] > 0 else "headline.region_down"
    return words(key, **figures_of(row), rank=row["rank"], n=n, span=view.lead.label)


# Each picture is a row: what draws it, its table, its headline.
PICTURES: Mapping[str, tuple[Callable[[View, Words], ChartType], Callable[[View], Table], Callable[[View], Text]]] = {
    "ranking": (pictures.ranking, tables.ranking, ranking_headline),
    "map": (pictures.tile_map, tables.map_twin, map_headline),
    "sources": (pictures.sources, tables.sources, sources_headline),
    "contributions": (pictures.contributions, tables.national_periods, contributions_headline),
    "groups": (pictures.groups, tables.groups, groups_headline),
}


def measurement(result: Measurement, *, region: str | None = None) -> Section:
    """Return what a measurement says; with a region its picture stands behind the others."""
    return section(View(result), region)


def section(view: View, region: str | None = None) -> Section:
    """Return what a measurement says."""
    drawn, result = [_picture(view, kind) for kind in available(view)], view.measurement
    facts = result.facts()
    return Section(
        key="growth",
        title=words("title.report"),
        answer=(paragraph(answer_of(facts, result.topic)),),
        reach=tuple(notes_of(facts, result.topic)),
        pictures=(*drawn, *((_of_region(view, region),) if region is not None else ())),
        notes=(words("note.convention"),),
        lead=len(drawn),
    )


def available(view: View) -> list[str]:
    """Return the kinds of picture of the whole measurement that it has figures for."""
    ranked = view.of(view.lead).drop_nulls("tfp_growth").height > 0
    has = {
        "map": ranked and bool(view.tiles),
        "contributions": view.national_periods.drop_nulls("output_growth").height > 0,
        "groups": bool(view.shown_groups) and view.measurement.groups.height > 0,
    }
    return [kind for kind in PICTURES if has.get(kind, ranked)]


def _picture(view: View, kind: str) -> Picture:
    draw, twin, headline = PICTURES[kind]
    table = twin(view)
    return Picture(
        kind=kind,
        title=words("title.contrast" if kind == "groups" and view.contrast else f"title.{kind}"),
        headline=headline(view),
        draw=partial(draw, view),
        how=_how(view, kind),
        unit=words(f"unit_of.{kind}"),
        twin=table,
        legend=table.notes if kind == "ranking" else (),
    )


def _how(view: View, kind: str) -> Text:
    single = {"ranking": view.latest is None, "groups": view.measurement.levels.height == 0}
    how = words(f"how.{kind}_one" if single.get(kind) else f"how.{kind}")
    many = kind in {"ranking", "sources"} and view.of(view.lead).height > MOST
    return paragraph([how, words("how.ends", n=END)]) if many else how


def _of_region(view: View, region: str) -> Picture:
    code = view.code(region)
    finding = region_headline(view, code)
    frame = view.measurement.frame.filter(region=code).sort("year")
    return Picture(
        kind="region",
        title=view.name(code),
        headline=words("headline.region", name=view.name(code), finding=finding),
        draw=lambda w: pictures.region(view, w, code),
        how=words("how.region"),
        unit=words("unit_of.region"),
        twin=tables.accounts(view, "region_years", frame, ("year", "output_growth", *tables.PARTS, "tfp_level")),
    )
