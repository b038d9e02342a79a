"""The register of studies: a decorator enters a study under its name, and its signature is its options."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

from xinzhi.core.errors import UsageError
from xinzhi.core.text import same
from xinzhi.studies.draft import Study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INTERNAL = frozenset({"source", "progress", "measurement", "evidence", "deeper"})  # parameters that are no options
Kind = Literal["flag", "whole", "number", "columns", "pairs", "text"]
KINDS: Mapping[str, Kind] = {"bool": "flag", "int": "whole", "float": "number", "tuple": "columns", "Mapping": "pairs"}
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer", bound=Study)


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
OPTIONS: dict[str, Mapping[str, Option]] = {}


def topic(recipe: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Register a study under its name, with the options that its signature describes; refuse all others."""
    options = {
        name: Option(name, kind_of(str(parameter.annotation)), parameter.default)
        for name, parameter in signature(recipe).parameters.items()
        if name not in INTERNAL
    }

    @wraps(recipe)
    def study(*source: Arguments.args, **values: Arguments.kwargs) -> Answer:
        unknown = [name for name in values if name not in options and name not in INTERNAL]
        if unknown:
            raise UsageError("studies.no-option", name=unknown[0], known=[same(name) for name in options])
        return recipe(*source, **values)

    STUDIES[recipe.__name__], OPTIONS[recipe.__name__] = study, options
    return study


def kind_of(annotation: str) -> Kind:
    """Return how a value of a type is written; a type beside the plain ones is text.

    >>> kind_of("float | None"), kind_of("tuple[str, ...]"), kind_of("Protocol | str")
    ('number', 'columns', 'text')
    """
    return KINDS.get(annotation.partition(" ")[0].partition("[")[0], "text")
