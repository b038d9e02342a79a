"""The sections on complexity: places and activities, how sure the ranks are, and the network of activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.result import Result
from xinzhi.core.text import Text, ranks_text
from xinzhi.pathways.internal import Complexity
from xinzhi.report.charts import kinds
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.section import shown as drawn_as
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import distinct, finding_notes, truncate
from xinzhi.report.table import table

STEPS = 300
BESIDE = 0.15  # pull of a link beside the tree, whose own links pull with one
STRONG = 0.55  # proximity from which a link is drawn beside the tree (Hidalgo et al. 2007)
FEW = 3
MOST = 150  # activities that a network can show
THIRDS = ("high", "middle", "low")
NARROW = 15.0  # width of a name that stands in a picture, in units of its size


def tree(proximity: FloatArray) -> list[tuple[int, int]]:
    """Return the edges of the maximum spanning tree of a proximity matrix (p, p), in the order of its growth (Prim)."""
    p = len(proximity)
    best, parent = proximity[0].astype(float), np.zeros(p, dtype=np.int64)
    inside = np.zeros(p, dtype=bool)
    inside[0] = True
    edges = []
    for _ in range(p - 1):
        nearest = int(np.argmax(np.where(inside, -np.inf, best)))
        edges.append((int(parent[nearest]), nearest))
        inside[nearest] = True
        closer = proximity[nearest] > best
        best[closer], parent[closer] = proximity[nearest][closer], nearest
    return edges


def links(proximity: FloatArray, least: float = STRONG) -> list[tuple[int, int]]:
    """Return the tree and the strongest links beside it, at most as many again as the tree has."""
    base = tree(proximity)
    edges = {tuple(sorted(edge)) for edge in base}
    rows, columns = np.triu_indices(len(proximity), 1)
    strong = [
        (float(proximity[a, b]), int(a), int(b)) for a, b in zip(rows, columns, strict=True) if proximity[a, b] >= least
    ]
    strong.sort(key=lambda edge: (-edge[0], edge[1], edge[2]))
    extra = [(a, b) for _, a, b in strong if (a, b) not in edges]
    return base + extra[: len(base)]


def places(proximity: FloatArray, steps: int = STEPS) -> FloatArray:
    """Return where the activities of a proximity matrix (p, p) stand (p, 2)."""
    # The tree alone would be spread by its distances in steps (classical scaling); from there springs along the links
    # and repulsion between all activities (Fruchterman and Reingold 1991) run to rest. Nothing is drawn at random.
    p = len(proximity)
    if p < 3:  # noqa: PLR2004 - nothing to spread
        return np.array([[float(i), 0.0] for i in range(p)])
    edges = np.array(links(proximity))
    at = _scaled(_distances(p, tree(proximity)))
    weight = np.zeros((p, p))
    weight[edges[:, 0], edges[:, 1]] = weight[edges[:, 1], edges[:, 0]] = BESIDE
    stem = edges[: p - 1]
    weight[stem[:, 0], stem[:, 1]] = weight[stem[:, 1], stem[:, 0]] = 1.0
    ideal, heat = 1.0 / np.sqrt(p), 0.1
    for step in range(steps):
        gap = at[:, None, :] - at[None, :, :]
        length = np.sqrt((gap**2).sum(axis=2)) + 1e-9
        force = ideal**2 / length**2 - weight * length / ideal
        move = (gap * force[:, :, None]).sum(axis=1) - 0.08 * at
        size = np.sqrt((move**2).sum(axis=1, keepdims=True)) + 1e-12
        at = at + move / size * np.minimum(size, heat * (1 - step / steps))
    return np.asarray(at - at.mean(axis=0))


def _distances(p: int, edges: Sequence[tuple[int, int]]) -> FloatArray:
    """Return how many steps of the tree part every two activities; the edges come in the order of the growing tree."""
    distances = np.zeros((p, p))
    queue = [0]
    for parent, child in edges:
        distances[child, queue] = distances[queue, child] = distances[parent, queue] + 1
        queue.append(child)
    return distances


def _scaled(distances: FloatArray) -> FloatArray:
    """Return points in the plane whose distances are like these (Torgerson), the signs fixed."""
    p = len(distances)
    middle = np.eye(p) - 1 / p
    values, vectors = np.linalg.eigh(-0.5 * middle @ distances**2 @ middle)
    coordinates = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0))
    first: IntArray = np.abs(coordinates).argmax(axis=0)
    coordinates = coordinates * np.sign(coordinates[first, range(2)])
    # Leaves of one stem coincide in the plane: a spiral of a thousandth parts them.
    turn = np.arange(p) * 2.399963229728653
    coordinates = coordinates + 1e-3 * np.column_stack([np.cos(turn), np.sin(turn)])
    return np.asarray(coordinates / (np.abs(coordinates).max() or 1.0))


def thirds(values: Mapping[str, float]) -> dict[str, int]:
    """Return the third of every name by its value: 0 the highest."""
    order = sorted(values, key=lambda name: (-values[name], name))
    return {name: 3 * i // len(order) for i, name in enumerate(order)}


def narrow(result: Result, codes: Sequence[str], kind: str = "industry") -> dict[str, Text]:
    """Return the names of activities cut to the width of a picture, no two alike."""
    names = result.names.distinct(kind, codes)
    return distinct({code: truncate(name, NARROW) for code, name in names.items()})


@section.register
def complexity(result: Complexity, *, region: str | None = None) -> Section:
    """Return who is how complex, how activities hang together, and what a region lives on."""
    code = None if region is None else result.names.resolve(region, result.matrix.places)
    if not result.signed:
        opened = words.pathways.summary_sign_open(**result.facts()["summary.sign_open"])
        return Section.of(
            "pathways.complexity",
            [],
            [],
            anchor="paths-complexity",
            answer=[opened],
            notes=finding_notes(result.findings),
        )
    first = str(result.frame.sort("rank")["place"][0])
    how, strength = result.sign
    return Section.of(
        "pathways.complexity",
        [
            space(result, code),
            drawn_as("pathways.ranking", result, None, result.facts()),
            shares(result, code or first),
        ],
        [table("pathways_activities", of=result)],
        anchor="paths-complexity",
        notes=(
            words.pathways.note_of(how, r=strength),
            words.pathways.note_gap(gap=result.gap),
            *finding_notes(result.findings),
        ),
    )


def space(result: Complexity, code: str | None) -> Picture:
    """Return the product space: which activities are near to each other; of one region, which of them it has."""
    # All activities, or the largest, in their order.
    columns = sorted(np.argsort(-result.matrix.values.sum(axis=0), kind="stable")[:MOST].tolist())
    codes = [result.matrix.activities[i] for i in columns]
    proximity = result.proximity[np.ix_(columns, columns)].astype(float)
    at, names = places(proximity), result.names.distinct("industry", result.matrix.activities)
    worth = dict(result.activities.select("activity", "complexity").rows())
    third = thirds({code: worth[code] for code in codes})
    who: Text
    if code is None:
        size, groups = result.matrix.values[:, columns].sum(axis=0), [THIRDS[third[code]] for code in codes]
        who, facts, word = words.pathways.chart_all_regions(), _across(result, codes, proximity, third), "space"
    else:
        row = result.matrix.places.index(code)
        size, presence = result.matrix.values[row, columns], result.present[row, columns]
        groups = ["here" if present else "absent" for present in presence]
        place = result.frame.row(by_predicate=pl.col("place") == code, named=True)
        who, word = result.names.region(code), "space_of"
        counts = {"k": int(result.present[row].sum()), "p": result.activities.height, "n": result.frame.height}
        low, high = (result.ranges or {}).get(code, (None, None))
        word = word if low is None else "space_ranged"
        facts = {"name": who, "rank": place["rank"], "ranks": ranks_text(low, high), **counts}
    nodes = [
        {
            "id": codes[i],
            "x": at[i][0],
            "y": at[i][1],
            "name": names[codes[i]],
            "size": float(size[i]),
            "group": words.pathways.chart_of(groups[i]),
        }
        for i in sorted(range(len(codes)), key=lambda i: ("here", "absent", *THIRDS).index(groups[i]))
    ]
    edges = links(proximity)
    frame = pl.DataFrame(
        [(codes[a], codes[b], float(proximity[a, b])) for a, b in sorted(edges, key=lambda edge: -proximity[edge])],
        schema={"activity": pl.String, "other": pl.String, "proximity": pl.Float64},
        orient="row",
    )
    return picture(
        "pathways.space",
        kinds.network,
        nodes,
        table("pathways_space", frame, of=result),
        facts,
        headline=word,
        unit="proximity",
        edges=[(codes[a], codes[b]) for a, b in edges],
        size=words.pathways.chart_size(name=who),
    )


def _across(
    result: Complexity, codes: Sequence[str], proximity: np.ndarray, third: dict[str, int]
) -> dict[str, object]:
    """Return the most complex activities, and how near the complex ones are to each other and to the rest."""
    high = np.array([third[code] == 0 for code in codes])
    inside = proximity[high[:, None] & high[None, :] & ~np.eye(len(proximity), dtype=bool)]
    across = proximity[high[:, None] != high[None, :]]
    names = result.names.distinct("industry", result.matrix.activities)
    return {
        "top": [names[code] for code in result.activities.sort("rank")["activity"][:FEW]],
        "inside": float(inside.mean()) if inside.size else None,
        "across": float(across.mean()) if across.size else None,
    }


def shares(result: Complexity, code: str) -> Picture:
    """Return what a place lives on."""
    name = result.names.region(code)
    third = thirds(dict(result.activities.select("activity", "complexity").rows()))
    values = result.matrix.values[result.matrix.places.index(code)]
    frame = pl.DataFrame(
        {
            "activity": result.matrix.activities,
            "share": values / values.sum(),
            "third": [THIRDS[third[code]] for code in result.matrix.activities],
        }
    )
    frame = frame.filter(pl.col("share") > 0).sort("share", descending=True, maintain_order=True)
    first, high = frame["share"][:FEW].sum(), frame.filter(third="high")["share"].sum()
    names = result.names.distinct("industry", result.matrix.activities)
    facts = {
        "name": name,
        "top": [names[code] for code in frame["activity"][:FEW]],
        "sum": 100 * first,
        "high": 100 * high,
        "p": result.activities.height,
    }
    # The colours in their order; the treemap sorts by size itself.
    dots = frame.sort(pl.col("third").replace_strict(THIRDS, range(3)), maintain_order=True)
    rows = rows_of(dots, result, {"activity": names.__getitem__}, name="activity", value="share", group="third")
    return picture(
        "pathways.shares",
        kinds.treemap,
        rows,
        table("pathways_shares", frame, of=result, name=name),
        facts,
        unit="part",
    )
