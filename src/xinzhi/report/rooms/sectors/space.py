"""Regions apart: `Inequality` and `Densities` as sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.catalogue import same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent, significant
from xinzhi.report.rooms.sectors.names import called, column, label, spread
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.sectors.inequality import PARTS
from xinzhi.sectors.conventions import method

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.sectors.ridgelines import Densities
    from xinzhi.sectors.inequality import Inequality

INKS = {"within": palette.GROUPS[0], "between": palette.GROUPS[2], "transvariation": palette.GROUPS[1]}
RIDGES = 8  # densities that one picture holds
THEIL = ("theil_t", "theil_t_within", "theil_t_between", "theil_l", "theil_l_within", "theil_l_between")


def unequal(result: Inequality, *, region: str | None = None) -> Section:
    """Return what an `Inequality` says: the Gini over the years and what it is made of."""
    del region  # all are counted
    what = called(result)
    frame = result.frame
    title = words("sectors.title.inequality", value=what)
    if not frame.height:
        return Section(key="inequality", title=title, answer=(words("sectors.answer.no_years"),))
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    ginis = {"before": number(first["gini"], 3), "after": number(last["gini"], 3)}
    answer = [words("sectors.answer.gini", value=what, first=first["year"], last=last["year"], **ginis)]
    grouped = last["within"] is not None
    if grouped and last["gini"]:
        shares = {name: percent(last[name] / last["gini"], 0) for name in PARTS}
        answer.append(words("sectors.answer.parts", year=last["year"], **shares))
    pictures = [_parts(result, what)] if grouped else []
    pictures.append(_gini(result, what))
    return Section(
        key="inequality",
        title=title,
        answer=tuple(answer),
        pictures=tuple(pictures),
        tables=(_pairs(result, last["year"]),) if grouped else (),
        notes=tuple(_notes(result, grouped=grouped)),
    )


def _parts(result: Inequality, what: Text) -> Picture:
    first, last = (result.frame.drop_nulls("within").row(at, named=True) for at in (0, -1))
    heavy = max(PARTS, key=lambda name: last[name])
    headline = words(
        "sectors.headline.parts",
        value=what,
        first=first["year"],
        before=number(first["gini"], 3),
        last=last["year"],
        after=number(last["gini"], 3),
        part=PARTS[heavy],
        share=percent(last[heavy] / last["gini"] if last["gini"] else None, 0),
    )
    return Picture(
        kind="parts",
        title=words("sectors.title.parts"),
        headline=headline,
        draw=partial(_draw_parts, result),
        how=words("sectors.how.parts"),
        unit=words("sectors.unit.gini"),
        twin=_ginis(result),
    )


def _draw_parts(result: Inequality, w: Words) -> ChartType:
    rows = [
        {"name": same(row["year"]), **{name: row[name] for name in (*PARTS, "gini")}}
        for row in result.frame.drop_nulls("within").iter_rows(named=True)
    ]
    parts = {name: (PARTS[name], ink) for name, ink in INKS.items()}
    return kit.stacked(w, rows, parts, x=words("sectors.chart.gini"), total="gini", decimals=3)


def _gini(result: Inequality, what: Text) -> Picture:
    peak = result.frame.sort("gini", descending=True).row(0, named=True)
    last = result.frame.row(-1, named=True)
    return Picture(
        kind="gini",
        title=words("sectors.title.gini"),
        headline=words(
            "sectors.headline.gini",
            value=what,
            peak=peak["year"],
            high=number(peak["gini"], 3),
            last=last["year"],
            now=number(last["gini"], 3),
        ),
        draw=partial(_draw_gini, result),
        how=words("sectors.how.gini"),
        unit=words("sectors.unit.gini"),
        twin=_ginis(result),
    )


def _draw_gini(result: Inequality, w: Words) -> ChartType:
    rows = [
        {"group": words(f"sectors.chart.{name}"), "year": row["year"], "value": row[name]}
        for name in ("gini", "theil_t", "theil_l")
        for row in result.frame.iter_rows(named=True)
        if row[name] is not None
    ]
    return kit.lines(w, rows, y=words("sectors.chart.measures"), decimals=3)


def _ginis(result: Inequality) -> Table:
    names = ("gini", *PARTS, *THEIL)
    rows = [(row["year"], row["regions"], *(row[name] for name in names)) for row in result.frame.iter_rows(named=True)]
    columns = (column("year", "year"), column("regions", "integer"), *(column(name, "score") for name in names))
    return Table(key="inequality_years", title=words("sectors.table.inequality"), columns=columns, rows=rows)


def _pairs(result: Inequality, year: int) -> Table:
    pairs = result.pairs.filter(year=year)
    rows = [
        (label(row["group"], result.names), label(row["other"], result.names), row["gini"], row["affluence"])
        for row in pairs.iter_rows(named=True)
    ]
    columns = (column("group", "name"), column("other", "text"), column("gini", "score"), column("affluence", "score"))
    title = words("sectors.table.pairs", year=year)
    return Table(key="inequality_pairs", title=title, columns=columns, rows=rows)


def _notes(result: Inequality, *, grouped: bool) -> list[Text]:
    found = [words("sectors.note.gini")]
    if grouped:
        found.append(words("sectors.note.dagum"))
    if result.provenance.options.get("weight") is None:
        found.append(words("sectors.note.unweighted"))
    counts = result.frame["regions"]
    if counts.n_unique() > 1:
        found.append(words("sectors.note.ragged", low=counts.min(), high=counts.max()))
    return found


def dense(result: Densities, *, region: str | None = None) -> Section:
    """Return what a `Densities` says: where the regions crowd, year by year."""
    del region  # all are counted
    what = called(result)
    drawn = result.years.drop_nulls("bandwidth")
    first, last = drawn.row(0, named=True), drawn.row(-1, named=True)
    values = {
        "value": what,
        "first": first["year"],
        "last": last["year"],
        "before": significant(first["mode"], 3),
        "after": significant(last["mode"], 3),
        "modes_before": first["modes"],
        "modes_after": last["modes"],
    }
    answer = [words("sectors.answer.densities", **values)]
    if first["mean"] and last["mean"]:
        before, after = (number(row["deviation"] / row["mean"], 2) for row in (first, last))
        answer.append(words("sectors.answer.deviation", before=before, after=after))
    picture = Picture(
        kind="ridges",
        title=words("sectors.title.ridges"),
        headline=words("sectors.headline.ridges", **values),
        draw=partial(_draw_ridges, result, what),
        how=words("sectors.how.ridges"),
        unit=words("sectors.unit.density"),
        twin=_densities(result),
    )
    return Section(
        key="densities",
        title=words("sectors.title.densities", value=what),
        answer=tuple(answer),
        pictures=(picture,),
        notes=(words("sectors.note.bandwidth", rule=method("bandwidth", result.rule)),),
    )


def _draw_ridges(result: Densities, what: Text, w: Words) -> ChartType:
    years = spread(result.frame["year"].unique().sort().to_list(), RIDGES)
    rows = [
        {"name": same(year), "x": x, "density": density}
        for year, x, density in result.frame.filter(pl.col("year").is_in(years)).sort("year", "x").iter_rows()
    ]
    return kit.ridges(w, rows, x=what)


def _densities(result: Densities) -> Table:
    names = ("bandwidth", "mean", "deviation", "mode")
    rows = [
        (
            row["year"],
            row["regions"],
            *(row[name] for name in names),
            row["modes"],
            Text(zh=row["reason_zh"] or "", en=row["reason_en"] or ""),
        )
        for row in result.years.iter_rows(named=True)
    ]
    columns = (
        column("year", "year"),
        column("regions", "integer"),
        *(column(name, "figure") for name in names),
        column("modes", "integer"),
        column("reason", "text"),
    )
    return Table(key="densities_years", title=words("sectors.table.densities"), columns=columns, rows=rows)
