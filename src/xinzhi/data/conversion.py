"""From the units of the source to the canonical ones; from an index on the year before to one with a fixed base."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import polars as pl

from xinzhi.core.finding import Finding
from xinzhi.core.quarters import is_quarter, quarter
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import Column, limit
from xinzhi.data.raw import ROW, Say
from xinzhi.data.units import ANY_BASE, CONSTANT, INDEX, Unit, UnitError, factor, mismatch, parse


def cumulate(sheet: Sheet, name: str, unit: Unit) -> tuple[pl.Series, str | None, list[Finding]]:
    """Return a chained yearly index as levels with a fixed base, the base year, and where the chain breaks."""
    # The base is the first year that every series has. The first link of a series leads from the year before it. Where
    # that year has a row, left blank since nothing leads to it, the series counts from 1 there; else it counts from 1
    # in the year of the first link.
    year, group = sheet.year, list(sheet.group)
    known = sheet.frame.filter(_counts(name, year, group)) if year else sheet.frame.clear()
    if year is None or known.is_empty():
        return pl.repeat(None, sheet.frame.height, dtype=pl.Float64, eager=True).alias(name), None, []
    gap = (pl.col(year).diff() != 1).fill_null(value=False)
    link = pl.when(pl.int_range(pl.len()) == 0).then(1.0).otherwise(pl.col(name) * float(unit.scale))
    known = known.select(ROW, *group, year, gap=_over(gap, group), level=_over(link.cum_prod(), group))
    known = known.with_columns(broken=_over(pl.col("gap").cum_max(), group))
    first = known.filter(_over(pl.int_range(pl.len()) == 0, group))
    base = first.select(pl.col(year).max()).item()
    level = pl.when(~pl.col("broken")).then("level")
    at_base = _over(level.filter(pl.col(year) == base).first(), group)
    levels = known.select(ROW, (level / at_base).alias(name))
    values = sheet.frame.select(ROW).join(levels, on=ROW, how="left", maintain_order="left")[name]
    rows = known.filter("gap", _over(pl.col("gap").cum_sum() == 1, group)).select(ROW)
    broken = list(sheet.findings(rows, Say(message="data.chain-broken", column=name)))
    return values, None if is_quarter(base) else str(base), broken


def _counts(name: str, year: str, group: list[str]) -> pl.Expr:
    """Whether a row has a link, or opens its series: the blank row of the year before the first link."""
    linked = pl.col(name).is_not_null()
    next_year = _over(pl.col(year).shift(-1), group) == pl.col(year) + 1
    opens = ~linked & _over(linked.shift(-1), group) & next_year & (_over(linked.cum_sum(), group) == 0)
    return pl.col(year).is_not_null() & (linked | opens)


def _over(expression: pl.Expr, group: list[str]) -> pl.Expr:
    return expression.over(group) if group else expression


@dataclass(frozen=True, slots=True)
class _Converted:
    """A column in its canonical unit; without values, where they could not be converted."""

    values: pl.Expr | pl.Series | None
    unit: Unit
    findings: tuple[Finding, ...] = ()


def convert(sheet: Sheet) -> tuple[Sheet, list[Finding]]:
    """Return the sheet in canonical units, and what is wrong with the units that it declares."""
    # A column whose unit is unknown or does not convert is left without values. A column without a unit is taken in the
    # canonical one and named in a note.
    findings: list[Finding] = []
    columns: list[pl.Expr | pl.Series] = []
    units: dict[str, str] = {}
    assumed = []
    for column in sheet.columns():
        declared = sheet.raw.fields.get(column.name)
        if not column.units:
            continue
        if declared is None or declared.unit is None:
            done = _undeclared(sheet, column)
            assumed.append(f"{column.name} ({done.unit})")
        else:
            done = _declared(sheet, column, declared.unit)
        units[column.name] = str(done.unit)
        findings += done.findings
        values = pl.lit(None, dtype=pl.Float64) if done.values is None else done.values
        columns.append(values.alias(column.name))
    if assumed:
        findings.append(sheet.finding("data.unit-undeclared", value=", ".join(assumed)))
    there = {*sheet.frame.columns} - {*units}  # what is left are the caller's own columns
    own = {name: field.unit for name, field in sheet.raw.fields.items() if field.unit is not None and name in there}
    made = replace(sheet, frame=sheet.frame.with_columns(columns), units=own | units)
    absurd = _absurd(made)
    findings += chain.from_iterable(
        made.findings(made.where(off), Say(message="data.absurd-size", column=name)) for name, off in absurd.items()
    )
    emptied = (pl.when(~off).then(name).alias(name) for name, off in absurd.items())
    return replace(made, frame=made.frame.with_columns(emptied)), findings


def _absurd(sheet: Sheet) -> dict[str, pl.Expr]:
    """Return which figures are too large or too small to be any, by column: arithmetic would overflow."""
    most = limit("largest_figure")
    numbers = [name for name, kind in sheet.frame.schema.items() if kind == pl.Float64]
    size = {name: pl.col(name).abs() for name in numbers}
    off = {name: ((one > most) | (one > 0) & (one < 1 / most)).fill_null(value=False) for name, one in size.items()}
    found = sheet.frame.select(test.any().alias(name) for name, test in off.items())
    return {name: off[name] for name in numbers if found[name][0]}


def target(declared: Unit, column: Column) -> Unit:
    """Return the canonical unit of a column for figures in `declared`: its own currency, price year and base stay."""
    known = next((unit for unit in column.units if unit.dimension == declared.dimension), None)
    if known is None:
        raise mismatch(declared, column.units[0], "dimension")
    if known.atom == INDEX:
        free = known.base == ANY_BASE and not declared.chained
        return replace(known, base=declared.base) if free else known
    prices = declared.prices if known.prices == CONSTANT and declared.prices else known.prices
    money = known.dimension.startswith("money")
    return replace(known, atom=declared.atom if money else known.atom, prices=prices)


def _declared(sheet: Sheet, column: Column, text: str) -> _Converted:
    wanted = column.units[0]
    try:
        unit = parse(text)
    except UnitError as error:
        known = error.nearest or str(wanted)
        found = sheet.finding("data.unit-unknown", column=column.name, value=text, expected=known)
        return _Converted(None, wanted, (found,))
    if unit.atom == INDEX and unit.base is None:
        return _baseless(sheet, column, text)
    try:
        wanted = target(unit, column)
        if unit.chained and wanted.base == ANY_BASE:
            values, base, findings = cumulate(sheet, column.name, unit)
            return _Converted(values, replace(wanted, base=base), tuple(findings))
        values, by = sheet.frame[column.name], factor(unit, wanted)
    except UnitError as error:
        words = {"reason": error.why}
        found = sheet.finding("data.unit-mismatch", words=words, column=column.name, value=text, expected=str(wanted))
        return _Converted(None, wanted, (found,))
    if by == 1:
        return _Converted(values, wanted)
    # One product and one quotient at most, each rounded once. In numpy, because polars divides by a number through its
    # reciprocal, and 3 / 1e4 would not be 0.0003.
    with np.errstate(over="ignore"):
        figures = values.to_numpy() * float(by.numerator) / float(by.denominator)
    return _Converted(pl.Series(values.name, figures).fill_nan(None), wanted)


def _undeclared(sheet: Sheet, column: Column) -> _Converted:
    """Take figures without a unit as canonical; hours by their size, and the base of an index from its ones."""
    if column.units[0].atom == INDEX and column.units[0].base == ANY_BASE:
        return _baseless(sheet, column, None)
    if column.units[0].atom == "hours" and len(column.units) > 1:
        (total, each), most = column.units, limit("hours_per_person_max")
        largest = sheet.frame[column.name].max()
        unit = each if isinstance(largest, float) and largest <= most else total
        words = {"limit": int(most)}
        found = sheet.finding("data.hours-assumed", words=words, column=column.name, value=str(unit))
        return _Converted(pl.col(column.name), unit, (found,))
    return _Converted(pl.col(column.name), column.units[0])


def _baseless(sheet: Sheet, column: Column, text: str | None) -> _Converted:
    """Take the one year in which every region stands at 1 as the base."""
    # A price index that names no base is a finding all the same: an error where the unit leaves it open, a warning
    # where there is no unit at all.
    unit = Unit(INDEX, base=_year_of_ones(sheet, column.name))
    if column.role != "price":
        return _Converted(sheet.frame[column.name], unit)
    wanted = str(unit) if unit.base else "index YEAR=1"
    found = sheet.finding("data.index-without-base", column=column.name, value=text, expected=wanted)
    found = found if text is not None else replace(found, severity="warning")
    return _Converted(sheet.frame[column.name], unit, (found,))


def _year_of_ones(sheet: Sheet, column: str) -> str | None:
    if sheet.year is None:
        return None
    off = pl.col(column) != 1
    years = (
        sheet.frame.filter(
            pl.col(column).is_not_null(), pl.col(sheet.year) < quarter(0, 1)
        )  # no unit has a quarter as its base
        .group_by(sheet.year)
        .agg(off.any().alias("off"))
        .filter(~pl.col("off"))[sheet.year]
    )
    return str(years[0]) if len(years) == 1 else None
