"""Production functions: does the default call find the truth, do intervals hold it, and what does a bootstrap cost.

``python bench/bench_production.py [recovery | coverage | time] [METHOD] ...``, all by default. Panels are made up, each
method on one where its own assumptions hold. With ``--save FILE`` every estimate of `recovery` is added to a CSV file
as it comes, and one that stands there is not made again. Exits with 1 when a limit is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import binom, chi2, norm

from made_up_firms import CAPITAL, GROSS, LABOUR, distances, panel
from xinzhi.micro import production_function

SIZES, SEEDS = (1_000, 10_000, 100_000), 20  # firms of ten years
PANELS, FIRMS = 200, 500
# lags two and three years old tell little: with 500 firms the mirror solution is often the nearer one
LARGE = {"blundell-bond": 5_000}
DEVIATIONS, HOLD = 3.0, (0.92, 0.98)
CHANCE = 1e-3  # of a test that misses by chance, shared by the mean and the spread of all distances
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


def estimates(method: str, data: pl.DataFrame) -> pl.DataFrame:
    """Return the coefficients of one call on a made-up panel, the truth beside them."""
    _, options, truth = METHODS[method]
    proxy = "investment" if method == "op" else "materials"
    found = production_function(data, "output", ["labour"], ["capital"], proxy, method=method, **options).coefficients
    return found.with_columns(truth=pl.col("term").replace_strict(truth))


def recovery(save: Path | None = None) -> bool:
    """Print by size how far estimates lie from the truth in standard errors: mean, spread and the farthest.

    Beside those of `lp` and `robinson` stand the distances that the shocks of the panel make by themselves, at the true
    coefficients and the true variances: an error that is too small, or a bias, would set the two apart.
    """
    keys = ["method", "firms", "seed"]
    known = pl.read_csv(save) if save is not None and save.is_file() else pl.DataFrame()
    methods, fine = [name for name in PROMISED if name in METHODS], True
    for firms in SIZES:
        for seed in range(SEEDS):
            made: dict[str, pl.DataFrame] = {}
            for method in methods:
                process = METHODS[method][0]
                if known.height and known.filter(method=method, firms=firms, seed=seed).height:
                    continue
                data = made.setdefault(process, panel(firms, seed, process))
                due = distances(data) if process == "proxy" else {}
                one = estimates(method, data).select(
                    pl.lit(method).alias("method"),
                    pl.lit(firms).alias("firms"),
                    pl.lit(seed).alias("seed"),
                    "term",
                    "truth",
                    "estimate",
                    "standard_error",
                    due=pl.concat_str(pl.lit(f"{method} "), "term").replace_strict(due, default=None),
                )
                known = pl.concat([known, one], how="vertical_relaxed") if known.height else one
                if save is not None:
                    with save.open("a", encoding="utf-8") as file:
                        file.write(one.write_csv(include_header=not file.tell()))
    z = (pl.col("estimate") - pl.col("truth")) / pl.col("standard_error")
    known = known.filter(pl.col("method").is_in(methods)).with_columns(z=z).sort(*keys)
    tests = known.select("method", "firms", "term").unique().height
    far, chance = norm.isf(CHANCE / tests / 4), CHANCE / tests / 4
    for (firms, method), rows in known.group_by("firms", "method", maintain_order=True):
        none = rows["estimate"].null_count()
        parts = []
        for (term,), one in rows.group_by("term", maintain_order=True):
            values = one["z"].drop_nulls()
            n, mean, spread = len(values), values.mean(), values.std()
            within = chi2.ppf([chance, 1 - chance], n - 1)
            good = abs(mean) * n**0.5 < far and within[0] < (n - 1) * spread**2 < within[1]
            fine &= good
            parts.append(
                f"{term} {one['estimate'].mean():.4f} (z {mean:+.2f}, sd {spread:.2f}{'' if good else ' MISSED'})"
            )
        fine &= none == 0
        size = f"{10 * firms:>9,} rows, {rows['seed'].n_unique():>2} seeds"
        print(f"{method:>12}, {size}: {', '.join(parts)}; farthest {rows['z'].abs().max():.2f} errors", flush=True)
    told = known.drop_nulls("due")
    apart = (told["z"] - told["due"]).abs()
    for firms in SIZES:
        rows = told.filter(firms=firms)
        slope = (rows["z"] * rows["due"]).sum() / (rows["due"] ** 2).sum()
        print(f"{10 * firms:>9,} rows: of what the shocks alone make, {slope:.3f} times", end=", ")
        print(f"at most {apart.filter(told['firms'] == firms).max():.2f} apart", flush=True)
    beyond, count = int((known["z"].abs() > DEVIATIONS).sum()), known["z"].count()
    expected = 2 * norm.sf(DEVIATIONS)
    print(f"all {count} distances: mean {known['z'].mean():+.3f}, sd {known['z'].std():.3f};", end=" ")
    print(f"{beyond} beyond {DEVIATIONS:g} errors, by chance {count * expected:.1f}", flush=True)
    return fine and beyond <= binom.isf(CHANCE, count, expected)


def coverage() -> bool:
    """Print how often 95 % intervals hold the truth, on samples of ten years."""
    fine = True
    for method in METHODS:
        firms, process = LARGE.get(method, FIRMS), METHODS[method][0]
        rows = pl.concat([estimates(method, panel(firms, 1_000 + seed, process)) for seed in range(PANELS)])
        inside = (pl.col("low") <= pl.col("truth")) & (pl.col("truth") <= pl.col("high"))
        table = rows.group_by("term", maintain_order=True).agg(
            held=inside.mean(),
            bias=(pl.col("estimate") - pl.col("truth")).mean(),
            ratio=pl.col("standard_error").median() / pl.col("estimate").std(),
            none=pl.col("estimate").null_count(),
        )
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


PARTS: Mapping[str, Callable[..., bool]] = {"recovery": recovery, "coverage": coverage, "time": cost}

if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    asked, saved = sys.argv[1:], {}
    if "--save" in asked:
        at = asked.index("--save")
        saved = {"recovery": {"save": Path(asked[at + 1])}}
        del asked[at : at + 2]
    METHODS = {name: METHODS[name] for name in asked if name in METHODS} or METHODS
    done = [PARTS[name](**saved.get(name, {})) for name in [one for one in asked if one in PARTS] or PARTS]
    sys.exit(0 if all(done) else 1)
