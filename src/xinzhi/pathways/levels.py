"""The same activities at coarser levels of a classification: prefixes of the codes, and sections of GB/T 4754."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.pathways.cells import conventions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray

_DIVISION = 2
GIVEN = "as given"


def parents(codes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the parent of every code at every level that the codes allow, coarsest level first.

    Parameters
    ----------
    codes
        Codes of activities. Digits of GB/T 4754 have the levels ``section``, ``group`` (ours, ``pathways.yaml``),
        ``2-digit`` and so on down to the longest code that all have; other codes have one level, ``as given``.

    Returns
    -------
    dict
        Level and, for every code, its parent there.

    Examples
    --------
    >>> parents(["0610", "3610", "3620"])
    {'section': ('B', 'C', 'C'), 'group': ('BA', 'CF', 'CF'), '2-digit': ('06', '36', '36'), \
'3-digit': ('061', '361', '362'), '4-digit': ('0610', '3610', '3620')}
    >>> parents(["ships", "cars"])
    {'as given': ('ships', 'cars')}
    """
    if not all(code.isascii() and code.isdigit() and len(code) >= _DIVISION for code in codes):
        return {GIVEN: tuple(codes)}
    found: dict[str, tuple[str, ...]] = {}
    setting = conventions()["likeness"]
    for level, key in (("section", "sections"), ("group", "groups")):
        owner = {code: name for name, members in setting[key]["value"].items() for code in members}
        above = tuple(owner.get(code[:_DIVISION], "") for code in codes)
        if all(above) and len(set(above)) > 1:
            found[level] = above
    shortest = min(len(code) for code in codes)
    for length in range(_DIVISION, shortest + 1):
        found[f"{length}-digit"] = tuple(code[:length] for code in codes)
    if max(len(code) for code in codes) > shortest:
        found[GIVEN] = tuple(codes)
    return found


def add_up(values: FloatArray, above: Sequence[str]) -> tuple[FloatArray, tuple[str, ...]]:
    """Return amounts added up to their parents (n, q), and the parents, sorted.

    Examples
    --------
    >>> add_up(np.array([[1.0, 2.0, 3.0]]), ("a", "b", "a"))[0].tolist()
    [[4.0, 2.0]]
    """
    names = sorted(set(above))
    member = np.array([[name == one for name in names] for one in above], dtype=float)
    return values @ member, tuple(names)


def chosen_levels(all_: Mapping[str, tuple[str, ...]], asked: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Return the levels asked for; None: all.

    Raises
    ------
    UsageError
        When the codes do not have a level.

    Examples
    --------
    >>> list(chosen_levels(parents(["06", "36"]), ["2-digit"]))
    ['2-digit']
    """
    wanted = list(all_) if asked is None else list(asked)
    for level in wanted:
        if level not in all_:
            message = f"the codes of the activities have no level '{level}'; they have {', '.join(all_)}."
            raise UsageError(message)
    return {level: all_[level] for level in wanted}
