"""The tests of admission, by hand: plain sums on small tables, and figures of the shipped package that are known.

Reference: capital formation of Qinghai in 2017 is 1.56 times its output; the deflator of Heilongjiang falls by 3.3 % a
year in 2012-2017 while that of the nation rises by 1.8 %; output of Tianjin in 2017 is 0.67 of the output to which its
investment belongs. Tolerance: half of the last digit printed.
"""

from __future__ import annotations

import math

import polars as pl
import pytest

from xinzhi.data import admission, load


@pytest.fixture(scope="module")
def package():
    return load("china-provinces")


@pytest.fixture(scope="module")
def values(package):
    return admission.values(package.tables, package.units)


def of(values, test, region, *years):
    rows = values.filter(pl.col("year").is_in(years), test=test, region=region)
    return rows.sort("year")["value"].to_list()


def test_what_is_known_of_the_provinces(values):
    assert of(values, "investment", "630000", 2017) == [pytest.approx(1.56, abs=0.005)]
    assert of(values, "vintage", "120000", 2017) == [pytest.approx(math.log(0.67), abs=0.005 / 0.67)]
    gaps = of(values, "deflator", "230000", *range(2013, 2018))
    assert 100 * sum(gaps) / 5 == pytest.approx(-3.3 - 1.8, abs=0.1)
    assert of(values, "sum_investment", "110000", 2015) == [pytest.approx(math.log(1.35), abs=0.005)]
    assert of(values, "sum_output", "110000", 2017) == [pytest.approx(math.log(0.997), abs=0.0005)]


def test_vintage_is_carried_on_from_the_last_year_of_investment(values):
    last, *later = of(values, "vintage", "120000", *range(2017, 2026))
    assert len(later) == 8
    assert set(later) == {last}


def made_up(**more):
    years = list(range(2000, 2006))
    accounts = pl.DataFrame(
        {
            "region": ["a"] * 6 + ["b"] * 6,
            "year": years * 2,
            "output_nominal": [100.0 * 1.1**n for n in range(6)] + [200.0 * 1.05**n for n in range(6)],
            "output_real": [100.0 * 1.04**n for n in range(6)] + [200.0 * 1.04**n for n in range(6)],
            "employment": [10.0] * 6 + [20.0] * 6,
        }
    )
    nation = pl.DataFrame(
        {
            "variable": ["gdp_nominal"] * 6 + ["gdp_growth"] * 6 + ["employment"] * 6,
            "year": years * 3,
            "value": [300.0 * 1.06**n for n in range(6)] + [4.0] * 6 + [33.0] * 6,
            "unit": ["1e8 CNY"] * 6 + ["percent"] * 6 + ["1e4 persons"] * 6,
            "status": "official",
        }
    )
    return {"accounts": accounts, "nation": nation, **more}


UNITS = {
    "accounts": {"output_nominal": "1e8 CNY", "output_real": "1e8 CNY at 2000 prices", "employment": "1e4 persons"}
}


def test_small_tables_by_hand():
    package = load(made_up(), units=UNITS)
    values = admission.values(package.tables, package.units)
    gap = math.log(1.1 / 1.04) - math.log(1.06 / 1.04)
    assert of(values, "deflator", "a", *range(2001, 2006)) == pytest.approx([gap] * 5)
    sums = [math.log((100 * 1.1**n + 200 * 1.05**n) / (300 * 1.06**n)) for n in range(6)]
    assert of(values, "sum_output", "b", *range(2000, 2006)) == pytest.approx(sums)
    assert of(values, "sum_employment", "a", 2000) == pytest.approx([math.log(30 / 33)])
    assert not set(values["test"]) & {"investment", "vintage", "sum_investment"}


def test_regions_that_do_not_make_up_the_nation_are_not_held_to_it():
    tables = made_up()
    package = load(tables | {"accounts": tables["accounts"].filter(region="a")}, units=UNITS)
    values = admission.values(package.tables, package.units)
    assert not [name for name in values["test"].unique() if name.startswith(("sum_", "deflator"))]


def test_a_nation_in_other_money_is_no_test_and_no_error():
    tables = made_up()
    nation = tables["nation"].with_columns(unit=pl.col("unit").str.replace("CNY", "USD"))
    package = load(tables | {"nation": nation}, units=UNITS)
    values = admission.values(package.tables, package.units)
    assert not [name for name in values["test"].unique() if name.startswith(("sum_output", "deflator"))]


def test_grades_are_decided_by_the_limits():
    limit_b, limit_c, limit_d = admission.limits("investment")
    sizes = [limit_b, limit_b + 1e-9, limit_c, limit_c + 1e-9, limit_d, limit_d + 1e-9]
    rows = pl.DataFrame({"region": "a", "year": range(6), "test": "investment", "value": sizes})
    assert admission.add_grades(rows)["grade"].to_list() == [0, 1, 1, 2, 2, 3]


def test_every_test_has_limits_words_and_references():
    terms = admission.terms()
    assert terms["as_of"].isoformat() >= "2026-11-28"
    for name, test in terms["tests"].items():
        limits = admission.limits(name)
        assert limits == sorted(limits)
        for part in ("title", "reference", "cure"):
            assert all(test[part][language] for language in ("zh", "en")), (name, part)


def test_findings_name_the_region_its_years_and_the_cure(package):
    found = {(one.rule, one.key): one for one in package.findings if one.rule == "admission"}
    qinghai = found["admission", "630000/2015"]
    assert qinghai.value == "1.61"
    assert "2017" in qinghai.message.en or "others" in qinghai.message.en
    assert "青海" not in qinghai.message.zh
    assert "capital formation over output" in qinghai.message.en
    assert "Penn World Table" in qinghai.hint.en
    assert any("sum of investment" in one.message.en for one in found.values())


def test_a_package_without_accounts_or_nation_has_no_tests():
    values = admission.values(load({"regions": pl.DataFrame({"region": ["a"]})}).tables, {})
    assert values.is_empty()
