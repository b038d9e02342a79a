"""Assumptions of the decomposition beyond the protocol, and conventions of the measures, from the room's YAML files."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).with_name("assumptions.yaml")
_CONVENTIONS = Path(__file__).with_name("conventions.yaml")


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The assumptions of one decomposition.

    Parameters
    ----------
    values
        Every assumption by its name.
    departs
        Those that differ from the file.
    """

    values: Mapping[str, Any]
    departs: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - the file fixes the type
        return self.values[name]


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """Return every assumption with value, unit, description, reference and alternatives, as the file has them.

    Examples
    --------
    >>> catalogue()["shares"]["value"]
    'common'
    """
    import yaml

    loaded: dict[str, dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["parameters"]
    return loaded


@cache
def conventions() -> dict[str, Any]:
    """Return every convention of the measures that look deeper into one source, with its reference.

    Examples
    --------
    >>> conventions()["obsolescence"]["value"]
    0.15
    """
    import yaml

    loaded: dict[str, Any] = yaml.safe_load(_CONVENTIONS.read_text(encoding="utf-8"))
    return loaded


def assumptions(assume: Mapping[str, Any] | None = None) -> Assumptions:
    """Return the assumptions of the file, with those of `assume` in their place.

    Parameters
    ----------
    assume
        Names and values that depart from the file.

    Raises
    ------
    UsageError
        When a name is unknown or a value is none of the alternatives.

    Examples
    --------
    >>> assumptions({"shares": "by_sector"}).departs
    ('shares',)
    """
    known = catalogue()
    values = {name: entry["value"] for name, entry in known.items()}
    for name, value in (assume or {}).items():
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            message = f"unknown assumption '{name}'{hint}: known are {', '.join(known)}."
            raise UsageError(message)
        _check(name, value, known[name])
        values[name] = value
    return Assumptions(values, tuple(name for name in values if values[name] != known[name]["value"]))


def _check(name: str, value: object, entry: Mapping[str, Any]) -> None:
    """Refuse a word that is no alternative, and a number that is not positive."""
    usual = entry["value"]
    if isinstance(usual, str):
        allowed = [usual, *entry.get("alternatives", ())]
        if value not in allowed:
            message = f"assumption '{name}' is {' or '.join(allowed)}; got {value!r}."
            raise UsageError(message)
    elif isinstance(usual, (int, float)):
        whole = isinstance(usual, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value <= 0:
            kind = "a whole number" if whole else "a number"
            message = f"assumption '{name}' is {kind} above 0; got {value!r}."
            raise UsageError(message)
