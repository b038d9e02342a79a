"""Olley-Pakes, Levinsohn-Petrin and Ackerberg-Caves-Frazer: a proxy tells productivity apart from noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import log_ndtr, ndtr

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro.production import estimator
from xinzhi.micro.production.second_stage import Minimum, Pairs, SecondStage, exponents, gram, monomials, slope


def refuse_proxy(roles: estimator.Roles, method: str) -> None:
    """Refuse a method of two stages without a proxy, or with one that it cannot use."""
    if method not in {"op", "lp", "acf"}:
        return
    if not roles.proxy:
        raise UsageError("production.no-proxy", method=method)
    gross = [name for name in roles.proxy if name in roles.free]
    if gross and method == "op":
        raise UsageError("production.proxy-free", name=gross[0])


class ControlFunction:
    """The two stages of a control function.

    First stage: output on a polynomial of states and proxy, beside free inputs and controls (OP, LP) or with the free
    inputs in the polynomial (ACF). Second stage: productivity is a Markov process. A proxy that is also a free input
    makes gross output: its coefficient comes from the second stage, with its lag as instrument.
    """

    def __init__(self, panel: estimator.Panel, method: str, settings: estimator.Settings) -> None:
        roles = panel.roles
        self.panel, self.method, self.degree, self.attrition = panel, method, settings.degree, settings.attrition
        refuse_proxy(roles, method)
        if settings.form != "cobb-douglas" and method != "acf":
            raise UsageError("production.form", method=method)
        gross = [name for name in roles.proxy if name in roles.free]
        acf = method == "acf"
        self.inputs = roles.inputs
        self.linear = () if acf else tuple(name for name in roles.free if name not in gross)
        self.second = tuple(name for name in roles.inputs if name not in self.linear)
        self.controls = roles.controls
        poly = tuple(dict.fromkeys([*(roles.free if acf else ()), *roles.state, *roles.proxy]))
        variables, _, _ = estimator.standardised(panel.block(poly))
        self.x = np.vstack(
            [panel.block([*self.linear, *self.controls]), monomials(variables, exponents(len(poly), self.degree[0]))]
        )
        self.flat = len(self.linear) + len(self.controls)
        self.form = estimator.Form(panel.block(self.second), self.second, settings.form)
        self.z = self.form.columns(panel.block(self.second))
        mixed = np.array(
            [panel.values[name][panel.before if name in roles.free else panel.now] for name in self.second]
        )
        self.instruments = self.form.columns(mixed) if acf or gross else None
        first = len(self.second)
        self.starts = estimator.hypercube(first, len(self.z) - first, settings.starts)
        self.terms = (*self.linear, *self.form.terms, *self.controls)
        self.searched = self.form.terms

    def fit(self, weights: FloatArray | None = None, warm: estimator.Fit | None = None) -> estimator.Fit:
        """Return the estimate, with analytic errors of both stages when there are no weights."""
        panel, row = self.panel, estimator.per_row(self.panel, weights)
        now, before = panel.now, panel.before
        y, x = panel.y, self.x
        sums = gram(lambda part: np.vstack([x[:, part], y[part]]), len(y), row)
        inverse = estimator.invert(sums[:-1, :-1])
        gamma = inverse @ sums[:-1, -1]
        signal = gamma[self.flat :] @ x[self.flat :]
        net = y - gamma[: self.flat] @ x[: self.flat]  # of free inputs and controls
        survival, probit = self._survival(row) if self.attrition else (np.zeros((0, len(y))), None)
        further = np.vstack([survival[:, before], panel.block(panel.roles.drivers)[:, before]])
        z, z0, outcome = self.z[:, now], self.z[:, before], None if self.instruments is not None else net[now]
        pairs = Pairs(signal[now], signal[before], z, z0, further, self.degree[1], self.instruments, outcome)
        stage = SecondStage(pairs, None if row is None else row[now], None if warm is None else warm.units)
        minima = stage.search(self.starts if warm is None else warm.extra[None])
        free = [at for at, name in enumerate(self.second) if name in panel.roles.free]
        at_mean = self.form.at_mean(panel.block(self.second))
        explained = self._explained(stage, minima) if self.attrition and weights is None else None
        levels = panel.block(self.second)

        def elasticities(theta: FloatArray) -> FloatArray:  # of all rows alike where the form has no pairs
            return self.form.elasticities(theta, levels) if self.form.pairs else (at_mean @ theta)[:, None]

        answer, status, solution = estimator.choose(stage, minima, elasticities, free, is_draw=warm is not None)
        theta = solution.coefficients
        lead = len(self.linear)
        mean = np.zeros(len(self.inputs))
        place = [self.inputs.index(name) for name in self.linear], [self.inputs.index(name) for name in self.second]
        mean[place[0]], mean[place[1]] = gamma[:lead], at_mean @ theta
        fit = estimator.Fit(
            coefficients=np.concatenate([gamma[:lead], theta, gamma[lead : self.flat]]),
            mean=mean,
            status=status,
            minima=tuple(minima),
            starts=len(self.starts),
            criterion=solution.criterion,
            leaning=estimator.leaning(solution, free, self.second),
            units=stage.units,
            extra=theta,
            explained=explained,
        )
        if weights is not None or answer is None:
            return fit
        influence = self._influence(stage, theta, (inverse, y - gamma @ x), probit)
        matrix = np.zeros((len(self.inputs), len(influence)))
        matrix[place[0], range(lead)] = 1.0
        matrix[np.ix_(place[1], range(lead, lead + len(theta)))] = at_mean
        rows = None
        if self.form.pairs:
            rows = np.empty((len(self.inputs), len(y)))
            rows[place[1]] = elasticities(theta)
        return replace(
            fit,
            influence=influence,
            mean_influence=matrix @ influence,
            elasticities=rows,
            productivity=net - theta @ self.z,
            noise=net - signal,
        )

    def _explained(self, stage: SecondStage, minima: Sequence[Minimum]) -> float | None:
        """Return how much of what tells a state's elasticity the polynomial of the process explains, at most.

        That is the state less its value before times the slope of the process (an instrument for ``acf``). What the
        polynomial of productivity before and the chance to stay explains of it in whole cannot be told from the
        process.
        """
        states = [at for at, name in enumerate(self.second) if name in self.panel.roles.state]
        if not (minima and states):
            return None
        pairs, local = stage.pairs, stage.local(minima[0].coefficients)
        source = pairs.inputs - local.slope * pairs.inputs_before if pairs.instruments is None else pairs.instruments
        unexplained = local.weight[states].var(axis=1) / source[states].var(axis=1)
        return float(1 - unexplained.min())

    def _influence(
        self,
        stage: SecondStage,
        theta: FloatArray,
        first: tuple[FloatArray, FloatArray],
        probit: tuple[FloatArray, FloatArray] | None,
    ) -> FloatArray:
        """Return the influences of firms on all coefficients: those of the first stage reach the second."""
        panel, (inverse, error) = self.panel, first
        now, before = panel.now, panel.before
        gamma = inverse @ panel.by_firm(self.x * error)
        local = stage.local(theta)
        change = self.x[:, now].copy()
        if stage.pairs.outcome is None:
            change[: self.flat] = 0.0
        else:  # the residual has output less the free inputs, not the signal
            change[: self.flat] *= -1.0
            change[self.flat :] = 0.0
        change[self.flat :] -= local.slope * self.x[self.flat :, before]
        through = (local.weight @ change.T) @ gamma
        if probit is not None:
            density, scores = probit
            basis = self.x[self.flat :]
            through -= ((local.weight * local.further[0]) @ (density * basis)[:, before].T) @ scores
        second = np.linalg.solve(local.bread, panel.by_firm(local.weight * local.residual, now) + through)
        lead = len(self.linear)
        return np.vstack([gamma[:lead], second, gamma[lead : self.flat]])

    def _survival(self, row: FloatArray | None) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """Return the probability to stay `(1, n)` by a probit on the polynomial, its density and influences."""
        # the firm is there in the next year; or, with a column that marks exits, it is not marked in the next year
        panel = self.panel
        rows, next_rows = (panel.before, panel.now) if panel.roles.exit else (panel.followed, panel.followed)
        x, alive = self.x[self.flat :], panel.alive[next_rows] > 0
        if alive.all() or not alive.any():
            raise UsageError("production.no-exit")
        inside, sign = x[:, rows], np.where(alive, 1.0, -1.0)
        w = 1.0 if row is None else row[rows]
        beta, _ = estimator.least_squares(inside, 2.0 * sign, None if row is None else row[rows])
        for _ in range(50):
            index = sign * (beta @ inside)
            ratio = np.exp(-0.5 * index**2 - log_ndtr(index)) / np.sqrt(2 * np.pi)
            score = sign * ratio
            hessian = (inside * (w * ratio * (ratio + index))) @ inside.T
            step = np.linalg.lstsq(hessian, inside @ (w * score), rcond=None)[0]
            beta = beta + step
            if np.abs(step).max() < 1e-10 * (1 + np.abs(beta).max()):
                break
        index = beta @ x
        density = np.exp(-0.5 * index**2) / np.sqrt(2 * np.pi)
        influence = np.linalg.pinv(hessian, hermitian=True) @ panel.by_firm(inside * score, rows)
        return ndtr(index)[None], (density, influence)


class ShareEquation:
    """First the share equation by nonlinear least squares, then the rest of the function as a Markov second stage.

    ``log share = log(D(x) E) - e`` with a polynomial D, the elasticity of the flexible input; its integral is the part
    of the function with that input, and what is left is a polynomial C of the other inputs and productivity.
    """

    def __init__(self, panel: estimator.Panel, settings: estimator.Settings) -> None:
        roles = panel.roles
        if len(roles.proxy) != 1 or roles.share is None:
            raise UsageError("production.no-share")
        flexible = roles.proxy[0]
        other_inputs = tuple(name for name in roles.inputs if name != flexible)
        self.panel, self.degree = panel, settings.degree[1]
        self.inputs = self.terms = self.searched = (*other_inputs, flexible)
        x = panel.block(self.inputs)
        x = x - x.mean(axis=1)[:, None]
        count = len(other_inputs)
        self.powers = exponents(count + 1, settings.share_degree)
        self.basis = monomials(x, self.powers)  # of D
        times = (1 + np.array([power[-1] for power in self.powers]))[:, None]
        self.integral = self.basis * x[-1] / times
        self.by = [slope(x, self.powers, at) * x[-1] / times for at in range(count)]
        rest = exponents(count, settings.share_degree)
        self.z = monomials(x[:-1], rest)[1:]
        self.z_by = [slope(x[:-1], rest, at)[1:] for at in range(count)]
        mixed = np.array(
            [x[at, panel.before if name in roles.free else panel.now] for at, name in enumerate(other_inputs)]
        )
        self.instruments = monomials(mixed, rest)[1:]
        self.starts = estimator.hypercube(count, len(self.z) - count, settings.starts)
        self.free = [at for at, name in enumerate(other_inputs) if name in roles.free]
        self.share = panel.values[roles.share]

    def _shares(self, row: FloatArray | None, gamma: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        """Return the coefficients of ``D E`` by Gauss and Newton's method, and the inverse of the last step."""
        basis = self.basis
        if gamma is None:
            gamma, _ = estimator.least_squares(basis, np.exp(self.share), row)
        for _ in range(200):
            fitted = gamma @ basis
            if (fitted <= 0).any():  # back to a constant share
                gamma = np.r_[np.exp(self.share.mean()), np.zeros(len(gamma) - 1)]
                fitted = gamma @ basis
            error = self.share - np.log(fitted)
            scaled = basis / fitted
            weighted = scaled if row is None else scaled * row
            inverse = estimator.invert(weighted @ scaled.T)
            step = inverse @ (weighted @ error)
            size = 1.0
            while ((gamma + size * step) @ basis <= 0).any() and size > 1e-6:  # noqa: PLR2004 - hardly a step
                size /= 2
            gamma = gamma + size * step
            if np.abs(step).max() < 1e-12 * (1 + np.abs(gamma).max()):
                return gamma, inverse
        raise InputError("production.shares")

    def fit(self, weights: FloatArray | None = None, warm: estimator.Fit | None = None) -> estimator.Fit:
        """Return mean elasticities; those of every row are in `elasticities`."""
        panel, row = self.panel, estimator.per_row(self.panel, weights)
        split = len(self.basis)
        gamma, inverse = self._shares(row, None if warm is None else warm.extra[:split])
        fitted = gamma @ self.basis
        e = np.log(fitted) - self.share
        total = float(len(e) if row is None else row.sum())
        big = float((np.exp(e) if row is None else np.exp(e) * row).sum() / total)
        signal = panel.y - e - (gamma / big) @ self.integral
        now, before = panel.now, panel.before
        further = panel.block(panel.roles.drivers)[:, before]
        z, z0 = self.z[:, now], self.z[:, before]
        pairs = Pairs(signal[now], signal[before], z, z0, further, self.degree, self.instruments)
        stage = SecondStage(pairs, None if row is None else row[now], None if warm is None else warm.units)
        minima = stage.search(self.starts if warm is None else warm.extra[None, split:])

        def elasticities(alpha: FloatArray) -> FloatArray:
            parts = [gamma / big @ d + alpha @ z for d, z in zip(self.by, self.z_by, strict=True)]
            return np.vstack([*parts, fitted / big])

        def averaged(alpha: FloatArray) -> FloatArray:
            values = elasticities(alpha)
            return np.asarray((values if row is None else values * row).sum(axis=1) / total)

        answer, status, solution = estimator.choose(stage, minima, elasticities, self.free, is_draw=warm is not None)
        alpha = solution.coefficients
        mean = averaged(alpha)
        fit = estimator.Fit(
            coefficients=mean,
            mean=mean,
            status=status,
            starts=len(self.starts),
            criterion=solution.criterion,
            minima=tuple(replace(minimum, coefficients=averaged(minimum.coefficients)) for minimum in minima),
            units=stage.units,
            extra=np.concatenate([gamma, alpha]),
        )
        if weights is not None or answer is None:
            return fit
        rows = elasticities(alpha)
        influence = self._influence(stage, (gamma, inverse, e, big), alpha, rows - mean[:, None])
        productivity = signal + e - alpha @ self.z
        return replace(
            fit, influence=influence, mean_influence=influence, elasticities=rows, productivity=productivity, noise=e
        )

    def _influence(
        self,
        stage: SecondStage,
        shares: tuple[FloatArray, FloatArray, FloatArray, float],
        alpha: FloatArray,
        around: FloatArray,
    ) -> FloatArray:
        """Return the influences of firms on the mean elasticities, through both stages."""
        panel, (gamma, inverse, e, big) = self.panel, shares
        now, before, n = panel.now, panel.before, len(e)
        scaled = self.basis / (gamma @ self.basis)
        first = inverse @ panel.by_firm(scaled * -e)
        growth = np.exp(e)
        of_big = panel.by_firm((growth - big)[None])[0] / n + (scaled @ growth / n) @ first
        by_gamma = -scaled - self.integral / big
        by_big = gamma @ self.integral / big**2
        local = stage.local(alpha)

        def change(by: FloatArray) -> FloatArray:
            return np.asarray(by[..., now] - local.slope * by[..., before])

        through = (local.weight @ change(by_gamma).T) @ first + np.outer(local.weight @ change(by_big), of_big)
        second = np.linalg.solve(local.bread, panel.by_firm(local.weight * local.residual, now) + through)
        parts = []
        for d, z in zip(self.by, self.z_by, strict=True):
            d_mean = d.mean(axis=1)
            parts.append(d_mean @ first / big - gamma @ d_mean / big**2 * of_big + z.mean(axis=1) @ second)
        basis = self.basis.mean(axis=1)
        parts.append(basis @ first / big - gamma @ basis / big**2 * of_big)
        return np.asarray(panel.by_firm(around) / n + np.vstack(parts))
