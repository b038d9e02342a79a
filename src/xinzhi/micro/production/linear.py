"""Estimators in closed form: least squares, fixed effects, cost shares, instruments (Robinson's partly linear form)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.regression import within
from xinzhi.micro.production import estimator
from xinzhi.micro.production.second_stage import exponents, monomials


def ranged(mean: FloatArray) -> estimator.Status:
    """Say whether the elasticities are ones that an input can have."""
    low, high = estimator.convention("elasticity_range")
    return "ok" if ((mean > low) & (mean < high)).all() else "out-of-range"


class LeastSquares:
    """Output on the columns of the function and controls; ``fe`` takes the mean of every firm out."""

    searched: tuple[str, ...] = ()

    def __init__(self, panel: estimator.Panel, method: str, settings: estimator.Settings) -> None:
        self.panel, self.inputs = panel, panel.roles.inputs
        levels = panel.block(self.inputs)
        self.form = estimator.Form(levels, self.inputs, settings.form)
        self.z = np.vstack([self.form.columns(levels), panel.block(panel.roles.controls)])
        self.terms = (*self.form.terms, *panel.roles.controls)
        table = np.vstack([panel.y, self.z]).T
        if method == "fe":
            table = within(table, [panel.firm])
        self.y, self.x = table[:, 0].copy(), table[:, 1:].T.copy()
        if method == "ols":
            self.x = np.vstack([self.x, np.ones(len(self.y))])
        self.at_mean = self.form.at_mean(levels)

    def fit(self, weights: FloatArray | None = None, warm: estimator.Fit | None = None) -> estimator.Fit:  # noqa: ARG002 - closed form
        """Return the estimate; errors are clustered by firm."""
        row, count = estimator.per_row(self.panel, weights), len(self.z)
        xw = self.x if row is None else self.x * row
        inverse = estimator.invert(xw @ self.x.T)
        theta = (inverse @ (xw @ self.y))[:count]
        second = len(self.form.terms)
        mean = self.at_mean @ theta[:second]
        fit = estimator.Fit(coefficients=theta, mean=mean, status=ranged(mean))
        if weights is not None:
            return fit
        error = self.y - (inverse @ (xw @ self.y)) @ self.x
        influence = (inverse @ self.panel.by_firm(self.x * error))[:count]
        rows = self.form.elasticities(theta[:second], self.panel.block(self.inputs)) if self.form.pairs else None
        return replace(
            fit,
            influence=influence,
            mean_influence=self.at_mean @ influence[:second],
            elasticities=rows,
            productivity=self.panel.y - theta @ self.z,
        )


def refuse_costs(roles: estimator.Roles) -> None:
    """Refuse other than one cost for each input."""
    if len(roles.costs) != len(roles.inputs):
        raise UsageError("production.costs", costs=len(roles.costs), inputs=len(roles.inputs))


def refuse_robinson(roles: estimator.Roles) -> tuple[str, ...]:
    """Return the variables of the polynomial; refuse none, and a proxy whose lag is in it and is no instrument."""
    if not roles.proxy:
        raise UsageError("production.no-proxy", method="robinson")
    if overlap := [name for name in roles.free if name in roles.proxy]:
        raise UsageError("production.proxy-free", name=overlap[0])
    return tuple(dict.fromkeys([*roles.state, *roles.proxy]))


class CostShares:
    """The mean share of each input in all costs: its elasticity under constant returns and given prices."""

    searched: tuple[str, ...] = ()

    def __init__(self, panel: estimator.Panel, _: estimator.Settings) -> None:
        roles = panel.roles
        refuse_costs(roles)
        self.panel, self.inputs, self.terms = panel, roles.inputs, roles.inputs
        costs = panel.block(roles.costs)
        total = costs.sum(axis=0)
        if (total <= 0).any():
            raise UsageError("production.no-costs", rows=int((total <= 0).sum()))
        self.shares = costs / total

    def fit(self, weights: FloatArray | None = None, warm: estimator.Fit | None = None) -> estimator.Fit:  # noqa: ARG002 - closed form
        """Return the mean shares."""
        row = estimator.per_row(self.panel, weights)
        rows = len(self.panel.y) if row is None else row.sum()
        theta = (self.shares if row is None else self.shares * row).sum(axis=1) / rows
        fit = estimator.Fit(coefficients=theta, mean=theta, status=ranged(theta))
        if weights is not None:
            return fit
        influence = self.panel.by_firm(self.shares - theta[:, None]) / rows
        return replace(
            fit,
            influence=influence,
            mean_influence=influence,
            productivity=self.panel.y - theta @ self.panel.block(self.inputs),
        )


class Robinson:
    """Output on inputs and a polynomial of states and proxy a year before; free inputs by their lags (2SLS).

    Productivity before is an unknown function of states and proxy before, so that one linear equation with instruments
    is enough (Wooldridge 2009, section 4; Petrin and Levinsohn 2012).
    """

    searched: tuple[str, ...] = ()

    def __init__(self, panel: estimator.Panel, settings: estimator.Settings) -> None:
        roles = panel.roles
        poly = refuse_robinson(roles)
        self.panel, self.inputs, self.terms = panel, roles.inputs, (*roles.inputs, *roles.controls)
        now, before = panel.now, panel.before
        variables, _, _ = estimator.standardised(panel.block(poly))
        basis = monomials(variables[:, before], exponents(len(poly), settings.degree[0]))
        outside = np.vstack([panel.block([*roles.state, *roles.controls])[:, now], basis])
        free = panel.block(roles.free)
        self.x = np.vstack([free[:, now], outside])
        self.z = np.vstack([free[:, before], outside])
        self.rows: IntArray = now

    def fit(self, weights: FloatArray | None = None, warm: estimator.Fit | None = None) -> estimator.Fit:  # noqa: ARG002 - closed form
        """Return the estimate; as many instruments as coefficients."""
        panel, roles = self.panel, self.panel.roles
        y = panel.y[self.rows]
        row = estimator.per_row(panel, weights)
        z = self.z if row is None else self.z * row[self.rows]
        first = estimator.invert(z @ self.z.T) @ (z @ self.x.T)
        fitted = first.T @ self.z
        inverse = estimator.invert((fitted if row is None else fitted * row[self.rows]) @ fitted.T)
        beta = inverse @ (first.T @ (z @ y))
        count, inputs = len(self.terms), len(self.inputs)
        theta = beta[:count]
        fit = estimator.Fit(coefficients=theta, mean=theta[:inputs], status=ranged(theta[:inputs]))
        if weights is not None:
            return fit
        influence = (inverse @ panel.by_firm(fitted * (y - beta @ self.x), self.rows))[:count]
        net = panel.y - theta @ panel.block([*self.inputs, *roles.controls])
        return replace(fit, influence=influence, mean_influence=influence[:inputs], productivity=net)
