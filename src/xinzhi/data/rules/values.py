"""Values: can a figure be what it says; does one after the end of its official series say what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi.core.finding import Finding, finding
from xinzhi.core.parameters import read_yaml
from xinzhi.core.quarters import quarter
from xinzhi.core.text import Text
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import HERE, NOMINAL, STATUS, Column, limit
from xinzhi.data.raw import ROW, Say
from xinzhi.data.rules.keys import provinces
from xinzhi.data.units import UnitError, parse


def values(sheet: Sheet) -> Iterator[Finding]:
    """Yield figures that are not positive, out of bounds or in the other unit, and words that are not of the list."""
    off = _counts(sheet)
    for column in sheet.columns():
        if column.type == "number":
            yield from _numbers(sheet, column, off)
        elif column.role == "unit":
            yield from _units_of_rows(sheet, column.name)
        elif off.get(f"{column.name} list"):
            allowed = ", ".join(column.values)
            rows = sheet.where(~pl.col(column.name).is_in(column.values))
            yield from sheet.findings(rows, Say(message="data.unknown-value", column=column.name, expected=allowed))


def _units_of_rows(sheet: Sheet, name: str) -> Iterator[Finding]:
    """Yield units that are not known, where each row has its own."""
    unknown = [unit for unit in sheet.frame[name].drop_nulls().unique() if not _is_unit(unit)]
    if unknown:
        yield from sheet.findings(
            sheet.where(pl.col(name).is_in(unknown)), Say(message="data.unit-of-row", column=name)
        )


def _is_unit(text: str) -> bool:
    try:
        parse(text)
    except UnitError:
        return False
    return True


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


PER_PERSON = "hours per person"


def _small_hours(sheet: Sheet, column: Column) -> Iterator[Finding]:
    """Yield every region whose hours, called a total, are never more than one person can work."""
    if sheet.year is None or "region" not in sheet.frame.columns:
        return
    name, most, hours = column.name, limit("hours_per_person_max"), pl.col(column.name)
    # A quarter has a fourth of the hours.
    whole = pl.when(pl.col(sheet.year) >= quarter(0, 1)).then(hours * 4).otherwise(hours)
    few = (
        sheet.frame.filter(hours > 0)
        .group_by("region", maintain_order=True)
        .agg(pl.col(ROW).sort_by(hours).last(), most=whole.max())
    )
    say = Say(message="data.hours-too-few", column=name, expected=PER_PERSON, words=lambda _: {"limit": int(most)})
    yield from sheet.findings(few.filter(pl.col("most") <= most).select(ROW), say)


def _outside(sheet: Sheet, column: Column) -> Iterator[Finding]:
    """Yield figures out of bounds; single shares that look like percentages are called so."""
    name, cell = column.name, pl.col(column.name)
    low, high = _bounds(column)
    message = "data.share-out-of-range" if column.share else "data.out-of-range"
    percent = cell.is_between(limit("percent_from"), 100.0) if column.share else pl.lit(value=False)
    beyond = ~cell.is_between(low, high) & ~percent
    rows = sheet.where(beyond & (cell > 0) if column.sign else beyond)  # what is not above zero is named already
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


_ALLOWED = ", ".join(read_yaml(HERE / "tables.yaml")["status"])


def official(sheet: Sheet, sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield figures whose status is empty, and those past the end of an official Chinese series without a right one."""
    ends = [end for end in read_yaml(HERE / "codes" / "official_ends.yaml")["series"] if _applies(sheet, end)]
    ends = ends if ends and provinces(sheets) else []
    for end in ends:
        yield from _after(sheet, end)
    yield from _blank(sheet, {str(end["column"]): int(end["last_official_year"]) for end in ends})


def _blank(sheet: Sheet, ends: Mapping[str, int]) -> Iterator[Finding]:
    """Yield once for each column that a status is empty; after the official end that is an error already."""
    for name in sheet.frame.columns:
        status = _status(name)
        if name.endswith(STATUS) or status not in sheet.frame.columns or sheet.spec.column(name) is None:
            continue
        empty = pl.col(name).is_not_null() & pl.col(status).is_null()
        if name in ends:
            empty &= _calendar(sheet) <= ends[name]
        rows = sheet.where(empty)
        rows = rows.filter([sheet.raw.text(status, row) is None for row in rows[ROW]])
        yield from _once(sheet, rows, Say(message="data.status-blank", column=status, expected=_ALLOWED), {})


def _once(sheet: Sheet, rows: pl.DataFrame, say: Say, words: Mapping[str, object]) -> Iterator[Finding]:
    """Yield one finding for all of the rows, at the first of them."""
    count = {"count": rows.height}
    yield from sheet.findings(rows.sort(ROW).head(1), replace(say, words=lambda _: {**words, **count}))


def _applies(sheet: Sheet, end: Mapping[str, Any]) -> bool:
    """Whether a table has the column of a series; without its keys the rows have no place in it."""
    return sheet.name == end["table"] and end["column"] in sheet.frame.columns and sheet.keyed


def _after(sheet: Sheet, end: Mapping[str, Any]) -> Iterator[Finding]:
    name, last = str(end["column"]), int(end["last_official_year"])
    status = _status(name)
    later = (_calendar(sheet) > last) & pl.col(name).is_not_null()
    words = {"last": last, "reference": Text(**end["reference"])}
    there = status in sheet.frame.columns
    blank = sheet.where(later & pl.col(status).is_null() if there else later)
    message = "data.status-unsaid" if end.get("goes_on") else "data.status-missing"
    yield from _once(sheet, blank, Say(message=message, column=name, expected=status), words)
    if not there or end.get("goes_on"):
        return
    wrong = sheet.where(later & (pl.col(status) == "official") & ~_published(sheet, end))
    say = Say(message="data.status-contradicted", column=status, expected="extrapolated, proxy", words=lambda _: words)
    yield from sheet.findings(wrong, say)


def _calendar(sheet: Sheet) -> pl.Expr:
    """Return the calendar year of every row."""
    time = pl.col(str(sheet.year))
    return pl.when(time >= quarter(0, 1)).then(time // 4 - quarter(0, 1) // 4).otherwise(time)


def _published(sheet: Sheet, end: Mapping[str, Any]) -> pl.Expr:
    """Whether a province goes on with a series in its own yearbook."""
    last = pl.col("region").replace_strict(end.get("published_by", {}), default=0, return_dtype=pl.Int64)
    return _calendar(sheet) <= last


def _status(name: str) -> str:
    """Return the name of the column with the status of a figure: without ``_nominal``, which says nothing about it."""
    return name.removesuffix(NOMINAL) + STATUS
