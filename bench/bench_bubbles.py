"""The test for bubbles beside pyexuber (a C++ core): CPU seconds of both from one run, one core, no internet.

Four tasks (GSADF of 31 series x 500, without lags and with two; critical values of T = 100 from 2,000 replications; the
panel sieve bootstrap of 31 x 100 with 2,000 draws), a wild bootstrap of 31 x 100 (200 draws), and how often each kind
of critical value rejects walks that hold no bubble. The peer is read from the same environment (``pip install
pyexuber``, import name ``exuber``) or from that of ``--peer PYTHON``; without it, only our figures are printed. Exits 1
when a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

# read when numpy is imported, so before it
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np

from xinzhi.risks.prices.critical import critical_values, sieve_panels, sieve_values, stored_values, wild_values
from xinzhi.risks.prices.recursive import minimum_window, recursive_adf

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 1
LIMITS = {"gsadf": 2.0, "lags": 2.0, "monte-carlo": 2.0, "panel": 1.0}  # ours over theirs
WALKS, PERIODS, DRAWS, SIZE_LIMIT = 200, 60, 300, 0.09
LABELS = {
    "gsadf": "GSADF, 31 x 500",
    "lags": "GSADF, 31 x 500, 2 lags",
    "monte-carlo": "critical values, T = 100, 2,000 replications",
    "panel": "panel sieve bootstrap, 31 x 100, 2,000 draws",
    "wild": "wild bootstrap, 31 x 100, 200 draws",
}
PEER = """
import json, time
import exuber, numpy as np
long, short = (np.random.default_rng(1).standard_normal((size, 31)).cumsum(axis=0) for size in (500, 100))
def best(task, times):
    seconds = []
    for _ in range(times):
        start = time.process_time()
        found = task()
        seconds.append(time.process_time() - start)
    return min(seconds), found
gsadf, found = best(lambda: exuber.radf(long), 7)
lags, _ = best(lambda: exuber.radf(long, lag=2), 5)
mc, _ = best(lambda: exuber.radf_mc_cv(100, nrep=2000, seed=1), 5)
panel, bands = best(lambda: exuber.radf_sb_cv(short, nboot=2000, seed=1), 1)
wild, _ = best(lambda: exuber.radf_wb_cv(short, nboot=200, seed=1), 1)
print(json.dumps({"gsadf": gsadf, "lags": lags, "monte-carlo": mc, "panel": panel, "wild": wild,
    "values": np.asarray(found.gsadf).tolist(), "quantiles": np.asarray(bands.gsadf_panel_cv).tolist()}))
"""


def best(task: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Return the least CPU seconds of a task, and what it returned."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        found = task()
        seconds.append(time.process_time() - start)
    return min(seconds), found


def ours() -> tuple[dict[str, float], list[float], list[float]]:
    """Return our CPU seconds, the statistics, and the panel quantiles in the way of the peer."""
    long, short = (np.random.default_rng(SEED).standard_normal((size, 31)).cumsum(axis=0) for size in (500, 100))
    window = minimum_window(100)
    gsadf, found = best(lambda: recursive_adf(long), 7)
    lags, _ = best(lambda: recursive_adf(long, lag=2), 5)
    mc, _ = best(lambda: critical_values(100, draws=2000, seed=SEED), 5)
    options = {"window": window, "lag": 0, "order": 1, "draws": 2000, "seed": SEED}
    panel, draws = best(lambda: sieve_panels(short, pinned=True, **options), 1)
    single: dict[str, Any] = {"method": "wild", "window": window, "lag": 0, "draws": 200, "seed": SEED}
    wild, _ = best(lambda: [wild_values(short[:, at], **single) for at in range(31)], 1)
    seconds = {"gsadf": gsadf, "lags": lags, "monte-carlo": mc, "panel": panel, "wild": wild}
    return seconds, found.gsadf.tolist(), np.quantile(draws.max(axis=0), [0.9, 0.95, 0.99]).tolist()


def peer(python: str) -> dict[str, Any] | None:
    """Return the peer's figures; None where it is not installed."""
    done = subprocess.run([python, "-c", PEER], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def sizes() -> dict[str, list[float]]:
    """Return how often walks without a bubble are rejected at 95 per cent, by kind of walk and critical value."""
    random = np.random.default_rng(SEED)
    window = minimum_window(PERIODS)
    kinds = {"no drift": (0.0, 0.0), "drift of half a deviation": (0.5, 0.0), "drift and AR(.5)": (1.0, 0.5)}
    out = {}
    options: dict[str, Any] = {"window": window, "lag": 0, "draws": DRAWS, "seed": SEED}
    for name, (drift, echo) in kinds.items():
        steps = random.standard_normal((PERIODS + 50, WALKS))
        for at in range(1, len(steps)):
            steps[at] += echo * steps[at - 1]
        walks = (steps[50:] + drift).cumsum(axis=0)
        found = recursive_adf(walks).gsadf
        stored = stored_values(PERIODS)
        limits = [
            np.full(WALKS, np.nan if stored is None else stored.gsadf[1]),
            np.array([wild_values(walk, method="wild", **options).gsadf[1] for walk in walks.T]),
            np.array([sieve_values(walk, **options).gsadf[1] for walk in walks.T]),
        ]
        out[name] = [float((found > limit).mean()) for limit in limits]
    return out


def main() -> int:
    """Print the figures; return 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable, help="the Python that has pyexuber")
    seconds, values, quantiles = ours()
    theirs = peer(parser.parse_args().peer)
    missed = []
    for name, label in LABELS.items():
        line = f"{label}: xinzhi {seconds[name]:.3f} s CPU"
        if theirs is not None:
            ratio = seconds[name] / theirs[name]
            line += f", pyexuber {theirs[name]:.3f} s, ratio {ratio:.2f}"
            if name in LIMITS:
                line += f" (limit {LIMITS[name]:.0f})"
                missed += [name] if ratio > LIMITS[name] else []
        print(line)
    if theirs is None:
        print("pyexuber is not installed: pip install pyexuber, or --peer PYTHON")
    else:
        print(f"largest difference of the 31 GSADF: {np.abs(np.subtract(values, theirs['values'])).max():.1e}")
        shown = [" / ".join(f"{value:.3f}" for value in row) for row in (quantiles, theirs["quantiles"])]
        print(f"panel critical values 90/95/99, draws centred as the peer's: xinzhi {shown[0]}; pyexuber {shown[1]}")
    print(f"walks without a bubble rejected at 95 % ({WALKS} walks, T = {PERIODS}; table / wild / sieve):")
    for name, row in sizes().items():
        print(f"  {name}: " + " / ".join(f"{100 * value:.0f} %" for value in row))
        missed += [f"sieve, {name}"] if row[2] > SIZE_LIMIT else []
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
