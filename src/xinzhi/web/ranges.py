"""Ranges as rows of a table: a dot for the figure, a line for its band, a thin one for the range over protocols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xinzhi.core.text import percent

ROOM = 0.03  # of the width, at both ends


@dataclass(frozen=True, slots=True)
class Axis:
    """Where figures stand on the width of a cell, in percent of it.

    Examples
    --------
    >>> axis = Axis.of([-0.01, 0.03])
    >>> [axis(value) for value in (-0.01, 0.01, 0.03)]
    ['3.0%', '50.0%', '97.0%']
    """

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Axis:
        """Return the axis that holds zero and all these values."""
        known = [0.0, *(value for value in values if value is not None)]
        return cls(min(known), max(known))

    def __call__(self, value: float) -> str:
        """Return the place of a value."""
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        return f"{100 * (ROOM + (1 - 2 * ROOM) * part):.1f}%"


def ranges(rows: Sequence[Mapping[str, Any]], also: Sequence[float] = ()) -> tuple[Axis, list[dict[str, Any]]]:
    """Return the axis of rows with `value`, `low`, `high` (and `wide_low`, `wide_high`), and the rows with places."""
    ends = ("value", "low", "high", "wide_low", "wide_high")
    axis = Axis.of([*also, *(row.get(end) for row in rows for end in ends)])
    placed = [
        {**row, "at": {end: axis(row[end]) for end in ends if row.get(end) is not None},
         "said": {end: percent(row.get(end)) for end in ends}}
        for row in rows
    ]  # fmt: skip
    return axis, placed
