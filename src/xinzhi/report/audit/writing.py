"""Everything that an audit hands over, written whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.report.document import dump, rows, text
from xinzhi.report.files import whole

if TYPE_CHECKING:
    from pathlib import Path

    from xinzhi.core.text import Language
    from xinzhi.report.audit.view import AuditView
    from xinzhi.yardstick import Audit

NAMES = ("audit.html", "audit.xlsx", "audit.csv", "audit.json")


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
    from xinzhi.report.audit.page import page
    from xinzhi.report.audit.view import AuditView
    from xinzhi.report.writing import write_csv

    view = AuditView(result)
    with whole(out_dir, NAMES) as (report, workbook, table, document):
        report.write_text(page(view, language=language), encoding="utf-8", newline="\n")
        _workbook(view, workbook, language=language)
        write_csv(result.frame, table)
        document.write_text(dump(summary(view)), encoding="utf-8", newline="\n")
    return [out_dir / name for name in NAMES]


def _workbook(view: AuditView, path: Path, *, language: Language) -> None:
    from xinzhi.report.audit import answer, tables
    from xinzhi.report.catalogue import paragraph, words
    from xinzhi.report.sheets import Cover, write_sheets
    from xinzhi.report.workbook import yardstick

    protocol, provenance, source = view.audit.grid.protocol, view.audit.provenance, answer.source(view)
    facts = [
        (words("cover.package"), source),
        *yardstick(protocol),
        *((words("cover.inputs"), f"{name}: {digest}") for name, digest in provenance.inputs.items()),
        (words("cover.version"), provenance.version),
        (words("cover.answer"), paragraph((*answer.answer(view), *answer.reach(view)))),
        (words("cover.warning"), answer.warning(view)),
        (words("cover.sheets"), words("cover.header")),
    ]
    write_sheets(
        path,
        words("title.audit").lang(language),
        Cover(title=words("cover.audit"), rows=facts),
        tables.contents(view),
        answer.foot(view),
        decimals=int(protocol.value("reporting.decimals")),
        language=language,
        notes=(words("note.convention"),),
    )


def summary(view: AuditView) -> dict[str, Any]:
    """Return the audit as a JSON-ready dictionary: growth in log points per year, texts in both languages."""
    from xinzhi.report.audit import answer
    from xinzhi.report.catalogue import paragraph

    result, protocol = view.audit, view.audit.grid.protocol
    return {
        "answer": text(paragraph(answer.answer(view))),
        "reach": text(paragraph(answer.reach(view))),
        "warning": text(answer.warning(view)),
        "leading_period": list(result.official_span),
        "unit": "log points per year",
        "provenance": result.provenance.to_dict(),
        "protocol": {
            "id": protocol.id,
            "version": protocol.version,
            "status": protocol.status,
            "title": text(protocol.title),
            "fingerprint": protocol.fingerprint,
        },
        "protocols": result.protocols.height,
        "choices": [
            {"choice": choice.name, "parameters": choice.paths, "levels": [one.label() for one in choice.levels]}
            for choice in result.grid.choices
        ],
        "left_out": rows(result.left_out),
        "shares": view.shares,
        "names": rows(result.regions),
        "regions": rows(result.frame),
        "variance": rows(result.variance),
        "reversals": rows(result.reversals.filter(view.span.holds())),
    }
