"""Two dimensions: points with quadrants, the tile map, a treemap, a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
LINE = 15  # pixels that a line of text in a block needs


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
    # rows: x, y, where wanted name (Text, beside the point), group (Text) and size; split: where an upright and a level
    # line part the plane; corners: top right, top left, bottom left, bottom right; line: points of a line over the
    # cloud
    scale = colours(w, rows)
    known = [
        {**row, **{key: w(row[key]) for key in ("name", "group") if row.get(key)}}
        for row in rows
        if row["x"] is not None and row["y"] is not None
    ]
    plane = {
        axis: style.fitted([*(row[axis] for row in known), *(one[i] for one in line)]) for i, axis in enumerate("xy")
    }
    across = alt.X("x:Q", title=w(x), scale=plane["x"])
    up = alt.Y("y:Q", title=w(y), scale=plane["y"])
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    size = {"size": alt.Size("size:Q", legend=None, scale=alt.Scale(range=[20, 320]))} if _sized(known) else {}
    layers = [*_parted(split, plane), *_corners(w, corners)]
    if line:
        path = [{"x": a, "y": b, "order": i} for i, (a, b) in enumerate(line)]
        drawn = alt.Chart(style.data(path)).mark_line(color=palette.ACCENT, strokeWidth=1.8)
        layers.append(drawn.encode(x=across, y=up, order=alt.Order("order:Q")))
    dot = alt.Chart(style.data(known)).mark_circle(size=58, opacity=0.85)
    layers.append(dot.encode(x=across, y=up, color=colour, **size))
    named = [row for row in known if row.get("name")]
    if named:
        text = alt.Chart(style.data(named)).mark_text(dx=7, align="left", fontSize=9.5, color=palette.INK)
        layers.append(text.encode(x=across, y=up, text=alt.Text("name:N")))
    return style.configure(style.layers(*layers, width=WIDTH, height=HEIGHT))


def _sized(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row.get("size") is not None for row in rows)


def _parted(split: tuple[float | None, float | None], plane: Mapping[str, alt.Scale]) -> list[alt.Chart]:
    found = []
    for axis, place in zip("xy", split, strict=True):
        if place is not None:
            rule = alt.Chart(style.data([{axis: place}])).mark_rule(color=palette.SOFT, strokeDash=[3, 3])
            channel = alt.X("x:Q", scale=plane["x"]) if axis == "x" else alt.Y("y:Q", scale=plane["y"])
            found.append(rule.encode(x=channel) if axis == "x" else rule.encode(y=channel))
    return found


def _corners(w: Words, corners: Sequence[Text]) -> list[alt.Chart]:
    places: tuple[tuple[float, float, style.Align], ...] = (
        (WIDTH - 4, 10, "right"), (4, 10, "left"), (4, HEIGHT - 8, "left"), (WIDTH - 4, HEIGHT - 8, "right"),
    )  # fmt: skip
    found = []
    for word, (x, y, align) in zip(corners, places, strict=False):
        text = alt.Chart(style.data([{"text": w(word)}])).mark_text(align=align, fontSize=10.5, color=palette.SOFT)
        found.append(text.encode(x=style.x_at(x), y=style.y_at(y), text=alt.Text("text:N")))
    return found


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
    colour = _groups(w, rows, inks) if grouped else _values(w, drawn, title, diverging=diverging)
    half, field = tile / 2, "group" if grouped else "value"
    layers = []
    for known, ink in ((False, alt.ColorValue(palette.SHADE)), (True, colour)):
        shown = [row for row in drawn if (row[field] is not None) == known]
        if shown:
            square = alt.Chart(style.data(shown)).mark_square(
                size=(tile - GAP) ** 2, opacity=0.85 if grouped else 1, xOffset=half, yOffset=half
            )
            layers.append(square.encode(**plane, color=ink))
    reach = max((abs(row["value"]) for row in drawn if row["value"] is not None), default=1.0) or 1.0
    for dark in (True, False):
        shown = [row for row in drawn if _is_dark(row, reach, grouped=grouped) == dark]
        if not shown:
            continue
        letters = "white" if dark else palette.INK
        base = alt.Chart(style.data(shown))
        layers.append(
            base.mark_text(fontSize=7 if w.narrow else 10, dx=half, dy=half - 9, color=letters).encode(
                **plane, text=alt.Text("name:N")
            )
        )
        figure = base.mark_text(fontSize=11 if w.narrow else 13, fontWeight=600, dx=half, dy=half + 9, color=letters)
        layers.append(figure.encode(**plane, text=alt.Text("label:N")))
    return style.configure(style.layers(*layers, width=width, height=height))


def _is_dark(row: Mapping[str, Any], reach: float, *, grouped: bool) -> bool:
    if grouped:
        return row["group"] is not None
    return row["value"] is not None and abs(row["value"]) > 0.62 * reach


def _groups(w: Words, rows: Sequence[Mapping[str, Any]], inks: Sequence[str]) -> alt.Color:
    return alt.Color("group:N", scale=colours(w, rows, inks) or alt.Undefined)


def _values(w: Words, rows: Sequence[Mapping[str, Any]], title: Text, *, diverging: bool) -> alt.Color:
    known = [row["value"] for row in rows if row["value"] is not None]
    reach = max((abs(value) for value in known), default=1.0) or 1.0
    domain = [-reach, reach] if diverging else [min(known, default=0.0), max(known, default=1.0)]
    inks = palette.DIVERGING if diverging else (palette.SHADE, palette.BAND, palette.DEEP)
    legend = alt.Legend(
        title=w(title), titleFontSize=style.TEXT_SIZE, titleFontWeight="normal", titleColor=palette.SOFT,
        orient="top-left", direction="horizontal", gradientThickness=10,
        gradientLength=120 if w.narrow else 190, tickCount=3 if w.narrow else 5,
    )  # fmt: skip
    return alt.Color("value:Q", scale=alt.Scale(domain=domain, range=list(inks), interpolate="lab"), legend=legend)


def treemap(w: Words, rows: Sequence[Mapping[str, Any]], *, width: int = 640, height: int = 380) -> ChartType:
    """Return a squarified treemap (Bruls, Huizing and van Wijk 2000)."""
    # rows: name (Text), value (> 0) and where wanted group (Text)
    width = min(width, SCREEN) if w.narrow else width
    scale = colours(w, rows)
    some = sorted((row for row in rows if row["value"] and row["value"] > 0), key=lambda row: -row["value"])
    total = sum(row["value"] for row in some) or 1.0
    areas = [row["value"] / total * width * height for row in some]
    drawn = []
    for row, (x, y, dx, dy) in zip(some, squarify(areas, float(width), float(height)), strict=True):
        name = w(row["name"])
        fits = 11 * style.width(name) < dx - 8 and dy > LINE
        share = number(100 * row["value"] / total, 1)
        box = {"x": x, "y": y, "x2": x + dx, "y2": y + dy}
        group = w(row["group"]) if row.get("group") is not None else None
        drawn.append(
            {**box, "group": group, "name": name if fits else "", "share": share if fits and dy > 2 * LINE else ""}
        )
    plane = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False)),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False)),
    }
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    base = alt.Chart(style.data(drawn))
    block = base.mark_rect(stroke="white", strokeWidth=1.5, opacity=0.88)
    text = base.mark_text(align="left", baseline="top", dx=4, dy=4, fontSize=10.5, color="white")
    figure = base.mark_text(align="left", baseline="top", dx=4, dy=18, fontSize=10, color="white")
    layers = [
        block.encode(**plane, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), color=colour),
        text.encode(**plane, text=alt.Text("name:N")),
        figure.encode(**plane, text=alt.Text("share:N")),
    ]
    return style.configure(style.layers(*layers, width=width, height=height))


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
    # nodes: id, x, y, name (Text; written where shown is true or absent), where wanted group (Text) and size; edges:
    # pairs of ids; size: what the size of a node says, below the chart
    scale = colours(w, nodes)
    at = {node["id"]: node for node in nodes}
    ends = [
        {"x": at[a]["x"], "y": at[a]["y"], "x2": at[b]["x"], "y2": at[b]["y"]} for a, b in edges if a in at and b in at
    ]
    worded = [{**node, **{key: w(node[key]) for key in ("name", "group") if node.get(key)}} for node in nodes]
    plane = {axis: style.fitted([node[axis] for node in nodes]) for axis in ("x", "y")}
    across = alt.X("x:Q", axis=None, scale=plane["x"], title=w(size) if size else None)
    up = alt.Y("y:Q", axis=None, scale=plane["y"])
    rule = alt.Chart(style.data(ends)).mark_rule(color=palette.FAINT, strokeWidth=1)
    layers = [rule.encode(x=across, y=up, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))]
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    sized = {"size": alt.Size("size:Q", legend=None, scale=alt.Scale(range=[25, 420]))} if _sized(worded) else {}
    dot = alt.Chart(style.data(worded)).mark_circle(size=90, opacity=0.95, stroke="white", strokeWidth=0.8)
    layers.append(dot.encode(x=across, y=up, color=colour, **sized))
    named = [node for node in worded if node.get("shown", True)]
    text = alt.Chart(style.data(named)).mark_text(dy=-9, fontSize=9, color=palette.INK)
    layers.append(text.encode(x=across, y=up, text=alt.Text("name:N")))
    return style.configure(style.layers(*layers, width=WIDTH + 60, height=HEIGHT + 60))
