"""By-production: goods and bads come from two technologies, and a unit is held to both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.models.sweep import Own, Sweep, checked, solved, sweep
from xinzhi.frontier.technology.technology import choose, rts_of, sum_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.frontier.models.sweep import Reference
    from xinzhi.frontier.reading import Data
    from xinzhi.frontier.technology.distance import Solution

MEASURES = ("index", "directional")


def by_production(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray,
    *,
    polluting: Sequence[int | str] | None = None,
    rts: str = "vrs",
    measure: str = "index",
    reference: Reference | None = None,
    names: Data | None = None,
) -> Solution:
    """Score units under the by-production technology of Murty, Russell and Levkoff."""
    # Murty, Russell and Levkoff (2012), JEEM 64, 117-135. T1: intended production, all inputs freely disposable. T2:
    # the residuals' technology, which produces at least as many bads as the polluting inputs make unavoidable: Z m >=
    # z, B m <= b. The two have intensities of their own. For one output the index is their Färe-Grosskopf-Lovell index
    # exactly; for several, the mean of 1 / phi would not be linear, and 1 / mean(phi) stands for it.
    choose("measure", measure, MEASURES)
    data = checked(x, y, bad, reference, positive=("y", "b"))
    p = data.x.shape[1]
    known = rts_of(rts)
    fuel = _polluting(polluting, p, names)
    common = measure == "directional"
    good = _side(data.x, data.y, data.xr, data.yr, known, common=common, sign=1.0)
    harm = _side(data.x[:, fuel], data.b, data.xr[:, fuel], data.br, known, common=common, sign=-1.0)
    phi, gamma = good.factors, harm.factors
    if common:
        parts = (phi[:, 0] - 1, 1 - gamma[:, 0])
        score = np.minimum(*parts)
    else:
        parts = (1 / phi.mean(axis=1), gamma.mean(axis=1))
        score = (parts[0] + parts[1]) / 2
    pairs = zip(good.found.status, harm.found.status, strict=True)
    status = tuple(second if first == "optimal" else first for first, second in pairs)
    reached = (good.found.intensities @ data.yr, harm.found.intensities @ data.br)
    slacks = (data.x - good.found.intensities @ data.xr, reached[0] - phi * data.y, gamma * data.b - reached[1])
    both = replace(good.found, status=status, programs=good.found.programs + harm.found.programs)
    factors: dict[str, Any] = {"goods": parts[0], "bads": parts[1], "phi_y": phi, "gamma_b": gamma}
    targets = (good.found.intensities @ data.xr, *reached)
    return solved(data, both, score, slacks, targets=targets, best=0.0 if common else 1.0, **factors)


def _polluting(named: Sequence[int | str] | None, inputs: int, names: Data | None) -> IntArray:
    """Return the numbers of the inputs that cause the bad outputs."""
    known: list[int | str] = list(names.inputs) if names is not None else list(range(inputs))
    if not named:
        raise UsageError("frontier.polluting", known=known)
    numbers = [known.index(name) if name in known else name for name in named]
    for number, name in zip(numbers, named, strict=True):
        if not isinstance(number, int) or not 0 <= number < inputs:
            raise UsageError("frontier.polluting-unknown", name=name, known=known)
    return np.asarray(numbers)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two technologies, solved: the solutions and every unit's factors."""

    found: Sweep
    factors: FloatArray


def _side(
    inputs: FloatArray,
    products: FloatArray,
    ref_inputs: FloatArray,
    ref_products: FloatArray,
    rts: str,
    *,
    common: bool,
    sign: float,
) -> _Side:
    """Raise outputs (sign 1) over `inputs`, or lower bad outputs (sign -1) over the polluting inputs."""
    p, q = inputs.shape[1], products.shape[1]
    table = np.concatenate([sign * ref_inputs.T, sign * ref_products.T, np.ones((1, len(ref_inputs)))])
    low, high = sum_bounds(rts)

    def own(unit: int) -> Own:
        product = sign * products[unit]
        columns = -product[:, None] if common else -np.diag(product)
        count = columns.shape[1]
        return Own(
            columns=np.concatenate([np.zeros((p, count)), columns, np.zeros((1, count))]),
            costs=np.full(count, sign / count),
            lower=np.concatenate([np.full(p, -np.inf), np.zeros(q), [low]]),
            upper=np.concatenate([sign * inputs[unit], np.full(q, np.inf), [high]]),
            column_lower=np.full(count, 0.0 if common or sign < 0 else 1.0),
            column_upper=np.full(count, np.inf if common or sign > 0 else 1.0),
        )

    found = sweep(table, own, len(inputs), maximise=True)
    return _Side(found, np.broadcast_to(found.own, (len(inputs), q)))
