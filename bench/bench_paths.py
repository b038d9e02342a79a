"""One year of places by activities, all quantities, beside ecomplexity 0.5.3 on the same data in the same run.

Data: lognormal sizes, four hidden factors and noise; a third of the cells is nought, a quarter is present. All
quantities: quotients, presence, complexity of places and activities, fitness, proximity, density, outlook, exact gain.
A second matrix without any structure (a quarter present at random) is the hardest for the spectrum, whose second
eigenvalue then hardly stands out. The third, of up to 30,000 places, is nested and sparse: 5 % of the cells hold
something, and two thirds of these are advantages; its limit is one of memory. Each case runs in a process of its own,
so that its peak memory is its own; reading a long frame is timed apart. `ecomplexity` (`pip install
ecomplexity==0.5.3`) is timed at 3,000 x 1,000 only: it solves the general eigenproblem of all activities, which at
5,000 was not tried. Prints CPU seconds on one core, and exits with 1 when a limit is missed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json
import resource
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import polars as pl

from xinzhi.pathways.complexity.cells import read_cells, without_empty
from xinzhi.pathways.complexity.complexity import ComplexityOptions, measure_cells
from xinzhi.pathways.complexity.relatedness import spectrum

SIZES = {(3000, 1000): 1.0, (3000, 5000): 6.0}
MEMORY_LIMIT, RATIO_LIMIT, DIFFERENCE_LIMIT = 1200, 12.0, 1e-8
SPARSE, SPARSE_MEMORY, SLOPE_LIMIT = ((3000, 5000), (10_000, 5000), (30_000, 5000)), 8192, 1.3
PEER = (3000, 1000)


def matrix(n: int, p: int, kind: str, seed: int = 1) -> np.ndarray:
    """Return made-up amounts."""
    rng = np.random.default_rng(seed)
    if kind == "random":
        return (rng.random((n, p), dtype=np.float32) < 0.23).astype(float)  # noqa: PLR2004 - the share of presences
    log = (rng.normal(size=(n, 4)) @ rng.normal(size=(4, p))) / 2
    log += rng.normal(0, 1.2, n)[:, None] + rng.normal(0, 1.2, p) + rng.normal(size=(n, p))
    chance = 1 / (1 + np.exp(-2 * (log - np.quantile(log, 0.34))))
    return np.where(rng.random((n, p)) < chance, np.exp(log), 0.0)


def sparse(n: int, p: int, seed: int = 1) -> np.ndarray:
    """Return made-up amounts: the more able a place, the more activities, and rare ones in able places alone."""
    rng = np.random.default_rng(seed)
    able, hard = rng.normal(size=n), rng.normal(3.6, 0.8, p)
    values = np.zeros((n, p))
    for at in range(0, n, 1000):
        part = slice(at, at + 1000)
        chance = 1 / (1 + np.exp(1.2 * (hard - able[part, None])))
        rows, columns = np.nonzero(rng.random(chance.shape) < chance)
        amount = np.exp(able[part][rows] + rng.normal(0, 1, len(rows)))
        values[part][rows, columns] = amount
    return values


def names(n: int, p: int) -> tuple[list[str], list[str]]:
    """Return names of places and activities."""
    return [f"place{i:04d}" for i in range(n)], [f"activity{j:04d}" for j in range(p)]


def ours(n: int, p: int, kind: str) -> dict[str, float]:
    """Measure everything; return CPU seconds, peak memory and what the data are like."""
    cells = without_empty(*names(n, p), sparse(n, p) if kind == "sparse" else matrix(n, p, kind))
    measure_cells(without_empty(*names(50, 40), matrix(50, 40, "nested")), anchor=anchor_of(matrix(50, 40, "nested")))
    given = {"presence": "share", "threshold": 1e-12} if kind == "random" else {}
    anchor = None if kind == "sparse" else anchor_of(cells.values, "share" if given else "rca")
    start = time.process_time()
    found = measure_cells(cells, anchor=anchor, options=ComplexityOptions(precision="single", **given))
    cpu = time.process_time() - start
    return {
        "cpu": cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "zeros": float((cells.values == 0).mean()),
        "present": float(found.present.mean()),
    }


def anchor_of(values: np.ndarray, rule: str = "rca") -> dict[str, float]:
    """Return an anchor that fixes the sign whatever the data: the index itself, computed beforehand."""
    from xinzhi.pathways.complexity.relatedness import present

    here = present(values, rule, threshold=1.0 if rule == "rca" else 1e-12)  # type: ignore[arg-type] # one of the rules
    return dict(zip(names(*values.shape)[0], spectrum(here).places.tolist(), strict=True))


def long_frame(n: int, p: int) -> pl.DataFrame:
    """Return the matrix as a long frame without its noughts."""
    values = matrix(n, p, "nested")
    rows, columns = np.nonzero(values)
    place, activity = names(n, p)
    return pl.DataFrame(
        {
            "place": np.array(place, dtype=object)[rows],
            "activity": np.array(activity, dtype=object)[columns],
            "value": values[rows, columns],
            "year": np.zeros(len(rows), dtype=np.int64),
        },
        schema_overrides={"place": pl.String, "activity": pl.String},
    )


def peer(n: int, p: int) -> dict[str, float]:
    """Run ecomplexity and ours on the same long frame; return both times and the largest differences."""
    import warnings

    from ecomplexity import ecomplexity

    warnings.simplefilter("ignore")
    table = long_frame(n, p)
    frame = table.to_pandas()
    start = time.process_time()
    cells = read_cells(table, place="place", activity="activity", value="value")
    read = time.process_time() - start
    anchor = anchor_of(cells.values)
    start = time.process_time()
    found = measure_cells(cells, anchor=anchor, options=ComplexityOptions(precision="single"))
    measure = time.process_time() - start
    columns = {"time": "year", "loc": "place", "prod": "activity", "val": "value"}
    start = time.process_time()
    theirs = ecomplexity(frame, columns, verbose=False, check_logsupermodularity=False)
    cpu = time.process_time() - start
    theirs = theirs.sort_values(["place", "activity"])
    index = theirs.groupby("place")["eci"].first().to_numpy()
    double = found.frame["complexity"].to_numpy()
    sign = np.sign(index @ double)
    density = theirs["density"].to_numpy().reshape(n, p)
    return {
        "read": read,
        "measure": measure,
        "theirs": cpu,
        "complexity": float(np.abs(index - sign * double).max()),
        "density": float(np.abs(density - found.density).max()),
    }


def alone(task: str, *arguments: object) -> dict[str, float]:
    """Run a task in a process of its own."""
    command = [sys.executable, __file__, task, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def large() -> bool:
    """Print time and memory of sparse matrices and how they grow; return whether the limits hold."""
    seconds, fine = [], True
    for n, p in SPARSE:
        run = alone("ours", n, p, "sparse")
        seconds.append(run["cpu"])
        fine &= run["peak"] <= SPARSE_MEMORY
        print(
            f"{n:,} x {p:,} sparse: {run['cpu']:.2f} s CPU, peak {run['peak']:.0f} MB (limit {SPARSE_MEMORY}); "
            f"noughts {run['zeros']:.1%}, present {run['present']:.1%}",
            flush=True,
        )
    slope = float(np.polyfit(np.log([n for n, _ in SPARSE]), np.log(seconds), 1)[0])
    print(f"log-log slope of CPU on places {slope:.2f} (limit {SLOPE_LIMIT})")
    return fine and slope <= SLOPE_LIMIT


def main() -> int:
    """Print the figures; return 1 when a limit is missed."""
    missed = 0
    for (n, p), limit in SIZES.items():
        for kind in ("nested", "random"):
            runs = [alone("ours", n, p, kind) for _ in range(3)]
            cpu, peak = sorted(run["cpu"] for run in runs)[1], max(run["peak"] for run in runs)
            missed += cpu > limit or peak > MEMORY_LIMIT
            print(
                f"{n:,} x {p:,} {kind}: {cpu:.2f} s CPU (median of 3; limit {limit:.0f}), peak {peak:.0f} MB "
                f"(limit {MEMORY_LIMIT}); noughts {runs[0]['zeros']:.0%}, present {runs[0]['present']:.0%}"
            )
    missed += not large()
    if find_spec("ecomplexity") is None:
        print("ecomplexity is not here: pip install ecomplexity==0.5.3")
        return 1
    found = alone("peer", *PEER)
    both = found["read"] + found["measure"]
    ratio = found["theirs"] / both
    missed += ratio < RATIO_LIMIT or found["complexity"] > DIFFERENCE_LIMIT
    print(
        f"{PEER[0]:,} x {PEER[1]:,} from a long frame: ours {both:.2f} s (reading {found['read']:.2f}, measuring "
        f"{found['measure']:.2f}), ecomplexity {found['theirs']:.1f} s, ratio {ratio:.1f} (at least {RATIO_LIMIT:.0f}; "
        f"measuring alone {found['theirs'] / found['measure']:.0f})"
    )
    print(f"largest difference of complexity {found['complexity']:.1e}, of density {found['density']:.1e} (single)")
    return int(missed > 0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sizes = int(sys.argv[2]), int(sys.argv[3])
        print(json.dumps(peer(*sizes) if sys.argv[1] == "peer" else ours(*sizes, sys.argv[4])))
    else:
        sys.exit(main())
