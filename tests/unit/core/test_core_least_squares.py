from __future__ import annotations

import numpy as np
import pytest

from xinzhi.core.errors import InputError
from xinzhi.core.least_squares import fit


def test_line_by_hand():
    # Sums of squares: Sxx = 5, Sxy = 9, Syy = 17; slope 9/5, residual sum 17 - 81/5 = 0.8 on 2 degrees of freedom.
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0, 6.0])
    line = fit(y, np.column_stack([np.ones(4), x]))
    assert line.coefficients.tolist() == pytest.approx([0.8, 1.8])
    assert line.standard_errors.tolist() == pytest.approx([(0.4 * (1 / 4 + 1.5**2 / 5)) ** 0.5, (0.4 / 5) ** 0.5])
    assert line.r2 == pytest.approx(1 - 0.8 / 17)
    assert line.residuals.tolist() == pytest.approx([0.2, -0.6, 0.6, -0.2])


@pytest.mark.parametrize(
    ("y", "x", "message"),
    [
        (np.ones(2), np.ones((2, 2)), "more rows"),
        (np.array([1.0, np.nan, 2.0]), np.ones((3, 1)), "no missing value"),
        (np.arange(4.0), np.ones((4, 2)), "only 1 independent"),
    ],
)
def test_what_cannot_be_fitted_is_refused(y, x, message):
    with pytest.raises(InputError, match=message):
        fit(y, x)
