"""Digital capital of the nation, computed again from the table of the nation in plain Python.

The calculation shares no code with xinzhi: parts of investment from nine input-output tables on straight lines, a
perpetual inventory from a steady state, user costs, income shares. Tolerance: 1e-12 for contributions. The order of
magnitude, 0.4 to 0.7 points a year, is that of a computation by others on the same tables.
"""

from __future__ import annotations

import csv
import math
from importlib.resources import files

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import load

PRODUCTS = {
    "hardware": (
        "computers",
        "communication_equipment",
        "broadcasting_radar_equipment",
        "audio_visual_equipment",
        "electronic_components",
        "other_electronic_equipment",
    ),
    "software": ("software",),
}
AGGREGATE = {"hardware": "electronics_aggregate", "software": "information_services_aggregate"}
PRICE, RATE, RETURN = {"hardware": -0.04, "software": -0.02}, 0.315, 0.1
YEARS = range(2002, 2021)


def nation(variable, vintages):
    with (files("xinzhi.data") / "packages" / "china-provinces" / "nation.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["variable"] == variable]
    found = {}
    for vintage in vintages:
        for row in rows:
            if row["vintage"] == vintage:
                found.setdefault(int(row["year"]), float(row["value"]))
    return found


TABLES = ("input-output table as published",)


def part(asset, year):
    whole = nation("gfcf_nominal", TABLES)
    own = [nation(f"gfcf_{name}", TABLES) for name in PRODUCTS[asset]]
    joint = nation(f"gfcf_{AGGREGATE[asset]}", TABLES)

    def known(at):
        return (sum(one.get(at, 0.0) for one in own) if any(at in one for one in own) else joint[at]) / whole[at]

    before, after = max(at for at in whole if at <= year), min(at for at in whole if at >= year)
    if before == after:
        return known(before)
    return known(before) + (known(after) - known(before)) * (year - before) / (after - before)


def contributions(asset):
    gfcf = nation("gfcf_nominal", ("census4 (yearbook 2024 vintage)",))
    gdp = nation(
        "gdp_nominal",
        ("census5, final verification", "census5", "census4 (before the fifth census)", "first_published"),
    )
    price = {year: (1 + PRICE[asset]) ** (year - 2002) for year in YEARS}
    real = {year: part(asset, year) * gfcf[year] / price[year] for year in YEARS}
    stock = {2002: real[2002] / ((real[2007] / real[2002]) ** (1 / 5) - 1 + RATE)}
    for year in YEARS[1:]:
        stock[year] = (1 - RATE) * stock[year - 1] + real[year]
    share = {
        year: (price[year - 1] * (RETURN - PRICE[asset]) + price[year] * RATE) * stock[year] / gdp[year]
        for year in YEARS[1:]
    }
    share[2002] = share[2003]
    return {year: (share[year] + share[year - 1]) / 2 * math.log(stock[year] / stock[year - 1]) for year in YEARS[1:]}


@pytest.fixture(scope="module")
def made():
    return xinzhi.digital_capital("china-provinces")


@pytest.mark.parametrize("asset", ["hardware", "software"])
def test_contributions_equal_the_plain_calculation(made, asset):
    rows = made.frame.filter(asset=asset).drop_nulls("contribution")
    assert dict(rows.select("year", "contribution").iter_rows()) == pytest.approx(contributions(asset), abs=1e-12)


def test_parts_of_investment_are_those_of_the_tables(made):
    shown = {2002: (0.060, 0.006), 2012: (0.024, 0.033), 2017: (0.023, 0.055), 2020: (0.022, 0.077)}
    for year, parts in shown.items():
        for asset, value in zip(("hardware", "software"), parts, strict=True):
            row = made.frame.filter(asset=asset, year=year)
            assert row["investment_share"].item() == pytest.approx(value, abs=6e-4)
            assert row["status"].item() == "transcribed"
    assert made.frame.filter(year=2011)["status"].unique().to_list() == ["estimate"]


def test_the_account_adds_up_and_the_ruler_stays(made):
    parts = made.account.select(pl.sum_horizontal("labour", "human_capital", "other", "hardware", "software", "tfp"))
    assert (parts.to_series() - made.account["output_growth"]).abs().max() < 1e-15
    national = xinzhi.measure("china-provinces").national.filter(pl.col("year").is_in(made.account["year"].to_list()))
    assert made.account["tfp_before"].to_list() == national["tfp_growth"].to_list()


def test_digital_capital_adds_half_a_point_a_year(made):
    """0.4 to 0.7 points a year by the default prices; the range over 36 combinations stands beside it."""
    for row in made.periods.iter_rows(named=True):
        value = 100 * (row["hardware"] + row["software"])
        every = 100 * made.spread.filter(start=row["start"], end=row["end"])["digital"]
        assert 0.4 < value < 0.7
        assert every.len() == 36
        assert 0.3 < every.min() < value < every.max() < 0.8
    assert made.periods["start"].to_list() == [2002, 2007, 2012, 2017]


def test_the_spread_holds_what_each_choice_gives(made):
    row = made.spread.filter(start=2017).row(5, named=True)
    chosen = {name: row[name] for name in made.choices}
    again = xinzhi.digital_capital("china-provinces", **chosen)
    period = again.periods.filter(start=2017)
    assert period["hardware"].item() + period["software"].item() == pytest.approx(row["digital"], abs=1e-12)


def test_every_choice_changes_a_number(made):
    for name, value in (
        ("hardware_price", -0.05),
        ("software_price", -0.05),
        ("hardware_depreciation", 0.2),
        ("software_depreciation", 0.2),
        ("rate_of_return", 0.08),
    ):
        other = xinzhi.digital_capital("china-provinces", **{name: value})
        assert abs(other.periods["tfp"][2] - made.periods["tfp"][2]) > 1e-6, name


def test_what_is_missing_is_named():
    whole = load("china-provinces")
    with pytest.raises(UsageError) as caught:
        xinzhi.digital_capital(whole, software_prise=0.0)
    assert caught.value.code == "yardstick.no-digital-choice"
    names = ("accounts", "investment", "regions")
    bare = {name: whole.tables[name] for name in names}
    with pytest.raises(InputError):
        xinzhi.digital_capital(bare)
    products = pl.col("variable").str.contains("software|electronic|computers|information_services")
    with pytest.raises(InputError) as caught:
        xinzhi.digital_capital(bare | {"nation": whole.tables["nation"].filter(~products)})
    assert caught.value.code == "yardstick.no-digital-investment"
    some = {name: table.filter(pl.col("region") < "150000") for name, table in bare.items()}
    with pytest.raises(InputError) as caught:
        xinzhi.digital_capital(some | {"nation": whole.tables["nation"]})
    assert caught.value.code == "yardstick.digital-needs-the-nation"
