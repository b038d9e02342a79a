"""Findings in words: the messages of ``messages.yaml``, filled in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypedDict, Unpack

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.data.facts import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.finding import Severity
    from xinzhi.core.text import Language


class Place(TypedDict, total=False):
    """Where a finding stands, and what was found there."""

    table: str | None
    file: str | None
    line: int | None
    column: str | None
    key: str | None
    value: str | None
    expected: str | None


class _Message(TypedDict):
    rule: str
    severity: Severity
    message: Text
    hint: Text


def finding(
    message: str,
    *,
    severity: Severity | None = None,
    words: dict[str, object] | None = None,
    **place: Unpack[Place],
) -> Finding:
    """Return the finding that a message of ``messages.yaml`` makes at a place.

    Parameters
    ----------
    message
        Name of the message; it names the rule too, unless the message says otherwise.
    severity
        Instead of the message's own.
    words
        Further words for the sentence, beside those of the place; a `Text` enters in the language of the sentence.

    Examples
    --------
    >>> found = finding("text-in-number", file="accounts.csv", line=7, column="output_real", value="n/a")
    >>> found.sentence("en")[:63]
    "accounts.csv, line 7, column 'output_real': 'n/a' is not a numb"
    """
    text = _message(message)
    slots: dict[str, object] = {**{name: place.get(name) for name in Place.__annotations__}, **(words or {})}
    return Finding(
        rule=text["rule"],
        severity=severity or text["severity"],
        message=_fill(text["message"], slots),
        hint=_fill(text["hint"], slots),
        **place,
    )


def _fill(text: Text, slots: Mapping[str, object]) -> Text:
    def said(language: Language) -> dict[str, object]:
        return {name: word.lang(language) if isinstance(word, Text) else word for name, word in slots.items()}

    return Text(zh=text.zh.format(**said("zh")), en=text.en.format(**said("en")))


def severity_of(message: str) -> Severity:
    """Return the severity that a message has of its own."""
    return _message(message)["severity"]


@cache
def _message(name: str) -> _Message:
    entry = facts("messages.yaml")[name]
    return {
        "rule": entry.get("rule", name),
        "severity": entry["severity"],
        "message": Text(zh=entry["zh"], en=entry["en"]),
        "hint": Text(zh=entry["hint_zh"], en=entry["hint_en"]),
    }


@cache
def rules() -> tuple[str, ...]:
    """Return the names of all rules."""
    return tuple(dict.fromkeys(_message(name)["rule"] for name in facts("messages.yaml")))
