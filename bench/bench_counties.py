"""Verbs on packages of 31, 310 and 3,100 regions: CPU seconds, peak memory, and how they grow with the regions.

The packages are SYNTHETIC: `china-provinces` copied 1, 10 and 100 times in memory, every copy with codes and names of
its own and growing at a rate of its own. A county package of China has 2,800 to 3,100 regions. Every verb is run by the
command line's entry in a process of its own, first on 31 regions, so that the time that follows is net of start.
`python bench/bench_counties.py check audit` runs these alone.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import polars as pl

import xinzhi
from xinzhi.data import export

COPIES = (1, 10, 100)
# What a county package has: the tables of the ruler, the nation beside them, and prices.
TABLES = ("regions", "accounts", "investment", "vintages", "nation", "prices")
# Below this a time is noise and says nothing about growth.
FLOOR, SLOPE_LIMIT = 0.05, 1.1
DRIFT, BASE = 1e-4, 2000
# Options, CPU seconds and megabytes for 3,100 regions.
VERBS: dict[str, tuple[tuple[str, ...], float, float]] = {
    "measure": ((), 6, 2000),
    "check": ((), 12, 2000),
    "bands": ((), 30, 2000),
    "audit": ((), 20, 1000),
    "bubbles": (("--of", "provinces", "--critical", "stored"), 60, 4000),
    "assess": (("--skip", "scope,sources,sectors,paths,frontier,risks"), 60, 4000),
}


def copied(copies: int) -> dict[str, pl.DataFrame]:
    """Return the tables of the shipped package with every region, and every city, so many times."""
    return {
        name: pl.concat([_copy(frame, copy) for copy in range(copies if {"region", "city"} & {*frame.columns} else 1)])
        for name, frame in xinzhi.load("china-provinces").tables.items()
        if name in TABLES
    }


def _copy(frame: pl.DataFrame, copy: int) -> pl.DataFrame:
    """Return one copy of a table; the first is the table itself."""
    marks = {"region": f"{copy:02d}", "city": f"{copy:02d}", "name_zh": f" {copy}", "name_en": f" {copy}"}
    grown = (1 + DRIFT * copy) ** (pl.col("year") - BASE) if "year" in frame.columns else 1.0
    outputs = [name for name in ("output_real", "output_nominal") if name in frame.columns and "year" in frame.columns]
    return frame.with_columns(
        *(pl.col(name) + mark for name, mark in marks.items() if copy and name in frame.columns),
        *(pl.col(name) * grown for name in outputs),
    )


def write(folder: Path) -> None:
    """Write the packages."""
    for copies in COPIES:
        units = xinzhi.load("china-provinces").units
        made = xinzhi.load(copied(copies), units={name: units[name] for name in TABLES if name in units})
        export(made, folder / str(copies))


def run(verb: str, package: Path) -> float:
    """Return the CPU seconds of a verb."""
    from xinzhi.cli.app import run as command

    start = time.process_time()
    if verb == "measure":
        xinzhi.measure(package)
        return time.process_time() - start
    with tempfile.TemporaryDirectory() as out, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.argv[1:] = [verb, str(package), *VERBS[verb][0], *(["--out", out] if verb == "assess" else [])]
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), contextlib.suppress(SystemExit):
            command()
    return time.process_time() - start


def child(verb: str, first: Path, package: Path) -> None:
    """Run a verb on one copy, then on the package; print the times and the peak."""
    start, net = run(verb, first), run(verb, package)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"start": start, "net": net, "peak": peak}))


def main(wanted: list[str]) -> int:
    """Print the figures; return 1 when a limit is exceeded."""
    bad = False
    with tempfile.TemporaryDirectory() as name:
        # In a process of its own: the peak of a child is at least that of the process that starts it.
        subprocess.run([sys.executable, __file__, "--write", name], check=True)
        packages = {copies: Path(name) / str(copies) for copies in COPIES}
        for verb in wanted or VERBS:
            _, limit, memory = VERBS[verb]
            times = {}
            for copies, package in packages.items():
                command = [sys.executable, __file__, "--child", verb, str(packages[1]), str(package)]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                net, peak = found["net"], found["peak"]
                times[copies] = max(net, FLOOR)
                print(f"{verb} {31 * copies:,} regions: {net:.2f} s CPU, peak {peak:,.0f} MB", flush=True)
            slopes = [math.log10(times[after] / times[before]) for before, after in pairwise(COPIES)]
            said = ", ".join(f"{slope:.2f}" for slope in slopes)
            print(f"  slope {said} (limit {SLOPE_LIMIT}); limits {limit:g} s, {memory:,.0f} MB", flush=True)
            bad |= net > limit or peak > memory or max(slopes) > SLOPE_LIMIT
    return int(bad)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    elif sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
