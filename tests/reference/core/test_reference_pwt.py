"""Penn World Table 10.01 and 10.0 from their own inputs.

References: ``pwt1001.csv.gz`` (R package pwt10, data/pwt10.01.rda), ``pwt1000.parquet`` (same, 10.0), and the 10.0
labour and capital details of the Groningen Growth and Development Centre. Tolerances:

- TFP growth (`rtfpna`), 3,067 country-years with hours: 1e-6 log points (measured 1.7e-7; the table is in float32).
- The same with the missing-hours rule, all 6,289 country-years: 1e-6 (measured 1.9e-7). Hours that are not published
  grow as those of the United States, and gaps inside lie on a straight line.
- Human capital from years of schooling: 1e-6 (measured 7e-7).
- `rnna` from four assets: median 1e-6, largest 2e-3 log points. China is left out: its `rnna` is not the index of the
  four published assets (median difference 0.025).

Traps: `rkna` is the capital input, not `rnna`; shares are averaged over two years.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core import index_numbers, labour

pytestmark = pytest.mark.shared

RETURNS = [(4, 0.134), (8, 0.101), (None, 0.068)]


@pytest.fixture(scope="module")
def pwt(shared, cells):
    return cells(shared / "data" / "world" / "pwt1001.csv.gz", "countrycode")


def residual_error(pwt, log_growth, hours, *, capital="rkna"):
    growth = np.array([log_growth(pwt["emp"] * hours * pwt["hc"]), log_growth(pwt[capital])])
    share = np.array([pwt["labsh"], 1 - pwt["labsh"]])
    inputs = index_numbers.contributions(growth, share, formula="tornqvist").sum(axis=0)
    return log_growth(pwt["rgdpna"]) - inputs - log_growth(pwt["rtfpna"])


def test_tfp_growth_of_every_country_with_hours(pwt, log_growth):
    error = residual_error(pwt, log_growth, pwt["avh"])
    known = np.isfinite(error)
    assert known.sum() == 3067
    assert np.abs(error[known]).max() < 1e-6


def test_the_stock_is_not_the_capital_input_of_the_table(pwt, log_growth):
    error = residual_error(pwt, log_growth, pwt["avh"], capital="rnna")
    assert np.nanmedian(np.abs(error)) > 1e-3


def test_tfp_growth_with_the_missing_hours_rule(pwt, log_growth):
    states = pwt["avh"][pwt.units.index("USA")]
    error = residual_error(pwt, log_growth, labour.fill_hours(pwt["avh"], states))
    known = np.isfinite(error)
    assert known.sum() == 6289
    assert np.abs(error[known]).max() < 1e-6


def test_the_growth_of_hours_behind_the_published_figures_is_that_of_the_united_states(shared, pwt, log_growth):
    """Backed out of rtfpna country by country, independently: the median of each year is the growth of US hours."""
    implied = pl.read_csv(shared / "ref" / "growth" / "pwt1001_implied_avh_growth.csv")
    states = log_growth(pwt["avh"])[pwt.units.index("USA")][implied["year"].to_numpy() - pwt.years[0]]
    assert np.abs(implied["median"].to_numpy() - states).max() < 1e-6


def test_human_capital_from_years_of_schooling(shared, cells):
    table = cells(shared / "ref" / "growth" / "pwt100_hc_labsh_selected.csv", "countrycode")
    level = labour.human_capital(table["yr_sch"], RETURNS)
    known = np.isfinite(level)
    assert known.sum() == 605
    assert np.abs(level - table["hc"])[known].max() < 1e-6


def test_net_stock_is_a_tornqvist_index_of_its_assets(shared, cells, log_growth):
    assets = cells(shared / "ref" / "growth" / "pwt100_capital_detail_selected.csv", "countrycode")
    table = cells(shared / "data" / "world" / "pwt1000.parquet", "countrycode")
    countries = [name for name in assets.units if name != "CHN"]
    rows = [assets.row(name) for name in countries]
    names = ["Struc", "Mach", "TraEq", "Other"]
    price = np.array([assets[f"Np_{name}"][rows] for name in names])
    value = np.array([assets[f"Nc_{name}"][rows] for name in names])
    growth = log_growth(value / price)
    index = index_numbers.contributions(growth, value / value.sum(axis=0), formula="tornqvist").sum(axis=0)
    published = log_growth(table["rnna"][[table.row(name) for name in countries]])
    error = np.abs(index - published)
    assert np.isfinite(error).sum() == 342
    assert np.nanmedian(error) < 1e-6
    assert np.nanmax(error) < 2e-3
    chained = np.log(index_numbers.chain_quantities(price[:, 1:], value[:, 1:] / price[:, 1:], "tornqvist"))
    assert np.nanmax(np.abs(np.diff(chained) - index[1:, 1:])) < 1e-12
