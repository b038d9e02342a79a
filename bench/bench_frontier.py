"""Score thousands of units, 3 inputs and 2 outputs, beside HiGHS unit by unit against the full reference.

Data: lognormal inputs (standard deviation of logs 0.8), Cobb-Douglas with returns 0.9, half-normal inefficiency (0.3),
two outputs on a circle; about as many efficient units as in the timings of the field (14 % of 5,000 under variable
returns). HiGHS keeps its model in memory and starts warm; it is timed on some units drawn at random and scaled. The
prices of units drawn at random are held against every unit: by how much, relative to its own size, one earns more than
they allow. The second table holds the share of efficient units at 1 %, whatever the number of units, and prints how
time grows. Prints CPU seconds on one core, and exits with 1 when a limit is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time

import numpy as np

from xinzhi.core.programs import Program
from xinzhi.frontier.technology.distance import Solution, distance
from xinzhi.frontier.technology.technology import netputs, technology

LIMITS = {
    (5_000, "vrs"): 3.0,
    (5_000, "crs"): 3.0,
    (20_000, "vrs"): 6.0,
    (20_000, "crs"): 4.0,
    (100_000, "crs"): 12.0,
    (100_000, "vrs"): 12.0,
}
# units that HiGHS solves too, and of which prices are held against all
SAMPLE = {(5_000, "vrs"): 250, (5_000, "crs"): 250, (20_000, "vrs"): 60, (20_000, "crs"): 60, (100_000, "vrs"): 200}
PRICED = 2_000
RATIO_LIMIT, SLOPE_LIMIT, DIFFERENCE_LIMIT, EXCESS_LIMIT = 10.0, 1.3, 1e-9, 1e-9
SIZES = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)


def firms(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and outputs of made-up firms."""
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(0, 0.8, (n, 3)))
    size = np.prod(x**0.3, axis=1) * np.exp(-np.abs(rng.normal(0, 0.3, n)))
    share = rng.beta(2, 2, n)
    return x, np.sqrt(np.column_stack([share, 1 - share])) * size[:, None]


def spread(n: int, density: float, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return firms of which a fixed share is efficient: on a strictly curved frontier, the rest well inside."""
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(0, 0.8, (n, 3)))
    best = np.arange(n) < density * n
    size = np.prod(x**0.3, axis=1) * np.where(best, 1.0, np.exp(-rng.uniform(0.7, 1.5, n)))
    share = rng.beta(2, 2, n)
    return x, np.sqrt(np.column_stack([share, 1 - share])) * size[:, None]


def baseline(x: np.ndarray, y: np.ndarray, rts: str, units: np.ndarray) -> tuple[float, np.ndarray]:
    """Return CPU seconds per unit and the input scores of HiGHS against all units."""
    x, y = x / x.mean(axis=0), y / y.mean(axis=0)
    target = netputs(x, y, None).T[units]
    gain = np.hstack([x[units], np.zeros((units.size, y.shape[1]))])
    known = technology(x, y, rts=rts)
    rows, k = known.columns.shape
    rest = rows - target.shape[1]
    Program(np.ones((1, 1)), costs=0.0, row_lower=0.0, row_upper=1.0).solve()  # the solver is loaded once
    start = time.process_time()
    program = Program(
        np.hstack([known.columns, np.ones((rows, 1))]),
        costs=np.append(np.zeros(k), 1.0),
        row_lower=0.0,
        row_upper=np.inf,
        column_lower=np.append(np.zeros(k), -np.inf),
        maximise=True,
    )
    score = np.empty(units.size)
    for unit in range(units.size):
        lower = np.append(target[unit], np.ones(rest))
        program.set_column(k, np.append(-gain[unit], np.zeros(rest)))
        program.set_row_bounds(lower, np.where(known.equal, lower, np.inf))
        score[unit] = 1.0 - program.solve().objective
    return (time.process_time() - start) / units.size, score


def excess(x: np.ndarray, y: np.ndarray, found: Solution, units: np.ndarray) -> float:
    """Return by how much at most a unit, of all, earns more at the prices of some than these allow."""
    prices = np.hstack([found.dual_x[units], found.dual_y[units], found.dual_scale[units, None]])
    every, worst = np.hstack([-x, y, np.ones((len(x), 1))]).T, 0.0
    for part in np.array_split(prices, max(1, len(prices) // 20)):
        size = np.abs(part) @ np.abs(every)
        worst = max(worst, float((part @ every / np.maximum(size, 1.0)).max()))
    return worst


def compare() -> bool:
    """Print the table of times beside HiGHS; return whether every limit holds."""
    fine = True
    print(
        "units    rts  efficient  ours s  limit s   programmes  largest    HiGHS s (sampled)  ratio  difference  excess"
    )
    for (n, rts), limit in LIMITS.items():
        x, y = firms(n)
        start = time.process_time()
        found = distance(x, y, rts=rts)
        ours = time.process_time() - start
        unsolved = int((found.status != "optimal").sum())
        fine &= ours <= limit and unsolved == 0
        share, size = (found.score > 1 - 1e-9).mean(), f"{found.programs.rows}x{found.programs.columns}"
        line = f"{n:>7,}  {rts}  {share:>8.1%}  {ours:>7.2f}  {limit:>7.0f}  {found.programs.count:>10,}  {size:>9}"
        if (n, rts) in SAMPLE:
            units = np.random.default_rng(0).choice(n, SAMPLE[n, rts], replace=False)
            each, theirs = baseline(x, y, rts, units)
            ratio, gap = each * n / ours, np.abs(theirs - found.score[units]).max()
            fine &= gap <= DIFFERENCE_LIMIT and ratio >= RATIO_LIMIT
            priced = np.random.default_rng(1).choice(n, PRICED, replace=False)
            over = excess(x, y, found, priced)
            fine &= over <= EXCESS_LIMIT
            line += f"  {each * n:>17.1f}  {ratio:>5.0f}  {gap:>10.1e}  {over:.1e}"
        print(line, f"  unsolved {unsolved}" if unsolved else "", flush=True)
    print(
        f"limits: ratio at least {RATIO_LIMIT:.0f}; difference {DIFFERENCE_LIMIT:.0e}; excess {EXCESS_LIMIT:.0e} (of "
        f"{PRICED:,} units' prices, held against every unit); unsolved 0"
    )
    return fine


def growth() -> bool:
    """Print how time grows with the number of units at a fixed share of efficient ones."""
    fine = True
    for rts in ("vrs", "crs"):
        seconds = []
        for n in SIZES:
            x, y = spread(n, 0.01)
            start = time.process_time()
            found = distance(x, y, rts=rts)
            seconds.append(time.process_time() - start)
            fine &= bool((found.status == "optimal").all())
        slope = float(np.polyfit(np.log(SIZES), np.log(seconds), 1)[0])
        fine &= slope <= SLOPE_LIMIT
        times = ", ".join(f"{n:,}: {cpu:.2f} s" for n, cpu in zip(SIZES, seconds, strict=True))
        print(f"{rts}, 1 % efficient: {times}; log-log slope {slope:.2f} (limit {SLOPE_LIMIT})", flush=True)
    return fine


if __name__ == "__main__":
    distance(*firms(50), rts="vrs")  # everything is loaded before the clock starts
    done = [compare(), growth()]
    sys.exit(0 if all(done) else 1)
