"""The programs behind a distance, and a basis to start each of them from.

``max w·β  s.t.  columns λ - way β - slack = target, λ >= 0``, in netputs: inputs count as negative, and the last row
is the sum of the intensities where the technology has points. The prices of the rows are the multipliers of the dual:
one price on an output and one on an input already make a dual feasible basis, and the best such pair is close to the
answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.frontier.change import batch

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Shape:
    """What the programs of a batch have in common.

    Parameters
    ----------
    inputs, outputs
        Numbers of inputs and of outputs; bad outputs follow them.
    equal
        Whether a row is an equation, ``(rows,)``.
    points
        Whether the last row is the sum of intensities.
    weights
        One weight a good for a non-radial measure, whose steps are not negative; None for a radial one.
    """

    inputs: int
    outputs: int
    equal: BoolArray
    points: bool
    weights: FloatArray | None


def programs(shape: Shape, columns: FloatArray, which: IntArray, target: FloatArray, way: FloatArray) -> batch.Programs:
    """Return the programs of points against technologies of one shape.

    Parameters
    ----------
    shape
        What the programs have in common.
    columns
        ``(technologies, rows, k)``, scaled to order one.
    which
        Technology of every point, ``(n,)``.
    target, way
        Points and directions in netputs, ``(n, goods)``.
    """
    count, goods = target.shape
    rows = columns.shape[1]
    # A ray has no size: a small point is solved as well as a large one when both are brought to order one.
    size = np.ones(count) if shape.points else np.maximum(np.abs(target).max(axis=1), np.finfo(float).tiny)
    right, ways = np.ones((count, rows)), np.zeros((count, rows))
    right[:, :goods], ways[:, :goods] = target / size[:, None], way / size[:, None]
    steps = np.zeros(0, dtype=np.int64) if shape.weights is None else np.flatnonzero(shape.weights > 0)
    number = 1 if shape.weights is None else len(steps)
    own = np.zeros((count, rows, number + rows))
    costs = np.zeros((count, number + rows))
    if shape.weights is None:
        own[:, :, 0], costs[:, 0] = -ways, -1.0
    else:
        own[:, steps, np.arange(number)] = -ways[:, steps]
        costs[:, :number] = -shape.weights[steps] * (ways[:, steps] != 0)
    own[:, np.arange(rows), number + np.arange(rows)] = -1.0
    step_kind = batch.FREE if shape.weights is None else batch.POSITIVE
    kinds = np.concatenate([np.full(number, step_kind), np.where(shape.equal, batch.FIXED, batch.POSITIVE)])
    start = _radial(shape, columns, which, right, ways) if shape.weights is None else None
    basis = start if start is not None else _stepwise(shape, columns, which, right, ways)
    return batch.Programs(columns, which, own, costs, kinds.astype(np.int64), right, basis)


def _fallbacks(shape: Shape, columns: FloatArray) -> IntArray:
    """Return the rows whose price can make up for an output: inputs, and the sum of intensities."""
    last = [columns.shape[1] - 1] if shape.points else []
    return np.array([*range(shape.inputs), *last])


def _radial(shape: Shape, columns: FloatArray, which: IntArray, right: FloatArray, ways: FloatArray) -> IntArray:
    """Return bases of the step, one column and slacks: the best pair of an output and an input."""
    count, rows = right.shape
    k = columns.shape[2]
    basis = np.broadcast_to(k + 1 + np.arange(rows), (count, rows)).copy()
    line = np.arange(count)
    outputs = np.arange(shape.inputs, shape.inputs + shape.outputs)
    moves = ways[:, outputs]
    if (moves > 0).any(axis=1).all():
        held = _fallbacks(shape, columns)
        ratio, best = _ratios(columns, outputs, held)
        amount = np.abs(right[:, held])
        with np.errstate(divide="ignore", invalid="ignore"):
            # nan where an input that is not used stands against an output that needs none of it
            bound = (ratio[which] * amount[:, None, :] - right[:, outputs, None]) / moves[:, :, None]
        bound = np.where((moves > 0)[:, :, None] & np.isfinite(bound), bound, np.inf).reshape(count, -1)
        pair = bound.argmin(axis=1)
        output, other = np.divmod(pair, len(held))
        basis[line, outputs[output]] = k
        basis[line, held[other]] = best[which, output, other]
    else:
        basis[line, np.abs(ways).argmax(axis=1)] = k
    return basis


def _ratios(columns: FloatArray, outputs: IntArray, held: IntArray) -> tuple[FloatArray, IntArray]:
    """Return for each technology the most of every output per unit of every held row, and the column that gives it."""
    ratio = np.zeros((len(columns), len(outputs), len(held)))
    best = np.zeros(ratio.shape, dtype=np.int64)
    for at, row in enumerate(held):
        below = np.abs(columns[:, None, row, :])
        above = columns[:, outputs, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(above > 0, above / below, -1.0)
        best[:, :, at] = each.argmax(axis=2)
        ratio[:, :, at] = each.max(axis=2)
    return ratio, best


def _stepwise(shape: Shape, columns: FloatArray, which: IntArray, right: FloatArray, ways: FloatArray) -> IntArray:
    """Return bases of all steps, with one column in the place of that of the best held row."""
    assert shape.weights is not None  # noqa: S101 - only non-radial measures come here
    count, rows = right.shape
    k = columns.shape[2]
    steps = np.flatnonzero(shape.weights > 0)
    basis = np.broadcast_to(k + len(steps) + np.arange(rows), (count, rows)).copy()
    moving = ways[:, steps] != 0
    basis[:, steps] = np.where(moving, k + np.arange(len(steps)), basis[:, steps])
    price = np.zeros((count, rows))
    price[:, steps] = np.where(moving, shape.weights[steps] / np.where(moving, ways[:, steps], 1.0), 0.0)
    value = price @ columns[0] if len(columns) == 1 else np.einsum("pr,prk->pk", price, columns[which])
    held = _fallbacks(shape, columns)
    bound, best = np.full((count, len(held)), np.inf), np.zeros((count, len(held)), dtype=np.int64)
    for at, row in enumerate(held):
        below = np.abs(columns[:, row, :])[which if len(columns) > 1 else np.zeros(count, dtype=np.int64)]
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(value > 0, value / below, -1.0)
            bound[:, at] = each.max(axis=1) * np.abs(right[:, row])  # nan where a free good stands against nothing
        best[:, at] = each.argmax(axis=1)
    bound = np.where(np.isfinite(bound), bound, np.inf)
    choice = bound.argmin(axis=1)
    line = np.flatnonzero((value > 0).any(axis=1))
    basis[line, held[choice[line]]] = best[line, choice[line]]
    return basis


def general(problem: batch.Programs, at: int) -> tuple[float, int]:
    """Solve one program of a batch with the general solver; return its least cost and its status."""
    from xinzhi.core.linear_programs import solve_once

    k = problem.columns.shape[2]
    lower = np.concatenate([np.zeros(k), np.where(problem.kinds == batch.FREE, -np.inf, 0.0)])
    upper = np.concatenate([np.full(k, np.inf), np.where(problem.kinds == batch.FIXED, 0.0, np.inf)])
    answer = solve_once(
        np.hstack([problem.columns[problem.which[at]], problem.own[at]]),
        costs=np.concatenate([np.zeros(k), problem.costs[at]]),
        row_lower=problem.right[at],
        row_upper=problem.right[at],
        column_lower=lower,
        column_upper=upper,
    )
    status = {"optimal": batch.OPTIMAL, "infeasible": batch.INFEASIBLE}.get(answer.status, batch.UNSOLVED)
    return answer.objective, status
