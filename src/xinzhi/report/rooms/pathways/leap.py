"""The sections on leaps: where the conditions hold, whether entries leave the old core, and the Northeast."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.pathways import CONDITIONS, SERIES
from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.pathways.names import Names, capital, code_of, column, sentence, told, yes
from xinzhi.report.rooms.sectors.names import distinct
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from altair.typing import ChartType

    from xinzhi.pathways import LaneChanges, Leapfrog, Northeast
    from xinzhi.report.charts.style import Words

FEW = 3
SEEN = 0.005  # a weight below it is nobody


def leapfrog(result: Leapfrog, *, region: str | None = None) -> Section:
    """Return which conditions of a leap hold where."""
    frame = result.regions.sort("met", "judged", "region", descending=[True, False, False])
    names = distinct({r["region"]: Text(zh=r["name_zh"], en=r["name_en"]) for r in frame.iter_rows(named=True)})
    code = None if region is None else code_of(region, names)
    met = {(r["region"], r["condition"]): r["met"] for r in result.frame.iter_rows(named=True)}
    conditions = [name for name in CONDITIONS if any(met.get((one, name)) is not None for one in names)]
    cells = [
        {
            "row": names[one], "column": capital(CONDITIONS[name]),
            "value": None if met.get((one, name)) is None else float(bool(met[one, name])),
            "mark": yes(met.get((one, name))),
        }
        for one in names
        for name in conditions
    ]  # fmt: skip
    top = frame.filter(pl.col("met") == frame["met"][0])
    columns = (column("place", "name"), *(_condition(name) for name in conditions), column("met", "integer"),
               column("judged", "integer"))  # fmt: skip
    rows = [
        (names[one], *(yes(met.get((one, name))) for name in conditions), k, n)
        for one, k, n in frame.select("region", "met", "judged").rows()
    ]
    drawn = Picture(
        kind="leapfrog",
        title=words("pathways.title.conditions", year=result.year),
        headline=words(
            "pathways.headline.leapfrog", year=result.year, leader=names[result.leader],
            top=listing([names[one] for one in top["region"]], 5), met=top["met"][0], n=len(conditions),
        ),
        draw=lambda w: kit.matrix(w, cells, title=words("pathways.chart.holds"), domain=(0.0, 1.6)),
        how=words("pathways.how.leapfrog"),
        unit=words("pathways.unit_of.conditions"),
        twin=Table(key="pathways_leapfrog", title=words("pathways.table.leapfrog"), columns=columns, rows=rows),
    )  # fmt: skip
    tables = () if code is None else (_evidence(result, names[code], code),)
    return Section(
        key="paths-leapfrog",
        title=words("pathways.title.leapfrog"),
        answer=(sentence(drawn.headline),),
        pictures=(drawn,),
        tables=tables,
        notes=(words("pathways.note.leapfrog"),),
    )


def _condition(name: str) -> Column:
    return Column(title=capital(CONDITIONS[name]), kind="text")


def _evidence(result: Leapfrog, name: Text, code: str) -> Table:
    rows = []
    for r in result.explain(code).iter_rows(named=True):
        said = [
            Text(zh=r[f"{key}_zh"], en=r[f"{key}_en"]) if r[f"{key}_zh"] else None for key in ("evidence", "missing")
        ]
        rows.append((CONDITIONS[r["condition"]], yes(r["met"]), *said))
    columns = (
        column("condition", "text"),
        column("holds", "text"),
        column("evidence", "text"),
        column("missing", "text"),
    )
    return Table(key="pathways_evidence", title=words("pathways.table.evidence", name=name), columns=columns, rows=rows)


def lane_changes(result: LaneChanges, *, region: str | None = None) -> Section:
    """Return whether entries leave the lane: by tenths of relatedness to the old core."""
    del region
    names = Names(result, result.frame["place"])
    frame = result.deciles.sort("decile")
    rows = [
        {
            "name": words("pathways.chart.decile", k=r["decile"]),
            "value": None if r["rate"] is None else 100 * r["rate"],
            "group": words("pathways.chart.unrelated")
            if r["decile"] <= result.unrelated
            else words("pathways.chart.related"),
        }
        for r in frame.iter_rows(named=True)
    ]
    entries, off = int(result.frame["entries"].sum()), int(result.frame["unrelated"].sum())
    counts = frame["candidates"].to_numpy()
    chance = float(counts[frame["decile"].to_numpy() <= result.unrelated].sum() / counts.sum())
    share = off / entries if entries else None
    headline = words(
        "pathways.headline.lanes", entries=entries, share=number(None if share is None else 100 * share, 0),
        chance=number(100 * chance, 0),
    )  # fmt: skip
    columns = (column("decile", "integer"), column("candidates", "integer"), column("entries", "integer"),
               column("rate", "percent"))  # fmt: skip
    cells = [(r["decile"], r["candidates"], r["entries"], None if r["rate"] is None else 100 * r["rate"])
             for r in frame.iter_rows(named=True)]  # fmt: skip
    drawn = Picture(
        kind="lanes",
        title=words("pathways.title.lanes"),
        headline=headline,
        draw=lambda w: kit.bars(w, rows, x=words("pathways.chart.rate"), decimals=1),
        how=words("pathways.how.lanes"),
        unit=words("pathways.unit_of.rate"),
        twin=Table(key="pathways_lanes", title=words("pathways.table.lanes"), columns=columns, rows=cells),
    )
    own = [(names.place(r["place"]), r["entries"], r["unrelated"], r["index"]) for r in
           result.frame.sort("entries", "place", descending=[True, False]).iter_rows(named=True)]  # fmt: skip
    table = Table(
        key="pathways_lanes_by_place", title=words("pathways.table.lanes_by_place"), rows=own,
        columns=(column("place", "name"), column("entries", "integer"), column("unrelated", "integer"),
                 column("lane_index", "score")),
    )  # fmt: skip
    return Section(
        key="paths-lanes", title=words("pathways.title.lanes_section"), answer=(sentence(headline),), pictures=(drawn,),
        tables=(table,), notes=told(result.findings),
    )  # fmt: skip


def northeast(result: Northeast, *, region: str | None = None) -> Section:
    """Return provinces beside their synthetic controls, series by series."""
    codes = result.table["region"].unique(maintain_order=True).to_list()
    names = result.names.distinct("region", codes)
    del region  # the provinces are few: all are shown
    series = [name for name in SERIES if result.table.filter(series=name).height]
    drawn = [_gap(result, names, one) for one in series]
    return Section(
        key="paths-northeast",
        title=words("pathways.title.northeast", names=listing(list(names.values()))),
        answer=tuple(sentence(one.headline) for one in drawn[:FEW]),
        pictures=tuple(drawn),
        tables=(_weights(result, names),),
        notes=(*result.missing, words("pathways.note.synthetic")),
    )


def _gap(result: Northeast, names: dict[str, Text], series: str) -> Picture:
    """Return the gap of every province to its synthetic control over the years."""
    frame = result.frame.filter(series=series).sort("region", "year")
    label = SERIES[series]
    rows = [{"group": names[r["region"]], "year": r["year"], "value": r["gap"]} for r in frame.iter_rows(named=True)]
    ends = result.table.filter(series=series)
    told_of = [
        words("pathways.chart.gap_of", name=names[r["region"]], gap=number(r["gap"], 1, sign=True), p=number(r["p"], 2))
        for r in ends.iter_rows(named=True)
    ]
    columns = (column("place", "name"), column("year", "year"), column("actual", "figure"),
               column("synthetic", "figure"), column("gap", "figure"))  # fmt: skip
    cells = [
        (names[r["region"]], r["year"], r["actual"], r["synthetic"], r["gap"]) for r in frame.iter_rows(named=True)
    ]
    start, until = frame["year"].min(), frame.filter(~pl.col("after"))["year"].max()
    marks = (
        []
        if until is None or until == start
        else [{"start": start, "end": until, "word": words("pathways.chart.matched")}]
    )
    kind = "northeast" if series == "population" else f"northeast-{series.replace('_', '-')}"
    return Picture(
        kind=kind,
        title=capital(label),
        headline=words(
            "pathways.headline.gap", series=capital(label), year=ends["to_year"].max(), gaps=listing(told_of)
        ),
        draw=partial(_lines, rows=rows, marks=marks, label=label),
        how=words("pathways.how.gap"),
        unit=label,
        twin=Table(key=f"pathways_northeast_{series}", title=capital(label), columns=columns, rows=cells),
    )


def _lines(
    w: Words, *, rows: Sequence[Mapping[str, Any]], marks: Sequence[Mapping[str, Any]], label: Text
) -> ChartType:
    return kit.lines(w, rows, y=words("pathways.chart.gap", series=label), reference=0, decimals=1, marks=marks)


def _weights(result: Northeast, names: dict[str, Text]) -> Table:
    kept = result.weights.filter(pl.col("weight") > SEEN)
    kept = kept.sort("region", "series", "weight", descending=[False, False, True])
    rows = [
        (names[r["region"]], capital(SERIES[r["series"]]), result.names.region(r["donor"]), 100 * r["weight"])
        for r in kept.iter_rows(named=True)
    ]  # fmt: skip
    columns = (column("place", "name"), column("series", "text"), column("donor", "name"), column("weight", "percent"))
    return Table(key="pathways_weights", title=words("pathways.table.weights"), columns=columns, rows=rows)
