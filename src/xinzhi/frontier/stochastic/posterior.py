"""What a residual says about the inefficiency behind it: mean, efficiency and interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from xinzhi.frontier.stochastic.special import log_scaled_cdf, moment_ratios, truncated_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.arrays import FloatArray

_HALVINGS = 60


class Posterior(Protocol):
    """Distribution of the inefficiency u given the residual, one for each row."""

    def mean(self) -> FloatArray:
        """Return E[u | e] (Jondrow, Lovell, Materov and Schmidt 1982)."""

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e] (Battese and Coelli 1988)."""

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e (Horrace and Schmidt 1996)."""


@dataclass(frozen=True, slots=True)
class CutNormal:
    """A normal variable cut at zero: after a half-normal, truncated normal or exponential inefficiency.

    Parameters
    ----------
    location, scale
        Of the normal variable before it is cut.
    """

    location: FloatArray
    scale: FloatArray

    def mean(self) -> FloatArray:
        """Return E[u | e]."""
        return self.scale * moment_ratios(self.location / self.scale, 1)[0]

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e]."""
        r, step = self.location / self.scale, factor * self.scale
        right = 0.5 * step**2 - factor * self.location + log_ndtr(r - step) - log_ndtr(r)
        return np.exp(
            np.where(r > 0, right, log_scaled_cdf(r - step) - log_scaled_cdf(r))
        )  # each where it keeps its digits

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e."""
        return truncated_quantile(self.location, self.scale, probability)


@dataclass(frozen=True, slots=True)
class BoxNormal:
    """A normal variable cut at zero and at `top`: after a uniform inefficiency.

    Parameters
    ----------
    location, scale, top
        Of the normal variable before it is cut, and where it ends.
    """

    location: FloatArray
    scale: float
    top: float

    def _mass(self, location: FloatArray) -> FloatArray:
        return log_box(-location / self.scale, (self.top - location) / self.scale)

    def mean(self) -> FloatArray:
        """Return E[u | e]."""
        mass = self._mass(self.location)
        low, high = -self.location / self.scale, (self.top - self.location) / self.scale
        slope = np.exp(-0.5 * low**2 - mass) - np.exp(-0.5 * high**2 - mass)
        mean: FloatArray = self.location + self.scale * slope / np.sqrt(2 * np.pi)
        return np.clip(mean, 0.0, self.top)

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e]."""
        moved = self.location - factor * self.scale**2
        log_mean = -factor * self.location + 0.5 * (factor * self.scale) ** 2
        return np.exp(log_mean + self._mass(moved) - self._mass(self.location))

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e."""
        low, high = -self.location / self.scale, (self.top - self.location) / self.scale
        flip = np.where(low > 0, -1.0, 1.0)  # the tail with more digits
        start, end = ndtr(flip * low), ndtr(flip * high)
        inside = flip * ndtri(start + probability * (end - start))
        return np.clip(self.location + self.scale * inside, 0.0, self.top)


@dataclass(frozen=True, slots=True)
class TiltedNormal:
    """A normal variable cut at zero and weighted by u: after a Rayleigh inefficiency.

    Parameters
    ----------
    location, scale
        Of the normal variable before it is cut and weighted.
    """

    location: FloatArray
    scale: FloatArray

    def mean(self) -> FloatArray:
        """Return E[u | e]."""
        return self.scale * moment_ratios(self.location / self.scale, 2)[1]

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e]."""
        r, step = self.location / self.scale, factor * self.scale
        moved = r - step
        plain = log_ndtr(moved) - log_ndtr(r) + np.log(moment_ratios(moved, 1)[0] / moment_ratios(r, 1)[0])
        right = 0.5 * step**2 - factor * self.location + plain
        return np.exp(np.where(r > 0, right, log_tilted(moved) - log_tilted(r)))

    def _above(self, u: FloatArray) -> FloatArray:
        """Return P(U > u): the integral of t pdf(t - r) over t > c is ``pdf(c - r) + r cdf(r - c)``."""
        r, c = self.location / self.scale, u / self.scale
        density = np.exp(-0.5 * (c - r) ** 2) / np.sqrt(2 * np.pi)
        return np.asarray((density + r * ndtr(r - c)) / np.exp(log_tilted(r) - 0.5 * r**2))

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e, by halving."""
        top = np.maximum(self.location, 0.0) + 40 * self.scale
        return halve(lambda u: 1 - self._above(u), top, probability)


@dataclass(frozen=True, slots=True)
class Weighted:
    """Points and weights: after a gamma inefficiency, by simulation or quadrature.

    Parameters
    ----------
    points, weights
        `(n, m)`; the weights of a row add up to 1.
    """

    points: FloatArray
    weights: FloatArray

    def mean(self) -> FloatArray:
        """Return E[u | e]."""
        return np.asarray((self.weights * self.points).sum(axis=1))

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e]."""
        return np.asarray((self.weights * np.exp(-np.asarray(factor)[..., None] * self.points)).sum(axis=1))

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e, between the two points around it."""
        order = np.argsort(self.points, axis=1)
        points = np.take_along_axis(self.points, order, axis=1)
        weights = np.take_along_axis(self.weights, order, axis=1)
        middle = weights.cumsum(axis=1) - 0.5 * weights
        return np.array([np.interp(probability, at, value) for at, value in zip(middle, points, strict=True)])


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture of cut normal variables: an inefficiency beside a random effect that is integrated out.

    Parameters
    ----------
    parts
        Cut normal variables `(n, m)`.
    weights
        `(n, m)`, adding up to 1 in each row.
    """

    parts: CutNormal
    weights: FloatArray

    def mean(self) -> FloatArray:
        """Return E[u | e]."""
        return np.asarray((self.weights * self.parts.mean()).sum(axis=1))

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e]."""
        return np.asarray((self.weights * self.parts.efficiency(np.asarray(factor)[..., None])).sum(axis=1))

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e, by halving."""
        location, scale = self.parts.location, self.parts.scale

        def below(u: FloatArray) -> FloatArray:
            above = log_ndtr((location - u[:, None]) / scale) - log_ndtr(location / scale)
            return np.asarray(1 - (self.weights * np.exp(above)).sum(axis=1))

        top = np.maximum(location, 0.0).max(axis=1) + 40 * np.max(scale)
        return halve(below, top, probability)


def halve(below: Callable[[FloatArray], FloatArray], top: FloatArray, probability: float) -> FloatArray:
    """Return where the increasing function `below` passes `probability`, between 0 and `top`."""
    low, high = np.zeros_like(top), top.copy()
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        left = below(middle) < probability
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return 0.5 * (low + high)


def log_tilted(r: FloatArray) -> FloatArray:
    """Return the log of the integral of ``u pdf(u - r)`` over u > 0, plus ``r**2 / 2``."""
    return log_scaled_cdf(r) + np.log(moment_ratios(r, 1)[0])


def log_box(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return ``log(cdf(high) - cdf(low))`` for low < high, from the tail with more digits."""
    a, b = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    upper = log_ndtr(b)
    return np.asarray(upper + np.log(-np.expm1(log_ndtr(a) - upper)))
