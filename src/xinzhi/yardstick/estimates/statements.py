"""What may be said of drawn growth: quantiles, ranks and pairs, and how they are judged where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Statement:
    """Bands of mean growth over a span: `(R + 1,)` with the sum of the regions last, or `(R,)`."""

    median: FloatArray
    low: FloatArray
    high: FloatArray
    relative_low: FloatArray
    relative_high: FloatArray
    above_nation: FloatArray
    rank_low: FloatArray
    rank_high: FloatArray


def state(mean: FloatArray, level: float) -> Statement:
    """Return the statements on drawn means `(B, R + 1)`, the sum of the regions last."""
    tail = (1 - level) / 2
    regions, relative = mean[:, :-1], mean[:, :-1] - mean[:, -1:]
    low, median, high = _quantiles(mean, (tail, 0.5, 1 - tail))
    relative_low, relative_high = _quantiles(relative, (tail, 1 - tail))
    ranks = ranked(regions)
    rank_low, rank_high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="nearest")
    return Statement(
        median,
        low,
        high,
        relative_low,
        relative_high,
        (relative > 0).mean(axis=0),
        rank_low,
        rank_high,
    )


def _quantiles(values: FloatArray, shares: Sequence[float]) -> list[FloatArray]:
    """Return what `numpy.quantile` gives along the draws `(B, R)`; it takes several times as long."""
    rising = np.sort(np.ascontiguousarray(values.T), axis=1)
    found = []
    for share in shares:
        at, part = divmod(share * (len(values) - 1), 1.0)
        one, other = rising[:, int(at)], rising[:, min(int(at) + 1, len(values) - 1)]
        between = one + (other - one) * part if part < 0.5 else other - (other - one) * (1 - part)  # noqa: PLR2004 - as numpy
        found.append(np.where(np.isnan(rising[:, -1]), np.nan, between))
    return found


def ranked(values: FloatArray) -> FloatArray:
    """Return the rank of every region within a draw `(B, R)`, 1 = highest."""
    order = np.argsort(-values, axis=1)
    ranks = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(1, values.shape[1] + 1)[None], axis=1)
    return ranks.astype(np.float64)


def above(values: FloatArray) -> FloatArray:
    """Return the part of draws `(B, R)` in which one region lies above another `(R, R)`."""
    columns = np.ascontiguousarray(values.T)
    # bits are counted, eight draws at once: this grows with the square of the regions
    counts = [np.bitwise_count(np.packbits(one > columns, axis=1)).sum(axis=1, dtype=np.int64) for one in columns]
    return np.asarray(np.stack(counts) / len(values))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Statements against the truth: bands that hold it, scores and half-widths `(R,)`, pairs decided and right."""

    holds: BoolArray
    relative_holds: BoolArray
    nation_holds: bool
    nation_error: float
    score: FloatArray
    relative_score: FloatArray
    half_width: FloatArray
    decided: int
    right: int


def judge(mean: FloatArray, truth: FloatArray, level: float, decided: float) -> Verdict:
    """Hold what drawn means `(B, R + 1)` say to the true means `(R + 1,)`."""
    said = state(mean, level)
    relative = truth[:-1] - truth[-1]
    holds = (said.low <= truth) & (truth <= said.high)
    called = above(mean[:, :-1]) >= decided
    return Verdict(
        holds=holds[:-1],
        relative_holds=(said.relative_low <= relative) & (relative <= said.relative_high),
        nation_holds=bool(holds[-1]),
        nation_error=float(abs(said.median[-1] - truth[-1])),
        score=interval_score(said.low, said.high, truth, level)[:-1],
        relative_score=interval_score(said.relative_low, said.relative_high, relative, level),
        half_width=(said.relative_high - said.relative_low) / 2,
        decided=int(called.sum()),
        right=int((called & (truth[:-1, None] > truth[None, :-1])).sum()),
    )


def interval_score(low: FloatArray, high: FloatArray, truth: FloatArray, level: float) -> FloatArray:
    """Return the interval score (Gneiting and Raftery 2007, equation 43): width, and a fine for missing the truth."""
    miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    score: FloatArray = high - low + 2 / (1 - level) * miss
    return score
