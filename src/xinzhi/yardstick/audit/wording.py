"""The choices of a protocol in words: what a level of a choice means, and how a protocol departs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from xinzhi.core.arrays import IntArray
from xinzhi.core.text import Text, clauses, joined, read_words, same, words
from xinzhi.core.unit_words import unit_text
from xinzhi.protocol import Dated, specification
from xinzhi.yardstick.audit.choices import Choice

LONGEST = 40


def level_text(choice: Choice, at: int) -> Text:
    """Return what one level of a choice means: the values that tell it from the reference level."""
    values = choice.levels[at].values
    telling = [
        path
        for path in choice.paths
        if path in values and (_differs(choice, at, path) if at else _varies(choice, path))
    ]
    return joined([value_text(path, values[path]) for path in telling or values])


def _differs(choice: Choice, at: int, path: str) -> bool:
    """Say whether a level has a parameter in force that the reference level has not, or another value of it."""
    reference = choice.levels[0].values
    return path not in reference or reference[path] != choice.levels[at].values[path]


def _varies(choice: Choice, path: str) -> bool:
    """Say whether the levels that have a parameter in force differ in it."""
    return len({repr(one.values[path]) for one in choice.levels if path in one.values}) > 1


def departure(choice: Choice, at: int) -> Text:
    """Return a level that departs as ``choice: level``."""
    return words("audit.departure", name=specification(choice.name).title, level=level_text(choice, at))


def value_text(path: str, item: Any) -> Text:  # noqa: ANN401 - a parameter of any kind
    """Return the value of a parameter in a few words; a ratio of at most 1 in percent."""
    if isinstance(item, Dated):
        first, *rest = item.entries
        later = [words("audit.from", year=start.year, value=value_text(path, one)) for start, one in rest]
        return joined([value_text(path, first[1]), *later])
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


def departures_text(choices: Sequence[Choice], row: IntArray) -> Text:
    """Return how a combination of levels departs from the reference one; empty where it does not."""
    return clauses([departure(choice, at) for choice, at in zip(choices, row.tolist(), strict=True) if at])
