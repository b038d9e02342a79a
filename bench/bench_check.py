"""Check a package of one million rows from CSV: reading, casting, conversion, every rule, and the fingerprint.

The data are synthetic: made-up regions, smooth growth, a few slips of known number, seed 1. Prints rows, CPU and wall
seconds, and the peak of memory of the process.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.data import export, load

REGIONS, YEARS, FIRST = 10_000, 100, 1925
SLIPS = 50
CPU_LIMIT, PEAK_LIMIT = 3.0, 1000

DESCRIPTOR = """
name: synthetic-million
resources:
  - name: investment
    path: investment.csv
    schema:
      primaryKey: [region, asset, year]
      fields:
        - {name: region, type: string}
        - {name: asset, type: string}
        - {name: year, type: year}
        - {name: investment_nominal, type: number, unit: 1e4 CNY}
        - {name: investment_price, type: number, unit: index 2000=100}
        - {name: investment_status, type: string}
"""


def write(folder: Path) -> int:
    """Write the package; return its number of rows."""
    rng = np.random.default_rng(1)
    size = REGIONS * YEARS
    steps = rng.normal(0.05, 0.05, (REGIONS, YEARS)).cumsum(axis=1)
    price = np.exp(rng.normal(0.02, 0.01, (REGIONS, YEARS)).cumsum(axis=1))
    price *= 100 / price[:, [2000 - FIRST]]
    frame = pl.DataFrame(
        {
            "region": np.repeat([f"r{number:05d}" for number in range(REGIONS)], YEARS),
            "asset": "total",
            "year": np.tile(np.arange(FIRST, FIRST + YEARS), REGIONS),
            "investment_nominal": np.exp(steps).ravel().round(4),
            "investment_price": price.ravel().round(4),
            "investment_status": "official",
        }
    ).with_columns(pl.col("investment_nominal").cast(pl.String))
    slips = pl.Series(rng.choice(size, SLIPS, replace=False))
    frame = frame.with_row_index("row").with_columns(
        pl.when(pl.col("row").is_in(slips.to_list()))
        .then(pl.lit("n/a"))
        .otherwise("investment_nominal")
        .alias("investment_nominal")
    )
    frame.drop("row").write_csv(folder / "investment.csv")
    (folder / "datapackage.yaml").write_text(DESCRIPTOR, "utf-8")
    return size


def main() -> int:
    """Run the benchmark; return 1 when a limit is exceeded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write(folder)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu, wall = time.process_time(), time.perf_counter()
        package = load(folder)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"check {rows:,} rows: {cpu:.2f} s CPU, {wall:.2f} s wall; peak {peak:.0f} MB (before {before:.0f} MB)")
        bad = sum(found.rule == "text-in-number" for found in package.findings)
        print(f"findings: {len(package.findings)}, of which text in a number: {bad} of {SLIPS}")
        cpu2 = time.process_time()
        package.fingerprint("investment")
        print(f"fingerprint: {time.process_time() - cpu2:.2f} s CPU")
        cpu2 = time.process_time()
        export(package, folder / "copy")
        print(f"export: {time.process_time() - cpu2:.2f} s CPU")
    print(f"limits: {CPU_LIMIT} s CPU, {PEAK_LIMIT} MB")
    return int(cpu > CPU_LIMIT or peak > PEAK_LIMIT or bad != SLIPS)


if __name__ == "__main__":
    sys.exit(main())
