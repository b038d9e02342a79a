"""Convergence clubs of 152 units x 34 years and 1,000 units x 40 years, beside one regression a group in a loop.

The loop forms each core group from scratch: one variance and one regression for every k, as the usual programs do. The
peer `convergence-clubs` is timed too where it is installed. Prints CPU seconds, ratio, largest difference and limit.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import importlib.util
import sys
import time

import numpy as np
import polars as pl

from xinzhi.pathways import clubs
from xinzhi.pathways.convergence.log_t_test import LogTRules, growing_variation, regress, variation
from xinzhi.pathways.internal import ClubRules

LIMIT, RATIO_LIMIT = 0.5, 5


def panel(units: int, years: int) -> np.ndarray:
    """Return units on six diverging paths that close their gaps, with a little noise."""
    rng = np.random.default_rng(0)
    steps = np.arange(years)
    slopes = rng.choice(6, units) + 1
    gaps = rng.normal(0, 6, (units, 1)) * 0.85**steps
    return 20 + slopes[:, None] * steps + gaps + rng.normal(0, 0.05, (units, years)).cumsum(axis=1)


def frame(values: np.ndarray) -> pl.DataFrame:
    """Return a long frame."""
    units, years = values.shape
    return pl.DataFrame(
        {
            "unit": [f"u{place}" for place in range(units) for _ in range(years)],
            "year": np.tile(np.arange(1980, 1980 + years), units),
            "value": values.ravel(),
        }
    )


def cpu(run: object, times: int = 3) -> float:
    """Return the median CPU seconds of some runs."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        run()  # type: ignore[operator] # a call without arguments
        taken.append(time.process_time() - start)
    return sorted(taken)[times // 2]


def main() -> int:
    """Print the figures; 1 when a limit is missed."""
    missed = 0
    rules = LogTRules()
    for units, years in ((152, 34), (1000, 40)):
        values = panel(units, years)
        long = frame(values)
        ours = cpu(lambda long=long: clubs(long, unit="unit", time="year", value="value"))
        line = values[np.argsort(-values[:, -1])]
        together = cpu(lambda line=line: regress(growing_variation(line), rules))

        def loop(line: np.ndarray = line) -> list[float]:
            return [float(regress(variation(line[:k])[None], rules).t[0]) for k in range(2, len(line) + 1)]

        alone = cpu(loop, times=1)
        apart = float(np.abs(regress(growing_variation(line), rules).t / np.array(loop()) - 1).max())
        print(f"clubs of {units} units x {years} years: {ours:.3f} s CPU (median of 3; limit {LIMIT} s)")
        print(
            f"  all core groups at once {together * 1000:.1f} ms, one by one {alone * 1000:.0f} ms: ratio "
            f"{alone / together:.0f} (at least {RATIO_LIMIT}), largest relative difference of t {apart:.0e}"
        )
        missed += ours > LIMIT or alone / together < RATIO_LIMIT
        _peer(long, ours)
    return int(missed > 0)


def _peer(long: pl.DataFrame, ours: float) -> None:
    """Time the peer on the same panel, if it is here."""
    if importlib.util.find_spec("convergence_clubs") is None:
        print("  convergence-clubs is not installed: not timed")
        return
    import convergence_clubs

    wide = long.pivot(on="year", index="unit", values="value").to_pandas().set_index("unit")
    theirs = cpu(lambda: convergence_clubs.find_clubs(wide))
    found = clubs(long, unit="unit", time="year", value="value", rules=ClubRules(raising=False))
    sizes = convergence_clubs.find_clubs(wide).summary()["n_units"].tolist()
    same = sizes[: found.table.height] == found.table["units"].to_list()
    print(f"  convergence-clubs: {theirs:.3f} s CPU, ratio {theirs / ours:.1f}; the same sizes of clubs: {same}")


if __name__ == "__main__":
    sys.exit(main())
