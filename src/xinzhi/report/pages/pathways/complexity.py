"""The sections on complexity: the product space, who is how complex, what a region lives on, and how sure ranks are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from xinzhi.core.result import Result
from xinzhi.core.text import Text, words
from xinzhi.pathways import Complexity, Uncertainty
from xinzhi.report.charts import kit
from xinzhi.report.pages.pathways import layout
from xinzhi.report.picture import picture, rows_of
from xinzhi.report.section import Picture, Section
from xinzhi.report.sentence import distinct, finding_notes, short
from xinzhi.report.table import table

FEW = 3
MOST = 150  # activities that a network can show
THIRDS = ("high", "middle", "low")
NARROW = 15.0  # width of a name that stands in a picture, in units of its size


def narrow(result: Result, codes: Sequence[str], kind: str = "industry") -> dict[str, Text]:
    """Return the names of activities cut to the width of a picture, no two alike."""
    names = result.names.distinct(kind, codes)
    return distinct({code: short(name, NARROW) for code, name in names.items()})


def complexity(result: Complexity, *, region: str | None = None) -> Section:
    """Return who is how complex, how activities hang together, and what a region lives on."""
    code = None if region is None else result.names.resolve(region, result.matrix.places)
    if not result.signed:
        opened = words("pathways.summary.sign_open", **result.facts()["summary.sign_open"])
        return Section.of(
            "pathways.complexity", [], [], anchor="paths-complexity", answer=[opened],
            notes=finding_notes(result.findings),
        )  # fmt: skip
    first = str(result.frame.sort("rank")["place"][0])
    how, strength = result.sign
    columns = ("activity", "rank", "complexity", "ubiquity", "fitness")
    return Section.of(
        "pathways.complexity",
        [space(result, code), ranking(result), shares(result, code or first)],
        [table("pathways_activities", result.activities.sort("rank"), columns, result)],
        anchor="paths-complexity",
        notes=(
            words(f"pathways.note.{how}", r=strength),
            words("pathways.note.gap", gap=result.gap),
            *finding_notes(result.findings),
        ),
    )


def space(result: Complexity, code: str | None) -> Picture:
    """Return the product space: which activities are near to each other; of one region, which of them it has."""
    # All activities, or the largest, in their order.
    kept = sorted(np.argsort(-result.matrix.values.sum(axis=0), kind="stable")[:MOST].tolist())
    codes = [result.matrix.activities[i] for i in kept]
    near = result.proximity[np.ix_(kept, kept)].astype(float)
    at, labels = layout.places(near), narrow(result, result.matrix.activities)
    worth = dict(result.activities.select("activity", "complexity").rows())
    third = layout.thirds({one: worth[one] for one in codes})
    if code is None:
        size, groups = result.matrix.values[:, kept].sum(axis=0), [THIRDS[third[one]] for one in codes]
        who, facts, word = words("pathways.chart.all_regions"), _across(result, codes, near, third), "space"
    else:
        row = result.matrix.places.index(code)
        size, here = result.matrix.values[row, kept], result.present[row, kept]
        groups = ["here" if one else "absent" for one in here]
        own = result.frame.row(by_predicate=pl.col("place") == code, named=True)
        who, word = result.names.region(code), "space_of"
        counts = {"k": int(result.present[row].sum()), "p": result.activities.height, "n": result.frame.height}
        facts = {"name": who, "rank": own["rank"], **counts}
    written = layout.shown(at, [labels[one] for one in codes], size.tolist())
    nodes = [
        {"id": codes[i], "x": at[i][0], "y": at[i][1], "name": labels[codes[i]], "size": float(size[i]),
         "group": words(f"pathways.chart.{groups[i]}"), "shown": written[i]}
        for i in sorted(range(len(codes)), key=lambda i: ("here", "absent", *THIRDS).index(groups[i]))
    ]  # fmt: skip
    links = layout.links(near)
    frame = pl.DataFrame(
        [(codes[a], codes[b], float(near[a, b])) for a, b in sorted(links, key=lambda one: -near[one])],
        schema={"activity": pl.String, "other": pl.String, "proximity": pl.Float64},
        orient="row",
    )
    return picture(
        "pathways.space", kit.network, nodes, table("pathways_space", frame, of=result), facts, headline=word,
        unit="proximity", edges=[(codes[a], codes[b]) for a, b in links], size=words("pathways.chart.size", name=who),
    )  # fmt: skip


def _across(result: Complexity, codes: Sequence[str], near: np.ndarray, third: dict[str, int]) -> dict[str, object]:
    """Return the most complex activities, and how near the complex ones are to each other and to the rest."""
    high = np.array([third[one] == 0 for one in codes])
    inside = near[high[:, None] & high[None, :] & ~np.eye(len(near), dtype=bool)]
    across = near[high[:, None] != high[None, :]]
    names = result.names.distinct("industry", result.matrix.activities)
    return {
        "top": [names[one] for one in result.activities.sort("rank")["activity"][:FEW]],
        "inside": float(inside.mean()) if inside.size else None,
        "across": float(across.mean()) if across.size else None,
    }


def ranking(result: Complexity) -> Picture:
    """Return the complexity of all places."""
    frame = result.frame.sort("rank")
    columns = ("place", "rank", "complexity", "diversity", "fitness", "outlook")
    return picture(
        "pathways.complexity", kit.dots, rows_of(frame, result, name="place", value="complexity"),
        table("pathways_places", frame, columns, result), result.facts()["headline.ranking"], title="ranking",
        headline="ranking", how="ranking", unit="deviations", x="complexity", reference=0, decimals=2,
    )  # fmt: skip


def shares(result: Complexity, code: str) -> Picture:
    """Return what a place lives on."""
    name, labels = result.names.region(code), narrow(result, result.matrix.activities)
    third = layout.thirds(dict(result.activities.select("activity", "complexity").rows()))
    values = result.matrix.values[result.matrix.places.index(code)]
    frame = pl.DataFrame(
        {
            "activity": result.matrix.activities,
            "share": values / values.sum(),
            "third": [THIRDS[third[one]] for one in result.matrix.activities],
        }
    )
    frame = frame.filter(pl.col("share") > 0).sort("share", descending=True, maintain_order=True)
    first, high = frame["share"][:FEW].sum(), frame.filter(third="high")["share"].sum()
    names = result.names.distinct("industry", result.matrix.activities)
    facts = {
        "name": name, "top": [names[one] for one in frame["activity"][:FEW]], "sum": 100 * first, "high": 100 * high
    }  # fmt: skip
    # The colours in their order; the treemap sorts by size itself.
    drawn = frame.sort(pl.col("third").replace_strict(THIRDS, range(3)), maintain_order=True)
    rows = rows_of(drawn, result, {"activity": labels.__getitem__}, name="activity", value="share", group="third")
    return picture(
        "pathways.shares", kit.treemap, rows, table("pathways_shares", frame, of=result, name=name), facts, unit="part"
    )


def uncertainty(result: Uncertainty, *, region: str | None = None) -> Section:
    """Return the ranks with their intervals."""
    del region
    frame, options = result.frame.sort("rank"), result.provenance.options
    headline, facts = next(iter(result.facts().items()))
    drawn = picture(
        "pathways.ranks", kit.dots,
        rows_of(frame, result, name="place", value="rank", low="rank_low", high="rank_high"),
        table("pathways_ranks", frame, ("place", "rank", "rank_low", "rank_high", "top_third"), result), facts,
        headline=headline.removeprefix("headline."), unit="rank", x="rank", decimals=0, domain=(0, frame.height + 1),
    )  # fmt: skip
    note = words(f"pathways.note.draws_{options['source']}", draws=result.used, unit=f"{options['unit']:g}")
    return Section.of("pathways.uncertainty", [drawn], anchor="paths-uncertainty", notes=(note,))
