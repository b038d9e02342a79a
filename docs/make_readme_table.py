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
    from xinzhi.yardstick import Audit, Measurement

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 3
MARK = re.compile(r"<!-- table -->\n.*?<!-- /table -->", re.DOTALL)
WORDS = {
    "en": (
        "README.md",
        "| rank | over protocols | province | output growth | of which TFP | part |\n|---:|---:|---|---:|---:|---:|",
        (
            "The first and the last three, {start}-{end}: mean log growth a year, {n} provinces without a rank. Over "
            "protocols: the rank from the 5th to the 95th percentile of {protocols:,} protocols. `{foot}`"
        ),
    ),
    "zh": (
        "README.zh.md",
        "| 位次 | 各协议下的位次 | 地区 | 产出增长 | 其中全要素生产率 | 占比 |\n|---:|---:|---|---:|---:|---:|",
        (
            "首尾各三个地区，{start}—{end}年年均对数增长率，另有{n}个地区不排位。各协议下的位次：依次按{protocols:,}个协议测算，"
            "位次的第5至第95百分位。`{foot}`"
        ),
    ),
}


def table(measurement: Measurement, audited: Audit, language: str) -> str:
    """Return the table: the first and the last regions by TFP growth in the latest period on official figures."""
    _, head, note = WORDS[language]
    start, end = official_span(measurement.periods)
    here = measurement.periods.filter((pl.col("start") == start) & (pl.col("end") == end))
    ranges = audited.frame.select("region", "start", "end", "protocols", "rank_p05", "rank_p95")
    ranked = here.drop_nulls("rank").join(ranges, on=["region", "start", "end"]).join(measurement.regions, on="region")
    ranked = ranked.sort("rank")
    rows = [_row(row, language) for row in ranked.iter_rows(named=True)]
    words = {"start": start, "end": end, "n": here.height - ranked.height, "protocols": ranked["protocols"][0]}
    lines = [head, *rows[:SHOWN], *rows[-SHOWN:], ""]
    return "\n".join([*lines, note.format(**words, foot=measurement.provenance.foot(language))])


def _row(row: dict[str, object], language: str) -> str:
    """Return one line of the table."""
    name = row[f"name_{language}"]
    return "| {} | {:.0f}–{:.0f} | {} | {:.2%} | {:.2%} | {:.0%} |".format(
        row["rank"], row["rank_p05"], row["rank_p95"], name, row["output_growth"], row["tfp_growth"], row["tfp_part"]
    )


def main() -> int:
    """Replace the table in both files."""
    measurement = xinzhi.measure("china-provinces", protocol="xinzhi-cn-2026")
    audited = xinzhi.audit("china-provinces", protocol="xinzhi-cn-2026")
    for language, (name, _, _) in WORDS.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        block = f"<!-- table -->\n{table(measurement, audited, language)}\n<!-- /table -->"
        path.write_text(MARK.sub(lambda _, block=block: block, text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
