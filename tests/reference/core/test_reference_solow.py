"""Solow (1957), Technical change and the aggregate production function, United States 1909-49.

Reference: ``solow1957.csv`` (R package Ecdat, data/Solow.rda: q, k and A of table 1). The regressions of 1909-42 give
``ln(q/A) = -.730 + .354 ln k`` and ``q/A = .438 + .0909 k``, as ``lm(log(q/A) ~ log(k))`` and ``lm(q/A ~ k)`` in R.
Tolerance: the printed digits.
"""

from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core.regression import ols

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def solow(shared):
    table = np.genfromtxt(shared / "ref" / "growth" / "solow1957.csv", delimiter=",", skip_header=1)
    q, k, level, _ = table[table[:, 3] <= 1942].T
    return q / level, k


def test_logarithmic_regression(solow):
    net, k = solow
    line = ols(np.log(net), np.column_stack([np.ones_like(k), np.log(k)]))
    assert len(net) == 34
    assert line.coefficients.round(3).tolist() == [-0.730, 0.354]
    assert line.r2 > 0.999


def test_linear_regression(solow):
    net, k = solow
    line = ols(net, np.column_stack([np.ones_like(k), k]))
    assert [round(line.coefficients[0], 3), round(line.coefficients[1], 4)] == [0.438, 0.0909]
