"""Places by activities: advantage, presence, proximity, density, gain; and complexity, its sign, and fitness."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways.conventions import check_option, setting

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Presence = Literal["rca", "share", "poisson", "rca-and-count", "given"]


def revealed_advantage(values: FloatArray, *, shrunk: bool = False) -> FloatArray:
    r"""Return the location quotient :math:`\frac{x_{cp}/x_c}{x_p/x}` of each place and activity (Balassa 1965)."""
    # shrunk: pulled towards 1, for small places, by the median expected amount of a cell (the posterior mean of a gamma
    # prior with mean 1, as in empirical-Bayes disease mapping, Clayton and Kaldor 1987).
    row, column, total = values.sum(axis=1, keepdims=True), values.sum(axis=0, keepdims=True), values.sum()
    expected = row * (column / total)
    pull = float(np.median(expected)) if shrunk else 0.0
    return np.asarray((values + pull) / (expected + pull))


def present(
    values: FloatArray,
    rule: Presence = "rca",
    *,
    threshold: float = 1.0,
    least: float = 0.0,
    level: float = setting("inference.level"),
) -> BoolArray:
    """Return which activities count as present in which places."""
    if rule == "given":
        return np.asarray(values > 0)
    if rule == "share":
        return np.asarray(values / values.sum(axis=1, keepdims=True) >= threshold)
    if rule == "poisson":
        from scipy.special import gammainc

        expected = values.sum(axis=1, keepdims=True) * (values.sum(axis=0, keepdims=True) / values.sum())
        # P(N >= x | mean) of a Poisson count is the regularised incomplete gamma function P(x, mean).
        above = np.where(values > 0, gammainc(np.maximum(values, 1e-300), expected), 1.0)
        return np.asarray(above <= level)
    check_option("presence", rule, Presence)
    row, column, total = values.sum(axis=1, keepdims=True), values.sum(axis=0, keepdims=True), values.sum()
    presence = np.empty(values.shape, dtype=bool)
    for at in range(0, len(values), _ROWS):
        part = slice(at, at + _ROWS)
        presence[part] = values[part] / (row[part] * (column / total)) >= threshold
    return presence & (values >= least) if rule == "rca-and-count" else presence


Measure = Literal["conditional", "cosine", "jaccard", "association", "root"]
Diagonal = Literal["one", "zero"]
Gain = Literal["exact", "atlas", "ecomplexity", "oec", "econcomplex"]
Precision = Literal["double", "single"]
_FEW = 0.05  # share of presences up to which to walk through their list is quicker than to multiply whole matrices
_ROWS = 1000  # places at a time, where a whole matrix more would only cost memory


def proximity(
    presence: BoolArray,
    measure: Measure = "conditional",
    *,
    diagonal: Diagonal = "one",
    precision: Precision = "double",
) -> FloatArray:
    r"""Return how often two activities occur together."""
    # measure: With :math:`C` the places that have both and :math:`u` those that have each: ``conditional``
    # :math:`C/\max(u_i, u_j)`, the smaller of the two conditional probabilities (Hidalgo et al. 2007); ``cosine`` and
    # ``root`` :math:`C/\sqrt{u_i u_j}` (the same for presences); ``jaccard`` :math:`C/(u_i + u_j - C)`; ``association``
    # :math:`C n/(u_i u_j)`, observed over expected (van Eck and Waltman 2009).
    check_option("measure", measure, Measure)
    if presence.mean() <= _FEW:
        few = columns_by_row(presence, dtype="float32" if precision == "single" else "float64")
        joint = np.asarray((few.T @ few).toarray())
    else:  # numpy makes a product with itself by half
        dense: FloatArray = presence.astype("float32" if precision == "single" else "float64")
        joint = np.asarray(dense.T @ dense)
    ubiquity = np.diagonal(joint).copy()
    match measure:
        case "conditional":
            np.divide(joint, np.maximum(ubiquity[:, None], ubiquity[None, :]), out=joint)
        case "cosine" | "root":
            root = np.sqrt(ubiquity)
            joint /= root[:, None]
            joint /= root[None, :]
        case "jaccard":
            joint /= ubiquity[:, None] + ubiquity[None, :] - joint
        case _:
            joint *= len(presence)
            joint /= ubiquity[:, None]
            joint /= ubiquity[None, :]
    np.fill_diagonal(joint, 1.0 if diagonal == "one" else 0.0)
    return joint


def density(presence: BoolArray, proximities: FloatArray, *, nearest: int | None = None) -> FloatArray:
    r"""Return the relatedness density of every activity in every place."""
    weights = proximities if nearest is None else nearest_only(proximities, nearest)
    total = weights.sum(axis=0)
    few = presence.mean() <= _FEW
    shares: FloatArray = np.asarray(
        (columns_by_row(presence, dtype=proximities.dtype) if few else presence.astype(proximities.dtype)) @ weights
    )
    shares /= np.where(total > 0, total, 1)
    return np.asarray(shares)


def nearest_only(proximities: FloatArray, count: int) -> FloatArray:
    """Keep, in every column, the proximities of the nearest activities, without the activity itself."""
    if not 1 <= count < len(proximities):
        raise UsageError("pathways.nearest", n=count, most=len(proximities) - 1)
    off_diagonal = proximities.copy()
    np.fill_diagonal(off_diagonal, -np.inf)
    edge = np.partition(off_diagonal, -count, axis=0)[-count]
    return np.where(off_diagonal >= edge, off_diagonal, 0.0)


def outlook(presence: BoolArray, shares: FloatArray, activities: FloatArray) -> FloatArray:
    r"""Return the complexity outlook index: :math:`\sum_p (1 - M_{cp})\, d_{cp}\, PCI_p` (n,)."""
    # It depends on where the complexity of activities has its zero: state which scale was used.
    return np.asarray(np.einsum("ij,ij,j->i", shares, ~presence, activities.astype(shares.dtype)))


def gain(
    presence: BoolArray,
    proximities: FloatArray,
    shares: FloatArray,
    activities: FloatArray,
    convention: Gain = "exact",
    *,
    nearest: int | None = None,
) -> FloatArray:
    r"""Return what adding an activity does to the outlook of a place."""
    check_option("gain", convention, Gain)
    worth = activities.astype(proximities.dtype)
    weights = proximities if nearest is None else nearest_only(proximities, nearest)
    total = weights.sum(axis=0)
    total = np.where(total > 0, total, 1)
    by_source = convention in {"exact", "atlas", "ecomplexity"}
    weight = worth / total if by_source else worth
    if presence.mean() <= _FEW:  # what is absent is everything but the few that are present
        sparse = columns_by_row(presence, dtype=proximities.dtype)
        sparse.data *= weight[sparse.indices]
        gains: FloatArray = np.asarray(sparse @ weights.T)
        np.subtract(weights @ weight, gains, out=gains)
    else:
        absent = (~presence).astype(proximities.dtype)
        absent *= weight
        gains = absent @ weights.T
    if not by_source:
        gains /= total
    if convention == "exact":
        gains -= weight * np.diagonal(weights)
    if convention in {"exact", "atlas", "oec"}:
        for at in range(0, len(gains), _ROWS):
            gains[at : at + _ROWS] -= shares[at : at + _ROWS] * worth
    gains[presence] = np.nan
    return gains


DENSE = 400  # up to this size the symmetric eigenproblem is solved whole
LEADING = 4  # eigenvalues that are reported
CHECK = 8  # products with the operator between two looks at what is left
ROUNDING, LOOSE = 2e-16, 1e-9  # what may be left of the second vector, and of the others, whose values alone are used


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Complexity up to its sign."""

    places: FloatArray
    activities: FloatArray
    eigenvalues: FloatArray
    gap: float
    parts: int


def spectrum(presence: BoolArray) -> Spectrum:
    r"""Return economic complexity by the singular vectors of :math:`D^{-1/2} M U^{-1/2}`."""
    # The index of places is the eigenvector of the second eigenvalue of :math:`D^{-1} M U^{-1} M^{T}` (Hausmann,
    # Hidalgo et al. 2014), found by a symmetric solver: the general one of other programs is slower and less exact.
    diversity, ubiquity = presence.sum(axis=1), presence.sum(axis=0)
    if not diversity.all() or not ubiquity.all():
        raise InputError("pathways.empty-presence")
    if min(presence.shape) < 3:  # noqa: PLR2004 - the second vector of two points is their difference and nothing else
        raise InputError("pathways.too-small", places=presence.shape[0], activities=presence.shape[1])
    values, vectors = _leading(presence, diversity, ubiquity)
    places = vectors / np.sqrt(diversity)
    activities = (columns_by_row(presence.T) @ places) / ubiquity / values[1]
    scale = np.sqrt((diversity * places**2).sum() / diversity.sum())
    return Spectrum(
        places=places / scale,
        activities=activities / scale,
        eigenvalues=values,
        gap=float(values[1] - values[2]),
        parts=_parts(presence, values[1]),
    )


def columns_by_row(presence: BoolArray, *, dtype: npt.DTypeLike = float) -> csr_array:
    """Return the presences as a list of columns by row, which is quicker to walk through than a full matrix."""
    from scipy.sparse import csr_array

    dense = np.ascontiguousarray(presence)
    columns = (np.flatnonzero(dense) % dense.shape[1]).astype(np.int32)
    starts = np.concatenate([[0], dense.sum(axis=1).cumsum()]).astype(np.int32)
    return csr_array((np.ones(len(columns), dtype=dtype), columns, starts), shape=dense.shape)


def _parts(presence: BoolArray, second: float) -> int:
    """Return in how many parts the places fall that share no activity; above 1 the second eigenvalue is 1 too."""
    if second < 1 - LOOSE:
        return 1
    from scipy.sparse import block_array
    from scipy.sparse.csgraph import connected_components

    linked = columns_by_row(presence)
    count, _ = connected_components(block_array([[None, linked], [linked.T, None]], format="csr"), directed=False)
    return int(count)


def _leading(presence: BoolArray, diversity: IntArray, ubiquity: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the leading eigenvalues of the transition matrix, and the second eigenvector of its symmetric form."""
    turned = presence.shape[0] > presence.shape[1]
    few, many = (ubiquity, diversity) if turned else (diversity, ubiquity)
    matrix = presence.T if turned else presence
    first = np.sqrt(few / few.sum())
    if len(few) <= DENSE:
        values, second = _whole(matrix, few, many)
    else:
        forward, back, root = columns_by_row(matrix), columns_by_row(matrix.T), 1 / np.sqrt(few)
        # the symmetric form itself is never made: only the presences are walked through
        eigenpairs = lanczos(lambda vector: np.asarray(root * (forward @ ((back @ (root * vector)) / many))), first)
        values, second = eigenpairs if eigenpairs is not None else _whole(matrix, few, many)
    second = second - first * (first @ second)  # the trivial vector leaks in at the size of rounding
    if turned:
        second = (columns_by_row(presence) @ (second / np.sqrt(ubiquity))) / np.sqrt(diversity)
    return np.concatenate([values, np.zeros(max(0, 3 - len(values)))]), np.asarray(second / np.linalg.norm(second))


def _whole(matrix: BoolArray, few: IntArray, many: IntArray) -> tuple[FloatArray, FloatArray]:
    """Solve the symmetric eigenproblem of the shorter side whole."""
    scaled = matrix / np.sqrt(few)[:, None]
    scaled /= np.sqrt(many)[None, :]
    values, vectors = np.linalg.eigh(scaled @ scaled.T)  # in ascending order
    return np.asarray(values[: -LEADING - 1 : -1]), np.asarray(vectors[:, -2])


def lanczos(
    apply: Callable[[FloatArray], FloatArray], first: FloatArray, *, most: int = 600
) -> tuple[FloatArray, FloatArray] | None:
    """Return the four largest eigenvalues of a symmetric operator and the vector of the second, or None."""
    # The largest is 1 and its vector is known, so that it is kept out; every new direction is made orthogonal to all
    # before it, twice (Parlett 1998, section 13). That costs little and takes the fewest products with the operator.
    from scipy.linalg import eigh_tridiagonal

    size = len(first)
    most = min(most, size - 1)
    basis = np.zeros((most + 1, size))
    basis[0] = first
    direction = np.random.default_rng(0).standard_normal(size)  # fixed: the same input gives the same digits
    direction -= first * (first @ direction)
    beta = float(np.linalg.norm(direction))
    alphas, betas = np.zeros(most), np.zeros(most)
    for k in range(1, most + 1):
        basis[k] = direction / beta
        direction = apply(basis[k])
        alphas[k - 1] = basis[k] @ direction
        for _ in range(2):
            direction -= (basis[: k + 1] @ direction) @ basis[: k + 1]
        beta = betas[k - 1] = float(np.linalg.norm(direction))
        if k % CHECK and beta > ROUNDING and k < most:
            continue
        values, vectors = eigh_tridiagonal(alphas[:k], betas[: k - 1])
        residuals = beta * np.abs(vectors[-1, ::-1])
        if residuals[0] <= ROUNDING and (residuals[1 : LEADING - 1] <= LOOSE).all():
            return np.concatenate([[1.0], values[::-1][: LEADING - 1]]), np.asarray(vectors[:, -1] @ basis[1 : k + 1])
        if beta <= ROUNDING:
            return None  # the space is exhausted before it holds what was asked for
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """Fitness of places and complexity of activities (Tacchella et al. 2012), each with mean 1."""

    # decaying: Places whose fitness falls to zero without end (Pugliese, Zaccaria and Pietronero 2016): only their
    # order says something.

    places: FloatArray
    activities: FloatArray
    log_places: FloatArray
    converged: bool
    decaying: BoolArray


def fitness(presence: BoolArray, *, rounds: int = 5000, tolerance: float = 1e-12) -> Fitness:
    """Return fitness and complexity by the non-linear map, in logarithms, to convergence."""
    forward, back = columns_by_row(presence), columns_by_row(presence.T)
    log_f, log_q = np.zeros(presence.shape[0]), np.zeros(presence.shape[1])
    moved_f = np.zeros_like(log_f)
    for turn in range(1, rounds + 1):
        new_f, new_q = _log_product(forward, log_q), -_log_product(back, -log_f)
        new_f -= _log_mean(new_f)
        new_q -= _log_mean(new_q)
        moved_f, moved_q = new_f - log_f, new_q - log_q
        log_f, log_q = new_f, new_q
        standing = np.exp(log_f) * np.abs(moved_f)
        if max(standing.max(), (np.exp(log_q) * np.abs(moved_q)).max()) <= tolerance and turn > 1:
            break
    decaying = (np.abs(moved_f) > tolerance**0.5) & (log_f < 0)
    still = max((np.exp(log_f) * np.abs(moved_f)).max(), 0.0) <= tolerance
    return Fitness(
        places=np.exp(log_f), activities=np.exp(log_q), log_places=log_f, converged=bool(still), decaying=decaying
    )


def _log_product(matrix: csr_array, logs: FloatArray) -> FloatArray:
    """Return the logarithm of ``matrix @ exp(logs)`` for values of any size; `matrix` holds ones."""
    top = logs.max()
    product = matrix @ np.exp(logs - top)
    low = product < 1e-250  # noqa: PLR2004 - below it doubles lose digits, and the exact way is worth its time
    log_sums = np.full(len(product), -np.inf)
    log_sums[~low] = np.log(product[~low]) + top
    if low.any():
        size = np.diff(matrix.indptr)[low]
        first = size.cumsum() - size
        part = logs[matrix.indices[np.repeat(matrix.indptr[:-1][low] - first, size) + np.arange(size.sum())]]
        peaks = np.maximum.reduceat(part, first)
        log_sums[low] = np.log(np.add.reduceat(np.exp(part - np.repeat(peaks, size)), first)) + peaks
    return log_sums


def _log_mean(logs: FloatArray) -> float:
    top = logs.max()
    return float(np.log(np.exp(logs - top).mean()) + top)


_LEAST, _CELLS = 3, 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchoring:
    """What the index was compared with: ``diversity`` or ``anchor``, over how many places, and with what outcome."""

    how: str
    correlation: float
    places: int
    limit: float
    fixed: bool


def by_diversity(index: FloatArray, diversity: FloatArray) -> Anchoring:
    """Compare the index with how much places have."""
    correlation, least = _correlation(index, diversity), float(setting("anchor.least_correlation"))
    return Anchoring(
        how="diversity", correlation=correlation, places=len(index), limit=least, fixed=abs(correlation) >= least
    )


def by_anchor(index: FloatArray, names: Sequence[str], anchor: Mapping[str, float]) -> Anchoring:
    """Compare the index with an anchor, over the places that it names."""
    has_anchor = np.array([name in anchor for name in names])
    if has_anchor.sum() < _LEAST:  # two points correlate perfectly whatever they are
        lacking = [name for name, has in zip(names, has_anchor, strict=True) if not has]
        raise UsageError(
            "pathways.anchor-few",
            n=int(has_anchor.sum()),
            of=len(has_anchor),
            missing=lacking,
            named=list(anchor) or ["-"],
        )
    levels = np.array([anchor[name] for name, has in zip(names, has_anchor, strict=True) if has])
    if np.ptp(levels) == 0:
        raise UsageError("pathways.anchor-flat", value=float(levels[0]), n=len(levels))
    correlation, least = _correlation(index[has_anchor], levels), float(setting("anchor.least_correlation"))
    p, limit = chance(index[has_anchor], levels)
    count = int(has_anchor.sum())
    return Anchoring(
        how="anchor",
        correlation=correlation,
        places=count,
        limit=max(least, limit),
        fixed=abs(correlation) >= least and p <= level_of(count),
    )


def level_of(places: int) -> float:
    """Return how often an anchor that has nothing to do with complexity may fix its sign."""
    return float(setting("anchor.level_few" if places < int(setting("anchor.few")) else "anchor.level"))


def chance(index: FloatArray, anchor: FloatArray) -> tuple[float, float]:
    """Return the two-sided p of the correlation under permutation of the anchor, and the limit that it must pass."""
    # Every permutation where there are few places, else seeded draws of them: exact for any distribution of the anchor.
    # The limit is 1 where not even the best order of the anchor would do.
    standard_index, standard_anchor = (_standard(values) for values in (index, anchor))
    if standard_index is None or standard_anchor is None:
        return 1.0, 1.0
    orders = _orders(len(standard_index))
    correlations = np.concatenate(
        [np.abs(standard_anchor[part] @ standard_index) for part in np.array_split(orders, 1 + orders.size // _CELLS)]
    )
    reached = int((correlations >= abs(float(standard_index @ standard_anchor)) - _ROUNDING).sum())
    exact = len(standard_index) <= int(setting("anchor.exact"))
    p = reached / len(correlations) if exact else (1 + reached) / (1 + len(correlations))
    rare = int(level_of(len(standard_index)) * (len(correlations) + (not exact)) + _ROUNDING) - (not exact)
    largest = np.sort(correlations)[::-1]
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
    deviations = values - values.mean()
    return np.asarray(deviations / np.sqrt(deviations @ deviations))


def _correlation(x: FloatArray, y: FloatArray) -> float:
    first, second = _standard(x), _standard(y)
    return 0.0 if first is None or second is None else float(first @ second)
