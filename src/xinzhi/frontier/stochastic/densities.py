"""Density of the composed error e = v - u, noise v normal and inefficiency u >= 0, for each distribution of u.

Every density comes with its score, by Fisher's identity: the score of what is seen is the mean, given the residual, of
the score of residual and inefficiency together. Shape parameters are ``ln sigma_v**2``, ``ln sigma_u**2`` and whatever
the distribution adds; each may be one number or one for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.frontier.stochastic.posterior import BoxNormal, CutNormal, TiltedNormal, log_box
from xinzhi.frontier.stochastic.special import LOG_ROOT_2PI, log_scaled_cdf, moment_ratios

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.stochastic.posterior import Posterior

    Shape = tuple[FloatArray | float, ...]

NOISE, INEFFICIENCY, LOCATION, GAMMA = "ln(sigma_v2)", "ln(sigma_u2)", "mu", "ln(shape)"


@dataclass(frozen=True, slots=True)
class Terms:
    """Log density of each row and its derivatives.

    Parameters
    ----------
    value, slope
        Log density, and its derivative by the residual, of the residual's shape.
    shape
        Derivatives by each shape parameter, in their order.
    """

    value: FloatArray
    slope: FloatArray
    shape: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a model needs of a distribution of inefficiency.

    Parameters
    ----------
    name, shape
        Its name and the names of its shape parameters.
    terms, posterior
        Functions of residual and shape parameters.
    sd
        Standard deviation and mean of u over ``sigma_u``, for first guesses.
    """

    name: str
    shape: tuple[str, ...]
    terms: Callable[[FloatArray, Shape], Terms]
    posterior: Callable[[FloatArray, Shape], Posterior]
    sd: tuple[float, float]


def truncated_posterior(e: FloatArray, shape: Shape) -> CutNormal:
    """Return u | e for ``u ~ N+(mu, sigma_u**2)``; the half-normal has no third parameter."""
    noise, spread = np.exp(shape[0]), np.exp(shape[1])
    location = shape[2] if len(shape) > 2 else 0.0  # noqa: PLR2004 - noise, inefficiency, then its location
    total = noise + spread
    scale = np.sqrt(noise * spread / total)
    return CutNormal((noise * location - spread * e) / total, scale + np.zeros_like(e))


def truncated_terms(e: FloatArray, shape: Shape) -> Terms:
    """Return the density of e for ``u ~ N+(mu, sigma_u**2)`` (Stevenson 1980; half-normal with mu = 0).

    Examples
    --------
    >>> float(truncated_terms(np.array([0.0]), (0.0, 0.0)).value[0].round(6))  # N(0, 2) at 0, doubled and halved
    -1.265512
    """
    noise, spread = np.exp(shape[0]), np.exp(shape[1])
    location = shape[2] if len(shape) > 2 else 0.0  # noqa: PLR2004 - noise, inefficiency, then its location
    total, root = noise + spread, np.sqrt(spread)
    after = truncated_posterior(e, shape)
    r, k = after.location / after.scale, np.asarray(location / root)
    # log Phi(r) - log Phi(k) and the normal density of e + mu, written so that neither tail cancels the other
    value = log_scaled_cdf(r) - log_scaled_cdf(k) - 0.5 * np.log(total) - LOG_ROOT_2PI - 0.5 * e**2 / noise
    first, second = moment_ratios(r)
    m1, m2 = after.scale * first, after.scale**2 * first * second
    prior_first, prior_second = moment_ratios(k)
    p1, p2 = root * prior_first, spread * prior_first * prior_second
    by_noise = -0.5 + 0.5 * (e**2 + 2 * e * m1 + m2) / noise
    by_spread = 0.5 * ((m2 - p2) - 2 * location * (m1 - p1)) / spread
    parts = (by_noise, by_spread, (m1 - p1) / spread)
    return Terms(value, -(e + m1) / noise, parts[: len(shape)])


def exponential_posterior(e: FloatArray, shape: Shape) -> CutNormal:
    """Return u | e for exponential u with mean ``sigma_u``."""
    noise = np.exp(shape[0])
    return CutNormal(-e - noise * np.exp(-0.5 * np.asarray(shape[1])), np.sqrt(noise) + np.zeros_like(e))


def exponential_terms(e: FloatArray, shape: Shape) -> Terms:
    """Return the density of e for exponential u with mean ``sigma_u`` (Meeusen and van den Broeck 1977)."""
    noise, rate = np.exp(shape[0]), np.exp(-0.5 * np.asarray(shape[1]))
    after = exponential_posterior(e, shape)
    r = after.location / after.scale
    value = np.log(rate) + log_scaled_cdf(r) - 0.5 * e**2 / noise
    first, second = moment_ratios(r)
    m1, m2 = after.scale * first, after.scale**2 * first * second
    by_noise = -0.5 + 0.5 * (e**2 + 2 * e * m1 + m2) / noise
    return Terms(value, -(e + m1) / noise, (by_noise, 0.5 * (m1 * rate - 1)))


def rayleigh_posterior(e: FloatArray, shape: Shape) -> TiltedNormal:
    """Return u | e for Rayleigh u with mode ``sigma_u``."""
    half = truncated_posterior(e, shape[:2])
    return TiltedNormal(half.location, half.scale)


def rayleigh_terms(e: FloatArray, shape: Shape) -> Terms:
    """Return the density of e for Rayleigh u with mode ``sigma_u`` (Hajargasht 2015)."""
    noise, spread = np.exp(shape[0]), np.exp(shape[1])
    after = rayleigh_posterior(e, shape)
    r = after.location / after.scale
    first, second, third = moment_ratios(r, 3)
    value = (
        2 * np.log(after.scale)
        - shape[1]
        - 0.5 * np.asarray(shape[0])
        + log_scaled_cdf(r)
        + np.log(first)
        - 0.5 * e**2 / noise
    )
    m1, m2 = after.scale * second, after.scale**2 * second * third
    by_noise = -0.5 + 0.5 * (e**2 + 2 * e * m1 + m2) / noise
    return Terms(value, -(e + m1) / noise, (by_noise, 0.5 * m2 / spread - 1))


def uniform_posterior(e: FloatArray, shape: Shape) -> BoxNormal:
    """Return u | e for u uniform between 0 and ``sigma_u sqrt(12)``."""
    return BoxNormal(-e, float(np.exp(0.5 * shape[0])), float(np.sqrt(12) * np.exp(0.5 * shape[1])))


def uniform_terms(e: FloatArray, shape: Shape) -> Terms:
    """Return the density of e for u uniform between 0 and ``sigma_u sqrt(12)`` (Li 1996)."""
    scale, top = np.exp(0.5 * np.asarray(shape[0])), np.sqrt(12) * np.exp(0.5 * np.asarray(shape[1]))
    low, high = e / scale, (e + top) / scale
    mass = log_box(low, high)
    at_low, at_high = np.exp(-0.5 * low**2 - LOG_ROOT_2PI - mass), np.exp(-0.5 * high**2 - LOG_ROOT_2PI - mass)
    by_noise = -0.5 * (at_high * high - at_low * low)
    return Terms(mass - np.log(top), (at_high - at_low) / scale, (by_noise, 0.5 * (at_high * top / scale - 1)))


_NORMAL_CUT = (np.sqrt(1 - 2 / np.pi), np.sqrt(2 / np.pi))

HALF_NORMAL = Distribution("half-normal", (NOISE, INEFFICIENCY), truncated_terms, truncated_posterior, _NORMAL_CUT)
TRUNCATED = Distribution(
    "truncated-normal", (NOISE, INEFFICIENCY, LOCATION), truncated_terms, truncated_posterior, _NORMAL_CUT
)
EXPONENTIAL = Distribution("exponential", (NOISE, INEFFICIENCY), exponential_terms, exponential_posterior, (1.0, 1.0))
RAYLEIGH = Distribution(
    "rayleigh", (NOISE, INEFFICIENCY), rayleigh_terms, rayleigh_posterior, (np.sqrt(2 - np.pi / 2), np.sqrt(np.pi / 2))
)
UNIFORM = Distribution("uniform", (NOISE, INEFFICIENCY), uniform_terms, uniform_posterior, (1.0, np.sqrt(3.0)))
