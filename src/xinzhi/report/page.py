"""The report as one page: self-contained, in both languages, readable offline and on paper."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xinzhi.core.text import Text
from xinzhi.report import answer, markup, tables
from xinzhi.report.catalogue import paragraph, words
from xinzhi.report.figures import figures, region_pages
from xinzhi.report.html import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.report.section import Section
    from xinzhi.report.view import View

SHOWN = 200  # findings on the page; all of them are in the workbook and in the JSON document


def page(
    view: View,
    protocol: Protocol,
    package: Package,
    units: Mapping[str, str],
    *,
    language: Language,
    sections: Sequence[Section] = (),
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    view, protocol, package
        What was measured, by which yardstick, on which data.
    units
        Units of the inputs.
    language
        The language that the page opens in; a reader can switch.
    sections
        What the rooms of the essay say, shown in brief.
    """
    decimals = int(protocol.value("reporting.decimals"))
    source = package_line(package)
    subtitle = words("title.subtitle", package=source, protocol=protocol.full_title)
    return render(
        "report.html.j2",
        words("title.report"),
        package.title,
        language=language,
        subtitle=subtitle,
        table=partial(markup.table, decimals=decimals),
        answer=paragraph(answer.answer(view)),
        reach=paragraph(answer.reach(view)),
        figures=figures(view),
        sections=sections,
        foot_line=answer.foot(view, source),
        coverage=tables.coverage(view),
        protocol=protocol,
        parameters=tables.protocol(protocol),
        shown=SHOWN,
        findings=tables.findings(package.findings),
        omitted=tables.omitted(view),
        pages=region_pages(view, units),
        key=markup.factor_key(),
        provenance=view.measurement.provenance,
        package_line=source,
        gap=f"{view.measurement.identity_gap:.1e}",
    )


def package_line(package: Package) -> Text:
    """Return title and version of the data."""
    version = f" {package.version}" if package.version else ""
    return Text(zh=f"{package.title.zh}{version}", en=f"{package.title.en}{version}")
