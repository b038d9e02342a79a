"""A document: sections and what stands around them, as JSON for machines; and a study as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.finding import Finding
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import LANGUAGES, Language, Text, paragraph
from xinzhi.protocol import Protocol
from xinzhi.report.section import Section
from xinzhi.report.table import Table
from xinzhi.studies.internal import Assessment, Brief, Study
from xinzhi.yardstick.internal import View

DECIMALS = 2  # of growth in percent, where no protocol says otherwise

BRIEFS = "briefs"  # folder of the briefs beside a report


@dataclass(frozen=True, slots=True)
class Data:
    """What a CSV file holds: a frame of a result."""

    result: Result
    part: str = "frame"

    @property
    def frame(self) -> pl.DataFrame:
        """The frame."""
        frame: pl.DataFrame = getattr(self.result, self.part)
        return frame


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
    method: Text  # how it was computed
    sections: Sequence[Section]
    provenance: Provenance
    frames: Mapping[str, Data]  # by the names of the CSV files
    texts: Mapping[str, Text] = field(default_factory=dict)  # by the names of further files, in one language each
    data: Mapping[str, object]  # of the document for machines
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
    def from_results(
        cls,
        name: str,
        results: Sequence[Result],
        sections: Sequence[Section],
        source: Text,
        remarks: Sequence[Text] = (),
        /,
        **fields: Any,  # noqa: ANN401 - fields that are otherwise
    ) -> Document:
        """Return the document of results and their sections; the first result gives the provenance."""
        provenance, title = results[0].provenance, sections[0].title
        defaults: dict[str, Any] = {
            "names": (f"{name}.html", f"{name}.xlsx", f"{name}.json"),
            "title": title,
            "about": source,
            "subtitle": source,
            "cover": title,
            "method": words.shared.note_about_results(verb=provenance.verb, version=provenance.version),
            "sections": [part for section in sections for part in (section, *section.behind)],
            "frames": {f"{name}.csv": Data(results[0])}
            if len(results) == 1
            else {f"{name}-{_stem(result)}.csv": Data(result) for result in results},
        }
        if "data" not in fields:
            fields["data"] = {
                "source": text(source),
                "results": [_summary(*pair) for pair in zip(sections, results, strict=True)],
                "notes": [text(note) for note in remarks],
            }
        mark, values = foot(source, provenance), defaults | fields
        if provenance.standing is not None:
            values["subtitle"] = words.shared.title_standing(subtitle=values["subtitle"], standing=provenance.standing)
        return cls(source=source, foot=mark, provenance=provenance, remarks=tuple(remarks), **values)

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
        return list(self.tables or [table for section in self.sections for table in section.contents()])


def answer_and_notes(section: Section) -> dict[str, object]:
    """Return the answer and the notes of a section, JSON-ready."""
    return {"answer": text(paragraph(section.answer)), "notes": [text(note) for note in section.notes]}


def _summary(section: Section, result: Result) -> dict[str, object]:
    """Return what a section says and the frame of its result, JSON-ready."""
    return {
        "topic": section.key,
        **answer_and_notes(section),
        "provenance": result.provenance.to_dict(),
        "frame": rows(result.frame),
    }


def protocol_summary(protocol: Protocol) -> dict[str, object]:
    """Return what names a protocol, JSON-ready."""
    return {**_identity(protocol), "title": text(protocol.title)}


def _identity(protocol: Protocol) -> dict[str, object]:
    return {name: value for name, value in protocol.identity.items() if name != "extends"}


def foot(source: Text, provenance: Provenance) -> Text:
    """Return the line under every chart and table: the offices behind the figures, protocol and fingerprint."""
    issuers = provenance.issuers
    offices = source if issuers is None else words.shared.label_issued(issuers=issuers)
    return words.shared.label_foot(source=offices, mark=Text(zh=provenance.foot("zh"), en=provenance.foot("en")))


def text(value: Text) -> dict[str, str]:
    """Return a text as a pair."""
    return {"zh": value.zh, "en": value.en}


def rows(frame: pl.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a frame; what is not a number is null."""
    import polars.selectors as cs

    return frame.with_columns(cs.float().fill_nan(None)).to_dicts()


def dump(document: Mapping[str, object]) -> str:
    """Write a document as JSON, readable as it stands."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1, default=str) + "\n"


def study_document(study: Study, language: Language = "en", files: Sequence[Path] = ()) -> dict[str, object]:
    """Return a study as a JSON-ready dictionary: every result with its provenance, and what stands beside them.

    Parameters
    ----------
    study
        What a recipe of `xinzhi.studies` returned.
    language
        Of the notes, and of explanations.
    files
        What was written.

    Examples
    --------
    >>> import xinzhi
    >>> study_document(xinzhi.study("plan", "china-provinces"))["results"][0]["provenance"]["verb"]
    'plan'
    """
    written = [str(path) for path in files]
    if isinstance(study, Brief):
        return brief_document(study) | {"files": written}
    if isinstance(study, Assessment):
        return _assessment_document(study, written)
    results = [
        {"provenance": result.provenance.to_dict(), "frame": rows(result.frame), "answer": result.summary("en")}
        for result in study.results.values()
    ]
    more = {name: plain(value, language) for name, value in study.more.items()}
    return {"results": results, **more, "notes": [note.lang(language) for note in study.notes], "files": written}


def plain(value: object, language: Language) -> object:
    """Return a value as JSON can hold it."""
    match value:
        case pl.DataFrame():
            return rows(value)
        case Finding():
            return value.to_dict()
        case Text():
            return text(value)
        case dict():
            return {key: plain(member, language) for key, member in value.items()}
        case list() | tuple():
            return [plain(element, language) for element in value]
    describe = getattr(value, "text", None)
    return describe(language) if callable(describe) else value


def _assessment_document(assessment: Assessment, files: list[str]) -> dict[str, object]:
    """Return an assessment; its figures of every topic stand in its files."""
    result, rules = assessment.measurement, assessment.protocol
    return {
        "provenance": result.provenance.to_dict(),
        "protocol": _identity(rules),
        "identity_gap": result.identity_gap,
        "answer": {language: assessment.ranking.lines(language) for language in LANGUAGES},
        "ranking": assessment.ranking.frame.to_dicts(),
        "national": View(result).national_periods.to_dicts(),
        "periods": result.periods.to_dicts(),
        "coverage": result.coverage.to_dicts(),
        "omitted": result.omitted.height,
        "findings": [finding.to_dict() for finding in assessment.findings],
        "files": files,
    }


def as_json(document: object) -> bytes:
    """Return a document as JSON in UTF-8; what is not a number is null.

    Examples
    --------
    >>> as_json({"值": float("nan")}).decode()
    '{"值": null}'
    """
    return json.dumps(_finite(document), ensure_ascii=False, allow_nan=False, default=str).encode()


def _finite(value: object) -> object:
    """Return a value with null in the place of what is not a number."""
    match value:
        case float():
            return value if value - value == 0 else None
        case Mapping():
            return {str(key): _finite(member) for key, member in value.items()}
        case list() | tuple():
            return [_finite(element) for element in value]
    return value


def brief_document(brief: Brief) -> dict[str, object]:
    """Return a brief for machines: every sentence in both languages, and the figures of its tables."""
    return {
        "region": brief.region,
        "name": text(brief.about),
        "span": brief.span.en,
        "parts": {part: [text(line) for line in brief.sentences(part)] for part in brief.parts},
        "tables": {name: rows(frame) for name, frame in brief.more.items()},
        "notes": [text(note) for note in brief.notes],
        "provenance": brief.results["measurement"].provenance.to_dict(),
    }


def _stem(result: Result) -> str:
    """Return what the file of a result is called: as its class, or as its verb where the class says more."""
    name = type(result).__name__.lower()
    return result.verb if result.verb and name.endswith(result.verb) else name
