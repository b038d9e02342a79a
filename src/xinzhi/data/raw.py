"""A table as it was read: every cell as it stands under a sound name, and the line that it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from xinzhi.core.finding import Finding, Place, Severity, finding
from xinzhi.data.catalogue import limit, tables_by_name

ROW = "__row__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What a descriptor says about one column."""

    name: str
    type: str | None = None
    unit: str | None = None
    codes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A table as it was read: cells as they were written, with the file and the line of each."""

    name: str
    cells: pl.DataFrame
    lines: pl.Series
    header: int | None = None
    file: str | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    key: tuple[str, ...] = ()

    def text(self, column: str | None, row: int) -> str | None:
        """Return a cell as its writer would recognise it; None where it is empty or blank."""
        value = self.cells[column][row] if column in self.cells.columns else None
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        return f"{value:.15g}" if isinstance(value, float) else str(value).removesuffix(".0")

    def key_of(self, row: int, key: tuple[str, ...]) -> str | None:
        """Return the key of a row, such as ``220000/2021``."""
        parts = [self.text(name, row) or "?" for name in key if name in self.cells.columns]
        return "/".join(parts) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """What to say about cells that break one rule; `value` and `words` are read from each row."""

    message: str
    severity: Severity | None = None
    column: str | None = None
    expected: str | None = None
    value: Callable[[dict[str, Any]], str] | None = None
    words: Callable[[dict[str, Any]], dict[str, object]] | None = None


def findings_at(raw: RawTable, key: tuple[str, ...], rows: pl.DataFrame, say: Say) -> Iterator[Finding]:
    """Yield one finding for every row, in the order of the file; past the limit the rest are only counted."""
    last: Finding
    most = int(limit("findings_per_rule"))
    for row in rows.sort(ROW).head(most).iter_rows(named=True):
        index = int(row[ROW])
        last = finding(
            say.message,
            severity=say.severity,
            words=say.words(row) if say.words else None,
            table=raw.name,
            file=raw.file,
            line=raw.lines[index],
            column=say.column,
            key=raw.key_of(index, key),
            value=say.value(row) if say.value else raw.text(say.column, index),
            expected=say.expected,
        )
        yield last
    if rows.height > most:
        count = rows.height - most
        yield finding(
            "data.more-findings",
            severity=last.severity,
            words={"count": count, "rule": last.rule},
            table=raw.name,
            file=raw.file,
            column=say.column,
            value=str(count),
        )


_NUMBER, _YEAR = re.compile(r"[+-]?[\d.]"), re.compile(r"(19|20)\d\d(\D|$)")
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
    """Return the cells under sound names; name columns that share a name or have none."""
    if below := header_below(header, zip(lines, cells.head(TOP - 1).iter_rows(), strict=False), table):
        problem = finding("data.title-above-header", table=table, file=file, line=line, value=str(below))
        return Grid(cells=pl.DataFrame(), lines=pl.Series(dtype=pl.UInt32), header=line, findings=(problem,))
    if _in_two_rows(header, cells):
        problem = finding("data.header-of-two-rows", table=table, file=file, line=line, value=str(lines[0]))
        return Grid(cells=pl.DataFrame(), lines=pl.Series(dtype=pl.UInt32), header=line, findings=(problem,))
    findings: list[Finding] = []
    columns: dict[str, pl.Series] = {}
    for number, (text, column) in enumerate(zip(header, cells, strict=True), start=1):
        name = (text or "").strip()
        place: Place = {"table": table, "file": file, "line": line, "value": str(number)}
        if not name:
            if column.null_count() < len(column):
                findings.append(finding("data.unnamed-column", **place))
        elif name in columns:
            findings.append(finding("data.duplicate-column", **(place | {"column": name})))
        else:
            columns[name] = column.alias(name)
    table_cells = pl.DataFrame(columns)
    empty = [pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "") for name in table_cells.columns]
    if (
        empty and table_cells.select(empty[0].any()).item()
    ):  # the first column tells for nearly all rows that they hold any
        blank = table_cells.select(pl.all_horizontal(empty)).to_series()
        table_cells, lines = table_cells.filter(~blank), lines.filter(~blank)
    return Grid(cells=table_cells, lines=lines, header=line, findings=tuple(findings))


def header_below(
    header: Sequence[str | None], below: Iterable[tuple[int, Sequence[str | None]]], table: str
) -> int | None:
    """Return the line of the row that bears the names which the header lacks, where a title stands above it."""
    rows, spec = list(below), tables_by_name().get(table)
    needed = {column.name for column in spec.columns.values() if column.required} if spec else set()
    filled = [[cell.strip() for cell in row if cell and cell.strip()] for row in (header, *(row for _, row in rows))]
    if needed & set(filled[0]):
        return None
    if needed:
        lines = (int(line) for (line, _), row in zip(rows, filled[1:], strict=True) if needed <= set(row))
        if (below_line := next(lines, None)) is not None:
            return below_line
    # names of one's own: a lone first cell is a title where the next full row holds words
    first = (header[0] or "").strip() if header else ""
    at = next((place for place, row in enumerate(filled) if len(row) > 1), 0)
    return int(rows[at - 1][0]) if at > 0 and filled[0] == [first] and _is_header_row(filled[at]) else None


def _is_header_row(cells: Iterable[str]) -> bool:
    """Whether cells may be a heading: words, and years."""
    return all(_YEAR.match(cell) or not _NUMBER.match(cell) for cell in cells)


def _in_two_rows(header: Sequence[str | None], cells: pl.DataFrame) -> bool:
    """Whether a header goes on in the row below, as merged cells do: words stand there where names are missing."""
    above = [bool((name or "").strip()) for name in header]
    below = [(cell or "").strip() for cell in cells.row(0)] if cells.height else []
    pairs = list(zip(above, below, strict=False))
    goes_on = any(cell and not titled for titled, cell in pairs) and any(titled and not cell for titled, cell in pairs)
    return goes_on and _is_header_row(filter(None, below))
