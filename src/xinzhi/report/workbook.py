"""Workbooks of a document: one for a person, of at most ten sheets, one table a sheet; and one with the rest."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.schema import Column, Kind
from xinzhi.core.text import Language, Text, has, is_finite_number, listing, paragraph, same, span_text
from xinzhi.report.document import Document
from xinzhi.report.table import DECIMALS, GROWTH, NUMERIC, Table

if TYPE_CHECKING:  # of the extra `report`
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

NAME = 31  # characters that a name of a sheet may have
LEAST, MOST = 9, 46  # signs that a column is wide
LINES = 3  # over which a long header runs
DIGITS = 4  # of the largest figure of a column that has no decimals of its own
FROZEN = frozenset({"percent", "share", "level", "score", "points", "figure", "quantity"})  # columns that scroll
# What stands in a cell without a figure, and what the words of a cell may stand for: see the sheet of notes. The marks
# of figures are those of flags.yaml; these are the shorthand of the Government Statistical Service.
UNKNOWN, NOTHING, PLAIN = "x", "z", "a"
_BARRED = re.compile(r"[\[\]:*?/\\]")
_BY_KIND: Mapping[Kind, str] = {"year": "0", "integer": "#,##0"}
# Cover, linked contents and notes, then one table a sheet, as the Government Statistical Service asks of spreadsheets
# ("Releasing statistics in spreadsheets", Analysis Function, 2021): one marked table a sheet, no merged cells, no empty
# cell, no meaning by colour alone, notes and shorthand on a sheet of their own.
SHEETS = 10  # that a person still finds the way in
YEARS = frozenset({"year", "start", "end"})  # columns that say the period of a frame
FRONT = ("cover", "contents", "notes")
SAFE = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
MADE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a fixed stamp: the same figures give the same file, byte for byte
WIDE = 100  # signs of a column of sentences
# Formats: of the title of a sheet, a heading below it, a way to another sheet, long words, the header of a table.
TITLE: Mapping[str, object] = {"bold": True, "font_size": 14}
HEADING: Mapping[str, object] = {"bold": True, "font_size": 12, "top": 1}
LINK: Mapping[str, object] = {"font_color": "#0b5394", "underline": 1}
WRAP: Mapping[str, object] = {"text_wrap": True, "valign": "top"}
HEAD: Mapping[str, object] = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#e3e9ee", "bottom": 1}


@dataclass(slots=True)
class Look:
    """The formats of a workbook, each made once."""

    book: Workbook
    decimals: int
    language: Language
    formats: dict[tuple[tuple[str, object], ...], Format] = field(default_factory=dict)

    def __call__(self, **properties: object) -> Format:
        """Return the format of such properties."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format(properties)
        return self.formats[key]


def bracket(mark: str) -> str:
    """Return a mark as it stands in a cell."""
    return f"[{mark}]"


def sheet_name(table: Table, place: int, language: Language) -> str:
    """Return the name of the sheet of a table: its number and its own words, as many as there is room for."""
    # Of several that are short enough, the words made for the tab; the list of contents has every title whole.
    topic, _, rest = table.key.partition("_")
    keys = (f"{topic}.sheet.{rest}", f"sheet.{table.key}")
    texts = [*(words.by_key(key) for key in keys if has(key)), table.title]
    candidates = [f"{place} {_BARRED.sub(' ', text.lang(language)).strip().strip(chr(39))}" for text in texts]
    fitting = next((name for name in candidates if len(name) <= NAME), None)
    if fitting is None and " " in candidates[-1][len(f"{place} ") : NAME]:
        return re.sub(r"\W*…$", "…", shorten(candidates[-1], NAME, placeholder="…"))
    return fitting or f"{candidates[-1][: NAME - 1]}…"  # Chinese has no blanks between words


def header(column: Column, language: Language) -> str:
    """Return the header of a column: title, and the unit where there is one."""
    title, unit = column.title.lang(language), column.unit.lang(language)
    title = title[:1].upper() + title[1:]
    if not unit or unit in title:
        return title
    return words.workbook.header(title=same(title), unit=same(unit)).lang(language)


def headers(table: Table, language: Language) -> list[str]:
    """Return the headers of a table, none twice: a number tells two apart."""
    counts: dict[str, int] = {}
    unique = []
    for name in (header(column, language) for column in table.columns):
        counts[name.lower()] = counts.get(name.lower(), 0) + 1
        unique.append(name if counts[name.lower()] == 1 else f"{name} ({counts[name.lower()]})")
    return unique


def cells(table: Table, place: int, language: Language) -> list[str | float | int]:
    """Return the cells of a column as they are written; none is empty."""
    column = table.columns[place]
    return [_cell(row[place], column, language) for row in table.rows]


def _flag_marks(cell: object) -> list[str]:
    """Return the marks of a cell of flags."""
    return flags.marks(None if cell is None else str(cell)).split() or [PLAIN]


def _cell(value: object, column: Column, language: Language) -> str | float | int:
    if column.kind == "flags":
        return " ".join(map(bracket, _flag_marks(value)))
    if is_finite_number(value):
        return value
    numeric = column.kind in NUMERIC
    if value is None or isinstance(value, float):
        return bracket(UNKNOWN if numeric else NOTHING)
    text = str(value.lang(language) if isinstance(value, Text) else value).strip()
    return text or bracket(UNKNOWN if numeric else NOTHING)


def marks(tables: Sequence[Table]) -> list[str]:
    """Return the marks that stand in the cells of tables, those of figures first."""
    present: set[str] = set()
    for table in tables:
        for place, column in enumerate(table.columns):
            if column.kind == "flags":
                cells_ = {row[place] for row in table.rows}
                present |= {
                    mark
                    for cell in cells_
                    for mark in flags.marks(None if cell is None else str(cell)).split() or [PLAIN]
                }
            else:
                texts = {_cell(row[place], column, "en") for row in table.rows if not is_finite_number(row[place])}
                present |= {mark for mark in (UNKNOWN, NOTHING) if bracket(mark) in texts}
    return in_order(present)


def in_order(present: Iterable[str]) -> list[str]:
    """Return marks as the key of marks lists them: those of figures first."""
    order = [PLAIN, *(flags.mark(kind) for kind in flags.kinds()), UNKNOWN, NOTHING]
    return sorted(present, key=lambda mark: (order.index(mark) if mark in order else len(order), mark))


def shape(column: Column, values: Sequence[object], decimals: int) -> str:
    """Return the number format of a column: the decimals of its kind, else four digits of its largest figure."""
    if column.decimals is None and column.kind in _BY_KIND:
        return _BY_KIND[column.kind]
    places = column.decimals
    if places is None and (column.kind in GROWTH or column.kind in DECIMALS):
        places = DECIMALS.get(column.kind, decimals)
    if places is None:
        magnitudes = [abs(value) for value in values if isinstance(value, int | float) and value]
        integral = all(float(value).is_integer() for value in magnitudes)
        places = 0 if integral else max(0, DIGITS - 1 - math.floor(math.log10(max(magnitudes))))
    return "#,##0" + (f".{'0' * min(places, 6)}" if places else "")


def signs(text: str) -> int:
    """Return how wide a text is in signs of Latin letters: a Chinese one has room for two."""
    return len(text) + (0 if text.isascii() else sum(unicodedata.east_asian_width(sign) in "WF" for sign in text))


def width(head: str, values: Sequence[object], form: str | None) -> int:
    """Return how wide a column must be for its cells and for its header on a few lines."""
    words_ = [signs(word) for word in re.split(r"[\s–-]", head)] if head.isascii() else [0]
    decimals = len(form.partition(".")[2]) if form else 0
    lengths = [len(f"{value:,.{decimals}f}") if is_finite_number(value) else signs(str(value)) for value in values]
    needed = max([math.ceil(signs(head) / LINES) + 2, *words_, *lengths])
    return min(MOST, max(LEAST, needed + 2))


def write_table(
    sheet: Worksheet, look: Look, table: Table, name: str, about: Sequence[tuple[str, str]], links: Sequence[str] = ()
) -> None:
    """Write a table under its title and the lines of `about`, each with the place that it leads to, if any."""
    # `links` are the places that the cells of the first column lead to, where they do.
    language = look.language
    sheet.write_string(0, 0, table.title.lang(language), look(**TITLE))
    for line, (text, target) in enumerate(about, start=1):
        if target:
            sheet.write_url(line, 0, target, look(**LINK), text)
        else:
            sheet.write_string(line, 0, text)
    top = len(about) + 1
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if not table.rows:
        sheet.write_string(top, 0, words.workbook.no_rows().lang(language))
        return
    heads = headers(table, language)
    for place, (column, head) in enumerate(zip(table.columns, heads, strict=True)):
        values = cells(table, place, language)
        form = shape(column, values, look.decimals) if column.kind in NUMERIC else "General"
        sheet.set_column(place, place, width(head, values, form))
        right: Mapping[str, object] = {"align": "right"} if column.kind in NUMERIC else {"text_wrap": True}
        is_number = [is_finite_number(value) for value in values]
        figure = look(num_format=form, valign="top") if any(is_number) else None
        linked = links if place == 0 else ()
        word_format = None if linked or all(is_number) else look(valign="top", **right)
        for line, (value, number) in enumerate(zip(values, is_number, strict=True), start=top + 1):
            if number:
                sheet.write_number(line, place, value, figure)
            elif linked:
                sheet.write_url(line, 0, linked[line - top - 1], look(**LINK), str(value))
            else:
                sheet.write_string(line, place, str(value), word_format)
    columns = [{"header": head, "header_format": look(**HEAD)} for head in heads]
    options = {"name": name, "columns": columns, "style": "Table Style Light 1"}
    sheet.add_table(top, 0, top + len(table.rows), len(heads) - 1, options)
    scrolls = next((place for place, column in enumerate(table.columns) if column.kind in FROZEN), 1)
    sheet.freeze_panes(top + 1, min(scrolls, 3))
    sheet.repeat_rows(top)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line of the sheet of notes: a mark that stands in cells, or a numbered note, and the sheets that it is of."""

    mark: Text
    text: Text
    sheets: tuple[int, ...] = ()  # none: all of them


def divide(document: Document) -> tuple[list[Table], list[Table]]:
    """Return the tables for a person, and the others; all are for a person where they are few."""
    content = document.contents()
    most = SHEETS - len(FRONT)
    if len(content) <= most:
        return content, []
    with_rows = {table.key: table for table in content if table.rows}
    order = [
        *(key for key in document.first if key in with_rows),
        *(key for key in with_rows if key not in document.first),
    ]
    first = [with_rows[key] for key in order[:most]]
    return first, [table for table in content if table.key not in order[:most]]


def write_workbooks(document: Document, paths: Sequence[Path], language: Language) -> None:
    """Write the workbook for a person, and the one with the other tables where there is a second path."""
    first, rest = divide(document)
    names = [path.name for path in paths]
    for place, (path, tables) in enumerate(zip(paths, (first, rest), strict=False)):
        other_file = names[1 - place] if len(names) > 1 else ""
        _write(document, path, tables, language, other_file=other_file, data=place == 1)


def _write(
    document: Document, path: Path, tables: Sequence[Table], language: Language, *, other_file: str, data: bool
) -> None:
    from xlsxwriter import Workbook

    book = Workbook(path, SAFE)
    title = words.workbook.data(title=document.cover) if data else document.cover
    about = {"title": title.lang(language), "subject": document.source.lang(language)}
    book.set_properties({**about, "comments": document.foot.lang(language), "created": MADE})
    look = Look(book, document.decimals, language)
    names = [sheet_name(table, place, language) for place, table in enumerate(tables, start=1)]
    cover, contents, listed, *sheets = [
        book.add_worksheet(name) for name in (*(_phrase(f"sheet.{name}", language) for name in FRONT), *names)
    ]
    all_notes = notes(document, tables)
    _cover(cover, look, title, _facts(document, tables), other_file)
    places = [_inside(name) for name in names]
    listing_of = [(name, table.title, len(table.rows)) for name, table in zip(names, tables, strict=True)]
    index = _table("contents", {"sheet": "text", "title": "text", "rows": "integer"}, listing_of)
    write_table(contents, look, index, "contents", _above("contents", look, other_file), places)
    every_sheet = words.workbook.every_sheet()
    key = [
        (
            note.mark,
            note.text,
            listing([same(names[place - 1]) for place in note.sheets]) if note.sheets else every_sheet,
        )
        for note in all_notes
    ]
    marked = _table("notes", {"mark": "text", "meaning": "text", "sheets": "text"}, key)
    write_table(listed, look, marked, "notes", _above("notes", look))
    for place, (sheet, table) in enumerate(zip(sheets, tables, strict=True), start=1):
        write_table(sheet, look, table, f"table_{place}", _about(document, table, place, all_notes, language))
    book.close()


def _phrase(key: str, language: Language, **values: object) -> str:
    return words.by_key(key, **values).lang(language)


def _inside(name: str) -> str:
    return f"internal:'{name}'!A1"


def _about(
    document: Document, table: Table, place: int, all_notes: Sequence[Note], language: Language
) -> list[tuple[str, str]]:
    """Return the lines between the title of a table and its header."""
    table_marks = [note.mark.lang(language) for note in all_notes if place in note.sheets]
    size = {"rows": len(table.rows), "columns": len(table.columns)}
    see = (
        _phrase("workbook.see", language, marks=same(" ".join(table_marks)))
        if table_marks
        else _phrase("workbook.see_notes", language)
    )
    return [
        (_phrase("workbook.one_table", language, **size), ""),
        (document.foot.lang(language), ""),
        (see, _inside(_phrase("sheet.notes", language))),
        (_phrase("workbook.to_contents", language), _inside(_phrase("sheet.contents", language))),
    ]


def _above(name: str, look: Look, other_file: str = "") -> list[tuple[str, str]]:
    """Return the lines above the contents and the notes."""
    language = look.language
    more = (
        [(_phrase("workbook.other", language, file=same(other_file)), f"external:{other_file}")] if other_file else []
    )
    cover = (_phrase("workbook.to_cover", language), _inside(_phrase("sheet.cover", language)))
    return [(_phrase(f"workbook.about_{name}", language), ""), *more, cover]


def notes(document: Document, tables: Sequence[Table]) -> list[Note]:
    """Return the key of the marks that stand in cells, then the notes, each once and with the sheets that it is of."""
    marks_by_table = {place: marks([table]) for place, table in enumerate(tables, start=1)}
    kinds = {
        flags.mark(kind): words.workbook.flag(name=flags.kind_name(kind), meaning=words.by_key(f"flag.{kind}.meaning"))
        for kind in flags.kinds()
    }
    mark_notes = [
        Note(
            mark=same(bracket(mark)),
            text=kinds[mark] if mark in kinds else words.workbook.mark_of(mark),
            sheets=tuple(place for place, present in marks_by_table.items() if mark in present),
        )
        for mark in in_order({mark for present in marks_by_table.values() for mark in present})
        if mark in kinds or has(f"workbook.mark.{mark}")
    ]
    legend = {*flags.legend(flags.kinds()), words.shared.note_dash()}  # the key of marks says it
    texts: dict[Text, list[int]] = {text: [] for text in (*document.notes, *document.remarks)}
    for place, table in enumerate(tables, start=1):
        for text in table.notes:
            if text not in legend:
                texts.setdefault(text, []).append(place)
    return mark_notes + [
        Note(mark=words.workbook.note(n=n), text=text, sheets=tuple(places))
        for n, (text, places) in enumerate(texts.items(), start=1)
    ]


def _years(document: Document) -> list[int]:
    """Return the first and the last year of every frame, by its columns of years."""
    years: list[int] = []
    for data in document.frames.values():
        columns = [column for column in data.frame.get_columns() if column.name in YEARS and column.dtype.is_integer()]
        for column in columns:
            years += [year for year in (column.min(), column.max()) if isinstance(year, int)]
    return years


def _facts(document: Document, tables: Sequence[Table]) -> list[tuple[str, list[Text]]]:
    """Return what the cover says: period, offices, yardstick, fingerprints, the answers, and what to know first."""
    provenance, protocol = document.provenance, document.protocol
    sections = document.sections[:1] if document.leads else document.sections
    years = _years(document)
    notes = [] if document.leads else [note for section in sections for note in section.notes]
    facts: list[tuple[str, list[Text]]] = [
        ("package", [document.source]),
        ("period", [span_text(min(years), max(years))] if years else []),
        ("issuers", [] if provenance.issuers is None else [provenance.issuers]),
        (
            "answer",
            [paragraph((*section.answer, *section.reach)) for section in sections if section.answer or section.reach],
        ),
        ("warning", [section.warning for section in sections if section.warning is not None]),
        ("note", notes),
    ]
    if protocol is not None:
        title = Text(zh=f"{protocol.title.zh}（{protocol.id}）", en=f"{protocol.title.en} ({protocol.id})")
        facts += [
            ("protocol", [title]),
            ("status", [words.shared.status_of(protocol.state)]),
            ("authority", [Text(zh=str(protocol.authority.zh), en=str(protocol.authority.en))]),
        ]
    mark = provenance.protocol_fingerprint
    facts += [
        ("fingerprint", [] if mark is None else [same(mark)]),
        ("inputs", [same(f"{name}: {digest}") for name, digest in provenance.inputs.items()]),
        ("certificate", [same(document.certificate)] if document.certificate else []),
        ("version", [same(provenance.version)]),
        ("sheets", [words.workbook.count(n=len(tables)), words.shared.note_precision()]),
        ("contact", [words.workbook.contact()]),
    ]
    return [(name, texts) for name, texts in facts if texts]


def _cover(
    sheet: Worksheet, look: Look, title: Text, facts: Sequence[tuple[str, Sequence[Text]]], other_file: str
) -> None:
    """Write the cover, in one column that is read from top to bottom."""
    language = look.language
    sheet.set_column(0, 0, WIDE)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, title.lang(language), look(**TITLE))
    ways = [(_phrase("workbook.to_contents", language), _inside(_phrase("sheet.contents", language)))]
    ways += (
        [(_phrase("workbook.other", language, file=same(other_file)), f"external:{other_file}")] if other_file else []
    )
    for line, (label, place) in enumerate(ways, start=1):
        sheet.write_url(line, 0, place, look(**LINK), label)
    line = len(ways) + 1
    for name, texts in facts:
        sheet.write_string(line, 0, _phrase(f"cover.{name}", language), look(**HEADING))
        for under, text in enumerate(texts, start=line + 1):
            sheet.write_string(under, 0, text.lang(language), look(**WRAP))
        line += 1 + len(texts)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _table(key: str, columns: Mapping[str, Kind], rows: Sequence[tuple[object, ...]]) -> Table:
    described = tuple(Column(title=words.workbook.column_of(name), kind=kind) for name, kind in columns.items())
    return Table(key=key, title=words.shared.sheet_of(key), columns=described, rows=rows)
