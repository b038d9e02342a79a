"""Truncated normal regression by maximum likelihood, one sample or thousands of bootstrap samples at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray

_STEPS, _HALVINGS, _GRADIENT = 100, 30, 1e-9


@dataclass(frozen=True, slots=True)
class Truncated:
    """Estimates of B samples.

    Parameters
    ----------
    coefficients
        `(B, k)`.
    sigma
        `(B,)`, standard deviation of the error before truncation.
    likelihood
        `(B,)`, maximum of the log likelihood.
    converged
        `(B,)`: whether the gradient vanished. A sample that looks exponential has no maximum (sigma grows for ever).
    """

    coefficients: FloatArray
    sigma: FloatArray
    likelihood: FloatArray
    converged: BoolArray


def truncated_regression(values: FloatArray, regressors: FloatArray, *, bound: float = 1.0) -> Truncated:
    """Fit ``values = regressors @ b + e`` where e is normal and only values above `bound` are seen.

    Parameters
    ----------
    values
        `(B, n)` or `(n,)`.
    regressors
        `(n, k)`, the same for all samples; a constant is a column of ones.
    bound
        Where the observations are cut off.

    Returns
    -------
    Truncated
        By Newton's method with halved steps in b / sigma and 1 / sigma (Olsen 1978), where the likelihood has one
        maximum (Orme and Ruud 2002, Economics Letters 75, 209-217).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> z = np.column_stack([np.ones(20_000), rng.normal(size=20_000)])
    >>> y = z @ [1.5, 0.5] + rng.normal(size=20_000)
    >>> truncated_regression(y[y > 1], z[y > 1]).coefficients.round(1).tolist()
    [[1.5, 0.5]]
    """
    y = np.atleast_2d(values)
    width = regressors.shape[1]
    slope = np.linalg.lstsq(regressors, y.T)[0].T
    spread = np.maximum((y - slope @ regressors.T).std(axis=1), np.finfo(float).tiny)
    at = np.column_stack([slope / spread[:, None], 1 / spread])
    level = _likelihood(y, regressors, at, bound)
    open_ = np.ones(len(y), dtype=bool)
    for _ in range(_STEPS):
        rows = np.flatnonzero(open_)
        gradient, hessian = _derivatives(y[rows], regressors, at[rows], bound)
        still = np.abs(gradient).max(axis=1) > _GRADIENT * y.shape[1]
        open_[rows[~still]] = False
        rows, gradient, hessian = rows[still], gradient[still], hessian[still]
        if not len(rows):
            break
        ridge = 1e-12 * np.trace(hessian, axis1=1, axis2=2)[:, None, None] * np.eye(width + 1)
        step = -np.linalg.solve(hessian + ridge, gradient[:, :, None])[:, :, 0]
        moved = _line_search(y, regressors, (at, level), (rows, step), bound)
        open_[rows[~moved]] = False
    gradient, _ = _derivatives(y, regressors, at, bound)
    flat = np.abs(gradient).max(axis=1) <= 1e3 * _GRADIENT * y.shape[1]
    return Truncated(at[:, :width] / at[:, width:], 1 / at[:, width], level, flat & np.isfinite(level))


def truncated_draws(
    mean: FloatArray, sigma: float, count: int, rng: np.random.Generator, *, bound: float = 1.0
) -> FloatArray:
    """Return `count` samples `(count, n)` of normals with these means and deviation, each above `bound`.

    Parameters
    ----------
    mean
        `(n,)`.
    sigma
        Standard deviation before truncation.
    count
        Number of samples.
    rng
        Where the random numbers come from.
    bound
        The least value.

    Returns
    -------
    array (count, n)
        Draws by the inverse of the distribution, exact far in the tail too.
    """
    from scipy.special import log_ndtr, ndtri_exp

    room = log_ndtr((mean - bound) / sigma)
    uniform = rng.random((count, len(mean)))
    return np.maximum(mean - sigma * ndtri_exp(np.log1p(-uniform) + room), bound)


def _likelihood(y: FloatArray, z: FloatArray, at: FloatArray, bound: float) -> FloatArray:
    """Return the log likelihood of each sample at (b / sigma, 1 / sigma)."""
    from scipy.special import log_ndtr

    mean, scale = at[:, :-1] @ z.T, at[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        each = np.log(scale) - 0.5 * (scale * y - mean) ** 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(mean - bound * scale)
    return np.where(at[:, -1] > 0, each.sum(axis=1), -np.inf)


def _derivatives(y: FloatArray, z: FloatArray, at: FloatArray, bound: float) -> tuple[FloatArray, FloatArray]:
    """Return gradient `(B, k + 1)` and Hessian `(B, k + 1, k + 1)`."""
    from scipy.special import log_ndtr

    mean, scale = at[:, :-1] @ z.T, at[:, -1:]
    argument = mean - bound * scale
    mills = np.exp(-0.5 * argument**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(argument))
    bend = mills * (mills + argument)
    rest = scale * y - mean
    gradient = np.concatenate(
        [(rest - mills) @ z, (1 / scale - y * rest + bound * mills).sum(axis=1, keepdims=True)], axis=1
    )
    width = z.shape[1]
    hessian = np.empty((len(y), width + 1, width + 1))
    hessian[:, :width, :width] = np.einsum("bn,nk,nl->bkl", bend - 1, z, z)
    hessian[:, :width, width] = hessian[:, width, :width] = (y - bound * bend) @ z
    hessian[:, width, width] = (-1 / scale**2 - y**2 + bound**2 * bend).sum(axis=1)
    return gradient, hessian


def _line_search(
    y: FloatArray,
    z: FloatArray,
    state: tuple[FloatArray, FloatArray],
    move: tuple[FloatArray, FloatArray],
    bound: float,
) -> BoolArray:
    """Take the step, halved until the likelihood does not fall; return which samples moved."""
    at, level = state
    rows, step = move
    moved = np.zeros(len(rows), dtype=bool)
    size = 1.0
    for _ in range(_HALVINGS):
        left = np.flatnonzero(~moved)
        trial = at[rows[left]] + size * step[left]
        value = _likelihood(y[rows[left]], z, trial, bound)
        better = value >= level[rows[left]] - 1e-12 * np.abs(level[rows[left]])
        took = left[better]
        at[rows[took]], level[rows[took]], moved[took] = trial[better], value[better], True
        if moved.all():
            break
        size /= 2
    return moved
