"""Downloaded files and cross tables under the names of their layout: titles above, notes below, rows of figures."""

from __future__ import annotations

import csv
import fnmatch
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from xinzhi.core.errors import InputError, UsageError, translate_native_errors
from xinzhi.core.finding import format_findings
from xinzhi.core.names import NO_NAMES, provinces
from xinzhi.core.parameters import read_yaml, setting
from xinzhi.data.casting import cast
from xinzhi.data.catalogue import HERE
from xinzhi.data.delimited import read_delimited, utf8
from xinzhi.data.frames import BOOKS, COLUMNAR, read_columnar
from xinzhi.data.nation import NATION
from xinzhi.data.raw import RawTable, grid
from xinzhi.data.units import is_unit
from xinzhi.data.workbook import cells_of

LINE, VALUE, PERIOD = "__line__", "value", "period"


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


_words = partial(setting, HERE / "layouts.yaml", "cross")


def cross(cells: pl.DataFrame) -> Cross:
    """Return the figures of a sheet, whose cells are given from its first row on; none where it is no such table."""
    parts = _parts([[(cell or "").strip() for cell in row] for row in cells.iter_rows()])
    common = _table_header(parts.above)
    # merged cells of the heading rows are filled to the right; the last row has none
    heads = [["", *accumulate(row[1:], _filled)] for row in parts.heads[:-1]]
    heads += parts.heads[-1:]
    columns = {
        place: _label([row[place] for row in heads])
        for place in range(1, cells.width)
        if any(_is_number(row[place]) for _, row in parts.body)
    }
    rows = [(line, row, _label([row[0]])) for line, row in parts.body]
    if any(label.region and label.region != NATION for _, _, label in rows):  # a table of provinces: the sum is none
        rows = [(line, row, label) for line, row, label in rows if label.region and label.region != NATION]
    figure_rows = []
    for line, row, label in rows:
        numbers = [place for place in columns if _is_number(row[place])]
        figure_rows += [
            (line, *_figure(label, columns[place], common), row[place].replace(",", "")) for place in numbers
        ]
    schema = {"line": pl.UInt32, **dict.fromkeys(("series", "unit", "region", "period", "value"), pl.String)}
    figures = pl.DataFrame(figure_rows, schema=schema, orient="row")
    nation = setting(HERE / "nation.yaml", "account.name")
    names = {**{code: (text.zh, text.en) for code, text in provinces().items()}, NATION: (nation["zh"], nation["en"])}
    places = pl.DataFrame([(code, *pair) for code, pair in names.items()], ["region", "name", "name_en"], orient="row")
    return Cross(figures.join(places, on="region", how="left"), list(filter(None, chain.from_iterable(parts.heads))))


def _filled(last: str, cell: str) -> str:
    return cell or last


def _parts(rows: Sequence[list[str]]) -> _Parts:
    """Split the rows of a sheet: figures begin with the first row that has a label and a figure."""
    words = _words()
    heads, notes = {_letters(word) for word in words["heads"]}, re.compile(words["notes"])
    body: list[tuple[int, list[str]]] = []
    top = len(rows)
    for line, row in enumerate(rows, start=1):
        label = _letters(row[0])
        if body and notes.match(label):
            break
        if label and label not in heads and any(map(_is_number, row[1:])):
            top = min(top, line - 1)
            body.append((line, row))
    above, headings = [], []
    for row in rows[:top]:
        filled = [cell for cell in row if cell]
        is_note = any(re.match(words["line"], cell) for cell in filled)
        if _letters(row[0]) in heads or (len(filled) > 1 and not is_note):
            headings.append(row)
        else:
            above += filled
    return _Parts(above, headings, body)


def _label(texts: Sequence[str]) -> Label:
    """Return what the cells of a heading say together, from the top down."""
    words, year, unit, names = _words(), "", "", []
    for text in dict.fromkeys(texts):
        units = [bracket for bracket in re.findall(words["bracket"], text) if _unit(bracket)]
        unit = units[-1].strip() if units else unit
        for bracket in units:
            text = re.sub(rf"[（(]{re.escape(bracket)}[）)]", "", text)  # noqa: PLW2901 - the name without its unit
        bare = _letters(text)
        if match := re.fullmatch(words["year"], bare):
            year = match[1]
        elif bare and bare not in words["heads"]:
            names.append(bare)
    series = "".join(names)
    return Label(series, unit, _region(series), year)


def _table_header(above: Sequence[str]) -> Label:
    """Return what is said once for a whole table: by a word and a colon, else by its title."""
    words, values = _words(), {}
    rest = []
    for cell in above:
        if line_match := re.match(words["line"], cell):
            values[words["parts"][line_match[1]]] = line_match[2].strip()
        else:
            rest.append(cell)
    title = next((match[1] for cell in rest if (match := re.match(words["title"], _letters(cell))) and match[1]), "")
    year = re.search(words["year"], " ".join(rest))
    label = _label([values["series"] if "series" in values else re.sub(rf"[（(]?{words['year']}[）)]?", "", title)])
    unit = values["unit"] if _unit(values.get("unit", "")) else label.unit
    return Label(label.series, unit, _region(values.get("region", "")), year[1] if year else "")


def _figure(row: Label, column: Label, common: Label) -> tuple[str, str, str, str]:
    """Return series, unit, region and year of a cell, from its row, its column, and what is said above."""
    # an indicator above and another word beside: a city, say, whose figure is not the nation's
    names = [label.series for label in (column, row) if label.series and not label.region]
    return (
        "/".join(names) or common.series,
        row.unit or column.unit or common.unit,
        row.region or column.region or common.region or NATION,
        column.year or row.year or common.year,
    )


def _region(text: str) -> str:
    """Return the code of the province or nation that a text names; nothing where it names none."""
    if text in _words()["nation"]:
        return NATION
    try:
        return NO_NAMES.resolve(text, provinces()) if text and not text.isdigit() else ""
    except UsageError:
        return ""


def _unit(text: str) -> bool:
    """Return whether a text is a unit, and no year: 2023年 are so many years, to who knows units alone."""
    return re.fullmatch(_words()["year"], text) is None and is_unit(text)


def _is_number(text: str) -> bool:
    return re.fullmatch(_words()["number"], text) is not None


def _letters(text: str) -> str:
    """Return a text without blanks and marks of its level; a text in two languages is its Chinese part."""
    text_without_marks = re.sub(_words()["drop"], "", text.translate(_FOLDED))
    chinese = re.split(r"[A-Za-z]", text_without_marks)[0]
    return chinese or text_without_marks


class Download(NamedTuple):
    """The rows of a file under the names of a layout, and the headings that they stood under."""

    rows: pl.DataFrame
    headings: list[str]


@cache
def layouts() -> Mapping[str, Mapping[str, Any]]:
    """Return what the kinds of download look like, by kind."""
    kinds: Mapping[str, Mapping[str, Any]] = read_yaml(HERE / "layouts.yaml")["kinds"]
    return kinds


def read_download(path: Path, layout: Mapping[str, Any], encoding: str | None) -> Download:
    """Return the rows of a file under the names of a layout; none where it is not laid out so."""
    with translate_native_errors("data.not-delimited", csv.Error, path=path, line=1, error="csv"):
        return _crosstab(path, encoding) if layout.get("shape") == "cross" else _plain(path, layout, encoding)


def _crosstab(path: Path, encoding: str | None) -> Download:
    """Return the figures of a table for the eye, on all sheets."""
    tables = [cross(cells) for cells in _grids(path, encoding)]
    headings = [heading for table in tables for heading in table.headings]
    if not tables:
        return Download(pl.DataFrame(), headings)
    rows = pl.concat([table.figures for table in tables]).rename({"line": LINE})
    return Download(rows.filter((pl.col(PERIOD) != "") & (pl.col("series") != "")), headings)


def _plain(path: Path, layout: Mapping[str, Any], encoding: str | None) -> Download:
    """Return the rows below the headings of a layout, on the first sheet that has them."""
    headings: list[str] = []
    for raw in _find_tables(path, layout, encoding):
        names = _names(raw.cells.columns, layout)
        headings += raw.cells.columns
        if names is None:
            continue
        rows = raw.cells.select(cast(column, "text").values for column in raw.cells).rename(names)
        filled = pl.sum_horizontal(pl.all().is_not_null())  # a cell alone is a note below the table
        rows = rows.with_columns(raw.lines.alias(LINE)).filter(filled > 2)  # noqa: PLR2004 - the line and one cell
        return Download(_translate_codes(_across(rows, layout), layout, path), headings)
    return Download(pl.DataFrame(), headings)


def _grids(path: Path, encoding: str | None) -> Iterator[pl.DataFrame]:
    """Yield every sheet with all its cells; a text file has one."""
    if path.suffix.lower() in COLUMNAR:
        return
    if path.suffix.lower() in BOOKS:
        yield from (cells for _, cells in cells_of(path) if cells.width)
        return
    rows = list(csv.reader(io.StringIO(_text(path, encoding), newline="")))
    width = max(map(len, rows), default=0)
    cells = {str(place): [row[place] if place < len(row) else None for row in rows] for place in range(width)}
    if width:
        yield pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def _text(path: Path, encoding: str | None) -> str:
    data, findings = utf8(path.read_bytes(), path.stem, path.name, encoding)
    if data is None:
        raise InputError("data.unreadable-table", findings, path=path, what=format_findings(findings))
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")


def _find_tables(path: Path, layout: Mapping[str, Any], encoding: str | None) -> Iterator[RawTable]:
    """Yield every sheet as a table below the line that has the headings of a layout; else its headings alone."""
    suffix, most = path.suffix.lower(), int(read_yaml(HERE / "layouts.yaml")["limits"]["heading_lines"]["value"])
    if suffix in COLUMNAR:
        yield read_columnar(path, path.stem)
    elif suffix in BOOKS:
        for sheet, cells in cells_of(path):
            lead = [[cell or "" for cell in row] for row in cells.head(most).iter_rows()]
            if (top := _top(lead, layout)) is None:
                yield _bare(lead)
                continue
            lines = pl.int_range(top + 2, cells.height + 1, dtype=pl.UInt32, eager=True)
            table = grid(cells.row(top), cells[top + 1 :], lines, table="", file=path.name, line=top + 1)
            yield RawTable(name=sheet, cells=table.cells, lines=table.lines)
    else:
        text = _text(path, encoding)
        lines_above = text.split("\n", most)[:most]
        mark = max((",", ";", "\t"), key="".join(lines_above).count)
        lead = [next(csv.reader([line], delimiter=mark), []) for line in lines_above]
        if (top := _top(lead, layout)) is None:
            yield _bare(lead)
            return
        table = read_delimited(path, "", data=text.split("\n", top)[-1].encode())
        # a line with one field alone is a note below the table
        bad = [problem for problem in table.findings if problem.severity == "error" and problem.value != "1"]
        if bad:
            raise InputError("data.unreadable-table", bad, path=path, what=format_findings(bad, 1))
        yield RawTable(name="", cells=table.cells, lines=table.lines + top)


def _top(rows: Sequence[Sequence[str]], layout: Mapping[str, Any]) -> int | None:
    """Return the place of the row with the headings of a layout, if one has them."""
    return next((place for place, row in enumerate(rows) if _names(row, layout) is not None), None)


def _bare(rows: Sequence[Sequence[str]]) -> RawTable:
    """Return a table without rows, whose headings are the cells of the first row that has several."""
    filled_rows = [[cell for cell in row if cell.strip()] for row in rows]
    cells = next((cells for cells in filled_rows if len(cells) > 1), [])
    names = dict.fromkeys(cells or chain.from_iterable(filled_rows))
    return RawTable(
        name="", cells=pl.DataFrame(schema=dict.fromkeys(names, pl.String)), lines=pl.Series([], dtype=pl.UInt32)
    )


def _names(headings: Sequence[str], layout: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the layout's name of every heading; None where a heading of it is not there."""
    short_names = {heading: heading.partition(": ")[0].strip() for heading in headings if heading}  # SDMX: `ID: Name`
    bare = {short.casefold(): heading for heading, short in reversed(short_names.items())}
    exact = {short: heading for heading, short in short_names.items()}
    headings_by_name = {
        name: next(
            (heading for spelling in spellings if (heading := exact.get(spelling) or bare.get(spelling.casefold()))),
            None,
        )
        for name, spellings in layout.get("columns", {}).items()
    }
    if None in headings_by_name.values():
        return None
    # a column of the file that is called as another one is called here
    names = {
        heading: f"{short} (file)" if short in headings_by_name else short for heading, short in short_names.items()
    }
    return names | {str(heading): name for name, heading in headings_by_name.items()}


def _across(rows: pl.DataFrame, layout: Mapping[str, Any]) -> pl.DataFrame:
    """Return rows whose periods stood in columns with one period each."""
    if "periods" not in layout:
        return rows
    periods = {name: match[1] for name in rows.columns if (match := re.match(layout["periods"], name))}
    index = [name for name in rows.columns if name not in periods]
    long = rows.unpivot(list(periods), index=index, variable_name=PERIOD, value_name=VALUE)
    return long.with_columns(pl.col(PERIOD).replace_strict(periods, default=None, return_dtype=pl.String))


def _translate_codes(rows: pl.DataFrame, layout: Mapping[str, Any], path: Path) -> pl.DataFrame:
    """Replace the codes of a column by those of a file beside, where it is there."""
    if (about := layout.get("beside")) is None:
        return rows
    files = [file for file in sorted(path.parent.iterdir()) if fnmatch.fnmatch(file.name, about["files"])]
    if not files:
        return rows
    codes = read_delimited(files[0], "").cells
    if missing := [name for name in (about["code"], about["to"]) if name not in codes.columns]:
        raise InputError("data.connector-codes", path=files[0], missing=missing)
    translation = dict(zip(codes[about["code"]], codes[about["to"]], strict=True))
    return rows.with_columns(pl.col(about["column"]).replace(translation))
