"""From cells to values in canonical units: a column is cast on its own, so that one bad cell does not hide others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple, Unpack

import numpy as np
import polars as pl

from xinzhi.core import quarters
from xinzhi.core.finding import Finding, Place, finding
from xinzhi.core.quarters import is_quarter, quarter
from xinzhi.core.text import CONTROLS, same
from xinzhi.data.catalogue import Column, ColumnType, Table, limit, tables_by_name
from xinzhi.data.raw import ROW, RawTable, Say, findings_at
from xinzhi.data.units import ANY_BASE, CONSTANT, INDEX, Unit, UnitError, factor, mismatch, parse

_PERIOD = r"^\d{4}(FY|H[12]|Q[1-4]|-(0[1-9]|1[0-2]))$"
_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_EXACT = 2.0**53  # the whole numbers that a double tells apart
_FIRST_YEAR, _LAST_YEAR = 1000, 9999  # four digits


_BLANK, _ODD = "\0blank", "\0odd"  # names that no column has


class Cast(NamedTuple):
    """A typed column, which cells could not be cast, and what to say about them."""

    values: pl.Series
    bad: pl.Series
    message: str
    expected: str | None = None


def cast(cells: pl.Series, kind: ColumnType) -> Cast:
    """Return a column as values of its kind; cells that are none become null and are marked."""
    return _CASTS[kind](cells)


def figures(cells: pl.Series) -> pl.Series:
    """Return a column that must hold figures: truth values are words, not 0 and 1."""
    return cells.cast(pl.String) if cells.dtype == pl.Boolean else cells


def looks_numeric(cells: pl.Series) -> bool:
    """Return whether every cell that is not empty is a number."""
    if not cells.dtype.is_numeric() and cells.dtype not in {pl.String, pl.Null}:
        return False
    done = _number(cells)
    return not done.bad.any() and done.values.null_count() < len(cells)


def _number(cells: pl.Series) -> Cast:
    if cells.dtype.is_numeric() or cells.dtype in {pl.Boolean, pl.Null}:
        values = cells.cast(pl.Float64, strict=False).fill_nan(None)
        empty = cells.is_null() | (cells.is_nan() if cells.dtype.is_float() else False)
        bad = values.is_infinite().fill_null(value=False) | (values.is_null() & ~empty)
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


def _whole(cells: pl.Series, low: float, high: float, message: str, expected: str) -> Cast:
    if cells.dtype == pl.String:
        integers = cells.cast(pl.Int64, strict=False)
        if integers.null_count() == cells.null_count() and integers.is_between(low, high).all():
            return Cast(integers, cells.is_null() & False, message, expected)
    values, bad, *_ = _number(cells)
    off = (values.is_not_null() & ((values != values.floor()) | ~values.is_between(low, high))) | bad
    return Cast(_blank(values, off).cast(pl.Int64), off, message, expected)


def _year(cells: pl.Series) -> Cast:
    if isinstance(cells.dtype, (pl.Date, pl.Datetime)):
        cells = cells.dt.year()
    return _whole(cells, _FIRST_YEAR, _LAST_YEAR, "data.invalid-year", "2024")


def _time(cells: pl.Series) -> Cast:
    """Return years, or quarters as whole numbers that follow one another (`xinzhi.core.quarters`)."""
    if cells.dtype == pl.String:
        text = cells.str.strip_chars()
        if text.drop_nulls().str.contains(_DAY).all() and text.null_count() < len(text):
            return _time(text.str.to_date("%Y-%m-%d", strict=False))
        parts = text.str.extract_groups(quarters.PATTERN)
        year, number = (parts.struct.field(name).cast(pl.Int64) for name in ("1", "2"))
        if year.is_not_null().any():
            bad = year.is_null() & text.is_not_null() & (text != "")
            return Cast(
                (4 * year + number + quarters.quarter(0, 0)).alias(cells.name), bad, "data.not-quarter", "1947Q2"
            )
    if isinstance(cells.dtype, (pl.Date, pl.Datetime)) and cells.dt.month().drop_nulls().n_unique() > 1:
        number = 4 * cells.dt.year().cast(pl.Int64) + (cells.dt.month().cast(pl.Int64) + 2) // 3
        return Cast(number + quarters.quarter(0, 0), cells.is_null() & False, "data.not-quarter", "1947Q2")
    return _year(cells)


def _text(cells: pl.Series) -> Cast:
    """Strip; a number becomes the text that it would have had without the detour (110000.0 is 110000)."""
    if cells.dtype == pl.String:
        values = cells
    elif cells.dtype.is_float():
        cells = cells.fill_nan(None)
        integral = ((cells == cells.floor()) & (cells.abs() < _EXACT)).all()
        values = cells.cast(pl.Int64 if integral else pl.Float64).cast(pl.String)
    else:
        values = _spelt(cells)
    bare = pl.first().str.strip_chars()
    # one pass; codes and names repeat, so that few texts are searched
    searched = bare.unique().str.contains(CONTROLS).any()
    summary = values.to_frame().select(bare, **{_BLANK: (bare == "").any(), _ODD: searched})
    values, odd = summary.to_series(), pl.repeat(value=False, n=len(cells), dtype=pl.Boolean, eager=True)
    if summary[_ODD].any():
        odd = values.str.contains(CONTROLS).fill_null(value=False)
        values = values.str.replace_all(CONTROLS, "").str.strip_chars()
    elif not summary[_BLANK].any():
        return Cast(values, odd, "data.control-character")
    return Cast(_blank(values, values == ""), odd, "data.control-character")


def _spelt(cells: pl.Series) -> pl.Series:
    """Return values of any type as words, as polars or else as Python spells them."""
    if not (cells.dtype.is_nested() or cells.dtype in {pl.Binary, pl.Object}):
        with suppress(pl.exceptions.PolarsError):
            return cells.cast(pl.String)
    words = [None if cell is None else str(cell) for cell in cells.to_list()]
    return pl.Series(cells.name, words, dtype=pl.String)


def _code(cells: pl.Series) -> Cast:
    """Return identifiers: text, without the ``.0`` that a spreadsheet adds to a number."""
    done = _text(cells)
    if not done.values.str.ends_with(".0").any():
        return done
    return done._replace(values=done.values.str.replace(r"^(\d+)\.0$", "$1"))


def _matching(pattern: str, expected: str) -> Callable[[pl.Series], Cast]:
    def matching(cells: pl.Series) -> Cast:
        values = _code(cells).values
        if values.unique().drop_nulls().str.contains(pattern).all():
            return Cast(values, values.is_null() & False, "data.invalid-period", expected)
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
    "integer": lambda cells: _whole(cells, -_EXACT, _EXACT, "data.not-whole", "1"),
    "flag": lambda cells: _whole(cells, 0, 1, "data.not-flag", "0, 1"),
    "year": _year,
    "time": _time,
    "text": _text,
    "code": _code,
    "period": _matching(_PERIOD, "2024Q1, 2024H1, 2024-01, 2024FY"),
    "month": _matching(_MONTH, "2024-01"),
}


_TYPES: Mapping[str, ColumnType] = {
    "number": "number",
    "integer": "integer",
    "year": "year",
    "string": "text",
    "yearmonth": "month",
    "boolean": "text",
}
_TIMES = frozenset({"year", "time", "period", "month"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table whose cells have been cast."""

    raw: RawTable
    spec: Table
    frame: pl.DataFrame
    key: tuple[str, ...]
    units: Mapping[str, str]

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.raw.name

    @property
    def group(self) -> tuple[str, ...]:
        """The columns of the key that tell one series from another."""
        return tuple(name for name in self.key if not _is_time(self.spec, name))

    @property
    def year(self) -> str | None:
        """The column of the key that holds the year (or quarter), if there is one."""
        columns = ((name, self.spec.column(name)) for name in self.key)
        return next((name for name, column in columns if column and column.type in {"year", "time"}), None)

    @property
    def has_key_columns(self) -> bool:
        """Whether every column that the key needs is there; without one of them rows cannot be told apart."""
        # a list of projects without identifiers is numbered by who reads it
        needed = {name for name, column in self.spec.columns.items() if column.required}
        return self.spec.open or needed & {*self.spec.key} <= {*self.key}

    def columns(self) -> Iterator[Column]:
        """Yield the known columns that the table has."""
        for name in self.frame.columns:
            if (column := self.spec.column(name)) is not None:
                yield column

    def where(self, mask: pl.Expr | pl.Series, *extra: pl.Expr) -> pl.DataFrame:
        """Return the rows of a mask: `ROW`, and what else is asked for."""
        return self.frame.select(ROW, *extra, __mask__=mask).filter("__mask__").drop("__mask__")

    def finding(self, code: str, *, words: Mapping[str, object] | None = None, **place: Unpack[Place]) -> Finding:
        """Return one finding at a place of the table."""
        return finding(code, words=words, **({"table": self.name, "file": self.raw.file} | place))

    def unwritten(self, rows: pl.DataFrame, column: str) -> pl.DataFrame:
        """Return the rows whose cell is empty as it was written; what could not be cast has been named already."""
        return rows.filter([self.raw.text(column, row) is None for row in rows[ROW]])

    def findings(self, rows: pl.DataFrame, say: Say) -> Iterator[Finding]:
        """Yield a finding for every one of the rows."""
        yield from findings_at(self.raw, self.key, rows, say)


def shape(raw: RawTable) -> tuple[Sheet, list[Finding]]:
    """Cast the cells of a table and sort its rows, saying which cells could not be cast."""
    generic = Table(name=raw.name, title=same(raw.name), key=raw.key, columns={}, open=True)  # everything is allowed
    spec = tables_by_name().get(raw.name) or generic
    raw = _resolve_period_column(raw, spec)
    key = tuple(name for name in spec.key if name in raw.cells.columns)
    findings: list[Finding] = []
    columns = [pl.int_range(raw.cells.height, dtype=pl.UInt32, eager=True).alias(ROW)]
    unknown = [] if spec.open else [name for name in raw.cells.columns if spec.column(name) is None]
    many = {name for name in unknown if name not in raw.fields} if len(unknown) > limit("unknown_columns") else set()
    for cells in raw.cells.drop(many | ({ROW} & {*raw.cells.columns})):  # a caller's column of our own name
        kind = _kind(raw, spec, cells)
        done = cast(figures(cells) if kind == "number" else cells, kind)
        columns.append(done.values.alias(cells.name))
        if done.bad.any():
            rows = pl.DataFrame({ROW: done.bad.arg_true()})
            findings += findings_at(
                raw, key, rows, Say(message=done.message, column=cells.name, expected=done.expected)
            )
    order = sorted(key, key=lambda name: _is_time(spec, name))
    frame = pl.DataFrame(columns)
    frame = frame.sort(order, maintain_order=True) if order else frame
    return Sheet(raw=raw, spec=spec, frame=frame, key=key, units={}), findings


def _resolve_period_column(raw: RawTable, spec: Table) -> RawTable:
    """Take a column that is called quarter, date or period for the time of a table that may have quarters."""
    time = next((name for name in spec.key if (column := spec.column(name)) and column.type == "time"), None)
    if time is None or time in raw.cells.columns:
        return raw
    candidates = [name for name in raw.cells.columns if name.strip().lower() in _TIMES | {"quarter", "date"}]
    return replace(raw, cells=raw.cells.rename({candidates[0]: time})) if len(candidates) == 1 else raw


def _kind(raw: RawTable, spec: Table, cells: pl.Series) -> ColumnType:
    if (column := spec.column(cells.name)) is not None:
        return column.type
    declared = raw.fields.get(cells.name)
    if declared is not None and (kind := _TYPES.get(declared.type or "")):
        return kind
    return "number" if looks_numeric(cells) else "text"


def _is_time(spec: Table, name: str) -> bool:
    column = spec.column(name)
    return column is not None and column.type in _TIMES


def cumulate(sheet: Sheet, name: str, unit: Unit) -> tuple[pl.Series, str | None, list[Finding]]:
    """Return a chained yearly index as levels with a fixed base, the base year, and where the chain breaks."""
    # The base is the first year that every series has. The first link of a series leads from the year before it. Where
    # that year has a row, left blank since nothing leads to it, the series counts from 1 there; else it counts from 1
    # in the year of the first link.
    year, group = sheet.year, list(sheet.group)
    observed = sheet.frame.filter(_counts(name, year, group)) if year else sheet.frame.clear()
    if year is None or observed.is_empty():
        return pl.repeat(None, sheet.frame.height, dtype=pl.Float64, eager=True).alias(name), None, []
    gap = (pl.col(year).diff() != 1).fill_null(value=False)
    link = pl.when(pl.int_range(pl.len()) == 0).then(1.0).otherwise(pl.col(name) * float(unit.scale))
    observed = observed.select(ROW, *group, year, gap=_over(gap, group), level=_over(link.cum_prod(), group))
    observed = observed.with_columns(broken=_over(pl.col("gap").cum_max(), group))
    first = observed.filter(_over(pl.int_range(pl.len()) == 0, group))
    base = first.select(pl.col(year).max()).item()
    level = pl.when(~pl.col("broken")).then("level")
    at_base = _over(level.filter(pl.col(year) == base).first(), group)
    levels = observed.select(ROW, (level / at_base).alias(name))
    values = sheet.frame.select(ROW).join(levels, on=ROW, how="left", maintain_order="left")[name]
    rows = observed.filter("gap", _over(pl.col("gap").cum_sum() == 1, group)).select(ROW)
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
            done = _assume_canonical_unit(sheet, column)
            assumed.append(f"{column.name} ({done.unit})")
        else:
            done = _declared(sheet, column, declared.unit)
        units[column.name] = str(done.unit)
        findings += done.findings
        values = pl.lit(None, dtype=pl.Float64) if done.values is None else done.values
        columns.append(values.alias(column.name))
    if assumed:
        findings.append(sheet.finding("data.unit-undeclared", value=", ".join(assumed)))
    unconverted = {*sheet.frame.columns} - {*units}  # what is left are the caller's own columns
    declared_units = {
        name: field.unit for name, field in sheet.raw.fields.items() if field.unit is not None and name in unconverted
    }
    converted = replace(sheet, frame=sheet.frame.with_columns(columns), units=declared_units | units)
    absurd = _absurd(converted)
    findings += chain.from_iterable(
        converted.findings(converted.where(off), Say(message="data.absurd-size", column=name))
        for name, off in absurd.items()
    )
    emptied = (pl.when(~off).then(name).alias(name) for name, off in absurd.items())
    return replace(converted, frame=converted.frame.with_columns(emptied)), findings


def _absurd(sheet: Sheet) -> dict[str, pl.Expr]:
    """Return which figures are too large or too small to be any, by column: arithmetic would overflow."""
    most = limit("largest_figure")
    numbers = [name for name, kind in sheet.frame.schema.items() if kind == pl.Float64]
    size = {name: pl.col(name).abs() for name in numbers}
    off = {
        name: ((size_of > most) | (size_of > 0) & (size_of < 1 / most)).fill_null(value=False)
        for name, size_of in size.items()
    }
    occurs = sheet.frame.select(test.any().alias(name) for name, test in off.items())
    return {name: off[name] for name in numbers if occurs[name][0]}


def target(declared: Unit, column: Column) -> Unit:
    """Return the canonical unit of a column for figures in `declared`: its own currency, price year and base stay."""
    unit = next((unit for unit in column.units if unit.dimension == declared.dimension), None)
    if unit is None:
        raise mismatch(declared, column.units[0], "dimension")
    if unit.atom == INDEX:
        free = unit.base == ANY_BASE and not declared.chained
        return replace(unit, base=declared.base) if free else unit
    prices = declared.prices if unit.prices == CONSTANT and declared.prices else unit.prices
    money = unit.dimension.startswith("money")
    return replace(unit, atom=declared.atom if money else unit.atom, prices=prices)


def _declared(sheet: Sheet, column: Column, text: str) -> _Converted:
    canonical = column.units[0]
    try:
        unit = parse(text)
    except UnitError as error:
        nearest = error.nearest or str(canonical)
        problem = sheet.finding("data.unit-unknown", column=column.name, value=text, expected=nearest)
        return _Converted(None, canonical, (problem,))
    if unit.atom == INDEX and unit.base is None:
        return _baseless(sheet, column, text)
    try:
        canonical = target(unit, column)
        if unit.chained and canonical.base == ANY_BASE:
            values, base, findings = cumulate(sheet, column.name, unit)
            return _Converted(values, replace(canonical, base=base), tuple(findings))
        values, by = sheet.frame[column.name], factor(unit, canonical)
    except UnitError as error:
        words = {"reason": error.why}
        problem = sheet.finding(
            "data.unit-mismatch", words=words, column=column.name, value=text, expected=str(canonical)
        )
        return _Converted(None, canonical, (problem,))
    if by == 1:
        return _Converted(values, canonical)
    # One product and one quotient at most, each rounded once. In numpy, because polars divides by a number through its
    # reciprocal, and 3 / 1e4 would not be 0.0003.
    with np.errstate(over="ignore"):
        figures = values.to_numpy() * float(by.numerator) / float(by.denominator)
    return _Converted(pl.Series(values.name, figures).fill_nan(None), canonical)


def _assume_canonical_unit(sheet: Sheet, column: Column) -> _Converted:
    """Take figures without a unit as canonical; hours by their size, and the base of an index from its ones."""
    if column.units[0].atom == INDEX and column.units[0].base == ANY_BASE:
        return _baseless(sheet, column, None)
    if column.units[0].atom == "hours" and len(column.units) > 1:
        (total, per_person), most = column.units, limit("hours_per_person_max")
        largest = sheet.frame[column.name].max()
        unit = per_person if isinstance(largest, float) and largest <= most else total
        words = {"limit": int(most)}
        note = sheet.finding("data.hours-assumed", words=words, column=column.name, value=str(unit))
        return _Converted(pl.col(column.name), unit, (note,))
    return _Converted(pl.col(column.name), column.units[0])


def _baseless(sheet: Sheet, column: Column, text: str | None) -> _Converted:
    """Take the one year in which every region stands at 1 as the base."""
    # A price index that names no base is a finding all the same: an error where the unit leaves it open, a warning
    # where there is no unit at all.
    unit = Unit(INDEX, base=_year_of_ones(sheet, column.name))
    if column.role != "price":
        return _Converted(sheet.frame[column.name], unit)
    expected = str(unit) if unit.base else "index YEAR=1"
    problem = sheet.finding("data.index-without-base", column=column.name, value=text, expected=expected)
    problem = problem if text is not None else replace(problem, severity="warning")
    return _Converted(sheet.frame[column.name], unit, (problem,))


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
