from __future__ import annotations

import datetime as dt

import openpyxl
import pandas as pd
import polars as pl
import pytest
import yaml

from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import check, load


@pytest.mark.parametrize("source", [pl.DataFrame({"region": ["a"]}), pd.DataFrame({"region": ["a"]}), None, ["a"], 3])
def test_what_is_neither_place_nor_mapping_is_refused(source):
    with pytest.raises(UsageError, match="load takes the name of a shipped package"):
        load(source)


@pytest.mark.parametrize("names", [["region", "year", "year"], ["region", "year", "year "]])
def test_two_columns_of_one_name_are_refused(names):
    frame = pd.DataFrame([["a", 2000, 2001]], columns=names)
    with pytest.raises(InputError, match="'accounts' has two columns of the same name"):
        load({"accounts": frame})


@pytest.mark.parametrize(
    "years",
    [
        pd.period_range("2020", periods=2, freq="Y"),
        pd.to_datetime(["2020-12-31", "2021-12-31"]),
        [dt.date(2020, 1, 1), dt.date(2021, 1, 1)],
    ],
)
def test_dates_and_periods_count_as_their_year(years):
    package = load({"accounts": pd.DataFrame({"region": ["a", "a"], "year": years})})
    assert package.tables["accounts"]["year"].to_list() == [2020, 2021]
    assert not package.findings


def test_formulas_without_results_are_named(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "accounts"
    for row in (["region", "year", "employment"], ["a", 2020, 5], ["a", 2021, "=C2*2"], ["a", 2022, "=C3*2"]):
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    (found,) = [found for found in check(tmp_path / "book.xlsx") if found.severity == "error"]
    assert (found.rule, found.line, found.column, found.value) == ("formula-without-value", 3, "employment", "2")


def test_a_title_in_a_workbook_is_named(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "accounts"
    for row in (["Accounts"], [], ["region", "year", "employment"], ["a", 2020, 5]):
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    (found,) = check(tmp_path / "book.xlsx")
    assert (found.rule, found.line, found.value) == ("title-above-header", 1, "3")


def described(folder, text, schema):
    (folder / "accounts.csv").write_text(text, "utf-8")
    resource = {"name": "accounts", "path": "accounts.csv", "schema": schema}
    (folder / "datapackage.yaml").write_text(yaml.safe_dump({"resources": [resource]}), "utf-8")
    return load(folder)


def test_missing_values_of_the_descriptor_are_gaps(tmp_path):
    fields = [
        {"name": "region"},
        {"name": "year"},
        {"name": "employment", "unit": "1e4 persons"},
        {"name": "schooling", "unit": "years", "missingValues": [{"value": "-9", "label": "refused"}]},
    ]
    text = "region,year,employment,schooling\na,2020,n/a,8\na,2021, .. ,-9\n"
    package = described(tmp_path, text, {"fields": fields, "missingValues": ["", "n/a", ".."]})
    assert not package.findings
    assert package.tables["accounts"]["employment"].to_list() == [None, None]
    assert package.tables["accounts"]["schooling"].to_list() == [8, None]


def test_another_decimal_mark_is_said_not_to_be_read(tmp_path):
    fields = [{"name": "region"}, {"name": "year"}, {"name": "employment", "unit": "1e4 persons", "decimalChar": ","}]
    package = described(tmp_path, "region;year;employment\na;2020;1,5\n", {"fields": fields})
    assert [found.rule for found in package.findings] == ["decimal-char-unread", "text-in-number"]


def test_a_chain_whose_first_year_is_blank_equals_its_fixed_base_index():
    rows = {"region": ["a"] * 3 + ["b"] * 3, "year": [2000, 2001, 2002] * 2, "investment_nominal": 1.0}
    chained = pl.DataFrame(rows | {"investment_price": [None, 110.0, 120.0, None, 105.0, 100.0]})
    fixed = pl.DataFrame(rows | {"investment_price": [1.0, 1.1, 1.32, 1.0, 1.05, 1.05]})

    def read(frame, unit):
        units = {"investment": {"investment_nominal": "1e8 CNY", "investment_price": unit}}
        package = load({"investment": frame}, units=units)
        return package.tables["investment"]["investment_price"], package.units["investment"], package.findings

    levels, units, findings = read(chained, "index previous year=100")
    expected, same_units, _ = read(fixed, "index 2000=1")
    assert levels.to_list() == pytest.approx(expected.to_list(), rel=1e-15)
    assert units == same_units
    assert not findings


def test_a_word_among_the_numbers_of_a_pandas_frame_is_named_by_its_line_and_column():
    frame = pd.DataFrame({"region": ["a", "b", "c"], "year": 2000, "employment": [1.5, "n/a?", None]})
    package = load({"accounts": frame}, units={"accounts": {"employment": "1e4 persons"}})
    (found,) = [one for one in package.findings if one.rule == "text-in-number"]
    assert (found.line, found.column, found.value) == (2, "employment", "n/a?")
    assert package.tables["accounts"]["employment"].to_list() == [1.5, None, None]
