"""What must not change a growth rate, and what must add up."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xinzhi
from xinzhi import protocol

TIGHT = 1e-10
FLOWS = ["output_growth", "capital_contribution", "labour_contribution", "human_capital_contribution", "tfp_growth"]


@pytest.fixture(scope="module")
def ours():
    return protocol.load("xinzhi-cn-2026")


def flows(result):
    return result.frame.sort("region", "year").select(FLOWS).to_numpy()


def constant_share(rules, share=0.5):
    return rules.replace({"shares.rule": "constant", "shares.constant": share, "labour.quality": "none"})


@settings(max_examples=20, deadline=None)
@given(base=st.floats(0.01, 100), seed=st.integers(0, 50))
def test_growth_does_not_depend_on_the_base_year_of_prices(base, seed, country, ours):
    tables = country(seed=seed)
    moved = tables | {"investment": tables["investment"].with_columns(pl.col("investment_price") * base)}
    moved["accounts"] = tables["accounts"].with_columns(pl.col("output_real") / base)
    before, after = xinzhi.measure(tables, ours), xinzhi.measure(moved, ours)
    np.testing.assert_allclose(flows(after), flows(before), atol=TIGHT)


def test_levels_and_sums_do_not_depend_on_the_base_year_of_the_data():
    package = xinzhi.load("china-provinces")
    rules = protocol.load("xinzhi-cn-2026")
    tables = {name: package.tables[name] for name in ("regions", "accounts", "investment")}

    def at_prices_of(year):
        accounts, investment = tables["accounts"], tables["investment"]
        base = accounts.filter(pl.col("year") == year).select(
            "region", factor=pl.col("output_nominal") / pl.col("output_real")
        )
        price = investment.filter(pl.col("year") == year).select("region", base="investment_price")
        rebased = tables | {
            "accounts": accounts.join(base, on="region")
            .with_columns(pl.col("output_real") * pl.col("factor"))
            .drop("factor"),
            "investment": investment.join(price, on="region")
            .with_columns(pl.col("investment_price") / pl.col("base"))
            .drop("base"),
        }
        return xinzhi.measure(rebased, rules)

    before, after = xinzhi.measure(package, rules), at_prices_of(2017)
    assert after.price_base == 2000
    for frame in ("frame", "national", "groups", "levels"):
        left, right = getattr(before, frame), getattr(after, frame)
        for column in ("tfp_growth", "tfp_level", "output_per_worker", "capital_per_worker"):
            if column in left.columns:
                np.testing.assert_allclose(right[column].to_numpy(), left[column].to_numpy(), atol=TIGHT, rtol=TIGHT)


def test_growth_does_not_depend_on_units(country, ours):
    tables = country()
    moved = {
        "accounts": tables["accounts"].with_columns(pl.col("output_real") * 1e4, pl.col("employment") * 1e4),
        "investment": tables["investment"].with_columns(pl.col("investment_nominal") * 100),
    }
    units = {
        "accounts": {"output_real": "wan CNY at 2000 prices", "employment": "persons"},
        "investment": {"investment_nominal": "1e6 CNY"},
    }
    before, after = xinzhi.measure(tables, ours), xinzhi.measure(xinzhi.load(moved, units=units), ours)
    np.testing.assert_allclose(flows(after), flows(before), atol=TIGHT)
    np.testing.assert_allclose(after.inputs["capital"].to_numpy(), before.inputs["capital"].to_numpy(), rtol=TIGHT)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_growth_does_not_depend_on_the_order_of_rows(seed, country, ours):
    tables = country(seed=3)
    shuffled = {name: table.sample(fraction=1, shuffle=True, seed=seed) for name, table in tables.items()}
    np.testing.assert_array_equal(flows(xinzhi.measure(shuffled, ours)), flows(xinzhi.measure(tables, ours)))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_region_split_in_two_and_merged_is_the_same_region(seed, country, ours):
    rules = constant_share(ours)
    tables = country(regions=1, seed=seed)
    rng = np.random.default_rng(seed)
    halves = {"accounts": [], "investment": []}
    for name, columns in {
        "accounts": ["output_nominal", "output_real", "employment"],
        "investment": ["investment_nominal"],
    }.items():
        part = pl.Series(rng.uniform(0.2, 0.8, tables[name].height))
        for label, share in (("a", part), ("b", 1 - part)):
            halves[name].append(
                tables[name].with_columns(pl.lit(label).alias("region"), *(pl.col(item) * share for item in columns))
            )
    split = xinzhi.measure({name: pl.concat(parts) for name, parts in halves.items()}, rules)
    whole = xinzhi.measure(tables, rules)
    np.testing.assert_allclose(
        split.national.select(FLOWS).to_numpy(), whole.frame.sort("year").select(FLOWS).to_numpy(), atol=TIGHT
    )


@pytest.mark.parametrize("formula", ["tornqvist", "fisher", "laspeyres", "paasche"])
def test_contributions_add_up_under_every_formula(formula, country, ours):
    rules = ours.replace({"index.formula": formula, "shares.rule": "observed_regional"})
    result = xinzhi.measure(country(seed=7), rules)
    parts = result.frame.select(FLOWS[1:]).to_numpy().sum(axis=1)
    np.testing.assert_allclose(parts, result.frame["output_growth"].to_numpy(), atol=1e-12)
    assert result.identity_gap < 1e-12


@pytest.mark.parametrize(("share", "inputs"), [(1.0, "labour_growth"), (0.0, "capital_growth")])
def test_at_a_corner_only_one_factor_counts(share, inputs, country, ours):
    frame = xinzhi.measure(country(), constant_share(ours, share)).frame
    expected = (frame["output_growth"] - frame[inputs]).to_numpy()
    np.testing.assert_allclose(frame["tfp_growth"].to_numpy(), expected, atol=1e-13)


def test_levels_have_mean_one_and_the_leader_is_on_top(country, ours):
    levels = xinzhi.measure(country(regions=6), ours).levels
    means = levels.group_by("year").agg(pl.col("tfp_level").log().mean(), pl.col("tfp_to_leader").max())
    np.testing.assert_allclose(means["tfp_level"].to_numpy(), 0, atol=1e-12)
    np.testing.assert_allclose(means["tfp_to_leader"].to_numpy(), 1, atol=1e-12)
