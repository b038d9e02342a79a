"""Normal tails without cancellation: what every composed-error likelihood is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtri_exp

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

_SQRT2, _LOG2 = np.sqrt(2.0), np.log(2.0)
_FORWARD = -3.0  # left of it the upward recursion of the moments loses digits, the downward one gains them
_DEPTH = 60  # steps of the downward recursion: the error at r = -3 is below exp(-60)
LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


def log_scaled_cdf(r: FloatArray) -> FloatArray:
    """Return ``log cdf(r) + r**2 / 2``, which stays small however far left `r` lies.

    Parameters
    ----------
    r
        Any shape.

    Examples
    --------
    >>> float(log_scaled_cdf(np.array([-1e6]))[0].round(6))
    -14.734449
    """
    left = np.minimum(r, 0.0)
    right = np.maximum(r, 0.0)
    return np.where(r < 0, np.log(erfcx(-left / _SQRT2)) - _LOG2, log_ndtr(right) + 0.5 * right**2)


def moment_ratios(r: FloatArray, count: int = 2) -> list[FloatArray]:
    """Return ``J[k] / J[k-1]`` for k = 1..count, with ``J[k]`` the integral of ``u**k pdf(u - r)`` over u > 0.

    The mean of a normal variable with location `r` and scale 1 that is cut at zero is the first ratio, its second
    moment the product of the first two, and so on.

    Parameters
    ----------
    r
        Location in units of the scale, any shape.
    count
        How many ratios.

    Notes
    -----
    ``J[k] = r J[k-1] + (k - 1) J[k-2]`` upwards, ``J[k-1]/J[k-2] = (k - 1) / (J[k]/J[k-1] - r)`` downwards: the
    integrals are the minimal solution for r < 0 (Gautschi 1967, SIAM Review 9).

    Examples
    --------
    >>> [float(ratio[0].round(9)) for ratio in moment_ratios(np.array([0.0]))]
    [0.797884561, 1.253314137]
    """
    r = np.asarray(r, dtype=np.float64)
    right = np.maximum(r, _FORWARD)
    upward = [np.array(right + np.exp(-LOG_ROOT_2PI - log_scaled_cdf(right)))]
    for k in range(2, count + 1):
        upward.append(np.array(right + (k - 1) / upward[-1]))
    far = r < _FORWARD
    if not far.any():
        return upward
    left = r[far]
    ratio = 0.5 * (left + np.sqrt(left**2 + 4 * _DEPTH))
    for k in range(_DEPTH, 1, -1):
        ratio = (k - 1) / (ratio - left)
        if k - 1 <= count:
            upward[k - 2][far] = ratio
    return upward


def truncated_quantile(location: FloatArray, scale: FloatArray, probability: float) -> FloatArray:
    """Return the quantile of a normal variable that is cut at zero.

    Parameters
    ----------
    location, scale
        Of the normal variable before it is cut.
    probability
        Between 0 and 1.

    Examples
    --------
    >>> float(truncated_quantile(np.array([0.0]), np.array([1.0]), 0.95)[0].round(6))
    1.959964
    """
    above = np.log1p(-probability) + log_ndtr(location / scale)
    return np.asarray(np.maximum(location - scale * ndtri_exp(above), 0.0))
