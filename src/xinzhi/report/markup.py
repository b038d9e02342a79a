"""Pieces of the page: a text in both languages, and a table with caption, units and scopes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from xinzhi.core.text import Text
from xinzhi.report import flags
from xinzhi.report.catalogue import words
from xinzhi.report.table import NUMERIC, cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.report.table import Column, Table

LANG = {"zh": "zh-CN", "en": "en"}


def both(text: object) -> Markup:
    """Return a text in both languages, of which the page shows one; one that reads alike stands once.

    Examples
    --------
    >>> both(Text(zh="吉林", en="Jilin"))
    Markup('<span class="zh" lang="zh-CN">吉林</span><span class="en" lang="en">Jilin</span>')
    """
    if not isinstance(text, Text) or text.zh == text.en:
        return Markup(escape(text.en if isinstance(text, Text) else str(text)))  # noqa: S704 - escaped
    zh, en = escape(text.zh), escape(text.en)
    return Markup(f'<span class="zh" lang="zh-CN">{zh}</span><span class="en" lang="en">{en}</span>')  # noqa: S704 - escaped


def both_svg(text: Text, x: float, y: float, *, anchor: str = "start", size: int = 10) -> str:
    """Return a text in both languages at a place of an SVG."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return "".join(
        f'<text {place} class="{language}" lang="{LANG[language]}">{escape(word)}</text>'
        for language, word in (("zh", text.zh), ("en", text.en))
    )


def table(source: Table, decimals: int) -> Markup:
    """Return a table of the page: a caption, a head with units, numbers to the right, the row's name as its head.

    Parameters
    ----------
    source
        The table.
    decimals
        Decimals of growth in percent.
    """
    named = [i for i, one in enumerate(source.columns) if one.kind == "name"]
    head = named[0] if named else 0
    notes = "".join(f"<li>{both(note)}</li>" for note in source.notes)
    return Markup(  # noqa: S704 - every part is escaped
        f'<div class="scroll"><table class="{source.key}"><caption>{both(source.title)}</caption>'
        f"<thead><tr>{''.join(_head(one) for one in source.columns)}</tr></thead>"
        f"<tbody>{''.join(_row(row, source.columns, head, decimals) for row in source.rows)}</tbody></table></div>"
        f"{f'<ul class=notes>{notes}</ul>' if notes else ''}"
    )


def _head(one: Column) -> str:
    unit = f' <span class="unit">{both(one.unit)}</span>' if one.unit.en else ""
    kind = "number" if one.kind in NUMERIC else "word"
    return f'<th scope="col" class="{kind}">{both(one.title)}{unit}</th>'


def _row(row: Sequence[object], columns: Sequence[Column], head: int, decimals: int) -> str:
    cells = []
    for i, (value, one) in enumerate(zip(row, columns, strict=True)):
        shown = flags.marks(str(value or "")) if one.kind == "flags" else cell(value, one, decimals)
        inside = both(shown) if isinstance(shown, Text) else escape(shown)
        if i == head:
            cells.append(f'<th scope="row">{inside}</th>')
        elif one.kind in NUMERIC:
            cells.append(f"<td>{inside}</td>")
        else:
            cells.append(f'<td class="{"f" if one.kind == "flags" else "w"}">{inside}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def factor_key() -> Markup:
    """Return the key of the factor colours, for the small pictures of the regions."""
    from xinzhi.report.palette import FACTORS

    keys = "".join(
        f'<span class="key"><i style="background:{colour}"></i>{both(words(f"chart.{name}"))}</span>'
        for name, colour in FACTORS.items()
    )
    dot = f'<span class="key"><i class="dot"></i>{both(words("chart.output"))}</span>'
    return Markup(f'<p class="keys">{keys}{dot}</p>')  # noqa: S704 - fixed words
