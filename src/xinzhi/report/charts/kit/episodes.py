"""A statistic against its critical line over dates, with the episodes in which it passes shaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
from altair.typing import ChartType

from xinzhi.core.text import Text, same
from xinzhi.report import palette
from xinzhi.report.charts import style
from xinzhi.report.charts.kit.names import colours
from xinzhi.report.charts.style import Words

Unit = Literal["position", "year", "quarter", "month", "day"]
_PER_YEAR = {"month": 12, "quarter": 4}
_STEPS = {"month": (1, 2, 3, 6, 12, 24, 60, 120, 240, 600), "quarter": (1, 2, 4, 8, 20, 40, 80, 200)}
_DAYS = 62  # with fewer, single days are marked
_EPOCH = dt.date(1970, 1, 1)
WIDTH, HEIGHT = 600, 170
CELL, CELL_HEIGHT, ABREAST = 180, 92, 3
LANE, LANES = 16, 6  # pixels of a line of labels, and how many there are at most
LETTER = 9.5
GUTTER = 44  # pixels left of every panel, so that dates stand under each other
INKS = (palette.ACCENT, palette.DEEP, *palette.GROUPS[2:])


def episodes(
    w: Words,
    panels: Sequence[Mapping[str, Any]],
    spans: Sequence[Mapping[str, Any]],
    *,
    dates: Unit,
    groups: Sequence[Text] = (),
) -> ChartType:
    """Return lines under each other over the same dates, with spans shaded through all of them and named above."""
    # panels: title (Text) and rows: x (a date, as in `written`), value (None breaks the line), where there is one limit
    # (dashed). spans: start, end (dates, both inside), group (Text, its colour), word (Text); of many the longest are
    # named.
    places = [row["x"] for panel in panels for row in panel["rows"]]
    low, high = min(places), max(places)
    scale = colours(w, spans, INKS, groups)
    charts: list[alt.LayerChart] = []
    lanes = _lanes(w, spans, low, high)
    if lanes:
        charts.append(_named(lanes, low, high, scale))
    for panel in panels:
        last = panel is panels[-1]
        axis = across(w, low, high, dates, labels=last)
        title = style.above(
            title=w(panel["title"]),
            titleY=-10,
            titleX=-GUTTER,
            tickCount=4,
            minExtent=GUTTER,
            maxExtent=GUTTER,
        )
        layers = [*_shades(w, spans, axis, scale), *_lines(panel["rows"], axis, title, dates)]
        charts.append(style.layers(*layers, width=WIDTH, height=HEIGHT if len(panels) > 1 else 1.4 * HEIGHT))
    return style.configure(alt.vconcat(*charts, spacing=30, bounds="flush"))


def _shades(
    w: Words, spans: Sequence[Mapping[str, Any]], axis: alt.X, scale: alt.Scale | None, *, opacity: float = 0.2
) -> list[alt.Chart]:
    """Return the spans, each from half a step before its first date to half a step after its last."""
    rows = [{"x": one["start"] - 0.5, "x2": one["end"] + 0.5, "group": w(one["group"])} for one in spans]
    band = {"x": axis, "x2": "x2:Q", "color": alt.Color("group:N", scale=scale, legend=None)}
    return style.marks("rect", rows, band, opacity=opacity)


def _lines(
    rows: Sequence[Mapping[str, Any]], axis: alt.X, title: alt.Axis, unit: Unit, *, stroke: float = 1.6
) -> list[alt.Chart]:
    """Return the line, and dashed the one that it is held against."""
    reach = [row[key] for row in rows for key in ("value", "limit") if row.get(key) is not None]
    up = style.fitted(reach)
    known = [
        {"x": row["x"], "value": row["value"], "limit": row.get("limit"), "period": written(row["x"], unit)}
        for row in rows
    ]
    base, found = style.data(known), []
    if any(row["limit"] is not None for row in known):
        limit = {"x": axis, "y": alt.Y("limit:Q", axis=title, scale=up)}
        dashed = {"color": palette.GROUPS[3], "strokeWidth": 1.2, "strokeDash": [4, 3], "invalid": style.BREAK}
        found.append(style.mark("line", base, limit, **dashed))
    value = {"x": axis, "y": alt.Y("value:Q", axis=title, scale=up)}
    return [*found, style.mark("line", base, value, color=palette.INK, strokeWidth=stroke, invalid=style.BREAK)]


def _lanes(w: Words, spans: Sequence[Mapping[str, Any]], low: int, high: int) -> list[dict[str, Any]]:
    """Return the spans that are named, each in the first lane in which bar and name have room."""
    pixels = WIDTH / (high - low + 1)
    filled: list[list[tuple[float, float]]] = []
    found = []
    for one in sorted(spans, key=lambda span: span["start"] - span["end"]):
        left, right = ((one["start"] - low) * pixels, (one["end"] + 1 - low) * pixels)
        room = LETTER * max(style.width(one["word"].zh), style.width(one["word"].en)) + 10
        after = right + room <= WIDTH
        reach = (left, right + room) if after else (left - room, right)
        lane = next(
            (at for at, taken in enumerate(filled) if all(reach[1] < a or reach[0] > b for a, b in taken)), len(filled)
        )
        if lane >= LANES:
            continue
        if lane == len(filled):
            filled.append([])
        filled[lane].append(reach)
        found.append(
            {
                "x": one["start"] - 0.5,
                "x2": one["end"] + 0.5,
                "lane": lane,
                "after": after,
                "group": w(one["group"]),
                "word": w(one["word"]),
            }
        )
    return found


def _named(lanes: Sequence[Mapping[str, Any]], low: int, high: int, scale: alt.Scale | None) -> alt.LayerChart:
    count = 1 + max(one["lane"] for one in lanes)
    axis = alt.X("x:Q", axis=None, scale=plane(low, high))
    y = alt.Y("lane:Q", axis=None, scale=alt.Scale(domain=[-0.5, count - 0.5], nice=False, zero=False))
    colour = alt.Color("group:N", scale=scale, legend=None)
    bar = {"x": axis, "x2": "x2:Q", "y": y, "color": colour}
    layers = [style.mark("bar", lanes, bar, height=6, opacity=0.75)]
    for after in (True, False):
        some = (one for one in lanes if one["after"] == after)
        word = {"x": alt.X("x2:Q" if after else "x:Q", scale=plane(low, high)), "y": y, "text": "word:N"}
        side = {"align": "left" if after else "right", "dx": 5 if after else -5}
        layers += style.marks("text", some, word, fontSize=LETTER, color=palette.INK, **side)
    return style.layers(*layers, width=WIDTH, height=LANE * count)


def episode_grid(
    w: Words, cells: Sequence[Mapping[str, Any]], *, dates: Unit, groups: Sequence[Text] = (), abreast: int = ABREAST
) -> ChartType:
    """Return small pictures of `episodes`, one a name, all over the same dates."""
    # cells: name (Text), rows (x, value, limit) and spans (start, end, group); abreast: how many stand side by side
    places = [row["x"] for cell in cells for row in cell["rows"]]
    low, high = min(places), max(places)
    every = [span for cell in cells for span in cell["spans"]]
    scale = colours(w, every, INKS, groups)
    drawn = []
    for cell in cells:
        axis = across(w, low, high, dates, most=4)
        plain = alt.Axis(title=None, domain=False, ticks=False, tickCount=3, minExtent=24, maxExtent=24)
        layers = [*_shades(w, cell["spans"], axis, scale), *_lines(cell["rows"], axis, plain, dates, stroke=1.3)]
        title = alt.TitleParams(w(cell["name"]), fontSize=11, fontWeight="normal", offset=4)
        drawn.append(style.layers(*layers, width=CELL, height=CELL_HEIGHT, title=title))
    lines = [alt.hconcat(*drawn[at : at + abreast], spacing=44, bounds="flush") for at in range(0, len(drawn), abreast)]
    if every:
        seen = list(dict.fromkeys(span["group"] for span in every))
        inks = {group: ink for group, ink in zip(groups or seen, INKS, strict=False) if group in seen}
        lines.insert(0, alt.hconcat(_key(w, inks)))
    return style.configure(alt.vconcat(*lines, spacing=20))


def _key(w: Words, inks: Mapping[Text, str]) -> alt.LayerChart:
    """Return the colours and what they mean, in one line."""
    rows: list[dict[str, Any]] = []
    at = 0.0
    for group, ink in inks.items():
        rows.append({"x": at, "word": w(group), "ink": ink})
        at += 26 + 11 * max(style.width(group.zh), style.width(group.en))
    base = style.data(rows)
    place = {"x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], nice=False)), "y": style.y_at(6)}
    layers = [
        style.mark(
            "square", base, {**place, "color": alt.Color("ink:N", scale=None)}, size=90, opacity=0.45, xOffset=5
        ),
        style.mark("text", base, {**place, "text": "word:N"}, align="left", dx=14, fontSize=11, color=palette.INK),
    ]
    return style.layers(*layers, width=WIDTH, height=12)


def spells(
    w: Words, rows: Sequence[Mapping[str, Any]], *, dates: Unit, groups: Sequence[Text] = (), step: int = 20
) -> ChartType:
    """Return the spells of every name on a line of dates, over the span in which it was observed."""
    # rows: name (Text), first, last (observed, drawn as a thin line) and spans: start, end, group (Text, its colour),
    # mark (a sign on the bar), where wanted after (one behind); step: pixels of a row
    every = [span for row in rows for span in row["spans"]]
    scale = colours(w, every, INKS, groups)
    low, high = min(row["first"] for row in rows), max(row["last"] for row in rows)
    order = [w(row["name"]) for row in rows]
    axis = across(w, low, high, dates)
    y = style.ordinal(order, labelPadding=6)
    seen = [{"name": w(row["name"]), "x": row["first"] - 0.5, "x2": row["last"] + 0.5} for row in rows]
    bars = [
        {
            "name": w(row["name"]),
            "x": one["start"] - 0.5,
            "x2": one["end"] + 0.5,
            "group": w(one["group"]),
            "middle": (one["start"] + one["end"]) / 2,
            "mark": one["mark"],
            "after": one.get("after", ""),
        }
        for row in rows
        for one in row["spans"]
    ]
    base, span = style.data(bars), {"x": axis, "x2": "x2:Q", "y": y}
    colour = {"color": alt.Color("group:N", scale=scale, legend=alt.Legend())}
    middle, end = (alt.X(f"{name}:Q", scale=plane(low, high)) for name in ("middle", "x2"))
    sign = {"x": middle, "y": y, "text": "mark:N"}
    layers = [
        style.mark("bar", seen, span, height=1.5, color=palette.BAND),
        style.mark("bar", base, span | colour, height=step - 6, opacity=0.55),
        style.mark("text", base, sign, fontSize=9, color=palette.INK),
    ]
    if any(bar["after"] for bar in bars):
        arrow = {"x": end, "y": y, "text": "after:N"}
        layers.append(style.mark("text", base, arrow, fontSize=11, dx=9, color=palette.INK))
    return style.configure(style.layers(*layers, width=WIDTH, height=step * len(order)))


def written(place: int, unit: Unit) -> str:
    """Return a date as it is written."""
    if unit == "day":
        return str(_EPOCH + dt.timedelta(days=place))
    if unit in _PER_YEAR:
        year, part = divmod(place, _PER_YEAR[unit])
        return f"{year}-{part + 1:02d}" if unit == "month" else f"{year}Q{part + 1}"
    return str(place)


def marks(low: int, high: int, unit: Unit, most: int = 9) -> list[int]:
    """Return the dates that an axis marks: at most so many, at the beginning of years or of rounded spans."""
    if unit == "day" and high - low > _DAYS:
        first, last = (_EPOCH + dt.timedelta(days=one) for one in (low, high))
        begins = marks(first.year * 12 + first.month - 1, last.year * 12 + last.month - 1, "month", most)
        days = [(dt.date(one // 12, one % 12 + 1, 1) - _EPOCH).days for one in begins]
        return [one for one in days if low <= one <= high]
    steps = _STEPS.get(unit) or [ten * one for ten in (1, 10, 100, 1_000, 10_000, 100_000) for one in (1, 2, 5)]
    step = next((one for one in steps if (high - low) // one + 1 <= most), steps[-1])
    return list(range(-(-low // step) * step, high + 1, step))


def across(w: Words, low: int, high: int, unit: Unit, *, field: str = "x", labels: bool = True, most: int = 9) -> alt.X:
    """Return the axis of dates; every date has half a step of room on either side."""
    chosen = marks(low, high, unit, most)
    names = {one: w(same(written(one, unit))) for one in chosen}
    lookup = "{" + ",".join(f"'{place}':'{name}'" for place, name in names.items()) + "}[datum.value]"
    extra: dict[str, Any] = {"labelExpr": lookup} if labels else {"labels": False}
    axis = alt.Axis(values=chosen, grid=True, domain=False, ticks=False, labelPadding=5, **extra)
    return alt.X(f"{field}:Q", title=None, axis=axis, scale=plane(low, high))


def plane(low: int, high: int) -> alt.Scale:
    """Return the scale of dates from the first to the last."""
    return alt.Scale(domain=[low - 0.5, high + 0.5], nice=False, zero=False)
