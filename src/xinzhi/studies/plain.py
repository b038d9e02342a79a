"""A plain table as input: a frame, or a file that is no data package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text, same
from xinzhi.data import Package, known_tables

PERIODS = ("year", "period", "time", "年份", "年", "时期")
SHOWN = 8  # columns that a message names


@dataclass(frozen=True, slots=True)
class Plain:
    """A table with numbers where all cells of a column are numbers, and the line of every row."""

    name: str
    frame: pl.DataFrame
    lines: Sequence[int]

    @property
    def source(self) -> Text:
        """What was read, in words."""
        return same(self.name)

    def require(self, *columns: str | None) -> None:
        """Refuse a column that is not there, with the nearest that is."""
        from xinzhi.data import nearest

        known = self.frame.columns
        for name in columns:
            if name is not None and name not in known:
                by_case = {column.lower(): column for column in known}
                like = by_case.get(name.lower()) or nearest(name, known)
                raise UsageError(
                    "studies.no-column" if like is None else "studies.no-column-near",
                    table=self.name, column=name, near=like, known=[same(one) for one in known],
                )  # fmt: skip

    def refuse(self, code: str, column: str, bad: pl.Series, **words: object) -> None:
        """Raise for the first cell of a column that is wrong, with its line."""
        if bad.any():
            at = int(bad.arg_true()[0])
            given = self.frame[column][at]
            cell = {"table": self.name, "line": self.lines[at], "column": column}
            raise InputError(code, (), given="" if given is None else str(given), **cell, **words)


def is_plain(source: Any) -> bool:  # noqa: ANN401 - whatever a user hands in
    """Say whether a source is a plain table: a frame, or a file that is no data package."""
    if not isinstance(source, (str, Path)):
        return hasattr(source, "columns")
    from xinzhi.data import BOOKS, FILES

    path, suffix = Path(source), Path(source).suffix.lower()
    return suffix in FILES and path.is_file() and not (suffix in BOOKS and known_sheets(path))


def known_sheets(path: Path) -> set[str]:
    """Return the sheets of a workbook that bear the name of a known table."""
    import fastexcel

    try:
        sheets = {name.strip().lower() for name in fastexcel.read_excel(path).sheet_names}
    except (fastexcel.FastExcelError, ValueError, OSError) as error:
        raise InputError("studies.bad-workbook", path=path) from error
    return sheets & set(known_tables())


def read_plain(source: Any, encoding: str | None = None, *, text: Iterable[str] = ()) -> Plain:  # noqa: ANN401 - a frame or a path
    """Return a plain table; the columns `text` stay as they are written, such as codes with leading zeros."""
    from xinzhi.data import read_any, typed

    name = Path(source).name if isinstance(source, (str, Path)) else "table"
    raw, _ = read_any(source, name, encoding=encoding)
    if not raw.cells.height or not raw.cells.columns:
        raise InputError("studies.no-rows", table=name)
    return Plain(name, typed(raw.cells, text=text), raw.lines.to_list())


def load(source: Any, encoding: str | None = None) -> Package:  # noqa: ANN401 - a package, its tables, name or path
    """Return a data package; a path with a suffix that is not there is said to be no file."""
    from xinzhi.data import load as read

    if isinstance(source, Package):
        return source
    if isinstance(source, (str, Path)):
        require_file(source, only_suffixed=True)
    return read(source, encoding=encoding)


def require_file(path: Any, *, only_suffixed: bool = False) -> Any:  # noqa: ANN401 - a frame passes
    """Return a path of a file that is there, or a frame."""
    named = isinstance(path, (str, Path))
    if named and not Path(path).exists() and (Path(path).suffix or not only_suffixed):
        raise InputError("studies.no-file", path=path)
    return path


def period_of(frame: pl.DataFrame) -> str | None:
    """Return the column of a plain table that is called like one of periods."""
    return next((name for name in frame.columns if name.lower() in PERIODS), None)


def whole(column: pl.Series) -> pl.Series:
    """Return whole numbers as such: 2005 instead of 2005.0."""
    import polars as pl

    exact = column.dtype == pl.Float64 and (column.drop_nulls() % 1 == 0).all()
    return column.cast(pl.Int64) if exact else column


def in_order(periods: pl.Series) -> pl.Series:
    """Return years, quarters, months and days that are written as text as they sort: 2021-09 for 2021年9月."""
    from xinzhi.risks import read_calendar

    if periods.dtype != pl.String:
        return periods
    try:
        calendar = read_calendar(periods)
    except InputError:
        return periods
    of = pl.Series(periods.name, calendar.ordinal)
    if calendar.unit == "year":
        return of
    if calendar.unit == "day":
        return of.cast(pl.Int32).cast(pl.Date).cast(pl.String)
    rows = {"quarter": (4, "Q", 1), "month": (12, "-", 2)}
    many, between, digits = rows[calendar.unit]
    return pl.Series(periods.name, [f"{at // many}{between}{at % many + 1:0{digits}}" for at in of.to_list()])
