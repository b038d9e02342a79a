"""Dates across: months, quarters, years and days on an axis, written as in tables."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from xinzhi.core.text import same

if TYPE_CHECKING:
    from xinzhi.report.charts.style import Words

Unit = Literal["position", "year", "quarter", "month", "day"]
_PER_YEAR = {"month": 12, "quarter": 4}
_STEPS = {"month": (1, 2, 3, 6, 12, 24, 60, 120, 240, 600), "quarter": (1, 2, 4, 8, 20, 40, 80, 200)}
_DAYS = 62  # with fewer, single days are marked
_EPOCH = dt.date(1970, 1, 1)


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
