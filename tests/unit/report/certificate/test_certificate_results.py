from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

import xinzhi
from xinzhi.report.certificate import verify as verify_all

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone


def places(result, rule):
    return [(found.table, found.column, found.key) for found in result.differences if found.rule == rule]


def rules(result):
    return {found.rule for found in result.differences}


def result_value(document, table, head, last, column):
    part = document["results"]["tables"][table]
    number = [entry["name"] for entry in part["columns"]].index(column)
    return part["rows"][head][last], number


def test_one_result(certificate, package, forge):
    def change(document):
        row, number = result_value(document, "periods", "220000/2012", "2017", "tfp_growth")
        row[number] += 2

    periods = xinzhi.measure(package).periods
    assert periods.filter(region="220000", start=2012, end=2017).height == 1
    (found,) = verify(forge(certificate, change), package).differences
    assert (found.rule, found.table, found.column, found.key) == ("result", "periods", "tfp_growth", "220000/2012/2017")
    assert float(found.expected) - float(found.value) == pytest.approx(2e-10, abs=1e-13)
    assert "1 of 186" in found.message.en


def test_the_last_digit_alone_is_no_result_but_the_certificate_was_altered(certificate, package, forge):
    def change(document):
        row, number = result_value(document, "growth", "220000", "2017", "tfp_growth")
        row[number] += 1

    assert verify(forge(certificate, change), package).equal
    result = verify(forge(certificate, change, restate=False), package)
    assert rules(result) == {"certificate-altered", "result-column-altered"}
    assert places(result, "result-column-altered") == [("growth", "tfp_growth", "220000/2017")]


@pytest.mark.parametrize(("column", "value"), [("rank", 1), ("flags", 0), ("tfp_growth", None)])
def test_ranks_marks_and_blanks_are_exact(certificate, package, forge, column, value):
    def change(document):
        row, number = result_value(document, "periods", "650000/2012", "2017", column)
        if value is not None:
            assert row[number] != value + 1
        row[number] = None if value is None else value + (row[number] == value)

    (found,) = verify(forge(certificate, change), package).differences
    assert (found.rule, found.column, found.key) == ("result", column, "650000/2012/2017")


def test_rows_columns_and_tables_of_results(certificate, package, forge):
    def change(document):
        tables = document["results"]["tables"]
        tables["growth"]["rows"]["220000"].pop("2017")
        tables["growth"]["rows"]["220000"]["2077"] = [0] * len(tables["growth"]["columns"])
        tables["growth"]["columns"][0]["name"] = "colour"
        tables.pop("levels")

    result = verify(forge(certificate, change), package)
    assert places(result, "result-row-extra") == [("growth", None, "220000/2017")]
    assert places(result, "result-row-missing") == [("growth", None, "220000/2077")]
    assert places(result, "result-column") == [("growth", "colour", None)]
    assert places(result, "result-table") == [("levels", None, None)]


def test_other_versions_are_not_proved(certificate, package, forge):
    def change(document):
        document["dependencies"]["polars"] = "0.1"
        document["dependencies"]["gone"] = "1.0"
        document["software"]["version"] = "0.0.1"

    path = forge(certificate, change)
    strict, result = verify(path, package), verify(path, package, allow_unproved=True)
    assert strict.differences == tuple(replace(found, severity="error") for found in result.notes)
    assert result.equal
    assert {(found.rule, found.key) for found in result.notes} == {
        ("version", "polars"),
        ("version", "gone"),
        ("version", "xinzhi"),
    }
