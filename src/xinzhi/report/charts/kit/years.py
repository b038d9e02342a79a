"""Time across: lines with bands, periods on a time line, densities one above the other."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from xinzhi import words
from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.kit.names import colours
from xinzhi.report.charts.style import Words

WIDTH, HEIGHT = 600, 280
FEW = 7  # years that each have a label
PALEST, DARKEST = 0.16, 0.62  # how much of the full colour the widest and the narrowest band have
DENSE = 6  # with more points than this the past is a plain line
LABEL = 0.062  # height of a label at the end of a line, as part of the height of the values


def lines(  # noqa: PLR0913 - what a line chart can show
    w: Words,
    rows: Sequence[Mapping[str, Any]],
    *,
    y: Text,
    reference: float | None = None,
    decimals: int = 2,
    marks: Sequence[Mapping[str, Any]] = (),
    inks: Sequence[str] = palette.GROUPS,
    levels: Sequence[tuple[float | None, float | None, Text]] = (),
    strong: Collection[Text] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> ChartType:
    """Return one line a group over the years, named at its end, with a band where the rows have one."""
    # rows: group (Text), year (months and quarters as fractions), value (None breaks the line), where known low and
    # high, the ends of its band; dot sets a dot on it. marks: spans of years to shade, start, end and where wanted word
    # (Text). levels: stretches of the upright axis, ends (None: open) and word; every second one is shaded. strong: the
    # groups whose lines stand out (None: all). size: width and height in pixels.
    scale = colours(w, rows, inks)
    worded = [{**row, "group": w(row["group"])} for row in rows]
    known = [row for row in worded if row["value"] is not None]
    years = [row["year"] for row in worded]
    reach = [row[key] for row in known for key in ("value", "low", "high") if row.get(key) is not None]
    reach += [] if reference is None else [reference]
    up, span = style.fitted(reach), max(reach, default=1.0) - min(reach, default=0.0)
    axis = style.above(titleY=-8, titleX=-30, tickCount=6)
    across = across_years(years)
    colour = alt.Color("group:N", scale=scale, legend=None)
    layers = [*style.shades(w, marks), *_levels(w, levels, tuple(up.domain))]
    band = {"x": across, "y": alt.Y("low:Q", scale=up), "y2": "high:Q", "color": colour, "detail": "piece:N"}
    layers += style.marks("area", _pieces(worded), band, opacity=0.18)
    layers += style.reference(reference, "y", up)
    thick = None if strong is None else {w(group) for group in strong}
    for stands_out in (True, False):
        shown = [row for row in worded if (thick is None or row["group"] in thick) is stands_out]
        line = {"x": across, "y": alt.Y("value:Q", title=w(y), axis=axis, scale=up), "color": colour}
        layers += style.marks("line", shown, line, strokeWidth=2.2 if stands_out else 1.2, invalid=style.BREAK)
    dotted = [row for row in known if row.get("dot")]
    dot = {"x": across, "y": alt.Y("value:Q", scale=up), "color": colour}
    layers += style.marks("circle", dotted, dot, size=26, opacity=1)
    inked = dict(zip(scale.domain, scale.range, strict=True)) if scale else {}
    named = [{**row, "ink": palette.deepened(inked[row["group"]])} for row in _apart(w, known, span, decimals)]
    end = {"x": across, "y": alt.Y("place:Q", scale=up), "text": "label:N", "color": alt.Color("ink:N", scale=None)}
    layers.append(style.mark("text", named, end, align="left", dx=5, fontSize=10))
    return style.configure(style.layers(*layers, width=size[0], height=size[1]))


def _pieces(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that have a band, numbered so that it breaks where the line does."""
    found: list[dict[str, Any]] = []
    broken: dict[str, int] = {}
    for row in rows:
        piece = broken.setdefault(row["group"], 0)
        if row["value"] is None or row.get("low") is None or row.get("high") is None:
            broken[row["group"]] = piece + 1
        else:
            found.append({**row, "piece": piece})
    return found


def across_years(years: Sequence[float]) -> alt.X:
    """Return the axis of years below a chart; where they are few each has its label, and none stands twice."""
    first, last = min(years, default=0), max(years, default=1)
    ends = alt.Scale(domain=[first, last], nice=False, zero=False)
    axis = alt.Axis(format="d", grid=False, tickCount=6, domain=False, tickMinStep=1)
    if last - first < FEW:
        whole = list(range(math.ceil(first), math.floor(last) + 1))
        axis = alt.Axis(format="d", grid=False, values=whole, domain=False)
    return alt.X("year:Q", title=None, axis=axis, scale=ends)


def stretches(
    zones: Sequence[tuple[float | None, float | None, Text]], ends: tuple[float, float]
) -> list[tuple[float, float, Text, bool]]:
    """Return the stretches of an axis inside its ends: beginning, end, word, and whether it is shaded."""
    every = [
        (
            ends[0] if low is None else max(low, ends[0]),
            ends[1] if high is None else min(high, ends[1]),
            word,
            at % 2 == 0,
        )
        for at, (low, high, word) in enumerate(zones)
    ]
    return [one for one in every if one[0] < one[1]]


def _levels(
    w: Words, levels: Sequence[tuple[float | None, float | None, Text]], ends: tuple[float, float]
) -> list[alt.Chart]:
    """Return shades for every second stretch of the upright axis, and the word in each that is high enough."""
    scale = alt.Scale(domain=list(ends), nice=False, zero=False)
    every = stretches(levels, ends)
    shades = [{"start": start, "end": end} for start, end, _, shaded in every if shaded]
    least = LABEL * (ends[1] - ends[0])
    band = {"y": alt.Y("start:Q", scale=scale), "y2": "end:Q"}
    found = style.marks("rect", shades, band, color=palette.SHADE, opacity=1)
    for start, end, word, _ in every:
        if end - start < least:
            continue
        lowest = start == ends[0]  # at the foot of the picture its word is further from the lines
        side = {"baseline": "bottom" if lowest else "top", "dy": -3 if lowest else 3}
        place = {"x": style.x_at(4), "y": alt.Y("value:Q", scale=scale), "text": "text:N"}
        row = {"value": start if lowest else end, "text": w(word)}
        found.append(style.mark("text", [row], place, align="left", fontSize=9.5, color=palette.SOFT, **side))
    return found


def _apart(w: Words, known: Sequence[Mapping[str, Any]], spread: float, decimals: int) -> list[dict[str, Any]]:
    """Return the labels at the ends of the lines, moved apart so that none covers another."""
    last: dict[str, Mapping[str, Any]] = {}
    for row in known:
        if row["group"] not in last or row["year"] >= last[row["group"]]["year"]:
            last[row["group"]] = row
    placed = style.apart(last.values(), LABEL * (spread or 1.0))
    for row in placed:
        row["label"] = w(words.shared.chart_end(name=w.pairs[row["group"]], value=number(row["value"], decimals)))
    return placed


def timeline(w: Words, rows: Sequence[Mapping[str, Any]], *, x: Text | None = None) -> ChartType:
    """Return periods as bars on a time line, one row a name."""
    # rows: name (Text), start, end, where wanted group (Text, its colour) and word (Text, at its start); a name may
    # have several
    scale = colours(w, rows)
    worded = style.worded(w, rows)
    order = list(dict.fromkeys(row["name"] for row in worded))
    low, high = min(row["start"] for row in worded), max(row["end"] for row in worded)
    across = alt.X(
        "start:Q",
        title=w(x) if x else None,
        axis=alt.Axis(format="d", domain=False),
        scale=alt.Scale(domain=[low, high], nice=False, zero=False),
    )
    y = style.ordinal(order, labelPadding=6)
    colour = alt.Color("group:N", scale=scale, legend=None) if scale else alt.ColorValue(palette.DEEP)
    layers = [style.mark("bar", worded, {"x": across, "x2": "end:Q", "y": y, "color": colour}, height=15, opacity=0.5)]
    said = (row for row in worded if row.get("word"))
    look = {"align": "left", "dx": 4, "fontSize": 9.5, "color": palette.INK, "baseline": "middle"}
    layers += style.marks("text", said, {"x": across, "y": y, "text": "word:N"}, **look)
    return style.configure(style.layers(*layers, width=WIDTH, height=26 * len(order)))


def ridges(w: Words, rows: Sequence[Mapping[str, Any]], *, x: Text, step: int = 34, overlap: float = 1.6) -> ChartType:
    """Return densities one above the other, a line of years from top to bottom."""
    # rows: name (Text, such as a year), x and density, a grid for every name, in the order of the lines; step: pixels
    # between two lines, of which the highest density fills `overlap`
    worded = [{**row, "name": w(row["name"])} for row in rows]
    order = list(dict.fromkeys(row["name"] for row in worded))
    top = max((row["density"] for row in worded), default=1.0) or 1.0
    height = step * (len(order) - 1) + step * overlap
    base = {name: height - step * (len(order) - 1 - i) for i, name in enumerate(order)}
    places = [
        {
            "name": row["name"],
            "x": row["x"],
            "foot": base[row["name"]],
            "head": base[row["name"]] - row["density"] / top * step * overlap,
        }
        for row in worded
    ]
    plane = alt.Scale(domain=[0, height], range=[0, height], nice=False)
    across = alt.X("x:Q", title=w(x), axis=alt.Axis(grid=False), scale=alt.Scale(nice=False, zero=False))
    ridge = {"x": across, "y": alt.Y("head:Q", scale=plane, axis=None), "y2": "foot:Q"}
    edge = {"color": "white", "strokeWidth": 1.2}
    layers = [
        style.mark(
            "area", (row for row in places if row["name"] == name), ridge, color=palette.DEEP, opacity=0.55, line=edge
        )
        for name in order
    ]
    names = ({"name": name, "foot": foot} for name, foot in base.items())
    at = {"x": style.x_at(-6), "y": alt.Y("foot:Q", scale=plane, axis=None), "text": "name:N"}
    layers.append(style.mark("text", names, at, align="right", baseline="bottom", fontSize=10, color=palette.SOFT))
    return style.configure(style.layers(*layers, width=WIDTH, height=height))


def fan(
    w: Words,
    past: Sequence[tuple[float, float | None]],
    bands: Mapping[Text, Sequence[tuple[float, float, float]]],
    middle: Sequence[tuple[float, float]] = (),
    *,
    y: Text,
    ends: Sequence[tuple[float, Text]] = (),
    reference: tuple[float, Text] | None = None,
) -> ChartType:
    """Return a line of the past and, from its end on, nested bands of the future around a middle line."""
    # past: year and value (None breaks the line); bands by word, the widest first: year, lower and upper end, which
    # open from the last known value of the past; middle: year and value; ends: values to name at the right; reference:
    # a level, its word
    known = [(year, value) for year, value in past if value is not None]
    start = known[-1:]
    reach = [value for _, value in (*known, *middle)] + [
        one for rows in bands.values() for row in rows for one in row[1:]
    ]
    reach += [reference[0]] if reference else []
    up, span = style.fitted(reach), max(reach, default=1.0) - min(reach, default=0.0)
    years = [year for year, _ in (*past, *middle)] + [row[0] for rows in bands.values() for row in rows]
    across = across_years(years)
    title = style.above(titleY=-8, titleX=-30, tickCount=6)
    layers: list[alt.Chart] = []
    inks = alt.Scale(domain=[w(word) for word in bands], range=shades(len(bands)))
    for word, rows in bands.items():
        opened = [(year, value, value) for year, value in start] + list(rows)
        areas = ({"year": year, "low": a, "high": b, "group": w(word)} for year, a, b in opened)
        # below, as the title of the axis stands above
        colour = alt.Color("group:N", scale=inks, legend=alt.Legend(orient="bottom"))
        band = {"x": across, "y": alt.Y("low:Q", scale=up), "y2": "high:Q", "color": colour}
        layers.append(style.mark("area", areas, band, opacity=1))
    level = {"x": across, "y": alt.Y("value:Q", scale=up)}
    if reference:
        layers += style.reference(reference[0], "y", up)
        row = {"year": min(years), "value": reference[0], "text": w(reference[1])}
        look = {"align": "left", "baseline": "bottom", "dx": 3, "dy": -3, "fontSize": 9.5, "color": palette.SOFT}
        layers.append(style.mark("text", [row], level | {"text": "text:N"}, **look))
    if middle:
        ahead = ({"year": year, "value": value} for year, value in (*start, *middle))
        layers.append(style.mark("line", ahead, level, color=palette.INK, strokeWidth=1.6, strokeDash=[5, 3]))
    behind = ({"year": year, "value": value} for year, value in past)
    point = {"color": palette.INK, "size": 22} if len(known) <= DENSE else False
    line = {"x": across, "y": alt.Y("value:Q", title=w(y), axis=title, scale=up)}
    layers.append(
        style.mark("line", behind, line, color=palette.INK, strokeWidth=2.2, point=point, invalid=style.BREAK)
    )
    named = style.apart(({"value": value, "label": w(word)} for value, word in ends), LABEL * (span or 1.0))
    labels = ({**row, "year": max(years, default=0)} for row in named)
    end = {"x": across, "y": alt.Y("place:Q", scale=up), "text": "label:N"}
    layers.append(style.mark("text", labels, end, align="left", dx=6, fontSize=10, color=palette.INK))
    return style.configure(style.layers(*layers, width=WIDTH, height=HEIGHT))


def shades(count: int) -> list[str]:
    """Return tints of one colour, the palest first."""
    full = [int(palette.DEEP[i : i + 2], 16) for i in (1, 3, 5)]
    step = (DARKEST - PALEST) / max(1, count - 1)
    parts = [PALEST + step * i for i in range(count)]
    return ["#" + "".join(f"{round(255 - part * (255 - one)):02x}" for one in full) for part in parts]
