"""The reference implementation agrees with what was issued, names what was changed, and refuses what it does not cover.

It shares no formula with `xinzhi.measure`. Tolerance: every printed digit, half a unit of the last place.
"""

from __future__ import annotations

import json
import math
from functools import partial

import polars as pl
import pytest

import xinzhi
from xinzhi.protocol import load
from xinzhi.report.certificate import certify, write_certificate
from xinzhi.report.certificate import verify as verify_all
from xinzhi.report.certificate.agreement import COVERED, uncovered
from xinzhi.report.certificate.independent import NotCoveredError, recompute

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone


def issue(folder, package, rules="xinzhi-cn-2026"):
    return write_certificate(certify(xinzhi.measure(package, rules), package), package, folder)[0]


def independent(path, package):
    """Return what the reference implementation finds different, and its notes."""
    result = verify(path, package, independent=True)
    entries = [*result.differences, *result.notes]
    return [entry for entry in entries if entry.rule.startswith("independent")]


@pytest.fixture(scope="module")
def whole():
    return xinzhi.load("china-provinces")


def made_up():
    """Three regions of no nation, which begin in different years, with gaps in schooling and a share of their own."""
    rows, invested = [], []
    for at, region in enumerate("abc"):
        for year in range(1990 + at, 2011):
            wave = math.sin(year * (at + 1))
            invested.append(
                {
                    "region": region,
                    "year": year,
                    "investment_nominal": round(20 * 1.09 ** (year - 1990) * (1 + 0.1 * wave), 3),
                    "investment_price": round(1.03 ** (year - 2000), 5),
                }
            )
            if year >= 1998:
                rows.append(
                    {
                        "region": region,
                        "year": year,
                        "output_nominal": round(100 * 1.1 ** (year - 1990) * (1 + 0.02 * wave), 3),
                        "output_real": round(100 * 1.07 ** (year - 1990) * (1 + 0.01 * wave), 3),
                        "employment": round(50 + year - 1990 + wave, 3),
                        "labour_share": round(0.5 + 0.02 * wave, 4) if 2001 <= year <= 2008 else None,
                        "schooling": 7 + 0.1 * (year - 1998) if year % 3 == at else None,
                    }
                )
    return {"accounts": pl.DataFrame(rows), "investment": pl.DataFrame(invested)}


OWN = {
    "shares.rule": "observed_regional",
    "shares.after": "carry",
    "labour.breaks": "flag",
    "capital.benchmark": "none",
    "capital.initial_table": None,
    "capital.initial_year": 1990,
    "estimates.investment_rule": "off",
    "estimates.control_total": "none",
    "estimates.schooling_rule": "hold",
    "output.price_base": 2000,
}


def test_every_printed_digit_of_the_provinces_agrees(tmp_path, whole):
    path = issue(tmp_path, whole)
    (note,) = independent(path, whole)
    assert note.rule == "independent-agrees"
    tables = json.loads(path.read_text("utf-8"))["results"]["tables"]
    growth = tables["growth"]
    assert sum(map(len, growth["rows"].values())) == 31 * 27
    floats = {
        name: sum(column["decimals"] is not None for column in table["columns"]) * sum(map(len, table["rows"].values()))
        for name, table in tables.items()
    }
    assert f"{sum(floats.values())} figures" in note.message.en
    assert "periods.rank" in note.message.en
    assert "periods.rank" in note.message.zh


@pytest.mark.parametrize(
    "change",
    [
        {"capital.depreciation": 0.05},
        {"labour.breaks": "flag"},
        {"capital.benchmark": "none", "estimates.control_total": "none"},
        {"capital.benchmark": "revised_output"},
        {"estimates.investment_rule": "fai_growth"},
        {"estimates.investment_rule": "investment_rate", "estimates.control_total": "national_value"},
        {"estimates.investment_rule": "off", "estimates.control_total": "none"},
        {"shares.rule": "constant"},
        {"shares.rule": "observed_regional"},
        {"shares.after": "carry", "estimates.schooling_rule": "hold"},
        {"labour.quality": "none", "output.price_base": 2010},
    ],
    ids=str,
)
def test_covered_alternatives_agree(tmp_path, package, change):
    path = issue(tmp_path, package, load("xinzhi-cn-2026").replace(change))
    assert [entry.rule for entry in independent(path, package)] == ["independent-agrees"]


def test_a_package_of_other_regions_agrees(tmp_path):
    package = xinzhi.load(made_up())
    path = issue(tmp_path, package, load("xinzhi-cn-2026").replace(OWN))
    assert [entry.rule for entry in independent(path, package)] == ["independent-agrees"]


def test_a_changed_figure_is_named(certificate, package, forge):
    def change(document):
        table = document["results"]["tables"]["growth"]
        number = [column["name"] for column in table["columns"]].index("tfp_growth")
        table["rows"]["220000"]["2017"][number] += 1  # within what the first recomputation lets pass

    (entry,) = independent(forge(certificate, change), package)
    assert (entry.rule, entry.table, entry.column, entry.key) == ("independent", "growth", "tfp_growth", "220000/2017")
    assert float(entry.expected) - float(entry.value) == pytest.approx(1e-10, abs=1e-12)
    assert "1 of 837" in entry.message.en


@pytest.mark.parametrize(
    ("path", "value", "column"),
    [
        ("capital.depreciation", 0.0961, "capital_growth"),
        ("capital.initial_ratio", 11.0, "capital_growth"),
        ("shares.national", {"2000": 0.5}, "labour_share"),
    ],
)
def test_a_changed_parameter_is_caught(certificate, package, forge, path, value, column):
    def change(document):
        entry = document["protocol"]["document"]["parameters"][path]
        entry["value"] = {**entry["value"], **value} if isinstance(value, dict) else value

    entries = independent(forge(certificate, change), package)
    assert {entry.rule for entry in entries} == {"independent"}
    assert ("growth", column) in {(entry.table, entry.column) for entry in entries}


def test_a_dropped_row_or_column_is_named(certificate, package, forge):
    def change(document):
        del document["results"]["tables"]["levels"]["rows"]["110000"]["2000"]
        table = document["results"]["tables"]["periods"]
        table["columns"].pop(0)
        for below in table["rows"].values():
            for row in below.values():
                row.pop(0)

    result = verify(forge(certificate, change), package, independent=True)
    named = {(entry.rule, entry.table, entry.column or entry.key) for entry in result.differences}
    assert ("result-row-extra", "levels", "110000/2000") in named
    assert ("result-column-missing", "periods", "output_growth") in named
    assert not [entry for entry in result.notes if entry.rule == "independent-agrees"]


@pytest.mark.parametrize(
    ("path", "value"),
    [("index.formula", "fisher"), ("capital.timing", "mid_year"), ("shares.valuation", "factor_cost")],
)
def test_what_is_not_covered_is_a_difference(tmp_path, package, path, value):
    (entry,) = independent(issue(tmp_path, package, load("xinzhi-cn-2026").replace({path: value})), package)
    assert (entry.rule, entry.severity) == ("independent-not-covered", "error")
    assert f"{path}={value}" in entry.message.en


def test_a_protocol_of_services_and_hours_is_refused():
    document = load("pwt-10.01").to_dict()
    names = [*uncovered({path: entry["value"] for path, entry in document["parameters"].items()})]
    assert {"capital.measure=given_services", "labour.unit=hours"} <= set(names)


def test_a_parameter_that_nobody_wrote_down_is_refused():
    assert [*uncovered({"labour.unit": "persons", "labour.robots": "counted"})] == ["labour.robots"]
    assert [*uncovered({path: values[0] for path, values in COVERED.items()})] == []


def test_assets_and_quarters_are_refused():
    year = {"region": "a", "year": 2000, "output_real": 1.0, "employment": 1.0}
    with pytest.raises(NotCoveredError, match=r"investment\.asset"):
        recompute({}, [], {"accounts": [year], "investment": [{"region": "a", "year": 2000, "asset": "machines"}]})
    with pytest.raises(NotCoveredError, match=r"accounts\.year"):
        recompute({}, [], {"accounts": [{**year, "year": "2000Q1"}]})
