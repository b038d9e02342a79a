"""Space and mobility: `SpatialAutocorrelation` and `MarkovChain` as sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.palette import FACTORS, GROUPS
from xinzhi.report.rooms.sectors.names import arrangement, called, column, distinct
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.sectors.moran import CLUSTERS
from xinzhi.sectors.conventions import region_text
from xinzhi.sectors.conventions import setting

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.report.charts.style import Words
    from xinzhi.sectors.moran import SpatialAutocorrelation
    from xinzhi.sectors.markov import MarkovChain

INKS = {kind: GROUPS[at] for kind, at in {"HH": 3, "LH": 2, "LL": 0, "HL": 6}.items()} | {"": FACTORS["labour"]}


def neighbouring(result: SpatialAutocorrelation, *, region: str | None = None) -> Section:
    """Return what a `SpatialAutocorrelation` says: whether neighbours are alike, and where."""
    del region  # all are drawn
    what = called(result)
    first, last = result.frame.row(0, named=True), result.frame.row(-1, named=True)
    local = result.local.filter(year=last["year"])
    names = distinct({code: region_text(code, {}) for code in local["region"]})
    sure = last["p_permutation"] <= setting("significance.value")
    alike = "sectors.answer.alike" if last["moran"] > last["expected"] else "sectors.answer.unlike"
    key = alike if sure else "sectors.answer.random"
    values = {
        "value": what,
        "first": first["year"],
        "before": number(first["moran"], 2),
        "last": last["year"],
        "after": number(last["moran"], 2),
        "p": number(last["p_permutation"], 3),
    }
    answer = [words(key, **values)]
    significant_, kept = int(local["significant"].sum()), int(local["significant_fdr"].sum())
    answer.append(words("sectors.answer.clusters", count=significant_, kept=kept, regions=local.height))
    pictures = [_moran(result, values), _scatter(local, names)]
    pictures += [_clusters(local, names)] if arrangement(local["region"].to_list()) else []
    return Section(
        key="neighbours",
        title=words("sectors.title.neighbours", value=what),
        answer=tuple(answer),
        pictures=tuple(pictures),
        notes=(words("sectors.note.permutations"), words("sectors.note.fdr")),
    )


def _moran(result: SpatialAutocorrelation, values: dict[str, Any]) -> Picture:
    names = ("moran", "expected", "z", "p", "p_permutation")
    rows = [(row["year"], row["regions"], *(row[name] for name in names)) for row in result.frame.iter_rows(named=True)]
    columns = (column("year", "year"), column("regions", "integer"), *(column(name, "score") for name in names))
    return Picture(
        kind="moran",
        title=words("sectors.title.moran"),
        headline=words("sectors.headline.moran", **values),
        draw=partial(_draw_moran, result),
        how=words("sectors.how.moran"),
        unit=words("sectors.unit.none"),
        twin=Table(key="neighbours_years", title=words("sectors.table.moran"), columns=columns, rows=rows),
    )


def _draw_moran(result: SpatialAutocorrelation, w: Words) -> ChartType:
    rows = [
        {"group": words("sectors.chart.moran"), "year": year, "value": value}
        for year, value in result.frame.select("year", "moran").iter_rows()
    ]
    expected = float(result.frame["expected"].to_numpy().mean())
    return kit.lines(w, rows, y=words("sectors.chart.moran_axis"), reference=expected)


def _local(local: pl.DataFrame, names: dict[str, Text]) -> Table:
    yes, no = words("sectors.chart.holds"), words("sectors.chart.not")
    rows = [
        (
            names[row["region"]],
            row["value"],
            row["lag"],
            row["moran"],
            row["p_permutation"],
            Text(zh=row["cluster_zh"], en=row["cluster_en"]),
            yes if row["significant"] else no,
            yes if row["significant_fdr"] else no,
        )
        for row in local.sort("moran", descending=True).iter_rows(named=True)
    ]
    columns = (
        column("region", "name"),
        column("own", "level"),
        column("lag", "level"),
        column("local", "level"),
        column("p_permutation", "score"),
        column("cluster", "text"),
        column("significant", "text"),
        column("significant_fdr", "text"),
    )
    title = words("sectors.table.local", year=local["year"][0])
    return Table(key="neighbours_local", title=title, columns=columns, rows=rows)


def _scatter(local: pl.DataFrame, names: dict[str, Text]) -> Picture:
    counts = {kind: local.filter(cluster=kind).height for kind in CLUSTERS}
    return Picture(
        kind="scatter",
        title=words("sectors.title.scatter"),
        headline=words("sectors.headline.scatter", year=local["year"][0], **counts),
        draw=partial(_draw_scatter, local, names),
        how=words("sectors.how.scatter"),
        unit=words("sectors.unit.deviations"),
        twin=_local(local, names),
    )


def _draw_scatter(local: pl.DataFrame, names: dict[str, Text], w: Words) -> ChartType:
    rows = [
        {"x": row["value"], "y": row["lag"], "name": names[row["region"]] if row["significant"] else None}
        for row in local.iter_rows(named=True)
    ]
    corners = [CLUSTERS[kind] for kind in ("HH", "LH", "LL", "HL")]
    x, y = words("sectors.chart.own"), words("sectors.chart.lag")
    return kit.points(w, rows, x=x, y=y, split=(0.0, 0.0), corners=corners)


def _clusters(local: pl.DataFrame, names: dict[str, Text]) -> Picture:
    count = int(local["significant"].sum())
    return Picture(
        kind="clusters",
        title=words("sectors.title.clusters"),
        headline=words("sectors.headline.clusters", count=count, regions=local.height, year=local["year"][0]),
        draw=partial(_draw_clusters, local),
        how=words("sectors.how.clusters"),
        unit=words("sectors.unit.none"),
        twin=_local(local, names),
    )


def _draw_clusters(local: pl.DataFrame, w: Words) -> ChartType:
    kinds = CLUSTERS | {"": words("sectors.chart.not_significant")}
    shown = local.with_columns(kind=pl.when("significant").then("cluster").otherwise(pl.lit("")))
    rows = [
        {"region": code, "group": kinds[one], "value": value}
        for one in kinds
        for code, value in shown.filter(kind=one).select("region", "moran").iter_rows()
    ]
    present = set(shown["kind"])
    inks = [INKS[one] for one in kinds if one in present]
    places = arrangement(local["region"].to_list())
    return kit.tiles(w, rows, places, title=words("sectors.title.clusters"), inks=inks)


def moving(result: MarkovChain, *, region: str | None = None) -> Section:
    """Return what a `MarkovChain` says: how often regions stay, rise and fall, and whether neighbours matter."""
    del region  # all are counted
    what = called(result)
    plain = result.frame.filter(neighbours=0)
    total = float(plain["count"].to_numpy().sum())
    moves = {
        "stay": pl.col("origin") == pl.col("destination"),
        "rise": pl.col("destination") > pl.col("origin"),
        "fall": pl.col("destination") < pl.col("origin"),
    }
    share = {name: percent(float(plain.filter(rule)["count"].to_numpy().sum()) / total) for name, rule in moves.items()}
    answer = [words("sectors.answer.transitions", value=what, total=f"{total:,.0f}", **share)]
    if result.homogeneity is not None:
        test = result.homogeneity
        key = "sectors.answer.matter" if test.p < setting("significance.value") else "sectors.answer.no_matter"
        answer.append(words(key, statistic=number(test.statistic, 1), degrees=test.degrees, p=number(test.p, 3)))
    picture = Picture(
        kind="transitions",
        title=words("sectors.title.transitions"),
        headline=words("sectors.headline.transitions", **share),
        draw=partial(_draw_transitions, plain),
        how=words("sectors.how.transitions"),
        unit=words("sectors.unit.percent"),
        twin=_transitions(result),
    )
    notes = [words("sectors.note.classes")]
    if result.bounds:
        bounds = same(", ".join(number(bound, 2) for bound in result.bounds))
        relative = bool(result.provenance.options.get("relative"))
        notes.append(words("sectors.note.cuts_relative" if relative else "sectors.note.cuts", bounds=bounds))
    return Section(
        key="mobility",
        title=words("sectors.title.mobility", value=what),
        answer=tuple(answer),
        pictures=(picture,),
        tables=(_steady(result),),
        notes=tuple(notes),
    )


def _draw_transitions(plain: pl.DataFrame, w: Words) -> ChartType:
    cells = [
        {
            "row": words("sectors.chart.origin", at=row["origin"]),
            "column": words("sectors.chart.destination", at=row["destination"]),
            "value": None if row["probability"] is None else 100 * row["probability"],
        }
        for row in plain.iter_rows(named=True)
    ]
    return kit.matrix(w, cells, title=words("sectors.chart.probability"), decimals=0, domain=(0.0, 100.0))


def _transitions(result: MarkovChain) -> Table:
    anywhere = words("sectors.chart.anywhere")
    rows = [
        (
            same(row["neighbours"]) if row["neighbours"] else anywhere,
            row["origin"],
            row["destination"],
            row["count"],
            None if row["probability"] is None else 100 * row["probability"],
        )
        for row in result.frame.iter_rows(named=True)
    ]
    columns = (
        column("neighbours", "name"),
        column("origin", "integer"),
        column("destination", "integer"),
        column("count", "integer"),
        column("probability", "percent", words("sectors.unit.percent")),
    )
    return Table(key="mobility_transitions", title=words("sectors.table.transitions"), columns=columns, rows=rows)


def _steady(result: MarkovChain) -> Table:
    anywhere = words("sectors.chart.anywhere")
    rows = [
        (same(neighbours) if neighbours else anywhere, class_, 100 * probability)
        for neighbours, class_, probability in result.steady.iter_rows()
    ]
    columns = (
        column("neighbours", "name"),
        column("class", "integer"),
        column("probability", "percent", words("sectors.unit.percent")),
    )
    return Table(key="mobility_steady", title=words("sectors.table.steady"), columns=columns, rows=rows)
