"""Production functions: does the default call find the truth, do intervals hold it, and what does a bootstrap cost.

``python bench/bench_production.py [recovery | coverage | time] [METHOD] ...``, all by default. Panels are made up, each
method on one where its own assumptions hold. Exits with 1 when a limit is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import resource
import sys
import time
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from made_up_firms import CAPITAL, GROSS, LABOUR, panel
from xinzhi.micro import production_function

SIZES = {1_000: 20, 10_000: 20, 100_000: 3}  # firms of ten years, and seeds
PANELS, FIRMS = 200, 500
# lags two and three years old tell little: with 500 firms the mirror solution is often the nearer one
LARGE = {"blundell-bond": 5_000}
DEVIATIONS, HOLD = 3.0, (0.92, 0.98)
SECONDS, GIGABYTES, DRAWS = 60.0, 4.0, 200
VALUE_ADDED = {"labour": LABOUR, "capital": CAPITAL}
METHODS: Mapping[str, tuple[str, Mapping[str, object], Mapping[str, float]]] = {
    "lp": ("proxy", {}, VALUE_ADDED),
    "acf": ("proxy", {}, VALUE_ADDED),
    "wooldridge": ("proxy", {}, VALUE_ADDED),
    "robinson": ("proxy", {}, VALUE_ADDED),
    "gnr": ("gross-output", {"share": "share"}, GROSS),
    "op": ("proxy", {}, VALUE_ADDED),
    "blundell-bond": ("effects", {}, VALUE_ADDED),
    "ols": ("given", {}, VALUE_ADDED),
    "fe": ("given", {}, VALUE_ADDED),
    "cost-shares": ("given", {"costs": ["wages", "rent"]}, VALUE_ADDED),
}
PROMISED = ("lp", "acf", "wooldridge", "robinson", "gnr")


def estimates(method: str, firms: int, seed: int) -> pl.DataFrame:
    """Return the coefficients of one call on one made-up panel, the truth beside them."""
    process, options, truth = METHODS[method]
    proxy = "investment" if method == "op" else "materials"
    data = panel(firms, seed, process)
    found = production_function(data, "output", ["labour"], ["capital"], proxy, method=method, **options).coefficients
    return found.with_columns(truth=pl.col("term").replace_strict(truth))


def recovery() -> bool:
    """Print by size how far estimates lie from the truth, in standard errors."""
    fine = True
    for firms, seeds in SIZES.items():
        for method in (name for name in PROMISED if name in METHODS):
            rows = pl.concat([estimates(method, firms, seed) for seed in range(seeds)])
            away = rows.select(((pl.col("estimate") - pl.col("truth")) / pl.col("standard_error")).abs()).to_series()
            outside = rows.filter(pl.col("estimate").is_null()).height + int((away > DEVIATIONS).sum())
            means = dict(rows.group_by("term", maintain_order=True).agg(pl.col("estimate").mean()).rows())
            shown = ", ".join(f"{term} {value:.4f}" for term, value in means.items())
            size = f"{10 * firms:>9,} rows, {seeds:>2} seeds"
            print(f"{method:>12}, {size}: {shown}; farthest {away.max():.2f} errors", flush=True)
            fine &= outside <= 1  # of some 600 distances in all, one or two lie beyond three errors by chance
    return fine


def coverage() -> bool:
    """Print how often 95 % intervals hold the truth, on samples of ten years."""
    fine = True
    for method in METHODS:
        rows = pl.concat([estimates(method, LARGE.get(method, FIRMS), 1_000 + seed) for seed in range(PANELS)])
        inside = (pl.col("low") <= pl.col("truth")) & (pl.col("truth") <= pl.col("high"))
        table = rows.group_by("term", maintain_order=True).agg(
            held=inside.mean(), bias=(pl.col("estimate") - pl.col("truth")).mean(),
            ratio=pl.col("standard_error").median() / pl.col("estimate").std(), none=pl.col("estimate").null_count(),
        )  # fmt: skip
        for term, held, bias, ratio, none in table.rows():
            good = HOLD[0] <= held <= HOLD[1]
            fine &= good
            held_in = f"holds {held:.3f} (limits {HOLD[0]}-{HOLD[1]}){'' if good else ' MISSED'}"
            doubts = f"bias {bias:+.4f}, error / spread {ratio:.2f}, without answer {none}"
            print(f"{method:>14} {term:<10} {held_in}, {doubts}", flush=True)
    return fine


def cost() -> bool:
    """Print what Levinsohn-Petrin costs on a million rows with 200 bootstrap draws of firms."""
    data = panel(100_000, 1)
    used, start = _cpu(), time.perf_counter()
    result = production_function(data, "output", ["labour"], ["capital"], "materials", draws=DRAWS)
    seconds, wall = _cpu() - used, time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"lp, 1,000,000 rows, {DRAWS} draws of firms: {seconds:.1f} s CPU, {wall:.1f} s wall, {memory:.2f} GB")
    print(f"  limits {SECONDS:.0f} s and {GIGABYTES:.0f} GB; {result.coefficients['standard_error'].to_list()}")
    return seconds < SECONDS and memory < GIGABYTES


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


PARTS: Mapping[str, Callable[[], bool]] = {"recovery": recovery, "coverage": coverage, "time": cost}

if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    asked = sys.argv[1:]
    METHODS = {name: METHODS[name] for name in asked if name in METHODS} or METHODS
    done = [PARTS[name]() for name in [one for one in asked if one in PARTS] or PARTS]
    sys.exit(0 if all(done) else 1)
