"""The frontier drawn: output against input, an isoquant of two inputs, or a transformation curve of two outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.text import Text, words
from xinzhi.frontier import Efficiency, good_text, rts_text
from xinzhi.report.charts import kit
from xinzhi.report.pages.frontier.common import called, measured, titled
from xinzhi.report.picture import picture
from xinzhi.report.section import Picture
from xinzhi.report.table import table

Curve = list[tuple[float, float]]
CONVEX = {"crs", "vrs", "nirs", "drs", "ndrs", "irs"}
REACH = 1.04  # how far the ends of the frontier are drawn beyond the points


def plane(result: Efficiency, asked: str | None) -> Picture | None:
    """Return the picture of a technology that two axes can hold; None for any other."""
    data, rts, goods = result.data, result.rts, result.data.goods
    if data.reference is not None:
        return None
    if goods.widths == (1, 1, 0) and rts in CONVEX | {"fdh"}:
        x, y = goods.x[:, 0], goods.y[:, 0]
        titles = (measured(data.inputs[0], result.labels), measured(data.outputs[0], result.labels))
        return _picture(result, asked, (x, y), production(x, y, rts), titles)
    ray = rts in CONVEX
    if goods.widths == (2, 1, 0) and ray and (goods.y > 0).all():
        x, y = (goods.x / goods.y).T
        titles = (_per(data.inputs[0], data.outputs[0]), _per(data.inputs[1], data.outputs[0]))
        return _picture(result, asked, (x, y), isoquant(x, y), titles)
    if goods.widths == (1, 2, 0) and ray and (goods.x > 0).all():
        x, y = (goods.y / goods.x).T
        titles = (_per(data.outputs[0], data.inputs[0]), _per(data.outputs[1], data.inputs[0]))
        return _picture(result, asked, (x, y), transformation(x, y), titles)
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
    return words("frontier.chart.per", top=good_text(top), bottom=good_text(bottom))


def _picture(
    result: Efficiency,
    asked: str | None,
    points: tuple[FloatArray, FloatArray],
    curve: Curve,
    titles: tuple[Text, Text],
) -> Picture:
    efficient = dict(result.ranked.select("unit", "efficient").rows())
    known = result.ranked.drop_nulls("value")
    last = known["unit"][-1]
    on, off = words("frontier.chart.reached"), words("frontier.chart.short")
    rows = []
    for unit, x, y in zip(result.data.units, points[0].tolist(), points[1].tolist(), strict=True):
        row = {"x": x, "y": y, "group": on if efficient[unit] else off}
        named = efficient[unit] or unit in {asked, last}
        rows.append({**row, "name": result.names.region(unit)} if named else row)
    rows.sort(key=lambda row: row["group"] is not on)
    frame = pl.DataFrame({"unit": result.data.units, "x": points[0], "y": points[1]})
    frame = frame.with_columns(efficient=pl.Series([efficient[unit] for unit in result.data.units], dtype=pl.Boolean))
    columns = ("unit", titled(titles[0], "figure", "x"), titled(titles[1], "figure", "y"), "efficient")
    exact = sum(result.data.goods.widths) == 2 or result.rts == "crs"  # noqa: PLR2004 - two goods fill the plane
    facts = {
        "k": int(known["efficient"].fill_null(value=False).sum()), "n": known.height, "rts": rts_text(result.rts),
        "what": result.what(result.data.units), "worst": result.names.region(last), "x": titles[0], "y": titles[1],
    }  # fmt: skip
    return picture(
        "frontier.frontier", kit.points, rows, table("frontier_plane", frame, columns, result, names=called(result)),
        facts, title="plane", headline="plane" if exact else "plane_crs", how="plane" if exact else "plane_crs",
        unit="plane", x=titles[0], y=titles[1], line=curve,
    )  # fmt: skip
