"""The workbooks of an assessment keep what statistics offices ask of spreadsheets: each rule, over every sheet."""

from __future__ import annotations

import re
from types import SimpleNamespace

import openpyxl
import pytest
from latin import LISTED

import xinzhi
from xinzhi.core import flags
from xinzhi.core.schema import Column
from xinzhi.core.text import Text, same
from xinzhi.report.pages.yardstick.assessment import document, topics
from xinzhi.report.table import NUMERIC, Table
from xinzhi.report.workbook import MOST, NAME, SHEETS, cells, divide, headers, shape, sheet_name, width, write_workbooks

FRONT = {"en": ["Cover", "Contents", "Notes"], "zh": ["封面", "目录", "说明"]}
LATIN = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture(scope="module")
def assessed():
    """Return the document of an assessment of China's provinces."""
    study = xinzhi.study("assess", "china-provinces")
    return document(study.measurement, study.protocol, study.package, topics(study), study.notes, study.ranking)


@pytest.fixture(scope="module", params=["zh", "en"])
def books(request, assessed, tmp_path_factory):
    """Return both workbooks in one language, with the tables that they hold."""
    folder = tmp_path_factory.mktemp(request.param)
    paths = [folder / "assessment.xlsx", folder / "assessment-data.xlsx"]
    write_workbooks(assessed, paths, request.param)
    both = [openpyxl.load_workbook(path) for path in paths]
    return SimpleNamespace(both=both, tables=divide(assessed), language=request.param)


def sheets(books):
    """Return every sheet that holds a table of the assessment, with the table."""
    pairs = zip(books.both, books.tables, strict=True)
    return [pair for book, tables in pairs for pair in zip(book.worksheets[3:], tables, strict=True)]


def span(sheet):
    """Return first and last row and column of the table of a sheet."""
    (marked,) = sheet.tables.values()
    left, top, right, bottom = openpyxl.utils.range_boundaries(marked.ref)
    return left, top, right, bottom


def test_a_person_gets_at_most_ten_sheets_and_the_first_has_the_regions_by_questions(books):
    person, data = books.both
    assert len(person.sheetnames) <= SHEETS
    assert person.sheetnames[:3] == data.sheetnames[:3] == FRONT[books.language]
    assert books.tables[0][0].key == "overview"
    assert person.worksheets[3].max_row == 6 + 31


def test_every_table_stands_on_one_sheet_of_one_of_the_two(books, assessed):
    keys = [table.key for tables in books.tables for table in tables]
    assert sorted(keys) == sorted(table.key for table in assessed.contents())


def test_no_name_of_a_sheet_is_cut_off_or_given_twice(books):
    for book, tables in zip(books.both, books.tables, strict=True):
        names = book.sheetnames
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= NAME
        for place, (name, table) in enumerate(zip(names[3:], tables, strict=True), start=1):
            assert name == sheet_name(table, place, books.language)
            assert not re.search(r"Table$|表$", name) or "Table" in table.title.en


def test_no_cell_is_merged_and_no_sheet_is_hidden(books):
    for book in books.both:
        for sheet in book.worksheets:
            assert not sheet.merged_cells.ranges
            assert sheet.sheet_state == "visible"
            assert not any(one.hidden for one in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()))


def test_one_marked_table_a_sheet_with_its_header_row(books):
    for book in books.both:
        assert not book.worksheets[0].tables
        names = [name for sheet in book.worksheets for name in sheet.tables]
        assert len(set(names)) == len(names)
        for sheet in book.worksheets[1:]:
            left, top, right, bottom = span(sheet)
            assert (left, bottom, right) == (1, sheet.max_row, sheet.max_column)
            head = [cell.value for cell in sheet[top]]
            assert all(isinstance(cell, str) and cell.strip() for cell in head)
            assert len({cell.lower() for cell in head}) == len(head)
            assert [column.name for column in next(iter(sheet.tables.values())).tableColumns] == head
            assert sheet.freeze_panes is not None
            assert openpyxl.utils.cell.coordinate_from_string(sheet.freeze_panes)[1] == top + 1


def test_no_cell_of_a_table_is_empty_and_above_it_stand_lines_without_a_gap(books):
    for book in books.both:
        for sheet in book.worksheets[1:]:
            _, top, right, bottom = span(sheet)
            assert all(sheet.cell(row, 1).value for row in range(1, top))
            rows = sheet.iter_rows(min_row=top, max_row=bottom, max_col=right, values_only=True)
            assert all(cell not in {None, ""} for row in rows for cell in row)
        cover = [cell.value for cell in book.worksheets[0]["A"]]
        assert all(cover)
        assert book.worksheets[0].max_column == 1


def test_every_mark_in_a_cell_has_its_line_in_the_notes_and_the_notes_name_its_sheet(books):
    mark = re.compile(r"\[([a-z])\]")
    for book in books.both:
        key = {row[0]: row[1:] for row in book.worksheets[2].iter_rows(min_row=5, values_only=True)}
        used = {}
        for sheet in book.worksheets[3:]:
            top = span(sheet)[1]
            cells_ = [cell for row in sheet.iter_rows(min_row=top + 1, values_only=True) for cell in row]
            letters = {one for cell in cells_ if isinstance(cell, str) for one in mark.findall(cell)}
            above = sheet.cell(top - 2, 1)
            for one in letters:
                used.setdefault(f"[{one}]", []).append(sheet.title)
                assert f"[{one}]" in above.value
            assert above.hyperlink.location == f"'{book.sheetnames[2]}'!A1"
        assert {name for name in key if mark.fullmatch(name)} == set(used)
        assert all(sheet in key[name][1] for name, some in used.items() for sheet in some)


def test_every_note_of_a_table_is_in_the_notes(books):
    legend = set(flags.legend(flags.kinds()))
    for book, tables in zip(books.both, books.tables, strict=True):
        told = {row[1] for row in book.worksheets[2].iter_rows(min_row=5, values_only=True)}
        for table in tables:
            wanted = {note.lang(books.language) for note in table.notes if note not in legend}
            assert len(wanted - told) <= (table.key == "overview"), table.key  # what a dash means on the page


def test_contents_link_to_every_sheet_and_every_sheet_back(books):
    for book, tables in zip(books.both, books.tables, strict=True):
        contents = book.worksheets[1]
        rows = list(contents.iter_rows(min_row=span(contents)[1] + 1))
        assert [row[0].value for row in rows] == book.sheetnames[3:]
        assert [row[0].hyperlink.location for row in rows] == [f"'{name}'!A1" for name in book.sheetnames[3:]]
        assert [row[1].value for row in rows] == [table.title.lang(books.language) for table in tables]
        for sheet in book.worksheets[3:]:
            assert sheet.cell(span(sheet)[1] - 1, 1).hyperlink.location == f"'{contents.title}'!A1"
        assert "assessment" in contents["A3"].hyperlink.target


def test_the_cover_says_what_when_by_whom_and_by_which_yardstick(books, assessed):
    fixed = {
        "zh": ("1996—2023", "国家统计局", "建议稿", "联系方式"),
        "en": ("1996–2023", "National Bureau", "proposed", "Contact"),
    }
    for book in books.both:
        said = "\n".join(str(cell.value) for cell in book.worksheets[0]["A"])
        for one in (*fixed[books.language], assessed.source.lang(books.language), assessed.protocol.fingerprint):
            assert one in said


def test_numbers_are_numbers_with_a_format_and_columns_are_wide_enough(books):
    for sheet, table in sheets(books):
        _, top, _, bottom = span(sheet)
        for place, one in enumerate(table.columns, start=1):
            held = sheet.column_dimensions[openpyxl.utils.get_column_letter(place)]
            for row in range(top + 1, bottom + 1):
                cell = sheet.cell(row, place)
                if one.kind in NUMERIC and not isinstance(cell.value, str):
                    assert cell.number_format != "General", (table.key, one.name)
                    assert cell.value == pytest.approx(table.rows[row - top - 1][place - 1], rel=1e-14)
                elif one.kind in NUMERIC:
                    assert cell.value == "[x]" or table.rows[row - top - 1][place - 1] is not None
            assert held.width <= MOST + 1 or held.min != place


def test_headers_bear_the_unit_of_the_catalogue(books):
    for sheet, table in sheets(books):
        head = [cell.value for cell in sheet[span(sheet)[1]]]
        for one, said in zip(table.columns, head, strict=True):
            assert one.unit.lang(books.language) in said
            title = one.title.lang(books.language).lower()
            assert said.lower().replace("\xa0", " ").startswith(title.replace("\xa0", " "))


def test_the_chinese_workbook_is_in_chinese(books):
    if books.language != "zh":
        return
    for sheet, table in sheets(books):
        for cell in sheet[span(sheet)[1]]:
            assert not set(LATIN.findall(cell.value)) - LISTED, (table.key, cell.value)


def test_a_name_that_is_too_long_gives_way_to_its_number():
    long = Table(key="odd_one", title=same("A title that no tab of a workbook has room for"), columns=(), rows=[])
    assert sheet_name(long, 12, "en") == "12 A title that no tab of a…"
    comma = Table(key="odd_one", title=same("What moved the ratio, region, by region"), columns=(), rows=[])
    assert sheet_name(comma, 12, "en") == "12 What moved the ratio…"
    chinese = Table(key="odd_one", title=same("各地区债务率历年变动的分解" * 3), columns=(), rows=[])
    assert sheet_name(chinese, 12, "zh") == "12 各地区债务率历年变动的分解各地区债务率历年变动的分解各…"
    barred = Table(key="odd_one", title=same("Profit/loss: [all]"), columns=(), rows=[])
    assert sheet_name(barred, 1, "en") == "1 Profit loss   all"


def test_cells_say_why_there_is_no_figure():
    columns = (Column(title=same("growth"), kind="percent"), Column(title=same("why"), kind="text"))
    table = Table(key="odd_one", title=same("t"), columns=columns, rows=[(None, None), (float("nan"), ""), (1.5, "a")])
    assert cells(table, 0, "en") == ["[x]", "[x]", 1.5]
    assert cells(table, 1, "en") == ["[z]", "[z]", "a"]


def test_two_columns_of_one_title_are_told_apart():
    columns = tuple(Column(title=Text(zh="份额", en=name), unit=same("%")) for name in ("share", "Share", "other"))
    table = Table(key="odd_one", title=same("t"), columns=columns, rows=[])
    assert headers(table, "en") == ["Share (%)", "Share (%) (2)", "Other (%)"]


@pytest.mark.parametrize(
    ("kind", "values", "form"),
    [
        ("percent", [1.234], "#,##0.00"),
        ("share", [50], "#,##0"),
        ("level", [1.0], "#,##0.00"),
        ("year", [2017], "0"),
        ("figure", [12345.6], "#,##0"),
        ("figure", [0.01234], "#,##0.00000"),
        ("figure", [3, 4], "#,##0"),
        ("figure", [], "#,##0"),
        ("integer", [12000], "#,##0"),
    ],
)
def test_the_format_of_numbers_follows_the_kind(kind, values, form):
    assert shape(Column(title=same("x"), kind=kind), values, 2) == form


def test_chinese_signs_have_room_for_two():
    assert width("地区", ["新疆生产建设兵团"], None) == 18
    assert width("region", [1234567.0], "#,##0.00") == 14
    assert width("x", ["a" * 400], None) == MOST
