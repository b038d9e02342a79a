"""Initial stocks: how much capital a perpetual inventory begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray


def ratio_to_investment(investment0: FloatArray | float, ratio: FloatArray | float) -> FloatArray:
    """Return the stock as a multiple of investment in the initial year.

    Parameters
    ----------
    investment0
        Real investment of the initial year `(...)`.
    ratio
        Years of investment that the stock holds.

    Notes
    -----
    Zhang, Wu and Zhang (2004) take ten times the investment of 1952.

    Examples
    --------
    >>> float(ratio_to_investment(2.5, 10))
    25.0
    """
    return np.asarray(investment0, dtype=np.float64) * ratio


def steady_state(
    investment0: FloatArray | float, growth: FloatArray | float, depreciation: FloatArray | float
) -> FloatArray:
    """Return the stock ``I / (g + d)`` whose net growth is `growth` when investment is `investment0`.

    Parameters
    ----------
    investment0
        Real investment of the initial year `(...)`.
    growth, depreciation
        Growth of the stock and rate of depreciation, ratios per year.

    Returns
    -------
    FloatArray
        `(...)`; NaN where ``g + d`` is not positive: no steady state exists there.

    Notes
    -----
    Harberger (1978), Perspectives on capital and technology in less-developed countries.

    Examples
    --------
    >>> steady_state(np.array([15.0, 15.0]), np.array([0.05, -0.2]), 0.1).round(9).tolist()
    [100.0, nan]
    """
    rate = np.asarray(growth, dtype=np.float64) + depreciation
    return np.asarray(investment0, dtype=np.float64) / np.where(rate > 0, rate, np.nan)


def capital_output_ratio(output0: FloatArray | float, ratio: FloatArray | float) -> FloatArray:
    """Return the stock as a multiple of output in the initial year.

    Parameters
    ----------
    output0
        Real output of the initial year `(...)`.
    ratio
        Capital per unit of output.

    Examples
    --------
    >>> float(capital_output_ratio(50.0, 2.6))
    130.0
    """
    return np.asarray(output0, dtype=np.float64) * ratio
