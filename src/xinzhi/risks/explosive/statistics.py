"""Recursive Dickey-Fuller statistics of all windows at once: BADF and BSADF sequences, ADF, SADF, GSADF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.risks.explosive.conventions import setting
from xinzhi.risks.explosive.updates import updated_statistics

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

_CELLS = 16_000  # series x periods of a block: its nine work arrays stay in the second-level cache
_DIMENSIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Recursive:
    """Right-tailed Dickey-Fuller statistics of N series over all windows.

    Parameters
    ----------
    badf, bsadf
        `(T - lag - minimum_window, N)`: for every end of a window the statistic from the first observation, and the
        largest over all starts. Row 0 stands at observation ``minimum_window + lag + 1`` (counted from 1). NaN where no
        window that ends there has a statistic.
    minimum_window
        Rows of the smallest regression.
    lag
        Lagged differences in each regression.
    skipped
        `(N,)`: windows without a statistic (no variation, or an exact fit).
    """

    badf: FloatArray
    bsadf: FloatArray
    minimum_window: int
    lag: int
    skipped: IntArray

    @property
    def adf(self) -> FloatArray:
        """Return `(N,)`, the statistic of the whole sample."""
        return np.asarray(self.badf[-1], dtype=np.float64)

    @property
    def sadf(self) -> FloatArray:
        """Return `(N,)`, the largest BADF (Phillips, Wu and Yu 2011)."""
        return _largest(self.badf)

    @property
    def gsadf(self) -> FloatArray:
        """Return `(N,)`, the largest BSADF (Phillips, Shi and Yu 2015)."""
        return _largest(self.bsadf)

    @property
    def panel(self) -> FloatArray:
        """Return `(T - lag - minimum_window,)`, the mean BSADF over the series (Pavlidis and others 2016)."""
        return np.asarray(self.bsadf.mean(axis=1), dtype=np.float64)


def _largest(sequence: FloatArray) -> FloatArray:
    """Return the largest of each column, without NaN; NaN where there is nothing else."""
    found = np.fmax.reduce(sequence, axis=0)
    return np.asarray(found, dtype=np.float64)


def minimum_window(observations: int) -> int:
    """Return the rows of the smallest regression, floor(T (0.01 + 1.8 / sqrt T)).

    Parameters
    ----------
    observations
        T.

    Notes
    -----
    Phillips, Shi and Yu (2015), International Economic Review 56(4), section 5.

    Examples
    --------
    >>> minimum_window(100), minimum_window(20)
    (19, 8)
    """
    rule = setting("minimum_window")
    return int(np.floor(observations * (rule["share"] + rule["root"] / np.sqrt(observations))))


def recursive_adf(values: FloatArray, *, window: int | None = None, lag: int = 0) -> Recursive:
    """Return the statistics of all windows of all series.

    Parameters
    ----------
    values
        `(T, N)` or `(T,)`, finite, one column a series, time downwards.
    window
        Rows of the smallest regression; the rule of `minimum_window` when none is given.
    lag
        Lagged differences.

    Raises
    ------
    UsageError
        When the series are too short for the window, or the window for the regression.

    Notes
    -----
    Each window runs the regression of the difference on a constant, the lagged level and `lag` lagged differences; the
    statistic is the t of the level. Without lags the sums of a window follow from those of the window that ends one
    period earlier, for all starts and series at once. Levels count from the first of their own window: then the
    variance of the level is at least 1/T of its sum of squares, so that nothing cancels (the same would not hold for
    differences of cumulative sums). With lags, or where the steps of a series hardly vary, the centred cross-products
    are updated instead, row by row.

    Examples
    --------
    >>> level = np.array([1.0, 1.2, 0.9, 1.1, 1.6, 1.4, 1.9, 2.6, 3.7, 5.4, 7.8, 4.0])
    >>> found = recursive_adf(level)
    >>> [round(float(value[0]), 4) for value in (found.adf, found.sadf, found.gsadf)]
    [-1.2192, 7.0512, 7.0512]
    """
    table = np.ascontiguousarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim < _DIMENSIONS else table
    periods, series = table.shape
    window = minimum_window(periods) if window is None else window
    _refuse(periods, window, lag)
    if not np.isfinite(table).all():
        message = "the series have gaps or infinite values; fill or leave out what is not known."
        raise UsageError(message)
    sequences = np.empty((2, periods - lag - window, series))
    skipped = np.zeros(series, dtype=np.int64)
    hard = _hard(table, window) if lag == 0 else np.ones(series, dtype=bool)
    width = max(1, _CELLS // periods)
    for first in range(0, series, width):
        part = slice(first, first + width)
        if not hard[part].all():
            sequences[:, :, part] = plain_statistics(np.ascontiguousarray(table[:, part]), window)
    if lag == 0:
        limit = float(setting("exact_fit.largest_statistic"))
        with np.errstate(invalid="ignore"):
            hard |= ~(np.abs(sequences).max(axis=(0, 1)) < limit)
    columns = np.flatnonzero(hard)
    for first in range(0, len(columns), width):
        chosen = columns[first : first + width]
        found, missing = updated_statistics(np.ascontiguousarray(table[:, chosen]), window, lag)
        sequences[:, :, chosen], skipped[chosen] = found, missing
    return Recursive(badf=sequences[0], bsadf=sequences[1], minimum_window=window, lag=lag, skipped=skipped)


def _refuse(periods: int, window: int, lag: int) -> None:
    """Raise when there is no window, or too few degrees of freedom in it."""
    least = int(setting("least_degrees"))
    if lag < 0 or window - 2 - lag < least:
        message = (
            f"a window of {window} rows with lag {lag} leaves {window - 2 - lag} degrees of freedom, "
            f"fewer than {least}: take a lag of at most {max(window - 2 - least, 0)} or a longer window."
        )
        raise UsageError(message)
    if periods - lag - window < 1:
        message = (
            f"{periods} observations hold no window of {window} rows with lag {lag}; "
            f"at least {window + lag + 1} are needed."
        )
        raise UsageError(message)


def _hard(table: FloatArray, window: int) -> BoolArray:
    """Tell the series in which some window's steps hardly vary beside their size: the plain sums would cancel."""
    steps = np.diff(table, axis=0)
    squares = np.zeros((len(table), table.shape[1]))
    np.cumsum(steps**2, axis=0, out=squares[1:])
    total = np.maximum(squares[window:] - squares[:-window], 0.0)
    variation = total - (table[window:] - table[:-window]) ** 2 / window
    return np.asarray((variation <= setting("exact_fit.steps_vary") * total).any(axis=0))


def plain_statistics(table: FloatArray, window: int) -> FloatArray:
    """Return `(2, T - window, N)`, BADF and BSADF without lags; for series that vary (no check is made).

    Parameters
    ----------
    table
        `(T, N)`, contiguous, time downwards.
    window
        Rows of the smallest regression.

    Notes
    -----
    With z = y_t - y_a (a: first observation of the window, n rows, b: last), S = sum z_{t-1}, W = sum z_{t-1}^2 and
    Q = sum of squared steps, the steps sum to z_b and 2 sum z_{t-1} (z_t - z_{t-1}) = z_b^2 - Q. The t is then
    sqrt(n - 2) D / sqrt(4 (W - S^2/n) (Q - z_b^2/n) - D^2) with D = z_b (z_b - 2 S/n) - Q.
    """
    periods, series = table.shape
    level, rows = table.ravel(), periods - 1
    squares = np.diff(table, axis=0).ravel() ** 2
    total, square, steps = (np.zeros(rows * series) for _ in range(3))
    reach, reached = np.zeros(rows * series), np.zeros(rows * series)
    one, two, three = (np.empty(rows * series) for _ in range(3))
    badf, best = np.empty((periods - window, series)), np.full(periods * series, -np.inf)
    for n in range(1, rows + 1):
        size = (rows - n + 1) * series  # every start that still has n rows
        s, w, q = total[:size], square[:size], steps[:size]
        s += reach[:size]
        w += reached[:size]
        q += squares[(n - 1) * series :]
        z = np.subtract(level[n * series :], level[:size], out=reach[:size])
        zz = np.multiply(z, z, out=reached[:size])
        if n < window:
            continue
        a, d, c = np.multiply(s, 2 / n, out=one[:size]), two[:size], three[:size]
        np.subtract(z, a, out=d)
        d *= z
        d -= q
        a *= s
        a *= -2.0
        a += np.multiply(w, 4.0, out=c)
        np.multiply(zz, -1 / n, out=c)
        c += q
        a *= c
        a -= np.multiply(d, d, out=c)
        with np.errstate(invalid="ignore", divide="ignore"):  # an exact fit; the caller looks at what came out
            np.sqrt(a, out=a)
            d /= a
        d *= np.sqrt(n - 2)
        ends = best[n * series :]
        np.maximum(ends, d, out=ends)
        badf[n - window] = d[:series]
    return np.stack([badf, best.reshape(periods, series)[window:]])
