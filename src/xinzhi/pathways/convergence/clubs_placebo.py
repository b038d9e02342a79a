"""A placebo for convergence clubs: what the same search finds in a continuum of paths of the same spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.pathways.conventions import setting

_LAST = 3  # the last third of the years says where a path is


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebo:
    """What a continuum gives: how often as many clubs or more (`as_many`), and as tight ones for their number (`p`).

    `clubs` are the numbers found in each draw, units that converge with none counted as groups of one.
    """

    draws: int
    groups: int
    clubs: tuple[int, ...]
    as_many: float
    p: float

    @property
    def passes(self) -> bool:
        """Whether the clubs stand further apart than pieces of a continuum do."""
        return self.p <= float(setting("inference.level"))


def placebo(
    values: FloatArray, clubs: IntArray, search: Callable[[FloatArray], IntArray], *, draws: int, seed: int
) -> Placebo:
    """Hold clubs (0: none) of paths (N, T) against those that a search finds in a continuum of paths.

    Paths are a common one, and of each unit a level, a slope and a rest around both. In the continuum level and slope
    are normal with the variances and the covariance of the units', and rests are drawn whole: the spread is the same,
    and there are no clubs in it.
    """
    rng = np.random.default_rng(seed)
    count, periods = values.shape
    time = np.arange(periods) - (periods - 1) / 2
    common = values.mean(axis=0)
    apart = values - common
    own = np.stack([apart.mean(axis=1), apart @ time / (time @ time)])
    rest = apart - own[0][:, None] - own[1][:, None] * time
    found = _tight(values, clubs)
    numbers, tight = [], []
    for _ in range(draws):
        level, slope = rng.multivariate_normal(np.zeros(2), np.cov(own), size=count, method="eigh").T
        drawn = common + level[:, None] + slope[:, None] * time + rest[rng.integers(count, size=count)]
        again = search(drawn)
        numbers.append(_groups(again))
        tight.append(_tight(drawn, again))
    groups = _groups(clubs)
    as_many = (1 + sum(number >= groups for number in numbers)) / (1 + draws)
    p = (1 + sum(one <= found for one in tight)) / (1 + draws)
    return Placebo(draws=draws, groups=groups, clubs=tuple(numbers), as_many=as_many, p=p)


def _groups(clubs: IntArray) -> int:
    """Return the number of clubs, and of units in none."""
    return int(len(np.unique(clubs[clubs > 0])) + (clubs == 0).sum())


def _tight(values: FloatArray, clubs: IntArray) -> float:
    """Return the spread within clubs over that of all, times the square of their number: about 1 for equal pieces."""
    at = values[:, -max(values.shape[1] // _LAST, 1) :].mean(axis=1)
    parts = [at[clubs == one] for one in np.unique(clubs[clubs > 0])]
    within = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    whole = float(((at - at.mean()) ** 2).sum())
    return within / whole * _groups(clubs) ** 2 if whole > 0 else 1.0


def numbered(count: int, members: Sequence[IntArray]) -> IntArray:
    """Return the club of every unit, 0 for none."""
    found = np.zeros(count, dtype=np.int64)
    for number, rows in enumerate(members, 1):
        found[rows] = number
    return found
