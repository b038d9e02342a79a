"""The descriptor of a data package: a Frictionless Data Package (v1 or v2) in YAML or JSON.

Beside ``schema: {fields, primaryKey}`` the short form is read too: ``fields`` and ``key`` of the resource itself.
A field may bear ``unit`` and ``codes`` (the standard that its codes follow).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from xinzhi.core.errors import InputError
from xinzhi.core.text import Text
from xinzhi.data.raw import Field

NAMES = ("datapackage.yaml", "datapackage.yml", "datapackage.json")
_MINIMAL = "resources: [{name: accounts, path: accounts.csv, schema: {fields: [{name: region}, {name: year}]}}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One table of a package: where it lies and what its columns are."""

    # `missing` lists by column the texts that stand for a missing figure, `decimal` the decimal mark where it is not a
    # point.

    name: str
    path: str
    fields: Mapping[str, Field]
    key: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decimal: Mapping[str, str] = field(default_factory=dict)


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
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("data.descriptor-encoding", path=path, start=error.start) from error
    document = _document(text, str(path))
    if not isinstance(document, dict):
        raise InputError("data.descriptor-shape", path=path, minimal=_MINIMAL)
    resources = document.get("resources")
    if not isinstance(resources, list) or not resources:
        raise InputError("data.no-resources", path=path, minimal=_MINIMAL)
    found = tuple(_resource(entry, number, path) for number, entry in enumerate(resources, start=1))
    names = [resource.name for resource in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError("data.resource-twice", path=path, twice=twice)
    name = str(document.get("name") or path.parent.name)
    version = document.get("version")
    return Descriptor(
        name=name,
        title=_title(document, name),
        version=None if version is None else str(version),
        resources=found,
        document=document,
    )


def _document(text: str, file: str) -> Any:  # noqa: ANN401 - whatever the user wrote
    """Return a YAML (or JSON, which is YAML) document written by a user."""
    try:
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise InputError(
            "data.not-yaml", file=file, place=place, problem=getattr(error, "problem", None) or error
        ) from error


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
    if "://" in place or PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
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
        name=str(entry.get("name") or PurePosixPath(place).stem),
        path=place,
        fields=fields,
        missing={str(one["name"]): _missing(one.get("missingValues", default)) for one in entries},
        decimal={str(one["name"]): str(mark) for one in entries if (mark := one.get("decimalChar", ".")) != "."},
        key=tuple(str(name) for name in key),
        encoding=_word(entry.get("encoding")),
        delimiter=_word(dialect.get("delimiter")) if isinstance(dialect, dict) else None,
    )


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
