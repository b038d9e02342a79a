from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xinzhi.core import inventory
from xinzhi.core import inventory as prices

quick = settings(deadline=None, max_examples=60)
amounts = arrays(np.float64, (4, 12), elements=st.floats(0.5, 50))
indices = arrays(np.float64, (4, 12), elements=st.floats(0.2, 5))
rates = st.floats(0, 1)


def zhang(nominal, price, rate):
    real = prices.deflate(nominal, price)
    return inventory.geometric(real, rate, inventory.ratio_to_investment(real[:, 0], 10))


@quick
@given(amounts, indices, rates, st.integers(0, 11))
def test_growth_does_not_depend_on_the_base_year(nominal, price, rate, base):
    first, second = zhang(nominal, price, rate), zhang(nominal, prices.rebase(price, base), rate)
    np.testing.assert_allclose(second / second[:, :1], first / first[:, :1], rtol=1e-10)
    np.testing.assert_allclose(second, first * price[:, [base]], rtol=1e-10)


@quick
@given(amounts, indices, rates, st.floats(1e-4, 1e8))
def test_units_scale_through(nominal, price, rate, unit):
    np.testing.assert_allclose(zhang(nominal * unit, price, rate), zhang(nominal, price, rate) * unit, rtol=1e-12)


@quick
@given(amounts, indices, rates, st.permutations(range(4)))
def test_the_order_of_regions_does_not_matter(nominal, price, rate, order):
    np.testing.assert_array_equal(zhang(nominal[order], price[order], rate), zhang(nominal, price, rate)[order])


@quick
@given(amounts, rates, st.floats(0, 1), st.integers(1, 30), st.floats(-1, 1), st.floats(0, 8))
def test_a_region_split_in_two_and_merged_keeps_its_stock(flow, rate, part, life, beta, spread):
    initial = 3 * flow[:, 0]
    whole = inventory.geometric(flow, rate, initial)
    parts = [inventory.geometric(flow * share, rate, initial * share) for share in (part, 1 - part)]
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-12)
    shape = {"service_life": life, "efficiency_beta": beta, "retirement_sd": spread}
    whole = inventory.hyperbolic(flow, **shape, initial=initial)
    parts = [inventory.hyperbolic(flow * share, **shape, initial=initial * share) for share in (part, 1 - part)]
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-9, atol=1e-9)


@quick
@given(amounts, rates, st.integers(0, 11))
def test_a_later_start_with_the_stock_of_that_year_changes_nothing_after(flow, rate, start):
    whole = inventory.geometric(flow, rate, flow[:, 0])
    late = inventory.geometric(flow, rate, whole[:, start], start=start)
    np.testing.assert_array_equal(late[:, start:], whole[:, start:])
    assert np.isnan(late[:, :start]).all()


@quick
@given(st.floats(1, 60), st.floats(-2, 1), st.floats(0, 20))
def test_efficiency_starts_at_one_and_never_rises(life, beta, spread):
    profile = inventory.age_efficiency(life, beta, spread)
    assert abs(profile[0] - 1) < 1e-12
    assert (np.diff(profile) <= 1e-12).all()
    assert (profile >= 0).all()


@quick
@given(indices, st.integers(1, 10))
def test_a_series_spliced_with_itself_is_itself(price, last):
    cut = np.where(np.arange(12) > last, np.nan, price)
    series, spliced = prices.splice(cut, price * 7)
    np.testing.assert_allclose(series, price, rtol=1e-12)
    assert spliced.sum() == 4 * (11 - last)
