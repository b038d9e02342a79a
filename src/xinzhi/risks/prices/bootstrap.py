"""Bootstraps of the null: critical values that keep the volatility, or the dependence, of the data at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.risks.prices.critical import blocks, from_sequences, sequences_of
from xinzhi.risks.prices.recursive import regression_rows, unit_scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.arrays import FloatArray
    from xinzhi.risks.prices.critical import CriticalValues


Wild = Literal["wild", "wild-resampled"]


def wild_values(
    level: FloatArray, *, method: Wild, window: int, lag: int, replications: int, seed: int
) -> CriticalValues:
    """Return critical values of one series by a wild bootstrap."""
    # method: ``wild``: every step times a standard normal, in its place, so that calm and stormy years stay where they
    # are (Harvey, Leybourne, Sollis and Taylor 2016, Journal of Empirical Finance 38). ``wild-resampled``: residuals of
    # the differences on their lags, drawn at random with a normal sign and size, through the same lags again (Phillips
    # and Shi 2020, Handbook of Statistics 42).
    random = np.random.default_rng(seed)
    level, periods = unit_scaled(level), len(level)
    out = np.empty((2, periods - lag - window, replications))
    steps = np.diff(level)
    residuals, slopes, _ = null_model(level[:, None], lag)
    for part in blocks(periods, replications, lag):
        count = part.stop - part.start
        if method == "wild":
            drawn = random.standard_normal((periods - 1, count)) * steps[:, None]
        else:
            chosen = residuals[random.integers(0, len(residuals), (periods - 1, count)), 0]
            shocks = random.standard_normal((periods - 1, count)) * chosen
            drawn = recoloured(shocks, np.repeat(slopes, count, axis=1))
        out[:, :, part] = sequences_of(levels(drawn), window, lag)
    return from_sequences(out, method=method, seed=seed)


def sieve_values(level: FloatArray, *, window: int, lag: int, replications: int, seed: int) -> CriticalValues:
    """Return critical values of one series by a sieve bootstrap, which keeps its drift and its autocorrelation."""
    # The panel bootstrap of `sieve_panels` on a panel of one, with an autoregression of order ``lag + 1``. The t of a
    # random walk with a strong drift is nearly normal (West 1988, Econometrica 56(6)), far to the right of the Dickey-
    # Fuller distribution: critical values that leave the drift out reject nearly every such series.
    out = np.empty((2, len(level) - lag - window, replications))
    options = {"window": window, "lag": lag, "order": lag + 1, "replications": replications, "seed": seed}
    for part, drawn in _sieve(level[:, None], pinned=False, **options):
        out[:, :, part] = drawn[..., 0]
    return from_sequences(out, method="sieve", seed=seed)


def sieve_panels(
    table: FloatArray, *, window: int, lag: int, order: int, replications: int, seed: int, pinned: bool = False
) -> FloatArray:
    """Return panel BSADF `(T - lag - window, R)` under the null, by a sieve bootstrap."""
    # Pavlidis and others (2016), Journal of Real Estate Finance and Economics 53(4), appendix: differences on a
    # constant and their lags, the unit root imposed; whole rows of residuals are drawn, so that dependence between the
    # series stays; the mean of BSADF over the series is the panel statistic.
    out = np.empty((len(table) - lag - window, replications))
    options = {"window": window, "lag": lag, "order": order, "replications": replications, "seed": seed}
    for part, drawn in _sieve(table, pinned=pinned, **options):
        out[:, part] = drawn[1].mean(axis=2)
    return out


def _sieve(
    table: FloatArray, *, window: int, lag: int, order: int, replications: int, seed: int, pinned: bool
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield replications and their BADF and BSADF `(2, S, count, N)`."""
    random = np.random.default_rng(seed)
    table, (periods, series) = unit_scaled(table), table.shape
    residuals, slopes, constant = null_model(table, order)
    first = np.diff(table, axis=0)[:order]
    for part in blocks(periods * series, replications, lag):
        count = part.stop - part.start
        shocks = residuals[random.integers(0, len(residuals), (periods - 1 - order, count))]  # (rows, count, N)
        if pinned:
            shocks -= shocks.mean(axis=0)
        shocks += constant
        begin = np.broadcast_to(first[:, None], (order, count, series))
        drawn = np.concatenate([begin, shocks]).reshape(periods - 1, count * series)
        coloured = recoloured(drawn, np.tile(slopes, (1, count)), start=order)
        found = sequences_of(levels(coloured), window, lag)
        yield part, found.reshape(2, -1, count, series)


def null_model(table: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return residuals `(rows, N)`, slopes `(order, N)` and constants `(N,)` of the differences on their own lags."""
    rows = regression_rows(table, order)
    residuals = np.empty(rows.shape[1:])
    slopes, constant = np.empty((order, table.shape[1])), np.empty(table.shape[1])
    for at in range(table.shape[1]):
        design = np.column_stack([np.ones(rows.shape[1]), *rows[:order, :, at]])
        found = np.linalg.lstsq(design, rows[-1, :, at], rcond=None)[0]
        residuals[:, at] = rows[-1, :, at] - design @ found
        constant[at], slopes[:, at] = found[0], found[1:]
    return residuals, slopes, constant


def recoloured(shocks: FloatArray, slopes: FloatArray, *, start: int = 0) -> FloatArray:
    """Return differences that follow the autoregression; `shocks` `(T - 1, N)` is overwritten."""
    for at in range(start, len(shocks)):
        for back in range(1, min(len(slopes), at) + 1):
            shocks[at] += slopes[back - 1] * shocks[at - back]
    return shocks


def levels(steps: FloatArray) -> FloatArray:
    """Return `(T, N)` from `(T - 1, N)`: sums that begin at zero."""
    out = np.zeros((len(steps) + 1, steps.shape[1]))
    np.cumsum(steps, axis=0, out=out[1:])
    return out
