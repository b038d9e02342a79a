"""The sections on likeness: how alike structures are, which industries most regions name, and who can build them."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import words
from xinzhi.pathways import Choices, Isomorphism
from xinzhi.report.charts import kit
from xinzhi.report.palette import GROUPS
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import finding_notes
from xinzhi.report.table import table

MOST = 60  # regions of a matrix


def isomorphism(result: Isomorphism, *, region: str | None = None) -> Section:
    """Return how alike the structures of regions are, in the last year and over time."""
    del region
    last = result.years.filter(pl.col("year") == max(result.places))
    columns = ("level", "activities", "mean_cosine", "mean_krugman", "expected", "low", "high", "p_more")
    return Section.of(
        "pathways.isomorphism", [similarity(result), likeness(result)],
        [table("pathways_levels", last, columns, result, part="years")], anchor="paths-isomorphism",
        notes=(words("pathways.note.likeness"), *finding_notes(result.findings)),
    )  # fmt: skip


def similarity(result: Isomorphism) -> Picture | None:
    """Return the similarity matrix of the last year; None where there are too many regions to draw."""
    year, level = max(result.places), result.finest()
    frame = result.matrix("structure", year=year, level=level).sort("row", "column").drop("row", "column")
    if frame["region"].n_unique() > MOST:
        return None
    pairs = result.frame.filter(level=level, year=year).sort("cosine", descending=True)
    return picture(
        "pathways.similarity", kit.matrix, rows_of(frame, result, row="region", column="other", value="similarity"),
        table("pathways_similarity", pairs, ("region", "other", "cosine", "krugman"), result),
        result.facts()["headline.similarity"], unit="cosine", legend="cosine", domain=(0.0, 1.0),
    )  # fmt: skip


def likeness(result: Isomorphism) -> Picture | None:
    """Return the mean similarity over the years beside that of chance; None with one year."""
    facts = result.facts().get("headline.likeness")
    if facts is None:
        return None
    frame = result.years.filter(level=result.finest()).sort("year")
    rows = rows_of(frame, result, year="year", value="mean_cosine", group=words("pathways.chart.actual"))
    if frame["expected"].is_not_null().any():
        chance = words("pathways.chart.by_chance")
        rows += rows_of(frame, result, year="year", value="expected", low="low", high="high", group=chance)
    columns = ("year", "mean_cosine", "expected", "low", "high")
    return picture(
        "pathways.likeness", kit.lines, rows, table("pathways_likeness", frame, columns, result, part="years"), facts,
        unit="cosine", y="cosine",
    )  # fmt: skip


def choices(result: Choices, *, region: str | None = None) -> Section:
    """Return which industries most regions name, who is able to build them, and what a plan without the herd drops."""
    del region
    columns = ("year", "category", "named", "expected", "q", "verdict")
    chance = table("pathways_chance", result.frame.sort("year", "named", descending=True), columns, result)
    return Section.of(
        "pathways.choices", [over_choice(result), unfit(result), without_herd(result)], [chance],
        anchor="paths-choices", notes=(words("pathways.note.choices"), *finding_notes(result.findings)),
    )  # fmt: skip


def over_choice(result: Choices) -> Picture | None:
    """Return how many regions name each category, parted by whether they are near to it."""
    year, facts = result.last_year(), result.facts().get("headline.over_choice")
    if facts is None:
        return None
    near = result.cells.filter(pl.col("year") == year, pl.col("named")).group_by("category")
    frame = (
        result.frame.filter(pl.col("year") == year).drop_nulls("over_choice")
        .sort("over_choice", "category", descending=[True, False])
        .join(near.agg(near=pl.col("able").sum()), on="category", how="left", maintain_order="left")
        .with_columns(pl.col("near").fill_null(0)).with_columns(far=pl.col("named") - pl.col("near"))
    )  # fmt: skip
    parts = {
        "near": (words("pathways.chart.named_near"), GROUPS[0]),
        "far": (words("pathways.chart.named_far"), GROUPS[2]),
    }
    columns = ("category", "named", "able", "over_choice", "unfit", "expected")
    return picture(
        "pathways.over-choice", kit.stacked,
        rows_of(frame, result, name="category", near="near", far="far", able="able"),
        table("pathways_over_choice", frame, columns, result, year=year), facts, title="over_choice",
        headline="over_choice", how="over_choice", unit="regions", x="regions", parts=parts, total="able", decimals=0,
    )  # fmt: skip


def unfit(result: Choices) -> Picture | None:
    """Return who names what it has no relatedness to."""
    year, facts = result.last_year(), result.facts().get("headline.unfit")
    if facts is None:
        return None
    frame = result.regions.filter(pl.col("year") == year).sort("unfit", "region", descending=[True, False])
    columns = ("region", "length", "unfit", "unfit_absent", "expected_unfit")
    twin = table("pathways_unfit", frame, columns, result, part="regions", year=year)
    return picture(
        "pathways.unfit", kit.bars, rows_of(frame, result, name="region", value="unfit"), twin, facts,
        unit="choices", x="choices", decimals=0,
    )  # fmt: skip


def without_herd(result: Choices) -> Picture | None:
    """Return what lists that follow what regions can do would drop, keep and add."""
    year, facts = result.last_year(), result.facts().get("headline.without_herd")
    if facts is None:
        return None
    frame = result.changes(year)
    parts = {
        "keep": (words("pathways.chart.keep"), GROUPS[1]),
        "add": (words("pathways.chart.add"), GROUPS[0]),
        "drop": (words("pathways.chart.drop"), GROUPS[3]),
    }
    drawn = frame.with_columns(drop=-pl.col("drop"))
    return picture(
        "pathways.without-herd", kit.stacked,
        rows_of(drawn, result, name="category", keep="keep", add="add", drop="drop"),
        table("pathways_without_herd", frame, ("category", "keep", "drop", "add"), result, year=year), facts,
        title="without_herd", headline="without_herd", how="without_herd", unit="regions", x="regions", parts=parts,
    )  # fmt: skip
