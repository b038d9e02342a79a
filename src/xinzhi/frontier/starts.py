"""Where the walk of `facets.py` begins: hyperplanes that support the technology and are known without any search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.frontier.facets import Stack

_BLOCK = 2_000_000


def plain_facets(columns: FloatArray, equal: BoolArray, *, points: bool) -> IntArray:
    """Return bases whose prices value one good alone, or one output against one input.

    Parameters
    ----------
    columns
        `(rows, k)`; the last row is the sum of intensities when `points`.
    equal
        `(rows,)`.
    points
        Whether there are points.

    Returns
    -------
    array
        `(facets, rows)`, codes of the basic variables; the distance is one of them.
    """
    rows, k = columns.shape
    goods = [row for row in range(rows - points) if not equal[row]]
    ray = columns[-1] == 0 if points else np.ones(k, dtype=bool)
    alone = [row for row in goods if (columns[row, ray] <= 0).all()]
    facets = [_facet(columns[row], [row], [], (ray, points, rows)) for row in alone]
    for dear in goods:
        for cheap in goods:
            pair = _exchange(columns, ray, dear, cheap)
            if pair is not None:
                prices, peer = pair
                facets.append(_facet(prices @ columns[[dear, cheap]], [dear, cheap], [peer], (ray, points, rows)))
    return np.array(facets, dtype=np.int64).reshape(len(facets), rows)


def _exchange(columns: FloatArray, ray: BoolArray, dear: int, cheap: int) -> tuple[FloatArray, int] | None:
    """Return prices of an output (1) and an input at which the best ray just breaks even, and that ray."""
    number = np.flatnonzero(ray & (columns[dear] > 0))
    if number.size == 0 or (columns[cheap, ray] > 0).any() or (columns[cheap, number] >= 0).any():
        return None
    rate = columns[dear, number] / -columns[cheap, number]
    return np.array([1.0, rate.max()]), int(number[rate.argmax()])


def _facet(worth: FloatArray, out: list[int], peers: list[int], shape: tuple[BoolArray, bool, int]) -> list[int]:
    """Return the basis in which the goods of `out` are priced and the best columns are peers."""
    ray, points, rows = shape
    k = worth.size
    basic = [k + row for row in range(rows - points) if row not in out]
    if points:
        peers = [*peers, int(np.where(ray, -np.inf, worth).argmax())]
    return [*basic, *peers, k + rows]


def lowest_bounds(stack: Stack, codes: IntArray, prices: FloatArray) -> IntArray:
    """Return for each programme the known facet with the lowest bound, as a basis; -1 where no facet serves it.

    Parameters
    ----------
    stack
        The programmes.
    codes, prices
        `(facets, rows)`, the known facets.
    """
    n, rows = stack.target.shape
    chosen = np.full((n, rows), -1, dtype=np.int64)
    if codes.shape[0] == 0 or stack.gain is None:
        return chosen
    k = stack.columns.shape[1]
    owners = np.where(codes < k, stack.owner[np.minimum(codes, k - 1)], -1)
    step = max(1, _BLOCK // codes.shape[0])
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        moved = stack.gain[part] @ prices.T
        # A distance that is worth next to nothing at these prices cannot be read off them.
        least = 1e-12 * (np.abs(stack.gain[part]) @ np.abs(prices).T)
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = -(stack.target[part] @ prices.T) / moved
        bound[(moved <= least) | ~(np.abs(bound) < np.inf)] = np.inf
        if stack.without is not None:
            for own in range(rows):
                bound[owners[None, :, own] == np.where(stack.without < 0, -2, stack.without)[part, None]] = np.inf
        best = bound.argmin(axis=1)
        found = np.isfinite(bound[np.arange(best.size), best])
        chosen[part][found] = codes[best[found]]
    return chosen


def counted_slacks(stack: Stack, *, points: bool) -> IntArray:
    """Return a first basis for programmes that only count slacks: each good priced at what its slack counts.

    Rays must not earn anything at these prices; where they do, the price of one input is raised until the best ray
    breaks even. A row of -1 stands where no input can do that.
    """
    n, rows = stack.target.shape
    k = stack.columns.shape[1]
    ray = stack.columns[-1] == 0 if points else np.ones(k, dtype=bool)
    codes = np.tile(np.arange(k, k + rows), (n, 1))
    cheap = [row for row in range(rows - points) if not stack.equal[row] and (stack.columns[row, ray] < 0).all()]
    step = max(1, _BLOCK // k)
    for start in range(0, n, step):
        part = np.arange(start, min(start + step, n))
        prices = stack.costs[part].copy()
        if ray.any():
            if not cheap:
                codes[part] = -1
                continue
            row = cheap[0]
            earned = (prices @ stack.columns[:, ray]) / -stack.columns[row, ray]
            peer = earned.argmax(axis=1)
            dear = earned[np.arange(part.size), peer] > 0
            codes[part[dear], row] = np.flatnonzero(ray)[peer[dear]]
            prices[dear, row] += earned[dear, peer[dear]]
        if points:
            worth = prices @ stack.columns
            worth[:, ray] = -np.inf
            codes[part, rows - 1] = worth.argmax(axis=1)
    return codes
