"""The pictures of a decomposition: stacks by region and by group, one region, the map, reallocation over the years."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.sources import tables
from xinzhi.report.rooms.sources.facts import ink, points, word
from xinzhi.report.section import Picture
from xinzhi.sources.facts import pair

if TYPE_CHECKING:
    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.charts.style import Words
    from xinzhi.report.rooms.sources.facts import Facts

MANY = 8  # lines in one chart


def pictures(facts: Facts, region: str | None) -> tuple[Picture, ...]:
    """Return every picture that the decomposition has figures for, the leading one first."""
    drawn = [
        stacked(facts),
        groups(facts),
        waterfall(facts, region),
        tile_map(facts, "map", leading_parts(facts.rows, facts)),
        tile_map(facts, "apart", leading_parts(apart(facts), facts)),
        reallocation(facts),
        beside(facts),
    ]
    return tuple(one for one in drawn if one is not None)


def _unit() -> Text:
    return words("sources.unit_of.points")


def stacked(facts: Facts) -> Picture:
    """Return the stacked contributions by region, with the residual's dot."""
    parts = facts.parts(facts.rows)
    rows = [
        {"name": facts.view.name(row["region"]), **{name: points(row, name) for name in (*parts, "tfp_growth")}}
        for row in facts.rows.iter_rows(named=True)
    ]
    inks = {name: (word(name), ink(name)) for name in parts}
    return Picture(
        kind="sources",
        title=words("sources.title.sources"),
        headline=_stacked_headline(facts),
        draw=lambda w: kit.stacked(w, rows, inks, x=_unit(), total="tfp_growth", decimals=2),
        how=words("sources.how.sources"),
        unit=_unit(),
        twin=tables.by_region(facts),
    )


def _stacked_headline(facts: Facts) -> Text:
    rows = facts.rows
    found = leading_parts(rows, facts)
    if not found.height:
        return words("sources.headline.within", span=facts.span.label)
    (source, k), *_ = found["source"].value_counts(sort=True).rows()
    known = rows.drop_nulls("allocation")
    values = {"source": word(source), "k": k, "n": rows.height, "span": facts.span.label}
    if not known.height:
        return words("sources.headline.total", **values)
    return words("sources.headline.sources", up=known.filter(pl.col("allocation") > 0).height, **values)


def leading_parts(rows: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Return ``region, source, contribution`` of the part that moved TFP most in every row.

    It is the largest part of the sign that the whole has: what made TFP grow, or what made it fall.
    """
    names = [name for name in facts.parts(rows) if name not in {"unallocated", "within_only"}]
    signed = pl.col("contribution") * pl.when(pl.col("tfp_growth") < 0).then(-1).otherwise(1)
    return (
        rows.drop_nulls("breakthrough")
        .unpivot(names, index=["region", "tfp_growth"], variable_name="source", value_name="contribution")
        .drop_nulls("contribution")
        .sort("region", signed, descending=[False, True])
        .group_by("region", maintain_order=True)
        .first()
        .select("region", "source", "contribution")
    )


def apart(facts: Facts) -> pl.DataFrame:
    """Return the regions less all of them together; no rows where the regions have no sum."""
    whole = facts.group_rows.filter(pl.col("region") == "total") if facts.group_rows.height else facts.group_rows
    if not whole.height:
        return facts.rows.clear()
    names = [name for name in (*facts.parts(facts.rows), "tfp_growth") if whole[name][0] is not None]
    return facts.rows.with_columns(pl.col(name) - whole[name][0] for name in names)


def groups(facts: Facts) -> Picture | None:
    """Return the stacked contributions of the macro-regions and of the whole; None where there are no groups."""
    frame = facts.group_rows
    two = pair(facts.result)
    if two is None:
        return None
    parts = facts.parts(frame)
    rows = [
        {"name": facts.groups[row["region"]], **{name: points(row, name) for name in (*parts, "tfp_growth")}}
        for row in frame.iter_rows(named=True)
    ]
    inks = {name: (word(name), ink(name)) for name in parts}
    low, high = (next(row for row in frame.iter_rows(named=True) if row["region"] == one["region"]) for one in two)
    lost = {name: (points(high, name) or 0.0) - (points(low, name) or 0.0) for name in parts}
    most = max(lost, key=lambda name: lost[name])
    return Picture(
        kind="groups",
        title=words("sources.title.groups"),
        headline=words(
            "sources.headline.groups",
            low=facts.groups[low["region"]],
            high=facts.groups[high["region"]],
            gap=number(sum(lost.values()), 2),
            part=word(most),
            most=number(lost[most], 2),
            span=facts.span.label,
        ),
        draw=lambda w: kit.stacked(w, rows, inks, x=_unit(), total="tfp_growth", decimals=2),
        how=words("sources.how.groups"),
        unit=_unit(),
        twin=tables.by_group(facts),
    )


def waterfall(facts: Facts, region: str | None) -> Picture:
    """Return the sources one upon the other, for one region."""
    code = facts.code(region)
    row = facts.rows.filter(pl.col("region") == code).row(0, named=True)
    parts = [name for name in facts.parts(facts.rows, split=True) if row[name] is not None]
    steps = [(_step(name), points(row, name) or 0.0, ink(name)) for name in (*parts, "tfp_growth")]
    told = listing(
        [words("sources.chart.part", part=word(name), value=percent(row[name], 2, sign=True)) for name in parts]
    )
    values = {"name": facts.view.name(code), "tfp": percent(row["tfp_growth"], 2), "span": facts.span.label}
    return Picture(
        kind="waterfall",
        title=words("sources.title.waterfall", name=values["name"]),
        headline=words("sources.headline.waterfall", parts=told, **values),
        draw=lambda w: kit.waterfall(w, steps, y=_unit()),
        how=words("sources.how.waterfall"),
        unit=_unit(),
        twin=tables.one_region(facts, code, parts),
    )


def _step(part: str) -> Text:
    """Return a word short enough to stand under a bar."""
    plain = part.removesuffix("_only")
    return words(f"sources.chart.{plain}") if plain.startswith(("upgrading_", "within")) else word(part)


def tile_map(facts: Facts, kind: str, found: pl.DataFrame) -> Picture | None:
    """Return the tile map of a leading part; None without an arrangement of the regions, or where none can be told.

    Parameters
    ----------
    facts
        The decomposition.
    kind
        ``map`` for the leading source, ``apart`` for what sets a region apart from all together.
    found
        From `leading_parts`.
    """
    if not facts.view.tiles or not found.height:
        return None
    order = [name for name in facts.parts(facts.rows) if name in set(found["source"])]
    rows = [
        {"region": code, "group": word(source), "value": 100 * value}
        for name in order
        for code, source, value in found.filter(pl.col("source") == name).rows()
    ]
    counts = found["source"].value_counts(sort=True).sort("count", "source", descending=[True, False]).rows()
    told = listing([words("sources.chart.in_regions", part=word(name), k=k) for name, k in counts])
    key = "sources.headline.map" if kind == "map" else "sources.headline.apart"
    return Picture(
        kind=kind,
        title=words(f"sources.title.{kind}"),
        headline=words(key, parts=told, span=facts.span.label),
        draw=partial(_map, facts=facts, rows=rows, inks=[ink(name) for name in order]),
        how=words(f"sources.how.{kind}"),
        unit=_unit(),
        twin=tables.leading(facts, kind, found),
    )


def _map(w: Words, *, facts: Facts, rows: list[dict[str, Any]], inks: list[str]) -> ChartType:
    return kit.tiles(w, rows, facts.view.tiles, title=words("sources.title.map"), inks=inks)


def reallocation(facts: Facts) -> Picture | None:
    """Return what reallocation gave over the years by macro-region, by region where there are few and no groups."""
    frame = facts.result.groups if facts.grouped else facts.result.frame
    rows = frame.drop_nulls("allocation").sort("region", "year")
    names = [name for name in _order(facts, rows) if name in set(rows["region"])]
    if rows["year"].n_unique() <= 1 or not 0 < len(names) <= MANY:
        return None
    label = facts.groups.get if facts.grouped else facts.view.name
    years = range(int(rows["year"].sort()[0]), int(rows["year"].sort()[-1]) + 1)
    known = {(region, year): value for region, year, value in rows.select("region", "year", "allocation").rows()}
    lines = [
        {
            "group": label(name),
            "year": year,
            "value": None if (value := known.get((name, year))) is None else 100 * value,
        }
        for name in names
        for year in years
    ]
    lead = "total" if "total" in names else names[0]
    own = rows.filter(pl.col("region") == lead)
    first, last = own.row(0, named=True), own.row(-1, named=True)
    return Picture(
        kind="reallocation",
        title=words("sources.title.reallocation"),
        headline=words(
            "sources.headline.reallocation",
            name=label(lead) or word("allocation"),
            first=percent(first["allocation"], 2, sign=True),
            last=percent(last["allocation"], 2, sign=True),
            start=first["year"],
            end=last["year"],
        ),
        draw=lambda w: kit.lines(w, lines, y=_unit(), reference=0),
        how=words("sources.how.reallocation"),
        unit=_unit(),
        twin=tables.reallocation(facts, rows, names),
    )


def _order(facts: Facts, rows: pl.DataFrame) -> list[str]:
    """Return the groups in the order of the regions table, the whole last; single regions by code."""
    if facts.grouped:
        return [*(group.en for group in facts.view.groups), "total"]
    return rows["region"].unique().sort().to_list()


def beside(facts: Facts) -> Picture | None:
    """Return breakthrough against the technical change of a frontier analysis, by region; None where none was given."""
    if facts.result.beside is None:
        return None
    means = tables.beside_means(facts.result.beside)
    rows = means.filter(pl.col("source") == "breakthrough").drop_nulls()
    if not rows.height:
        return None
    dots = [
        {
            "name": facts.view.name(code),
            "value": 100 * ours,
            "low": 100 * min(ours, frontier),
            "high": 100 * max(ours, frontier),
        }
        for code, ours, frontier in rows.sort("frontier", descending=True).select("region", "ours", "frontier").rows()
    ]
    same = rows.filter((pl.col("ours") > 0) == (pl.col("frontier") > 0)).height
    values = {name: percent(float(rows[name].to_numpy().mean()), 2) for name in ("ours", "frontier")}
    return Picture(
        kind="beside",
        title=words("sources.title.beside"),
        headline=words("sources.headline.beside", k=same, n=len(dots), **values),
        draw=lambda w: kit.dots(w, dots, x=_unit(), reference=0, decimals=2),
        how=words("sources.how.beside"),
        unit=_unit(),
        twin=tables.beside(facts, means),
    )
