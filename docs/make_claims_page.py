"""Write the tables of the page of published claims: ``python docs/make_claims_page.py``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import polars as pl

import xinzhi
from xinzhi.core.schema import describe
from xinzhi.yardstick import VERDICTS, Claims, published_claims

PAGE = Path(__file__).resolve().parent / "claims-published.md"
SPAN, VERSIONS = (1978, 2007), ("8.1", "9.0", "9.1", "10.0", "10.01")


def blocks() -> dict[str, str]:
    """Return every generated block of the page by its name."""
    table = published_claims()
    result = xinzhi.check_claims("china-provinces", table)
    judged = result.frame.with_row_index("at").with_columns(table["data"], table["outlet"], table["figure"])
    return {
        "counts": _counts(result.frame),
        "versions": _versions(judged),
        "judged": _judged(result, judged),
        "unjudged": _unjudged(result, judged),
    }


def filled(text: str) -> str:
    """Return the page with its blocks as they are now."""
    for name, block in blocks().items():
        mark = re.compile(rf"<!-- {name} -->\n.*?<!-- /{name} -->", re.DOTALL)
        text = mark.sub(lambda _, name=name, block=block: f"<!-- {name} -->\n{block}\n<!-- /{name} -->", text)
    return text


def _counts(frame: pl.DataFrame) -> str:
    """Return how many claims got each verdict, and why some got none."""
    known, why = describe("claim", "verdict").values, describe("claim", "reason").values
    lines = ["| verdict | claims |", "|---|---:|"]
    for name in VERDICTS:
        lines.append(f"| {known[name].en} {known[name].zh} | {frame.filter(verdict=name).height} |")
        if name == "unjudged":
            counts = dict(frame.filter(verdict=name).group_by("reason").len().iter_rows())
            lines += [f"| … {text.en} | {counts[code]} |" for code, text in why.items() if code in counts]
    return "\n".join(lines)


def _versions(judged: pl.DataFrame) -> str:
    """Return one figure in five versions of one data base, and what all protocols give on one version of ours."""
    rows = judged.filter(start=SPAN[0], end=SPAN[1])
    found = {one: rows.filter(source=f"Penn World Table {one}").row(0, named=True) for one in VERSIONS}
    figures = [100 * row["growth"] for row in found.values()]
    row = found[VERSIONS[0]]
    own = [100 * row[name] for name in ("lowest", "highest")]
    said = ", ".join(f"{figure:.2f} ({version})" for version, figure in zip(found, figures, strict=True))
    return (
        f"TFP growth of China in {SPAN[0]}-{SPAN[1]} in five versions of the Penn World Table, % a year:\n{said}.\n"
        f"They span {max(figures) - min(figures):.2f} points. All {row['tried']:,} admissible protocols on one version "
        f"of our data give {own[0]:.2f} to {own[1]:.2f},\na span of {own[1] - own[0]:.2f}: "
        "**the version of the data matters more than the method.**"
    )


def _judged(result: Claims, judged: pl.DataFrame) -> str:
    """Return the claims with a verdict."""
    head = "| claim | % a year | data | reference | lowest | highest | verdict | nearest or first protocol |"
    lines = [head, "|---|---:|---|---:|---:|---:|---|---|"]
    for row in judged.filter(pl.col("verdict") != "unjudged").sort("source", "start", "end").iter_rows(named=True):
        held = [f"{100 * row[name]:.2f}" for name in ("reference", "lowest", "highest")]
        departures = result.departures_of(row).en or "the reference protocol"
        cells = (_claim(result, row), row["written"], row["data"] or "", *held, row["verdict"], departures)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _unjudged(result: Claims, judged: pl.DataFrame) -> str:
    """Return the claims without one, and why."""
    scopes, methods, why = (describe("claim", name).values for name in ("scope", "method", "reason"))
    lines = ["| claim | % a year | scope | method | why |", "|---|---:|---|---|---|"]
    for row in judged.filter(verdict="unjudged").sort("source", "region", "start", "end").iter_rows(named=True):
        words = (scopes[row["scope"]].en, methods[row["method"]].en, why[row["reason"]].en)
        lines.append("| " + " | ".join((_claim(result, row), row["written"], *words)) + " |")
    return "\n".join(lines)


def _claim(result: Claims, row: dict[str, Any]) -> str:
    """Return region, years and source of a claim."""
    return f"{result.names.region(row['region']).en} {row['start']}-{row['end']}, {row['source']}"


def main() -> int:
    """Fill the page."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
