"""From normalised indicators to one number, in which more is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.sectors.composite.conventions import convention

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray

AGGREGATIONS = ("arithmetic", "geometric", "harmonic", "topsis", "vikor", "grey")
MEANS = ("arithmetic", "geometric", "harmonic")


def aggregate(scores: FloatArray, weights: FloatArray, method: str) -> FloatArray:
    r"""Return one number per row.

    Parameters
    ----------
    scores
        `(n, m)` normalised, more is better; positive for ``geometric`` and ``harmonic``.
    weights
        `(m,)`; they are divided by their sum.
    method
        ``arithmetic``, ``geometric`` and ``harmonic`` means; ``topsis`` (relative closeness to the best of every
        indicator); ``vikor`` (one less the compromise Q); ``grey`` (grey relational grade to the best).

    Raises
    ------
    UsageError
        When there is no such method, or a mean that needs positive scores gets others.

    Notes
    -----
    A mean of means with weights inside each group is the mean over all indicators with the products of these weights,
    so that hierarchies need no recursion.

    Examples
    --------
    >>> table = np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> aggregate(table, np.array([0.5, 0.5]), "arithmetic").tolist()
    [0.5, 0.5]
    """
    share = weights / weights.sum()
    if method in MEANS:
        return _mean(scores, share, method)
    if method == "topsis":
        return topsis(scores, share)
    if method == "vikor":
        return 1 - vikor(scores, share)
    if method == "grey":
        return grey(scores, share)
    message = f"aggregation '{method}' is not known: take one of {', '.join(AGGREGATIONS)}."
    raise UsageError(message)


def _mean(scores: FloatArray, share: FloatArray, method: str) -> FloatArray:
    if method == "arithmetic":
        return np.asarray(scores @ share)
    if not (scores > 0).all():
        message = (
            f"a {method} mean needs positive scores, and the lowest here is {scores.min():g}: take "
            "Normalisation('min-max', 1, 100), or another aggregation."
        )
        raise UsageError(message)
    return np.asarray(np.exp(np.log(scores) @ share) if method == "geometric" else 1 / ((1 / scores) @ share))


def topsis(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the closeness to the best of every indicator: distance from the worst over the sum of both distances.

    Notes
    -----
    Hwang and Yoon (1981): Euclidean distances of the weighted scores.

    Examples
    --------
    >>> topsis(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]), np.array([0.5, 0.5])).tolist()
    [0.0, 1.0, 0.5]
    """
    to_best = np.sqrt((scores - scores.max(axis=0)) ** 2 @ weights**2)
    to_worst = np.sqrt((scores - scores.min(axis=0)) ** 2 @ weights**2)
    total = to_best + to_worst
    return np.asarray(np.divide(to_worst, total, out=np.full(len(scores), 0.5), where=total > 0))


def vikor(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the compromise Q of VIKOR: half group utility, half the worst single regret; 0 is the best.

    Notes
    -----
    Opricovic and Tzeng (2004). Distances are shares of the range of each indicator.

    Examples
    --------
    >>> vikor(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]), np.array([0.5, 0.5])).tolist()
    [1.0, 0.0, 0.75]
    """
    best, worst = scores.max(axis=0), scores.min(axis=0)
    regret = weights * (best - scores) / np.where(best > worst, best - worst, 1.0)
    balance = convention("vikor_balance")
    return np.asarray(balance * _span(regret.sum(axis=1)) + (1 - balance) * _span(regret.max(axis=1)))


def grey(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the grey relational grade to the best of every indicator.

    Notes
    -----
    Deng (1989), with the smallest and the largest distance taken over the whole table.

    Examples
    --------
    >>> grey(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]), np.array([0.5, 0.5])).round(4).tolist()
    [0.3333, 1.0, 0.6667]
    """
    best = scores.max(axis=0)
    furthest = float((best - scores.min(axis=0)).max())
    return np.asarray(grey_coefficients(scores, best, furthest) @ weights)


def grey_coefficients(scores: FloatArray, best: FloatArray, furthest: float) -> FloatArray:
    """Return the grey relational coefficients.

    Parameters
    ----------
    scores
        `(n, m)` all or some rows of a table.
    best, furthest
        The highest score of every indicator in the table, and the largest distance from it; the smallest is zero.
    """
    share = convention("grey_distinguishing") * furthest
    return np.asarray(share / (best - scores + share))


def ranks(index: FloatArray) -> IntArray:
    """Return ranks along the last axis, 1 for the highest; what differs by less than rounding shares a rank.

    Examples
    --------
    >>> ranks(np.array([0.2, 0.9, 0.9, 0.1])).tolist()
    [3, 1, 1, 4]
    """
    order = np.argsort(-index, axis=-1)
    falling = np.take_along_axis(index, order, axis=-1)
    spread = np.maximum(np.abs(falling[..., :1]), np.abs(falling[..., -1:]))
    apart = falling[..., :-1] - falling[..., 1:] > convention("tie") * spread
    place = np.broadcast_to(np.arange(1, index.shape[-1] + 1), index.shape)
    if not apart.all():
        place = place.copy()
        place[..., 1:][~apart] = 1
        place = np.maximum.accumulate(place, axis=-1)
    found = np.empty(index.shape, dtype=np.int64)
    np.put_along_axis(found, order, place, axis=-1)
    return found


def _span(values: FloatArray) -> FloatArray:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
