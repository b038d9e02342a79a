"""Whoever changes a certificate and renews every checksum, signed or not, is refused, and the place is named."""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import replace
from functools import partial

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.core.keys import public_key, signing_key
from xinzhi.core.signatures import sign_document
from xinzhi.data import load
from xinzhi.report.certificate import certify, results
from xinzhi.report.certificate import verify as verify_all
from xinzhi.report.certificate.results import compare_results
from xinzhi.report.certificate.schema import Results, ResultTable, layout, parse
from xinzhi.report.certificate.tables import compare_tables

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone


@pytest.fixture(scope="module")
def whole_package():
    return load("china-provinces")


@pytest.fixture(scope="module")
def measurement(whole_package):
    return xinzhi.measure(whole_package)


@pytest.fixture(scope="module")
def document(whole_package, measurement):
    return certify(measurement, whole_package).document()


@pytest.fixture
def measured(monkeypatch, measurement):
    """Measure once: what is forged here is never the data."""
    monkeypatch.setattr("xinzhi.yardstick.measure", lambda *_: measurement)


def changed(column, value):
    """Return another value that the column could hold."""
    if value is None:
        return 0
    if column["texts"] is not None:
        return (value + 1) % len(column["texts"]) if len(column["texts"]) > 1 else None
    return value + 2


def value_changed(part, number):
    head, below = next(iter(part["rows"].items()))
    last, row = next(iter(below.items()))
    row[number] = changed(part["columns"][number], row[number])
    return f"{head}/{last}"


def row_dropped(part, _):
    head = list(part["rows"])[3]
    last, _ = part["rows"][head].popitem()
    return f"{head}/{last}"


def decimals_changed(part, number):
    column = part["columns"][number]
    column["decimals"] = 3 if column["decimals"] is None else column["decimals"] - 4
    for below in part["rows"].values():
        for row in below.values():
            row[number] = None if row[number] is None else row[number] // 10_000


@pytest.mark.parametrize("kind", [value_changed, row_dropped, decimals_changed])
@pytest.mark.parametrize("with_digests", [True, False])
@pytest.mark.parametrize("table", results.TABLES)
def test_every_column_of_every_table_of_results(document, measurement, reseal, monkeypatch, table, kind, with_digests):
    monkeypatch.setattr(results, "TABLES", {table: results.TABLES[table]})
    part = document["results"]["tables"][table]
    for number, column in enumerate(part["columns"]):
        mine = {"results": {"digits": 10, "tables": {table: copy.deepcopy(part)}}}
        key = kind(mine["results"]["tables"][table], number)
        if with_digests:
            reseal(mine)
        found = list(compare_results(Results.model_validate(mine["results"]), measurement))
        same = {one.rule: one.key for one in found if (one.table, one.column) == (table, column["name"])}
        if kind is value_changed:
            assert same["result"] == key, column["name"]
            assert with_digests or "result-column-altered" in same
        elif kind is row_dropped:
            assert [(one.table, one.key) for one in found if one.rule == "result-row-extra"] == [(table, key)]
        else:
            assert "result-decimals" in same


@pytest.mark.parametrize("change", [1, -1])
@pytest.mark.parametrize("table", results.TABLES)
def test_one_unit_of_the_last_digit_is_located(document, measurement, monkeypatch, table, change):
    monkeypatch.setattr(results, "TABLES", {table: results.TABLES[table]})
    part = document["results"]["tables"][table]
    for number, column in enumerate(part["columns"]):
        mine = copy.deepcopy(part)
        head, below = list(mine["rows"].items())[-1]
        last, row = next(iter(below.items()))
        if column["decimals"] is None or row[number] is None:
            continue
        row[number] += change
        (found,) = compare_results(Results(digits=10, tables={table: ResultTable.model_validate(mine)}), measurement)
        assert (found.rule, found.column, found.key) == ("result-column-altered", column["name"], f"{head}/{last}")


def mark_changed(table, column):
    head, below = next(iter(table["cells"].items()))
    last, marks = next(iter(below.items()))
    others = sorted(name for name in table["columns"] if name not in table["key"])
    at = 2 * others.index(column)
    other = "AA" if marks[at : at + 2] != "AA" else "BB"
    below[last] = marks[:at] + other + marks[at + 2 :]
    return f"{head}/{last}" if head else last


def test_every_column_of_every_table_of_data(document, whole_package):
    for name, table in document["tables"].items():
        for column in table["columns"]:
            for kind in ("cell", "digest", "unit", "count", "row"):
                mine = copy.deepcopy(table)
                key = None
                if kind == "cell":
                    if mine["cells"] is None or column in mine["key"]:
                        continue
                    key = mark_changed(mine, column)
                elif kind == "row":
                    if mine["cells"] is None:
                        continue
                    mine["cells"].popitem()
                elif kind == "count":
                    mine["rows"] -= 1
                else:
                    mine["columns"][column]["sha256" if kind == "digest" else "unit"] = "0" * 64
                stated = parse({**document, "tables": {name: mine}}, "forged").tables
                only = replace(whole_package, tables={name: whole_package.tables[name]})
                found = list(compare_tables(stated, only))
                assert found, (name, column, kind)
                assert {one.table for one in found} == {name}
                assert kind in {"count", "row"} or {one.column for one in found} == {column}
                if key is not None:
                    (one,) = found
                    assert (one.rule, one.key) == ("cell", key)
                    assert one.file == f"{name}.csv"
                    assert one.line is not None


def test_a_cell_of_the_data_in_every_column(document, whole_package):
    stated = parse(document, "stated").tables
    for name, table in stated.items():
        frame = whole_package.tables[name]
        for column in frame.columns:
            if frame[column].null_count() == frame.height:
                continue
            row = int(frame[column].is_not_null().arg_max())
            cells = frame[column].to_list()
            cells[row] = cells[row] + ("x" if isinstance(cells[row], str) else 1)
            other = frame.with_columns(pl.Series(column, cells, dtype=frame.schema[column]))
            found = list(compare_tables({name: table}, replace(whole_package, tables={name: other})))
            assert found, (name, column)
            assert {one.table for one in found} == {name}
            if table.cells is not None and column not in table.key:
                (one,) = found
                line = int(whole_package.origins[name].lines[row])
                assert (one.rule, one.column, one.file, one.line) in {
                    ("cell", column, f"{name}.csv", line),
                    ("column-differs", column, None, None),
                }


def qinghai(document):
    """Put a region first, as the region itself would."""
    part = document["results"]["tables"]["periods"]
    names = [column["name"] for column in part["columns"]]
    growth, rank = names.index("tfp_growth"), names.index("rank")
    for head, below in part["rows"].items():
        if head.startswith("630000"):
            for row in below.values():
                row[growth], row[rank] = round(0.08 * 10 ** part["columns"][growth]["decimals"]), 1


def parameter(document):
    document["protocol"]["document"]["parameters"]["labour.unit"]["value"] = "hours"


def digits(document):
    document["results"]["digits"] = 3


def fewer_columns(document):
    part = document["results"]["tables"]["periods"]
    number = [column["name"] for column in part["columns"]].index("rank")
    del part["columns"][number]
    for below in part["rows"].values():
        for row in below.values():
            del row[number]


def more_tables(document):
    tables = document["results"]["tables"]
    tables["official"] = copy.deepcopy(tables["periods"])


def longer_rows(document):
    document["results"]["tables"]["levels"]["rows"]["630000"]["2012"].append(1)


def unread(document):
    document["tables"]["accounts"]["read"] = False


def departure(document):
    document["protocol"]["departures"]["labour.unit"] = {"registered": "hours", "here": "persons"}


def more_marks(document):
    below = document["tables"]["accounts"]["cells"]["220000"]
    below["2017"] += "AA"


def other_regions(document):
    document["package"]["regions_missing"] = "110000"


def other_key(document):
    document["results"]["tables"]["growth"]["key"] = ["region"]


FORGED = {
    qinghai: ("result", "periods", "tfp_growth"),
    parameter: ("parameter", None, None),
    digits: ("stated", None, None),
    fewer_columns: ("result-column-missing", "periods", "rank"),
    more_tables: ("result-table-extra", "official", None),
    longer_rows: ("result-row-width", "levels", None),
    unread: ("stated", "accounts", None),
    departure: ("departure-altered", None, None),
    more_marks: ("row-marks", "accounts", None),
    other_key: ("stated", "growth", None),
    other_regions: ("stated", None, None),
}


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("signed_by", [None, "one"])
@pytest.mark.parametrize("change", FORGED, ids=lambda change: change.__name__)
def test_forged_sealed_and_signed(document, whole_package, pair, reseal, tmp_path, change, signed_by):
    mine = copy.deepcopy(document)
    change(mine)
    reseal(mine)
    stated = parse(mine, "forged")
    if signed_by is not None:
        key = signing_key(pair / "one.pem")
        signature = sign_document(stated.vouched(), "certificate", key, dt.datetime.now(dt.UTC))
        stated = stated.model_copy(update={"signatures": [signature]})
    path = tmp_path / "certificate.json"
    path.write_text(layout(stated.document()) + "\n", encoding="utf-8")
    key = None if signed_by is None else public_key(pair / "one.pub")
    result = verify(path, whole_package, key=key)
    assert not result.equal
    assert FORGED[change] in {(one.rule, one.table, one.column) for one in result.differences}
    assert "signature-wrong" not in {one.rule for one in result.differences}
    assert all(one.sentence("zh") and one.sentence("en") for one in result.differences)


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("part", ["options", "package", "software"])
def test_a_member_that_the_format_has_not_is_named(document, whole_package, reseal, tmp_path, part):
    mine = copy.deepcopy(document)
    mine[part]["approved_by"] = "National Bureau of Statistics"
    reseal(mine)
    path = tmp_path / "certificate.json"
    path.write_text(layout(mine) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"damaged at {part}\.approved_by"):
        verify(path, whole_package)


def test_a_name_that_stands_twice_is_refused(document, whole_package, tmp_path):
    text = json.dumps(document)
    path = tmp_path / "certificate.json"
    path.write_text('{"sha256": "0", ' + text[1:], encoding="utf-8")
    with pytest.raises(InputError, match="not valid JSON"):
        verify(path, whole_package)


def test_a_value_of_any_size_is_shown(document, measurement):
    mine = copy.deepcopy(document["results"])
    mine["tables"]["growth"]["rows"]["220000"]["2017"][0] = 10**400
    (found, *_) = compare_results(parse({**document, "results": mine}, "forged").results, measurement)
    assert len(found.expected) > 300
