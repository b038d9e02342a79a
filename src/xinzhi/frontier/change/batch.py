"""Many small linear programs at once: a dual simplex that moves all of them in step, on arrays.

A panel of 31 units and 20 periods has some 2,000 programs of three to eight rows; its bootstrap, four million. Handing
them to a solver one by one costs more than solving them. Here every step (price, ratio test, pivot) is one array
operation over all programs that are still open. Nothing is taken on trust: an answer is kept only if the basis,
factored anew from the data, is primal and dual feasible; the rest are left ``unsolved`` for a general solver.

The programs are ``min c·z  s.t.  A λ + E z = r, λ >= 0``: the columns `A` of a technology are shared by its programs,
the columns `E` (directions and slacks) are each program's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

FREE, POSITIVE, FIXED = 0, 1, 2  # kinds of own columns: any sign, not negative, zero (the slack of an equation)
OPTIMAL, INFEASIBLE, UNSOLVED = 0, 1, 2

_FEASIBLE = 1e-10  # rows are scaled to order one before they come here
_ACCEPTED = 1e-9
_PIVOT = 1e-9
_STEPS = 200
_CHUNK = 50_000  # entries of one pricing block: it stays in the cache


@dataclass(frozen=True, slots=True)
class Programs:
    """A batch of programs that have the same shape.

    Parameters
    ----------
    columns
        Columns of the technologies, ``(technologies, rows, n)``.
    which
        Technology of every program, ``(programs,)``.
    own
        Own columns of every program, ``(programs, rows, e)``.
    costs
        Costs of the own columns, ``(programs, e)``.
    kinds
        Kinds of the own columns, ``(e,)``: FREE, POSITIVE or FIXED.
    right
        Right-hand sides, ``(programs, rows)``.
    basis
        First basis, ``(programs, rows)``: numbers below n are columns of the technology, n + k is own column k. It must
        be dual feasible and hold every free column.
    """

    columns: FloatArray
    which: IntArray
    own: FloatArray
    costs: FloatArray
    kinds: IntArray
    right: FloatArray
    basis: IntArray


@dataclass(frozen=True, slots=True)
class Solution:
    """Answers to a batch.

    Parameters
    ----------
    value
        Least cost, NaN unless optimal, ``(programs,)``.
    own
        Values of the own columns, ``(programs, e)``.
    duals
        Row prices, ``(programs, rows)``.
    basis
        Last basis, ``(programs, rows)``.
    status
        OPTIMAL, INFEASIBLE or UNSOLVED, ``(programs,)``.
    """

    value: FloatArray
    own: FloatArray
    duals: FloatArray
    basis: IntArray
    status: IntArray


def solve(programs: Programs) -> Solution:
    """Solve all programs of a batch, block by block."""
    count, rows = programs.right.shape
    number = programs.own.shape[2]
    size = max(1, _CHUNK // max(1, programs.columns.shape[2]))
    value, own = np.full(count, np.nan), np.full((count, number), np.nan)
    duals, status = np.full((count, rows), np.nan), np.full(count, UNSOLVED)
    last = programs.basis.copy()
    for start in range(0, count, size):
        part = np.arange(start, min(start + size, count))
        basis, infeasible = _iterate(programs, part)
        good, value[part], own[part], duals[part] = _verify(programs, part, basis)
        last[part] = basis
        status[part] = np.where(infeasible, INFEASIBLE, np.where(good, OPTIMAL, UNSOLVED))
    lost = status != OPTIMAL
    value[lost], own[lost], duals[lost] = np.nan, np.nan, np.nan
    return Solution(value, own, duals, last, status)


def _iterate(programs: Programs, part: IntArray) -> tuple[IntArray, BoolArray]:
    """Return the last basis of each program, and which have no solution."""
    open_ = np.arange(len(part))
    final, infeasible = programs.basis[part].copy(), np.zeros(len(part), dtype=np.bool_)
    state = _State.begin(programs, part)
    for _ in range(_STEPS):
        row, up, done = state.leaving()
        if done.any():
            final[open_[done]] = state.basis[done]
            keep = ~done
            open_, row, up = open_[keep], row[keep], up[keep]
            state = state.take(keep)
        if not open_.size:
            break
        entering, none = state.entering(row, up)
        if none.any():
            infeasible[open_[none]] = True
            keep = ~none
            open_, row, entering = open_[keep], row[keep], entering[keep]
            state = state.take(keep)
        state.pivot(row, entering)
    final[open_] = state.basis  # out of steps: the verification decides
    return final, infeasible


@dataclass(slots=True)
class _State:
    """Where the open programs of a block stand."""

    programs: Programs
    at: IntArray  # number of the program
    shared: FloatArray  # (rows, n) of the only technology, or (open, rows, n)
    basis: IntArray
    inverse: FloatArray
    values: FloatArray
    own: FloatArray
    costs: FloatArray

    @classmethod
    def begin(cls, programs: Programs, at: IntArray) -> _State:
        """Factor the first bases."""
        basis = programs.basis[at].copy()
        inverse: FloatArray = np.linalg.inv(_matrix(programs, at, basis)).astype(np.float64, copy=False)
        values = np.einsum("prk,pk->pr", inverse, programs.right[at])
        one = programs.columns.shape[0] == 1
        shared = programs.columns[0] if one else programs.columns[programs.which[at]]
        return cls(programs, at, shared, basis, inverse, values, programs.own[at], programs.costs[at])

    def take(self, keep: BoolArray) -> _State:
        """Go on with some of the programs."""
        shared = self.shared if self.shared.ndim == 2 else self.shared[keep]  # noqa: PLR2004 - one technology: a matrix
        return _State(
            self.programs, self.at[keep], shared, self.basis[keep], self.inverse[keep], self.values[keep],
            self.own[keep], self.costs[keep],
        )  # fmt: skip

    def leaving(self) -> tuple[IntArray, BoolArray, BoolArray]:
        """Return the row that leaves each basis, whether its variable comes from below, and which bases are optimal."""
        count = self.programs.columns.shape[2]
        kind = np.where(self.basis < count, POSITIVE, self.programs.kinds[np.maximum(self.basis - count, 0)])
        wrong = np.where(kind == FIXED, np.abs(self.values), np.where(kind == POSITIVE, -self.values, 0.0))
        # The steepest edge: infeasibility against the length of the row of the inverse.
        weight = np.where(wrong > _FEASIBLE, wrong**2 / np.einsum("prk,prk->pr", self.inverse, self.inverse), 0.0)
        row = weight.argmax(axis=1)
        line = np.arange(len(row))
        return row, self.values[line, row] < 0, weight[line, row] <= 0

    def entering(self, row: IntArray, below: BoolArray) -> tuple[IntArray, BoolArray]:
        """Return the column that enters each basis, by Harris's ratio test, and where none can."""
        line = np.arange(len(row))
        count = self.programs.columns.shape[2]
        basic_cost = np.where(self.basis < count, 0.0, self.costs[line[:, None], np.maximum(self.basis - count, 0)])
        prices = np.stack([self.inverse[line, row], np.einsum("pr,prk->pk", basic_cost, self.inverse)], axis=1)
        first, second = _price(prices, self.shared), prices @ self.own
        sign = np.where(below, -1.0, 1.0)[:, None]
        slope, reduced = np.empty((2, len(row), count + second.shape[2]))
        np.multiply(first[:, 0], sign, out=slope[:, :count])
        np.multiply(second[:, 0], sign, out=slope[:, count:])
        np.negative(first[:, 1], out=reduced[:, :count])
        np.subtract(self.costs, second[:, 1], out=reduced[:, count:])
        np.maximum(reduced, 0.0, out=reduced)
        slope[:, count + np.flatnonzero(self.programs.kinds == FIXED)] = 0.0
        slope[line[:, None], self.basis] = 0.0
        bound = np.full_like(slope, np.inf)
        np.divide(reduced + _FEASIBLE, slope, out=bound, where=slope > _PIVOT)
        least = bound.min(axis=1)
        near = reduced <= np.where(np.isfinite(least), least, 0.0)[:, None] * slope
        return np.where(near, slope, 0.0).argmax(axis=1), ~np.isfinite(least)

    def pivot(self, row: IntArray, entering: IntArray) -> None:
        """Exchange the variables and update the inverses."""
        line = np.arange(len(row))
        count = self.programs.columns.shape[2]
        from_technology = (
            self.shared.T[np.minimum(entering, count - 1)]
            if self.shared.ndim == 2  # noqa: PLR2004 - one technology: a matrix
            else self.shared[line, :, np.minimum(entering, count - 1)]
        )
        own = self.own[line, :, np.maximum(entering - count, 0)]
        column = np.where((entering < count)[:, None], from_technology, own)
        step = np.einsum("prk,pk->pr", self.inverse, column)
        pivot = step[line, row]
        line_of_row = self.inverse[line, row] / pivot[:, None]
        value = self.values[line, row] / pivot
        step[line, row] = 0.0
        self.inverse -= step[:, :, None] * line_of_row[:, None, :]
        self.values -= step * value[:, None]
        self.inverse[line, row], self.values[line, row] = line_of_row, value
        self.basis[line, row] = entering


def _price(prices: FloatArray, shared: FloatArray) -> FloatArray:
    """Return prices times the columns of the technology of each program."""
    if shared.ndim == 2:  # noqa: PLR2004 - one technology: a matrix
        count, two, rows = prices.shape
        return (prices.reshape(count * two, rows) @ shared).reshape(count, two, -1)
    return prices @ shared


def _matrix(programs: Programs, at: IntArray, basis: IntArray) -> FloatArray:
    """Return the basis matrices, ``(programs, rows, rows)``."""
    count = programs.columns.shape[2]
    shared = programs.columns[programs.which[at][:, None], :, np.minimum(basis, count - 1)]
    own = programs.own[at[:, None], :, np.maximum(basis - count, 0)]
    return np.where((basis < count)[:, :, None], shared, own).transpose(0, 2, 1)


def _verify(programs: Programs, at: IntArray, basis: IntArray) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray]:
    """Solve the last bases from the data; return which are primal and dual feasible, values, own columns, duals."""
    count, number = programs.columns.shape[2], programs.own.shape[2]
    line = np.arange(len(at))
    matrix = _matrix(programs, at, basis)
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        nothing = np.full(len(at), np.nan)
        blank = np.full((len(at), number), np.nan)
        return np.zeros(len(at), dtype=np.bool_), nothing, blank, np.full(basis.shape, np.nan)
    right = programs.right[at]
    values = np.einsum("prk,pk->pr", inverse, right)
    values += np.einsum("prk,pk->pr", inverse, right - np.einsum("prk,pk->pr", matrix, values))
    here = np.maximum(basis - count, 0)
    kind = np.where(basis < count, POSITIVE, programs.kinds[here])
    cost = np.where(basis < count, 0.0, programs.costs[at][line[:, None], here])
    duals = np.einsum("pr,prk->pk", cost, inverse)
    wrong = np.where(kind == FIXED, np.abs(values), np.where(kind == POSITIVE, -values, 0.0)).max(axis=1)
    one = programs.columns.shape[0] == 1
    shared = programs.columns[0] if one else programs.columns[programs.which[at]]
    gain = _price(duals[:, None, :], shared)[:, 0].max(axis=1)
    other = np.einsum("pr,pre->pe", duals, programs.own[at]) - programs.costs[at]
    gain = np.maximum(gain, np.where(programs.kinds == FIXED, -np.inf, other).max(axis=1))
    own = np.zeros((len(at), number + 1))
    own[line[:, None], np.where(basis < count, number, here)] = values
    own = own[:, :number]
    good = (
        np.isfinite(values).all(axis=1) & (wrong <= _ACCEPTED) & (gain <= _ACCEPTED * (1 + np.abs(duals).max(axis=1)))
    )
    return good, (own * programs.costs[at]).sum(axis=1), own, duals
