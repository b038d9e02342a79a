"""Reference: sums of the provinces over the nation, computed apart from this code and rounded to two decimals.

Against the input-output tables: gross fixed capital formation of the tables of 2002 to 2020, and the expenditure
approach of the provinces against output as revised after the fourth census; against the yearbook: gross fixed capital
formation, output as revised after the fifth census, employment.
Tolerance: 0.005, half of the last digit; known difference: none.
"""

from __future__ import annotations

import polars as pl
import pytest

from xinzhi.data import load, national_series

TOLERANCE = 0.005 + 1e-9
INPUT_OUTPUT = {2002: 1.03, 2007: 1.23, 2010: 1.27, 2012: 1.34, 2015: 1.34, 2017: 1.22, 2018: 1.13, 2020: 1.18}
EXPENDITURE = {2002: 1.01, 2007: 1.04, 2010: 1.06, 2012: 1.06, 2015: 1.05, 2017: 1.02}
REVISED = {2002: 1.02, 2007: 1.18, 2010: 1.19, 2012: 1.24, 2015: 1.27, 2017: 1.20}
YEARBOOK = {2000: 1.06, 2005: 1.20, 2010: 1.29, 2015: 1.35, 2017: 1.26, 2019: 1.15, 2020: 1.17, 2022: 1.11}
EMPLOYMENT = {2000: 0.93, 2005: 0.95, 2010: 1.00, 2015: 1.00, 2017: 1.00, 2019: 0.99, 2020: 1.00, 2022: 1.00}
OUTPUT = {2015: 1.003, 2017: 0.997, 2019: 0.996, 2020: 0.996, 2022: 0.991}
CUT = {("120000", 2017): 0.67, ("220000", 2017): 0.73, ("150000", 2012): 0.66, ("530000", 2017): 1.13}


@pytest.fixture(scope="module")
def package():
    return load("china-provinces")


@pytest.fixture(scope="module")
def both(package):
    """Accounts and investment of the provinces side by side."""
    investment = package.tables["investment"].select("region", "year", "investment_nominal")
    census4 = package.tables["vintages"].filter(vintage="census4").select("region", "year", revised="output_nominal")
    keys = ["region", "year"]
    return package.tables["accounts"].join(investment, on=keys).join(census4, on=keys, how="left")


def ratios(sums, nation):
    joined = sums.join(nation, on="year")
    return dict(joined.select("year", pl.col("sum") / pl.col("value")).iter_rows())


def close(found, expected, tolerance=TOLERANCE):
    assert expected.keys() <= found.keys()
    assert {year: found[year] for year in expected} == {
        year: pytest.approx(one, abs=tolerance) for year, one in expected.items()
    }


def sums(both, figure):
    return both.drop_nulls("investment_nominal").group_by("year").agg(sum=figure.sum())


def test_investment_of_the_provinces_against_the_input_output_tables(package, both):
    table = package.tables["nation"].filter(
        pl.col("variable") == "gfcf_nominal", pl.col("vintage") == "input-output table as published"
    )
    close(ratios(sums(both, pl.col("investment_nominal")), table), INPUT_OUTPUT)
    scaled = pl.col("investment_nominal") * pl.col("revised") / pl.col("expenditure_gdp")
    close(ratios(sums(both.drop_nulls("expenditure_gdp"), scaled), table), REVISED)


def test_output_by_expenditure_against_revised_output(both):
    early = both.drop_nulls("expenditure_gdp")
    revised = early.group_by("year").agg(value=pl.col("revised").sum())
    close(ratios(sums(early, pl.col("expenditure_gdp")), revised), EXPENDITURE)
    cells = {
        (row[0], row[1]): row[2]
        for row in early.select("region", "year", pl.col("revised") / pl.col("expenditure_gdp")).iter_rows()
    }
    close(cells, CUT)


def test_sums_of_the_provinces_against_the_yearbook(package, both):
    for name, variable, expected, tolerance in (
        ("investment_nominal", "gfcf_nominal", YEARBOOK, TOLERANCE),
        ("employment", "employment", EMPLOYMENT, TOLERANCE),
        ("output_nominal", "gdp_nominal", OUTPUT, TOLERANCE / 10),
    ):
        close(ratios(sums(both, pl.col(name)), national_series(package, variable)), expected, tolerance)


def test_growth_of_the_sum_of_investment_is_not_that_of_the_nation(package, both):
    """The sum of the provinces grows too fast to 2015 and too slowly after, by these log points a year."""
    found = ratios(sums(both, pl.col("investment_nominal")), national_series(package, "gfcf_nominal"))
    assert (found[2015] / found[2000]) > 1.25
    assert (found[2022] / found[2015]) < 0.85


def test_stated_sums_are_those_of_the_tables(package, both):
    """The table of the nation carries sums of its own: they are those of the shipped provinces."""
    stated = national_series(package, "gfcf_nominal_sum_of_provinces")
    found = ratios(sums(both, pl.col("investment_nominal")), stated)
    assert max(abs(one - 1) for one in found.values()) < 1e-4
