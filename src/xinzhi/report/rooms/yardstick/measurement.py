"""The section of a measurement: what growth came from, who is first and last, and how far official figures carry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xinzhi.core.text import paragraph, words
from xinzhi.report.charts.kit.names import END, MOST
from xinzhi.report.rooms.yardstick import pictures, sentences, tables
from xinzhi.report.section import Picture, Section
from xinzhi.report.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.table import Table
    from xinzhi.yardstick import Measurement

# Each picture is a row: what draws it, its table, its headline.
PICTURES: Mapping[str, tuple[Callable[[View, Words], ChartType], Callable[[View], Table], Callable[[View], Text]]] = {
    "ranking": (pictures.ranking, tables.ranking, sentences.ranking_headline),
    "map": (pictures.tile_map, tables.map_twin, sentences.map_headline),
    "sources": (pictures.sources, tables.sources, sentences.sources_headline),
    "contributions": (pictures.contributions, tables.national_periods, sentences.contributions_headline),
    "groups": (pictures.groups, tables.groups, sentences.groups_headline),
}


def measurement(result: Measurement, *, region: str | None = None) -> Section:
    """Return what a measurement says; with a region its picture stands behind the others."""
    return section(View(result), region)


def section(view: View, region: str | None = None) -> Section:
    """Return what a measurement says."""
    drawn = [_picture(view, kind) for kind in available(view)]
    return Section(
        key="growth",
        title=words("title.report"),
        answer=(paragraph(sentences.answer(view)),),
        reach=sentences.reach(view),
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
    finding = sentences.region_headline(view, code)
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
