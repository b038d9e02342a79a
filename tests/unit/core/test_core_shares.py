from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core import labour as shares
from xinzhi.core.errors import InputError

NAN = np.nan


def test_averaged_over_two_years():
    np.testing.assert_allclose(shares.two_year_mean(np.array([[0.4, 0.5, 0.8]])), [[NAN, 0.45, 0.65]])


def test_self_employed_earn_what_employees_earn():
    labour = shares.impute_self_employed(np.array([60.0]), np.array([30.0]), np.array([45.0]))
    assert labour.tolist() == pytest.approx([60.0 + 60.0 / 30.0 * 15.0])


@pytest.mark.parametrize(("employees", "everyone"), [(0.0, 10.0), (12.0, 10.0)])
def test_hours_that_cannot_be_are_refused(employees, everyone):
    with pytest.raises(InputError, match="employees"):
        shares.impute_self_employed(np.ones(1), np.array([employees]), np.array([everyone]))


def test_corner_touches_only_shares_above_one():
    np.testing.assert_array_equal(
        shares.corner(np.array([0.0, 0.97, 1.0, 1.01, NAN]), 0.95), [0.0, 0.97, 1.0, 0.95, NAN]
    )


def test_carry_forward_and_back():
    share, carried = shares.carry(np.array([[NAN, 0.5, NAN, 0.6, NAN], [NAN] * 5]))
    np.testing.assert_array_equal(share, [[0.5, 0.5, 0.5, 0.6, 0.6], [NAN] * 5])
    assert carried.tolist() == [[True, False, True, False, True], [False] * 5]
