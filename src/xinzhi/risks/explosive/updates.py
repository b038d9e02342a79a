"""Recursive Dickey-Fuller statistics with lags: centred cross-products of all windows, updated row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.risks.explosive.conventions import setting

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray


def regression_rows(table: FloatArray, lag: int) -> FloatArray:
    """Return `(lag + 2, T - 1 - lag, N)`: lagged differences (the nearest first), the lagged level, the difference.

    Parameters
    ----------
    table
        `(T, N)`, time downwards.
    lag
        Lagged differences.
    """
    steps = np.diff(table, axis=0)
    rows = len(steps) - lag
    before = [steps[lag - back : lag - back + rows] for back in range(1, lag + 1)]
    return np.stack([*before, table[lag : lag + rows], steps[lag:]])


def updated_statistics(table: FloatArray, window: int, lag: int) -> tuple[FloatArray, IntArray]:
    """Return BADF and BSADF `(2, T - lag - window, N)`, and the windows `(N,)` that have no statistic.

    Parameters
    ----------
    table
        `(T, N)`, time downwards.
    window
        Rows of the smallest regression.
    lag
        Lagged differences.

    Notes
    -----
    A window that takes in one more row changes its mean by a share of the deviation v of that row, and its
    cross-products by (n - 1)/n v v' (Welford 1962, Technometrics 4(3)); all starts move together, so that the work
    grows with the square of T. The lags are then swept out; what is left of level and difference gives the t.
    """
    values = regression_rows(table, lag)
    size, rows, series = values.shape
    mean = np.zeros_like(values)
    products = np.zeros((size, *values.shape))
    badf = np.empty((rows - window + 1, series))
    best = np.full((rows, series), -np.inf)
    skipped = np.zeros(series, dtype=np.int64)
    for n in range(1, rows + 1):
        starts = rows - n + 1
        off = values[:, n - 1 :] - mean[:, :starts]
        mean[:, :starts] += off / n
        share = off * ((n - 1) / n)
        for at in range(size):
            products[at, at:, :starts] += share[at] * off[at:]
        if n < window:
            continue
        statistic, valid = _swept(products[:, :, :starts].copy(), n - 2 - lag)
        ends = best[n - 1 :]
        np.maximum(ends, np.where(valid, statistic, -np.inf), out=ends)
        badf[n - window] = np.where(valid[0], statistic[0], np.nan)
        skipped += (~valid).sum(axis=0)
    bsadf = best[window - 1 :]
    return np.stack([badf, np.where(np.isneginf(bsadf), np.nan, bsadf)]), skipped


def _swept(products: FloatArray, degrees: int) -> tuple[FloatArray, BoolArray]:
    """Return the t of the level and whether it exists, `(starts, N)` each.

    `products` is `(p, p, starts, N)`, of which the upper triangle is read and overwritten.
    """
    size, least = len(products), float(setting("exact_fit.share_left"))
    before = [products[at, at].copy() for at in range(size)]
    valid = np.ones(products.shape[2:], dtype=bool)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for at in range(size - 2):
            valid &= products[at, at] > least * before[at]
            for row in range(at + 1, size):
                factor = products[at, row] / products[at, at]
                products[row, row:] -= factor * products[at, row:]
        level, cross, step = products[-2, -2], products[-2, -1], products[-1, -1]
        valid &= (level > least * before[-2]) & (step > least * before[-1])
        left = level * step - cross**2
        valid &= left > least * level * step
        statistic = np.sqrt(degrees) * cross / np.sqrt(left)
    return statistic, valid
