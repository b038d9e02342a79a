"""Log-likelihoods of pooled data and of inefficiency that moves in step over the years of a unit.

Parameters stand in one vector: the frontier, then what the model adds, as `names` says. Regressors are orthonormal
here; the estimator maps them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from xinzhi.frontier.stochastic.densities import INEFFICIENCY, LOCATION, NOISE
from xinzhi.frontier.stochastic.posterior import CutNormal
from xinzhi.frontier.stochastic.special import LOG_ROOT_2PI, log_scaled_cdf, moment_ratios

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.frontier.stochastic.densities import Distribution, Terms
    from xinzhi.frontier.stochastic.posterior import Posterior

_STEP = 1e-5  # of central differences of exact first derivatives: error about 1e-10


class Likelihood(Protocol):
    """What an estimator needs of a model."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that follow those of the frontier."""

    @property
    def groups(self) -> IntArray:
        """Which independent group each row belongs to."""

    def scores(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-likelihood `(g,)` and the score `(g, k)` of each independent group."""

    def gradient(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its gradient."""

    def hessian(self, theta: FloatArray) -> FloatArray:
        """Return the matrix of second derivatives."""

    def posterior(self, theta: FloatArray) -> tuple[Posterior, FloatArray]:
        """Return the inefficiency of each row given what is seen, and the factor that it is multiplied with."""


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Independent rows: every cross-section model, Battese and Coelli 1995, true fixed effects.

    Parameters
    ----------
    y, x
        `(n,)` and `(n, k)`, already times -1 for a cost frontier.
    distribution
        Of the inefficiency.
    z
        Determinants of the location of a truncated normal inefficiency, `(n, m)`, or None.
    z_names
        Their names.
    """

    y: FloatArray
    x: FloatArray
    distribution: Distribution
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

    def _terms(self, theta: FloatArray) -> Terms:
        residual, shape = self._split(theta)
        return self.distribution.terms(residual, shape)

    def _columns(self, terms: Terms) -> FloatArray:
        columns = np.column_stack(terms.shape)
        return columns if self.z is None else np.hstack([columns[:, :2], columns[:, 2:] * self.z])

    def scores(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-likelihood and the score of each row."""
        terms = self._terms(theta)
        return terms.value, np.hstack([-terms.slope[:, None] * self.x, self._columns(terms)])

    def gradient(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its gradient."""
        terms = self._terms(theta)
        return float(terms.value.sum()), np.concatenate([-terms.slope @ self.x, self._columns(terms).sum(axis=0)])

    def hessian(self, theta: FloatArray) -> FloatArray:
        """Return the matrix of second derivatives, from those by residual and shape of each row."""
        residual, shape = self._split(theta)
        step = _STEP * max(float(np.sqrt(np.mean(residual**2))), 1e-6)
        columns = [self._bend((residual + step, shape), (residual - step, shape), -2 * step)]
        for at in range(len(shape)):
            up, down = list(shape), list(shape)
            up[at], down[at] = up[at] + _STEP, down[at] - _STEP
            columns.append(self._bend((residual, tuple(up)), (residual, tuple(down)), 2 * _STEP))
        # rows of `bends`: derivatives by (x b, shape ...) of the derivatives by the same
        bends = np.array(columns)
        bends = 0.5 * (bends + bends.transpose(1, 0, 2))
        blocks = [self.x, np.ones((self.y.size, 1)), np.ones((self.y.size, 1))]
        blocks += [np.ones((self.y.size, 1)) if self.z is None else self.z] * (len(shape) - 2)
        return np.block(
            [[(a * bends[i, j][:, None]).T @ b for j, b in enumerate(blocks)] for i, a in enumerate(blocks)]
        )

    def _bend(
        self,
        up: tuple[FloatArray, tuple[FloatArray | float, ...]],
        down: tuple[FloatArray, tuple[FloatArray | float, ...]],
        width: float,
    ) -> FloatArray:
        high, low = self.distribution.terms(*up), self.distribution.terms(*down)
        first = np.array([-high.slope, *high.shape])
        return np.asarray((first - np.array([-low.slope, *low.shape])) / width)

    def posterior(self, theta: FloatArray) -> tuple[Posterior, FloatArray]:
        """Return the inefficiency of each row given its residual."""
        return self.distribution.posterior(*self._split(theta)), np.ones(self.y.size)


@dataclass(frozen=True, slots=True, eq=False)
class InStep:
    """Inefficiency ``u[i] g(t)``, with u half-normal or truncated normal: one draw for each unit.

    Pitt and Lee (1981) has g = 1, Battese and Coelli (1992) ``g = exp(-eta (t - T))``, Kumbhakar (1990)
    ``g = 1 / (1 + exp(b t + c t**2))``.

    Parameters
    ----------
    y, x
        `(n,)` and `(n, k)`, already times -1 for a cost frontier.
    unit, time
        Number of the unit of each row `(n,)`; its period, for ``decay`` counted from the last one of the panel.
    path
        ``constant``, ``decay`` or ``logistic``.
    truncated
        Whether the location of the normal variable is free.
    """

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
        return (NOISE, INEFFICIENCY) + ((LOCATION,) if self.truncated else ()) + motion

    @property
    def groups(self) -> IntArray:
        """Which independent group each row belongs to: its unit."""
        return self.unit

    def _motion(self, parameters: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Return g and its derivatives by the parameters of its path."""
        if self.path == "constant":
            return np.ones(self.y.size), []
        if self.path == "decay":
            g = np.exp(np.clip(-parameters[0] * self.time, -50, 50))
            return g, [-self.time * g]
        g = 1 / (1 + np.exp(np.clip(parameters[0] * self.time + parameters[1] * self.time**2, -50, 50)))
        slope = -g * (1 - g)
        return g, [slope * self.time, slope * self.time**2]

    def _parts(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, list[FloatArray], float, float, float]:
        k = self.x.shape[1]
        noise, spread = float(np.exp(theta[k])), float(np.exp(theta[k + 1]))
        location = float(theta[k + 2]) if self.truncated else 0.0
        g, bends = self._motion(theta[k + 2 + self.truncated :])
        return self.y - self.x @ theta[:k], g, bends, noise, spread, location

    def _sums(self, values: FloatArray) -> FloatArray:
        return np.bincount(self.unit, values).astype(np.float64)

    def _after(self, e: FloatArray, g: FloatArray, noise: float, spread: float, location: float) -> CutNormal:
        """Return the inefficiency of each unit given its residuals."""
        variance = 1 / (self._sums(g * g) / noise + 1 / spread)
        return CutNormal(variance * (location / spread - self._sums(g * e) / noise), np.sqrt(variance))

    def scores(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-likelihood and the score of each unit."""
        e, g, bends, noise, spread, location = self._parts(theta)
        after = self._after(e, g, noise, spread, location)
        root = np.sqrt(spread)
        r, k = after.location / after.scale, np.array(location / root)
        count, squares = self._sums(np.ones(e.size)), self._sums(e * e)
        value = (
            log_scaled_cdf(r)
            - log_scaled_cdf(k)
            + np.log(after.scale / root)
            - count * (LOG_ROOT_2PI + 0.5 * np.log(noise))
            - 0.5 * squares / noise
        )
        first, second = moment_ratios(r)
        m1, m2 = after.scale * first, after.scale**2 * first * second
        prior = moment_ratios(k)
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

    def posterior(self, theta: FloatArray) -> tuple[Posterior, FloatArray]:
        """Return the inefficiency of each row's unit given its residuals, and g."""
        e, g, _, noise, spread, location = self._parts(theta)
        after = self._after(e, g, noise, spread, location)
        return CutNormal(after.location[self.unit], after.scale[self.unit]), g


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
