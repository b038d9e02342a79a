"""The sections on entry: what each region could enter, whether forecasts come true, and the plan that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi.core.text import Text, sentences, words
from xinzhi.pathways import Backtest, Opportunities, Plan
from xinzhi.report.charts import kit
from xinzhi.report.charts.kit.plane import uncrowded
from xinzhi.report.pages.pathways.complexity import narrow
from xinzhi.report.pages.pathways.likeness import evidence, spoken, tested
from xinzhi.report.palette import GROUPS
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.sentence import finding_notes, sentence
from xinzhi.report.table import column, table

KINDS = ("coordinated", "queue", "greedy", "herd")
PLANNED = 45
QUADRANTS = ("near-complex", "far-complex", "near-simple", "far-simple")
INKS = dict(zip(QUADRANTS, (GROUPS[0], GROUPS[2], GROUPS[1], "#d8dee4"), strict=True))
FEW = 3
TEN = 10
LEAD = "average_precision"


def plan(result: Plan, *, region: str | None = None) -> Section:
    """Return what a coordinated plan gains over the herd and over every region for itself."""
    if result.frame.is_empty():
        return _nothing(result, region)
    notes = [words("pathways.note.plan"), *finding_notes(result.findings)]
    if result.odds is not None:
        notes.insert(1, words("pathways.note.odds", year=result.year))
    if region is not None:
        notes.insert(0, spoken(result, region))
    columns = ("region", "category", "chance", "gain", "value", "own_rank", "reason")
    return Section.of(
        "pathways.plan", [gains(result), against_herd(result), portfolios(result), scarce(result)],
        [table("pathways_assigned", result.frame, columns, result)], anchor="plan", notes=tuple(notes),
    )  # fmt: skip


def _nothing(result: Plan, region: str | None) -> Section:
    """Return the test that recommends nothing, and in its place what evidence shows."""
    told, listed = evidence(result.choices)
    notes = [] if region is None else [spoken(result, region)]
    weighed = {key: values for key, values in result.facts().items() if key == "plan.candidates"}
    notes += sentences(weighed, "pathways")
    return Section.of(
        "pathways.plan_none", [], listed, anchor="plan",
        answer=[*tested(result.facts()), *told], notes=(*notes, *finding_notes(result.findings)),
    )  # fmt: skip


def gains(result: Plan) -> Picture:
    """Return the expected gain that each kind of plan realises under the caps, and what crowding loses."""
    order = pl.DataFrame({"kind": KINDS})
    frame = order.join(result.comparison, on="kind", maintain_order="left").with_columns(
        realised=pl.col("gain_realised"), crowded=pl.col("gain_named") - pl.col("gain_realised")
    )
    parts = {
        "realised": (words("pathways.chart.realised"), GROUPS[0]),
        "crowded": (words("pathways.chart.crowded"), GROUPS[2]),
    }
    columns = ("kind", "places", "gain_realised", "lost", "excess", "mean_jaccard", "below_floor")
    gap = column("pathways.gain", "figure", of="crowded")
    return picture(
        "pathways.plan", kit.stacked, rows_of(frame, result, name="kind", realised="realised", crowded=gap),
        table("pathways_plan", frame, columns, result, part="comparison"), result.facts()["headline.gains"],
        title="gains", headline="gains", how="gains", unit="gain", x="expected_gain", parts=parts, total="realised",
    )  # fmt: skip


def against_herd(result: Plan) -> Picture:
    """Return, by industry, how many regions the herd and the plan send there, and how many it takes."""
    frame = result.crowded().with_columns(within=pl.col("herd") - pl.col("herd_excess"), beyond=pl.col("herd_excess"))
    parts = {
        "within": (words("pathways.chart.herd_within"), GROUPS[1]),
        "beyond": (words("pathways.chart.herd_beyond"), GROUPS[3]),
    }
    columns = ("category", "cap", "coordinated", "greedy", "herd", "cap_price")
    return picture(
        "pathways.herd", kit.stacked,
        rows_of(frame, result, name="category", within="within", beyond="beyond", coordinated="coordinated"),
        table("pathways_herd", frame, columns, result, title=words("pathways.title.against_herd")),
        result.facts()["headline.against_herd"], title="against_herd", headline="against_herd", how="against_herd",
        unit="regions", x="regions", parts=parts, total="coordinated", decimals=0,
    )  # fmt: skip


def portfolios(result: Plan) -> Picture | None:
    """Return who gets what; None where regions and industries are too many to draw."""
    used = result.candidates.select("category").join(result.frame, on="category", how="semi", maintain_order="left")
    regions = result.regions.select("region")
    if max(regions.height, used.height) > PLANNED:
        return None
    short = narrow(result, used["category"].to_list(), "category")
    names = result.names.distinct("region", regions["region"])
    grid = regions.join(used, how="cross", maintain_order="left_right").join(
        result.frame.select("region", "category", "value"), on=["region", "category"], how="left", maintain_order="left"
    )
    called = {"region": names.__getitem__, "category": short.__getitem__}
    columns = ("region", "size", "gain", "own_best", "share")
    return picture(
        "pathways.portfolios", kit.matrix,
        rows_of(grid, result, called, row="region", column="category", value="value"),
        table("pathways_portfolios", result.regions, columns, result, part="regions"),
        result.facts()["headline.portfolios"], unit="gain", legend="expected_gain",
    )  # fmt: skip


def scarce(result: Plan) -> Picture | None:
    """Return which caps are scarce: by how much the total would grow with one more place."""
    facts = result.facts().get("headline.scarce")
    if facts is None:
        return None
    frame = result.candidates.filter(pl.col("cap_price") > 0).sort("cap_price", descending=True).head(TEN)
    return picture(
        "pathways.scarce", kit.bars, rows_of(frame, result, name="category", value="cap_price"),
        table("pathways_scarce", frame, ("category", "cap", "cap_price"), result), facts, unit="gain",
        x="cap_price", decimals=2,
    )  # fmt: skip


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


def backtest(result: Backtest) -> Section:
    """Return how well each score predicted entry in years that no model has seen."""
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
