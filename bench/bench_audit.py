"""Audit 31 provinces x 26 years under every admissible protocol, and with what no source uses for China opened too.

The loop of `measure` beside it is timed on protocols drawn at random (seed 1) and scaled to the whole set. Prints CPU
seconds of both, the ratio, the largest difference between them, the peak memory, and how time grows with the protocols;
exits with 1 when a limit is missed. The what-if set is that of all alternatives but those of four parameters, of which
all combinations would be 7.8 million.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import resource
import sys
import time
from typing import Any

import numpy as np

import xinzhi

SAMPLE, RATIO_LIMIT, DIFFERENCE_LIMIT, SLOPE_LIMIT, LEAST = 100, 100, 1e-12, 1.3, 100_000
CLOSED = ["estimates.control_total", "estimates.investment_rule", "index.formula"]
# what is asked, runs of which the median counts, CPU seconds and MB at most
SETS: dict[str, tuple[dict[str, Any], int, float, int]] = {
    "admissible": ({}, 3, 3.0, 1536),
    "what-if, few": ({"what_if": True, "closed": [*CLOSED, "capital.timing", "shares.averaging"]}, 1, 10.0, 4096),
    "what-if": ({"what_if": True, "closed": [*CLOSED, "shares.averaging"]}, 1, 10.0, 4096),
}


def main() -> int:
    """Print the figures; return 1 when a limit is missed."""
    package = xinzhi.load("china-provinces")
    xinzhi.measure(package)  # everything is loaded before the clock starts
    counts, seconds, missed = [], [], False
    for name, (asked, runs, limit, memory) in SETS.items():
        times = []
        for _ in range(runs):
            start = time.process_time()
            result = xinzhi.audit(package, **asked)
            times.append(time.process_time() - start)
        cpu, count = sorted(times)[runs // 2], result.protocols.height
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        each, worst = alone(package, result)
        ratio = each * count / cpu
        missed |= cpu > limit or peak > memory or ratio < RATIO_LIMIT or worst > DIFFERENCE_LIMIT
        print(
            f"{name}: audit of {count:,} protocols, 31 regions, {cpu:.2f} s CPU (limit {limit:.0f}), {peak:.0f} MB "
            f"(limit {memory}); measure in a loop ({SAMPLE} timed, scaled) {each * count:.0f} s, ratio {ratio:.0f} "
            f"(at least {RATIO_LIMIT}); largest difference {worst:.1e} (limit {DIFFERENCE_LIMIT:.0e})",
            flush=True,
        )
        counts.append(count)
        seconds.append(cpu)
    slope = float(np.polyfit(np.log(counts), np.log(seconds), 1)[0])
    print(f"log-log slope of CPU on protocols {slope:.2f} (limit {SLOPE_LIMIT}); largest set at least {LEAST:,}")
    return int(missed or slope > SLOPE_LIMIT or max(counts) < LEAST)


def alone(package: Any, result: Any) -> tuple[float, float]:  # noqa: ANN401 - a package and an audit
    """Return CPU seconds of one measurement, and the largest difference from the audit, on a sample of protocols."""
    numbers = np.random.default_rng(1).choice(result.protocols.height, SAMPLE, replace=False).tolist()
    worst, cpu = 0.0, 0.0
    for number in numbers:
        rules = result.protocol(number)
        start = time.process_time()
        figures = xinzhi.measure(package, rules).periods
        cpu += time.process_time() - start
        row = result.tfp(number).drop_nulls().join(figures, on=["region", "start", "end"], suffix="_alone")
        gap = (row["tfp_growth"] - row["tfp_growth_alone"]).abs().to_numpy()
        worst = max(worst, float(gap.max()))
    return cpu / SAMPLE, worst


if __name__ == "__main__":
    sys.exit(main())
