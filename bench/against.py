"""The same work under this checkout and under an older commit, in turn: CPU seconds of both, and the ratio.

Run with ``python bench/against.py COMMIT [WORK ...]``. The older commit is checked out beside, into a temporary folder;
each piece of work uses public names alone, so that both can do it. A run is a process of its own; the two take turns,
and the least of the runs of each counts. Prints both and their ratio. A package that only the older commit needs is
found on PYTHONPATH.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5
FIRMS = """
import numpy as np
rng = np.random.default_rng(1)
x = np.exp(rng.normal(0, 0.8, (N, 3)))
size = np.prod(x**0.3, axis=1) * np.exp(-np.abs(rng.normal(0, 0.3, N)))
share = rng.beta(2, 2, N)
y = np.sqrt(np.column_stack([share, 1 - share])) * size[:, None]
import xinzhi.frontier
"""
PANEL = """
import polars as pl
frame = pl.DataFrame({"unit": np.arange(N) % U, "year": np.arange(N) // U, "a": x[:, 0], "b": x[:, 1], "y": y[:, 0]})
xinzhi.frontier.productivity_change(frame, unit="unit", period="year", inputs=["a", "b"], outputs=["y"])
"""
PATHS = """
import numpy as np, polars as pl, xinzhi.pathways as paths
rng = np.random.default_rng(1)
n, p = 600, 300
able, hard = rng.normal(size=n), rng.normal(size=p)
keep = able[:, None] - hard + rng.logistic(size=(n, p)) / 2 > 0
row, column = np.nonzero(keep)
size = np.exp(hard * able[:, None] / 2 + rng.normal(size=(n, p)) / 2)[keep]
frame = pl.DataFrame({"place": row, "activity": column, "value": size}).with_columns(
    pl.col("place", "activity").cast(pl.String))
anchor = {str(i): float(value) for i, value in enumerate(able)}
found = paths.complexity(frame, place="place", activity="activity", value="value", anchor=anchor)
paths.opportunities(found)
"""
INDEX = """
import numpy as np, polars as pl, xinzhi.sectors as sectors
rng = np.random.default_rng(1)
r, y, k = 300, 10, 24
level = rng.normal(size=(1, r)) + 0.1 * np.arange(y)[:, None]
values = np.exp(0.5 * level[..., None] + rng.normal(0, 0.7, (y, r, k)))
keys = {"region": np.tile([f"c{i:04d}" for i in range(r)], y), "year": np.repeat(np.arange(2008, 2008 + y), r)}
frame = pl.DataFrame({**keys, **{f"x{i}": values[..., i].ravel() for i in range(k)}})
rows = [{"indicator": f"x{i}", "sector": f"s{i % 6}", "direction": 1, "unit": "index", "denominator": "score"}
        for i in range(k)]
sectors.index(frame, {"id": "bench", "indicators": rows}).uncertainty(500, seed=1)
"""
WORK: dict[str, list[str]] = {
    "startup": ["-c", "import xinzhi"],
    "help": ["-m", "xinzhi", "--help"],
    "assess": ["-m", "xinzhi", "assess", "china-provinces", "--out", "{out}"],
    "frontier": ["-c", f"N = 5000{FIRMS}xinzhi.frontier.efficiency(x, y)"],
    "malmquist": ["-c", f"N, U = 6000, 300{FIRMS}{PANEL}"],
    "paths": ["-c", PATHS],
    "index": ["-c", INDEX],
}


def seconds(source: Path, arguments: list[str], out: str) -> float:
    """Return the CPU seconds of one process that imports xinzhi from a checkout."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    path = os.pathsep.join([str(source / "src"), os.environ.get("PYTHONPATH", "")])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *(argument.format(out=out) if argument == "{out}" else argument for argument in arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=out,
        env={**os.environ, **one_thread, "PYTHONPATH": path},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(commit: str, chosen: list[str]) -> None:
    """Print a line a piece of work."""
    with tempfile.TemporaryDirectory() as folder:
        older = Path(folder) / "older"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(older), commit], check=True)
        try:
            print(f"{'work':<10} {'here':>8} {commit[:8]:>8} {'ratio':>6}   least CPU seconds of {RUNS} runs each")
            for name in chosen or WORK:
                here, there = [], []
                for turn in range(RUNS + 1):
                    pair = seconds(ROOT, WORK[name], folder), seconds(older, WORK[name], folder)
                    if turn:  # the first one fills the caches
                        here.append(pair[0])
                        there.append(pair[1])
                print(f"{name:<10} {min(here):>8.3f} {min(there):>8.3f} {min(here) / min(there):>6.2f}", flush=True)
        finally:
            subprocess.run([*git, "remove", "--force", str(older)], check=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:  # noqa: PLR2004 - the script and the commit
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
