"""Gamma inefficiency: its density has no closed form, so it is simulated or integrated.

With shape P and scale ``sigma_u``, the density of e is that of the exponential model times ``E[q**(P - 1)]``, q being
normal with location ``-e - sigma_v**2 / sigma_u`` and cut at zero, over ``gamma(P) sigma_u**(P - 1)`` (Greene 1990,
2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma, gammaln, log_ndtr, ndtri_exp

from xinzhi.frontier.stochastic.densities import (
    GAMMA,
    INEFFICIENCY,
    NOISE,
    Distribution,
    Terms,
    exponential_posterior,
    exponential_terms,
)
from xinzhi.frontier.stochastic.posterior import Weighted
from xinzhi.frontier.stochastic.special import LOG_ROOT_2PI

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.stochastic.densities import Shape

_NODES = 401
_DEVIATIONS, _DROP = 10.0, 40.0  # where the rule ends: widths of the peak, and fall of the log integrand left of them


def halton(count: int, base: int, burn: int) -> FloatArray:
    """Return points of Halton's sequence in one dimension.

    Parameters
    ----------
    count, base, burn
        How many points, in which base, and how many are left out before the first.

    Examples
    --------
    >>> halton(4, 2, 0).tolist()
    [0.5, 0.25, 0.75, 0.125]
    """
    index = np.arange(burn + 1, burn + count + 1)
    points, part = np.zeros(count), 1.0
    while index.any():
        part /= base
        points += part * (index % base)
        index //= base
    return points


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Gamma inefficiency by maximum simulated likelihood.

    Parameters
    ----------
    draws
        Points between 0 and 1, `(n, m)`: one row of draws for each observation, the same in every evaluation.
    """

    draws: FloatArray

    def _points(self, e: FloatArray, shape: Shape) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return draws of the cut normal variable, with the derivative by its location over scale, and r."""
        after = exponential_posterior(e, shape)
        r = after.location / after.scale
        z = -ndtri_exp(np.log1p(-self.draws) + log_ndtr(r)[:, None])
        tilt = np.exp(0.5 * (z**2 - (r**2)[:, None]))
        floor = np.finfo(float).tiny
        return np.maximum(r[:, None] + z, floor), 1 - (1 - self.draws) * tilt, r

    def terms(self, e: FloatArray, shape: Shape) -> Terms:
        """Return the simulated log density and its derivatives."""
        power = np.exp(shape[2]) - 1
        base = exponential_terms(e, shape[:2])
        scale, rate = np.exp(0.5 * np.asarray(shape[0])), np.exp(-0.5 * np.asarray(shape[1]))
        unit, by_r, _ = self._points(e, shape)
        logs = np.log(unit)
        weights, log_mean = _normalised(power * logs)
        growth = power * (weights * by_r / unit).sum(axis=1)  # of the log mean by r = -e / sigma_v - sigma_v / sigma_u
        log_scale = np.log(scale * rate)
        value = base.value + power * log_scale + log_mean - np.log(unit.shape[1]) - gammaln(power + 1)
        by_noise = base.shape[0] + 0.5 * power + growth * 0.5 * (e / scale - scale * rate)
        by_spread = base.shape[1] - 0.5 * power + growth * 0.5 * scale * rate
        by_power = (log_scale + (weights * logs).sum(axis=1) - digamma(power + 1)) * (power + 1)
        return Terms(value, base.slope - growth / scale, (by_noise, by_spread, by_power))

    def posterior(self, e: FloatArray, shape: Shape) -> Weighted:
        """Return u | e as weighted draws."""
        unit, _, _ = self._points(e, shape)
        weights, _ = _normalised((np.exp(shape[2]) - 1) * np.log(unit))
        return Weighted(np.exp(0.5 * np.asarray(shape[0])) * unit, weights)


def _normalised(logs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return weights that add up to 1 in each row, and the log of their sum before."""
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, (top + np.log(total))[:, 0]


def _integrand(e: FloatArray, shape: Shape) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return points u `(n, m)`, their logs, and the log of density times weight of a trapezoid rule around the peak.

    In x = log u the log integrand peaks where ``u**2 / v + u (rate + e / v) = P``; left of it falls no slower than P x,
    right of it faster than a normal density. With ``x = peak + s sinh(t)``, s its width there, the rule is exponential.
    """
    noise, rate = np.exp(shape[0]), np.exp(-0.5 * np.asarray(shape[1]))
    power = np.exp(shape[2])
    half = 0.5 * (rate * noise + e)
    root = np.sqrt(half**2 + power * noise)
    peak = np.where(half > 0, power * noise / (root + np.abs(half)), root - half)
    width = 1 / np.sqrt(peak * (rate + (e + 2 * peak) / noise))
    left = np.arcsinh(_DEVIATIONS + _DROP / (power * width))
    step = (left + np.arcsinh(_DEVIATIONS)) / (_NODES - 1)
    t = -left[:, None] + step[:, None] * np.arange(_NODES)
    logs = np.log(peak)[:, None] + width[:, None] * np.sinh(t)
    points = np.exp(logs)
    weight = np.log(step * width)[:, None] + np.log(np.cosh(t))
    inside = power * logs - rate * points - 0.5 * (e[:, None] + points) ** 2 / noise
    constant = power * np.log(rate) - gammaln(power) - 0.5 * np.log(noise) - LOG_ROOT_2PI
    return points, logs, inside + weight + constant


def integrated_terms(e: FloatArray, shape: Shape) -> Terms:
    """Return the exact log density, by a trapezoid rule (see `_integrand`), and its derivatives."""
    noise, rate = np.exp(shape[0]), np.exp(-0.5 * np.asarray(shape[1]))
    power = np.exp(shape[2])
    points, logs, density = _integrand(e, shape)
    weights, value = _normalised(density)
    m1, m2 = (weights * points).sum(axis=1), (weights * points**2).sum(axis=1)
    by_noise = -0.5 + 0.5 * (e**2 + 2 * e * m1 + m2) / noise
    by_power = ((weights * logs).sum(axis=1) + np.log(rate) - digamma(power)) * power
    return Terms(value, -(e + m1) / noise, (by_noise, 0.5 * (m1 * rate - power), by_power))


def integrated_posterior(e: FloatArray, shape: Shape) -> Weighted:
    """Return u | e as points and weights of the rule."""
    points, _, density = _integrand(e, shape)
    return Weighted(points, _normalised(density)[0])


def gamma(rows: int, draws: int | None, base: int, burn: int) -> Distribution:
    """Return the gamma distribution, simulated with `draws` Halton points a row, or integrated when that is None."""
    names = (NOISE, INEFFICIENCY, GAMMA)
    if draws is None:
        return Distribution("gamma", names, integrated_terms, integrated_posterior, (1.0, 1.0))
    simulated = Simulated(halton(rows * draws, base, burn).reshape(rows, draws))
    return Distribution("gamma", names, simulated.terms, simulated.posterior, (1.0, 1.0))
