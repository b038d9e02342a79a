"""The sections on complexity: the product space, who is how complex, what a region lives on, and how sure ranks are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xinzhi.report.catalogue import listing, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.pathways import layout
from xinzhi.report.rooms.pathways.names import Names, column, sentence, told
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Text
    from xinzhi.pathways import Complexity, Uncertainty

FEW = 3
MOST = 150  # activities that a network can show
THIRDS = ("high", "middle", "low")
SURE = 0.95


def complexity(result: Complexity, *, region: str | None = None) -> Section:
    """Return who is how complex, how activities hang together, and what a region lives on."""
    names = Names(result, result.matrix.places, result.matrix.activities)
    code = None if region is None else names.chosen(region, "")
    first = str(result.frame.sort("rank")["place"][0])
    drawn = (space(result, names, code), ranking(result, names), shares(result, names, code or first))
    how, strength = result.sign
    sign = words("pathways.note.diversity", r=number(strength, 2)) if how == "diversity" else (
        words("pathways.note.anchor", r=number(strength, 2))
    )  # fmt: skip
    return Section(
        key="paths-complexity",
        title=words("pathways.title.complexity"),
        answer=tuple(sentence(one.headline) for one in drawn),
        pictures=drawn,
        tables=(activities(result, names),),
        notes=(sign, words("pathways.note.gap", gap=number(result.gap, 3)), *told(result.findings)),
    )


def space(result: Complexity, names: Names, code: str | None) -> Picture:
    """Return the product space: which activities are near to each other; of one region, which of them it has."""
    kept = _largest(result)
    codes = [result.matrix.activities[i] for i in kept]
    near = result.proximity[np.ix_(kept, kept)].astype(float)
    at = layout.places(near)
    total = result.matrix.values[:, kept].sum(axis=0)
    worth = dict(result.activities.select("activity", "complexity").rows())
    third = layout.thirds({one: worth[one] for one in codes})
    labels = [names.narrow[one] for one in codes]
    groups = [words(f"pathways.chart.{THIRDS[third[one]]}") for one in codes]
    size = total
    if code is not None:
        row = result.matrix.places.index(code)
        here = result.present[row, kept]
        groups = [words("pathways.chart.here") if one else words("pathways.chart.absent") for one in here]
        size = result.matrix.values[row, kept]
    written = layout.shown(at, labels, size.tolist())
    nodes = [
        {"id": one, "x": x, "y": y, "name": label, "group": group, "size": float(amount), "shown": seen}
        for one, (x, y), label, group, amount, seen in zip(
            codes, at.tolist(), labels, groups, size, written, strict=True
        )
    ]
    order = [words(f"pathways.chart.{name}") for name in ("here", "absent", *THIRDS)]
    nodes.sort(key=lambda node: order.index(node["group"]))
    edges = [(codes[a], codes[b]) for a, b in layout.links(near)]
    who = words("pathways.chart.all_regions") if code is None else names.place(code)
    return Picture(
        kind="space",
        title=words("pathways.title.space"),
        headline=_space_headline(result, names, code, near, np.array([third[one] == 0 for one in codes])),
        draw=lambda w: kit.network(w, nodes, edges, size=words("pathways.chart.size", name=who)),
        how=words("pathways.how.space"),
        unit=words("pathways.unit_of.proximity"),
        twin=_links_table(names, codes, near),
    )


def _largest(result: Complexity) -> list[int]:
    """Return the activities that are drawn, in their order: all, or the largest."""
    total = result.matrix.values.sum(axis=0)
    return sorted(np.argsort(-total, kind="stable")[:MOST].tolist())


def _space_headline(result: Complexity, names: Names, code: str | None, near: FloatArray, high: np.ndarray) -> Text:
    if code is not None:
        row = result.matrix.places.index(code)
        here = int(result.present[row].sum())
        place = result.frame.filter(pl.col("place") == code).row(0, named=True)
        return words(
            "pathways.headline.space_of", name=names.place(code), k=here, p=result.activities.height,
            rank=place["rank"], n=result.frame.height,
        )  # fmt: skip
    pair = high[:, None] & high[None, :]
    off = ~np.eye(len(near), dtype=bool)
    inside, across = near[pair & off], near[(high[:, None] != high[None, :])]
    top = result.activities.sort("rank")["activity"].to_list()[:FEW]
    return words(
        "pathways.headline.space",
        top=listing([names.activity(one) for one in top]),
        inside=number(float(inside.mean()) if inside.size else None, 2),
        across=number(float(across.mean()) if across.size else None, 2),
    )


def _links_table(names: Names, codes: list[str], near: FloatArray) -> Table:
    rows = [
        (names.activity(codes[a]), names.activity(codes[b]), float(near[a, b]))
        for a, b in sorted(layout.links(near), key=lambda one: -near[one])
    ]
    columns = (column("activity", "name"), column("other_activity", "name"), column("proximity", "score"))
    return Table(key="pathways_space", title=words("pathways.table.space"), columns=columns, rows=rows)


def ranking(result: Complexity, names: Names) -> Picture:
    """Return the complexity of all places."""
    frame = result.frame.sort("rank")
    rows = [{"name": names.place(one), "value": value} for one, value in frame.select("place", "complexity").rows()]
    order = frame["place"].to_list()
    cells = [
        (names.place(row["place"]), row["rank"], row["complexity"], row["diversity"], row["fitness"], row["outlook"])
        for row in frame.iter_rows(named=True)
    ]
    columns = (
        column("place", "name"),
        column("rank", "integer"),
        column("complexity", "score"),
        column("diversity", "integer"),
        column("fitness", "figure"),
        column("outlook", "figure"),
    )
    return Picture(
        kind="complexity",
        title=words("pathways.title.ranking"),
        headline=words(
            "pathways.headline.ranking",
            top=listing([names.place(one) for one in order[:FEW]]),
            last=listing([names.place(one) for one in order[::-1][:FEW]]),
            n=len(order),
        ),
        draw=lambda w: kit.dots(w, rows, x=words("pathways.chart.complexity"), reference=0, decimals=2),
        how=words("pathways.how.ranking"),
        unit=words("pathways.unit_of.deviations"),
        twin=Table(key="pathways_places", title=words("pathways.table.places"), columns=columns, rows=cells),
    )


def shares(result: Complexity, names: Names, code: str) -> Picture:
    """Return what a place lives on."""
    row = result.matrix.places.index(code)
    values = result.matrix.values[row]
    part = 100 * values / values.sum()
    codes = result.matrix.activities
    third = layout.thirds(dict(result.activities.select("activity", "complexity").rows()))
    order = [i for i in np.argsort(-part, kind="stable") if part[i] > 0]
    order.sort(key=lambda i: third[codes[i]])  # the colours in their order; the treemap sorts by size itself
    rows = [
        {
            "name": names.narrow[codes[i]],
            "value": float(part[i]),
            "group": words(f"pathways.chart.{THIRDS[third[codes[i]]]}"),
        }
        for i in order
    ]
    largest = sorted(order, key=lambda i: -part[i])
    cells = [
        (names.activity(codes[i]), float(part[i]), words(f"pathways.chart.{THIRDS[third[codes[i]]]}")) for i in largest
    ]
    high = float(sum(part[i] for i in order if third[codes[i]] == 0))
    columns = (column("activity", "name"), column("part", "percent", words("pathways.unit_of.part")),
               column("third", "text"))  # fmt: skip
    return Picture(
        kind="shares",
        title=words("pathways.title.shares", name=names.place(code)),
        headline=words(
            "pathways.headline.shares",
            name=names.place(code),
            top=listing([names.activity(codes[i]) for i in largest[:FEW]]),
            sum=number(float(sum(part[i] for i in largest[:FEW])), 0),
            high=number(high, 0),
        ),
        draw=lambda w: kit.treemap(w, rows),
        how=words("pathways.how.shares"),
        unit=words("pathways.unit_of.part"),
        twin=Table(key="pathways_shares", title=words("pathways.table.shares", name=names.place(code)),
                   columns=columns, rows=cells),
    )  # fmt: skip


def activities(result: Complexity, names: Names) -> Table:
    """Return the table of the activities."""
    rows = [
        (names.activity(row["activity"]), row["rank"], row["complexity"], row["ubiquity"], row["fitness"])
        for row in result.activities.sort("rank").iter_rows(named=True)
    ]
    columns = (
        column("activity", "name"),
        column("rank", "integer"),
        column("complexity", "score"),
        column("ubiquity", "integer"),
        column("fitness", "figure"),
    )
    return Table(key="pathways_activities", title=words("pathways.table.activities"), columns=columns, rows=rows)


def uncertainty(result: Uncertainty, *, region: str | None = None) -> Section:
    """Return the ranks with their intervals."""
    del region
    frame = result.frame.sort("rank")
    names = Names(result, frame["place"])
    rows = [
        {"name": names.place(row["place"]), "value": row["rank"], "low": row["rank_low"], "high": row["rank_high"]}
        for row in frame.iter_rows(named=True)
    ]
    sure = [names.place(one) for one in frame.filter(pl.col("top_third") >= SURE)["place"]]
    options = result.provenance.options
    wide = float((frame["rank_high"] - frame["rank_low"]).to_numpy().mean())
    level = number(100 * options["level"], 0)
    values = {"level": level, "wide": number(wide, 0), "n": frame.height, "draws": result.used}
    headline = (
        words("pathways.headline.ranks", sure=listing(sure, 6), **values)
        if sure
        else words("pathways.headline.no_ranks", **values)
    )
    cells = [
        (names.place(row["place"]), row["rank"], row["rank_low"], row["rank_high"], 100 * row["top_third"])
        for row in frame.iter_rows(named=True)
    ]
    columns = (
        column("place", "name"),
        column("rank", "integer"),
        column("rank_low", "integer"),
        column("rank_high", "integer"),
        column("top_third", "percent", words("pathways.unit_of.draws")),
    )
    drawn = Picture(
        kind="ranks",
        title=words("pathways.title.ranks"),
        headline=headline,
        draw=lambda w: kit.dots(w, rows, x=words("pathways.chart.rank"), decimals=0, domain=(0, frame.height + 1)),
        how=words("pathways.how.ranks", level=level),
        unit=words("pathways.unit_of.rank"),
        twin=Table(key="pathways_ranks", title=words("pathways.table.ranks"), columns=columns, rows=cells),
    )
    unit = options["unit"]
    return Section(
        key="paths-uncertainty",
        title=words("pathways.title.uncertainty"),
        answer=(sentence(headline),),
        pictures=(drawn,),
        notes=(words(f"pathways.note.draws_{options['source']}", draws=result.used, unit=f"{unit:g}"),),
    )
