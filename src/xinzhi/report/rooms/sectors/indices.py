"""`Index` as a section: who stands where, what the index is made of, and what the data do not have."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.names import END, MOST
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.sectors import index_tables as tables
from xinzhi.report.rooms.sectors.names import chosen
from xinzhi.report.section import Picture, Section
from xinzhi.sectors.conventions import method

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.sectors import Index

SHOWN = 3  # regions named at either end
NAMED = 6  # indicators named in a sentence
HOW = ("treatment", "imputation", "normalisation", "weights", "aggregation")


def indexed(result: Index, *, region: str | None = None) -> Section:
    """Return what an `Index` says.

    Parameters
    ----------
    result
        What `index` returns.
    region
        The region, by code or name, whose indicators are drawn; None: the first by the index.

    Raises
    ------
    UsageError
        When the region has no index in the last year; says what is missing.
    """
    view = tables.View(result)
    code = _one(view, region)
    pictures = [_ranking(view)]
    pictures += [_scores(view)] if len(view.groups) > 1 else []
    pictures += [_weights(view), _region(view, code)]
    return Section(
        key="index",
        title=words("sectors.title.index", system=result.system.title),
        answer=tuple(_answer(view)),
        pictures=tuple(pictures),
        tables=(tables.coverage(view), tables.years(view)),
        notes=tuple(_notes(view)),
    )


def _one(view: tables.View, region: str | None) -> str:
    codes = view.now["region"].to_list()
    try:
        return chosen(region, codes, view.result.names, codes[0])
    except UsageError:
        others = view.result.frame["region"].unique().sort().to_list()
        view.result.explain(
            chosen(region, others, view.result.names, ""), view.year
        )  # raises, and says what is missing
        raise


def _answer(view: tables.View) -> list[Text]:
    names = [view.name(code) for code in view.now["region"]]
    heavy, light = view.weights.row(0, named=True), view.weights.row(-1, named=True)
    many = {"top": listing(names[:SHOWN]), "bottom": listing(names[: -SHOWN - 1 : -1])}
    found = [
        words("sectors.answer.index", year=view.year, regions=len(names), **many)
        if len(names) > SHOWN
        else words("sectors.answer.index_few", year=view.year, order=listing(names)),
        words(
            "sectors.answer.weights",
            method=method("weights", view.result.convention.label("weights")),
            heavy=view.word(heavy["indicator"]),
            heavy_value=percent(heavy["weight"]),
            light=view.word(light["indicator"]),
            light_value=percent(light["weight"]),
        ),
    ]
    if missing := [view.word(item.code) for item in view.result.system.missing]:
        covered = len(view.result.system.indicators)
        total = covered + len(missing)
        found.append(words("sectors.answer.covered", covered=covered, total=total, names=listing(missing, NAMED)))
    return found


def _ranking(view: tables.View) -> Picture:
    high, low = view.now.row(0, named=True), view.now.row(-1, named=True)
    return Picture(
        kind="ranking",
        title=words("sectors.title.ranking"),
        headline=words(
            "sectors.headline.ranking",
            year=view.year,
            high=view.name(high["region"]),
            high_value=number(high["index"], 3),
            low=view.name(low["region"]),
            low_value=number(low["index"], 3),
            mean=number(view.now["index"].to_numpy().mean(), 3),
        ),
        draw=partial(_draw_ranking, view),
        how=words("sectors.how.ranking"),
        unit=words("sectors.unit.index"),
        twin=tables.ranking(view),
    )


def _draw_ranking(view: tables.View, w: Words) -> ChartType:
    rows = [{"name": view.name(code), "value": value} for code, value in view.now.select("region", "index").iter_rows()]
    return kit.dots(w, rows, x=words("sectors.chart.index"), reference=view.now["index"].to_numpy().mean())


def _scores(view: tables.View) -> Picture:
    top = view.now["region"][0]
    best = {name: set(view.now.filter(pl.col(name) == pl.col(name).max())["region"]) for name in view.groups}
    leads = [view.word(name) for name, codes in best.items() if top in codes]
    key = "sectors.headline.scores" if leads else "sectors.headline.scores_none"
    return Picture(
        kind="scores",
        title=words("sectors.title.scores"),
        headline=words(key, region=view.name(top), names=listing(leads), count=len(leads), total=len(view.groups)),
        draw=partial(_draw_scores, view),
        how=words("sectors.how.scores"),
        unit=words("sectors.unit.place"),
        twin=tables.ranking(view),
    )


def _draw_scores(view: tables.View, w: Words) -> ChartType:
    places = view.now.select("region", pl.col(view.groups).rank("min", descending=True).cast(pl.Int64))
    shown = places if places.height <= MOST else pl.concat([places.head(END), places.tail(END)])
    others = max(places.height - 1, 1)
    cells = [
        {
            "row": view.name(row["region"]),
            "column": view.label(name),
            "value": 100 * (places.height - row[name]) / others,
            "mark": same(row[name]),
        }
        for row in shown.iter_rows(named=True)
        for name in view.groups
    ]
    return kit.matrix(w, cells, title=words("sectors.chart.not_above"), domain=(0.0, 100.0))


def _weights(view: tables.View) -> Picture:
    top = view.weights.row(0, named=True)
    half = 1 + int((view.weights["weight"].cum_sum() < 1 / 2).sum())
    return Picture(
        kind="weights",
        title=words("sectors.title.weights"),
        headline=words(
            "sectors.headline.weights",
            half=half,
            count=view.weights.height,
            name=view.word(top["indicator"]),
            value=percent(top["weight"]),
        ),
        draw=partial(_draw_weights, view),
        how=words("sectors.how.weights"),
        unit=words("sectors.unit.percent"),
        twin=tables.weights(view),
    )


def _draw_weights(view: tables.View, w: Words) -> ChartType:
    rows = [
        {"name": view.label(code), "value": 100 * weight, "group": view.label(sector)}
        for code, sector, weight in view.weights.iter_rows()
    ]
    return kit.bars(w, rows, x=words("sectors.chart.weight"), groups=view.legend, inks=view.inks)


def _region(view: tables.View, code: str) -> Picture:
    rows = view.places(code)
    best, worst = rows["place"][0], rows.row(-1, named=True)
    name = view.name(code)
    return Picture(
        kind="region",
        title=words("sectors.title.index_region", region=name),
        headline=words(
            "sectors.headline.index_region",
            region=name,
            regions=view.now.height,
            best=best,
            count=rows.filter(place=best).height,
            total=rows.height,
            worst=worst["place"],
            name=view.word(worst["indicator"]),
        ),
        draw=partial(_draw_region, view, code),
        how=words("sectors.how.index_region"),
        unit=words("sectors.unit.place"),
        twin=tables.region(view, code),
    )


def _draw_region(view: tables.View, code: str, w: Words) -> ChartType:
    rows = [
        {"name": view.label(row["indicator"]), "value": row["place"], "group": view.label(row["sector"])}
        for row in view.places(code).iter_rows(named=True)
    ]
    domain, place = (0.0, view.now.height + 1.0), words("sectors.chart.place")
    return kit.dots(w, rows, x=place, decimals=0, domain=domain, groups=view.legend, inks=view.inks)


def _notes(view: tables.View) -> list[Text]:
    how, done = view.result.convention, view.result.frame.drop_nulls("index")
    years = {"first": done["year"].min(), "last": done["year"].max()}
    found = [
        words("sectors.note.built", **{name: method(name, how.label(name)) for name in HOW}),
        words("sectors.note.pooled" if how.pooled else "sectors.note.yearly"),
        words("sectors.note.complete", done=done.height, rows=view.result.frame.height, **years),
    ]
    # that years cannot be compared has just been said
    warnings = [one for one in view.result.findings if one.severity != "note" and one.rule != "not-comparable"]
    found += [Text(zh=one.sentence("zh"), en=one.sentence("en")) for one in warnings]
    return [*found, words("sectors.note.convention"), words("sectors.note.not_tfp")]
