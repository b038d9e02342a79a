"""What regions, industries and scores are called in the pictures and tables of the room."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report.catalogue import has, same, words
from xinzhi.report.rooms.sectors.names import distinct, short
from xinzhi.report.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.core.result import Result
    from xinzhi.report.tables import Kind

_LISTED = 8
NARROW = 15.0  # width of a name that stands in a picture, in units of its size


class Names:
    """Names of the places and activities of a result, no two alike."""

    def __init__(self, result: Result, places: Iterable[object], activities: Iterable[object] = ()) -> None:
        self.codes = [str(code) for code in dict.fromkeys(places)]
        self.result = result
        self.places = result.names.distinct("region", self.codes)
        self.activities = result.names.distinct("industry", dict.fromkeys(activities))

    def place(self, code: object) -> Text:
        """Return the name of a place."""
        return self.places.get(str(code), same(code))

    def activity(self, code: object, most: float | None = None) -> Text:
        """Return the name of an activity, cut to a width where one is given."""
        name = self.activities.get(str(code), same(code))
        return name if most is None else short(name, most)

    @cached_property
    def narrow(self) -> dict[str, Text]:
        """Return the names of the activities cut to the width of a picture, no two alike."""
        return distinct({code: self.activity(code, NARROW) for code in self.activities})

    def chosen(self, region: str | None, otherwise: str) -> str:
        """Return the code of the place that was asked for by code or name."""
        return otherwise if region is None else self.result.names.resolve(region, self.codes)


def code_of(asked: str, names: Mapping[str, Text]) -> str:
    """Return the code of a place that is given by its code or its name in either language.

    Raises
    ------
    UsageError
        When no place is called so.

    Examples
    --------
    >>> code_of("Jilin", {"220000": Text(zh="吉林", en="Jilin")})
    '220000'
    """
    for code, name in names.items():
        if asked in {code, name.zh, name.en}:
            return code
    shown = ", ".join(name.en for name in list(names.values())[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    message = f"there is no region '{asked}' here; there are {shown}{more}."
    raise UsageError(message)


def column(name: str, kind: Kind, unit: Text | None = None) -> Column:
    """Return a column of a table of the room."""
    title = words(f"pathways.column.{name}")
    return Column(title=title, kind=kind, unit=unit) if unit else Column(title=title, kind=kind)


def known(prefix: str, name: str) -> Text:
    """Return a word of the catalogue, or the name itself where it has none."""
    key = f"pathways.{prefix}.{name}"
    return words(key) if has(key) else same(name)


def yes(value: bool | None) -> Text | None:  # noqa: FBT001 - a cell
    """Return a cell that says yes or no."""
    return None if value is None else words("pathways.chart.yes") if value else words("pathways.chart.no")


def told(findings: Iterable[Finding], limit: int = 6) -> tuple[Text, ...]:
    """Return the findings as notes, the first few; the rest is counted."""
    every = [
        Text(
            zh=f"{one.message.zh.rstrip('。')}。{one.hint.zh if one.hint else ''}",
            en=f"{one.message.en.rstrip('.')}. {one.hint.en if one.hint else ''}".strip(),
        )
        for one in findings
    ]
    unique = list(dict.fromkeys(every))
    if len(unique) <= limit:
        return tuple(unique)
    return (*unique[:limit], words("pathways.note.more", k=len(unique) - limit))


def capital(text: Text) -> Text:
    """Return a text that begins with a capital letter."""
    return Text(zh=text.zh, en=text.en[:1].upper() + text.en[1:])


def sentence(text: Text) -> Text:
    """Return a headline as a sentence of the answer."""
    return Text(zh=f"{text.zh}。", en=f"{text.en}.")
