"""Write the tables of ``breaks.md``, or print the critical values of ``breaks.yaml``.

``python docs/make_breaks_tables.py`` writes the tables (seconds); with ``critical`` it prints the critical values (a
minute).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

import xinzhi
from xinzhi.core.breaks import classify, scores
from xinzhi.yardstick.breaking import causes, facts, judge, rules
from xinzhi.yardstick.panel import read_panel

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

PAGE = Path(__file__).resolve().parent / "breaks.md"
SEED = 1993
SERIES, PROVINCES, YEARS = 620_000, 31, 27
OUTLIERS = {"120000": 2007, "310000": 1998, "340000": 2020, "650000": 2010}


def largest(growth: FloatArray, *, fewest: int) -> FloatArray:
    """Return the largest score of either kind of every series."""
    found = scores(growth, fewest=fewest, shortest=1, floor=0.0)
    return np.fmax(np.nanmax(np.abs(found.shift), axis=1), np.nanmax(np.abs(found.outlier), axis=1))


def critical(moves: int, regions: int, rates: list[float], series: int = SERIES) -> list[float]:
    """Return the scores that the largest of a clean series exceeds with the given probabilities."""
    rng = np.random.default_rng([SEED, moves, regions])
    # Series on their own are drawn in blocks; there are never enough others to compare with.
    block, fewest = (regions, 5) if regions > 1 else (2000, 2000)
    worst = [largest(rng.normal(size=(block, moves)), fewest=fewest) for _ in range(series // block)]
    return np.round(np.quantile(np.concatenate(worst), 1 - np.array(rates)), 2).tolist()


def grid() -> pl.DataFrame:
    """Return hits and alarms on the provinces at every false-alarm rate of the table."""
    package = xinzhi.load("china-provinces")
    panel = read_panel(package)
    rows = []
    for rate in sorted(facts()["critical"]["panel"], reverse=True):
        terms = rules(rate)
        found = {one.rule.name: one for one in judge(panel, terms)}
        alarm = {name: one.breaks.any for name, one in found.items()}
        known = {
            name: np.logical_or.reduce([mask for _, mask in causes(package, panel, one, terms)])
            for name, one in found.items()
        }
        work, output = alarm["employment"], alarm["output_real"]
        hits = int((work & panel.breaks).sum())
        explained = int((work & (panel.breaks | known["employment"])).sum())
        four = sum(bool(work[panel.region_index(code), year - panel.years[0]]) for code, year in OUTLIERS.items())
        rows.append(
            {
                "rate": rate,
                "critical": float(terms.critical(np.array([YEARS]), panel=True)[0]),
                "four": four,
                "hits": hits,
                "marks": int(panel.breaks.sum()),
                "alarms": int(work.sum()),
                "recall": hits / int(panel.breaks.sum()),
                "precision": hits / int(work.sum()),
                "precision_known": explained / int(work.sum()),
                "output": int(output.sum()),
                "output_unexplained": int((output & ~known["output_real"]).sum()),
                "all": sum(int(mask.sum()) for mask in alarm.values()),
            }
        )
    return pl.DataFrame(rows)


def power(rate: float, panels: int = 400) -> dict[str, list[float]]:
    """Return how often a shift or outlier of so many deviations is found, and clean series are alarmed."""
    terms = rules(rate)
    rng = np.random.default_rng(SEED)
    out: dict[str, list[float]] = {"shift": [], "outlier": [], "clean": []}
    limit = np.full(PROVINCES, terms.critical(np.array([YEARS]), panel=True)[0])
    for size in (3.0, 4.0, 5.0, 6.0, 8.0):
        found = {"shift": 0, "outlier": 0}
        for _ in range(panels):
            growth = rng.normal(0.05, 0.01, (PROVINCES, YEARS))
            year = int(rng.integers(1, YEARS - 2))
            for kind in found:
                broken = growth.copy()
                broken[0, year] += size * 0.01
                broken[0, year + 1] -= size * 0.01 * (kind == "outlier")
                seen = classify(scores(broken, fewest=5, shortest=8, floor=terms.floor), limit)
                found[kind] += bool(seen.any[0, year])
        for kind, count in found.items():
            out[kind].append(count / panels)
    clean = [rng.normal(0.05, 0.01, (PROVINCES, YEARS)) for _ in range(panels)]
    alarmed = [
        classify(scores(one, fewest=5, shortest=8, floor=terms.floor), limit).any.any(axis=1).mean() for one in clean
    ]
    out["clean"].append(float(np.mean(alarmed)))
    return out


def tables() -> dict[str, str]:
    """Return the tables of the page by the name of their block."""
    head = (
        "| false-alarm rate | critical score | four outliers | marks found | recall | alarms | "
        "precision, against marks | precision, marked or explained | real output: alarms (unexplained) | all series |\n"
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    line = (
        "| {rate:g} | {critical:.2f} | {four} of 4 | {hits} of {marks} | {recall:.2f} | {alarms} | {precision:.2f} | "
        "{precision_known:.2f} | {output} ({output_unexplained}) | {all} |"
    )
    rows = [line.format(**row) for row in grid().iter_rows(named=True)]
    sizes = (
        "| false-alarm rate | clean series alarmed | kind | 3 deviations | 4 | 5 | 6 | 8 |\n"
        "|---:|---:|---|---:|---:|---:|---:|---:|"
    )
    found = []
    for rate in (0.05, 0.01, 0.001):
        part = power(rate)
        for kind, name in (("shift", "level shift"), ("outlier", "one-off outlier")):
            values = " | ".join(f"{100 * value:.0f} %" for value in part[kind])
            found.append(f"| {rate:g} | {100 * part['clean'][0]:.2f} % | {name} | {values} |")
    return {"grid": "\n".join([head, *rows]), "power": "\n".join([sizes, *found])}


def main(arguments: list[str]) -> int:
    """Print the critical values, or replace the tables of the page."""
    if arguments == ["critical"]:
        table = facts()["critical"]
        rates = sorted(table["panel"], reverse=True)
        for name, regions in (("alone", 1), ("panel", PROVINCES)):
            for moves in table["moves"]:
                print(name, moves, dict(zip(rates, critical(moves, regions, rates), strict=True)))  # noqa: T201 - its output
        return 0
    text = PAGE.read_text(encoding="utf-8")
    for name, block in tables().items():
        mark = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        if not mark.search(text):
            sys.stderr.write(f"{PAGE.name} has no block '{name}'.\n")
            return 1
        text = mark.sub(f"<!-- {name} -->\n{block}\n<!-- /{name} -->", text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
