"""The sections on likeness: how alike structures are, which industries everybody names, and who can build them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.palette import GROUPS
from xinzhi.report.rooms.pathways.names import column, sentence, told
from xinzhi.report.rooms.sectors.names import distinct, region_text
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.pathways import Choices, Isomorphism

FEW = 3
MOST = 60  # regions of a matrix


def isomorphism(result: Isomorphism, *, region: str | None = None) -> Section:
    """Return how alike the structures of regions are, in the last year and over time."""
    del region
    level = result.finest()
    drawn = [similarity(result, level), likeness(result, level)]
    return Section(
        key="paths-isomorphism",
        title=words("pathways.title.isomorphism"),
        answer=tuple(sentence(one.headline) for one in drawn if one),
        pictures=tuple(one for one in drawn if one),
        tables=(_levels(result),),
        notes=(words("pathways.note.likeness"), *told(result.findings)),
    )


def similarity(result: Isomorphism, level: str) -> Picture | None:
    """Return the similarity matrix of the last year; None where there are too many regions to draw."""
    year = max(result.places)
    frame = result.matrix("structure", year=year, level=level).sort("row", "column")
    codes = frame["region"].unique(maintain_order=True).to_list()
    if len(codes) > MOST:
        return None
    names = distinct({code: region_text(code, result.labels) for code in codes})
    cells = [
        {"row": names[a], "column": names[b], "value": value}
        for a, b, value in frame.select("region", "other", "similarity").rows()
    ]
    pairs = result.frame.filter(pl.col("level") == level, pl.col("year") == year).sort("cosine", descending=True)
    first, last = pairs.row(0, named=True), pairs.row(-1, named=True)
    columns = (column("place", "name"), column("other_place", "name"), column("cosine", "score"),
               column("krugman", "score"))  # fmt: skip
    rows = [(names[r["region"]], names[r["other"]], r["cosine"], r["krugman"]) for r in pairs.iter_rows(named=True)]
    return Picture(
        kind="similarity",
        title=words("pathways.title.similarity"),
        headline=words(
            "pathways.headline.similarity", year=year, a=names[first["region"]], b=names[first["other"]],
            high=number(first["cosine"], 2), c=names[last["region"]], d=names[last["other"]],
            low=number(last["cosine"], 2), mean=number(float(pairs["cosine"].to_numpy().mean()), 2),
        ),
        draw=lambda w: kit.matrix(w, cells, title=words("pathways.chart.cosine"), domain=(0.0, 1.0)),
        how=words("pathways.how.similarity"),
        unit=words("pathways.unit_of.cosine"),
        twin=Table(key="pathways_similarity", title=words("pathways.table.similarity"), columns=columns, rows=rows),
    )  # fmt: skip


def likeness(result: Isomorphism, level: str) -> Picture | None:
    """Return the mean similarity over the years beside that of chance; None with one year."""
    frame = result.years.filter(pl.col("level") == level).sort("year")
    if frame.height <= 1:
        return None
    actual, chance = words("pathways.chart.actual"), words("pathways.chart.by_chance")
    rows = [{"group": actual, "year": r["year"], "value": r["mean_cosine"]} for r in frame.iter_rows(named=True)]
    if frame["expected"].is_not_null().any():
        rows += [
            {"group": chance, "year": r["year"], "value": r["expected"], "low": r["low"], "high": r["high"]}
            for r in frame.iter_rows(named=True)
        ]
    a, b = frame.row(0, named=True), frame.row(-1, named=True)
    names = ("mean_cosine", "expected", "low", "high")
    columns = (column("year", "year"), *(column(name, "score") for name in names))
    return Picture(
        kind="likeness",
        title=words("pathways.title.likeness"),
        headline=words(
            "pathways.headline.likeness", start=a["year"], end=b["year"], first=number(a["mean_cosine"], 2),
            last=number(b["mean_cosine"], 2), chance=number(b["expected"], 2),
        ),
        draw=lambda w: kit.lines(w, rows, y=words("pathways.chart.cosine")),
        how=words("pathways.how.likeness"),
        unit=words("pathways.unit_of.cosine"),
        twin=Table(key="pathways_likeness", title=words("pathways.title.likeness"), columns=columns,
                   rows=frame.select("year", *names).rows()),
    )  # fmt: skip


def _levels(result: Isomorphism) -> Table:
    last = result.years.filter(pl.col("year") == max(result.places))
    names = ("activities", "mean_cosine", "mean_krugman", "expected", "low", "high", "p_more")
    columns = (column("level", "text"), column("activities", "integer"),
               *(column(name, "score") for name in names[1:]))  # fmt: skip
    rows = [(words(f"pathways.chart.level_{level}") if level in {"section", "group", "2-digit"} else level, *rest)
            for level, *rest in last.select("level", *names).rows()]  # fmt: skip
    return Table(key="pathways_levels", title=words("pathways.table.levels"), columns=columns, rows=rows)


def choices(result: Choices, *, region: str | None = None) -> Section:
    """Return which industries everybody names, who is able to build them, and what a plan without the herd drops."""
    del region
    year = result.last_year()
    drawn = [one for one in (over_choice(result, year), unfit(result, year), without_herd(result, year)) if one]
    return Section(
        key="paths-choices",
        title=words("pathways.title.choices"),
        answer=tuple(sentence(one.headline) for one in drawn),
        pictures=tuple(drawn),
        tables=(_chance(result),),
        notes=(words("pathways.note.choices"), *told(result.findings)),
    )


def _labels(result: Choices) -> Mapping[str, Text]:
    frame = result.frame.unique("category", keep="first", maintain_order=True)
    return distinct(
        {code: Text(zh=zh, en=en) for code, zh, en in frame.select("category", "name_zh", "name_en").rows()}
    )


def over_choice(result: Choices, year: int) -> Picture | None:
    """Return how many regions name each category, parted by whether they are near to it."""
    frame = result.frame.filter(pl.col("year") == year).drop_nulls("over_choice")
    if not frame.height:
        return None
    frame = frame.sort("over_choice", "category", descending=[True, False])
    cells = result.cells.filter(pl.col("year") == year, pl.col("named")).group_by("category").agg(
        near=pl.col("able").sum()
    )  # fmt: skip
    near = dict(cells.rows())
    names = _labels(result)
    rows = [
        {
            "name": names[r["category"]], "near": near.get(r["category"], 0),
            "far": r["named"] - near.get(r["category"], 0), "able": r["able"],
        }
        for r in frame.iter_rows(named=True)
    ]  # fmt: skip
    parts = {
        "near": (words("pathways.chart.named_near"), GROUPS[0]),
        "far": (words("pathways.chart.named_far"), GROUPS[2]),
    }
    top = frame.row(0, named=True)
    columns = (column("category", "name"), column("named", "integer"), column("able", "integer"),
               column("over_choice", "score"), column("unfit", "integer"), column("expected", "score"))  # fmt: skip
    table = [
        (names[r["category"]], r["named"], r["able"], r["over_choice"], r["unfit"], r["expected"])
        for r in frame.iter_rows(named=True)
    ]
    return Picture(
        kind="over-choice",
        title=words("pathways.title.over_choice", year=year),
        headline=words(
            "pathways.headline.over_choice", year=year, name=names[top["category"]], named=top["named"],
            able=top["able"], k=frame.filter(pl.col("over_choice") > 1).height, n=frame.height,
        ),
        draw=lambda w: kit.stacked(w, rows, parts, x=words("pathways.chart.regions"), total="able", decimals=0),
        how=words("pathways.how.over_choice"),
        unit=words("pathways.unit_of.regions"),
        twin=Table(key="pathways_over_choice", title=words("pathways.title.over_choice", year=year), columns=columns,
                   rows=table),
    )  # fmt: skip


def unfit(result: Choices, year: int) -> Picture | None:
    """Return who names what it has no relatedness to."""
    frame = result.regions.filter(pl.col("year") == year).sort("unfit", "region", descending=[True, False])
    if not frame.height or not frame["unfit"].sum():
        return None
    names = distinct({r["region"]: Text(zh=r["name_zh"], en=r["name_en"]) for r in frame.iter_rows(named=True)})
    rows = [{"name": names[r["region"]], "value": r["unfit"]} for r in frame.iter_rows(named=True)]
    columns = (column("place", "name"), column("length", "integer"), column("unfit", "integer"),
               column("unfit_absent", "integer"), column("expected_unfit", "score"))  # fmt: skip
    table = [(names[r["region"]], r["length"], r["unfit"], r["unfit_absent"], r["expected_unfit"])
             for r in frame.iter_rows(named=True)]  # fmt: skip
    return Picture(
        kind="unfit",
        title=words("pathways.title.unfit", year=year),
        headline=words(
            "pathways.headline.unfit", year=year, k=int(frame["unfit"].sum()),
            expected=number(float(frame["expected_unfit"].sum()), 0),
            top=listing([names[code] for code in frame["region"][:FEW]]),
        ),
        draw=lambda w: kit.bars(w, rows, x=words("pathways.chart.choices"), decimals=0),
        how=words("pathways.how.unfit"),
        unit=words("pathways.unit_of.choices"),
        twin=Table(key="pathways_unfit", title=words("pathways.title.unfit", year=year), columns=columns, rows=table),
    )  # fmt: skip


def without_herd(result: Choices, year: int) -> Picture:
    """Return what lists that follow what regions can do would drop, keep and add."""
    names = _labels(result)
    counts = result.without_herd(year).pivot(on="change", index="category", values="region", aggregate_function="len")
    for name in ("keep", "drop", "add"):
        if name not in counts.columns:
            counts = counts.with_columns(pl.lit(0).alias(name))
    frame = counts.fill_null(0).with_columns(change=pl.col("add").cast(pl.Int64) - pl.col("drop").cast(pl.Int64))
    frame = frame.sort("change", "category")
    rows = [
        {"name": names[r["category"]], "keep": r["keep"], "add": r["add"], "drop": -int(r["drop"])}
        for r in frame.iter_rows(named=True)
    ]
    parts = {
        "keep": (words("pathways.chart.keep"), GROUPS[1]),
        "add": (words("pathways.chart.add"), GROUPS[0]),
        "drop": (words("pathways.chart.drop"), GROUPS[3]),
    }
    top = frame.row(0, named=True)
    columns = (
        column("category", "name"),
        column("keep", "integer"),
        column("drop", "integer"),
        column("add", "integer"),
    )
    table = [(names[r["category"]], r["keep"], r["drop"], r["add"]) for r in frame.iter_rows(named=True)]
    return Picture(
        kind="without-herd",
        title=words("pathways.title.without_herd", year=year),
        headline=words(
            "pathways.headline.without_herd", drop=int(frame["drop"].sum()), add=int(frame["add"].sum()),
            name=names[top["category"]], before=top["keep"] + top["drop"], after=top["keep"] + top["add"], year=year,
        ),
        draw=lambda w: kit.stacked(w, rows, parts, x=words("pathways.chart.regions")),
        how=words("pathways.how.without_herd"),
        unit=words("pathways.unit_of.regions"),
        twin=Table(key="pathways_without_herd", title=words("pathways.title.without_herd", year=year), columns=columns,
                   rows=table),
    )  # fmt: skip


def _chance(result: Choices) -> Table:
    names = _labels(result)
    verdicts = {
        "more": words("pathways.chart.more"), "as expected": words("pathways.chart.as_expected"),
        "fewer": words("pathways.chart.fewer"),
    }  # fmt: skip
    rows = [
        (r["year"], names[r["category"]], r["named"], r["expected"], r["q"], verdicts.get(r["verdict"]))
        for r in result.frame.sort("year", "named", descending=True).iter_rows(named=True)
    ]
    columns = (column("year", "year"), column("category", "name"), column("named", "integer"),
               column("expected", "score"), column("q", "score"), column("verdict", "text"))  # fmt: skip
    return Table(key="pathways_chance", title=words("pathways.table.chance"), columns=columns, rows=rows)
