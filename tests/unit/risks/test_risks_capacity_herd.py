"""Herd entry: market equations to 1e-9 against another solver; capacity and medians against a direct calculation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.optimize import brentq

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks import herd_entry
from xinzhi.risks.capacity.entry_market import (
    Market,
    break_even_capacity,
    break_even_ratio,
    offsetting_spillover,
    outcome,
    profit,
)

PLAIN = {"demand_elasticity": 1.0, "supply_elasticity": 1.0, "variable_cost": 0.8, "margin": 0.1}


@pytest.fixture(scope="module")
def wave():
    return herd_entry("china-provinces")


@given(
    st.floats(0.2, 4), st.floats(0, 4), st.floats(0.4, 0.99), st.floats(0.3, 3), st.floats(0, 3), st.floats(-0.5, 0.9)
)
@settings(max_examples=60, deadline=None)
def test_supply_meets_demand_at_the_price(elasticity, supply, base, demand, added, spillover):
    market = Market(
        demand_elasticity=elasticity, supply_elasticity=supply, variable_cost=0.8, margin=0.1, spillover=spillover
    )
    used, price = (float(one[0]) for one in outcome(market, base, np.array([demand]), np.array([added])))
    wanted = base * demand * (1 + added) ** spillover * price**-elasticity
    assert used * (1 + added) == pytest.approx(wanted, rel=1e-9)
    assert used <= 1
    if used < 1:
        assert used == pytest.approx(base * price**supply, rel=1e-9)


@given(st.floats(0.2, 4), st.floats(0, 4), st.floats(0.5, 0.9), st.floats(0.01, 0.09))
@settings(max_examples=60, deadline=None)
def test_profit_is_nil_at_the_break_even(elasticity, supply, variable, margin):
    market = Market(demand_elasticity=elasticity, supply_elasticity=supply, variable_cost=variable, margin=margin)
    ratio = break_even_ratio(market)

    def gain(x):
        return float(profit(market, 0.7, *outcome(market, 0.7, np.array([x]), np.array([0.0])))[0])

    assert ratio == pytest.approx(brentq(gain, variable ** (supply + elasticity), 1.0, xtol=1e-14), rel=1e-8)
    added = break_even_capacity(market, np.array([1.5]), ratio)
    assert float(profit(market, 0.7, *outcome(market, 0.7, np.array([1.5]), added))[0]) == pytest.approx(0, abs=1e-9)


def test_the_limits_are_the_two_textbook_markets():
    x = np.array([0.8])
    rigid = Market(**PLAIN | {"supply_elasticity": 1e9})
    assert outcome(rigid, 0.75, x, np.zeros(1))[0][0] == pytest.approx(0.6, rel=1e-6)  # quantities take it all
    vertical = Market(**PLAIN | {"supply_elasticity": 0.0})
    used, price = outcome(vertical, 0.75, x, np.zeros(1))
    assert (used[0], price[0]) == pytest.approx((0.75, 0.8))  # prices take it all


def test_the_spillover_that_offsets_entry_keeps_utilisation():
    theta = offsetting_spillover(1.2, 0.6)
    market = Market(**PLAIN, spillover=theta)
    assert outcome(market, 0.75, np.array([1.2]), np.array([0.6]))[0][0] == pytest.approx(0.75, rel=1e-12)
    assert offsetting_spillover(1.2, 0.1) < 0  # demand outgrows capacity by itself
    assert offsetting_spillover(1.2, 0.0) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"demand_elasticity": 0.0}, "above 0"),
        ({"supply_elasticity": -1.0}, "negative"),
        ({"margin": 0.0}, "margin"),
        ({"variable_cost": 0.95}, "more than 1"),
        ({"spillover": 1.0}, "below 1"),
        ({"variable_cost": 0.0}, "share of revenue"),
    ],
)
def test_markets_that_make_no_sense_are_refused(change, words):
    with pytest.raises(UsageError, match=words):
        Market(**PLAIN | change)


def test_a_category_of_two_divisions_weighs_their_surveys_by_employment(wave):
    package = xinzhi.load("china-provinces")
    jobs = package.tables["activity"].filter(pl.col("year") == 2016)
    persons = [jobs.filter(pl.col("industry") == division)["employment"].sum() for division in ("34", "35")]
    quarters = package.tables["capacity"].filter(pl.col("period").str.contains("Q")).sort("period")
    levels, places = [], []
    for series in ("general_equipment", "special_equipment"):
        own = quarters.filter(pl.col("industry") == series).select("period", "utilisation").rows()
        rates = {int(period[:4]) * 4 + int(period[5]): rate for period, rate in own}
        ends = range(min(rates) + 7, max(rates) + 1)
        windows = [[rates[at] for at in range(end - 7, end + 1) if at in rates] for end in ends]
        means = [sum(window) / len(window) for window in windows]
        levels.append(means[-1] / 100)
        places.append(sum(mean < means[-1] for mean in means[:-1]) / len(means[:-1]))
    row = wave.frame.filter(category="equipment", entry="all", demand="base").row(0, named=True)
    assert persons[0] != persons[1]
    assert row["base_utilisation"] == pytest.approx(np.dot(persons, levels) / sum(persons), abs=1e-12)
    assert row["base_place"] == pytest.approx(np.dot(persons, places) / sum(persons), abs=1e-12)


def test_sizes_are_the_medians_of_the_regions_that_name_it(wave):
    package = xinzhi.load("china-provinces")
    jobs = package.tables["activity"].filter(pl.col("year") == 2016, pl.col("industry") == "36")
    total = jobs["employment"].sum()
    named = package.tables["plans"].filter(pl.col("year") == 2026, pl.col("category") == "auto", pl.col("named") == 1)
    sizes = jobs.filter(pl.col("region").is_in(named["region"].implode()))["employment"] / total
    row = wave.frame.filter(category="auto", entry="all", demand="base").row(0, named=True)
    assert row["regions"] == named.height
    assert row["entrant_size"] == pytest.approx(sizes.median(), rel=0.15)  # the median of resampled medians
    assert row["capacity_added"] == pytest.approx(named.height * row["entrant_size"], rel=1e-9)
    latest = package.tables["capacity"].filter(pl.col("industry") == "automobile", ~pl.col("period").str.contains("FY"))
    assert row["base_utilisation"] == pytest.approx(
        latest.sort("period").tail(8)["utilisation"].mean() / 100, abs=1e-12
    )


def test_the_middle_of_the_simulation_is_the_formula(wave):
    row = wave.frame.filter(category="equipment", entry="all", demand="base").row(0, named=True)
    x = (1 + row["growth"]) ** 5 / (1 + row["capacity_added"])
    assert row["utilisation"] == pytest.approx(row["base_utilisation"] * x**0.5, rel=0.02)
    assert row["price"] == pytest.approx(x**0.5, rel=0.02)
    assert row["utilisation_low"] < row["utilisation"] < row["utilisation_high"]


def test_streams_are_the_categories_own_and_seeded(wave):
    few = herd_entry("china-provinces", categories=["equipment", "auto"])
    same = wave.frame.filter(pl.col("category").is_in(["equipment", "auto"]))
    assert few.frame.equals(same)
    assert not herd_entry("china-provinces", categories=["equipment", "auto"], seed=1).frame.equals(same)


def test_more_demand_helps_and_more_entry_hurts(wave):
    rows = wave.frame.drop_nulls("utilisation")
    by_demand = rows.filter(entry="all").pivot("demand", index="category", values="utilisation")
    assert (by_demand["low"] < by_demand["base"]).all()
    assert (by_demand["base"] <= by_demand["high"]).all()
    by_entry = rows.filter(demand="base").pivot("entry", index="category", values="utilisation")
    assert (by_entry["uncertain"] > by_entry["all"]).all()


def test_how_many_follow_is_even_under_the_belief_that_knows_nothing(wave):
    # Beta(1, 1) makes the number of entrants uniform on 0..n: half of the capacity in the middle
    rows = wave.frame.filter(category="food", demand="base")
    every, some = (rows.filter(entry=entry)["capacity_added"][0] for entry in ("all", "uncertain"))
    assert some == pytest.approx(every / 2, rel=0.1)


def test_a_wave_pays_for_one_and_not_for_all(wave):
    assert set(wave.waves.filter("wave")["category"]) >= {"biomed", "chemicals", "power"}
    rows = wave.waves.filter("wave")
    assert (rows["expected_profit"] > 0).all()
    assert (rows["profit_if_all"] < 0).all()


def test_what_cannot_be_computed_says_why(wave):
    blank = wave.frame.filter(pl.col("utilisation").is_null()).unique("category")
    assert blank.height == len([note for note in wave.findings if note.rule == "not-computable"]) == 26
    reasons = dict(blank.select("category", "status_en").iter_rows())
    assert "not in the table activity" in reasons["software"]
    assert "not mapped" in reasons["marine"]
    assert "no survey measures how far" in reasons["computing"]  # plants of electronics are no data centres
    assert "follows the spread of a technology" in reasons["ic"]
    # batteries have a forecast, but their plants are counted with all electrical machinery
    assert "20\u00a0% a year from 2024 to 2030" in reasons["battery"]
    assert "whole division 38 only" in reasons["battery"]
    assert wave.frame["status_en"].null_count() == 0


def test_a_category_that_rests_on_a_part_of_its_divisions_says_so(wave):
    notes = {note.key: note.message.en for note in wave.findings if note.rule == "partly-covered"}
    assert "ai" not in notes  # it is not computed at all
    unknown = {note.key: note.message.en for note in wave.findings if note.rule == "size-not-known"}
    assert "Ningxia" in unknown["ict"]
    shares = wave.sizes.filter(category="ict")
    assert not shares.filter(region="640000").height
    assert shares.height == wave.frame.filter(category="ict")["regions"][0] - 1


def by_hand(category: str, divisions: list[str], series: list[str], draws: int = 100_000):
    """Return utilisation, chance below 75 % and profit if all build, with own draws and no code of the package."""
    tables = xinzhi.load("china-provinces").tables
    jobs = tables["activity"].filter(pl.col("year") == 2016, pl.col("industry").is_in(divisions))
    weights = [jobs.filter(industry=one)["employment"].sum() for one in divisions]
    named = tables["plans"].filter(pl.col("year") == 2026, pl.col("category") == category, pl.col("named") > 0)[
        "region"
    ]
    own = jobs.filter(pl.col("region").is_in(named.implode())).group_by("region").agg(pl.col("employment").sum())
    sizes = own["employment"].to_numpy() / jobs["employment"].sum()
    quarters = tables["capacity"].filter(pl.col("period").str.contains("Q")).sort("period")
    base, spread = [], []
    for one in series:
        rates = {row[0]: row[1] for row in quarters.filter(industry=one).select("period", "utilisation").iter_rows()}
        base.append(np.mean([rate for period, rate in rates.items() if period > "2023Q2"]) / 100)
        past = [(rates.get(f"{int(period[:4]) - 1}{period[4:]}"), rate) for period, rate in rates.items()]
        spread.append(np.std([np.log(now / before) for before, now in past if before], ddof=1))
    start, sigma = np.average(base, weights=weights), np.average(spread, weights=weights)
    total = tables["accounts"].group_by("year").agg(pl.col("output_real").sum())
    growth = dict(total.iter_rows())
    rng = np.random.default_rng(99)
    demand = growth[2025] / growth[2020] * np.exp(np.sqrt(5) * sigma * rng.normal(size=draws))
    added = named.len() * np.median(rng.choice(sizes, (draws, len(sizes))), axis=1)
    price = np.sqrt(demand / (1 + added))
    used = start * price
    price, used = np.where(used > 1, start * price**2, price), np.minimum(used, 1)
    return np.median(used), np.mean(used < 0.75), np.mean((price - 0.8533) * used / start - (1 - 0.8533 - 0.054))


@pytest.mark.parametrize(
    ("category", "divisions", "series"),
    [("auto", ["36"], ["automobile"]), ("biomed", ["27"], ["pharma"])],
)
def test_two_categories_by_hand(wave, category, divisions, series):
    used, chance, gain = by_hand(category, divisions, series)
    row = wave.frame.filter(category=category, entry="all", demand="base").row(0, named=True)
    # Monte-Carlo errors of 4,000 draws: 0.0016 (over seeds), 0.007 and 0.002
    assert row["utilisation"] == pytest.approx(used, abs=0.006)
    assert row["chance_below"] == pytest.approx(chance, abs=0.025)
    assert row["profit"] == pytest.approx(gain, abs=0.008)


def test_the_numbers_at_the_threshold_leave_the_chance_at_one_half(wave):
    row = wave.frame.filter(category="chemicals", entry="all", demand="base").row(0, named=True)
    grown = herd_entry("china-provinces", categories=["chemicals"], demand={"chemicals": row["growth_at_threshold"]})
    assert grown.frame.filter(entry="all", demand="base")["chance_below"][0] == pytest.approx(0.5, abs=0.001)
    fewer = herd_entry("china-provinces", categories=["chemicals"], scale=row["entrants_at_threshold"] / row["regions"])
    assert fewer.frame.filter(entry="all", demand="base")["chance_below"][0] == pytest.approx(0.5, abs=0.001)
    rigid = herd_entry("china-provinces", categories=["auto"], supply_elasticity=0.0, draws=50).frame
    assert rigid["growth_at_threshold"].null_count() == rigid.height


def test_percentiles_are_those_of_the_draws(wave):
    bands = wave.bands.filter(category="auto", entry="all", demand="base")
    row = wave.frame.filter(category="auto", entry="all", demand="base").row(0, named=True)
    at = dict(bands.select("percentile", "utilisation").iter_rows())
    assert (at[5], at[50], at[95]) == (row["utilisation_low"], row["utilisation"], row["utilisation_high"])
    x = np.sort(np.random.default_rng(0).normal(size=101))
    from xinzhi.risks.capacity.entry_market import _at

    assert _at([0, 2.5, 50, 99.9, 100], x, np.exp) == pytest.approx(np.percentile(np.exp(x), [0, 2.5, 50, 99.9, 100]))


def test_the_other_rule_adds_to_what_regions_have():
    found = herd_entry("china-provinces", categories=["auto"], rule="own", expansion=0.5, draws=500)
    row = found.frame.filter(entry="all", demand="base").row(0, named=True)
    assert row["capacity_added"] == pytest.approx(row["entrant_size"] * row["regions"], rel=1e-9)
    assert row["capacity_added"] < 0.5  # half of what ten regions have


def test_growth_of_the_trade_replaces_the_nations(wave):
    found = herd_entry("china-provinces", categories=["auto"], demand={"auto": 0.2})
    row = found.frame.filter(entry="all", demand="base").row(0, named=True)
    assert (row["growth"], row["growth_source"]) == (0.2, "given")
    assert row["utilisation"] > wave.frame.filter(category="auto", entry="all", demand="base")["utilisation"][0]
    # chips and batteries are judged where the caller has a forecast, racks never
    asked = {"ic": 0.12, "computing": 0.2, "battery": 0.1}
    found = herd_entry("china-provinces", categories=list(asked), demand=asked, draws=50, paths=())
    rows = found.frame.filter(entry="all").sort("category")
    assert rows["growth"].to_list() == [0.1, 0.2, 0.12]
    assert rows["utilisation"].is_null().to_list() == [False, True, False]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"categories": ["tulips"]}, "no category 'tulips'"),
        ({"year": 1999}, "no plans of 1999"),
        ({"rule": "all"}, "no rule 'all'"),
        ({"horizons": 3}, "no assumption 'horizons'"),
        ({"horizon": 0}, "above 0"),
        ({"horizon": 2.5}, "whole number"),
        ({"draws": "many"}, "'many'"),
        ({"realised": (0, 1)}, "above 0"),
        ({"threshold": 120}, "ends at 100"),
        ({"margin": "x"}, "a number"),
        ({"categories": ["auto"], "demand": {"auto": "fast"}}, "'fast'"),
        ({"demand": {"tulips": 0.1}}, "'tulips', which is not"),
        ({"categories": ["auto"], "demand": {"auto": 8}}, "a rate per year"),
    ],
)
def test_unknown_categories_years_and_assumptions_are_named(options, words):
    with pytest.raises(UsageError, match=words):
        herd_entry("china-provinces", **options)


def test_a_frame_is_no_package_and_tables_are_named():
    with pytest.raises(InputError, match="several tables"):
        herd_entry(pl.DataFrame({"region": ["a"]}))


def test_assumptions_are_listed_and_the_summary_says_what_they_are(wave):
    listed = dict(wave.assumptions.select("name", "reference").iter_rows())
    assert {"margin", "variable_cost", "demand_elasticity", "national_growth"} <= set(listed)
    given_ = herd_entry("china-provinces", categories=["auto"], scale=0.5, draws=100).assumptions
    assert given_.filter(name="scale")["reference"][0] == "given in the call"
    assert "If all build, 13 of 17 categories more likely than not end below 75\xa0%" in wave.summary()
    assert "26 of 43 categories could not be computed" in wave.summary()
    assert "规模是假定的" in wave.summary("zh")
    assert wave.explain("汽车（含零部件）").equals(wave.explain("auto"))
    with pytest.raises(UsageError, match="no category"):
        wave.explain("tulips")


def test_a_path_of_demand_is_the_same_alone():
    whole = herd_entry("china-provinces", categories=["light", "auto"], draws=500)
    alone = herd_entry("china-provinces", categories=["light", "auto"], draws=500, paths=())
    assert alone.frame.equals(whole.frame.filter(demand="base"))
    assert alone.waves.equals(whole.waves)
    with pytest.raises(UsageError, match="no path 'steep' of demand; there are low, base and high"):
        herd_entry("china-provinces", paths=["steep"])


def test_demand_of_what_spreads_is_never_that_of_national_output() -> None:
    """AI, data centres, chips, vehicles: unknown, with what is dated; batteries are a part of what is counted."""
    frame = herd_entry(xinzhi.load("china-provinces"), categories=["ai", "computing", "ic", "nev", "battery"]).frame
    for category in ("ai", "computing", "ic", "nev"):
        rows = frame.filter(category=category)
        assert rows["growth_source"].unique().to_list() == ["unknown"], category
        assert rows["growth"].null_count() == rows.height
        assert "what is dated is supply" in rows["status_en"][0]
        assert "有据可查的只是供给" in rows["status_zh"][0]
    assert "2,613 in 2020, 3,594 in 2021" in frame.filter(category="ic")["status_en"][0]
    assert frame.filter(category="battery")["growth_source"].unique().to_list() == ["unknown"]


def test_a_province_alone_stands_on_the_market_of_the_nation():
    """Its sizes and those that name an industry are the nation's: else one region would be all of an industry."""
    whole = xinzhi.load("china-provinces")
    tables = {
        name: table.filter(pl.col("region") == "220000") if "region" in table.columns else table
        for name, table in whole.tables.items()
    }
    alone, nation = (herd_entry(one, draws=200) for one in (replace(whole, tables=tables), whole))
    assert_frame_equal(alone.frame, nation.frame)
    assert alone.sizes["region"].n_unique() > 1
    assert "china-provinces/activity" in alone.provenance.inputs
