"""The verb: a stochastic production or cost frontier by maximum likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance
from xinzhi.frontier.stochastic.densities import NOISE
from xinzhi.frontier.stochastic.design import Frontier, check_names, read_table
from xinzhi.frontier.stochastic.inefficiency import efficiencies, marginal_effects, row_keys
from xinzhi.frontier.stochastic.inference import coefficients, estimates, tests
from xinzhi.frontier.stochastic.maximise import highest
from xinzhi.frontier.stochastic.options import settle
from xinzhi.frontier.stochastic.problem import build, starts
from xinzhi.frontier.stochastic.result import StochasticFrontier
from xinzhi.frontier.stochastic.technology import checks, elasticities
from xinzhi.frontier.stochastic.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.stochastic.inference import Estimates
    from xinzhi.frontier.stochastic.options import Options
    from xinzhi.frontier.stochastic.problem import Problem


def sfa(
    frame: Any,  # noqa: ANN401 - any kind of frame
    output: str,
    inputs: Sequence[str],
    unit: str | None = None,
    period: str | None = None,
    *,
    model: str = "half-normal",
    logs: bool = True,
    **options: Unpack[Options],
) -> StochasticFrontier:
    """Estimate a stochastic frontier.

    Parameters
    ----------
    frame
        One row for each unit and period; pandas, polars, pyarrow or duckdb.
    output, inputs
        Columns of output (or cost) and inputs (or outputs and prices), positive when `logs` is true.
    unit, period
        Columns that name a row; panel models need them.
    model
        Cross-section: ``half-normal, truncated-normal, exponential, gamma, rayleigh, uniform``. Panel: ``pitt-lee``,
        ``battese-coelli-1992`` (``bc92``), ``battese-coelli-1995`` (``bc95``, with `determinants`), ``kumbhakar-1990``,
        ``true-fixed``, ``true-random``, ``four-component`` (``gtre``).
    logs
        Whether to take logs of output and inputs; False says that they are logs already.
    **options
        ``distribution, form, cost, prices, trend, controls, determinants, determinants_constant, covariance, cluster,
        level, draws``: see `Settings`.

    Returns
    -------
    StochasticFrontier
        Efficiencies, coefficients, tests, and a verdict on convergence: read that first.

    Raises
    ------
    UsageError
        When options do not go together or a panel model lacks its unit or period.
    InputError
        When the columns cannot carry the model: the row or column is named.

    Notes
    -----
    Aigner, Lovell and Schmidt (1977); Kumbhakar and Lovell (2000), Stochastic Frontier Analysis. Newton's method on
    exact first derivatives, in orthonormal regressors, from several starts. A cost frontier has inefficiency above it,
    and its efficiency is least cost over cost, between 0 and 1 as well.

    Examples
    --------
    >>> import polars as pl
    >>> draw = np.random.default_rng(2)
    >>> labour = draw.uniform(1, 3, 200)
    >>> noise, waste = 0.1 * draw.normal(size=200), np.abs(0.3 * draw.normal(size=200))
    >>> farms = pl.DataFrame({"rice": np.exp(1 + 0.5 * labour + noise - waste), "labour": np.exp(labour)})
    >>> result = sfa(farms, "rice", ["labour"])
    >>> result.verdict.status, round(result.coefficient("log(labour)"), 1)
    ('converged', 0.5)
    """
    model, settings = settle(model, dict(options))
    check_names(inputs, output, unit, period)
    if settings.trend and period is None:
        message = "trend=True needs period=, the column that holds it."
        raise UsageError(message)
    table = read_table(frame, unit, period)
    if table.frame.height == 0:
        message = "the frame has no rows."
        raise InputError(message)
    form = Frontier(
        tuple(inputs), settings.controls, settings.form, logs, settings.trend, first=float(table.time.min())
    )
    unknown = [name for name in settings.prices if name not in inputs]
    if unknown:
        message = f"prices=['{unknown[0]}'] is none of the inputs {', '.join(inputs)}."
        raise UsageError(message)
    problem = build(model, settings, table, form, output)
    noise = problem.size + problem.likelihood.names.index(NOISE)
    summit = highest(problem.likelihood, starts(problem), problem.variances(), noise)
    found = estimates(problem, summit)
    fitted = _fitted(problem, found)
    slopes = elasticities(form, settings, _beta(problem, found), table, row_keys(problem))
    call = {"output": output, "inputs": tuple(inputs), "unit": unit, "period": period, "model": model, "logs": logs}
    return StochasticFrontier(
        frame=efficiencies(problem, summit.theta, fitted),
        provenance=_provenance({**call, **dict(options)}),
        kind=table.kind,
        coefficients=coefficients(problem, found),
        log_likelihood=summit.value,
        tests=tests(problem, summit, found),
        verdict=judge(problem, summit, found),
        elasticities=slopes,
        checks=checks(slopes, settings),
        marginal_effects=marginal_effects(problem, found),
        effects=_effects(found),
        covariance=found.covariance,
        terms=problem.terms,
        model=model,
        output=output,
        frontier=form,
        settings=settings,
    )


def _provenance(call: dict[str, Any]) -> Provenance:
    import xinzhi

    return Provenance(verb="frontier.sfa", version=xinzhi.__version__, options=call)


def _beta(problem: Problem, found: Estimates) -> FloatArray:
    """Return the coefficients of the frontier's own columns; true fixed effects have no constant."""
    if problem.model != "true-fixed":
        return found.values[: problem.size]
    return np.concatenate([[0.0], found.values[: problem.matrix.shape[1] - 1]])


def _fitted(problem: Problem, found: Estimates) -> FloatArray:
    """Return the frontier of each row, with its unit's effect when that is fixed."""
    fitted = problem.matrix @ _beta(problem, found)
    if problem.model != "true-fixed":
        return fitted
    effects = found.values[problem.matrix.shape[1] - 1 : problem.size]
    return np.asarray(fitted + effects[problem.table.codes])


def _effects(found: Estimates) -> pl.DataFrame:
    """Return the fixed effect of every unit."""
    import polars as pl

    rows = [
        (term.removeprefix("effect:"), float(value))
        for term, value in zip(found.terms, found.values, strict=True)
        if term.startswith("effect:")
    ]
    return pl.DataFrame(rows, schema={"unit": pl.String, "effect": pl.Float64}, orient="row")
