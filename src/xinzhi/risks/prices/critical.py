"""Critical values of the test, stored, simulated or bootstrapped, and how often it finds a bubble."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.risks.prices.conventions import HERE, LEVELS, Convention, setting
from xinzhi.risks.prices.recursive import (
    mended_statistics,
    minimum_window,
    regression_rows,
    scale_to_unit,
    window_statistics,
)

_CELLS = (12_800, 32_000)  # replications x periods of a block without and with lags; another size draws other walks
_NARROWEST = 20  # replications; narrower blocks cost more in calls than the cache saves


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalValues:
    """Critical values of one sample size; the last axis runs over the levels 90, 95 and 99 per cent.

    Parameters
    ----------
    adf, sadf, gsadf
        `(3,)`: of the statistics.
    sequences
        By convention, `(S, 3)`: what BSADF is held against at each of its S dates.
    method, replications, seed
        How they were found.
    false_alarms
        By convention, `(3,)`: share of random walks in which BSADF passes its critical values at one date at least,
        whether or not GSADF rejects. Empty where unknown.
    draws
        GSADF of the simulated or resampled series, in order; empty for stored values.
    sequential
        The p-value at which a bootstrap ended before all its replications were drawn, and that of a series on record;
        None elsewhere.
    """

    adf: FloatArray
    sadf: FloatArray
    gsadf: FloatArray
    sequences: Mapping[Convention, FloatArray]
    method: str
    replications: int | None = None
    seed: int | None = None
    false_alarms: Mapping[Convention, FloatArray] = field(default_factory=dict)
    draws: FloatArray = field(default_factory=lambda: np.empty(0), repr=False)
    sequential: float | None = None

    def __post_init__(self) -> None:
        if np.shape(self.gsadf) != (len(LEVELS),) or not np.isfinite(self.gsadf).all():
            raise UsageError("prices.three-values", given=str(self.gsadf))

    def sequence(self, convention: Convention, level: int) -> FloatArray:
        """Return `(S,)`, what BSADF is held against; `UsageError` when the convention or the level is not here."""
        if convention not in self.sequences:
            raise UsageError("prices.no-convention", asked=convention, known=list(self.sequences))
        return np.asarray(self.sequences[convention], dtype=np.float64)[:, at_level(level)]


def p_value(statistic: float, critical: CriticalValues) -> float:
    """Return the p-value of a GSADF statistic; its upper bound (a level, or 1) where only critical values are known."""
    # Of values whose bootstrap ended early it is that of the series that it ended for, of recorded values likewise.
    if critical.sequential is not None:
        return critical.sequential
    if not len(critical.draws):
        passed = [level for at, level in enumerate(LEVELS) if statistic > critical.gsadf[at]]
        return 1.0 - max(passed, default=0) / 100
    # the sample itself counts as one of the draws (Davison and Hinkley 1997, section 4.2)
    reached = len(critical.draws) - int(np.searchsorted(critical.draws, statistic, side="left"))
    return (1 + reached) / (1 + len(critical.draws))


def at_level(level: int) -> int:
    """Return the place of a level."""
    if level not in LEVELS:
        raise UsageError("prices.level", given=level)
    return LEVELS.index(level)


def random_walks(periods: int, count: int, random: np.random.Generator) -> FloatArray:
    """Return `(T, count)` random walks with a drift of 1/T a period and unit variance."""
    steps = random.standard_normal((periods, count))
    steps += float(setting("null_model.drift")) / periods
    return np.cumsum(steps, axis=0, out=steps)


def blocks(periods: int, count: int, lag: int) -> Iterator[slice]:
    """Yield slices of replications of a size that the cache holds."""
    width = max(_NARROWEST, _CELLS[min(lag, 1)] // periods)
    for first in range(0, count, width):
        yield slice(first, min(first + width, count))


def sequences_of(table: FloatArray, window: int, lag: int) -> FloatArray:
    """Return BADF and BSADF `(2, S, N)` of drawn series; those that hardly vary around their drift are mended."""
    statistics = window_statistics(table, window, lag)
    steps = np.diff(table, axis=0)
    smooth = steps.var(axis=0) <= float(setting("exact_fit.share_left")) * (steps**2).mean(axis=0)
    still = np.flatnonzero(smooth | ~np.isfinite(statistics).all(axis=(0, 1)))
    if len(still):
        statistics[:, :, still] = mended_statistics(np.ascontiguousarray(table[:, still]), window, lag)[0]
    return statistics


def simulate_null(periods: int, *, window: int, lag: int, draws: int, seed: int) -> FloatArray:
    """Return BADF and BSADF `(2, T - lag - window, R)` of random walks."""
    random = np.random.default_rng([seed, periods, window, lag])
    out = np.empty((2, periods - lag - window, draws))
    for part in blocks(periods, draws, lag):
        out[:, :, part] = sequences_of(random_walks(periods, part.stop - part.start, random), window, lag)
    return out


def from_sequences(sequences: FloatArray, *, method: str, seed: int, sequential: float | None = None) -> CriticalValues:
    """Return the critical values of simulated sequences."""
    badf, bsadf = sequences
    running = np.fmax.accumulate(badf, axis=0)
    top = np.fmax.reduce(bsadf, axis=0)
    gsadf = _quantiles(top[None])[0]
    lines: dict[Convention, FloatArray] = {
        "pointwise": _quantiles(bsadf),
        "running-maximum": _quantiles(running),
        "family-wise": np.broadcast_to(gsadf, (len(bsadf), len(LEVELS))),
    }
    alarms = {
        name: np.array([(bsadf > line[:, [at]]).any(axis=0).mean() for at in range(len(LEVELS))])
        for name, line in lines.items()
    }
    return CriticalValues(
        adf=_quantiles(badf[-1:])[0],
        sadf=lines["running-maximum"][-1],
        gsadf=gsadf,
        sequences=lines,
        method=method,
        replications=sequences.shape[2],
        seed=seed,
        false_alarms=alarms,
        draws=np.sort(top[np.isfinite(top)]),
        sequential=sequential,
    )


def _quantiles(draws: FloatArray) -> FloatArray:
    """Return `(S, 3)`, the quantiles of each row; NaN in a row without a draw."""
    shares = np.array(LEVELS) / 100
    missing = np.isnan(draws)
    out = np.empty((len(draws), len(LEVELS)))
    complete = ~missing.any(axis=1)
    out[complete] = np.quantile(draws[complete], shares, axis=1).T
    for row in np.flatnonzero(~complete):
        present = draws[row, ~missing[row]]
        out[row] = np.quantile(present, shares) if len(present) else np.nan
    return out


def critical_values(
    periods: int, *, window: int | None = None, lag: int = 0, draws: int | None = None, seed: int | None = None
) -> CriticalValues:
    """Return simulated critical values."""
    smallest_window = minimum_window(periods) if window is None else window
    rule = setting("simulation")
    usual = int(rule["replications_long"] if periods > rule["long"] else rule["replications"])
    count, seed = usual if draws is None else draws, int(rule["seed"]) if seed is None else seed
    sequences = simulate_null(periods, window=smallest_window, lag=lag, draws=count, seed=seed)
    return from_sequences(sequences, method="simulated", seed=seed)


@cache
def stored_table() -> pl.DataFrame:
    """Return the table that ships with the package."""
    return pl.read_parquet(HERE / "critical_values.parquet")


def stored_values(periods: int, *, window: int | None = None) -> CriticalValues | None:
    """Return the critical values of the table; None where it has none for this size and window."""
    # Nothing is interpolated. The null distributions at an observation depend on what came before it and on the
    # smallest window, not on what follows; so one simulation a window, of the largest T that has this window by the
    # rule, serves every T that has it.
    smallest_window = minimum_window(periods) if window is None else window
    rows = stored_table().filter((pl.col("minimum_window") == smallest_window) & (pl.col("observations") <= periods))
    if periods < int(setting("shortest")) or not rows.height or int(rows["observations"].max() or 0) < periods:  # type: ignore[arg-type] # whole numbers
        return None
    rows = rows.sort("observations", "level")
    columns = {
        name: rows[name].to_numpy().astype(np.float64).reshape(-1, len(LEVELS))
        for name in ("badf", "sadf", "bsadf", "gsadf", "alarms_pointwise", "alarms_running")
    }
    gsadf = columns["gsadf"][-1]
    return CriticalValues(
        adf=columns["badf"][-1],
        sadf=columns["sadf"][-1],
        gsadf=gsadf,
        sequences={
            "pointwise": columns["bsadf"],
            "running-maximum": columns["sadf"],
            "family-wise": np.broadcast_to(gsadf, columns["bsadf"].shape),
        },
        method="stored",
        replications=int(setting("table.replications")),
        seed=int(setting("table.seed")),
        false_alarms={
            "pointwise": columns["alarms_pointwise"][-1],
            "running-maximum": columns["alarms_running"][-1],
            "family-wise": 1 - np.array(LEVELS) / 100,
        },
    )


Speed = Literal["standard", "gentle"]


def episode(periods: int, speed: Speed = "standard") -> tuple[int, int, float]:
    """Return when the bubble of the alternative starts and stops, as places, and its growth factor a period."""
    rule = setting("alternative")
    start = int(rule["start"] * periods)
    stop = start + max(1, round(rule["length"] * periods))
    return start, stop, 1 + rule["coefficients"][speed] / periods ** rule["exponent"]


def explosive_series(periods: int, count: int, random: np.random.Generator, speed: Speed = "standard") -> FloatArray:
    """Return `(T, count)` series with one bubble that bursts at once."""
    # Phillips, Shi and Yu (2015): a random walk; a root of 1 + c / T^a from 40 per cent of the sample on, for 20 per
    # cent of it; then the walk goes on near where the bubble began. ``bubbles.yaml`` has the parameters.
    rule = setting("alternative")
    start, stop, root = episode(periods, speed)
    shocks = rule["deviation"] * random.standard_normal((periods, count))
    level = np.empty((periods, count))
    level[0] = rule["level"]
    for at in range(1, periods):
        # the burst brings the level back to where the bubble began
        before = level[start - 1] if at == stop else level[at - 1]
        level[at] = (root if start <= at < stop else 1.0) * before + shocks[at]
    return level


@cache
def stored_power() -> pl.DataFrame:
    """Return ``speed, observations, level, adf, sadf, gsadf``: the rejection rates that ship with the package."""
    return pl.read_csv(HERE / "power.csv")


def power_of(periods: int, level: int, speed: Speed = "standard") -> float | None:
    """Return the share of bubbles that GSADF finds at a sample size; None beyond the table."""
    sizes, rates = _curve(LEVELS[at_level(level)], speed)
    if not sizes[0] <= periods <= sizes[-1]:
        return None
    return float(np.interp(periods, sizes, rates))


@cache
def _curve(level: int, speed: Speed) -> tuple[FloatArray, FloatArray]:
    """Return the sizes of the table, and how often GSADF finds the bubble at each."""
    rows = stored_power().filter(level=level, speed=speed).sort("observations")
    return rows["observations"].to_numpy().astype(np.float64), rows["gsadf"].to_numpy()


Wild = Literal["wild", "wild-resampled"]


@dataclass(frozen=True, slots=True)
class Until:
    """When a bootstrap ends: its GSADF `statistic` was reached `exceedances` times, in `least` draws or more."""

    # Besag and Clifford (1991), Biometrika 78(2): h over the number of the draw that reached it for the h-th time is a
    # p-value of its own, valid as that of all draws is.

    statistic: float
    exceedances: int
    least: int

    @classmethod
    def for_level(cls, statistic: float, level: int, draws: int) -> Until:
        """Return the end of a test at a level: so many draws reach the statistic that it can no longer reject."""
        # the quantile lies between the draws of rank level x (R - 1) and the next, counted from 0; both are no less
        exceedances = draws - level * (draws - 1) // 100
        return cls(statistic, exceedances, int(setting("bootstrap.least")))


def _simulated_values(pieces: Iterable[FloatArray], method: str, seed: int, until: Until | None) -> CriticalValues:
    """Return the critical values of drawn sequences `(2, S, count)`, as many pieces of them as are needed."""
    parts: list[FloatArray] = []
    tops = np.empty(0)
    sequential = None
    for piece in pieces:
        parts.append(piece)
        if until is None:
            continue
        top = np.fmax.reduce(piece[1], axis=0)
        tops = np.concatenate([tops, top[np.isfinite(top)]])
        reached = np.flatnonzero(tops >= until.statistic)
        if len(reached) >= until.exceedances and len(tops) >= until.least:
            sequential = until.exceedances / float(reached[until.exceedances - 1] + 1)
            break
    return from_sequences(np.concatenate(parts, axis=2), method=method, seed=seed, sequential=sequential)


def _pieces(steps: FloatArray, window: int, lag: int, *, narrow: bool) -> Iterator[FloatArray]:
    """Yield BADF and BSADF of series with these steps `(T - 1, N)`: all at once, or few at a time."""
    count = steps.shape[1]
    width = max(_NARROWEST, _CELLS[0] // (len(steps) + 1)) if narrow else count
    for first in range(0, count, width):
        yield sequences_of(levels(steps[:, first : first + width]), window, lag)


def wild_values(
    level: FloatArray, *, method: Wild, window: int, lag: int, draws: int, seed: int, until: Until | None = None
) -> CriticalValues:
    """Return critical values of one series by a wild bootstrap."""
    # method: ``wild``: every step times a standard normal, in its place, so that calm and stormy years stay where they
    # are (Harvey, Leybourne, Sollis and Taylor 2016, Journal of Empirical Finance 38). ``wild-resampled``: residuals of
    # the differences on their lags, drawn at random with a normal sign and size, through the same lags again (Phillips
    # and Shi 2020, Handbook of Statistics 42).
    random = np.random.default_rng(seed)
    level, periods = scale_to_unit(level), len(level)
    steps = np.diff(level)
    residuals, slopes, _ = null_model(level[:, None], lag)

    def pieces() -> Iterator[FloatArray]:
        for part in blocks(periods, draws, lag):
            count = part.stop - part.start
            if method == "wild":
                steps_drawn = random.standard_normal((periods - 1, count)) * steps[:, None]
            else:
                resampled = residuals[random.integers(0, len(residuals), (periods - 1, count)), 0]
                shocks = random.standard_normal((periods - 1, count)) * resampled
                steps_drawn = recolour(shocks, np.repeat(slopes, count, axis=1))
            yield from _pieces(steps_drawn, window, lag, narrow=until is not None)

    return _simulated_values(pieces(), method, seed, until)


def sieve_values(
    level: FloatArray, *, window: int, lag: int, draws: int, seed: int, until: Until | None = None
) -> CriticalValues:
    """Return critical values of one series by a sieve bootstrap, which keeps its drift and its autocorrelation."""
    # The panel bootstrap of `sieve_panels` on a panel of one, with an autoregression of order ``lag + 1``. The t of a
    # random walk with a strong drift is nearly normal (West 1988, Econometrica 56(6)), far to the right of the Dickey-
    # Fuller distribution: critical values that leave the drift out reject nearly every such series.
    blocks_of_steps = _sieve(level[:, None], order=lag + 1, draws=draws, seed=seed, lag=lag)
    pieces = (piece for steps in blocks_of_steps for piece in _pieces(steps, window, lag, narrow=until is not None))
    return _simulated_values(pieces, "sieve", seed, until)


def sieve_panels(
    table: FloatArray, *, window: int, lag: int, order: int, draws: int, seed: int, pinned: bool = False
) -> FloatArray:
    """Return panel BSADF `(T - lag - window, R)` under the null, by a sieve bootstrap."""
    # Pavlidis and others (2016), Journal of Real Estate Finance and Economics 53(4), appendix: differences on a
    # constant and their lags, the unit root imposed; whole rows of residuals are drawn, so that dependence between the
    # series stays; the mean of BSADF over the series is the panel statistic.
    parts = []
    for steps in _sieve(table, order=order, draws=draws, seed=seed, lag=lag, pinned=pinned):
        bsadf = sequences_of(levels(steps), window, lag)[1]
        parts.append(bsadf.reshape(len(bsadf), -1, table.shape[1]).mean(axis=2))
    return np.concatenate(parts, axis=1)


def _sieve(
    table: FloatArray, *, order: int, draws: int, seed: int, lag: int, pinned: bool = False
) -> Iterator[FloatArray]:
    """Yield the steps `(T - 1, count x N)` of blocks of draws, series next to each other."""
    random = np.random.default_rng(seed)
    table, (periods, series) = scale_to_unit(table), table.shape
    residuals, slopes, constant = null_model(table, order)
    first = np.diff(table, axis=0)[:order]
    for part in blocks(periods * series, draws, lag):
        count = part.stop - part.start
        shocks = residuals[random.integers(0, len(residuals), (periods - 1 - order, count))]  # (rows, count, N)
        if pinned:  # as the R package exuber does
            shocks -= shocks.mean(axis=0)
        shocks += constant
        begin = np.broadcast_to(first[:, None], (order, count, series))
        steps_drawn = np.concatenate([begin, shocks]).reshape(periods - 1, count * series)
        yield recolour(steps_drawn, np.tile(slopes, (1, count)), start=order)


def null_model(table: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return residuals `(rows, N)`, slopes `(order, N)` and constants `(N,)` of the differences on their own lags."""
    rows = regression_rows(table, order)
    residuals = np.empty(rows.shape[1:])
    slopes, constant = np.empty((order, table.shape[1])), np.empty(table.shape[1])
    for at in range(table.shape[1]):
        design = np.column_stack([np.ones(rows.shape[1]), *rows[:order, :, at]])
        coefficients = np.linalg.lstsq(design, rows[-1, :, at], rcond=None)[0]
        residuals[:, at] = rows[-1, :, at] - design @ coefficients
        constant[at], slopes[:, at] = coefficients[0], coefficients[1:]
    return residuals, slopes, constant


def recolour(shocks: FloatArray, slopes: FloatArray, *, start: int = 0) -> FloatArray:
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
