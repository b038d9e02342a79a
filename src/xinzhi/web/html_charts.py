"""Lines, ranges and drawings of the report in a page that allows no style inside."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from xinzhi.core.text import Text, number, percent
from xinzhi.report.internal import ticks

SLOTS = ("a", "b", "c", "d")
TOP, HEIGHT, INDENT, WIDTH = 4, 0.84, 8, 0.8  # of the drawing, in percent, and of its height and width
TEN, FEW = 10, 12  # years between two labels, and between how few every fifth has one
ROUND = (1, 2, 5)  # what the axis of powers marks
MARGIN = 0.03  # of the width, at both ends


def lines(
    series: Mapping[str, Sequence[tuple[int, float]]],
    selection: Sequence[str],
    *,
    log: bool = False,
    end: Callable[[float], Text | str] = lambda value: number(value, 2),
    tick: Callable[[float], Text | str] = lambda value: f"{value:g}".replace("-", "−"),
) -> dict[str, Any]:
    """Return one line a region with the figure of every year; those not selected are marked off."""
    # `series`: years and figures by region; `selection`: regions shown, in the order of their colours; `log`:
    # whether equal steps up are equal ratios; the values must be above zero; `end`, `tick`: write a figure at the end
    # of a line, and on the axis.
    if not series:
        return {"lines": []}
    years, values = zip(*(point for points in series.values() for point in points), strict=True)
    first, last = min(years), max(years)
    scale = math.log if log else float
    low, high = scale(min(values)), scale(max(values))
    across, up = (last - first) or 1, (high - low) or 1.0
    shapes = []
    for code, figures in series.items():
        points = [(100 * (year - first) / across, 100 * (high - scale(value)) / up) for year, value in figures]
        shapes.append(
            {
                "code": code,
                "points": " ".join(f"{x:.2f},{y:.2f}" for x, y in points),
                "end": f"{TOP + HEIGHT * points[-1][1]:.1f}%",
                "last": end(figures[-1][1]),
                "figures": [(year, end(value)) for year, value in figures],
                "mark": f"k{selection.index(code)}" if code in selection else "off",
            }
        )
    step = TEN if last - first > FEW else TEN // 2
    return {
        "lines": shapes,
        "rows": [
            (tick(value), f"{TOP + HEIGHT * 100 * (high - scale(value)) / up:.1f}%")
            for value in (_powers(min(values), max(values)) if log else ticks(low, high, 4))
        ],
        "columns": [
            (str(year), f"{INDENT + WIDTH * 100 * (year - first) / across:.1f}%")
            for year in range(first, last + 1)
            if year % step == 0
        ],
    }


def _powers(low: float, high: float) -> list[float]:
    """Return round values between two ends of a scale of ratios: 1, 2 and 5 of every power of ten, or tens alone."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = ROUND if len(powers) <= len(ROUND) else ROUND[:1]
    values = (mark * 10.0**power for power in powers for mark in marks)
    return [value for value in values if low <= value <= high]


@dataclass(frozen=True, slots=True)
class Axis:
    """Where figures stand on the width of a cell, in percent of it."""

    low: float
    high: float

    @classmethod
    def spanning(cls, values: Iterable[float | None]) -> Axis:
        """Return the axis that holds zero and all these values."""
        ends = [0.0, *(value for value in values if value is not None)]
        return cls(min(ends), max(ends))

    def __call__(self, value: float) -> str:
        """Return the place of a value."""
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        return f"{100 * (MARGIN + (1 - 2 * MARGIN) * part):.1f}%"


def ranges(rows: Sequence[Mapping[str, Any]], also: Sequence[float] = ()) -> tuple[Axis, list[dict[str, Any]]]:
    """Return the axis of rows with `value`, `low`, `high` (and `wide_low`, `wide_high`), and the rows with places."""
    ends = ("value", "low", "high", "wide_low", "wide_high")
    axis = Axis.spanning([*also, *(row.get(end) for row in rows for end in ends)])
    placed = [
        {
            **row,
            "at": {end: axis(row[end]) for end in ends if row.get(end) is not None},
            "said": {end: percent(row.get(end)) for end in ends},
        }
        for row in rows
    ]
    return axis, placed


def pair(page: str, phone: str) -> Markup:
    """Return two forms of one picture, of which the screen shows the one that fits it.

    >>> pair("<svg></svg>", "<svg></svg>")
    Markup('<div class="wide"><svg></svg></div><div class="narrow"><svg></svg></div>')
    """
    return Markup(f'<div class="wide">{page}</div><div class="narrow">{phone}</div>')  # noqa: S704 - drawn here
