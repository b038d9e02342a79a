"""The programme of `directional.py` for thousands of units at once: a dual simplex that walks from facet to facet.

A supporting hyperplane of the technology bounds every unit; the facet of a unit is the one on which that bound is met
with weights that are not negative. So each facet that is found is a start for all units still open: they begin at the
known facet with the lowest bound, and pivot together, one matrix product a step, until each stands on its own. The
programmes have a row for each good and few rows in all, so a dense inverse for each is small.

Nothing is taken on trust. At the end every basis is factored afresh from the data, and a unit counts as solved only
when its weights are feasible and its prices support every column, both to `CERTIFICATE`; what fails goes to HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

CERTIFICATE = 1e-10
_TOLERANCE = 1e-11
_SMALL_PIVOT = 1e-9
_STEPS = 400
# Below this (the mean of a good is one) a good counts as nought while pivoting; the certificate looks closer.
_FLOOR = 1e-5
# A basis of a worse condition leaves no digit worth certifying.
_CONDITION = 1e13
# What the last digits of double numbers can add up to, relative to the numbers added.
_ROUNDING = 1e-14
# By how much, relative to its parts, a target must miss what is possible to be called impossible.
_PROOF = 1e-9
# Units that pivot together, and the numbers of one matrix product, which should stay in the processor's cache.
_TOGETHER = 1024
_PRODUCT = 120_000


@dataclass(slots=True)
class Stack:
    """Programmes that share their columns.

    Parameters
    ----------
    columns
        `(rows, k)`.
    equal
        `(rows,)`, rows without slack.
    target, gain, costs
        `(n, rows)` each; `gain` is None when nothing but slack is maximised.
    without
        `(n,)`, owners of the columns a unit may not use, or None; -1 for none.
    owner
        `(k,)`, to which unit a column belongs.
    """

    columns: FloatArray
    equal: BoolArray
    target: FloatArray
    gain: FloatArray | None
    costs: FloatArray
    without: IntArray | None
    owner: IntArray

    def variable(self, units: IntArray, codes: IntArray, table: FloatArray) -> FloatArray:
        """Return the coefficients of variables: a column, the slack of a row, or (last) the distance itself."""
        rows, k = self.columns.shape
        wanted = table[np.minimum(codes, k + rows - 1)]
        if self.gain is not None:
            distance = codes == k + rows
            wanted[distance] = -np.broadcast_to(self.gain[units][:, None, :], wanted.shape)[distance]
        return np.asarray(wanted)


@dataclass(slots=True)
class Bases:
    """The last basis of each programme.

    Parameters
    ----------
    codes
        `(n, rows)`, the basic variables: below k a column, below k + rows a slack, k + rows the distance.
    state
        `(n,)`: 1 optimal, -1 infeasible, 0 not finished.
    ray
        `(n, rows)`, of an infeasible programme the prices that prove it.
    steps
        Pivots that were made.
    """

    codes: IntArray
    state: IntArray
    ray: FloatArray
    steps: int


def pivot(stack: Stack, codes: IntArray) -> Bases:
    """Walk from dual feasible bases to the optimum of every programme.

    Parameters
    ----------
    stack
        The programmes.
    codes
        `(n, rows)`, a basis of each whose prices support all columns; a row of -1 where none is known.
    """
    n, rows = codes.shape
    bases = Bases(codes.copy(), np.zeros(n, dtype=np.int64), np.zeros((n, rows)), 0)
    for start in range(0, n, _TOGETHER):
        units = np.arange(start, min(start + _TOGETHER, n))
        _pivot_block(stack, units[codes[units, 0] >= 0], bases)
    return bases


def _pivot_block(stack: Stack, units: IntArray, bases: Bases) -> None:
    rows = stack.columns.shape[0]
    table = np.vstack([stack.columns.T, -np.eye(rows)])
    codes = bases.codes[units]
    inverse, good = _inverses(stack, units, codes, table)
    units, codes, inverse = units[good], codes[good], inverse[good]
    value = np.einsum("nij,nj->ni", inverse, stack.target[units])
    size = _sizes(stack, units, _FLOOR)
    for _ in range(_STEPS):
        if units.size == 0:
            return
        excess = _excess(stack, codes, value, size)
        leaving = (excess**2 / np.einsum("nij,nij->ni", inverse, inverse)).argmax(axis=1)
        here = np.arange(units.size)
        bad = excess[here, leaving]
        open_ = bad > 0
        if not open_.all():
            bases.codes[units[~open_]], bases.state[units[~open_]] = codes[~open_], 1
            units, codes, leaving = units[open_], codes[open_], leaving[open_]
            inverse, value, size = inverse[open_], value[open_], size[open_]
            here = here[: units.size]
            if units.size == 0:
                return
        down = value[here, leaving] > 0
        ray = np.where(down, -1.0, 1.0)[:, None] * inverse[here, leaving]
        prices = _prices(stack, units, codes, inverse)
        entering, found = _entering(stack, units, prices, ray)
        if not found.all():
            lost = ~found
            bases.codes[units[lost]], bases.state[units[lost]], bases.ray[units[lost]] = codes[lost], -1, ray[lost]
            units, codes, leaving, entering = units[found], codes[found], leaving[found], entering[found]
            inverse, value, size = inverse[found], value[found], size[found]
            here = here[: units.size]
        bases.steps += units.size
        move = np.einsum("nij,nj->ni", inverse, table[entering])
        step = value[here, leaving] / move[here, leaving]
        value -= step[:, None] * move
        value[here, leaving] = step
        pivot_row = inverse[here, leaving] / move[here, leaving][:, None]
        inverse -= move[:, :, None] * pivot_row[:, None, :]
        inverse[here, leaving] = pivot_row
        codes[here, leaving] = entering


def _inverses(stack: Stack, units: IntArray, codes: IntArray, table: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the inverse of each basis, and whether it has one worth the name."""
    whole = stack.variable(units, codes, table).transpose(0, 2, 1)
    # Every row in the unit's own size and every column of length one: what is left is the condition of the facet.
    rows = 1.0 / _sizes(stack, units, _FLOOR)
    matrix = whole * rows[:, :, None]
    columns = 1.0 / np.maximum(np.abs(matrix).max(axis=1), 1e-300)
    matrix *= columns[:, None, :]
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        inverse = np.full_like(matrix, np.nan)
        for place, one in enumerate(matrix):
            if np.linalg.matrix_rank(one) == one.shape[0]:
                inverse[place] = np.linalg.inv(one)
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(inverse).max(axis=(1, 2)) * np.abs(matrix).max(axis=(1, 2))
    good = np.isfinite(size) & (size < _CONDITION)
    inverse = inverse * columns[:, :, None] * rows[:, None, :]
    return np.where(good[:, None, None], inverse, 0.0), good


def _sizes(stack: Stack, units: IntArray, floor: float) -> FloatArray:
    """Return how large each row of each programme is: feasibility is relative to the unit's own size."""
    size = np.maximum(np.abs(stack.target[units]), floor)
    return np.asarray(size if stack.gain is None else np.maximum(size, np.abs(stack.gain[units])))


def _excess(stack: Stack, codes: IntArray, value: FloatArray, size: FloatArray) -> FloatArray:
    """Return by how much each basic variable misses its bound; nought within the tolerance."""
    rows, k = stack.columns.shape
    logical = np.clip(codes - k, 0, rows - 1)
    is_logical = (codes >= k) & (codes < k + rows)
    fixed = is_logical & stack.equal[logical]
    miss = np.where(fixed, np.abs(value), -value)
    miss[codes == k + rows] = 0.0
    limit = np.where(is_logical, np.take_along_axis(size, logical, axis=1), 1.0) * _TOLERANCE
    return np.asarray(np.where(miss > limit, miss, 0.0))


def _prices(stack: Stack, units: IntArray, codes: IntArray, inverse: FloatArray) -> FloatArray:
    """Return what a basis says the goods are worth: `prices @ column <= 0` for every column when it supports them."""
    rows, k = stack.columns.shape
    worth = np.where(codes == k + rows, 1.0, 0.0)
    if stack.costs.any():
        logical = np.clip(codes - k, 0, rows - 1)
        worth += np.where(
            (codes >= k) & (codes < k + rows), np.take_along_axis(stack.costs[units], logical, axis=1), 0.0
        )
    return np.asarray(-np.einsum("ni,nij->nj", worth, inverse))


def _entering(stack: Stack, units: IntArray, prices: FloatArray, ray: FloatArray) -> tuple[IntArray, BoolArray]:
    """Return the variable that enters each basis, and whether there is one (else the programme is infeasible)."""
    k = stack.columns.shape[1]
    n = units.size
    best, gain = np.zeros(n, dtype=np.int64), np.zeros(n)
    step = max(1, _PRODUCT // max(k, 1))
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        spare = -prices[part] @ stack.columns
        np.maximum(spare, 1e-13, out=spare)
        rate = -ray[part] @ stack.columns
        rate -= _SMALL_PIVOT
        rate /= spare
        if stack.without is not None:
            rate[stack.owner[None, :] == np.where(stack.without < 0, -2, stack.without)[units[part], None]] = -np.inf
        best[part] = rate.argmax(axis=1)
        gain[part] = rate[np.arange(rate.shape[0]), best[part]]
    spare = np.maximum(prices - stack.costs[units], 1e-13)
    rate = np.where(stack.equal, -np.inf, (ray - _SMALL_PIVOT) / spare)
    slack = rate.argmax(axis=1)
    rate = rate[np.arange(n), slack]
    # Distances never leave a basis, and a slack that is basic has no rate beyond rounding.
    entering = np.where(rate > gain, k + slack, best)
    return entering, np.maximum(rate, gain) > 0


def facet_prices(columns: FloatArray, equal: BoolArray, facets: IntArray) -> FloatArray:
    """Return the prices of facets, normalised to a step of one in every good that may be disposed of; else nought.

    Parameters
    ----------
    columns, equal
        Of the technology, as in `Stack`.
    facets
        `(facets, rows)`, codes of their bases.
    """
    rows, k = columns.shape
    n = facets.shape[0]
    gain = np.tile(np.where(equal, 0.0, 1.0), (n, 1))
    stack = Stack(columns, equal, gain, gain, np.zeros((n, rows)), None, np.arange(k))
    every = np.arange(n)
    inverse, good = _inverses(stack, every, facets, np.vstack([columns.T, -np.eye(rows)]))
    return np.where(good[:, None], _prices(stack, every, facets, inverse), 0.0)


@dataclass(slots=True)
class Optima:
    """Certified solutions: basic variables, their values, and prices.

    Parameters
    ----------
    codes, value
        `(n, rows)`, basic variables and what they are at the optimum.
    prices
        `(n, rows)`.
    certified
        `(n,)`.
    """

    codes: IntArray
    value: FloatArray
    prices: FloatArray
    certified: BoolArray


def certify(stack: Stack, bases: Bases) -> Optima:
    """Factor every optimal basis afresh and check it against the data; check every proof that there is none."""
    bases.state[(bases.state == -1) & ~_impossible(stack, bases)] = 0
    n, rows = bases.codes.shape
    optima = Optima(bases.codes, np.zeros((n, rows)), np.zeros((n, rows)), np.zeros(n, dtype=bool))
    table = np.vstack([stack.columns.T, -np.eye(rows)])
    solved = np.flatnonzero(bases.state == 1)
    for start in range(0, solved.size, _TOGETHER):
        units = solved[start : start + _TOGETHER]
        inverse, good = _inverses(stack, units, bases.codes[units], table)
        value = np.einsum("nij,nj->ni", inverse, stack.target[units])
        prices = _prices(stack, units, bases.codes[units], inverse)
        # One step of refinement: what rounding left of the rows is solved away.
        matrix = stack.variable(units, bases.codes[units], table)
        value += np.einsum("nij,nj->ni", inverse, stack.target[units] - np.einsum("nij,ni->nj", matrix, value))
        good &= _feasible(stack, units, bases.codes[units], value, matrix)
        good &= _supported(stack, units, prices)
        optima.value[units], optima.prices[units], optima.certified[units] = value, prices, good
    return optima


def _feasible(stack: Stack, units: IntArray, codes: IntArray, value: FloatArray, matrix: FloatArray) -> BoolArray:
    """Return whether the basic variables, cut at their bounds, meet every row to `CERTIFICATE` of the unit's size."""
    rows, k = stack.columns.shape
    logical = np.clip(codes - k, 0, rows - 1)
    fixed = (codes >= k) & (codes < k + rows) & stack.equal[logical]
    cut = np.where(fixed, 0.0, np.where(codes == k + rows, value, np.maximum(value, 0.0)))
    left = np.abs(stack.target[units] - np.einsum("nij,ni->nj", matrix, cut))
    rounding = _ROUNDING * np.einsum("nij,ni->nj", np.abs(matrix), np.abs(cut))
    size = _sizes(stack, units, 0.0)
    size[size == 0] = 1e-3  # a good that the unit does not have at all is held against the mean of the good, one
    return np.asarray((left <= CERTIFICATE * size + rounding).all(axis=1))


def _impossible(stack: Stack, bases: Bases) -> BoolArray:
    """Return where the ray proves that no weights meet the rows: no column is worth less than nought, the target is."""
    proof = np.zeros(bases.state.size, dtype=bool)
    units = np.flatnonzero(bases.state == -1)
    step = max(1, _PRODUCT // max(stack.columns.shape[1], 1))
    for start in range(0, units.size, step):
        part = units[start : start + step]
        ray, target = bases.ray[part], stack.target[part]
        value, size = np.einsum("nj,nj->n", ray, target), np.abs(ray * target).sum(axis=1)
        worth = ray @ stack.columns
        if stack.without is not None:
            worth[stack.owner[None, :] == np.where(stack.without < 0, -2, stack.without)[part, None]] = np.inf
        good = (value < -_PROOF * size) & (worth.min(axis=1) >= 1e-6 * value)
        good &= np.where(stack.equal, 0.0, ray * _sizes(stack, part, _FLOOR)).max(axis=1) <= -1e-6 * value
        if stack.gain is not None:
            good &= np.abs((ray * stack.gain[part]).sum(axis=1)) <= 1e-6 * -value
        proof[part] = good
    return proof


def _supported(stack: Stack, units: IntArray, prices: FloatArray) -> BoolArray:
    """Return whether the prices of each unit bound every column that it may use, to `CERTIFICATE` or to rounding."""
    # Where slacks count very differently the dearest good sets how well the price of the cheapest can be known.
    size = np.abs(prices)
    least = stack.costs[units] - CERTIFICATE * (1 + size) - _ROUNDING * size.max(axis=1, keepdims=True)
    good = np.array((stack.equal | (prices >= least)).all(axis=1))
    step = max(1, _PRODUCT // max(stack.columns.shape[1], 1))
    for start in range(0, units.size, step):
        part = slice(start, min(start + step, units.size))
        over = prices[part] @ stack.columns
        if stack.without is not None:
            over[stack.owner[None, :] == np.where(stack.without < 0, -2, stack.without)[units[part], None]] = -np.inf
        fails = np.flatnonzero(over.max(axis=1) > CERTIFICATE)
        if fails.size:  # a second look at few: prices and columns may both be large and cancel
            rounding = _ROUNDING * (np.abs(prices[part][fails]) @ np.abs(stack.columns))
            fails = fails[(over[fails] > CERTIFICATE + rounding).any(axis=1)]
        good[start + fails] = False
    return good
