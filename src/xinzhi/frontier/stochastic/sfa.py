"""The verb `sfa` and its result: a stochastic production or cost frontier by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.estimator import Estimator
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts
from xinzhi.core.text import Text, has, same
from xinzhi.frontier.stochastic.densities import NOISE
from xinzhi.frontier.stochastic.design import Covariance, Form, Frontier, Settings, check_names, read_table, settle
from xinzhi.frontier.stochastic.efficiencies import Efficiencies
from xinzhi.frontier.stochastic.inference import (
    Verdict,
    coefficients,
    efficiencies,
    estimates,
    judge,
    marginal_effects,
    tests,
)
from xinzhi.frontier.stochastic.problem import build, checks, elasticities, highest, starts
from xinzhi.frontier.unit_names import axis_ends, good_text, setting, term_text

_TESTS = {
    "no inefficiency (likelihood ratio": "test_ratio",
    "no inefficiency (skewness": "test_skewness",
    "constant returns": "test_returns",
}


@dataclass(frozen=True, repr=False, kw_only=True)
class StochasticFrontier(Efficiencies, Estimator, verb="sfa", key=("row",)):
    """A frontier with noise around it and inefficiency below it, a row for each row of the call.

    `fitted` is the frontier in logs, `residual` output less frontier, `inefficiency` E[u | e] (Jondrow and others
    1982), `efficiency` E[exp(-u) | e] (Battese and Coelli 1988), `efficiency_jlms` exp(-E[u | e]), beside the interval
    of the efficiency (Horrace and Schmidt 1996). The four-component model has these for ``transient_`` and
    ``persistent_`` inefficiency each, and both together.

    `coefficients` has a row for each term of the blocks ``frontier``, ``inefficiency`` (mu, eta, determinants),
    ``variance`` (logs, as estimated) and ``derived`` (sigmas, gamma, lambda). What stands at a boundary has no standard
    error, and `status` says so; a variance has no p-value, since `tests` asks whether it is zero. `verdict` says
    whether the estimate is a maximum. `elasticities` has a row for each row, `checks` one for each property of a
    technology, `marginal_effects` one for each row and determinant (Battese and Coelli 1995), `effects` one for each
    unit with true fixed effects. `covariance` is that of the estimates `(k, k)`, in the order of `terms`.
    """

    coefficients: pl.DataFrame
    log_likelihood: float
    tests: pl.DataFrame
    verdict: Verdict
    elasticities: pl.DataFrame
    checks: pl.DataFrame
    marginal_effects: pl.DataFrame
    effects: pl.DataFrame
    covariance: FloatArray
    terms: tuple[str, ...]
    model: str
    output: str
    frontier: Frontier
    settings: Settings

    @property
    def goods(self) -> tuple[str, ...]:
        """The inputs, whose elasticities are columns."""
        return self.frontier.inputs

    def coefficient(self, term: str) -> float:
        """Return one estimate; `InputError` when the model has no such term."""
        rows = self.coefficients.filter(self.coefficients["term"] == term)
        if not rows.height:
            raise InputError("frontier.no-term", term=term, known=self.coefficients["term"].to_list())
        return float(rows["estimate"][0])

    def coverage(self) -> float:
        """Return the level of the intervals."""
        return self.settings.level

    def glance(self) -> pl.DataFrame:
        """Return one row: model, size, log-likelihood, information criteria, mean efficiency, verdict."""
        free, rows = int((np.diag(self.covariance) > 0).sum()), self.frame.height
        twice, counts = 2 * self.log_likelihood, {"rows": rows, "parameters": free}
        fit = {"log_likelihood": self.log_likelihood, "aic": 2 * free - twice, "bic": np.log(rows) * free - twice}
        ends = {"mean_efficiency": self.frame["efficiency"].mean(), "verdict": self.verdict.status}
        return pl.DataFrame([{"verb": self.provenance.verb, "model": self.model, **counts, **fit, **ends}])

    def predict(self, frame: AnyFrame) -> pl.DataFrame:
        """Return the frontier of other rows: ``row, fitted, standard_error`` and, with logs, its antilog ``frontier``.

        They hold the inputs and controls (and the period with a trend), under the names of the call; with true fixed
        effects the unit too, among those estimated. `frontier` is the output of an efficient unit without noise. Raises
        `InputError` when a column or unit is missing.
        """
        options = self.provenance.options
        fixed = self.model == "true-fixed"
        figures = dict.fromkeys(self.frontier.inputs, "positive" if self.frontier.logs else None)
        figures |= dict.fromkeys(self.frontier.controls)
        unit, period = options["unit"] if fixed else None, options["period"] if self.frontier.trend else None
        table = read_table("predict", frame, figures, unit, period)
        matrix = self.frontier.matrix(table)
        if fixed:
            names = [term.removeprefix("effect:") for term in self.terms if term.startswith("effect:")]
            units = table.frame[options["unit"]].cast(pl.String).to_list()
            strangers = sorted(set(units) - set(names))
            if strangers:
                raise InputError("frontier.no-effect", unit=options["unit"], units=strangers)
            place = {name: at for at, name in enumerate(names)}
            dummies = np.eye(len(names))[[place[unit] for unit in units]]
            matrix = np.hstack([matrix[:, 1:], dummies])
        size = matrix.shape[1]
        beta = self.coefficients.filter(self.coefficients["block"] == "frontier")["estimate"].to_numpy()
        fitted = matrix @ np.concatenate([beta, self.effects["effect"].to_numpy()])
        variance = np.einsum("ij,jk,ik->i", matrix, self.covariance[:size, :size], matrix)
        columns = {"row": np.arange(1, fitted.size + 1), "fitted": fitted, "standard_error": np.sqrt(variance)}
        if self.frontier.logs:
            columns["frontier"] = np.exp(fitted)
        return pl.DataFrame(columns)

    @property
    def drawable(self) -> bool:
        """Whether there is a maximum, so that figures may be shown."""
        return self.verdict.usable

    @property
    def percent_level(self) -> str:
        """The level of the intervals in percent."""
        return f"{100 * self.settings.level:g}"

    @property
    def writers(self) -> Mapping[str, Callable[[str], Text | None]]:
        """What units, terms, tests and checks are called."""
        return {
            **super().writers,
            "block": _block_text,
            "term": term_text,
            "status": _status_text,
            "test": _test_text,
            "check": check_text,
        }

    @property
    def common_coefficients(self) -> pl.DataFrame:
        """The coefficients without the effects of units."""
        return self.coefficients.filter(~pl.col("term").str.starts_with("effect:"))

    @property
    def slopes(self) -> pl.DataFrame:
        """The coefficients of the frontier but the constant."""
        return self.common_coefficients.filter(pl.col("block") == "frontier", pl.col("term") != "constant")

    @property
    def slopes_reach(self) -> tuple[float, float]:
        """The ends of the axis of `slopes`."""
        return axis_ends(self.slopes, "estimate", "low", "high")

    @property
    def slopes_headline(self) -> Fact | None:
        """How many slopes have an interval that leaves out zero; None where figures are not shown."""
        slopes = self.slopes
        k = slopes.filter((pl.col("low") > 0) | (pl.col("high") < 0)).height
        level = self.percent_level
        return words.frontier.headline_coefficients(k=k, n=slopes.height, level=level) if self.drawable else None

    def facts(self) -> Facts:
        """Return the verdict, efficiencies and frontier, what the verdict rests on, and which conditions fail."""
        verdict = {"converged": "answer.converged", "boundary": "answer.boundary"}
        facts: Facts = {verdict.get(self.verdict.status, "answer.not_converged"): {}}
        if self.drawable:
            facts |= self.efficiency_facts()
            table, has_scale = self.elasticities, "returns_to_scale" in self.elasticities.columns
            scale = float(table["returns_to_scale"].to_numpy().mean()) if has_scale else None
            parts = [
                words.frontier.chart_slope(part=good_text(name), value=float(table[name].to_numpy().mean()))
                for name in self.frontier.inputs
            ]
            facts["answer.elasticities"] = {"parts": parts, "scale": scale}
            low, high = setting("plausible_returns")
            if scale is not None and not self.settings.cost and not low <= scale <= high:
                facts["answer.implausible"] = {"scale": scale, "low": low, "high": high}
        facts |= {f"verdict.{name}": values for name, values in self.verdict.details.items()}
        first = self.tests.row(0, named=True)
        if self.drawable:  # without a maximum the ratio is of no model
            facts["answer.ratio"] = {"ratio": first["statistic"], "p": first["p_value"]}
        broken = self.checks.filter(self.checks["status"] == "violated").iter_rows(named=True)
        facts["answer.violated"] = [
            {"name": check_text(row["check"]), "rows": row["rows"], "bad": row["rows"] - row["satisfied"]}
            for row in broken
        ]
        row = self.glance().row(0, named=True)
        goods = {"output": good_text(self.output), "inputs": [good_text(name) for name in self.frontier.inputs]}
        form, model = (words.frontier.chart_of(name) for name in (self.settings.form, self.model))
        numbers = {"rows": row["rows"], "likelihood": row["log_likelihood"], "aic": row["aic"]}
        facts["note.fit"] = {"form": form, "model": model, "cost": self.settings.cost, **goods, **numbers}
        return facts


def check_text(name: str) -> Text:
    """Return the name of a check of the frontier in words."""
    key = f"frontier.chart.check_{name.replace(' ', '_').replace('-', '_')}"
    return words.by_key(key) if has(key) else same(name)


def _block_text(block: str) -> Text:
    """Return the name of a block of coefficients in words."""
    return words.frontier.chart_of(f"block_{block}")


def _status_text(status: str) -> Text:
    """Return in words whether a coefficient was estimated."""
    key = f"frontier.status.{status.replace(' ', '_')}"
    return words.by_key(key) if has(key) else same(status)


def _test_text(name: str) -> Text:
    """Return the name of a test in words."""
    return next((words.frontier.chart_of(key) for start, key in _TESTS.items() if name.startswith(start)), same(name))


class Options(TypedDict, total=False):
    """Further keywords of `sfa`; `Settings` says what each is and its default."""

    distribution: str
    form: Form
    cost: bool
    prices: Sequence[str]
    trend: bool
    controls: Sequence[str]
    determinants: Sequence[str]
    determinants_constant: bool
    covariance: Covariance
    cluster: str
    level: float
    draws: int | None


def sfa(
    frame: AnyFrame,
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
        ``distribution``: of inefficiency in panels, ``half-normal``, ``truncated-normal`` or ``exponential``.
        ``form``: ``cobb-douglas`` or ``translog``. ``cost``: a cost frontier, with the columns ``prices``. ``trend``:
        a linear trend. ``controls``: columns that shift the frontier. ``determinants``: columns that shift the location
        of inefficiency; ``determinants_constant``: whether a constant joins them. ``covariance``: ``information``,
        ``robust`` or ``cluster``, by the column ``cluster``. ``level``: of intervals. ``draws``: Halton draws of a
        simulated likelihood.

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
        raise UsageError("frontier.trend-period")
    figures = dict.fromkeys((output, *inputs), "positive" if logs else None)
    figures |= dict.fromkeys((*settings.controls, *settings.determinants))
    table = read_table("sfa", frame, figures, unit, period, settings.cluster)
    first = float(table.time.min())
    form = Frontier(tuple(inputs), settings.controls, settings.form, logs, settings.trend, first)
    unknown = [name for name in settings.prices if name not in inputs]
    if unknown:
        raise UsageError("frontier.prices-inputs", name=unknown[0], inputs=list(inputs))
    problem = build(model, settings, table, form, output)
    noise = problem.size + problem.likelihood.names.index(NOISE)
    summit = highest(problem.likelihood, starts(problem), problem.variances(), noise)
    estimate = estimates(problem, summit)
    beta, effects = estimate.values[: problem.size], np.zeros(0)
    if model == "true-fixed":  # no constant, and an effect of each unit
        width = problem.matrix.shape[1] - 1
        beta, effects = np.append(0.0, estimate.values[:width]), estimate.values[width : problem.size]
    fitted = problem.matrix @ beta
    fitted = fitted + effects[table.codes] if effects.size else fitted
    units = [term.removeprefix("effect:") for term in estimate.terms if term.startswith("effect:")]
    slopes = elasticities(form, settings, beta, table, table.keys())
    call = {"output": output, "inputs": tuple(inputs), "unit": unit, "period": period, "model": model, "logs": logs}
    return StochasticFrontier(
        frame=efficiencies(problem, summit.theta, fitted),
        provenance=provenance("frontier.sfa", table.digests(), (), **{**call, **dict(options)}),
        kind=table.kind,
        coefficients=coefficients(problem, estimate),
        log_likelihood=summit.value,
        tests=tests(problem, summit, estimate),
        verdict=judge(problem, summit, estimate),
        elasticities=slopes,
        checks=checks(slopes, settings),
        marginal_effects=marginal_effects(problem, estimate),
        effects=pl.DataFrame({"unit": units, "effect": effects}, schema={"unit": pl.String, "effect": pl.Float64}),
        covariance=estimate.covariance,
        terms=problem.terms,
        model=model,
        output=output,
        frontier=form,
        settings=settings,
    )
