from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xinzhi.core import index_numbers, inventory

quick = settings(deadline=None, max_examples=60)
ITEMS, REGIONS, YEARS = 3, 4, 6
levels = arrays(np.float64, (ITEMS, REGIONS, YEARS), elements=st.floats(0.1, 20))
outputs = arrays(np.float64, (REGIONS, YEARS), elements=st.floats(0.1, 20))
units = arrays(np.float64, (ITEMS, 1, 1), elements=st.floats(1e-3, 1e5))
formulas = pytest.mark.parametrize("formula", ["tornqvist", "fisher", "laspeyres", "paasche"])


def log_growth(values):
    return np.diff(np.log(values), axis=-1, prepend=np.nan)


def share_of(value):
    return value / value.sum(axis=0)


@formulas
@quick
@given(price=levels, quantity=levels)
def test_contributions_add_up_to_the_log_of_the_index(formula, price, quantity):
    parts = index_numbers.contributions(log_growth(quantity), share_of(price * quantity), formula=formula)
    index = index_numbers.chain_quantities(price, quantity, formula)
    np.testing.assert_allclose(parts.sum(axis=0)[:, 1:], log_growth(index)[:, 1:], rtol=0, atol=1e-11)
    np.testing.assert_allclose(index_numbers.chain(parts.sum(axis=0)), index, rtol=1e-10)


@formulas
@quick
@given(price=levels, quantity=levels)
def test_weights_are_those_of_the_index_by_its_definition(formula, price, quantity):
    growth, share = log_growth(quantity), share_of(price * quantity)
    weight = index_numbers.weights(growth, share, formula=formula)
    index = index_numbers.log_index(growth, share, formula=formula)
    np.testing.assert_allclose(weight.sum(axis=0)[:, 1:], 1, rtol=1e-12)
    np.testing.assert_allclose((weight * growth).sum(axis=0), index, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        index, log_growth(index_numbers.chain_quantities(price, quantity, formula)), rtol=0, atol=1e-11
    )


@formulas
@quick
@given(price=levels, quantity=levels, unit=units)
def test_units_do_not_matter(formula, price, quantity, unit):
    index = index_numbers.chain_quantities(price, quantity, formula)
    np.testing.assert_allclose(index_numbers.chain_quantities(price / unit, quantity * unit, formula), index, rtol=1e-9)


@formulas
@quick
@given(price=levels, quantity=levels, order=st.permutations(range(ITEMS)))
def test_the_order_of_items_does_not_matter(formula, price, quantity, order):
    parts = index_numbers.contributions(log_growth(quantity), share_of(price * quantity), formula=formula)
    moved = index_numbers.contributions(
        log_growth(quantity)[order], share_of((price * quantity)[order]), formula=formula
    )
    np.testing.assert_allclose(moved, parts[order], rtol=0, atol=1e-12)


@formulas
@quick
@given(price=levels, growth=st.floats(-0.5, 0.5))
def test_items_that_grow_alike_give_their_growth(formula, price, growth):
    quantity = np.exp(growth * np.arange(YEARS)) * np.ones((ITEMS, REGIONS, 1))
    parts = index_numbers.contributions(log_growth(quantity), share_of(price * quantity), formula=formula)
    np.testing.assert_allclose(parts.sum(axis=0)[:, 1:], growth, rtol=0, atol=1e-13)


@formulas
@pytest.mark.parametrize("corner", [0.0, 1.0])
@quick
@given(quantity=levels)
def test_a_share_at_a_corner_gives_the_growth_of_the_other(formula, corner, quantity):
    growth = log_growth(quantity)[:2]
    share = np.array([np.full_like(growth[0], corner), np.full_like(growth[0], 1 - corner)])
    parts = index_numbers.contributions(growth, share, formula=formula)
    np.testing.assert_allclose(parts.sum(axis=0)[:, 1:], growth[int(1 - corner)][:, 1:], rtol=0, atol=1e-13)


@pytest.mark.parametrize("formula", ["fisher", "tornqvist"])
@quick
@given(p0=levels, p1=levels, q0=levels, q1=levels)
def test_time_reversal(formula, p0, p1, q0, q1):
    there = index_numbers.bilateral(p0, p1, q0, q1, formula)
    back = index_numbers.bilateral(p1, p0, q1, q0, formula)
    np.testing.assert_allclose(there * back, 1, rtol=1e-11)


@quick
@given(p0=levels, p1=levels, q0=levels, q1=levels)
def test_factor_reversal_of_fisher(p0, p1, q0, q1):
    quantity = index_numbers.bilateral(p0, p1, q0, q1, "fisher")
    price = index_numbers.bilateral(q0, q1, p0, p1, "fisher")
    np.testing.assert_allclose(quantity * price, (p1 * q1).sum(axis=0) / (p0 * q0).sum(axis=0), rtol=1e-11)


@quick
@given(p0=levels, p1=levels, q0=levels, q1=levels)
def test_fisher_lies_between_paasche_and_laspeyres(p0, p1, q0, q1):
    ends = np.array([index_numbers.bilateral(p0, p1, q0, q1, name) for name in ("laspeyres", "paasche")])
    fisher = index_numbers.bilateral(p0, p1, q0, q1, "fisher")
    assert (ends.min(axis=0) * (1 - 1e-12) <= fisher).all()
    assert (fisher <= ends.max(axis=0) * (1 + 1e-12)).all()


@quick
@given(outputs, levels, levels)
def test_multilateral_levels_are_bilateral_ones_averaged_over_third_regions(output, inputs, cost):
    share = share_of(cost)
    level = index_numbers.multilateral_levels(output, inputs, share)
    np.testing.assert_allclose(level.mean(axis=0), 0, rtol=0, atol=1e-12)
    y, x = np.log(output), np.log(inputs)
    bilateral = (y[:, None] - y) - ((share[:, :, None] + share[:, None]) / 2 * (x[:, :, None] - x[:, None])).sum(axis=0)
    averaged = (bilateral[:, None] + np.swapaxes(bilateral, 0, 1)[None]).mean(axis=2)
    np.testing.assert_allclose(level[:, None] - level, averaged, rtol=0, atol=1e-11)


@quick
@given(outputs, levels, levels, units, st.permutations(range(REGIONS)))
def test_levels_do_not_depend_on_units_or_order(output, inputs, cost, unit, order):
    share = share_of(cost)
    level = index_numbers.multilateral_levels(output, inputs, share)
    other = index_numbers.multilateral_levels((output * 1e4)[order], (inputs * unit)[:, order], share[:, order])
    np.testing.assert_allclose(other, level[order], rtol=0, atol=1e-11)


@quick
@given(levels, levels, outputs, st.floats(0.1, 100))
def test_user_costs_exhaust_the_income_of_capital(price, stock, income, currency):
    rate = np.linspace(0.02, 0.3, ITEMS)[:, None, None]
    gains = inventory.revaluation(price, years=1, centred=False)
    returns = inventory.internal_return(income, price, stock, rate, gains)
    cost = inventory.user_cost(price, returns, rate, gains)
    scale = (np.abs(cost) * stock).sum(axis=0)[:, 1:]
    assert (np.abs((cost * stock).sum(axis=0) - income)[:, 1:] <= 1e-10 * scale).all()
    again = inventory.internal_return(income * currency, price * currency, stock, rate, gains)
    np.testing.assert_allclose(again, returns, rtol=1e-7, atol=1e-9)
