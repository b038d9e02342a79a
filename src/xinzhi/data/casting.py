"""From cells to values: every column is cast on its own, so that one bad cell does not hide the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.data.catalogue import ColumnType

_PERIOD = r"^\d{4}(FY|H[12]|Q[1-4]|-(0[1-9]|1[0-2]))$"
_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
_EXACT = 2.0**53  # the whole numbers that a double tells apart
_FIRST_YEAR, _LAST_YEAR = 1000, 9999  # four digits


class Cast(NamedTuple):
    """A typed column, which cells could not be cast, and what to say about them."""

    values: pl.Series
    bad: pl.Series
    message: str
    expected: str | None = None


def cast(cells: pl.Series, kind: ColumnType) -> Cast:
    """Return a column as values of its kind; cells that are none become null and are marked.

    Parameters
    ----------
    cells
        The cells as they were read, text or typed.
    kind
        Numbers become Float64; integers, flags and years Int64; everything else String. Empty cells are null.

    Examples
    --------
    >>> import polars as pl
    >>> cast(pl.Series(["1.0", " 2", "n/a", ""]), "number").values.to_list()
    [1.0, 2.0, None, None]
    """
    return _CASTS[kind](cells)


def looks_numeric(cells: pl.Series) -> bool:
    """Return whether every cell that is not empty is a number."""
    if not cells.dtype.is_numeric() and cells.dtype not in {pl.String, pl.Null}:
        return False
    done = _number(cells)
    return not done.bad.any() and done.values.null_count() < len(cells)


def _number(cells: pl.Series) -> Cast:
    if cells.dtype.is_numeric() or cells.dtype in {pl.Boolean, pl.Null}:
        values = cells.cast(pl.Float64, strict=False).fill_nan(None)
        bad = values.is_infinite().fill_null(value=False) | (values.is_null() & ~_empty(cells))
    else:
        cells = _text(cells).values if cells.dtype != pl.String else cells
        values = cells.cast(pl.Float64, strict=False)
        doubtful = ~values.is_finite().fill_null(value=False) & cells.is_not_null()
        if not doubtful.any():
            return Cast(values, doubtful, "data.text-in-number", "1234.5")
        bare = cells.str.strip_chars()
        values = bare.cast(pl.Float64, strict=False)
        bad = ~values.is_finite().fill_null(value=False) & (bare != "") & bare.is_not_null()
    return Cast(_blank(values, bad | ~values.is_finite()), bad, "data.text-in-number", "1234.5")


def _empty(cells: pl.Series) -> pl.Series:
    return cells.is_null() | (cells.is_nan() if cells.dtype.is_float() else False)


def _whole(cells: pl.Series, low: float, high: float, message: str, expected: str) -> Cast:
    values, bad, *_ = _number(cells)
    off = (values.is_not_null() & ((values != values.floor()) | ~values.is_between(low, high))) | bad
    return Cast(_blank(values, off).cast(pl.Int64), off, message, expected)


def _integer(cells: pl.Series) -> Cast:
    return _whole(cells, -_EXACT, _EXACT, "data.not-whole", "1")


def _flag(cells: pl.Series) -> Cast:
    return _whole(cells, 0, 1, "data.not-flag", "0, 1")


def _year(cells: pl.Series) -> Cast:
    if isinstance(cells.dtype, (pl.Date, pl.Datetime)):
        cells = cells.dt.year()
    return _whole(cells, _FIRST_YEAR, _LAST_YEAR, "data.invalid-year", "2024")


def _text(cells: pl.Series) -> Cast:
    """Strip; a number becomes the text that it would have had without the detour (110000.0 is 110000)."""
    if cells.dtype == pl.String:
        values = cells.str.strip_chars()
    elif cells.dtype.is_float():
        cells = cells.fill_nan(None)
        whole = ((cells == cells.floor()) & (cells.abs() < _EXACT)).all()
        values = cells.cast(pl.Int64 if whole else pl.Float64).cast(pl.String)
    elif cells.dtype.is_nested() or cells.dtype in {pl.Binary, pl.Object}:
        values = pl.Series(
            cells.name, [None if cell is None else str(cell) for cell in cells.to_list()], dtype=pl.String
        )
    else:
        values = cells.cast(pl.String)
    values = _blank(values, values == "")
    return Cast(values, pl.repeat(value=False, n=len(cells), eager=True), "data.text-in-number")


def _code(cells: pl.Series) -> Cast:
    """Return identifiers: text, without the ``.0`` that a spreadsheet adds to a number."""
    done = _text(cells)
    if not done.values.str.ends_with(".0").any():
        return done
    return done._replace(values=done.values.str.replace(r"^(\d+)\.0$", "$1"))


def _matching(pattern: str, expected: str) -> Callable[[pl.Series], Cast]:
    def matching(cells: pl.Series) -> Cast:
        values = _code(cells).values
        bad = ~values.str.contains(pattern).fill_null(value=True)
        return Cast(_blank(values, bad), bad, "data.invalid-period", expected)

    return matching


def _blank(values: pl.Series, where: pl.Series) -> pl.Series:
    """Return the values with null where `where` is true."""
    if not where.any():
        return values
    return values.zip_with(
        ~where.fill_null(value=False), pl.Series([None], dtype=values.dtype).new_from_index(0, len(values))
    )


_CASTS: dict[ColumnType, Callable[[pl.Series], Cast]] = {
    "number": _number,
    "integer": _integer,
    "flag": _flag,
    "year": _year,
    "text": _text,
    "code": _code,
    "period": _matching(_PERIOD, "2024Q1, 2024H1, 2024-01, 2024FY"),
    "month": _matching(_MONTH, "2024-01"),
}
