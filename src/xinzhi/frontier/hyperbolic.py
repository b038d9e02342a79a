"""Hyperbolic (graph) efficiency: the smallest h for which inputs times h and outputs over h are possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.frontier.directional import blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.frontier.directional import Envelopment

_STEPS = 60
_CLOSE = 1e-13
_LOST, _PATIENCE = 1e-9, 4


def hyperbolic(
    target: FloatArray,
    shrinks: BoolArray,
    solve: Callable[[FloatArray, FloatArray, IntArray], Envelopment],
) -> tuple[FloatArray, Envelopment]:
    """Return h and the programmes solved at the projection.

    The tangent of ``1 / h`` at a guess turns the programme into a directional one at the point ``(h x, y / h)`` in its
    own direction; its solution is the next guess. That is Newton's method on a convex curve: after the first step the
    guesses rise towards h and never pass it, and the digits that are right double at every step.

    Parameters
    ----------
    target
        `(n, goods)`, netputs of the units.
    shrinks
        `(goods,)`, whether a good is multiplied by h (inputs, bad outputs) rather than divided by it.
    solve
        Solves the directional programme: targets, gains and the numbers of the units in, an `Envelopment` out.

    Notes
    -----
    Färe, Grosskopf and Lovell (1985), The Measurement of Efficiency of Production.
    """
    n = target.shape[0]
    h, open_ = np.ones(n), np.arange(n)
    answer = blank(n, target.shape[1])
    count = width = 0
    never = free = open_[:0]
    for step in range(_STEPS):
        factor = h[open_, None]
        point = target[open_] * np.where(shrinks, factor, 1.0 / factor)
        part = solve(point, np.where(shrinks, -point, point), open_)
        count, width = count + part.count, max(width, part.width)
        answer = part if open_.size == n else _merge(answer, part, open_)
        beta = np.where(part.status == "optimal", part.objective, 0.0)
        h[open_] *= 1.0 - beta
        # A step of -1 gives all outputs up; a unit that keeps at it makes what the others do not make at any h.
        lost = (np.abs(beta + 1) <= _LOST) if step >= _PATIENCE else np.zeros(open_.size, dtype=bool)
        spent = h[open_] <= _CLOSE  # a unit without outputs shrinks to nothing: there is no smallest h above nought
        never, free = np.concatenate([never, open_[lost]]), np.concatenate([free, open_[spent]])
        open_ = open_[(np.abs(beta) > _CLOSE) & ~lost & ~spent]
        if open_.size == 0:
            break
    answer.count, answer.width = count, width
    answer.status[open_] = "failed"
    answer.status[never], answer.status[free] = "infeasible", "unbounded"
    return np.where(answer.status == "optimal", h, np.nan), answer


def _merge(old: Envelopment, new: Envelopment, units: IntArray) -> Envelopment:
    """Put the later solution of some units in the place of the earlier one."""
    for name in ("objective", "status", "prices", "slacks"):
        getattr(old, name)[units] = getattr(new, name)
    kept = ~np.isin(old.row, units)
    old.row = np.concatenate([old.row[kept], units[new.row]])
    old.column = np.concatenate([old.column[kept], new.column])
    old.weight = np.concatenate([old.weight[kept], new.weight])
    return old
