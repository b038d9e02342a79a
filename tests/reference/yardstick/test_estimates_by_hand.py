"""The estimated years of China's provinces, 2018-2023, computed again from the CSV files in plain Python.

The calculation below shares no code with xinzhi: it reads the shipped files with `csv` and follows the text of the
protocol's group `estimates`: half the growth of fixed-asset investment and half of nominal output, scaled to the
growth of the nation's volume; schooling on its trend; breaks of employment linked. Tolerance: 1e-12 for the national
series that the protocol carries, 1e-10 log points for growth.
"""

from __future__ import annotations

import csv
import math
from importlib.resources import files

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.data import load
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.estimating import live
from xinzhi.yardstick.growth_accounts import build_inputs
from xinzhi.yardstick.panel import read_panel

LAST, END, RATE = 2017, 2023, 0.096
KEY = "0.5/national_volume/as_published_proxy/revised"


def rows(table):
    with (files("xinzhi.data") / "packages" / "china-provinces" / f"{table}.csv").open(encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def column(table, name):
    return {(row["region"], int(row["year"])): float(row[name]) for row in rows(table) if row[name]}


def nation(variable, vintage=None):
    return {
        int(row["year"]): float(row["value"])
        for row in rows("nation")
        if row["variable"] == variable and (vintage is None or row["vintage"] == vintage)
    }


NOMINAL, PRICE = column("investment", "investment_nominal"), column("investment", "investment_price")
OUTPUT, FIXED = column("accounts", "output_nominal"), column("accounts", "fixed_asset_investment")
OLD = column("accounts", "expenditure_gdp")
REAL, PERSONS, SCHOOLING = (column("accounts", name) for name in ("output_real", "employment", "schooling"))
LINKED = load_protocol("xinzhi-cn-2026").value("labour.linked_growth")
REGIONS = sorted({region for region, _ in REAL})
YEARS = range(LAST + 1, END + 1)


def volume():
    """Growth of the nation's fixed capital formation since 2017, at constant prices."""
    vintage = "census4 (yearbook 2024 vintage)"
    fixed, whole, real = nation("gfcf_nominal", vintage), nation("gcf_nominal", vintage), nation("gcf_growth_real")
    level, out = 1.0, {LAST: 1.0}
    for year in YEARS:
        level *= 1 + real[year] / 100
        out[year] = level * (fixed[year] / whole[year]) / (fixed[LAST] / whole[LAST])
    return out


def benchmark(region):
    """Investment of the last official year, revised with output and brought to the nation."""
    revised = {one: NOMINAL[one, LAST] * OUTPUT[one, LAST] / OLD[one, LAST] for one in REGIONS}
    return revised[region] * nation("gfcf_nominal", "census4 (yearbook 2024 vintage)")[LAST] / sum(revised.values())


def investment():
    """Investment of the estimated years, and the scale that brings it to the nation."""
    free = {(region, LAST): benchmark(region) for region in REGIONS}
    for region in REGIONS:
        for year in YEARS:
            growth = (
                math.log(FIXED[region, year] / FIXED[region, year - 1])
                + math.log(OUTPUT[region, year] / OUTPUT[region, year - 1])
            ) / 2
            free[region, year] = free[region, year - 1] * math.exp(growth)
    base, target, scale = sum(free[region, LAST] for region in REGIONS), volume(), {}
    for year in YEARS:
        at_old_prices = sum(free[region, year] / PRICE[region, year] * PRICE[region, LAST] for region in REGIONS)
        scale[year] = base * target[year] / at_old_prices
    return {key: value * scale.get(key[1], 1.0) for key, value in free.items()}, scale


def rise():
    return sum((SCHOOLING[region, 2019] - SCHOOLING[region, 2009]) / 10 for region in REGIONS) / len(REGIONS)


def phi(years):
    return 0.134 * min(years, 4) + 0.101 * min(max(years - 4, 0), 4) + 0.068 * max(years - 8, 0)


@pytest.fixture(scope="module")
def measured():
    return xinzhi.measure("china-provinces")


def test_the_national_series_of_the_protocol_are_those_of_the_complete_package():
    protocol = load_protocol("xinzhi-cn-2026")
    scale = protocol.value("estimates.control_scale")[KEY]
    by_hand = investment()[1]
    assert {year: scale[year] for year in YEARS} == pytest.approx(by_hand, rel=1e-12)
    assert protocol.value("estimates.schooling_growth") == pytest.approx(rise(), abs=1e-12)


def test_computed_live_from_the_package_the_inputs_are_the_same(measured):
    made, _ = build_inputs(read_panel(load("china-provinces")), live(measured.protocol))
    for name in ("capital", "labour", "human_capital"):
        mine, theirs = getattr(measured.accounts.inputs, name), getattr(made, name)
        assert np.nanmax(np.abs(mine / theirs - 1)) < 1e-12


def test_investment_capital_and_growth_equal_the_plain_calculation(measured):
    flow, _ = investment()
    before = measured.inputs.filter(pl.col("year") == LAST)
    stock = {(row["region"], LAST): row["capital"] for row in before.iter_rows(named=True)}
    shares = dict(measured.inputs.select("year", "labour_share").unique().iter_rows())  # test_shares_by_hand.py
    seen = 0
    for row in (
        measured.frame.filter(pl.col("year").is_between(LAST + 1, END)).sort("region", "year").iter_rows(named=True)
    ):
        region, year = row["region"], row["year"]
        base = PRICE[region, 2000]
        stock[region, year] = stock[region, year - 1] * (1 - RATE) + flow[region, year] / PRICE[region, year] * base
        raw = math.log(PERSONS[region, year] / PERSONS[region, year - 1])
        labour = LINKED.get(region, {}).get(year, raw)  # what the links are made of: test_links_by_hand.py
        years = [
            SCHOOLING.get((region, one), SCHOOLING[region, 2019] + rise() * (one - 2019)) for one in (year, year - 1)
        ]
        skill = phi(years[0]) - phi(years[1])
        capital = math.log(stock[region, year] / stock[region, year - 1])
        share = (shares[year] + shares[year - 1]) / 2
        tfp = math.log(REAL[region, year] / REAL[region, year - 1]) - (1 - share) * capital - share * (labour + skill)
        assert row["capital_growth"] == pytest.approx(capital, abs=1e-10)
        assert row["labour_growth"] == pytest.approx(labour, abs=1e-10)
        assert row["human_capital_growth"] == pytest.approx(skill, abs=1e-10)
        assert row["tfp_growth"] == pytest.approx(tfp, abs=1e-10)
        seen += 1
    assert seen == 31 * 6


def test_the_regions_together_grow_with_the_nation_to_nine_digits():
    flow, _ = investment()
    base, target = sum(benchmark(region) for region in REGIONS), volume()
    for year in YEARS:
        together = sum(flow[region, year] / PRICE[region, year] * PRICE[region, LAST] for region in REGIONS)
        assert together / base == pytest.approx(target[year], rel=1e-9)


def test_the_nation_lies_inside_the_band_of_an_independent_computation(measured):
    """1.6-2.2 in 2017-2023 from a prototype with other code; 2012-2017 moves with the benchmark and the links."""
    periods = measured.national_periods
    tfp = {(row["start"], row["end"]): 100 * row["tfp_growth"] for row in periods.iter_rows(named=True)}
    assert 1.6 < tfp[2017, 2023] < 2.2
    assert tfp[2012, 2017] == pytest.approx(2.20, abs=0.01)
