"""Write the tables of the test for bubbles: ``critical_values.parquet`` and ``power.csv`` of ``risks/prices``.

``python bench/make_critical_values.py`` writes both (about six minutes of one core); ``power`` writes the second only.
Seeds, replications, the null and the alternative stand in ``bubbles.yaml``; the same seeds give the same tables.
"""

from __future__ import annotations

import sys
from typing import get_args

import numpy as np
import polars as pl

from xinzhi.risks.prices.conventions import HERE, LEVELS, setting
from xinzhi.risks.prices.critical import (
    CriticalValues,
    Speed,
    blocks,
    explosive_series,
    from_sequences,
    sequences_of,
    simulate_null,
    stored_values,
)
from xinzhi.risks.prices.recursive import minimum_window

DIGITS = 3
COLUMNS = ("badf", "sadf", "bsadf", "gsadf", "alarms_pointwise", "alarms_running")


def largest_sizes() -> dict[int, int]:
    """Return the smallest window by the rule, and the largest sample that has it."""
    rule = setting("table")
    sizes = {minimum_window(size): size for size in range(rule["first"], rule["last"] + 1)}
    if minimum_window(rule["last"] + 1) in sizes:
        message = f"table.last {rule['last']} is not the largest sample of its window."
        raise ValueError(message)
    return sizes


def of_window(window: int, size: int) -> pl.DataFrame:
    """Return the rows of one smallest window, for every observation up to the largest sample."""
    rule = setting("table")
    draws = simulate_null(size, window=window, lag=0, draws=rule["replications"], seed=rule["seed"])
    badf, bsadf = draws
    values = from_sequences(draws, method="stored", seed=rule["seed"])
    point, running = values.sequences["pointwise"].round(DIGITS), values.sequences["running-maximum"].round(DIGITS)
    top = np.maximum.accumulate(bsadf, axis=0)
    gsadf = np.quantile(top, np.array(LEVELS) / 100, axis=1).T
    single = np.quantile(badf, np.array(LEVELS) / 100, axis=1).T
    alarms = [
        np.stack([np.logical_or.accumulate(bsadf > line[:, [at]], axis=0).mean(axis=1) for at in range(len(LEVELS))], 1)
        for line in (point, running)
    ]
    ends = np.arange(window + 1, size + 1)
    figures = (single, running, point, gsadf, *alarms)
    return pl.DataFrame(
        {
            "minimum_window": np.full(len(ends) * len(LEVELS), window, dtype=np.int16),
            "observations": np.repeat(ends, len(LEVELS)).astype(np.int16),
            "level": np.tile(np.array(LEVELS, dtype=np.int8), len(ends)),
            **{name: values.ravel() for name, values in zip(COLUMNS, figures, strict=True)},
        }
    ).with_columns(pl.col(COLUMNS).round(DIGITS).cast(pl.Float32))


def rejection_rates(
    periods: int,
    critical: CriticalValues,
    *,
    window: int,
    lag: int,
    draws: int,
    seed: int,
    speed: Speed = "standard",
) -> np.ndarray:
    """Return `(3, 3)`: share of bubbles found by ADF, SADF and GSADF (rows) at 90, 95 and 99 per cent."""
    random = np.random.default_rng([seed, periods, window, lag])
    hits = np.zeros((3, len(LEVELS)))
    for part in blocks(periods, draws, lag):
        table = explosive_series(periods, part.stop - part.start, random, speed)
        badf, bsadf = sequences_of(table, window, lag)
        found = np.stack([badf[-1], badf.max(axis=0), bsadf.max(axis=0)])
        limits = np.stack([critical.adf, critical.sadf, critical.gsadf])
        hits += (found[:, None] > limits[..., None]).sum(axis=2)
    return hits / draws


def write_critical() -> None:
    """Write the critical values."""
    parts = [of_window(window, size) for window, size in sorted(largest_sizes().items())]
    table = pl.concat(parts).sort("minimum_window", "level", "observations")
    table.write_parquet(HERE / "critical_values.parquet", compression="zstd", compression_level=19, statistics=False)


def write_power() -> None:
    """Write the rejection rates under the alternative, at the sizes between which they are interpolated."""
    rule = setting("table")
    sizes = [*range(rule["first"], 40), *range(40, 120, 5), *range(120, 360, 20), *range(360, rule["last"], 60)]
    rows = []
    for size in sizes:
        critical = stored_values(size)
        if critical is None:
            message = f"no critical values of {size} observations: write these first."
            raise ValueError(message)
        options = {"draws": rule["power_replications"], "seed": rule["seed"]}
        for speed in get_args(Speed):
            rates = rejection_rates(size, critical, window=minimum_window(size), lag=0, speed=speed, **options)
            rows += [(speed, size, level, *rates[:, at].round(DIGITS)) for at, level in enumerate(LEVELS)]
    names = ["speed", "observations", "level", "adf", "sadf", "gsadf"]
    pl.DataFrame(rows, schema=names, orient="row").write_csv(HERE / "power.csv")


def main() -> None:
    """Write what was asked for."""
    if sys.argv[1:] != ["power"]:
        write_critical()
    write_power()


if __name__ == "__main__":
    main()
