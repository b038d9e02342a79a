"""Invariances of the recursive Dickey-Fuller statistics, and what always holds among them."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi import risks
from xinzhi.risks.prices.critical import critical_values, stored_values
from xinzhi.risks.prices.recursive import minimum_window, recursive_adf

bubbles = partial(risks.bubbles, lag=0, critical=None)  # the plain test, as its peers have it

SEEDS = st.integers(0, 10_000)
LAGS = st.integers(0, 3)


def walks(seed, periods=40, count=3):
    return np.random.default_rng(seed).standard_normal((periods, count)).cumsum(axis=0)


@settings(max_examples=30, deadline=None)
@given(SEEDS, LAGS, st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_units_and_origin_do_not_matter(seed, lag, scale, shift):
    one, two = recursive_adf(walks(seed), lag=lag), recursive_adf(shift + scale * walks(seed), lag=lag)
    assert np.allclose(one.bsadf, two.bsadf, rtol=1e-8, atol=1e-8)
    assert np.allclose(one.badf, two.badf, rtol=1e-8, atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(SEEDS, LAGS)
def test_each_series_is_its_own(seed, lag):
    table = walks(seed)
    whole = recursive_adf(table, lag=lag)
    for at in range(table.shape[1]):
        alone = recursive_adf(table[:, at], lag=lag)
        assert np.array_equal(alone.bsadf[:, 0], whole.bsadf[:, at])
    assert np.allclose(whole.panel, whole.bsadf.mean(axis=1))


@settings(max_examples=30, deadline=None)
@given(SEEDS, LAGS)
def test_suprema_are_ordered_and_the_past_stays(seed, lag):
    table = walks(seed)
    found = recursive_adf(table, lag=lag, window=12)
    assert (found.adf <= found.sadf).all()
    assert (found.sadf <= found.gsadf).all()
    assert (found.badf <= found.bsadf).all()
    # more observations never change what was found before
    earlier = recursive_adf(table[:30], lag=lag, window=12)
    assert np.array_equal(earlier.bsadf, found.bsadf[: len(earlier.bsadf)])


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 619))
def test_stored_values_are_ordered(periods):
    values = stored_values(periods)
    assert len(values.sequences["pointwise"]) == periods - minimum_window(periods)
    for name in ("adf", "sadf", "gsadf"):
        assert (np.diff(getattr(values, name)) > 0).all()
    assert (values.adf < values.sadf).all()
    assert (values.sadf < values.gsadf).all()
    running = values.sequences["running-maximum"]
    assert (np.diff(running, axis=0) >= 0).all()
    assert (values.sequences["pointwise"][1:] <= values.sequences["family-wise"][1:]).all()
    alarms = values.false_alarms
    assert (alarms["pointwise"] >= alarms["running-maximum"]).all()
    assert (alarms["running-maximum"] >= alarms["family-wise"] - 0.01).all()


def test_the_size_of_the_test_is_the_nominal_one():
    # 2,000 random walks: a standard error of .5 points at 5 per cent
    rejected = recursive_adf(walks(11, periods=50, count=2000)).gsadf > stored_values(50).gsadf[1]
    assert abs(rejected.mean() - 0.05) < 0.015


def test_the_false_alarm_rate_that_is_told_is_the_true_one():
    found, values = recursive_adf(walks(12, periods=60, count=2000)), stored_values(60)
    for name, line in values.sequences.items():
        share = (found.bsadf > line[:, [1]]).any(axis=0).mean()
        assert share == pytest.approx(values.false_alarms[name][1], abs=0.04)


def test_a_seed_gives_the_same_values():
    one, two = critical_values(25, draws=300, seed=3), critical_values(25, draws=300, seed=3)
    assert np.array_equal(one.gsadf, two.gsadf)
    assert not np.array_equal(one.gsadf, critical_values(25, draws=300, seed=4).gsadf)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(seed, random):
    table = walks(seed, periods=30, count=2)
    rows = [("ab"[at], year, float(table[year, at])) for at in range(2) for year in range(30)]
    straight = bubbles(pl.DataFrame(rows, schema=["s", "t", "v"], orient="row"), "s", "t", "v")
    random.shuffle(rows)
    mixed = bubbles(pl.DataFrame(rows, schema=["s", "t", "v"], orient="row"), "s", "t", "v")
    columns = ["series", "gsadf", "rejects"]
    assert straight.statistics.select(columns).sort("series").equals(mixed.statistics.select(columns).sort("series"))
