"""Dickey-Fuller statistics of all windows at once: sums that move with the window, centred, the lags swept out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray


class Mend(Protocol):
    """Corrects statistics in place."""

    def __call__(
        self, rows: int, statistic: FloatArray, pivots: Sequence[FloatArray], wholes: Sequence[FloatArray]
    ) -> None:
        """Look at the statistics of all windows of so many rows.

        Parameters
        ----------
        rows
            Of each window.
        statistic
            `(starts * N,)`, t |t|.
        pivots, wholes
            `lag + 2` of `(starts * N,)`: what is left of the sum of squares of each lagged difference, the level and
            the difference once the others are taken out, and that sum of squares.
        """


def window_statistics(table: FloatArray, window: int, lag: int, *, mend: Mend | None = None) -> FloatArray:
    """Return `(2, T - lag - window, N)`, BADF and BSADF; not finite where a series hardly varies, unless mended.

    Parameters
    ----------
    table
        `(T, N)`, contiguous, time downwards.
    window
        Rows of the smallest regression.
    lag
        Lagged differences.
    mend
        Sees the statistics of every length of window.

    Notes
    -----
    With z = y_t - y_a (a: first level of the window, n steps, b: last), S = sum z_{t-1}, W = sum z_{t-1}^2 and Q = sum
    of squared steps, the steps sum to z_b and 2 sum z_{t-1} (z_t - z_{t-1}) = z_b^2 - Q. Levels count from the first of
    their own window: then the variance of the level is at least 1/T of its sum of squares, so that nothing cancels (the
    same would not hold for differences of cumulative sums). The moments of lagged differences are those of the steps
    in windows that start earlier; nothing is added up twice. The largest t |t| is found first, and its root last.
    """
    periods, series = table.shape
    level, rows = table.ravel(), periods - 1 - lag
    steps = np.diff(table, axis=0).ravel()
    products = [steps[back * series :] * steps[: len(steps) - back * series] for back in range(lag + 1)]
    running = [np.zeros(len(product)) for product in products]
    total, square, reach, reached = (np.zeros(len(steps)) for _ in range(4))
    work = np.empty((5 + 2 * lag, len(steps)))
    swept = np.empty((lag + 2, lag + 2, len(steps))) if lag else work[:0]
    badf, best = np.empty((rows - window + 1, series)), np.full(rows * series, -np.inf)
    for n in range(1, rows + 1):
        size = (periods - n) * series  # every start that still has n steps
        s, w = total[:size], square[:size]
        s += reach[:size]
        w += reached[:size]
        sums = [part[: size - back * series] for back, part in enumerate(running)]
        for part, product in zip(sums, products, strict=True):
            np.add(part, product[(n - 1) * series :], out=part)
        z = np.subtract(level[n * series :], level[:size], out=reach[:size])
        np.multiply(z, z, out=reached[:size])
        if n < window:
            continue
        moments = _moments(n, series, (s, w, z), sums, work)
        statistic = _swept(moments, swept, work)
        statistic *= n - 2 - lag
        if mend is not None:
            wholes = [sums[0][(lag - back) * series :][: len(statistic)] for back in (*range(1, lag + 1), 0)]
            pivots = [moments[at, at] for at in range(lag + 2)]
            mend(n, statistic, pivots, [*wholes[:-1], w[lag * series :], wholes[-1]])
        ends = best[(n - 1) * series :]
        np.maximum(ends, statistic, out=ends)
        badf[n - window] = statistic[:series]
    squares = np.stack([badf, best.reshape(rows, series)[window - 1 :]])
    return np.asarray(np.copysign(np.sqrt(np.abs(squares)), squares), dtype=np.float64)


def _moments(
    n: int,
    series: int,
    level: tuple[FloatArray, FloatArray, FloatArray],
    sums: Sequence[FloatArray],
    work: FloatArray,
) -> dict[tuple[int, int], FloatArray]:
    """Return the centred cross-products of lagged differences (the nearest first), level and difference.

    `level` is S, W and z; `sums` the products of steps with those 0, 1, ... before, by the start of the earlier.
    """
    s, w, z = level
    size, lag = len(s), len(sums) - 1
    mean = np.multiply(s, 1 / n, out=work[0, :size])
    variance = np.multiply(s, mean, out=work[1, :size])
    np.subtract(w, variance, out=variance)
    cross = np.subtract(z, mean, out=work[2, :size])
    cross -= mean
    cross *= z
    cross -= sums[0]
    cross *= 0.5
    share = np.multiply(z, 1 / n, out=work[0, :size])
    steps = []
    for back, whole in enumerate(sums):
        part = np.multiply(z[back * series :], share[: len(whole)], out=work[3 + back, : len(whole)])
        steps.append(np.subtract(whole, part, out=part))
    out = {(lag, lag): variance[lag * series :], (lag, lag + 1): cross[lag * series :]}
    out[lag + 1, lag + 1] = steps[0][lag * series :]
    for back in range(1, lag + 1):
        # y_{t-1} is y_{t-back-1} and the steps between
        cross = np.add(cross[:-series], steps[back - 1][:-series], out=work[3 + lag + back, : len(steps[back])])
        first = (lag - back) * series
        out[back - 1, lag] = cross[first:]
        out[back - 1, lag + 1] = steps[back][first:]
        for nearer in range(1, back + 1):
            out[nearer - 1, back - 1] = steps[back - nearer][first:][: len(out[lag, lag])]
    return out


def _swept(moments: dict[tuple[int, int], FloatArray], swept: FloatArray, work: FloatArray) -> FloatArray:
    """Return t |t| of the level over its degrees of freedom; what is left of the moments stays there."""
    lag = len(swept) - 2 if len(swept) else 0
    size = len(moments[lag, lag])
    factor, drop = work[-1, :size], work[0, :size]
    with np.errstate(divide="ignore", invalid="ignore"):
        for at in range(lag):
            for row in range(at + 1, lag + 2):
                np.divide(moments[at, row], moments[at, at], out=factor)
                for column in range(row, lag + 2):
                    np.multiply(factor, moments[at, column], out=drop)
                    left = swept[row, column, :size]
                    moments[row, column] = np.subtract(moments[row, column], drop, out=left)
        cross = moments[lag, lag + 1]
        size_of = np.abs(cross, out=drop)
        np.multiply(moments[lag, lag], moments[lag + 1, lag + 1], out=factor)
        cross *= size_of
        size_of *= size_of
        factor -= size_of
        cross /= factor
    return cross
