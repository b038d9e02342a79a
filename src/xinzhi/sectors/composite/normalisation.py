"""Indicators onto one scale, on which more is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.sectors.composite.conventions import convention

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

NORMALISATIONS = ("min-max", "z", "rank", "percentile", "borda", "distance-to-max", "distance-to-target", "vector")
_RANKS = ("rank", "percentile", "borda")


@dataclass(frozen=True, slots=True)
class Normalisation:
    """A method of normalisation and its scale.

    Parameters
    ----------
    method
        ``min-max`` (`low` is the worst and `high` the best observation), ``z`` (mean `low`, standard deviation `high`),
        ``rank`` (1 is the worst), ``percentile`` (0 to 1), ``borda`` (0 is the worst), ``distance-to-max`` (1 less the
        distance from the best, as a share of the range), ``distance-to-target`` (the same from the target of the
        indicator) or ``vector`` (over the root of the sum of squares).
    low, high
        The scale of ``min-max`` and ``z``; the others have their own.

    Raises
    ------
    UsageError
        When there is no such method, or the scale is upside down.

    Examples
    --------
    >>> Normalisation("min-max", 1, 100).high
    100
    """

    method: str = "min-max"
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in NORMALISATIONS:
            message = f"normalisation '{self.method}' is not known: take one of {', '.join(NORMALISATIONS)}."
            raise UsageError(message)
        below = 0.0 if self.method == "z" else self.low
        if not (np.isfinite(self.low) and np.isfinite(self.high)) or self.high <= below:
            message = f"normalisation {self.method} from {self.low} to {self.high}: give the lower end first."
            raise UsageError(message)

    def label(self) -> str:
        """Return the method, with its scale where it is not the usual one."""
        usual = (self.low, self.high) == (0.0, 1.0)
        return self.method if usual else f"{self.method} {self.low:g}-{self.high:g}"


def normalise(
    values: FloatArray, directions: FloatArray, how: Normalisation, targets: FloatArray | None = None
) -> FloatArray:
    """Put indicators onto one scale on which more is better.

    Parameters
    ----------
    values
        `(n, m)`, no column constant, nothing missing.
    directions
        `(m,)` 1 where more is better, -1 where less is.
    how
        Method and scale.
    targets
        `(m,)` in the units of the indicators, for ``distance-to-target``.

    Raises
    ------
    UsageError
        When a target is missing or on the wrong side of the worst observation.

    Notes
    -----
    Signs are turned first, so every method treats both directions alike. Ranks of ties are the lowest of their group.
    ``vector`` of a negative direction is negative; distances, which TOPSIS takes, are those of the classical form.

    Examples
    --------
    >>> table = np.array([[1.0, 5.0], [2.0, 4.0], [4.0, 1.0]])
    >>> normalise(table, np.array([1.0, -1.0]), Normalisation("min-max", 0, 100)).round(1).tolist()
    [[0.0, 0.0], [33.3, 25.0], [100.0, 100.0]]
    """
    turned = values * directions
    if how.method in _RANKS:
        return _ranked(turned, how.method)
    if how.method == "vector":
        return np.asarray(turned / np.sqrt((turned**2).sum(axis=0)))
    if how.method == "z":
        return np.asarray(how.low + how.high * (turned - turned.mean(axis=0)) / turned.std(axis=0, ddof=1))
    worst, best = turned.min(axis=0), turned.max(axis=0)
    if how.method == "distance-to-target":
        best = _targets(targets, directions, worst)
    share = (turned - worst) / (best - worst)
    return np.asarray(how.low + (how.high - how.low) * share if how.method == "min-max" else share)


def positive(scores: FloatArray, bounds: tuple[float, float] | None = None) -> FloatArray:
    """Move a whole table onto the range that geometric and harmonic means can take, by one linear map for all cells.

    Parameters
    ----------
    scores
        Any scores.
    bounds
        The lowest and the highest cell, where `scores` are only part of the table.

    Examples
    --------
    >>> positive(np.array([[-1.0, 0.0], [0.5, 1.0]])).tolist()
    [[1.0, 50.5], [75.25, 100.0]]
    """
    low, high = convention("positive_range")
    least, most = bounds or (scores.min(), scores.max())
    return np.asarray(low + (high - low) * (scores - least) / (most - least))


def _ranked(turned: FloatArray, method: str) -> FloatArray:
    below = np.empty_like(turned)
    for column in range(turned.shape[1]):
        below[:, column] = np.searchsorted(np.sort(turned[:, column]), turned[:, column], side="left")
    if method == "percentile":
        return below / (len(turned) - 1)
    return below + 1 if method == "rank" else below


def _targets(targets: FloatArray | None, directions: FloatArray, worst: FloatArray) -> FloatArray:
    if targets is None or not np.isfinite(targets).all():
        message = "distance-to-target needs a `target` of every indicator in the system."
        raise UsageError(message)
    best: FloatArray = targets * directions
    if (wrong := np.flatnonzero(best <= worst)).size:
        message = f"the target of indicator number {int(wrong[0]) + 1} is no better than its worst observation."
        raise UsageError(message)
    return best
