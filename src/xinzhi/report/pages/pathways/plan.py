"""The section on the coordinated plan: plan against herd, what each kind gains, who gets what, and the caps."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import sentences, words
from xinzhi.pathways import Plan
from xinzhi.report.charts import kit
from xinzhi.report.pages.pathways.complexity import narrow
from xinzhi.report.pages.pathways.likeness import evidence, spoken, tested
from xinzhi.report.palette import GROUPS
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import finding_notes
from xinzhi.report.table import column, table

KINDS = ("coordinated", "queue", "greedy", "herd")
MOST, TEN = 45, 10


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
    if max(regions.height, used.height) > MOST:
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
