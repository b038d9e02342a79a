"""Write a package as a folder: tables in CSV or parquet, and the descriptor that tells their units."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl
import yaml

from xinzhi.core.errors import InputError, UsageError, system_reason
from xinzhi.core.formulas import guarded
from xinzhi.data.catalogue import known_tables
from xinzhi.data.descriptor import NAMES, digest_of
from xinzhi.data.package import Package

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
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
            made = Path(beside) / target.name
            made.mkdir()
            _write(package, made, format)
            if target.exists():
                target.rmdir()
            shutil.move(made, target)
    except OSError as error:
        raise InputError("data.unwritable", target=target, reason=system_reason(error)) from error
    return target


def _write(package: Package, folder: Path, kind: FileFormat) -> None:
    for name, frame in package.tables.items():
        if kind == "csv":
            guarded(frame).write_csv(folder / f"{name}.csv")
        else:
            frame.write_parquet(folder / f"{name}.parquet")
    text = yaml.safe_dump(_document(package, kind, folder), allow_unicode=True, sort_keys=False, width=120)
    (folder / NAMES[0]).write_text(text, "utf-8")


def _document(package: Package, kind: FileFormat, folder: Path) -> dict[str, Any]:
    """Return the descriptor: as the package came, with the units and files that it now has, and the digest of each."""
    old = {entry.get("name"): entry for entry in package.descriptor.get("resources", ())}
    resources = [_resource(package, name, old.get(name, {}), folder / f"{name}.{kind}") for name in package.tables]
    kept = {name: value for name, value in package.descriptor.items() if name != "resources"}
    head = {"name": package.name, "title": package.title.en, "title_zh": package.title.zh}
    version = {} if package.version is None else {"version": package.version}
    return {**head, **kept, **version, "resources": resources}


def _resource(package: Package, name: str, old: Mapping[str, Any], file: Path) -> dict[str, Any]:
    left = {"path", "encoding", "dialect", "format", "mediatype", "hash", "bytes", "schema", "fields", "key"}
    schema = old.get("schema") or {}
    about = {entry["name"]: entry for entry in schema.get("fields") or old.get("fields") or ()}
    fields = [_field(package, name, column, about.get(column, {})) for column in package.tables[name].columns]
    key = schema.get("primaryKey") or old.get("key")
    if key is None and name in known_tables():
        key = [column for column in known_tables()[name].key if column in package.tables[name].columns]
    rest = {part: value for part, value in schema.items() if part not in {"fields", "primaryKey"}}
    made = {**({"primaryKey": key} if key else {}), **rest, "fields": fields}
    return {
        "name": name,
        "path": file.name,
        "hash": digest_of("sha256:", data := file.read_bytes()),
        "bytes": len(data),
        **{k: v for k, v in old.items() if k not in {*left, "name"}},
        "schema": made,
    }


def _field(package: Package, table: str, column: str, old: Mapping[str, Any]) -> dict[str, Any]:
    known = known_tables().get(table)
    about = known.column(column) if known else None
    kind = _TYPES.get(about.type, about.type) if about else _type(package.tables[table].schema[column])
    unit = package.units.get(table, {}).get(column)
    made = {"name": column, "type": kind, **({"unit": unit} if unit else {})}
    return made | {part: value for part, value in old.items() if part not in made}


def _type(dtype: pl.DataType) -> str:
    return "string" if dtype == pl.String else "integer" if dtype.is_integer() else "number"
