"""A file of indicators: one row a region and year, one column an indicator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.finding import finding
from xinzhi.data.casting import cast
from xinzhi.data.catalogue import known_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.data.catalogue import ColumnType
    from xinzhi.data.raw import Grid

_TEXT = (".csv", ".tsv", ".txt")
_KINDS: Mapping[str, ColumnType] = {"region": "code", "year": "year", "group": "text"}
TABLE = "indicators"


def is_table(source: object) -> bool:
    """Return whether a place is one table of indicators and no data package.

    A workbook is one where no sheet bears the name of a table of a package.

    Examples
    --------
    >>> is_table("indicators.csv"), is_table("china-provinces")
    (True, False)
    """
    if not isinstance(source, str | Path):
        return False
    path = Path(source)
    suffix = path.suffix.lower()
    if suffix == ".xlsx" and path.is_file():
        return not {name.strip().lower() for name in _sheets(path)} & set(known_tables())
    return suffix in {*_TEXT, ".parquet"} and not path.is_dir()


def read_indicators(path: str | Path, *, encoding: str | None = None) -> pl.DataFrame:
    """Return the table of indicators that a file holds.

    Parameters
    ----------
    path
        A .csv (also separated by semicolons or tabs), .parquet or .xlsx file, of which the first sheet is read. It has
        the columns ``region``, ``year`` and one per indicator.
    encoding
        The encoding of a text file that is not UTF-8, such as ``gb18030``.

    Raises
    ------
    InputError
        When the file cannot be read, or a cell among numbers is none; the exception carries the findings.
    """
    path = Path(path)
    if not path.is_file():
        message = f"{path}: there is no such file."
        raise InputError(message)
    try:
        match path.suffix.lower():
            case ".parquet":
                return _keyed(pl.read_parquet(path, glob=False, hive_partitioning=False).rename(str.strip))
            case ".xlsx":
                _sheets(path)  # raises where it is no workbook
                return _keyed(pl.read_excel(path, sheet_id=1).rename(str.strip))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        message = f"{path}: this file cannot be read; it is damaged, empty or in another format."
        raise InputError(message) from error
    from xinzhi.data.delimited import read_delimited

    read = read_delimited(path, TABLE, encoding=encoding)
    if bad := [found for found in read.findings if found.severity == "error"]:
        message = f"{path} cannot be read."
        raise InputError(message, bad)
    return _typed(read, path.name)


def _sheets(path: Path) -> list[str]:
    import zipfile
    import zlib

    import fastexcel

    try:
        return list(fastexcel.read_excel(path).sheet_names)
    except (fastexcel.FastExcelError, zipfile.BadZipFile, zlib.error, ValueError) as error:
        message = f"{path}: this workbook cannot be read; it is damaged, incomplete or not in the format .xlsx."
        raise InputError(message) from error


def _keyed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return typed cells with region and year as codes and years, whatever type the file gave them."""
    made = {name: cast(frame[name], kind) for name, kind in _KINDS.items() if name in frame.columns}
    # a year that is none stays as it is, and is named where the table is checked
    return frame.with_columns(one.values.alias(name) for name, one in made.items() if not one.bad.any())


def _typed(read: Grid, file: str) -> pl.DataFrame:
    """Return the cells as codes, years and numbers; a column without any number stays text."""
    columns, bad = [], []
    for cells in read.cells:
        made = cast(cells, _KINDS.get(cells.name, "number"))
        filled = cells.len() - cells.null_count()
        if cells.name not in _KINDS and int(made.bad.sum()) == filled > 0:
            columns.append(cells)
            continue
        columns.append(made.values.alias(cells.name))
        bad += [_bad(read, cells, row, made.message, file) for row in made.bad.arg_true().to_list()]
    if bad:
        message = f"{file} has cells that are no numbers."
        raise InputError(message, bad)
    return pl.DataFrame(columns)


def _bad(read: Grid, cells: pl.Series, row: int, message: str, file: str) -> Finding:
    line = int(read.lines[row])
    return finding(message, table=TABLE, file=file, line=line, column=cells.name, value=str(cells[row]))
