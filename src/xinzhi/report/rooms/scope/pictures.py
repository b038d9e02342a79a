"""The pictures of a scope: what is in, by whose list, in which region, over the years."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import words
from xinzhi.report.charts import kit, style
from xinzhi.report.charts.kit.plane import squarify
from xinzhi.report.numbers import number
from xinzhi.report.rooms.scope import tables
from xinzhi.report.section import Picture
from xinzhi.report.tables import NO_UNIT

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.report.rooms.scope.view import ScopeView

WIDTH, HEIGHT = 640.0, 380.0
SIZE, EDGE = 11, 8  # of the letters in a tile, and what a tile keeps free beside them, in pixels
LABELS = 300  # names of lists and industries are long


def roomy(chart: ChartType) -> ChartType:
    """Return a chart of one row a name with room for long names."""
    chart.config.axis.labelLimit = LABELS
    return chart


def treemap(view: ScopeView) -> Picture | None:
    """Return the picture of what is in, coloured by the lists that name it; None where nothing is."""
    some = view.codes.filter(pl.col("in_scope") > 0).sort("in_scope", descending=True, maintain_order=True)
    if some.is_empty():
        return None
    first = some.row(0, named=True)
    headline = (
        words(
            "scope.headline.treemap",
            measure=view.measured,
            name=view.name(first["code"]),
            share=number(100 * first["in_scope"] / some["in_scope"].sum()),
        )
        if view.weighed
        else words("scope.headline.treemap_plain", count=some.height, name=view.name(first["code"]))
    )
    return Picture(
        kind="treemap",
        title=words("scope.title.treemap"),
        headline=headline,
        draw=partial(_treemap, view=view, some=some),
        how=words("scope.how.treemap", measure=view.measured),
        unit=words("scope.unit.amount", measure=view.measured) if view.unit == NO_UNIT else view.unit,
        twin=tables.inside(view),
    )


def _treemap(w: Words, *, view: ScopeView, some: pl.DataFrame) -> ChartType:
    rows: list[dict[str, Any]] = []
    total = float(some["in_scope"].sum())
    areas = [value / total * WIDTH * HEIGHT for value in some["in_scope"]]
    for row, (_, _, wide, _) in zip(some.iter_rows(named=True), squarify(areas, WIDTH, HEIGHT), strict=True):
        named = row["definitions"].split(";")
        group = view.list_name(named[0]) if len(named) == 1 else words("scope.label.several")
        name = view.name(row["code"])
        shown = Text(zh=_fitting(name.zh, row["code"], wide), en=_fitting(name.en, row["code"], wide))
        rows.append({"name": shown, "value": row["in_scope"], "group": group})
    return kit.treemap(w, rows, width=int(WIDTH), height=int(HEIGHT))


def _fitting(name: str, code: str, wide: float) -> str:
    """Return a name where it fits a tile, else the code."""
    return name if SIZE * style.width(name) < wide - EDGE else code


def lists(view: ScopeView) -> Picture | None:
    """Return the picture of every list by itself and of all together; None where there is one list."""
    rows = view.by_list
    whole = view.whole
    if rows.height < 2 or whole is None:  # noqa: PLR2004 - one list has nothing to be compared with
        return None
    drawn = [
        {"name": view.list_name(row["definition"]), **_spread(row), "group": words("scope.column.list")}
        for row in rows.sort("share", descending=True, maintain_order=True).iter_rows(named=True)
    ]
    drawn.append({"name": words("scope.label.union"), **_spread(whole), "group": words("scope.label.in_scope")})
    sums = number(100 * float(rows["share"].sum()))
    return Picture(
        kind="lists",
        title=words("scope.title.lists"),
        headline=words("scope.headline.lists", sum=sums, union=number(100 * whole["share"])),
        draw=lambda w: roomy(kit.dots(w, drawn, x=_of(view), decimals=1)),
        how=words("scope.how.lists"),
        unit=_of(view),
        twin=tables.lists(view),
    )


def regions(view: ScopeView) -> Picture | None:
    """Return the picture of the regions; None where there are none to compare."""
    rows = view.by_region
    if rows.height < 2:  # noqa: PLR2004 - one region has no other to be compared with
        return None
    drawn = [{"name": view.region(row["region"]), **_spread(row)} for row in rows.iter_rows(named=True)]
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    return Picture(
        kind="regions",
        title=words("scope.title.regions"),
        headline=words(
            "scope.headline.regions",
            first=view.region(first["region"]),
            most=number(100 * first["share"]),
            last=view.region(last["region"]),
            least=number(100 * last["share"]),
        ),
        draw=lambda w: kit.dots(w, drawn, x=_of(view), decimals=1),
        how=words("scope.how.regions"),
        unit=_of(view),
        twin=tables.regions(view),
    )


def years(view: ScopeView) -> Picture | None:
    """Return the picture of the years; None where there is one."""
    rows = view.by_year
    if rows.height < 2:  # noqa: PLR2004 - one year is no line
        return None
    name = words("scope.label.in_scope")
    drawn = [{"group": name, "year": row["year"], **_spread(row)} for row in rows.iter_rows(named=True)]
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    return Picture(
        kind="years",
        title=words("scope.title.years"),
        headline=words(
            "scope.headline.years",
            first=first["year"],
            before=number(100 * first["share"]),
            last=last["year"],
            after=number(100 * last["share"]),
        ),
        draw=lambda w: kit.lines(w, drawn, y=words("scope.unit.share"), decimals=1),
        how=words("scope.how.years"),
        unit=words("scope.unit.share"),
        twin=tables.years(view),
    )


def _of(view: ScopeView) -> Text:
    return words("scope.unit.share_of", measure=view.measured)


def _spread(row: Any) -> dict[str, float]:  # noqa: ANN401 - a row of a frame, or a mapping
    return {"value": 100 * row["share"], "low": 100 * row["lower"], "high": 100 * row["upper"]}
