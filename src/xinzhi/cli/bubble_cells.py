"""Cells of a table of prices: dates as they are written, and figures with or without thousands separators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.cli.plain import Plain

_THOUSANDS = r"^[+-]?\d{1,3}([,，]\d{3})+(\.\d+)?$"
_MIDNIGHT = r"[ T]00:00:00(\.0+)?$"
_FEWEST = 3  # dates in a heading that are no coincidence


def read_dates(table: Plain, name: str) -> pl.Series:
    """Return the dates as they are written, whole numbers that count periods as such.

    Raises
    ------
    InputError
        When one cannot be read, or the column mixes frequencies: it names the line.
    """
    import polars as pl

    from xinzhi.risks.prices.series import read_calendar

    column = table.frame[name]
    text = (
        column.cast(pl.Int64).cast(pl.String)
        if column.dtype.is_numeric() and (column.drop_nulls() % 1 == 0).all()
        else column.cast(pl.String).str.strip_chars().str.replace(_MIDNIGHT, "").replace("", None)
    )
    known = text.drop_nulls()
    if known.str.contains(r"^\d{8}$").all():
        text = text.str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
    elif known.str.contains(r"^-?\d+$").all() and not known.str.contains(r"^\d{4}((0[1-9]|1[0-2]))?$").all():
        return text.cast(pl.Int64)
    units: dict[str, str] = {}
    for one in text.drop_nulls().unique(maintain_order=True).to_list():
        line = table.lines[int((text == one).arg_true()[0])]
        where = f"{table.path.name}, line {line}, column '{name}'"
        try:
            units.setdefault(read_calendar(pl.Series(name, [one])).unit, one)
        except InputError:
            message = (
                f"{where}: '{one}' is no date; write 2024, 2024-03, 2024Q1 or 2024-03-15, name the column of dates "
                "with --date COLUMN, or number the rows with --date row."
            )
            raise InputError(message) from None
        if len(units) > 1:
            unlike = next(iter(units.values()))
            message = f"{where}: '{one}' is of another frequency than '{unlike}'; test each frequency by itself."
            raise InputError(message)
    return text


def heading(name: str) -> str:
    """Return a heading as a date is written: workbooks add the hour to it."""
    return re.sub(_MIDNIGHT, "", name.strip())


def are_dates(names: Sequence[str]) -> bool:
    """Say whether the columns of a heading are dates of one frequency.

    Examples
    --------
    >>> are_dates(["2024年1月", "2024年2月", "2024年3月"]), are_dates(["2024", "2025", "unit"])
    (True, False)
    """
    import polars as pl

    from xinzhi.risks.prices.series import read_calendar

    if len(names) < _FEWEST:
        return False
    try:
        read_calendar(pl.Series("heading", [heading(name) for name in names]))
    except InputError:
        return False
    return True


def figures(column: pl.Series) -> pl.Series:
    """Return cells as numbers, those that are none as nulls.

    Examples
    --------
    >>> import polars as pl
    >>> figures(pl.Series(["10,035.5", "-7", "n/a", None])).to_list()
    [10035.5, -7.0, None, None]
    """
    import polars as pl

    if column.dtype != pl.String:
        return column.cast(pl.Float64)
    text = column.str.strip_chars()
    plain = text.to_frame("text").select(
        pl.when(pl.col("text").str.contains(_THOUSANDS))
        .then(pl.col("text").str.replace_all("[,，]", ""))
        .otherwise("text")
    )
    return plain.to_series().cast(pl.Float64, strict=False).alias(column.name)


def separated(column: pl.Series) -> str | None:
    """Return the first cell with thousands separators; None without any."""
    import polars as pl

    if column.dtype != pl.String:
        return None
    found = column.filter(column.str.strip_chars().str.contains(_THOUSANDS).fill_null(value=False))
    return str(found[0]) if len(found) else None
