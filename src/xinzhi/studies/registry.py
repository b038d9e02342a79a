"""The register of studies: a decorator enters a study under its name, and its signature is its options."""

from __future__ import annotations

import builtins
import collections.abc
import typing
from dataclasses import dataclass
from functools import cache
from inspect import signature
from types import NoneType
from typing import TYPE_CHECKING, Literal, TypeVar, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinzhi.studies.draft import Study

INTERNAL = frozenset({"source", "progress", "measurement", "evidence", "deeper"})  # parameters that are no options
Kind = Literal["flag", "whole", "number", "columns", "pairs", "text"]
KINDS: Mapping[object, Kind] = {
    bool: "flag",
    int: "whole",
    float: "number",
    tuple: "columns",
    collections.abc.Mapping: "pairs",
}
Recipe = TypeVar("Recipe", bound="Callable[..., Study]")


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a study or of a command.

    Parameters
    ----------
    name, default
        Those of the parameter.
    kind
        How a value is written: a flag, a whole number, a number, names of columns, pairs of name and value, or text.
    """

    name: str
    kind: Kind
    default: object = None


STUDIES: dict[str, Callable[..., Study]] = {}
SERVER_OPTIONS: dict[str, tuple[str, ...]] = {}


def topic(recipe: Recipe) -> Recipe:
    """Register a study under its name; its options are those that its signature describes."""
    STUDIES[recipe.__name__] = recipe
    return recipe


def on_server(*names: str) -> Callable[[Recipe], Recipe]:
    """Let visitors of a server ask a study, with options that name no file and keep the server busy for no longer."""

    def register(study: Recipe) -> Recipe:
        unknown = set(names) - set(signature(study).parameters)
        if unknown:
            raise TypeError(*sorted(unknown))
        SERVER_OPTIONS[study.__name__] = names
        return study

    return register


@cache
def options(name: str) -> Mapping[str, Option]:
    """Return the options of a study by name, as its signature has them."""
    study = STUDIES[name]
    hints = get_type_hints(study, localns=_Names(vars(typing) | vars(collections.abc)))
    return {
        option: Option(option, kind_of(hints[option]), parameter.default)
        for option, parameter in signature(study).parameters.items()
        if option not in INTERNAL
    }


class _Names(dict[str, object]):
    """The names in annotations of studies: those that only a type checker imports stand for any object."""

    def __missing__(self, name: str) -> object:
        if hasattr(builtins, name):
            raise KeyError(name)
        return object


def kind_of(annotation: object) -> Kind:
    """Return how a value of a type is written, of several the first; a type beside the plain ones is text.

    >>> kind_of(float | None), kind_of(tuple[str, ...]), kind_of(str | int)
    ('number', 'columns', 'text')
    """
    members = [member for member in get_args(annotation) if member is not NoneType]
    union = NoneType in get_args(annotation) or get_origin(annotation) in {typing.Union, type(int | str)}
    first = members[0] if union else annotation
    return KINDS.get(get_origin(first) or first, "text")
