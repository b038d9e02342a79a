"""Series and values: can a figure follow the one before, be what it says, and say what it is after its official end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi.core.finding import Finding, Severity
from xinzhi.core.parameters import read_yaml
from xinzhi.core.quarters import quarter
from xinzhi.core.text import Text
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import HERE, NOMINAL, STATUS, Column, Growth, limit
from xinzhi.data.raw import ROW, Say
from xinzhi.data.rules.keys import provinces
from xinzhi.data.rules.slips import slip_findings, unit_slips
from xinzhi.data.units import ANY_BASE, INDEX, is_unit, parse


def series(sheet: Sheet) -> Iterator[Finding]:
    """Yield steps beyond the plausible, gaps in a series, changes of vintage, and indices that are off their base."""
    if sheet.year is None or not sheet.has_key_columns:
        return
    slips = unit_slips(sheet, sheet.year)
    yield from slip_findings(sheet, sheet.year, slips)
    yield from _steps(sheet, sheet.year, slips)
    if sheet.spec.annual:
        yield from _holes(sheet, sheet.year)
    for column in sheet.columns():
        if column.role == "vintage" and column.name not in sheet.key:
            yield from _vintages(sheet, column.name, sheet.year)
        elif column.units and column.units[0].atom == INDEX:
            yield from _base(sheet, column, sheet.year)


def _follows(sheet: Sheet, year: str) -> pl.Expr:
    """Whether the row before is the year before of the same series."""
    same = [pl.col(name) == pl.col(name).shift(1) for name in sheet.group]
    return pl.all_horizontal(*same, pl.col(year) == pl.col(year).shift(1) + 1)


def _steps(sheet: Sheet, year: str, slips: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    """Yield steps beyond the plausible that are no wrong unit, and falls to zero."""
    growing = {column.name: column.growth for column in sheet.columns() if column.growth}
    if not growing:
        return
    steps = {f"{name} step": (pl.col(name) / pl.col(name).shift(1)).log() for name in growing}
    follows = _follows(sheet, year).alias("follows")
    frame = sheet.frame.with_columns(follows, **steps)
    large = {name: _large(sheet, name, growth, year) for name, growth in growing.items()}
    counts = frame.select(**{name: test.any() for name, test in large.items()}).row(0, named=True)
    for name, growth in growing.items():
        if counts[name]:
            rows = frame.filter(large[name]).select(ROW, step=f"{name} step")
            if name in slips:
                rows = rows.join(slips[name], on=ROW, how="anti")
            yield from sheet.findings(rows, _implausible(name, growth))
    yield from _to_zero(sheet, growing, _follows(sheet, year))


def _to_zero(sheet: Sheet, growing: Iterable[str], follows: pl.Expr) -> Iterator[Finding]:
    """Yield figures that fall to zero; an error, but where zero is a figure like any other."""
    for column in (
        candidate for candidate in sheet.columns() if candidate.name in growing and candidate.sign != "error"
    ):
        before = pl.col(column.name).shift(1)
        rows = sheet.where(follows & (pl.col(column.name) == 0) & (before != 0), before.alias("before"))
        severity: Severity = "error" if column.sign else "warning"
        say = Say(
            message="data.infinite-step",
            severity=severity,
            column=column.name,
            words=lambda row: {"before": row["before"]},
        )
        yield from sheet.findings(rows, say)


def _large(sheet: Sheet, name: str, growth: Growth, year: str) -> pl.Expr:
    step = pl.col(f"{name} step").abs()
    large, slip = step > growth.bound, step > limit("slip_step")
    if growth.since is not None:
        large &= pl.col(year) >= growth.since
    column = sheet.spec.column(name)
    if column is not None and column.break_flag in sheet.frame.columns:
        large &= (pl.col(str(column.break_flag)) != 1).fill_null(value=True)
    return (large | slip) & step.is_finite() & pl.col("follows")


def _implausible(name: str, growth: Growth) -> Say:
    bound = f"{_percent(-growth.bound)} … {_percent(growth.bound)}"
    return Say(
        message="data.growth-implausible",
        column=name,
        expected=bound,
        value=lambda row: _percent(row["step"]),
        words=lambda _: {
            "reference": growth.reference,
            **{name: 100 * math.expm1(end) for name, end in (("low", -growth.bound), ("high", growth.bound))},
        },
    )


def _percent(log_points: float) -> str:
    return f"{math.expm1(log_points) * 100:+.1f} %"


def _holes(sheet: Sheet, year: str) -> Iterator[Finding]:
    """Yield figures that are missing between two others of their series: each hole once, at its first year."""
    roles = {"output", "investment", "labour", "price"}
    holed = [column for column in sheet.columns() if column.role in roles and sheet.frame[column.name].null_count()]
    group = list(sheet.group)
    for column in holed:
        name = column.name
        years = pl.when(pl.col(name).is_not_null()).then(year)
        first, last = years.min(), years.max()
        inside = (
            pl.col(year).is_between(first.over(group), last.over(group))
            if group
            else pl.col(year).is_between(first, last)
        )
        begins = pl.col(name).is_null() & pl.col(name).shift(1).is_not_null()
        yield from sheet.findings(sheet.unwritten(sheet.where(inside & begins), name), _hole(column))


def _hole(column: Column) -> Say:
    if (gap := column.gap) is None:
        return Say(message="data.gap-in-series", column=column.name)
    return Say(message="data.gap-in-stock", severity=gap.severity, column=column.name, words=lambda _: {"why": gap.why})


def _vintages(sheet: Sheet, name: str, year: str) -> Iterator[Finding]:
    """Say once where the vintage changes, not once for every region."""
    before = pl.col(name).shift(1)
    changes = (
        sheet.frame.with_columns(before=before)
        .filter(_follows(sheet, year), pl.col(name) != before)
        .group_by(year, "before", name)
        .agg(pl.col(ROW).min(), count=pl.len())
        .sort(year, name, "before")
    )
    bridged = "output_real" in sheet.frame.columns or "output_index_previous_year_100" in sheet.frame.columns
    code = "data.mixed-vintage" if bridged else "data.mixed-vintage-real"
    for row in changes.iter_rows(named=True):
        words = {"first": row["before"], "count": row["count"]}
        line, key = sheet.raw.lines[row[ROW]], str(row[year])
        yield sheet.finding(code, words=words, line=line, column=name, key=key, value=row[name])


def _base(sheet: Sheet, column: Column, year: str) -> Iterator[Finding]:
    """Yield what an index with a fixed base is in its base year, where that is not 1."""
    unit = parse(sheet.units[column.name])
    if unit.base in {None, ANY_BASE} or unit.chained or unit.atom != INDEX:
        return
    name, base = column.name, int(str(unit.base))
    figures = sheet.frame.filter(pl.col(name).is_not_null(), pl.col(year) < quarter(0, 1))
    at_base = figures.filter(pl.col(year) == base)
    if at_base.is_empty():
        if not figures.is_empty():
            yield sheet.finding("data.index-base-absent", column=name, expected=str(base))
        return
    off = at_base.filter((pl.col(name) - 1).abs() > limit("index_tolerance")).select(ROW, name)
    say = Say(message="data.index-base-off", column=name, expected=str(base), value=lambda row: f"{row[name]:.6g}")
    yield from sheet.findings(off, say)


def values(sheet: Sheet) -> Iterator[Finding]:
    """Yield figures that are not positive, out of bounds or in the other unit, and words that are not of the list."""
    off = _counts(sheet)
    for column in sheet.columns():
        if column.type == "number":
            yield from _numbers(sheet, column, off)
        elif column.role == "unit":  # each row has its own
            units = sheet.frame[column.name].drop_nulls().unique()
            if unknown := [unit for unit in units if not is_unit(unit)]:
                rows = sheet.where(pl.col(column.name).is_in(unknown))
                yield from sheet.findings(rows, Say(message="data.unit-of-row", column=column.name))
        elif off.get(f"{column.name} list"):
            allowed = ", ".join(column.values)
            rows = sheet.where(~pl.col(column.name).is_in(column.values))
            yield from sheet.findings(rows, Say(message="data.unknown-value", column=column.name, expected=allowed))


def _counts(sheet: Sheet) -> dict[str, object]:
    """Look at all columns in one pass; only what is off is looked at again."""
    tests: dict[str, pl.Expr] = {}
    for column in sheet.columns():
        cell = pl.col(column.name)
        if column.values:
            tests[f"{column.name} list"] = (~cell.is_in(column.values)).any()
        if column.sign:
            tests[f"{column.name} sign"] = (cell <= 0).any()
        if column.minimum is not None or column.maximum is not None or column.share:
            tests[f"{column.name} range"] = (~cell.is_between(*_bounds(column))).any()
        if column.share or column.percentage:
            tests[f"{column.name} median"] = cell.median()
    return sheet.frame.select(**tests).row(0, named=True) if tests else {}


def _numbers(sheet: Sheet, column: Column, off: dict[str, object]) -> Iterator[Finding]:
    name, cell = column.name, pl.col(column.name)
    if off.get(f"{name} sign"):
        say = Say(message="data.not-positive", severity=column.sign, column=name, expected="> 0")
        yield from sheet.findings(sheet.where(cell <= 0), say)
    if column.units and column.units[0].atom == "hours" and sheet.units.get(name) == str(column.units[0]):
        yield from _small_hours(sheet, column)
    if swapped := _unit_hint(column, off.get(f"{name} median")):
        row = sheet.frame.filter(cell.is_not_null()).select(pl.col(ROW).min()).item()
        yield sheet.finding(
            swapped,
            line=sheet.raw.lines[row],
            column=name,
            key=sheet.raw.key_of(row, sheet.key),
            value=sheet.raw.text(name, row),
            expected="percent" if swapped == "data.percent-for-ratio" else "ratio",
        )
    elif off.get(f"{name} range"):
        yield from _outside(sheet, column)


PER_PERSON = "hours per person"


def _small_hours(sheet: Sheet, column: Column) -> Iterator[Finding]:
    """Yield every region whose hours, called a total, are never more than one person can work."""
    if sheet.year is None or "region" not in sheet.frame.columns:
        return
    name, most, hours = column.name, limit("hours_per_person_max"), pl.col(column.name)
    # A quarter has a fourth of the hours.
    yearly = pl.when(pl.col(sheet.year) >= quarter(0, 1)).then(hours * 4).otherwise(hours)
    few = (
        sheet.frame.filter(hours > 0)
        .group_by("region", maintain_order=True)
        .agg(pl.col(ROW).sort_by(hours).last(), most=yearly.max())
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


def _unit_hint(column: Column, median: object) -> str | None:
    """Return the message when a whole column is written as percentages instead of ratios, or the other way round."""
    if not isinstance(median, float):
        return None
    if column.share and median > limit("percent_from"):
        return "data.percent-for-ratio"
    return "data.ratio-for-percent" if column.percentage and 0 < median < 1 else None


_ALLOWED = ", ".join(read_yaml(HERE / "tables.yaml")["status"])


def status_findings(sheet: Sheet, sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield figures whose status is empty, and those past the end of an official Chinese series without a right one."""
    ends = [
        end
        for end in read_yaml(HERE / "codes" / "official_ends.yaml")["series"]
        if sheet.name == end["table"] and end["column"] in sheet.frame.columns and sheet.has_key_columns
    ]
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
        rows = sheet.unwritten(sheet.where(empty), status)
        yield from _once(sheet, rows, Say(message="data.status-blank", column=status, expected=_ALLOWED), {})


def _once(sheet: Sheet, rows: pl.DataFrame, say: Say, words: Mapping[str, object]) -> Iterator[Finding]:
    """Yield one finding for all of the rows, at the first of them."""
    count = {"count": rows.height}
    yield from sheet.findings(rows.sort(ROW).head(1), replace(say, words=lambda _: {**words, **count}))


def _after(sheet: Sheet, end: Mapping[str, Any]) -> Iterator[Finding]:
    name, last = str(end["column"]), int(end["last_official_year"])
    status = _status(name)
    later = (_calendar(sheet) > last) & pl.col(name).is_not_null()
    words = {"last": last, "reference": Text(**end["reference"])}
    has_status = status in sheet.frame.columns
    blank = sheet.where(later & pl.col(status).is_null() if has_status else later)
    message = "data.status-unsaid" if end.get("goes_on") else "data.status-missing"
    yield from _once(sheet, blank, Say(message=message, column=name, expected=status), words)
    if not has_status or end.get("goes_on"):
        return
    # a province may go on with a series in its own yearbook
    until = pl.col("region").replace_strict(end.get("published_by", {}), default=0, return_dtype=pl.Int64)
    wrong = sheet.where(later & (pl.col(status) == "official") & (_calendar(sheet) > until))
    say = Say(message="data.status-contradicted", column=status, expected="extrapolated, proxy", words=lambda _: words)
    yield from sheet.findings(wrong, say)


def _calendar(sheet: Sheet) -> pl.Expr:
    """Return the calendar year of every row."""
    time = pl.col(str(sheet.year))
    return pl.when(time >= quarter(0, 1)).then(time // 4 - quarter(0, 1) // 4).otherwise(time)


def _status(name: str) -> str:
    """Return the name of the column with the status of a figure: without ``_nominal``, which says nothing about it."""
    return name.removesuffix(NOMINAL) + STATUS
