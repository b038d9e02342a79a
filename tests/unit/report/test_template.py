"""A package to fill in: what the workbook lets one type is what the check accepts, and filled it is measured."""

from __future__ import annotations

import openpyxl
import polars as pl
import pytest
from called import called

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import check, tables_by_name
from xinzhi.report import new_package

REGIONS = ["110000", "220000"]
FIRST = 6  # the first row of figures


def fill(folder, tables, units):
    """Type figures into the workbook as a user does; units by table and column."""
    path = folder / "data.xlsx"
    book = openpyxl.load_workbook(path)
    for name, frame in tables.items():
        sheet = book[name]
        places = {cell.value: cell.column for cell in sheet[FIRST - 1]}
        for line, row in enumerate(frame.select(set(places) & set(frame.columns)).iter_rows(named=True), start=FIRST):
            for column, value in row.items():
                sheet.cell(line, places[column], value)
    for row in book["units"].iter_rows(min_row=2):
        row[2].value = units.get(row[0].value, {}).get(row[1].value, row[2].value)
    book.save(path)
    return folder


@pytest.fixture(scope="module")
def shipped():
    package = xinzhi.load("china-provinces")
    tables = {
        name: package.tables[name].filter(pl.col("region").is_in(REGIONS))
        for name in ("regions", "accounts", "investment")
    }
    return tables, package.units


def test_a_fresh_package_says_what_is_empty(tmp_path):
    found = check(new_package(tmp_path / "mine"))
    assert [(one.rule, one.table) for one in found] == [
        ("empty-table", "regions"),
        ("empty-table", "accounts"),
        ("empty-table", "investment"),
    ]
    assert "没有数据行" in found[0].message.zh
    with pytest.raises(InputError, match="no rows"):
        xinzhi.measure(tmp_path / "mine")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_filled_with_values_it_is_measured_as_they_are(tmp_path, shipped, language):
    tables, units = shipped
    folder = fill(new_package(tmp_path / "mine", language=language), tables, units)
    package = xinzhi.load(folder)
    assert not [one for one in package.findings if one.severity == "error"]
    ours, theirs = xinzhi.measure(package), xinzhi.measure("china-provinces")
    both = ours.frame.join(theirs.frame, on=["region", "year"], suffix="_shipped")
    assert both.height == ours.frame.height > 40
    assert (both["tfp_growth"] - both["tfp_growth_shipped"]).abs().max() < 1e-12


def test_units_of_ones_own_are_converted(tmp_path, shipped):
    tables, units = shipped
    accounts = tables["accounts"].with_columns(pl.col("employment") * 10)
    folder = new_package(tmp_path / "mine", ["accounts"])
    fill(folder, {"accounts": accounts}, {"accounts": units["accounts"] | {"employment": "thousand persons"}})
    for source in (folder, folder / "data.xlsx"):
        ours, typed = xinzhi.load(source).tables["accounts"]["employment"], tables["accounts"]["employment"]
        assert (ours - typed).abs().max() < 1e-9
        assert ours.null_count() == typed.null_count()


def test_the_workbook_has_the_rules_of_the_known_tables(tmp_path):
    new_package(tmp_path / "mine", language="zh")
    book = openpyxl.load_workbook(tmp_path / "mine" / "data.xlsx")
    sheet = book["accounts"]
    rules = {}
    for rule in sheet.data_validations.dataValidation:
        [cells] = str(rule.sqref).split()
        rules[sheet[f"{cells.split(':')[0].rstrip('0123456789')}{FIRST - 1}"].value] = rule
    assert (rules["output_nominal"].type, rules["output_nominal"].operator, rules["output_nominal"].formula1) == (
        "decimal",
        "greaterThan",
        "0",
    )
    assert rules["region"].formula1.startswith("regions!")
    assert rules["region"].errorStyle == "warning"
    assert "extrapolated" in rules["employment_status"].formula1
    assert rules["schooling"].formula2 == "25"
    assert rules["year"].formula1.startswith("OR(AND(ISNUMBER(B6)")
    assert "ratio" in rules["labour_share"].formula2
    assert "大于0" in rules["employment"].error
    heads = [[cell.value for cell in row] for row in sheet.iter_rows(max_row=FIRST - 1)]
    place = heads[-1].index("employment")
    known = tables_by_name()["accounts"].columns["employment"]
    assert (heads[1][place], heads[2][place]) == (known.text.zh, known.text.en)
    assert all(row[0].startswith("#") for row in heads[:-1])
    assert known.text.zh in sheet.cell(FIRST - 1, place + 1).comment.text
    assert heads[3][place] == f"=units!$C${[row[1].value for row in book['units']].index('employment') + 1}"


@pytest.mark.parametrize("name", tables_by_name())
def test_every_known_table_can_be_laid_out(tmp_path, name):
    folder = new_package(tmp_path / "mine", [name])
    assert {one.rule for one in check(folder)} == {"empty-table"}
    sheet = openpyxl.load_workbook(folder / "data.xlsx")[name]
    assert [cell.value for cell in sheet[FIRST - 1]][: len(tables_by_name()[name].key)]


def test_nothing_is_overwritten_and_a_misspelt_table_is_told(tmp_path):
    new_package(tmp_path / "mine")
    with pytest.raises(UsageError, match="not overwritten"):
        new_package(tmp_path / "mine")
    with pytest.raises(UsageError, match="nearest: fiscal"):
        new_package(tmp_path / "other", ["fiscl"])
    assert not (tmp_path / "other").exists()


def test_a_sheet_that_the_descriptor_names_and_is_not_there(tmp_path):
    folder = new_package(tmp_path / "mine", ["accounts"])
    path = folder / "datapackage.yaml"
    path.write_text(path.read_text("utf-8").replace("sheet: accounts", "sheet: account"), "utf-8")
    with pytest.raises(InputError, match="no sheet 'account'"):
        check(folder)


def test_the_command_line(tmp_path):
    done = called("new", "mine", "--tables", "regions,accounts", "--lang", "zh", cwd=tmp_path)
    assert done.returncode == 0, done
    assert "下一步：填写mine/data.xlsx" in done.stdout
    assert "从第6行起" in (tmp_path / "mine" / "README.md").read_text("utf-8")
    checked = called("check", "mine", "--lang", "zh", cwd=tmp_path)
    assert checked.returncode == 1
    assert checked.stdout.count("没有数据行") == 2
