"""Digital capital of the nation, computed again from the CSV files with numpy.

The calculation shares no code with xinzhi. From `measure_nation` it takes output growth, contributions of labour and
human capital, labour shares and the first stock, which other tests hold to the CSV files; parts of investment, prices
of kinds of asset, inventories, user costs, the internal return and the weights are made here. Tolerance: 1e-12.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import load
from xinzhi.yardstick import internal

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
RATE = np.array([[0.069], [0.149], [0.315], [0.315]])
YEARS = np.arange(2002, 2021)
N = len(YEARS)
TABLE = ("input-output table as published",)
GFCF = ("census4 (yearbook 2024 vintage)",)
VOLUME = (
    "census4; derived: contribution / share of GCF in expenditure GDP of the year before (current prices)",
    "derived: first-published contribution (rounded to 0.1, so +-0.12) / share of the year before",
)
GDP = ("census5, final verification", "census5", "census4 (before the fifth census)", "first_published")
ASSETS = ["structures", "equipment", "hardware", "software"]
PARTS = ["labour", "human_capital", *ASSETS, "tfp"]


def rows(name):
    with (files("xinzhi.data") / "packages" / "china-provinces" / f"{name}.csv").open(encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def nation(variable, vintages):
    mine = [row for row in rows("nation") if row["variable"] == variable]
    found = {}
    for vintage in vintages:
        for row in mine:
            if row["vintage"] == vintage:
                found.setdefault(int(row["year"]), float(row["value"]))
    return found


def part(asset):
    whole = nation("gfcf_nominal", TABLE)
    own = [nation(f"gfcf_{name}", TABLE) for name in PRODUCTS[asset]]
    joint = nation(f"gfcf_{AGGREGATE[asset]}", TABLE)
    at = sorted(whole)
    known = [
        (sum(one.get(year, 0.0) for one in own) if any(year in one for one in own) else joint[year]) / whole[year]
        for year in at
    ]
    return np.interp(YEARS, at, known)


def kinds():
    """Return the part of equipment and both prices, 2003-2017."""
    sums = np.zeros((3, 2, 15))  # value, value that has a price, value at prices of 2003
    for row in rows("asset_investment"):
        if row["asset"] in ("construction", "equipment"):
            at = int(row["asset"] == "equipment"), int(row["year"]) - 2003
            value = float(row["investment_nominal"])
            sums[0][at] += value
            if row["investment_price"]:
                sums[1][at] += value
                sums[2][at] += value / float(row["investment_price"])
    return sums[0, 1] / sums[0].sum(axis=0), sums[1] / sums[2]


def total_price():
    """Return the price of all investment: capital formation at current prices over its published volume."""
    whole, volume = (nation(name, vintages) for name, vintages in (("gcf_nominal", GFCF), ("gcf_growth_real", VOLUME)))
    return {
        year: whole[year] / whole[year - 1] / (1 + volume[year] / 100)
        for year in volume
        if {year, year - 1} <= set(whole)
    }


def by_hand(first, share, weight, growth, hardware=-0.04, software=-0.02, rate=RATE, fixed=None):
    gfcf, gdp = nation("gfcf_nominal", GFCF), nation("gdp_nominal", GDP)
    whole, output = (np.array([series[year] for year in YEARS.tolist()]) for series in (gfcf, gdp))
    digital = np.stack([part("hardware"), part("software")]) * whole
    ratio, price = kinds()
    ratio = np.concatenate([ratio[:1], ratio, np.full(3, ratio[-1])])
    flow = np.stack(
        [(1 - ratio) * (whole - digital[1]), ratio * (whole - digital[1]) - digital[0], digital[0], digital[1]]
    )
    change = total_price()
    prices = np.ones((4, N))
    for at in range(1, N):
        year = 2002 + at
        inside = 2004 <= year <= 2017
        for asset in (0, 1):
            step = price[asset, year - 2003] / price[asset, year - 2004] if inside else change[year]
            prices[asset, at] = prices[asset, at - 1] * step
        prices[2, at], prices[3, at] = (1 + hardware) ** at, (1 + software) ** at
    real = flow / prices
    begin = np.empty(4)
    for asset in (2, 3):
        begin[asset] = real[asset, 0] / ((real[asset, 5] / real[asset, 0]) ** 0.2 - 1 + rate[asset, 0])
    built = real[:2, 0] / (np.exp(growth) - 1 + rate[:2, 0])
    begin[:2] = (first - begin[2:].sum()) * built / built.sum()
    stock = np.empty((4, N))
    stock[:, 0] = begin
    for at in range(1, N):
        stock[:, at] = (1 - rate[:, 0]) * stock[:, at - 1] + real[:, at]
    rises = prices[:, 1:] / prices[:, :-1] - 1
    expected = np.array([[rises[a, max(0, t - 1) : t + 2].mean() for t in range(N - 1)] for a in range(4)])
    before, now, used = prices[:, :-1], prices[:, 1:], stock[:, 1:]
    income = ((1 - share) * output)[1:]
    gone = ((now * rate - before * expected) * used).sum(axis=0)
    inside = (income - gone) / (before * used).sum(axis=0)
    returned = inside if fixed is None else np.full(N - 1, fixed)
    value = (before * (returned - expected) + now * rate) * used
    mine = value[2:] / (value.sum(axis=0) if fixed is None else income)
    other = value[:2] / value[:2].sum(axis=0) * (1 - mine.sum(axis=0))
    parts = np.concatenate([other, mine])
    mean = (np.concatenate([parts[:, :1], parts[:, :-1]], axis=1) + parts) / 2
    return mean * weight * np.log(stock[:, 1:] / stock[:, :-1]), inside


@pytest.fixture(scope="module")
def made():
    return xinzhi.digital_capital("china-provinces")


@pytest.fixture(scope="module")
def ruler():
    """Return the first stock at prices of 2002, labour shares, weights of capital, growth of the stock in 2002."""
    nation_ = xinzhi.measure_nation("china-provinces")
    ones = np.ones((1, len(nation_.panel.years)))
    inputs = nation_.inputs.filter(pl.col("year").is_between(2002, 2020)).sort("year")
    frame = nation_.frame.filter(pl.col("year").is_between(2003, 2020)).sort("year")
    invested = internal.investment(nation_.panel, nation_.protocol, ones, ["total"])
    price = invested.price[0, 0, 2002 - int(nation_.panel.years[0])]
    growth = nation_.frame.filter(year=2002)["capital_growth"].item()
    weight = 1 - frame["labour_share"].to_numpy()
    return inputs["capital"][0] * price, inputs["labour_share"].to_numpy(), weight, growth


def contributions(result):
    return np.stack([result.account[name].to_numpy() for name in ASSETS])


def test_contributions_equal_the_plain_calculation(made, ruler):
    own, returned = by_hand(*ruler)
    assert np.abs(contributions(made) - own).max() < 1e-12
    assert np.abs(made.account["rate_of_return"].to_numpy() - returned).max() < 1e-12


def test_other_choices_equal_the_plain_calculation(ruler):
    rate = np.array([[0.031], [0.126], [0.115], [0.25]])
    asked = {
        "structures_depreciation": 0.031,
        "equipment_depreciation": 0.126,
        "hardware_depreciation": 0.115,
        "software_depreciation": 0.25,
        "hardware_price": -0.098,
        "software_price": 0.01,
        "rate_of_return": 0.1,
    }
    own, _ = by_hand(*ruler, hardware=-0.098, software=0.01, rate=rate, fixed=0.1)
    assert np.abs(contributions(xinzhi.digital_capital("china-provinces", **asked)) - own).max() < 1e-12


def test_the_account_adds_up_and_the_ruler_stays(made):
    for frame in (made.account, made.periods):
        total = frame.select(pl.sum_horizontal(PARTS)).to_series()
        assert (total - frame["output_growth"]).abs().max() < 1e-12
        assert (frame["hardware"] + frame["software"] - frame["digital"]).abs().max() < 1e-12
    own = xinzhi.measure_nation("china-provinces").frame.filter(pl.col("year").is_in(made.account["year"].to_list()))
    assert made.account["tfp_before"].to_list() == own["tfp_growth"].to_list()
    weights = (
        made.frame.filter(pl.col("year") > 2002).group_by("year", maintain_order=True).agg(pl.col("income_share").sum())
    )
    labour = xinzhi.measure_nation("china-provinces").inputs.filter(pl.col("year").is_between(2003, 2020))
    assert (weights["income_share"] + labour["labour_share"] - 1).abs().max() < 1e-12


def test_investment_of_all_assets_is_that_of_the_nation(made):
    whole = nation("gfcf_nominal", GFCF)
    for year, value in made.frame.group_by("year").agg(pl.col("investment").sum()).iter_rows():
        assert value == pytest.approx(whole[year], rel=1e-12)


def test_parts_of_investment_are_those_of_the_tables(made):
    shown = {2002: (0.060, 0.006), 2012: (0.024, 0.033), 2017: (0.023, 0.055), 2020: (0.022, 0.077)}
    for year, parts in shown.items():
        for asset, value in zip(("hardware", "software"), parts, strict=True):
            row = made.frame.filter(asset=asset, year=year)
            assert row["investment_share"].item() == pytest.approx(value, abs=6e-4)
            assert row["status"].item() == "transcribed"
    assert made.frame.filter(year=2011, asset="software")["status"].item() == "estimate"
    assert made.frame.filter(year=2011, asset="structures")["status"].item() == "transcribed"
    assert made.frame.filter(year=2018, asset="structures")["status"].item() == "estimate"
    assert made.periods["status"].to_list() == ["transcribed"] * 3 + ["estimate"]


def test_hardware_is_of_the_size_that_others_find(made):
    """Liang, Wu and Fukao (2022), from equipment by industry: 7.7 % of investment in 2002, 2.4 in 2018."""
    share = {year: made.frame.filter(asset="hardware", year=year)["investment_share"].item() for year in (2002, 2018)}
    assert abs(share[2002] - 0.077) < 0.02
    assert abs(share[2018] - 0.024) < 0.005


def test_the_official_price_of_equipment_ends_where_it_began():
    _, price = kinds()
    assert abs((price[1, -1] / price[1, 0]) ** (1 / 14) - 1) < 5e-4  # what the choice 0 of hardware_price rests on


def test_digital_capital_adds_half_a_point_a_year(made):
    """0.5 to 0.7 points a year by the default; the range over 216 combinations stands beside it."""
    for row in made.periods.iter_rows(named=True):
        every = 100 * made.spread.filter(start=row["start"], end=row["end"])["digital"]
        assert 0.45 < 100 * row["digital"] < 0.8
        assert every.len() == 216
        assert 0.3 < every.min() < 100 * row["digital"] < every.max() < 1.1
    assert made.periods["start"].to_list() == [2002, 2007, 2012, 2017]


def test_the_spread_holds_what_each_choice_gives(made):
    row = made.spread.filter(start=2017).row(71, named=True)
    chosen = {name: row[name] for name in made.choices}
    period = xinzhi.digital_capital("china-provinces", **chosen).periods.filter(start=2017)
    assert period["digital"].item() == pytest.approx(row["digital"], abs=1e-12)
    assert period["tfp"].item() == pytest.approx(row["tfp"], abs=1e-12)
    assert len(made.spread.select(*made.choices).unique()) == 216


def test_each_choice_alone_is_the_verb_with_that_value(made):
    assert made.by_choice["choice"].unique(maintain_order=True).to_list() == list(made.choices)
    assert made.by_choice.select(pl.col("reference_zh", "reference_en").str.len_chars().min()).min_horizontal()[0] > 15
    taken = made.by_choice.filter("taken")
    assert len(taken) == len(made.choices)
    assert taken["tfp"].unique().to_list() == [made.periods["tfp"][-1]]
    for row in made.by_choice.filter(~pl.col("taken")).iter_rows(named=True):
        other = xinzhi.digital_capital("china-provinces", **{row["choice"]: row["value"]}).periods.row(-1, named=True)
        assert (row["digital"], row["tfp"]) == pytest.approx((other["digital"], other["tfp"]), abs=1e-12)


def test_every_choice_changes_a_number(made):
    for name in made.choices:
        other = xinzhi.digital_capital("china-provinces", **{name: 0.08})
        assert abs(other.periods["tfp"][2] - made.periods["tfp"][2]) > 1e-6, name


def test_a_part_of_the_provinces_gives_no_other_nation():
    whole = load("china-provinces")
    some = whole.tables["asset_investment"].filter(pl.col("region") < "150000")
    with pytest.raises(InputError) as caught:
        xinzhi.digital_capital({"nation": whole.tables["nation"], "asset_investment": some})
    assert caught.value.code == "yardstick.digital-needs-the-nation"
    assert "210000" in caught.value.text.en
    alone = {name: whole.tables[name] for name in ("nation", "asset_investment")}
    assert (
        xinzhi.digital_capital(alone).periods["tfp"].to_list() == xinzhi.digital_capital(whole).periods["tfp"].to_list()
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"software_prise": 0.0}, "yardstick.no-digital-choice"),
        ({"software_price": "internal"}, "yardstick.digital-choice"),
        ({"hardware_depreciation": 1.2}, "yardstick.digital-choice"),
        ({"hardware_price": -1}, "yardstick.digital-choice"),
        ({"rate_of_return": "outside"}, "yardstick.digital-choice"),
    ],
)
def test_a_choice_that_is_none_is_named(asked, code):
    with pytest.raises(UsageError) as caught:
        xinzhi.digital_capital("china-provinces", **asked)
    assert caught.value.code == code


def test_what_is_missing_is_named():
    whole = load("china-provinces").tables
    with pytest.raises(InputError):
        xinzhi.digital_capital({name: whole[name] for name in ("accounts", "investment", "regions")})
    products = pl.col("variable").str.contains("software|electronic|computers|information_services")
    with pytest.raises(InputError) as caught:
        xinzhi.digital_capital({**whole, "nation": whole["nation"].filter(~products)})
    assert caught.value.code == "yardstick.no-digital-investment"
    with pytest.raises(InputError, match="asset_investment"):
        xinzhi.digital_capital({"nation": whole["nation"]})
    with pytest.raises(UsageError) as caught:
        xinzhi.digital_capital("china-provinces", "pwt-10.01")
    assert caught.value.code == "yardstick.digital-needs-one-stock"


def test_fewer_years_give_the_periods_that_there_are():
    whole = load("china-provinces").tables
    employed = pl.col("variable").str.starts_with("employment") & (pl.col("year") > 2015)
    made = xinzhi.digital_capital({**whole, "nation": whole["nation"].filter(~employed)})
    assert made.account["year"].max() == 2015
    assert made.periods.select("start", "end").rows() == [(2002, 2007), (2007, 2012)]
    table = pl.col("vintage") == "input-output table as published"
    late = whole["nation"].filter(~(table & ~pl.col("year").is_in([2012, 2015])))
    assert xinzhi.digital_capital({**whole, "nation": late}).periods.select("start", "end").rows() == [(2012, 2015)]


def test_no_figure_comes_from_no_investment():
    whole = load("china-provinces").tables
    software = (pl.col("variable") == "gfcf_software") & (pl.col("year") == 2002)
    none = whole["nation"].with_columns(value=pl.when(software).then(0.0).otherwise("value"))
    with pytest.raises(InputError) as caught:
        xinzhi.digital_capital({**whole, "nation": none})
    assert caught.value.code == "yardstick.digital-no-investment"
    idle = whole["nation"].filter(~pl.col("variable").str.starts_with("employment"))
    with pytest.raises(InputError):
        xinzhi.digital_capital({**whole, "nation": idle})


def test_the_page_of_the_docs_has_these_figures(made):
    page = (Path(__file__).parents[3] / "docs" / "digital.md").read_text("utf-8")
    told = {
        "output": "output_growth",
        "labour": "labour",
        "human capital": "human_capital",
        "structures": "structures",
        "other equipment": "equipment",
        "digital hardware": "hardware",
        "software": "software",
        "**hardware and software**": "digital",
        "TFP": "tfp",
        "TFP where capital is one stock (`measure_nation`)": "tfp_before",
    }
    for words, name in told.items():
        bold = "**" if words.startswith("**") else ""
        cells = " | ".join(f"{bold}{100 * value:.2f}{bold}" for value in made.periods[name])
        assert f"| {words} | {cells} |" in page, name
    for name, join in (("digital", "-"), ("tfp", None)):
        for start in made.periods["start"]:
            every = 100 * made.spread.filter(start=start)[name]
            between = join or (" to " if every.min() < 0 else "-")
            assert f" {every.min():.2f}{between}{every.max():.2f} |" in page, (name, start)
