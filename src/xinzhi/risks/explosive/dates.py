"""Dates of a series: which calendar they follow, what is missing, what is there twice, where the frequency changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.risks.explosive.conventions import setting

if TYPE_CHECKING:
    from xinzhi.core.arrays import IntArray

Unit = Literal["position", "month", "quarter", "year", "day"]
_PATTERNS: tuple[tuple[Unit, str], ...] = (
    ("month", r"(\d{4})[-/.年M]?(0[1-9]|1[0-2])月?"),
    ("month", r"(\d{4})[-/.年M]([1-9]|1[0-2])月?"),
    ("quarter", r"(\d{4})[-/. ]?[Qq]([1-4])"),
    ("quarter", r"(\d{4})年第?([1-4一二三四])季度?"),
    ("year", r"(\d{4})年?()"),
    ("day", r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00(?:\.0+)?)?)?"),
)
_NUMERALS = str.maketrans("一二三四", "1234")
_PER_YEAR = {"month": 12, "quarter": 4, "year": 1}
_MONTH_END = 28
_MONTH_DIGITS, _FIRST_MONTH, _FIRST_DAY = 100, 1000_01, 1000_01_01  # of 202403 and 20240315


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dates of all rows as whole numbers.

    Parameters
    ----------
    ordinal
        `(rows,)`: periods of `unit` since year 0, days since 1970, or the number that was given.
    unit
        What one step of `ordinal` is.
    """

    ordinal: IntArray
    unit: Unit


def read_calendar(dates: pl.Series) -> Calendar:
    """Return the dates as whole numbers.

    Parameters
    ----------
    dates
        Whole numbers (years, months such as 202403, days such as 20240315, or places in a sequence), dates, or text:
        ``2024``, ``2024-03``, ``2024Q1``, ``2024-03-15``. No nulls.

    Raises
    ------
    InputError
        When a date cannot be read, or the column mixes two ways of writing them.

    Examples
    --------
    >>> found = read_calendar(pl.Series(["2023-12", "2024-01"]))
    >>> found.unit, int(found.ordinal[1] - found.ordinal[0])
    ('month', 1)
    """
    kind = dates.dtype
    if kind.is_integer():
        return _numbered(dates.cast(pl.Int64))
    if kind.is_float():
        whole = dates.to_numpy()
        if not (np.isfinite(whole).all() and (whole == np.round(whole)).all()):
            message = f"the column '{dates.name}' holds numbers that are no whole dates, such as {dates[0]!r}."
            raise InputError(message)
        return _numbered(dates.cast(pl.Int64))
    if isinstance(kind, pl.Datetime):
        if dates.dt.time().n_unique() > 1:
            message = (
                f"the column '{dates.name}' has times of day, which no calendar here counts; number the observations "
                "(0, 1, 2, ...) and hand in that column."
            )
            raise InputError(message)
        return _days(dates.dt.date())
    return _days(dates) if kind == pl.Date else _written(dates.cast(pl.String))


def _numbered(dates: pl.Series) -> Calendar:
    """Return whole numbers as they are, unless all of them are months (202403) or days (20240315)."""
    least, most = dates.min(), dates.max()
    months = dates % _MONTH_DIGITS
    if least >= _FIRST_MONTH and most < _FIRST_DAY // 10 and months.is_between(1, 12).all():  # type: ignore[operator] # whole numbers
        return Calendar((dates // _MONTH_DIGITS * _PER_YEAR["month"] + months - 1).to_numpy(), "month")
    days = dates.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    if least >= _FIRST_DAY and not days.has_nulls():  # type: ignore[operator] # whole numbers
        return _days(days)
    return Calendar(dates.to_numpy(), "position")


def _written(dates: pl.Series) -> Calendar:
    """Return dates that are written as text."""
    stripped = [value.strip() for value in dates.to_list()]
    found: dict[Unit, str] = {}
    numbers = np.zeros(len(stripped), dtype=np.int64)
    days: list[str] = []
    for at, value in enumerate(stripped):
        for unit, pattern in _PATTERNS:
            match = re.fullmatch(pattern, value)
            if match is None:
                continue
            found.setdefault(unit, value)
            if unit == "day":
                days.append("-".join(part.zfill(2) for part in match.groups()))
            else:
                numbers[at] = int(match[1]) * _PER_YEAR[unit] + int((match[2] or "1").translate(_NUMERALS)) - 1
            break
        else:
            message = (
                f"the date {value!r} in '{dates.name}' cannot be read; write 2024, 2024-03, 2024Q1 or 2024-03-15, "
                "or hand in a column of dates or whole numbers."
            )
            raise InputError(message)
    if len(found) > 1:
        shown = ", ".join(f"{value!r} ({unit})" for unit, value in found.items())
        message = f"the column '{dates.name}' mixes frequencies: {shown}. Test each frequency for itself."
        raise InputError(message)
    if "day" in found:
        try:
            return _days(pl.Series(dates.name, days).str.to_date("%Y-%m-%d"))
        except pl.exceptions.InvalidOperationError as error:
            message = f"the column '{dates.name}' has a date that no calendar knows ({str(error).splitlines()[0]})."
            raise InputError(message) from error
    return Calendar(numbers, next(iter(found)))


def _days(dates: pl.Series) -> Calendar:
    """Return dates as months where all stand on one day of the month, or all at its end; else as days."""
    day = dates.dt.day()
    at_end = ((dates.dt.month_end() == dates) & (day >= _MONTH_END)).all()
    if len(dates) > 1 and (day.n_unique() == 1 or at_end):
        months = dates.dt.year().cast(pl.Int64) * _PER_YEAR["month"] + dates.dt.month().cast(pl.Int64) - 1
        return Calendar(months.to_numpy(), "month")
    return Calendar(dates.to_physical().to_numpy().astype(np.int64), "day")


@dataclass(frozen=True, slots=True)
class Steps:
    """How the dates of one series follow each other.

    Parameters
    ----------
    usual
        The usual distance.
    breaks
        Places before which periods are missing.
    missing
        How many periods are missing.
    other
        Another distance that comes up regularly (mixed frequency), and where it begins; None without one.
    trading
        Whether days without trade were passed over.
    """

    usual: int
    breaks: IntArray
    missing: int
    other: tuple[int, int] | None = None
    trading: bool = False


def read_steps(ordinal: IntArray, unit: Unit) -> Steps:
    """Return how sorted, distinct dates follow each other.

    Parameters
    ----------
    ordinal
        `(T,)`, rising.
    unit
        Of the calendar.

    Examples
    --------
    >>> read_steps(np.array([1, 2, 3, 6, 7]), "year").missing
    2
    """
    distance = np.diff(ordinal)
    if not len(distance):
        return Steps(1, np.array([], dtype=np.int64), 0)
    values, counts = np.unique(distance, return_counts=True)
    usual = int(values[np.argmax(counts)])
    off = np.flatnonzero(distance != usual)
    rule = setting("calendar")
    if unit == "day" and usual == 1 and distance.max() <= rule["trading_gap_days"]:
        return Steps(usual, np.array([], dtype=np.int64), 0, trading=bool(len(off)))
    if len(off):
        strange = values[values != usual]
        many = int(strange[np.argmax(counts[values != usual])])
        share = (distance == many).sum() / len(distance)
        if (many % usual and usual % many) or (share > rule["mixed_share"] and (distance == many).sum() > 1):
            return Steps(usual, off + 1, 0, other=(many, int(np.flatnonzero(distance == many)[0])))
    missing = int(np.maximum(distance[off] // usual - 1, 1).sum()) if len(off) else 0
    return Steps(usual, off + 1, missing)


def written(ordinal: int, unit: Unit) -> str:
    """Return a date that is not in the data as it would be written.

    Examples
    --------
    >>> written(2024 * 12 + 1, "month"), written(2024 * 4, "quarter")
    ('2024-02', '2024Q1')
    """
    if unit in ("month", "quarter"):
        year, part = divmod(ordinal, _PER_YEAR[unit])
        return f"{year}-{part + 1:02d}" if unit == "month" else f"{year}Q{part + 1}"
    return str(np.datetime64(ordinal, "D")) if unit == "day" else str(ordinal)
