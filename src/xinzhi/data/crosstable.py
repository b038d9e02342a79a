"""Tables for the eye, with regions, indicators or years along the sides and notes below, as rows of figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.names import NO_NAMES, provinces
from xinzhi.core.parameters import read_yaml
from xinzhi.data.catalogue import HERE
from xinzhi.data.national_account import NATION
from xinzhi.data.units import UnitError, parse


@dataclass(frozen=True, slots=True)
class Label:
    """What a heading says: a year, a unit, a region, or else the name of a series."""

    series: str = ""
    unit: str = ""
    region: str = ""
    year: str = ""


class _Parts(NamedTuple):
    """A sheet in its parts: what stands above, the heading rows, and the rows of figures with their lines."""

    above: list[str]
    heads: list[list[str]]
    body: list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Cross:
    """The figures of a sheet, one a row (series, unit, region and its names, period, value, line), and its headings."""

    figures: pl.DataFrame
    headings: list[str] = field(default_factory=list)


_FOLDED = str.maketrans("（）：", "():")  # full-width marks as plain ones


@cache
def _words() -> Mapping[str, Any]:
    words: Mapping[str, Any] = read_yaml(HERE / "layouts.yaml")["cross"]
    return words


def cross(cells: pl.DataFrame) -> Cross:
    """Return the figures of a sheet, whose cells are given from its first row on; none where it is no such table."""
    parts = _parts([[(cell or "").strip() for cell in row] for row in cells.iter_rows()])
    said = _said(parts.above)
    columns = {
        place: _label([row[place] for row in _filled(parts.heads)])
        for place in range(1, cells.width)
        if any(_is_number(row[place]) for _, row in parts.body)
    }
    rows = [(line, row, _label([row[0]])) for line, row in parts.body]
    if any(label.region and label.region != NATION for _, _, label in rows):  # a table of provinces: the sum is none
        rows = [(line, row, label) for line, row, label in rows if label.region and label.region != NATION]
    found = [
        (line, *_figure(label, columns[place], said), row[place].replace(",", ""))
        for line, row, label in rows
        for place in columns
        if _is_number(row[place])
    ]
    schema = {"line": pl.UInt32, **dict.fromkeys(("series", "unit", "region", "period", "value"), pl.String)}
    figures = pl.DataFrame(found, schema=schema, orient="row")
    names = {**{code: (text.zh, text.en) for code, text in provinces().items()}, NATION: _nation_names()}
    known = pl.DataFrame([(code, *both) for code, both in names.items()], ["region", "name", "name_en"], orient="row")
    return Cross(figures.join(known, on="region", how="left"), [cell for row in parts.heads for cell in row if cell])


def _nation_names() -> tuple[str, str]:
    name = read_yaml(HERE / "nation.yaml")["account"]["name"]
    return name["zh"], name["en"]


def _parts(rows: Sequence[list[str]]) -> _Parts:
    """Split the rows of a sheet: figures begin with the first row that has a label and a figure."""
    words = _words()
    heads, notes = {_bare(word) for word in words["heads"]}, re.compile(words["notes"])
    body: list[tuple[int, list[str]]] = []
    top = len(rows)
    for line, row in enumerate(rows, start=1):
        label = _bare(row[0])
        if body and notes.match(label):
            break
        if label and label not in heads and any(map(_is_number, row[1:])):
            top = min(top, line - 1)
            body.append((line, row))
    above, headings = [], []
    for row in rows[:top]:
        filled = [cell for cell in row if cell]
        said = any(re.match(words["line"], cell) for cell in filled)
        if _bare(row[0]) in heads or (len(filled) > 1 and not said):
            headings.append(row)
        else:
            above += filled
    return _Parts(above, headings, body)


def _filled(heads: Sequence[list[str]]) -> list[list[str]]:
    """Return the heading rows with merged cells filled to the right; the last row has none."""
    filled = []
    for row in heads[:-1]:
        last, made = "", [""]
        for cell in row[1:]:
            last = cell or last
            made.append(last)
        filled.append(made)
    return [*filled, *heads[-1:]]


def _label(texts: Sequence[str]) -> Label:
    """Return what the cells of a heading say together, from the top down."""
    words, year, unit, names = _words(), "", "", []
    for text in dict.fromkeys(texts):
        found = [one for one in re.findall(words["bracket"], text) if _is_unit(one)]
        unit = found[-1].strip() if found else unit
        for one in found:
            text = re.sub(rf"[（(]{re.escape(one)}[）)]", "", text)  # noqa: PLW2901 - the name without its unit
        bare = _bare(text)
        if whole := re.fullmatch(words["year"], bare):
            year = whole[1]
        elif bare and bare not in words["heads"]:
            names.append(bare)
    series = "".join(names)
    return Label(series, unit, _region(series), year)


def _said(above: Sequence[str]) -> Label:
    """Return what is said once for a whole table: by a word and a colon, else by its title."""
    words, told = _words(), {}
    rest = []
    for cell in above:
        if found := re.match(words["line"], cell):
            told[words["parts"][found[1]]] = found[2].strip()
        else:
            rest.append(cell)
    title = next((match[1] for cell in rest if (match := re.match(words["title"], _bare(cell))) and match[1]), "")
    year = re.search(words["year"], " ".join(rest))
    named = _label([told["series"] if "series" in told else re.sub(rf"[（(]?{words['year']}[）)]?", "", title)])
    unit = told["unit"] if _is_unit(told.get("unit", "")) else named.unit
    return Label(named.series, unit, _region(told.get("region", "")), year[1] if year else "")


def _figure(row: Label, column: Label, said: Label) -> tuple[str, str, str, str]:
    """Return series, unit, region and year of a cell, from its row, its column, and what is said above."""
    # an indicator above and another word beside: a city, say, whose figure is not the nation's
    names = [label.series for label in (column, row) if label.series and not label.region]
    return (
        "/".join(names) or said.series,
        row.unit or column.unit or said.unit,
        row.region or column.region or said.region or NATION,
        column.year or row.year or said.year,
    )


def _region(text: str) -> str:
    """Return the code of the province or nation that a text names; nothing where it names none."""
    if text in _words()["nation"]:
        return NATION
    try:
        return NO_NAMES.resolve(text, provinces()) if text and not text.isdigit() else ""
    except UsageError:
        return ""


def _is_unit(text: str) -> bool:
    if re.fullmatch(_words()["year"], text):  # 2023 years, to who knows units alone
        return False
    try:
        parse(text)
    except UnitError:
        return False
    return True


def _is_number(text: str) -> bool:
    return re.fullmatch(_words()["number"], text) is not None


def _bare(text: str) -> str:
    """Return a text without blanks and marks of its level; a text in two languages is its Chinese part."""
    plain = re.sub(_words()["drop"], "", text.translate(_FOLDED))
    chinese = re.split(r"[A-Za-z]", plain)[0]
    return chinese or plain
