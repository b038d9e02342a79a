from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core import inventory as prices
from xinzhi.core.errors import InputError

NAN = np.nan


def test_deflate_keeps_what_is_missing():
    np.testing.assert_array_equal(prices.deflate(np.array([4.0, NAN]), np.array([2.0, 1.0])), [2.0, NAN])


@pytest.mark.parametrize("price", [0.0, -1.0])
def test_deflate_refuses_a_price_that_is_none(price):
    with pytest.raises(InputError, match="above 0"):
        prices.deflate(np.ones(2), np.array([1.0, price]))


def test_rebase_to_one_year_or_one_for_each_region():
    index = np.array([[1.0, 2.0, 4.0], [1.0, 3.0, 9.0]])
    assert prices.rebase(index, 1).tolist() == [[0.5, 1.0, 2.0], [1 / 3, 1.0, 3.0]]
    assert prices.rebase(index, np.array([0, 2])).tolist() == [[1.0, 2.0, 4.0], [1 / 9, 1 / 3, 1.0]]


def test_splice_each_region_where_it_ends():
    first = np.array([[1.0, 2.0, NAN, NAN], [1.0, 1.5, 3.0, NAN], [1.0, 2.0, 3.0, 4.0]])
    second = np.array([8.0, 10.0, 15.0, 20.0])
    series, spliced = prices.splice(first, second)
    np.testing.assert_allclose(series, [[1.0, 2.0, 3.0, 4.0], [1.0, 1.5, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]])
    assert spliced.sum(axis=1).tolist() == [2, 1, 0]


def test_splice_leaves_gaps_and_what_the_second_cannot_say():
    series, spliced = prices.splice(np.array([1.0, NAN, 2.0, NAN, NAN]), np.array([1.0, 1.0, 1.0, 3.0, NAN]))
    np.testing.assert_array_equal(series, [1.0, NAN, 2.0, 6.0, NAN])
    assert spliced.tolist() == [False, False, False, True, False]
    series, spliced = prices.splice(np.full(3, NAN), np.ones(3))
    assert np.isnan(series).all()
    assert not spliced.any()
