"""How often the test finds a bubble that is there: rejection rates under a mildly explosive alternative."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.risks.prices.conventions import HERE, LEVELS, setting
from xinzhi.risks.prices.critical import at_level, blocks, sequences_of

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.risks.prices.critical import CriticalValues


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


def rejection_rates(
    periods: int,
    critical: CriticalValues,
    *,
    window: int,
    lag: int,
    replications: int,
    seed: int,
    speed: Speed = "standard",
) -> FloatArray:
    """Return `(3, 3)`: share of bubbles found by ADF, SADF and GSADF (rows) at 90, 95 and 99 per cent."""
    random = np.random.default_rng([seed, periods, window, lag])
    hits = np.zeros((3, len(LEVELS)))
    for part in blocks(periods, replications, lag):
        table = explosive_series(periods, part.stop - part.start, random, speed)
        badf, bsadf = sequences_of(table, window, lag)
        found = np.stack([badf[-1], badf.max(axis=0), bsadf.max(axis=0)])
        limits = np.stack([critical.adf, critical.sadf, critical.gsadf])
        hits += (found[:, None] > limits[..., None]).sum(axis=2)
    return hits / replications


@cache
def stored_power() -> pl.DataFrame:
    """Return ``speed, observations, level, adf, sadf, gsadf``: the rejection rates that ship with the package."""
    import polars as pl

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
