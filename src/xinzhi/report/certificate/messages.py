"""What a verification says, filled in from ``messages.yaml``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.report.catalogue import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@cache
def _catalogue() -> Any:  # noqa: ANN401 - the shape is the YAML file's
    return read_yaml("certificate/messages.yaml")


def finding(
    rule: str,
    words: Mapping[str, object] | None = None,
    *,
    table: str | None = None,
    file: str | None = None,
    column: str | None = None,
    key: str | None = None,
    value: str | None = None,
    expected: str | None = None,
) -> Finding:
    """Return the finding of a rule at a place; `words` fill its sentences, beside `value` and `expected`.

    Examples
    --------
    >>> finding("cell", table="accounts", column="output_real", key="220000/2017", value="1.5").where()
    "accounts, column 'output_real' (220000/2017)"
    """
    entry = _catalogue()["findings"][rule]
    filled = {"value": value, "expected": expected, **(words or {})}
    return Finding(
        rule=rule,
        severity=entry["severity"],
        message=_fill(entry["message"], filled),
        hint=_fill(entry["hint"], filled),
        table=table,
        file=file,
        column=column,
        key=key,
        value=value,
        expected=expected,
    )


def sentence(name: str, **words: object) -> Text:
    """Return a sentence of the summary in both languages."""
    return _fill(_catalogue()["sentences"][name], words)


def known_file(name: str) -> Mapping[str, str]:
    """Return media type (`type`) and content (`about`) of a file of the assessment; nothing for any other file."""
    entry: Mapping[str, str] = _catalogue()["files"].get(name, {})
    return entry


def _fill(entry: Mapping[str, str], words: Mapping[str, object]) -> Text:
    """Fill both languages; a word that is itself a `Text` is filled in each with its own."""
    zh = {name: word.zh if isinstance(word, Text) else word for name, word in words.items()}
    en = {name: word.en if isinstance(word, Text) else word for name, word in words.items()}
    return Text(zh=entry["zh"].format(**zh), en=entry["en"].format(**en))


def shortened(
    rule: str,
    table: str,
    differing: Sequence[str],
    *,
    column: str | None = None,
    values: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    """Yield a finding for every row of `differing`, up to the limit, and one that counts the others."""
    limit = int(_catalogue()["limits"]["named"]["value"])
    for key in differing[:limit]:
        yield finding(rule, table=table, column=column, key=key, value=values[key] if values else None)
    if more := differing[limit:]:
        words = {"count": len(more), "first": more[0], "last": more[-1]}
        yield finding(f"{rule}-more", words, table=table, column=column)
