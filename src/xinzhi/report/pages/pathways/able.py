"""The section on what regions are able to do: a matrix of verdicts, and the evidence of a region."""

from __future__ import annotations

import polars as pl

from xinzhi.core.text import LANGUAGES, Text, words
from xinzhi.core.unit_words import unit_text
from xinzhi.pathways import Able
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.table import table

MOST = 60  # regions of a matrix
SHADE = {"able": 3.0, "by proxy": 2.0, "not able": 0.0}


def able(result: Able, *, region: str | None = None) -> Section:
    """Return who is able to do what, by which kind of evidence, and where nothing was found."""
    notes = [words("pathways.able.limits")]
    if region is not None:
        said = result.of_region(region)
        notes.insert(0, Text(zh=said.text("zh"), en=said.text("en")))
    columns = ("region", "category", "able", "grade", "designation", "output", "output_year", "stated", "rank",
               "quotient", "reason")  # fmt: skip
    units = {one: unit_text(one) for one in result.evidence["unit"].drop_nulls().unique()}
    told = result.evidence.with_columns(
        pl.col("unit")
        .replace_strict({one: text.lang(language) for one, text in units.items()})
        .alias(f"unit_{language}")
        for language in LANGUAGES
    )
    rows = table("pathways_facts", told.drop("unit"), ("region", "for_category", "evidence", "name", "value", "unit",
                 "year", "issuer"), result, part="evidence")  # fmt: skip
    every = table("pathways_able", result.frame.filter(pl.col("able") != "unknown"), columns, result)
    return Section.of("pathways.able", [verdicts(result)], [every, rows], anchor="able", notes=tuple(notes))


def verdicts(result: Able) -> Picture | None:
    """Return the verdict on every region and category; None where there are too many regions to draw."""
    if result.frame["region"].n_unique() > MOST:
        return None
    order = result.table().filter(pl.col("unknown") < result.frame["region"].n_unique()).select("category")
    frame = result.frame.select("region").unique().sort("region").join(order, how="cross", maintain_order="left_right")
    frame = frame.join(result.frame, on=["region", "category"], how="left", maintain_order="left").with_columns(
        value=pl.col("able").replace_strict(SHADE, default=None, return_dtype=pl.Float64)
    )
    twin = table("pathways_able_counts", result.table().rename({one: one.replace(" ", "_") for one in SHADE}),
                 ("category", "able", "by_proxy", "not_able", "unknown"), result, part="counts")  # fmt: skip
    rows = rows_of(frame, result, row="region", column="category", value="value")
    marks = {None: words("pathways.able.short_unknown"), SHADE["not able"]: words("pathways.able.short_unable")}
    for row in rows:
        row["mark"] = marks.get(row["value"])
    return picture(
        "pathways.able", kit.matrix, rows, twin, result.facts()["headline.able"], unit="regions",
        legend=words("pathways.able.legend"), domain=(0.0, 3.0),
    )  # fmt: skip
