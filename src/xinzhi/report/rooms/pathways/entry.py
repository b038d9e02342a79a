"""The sections on entry: what each region could enter, and whether forecasts of entry come true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.palette import GROUPS
from xinzhi.report.rooms.pathways.names import Names, column, known, sentence, told, yes
from xinzhi.report.rooms.sectors.map import labels
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.pathways import Backtest, Opportunities
    from xinzhi.report.charts.style import Words

QUADRANTS = ("near-complex", "far-complex", "near-simple", "far-simple")
INKS = dict(zip(QUADRANTS, (GROUPS[0], GROUPS[2], GROUPS[1], "#d8dee4"), strict=True))
FEW, TEN = 3, 10
LEAD = "average_precision"


def opportunities(result: Opportunities, *, region: str | None = None) -> Section:
    """Return what a region could enter, its best chances, and how all regions stand."""
    names = Names(result, result.measured.matrix.places, result.measured.matrix.activities)
    code = names.chosen(region, _telling(result))
    drawn = [one for one in (quadrants(result, names, code), best(result, names, code), regions(result, names)) if one]
    notes = [words("pathways.note.quadrants")]
    fit = result.endowment_fit
    if fit is not None and np.isfinite(fit.explained):
        factors = listing([known("chart", name) for name in fit.factors])
        notes.append(words("pathways.note.fit", factors=factors, share=number(100 * fit.explained, 0)))
    return Section(
        key="paths-opportunities",
        title=words("pathways.title.opportunities"),
        answer=tuple(sentence(one.headline) for one in drawn),
        pictures=tuple(drawn),
        tables=(table(result, names),),
        notes=(*notes, *told(result.findings)),
    )


def _telling(result: Opportunities) -> str:
    """Return the place with most chances that are near and complex, the first by code among equals."""
    first = result.frame.filter(pl.col("quadrant") == QUADRANTS[0])
    rows = first if first.height else result.frame
    return str(rows["place"].value_counts().sort("count", "place", descending=[True, False])["place"][0])


def quadrants(result: Opportunities, names: Names, code: str) -> Picture | None:
    """Return what a region could enter: how near it is, and how complex; None where it lacks nothing."""
    own = result.frame.filter(pl.col("place") == code)
    if not own.height:
        return None
    flagged = own["emerging"].is_not_null().any()
    near, worth = result.medians
    rows: list[dict[str, Any]] = []
    for row in own.sort("gain", descending=True).iter_rows(named=True):
        group = "emerging" if row["emerging"] else "other_activities"
        rows.append(
            {
                "x": row["density"],
                "y": row["complexity"],
                "name": names.narrow[row["activity"]],
                **({"group": words(f"pathways.chart.{group}")} if flagged else {}),
            }
        )
    rows = uncrowded(sorted(rows, key=lambda row: row["group"].en if flagged else ""))
    first = own.filter(pl.col("quadrant") == QUADRANTS[0]).sort("gain", descending=True)
    values = {"name": names.place(code), "k": first.height, "n": own.height}
    headline = (
        words(
            "pathways.headline.quadrants", best=listing([names.activity(a) for a in first["activity"][:FEW]]), **values
        )
        if first.height
        else words("pathways.headline.no_first", **values)
    )
    return Picture(
        kind="opportunities",
        title=words("pathways.title.quadrants", name=names.place(code)),
        headline=headline,
        draw=lambda w: _scatter(w, rows, (near, worth)),
        how=words("pathways.how.quadrants"),
        unit=words("pathways.unit_of.density"),
        twin=_own(own, names, code),
    )


def _scatter(w: Words, rows: Sequence[Mapping[str, Any]], split: tuple[float, float]) -> ChartType:
    corners = [words(f"pathways.chart.{name}") for name in (QUADRANTS[0], QUADRANTS[1], QUADRANTS[3], QUADRANTS[2])]
    return kit.points(
        w, rows, x=words("pathways.chart.density"), y=words("pathways.chart.complexity"), split=split, corners=corners
    )


def uncrowded(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the points, without the names that find no room beside theirs."""
    ends = {}
    for axis in "xy":
        reach = [row[axis] for row in rows]
        room = 0.06 * ((max(reach) - min(reach)) or 1.0)
        ends[axis] = [min(reach) - room, max(reach) + room]
    written = {id(row) for row, _ in labels(rows, ends, (600, 400), sides=("left",))}
    return [row if id(row) in written else {**row, "name": None} for row in rows]


def _own(own: pl.DataFrame, names: Names, code: str) -> Table:
    rows = [
        (
            names.activity(row["activity"]),
            words(f"pathways.chart.{row['quadrant']}"),
            row["density"],
            row["complexity"],
            row["gain"],
            row["advantage"],
            row["fit"],
            yes(row["emerging"]),
        )
        for row in own.sort("gain", descending=True).iter_rows(named=True)
    ]
    columns = (
        column("activity", "name"),
        column("quadrant", "text"),
        column("density", "score"),
        column("complexity", "score"),
        column("gain", "score"),
        column("advantage", "score"),
        column("fit", "score"),
        column("emerging", "text"),
    )
    title = words("pathways.table.opportunities", name=names.place(code))
    return Table(key="pathways_opportunities_of", title=title, columns=columns, rows=rows)


def best(result: Opportunities, names: Names, code: str) -> Picture | None:
    """Return the exact gain of the best chances of a region; None where none is both near and complex."""
    rows = result.best(code, TEN)
    if not rows.height:
        return None
    flagged = rows["emerging"].is_not_null().any()
    bars = [
        {
            "name": names.activity(row["activity"]),
            "value": row["gain"],
            **(
                {
                    "group": words("pathways.chart.emerging")
                    if row["emerging"]
                    else words("pathways.chart.other_activities")
                }
                if flagged
                else {}
            ),
        }
        for row in rows.iter_rows(named=True)
    ]
    order = (words("pathways.chart.emerging"), words("pathways.chart.other_activities"))
    first = rows.row(0, named=True)
    columns = (column("activity", "name"), column("gain", "score"), column("density", "score"))
    cells = [(names.activity(a), g, d) for a, g, d in rows.select("activity", "gain", "density").rows()]
    return Picture(
        kind="best",
        title=words("pathways.title.best", name=names.place(code)),
        headline=words(
            "pathways.headline.best",
            name=names.place(code),
            best=names.activity(first["activity"]),
            gain=number(first["gain"], 2),
            density=number(first["density"], 2),
        ),
        draw=lambda w: kit.bars(w, bars, x=words("pathways.chart.gain"), decimals=2, groups=order),
        how=words("pathways.how.best"),
        unit=words("pathways.unit_of.deviations"),
        twin=Table(key="pathways_best", title=words("pathways.table.best", name=names.place(code)), columns=columns,
                   rows=cells),
    )  # fmt: skip


def regions(result: Opportunities, names: Names) -> Picture:
    """Return how many activities of each quadrant every region could enter."""
    counts = result.frame.pivot(on="quadrant", index="place", values="activity", aggregate_function="len").fill_null(0)
    there = [name for name in QUADRANTS if name in counts.columns]
    frame = counts.sort(*there, "place", descending=[*(True for _ in there), False])
    rows = [{"name": names.place(row["place"]), **{name: row[name] for name in there}}
            for row in frame.iter_rows(named=True)]  # fmt: skip
    parts = {name: (words(f"pathways.chart.{name}"), INKS[name]) for name in there}
    first = frame[QUADRANTS[0]].to_list() if QUADRANTS[0] in there else [0] * frame.height
    columns = (column("place", "name"), *(column(name.replace("-", "_"), "integer") for name in there))
    cells = [(row["name"], *(row[name] for name in there)) for row in rows]
    return Picture(
        kind="regions",
        title=words("pathways.title.regions"),
        headline=words(
            "pathways.headline.regions",
            top=listing([row["name"] for row in rows[:FEW]]),
            most=first[0],
            none=sum(1 for one in first if one == 0),
            n=frame.height,
        ),
        draw=lambda w: kit.stacked(w, rows, parts, x=words("pathways.chart.activities")),
        how=words("pathways.how.regions"),
        unit=words("pathways.unit_of.activities"),
        twin=Table(key="pathways_quadrants", title=words("pathways.table.quadrants"), columns=columns, rows=cells),
    )


def table(result: Opportunities, names: Names) -> Table:
    """Return the best chances of every region."""
    rows = [
        (
            names.place(code), names.activity(row["activity"]), row["density"], row["complexity"], row["gain"],
            row["fit"], yes(row["emerging"]),
        )
        for code in names.places
        for row in result.best(code, FEW).iter_rows(named=True)
    ]  # fmt: skip
    columns = (
        column("place", "name"),
        column("activity", "name"),
        column("density", "score"),
        column("complexity", "score"),
        column("gain", "score"),
        column("fit", "score"),
        column("emerging", "text"),
    )
    return Table(key="pathways_opportunities", title=words("pathways.table.chances"), columns=columns, rows=rows)


def backtest(result: Backtest, *, region: str | None = None) -> Section:
    """Return how well each score foretold entry in years that no model has seen."""
    del region
    drawn = [_precision(result, float(task["absent"])) for task in result.tasks.iter_rows(named=True)]
    return Section(
        key="paths-backtest",
        title=words("pathways.title.backtest"),
        answer=(
            *(sentence(one.headline) for one in drawn),
            *(_tasks(row) for row in result.tasks.iter_rows(named=True)),
        ),
        pictures=tuple(drawn),
        tables=(_measures(result),),
        notes=(words("pathways.note.backtest"), *told(result.findings)),
    )


def _tasks(task: Mapping[str, Any]) -> Text:
    return words(
        "pathways.answer.task", absent=f"{task['absent']:g}", candidates=number(task["candidates"], 0),
        entries=task["entries"], share=number(100 * task["entries"] / task["candidates"], 1),
        trained=number(task["trained_on"], 0),
    )  # fmt: skip


def _precision(result: Backtest, absent: float) -> Picture:
    """Return average precision of every score with its interval, and what guessing would give."""
    frame = result.frame.filter(pl.col("absent") == absent, pl.col("measure") == LEAD).sort("value", descending=True)
    task = result.tasks.filter(pl.col("absent") == absent).row(0, named=True)
    guess = task["entries"] / task["candidates"]
    one = result.comparison.filter(pl.col("absent") == absent, pl.col("measure") == LEAD).row(0, named=True)
    group = {True: words("pathways.chart.ours"), False: words("pathways.chart.baseline")}
    rows = [
        {
            "name": known("series", row["score"]),
            "value": row["value"],
            "low": row["low"],
            "high": row["high"],
            "group": group[row["ours"]],
        }
        for row in frame.iter_rows(named=True)
    ]
    values = {
        "ours": known("series", one["ours"]),
        "value": number(one["value"], 3),
        "baseline": known("series", one["baseline"]),
        "other": number(one["baseline_value"], 3),
        "low": number(one["low"], 3, sign=True),
        "high": number(one["high"], 3, sign=True),
        "absent": f"{absent:g}",
    }
    if one["low"] > 0:
        headline = words("pathways.headline.better", **values)
    elif one["high"] < 0:
        headline = words("pathways.headline.worse", **values)
    else:
        headline = words("pathways.headline.no_better", **values)
    cells = [(row["name"], row["group"], row["value"], row["low"], row["high"]) for row in rows]
    columns = (
        column("score", "name"),
        column("kind_of_score", "text"),
        column("average_precision", "score"),
        column("low", "score"),
        column("high", "score"),
    )
    kind = "backtest" if absent == max(result.tasks["absent"]) else f"backtest-{absent:g}"
    return Picture(
        kind=kind,
        title=words("pathways.title.precision", absent=f"{absent:g}"),
        headline=headline,
        draw=lambda w: kit.dots(
            w, rows, x=words("pathways.chart.precision"), reference=guess, groups=(group[True], group[False])
        ),
        how=words("pathways.how.precision", guess=number(guess, 3)),
        unit=words("pathways.unit_of.precision"),
        twin=Table(key=f"pathways_{kind.replace('-', '_').replace('.', '_')}",
                   title=words("pathways.title.precision", absent=f"{absent:g}"), columns=columns, rows=cells),
    )  # fmt: skip


def _measures(result: Backtest) -> Table:
    rows = [
        (f"{row['absent']:g}", known("series", row["score"]), known("status", row["measure"]), row["value"], row["low"],
         row["high"])
        for row in result.frame.iter_rows(named=True)
    ]  # fmt: skip
    columns = (
        column("absent", "code"),
        column("score", "name"),
        column("measure", "text"),
        column("value", "score"),
        column("low", "score"),
        column("high", "score"),
    )
    return Table(key="pathways_measures", title=words("pathways.table.measures"), columns=columns, rows=rows)
