"""A matrix of coloured cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from xinzhi.core.text import Text, number, same
from xinzhi.report import palette
from xinzhi.report.charts.axes import Row, names_of
from xinzhi.report.charts.chart import Canvas, Chart
from xinzhi.report.lettering import SIZE, least_width, width, wrapped

CELL = 30  # pixels of a cell
ACROSS, LEAST, HIGHEST, LOWEST, DOWN = 640, 14, 20, 14, 900
SMALL = 17  # pixels of a cell below which no figure is written in it
LABELS = 400  # cells up to which every label repeats what the figures are
SIDE = 10  # pixels beside the names and the cells
NAME = 10.0  # letters of a line of a name on a phone
SHADES = (palette.SHADE, palette.BAND, palette.DEEP, "#0b3a5e")


def matrix(
    cells: Sequence[Row],
    *,
    title: Text,
    decimals: int | None = None,
    diverging: bool = False,
    domain: tuple[float, float] | None = None,
    cell: int = CELL,
    inks: Sequence[str] | None = None,
) -> Chart:
    """Return a matrix of coloured cells."""
    # cells: row and column (Text), value, where wanted mark (Text, written in the cell), rows and columns in the order
    # in which they first appear. One with a mark and no value (not known, not checked) is hollow, one with neither is
    # not drawn. cell: width of a column in pixels, at most; names that are wider are slanted. decimals: None writes no
    # figures.
    valued = [row for row in cells if row["value"] is not None]
    low, high = domain or span([row["value"] for row in valued], diverging=diverging)
    shades = inks or (palette.DIVERGING if diverging else SHADES)
    marked = all(row["value"] in {0, 1} and row.get("mark") for row in valued)  # the marks say it all
    values = {
        "title": title,
        "row_order": names_of(cells, "row"),
        "column_order": names_of(cells, "column"),
        "cells": valued,
        "hollow": [{**row, "text": row["mark"]} for row in cells if row["value"] is None and row.get("mark")],
        "domain": [low, high],
        "inks": list(shades),
        "legend": not marked,
    }
    texts = [
        {
            **row,
            "text": row.get("mark") or number(row["value"], decimals or 0),
            "ink": _ink(row["value"], low, high, shades),
        }
        for row in valued
        if decimals is not None or row.get("mark")
    ]
    layout = partial(_layout, values, texts, cell)
    titles = {"value": title if len(cells) <= LABELS else same("")}
    return Chart(template="matrix", values=values, titles=titles, decimals=decimals or 1, layout=layout)


def _ink(value: float, low: float, high: float, shades: Sequence[str]) -> str:
    return palette.ink_on((value - low) / (high - low), shades)


def _layout(values: dict[str, Any], texts: Sequence[Row], cell: int, canvas: Canvas) -> dict[str, object]:
    """Return the size of the cells, how the names stand, and the figures where they have room."""
    rows = [canvas.word(name) for name in values["row_order"]]
    columns = [canvas.word(name) for name in values["column_order"]]
    lines = [wrapped(name, NAME) if canvas.phone else [name] for name in rows]
    extent = SIZE * max((least_width(line) for parts in lines for line in parts), default=0.0) + SIDE
    room = canvas.width - max(extent, SIZE * 2) - 2 * SIDE if canvas.phone else ACROSS
    step = min(cell, room // max(1, len(columns)))
    step = step if canvas.phone else max(LEAST, step)
    widest = max(map(width, columns), default=0.0)
    slanted = widest > step / 12
    letters = SIZE if step > SIZE + 2 else max(7.5, step - 1)
    slant = -90 if step < SMALL else -45
    angle = slant if slanted else 0
    high = max(LOWEST, min(HIGHEST, DOWN // max(1, len(rows))))
    return {
        "step": step,
        "row_step": max(high, 12 * max(map(len, lines), default=1) + (2 if canvas.phone else 0)),
        "angle": angle,
        "letters": letters,
        "extent": round(extent),
        "top": round(letters * max(map(least_width, columns), default=0.0) * abs(math.sin(math.radians(angle)))) + 6,
        "texts": texts_by_ink(texts) if step >= SMALL else [],
        "hollow_text": step >= SMALL,
        "gradient": min(180, step * len(columns)),
        "room": canvas.width - 60,
        "right": letters * widest * 0.5 if angle == -45 else 0,  # noqa: PLR2004 - degrees
    }


def texts_by_ink(texts: Sequence[Row]) -> list[dict[str, object]]:
    """Return rows with a text by the ink that can be read on their ground."""
    inks = dict.fromkeys(row["ink"] for row in texts)
    return [{"rows": [row for row in texts if row["ink"] == ink], "text_ink": ink} for ink in inks]


def span(values: Sequence[float], *, diverging: bool) -> tuple[float, float]:
    """Return the ends of a scale of colours."""
    if diverging:
        reach = max((abs(value) for value in values), default=1.0) or 1.0
        return -reach, reach
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)
