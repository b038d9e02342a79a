"""A rectangle of cells under a header: names made sound, empty rows and columns dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.finding import Place, finding
from xinzhi.data.catalogue import known_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinzhi.core.finding import Finding

TOP = 5  # a header stands in one of the first five rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Cells with named columns, the line of every row and of the header, and what was found on the way."""

    cells: pl.DataFrame
    lines: pl.Series
    header: int = 1
    findings: tuple[Finding, ...] = ()


def grid(
    header: Sequence[str | None], cells: pl.DataFrame, lines: pl.Series, *, table: str, file: str, line: int = 1
) -> Grid:
    """Return the cells under sound names; name columns that share a name or have none.

    Parameters
    ----------
    header
        The names, one for every column of `cells`.
    cells, lines
        The rows below the header and their lines.
    table, file, line
        Where the header stands.
    """
    if below := header_below(header, zip(lines, cells.head(TOP - 1).iter_rows(), strict=False), table):
        found = finding("data.title-above-header", table=table, file=file, line=line, value=str(below))
        return Grid(cells=pl.DataFrame(), lines=pl.Series(dtype=pl.UInt32), header=line, findings=(found,))
    findings: list[Finding] = []
    columns: dict[str, pl.Series] = {}
    for number, (text, column) in enumerate(zip(header, cells, strict=True), start=1):
        name = (text or "").strip()
        place: Place = {"table": table, "file": file, "line": line, "value": str(number)}
        if not name:
            if column.drop_nulls().len():
                findings.append(finding("data.unnamed-column", **place))
        elif name in columns:
            findings.append(finding("data.duplicate-column", **(place | {"column": name})))
        else:
            columns[name] = column.alias(name)
    named = pl.DataFrame(columns)
    if named.width and (blank := _blank(named)).any():
        named, lines = named.filter(~blank), lines.filter(~blank)
    return Grid(cells=named, lines=lines, header=line, findings=tuple(findings))


def header_below(
    header: Sequence[str | None], rows: Iterable[tuple[int, Sequence[str | None]]], table: str
) -> int | None:
    """Return the line of the row that bears the names which the header lacks, where a title stands above it.

    Parameters
    ----------
    header
        The names that were read.
    rows
        The first rows below it, each with its line.
    table
        The table, whose required columns tell a header.
    """
    spec = known_tables().get(table)
    needed = {column.name for column in spec.columns.values() if column.required} if spec else set()
    if not needed or needed & {(name or "").strip() for name in header}:
        return None
    return next((int(line) for line, row in rows if needed <= {(cell or "").strip() for cell in row}), None)


def _blank(cells: pl.DataFrame) -> pl.Series:
    """Return which rows hold nothing: the first column tells for nearly all of them that they do."""
    empty = [pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "") for name in cells.columns]
    first = cells.select(empty[0]).to_series()
    return cells.select(pl.all_horizontal(empty)).to_series() if first.any() else first
