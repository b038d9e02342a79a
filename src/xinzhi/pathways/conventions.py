"""The conventions of the package: the values of ``pathways.yaml``, where each stands with its reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from xinzhi.core import parameters
from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_FILE = Path(__file__).with_name("pathways.yaml")
setting = partial(parameters.setting, _FILE)


def conventions(group: str) -> Mapping[str, Any]:
    """Return the values of one group of ``pathways.yaml`` by name, such as ``conventions("uncertainty")["lump"]``."""
    return {name: entry["value"] for name, entry in parameters.read_yaml(_FILE)[group].items()}


def check_option(option: str, value: object, kinds: object) -> None:
    """Raise where the value of an option is none of those of a Literal."""
    if value not in get_args(kinds):
        raise UsageError("pathways.unknown-option", option=option, value=value, choices=get_args(kinds))


def check_known(values: Iterable[object], choices: Sequence[object], what: str, verb: str) -> None:
    """Raise where something that was asked for is not among those that there are."""
    for value in values:
        if value not in choices:
            raise UsageError("pathways.unknown-for", verb=verb, what=what, asked=value, known=list(choices))


def options_of(rules: DataclassInstance) -> dict[str, Any]:
    """Return the options of a call as its provenance tells them."""
    return {field.name: getattr(rules, field.name) for field in fields(rules)}
