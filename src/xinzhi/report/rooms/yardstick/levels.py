"""The choices of an audit in words: what a level of a choice means, and how a protocol departs from the official."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import Text, read_words, same, words
from xinzhi.protocol import Dated
from xinzhi.protocol.catalogue import specification
from xinzhi.report.numbers import unit_text
from xinzhi.report.sentence import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.yardstick import Choice

LONGEST = 40


def title(choice: Choice) -> Text:
    """Return the name of a choice."""
    return specification(choice.name).title


def level(choice: Choice, at: int) -> Text:
    """Return what one level of a choice means: the values that tell its levels apart."""
    values = choice.levels[at].values
    telling = [path for path in choice.paths if path in values and _varies(choice, path)]
    return joined([value(path, values[path]) for path in telling or values])


def _varies(choice: Choice, path: str) -> bool:
    """Say whether the levels that have a parameter in force differ in it."""
    return len({repr(one.values[path]) for one in choice.levels if path in one.values}) > 1


def departure(choice: Choice, at: int) -> Text:
    """Return a level that departs as ``choice: level``."""
    return words("audit.departure", name=title(choice), level=level(choice, at))


def value(path: str, item: Any) -> Text:  # noqa: ANN401 - a parameter of any kind
    """Return the value of a parameter in a few words; a ratio of at most 1 in percent."""
    if isinstance(item, Dated):
        first, *rest = item.entries
        later = [words("audit.from", year=start.year, value=value(path, one)) for start, one in rest]
        return joined([value(path, first[1]), *later])
    known = specification(path)
    if isinstance(item, str):
        return _short().get(path, {}).get(item) or _cut(known.allowed.get(item) or same(item))
    if isinstance(item, bool) or not isinstance(item, int | float):
        return _cut(same(item))
    if known.unit == "ratio" and known.maximum == 1:
        return same(f"{100 * item:g}%")
    if known.unit in {"ratio", "choice", "year"}:
        return same(f"{item:g}")
    unit = unit_text(known.unit)
    return Text(zh=f"{item:g}{unit.zh}", en=f"{item:g} {unit.en}")


def _cut(text: Text) -> Text:
    def short(shown: str) -> str:
        return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"

    return Text(zh=short(text.zh), en=short(text.en))


@cache
def _short() -> Mapping[str, Mapping[str, Text]]:
    found = read_words("levels.yaml")
    return {path: {name: Text(**text) for name, text in values.items()} for path, values in found.items()}
