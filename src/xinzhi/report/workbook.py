"""Sheets of a workbook: a cover, notes, and tables with a header in each language, numbers as numbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xinzhi.core import flags
from xinzhi.core.text import Language, Text, has, is_known, paragraph, words
from xinzhi.report.document import Document
from xinzhi.report.table import NUMERIC, Column, Kind, Table

HEAD = 5  # rows above the data: title, source, Chinese header, English header, unit
WIDTHS: Mapping[Kind, int] = {"name": 16, "text": 34, "value": 34, "code": 14, "flag": 12, "date": 14, "flags": 40}
WIDE = frozenset({"protocol", "findings", "omitted", "coverage"})
SAFE = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
FROZEN = frozenset({"percent", "share", "level"})  # columns from which on a sheet scrolls
NAME = 31  # characters that a name of a sheet may have
MADE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a fixed stamp: the same figures give the same file, byte for byte


@dataclass(frozen=True, slots=True)
class _Look:
    title: Format
    soft: Format
    head: Format
    unit: Format
    wrap: Format
    numbers: Mapping[str, Format]


def write_workbook(document: Document, path: Path, language: Language) -> None:
    """Write a document as xlsx: the cover, the notes, and one sheet for every table, which `language` names."""
    # Every table sheet has a title, the source with the protocol's fingerprint, a Chinese and an English header, a row
    # of units, and then numbers as numbers. Growth is in percent per year: 100 times the log change.
    from xlsxwriter import Workbook

    content = document.contents()
    book = Workbook(path, SAFE)
    book.set_properties({"title": document.cover.lang(language), "created": MADE})
    look = _look(book, document.decimals)
    _cover(book.add_worksheet(words("sheet.cover").lang(language)), look, document, content)
    _notes(book.add_worksheet(words("sheet.notes").lang(language)), look, content, (*document.notes, *document.remarks))
    for table in content:
        _table(book.add_worksheet(_sheet_name(table, language)), look, table, document.foot)
    book.close()


def _facts(document: Document) -> list[tuple[Text, object]]:
    """Return what the cover says: data, yardstick, fingerprints, the answers, and what to know before reading on."""
    provenance, protocol = document.provenance, document.protocol
    shown = document.sections[:1] if document.leads else document.sections
    yardstick: list[tuple[str, object]] = []
    if protocol is not None:
        title = Text(zh=f"{protocol.title.zh}（{protocol.id}）", en=f"{protocol.title.en} ({protocol.id})")
        yardstick = [
            ("protocol", title),
            ("status", words(f"status.{protocol.status}")),
            ("authority", protocol.authority),
            ("fingerprint", protocol.fingerprint),
        ]
    facts: list[tuple[str, object]] = [
        ("package", document.source),
        *yardstick,
        *(("inputs", f"{name}: {digest}") for name, digest in provenance.inputs.items()),
        *([("certificate", document.certificate)] if document.certificate else []),
        ("version", provenance.version),
        *(("answer", paragraph((*one.answer, *one.reach))) for one in shown),
        *(("warning", one.warning) for one in shown if one.warning is not None),
        *(("note", note) for one in shown if not document.leads for note in one.notes),
        ("sheets", words("cover.header")),
    ]
    return [(words(f"cover.{name}"), value) for name, value in facts]


def _sheet_name(table: Table, language: Language) -> str:
    """Return the name of a table's sheet: its own word, else its title, as far as the format allows."""
    if has(f"sheet.{table.key}"):
        return words(f"sheet.{table.key}").lang(language)
    return re.sub(r"[\[\]:*?/\\']", " ", table.title.lang(language))[:NAME].strip()


def _look(book: Workbook, decimals: int) -> _Look:
    part = f"0.{'0' * decimals}" if decimals else "0"
    shapes = {
        "percent": part,
        "share": "0.0",
        "level": "0.000",
        "score": "0.0000",
        "figure": "General",
        "quantity": "#,##0.00",
        "year": "0",
        "integer": "0",
        "points": part,
    }
    return _Look(
        title=book.add_format({"bold": True, "font_size": 14}),
        soft=book.add_format({"font_color": "#5c6b78"}),
        head=book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#eef1f4"}),
        unit=book.add_format({"font_color": "#5c6b78", "bg_color": "#eef1f4", "bottom": 1}),
        wrap=book.add_format({"text_wrap": True, "valign": "top"}),
        numbers={kind: book.add_format({"num_format": shape, "valign": "top"}) for kind, shape in shapes.items()},
    )


def _cover(sheet: Worksheet, look: _Look, document: Document, content: Sequence[Table]) -> None:
    facts = _facts(document)
    sheet.set_column(0, 1, 22)
    sheet.set_column(2, 3, 70)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, document.cover.zh, look.title)
    sheet.write_string(0, 2, document.cover.en, look.title)
    for line, (label, value) in enumerate(facts, start=2):
        sheet.write_string(line, 0, label.zh, look.soft)
        sheet.write_string(line, 1, label.en, look.soft)
        for column, language in ((2, "zh"), (3, "en")):
            shown = getattr(value, language) if isinstance(value, Text) else str(value)
            sheet.write_string(line, column, shown, look.wrap)
    for line, table in enumerate(content, start=len(facts) + 3):
        sheet.write_string(line, 2, table.title.zh)
        sheet.write_string(line, 3, table.title.en)


def _notes(sheet: Worksheet, look: _Look, content: Sequence[Table], notes: Sequence[Text]) -> None:
    sheet.set_column(0, 1, 90, look.wrap)
    sheet.hide_gridlines(2)
    lines = [*notes, words("note.precision")]
    for table in content:
        lines += [table.title, *table.notes] if table.notes else []
    titles = {table.title for table in content}
    for line, text in enumerate(dict.fromkeys(lines)):
        for column, shown in enumerate((text.zh, text.en)):
            sheet.write_string(line, column, shown, look.title if text in titles else look.wrap)


def _table(sheet: Worksheet, look: _Look, table: Table, foot: Text) -> None:
    columns = [half for i, one in enumerate(table.columns) for half in _halves(table, i, one)]
    sheet.write_string(0, 0, f"{table.title.zh}  {table.title.en}", look.title)
    sheet.write_string(1, 0, f"{foot.zh}  {foot.en}", look.soft)
    for i, (one, source, language) in enumerate(columns):
        head = _headers(one, language)
        sheet.write_string(2, i, head.zh, look.head)
        sheet.write_string(3, i, head.en, look.head)
        unit = one.unit.zh if one.unit.zh == one.unit.en else f"{one.unit.zh}  {one.unit.en}".strip()
        sheet.write_string(4, i, unit, look.unit)
        sheet.set_column(i, i, _width(table, one))
        _column(sheet, i, one.kind, [_half(row[source], one.kind, language) for row in table.rows], look)
    frozen = next((i for i, (one, _, _) in enumerate(columns) if one.kind in FROZEN), 0)
    sheet.freeze_panes(HEAD, min(frozen, 4))
    sheet.autofilter(HEAD - 1, 0, HEAD - 1 + len(table.rows), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2, HEAD - 1)


def _halves(table: Table, place: int, one: Column) -> list[tuple[Column, int, str | None]]:
    """Return a column as it stands, or once for each language where its cells are in both."""
    if one.kind == "flags" or any(isinstance(row[place], Text) for row in table.rows):
        return [(one, place, "zh"), (one, place, "en")]
    return [(one, place, None)]


def _headers(one: Column, language: str | None) -> Text:
    return one.title if language is None else words(f"column.in_{language}", title=one.title)


def _half(value: object, kind: Kind, language: str | None) -> object:
    value = flags.in_full(str(value)) if kind == "flags" and value else value
    return getattr(value, language) if language is not None and isinstance(value, Text) else value


def _width(table: Table, one: Column) -> int:
    if one.kind in NUMERIC:
        return 13
    if one.kind in {"name", "value"} and table.key in WIDE:
        return 40
    return WIDTHS[one.kind]


def _column(sheet: Worksheet, place: int, kind: Kind, values: Sequence[Any], look: _Look) -> None:
    """Write the cells of a column: an unknown one stays empty, a number is a number, all else is text."""
    shape = look.numbers.get(kind)
    for line, value in enumerate(values, start=HEAD):
        if value is None:
            continue
        if is_known(value):
            sheet.write_number(line, place, value, shape)
        else:
            sheet.write_string(line, place, str(value), look.wrap if kind in {"value", "text"} else None)
