"""The frontier drawn: output against input, an isoquant of two inputs, or a transformation curve of two outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.report.catalogue import words
from xinzhi.report.charts import kit
from xinzhi.report.rooms.frontier.names import column, good, measured, rts_text, yes
from xinzhi.report.section import Picture
from xinzhi.report.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Text
    from xinzhi.report.rooms.frontier.efficiency import Facts

Curve = list[tuple[float, float]]
CONVEX = {"crs", "vrs", "nirs", "drs", "ndrs", "irs"}
REACH = 1.04  # how far the ends of the frontier are drawn beyond the points


def plane(facts: Facts, asked: str | None) -> Picture | None:
    """Return the picture of a technology that two axes can hold; None for any other.

    Parameters
    ----------
    facts
        The efficiency.
    asked
        A unit to name beside those on the frontier.
    """
    data, rts = facts.result.data, facts.result.options.rts
    shape = (len(data.inputs), len(data.outputs), len(data.bads))
    if shape == (1, 1, 0) and rts in CONVEX | {"fdh"}:
        x, y = data.x[:, 0], data.y[:, 0]
        titles = (measured(data.inputs[0], facts.names.labels), measured(data.outputs[0], facts.names.labels))
        return _picture(facts, asked, (x, y), production(x, y, rts), titles)
    ray = rts in CONVEX
    if shape == (2, 1, 0) and ray and (data.y > 0).all():
        x, y = (data.x / data.y).T
        titles = (_per(data.inputs[0], data.outputs[0]), _per(data.inputs[1], data.outputs[0]))
        return _picture(facts, asked, (x, y), isoquant(x, y), titles)
    if shape == (1, 2, 0) and ray and (data.x > 0).all():
        x, y = (data.y / data.x).T
        titles = (_per(data.outputs[0], data.inputs[0]), _per(data.outputs[1], data.inputs[0]))
        return _picture(facts, asked, (x, y), transformation(x, y), titles)
    return None


def production(x: FloatArray, y: FloatArray, rts: str) -> Curve:
    """Return the frontier of one output over one input.

    Parameters
    ----------
    x, y
        Input and output of every unit.
    rts
        ``crs, vrs, nirs`` (``drs``), ``ndrs`` (``irs``) or ``fdh``.

    Examples
    --------
    >>> import numpy as np
    >>> [tuple(round(v, 2) for v in p) for p in production(np.array([1.0, 2.0]), np.array([1.0, 1.5]), "vrs")]
    [(1.0, 0.0), (1.0, 1.0), (2.0, 1.5), (2.08, 1.5)]
    """
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
    """Return the least inputs for one unit of output under constant returns.

    Examples
    --------
    >>> import numpy as np
    >>> isoquant(np.array([1.0, 2.0, 3.0]), np.array([3.0, 1.0, 3.0]))[1:-1]
    [(1.0, 3.0), (2.0, 1.0)]
    """
    ends = float(x.max()) * REACH, float(y.max()) * REACH
    low = [(a, -b) for a, b in _above([(a, -b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])]
    deepest = min(point[1] for point in low)
    falling = low[: next(i for i, point in enumerate(low) if point[1] == deepest) + 1]
    return [(falling[0][0], ends[1]), *falling, (ends[0], deepest)]


def transformation(x: FloatArray, y: FloatArray) -> Curve:
    """Return the largest outputs of one unit of input under constant returns.

    Examples
    --------
    >>> import numpy as np
    >>> transformation(np.array([1.0, 2.0, 1.0]), np.array([3.0, 1.0, 1.0]))
    [(0.0, 3.0), (1.0, 3.0), (2.0, 1.0), (2.0, 0.0)]
    """
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
        while len(hull) > 1 and _turn(hull[-2], hull[-1], point) >= 0:
            hull.pop()
        hull.append(point)
    return hull


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


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
    return words("frontier.chart.per", top=good(top), bottom=good(bottom))


def _picture(
    facts: Facts, asked: str | None, points: tuple[FloatArray, FloatArray], curve: Curve, titles: tuple[Text, Text]
) -> Picture:
    units = facts.result.data.units
    rank = {row["unit"]: row for row in facts.rows}
    last = facts.known[-1]["unit"]
    on, off = words("frontier.chart.reached"), words("frontier.chart.short")
    rows = []
    for unit, x, y in zip(units, points[0].tolist(), points[1].tolist(), strict=True):
        efficient = bool(rank[unit]["efficient"])
        named = efficient or unit in {asked, last}
        row = {"x": x, "y": y, "group": on if efficient else off}
        rows.append({**row, "name": facts.names.name(unit)} if named else row)
    rows.sort(key=lambda row: row["group"] is not on)
    rts = facts.result.options.rts
    exact = len(facts.result.data.inputs) + len(facts.result.data.outputs) == 2 or rts == "crs"  # noqa: PLR2004 - two goods fill the plane
    table = Table(
        key="frontier_plane",
        title=words("frontier.table.plane"),
        columns=(column("unit", "name"), _head(titles[0]), _head(titles[1]), column("efficient", "name")),
        rows=[
            (facts.names.name(unit), x, y, yes(rank[unit]["efficient"]))
            for unit, x, y in zip(units, points[0].tolist(), points[1].tolist(), strict=True)
        ],
    )  # fmt: skip
    k = sum(bool(row["efficient"]) for row in facts.known)
    values = {"k": k, "n": len(facts.known), "what": facts.names.what, "worst": facts.names.name(last)}
    headline = "frontier.headline.plane" if exact else "frontier.headline.plane_crs"
    return Picture(
        kind="frontier",
        title=words("frontier.title.plane"),
        headline=words(headline, rts=rts_text(rts), **values),
        draw=lambda w: kit.points(w, rows, x=titles[0], y=titles[1], line=curve),
        how=words("frontier.how.plane" if exact else "frontier.how.plane_crs"),
        unit=words("frontier.unit_of.plane", x=titles[0], y=titles[1]),
        twin=table,
    )  # fmt: skip


def _head(title: Text) -> Column:
    return Column(title=title, kind="figure")
