"""Measures of likeness: worked by hand, against scipy, and by identities. Tolerance 1e-12 unless said otherwise."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy import stats

from xinzhi.core.errors import UsageError
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.pathways.plans import similarity
from xinzhi.pathways.plans.similarity import (
    add_up,
    chosen_levels,
    curveball,
    hypergeometric_at_most,
    parents,
    permuted_structures,
    poisson_binomial,
    sampled_structures,
    tails,
)

VALUES = np.array([[6.0, 2.0, 2.0], [1.0, 4.0, 5.0], [3.0, 3.0, 4.0]])


def test_cosine_by_hand():
    one, other = np.array([0.6, 0.2, 0.2]), np.array([0.1, 0.4, 0.5])
    by_hand = (0.06 + 0.08 + 0.10) / np.sqrt((0.36 + 0.04 + 0.04) * (0.01 + 0.16 + 0.25))
    assert similarity.cosine(VALUES)[0, 1] == pytest.approx(by_hand, abs=1e-12)
    assert by_hand == pytest.approx(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_krugman_and_its_identity_with_finger_and_kreinin():
    apart = similarity.krugman(VALUES)
    assert apart[0, 1] == pytest.approx(0.5 + 0.2 + 0.3, abs=1e-12)
    part = similarity.shares(VALUES)
    overlap = np.minimum(part[:, None, :], part[None, :, :]).sum(axis=2)
    assert np.abs(1 - apart / 2 - overlap).max() < 1e-12


def test_krugman_to_the_rest_leaves_the_place_out():
    rest, part = VALUES[1:].sum(axis=0) / 20, VALUES[0] / 10
    assert similarity.krugman_to_rest(VALUES)[0] == pytest.approx(np.abs(part - rest).sum(), abs=1e-12)


def test_hachman_hhi_theil_by_hand():
    own = np.array([10.0, 9.0, 11.0]) / 30
    part = np.array([0.6, 0.2, 0.2])
    assert similarity.hachman(VALUES)[0] == pytest.approx(1 / (part**2 / own).sum(), abs=1e-12)
    assert similarity.hhi(VALUES)[0] == pytest.approx(0.44, abs=1e-12)
    assert similarity.theil(VALUES)[0] == pytest.approx((part * np.log(part / own)).sum(), abs=1e-12)


def test_theil_of_places_and_of_activities_is_one_number():
    weight_places, weight_activities = VALUES.sum(axis=1) / VALUES.sum(), VALUES.sum(axis=0) / VALUES.sum()
    places = similarity.theil(VALUES) @ weight_places
    assert places == pytest.approx(similarity.theil(VALUES.T) @ weight_activities, abs=1e-12)


def test_location_gini_of_two_places_is_half_the_distance():
    values = np.array([[8.0, 2.0], [2.0, 8.0]])
    # Shares .8/.2 over sizes .5/.5: Lorenz curve (0,0), (.5,.2), (1,1); Gini = 1 - (.5*.2 + .5*1.2) = .3
    assert similarity.location_gini(values)[0] == pytest.approx(0.3, abs=1e-12)


def test_ellison_glaeser_by_hand_and_with_plants():
    values = np.array([[8.0, 2.0], [2.0, 8.0]])
    raw = (0.3**2 + 0.3**2) / (1 - 0.5)
    assert similarity.ellison_glaeser(values)[0] == pytest.approx(raw, abs=1e-12)
    plants = np.array([0.2, 0.2])
    assert similarity.ellison_glaeser(values, plants)[0] == pytest.approx((raw - 0.2) / 0.8, abs=1e-12)
    with pytest.raises(UsageError, match="plant Herfindahl"):
        similarity.ellison_glaeser(values, np.array([1.0, 0.0]))


def test_empty_places_have_no_shares():
    with pytest.raises(UsageError, match="leave empty places out"):
        similarity.shares(np.array([[0.0, 0.0], [1.0, 2.0]]))


def test_poisson_binomial_equals_scipy():
    rng = np.random.default_rng(3)
    for size in (1, 4, 31):
        chance = rng.uniform(size=size)
        reference = stats.poisson_binom(chance).pmf(np.arange(size + 1))
        assert np.abs(poisson_binomial(chance) - reference).max() < 1e-12


def test_tails_count_the_observed_in_both():
    chance = np.array([[0.2, 0.9, 0.5]])
    more, fewer = tails(chance, np.array([2]))
    mass = poisson_binomial(chance[0])
    assert more[0] == pytest.approx(mass[2:].sum(), abs=1e-12)
    assert more[0] + fewer[0] == pytest.approx(1 + mass[2], abs=1e-12)


def test_hypergeometric_tail_equals_scipy():
    for seen, total, marked, drawn in product((0, 1, 3), (9,), (0, 4, 9), (3, 9)):
        reference = stats.hypergeom(total, marked, drawn).cdf(seen)
        assert hypergeometric_at_most(seen, total, marked, drawn) == pytest.approx(reference, abs=1e-12)


def test_false_discovery_equals_scipy_and_skips_what_is_missing():
    p = np.array([0.001, 0.02, 0.03, 0.5, 0.04])
    assert np.abs(benjamini_hochberg(p) - stats.false_discovery_control(p)).max() < 1e-12
    with_gap = np.insert(p, 2, np.nan)
    assert np.isnan(benjamini_hochberg(with_gap)[2])
    assert np.abs(np.delete(benjamini_hochberg(with_gap), 2) - benjamini_hochberg(p)).max() == 0


def test_curveball_draws_every_arrangement_equally_often():
    # 3 x 3 with rows and columns of 1, 2, 1: enumerate all, then test the frequencies (chi-squared, p > 0.001).
    lists = np.array([[True, False, False], [True, True, False], [False, True, False]])
    rows, columns = lists.sum(axis=1), lists.sum(axis=0)
    every = [
        cells
        for cells in product((False, True), repeat=9)
        if (np.reshape(cells, (3, 3)).sum(axis=1) == rows).all()
        and (np.reshape(cells, (3, 3)).sum(axis=0) == columns).all()
    ]
    drawn = Counter(tuple(found.ravel().tolist()) for found in curveball(lists, 3000, seed=5))
    assert set(drawn) == set(every)
    assert stats.chisquare([drawn[cells] for cells in every]).pvalue > 0.001


def test_curveball_keeps_margins_and_the_mean_of_shared_entries():
    lists = np.random.default_rng(1).uniform(size=(8, 12)) < 0.4
    pairs = np.triu_indices(8, 1)
    for found in curveball(lists, 5, seed=2):
        assert (found.sum(axis=1) == lists.sum(axis=1)).all()
        assert (found.sum(axis=0) == lists.sum(axis=0)).all()
        assert similarity.shared(found)[pairs].sum() == similarity.shared(lists)[pairs].sum()


def test_curveball_needs_two_rows():
    with pytest.raises(UsageError, match="two places"):
        next(curveball(np.array([[True, False]]), 1))


def test_nulls_of_structures_repeat_under_a_seed_and_keep_shares():
    for maker in (permuted_structures, sampled_structures):
        first, again = (list(maker(VALUES, 3, seed=4)) for _ in range(2))
        assert all((one == two).all() for one, two in zip(first, again, strict=True))
        assert np.abs(np.concatenate(first).sum(axis=-1) - 1).max() < 1e-12


def test_jaccard_of_empty_lists_is_nothing():
    assert similarity.jaccard(np.array([[False, False], [True, False]])).tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_levels_add_up_and_unknown_levels_are_named():
    above = parents(["06", "17", "18"])
    assert list(above) == ["section", "group", "2-digit"]
    summed, names = add_up(np.array([[1.0, 2.0, 3.0]]), above["section"])
    assert names == ("B", "C")
    assert summed.tolist() == [[1.0, 5.0]]
    with pytest.raises(UsageError, match="no level '4-digit'"):
        chosen_levels(above, ["4-digit"])


def test_coarser_classifications_look_more_alike():
    rng = np.random.default_rng(0)
    values = rng.gamma(0.5, 1.0, (6, 20))
    coarse = values.reshape(6, 5, 4).sum(axis=2)
    fine, rough = (similarity.mean_of_pairs(similarity.cosine(one)) for one in (values, coarse))
    assert rough > fine
