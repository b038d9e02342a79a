"""Technologies that no one linear program holds: single and whole units, and one abatement factor for all units."""

from __future__ import annotations

from typing import Any

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.programs import Program, Solution, solve_once
from xinzhi.frontier.technology.envelopment import Envelopment, blank
from xinzhi.frontier.technology.technology import Technology

# Rows of a block are chosen so that a block of comparisons stays within a few megabytes.
_BLOCK = 400_000


def single_peer(
    target: FloatArray, gain: FloatArray, reference: FloatArray, without: IntArray | None = None
) -> tuple[FloatArray, IntArray]:
    """Return how far each point can go before no single reference unit dominates it, by enumeration."""
    n, goods = target.shape
    m = reference.shape[1]
    beta, peer = np.full(n, -np.inf), np.full(n, -1)
    step = max(1, _BLOCK // max(m, 1))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        best = np.full((rows.stop - start, m), np.inf)
        for good in range(goods):
            # A good that does not move must not be worse; a hair of rounding in the data is no difference.
            spare = reference[good] - target[rows, good, None]
            move = gain[rows, good, None]
            slack = 1e-12 * np.abs(target[rows, good, None])
            still = np.where(spare >= -slack, np.inf, -np.inf)
            with np.errstate(divide="ignore", invalid="ignore"):
                np.minimum(best, np.where(move > 0, spare / move, still), out=best)
        if without is not None:
            own = without[rows]
            best[np.flatnonzero(own >= 0), own[own >= 0]] = -np.inf
        peer[rows] = best.argmax(axis=1)
        beta[rows] = best[np.arange(best.shape[0]), peer[rows]]
    peer[beta == -np.inf] = -1
    return beta, peer


def whole_units(
    target: FloatArray, gain: FloatArray, reference: FloatArray, *, scaling: bool, without: IntArray | None = None
) -> Envelopment:
    """Return how far each point can go before no sum of whole reference units dominates it."""
    # Tulkens (1993) and Bogetoft (1996). One mixed-integer program a point; for some hundred units, not for
    # thousands.
    n, goods = target.shape
    m = reference.shape[1]
    found = blank(n, goods + 1)
    weights = np.zeros((n, m))
    for unit in range(n):
        upper = _useful(target[unit], gain[unit], reference)
        if without is not None and without[unit] >= 0:
            upper[without[unit]] = 0.0
        answer = _mixed(target[unit], gain[unit], reference, upper, scaling=scaling)
        found.status[unit] = answer.status
        if answer.status == "optimal":
            weights[unit] = answer.primal[:m] if scaling else np.round(answer.primal[:m])
            spare = reference @ weights[unit] - target[unit]
            moves = gain[unit] > 0
            found.objective[unit] = (spare[moves] / gain[unit, moves]).min()
            found.slacks[unit, :goods] = np.maximum(spare - found.objective[unit] * gain[unit], 0.0)
    found.row, found.column = np.nonzero(weights > 0)
    found.weight = weights[found.row, found.column]
    found.count, found.width = n, m + 1
    return found


def _useful(target: FloatArray, gain: FloatArray, reference: FloatArray) -> FloatArray:
    """Return the largest multiple of each reference unit that can be of use: what stands still sets it."""
    still = gain <= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.abs(target[still])[:, None] / np.abs(reference[still])
    rate = np.nan_to_num(rate, nan=0.0, posinf=np.inf)
    if (reference[still] <= 0).all():  # inputs stand still: they must suffice
        return np.asarray(np.where(reference[still] < 0, rate, np.inf).min(axis=0))
    # Outputs stand still: once a unit alone provides them all, more of it only costs inputs.
    return np.asarray(np.maximum(np.ceil(np.where(np.isfinite(rate), rate, 0.0).max(axis=0)), 1.0))


def _mixed(
    target: FloatArray, gain: FloatArray, reference: FloatArray, upper: FloatArray, *, scaling: bool
) -> Solution:
    """Solve one mixed-integer program: multiples of the reference units, switches when scaling, the distance."""
    goods, m = reference.shape
    # A hair of room keeps a unit that just suffices in reach of the solver's tolerance.
    upper = upper + 1e-9 * np.where(np.isfinite(upper), upper, 0.0)

    def farthest(low: FloatArray, high: FloatArray, **kind: Any) -> Solution:  # noqa: ANN401 - options of `solve_once`
        return solve_once(
            np.hstack([reference, -gain[:, None]]), costs=np.append(np.zeros(m), 1.0), row_lower=target,
            row_upper=np.inf, column_lower=np.append(low, -np.inf), column_upper=np.append(high, np.inf), maximise=True,
            **kind,
        )  # fmt: skip

    if not scaling:
        return farthest(np.zeros(m), np.floor(upper), integers=range(m))
    on = upper >= 1
    limit = np.where(on & np.isfinite(upper), upper, 1e6)
    matrix = np.zeros((goods + 2 * m, 2 * m + 1))
    matrix[:goods, :m], matrix[:goods, -1] = reference, -gain
    for block, size in ((goods, -1.0), (goods + m, -limit)):
        matrix[block : block + m, :m] = np.eye(m)
        matrix[block : block + m, m : 2 * m] = np.diag(np.broadcast_to(size, (m,)))
    program = Program(
        matrix,
        costs=np.append(np.zeros(2 * m), 1.0),
        row_lower=np.concatenate([target, np.zeros(m), np.full(m, -np.inf)]),
        row_upper=np.concatenate([np.full(goods + m, np.inf), np.zeros(m)]),
        column_lower=np.append(np.zeros(2 * m), -np.inf),
        column_upper=np.concatenate([np.where(on, limit, 0.0), np.where(on, 1.0, 0.0), [np.inf]]),
        maximise=True,
        integers=range(m, 2 * m),
    )
    answer = program.solve()
    if answer.status != "optimal":
        return answer
    chosen = np.round(answer.primal[m : 2 * m])  # which units are used is settled; how much of each is linear
    return farthest(chosen, chosen * limit)


def single_factor(
    known: Technology, inputs: int, target: FloatArray, gain: FloatArray, without: IntArray | None = None
) -> Envelopment:
    """Solve the directional program of each unit under the single abatement factor."""
    inward = bool((gain[:, :inputs] != 0).any())
    if inward and (gain[:, inputs:] != 0).any():
        raise UsageError("frontier.one-factor-moves")
    n, goods = target.shape
    rows, k = known.columns.shape
    # The last two columns are the distance and the factor (or its inverse); the last row bounds the factor.
    program = Program(
        np.hstack([known.columns, np.zeros((rows, 1)), np.ones((rows, 1))]),
        costs=np.append(np.zeros(k), [1.0, 0.0]),
        row_lower=0.0,
        row_upper=np.inf,
        column_lower=np.append(np.zeros(k), [-np.inf, 1.0 if inward else 0.0]),
        column_upper=np.append(np.full(k, np.inf), [np.inf, np.inf if inward else 1.0]),
        maximise=True,
    )
    found = blank(n, rows)
    weights = []
    for unit in range(n):
        scaled = np.zeros(rows)
        fixed = np.append(target[unit], 1.0)
        part = slice(inputs, goods) if inward else np.r_[0:inputs, goods]
        scaled[part], fixed[part] = -fixed[part], 0.0
        program.set_column(k, np.append(-gain[unit], 0.0))
        program.set_column(k + 1, scaled)
        program.set_row_bounds(fixed, np.where(known.equal, fixed, np.inf))
        if without is not None:
            own = known.owner == without[unit]
            program.set_column_bounds(0.0, np.where(own, 0.0, np.inf), np.arange(k))
        weights.append(_note(found, unit, program.solve(), known, (inward, inputs, target[unit], gain[unit])))
    found.row = np.repeat(np.arange(n), [used.size for used, _ in weights])
    found.column = np.concatenate([used for used, _ in weights]) if weights else found.column
    found.weight = np.concatenate([value for _, value in weights]) if weights else found.weight
    found.count, found.width = program.count, k + 2
    return found


def _note(
    found: Envelopment,
    unit: int,
    answer: Solution,
    known: Technology,
    program: tuple[bool, int, FloatArray, FloatArray],
) -> tuple[IntArray, FloatArray]:
    """Write one solution down; return the columns used and their weights z, before abatement."""
    inward, inputs, target, gain = program
    found.status[unit] = answer.status
    k = known.columns.shape[1]
    if answer.status != "optimal":
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    weight, factor = answer.primal[:k], answer.primal[k + 1]
    found.objective[unit] = answer.objective
    found.prices[unit] = -answer.dual
    spare = (known.columns @ weight)[: target.size]
    share = 1.0 if inward else max(factor, 1e-300)
    if inward:  # the factor multiplies the outputs of the combination
        spare[inputs:] /= factor
    else:  # the program's weights are already abated; inputs are not
        spare[:inputs] /= share
    spare -= target + answer.objective * gain
    found.slacks[unit] = np.append(np.where(known.equal[:-1], 0.0, np.maximum(spare, 0.0)), 0.0)
    used = np.flatnonzero(weight > 0)
    return used, weight[used] / share
