"""Write the tables of the page of published claims: ``python docs/make_claims_page.py``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import polars as pl

import xinzhi
from xinzhi.core.schema import describe
from xinzhi.yardstick import published_claims
from xinzhi.yardstick.internal import VERDICTS, Claims, choices_text

PAGE = Path(__file__).resolve().parent / "claims-published.md"
SAME = 1e-9  # below it a difference is rounding of floats
SPAN, VERSIONS = (1978, 2007), ("8.1", "9.0", "9.1", "10.0", "10.01")


def blocks() -> dict[str, str]:
    """Return every generated block of the page by its name."""
    table = published_claims()
    result = xinzhi.check_claims("china-provinces", table)
    judged = result.frame.with_row_index("at").with_columns(table["data"], table["outlet"], table["figure"])
    return {
        "counts": _counts(result.frame),
        "versions": _versions(judged),
        "own": _own(judged),
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


def _own(judged: pl.DataFrame) -> str:
    """Return what the choices that sources state explain, source by source."""
    told = judged.filter(pl.col("own_growth").is_not_null())
    heads = (
        "source",
        "claims",
        "choices that are followed",
        "not to be followed",
        "method",
        "data and what is not stated",
    )
    lines = ["| " + " | ".join(heads) + " |", "|---|---:|---|---|---:|---:|"]
    for (source,), rows in told.group_by(["source"], maintain_order=True):
        first = rows.row(0, named=True)
        choices = (choices_text(first[name]).en for name in ("own_choices", "own_left"))
        ranges = (_range(rows[name]) for name in ("method_part", "data_part"))
        lines.append("| " + " | ".join((str(source), str(rows.height), *choices, *ranges)) + " |")
    method, data = (100 * told[name].abs().mean() for name in ("method_part", "data_part"))
    before = (pl.col("growth") - pl.col("reference")).abs()
    moved = told.filter(pl.col("method_part").abs() > SAME)
    near = moved.filter(pl.col("data_part").abs() < before)
    hit = told.filter(pl.col("data_part").abs() <= pl.col("rounding"))
    all_judged = judged.filter(pl.col("verdict") != "unjudged").height
    said = (
        f"Of the {all_judged} claims that can be judged, {told.height} state a choice that the protocol knows, and "
        f"{moved.height} one that differs from the reference.\n"
        f"Under these choices {hit.height} of the {told.height} are given within their rounding, and {near.height} of "
        f"the {moved.height} lie nearer than the reference does.\n"
        f"In size the method makes {method:.2f} points on average, and the data with what is not stated {data:.2f}."
    )
    return said + "\n\n" + "\n".join(lines)


def _range(values: pl.Series) -> str:
    """Return the least and the most of a column, in points."""
    ends = [f"{100 * value:+.2f}".replace("-0.00", "+0.00") for value in (values.min(), values.max())]
    return " to ".join(dict.fromkeys(ends))


def _judged(result: Claims, judged: pl.DataFrame) -> str:
    """Return the claims with a verdict."""
    heads = (
        "claim",
        "% a year",
        "data",
        "reference",
        "lowest",
        "highest",
        "verdict",
        "nearest or first protocol",
        "under its own choices",
        "method",
        "data",
    )
    lines = ["| " + " | ".join(heads) + " |", "|---|---:|---|---:|---:|---:|---|---|---:|---:|---:|"]
    for row in judged.filter(pl.col("verdict") != "unjudged").sort("source", "start", "end").iter_rows(named=True):
        held = [f"{100 * row[name]:.2f}" for name in ("reference", "lowest", "highest")]
        departures = result.departures_of(row).en or "the reference protocol"
        cells = (_claim(result, row), row["written"], row["data"] or "", *held, row["verdict"], departures)
        own = [
            "" if row[name] is None else f"{100 * row[name]:{sign}.2f}".replace("-0.00", "+0.00")
            for name, sign in (("own_growth", ""), ("method_part", "+"), ("data_part", "+"))
        ]
        cells = (*cells, *own)
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
