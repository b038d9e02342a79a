"""Keys: has every row one of its own, and every series all of its years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.data.raw import ROW, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.finding import Finding
    from xinzhi.data.sheet import Sheet


def keys(sheet: Sheet) -> Iterator[Finding]:
    """Yield empty and repeated keys and the years missing inside a span."""
    yield from _missing(sheet)
    if not sheet.keyed:
        return
    if sheet.key:
        yield from _duplicate(sheet)
    if sheet.spec.annual and sheet.year:
        yield from _gaps(sheet, sheet.year)


def _missing(sheet: Sheet) -> Iterator[Finding]:
    for name in sheet.key:
        if sheet.frame[name].null_count():
            # A cell that could not be cast has been named already.
            empty = sheet.where(pl.col(name).is_null())
            rows = empty.filter([sheet.raw.text(name, row) is None for row in empty[ROW]])
            yield from sheet.findings(rows, Say(message="data.missing-key", column=name))


def _duplicate(sheet: Sheet) -> Iterator[Finding]:
    """Compare every row with the row before: they are sorted by key, equal keys by line."""
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in sheet.key)
    if not sheet.frame.select(same.any()).item():
        return
    first = pl.when(~same.fill_null(value=False)).then(ROW).forward_fill().alias("first")
    rows = sheet.where(same, first)
    lines = sheet.raw.lines
    yield from sheet.findings(
        rows,
        Say(message="data.duplicate-key", column=sheet.key[-1], words=lambda row: {"first": lines[int(row["first"])]}),
    )


def _gaps(sheet: Sheet, year: str) -> Iterator[Finding]:
    step = pl.col(year) - pl.col(year).shift(1)
    same = [pl.col(name) == pl.col(name).shift(1) for name in sheet.group]
    gap = pl.all_horizontal(*same, step > 1)
    if not sheet.frame.select(gap.any()).item():
        return
    rows = sheet.where(gap, (pl.col(year) - step + 1).alias("from"), (pl.col(year) - 1).alias("to"))
    say = Say(message="data.missing-year", severity=sheet.spec.annual, column=year, value=_span)
    yield from sheet.findings(rows, say)


def _span(row: dict[str, object]) -> str:
    return str(row["from"]) if row["from"] == row["to"] else f"{row['from']}-{row['to']}"
