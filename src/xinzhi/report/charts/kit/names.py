"""One row a name: dots with intervals, bars, stacked bars with a dot for the sum, a waterfall, a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.style import Words
from xinzhi.report.palette import ink_on

Columns = Sequence[tuple[Text, str]]  # head and key of figures beside a chart

STEP, WIDTH = 18, 560
FIGURE, SPACE = 10, 10  # size of the figures at the right, and the room between two columns of them
MOST, END = 50, 20  # with more names than a page can hold, those at either end are drawn
CELL = 30


def ends(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows that a chart of one row a name shows: all, or the first and the last."""
    return list(rows) if len(rows) <= MOST else [*rows[:END], *rows[-END:]]


def colours(
    w: Words, rows: Sequence[Mapping[str, Any]], range_: Sequence[str] = palette.GROUPS, known: Sequence[Text] = ()
) -> alt.Scale | None:
    """Return the colours of the groups; None when no row has one."""
    # Each of `known` has its own colour by its place among them, drawn here or not; others follow as they appear.
    found = dict.fromkeys(row["group"] for row in rows if row.get("group") is not None)
    places = {group: at for at, group in enumerate(dict.fromkeys([*known, *found]))}
    shown = [group for group in places if group in found]
    inks = [range_[places[group] % len(range_)] for group in shown]
    return alt.Scale(domain=[w(group) for group in shown], range=inks) if shown else None


def dots(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    reference: float | None = None,
    decimals: int = 3,
    domain: Sequence[float] | None = None,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = palette.GROUPS,
) -> ChartType:
    """Return a dot for every name, with its interval where it has one, and its figure at the right."""
    # rows, as they are drawn: name (Text), value (None is left blank), where known low, high and group (Text)
    shown = ends(rows)
    scale = colours(w, shown, inks, groups)
    worded = style.worded(w, shown)
    order = [row["name"] for row in worded]
    reach = [row[key] for row in worded for key in ("value", "low", "high") if row.get(key) is not None]
    reach += [] if reference is None else [reference]
    axis = alt.Scale(domain=list(domain) if domain else list(style.around(reach)), nice=False, zero=False)
    across = alt.X("value:Q", title=w(x), scale=axis)
    y = style.ordinal(order, labelPadding=4, grid=True)
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    layers = style.reference(reference, "x", axis)
    spans = [row for row in worded if row.get("low") is not None and row.get("high") is not None]
    band = {"x": alt.X("low:Q", scale=axis, title=w(x)), "x2": "high:Q", "y": y}
    layers += style.marks("rule", spans, band, strokeWidth=3, color=palette.BAND)
    known = [row for row in worded if row["value"] is not None]
    layers.append(style.mark("circle", known, {"x": across, "y": y, "color": colour}, size=62, opacity=1))
    height = STEP * len(order)
    left = style.layers(*layers, width=WIDTH, height=height)
    return style.configure(_beside(left, _figures(worded, order, decimals, height)))


def bars(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    *,
    x: Text,
    decimals: int = 1,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = palette.GROUPS,
) -> ChartType:
    """Return a bar for every name with its figure; rows as in `dots`, without intervals."""
    shown = ends(rows)
    scale = colours(w, shown, inks, groups)
    worded = style.worded(w, shown)
    order = [row["name"] for row in worded]
    known = [row for row in worded if row["value"] is not None]
    domain = style.padded([row["value"] for row in known])
    colour = alt.Color("group:N", scale=scale) if scale else alt.ColorValue(palette.DEEP)
    across = alt.X("value:Q", title=w(x), scale=alt.Scale(domain=domain, nice=False))
    height = STEP * len(order)
    place = {"x": across, "y": style.ordinal(order, labelPadding=4), "color": colour}
    drawn = style.mark("bar", known, place, height=12)
    left = style.layers(drawn, style.zero("x"), width=WIDTH, height=height)
    return style.configure(_beside(left, _figures(worded, order, decimals, height)))


def stacked(
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    parts: Mapping[str, tuple[Text, str]],
    *,
    x: Text,
    total: str | None = None,
    decimals: int = 1,
    domain: Sequence[float] | None = None,
    columns: Columns = (),
) -> ChartType:
    """Return stacked bars by name, with a dot and a figure for the sum."""
    # rows: name (Text) and the value of every part; parts: column, its word and its colour in the order of the stack;
    # total: column of the sum; columns stand in the place of its figure
    shown = ends(rows)
    worded = style.worded(w, shown)
    order = [row["name"] for row in worded]
    long = [
        {"name": row["name"], "part": w(word), "order": i, "value": row[key]}
        for row in worded
        for i, (key, (word, _)) in enumerate(parts.items())
        if row.get(key) is not None
    ]
    scale = alt.Scale(domain=[w(word) for word, _ in parts.values()], range=[ink for _, ink in parts.values()])
    y = style.ordinal(order, labelPadding=4)
    axis = alt.Scale(domain=list(domain), nice=False) if domain else alt.Undefined
    across = alt.X("value:Q", title=w(x), stack="zero", scale=axis)
    key = style.columns_of([word for word, _ in parts.values()], WIDTH)
    stack = {"x": across, "y": y, "color": alt.Color("part:N", scale=scale, legend=key), "order": alt.Order("order:Q")}
    layers = [style.mark("bar", long, stack, height=12, stroke="white", strokeWidth=0.5), style.zero("x")]
    height = STEP * len(order)
    if total is None:
        return style.configure(style.layers(*layers, width=WIDTH, height=height))
    sums = [{"name": row["name"], "value": row[total]} for row in worded if row.get(total) is not None]
    at = {"x": alt.X("value:Q"), "y": y}
    layers.append(style.mark("point", sums, at, filled=True, size=34, color=palette.INK, opacity=1))
    left = style.layers(*layers, width=WIDTH, height=height)
    if columns:
        return style.configure(beside(w, left, worded, order, columns, height))
    return style.configure(_beside(left, _figures(sums, order, decimals, height)))


def waterfall(w: Words, steps: Sequence[tuple[Text, float, str]], *, y: Text, decimals: int = 2) -> ChartType:
    """Return a waterfall: each part from where the one before it ends, the sum at the right from zero."""
    # steps: word, value and colour of every part; the last one is the sum and stands from zero
    rows: list[dict[str, Any]] = []
    level = 0.0
    for i, (word, value, ink) in enumerate(steps):
        start = 0.0 if i == len(steps) - 1 else level
        level = start + value
        top = max(start, level)
        text = number(value, decimals, sign=i < len(steps) - 1)
        rows.append({"name": w(word), "from": start, "to": level, "ink": ink, "text": text, "top": top})
    order: list[str] = [row["name"] for row in rows]
    step = max(92.0, *(style.TEXT_SIZE * style.width(name) + 10 for name in order))
    across = alt.X("name:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, ticks=False))
    domain = style.padded([row[key] for row in rows for key in ("from", "to")])
    up = alt.Y("from:Q", title=w(y), scale=alt.Scale(domain=domain, nice=False))
    own = alt.Color("ink:N", scale=None)
    block = style.mark("bar", rows, {"x": across, "y": up, "y2": "to:Q", "color": own}, size=46)
    place = {"x": across, "y": alt.Y("top:Q"), "text": "text:N"}
    figures = style.mark("text", rows, place, dy=-7, fontSize=11, color=palette.INK)
    return style.configure(style.layers(block, style.zero("y"), figures, width=max(420, step * len(rows)), height=260))


def matrix(
    w: Words,
    cells: Sequence[Mapping[str, Any]],
    *,
    title: Text,
    decimals: int | None = None,
    diverging: bool = False,
    domain: tuple[float, float] | None = None,
    cell: int = CELL,
) -> ChartType:
    """Return a matrix of coloured cells."""
    # cells: row and column (Text), value, where wanted mark (Text, written in the cell), rows and columns in the order
    # in which they first appear. One with a mark and no value (not known, not checked) is hollow, one with neither is
    # not drawn. cell: width of a column in pixels, at most; names that are wider are slanted. decimals: None writes no
    # figures.
    worded = style.worded(w, cells)
    rows = list(dict.fromkeys(one["row"] for one in worded))
    columns = list(dict.fromkeys(one["column"] for one in worded))
    known = [one for one in worded if one["value"] is not None]
    hollow = [{**one, "text": one["mark"]} for one in worded if one["value"] is None and one.get("mark")]
    low, high = domain or _span([one["value"] for one in known], diverging=diverging)
    inks = palette.DIVERGING if diverging else (palette.SHADE, palette.BAND, palette.DEEP, "#0b3a5e")
    scale = alt.Scale(domain=[low, high], range=list(inks), interpolate="lab", clamp=True)
    plain = all(one["value"] in {0, 1} and one.get("mark") for one in known)  # the marks say it all
    legend = (
        None
        if plain
        else alt.Legend(
            title=w(title),
            titleFontWeight="normal",
            titleColor=palette.SOFT,
            orient="top",
            direction="horizontal",
            gradientLength=180,
            gradientThickness=9,
            tickCount=4,
        )
    )
    step = max(14, min(cell, 640 // max(1, len(columns))))
    slanted = any(style.width(name) > step / 12 for name in columns)
    x = alt.X(
        "column:N",
        sort=columns,
        title=None,
        axis=alt.Axis(orient="top", labelAngle=-45 if slanted else 0, domain=False, ticks=False),
    )
    y = alt.Y("row:N", sort=rows, title=None, axis=alt.Axis(domain=False, ticks=False))
    shade = {"x": x, "y": y, "color": alt.Color("value:Q", scale=scale, legend=legend)}
    layers = [
        style.mark("rect", known, shade, stroke="white", strokeWidth=1),
        *style.marks(
            "rect", hollow, {"x": x, "y": y}, fill="white", stroke=palette.BAND, strokeWidth=0.8, strokeDash=[2, 2]
        ),
        *style.marks("text", hollow, {"x": x, "y": y, "text": "text:N"}, fontSize=9, color=palette.SOFT),
    ]
    marked = [
        {
            **one,
            "text": one.get("mark") or number(one["value"], decimals or 0),
            "ink": ink_on((one["value"] - low) / (high - low), inks),
        }
        for one in known
        if decimals is not None or one.get("mark")
    ]
    for ink in dict.fromkeys(one["ink"] for one in marked):
        some = (one for one in marked if one["ink"] == ink)
        layers.append(style.mark("text", some, {"x": x, "y": y, "text": "text:N"}, fontSize=9, color=ink))
    drawn = style.layers(*layers, width=step * len(columns), height=max(14, min(20, 900 // len(rows))) * len(rows))
    return style.configure(drawn)


def _span(values: Sequence[float], *, diverging: bool) -> tuple[float, float]:
    if diverging:
        reach = max((abs(value) for value in values), default=1.0) or 1.0
        return -reach, reach
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _figures(rows: Sequence[Mapping[str, Any]], order: Sequence[str], decimals: int, height: int) -> alt.LayerChart:
    found = [{"name": row["name"], "text": number(row["value"], decimals)} for row in rows]
    place = {"y": style.ordinal(order, labels=False), "text": "text:N", "x": style.x_at(58)}
    drawn = style.mark("text", found, place, align="right", fontSize=10, color=palette.INK)
    return style.layers(drawn, width=60, height=height)


def _beside(left: alt.LayerChart, right: alt.LayerChart) -> ChartType:
    return alt.hconcat(left, right, spacing=4, resolve=alt.Resolve(scale=alt.ScaleResolveMap(y="shared")))


def beside(
    w: Words,
    left: alt.LayerChart,
    rows: Sequence[Mapping[str, Any]],
    order: Sequence[str],
    columns: Columns,
    height: int,
) -> ChartType:
    """Return a chart with columns of figures at its right, each under its head."""
    if not columns or not order:
        return left
    first = {row["name"]: row for row in reversed(rows)}
    layers, edge = [], 0.0
    for title, key in columns:
        head = w(title)
        cells = [first[name].get(key) for name in order]
        shown = [cell or "" for cell in cells]
        edge += FIGURE * max(style.width(text) for text in [head, *shown]) + SPACE
        rows = [{"name": name, "text": cell} for name, cell in zip(order, shown, strict=True)]
        place = {"y": style.ordinal(order, labels=False), "text": "text:N", "x": style.x_at(edge)}
        drawn = style.mark("text", rows, place, align="right", fontSize=FIGURE, color=palette.INK)
        layers += [drawn, style.head(head, x=edge)]
    right = style.layers(*layers, width=edge + 2, height=height)
    return _beside(left, right)
