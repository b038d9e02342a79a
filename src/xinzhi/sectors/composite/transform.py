"""Gaps, outliers, scales and weights: what is done to indicators before they are added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.sectors.composite.system import System, finding, listed_errors, shares_of
from xinzhi.sectors.conventions import convention

IMPUTATIONS = ("none", "mean", "median", "linear", "nearest", "group-mean")


def impute(values: FloatArray, keys: pl.DataFrame, method: str) -> FloatArray:
    """Return the table with its gaps filled as far as the method reaches."""
    if method not in IMPUTATIONS:
        raise UsageError("sectors.unknown-imputation", method=method, known=list(IMPUTATIONS))
    if method == "none" or np.isfinite(values).all():
        return values
    if method == "group-mean" and "group" not in keys.columns:
        raise UsageError("sectors.no-group-column")
    alike = {"group-mean": ("year", "group"), "linear": ("region",), "nearest": ("region",)}.get(method, ("year",))
    cells = keys.select(alike).to_struct().rank("dense").to_numpy()
    years, filled = keys["year"].to_numpy().astype(np.float64), values.copy()
    order = np.lexsort((years, cells))
    for rows in np.split(order, np.flatnonzero(np.diff(cells[order])) + 1):
        gaps = ~np.isfinite(values[rows])
        for column in np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0)).tolist():
            gap = gaps[:, column]
            filled[rows[gap], column] = _stand_in(values[rows, column], gap, years[rows], method)
    return filled


def _stand_in(level: FloatArray, gap: BoolArray, times: FloatArray, method: str) -> FloatArray:
    """Return the values that fill gaps, from the series over time or from similar regions."""
    if method == "linear":
        return np.interp(times[gap], times[~gap], level[~gap], left=np.nan, right=np.nan)
    if method == "nearest":
        return np.asarray(level[~gap][np.abs(times[gap][:, None] - times[~gap]).argmin(axis=1)])
    return np.asarray(np.nanmedian(level) if method == "median" else np.nanmean(level))


TREATMENTS = ("none", "winsorise", "log", "box-cox")
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Treated:
    """One indicator after treatment."""

    values: FloatArray
    done: str
    count: int = 0
    exponent: float = float("nan")


def _moments(values: FloatArray, order: int) -> tuple[int, float]:
    """Return the number of known values, and their standardised moment of an order; NaN for a constant."""
    observed = values[np.isfinite(values)]
    away = observed - observed.mean() if len(observed) else observed
    second = float((away**2).mean()) if len(observed) else 0.0
    return len(observed), float((away**order).mean()) / second ** (order / 2) if second > 0 else float("nan")


def skewness(values: FloatArray) -> float:
    """Return the unbiased skewness (G1; Joanes and Gill 1998, type 2); NaN for less than three values or a constant."""
    n, third = _moments(values, 3)
    return third * float(np.sqrt(n * (n - 1))) / (n - 2) if n >= _FEWEST - 1 else float("nan")


def kurtosis(values: FloatArray) -> float:
    """Return the unbiased excess kurtosis (G2); NaN for fewer than four observations or a constant."""
    n, fourth = _moments(values, 4)
    return ((n + 1) * (fourth - 3) + 6) * (n - 1) / ((n - 2) * (n - 3)) if n >= _FEWEST else float("nan")


def has_outliers(values: FloatArray) -> bool:
    """Return whether skewness and kurtosis are both beyond their limits."""
    return bool(abs(skewness(values)) > convention("skewness") and kurtosis(values) > convention("kurtosis"))


def treat(values: FloatArray, method: str) -> Treated:
    """Treat one indicator, if it has outliers; leave it alone otherwise.

    The logarithm is that of the JRC's COIN tool, mirrored where the long tail is on the left; it and Box-Cox start one
    hundredth of the range above zero, so that nothing depends on the unit of measurement.
    """
    if method not in TREATMENTS:
        raise UsageError("sectors.unknown-treatment", method=method, known=list(TREATMENTS))
    if method == "none" or not has_outliers(values):
        return Treated(values, "none")
    if method == "winsorise":
        calmed, count = winsorise(values)
        if not has_outliers(calmed):
            return Treated(calmed, "winsorise", count)
    if method == "box-cox":
        exponent = _exponent(_from_zero(values)[0])
        return Treated(_reverse_direction(values, exponent), "box-cox", exponent=exponent)
    return Treated(_reverse_direction(values, 0.0), "log")


def winsorise(values: FloatArray) -> tuple[FloatArray, int]:
    """Move the most extreme observations to the next one until the indicator passes or the limit is reached."""
    winsorised = values.copy()
    touched = np.zeros(len(values), dtype=bool)
    while has_outliers(winsorised) and touched.sum() < convention("winsorised_most"):
        sign = 1.0 if skewness(winsorised) >= 0 else -1.0
        ordered = sign * winsorised
        extreme = ordered == np.nanmax(ordered)
        winsorised[extreme] = sign * np.nanmax(ordered[~extreme])
        touched |= extreme
    return winsorised, int(touched.sum())


def _from_zero(values: FloatArray) -> tuple[FloatArray, float]:
    """Return the values with the long tail to the right, starting just above zero, and the sign that did it."""
    sign = 1.0 if skewness(values) >= 0 else -1.0
    ordered = sign * values
    low, high = np.nanmin(ordered), np.nanmax(ordered)
    return ordered - low + convention("log_offset") * (high - low), sign


def _reverse_direction(values: FloatArray, exponent: float) -> FloatArray:
    start, sign = _from_zero(values)
    power: FloatArray = np.log(start) if exponent == 0 else np.expm1(exponent * np.log(start)) / exponent
    return sign * power


def _exponent(start: FloatArray) -> float:
    """Return the Box-Cox exponent of the highest profile likelihood."""
    from scipy.optimize import minimize_scalar

    observed = start[np.isfinite(start)]
    logs = np.log(observed / np.exp(np.log(observed).mean()))

    def loss(exponent: float) -> float:
        power = logs if abs(exponent) < np.finfo(float).eps else np.expm1(exponent * logs) / exponent
        return float(np.log(power.var()))  # with the geometric mean at one, the Jacobian is one

    return float(minimize_scalar(loss, bounds=tuple(convention("box_cox_range")), method="bounded").x)


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
            raise UsageError("sectors.unknown-normalisation", method=self.method, known=list(NORMALISATIONS))
        below = 0.0 if self.method == "z" else self.low
        if not (np.isfinite(self.low) and np.isfinite(self.high)) or self.high <= below:
            raise UsageError("sectors.normalisation-ends", method=self.method, low=self.low, high=self.high)

    def label(self) -> str:
        """Return the method, with its scale where it is not the usual one."""
        usual = (self.low, self.high) == (0.0, 1.0)
        return self.method if usual else f"{self.method} {self.low:g}-{self.high:g}"


def normalise(
    values: FloatArray, directions: FloatArray, how: Normalisation, targets: FloatArray | None = None
) -> FloatArray:
    """Put indicators onto one scale on which more is better: signs are turned first; ties have the lowest rank."""
    turned = values * directions
    if how.method in _RANKS:
        below = np.column_stack([np.searchsorted(np.sort(column), column, side="left") for column in turned.T])
        if how.method == "percentile":
            return np.asarray(below / (len(turned) - 1))
        return np.asarray(below + (1.0 if how.method == "rank" else 0.0))
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
    """Move a whole table onto the range that geometric and harmonic means can take, by one linear map for all cells."""
    low, high = convention("positive_range")
    least, most = bounds or (scores.min(), scores.max())
    return np.asarray(low + (high - low) * (scores - least) / (most - least))


def _targets(targets: FloatArray | None, directions: FloatArray, worst: FloatArray) -> FloatArray:
    if targets is None or not np.isfinite(targets).all():
        raise UsageError("sectors.no-target")
    best: FloatArray = targets * directions
    if (wrong := np.flatnonzero(best <= worst)).size:
        raise UsageError("sectors.target-below-worst", number=int(wrong[0]) + 1)
    return best


def constant(values: FloatArray) -> IntArray:
    """Return the positions of the columns in which every known value is the same."""
    observed = np.isfinite(values)
    low = np.where(observed, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(observed, values, -np.inf).max(axis=0, initial=-np.inf)
    return np.flatnonzero(observed.any(axis=0) & (low == high))


OBJECTIVE = ("entropy", "critic", "deviation", "pca", "merec")
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Judgement:
    """Weights from pairwise comparisons."""

    weights: FloatArray
    largest: float
    index: float
    ratio: float


def entropy(scores: FloatArray) -> FloatArray:
    r"""Return entropy weights: the less evenly an indicator is spread over the observations, the more it counts.

    $w_j \propto 1 + \sum_i p_{ij} \ln p_{ij} / \ln n$ with $p_{ij} = x_{ij} / \sum_i x_{ij}$; a zero contributes
    nothing, since $p \ln p \to 0$: no constant is added before the logarithm. No cell is negative.
    """
    total = scores.sum(axis=0)
    logs = np.maximum(scores, np.finfo(np.float64).tiny)  # what stands for a zero is multiplied by the zero
    logs /= total
    np.log(logs, out=logs)
    logs *= scores
    diversity = 1 + logs.sum(axis=0) / (total * np.log(len(scores)))
    return _to_one(np.maximum(diversity, 0.0), "entropy")


def critic(scores: FloatArray) -> FloatArray:
    """Return CRITIC weights, standard deviation times conflict. Diakoulaki, Mavrotas and Papayannakis (1995)."""
    conflict = (1 - np.corrcoef(scores, rowvar=False)).sum(axis=0)
    # what is left of perfect correlation is rounding, not conflict
    return _to_one(scores.std(axis=0) * np.where(conflict > _NEGLIGIBLE, conflict, 0.0), "critic")


def deviation(scores: FloatArray) -> FloatArray:
    """Return weights in proportion to the standard deviation."""
    return _to_one(scores.std(axis=0), "deviation")


def pca(scores: FloatArray) -> FloatArray:
    """Return weights by communality of the kept components (Nicoletti, Scarpetta and Boylaud 2000)."""
    values, vectors = np.linalg.eigh(np.corrcoef(scores, rowvar=False))
    components = values > max(convention("pca_eigenvalue"), 0) + _NEGLIGIBLE
    components[-1] = True  # with no correlation at all every eigenvalue is one
    return _to_one((vectors[:, components] ** 2 * values[components]).sum(axis=1), "pca")


def merec(values: FloatArray, directions: FloatArray) -> FloatArray:
    r"""Return MEREC weights: how much the performance of all units changes when the indicator is left out.

    Keshavarz-Ghorabaee et al. (2021): $w_j \propto \sum_i |S_i^{(-j)} - S_i|$ with $S_i = \ln(1 + \frac1m \sum_j
    |\ln n_{ij}|)$ over values $n_{ij}$ relative to the lowest, or to the highest where less is better.
    """
    if (low := np.flatnonzero((values <= 0).any(axis=0))).size:
        raise UsageError("sectors.merec-positive", names=[column + 1 for column in low.tolist()])
    logs = np.log(values)
    ratio = np.where(directions > 0, logs - logs.min(axis=0), logs.max(axis=0) - logs)
    total = ratio.sum(axis=1, keepdims=True)
    count = values.shape[1]
    change = np.abs(np.log1p((total - ratio) / count) - np.log1p(total / count)).sum(axis=0)
    return _to_one(change, "merec")


def ahp(comparisons: FloatArray) -> Judgement:
    """Return weights from pairwise comparisons, by the principal eigenvector, and their consistency. Saaty (1980)."""
    size = len(comparisons)
    table = convention("ahp_random_index")
    square = comparisons.shape == (size, size) and 0 < size <= len(table)
    if not square or not (comparisons > 0).all() or not np.allclose(comparisons * comparisons.T, 1, atol=1e-2):
        raise UsageError("sectors.bad-pairs", most=len(table))
    values, vectors = np.linalg.eig(comparisons)
    at = int(np.argmax(values.real))
    weights = np.abs(vectors[:, at].real)
    largest = float(values[at].real)
    index = (largest - size) / (size - 1) if size > 1 else 0.0
    ratio = index / table[size - 1] if table[size - 1] else 0.0
    return Judgement(weights / weights.sum(), largest, index, ratio)


def objective(method: str, scores: FloatArray, values: FloatArray, directions: FloatArray) -> FloatArray:
    """Return the weights of a method that takes them from the data."""
    if method == "merec":
        return merec(values, directions)
    methods = {"entropy": entropy, "critic": critic, "deviation": deviation, "pca": pca}
    if method not in methods:
        raise UsageError("sectors.unknown-weights", method=method, known=["equal", "expert", "ahp", *OBJECTIVE])
    if scores.shape[1] == 1:
        return np.ones(1)
    return methods[method](scores)


def _to_one(raw: FloatArray, method: str) -> FloatArray:
    total = float(raw.sum())
    if not total > 0:
        raise UsageError("sectors.weights-not-apart", method=method)
    return raw / total


def is_flat(system: System) -> bool:
    """Return whether the indicators carry the weights alone, over the whole system."""
    groups = (*system.sectors.values(), *system.dimensions.values())
    total = sum(item.weight or 0.0 for item in system.indicators)
    return all(group.weight is None for group in groups) and abs(total - 1) <= convention("weight_tolerance")


def weight_findings(system: System) -> list[Finding]:
    """Return what is wrong with given weights: some missing, or a group that does not add up to one."""
    problems = []
    if is_flat(system):
        bare = [item.code for item in system.indicators if item.weight is None]
        return [finding("weight-missing", group=system.id, names=list(bare))] if bare else []
    for group, inner in system.children().items():
        weights = [weight for _, weight in inner if weight is not None]
        bare = [name for name, weight in inner if weight is None]
        if weights and bare:
            problems.append(finding("weight-missing", group=group, names=list(bare)))
        elif weights and abs(sum(weights) - 1) > convention("weight_tolerance"):
            problems.append(finding("weights-do-not-add-up", group=group, total=f"{sum(weights):.6g}"))
    return problems


def expert(system: System) -> FloatArray:
    """Return the given weights of the indicators in the index."""
    if is_flat(system):
        weights = np.array([item.weight for item in system.indicators], dtype=np.float64)
        return np.asarray(weights / weights.sum())
    local: dict[str, dict[str, float]] = {}
    for group, inner in system.children().items():
        if len(inner) > 1 and any(weight is None for _, weight in inner):
            raise UsageError("sectors.no-weights", system=system.id, group=group)
        local[group] = shares_of({name: 1.0 if weight is None else weight for name, weight in inner})
    return system.weights_in_index(local)


def pairwise_weights(system: System) -> tuple[FloatArray, dict[str, Judgement]]:
    """Return weights from the pairwise comparisons of a system, and the judgement on every group."""
    local: dict[str, dict[str, float]] = {}
    judgements: dict[str, Judgement] = {}
    limit = convention("ahp_consistency")
    for group, inner in system.children().items():
        names = [name for name, _ in inner]
        if len(names) == 1:
            local[group] = {names[0]: 1.0}
            continue
        if group not in system.comparisons:
            raise UsageError("sectors.no-comparisons", system=system.id, group=group, names=names)
        judgements[group] = ahp(system.comparisons[group])
        local[group] = dict(zip(names, judgements[group].weights.tolist(), strict=True))
    bad = [
        finding("inconsistent-comparisons", group=group, ratio=f"{item.ratio:.3f}", limit=f"{limit:g}")
        for group, item in judgements.items()
        if item.ratio > limit
    ]
    if bad:
        raise InputError("sectors.not-weighable", bad, system=system.id, problems=listed_errors(bad))
    return system.weights_in_index(local), judgements


def given_weights(system: System, weights: Mapping[str, float]) -> FloatArray:
    """Return the weights that the caller passes by indicator, divided by their sum."""
    if set(weights) != set(system.codes):
        wrong = sorted(set(weights) ^ set(system.codes))
        raise UsageError("sectors.weights-not-named", system=system.id, names=wrong)
    values = np.array([float(weights[code]) for code in system.codes])
    if not (np.isfinite(values) & (values >= 0)).all():
        raise UsageError("sectors.weight-negative")
    if not values.sum() > 0:
        raise UsageError("sectors.weights-zero")
    return np.asarray(values / values.sum())


def handed_findings(system: System, weights: str | Mapping[str, float]) -> list[Finding]:
    """Return the warning that the caller's weights do not add up to one."""
    total = 1.0 if isinstance(weights, str) else sum(map(float, weights.values()))
    if abs(total - 1) <= convention("weight_tolerance"):
        return []
    return [finding("given-weights-rescaled", place={"key": system.id}, total=f"{total:.6g}")]
