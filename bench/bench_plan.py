"""Coordinate 31 provinces x 38 industries, and 300 regions x 200 industries that are made up (seed 0).

Floors (half of what a region gains alone) and overlap (two of three) are on in all runs; the last one is made hard on
purpose: portfolios of five of which two regions may share one. The baseline hands sizes, caps and floors to
`scipy.optimize.milp` at once, without the overlap. Prints CPU seconds, gap and proof of each, and exits 1 when a limit
is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import sys
import time

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

import xinzhi
from xinzhi.pathways import plan
from xinzhi.pathways.plans.assignment import Model, Task, assign

SMALL_LIMIT, LARGE_LIMIT, GAP_LIMIT = 10.0, 120.0, 0.01


def made_up(portfolio: int, overlap: int) -> Task:
    """Return a task of 300 regions and 200 industries of unequal worth; a third of the cells cannot be chosen."""
    rng = np.random.default_rng(0)
    value = rng.gamma(2.0, 1.0, (300, 200)) * rng.gamma(3.0, 0.1, 200) * (1 + rng.uniform(size=(300, 1)))
    value[rng.uniform(size=value.shape) < 1 / 3] = np.nan
    sizes = rng.integers(1, portfolio + 1, 300)
    caps = np.maximum(1, np.floor(2 * sizes.sum() / 200 * rng.choice([0.5, 0.75, 1.0], 200))).astype(int)
    order = np.sort(np.nan_to_num(value), axis=1)[:, ::-1]
    alone = np.array([row[:size].sum() for row, size in zip(order, sizes, strict=True)])
    return Task(value=value, sizes=sizes, caps=caps, floors=0.5 * alone, overlap=overlap)


def bare(task: Task) -> tuple[float, float]:
    """Return the total of `scipy.optimize.milp` without the overlap, and its CPU seconds."""
    model = Model(task)
    matrix, lower, upper = model.matrix(extras=True)
    start = time.process_time()
    found = milp(-model.costs, constraints=LinearConstraint(matrix, lower, upper), integrality=1, bounds=Bounds(0, 1))
    return -float(found.fun), time.process_time() - start


def main() -> int:
    """Print the figures; 1 when a limit is missed."""
    package = xinzhi.load("china-provinces")
    start = time.process_time()
    result = plan(package, exclude=())
    cpu = time.process_time() - start
    total, peer = bare(result.task)
    missed = [cpu > SMALL_LIMIT, result.gap > GAP_LIMIT]
    print(
        f"31 x 38, whole verb: {cpu:.2f} s CPU (limit {SMALL_LIMIT:.0f}), gap {result.gap:.2%}, "
        f"{result.assignment.proof}; bare milp {peer:.2f} s, total {result.assignment.objective / total:.6f} of it"
    )
    for label, task in (("300 x 200", made_up(3, 2)), ("300 x 200, hard", made_up(5, 1))):
        start = time.process_time()
        found = assign(task, time_limit=60.0)
        cpu = time.process_time() - start
        total, peer = bare(task)
        missed += [cpu > LARGE_LIMIT, found.gap > GAP_LIMIT]
        print(
            f"{label}: {cpu:.2f} s CPU (limit {LARGE_LIMIT:.0f}), gap {found.gap:.2%}, {found.proof}, {found.pairs} "
            f"pairs told apart; bare milp without the overlap {peer:.2f} s (ratio {peer / cpu:.1f}), total "
            f"{found.objective / total:.6f} of it"
        )
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
