"""Load a package from wherever it is: read it as it stands, cast, convert, and look at it with every rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.finding import Finding, finding
from xinzhi.core.result import FrameKind
from xinzhi.core.text import Text, same
from xinzhi.data.casting import Sheet, convert, shape
from xinzhi.data.catalogue import HERE, nearest_table, table_name
from xinzhi.data.delimited import read_delimited
from xinzhi.data.descriptor import NAMES, Resource, digest_of, find_descriptor, issuers, read_descriptor
from xinzhi.data.frames import BOOKS, COLUMNAR, read_columnar, read_frames
from xinzhi.data.package import Origin, Package
from xinzhi.data.raw import ROW, Field, Grid, RawTable
from xinzhi.data.rules import examine
from xinzhi.data.rules.keys import unknown_table

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

    >>> packages()
    ('china-provinces',)
    """
    return tuple(sorted(folder.name for folder in SHIPPED.iterdir() if find_descriptor(folder)))


def read_source(
    source: str | PathLike[str] | Mapping[str, Any], *, encoding: str | None = None, units: Units | None = None
) -> Source:
    """Read a package from wherever it is: its tables as they were written, before anything is cast or checked."""
    if not isinstance(source, (str, PathLike, Mapping)):
        raise UsageError("data.no-source", known=list(packages()), given=type(source).__name__)
    if isinstance(source, Mapping):
        if not source:
            raise InputError("data.no-tables")
        tables, kind = read_frames(source)
        loaded = Source(name="frames", title=words.data.in_memory(), tables=tables, kind=kind)
    elif isinstance(source, str) and source in packages():
        loaded = replace(_folder(SHIPPED / source, None), place=source)
    elif Path(source).exists():
        loaded = _place(Path(source), encoding)
    else:
        raise InputError("data.no-place", path=Path(source), shipped=list(packages()))
    return _with_units(loaded, units or {})


def _place(path: Path, encoding: str | None) -> Source:
    try:
        if path.is_dir():
            return _folder(path, encoding)
        if path.suffix.lower() in {".yaml", ".yml", ".json"}:
            return _described(path, encoding)
        if path.suffix.lower() == ".xlsx":
            return _book(path)
    except OSError as error:
        raise InputError("data.unreadable", path=error.filename or path, reason=system_reason(error)) from error
    raise InputError("data.no-package", path=path, descriptor=NAMES[0])


def _folder(path: Path, encoding: str | None) -> Source:
    if descriptor := find_descriptor(path):
        return _described(_inside(path, descriptor), encoding)
    files = sorted(path.glob("*.parquet"))
    if not files:
        raise InputError("data.no-descriptor", path=path, descriptor=NAMES[0])
    files = [_inside(path, file) for file in files]
    stems = [file.stem for file in files]
    tables = [read_columnar(file, table_name(file.stem, stems)) for file in files]
    return Source(name=path.resolve().name, title=same(path.resolve().name), tables=tables, place=str(path))


def _inside(folder: Path, file: Path) -> Path:
    """Return a file that lies in its folder, wherever its links lead; installers may link what ships with xinzhi."""
    if folder.parent != SHIPPED and not file.resolve().is_relative_to(folder.resolve()):
        raise InputError("data.link-outside", file=file, target=file.resolve())
    return file


def _described(path: Path, encoding: str | None) -> Source:
    descriptor = read_descriptor(path)
    tables: list[RawTable] = []
    findings: list[Finding] = []
    for resource in descriptor.resources:
        table, problems = _resource(path.parent, resource, encoding)
        tables += [table] if table is not None else []
        findings += problems
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
    _inside(folder, file)
    data = file.read_bytes() if resource.hash is not None or resource.bytes is not None else None
    changed = () if data is None else tuple(_digest_findings(file, data, resource))
    if file.suffix.lower() in COLUMNAR:
        return replace(read_columnar(file, resource.name), fields=resource.fields, key=resource.key), changed
    if file.suffix.lower() in BOOKS:
        from xinzhi.data.workbook import read_sheet_by_name

        sheet_grid, units = read_sheet_by_name(file, resource.sheet or resource.name, resource.name)
        fields = {name: Field(name=name, unit=unit) for name, unit in units.items() if name in sheet_grid.cells.columns}
        resource = replace(resource, fields={**fields, **resource.fields})
        return None if _unread(sheet_grid) else _table(
            sheet_grid, resource.name, file.name, resource
        ), changed + sheet_grid.findings
    sheet_grid = read_delimited(
        file, resource.name, encoding=encoding or resource.encoding, delimiter=resource.delimiter, data=data
    )
    if _unread(sheet_grid):
        return None, changed + sheet_grid.findings
    marks = tuple(
        finding("data.decimal-char-unread", table=resource.name, file=file.name, column=column, value=mark)
        for column, mark in resource.decimal.items()
    )
    values = (  # all but the cells that hold what the descriptor calls a missing value
        pl.when(~pl.col(name).str.strip_chars().is_in(list(texts))).then(name)
        for name, texts in resource.missing.items()
        if texts and name in sheet_grid.cells.columns
    )
    sheet_grid = replace(sheet_grid, cells=sheet_grid.cells.with_columns(values))
    return _table(sheet_grid, resource.name, file.name, resource), changed + sheet_grid.findings + marks


def _digest_findings(file: Path, data: bytes, resource: Resource) -> Iterator[Finding]:
    """Yield that a file is not what the descriptor says it was when it was written; line ends do not count in text."""
    text = file.suffix.lower() not in COLUMNAR
    digested = digest_of(resource.hash, b"") is not None
    for content in _line_ends(data) if text else (data,):
        sound = not digested or digest_of(resource.hash, content) == resource.hash
        if sound and resource.bytes in {None, str(len(content))}:
            return
    yield finding(
        "data.file-changed" if text else "data.file-damaged",
        table=resource.name,
        file=file.name,
        value=f"{digest_of(resource.hash, data) or ''} {len(data)}".strip(),
        expected=" ".join(part for part in (resource.hash, resource.bytes) if part),
    )


def _line_ends(data: bytes) -> Iterator[bytes]:
    """Yield a text as it stands, then with either line end."""
    yield data
    unix = data.replace(b"\r\n", b"\n")
    yield unix
    yield unix.replace(b"\n", b"\r\n")


def _unread(grid: Grid) -> bool:
    """Whether a finding says already why there is no table; one without any column is an empty table."""
    return not grid.cells.width and any(problem.severity == "error" for problem in grid.findings)


def _table(grid: Grid, name: str, file: str, resource: Resource | None = None) -> RawTable:
    fields, key = (resource.fields, resource.key) if resource else ({}, ())
    return RawTable(
        name=name, file=file, cells=grid.cells, lines=grid.lines, header=grid.header, fields=fields, key=key
    )


def _book(path: Path) -> Source:
    from xinzhi.data.workbook import read_workbook

    book = read_workbook(path)
    tables = [_table(grid, name, path.name) for name, grid in book.tables.items() if not _unread(grid)]
    findings = [problem for grid in book.tables.values() for problem in grid.findings]
    findings += [
        unknown_table(sheet, path.name)
        for sheet in book.other_sheets
        if nearest_table(sheet) not in {None, *book.tables}
    ]
    source = Source(name=path.stem, title=same(path.stem), tables=tables, findings=findings, place=str(path))
    return _with_units(source, book.units)


def _with_units(source: Source, units: Units) -> Source:
    """Declare units on top of those that the source declares itself; name those that fit no column."""
    if not all(
        isinstance(entries, Mapping) and all(isinstance(unit, str) for unit in entries.values())
        for entries in units.values()
    ):
        raise UsageError("data.units-shape", given=repr(units)[:80])
    units = {table_name(str(name), units): entries for name, entries in units.items()}
    tables = []
    for table in source.tables:
        declared = {name: unit for name, unit in units.get(table.name, {}).items() if name in table.cells.columns}
        new = {name: replace(table.fields.get(name, Field(name=name)), unit=unit) for name, unit in declared.items()}
        tables.append(replace(table, fields={**table.fields, **new}))
    columns = {(table.name, name) for table in source.tables for name in table.cells.columns}
    present = {table.name for table in tables}
    declarations = [(table, *entry) for table, entries in units.items() for entry in entries.items()]
    unused = [
        finding("data.unit-unused", table=table, column=column, value=unit)
        for table, column, unit in declarations
        if table in present and (table, column) not in columns
    ]
    unused += [
        finding("data.unit-unused-table", table=table, words={"columns": list(entries)}, value=table)
        for table, entries in units.items()
        if table not in present
    ]
    return replace(source, tables=tables, findings=source.findings + unused)


def load(
    source: str | PathLike[str] | Mapping[str, Any], *, encoding: str | None = None, units: Units | None = None
) -> Package:
    """Read a data package; what is wrong with it is listed in its `findings`, not raised.

    Parameters
    ----------
    source
        Name of a package that ships with xinzhi; path of a folder with a descriptor, of a descriptor, of a workbook
        (.xlsx) or of a folder of parquet files; or a mapping of table names to frames of any kind (pandas, polars,
        pyarrow, duckdb).
    encoding
        The encoding of CSV files that are not UTF-8, such as ``gb18030``.
    units
        Units by table and column, on top of those that the source declares. Columns without any are taken in the
        canonical unit.

    Raises
    ------
    InputError, UsageError
        When the source cannot be read at all: no descriptor, a truncated workbook, an empty or missing file; when it is
        of another kind, such as a single frame, or `encoding` is not known.

    Examples
    --------
    >>> import polars as pl
    >>> accounts = pl.DataFrame({"region": ["220000"], "year": [2021], "employment": [1190]})
    >>> package = load({"accounts": accounts}, units={"accounts": {"employment": "wan persons"}})
    >>> package.tables["accounts"]["employment"].to_list(), package.units["accounts"]["employment"]
    ([1190.0], '1e4 persons')
    """
    if isinstance(source, str) and source in packages() and encoding is None and not units:
        package = _load_shipped(
            source
        )  # read once: its files do not change, and what a caller puts into its own does not stay
        return replace(
            package, tables=dict(package.tables), units={name: dict(entries) for name, entries in package.units.items()}
        )
    return as_read(read_source(source, encoding=encoding, units=units))


@cache
def _load_shipped(name: str) -> Package:
    """Return a package that ships with xinzhi."""
    return as_read(read_source(name))


def as_read(source: Source) -> Package:
    """Return a package as it was read, cast, converted and looked at."""
    findings = list(source.findings)
    sheets: dict[str, Sheet] = {}
    for table in source.tables:
        sheet, cast = shape(table)
        sheet, converted = convert(sheet)
        sheets[table.name] = sheet
        findings += cast + converted
    findings += examine(sheets)
    sheets = {
        name: sheet for name, sheet in sheets.items() if sheet.has_key_columns
    }  # a table without its key columns names no row
    place = {table.name: number for number, table in enumerate(source.tables)}
    findings.sort(
        key=lambda problem: (place.get(problem.table or "", -1), problem.line or 0)
    )  # as a reader goes through
    return Package(
        name=source.name,
        title=source.title,
        version=source.version,
        tables={name: sheet.frame.drop(ROW) for name, sheet in sheets.items()},
        units={name: dict(sheet.units) for name, sheet in sheets.items()},
        findings=tuple(findings),
        origins={
            name: Origin(sheet.raw.file, sheet.raw.lines.gather(sheet.frame[ROW])) for name, sheet in sheets.items()
        },
        kind=source.kind,
        source=source.place,
        descriptor=source.document,
        issuers=issuers(source.document),
    )


def check(
    source: str | PathLike[str] | Mapping[str, Any], *, encoding: str | None = None, units: Units | None = None
) -> tuple[Finding, ...]:
    """Return everything that is wrong with a data package, in one pass; arguments and errors are those of `load`.

    >>> import polars as pl
    >>> [found.rule for found in check({"accounts": pl.DataFrame({"region": ["a", "a"], "year": [2000, 2000]})})]
    ['duplicate-key']
    """
    return load(source, encoding=encoding, units=units).findings


def is_package(source: object) -> bool:
    """Return whether a source is a package or names one (a name, a path, a mapping of tables), and is no frame.

    >>> is_package("china-provinces"), is_package(load("china-provinces").tables["accounts"])
    (True, False)
    """
    return isinstance(source, (Package, str, PathLike, Mapping))


def as_package(source: Package | str | PathLike[str] | Mapping[str, Any]) -> Package:
    """Return a package, read if it is not yet.

    >>> as_package("china-provinces").name
    'china-provinces'
    """
    return source if isinstance(source, Package) else load(source)
