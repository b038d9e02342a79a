"""Gandhi, Navarro and Rivers (2020): the share of a flexible input in revenue tells its elasticity, without a form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro.production.columns import Panel
from xinzhi.micro.production.fit import Fit, Settings, choose, hypercube, invert, least_squares, per_row, settled
from xinzhi.micro.production.polynomials import exponents, monomials, slope
from xinzhi.micro.production.second_stage import Minimum, Pairs, SecondStage


class ShareEquation:
    """First the share equation by nonlinear least squares, then the rest of the function as a Markov second stage.

    ``log share = log(D(x) E) - e`` with a polynomial D, the elasticity of the flexible input; its integral is the part
    of the function with that input, and what is left is a polynomial C of the other inputs and productivity.
    """

    def __init__(self, panel: Panel, settings: Settings) -> None:
        roles = panel.roles
        if len(roles.proxy) != 1 or roles.share is None:
            raise UsageError("production.no-share")
        flexible = roles.proxy[0]
        others = tuple(name for name in roles.inputs if name != flexible)
        self.panel, self.degree = panel, settings.degree[1]
        self.inputs = self.terms = self.searched = (*others, flexible)
        x = panel.block(self.inputs)
        x = x - x.mean(axis=1)[:, None]
        count = len(others)
        self.powers = exponents(count + 1, settings.share_degree)
        self.basis = monomials(x, self.powers)  # of D
        self.integral = self.basis * x[-1] / (1 + np.array([one[-1] for one in self.powers]))[:, None]
        self.by = [
            slope(x, self.powers, at) * x[-1] / (1 + np.array([one[-1] for one in self.powers]))[:, None]
            for at in range(count)
        ]
        rest = exponents(count, settings.share_degree)
        self.z = monomials(x[:-1], rest)[1:]
        self.z_by = [slope(x[:-1], rest, at)[1:] for at in range(count)]
        mixed = np.array([x[at, panel.before if name in roles.free else panel.now] for at, name in enumerate(others)])
        self.instruments = monomials(mixed, rest)[1:]
        self.starts = hypercube(count, len(self.z) - count, settings.starts)
        self.free = [at for at, name in enumerate(others) if name in roles.free]
        self.share = panel.values[roles.share]

    def _shares(self, row: FloatArray | None, gamma: FloatArray | None) -> tuple[FloatArray, FloatArray]:
        """Return the coefficients of ``D E`` by Gauss and Newton's method, and the inverse of the last step."""
        basis = self.basis
        if gamma is None:
            gamma, _ = least_squares(basis, np.exp(self.share), row)
        for _ in range(200):
            fitted = gamma @ basis
            if (fitted <= 0).any():  # back to a constant share
                gamma = np.r_[np.exp(self.share.mean()), np.zeros(len(gamma) - 1)]
                fitted = gamma @ basis
            error = self.share - np.log(fitted)
            scaled = basis / fitted
            weighted = scaled if row is None else scaled * row
            inverse = invert(weighted @ scaled.T)
            step = inverse @ (weighted @ error)
            size = 1.0
            while ((gamma + size * step) @ basis <= 0).any() and size > 1e-6:  # noqa: PLR2004 - hardly a step
                size /= 2
            gamma = gamma + size * step
            if np.abs(step).max() < 1e-12 * (1 + np.abs(gamma).max()):
                return gamma, inverse
        raise InputError("production.shares")

    def fit(self, weights: FloatArray | None = None, warm: Fit | None = None) -> Fit:
        """Return mean elasticities; those of every row are in `elasticities`."""
        panel, row = self.panel, per_row(self.panel, weights)
        split = len(self.basis)
        gamma, inverse = self._shares(row, None if warm is None else warm.extra[:split])
        fitted = gamma @ self.basis
        e = np.log(fitted) - self.share
        total = float(len(e) if row is None else row.sum())
        big = float((np.exp(e) if row is None else np.exp(e) * row).sum() / total)
        signal = panel.y - e - (gamma / big) @ self.integral
        now, before = panel.now, panel.before
        pairs = Pairs(
            signal=signal[now], signal_before=signal[before], inputs=self.z[:, now], inputs_before=self.z[:, before],
            further=panel.block(panel.roles.drivers)[:, before], degree=self.degree, instruments=self.instruments,
        )  # fmt: skip
        stage = SecondStage(pairs, None if row is None else row[now], None if warm is None else warm.units)
        minima = stage.search(self.starts if warm is None else warm.extra[None, split:])

        def elasticities(alpha: FloatArray) -> FloatArray:
            parts = [gamma / big @ d + alpha @ z for d, z in zip(self.by, self.z_by, strict=True)]
            return np.vstack([*parts, fitted / big])

        def averaged(alpha: FloatArray) -> FloatArray:
            values = elasticities(alpha)
            return np.asarray((values if row is None else values * row).sum(axis=1) / total)

        answer, status = choose(stage, minima, elasticities, self.free)
        if warm is not None:  # a draw is searched from the estimate alone
            answer, status = settled(stage, minima)
        nothing = Minimum(np.full(len(self.z), np.nan), np.nan, 0, np.zeros(0))
        shown = answer or (minima[0] if minima else nothing)
        alpha = shown.coefficients
        mean = averaged(alpha)
        fit = Fit(
            coefficients=mean, mean=mean, status=status, starts=len(self.starts), criterion=shown.criterion,
            minima=tuple(replace(one, coefficients=averaged(one.coefficients)) for one in minima),
            units=stage.units, extra=np.concatenate([gamma, alpha]),
        )  # fmt: skip
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
