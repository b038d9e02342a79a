"""Solve every unit against one technology: reduce it to its frame, walk its facets, certify, fall back on HiGHS.

Maximise ``beta + costs @ s`` subject to ``columns @ w - gain * beta - s = target``, ``w >= 0`` and ``s >= 0`` (zero on
rows that are equalities): the one program behind radial, directional and additive efficiency. A supporting hyperplane
of the technology bounds every unit, and the facet of a unit is the one on which that bound is met with weights that are
not negative. So each facet that is found is a start for all units still open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.simplex import OPTIMAL, STATUSES, Answers, Batch, solve_batch, solve_failed
from xinzhi.frontier.technology.starts import Facets, counted_bases, frame, lowest_bounds, solve_from_facets
from xinzhi.frontier.technology.technology import Technology

# Units among which facets are sought by HiGHS where no plain one serves, and how many at a time.
_SEARCHED, _SEEDS = 256, 8
# Reducing to the frame pays when there are this many columns and about as many units to score.
_WORTH_FRAMING = 400


@dataclass(slots=True)
class Envelopment:
    """The solved programs of n units, over the k columns of a technology."""

    objective: FloatArray  # (n,), NaN unless optimal
    status: Any  # (n,): optimal, infeasible, unbounded or failed
    row: IntArray  # the positive weights: unit,
    column: IntArray  # column of the technology,
    weight: FloatArray  # and value
    prices: FloatArray  # (n, rows), by how much the objective falls when the target of a row rises by one
    slacks: FloatArray  # (n, rows)
    count: int = 0  # programs
    width: int = 0  # columns of the largest
    cold: int = 0  # programs that HiGHS took


def blank(n: int, rows: int) -> Envelopment:
    """Return the envelopment of n units of which nothing is known."""
    none = np.zeros(0, dtype=np.int64)
    missing = np.full((n, rows), np.nan)
    status = np.full(n, "failed", dtype="<U10")
    return Envelopment(np.full(n, np.nan), status, none, none, np.zeros(0), missing, missing.copy())


@dataclass(slots=True)
class Prepared:
    """A technology ready to hold points against: its frame, and the facets seen so far."""

    known: Technology
    columns: FloatArray  # its columns with every ray of length one,
    norm: FloatArray  # and by what each was divided
    frame: IntArray  # the columns that span it
    facets: Facets  # facets that support all of it, over the frame
    count: int  # programs that finding the frame took, until an answer has counted them


def prepare(known: Technology, units: int) -> Prepared:
    """Return the technology with its frame, when that pays for so many units."""
    ray = known.columns[-1] == 0 if known.points else np.ones(known.columns.shape[1], dtype=bool)
    norm = np.where(ray, np.abs(known.columns).sum(axis=0), 1.0)
    norm[norm == 0] = 1.0
    columns = known.columns / norm
    small = min(units, columns.shape[1]) < _WORTH_FRAMING
    every = np.arange(columns.shape[1])
    if small:
        return Prepared(known, columns, norm, every, Facets.plain(columns, known.equal, points=known.points), 0)
    return Prepared(known, columns, norm, *frame(columns, known.equal, points=known.points))


def envelop(
    ready: Prepared,
    target: FloatArray,
    gain: FloatArray | None,
    *,
    costs: FloatArray | None = None,
    without: IntArray | None = None,
) -> Envelopment:
    """Solve the program of each unit `(n, goods)`; `without` `(n,)` leaves out the columns of one owner each."""
    known = ready.known
    found = blank(len(target), known.columns.shape[0])
    found.count, ready.count = ready.count, 0
    inside = np.zeros(len(target), dtype=bool)
    if without is not None:  # a unit that is not in the frame loses nothing by leaving itself out
        inside = np.isin(without, known.owner[ready.frame]) & (without >= 0)
    for units, use in ((np.flatnonzero(~inside), ready), (np.flatnonzero(inside), None)):
        if units.size == 0:
            continue
        here = _bar(ready) if use is None else use
        batch, size = _batch(here, target[units], None if gain is None else gain[units], costs, units)
        if use is None and without is not None:
            batch = replace(batch, barred=without[units])
        answers = _solve(batch, here)
        found.cold += solve_failed(batch, answers)
        _collect(found, (units, here.frame, size), batch, answers)
    found.weight /= ready.norm[found.column]
    return found


def _bar(ready: Prepared) -> Prepared:
    """Return the technology with its facets written over all columns instead of the frame."""
    k, whole = ready.frame.size, ready.columns.shape[1]
    codes = ready.facets.codes
    codes = np.where(codes < k, ready.frame[np.minimum(codes, k - 1)], codes - k + whole)
    return replace(ready, frame=np.arange(whole), facets=Facets(codes, ready.facets.prices), count=0)


def _batch(
    ready: Prepared, target: FloatArray, gain: FloatArray | None, costs: FloatArray | None, units: IntArray
) -> tuple[Batch, FloatArray]:
    """Return the programs of some units, under constant returns with every unit of size one, and the sizes."""
    known = ready.known
    n, goods = target.shape
    rest = known.columns.shape[0] - goods
    # A ray has no size: a small unit is solved as well as a large one when both are brought to size one.
    size = np.ones((n, 1)) if known.points else np.maximum(np.abs(target).sum(axis=1, keepdims=True), 1e-300)
    wide, none = np.hstack([target / size, np.ones((n, rest))]), np.zeros((n, rest))
    ways = np.zeros((n, 0, goods + rest)) if gain is None else np.hstack([gain / size, none])[:, None]
    worth = np.zeros((n, goods)) if costs is None else np.where(known.equal[:goods], 0.0, costs[units] * size)
    columns, owner = ready.columns[:, ready.frame][None], known.owner[ready.frame]
    ones = np.ones((n, ways.shape[1]))
    return Batch(columns, known.equal, wide, ways, ones, np.hstack([worth, none]), owner=owner), size


def _solve(batch: Batch, ready: Prepared) -> Answers:
    """Solve all programs, a growing share at a time, each from the lowest bound known by then."""
    n, rows = batch.target.shape
    if not batch.ways.shape[1]:
        costly = (batch.columns[0] <= 0).all(axis=1) & (batch.columns[0] < 0).any(axis=1)
        held = np.array([*np.flatnonzero(costly), *([rows - 1] if ready.known.points else [])], dtype=np.int64)
        return solve_batch(batch, counted_bases(batch, held))
    if batch.barred is None:
        _seed(batch.take(np.arange(min(n, _SEARCHED))), ready.facets)
    return solve_from_facets(batch, ready.facets)


def _seed(batch: Batch, facets: Facets) -> None:
    """Let HiGHS find facets where the plain ones serve too few: zeros in the data can leave an output without price."""
    tried = np.zeros(len(batch.target), dtype=bool)
    for _ in range(_SEEDS):
        lost = np.flatnonzero(~tried & (lowest_bounds(batch, facets.codes, facets.prices)[:, 0] < 0))[:_SEEDS]
        if lost.size == 0:
            return
        tried[lost] = True
        part = batch.take(lost)
        answers = Answers.blank(*part.target.shape)
        solve_failed(part, answers)
        facets.learn(part, answers)


def _collect(found: Envelopment, place: tuple[IntArray, IntArray, FloatArray], batch: Batch, answers: Answers) -> None:
    """Write the solutions of some units down."""
    units, chosen, size = place
    k, rows, _ = batch.sizes
    found.status[units] = np.array(STATUSES)[answers.status]
    good = np.flatnonzero(answers.status == OPTIMAL)
    here, codes, value = units[good], answers.codes[good], answers.value[good]
    found.objective[here] = answers.objective(batch)[good]
    found.prices[here] = answers.prices[good] / size[good]
    spare = np.zeros((good.size, rows))
    row, position = np.nonzero((codes >= k) & (codes < k + rows))
    spare[row, codes[row, position] - k] = np.maximum(value[row, position], 0.0)
    found.slacks[here] = np.where(batch.equal, 0.0, spare) * size[good]
    row, position = np.nonzero((codes < k) & (value > 0))
    found.row = np.concatenate([found.row, here[row]])
    found.column = np.concatenate([found.column, chosen[codes[row, position]]])
    found.weight = np.concatenate([found.weight, value[row, position] * size[good][row, 0]])
    found.count, found.width = found.count + units.size, max(found.width, k)
