"""Downloaded files under the names of their layout: text, workbooks and typed files, titles above and notes below."""

from __future__ import annotations

import csv
import fnmatch
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from xinzhi.core.errors import InputError, guarded
from xinzhi.core.finding import listed
from xinzhi.core.parameters import read_yaml
from xinzhi.data.casting import cast
from xinzhi.data.catalogue import HERE
from xinzhi.data.columnar import COLUMNAR, read_columnar
from xinzhi.data.crosstable import cross
from xinzhi.data.delimited import read_delimited, utf8
from xinzhi.data.frames import BOOKS
from xinzhi.data.raw import RawTable, grid
from xinzhi.data.workbook import cells_of

LINE, VALUE, PERIOD = "__line__", "value", "period"


class Download(NamedTuple):
    """The rows of a file under the names of a layout, and the headings that they stood under."""

    rows: pl.DataFrame
    headings: list[str]


@cache
def layouts() -> Mapping[str, Mapping[str, Any]]:
    """Return what the kinds of download look like, by kind."""
    kinds: Mapping[str, Mapping[str, Any]] = read_yaml(HERE / "layouts.yaml")["kinds"]
    return kinds


def read_download(path: Path, layout: Mapping[str, Any], encoding: str | None) -> Download:
    """Return the rows of a file under the names of a layout; none where it is not laid out so."""
    with guarded("data.not-delimited", csv.Error, path=path, line=1, error="csv"):
        return _crossed(path, encoding) if layout.get("shape") == "cross" else _plain(path, layout, encoding)


def _crossed(path: Path, encoding: str | None) -> Download:
    """Return the figures of a table for the eye, on all sheets."""
    tables = [cross(cells) for cells in _grids(path, encoding)]
    headings = [one for each in tables for one in each.headings]
    if not tables:
        return Download(pl.DataFrame(), headings)
    rows = pl.concat([one.figures for one in tables]).rename({"line": LINE})
    return Download(rows.filter((pl.col(PERIOD) != "") & (pl.col("series") != "")), headings)


def _plain(path: Path, layout: Mapping[str, Any], encoding: str | None) -> Download:
    """Return the rows below the headings of a layout, on the first sheet that has them."""
    headings: list[str] = []
    for raw in _listed(path, layout, encoding):
        names = _names(raw.cells.columns, layout)
        headings += raw.cells.columns
        if names is None:
            continue
        rows = raw.cells.select(cast(column, "text").values for column in raw.cells).rename(names)
        filled = pl.sum_horizontal(pl.all().is_not_null())  # a cell alone is a note below the table
        rows = rows.with_columns(raw.lines.alias(LINE)).filter(filled > 2)  # noqa: PLR2004 - the line and one cell
        return Download(_coded(_across(rows, layout), layout, path), headings)
    return Download(pl.DataFrame(), headings)


def _grids(path: Path, encoding: str | None) -> Iterator[pl.DataFrame]:
    """Yield every sheet with all its cells; a text file has one."""
    if path.suffix.lower() in COLUMNAR:
        return
    if path.suffix.lower() in BOOKS:
        yield from (cells for _, cells in cells_of(path) if cells.width)
        return
    rows = list(csv.reader(io.StringIO(_text(path, encoding), newline="")))
    width = max(map(len, rows), default=0)
    cells = {str(place): [row[place] if place < len(row) else None for row in rows] for place in range(width)}
    if width:
        yield pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def _text(path: Path, encoding: str | None) -> str:
    data, findings = utf8(path.read_bytes(), path.stem, path.name, encoding)
    if data is None:
        raise InputError("data.unreadable-table", findings, path=path, what=listed(findings))
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")


def _listed(path: Path, layout: Mapping[str, Any], encoding: str | None) -> Iterator[RawTable]:
    """Yield every sheet as a table below the line that has the headings of a layout; else its headings alone."""
    suffix, most = path.suffix.lower(), int(read_yaml(HERE / "layouts.yaml")["limits"]["heading_lines"]["value"])
    if suffix in COLUMNAR:
        yield read_columnar(path, path.stem)
    elif suffix in BOOKS:
        for sheet, cells in cells_of(path):
            lead = [[cell or "" for cell in row] for row in cells.head(most).iter_rows()]
            if (top := _top(lead, layout)) is None:
                yield _bare(lead)
                continue
            lines = pl.int_range(top + 2, cells.height + 1, dtype=pl.UInt32, eager=True)
            made = grid(cells.row(top), cells[top + 1 :], lines, table="", file=path.name, line=top + 1)
            yield RawTable(name=sheet, cells=made.cells, lines=made.lines)
    else:
        text = _text(path, encoding)
        lines_above = text.split("\n", most)[:most]
        mark = max((",", ";", "\t"), key="".join(lines_above).count)
        lead = [next(csv.reader([line], delimiter=mark), []) for line in lines_above]
        if (top := _top(lead, layout)) is None:
            yield _bare(lead)
            return
        made = read_delimited(path, "", data=text.split("\n", top)[-1].encode())
        # a line with one field alone is a note below the table
        bad = [one for one in made.findings if one.severity == "error" and one.value != "1"]
        if bad:
            raise InputError("data.unreadable-table", bad, path=path, what=listed(bad, 1))
        yield RawTable(name="", cells=made.cells, lines=made.lines + top)


def _top(rows: Sequence[Sequence[str]], layout: Mapping[str, Any]) -> int | None:
    """Return the place of the row with the headings of a layout, if one has them."""
    return next((place for place, row in enumerate(rows) if _names(row, layout) is not None), None)


def _bare(rows: Sequence[Sequence[str]]) -> RawTable:
    """Return a table without rows, whose headings are the cells of the first row that has several."""
    cells = next((filled for row in rows if len(filled := [cell for cell in row if cell.strip()]) > 1), [])
    names = dict.fromkeys(cells or [cell for row in rows for cell in row if cell.strip()])
    return RawTable(
        name="", cells=pl.DataFrame(schema=dict.fromkeys(names, pl.String)), lines=pl.Series([], dtype=pl.UInt32)
    )


def _names(headings: Sequence[str], layout: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the layout's name of every heading; None where a heading of it is not there."""
    plain = {heading: heading.partition(": ")[0].strip() for heading in headings if heading}  # SDMX: `ID: Name`
    bare = {short.casefold(): heading for heading, short in reversed(plain.items())}
    exact = {short: heading for heading, short in plain.items()}
    named = {
        name: next((found for one in spellings if (found := exact.get(one) or bare.get(one.casefold()))), None)
        for name, spellings in layout.get("columns", {}).items()
    }
    if None in named.values():
        return None
    # a column of the file that is called as another one is called here
    own = {heading: f"{short} (file)" if short in named else short for heading, short in plain.items()}
    return own | {str(heading): name for name, heading in named.items()}


def _across(rows: pl.DataFrame, layout: Mapping[str, Any]) -> pl.DataFrame:
    """Return rows whose periods stood in columns with one period each."""
    if "periods" not in layout:
        return rows
    periods = {name: match[1] for name in rows.columns if (match := re.match(layout["periods"], name))}
    index = [name for name in rows.columns if name not in periods]
    long = rows.unpivot(list(periods), index=index, variable_name=PERIOD, value_name=VALUE)
    return long.with_columns(pl.col(PERIOD).replace_strict(periods, default=None, return_dtype=pl.String))


def _coded(rows: pl.DataFrame, layout: Mapping[str, Any], path: Path) -> pl.DataFrame:
    """Replace the codes of a column by those of a file beside, where it is there."""
    if (about := layout.get("beside")) is None:
        return rows
    beside = [one for one in sorted(path.parent.iterdir()) if fnmatch.fnmatch(one.name, about["files"])]
    if not beside:
        return rows
    codes = read_delimited(beside[0], "").cells
    if missing := [name for name in (about["code"], about["to"]) if name not in codes.columns]:
        raise InputError("data.connector-codes", path=beside[0], missing=missing)
    known = dict(zip(codes[about["code"]], codes[about["to"]], strict=True))
    return rows.with_columns(pl.col(about["column"]).replace(known))
