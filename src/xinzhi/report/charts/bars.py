"""A bar for every name: bars, stacked bars with a dot for the sum, bars against a bound of their own, a waterfall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts.axes import Columns, Row, both_ends, colours, figures, grouped, names_of, padded, value_column
from xinzhi.report.charts.chart import Canvas, Chart
from xinzhi.report.lettering import SIZE, wrapped

STEP, THICKNESS = 18, 12  # pixels of a row, and of its bar
COLUMN, SIDE = 96.0, 60  # width of a step of a waterfall, and of its axis


def bars(
    rows: Sequence[Row],
    *,
    x: Text,
    decimals: int = 1,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = palette.GROUPS,
) -> Chart:
    """Return a bar for every name with its figure; rows as in `dots`, without intervals."""
    rows = both_ends(rows)
    values = {
        "x": x,
        "order": names_of(rows),
        "step": STEP,
        "thickness": THICKNESS,
        "domain": padded([row["value"] for row in rows]),
        "zero": True,
        "bars": [{**row, "start": 0.0, "end": row["value"]} for row in rows if row["value"] is not None],
        "figures": value_column(rows, decimals),
        **grouped(colours(rows, inks, groups)),
    }
    return Chart(template="rows", values=values, titles={"value": x}, decimals=decimals)


def stacked(
    rows: Sequence[Row],
    parts: Mapping[str, tuple[Text, str]],
    *,
    x: Text,
    total: str | None = None,
    decimals: int = 1,
    domain: Sequence[float] | None = None,
    columns: Columns = (),
) -> Chart:
    """Return stacked bars by name, with a dot and a figure for the sum."""
    # rows: name (Text) and the value of every part; parts: column, its word and its colour in the order of the stack;
    # total: column of the sum; columns stand in the place of its figure
    rows = both_ends(rows)
    pieces = [piece for row in rows for piece in _pieces(row, parts)]
    sums = [
        {"name": row["name"], "value": row[total]} for row in rows if total is not None and row.get(total) is not None
    ]
    reach = [*(piece[end] for piece in pieces for end in ("start", "end")), *(row["value"] for row in sums)]
    values = {
        "x": x,
        "order": names_of(rows),
        "step": STEP,
        "thickness": THICKNESS,
        "domain": list(domain) if domain else padded(reach, by=0.04),
        "zero": True,
        "bars": pieces,
        "edge_ink": "white",
        "points": sums,
        "point_ink": palette.INK,
        "size": 34,
        "groups": [word for word, _ in parts.values()],
        "inks": [ink for _, ink in parts.values()],
        "figures": value_column(sums, decimals) if sums and not columns else None,
    }
    layout = (lambda canvas: {"figures": figures(canvas, rows, columns)}) if columns else None
    return Chart(template="rows", values=values, titles={"value": x}, decimals=decimals, layout=layout)


def _pieces(row: Row, parts: Mapping[str, tuple[Text, str]]) -> list[dict[str, object]]:
    """Return the parts of a stack, above zero and below it, each from where the one before it ends."""
    above = below = 0.0
    pieces = []
    for key, (word, _) in parts.items():
        value = row.get(key)
        if value is None:
            continue
        start = above if value >= 0 else below
        above, below = (start + value, below) if value >= 0 else (above, start + value)
        pieces.append({"name": row["name"], "group": word, "start": start, "end": start + value, "value": value})
    return pieces


def bullets(
    rows: Sequence[Row],
    parts: tuple[Text, Text],
    *,
    x: Text,
    most: float,
    columns: Columns = (),
    inks: tuple[str, str] = (palette.BAND, palette.GROUPS[3]),
) -> Chart:
    """Return a bar for every name against a bound of its own: the part up to the bound, and the part beyond."""
    # rows, as they are drawn: name (Text), value (0 or more), bound (an upright stroke; None: not known), where known
    # low and high, its interval; parts: words within the bound and beyond; most: end of the axis, where what lies
    # beyond it is an arrow (a bound below zero is drawn at zero)
    names = both_ends(names_of(rows))
    rows = [row for row in rows if row["name"] in names]
    bounded = [row for row in rows if row["bound"] is not None]
    spans = [
        {"name": row["name"], "low": max(row["low"], 0.0), "high": min(row["high"], most)}
        for row in bounded
        if row.get("low") is not None and row.get("high") is not None and row["low"] < most and row["high"] > 0
    ]
    inside = [{"name": row["name"], "at": max(row["bound"], 0.0)} for row in bounded if row["bound"] <= most]
    outside = [row for row in bounded if row["bound"] > most or (row.get("high") or 0.0) > most]
    values = {
        "x": x,
        "order": names,
        "step": STEP,
        "thickness": THICKNESS,
        "domain": [0, most],
        "bars": [piece for row in rows for piece in _within_and_beyond(row, parts)],
        "groups": list(parts),
        "inks": list(inks),
        "bands": [{"cells": spans, "thick": 1.4, "tint": 1, "band_ink": palette.INK}] if spans else [],
        "strokes": inside,
        "stroke_width": 2.6,
        "stroke_height": 15,
        "arrows": [{"name": row["name"], "at": most} for row in outside],
    }
    layout = (lambda canvas: {"figures": figures(canvas, rows, columns)}) if columns else None
    return Chart(template="rows", values=values, titles={"value": x}, layout=layout)


def _within_and_beyond(row: Row, parts: tuple[Text, Text]) -> list[dict[str, object]]:
    """Return the two parts of a bar that have a length."""
    value = float(row["value"])
    bound = value if row["bound"] is None else min(max(float(row["bound"]), 0.0), value)
    pieces = zip(parts, (0.0, bound), (bound, value), strict=True)
    return [{**row, "group": word, "start": start, "end": end} for word, start, end in pieces if end > start]


def waterfall(steps: Sequence[tuple[Text, float, str]], *, y: Text, decimals: int = 2) -> Chart:
    """Return a waterfall: each part from where the one before it ends, the sum at the right from zero."""
    # steps: word, value and colour of every part; the last one is the sum and stands from zero
    rows: list[dict[str, object]] = []
    level, ends = 0.0, list[float]()
    for at, (word, value, ink) in enumerate(steps):
        last = at == len(steps) - 1
        start = 0.0 if last else level
        level = start + value
        figure = number(value, decimals, sign=not last)
        rows.append({"column": word, "start": start, "end": level, "value": value, "ink": ink, "text": figure})
        rows[-1]["top"] = max(start, level)
        ends += [start, level]

    def layout(canvas: Canvas) -> dict[str, object]:
        letters = (canvas.width - SIDE) / max(1, len(steps)) / SIZE
        lines = max((len(wrapped(canvas.word(word), letters)) for word, _, _ in steps), default=1)
        return {"column_letters": letters, "below": 12 * lines + 8}

    values = {
        "y": y,
        "column_order": [word for word, _, _ in steps],
        "reach": padded(ends),
        "bars": rows,
        "bar_width": 46,
        "height": 260,
        "figures": rows,
    }
    across = min(720.0, max(420.0, COLUMN * len(steps) + SIDE))
    return Chart(template="columns", values=values, titles={"value": y}, decimals=decimals, width=across, layout=layout)
