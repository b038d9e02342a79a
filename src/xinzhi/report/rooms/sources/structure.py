"""The sections on upgrading and innovation: how structures changed, who catches up, and what goes into technology."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import same, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.sources.tables import left_out
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Column, Table, column
from xinzhi.report.view import region_groups, region_names
from xinzhi.sources.innovation.in_depth import share_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.text import Text
    from xinzhi.sources.innovation import Innovation
    from xinzhi.sources.upgrading import Upgrading

ROOM = (0.1, 0.035)  # of the plane that the label of a point takes


def upgrading(result: Upgrading, *, region: str | None = None) -> Section:
    """Return what is said of the structure: how fast it changed, whether for the better, and who catches up."""
    del region
    change = result.change()
    drawn = [structure(result, change)] if change["advancement_end"].is_not_null().any() else []
    drawn += [speed(result, change)] if change["speed"].is_not_null().any() else []
    return Section(
        key="sources-upgrading",
        title=words("sources.title.upgrading"),
        answer=tuple(sentences({k: v for k, v in result.facts().items() if k != "note.left_out"}, result.topic)),
        pictures=tuple(drawn),
        tables=() if result.catch_up is None else (_catch_up(result),),
        notes=(words("sources.note.structure"), *left_out(result.left_out)),
    )


def structure(result: Upgrading, change: pl.DataFrame) -> Picture:
    """Return in which regions the structure became more rational and more advanced."""
    names, groups = region_names(result.regions), region_groups(result.regions)
    rows = [
        {
            "name": names.get(row["region"], same(row["region"])),
            "x": row["advancement_end"] - row["advancement_start"],
            "y": row["theil_start"] - row["theil_end"],
            **({"group": groups[row["region"]]} if row["region"] in groups else {}),
        }
        for row in change.drop_nulls("advancement_end").iter_rows(named=True)
    ]
    both = sum(row["x"] > 0 and row["y"] > 0 for row in rows)
    corners = [words(f"sources.chart.corner_{place}") for place in ("better", "rational", "worse", "advanced")]
    return Picture(
        kind="structure",
        title=words("sources.title.structure"),
        headline=words(
            "sources.headline.structure",
            k=both,
            n=len(rows),
            start=change["start"].sort()[0],
            end=change["end"].sort()[-1],
        ),
        draw=lambda w: kit.points(
            w,
            uncrowded(rows),
            x=words("sources.chart.more_advanced"),
            y=words("sources.chart.more_rational"),
            split=(0.0, 0.0),
            corners=corners,
        ),
        how=words("sources.how.structure"),
        unit=words("sources.unit_of.structure"),
        twin=_change_table(result, change),
    )


def uncrowded(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return points of which only those keep their name whose label does not cover another one."""
    spans = {axis: max(row[axis] for row in rows) - min(row[axis] for row in rows) or 1.0 for axis in "xy"}
    kept: list[Mapping[str, Any]] = []
    found = []
    for row in rows:
        near = any(
            abs(row["x"] - one["x"]) < ROOM[0] * spans["x"] and abs(row["y"] - one["y"]) < ROOM[1] * spans["y"]
            for one in kept
        )
        if not near:
            kept.append(row)
        found.append({**row, "name": None if near else row["name"]})
    return found


def speed(result: Upgrading, change: pl.DataFrame) -> Picture:
    """Return how much of labour changed its industry in a year, by region."""
    names, groups = region_names(result.regions), region_groups(result.regions)
    shown = change.drop_nulls("speed").sort("speed", descending=True)
    rows = [
        {
            "name": names.get(code, same(code)),
            "value": 100 * value,
            **({"group": groups[code]} if code in groups else {}),
        }
        for code, value in shown.select("region", "speed").rows()
    ]
    first, last = rows[0], rows[-1]
    return Picture(
        kind="speed",
        title=words("sources.title.speed"),
        headline=words(
            "sources.headline.speed",
            first=first["name"],
            last=last["name"],
            most=number(first["value"], 1),
            least=number(last["value"], 1),
        ),
        draw=lambda w: kit.bars(w, rows, x=words("sources.unit_of.speed"), decimals=2, groups=_groups(result.regions)),
        how=words("sources.how.speed"),
        unit=words("sources.unit_of.speed"),
        twin=_change_table(result, change),
    )


def _change_table(result: Upgrading, change: pl.DataFrame) -> Table:
    names = region_names(result.regions)
    scores = ("theil_start", "theil_end", "advancement_start", "advancement_end")
    rows = [
        (
            names.get(row["region"], same(row["region"])),
            row["start"],
            row["end"],
            None if row["speed"] is None else 100 * row["speed"],
            *(row[name] for name in scores),
        )
        for row in change.iter_rows(named=True)
    ]
    columns = (
        column("region"),
        Column(title=words("sources.column.first"), kind="year"),
        Column(title=words("sources.column.last"), kind="year"),
        Column(title=words("sources.column.speed"), kind="percent", unit=words("sources.unit_of.speed")),
        *(Column(title=words(f"sources.column.{name}"), kind="score") for name in scores),
    )
    return Table(key="sources_structure", title=words("sources.table.structure"), columns=columns, rows=rows)


def _catch_up(result: Upgrading) -> Table:
    assert result.catch_up is not None  # noqa: S101 - the caller asked
    terms = ("frontier_growth", "distance")
    rows = [
        (words(f"sources.column.{row['term']}") if row["term"] in terms else same(row["term"]), *list(row.values())[1:])
        for row in result.catch_up.frame.iter_rows(named=True)
    ]
    columns = (
        Column(title=words("sources.column.term"), kind="name"),
        *(
            Column(title=words(f"sources.column.{name}"), kind="score")
            for name in ("coefficient", "standard_error", "t")
        ),
    )
    fit = result.catch_up.regression
    note = words("sources.note.catch_up", rows=fit.observations, clusters=fit.clusters, dropped=result.catch_up.dropped)
    return Table(
        key="sources_catch_up", title=words("sources.table.catch_up"), columns=columns, rows=rows, notes=(note,)
    )


def innovation(result: Innovation, *, region: str | None = None) -> Section:
    """Return what is said of innovation: what regions put into it, and what their TFP has to do with it."""
    del region
    return Section(
        key="sources-innovation",
        title=words("sources.title.innovation"),
        answer=tuple(sentences({k: v for k, v in result.facts().items() if k != "note.left_out"}, result.topic)),
        pictures=(shares(result),),
        notes=(words("sources.note.innovation"), *left_out(result.left_out)),
    )


def shares(result: Innovation) -> Picture:
    """Return the leading share of innovation by region, in its last year."""
    names, groups = region_names(result.regions), region_groups(result.regions)
    lead = result.leading()
    title, year = share_title(lead["share"][0]), lead["year"][0]
    rows = [
        {
            "name": names.get(code, same(code)),
            "value": 100 * value,
            **({"group": groups[code]} if code in groups else {}),
        }
        for code, value in lead.select("region", "value").rows()
    ]
    return Picture(
        kind="innovation",
        title=title,
        headline=words(
            "sources.headline.innovation",
            title=title,
            year=year,
            first=rows[0]["name"],
            most=number(rows[0]["value"], 1),
            last=rows[-1]["name"],
            least=number(rows[-1]["value"], 1),
        ),
        draw=lambda w: kit.bars(
            w, rows, x=words("sources.chart.share_axis", title=title), decimals=2, groups=_groups(result.regions)
        ),
        how=words("sources.how.innovation"),
        unit=words("sources.unit_of.share"),
        twin=_share_table(result, names),
    )


def _share_table(result: Innovation, names: Mapping[str, Text]) -> Table:
    """Return every share by region, in the last year that it has."""
    last: Mapping[str, int] = dict(result.frame.group_by("share").agg(pl.col("year").max()).rows())
    known: Sequence[str] = sorted(last)
    values = {(code, share): value for code, share, year, value
              in result.frame.select("region", "share", "year", "value").rows() if year == last[share]}  # fmt: skip
    codes = dict.fromkeys(code for code, _ in values)
    rows = [
        (
            names.get(code, same(code)),
            *(None if (v := values.get((code, share))) is None else 100 * v for share in known),
        )
        for code in codes
    ]
    unit = words("sources.unit_of.share")
    columns = (
        column("region"),
        *(
            Column(
                title=words("column.in_period", title=share_title(share), period=last[share]), kind="percent", unit=unit
            )
            for share in known
        ),
    )
    return Table(key="sources_innovation", title=words("sources.table.innovation"), columns=columns, rows=rows)


def _groups(regions: pl.DataFrame) -> list[Text]:
    """Return the macro-regions in the order of the regions table, which gives each its colour in every picture."""
    return list(dict.fromkeys(region_groups(regions).values()))
