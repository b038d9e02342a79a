"""Smoothed bootstrap: time of 2,000 replications of 31 units x 20 periods, and coverage of its 95 % interval.

Time: 20 samples of 31 units, 3 goods, variable returns, two processes; beside it HiGHS program by program on the
reference sets of the first replications, scaled to the whole. Coverage: samples from a known technology (u
exponential with mean 1/3, x uniform on 1..9): the share of units whose true distance lies in the interval, with its
Monte-Carlo error over samples. The limit holds for constant returns with one ray, where one efficient unit spans the
frontier. Under variable returns the interval is short at this size; the figures say by how much.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import resource
import sys
import time

import numpy as np

from xinzhi.core.programs import Program
from xinzhi.frontier.bootstrap import bootstrap, choose_width, smooth_draws, unit_distances
from xinzhi.frontier.models.sweep import validate_and_scale

UNITS, PERIODS, REPLICATIONS, WALL_LIMIT, RATIO_LIMIT = 31, 20, 2000, 60.0, 10.0
SAMPLES, SIZE, DRAWS, LEVEL, ERRORS = 100, 100, 300, 0.95, 3.0


def sample(rng: np.random.Generator, n: int, returns: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, outputs and true output distances."""
    x = rng.uniform(1, 9, (n, 1))
    distance = np.exp(rng.exponential(1 / 3, n))
    return x, x**returns / distance[:, None], distance


def one_by_one(x: np.ndarray, y: np.ndarray, replications: int) -> float:
    """Return CPU seconds of HiGHS on every program of some replications, each replication one model kept warm."""
    data = validate_and_scale(x, y)
    distances = unit_distances(data, "vrs", "output")
    drawn = smooth_draws(distances, choose_width(distances), replications, np.random.default_rng(1))
    start = time.process_time()
    for move in drawn / distances:
        reference = np.vstack([-data.x.T, data.y.T / move, np.ones(len(x))])
        matrix = np.column_stack([reference, np.zeros(len(reference))])
        program = Program(
            matrix, costs=np.append(np.zeros(len(x)), 1.0), row_lower=0.0, row_upper=np.inf, maximise=True
        )
        for unit in range(len(x)):
            lower = np.concatenate([-data.x[unit], np.zeros(data.y.shape[1]), [1.0]])
            column = np.concatenate([np.zeros(data.x.shape[1]), -data.y[unit], [0.0]])
            program.set_column(len(x), column)
            program.set_row_bounds(lower, np.append(np.full(len(lower) - 1, np.inf), 1.0))
            program.solve()
    return time.process_time() - start


def cpu() -> float:
    """Return CPU seconds of this process and its children."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def speed() -> bool:
    """Print and judge the time of the panel."""
    rng = np.random.default_rng(0)
    panels = []
    for _ in range(PERIODS):
        x = np.exp(rng.normal(0, 1, (UNITS, 2)))
        panels.append((x, (x.prod(axis=1) ** 0.4 * np.exp(-np.abs(rng.normal(0, 0.3, UNITS))))[:, None]))
    jobs = min(2, os.cpu_count() or 1)
    wall, used = time.perf_counter(), cpu()
    for x, y in panels:
        bootstrap(x, y, orientation="output", draws=REPLICATIONS, seed=1, n_jobs=jobs)
    wall, used = time.perf_counter() - wall, cpu() - used
    few = 4
    single = sum(one_by_one(x, y, few) for x, y in panels[:3]) / 3 / few * REPLICATIONS * PERIODS
    programs = UNITS * PERIODS * (REPLICATIONS + 1)
    print(f"{REPLICATIONS:,} replications of {UNITS} x {PERIODS}: {programs:,} programs of 4 x 32")
    print(f"ours: {wall:.1f} s wall on {jobs} processes (limit {WALL_LIMIT:.0f} s), {used:.1f} s CPU")
    print(f"HiGHS one by one (scaled): {single:.0f} s CPU, ratio {single / used:.0f} (at least {RATIO_LIMIT:.0f})")
    return wall <= WALL_LIMIT and single / used >= RATIO_LIMIT


def coverage(rts: str, returns: float, size: int, method: str) -> tuple[float, float]:
    """Return the share of units covered and its Monte-Carlo error."""
    shares = []
    for seed in range(SAMPLES):
        x, y, distance = sample(np.random.default_rng(seed), size, returns)
        found = bootstrap(x, y, orientation="output", rts=rts, method=method, draws=DRAWS, seed=seed).frame
        shares.append(((found["lower"].to_numpy() <= distance) & (distance <= found["upper"].to_numpy())).mean())
    return float(np.mean(shares)), float(np.std(shares, ddof=1) / np.sqrt(SAMPLES))


def main() -> int:
    """Print the figures; 1 when a limit is missed."""
    fine = speed()
    print(f"coverage of the {LEVEL:.0%} interval, {SAMPLES} samples, {DRAWS} replications each")
    for name, rts, returns, size, method, held in (
        ("constant returns, smoothed", "crs", 1.0, SIZE, "smoothed", True),
        ("variable returns, smoothed", "vrs", 0.5, SIZE // 4, "smoothed", False),
        ("variable returns, smoothed", "vrs", 0.5, SIZE, "smoothed", False),
        ("variable returns, subsampling", "vrs", 0.5, SIZE, "subsampling", False),
    ):
        share, error = coverage(rts, returns, size, method)
        within = abs(share - LEVEL) <= ERRORS * error
        verdict = f"within {ERRORS:.0f} errors of {LEVEL:.0%}: {'yes' if within else 'no'}"
        print(f"  {name}, n = {size}: {share:.3f} +- {error:.3f} ({verdict}{'' if held else ', no limit'})")
        fine &= within or not held
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
