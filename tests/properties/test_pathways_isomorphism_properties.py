"""Likeness does not depend on order, scale or names; tolerance 1e-9."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xinzhi.pathways.plans import similarity
from xinzhi.pathways.plans.similarity import curveball, tails

amounts = arrays(float, (4, 5), elements=st.floats(0.01, 100))
lists = arrays(bool, (5, 6))


@settings(deadline=None, max_examples=50)
@given(amounts, st.permutations(range(5)), st.floats(0.1, 10))
def test_measures_ignore_the_order_and_unit_of_activities(values, order, unit):
    turned = values[:, list(order)] * unit
    for measure in (similarity.cosine, similarity.krugman, similarity.hachman, similarity.hhi, similarity.theil):
        assert np.abs(measure(turned) - measure(values)).max() < 1e-9
    for by_activity in (similarity.location_gini, similarity.ellison_glaeser):
        assert np.abs(by_activity(turned) - by_activity(values)[list(order)]).max() < 1e-9


@settings(deadline=None, max_examples=50)
@given(amounts)
def test_measures_stay_in_their_bounds(values):
    assert (similarity.cosine(values) <= 1 + 1e-12).all()
    assert (similarity.krugman(values) <= 2 + 1e-9).all()
    assert (similarity.hachman(values) <= 1 + 1e-9).all()
    assert (similarity.theil(values) >= -1e-9).all()
    assert (similarity.location_gini(values) >= -1e-9).all()


@settings(deadline=None, max_examples=50)
@given(amounts)
def test_an_activity_split_in_proportion_changes_nothing_but_the_cosine(values):
    split = np.hstack([values[:, :4], values[:, 4:] * 0.3, values[:, 4:] * 0.7])
    for measure in (similarity.krugman, similarity.hachman, similarity.theil):
        assert np.abs(measure(split) - measure(values)).max() < 1e-9


@settings(deadline=None, max_examples=50)
@given(lists)
def test_expected_counts_are_the_lengths(chosen):
    chances = np.repeat(chosen.mean(axis=1)[:, None], chosen.shape[1], axis=1)
    assert np.isclose(chances.sum(), chosen.sum())
    more, fewer = tails(chances.T, chosen.sum(axis=0))
    assert ((more >= 0) & (more <= 1) & (fewer >= 0) & (fewer <= 1)).all()
    assert (more + fewer >= 1 - 1e-9).all()


@settings(deadline=None, max_examples=25)
@given(lists, st.integers(0, 10))
def test_draws_keep_both_margins(chosen, seed):
    for found in curveball(chosen, 2, seed=seed):
        assert (found.sum(axis=0) == chosen.sum(axis=0)).all()
        assert (found.sum(axis=1) == chosen.sum(axis=1)).all()
