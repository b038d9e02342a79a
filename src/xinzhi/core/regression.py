"""Regressions: least squares, fixed effects, logit, clustered and autocorrelation-robust errors, many tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError

Counted = Literal["regressors", "outside", "all"]
Engine = Literal["numpy", "linearmodels"]
_ROUNDS = 10_000
_SETTLED = 1e-13
_ROUNDING = 1e-10
_STEPS, _SHORTEST = 60, 1e-9  # of Newton, and the smallest part of a step


@dataclass(frozen=True, slots=True)
class Line:
    """A line by least squares: `coefficients` and classical `standard_errors` `(k,)`, `residuals` `(n,)`, `r2`."""

    coefficients: FloatArray
    standard_errors: FloatArray
    residuals: FloatArray
    r2: float


def ols(y: FloatArray, x: FloatArray) -> Line:
    """Fit ``y = x b + e`` by ordinary least squares; a constant is a column of ones in `x`.

    Standard errors have ``n - k`` degrees of freedom; `r2` is the share of the variance of `y` around its mean.
    """
    rows, columns = x.shape
    if rows <= columns or not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise InputError("core.too-few-rows", rows=rows, columns=columns)
    coefficients, _, rank, _ = np.linalg.lstsq(x, y)
    if rank < columns:
        raise InputError("core.collinear", columns=columns, rank=rank)
    residuals = y - x @ coefficients
    unexplained = float(residuals @ residuals)
    triangle: FloatArray = np.linalg.inv(np.linalg.qr(x, mode="r"))
    spread: FloatArray = np.sqrt(unexplained / (rows - columns) * (triangle**2).sum(axis=1))
    total = float(((y - y.mean()) ** 2).sum())
    return Line(
        np.asarray(coefficients, dtype=np.float64), spread, residuals, 1 - unexplained / total if total > 0 else np.nan
    )


@dataclass(frozen=True, slots=True)
class Regression:
    """A regression within fixed effects: `coefficients` and clustered `standard_errors` `(k,)`, `residuals` `(n,)`."""

    names: tuple[str, ...]
    coefficients: FloatArray
    standard_errors: FloatArray
    observations: int
    clusters: int
    r2_within: float
    residuals: FloatArray

    @property
    def probabilities(self) -> FloatArray:
        """Two-sided probabilities of the coefficients, from the normal distribution."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.abs(self.coefficients) / self.standard_errors
        return np.array([math.erfc(value / math.sqrt(2)) for value in ratio])

    @property
    def frame(self) -> pl.DataFrame:
        """``term, coefficient, standard_error, t``."""
        return pl.DataFrame(
            {
                "term": self.names,
                "coefficient": self.coefficients,
                "standard_error": self.standard_errors,
                "t": self.coefficients / self.standard_errors,
            }
        )


def fixed_effects(
    y: FloatArray,
    x: FloatArray,
    names: Sequence[str],
    effects: Sequence[IntArray],
    cluster: IntArray,
    *,
    counted: Counted = "outside",
    small_sample: bool = True,
    engine: Engine = "numpy",
) -> Regression:
    """Regress `y` `(n,)` on `x` `(n, k)` within the effects, with clustered standard errors.

    Effects (swept out: Frisch and Waugh 1933; Lovell 1963) and clusters are codes from 0 on `(n,)`; without effects
    there is a constant. `counted` says which of them cost a degree of freedom: those that do not lie inside the
    clusters (``outside``, as in fixest and pyfixest), ``all``, or none (``regressors``). Errors as in Liang and Zeger
    (1986) and Cameron, Gelbach and Miller (2011), with `small_sample` times ``G / (G - 1) (n - 1) / (n - k)``. The
    engine ``linearmodels`` (extra `panel`) takes units and years, and has the factor ``n / (n - k)`` alone.
    """
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        raise InputError("core.missing-in-regression")
    rows, columns = x.shape
    groups = int(cluster.max()) + 1 if rows else 0
    absorbed = _absorbed_degrees_of_freedom(effects, cluster, counted)
    if groups <= 1 or rows <= columns + absorbed:
        raise InputError("core.too-few-clusters", columns=columns, absorbed=absorbed, rows=rows, groups=groups)
    inner = within(np.column_stack([y, x]), effects)
    inner_y, inner_x = inner[:, 0], inner[:, 1:]
    _refuse_constant(x, inner_x, names)
    if engine == "linearmodels":
        return _by_linearmodels(y, x, names, effects, cluster)
    if engine != "numpy":
        raise UsageError("core.unknown-engine", engine=engine)
    coefficients = np.linalg.inv(inner_x.T @ inner_x) @ (inner_x.T @ inner_y)
    residuals = inner_y - inner_x @ coefficients
    total = float(inner_y @ inner_y)
    return Regression(
        names=tuple(names),
        coefficients=coefficients,
        standard_errors=clustered_errors(
            inner_x, residuals, cluster, counted=columns + absorbed, small_sample=small_sample
        ),
        observations=rows,
        clusters=groups,
        r2_within=1.0 - float(residuals @ residuals) / total if total > 0 else float("nan"),
        residuals=residuals,
    )


def within(values: FloatArray, effects: Sequence[IntArray]) -> FloatArray:
    """Take the means of every effect out of the columns `(n, k)`; without effects the mean of all rows.

    Several effects are taken out in turn until nothing moves (Guimarães and Portugal 2010).
    """
    out: FloatArray = np.ascontiguousarray((values - values.mean(axis=0)).T)  # a variable a row: sums run along it
    scale = np.abs(out).max(axis=1) + np.finfo(float).tiny
    counts = [np.maximum(np.bincount(effect), 1) for effect in effects]
    for _ in range(_ROUNDS):
        before = out.copy()
        for effect, count in zip(effects, counts, strict=True):
            out -= np.stack([(np.bincount(effect, row, len(count)) / count)[effect] for row in out])
        if (np.abs(out - before).max(axis=1) <= _SETTLED * scale).all():
            return np.ascontiguousarray(out.T)
    raise InputError("core.effects-apart")


def clustered_errors(
    x: FloatArray, residuals: FloatArray, cluster: IntArray, *, counted: int, small_sample: bool = True
) -> FloatArray:
    """Return standard errors `(k,)` that allow any dependence within a cluster, with ``G/(G-1) (n-1)/(n-counted)``."""
    groups, rows = int(cluster.max()) + 1, len(x)
    bread = np.linalg.inv(x.T @ x)
    scores = sums_by_group(x * residuals[:, None], cluster, groups)
    factor = groups / (groups - 1) * (rows - 1) / (rows - counted) if small_sample else 1.0
    return root_diagonal(factor * bread @ (scores.T @ scores) @ bread)


def hac_errors(x: FloatArray, residuals: FloatArray, lags: int) -> FloatArray:
    """Return standard errors `(k,)` that allow autocorrelation up to some lags (Newey and West 1987)."""
    influence = residuals * (np.linalg.inv(x.T @ x) @ x.T)
    return np.sqrt(long_run_variance(influence, bartlett(len(x), lags)))


def logit(x: FloatArray, y: BoolArray, *, ridge: float = 0.0, tolerance: float = 0.0) -> FloatArray:
    """Return the coefficients `(k,)` of a logit by maximum likelihood, with the penalty ``ridge / 2`` on their squares.

    The first column of `x` is the constant and goes without penalty; Newton's steps end when the likelihood gains less
    than `tolerance` of itself.
    """
    outcome, share = y.astype(np.float64), y.mean()
    penalty = np.append(0.0, np.full(x.shape[1] - 1, ridge))
    beta = np.append(np.log(share / (1 - share)), np.zeros(x.shape[1] - 1))
    rows = np.ascontiguousarray(x.T)

    def loss(at: FloatArray, odds: FloatArray) -> tuple[float, FloatArray]:
        decay = np.exp(-np.abs(odds))
        chance = np.where(odds >= 0, 1.0, decay) / (1 + decay)
        lost = np.log1p(decay).sum() + np.maximum(odds, 0.0).sum() - outcome @ odds
        return float(lost + (penalty * at**2).sum() / 2), chance

    now, chance = loss(beta, beta @ rows)
    for _ in range(_STEPS):
        slope = rows @ (chance - outcome) + penalty * beta
        step = np.linalg.lstsq((rows * (chance * (1 - chance))) @ x + np.diag(penalty), slope, rcond=None)[0]
        size = 1.0
        while (tried := loss(beta - size * step, (beta - size * step) @ rows))[0] > now and size > _SHORTEST:
            size /= 2
        beta, gain, (now, chance) = beta - size * step, now - tried[0], tried
        # a step of Newton squares what is missing: after one that could gain so little, nothing is
        if gain <= tolerance * (1 + abs(now)) or slope @ step <= _SETTLED * (1 + abs(now)):
            break
    return beta


def logit_errors(x: FloatArray, y: BoolArray, coefficients: FloatArray, cluster: IntArray) -> FloatArray:
    """Return standard errors `(k,)` of a logit that allow any dependence within a cluster, with ``G/(G-1)``."""
    chance = 1 / (1 + np.exp(-(x @ coefficients)))
    groups, bread = int(cluster.max()) + 1, np.linalg.inv((x.T * (chance * (1 - chance))) @ x)
    scores = sums_by_group(x * (y - chance)[:, None], cluster, groups)
    return root_diagonal(groups / max(groups - 1, 1) * bread @ (scores.T @ scores) @ bread)


def newey_west_lags(rows: int) -> int:
    """Return the usual number of lags of a series, ``4 (n / 100)^(2/9)`` (Newey and West 1994)."""
    return int(4 * (rows / 100) ** (2 / 9))


def bartlett(rows: int, lags: int) -> FloatArray:
    """Return the weights `(n - 1,)` of lags 1, 2, ... that fall in a straight line to 0 at ``lags + 1``."""
    return np.asarray(np.clip(1 - np.arange(1, rows) / (lags + 1), 0, None))


def long_run_variance(series: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the variance of the sum of each series `(m, n)`; weights of the lags `(n - 1,)` or `(m, n - 1)`."""
    count = series.shape[1]
    lags = np.flatnonzero(weights.any(axis=0) if weights.ndim > 1 else weights) + 1
    products = [np.einsum("ij,ij->i", series[:, : count - lag], series[:, lag:]) for lag in lags.tolist()]
    covariance = (weights[..., lags - 1] * np.stack(products, axis=1)).sum(axis=1) if products else 0.0
    return np.asarray((series**2).sum(axis=1) + 2 * covariance)


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """Return p values adjusted for the share of false discoveries (1995); NaN stays NaN and is not counted."""
    adjusted = np.full(p.shape, np.nan)
    finite = np.flatnonzero(np.isfinite(p))
    order = finite[np.argsort(p[finite], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return adjusted


def codes(values: Sequence[object]) -> IntArray:
    """Return codes from 0 on, in the order of first appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def sums_by_group(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Return the sums of the rows `(n, k)` of every group `(G, k)`."""
    return np.stack([np.bincount(group, weights=column, minlength=groups) for column in values.T], axis=1)


def root_diagonal(covariance: FloatArray) -> FloatArray:
    """Return standard errors from a covariance; rounding below 0 is 0."""
    return np.sqrt(np.clip(np.diag(covariance), 0.0, None))


def _absorbed_degrees_of_freedom(effects: Sequence[IntArray], cluster: IntArray, counted: Counted) -> int:
    """Return how many degrees of freedom the effects take: a constant at least, unless only regressors count."""
    if counted == "regressors":
        return 0
    if counted == "outside":
        # an effect lies inside the clusters when each of its levels occurs in one cluster only
        effects = [effect for effect in effects if not _inside(effect, cluster)]
    return sum(int(effect.max()) + 1 for effect in effects) - (len(effects) - 1) if effects else 1


def _inside(effect: IntArray, cluster: IntArray) -> bool:
    of_level = np.zeros(int(effect.max()) + 1, dtype=cluster.dtype)
    of_level[effect] = cluster  # the last of each level: all are the same, or it is not inside
    return bool((of_level[effect] == cluster).all())


def _refuse_constant(x: FloatArray, inner: FloatArray, names: Sequence[str]) -> None:
    """Refuse regressors that the effects, or the other regressors, explain entirely."""
    variation = np.sqrt((inner**2).sum(axis=0)) / (np.sqrt((x**2).sum(axis=0)) + np.finfo(float).tiny)
    still = [name for name, part in zip(names, variation.tolist(), strict=True) if part < _ROUNDING]
    if still:
        raise InputError("core.no-variation", names=list(still))
    if np.linalg.matrix_rank(inner / np.sqrt((inner**2).sum(axis=0))) < x.shape[1]:
        raise InputError("core.repeated-regressors", names=list(names))


def _by_linearmodels(
    y: FloatArray, x: FloatArray, names: Sequence[str], effects: Sequence[IntArray], cluster: IntArray
) -> Regression:
    """Let linearmodels estimate the same regression."""
    try:
        from linearmodels.panel import PanelOLS  # type: ignore[import-not-found,unused-ignore] # an extra, without types
    except ModuleNotFoundError:
        raise UsageError("core.no-linearmodels") from None
    if len(effects) != 2:  # noqa: PLR2004 - units and years
        raise UsageError("core.two-effects")
    data = pl.DataFrame({"unit": effects[0], "year": effects[1], "y": y, "cluster": cluster}).with_columns(
        pl.Series(f"x{column}", x[:, column]) for column in range(x.shape[1])
    )
    table = data.to_pandas().set_index(["unit", "year"])
    model = PanelOLS(table["y"], table[[f"x{n}" for n in range(x.shape[1])]], entity_effects=True, time_effects=True)
    fit = model.fit(cov_type="clustered", clusters=table[["cluster"]])
    return Regression(
        names=tuple(names),
        coefficients=np.asarray(fit.params, dtype=np.float64),
        standard_errors=np.asarray(fit.std_errors, dtype=np.float64),
        observations=len(y),
        clusters=int(cluster.max()) + 1,
        r2_within=float(fit.rsquared),
        residuals=np.asarray(fit.resids, dtype=np.float64),
    )
