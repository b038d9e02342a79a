from __future__ import annotations

import math

import numpy as np
import pytest

from xinzhi.core import labour
from xinzhi.core.errors import InputError

NAN = np.nan
RETURNS = [(4, 0.134), (8, 0.101), (None, 0.068)]


@pytest.mark.parametrize(
    ("years", "phi"),
    [(0.0, 0.0), (2.0, 0.268), (4.0, 0.536), (6.0, 0.738), (8.0, 0.94), (12.0, 1.212)],
)
def test_human_capital_of_every_piece(years, phi):
    assert labour.human_capital(np.array([years]), RETURNS)[0] == pytest.approx(math.exp(phi), rel=1e-15)


def test_one_return_for_all_years():
    assert labour.human_capital(np.array([5.0]), [(None, 0.1)])[0] == pytest.approx(math.exp(0.5))


def test_missing_schooling_stays_missing():
    assert np.isnan(labour.human_capital(np.array([NAN]), RETURNS)).all()


def test_negative_schooling_is_refused():
    with pytest.raises(InputError, match="negative"):
        labour.human_capital(np.array([-1.0]), RETURNS)


@pytest.mark.parametrize("returns", [[], [(4, 0.1)], [(8, 0.1), (4, 0.1), (None, 0.1)], [(None, 0.1), (None, 0.2)]])
def test_returns_that_do_not_cover_all_years_are_refused(returns):
    with pytest.raises(InputError, match="rising"):
        labour.human_capital(np.ones(1), returns)


def test_hours_before_between_and_after():
    reference = np.array([1000.0, 1100.0, 1320.0, 1716.0, 2402.4])
    filled = labour.fill_hours(np.array([[NAN, 100.0, NAN, 150.0, NAN]]), reference)
    np.testing.assert_allclose(filled, [[100 / 1.1, 100.0, 125.0, 150.0, 210.0]], rtol=1e-14)


def test_a_region_without_hours_has_those_of_the_reference_whatever_the_others_have():
    hours = np.array([[100.0, 110.0], [400.0, NAN], [NAN, NAN]])
    filled = labour.fill_hours(hours, np.array([50.0, 25.0]))
    np.testing.assert_allclose(filled, [[100.0, 110.0], [400.0, 200.0], [50.0, 25.0]], rtol=1e-14)
    np.testing.assert_array_equal(filled[1:2], labour.fill_hours(hours[1:2], np.array([50.0, 25.0])))


def test_without_a_reference_hours_stand_still():
    filled = labour.fill_hours(np.array([[NAN, 100.0, NAN, 150.0, NAN], [NAN] * 5]))
    np.testing.assert_array_equal(filled, [[100.0, 100.0, 100.0, 150.0, 150.0], [NAN] * 5])


def test_a_reference_with_a_gap_is_refused():
    with pytest.raises(InputError, match="hours cannot be filled"):
        labour.fill_hours(np.array([[1.0, NAN]]), np.array([1.0, NAN]))
