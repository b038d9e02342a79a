from __future__ import annotations

import math

import numpy as np
import pytest

from xinzhi.core import index_numbers
from xinzhi.core.errors import UsageError

NAN = np.nan
# Two goods in three years.
PRICE = np.array([[1.0, 2.0, 2.0], [2.0, 2.0, 4.0]])
QUANTITY = np.array([[10.0, 8.0, 10.0], [5.0, 10.0, 5.0]])
# Year 1 on year 0: values 10 + 10 and 16 + 20; year 2 on year 1: 16 + 20 and 20 + 20.
BY_HAND = {
    "laspeyres": [28 / 20, 30 / 36],
    "paasche": [36 / 30, 40 / 56],
    "fisher": [math.sqrt(1.4 * 1.2), math.sqrt(30 / 36 * 40 / 56)],
    "tornqvist": [
        0.8 ** ((1 / 2 + 4 / 9) / 2) * 2 ** ((1 / 2 + 5 / 9) / 2),
        1.25 ** ((4 / 9 + 1 / 2) / 2) * 0.5 ** ((5 / 9 + 1 / 2) / 2),
    ],
}


@pytest.mark.parametrize("formula", BY_HAND)
def test_chained_by_hand(formula):
    first, second = BY_HAND[formula]
    index = index_numbers.chain_quantities(PRICE, QUANTITY, formula)
    assert index.tolist() == pytest.approx([1.0, first, first * second], rel=1e-14)


@pytest.mark.parametrize("formula", BY_HAND)
def test_contributions_add_up_to_the_index_by_hand(formula):
    growth = np.diff(np.log(QUANTITY), axis=1, prepend=NAN)
    value = PRICE * QUANTITY
    parts = index_numbers.contributions(growth, value / value.sum(axis=0), formula=formula)
    assert np.isnan(parts[:, 0]).all()
    assert parts.sum(axis=0)[1:].tolist() == pytest.approx(np.log(BY_HAND[formula]).tolist(), abs=1e-15)


@pytest.mark.parametrize("formula", BY_HAND)
def test_the_first_year_is_missing_whatever_growth_it_has(formula):
    growth, share = np.zeros((2, 2)), np.full((2, 2), 0.5)
    assert np.isnan(index_numbers.contributions(growth, share, formula=formula)[:, 0]).all()
    np.testing.assert_array_equal(index_numbers.log_index(growth, share, formula=formula), [NAN, 0.0])


def test_laspeyres_contributions_by_hand():
    # Relatives 0.8 and 2 with half of the value each: index 1.4.
    def mean(a, b):
        return (a - b) / math.log(a / b)

    weights = np.array([0.5 * mean(0.8, 1.4), 0.5 * mean(2.0, 1.4)])
    expected = weights / weights.sum() * np.log([0.8, 2.0])
    growth = np.array([[NAN, math.log(0.8)], [NAN, math.log(2.0)]])
    parts = index_numbers.contributions(growth, np.full((2, 2), 0.5), formula="laspeyres")
    assert parts[:, 1].tolist() == pytest.approx(expected.tolist(), rel=1e-14)


@pytest.mark.parametrize("formula", BY_HAND)
def test_an_input_that_costs_nothing_contributes_nothing(formula):
    growth = np.array([[NAN, 0.3], [NAN, NAN]])
    parts = index_numbers.contributions(growth, np.array([[1.0, 1.0], [0.0, 0.0]]), formula=formula)
    assert parts[:, 1].tolist() == pytest.approx([0.3, 0.0])


def test_an_unknown_formula_is_refused():
    with pytest.raises(UsageError, match="drobisch"):
        index_numbers.contributions(np.ones((1, 2)), np.ones((1, 2)), formula="drobisch")
    with pytest.raises(UsageError, match="drobisch"):
        index_numbers.log_index(np.ones((1, 2)), np.ones((1, 2)), formula="drobisch")
    with pytest.raises(UsageError, match="drobisch"):
        index_numbers.chain_quantities(PRICE, QUANTITY, "drobisch")


def test_chain_begins_where_growth_begins_and_ends_at_a_gap():
    growth = np.log(np.array([[NAN, NAN, 2.0, 1.5], [NAN, 2.0, NAN, 2.0], [NAN, NAN, NAN, NAN]]))
    np.testing.assert_allclose(
        index_numbers.chain(growth), [[NAN, 1.0, 2.0, 3.0], [1.0, 2.0, NAN, NAN], [NAN, NAN, NAN, NAN]]
    )
    appears = index_numbers.chain(np.array([NAN, 0.0, np.inf, 0.0]))
    np.testing.assert_array_equal(appears, [1.0, 1.0, NAN, NAN])


def test_levels_leave_out_regions_that_are_not_complete():
    output = np.array([[1.0, 1.0], [4.0, 4.0], [9.0, NAN]])
    labour = np.array([[[1.0, 1.0], [1.0, 1.0], [NAN, 1.0]]])
    level = index_numbers.multilateral_levels(output, labour, np.ones((1, 3, 2)))
    half = math.log(2)
    np.testing.assert_allclose(level, [[-half, -half], [half, half], [NAN, NAN]])


def test_levels_of_a_year_without_any_region_are_missing():
    level = index_numbers.multilateral_levels(np.full((2, 1), NAN), np.ones((1, 2, 1)), np.ones((1, 2, 1)))
    assert np.isnan(level).all()


def test_levels_of_several_protocols_at_once():
    rng = np.random.default_rng(7)
    output, inputs = rng.uniform(1, 9, (4, 3)), rng.uniform(1, 9, (2, 4, 3))
    labour = rng.uniform(0.3, 0.7, (5, 4, 3))
    together = index_numbers.multilateral_levels(
        np.broadcast_to(output, (5, 4, 3)),
        np.broadcast_to(inputs[:, None], (2, 5, 4, 3)),
        np.array([labour, 1 - labour]),
    )
    for protocol in range(5):
        share = np.array([labour[protocol], 1 - labour[protocol]])
        np.testing.assert_allclose(together[protocol], index_numbers.multilateral_levels(output, inputs, share))
