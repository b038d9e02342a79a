"""What fixes the sign of complexity, and what a correlation with an anchor has to be to say more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.pathways.conventions import setting

_LEAST, _CELLS = 3, 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchoring:
    """What was held against the index: ``diversity`` or ``anchor``, over how many places, and with what outcome."""

    how: str
    correlation: float
    places: int
    limit: float
    fixed: bool


def by_diversity(index: FloatArray, diversity: FloatArray) -> Anchoring:
    """Hold the index against how much places have."""
    found, least = _correlation(index, diversity), float(setting("anchor.least_correlation"))
    return Anchoring(how="diversity", correlation=found, places=len(index), limit=least, fixed=abs(found) >= least)


def by_anchor(index: FloatArray, names: Sequence[str], anchor: Mapping[str, float]) -> Anchoring:
    """Hold the index against an anchor, over the places that it names.

    Examples
    --------
    >>> names = list("abcde")
    >>> index = np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    >>> by_anchor(index, names, dict(zip(names, [1.0, 2.0, 2.5, 5.0, 6.0], strict=True))).fixed
    True
    >>> by_anchor(index, names, {"a": 1.0, "b": 2.0, "c": 2.5}).fixed  # three places tell nothing
    False
    """
    known = np.array([name in anchor for name in names])
    if known.sum() < _LEAST:  # two points correlate perfectly whatever they are
        lacking = [name for name, has in zip(names, known, strict=True) if not has]
        raise UsageError(
            "pathways.anchor-few", n=int(known.sum()), of=len(known), missing=lacking, named=list(anchor) or ["-"]
        )
    given = np.array([anchor[name] for name, has in zip(names, known, strict=True) if has])
    found, least = _correlation(index[known], given), float(setting("anchor.least_correlation"))
    p, limit = chance(index[known], given)
    count = int(known.sum())
    return Anchoring(
        how="anchor", correlation=found, places=count, limit=max(least, limit),
        fixed=abs(found) >= least and p <= level_of(count),
    )  # fmt: skip


def level_of(places: int) -> float:
    """Return how often an anchor that has nothing to do with complexity may fix its sign."""
    return float(setting("anchor.level_few" if places < int(setting("anchor.few")) else "anchor.level"))


def chance(index: FloatArray, anchor: FloatArray) -> tuple[float, float]:
    """Return the two-sided p-value of the correlation under permutation of the anchor, and the limit that it must pass.

    Every permutation where there are few places, else seeded draws of them: exact for any distribution of the anchor.
    The limit is 1 where not even the best order of the anchor would do.

    Examples
    --------
    >>> chance(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0]))[1]  # six orders: none is rare
    1.0
    """
    one, other = (_standard(values) for values in (index, anchor))
    if one is None or other is None:
        return 1.0, 1.0
    orders = _orders(len(one))
    drawn = np.concatenate([np.abs(other[part] @ one) for part in np.array_split(orders, 1 + orders.size // _CELLS)])
    reached = int((drawn >= abs(float(one @ other)) - _ROUNDING).sum())
    whole = len(one) <= int(setting("anchor.exact"))
    p = reached / len(drawn) if whole else (1 + reached) / (1 + len(drawn))
    rare = int(level_of(len(one)) * (len(drawn) + (not whole)) + _ROUNDING) - (not whole)
    largest = np.sort(drawn)[::-1]
    return p, float(largest[rare]) if 0 < rare < len(largest) else 1.0


_ROUNDING = 1e-12


@lru_cache(maxsize=4)
def _orders(places: int) -> IntArray:
    """Return all orders of few places, else random ones."""
    if places <= int(setting("anchor.exact")):
        return np.array(list(permutations(range(places))), dtype=np.int64)
    rng = np.random.default_rng(places)
    return rng.permuted(np.tile(np.arange(places), (int(setting("anchor.draws")), 1)), axis=1)


def _standard(values: FloatArray) -> FloatArray | None:
    """Return values about their mean and of length one; None where they do not vary."""
    if np.ptp(values) == 0:
        return None
    apart = values - values.mean()
    return np.asarray(apart / np.sqrt(apart @ apart))


def _correlation(one: FloatArray, other: FloatArray) -> float:
    first, second = _standard(one), _standard(other)
    return 0.0 if first is None or second is None else float(first @ second)
