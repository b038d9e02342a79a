"""Green: `Decoupling` and `Drivers` (LMDI, Kaya) as sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.plane import HEIGHT, WIDTH
from xinzhi.report.numbers import percent
from xinzhi.report.rooms.sectors.map import domain, labels
from xinzhi.report.rooms.sectors.names import column, distinct, label
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.sectors.conventions import region_text
from xinzhi.sectors.conventions import setting

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.sectors.decoupling import Decoupling
    from xinzhi.sectors.lmdi import Drivers


def decoupled(result: Decoupling, *, region: str | None = None) -> Section:
    """Return what a `Decoupling` says: whether a pressure still grows with its driver, region by region."""
    del region  # all are drawn
    names = {"pressure": label(result.pressure), "driver": label(result.driver)}
    called = distinct({code: region_text(code, result.names) for code in result.frame["region"].unique().sort()})
    title = words("sectors.title.decoupling", **names)
    if not result.frame.height:
        return Section(key="decoupling", title=title, answer=(words("sectors.answer.no_years"),))
    last = _fullest(result.frame)
    counts = last.group_by("state_zh", "state_en").len().sort("len", "state_en", descending=[True, False])
    parts = [
        words("sectors.answer.count", name=Text(zh=zh, en=en), count=count) for zh, en, count in counts.iter_rows()
    ]
    span = {"first": last["start"][0], "last": last["year"][0], "regions": last.height}
    picture = Picture(
        kind="states",
        title=words("sectors.title.states"),
        headline=words("sectors.headline.states", counts=listing(parts[:2]), **names, **span),
        draw=partial(_draw_states, last, names, called),
        how=words("sectors.how.states", lower=setting("decoupling.lower"), upper=setting("decoupling.upper")),
        unit=words("sectors.unit.percent"),
        twin=_states(last, names, called),
    )
    return Section(
        key="decoupling",
        title=title,
        answer=(words("sectors.answer.states", counts=listing(parts), **names, **span),),
        pictures=(picture,),
        notes=(words("sectors.note.elasticity"),),
    )


def _fullest(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the last year that has as many regions as any."""
    counts = frame.group_by("year").len()
    year = counts.filter(pl.col("len") == pl.col("len").max())["year"].max()
    return frame.filter(year=year).sort("elasticity", "region")


def _draw_states(last: pl.DataFrame, names: dict[str, Text], called: dict[str, Text], w: Words) -> ChartType:
    rows = [
        {
            "x": 100 * row["driver_growth"],
            "y": 100 * row["pressure_growth"],
            "name": called[row["region"]],
            "group": Text(zh=row["state_zh"], en=row["state_en"]),
        }
        for row in last.iter_rows(named=True)
    ]
    ends = sorted({0.0, *(row["x"] for row in rows)})
    line = [(at, at) for at in (ends[0], ends[-1])]
    plane = {axis: domain([*(row[axis] for row in rows), *(at for at, _ in line)]) for axis in "xy"}
    named = {row["name"] for row, _ in labels(rows, plane, (WIDTH, HEIGHT), sides=["left"])}
    shown = [{**row, "name": row["name"] if row["name"] in named else None} for row in rows]
    x, y = (words("sectors.chart.change_of", name=names[name]) for name in ("driver", "pressure"))
    return kit.points(w, shown, x=x, y=y, split=(None, 0.0), line=line)


def _states(last: pl.DataFrame, names: dict[str, Text], called: dict[str, Text]) -> Table:
    rows = [
        (
            called[row["region"]],
            100 * row["driver_growth"],
            100 * row["pressure_growth"],
            row["elasticity"],
            Text(zh=row["state_zh"], en=row["state_en"]),
        )
        for row in last.iter_rows(named=True)
    ]
    unit = words("sectors.unit.percent")
    columns = (
        column("region", "name"),
        column("change_of", "percent", unit, name=names["driver"]),
        column("change_of", "percent", unit, name=names["pressure"]),
        column("elasticity", "level"),
        column("state", "text"),
    )
    title = words("sectors.table.states", first=last["start"][0], last=last["year"][0])
    return Table(key="decoupling_states", title=title, columns=columns, rows=rows)


def driven(result: Drivers, *, region: str | None = None) -> Section:
    """Return what a `Drivers` says: what moved a total, for the regions that share the most common span."""
    del region  # all are summed
    what = label(result.total)
    title = words("sectors.title.drivers", total=what)
    spans = result.totals.group_by("start", "year").len().sort("len", "year", descending=True)
    if not spans.height:
        return Section(key="drivers", title=title, answer=(words("sectors.answer.no_years"),))
    start, year, regions = spans.row(0)
    rows = result.frame.filter(start=start, year=year)
    before = float(result.totals.filter(start=start, year=year)["before"].to_numpy().sum())
    if not before:
        return Section(key="drivers", title=title, answer=(words("sectors.answer.from_zero", total=what, first=start),))
    sums = {name: float(rows.filter(factor=name)["additive"].to_numpy().sum()) for name in result.factors}
    whole = sum(sums.values())
    parts = [
        words("sectors.answer.driver", name=label(name), value=percent(value / before, 0, sign=True))
        for name, value in sums.items()
    ]
    values = {
        "total": what,
        "first": start,
        "last": year,
        "regions": regions,
        "change": percent(whole / before, 0, sign=True),
        "parts": listing(parts),
    }
    picture = Picture(
        kind="waterfall",
        title=words("sectors.title.waterfall"),
        headline=words("sectors.headline.drivers", **values),
        draw=partial(_draw_drivers, {name: 100 * value / before for name, value in sums.items()}),
        how=words("sectors.how.waterfall"),
        unit=words("sectors.unit.of_start"),
        twin=_drivers(result, start, year),
    )
    return Section(
        key="drivers",
        title=title,
        answer=(words("sectors.answer.drivers", **values),),
        pictures=(picture,),
        notes=(words("sectors.note.lmdi"), words("sectors.note.span", regions=regions)),
    )


def _draw_drivers(sums: dict[str, float], w: Words) -> ChartType:
    inks = {True: palette.ACCENT, False: palette.GROUPS[5]}
    steps: list[tuple[Text, float, str]] = [(label(name), value, inks[value > 0]) for name, value in sums.items()]
    steps.append((words("sectors.chart.change"), sum(sums.values()), palette.DEEP))
    return kit.waterfall(w, steps, y=words("sectors.chart.of_start"), decimals=0)


def _drivers(result: Drivers, start: int, year: int) -> Table:
    wide = result.frame.filter(start=start, year=year).pivot("factor", index="region", values="additive").sort("region")
    ends = {row["region"]: row for row in result.totals.filter(start=start, year=year).iter_rows(named=True)}

    def cells(row: dict[str, Any]) -> tuple[Any, ...]:
        total = ends[row["region"]]
        return (
            region_text(row["region"], result.names),
            total["before"],
            *(row[name] for name in result.factors),
            total["after"],
        )

    columns = (
        column("region", "name"),
        column("in_year", "figure", year=start),
        *(column("contribution_of", "figure", name=label(name)) for name in result.factors),
        column("in_year", "figure", year=year),
    )
    title = words("sectors.table.drivers", total=label(result.total), first=start, last=year)
    rows = [cells(row) for row in wide.iter_rows(named=True)]
    return Table(key="drivers_regions", title=title, columns=columns, rows=rows)
