"""The frontier of a technology that two axes can hold: the curve that the best of the units span, and the units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.text import Text
from xinzhi.frontier.reading import Data
from xinzhi.frontier.unit_names import good_text

Curve = list[tuple[float, float]]
CONVEX = {"crs", "vrs", "nirs", "drs", "ndrs", "irs"}
REACH = 1.04  # how far the ends of the frontier are drawn beyond the points


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Units on two axes, and the frontier; `exact` says whether it is that of the returns to scale of the scores."""

    x: FloatArray
    y: FloatArray
    x_title: Text
    y_title: Text
    curve: Curve
    exact: bool

    @property
    def how(self) -> str:
        """Which words say how to read it."""
        return "plane" if self.exact else "plane_crs"

    @property
    def unit(self) -> Text:
        """The units of the axes."""
        return words.frontier.unit_of_plane(x=self.x_title, y=self.y_title)


def plane_of(data: Data, rts: str, title: Callable[[str], Text]) -> Plane | None:
    """Return the plane of a technology with two goods, or with three under convex returns; None for any other."""
    goods = data.goods
    if data.reference is not None:
        return None
    inputs, outputs = data.inputs, data.outputs
    if goods.widths == (1, 1, 0) and rts in CONVEX | {"fdh"}:
        titles = title(inputs[0]), title(outputs[0])
        return _plane(goods.x[:, 0], goods.y[:, 0], titles, partial(production, rts=rts))
    exact, convex = rts == "crs", rts in CONVEX
    if goods.widths == (2, 1, 0) and convex and (goods.y > 0).all():
        titles = _per(inputs[0], outputs[0]), _per(inputs[1], outputs[0])
        x, y = (goods.x / goods.y).T
        return _plane(x, y, titles, isoquant, exact=exact)
    if goods.widths == (1, 2, 0) and convex and (goods.x > 0).all():
        titles = _per(outputs[0], inputs[0]), _per(outputs[1], inputs[0])
        x, y = (goods.y / goods.x).T
        return _plane(x, y, titles, transformation, exact=exact)
    return None


def _plane(
    x: FloatArray,
    y: FloatArray,
    titles: tuple[Text, Text],
    curve: Callable[[FloatArray, FloatArray], Curve],
    *,
    exact: bool = True,
) -> Plane:
    """Return units on two axes with the curve of their frontier."""
    return Plane(x=x, y=y, x_title=titles[0], y_title=titles[1], curve=curve(x, y), exact=exact)


def _per(top: str, bottom: str) -> Text:
    return words.frontier.chart_per(top=good_text(top), bottom=good_text(bottom))


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
