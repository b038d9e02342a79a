"""The descriptor of a data package: read, and written with the tables of a package, in CSV or parquet."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Literal, get_args

import polars as pl

from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.formulas import escape_formulas
from xinzhi.core.text import Text
from xinzhi.core.yamlfile import YamlError, read, write
from xinzhi.data.catalogue import table_name, tables_by_name
from xinzhi.data.package import Package
from xinzhi.data.raw import Field

NAMES = ("datapackage.yaml", "datapackage.yml", "datapackage.json")
_DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512")
_MINIMAL = "resources: [{name: accounts, path: accounts.csv, schema: {fields: [{name: region}, {name: year}]}}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One table of a package: where it lies and what its columns are."""

    # `missing` lists by column the texts that stand for a missing figure, `decimal` the decimal mark where it is not a
    # point, `hash` and `bytes` what the file was when it was written.

    name: str
    path: str
    fields: Mapping[str, Field]
    key: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decimal: Mapping[str, str] = field(default_factory=dict)
    hash: str | None = None
    bytes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """The descriptor of a data package; `document` is all of it, as written."""

    name: str
    title: Text
    version: str | None
    resources: tuple[Resource, ...]
    document: Mapping[str, Any] = field(default_factory=dict)


def find_descriptor(folder: Path) -> Path | None:
    """Return the descriptor of a folder, if it has one."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read_descriptor(path: Path) -> Descriptor:
    """Return a descriptor."""
    try:
        source = read(path)
    except YamlError as error:
        raise InputError("data.descriptor-unread", what=error.finding.text) from error
    if source.findings:
        raise InputError("data.descriptor-unread", what=source.findings[0].text)
    document = source.content
    if not isinstance(document, dict):
        raise InputError("data.descriptor-shape", path=path, minimal=_MINIMAL)
    resources = document.get("resources")
    if not isinstance(resources, list) or not resources:
        raise InputError("data.no-resources", path=path, minimal=_MINIMAL)
    if not isinstance(document.get("licenses", []), list):
        raise InputError("data.descriptor-licenses", path=path)
    parsed = tuple(_resource(entry, number, path) for number, entry in enumerate(resources, start=1))
    names = [resource.name for resource in parsed]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError("data.resource-twice", path=path, twice=twice)
    name = str(document.get("name") or path.parent.name)
    version = document.get("version")
    return Descriptor(
        name=name,
        title=_title(document, name),
        version=None if version is None else str(version),
        resources=parsed,
        document=document
        | {"resources": [entry | {"name": resource.name} for entry, resource in zip(resources, parsed, strict=True)]},
    )


def issuers(document: Mapping[str, Any]) -> dict[str, tuple[Text, ...]]:
    """Return the offices that issued each table: of its own `sources`, else of the package's (the empty name)."""
    # A source has a `title` (and `title_zh`); `issuer` and `issuer_zh` name the office. Where some sources of a list
    # name one, the others are not told: copies, and what figures were compared with.
    package_offices = _issuers(document)
    offices_by_table = {
        str(entry["name"]): _issuers(entry) or package_offices for entry in document.get("resources", ())
    } | {"": package_offices}
    return {name: offices for name, offices in offices_by_table.items() if offices}


def _issuers(entry: Mapping[str, Any]) -> tuple[Text, ...]:
    """Return the offices of one list of sources; what is no list of sources names none."""
    listed = entry.get("sources")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    name = "issuer" if any(row.get("issuer") for row in rows) else "title"
    titles = [(row.get(name), row.get(f"{name}_zh")) for row in rows]
    return tuple(dict.fromkeys(Text(zh=str(zh or en), en=str(en)) for en, zh in titles if en))


def _title(document: Mapping[str, Any], name: str) -> Text:
    """Return the title: a text (and `title_zh`), or both languages at once."""
    title = document.get("title") or name
    if isinstance(title, dict):
        first = str(next(iter(title.values()), name))
        return Text(zh=str(title.get("zh", first)), en=str(title.get("en", first)))
    return Text(zh=str(document.get("title_zh") or title), en=str(title))


def _resource(entry: object, number: int, path: Path) -> Resource:
    if not isinstance(entry, dict):
        raise InputError("data.resource-mapping", path=path, number=number)
    place = entry.get("path")
    place = place[0] if isinstance(place, list) and len(place) == 1 else place
    if not isinstance(place, str) or not place:
        raise InputError("data.resource-path", path=path, number=number)
    # a path leaves its folder on any system: absolute, by a drive or share of Windows, or upwards
    windows = PureWindowsPath(place)
    leaves = PurePosixPath(place).root or windows.anchor or ".." in windows.parts
    if "://" in place or "\0" in place or leaves:
        raise InputError("data.resource-outside", path=path, number=number, place=place)
    schema = entry.get("schema") or {}
    if not isinstance(schema, dict):
        raise InputError("data.resource-schema", path=path, number=number, schema=schema)
    key = schema.get("primaryKey") or entry.get("key") or []
    key = [key] if isinstance(key, str) else key
    if not isinstance(key, list):
        raise InputError("data.resource-key", path=path, number=number, key=key)
    dialect = entry.get("dialect")
    entries = schema.get("fields") or entry.get("fields") or []
    fields = _fields(entries, number, path)
    default = schema.get("missingValues", entry.get("missingValues"))
    return Resource(
        name=table_name(str(entry.get("name") or PurePosixPath(place).stem)),
        path=place,
        fields=fields,
        missing={str(field["name"]): _missing(field.get("missingValues", default)) for field in entries},
        decimal={str(field["name"]): str(mark) for field in entries if (mark := field.get("decimalChar", ".")) != "."},
        key=tuple(str(name) for name in key),
        encoding=_word(entry.get("encoding")),
        hash=_word(entry.get("hash")),
        bytes=_word(entry.get("bytes")),
        delimiter=_word(dialect.get("delimiter")) if isinstance(dialect, dict) else None,
        sheet=_word(dialect.get("sheet")) if isinstance(dialect, dict) else None,
    )


def digest_of(like: str | None, data: bytes) -> str | None:
    """Return the digest of a file in the form of another: ``sha256:...``, or MD5 where it names no algorithm."""
    kind, colon, _ = (like or "").rpartition(":")
    kind = kind.lower() if colon else "md5"
    if like is None or kind not in _DIGESTS:
        return None
    digest = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
    return f"{like[: len(kind)]}:{digest}" if colon else digest


def _fields(entries: object, number: int, path: Path) -> dict[str, Field]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and entry.get("name") for entry in entries):
        raise InputError("data.resource-fields", path=path, number=number)
    return {
        str(entry["name"]): Field(
            name=str(entry["name"]),
            type=_word(entry.get("type")),
            unit=_word(entry.get("unit")),
            codes=_word(entry.get("codes")),
        )
        for entry in entries
    }


def _missing(values: object) -> tuple[str, ...]:
    """Return the texts that stand for a missing figure; version 2 may give each with a label."""
    entries = values if isinstance(values, list) else []
    texts = [entry.get("value") if isinstance(entry, dict) else entry for entry in entries]
    return tuple(str(text).strip() for text in texts if text is not None)


def _word(value: object) -> str | None:
    return None if value is None else str(value)


FileFormat = Literal["csv", "parquet"]
_TYPES = {"code": "string", "text": "string", "period": "string", "month": "yearmonth", "flag": "integer"}


def export(package: Package, path: str | PathLike[str], *, format: FileFormat = "csv") -> Path:  # noqa: A002 - what it is
    """Write a package as a folder that `load` reads back to equal tables.

    Nothing stands at `path` until everything is written: the folder is filled under another name beside it and then
    renamed.

    Parameters
    ----------
    package
        The package; figures are written in canonical units.
    path
        The folder to make; it must not exist, or be empty.
    format
        Of the tables: ``csv`` or ``parquet``.

    Raises
    ------
    UsageError
        When the folder exists and is not empty, or the format is not known.
    InputError
        When it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from xinzhi.data import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = export(load("china-provinces"), f"{folder}/mine")
    ...     load(made).fingerprint("accounts") == load("china-provinces").fingerprint("accounts")
    True
    """
    target = Path(path)
    if format not in get_args(FileFormat):
        raise UsageError("data.no-format", format=format)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError("data.folder-full", target=target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
            folder = Path(temporary) / target.name
            folder.mkdir()
            _write(package, folder, format)
            if target.exists():
                target.rmdir()
            shutil.move(folder, target)
    except OSError as error:
        raise InputError("data.unwritable", target=target, reason=system_reason(error)) from error
    return target


def _write(package: Package, folder: Path, kind: FileFormat) -> None:
    for name, frame in package.tables.items():
        if kind == "csv":
            escape_formulas(frame).write_csv(folder / f"{name}.csv")
        else:
            frame.write_parquet(folder / f"{name}.parquet")
    # the descriptor as the package came, with the units and files that it now has, and the digest of each
    old = {entry.get("name"): entry for entry in package.descriptor.get("resources", ())}
    document = {
        "name": package.name,
        "title": package.title.en,
        "title_zh": package.title.zh,
        **package.descriptor,
        **({} if package.version is None else {"version": package.version}),
    }
    document.pop("resources", None)
    document["resources"] = [
        _written(package, name, old.get(name, {}), folder / f"{name}.{kind}") for name in package.tables
    ]
    text = write(document, width=120)
    (folder / NAMES[0]).write_text(text, "utf-8")


def _written(package: Package, name: str, old: Mapping[str, Any], file: Path) -> dict[str, Any]:
    excluded = {"path", "encoding", "dialect", "format", "mediatype", "hash", "bytes", "schema", "fields", "key"}
    schema = old.get("schema") or {}
    about = {entry["name"]: entry for entry in schema.get("fields") or old.get("fields") or ()}
    fields = [_field(package, name, column, about.get(column, {})) for column in package.tables[name].columns]
    key = schema.get("primaryKey") or old.get("key")
    if key is None and name in tables_by_name():
        key = [column for column in tables_by_name()[name].key if column in package.tables[name].columns]
    rest = {part: value for part, value in schema.items() if part not in {"fields", "primaryKey"}}
    new_schema = {**({"primaryKey": key} if key else {}), **rest, "fields": fields}
    return {
        "name": name,
        "path": file.name,
        "hash": digest_of("sha256:", data := file.read_bytes()),
        "bytes": len(data),
        **{k: v for k, v in old.items() if k not in {*excluded, "name"}},
        "schema": new_schema,
    }


def _basic_type(dtype: pl.DataType) -> str:
    """Return the type of a column that no table describes."""
    if dtype == pl.String:
        return "string"
    return "integer" if dtype.is_integer() else "number"


def _field(package: Package, table: str, column: str, old: Mapping[str, Any]) -> dict[str, Any]:
    spec = tables_by_name().get(table)
    about = spec.column(column) if spec else None
    dtype = package.tables[table].schema[column]
    kind = _TYPES.get(about.type, about.type) if about else _basic_type(dtype)
    unit = package.units.get(table, {}).get(column)
    field = {"name": column, "type": kind, **({"unit": unit} if unit else {})}
    return field | {part: value for part, value in old.items() if part not in field}
