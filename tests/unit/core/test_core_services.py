from __future__ import annotations

import math

import numpy as np
import pytest

from xinzhi.core import inventory
from xinzhi.core.errors import InputError, UsageError

NAN = np.nan
# Buildings and computers in three years.
PRICE = np.array([[1.00, 1.05, 1.12], [1.00, 0.90, 0.80]])
STOCK = np.array([[200.0, 210.0, 225.0], [20.0, 26.0, 35.0]])
RATE = np.array([[0.03], [0.30]])
INCOME = np.array([30.0, 33.0, 38.0])


def by_hand():
    """Return rates of return and services growth of the last two years, written out asset by asset."""
    returns, compensation = [], []
    for t in (1, 2):
        rest, base = INCOME[t], 0.0
        for asset in (0, 1):
            before, now, quantity = PRICE[asset][t - 1], PRICE[asset][t], STOCK[asset][t]
            rest -= (RATE[asset][0] * now - (now - before)) * quantity
            base += before * quantity
        returns.append(rest / base)
        row = []
        for asset in (0, 1):
            before, now, quantity = PRICE[asset][t - 1], PRICE[asset][t], STOCK[asset][t]
            row.append((before * returns[-1] + RATE[asset][0] * now - (now - before)) * quantity)
        compensation.append(row)
    growth = 0.0
    for asset in (0, 1):
        share = (compensation[0][asset] / sum(compensation[0]) + compensation[1][asset] / sum(compensation[1])) / 2
        growth += share * math.log(STOCK[asset][2] / STOCK[asset][1])
    return returns, compensation, growth


def test_capital_services_by_hand():
    returns, compensation, growth = by_hand()
    gains = inventory.revaluation(PRICE, years=1, centred=False)
    rate = inventory.internal_return(INCOME, PRICE, STOCK, RATE, gains)
    np.testing.assert_allclose(rate, [NAN, *returns])
    cost = inventory.user_cost(PRICE, rate, RATE, gains)
    np.testing.assert_allclose((cost * STOCK)[:, 1:].T, compensation)
    np.testing.assert_allclose((cost * STOCK).sum(axis=0)[1:], INCOME[1:])
    np.testing.assert_allclose(inventory.capital_services(STOCK, cost), [NAN, 1.0, math.exp(growth)])


def test_external_return_is_taken_as_given():
    cost = inventory.user_cost(PRICE, 0.04, RATE, np.zeros_like(PRICE))
    np.testing.assert_allclose(cost[:, 1], [1.00 * 0.04 + 1.05 * 0.03, 1.00 * 0.04 + 0.90 * 0.30])


def test_an_asset_that_is_not_used_needs_no_price():
    price, stock = np.vstack([PRICE, [[NAN] * 3]]), np.vstack([STOCK, [[0.0] * 3]])
    rate = np.vstack([RATE, [[0.2]]])
    gains = inventory.revaluation(price, years=1, centred=False)
    returns = inventory.internal_return(INCOME, price, stock, rate, gains)
    np.testing.assert_allclose(returns[1:], by_hand()[0])
    index = inventory.capital_services(stock, inventory.user_cost(price, returns, rate, gains))
    assert index[2] == pytest.approx(math.exp(by_hand()[2]))


def test_no_stock_no_return():
    returns = inventory.internal_return(INCOME, PRICE, np.zeros_like(STOCK), RATE, np.zeros_like(PRICE))
    assert np.isnan(returns).all()


def test_revaluation_windows():
    price = np.cumprod([[1.0, 1.1, 1.2, 1.3, 1.4]], axis=1)
    centred = inventory.revaluation(price, years=3, centred=True)
    np.testing.assert_allclose(centred, [[NAN, 0.15, 0.2, 0.3, 0.35]])
    trailing = inventory.revaluation(price, years=3, centred=False)
    np.testing.assert_allclose(trailing, [[NAN, 0.1, 0.15, 0.2, 0.3]])
    np.testing.assert_allclose(inventory.revaluation(price, years=1, centred=True), [[NAN, 0.1, 0.2, 0.3, 0.4]])


@pytest.mark.parametrize(("years", "centred"), [(0, False), (2, True)])
def test_windows_that_make_no_sense_are_refused(years, centred):
    with pytest.raises(UsageError, match="window"):
        inventory.revaluation(PRICE, years=years, centred=centred)


def test_negative_user_costs():
    cost = np.array([[0.2, -0.1, NAN]])
    np.testing.assert_array_equal(inventory.settle_negative(cost, "zero"), [[0.2, 0.0, NAN]])
    np.testing.assert_array_equal(inventory.settle_negative(cost, "near_zero", floor=0.001), [[0.2, 0.001, NAN]])
    np.testing.assert_array_equal(inventory.settle_negative(cost, "keep"), cost)
    with pytest.raises(InputError, match="1 user costs"):
        inventory.settle_negative(cost, "refuse")
    assert inventory.settle_negative(np.array([0.1]), "refuse").tolist() == [0.1]
    with pytest.raises(UsageError, match="ignore"):
        inventory.settle_negative(cost, "ignore")
