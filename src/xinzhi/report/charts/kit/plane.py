"""Two dimensions: points with quadrants, paths over lines of equal product, the tile map, a treemap, a network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import Any

import altair as alt
from altair.typing import ChartType

from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.kit.names import colours
from xinzhi.report.charts.style import Words

WIDTH, HEIGHT = 600, 400
TILE, SMALL, GAP = 62, 40, 3  # pixels of a tile, of one on a narrow screen, and between two
SCREEN = 316  # pixels of a narrow screen beside what stands around the chart
SIZE, LINE = 10.5, 13  # size of the words in a block, and pixels that a line of them needs
PATHS = (620, 440)  # pixels of a picture of paths
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
YEAR, OVER = 16.0, 40  # half the width of a year, and how far a name may stand over the right edge, in pixels
STEPS = 40  # points of a line of equal product


def points(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    y: Text,
    split: tuple[float | None, float | None] = (None, None),
    corners: Sequence[Text] = (),
    line: Sequence[tuple[float, float]] = (),
) -> ChartType:
    """Return points, with lines that part the plane and a word in each corner."""
    # rows: x, y, where wanted name (Text, beside the point where it has room), group (Text) and size; split: where an
    # upright and a level line part the plane; corners: top right, top left, bottom left, bottom right; line: points of
    # a line over the cloud
    scale = colours(w, rows)
    found = [row for row in rows if row["x"] is not None and row["y"] is not None]
    known = style.worded(w, found)
    plane = {
        axis: style.fitted([*(row[axis] for row in known), *(one[i] for one in line)]) for i, axis in enumerate("xy")
    }
    across = alt.X("x:Q", title=w(x), scale=plane["x"], axis=alt.Axis(tickCount=8))
    up = alt.Y("y:Q", title=w(y), scale=plane["y"])
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    size = {"size": alt.Size("size:Q", legend=None, scale=alt.Scale(range=[20, 320]))} if _sized(known) else {}
    layers = [*_parted(split, plane), *_corners(w, corners)]
    path = [{"x": a, "y": b, "order": i} for i, (a, b) in enumerate(line)]
    drawn = {"x": across, "y": up, "order": alt.Order("order:Q")}
    layers += style.marks("line", path, drawn, color=palette.ACCENT, strokeWidth=1.8)
    layers.append(style.mark("circle", known, {"x": across, "y": up, "color": colour, **size}, size=58, opacity=0.85))
    layers += _names(w, found, plane, (WIDTH, HEIGHT), {"x": across, "y": up}, path=_along(line))
    return style.configure(style.layers(*layers, width=WIDTH, height=HEIGHT))


def _sized(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row.get("size") is not None for row in rows)


def _parted(split: tuple[float | None, float | None], plane: Mapping[str, alt.Scale]) -> list[alt.Chart]:
    found = []
    for axis, place in zip("xy", split, strict=True):
        if place is not None:
            channel = alt.X("x:Q", scale=plane["x"]) if axis == "x" else alt.Y("y:Q", scale=plane["y"])
            found.append(style.mark("rule", [{axis: place}], {axis: channel}, color=palette.SOFT, strokeDash=[3, 3]))
    return found


def _corners(w: Words, corners: Sequence[Text]) -> list[alt.Chart]:
    places: tuple[tuple[float, float, style.Align], ...] = (
        (WIDTH - 4, 10, "right"),
        (4, 10, "left"),
        (4, HEIGHT - 8, "left"),
        (WIDTH - 4, HEIGHT - 8, "right"),
    )
    return [
        style.mark(
            "text",
            [{"text": w(word)}],
            {"x": style.x_at(x), "y": style.y_at(y), "text": "text:N"},
            align=align,
            fontSize=10.5,
            color=palette.SOFT,
        )
        for word, (x, y, align) in zip(corners, places, strict=False)
    ]


def tiles(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    arrangement: Mapping[str, Sequence[object]],
    *,
    title: Text,
    diverging: bool = True,
    decimals: int = 1,
    inks: Sequence[str] = palette.GROUPS,
) -> ChartType:
    """Return the tile-grid map of a value, or of a group."""
    # rows: region and value, or group (Text) for a map of groups (with the value that stands on the tile where there is
    # one); regions without a row are grey. arrangement: column, row and short names of every region (`View.tiles`).
    found = {row["region"]: row for row in rows}
    tile = SMALL if w.narrow else TILE
    grouped = any(row.get("group") is not None for row in rows)
    drawn: list[dict[str, Any]] = []
    for code, (column, line, zh, en) in arrangement.items():
        row = found.get(code, {})
        value = row.get("value")
        group = w(row["group"]) if row.get("group") is not None else None
        place = {"x": tile * int(str(column)), "y": tile * int(str(line))}
        name = w(Text(zh=str(zh), en=str(en)))
        label = "" if value is None else number(value, decimals)
        drawn.append({"name": name, "value": value, "group": group, "label": label, **place})
    width, height = (tile * (1 + int(max(row[axis] for row in drawn) / tile)) for axis in ("x", "y"))
    plane = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], range=[0, width], nice=False)),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, height], range=[0, height], nice=False)),
    }
    half, field = tile / 2, "group" if grouped else "value"
    scale, legend = _shades(w, rows, drawn, title, inks if grouped else None, diverging=diverging)
    colour = alt.Color("group:N", scale=scale) if grouped else alt.Color("value:Q", scale=scale, legend=legend)
    layers = []
    for known, ink in ((False, alt.ColorValue(palette.SHADE)), (True, colour)):
        shown = [row for row in drawn if (row[field] is not None) == known]
        at = {**plane, "color": ink}
        layers += style.marks("square", shown, at, size=(tile - GAP) ** 2, opacity=1, xOffset=half, yOffset=half)
    letters_on = [(row, palette.INK if row[field] is None else _ink(row[field], scale)) for row in drawn]
    small, large = (7, 11) if w.narrow else (9 if w.language == "en" else 10, 13)  # so that Heilongjiang fits
    for letters in dict.fromkeys(ink for _, ink in letters_on):
        shown = [row for row, ink in letters_on if ink == letters]
        side: dict[str, Any] = {"dx": half, "color": letters}
        layers += [
            style.mark("text", shown, {**plane, "text": "name:N"}, fontSize=small, dy=half - 9, **side),
            style.mark(
                "text", shown, {**plane, "text": "label:N"}, fontSize=large, fontWeight=600, dy=half + 9, **side
            ),
        ]
    return style.configure(style.layers(*layers, width=width, height=height))


def _ink(at: float | str, scale: alt.Scale) -> str:
    """Return the ink to read on the colour of a group, or of a value."""
    if isinstance(at, str):
        return palette.ink_on(0.0, [scale.range[scale.domain.index(at)]] * 2)
    low, high = scale.domain
    return palette.ink_on((at - low) / ((high - low) or 1.0), scale.range)


def _shades(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    drawn: Sequence[Mapping[str, Any]],
    title: Text,
    groups: Sequence[str] | None,
    *,
    diverging: bool,
) -> tuple[Any, Any]:
    """Return the colours of the groups, or of the values, and their key."""
    if groups:
        return colours(w, rows, groups), alt.Undefined
    known = [row["value"] for row in drawn if row["value"] is not None]
    reach = max((abs(value) for value in known), default=1.0) or 1.0
    domain = [-reach, reach] if diverging else [min(known, default=0.0), max(known, default=1.0)]
    inks = palette.DIVERGING if diverging else (palette.SHADE, palette.BAND, palette.DEEP)
    legend = alt.Legend(
        title=w(title),
        titleFontSize=style.TEXT_SIZE,
        titleFontWeight="normal",
        titleColor=palette.SOFT,
        orient="top-left",
        direction="horizontal",
        gradientThickness=10,
        gradientLength=120 if w.narrow else 190,
        tickCount=3 if w.narrow else 5,
    )
    return alt.Scale(domain=domain, range=list(inks), interpolate="lab"), legend


def treemap(w: Words, rows: Sequence[Mapping[str, Any]], *, width: int = 640, height: int = 380) -> ChartType:
    """Return a squarified treemap (Bruls, Huizing and van Wijk 2000)."""
    # rows: name (Text), value (> 0) and where wanted group (Text)
    width = min(width, SCREEN) if w.narrow else width
    scale = colours(w, rows)
    some = sorted((row for row in rows if row["value"] and row["value"] > 0), key=lambda row: -row["value"])
    total = sum(row["value"] for row in some) or 1.0
    areas = [row["value"] / total * width * height for row in some]
    drawn, written = [], []
    for row, (x, y, dx, dy) in zip(some, squarify(areas, float(width), float(height)), strict=True):
        group = w(row["group"]) if row.get("group") is not None else None
        drawn.append({"x": x, "y": y, "x2": x + dx, "y2": y + dy, "group": group})
        ink = _ink(group, scale) if group and scale else "#ffffff"
        share = number(100 * row["value"] / total, 1)
        both = (_lines(name, share, dx, dy) for name in (row["name"].zh, row["name"].en))
        written += [
            {"x": x, "y": y + LINE * at, "text": w(Text(zh=zh, en=en)), "ink": ink}
            for at, (zh, en) in enumerate(zip_longest(*both, fillvalue=""))
        ]
    plane = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False)),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False)),
    }
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    block = {**plane, "x2": "x2:Q", "y2": "y2:Q", "color": colour}
    layers = [style.mark("rect", drawn, block, stroke="white", strokeWidth=1.5, opacity=1)]
    for letters in dict.fromkeys(str(row["ink"]) for row in written):
        look = {"align": "left", "baseline": "top", "dx": 4, "dy": 4, "fontSize": SIZE, "color": letters}
        lines = [row for row in written if row["ink"] == letters]
        layers.append(style.mark("text", lines, {**plane, "text": "text:N"}, **look))
    return style.configure(style.layers(*layers, width=width, height=height))


def _lines(name: str, share: str, wide: float, high: float) -> list[str]:
    """Return the lines in a block: its name, and its share below; none where the name has no room."""
    room = (wide - 8) / SIZE
    lines = style.wrapped(name, room) if room > 1 else []
    most = int((high - 4) / LINE)
    if not lines or len(lines) > most or max(map(style.width, lines)) > room:
        return []
    return [*lines, share][:most]


def squarify(areas: Sequence[float], width: float, height: float) -> list[tuple[float, float, float, float]]:
    """Return the rectangle ``x, y, width, height`` of every area, largest first, as square as can be."""
    found: list[tuple[float, float, float, float]] = []
    x = y = 0.0
    rest = list(areas)
    while rest:
        side = min(width, height)
        count = 1
        while count < len(rest) and _worst(rest[: count + 1], side) <= _worst(rest[:count], side):
            count += 1
        row, rest = rest[:count], rest[count:]
        thick = sum(row) / side if side else 0.0
        at = 0.0
        for area in row:
            long = area / thick if thick else 0.0
            found.append((x, y + at, thick, long) if width >= height else (x + at, y, long, thick))
            at += long
        if width >= height:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick
    return found


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    if not total or not side:
        return 0.0
    return max(max(side**2 * area / total**2, total**2 / (side**2 * area)) for area in row if area)


def network(
    w: Words, nodes: Sequence[Mapping[str, Any]], edges: Sequence[tuple[str, str]], *, size: Text | None = None
) -> ChartType:
    """Return a network at given places."""
    # nodes: id, x, y, name (Text; written where it has room, those of the largest first), where wanted group (Text) and
    # size; edges: pairs of ids; size: what the size of a node says, below the chart
    scale = colours(w, nodes)
    at = {node["id"]: node for node in nodes}
    ends = [
        {"x": at[a]["x"], "y": at[a]["y"], "x2": at[b]["x"], "y2": at[b]["y"]} for a, b in edges if a in at and b in at
    ]
    worded = style.worded(w, nodes)
    plane = {axis: style.fitted([node[axis] for node in nodes]) for axis in ("x", "y")}
    frame = (WIDTH + 60, HEIGHT + 60)
    across = alt.X("x:Q", axis=None, scale=plane["x"], title=w(size) if size else None)
    up = alt.Y("y:Q", axis=None, scale=plane["y"])
    edge = {"x": across, "y": up, "x2": "x2:Q", "y2": "y2:Q"}
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    sized = {"size": alt.Size("size:Q", legend=None, scale=alt.Scale(range=[25, 420]))} if _sized(worded) else {}
    node = {"x": across, "y": up, "color": colour, **sized}
    layers = [
        style.mark("rule", ends, edge, color=palette.FAINT, strokeWidth=1),
        style.mark("circle", worded, node, size=90, opacity=0.95, stroke="white", strokeWidth=0.8),
        *_names(w, nodes, plane, frame, {"x": across, "y": up}, sides=("top", *SIDES)),
    ]
    return style.configure(style.layers(*layers, width=frame[0], height=frame[1]))


def paths(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    mean: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    y: Text,
    inks: Sequence[str] = palette.GROUPS,
) -> ChartType:
    """Return the way of every name from its first to its last year, over lines on which the product is the same."""
    # rows: id, year, x, y, name (Text) and group (Text, the colour of the whole path), those of each name in order;
    # mean: year, x, y, the path of the mean
    scale = colours(w, rows, inks)
    known = [{**row, "name": w(row["name"]), "group": w(row["group"])} for row in rows]
    ends = {axis: style.around([row[axis] for row in [*rows, *mean]]) for axis in "xy"}
    plane = {axis: [max(0.0, low), min(1.0, high)] for axis, (low, high) in ends.items()}
    ticks = alt.Axis(tickCount=8)
    across = alt.X("x:Q", title=w(x), axis=ticks, scale=alt.Scale(domain=plane["x"], nice=False))
    up = alt.Y("y:Q", title=w(y), axis=ticks, scale=alt.Scale(domain=plane["y"], nice=False))
    colour = alt.Color("group:N", scale=scale, legend=alt.Legend(symbolOpacity=1))
    last = list({row["id"]: row for row in known}.values())
    way = alt.Chart(style.data(known)).mark_line(strokeWidth=1, opacity=0.5)
    dot = alt.Chart(style.data(last)).mark_circle(size=52, opacity=1)
    layers = [*_products(plane), way.encode(x=across, y=up, color=colour, detail="id:N", order="year:Q")]
    layers.append(dot.encode(x=across, y=up, color=colour))
    line = alt.Chart(style.data(dict(row) for row in mean)).mark_line(strokeWidth=2.6, color=palette.INK)
    layers.append(line.encode(x=across, y=up, order="year:Q"))
    if mean:
        tips = [{**row, "text": str(row["year"])} for row in (mean[0], mean[-1])]
        tip = alt.Chart(style.data(tips)).mark_text(dy=11, fontSize=10, fontWeight=600, color=palette.INK)
        layers.append(tip.encode(x=across, y=up, text="text:N"))
    ends_of = list({row["id"]: row for row in rows}.values())
    spans = {axis: alt.Scale(domain=ends, nice=False) for axis, ends in plane.items()}
    layers += _names(w, ends_of, spans, PATHS, {"x": across, "y": up}, path=mean)
    return style.configure(style.layers(*layers, width=PATHS[0], height=PATHS[1]))


def _products(plane: Mapping[str, Sequence[float]]) -> list[alt.Chart]:
    """Return the lines on which the root of the product of both axes is the same, by tenths."""
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


def _names(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    plane: Mapping[str, alt.Scale],
    size: tuple[int, int],
    place: Mapping[str, Any],
    **more: Any,  # noqa: ANN401 - the other parameters of `labels`
) -> list[alt.Chart]:
    """Return the names of the points that have room for them."""
    held = labels(rows, {axis: scale.domain for axis, scale in plane.items()}, size, **more)
    found: list[alt.Chart] = []
    for side, gap in dict.fromkeys((side, gap) for _, side, gap in held):
        align, baseline, right, down = SIDES[side]
        look = {"align": align, "baseline": baseline, "dx": right * gap, "dy": down * gap, "color": palette.INK}
        some = [{"x": row["x"], "y": row["y"], "name": w(row["name"])} for row, *at in held if at == [side, gap]]
        found.append(style.mark("text", some, {**place, "text": "name:N"}, fontSize=LETTER, **look))
    return found


def labels(
    rows: Sequence[Mapping[str, Any]],
    plane: Mapping[str, Sequence[float]],
    size: tuple[int, int],
    *,
    path: Sequence[Mapping[str, Any]] = (),
    sides: Sequence[str] = tuple(SIDES),
) -> list[tuple[Mapping[str, Any], str, int]]:
    """Return the points whose names find room, on which side each, and how many pixels from the middle of the point."""
    # The largest first, then those far out; names keep clear of each other, of the points, and of `path`.

    def spot(row: Mapping[str, Any]) -> tuple[float, float]:
        x, y = ((row[axis] - plane[axis][0]) / (plane[axis][1] - plane[axis][0]) for axis in "xy")
        return x * size[0], size[1] - y * size[1]

    most = max((row.get("size") or 0.0 for row in rows), default=0.0)
    radii = [LARGEST * math.sqrt((row.get("size") or 0.0) / most) if most else 0.0 for row in rows]
    spots, gaps = [spot(row) for row in rows], [max(DOT, radius) for radius in radii]
    taken = [(x - gap, y - gap, x + gap, y + gap) for (x, y), gap in zip(spots, gaps, strict=True)]
    taken += [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in map(spot, path)]
    taken += [(x - YEAR, y, x + YEAR, y + 2 * LETTER) for x, y in map(spot, (*path[:1], *path[-1:]))]
    middle = (sum(x for x, _ in spots) / len(spots), sum(y for _, y in spots) / len(spots)) if spots else (0.0, 0.0)
    found = []
    for i in sorted(range(len(rows)), key=lambda i: (-radii[i], -math.dist(spots[i], middle))):
        if not rows[i].get("name"):
            continue
        (x, y), gap = spots[i], gaps[i] + 2
        wide = LETTER * max(style.width(rows[i]["name"].zh), style.width(rows[i]["name"].en))
        for side in sides:
            align, baseline, right, down = SIDES[side]
            left, top = x + right * gap - BACK[align] * wide, y + down * gap - BACK[baseline] * LETTER
            box = (left, top, left + wide, top + LETTER)
            inside = box[0] >= 0 and box[2] <= size[0] + OVER and box[1] >= 0 and box[3] <= size[1]
            others = (one for j, one in enumerate(taken) if j != i)
            if inside and not any(_meet(box, other) for other in others):
                taken.append(box)
                found.append((rows[i], side, round(gap)))
                break
    return found


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _along(line: Sequence[tuple[float, float]]) -> list[dict[str, float]]:
    """Return points all along a line."""
    return [
        {"x": a + (c - a) * i / STEPS, "y": b + (d - b) * i / STEPS}
        for (a, b), (c, d) in pairwise(line)
        for i in range(STEPS + 1)
    ]
