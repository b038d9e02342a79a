"""Weights from the data, from judgement and from the system, each by its definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.sectors.composite.system import System, finding, listed_errors, shares_of
from xinzhi.sectors.conventions import convention

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
    nothing, since $p \ln p \to 0$: no constant is added before the logarithm.
    """
    return spread_entropy(scores)


def spread_entropy(scores: FloatArray) -> FloatArray:
    """Return the entropy weights of any table without negative cells; `entropy` gives it the right one."""
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
    kept = values > max(convention("pca_eigenvalue"), 0) + _NEGLIGIBLE
    kept[-1] = True  # with no correlation at all every eigenvalue is one
    return _to_one((vectors[:, kept] ** 2 * values[kept]).sum(axis=1), "pca")


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
    found = []
    if is_flat(system):
        bare = [item.code for item in system.indicators if item.weight is None]
        return [finding("weight-missing", group=system.id, names=list(bare))] if bare else []
    for group, inner in system.children().items():
        given = [weight for _, weight in inner if weight is not None]
        bare = [name for name, weight in inner if weight is None]
        if given and bare:
            found.append(finding("weight-missing", group=group, names=list(bare)))
        elif given and abs(sum(given) - 1) > convention("weight_tolerance"):
            found.append(finding("weights-do-not-add-up", group=group, total=f"{sum(given):.6g}"))
    return found


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
    return system.nested(local)


def judged(system: System) -> tuple[FloatArray, dict[str, Judgement]]:
    """Return weights from the pairwise comparisons of a system, and the judgement on every group."""
    local: dict[str, dict[str, float]] = {}
    found: dict[str, Judgement] = {}
    limit = convention("ahp_consistency")
    for group, inner in system.children().items():
        names = [name for name, _ in inner]
        if len(names) == 1:
            local[group] = {names[0]: 1.0}
            continue
        if group not in system.comparisons:
            raise UsageError("sectors.no-comparisons", system=system.id, group=group, names=names)
        found[group] = ahp(system.comparisons[group])
        local[group] = dict(zip(names, found[group].weights.tolist(), strict=True))
    bad = [
        finding("inconsistent-comparisons", group=group, ratio=f"{item.ratio:.3f}", limit=f"{limit:g}")
        for group, item in found.items()
        if item.ratio > limit
    ]
    if bad:
        raise InputError("sectors.not-weighable", bad, system=system.id, problems=listed_errors(bad))
    return system.nested(local), found


def handed(system: System, weights: Mapping[str, float]) -> FloatArray:
    """Return weights that the caller hands in by indicator, divided by their sum."""
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
    """Return the warning that weights handed in do not add up to one."""
    total = 1.0 if isinstance(weights, str) else sum(map(float, weights.values()))
    if abs(total - 1) <= convention("weight_tolerance"):
        return []
    return [finding("given-weights-rescaled", place={"key": system.id}, total=f"{total:.6g}")]
