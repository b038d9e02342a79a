"""Inefficiency of every row with its interval, and what its determinants do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.frontier.stochastic.densities import INEFFICIENCY, NOISE, truncated_posterior
from xinzhi.frontier.stochastic.random_effects import RandomEffects
from xinzhi.frontier.stochastic.special import LOG_ROOT_2PI, log_scaled_cdf, moment_ratios

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.stochastic.inference import Estimates
    from xinzhi.frontier.stochastic.posterior import Posterior
    from xinzhi.frontier.stochastic.problem import Problem


def row_keys(problem: Problem) -> pl.DataFrame:
    """Return ``row`` and, where the call names them, ``unit`` and ``period``."""
    import polars as pl

    table = problem.table
    keys = pl.DataFrame({"row": np.arange(1, problem.y.size + 1)})
    for name, column in (("unit", table.unit), ("period", table.period)):
        if column is not None:
            keys = keys.with_columns(table.frame[column].alias(name))
    return keys


def efficiencies(problem: Problem, theta: FloatArray, fitted: FloatArray) -> pl.DataFrame:
    """Return the efficiency of every row.

    Parameters
    ----------
    problem, theta
        The model, and its parameters in orthonormal regressors.
    fitted
        The frontier of every row, in logs.
    """
    import polars as pl

    columns: dict[str, FloatArray] = {"fitted": fitted, "residual": problem.y - fitted}
    posterior, factor = problem.likelihood.posterior(theta)
    level = problem.settings.level
    if isinstance(problem.likelihood, RandomEffects) and problem.likelihood.persistent:
        parts = {
            "transient": (posterior, factor),
            "persistent": (problem.likelihood.persistent_posterior(theta), factor),
        }
        for name, (part, weight) in parts.items():
            columns |= {f"{name}_{column}": values for column, values in _columns(part, weight, level).items()}
        columns["efficiency"] = problem.likelihood.overall_efficiency(theta)
        columns["inefficiency"] = columns["transient_inefficiency"] + columns["persistent_inefficiency"]
    else:
        columns |= _columns(posterior, factor, level)
    return row_keys(problem).hstack(pl.DataFrame(columns))


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


def marginal_effects(problem: Problem, found: Estimates) -> pl.DataFrame:
    """Return what one unit more of each determinant does to inefficiency in every row.

    Returns
    -------
    polars.DataFrame
        ``row, unit, period, determinant, inefficiency, efficiency``: the change of E[u] (Wang 2002, equation 9 with a
        constant variance) and of E[exp(-u) | e] with the residual held where it is; no rows without determinants.
    """
    import polars as pl

    keys = row_keys(problem)
    names = problem.settings.determinants
    empty = keys.clear().with_columns(
        pl.lit(None, pl.String).alias("determinant"), *(pl.lit(None, pl.Float64).alias(c) for c in _EFFECTS)
    )
    if not names:
        return empty
    noise, spread = (float(np.exp(found.value(name) or 0.0)) for name in (NOISE, INEFFICIENCY))
    location = np.full(problem.y.size, found.value("z:constant") or 0.0)
    for name in names:
        location += (found.value(f"z:{name}") or 0.0) * problem.table.numbers(name)
    sign = -1.0 if problem.settings.cost else 1.0
    e = sign * (problem.y - problem.matrix @ found.values[: problem.size])
    mean = _mean_slope(location / np.sqrt(spread))
    after = truncated_posterior(e, (np.log(noise), np.log(spread), location))
    r = after.location / after.scale
    by_location = (_hazard(r - after.scale) - _hazard(r)) / after.scale - 1
    efficiency = after.efficiency() * by_location * noise / (noise + spread)
    parts = []
    for name in names:
        delta = found.value(f"z:{name}") or 0.0
        effects = pl.DataFrame({"inefficiency": delta * mean, "efficiency": delta * efficiency})
        parts.append(keys.with_columns(pl.lit(name).alias("determinant")).hstack(effects))
    return pl.concat(parts)


_EFFECTS = ("inefficiency", "efficiency")


def _hazard(r: FloatArray) -> FloatArray:
    """Return ``pdf(r) / cdf(r)``."""
    return np.asarray(np.exp(-LOG_ROOT_2PI - log_scaled_cdf(r)))


def _mean_slope(r: FloatArray) -> FloatArray:
    """Return the derivative of the mean of a cut normal variable by its location: its variance over the scale's."""
    first, second = moment_ratios(r)
    return np.asarray(first * second - first**2)
