"""Weak disposability with one abatement factor for all units (Färe and Grosskopf), off constant returns.

With intensities z of sum one and abatement ``0 <= f <= 1``, a point is possible when ``z x <= x0``, ``f z y >= y0`` and
``f z b = b0``. Written in ``f z``, that is linear when inputs do not move; written in z and ``1 / f``, when only inputs
move. When both move it is not linear in either, and the technology is not convex: Kuosmanen's (2005) is the smallest
convex one that contains it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.core.programs import Program
from xinzhi.frontier.technology.envelopment import blank

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.programs import Solution
    from xinzhi.frontier.technology.envelopment import Envelopment
    from xinzhi.frontier.technology.technology import Technology


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
