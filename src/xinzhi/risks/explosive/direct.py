"""Windows in which sums of products would cancel: each its own regression, by orthogonal triangularisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.risks.explosive.conventions import setting
from xinzhi.risks.explosive.windows import window_statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray, IntArray

_CELLS = 1_000_000  # numbers of a stack of regressions


def mended_statistics(table: FloatArray, window: int, lag: int) -> tuple[FloatArray, IntArray]:
    """Return BADF and BSADF `(2, T - lag - window, N)`, and the windows `(N,)` that have no statistic.

    Parameters
    ----------
    table
        `(T, N)`, contiguous, time downwards, of any size near one.
    window
        Rows of the smallest regression.
    lag
        Lagged differences.

    Notes
    -----
    Windows in which hardly anything is left of a sum of squares are computed anew by `direct_statistics`; NaN where
    none that ends there has a statistic.
    """
    series = table.shape[1]
    least = float(setting("exact_fit.share_left"))
    skipped = np.zeros(series, dtype=np.int64)

    def mend(rows: int, statistic: FloatArray, pivots: Sequence[FloatArray], wholes: Sequence[FloatArray]) -> None:
        with np.errstate(invalid="ignore"):
            sound = least * np.abs(statistic) < rows - 2 - lag
            for pivot, whole in zip(pivots, wholes, strict=True):
                sound &= pivot > least * whole
        weak = np.flatnonzero(~sound)
        if not len(weak):
            return
        starts, columns = np.divmod(weak, series)
        found = direct_statistics(table, starts, columns, rows, lag)
        missing = np.isnan(found)
        np.add.at(skipped, columns[missing], 1)
        statistic[weak] = np.where(missing, -np.inf, found * np.abs(found))

    found = window_statistics(table, window, lag, mend=mend)
    return np.where(np.isneginf(found), np.nan, found), skipped


def direct_statistics(table: FloatArray, starts: IntArray, columns: IntArray, rows: int, lag: int) -> FloatArray:
    """Return the t of the level in each of the windows; NaN where it does not vary, or fits exactly.

    Parameters
    ----------
    table
        `(T, N)`.
    starts, columns
        `(windows,)`: first observation and series of each.
    rows
        Rows of each regression.
    lag
        Lagged differences.

    Notes
    -----
    What is left of a column is nothing where it is of the size of the rounding of the levels.

    Examples
    --------
    >>> level = np.array([[1.0], [2.0], [1.5], [3.0], [2.0], [4.0]])
    >>> direct_statistics(level, np.array([0]), np.array([0]), 5, 0).round(4).tolist()
    [-1.4356]
    """
    out = np.empty(len(starts))
    units = float(setting("exact_fit.rounding")) * np.finfo(float).eps * np.sqrt(rows)
    width = max(1, _CELLS // (rows * (lag + 3)))
    for first in range(0, len(starts), width):
        part = slice(first, first + width)
        places = starts[part, None] + np.arange(rows + lag + 1)
        level = table[places, columns[part, None]]
        steps = level[:, 1:] - level[:, :-1]
        design = np.ones((len(level), rows, lag + 3))
        for back in range(1, lag + 1):
            design[:, :, back] = steps[:, lag - back : lag - back + rows]
        design[:, :, -2] = level[:, lag:-1]
        design[:, :, -1] = steps[:, lag:]
        design[:, :, 1:] -= design[:, :1, 1:]  # the constant takes it up; less to cancel
        upper: FloatArray = np.asarray(np.linalg.qr(design, mode="r"), dtype=np.float64)
        floor = units * np.abs(level).max(axis=1)
        exists = (np.abs(np.diagonal(upper, axis1=1, axis2=2)[:, 1:]) > floor[:, None]).all(axis=1)
        top = np.sqrt(rows - 2 - lag) * upper[:, -2, -1] * np.sign(upper[:, -2, -2])
        out[part] = np.divide(top, np.abs(upper[:, -1, -1]), out=np.full(len(level), np.nan), where=exists)
    return out
