"""The sections on entry: what each region could enter, and whether forecasts of entry come true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi.core.text import Text, words
from xinzhi.pathways import Backtest, Opportunities
from xinzhi.report.charts import kit
from xinzhi.report.pages.pathways.complexity import narrow
from xinzhi.report.pages.pathways.likeness import evidence, tested
from xinzhi.report.pages.sectors.map import labels
from xinzhi.report.palette import GROUPS
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import finding_notes, sentence
from xinzhi.report.table import column, table

QUADRANTS = ("near-complex", "far-complex", "near-simple", "far-simple")
INKS = dict(zip(QUADRANTS, (GROUPS[0], GROUPS[2], GROUPS[1], "#d8dee4"), strict=True))
FEW, TEN = 3, 10
LEAD = "average_precision"


def opportunities(result: Opportunities, *, region: str | None = None) -> Section:
    """Return what a region could enter, its best chances, and how all regions stand."""
    facts = result.facts()
    if result.silent:
        told, listed = evidence(result.choices)
        return Section.of("pathways.opportunities", [], listed, anchor="paths-opportunities",
                          answer=[*tested(facts), *told], notes=finding_notes(result.findings))  # fmt: skip
    if not result.measured.signed:
        near = result.frame.sort("density", descending=True).group_by("place", maintain_order=True).head(FEW)
        return Section.of(
            "pathways.opportunities", [],
            [table("pathways_opportunities", near, ("place", "activity", "density", "fit"), result,
                   title=words("pathways.table.chances"))],
            anchor="paths-opportunities", answer=[words("pathways.summary.near_only", **facts["summary.near_only"])],
            notes=finding_notes(result.findings),
        )  # fmt: skip
    counts = result.quadrants()
    code = str(counts["place"][0]) if region is None else result.names.resolve(region, result.measured.matrix.places)
    best_of_all = pl.concat(result.best(place, FEW) for place in result.measured.matrix.places)
    columns = ("place", "activity", "density", "complexity", "gain", "fit", "emerging")
    fit = result.facts().get("summary.fit")
    return Section.of(
        "pathways.opportunities",
        [quadrants(result, code), best(result, code), regions(result)],
        [table("pathways_opportunities", best_of_all, columns, result, title=words("pathways.table.chances"))],
        anchor="paths-opportunities",
        notes=(
            words("pathways.note.quadrants"),
            *(() if fit is None else (words("pathways.summary.fit", **fit),)),
            *finding_notes(result.findings),
        ),
    )


def _groups(frame: pl.DataFrame) -> pl.DataFrame:
    """Mark emerging activities, where any is known to be."""
    if not frame["emerging"].is_not_null().any():
        return frame
    return frame.with_columns(group=pl.when("emerging").then(pl.lit("emerging")).otherwise(pl.lit("other_activities")))


def _rows(result: Opportunities, frame: pl.DataFrame, names: Any, **encodings: str) -> list[dict[str, Any]]:  # noqa: ANN401 - Called
    rows = rows_of(frame, result, names, **encodings)
    if "group" in frame.columns:
        for row, group in zip(rows, frame["group"], strict=True):
            row["group"] = words(f"pathways.chart.{group}")
    return rows


def quadrants(result: Opportunities, code: str) -> Picture | None:
    """Return what a region could enter: how near it is, and how complex; None where it lacks nothing."""
    own = result.frame.filter(pl.col("place") == code).sort("gain", descending=True)
    if not own.height:
        return None
    name, first = result.names.region(code), own.filter(quadrant=QUADRANTS[0])
    facts = {"name": name, "k": first.height, "n": own.height,
             "best": [result.names.text("industry", one) for one in first["activity"][:FEW]]}  # fmt: skip
    cut = {"activity": narrow(result, result.measured.matrix.activities).__getitem__}
    marked = _groups(own)
    marked = marked.sort("group", maintain_order=True) if "group" in marked.columns else marked
    columns = ("activity", "quadrant", "density", "complexity", "gain", "advantage", "fit", "emerging")
    twin = table(
        "pathways_opportunities_of", own, columns, result, title=words("pathways.table.opportunities", name=name)
    )
    corners = [words(f"pathways.chart.{QUADRANTS[place]}") for place in (0, 1, 3, 2)]
    return picture(
        "pathways.opportunities", kit.points,
        uncrowded(_rows(result, marked, cut, x="density", y="complexity", name="activity")), twin, facts,
        title="quadrants", headline="quadrants" if first.height else "no_first", how="quadrants", unit="density",
        x="density", y="complexity", split=result.medians, corners=corners,
    )  # fmt: skip


def uncrowded(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the points, without the names that have no space beside theirs."""
    ends = {}
    for axis in "xy":
        reach = [row[axis] for row in rows]
        margin = 0.06 * ((max(reach) - min(reach)) or 1.0)
        ends[axis] = [min(reach) - margin, max(reach) + margin]
    written = {id(row) for row, _ in labels(rows, ends, (600, 400), sides=("left",))}
    return [row if id(row) in written else {**row, "name": None} for row in rows]


def best(result: Opportunities, code: str) -> Picture | None:
    """Return the exact gain of the best chances of a region; None where none is both near and complex."""
    frame = result.best(code, TEN)
    if not frame.height:
        return None
    name, first = result.names.region(code), frame.row(0, named=True)
    facts = {**first, "name": name, "best": result.names.text("industry", first["activity"])}
    return picture(
        "pathways.best", kit.bars, _rows(result, _groups(frame), None, name="activity", value="gain"),
        table("pathways_best", frame, ("activity", "gain", "density"), result, name=name), facts, unit="deviations",
        x="gain", decimals=2, groups=(words("pathways.chart.emerging"), words("pathways.chart.other_activities")),
    )  # fmt: skip


def regions(result: Opportunities) -> Picture:
    """Return how many activities of each quadrant every region could enter."""
    counts = result.quadrants()
    there = [name for name in QUADRANTS if counts[name].sum()]
    parts = {name: (words(f"pathways.chart.{name}"), INKS[name]) for name in there}
    return picture(
        "pathways.regions", kit.stacked, rows_of(counts, result, None, name="place", **{name: name for name in there}),
        table("pathways_quadrants", counts, ("place", *there), result), result.facts()["headline.regions"],
        unit="activities", x="activities", parts=parts,
    )  # fmt: skip


def backtest(result: Backtest, *, region: str | None = None) -> Section:
    """Return how well each score predicted entry in years that no model has seen."""
    del region
    facts = result.facts()
    tasks = facts.pop("answer.task")
    verdicts = {row["absent"]: (words(f"pathways.{key}", **row), row) for key, rows in facts.items() for row in rows}
    drawn = [
        _precision(result, absent, task["share"], *verdicts[task["absent"]])
        for absent, task in zip(result.tasks["absent"], tasks, strict=True)
    ]
    answer = [*(sentence(one.headline) for one in drawn), *(words("pathways.answer.task", **task) for task in tasks)]
    frame = result.frame.with_columns(absent=pl.Series([f"{one:g}" for one in result.frame["absent"]]))
    columns = ("absent", "score", "measure", "value", "low", "high")
    return Section.of(
        "pathways.backtest", drawn, [table("pathways_measures", frame, columns, result)], anchor="paths-backtest",
        answer=answer, notes=(words("pathways.note.backtest"), *finding_notes(result.findings)),
    )  # fmt: skip


def _precision(result: Backtest, absent: float, guess: float, headline: Text, facts: Mapping[str, object]) -> Picture:
    """Return average precision of every score with its interval, and what guessing would give."""
    frame = result.frame.filter(measure=LEAD, absent=absent).sort("value", descending=True)
    kind = "backtest" if absent == max(result.tasks["absent"]) else f"backtest-{absent:g}"
    columns = ("score", "ours", column("pathways.average_precision", "score", of="value"), "low", "high")
    twin = table(
        f"pathways_{kind.replace('-', '_').replace('.', '_')}", frame, columns, result,
        title=words("pathways.title.precision", absent=f"{absent:g}"),
    )  # fmt: skip
    drawn = picture(
        "pathways.backtest", kit.dots,
        rows_of(frame, result, name="score", value="value", low="low", high="high", group="ours"), twin,
        {**facts, "guess": guess}, title="precision", headline=headline, how="precision", unit="precision",
        x="precision", reference=guess, groups=(words("pathways.chart.ours"), words("pathways.chart.baseline")),
    )  # fmt: skip
    return replace(drawn, kind=kind)
