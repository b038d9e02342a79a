"""A series of every region, and the marks that say which of its figures are not plain official ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import BoolArray, FloatArray

Marks = dict[str, "BoolArray"]


@dataclass(frozen=True, slots=True)
class Series:
    """Values `(R, T)` and masks of the same shape, named ``kind:series``.

    The kinds are ``extrapolated`` (no official figure behind it), ``proxy`` (another series stands in), ``carried``
    (the nearest observed year), ``spliced`` (joined to another vintage), ``first_published`` (not yet revised),
    ``break`` (the statistics changed in that year) and ``missing`` (done without).
    """

    values: FloatArray
    marks: Mapping[str, BoolArray] = field(default_factory=dict)


def either(first: Mapping[str, BoolArray], second: Mapping[str, BoolArray]) -> Marks:
    """Merge two sets of marks; a mark in both is set where either is."""
    merged = dict(first)
    for name, mask in second.items():
        merged[name] = merged[name] | mask if name in merged else mask
    return merged


def both_ends(mask: BoolArray) -> BoolArray:
    """Spread a mark of a level to the growth that starts from it: growth touches this year and the year before."""
    out = mask.copy()
    out[..., 1:] |= mask[..., :-1]
    return out


def spell(marks: Mapping[str, BoolArray], shape: tuple[int, int]) -> list[str]:
    """Return the marks of every cell joined by ``;``, cells in row order.

    Examples
    --------
    >>> spell({"carried:labour_share": np.array([[False, True]])}, (1, 2))
    ['', 'carried:labour_share']
    """
    code = np.zeros(shape, dtype=np.int64)
    names = sorted(name for name, mask in marks.items() if mask.any())
    for bit, name in enumerate(names):
        code |= marks[name].astype(np.int64) << bit
    kinds, where = np.unique(code.ravel(), return_inverse=True)
    words = [";".join(name for bit, name in enumerate(names) if kind >> bit & 1) for kind in kinds.tolist()]
    return [words[kind] for kind in where.ravel().tolist()]
