"""Ordinary least squares for a handful of regressors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted line.

    Parameters
    ----------
    coefficients, standard_errors
        `(k,)`, in the order of the columns; classical standard errors with ``n - k`` degrees of freedom.
    residuals
        `(n,)`.
    r2
        Share of the variance of `y` around its mean that the line explains.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    residuals: FloatArray
    r2: float


def fit(y: FloatArray, x: FloatArray) -> Fit:
    """Fit ``y = x b + e`` by ordinary least squares.

    Parameters
    ----------
    y
        `(n,)`.
    x
        Regressors `(n, k)` with ``n > k``; a constant is a column of ones.

    Raises
    ------
    InputError
        When a value is missing, there are too few rows, or a column is a combination of the others.

    Examples
    --------
    >>> line = fit(np.array([1.0, 3.0, 5.0]), np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]))
    >>> line.coefficients.round(9).tolist(), round(line.r2, 9)
    ([1.0, 2.0], 1.0)
    """
    rows, columns = x.shape
    if rows <= columns or not (np.isfinite(y).all() and np.isfinite(x).all()):
        message = (
            f"least squares needs more rows than columns and no missing value; got {rows} rows, {columns} columns."
        )
        raise InputError(message)
    coefficients, _, rank, _ = np.linalg.lstsq(x, y)
    if rank < columns:
        message = f"{columns} regressors but only {rank} independent ones: drop a column that repeats the others."
        raise InputError(message)
    residuals = y - x @ coefficients
    unexplained = float(residuals @ residuals)
    triangle: FloatArray = np.linalg.inv(np.linalg.qr(x, mode="r"))
    spread: FloatArray = np.sqrt(unexplained / (rows - columns) * (triangle**2).sum(axis=1))
    total = float(((y - y.mean()) ** 2).sum())
    return Fit(
        np.asarray(coefficients, dtype=np.float64), spread, residuals, 1 - unexplained / total if total > 0 else np.nan
    )
