"""Quarters as whole numbers that follow one another and are no years: 1947Q2 is one more than 1947Q1."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, overload

from xinzhi.core.parameters import setting

if TYPE_CHECKING:
    from xinzhi.core.arrays import IntArray

# Years have four digits at the most, so that a number tells whether it is a year or a quarter.
_YEARS = 10_000
_FIRST_YEAR = 4 * _YEARS
PATTERN = str(setting(Path(__file__).with_name("quarters.yaml"), "pattern"))


def quarter(year: int, number: int) -> int:
    """Return the whole number of a quarter, 1 to 4."""
    return 4 * (year + _YEARS) + number - 1


def is_quarter(period: int) -> bool:
    """Return whether a whole number is a quarter."""
    return period >= _FIRST_YEAR


@overload
def year_of(period: int) -> int: ...
@overload
def year_of(period: IntArray) -> IntArray: ...
def year_of(period: int | IntArray) -> int | IntArray:
    """Return the calendar year of quarters; years stay."""
    if isinstance(period, int):
        return period // 4 - _YEARS if is_quarter(period) else period
    of: IntArray = period // 4 - _YEARS
    return of if period.size and is_quarter(int(period.flat[0])) else period


def label(period: int) -> int | str:
    """Return how a period is written: ``1947Q2``, or the year itself.

    >>> label(quarter(1947, 2)), label(1947)
    ('1947Q2', 1947)
    """
    return f"{period // 4 - _YEARS}Q{period % 4 + 1}" if is_quarter(period) else period


def read(text: object) -> int | None:
    """Return the whole number of a quarter or year as it is written, ``1947:Q2`` or 1947; None where it is neither."""
    spelt = str(text).strip()
    match = re.match(PATTERN, spelt)
    if match:
        return quarter(int(match[1]), int(match[2]))
    return int(spelt) if re.fullmatch(r"[+-]?\d+", spelt) else None
