"""Figures on a line for every name: dots with intervals, nested intervals, two figures, figures and limits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts.axes import (
    FIGURE,
    SHAPES,
    Columns,
    Row,
    Zones,
    around,
    both_ends,
    colours,
    figures,
    figures_in,
    fitted,
    grouped,
    names_of,
    stretches,
    value_column,
)
from xinzhi.report.charts.bars import STEP
from xinzhi.report.charts.chart import Canvas, Chart, Drawing, Panels
from xinzhi.report.lettering import least_width, width

LANES = 24  # pixels of a name with several lanes
OUTER, INNER = 3, 7  # heights of the widest interval and of those inside it
PALE = 0.42
LIMIT_ROW, COLUMN = 16, 40  # pixels of a row of limits, and rows of a column
RIGHT = 110  # pixels that figures beside a plot take at most


def dots(
    rows: Sequence[Row],
    *,
    x: Text,
    reference: float | None = None,
    decimals: int = 3,
    domain: Sequence[float] | None = None,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = palette.GROUPS,
) -> Chart:
    """Return a dot for every name, with its interval where it has one, and its figure at the right."""
    # rows, as they are drawn: name (Text), value (None is left blank), where known low, high and group (Text)
    rows = both_ends(rows)
    reach = figures_in(rows, "value", "low", "high")
    spans = [row for row in rows if row.get("low") is not None and row.get("high") is not None]
    values = {
        "x": x,
        "order": names_of(rows),
        "step": STEP,
        "grid": True,
        "domain": list(domain) if domain else around([*reach, *_as_list(reference)]),
        "reference": reference,
        "bands": [{"cells": spans, "thick": OUTER, "tint": 1, "band_ink": palette.BAND}] if spans else [],
        "points": [row for row in rows if row["value"] is not None],
        "point_ink": palette.DEEP,
        "size": 62,
        "figures": value_column(rows, decimals),
        **_shaped(colours(rows, inks, groups), groups),
    }
    return Chart(template="rows", values=values, titles={"value": x}, decimals=decimals)


def _as_list(value: float | None) -> list[float]:
    return [] if value is None else [value]


def _shaped(inks: dict[Text, str], groups: Sequence[Text]) -> dict[str, object]:
    """Return groups with a colour and a shape of their own, which grey print tells apart."""
    places = list(dict.fromkeys([*groups, *inks]))
    shapes = [SHAPES[places.index(group) % len(SHAPES)] for group in inks]
    return {**grouped(inks), "shapes": shapes} if inks else {}


def spreads(
    rows: Sequence[Row],
    *,
    x: Text,
    zones: Zones = (),
    reference: float | None = None,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = palette.GROUPS,
    columns: Columns = (),
) -> Chart:
    """Return a dot for every name and group with intervals inside each other, a tick, and the zones of the axis."""
    # rows: name (Text), value, where known bands (pairs of ends, the widest first), tick (an upright stroke, such as
    # where it began), mark (a diamond) and group (Text: its colour and shape); with `groups` a name may have a row for
    # each, below each other. zones: ends (None: open) and the word above; every second one is shaded.
    names = both_ends(names_of(rows))
    rows = [row for row in rows if row["name"] in names]
    domain = around([*_reach(rows, zones), *_as_list(reference)])
    lanes = len(rows) > len(names)
    depth = max((len(row.get("bands") or ()) for row in rows), default=0)
    shades = stretches(zones, domain)
    tinted = any(row.get("group") is not None for row in rows)
    values = {
        "x": x,
        "order": names,
        "step": LANES if lanes else STEP,
        "grid": not lanes,
        "lanes": lanes,
        "domain": domain,
        "reference": reference,
        "shades": [{"start": start, "end": end} for start, end, _, shaded in shades if shaded],
        "bands": [_band(rows, at) for at in range(depth)],
        "tinted": tinted,
        "strokes": [{**row, "at": row["tick"]} for row in rows if row.get("tick") is not None],
        "stroke_width": 1.6,
        "stroke_height": 11,
        "points": [row for row in rows if row["value"] is not None],
        "point_ink": palette.DEEP,
        "size": 58,
        "marks": [row for row in rows if row.get("mark") is not None],
        "mark_ink": palette.ACCENT,
        **_shaped(colours(rows, inks, groups), groups),
    }
    layout = partial(_spreads, rows, columns, shades, domain)
    return Chart(template="rows", values=values, titles={"value": x}, layout=layout)


def _reach(rows: Sequence[Row], zones: Zones) -> list[float]:
    """Return the figures that an axis must hold; the ends of zones, too, so that all are seen."""
    reach = figures_in(rows, "value", "tick", "mark")
    reach += [end for row in rows for pair in row.get("bands") or () for end in pair]
    ends = (end for start, stop, _ in zones for end in (start, stop))
    return reach + [end for end in ends if end is not None]


def _band(rows: Sequence[Row], depth: int) -> dict[str, object]:
    """Return the intervals of one depth."""
    cells = [
        {"name": row["name"], "group": row.get("group"), "low": row["bands"][depth][0], "high": row["bands"][depth][1]}
        for row in rows
        if len(row.get("bands") or ()) > depth
    ]
    return {"cells": cells, "thick": INNER if depth else OUTER, "tint": PALE, "band_ink": palette.DEEP}


def _spreads(
    rows: Sequence[Row],
    columns: Columns,
    shades: Sequence[tuple[float, float, Text, bool]],
    domain: Sequence[float],
    canvas: Canvas,
) -> dict[str, object]:
    """Return the figures at the right, and the words of the zones that have room for them."""
    side = figures(canvas, rows, columns) if columns else []
    names = 11 * max((least_width(canvas.word(row["name"])) for row in rows), default=0.0)
    room = canvas.width - min(names, RIGHT) - (side[-1]["edge"] if side else 0)
    letters = room / (domain[1] - domain[0]) / FIGURE  # that a unit of the axis has room for
    heads = [
        {"at": (start + end) / 2, "text": word}
        for start, end, word, _ in shades
        if width(canvas.word(word)) <= letters * (end - start)
    ]
    return {"figures": side, "heads": heads}


def pairs(
    rows: Sequence[Row],
    ends: tuple[Text, Text],
    *,
    x: Text,
    reference: float | None = None,
    columns: Columns = (),
    inks: tuple[str, str] = (palette.DEEP, palette.GROUPS[3]),
) -> Chart:
    """Return two figures for every name, joined by a line: a circle and a diamond."""
    # rows, as they are drawn: name (Text), a and b (None is left out); ends: what the two are
    names = both_ends(names_of(rows))
    rows = [row for row in rows if row["name"] in names]
    both = [
        {"name": row["name"], "group": word, "value": row[key]}
        for row in rows
        for key, word in zip("ab", ends, strict=True)
    ]
    points = [point for point in both if point["value"] is not None]
    joined = [
        {"name": row["name"], "low": row["a"], "high": row["b"]}
        for row in rows
        if row["a"] is not None and row["b"] is not None
    ]
    values = {
        "x": x,
        "order": names,
        "step": STEP,
        "domain": around([*(point["value"] for point in points), *_as_list(reference)]),
        "reference": reference,
        "bands": [{"cells": joined, "thick": OUTER, "tint": 1, "band_ink": palette.BAND}] if joined else [],
        "points": points,
        "size": 64,
        "groups": list(ends),
        "inks": list(inks),
        "shapes": list(SHAPES[:2]),
    }
    layout = (lambda canvas: {"figures": figures(canvas, rows, columns)}) if columns else None
    return Chart(template="rows", values=values, titles={"value": x}, layout=layout)


def limits(
    rows: Sequence[Row],
    *,
    x: Text,
    groups: Sequence[Text] = (),
    inks: Sequence[str] = (palette.ACCENT, palette.BAND),
    decimals: int = 2,
) -> Drawing:
    """Return a dot for the figure of every name and a stroke for its limit, in one column or in two."""
    # rows, as they are drawn: name (Text), value, limit and group (Text, the colour of the dot)
    rows = rows[: 2 * COLUMN]
    shades = colours(rows, inks, groups)
    domain = fitted([row[key] for row in rows for key in ("value", "limit")], by=0.05)
    height = -(-len(rows) // 2) if len(rows) > COLUMN else len(rows)
    parts = [rows[start : start + height] for start in range(0, len(rows), max(1, height))] or [rows]
    charts = []
    for part in parts:
        cells = [
            {**row, "text": f"{number(row['value'], decimals)} | {number(row['limit'], decimals)}"} for row in part
        ]
        figures_of = [{"name": row["name"], "text": row["text"]} for row in cells]
        edge = FIGURE * max((width(row["text"]) for row in cells), default=0.0) + 6
        values = {
            "x": x,
            "order": names_of(part),
            "step": LIMIT_ROW,
            "letters": 10,
            "grid": True,
            "domain": domain,
            "ticks": 4,
            "bands": [
                {
                    "cells": [{"name": row["name"], "low": row["limit"], "high": row["value"]} for row in part],
                    "thick": 1,
                    "tint": 1,
                    "band_ink": palette.BAND,
                }
            ],
            "strokes": [{"name": row["name"], "at": row["limit"]} for row in part],
            "stroke_width": 2,
            "stroke_height": 11,
            "points": cells,
            "size": 58,
            "figures": [{"cells": figures_of, "edge": round(edge)}],
            **_shaped(shades, groups),
        }
        charts.append(
            Chart(
                template="rows",
                values=values,
                titles={"value": x},
                decimals=decimals,
                width=600 if len(parts) == 1 else 354,
            )
        )
    return charts[0] if len(charts) == 1 else Panels(charts=charts, gap=6)
