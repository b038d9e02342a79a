from __future__ import annotations

import datetime as dt

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.provenance import provenance
from xinzhi.data import Field, as_package, is_package, load, tidy
from xinzhi.data.frames import infer_numbers, read_file

FIELDS = [Field("region", "code"), Field("year", "year"), Field("debt", sign="non-negative")]
KEY = ["region", "year"]
COLUMNS = {"region": ["b", "a", "a"], "year": [2005, 2006, 2005], "debt": [3.0, 2.0, None]}
ROWS = [("a", 2005, None), ("a", 2006, 2.0), ("b", 2005, 3.0)]


def error_of(source, fields=FIELDS, **asked):
    with pytest.raises(InputError) as caught:
        tidy(source, fields, **{"key": KEY, "verb": "debt"} | asked)
    return caught.value


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (COLUMNS, "polars"),
        (pl.DataFrame(COLUMNS), "polars"),
        (pl.LazyFrame(COLUMNS), "polars"),
        (pd.DataFrame(COLUMNS), "pandas"),
        (pa.table(COLUMNS), "pyarrow"),
        (pd.DataFrame(COLUMNS).set_index(KEY), "pandas"),
    ],
    ids=["mapping", "polars", "lazy", "pandas", "pyarrow", "index"],
)
def test_any_frame(source, kind):
    read = tidy(source, FIELDS, key=KEY)
    assert (read.frame.rows(), read.kind) == (ROWS, kind)
    assert read.frame.dtypes == [pl.String, pl.Int64, pl.Float64]


def test_a_duckdb_relation():
    frame = pd.DataFrame(COLUMNS)  # noqa: F841 - read by the query
    read = tidy(duckdb.sql("select * from frame"), FIELDS, key=KEY)
    assert (read.frame.rows(), read.kind) == (ROWS, "duckdb")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_file(tmp_path, suffix):
    path, frame = tmp_path / f"debts{suffix}", pl.DataFrame(COLUMNS)
    {".csv": frame.write_csv, ".xlsx": frame.write_excel, ".parquet": frame.write_parquet}[suffix](path)
    read = tidy(path, FIELDS, key=KEY)
    assert read.frame.rows() == ROWS
    assert tidy(str(path), FIELDS, key=KEY).frame.equals(read.frame)
    bad = frame.with_columns(debt=pl.Series([3.0, -2.0, None]))
    {".csv": bad.write_csv, ".xlsx": bad.write_excel, ".parquet": bad.write_parquet}[suffix](path)
    (found,) = error_of(path).findings
    line = {".csv": 3, ".xlsx": 3, ".parquet": 2}[suffix]
    assert (found.rule, found.file, found.line, found.key) == ("negative", path.name, line, "a/2006")


def test_codes_of_a_file_keep_their_zeros(tmp_path):
    (tmp_path / "t.csv").write_text("region,year,debt\n01,2005,1\n", "utf-8")
    assert tidy(tmp_path / "t.csv", FIELDS).frame.rows() == [("01", 2005, 1.0)]
    raw = read_file(tmp_path / "t.csv", "t")
    assert infer_numbers(raw.cells, text=["region"]).rows() == [("01", 2005.0, 1.0)]


@pytest.mark.parametrize("name", ["none.csv", "empty.xlsx", "bad.parquet"])
def test_a_file_that_cannot_be_read(tmp_path, name):
    if name != "none.csv":
        (tmp_path / name).write_bytes(b"PK nothing")
    assert name in str(error_of(tmp_path / name))


def test_a_missing_column_is_named_with_the_nearest():
    frame = {"region": ["a"], "yaer": [2005], "Debt": [1]}
    text = str(error_of(frame))
    assert text.startswith("debt: the table has no column 'year' and 'debt'. Did you mean 'yaer' and 'Debt'?")
    assert text.endswith("It has region, yaer and Debt.")
    with pytest.raises(UsageError, match="has no column 'wage'"):
        tidy(frame, [Field("value", column="wage")], columns_from_caller=True)


def test_an_optional_column_may_be_missing_and_others_stay():
    fields = [Field("region", "code"), Field("share", required=False), Field("name", "text", required=False)]
    read = tidy({"region": ["a"], "name": [" Jilin "], "note": ["x"]}, fields, extra=True)
    assert read.frame.rows(named=True) == [{"region": "a", "name": "Jilin", "note": "x"}]


def test_columns_take_the_names_of_the_fields():
    read = tidy({"city": [220100.0], "t": [1]}, [Field("region", "code", column="city"), Field("year", "year", "t")])
    assert read.frame.rows(named=True) == [{"region": "220100", "year": 1}]


@pytest.mark.parametrize(
    ("columns", "rule", "column", "line"),
    [
        ({"debt": ["1", "n/a"]}, "text-in-number", "debt", 2),
        ({"debt": [1.0, float("inf")]}, "infinite", "debt", 2),
        ({"debt": [-1.0, 1.0]}, "negative", "debt", 1),
        ({"year": [2005.5, 2006.0]}, "invalid-year", "year", 1),
        ({"year": ["2005", "last"]}, "invalid-year", "year", 2),
        ({"year": [2005, None]}, "missing-key", "year", 2),
        ({"region": ["a", " "]}, "missing-key", "region", 2),
        ({"region": ["a", "a"], "year": [2005, 2005]}, "duplicate-key", "year", 2),
    ],
)
def test_a_cell_that_cannot_be_used_is_named(columns, rule, column, line):
    error = error_of({"region": ["a", "b"], "year": [2005, 2006], "debt": [1.0, 2.0]} | columns)
    (found,) = error.findings
    assert (found.rule, found.column, found.line) == (rule, column, line)
    assert (found.message.zh, error.exit_code) == (found.message.zh, 3)
    assert str(error) == f"debt: {found.sentence()}"


def test_all_cells_are_named_at_once():
    error = error_of({"region": ["a", None], "year": ["x", 2006], "debt": [-1, 2]})
    assert [found.rule for found in error.findings] == ["missing-key", "invalid-year", "negative"]
    assert str(error).endswith("(2 more)")


def test_signs_and_empty_cells():
    frame = {"x": [1.0, 0.0, None]}
    assert [f.rule for f in error_of(frame, [Field("x", sign="positive")], key=[]).findings] == ["not-positive"]
    assert [f.rule for f in error_of(frame, [Field("x", missing="refuse")], key=[]).findings] == ["missing-value"]
    assert tidy(frame, [Field("x", sign="non-negative")]).frame["x"].to_list() == [1.0, 0.0, None]


def test_a_rule_of_the_verb_names_the_row_of_the_source():
    read = tidy(COLUMNS, FIELDS, key=KEY, verb="debt")
    with pytest.raises(InputError) as caught:
        read.refuse(pl.col("debt") > 2, "data.negative", column="debt")
    assert (caught.value.findings[0].line, caught.value.findings[0].key) == (1, "b/2005")
    read.refuse(pl.col("debt") > 9, "data.negative")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["11", "8"], [11, 8]),
        ([11.0, 8.0], [11, 8]),
        ([0.5, 1.0], [0.5, 1.0]),
        (["2005Q1", "2005Q2"], ["2005Q1", "2005Q2"]),
        (["before", "after"], ["before", "after"]),
        ([dt.date(2005, 1, 1), None], [dt.date(2005, 1, 1), None]),
    ],
)
def test_periods(given, read):
    assert tidy({"t": given}, [Field("t", "period")]).frame["t"].to_list() == read


def test_periods_whose_labels_sort_in_another_order_are_refused():
    error = error_of({"t": ["week 8", "week 11", "start"]}, [Field("t", "period")], key=[])
    assert [found.value for found in error.findings] == ["week 8", "week 11"]
    assert "week 08" in error.findings[0].hint.en


def test_dates():
    assert tidy({"t": ["2005-03-01", ""]}, [Field("t", "date")]).frame["t"].to_list() == [dt.date(2005, 3, 1), None]
    assert [f.rule for f in error_of({"t": ["March"]}, [Field("t", "date")], key=[]).findings] == ["not-a-date"]
    assert tidy({"t": [dt.date(2005, 3, 1)]}, [Field("t", "year")]).frame["t"].to_list() == [2005]


def test_a_table_without_rows():
    assert "has no rows" in str(error_of({"region": [], "year": [], "debt": []}))
    assert tidy({"x": []}, [Field("x")], empty=True).frame.height == 0


def test_where_a_result_came_from():
    package = load("china-provinces")
    assert (is_package(package), is_package(package.tables["accounts"]), as_package(package)) == (True, False, package)
    seal = provenance("debt", package, ["fiscal"], horizon=5)
    assert (seal.inputs, seal.options) == ({"fiscal": package.fingerprint("fiscal")}, {"horizon": 5})
    read = tidy(COLUMNS, FIELDS, key=KEY, verb="debt", table="debts")
    other = tidy(pl.DataFrame(COLUMNS).reverse(), FIELDS, verb="debt", table="debts")
    assert read.provenance(horizon=5).inputs == {"debts": other.digest()}
    assert provenance("debt").inputs == {}
