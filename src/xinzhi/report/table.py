"""A table: columns described once, cells made from a frame; page, workbook and terminal show the same one.

A table that needs no code is a row of ``words/sections/<topic>.yaml`` under its key; ``table(key, frame, of=result)``
makes it::

    tables:
      debt_held:
        columns: [region, {borrowing: {kind: percent, unit: points_a_year}}, "flags?"]
        frame: means       # the frame of the result that is shown and described (without: frame)
        order: [-borrowing, region]
        title: table.held  # without: <topic>.table.<key behind the line>, else <topic>.title.<...>
        notes: [note.held] # below the table
        values: {level: confidence}  # properties of the result that fill the placeholders of the titles

A column is its name where the schema describes it, else ``{name: kind}`` or ``{name: {kind, title, unit, names}}`` with
words ``<topic>.column.<title>`` and ``<topic>.unit_of.<unit>``; one with a question mark may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

import polars as pl

from xinzhi import words
from xinzhi.core.names import Names
from xinzhi.core.result import Result
from xinzhi.core.schema import COMMON, NO_TEXT, Column, Kind
from xinzhi.core.schema import describe as schema
from xinzhi.core.schema import described as in_schema
from xinzhi.core.text import (
    Text,
    has,
    is_finite_number,
    listing,
    number,
    same,
    significant,
)
from xinzhi.report.rows import TableRow, property_of, rows_of_topic
from xinzhi.report.sentence import yes_no

__all__ = [
    "DECIMALS",
    "NO_UNIT",
    "NUMERIC",
    "Column",
    "Kind",
    "Table",
    "cell",
    "cells_of",
    "column",
    "column_description",
    "sort_frame",
    "table",
    "without_notes",
]

NUMERIC: frozenset[Kind] = frozenset(
    {"year", "integer", "percent", "share", "points", "level", "score", "quantity", "figure"}
)
FRACTIONS: frozenset[Kind] = frozenset({"percent", "share"})  # frames hold fractions, tables a hundred times as much
DECIMALS: Mapping[Kind, int] = {"share": 0, "level": 2, "score": 3, "quantity": 1}
GROWTH: frozenset[Kind] = frozenset({"percent", "points"})  # written with the decimals of the report
NO_UNIT = NO_TEXT
Listed = Sequence[object]  # columns: names, each a `Column`, or a mapping as data have it
Writers = Mapping[str, Callable[[Any], Text | None]]  # what writes a value of each column, by its name
NameSource = Names | Callable[[Any], Text] | Writers


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: a cell is a number, a plain text, a `Text` in both languages, or None."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: Sequence[tuple[object, ...]]
    notes: tuple[Text, ...] = ()

    def excerpt(self, *names: str, **cells: object) -> Table:
        """Return some columns of the rows that hold such cells."""
        places = {column.name: at for at, column in enumerate(self.columns)}
        rows = [row for row in self.rows if all(row[places[name]] == cell for name, cell in cells.items())]
        columns = tuple(self.columns[places[name]] for name in names)
        return replace(self, columns=columns, rows=[tuple(row[places[name]] for name in names) for row in rows])


def table(  # noqa: PLR0913 - each of them replaces a block of every page
    key: str,
    frame: pl.DataFrame | None = None,
    columns: Listed | None = None,
    of: Result | None = None,
    *,
    part: str | None = None,
    names: NameSource | None = None,
    title: Text | None = None,
    units: Mapping[str, Text] | None = None,
    notes: Sequence[Text] = (),
    drop_empty: bool = False,
    **values: object,
) -> Table:
    """Return the table of columns of a frame: codes become names, yes and no words, fractions percent.

    Parameters
    ----------
    key
        ``<topic>_<table>``. The title stands under ``table`` of the topic of the result by the whole key, or it is
        ``<topic>.table.<table>`` or ``<topic>.title.<table>``; that of a column which the schema does not describe is
        ``<topic>.column.<name>``.
    frame
        What is shown; by default the `part` of the result.
    columns
        Names of columns of the frame, or a `column` with a title, a kind or a unit of its own; those of the row of the
        table in ``words/sections`` by default, else all of the frame. One that the frame holds as ``<name>_zh`` and
        ``<name>_en`` is a text in both languages.
    of
        The result that describes and names the columns.
    part
        The frame of the result that an entry ``<part>.<name>`` of its schema is for.
    names
        What codes are called where it is not as the result says: `Names`, a function for every column of kind
        ``name``, or one for each column by its name.
    title, notes
        The title where it is not that of the key, and lines below.
    units
        Units of columns that the data decide.
    drop_empty
        Whether columns without any figure are left out.
    values
        Fill the placeholders of the titles.

    Examples
    --------
    >>> import polars as pl
    >>> table("yardstick_x", pl.DataFrame({"region": ["110000"], "share": [0.5]}), title=same("Share")).rows
    [('110000', 0.5)]
    """
    topic = key.partition("_")[0]
    row = TableRow() if of is None else rows_of_topic(of.topic).tables.get(key, TableRow())
    part = part or row.frame or "frame"
    frame = sort_frame(property_of(of, part) if frame is None else frame, row.order)
    values |= row.placeholders(of)
    if title is None and of is not None and row.title is not None:
        title = words.by_key(f"{of.topic}.{row.title}", **values)
    if columns is None:
        columns = frame.columns if row.columns is None else row.columns
    described = (_column(spec, topic, frame, of, part, values) for spec in columns)
    present = [_with_unit(entry, units) for entry in described if entry is not None]
    if names is None and of is not None:
        names = of.writers or of.names
    cells = [cells_of(entry, frame, names) for entry in present]
    if drop_empty:
        filled = [place for place, column_cells in enumerate(cells) if any(cell is not None for cell in column_cells)]
        present = [present[place] for place in filled]
        cells = [cells[place] for place in filled]
    return Table(
        key=key,
        title=title or _title(key, of, values),
        columns=tuple(present),
        rows=list(zip(*cells, strict=True)) if cells else [],
        notes=(*notes, *(words.by_key(f"{of.topic}.{note}") for note in row.notes if of is not None)),
    )


def _with_unit(entry: Column, units: Mapping[str, Text] | None) -> Column:
    """Return a column in the unit that the data decide, if they do."""
    return replace(entry, unit=units[entry.name]) if units and entry.name in units else entry


def sort_frame(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Return a frame sorted by columns, those with a minus from the highest down, what is not known last."""
    down = [name.startswith("-") for name in by]
    return frame.sort([name.removeprefix("-") for name in by], descending=down, nulls_last=True) if by else frame


def _column(
    spec: object,
    topic: str,
    frame: pl.DataFrame,
    of: Result | None,
    part: str,
    values: Mapping[str, object],
) -> Column | None:
    """Return a column as it is asked for; None where it may be missing and is."""
    if isinstance(spec, Column):
        return spec
    name, details = next(iter(spec.items())) if isinstance(spec, Mapping) else (str(spec), None)
    if name.endswith("?"):
        name = name[:-1]
        if not {name, f"{name}_en"} & set(frame.columns):
            return None
    if details is None:
        return column_description(topic, name, frame, of, part, values)
    entry: Mapping[str, str] = {"kind": details} if isinstance(details, str) else details
    home = topic if of is None else of.topic
    unit = _unit(home, entry.get("unit"), values)
    titled = column(f"{home}.{entry.get('title', name)}", cast("Kind", entry["kind"]), unit, of=name, **values)
    labels = column_description(topic, name, frame, of, part, values).values
    return replace(titled, names=entry.get("names"), values=labels)


def _unit(topic: str, name: str | None, values: Mapping[str, object]) -> Text | None:
    """Return the unit of a row of data: a word of the catalogue, or the name itself."""
    if name is None:
        return None
    key = f"{topic}.unit_of.{name}"
    return words.by_key(key, **values) if has(key) else same(name)


def _title(key: str, of: Result | None, values: Mapping[str, object]) -> Text:
    topic, _, name = key.partition("_")
    full_key, part = (f"{topic if of is None else of.topic}.table.{suffix}" for suffix in (key, name))
    keys = (full_key, f"{topic}.table.{name}", f"{topic}.title.{name}", part, f"table.{key}", f"table.{topic}")
    return words.by_key(next((candidate for candidate in keys if has(candidate)), keys[1]), **values)


def column(key: str, kind: Kind, unit: Text | None = None, /, *, of: str | None = None, **values: object) -> Column:
    """Return the column `of` of a frame that the schema does not describe, titled ``<topic>.column.<name>``."""
    topic, _, name = key.rpartition(".")
    title = words.by_key(f"{topic}.column.{name}" if topic else f"column.{name}", **values)
    return Column(title=title, kind=kind, unit=unit or NO_UNIT, name=of or name)


def column_description(
    topic: str, name: str, frame: pl.DataFrame, of: Result | None, part: str, values: Mapping[str, object]
) -> Column:
    """Return a column as the result describes it, else the catalogue of the topic, else its own name and type."""
    if of is not None and of.verb:
        with suppress(KeyError):
            return of.column(name, part)
    common = schema(COMMON, name) if in_schema(COMMON, name) else None
    base = common or Column(name=name, title=same(name), kind=_kind(frame.schema.get(name)))
    key = f"{topic}.column.{name}"
    return replace(base, title=words.by_key(key, **values)) if has(key) else base


def _kind(dtype: pl.DataType | None) -> Kind:
    """Return the kind of a column that nothing describes, by its type."""
    if dtype is None or not dtype.is_numeric():
        return "flag" if dtype == pl.Boolean else "text"
    return "integer" if dtype.is_integer() else "figure"


def cells_of(column: Column, frame: pl.DataFrame, names: NameSource | None = None) -> list[object]:
    """Return the cells of a column of a frame as a table shows them; charts draw the same ones."""
    if column.name not in frame.columns:
        pairs = frame.select(f"{column.name}_zh", f"{column.name}_en").rows()
        return [None if zh is None and en is None else Text(zh=zh or en, en=en or zh) for zh, en in pairs]
    series = frame[column.name]
    if series.dtype.is_float():
        series = series.fill_nan(None)
    if column.kind in FRACTIONS and series.dtype.is_numeric():
        series = series * 100
    if series.dtype == pl.Boolean and not column.values:
        return [yes_no(value) for value in series.to_list()]
    if column.kind in NUMERIC and not column.values:
        return series.to_list()
    write = _cell_writer(column, series, names)
    if isinstance(series.dtype, pl.List):
        return [None if members is None else listing([write(item) for item in members]) for members in series.to_list()]
    return [None if value is None else write(value) for value in series.to_list()]


def _cell_writer(column: Column, series: pl.Series, names: NameSource | None) -> Callable[[object], Any]:
    """Return what writes one value of a column: its word, its name, or itself."""
    if column.values:
        return lambda value: column.values.get(
            str(value).lower() if isinstance(value, bool) else str(value), same(value)
        )
    if isinstance(names, Names):
        if column.names is None:
            return _plain
        codes = (
            series.explode().drop_nulls().unique(maintain_order=True) if isinstance(series.dtype, pl.List) else series
        )
        # all names of the kind, so that one code is called the same in every table of a page
        labels = names.distinct(
            column.names, [*names.by_kind.get(column.names, ()), *codes.drop_nulls().unique(maintain_order=True)]
        )
        return lambda value: labels[str(value)]
    if isinstance(names, Mapping):
        return names.get(column.name, _plain)
    return _plain if names is None or column.kind != "name" else names


def _plain(value: object) -> str | Text:
    return value if isinstance(value, str | Text) else str(value)


def without_notes(source: Table) -> Table:
    """Return a table whose notes stand elsewhere."""
    return replace(source, notes=())


def cell(value: object, column: Column, decimals: int) -> str | Text:
    """Write a cell for the page; growth in percent has the decimals of the report."""
    if value is None or (isinstance(value, float) and not is_finite_number(value)):
        return number(None)
    if is_finite_number(value):
        if column.decimals is not None:
            return number(value, column.decimals)
        if column.kind in DECIMALS or column.kind in GROWTH:
            return number(value, DECIMALS.get(column.kind, decimals))
        if column.kind == "figure":
            return significant(value)
    if column.kind == "integer" and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, Text) else str(value)
