"""China's provinces under xinzhi-cn-2026, computed again from the CSV files in plain Python.

The calculation below shares no code with xinzhi: it reads the shipped files with `csv` and follows the protocol's text.
Tolerance: 1e-10 log points for growth and contributions, 1e-9 relative for capital stocks.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from importlib.resources import files

import polars as pl
import pytest

import xinzhi
from xinzhi.protocol import load

RATE, RATIO, FIRST = 0.096, 10.0, 1952
CHONGQING = ("500000", 1996, 1090 * 313 / 850 * 5.40572574689493)


def rows(table):
    with (files("xinzhi.data") / "packages" / "china-provinces" / f"{table}.csv").open(encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def column(table, name):
    return {(row["region"], int(row["year"])): float(row[name]) for row in rows(table) if row[name]}


def capital_by_hand():
    nominal, price = column("investment", "investment_nominal"), column("investment", "investment_price")
    years = defaultdict(list)
    for region, year in nominal:
        years[region].append(year)
    stock = {}
    for region, span in years.items():
        start = min(span)
        if region == CHONGQING[0]:
            stock[region, start] = CHONGQING[2] / price[region, start]
        else:
            assert start == FIRST
            stock[region, start] = RATIO * nominal[region, start] / price[region, start]
        for year in sorted(span)[1:]:
            added = nominal[region, year] / price[region, year]
            stock[region, year] = stock[region, year - 1] * (1 - RATE) + added
    return stock


def phi(years):
    return 0.134 * min(years, 4) + 0.101 * min(max(years - 4, 0), 4) + 0.068 * max(years - 8, 0)


def schooling_by_hand(region, year, observed):
    mine = sorted(item[1] for item in observed if item[0] == region)
    before, after = [item for item in mine if item <= year], [item for item in mine if item >= year]
    if not before:
        return observed[region, after[0]]
    if not after:
        return observed[region, before[-1]]
    low, high = before[-1], after[0]
    if low == high:
        return observed[region, low]
    return observed[region, low] + (observed[region, high] - observed[region, low]) * (year - low) / (high - low)


def share_by_hand():
    share, nominal = column("accounts", "labour_share"), column("accounts", "output_nominal")
    years = sorted({year for _, year in share})
    national = {
        year: sum(share[key] * nominal[key] for key in share if key[1] == year)
        / sum(nominal[key] for key in share if key[1] == year)
        for year in years
    }
    return lambda year: national[min(max(year, years[0]), years[-1])]


@pytest.fixture(scope="module")
def measured():
    """The figures without the choices that have references of their own: benchmark, links, later share and years."""
    off = {
        "estimates.investment_rule": "off",
        "estimates.control_total": "none",
        "estimates.schooling_rule": "hold",
        "labour.breaks": "flag",
        "capital.benchmark": "none",
        "shares.after": "carry",
    }
    return xinzhi.measure("china-provinces", load("xinzhi-cn-2026").replace(off))


def test_capital_stocks_equal_the_plain_recursion(measured):
    stock = capital_by_hand()
    for row in measured.inputs.iter_rows(named=True):
        assert row["capital"] == pytest.approx(stock[row["region"], row["year"]], rel=1e-9)


def test_growth_accounts_equal_the_plain_calculation(measured):
    output, persons = column("accounts", "output_real"), column("accounts", "employment")
    observed, share, stock = column("accounts", "schooling"), share_by_hand(), capital_by_hand()
    seen = 0
    for row in measured.frame.iter_rows(named=True):
        region, year = row["region"], row["year"]
        now, then = (region, year), (region, year - 1)
        weight = (share(year) + share(year - 1)) / 2
        skill = phi(schooling_by_hand(*now, observed)) - phi(schooling_by_hand(*then, observed))
        capital = (1 - weight) * math.log(stock[now] / stock[then])
        labour = weight * math.log(persons[now] / persons[then])
        tfp = math.log(output[now] / output[then]) - capital - labour - weight * skill
        assert row["capital_contribution"] == pytest.approx(capital, abs=1e-10)
        assert row["labour_contribution"] == pytest.approx(labour, abs=1e-10)
        assert row["human_capital_contribution"] == pytest.approx(weight * skill, abs=1e-10)
        assert row["tfp_growth"] == pytest.approx(tfp, abs=1e-10)
        seen += 1
    assert seen == 31 * (2023 - 1996)


def test_levels_equal_the_plain_multilateral_comparison(measured):
    year = 2015
    here = measured.inputs.filter(pl.col("year") == year).to_dicts()
    share = here[0]["labour_share"]
    logs = [
        math.log(row["output"])
        - share * (math.log(row["labour"]) + math.log(row["human_capital"]))
        - (1 - share) * math.log(row["capital"])
        for row in here
    ]
    mean = sum(logs) / len(logs)
    level = dict(measured.levels.filter(pl.col("year") == year).select("region", "tfp_level").iter_rows())
    for row, log in zip(here, logs, strict=True):
        assert math.log(level[row["region"]]) == pytest.approx(log - mean, abs=1e-12)


def test_period_average_is_the_mean_of_its_years(measured):
    for row in measured.periods.iter_rows(named=True):
        years = measured.frame.filter(
            (pl.col("region") == row["region"]) & pl.col("year").is_between(row["start"] + 1, row["end"])
        )
        assert years.height == row["end"] - row["start"]
        assert row["tfp_growth"] == pytest.approx(sum(years["tfp_growth"].to_list()) / years.height, abs=1e-13)
