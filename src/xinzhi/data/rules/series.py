"""Series: do they hang together, with steps that can be, one vintage, and an index that is 1 in its base year."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import polars as pl

from xinzhi.core.finding import Finding, Severity, finding
from xinzhi.core.quarters import quarter
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import Column, Growth, limit
from xinzhi.data.raw import ROW, Say
from xinzhi.data.units import ANY_BASE, INDEX, parse


def series(sheet: Sheet) -> Iterator[Finding]:
    """Yield steps beyond the plausible, gaps in a series, changes of vintage, and indices that are off their base."""
    if sheet.year is None or not sheet.keyed:
        return
    yield from _steps(sheet, sheet.year)
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


def _steps(sheet: Sheet, year: str) -> Iterator[Finding]:
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
            yield from sheet.findings(rows, _implausible(name, growth))
    yield from _to_zero(sheet, growing, _follows(sheet, year))


def _to_zero(sheet: Sheet, growing: Iterable[str], follows: pl.Expr) -> Iterator[Finding]:
    """Yield figures that fall to zero; an error, but where zero is a figure like any other."""
    for column in (one for one in sheet.columns() if one.name in growing and one.sign != "error"):
        before = pl.col(column.name).shift(1)
        rows = sheet.where(follows & (pl.col(column.name) == 0) & (before != 0), before.alias("before"))
        severity: Severity = "error" if column.sign else "warning"
        say = Say(message="data.infinite-step", severity=severity, column=column.name, words=_before)
        yield from sheet.findings(rows, say)


def _before(row: dict[str, object]) -> dict[str, object]:
    return {"before": row["before"]}


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
        known = pl.when(pl.col(name).is_not_null()).then(year)
        first, last = known.min(), known.max()
        inside = (
            pl.col(year).is_between(first.over(group), last.over(group))
            if group
            else pl.col(year).is_between(first, last)
        )
        begins = pl.col(name).is_null() & pl.col(name).shift(1).is_not_null()
        rows = sheet.where(inside & begins)
        rows = rows.filter([sheet.raw.text(name, row) is None for row in rows[ROW]])
        yield from sheet.findings(rows, _hole(column))


def _hole(column: Column) -> Say:
    gap = column.gap
    if gap is None:
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
    for row in changes.iter_rows(named=True):
        yield finding(
            "data.mixed-vintage" if bridged else "data.mixed-vintage-real",
            words={"first": row["before"], "count": row["count"]},
            table=sheet.name,
            file=sheet.raw.file,
            line=sheet.raw.lines[row[ROW]],
            column=name,
            key=str(row[year]),
            value=row[name],
        )


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
            yield finding(
                "data.index-base-absent", table=sheet.name, file=sheet.raw.file, column=name, expected=str(base)
            )
        return
    off = at_base.filter((pl.col(name) - 1).abs() > limit("index_tolerance")).select(ROW, name)
    say = Say(message="data.index-base-off", column=name, expected=str(base), value=lambda row: f"{row[name]:.6g}")
    yield from sheet.findings(off, say)
