"""Write the table of the two readme files from what xinzhi measures: ``python docs/make_readme_table.py``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

import xinzhi
from xinzhi.yardstick.periods import official_span

if TYPE_CHECKING:
    from xinzhi.yardstick import Measurement

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 5
MARK = re.compile(r"<!-- table -->\n.*?<!-- /table -->", re.DOTALL)
WORDS = {
    "en": (
        "README.md",
        "| | province | output growth | of which TFP | part |\n|---:|---|---:|---:|---:|",
        (
            "Mean log growth a year, {start}-{end}, the latest period whose investment is official; {n} provinces fail "
            "the tests of admission and are not ranked. `{foot}`"
        ),
    ),
    "zh": (
        "README.zh.md",
        "| 位次 | 地区 | 产出增长 | 其中全要素生产率 | 占比 |\n|---:|---|---:|---:|---:|",
        "{start}—{end}年年均对数增长率，即固定资本形成总额有官方数据的最近时期；{n}个地区的数据未通过准入检验，不参与排位。`{foot}`",
    ),
}


def table(measurement: Measurement, language: str) -> str:
    """Return the table: the first and the last regions by TFP growth in the latest period on official figures."""
    _, head, note = WORDS[language]
    start, end = official_span(measurement.periods)
    here = measurement.periods.filter((pl.col("start") == start) & (pl.col("end") == end))
    ranked = here.drop_nulls("rank").join(measurement.regions, on="region").sort("rank")
    rows = [_row(row, language) for row in ranked.iter_rows(named=True)]
    words = {"start": start, "end": end, "n": here.height - ranked.height}
    lines = [head, *rows[:SHOWN], "| … | | | | |", *rows[-SHOWN:], ""]
    return "\n".join([*lines, note.format(**words, foot=measurement.provenance.foot(language))])


def _row(row: dict[str, object], language: str) -> str:
    """Return one line of the table."""
    name = row[f"name_{language}"]
    return "| {} | {} | {:.2%} | {:.2%} | {:.0%} |".format(
        row["rank"], name, row["output_growth"], row["tfp_growth"], row["tfp_part"]
    )


def main() -> int:
    """Replace the table in both files."""
    measurement = xinzhi.measure("china-provinces", protocol="xinzhi-cn-2026")
    for language, (name, _, _) in WORDS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        block = f"<!-- table -->\n{table(measurement, language)}\n<!-- /table -->"
        path.write_text(MARK.sub(lambda _, block=block: block, text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
