"""Reports: a page, a workbook, tables and a document for machines, written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, paragraph, same, words
from xinzhi.report.document import dump, rows, text
from xinzhi.report.files import whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from xinzhi.core.result import Provenance, Result
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.report.section import Section
    from xinzhi.report.table import Table
    from xinzhi.studies import Study
    from xinzhi.yardstick import Audit, Measurement

DECIMALS = 2  # of growth in percent, where no protocol says otherwise


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
    frames: Mapping[str, pl.DataFrame]  # by the names of the CSV files
    data: Mapping[str, Any]  # of the document for machines
    leads: bool = False  # whether the first section is the page, the others stand behind it
    brief: frozenset[str] = frozenset()  # keys of the sections that show their leading pictures only
    tables: Sequence[Table] | None = None  # of the workbook; None: those of the sections
    protocol: Protocol | None = None
    notes: tuple[Text, ...] = ()  # of the workbook

    @property
    def decimals(self) -> int:
        """Decimals of growth in percent."""
        return DECIMALS if self.protocol is None else int(self.protocol.value("reporting.decimals"))

    def contents(self) -> list[Table]:
        """Return the tables of the workbook, one a sheet."""
        return list(self.tables or [table for one in self.sections for table in one.contents()])


def write_document(document: Document, out_dir: Path, language: Language) -> list[Path]:
    """Write a page, a workbook, the tables and the document for machines."""
    from xinzhi.report.export import write_csv
    from xinzhi.report.page import page
    from xinzhi.report.workbook import write_workbook

    with whole(out_dir, [*document.names, *document.frames]) as (html, book, data, *tables):
        html.write_text(page(document, language), encoding="utf-8", newline="\n")
        write_workbook(document, book, language)
        data.write_text(dump(document.data), encoding="utf-8", newline="\n")
        for frame, path in zip(document.frames.values(), tables, strict=True):
            write_csv(frame, path)
    return [out_dir / name for name in (*document.names, *document.frames)]


def write_assessment(
    measurement: Measurement,
    protocol: Protocol,
    package: Package,
    out_dir: Path,
    *,
    language: Language = "en",
    sections: Sequence[Section] = (),
) -> list[Path]:
    """Write the assessment of all regions: a page, a workbook, two tables and a document for machines.

    Parameters
    ----------
    measurement, protocol, package
        What was measured, by which yardstick, on which data.
    out_dir
        The folder; it is made when it is not there. Files of the same names are replaced, all at the end.
    language
        The language that the page opens in and that names the sheets of the workbook.
    sections
        What the topics of the essay say of the same data; the page shows them in brief, the workbook their tables.

    Returns
    -------
    list of Path
        ``report.html``, ``assessment.xlsx``, ``growth.csv``, ``levels.csv``, ``assessment.json``.

    Raises
    ------
    UsageError
        When the folder cannot be written in.

    Notes
    -----
    The page and the workbook show growth in percent per year (100 times the log change); the two CSV files and the JSON
    document hold log points at full precision. The same inputs give the same files, byte for byte.

    Examples
    --------
    >>> import tempfile, pathlib, xinzhi, xinzhi.protocol
    >>> package, ours = xinzhi.load("china-provinces"), xinzhi.protocol.load("xinzhi-cn-2026")
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> [path.name for path in write_assessment(xinzhi.measure(package, ours), ours, package, folder)]
    ['report.html', 'assessment.xlsx', 'growth.csv', 'levels.csv', 'assessment.json']
    """
    from xinzhi.report.pages.yardstick.assessment import NAMES, document

    write_document(document(measurement, protocol, package, sections), out_dir, language)
    return [out_dir / name for name in NAMES]


def write_audit(result: Audit, out_dir: Path, *, language: Language = "en") -> list[Path]:
    """Write the report of an audit: a page, a workbook, a table and a document for machines.

    Parameters
    ----------
    result
        What `xinzhi.audit` returns.
    out_dir
        The folder; it is made when it is not there. Files of the same names are replaced, all at the end.
    language
        The language that the page opens in and that names the sheets of the workbook.

    Returns
    -------
    list of Path
        ``audit.html``, ``audit.xlsx``, ``audit.csv``, ``audit.json``.

    Raises
    ------
    UsageError
        When the folder cannot be written in.

    Notes
    -----
    The page and the workbook show growth in percent per year (100 times the log change); the CSV file and the JSON
    document hold log points at full precision. The same audit gives the same files, byte for byte.

    Examples
    --------
    >>> import tempfile, pathlib, xinzhi
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> [path.name for path in write_audit(xinzhi.audit("china-provinces"), folder)]
    ['audit.html', 'audit.xlsx', 'audit.csv', 'audit.json']
    """
    from xinzhi.report.pages.yardstick.audit import NAMES, document

    write_document(document(result), out_dir, language)
    return [out_dir / name for name in NAMES]


def write_report(
    results: Sequence[Result],
    out_dir: Path,
    *,
    name: str,
    source: Text,
    language: Language = "en",
    region: str | None = None,
) -> list[Path]:
    """Write the report of the results of a topic: a page, a workbook, a table each and a document for machines.

    Parameters
    ----------
    results
        What verbs returned, in the order of the page; the first one gives the provenance.
    out_dir
        The folder; it is made when it is not there. Files of the same names are replaced, all at the end.
    name
        Name of the verb, and of the files.
    source
        What was read, in words.
    language
        The language that the page opens in and that names the sheets of the workbook.
    region
        The region that pictures of one region show, of the results that have it; None: a telling one.

    Returns
    -------
    list of Path
        ``NAME.html``, ``NAME.xlsx``, ``NAME.json`` and one csv a result: ``NAME.csv``, or ``NAME-VERB.csv``.

    Raises
    ------
    UsageError
        When the folder cannot be written in, a result has no section, or no result has the region.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from xinzhi.core.text import Text
    >>> write_report([], pathlib.Path(tempfile.mkdtemp()), name="nothing", source=Text(zh="无", en="none"))
    []
    """
    if not results:
        return []
    sections = _sections(results, region)
    provenance, title = results[0].provenance, sections[0].title
    mark = provenance.foot()
    document = Document(
        names=(f"{name}.html", f"{name}.xlsx", f"{name}.json"),
        title=title,
        about=source,
        subtitle=source,
        cover=title,
        source=source,
        foot=Text(zh=f"{source.zh}；{mark}", en=f"{source.en}; {mark}"),
        made=words("note.about_results", verb=provenance.verb, version=provenance.version),
        sections=sections,
        provenance=provenance,
        frames=_frames(name, results),
        data={"source": text(source), "results": [_summary(*one) for one in zip(sections, results, strict=True)]},
    )
    return write_document(document, out_dir, language)


write_room = write_report  # the name of the first edition


def write_study(study: Study, folder: Path | str, *, language: Language = "en") -> list[Path]:
    """Write what a study says: page, workbook, document and tables, whole or not at all.

    Parameters
    ----------
    study
        What a recipe of `xinzhi.studies` returned.
    folder
        It is made when it is not there.
    language
        The language that the page opens in and that names the sheets of the workbook.

    Examples
    --------
    >>> import tempfile, xinzhi
    >>> made = xinzhi.studies.plan("china-provinces")
    >>> [path.name for path in write_study(made, tempfile.mkdtemp())]
    ['plan.html', 'plan.xlsx', 'plan.json', 'plan.csv']
    """
    from xinzhi.report.pages.topics import sections
    from xinzhi.studies import Assessment

    target = Path(folder)
    if isinstance(study, Assessment):
        return write_assessment(
            study.measurement, study.protocol, study.package, target, language=language, sections=sections(study)
        )
    return write_report(
        list(study.results.values()), target, name=study.name, source=study.source, language=language,
        region=study.region,
    )  # fmt: skip


def _sections(results: Sequence[Result], region: str | None) -> list[Section]:
    """Return what the results say; one that has no such region (a survey of industries) says what it says anyway."""
    from xinzhi.report.pages import section

    made, refusals = [], []
    for result in results:
        try:
            made.append(section(result, region=region))
        except UsageError as error:
            if region is None:
                raise
            refusals.append(error)
            made.append(section(result))
    if len(refusals) == len(results):
        raise refusals[0]
    return made


def _frames(name: str, results: Sequence[Result]) -> Mapping[str, pl.DataFrame]:
    if len(results) == 1:
        return {f"{name}.csv": results[0].frame}
    return {f"{name}-{type(one).__name__.lower()}.csv": one.frame for one in results}


def _summary(section: Section, result: Result) -> dict[str, object]:
    return {
        "topic": section.key,
        **said(section),
        "provenance": result.provenance.to_dict(),
        "frame": rows(result.frame),
    }


def said(section: Section) -> dict[str, object]:
    """Return the answer and the notes of a section, JSON-ready."""
    return {"answer": text(paragraph(section.answer)), "notes": [text(note) for note in section.notes]}


def protocol_summary(protocol: Protocol) -> dict[str, object]:
    """Return what names a protocol, JSON-ready."""
    named = {name: getattr(protocol, name) for name in ("id", "version", "status", "fingerprint")}
    return {**named, "title": text(protocol.title)}


def foot(source: Text, provenance: Provenance) -> Text:
    """Return the line under every chart and table: source, protocol and its fingerprint."""
    return words("label.foot", source=source, mark=same(provenance.foot()))
