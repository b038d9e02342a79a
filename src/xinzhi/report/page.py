"""The report as one page: self-contained, in both languages, readable offline and on paper."""

from __future__ import annotations

from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from xinzhi.core.text import Text
from xinzhi.report import answer, markup, tables
from xinzhi.report.catalogue import paragraph, words
from xinzhi.report.figures import figures, region_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.report.view import View

SHOWN = 200  # findings on the page; all of them are in the workbook and in the JSON document


def page(view: View, protocol: Protocol, package: Package, units: Mapping[str, str], *, language: Language) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    view, protocol, package
        What was measured, by which yardstick, on which data.
    units
        Units of the inputs.
    language
        The language that the page opens in; a reader can switch.
    """
    decimals = int(protocol.value("reporting.decimals"))
    source = package_line(package)
    subtitle = words("title.subtitle", package=source, protocol=protocol.title)
    name = words("title.report")
    template = _environment().get_template("report.html.j2")
    return template.render(
        language=language,
        title=Text(zh=f"{name.zh}：{package.title.zh}", en=f"{name.en}: {package.title.en}"),
        subtitle=subtitle,
        style=_asset("style.css"),
        script=_asset("switch.js"),
        w=words,
        table=partial(markup.table, decimals=decimals),
        answer=paragraph(answer.answer(view)),
        reach=paragraph(answer.reach(view)),
        figures=figures(view),
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


def _asset(name: str) -> Markup:
    text = (files("xinzhi.report") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this room


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xinzhi.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["both"] = markup.both
    return environment
