"""Two dimensions: points with quadrants, paths over lines of equal product, a network, a reliability diagram."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from xinzhi.core.text import Text
from xinzhi.report import palette
from xinzhi.report.charts.axes import SHAPES, Row, around, colours, fitted, grouped
from xinzhi.report.charts.chart import PADDING, Canvas, Chart
from xinzhi.report.lettering import width

Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom

HEIGHT, PHONE_HEIGHT = 400, 330
MARGIN = 48  # pixels that an upright axis with its figures takes
LETTER, DOT, LARGEST = 9.5, 5.0, 10.0  # size of a name beside a point, half the width of a dot and of the largest one
SIDES: Mapping[str, tuple[str, str, int, int]] = {  # of a point, where its name may stand: how it is aligned and moved
    "right": ("left", "middle", 1, 0),
    "left": ("right", "middle", -1, 0),
    "top": ("center", "bottom", 0, -1),
    "bottom": ("center", "top", 0, 1),
    "before": ("right", "bottom", 0, -1),
    "after": ("left", "bottom", 0, -1),
}
BACK = {
    "left": 0.0,
    "top": 0.0,
    "center": 0.5,
    "middle": 0.5,
    "right": 1.0,
    "bottom": 1.0,
}  # of a box, before its place
YEAR = 16.0  # half the width of a year
STEPS = 40  # points of a line of equal product
RELIABILITY, EDGE = 440, 10  # pixels of a reliability diagram; percent in which a count at the left has no room


def points(
    rows: Sequence[Row],
    *,
    x: Text,
    y: Text,
    split: tuple[float | None, float | None] = (None, None),
    corners: Sequence[Text] = (),
    line: Sequence[tuple[float, float]] = (),
) -> Chart:
    """Return points, with lines that part the plane and a word in each corner."""
    # rows: x, y, where wanted name (Text, beside the point where it has room), group (Text) and size; split: where an
    # upright and a level line part the plane; corners: top right, top left, bottom left, bottom right; line: points of
    # a line over the cloud
    rows = [row for row in rows if row["x"] is not None and row["y"] is not None]
    domain = fitted([*(row["x"] for row in rows), *(x for x, _ in line)])
    reach = fitted([*(row["y"] for row in rows), *(y for _, y in line)])
    values = {
        "x": x,
        "y": y,
        "domain": domain,
        "reach": reach,
        "split_x": split[0],
        "split_y": split[1],
        "line": [{"x": a, "y": b, "order": at} for at, (a, b) in enumerate(line)],
        "points": rows,
        "sizes": [20, 320] if _has_sizes(rows) else None,
        "size": 58,
        "tint": 0.85,
        **_shaped(colours(rows)),
    }
    layout = partial(_layout, rows, domain, reach, corners, _along(line), tuple(SIDES), MARGIN)
    return Chart(template="plane", values=values, titles={"x": x, "y": y}, layout=layout)


def _shaped(inks: Mapping[Text, str]) -> dict[str, object]:
    """Return groups with a colour and, where there are few, a shape of their own."""
    if not inks or len(inks) > len(SHAPES):
        return grouped(inks)
    return {**grouped(inks), "shapes": list(SHAPES[: len(inks)])}


def _has_sizes(rows: Sequence[Row]) -> bool:
    return any(row.get("size") is not None for row in rows)


def _layout(
    rows: Sequence[Row],
    domain: Sequence[float],
    reach: Sequence[float],
    corners: Sequence[Text],
    path: Sequence[Row],
    sides: Sequence[str],
    margin: float,
    canvas: Canvas,
) -> dict[str, object]:
    """Return the height, the words in the corners and the names that have room."""
    size = (canvas.width - margin - 2 * PADDING, PHONE_HEIGHT if canvas.phone else HEIGHT)
    places = labels(rows, {"x": domain, "y": reach}, size, canvas, path=path, sides=sides)
    return {
        "height": size[1],
        "names": names_by_side(places),
        "corners": [
            {
                "text": word,
                "right": at in {0, 3} or None,
                "align": "right" if at in {0, 3} else "left",
                "at": 10 if at in {0, 1} else size[1] - 8,
            }
            for at, word in enumerate(corners)
        ],
    }


def names_by_side(labels: Sequence[tuple[Row, str, int]]) -> list[dict[str, object]]:
    """Return names by the side of the point on which they stand."""
    places = dict.fromkeys((side, gap) for _, side, gap in labels)
    groups = []
    for side, gap in places:
        align, baseline, right, down = SIDES[side]
        cells = [{"x": row["x"], "y": row["y"], "text": row["name"]} for row, *place in labels if place == [side, gap]]
        groups.append({"cells": cells, "align": align, "baseline": baseline, "dx": right * gap, "dy": down * gap})
    return groups


def network(nodes: Sequence[Row], edges: Sequence[tuple[str, str]], *, size: Text | None = None) -> Chart:
    """Return a network at given places."""
    # nodes: id, x, y, name (Text; written where it has room, those of the largest first), where wanted group (Text) and
    # size; edges: pairs of ids; size: what the size of a node says, below the chart
    at = {node["id"]: node for node in nodes}
    domain, reach = fitted([node["x"] for node in nodes]), fitted([node["y"] for node in nodes])
    values = {
        "bare": True,
        "domain": domain,
        "reach": reach,
        "edges": [
            {"x": at[a]["x"], "y": at[a]["y"], "x2": at[b]["x"], "y2": at[b]["y"]}
            for a, b in edges
            if a in at and b in at
        ],
        "points": [{name: cell for name, cell in node.items() if name != "id"} for node in nodes],
        "sizes": [25, 420] if _has_sizes(nodes) else None,
        "size": 90,
        "tint": 0.95,
        **grouped(colours(nodes)),
    }
    layout = partial(_layout, nodes, domain, reach, (), (), ("top", *SIDES), 0)
    titles = {} if size is None else {"size": size}
    return Chart(template="plane", values=values, titles=titles, layout=layout)


def paths(rows: Sequence[Row], mean: Sequence[Row], *, x: Text, y: Text, inks: Sequence[str] = palette.GROUPS) -> Chart:
    """Return the way of every name from its first to its last year, over lines on which the product is the same."""
    # rows: id, year, x, y, name (Text) and group (Text, the colour of the whole path), those of each name in order;
    # mean: year, x, y, the path of the mean
    domain, reach = (_unit_ends([row[axis] for row in [*rows, *mean]]) for axis in "xy")
    last = list({row["id"]: row for row in rows}.values())
    ends = [{name: row[name] for name in ("name", "group", "year", "x", "y")} for row in last]
    curves, degrees = products(domain, reach)
    values = {
        "x": x,
        "y": y,
        "domain": domain,
        "reach": reach,
        "ways": rows,
        "products": curves,
        "degrees": degrees,
        "points": ends,
        "size": 52,
        "tint": 1,
        "mean": mean,
        "tips": [{**row, "text": str(row["year"])} for row in (mean[0], mean[-1])] if mean else [],
        **_shaped(colours(rows, inks)),
    }
    layout = partial(_layout, last, domain, reach, (), mean, tuple(SIDES), MARGIN)
    return Chart(template="plane", values=values, titles={"x": x, "y": y}, decimals=2, layout=layout)


def _unit_ends(values: Sequence[float]) -> list[float]:
    """Return the ends of an axis of figures from 0 to 1."""
    low, high = around(values)
    return [max(0.0, low), min(1.0, high)]


def products(
    domain: Sequence[float], reach: Sequence[float]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the lines on which the root of the product of both axes is the same, by tenths, and their figures."""
    (start_x, right), (low, high) = domain, reach
    curves: list[dict[str, object]] = []
    degrees = []
    for tenth in range(1, 10):
        degree = tenth / 10
        start, end = max(start_x, degree**2 / high), min(right, degree**2 / low if low else right)
        places = [start + (end - start) * step / STEPS for step in range(STEPS + 1)] if start < end else []
        curve = [{"id": tenth, "x": place, "y": degree**2 / place} for place in places if place > 0]
        curves += [dict(point) for point in curve]
        degrees += [{**row, "text": f"{degree:.1f}"} for row in curve[-1:]]
    return curves, degrees


def reliability(rows: Sequence[Row], *, x: Text, y: Text) -> Chart:
    """Return a reliability diagram."""
    # rows: x, y, low, high and n, the number behind the dot, all but n in percent
    sides = ((True, "right", -6, -8), (False, "left", 6, 8))  # on the side away from the diagonal
    values = {
        "x": x,
        "y": y,
        "domain": [-2, 104],
        "reach": [-2, 104],
        "places": list(range(0, 101, 20)),
        "rungs_at": list(range(0, 101, 20)),
        "height": RELIABILITY - 80,
        "diagonal": [{"x": 0, "y": 0}, {"x": 100, "y": 100}],
        "whiskers": rows,
        "points": rows,
        "size": 62,
        "tint": 1,
        "names": [
            {
                "cells": [
                    {"x": row["x"], "y": row["y"], "text": f"{row['n']:,}"}
                    for row in rows
                    if (row["y"] > row["x"] > EDGE) is above
                ],
                "align": align,
                "baseline": "middle",
                "dx": dx,
                "dy": dy,
                "name_ink": palette.SOFT,
            }
            for above, align, dx, dy in sides
        ],
    }
    return Chart(template="plane", values=values, titles={"x": x, "y": y}, width=RELIABILITY)


def labels(
    rows: Sequence[Row],
    plane: Mapping[str, Sequence[float]],
    size: tuple[float, float],
    canvas: Canvas,
    *,
    path: Sequence[Row] = (),
    sides: Sequence[str] = tuple(SIDES),
) -> list[tuple[Row, str, int]]:
    """Return the points whose names find room, on which side each, and how many pixels from the middle of the point."""

    # The largest first, then those far out; names keep clear of each other, of the points, and of `path`.
    def spot(row: Row) -> tuple[float, float]:
        x, y = ((row[axis] - plane[axis][0]) / (plane[axis][1] - plane[axis][0]) for axis in "xy")
        return x * size[0], size[1] - y * size[1]

    most = max((row.get("size") or 0.0 for row in rows), default=0.0)
    radii = [LARGEST * math.sqrt((row.get("size") or 0.0) / most) if most else 0.0 for row in rows]
    spots, gaps = [spot(row) for row in rows], [max(DOT, radius) for radius in radii]
    boxes: list[Box] = [(x - gap, y - gap, x + gap, y + gap) for (x, y), gap in zip(spots, gaps, strict=True)]
    boxes += [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in map(spot, path)]
    boxes += [(x - YEAR, y, x + YEAR, y + 2 * LETTER) for x, y in map(spot, (*path[:1], *path[-1:]))]
    middle = (sum(x for x, _ in spots) / len(spots), sum(y for _, y in spots) / len(spots)) if spots else (0.0, 0.0)
    places = []
    for at in sorted(range(len(rows)), key=lambda at: (-radii[at], -math.dist(spots[at], middle))):
        if not rows[at].get("name"):
            continue
        letters = LETTER * width(canvas.word(rows[at]["name"]))
        side = _side(
            spots[at], gaps[at] + 2, letters, [box for place, box in enumerate(boxes) if place != at], size, sides
        )
        if side is not None:
            boxes.append(side[1])
            places.append((rows[at], side[0], round(gaps[at] + 2)))
    return places


def _side(
    spot: tuple[float, float],
    gap: float,
    letters: float,
    boxes: Sequence[Box],
    size: tuple[float, float],
    sides: Sequence[str],
) -> tuple[str, Box] | None:
    """Return the first side of a point on which its name has room, with the place that it takes."""
    for side in sides:
        align, baseline, right, down = SIDES[side]
        x = spot[0] + right * gap - BACK[align] * letters
        top = spot[1] + down * gap - BACK[baseline] * LETTER
        box = (x, top, x + letters, top + LETTER)
        inside = box[0] >= 0 and box[2] <= size[0] and box[1] >= 0 and box[3] <= size[1]
        if inside and not any(_meet(box, place) for place in boxes):
            return side, box
    return None


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _along(line: Sequence[tuple[float, float]]) -> list[dict[str, float]]:
    """Return points all along a line."""
    parts = range(STEPS + 1)
    return [
        {"x": a + (c - a) * part / STEPS, "y": b + (d - b) * part / STEPS}
        for (a, b), (c, d) in pairwise(line)
        for part in parts
    ]
