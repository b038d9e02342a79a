"""The catalogue: every parameter that a protocol may fix, read from ``parameters.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from xinzhi.core import yamlfile
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.protocol.values import Specification, nearest

_FILE = Path(__file__).with_name("parameters.yaml")
_PLAIN = ("kind", "unit", "minimum", "maximum", "above", "dated", "optional", "role")


@cache
def catalogue() -> Mapping[str, Specification]:
    """Return every parameter by its dotted path, in the order of the file.

    Examples
    --------
    >>> catalogue()["capital.depreciation"].bounds
    '[0, 1]'
    """
    return {path: _specification(path, entry) for path, entry in _content()["parameters"].items()}


@cache
def groups() -> Mapping[str, Text]:
    """Return the groups of parameters with their titles.

    Examples
    --------
    >>> groups()["labour"].zh
    '劳动投入'
    """
    return {name: Text(**text) for name, text in _content()["groups"].items()}


def specification(path: str) -> Specification:
    """Return what the catalogue says of `path`; a `UsageError` names the nearest path that it knows.

    Examples
    --------
    >>> specification("labour.unit").kind
    'choice'
    """
    if path not in catalogue():
        raise UsageError("protocol.unknown-path", path=path, near=nearest(path, catalogue()))
    return catalogue()[path]


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yamlfile.read(_FILE).content
    return content


def _specification(path: str, entry: Mapping[str, Any]) -> Specification:
    plain = {name: entry[name] for name in _PLAIN if name in entry}
    years: list[int] = entry.get("years", [0, 0])
    return Specification(
        path=path,
        title=Text(**entry["title"]),
        description=Text(**entry["description"]),
        allowed={word: Text(**text) for word, text in entry.get("allowed", {}).items()},
        years=(years[0], years[1]),
        needed_when={other: tuple(values) for other, values in entry["needed_when"].items()},
        **plain,
    )
