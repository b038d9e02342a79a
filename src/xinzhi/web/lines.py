"""Lines of all regions over the years as places in percent of a drawing, so that any width of screen holds them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from xinzhi.core.text import Text, number
from xinzhi.report.pages.yardstick.regions import ticks

CHOSEN = ("a", "b", "c", "d")
TOP, TALL, LEFT, WIDE = 4, 0.84, 8, 0.8  # of the drawing, in percent, and of its height and width
TEN, FEW = 10, 12  # years between two labels, and between how few every fifth has one
ROUND = (1, 2, 5)  # what the axis of powers marks


def _plain(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def lines(
    frame: pl.DataFrame,
    chosen: Sequence[str],
    *,
    log: bool = False,
    end: Callable[[float], Text | str] = lambda value: number(value, 2),
    tick: Callable[[float], Text | str] = _plain,
) -> dict[str, Any]:
    """Return one line a region; those not chosen are marked off.

    Parameters
    ----------
    frame
        Columns region, year, value.
    chosen
        The regions that are shown, in the order of their colours.
    log
        Whether equal steps up are equal ratios; the values must be above zero.
    end, tick
        Write a figure at the end of a line, and on the axis.

    Examples
    --------
    >>> made = lines(pl.DataFrame({"region": ["a", "a"], "year": [2000, 2010], "value": [1.0, 100.0]}), ["a"], log=True)
    >>> made["lines"][0]["points"], [label for label, _ in made["rows"]][:2]
    ('0.00,100.00 100.00,0.00', ['1', '2'])
    """
    known = frame.fill_nan(None).drop_nulls("value").sort("region", "year")
    if known.is_empty():
        return {"lines": []}
    years, values = known["year"].to_list(), known["value"].to_list()
    first, last = min(years), max(years)
    scale = math.log if log else float
    low, high = scale(min(values)), scale(max(values))
    across, up = (last - first) or 1, (high - low) or 1.0
    drawn = []
    for (code,), rows in known.partition_by("region", as_dict=True, maintain_order=True).items():
        points = [
            (100 * (year - first) / across, 100 * (high - scale(value)) / up)
            for year, value in rows.select("year", "value").rows()
        ]
        drawn.append({
            "code": code, "points": " ".join(f"{x:.2f},{y:.2f}" for x, y in points),
            "end": f"{TOP + TALL * points[-1][1]:.1f}%", "last": end(rows["value"][-1]),
            "mark": f"k{chosen.index(str(code))}" if code in chosen else "off",
        })  # fmt: skip
    step = TEN if last - first > FEW else TEN // 2
    return {
        "lines": drawn,
        "rows": [
            (tick(value), f"{TOP + TALL * 100 * (high - scale(value)) / up:.1f}%")
            for value in (_powers(min(values), max(values)) if log else ticks(low, high, 4))
        ],
        "columns": [
            (str(year), f"{LEFT + WIDE * 100 * (year - first) / across:.1f}%")
            for year in range(first, last + 1)
            if year % step == 0
        ],
    }


def _powers(low: float, high: float) -> list[float]:
    """Return round values between two ends of a scale of ratios: 1, 2 and 5 of every power of ten, or tens alone."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = ROUND if len(powers) <= len(ROUND) else ROUND[:1]
    return [value for power in powers for mark in marks if low <= (value := mark * 10.0**power) <= high]
