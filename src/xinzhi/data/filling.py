"""From the rows of a download to known tables: which rows and columns, in which unit, under which key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from xinzhi.core.finding import Finding, finding
from xinzhi.data.downloads import LINE, PERIOD, VALUE
from xinzhi.data.raw import Field, RawTable
from xinzhi.data.units import UnitError, factor, parse

_SAME = 1e-6  # figures in single precision


class Filled(NamedTuple):
    """Tables that a file fills, the series that they took, and keys with two figures."""

    tables: list[RawTable]
    used: set[str]
    findings: list[Finding]


def fill(rows: pl.DataFrame, layout: Mapping[str, Any], place: Path) -> Filled:
    """Return the known tables that the rows fill."""
    made = Filled([], set(), [])
    rows = rows.with_columns(pl.when(~pl.col(pl.String).is_in(layout.get("missing", ()))).then(pl.col(pl.String)))
    if "from" in layout:
        year = pl.col("year" if "year" in layout["columns"] else PERIOD).cast(pl.Float64, strict=False)
        rows = rows.filter(year >= layout["from"]["value"])
    for name, about in layout["tables"].items():
        if (table := _table(rows, name, about, place, made)) is not None:
            made.tables.append(table)
    return made


def _table(rows: pl.DataFrame, name: str, about: Mapping[str, Any], place: Path, made: Filled) -> RawTable | None:
    """Return one table, and note the series that it took; None where the file has nothing for it."""
    rows = _where(rows, about.get("where", {})).filter(_apart(rows, about.get("not", {})))
    keys = [_key(how).alias(key) for key, how in about["key"].items()]
    named = list(about["key"])
    file = place.name if place.is_file() else None
    frame = rows.group_by(keys).agg(pl.col(LINE).min()).sort(LINE, maintain_order=True)
    fields: dict[str, Field] = {}
    for column, how in about["columns"].items():
        part, unit = _part(rows, how) if how else (None, None)
        part = part.drop_nulls(VALUE) if part is not None else None
        if part is None or part.is_empty():
            continue
        if "unit" in rows.columns and (lost := _units(_where(rows, how.get("where", {}))) - _units(part)):
            words = {"names": sorted(lost)}
            made.findings.append(finding("data.connector-units", table=name, file=file, column=column, words=words))
        made.used.update(part["series"].unique() if "series" in part.columns and "unit" in how else ())
        fields[column] = Field(name=column, unit=unit)
        value = pl.col(VALUE)
        total = _sum(VALUE) if about.get("sum") else value.first()
        figures = part.group_by(keys).agg(total.alias(column), value.n_unique().alias(VALUE), pl.col(LINE).min())
        if "unit" in how and not about.get("sum") and (twice := figures.filter(pl.col(VALUE) > 1)).height:
            first = twice.sort(LINE).row(0, named=True)
            key = "/".join(str(first[one]) for one in named)
            found = finding(
                "data.connector-twice",
                table=name, file=file, line=first[LINE], column=column, key=key, value=str(twice.height),
            )  # fmt: skip
            made.findings.append(found)
        frame = frame.join(figures.drop(VALUE, LINE), on=named, how="left", nulls_equal=True)
    if about["columns"]:  # else codes without names
        wanted = about.get("needs", list(fields))
        there = [wanted] if isinstance(wanted, str) else wanted
        known = [pl.col(one).is_not_null() for one in there if one in fields]
        frame = frame.filter(pl.any_horizontal(known)) if known else frame.clear()
    if frame.is_empty():
        return None
    return RawTable(name=name, cells=frame.drop(LINE), lines=frame[LINE], file=file, fields=fields, key=tuple(named))


def _where(rows: pl.DataFrame, wanted: Mapping[str, Any]) -> pl.DataFrame:
    """Return the rows with these values; a column that is not there is no condition."""
    tests = [pl.col(name).is_in(several(values)) for name, values in wanted.items() if name in rows.columns]
    return rows.filter(pl.all_horizontal(tests)) if tests else rows


def _apart(rows: pl.DataFrame, unwanted: Mapping[str, Any]) -> pl.Expr:
    return pl.all_horizontal(
        pl.lit(value=True),
        *(~pl.col(name).is_in(several(values)) for name, values in unwanted.items() if name in rows.columns),
    )


def several(values: Any) -> list[str]:  # noqa: ANN401 - one value or a list of them
    """Return one value, or several, as texts."""
    return [str(one) for one in values] if isinstance(values, list) else [str(values)]


def _key(how: Any) -> pl.Expr:  # noqa: ANN401 - a name or a mapping
    """Return a column of the key."""
    if isinstance(how, str):
        return pl.col(how)
    if "fixed" in how:
        return pl.lit(how["fixed"])
    if "as" in how:
        codes = {text: code for code, texts in how["as"].items() for text in texts}
        return pl.col(how["name"]).replace_strict(codes, default=None, return_dtype=pl.String)
    return pl.col(how["name"]).str.zfill(how["digits"]).str.head(how["first"])


def _part(rows: pl.DataFrame, how: Mapping[str, Any]) -> tuple[pl.DataFrame | None, str | None]:
    """Return the rows of one column with its figures in `value`, and their unit; None where the file has no such."""
    rows = _where(rows, how.get("where", {}))
    for name, choices in how.get("prefer", {}).items():
        if name in rows.columns:
            there = [one for one in choices if (rows[name] == one).any()]
            rows = rows.filter(pl.col(name) == there[0]) if there else rows.clear()
    wanted = how.get("times") or [how.get("name", VALUE)]
    if not set(wanted) <= set(rows.columns) or rows.is_empty():
        return None, None
    if "times" in how:
        rows = rows.with_columns(_computed(_figure(wanted[0]) * _figure(wanted[1]), *wanted).alias(VALUE))
    elif wanted != [VALUE]:
        rows = rows.with_columns(pl.col(wanted[0]).alias(VALUE))
    if how.get("scale") in rows.columns:
        power = pl.lit(10.0).pow(_figure(how["scale"]).fill_null(0))
        rows = rows.with_columns(_computed(_figure(VALUE) * power, VALUE, how["scale"]).alias(VALUE))
    unit = how.get("unit")
    if unit == "{unit}":
        return _one_unit(rows)
    return rows, None if unit is None else _with_base(unit, rows, how.get("base"))


def _figure(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False)


def _word(name: str) -> pl.Expr:
    """Say which cells are neither empty nor figures."""
    return pl.col(name).is_not_null() & _figure(name).is_null()


def _computed(figures: pl.Expr, *names: str) -> pl.Expr:
    """Return figures made of columns; where one of these holds a word, the word, for the check to name."""
    made = figures.cast(pl.String)
    for name in names:
        made = pl.when(_word(name)).then(pl.col(name)).otherwise(made)
    return made


def _sum(name: str) -> pl.Expr:
    """Return the sum of each group; of one that holds a word, the word."""
    word = _word(name)
    total = _figure(name).sum().cast(pl.String)
    return pl.when(word.any()).then(pl.col(name).filter(word).first()).otherwise(total)


def _units(rows: pl.DataFrame) -> set[str]:
    return {one for one in rows["unit"].unique() if one}


def _one_unit(rows: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Return rows in one unit: that of the first row; those in others are converted."""
    units = [one for one in rows["unit"].unique(maintain_order=True) if one]
    if len(units) < 2:  # noqa: PLR2004 - one unit, or none
        return rows, units[0] if units else None
    try:
        sizes = {one: float(factor(parse(one), parse(units[0]))) for one in units}
    except UnitError:  # such as an index of the year before beside a fixed base
        most = rows["unit"].mode().sort().first()
        return rows.filter(pl.col("unit") == most), str(most)
    size = pl.col("unit").replace_strict(sizes, default=1.0, return_dtype=pl.Float64)
    return rows.with_columns(
        pl.when(size == 1).then(VALUE).otherwise(_computed(_figure(VALUE) * size, VALUE)).alias(VALUE)
    ), units[0]


def _with_base(unit: str, rows: pl.DataFrame, how: Mapping[str, Any] | None) -> str:
    """Return the unit with its base year; constant prices, or an index without base, where none is found."""
    if "{base}" not in unit:
        return unit
    if how is not None and "in" in how:
        texts = rows[how["in"]].drop_nulls().unique() if how["in"] in rows.columns else pl.Series(dtype=pl.String)
        years = {one for one in texts.str.extract(r"(\d{4})") if one}
    else:
        at = {"of": VALUE, "is": 1, **(how or {})}
        year = "year" if "year" in rows.columns else PERIOD
        figures = rows.select(year, one=pl.col(at["of"]).cast(pl.Float64, strict=False)).drop_nulls()
        sound = figures.group_by(year).agg(((pl.col("one") / at["is"] - 1).abs() < _SAME).all())
        years = {str(one).removesuffix(".0") for one in sound.filter("one")[year]}
    if len(years) == 1:
        return unit.format(base=years.pop())
    return unit.format(base="constant") if unit.endswith("prices") else "index"
