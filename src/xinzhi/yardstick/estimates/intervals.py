"""What may be said of drawn growth: bands, ranges of ranks, pairs that differ; and its test against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray

RankArray = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Intervals:
    """Bands of mean growth over a span: `(R + 1,)` with the sum of the regions last, or `(R,)`."""

    median: FloatArray
    low: FloatArray
    high: FloatArray
    relative_low: FloatArray
    relative_high: FloatArray
    above_nation: FloatArray
    rank_low: FloatArray
    rank_high: FloatArray


def intervals(mean: FloatArray, level: float) -> Intervals:
    """Return the statements on drawn means `(B, R + 1)`, the sum of the regions last."""
    tail = (1 - level) / 2
    regions, relative = mean[:, :-1], mean[:, :-1] - mean[:, -1:]
    low, median, high = _quantiles(mean, (tail, 0.5, 1 - tail))
    relative_low, relative_high = _quantiles(relative, (tail, 1 - tail))
    rank_low, rank_high = rank_quantiles(ranks_by_draw(regions), (tail, 1 - tail))
    surely = ((relative > 0).mean(axis=0) + (relative >= 0).mean(axis=0)) / 2  # equal values count half
    return Intervals(median, low, high, relative_low, relative_high, surely, rank_low, rank_high)


def _quantiles(values: FloatArray, shares: Sequence[float]) -> list[FloatArray]:
    """Return what `numpy.quantile` gives along the draws `(B, R)`; it takes several times as long."""
    rising = np.sort(np.ascontiguousarray(values.T), axis=1)
    quantiles = []
    for share in shares:
        at, part = divmod(share * (len(values) - 1), 1.0)
        lower, upper = rising[:, int(at)], rising[:, min(int(at) + 1, len(values) - 1)]
        between = lower + (upper - lower) * part if part < 0.5 else upper - (upper - lower) * (1 - part)  # noqa: PLR2004 - as numpy
        quantiles.append(np.where(np.isnan(rising[:, -1]), np.nan, between))
    return quantiles


def ranks_by_draw(values: FloatArray) -> RankArray:
    """Return the rank of every region within a draw `(B, R)`, 1 = highest; equal values share the better rank."""
    order = np.argsort(-values, axis=1)
    falling = np.take_along_axis(values, order, axis=1)
    place = np.arange(1, values.shape[1] + 1, dtype=np.int32)
    tied = np.zeros(values.shape, dtype=np.bool_)
    tied[:, 1:] = falling[:, 1:] == falling[:, :-1]
    ranks = np.empty(values.shape, dtype=np.int32)
    np.put_along_axis(ranks, order, np.maximum.accumulate(np.where(tied, np.int32(0), place), axis=1), axis=1)
    return ranks


def rank_quantiles(ranks: RankArray, shares: Sequence[float]) -> list[FloatArray]:
    """Return the rank of the draw nearest to each share of the draws `(B, R)`: a rank, and not one between two."""
    rising = np.sort(np.ascontiguousarray(ranks.T), axis=1)
    return [rising[:, round(share * (len(ranks) - 1))].astype(np.float64) for share in shares]


def probability_above(values: FloatArray) -> FloatArray:
    """Return the part of draws `(B, R)` in which one region lies above another `(R, R)`; equal values count half."""
    columns = np.ascontiguousarray(values.T)
    # bits are counted, eight draws at once: this grows with the square of the regions
    higher = np.empty((len(columns), len(columns)), dtype=np.int64)
    for at, draws in enumerate(columns):
        higher[at] = np.bitwise_count(np.packbits(draws > columns, axis=1)).sum(axis=1, dtype=np.int64)
    return np.asarray((len(values) + higher - higher.T) / (2 * len(values)))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Statements against the truth: bands that hold it, scores and half-widths `(R,)`, pairs decided and right."""

    holds: BoolArray
    relative_holds: BoolArray
    nation_holds: bool
    nation_error: float
    score: FloatArray
    half_width: FloatArray
    decided: int
    right: int


def evaluate(mean: FloatArray, truth: FloatArray, level: float, decided: float) -> Evaluation:
    """Hold what drawn means `(B, R + 1)` say to the true means `(R + 1,)`."""
    statement = intervals(mean, level)
    relative = truth[:-1] - truth[-1]
    holds = (statement.low <= truth) & (truth <= statement.high)
    decided_pairs = probability_above(mean[:, :-1]) >= decided
    return Evaluation(
        holds=holds[:-1],
        relative_holds=(statement.relative_low <= relative) & (relative <= statement.relative_high),
        nation_holds=bool(holds[-1]),
        nation_error=float(abs(statement.median[-1] - truth[-1])),
        score=interval_score(statement.low, statement.high, truth, level)[:-1],
        half_width=(statement.relative_high - statement.relative_low) / 2,
        decided=int(decided_pairs.sum()),
        right=int((decided_pairs & (truth[:-1, None] > truth[None, :-1])).sum()),
    )


def interval_score(low: FloatArray, high: FloatArray, truth: FloatArray, level: float) -> FloatArray:
    """Return the interval score (Gneiting and Raftery 2007, equation 43): width, and a fine for missing the truth."""
    miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    score: FloatArray = high - low + 2 / (1 - level) * miss
    return score
