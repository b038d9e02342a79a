"""A table: columns described once, cells made from a frame; page, workbook and terminal show the same one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import has, listing, same, words
from xinzhi.report.numbers import is_known, number, significant
from xinzhi.report.sentence import yes_no

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal[
    "name",
    "text",
    "code",
    "year",
    "integer",
    "percent",
    "share",
    "level",
    "score",
    "quantity",
    "figure",
    "flags",
    "value",
]
NUMERIC: frozenset[Kind] = frozenset({"year", "integer", "percent", "share", "level", "score", "quantity", "figure"})
FRACTIONS: frozenset[Kind] = frozenset({"percent", "share"})  # frames hold fractions, tables a hundred times as much
DECIMALS: Mapping[Kind, int] = {"share": 0, "level": 2, "score": 3, "quantity": 1}
NO_UNIT = Text(zh="", en="")
Names = Callable[[Any], Text] | Mapping[str, Callable[[Any], Text]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title, unit
        Its words.
    kind
        How its cells are written, and on which side they stand.
    decimals
        Of its figures on the page; None: as the kind has them.
    name
        The column of the frame from which `table` takes its cells.
    values
        The words of its cells, where these are an enumeration.
    """

    title: Text
    kind: Kind
    unit: Text = NO_UNIT
    decimals: int | None = None
    name: str = ""
    values: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: a cell is a number, a plain text, a `Text` in both languages, or None."""

    key: str
    title: Text
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]
    notes: tuple[Text, ...] = ()


def table(  # noqa: PLR0913 - each of them replaces a block of every page
    key: str,
    frame: pl.DataFrame,
    columns: Sequence[str | Column] | None = None,
    names: Names | None = None,
    *,
    schema: Mapping[str, Column] | None = None,
    title: Text | None = None,
    units: Mapping[str, Text] | None = None,
    notes: Sequence[Text] = (),
    known: bool = False,
    **values: object,
) -> Table:
    """Return the table of columns of a frame: codes become names, yes and no words, fractions percent.

    Parameters
    ----------
    key
        ``<topic>_<table>``: the name of the table, and where its words stand in the catalogue: the title is
        ``<topic>.table.<table>``, else ``<topic>.title.<table>``; that of a column which the schema does not describe
        is ``<topic>.column.<name>``.
    frame
        The rows, in order.
    columns
        Names of columns of the frame, or a `column` with a title, a kind or a unit of its own; None: all of the frame.
        A name that the frame holds as ``<name>_zh`` and ``<name>_en`` is a text in both languages.
    names
        What codes are called: one function for every column of kind ``name``, or one for each column by its name.
    schema
        What the result says of its columns.
    title, notes
        A title other than that of the catalogue; and what stands below the table.
    units
        Units of columns that the data decide.
    known
        Whether columns without any figure are left out.
    values
        What stands for the placeholders of the titles.

    Examples
    --------
    >>> frame = pl.DataFrame({"club": [1], "converges": [True], "slope": [0.25]})
    >>> made = table("pathways_clubs", frame)
    >>> [one.title.en for one in made.columns][:2], made.rows[0][1].en
    (['club', 'converges'], 'yes')
    """
    topic, _, name = key.partition("_")
    chosen = [
        one if isinstance(one, Column) else described(topic, one, frame, schema, **values)
        for one in (frame.columns if columns is None else columns)
    ]
    chosen = [replace(one, unit=units[one.name]) if units and one.name in units else one for one in chosen]
    cells = [_cells(one, frame, names) for one in chosen]
    if known:
        held = [any(cell is not None for cell in column) for column in cells]
        chosen = [one for one, some in zip(chosen, held, strict=True) if some]
        cells = [column for column, some in zip(cells, held, strict=True) if some]
    return Table(
        key=key,
        title=title or _title(topic, name, values),
        columns=tuple(chosen),
        rows=list(zip(*cells, strict=True)) if cells else [],
        notes=tuple(notes),
    )


def _title(topic: str, name: str, values: Mapping[str, object]) -> Text:
    keys = (f"{topic}.table.{name}", f"{topic}.title.{name}", f"table.{topic}_{name}", f"table.{topic}")
    return words(next((key for key in keys if has(key)), keys[0]), **values)


def column(key: str, kind: Kind, unit: Text | None = None, /, *, of: str | None = None, **values: object) -> Column:
    """Return a column with a title of the catalogue, for a table whose frame the schema does not describe.

    Parameters
    ----------
    key
        ``<topic>.<name>``: the title is ``<topic>.column.<name>``.
    kind, unit
        How its cells are written.
    of
        The column of the frame; None: ``<name>``.
    values
        What stands for the placeholders of the title.

    Examples
    --------
    >>> column("pathways.club", "integer").title.en
    'club'
    """
    topic, _, name = key.rpartition(".")
    title = words(f"{topic}.column.{name}" if topic else f"column.{name}", **values)
    return Column(title=title, kind=kind, unit=unit or NO_UNIT, name=of or name)


def described(
    topic: str, name: str, frame: pl.DataFrame, schema: Mapping[str, Column] | None, **values: object
) -> Column:
    """Return the column of a frame as the schema describes it, else the catalogue, else its own name and type."""
    if schema is not None and name in schema:
        return replace(schema[name], name=name)
    keys = (f"{topic}.column.{name}", f"column.{name}")
    key = next((key for key in keys if has(key)), None)
    title = same(name) if key is None else words(key, **values)
    return Column(title=title, kind=_kind(name, frame), name=name)


def _kind(name: str, frame: pl.DataFrame) -> Kind:
    """Return the kind of a column that nothing describes, by its name and type."""
    if name in {"region", "unit", "place", "group", "leader"}:
        return "name"
    if name in {"year", "start", "end"}:
        return "year"
    kind = frame.schema.get(name, pl.String)
    return "integer" if kind.is_integer() else "figure" if kind.is_float() else "text"


def _cells(one: Column, frame: pl.DataFrame, names: Names | None) -> list[Any]:
    """Return the cells of a column."""
    if one.name not in frame.columns:
        pairs = frame.select(f"{one.name}_zh", f"{one.name}_en").rows()
        return [None if zh is None and en is None else Text(zh=zh or en, en=en or zh) for zh, en in pairs]
    held = frame[one.name]
    if held.dtype.is_float():
        held = held.fill_nan(None)
    if one.kind in FRACTIONS and held.dtype.is_numeric():
        held = held * 100
    said = _said(one, names)
    if isinstance(held.dtype, pl.List):
        return [None if some is None else listing([said(item) for item in some]) for some in held.to_list()]
    if held.dtype == pl.Boolean and not one.values:
        return [yes_no(value) for value in held.to_list()]
    if one.kind in NUMERIC and not one.values:
        return held.to_list()
    return [None if value is None else said(value) for value in held.to_list()]


def _said(one: Column, names: Names | None) -> Callable[[Any], Any]:
    """Return what writes one value of a column: its word, its name, or itself."""
    called = names.get(one.name) if isinstance(names, Mapping) else names if one.kind == "name" else None
    if one.values:
        return lambda value: one.values.get(str(value).lower(), same(value))
    return called or (lambda value: value if isinstance(value, str | Text) else str(value))


def cells_of(one: Column, frame: pl.DataFrame, names: Names | None = None) -> list[Any]:
    """Return the cells of a column of a frame as a table shows them; charts draw from the same ones."""
    return _cells(one, frame, names)


def without_notes(source: Table) -> Table:
    """Return a table whose notes stand elsewhere."""
    return replace(source, notes=())


def cell(value: Any, one: Column, decimals: int) -> str | Text:  # noqa: ANN401 - a cell of any kind
    """Write a cell for the page; growth in percent has the decimals of the report."""
    if value is None:
        return number(None)
    if one.decimals is not None and is_known(value):
        return number(value, one.decimals)
    if one.kind in DECIMALS or one.kind == "percent":
        return number(value, DECIMALS.get(one.kind, decimals))
    if one.kind == "figure":
        return significant(value)
    return value if isinstance(value, Text) else str(value)
