"""Write how the bands of the reference protocol held in the past, which no command has the time to compute anew.

    python tools/backtest_record.py [--check]

The record is that of `xinzhi.backtest` in real time, by years ahead, and stands under the fingerprint of the protocol:
of another protocol nothing is said. With --check nothing is written, and the exit code says whether the record agrees.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

import xinzhi
from xinzhi.data import load
from xinzhi.yardstick.estimates.record import FILE
from xinzhi.yardstick.panel import READ

PACKAGE, PROTOCOL = "china-provinces", "xinzhi-cn-2026"
HEAD = "# How bands held in the past, in real time, by years ahead. Written by tools/backtest_record.py, not by hand.\n"
FOLDER = Path(__file__).parents[1] / "src/xinzhi/yardstick/estimates"


def record() -> str:
    """Return the record as it is to be written."""
    package = load(PACKAGE)
    found = xinzhi.backtest(package, protocol=PROTOCOL)
    rows = found.frame.filter(pl.col("horizon") > 0, test="real_time").sort("horizon")
    lines = [
        f"protocol: {PROTOCOL}",
        f"fingerprint: {found.provenance.protocol_fingerprint}",
        f"package: {PACKAGE}",
        "tables: {" + ", ".join(f"{name}: {package.fingerprint(name)}" for name in READ) + "}",
        f"level: {found.level:g}",
        "spans: # the band of all regions together, and bands of single regions",
    ]
    for row in rows.iter_rows(named=True):
        hits = round(row["nation_coverage"] * row["ends"])
        lines.append(f"  {row['horizon']}: {{spans: {row['ends']}, hits: {hits}, regions: {row['coverage']:.3f}}}")
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    """Write the record, or say whether it agrees."""
    made, path = record(), FOLDER / FILE
    if "--check" in sys.argv:
        agrees = path.exists() and path.read_text(encoding="utf-8") == made
        if not agrees:
            print(f"{path.name} is of another protocol or other tables: run this without --check")
        return int(not agrees)
    path.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
