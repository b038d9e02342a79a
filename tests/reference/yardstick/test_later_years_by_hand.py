"""Price and schooling after their last official year, computed again from the table of the nation in plain Python.

The calculation shares no code with xinzhi: the implicit deflator of national capital formation, a least-squares line on
producer prices, and the rise of schooling between the censuses. Tolerance: 1e-12 where nothing else is said.
"""

from __future__ import annotations

import csv
import math
from importlib.resources import files

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, ProtocolError
from xinzhi.data import load
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.capital import investment
from xinzhi.yardstick.estimating import census_growth
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.panel import read_panel

OURS = load_protocol("xinzhi-cn-2026")
VINTAGE = "census4 (yearbook 2024 vintage)"


def nation(variable, vintage=None):
    with (files("xinzhi.data") / "packages" / "china-provinces" / "nation.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["variable"] == variable]
    return {int(row["year"]): float(row["value"]) for row in rows if vintage is None or row["vintage"] == vintage}


def implied(year):
    value, volume = nation("gcf_nominal", VINTAGE), nation("gcf_growth_real")
    return math.log(value[year] / value[year - 1]) - math.log(1 + volume[year] / 100)


def line():
    """Least squares of log growth of the price of investment on that of producer prices, 2000-2019."""
    x = {year: math.log(value / 100) for year, value in nation("ppi").items()}
    y = {year: math.log(value / 100) for year, value in nation("fai_price").items()}
    both = [year for year in range(2000, 2020) if year in x and year in y]
    mean = [sum(series[year] for year in both) / len(both) for series in (x, y)]
    slope = sum((x[t] - mean[0]) * (y[t] - mean[1]) for t in both) / sum((x[t] - mean[0]) ** 2 for t in both)
    return {year: mean[1] + slope * (x[year] - mean[0]) for year in range(2020, 2026)}


@pytest.fixture(scope="module")
def panel():
    return read_panel(load("china-provinces"))


def test_the_prices_of_the_protocol_are_those_of_the_nation():
    stated = OURS.value("capital.price_growth")
    assert stated["national_deflator"] == pytest.approx({y: implied(y) for y in range(2020, 2024)}, abs=1e-12)
    assert stated["ppi"] == pytest.approx(line(), abs=1e-12)


@pytest.mark.parametrize("way", ["ppi", "national_deflator"])
def test_every_region_takes_the_national_price_after_2019(panel, way):
    stated = OURS.value("capital.price_growth")[way]
    made = investment(panel, OURS.replace({"capital.price_after_official": way}), deflator(panel), list(panel.assets))
    growth = np.diff(np.log(made.price[0]), axis=1)
    for year, value in stated.items():
        assert growth[:, year - panel.years[0] - 1] == pytest.approx(np.full(31, value), abs=1e-12)
    given = np.diff(np.log(panel.investment["investment_price"][0]), axis=1)
    before = 2019 - panel.years[0]
    assert np.array_equal(np.isfinite(growth[:, :before]), np.isfinite(given[:, :before]))
    assert np.nanmax(np.abs(growth[:, :before] - given[:, :before])) < 1e-12
    if way == "national_deflator":  # published to 2023: the deflator of output goes on
        own = np.diff(np.log(deflator(panel)), axis=1)[:, 2024 - panel.years[0] - 1]
        assert growth[:, 2024 - panel.years[0] - 1] == pytest.approx(own, abs=1e-12)


def test_under_a_control_in_volume_a_price_common_to_all_is_one_yardstick(panel):
    real = [
        investment(panel, OURS.replace({"capital.price_after_official": way}), deflator(panel), list(panel.assets)).real
        for way in ("ppi", "national_deflator")
    ]
    until = 2023 - panel.years[0] + 1
    assert np.nanmax(np.abs(real[0][..., :until] / real[1][..., :until] - 1)) < 1e-12


def test_schooling_rises_by_the_own_growth_between_censuses(panel):
    stated = OURS.value("estimates.schooling_census")
    rise = {region: (series[2020] - series[2010]) / 10 for region, series in stated.items()}
    assert len(rise) == 31
    assert (min(rise.values()), max(rise.values())) == pytest.approx((0.057, 0.150), abs=1e-9)
    assert census_growth(panel, OURS)[:, 0] == pytest.approx([rise[region] for region in panel.regions], abs=1e-12)
    rules = OURS.replace({"estimates.schooling_rule": "census_growth"})
    frame = xinzhi.measure("china-provinces", rules).frame.filter(year=2022)
    last = panel.account("schooling")[:, 2019 - panel.years[0]]

    def phi(years):
        return 0.134 * min(years, 4) + 0.101 * min(max(years - 4, 0), 4) + 0.068 * max(years - 8, 0)

    for row, region in enumerate(panel.regions):
        skill = phi(last[row] + 3 * rise[region]) - phi(last[row] + 2 * rise[region])
        got = frame.filter(region=region)
        assert got["human_capital_growth"].item() == pytest.approx(skill, abs=1e-12)
        assert "extrapolated:schooling" in got["flags"].item()


def test_one_parameter_decides_on_schooling_after_2019():
    """Percent a year of all regions in 2017-23; the table of docs/choices.md."""
    found = {}
    for rule in ("hold", "trend", "census_growth"):
        made = xinzhi.measure("china-provinces", OURS.replace({"estimates.schooling_rule": rule})).national_periods
        found[rule] = 100 * made.filter(start=2017, end=2023)["tfp_growth"].item()
    assert found == pytest.approx({"hold": 1.98, "trend": 1.76, "census_growth": 1.78}, abs=0.01)


def test_price_base_moves_sums_and_no_region():
    made = [xinzhi.measure("china-provinces", OURS.replace({"output.price_base": year})) for year in (2000, 2010, 2017)]
    for other in made[1:]:
        assert (other.frame["tfp_growth"] - made[0].frame["tfp_growth"]).abs().max() < 1e-12
    sums = [100 * one.national_periods.filter(start=2012, end=2017)["tfp_growth"].item() for one in made]
    assert sums == pytest.approx([2.20, 2.23, 2.25], abs=0.01)


def test_a_region_without_censuses_stands_still_and_none_at_all_is_refused():
    rules = OURS.replace({"estimates.schooling_rule": "census_growth"})
    whole = load("china-provinces")
    accounts = whole.tables["accounts"].drop("schooling_15plus")
    without = load({**whole.tables, "accounts": accounts}, units=whole.units)
    stated = {
        region: series for region, series in OURS.value("estimates.schooling_census").items() if region != "540000"
    }
    frame = xinzhi.measure(without, rules.replace({"estimates.schooling_census": stated})).frame
    tibet = frame.filter(region="540000", year=2022)
    assert tibet["human_capital_growth"].item() == 0
    assert "carried:schooling" in tibet["flags"].item()
    with pytest.raises(InputError) as caught:
        xinzhi.measure(without, rules.replace({"estimates.schooling_census": None}))
    assert caught.value.code == "yardstick.no-census-schooling"


def test_a_region_that_the_protocol_does_not_list_takes_its_own_censuses():
    whole = load("china-provinces")
    level = {2010: 8.0, 2020: 9.5}
    own = pl.col("year").replace_strict(level, default=None, return_dtype=pl.Float64)
    county = pl.lit("c") + pl.col("region")
    accounts = whole.tables["accounts"].with_columns(region=county, schooling_15plus=own)
    tables = {"accounts": accounts, "investment": whole.tables["investment"].with_columns(region=county)}
    rules = OURS.replace({"estimates.schooling_rule": "census_growth", "estimates.control_total": "none"})
    panel = xinzhi.measure(tables, rules).panel
    assert census_growth(panel, rules)[:, 0] == pytest.approx(np.full(31, 0.15), abs=1e-12)


def test_a_price_that_the_protocol_does_not_state_is_refused():
    rules = OURS.replace(
        {
            "capital.price_after_official": "ppi",
            "capital.price_growth": {"national_deflator": OURS.value("capital.price_growth")["national_deflator"]},
        }
    )
    with pytest.raises(ProtocolError) as caught:
        xinzhi.measure("china-provinces", rules)
    assert caught.value.code == "yardstick.no-price-growth"
