"""1e4 for 1e8, the commonest slip: in a cell, a region, a year or a column of every table, it never passes."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi.data import check

WHOLE = xinzhi.load("china-provinces")
HENAN, LATER = "410000", 2018
COLUMNS = [
    ("accounts", "output_nominal"),
    ("accounts", "employment"),
    ("accounts", "expenditure_gdp"),
    ("accounts", "fixed_asset_investment"),
    ("investment", "investment_nominal"),
    ("fiscal", "revenue"),
    ("debt", "debt_general"),
    ("debt", "fund_revenue"),
    ("sector_accounts", "output_nominal"),
    ("sector_accounts", "employment"),
    ("sector_investment", "investment_nominal"),
    ("branch_output", "output_nominal"),
    ("activity", "employment"),
    ("prices", "residential_price"),
]
WHERE = {
    "region": pl.col("region") == HENAN,
    "year": pl.col("year") == LATER,
    "since": (pl.col("region") == HENAN) & (pl.col("year") >= LATER),
    "column": pl.lit(value=True),
}


def found(tables):
    units = {name: WHOLE.units[name] for name in tables if name in WHOLE.units}
    return [(one.rule, one.table, one.line, one.column) for one in check(tables, units=units) if one.severity != "note"]


@pytest.fixture(scope="module")
def before():
    return {name: set(found({one: WHOLE.tables[one] for one in {"accounts", name}})) for name, _ in COLUMNS}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(("table", "column"), COLUMNS)
@pytest.mark.parametrize("times", [1e4, 1e-4])
def test_ten_thousand_for_a_hundred_million(before, table, column, where, times):
    if (table, where) == ("prices", "column"):
        pytest.skip("no column is there to hold a price against")
    last = WHOLE.tables[table].filter(pl.col(column).is_not_null())["year"].max()
    mask = WHERE[where] if last > LATER else pl.col("region") == HENAN if where == "region" else pl.col("year") == last
    mask = pl.lit(value=True) if where == "column" else mask
    slipped = WHOLE.tables[table].with_columns(
        pl.when(mask).then(pl.col(column) * times).otherwise(column).alias(column)
    )
    tables = {one: WHOLE.tables[one] for one in {"accounts", table}} | {table: slipped}
    assert set(found(tables)) - before[table]


@pytest.mark.parametrize("year", [1953, 1967, 1985, 2003])
def test_a_cell_of_investment_in_any_year(before, year):
    here = (pl.col("region") == HENAN) & (pl.col("year") == year) & (pl.col("asset") == "total")
    name = "investment_nominal"
    slipped = WHOLE.tables["investment"].with_columns(
        pl.when(here).then(pl.col(name) * 1e4).otherwise(name).alias(name)
    )
    new = set(found({"accounts": WHOLE.tables["accounts"], "investment": slipped})) - before["investment"]
    assert {("unit-slip", "investment", name)} <= {(rule, table, column) for rule, table, _, column in new}
