"""The initial stock of a steady state and the sum of regions, in numbers that can be checked on paper."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.yardstick.growth_accounts import Inputs

YEARS = range(1990, 2006)
RULES = {
    "capital.initial_rule": "steady_state",
    "capital.initial_growth_years": 5,
    "capital.initial_year": 1990,
    "capital.initial_table": None,
    "capital.depreciation": 0.05,
    "capital.benchmark": "none",
    "capital.timing": "end_of_year",
    "estimates.investment_rule": "off",
    "estimates.control_total": "none",
    "estimates.schooling_rule": "hold",
    "shares.rule": "observed_regional",
    "shares.after": "carry",
    "output.price_base": None,
}


def test_a_stock_of_a_steady_state_is_investment_over_growth_and_depreciation():
    # Real investment of 120 grows by a tenth each year: 120 / (0.1 + 0.05) = 800, then the perpetual inventory.
    years = list(YEARS)
    flow = [120 * 1.1**step for step in range(len(years))]
    accounts = {
        "region": ["a"] * len(years),
        "year": years,
        "output_nominal": [1000.0] * len(years),
        "output_real": [1000.0] * len(years),
        "employment": [100.0] * len(years),
        "labour_share": [0.5] * len(years),
        "schooling": [8.0] * len(years),
    }
    investment = {
        "region": ["a"] * len(years),
        "asset": ["total"] * len(years),
        "year": years,
        "investment_nominal": flow,
        "investment_price": [1.0] * len(years),
    }
    rules = protocol.load("xinzhi-cn-2026").replace(RULES)
    tables = {"accounts": pl.DataFrame(accounts), "investment": pl.DataFrame(investment)}
    capital = xinzhi.measure(tables, rules).inputs["capital"].to_list()
    stocks = [800.0]
    for added in flow[1:]:
        stocks.append(stocks[-1] * 0.95 + added)
    assert capital == pytest.approx(stocks, rel=1e-12)


def test_the_labour_share_of_a_sum_is_weighted_by_output_and_schooling_by_persons():
    # Wages of 40 + 180 in an output of 400; human capital of 10 * 1 + 30 * 2 in 40 persons.
    rows = {
        "output": [100.0, 300.0],
        "capital": [50.0, 70.0],
        "labour": [10.0, 30.0],
        "human_capital": [1.0, 2.0],
        "labour_share": [0.4, 0.6],
    }
    inputs = Inputs(**{name: np.array(values)[:, None] for name, values in rows.items()})
    total = inputs.aggregate(np.array([[True, True]]))
    assert float(total.labour_share[0, 0]) == pytest.approx(220 / 400, abs=1e-15)
    assert float(total.human_capital[0, 0]) == pytest.approx(70 / 40, abs=1e-15)
    assert [float(total.output[0, 0]), float(total.capital[0, 0])] == [400.0, 120.0]


def test_a_sum_with_a_member_that_is_not_complete_is_missing():
    rows = {"output": [100.0, np.nan], "capital": [50.0, 70.0], "labour": [10.0, 30.0], "labour_share": [0.4, 0.6]}
    inputs = Inputs(human_capital=np.ones((2, 1)), **{name: np.array(row)[:, None] for name, row in rows.items()})
    total = inputs.aggregate(np.array([[True, True], [True, False]]))
    assert np.isnan(total.output[0, 0])
    assert np.isnan(total.labour[0, 0])
    assert total.output[1, 0] == 100.0


@pytest.fixture(scope="module")
def china():
    return xinzhi.measure("china-provinces")


def test_levels_per_worker_are_relative_to_the_geometric_mean_of_the_regions(china):
    inputs = {(row["region"], row["year"]): row for row in china.inputs.iter_rows(named=True)}
    years = china.levels["year"].unique().to_list()
    for year in (years[0], years[-1]):
        rows = china.levels.filter(year=year)
        for column, factor in (("output_per_worker", "output"), ("capital_per_worker", "capital")):
            cells = [inputs[region, year] for region in rows["region"]]
            ratios = [cell[factor] / cell["labour"] for cell in cells]
            mean = math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))
            assert rows[column].to_list() == pytest.approx([ratio / mean for ratio in ratios], rel=1e-12)


def test_the_part_of_productivity_is_its_share_of_growth(china):
    for row in china.periods.iter_rows(named=True):
        assert row["tfp_part"] == pytest.approx(row["tfp_growth"] / row["output_growth"], rel=1e-12)
