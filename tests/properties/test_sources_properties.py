"""Properties of the decomposition: it adds up under every assumption, whatever the units, the order, the slicing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xinzhi
from made_up_economy import Recipe, made_up_economy
from xinzhi.sources import decompose
from xinzhi.sources.best_practice import scaled_shares

TIGHT = 1e-11
FEW = settings(max_examples=12, deadline=None)
PARTS = ("breakthrough", "allocation_capital", "allocation_labour", "upgrading_traditional", "upgrading_emerging")
seeds = st.integers(0, 10_000)


def _same(one, other, names=PARTS):
    both = one.frame.join(other.frame, on=["region", "year"], suffix="_other")
    assert both.height == one.frame.height == other.frame.height
    return max((both[name] - both[f"{name}_other"]).abs().max() for name in names)


@FEW
@given(
    seed=seeds,
    gap=st.sampled_from(["scale", "show"]),
    best_of=st.integers(1, 4),
    memory=st.sampled_from(["contemporaneous", "sequential"]),
    noise=st.floats(0, 0.05),
)
def test_parts_add_up_under_every_assumption(seed, gap, best_of, memory, noise):
    economy = made_up_economy(4, 3, 6, seed=seed, recipe=Recipe(noise=noise))
    result = decompose(
        xinzhi.load(economy.tables),
        emerging=["i1"],
        assume={"output_gap": gap, "best_of": best_of, "memory": memory},
    )
    total = result.frame.select(pl.sum_horizontal(*PARTS, "unallocated")).to_series()
    assert (total - result.frame["tfp_growth"]).abs().max() < TIGHT
    if memory == "sequential":
        assert result.industries["frontier_growth"].min() >= 0
    if best_of == 1:
        assert result.industries["distance"].min() >= 0


@FEW
@given(seed=seeds, factor=st.floats(0.1, 10.0))
def test_units_do_not_matter(seed, factor):
    tables = made_up_economy(3, 3, 5, seed=seed).tables
    scaled = {
        name: table.with_columns(pl.col("capital") * factor, pl.col("employment") / factor)
        if "capital" in table.columns
        else table
        for name, table in tables.items()
    }
    assert _same(decompose(xinzhi.load(tables)), decompose(xinzhi.load(scaled))) < TIGHT


@FEW
@given(seed=seeds)
def test_names_and_order_of_rows_do_not_matter(seed):
    tables = made_up_economy(3, 4, 5, seed=seed).tables
    renamed = {
        name: (
            table.with_columns(industry=pl.lit("z") + pl.col("industry").str.reverse())
            if "industry" in table.columns
            else table
        ).sample(fraction=1.0, shuffle=True, seed=seed)
        for name, table in tables.items()
    }
    assert _same(decompose(xinzhi.load(tables)), decompose(xinzhi.load(renamed))) < TIGHT


@FEW
@given(seed=seeds)
def test_an_industry_split_into_halves_changes_nothing(seed):
    tables = made_up_economy(3, 3, 5, seed=seed).tables
    money = ["output_nominal", "output_real", "capital", "employment"]
    whole = tables["industry_accounts"]
    half = whole.filter(industry="i1").with_columns(pl.col(money) / 2)
    split = pl.concat([whole.filter(pl.col("industry") != "i1"), half, half.with_columns(industry=pl.lit("i9"))])
    names = pl.concat([tables["industries"], pl.DataFrame({"industry": ["i9"], "name_zh": ["i9"], "name_en": ["i9"]})])
    after = decompose(xinzhi.load(tables | {"industry_accounts": split, "industries": names}))
    assert _same(decompose(xinzhi.load(tables)), after) < TIGHT


@pytest.mark.parametrize(
    ("recipe", "signs"),
    [
        (Recipe(frontier=0.03, catching_up=0.05, reallocation=0.1), (1, 1, 1)),
        (Recipe(frontier=-0.03, catching_up=0.05, reallocation=0.1), (-1, 1, 1)),
        (Recipe(frontier=0.03, catching_up=-0.03, reallocation=0.1), (1, 1, -1)),
        (Recipe(frontier=0.03, catching_up=0.05, reallocation=0.0), (1, 0, 1)),
    ],
)
def test_sources_of_a_known_economy_are_recovered(recipe, signs):
    names = ("breakthrough", "allocation", "upgrading")
    # The shares of the economy itself: the protocol's national ones belong to China.
    rules = xinzhi.protocol.load("xinzhi-cn-2026").replace({"shares.rule": "observed_regional"})
    truth, found = [], []
    for seed in range(4):
        economy = made_up_economy(8, 5, 8, seed=seed, recipe=recipe)
        both = decompose(xinzhi.load(economy.tables), protocol=rules).frame
        both = both.join(economy.truth, on=["region", "year"], suffix="_true")
        found.append([both[name].mean() for name in names])
        truth.append([both[f"{name}_true"].mean() for name in names])
        # Without error in measurement only the Törnqvist gap between sums and industries is left.
        assert max((both[name] - both[f"{name}_true"]).abs().max() for name in names) < 1e-4
    mean = np.mean(found, axis=0)
    for value, true, sign in zip(mean, np.mean(truth, axis=0), signs, strict=True):
        if sign:
            assert np.sign(value) == np.sign(true) == sign
        else:
            assert abs(value) < 1e-6


@FEW
@given(shares=st.lists(st.floats(0.05, 0.95), min_size=2, max_size=5), wanted=st.floats(0.1, 0.9), seed=seeds)
def test_scaled_shares_have_the_wanted_mean_and_keep_their_order(shares, wanted, seed):
    weight = np.random.default_rng(seed).dirichlet(np.ones(len(shares)))[:, None, None]
    out = scaled_shares(np.array(shares)[:, None, None], weight, np.array([[wanted]]))
    assert float((weight * out).sum()) == pytest.approx(wanted, abs=1e-9)
    assert ((out > 0) & (out < 1)).all()
    order = np.argsort(shares, kind="stable")
    assert (np.diff(out.ravel()[order]) >= -1e-12).all()
