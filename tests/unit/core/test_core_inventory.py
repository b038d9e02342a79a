from __future__ import annotations

import math

import numpy as np
import pytest

from xinzhi.core import inventory
from xinzhi.core.errors import InputError, UsageError


def test_geometric_by_hand():
    stock = inventory.geometric(np.array([5.0, 10.0, 20.0]), 0.1, 100.0)
    assert stock.tolist() == [100.0, 0.9 * 100 + 10, 0.9 * 100 + 20]


def test_every_region_starts_in_its_own_year():
    investment = np.array([[1.0, 2.0, 3.0], [np.nan, 2.0, 3.0]])
    stock = inventory.geometric(investment, 0.5, np.array([8.0, 20.0]), start=np.array([0, 1]))
    np.testing.assert_array_equal(stock, [[8.0, 6.0, 6.0], [np.nan, 20.0, 13.0]])


def test_protocols_by_regions():
    investment = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    rates = np.array([0.05, 0.1, 0.2])[:, None, None]
    initial = np.array([10.0, 20.0])
    together = inventory.geometric(investment, rates, initial)
    assert together.shape == (3, 2, 3)
    for protocol, rate in enumerate([0.05, 0.1, 0.2]):
        np.testing.assert_array_equal(together[protocol], inventory.geometric(investment, rate, initial))


def test_rate_may_change_over_the_years():
    stock = inventory.geometric(np.zeros(3), np.array([0.9, 0.1, 0.5]), 100.0)
    assert stock.tolist() == [100.0, 90.0, 45.0]


def test_a_missing_year_stays_missing():
    stock = inventory.geometric(np.array([1.0, np.nan, 1.0]), 0.1, 10.0)
    np.testing.assert_array_equal(np.isnan(stock), [False, True, True])
    stock = inventory.hyperbolic(np.array([1.0, np.nan, 1.0, 1.0]), service_life=1, efficiency_beta=0.5)
    np.testing.assert_array_equal(np.isnan(stock), [False, True, True, True])


@pytest.mark.parametrize("rate", [-0.01, 9.6])
def test_a_rate_outside_the_unit_interval_is_refused(rate):
    with pytest.raises(InputError, match=r"0\.096"):
        inventory.geometric(np.ones(3), rate, 1.0)


def test_reported_is_geometric_with_the_flow_it_implies():
    investment = np.array([[5.0, 10.0, 20.0]])
    stock = inventory.geometric(investment, 0.1, np.array([100.0]))
    worn = 0.1 * np.concatenate([[[np.nan]], stock[:, :-1]], axis=1)
    np.testing.assert_allclose(
        inventory.stock_with_reported_depreciation(investment, worn, np.array([100.0])), stock, rtol=1e-15
    )


def test_age_efficiency_of_the_united_states_bureau():
    # Equipment with beta 0.5 and life 10: (10 - s) / (10 - 0.5 s).
    profile = inventory.age_efficiency(10, 0.5)
    assert profile.tolist() == pytest.approx([(10 - s) / (10 - 0.5 * s) for s in range(10)])


def test_beta_of_one_is_a_light_bulb_and_zero_a_straight_line():
    assert inventory.age_efficiency(3, 1.0).tolist() == [1.0, 1.0, 1.0]
    assert inventory.age_efficiency(4, 0.0).tolist() == [1.0, 0.75, 0.5, 0.25]


def cohort_by_hand(mean, beta, spread):
    """Return the efficiency of a cohort by walking over lives and ages one at a time."""
    lives = [mean + step for step in range(-math.ceil(mean) + 1, math.ceil(mean)) if mean + step > 0]
    weights = [math.exp(-((life - mean) ** 2) / (2 * spread**2)) for life in lives]
    out = []
    for age in range(math.ceil(max(lives))):
        left = 0.0
        for life, weight in zip(lives, weights, strict=True):
            if age < life:
                left += weight * (life - age) / (life - beta * age)
        out.append(left / sum(weights))
    return out


@pytest.mark.parametrize(("mean", "beta", "spread"), [(16, 0.5, 4.0), (38, 0.75, 9.5), (7.5, 0.5, 2.0), (5, -1.0, 0.5)])
def test_hyperbolic_with_retirement_by_hand(mean, beta, spread):
    cohort = cohort_by_hand(mean, beta, spread)
    assert inventory.age_efficiency(mean, beta, spread).tolist() == pytest.approx(cohort, abs=1e-14)
    investment = np.linspace(3.0, 9.0, 25)
    by_hand = [sum(cohort[t - s] * investment[s] for s in range(1, t + 1) if t - s < len(cohort)) for t in range(25)]
    stock = inventory.hyperbolic(investment, service_life=mean, efficiency_beta=beta, retirement_sd=spread)
    np.testing.assert_allclose(stock, by_hand, rtol=1e-13)


def test_retirement_keeps_the_mean_life():
    # With beta 1 the years of service of a cohort add up to its mean life.
    assert inventory.age_efficiency(16, 1.0, 4.0).sum() == pytest.approx(16, abs=1e-12)


def test_hyperbolic_holds_a_stationary_stock():
    profile = inventory.age_efficiency(12, 0.5, 3.0)
    steady = 7.0 * profile.sum()
    stock = inventory.hyperbolic(
        np.full(40, 7.0), service_life=12, efficiency_beta=0.5, retirement_sd=3.0, initial=steady
    )
    np.testing.assert_allclose(stock, steady, rtol=1e-13)


def test_hyperbolic_starts_each_region_in_its_own_year():
    investment = np.array([[9.0, 1.0, 1.0, 1.0], [np.nan, np.nan, 9.0, 1.0]])
    start, initial = np.array([0, 2]), np.array([4.0, 4.0])
    stock = inventory.hyperbolic(investment, service_life=2, efficiency_beta=0, initial=initial, start=start)
    np.testing.assert_allclose(stock[1, 2:], stock[0, :2])
    assert np.isnan(stock[1, :2]).all()
    # Two cohorts, 2/3 new and 1/3 one year old: a third of the stock is left after a year, and 1 is added.
    assert stock[0].tolist() == pytest.approx([4.0, 4 / 3 + 1.0, 1.5, 1.5])


@pytest.mark.parametrize(("life", "beta", "spread"), [(0, 0.5, 0), (10, 1.1, 0), (10, 0.5, -1), (np.nan, 0.5, 0)])
def test_age_efficiency_refuses_what_makes_no_sense(life, beta, spread):
    with pytest.raises(InputError, match="service life"):
        inventory.age_efficiency(life, beta, spread)


def test_timing():
    stock = np.array([[10.0, 20.0, 40.0]])
    np.testing.assert_array_equal(inventory.at_timing(stock, "end_of_year"), stock)
    np.testing.assert_array_equal(inventory.at_timing(stock, "beginning_of_year"), [[np.nan, 10.0, 20.0]])
    np.testing.assert_array_equal(inventory.at_timing(stock, "mid_year"), [[np.nan, 15.0, 30.0]])
    with pytest.raises(UsageError, match="noon"):
        inventory.at_timing(stock, "noon")


def test_initial_stocks():
    assert inventory.ratio_to_investment(np.array([2.0, 3.0]), 10).tolist() == [20.0, 30.0]
    assert inventory.capital_output_ratio(np.array([2.0, 3.0]), 2.5).tolist() == [5.0, 7.5]
    np.testing.assert_array_equal(
        inventory.steady_state(np.array([12.0, 12.0]), np.array([0.125, -0.25]), 0.25), [32.0, np.nan]
    )


def test_steady_state_grows_at_its_rate():
    growth, rate = 0.08, 0.1
    flow = 5.0 * (1 + growth) ** np.arange(10)
    # I / (g + d) is the stock before the investment of the first year is added.
    before = inventory.steady_state(flow[0], growth, rate)
    stock = inventory.geometric(flow, rate, (1 - rate) * before + flow[0])
    np.testing.assert_allclose(stock[1:] / stock[:-1], 1 + growth, rtol=1e-14)
