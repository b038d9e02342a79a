"""What the columns of results are: title, unit and kind of every one, described once in ``words/results``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, get_args

from xinzhi.core.lazy import pl
from xinzhi.core.text import LANGUAGES, Text, read_words, words_exist

Kind = Literal[
    "name",  # a code that has a name, or a text in both languages
    "text",  # plain words
    "code",  # a code or a span of years, as it stands
    "year",
    "date",
    "integer",
    "percent",  # a fraction or log points, shown a hundredfold
    "share",  # the same, without decimals
    "points",  # already in percent or percentage points
    "level",  # two decimals
    "score",  # three decimals
    "quantity",  # one decimal
    "figure",  # four significant digits
    "flag",  # yes or no
    "flags",  # marks of a measurement
    "value",  # anything
]
KINDS: tuple[Kind, ...] = get_args(Kind)
NO_TEXT = Text(zh="", en="")
COMMON = "common"  # columns that mean the same in every result


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a result: name in the frame, title, how its cells are written, unit in words.

    `decimals` None are those of the kind; `names` is the kind of names that its codes have, such as ``region``;
    `values` the words of an enumeration; `about` says in a sentence what it is, on a page of its own.
    """

    name: str = ""
    title: Text
    kind: Kind = "text"
    unit: Text = NO_TEXT
    decimals: int | None = None
    names: str | None = None
    values: Mapping[str, Text] = field(default_factory=dict)
    about: Text = NO_TEXT


def describe(verb: str, column: str, frame: str = "frame") -> Column:
    """Return the description of a column in ``words/results/<verb>.yaml``; ``frame.column`` goes before ``column``.

    A `KeyError` says that nobody has described it.
    """
    entry = _column_entry(verb, column, frame) or _language_half(verb, column, frame)
    if entry is None:
        message = f"{verb}: column {column!r} of {frame!r} is described nowhere"
        raise KeyError(message)
    return entry


def text_columns(**texts: Iterable[Text | None]) -> list[pl.Series]:
    """Return texts as columns ``<name>_zh`` and ``<name>_en``, which tables and charts read as one."""
    rows = {name: list(column) for name, column in texts.items()}
    return [
        pl.Series(f"{name}_{language}", [text and text.lang(language) for text in column], dtype=pl.String)
        for name, column in rows.items()
        for language in LANGUAGES
    ]


def described(verb: str, column: str, frame: str = "frame") -> bool:
    """Say whether a column is described."""
    return (_column_entry(verb, column, frame) or _language_half(verb, column, frame)) is not None


def _column_entry(verb: str, column: str, frame: str) -> Column | None:
    """Return the entry of a column itself."""
    places = ((verb, f"{frame}.{column}"), (verb, column), (COMMON, column))
    return next((_columns(home)[name] for home, name in places if name in _columns(home)), None)


def _language_half(verb: str, column: str, frame: str) -> Column | None:
    """Return ``reason_zh`` or ``reason_en`` as the half of ``reason``, a text that stands in both languages."""
    stem, _, language = column.rpartition("_")
    base = _column_entry(verb, stem, frame) if language in LANGUAGES else None
    if base is None:
        return None
    half = read_words(f"results/{COMMON}.yaml")["halves"][language]
    title = Text(zh=half["zh"], en=half["en"]).format(title=base.title)
    return replace(base, name=column, title=title, kind="text", values={})


@cache
def _columns(home: str) -> Mapping[str, Column]:
    if not words_exist(f"results/{home}.yaml"):
        return {}
    entries: Mapping[str, Mapping[str, Any]] = read_words(f"results/{home}.yaml").get("columns", {})
    return {name: _column(name.rpartition(".")[2], entry) for name, entry in entries.items()}


def _column(name: str, entry: Mapping[str, Any]) -> Column:
    """Return a column from its entry: zh, en, and what else it says; a `unit` is a pair or a name of common units."""
    unit = entry.get("unit", NO_TEXT)
    if isinstance(unit, str):
        unit = read_words(f"results/{COMMON}.yaml")["units"][unit]
    return Column(
        name=name,
        title=Text(zh=str(entry["zh"]), en=str(entry["en"])),
        kind=entry.get("kind", "text"),
        unit=unit if isinstance(unit, Text) else Text(zh=str(unit["zh"]), en=str(unit["en"])),
        decimals=entry.get("decimals"),
        names=entry.get("names"),
        about=Text(**entry["about"]) if "about" in entry else NO_TEXT,
        values={
            str(key): Text(zh=str(label["zh"]), en=str(label["en"])) for key, label in entry.get("values", {}).items()
        },
    )
