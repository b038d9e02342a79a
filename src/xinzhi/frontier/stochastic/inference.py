"""Standard errors, derived parameters and tests."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
import polars as pl
from scipy.special import chdtrc, ndtr, ndtri

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, Values
from xinzhi.frontier.stochastic.densities import (
    GAMMA,
    INEFFICIENCY,
    LOCATION,
    LOG_ROOT_2PI,
    NOISE,
    Posterior,
    log_scaled_cdf,
    moment_ratios,
    truncated_posterior,
)
from xinzhi.frontier.stochastic.design import CONVENTIONS
from xinzhi.frontier.stochastic.likelihoods import integrated_terms
from xinzhi.frontier.stochastic.problem import Problem, Summit, normal_log_likelihood
from xinzhi.frontier.stochastic.random_effects import EFFECT, PERSISTENT, RandomEffects

_HALVINGS = 200
_ROUNDING = 1e-7  # of the difference of two log-likelihoods


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Parameters of the named columns."""

    terms: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    fixed: BoolArray
    identified: bool

    def value(self, term: str) -> float | None:
        """Return one parameter, or None when the model has none of that name."""
        return float(self.values[self.terms.index(term)]) if term in self.terms else None


def estimates(problem: Problem, summit: Summit) -> Estimates:
    """Return the parameters with their covariance."""
    free = ~summit.pinned
    information = -summit.hessian[np.ix_(free, free)]
    identified = summit.curvature()[0] > CONVENTIONS["eigenvalue"]
    bread = np.linalg.inv(information) if identified else np.zeros_like(information)
    if identified and problem.settings.covariance != "information":
        scores = problem.likelihood.scores(summit.theta)[1][:, free]
        groups = _clusters(problem)
        sums = np.array([np.bincount(groups, column) for column in scores.T])
        count = sums.shape[1]
        bread = bread @ (sums @ sums.T) @ bread * (count / (count - 1))
    inner = np.zeros((summit.theta.size, summit.theta.size))
    inner[np.ix_(free, free)] = bread
    values, covariance = problem.back @ summit.theta, problem.back @ inner @ problem.back.T
    return Estimates(problem.terms, values, covariance, summit.pinned, identified)


def _clusters(problem: Problem) -> IntArray:
    groups, table, settings = problem.likelihood.groups, problem.table, problem.settings
    first = np.unique(groups, return_index=True)[1]
    if settings.covariance == "robust":
        return np.arange(first.size)
    if settings.cluster is None:
        if table.unit is None:
            raise UsageError("frontier.cluster-needed")
        return table.codes[first]
    names = np.unique(table.frame[settings.cluster].cast(str).to_numpy(), return_inverse=True)[1]
    for group in range(first.size) if first.size < names.size else ():
        if np.unique(names[groups == group]).size > 1:
            raise UsageError("frontier.cluster-split", cluster=settings.cluster)
    return names[first]


_ROOTS = {NOISE: "sigma_v", INEFFICIENCY: "sigma_u", EFFECT: "sigma_w", PERSISTENT: "sigma_h"}


def derived(estimate: Estimates) -> list[tuple[str, float, dict[str, float]]]:
    """Return sigmas, their ratio and share: (name, value, derivatives by the estimated terms)."""
    rows: list[tuple[str, float, dict[str, float]]] = []
    for term, name in _ROOTS.items():
        log_variance = estimate.value(term)
        if log_variance is not None:
            root = float(np.exp(0.5 * log_variance))
            rows.append((name, root, {term: 0.5 * root}))
    noise, spread = (float(np.exp(estimate.value(term) or 0.0)) for term in (NOISE, INEFFICIENCY))
    total, ratio = noise + spread, float(np.sqrt(spread / noise))
    share = spread / total
    rows.append(("sigma2", total, {NOISE: noise, INEFFICIENCY: spread}))
    rows.append(("gamma", share, {NOISE: -share * (1 - share), INEFFICIENCY: share * (1 - share)}))
    rows.append(("lambda", ratio, {NOISE: -0.5 * ratio, INEFFICIENCY: 0.5 * ratio}))
    if GAMMA in estimate.terms:
        shape = float(np.exp(estimate.value(GAMMA) or 0.0))
        rows.append(("shape", shape, {GAMMA: shape}))
    return rows


def coefficients(problem: Problem, estimate: Estimates) -> pl.DataFrame:
    """Return ``block, term, estimate, standard_error, t, p, low, high, status``."""
    size, reach = problem.size, float(ndtri(0.5 + 0.5 * problem.settings.level))
    rows = []
    for at, term in enumerate(estimate.terms):
        block = "variance" if term.startswith("ln(sigma") else "inefficiency"
        if at < size:
            block = "frontier"
        if not term.startswith("effect:"):
            rows.append(_row(estimate, (block, term, float(estimate.values[at])), {term: 1.0}, reach))
    rows += [_row(estimate, ("derived", name, value), slopes, reach) for name, value, slopes in derived(estimate)]
    order = ("block", "term", "estimate", "standard_error", "t", "p", "low", "high", "status")
    kinds = dict.fromkeys(order[2:8], pl.Float64)
    return pl.DataFrame(rows, schema={name: kinds.get(name, pl.String) for name in order}, orient="row")


def _row(
    estimate: Estimates, head: tuple[str, str, float], slopes: dict[str, float], reach: float
) -> tuple[str | float | None, ...]:
    """Return a row; a variance is positive by definition, so that "is it zero?" is the likelihood ratio's question."""
    block, _, value = head
    slope, gaps = np.zeros(len(estimate.terms)), (None,) * 5
    for term, part in slopes.items():
        slope[estimate.terms.index(term)] = part
    if any(estimate.fixed[estimate.terms.index(term)] for term in slopes):
        return (*head, *gaps, "at the boundary")
    if not estimate.identified:
        return (*head, *gaps, "not identified")
    error = float(np.sqrt(slope @ estimate.covariance @ slope))
    z = value / error
    p_value = None if block in ("variance", "derived") else 2 * float(ndtr(-abs(z)))
    return (*head, error, z, p_value, value - reach * error, value + reach * error, "estimated")


def mixed_tail(statistic: float, equalities: int, inequalities: int) -> float:
    """Return the p-value of a likelihood ratio when some of the restrictions are one-sided."""
    # Binomial mixture of chi-square tails (Kodde and Palm 1986; Self and Liang 1987 for several independent edges).
    tails = [
        comb(inequalities, j) * (chdtrc(equalities + j, statistic) if equalities + j else float(statistic <= 0))
        for j in range(inequalities + 1)
    ]
    return float(sum(tails) / 2**inequalities)


def mixed_critical(level: float, equalities: int, inequalities: int) -> float:
    """Return the statistic whose mixed p-value is `level`, by halving."""
    low, high = 0.0, 1e3
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if mixed_tail(middle, equalities, inequalities) > level else (low, middle)
    return 0.5 * (low + high)


def tests(problem: Problem, summit: Summit, estimate: Estimates) -> pl.DataFrame:
    """Return ``test, statistic, restrictions, p_value, critical_10, critical_05, critical_01``."""
    names = problem.likelihood.names
    edges = 1 + (PERSISTENT in names)
    inside = sum(name not in (NOISE, INEFFICIENCY, EFFECT, PERSISTENT) for name in names)
    ratio = 2 * (summit.value - normal_log_likelihood(problem))
    ratio = ratio if ratio > _ROUNDING else 0.0
    levels = CONVENTIONS["critical"]
    critical = [mixed_critical(level, inside, edges) for level in levels]
    rows = [("no inefficiency (likelihood ratio)", ratio, inside + edges, mixed_tail(ratio, inside, edges), *critical)]
    skew = skewness(problem.residuals)
    name = "no inefficiency (skewness of least squares, Coelli 1995)"
    rows.append((name, skew, 1, float(ndtr(skew)), *ndtri(levels)))
    scale = _scale_test(problem, estimate)
    if scale is not None:
        chi_squared = [mixed_critical(level, 1, 0) for level in levels]
        rows.append(("constant returns to scale at the mean (Wald)", scale, 1, float(chdtrc(1, scale)), *chi_squared))
    columns = ("test", "statistic", "restrictions", "p_value", "critical_10", "critical_05", "critical_01")
    return pl.DataFrame(rows, schema=columns, orient="row")


def skewness(residuals: FloatArray) -> float:
    """Return the third moment over its standard error under normality; negative when inefficiency shows."""
    centred = residuals - residuals.mean()
    variance = float(np.mean(centred**2))
    return float(np.mean(centred**3) / np.sqrt(6 * variance**3 / residuals.size))


def _scale_test(problem: Problem, estimate: Estimates) -> float | None:
    """Return Wald's statistic for elasticities that add up to 1 at the mean of a production frontier."""
    if problem.settings.cost:
        return None
    frontier, offset = problem.frontier, 0 if problem.model == "true-fixed" else 1
    values = frontier.variables(problem.table).mean(axis=0)
    count, inputs = values.size, len(frontier.inputs)
    slope = np.zeros(len(estimate.terms))
    slope[offset : offset + inputs] = 1.0
    for at, (i, j) in enumerate(frontier.pairs()):
        slope[offset + count + at] = (values[j] if i < inputs else 0.0) + (values[i] if j < inputs and i != j else 0.0)
    variance = float(slope @ estimate.covariance @ slope)
    return float((slope @ estimate.values - 1) ** 2 / variance) if variance > 0 else None


def efficiencies(problem: Problem, theta: FloatArray, fitted: FloatArray) -> pl.DataFrame:
    """Return the efficiency of every row."""
    columns: dict[str, FloatArray] = {"fitted": fitted, "residual": problem.y - fitted}
    posterior, factor = problem.likelihood.posterior(theta)
    level = problem.settings.level
    if isinstance(problem.likelihood, RandomEffects) and problem.likelihood.persistent:
        for name, part in (("transient", posterior), ("persistent", problem.likelihood.persistent_posterior(theta))):
            columns |= {f"{name}_{column}": values for column, values in _columns(part, factor, level).items()}
        columns["efficiency"] = problem.likelihood.overall_efficiency(theta)
        columns["inefficiency"] = columns["transient_inefficiency"] + columns["persistent_inefficiency"]
    else:
        columns |= _columns(posterior, factor, level)
    return problem.table.keys().hstack(pl.DataFrame(columns))


def _columns(posterior: Posterior, factor: FloatArray, level: float) -> dict[str, FloatArray]:
    """Return mean inefficiency, both point estimates of efficiency and the interval of Horrace and Schmidt."""
    mean, tail = factor * posterior.mean(), 0.5 * (1 - level)
    return {
        "inefficiency": mean,
        "efficiency": posterior.efficiency(factor),
        "efficiency_jlms": np.exp(-mean),
        "lower": np.exp(-factor * posterior.quantile(1 - tail)),
        "upper": np.exp(-factor * posterior.quantile(tail)),
    }


def marginal_effects(problem: Problem, estimate: Estimates) -> pl.DataFrame:
    """Return what one unit more of each determinant does to inefficiency in every row."""
    # The change of E[u] (Wang 2002, equation 9 with a constant variance) and of E[exp(-u) | e] with the residual held
    # where it is.
    keys = problem.table.keys()
    names = problem.settings.determinants
    if not names:
        none = {name: pl.lit(None, pl.Float64) for name in ("inefficiency", "efficiency")}
        return keys.clear().with_columns(pl.lit(None, pl.String).alias("determinant"), **none)
    noise, spread = (float(np.exp(estimate.value(name) or 0.0)) for name in (NOISE, INEFFICIENCY))
    location = np.full(problem.y.size, estimate.value("z:constant") or 0.0)
    for name in names:
        location += (estimate.value(f"z:{name}") or 0.0) * problem.table.numbers(name)
    sign = -1.0 if problem.settings.cost else 1.0
    e = sign * (problem.y - problem.matrix @ estimate.values[: problem.size])
    first, second = moment_ratios(location / np.sqrt(spread))
    mean = first * second - first**2  # by location: the variance of the cut normal variable over the scale's
    after = truncated_posterior(e, (np.log(noise), np.log(spread), location))
    r = after.location / after.scale
    hazards = [np.exp(-LOG_ROOT_2PI - log_scaled_cdf(at)) for at in (r - after.scale, r)]  # pdf / cdf
    by_location = (hazards[0] - hazards[1]) / after.scale - 1
    efficiency = after.efficiency() * by_location * noise / (noise + spread)
    parts = []
    for name in names:
        delta = estimate.value(f"z:{name}") or 0.0
        effects = pl.DataFrame({"inefficiency": delta * mean, "efficiency": delta * efficiency})
        parts.append(keys.with_columns(pl.lit(name).alias("determinant")).hstack(effects))
    return pl.concat(parts)


Status = Literal["converged", "boundary", "not converged"]

_BROKEN = ("noise-vanishes", "gradient", "hessian")
_EDGES = ("no-inefficiency", "no-effect", "no-persistent", "exponential-limit")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the estimate is a maximum, and of what kind."""

    status: Status
    gradient: float
    eigenvalue: float
    condition: float
    steps: int
    starts: int
    agreeing: int
    details: dict[str, Values]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Short names of what was found."""
        return tuple(self.details)

    @property
    def notes(self) -> tuple[Text, ...]:
        """What was found, in sentences."""
        return tuple(words.frontier.verdict_of(name, **values) for name, values in self.details.items())

    @property
    def usable(self) -> bool:
        """Whether the estimate is a maximum at all."""
        return self.status != "not converged"


def judge(problem: Problem, summit: Summit, estimate: Estimates) -> Verdict:
    """Return the verdict on an estimate."""
    rules = CONVENTIONS
    gradient, (eigenvalue, condition) = summit.relative_gradient(), summit.curvature()
    notes: dict[str, dict[str, object]] = {name: {} for name in _edges(problem, estimate)}
    if gradient > rules["gradient"]:
        notes["gradient"] = {"value": gradient, "limit": rules["gradient"]}
    if eigenvalue <= rules["eigenvalue"]:
        notes["hessian"] = {"value": eigenvalue}
    if summit.higher is not None:
        notes["higher"] = {"value": summit.higher}
    if summit.starts > 1 and summit.agreeing == 1 and not set(_BROKEN) & set(notes):
        notes["lonely"] = {"starts": summit.starts}
    if problem.model == "gamma" and problem.settings.draws is not None:
        # the exact log-likelihood at simulated estimates
        e = (-1.0 if problem.settings.cost else 1.0) * (problem.y - problem.matrix @ estimate.values[: problem.size])
        exact = float(integrated_terms(e, tuple(estimate.values[problem.size :])).value.sum())
        notes["simulated"] = {"draws": problem.settings.draws, "value": exact}
    status: Status = "converged"
    if any(name in notes for name in _BROKEN):
        status = "not converged"
    elif any(name in notes for name in _EDGES):
        status = "boundary"
    counts = (summit.steps, summit.starts, summit.agreeing)
    return Verdict(status, gradient, eigenvalue, condition, *counts, notes)


def _edges(problem: Problem, estimate: Estimates) -> list[str]:
    """Return which edges of the parameter space were reached."""
    rules, names = CONVENTIONS, []
    total = sum(np.exp(estimate.value(term) or 0.0) for term in (NOISE, EFFECT, PERSISTENT) if term in estimate.terms)
    total += np.exp((estimate.value(INEFFICIENCY) or 0.0) + (estimate.value(GAMMA) or 0.0))
    pinned = {term for term, fixed in zip(estimate.terms, estimate.fixed, strict=True) if fixed}
    if INEFFICIENCY in pinned:
        names.append("no-inefficiency")
    if skewness(problem.residuals) > 0:
        names.append("wrong-skewness")
    names += [name for term, name in ((EFFECT, "no-effect"), (PERSISTENT, "no-persistent")) if term in pinned]
    if np.exp(estimate.value(NOISE) or 0.0) < rules["vanishing"] ** 2 * total:
        names.append("noise-vanishes")
    location, log_variance = estimate.value(LOCATION), estimate.value(INEFFICIENCY) or 0.0
    if location is not None and location < rules["exponential_limit"] * np.exp(0.5 * log_variance):
        names.append("exponential-limit")
    return names
