"""The trend of a series: the filter of Hodrick and Prescott, to take the business cycle out before a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

_FEWEST = 4


def hodrick_prescott(values: FloatArray, smoothing: float) -> FloatArray:
    """Return the trend of every row.

    Parameters
    ----------
    values
        `(..., T)` without gaps.
    smoothing
        Price of a change of slope; 400 for annual data in Phillips and Sul (2007), 6.25 in Ravn and Uhlig (2002).

    Raises
    ------
    UsageError
        When `smoothing` is negative.
    InputError
        When there are gaps, or fewer than four years.

    Notes
    -----
    Solves ``(I + lambda D'D) trend = values`` with second differences D (Hodrick and Prescott 1997, Journal of Money,
    Credit and Banking 29), a system of five diagonals.

    Examples
    --------
    >>> hodrick_prescott(np.array([1.0, 2.0, 3.0, 4.0]), 400.0).round(9).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    from scipy.linalg import solveh_banded

    count = values.shape[-1]
    if smoothing < 0:
        message = f"smoothing={smoothing}: it cannot be negative."
        raise UsageError(message)
    if count < _FEWEST or not np.isfinite(values).all():
        message = f"the filter needs {_FEWEST} years or more without gaps; got {count} years."
        raise InputError(message)
    second = np.zeros((count - 2, count))
    rows = np.arange(count - 2)
    for step, weight in enumerate((1.0, -2.0, 1.0)):
        second[rows, rows + step] = weight
    matrix = np.eye(count) + smoothing * second.T @ second
    bands = np.zeros((3, count))
    for distance in range(3):
        bands[distance, : count - distance] = np.diag(matrix, -distance)
    flat = values.reshape(-1, count)
    trend = solveh_banded(bands, flat.T, lower=True).T
    return np.asarray(trend, dtype=np.float64).reshape(values.shape)
