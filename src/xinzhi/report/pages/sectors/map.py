"""The coordination map: how far the sectors have come, how alike they are, and the paths of all regions over years."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.kit.names import colours
from xinzhi.report.charts.style import Words

WIDTH, HEIGHT = 620, 440
SIZE, DOT = 9.5, 5.0  # of a name, and half the width of a dot, in pixels
YEAR = 16.0  # half the width of a year, in pixels
OVER = 40  # pixels that a name may stand over the right edge
STEPS = 40  # points of a line of equal coordination


def paths(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    mean: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    y: Text,
    inks: Sequence[str] = palette.GROUPS,
) -> ChartType:
    """Return the way of every region from its first to its last year, with lines of equal coordination.

    Parameters
    ----------
    w
        The words of the chart.
    rows
        ``id``, ``year``, ``x``, ``y``, ``name`` (Text) and ``group`` (Text, the colour of the whole path), the rows of
        each region in order.
    mean
        ``year``, ``x``, ``y``: the path of the mean.
    x, y
        Titles of the axes.
    inks
        Colours of the groups in the order in which they appear.
    """
    scale = colours(w, rows, inks)
    known = [{**row, "name": w(row["name"]), "group": w(row["group"])} for row in rows]
    ends = {axis: domain([row[axis] for row in [*rows, *mean]]) for axis in "xy"}
    plane = {axis: [max(0.0, low), min(1.0, high)] for axis, (low, high) in ends.items()}
    ticks = alt.Axis(tickCount=8)
    across = alt.X("x:Q", title=w(x), axis=ticks, scale=alt.Scale(domain=plane["x"], nice=False))
    up = alt.Y("y:Q", title=w(y), axis=ticks, scale=alt.Scale(domain=plane["y"], nice=False))
    colour = alt.Color("group:N", scale=scale, legend=alt.Legend(symbolOpacity=1))
    last = list({row["id"]: row for row in known}.values())
    named = labels(list({row["id"]: row for row in rows}.values()), plane, (WIDTH, HEIGHT), path=mean)
    way = alt.Chart(style.data(known)).mark_line(strokeWidth=1, opacity=0.5)
    dot = alt.Chart(style.data(last)).mark_circle(size=52, opacity=1)
    layers = [*_levels(plane), way.encode(x=across, y=up, color=colour, detail="id:N", order="year:Q")]
    layers.append(dot.encode(x=across, y=up, color=colour))
    line = alt.Chart(style.data(dict(row) for row in mean)).mark_line(strokeWidth=2.6, color=palette.INK)
    layers.append(line.encode(x=across, y=up, order="year:Q"))
    if mean:
        tips = [{**row, "text": str(row["year"])} for row in (mean[0], mean[-1])]
        tip = alt.Chart(style.data(tips)).mark_text(dy=11, fontSize=10, fontWeight=600, color=palette.INK)
        layers.append(tip.encode(x=across, y=up, text="text:N"))
    for align in ("left", "right"):
        some = [{"x": row["x"], "y": row["y"], "name": w(row["name"])} for row, side in named if side == align]
        if some:
            text = alt.Chart(style.data(some)).mark_text(
                align=align, dx=7 if align == "left" else -7, fontSize=SIZE, color=palette.INK
            )
            layers.append(text.encode(x=across, y=up, text="name:N"))
    return style.configure(style.layers(*layers, width=WIDTH, height=HEIGHT))


def domain(values: Sequence[float]) -> list[float]:
    """Return the ends of an axis that holds all values, with room beside them."""
    low, high = min(values), max(values)
    room = 0.05 * ((high - low) or 1.0)
    return [low - room, high + room]


def _levels(plane: Mapping[str, Sequence[float]]) -> list[alt.Chart]:
    """Return the lines on which the degree of coordination, the root of both axes' product, is the same."""
    (left, right), (low, high) = plane["x"], plane["y"]
    rows: list[dict[str, Any]] = []
    marks = []
    for tenth in range(1, 10):
        degree = tenth / 10
        span = [max(left, degree**2 / high), min(right, degree**2 / low if low else right)]
        if span[0] >= span[1]:
            continue
        points = [span[0] + (span[1] - span[0]) * i / STEPS for i in range(STEPS + 1)]
        rows += [{"id": tenth, "x": at, "y": degree**2 / at} for at in points if at > 0]
        marks.append({"x": rows[-1]["x"], "y": rows[-1]["y"], "text": f"{degree:.1f}"})
    if not rows:
        return []
    curve = alt.Chart(style.data(rows)).mark_line(strokeWidth=0.8, strokeDash=[3, 3], color=palette.BAND)
    text = alt.Chart(style.data(marks)).mark_text(align="right", dx=-3, dy=-6, fontSize=9, color=palette.SOFT)
    place = {"x": alt.X("x:Q"), "y": alt.Y("y:Q")}
    return [curve.encode(**place, detail="id:N", order="x:Q"), text.encode(**place, text="text:N")]


def labels(
    rows: Sequence[Mapping[str, Any]],
    plane: Mapping[str, Sequence[float]],
    size: tuple[int, int],
    *,
    path: Sequence[Mapping[str, Any]] = (),
    sides: Sequence[str] = ("left", "right"),
) -> list[tuple[Mapping[str, Any], str]]:
    """Return the points whose names find room, those far out first, clear of `path`, and how to align each."""

    def spot(row: Mapping[str, Any]) -> tuple[float, float]:
        return _pixel(row["x"], plane["x"], size[0]), size[1] - _pixel(row["y"], plane["y"], size[1])

    spots = [spot(row) for row in rows]
    taken = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in (*spots, *map(spot, path))]
    taken += [(x - YEAR, y, x + YEAR, y + 2 * SIZE) for x, y in map(spot, (*path[:1], *path[-1:]))]
    middle = (sum(x for x, _ in spots) / len(spots), sum(y for _, y in spots) / len(spots))
    found = []
    for i in sorted(range(len(rows)), key=lambda i: -math.dist(spots[i], middle)):
        x, y = spots[i]
        wide = SIZE * max(style.width(rows[i]["name"].zh), style.width(rows[i]["name"].en))
        starts = {"left": x + DOT + 2, "right": x - DOT - 2 - wide}
        for side in sides:
            box = (starts[side], y - SIZE / 2, starts[side] + wide, y + SIZE / 2)
            inside = box[0] >= 0 and box[2] <= size[0] + OVER
            if inside and not any(_meet(box, other) for j, other in enumerate(taken) if j != i):
                taken.append(box)
                found.append((rows[i], side))
                break
    return found


def _pixel(value: float, domain: Sequence[float], size: int) -> float:
    return (value - domain[0]) / (domain[1] - domain[0]) * size


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
