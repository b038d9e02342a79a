"""The initial stock of a steady state and the sum of regions, in numbers that can be checked on paper."""

from __future__ import annotations

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
