"""Weights of a system: equal, given or judged, nested from group to group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.sectors.composite.conventions import convention
from xinzhi.sectors.composite.messages import finding, refuse
from xinzhi.sectors.composite.weights import Judgement, ahp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.sectors.composite.system import System


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
        return [finding("weight-missing", group=system.id, names=", ".join(bare))] if bare else []
    for group, inner in system.children().items():
        given = [weight for _, weight in inner if weight is not None]
        bare = [name for name, weight in inner if weight is None]
        if given and bare:
            found.append(finding("weight-missing", group=group, names=", ".join(bare)))
        elif given and abs(sum(given) - 1) > convention("weight_tolerance"):
            found.append(finding("weights-do-not-add-up", group=group, total=f"{sum(given):.6g}"))
    return found


def expert(system: System) -> FloatArray:
    """Return the given weights of the indicators in the index.

    Raises
    ------
    UsageError
        When the system gives none, or only on some levels.
    """
    if is_flat(system):
        weights = np.array([item.weight for item in system.indicators], dtype=np.float64)
        return np.asarray(weights / weights.sum())
    local: dict[str, dict[str, float]] = {}
    for group, inner in system.children().items():
        if len(inner) > 1 and any(weight is None for _, weight in inner):
            message = f"{system.id} gives no weights for '{group}': weights='expert' needs them on every level."
            raise UsageError(message)
        local[group] = _to_one({name: 1.0 if weight is None else weight for name, weight in inner})
    return system.nested(local)


def rescaled(system: System) -> System:
    """Return a system whose given weights add up to one again after indicators were taken out."""
    if all(group.weight is None for group in (*system.sectors.values(), *system.dimensions.values())):
        total = sum(item.weight or 0.0 for item in system.indicators)
        if total <= 1 + convention("weight_tolerance"):  # weights over the whole system, or of a single group
            items = tuple(
                item if item.weight is None else replace(item, weight=item.weight / total) for item in system.indicators
            )
            return replace(system, indicators=items)
    local = {
        group: _to_one({name: weight for name, weight in inner if weight is not None})
        for group, inner in system.children().items()
    }
    items = tuple(
        replace(item, weight=local[item.dimension or item.sector].get(item.code)) for item in system.indicators
    )
    parents = {name: weight for group in local.values() for name, weight in group.items()}
    sectors, dimensions = (
        {code: replace(group, weight=parents.get(code)) for code, group in groups.items()}
        for groups in (system.sectors, system.dimensions)
    )
    return replace(system, indicators=items, sectors=sectors, dimensions=dimensions)


def judged(system: System) -> tuple[FloatArray, dict[str, Judgement]]:
    """Return weights from the pairwise comparisons of a system, and the judgement on every group.

    Raises
    ------
    UsageError
        When a group of several has no comparisons.
    InputError
        When comparisons contradict each other beyond the limit.
    """
    local: dict[str, dict[str, float]] = {}
    found: dict[str, Judgement] = {}
    limit = convention("ahp_consistency")
    for group, inner in system.children().items():
        names = [name for name, _ in inner]
        if len(names) == 1:
            local[group] = {names[0]: 1.0}
            continue
        if group not in system.comparisons:
            message = f"{system.id} has no `comparisons` of '{group}' ({', '.join(names)}): weights='ahp' needs them."
            raise UsageError(message)
        found[group] = ahp(system.comparisons[group])
        local[group] = dict(zip(names, found[group].weights.tolist(), strict=True))
    bad = [
        finding("inconsistent-comparisons", group=group, ratio=f"{item.ratio:.3f}", limit=limit)
        for group, item in found.items()
        if item.ratio > limit
    ]
    if bad:
        refuse(f"{system.id} cannot be weighted", bad)
    return system.nested(local), found


def handed(system: System, weights: Mapping[str, float]) -> FloatArray:
    """Return weights that the caller hands in by indicator, divided by their sum.

    Raises
    ------
    UsageError
        When one is missing, unknown, negative or no number, or all are zero.
    """
    if set(weights) != set(system.codes):
        wrong = sorted(set(weights) ^ set(system.codes))
        message = f"weights have to name every indicator of {system.id} once; look at {', '.join(wrong)}."
        raise UsageError(message)
    values = np.array([float(weights[code]) for code in system.codes])
    if not (np.isfinite(values) & (values >= 0)).all():
        message = "a weight is negative or no number: turn the direction of the indicator in the system instead."
        raise UsageError(message)
    if not values.sum() > 0:
        message = "all weights are zero: give those that count a weight above zero."
        raise UsageError(message)
    return np.asarray(values / values.sum())


def handed_findings(system: System, weights: str | Mapping[str, float]) -> list[Finding]:
    """Return the warning that weights handed in do not add up to one."""
    total = 1.0 if isinstance(weights, str) else sum(map(float, weights.values()))
    if abs(total - 1) <= convention("weight_tolerance"):
        return []
    return [finding("given-weights-rescaled", place={"key": system.id}, total=f"{total:.6g}")]


def _to_one(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}
