"""What a measurement says: sentences made from the numbers, the pictures that show them, and the section of both."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text, listing, paragraph, words
from xinzhi.report import flags
from xinzhi.report.charts.kit.names import END, MOST
from xinzhi.report.pages.yardstick import pictures, tables
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import clauses
from xinzhi.report.view import EXCEPTIONS, PARTS, Span, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.table import Table
    from xinzhi.yardstick import Measurement

SEVERAL = 2  # regions from which on there is a ranking


def answer(view: View) -> tuple[Text, ...]:
    """Return the sentences that lead the report: what growth came from, who is first and last, group against group."""
    sentences = [_together(view, view.lead), *_sources(view), *_ends(view)]
    if view.whole not in view.spans:
        sentences += _whole(view)
    if view.contrast:
        sentences += _contrast(view)
    return tuple(sentences)


def reach(view: View) -> tuple[Text, ...]:
    """Return the sentences on how far to trust the figures: the latest period, and the end of official figures."""
    latest = () if view.latest is None else (_latest(view, view.latest),)
    return (*latest, *_official_until(view))


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of growth accounts by what sentences call them."""
    parts = {name: row[column] for name, column in PARTS.items()}
    return {"growth": row["output_growth"], "share": row["tfp_part"], **parts}


def _named(view: View, codes: Iterable[str]) -> list[Text]:
    return [view.name(code) for code in codes]


def _together(view: View, span: Span) -> Text:
    row = view.national_of(span)
    opening = _opening(view, span)
    if len(view.codes) == 1 or not row or row["output_growth"] is None:
        return _apart(view, span, opening)
    figures = _figures(row)
    key = "answer.together" if figures["tfp"] > 0 and figures["growth"] > 0 else "answer.without"
    return words(key, opening=opening, n=len(view.codes), **figures)


def _apart(view: View, span: Span, opening: Text) -> Text:
    """Return the sentence where the regions have no sum: there is one alone, one lacks years, or inputs are indices."""
    mine = view.of(span).drop_nulls("tfp_growth")
    if len(view.codes) == 1 and mine.height == 1:
        return words(
            "answer.alone", opening=opening, name=view.name(view.codes[0]), **_figures(mine.row(0, named=True))
        )
    absent = [code for code in view.codes if code not in set(mine["region"])]
    if absent and not view.measurement.levels.is_empty():
        return words("answer.incomplete", opening=opening, n=len(view.codes), names=_named(view, absent))
    return words("answer.no_national", opening=opening, n=len(view.codes))


def _opening(view: View, span: Span) -> Text:
    if not view.is_official(span):
        return words("answer.no_official", span=span.label)
    names = listing(_named(view, view.exceptions(span)), EXCEPTIONS)
    return words("answer.official_but" if names.en else "answer.official", span=span.label, names=names)


def largest_source(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``largest``: the factor that gave most of growth in every row."""
    factors = list(PARTS)
    top = pl.concat_list(PARTS.values()).list.arg_max()
    return frame.with_columns(largest=top.replace_strict(list(range(len(factors))), factors, default=None))


def _sources(view: View) -> list[Text]:
    frame = largest_source(view.of(view.lead))
    if frame.height < SEVERAL:
        return []
    led = _named(view, frame.filter(pl.col("largest") == "tfp")["region"])
    fell = _named(view, frame.filter(pl.col("tfp_growth") <= 0)["region"])
    counts = frame.filter(pl.col("largest") != "tfp")["largest"].value_counts(sort=True).rows()
    others = [words("answer.other", factor=words(f"factor.{name}"), k=k) for name, k in counts]
    key = "answer.led" if led and counts else "answer.all_led" if led else "answer.none"
    factor = words(f"factor.{counts[0][0]}") if counts else None
    if len(counts) == 1 and not led:
        key = "answer.one_source"
    sentences = [words(key, k=len(led), n=frame.height, names=led, others=others, factor=factor)]
    return [*sentences, words("answer.fell", k=len(fell), n=frame.height, names=fell)] if fell else sentences


def _ends(view: View) -> list[Text]:
    rows = view.of(view.lead).drop_nulls("tfp_growth").select("region", "tfp_growth").rows()
    if len(rows) < SEVERAL:
        return []
    width = min(3, len(rows) // 2)
    said = [words("answer.figure", name=view.name(code), value=value) for code, value in rows]
    return [words("answer.ends", first=said[:width], last=said[: -width - 1 : -1])]


def _whole(view: View) -> list[Text]:
    row = view.national_of(view.whole)
    rows = view.of(view.whole).drop_nulls("tfp_growth")["region"]
    if not row or rows.len() < SEVERAL:
        return []
    ends = {"first": view.name(rows[0]), "last": view.name(rows[-1])}
    return [words("answer.whole", span=view.whole.label, **_figures(row), **ends)]


def _contrast(view: View) -> list[Text]:
    """Return group against group, in the periods that both fill."""
    late, lead = view.contrast

    def of(span: Span, when: str) -> dict[str, Any] | None:
        rows = [view.group_in(group, span) for group in (late, lead)]
        sides = zip(("late", "lead"), rows, strict=True)
        return {f"{side}_{when}": row["tfp_growth"] for side, row in sides} if all(rows) else None

    now, whole = of(view.lead, "now"), of(view.whole, "whole")
    if now is None:
        return []
    key = "answer.contrast_now" if whole is None else "answer.contrast"
    spans = {"span": view.lead.label, "whole": view.whole.label}
    return [words(key, late=late, lead=lead, **spans, **now, **(whole or {}))]


def _latest(view: View, span: Span) -> Text:
    row = view.national_of(span)
    cells = ";".join(cell or "" for cell in view.of(span)["flags"])
    doubtful = dict.fromkeys(series for kind, series in flags.split(cells) if not flags.is_official(f"{kind}:{series}"))
    names = [flags.series_name(series) for series in doubtful]
    if not row:
        return words("answer.latest_plain", span=span.label, names=names)
    return words("answer.latest", span=span.label, names=names, tfp=row["tfp_growth"])


def _official_until(view: View) -> list[Text]:
    rows = view.measurement.coverage.drop_nulls("last_official_year").sort("last_official_year", maintain_order=True)
    by_year: dict[int, list[Text]] = {}
    for series, year in rows.select("series", "last_official_year").rows():
        by_year.setdefault(int(year), []).append(flags.series_name(series))
    parts = [words("answer.until", names=names, year=year) for year, names in by_year.items()]
    return [words("answer.reach", parts=clauses(parts))] if parts else []


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
    return words(key, **_figures(row), rank=row["rank"], n=n, span=view.lead.label)


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
    drawn = [_picture(view, kind) for kind in available(view)]
    return Section(
        key="growth",
        title=words("title.report"),
        answer=(paragraph(answer(view)),),
        reach=reach(view),
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
