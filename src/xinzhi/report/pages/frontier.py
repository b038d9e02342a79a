"""The pages of an efficiency and the frontier drawn, and what all pages of the frontier need: sentences and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.schema import Kind, described
from xinzhi.core.text import Text, listing, number, unit_text
from xinzhi.frontier import Efficiency
from xinzhi.frontier.internal import Labelled, Labels, conventions, good_text, rts_text
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import sentence
from xinzhi.report.table import NO_UNIT, Column, Table, column, table

Curve = list[tuple[float, float]]
CONVEX = {"crs", "vrs", "nirs", "drs", "ndrs", "irs"}
REACH = 1.04  # how far the ends of the frontier are drawn beyond the points
_ROUNDING = 1e-9
_STILL = 1e-7  # percent: what changes by less is rounding


def sentences_of(result: Labelled) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Return the answer and the notes that the facts of a result make."""
    answer: list[Text] = []
    notes: list[Text] = []
    for key, values in result.facts().items():
        entries = [values] if not isinstance(values, list) else values
        sentences = [words.by_key(f"frontier.{key}", **entry) for entry in entries]
        if key.startswith("headline."):
            sentences = [sentence(text) for text in sentences]
        (notes if key.startswith("note.") else answer).extend(sentences)
    return tuple(answer), tuple(notes)


def section_of_facts(
    result: Labelled,
    name: str,
    pictures: Iterable[Picture | None],
    tables: Iterable[Table | None] = (),
    *more: Text,
    facts: Mapping[str, object] | None = None,
) -> Section:
    """Return the page of a result: what its facts say, pictures and tables, and notes, those on the data last."""
    answer, notes = sentences_of(result)
    return Section.of(
        f"frontier.{name}",
        pictures,
        tables,
        anchor=name.replace("_", "-"),
        answer=answer,
        facts=facts,
        notes=(*notes, *more, *result.labels.notes),
    )


def draw(
    name: str,
    result: Labelled,
    frame: pl.DataFrame | None = None,
    facts: Mapping[str, Any] | None = None,
    **options: Any,  # noqa: ANN401 - as `shown` takes them
) -> Picture | None:
    """Return a picture from its row of data; without facts of its own it has the leading one of the result."""
    leading = {} if facts is not None else {"headline": headline(result)}
    return shown(f"frontier.{name}", result, frame, facts, **{"names": labels(result), **leading, **options})


def headline(result: Labelled) -> Text:
    """Return the leading fact in words."""
    key, values = next((pair for pair in result.facts().items() if pair[0].startswith("headline.")), ("", {}))
    return words.by_key(f"frontier.{key}", **values) if key else words.frontier.answer_nothing()


def chosen(result: Labelled, region: str | None, units: Iterable[object]) -> str | None:
    """Return the code of the unit that was asked for by code or name, None where none was."""
    return None if region is None else result.names.resolve(region, units)


def labels(result: Labelled) -> dict[str, Callable[[Any], Text | None]]:
    """Return what units, their groups and goods are called, for the columns of a table."""
    region = result.names.region
    return {"unit": region, "peer": region, "group": lambda unit: group_text(result, unit), "good": good_text}


def group_text(result: Labelled, unit: object) -> Text | None:
    """Return the group of a unit, None where it has none."""
    return result.labels.groups.get(str(unit))


def measured(name: str, labels: Labels) -> Text:
    """Return what a good is called with its unit of measurement."""
    unit = labels.measures.get(name)
    if not unit:
        return good_text(name)
    return words.frontier.chart_measured(good=good_text(name), unit=unit_text(unit))


def head(name: str, kind: Kind, unit: Text | None = None, *, of: str | None = None, **values: object) -> Column:
    """Return a column of the catalogue of the topic."""
    return column(f"frontier.{name}", kind, unit, of=of, **values)


def column_of(title: Text, kind: Kind, name: str, unit: Text | None = None) -> Column:
    """Return a column with a title of its own."""
    return Column(title=title, kind=kind, name=name, unit=unit or NO_UNIT)


def domain(frame: pl.DataFrame, *columns: str, at: float = 0.0) -> tuple[float, float]:
    """Return the ends of an axis that holds every value, interval and the reference."""
    reach = [at, *(value for name in columns for value in frame[name].drop_nulls())]
    margin = 0.05 * ((max(reach) - min(reach)) or 1.0)
    return min(reach) - margin, max(reach) + margin


def plane(result: Efficiency, region: str | None) -> Picture | None:
    """Return the picture of a technology that two axes can hold; None for any other."""
    data, rts, goods = result.data, result.rts, result.data.goods
    if data.reference is not None:
        return None
    if goods.widths == (1, 1, 0) and rts in CONVEX | {"fdh"}:
        x, y = goods.x[:, 0], goods.y[:, 0]
        titles = (measured(data.inputs[0], result.labels), measured(data.outputs[0], result.labels))
        return _picture(result, region, (x, y), production(x, y, rts), titles)
    ray = rts in CONVEX
    if goods.widths == (2, 1, 0) and ray and (goods.y > 0).all():
        x, y = (goods.x / goods.y).T
        titles = (_per(data.inputs[0], data.outputs[0]), _per(data.inputs[1], data.outputs[0]))
        return _picture(result, region, (x, y), isoquant(x, y), titles)
    if goods.widths == (1, 2, 0) and ray and (goods.x > 0).all():
        x, y = (goods.y / goods.x).T
        titles = (_per(data.outputs[0], data.inputs[0]), _per(data.outputs[1], data.inputs[0]))
        return _picture(result, region, (x, y), transformation(x, y), titles)
    return None


def production(x: FloatArray, y: FloatArray, rts: str) -> Curve:
    """Return the frontier of one output over one input, of every unit, under convex returns or ``fdh``."""
    end = float(x.max()) * REACH
    if rts == "fdh":
        return _steps(x, y, end)
    best = int(np.argmax(y / np.where(x > 0, x, np.nan)))
    slope = float(y[best] / x[best])
    if rts == "crs":
        return [(0.0, 0.0), (end, slope * end)]
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    if rts in {"nirs", "drs"}:
        points.append((0.0, 0.0))
    hull = _above(points)
    if rts in {"ndrs", "irs"}:
        rising = [point for point in hull if point[0] <= x[best]]
        return [(rising[0][0], 0.0), *rising, (end, slope * end)]
    top = max(point[1] for point in hull)
    rising = hull[: next(i for i, point in enumerate(hull) if point[1] == top) + 1]
    foot = [] if rising[0] == (0.0, 0.0) else [(rising[0][0], 0.0)]
    return [*foot, *rising, (end, top)]


def isoquant(x: FloatArray, y: FloatArray) -> Curve:
    """Return the least inputs for one unit of output under constant returns."""
    ends = float(x.max()) * REACH, float(y.max()) * REACH
    low = [(a, -b) for a, b in _above([(a, -b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])]
    deepest = min(point[1] for point in low)
    falling = low[: next(i for i, point in enumerate(low) if point[1] == deepest) + 1]
    return [(falling[0][0], ends[1]), *falling, (ends[0], deepest)]


def transformation(x: FloatArray, y: FloatArray) -> Curve:
    """Return the largest outputs of one unit of input under constant returns."""
    hull = _above(list(zip(x.tolist(), y.tolist(), strict=True)))
    top = max(point[1] for point in hull)
    falling = hull[next(i for i, point in enumerate(hull) if point[1] == top) :]
    return [(0.0, top), *falling, (falling[-1][0], 0.0)]


def _above(points: Sequence[tuple[float, float]]) -> Curve:
    """Return the upper hull of points from left to right (Andrew 1979)."""
    hull: Curve = []
    for point in sorted(set(points)):
        if hull and point[0] == hull[-1][0]:
            hull.pop()
        while len(hull) > 1:
            (a, b), (c, d), (e, f) = hull[-2], hull[-1], point
            if (c - a) * (f - b) < (d - b) * (e - a):
                break
            hull.pop()
        hull.append(point)
    return hull


def _steps(x: FloatArray, y: FloatArray, end: float) -> Curve:
    """Return the staircase of the free disposal hull."""
    order = np.lexsort((-y, x))
    path: Curve = [(float(x[order[0]]), 0.0)]
    height = 0.0
    for at in order.tolist():
        if y[at] > height:
            path += [(float(x[at]), height), (float(x[at]), float(y[at]))]
            height = float(y[at])
    return [*path[1:], (end, height)]


def _per(top: str, bottom: str) -> Text:
    return words.frontier.chart_per(top=good_text(top), bottom=good_text(bottom))


def _picture(
    result: Efficiency,
    region: str | None,
    points: tuple[FloatArray, FloatArray],
    curve: Curve,
    titles: tuple[Text, Text],
) -> Picture | None:
    efficient = dict(result.ranked.select("unit", "efficient").rows())
    scores = result.ranked.drop_nulls("value")
    last = scores["unit"][-1]
    on, off = words.frontier.chart_reached(), words.frontier.chart_short()
    rows = []
    for unit, x, y in zip(result.data.units, points[0].tolist(), points[1].tolist(), strict=True):
        row = {"x": x, "y": y, "group": on if efficient[unit] else off}
        labelled = efficient[unit] or unit in {region, last}
        rows.append({**row, "name": result.names.region(unit)} if labelled else row)
    rows.sort(key=lambda row: row["group"] is not on)
    frame = pl.DataFrame({"unit": result.data.units, "x": points[0], "y": points[1]})
    frame = frame.with_columns(efficient=pl.Series([efficient[unit] for unit in result.data.units], dtype=pl.Boolean))
    columns = ("unit", column_of(titles[0], "figure", "x"), column_of(titles[1], "figure", "y"), "efficient")
    exact = sum(result.data.goods.widths) == 2 or result.rts == "crs"  # noqa: PLR2004 - two goods fill the plane
    facts = {
        "k": int(scores["efficient"].fill_null(value=False).sum()),
        "n": scores.height,
        "rts": rts_text(result.rts),
        "what": result.what(result.data.units),
        "worst": result.names.region(last),
        "x": titles[0],
        "y": titles[1],
    }
    more = {"x": titles[0], "y": titles[1], "line": curve}
    more |= dict.fromkeys(("headline", "how"), "plane" if exact else "plane_crs")
    return draw("frontier", result, frame, facts, rows=rows, listed=columns, **more)


@section.register
def efficiency(result: Efficiency, *, region: str | None = None) -> Section:
    """Return what an efficiency says; with `region` the way to the frontier of that unit."""
    unit = chosen(result, region, result.data.units)
    scores = result.ranked.drop_nulls("value")
    pictures = [_dots(result, scores), plane(result, unit), _peers(result), _way(result, unit)] if scores.height else []
    goods, n = len(result.data.columns), len(result.data.units)
    few = [words.frontier.note_few(n=n, goods=goods)] if n < conventions()["units_per_good"]["value"] * goods else []
    tables = [_peer_table(result), _target_table(result)] if scores.height else [_scores(result)]
    return section_of_facts(result, "efficiency", pictures, tables, *few, words.frontier.note_noise())


def _dots(result: Efficiency, scores: pl.DataFrame) -> Picture | None:
    """Return the efficiency of every unit, best first."""
    share, values = result.reading not in {"distance", "slacks"}, scores["value"].to_numpy()
    options: dict[str, Any] = {
        "reference": 1.0 if share else 0.0,
        "decimals": 1 if result.reading == "slacks" else 3,
        "domain": (float(values.min()) * 0.92, max(float(values.max()), 1.0) * 1.03) if share else None,
        "how": "share" if share else "distance",
    }
    rows = result.ranked.with_columns(group=pl.col("unit"))
    return draw("dots", result, rows, twin=_scores(result), unit=result.reading, **options)


def _scores(result: Efficiency) -> Table:
    """Return the scores with the further columns of the model."""
    order = result.ranked.select("unit", share="value")
    frame = order.join(result.frame, on="unit", how="left", maintain_order="left").with_columns(group=pl.col("unit"))
    if "efficient" not in frame.columns:
        frame = frame.with_columns(efficient=pl.lit(None, dtype=pl.Boolean))
    shown_columns = ["unit", "score", "status", "efficient", "shephard"]
    if result.model == "environmental":  # one step for every good: the score itself
        shown_columns += [name for name in frame.columns if name.startswith("beta_")]
    more = [name for name in result.frame.columns if name not in shown_columns]
    columns: list[str | Column] = ["unit"]
    columns += ["group"] if result.labels.groups else []
    columns += ["share"] if result.inverse else []
    columns += [head("score", "figure" if result.reading == "slacks" else "score"), "efficient", "status"]
    columns += [name if described(result.verb, name) else result.good_column(name) for name in more]
    return table("frontier_scores", frame, columns, result, names=labels(result))


def _others(result: Efficiency) -> pl.DataFrame | None:
    """Return the peers of every unit but itself, None where there are none."""
    try:
        frame = result.peers.filter(pl.col("unit") != pl.col("peer"))
    except UsageError:
        return None
    return frame if frame.height else None


def _peers(result: Efficiency) -> Picture | None:
    """Return how many units could learn from each efficient one; None where the model has no peers."""
    frame = _others(result)
    if frame is None:
        return None
    counts = frame.group_by("peer").agg(pl.len().alias("units"), pl.col("weight").mean())
    counts = counts.sort("units", "peer", descending=True)
    first, n, _ = counts.row(0)
    units = result.data.units
    facts = {"name": result.names.region(first), "n": n, "all": frame["unit"].n_unique(), "what": result.what(units)}
    return draw("peers", result, counts, facts)


def _peer_table(result: Efficiency) -> Table | None:
    """Return the peers of every unit off the frontier with their weights, the heaviest first."""
    frame = _others(result)
    if frame is None:
        return None
    peers: dict[str, list[Text]] = {}
    for unit, peer, weight in frame.rows():
        part = words.frontier.chart_part(part=result.names.region(peer), value=number(weight, 3))
        peers.setdefault(unit, []).append(part)
    return Table(
        key="frontier_peers",
        title=words.frontier.table_peers(),
        columns=(head("unit", "name"), head("peers", "name")),
        rows=[(result.names.region(unit), listing(peers)) for unit, peers in peers.items()],
    )


def _targets(result: Efficiency) -> pl.DataFrame | None:
    """Return ``unit, good, actual, target, change, slack``, best units first; None where the model has no targets."""
    data = result.data
    try:
        targets = result.targets
    except UsageError:
        return None
    goods = [name for name in data.columns if name in targets.columns]
    actual = pl.DataFrame(data.goods.all(), schema=list(data.columns), orient="row")
    actual = actual.with_columns(unit=pl.Series(data.units))

    def long(frame: pl.DataFrame, name: str) -> pl.DataFrame:
        return frame.unpivot(goods, index="unit", variable_name="good", value_name=name)

    by_good = long(actual, "actual").join(long(targets, "target"), on=["unit", "good"], maintain_order="left")
    try:
        slacks = long(result.slacks, "slack")
    except (UsageError, pl.exceptions.ColumnNotFoundError):
        by_good = by_good.with_columns(slack=pl.lit(None, dtype=pl.Float64))
    else:
        by_good = by_good.join(slacks, on=["unit", "good"], how="left", maintain_order="left")
    change = pl.when(pl.col("actual") != 0).then(100 * (pl.col("target") / pl.col("actual") - 1))
    small = pl.col("slack").abs() <= _ROUNDING * pl.max_horizontal(pl.col("actual").abs(), 1.0)
    order = result.ranked.select("unit").with_row_index("place")
    by_good = by_good.with_columns(change=change, slack=pl.when(small).then(0.0).otherwise(pl.col("slack")))
    return by_good.join(order, on="unit", maintain_order="left").sort("place", maintain_order=True)


def _target_table(result: Efficiency) -> Table | None:
    frame = _targets(result)
    if frame is None:
        return None
    changed = frame.filter(pl.col("target").is_not_null() & (pl.col("change").abs() >= _STILL))["unit"].unique()
    rows = frame.filter(pl.col("unit").is_in(changed.implode())).with_columns(measure=pl.col("good"))
    measures = result.labels.measures
    names = {**labels(result), "measure": lambda good: unit_text(measures[good]) if measures.get(good) else None}
    return table("frontier_targets", rows, of=result, names=names)


def _way(result: Efficiency, region: str | None) -> Picture | None:
    """Return by how much every good of one unit would change on the way to the frontier."""
    frame, twin = _targets(result), _target_table(result)
    last = result.ranked.drop_nulls("value").row(-1, named=True)
    unit = region or (last["unit"] if not last["efficient"] else None)
    if frame is None or unit is None:
        return None
    goods = frame.filter((pl.col("unit") == unit) & pl.col("target").is_not_null())
    change = pl.when(pl.col("change").abs() < _STILL).then(0.0).otherwise(pl.col("change"))
    goods = goods.with_columns(change=change, good=pl.col("good"))
    changed = goods.filter(pl.col("change").fill_null(0.0) != 0)
    if not changed.height:
        return None
    parts = [
        words.frontier.chart_part(part=good_text(good), value=number(value, 1, sign=True))
        for good, value in changed.select("good", "change").rows()
    ]
    facts = {"name": result.names.region(unit), "parts": parts}
    return draw("targets", result, goods, facts, twin=twin or _scores(result))
