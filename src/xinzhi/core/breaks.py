"""Breaks in a panel of growth rates: which moves are out of line, and does the level come back the year after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

T = TypeVar("T", bound=np.generic)
# 1 / the third quartile of the normal distribution: with it the median absolute deviation estimates its sigma.
TO_SIGMA = 1.482602218505602
# The estimate of a one-off outlier is the mean of two moves of opposite sign: its standard error is sigma / sqrt(2).
_TWO_MOVES = 0.5**0.5


@dataclass(frozen=True, slots=True)
class Scores:
    """How far every move `(R, T)` lies off its line; NaN where it could not be judged.

    `expected` is what the other regions did in that year plus the usual lead of the region, `scale` the robust
    deviation of its moves around that line, that year left out. `shift` scores a lasting shift of the level, `outlier`
    a one-off one: the half of the move that the next year takes back; both in standard deviations.
    """

    expected: FloatArray
    scale: FloatArray
    shift: FloatArray
    outlier: FloatArray


@dataclass(frozen=True, slots=True)
class Breaks:
    """Where a panel breaks, masks `(R, T)`: the level shifts and stays, or is off in that year alone and comes back."""

    shift: BoolArray
    outlier: BoolArray

    @property
    def returns(self) -> BoolArray:
        """The years in which the level comes back from an outlier of the year before."""
        return next_year(self.outlier)

    @property
    def any(self) -> BoolArray:
        """The years whose move is a break of either kind."""
        return self.shift | self.outlier | self.returns


def leave_one_out_median(values: FloatArray) -> FloatArray:
    """Return for every value `(..., T)` the median of the others in its row; NaN has none and counts in none."""
    return _leave_out(values)[0]


def leave_one_out(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return for every value `(..., T)` the median and the scaled median absolute deviation of the others in its row.

    Taking one value away moves the median to one of three places only, so that three sorts do for all. Hampel (1974),
    "The influence curve and its role in robust estimation", JASA 69, section 5.
    """
    median, (low, high, low_next, high_next) = _leave_out(values)
    below, above = values <= low, values > high
    scale = np.full(values.shape, np.nan)
    for where, centre in ((below, low_next + high_next), (~below & ~above, low + high_next), (above, low + high)):
        if where.any():
            np.copyto(scale, leave_one_out_median(np.abs(values - centre / 2)), where=where)
    return median, TO_SIGMA * scale


def _leave_out(values: FloatArray) -> tuple[FloatArray, tuple[FloatArray, FloatArray, FloatArray, FloatArray]]:
    """Return the medians of the others, and the sorted values between which they lie."""
    last = values.shape[-1] - 1
    finite = np.isfinite(values)
    ordered = np.sort(np.where(finite, values, np.nan), axis=-1)  # NaN come last
    count = finite.sum(axis=-1, keepdims=True) - 1

    def at(position: IntArray) -> FloatArray:
        return np.take_along_axis(ordered, position.clip(0, last), axis=-1)

    middle, upper = (count - 1) // 2, count // 2
    low, high, low_next, high_next = at(middle), at(upper), at(middle + 1), at(upper + 1)
    # The value left out stands at or below a position exactly when it is not larger than what stands there.
    median = (np.where(values <= low, low_next, low) + np.where(values <= high, high_next, high)) / 2
    return np.where(finite & (count > 0), median, np.nan), (low, high, low_next, high_next)


def median_change_of_others(growth: FloatArray, *, fewest: int) -> FloatArray:
    """Return what the other regions did in every year `(R, T)`: the median of their moves less their usual leads.

    The usual lead of a region is the median over the years of its move less the median move of the year, so that
    regions that grow at different rates are compared like with like (one step of Tukey's median polish: Tukey 1977,
    "Exploratory data analysis", chapter 11). Years in which no more than `fewest` regions moved are NaN.
    """
    comparable = np.where(np.isfinite(growth).sum(axis=0) > fewest, growth, np.nan)
    lead = _median(comparable - _median(_transpose(comparable)))
    return _transpose(leave_one_out_median(_transpose(comparable - lead[:, None])))


def against_others(growth: FloatArray, *, fewest: int, floor: float) -> FloatArray:
    """Return how far every move `(R, T)` lies off those of the other regions of its year, in their deviations.

    A deviation counts as `floor` at least; years in which no more than `fewest` regions moved are NaN.
    """
    counts = np.isfinite(growth).sum(axis=0)
    middle, scale = (_transpose(values) for values in leave_one_out(_transpose(growth)))
    return np.where(counts > fewest, (growth - middle) / np.maximum(scale, floor), np.nan)


def is_panel(growth: FloatArray, *, fewest: int) -> bool:
    """Return whether there are enough regions in any year to tell a region's move from everyone's."""
    return bool((np.isfinite(growth).sum(axis=0) > fewest).any())


def scores(growth: FloatArray, *, fewest: int, shortest: int, floor: float) -> Scores:
    """Score every move `(R, T)`, in log points, against the history of its region and the other regions of its year.

    A move is compared with what the others did (`fewest` of them at least) plus the median lead of the region in all
    other years, and measured in the median absolute deviation of those leads: the Hampel identifier with the suspect
    left out. No region is held to be smoother than the mean region: a small deviation in a series just over `shortest`
    is luck more often than calm (Tusher, Tibshirani and Chu 2001, PNAS 98(9), equation 1). For a random walk with drift
    a level shift is one residual, an additive outlier half the difference of two (Chen and Liu 1993, JASA 88, section
    1).
    """
    panel = is_panel(growth, fewest=fewest)
    common = median_change_of_others(growth, fewest=fewest) if panel else np.zeros(growth.shape)
    lead = growth - common
    enough = np.isfinite(lead).sum(axis=1, keepdims=True) >= shortest
    lead = np.where(enough, lead, np.nan)
    usual, scale = leave_one_out(lead)
    if panel and enough.any():
        of_each = scale[enough[:, 0]]
        finite = np.isfinite(of_each)  # of the region in the middle, the mean over its years
        scale = np.maximum(scale, np.median(np.where(finite, of_each, 0.0).sum(axis=1) / finite.sum(axis=1)))
    scale = np.maximum(scale, floor)
    rest = lead - usual
    after, after_scale = (_year_after(values) for values in (rest, scale))
    outlier = (rest - after) * _TWO_MOVES / np.maximum(scale, after_scale)
    return Scores(common + usual, scale, rest / scale, outlier)


def _median(values: FloatArray) -> FloatArray:
    """Return the median of every row, missing values left out; NaN where there is none."""
    last = values.shape[-1] - 1
    count = np.isfinite(values).sum(axis=-1, keepdims=True)
    ordered = np.sort(values, axis=-1)
    middle = [
        np.take_along_axis(ordered, position.clip(0, last), axis=-1) for position in ((count - 1) // 2, count // 2)
    ]
    return np.where(count > 0, (middle[0] + middle[1]) / 2, np.nan)[..., 0]


def _transpose(values: FloatArray) -> FloatArray:
    """Return regions and years exchanged, rows in one piece for sorting."""
    return np.ascontiguousarray(values.T)


def classify(score: Scores, critical: FloatArray) -> Breaks:
    """Tell breaks from ordinary moves by `critical` values `(R,)`, and outliers that come back from shifts that stay.

    A year is an outlier when its score passes the critical value and explains its two moves better than a shift
    explains either (Chen and Liu 1993, section 2). Of overlapping outliers the strongest goes first.
    """
    limit = critical[:, None]
    shift, outlier = (np.nan_to_num(np.abs(values)) for values in (score.shift, score.outlier))
    strength = np.where((outlier > limit) & (outlier > shift) & (outlier > _year_after(shift, 0.0)), outlier, 0.0)
    outliers = np.zeros(strength.shape, dtype=np.bool_)
    while strength.any():
        best = (strength > 0) & (strength > next_year(strength)) & (strength >= _year_after(strength, 0.0))
        outliers |= best
        neighbourhood = best | next_year(best) | (_year_after(best.astype(np.float64), 0.0) > 0)
        strength = np.where(neighbourhood, 0.0, strength)
    paired = outliers | next_year(outliers)
    return Breaks(shift=(shift > limit) & ~paired, outlier=outliers)


def next_year(values: npt.NDArray[T]) -> npt.NDArray[T]:
    """Return a mask, or numbers, one year later; nothing stands in the first."""
    out = np.zeros_like(values)
    out[:, 1:] = values[:, :-1]
    return out


def _year_after(values: FloatArray, end: float = np.nan) -> FloatArray:
    """Return what stands in the next year; `end` in the last."""
    out = np.full(values.shape, end)
    out[:, :-1] = values[:, 1:]
    return out
