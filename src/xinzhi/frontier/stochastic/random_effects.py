"""Log-likelihoods with a random effect of each unit beside its inefficiency, integrated out numerically.

``y[it] = x b + w[i] - h[i] + v[it] - u[it]``: true random effects (Greene 2005) has no h, the four-component model
(Colombi, Kumbhakar, Martini and Vittadini 2014) has all four. Given the effect ``w - h`` the rows of a unit are
independent composed errors, and the effect itself is normal or again a composed error: one integral for each unit,
however long the panel. The integrand is log-concave, so Gauss-Legendre rules on both sides of its peak get it to about
1e-10, where simulation with R draws leaves an error of order 1/R.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.frontier.stochastic.densities import (
    HALF_NORMAL,
    INEFFICIENCY,
    LOG_ROOT_2PI,
    NOISE,
    CutNormal,
    Distribution,
    Mixture,
    Terms,
)
from xinzhi.frontier.stochastic.likelihoods import differences

Rule = tuple[FloatArray, FloatArray]  # nodes and log weights


EFFECT, PERSISTENT = "ln(sigma_w2)", "ln(sigma_h2)"

_NODES = {2: 24, 4: 18}  # of each panel, by how many there are
_REACH = 7.0  # of the edge that persistent inefficiency leaves at zero, in standard deviations of the effect
_DROP = 34.0  # of the log integrand at the ends: exp(-34) is 2e-15
_SEARCH = 60
_NOTHING = -18.0  # log of the ratio of the effect's variance to that of persistent inefficiency that stands for none
_LOG2, _TINY = np.log(2.0), np.finfo(float).tiny


@dataclass(frozen=True, slots=True, eq=False)
class RandomEffects:
    """A normal effect of each unit, with or without persistent inefficiency, beside inefficiency of each row."""

    y: FloatArray
    x: FloatArray
    unit: IntArray
    persistent: bool
    distribution: Distribution = HALF_NORMAL

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters that follow those of the frontier."""
        return (NOISE, INEFFICIENCY, EFFECT) + ((PERSISTENT,) if self.persistent else ())

    @property
    def groups(self) -> IntArray:
        """Which independent group each row belongs to: its unit."""
        return self.unit

    def _prior(self, b: FloatArray, theta: FloatArray) -> Terms:
        """Return the density of the effect."""
        shape = tuple(theta[self.x.shape[1] + 2 :])
        if self._edged(theta):  # no effect beside persistent inefficiency: b = -h
            ratio = b**2 * np.exp(-shape[1])
            value = np.where(b > 0, -np.inf, _LOG2 - LOG_ROOT_2PI - 0.5 * shape[1] - 0.5 * ratio)
            return Terms(value, -b * np.exp(-shape[1]), (np.zeros_like(b), 0.5 * ratio - 0.5))
        if self.persistent:
            return HALF_NORMAL.terms(b, shape)
        variance = np.exp(shape[0])
        value = -LOG_ROOT_2PI - 0.5 * shape[0] - 0.5 * b**2 / variance
        return Terms(value, -b / variance, (0.5 * b**2 / variance - 0.5,))

    def _edged(self, theta: FloatArray) -> bool:
        """Return whether the effect is nothing beside persistent inefficiency."""
        return self.persistent and bool(theta[-2] - theta[-1] < _NOTHING)

    def _at(self, b: FloatArray, e: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log integrand at b `(units,)` and its derivative."""
        k = self.x.shape[1]
        rows, prior = self.distribution.terms(e - b[self.unit], tuple(theta[k : k + 2])), self._prior(b, theta)
        value, slope = np.bincount(self.unit, rows.value), np.bincount(self.unit, rows.slope)
        return prior.value + value, prior.slope - slope

    def _peak(self, e: FloatArray, theta: FloatArray) -> FloatArray:
        """Return roughly where the log integrand of each unit peaks, by secants in a bracket: its slope falls."""
        spread = float(np.exp(0.5 * theta[self.x.shape[1] :]).sum())
        centre = np.bincount(self.unit, e) / np.bincount(self.unit)
        low, high = np.minimum(centre, 0) - 4 * spread, np.maximum(centre, 0) + 4 * spread
        if self._edged(theta):
            high = np.zeros_like(high)
        f_low, f_high = self._at(low, e, theta)[1], self._at(high, e, theta)[1]
        middle = 0.5 * (low + high)
        for turn in range(_SEARCH):
            slope = np.where(f_low > f_high, f_low - f_high, 1.0)
            secant = low + (high - low) * np.clip(f_low / slope, 0.02, 0.98)
            middle = secant if turn % 2 else 0.5 * (low + high)
            f = self._at(middle, e, theta)[1]
            rising = f > 0
            low, f_low = np.where(rising, middle, low), np.where(rising, f, f_low)
            high, f_high = np.where(rising, high, middle), np.where(rising, f_high, f)
            if (high - low).max() < 1e-3 * spread:  # the rule needs the place of the peak, not its digits
                break
        return np.where(f_high > 0, high, middle)

    def _end(self, peak: FloatArray, side: int, e: FloatArray, theta: FloatArray) -> FloatArray:
        """Return where the integrand has fallen to nothing on one side."""
        top = self._at(peak, e, theta)[0]
        width = np.full(peak.size, 0.02 * float(np.exp(0.5 * theta[self.x.shape[1] :]).sum()))
        inside = np.zeros(peak.size)
        for _ in range(_SEARCH):
            short = top - self._at(peak + side * width, e, theta)[0] < _DROP
            if not short.any():
                break
            inside, width = np.where(short, width, inside), np.where(short, 1.6 * width, width)
        for _ in range(4):
            middle = 0.5 * (inside + width)
            short = top - self._at(peak + side * middle, e, theta)[0] < _DROP
            inside, width = np.where(short, middle, inside), np.where(short, width, middle)
        end: FloatArray = peak + side * width
        return np.minimum(end, 0.0) if self._edged(theta) else end

    def _rule(self, e: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return nodes and log weights, `(units, m)`."""
        peak = self._peak(e, theta)
        low, high = self._end(peak, -1, e, theta), self._end(peak, 1, e, theta)
        corners = [low, peak, high]
        if self.persistent:  # where the effect is small, the density of w - h has an edge at zero: panels of their own
            reach = _REACH * np.exp(0.5 * theta[-2])
            edges = [np.clip(side * reach, low, high) for side in (-1, 1)]
            corners = list(np.sort([low, *edges, peak, high], axis=0))
        points, weights = np.polynomial.legendre.leggauss(_NODES[len(corners) - 1])
        nodes, logs = [], []
        for start, end in pairwise(corners):
            half = 0.5 * (end - start)
            nodes.append(start[:, None] + half[:, None] * (1 + points))
            logs.append(np.log(np.maximum(half, _TINY))[:, None] + np.log(weights))
        return np.hstack(nodes), np.hstack(logs)

    def _integrate(
        self, theta: FloatArray, rule: Rule | None = None
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, Terms, Terms]:
        """Return the log-likelihood of each unit, weights of the nodes, nodes, residuals, and terms at both levels."""
        k = self.x.shape[1]
        e = self.y - self.x @ theta[:k]
        nodes, logs = self._rule(e, theta) if rule is None else rule
        shape = tuple(theta[k : k + 2])
        rows = self.distribution.terms(e[:, None] - nodes[self.unit], shape)
        prior = self._prior(nodes, theta)
        # the sum of the rows `(n, m)` of each unit `(units, m)`
        order = np.argsort(self.unit, kind="stable")
        starts = np.concatenate([[0], np.flatnonzero(np.diff(self.unit[order])) + 1])
        inside = logs + prior.value + np.add.reduceat(rows.value[order], starts, axis=0)
        top = inside.max(axis=1, keepdims=True)
        weights = np.exp(inside - top)
        total = weights.sum(axis=1, keepdims=True)
        return (top + np.log(total))[:, 0], weights / total, nodes, e, rows, prior

    def scores(self, theta: FloatArray, rule: Rule | None = None) -> tuple[FloatArray, FloatArray]:
        """Return the log-likelihood and the score of each unit."""
        value, weights, _, _, rows, prior = self._integrate(theta, rule)
        row_weights = weights[self.unit]
        slope = (row_weights * rows.slope).sum(axis=1)
        columns = [np.bincount(self.unit, -slope * column) for column in self.x.T]
        columns += [np.bincount(self.unit, (row_weights * part).sum(axis=1)) for part in rows.shape]
        columns += [(weights * part).sum(axis=1) for part in prior.shape]
        return value, np.column_stack(columns)

    def gradient(self, theta: FloatArray, rule: Rule | None = None) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its gradient."""
        value, scores = self.scores(theta, rule)
        return float(value.sum()), scores.sum(axis=0)

    def hessian(self, theta: FloatArray) -> FloatArray:
        """Return the matrix of second derivatives, with the nodes left where they are."""
        rule = self._rule(self.y - self.x @ theta[: self.x.shape[1]], theta)
        return differences(lambda at: self.gradient(at, rule), theta)

    def posterior(self, theta: FloatArray) -> tuple[Mixture, FloatArray]:
        """Return the inefficiency of each row given all residuals of its unit."""
        k = self.x.shape[1]
        _, weights, nodes, e, _, _ = self._integrate(theta)
        after = self.distribution.posterior(e[:, None] - nodes[self.unit], tuple(theta[k : k + 2]))
        return Mixture(_cut(after), weights[self.unit]), np.ones(e.size)

    def persistent_posterior(self, theta: FloatArray) -> Mixture:
        """Return the persistent inefficiency of each row's unit given all its residuals."""
        _, weights, nodes, _, _, _ = self._integrate(theta)
        if self._edged(theta):  # then h = -b itself, a point with next to no spread
            parts = CutNormal(-nodes, np.full(nodes.shape, 1e-9))
        else:
            parts = _cut(HALF_NORMAL.posterior(nodes, tuple(theta[self.x.shape[1] + 2 :])))
        return Mixture(CutNormal(parts.location[self.unit], parts.scale[self.unit]), weights[self.unit])

    def overall_efficiency(self, theta: FloatArray) -> FloatArray:
        """Return E[exp(-u - h)] of each row given all residuals of its unit: both depend on the same effect."""
        _, weights, _, _, _, _ = self._integrate(theta)
        transient, _ = self.posterior(theta)
        persistent = self.persistent_posterior(theta)
        product = transient.parts.efficiency() * persistent.parts.efficiency()
        return np.asarray((weights[self.unit] * product).sum(axis=1))


def _cut(posterior: object) -> CutNormal:
    """Return a posterior that is known to be a cut normal variable."""
    if not isinstance(posterior, CutNormal):
        message = "random effects need half-normal or exponential inefficiency."
        raise TypeError(message)
    return posterior
