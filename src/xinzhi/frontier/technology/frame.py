"""The frame: the few units that span the technology; all others are combinations of them, or worse.

Units are held against the hull of the units found so far; one that lies outside shows a direction in which the hull
must grow, and the farthest unit in that direction belongs to the frame (Dulá and Thrall 2001, Dulá 2011: BuildHull).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.simplex import INFEASIBLE, OPTIMAL, radial_batch, solve_batch
from xinzhi.frontier.technology.starts import facet_prices, lowest_bounds, plain_facets

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

# A unit this close (relative to itself) to the hull of the others adds nothing that a certificate could see.
_INSIDE = 1e-12
_SMALL = 400
_SHARE = 4
_SEPARATORS = 3000  # hyperplanes tried in one round; more say the same again
_DIRECTIONS = 200
_ROUNDS = 200


def frame(columns: FloatArray, equal: BoolArray, *, points: bool) -> tuple[IntArray, int]:
    """Return the numbers of columns that span the same technology as all of them, and how many programs that took."""
    k = columns.shape[1]
    rng = np.random.default_rng(k)
    order = rng.permutation(k)
    chosen = _corners(columns, rng)
    sizes = [k]
    while sizes[-1] > _SMALL:
        sizes.append(sizes[-1] // _SHARE)
    count = 0
    for size in reversed(sizes):
        chosen, more = _grow(columns, equal, chosen, order[:size], points=points)
        count += more
    return np.sort(chosen), count


def _corners(columns: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return the columns that are best at some random prices."""
    rows = columns.shape[0]
    alone = np.eye(rows)[np.ptp(columns, axis=1) > 0]
    prices = np.vstack([alone, rng.exponential(size=(_DIRECTIONS, rows))])
    return np.unique((prices @ columns).argmax(axis=1))


def _grow(
    columns: FloatArray, equal: BoolArray, chosen: IntArray, sample: IntArray, *, points: bool
) -> tuple[IntArray, int]:
    """Add columns of `sample` until none lies outside the hull of the chosen ones; count the programs."""
    outside = np.setdiff1d(sample, chosen)
    count = 0
    for _ in range(_ROUNDS):
        if outside.size == 0:
            return chosen, count
        count += outside.size
        away, prices = _outside(columns, equal, chosen, outside, points=points)
        outside, prices = outside[away], prices[away]
        if outside.size == 0:
            return chosen, count
        some = np.unique(np.linspace(0, outside.size - 1, min(outside.size, _SEPARATORS)).astype(np.int64))
        farthest = np.unique(_farthest(prices[some], columns[:, outside]))
        chosen = np.concatenate([chosen, outside[farthest]])
        outside = np.delete(outside, farthest)
    return np.concatenate([chosen, outside]), count  # more than the frame is still right, only slower


def _farthest(prices: FloatArray, columns: FloatArray) -> IntArray:
    best = np.zeros(prices.shape[0], dtype=np.int64)
    step = max(1, 400_000 // columns.shape[1])
    for start in range(0, best.size, step):
        best[start : start + step] = (prices[start : start + step] @ columns).argmax(axis=1)
    return best


def _outside(
    columns: FloatArray, equal: BoolArray, chosen: IntArray, units: IntArray, *, points: bool
) -> tuple[BoolArray, FloatArray]:
    """Return which columns lie outside the hull of the chosen ones, and prices that show it."""
    hull = columns[:, chosen]
    target = columns[:, units].T
    gain = np.where(equal, 0.0, np.maximum(np.abs(target), 1e-9))
    batch = radial_batch(hull[None], equal, target, gain)
    away, prices = np.ones(units.size, dtype=bool), np.zeros_like(target)
    facets = plain_facets(hull, equal, points=points)
    if facets.shape[0] == 0:
        return away, target
    answers = solve_batch(batch, lowest_bounds(batch, facets, facet_prices(hull, equal, facets)))
    certified, impossible = answers.status == OPTIMAL, answers.status == INFEASIBLE
    away[certified] = answers.objective(batch)[certified] < -_INSIDE
    prices[certified], prices[impossible] = answers.prices[certified], -answers.ray[impossible]
    # A unit whose program was not finished counts as outside; it is its own witness.
    lost = ~certified & ~impossible
    prices[lost] = np.where(equal, 0.0, 1.0 / np.maximum(np.abs(target[lost]), 1e-9))
    return away, prices
