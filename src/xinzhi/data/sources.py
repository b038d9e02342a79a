"""Where a package comes from: a shipped name, a folder, a workbook, parquet files, or frames in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import finding
from xinzhi.core.text import Text
from xinzhi.data.delimited import read_delimited
from xinzhi.data.descriptor import NAMES, find_descriptor, read_descriptor
from xinzhi.data.facts import HERE
from xinzhi.data.frames import read_frames, read_parquet
from xinzhi.data.raw import Field, RawTable

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.core.result import FrameKind
    from xinzhi.data.descriptor import Resource
    from xinzhi.data.grid import Grid

SHIPPED = HERE / "packages"
Units = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A package as it was read, before anything is cast."""

    name: str
    title: Text
    tables: list[RawTable]
    findings: list[Finding] = field(default_factory=list)
    version: str | None = None
    kind: FrameKind = "polars"
    place: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)


def packages() -> tuple[str, ...]:
    """Return the names of the data packages that ship with xinzhi.

    Examples
    --------
    >>> packages()
    ('china-provinces',)
    """
    return tuple(sorted(folder.name for folder in SHIPPED.iterdir() if find_descriptor(folder)))


def read_source(
    source: str | PathLike[str] | Mapping[str, Any], *, encoding: str | None = None, units: Units | None = None
) -> Source:
    """Read a package from wherever it is.

    Raises
    ------
    InputError
        When there is nothing at that place, or nothing that can be read.
    UsageError
        When `source` is neither a place nor a mapping.
    """
    if not isinstance(source, (str, PathLike, Mapping)):
        raise UsageError("data.no-source", known=list(packages()), given=type(source).__name__)
    if isinstance(source, Mapping):
        read = _frames(source)
    elif isinstance(source, str) and source in packages():
        read = replace(_folder(SHIPPED / source, None), place=source)
    else:
        read = _place(_find(Path(source)), encoding)
    return _with_units(read, units or {})


def _frames(frames: Mapping[str, Any]) -> Source:
    if not frames:
        raise InputError("data.no-tables")
    tables, kind = read_frames(frames)
    return Source(name="frames", title=Text(zh="内存中的数据", en="Frames in memory"), tables=tables, kind=kind)


def _find(path: Path) -> Path:
    if path.exists():
        return path
    shipped = ", ".join(packages())
    raise InputError("data.no-place", path=path, shipped=shipped)


def _place(path: Path, encoding: str | None) -> Source:
    try:
        if path.is_dir():
            return _folder(path, encoding)
        if path.suffix.lower() in {".yaml", ".yml", ".json"}:
            return _described(path, encoding)
        if path.suffix.lower() == ".xlsx":
            return _book(path)
    except OSError as error:
        raise InputError("data.unreadable", path=error.filename or path, reason=error.strerror or error) from error
    raise InputError("data.no-package", path=path, descriptor=NAMES[0])


def _folder(path: Path, encoding: str | None) -> Source:
    if descriptor := find_descriptor(path):
        return _described(descriptor, encoding)
    files = sorted(path.glob("*.parquet"))
    if not files:
        raise InputError("data.no-descriptor", path=path, descriptor=NAMES[0])
    tables = [read_parquet(file, file.stem) for file in files]
    return Source(name=path.resolve().name, title=_plain(path.resolve().name), tables=tables, place=str(path))


def _described(path: Path, encoding: str | None) -> Source:
    descriptor = read_descriptor(path)
    tables: list[RawTable] = []
    findings: list[Finding] = []
    for resource in descriptor.resources:
        table, found = _resource(path.parent, resource, encoding)
        tables += [table] if table is not None else []
        findings += found
    return Source(
        name=descriptor.name,
        title=descriptor.title,
        version=descriptor.version,
        tables=tables,
        findings=findings,
        place=str(path.parent),
        document=descriptor.document,
    )


def _resource(folder: Path, resource: Resource, encoding: str | None) -> tuple[RawTable | None, tuple[Finding, ...]]:
    file = folder / resource.path
    if not file.is_file():
        raise InputError("data.resource-absent", file=file, name=resource.name)
    if file.suffix.lower() == ".parquet":
        return replace(read_parquet(file, resource.name), fields=resource.fields, key=resource.key), ()
    read = read_delimited(file, resource.name, encoding=encoding or resource.encoding, delimiter=resource.delimiter)
    if not read.cells.width:
        return None, read.findings
    marks = tuple(
        finding("data.decimal-char-unread", table=resource.name, file=file.name, column=column, value=mark)
        for column, mark in resource.decimal.items()
    )
    read = replace(read, cells=_without(read.cells, resource.missing))
    return _table(read, resource.name, file.name, resource), read.findings + marks


def _without(cells: pl.DataFrame, missing: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Empty the cells that hold what the descriptor calls a missing value."""
    return cells.with_columns(
        pl.when(~pl.col(name).str.strip_chars().is_in(list(texts))).then(name)
        for name, texts in missing.items()
        if texts and name in cells.columns
    )


def _table(read: Grid, name: str, file: str, resource: Resource | None = None) -> RawTable:
    fields, key = (resource.fields, resource.key) if resource else ({}, ())
    return RawTable(
        name=name, file=file, cells=read.cells, lines=read.lines, header=read.header, fields=fields, key=key
    )


def _book(path: Path) -> Source:
    from xinzhi.data.workbook import read_workbook

    book = read_workbook(path)
    tables = [
        _table(read, name, path.name) for name, read in book.tables.items() if read.cells.width or not read.findings
    ]
    findings = [found for read in book.tables.values() for found in read.findings]
    read = Source(name=path.stem, title=_plain(path.stem), tables=tables, findings=findings, place=str(path))
    return _with_units(read, book.units)


def _plain(name: str) -> Text:
    return Text(zh=name, en=name)


def _with_units(read: Source, units: Units) -> Source:
    """Declare units on top of those that the source declares itself; name those that fit no column."""
    tables = [replace(table, fields=_declare(table, units.get(table.name, {}))) for table in read.tables]
    columns = {(table.name, name) for table in read.tables for name in table.cells.columns}
    unused = [
        finding("data.unit-unused", table=table, column=column, value=unit)
        for table, entries in units.items()
        for column, unit in entries.items()
        if (table, column) not in columns
    ]
    return replace(read, tables=tables, findings=read.findings + unused)


def _declare(table: RawTable, units: Mapping[str, str]) -> Mapping[str, Field]:
    new = {
        name: replace(table.fields.get(name, Field(name=name)), unit=unit)
        for name, unit in units.items()
        if name in table.cells.columns
    }
    return {**table.fields, **new}
