"""Solve every unit: reduce the technology to its frame, walk the facets, certify, fall back on HiGHS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.frontier.directional import Envelopment, blank, envelop_one_by_one
from xinzhi.frontier.facets import Bases, Stack, certify, facet_prices, pivot
from xinzhi.frontier.frame import frame
from xinzhi.frontier.starts import counted_slacks, lowest_bounds, plain_facets

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.frontier.facets import Optima
    from xinzhi.frontier.technology import Technology

# The first units teach the facets that the next start from; then the steps grow.
_FIRST, _GROWTH, _POOL, _SEEDS = 256, 4, 3000, 8
# Reducing to the frame pays when there are this many columns and about as many units to score.
_WORTH_FRAMING = 400


@dataclass(slots=True)
class Prepared:
    """A technology ready to hold points against: its frame, and the facets seen so far.

    Parameters
    ----------
    known
        The technology.
    columns, norm
        Its columns with every ray of length one, and by what each was divided.
    frame
        The columns that span it.
    codes, prices
        Facets that support all of it, as bases over the frame, and their prices; they grow with use.
    count
        Programmes that finding the frame took, until an answer has counted them.
    """

    known: Technology
    columns: FloatArray
    norm: FloatArray
    frame: IntArray
    codes: IntArray
    prices: FloatArray
    count: int


def prepare(known: Technology, units: int) -> Prepared:
    """Return the technology with its frame, when that pays for so many units."""
    ray = known.columns[-1] == 0 if known.points else np.ones(known.columns.shape[1], dtype=bool)
    norm = np.where(ray, np.abs(known.columns).sum(axis=0), 1.0)
    norm[norm == 0] = 1.0
    columns = known.columns / norm
    small = min(units, columns.shape[1]) < _WORTH_FRAMING
    every = np.arange(columns.shape[1])
    chosen, count = (every, 0) if small else frame(columns, known.equal, points=known.points)
    codes = plain_facets(columns[:, chosen], known.equal, points=known.points)
    rows = columns.shape[0]
    prices = facet_prices(columns[:, chosen], known.equal, codes) if codes.size else np.zeros((0, rows))
    return Prepared(known, columns, norm, chosen, codes, prices, count)


def envelop(
    ready: Prepared,
    target: FloatArray,
    gain: FloatArray | None,
    *,
    costs: FloatArray | None = None,
    without: IntArray | None = None,
) -> Envelopment:
    """Solve the programme of each unit; the arguments and the answer are those of `envelop_one_by_one`.

    Every answer is certified: weights that meet the rows and prices that support every column of the technology,
    both to 1e-10. A programme without certificate is solved again by HiGHS against all columns.

    Examples
    --------
    >>> from xinzhi.frontier.technology import netputs, technology
    >>> x, y = np.array([[2.0], [4.0], [4.0]]), np.array([[1.0], [3.0], [1.0]])
    >>> ready = prepare(technology(x, y, rts="vrs"), 3)
    >>> envelop(ready, netputs(x, y, None).T, np.hstack([x, 0 * y])).objective.round(9).tolist()
    [0.0, 0.0, 0.5]
    """
    known = ready.known
    found = blank(target.shape[0], known.columns.shape[0])
    found.count, ready.count = ready.count, 0
    inside = np.zeros(target.shape[0], dtype=bool)
    if without is not None:  # a unit that is not in the frame loses nothing by leaving itself out
        inside = np.isin(without, known.owner[ready.frame]) & (without >= 0)
    for units, chosen in ((np.flatnonzero(~inside), ready.frame), (np.flatnonzero(inside), None)):
        if units.size == 0:
            continue
        every = np.arange(known.columns.shape[1]) if chosen is None else chosen
        stack, size = _stack(known, ready.columns[:, every], target[units], gain, costs, units)
        stack.owner = known.owner[every]
        if gain is not None:
            _seed(ready, stack, target[units], gain[units])
        if chosen is None and without is not None:
            stack.without = without[units]
            bases, optima = _walk(stack, _bar(ready))
        else:
            bases, optima = _walk(stack, ready)
        _collect(found, (units, every, size), stack, bases, optima)
        found.width = max(found.width, every.size)
    found.weight /= ready.norm[found.column]
    return _repair(ready, found, target, gain, costs, without)


def _seed(ready: Prepared, stack: Stack, target: FloatArray, gain: FloatArray) -> None:
    """Let HiGHS find facets where the plain ones serve too few: zeros in the data can leave an output without price."""
    some = np.arange(min(target.shape[0], _FIRST))
    k = ready.frame.size
    if stack.columns.shape[1] != k:
        return
    tried = np.zeros(some.size, dtype=bool)
    for _ in range(_SEEDS):
        lost = some[~tried & (lowest_bounds(_some(stack, some), ready.codes, ready.prices)[:, 0] < 0)][:_SEEDS]
        if lost.size == 0:
            return
        tried[lost] = True
        cold = envelop_one_by_one(ready.known.only(ready.frame), target[lost], gain[lost])
        solved = (cold.status == "optimal") & (cold.codes[:, 0] >= 0)
        bases = Bases(cold.codes[solved], np.ones(int(solved.sum()), dtype=np.int64), np.zeros((0, 0)), 0)
        _learn(stack, bases, ready)


def _bar(ready: Prepared) -> Prepared:
    """Return the technology with its facets written over all columns instead of the frame."""
    k, whole = ready.frame.size, ready.columns.shape[1]
    column = ready.frame[np.minimum(ready.codes, k - 1)]
    codes = np.where(ready.codes < k, column, ready.codes - k + whole)
    return Prepared(ready.known, ready.columns, ready.norm, np.arange(whole), codes, ready.prices, 0)


def _stack(
    known: Technology,
    columns: FloatArray,
    target: FloatArray,
    gain: FloatArray | None,
    costs: FloatArray | None,
    units: IntArray,
) -> tuple[Stack, FloatArray]:
    """Return the programmes of some units, under constant returns with every unit of size one, and the sizes."""
    n, goods = target.shape
    rest = columns.shape[0] - goods
    size = np.ones((n, 1)) if known.points else np.maximum(np.abs(target).sum(axis=1, keepdims=True), 1e-300)
    wide = np.hstack([target / size, np.ones((n, rest))])
    moves = None if gain is None else np.hstack([gain[units] / size, np.zeros((n, rest))])
    worth = np.zeros((n, goods)) if costs is None else np.where(known.equal[:goods], 0.0, costs[units] * size)
    return Stack(columns, known.equal, wide, moves, np.hstack([worth, np.zeros((n, rest))]), None, known.owner), size


def _walk(stack: Stack, ready: Prepared) -> tuple[Bases, Optima]:
    """Pivot all programmes, a growing share at a time, each from the lowest bound known by then."""
    n, rows = stack.target.shape
    if stack.gain is None:
        bases = pivot(stack, counted_slacks(stack, points=ready.known.points))
        return bases, certify(stack, bases)
    total = Bases(np.full((n, rows), -1), np.zeros(n, dtype=np.int64), np.zeros((n, rows)), 0)
    order = np.random.default_rng(n).permutation(n)
    start, step = 0, _FIRST
    while start < n:
        units = order[start : start + step]
        part = _some(stack, units)
        bases = pivot(part, lowest_bounds(part, ready.codes, ready.prices))
        total.codes[units], total.state[units], total.ray[units] = bases.codes, bases.state, bases.ray
        total.steps += bases.steps
        start, step = start + step, step * _GROWTH
        if stack.without is None and ready.codes.shape[0] < _POOL:
            _learn(part, bases, ready)
    return total, certify(stack, total)


def _some(stack: Stack, units: IntArray) -> Stack:
    return Stack(
        stack.columns,
        stack.equal,
        stack.target[units],
        None if stack.gain is None else stack.gain[units],
        stack.costs[units],
        None if stack.without is None else stack.without[units],
        stack.owner,
    )


def _learn(part: Stack, bases: Bases, ready: Prepared) -> None:
    """Add the facets on which the last units ended."""
    fresh = np.sort(bases.codes[bases.state == 1], axis=1)
    known = np.sort(ready.codes, axis=1)
    both, first = np.unique(np.vstack([known, fresh]), axis=0, return_index=True)
    fresh = both[first >= known.shape[0]][:_POOL]
    if fresh.shape[0] == 0:
        return
    worth = facet_prices(part.columns, part.equal, fresh)
    good = np.abs(worth).max(axis=1) > 0
    ready.codes, ready.prices = np.vstack([ready.codes, fresh[good]]), np.vstack([ready.prices, worth[good]])


def _collect(
    found: Envelopment, place: tuple[IntArray, IntArray, FloatArray], stack: Stack, bases: Bases, optima: Optima
) -> None:
    """Write certified solutions down."""
    units, chosen, size = place
    rows, k = stack.columns.shape
    good = np.flatnonzero(optima.certified)
    here, codes, value = units[good], optima.codes[good], optima.value[good]
    found.status[here] = "optimal"
    found.status[units[bases.state == -1]] = "infeasible"
    prices = optima.prices[good]
    found.objective[here] = 0.0 - np.einsum("nj,nj->n", prices, stack.target[good])
    found.prices[here] = prices / size[good]
    spare = np.zeros((good.size, rows))
    row, position = np.nonzero((codes >= k) & (codes < k + rows))
    spare[row, codes[row, position] - k] = np.maximum(value[row, position], 0.0)
    found.slacks[here] = np.where(stack.equal, 0.0, spare) * size[good]
    row, position = np.nonzero((codes < k) & (value > 0))
    found.row = np.concatenate([found.row, here[row]])
    found.column = np.concatenate([found.column, chosen[codes[row, position]]])
    found.weight = np.concatenate([found.weight, value[row, position] * size[good][row, 0]])
    found.count += units.size


def _repair(
    ready: Prepared,
    found: Envelopment,
    target: FloatArray,
    gain: FloatArray | None,
    costs: FloatArray | None,
    without: IntArray | None,
) -> Envelopment:
    """Give what has no certificate to HiGHS, cold and against every column."""
    open_ = np.flatnonzero(found.status == "failed")
    if open_.size == 0:
        return found
    part = (
        target[open_],
        None if gain is None else gain[open_],
        None if costs is None else costs[open_],
        None if without is None else without[open_],
    )
    parts = [_alone(ready.known, *_row(part, unit)) for unit in range(open_.size)]
    cold = _stacked(parts)
    _sharpen(ready, cold, *part)
    for name in ("objective", "status", "prices", "slacks"):
        getattr(found, name)[open_] = getattr(cold, name)
    found.row = np.concatenate([found.row, open_[cold.row]])
    found.column = np.concatenate([found.column, cold.column])
    found.weight = np.concatenate([found.weight, cold.weight])
    found.count += cold.count
    found.cold += cold.count
    found.width = max(found.width, cold.width)
    return found


def _row(part: tuple[Any, ...], unit: int) -> tuple[Any, ...]:
    return tuple(None if one is None else one[[unit]] for one in part)


def _alone(
    known: Technology, target: FloatArray, gain: FloatArray | None, costs: FloatArray | None, without: IntArray | None
) -> Envelopment:
    """Solve one unit with HiGHS, every row in the unit's own size and every column of size one."""
    own = np.abs(target[0]) if gain is None else np.maximum(np.abs(target[0]), np.abs(gain[0]))
    goods = 1.0 / np.where(own > 0, own, 1.0)
    rows = np.append(goods, np.ones(known.columns.shape[0] - own.size))
    size = np.maximum(np.abs(known.columns * rows[:, None]).max(axis=0), 1e-300)
    even = replace(known, columns=known.columns * rows[:, None] / size)
    found = envelop_one_by_one(
        even,
        target * goods,
        None if gain is None else gain * goods,
        costs=None if costs is None else costs / goods,
        without=without,
    )
    found.weight /= size[found.column]
    found.prices *= rows
    found.slacks /= rows
    return found


def _stacked(parts: list[Envelopment]) -> Envelopment:
    """Return the envelopments of single units as one."""
    whole: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("objective", "status", "column", "weight", "prices", "slacks", "codes")
    }
    row = np.repeat(np.arange(len(parts)), [part.row.size for part in parts])
    count, width = sum(part.count for part in parts), max(part.width for part in parts)
    return Envelopment(row=row, count=count, width=width, **whole)


def _sharpen(
    ready: Prepared,
    cold: Envelopment,
    target: FloatArray,
    gain: FloatArray | None,
    costs: FloatArray | None,
    without: IntArray | None,
) -> None:
    """Work the values of a solver's bases out anew and certify them; what fails, failed."""
    units = np.flatnonzero((cold.status == "optimal") & (cold.codes[:, 0] >= 0))
    if units.size == 0:
        return
    every = np.arange(ready.columns.shape[1])
    stack, size = _stack(ready.known, ready.columns, target[units], gain, costs, units)
    stack.owner, stack.without = ready.known.owner, None if without is None else without[units]
    bases = Bases(cold.codes[units], np.ones(units.size, dtype=np.int64), np.zeros_like(stack.target), 0)
    optima = certify(stack, bases)
    done = units[optima.certified]
    keep = ~np.isin(cold.row, done)
    cold.row, cold.column, cold.weight = cold.row[keep], cold.column[keep], cold.weight[keep]
    count, old = cold.count, cold.weight.size
    _collect(cold, (units, every, size), stack, bases, optima)
    cold.weight[old:] /= ready.norm[cold.column[old:]]
    cold.count = count
    cold.status[np.setdiff1d(units, done)] = "failed"
