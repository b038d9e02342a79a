"""Frames of any kind, and files of one table, as polars; and what they must hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.result import FrameKind

LINE = "_line"
_CODES = ("code", "industry", "region", "from", "to", "from_region", "to_region")


def frame(
    native: Any,  # noqa: ANN401 - any kind of frame
    name: str,
    *,
    encoding: str | None = None,
    lines: bool = False,
) -> tuple[pl.DataFrame, FrameKind]:
    """Return a frame of any kind, or the CSV, workbook or parquet file of a path, as polars, and the kind it was.

    Parameters
    ----------
    native, name
        The frame or path, and what messages call it.
    encoding
        The encoding of a CSV file that is not UTF-8, such as ``gb18030``.
    lines
        Whether a file gets the column `LINE` with the line of every row.

    Raises
    ------
    InputError
        When it is no frame, or the file cannot be read.
    """
    from xinzhi.data.frames import read_frames

    if isinstance(native, str | Path):
        rows = _file(Path(native), name, encoding)
        return rows if lines else rows.drop(LINE, strict=False), "polars"
    tables, kind = read_frames({name: native})
    return tables[0].cells, kind


def _file(path: Path, name: str, encoding: str | None) -> pl.DataFrame:
    import polars as pl

    if not path.is_file():
        message = f"there is no file {path}: hand in a frame, or the path of a CSV, .xlsx or parquet file."
        raise InputError(message)
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        if path.suffix.lower() == ".xlsx":
            return _workbook(path)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        message = f"{path} cannot be read: it is damaged, incomplete or no {path.suffix.lower()} file."
        raise InputError(message) from error
    return _csv(path, name, encoding)


def _csv(path: Path, name: str, encoding: str | None) -> pl.DataFrame:
    """Return a CSV file; codes stay text, so that ``01`` keeps its zero, and columns of numbers become numbers."""
    import polars as pl

    from xinzhi.data.delimited import read_delimited

    read = read_delimited(path, name, encoding=encoding)
    wrong = [found for found in read.findings if found.severity == "error"]
    if wrong or not read.cells.width:
        lines = "\n  ".join(found.sentence() for found in wrong or read.findings)
        message = f"{path} cannot be read as CSV:\n  {lines}"
        raise InputError(message, list(read.findings))
    return _numbers(read.cells).with_columns(read.lines.cast(pl.Int64).alias(LINE))


def _numbers(cells: pl.DataFrame) -> pl.DataFrame:
    """Return text as numbers, column by column, where all of a column is one; blanks are null."""
    import polars as pl

    text = cells.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    done = []
    for column in text:
        number = column.cast(pl.Float64, strict=False)
        plain = column.name not in _CODES and number.null_count() == column.null_count() < column.len()
        whole = plain and column.name == "year" and (number.drop_nulls() % 1 == 0).all()
        done.append(number.cast(pl.Int64) if whole else number if plain else column)
    return pl.DataFrame(done)


def _workbook(path: Path) -> pl.DataFrame:
    """Return the first sheet of a workbook that has rows; codes that Excel took for numbers are text again."""
    import fastexcel
    import polars as pl
    import polars.selectors as cs

    try:
        book = fastexcel.read_excel(path)
        sheets = [book.load_sheet(name).to_polars() for name in book.sheet_names]
    except fastexcel.FastExcelError as error:
        raise ValueError(str(error)) from error
    rows = next((sheet for sheet in sheets if sheet.height and sheet.width), None)
    if rows is None:
        message = f"{path} has no sheet with rows."
        raise InputError(message)
    rows = rows.rename({column: column.strip() for column in rows.columns})
    rows = rows.with_columns(pl.int_range(2, pl.len() + 2).alias(LINE))
    codes = [column for column in _CODES if column in rows.columns]
    back = rows.with_columns(
        (cs.by_name(codes) & cs.numeric()).cast(pl.Int64, strict=False).cast(pl.String), cs.boolean().cast(pl.String)
    )
    return back.with_columns(pl.col("year").cast(pl.Int64, strict=False)) if "year" in back.columns else back


def require(rows: pl.DataFrame, columns: Sequence[str], name: str) -> None:
    """Check that a frame has its columns, and rows at all.

    Raises
    ------
    InputError
        When a column is missing; those that are there are named.
    """
    missing = [column for column in columns if column not in rows.columns]
    if missing:
        message = (
            f"{name} has no column {', '.join(repr(column) for column in missing)}; "
            f"it has {', '.join(rows.columns) or 'none'}. Add or rename it."
        )
        raise InputError(message)
    if rows.is_empty():
        message = f"{name} has no rows."
        raise InputError(message)
