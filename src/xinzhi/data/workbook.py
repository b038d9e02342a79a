"""A workbook: every sheet that bears the name of a known table, cell by cell."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from xinzhi.core.errors import InputError, translate_native_errors
from xinzhi.core.extras import require
from xinzhi.core.finding import finding
from xinzhi.data.catalogue import limit, nearest_table, tables_by_name
from xinzhi.data.raw import Grid, grid

if TYPE_CHECKING:  # of the extra `report`
    import fastexcel

UNITS = "units"
_ERROR = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*\bt="e"[^>]*>.*?<v>([^<]*)</v>')
_UNCOMPUTED = re.compile(
    rb'<c r="([A-Z]+)(\d+)"([^>]*[^/])?>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_FILLED = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Za-z]+)(\d+)"[^>]*[^/]>')
_COLUMNS, _ROWS = 16_384, 1_048_576  # what a sheet holds


class Workbook(NamedTuple):
    """The known tables of a workbook, the units that its sheet ``units`` declares, and the names of other sheets."""

    tables: dict[str, Grid]
    units: dict[str, dict[str, str]]
    other_sheets: list[str]


@contextmanager
def _open_workbook(path: Path) -> Iterator[tuple[fastexcel.ExcelReader, dict[str, str]]]:
    """Yield a workbook and the names of its sheets, in lower case, as they are written; tell what is wrong with it."""
    require("fastexcel")
    import fastexcel

    damage = (fastexcel.FastExcelError, zipfile.BadZipFile, zlib.error, ValueError)
    with translate_native_errors("data.bad-workbook", *damage, path=path):
        _refuse_large(path)
        book = fastexcel.read_excel(path)
        yield book, {name.strip().lower(): name for name in book.sheet_names}


def read_workbook(path: Path) -> Workbook:
    """Read the sheets of a workbook that bear the names of known tables; others (covers, notes) are left alone."""
    # The header is the first row that is not empty. Units stand in an optional sheet ``units`` with the columns
    # ``table, column, unit``.
    with _open_workbook(path) as (book, names):
        tables = {table: _sheet(book, names[table], table, path) for table in tables_by_name() if table in names}
        units = _units(book, names, path)
    other_sheets = [sheet for name, sheet in names.items() if name not in {UNITS, *tables}]
    if not tables:
        if similar := next(((sheet, table) for sheet in other_sheets if (table := nearest_table(sheet))), None):
            raise InputError("data.sheet-near", path=path, sheet=similar[0], table=similar[1])
        raise InputError(
            "data.no-sheet", path=path, found=list(names.values()) or ["-"], known=list(tables_by_name())[:3]
        )
    return Workbook(tables=tables, units=units, other_sheets=other_sheets)


def read_sheet_by_name(path: Path, sheet: str, table: str) -> tuple[Grid, dict[str, str]]:
    """Return the table of one sheet, whatever the case of its name, and its units by the sheet ``units``."""
    with _open_workbook(path) as (book, names):
        key = sheet.strip().lower()
        if key not in names:
            raise InputError("data.sheet-absent", path=path, sheet=sheet, found=list(names.values()))
        return _sheet(book, names[key], table, path), _units(book, names, path).get(table, {})


def read_sheet(path: Path, name: str) -> Grid:
    """Return the first sheet of a workbook that has rows."""
    with _open_workbook(path) as (book, _):
        sheets = (_sheet(book, sheet, name, path) for sheet in book.sheet_names)
        grid_of_sheet = next((sheet for sheet in sheets if sheet.cells.height or sheet.findings), None)
    if grid_of_sheet is None:
        raise InputError("data.sheet-empty", path=path)
    return grid_of_sheet


def _refuse_large(path: Path) -> None:
    """Raise when the parts of a workbook unpack to more than a table of figures has."""
    most = limit("workbook_bytes")
    if not zipfile.is_zipfile(path):  # a workbook of before 2007, which holds 65,536 rows; what else is none is said
        return
    with zipfile.ZipFile(path) as parts:
        size = sum(part.file_size for part in parts.infolist())
    if size > most:
        raise InputError("data.workbook-too-large", path=path, size=size / 1e6, most=most / 1e6)


def _refuse_wide(xml: bytes, sheet: str, path: Path) -> None:
    """Raise when the filled cells of a sheet span a rectangle that the reader, which makes it dense, could not hold."""
    first, top, right, bottom = _COLUMNS, _ROWS, 0, 0
    for match in _FILLED.finditer(xml):
        column, row = _number(match[1]), int(match[2])
        first, right, top, bottom = min(first, column), max(right, column), min(top, row), max(bottom, row)
    if not right:
        return
    if right > _COLUMNS or bottom > _ROWS:
        raise InputError("data.bad-workbook", path=path)
    width, high = right - first + 1, bottom - top + 1
    if width > limit("sheet_columns") or width * high > limit("sheet_cells"):
        raise InputError("data.sheet-too-large", path=path, sheet=sheet, columns=width, rows=high)


def cells_of(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the name and all cells of every sheet, from the first row on, as text."""
    with _open_workbook(path) as (book, _):
        for sheet in book.sheet_names:
            _refuse_wide(_xml_of(path, sheet), sheet, path)
            yield sheet, _cells(book, sheet)


def _cells(book: fastexcel.ExcelReader, sheet: str) -> pl.DataFrame:
    """Return the cells of a sheet; a number is read as such, since its text in the sheet may be rounded for the eye."""
    text = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
    number = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="float").to_polars()
    # a code such as 06 that is written as text keeps its zero
    numeric = [
        text[name].cast(pl.Float64, strict=False).is_not_null()
        & ~text[name].str.contains(r"^0\d").fill_null(value=False)
        for name in text.columns
    ]
    exact = [number[name].cast(pl.String).str.replace(r"\.0$", "") for name in number.columns]
    return pl.DataFrame(
        [value.zip_with(where, words) for value, where, words in zip(exact, numeric, text, strict=True)]
    )


def _sheet(book: fastexcel.ExcelReader, sheet: str, table: str, path: Path) -> Grid:
    """Read one sheet, whose header is the first row that is neither empty nor a remark."""
    xml = _xml_of(path, sheet)
    _refuse_wide(xml, sheet, path)
    cells = _cells(book, sheet)
    # a row above the header that begins with # is for the reader: headings in words, units
    remark = pl.coalesce(pl.all()).str.starts_with("#") if cells.width else pl.lit(value=True)
    filled = (
        cells.select(pl.coalesce(pl.all()).is_not_null() & ~remark).to_series() if cells.width else pl.Series([False])
    )
    if not filled.any():
        return Grid(cells=pl.DataFrame(), lines=pl.Series(dtype=pl.UInt32))
    top = int(filled.arg_max() or 0)
    header = list(cells.row(top))
    lines = pl.int_range(top + 2, cells.height + 1, dtype=pl.UInt32, eager=True)
    table_grid = grid(header, cells[top + 1 :], lines, table=table, file=path.name, line=top + 1)
    bad = [
        finding("data.spreadsheet-error", table=table, file=path.name, line=row, column=header[column], value=what)
        for row, column, what in _errors(xml)
        if row > top + 1 and column < len(header)
    ]
    empty = [
        (row, header[column]) for row, column in _formulas_without_value(xml) if row > top + 1 and column < len(header)
    ]
    lines_of = {
        name: [row for row, column in empty if column == name] for name in dict.fromkeys(name for _, name in empty)
    }
    bad += [
        finding(
            "data.formula-without-value", table=table, file=path.name, line=min(rows), column=name, value=str(len(rows))
        )
        for name, rows in lines_of.items()
    ]
    return replace(table_grid, findings=(*table_grid.findings, *bad))


def _units(book: fastexcel.ExcelReader, names: dict[str, str], path: Path) -> dict[str, dict[str, str]]:
    if UNITS not in names:
        return {}
    cells = _sheet(book, names[UNITS], UNITS, path).cells
    required = ["table", "column", "unit"]
    if missing := [name for name in required if name not in cells.columns]:
        raise InputError("data.units-sheet", path=path, sheet=names[UNITS], missing=list(missing))
    units: dict[str, dict[str, str]] = {}
    for table, column, unit in cells.select(required).drop_nulls().iter_rows():
        units.setdefault(table.strip().lower(), {})[column.strip()] = unit.strip()
    return units


def _errors(xml: bytes) -> list[tuple[int, int, str]]:
    """Return line, column and text of the cells that hold a formula error, which the reader gives as empty."""
    if b't="e"' not in xml:
        return []
    first = _first_column(xml)
    return [(int(row), _number(letters) - first, what.decode()) for letters, row, what in _ERROR.findall(xml)]


def _formulas_without_value(xml: bytes) -> list[tuple[int, int]]:
    """Return line and column of the formulas whose result was never stored; an empty text is a result."""
    if b"<f" not in xml:
        return []
    first = _first_column(xml)
    return [
        (int(row), _number(letters) - first)
        for letters, row, attributes in _UNCOMPUTED.findall(xml)
        if b't="str"' not in attributes
    ]


def _first_column(xml: bytes) -> int:
    return min(_number(letters) for letters, _ in _FILLED.findall(xml))


def _xml_of(path: Path, sheet: str) -> bytes:
    """Return the part of the workbook that holds a sheet; nothing when it has no such parts."""
    if not zipfile.is_zipfile(path):
        return b""
    with zipfile.ZipFile(path) as parts:
        try:
            book = parts.read("xl/workbook.xml").decode()
            links = parts.read("xl/_rels/workbook.xml.rels").decode()
            ids = {
                unescape(_attribute(tag, "name")): _attribute(tag, "r:id") for tag in re.findall(r"<sheet [^>]*>", book)
            }
            files = {
                _attribute(tag, "Id"): _attribute(tag, "Target") for tag in re.findall(r"<Relationship [^>]*>", links)
            }
            return parts.read("xl/" + files[ids[sheet]].removeprefix("/xl/"))
        except KeyError:
            return b""


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf'\b{name}="([^"]*)"', tag)
    return match[1] if match else ""


def _number(letters: bytes) -> int:
    """Return the number of a spreadsheet column, A being 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
