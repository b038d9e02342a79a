"""One row a name and several figures a row: nested intervals, two figures joined, bars against a bound of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.kit.names import END, FIGURE, MOST, STEP, WIDTH, Columns, beside, colours
from xinzhi.report.charts.kit.years import stretches
from xinzhi.report.charts.style import Words

SHAPES = ("circle", "diamond", "triangle-up", "square")
ROW, ONE, TWO = 16, 500, 210  # pixels of a row of limits, and the width of one column or of each of two
COLUMN = 40  # rows of a column; with more names than two columns hold, the first are drawn
SIDE, EDGE = 380, 10  # pixels of a reliability diagram; percent in which a count at the left has no room
OUTER, INNER = 3, 7  # heights of the widest interval and of those inside it


def spreads(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    zones: Sequence[tuple[float | None, float | None, Text]] = (),
    reference: float | None = None,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = palette.GROUPS,
    columns: Columns = (),
) -> ChartType:
    """Return a dot for every name and group with intervals inside each other, a tick, and the zones of the axis."""
    # rows: name (Text), value, where known bands (pairs of ends, the widest first), tick (an upright stroke, such as
    # where it began) and group (Text: its colour and shape); with `groups` a name may have a row for each, below each
    # other. zones: ends (None: open) and the word above; every second one is shaded.
    worded, order = _worded(w, rows)
    reach = [row["value"] for row in worded if row["value"] is not None]
    reach += [end for row in worded for pair in row.get("bands") or () for end in pair]
    reach += [row[key] for row in worded for key in ("tick", "mark") if row.get(key) is not None]
    reach += [end for start, stop, _ in zones for end in (start, stop) if end is not None]  # so that all zones are seen
    ends = style.around([*reach, *([] if reference is None else [reference])])
    scale = alt.Scale(domain=list(ends), nice=False, zero=False)
    several = max(sum(row["name"] == name for row in worded) for name in order) > 1 if order else False
    y = style.ordinal(order, labelPadding=4, grid=not several)
    place: dict[str, Any] = {"y": y}
    if several:
        lanes = [w(group) for group in groups]
        place["yOffset"] = alt.YOffset("group:N", sort=lanes, scale=alt.Scale(domain=lanes, paddingOuter=0.3))
    ink = colours(w, [{"group": row["group"]} for row in rows if row.get("group")], inks, groups)
    legend = alt.Legend(symbolOpacity=1)  # the intervals are pale, their groups are not
    colour: Any = alt.Color("group:N", scale=ink, legend=legend) if ink else alt.ColorValue(palette.DEEP)
    layers = [*_zones(w, zones, ends), *style.reference(reference, "x", scale)]
    for depth in range(max((len(row.get("bands") or ()) for row in worded), default=0)):
        spans = [
            {**row, "low": row["bands"][depth][0], "high": row["bands"][depth][1]}
            for row in worded
            if len(row.get("bands") or ()) > depth
        ]
        ends_of = {"x": alt.X("low:Q", scale=scale, title=w(x)), "x2": "high:Q", "color": colour, **place}
        layers.append(style.mark("bar", spans, ends_of, height=INNER if depth else OUTER, opacity=0.42, clip=True))
    ticks = [row for row in worded if row.get("tick") is not None]
    at = {"x": alt.X("tick:Q", scale=scale, title=w(x)), **place}
    layers += style.marks("tick", ticks, at, thickness=1.6, size=11, opacity=1, color=palette.INK)
    shape: dict[str, Any] = {}
    if ink:
        found = list(ink.domain)
        known = [w(group) for group in groups] or found
        forms = [SHAPES[known.index(name) % len(SHAPES)] for name in found]
        shape["shape"] = alt.Shape("group:N", scale=alt.Scale(domain=found, range=forms), legend=legend)
    valued = (row for row in worded if row["value"] is not None)
    at = {"x": alt.X("value:Q", title=w(x), scale=scale), "color": colour, **shape, **place}
    layers.append(style.mark("point", valued, at, filled=True, size=58, opacity=1))
    marked = [row for row in worded if row.get("mark") is not None]
    at = {"x": alt.X("mark:Q", scale=scale), "color": alt.ColorValue(palette.ACCENT), **place}
    layers += style.marks("point", marked, at, filled=True, shape="diamond", size=48, opacity=1)
    height = (STEP + 6 if several else STEP) * len(order)
    left = style.layers(*layers, width=WIDTH, height=height)
    return style.configure(beside(w, left, worded, order, columns, height))


def pairs(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    ends: tuple[Text, Text],
    *,
    x: Text,
    reference: float | None = None,
    columns: Columns = (),
    inks: tuple[str, str] = (palette.DEEP, palette.GROUPS[3]),
) -> ChartType:
    """Return two figures for every name, joined by a line: a circle and a diamond."""
    # rows, as they are drawn: name (Text), a and b (None is left out); ends: what the two are
    worded, order = _worded(w, rows)
    points = [
        {"name": row["name"], "value": row[key], "end": w(word)}
        for row in worded
        for key, word in zip("ab", ends, strict=True)
        if row[key] is not None
    ]
    reach = [point["value"] for point in points] + ([] if reference is None else [reference])
    scale = alt.Scale(domain=list(style.around(reach)), nice=False, zero=False)
    y = style.ordinal(order, labelPadding=4)
    layers = style.reference(reference, "x", scale)
    both = [row for row in worded if row["a"] is not None and row["b"] is not None]
    joined = {"x": alt.X("a:Q", scale=scale, title=w(x)), "x2": "b:Q", "y": y}
    layers.append(style.mark("rule", both, joined, strokeWidth=3, color=palette.BAND))
    named = [w(word) for word in ends]
    dot = {
        "x": alt.X("value:Q", scale=scale, title=w(x)),
        "y": y,
        "color": alt.Color("end:N", scale=alt.Scale(domain=named, range=list(inks))),
        "shape": alt.Shape("end:N", scale=alt.Scale(domain=named, range=list(SHAPES[:2]))),
    }
    layers.append(style.mark("point", points, dot, filled=True, size=64, opacity=1))
    height = STEP * len(order)
    left = style.layers(*layers, width=WIDTH, height=height)
    return style.configure(beside(w, left, worded, order, columns, height))


def bullets(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    parts: tuple[Text, Text],
    *,
    x: Text,
    most: float,
    columns: Columns = (),
    inks: tuple[str, str] = (palette.BAND, palette.GROUPS[3]),
) -> ChartType:
    """Return a bar for every name against a bound of its own: the part up to the bound, and the part beyond."""
    # rows, as they are drawn: name (Text), value (0 or more), bound (an upright stroke; None: not known), where known
    # low and high, its interval; parts: words within the bound and beyond; most: end of the axis, where
    # what lies beyond it is an arrow (a bound below zero is drawn at zero)
    worded, order = _worded(w, rows)
    pieces = [
        {"name": row["name"], "from": start, "to": end, "part": w(word)}
        for row in worded
        for word, start, end in zip(parts, *_parted(row), strict=True)
        if end > start
    ]
    bounded = [
        {**row, "bound": min(max(row["bound"], 0.0), most), "beyond": row["bound"] > most}
        for row in worded
        if row["bound"] is not None
    ]
    scale = alt.Scale(domain=[0, most], nice=False)
    y = style.ordinal(order, labelPadding=4)
    ink = alt.Scale(domain=[w(word) for word in parts], range=list(inks))
    bar = {"x": alt.X("from:Q", title=w(x), scale=scale), "x2": "to:Q", "y": y, "color": alt.Color("part:N", scale=ink)}
    layers = [style.mark("bar", pieces, bar, height=12)]
    spans = [
        {"name": row["name"], "low": max(row["low"], 0.0), "high": min(row["high"], most)}
        for row in bounded
        if row.get("low") is not None and row.get("high") is not None and row["low"] < most and row["high"] > 0
    ]
    span = {"x": alt.X("low:Q", scale=scale, title=w(x)), "x2": "high:Q", "y": y}
    layers += style.marks("rule", spans, span, strokeWidth=1.2, color=palette.INK)
    inside = [row for row in bounded if not row["beyond"]]
    outside = [{**row, "bound": most} for row in bounded if row["beyond"] or (row.get("high") or 0.0) > most]
    at = {"x": alt.X("bound:Q", scale=scale, title=w(x)), "y": y}
    layers += style.marks("tick", inside, at, thickness=2.6, size=15, opacity=1, color=palette.INK)
    arrow = at | {"color": alt.ColorValue(palette.INK)}
    layers += style.marks("point", outside, arrow, filled=True, shape="triangle-right", size=60, opacity=1)
    height = STEP * len(order)
    left = style.layers(*layers, width=WIDTH, height=height)
    return style.configure(beside(w, left, worded, order, columns, height))


def _parted(row: Mapping[str, Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where the two parts of a bar begin, and where they end."""
    value = float(row["value"])
    bound = value if row["bound"] is None else min(max(float(row["bound"]), 0.0), value)
    return (0.0, bound), (bound, value)


def _worded(w: Words, rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the rows in the words of the chart, and their names in order; of too many the first and the last."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    kept = names if len(names) <= MOST else [*names[:END], *names[-END:]]
    worded = style.worded(w, (row for row in rows if row["name"] in kept))
    return worded, [w(name) for name in kept]


def _zones(
    w: Words, zones: Sequence[tuple[float | None, float | None, Text]], ends: tuple[float, float]
) -> list[alt.Chart]:
    """Return shades for every second zone, and the word above each that has room for it."""
    scale = alt.Scale(domain=list(ends), nice=False, zero=False)
    every = stretches(zones, ends)
    shades = [{"start": start, "end": end} for start, end, _, shaded in every if shaded]
    wide = WIDTH / (ends[1] - ends[0]) / FIGURE  # letters that a unit of the axis has room for
    named = [
        {"value": (start + end) / 2, "text": w(word)}
        for start, end, word, _ in every
        if max(style.width(word.zh), style.width(word.en)) <= wide * (end - start)
    ]
    band = {"x": alt.X("start:Q", scale=scale), "x2": "end:Q"}
    head = {"x": alt.X("value:Q", scale=scale), "y": style.y_at(-8), "text": "text:N"}
    return [
        *style.marks("rect", shades, band, color=palette.SHADE, opacity=0.8),
        *style.marks("text", named, head, fontSize=FIGURE, color=palette.SOFT),
    ]


def limits(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = (palette.ACCENT, palette.BAND),
    decimals: int = 2,
) -> ChartType:
    """Return a dot for the figure of every name and a stroke for its limit, in one column or in two."""
    # rows, as they are drawn: name (Text), value, limit and group (Text, the colour of the dot)
    shown = rows[: 2 * COLUMN]
    scale = colours(w, shown, inks, groups)
    reach = [row[key] for row in shown for key in ("value", "limit")]
    plane = style.fitted(reach, by=0.05)
    height = -(-len(shown) // 2) if len(shown) > COLUMN else len(shown)
    parts = [shown[at : at + height] for at in range(0, len(shown), height)]
    width = ONE if len(parts) == 1 else TWO
    drawn: list[alt.LayerChart] = []
    for part in parts:
        drawn += _limited(w, part, x, plane, scale, width, decimals)
    return style.configure(alt.hconcat(*drawn, spacing=6))


def _limited(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    x: Text,
    plane: alt.Scale,
    scale: alt.Scale | None,
    width: int,
    decimals: int,
) -> list[alt.LayerChart]:
    """Return one column of names: the dots and strokes, and the figures beside them."""
    worded = [
        {
            "name": w(row["name"]),
            "value": row["value"],
            "limit": row["limit"],
            "group": w(row["group"]),
            "text": f"{number(row['value'], decimals)} | {number(row['limit'], decimals)}",
        }
        for row in rows
    ]
    order = [row["name"] for row in worded]
    y = style.ordinal(order, labelPadding=4, labelFontSize=10, grid=True)
    base = style.data(worded)
    # the axis belongs to the figures of both ends of the rule
    across = alt.X("value:Q", title=w(x), scale=plane, axis=alt.Axis(tickCount=4))
    limit = {"x": alt.X("limit:Q", scale=plane), "y": y}
    point = {"x": across, "y": y, "color": alt.Color("group:N", scale=scale, legend=alt.Legend())}
    left = style.layers(
        style.mark("rule", base, {"x": across, "x2": "limit:Q", "y": y}, color=palette.BAND),
        style.mark("tick", base, limit, color=palette.INK, thickness=2, height=11),
        style.mark("circle", base, point, size=58, opacity=1),
        width=width,
        height=ROW * len(order),
    )
    place = {"y": style.ordinal(order, labels=False), "text": "text:N", "x": style.x_at(66)}
    figures = style.mark("text", base, place, align="right", fontSize=9.5, color=palette.INK)
    return [left, style.layers(figures, width=68, height=ROW * len(order))]


def reliability(w: Words, rows: Sequence[Mapping[str, Any]], *, x: Text, y: Text) -> ChartType:
    """Return a reliability diagram."""
    # rows: x, y, low, high and n, the number behind the dot, all but n in percent
    scale = alt.Scale(domain=[-2, 104], nice=False)
    axis = alt.Axis(values=list(range(0, 101, 20)), domain=False, ticks=False)
    across, up = alt.X("x:Q", scale=scale, title=w(x), axis=axis), alt.Y("y:Q", scale=scale, title=w(y), axis=axis)
    counted = [{**row, "text": f"{row['n']:,}", "above": row["y"] > row["x"] > EDGE} for row in rows]
    band = {"x": across, "y": alt.Y("low:Q", scale=scale, title=w(y)), "y2": "high:Q"}
    at: dict[str, Any] = {"x": across, "y": up}
    equal = [{"x": 0, "y": 0}, {"x": 100, "y": 100}]
    layers = [
        style.mark("line", equal, at, color=palette.SOFT, strokeDash=[4, 3], strokeWidth=1),
        style.mark("rule", counted, band, strokeWidth=3, color=palette.BAND),
        style.mark("circle", counted, at, size=62, opacity=1, color=palette.DEEP),
    ]
    for above, align, dx, dy in ((True, "right", -6, -8), (False, "left", 6, 8)):  # on the side away from the diagonal
        some = (row for row in counted if row["above"] is above)
        look = {"align": align, "baseline": "middle", "dx": dx, "dy": dy, "fontSize": 9.5, "color": palette.SOFT}
        layers += style.marks("text", some, at | {"text": "text:N"}, **look)
    return style.configure(style.layers(*layers, width=SIDE, height=SIDE))
