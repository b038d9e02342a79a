"""Write the tables of docs/able.md from the package that ships: ``python docs/make_able_table.py``."""

from __future__ import annotations

from pathlib import Path

import xinzhi
from xinzhi.pathways import able
from xinzhi.pathways.internal import Able

PAGE = Path(__file__).with_name("able.md")
START, END = "<!-- table of verdicts -->", "<!-- end of the table -->"
TWELVE = ("ai", "computing", "nev", "ic", "hydrogen", "lowalt", "biomed", "battery", "pv", "robots", "quantum", "steel")
MARKS = {
    "output": "o",
    "stated": "s",
    "cluster": "c",
    "designated": "d",
    "part": "p",
    "soft": "r",
    "rank": "r",
    "quotient": "q",
}
SHOWN = {"able": "**{mark}**", "by proxy": "{mark}", "not able": "–", "unknown": ""}


def made(found: Able) -> str:
    """Return the table: a row for every region, a column for every category."""
    names = found.names
    head = "| | " + " | ".join(names.text("category", one).en for one in TWELVE) + " |"
    lines = [head, "|---" * (len(TWELVE) + 1) + "|"]
    cells = {(row["region"], row["category"]): row for row in found.frame.iter_rows(named=True)}
    for region in sorted({region for region, _ in cells}):
        shown = [_cell(cells[region, one]) for one in TWELVE]
        lines.append(f"| {names.region(region).en} {names.region(region).zh} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def _cell(row: dict[str, object]) -> str:
    return SHOWN[str(row["able"])].format(mark=MARKS.get(str(row["reason"]), ""))


def main() -> None:
    """Write the table between its marks."""
    text = PAGE.read_text("utf-8")
    before, rest = text.split(START)
    after = rest.split(END)[1]
    table = made(able(xinzhi.load("china-provinces")))
    PAGE.write_text(f"{before}{START}\n\n{table}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
