"""The pages of `moran` and `markov`: are neighbours alike, and do regions change places."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.text import number, same, sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.palette import FACTORS, GROUPS
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import arrangement
from xinzhi.report.table import Column, Table, column, table
from xinzhi.sectors import MarkovChain, SpatialAutocorrelation

INKS = {kind: GROUPS[at] for kind, at in {"HH": 3, "LH": 2, "LL": 0, "HL": 6}.items()} | {"": FACTORS["labour"]}


def neighbouring(result: SpatialAutocorrelation, *, region: str | None = None) -> Section:
    """Return whether neighbours are alike, and where."""
    del region  # all are drawn
    facts = result.facts()
    said = {key: values for key, values in facts.items() if key != "answer.cluster"}
    leading: Any = next(iter(facts.values()))
    local = result.local.filter(year=result.frame["year"][-1])
    return Section.of(
        "sectors.neighbours",
        [_moran(result, leading), _scatter(result, local), _clusters(result, local)],
        anchor="neighbours",
        facts=leading,
        answer=sentences(said, "sectors"),
        notes=(words("sectors.note.permutations"), words("sectors.note.fdr")),
    )


def _moran(result: SpatialAutocorrelation, facts: Any) -> Picture:  # noqa: ANN401 - facts of the result
    columns = ("year", "regions", "moran", "expected", "z", "p", "p_permutation")
    twin = table("neighbours_years", result.frame, columns, result, title=words("sectors.table.moran"))
    rows = rows_of(result.frame, group=words("sectors.chart.moran"), year="year", value="moran")
    expected = float(result.frame["expected"].to_numpy().mean())
    return picture("sectors.moran", kit.lines, rows, twin, facts, unit="none", y="moran_axis", reference=expected)


def _local(result: SpatialAutocorrelation, local: pl.DataFrame) -> Table:
    columns = ("region", "value", "lag", "moran", "p_permutation", "cluster", "significant", "significant_fdr")
    title = words("sectors.table.local", year=local["year"][0])
    rows = local.sort("moran", descending=True)
    return table("neighbours_local", rows, columns, result, part="local", title=title)


def _scatter(result: SpatialAutocorrelation, local: pl.DataFrame) -> Picture:
    counts = {kind: local.filter(cluster=kind).height for kind in INKS if kind}
    named = local.with_columns(name=pl.when("significant").then("region"))
    name = column("sectors.region", "name", of="name")
    called = result.names.distinct("region", local["region"])
    rows = rows_of(named, names=called.__getitem__, x="value", y="lag", name=name)
    return picture(
        "sectors.scatter", kit.points, rows, _local(result, local), {"year": local["year"][0], **counts},
        unit="deviations", x="own", y="lag", split=(0.0, 0.0),
        corners=[words(f"sectors.cluster.{kind}") for kind in INKS if kind],
    )  # fmt: skip


def _clusters(result: SpatialAutocorrelation, local: pl.DataFrame) -> Picture | None:
    """Return the tiles of the clusters; None where the regions have no tiles."""
    tiles = arrangement(local["region"].to_list())
    if not tiles:
        return None
    shown = local.with_columns(kind=pl.when("significant").then("cluster").otherwise(pl.lit("")))
    groups = {kind: words(f"sectors.cluster.{kind}" if kind else "sectors.chart.not_significant") for kind in INKS}
    rows = [
        {"region": code, "group": groups[kind], "value": value}
        for kind in groups
        for code, value in shown.filter(kind=kind).select("region", "moran").iter_rows()
    ]
    present = set(shown["kind"])
    facts = {"count": int(local["significant"].sum()), "regions": local.height, "year": local["year"][0]}
    return picture(
        "sectors.clusters", kit.tiles, rows, _local(result, local), facts, unit="none",
        legend=words("sectors.title.clusters"), arrangement=tiles,
        inks=[INKS[kind] for kind in groups if kind in present],
    )  # fmt: skip


def moving(result: MarkovChain, *, region: str | None = None) -> Section:
    """Return how often regions stay, rise and fall, and whether neighbours matter."""
    del region  # all are counted
    facts = result.facts()
    leading: Any = facts["answer.transitions"]
    plain = result.frame.filter(neighbours=0)
    cells = [
        {
            "row": words("sectors.chart.origin", at=row["origin"]),
            "column": words("sectors.chart.destination", at=row["destination"]),
            "value": None if row["probability"] is None else 100 * row["probability"],
        }
        for row in plain.iter_rows(named=True)
    ]
    around = column("sectors.neighbours", "name")
    names = {"neighbours": lambda state: same(state) if state else words("sectors.chart.anywhere")}
    columns: list[str | Column] = [around, "origin", "destination", "count", "probability"]
    twin = table(
        "mobility_transitions", result.frame, columns, result, names=names, title=words("sectors.table.transitions")
    )
    title = words("sectors.table.steady")
    limits: list[str | Column] = [around, "class", "probability"]
    steady = table("mobility_steady", result.steady, limits, result, part="steady", names=names, title=title)
    notes = [words("sectors.note.classes")]
    if result.bounds:
        bounds = same(", ".join(number(bound, 2) for bound in result.bounds))
        relative = bool(result.provenance.options.get("relative"))
        notes.append(words("sectors.note.cuts_relative" if relative else "sectors.note.cuts", bounds=bounds))
    drawn = picture(
        "sectors.transitions", kit.matrix, cells, twin, leading, unit="percent", legend="probability", decimals=0,
        domain=(0.0, 100.0),
    )  # fmt: skip
    return Section.of(
        "sectors.mobility", [drawn], [steady], anchor="mobility", facts={"value": leading["value"]},
        answer=sentences(facts, "sectors"), notes=tuple(notes),
    )  # fmt: skip
