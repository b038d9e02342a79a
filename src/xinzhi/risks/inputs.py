"""What the verbs on capacity, debt and the register share: their conventions, and how options are checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from xinzhi.core import parameters
from xinzhi.core.errors import UsageError

GAPS = ("missing-year",)  # a year that is missing is named and left out; it stops nothing here
_HOMES = {"overcapacity": "capacity", "public_debt": "debt", "bands": "debt", "register": "register"}


def conventions(name: str) -> Mapping[str, Any]:
    """Return the conventions of a YAML file of risks; callers must not change them.

    Parameters
    ----------
    name
        ``overcapacity`` (utilisation, entry, zombie firms), ``public_debt``, ``bands`` (grades of debt) or
        ``register`` (rules and thresholds).

    Examples
    --------
    >>> conventions("overcapacity")["wave"]["horizon"]["value"], sorted(conventions("bands")["sets"])[-1]
    (5, 'mof-2019')
    """
    content: Mapping[str, Any] = parameters.read_yaml(_path(name))
    return content


def setting(name: str, path: str) -> Any:  # noqa: ANN401 - the file decides
    """Return the value at a dotted path of a file of conventions."""
    return parameters.setting(_path(name), path)


@cache
def _path(name: str) -> Path:
    return Path(__file__).parent / _HOMES[name] / f"{name}.yaml"


def finite_number(verb: str, name: str, value: object, *, integer: bool = False, above: float | None = None) -> float:
    """Return an option that must be a finite number, or refuse it."""
    numeric = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    number = float(value) if numeric else float("nan")  # type: ignore[arg-type] # checked
    if not np.isfinite(number) or (integer and number != int(number)) or (above is not None and number <= above):
        values = {"verb": verb, "name": name, "value": repr(value), "whole": integer, "above": above}
        raise UsageError("risks.option" if above is None else "risks.option-above", **values)
    return number
