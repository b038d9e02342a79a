"""Data that would mislead: a stock of capital below zero, and figures that differ by rounding alone."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import UsageError


def tables(regions=("AA", "BB", "CC"), last=2023):
    """Return regions that are multiples of the first: all grow alike."""
    rows = [(size, region, year) for size, region in enumerate(regions, 1) for year in range(2000, last + 1)]
    accounts = [
        {
            "region": region,
            "year": year,
            "output_nominal": size * 100 * 1.08 ** (year - 2000),
            "output_real": size * 100 * 1.05 ** (year - 2000),
            "employment": size * 50.0,
            "labour_share": 0.5,
            "schooling": 8 + 0.05 * (year - 2000),
        }
        for size, region, year in rows
    ]
    investment = [
        {
            "region": region,
            "asset": "total",
            "year": year,
            "investment_nominal": size * 30 * 1.05 ** (year - 2000),
            "investment_price": 1.03 ** (year - 2000),
        }
        for size, region, year in rows
    ]
    return {"accounts": pl.DataFrame(accounts), "investment": pl.DataFrame(investment)}


def exhausted(column="investment_nominal", value=-500.0):
    """Return the same regions of which the first writes more off in 2010 than it has."""
    made = tables()
    here = (pl.col("region") == "AA") & (pl.col("year") == 2010)
    changed = made["investment"].with_columns(pl.when(here).then(value).otherwise(column).alias(column))
    return xinzhi.load(made | {"investment": changed})


@pytest.fixture(scope="module")
def gone():
    return xinzhi.measure(exhausted())


def test_a_stock_below_zero_is_a_finding_with_region_year_and_cure(gone):
    found = [one for one in gone.findings if one.rule == "capital-exhausted"]
    assert [(one.key, one.table, one.column, one.value) for one in found] == [
        ("AA/2010", "investment", "investment_nominal", "-500")
    ]
    for language, words in (("en", ("AA", "2010", "Correct the investment")), ("zh", ("AA", "2010", "请更正投资额"))):
        assert all(word in gone.summary(language).splitlines()[0] for word in words)


def test_no_year_after_a_stock_below_zero_is_measured_or_ranked(gone):
    mine = gone.frame.filter(region="AA")
    assert mine["year"].to_list() == list(range(2001, 2010))
    assert mine["capital_growth"].abs().max() < 0.05
    assert gone.inputs.filter(region="AA")["year"].max() == 2009
    late = gone.omitted.filter(region="AA")
    assert late["year"].to_list() == list(range(2010, 2024))
    assert set(late["missing"]) == {"capital_exhausted"}
    assert gone.periods.filter(region="AA")["end"].max() < 2010
    assert gone.frame.filter(region="BB")["year"].max() == 2023
    with pytest.raises(UsageError, match="fell to zero or below"):
        gone.explain("AA", 2015)
    assert xinzhi.audit(exhausted()).frame.filter(region="AA", start=2017).is_empty()


def test_a_stock_of_a_later_year_lets_the_region_begin_anew():
    entry = {"region": "AA", "year": 2012, "value": 300.0, "reference": "made up"}
    rules = protocol.load("xinzhi-cn-2026").replace({"capital.initial_table": [entry]})
    made = xinzhi.measure(exhausted(), rules)
    assert made.frame.filter(region="AA")["year"].to_list() == list(range(2013, 2024))
    assert not [one for one in made.findings if one.rule == "capital-exhausted"]


@pytest.mark.parametrize(("timing", "last"), [("end_of_year", 2009), ("beginning_of_year", 2010), ("mid_year", 2009)])
def test_the_year_of_the_finding_is_that_of_the_investment_at_any_timing(timing, last):
    made = xinzhi.measure(exhausted(), protocol.load("xinzhi-cn-2026").replace({"capital.timing": timing}))
    assert [one.key for one in made.findings if one.rule == "capital-exhausted"] == ["AA/2010"]
    assert made.frame.filter(region="AA")["year"].max() == last
