"""What kinds of charts share: which rows are drawn, colours of groups, ends of axes, figures at the right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts.chart import Canvas
from xinzhi.report.lettering import width

Row: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Sequence[tuple[Text, str]]  # head and key of figures beside a chart
Zones: TypeAlias = Sequence[
    tuple[float | None, float | None, Text]
]  # ends of a stretch of an axis (None: open), its word
T = TypeVar("T")

MOST, END = 50, 20  # with more names than a page can hold, those at either end are drawn
FIGURE, SPACE = 10, 10  # size of the figures at the right, and the room between two columns of them
SHAPES = ("circle", "diamond", "triangle-up", "square")


def both_ends(rows: Sequence[T]) -> list[T]:
    """Return the rows that a chart of one row a name shows: all, or the first and the last."""
    return list(rows) if len(rows) <= MOST else [*rows[:END], *rows[-END:]]


def names_of(rows: Iterable[Row], field: str = "name") -> list[Text]:
    """Return the names of rows in the order in which they first appear."""
    return list(dict.fromkeys(row[field] for row in rows))


def colours(rows: Iterable[Row], inks: Sequence[str] = palette.GROUPS, order: Sequence[Text] = ()) -> dict[Text, str]:
    """Return the colour of each group; none when no row has one."""
    # Each of `known` has its own colour by its place among them, drawn or not; others follow as they appear.
    present = dict.fromkeys(row["group"] for row in rows if row.get("group") is not None)
    places = {group: at for at, group in enumerate(dict.fromkeys([*order, *present]))}
    return {group: inks[at % len(inks)] for group, at in places.items() if group in present}


def grouped(inks: Mapping[Text, str]) -> dict[str, object]:
    """Return groups with their colours as values of a chart."""
    return {"groups": list(inks), "inks": list(inks.values())} if inks else {}


def figures_in(rows: Iterable[Row], *keys: str) -> list[float]:
    """Return the figures that rows have under some keys, row by row."""
    cells = (row.get(key) for row in rows for key in keys)
    return [cell for cell in cells if cell is not None]


def padded(values: Iterable[float | None], *, by: float = 0.12) -> list[float]:
    """Return a domain that holds zero and all values, with room for labels where the values reach."""
    ends = [0.0, *(value for value in values if value is not None)]
    low, high = min(ends), max(ends)
    room = by * ((high - low) or 1.0)
    bottom = low - room if low < 0 else 0.0
    if high > 0 or low == 0:
        return [bottom, high + room]
    return [bottom, 0.0]


def around(values: Sequence[float]) -> list[float]:
    """Return the ends of an axis that holds all values, with little more."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * ((high - low) or abs(high) or 1.0)
    return [low - room, high + room]


def fitted(values: Sequence[float], *, by: float = 0.06) -> list[float]:
    """Return the ends of an axis that holds all values, with a part of their span as room."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = by * ((high - low) or 1.0)
    return [low - room, high + room]


def spread(rows: Iterable[Row], least: float) -> list[Row]:
    """Return rows by their `value`, each with a `place` so far from the one below that no label covers another."""
    placed: list[Row] = []
    for row in sorted(rows, key=lambda row: row["value"]):
        place = max(row["value"], placed[-1]["place"] + least) if placed else row["value"]
        placed.append({**row, "place": place})
    return placed


def stretches(zones: Zones, limits: Sequence[float]) -> list[tuple[float, float, Text, bool]]:
    """Return the stretches of an axis inside its ends: beginning, end, word, and whether it is shaded."""
    stretches = []
    for at, (low, high, word) in enumerate(zones):
        start = limits[0] if low is None else max(low, limits[0])
        end = limits[1] if high is None else min(high, limits[1])
        if start < end:
            stretches.append((start, end, word, at % 2 == 0))
    return stretches


def figures(canvas: Canvas, rows: Sequence[Row], columns: Columns) -> list[Row]:
    """Return columns of figures at the right of a chart, each under its head."""
    first = {row["name"]: row for row in reversed(rows)}
    edge, placed = 0.0, list[Row]()
    for title, key in columns:
        texts = {name: row.get(key) or "" for name, row in first.items()}
        written = [canvas.word(text) if isinstance(text, Text) else text for text in (title, *texts.values())]
        edge += FIGURE * max(map(width, written)) + SPACE
        cells = [{"name": name, "text": text} for name, text in texts.items()]
        placed.append({"cells": cells, "edge": round(edge), "top": title})
    return placed


def value_column(rows: Iterable[Row], decimals: int, key: str = "value") -> list[dict[str, object]]:
    """Return the value of every name as a column of figures at the right."""
    cells = [{"name": row["name"], "text": number(row[key], decimals)} for row in rows]
    widest = max((width(cell["text"]) for cell in cells), default=0.0)
    return [{"cells": cells, "edge": round(FIGURE * widest + SPACE)}]
