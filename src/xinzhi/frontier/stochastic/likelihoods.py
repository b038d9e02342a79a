"""Log-likelihoods of pooled data and of inefficiency that moves in step over the years of a unit.

Parameters stand in one vector: the frontier, then what the model adds, as `names` says. Regressors are orthonormal
here; the estimator maps them back. A likelihood has for each of its independent `groups` of rows value and score,
`gradient` and `hessian` of the whole, and `posterior`: the inefficiency of each row, and the factor that it is times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln, log_ndtr, ndtri_exp

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.frontier.stochastic import densities

_STEP = 1e-5  # of central differences of exact first derivatives: error about 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Independent rows: every cross-section model, Battese and Coelli 1995, true fixed effects."""

    y: FloatArray
    x: FloatArray
    distribution: densities.Distribution
    z: FloatArray | None = None
    z_names: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that follow those of the frontier."""
        if self.z is None:
            return self.distribution.shape
        return self.distribution.shape[:2] + self.z_names

    @property
    def groups(self) -> IntArray:
        """Which independent group each row belongs to: its own."""
        return np.arange(self.y.size)

    def _split(self, theta: FloatArray) -> tuple[FloatArray, tuple[FloatArray | float, ...]]:
        k = self.x.shape[1]
        residual = self.y - self.x @ theta[:k]
        if self.z is None:
            return residual, tuple(theta[k:])
        return residual, (theta[k], theta[k + 1], self.z @ theta[k + 2 :])

    def _terms(self, theta: FloatArray) -> tuple[densities.Terms, FloatArray]:
        """Return the terms of the rows, and what they add to the score of the parameters after the frontier's."""
        terms = self.distribution.terms(*self._split(theta))
        columns = np.column_stack(terms.shape)
        return terms, columns if self.z is None else np.hstack([columns[:, :2], columns[:, 2:] * self.z])

    def scores(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-likelihood and the score of each row."""
        terms, columns = self._terms(theta)
        return terms.value, np.hstack([-terms.slope[:, None] * self.x, columns])

    def gradient(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its gradient."""
        terms, columns = self._terms(theta)
        return float(terms.value.sum()), np.concatenate([-terms.slope @ self.x, columns.sum(axis=0)])

    def hessian(self, theta: FloatArray) -> FloatArray:
        """Return the matrix of second derivatives, from those by residual and shape of each row."""
        residual, shape = self._split(theta)
        step = _STEP * max(float(np.sqrt(np.mean(residual**2))), 1e-6)
        ends = [((residual + step, shape), (residual - step, shape), -2 * step)]
        for at in range(len(shape)):
            up, down = list(shape), list(shape)
            up[at], down[at] = up[at] + _STEP, down[at] - _STEP
            ends.append(((residual, tuple(up)), (residual, tuple(down)), 2 * _STEP))
        columns = []
        for upper, lower, width in ends:
            high, low = self.distribution.terms(*upper), self.distribution.terms(*lower)
            columns.append((np.array([-high.slope, *high.shape]) - np.array([-low.slope, *low.shape])) / width)
        # rows of `bends`: derivatives by (x b, shape ...) of the derivatives by the same
        bends = np.array(columns)
        bends = 0.5 * (bends + bends.transpose(1, 0, 2))
        blocks = [self.x, np.ones((self.y.size, 1)), np.ones((self.y.size, 1))]
        blocks += [np.ones((self.y.size, 1)) if self.z is None else self.z] * (len(shape) - 2)
        return np.block(
            [[(a * bends[i, j][:, None]).T @ b for j, b in enumerate(blocks)] for i, a in enumerate(blocks)]
        )

    def posterior(self, theta: FloatArray) -> tuple[densities.Posterior, FloatArray]:
        """Return the inefficiency of each row given its residual."""
        return self.distribution.posterior(*self._split(theta)), np.ones(self.y.size)


@dataclass(frozen=True, slots=True, eq=False)
class InStep:
    """Inefficiency ``u[i] g(t)``, with u half-normal or truncated normal: one draw for each unit."""

    # Pitt and Lee (1981) has g = 1, Battese and Coelli (1992) ``g = exp(-eta (t - T))``, Kumbhakar (1990) ``g = 1 / (1
    # + exp(b t + c t**2))``.

    y: FloatArray
    x: FloatArray
    unit: IntArray
    time: FloatArray
    path: str
    truncated: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that follow those of the frontier."""
        motion = {"constant": (), "decay": ("eta",), "logistic": ("b", "c")}[self.path]
        return (densities.NOISE, densities.INEFFICIENCY) + ((densities.LOCATION,) if self.truncated else ()) + motion

    @property
    def groups(self) -> IntArray:
        """Which independent group each row belongs to: its unit."""
        return self.unit

    def _parts(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, list[FloatArray], float, float, float]:
        """Return residuals, g and its derivatives by the parameters of its path, variances and location."""
        k = self.x.shape[1]
        noise, spread = float(np.exp(theta[k])), float(np.exp(theta[k + 1]))
        location = float(theta[k + 2]) if self.truncated else 0.0
        b, c = (*theta[k + 2 + self.truncated :], 0.0, 0.0)[:2]
        if self.path == "constant":
            g, bends = np.ones(self.y.size), []
        elif self.path == "decay":
            g = np.exp(np.clip(-b * self.time, -50, 50))
            bends = [-self.time * g]
        else:
            g = 1 / (1 + np.exp(np.clip(b * self.time + c * self.time**2, -50, 50)))
            slope = -g * (1 - g)
            bends = [slope * self.time, slope * self.time**2]
        return self.y - self.x @ theta[:k], g, bends, noise, spread, location

    def _sums(self, values: FloatArray) -> FloatArray:
        return np.bincount(self.unit, values).astype(np.float64)

    def _after(self, e: FloatArray, g: FloatArray, noise: float, spread: float, location: float) -> densities.CutNormal:
        """Return the inefficiency of each unit given its residuals."""
        variance = 1 / (self._sums(g * g) / noise + 1 / spread)
        return densities.CutNormal(variance * (location / spread - self._sums(g * e) / noise), np.sqrt(variance))

    def scores(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-likelihood and the score of each unit."""
        e, g, bends, noise, spread, location = self._parts(theta)
        after = self._after(e, g, noise, spread, location)
        root = np.sqrt(spread)
        r, k = after.location / after.scale, np.array(location / root)
        count, squares = self._sums(np.ones(e.size)), self._sums(e * e)
        value = densities.log_scaled_cdf(r) - densities.log_scaled_cdf(k) + np.log(after.scale / root)
        value = value - count * (densities.LOG_ROOT_2PI + 0.5 * np.log(noise)) - 0.5 * squares / noise
        first, second = densities.moment_ratios(r)
        m1, m2 = after.scale * first, after.scale**2 * first * second
        prior = densities.moment_ratios(k)
        p1, p2 = root * prior[0], spread * prior[0] * prior[1]
        slope = -(e + g * m1[self.unit]) / noise
        columns = [self._sums(-slope * column) for column in self.x.T]
        squared = squares + 2 * m1 * self._sums(e * g) + m2 * self._sums(g * g)
        columns += [0.5 * (squared / noise - count), 0.5 * ((m2 - p2) - 2 * location * (m1 - p1)) / spread]
        if self.truncated:
            columns.append((m1 - p1) / spread)
        by_g = -(e * m1[self.unit] + g * m2[self.unit]) / noise
        columns += [self._sums(by_g * bend) for bend in bends]
        return value, np.column_stack(columns)

    def gradient(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its gradient."""
        value, scores = self.scores(theta)
        return float(value.sum()), scores.sum(axis=0)

    def hessian(self, theta: FloatArray) -> FloatArray:
        """Return the matrix of second derivatives."""
        return differences(self.gradient, theta)

    def posterior(self, theta: FloatArray) -> tuple[densities.Posterior, FloatArray]:
        """Return the inefficiency of each row's unit given its residuals, and g."""
        e, g, _, noise, spread, location = self._parts(theta)
        after = self._after(e, g, noise, spread, location)
        return densities.CutNormal(after.location[self.unit], after.scale[self.unit]), g


def differences(gradient: Callable[[FloatArray], tuple[float, FloatArray]], theta: FloatArray) -> FloatArray:
    """Return second derivatives as central differences of the exact gradient."""
    columns = []
    for at in range(theta.size):
        step = np.zeros(theta.size)
        step[at] = _STEP * max(abs(theta[at]), 1.0)
        up, down = gradient(theta + step)[1], gradient(theta - step)[1]
        columns.append((up - down) / (2 * step[at]))
    matrix = np.array(columns)
    return np.asarray(0.5 * (matrix + matrix.T))


_NODES = 401
_DEVIATIONS, _DROP = 10.0, 40.0  # where the rule ends: widths of the peak, and fall of the log integrand left of them


def halton(count: int, base: int, burn: int) -> FloatArray:
    """Return points of Halton's sequence in one dimension."""
    index = np.arange(burn + 1, burn + count + 1)
    points, part = np.zeros(count), 1.0
    while index.any():
        part /= base
        points += part * (index % base)
        index //= base
    return points


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Gamma inefficiency by maximum simulated likelihood."""

    draws: FloatArray

    def _points(self, e: FloatArray, shape: densities.Shape) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return draws of the cut normal variable, with the derivative by its location over scale, and r."""
        after = densities.exponential_posterior(e, shape)
        r = after.location / after.scale
        z = -ndtri_exp(np.log1p(-self.draws) + log_ndtr(r)[:, None])
        tilt = np.exp(0.5 * (z**2 - (r**2)[:, None]))
        floor = np.finfo(float).tiny
        return np.maximum(r[:, None] + z, floor), 1 - (1 - self.draws) * tilt, r

    def terms(self, e: FloatArray, shape: densities.Shape) -> densities.Terms:
        """Return the simulated log density and its derivatives."""
        power = np.exp(shape[2]) - 1
        base = densities.exponential_terms(e, shape[:2])
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
        return densities.Terms(value, base.slope - growth / scale, (by_noise, by_spread, by_power))

    def posterior(self, e: FloatArray, shape: densities.Shape) -> densities.Weighted:
        """Return u | e as weighted draws."""
        unit, _, _ = self._points(e, shape)
        weights, _ = _normalised((np.exp(shape[2]) - 1) * np.log(unit))
        return densities.Weighted(np.exp(0.5 * np.asarray(shape[0])) * unit, weights)


def _normalised(logs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return weights that add up to 1 in each row, and the log of their sum before."""
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, (top + np.log(total))[:, 0]


def _integrand(e: FloatArray, shape: densities.Shape) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return points u `(n, m)`, their logs, and the log of density times weight of a trapezoid rule around the peak."""
    # In x = log u the log integrand peaks where ``u**2 / v + u (rate + e / v) = P``; left of it falls no slower than P
    # x, right of it faster than a normal density. With ``x = peak + s sinh(t)``, s its width there, the rule is
    # exponential.
    noise, rate = np.exp(shape[0]), np.exp(-0.5 * np.asarray(shape[1]))
    power = np.exp(shape[2])
    half = 0.5 * (rate * noise + e)
    root = np.sqrt(half**2 + power * noise)
    peak = np.where(half > 0, power * noise / (root + np.abs(half)), root - half)
    width = 1 / np.sqrt(peak * (rate + (e + 2 * peak) / noise))
    start = np.arcsinh(_DEVIATIONS + _DROP / (power * width))
    step = (start + np.arcsinh(_DEVIATIONS)) / (_NODES - 1)
    t = -start[:, None] + step[:, None] * np.arange(_NODES)
    logs = np.log(peak)[:, None] + width[:, None] * np.sinh(t)
    points = np.exp(logs)
    weight = np.log(step * width)[:, None] + np.log(np.cosh(t))
    inside = power * logs - rate * points - 0.5 * (e[:, None] + points) ** 2 / noise
    constant = power * np.log(rate) - gammaln(power) - 0.5 * np.log(noise) - densities.LOG_ROOT_2PI
    return points, logs, inside + weight + constant


def integrated_terms(e: FloatArray, shape: densities.Shape) -> densities.Terms:
    """Return the exact log density, by a trapezoid rule (see `_integrand`), and its derivatives."""
    noise, rate = np.exp(shape[0]), np.exp(-0.5 * np.asarray(shape[1]))
    power = np.exp(shape[2])
    points, logs, density = _integrand(e, shape)
    weights, value = _normalised(density)
    m1, m2 = (weights * points).sum(axis=1), (weights * points**2).sum(axis=1)
    by_power = ((weights * logs).sum(axis=1) + np.log(rate) - digamma(power)) * power
    return densities.noisy(value, e, noise, m1, m2).with_parameters(0.5 * (m1 * rate - power), by_power)


def integrated_posterior(e: FloatArray, shape: densities.Shape) -> densities.Weighted:
    """Return u | e as points and weights of the rule."""
    points, _, density = _integrand(e, shape)
    return densities.Weighted(points, _normalised(density)[0])


def gamma(rows: int, draws: int | None, base: int, burn: int) -> densities.Distribution:
    """Return the gamma distribution, simulated with `draws` Halton points a row, or integrated when that is None."""
    names = (densities.NOISE, densities.INEFFICIENCY, densities.GAMMA)
    if draws is None:
        return densities.Distribution("gamma", names, integrated_terms, integrated_posterior, (1.0, 1.0))
    simulated = Simulated(halton(rows * draws, base, burn).reshape(rows, draws))
    return densities.Distribution("gamma", names, simulated.terms, simulated.posterior, (1.0, 1.0))
