"""Cost, revenue and profit efficiency against the figures that DataEnvelopmentAnalysis.jl 0.9.2 tests itself by.

Its sources: Cooper, Seiford and Tone (2007), and R, at 10 digits; Zofío, Pastor and Aparicio (2013) for profit.
Tolerance: the digits that are printed there (1e-9, or 5e-4 where there are three).
"""

from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.economic import cost_efficiency, profit_efficiency, revenue_efficiency

X = np.array([[5, 3], [2, 4], [4, 2], [4, 8], [7, 9]], dtype=float)
Y = np.array([[7, 4], [10, 8], [8, 10], [5, 4], [3, 6]], dtype=float)
W, P = np.array([2.0, 1.0]), np.array([3.0, 2.0])
DIGITS = 1e-9


@pytest.mark.parametrize(
    ("rts", "economic", "allocative"),
    [
        ("crs", [0.4307692308, 1, 1, 0.25, 0.2608695652], [0.6769230769, 1, 1, 1, 1]),
        ("vrs", [0.6153846154, 1, 1, 0.5, 0.3478260870], [0.8205128205, 1, 1, 1, 0.9275362319]),
    ],
)
def test_cost(rts: str, economic: list[float], allocative: list[float]) -> None:
    found = cost_efficiency(X, Y, W, rts=rts)
    np.testing.assert_allclose(found.frame["economic"], economic, atol=DIGITS)
    np.testing.assert_allclose(found.frame["allocative"], allocative, atol=DIGITS)
    np.testing.assert_allclose(found.frame["optimum"], (found.optimal_x * W).sum(axis=1), atol=1e-9)
    again = cost_efficiency(found.optimal_x, Y, W, rts=rts).frame["economic"]
    np.testing.assert_allclose(again, 1.0, atol=1e-9)


@pytest.mark.parametrize(
    ("rts", "economic", "allocative"),
    [
        ("crs", [0.4915254237, 1, 1, 0.25, 0.1735537190], [0.7723970944, 1, 1, 1, 0.6652892562]),
        ("vrs", [0.6444444444, 1, 1, 0.5, 0.4565217391], [0.8285714286, 1, 1, 1, 0.7608695652]),
    ],
)
def test_revenue(rts: str, economic: list[float], allocative: list[float]) -> None:
    found = revenue_efficiency(X, Y, P, rts=rts)
    np.testing.assert_allclose(found.frame["economic"], economic, atol=DIGITS)
    np.testing.assert_allclose(found.frame["allocative"], allocative, atol=DIGITS)


def test_profit_in_money() -> None:
    x = np.array([[1, 1], [1, 1], [0.75, 1.5], [0.5, 2], [0.5, 2], [2, 2], [2.75, 3.5], [1.375, 1.75]])
    y = np.array([[1, 11], [5, 3], [5, 5], [2, 9], [4, 5], [4, 2], [3, 3], [4.5, 3.5]])
    found = profit_efficiency(x, y, np.array([2.0, 1.0]), np.array([2.0, 1.0]), direction="monetary").frame
    np.testing.assert_allclose(found["economic"], [2, 2, 0, 2, 2, 8, 12, 4], atol=DIGITS)
    np.testing.assert_allclose(found["technical"], [0, 0, 0, 0, 0, 6, 12, 3], atol=DIGITS)
    np.testing.assert_allclose(found["allocative"], [2, 2, 0, 2, 2, 2, 0, 1], atol=DIGITS)


def test_profit_along_the_units_own_goods() -> None:
    x = np.array([[2, 2], [1, 4], [4, 1], [4, 3], [5, 5], [6, 1], [2, 5], [1.6, 8]])
    found = profit_efficiency(x, np.ones(8), np.ones(2), np.ones(1)).frame["economic"]
    theirs = [0, 0.1666666667, 0.1666666667, 0.375, 0.5454545455, 0.375, 0.375, 0.5283018868]
    np.testing.assert_allclose(found, theirs, atol=DIGITS)
    y = np.array([[7, 7], [4, 8], [8, 4], [3, 5], [3, 3], [8, 2], [6, 4], [1.5, 5]])
    found = profit_efficiency(np.ones(8), y, np.ones(1), np.ones(2)).frame["economic"]
    theirs = [0, 0.1538461538, 0.1538461538, 0.6666666667, 1.142857143, 0.3636363636, 0.3636363636, 1]
    np.testing.assert_allclose(found, theirs, atol=DIGITS)


def test_parts_make_the_whole_and_prices_in_other_money_change_nothing() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(1, 3, (25, 2)), rng.uniform(1, 3, (25, 2))
    w, p = rng.uniform(1, 2, (25, 2)), rng.uniform(1, 2, (25, 2))
    for found in (cost_efficiency(x, y, w), revenue_efficiency(x, y, p)):
        frame = found.frame
        np.testing.assert_allclose(frame["technical"] * frame["allocative"], frame["economic"], atol=1e-9)
        assert frame["allocative"].max() <= 1 + 1e-9
    profit = profit_efficiency(x, y, w, p, rts="nirs").frame
    np.testing.assert_allclose(profit["technical"] + profit["allocative"], profit["economic"], atol=1e-9)
    assert profit["allocative"].min() >= -1e-9
    dear = cost_efficiency(1e9 * x, y / 1e6, 7 * w).frame["economic"]
    np.testing.assert_allclose(dear, cost_efficiency(x, y, w).frame["economic"], atol=1e-9)


def test_what_cannot_be_computed_says_so() -> None:
    with pytest.raises(UsageError, match="rts 'crs'"):
        profit_efficiency(X, Y, W, P, rts="crs")
    with pytest.raises(InputError, match="input prices must be positive; unit 0, column 1"):
        cost_efficiency(X, Y, np.array([1.0, 0.0]))
    with pytest.raises(InputError, match="output prices must have the shape"):
        revenue_efficiency(X, Y, np.ones(3))
    with pytest.raises(InputError, match="unit 1 has no revenue"):
        revenue_efficiency(X, Y * np.array([1.0, 0, 1, 1, 1])[:, None], P)
    assert "成本效率" in cost_efficiency(X, Y, W).summary("zh")
    assert profit_efficiency(X, Y, W, P).summary().startswith("Mean profit inefficiency")
