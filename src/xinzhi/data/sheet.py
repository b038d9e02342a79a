"""A table whose cells have been cast: what the rules look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.text import Text
from xinzhi.data.casting import cast, looks_numeric
from xinzhi.data.catalogue import Table, known_tables
from xinzhi.data.raw import ROW, RawTable, Say, findings_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinzhi.core.finding import Finding
    from xinzhi.data.catalogue import Column, ColumnType

_TYPES: Mapping[str, ColumnType] = {
    "number": "number",
    "integer": "integer",
    "year": "year",
    "string": "text",
    "yearmonth": "month",
    "boolean": "text",
}
_TIMES = frozenset({"year", "period", "month"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table whose cells have been cast.

    Parameters
    ----------
    raw
        The table as it was read.
    spec
        What is known about such a table.
    frame
        The values, sorted by `group` and then time; the column `ROW` leads back to `raw`.
    key
        The columns of the key that the table has.
    units
        The canonical unit of every column that has one.
    """

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
        """The column of the key that holds the year, if there is one."""
        return next((name for name in self.key if (known := self.spec.column(name)) and known.type == "year"), None)

    @property
    def keyed(self) -> bool:
        """Whether every column that the key needs is there; without one of them rows cannot be told apart."""
        return all(name in self.key for name in self.spec.key if self._needs(name))

    def _needs(self, name: str) -> bool:
        column = self.spec.column(name)
        return column is not None and column.required

    def columns(self) -> Iterator[Column]:
        """Yield the known columns that the table has."""
        for name in self.frame.columns:
            if (column := self.spec.column(name)) is not None:
                yield column

    def where(self, mask: pl.Expr | pl.Series, *extra: pl.Expr) -> pl.DataFrame:
        """Return the rows of a mask: `ROW`, and what else is asked for."""
        return self.frame.lazy().select(ROW, *extra, __mask__=mask).filter("__mask__").drop("__mask__").collect()

    def findings(self, rows: pl.DataFrame, say: Say) -> Iterator[Finding]:
        """Yield a finding for every one of the rows."""
        yield from findings_at(self.raw, self.key, rows, say)


def shape(raw: RawTable) -> tuple[Sheet, list[Finding]]:
    """Cast the cells of a table and sort its rows, saying which cells could not be cast.

    Parameters
    ----------
    raw
        The table as it was read.

    Returns
    -------
    Sheet, list[Finding]
        Numbers are still in the units that the source has.
    """
    spec = known_tables().get(raw.name) or _unknown(raw)
    key = tuple(name for name in spec.key if name in raw.cells.columns)
    findings: list[Finding] = []
    columns = [pl.int_range(raw.cells.height, dtype=pl.UInt32, eager=True).alias(ROW)]
    for cells in raw.cells:
        done = cast(cells, _kind(raw, spec, cells))
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


def _unknown(raw: RawTable) -> Table:
    """Return the definition of a table that is the caller's own: everything is allowed."""
    title = Text(zh=raw.name, en=raw.name)
    return Table(name=raw.name, title=title, key=raw.key, columns={}, open=True)
