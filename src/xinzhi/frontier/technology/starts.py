"""Where the simplex begins, the facets that are known; and the frame, the few units that span a technology."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.simplex import INFEASIBLE, OPTIMAL, Answers, Batch, prices_of, radial_batch, solve_batch

_BLOCK, _WORTH = 60_000, 1e-12  # numbers that stay in the cache of a processor; the least that a price must be worth
# The first units teach the facets that the next start from; then the steps grow.
_FIRST, _GROWTH, _POOL = 256, 4, 3000


@dataclass(slots=True)
class Facets:
    """Facets that support a technology, as bases over its columns, and their prices; they grow with use."""

    codes: IntArray  # (facets, rows)
    prices: FloatArray  # (facets, rows)

    @classmethod
    def plain(cls, columns: FloatArray, equal: BoolArray, *, points: bool) -> Facets:
        """Return those that are known without any search."""
        codes = plain_facets(columns, equal, points=points)
        return cls(codes, facet_prices(columns, equal, codes))

    def among(self, columns: FloatArray, first: int) -> Facets:
        """Return those that support the columns from `first` on, too, which have been added behind the others."""
        added = columns[:, first:]
        most = np.einsum("nj,jn->n", self.prices, added[:, _farthest(self.prices, added)])
        valid = np.flatnonzero(most <= _INSIDE)
        codes = self.codes[valid]
        return Facets(np.where(codes < first, codes, codes + columns.shape[1] - first), self.prices[valid])

    def and_those(self, more: Facets) -> Facets:
        """Return both together."""
        codes, first = np.unique(np.vstack([self.codes, more.codes]), axis=0, return_index=True)
        return Facets(codes, np.vstack([self.prices, more.prices])[first])

    def learn(self, batch: Batch, answers: Answers) -> None:
        """Add the facets on which programs ended."""
        fresh, existing = np.sort(answers.codes[answers.status == OPTIMAL], axis=1), np.sort(self.codes, axis=1)
        unique, first = np.unique(np.vstack([existing, fresh]), axis=0, return_index=True)
        fresh = unique[first >= len(existing)][:_POOL]
        if len(fresh) == 0:
            return
        worth = facet_prices(batch.columns[0], batch.equal, fresh)
        good = np.abs(worth).max(axis=1) > 0
        self.codes, self.prices = np.vstack([self.codes, fresh[good]]), np.vstack([self.prices, worth[good]])


def solve_from_facets(batch: Batch, facets: Facets) -> Answers:
    """Solve all programs, a growing share at a time, each from the lowest bound known by then."""
    n = len(batch.target)
    total = Answers.blank(*batch.target.shape)
    order = np.random.default_rng(n).permutation(n)
    start, step = 0, _FIRST
    while start < n:
        units = order[start : start + step]
        part = batch.take(units)
        answers = solve_batch(part, lowest_bounds(part, facets.codes, facets.prices))
        total.put(units, answers)
        start, step = start + step, step * _GROWTH
        if batch.barred is None and len(facets.codes) < _POOL:
            facets.learn(part, answers)
    return total


def plain_facets(columns: FloatArray, equal: BoolArray, *, points: bool) -> IntArray:
    """Return bases `(facets, rows)` whose prices value one good alone, or one output against one input."""
    # The last row of `columns` is the sum of intensities when there are `points`; the distance is one of the variables.
    rows, k = columns.shape
    goods = [row for row in range(rows - points) if not equal[row]]
    ray = columns[-1] == 0 if points else np.ones(k, dtype=bool)
    single_goods = [row for row in goods if (columns[row, ray] <= 0).all()]
    facets = [_facet(columns[row], [row], [], (ray, points, rows)) for row in single_goods]
    for dear in goods:
        for cheap in goods:
            number = np.flatnonzero(ray & (columns[dear] > 0))
            if number.size == 0 or (columns[cheap, ray] > 0).any() or (columns[cheap, number] >= 0).any():
                continue
            rate = columns[dear, number] / -columns[cheap, number]  # prices at which the best ray just breaks even
            worth, peer = np.array([1.0, rate.max()]) @ columns[[dear, cheap]], int(number[rate.argmax()])
            facets.append(_facet(worth, [dear, cheap], [peer], (ray, points, rows)))
    return np.array(facets, dtype=np.int64).reshape(len(facets), rows)


def _facet(worth: FloatArray, out: list[int], peers: list[int], shape: tuple[BoolArray, bool, int]) -> list[int]:
    """Return the basis in which the goods of `out` are priced and the best columns are peers."""
    ray, points, rows = shape
    k = worth.size
    basic = [k + row for row in range(rows - points) if row not in out]
    if points:
        peers = [*peers, int(np.where(ray, -np.inf, worth).argmax())]
    return [*basic, *peers, k + rows]


def facet_prices(columns: FloatArray, equal: BoolArray, facets: IntArray) -> FloatArray:
    """Return the prices of facets, normalised to a step of one in every good that may be disposed of; else zero."""
    gain = np.tile(np.where(equal, 0.0, 1.0), (len(facets), 1))
    return prices_of(radial_batch(columns[None], equal, gain, gain), facets)


def lowest_bounds(batch: Batch, codes: IntArray, prices: FloatArray) -> IntArray:
    """Return for each program the known facet `(facets, rows)` with the lowest bound; -1 where no facet serves it."""
    n, rows = batch.target.shape
    selection = np.full((n, rows), -1, dtype=np.int64)
    if len(codes) == 0:
        return selection
    k = batch.columns.shape[2]
    step = max(1, _BLOCK // len(codes))
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        way = batch.ways[part, 0]
        rate, bound = way @ prices.T, -batch.target[part] @ prices.T
        with np.errstate(all="ignore"):
            bound /= rate
        bound[~(rate > 0)] = np.inf
        if batch.barred is not None and batch.owner is not None:
            owners = np.where(codes < k, batch.owner[np.minimum(codes, k - 1)], -1)
            barred = np.where(batch.barred[part] < 0, -2, batch.barred[part])[:, None]
            for row in range(rows):
                bound[owners[None, :, row] == barred] = np.inf
        best, line = bound.argmin(axis=1), np.arange(len(bound))
        # A distance that is worth next to nothing at these prices cannot be read off them.
        worth = _WORTH * np.einsum("nj,nj->n", np.abs(way), np.abs(prices[best]))
        again = np.flatnonzero(rate[line, best] <= worth)
        if again.size:
            least = _WORTH * (np.abs(way[again]) @ np.abs(prices).T)
            bound[again] = np.where(rate[again] > least, bound[again], np.inf)
            best[again] = bound[again].argmin(axis=1)
        finite = np.isfinite(bound[line, best])
        selection[part][finite] = codes[best[finite]]
    return selection


def best_pairs(batch: Batch, out: IntArray, fixed: IntArray) -> IntArray:
    """Return radial bases of the distance, one column and slacks: the best pair of an output and a held row."""
    # A held row is one whose price can make up for an output: an input, or the sum of intensities.
    k, rows, _ = batch.sizes
    n = len(batch.target)
    way = batch.ways[:, 0]
    codes = np.broadcast_to(k + np.arange(rows), (n, rows)).copy()
    line = np.arange(n)
    moves = way[:, out]
    if not (moves > 0).any(axis=1).all():
        codes[line, np.abs(way).argmax(axis=1)] = k + rows
        return codes
    # for each technology the most of every output per unit of every held row, and the column that gives it
    ratio = np.zeros((len(batch.columns), len(out), len(fixed)))
    best = np.zeros(ratio.shape, dtype=np.int64)
    for at, row in enumerate(fixed):
        below, above = np.abs(batch.columns[:, None, row, :]), batch.columns[:, out, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = np.where(above > 0, above / below, -1.0)
        best[:, :, at], ratio[:, :, at] = rates.argmax(axis=2), rates.max(axis=2)
    which = np.zeros(n, dtype=np.int64) if batch.which is None else batch.which
    with np.errstate(divide="ignore", invalid="ignore"):
        # NaN where an input that is not used stands against an output that needs none of it.
        bound = ratio[which] * np.abs(batch.target[:, fixed])[:, None, :] - batch.target[:, out, None]
        bound /= moves[:, :, None]
    bound = np.where((moves > 0)[:, :, None] & np.isfinite(bound), bound, np.inf).reshape(n, -1)
    output, fixed_place = np.divmod(bound.argmin(axis=1), len(fixed))
    codes[line, out[output]] = k + rows
    codes[line, fixed[fixed_place]] = best[which, output, fixed_place]
    return codes


def counted_bases(batch: Batch, fixed: IntArray) -> IntArray:
    """Return bases for programs that count slacks or steps: every row at what its slack or step counts."""
    # What columns would earn at these prices is taken by the price of one `fixed` row more, the cheapest; -1 where
    # none can.
    k, rows, moves = batch.sizes
    n = len(batch.target)
    codes = np.broadcast_to(k + np.arange(rows), (n, rows)).copy()
    price = batch.costs.copy()
    for move in range(moves):  # each step moves one good
        row = np.abs(batch.ways[:, move]).argmax(axis=1)
        way = np.take_along_axis(batch.ways[:, move], row[:, None], axis=1)[:, 0]
        used = np.flatnonzero(way != 0)
        codes[used, row[used]], price[used, row[used]] = k + rows + move, batch.worth[used, move] / way[used]
    step = max(1, _BLOCK // k)
    for start in range(0, n, step):
        part = np.arange(start, min(start + step, n))
        value = batch.price(part, price[part], -np.inf)
        bound, best = np.full((len(part), len(fixed)), np.inf), np.zeros((len(part), len(fixed)), dtype=np.int64)
        for at, row in enumerate(fixed):
            below = np.abs(batch.columns[:, row])[0 if batch.which is None else batch.which[part]]
            with np.errstate(divide="ignore", invalid="ignore"):
                rates = np.where(value > 0, value / below, -1.0)
                bound[:, at] = rates.max(axis=1) * np.abs(batch.target[part, row])
            best[:, at] = rates.argmax(axis=1)
        bound[~np.isfinite(bound)] = np.inf
        choice = bound.argmin(axis=1)
        earns = (value > 0).any(axis=1)
        lost = earns & np.isinf(bound.min(axis=1))
        line = np.flatnonzero(earns & ~lost)
        codes[part[line], fixed[choice[line]]] = best[line, choice[line]]
        codes[part[lost]] = -1
    return codes


# A unit this close (relative to itself) to the hull of the others adds nothing that a certificate could see.
_INSIDE = 1e-12
_SMALL = 400
_SHARE = 4
_SEPARATORS = 3000  # hyperplanes tried in one round; more say the same again
_DIRECTIONS = 200
_ROUNDS = 200


def frame(columns: FloatArray, equal: BoolArray, *, points: bool) -> tuple[IntArray, Facets, int]:
    """Return the columns that span the same technology as all, facets over them, and how many programs that took."""
    k = columns.shape[1]
    rng = np.random.default_rng(k)
    order = rng.permutation(k)
    # the columns that are best at some random prices
    rows = columns.shape[0]
    unit_prices = np.eye(rows)[np.ptp(columns, axis=1) > 0]
    prices = np.vstack([unit_prices, rng.exponential(size=(_DIRECTIONS, rows))])
    selection = np.unique((prices @ columns).argmax(axis=1))
    sizes = [k]
    while sizes[-1] > _SMALL:
        sizes.append(sizes[-1] // _SHARE)
    count, facets = 0, Facets.plain(columns[:, selection], equal, points=points)
    for size in reversed(sizes):
        selection, facets, more = _grow(columns, equal, selection, facets, order[:size], points=points)
        count += more
    return selection, facets, count


def _grow(
    columns: FloatArray, equal: BoolArray, selection: IntArray, facets: Facets, sample: IntArray, *, points: bool
) -> tuple[IntArray, Facets, int]:
    """Add columns of `sample` until none lies outside the hull of the chosen ones; count the programs."""
    outside = np.setdiff1d(sample, selection)
    count = 0
    for _ in range(_ROUNDS):
        if outside.size == 0:
            return selection, facets, count
        count += outside.size
        away, prices = _outside(columns[:, selection], equal, columns[:, outside], facets)
        outside, prices = outside[away], prices[away]
        if outside.size == 0:
            return selection, facets, count
        subset = np.unique(np.linspace(0, outside.size - 1, min(outside.size, _SEPARATORS)).astype(np.int64))
        farthest = np.unique(_farthest(prices[subset], columns[:, outside]))
        before, selection = selection.size, np.concatenate([selection, outside[farthest]])
        outside = np.delete(outside, farthest)
        hull = columns[:, selection]
        facets = facets.among(hull, before).and_those(Facets.plain(hull, equal, points=points))
    selection = np.concatenate([selection, outside])  # more than the frame is still right, only slower
    return selection, Facets.plain(columns[:, selection], equal, points=points), count


def _farthest(prices: FloatArray, columns: FloatArray) -> IntArray:
    best = np.zeros(prices.shape[0], dtype=np.int64)
    step = max(1, 400_000 // columns.shape[1])
    for start in range(0, best.size, step):
        best[start : start + step] = (prices[start : start + step] @ columns).argmax(axis=1)
    return best


def _outside(hull: FloatArray, equal: BoolArray, columns: FloatArray, facets: Facets) -> tuple[BoolArray, FloatArray]:
    """Return which columns lie outside a hull, and prices that show it."""
    target = columns.T
    away, prices = np.ones(len(target), dtype=bool), np.zeros_like(target)
    if len(facets.codes) == 0:
        return away, target
    batch = radial_batch(hull[None], equal, target, np.where(equal, 0.0, np.maximum(np.abs(target), 1e-9)))
    answers = solve_from_facets(batch, facets)
    certified, impossible = answers.status == OPTIMAL, answers.status == INFEASIBLE
    away[certified] = answers.objective(batch)[certified] < -_INSIDE
    prices[certified], prices[impossible] = answers.prices[certified], -answers.ray[impossible]
    # A unit whose program was not finished counts as outside; it is its own witness.
    lost = ~certified & ~impossible
    prices[lost] = np.where(equal, 0.0, 1.0 / np.maximum(np.abs(target[lost]), 1e-9))
    return away, prices
