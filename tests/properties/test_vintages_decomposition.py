"""What must hold of any two vintages: parts add up, order and labels do not matter, nothing comes of nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xinzhi
from xinzhi import protocol
from xinzhi.core.shapley import shapley
from xinzhi.yardstick.compare_vintages import PARTS, compare_vintages

TIGHT = 1e-12


@pytest.fixture(scope="module")
def ours():
    return protocol.load("xinzhi-cn-2026")


def figures(change):
    return change.frame.sort("region").select(*PARTS, "total").to_numpy()


@settings(max_examples=5, deadline=None)
@given(first=st.integers(0, 500), second=st.integers(501, 1000))
@pytest.mark.parametrize("formula", ["tornqvist", "fisher", "laspeyres"])
def test_parts_sum_to_the_change_that_measure_finds(formula, first, second, country, ours):
    rules = ours.replace({"index.formula": formula, "shares.rule": "observed_regional"})
    old, new = country(seed=first), country(seed=second)
    found = compare_vintages(old, new, rules, before_protocol=ours)
    parts = figures(found)
    np.testing.assert_allclose(parts[:, :-1].sum(axis=1), parts[:, -1], atol=TIGHT)
    before, after = xinzhi.measure(old, ours).frame, xinzhi.measure(new, rules).frame
    for frame, name in ((before, "before"), (after, "after")):
        mean = frame.group_by("region").agg(pl.col("tfp_growth").mean()).sort("region")["tfp_growth"]
        np.testing.assert_allclose(found.frame.sort("region")[name].to_numpy(), mean.to_numpy(), atol=TIGHT)


@settings(max_examples=5, deadline=None)
@given(first=st.integers(0, 500), second=st.integers(501, 1000))
def test_the_way_back_undoes_every_part(first, second, country, ours):
    old, new = country(seed=first), country(seed=second)
    there, back = compare_vintages(old, new, ours), compare_vintages(new, old, ours)
    np.testing.assert_allclose(figures(there), -figures(back), atol=TIGHT)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_vintage_beside_itself_has_no_parts(seed, country, ours):
    tables = country(seed=seed)
    shuffled = {name: table.sample(fraction=1, shuffle=True, seed=seed) for name, table in tables.items()}
    assert not figures(compare_vintages(tables, shuffled, ours)).any()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10))
def test_another_base_year_is_no_revision(seed, scale, country, ours):
    tables = country(seed=seed)
    moved = tables | {"accounts": tables["accounts"].with_columns(pl.col("output_real") * scale)}
    np.testing.assert_allclose(figures(compare_vintages(tables, moved, ours)), 0, atol=TIGHT)


@settings(max_examples=50, deadline=None)
@given(count=st.integers(1, 6), seed=st.integers(0, 1000))
def test_shapley_sums_and_follows_a_relabelling(count, seed):
    rng = np.random.default_rng(seed)
    outcome = rng.normal(size=(1 << count, 3))
    parts = shapley(outcome)
    np.testing.assert_allclose(parts.sum(axis=0), outcome[-1] - outcome[0], atol=TIGHT)
    order = rng.permutation(count)
    moved = [sum((index >> bit & 1) << int(order[bit]) for bit in range(count)) for index in range(1 << count)]
    relabelled = np.empty_like(outcome)
    relabelled[moved] = outcome
    np.testing.assert_allclose(shapley(relabelled)[order], parts, atol=TIGHT)
