"""How alike regions and their plans are, and which region is able to make what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.text import LANGUAGES, Text, names_joined, words
from xinzhi.core.unit_words import unit_text
from xinzhi.pathways import Able, Choices, Isomorphism, Plan
from xinzhi.report.charts import kit
from xinzhi.report.palette import GROUPS
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.sentence import finding_notes, sentence
from xinzhi.report.table import Table, table

SHADE = {"able": 3.0, "by proxy": 2.0, "not able": 0.0}
MOST = 60  # regions of a matrix


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


def isomorphism(result: Isomorphism) -> Section:
    """Return how alike the structures of regions are, in the last year and over time."""
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
    """Return what plans name on which evidence, whose plan lacks it, and who has it and does not plan."""
    notes = [words("pathways.note.choices"), *finding_notes(result.findings)]
    if region is not None:
        notes.insert(0, spoken(result, region))
    columns = ("year", "category", "named", "with_evidence", "expected", "p_more", "p_fewer", "verdict")
    chance = table("pathways_chance", result.frame.sort("year", "named", descending=True), columns, result)
    return Section.of(
        "pathways.choices", [named(result), lacking(result), remedy(result)], [chance],
        anchor="paths-choices", notes=tuple(notes),
    )  # fmt: skip


TESTED = ("headline.skill", "headline.no_skill", "headline.no_test")
LACKING = ("open", "contradicted", "unproven")


def spoken(result: Choices | Plan, region: str) -> Text:
    """Return the explanation of a region in both languages."""
    said = result.explain(region)
    return Text(zh=said.text("zh"), en=said.text("en"))


def tested(facts: Facts) -> list[Text]:
    """Return what the test on unseen entries says of a model: the first line wherever it could recommend something."""
    return [sentence(words(f"pathways.{name}", **facts[name])) for name in TESTED if name in facts]


def evidence(result: object) -> tuple[list[Text], list[Table]]:
    """Return what evidence shows in place of a recommendation: sentences, and the categories region by region."""
    if not isinstance(result, Choices):
        return [], []
    facts, year = result.evidence(), result.last_year()
    said = [sentence(words("pathways.headline.remedy", **facts["headline.remedy"])), words("pathways.summary.caveat")]
    columns = ("region", *LACKING)
    return said, [table("pathways_by_region", by_region(result, year), columns, result, part="by_region", year=year)]


def by_region(result: Choices, year: int) -> pl.DataFrame:
    """Return ``region`` and the names of the categories that it is able to do and does not plan, or plans without."""
    rows = result.without_herd(year)
    made = []
    for region in result.lists[year].regions:
        own, row = rows.filter(region=region), {"region": region}
        for change in LACKING:
            named = [result.names.text("category", one) for one in own.filter(change=change)["category"]]
            # English names of categories hold commas.
            row |= {
                f"{change}_zh": "、".join(one.zh for one in named),
                f"{change}_en": "; ".join(one.en for one in named),
            }
        made.append(row)
    return pl.DataFrame(made)


PARTS = {"named_able": GROUPS[0], "named_proxy": GROUPS[1], "named_unknown": GROUPS[2], "named_unable": GROUPS[3]}


def named(result: Choices) -> Picture | None:
    """Return how many regions name each category, parted by the evidence for it."""
    year, facts = result.last_year(), result.facts().get("headline.named")
    if facts is None:
        return None
    frame = result.frame.filter(pl.col("year") == year).sort("named", "category", descending=[True, False])
    columns = ("category", "named", *PARTS, "able", "proxy", "open")
    return picture(
        "pathways.named", kit.stacked,
        rows_of(frame, result, name="category", **_each(PARTS), able="able"),
        table("pathways_named", frame, columns, result, year=year), facts, unit="regions", x="regions",
        parts=_parts(PARTS), total="able", decimals=0,
    )  # fmt: skip


def lacking(result: Choices) -> Picture | None:
    """Return what each region names, parted by the evidence for it."""
    year, facts = result.last_year(), result.facts().get("headline.lacking")
    if facts is None:
        return None
    frame = result.regions.filter(pl.col("year") == year).sort("named_unknown", "region", descending=[True, False])
    columns = ("region", "length", *PARTS, "open")
    return picture(
        "pathways.lacking", kit.stacked,
        rows_of(frame, result, name="region", **_each(PARTS)),
        table("pathways_lacking", frame, columns, result, part="regions", year=year), facts, unit="choices",
        x="choices", parts=_parts(PARTS),
    )  # fmt: skip


def remedy(result: Choices) -> Picture | None:
    """Return, category by category, whose plan lacks evidence, and who has evidence and does not plan it."""
    year, facts = result.last_year(), result.facts().get("headline.remedy")
    if facts is None:
        return None
    frame = result.changes(year)
    colours = {"made": 0, "proxy": 1, "designated": 4, "unproven": 2, "contradicted": 3, "open": 5}
    parts = {name: GROUPS[at] for name, at in colours.items()}
    drawn = frame.with_columns(-pl.col("contradicted", "open"))
    return picture(
        "pathways.remedy", kit.stacked,
        rows_of(drawn, result, name="category", **_each(parts)),
        table("pathways_remedy", who(result, year), ("category", "change", "regions"), result, part="remedy",
              year=year), facts, unit="regions", x="regions", parts=_parts(parts),
    )  # fmt: skip


def who(result: Choices, year: int) -> pl.DataFrame:
    """Return ``category, change, regions``: who lacks evidence for what it names, who has it and does not name it."""
    rows = result.without_herd(year).filter(pl.col("change").is_in(["designated", "unproven", "contradicted", "open"]))
    listed = rows.group_by("category", "change", maintain_order=True).agg(codes=pl.col("region"))
    made = []
    for category, change, codes in listed.iter_rows():
        text = names_joined([result.names.region(code) for code in codes])
        made.append({"category": category, "change": change, "regions_zh": text.zh, "regions_en": text.en})
    schema = dict.fromkeys(("category", "change", "regions_zh", "regions_en"), pl.String)
    return pl.DataFrame(made, schema=schema).sort("category", "change")


def _each(colours: Mapping[str, str]) -> dict[str, Any]:
    return {part: part for part in colours}


def _parts(colours: Mapping[str, str]) -> dict[str, tuple[Text, str]]:
    return {part: (words(f"pathways.chart.{part}"), colour) for part, colour in colours.items()}
