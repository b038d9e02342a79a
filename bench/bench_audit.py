"""Audit 31 provinces x 26 years under every admissible protocol, beside measuring each protocol in a loop.

The loop is timed on 100 protocols drawn at random (seed 1) and scaled to the whole set. Prints CPU seconds of both, the
ratio, the largest difference between them and the peak memory.
"""

from __future__ import annotations

import resource
import time

import numpy as np

import xinzhi

SAMPLE, CPU_LIMIT, RATIO_LIMIT, MEMORY_LIMIT = 100, 3.0, 100, 1536


def main() -> None:
    """Print the figures."""
    package = xinzhi.load("china-provinces")
    times = []
    for _ in range(3):
        start = time.process_time()
        result = xinzhi.audit(package)
        times.append(time.process_time() - start)
    cpu, count = sorted(times)[1], result.protocols.height
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    numbers = np.random.default_rng(1).choice(count, SAMPLE, replace=False).tolist()
    worst, start = 0.0, time.process_time()
    for number in numbers:
        alone = xinzhi.measure(package, result.protocol(number)).periods
        row = result.tfp(number).drop_nulls().join(alone, on=["region", "start", "end"], suffix="_alone")
        gap = (row["tfp_growth"] - row["tfp_growth_alone"]).abs().to_numpy()
        worst = max(worst, float(gap.max()))
    loop = (time.process_time() - start) / SAMPLE * count
    print(f"audit of {count:,} protocols, 31 regions: {cpu:.2f} s CPU (median of 3; limit {CPU_LIMIT:.0f} s)")
    print(
        f"measure in a loop ({SAMPLE} timed, scaled): {loop:.0f} s CPU, ratio {loop / cpu:.0f} (at least {RATIO_LIMIT})"
    )
    print(f"largest difference {worst:.1e}; peak memory {peak:.0f} MB (limit {MEMORY_LIMIT} MB)")


if __name__ == "__main__":
    main()
