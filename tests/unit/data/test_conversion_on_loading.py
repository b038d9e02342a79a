from __future__ import annotations

import polars as pl
import pytest

from xinzhi.data import load

YEARS = [2000, 2001, 2002]


def accounts(**columns):
    return pl.DataFrame({"region": "AUT", "year": YEARS, **columns})


def loaded(column, values, unit=None, table="accounts"):
    units = {table: {column: unit}} if unit else {}
    package = load({table: accounts(**{column: values})}, units=units)
    return package.tables[table][column].to_list(), package.units[table].get(column), package.findings


@pytest.mark.parametrize(
    ("column", "unit", "canonical", "by"),
    [
        ("employment", "million persons", "1e4 persons", 100.0),
        ("employment", "人", "1e4 persons", 1e-4),
        ("output_nominal", "1e6 EUR", "1e8 EUR", 0.01),
        ("output_real", "million USD at 2017 prices", "1e8 USD at 2017 prices", 0.01),
        ("output_real", "index 2015=100", "index 2015=1", 0.01),
        ("labour_share", "percent", "ratio", 0.01),
        ("urbanisation", "ratio", "percent", 100.0),
        ("hours", "million hours", "hours", 1e6),
        ("hours", "hours per person", "hours per person", 1.0),
        ("capital_services", "index 2017=100", "index 2017=1", 0.01),
    ],
)
def test_canonical_unit(column, unit, canonical, by):
    values, unit, _ = loaded(column, [40.0, 41.0, 42.0], unit)
    assert unit == canonical
    assert values == pytest.approx([40 * by, 41 * by, 42 * by], rel=1e-15)


def test_round_numbers_stay_round():
    values, _, _ = loaded("output_nominal", [213_657_000.0, 1.0, 3.0], "1e4 CNY")
    assert values == [21365.7, 0.0001, 0.0003]


def test_hours_without_unit_by_their_size():
    assert loaded("hours", [1500.0, 1490.0, None])[1] == "hours per person"
    assert loaded("hours", [1.5e9, 1.4e9, 1.3e9])[1] == "hours"


def test_chained_index_is_cumulated():
    values, unit, _ = loaded("output_price", [105.0, 110.0, 102.0], "上年=100")
    assert unit == "index 2000=1"
    assert values == pytest.approx([1.0, 1.1, 1.1 * 1.02], rel=1e-15)


def test_chained_indices_share_the_first_common_year():
    frame = pl.DataFrame(
        {
            "region": ["AUT", "AUT", "AUT", "DEU", "DEU"],
            "year": [2000, 2001, 2002, 2001, 2002],
            "output_price": [105.0, 110.0, 102.0, 103.0, 104.0],
        }
    )
    package = load({"accounts": frame}, units={"accounts": {"output_price": "index previous year=100"}})
    assert package.units["accounts"]["output_price"] == "index 2001=1"
    prices = package.tables["accounts"]["output_price"].to_list()
    assert prices == pytest.approx([1 / 1.1, 1.0, 1.02, 1.0, 1.04], rel=1e-15)


def test_a_broken_chain_has_no_levels_after_the_break():
    values, _, findings = loaded("output_price", [105.0, None, 102.0], "上年=100")
    assert values == [1.0, None, None]
    assert [found.rule for found in findings if found.severity == "error"] == ["chain-broken"]


@pytest.mark.parametrize(("declared", "severity"), [(None, "warning"), ("index", "error")])
def test_base_of_a_price_without_base_is_the_year_of_ones(declared, severity):
    for figures, unit, expected in (
        ([0.9, 1.0, 1.2], "index 2001=1", "index 2001=1"),
        ([0.9, 1.1, 1.2], "index", "index YEAR=1"),
    ):
        values, taken, findings = loaded("output_price", figures, declared)
        assert (values, taken) == (figures, unit)
        found = [found for found in findings if found.rule != "unit-undeclared"]
        assert [(one.rule, one.severity, one.expected) for one in found] == [("index-without-base", severity, expected)]


def test_other_indices_need_no_base():
    values, unit, findings = loaded("capital_services", [0.9, 1.1, 1.2], "index")
    assert (values, unit, findings) == ([0.9, 1.1, 1.2], "index", ())


def test_a_column_that_does_not_convert_has_no_values():
    values, unit, findings = loaded("employment", [1.0, 2.0, 3.0], "1e8 CNY")
    assert (values, unit) == ([None, None, None], "1e4 persons")
    assert [found.rule for found in findings] == ["unit-mismatch"]


def test_columns_of_ones_own_keep_their_unit():
    package = load({"accounts": accounts(rainfall=[1.0, 2.0, 3.0])}, units={"accounts": {"rainfall": "mm"}})
    assert package.units["accounts"]["rainfall"] == "mm"
    assert package.tables["accounts"]["rainfall"].to_list() == [1.0, 2.0, 3.0]
