"""Generalised method of moments in one and two steps with scores summed by firm: Wooldridge, and Blundell and Bond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.stats import chi2

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro.production import estimator
from xinzhi.micro.production.control_function import ControlFunction
from xinzhi.micro.production.linear import ranged
from xinzhi.micro.production.second_stage import Minimum, exponents, monomials

# of parameters: means (m,) and their derivatives (m, k)
Moments = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
_STEPS, _SETTLED = 500, 1e-8


def whitened(variance: FloatArray) -> FloatArray:
    """Return W' with W'W the inverse of a variance, without the directions that others repeat."""
    size = np.sqrt(np.maximum(np.diag(variance), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(variance / np.outer(size, size))
    keep = values > 1e-10  # noqa: PLR2004 - a moment that repeats others
    return np.asarray((vectors[:, keep] / np.sqrt(values[keep])).T / size)


def descend(moments: Moments, start: FloatArray, root: FloatArray) -> tuple[FloatArray, float] | None:
    """Go down to the least of the weighted moments (Levenberg and Marquardt); None when it does not settle."""
    theta, stiff = start, 1e-4
    m, slopes = moments(theta)
    f, jacobian = root @ m, root @ slopes
    for _ in range(_STEPS):
        hessian = jacobian.T @ jacobian
        step = np.linalg.lstsq(hessian + stiff * np.diag(np.diag(hessian)), -jacobian.T @ f, rcond=None)[0]
        m, slopes = moments(theta + step)
        trial = root @ m
        settled = np.abs(step).max() < _SETTLED * (1 + np.abs(theta).max())
        if trial @ trial < f @ f:
            theta, f, jacobian, stiff = theta + step, trial, root @ slopes, max(stiff / 10, 1e-14)
        else:
            stiff *= 10
        if settled or stiff > 1e10:  # noqa: PLR2004 - no way down is left
            return theta, float(f @ f)
    return None


class Wooldridge:
    """Both equations of Wooldridge (2009) at once.

    ``y = x b + c(k, m) d + e`` and ``y = x b + k a + g(c(before) d - k before a) + u`` share the coefficients of free
    inputs x and those of the polynomial c. Instruments are x, c of the year in the first, k, x before and c before in
    the second; weights are those of two steps, by firm.
    """

    def __init__(self, panel: estimator.Panel, settings: estimator.Settings) -> None:
        roles = panel.roles
        self.control = ControlFunction(panel, "lp", replace(settings, attrition=False))
        if self.control.instruments is not None:
            raise UsageError("production.proxy-free", name=roles.proxy[0])
        self.panel, self.degree = panel, settings.degree[1]
        self.inputs, self.terms, self.searched = roles.inputs, self.control.terms, roles.state
        now, before = panel.now, panel.before
        self.lead, self.flat = len(roles.free), self.control.flat
        self.y, self.x, self.k = panel.y[now], self.control.x[: self.flat, now], panel.block(roles.state)[:, now]
        self.k0 = panel.block(roles.state)[:, before]
        self.c, self.c0 = self.control.x[self.flat :, now], self.control.x[self.flat :, before]
        lagged = panel.block(roles.free)[:, before]
        self.z1 = np.vstack([self.x, self.c])
        self.z2 = np.vstack([self.x[self.lead :], self.k, lagged, self.c0])
        two_stage = self.control.fit()
        gamma, _ = estimator.least_squares(self.control.x, panel.y)
        states: list[FloatArray] = [minimum.coefficients for minimum in two_stage.minima] or [np.zeros(len(self.k))]
        past = gamma[self.flat :] @ self.c0 - states[0] @ self.k0
        self.centre, self.scale = float(past.mean()), float(past.std())
        self.starts = []
        for a in (*states, *estimator.hypercube(len(self.k), 0, 2)):
            powers = self._powers((gamma[self.flat :] @ self.c0 - a @ self.k0 - self.centre) / self.scale)
            rho, _ = estimator.least_squares(powers, gamma[self.flat :] @ self.c - a @ self.k)
            self.starts.append(np.concatenate([gamma[: self.flat], a, gamma[self.flat :], rho]))

    def _powers(self, w: FloatArray) -> FloatArray:
        return monomials(w[None], exponents(1, self.degree))

    def _residuals(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return both residuals, the slope of g, and the powers of productivity before."""
        b, a, d, rho = np.split(theta, np.cumsum([self.flat, len(self.k), len(self.c)]))
        rest = self.y - b @ self.x
        w = (d @ self.c0 - a @ self.k0 - self.centre) / self.scale
        powers = self._powers(w)
        slope = (rho[1:] * np.arange(1, self.degree + 1)) @ powers[:-1] / self.scale
        return rest - d @ self.c, rest - a @ self.k - rho @ powers, slope, powers

    def _moments(self, row: FloatArray | None) -> Moments:
        z1 = (self.z1 if row is None else self.z1 * row) / len(self.y)
        z2 = (self.z2 if row is None else self.z2 * row) / len(self.y)
        of_first = -np.hstack([z1 @ self.x.T, np.zeros((len(z1), len(self.k))), z1 @ self.c.T])
        of_first = np.hstack([of_first, np.zeros((len(z1), self.degree + 1))])
        by_x, by_k = z2 @ self.x.T, z2 @ self.k.T

        def moments(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
            first, second, slope, powers = self._residuals(theta)
            bent = z2 * slope
            of_second = np.hstack([-by_x, -by_k + bent @ self.k0.T, -bent @ self.c0.T, -z2 @ powers.T])
            return np.concatenate([z1 @ first, z2 @ second]), np.vstack([of_first, of_second])

        return moments

    def fit(self, weights: FloatArray | None = None, warm: estimator.Fit | None = None) -> estimator.Fit:
        """Return the estimate: from every solution of the second stage alone, the lowest of both equations."""
        panel = self.panel
        row = estimator.per_row(panel, weights)
        row = None if row is None else row[panel.now]
        starts = self.starts if warm is None else [warm.extra]
        moments = self._moments(row)
        root = self._root(starts[0], row)
        solutions = sorted(
            (solution for start in starts if (solution := descend(moments, start, root))),
            key=lambda solution: solution[1],
        )
        if not solutions:
            return estimator.unsolved(self, len(starts))
        again = [descend(moments, theta, self._root(theta, row, firms=True)) for theta, _ in solutions[:1]]
        theta, value = again[0] or solutions[0]
        mean = np.concatenate([theta[: self.lead], theta[self.flat : self.flat + len(self.k)]])
        coefficients = np.concatenate([mean, theta[self.lead : self.flat]])
        states = slice(self.flat, self.flat + len(self.k))
        minima = tuple(replace(minimum, coefficients=minimum.coefficients[states]) for minimum in _distinct(solutions))
        fit = estimator.Fit(
            coefficients=coefficients,
            mean=mean,
            status=ranged(mean),
            minima=minima,
            starts=len(starts),
            extra=theta,
            criterion=value,
            degrees=len(self.z1) + len(self.z2) - len(theta),
        )
        if weights is not None:
            return fit
        root = self._root(theta, None, firms=True)
        slopes = root @ moments(theta)[1]
        scores = self._scores(theta) / len(self.y)
        influence = -np.linalg.pinv(slopes) @ (root @ scores)
        place = [*range(self.lead), *range(self.flat, self.flat + len(self.k)), *range(self.lead, self.flat)]
        net = panel.y - coefficients @ panel.block([*self.inputs, *panel.roles.controls])
        signal = theta[self.flat + len(self.k) :][: len(self.c)] @ self.control.x[self.flat :]
        of_states = mean[self.lead :] @ panel.block(panel.roles.state)
        return replace(
            fit,
            influence=influence[place],
            mean_influence=influence[place[: len(mean)]],
            productivity=net,
            noise=net - (signal - of_states),
        )

    def _scores(self, theta: FloatArray) -> FloatArray:
        first, second, _, _ = self._residuals(theta)
        return self.panel.by_firm(np.vstack([self.z1 * first, self.z2 * second]), self.panel.now)

    def _root(self, theta: FloatArray, row: FloatArray | None, *, firms: bool = False) -> FloatArray:
        """Return the root of the weights: of errors alike in every row, or of scores summed by firm."""
        n = len(self.y)
        if firms:
            scores, counts = self._scores(theta), np.ones(self.panel.firms)
            if row is not None:
                counts = np.zeros(self.panel.firms)
                counts[self.panel.firm[self.panel.now]] = row
            return whitened((scores * counts) @ scores.T / n**2)
        first, second, _, _ = self._residuals(theta)
        blocks = [z @ z.T * float(r @ r) / n for z, r in ((self.z1, first), (self.z2, second))]
        size = len(self.z1), len(self.z2)
        variance = np.block([[blocks[0], np.zeros(size)], [np.zeros(size[::-1]), blocks[1]]])
        return whitened(variance / n**2)


def _distinct(solutions: list[tuple[FloatArray, float]]) -> list[Minimum]:
    """Return the distinct solutions among those found, the least first, with how many starts led to each."""
    out: list[Minimum] = []
    for theta, value in sorted(solutions, key=lambda solution: solution[1]):
        for at, minimum in enumerate(out):
            if np.abs(theta - minimum.coefficients).max() < 1e-3 * (1 + np.abs(theta).max()):
                out[at] = replace(minimum, starts=minimum.starts + 1)
                break
        else:
            out.append(Minimum(theta, value, 1, np.zeros(0)))
    return out


class BlundellBond:
    """The system estimator of Blundell and Bond (2000): firm effects, productivity of first order, noise in output.

    ``(y - x b) - rho (y - x b) before`` in differences has levels of some years before as instruments, in levels their
    differences; instruments of all years are summed (Roodman 2009), weights are those of two steps. Noise is in output
    alone, so that levels of inputs are instruments sooner than those of output.
    """

    def __init__(self, panel: estimator.Panel, settings: estimator.Settings) -> None:
        roles = panel.roles
        self.panel, self.inputs = panel, roles.inputs
        self.terms = self.searched = (*roles.inputs, *roles.controls)
        v = np.vstack([panel.y, panel.block(self.terms)])
        levels, _, _ = estimator.standardised(v)
        v = v - v.mean(axis=1)[:, None]
        first = estimator.convention("instrument_lags")
        kinds = ["output", *("free" if name in roles.free else "state" for name in self.terms)]
        back = {years: panel.lag(years) for years in range(1, max(first.values()) + 2)}
        back[0] = np.arange(len(panel.firm))
        self.diff = np.flatnonzero((back[1] >= 0) & (back[2] >= 0))
        self.level = np.flatnonzero(back[1] >= 0)
        if len(self.diff) <= len(v) ** 2:
            raise InputError("production.short-panel", years=3)

        def at(variable: int, years: int, rows: IntArray) -> FloatArray:
            place = back[years][rows]
            return np.where(place >= 0, levels[variable, place], 0.0)

        def change(variable: int, years: int, rows: IntArray) -> FloatArray:
            available = back[years + 1][rows] >= 0
            return np.where(available, at(variable, years, rows) - at(variable, years + 1, rows), 0.0)

        lags = [(variable, first[kind]) for variable, kind in enumerate(kinds)]
        self.zd = np.array([at(variable, lag + more, self.diff) for variable, lag in lags for more in (0, 1)])
        self.zl = np.array(
            [*(change(variable, lag - 1, self.level) for variable, lag in lags), np.ones(len(self.level))]
        )
        lag1, lag2 = back[1], back[2]
        d, e = self.diff, self.level
        self.ad = np.vstack([v[:, d] - v[:, lag1[d]], v[:, lag1[d]] - v[:, lag2[d]], np.zeros((1, len(d)))])
        self.al = np.vstack([v[:, e], v[:, lag1[e]], np.ones((1, len(e)))])
        self.starts = settings.starts

    def _pi(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what multiplies (v, v before, 1), and its derivatives by (b, rho, constant)."""
        b, rho, constant = theta[:-2], theta[-2], theta[-1]
        n = len(b)
        pi = np.concatenate([[1.0], -b, [-rho], rho * b, [-constant]])
        slopes = np.zeros((len(pi), n + 2))
        slopes[range(1, n + 1), range(n)] = -1.0
        slopes[range(n + 2, 2 * n + 2), range(n)] = rho
        slopes[n + 1, n] = -1.0
        slopes[n + 2 : 2 * n + 2, n] = b
        slopes[-1, n + 1] = -1.0
        return pi, slopes

    def fit(self, weights: FloatArray | None = None, warm: estimator.Fit | None = None) -> estimator.Fit:
        """Return the estimate of two steps."""
        panel, n = self.panel, len(self.diff)
        row = estimator.per_row(panel, weights)
        zd = self.zd if row is None else self.zd * row[self.diff]
        zl = self.zl if row is None else self.zl * row[self.level]
        matrix = np.vstack([zd @ self.ad.T, zl @ self.al.T]) / n

        def moments(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
            pi, slopes = self._pi(theta)
            return matrix @ pi, matrix @ slopes

        size = len(zd), len(zl)
        one_step = np.block([[2 * zd @ self.zd.T, np.zeros(size)], [np.zeros(size[::-1]), zl @ self.zl.T]]) / n**2
        box = estimator.hypercube(len(self.terms) + 1, 0, self.starts)
        starts = list(np.hstack([box, np.zeros((len(box), 1))])) if warm is None else [warm.extra]
        first = _distinct([solution for start in starts if (solution := descend(moments, start, whitened(one_step)))])

        def again(theta: FloatArray) -> FloatArray:
            scores = self._scores(theta)
            return whitened((scores if weights is None else scores * weights) @ scores.T / n**2)

        roots = [again(minimum.coefficients) for minimum in first]
        second = [descend(moments, minimum.coefficients, root) for minimum, root in zip(first, roots, strict=True)]
        reached = [(minimum.starts, end) for minimum, end in zip(first, second, strict=True) if end]
        ends = _distinct([end for starts_of_end, end in reached for _ in range(starts_of_end)])
        if not ends:
            return estimator.unsolved(self, len(starts))
        count, degrees = len(self.inputs), len(roots[0]) - len(starts[0])
        limit = max(ends[0].criterion, float(chi2.isf(estimator.convention("rejected"), degrees)))
        equal = [minimum for minimum in ends if minimum.criterion <= limit]
        inside = [minimum for minimum in equal if ranged(minimum.coefficients[:count]) == "ok"]
        answer = (inside or equal)[0]
        status: estimator.Status
        if len(inside) == 1 or warm:
            status = "ok"
        elif inside:
            status = "several"
        else:
            status = "out-of-range" if len(equal) == 1 else "none-in-range"
        theta, beta = answer.coefficients, answer.coefficients[:-2]
        ended = zip(roots, second, strict=True)
        root = next(candidate for candidate, end in ended if end and np.allclose(end[0], theta, rtol=1e-3))
        fit = estimator.Fit(
            coefficients=beta,
            mean=beta[:count],
            status=status,
            starts=len(starts),
            criterion=answer.criterion,
            minima=tuple(replace(minimum, coefficients=minimum.coefficients[:-2]) for minimum in ends),
            degrees=degrees,
            extra=theta,
        )
        if weights is not None or status not in estimator.ANSWERS:
            return fit
        influence = -np.linalg.pinv(root @ moments(theta)[1]) @ (root @ self._scores(theta) / n)
        net = panel.y - beta @ panel.block(self.terms)
        return replace(fit, influence=influence[: len(beta)], mean_influence=influence[:count], productivity=net)

    def _scores(self, theta: FloatArray) -> FloatArray:
        pi, _ = self._pi(theta)
        differences = self.panel.by_firm(self.zd * (pi @ self.ad), self.diff)
        return np.vstack([differences, self.panel.by_firm(self.zl * (pi @ self.al), self.level)])
