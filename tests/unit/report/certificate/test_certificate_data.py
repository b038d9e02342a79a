from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest

from xinzhi.data import load
from xinzhi.report.certificate import verify as verify_all
from xinzhi.report.certificate.tables import compare_tables, digest_tables

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone

READ = ("regions", "accounts", "investment")


def edit(path, change):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def cell(rows, column, value, **key):
    (row,) = [row for row in rows if all(row[name] == text for name, text in key.items())]
    row[column] = value(row[column]) if callable(value) else value
    return rows


def last_digit(text):
    return text[:-1] + str((int(text[-1]) + 1) % 10)


def places(result, rule):
    return [(found.table, found.column, found.key) for found in result.differences if found.rule == rule]


def rules(result):
    return {found.rule for found in result.differences}


def test_untouched(certificate, folder):
    result = verify(certificate, load(folder))
    assert result.equal
    assert result.notes == ()


def test_one_digit_of_one_cell(certificate, copy):
    edit(copy / "accounts.csv", lambda rows: cell(rows, "output_real", last_digit, region="220000", year="2017"))
    data = load(copy)
    result = verify(certificate, data)
    assert places(result, "cell") == [("accounts", "output_real", "220000/2017")]
    (found,) = [found for found in result.differences if found.rule == "cell"]
    assert found.where() == "accounts.csv, line 203, column 'output_real' (220000/2017)"
    now = data.tables["accounts"].filter(region="220000", year=2017)["output_real"].item()
    assert found.value == str(now)
    assert "growth" in {found.table for found in result.differences if found.rule == "result"}
    assert rules(result) == {"cell", "result"}


@pytest.mark.parametrize(
    ("table", "column", "value", "key"),
    [
        ("accounts", "employment", last_digit, {"region": "650000", "year": "2010"}),
        ("accounts", "output_vintage", "census4", {"region": "110000", "year": "2020"}),
        ("accounts", "labour_share", "", {"region": "110000", "year": "2005"}),
        ("accounts", "population", last_digit, {"region": "440000", "year": "2015"}),
        ("investment", "investment_price", last_digit, {"region": "500000", "asset": "total", "year": "1996"}),
        ("regions", "name_en", "Kirin", {"region": "220000"}),
    ],
)
def test_one_cell_of_any_kind(certificate, copy, table, column, value, key):
    edit(copy / f"{table}.csv", lambda rows: cell(rows, column, value, **key))
    assert places(verify(certificate, load(copy)), "cell") == [(table, column, "/".join(key.values()))]


def test_text_in_a_number_is_named_and_nothing_is_recomputed(certificate, copy):
    edit(copy / "accounts.csv", lambda rows: cell(rows, "output_real", "n/a", region="220000", year="2017"))
    result = verify(certificate, load(copy))
    assert places(result, "cell") == [("accounts", "output_real", "220000/2017")]
    assert rules(result) == {"cell", "not-recomputed"}


def test_two_cells_are_two_not_four(certificate, copy):
    edit(copy / "accounts.csv", lambda rows: cell(rows, "output_real", last_digit, region="220000", year="2017"))
    edit(copy / "accounts.csv", lambda rows: cell(rows, "employment", last_digit, region="310000", year="2003"))
    assert places(verify(certificate, load(copy)), "cell") == [
        ("accounts", "employment", "310000/2003"),
        ("accounts", "output_real", "220000/2017"),
    ]


def test_cells_at_random(package):
    stated = digest_tables(package, READ)
    rng = np.random.default_rng(7)
    named = 0
    for _ in range(40):
        table = str(rng.choice(READ))
        frame = package.tables[table]
        key = stated[table].key
        column = str(rng.choice([name for name in frame.columns if name not in key]))
        row = int(rng.integers(frame.height))
        old = frame[column][row]
        new = "other" if frame.schema[column] == pl.String else 1 if old is None else old + 1
        cells = frame[column].to_list()
        cells[row] = new
        altered = frame.with_columns(pl.Series(column, cells, dtype=frame.schema[column]))
        (found,) = compare_tables(stated, replace(package, tables={**package.tables, table: altered}))
        assert (found.table, found.column) == (table, column)
        named += found.key == "/".join(str(frame[name][row]) for name in key)
    # The short marks of cells leave one in 4,096 to its column.
    assert named >= 39


def test_a_column_that_was_rescaled_is_counted(certificate, copy):
    def scale(rows):
        return [{**row, "population": str(float(row["population"]) / 10) if row["population"] else ""} for row in rows]

    edit(copy / "accounts.csv", scale)
    result = verify(certificate, load(copy))
    assert len(places(result, "cell")) == 20
    (rest,) = [found for found in result.differences if found.rule == "cell-more"]
    assert (rest.table, rest.column) == ("accounts", "population")
    assert str(sum(cell is not None for cell in load(copy).tables["accounts"]["population"]) - 20) in rest.message.en


def test_a_row_less(certificate, copy):
    edit(
        copy / "accounts.csv", lambda rows: [row for row in rows if (row["region"], row["year"]) != ("650000", "2025")]
    )
    result = verify(certificate, load(copy))
    assert places(result, "row-missing") == [("accounts", None, "650000/2025")]
    assert "cell" not in rules(result)


def test_a_row_more(certificate, copy):
    edit(copy / "accounts.csv", lambda rows: [*rows, {**rows[-1], "year": "2026"}])
    result = verify(certificate, load(copy))
    assert places(result, "row-extra") == [("accounts", None, f"{load(copy).tables['accounts']['region'][-1]}/2026")]


def test_a_row_twice(certificate, copy):
    edit(copy / "accounts.csv", lambda rows: [*rows, dict(rows[0])])
    result = verify(certificate, load(copy))
    assert places(result, "row-twice") == [("accounts", None, "110000/1996")]
    assert "not-recomputed" in rules(result)


def test_a_region_less_is_counted(certificate, copy):
    for table in ("accounts", "investment"):
        edit(copy / f"{table}.csv", lambda rows: [row for row in rows if row["region"] != "650000"])
    result = verify(certificate, load(copy))
    assert {"row-missing", "row-missing-more", "result-row-missing", "result"} <= rules(result)


def test_tables_less_and_more(certificate, package):
    tables = {name: package.tables[name] for name in ("regions", "accounts", "investment")}
    extra = {**tables, "prices": load("china-provinces").tables["prices"]}
    result = verify(certificate, replace(package, tables=extra))
    assert places(result, "table-missing") == [("vintages", None, None)]
    assert places(result, "table-extra") == [("prices", None, None)]


def test_a_table_that_the_measurement_needs_is_missing(certificate, package):
    tables = {name: frame for name, frame in package.tables.items() if name != "investment"}
    result = verify(certificate, replace(package, tables=tables))
    assert places(result, "table-missing") == [("investment", None, None)]
    assert rules(result) == {"table-missing", "not-recomputed"}


def test_columns_less_and_more(certificate, package):
    accounts = package.tables["accounts"].drop("urbanisation").with_columns(remark=pl.lit("x"))
    result = verify(certificate, replace(package, tables={**package.tables, "accounts": accounts}))
    assert places(result, "column-missing") == [("accounts", "urbanisation", None)]
    assert places(result, "column-extra") == [("accounts", "remark", None)]
    assert rules(result) == {"column-missing", "column-extra"}


def test_another_unit(certificate, package):
    units = {**package.units, "accounts": {**package.units["accounts"], "output_real": "1e8 CNY at 2005 prices"}}
    result = verify(certificate, replace(package, units=units))
    (found,) = result.differences
    assert (found.rule, found.column, found.value) == ("unit", "output_real", "1e8 CNY at 2005 prices")
    assert found.expected == "1e8 CNY at 2000 prices"


def test_a_table_that_is_not_read_names_the_column(certificate, copy):
    edit(
        copy / "vintages.csv",
        lambda rows: [{**rows[0], "output_growth": last_digit(rows[0]["output_growth"])}, *rows[1:]],
    )
    result = verify(certificate, load(copy))
    assert [(found.rule, found.table, found.column) for found in result.differences] == [
        ("column-differs", "vintages", "output_growth")
    ]


def test_swapped_rows_of_a_table_that_is_not_read(certificate, package):
    frame = package.tables["vintages"]
    growth = frame["output_growth"].to_list()
    at = next(n for n in range(len(growth) - 1) if growth[n] != growth[n + 1] and None not in growth[n : n + 2])
    growth[at], growth[at + 1] = growth[at + 1], growth[at]
    swapped = frame.with_columns(pl.Series("output_growth", growth))
    result = verify(certificate, replace(package, tables={**package.tables, "vintages": swapped}))
    assert [(found.rule, found.table) for found in result.differences] == [("table-differs", "vintages")]


def test_other_names_are_only_noted(certificate, package):
    renamed = replace(package, name="mine", version=None)
    assert [found.rule for found in verify(certificate, renamed).differences] == ["package"]
    result = verify(certificate, renamed, allow_unproved=True)
    assert result.equal
    assert [(found.rule, found.severity) for found in result.notes] == [("package", "note")]
    assert "1 not proved" in result.summary("en")
    assert "1处未能证实" in result.summary("zh")
