"""A plain table as input: a csv, xlsx or parquet file with a column for the unit, one for the period, and figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.frontier import PackageGoods

TEXTS = (".csv", ".tsv", ".txt")
PERIODS = ("year", "period", "time", "年份", "年", "时期")


@dataclass(frozen=True, slots=True)
class Plain:
    """A table with numbers where all cells are numbers, and the line of every row."""

    path: Path
    frame: pl.DataFrame
    lines: Sequence[int]


def is_plain(data: str) -> bool:
    """Say whether an input is a plain table: a file that is no data package."""
    path = Path(data)
    if not path.is_file():
        return False
    suffix = path.suffix.lower()
    return suffix in (*TEXTS, ".parquet") or (suffix == ".xlsx" and not _known_sheets(path))


def _known_sheets(path: Path) -> set[str]:
    """Return the sheets of a workbook that bear the name of a known table."""
    import fastexcel

    from xinzhi.data.catalogue import known_tables

    try:
        sheets = {name.strip().lower() for name in fastexcel.read_excel(path).sheet_names}
    except (fastexcel.FastExcelError, ValueError, OSError) as error:
        message = f"{path}: this workbook cannot be read; it is damaged, incomplete or not in the format .xlsx."
        raise InputError(message) from error
    return sheets & set(known_tables())


def read_plain(data: str, encoding: str | None = None, *, text: Sequence[str] = ()) -> Plain:
    """Read a plain table.

    Parameters
    ----------
    data, encoding
        The file, and the encoding where it is a csv.
    text
        Columns that stay as they are written: codes with leading noughts.

    Raises
    ------
    InputError
        When the file is empty or damaged.
    """
    import polars as pl

    path = Path(data)
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        from xinzhi.data.delimited import read_delimited

        grid = read_delimited(path, path.stem, encoding=encoding)
        errors = [found for found in grid.findings if found.severity == "error"]
        if errors:
            message = f"{path}: {errors[0].sentence()}"
            raise InputError(message, errors)
        cells, lines = grid.cells, grid.lines.to_list()
    else:
        try:
            cells = pl.read_parquet(path) if suffix == ".parquet" else pl.read_excel(path)
        except (pl.exceptions.PolarsError, ValueError, OSError) as error:
            message = f"{path}: this file cannot be read as a {suffix.removeprefix('.')} table."
            raise InputError(message) from error
        first = 1 if suffix == ".parquet" else 2
        lines = list(range(first, cells.height + first))
    if not cells.height or not cells.columns:
        message = f"{path}: the table has no rows."
        raise InputError(message)
    kept = set(text)
    return Plain(path, cells.select(column if column.name in kept else _typed(column) for column in cells), lines)


def _typed(column: pl.Series) -> pl.Series:
    """Return a column of text as numbers when every cell that is not empty is one."""
    import polars as pl

    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_nan(None)
    text = column.cast(pl.String).str.strip_chars().replace("", None)
    numbers = text.cast(pl.Float64, strict=False)
    return numbers if numbers.null_count() == text.null_count() else text


def plain_goods(
    table: Plain, goods: Sequence[str], unit: str | None, period: str | None, group: str | None
) -> tuple[PackageGoods, bool]:
    """Return the goods of a plain table, and whether it has periods.

    Parameters
    ----------
    table
        The table.
    goods
        Columns of inputs, outputs and whatever else takes part.
    unit, period, group
        Columns of the unit (None: the first column of words that names each row of a period once, else such a column of
        whole numbers, else the number of the row), the period (None: a column called so) and the group.

    Raises
    ------
    UsageError
        When there is no such column.
    InputError
        When a cell is no number.
    """
    import polars as pl

    from xinzhi.frontier import PackageGoods

    frame = table.frame
    for name in (*goods, *(name for name in (unit, period, group) if name is not None)):
        _has(table, name)
    for good in goods:
        _numbers(table, good)
    period = period or next((name for name in frame.columns if name.lower() in PERIODS), None)
    unit = unit or _unit(frame, {*goods, group, period}, period)
    if unit is None and period is not None:
        message = f"{table.path.name}: no column names every unit once in each period; say --unit COLUMN."
        raise UsageError(message)
    keys = {
        "region": frame[unit] if unit is not None else pl.Series(range(1, frame.height + 1)),
        "year": frame[period] if period is not None else pl.Series([0] * frame.height),
    }
    columns = {name: _code(key) for name, key in keys.items()} | {good: frame[good] for good in dict.fromkeys(goods)}
    columns |= {"group": _code(frame[group]).cast(pl.String)} if group is not None else {}
    shaped = pl.DataFrame(columns).with_columns(pl.col("region").cast(pl.String))
    twice = shaped.filter(pl.struct("region", "year").is_duplicated())
    if twice.height:
        name, when = twice.row(0)[:2]
        at = f" in {when}" if period is not None else ""
        message = f"{table.path.name}: '{name}' has more than one row{at}; name the columns with --unit and --period."
        raise InputError(message)
    ends = {good: shaped.drop_nulls(good)["year"].sort().to_list()[-1:] for good in goods}
    empty = [good for good, end in ends.items() if not end]
    if empty:
        message = f"{table.path.name}: the column '{empty[0]}' is empty."
        raise InputError(message)
    return (
        PackageGoods(
            frame=shaped.sort("year", "region"),
            goods=tuple(dict.fromkeys(goods)),
            ends={good: end[0] for good, end in ends.items()},
        ),
        period is not None,
    )


def _unit(frame: pl.DataFrame, taken: set[str | None], period: str | None) -> str | None:
    """Return the column that names every row of a period once, one of words if there is any."""
    import polars as pl

    free = [name for name in frame.columns if name not in taken]
    words = [name for name in free if frame[name].dtype == pl.String]
    whole = [name for name in free if name not in words and _code(frame[name]).dtype == pl.Int64]
    keys = [] if period is None else [period]
    return next((name for name in (*words, *whole) if not frame.select(name, *keys).is_duplicated().any()), None)


def _code(column: pl.Series) -> pl.Series:
    """Return whole numbers as such, not as 2005.0."""
    import polars as pl

    whole = column.dtype == pl.Float64 and (column.drop_nulls() % 1 == 0).all()
    return column.cast(pl.Int64) if whole else column


def _has(table: Plain, name: str) -> None:
    from xinzhi.data.catalogue import nearest

    if name not in table.frame.columns:
        by_case = {column.lower(): column for column in table.frame.columns}
        like = by_case.get(name.lower()) or nearest(name, table.frame.columns)
        guess = f" Did you mean '{like}'?" if like else ""
        message = f"{table.path.name} has no column '{name}'.{guess} It has {', '.join(table.frame.columns)}."
        raise UsageError(message)


def _numbers(table: Plain, name: str) -> None:
    import polars as pl

    column = table.frame[name]
    if column.dtype == pl.String:
        bad = column.is_not_null() & column.cast(pl.Float64, strict=False).is_null()
        place = int(bad.arg_true()[0])
        message = (
            f"{table.path.name}, line {table.lines[place]}: '{column[place]}' in column '{name}' is no number; "
            "mend it, or leave the cell empty."
        )
        raise InputError(message)
