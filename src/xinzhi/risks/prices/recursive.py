"""Recursive Dickey-Fuller statistics, ADF, SADF and GSADF from all windows at once, and the dates that they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.risks.prices.conventions import setting

Mend = Callable[[int, FloatArray, Sequence[FloatArray], Sequence[FloatArray]], None]


_STACK = 1_000_000  # numbers of a stack of regressions
_CELLS = 16_000  # series x periods of a block: its work arrays stay in the second-level cache
_DIMENSIONS = 2


@np.errstate(divide="ignore", invalid="ignore")  # once for all windows: entering it costs as much as a product
def window_statistics(table: FloatArray, window: int, lag: int, *, mend: Mend | None = None) -> FloatArray:
    """Return `(2, T - lag - window, N)`, BADF and BSADF; not finite where a series hardly varies, unless mended."""
    # With z = y_t - y_a (a: first level of the window, n steps, b: last), S = sum z_{t-1}, W = sum z_{t-1}^2 and Q =
    # sum of squared steps, the steps sum to z_b and 2 sum z_{t-1} (z_t - z_{t-1}) = z_b^2 - Q. Levels count from the
    # first of their own window: then the variance of the level is at least 1/T of its sum of squares, so that nothing
    # cancels (the same would not hold for differences of cumulative sums). The moments of lagged differences are those
    # of the steps in windows that start earlier; nothing is added up twice. The largest t |t| is found first, and its
    # root last.
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
        statistic = _t_statistics(moments, swept, work)
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
    n: int, series: int, level: tuple[FloatArray, FloatArray, FloatArray], sums: Sequence[FloatArray], work: FloatArray
) -> dict[tuple[int, int], FloatArray]:
    """Return the centred cross-products of lagged differences (the nearest first), level and difference."""
    # `level` is S, W and z; `sums` the products of steps with those 0, 1, ... before, by the start of the earlier.
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
    for back, products in enumerate(sums):
        part = np.multiply(z[back * series :], share[: len(products)], out=work[3 + back, : len(products)])
        steps.append(np.subtract(products, part, out=part))
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


def _t_statistics(moments: dict[tuple[int, int], FloatArray], swept: FloatArray, work: FloatArray) -> FloatArray:
    """Return t |t| of the level over its degrees of freedom; what is left of the moments stays there."""
    lag = len(swept) - 2 if len(swept) else 0
    size = len(moments[lag, lag])
    factor, drop = work[-1, :size], work[0, :size]
    for at in range(lag):
        for row in range(at + 1, lag + 2):
            np.divide(moments[at, row], moments[at, at], out=factor)
            for column in range(row, lag + 2):
                np.multiply(factor, moments[at, column], out=drop)
                remainder = swept[row, column, :size]
                moments[row, column] = np.subtract(moments[row, column], drop, out=remainder)
    cross = moments[lag, lag + 1]
    size_of = np.abs(cross, out=drop)
    np.multiply(moments[lag, lag], moments[lag + 1, lag + 1], out=factor)
    cross *= size_of
    size_of *= size_of
    factor -= size_of
    cross /= factor
    return cross


def mended_statistics(table: FloatArray, window: int, lag: int) -> tuple[FloatArray, IntArray]:
    """Return BADF and BSADF `(2, T - lag - window, N)`, and the windows `(N,)` that have no statistic."""
    # Windows in which hardly anything is left of a sum of squares are computed anew by `direct_statistics`; NaN where
    # none that ends there has a statistic.
    series = table.shape[1]
    least = float(setting("exact_fit.share_left"))
    skipped = np.zeros(series, dtype=np.int64)

    def mend(rows: int, statistic: FloatArray, pivots: Sequence[FloatArray], wholes: Sequence[FloatArray]) -> None:
        with np.errstate(invalid="ignore"):
            sound = least * np.abs(statistic) < rows - 2 - lag
            for pivot, total in zip(pivots, wholes, strict=True):
                sound &= pivot > least * total
        weak = np.flatnonzero(~sound)
        if not len(weak):
            return
        starts, columns = np.divmod(weak, series)
        direct = direct_statistics(table, starts, columns, rows, lag)
        missing = np.isnan(direct)
        np.add.at(skipped, columns[missing], 1)
        statistic[weak] = np.where(missing, -np.inf, direct * np.abs(direct))

    statistics = window_statistics(table, window, lag, mend=mend)
    return np.where(np.isneginf(statistics), np.nan, statistics), skipped


def direct_statistics(table: FloatArray, starts: IntArray, columns: IntArray, rows: int, lag: int) -> FloatArray:
    """Return the t of the level in each of the windows; NaN where it does not vary, or fits exactly."""
    # What is left of a column is nothing where it is of the size of the rounding of the levels.
    out = np.empty(len(starts))
    units = float(setting("exact_fit.rounding")) * np.finfo(float).eps * np.sqrt(rows)
    width = max(1, _STACK // (rows * (lag + 3)))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Recursive:
    """Right-tailed Dickey-Fuller statistics of N series over all windows."""

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
        """Return `(N,)`, the largest BADF (Phillips, Wu and Yu 2011); NaN where there is none."""
        return np.asarray(np.fmax.reduce(self.badf, axis=0), dtype=np.float64)

    @property
    def gsadf(self) -> FloatArray:
        """Return `(N,)`, the largest BSADF (Phillips, Shi and Yu 2015); NaN where there is none."""
        return np.asarray(np.fmax.reduce(self.bsadf, axis=0), dtype=np.float64)

    @property
    def panel(self) -> FloatArray:
        """Return `(T - lag - minimum_window,)`, the mean BSADF over the series (Pavlidis and others 2016)."""
        return np.asarray(self.bsadf.mean(axis=1), dtype=np.float64)


def minimum_window(observations: int) -> int:
    """Return the rows of the smallest regression, floor(T (0.01 + 1.8 / sqrt T))."""
    # Phillips, Shi and Yu (2015), International Economic Review 56(4), section 5.
    rule = setting("minimum_window")
    return int(np.floor(observations * (rule["share"] + rule["root"] / np.sqrt(observations))))


def recursive_adf(values: FloatArray, *, window: int | None = None, lag: int = 0) -> Recursive:
    """Return the statistics of all windows of all series."""
    # Each window runs the regression of the difference on a constant, the lagged level and `lag` lagged differences;
    # the statistic is the t of the level. The sums of a window follow from those of the window that ends one period
    # earlier, for all starts and series at once (`window_statistics`). Where hardly anything is left of a sum of
    # squares, the window is computed by itself, by orthogonal triangularisation (`direct_statistics`).
    table = np.ascontiguousarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim < _DIMENSIONS else table
    periods, series = table.shape
    window = minimum_window(periods) if window is None else window
    least = int(setting("least_degrees"))
    if lag < 0 or window - 2 - lag < least:
        degrees = {"left": window - 2 - lag, "least": least, "most": max(window - 2 - least, 0)}
        raise UsageError("prices.few-degrees", window=window, lag=lag, **degrees)
    if periods - lag - window < 1:
        raise UsageError("prices.no-window", periods=periods, window=window, lag=lag, least=window + lag + 1)
    if not np.isfinite(table).all():
        raise UsageError("prices.not-finite")
    table = scale_to_unit(table)
    sequences = np.empty((2, periods - lag - window, series))
    skipped = np.zeros(series, dtype=np.int64)
    width = max(1, _CELLS // periods)
    for first in range(0, series, width):
        part = slice(first, first + width)
        sequences[:, :, part], skipped[part] = mended_statistics(np.ascontiguousarray(table[:, part]), window, lag)
    return Recursive(badf=sequences[0], bsadf=sequences[1], minimum_window=window, lag=lag, skipped=skipped)


def scale_to_unit(table: FloatArray) -> FloatArray:
    """Return every series over the power of two next to its largest value: exact, and no product overflows."""
    exponent = np.frexp(np.abs(table).max(axis=0))[1]
    return np.asarray(np.ldexp(table, -exponent), dtype=np.float64)


def regression_rows(table: FloatArray, lag: int) -> FloatArray:
    """Return `(lag + 2, T - 1 - lag, N)`: lagged differences (the nearest first), the lagged level, the difference."""
    steps = np.diff(table, axis=0)
    rows = len(steps) - lag
    before = [steps[lag - back : lag - back + rows] for back in range(1, lag + 1)]
    return np.stack([*before, table[lag : lag + rows], steps[lag:]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Dates in a row on which the statistic passes its critical value, as places in the series (from 0)."""

    start: int
    peak: int
    last: int
    ongoing: bool
    rising: bool

    @property
    def duration(self) -> int:
        """Return the number of dates."""
        return self.last - self.start + 1


def date_runs(
    level: FloatArray, bsadf: FloatArray, critical: FloatArray, *, shortest: int = 0, nearer: int = 0
) -> list[Run]:
    """Return the runs of explosive behaviour of one series; runs parted by fewer dates than `nearer` are one."""
    # Phillips, Shi and Yu (2015), equations 11 and 12: it begins with the first date on which BSADF passes its critical
    # value and ends with the next on which it does not.
    with np.errstate(invalid="ignore"):
        passes = np.concatenate([[False], bsadf > critical, [False]])
    turns = np.flatnonzero(passes[1:] != passes[:-1])
    offset = len(level) - len(bsadf)
    pairs: list[list[int]] = []
    for first, after in turns.reshape(-1, 2).tolist():
        if pairs and first - pairs[-1][1] < nearer:
            pairs[-1][1] = after
        else:
            pairs.append([first, after])
    runs = []
    for first, after in ((offset + start, offset + end) for start, end in pairs if end - start >= shortest):
        peak = first + int(np.nanargmax(bsadf[first - offset : after - offset]))
        rising = bool(level[peak] > level[first - 1])
        runs.append(Run(start=first, peak=peak, last=after - 1, ongoing=after == len(level), rising=rising))
    return runs


def episode_frame(runs: Sequence[Run], dates: pl.Series) -> pl.DataFrame:
    """Return ``start, peak, last, end, duration, ongoing, signal`` of runs; `end` is the first date after."""
    rows = [
        (
            dates[run.start],
            dates[run.peak],
            dates[run.last],
            None if run.ongoing else dates[run.last + 1],
            run.duration,
            run.ongoing,
            "positive" if run.rising else "negative",
        )
        for run in runs
    ]
    schema: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(("start", "peak", "last", "end"), dates.dtype)
    schema |= {"duration": pl.Int64, "ongoing": pl.Boolean, "signal": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def pad_before_window(values: FloatArray, periods: int) -> FloatArray:
    """Return the statistics of the last dates with NaN for those before the smallest window is full."""
    return np.concatenate([np.full(periods - len(values), np.nan), values])


def path_frame(dates: pl.Series, **statistics: FloatArray) -> pl.DataFrame:
    """Return the statistics of every date, null where there are none, and whether BSADF passes its critical value."""
    frame = pl.DataFrame({"date": dates, **statistics}).with_columns(pl.col(*statistics).fill_nan(None))
    return frame.with_columns((pl.col("bsadf") > pl.col("critical_value")).alias("explosive"))


def shortest_duration(rule: int | Literal["log"], observations: int) -> int:
    """Return the dates that a run must have: a number, or ``log`` for ln T rounded up."""
    # Phillips, Shi and Yu (2015) ask for more than ln T; exuber rounds it to the nearest.
    return int(np.ceil(np.log(observations))) if rule == "log" else rule
