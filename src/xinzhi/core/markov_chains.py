"""Markov chains: transition counts and probabilities, the long run, mobility, and tests that chains are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray


def transition_counts(before: IntArray, after: IntArray, classes: int) -> FloatArray:
    """Return how often each class was followed by each other one `(k, k)`; -1 stands for unknown.

    Examples
    --------
    >>> transition_counts(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    known = (before >= 0) & (after >= 0)
    counts = np.bincount(before[known] * classes + after[known], minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.float64)


def probabilities(counts: FloatArray) -> FloatArray:
    """Return the maximum-likelihood transition probabilities; NaN in the row of a class that was never left.

    Examples
    --------
    >>> probabilities(np.array([[1.0, 3.0], [0.0, 0.0]])).tolist()
    [[0.25, 0.75], [nan, nan]]
    """
    total = counts.sum(axis=-1, keepdims=True)
    shares: FloatArray = counts / np.where(total > 0, total, np.nan)
    return shares


def steady_state(matrix: FloatArray) -> FloatArray | None:
    """Return the distribution that transitions leave unchanged; None where there is not exactly one.

    Examples
    --------
    >>> steady_state(np.array([[0.9, 0.1], [0.3, 0.7]])).round(6).tolist()
    [0.75, 0.25]
    """
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
    """Return the mean number of periods in each class before it is left `(k,)`; infinite where it never is.

    Examples
    --------
    >>> sojourn_times(np.array([[0.9, 0.1], [0.5, 0.5]])).round(9).tolist()
    [10.0, 2.0]
    """
    leave = 1 - np.diag(matrix)
    with np.errstate(divide="ignore"):
        times: FloatArray = 1 / leave
    return times


def first_passage_times(matrix: FloatArray) -> FloatArray | None:
    """Return the mean number of periods from each class to each other `(k, k)`; None without one steady state.

    The diagonal holds the mean time of return.

    Notes
    -----
    Kemeny and Snell (1976), "Finite Markov chains", theorem 4.4.7: ``M = (I - Z + E Zdg) D``.

    Examples
    --------
    >>> first_passage_times(np.array([[0.5, 0.5], [0.25, 0.75]])).round(9).tolist()
    [[3.0, 2.0], [4.0, 1.5]]
    """
    limit = steady_state(matrix)
    if limit is None or (limit <= 0).any():
        return None
    count = len(matrix)
    fundamental = np.linalg.inv(np.eye(count) - matrix + limit[None, :])
    times: FloatArray = (np.eye(count) - fundamental + np.diag(fundamental)[None, :]) / limit[None, :]
    return times


@dataclass(frozen=True, slots=True, kw_only=True)
class Mobility:
    """How much a chain moves: 0 where everybody stays for ever.

    Parameters
    ----------
    prais
        ``(k - trace P) / (k - 1)``: Shorrocks's trace index, 1 where the class says nothing about the next one.
    determinant
        ``1 - |det P|``.
    second_eigenvalue
        ``1 - |lambda_2|``: how fast the past is forgotten.
    bartholomew_stay
        ``(k - k sum_i w_i p_ii) / (k - 1)`` with weights of the classes.
    bartholomew_jump
        ``sum_i w_i sum_j p_ij |i - j| / (k - 1)``: how far a mean move goes.
    """

    prais: float
    determinant: float
    second_eigenvalue: float
    bartholomew_stay: float
    bartholomew_jump: float


def mobility_indices(matrix: FloatArray, weights: FloatArray | None = None) -> Mobility:
    """Return the indices of mobility of a transition matrix `(k, k)`.

    Parameters
    ----------
    matrix
        Rows add up to 1.
    weights
        Weights of the classes in the Bartholomew indices; equal ones when None.

    Raises
    ------
    InputError
        When a class was never left, so that the matrix has an empty row.

    Notes
    -----
    Shorrocks (1978), Econometrica 46; Sommers and Conlisk (1979), Journal of Mathematical Sociology 6; Bartholomew
    (1973), "Stochastic models for social processes".

    Examples
    --------
    >>> round(mobility_indices(np.array([[0.9, 0.1], [0.3, 0.7]])).prais, 9)
    0.4
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
    """Whether several chains have the same transition probabilities.

    Parameters
    ----------
    statistic, degrees, p
        Likelihood ratio, its degrees of freedom, and the probability of a larger one where they are the same.
    pearson, pearson_p
        The same with Pearson's chi-square.
    """

    statistic: float
    degrees: int
    p: float
    pearson: float
    pearson_p: float


def homogeneity(counts: FloatArray) -> Homogeneity:
    """Return the tests that several chains `(m, k, k)` have the same transition probabilities.

    Notes
    -----
    Anderson and Goodman (1957), Annals of Mathematical Statistics 28; Bickenbach and Bode (2003), International
    Regional Science Review 26, for the degrees of freedom: only transitions that occur, in chains that are ever in the
    class.

    Examples
    --------
    >>> same = np.array([[[8.0, 2.0], [1.0, 9.0]], [[8.0, 2.0], [1.0, 9.0]]])
    >>> homogeneity(same).statistic, homogeneity(same).degrees
    (0.0, 2)
    """
    from scipy.special import gammaincc

    pooled = probabilities(counts.sum(axis=0))
    own = probabilities(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0, counts * np.log(own / pooled), 0.0)
        expected = counts.sum(axis=2, keepdims=True) * np.nan_to_num(pooled)
        apart = np.where(expected > 0, (counts - expected) ** 2 / expected, 0.0)
    statistic, pearson = max(2 * float(terms.sum()), 0.0), float(apart.sum())
    chains = (counts.sum(axis=2) > 0).sum(axis=0)
    used = (counts.sum(axis=0) > 0).sum(axis=1)
    degrees = int(((np.maximum(chains, 1) - 1) * (np.maximum(used, 1) - 1)).sum())
    p, pearson_p = (float(gammaincc(degrees / 2, item / 2)) if degrees else 1.0 for item in (statistic, pearson))
    return Homogeneity(statistic=statistic, degrees=degrees, p=p, pearson=pearson, pearson_p=pearson_p)
