"""The pages of `inequality`, `ridgelines`, `moran` and `markov`: how far apart, how alike, and who moves."""

from __future__ import annotations

from typing import Any

import polars as pl

from xinzhi.core.schema import Column
from xinzhi.core.text import Text, number, same, sentences, words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.palette import FACTORS, GROUPS
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.sentence import arrangement, spread
from xinzhi.report.table import Table, column, table
from xinzhi.sectors import Densities, Inequality, MarkovChain, SpatialAutocorrelation, series_text

CLUSTER_INKS = {kind: GROUPS[at] for kind, at in {"HH": 3, "LH": 2, "LL": 0, "HL": 6}.items()} | {"": FACTORS["labour"]}
PART_INKS = {"within": palette.GROUPS[0], "between": palette.GROUPS[2], "transvariation": palette.GROUPS[1]}
RIDGES = 8  # densities that one picture holds
THEIL = ("theil_t", "theil_t_within", "theil_t_between", "theil_l", "theil_l_within", "theil_l_between")


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
    counts = {kind: local.filter(cluster=kind).height for kind in CLUSTER_INKS if kind}
    named = local.with_columns(name=pl.when("significant").then("region"))
    name = column("sectors.region", "name", of="name")
    called = result.names.distinct("region", local["region"])
    rows = rows_of(named, names=called.__getitem__, x="value", y="lag", name=name)
    return picture(
        "sectors.scatter", kit.points, rows, _local(result, local), {"year": local["year"][0], **counts},
        unit="deviations", x="own", y="lag", split=(0.0, 0.0),
        corners=[words(f"sectors.cluster.{kind}") for kind in CLUSTER_INKS if kind],
    )  # fmt: skip


def _clusters(result: SpatialAutocorrelation, local: pl.DataFrame) -> Picture | None:
    """Return the tiles of the clusters; None where the regions have no tiles."""
    tiles = arrangement(local["region"].to_list())
    if not tiles:
        return None
    shown = local.with_columns(kind=pl.when("significant").then("cluster").otherwise(pl.lit("")))
    groups = {
        kind: words(f"sectors.cluster.{kind}" if kind else "sectors.chart.not_significant") for kind in CLUSTER_INKS
    }
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
        inks=[CLUSTER_INKS[kind] for kind in groups if kind in present],
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


def called(result: Inequality | Densities) -> Text:
    """Return what the figure of a result is called."""
    return series_text(str(result.provenance.options["value"]), result.names)


def unequal(result: Inequality, *, region: str | None = None) -> Section:
    """Return the Gini over the years and what it is made of."""
    del region  # all are counted
    what, facts = called(result), result.facts()
    grouped = result.frame.height > 0 and result.frame["within"][-1] is not None
    drawn = [_parts(result, what) if grouped else None, _gini(result, what) if result.frame.height else None]
    return Section.of(
        "sectors.inequality",
        drawn,
        [_pairs(result) if grouped else None],
        anchor="inequality",
        facts={"value": what},
        answer=sentences(facts, "sectors"),
        notes=tuple(_notes(result, grouped=grouped)) if result.frame.height else (),
    )


def _parts(result: Inequality, what: Text) -> Picture:
    frame = result.frame.drop_nulls("within")
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    heavy = max(PART_INKS, key=lambda name: last[name])
    facts = {
        "value": what,
        "first": first["year"],
        "before": first["gini"],
        "last": last["year"],
        "after": last["gini"],
    }
    facts |= {"part": words(f"sectors.part.{heavy}"), "share": last[heavy] / last["gini"] if last["gini"] else None}
    rows = [
        {"name": same(row["year"]), **{name: row[name] for name in (*PART_INKS, "gini")}}
        for row in frame.iter_rows(named=True)
    ]
    parts = {name: (words(f"sectors.part.{name}"), ink) for name, ink in PART_INKS.items()}
    return picture(
        "sectors.parts",
        kit.stacked,
        rows,
        _ginis(result),
        facts,
        unit="gini",
        x="gini",
        parts=parts,
        total="gini",
        decimals=3,
    )


def _gini(result: Inequality, what: Text) -> Picture:
    peak = result.frame.sort("gini", descending=True).row(0, named=True)
    last = result.frame.row(-1, named=True)
    facts = {"value": what, "peak": peak["year"], "high": peak["gini"], "last": last["year"], "now": last["gini"]}
    rows = [
        row
        for name in ("gini", "theil_t", "theil_l")
        for row in rows_of(result.frame.drop_nulls(name), group=words(f"sectors.chart.{name}"), year="year", value=name)
    ]
    return picture("sectors.gini", kit.lines, rows, _ginis(result), facts, unit="gini", y="measures", decimals=3)


def _ginis(result: Inequality) -> Table:
    title = words("sectors.table.inequality")
    return table("inequality_years", result.frame, ("year", "regions", "gini", *PART_INKS, *THEIL), result, title=title)


def _pairs(result: Inequality) -> Table:
    year = result.frame["year"][-1]
    columns = ("group", "other", "gini", "affluence")
    names = dict.fromkeys(("group", "other"), lambda code: series_text(code, result.names))
    title = words("sectors.table.pairs", year=year)
    return table(
        "inequality_pairs", result.pairs.filter(year=year), columns, result, part="pairs", names=names, title=title
    )


def _notes(result: Inequality, *, grouped: bool) -> list[Text]:
    notes = [words("sectors.note.gini")]
    notes += [words("sectors.note.dagum")] if grouped else []
    notes += [words("sectors.note.unweighted")] if result.provenance.options.get("weight") is None else []
    counts = result.frame["regions"]
    return notes + (
        [words("sectors.note.ragged", low=counts.min(), high=counts.max())] if counts.n_unique() > 1 else []
    )


def dense(result: Densities, *, region: str | None = None) -> Section:
    """Return where the regions crowd, year by year."""
    del region  # all are counted
    what, facts = called(result), result.facts()
    moves: Any = facts["answer.densities"]
    columns = ["year", "regions", "bandwidth", "mean", "deviation", "mode", "modes", "reason"]
    filled = result.years.with_columns(pl.col("reason_zh", "reason_en").fill_null(""))
    title = words("sectors.table.densities")
    twin = table("densities_years", filled, columns, result, part="years", title=title)
    years = spread(result.frame["year"].unique().sort().to_list(), RIDGES)
    shown = result.frame.filter(pl.col("year").is_in(years)).sort("year", "x")
    rows = rows_of(shown, name=column("sectors.year", "text", of="year"), x="x", density="density")
    named = [row | {"name": same(row["name"])} for row in rows]
    return Section.of(
        "sectors.densities",
        [picture("sectors.ridges", kit.ridges, named, twin, moves, unit="density", x=what)],
        anchor="densities",
        facts={"value": what},
        answer=sentences({key: facts[key] for key in facts if key.startswith("answer.")}, "sectors"),
        notes=tuple(sentences({key: facts[key] for key in facts if key.startswith("note.")}, "sectors")),
    )
