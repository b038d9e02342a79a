"""Normal tails without cancellation: what every composed-error likelihood is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr, ndtri_exp

from xinzhi.core.arrays import FloatArray

Shape = tuple[FloatArray | float, ...]


_SQRT2, _LOG2 = np.sqrt(2.0), np.log(2.0)
_FORWARD = -3.0  # left of it the upward recursion of the moments loses digits, the downward one gains them
_DEPTH = 60  # steps of the downward recursion: the error at r = -3 is below exp(-60)
LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


def log_scaled_cdf(r: FloatArray) -> FloatArray:
    """Return ``log cdf(r) + r**2 / 2``, which stays small however far left `r` lies."""
    negative = np.minimum(r, 0.0)
    positive = np.maximum(r, 0.0)
    return np.where(r < 0, np.log(erfcx(-negative / _SQRT2)) - _LOG2, log_ndtr(positive) + 0.5 * positive**2)


def moment_ratios(r: FloatArray, count: int = 2) -> list[FloatArray]:
    """Return ``J[k] / J[k-1]`` for k = 1..count, with ``J[k]`` the integral of ``u**k pdf(u - r)`` over u > 0."""
    # The mean of a normal variable with location `r` and scale 1 that is cut at zero is the first ratio, its second
    # moment the product of the first two, and so on.
    # ``J[k] = r J[k-1] + (k - 1) J[k-2]`` upwards, ``J[k-1]/J[k-2] = (k - 1) / (J[k]/J[k-1] - r)`` downwards: the
    # integrals are the minimal solution for r < 0 (Gautschi 1967, SIAM Review 9).
    r = np.asarray(r, dtype=np.float64)
    right = np.maximum(r, _FORWARD)
    upward = [np.array(right + np.exp(-LOG_ROOT_2PI - log_scaled_cdf(right)))]
    for k in range(2, count + 1):
        upward.append(np.array(right + (k - 1) / upward[-1]))
    deep = r < _FORWARD
    if not deep.any():
        return upward
    values = r[deep]
    ratio = 0.5 * (values + np.sqrt(values**2 + 4 * _DEPTH))
    for k in range(_DEPTH, 1, -1):
        ratio = (k - 1) / (ratio - values)
        if k - 1 <= count:
            upward[k - 2][deep] = ratio
    return upward


def truncated_quantile(location: FloatArray, scale: FloatArray, probability: float) -> FloatArray:
    """Return the quantile of a normal variable that is cut at zero."""
    above = np.log1p(-probability) + log_ndtr(location / scale)
    return np.asarray(np.maximum(location - scale * ndtri_exp(above), 0.0))


_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class CutNormal:
    """A normal variable cut at zero: after a half-normal, truncated normal or exponential inefficiency."""

    location: FloatArray
    scale: FloatArray

    def mean(self) -> FloatArray:
        """Return E[u | e]."""
        return self.scale * moment_ratios(self.location / self.scale, 1)[0]

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e]."""
        r, step = self.location / self.scale, factor * self.scale
        upper = 0.5 * step**2 - factor * self.location + log_ndtr(r - step) - log_ndtr(r)
        lower = log_scaled_cdf(r - step) - log_scaled_cdf(r)
        return np.exp(np.where(r > 0, upper, lower))  # each where it keeps its digits

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e."""
        return truncated_quantile(self.location, self.scale, probability)


@dataclass(frozen=True, slots=True)
class BoxNormal:
    """A normal variable cut at zero and at `top`: after a uniform inefficiency."""

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
        location = self.location - factor * self.scale**2
        log_mean = -factor * self.location + 0.5 * (factor * self.scale) ** 2
        return np.exp(log_mean + self._mass(location) - self._mass(self.location))

    def quantile(self, probability: float) -> FloatArray:
        """Return the quantile of u | e."""
        low, high = -self.location / self.scale, (self.top - self.location) / self.scale
        flip = np.where(low > 0, -1.0, 1.0)  # the tail with more digits
        start, end = log_ndtr(flip * low), log_ndtr(flip * high)  # in logs: far outside the box both tails are 0
        inside: FloatArray = flip * ndtri_exp(np.logaddexp(start + np.log1p(-probability), end + np.log(probability)))
        return np.clip(self.location + self.scale * inside, 0.0, self.top)


@dataclass(frozen=True, slots=True)
class TiltedNormal:
    """A normal variable cut at zero and weighted by u: after a Rayleigh inefficiency."""

    location: FloatArray
    scale: FloatArray

    def mean(self) -> FloatArray:
        """Return E[u | e]."""
        return self.scale * moment_ratios(self.location / self.scale, 2)[1]

    def efficiency(self, factor: FloatArray | float = 1.0) -> FloatArray:
        """Return E[exp(-factor u) | e]."""
        r, step = self.location / self.scale, factor * self.scale
        offset = r - step
        log_ratio = log_ndtr(offset) - log_ndtr(r) + np.log(moment_ratios(offset, 1)[0] / moment_ratios(r, 1)[0])
        upper = 0.5 * step**2 - factor * self.location + log_ratio
        return np.exp(np.where(r > 0, upper, log_tilted(offset) - log_tilted(r)))

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
    """Points and weights: after a gamma inefficiency, by simulation or quadrature."""

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
    """A mixture of cut normal variables: an inefficiency beside a random effect that is integrated out."""

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


# Distribution of the inefficiency u given the residual, one for each row: ``mean`` E[u | e] (Jondrow, Lovell, Materov
# and Schmidt 1982), ``efficiency`` E[exp(-factor u) | e] (Battese and Coelli 1988), ``quantile`` (Horrace and Schmidt
# 1996).
Posterior = CutNormal | BoxNormal | TiltedNormal | Weighted | Mixture


def halve(below: Callable[[FloatArray], FloatArray], top: FloatArray, probability: float) -> FloatArray:
    """Return where the increasing function `below` passes `probability`, between 0 and `top`."""
    low, high = np.zeros_like(top), top.copy()
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low_side = below(middle) < probability
        low, high = np.where(low_side, middle, low), np.where(low_side, high, middle)
    return 0.5 * (low + high)


def log_tilted(r: FloatArray) -> FloatArray:
    """Return the log of the integral of ``u pdf(u - r)`` over u > 0, plus ``r**2 / 2``."""
    return log_scaled_cdf(r) + np.log(moment_ratios(r, 1)[0])


def log_box(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return ``log(cdf(high) - cdf(low))`` for low < high, from the tail with more digits."""
    a, b = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    upper = log_ndtr(b)
    return np.asarray(upper + np.log(-np.expm1(log_ndtr(a) - upper)))


NOISE, INEFFICIENCY, LOCATION, GAMMA = "ln(sigma_v2)", "ln(sigma_u2)", "mu", "ln(shape)"


@dataclass(frozen=True, slots=True)
class Terms:
    """Log density of each row and its derivatives."""

    value: FloatArray
    slope: FloatArray
    shape: tuple[FloatArray, ...]

    def with_parameters(self, *more: FloatArray) -> Terms:
        """Return the terms with derivatives by further parameters."""
        return Terms(self.value, self.slope, (*self.shape, *more))


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a model needs of a distribution of inefficiency."""

    name: str
    shape: tuple[str, ...]
    terms: Callable[[FloatArray, Shape], Terms]
    posterior: Callable[[FloatArray, Shape], Posterior]
    sd: tuple[float, float]


def noisy(value: FloatArray, e: FloatArray, noise: float | FloatArray, m1: FloatArray, m2: FloatArray) -> Terms:
    """Return a density with its derivatives by e and the log variance of noise, from the moments of u given e."""
    return Terms(value, -(e + m1) / noise, (-0.5 + 0.5 * (e**2 + 2 * e * m1 + m2) / noise,))


def truncated_posterior(e: FloatArray, shape: Shape) -> CutNormal:
    """Return u | e for ``u ~ N+(mu, sigma_u**2)``; the half-normal has no third parameter."""
    noise, spread = np.exp(shape[0]), np.exp(shape[1])
    location = shape[2] if len(shape) > 2 else 0.0  # noqa: PLR2004 - noise, inefficiency, then its location
    total = noise + spread
    scale = np.sqrt(noise * spread / total)
    return CutNormal((noise * location - spread * e) / total, scale + np.zeros_like(e))


def truncated_terms(e: FloatArray, shape: Shape) -> Terms:
    """Return the density of e for ``u ~ N+(mu, sigma_u**2)`` (Stevenson 1980; half-normal with mu = 0)."""
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
    by_spread = 0.5 * ((m2 - p2) - 2 * location * (m1 - p1)) / spread
    return noisy(value, e, noise, m1, m2).with_parameters(by_spread, *([(m1 - p1) / spread] if len(shape) > 2 else []))  # noqa: PLR2004 - as above


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
    return noisy(value, e, noise, m1, m2).with_parameters(0.5 * (m1 * rate - 1))


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
    value = 2 * np.log(after.scale) - shape[1] - 0.5 * np.asarray(shape[0]) + log_scaled_cdf(r) + np.log(first)
    value = value - 0.5 * e**2 / noise
    m1, m2 = after.scale * second, after.scale**2 * second * third
    return noisy(value, e, noise, m1, m2).with_parameters(0.5 * m2 / spread - 1)


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
