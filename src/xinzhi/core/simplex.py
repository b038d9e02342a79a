"""THE batch simplex: thousands of linear programs of few rows, which move in step.

The programs share the columns of one or of several technologies. Every step of the dual simplex (price, ratio test,
pivot) is one array operation over all that are still open. Nothing is taken on trust: at the end each basis is factored
afresh from the data, and a program counts as solved only when its values meet the rows and its prices support every
column, both to `CERTIFICATE`; as infeasible only when a ray proves it. `resolve_failures` gives the rest to HiGHS,
whose verdicts have to pass the same proofs; what does not pass is FAILED.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.programs import Program

OPTIMAL, INFEASIBLE, UNBOUNDED, FAILED, _CLAIMED = range(5)
STATUSES = ("optimal", "infeasible", "unbounded", "failed")
CERTIFICATE = 1e-10
_GAP = 1e-9
_TOLERANCE = 1e-11
_SMALL_PIVOT, _SPARE, _STEPS = 1e-9, 1e-13, 400
# Below this (the mean of a row is one) a number counts as zero while pivoting; the certificate looks closer.
_FLOOR = 1e-5
# A basis of a worse condition leaves no digit worth certifying.
_CONDITION = 1e13
# What the last digits of double numbers can add up to, relative to the numbers added.
_ROUNDING = 1e-14
# By how much, relative to its parts, a target must miss what is possible to be called impossible.
_PROOF, _SHORT = 1e-9, 1e-6
# Programs that pivot together, and the numbers of one matrix product, which should stay in the processor's cache.
_TOGETHER, _PRODUCT = 2048, 120_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Programs of one shape: maximise ``worth @ m + costs @ s`` where ``columns @ w - m @ ways - s = target``.

    The weights w and the slacks s are not negative, s is zero in the rows of `equal`, and the moves m have any sign
    when they are `free`. Rows should be scaled so that the mean of a row over the columns is near one.
    """

    columns: FloatArray  # (technologies, rows, k)
    equal: BoolArray  # (rows,)
    target: FloatArray  # (n, rows)
    ways: FloatArray  # (n, moves, rows)
    worth: FloatArray  # (n, moves)
    costs: FloatArray  # (n, rows), what a slack counts; zero where `equal`
    free: bool = True
    which: IntArray | None = None  # (n,), the technology of each program; None when there is one
    owner: IntArray | None = None  # (k,), whose column it is, and
    barred: IntArray | None = None  # (n,), whose columns a program may not use (-1: none)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Numbers of columns, rows and moves; codes count columns first, then slacks, then moves."""
        return self.columns.shape[2], self.columns.shape[1], self.ways.shape[1]

    def take(self, units: IntArray) -> Batch:
        """Return some of the programs."""
        names = ("target", "ways", "worth", "costs", "which", "barred")
        parts: dict[str, Any] = {name: getattr(self, name) for name in names}
        subset: dict[str, Any] = {name: part if part is None else part[units] for name, part in parts.items()}
        return replace(self, **subset)

    def size(self, units: IntArray, floor: float) -> FloatArray:
        """Return how large each row of some programs is: feasibility is relative to the program's own size."""
        size = np.maximum(np.abs(self.target[units]), floor)
        for move in range(self.ways.shape[1]):
            np.maximum(size, np.abs(self.ways[units, move]), out=size)
        return size

    def table(self) -> FloatArray:
        """Return the coefficients of columns and slacks, `(technologies, k + rows, rows)`."""
        rows = self.sizes[1]
        slacks = np.broadcast_to(-np.eye(rows), (len(self.columns), rows, rows))
        return np.concatenate([self.columns.transpose(0, 2, 1), slacks], axis=1)

    def coefficients(self, table: FloatArray, units: IntArray, codes: IntArray) -> FloatArray:
        """Return the coefficients of the variables that are basic in some programs, `(n, codes, rows)`."""
        k, rows, _ = self.sizes
        position = np.minimum(codes, k + rows - 1)
        coefficients = table[0][position] if self.which is None else table[self.which[units][:, None], position]
        if self.free and codes.shape[1] == 1:  # a free move never enters a basis
            return coefficients
        at, place = np.nonzero(codes >= k + rows)
        coefficients[at, place] = -self.ways[units[at], codes[at, place] - k - rows]
        return coefficients

    def values(self, units: IntArray, codes: IntArray) -> FloatArray:
        """Return what one unit of each variable counts in the objective, `(n, codes)`."""
        k, rows, moves = self.sizes
        worth = np.zeros(codes.shape)
        for counted, first, last in ((self.costs, k, k + rows), (self.worth, k + rows, k + rows + moves)):
            at, place = np.nonzero((codes >= first) & (codes < last))
            worth[at, place] = counted[units[at], codes[at, place] - first]
        return worth

    def price(self, units: IntArray, prices: FloatArray, barred: float) -> FloatArray:
        """Return prices times the columns, `(n, k)` or `(n, some, k)`; `barred` where a program may not use one."""
        if self.which is None:
            values = prices @ self.columns[0]
        elif prices.ndim == 2:  # noqa: PLR2004 - one row of prices for each program
            values = np.matmul(prices[:, None], self.columns[self.which[units]])[:, 0]
        else:
            values = np.matmul(prices, self.columns[self.which[units]])
        if self.barred is not None and self.owner is not None:
            excluded = np.where(self.barred[units] < 0, -2, self.barred[units])
            values[self.owner[None, :] == excluded[:, None]] = barred
        return np.asarray(values)


@dataclass(slots=True)
class Answers:
    """What is known of each program of a batch."""

    codes: IntArray  # (n, rows), the variables of the last basis; -1 where there was none
    value: FloatArray  # (n, rows), what they are
    prices: FloatArray  # (n, rows), by how much the objective falls when the target of a row rises by one
    ray: FloatArray  # (n, rows), the proof where a program is infeasible
    status: IntArray  # (n,): OPTIMAL, INFEASIBLE, UNBOUNDED or FAILED

    @classmethod
    def blank(cls, n: int, rows: int) -> Answers:
        """Return the answers of programs of which nothing is known."""
        value, prices, ray = np.zeros((3, n, rows))
        return cls(np.full((n, rows), -1), value, prices, ray, np.full(n, FAILED))

    def put(self, units: IntArray, answers: Answers) -> None:
        """Take over what is known of some programs."""
        for name in ("codes", "value", "prices", "ray", "status"):
            getattr(self, name)[units] = getattr(answers, name)

    def objective(self, batch: Batch) -> FloatArray:
        """Return the objectives, NaN unless optimal."""
        return np.where(self.status == OPTIMAL, 0.0 - np.einsum("nj,nj->n", self.prices, batch.target), np.nan)

    def moves(self, batch: Batch) -> FloatArray:
        """Return the moves, `(n, moves)`."""
        k, rows, moves = batch.sizes
        amounts = np.zeros((len(self.codes), moves))
        at, place = np.nonzero(self.codes >= k + rows)
        amounts[at, self.codes[at, place] - k - rows] = self.value[at, place]
        return amounts


def radial_batch(columns: FloatArray, equal: BoolArray, target: FloatArray, gain: FloatArray, **more: Any) -> Batch:  # noqa: ANN401 - fields of the batch
    """Return programs that go as far as they can along one way each."""
    return Batch(columns, equal, target, gain[:, None], np.ones((len(target), 1)), np.zeros(target.shape), **more)


def solve_batch(batch: Batch, codes: IntArray) -> Answers:
    """Solve programs from bases whose prices support the columns; a basis of -1 is no start, and FAILED says so."""
    n, rows = codes.shape
    answers, table = Answers.blank(n, rows), batch.table()
    # A basis may be of any condition while it pivots; what comes out is certified from the data.
    with np.errstate(all="ignore"):
        for start in range(0, n, _TOGETHER):
            units = np.arange(start, min(start + _TOGETHER, n))
            units = units[codes[units, 0] >= 0]
            _walk(batch, table, units, codes[units], answers)
            _certify(batch, table, units[answers.status[units] == _CLAIMED], answers)
    return answers


def prices_of(batch: Batch, codes: IntArray) -> FloatArray:
    """Return the prices of bases, zero where a basis has no usable inverse."""
    units = np.arange(len(codes))
    with np.errstate(all="ignore"):
        inverse, good = _inverses(batch, units, batch.coefficients(batch.table(), units, codes))
        return np.where(good[:, None], -np.einsum("ni,nij->nj", batch.values(units, codes), inverse), 0.0)


def _walk(  # noqa: PLR0915 - one loop, told in one piece
    batch: Batch, table: FloatArray, units: IntArray, codes: IntArray, answers: Answers
) -> None:
    """Pivot some programs together until each claims to be optimal, is infeasible or is out of steps."""
    k, rows, _ = batch.sizes
    basis = batch.coefficients(table, units, codes)
    inverse, good = _inverses(batch, units, basis)
    units, codes, basis, inverse = units[good], codes[good], basis[good], inverse[good]
    value = np.einsum("nij,nj->ni", inverse, batch.target[units])
    # By place in the basis: whether a variable must be zero, by how much it may miss its bound, what it counts.
    fixed_of = np.concatenate([np.zeros(k, bool), batch.equal, np.zeros(batch.sizes[2], bool)])
    size, fixed, worth = batch.size(units, _FLOOR), fixed_of[codes], batch.values(units, codes)
    slack = (codes >= k) & (codes < k + rows)
    limit = np.where(slack, np.take_along_axis(size, np.clip(codes - k, 0, rows - 1), axis=1), 1.0) * _TOLERANCE
    limit[(codes >= k + rows) & batch.free] = np.inf
    costless = batch.free and not batch.costs.any()  # no variable that enters counts in the objective
    for turn in range(_STEPS):
        excess = np.where(fixed, np.abs(value), -value)
        excess[excess <= limit] = 0.0
        # The steepest edge: infeasibility against the length of the row of the inverse.
        leaving = (excess**2 / np.einsum("nij,nij->ni", inverse, inverse)).argmax(axis=1)
        index = np.arange(len(units))
        open_ = excess[index, leaving] > 0
        if not open_.all():
            done = ~open_
            if turn == 0:  # nothing has moved yet: the inverse is fresh from the data
                _accept(batch, units[done], codes[done], (basis[done], inverse[done]), answers)
            else:
                answers.codes[units[done]], answers.status[units[done]] = codes[done], _CLAIMED
            arrays: list[Any] = [units, codes, leaving, inverse, value, size, fixed, limit, worth]
            units, codes, leaving, inverse, value, size, fixed, limit, worth = (part[open_] for part in arrays)
            index = index[: len(units)]
        if not len(units):
            return
        ray = np.where(value[index, leaving] > 0, -1.0, 1.0)[:, None] * inverse[index, leaving]
        prices = -np.einsum("ni,nij->nj", worth, inverse)
        entering, enters = _entering(batch, units, prices, ray)
        if not enters.all():
            lost = ~enters
            impossible = _impossible(batch, units[lost], ray[lost])
            answers.codes[units[lost]], answers.ray[units[lost]] = codes[lost], ray[lost]
            answers.status[units[lost]] = np.where(impossible, INFEASIBLE, FAILED)
            state: list[Any] = [units, codes, leaving, entering, inverse, value, size, fixed, limit, worth]
            units, codes, leaving, entering, inverse, value, size, fixed, limit, worth = (
                part[enters] for part in state
            )
            index = index[: len(units)]
        column = entering[:, None]
        move = np.einsum("nij,nj->ni", inverse, batch.coefficients(table, units, column)[:, 0])
        step = value[index, leaving] / move[index, leaving]
        value -= step[:, None] * move
        value[index, leaving] = step
        row = inverse[index, leaving] / move[index, leaving][:, None]
        inverse -= move[:, :, None] * row[:, None, :]
        inverse[index, leaving] = row
        codes[index, leaving] = entering
        entry_size = size[index, np.clip(entering - k, 0, rows - 1)]
        limit[index, leaving] = np.where((entering >= k) & (entering < k + rows), entry_size, 1.0) * _TOLERANCE
        fixed[index, leaving] = False
        worth[index, leaving] = 0.0 if costless else batch.values(units, column)[:, 0]


def _inverses(batch: Batch, units: IntArray, basis: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the inverse of each basis, and whether its condition leaves digits to certify."""
    # Every row in the unit's own size and every column of length one: what is left is the condition of the facet.
    rows = 1.0 / batch.size(units, _FLOOR)
    matrix = basis.transpose(0, 2, 1) * rows[:, :, None]
    largest = np.abs(matrix)
    columns = 1.0 / np.maximum(reduce(np.maximum, largest.swapaxes(0, 1)), 1e-300)  # ten times as fast as max(axis=1)
    matrix *= columns[:, None, :]
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        inverse = np.full_like(matrix, np.nan)
        for place, square in enumerate(matrix):
            if np.isfinite(square).all() and np.linalg.matrix_rank(square) == len(square):
                inverse[place] = np.linalg.inv(square)
    # After the scaling the largest number of a basis is one, so the size of its inverse is its condition.
    size = np.abs(inverse).max(axis=(1, 2))
    good = np.isfinite(size) & (size < _CONDITION)
    inverse = inverse * columns[:, :, None] * rows[:, None, :]
    return np.where(good[:, None, None], inverse, 0.0), good


def _blocks(batch: Batch, units: IntArray) -> Iterator[slice]:
    """Yield slices of programs whose prices of all columns stay in the processor's cache."""
    step = max(1, _PRODUCT // max(batch.columns.shape[2], 1))
    for start in range(0, len(units), step):
        yield slice(start, min(start + step, len(units)))


def _entering(batch: Batch, units: IntArray, prices: FloatArray, ray: FloatArray) -> tuple[IntArray, BoolArray]:
    """Return the variable that enters each basis, and whether there is one (else the program is infeasible)."""
    k, rows, _ = batch.sizes
    entering, gain = np.zeros(len(units), dtype=np.int64), np.zeros(len(units))
    least = np.full(k, _SPARE)  # numpy compares with a row three times as fast as with a number
    for part in _blocks(batch, units):
        if batch.which is None:
            spare, rate = -prices[part] @ batch.columns[0], -ray[part] @ batch.columns[0]
        else:
            products = batch.price(units[part], -np.stack([prices[part], ray[part]], axis=1), 0.0)
            spare, rate = products[:, 0], products[:, 1]
        np.maximum(spare, least, out=spare)
        rate -= _SMALL_PIVOT
        rate /= spare
        if batch.barred is not None and batch.owner is not None:
            excluded = np.where(batch.barred[units[part]] < 0, -2, batch.barred[units[part]])
            rate[batch.owner[None, :] == excluded[:, None]] = -np.inf
        entering[part] = rate.argmax(axis=1)
        gain[part] = rate[np.arange(len(rate)), entering[part]]
    # A variable that is basic has no rate beyond rounding; free moves are always basic.
    alternatives = [(np.where(batch.equal, -np.inf, ray), prices - batch.costs[units], k)]
    if not batch.free:
        ways = batch.ways[units]
        slope, spare = np.einsum("nmj,nj->nm", ways, ray), np.einsum("nmj,nj->nm", ways, prices) - batch.worth[units]
        alternatives.append((slope, spare, k + rows))
    for slope, spare, first in alternatives:
        rate = (slope - _SMALL_PIVOT) / np.maximum(spare, _SPARE)
        best = rate.argmax(axis=1)
        rate = rate[np.arange(len(units)), best]
        entering = np.where(rate > gain, first + best, entering)
        gain = np.maximum(rate, gain)
    return entering, gain > 0


def _certify(batch: Batch, table: FloatArray, units: IntArray, answers: Answers) -> None:
    """Factor the bases of some programs afresh, and accept those that pass."""
    if len(units):
        codes = answers.codes[units]
        basis = batch.coefficients(table, units, codes)
        inverse, good = _inverses(batch, units, basis)
        _accept(batch, units, codes, (basis, inverse), answers)
        answers.status[units[~good]] = FAILED


def _accept(
    batch: Batch, units: IntArray, codes: IntArray, factored: tuple[FloatArray, FloatArray], answers: Answers
) -> None:
    """Hold the solutions of bases against the data: OPTIMAL with a certificate, FAILED without."""
    basis, inverse = factored
    value = np.einsum("nij,nj->ni", inverse, batch.target[units])
    # One step of refinement: what rounding left of the rows is solved away.
    value += np.einsum("nij,nj->ni", inverse, batch.target[units] - np.einsum("nij,ni->nj", basis, value))
    worth = batch.values(units, codes)
    prices = -np.einsum("ni,nij->nj", worth, inverse)
    # What the values make and what the prices allow are one number; a spread of the data can eat its digits.
    objective, allowed = np.einsum("ni,ni->n", worth, value), -np.einsum("nj,nj->n", prices, batch.target[units])
    dearest = np.maximum(1.0, batch.costs[units].max(axis=1))
    good = np.abs(objective - allowed) <= _GAP * (dearest + np.abs(objective))
    good &= _feasible(batch, units, codes, value, basis) & _proves_optimal(batch, units, prices)
    answers.codes[units], answers.value[units], answers.prices[units] = codes, value, prices
    answers.status[units] = np.where(good, OPTIMAL, FAILED)


def _feasible(batch: Batch, units: IntArray, codes: IntArray, value: FloatArray, basis: FloatArray) -> BoolArray:
    """Return whether the basic variables, cut at their bounds, meet every row to `CERTIFICATE` of its size."""
    k, rows, _ = batch.sizes
    fixed = (codes >= k) & (codes < k + rows) & batch.equal[np.clip(codes - k, 0, rows - 1)]
    free = (codes >= k + rows) & batch.free
    cut = np.where(fixed, 0.0, np.where(free, value, np.maximum(value, 0.0)))
    residual = np.abs(batch.target[units] - np.einsum("nij,ni->nj", basis, cut))
    rounding = _ROUNDING * np.einsum("nij,ni->nj", np.abs(basis), np.abs(cut))
    size = batch.size(units, 0.0)
    size[size == 0] = 1e-3  # what a unit does not have at all is held against the mean of the row, one
    return np.asarray((residual <= CERTIFICATE * size + rounding).all(axis=1))


def _proves_optimal(batch: Batch, units: IntArray, prices: FloatArray) -> BoolArray:
    """Return whether prices bound every column, slack and move, to `CERTIFICATE` or to rounding."""
    # Where slacks count very differently the dearest row sets how well the price of the cheapest can be known.
    size = np.abs(prices)
    least = batch.costs[units] - CERTIFICATE * (1 + size) - _ROUNDING * size.max(axis=1, keepdims=True)
    good = np.array((batch.equal | (prices >= least)).all(axis=1))
    if not batch.free:
        ways = batch.ways[units]
        short = batch.worth[units] - np.einsum("nmj,nj->nm", ways, prices)
        good &= (short <= CERTIFICATE + _ROUNDING * np.einsum("nmj,nj->nm", np.abs(ways), size)).all(axis=1)
    for part in _blocks(batch, units):
        over = batch.price(units[part], prices[part], -np.inf)
        fails = np.flatnonzero(~(over.max(axis=1) <= CERTIFICATE))
        if len(fails):  # a second look at few: prices and columns may both be large and cancel
            doubtful = units[part][fails]
            shared = np.abs(batch.columns[0] if batch.which is None else batch.columns[batch.which[doubtful]])
            rounding = _ROUNDING * np.matmul(size[part][fails][:, None], shared)[:, 0]
            fails = fails[~(over[fails] <= CERTIFICATE + rounding).all(axis=1)]
        good[part.start + fails] = False
    return good


def _impossible(batch: Batch, units: IntArray, rays: FloatArray) -> BoolArray:
    """Return where a ray proves that no weights meet the rows: nothing is worth less than zero, the target is."""
    proof = np.zeros(len(units), dtype=bool)
    for part in _blocks(batch, units):
        programs, ray = units[part], rays[part]
        target = batch.target[programs]
        value, size = np.einsum("nj,nj->n", ray, target), np.abs(ray * target).sum(axis=1)
        good = (value < -_PROOF * size) & (batch.price(programs, ray, np.inf).min(axis=1) >= 1e-6 * value)
        good &= np.where(batch.equal, 0.0, ray * batch.size(programs, _FLOOR)).max(axis=1) <= -1e-6 * value
        products = np.einsum("nmj,nj->nm", batch.ways[programs], ray)
        products = np.abs(products) if batch.free else products
        proof[part] = good & (products <= -1e-6 * value[:, None]).all(axis=1)
    return proof


def resolve_failures(batch: Batch, answers: Answers) -> int:
    """Give every program that failed to HiGHS, alone and in its own scale; return how many there were."""
    failed = np.flatnonzero(answers.status == FAILED)
    if not len(failed):
        return 0
    failures = batch.take(failed)
    solutions = Answers.blank(len(failed), batch.sizes[1])
    for unit in range(len(failed)):
        _solve_with_highs(failures, unit, solutions)
    with np.errstate(all="ignore"):
        claimed = np.flatnonzero(solutions.status == INFEASIBLE)
        solutions.status[claimed[~_impossible(failures, claimed, solutions.ray[claimed])]] = FAILED
        _certify(failures, batch.table(), np.flatnonzero(solutions.status == _CLAIMED), solutions)
    answers.put(failed, solutions)
    return len(failed)


def _solve_with_highs(batch: Batch, unit: int, answers: Answers) -> None:
    """Write down what HiGHS says of one program: a basis, a ray, or that it is unbounded."""
    k, rows, moves = batch.sizes
    scale = batch.size(np.array([unit]), 0.0)[0]
    rescale = 1.0 / np.where(scale > 0, scale, 1.0)
    usable = np.arange(k)
    if batch.barred is not None and batch.owner is not None and batch.barred[unit] >= 0:
        usable = np.flatnonzero(batch.owner != batch.barred[unit])
    columns = batch.columns[0 if batch.which is None else batch.which[unit]][:, usable] * rescale[:, None]
    length = np.maximum(np.abs(columns).max(axis=0, initial=0.0), 1e-300)
    ways, target, costs = batch.ways[unit] * rescale, batch.target[unit] * rescale, batch.costs[unit] / rescale
    matrix = np.hstack([columns / length, -ways.T])
    counted = np.append(costs @ columns / length, batch.worth[unit] - ways @ costs)
    bound = np.append(np.full(len(usable), np.inf), np.full(moves, np.inf))
    program = Program(
        matrix,
        costs=counted,
        row_lower=target,
        row_upper=np.where(batch.equal, target, np.inf),
        column_lower=np.append(np.zeros(len(usable)), np.full(moves, -np.inf if batch.free else 0.0)),
        column_upper=bound,
        maximise=True,
    )
    status = program.solve().status
    if status == "optimal":
        basic, slack = program.basis()
        if len(basic) + len(slack) == rows:
            number = np.append(usable, k + rows + np.arange(moves))
            answers.codes[unit], answers.status[unit] = np.append(number[basic], k + slack), _CLAIMED
    elif status == "infeasible":
        # The least that has to be added to the rows; its prices are the ray that proves that something must be.
        program.set_costs(0.0)
        program.add_columns(np.hstack([np.eye(rows), -np.eye(rows)]), costs=-1.0, upper=np.append(bound[:0], np.inf))
        program.set_column_bounds(0.0, np.where(batch.equal, np.inf, 0.0), len(bound) + rows + np.arange(rows))
        answers.ray[unit], answers.status[unit] = program.solve().dual * rescale, INFEASIBLE
    elif status == "unbounded" and _endless(program, (len(usable), moves), matrix, batch.equal, free=batch.free):
        answers.status[unit] = UNBOUNDED


def _endless(program: Program, sizes: tuple[int, int], matrix: FloatArray, equal: BoolArray, *, free: bool) -> bool:
    """Return whether some direction that costs nothing, down to the last digit, is worth something."""
    k, moves = sizes
    program.set_row_bounds(0.0, np.where(equal, 0.0, np.inf))
    program.set_column_bounds(np.append(np.zeros(k), np.full(moves, -1.0 if free else 0.0)), 1.0)
    solution = program.solve()
    if solution.status != "optimal" or solution.objective <= _PROOF:
        return False
    # A weight that the solver's tolerance let fall below zero would cancel the inputs of another.
    lowest = np.append(np.zeros(k), np.full(moves, -np.inf if free else 0.0))
    direction = np.maximum(np.where(np.abs(solution.primal) > _PROOF, solution.primal, 0.0), lowest)
    direction[k:] *= 1 - _SHORT  # what is short of the limit cannot owe its feasibility to a tolerance
    activity = matrix @ direction
    return bool(
        np.where(equal, activity == 0, activity >= 0).all()
        and direction[k:].any() | (direction[:k].any() and not moves)
    )
