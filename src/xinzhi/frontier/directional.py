"""The one programme behind radial, directional and additive efficiency, solved unit by unit with HiGHS.

Maximise ``beta + costs @ s`` subject to ``columns @ w - gain * beta - s = target``, ``w >= 0``, ``s >= 0`` (nought on
rows that are equalities). `facets.py` solves the same programme for thousands of units at once; this is the slow, plain
way that it falls back on, and what the tests hold it against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.linear_programs import Program

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.frontier.technology import Technology


@dataclass(slots=True)
class Envelopment:
    """The solved programmes of n units, over the k columns of a technology.

    Parameters
    ----------
    objective
        `(n,)`; NaN unless optimal.
    status
        `(n,)`: ``optimal``, ``infeasible``, ``unbounded`` or ``failed``.
    row, column, weight
        The positive weights: unit, column of the technology, and value.
    prices
        `(n, rows)`: by how much the objective falls when the target of a row rises by one.
    slacks
        `(n, rows)`.
    count
        Linear programmes that were solved.
    codes
        `(n, rows)`, the basic variables: below k a column, below k + rows a slack, k + rows the distance; -1 where
        there is no basis.
    width
        Columns of the largest programme.
    cold
        How many of them HiGHS solved because no certificate was found otherwise.
    """

    objective: FloatArray
    status: Any
    row: IntArray
    column: IntArray
    weight: FloatArray
    prices: FloatArray
    slacks: FloatArray
    count: int
    codes: IntArray
    width: int = 0
    cold: int = 0


def blank(n: int, rows: int) -> Envelopment:
    """Return the envelopment of n units of which nothing is known."""
    none = np.zeros(0, dtype=np.int64)
    missing = np.full((n, rows), np.nan)
    status = np.full(n, "failed", dtype="<U10")
    return Envelopment(
        np.full(n, np.nan), status, none, none, np.zeros(0), missing, missing.copy(), 0, np.full((n, rows), -1)
    )


def envelop_one_by_one(
    known: Technology,
    target: FloatArray,
    gain: FloatArray | None,
    *,
    costs: FloatArray | None = None,
    without: IntArray | None = None,
) -> Envelopment:
    """Solve the programme of each unit with HiGHS, warm from the unit before.

    Parameters
    ----------
    known
        The technology.
    target
        `(n, goods)`, netputs of the units.
    gain
        `(n, goods)`, the direction in netputs; None for a programme that only counts slacks.
    costs
        `(n, goods)`, what a unit of slack counts; nought when None.
    without
        `(n,)`, the reference unit that a unit may not use; -1 for none.
    """
    n, goods = target.shape
    rows, k = known.columns.shape
    wanted = np.hstack([target, np.ones((n, rows - goods))])
    size = np.ones(n) if known.points else np.maximum(np.abs(target).max(axis=1), 1e-300)
    wanted[:, :goods] /= size[:, None]
    gains = np.zeros((n, rows)) if gain is None else np.hstack([gain / size[:, None], np.zeros((n, rows - goods))])
    values = np.zeros((n, rows)) if costs is None else np.hstack([costs * size[:, None], np.zeros((n, rows - goods))])
    program = Program(
        np.hstack([known.columns, -np.ones((rows, 1))]),
        costs=0.0,
        row_lower=0.0,
        row_upper=np.inf,
        column_lower=np.append(np.zeros(k), -np.inf if gain is not None else 0.0),
        column_upper=np.append(np.full(k, np.inf), np.inf if gain is not None else 0.0),
        maximise=True,
    )
    found = blank(n, rows)
    parts: list[tuple[IntArray, IntArray, FloatArray]] = []
    barred = np.zeros(0, dtype=np.int64)
    for unit in range(n):
        program.set_column(k, -gains[unit])
        if costs is None:
            program.set_costs(1.0, [k])
        else:
            program.set_costs(np.append(values[unit] @ known.columns, 1.0 - values[unit] @ gains[unit]))
        program.set_row_bounds(wanted[unit], np.where(known.equal, wanted[unit], np.inf))
        if without is not None:
            program.set_column_bounds(0.0, np.inf, barred)
            barred = np.flatnonzero(known.owner == without[unit]) if without[unit] >= 0 else barred[:0]
            program.set_column_bounds(0.0, 0.0, barred)
        answer = program.solve()
        found.status[unit] = answer.status
        if answer.status != "optimal":
            continue
        basic, slack = program.basis()
        if basic.size + slack.size == rows:
            found.codes[unit] = np.concatenate([np.where(basic == k, k + rows, basic), k + slack])
        weight = answer.primal[:k]
        used = np.flatnonzero(weight > 0)
        parts.append((np.full(used.size, unit), used, weight[used] * size[unit]))
        found.objective[unit] = answer.objective - values[unit] @ wanted[unit]
        found.prices[unit] = (values[unit] - answer.dual) / size[unit]
        spare = known.columns @ weight - gains[unit] * answer.primal[k] - wanted[unit]
        found.slacks[unit] = np.where(known.equal, 0.0, np.maximum(spare, 0.0)) * size[unit]
    if parts:
        found.row, found.column, found.weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    found.count, found.width = program.count, k
    return found
