"""Paths of debt to output from resampled shocks: growth, interest and borrowing drawn together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

GROWTH, RATE, BORROWING = 0, 1, 2
_TINY = 1e-12
_STABLE, _HALVINGS = 0.999, 20


def recursion(start: float, growth: FloatArray, rate: FloatArray, borrowing: FloatArray) -> FloatArray:
    r"""Return debt to output along paths (..., H): :math:`d_t = \frac{1+r_t}{1+g_t} d_{t-1} + b_t`.

    Parameters
    ----------
    start
        Debt to output at the start.
    growth, rate, borrowing
        (..., H); borrowing net of interest over output, that is :math:`-pb + sfa`.

    Examples
    --------
    >>> recursion(0.5, np.array([0.0, 0.0]), np.array([0.1, 0.1]), np.array([0.0, 0.1])).round(4).tolist()
    [0.55, 0.705]
    """
    factor = (1.0 + rate) / (1.0 + growth)
    paths: FloatArray = np.empty(np.broadcast(factor, borrowing).shape)
    last: FloatArray | float = start
    for step in range(growth.shape[-1]):
        paths[..., step] = factor[..., step] * last + borrowing[..., step]
        last = paths[..., step]
    return paths


def residuals(history: FloatArray) -> FloatArray:
    """Return deviations from the mean (T, k), scaled so that their variance is the unbiased one.

    Examples
    --------
    >>> residuals(np.array([[1.0], [3.0]])).round(4).ravel().tolist()
    [-1.4142, 1.4142]
    """
    years = len(history)
    return np.asarray((history - history.mean(axis=0)) * np.sqrt(years / (years - 1)))


def independent(
    history: FloatArray, horizon: int, draws: int, rng: np.random.Generator, pool: FloatArray | None = None
) -> FloatArray:
    """Draw futures (B, H, k) around the mean of the past, with rows of shocks drawn whole.

    Parameters
    ----------
    history
        The past (T, k).
    horizon, draws, rng
        Years, number of futures, and the source of chance.
    pool
        Shocks (N, k) of many regions; None: the region's own.

    Notes
    -----
    The mean is not known: each future has a mean of its own, from a resampled past. Own shocks are few, so that their
    spread is not known either: they are rescaled by the spread of the past over that of the resampled past (a
    bootstrap-t), without which bands of short series are too narrow.
    """
    years = len(history)
    own = residuals(history) if pool is None else pool
    past = own[rng.integers(len(own), size=(draws, years))]
    scale = np.ones((draws, 1, history.shape[1]))
    if pool is None:
        scale = spread_ratio(history.std(axis=0, ddof=1), past.std(axis=1, ddof=1))[:, None]
    shocks = own[rng.integers(len(own), size=(draws, horizon))]
    return np.asarray(history.mean(axis=0) + (past.mean(axis=1, keepdims=True) + shocks) * scale)


def autoregressive(history: FloatArray, horizon: int, draws: int, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Draw futures (B, H, k) of a vector autoregression of order one, and the share of draws pulled back to stability.

    Parameters
    ----------
    history
        The past (T, k); T well above k + 2.
    horizon, draws, rng
        As `independent`.

    Notes
    -----
    Least squares takes short series for less persistent than they are. The slopes are corrected by Pope's (1990,
    Journal of Time Series Analysis 11(3)) first-order bias; each future has slopes of its own, estimated on a past made
    of resampled residuals and corrected by the same amount (Kilian 1998, Review of Economics and Statistics 80(2)).
    Slopes that explode are shrunk until they do not.
    """
    n, k = len(history) - 1, history.shape[1]
    slopes, left = _least_squares(history[None])
    bias = _bias(slopes[0], left[0].T @ left[0] / (n - k - 1), n)
    true, _ = _stable(slopes + bias, slopes)
    level, shocks = history.mean(axis=0), left[0] - left[0].mean(axis=0)
    shocks = shocks * np.sqrt(n / (n - k - 1))
    past = np.empty((draws, n + 1, k))
    past[:, 0] = history[rng.integers(n + 1, size=draws)] - level
    drawn = shocks[rng.integers(n, size=(draws, n))]
    for step in range(n):
        past[:, step + 1] = past[:, step] @ true[0] + drawn[:, step]
    again, rest = _least_squares(past)
    own, pulled = _stable(again + bias, again)
    spread = np.sqrt((rest**2).sum(axis=1) / (n - k - 1))
    ratio = spread_ratio(np.sqrt((shocks**2).mean(axis=0)), spread)
    ahead = shocks[rng.integers(n, size=(draws, horizon))] * ratio[:, None]
    # what a resampled past is off its own mean is what the past may be off the true one
    centre = level + past.mean(axis=1)
    future = np.empty((draws, horizon, k))
    last = history[-1] - centre
    for step in range(horizon):
        last = np.einsum("bi,bij->bj", last, own) + ahead[:, step]
        future[:, step] = centre + last
    return future, pulled


def _least_squares(series: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slopes (B, k, k), rows the lags, and residuals (B, n, k) of series (B, n + 1, k) around their means."""
    lag, now = series[:, :-1], series[:, 1:]
    lag, now = lag - lag.mean(axis=1, keepdims=True), now - now.mean(axis=1, keepdims=True)
    gram = np.einsum("bni,bnj->bij", lag, lag) + _TINY * np.eye(series.shape[2])
    slopes = np.linalg.solve(gram, np.einsum("bni,bnj->bij", lag, now))
    return slopes, now - lag @ slopes


def _bias(slopes: FloatArray, variance: FloatArray, years: int) -> FloatArray:
    """Return what least squares takes off the slopes (k, k) on average, to the order of 1 / years."""
    from scipy.linalg import solve_discrete_lyapunov

    a, one = slopes.T, np.eye(len(slopes))
    roots = np.linalg.eigvals(a)
    if np.abs(roots).max() >= _STABLE:
        return np.zeros_like(slopes)
    spread = solve_discrete_lyapunov(a, variance)
    total = np.linalg.inv(one - a.T) + a.T @ np.linalg.inv(one - a.T @ a.T)
    total = total + sum(root * np.linalg.inv(one - root * a.T) for root in roots)
    lost = variance @ total.real @ np.linalg.pinv(spread)
    return np.asarray((lost / years).T)


def _stable(corrected: FloatArray, plain: FloatArray) -> tuple[FloatArray, float]:
    """Return slopes between the plain and the corrected ones that do not explode, and the share that was pulled back.

    Where the plain ones explode themselves they are shrunk.
    """
    share = np.ones(len(corrected))
    found = corrected
    for _ in range(_HALVINGS):
        root = np.abs(np.linalg.eigvals(found)).max(axis=1)
        wild = root >= _STABLE
        if not wild.any():
            break
        share = np.where(wild, share - 1 / _HALVINGS, share)
        found = plain + share[:, None, None] * (corrected - plain)
    root = np.abs(np.linalg.eigvals(found)).max(axis=1)
    factor = np.where(root >= _STABLE, _STABLE / np.maximum(root, _TINY), 1.0)
    return np.asarray(found * factor[:, None, None]), float((share < 1).mean())


def spread_ratio(spread: FloatArray, drawn: FloatArray) -> FloatArray:
    """Return the spread of the past (k,) over that of resampled pasts (B, k); 1 where there is none.

    Examples
    --------
    >>> spread_ratio(np.array([2.0, 0.0]), np.array([[1.0, 0.0]])).tolist()
    [[2.0, 1.0]]
    """
    safe = drawn > _TINY
    return np.asarray(np.where(safe, spread / np.where(safe, drawn, 1.0), 1.0))
