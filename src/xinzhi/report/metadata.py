"""What the CSV files of a study hold, for machines: CSV on the Web metadata beside each, and one Data Package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.result import Result
from xinzhi.core.schema import Column, describe, described
from xinzhi.core.text import Language, Text, same, words
from xinzhi.report.document import Data, Document
from xinzhi.report.table import FRACTIONS

CONTEXT = ["http://www.w3.org/ns/csvw", {"@language": "en"}]
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
BESIDE = "-metadata.json"  # the name under which CSV on the Web looks for the metadata of a file
JOINT = ";"  # between the items of a list in a cell
# Types of Data Package (Table Schema 2.0, field types) and of CSV on the Web ("Metadata Vocabulary for Tabular Data",
# W3C 2015, section 5.11.1), by kinds of polars.
TYPES = ((pl.Boolean, "boolean", "boolean"), (pl.Date, "date", "date"), (pl.Datetime, "datetime", "dateTime"))
NUMBERS = (("integer", "integer"), ("number", "double"))


def names(document: Document) -> list[str]:
    """Return the names of the files that describe the CSV files of a document."""
    if not document.frames:
        return []
    return [*(f"{name}{BESIDE}" for name in document.frames), descriptor_name(document)]


def descriptor_name(document: Document) -> str:
    """Return the name of the Data Package of a document."""
    # Not datapackage.json: a folder may hold the files of several studies, or be a data package itself.
    return f"{Path(document.names[2]).stem}.datapackage.json"


def described_files(document: Document, language: Language) -> list[dict[str, Any]]:
    """Return the content of those files, in the order of their names."""
    if not document.frames:
        return []
    tables = [csvw(name, held, document) for name, held in document.frames.items()]
    return [*tables, data_package(document, language)]


def columns(result: Result, part: str = "frame") -> list[Column]:
    """Return the columns of a frame with the unit in which they are stored: fractions are no percent."""
    found = []
    for name, kind in getattr(result, part).schema.items():
        one = (
            describe(result.verb, name, part)
            if described(result.verb, name, part)
            else Column(name=name, title=same(name))
        )
        stored = one.kind in FRACTIONS and kind.is_numeric()
        unit = words("export.fraction", unit=one.unit) if stored and one.unit.en else one.unit
        found.append(replace(one, name=name, unit=unit))
    return found


def _types(kind: pl.DataType) -> tuple[str, str]:
    """Return the type of a column in both vocabularies."""
    if kind.is_numeric():
        return NUMBERS[0] if kind.is_integer() else NUMBERS[1]
    return next(((one, other) for known, one, other in TYPES if kind == known), ("string", "string"))


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def csvw(name: str, held: Data, document: Document) -> dict[str, Any]:
    """Return the CSV on the Web metadata of a file: columns with titles in both languages, units, primary key."""
    frame, provenance = held.frame, held.of.provenance
    listed = []
    for one in columns(held.of, held.part):
        kind = frame.schema[one.name]
        entry: dict[str, Any] = {"name": one.name, "titles": {"und": [one.name], **_both(one.title)}}
        entry["datatype"] = _types(kind.inner if isinstance(kind, pl.List) else kind)[1]  # type: ignore[arg-type] # a class of types is none here
        if isinstance(kind, pl.List):
            entry["separator"] = JOINT
        if one.unit.en:
            entry["schema:unitText"] = [{"@value": text, "@language": key} for key, text in _both(one.unit).items()]
        listed.append(entry)
    key = _key(held)
    return {
        "@context": CONTEXT,
        "url": name,
        "dc:title": [{"@value": text, "@language": key_} for key_, text in _both(document.cover).items()],
        "dc:source": [{"@value": text, "@language": key_} for key_, text in _both(document.source).items()],
        "dc:creator": f"xinzhi {provenance.version}",
        "dc:identifier": provenance.foot(),
        "dialect": {"encoding": "utf-8", "header": True},
        "tableSchema": {"columns": listed, **({"primaryKey": key} if key else {})},
    }


def _key(held: Data) -> list[str]:
    """Return the key of a frame where its rows are told apart by it."""
    key = [name for name in held.of.key if name in held.frame.columns]
    if not key or len(key) < len(held.of.key) or held.frame.select(key).is_duplicated().any():
        return []
    return [] if any(held.frame[name].null_count() for name in key) else key


def data_package(document: Document, language: Language) -> dict[str, Any]:
    """Return the Data Package of the CSV files of a document (Data Package 2.0), titles in the language asked for."""
    provenance = document.provenance
    resources = []
    for name, held in document.frames.items():
        fields: list[dict[str, Any]] = []
        for one in columns(held.of, held.part):
            kind = held.frame.schema[one.name]
            entry: dict[str, Any] = {"name": one.name, "type": "list" if isinstance(kind, pl.List) else _types(kind)[0]}
            entry |= {"title": one.title.lang(language), "titles": _both(one.title)}
            entry |= {"delimiter": JOINT} if isinstance(kind, pl.List) else {}
            fields.append(entry | ({"unit": one.unit.lang(language), "units": _both(one.unit)} if one.unit.en else {}))
        key = _key(held)
        schema = {"fields": fields, "missingValues": [""], **({"primaryKey": key} if key else {})}
        stem = Path(name).stem
        resources.append(
            {"name": stem, "type": "table", "path": name, "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
             "dialect": {"header": True, "delimiter": ","}, "schema": schema}
        )  # fmt: skip
    sources = [{"title": document.source.lang(language)}]
    if provenance.issuers is not None:
        sources.append({"title": provenance.issuers.lang(language)})
    return {
        "$schema": PROFILE,
        "name": Path(document.names[2]).stem,
        "title": document.cover.lang(language),
        "titles": _both(document.cover),
        "description": document.foot.lang(language),
        "sources": sources,
        "xinzhi": provenance.to_dict(),
        "resources": resources,
    }
