"""Values: can a figure be what it says, positive, within its bounds, of its list, in its unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.finding import finding
from xinzhi.data.catalogue import limit
from xinzhi.data.raw import ROW, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.finding import Finding
    from xinzhi.data.catalogue import Column
    from xinzhi.data.sheet import Sheet


def values(sheet: Sheet) -> Iterator[Finding]:
    """Yield figures that are not positive, out of bounds or in the other unit, and words that are not of the list."""
    off = _counts(sheet)
    for column in sheet.columns():
        if column.type == "number":
            yield from _numbers(sheet, column, off)
        elif off.get(f"{column.name} list"):
            allowed = ", ".join(column.values)
            rows = sheet.where(~pl.col(column.name).is_in(column.values))
            yield from sheet.findings(rows, Say(message="data.unknown-value", column=column.name, expected=allowed))


def _counts(sheet: Sheet) -> dict[str, object]:
    """Look at all columns in one pass; only what is off is looked at again."""
    asked: dict[str, pl.Expr] = {}
    for column in sheet.columns():
        cell = pl.col(column.name)
        if column.values:
            asked[f"{column.name} list"] = (~cell.is_in(column.values)).any()
        if column.sign:
            asked[f"{column.name} sign"] = (cell <= 0).any()
        if column.minimum is not None or column.maximum is not None or column.share:
            asked[f"{column.name} range"] = (~cell.is_between(*_bounds(column))).any()
        if column.share or column.percentage:
            asked[f"{column.name} median"] = cell.median()
    return sheet.frame.select(**asked).row(0, named=True) if asked else {}


def _numbers(sheet: Sheet, column: Column, off: dict[str, object]) -> Iterator[Finding]:
    name, cell = column.name, pl.col(column.name)
    if off.get(f"{name} sign"):
        say = Say(message="data.not-positive", severity=column.sign, column=name, expected="> 0")
        yield from sheet.findings(sheet.where(cell <= 0), say)
    if column.units and column.units[0].atom == "hours" and sheet.units.get(name) == str(column.units[0]):
        yield from _small_hours(sheet, column)
    if swapped := _other_unit(column, off.get(f"{name} median")):
        yield _as_whole(sheet, name, swapped)
    elif off.get(f"{name} range"):
        yield from _outside(sheet, column)


def _small_hours(sheet: Sheet, column: Column) -> Iterator[Finding]:
    """Yield once that hours called a total are so few that they must be those of one person."""
    name, most = column.name, limit("hours_per_person_max")
    largest = sheet.frame[name].max()
    if "employment" in sheet.frame.columns and isinstance(largest, float) and 0 < largest <= most:
        rows = sheet.where(pl.col(name) == largest).sort(ROW).head(1)
        say = Say(
            message="data.hours-too-few",
            column=name,
            expected=str(column.units[1]),
            words=lambda _: {"limit": int(most)},
        )
        yield from sheet.findings(rows, say)


def _outside(sheet: Sheet, column: Column) -> Iterator[Finding]:
    """Yield figures out of bounds; single shares that look like percentages are called so."""
    name, cell = column.name, pl.col(column.name)
    low, high = _bounds(column)
    message = "data.share-out-of-range" if column.share else "data.out-of-range"
    percent = cell.is_between(limit("percent_from"), 100.0) if column.share else pl.lit(value=False)
    rows = sheet.where(~cell.is_between(low, high) & ~percent)
    yield from sheet.findings(rows, Say(message=message, column=name, expected=f"{low:g} - {high:g}"))
    if column.share:
        yield from sheet.findings(sheet.where(percent), Say(message="data.percent-cell", column=name, expected="ratio"))


def _bounds(column: Column) -> tuple[float, float]:
    if column.share:
        return 0.0, 1.0
    low = -float("inf") if column.minimum is None else column.minimum
    high = float("inf") if column.maximum is None else column.maximum
    return low, high


def _other_unit(column: Column, median: object) -> str | None:
    """Return the message when a whole column is written as percentages instead of ratios, or the other way round."""
    if not isinstance(median, float):
        return None
    if column.share and median > limit("percent_from"):
        return "data.percent-for-ratio"
    return "data.ratio-for-percent" if column.percentage and 0 < median < 1 else None


def _as_whole(sheet: Sheet, name: str, message: str) -> Finding:
    row = sheet.frame.filter(pl.col(name).is_not_null()).select(pl.col(ROW).min()).item()
    return finding(
        message,
        table=sheet.name,
        file=sheet.raw.file,
        line=sheet.raw.lines[row],
        column=name,
        key=sheet.raw.key_of(row, sheet.key),
        value=sheet.raw.text(name, row),
        expected="percent" if message == "data.percent-for-ratio" else "ratio",
    )
