"""A page from its sections: self-contained, in both languages, readable offline and on paper."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache, partial
from html import escape
from importlib.resources import files

import jinja2
from markupsafe import Markup

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.text import Language, Text, paragraph
from xinzhi.data import Package
from xinzhi.report.document import Document
from xinzhi.report.palette import FACTORS
from xinzhi.report.table import NUMERIC, Column, Table, cell

LANG = {"zh": "zh-CN", "en": "en"}
_TWINS = re.compile(
    r'<span class="(zh|en)" lang="[^"]*">([^<]*)</span>|<text[^>]* class="(zh|en)" lang="[^"]*">[^<]*</text>'
)


def page(document: Document, language: Language) -> str:
    """Return a document as HTML; it opens in the language of the browser, without scripts in `language`."""
    lead = document.sections[0] if document.leads else None
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            language=language,
            name=document.title,
            title=Text(zh=f"{document.title.zh}：{document.about.zh}", en=f"{document.title.en}: {document.about.en}"),
            subtitle=document.subtitle,
            lead=lead,
            figures=lead.figures() if lead else (),
            sections=document.sections[1:] if lead else document.sections,
            annex=document.annex,
            behind={section.key: f"A.{number}" for number, section in enumerate(document.annex, 1)},
            about=document.method,
            remarks=document.remarks,
            foot_line=document.foot,
            provenance=document.provenance,
            certificate=document.certificate,
            table=partial(table_markup, decimals=document.decimals),
            factor_key=_factor_key(),
            style=asset("style.css") + asset("marks.css"),
            script=asset("switch.js") + asset("marks.js"),
            w=words.by_key,
        )
    )


def package_line(package: Package) -> Text:
    """Return title and version of the data."""
    version = f" {package.version}" if package.version else ""
    return Text(zh=f"{package.title.zh}{version}", en=f"{package.title.en}{version}")


def asset(name: str) -> Markup:
    """Return a style or script that stands beside the templates."""
    text = (files("xinzhi.report") / "templates" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - a file of this package


@cache
def environment() -> jinja2.Environment:
    """Return the environment of the templates, with texts in both languages."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("xinzhi.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"both": bilingual_html, "paragraph": paragraph}
    return environment


def bilingual_html(text: object) -> Markup:
    """Return a text in both languages, of which the page shows one; one that reads alike stands once."""
    if isinstance(text, Markup):
        return text
    if not isinstance(text, Text) or text.zh == text.en:
        return Markup(escape(text.en if isinstance(text, Text) else str(text)))  # noqa: S704 - escaped
    zh, en = escape(text.zh), escape(text.en)
    return Markup(f'<span class="zh" lang="zh-CN">{zh}</span><span class="en" lang="en">{en}</span>')  # noqa: S704 - escaped


def in_language(markup: str, language: Language) -> Markup:
    """Return markup of both languages, as `bilingual_html` and `bilingual_svg_text` make it, in one of them."""

    def replace_twin(match: re.Match[str]) -> str:
        if (match[1] or match[3]) != language:
            return ""
        return match[2] if match[1] else match[0].replace(f' class="{language}" lang="{LANG[language]}"', "")

    return Markup(_TWINS.sub(replace_twin, markup))  # noqa: S704 - of markup, without a part of it


def bilingual_svg_text(text: Text, x: float, y: float, *, anchor: str = "start", size: int = 10) -> str:
    """Return a text in both languages at a place of an SVG."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return "".join(
        f'<text {place} class="{language}" lang="{LANG[language]}">{escape(word)}</text>'
        for language, word in (("zh", text.zh), ("en", text.en))
    )


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round values between two ends, which may be one."""
    if high <= low:
        return [low]
    raw = (high - low) / count
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def table_markup(source: Table, decimals: int) -> Markup:
    """Return a table of the page: a caption, a head with units, numbers to the right, the row's name as its head."""
    head = next((i for i, column in enumerate(source.columns) if column.kind == "name"), 0)
    notes = "".join(f"<li>{bilingual_html(note)}</li>" for note in source.notes)
    return Markup(  # noqa: S704 - every part is escaped
        f'<div class="scroll"><table class="{source.key}"><caption>{bilingual_html(source.title)}</caption>'
        f"<thead><tr>{''.join(_head(column) for column in source.columns)}</tr></thead>"
        f"<tbody>{''.join(_row(row, source.columns, head, decimals) for row in source.rows)}</tbody></table></div>"
        f"{f'<ul class=notes>{notes}</ul>' if notes else ''}"
    )


def _head(column: Column) -> str:
    unit = f' <span class="unit">{bilingual_html(column.unit)}</span>' if column.unit.en else ""
    kind = "number" if column.kind in NUMERIC else "word"
    return f'<th scope="col" class="{kind}">{bilingual_html(column.title)}{unit}</th>'


def _row(row: Sequence[object], columns: Sequence[Column], head: int, decimals: int) -> str:
    cells = []
    for i, (value, column) in enumerate(zip(row, columns, strict=True)):
        content = flags.marks(str(value or "")) if column.kind == "flags" else cell(value, column, decimals)
        inside = bilingual_html(value if isinstance(value, Markup) else content)
        if i == head:
            cells.append(f'<th scope="row">{inside}</th>')
        elif column.kind in NUMERIC:
            cells.append(f"<td>{inside}</td>")
        else:
            cells.append(f'<td class="{"f" if column.kind == "flags" else "w"}">{inside}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _factor_key() -> Markup:
    """Return the key of the factor colours, for the small pictures of the regions."""
    keys = "".join(
        f'<span class="key"><i style="background:{colour}"></i>{bilingual_html(words.shared.chart_of(name))}</span>'
        for name, colour in FACTORS.items()
    )
    dot = f'<span class="key"><i class="dot"></i>{bilingual_html(words.shared.chart_output())}</span>'
    return Markup(f'<p class="keys">{keys}{dot}</p>')  # noqa: S704 - fixed words
