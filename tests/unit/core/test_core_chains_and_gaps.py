"""Small arithmetic by hand: gaps, chains, neighbours, Shapley values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xinzhi.core import arrays, densities, index_numbers, markov_chains, quarters, regression, shapley, spatial
from xinzhi.core.errors import InputError

NAN = np.nan


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (arrays.inside(np.array([NAN, 1.0, NAN, 2.0, NAN])), [0, 1, 1, 1, 0]),
        (arrays.interpolate(np.array([NAN, 1.0, NAN, 2.0, NAN])), [1.0, 1.0, 1.5, 2.0, 2.0]),
        (arrays.interpolate(np.array([NAN, NAN])), [NAN, NAN]),
        (arrays.fill_with_last(np.array([NAN, 1.0, NAN, 2.0])), [1.0, 1.0, 1.0, 2.0]),
        (markov_chains.transition_counts(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), 2), [[1, 1], [0, 1]]),
        (markov_chains.probabilities(np.array([[1.0, 3.0], [0.0, 0.0]])), [[0.25, 0.75], [NAN, NAN]]),
        (markov_chains.steady_state(np.array([[0.9, 0.1], [0.3, 0.7]])), [0.75, 0.25]),
        (markov_chains.sojourn_times(np.array([[0.9, 0.1], [0.0, 1.0]])), [10.0, np.inf]),
        (markov_chains.first_passage_times(np.array([[0.5, 0.5], [0.25, 0.75]])), [[3.0, 2.0], [4.0, 1.5]]),
        (
            spatial.row_standardised(np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], np.zeros(3)])),
            [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        ),
        (spatial.adjacency({"a": ["b"], "b": ["a", "b", "x"]}, ["a", "b", "c"]), [[0, 1, 0], [1, 0, 0], [0, 0, 0]]),
        (spatial.parts(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])), 2),
        (shapley.shapley(np.array([1.0, 3.0, 2.0, 8.0])), [4.0, 3.0]),
        (index_numbers.chain(np.log([NAN, NAN, 2.0, 1.5])), [NAN, 1.0, 2.0, 3.0]),
        (
            index_numbers.chain_quantities(np.ones((2, 3)), np.array([[1.0, 2.0, 2.0], [1.0, 2.0, 4.0]]), "fisher"),
            [1, 2, 3],
        ),
        (index_numbers.bilateral(*np.array([[1.0, 1.0], [2.0, 1.0], [10.0, 10.0], [10.0, 20.0]]), "laspeyres"), 1.5),
        (regression.bartlett(5, 2), [2 / 3, 1 / 3, 0.0, 0.0]),
        (regression.codes(["b", "a", "b"]), [0, 1, 0]),
    ],
)
def test_by_hand(found, expected):
    np.testing.assert_allclose(np.asarray(found, dtype=float), expected, atol=1e-9)


def test_a_chain_without_one_long_run_has_none():
    assert markov_chains.steady_state(np.eye(2)) is None
    assert markov_chains.steady_state(np.array([[1.0, NAN], [0.0, 1.0]])) is None
    assert markov_chains.first_passage_times(np.eye(2)) is None


@pytest.mark.parametrize("seed", range(20))
def test_no_passage_is_expected_where_a_class_is_never_reached(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 8))
    matrix = rng.dirichlet(np.ones(k), k)
    assert markov_chains.first_passage_times(matrix) is not None
    matrix[-1] = np.eye(k)[-1]  # absorbing
    assert markov_chains.first_passage_times(matrix) is None
    matrix[-1], matrix[0] = rng.dirichlet(np.ones(k)), np.eye(k)[0]
    assert markov_chains.first_passage_times(matrix) is None


def test_mobility_of_two_classes():
    found = markov_chains.mobility_indices(np.array([[0.9, 0.1], [0.3, 0.7]]))
    values = (found.prais, found.determinant, found.second_eigenvalue, found.bartholomew_stay, found.bartholomew_jump)
    np.testing.assert_allclose(values, [0.4, 0.4, 0.4, 0.4, 0.2])


def test_the_class_without_probabilities_is_named():
    matrix = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [NAN, NAN, NAN]])
    with pytest.raises(InputError) as error:
        markov_chains.mobility_indices(matrix)
    assert "3" in str(error.value)


def test_equal_chains_are_homogeneous():
    found = markov_chains.homogeneity(np.array([[[8.0, 2.0], [1.0, 9.0]]] * 2))
    assert (found.statistic, found.degrees, found.p, found.pearson) == (0.0, 2, 1.0, 0.0)


def test_transitions_that_never_occur_leave_no_degree_of_freedom():
    # From class 1 only to 1 and 2 (one degree between two chains), from class 2 in one chain only (none), from class 3
    # only to 3 (none): 2 * (8 log(.8/.65) + 2 log(.2/.35) + 5 log(.5/.65) + 5 log(.5/.35)).
    first = [[8.0, 2.0, 0.0], [3.0, 4.0, 3.0], [0.0, 0.0, 10.0]]
    second = [[5.0, 5.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 4.0]]
    test = markov_chains.homogeneity(np.array([first, second]))
    pairs = ((8, 0.65), (2, 0.35), (5, 0.65), (5, 0.35))
    statistic = 2 * sum(count * math.log(count / 10 / share) for count, share in pairs)
    assert test.degrees == 1
    assert test.statistic == pytest.approx(statistic, abs=1e-12)
    assert test.p == pytest.approx(math.erfc(math.sqrt(statistic / 2)), abs=1e-12)
    assert test.pearson == pytest.approx(2 * 1.5**2 / 6.5 + 2 * 1.5**2 / 3.5, abs=1e-12)
    assert test.pearson_p == pytest.approx(math.erfc(math.sqrt(test.pearson / 2)), abs=1e-12)


def test_a_saturated_logit_reproduces_the_odds():
    x, y = np.repeat([0.0, 1.0], 4), np.array([True, False, False, False, True, True, True, False])
    found = regression.logit(np.column_stack([np.ones(8), x]), y)
    np.testing.assert_allclose(found / np.log(3), [-1.0, 2.0], atol=1e-9)


def test_clustered_errors_of_a_logit_by_hand():
    # One of four: chance .25, information 4 * .25 * .75; the clusters' scores are .75 - .25 and -.25 - .25.
    outcome, cluster = np.array([True, False, False, False]), np.array([0, 0, 1, 1])
    errors = regression.logit_errors(np.ones((4, 1)), outcome, np.array([-math.log(3)]), cluster)
    assert errors.tolist() == pytest.approx([math.sqrt(2 * (0.5**2 + 0.5**2)) / 0.75])


def test_effects_of_an_interaction_and_of_a_choice_alone():
    # x y + 2 z with each choice at -1 and 1: the variance is 1 of x and y together and 4 of z.
    x, y, z = np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0], indexing="ij")
    effects = shapley.effects(np.stack([x * y + 2 * z, z], axis=-1), np.ones((2, 2, 2), bool))
    np.testing.assert_allclose(effects.variance, [5, 1])
    np.testing.assert_allclose(effects.first_order, [[0, 0], [0, 0], [4, 1]], atol=1e-12)
    np.testing.assert_allclose(effects.total, [[1, 0], [1, 0], [4, 1]], atol=1e-12)
    np.testing.assert_allclose(effects.shapley, [[0.5, 0], [0.5, 0], [4, 1]], atol=1e-12)


def test_a_combination_left_out_has_no_part_in_the_effects():
    # Three combinations with 0, 3, 3: the variance is 2; x explains 4 + 2 * .25 = 4.5 of 6, and so does y.
    admissible = np.array([[True, True], [True, False]])
    effects = shapley.effects(np.array([[0.0, 3.0], [3.0, 99.0]]), admissible)
    assert float(effects.variance) == pytest.approx(2)
    np.testing.assert_allclose(effects.first_order, [0.5, 0.5])
    np.testing.assert_allclose(effects.total, [1.5, 1.5])
    np.testing.assert_allclose(effects.shapley, [1, 1])


def test_peaks_by_hand():
    assert densities.peaks(np.array([0.0, 2.0, 1.0, 1.0, 3.0, 3.0, 0.0])).tolist() == [1, 4]
    assert densities.peaks(np.array([0.0, 1.0, 0.0, 4.0, 0.0]), least=0.5).tolist() == [3]


def test_the_year_of_a_quarter_is_that_it_lies_in():
    ends = np.array([quarters.quarter(1947, 1), quarters.quarter(2003, 4)])
    assert quarters.year_of(ends).tolist() == [1947, 2003]
    assert quarters.year_of(ends).dtype == ends.dtype
    assert quarters.year_of(np.array([1947, 2003])).tolist() == [1947, 2003]
    assert [quarters.year_of(quarters.quarter(1947, number)) for number in (1, 2, 3, 4)] == [1947] * 4


def test_mobility_by_hand_where_most_move():
    # Eigenvalues 1 and -.7: the past is forgotten by its size, whatever its sign.
    matrix, weights = np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([0.25, 0.75])
    index = markov_chains.mobility_indices(matrix, weights)
    assert (index.prais, index.determinant, index.second_eigenvalue) == pytest.approx((1.7, 0.3, 0.3))
    assert index.bartholomew_stay == pytest.approx(2 - 2 * (0.25 * 0.1 + 0.75 * 0.2))
    assert index.bartholomew_jump == pytest.approx(0.25 * 0.9 + 0.75 * 0.8)
    # Three classes in a circle: eigenvalues are the cube roots of one, steps are 1 and 2 wide.
    circle = markov_chains.mobility_indices(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))
    assert (circle.prais, circle.determinant, circle.second_eigenvalue) == pytest.approx((1.5, 0.0, 0.0))
    assert (circle.bartholomew_stay, circle.bartholomew_jump) == pytest.approx((1.5, (1 + 1 + 2) / 3 / 2))
