"""Reports: a page, a workbook, tables and a document for machines, written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xinzhi.core.errors import UsageError
from xinzhi.core.extras import require, require_extra
from xinzhi.core.files import foreign, require_own, whole, write_files
from xinzhi.core.result import Result
from xinzhi.core.text import Language, Text, same
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.report.document import BRIEFS, Document, brief_document, dump
from xinzhi.report.plots import Plot
from xinzhi.report.section import Section
from xinzhi.studies.internal import TOPICS, Brief, Study
from xinzhi.yardstick import Audit, Measurement, Ranking

if TYPE_CHECKING:
    from xinzhi.core.signatures import PrivateKey
    from xinzhi.report.certificate import Certificate

PictureKind = Literal["svg", "png", "json"]


def write_document(
    document: Document,
    out_dir: Path,
    language: Language,
    proof: Callable[[Mapping[str, bytes]], Sequence[bytes]] | None = None,
    briefs: Mapping[str, bytes] | None = None,
) -> list[Path]:
    """Write a page, a workbook, the tables and the document for machines; `proof` gives the files of a certificate.

    `briefs` are the files of the folder of briefs, of a report that can have one: that of an earlier run goes.
    """
    require_extra("report")
    from xinzhi.report.export import metadata_files, write_csv
    from xinzhi.report.export import names as names_of
    from xinzhi.report.page import page
    from xinzhi.report.workbook import divide, write_workbooks

    books = divide(document)
    more = [document.more] if books[1] else []
    about = metadata_files(document, language)
    names = [*document.names, *more, *document.frames, *document.texts, *names_of(document)]
    last = () if proof is None else document.proofs
    former = [*([] if last else document.proofs), *([] if more else [document.more])]
    folders = [BRIEFS] if briefs else []
    check = partial(require_own, [out_dir / name for name in folders], _is_brief)
    if briefs is not None and not briefs and (out_dir / BRIEFS).is_dir() and not foreign(out_dir / BRIEFS, _is_brief):
        former.append(BRIEFS)
    check()
    with whole(out_dir, [*names, *folders, *last], former=former, folders=[BRIEFS], check=check) as paths:
        html, book, data, *tables = paths[: len(names)]
        html.write_text(page(document, language), encoding="utf-8", newline="\n")
        write_workbooks(document, [book, *tables[: len(more)]], language)
        tables = tables[len(more) :]
        data.write_text(dump(document.data), encoding="utf-8", newline="\n")
        for entry, path in zip(document.frames.values(), tables, strict=False):
            write_csv(entry.frame, path)
        rest = tables[len(document.frames) :]
        for text, path in zip(document.texts.values(), rest, strict=False):
            path.write_text(text.lang(language), encoding="utf-8", newline="\n")
        for description, path in zip(about, rest[len(document.texts) :], strict=True):
            path.write_text(dump(description), encoding="utf-8", newline="\n")
        if briefs:
            write_files(paths[len(names)], briefs)
        if proof is not None:
            files = {path.name: path.read_bytes() for path in paths[: len(names)]}
            files |= {f"{BRIEFS}/{name}": content for name, content in (briefs or {}).items()}
            for path, content in zip(paths[len(names) + len(folders) :], proof(files), strict=True):
                path.write_bytes(content)
    return [out_dir / name for name in (*names, *last)]


def _is_brief(path: Path) -> bool:
    return re.fullmatch(r"brief-[^/]+\.(html|json)", path.name) is not None


def write_assessment(  # noqa: PLR0913 - what is measured, and what is written beside it
    measurement: Measurement,
    protocol: Protocol,
    package: Package,
    out_dir: Path,
    *,
    language: Language = "en",
    sections: Sequence[Section] = (),
    notes: Sequence[Text] = (),
    ranking: Ranking | None = None,
    briefs: Sequence[Brief] = (),
    certificate: Certificate | None = None,
    key: PrivateKey | None = None,
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
    sections, notes
        What the topics say of the same data, in brief on the page; what was assumed, and what was left out and why.
    ranking
        What is said first, with bands and ranges; without one, what the measurement says.
    briefs
        Of regions, written into the folder ``briefs`` beside the report, which links them.
    certificate, key
        From `xinzhi.report.certificate.certify`, and the key that signs it: it then states the sha256 of the files, and
        the page and the workbook name it. Without one, that of an earlier run is removed from the folder.

    Returns
    -------
    list of Path
        Page, two workbooks, tables and what describes their columns, document. Put in place as one set; with a
        certificate also ``certificate.json``, ``prov.json``,
        ``ro-crate-metadata.json``. The same inputs give the same files, byte for byte.

    Raises
    ------
    UsageError
        When the folder cannot be written in.

    Examples
    --------
    >>> import tempfile, pathlib, xinzhi, xinzhi.protocol
    >>> package, ours = xinzhi.load("china-provinces"), xinzhi.protocol.load("xinzhi-cn-2026")
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> [path.name for path in write_assessment(xinzhi.measure(package, ours), ours, package, folder)][:5]
    ['report.html', 'assessment.xlsx', 'assessment-data.xlsx', 'growth.csv', 'levels.csv']
    """
    from xinzhi.report.certificate import NAMES as PROOFS
    from xinzhi.report.certificate.certify import certificate_texts, form, with_report
    from xinzhi.report.certificate.folder import File
    from xinzhi.report.certificate.schema import Report
    from xinzhi.report.pages.yardstick.assessment import NAMES, document

    linked = {str(brief.region): f"{BRIEFS}/brief-{brief.region}.html" for brief in briefs}
    report = replace(document(measurement, protocol, package, sections, notes, ranking, linked), proofs=PROOFS)
    written = _brief_files(briefs, language)
    folders = [out_dir / BRIEFS] if briefs else []
    if certificate is None:
        write_document(report, out_dir, language, briefs=written)
        return [out_dir / name for name in NAMES] + folders
    topics = [part.key for part in sections if part.key in TOPICS]
    terms = Report(language=language, topics=topics, briefs=bool(briefs), form=form(package), files={})

    def proof(contents: Mapping[str, bytes]) -> Sequence[bytes]:
        files = [File.from_bytes(name, content) for name, content in contents.items()]
        return certificate_texts(with_report(certificate, terms, files, key), package, files)

    write_document(replace(report, certificate=certificate.id), out_dir, language, proof, written)
    return [out_dir / name for name in (*NAMES, *PROOFS)] + folders


def write_audit(result: Audit, out_dir: Path, *, language: Language = "en") -> list[Path]:
    """Write the report of an audit: page, workbook, document for machines and table; as `write_report` of it alone.

    Examples
    --------
    >>> import tempfile, pathlib, xinzhi
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> [path.name for path in write_audit(xinzhi.audit("china-provinces"), folder)][:5]
    ['audit.html', 'audit.xlsx', 'audit.json', 'audit-data.xlsx', 'audit.csv']
    """
    return write_report(
        [result], out_dir, name="audit", source=same(result.provenance.package or "xinzhi"), language=language
    )


def write_report(
    results: Sequence[Result],
    out_dir: Path,
    *,
    name: str,
    source: Text,
    language: Language = "en",
    region: str | None = None,
    notes: Sequence[Text] = (),
) -> list[Path]:
    """Write the report of the results of a topic: a page, a workbook, a table each and a document for machines.

    Parameters
    ----------
    results
        What verbs returned, in the order of the page; the first one gives the provenance.
    name
        Name of the verb, and of the files.
    source
        What was read, in words.
    region
        The region that pictures of one region show, of the results that have it; None: a telling one.
    out_dir, language, notes
        As in `write_assessment`.

    Returns
    -------
    list of Path
        ``NAME.html``, ``NAME.xlsx`` (and ``NAME-data.xlsx`` with the tables that a person is not shown first),
        ``NAME.json``, one csv a result (``NAME.csv``, or ``NAME-VERB.csv``) with its metadata (CSV on the Web), and
        ``NAME.datapackage.json``.

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
    document = report_of(results, name=name, source=source, region=region, notes=notes)
    return write_document(document, out_dir, language)


def write_study(
    study: Study,
    folder: Path | str,
    *,
    language: Language = "en",
    encoding: str | None = None,
    key: PrivateKey | None = None,
    certificate: Certificate | None = None,
) -> list[Path]:
    """Write what a study says: page, workbook, document and tables, whole or not at all; an assessment is certified.

    Parameters
    ----------
    study
        What a recipe of `xinzhi.studies` returned.
    folder
        It is made when it is not there.
    language
        The language that the page opens in and that names the sheets of the workbook.
    encoding, key
        What the certificate of an assessment states of the files that were read, and the key that signs it.
    certificate
        The one that an assessment bears, where it is not made anew.

    Examples
    --------
    >>> import tempfile, xinzhi
    >>> made = xinzhi.studies.plan("china-provinces")
    >>> [path.name for path in write_study(made, tempfile.mkdtemp())]
    ['plan.html', 'plan.xlsx', 'plan.json', 'plan.csv', 'plan.csv-metadata.json', 'plan.datapackage.json']
    """
    require_extra("report")
    from xinzhi.studies.internal import Assessment, Brief

    out, notes = Path(folder), study.notes
    if isinstance(study, Brief):
        return write_brief(study, out, language=language)
    if not isinstance(study, Assessment):
        return write_report(
            list(study.results.values()),
            out,
            name=study.name,
            source=study.source,
            language=language,
            region=study.region,
            notes=notes,
        )
    from xinzhi.report.certificate import certify
    from xinzhi.report.pages.yardstick.assessment import topics

    measured, package, cells = study.measurement, study.package, study.more.get("cells")
    if certificate is None:
        certificate = certify(measured, package, encoding=encoding, cells=cells)
    return write_assessment(
        measured,
        study.protocol,
        package,
        out,
        language=language,
        sections=topics(study),
        notes=notes,
        ranking=study.ranking,
        briefs=study.briefs,
        certificate=certificate,
        key=key,
    )


def write_brief(study: Brief, out_dir: Path, *, language: Language = "en") -> list[Path]:
    """Write the brief of a region: a page that prints on two sheets of A4, and a document for machines.

    Examples
    --------
    >>> import tempfile, pathlib, xinzhi
    >>> made = xinzhi.studies.brief("china-provinces", region="Jilin")
    >>> [path.name for path in write_brief(made, pathlib.Path(tempfile.mkdtemp()))]
    ['brief-220000.html', 'brief-220000.json']
    """
    files = _brief_files([study], language)
    with whole(out_dir, [*files]) as paths:
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
    return [out_dir / name for name in files]


def _brief_files(briefs: Sequence[Brief], language: Language) -> dict[str, bytes]:
    """Return what the files of briefs hold, by name."""
    require("jinja2", "markupsafe")
    from xinzhi.report.pages.brief import page

    files = {}
    for brief in briefs:
        files[f"brief-{brief.region}.html"] = page(brief, language).encode()
        files[f"brief-{brief.region}.json"] = dump(brief_document(brief)).encode()
    return files


def report_of(
    results: Sequence[Result], *, name: str, source: Text, region: str | None = None, notes: Sequence[Text] = ()
) -> Document:
    """Return the document of results; one alone may have more around it, which its section says."""
    result_sections = sections(results, region=region)
    extra = result_sections[0].document if len(results) == 1 else None
    return Document.from_results(
        name, results, result_sections, source, notes, **({} if extra is None else extra(result_sections[0], source))
    )


def sections(results: Sequence[Result], *, region: str | None = None) -> list[Section]:
    """Return what results say, a section each; one that has no such region (a survey of industries) says what it says.

    Parameters
    ----------
    results
        What verbs returned.
    region
        The region that pictures of one region show; None: a telling one.

    Raises
    ------
    UsageError
        When a result has no section, or none of them has the region.

    Examples
    --------
    >>> import xinzhi
    >>> sections([xinzhi.measure("china-provinces")])[0].title.en
    'Where growth comes from'
    """
    from xinzhi.report.pages import section

    result_sections, refusals = [], []
    for result in results:
        try:
            result_sections.append(section(result, region=region))
        except UsageError as error:
            if region is None:
                raise
            refusals.append(error)
            result_sections.append(section(result))
    if len(refusals) == len(results):
        raise refusals[0]
    return result_sections


def plot(result: Result, kind: str | None = None, language: Language = "en", *, region: str | None = None) -> Plot:
    """Draw a result.

    Parameters
    ----------
    result
        What a verb returns.
    kind
        Of a measurement ``ranking`` (the default), ``map``, ``sources``, ``contributions``, ``groups`` or, where
        `region` is given, ``region``; of an audit ``room`` (the default: the ranks that a yardstick of its own would
        buy each region), ``ranks`` (the same yardstick for all), ``curve`` (specification curve), ``variance`` or
        ``reversals``; of other results those that their page of the documentation names; an unknown kind is answered
        with the list of them.
    language
        ``en`` or ``zh``.
    region
        The region, by code or name, for pictures of one region; the default is a telling one.

    Returns
    -------
    Plot
        The chart, with a title that states what it finds: ``.svg``, ``.save("ranking.svg")`` (or png, html, json),
        ``.to_dict()`` (Vega-Lite); notebooks show it.

    Raises
    ------
    UsageError
        When the kind or the region is unknown, or the result has no picture.

    Examples
    --------
    >>> import xinzhi
    >>> chart = xinzhi.plot(xinzhi.measure("china-provinces"), "ranking", language="zh")
    >>> chart.to_dict()["title"]["text"][0]  # doctest: +ELLIPSIS
    '...居首...'
    """
    require("markupsafe")
    from xinzhi.report.pages import section

    pictures = {picture.kind: picture for picture in section(result, region=region).pictures}
    if not pictures:
        raise UsageError("report.nothing-to-draw", name=type(result).__name__)
    picture = pictures.get(kind or next(iter(pictures)))
    if picture is None:
        raise UsageError("report.no-such-chart", kind=kind, kinds=list(pictures), name=type(result).__name__)
    return Plot(picture.chart, picture.headline, result.provenance.foot(language), language)


def drawing(
    result: Result, picture: str | None, kind: PictureKind, language: Language = "en", *, region: str | None = None
) -> bytes:
    """Return a picture of a result as a file: svg, png, or its Vega-Lite specification as json.

    Parameters
    ----------
    result, picture, language, region
        As in `plot`.
    kind
        ``svg``, ``png`` or ``json``.

    Examples
    --------
    >>> import xinzhi
    >>> drawing(xinzhi.measure("china-provinces"), "ranking", "svg")[:4]
    b'<svg'
    """
    require("vl_convert")
    return plot(result, picture, language, region=region).to_bytes(kind)
