"""Load a package: read it as it stands, cast, convert, and look at it with every rule."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from xinzhi.data.conversion import convert
from xinzhi.data.package import Origin, Package
from xinzhi.data.raw import ROW
from xinzhi.data.rules import examine
from xinzhi.data.sheet import shape
from xinzhi.data.sources import read_source

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.data.sheet import Sheet
    from xinzhi.data.sources import Units


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

    Returns
    -------
    Package
        Typed tables in canonical units.

    Raises
    ------
    InputError
        When the source cannot be read at all: no descriptor, a truncated workbook, an empty or missing file.
    UsageError
        When `source` is of another kind, such as a single frame, or `encoding` is not known.

    Examples
    --------
    >>> import polars as pl
    >>> accounts = pl.DataFrame({"region": ["220000"], "year": [2021], "employment": [1190]})
    >>> package = load({"accounts": accounts}, units={"accounts": {"employment": "wan persons"}})
    >>> package.tables["accounts"]["employment"].to_list(), package.units["accounts"]["employment"]
    ([1190.0], '1e4 persons')
    """
    read = read_source(source, encoding=encoding, units=units)
    findings = list(read.findings)
    sheets: dict[str, Sheet] = {}
    for table in read.tables:
        sheet, cast = shape(table)
        sheet, converted = convert(sheet)
        sheets[table.name] = sheet
        findings += cast + converted
    findings += examine(sheets)
    return Package(
        name=read.name,
        title=read.title,
        version=read.version,
        tables={name: sheet.frame.drop(ROW) for name, sheet in sheets.items()},
        units={name: dict(sheet.units) for name, sheet in sheets.items()},
        findings=_ordered(findings, [*sheets]),
        origins={name: _origin(sheet) for name, sheet in sheets.items()},
        kind=read.kind,
        source=read.place,
        descriptor=read.document,
    )


def check(
    source: str | PathLike[str] | Mapping[str, Any], *, encoding: str | None = None, units: Units | None = None
) -> tuple[Finding, ...]:
    """Return everything that is wrong with a data package, in one pass.

    Parameters
    ----------
    source, encoding, units
        As for `load`.

    Raises
    ------
    InputError
        As `load` does.

    Examples
    --------
    >>> import polars as pl
    >>> [found.rule for found in check({"accounts": pl.DataFrame({"region": ["a", "a"], "year": [2000, 2000]})})]
    ['duplicate-key']
    """
    return load(source, encoding=encoding, units=units).findings


def _origin(sheet: Sheet) -> Origin:
    """Return the file of a table, and the line that each of its rows came from."""
    return Origin(sheet.raw.file, sheet.raw.lines.gather(sheet.frame[ROW]))


def _ordered(findings: list[Finding], tables: list[str]) -> tuple[Finding, ...]:
    """Order by table as in the package, then by line, as a reader goes through the files."""
    place = {name: number for number, name in enumerate(tables)}
    return tuple(sorted(findings, key=lambda found: (place.get(found.table or "", -1), found.line or 0)))


def is_package(source: object) -> bool:
    """Return whether a source is a package or names one (a name, a path, a mapping of tables), and is no frame.

    Examples
    --------
    >>> is_package("china-provinces"), is_package(load("china-provinces").tables["accounts"])
    (True, False)
    """
    return isinstance(source, (Package, str, PathLike, Mapping))


def as_package(source: Package | str | PathLike[str] | Mapping[str, Any]) -> Package:
    """Return a package, read if it is not yet.

    Examples
    --------
    >>> as_package("china-provinces").name
    'china-provinces'
    """
    return source if isinstance(source, Package) else load(source)
