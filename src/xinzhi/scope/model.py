"""What a dated definition says: which codes are in, since when, by whose word, and which of them only in part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from xinzhi.core.text import Text

Status = Literal["complete", "partial", "template"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Star:
    """How much of a class belongs, where it belongs only in part.

    Parameters
    ----------
    share
        The share that belongs; where nobody says, the middle of the bounds, and `assumed` is true.
    lower, upper
        Its bounds, 0 and 1 where nobody knows better.
    source
        Who says so.
    assumed
        Whether `share` is only the middle.
    """

    share: float
    lower: float
    upper: float
    source: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Codes that belong together in one line of a definition.

    Parameters
    ----------
    codes
        Codes of any level.
    excluded
        Codes below them that do not belong (``except`` in the file).
    category
        Identifier of the category.
    middle
        Number of the middle group inside the category, where the list has any.
    name
        What the line is called.
    star
        Set where the codes belong only in part.
    intensity
        A figure that the list gives, such as the intensity of R&D in percent.
    valid_from, valid_to
        Days within the validity of the definition on which the line holds; None is open.
    """

    codes: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    category: str = ""
    middle: str = ""
    name: Text | None = None
    star: Star | None = None
    intensity: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def holds(self, day: date) -> bool:
        """Return whether the line is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of a definition; `inside` says whether its industries are in scope, `counts` what it must hold."""

    id: str
    title: Text
    inside: bool = True
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many codes a complete transcription holds.

    Parameters
    ----------
    of
        The categories that are counted; all, when empty.
    numbers
        By ``division, group, class`` of the standard (those that are touched), ``categories, middle, small, entries``
        of the list.
    """

    of: tuple[str, ...]
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One of the five powers: since when, by which event, with which leading sectors."""

    id: str
    title: Text
    begins: date | None
    ends: date | None
    event: Text
    evidence: str
    alternatives: tuple[tuple[date, Text], ...]
    leading: tuple[tuple[Text, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A dated definition of what is in scope.

    Parameters
    ----------
    id, series
        Its name, and that of the series in which one edition follows another.
    title, authority, source, note
        What it is called, who issued it, where its codes come from, and what to know about it.
    status
        ``complete`` (all codes, and the counts agree), ``partial`` (some are missing) or ``template`` (no codes: it
        refuses to classify; `missing` says what is needed).
    standard
        The standard of its codes.
    valid_from, valid_to
        First and last day; no last day while it is in force.
    default
        Whether `classify` uses it when nothing else is asked for.
    categories, entries, counts, eras
        The content.
    file
        Where it stands.
    """

    id: str
    series: str
    title: Text
    authority: Text
    source: str
    note: Text | None
    status: Status
    standard: str
    valid_from: date
    valid_to: date | None
    default: bool
    missing: str
    categories: Mapping[str, Category]
    entries: tuple[Entry, ...]
    counts: tuple[Count, ...]
    eras: tuple[Era, ...]
    file: str

    def valid(self, day: date) -> bool:
        """Return whether the definition is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def span(self) -> str:
        """Return its validity as ``2017-10-01 to 2020-12-31``, or ``since 2017-10-01``."""
        if self.valid_to is None:
            return f"since {self.valid_from}"
        return f"{self.valid_from} to {self.valid_to}"

    def needs(self) -> str:
        """Return what a complete transcription must count, in words.

        Examples
        --------
        >>> from xinzhi.scope import definition
        >>> definition("strategic-emerging-2018").needs()
        '485 classes; 9 categories'
        """
        return "; ".join(_counted(count) for count in self.counts)


_PLURALS = {
    "division": "divisions",
    "group": "groups",
    "class": "classes",
    "middle": "middle groups",
    "small": "small classes",
}


def _counted(count: Count) -> str:
    numbers = ", ".join(f"{number} {_PLURALS.get(name, name)}" for name, number in count.numbers.items())
    return f"{numbers} ({', '.join(count.of)})" if count.of else numbers
