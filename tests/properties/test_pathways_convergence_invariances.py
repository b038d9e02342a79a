"""What must not matter: units of measurement, names, order; and what adds up."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.core.markov_chains import first_passage_times, mobility_indices, steady_state
from xinzhi.pathways import beta_convergence, lead_changes, sigma_convergence, transitions
from xinzhi.pathways.convergence.beta_convergence import speed_of_convergence
from xinzhi.pathways.leap.counterfactual import simplex_weights

KEYS = {"unit": "unit", "time": "year", "value": "y"}
FEW = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 10_000)


def panel(seed, units=7, years=9):
    values = np.exp(np.random.default_rng(seed).normal(0, 0.3, (units, years)).cumsum(axis=1))
    rows = [(f"u{i}", 2000 + t, values[i, t]) for i in range(units) for t in range(years)]
    return pl.DataFrame(rows, schema=["unit", "year", "y"], orient="row")


@FEW
@given(SEEDS, st.floats(1e-3, 1e3))
def test_the_unit_of_measurement_does_not_matter(seed, factor):
    data = panel(seed)
    other = data.with_columns(pl.col("y") * factor)
    one, two = (beta_convergence(item, **KEYS) for item in (data, other))
    assert two.slope == pytest.approx(one.slope, abs=1e-9)
    assert two.standard_error == pytest.approx(one.standard_error, rel=1e-6)
    first, second = (sigma_convergence(item, **KEYS) for item in (data, other))
    assert second.ratio == pytest.approx(first.ratio, rel=1e-9)
    assert lead_changes(data, **KEYS).frame.equals(lead_changes(other, **KEYS).frame)
    chains = [transitions(item, **KEYS, classes=3).frame["count"].to_list() for item in (data, other)]
    assert chains[0] == chains[1]


@FEW
@given(SEEDS)
def test_leads_alternate_and_mirror(seed):
    """Who passes must have been passed before passing again: episodes of a pair alternate."""
    frame = lead_changes(panel(seed, units=3, years=30), **KEYS).frame
    for one, other in (("u0", "u1"), ("u0", "u2"), ("u1", "u2")):
        both = frame.filter(pl.col("challenger").is_in([one, other]) & pl.col("incumbent").is_in([one, other])).sort(
            "first_ahead"
        )
        names = both["challenger"].to_list()
        assert all(before != after for before, after in itertools.pairwise(names))
        assert both["lost"].to_list()[:-1] == both["first_ahead"].to_list()[1:]


@FEW
@given(st.floats(1e-4, 0.5), st.integers(1, 60))
def test_a_rate_survives_the_way_there_and_back(rate, years):
    left = np.exp(-rate * years)
    slope = -(1 - left) / years
    # The slope says 1 - left to a few units in the last place: what is left of the gap is known no better.
    known = 4 * np.finfo(float).eps / left / years
    assert speed_of_convergence(slope, years).rate == pytest.approx(rate, rel=1e-9, abs=known)


@FEW
@given(SEEDS, st.integers(2, 6))
def test_chains(seed, size):
    matrix = np.random.default_rng(seed).dirichlet(np.ones(size), size)
    limit = steady_state(matrix)
    assert limit @ matrix == pytest.approx(limit, abs=1e-9)
    passage = first_passage_times(matrix)
    assert np.diag(passage) == pytest.approx(1 / limit, rel=1e-6)
    # one step, and then from wherever that leads
    onward = 1 + matrix @ (passage - np.diag(np.diag(passage)))
    assert passage == pytest.approx(onward, rel=1e-6)
    found = mobility_indices(matrix)
    assert found.prais == pytest.approx(found.bartholomew_stay)
    assert 0 <= found.bartholomew_jump <= 1


@FEW
@given(SEEDS, st.integers(1, 6), st.integers(1, 15))
def test_weights_find_what_is_a_mixture(seed, features, donors):
    rng = np.random.default_rng(seed)
    matrix, mixture = rng.normal(size=(features, donors)), rng.dirichlet(np.ones(donors))
    target = matrix @ mixture
    weights = simplex_weights(target, matrix)
    assert weights.sum() == pytest.approx(1)
    assert matrix @ weights == pytest.approx(target, abs=1e-6)
