"""The conventions of the package: the values of ``pathways.yaml``, where each stands with its reference."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, get_args

import yaml

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def _document() -> Mapping[str, Mapping[str, Any]]:
    groups = yaml.safe_load((files("xinzhi.pathways") / "pathways.yaml").read_text(encoding="utf-8"))
    return {group: {name: entry["value"] for name, entry in entries.items()} for group, entries in groups.items()}


def conventions(group: str) -> Mapping[str, Any]:
    """Return the values of one group of ``pathways.yaml`` by name."""
    return _document()[group]


def check_option(option: str, value: object, kinds: Any) -> None:  # noqa: ANN401 - a Literal
    """Raise where the value of an option is none of those of a Literal."""
    if value not in get_args(kinds):
        raise UsageError("pathways.unknown-option", option=option, value=value, choices=get_args(kinds))
