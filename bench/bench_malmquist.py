"""Malmquist indices of 31 units x 40 periods with all parts, and bootstrap intervals of 31 x 20, beside scipy.

The data are drawn (seed 1): capital and labour log-normal, output Cobb-Douglas with inefficiency and growth. The
baseline solves 300 of the same programs with ``scipy.optimize.linprog`` (HiGHS), each built for itself, and is scaled
to all. Prints CPU seconds of both, the ratio and the largest difference between them; then wall seconds of the
bootstrap on two cores, and CPU seconds for 5,000 firms in two years. Exits 1 when a limit is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time

import numpy as np
import polars as pl
from scipy.optimize import linprog

from xinzhi.frontier import productivity_change

UNITS, PERIODS, SAMPLE = 31, 40, 300
CPU_LIMIT, RATIO_LIMIT, GAP_LIMIT = 1.0, 10, 1e-9
BOOT_PERIODS, REPLICATIONS, CORES, WALL_LIMIT = 20, 2000, 2, 60.0
FIRMS = 5_000
DECOMPOSITIONS = ("fgnz", "ray-desli", "grifell-lovell", "balk", "bias")


def panel(periods: int) -> pl.DataFrame:
    """Return the drawn panel."""
    rng = np.random.default_rng(1)
    shape = (UNITS, periods)
    years = np.arange(periods)
    capital = np.exp(rng.normal(0, 1, (UNITS, 1)) + 0.08 * years + rng.normal(0, 0.1, shape))
    labour = np.exp(rng.normal(0, 1, (UNITS, 1)) + 0.01 * years + rng.normal(0, 0.05, shape))
    waste = np.abs(rng.normal(0, 0.3, (UNITS, 1))) + np.abs(rng.normal(0, 0.05, shape))
    output = np.sqrt(capital * labour) * np.exp(0.02 * years - waste)
    return pl.DataFrame(
        {
            "unit": np.repeat(np.arange(UNITS), periods),
            "year": np.tile(years, UNITS),
            "capital": capital.ravel(),
            "labour": labour.ravel(),
            "output": output.ravel(),
        }
    )


def score(frame: pl.DataFrame, row: dict[str, object]) -> float:
    """Return one distance, with scipy."""
    reference = frame.filter(pl.col("year") == int(str(row["technology"])))
    mine = frame.filter(pl.col("unit") == row["unit"])
    goods = mine.filter(pl.col("year") == row["inputs_of"]).row(0, named=True)
    made = mine.filter(pl.col("year") == row["outputs_of"]).row(0, named=True)
    x, y = reference.select("capital", "labour").to_numpy(), reference["output"].to_numpy()
    count = len(y)
    answer = linprog(
        np.concatenate([[-1.0], np.zeros(count)]),
        np.vstack([np.hstack([np.zeros((2, 1)), x.T]), np.concatenate([[made["output"]], -y])]),
        [goods["capital"], goods["labour"], 0.0],
        np.concatenate([[0.0], np.ones(count)])[None] if row["rts"] == "vrs" else None,
        [1.0] if row["rts"] == "vrs" else None,
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    return -1.0 / answer.fun if answer.status == 0 else float("nan")


def main() -> int:
    """Print the figures; return 1 when a limit is missed."""
    frame = panel(PERIODS)
    failed = False

    def measure(decomposition: str) -> tuple[float, object]:
        times, result = [], None
        for _ in range(3):
            start = time.process_time()
            result = productivity_change(
                frame, "unit", "year", ["capital", "labour"], ["output"], rts="vrs", decomposition=decomposition
            )
            times.append(time.process_time() - start)
        return sorted(times)[1], result

    measure("fgnz")
    for decomposition in DECOMPOSITIONS:
        cpu, result = measure(decomposition)
        programs = result.programs
        picked = result.distances.filter(pl.col("status") == "optimal").sample(SAMPLE, seed=1)
        start = time.process_time()
        truth = np.array([score(frame, row) for row in picked.iter_rows(named=True)])
        plain = (time.process_time() - start) / SAMPLE * programs["count"]
        gap = float(np.abs(picked["value"].to_numpy() - truth).max())
        print(
            f"{decomposition:15s} {UNITS} x {PERIODS}: {cpu:.2f} s CPU (limit {CPU_LIMIT:.0f} s), "
            f"{programs['count']:,} programs of {programs['rows']} x {programs['columns']}, "
            f"{programs['general']} by the general solver; scipy one by one ({SAMPLE} timed, scaled) {plain:.1f} s, "
            f"ratio {plain / cpu:.0f} (at least {RATIO_LIMIT}); largest difference {gap:.1e} (limit {GAP_LIMIT:.0e})"
        )
        failed |= cpu > CPU_LIMIT or plain / cpu < RATIO_LIMIT or gap > GAP_LIMIT
    firms()
    return int(failed | bootstrap())


def firms() -> None:
    """Print the time for a large panel of two years."""
    rng = np.random.default_rng(1)
    x = np.exp(rng.normal(0, 1, (FIRMS, 2, 3)))
    scale = x.prod(axis=2) ** 0.3 * np.exp(-np.abs(rng.normal(0, 0.3, (FIRMS, 2))))
    y = scale[:, :, None] * np.exp(rng.normal(0, 0.2, (FIRMS, 2, 2)))
    columns = {f"x{k}": x[:, :, k].ravel() for k in range(3)} | {f"y{k}": y[:, :, k].ravel() for k in range(2)}
    frame = pl.DataFrame({"unit": np.repeat(np.arange(FIRMS), 2), "year": np.tile([0, 1], FIRMS)} | columns)
    start = time.process_time()
    result = productivity_change(frame, "unit", "year", ["x0", "x1", "x2"], ["y0", "y1"], rts="vrs")
    cpu, programs = time.process_time() - start, result.programs
    print(
        f"{FIRMS:,} firms x 2, 3 inputs, 2 outputs, fgnz under variable returns: {cpu:.2f} s CPU, "
        f"{programs['count']:,} programs, the largest {programs['rows']} x {programs['columns']}"
    )


def bootstrap() -> bool:
    """Print the time of the bootstrap; return whether it missed its limit."""

    def progress(done: int, total: int) -> None:
        print(f"\rbootstrap {done}/{total}", end="", file=sys.stderr, flush=True)

    start = time.perf_counter()
    result = productivity_change(
        panel(BOOT_PERIODS),
        "unit",
        "year",
        ["capital", "labour"],
        ["output"],
        draws=REPLICATIONS,
        n_jobs=CORES,
        progress=progress,
    )
    wall = time.perf_counter() - start
    print(file=sys.stderr)
    inside = (result.frame["index_lower"] > 1) | (result.frame["index_upper"] < 1)
    print(
        f"bootstrap {UNITS} x {BOOT_PERIODS}, {REPLICATIONS:,} replications, {CORES} cores: {wall:.1f} s wall "
        f"(limit {WALL_LIMIT:.0f} s); {inside.sum()} of {result.frame.height} intervals of the index exclude no change"
    )
    return wall > WALL_LIMIT


if __name__ == "__main__":
    sys.exit(main())
