"""Rank intervals of 3,000 counties x 60 indicators x 15 years over 5,000 draws, beside a plain loop over the draws.

The data are made up: a common factor per county that grows, and noise of each indicator (seed 1). The loop builds the
index of one draw after the other (`compute.build`), is timed on a sample of draws and scaled. Prints wall and CPU
seconds of both, the ratio, the largest difference between the ranks, and the peak memory. Arithmetic runs on one thread
a process (the draws share the cores themselves), whatever the environment says.
"""

from __future__ import annotations

import os
import resource
import sys
import time

# read when numpy is imported, so before it
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import polars as pl

from xinzhi.sectors import index
from xinzhi.sectors.composite.build import aggregate, positive_where_needed, yearly_ranks
from xinzhi.sectors.composite.transform import normalise, treat
from xinzhi.sectors.composite.uncertainty import draw, rank_draws, space

COUNTIES, INDICATORS, YEARS, DRAWS, SAMPLE = 3000, 60, 15, 5000, 6
WALL_LIMIT, MEMORY_LIMIT = 60.0, 2048


def panel() -> tuple[pl.DataFrame, dict[str, object]]:
    """Return made-up data and their system."""
    random = np.random.default_rng(1)
    level = random.normal(size=(1, COUNTIES)) + 0.1 * np.arange(YEARS)[:, None]
    values = np.exp(0.5 * level[..., None] + random.normal(0, 0.7, (YEARS, COUNTIES, INDICATORS)))
    columns = {f"x{at}": values[..., at].ravel() for at in range(INDICATORS)}
    keys = {
        "region": np.tile([f"c{at:04d}" for at in range(COUNTIES)], YEARS),
        "year": np.repeat(np.arange(2008, 2008 + YEARS), COUNTIES),
    }
    rows = [
        {"indicator": name, "sector": f"s{at % 6}", "direction": 1, "unit": "index", "denominator": "score"}
        for at, name in enumerate(columns)
    ]
    return pl.DataFrame({**keys, **columns}), {"id": "bench", "indicators": rows}


def main() -> int:
    """Print the figures; return 1 when a limit is missed."""
    frame, system = panel()
    result = index(frame, system)
    wall, cpu = time.perf_counter(), time.process_time()
    found = result.uncertainty(DRAWS, seed=1)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    around = space(result)
    picks, noise = draw(around, DRAWS, np.random.default_rng(1))
    values, years = result.filled[result.complete], around.years
    worst, start = 0, time.process_time()
    loops = []
    for at in range(SAMPLE):
        _, two, three, four, five = picks[at].tolist()
        treatment = str(around.levels["treatment"][two])
        treated = np.column_stack([treat(values[:, column], treatment).values for column in range(INDICATORS)])
        scores = normalise(treated, result.system.directions, around.levels["normalisation"][three])
        aggregation = str(around.levels["aggregation"][five])
        weights = around.base[0, two, four] * noise[at]
        loops.append(yearly_ranks(aggregate(positive_where_needed(scores, aggregation), weights, aggregation), years))
    loop = (time.process_time() - start) / SAMPLE * DRAWS
    for rows in np.split(np.arange(len(years)), YEARS):
        fast = rank_draws(around, picks[:SAMPLE], noise[:SAMPLE], rows)
        worst = max(worst, *(int(np.abs(fast[at] - loops[at][rows]).max()) for at in range(SAMPLE)))
    print(
        f"{DRAWS:,} draws, {COUNTIES:,} x {INDICATORS} x {YEARS}: {wall:.1f} s wall (limit {WALL_LIMIT:.0f} s), "
        f"{cpu:.1f} s CPU"
    )
    print(
        f"plain loop ({SAMPLE} draws timed, scaled): {loop:.0f} s CPU, ratio {loop / cpu:.0f}; "
        f"largest rank difference {worst}"
    )
    print(
        f"peak memory {peak:.0f} MB (limit {MEMORY_LIMIT} MB); "
        f"mean shift of a rank {found.shift['mean_shift'].mean():.0f}"
    )
    return int(wall > WALL_LIMIT or peak > MEMORY_LIMIT or worst > 0)


if __name__ == "__main__":
    sys.exit(main())
