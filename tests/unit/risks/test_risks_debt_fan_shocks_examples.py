from __future__ import annotations

import numpy as np

from xinzhi.risks.debt.fan_shocks import panel_autoregression, recursion, residuals, spread_ratio


def test_recursion() -> None:
    assert recursion(0.5, np.array([0.0, 0.0]), np.array([0.1, 0.1]), np.array([0.0, 0.1])).round(4).tolist() == [
        0.55,
        0.705,
    ]


def test_residuals() -> None:
    assert residuals(np.array([[1.0], [3.0]])).round(4).ravel().tolist() == [-1.4142, 1.4142]


def test_spread_ratio() -> None:
    assert spread_ratio(np.array([2.0, 0.0]), np.array([[1.0, 0.0]])).tolist() == [[2.0, 1.0]]


def test_panel_autoregression() -> None:
    rng = np.random.default_rng(0)
    found = panel_autoregression([(np.arange(9), rng.normal(size=(9, 1))) for _ in range(40)], 200, rng)
    assert (found.least_squares.round(2).tolist(), found.slopes.round(2).tolist()) == ([-0.11], [0.02])
