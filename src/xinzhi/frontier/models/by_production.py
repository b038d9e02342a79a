"""By-production: goods and bads come from two technologies, and a unit is held to both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.models.plugin import bad_outputs, hand_over
from xinzhi.frontier.models.sweep import Own, Sweep, sweep
from xinzhi.frontier.models.units import ModelSolution, check_choice, check_rts, checked, sum_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.data import Data, Options, Solved
    from xinzhi.frontier.models.units import Reference, Rts

MEASURES = ("index", "directional")


def by_production(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray,
    *,
    polluting: Sequence[int],
    rts: str = "vrs",
    measure: str = "index",
    reference: Reference | None = None,
) -> ModelSolution:
    """Score units under the by-production technology of Murty, Russell and Levkoff.

    Parameters
    ----------
    x, y, bad
        Inputs `(n, p)`, outputs `(n, q)`, bad outputs `(n, r)`.
    polluting
        Which columns of `x` cause the bad outputs (fuel, not labour).
    rts
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``, of both technologies.
    measure
        ``index``: half the output efficiency 1 / mean(phi) plus half the mean of the bad outputs' factors gamma.
        ``directional``: the largest beta with y (1 + beta) and bad (1 - beta) both feasible, the smaller of the two.
    reference
        Another reference set.

    Returns
    -------
    ModelSolution
        Factors: `goods` and `bads` are the two parts (efficiencies, or the two betas); `phi_y` and `gamma_b`.

    Notes
    -----
    Murty, Russell and Levkoff (2012), JEEM 64, 117-135. T1: intended production, all inputs freely disposable. T2: the
    residuals' technology, which produces at least as many bads as the polluting inputs make unavoidable: Z m >= z,
    B m <= b. The two have intensities of their own. For one output the index is their Färe-Grosskopf-Lovell index
    exactly; for several, the mean of 1 / phi would not be linear, and 1 / mean(phi) stands for it.

    Examples
    --------
    >>> import numpy as np
    >>> x, y, b = np.ones(2), np.array([4.0, 2.0]), np.array([2.0, 4.0])
    >>> by_production(x, y, b, polluting=[0]).score.tolist()
    [1.0, 0.5]
    """
    check_choice("measure", measure, MEASURES)
    data = checked(x, y, bad, reference, positive=("y", "b"))
    p = data.x.shape[1]
    known = check_rts(rts)
    fuel = np.asarray(polluting, dtype=int)
    if not fuel.size or fuel.min() < 0 or fuel.max() >= p:
        message = f"polluting must name columns of x, numbers from 0 to {p - 1}; got {list(polluting)}."
        raise UsageError(message)
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
    return ModelSolution(
        model="by-production",
        score=score,
        status=status,
        slack_x=(data.x - good.found.intensities @ data.xr) * data.scale_x,
        slack_y=(reached[0] - phi * data.y) * data.scale_y,
        slack_b=(gamma * data.b - reached[1]) * data.scale_b,
        target_x=good.found.intensities @ data.xr * data.scale_x,
        target_y=reached[0] * data.scale_y,
        target_b=reached[1] * data.scale_b,
        factors={
            "goods": parts[0],
            "bads": parts[1],
            "phi_y": phi,
            "gamma_b": gamma,
            "bad_intensities": harm.found.intensities,
        },
        intensities=good.found.intensities,
        duals=None,
        programs=good.found.programs + harm.found.programs,
        size=good.found.size,
    )


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
    rts: Rts,
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


def solve(data: Data, options: Options) -> Solved:
    """Score units by ``model="by-production"``.

    Parameters
    ----------
    data
        The units.
    options
        `rts`; of its own: ``polluting``, names or numbers of the inputs that cause the bad outputs, and ``measure``.
    """
    own = options.take(polluting=None, measure="index")
    bad = bad_outputs(data, options)
    if own["polluting"] is None:
        message = f"say which inputs cause the bad outputs: polluting=[...], of {', '.join(data.inputs)}."
        raise UsageError(message)
    unknown = [name for name in own["polluting"] if isinstance(name, str) and name not in data.inputs]
    if unknown:
        message = f"polluting names '{unknown[0]}', which is no input; the inputs are {', '.join(data.inputs)}."
        raise UsageError(message)
    fuel = [data.inputs.index(name) if isinstance(name, str) else name for name in own["polluting"]]
    found = by_production(data.x, data.y, bad, polluting=fuel, rts=options.rts, measure=own["measure"])
    return hand_over(found, data, best=0.0 if own["measure"] == "directional" else 1.0)
