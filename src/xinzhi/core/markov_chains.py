"""Markov chains: transition counts and probabilities, the long run, mobility, and tests that chains are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError


def yearly_means(values: FloatArray) -> FloatArray:
    """Return the mean of the known values of every year `(T,)`; NaN for a year without any."""
    finite = np.isfinite(values)
    count = finite.sum(axis=0)
    return np.asarray(np.where(finite, values, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan))


def quantile_bounds(values: FloatArray, classes: int, *, yearly: bool = False) -> FloatArray:
    """Return upper bounds of classes of equal size `(k - 1,)`; `(T, k - 1)` where every year has its own, or NaN."""
    steps = np.arange(1, classes) / classes
    if not yearly:
        return np.asarray(np.quantile(values[np.isfinite(values)], steps))
    bounds = np.full((values.shape[1], classes - 1), np.nan)
    for row, year in zip(bounds, values.T, strict=True):
        if (observed := year[np.isfinite(year)]).size:
            row[:] = np.quantile(observed, steps)
    return bounds


def classify(values: FloatArray, bounds: FloatArray) -> IntArray:
    """Return the class of every value; -1 where it is unknown. A value on a bound belongs to the class below."""
    place: IntArray = (values[..., None] > bounds).sum(axis=-1)
    return np.where(np.isfinite(values), place, -1)


def moves(place: IntArray, classes: int, mask: BoolArray | None = None) -> FloatArray:
    """Return the transitions `(k, k)` of classes by year, of all cells or of those that `mask` picks at the origin."""
    origins = np.ones(place.shape, dtype=bool)[:, :-1] if mask is None else mask[:, :-1]
    return transition_counts(place[:, :-1][origins], place[:, 1:][origins], classes)


def transition_table(counts: Sequence[FloatArray]) -> dict[str, FloatArray | IntArray]:
    """Return the columns of a table of chains in long form: of all, then by the class of the neighbours."""
    states, size = np.arange(1, len(counts[0]) + 1), counts[0].size
    return {
        "neighbours": np.repeat(np.arange(len(counts)), size),
        "origin": np.tile(np.repeat(states, len(states)), len(counts)),
        "destination": np.tile(states, len(states) * len(counts)),
        "count": np.stack(counts).ravel(),
        "probability": np.stack([probabilities(chain) for chain in counts]).ravel(),
    }


def transition_counts(before: IntArray, after: IntArray, classes: int) -> FloatArray:
    """Return how often each class was followed by each other one `(k, k)`; -1 stands for unknown."""
    valid = (before >= 0) & (after >= 0)
    counts = np.bincount(before[valid] * classes + after[valid], minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.float64)


def probabilities(counts: FloatArray) -> FloatArray:
    """Return the maximum-likelihood transition probabilities; NaN in the row of a class that was never left."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(counts / np.where(total > 0, total, np.nan))


def steady_state(matrix: FloatArray) -> FloatArray | None:
    """Return the distribution that transitions leave unchanged; None where there is not exactly one."""
    count = len(matrix)
    if not np.isfinite(matrix).all():
        return None
    system = np.vstack([matrix.T - np.eye(count), np.ones(count)])
    target = np.append(np.zeros(count), 1.0)
    solution, _, rank, _ = np.linalg.lstsq(system, target, rcond=1e-10)
    if rank < count:
        return None
    return np.clip(np.asarray(solution, dtype=np.float64), 0.0, None)


def sojourn_times(matrix: FloatArray) -> FloatArray:
    """Return the mean number of periods in each class before it is left `(k,)`; infinite where it never is."""
    leave = 1 - np.diag(matrix)
    with np.errstate(divide="ignore"):
        times: FloatArray = 1 / leave
    return times


def first_passage_times(matrix: FloatArray) -> FloatArray | None:
    """Return the mean number of periods from each class to each other `(k, k)`; None where one is never reached.

    The diagonal holds the mean time of return: Kemeny and Snell (1976), "Finite Markov chains", theorem 4.4.7, ``M = (I
    - Z + E Zdg) D``.
    """
    from scipy.sparse.csgraph import connected_components

    limit = steady_state(matrix)
    # The steady state of a class that is left for ever is zero but for rounding: who reaches whom says it exactly.
    if limit is None or connected_components(matrix > 0, connection="strong")[0] > 1:
        return None
    count = len(matrix)
    fundamental = np.linalg.inv(np.eye(count) - matrix + limit[None, :])
    return np.asarray((np.eye(count) - fundamental + np.diag(fundamental)[None, :]) / limit[None, :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mobility:
    """How much a chain moves: 0 where everybody stays for ever.

    Shorrocks's trace index `prais`, ``(k - trace P) / (k - 1)``; `determinant`, ``1 - |det P|``; `second_eigenvalue`,
    ``1 - |lambda_2|``: how fast the past is forgotten; with weights of the classes `bartholomew_stay`, ``(k - k sum_i
    w_i p_ii) / (k - 1)``, and `bartholomew_jump`, ``sum_i w_i sum_j p_ij |i - j| / (k - 1)``.
    """

    prais: float
    determinant: float
    second_eigenvalue: float
    bartholomew_stay: float
    bartholomew_jump: float


def mobility_indices(matrix: FloatArray, weights: FloatArray | None = None) -> Mobility:
    """Return the indices of mobility of a transition matrix `(k, k)`; equal `weights` of the classes when None.

    Shorrocks (1978), Econometrica 46; Sommers and Conlisk (1979), Journal of Mathematical Sociology 6; Bartholomew
    (1973), "Stochastic models for social processes".
    """
    if not np.isfinite(matrix).all():
        row = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0]) + 1
        raise InputError("core.absorbing-class", row=row)
    count = len(matrix)
    share = np.full(count, 1 / count) if weights is None else weights
    sizes = np.sort(np.abs(np.linalg.eigvals(matrix)))[::-1]
    steps = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    return Mobility(
        prais=float((count - np.trace(matrix)) / (count - 1)),
        determinant=float(1 - abs(np.linalg.det(matrix))),
        second_eigenvalue=float(1 - sizes[1]),
        bartholomew_stay=float((count - count * (share * np.diag(matrix)).sum()) / (count - 1)),
        bartholomew_jump=float((share[:, None] * matrix * steps).sum() / (count - 1)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """Whether several chains have the same probabilities: likelihood ratio, degrees, p; Pearson's and its p."""

    statistic: float
    degrees: int
    p: float
    pearson: float
    pearson_p: float


def homogeneity(counts: FloatArray) -> Homogeneity:
    """Return the tests that several chains `(m, k, k)` have the same transition probabilities.

    Anderson and Goodman (1957), Annals of Mathematical Statistics 28; degrees of freedom of Bickenbach and Bode (2003),
    International Regional Science Review 26: only transitions that occur, in chains that are ever in the class.
    """
    from scipy.special import gammaincc

    pooled = probabilities(counts.sum(axis=0))
    separate = probabilities(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0, counts * np.log(separate / pooled), 0.0)
        expected = counts.sum(axis=2, keepdims=True) * np.nan_to_num(pooled)
        deviations = np.where(expected > 0, (counts - expected) ** 2 / expected, 0.0)
    statistic, pearson = max(2 * float(terms.sum()), 0.0), float(deviations.sum())
    chains = (counts.sum(axis=2) > 0).sum(axis=0)
    used = (counts.sum(axis=0) > 0).sum(axis=1)
    degrees = int(((np.maximum(chains, 1) - 1) * (np.maximum(used, 1) - 1)).sum())
    p, pearson_p = (float(gammaincc(degrees / 2, value / 2)) if degrees else 1.0 for value in (statistic, pearson))
    return Homogeneity(statistic=statistic, degrees=degrees, p=p, pearson=pearson, pearson_p=pearson_p)
