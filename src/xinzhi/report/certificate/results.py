"""The results: rounded so that every machine agrees, digested by column, and compared value by value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.finding import Finding, Place, finding
from xinzhi.report.certificate.schema import ResultColumn, Results, ResultTable, digest, is_reordered
from xinzhi.report.certificate.tables import flat, join_key, keys, limit_findings, mismatch, nest
from xinzhi.yardstick import Measurement

# Name in the certificate: attribute of the measurement, and the columns that name a row.
_SPAN = ["region", "start", "end"]
TABLES = {
    "growth": ("frame", ["region", "year"]),
    "levels": ("levels", ["region", "year"]),
    "periods": ("periods", _SPAN),
    "national_periods": ("national_periods", _SPAN),
    "group_periods": ("group_periods", _SPAN),
}

_EDGE = 1e-9


def digest_results(measurement: Measurement, digits: int) -> Results:
    """Return the results of a measurement, rounded and digested."""
    return Results(
        digits=digits, tables={name: _encode(frame, key, digits) for name, frame, key in _frames(measurement)}
    )


def _frames(measurement: Measurement) -> Iterator[tuple[str, pl.DataFrame, list[str]]]:
    for name, (attribute, key) in TABLES.items():
        yield name, getattr(measurement, attribute).sort(key), key


def _encode(frame: pl.DataFrame, key: list[str], digits: int, stated: ResultTable | None = None) -> ResultTable:
    """Return a table of results; rounded as `stated` is, where it is given."""
    names = keys(frame, key)
    fixed = {column.name: column.decimals for column in stated.columns} if stated else {}
    columns, values = [], []
    for name in frame.columns:
        if name not in key:
            column, numbers = _column(frame[name], [list(pair) for pair in names], digits, fixed.get(name))
            columns.append(column)
            values.append(numbers)
    rows: Any = zip(*values, strict=True) if values else ([] for _ in names)
    return ResultTable(key=key, columns=columns, rows=nest(names, map(list, rows)))


def _column(
    cells: pl.Series, names: list[list[str]], digits: int, decimals: int | None
) -> tuple[ResultColumn, list[int | None]]:
    texts: list[str] | None = None
    if cells.dtype == pl.String:
        decimals, texts = None, sorted(cells.drop_nulls().unique().to_list())
        place = {text: number for number, text in enumerate(texts)}
        numbers = [None if text is None else place[text] for text in cells.to_list()]
    elif cells.dtype.is_float():
        decimals = _decimals(cells, digits) if decimals is None else decimals
        numbers = _round_digits(cells, decimals)
    else:
        decimals, numbers = None, cells.cast(pl.Int64).to_list()
    values = cells.to_list() if texts is not None else numbers
    sha256 = digest({"column": cells.name, "decimals": decimals, "rows": names, "values": values})
    return ResultColumn(name=cells.name, sha256=sha256, decimals=decimals, texts=texts), numbers


def _decimals(cells: pl.Series, digits: int) -> int:
    """Return the decimals that leave the largest value its significant digits, and no more than there are digits."""
    # Results are log points and ratios, of which a column that is 1e-17 throughout is a column of zeros.
    values = np.abs(cells.cast(pl.Float64).to_numpy())
    largest = float(np.max(values, where=np.isfinite(values), initial=0.0))
    return min(digits, digits - 1 - math.floor(math.log10(largest))) if largest > 0 else digits


def _round_digits(cells: pl.Series, decimals: int) -> list[int | None]:
    values = cells.cast(pl.Float64).to_numpy()
    with np.errstate(over="ignore"):
        scaled = np.rint(values * 10.0**decimals)
    # As Python's whole numbers, which have no largest one.
    return [int(number) if math.isfinite(number) else None for number in scaled.tolist()]


def compare_results(stated: Results, measurement: Measurement) -> Iterator[Finding]:
    """Yield the columns and rows of the results that recomputing does not give back."""
    # No digest is believed: all values are compared, whatever the certificate says of them. A rounded number agrees
    # when it differs by one unit of its last digit at most: two machines whose values differ in the sixteenth digit may
    # round a value that lies on the edge to neighbouring numbers, never further apart.
    if [name for name in stated.tables if name in TABLES] != [name for name in TABLES if name in stated.tables]:
        yield finding("certificate.reordered", key="results")
    for name in stated.tables.keys() - TABLES.keys():
        yield finding("certificate.result-table-extra", table=name)
    for name, frame, key in _frames(measurement):
        if name not in stated.tables:
            yield finding("certificate.result-table", table=name)
            continue
        old = stated.tables[name]
        recomputed = _encode(frame, key, stated.digits, old)
        yield from mismatch("key", key, old.key, table=name)
        ragged = [row_key for row_key, row in flat(old.rows).items() if len(row) != len(old.columns)]
        yield from limit_findings("certificate.result-row-width", name, ragged)
        stays, new = flat(old.rows).keys(), flat(recomputed.rows).keys()
        yield from limit_findings("certificate.result-row-missing", name, sorted(stays - new))
        yield from limit_findings("certificate.result-row-extra", name, sorted(new - stays))
        columns = [[column.name for column in part.columns] for part in (old, recomputed)]
        is_twice_or_moved = {*columns[0]} == {*columns[1]} and columns[0] != columns[1]
        if is_twice_or_moved or (stays == new and is_reordered(old.rows, recomputed.rows)):
            yield finding("certificate.reordered", table=name, key="results")
        yield from _columns(name, old, recomputed)
        yield from _scales(name, old, frame, stated.digits)


def _scales(name: str, stated: ResultTable, frame: pl.DataFrame, digits: int) -> Iterator[Finding]:
    """Yield the columns whose decimals are not those that their values ask for: fewer would let any value pass."""
    for column in stated.columns:
        if column.name not in frame.columns:
            continue
        cells = frame[column.name]
        # Noise of the last digit moves the largest value over a power of ten, and the decimals with it.
        scales = (1, 1 - _EDGE, 1 + _EDGE) if cells.dtype.is_float() else ()
        allowed: list[int | None] = [*(_decimals(cells * scale, digits) for scale in scales)] or [None]
        if column.decimals not in allowed:
            value, expected = str(allowed[0]), str(column.decimals)
            yield finding("certificate.result-decimals", table=name, column=column.name, value=value, expected=expected)


def _columns(name: str, stated: ResultTable, recomputed: ResultTable) -> Iterator[Finding]:
    new = {column.name: number for number, column in enumerate(recomputed.columns)}
    for missing in new.keys() - {column.name for column in stated.columns}:
        yield finding("certificate.result-column-missing", table=name, column=missing)
    old_rows, new_rows = flat(stated.rows), flat(recomputed.rows)
    common = [key for key in old_rows if key in new_rows]
    place = {key: number for number, key in enumerate(new_rows)}
    names = [(head, last) for head, below in stated.rows.items() for last in below]
    names.sort(key=lambda pair: place.get(join_key(*pair), len(place)))
    for number, column in enumerate(stated.columns):
        if column.name not in new:
            yield finding("certificate.result-column", table=name, column=column.name)
            continue
        counterpart = recomputed.columns[new[column.name]]
        pairs = {key: (_at(old_rows[key], number), _at(new_rows[key], new[column.name])) for key in common}
        gaps = {key: gap for key, pair in pairs.items() if (gap := _gap(column, counterpart, *pair)) > 0}
        is_otherwise = (column.texts is None) != (counterpart.texts is None)  # a column without any value too
        if is_otherwise or not _has_its_digest(
            column, [[*pair] for pair in names], [_at(old_rows[join_key(*pair)], number) for pair in names]
        ):
            yield _most("certificate.result-column-altered", name, column, counterpart, gaps, pairs)
        allowed = 0 if column.decimals is None else 1
        if wrong := {key: gap for key, gap in gaps.items() if gap > allowed}:
            yield _most("certificate.result", name, column, counterpart, wrong, pairs)


def _at(row: Sequence[int | None], number: int) -> int | None:
    return row[number] if number < len(row) else None


def _has_its_digest(column: ResultColumn, names: list[list[str]], values: list[int | None]) -> bool:
    """Whether the digest that a certificate states of a column is that of the rows beside it."""
    cells: list[Any] = list(values)
    if column.texts is not None:
        used = {value for value in values if value is not None}
        if used != set(range(len(column.texts))) or column.texts != sorted(set(column.texts)):
            return False
        cells = [None if value is None else column.texts[value] for value in values]
    document = {"column": column.name, "decimals": column.decimals, "rows": names, "values": cells}
    return digest(document) == column.sha256


def _most(
    rule: str,
    name: str,
    column: ResultColumn,
    counterpart: ResultColumn,
    gaps: dict[str, float],
    pairs: dict[str, tuple[int | None, int | None]],
) -> Finding:
    """Return one finding for a column: how many values differ, and the one that does most."""
    place: Place = {"table": name, "column": column.name}
    if gaps:
        key = max(gaps, key=gaps.__getitem__)
        old, new = pairs[key]
        place |= {"key": key, "value": _show(counterpart, new), "expected": _show(column, old)}
    return finding(rule, words={"count": len(gaps), "total": len(pairs)}, **place)


def _gap(column: ResultColumn, counterpart: ResultColumn, old: int | None, new: int | None) -> float:
    """Return by how many units two values differ; infinitely many where they cannot be compared."""
    if old is None or new is None:
        return 0.0 if old is new else math.inf
    if column.texts is not None or counterpart.texts is not None:
        return 0.0 if _show(column, old) == _show(counterpart, new) else math.inf
    return abs(old - new)


def _show(column: ResultColumn, value: int | None) -> str:
    if value is None:
        return "-"
    if column.texts is not None:
        return column.texts[value] if 0 <= value < len(column.texts) else str(value)
    if column.decimals is None:
        return str(value)
    return f"{Decimal(value).scaleb(-column.decimals):.{max(column.decimals, 0)}f}"
