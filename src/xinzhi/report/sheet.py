"""A table as a sheet: title, notes and source above, a marked header row, numbers as numbers, no empty cell."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xinzhi.core import flags
from xinzhi.core.schema import Column, Kind
from xinzhi.core.text import Language, Text, has, is_known, same, words
from xinzhi.report.table import DECIMALS, GROWTH, NUMERIC, Table

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


@dataclass(slots=True)
class Look:
    """The formats of a workbook, each made once."""

    book: Workbook
    decimals: int
    language: Language
    made: dict[tuple[tuple[str, object], ...], Format] = field(default_factory=dict)

    def __call__(self, **given: object) -> Format:
        """Return the format of such properties."""
        key = tuple(sorted(given.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(given)
        return self.made[key]

    @property
    def title(self) -> Format:
        """Of the title of a sheet."""
        return self(bold=True, font_size=14)

    @property
    def heading(self) -> Format:
        """Of a heading below it."""
        return self(bold=True, font_size=12, top=1)

    @property
    def link(self) -> Format:
        """Of a way to another sheet."""
        return self(font_color="#0b5394", underline=1)

    @property
    def wrap(self) -> Format:
        """Of words that may be long."""
        return self(text_wrap=True, valign="top")

    @property
    def head(self) -> Format:
        """Of the header of a table."""
        return self(bold=True, text_wrap=True, valign="top", bg_color="#e3e9ee", bottom=1)


def bracket(mark: str) -> str:
    """Return a mark as it stands in a cell."""
    return f"[{mark}]"


def sheet_name(table: Table, place: int, language: Language) -> str:
    """Return the name of the sheet of a table: its number and its own words, never cut off."""
    # Of several that are short enough, the words made for the tab; a title that is too long gives way to the number.
    topic, _, rest = table.key.partition("_")
    keys = (f"{topic}.sheet.{rest}", f"sheet.{table.key}")
    texts = [*(words(key) for key in keys if has(key)), table.title]
    named = (f"{place} {_BARRED.sub(' ', text.lang(language)).strip().strip(chr(39))}" for text in texts)
    return next((name for name in named if len(name) <= NAME), words("workbook.tab", n=place).lang(language))


def header(one: Column, language: Language) -> str:
    """Return the header of a column: title, and the unit where there is one."""
    title, unit = one.title.lang(language), one.unit.lang(language)
    title = title[:1].upper() + title[1:]
    if not unit or unit in title:
        return title
    return words("workbook.header", title=same(title), unit=same(unit)).lang(language)


def headers(table: Table, language: Language) -> list[str]:
    """Return the headers of a table, none twice: a number tells two apart."""
    found: dict[str, int] = {}
    named = []
    for name in (header(one, language) for one in table.columns):
        found[name.lower()] = found.get(name.lower(), 0) + 1
        named.append(name if found[name.lower()] == 1 else f"{name} ({found[name.lower()]})")
    return named


def cells(table: Table, place: int, language: Language) -> list[str | float | int]:
    """Return the cells of a column as they are written; none is empty."""
    one = table.columns[place]
    return [_cell(row[place], one, language) for row in table.rows]


def _cell(value: Any, one: Column, language: Language) -> str | float | int:  # noqa: ANN401 - a cell of any kind
    if one.kind == "flags":
        found = flags.marks(value).split()
        return " ".join(map(bracket, found or [PLAIN]))
    if is_known(value):
        known: float | int = value
        return known
    numeric = one.kind in NUMERIC
    if value is None or isinstance(value, float):
        return bracket(UNKNOWN if numeric else NOTHING)
    said = str(value.lang(language) if isinstance(value, Text) else value).strip()
    return said or bracket(UNKNOWN if numeric else NOTHING)


def marks(tables: Sequence[Table]) -> list[str]:
    """Return the marks that stand in the cells of tables, those of figures first."""
    found: set[str] = set()
    for table in tables:
        for place, one in enumerate(table.columns):
            if one.kind == "flags":
                cells_ = {row[place] for row in table.rows}
                found |= {mark for cell in cells_ for mark in flags.marks(cell).split() or [PLAIN]}
            else:
                held = {_cell(row[place], one, "en") for row in table.rows if not is_known(row[place])}
                found |= {mark for mark in (UNKNOWN, NOTHING) if bracket(mark) in held}
    return in_order(found)


def in_order(found: Iterable[str]) -> list[str]:
    """Return marks as the key of marks lists them: those of figures first."""
    order = [PLAIN, *(flags.mark(kind) for kind in flags.kinds()), UNKNOWN, NOTHING]
    return sorted(found, key=lambda mark: (order.index(mark) if mark in order else len(order), mark))


def shape(one: Column, values: Sequence[object], decimals: int) -> str:
    """Return the number format of a column: the decimals of its kind, else four digits of its largest figure."""
    if one.decimals is None and one.kind in _BY_KIND:
        return _BY_KIND[one.kind]
    places = one.decimals
    if places is None and (one.kind in GROWTH or one.kind in DECIMALS):
        places = DECIMALS.get(one.kind, decimals)
    if places is None:
        known = [abs(value) for value in values if isinstance(value, int | float) and value]
        whole = all(float(value).is_integer() for value in known)
        places = 0 if whole else max(0, DIGITS - 1 - math.floor(math.log10(max(known))))
    return "#,##0" + (f".{'0' * min(places, 6)}" if places else "")


def signs(text: str) -> int:
    """Return how wide a text is in signs of Latin letters: a Chinese one has room for two."""
    return len(text) + (0 if text.isascii() else sum(unicodedata.east_asian_width(sign) in "WF" for sign in text))


def width(head: str, values: Sequence[object], form: str | None) -> int:
    """Return how wide a column must be for its cells and for its header on a few lines."""
    words_ = [signs(word) for word in re.split(r"[\s–-]", head)] if head.isascii() else [0]
    decimals = len(form.partition(".")[2]) if form else 0
    shown = [len(f"{value:,.{decimals}f}") if is_known(value) else signs(str(value)) for value in values]
    needed = max([math.ceil(signs(head) / LINES) + 2, *words_, *shown])
    return min(MOST, max(LEAST, needed + 2))


def write_table(
    sheet: Worksheet,
    look: Look,
    table: Table,
    name: str,
    about: Sequence[tuple[str, str]],
    links: Sequence[str] = (),
) -> None:
    """Write a table under its title and the lines of `about`, each with the place that it leads to, if any."""
    # `links` are the places that the cells of the first column lead to, where they do.
    language = look.language
    sheet.write_string(0, 0, table.title.lang(language), look.title)
    for line, (said, target) in enumerate(about, start=1):
        if target:
            sheet.write_url(line, 0, target, look.link, said)
        else:
            sheet.write_string(line, 0, said)
    top = len(about) + 1
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if not table.rows:
        sheet.write_string(top, 0, words("workbook.no_rows").lang(language))
        return
    heads = headers(table, language)
    for place, (one, head) in enumerate(zip(table.columns, heads, strict=True)):
        values = cells(table, place, language)
        form = shape(one, values, look.decimals) if one.kind in NUMERIC else "General"
        sheet.set_column(place, place, width(head, values, form))
        right: Mapping[str, object] = {"align": "right"} if one.kind in NUMERIC else {"text_wrap": True}
        known = [is_known(value) for value in values]
        figure = look(num_format=form, valign="top") if any(known) else None
        linked = links if place == 0 else ()
        worded = None if linked or all(known) else look(valign="top", **right)
        for line, (value, number) in enumerate(zip(values, known, strict=True), start=top + 1):
            if number:
                sheet.write_number(line, place, value, figure)
            elif linked:
                sheet.write_url(line, 0, linked[line - top - 1], look.link, str(value))
            else:
                sheet.write_string(line, place, str(value), worded)
    columns = [{"header": head, "header_format": look.head} for head in heads]
    options = {"name": name, "columns": columns, "style": "Table Style Light 1"}
    sheet.add_table(top, 0, top + len(table.rows), len(heads) - 1, options)
    scrolls = next((place for place, one in enumerate(table.columns) if one.kind in FROZEN), 1)
    sheet.freeze_panes(top + 1, min(scrolls, 3))
    sheet.repeat_rows(top)
