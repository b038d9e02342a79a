"""A regression whose outcome also depends on the neighbours' outcome, by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SpatialLag:
    """A fitted model ``y = rho W y + X b + e``.

    Parameters
    ----------
    rho
        Weight of the neighbours' mean.
    coefficients
        b `(k,)`.
    standard_errors
        Of b and then of rho `(k + 1,)`, from the information matrix.
    variance
        Of e, with n.
    log_likelihood
        At the maximum.
    residuals
        `(n,)`.
    direct, total
        Mean effect of a regressor on the own outcome, and on all outcomes with the feedback through neighbours `(k,)`;
        total less direct is what spills over (LeSage and Pace 2009, section 2.7).
    """

    rho: float
    coefficients: FloatArray
    standard_errors: FloatArray
    variance: float
    log_likelihood: float
    residuals: FloatArray
    direct: FloatArray
    total: FloatArray


def weights_matrix(neighbours: Mapping[str, Sequence[str]], units: Sequence[str]) -> FloatArray:
    """Return row-standardised weights among units `(n, n)`.

    Raises
    ------
    InputError
        When a unit has no neighbour among them.

    Examples
    --------
    >>> weights_matrix({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, ["a", "b", "c"]).tolist()
    [[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]
    """
    place = {name: row for row, name in enumerate(units)}
    matrix = np.zeros((len(units), len(units)))
    for name, row in place.items():
        for other in neighbours.get(name, ()):
            if other in place and other != name:
                matrix[row, place[other]] = 1.0
    alone = [name for name, row in place.items() if not matrix[row].any()]
    if alone:
        message = f"no neighbour among the units: {', '.join(alone[:5])}. Name one, or leave the unit out."
        raise InputError(message)
    standardised: FloatArray = matrix / matrix.sum(axis=1, keepdims=True)
    return standardised


def fit_spatial_lag(y: FloatArray, x: FloatArray, weights: FloatArray) -> SpatialLag:
    """Fit ``y = rho W y + X b + e`` by maximum likelihood.

    Parameters
    ----------
    y
        `(n,)`.
    x
        Regressors `(n, k)`, a constant among them.
    weights
        Row-standardised `(n, n)`.

    Raises
    ------
    InputError
        When there are too few units.

    Notes
    -----
    The likelihood is concentrated to rho, with ``ln |I - rho W| = sum ln(1 - rho w_i)`` over the eigenvalues of W (Ord
    1975, Journal of the American Statistical Association 70); standard errors from the information matrix (Anselin
    1988, "Spatial econometrics", equation 6.29).

    Examples
    --------
    >>> ring = np.roll(np.eye(8), 1, axis=1) / 2 + np.roll(np.eye(8), -1, axis=1) / 2
    >>> x = np.column_stack([np.ones(8), [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 3.0, 6.0]])
    >>> noise = np.array([1, -1, -1, 1, 1, -1, -1, 1]) / 100
    >>> y = np.linalg.solve(np.eye(8) - 0.4 * ring, x @ np.array([1.0, 0.5]) + noise)
    >>> round(fit_spatial_lag(y, x, ring).rho, 1)
    0.4
    """
    from scipy.optimize import minimize_scalar

    count, columns = x.shape
    if count <= columns + 1:
        message = f"a spatial lag needs more units than coefficients; got {count} and {columns + 2}."
        raise InputError(message)
    roots = np.linalg.eigvals(weights)
    lagged = weights @ y
    own, around = (np.linalg.lstsq(x, item)[0] for item in (y, lagged))
    rest, rest_around = y - x @ own, lagged - x @ around

    def loss(rho: float) -> float:
        gap = rest - rho * rest_around
        return float(count / 2 * np.log(gap @ gap / count) - np.log(np.abs(1 - rho * roots)).sum())

    lowest = float(roots.real.min())
    found = minimize_scalar(
        loss, bounds=(1 / lowest + 1e-9 if lowest < 0 else -1.0, 1 - 1e-9), method="bounded", options={"xatol": 1e-12}
    )
    rho = float(found.x)
    b = own - rho * around
    residuals = rest - rho * rest_around
    variance = float(residuals @ residuals / count)
    inverse = np.linalg.inv(np.eye(count) - rho * weights)
    spread = weights @ inverse
    effect = spread @ x @ b
    information = np.zeros((columns + 2, columns + 2))
    information[:columns, :columns] = x.T @ x / variance
    information[:columns, columns] = information[columns, :columns] = x.T @ effect / variance
    information[columns, columns] = np.trace(spread @ spread + spread.T @ spread) + effect @ effect / variance
    information[columns, -1] = information[-1, columns] = np.trace(spread) / variance
    information[-1, -1] = count / (2 * variance**2)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))[: columns + 1]
    return SpatialLag(
        rho=rho,
        coefficients=b,
        standard_errors=errors,
        variance=variance,
        log_likelihood=float(-loss(rho) - count / 2 * (np.log(2 * np.pi) + 1)),
        residuals=residuals,
        direct=b * np.trace(inverse) / count,
        total=b * float(inverse.sum()) / count,
    )
