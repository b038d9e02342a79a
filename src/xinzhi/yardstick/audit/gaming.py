"""The gaming game: what a region gains by choosing its own ruler while the others keep the official one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Spread:
    """One period over all protocols, each array `(R,)`: positions point into the rows that were given.

    Parameters
    ----------
    quantiles
        `(5, R)`: minimum, 5 %, median, 95 %, maximum of TFP growth.
    ranks
        `(5, R)`: the same of the rank when every region is measured with the same protocol.
    official_rank
        Rank under the official protocol.
    best_rank
        Best rank that a region attains with a ruler of its own while the others keep the official one.
    best
        The protocol with the fewest departures that attains it, of several the one with the highest growth.
    highest
        The protocol with the highest growth.
    single
        The protocol that settles one choice otherwise and has the highest growth.
    everyone_rank
        Rank when every region takes the protocol that is best for itself.
    above
        `(R, R)` share of the protocols in which the row's region grows faster than the column's.
    """

    quantiles: FloatArray
    ranks: FloatArray
    official_rank: IntArray
    best_rank: IntArray
    best: IntArray
    highest: IntArray
    single: IntArray
    everyone_rank: IntArray
    above: FloatArray


QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


def spread(values: FloatArray, departures: IntArray, changed: IntArray) -> Spread:
    """Return the spread of a period over protocols.

    Parameters
    ----------
    values
        `(N, R)` TFP growth, the official protocol first; no NaN.
    departures, changed
        `(N,)` how many parameters, and how many choices, depart from the official protocol.

    Examples
    --------
    >>> found = spread(np.array([[1.0, 2.0], [3.0, 4.0], [2.5, 5.0]]), np.array([0, 2, 1]), np.array([0, 1, 1]))
    >>> found.official_rank.tolist(), found.best_rank.tolist(), found.best.tolist()
    ([2, 1], [1, 1], [2, 0])
    """
    official = values[0]
    ranks = rank(values)
    own = 1 + (official[None, None, :] > values[:, :, None]).sum(axis=2, dtype=np.int64) - (official[None] > values)
    best_rank = own.min(axis=0)
    top = values.max(axis=0)
    # Order protocols by (attains the best rank, few departures, high growth) in one key each.
    wanted = np.where(own == best_rank, departures[:, None], departures.max() + 1)
    fewest = wanted.min(axis=0)
    best = np.where(wanted == fewest, values, -np.inf).argmax(axis=0)
    one = np.where((changed == 1)[:, None], values, -np.inf)
    return Spread(
        quantiles=np.quantile(values, QUANTILES, axis=0),
        ranks=np.quantile(ranks, QUANTILES, axis=0),
        official_rank=ranks[0],
        best_rank=best_rank,
        best=best,
        highest=values.argmax(axis=0),
        single=one.argmax(axis=0),
        everyone_rank=rank(top[None])[0],
        above=np.stack([(values[:, [row]] > values).mean(axis=0) for row in range(values.shape[1])]),
    )


def rank(values: FloatArray) -> IntArray:
    """Return the rank of every region within a row, 1 = highest; equal values share the better rank.

    Examples
    --------
    >>> rank(np.array([[3.0, 5.0, 3.0]])).tolist()
    [[2, 1, 2]]
    """
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=1)
    position = np.arange(1, values.shape[1] + 1)
    fresh = np.ones(values.shape, dtype=np.bool_)
    fresh[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    shared = np.maximum.accumulate(np.where(fresh, position, 0), axis=1)
    out = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(out, order, shared, axis=1)
    return out
