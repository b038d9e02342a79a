"""Gaps, outliers and scales: what is done to indicators before they are weighed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.sectors.conventions import convention

IMPUTATIONS = ("none", "mean", "median", "linear", "nearest", "group-mean")


def impute(values: FloatArray, keys: pl.DataFrame, method: str) -> FloatArray:
    """Return the table with its gaps filled as far as the method reaches."""
    if method not in IMPUTATIONS:
        raise UsageError("sectors.unknown-imputation", method=method, known=list(IMPUTATIONS))
    if method == "none" or np.isfinite(values).all():
        return values
    years = keys["year"].to_numpy()
    if method in ("linear", "nearest"):
        return _over_time(values, keys["region"].to_numpy(), years, method)
    if method == "group-mean":
        if "group" not in keys.columns:
            raise UsageError("sectors.no-group-column")
        years = keys.select("year", "group").to_struct().rank("dense").to_numpy()
    return _across(values, years, np.nanmedian if method == "median" else np.nanmean)


def _across(values: FloatArray, cells: IntArray, middle: np.ufunc | object) -> FloatArray:
    filled = values.copy()
    for cell in np.unique(cells):
        rows = np.flatnonzero(cells == cell)
        block = values[rows]
        gaps = ~np.isfinite(block)
        for column in np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0)).tolist():
            filled[rows[gaps[:, column]], column] = middle(block[:, column])  # type: ignore[operator] # a numpy function
    return filled


def _over_time(values: FloatArray, regions: np.ndarray, years: IntArray, method: str) -> FloatArray:
    filled = values.copy()
    order = np.lexsort((years, regions))
    for rows in np.split(order, np.flatnonzero(regions[order][1:] != regions[order][:-1]) + 1):
        block, times = values[rows], years[rows].astype(np.float64)
        gaps = ~np.isfinite(block)
        for column in np.flatnonzero(gaps.any(axis=0) & ~gaps.all(axis=0)).tolist():
            gap = gaps[:, column]
            known, level = times[~gap], block[~gap, column]
            if method == "linear":
                filled[rows[gap], column] = np.interp(times[gap], known, level, left=np.nan, right=np.nan)
            else:
                filled[rows[gap], column] = level[np.abs(times[gap][:, None] - known).argmin(axis=1)]
    return filled


TREATMENTS = ("none", "winsorise", "log", "box-cox")
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Treated:
    """One indicator after treatment."""

    values: FloatArray
    done: str
    count: int = 0
    exponent: float = float("nan")


def _moments(values: FloatArray, order: int) -> tuple[int, float]:
    """Return the number of known values, and their standardised moment of an order; NaN for a constant."""
    known = values[np.isfinite(values)]
    away = known - known.mean() if len(known) else known
    second = float((away**2).mean()) if len(known) else 0.0
    return len(known), float((away**order).mean()) / second ** (order / 2) if second > 0 else float("nan")


def skewness(values: FloatArray) -> float:
    """Return the unbiased skewness (G1; Joanes and Gill 1998, type 2); NaN for less than three values or a constant."""
    n, third = _moments(values, 3)
    return third * float(np.sqrt(n * (n - 1))) / (n - 2) if n >= _FEWEST - 1 else float("nan")


def kurtosis(values: FloatArray) -> float:
    """Return the unbiased excess kurtosis (G2); NaN for fewer than four observations or a constant."""
    n, fourth = _moments(values, 4)
    return ((n + 1) * (fourth - 3) + 6) * (n - 1) / ((n - 2) * (n - 3)) if n >= _FEWEST else float("nan")


def has_outliers(values: FloatArray) -> bool:
    """Return whether skewness and kurtosis are both beyond their limits."""
    return bool(abs(skewness(values)) > convention("skewness") and kurtosis(values) > convention("kurtosis"))


def treat(values: FloatArray, method: str) -> Treated:
    """Treat one indicator, if it has outliers; leave it alone otherwise.

    The logarithm is that of the JRC's COIN tool, mirrored where the long tail is on the left; it and Box-Cox start one
    hundredth of the range above zero, so that nothing depends on the unit of measurement.
    """
    if method not in TREATMENTS:
        raise UsageError("sectors.unknown-treatment", method=method, known=list(TREATMENTS))
    if method == "none" or not has_outliers(values):
        return Treated(values, "none")
    if method == "winsorise":
        calmed, count = winsorise(values)
        if not has_outliers(calmed):
            return Treated(calmed, "winsorise", count)
    if method == "box-cox":
        exponent = _exponent(_from_zero(values)[0])
        return Treated(_mirrored(values, exponent), "box-cox", exponent=exponent)
    return Treated(_mirrored(values, 0.0), "log")


def winsorise(values: FloatArray) -> tuple[FloatArray, int]:
    """Move the most extreme observations to the next one until the indicator passes or the limit is reached."""
    moved = values.copy()
    touched = np.zeros(len(values), dtype=bool)
    while has_outliers(moved) and touched.sum() < convention("winsorised_most"):
        sign = 1.0 if skewness(moved) >= 0 else -1.0
        ordered = sign * moved
        extreme = ordered == np.nanmax(ordered)
        moved[extreme] = sign * np.nanmax(ordered[~extreme])
        touched |= extreme
    return moved, int(touched.sum())


def _from_zero(values: FloatArray) -> tuple[FloatArray, float]:
    """Return the values with the long tail to the right, starting just above zero, and the sign that did it."""
    sign = 1.0 if skewness(values) >= 0 else -1.0
    ordered = sign * values
    low, high = np.nanmin(ordered), np.nanmax(ordered)
    return ordered - low + convention("log_offset") * (high - low), sign


def _mirrored(values: FloatArray, exponent: float) -> FloatArray:
    start, sign = _from_zero(values)
    power: FloatArray = np.log(start) if exponent == 0 else np.expm1(exponent * np.log(start)) / exponent
    return sign * power


def _exponent(start: FloatArray) -> float:
    """Return the Box-Cox exponent of the highest profile likelihood."""
    from scipy.optimize import minimize_scalar

    known = start[np.isfinite(start)]
    logs = np.log(known / np.exp(np.log(known).mean()))

    def loss(exponent: float) -> float:
        power = logs if abs(exponent) < np.finfo(float).eps else np.expm1(exponent * logs) / exponent
        return float(np.log(power.var()))  # with the geometric mean at one, the Jacobian is one

    return float(minimize_scalar(loss, bounds=tuple(convention("box_cox_range")), method="bounded").x)


NORMALISATIONS = ("min-max", "z", "rank", "percentile", "borda", "distance-to-max", "distance-to-target", "vector")
_RANKS = ("rank", "percentile", "borda")


@dataclass(frozen=True, slots=True)
class Normalisation:
    """A method of normalisation and its scale.

    Parameters
    ----------
    method
        ``min-max`` (`low` is the worst and `high` the best observation), ``z`` (mean `low`, standard deviation `high`),
        ``rank`` (1 is the worst), ``percentile`` (0 to 1), ``borda`` (0 is the worst), ``distance-to-max`` (1 less the
        distance from the best, as a share of the range), ``distance-to-target`` (the same from the target of the
        indicator) or ``vector`` (over the root of the sum of squares).
    low, high
        The scale of ``min-max`` and ``z``; the others have their own.

    Raises
    ------
    UsageError
        When there is no such method, or the scale is upside down.

    Examples
    --------
    >>> Normalisation("min-max", 1, 100).high
    100
    """

    method: str = "min-max"
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in NORMALISATIONS:
            raise UsageError("sectors.unknown-normalisation", method=self.method, known=list(NORMALISATIONS))
        below = 0.0 if self.method == "z" else self.low
        if not (np.isfinite(self.low) and np.isfinite(self.high)) or self.high <= below:
            raise UsageError("sectors.normalisation-ends", method=self.method, low=self.low, high=self.high)

    def label(self) -> str:
        """Return the method, with its scale where it is not the usual one."""
        usual = (self.low, self.high) == (0.0, 1.0)
        return self.method if usual else f"{self.method} {self.low:g}-{self.high:g}"


def normalise(
    values: FloatArray, directions: FloatArray, how: Normalisation, targets: FloatArray | None = None
) -> FloatArray:
    """Put indicators onto one scale on which more is better: signs are turned first; ties have the lowest rank."""
    turned = values * directions
    if how.method in _RANKS:
        return _ranked(turned, how.method)
    if how.method == "vector":
        return np.asarray(turned / np.sqrt((turned**2).sum(axis=0)))
    if how.method == "z":
        return np.asarray(how.low + how.high * (turned - turned.mean(axis=0)) / turned.std(axis=0, ddof=1))
    worst, best = turned.min(axis=0), turned.max(axis=0)
    if how.method == "distance-to-target":
        best = _targets(targets, directions, worst)
    share = (turned - worst) / (best - worst)
    return np.asarray(how.low + (how.high - how.low) * share if how.method == "min-max" else share)


def positive(scores: FloatArray, bounds: tuple[float, float] | None = None) -> FloatArray:
    """Move a whole table onto the range that geometric and harmonic means can take, by one linear map for all cells."""
    low, high = convention("positive_range")
    least, most = bounds or (scores.min(), scores.max())
    return np.asarray(low + (high - low) * (scores - least) / (most - least))


def _ranked(turned: FloatArray, method: str) -> FloatArray:
    below = np.empty_like(turned)
    for column in range(turned.shape[1]):
        below[:, column] = np.searchsorted(np.sort(turned[:, column]), turned[:, column], side="left")
    if method == "percentile":
        return below / (len(turned) - 1)
    return below + 1 if method == "rank" else below


def _targets(targets: FloatArray | None, directions: FloatArray, worst: FloatArray) -> FloatArray:
    if targets is None or not np.isfinite(targets).all():
        raise UsageError("sectors.no-target")
    best: FloatArray = targets * directions
    if (wrong := np.flatnonzero(best <= worst)).size:
        raise UsageError("sectors.target-below-worst", number=int(wrong[0]) + 1)
    return best


def constant(values: FloatArray) -> IntArray:
    """Return the positions of the columns in which every known value is the same."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    return np.flatnonzero(known.any(axis=0) & (low == high))
