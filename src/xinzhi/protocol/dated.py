"""Values that change with time: ``{1952-01-01: geometric, 1993-01-01: reported}``."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Dated:
    """A value with the dates from which each version holds.

    Parameters
    ----------
    entries
        Pairs of the first day and the value, in order of time.

    Examples
    --------
    >>> rule = Dated.of({1952: "geometric", 1993: "reported"})
    >>> rule.at(1992), rule.at(1993)
    ('geometric', 'reported')
    """

    entries: tuple[tuple[date, Any], ...]

    @classmethod
    def of(cls, values: Mapping[Any, Any]) -> Dated:
        """Build from a mapping of dates to values; a year alone means its first day.

        Raises
        ------
        ValueError
            When a key is neither a year nor a date, when two keys are the same day, or when there is none.
        """
        entries = sorted(((day(key), value) for key, value in values.items()), key=lambda entry: entry[0])
        days = [entry[0] for entry in entries]
        if not entries or len(set(days)) < len(days):
            message = "dated values need at least one date, and every date once"
            raise ValueError(message)
        return cls(tuple(entries))

    def at(self, year: int) -> Any:  # noqa: ANN401 - the catalogue fixes the type
        """Return the value that is valid at the end of `year`.

        Raises
        ------
        ProtocolError
            When the first date lies after that year.
        """
        position = bisect_right([start for start, _ in self.entries], date(year, 12, 31))
        if position == 0:
            message = f"no value is valid in {year}: the first holds from {self.entries[0][0].isoformat()}."
            raise ProtocolError(message)
        return self.entries[position - 1][1]

    def values(self) -> tuple[Any, ...]:
        """Return the values without their dates."""
        return tuple(value for _, value in self.entries)


def day(key: object) -> date:
    """Return the day that a key of dated values means; a year alone means its first day.

    Examples
    --------
    >>> day(2004), day("2004-07-01")
    (datetime.date(2004, 1, 1), datetime.date(2004, 7, 1))
    """
    if isinstance(key, date):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return date(key, 1, 1)
    return date.fromisoformat(str(key))
