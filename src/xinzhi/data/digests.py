"""Digests of the figures of single columns by region, which say whether a series was made from these very figures."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

import polars as pl

NATION = "nation"
_KEY = ("region", "asset", "year")
_OF_NATION = ("year", "value", "unit", "vintage", "status")


def digest_figures(tables: Mapping[str, pl.DataFrame], column: str) -> dict[str, str]:
    """Return a digest of the figures of a column, with their status, for every region; nothing without any figure.

    A column is written ``table.column``; of the table ``nation``, whose series stand one below the other,
    ``nation.variable``, and its digest stands under the empty code. Rows without a figure count like rows that are not
    there; the order of rows does not count, nor does more than twelve significant digits of a figure.
    """
    table, _, name = column.partition(".")
    frame = tables.get(table)
    if frame is None:
        return {}
    rows = _of_nation(frame, name) if table == NATION else _of_regions(frame, name)
    return {region: _digest(rows[region]) for region in sorted(rows)}


def _of_regions(frame: pl.DataFrame, column: str) -> Mapping[str, list[str]]:
    """Return the figures of a column by region as text, one for every key."""
    if column not in frame.columns:
        return {}
    # In the package format `investment_status` speaks of `investment_nominal`.
    status = [name for name in (f"{column}_status", f"{column.removesuffix('_nominal')}_status") if name in frame]
    keys = [name for name in _KEY if name in frame.columns]
    rows: dict[str, list[str]] = defaultdict(list)
    for row in frame.drop_nulls(column).select(*keys, column, *dict.fromkeys(status)).iter_rows():
        rows[row[0]].append(_line(row[1:]))
    return rows


def _of_nation(frame: pl.DataFrame, variable: str) -> Mapping[str, list[str]]:
    """Return the figures of a series of the nation as text, under the empty code."""
    if not {"variable", "value"} <= set(frame.columns):
        return {}
    rows = frame.filter(variable=variable).drop_nulls("value")
    names = [name for name in _OF_NATION if name in rows.columns]
    return {"": [_line(row) for row in rows.select(names).iter_rows()]} if rows.height else {}


def _line(row: tuple[object, ...]) -> str:
    # a workbook or a converted unit writes the last digits in another way
    cells = (f"{cell:.12g}" if isinstance(cell, float) else str(cell) for cell in row)
    return "\x1f".join(cells)


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\x1e".join(sorted(lines)).encode()).hexdigest()[:16]
