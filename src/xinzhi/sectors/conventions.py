"""The conventions of the package, read once: ``sectors.yaml``, and ``composite.yaml`` for composite indices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xinzhi import words
from xinzhi.core.errors import InputError
from xinzhi.core.names import NO_NAMES, Names
from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text, has, listing, same

Returns = Sequence[tuple[float | None, float]]


def document(name: str = "sectors.yaml") -> dict[str, Any]:
    """Return a YAML file of this package; callers must not change it."""
    content: dict[str, Any] = read_yaml(Path(__file__).with_name(name))
    return content


def setting(path: str) -> Any:  # noqa: ANN401 - the file decides
    """Return what stands at a dotted path of ``sectors.yaml``.

    >>> setting("decoupling.lower")
    0.8
    """
    node: Any = document()
    for part in path.split("."):
        node = node[part]
    return node


def convention(name: str) -> Any:  # noqa: ANN401 - the file decides
    """Return a convention of composite indices."""
    return document("composite.yaml")[name]["value"]


def text(path: str) -> Text:
    """Return the Chinese and English words at a path of ``sectors.yaml``."""
    node = setting(path)
    return Text(zh=node["zh"], en=node["en"])


def sector_text(name: str) -> Text:
    """Return the name of a sector; its own where it is the caller's."""
    return text(f"advance.sectors.{name}") if name in setting("advance.sectors") else same(name)


def indicator_text(name: str) -> Text:
    """Return the name of an indicator of ``sectors.yaml``; its own where it is the caller's."""
    if name == setting("advance.economy_with_measurement.name"):
        return text("advance.economy_with_measurement")
    for sector, node in setting("advance.sectors").items():
        if name in node["indicators"]:
            return text(f"advance.sectors.{sector}.indicators.{name}")
    return same(name)


def series_text(name: str, names: Names = NO_NAMES) -> Text:
    """Return what a column of figures is called: as the result says, as the catalogue does, else its own name."""
    if name in names.by_kind.get("series", {}):
        return names.text("series", name)
    return words.by_key(key) if has(key := f"sectors.series.{name}") else same(name)


def share_text(name: object, share: float) -> Text:
    """Return a name and its share in percent."""
    return words.sectors.answer_part(name=name if isinstance(name, Text) else same(name), share=share)


def method(choice: str, level: str) -> Text:
    """Return a level of a choice in words, with the scale of a normalisation behind it.

    >>> method("normalisation", "min-max 1-100").en, method("aggregation", "grey").en
    ('min-max 1-100', 'grey relational grade')
    """
    name_part, _, scale = level.partition(" ")
    name = words.by_key(key) if has(key := f"sectors.method.{choice}.{name_part}") else same(name_part)
    return Text(zh=f"{name.zh} {scale}", en=f"{name.en} {scale}") if scale else name


def departures(choices: str) -> Text:
    """Return choices such as ``weights=critic, aggregation=grey`` in words.

    >>> departures("weights=equal, pooled=false").en
    'weights: equal and bounds and weights shared by all years: set anew every year'
    """
    pairs = [part.partition("=")[::2] for part in choices.split(", ") if part]
    return listing(
        [
            words.sectors.departure(choice=words.sectors.choice_of(name), level=method(name, level))
            for name, level in pairs
        ]
    )


def returns_to_schooling(year: int) -> Returns:
    """Return the piecewise returns to schooling in force in a year."""
    values = setting("returns_to_schooling.values")
    valid = [item for item in values if int(item["since"]) <= year]
    if not valid:
        raise InputError("sectors.no-returns", year=year, first=values[0]["since"])
    newest = max(valid, key=lambda item: int(item["since"]))
    return tuple((upper, rate) for upper, rate in newest["value"])
