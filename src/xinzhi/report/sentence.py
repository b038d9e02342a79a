"""Sentences and names that every page makes from facts: headlines as sentences, findings as notes, names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xinzhi import words
from xinzhi.core.finding import Finding
from xinzhi.core.names import arrangement, distinct
from xinzhi.core.result import Facts
from xinzhi.core.text import Text, clauses, has, join_names, join_with_commas, same, sentences

__all__ = [
    "answer_of",
    "arrangement",
    "capitalised",
    "chance",
    "clauses",
    "distinct",
    "fact",
    "finding_notes",
    "join_names",
    "join_with_commas",
    "notes_of",
    "sentence",
    "to_percent",
    "truncate",
    "word",
    "yes_no",
]

MOST_NOTES = 6  # findings that a page tells one by one
SURE = 0.005  # a probability nearer to zero or one than random draws can tell


def sentence(text: Text) -> Text:
    """Return a headline as a sentence of the answer."""
    return Text(zh=f"{text.zh}。", en=f"{text.en}.")


def capitalised(text: Text) -> Text:
    """Return a text that begins with a capital letter."""
    return Text(zh=text.zh, en=text.en[:1].upper() + text.en[1:])


def truncate(text: Text, most: float) -> Text:
    """Return a text cut to a width, in units of its size, so that no chart has to cut it."""
    return Text(zh=_cut(text.zh, most), en=_cut(text.en, most))


def _cut(line: str, most: float) -> str:
    from xinzhi.report.lettering import width

    if width(line) <= most:
        return line
    while line and width(line) + 1 > most:
        line = line[:-1]
    return f"{line.rstrip()}…"


def word(topic: str, kind: str, name: object) -> Text:
    """Return the word ``<topic>.<kind>.<name>`` of the catalogue, or the name itself where there is none."""
    key = f"{topic}.{kind}.{name}"
    return words.by_key(key) if has(key) else same(name)


def yes_no(value: bool | None) -> Text | None:  # noqa: FBT001 - a cell
    """Return a cell that says yes or no; None stays None."""
    if value is None:
        return None
    return words.shared.label_yes() if value else words.shared.label_no()


def to_percent(value: float | None) -> float | None:
    """Return a fraction as percent; None stays None."""
    return None if value is None else 100 * value


def chance(value: float) -> str:
    """Write a probability in percent; what random draws cannot tell from certain is no more than nearly so."""
    if value > 1 - SURE:
        return "> 99"
    return "< 1" if value < SURE else f"{100 * value:.0f}"


def finding_notes(findings: Iterable[Finding], limit: int = MOST_NOTES) -> tuple[Text, ...]:
    """Return findings as notes of a page, the first few; the rest is counted."""
    notes = [
        Text(
            zh=f"{finding.message.zh.rstrip('。')}。{finding.hint.zh if finding.hint else ''}",
            en=f"{finding.message.en.rstrip('.')}. {finding.hint.en if finding.hint else ''}".strip(),
        )
        for finding in findings
    ]
    unique = list(dict.fromkeys(notes))
    if len(unique) <= limit:
        return tuple(unique)
    return (*unique[:limit], words.shared.note_more(k=len(unique) - limit))


def answer_of(facts: Facts, topic: str) -> list[Text]:
    """Return the sentences that answer: those of all facts that are no notes."""
    return sentences({key: values for key, values in facts.items() if not key.startswith("note.")}, topic)


def notes_of(facts: Facts, topic: str) -> list[Text]:
    """Return the sentences of facts that are notes."""
    return sentences({key: values for key, values in facts.items() if key.startswith("note.")}, topic)


def fact(facts: Facts, *keys: str) -> tuple[str, dict[str, Any]] | None:
    """Return the first of some headlines that facts have, by its name, and its values; None where they have none."""
    # a key with a dot is that of another fact, such as ``answer.gaming``
    for key in keys:
        values = facts.get(key if "." in key else f"headline.{key}")
        if isinstance(values, dict):
            return key.rpartition(".")[2], values
    return None
