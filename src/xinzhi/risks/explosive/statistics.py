"""Recursive Dickey-Fuller statistics of all windows at once: BADF and BSADF sequences, ADF, SADF, GSADF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.risks.explosive.conventions import setting
from xinzhi.risks.explosive.direct import mended_statistics

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray

_CELLS = 16_000  # series x periods of a block: its work arrays stay in the second-level cache
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
    statistic is the t of the level. The sums of a window follow from those of the window that ends one period earlier,
    for all starts and series at once (`window_statistics`). Where hardly anything is left of a sum of squares, the
    window is computed by itself, by orthogonal triangularisation (`direct_statistics`).

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
    table = unit_scaled(table)
    sequences = np.empty((2, periods - lag - window, series))
    skipped = np.zeros(series, dtype=np.int64)
    width = max(1, _CELLS // periods)
    for first in range(0, series, width):
        part = slice(first, first + width)
        sequences[:, :, part], skipped[part] = mended_statistics(np.ascontiguousarray(table[:, part]), window, lag)
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


def unit_scaled(table: FloatArray) -> FloatArray:
    """Return every series over the power of two next to its largest value: exact, and no product overflows.

    Parameters
    ----------
    table
        `(T, N)` or `(T,)`, finite.

    Examples
    --------
    >>> unit_scaled(np.array([[3.0], [-6.0]])).ravel().tolist()
    [0.375, -0.75]
    """
    exponent = np.frexp(np.abs(table).max(axis=0))[1]
    return np.asarray(np.ldexp(table, -exponent), dtype=np.float64)
