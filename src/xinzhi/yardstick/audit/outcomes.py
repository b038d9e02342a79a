"""What protocols give in one span, computed where it is indexed, and its spread: quantiles, ranks, and who leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Literal

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.parameters import setting
from xinzhi.yardstick.growth_accounts import IDENTITY_TOLERANCE

ALL = slice(None)
Index = int | slice | Sequence[int] | IntArray | BoolArray  # of protocols, regions or spans
CONVENTIONS = Path(__file__).with_name("audit.yaml")
BLOCK = 64  # regions, or protocols, taken at once: what a processor keeps close, and little memory


def blocks(size: int, step: int = BLOCK) -> list[slice]:
    """Return the slices that cover so many rows or columns, a block at a time."""
    return [slice(first, first + step) for first in range(0, size, step)]


@dataclass(frozen=True, slots=True, repr=False)
class Outcomes:
    """Growth `(D, R)` that is one term less the sum of others, computed where it is indexed: as an array, unkept.

    `terms` are tables `(.., R)`, `at` `(D,)` says for each which of its rows every outcome takes.
    """

    terms: tuple[FloatArray, ...]
    at: tuple[IntArray, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of outcomes and of regions."""
        return len(self.at[0]), self.terms[0].shape[1]

    def __len__(self) -> int:
        return len(self.at[0])

    def __getitem__(self, key: Index | tuple[Index, Index]) -> FloatArray:
        rows, regions = key if isinstance(key, tuple) else (key, ALL)
        gain, *inputs = (
            term[:, regions][at[rows]] if isinstance(rows, slice) else term[at[rows], regions]
            for term, at in zip(self.terms, self.at, strict=True)
        )
        return gain - reduce(np.add, inputs)

    def __array__(self, dtype: object = None, copy: object = None) -> FloatArray:
        del dtype, copy
        return self[:, :]

    def select(self, rows: IntArray | slice, regions: IntArray) -> Outcomes:
        """Return some of the outcomes and of the regions."""
        return Outcomes(tuple(term[:, regions] for term in self.terms), tuple(at[rows] for at in self.at))


@dataclass(frozen=True, slots=True, repr=False)
class Distinct:
    """One span under every protocol, those that give every region the same figures taken together.

    `values` `(D, R)` is the growth, `which` `(N,)` says which row each protocol has, and `lead` `(D,)`, ascending, is
    the protocol of a row that departs least from the official one, the first of several.
    """

    values: FloatArray | Outcomes
    lead: IntArray
    which: IntArray

    @property
    def reference(self) -> FloatArray:
        """The growth of every region under the first protocol `(R,)`."""
        return self.values[int(self.which[0])]

    def complete(self, regions: IntArray) -> BoolArray:
        """Return the outcomes that are known for all of some regions `(D,)`."""
        if isinstance(self.values, Outcomes) and all(np.isfinite(term).all() for term in self.values.terms):
            return np.ones(len(self.lead), dtype=np.bool_)
        finite_blocks = [np.isfinite(self.values[block][:, regions]).all(axis=1) for block in blocks(len(self.lead))]
        return np.concatenate(finite_blocks)

    def finite(self) -> tuple[IntArray, IntArray, Distinct]:
        """Return the protocols and the regions whose figures are known, and the outcomes of these alone."""
        regions = np.flatnonzero(np.isfinite(self.reference))
        complete = self.complete(regions)
        rows = np.flatnonzero(complete[self.which])
        place, lead = np.cumsum(complete) - 1, np.searchsorted(rows, self.lead[complete])
        if isinstance(self.values, Outcomes):
            values: FloatArray | Outcomes = self.values.select(np.flatnonzero(complete), regions)
        else:
            values = self.values[np.ix_(np.flatnonzero(complete), regions)]
        return rows, regions, Distinct(values, lead, place[self.which[rows]])

    def select_regions(self, regions: IntArray) -> Distinct:
        """Return some of the regions."""
        values = self.values.select(ALL, regions) if isinstance(self.values, Outcomes) else self.values[:, regions]
        return Distinct(values, self.lead, self.which)


def compared_regions(reference: FloatArray) -> IntArray:
    """Return the regions that are compared two by two: all, or where they are many the first and the last ones."""
    most, ends = (setting(CONVENTIONS, name) for name in ("most_compared", "compared_ends"))
    if len(reference) <= most:
        return np.arange(len(reference))
    order = np.argsort(-reference, kind="stable")
    return np.sort(np.concatenate([order[:ends], order[-ends:]]))


@dataclass(frozen=True, slots=True)
class Spread:
    """One period over all protocols, each array `(R,)`: positions point into the rows that were given."""

    quantiles: FloatArray
    ranks: FloatArray
    reference_rank: IntArray
    best_rank: IntArray
    top: FloatArray
    best: IntArray
    single: IntArray
    everyone_rank: IntArray
    above: FloatArray


QUANTILES = setting(CONVENTIONS, "quantiles")


def spread(
    outcomes: Distinct,
    departures: IntArray,
    changed: IntArray,
    pairs: IntArray | slice = ALL,
    barred: BoolArray | None = None,
) -> Spread:
    """Return the spread of a period over protocols; `pairs` are the regions that are compared two by two.

    Where `barred` `(D, R)` the data of a region fail admission: such a protocol is no choice of its own, and its ranks
    are those under the others.
    """
    values, which, times = outcomes.values, outcomes.which, np.bincount(outcomes.which)
    count, reference = values.shape[1], outcomes.reference
    ranks = np.empty(values.shape, dtype=np.min_scalar_type(-count))
    for block in blocks(len(values)):
        ranks[block] = rank(values[block])
    few = departures[outcomes.lead, None].astype(np.int16)
    single_departures = np.flatnonzero(changed == 1)
    ordered = np.concatenate([[-np.inf], np.sort(reference)])
    quantiles, rank_quantiles = np.empty((2, len(QUANTILES), count))
    top, (best, best_rank, single) = np.empty(count), np.zeros((3, count), dtype=np.int64)
    for block in blocks(count):
        growth = values[:, block]
        quantiles[:, block] = weighted_quantiles(growth, times)
        closed = np.zeros(growth.shape, dtype=np.bool_) if barred is None else barred[:, block]
        contenders = np.where(closed, -np.inf, growth)
        rank_quantiles[:, block] = _open_quantiles(ranks[:, block], times, closed)
        top[block] = contenders.max(axis=0)
        best_rank[block], least = _against_reference(reference[block], ordered, top[block])
        # Order protocols by (attains the best rank, few departures, high growth) in one key each.
        departure_key = np.where(contenders >= least, few, few.max() + 1)
        most = np.where(departure_key == departure_key.min(axis=0), contenders, -np.inf).argmax(axis=0)
        best[block] = outcomes.lead[most]
        if single_departures.size:
            single[block] = single_departures[contenders[which[single_departures]].argmax(axis=0)]
    return Spread(
        quantiles=quantiles,
        ranks=rank_quantiles,
        reference_rank=ranks[which[0]].astype(np.int64),
        best_rank=best_rank,
        top=top,
        best=best,
        single=single,
        everyone_rank=rank(top[None])[0],
        above=_above(values[:, pairs], which),
    )


def _above(values: FloatArray, which: IntArray) -> FloatArray:
    """Return the share of the protocols in which each region grows faster than each other one `(R, R)`."""
    times = np.bincount(which)
    alike = bool((times == times[0]).all())  # then every outcome counts the same, and once will do
    growth = values if alike else values[which]
    # Places in the order of a row compare as the figures do, in a quarter of the bytes.
    order = np.argsort(growth, axis=1)
    ranked = np.take_along_axis(growth, order, axis=1)
    steps = np.cumsum(ranked[:, 1:] > ranked[:, :-1], axis=1, dtype=np.int16)
    places = np.zeros(growth.shape, dtype=np.int16)
    np.put_along_axis(places, order[:, 1:], steps, axis=1)
    places = places.T.copy()
    packed = (np.packbits(place > places, axis=1) for place in places)
    return np.stack([np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in packed]) / len(growth)


def _open_quantiles(ranks: IntArray, times: IntArray, closed: BoolArray) -> FloatArray:
    """Return the quantiles of ranks over the protocols that are not closed to a region."""
    out = np.empty((len(QUANTILES), ranks.shape[1]))
    partly_closed = closed.any(axis=0)
    for members, own_times in ((~partly_closed, times), (partly_closed, times[:, None] * ~closed[:, partly_closed])):
        if members.any():
            out[:, members] = weighted_quantiles(ranks[:, members], own_times)
    return out


def weighted_quantiles(values: FloatArray | IntArray, times: IntArray) -> FloatArray:
    """Return the quantiles of the columns of rows that stand for so many each, as `numpy.quantile` has them.

    `times` is of every row, or of every row and column where not all rows count in all columns.
    """
    # Whole numbers of two bytes are sorted by their digits when the sort is to be stable, in a tenth of the time.
    kind: Literal["stable"] | None = "stable" if values.dtype.kind == "i" else None
    if times.ndim == 1 and times.max() == 1:
        place, columns = (len(values) - 1) * np.array(QUANTILES), np.sort(values.T, axis=1, kind=kind)
        floor = np.floor(place).astype(np.int64)
        ends = [columns[:, floor], columns[:, np.minimum(floor + 1, len(values) - 1)]]
    else:
        order = np.argsort(values.T, axis=1, kind=kind)
        upto = (times[order] if times.ndim == 1 else np.take_along_axis(times.T, order, axis=1)).cumsum(axis=1)
        last = upto[:, -1:] - 1
        place = last * np.array(QUANTILES)
        floor = np.floor(place).astype(np.int64)
        ends = [_at(values.T, order, upto, position) for position in (floor, np.minimum(floor + 1, last))]
    # Of two values the quantile is what lies between them.
    (low, high), part = ends, place - floor
    between: FloatArray = np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))  # noqa: PLR2004 - nearer
    return between.T


def _at(columns: FloatArray | IntArray, order: IntArray, upto: IntArray, position: IntArray) -> FloatArray:
    """Return the values at some positions of each column in order, where a value stands for several."""
    pairs = zip(upto, position, strict=True)
    at = np.stack([np.searchsorted(row, positions, side="right") for row, positions in pairs])
    return np.asarray(np.take_along_axis(columns, np.take_along_axis(order, at, axis=1), axis=1))


def _against_reference(reference: FloatArray, ordered: FloatArray, top: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return every region's best rank against the reference figures of all, `ordered`, and the least growth for it."""
    place = np.searchsorted(ordered, top + IDENTITY_TOLERANCE, side="right") - 1
    is_reference = np.abs(ordered[place] - reference) < IDENTITY_TOLERANCE
    return len(ordered) - place, ordered[place - is_reference] - IDENTITY_TOLERANCE


def rank(values: FloatArray) -> IntArray:
    """Return the rank of every region within a row, 1 = highest; what is equal but for rounding shares the better."""
    values = np.round(values / IDENTITY_TOLERANCE)
    order = np.argsort(-values, axis=1)
    ranked = np.take_along_axis(values, order, axis=1)
    position = np.arange(1, values.shape[1] + 1, dtype=np.int32)
    fresh = np.ones(values.shape, dtype=np.bool_)
    fresh[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    shared = np.broadcast_to(position, values.shape) if fresh.all() else np.maximum.accumulate(position * fresh, axis=1)
    out = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(out, order, shared, axis=1)
    return out
