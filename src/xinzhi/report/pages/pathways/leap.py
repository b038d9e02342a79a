"""The sections on leaps: where the conditions hold, whether entries leave the old core, and the Northeast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from xinzhi.core.text import words
from xinzhi.pathways import CONDITIONS, SERIES, LaneChanges, Leapfrog, Northeast, conventions
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import capital, finding_notes, sentence, yes_no
from xinzhi.report.table import table

FEW = 3
ENDS = ("region", "series", "to_year", "actual", "fits", "off_path", "off_structure", "gap", "p", "largest",
        "largest_weight", "without")  # fmt: skip


def leapfrog(result: Leapfrog, *, region: str | None = None) -> Section:
    """Return which conditions of a leap hold where."""
    order = result.regions.sort("met", "judged", "region", descending=[True, False, False])
    met = result.frame.pivot(on="condition", index="region", values="met")
    conditions = [name for name in CONDITIONS if met[name].is_not_null().any()]
    frame = order.select("region", "met", "judged").join(met, on="region", maintain_order="left")
    names = result.names.distinct("region", frame["region"])
    cells = [
        {"row": names[row["region"]], "column": capital(CONDITIONS[name]), "mark": yes_no(row[name]),
         "value": None if row[name] is None else float(row[name])}
        for row in frame.iter_rows(named=True)
        for name in conditions
    ]  # fmt: skip
    drawn = picture(
        "pathways.leapfrog", kit.matrix, cells,
        table("pathways_leapfrog", frame, ("region", *conditions, "met", "judged"), result, part="regions"),
        result.facts()["headline.leapfrog"], title="conditions", unit="conditions", legend="holds", domain=(0.0, 1.6),
    )  # fmt: skip
    tables = []
    if region is not None:
        code = result.names.resolve(region, frame["region"])
        columns = ("condition", "met", "evidence", "missing")
        tables = [table("pathways_evidence", result.explain(code), columns, result, name=names[code])]
    notes = (words("pathways.note.leapfrog"),)
    return Section.of("pathways.leapfrog", [drawn], tables, anchor="paths-leapfrog", notes=notes)


def lane_changes(result: LaneChanges, *, region: str | None = None) -> Section:
    """Return whether entries leave the lane: by tenths of relatedness to the old core."""
    del region
    frame = result.deciles.sort("decile")
    kinds = ("unrelated", "related")
    rows = [
        {"name": words("pathways.chart.decile", k=row["decile"]), "value": row["value"],
         "group": words(f"pathways.chart.{kinds[row['decile'] > result.unrelated]}")}
        for row in rows_of(frame, result, decile="decile", value="rate")
    ]  # fmt: skip
    drawn = picture(
        "pathways.lanes", kit.bars, rows,
        table("pathways_lanes", frame, ("decile", "candidates", "entries", "rate"), result, part="deciles"),
        result.facts()["headline.lanes"], unit="rate", x="rate", decimals=1,
    )  # fmt: skip
    own = result.frame.sort("entries", "place", descending=[True, False])
    by_place = table("pathways_lanes_by_place", own, ("place", "entries", "unrelated", "index"), result)
    return Section.of(
        "pathways.lanes_section", [drawn], [by_place], anchor="paths-lanes", notes=finding_notes(result.findings)
    )


def northeast(result: Northeast, *, region: str | None = None) -> Section:
    """Return provinces beside their synthetic controls, series by series."""
    del region  # the provinces are few: all are shown
    drawn = [_gap(result, facts) for facts in result.facts()["headline.gap"]]
    shown = result.table.filter("fits").select("region", "series")
    named = result.weights.filter(pl.col("weight") >= conventions("northeast")["shown"])
    weights = named.join(shown, on=["region", "series"], how="semi")
    weights = weights.sort("region", "series", "weight", descending=[False, False, True])
    columns = ("region", "series", "donor", "weight")
    names = [result.names.region(code) for code in result.table["region"].unique(maintain_order=True)]
    facts = result.facts()
    people = facts.get("headline.people")
    told = [] if people is None else [sentence(words("pathways.headline.people", **people))]
    refused = [words("pathways.summary.refused", **one) for one in facts["summary.refused"]]
    ends = table("pathways_northeast_ends", result.table, ENDS, result, part="table")
    return Section.of(
        "pathways.northeast", drawn, [ends, table("pathways_weights", weights, columns, result, part="weights")],
        anchor="paths-northeast", facts={"names": names},
        answer=[*told, *(sentence(one.headline) for one in drawn[:FEW]), *refused],
        notes=(*result.missing, words("pathways.note.synthetic")),
    )  # fmt: skip


def _gap(result: Northeast, facts: Mapping[str, object]) -> Picture:
    """Return the gap of every province to its synthetic control over the years."""
    series = next(name for name, label in SERIES.items() if label == facts["series"])
    label, title = SERIES[series], capital(SERIES[series])
    fits = result.table.filter(pl.col("fits"), series=series)
    frame = result.frame.filter(pl.col("region").is_in(fits["region"].to_list()), series=series).sort("region", "year")
    start, until = frame["year"].min(), frame.filter(~pl.col("after"))["year"].max()
    matched = {"start": start, "end": until, "word": words("pathways.chart.matched")}
    columns = ("region", "year", "actual", "synthetic", "gap")
    drawn = picture(
        "pathways.northeast", kit.lines, rows_of(frame, result, group="region", year="year", value="gap"),
        table(f"pathways_northeast_{series}", frame, columns, result, title=title), {**facts, "series": title},
        title=title, headline="gap", how="gap", y=words("pathways.chart.gap", series=label), reference=0, decimals=1,
        marks=[] if until is None or until == start else [matched],
    )  # fmt: skip
    kind = "northeast" if series == "population" else f"northeast-{series.replace('_', '-')}"
    return replace(drawn, kind=kind, unit=label)
