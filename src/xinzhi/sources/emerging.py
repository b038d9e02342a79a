"""Emerging: which industries of a decomposition count as emerging, from codes, a mask of truths, or a scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import BoolArray
    from xinzhi.sources.detail import Level

_SHOWN = 8


@runtime_checkable
class Scoped(Protocol):
    """A result that knows which industries count as emerging, such as that of `scope.classify`."""

    @property
    def frame(self) -> pl.DataFrame:
        """The industries."""
        ...

    def mask(self) -> tuple[str, ...]:
        """Return the codes of those that count."""
        ...


Emerging = Iterable[str] | Iterable[bool] | Mapping[str, bool] | Scoped


def emerging_mask(names: tuple[str, ...], level: Level, emerging: Emerging) -> tuple[BoolArray, tuple[str, ...]]:
    """Return which industries are emerging, and the codes that are no industry of the decomposition.

    Parameters
    ----------
    names
        Codes of the industries.
    level
        With three sectors or totals no code of an industry can be placed, and all are returned.
    emerging
        Codes; or true and false for every industry, in the order of `names` or by code; or a `Scope`, whose mask it is.

    Raises
    ------
    UsageError
        When it is of another kind, or names industries and none of them is there.

    Examples
    --------
    >>> emerging_mask(("26", "39"), "industry", ["39", "65"])
    (array([False,  True]), ('65',))
    >>> emerging_mask(("26", "39"), "industry", {"26": False, "39": True})[0].tolist()
    [False, True]
    """
    named = _codes(names, emerging)
    outside = tuple(code for code in dict.fromkeys(named) if code not in names)
    if level == "industry" and outside and len(outside) == len(set(named)):
        message = f"emerging names {_listed(outside)}, and the decomposition has the industries {_listed(names)}."
        raise UsageError(message)
    return np.isin(names, named), outside


def _codes(names: tuple[str, ...], emerging: Emerging) -> list[str]:
    """Return the codes that are meant."""
    given = emerging.mask() if isinstance(emerging, Scoped) else emerging
    if isinstance(given, str):
        message = f"emerging is a list of industry codes; got the text {given!r}: write [{given!r}]."
        raise UsageError(message)
    if not isinstance(given, Iterable) or hasattr(given, "columns"):
        message = f"emerging is a list of industry codes, or true and false by industry; got {type(given).__name__}."
        raise UsageError(message)
    codes, values = (list(given), list(given.values())) if isinstance(given, Mapping) else (list(names), list(given))
    truths = [bool(value) for value in values if isinstance(value, (bool, np.bool_))]
    if not truths and not isinstance(given, Mapping):
        return [str(code) for code in values]
    if not len(truths) == len(values) == len(codes):
        message = (
            f"emerging gives {len(truths)} times true or false among {len(values)} values: give one for every industry "
            f"({_listed(names)}), true or false by code, or the codes themselves."
        )
        raise UsageError(message)
    return [str(code) for code, here in zip(codes, truths, strict=True) if here]


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(codes[:_SHOWN]) + (", ..." if len(codes) > _SHOWN else "")
