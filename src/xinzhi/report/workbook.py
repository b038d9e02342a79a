"""The assessment as a workbook: cover, notes, and one table a sheet, numbers as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.text import Text
from xinzhi.report import answer, tables
from xinzhi.report.catalogue import paragraph, words
from xinzhi.report.sheets import Cover, write_sheets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.report.section import Section
    from xinzhi.report.tables import Table
    from xinzhi.report.view import View


def write_workbook(
    view: View,
    protocol: Protocol,
    package: Package,
    units: Mapping[str, str],
    path: Path,
    *,
    language: Language,
    sections: Sequence[Section] = (),
) -> None:
    """Write the assessment as an xlsx workbook.

    Every table sheet has a title, the source with the protocol's fingerprint, a Chinese and an English header, a row of
    units, and then numbers as numbers. Growth is in percent per year: 100 times the log change.

    Parameters
    ----------
    view, protocol, package, units
        What was measured, by which yardstick, on which data, and the units of its inputs.
    path
        Where to write.
    language
        The language of the names of the sheets.
    sections
        What the rooms of the essay say: their tables follow.
    """
    from xinzhi.report.page import package_line

    source = package_line(package)
    write_sheets(
        path,
        package.title.lang(language),
        Cover(title=words("cover.title"), rows=_facts(view, protocol, source)),
        [*contents(view, protocol, package, units), *(table for one in sections for table in one.contents())],
        answer.foot(view, source),
        decimals=int(protocol.value("reporting.decimals")),
        language=language,
        notes=(words("note.convention"),),
    )


def contents(view: View, protocol: Protocol, package: Package, units: Mapping[str, str]) -> list[Table]:
    """Return the tables of the workbook, one a sheet."""
    return [
        tables.ranking(view),
        tables.periods(view),
        tables.growth(view),
        tables.levels(view),
        tables.national(view),
        tables.national_periods(view),
        tables.inputs(view, units),
        tables.coverage(view),
        tables.omitted(view),
        tables.protocol(protocol),
        tables.findings(package.findings),
    ]


def _facts(view: View, protocol: Protocol, source: Text) -> list[tuple[Text, object]]:
    """Return what the cover says: data, yardstick, fingerprints, and the answer."""
    provenance = view.measurement.provenance
    return [
        (words("cover.package"), source),
        *yardstick(protocol),
        *((words("cover.inputs"), f"{name}: {digest}") for name, digest in provenance.inputs.items()),
        (words("cover.version"), provenance.version),
        (words("cover.answer"), paragraph((*answer.answer(view), *answer.reach(view)))),
        (words("cover.sheets"), words("cover.header")),
    ]


def yardstick(protocol: Protocol) -> list[tuple[Text, object]]:
    """Return what a cover says of the protocol."""
    title = Text(zh=f"{protocol.title.zh}（{protocol.id}）", en=f"{protocol.title.en} ({protocol.id})")
    return [
        (words("cover.protocol"), title),
        (words("cover.status"), words(f"status.{protocol.status}")),
        (words("cover.authority"), protocol.authority),
        (words("cover.fingerprint"), protocol.fingerprint),
    ]
