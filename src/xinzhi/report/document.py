"""A document: sections and what stands around them, as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text, paragraph, words
from xinzhi.protocol import Protocol
from xinzhi.report.section import Section
from xinzhi.report.table import Table

DECIMALS = 2  # of growth in percent, where no protocol says otherwise

BRIEFS = "briefs"  # folder of the briefs beside a report


@dataclass(frozen=True, slots=True)
class Data:
    """What a CSV file holds: a frame of a result."""

    of: Result
    part: str = "frame"

    @property
    def frame(self) -> pl.DataFrame:
        """The frame."""
        found: pl.DataFrame = getattr(self.of, self.part)
        return found


@dataclass(frozen=True, kw_only=True)
class Document:
    """What is written: sections, and what stands around them."""

    names: tuple[str, str, str]  # of the page, the workbook, and the document for machines
    title: Text
    about: Text  # what the page is about: both together are its title
    subtitle: Text
    cover: Text  # title of the workbook
    source: Text  # what was read
    foot: Text  # the line under every table and chart
    made: Text  # how it was computed
    sections: Sequence[Section]
    provenance: Provenance
    frames: Mapping[str, Data]  # by the names of the CSV files
    texts: Mapping[str, Text] = field(default_factory=dict)  # by the names of further files, in one language each
    data: Mapping[str, Any]  # of the document for machines
    leads: bool = False  # whether the first section is the page, the others stand behind it
    annex: Sequence[Section] = ()  # what stands behind the main part
    tables: Sequence[Table] | None = None  # of the workbook; None: those of the sections
    first: Sequence[str] = ()  # keys of those that a person is shown first, where there are many
    protocol: Protocol | None = None
    notes: tuple[Text, ...] = ()  # of the workbook
    remarks: tuple[Text, ...] = ()  # what was assumed, and what was left out and why
    certificate: str = ""  # the id of the certificate that the files belong to
    proofs: tuple[str, ...] = ()  # the names of its files

    @classmethod
    def of(
        cls,
        name: str,
        results: Sequence[Result],
        sections: Sequence[Section],
        source: Text,
        remarks: Sequence[Text] = (),
        /,
        **own: Any,  # noqa: ANN401 - fields that are otherwise
    ) -> Document:
        """Return the document of results and their sections; the first result gives the provenance."""
        provenance, title = results[0].provenance, sections[0].title
        found: dict[str, Any] = {
            "names": (f"{name}.html", f"{name}.xlsx", f"{name}.json"),
            "title": title,
            "about": source,
            "subtitle": source,
            "cover": title,
            "made": words("note.about_results", verb=provenance.verb, version=provenance.version),
            "sections": [part for one in sections for part in (one, *one.behind)],
            "frames": {f"{name}.csv": Data(results[0])}
            if len(results) == 1
            else {f"{name}-{type(one).__name__.lower()}.csv": Data(one) for one in results},
        }
        if "data" not in own:
            own["data"] = {
                "source": text(source),
                "results": [_summary(*one) for one in zip(sections, results, strict=True)],
                "notes": [text(note) for note in remarks],
            }
        mark, made = foot(source, provenance), found | own
        if provenance.standing is not None:
            made["subtitle"] = words("title.standing", subtitle=made["subtitle"], standing=provenance.standing)
        return cls(source=source, foot=mark, provenance=provenance, remarks=tuple(remarks), **made)

    @property
    def decimals(self) -> int:
        """Decimals of growth in percent."""
        return DECIMALS if self.protocol is None else int(self.protocol.value("reporting.decimals"))

    @property
    def more(self) -> str:
        """Name of the workbook with the tables that the first one has no room for."""
        return self.names[1].replace(".xlsx", "-data.xlsx")

    def contents(self) -> list[Table]:
        """Return the tables of the workbooks, one a sheet."""
        return list(self.tables or [table for one in self.sections for table in one.contents()])


def said(section: Section) -> dict[str, object]:
    """Return the answer and the notes of a section, JSON-ready."""
    return {"answer": text(paragraph(section.answer)), "notes": [text(note) for note in section.notes]}


def _summary(section: Section, result: Result) -> dict[str, object]:
    """Return what a section says and the frame of its result, JSON-ready."""
    made = {"provenance": result.provenance.to_dict(), "frame": rows(result.frame)}
    return {"topic": section.key, **said(section), **made}


def protocol_summary(protocol: Protocol) -> dict[str, object]:
    """Return what names a protocol, JSON-ready."""
    named = {name: getattr(protocol, name) for name in ("id", "version", "status", "fingerprint")}
    return {**named, "title": text(protocol.title)}


def foot(source: Text, provenance: Provenance) -> Text:
    """Return the line under every chart and table: the offices behind the figures, protocol and fingerprint."""
    known = provenance.issuers
    said = source if known is None else words("label.issued", issuers=known)
    return words("label.foot", source=said, mark=Text(zh=provenance.foot("zh"), en=provenance.foot("en")))


def text(one: Text) -> dict[str, str]:
    """Return a text as a pair."""
    return {"zh": one.zh, "en": one.en}


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame; what is not a number is null."""
    import polars.selectors as cs

    return frame.with_columns(cs.float().fill_nan(None)).to_dicts()


def dump(document: Mapping[str, Any]) -> str:
    """Write a document as JSON, readable as it stands."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1, default=str) + "\n"
