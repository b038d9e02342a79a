"""Complexity of places and activities: the second singular vectors of the presence matrix, and fitness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray

DENSE = 1500  # up to this size the symmetric eigenproblem is solved whole
NEAR = 1e-10  # two eigenvalues closer than this span one space: its vectors are not determined


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Complexity up to its sign.

    Parameters
    ----------
    places
        Raw index of the places (n,): mean over the presence matrix 0, variance 1 with the weights of diversity.
    activities
        Raw index of the activities (p,), on the scale of the places: a place's index is the mean of those it has.
    eigenvalues
        The first four of the transition matrix between places; the first is 1.
    gap
        Second less third: the smaller, the less the index is determined.
    parts
        Number of parts that share no activity (1 when all hang together).
    """

    places: FloatArray
    activities: FloatArray
    eigenvalues: FloatArray
    gap: float
    parts: int


def spectrum(presence: BoolArray) -> Spectrum:
    r"""Return economic complexity by the singular vectors of :math:`D^{-1/2} M U^{-1/2}`.

    The index of places is the eigenvector of the second eigenvalue of :math:`D^{-1} M U^{-1} M^{T}` (Hausmann, Hidalgo
    et al. 2014), found by a symmetric solver: the general one of other programs is slower and less exact.

    Parameters
    ----------
    presence
        (n, p); every row and column must hold something.

    Raises
    ------
    InputError
        When a place has no activity or an activity no place, or when fewer than three of either are left.

    Examples
    --------
    >>> nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    >>> spectrum(nested).eigenvalues.round(3)[:2].tolist()
    [1.0, 0.25]
    """
    diversity, ubiquity = presence.sum(axis=1), presence.sum(axis=0)
    if not diversity.all() or not ubiquity.all():
        message = "complexity needs places and activities that have at least one presence each: leave the others out."
        raise InputError(message)
    if min(presence.shape) < 3:  # noqa: PLR2004 - the second vector of two points is their difference and nothing else
        message = f"complexity needs at least three places and three activities; there are {presence.shape}."
        raise InputError(message)
    parts = _parts(presence)
    values, vectors = _leading(presence, diversity, ubiquity)
    places = vectors / np.sqrt(diversity)
    activities = presence.T @ places / ubiquity / values[1]
    scale = np.sqrt((diversity * places**2).sum() / diversity.sum())
    return Spectrum(
        places=places / scale,
        activities=activities / scale,
        eigenvalues=values,
        gap=float(values[1] - values[2]),
        parts=parts,
    )


def _parts(presence: BoolArray) -> int:
    """Return in how many parts the places fall that share no activity, directly or through others."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    linked = csr_array(presence, dtype=float)
    shared = linked @ linked.T if presence.shape[0] <= presence.shape[1] else linked.T @ linked
    count, _ = connected_components(shared, directed=False)
    return int(count)


def _leading(presence: BoolArray, diversity: FloatArray, ubiquity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the leading eigenvalues of the transition matrix, and the second eigenvector of its symmetric form."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import LinearOperator, eigsh

    turned = presence.shape[0] > presence.shape[1]
    ends = (ubiquity, diversity) if turned else (diversity, ubiquity)
    matrix = np.asarray(presence.T if turned else presence, dtype=float)
    scaled = matrix / np.sqrt(ends[0])[:, None] / np.sqrt(ends[1])[None, :]
    size = scaled.shape[0]
    count = min(4, size)
    if size <= DENSE:
        values, vectors = eigh(scaled @ scaled.T, subset_by_index=[size - count, size - 1])
    else:
        operator = LinearOperator((size, size), matvec=lambda v: scaled @ (scaled.T @ v), dtype=float)
        start = np.random.default_rng(0).standard_normal(size)  # a fixed start: the same input gives the same digits
        values, vectors = eigsh(operator, k=count, which="LA", v0=start, tol=0)  # type: ignore[call-overload] # its stubs know no operator of floats
    order = np.argsort(values)[::-1]
    values, second = values[order], vectors[:, order[1]]
    first = np.sqrt(ends[0] / ends[0].sum())
    second = second - first * (first @ second)  # the trivial vector leaks in at the size of rounding
    if turned:
        second = scaled.T @ second
    return np.concatenate([values, np.zeros(max(0, 3 - count))]), np.asarray(second / np.linalg.norm(second))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """Fitness of places and complexity of activities (Tacchella et al. 2012), each with mean 1.

    Parameters
    ----------
    places, activities
        (n,), (p,).
    log_places, log_activities
        Their natural logarithms, finite where the values themselves underflow.
    iterations
        Rounds taken.
    converged
        Whether the last round moved no logarithm of a non-decaying value by more than the tolerance.
    decaying
        Places whose fitness falls to zero without end (Pugliese, Zaccaria and Pietronero 2016): only their order says
        something.
    """

    places: FloatArray
    activities: FloatArray
    log_places: FloatArray
    log_activities: FloatArray
    iterations: int
    converged: bool
    decaying: BoolArray


def fitness(presence: BoolArray, *, rounds: int = 5000, tolerance: float = 1e-12) -> Fitness:
    """Return fitness and complexity by the non-linear map, in logarithms, to convergence.

    Parameters
    ----------
    presence
        (n, p); every row and column must hold something.
    rounds, tolerance
        Most rounds, and the largest move of a logarithm that counts as standing still.

    Examples
    --------
    >>> nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    >>> found = fitness(nested, rounds=200)
    >>> found.decaying.tolist(), bool(found.places[0] > found.places[1])
    ([False, True, True], True)
    """
    matrix = presence.astype(float)
    log_f, log_q = np.zeros(matrix.shape[0]), np.zeros(matrix.shape[1])
    moved_f = np.zeros_like(log_f)
    done = 0
    for turn in range(1, rounds + 1):
        new_f, new_q = _log_product(matrix, log_q), -_log_product(matrix.T, -log_f)
        new_f -= _log_mean(new_f)
        new_q -= _log_mean(new_q)
        moved_f, moved_q = new_f - log_f, new_q - log_q
        log_f, log_q, done = new_f, new_q, turn
        standing = np.exp(log_f) * np.abs(moved_f)
        if max(standing.max(), (np.exp(log_q) * np.abs(moved_q)).max()) <= tolerance and turn > 1:
            break
    decaying = (np.abs(moved_f) > tolerance**0.5) & (log_f < 0)
    still = max((np.exp(log_f) * np.abs(moved_f)).max(), 0.0) <= tolerance
    return Fitness(
        places=np.exp(log_f),
        activities=np.exp(log_q),
        log_places=log_f,
        log_activities=log_q,
        iterations=done,
        converged=bool(still),
        decaying=decaying,
    )


def _log_product(matrix: FloatArray, logs: FloatArray) -> FloatArray:
    """Return the logarithm of ``matrix @ exp(logs)`` for values of any size, row by row of a 0-1 matrix."""
    from scipy.special import logsumexp

    top = logs.max()
    plain = matrix @ np.exp(logs - top)
    low = plain < 1e-250  # noqa: PLR2004 - below it doubles lose digits, and the exact way is worth its time
    found = np.full(len(plain), -np.inf)
    found[~low] = np.log(plain[~low]) + top
    for i in np.flatnonzero(low):
        found[i] = logsumexp(logs, b=matrix[i])
    return found


def _log_mean(logs: FloatArray) -> float:
    top = logs.max()
    return float(np.log(np.exp(logs - top).mean()) + top)


def reflections(presence: BoolArray, steps: int) -> tuple[FloatArray, FloatArray]:
    """Return the method of reflections after some steps, standardised: for comparison only.

    Parameters
    ----------
    presence
        (n, p).
    steps
        Even; the means converge to a constant, so that after some tens of steps only rounding is left (Hidalgo and
        Hausmann 2009; with 200 steps the correlation with the exact index is nil).

    Examples
    --------
    >>> nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    >>> reflections(nested, 4)[0].round(2).tolist()
    [1.22, 0.0, -1.22]
    """
    diversity, ubiquity = presence.sum(axis=1).astype(float), presence.sum(axis=0).astype(float)
    matrix = presence.astype(float)
    places, activities = diversity, ubiquity
    for _ in range(steps):
        places, activities = matrix @ activities / diversity, matrix.T @ places / ubiquity
    return (places - places.mean()) / places.std(), (activities - activities.mean()) / activities.std()
