"""What no rule can see: at most two figures that move by less than a year may move them, or a later beginning."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fuzz.damages import KEYS, MEASURED

PLAIN = 0.3  # log points, for a column whose growth has no bound


class Change(NamedTuple):
    """A figure before and after."""

    column: str
    before: str
    after: str


def changes(old: Path, new: Path) -> tuple[list[Change], set[tuple[str, ...]], set[tuple[str, ...]]] | None:
    """Return what changed between two files by key, the keys lost, and those kept; None where more did."""
    try:
        one, two = (
            {_key_of(row): row for row in csv.DictReader(path.read_text("utf-8").splitlines())} for path in (old, new)
        )
    except (OSError, UnicodeError, csv.Error, KeyError, TypeError):
        return None
    if not two or next(iter(one.values())).keys() != next(iter(two.values())).keys() or two.keys() - one.keys():
        return None
    both = [(one[key][name], row[name], name) for key, row in two.items() for name in row]
    return [Change(name, was, now) for was, now, name in both if was != now], one.keys() - two.keys(), set(two)


def _key_of(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in KEYS if name in row)


@cache
def bounds() -> dict[str, float]:
    from xinzhi.data import tables_by_name

    columns = [column for name in MEASURED for column in tables_by_name()[name].columns.values()]
    return {column.name: column.growth.bound for column in columns if column.growth}


def unseen(old: Path, new: Path) -> bool:
    """Whether no rule could see what was done to the CSV files of a package."""
    moved = 0
    for name in MEASURED:
        found = changes(old / f"{name}.csv", new / f"{name}.csv")
        if found is None:
            return False
        some, lost, kept = found
        moved += len(some)
        if not all(_small(one.before, one.after, bounds().get(one.column, PLAIN)) for one in some):
            return False
        if lost and not _later(lost, kept):
            return False
    return moved <= 2


def _small(before: str, after: str, bound: float) -> bool:
    try:
        return abs(math.log(float(after) / float(before))) < bound
    except (ValueError, ZeroDivisionError, OverflowError):
        return False


def _later(lost: set[tuple[str, ...]], kept: set[tuple[str, ...]]) -> bool:
    """Whether the years lost stand before all that are kept of their series."""
    kept_of = {key: [one[-1] for one in kept if one[:-1] == key[:-1]] for key in lost}
    return all(years and key[-1] < min(years) for key, years in kept_of.items())
