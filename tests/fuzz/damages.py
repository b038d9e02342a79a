"""Damages of tables and of descriptors: what hands, programs and disks do to a folder of CSV files.

A damage takes the dice and the folder, changes one file in place, and returns what it did.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

Damage = Callable[[Random, Path], str]
MEASURED = ("accounts", "investment")
KEYS = ("region", "asset", "year")
VALUES: dict[str, list[Any]] = json.loads((Path(__file__).parent / "values.json").read_text("utf-8"))
BLANKS, WORDS, CONTROLS, UNITS, PATHS = (VALUES[name] for name in ("blanks", "words", "controls", "units", "paths"))
EXTREMES = [*VALUES["extremes"], "9" * 5000]
TEXTS = [*VALUES["texts"], "x" * 200_000]
ODD = [*VALUES["odd"], "9" * 5000, "x" * 5000]
LINES = [*VALUES["lines"], "version: " + "9" * 4301]


class Grid:
    """A CSV file as rows of texts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header, *self.rows = list(csv.reader(path.read_text("utf-8").splitlines()))

    @classmethod
    def of(cls, rng: Random, folder: Path) -> Grid:
        return cls(table(rng, folder))

    def save(self, what: str, delimiter: str = ",") -> str:
        with self.path.open("w", encoding="utf-8", newline="", errors="surrogatepass") as file:
            csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows([self.header, *self.rows])
        return f"{self.path.name}: {what}"

    def cell(self, rng: Random, new: Callable[[str], str], columns: list[int] | None = None) -> str:
        row, at = rng.randrange(len(self.rows)), rng.choice(columns or range(len(self.header)))
        old = self.rows[row][at]
        self.rows[row][at] = new(old)
        return self.save(f"{self.header[at]} in line {row + 2}: {old[:20]!r} -> {self.rows[row][at][:40]!r}")

    def figures(self) -> list[int]:
        found = [at for at, name in enumerate(self.header) if name not in KEYS and _number(self.rows[0][at])]
        return found or list(range(len(self.header)))


def table(rng: Random, folder: Path) -> Path:
    """Return one of the tables; four times of five one that the growth accounts are made of."""
    files = sorted(folder.glob("*.csv"))
    measured = [file for file in files if file.stem in MEASURED]
    return rng.choice(measured if measured and rng.random() < 0.8 else files)


def _number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _one_of(texts: list[str], *, figures: bool = False) -> Damage:
    def damage(rng: Random, folder: Path) -> str:
        grid = Grid.of(rng, folder)
        return grid.cell(rng, lambda _: rng.choice(texts), grid.figures() if figures else None)

    return damage


def controls(rng: Random, folder: Path) -> str:
    sign = rng.choice(CONTROLS)
    return Grid.of(rng, folder).cell(rng, lambda old: old[:1] + sign + old[1:])


def typo(rng: Random, folder: Path) -> str:
    def slip(old: str) -> str:
        at = rng.randrange(max(1, len(old)))
        before, here, after = old[:at], old[at : at + 1], old[at + 1 :]
        swapped = before + old[at : at + 2][::-1] + old[at + 2 :]
        kinds = [before + after, before + here * 2 + after, swapped, old + "0", "." + old, "-" + old, f"{old} {old}"]
        return rng.choice([*kinds, old.replace(".", ""), old.replace(".", ","), old.replace("0", "O")])

    grid = Grid.of(rng, folder)
    return grid.cell(rng, slip, grid.figures())


def scale_cell(rng: Random, folder: Path) -> str:
    grid, factor = Grid.of(rng, folder), rng.choice((1e4, 1e-4, 100, 0.01, 10, 0.1, 1.3, 0.8, 1.01))
    return grid.cell(rng, lambda old: f"{float(old) * factor:.8g}" if _number(old) else old, grid.figures())


def _scaled(*, region: bool) -> Damage:
    def damage(rng: Random, folder: Path) -> str:
        grid, factor = Grid.of(rng, folder), rng.choice((1e4, 1e-4, 1e8, 1e-8, 100, 0.01))
        at = rng.choice(grid.figures())
        who = rng.choice([row[0] for row in grid.rows]) if region else None
        for row in grid.rows:
            if (who is None or row[0] == who) and _number(row[at]):
                row[at] = f"{float(row[at]) * factor:.8g}"
        return grid.save(f"{grid.header[at]} of {who or 'all'} times {factor:g}")

    return damage


def file(rng: Random, folder: Path) -> str:
    path = table(rng, folder)
    data = path.read_bytes()
    contents = [
        text.encode() for text in ("", "\n", ",,,\n,,,\n", "\ufeff", "<html></html>", "{}", '"' * 99, ",\n" * 5000)
    ]
    contents += [b"\0" * 100, b"PK\x03\x04junk", b"\xff\xfe", b"a" * 1_000_000, rng.randbytes(2000), data * 2]
    contents.append(data.splitlines()[0] + b"\n")
    kind = rng.randrange(len(contents) + 2)
    if kind >= len(contents):
        path.unlink()
        if kind > len(contents):
            path.mkdir()
        return f"{path.name}: {'deleted' if kind == len(contents) else 'a folder'}"
    path.write_bytes(contents[kind])
    return f"{path.name}: contents {contents[kind][:20]!r}"


def _column(change: Callable[[list[str], int], Any]) -> Damage:
    """Return a damage of one row after another at the same place: header and cells alike."""

    def damage(rng: Random, folder: Path) -> str:
        grid = Grid.of(rng, folder)
        at = rng.randrange(len(grid.header))
        name = grid.header[at]
        for row in [grid.header, *grid.rows]:
            change(row, at)
        return grid.save(f"column {name}")

    return damage


def rename_column(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    at = rng.randrange(len(grid.header))
    old = grid.header[at]
    grid.header[at] = rng.choice(
        (
            old.upper(),
            old.title(),
            old[:-1],
            old + "s",
            "",
            " ",
            old + " ",
            "x",
            "__row__",
            "地区",
            old * 30,
            "\x01",
            "row",
            "1",
            "line",
        )
    )
    return grid.save(f"column {old} is called {grid.header[at][:40]!r}")


def known_column(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    name = rng.choice(
        (
            "capital",
            "hours",
            "human_capital",
            "output_price",
            "vintage",
            "output_real_status",
            "labour_compensation",
            "name_en",
            "employment_break",
            "x",
        )
    )
    value = rng.choice(("1", "0", "", "official", "x", "-5", "1e300"))
    grid.header.append(name)
    grid.rows = [[*row, value] for row in grid.rows]
    return grid.save(f"a column {name} of {value!r}")


def many_columns(rng: Random, folder: Path) -> str:
    grid, count, empty = Grid.of(rng, folder), rng.choice((300, 1000, 3000)), rng.random() < 0.5
    grid.rows = grid.rows[:40]
    grid.header += [f"c{number}" for number in range(count)]
    grid.rows = [row + ["" if empty else "1"] * count for row in grid.rows]
    return grid.save(f"{count} columns more")


def swap_headers(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    one, two = rng.sample(range(len(grid.header)), 2)
    grid.header[one], grid.header[two] = grid.header[two], grid.header[one]
    return grid.save(f"headers {grid.header[one]} and {grid.header[two]} swapped")


def reorder(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    order = rng.sample(range(len(grid.header)), len(grid.header))
    grid.header, *grid.rows = [[row[at] for at in order] for row in [grid.header, *grid.rows]]
    return grid.save("columns in another order")


def byte_flip(rng: Random, folder: Path) -> str:
    return flip(rng, table(rng, folder))


def flip(rng: Random, path: Path) -> str:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    at, bit = rng.randrange(len(data)), rng.randrange(8)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.name}: bit {bit} of byte {at}"


def cut(rng: Random, path: Path) -> str:
    """Cut a file off."""
    data = path.read_bytes()
    at = rng.randrange(len(data))
    path.write_bytes(data[:at])
    return f"{path.name}: cut after {at} of {len(data)} bytes"


def encoding(rng: Random, folder: Path) -> str:
    path, name = (
        table(rng, folder),
        rng.choice(("utf-16", "utf-16-le", "utf-32", "gb18030", "big5", "utf-8-sig", "utf-7", "cp037", "latin-1")),
    )
    path.write_bytes(path.read_text("utf-8").encode(name, "replace"))
    return f"{path.name}: in {name}"


def line_ends(rng: Random, folder: Path) -> str:
    path, end = (
        table(rng, folder),
        rng.choice(("\r", "\r\n", "\n\n", "\r\r\n", "\x0b", "\n \n", "\n,,,\n", "\n# note\n")),
    )
    path.write_bytes(path.read_text("utf-8").replace("\n", end).encode())
    return f"{path.name}: lines end in {end!r}"


def delimiter(rng: Random, folder: Path) -> str:
    sign = rng.choice(("\t", ";", "|", " ", ":", "，", "a", "0"))
    return Grid.of(rng, folder).save(f"delimiter {sign!r}", sign)


def ragged(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    row = rng.choice(grid.rows)
    what = rng.randrange(4)
    if what == 0:
        row.pop(rng.randrange(len(row)))
    elif what == 1:
        row.insert(rng.randrange(len(row)), rng.choice(("", "1", "x")))
    elif what == 2:
        row.extend([""] * rng.choice((1, 40)))
    else:
        row[0] = '"' + row[0]
    return grid.save(f"ragged, {what}")


def _key(name: str, values: tuple[str, ...]) -> Damage:
    def damage(rng: Random, folder: Path) -> str:
        grid = Grid.of(rng, folder)
        if name not in grid.header:
            return grid.cell(rng, lambda _: rng.choice(values))
        if rng.random() < 0.5:
            return grid.cell(rng, lambda _: rng.choice(values), [grid.header.index(name)])
        at, value = grid.header.index(name), rng.choice(values)
        for row in grid.rows:
            row[at] = value if rng.random() < 0.9 else row[at]
        return grid.save(f"{name} is {value[:20]!r} nearly everywhere")

    return damage


def drop_rows(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    start, count = rng.randrange(len(grid.rows)), rng.choice((1, 1, 2, 5, 30))
    del grid.rows[start : start + count]
    return grid.save(f"{count} rows lost after line {start + 1}")


def duplicate_row(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    twin = list(rng.choice(grid.rows))
    if rng.random() < 0.5:
        at = rng.choice(grid.figures())
        twin[at] = f"{twin[at]}1"
    grid.rows.insert(rng.randrange(len(grid.rows)), twin)
    return grid.save(f"a row twice: {twin[:3]}")


def shuffle(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    rng.shuffle(grid.rows)
    return grid.save("rows in another order")


def swap_cells(rng: Random, folder: Path) -> str:
    grid = Grid.of(rng, folder)
    (one, two), (at, to) = rng.sample(grid.rows, 2), rng.choices(grid.figures(), k=2)
    one[at], two[to] = two[to], one[at]
    return grid.save(f"{grid.header[at]} of {one[:3]} and {grid.header[to]} of {two[:3]} swapped")


def link(rng: Random, folder: Path) -> str:
    path = table(rng, folder)
    path.unlink()
    path.symlink_to(rng.choice(("/etc/passwd", str(path), "/dev/zero", "/dev/null", "/nonexistent", ".")))
    return f"{path.name}: a link to {path.readlink()}"


TABLES: dict[str, Damage] = {
    "cell": _one_of(WORDS),
    "figure": _one_of(WORDS + EXTREMES, figures=True),
    "blanks": _one_of(BLANKS, figures=True),
    "extreme": _one_of(EXTREMES, figures=True),
    "text": _one_of(TEXTS),
    "control": controls,
    "typo": typo,
    "scale-cell": scale_cell,
    "scale-region": _scaled(region=True),
    "scale-column": _scaled(region=False),
    "file": file,
    "link": link,
    "rename-column": rename_column,
    "drop-column": _column(lambda row, at: row.pop(at)),
    "duplicate-column": _column(lambda row, at: row.insert(at, row[at])),
    "known-column": known_column,
    "many-columns": many_columns,
    "swap-headers": swap_headers,
    "reorder-columns": reorder,
    "byte-flip": byte_flip,
    "truncate": lambda rng, folder: cut(rng, table(rng, folder)),
    "encoding": encoding,
    "line-ends": line_ends,
    "delimiter": delimiter,
    "ragged": ragged,
    "year": _key(
        "year",
        (
            "0",
            "-5",
            "99",
            "20O5",
            "2005.5",
            "1e20",
            "1e308",
            "inf",
            "",
            "2005年",
            "3000",
            "9" * 30,
            "2005-01-01",
            "1800",
        ),
    ),
    "region": _key(
        "region",
        ("", " ", "N9", "n1", "N1 ", "110000", "北京", "x" * 300, "\x01", "0110000", "全国", "national", "total"),
    ),
    "drop-rows": drop_rows,
    "duplicate-row": duplicate_row,
    "shuffle-rows": shuffle,
    "swap-cells": swap_cells,
}
