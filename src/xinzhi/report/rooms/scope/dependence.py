"""Who uses digital input: the share of output in scope by year, and the industries that depend most."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.scope.pictures import roomy
from xinzhi.report.rooms.scope.tables import made
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Column, Table
from xinzhi.scope import industry_name, standard
from xinzhi.scope.facts import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.report.tables import Kind
    from xinzhi.scope.dependent import Dependence

MOST = 25
OTHERS = "dependence_others"
BECAUSE = {
    "core": "scope.label.because_core",
    "use": "scope.label.because_use",
    "ict capital": "scope.label.because_capital",
    "below": "scope.label.because_below",
    "no output": "scope.label.because_none",
}


def dependence(result: Dependence, *, region: str | None = None) -> Section:
    """Return who uses digital input.

    Parameters
    ----------
    result
        What `digital_dependence` returns.
    region
        Not used: a result is of one economy.
    """
    del region
    found = (_share(result), _industries(result))
    return Section(
        key="scope-use",
        title=words("scope.title.dependence"),
        answer=tuple(_answer(result)),
        pictures=tuple(picture for picture in found if picture is not None),
        tables=(_table("scope_dependence", result, _last(result)),),
        notes=(words("scope.note.prices"), words("scope.note.lumps"), same(str(result.rule["reference"]).strip())),
    )


def name_of(code: str, given: str) -> Text:
    """Return what an industry of a table is called: as given, or as the shipped table or the standard names it."""
    known = document("wiod-2013.yaml")["industries"].get(code)
    if known and given in ("", known["en"]):
        return Text(zh=known["zh"], en=known["en"])
    if given:
        return same(given)
    tree = standard()
    normal = tree.normal(code)
    return industry_name(normal) if normal else same(code)


def _answer(result: Dependence) -> list[Text]:
    rows = result.by_year.to_dicts()
    first, last = rows[0], rows[-1]
    parts = {
        "share": number(100 * last["in_scope"]),
        "lower": number(100 * last["lower"]),
        "upper": number(100 * last["upper"]),
        "core": number(100 * last["core"]),
    }
    if last["year"] is None:
        found = [words("scope.answer.dependence_plain", **parts)]
    else:
        found = [words("scope.answer.dependence", year=last["year"], **parts)]
    if len(rows) > 1:
        change = {"before": number(100 * first["in_scope"]), "low": number(first[OTHERS], 3)}
        found.append(words("scope.answer.change", first=first["year"], high=number(last[OTHERS], 3), **change))
        if not all(a["upper"] < b["lower"] for a, b in pairwise(rows)):
            found.append(words("scope.answer.overlap"))
    found.append(words("scope.answer.threshold", level=number(result.threshold, 3), rule=_rule(result.rule)))
    return found


def _rule(rule: Mapping[str, Any]) -> Text:
    return Text(**rule["title"]) if "title" in rule else words("scope.label.given")


def _share(result: Dependence) -> Picture | None:
    """Return the share of output in scope over the years; None for one table."""
    rows = result.by_year.to_dicts()
    if len(rows) < 2:  # noqa: PLR2004 - one year is no line
        return None
    scope, core = words("scope.label.in_scope"), words("scope.label.core")
    drawn = [
        {
            "group": scope,
            "year": row["year"],
            "value": 100 * row["in_scope"],
            "low": 100 * row["lower"],
            "high": 100 * row["upper"],
        }
        for row in rows
    ]
    drawn += [{"group": core, "year": row["year"], "value": 100 * row["core"]} for row in rows]
    first, last = rows[0], rows[-1]
    return Picture(
        kind="share",
        title=words("scope.title.share"),
        headline=words(
            "scope.headline.share",
            first=first["year"],
            before=number(100 * first["in_scope"]),
            last=last["year"],
            after=number(100 * last["in_scope"]),
        ),
        draw=lambda w: kit.lines(w, drawn, y=words("scope.unit.output"), decimals=1),
        how=words("scope.how.share"),
        unit=words("scope.unit.output"),
        twin=_years(result),
    )


def _years(result: Dependence) -> Table:
    percent: Kind = "quantity"
    columns = [("share", percent), ("lower", percent), ("upper", percent), ("core", percent)]
    return made(
        "scope_dependence_years",
        [("year", "year"), *columns, ("dependence", "score")],
        [
            (row["year"], *(100 * row[name] for name in ("in_scope", "lower", "upper", "core")), row[OTHERS])
            for row in result.by_year.to_dicts()
        ],
    )


def _last(result: Dependence) -> pl.DataFrame:
    """Return the industries with output in the last year, most dependent first."""
    frame = result.frame.filter(pl.col("output") > 0)
    if not frame["year"].has_nulls():
        frame = frame.filter(pl.col("year") == frame["year"].max())
    return frame.sort("total", descending=True, maintain_order=True)


def _industries(result: Dependence) -> Picture:
    """Return the industries that depend most on digital input."""
    rows = _last(result)
    shown = rows.head(MOST)
    drawn = [
        {
            "name": name_of(row["industry"], row["name"]),
            "value": row["total"],
            "low": row["total_lower"],
            "high": row["total_upper"],
            "group": words(BECAUSE[row["because"]]),
        }
        for row in shown.iter_rows(named=True)
    ]
    rest = rows.filter(pl.col("core_upper") <= 0)
    if rest.height:
        first = rest.row(0, named=True)
        named = name_of(first["industry"], first["name"])
        headline = words("scope.headline.industries", name=named, total=number(first["total"], 3))
    else:
        headline = words("scope.headline.industries_core")
    unit = _unit(rows["year"][0])
    return Picture(
        kind="industries",
        title=words("scope.title.industries"),
        headline=headline,
        draw=lambda w: roomy(kit.dots(w, drawn, x=unit, reference=result.threshold)),
        how=words("scope.how.industries"),
        unit=unit,
        twin=_table("scope_most_dependent", result, shown),
    )


def _unit(year: int | None) -> Text:
    return words("scope.unit.dependence") if year is None else words("scope.unit.dependence_in", year=year)


def _table(key: str, result: Dependence, shown: pl.DataFrame) -> Table:
    """Return industries with total dependence in every year, and bounds, parts and reason of the last."""
    years = result.frame["year"].unique().sort().to_list()
    made_some = result.frame.filter(pl.col("output") > 0).select("industry", "year", "total")
    path = {(code, year): total for code, year, total in made_some.iter_rows()}
    parts = ("total_lower", "total_upper", "direct", "total_imported")
    score = [
        Column(title=words(f"scope.column.{name}"), kind="score") for name in ("least", "most", "direct", "imported")
    ]
    totals = [Column(title=words("scope.column.total") if year is None else same(year), kind="score") for year in years]
    columns = (
        Column(title=words("scope.column.code"), kind="code"),
        Column(title=words("scope.column.industry"), kind="text"),
        *totals,
        *score,
        Column(title=words("scope.column.because"), kind="text"),
    )
    rows = [
        (
            row["industry"],
            name_of(row["industry"], row["name"]),
            *(path.get((row["industry"], year)) for year in years),
            *(row[name] for name in parts),
            words(BECAUSE[row["because"]]),
        )
        for row in shown.iter_rows(named=True)
    ]
    return Table(key=key, title=words(f"scope.table.{key}"), columns=columns, rows=rows)
