"""StoNED: the residual of a convex nonparametric fit, taken apart into noise and inefficiency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts
from xinzhi.core.text import Text
from xinzhi.frontier.stochastic.cnls import SCALES, Hull, concave_fit
from xinzhi.frontier.stochastic.densities import truncated_posterior
from xinzhi.frontier.stochastic.design import CONVENTIONS, check_names, read_table
from xinzhi.frontier.stochastic.efficiencies import Efficiencies
from xinzhi.frontier.stochastic.inference import skewness
from xinzhi.frontier.technology.technology import choose
from xinzhi.frontier.unit_names import rts_text

ERRORS, METHODS = ("multiplicative", "relative", "additive"), ("moments", "pseudo-likelihood")
_TURNS = 60  # of the Gauss-Newton method for the logarithmic fit
_CLOSE = 1e-10  # relative fall of the sum of squares at which it stops


@dataclass(frozen=True, repr=False, kw_only=True)
class Stoned(Efficiencies, verb="stoned", key=("row",)):
    """A concave frontier without a functional form, a row for each row of the call.

    `fitted` is the conditional mean, `residual` in logs unless the error is additive, `inefficiency` E[u | e]. `planes`
    has the tangent plane of each row: the intercept and one slope (marginal product) for each input. `sigma_u` is that
    of half-normal inefficiency, `sigma_v` that of normal noise; `reasons` says what went wrong with the moments, if
    anything: ``moments-skewness`` or ``no-noise``. `hull.at` evaluates the fitted function elsewhere.
    """

    planes: pl.DataFrame
    sigma_u: float
    sigma_v: float
    reasons: tuple[str, ...]
    hull: Hull

    @property
    def goods(self) -> tuple[str, ...]:
        """The inputs, whose marginal products are columns."""
        return tuple(self.provenance.options["inputs"])

    @property
    def notes(self) -> tuple[Text, ...]:
        """What went wrong with the moments, in sentences."""
        return tuple(words.frontier.verdict_of(name) for name in self.reasons)

    def facts(self) -> Facts:
        """Return the mean efficiency, what went wrong, and the quality of the fit."""
        options = self.provenance.options
        facts = self.efficiency_facts() | {f"verdict.{name}": {} for name in self.reasons}
        numbers = {"rows": self.frame.height, "su": self.sigma_u, "sv": self.sigma_v, "pairs": self.hull.constraints}
        planes = np.unique(self.hull.slopes.round(5), axis=0).shape[0]
        how = {"error": words.frontier.chart_of(f"error_{options['error']}"), "rts": rts_text(options["rts"])}
        return facts | {"note.stoned": {**numbers, **how, "planes": planes, "violation": self.hull.violation}}


class StonedOptions(TypedDict, total=False):
    """Further keywords of `stoned`."""

    method: str
    cost: bool
    level: float


@dataclass(frozen=True, slots=True)
class Settings:
    """The further keywords of `stoned`, with their defaults."""

    method: str = "moments"
    cost: bool = False
    level: float = CONVENTIONS["level"]


def stoned(
    frame: AnyFrame,
    output: str,
    inputs: Sequence[str],
    unit: str | None = None,
    period: str | None = None,
    *,
    error: str = "multiplicative",
    rts: str = "vrs",
    **options: Unpack[StonedOptions],
) -> Stoned:
    """Estimate a frontier by stochastic nonparametric envelopment of data.

    Parameters
    ----------
    frame, output, inputs, unit, period
        As in `sfa`; levels, not logs, and at most 2,000 rows.
    error
        ``multiplicative`` fits logs, ``relative`` the ratio of fit to output (what R's Benchmarking fits as its
        multiplicative model: a quadratic program, close to the former), ``additive`` levels.
    rts
        ``vrs, crs, drs`` or ``irs``.
    **options
        `method` ``moments`` (default) or ``pseudo-likelihood`` for the variances; `cost` fits a convex cost frontier;
        `level` of the intervals.

    Notes
    -----
    Kuosmanen and Kortelainen (2012), Journal of Productivity Analysis 38; Fan, Li and Weersink (1996) for the pseudo-
    likelihood. Inefficiency given the residual follows Jondrow and others (1982).

    Examples
    --------
    >>> import polars as pl
    >>> farms = pl.DataFrame({"rice": [1.0, 3.0, 2.0, 4.0], "land": [1.0, 2.0, 3.0, 4.0]})
    >>> stoned(farms, "rice", ["land"], error="additive").frame["fitted"].round(6).to_list()
    [1.0, 2.5, 3.0, 3.5]
    """
    unknown = sorted(set(options) - {"method", "cost", "level"})
    if unknown:
        raise UsageError("frontier.stoned-option", option=unknown[0])
    settings = Settings(**options)
    _check(error, rts, settings)
    check_names(inputs, output, unit, period)
    table = read_table("stoned", frame, {output: "positive", **dict.fromkeys(inputs, "non-negative")}, unit, period)
    y, x = table.numbers(output), np.column_stack([table.numbers(name) for name in inputs])
    hull = _fit(y, x, error, rts, convex=bool(settings.cost))
    sign, additive = (-1.0 if settings.cost else 1.0), error == "additive"
    residual = y - hull.fitted if additive else np.log(y / hull.fitted)
    estimate = moments if settings.method == "moments" else pseudo_likelihood
    sigma_u, sigma_v, wrong = estimate(sign * residual)
    shift = sign * sigma_u * np.sqrt(2 / np.pi)
    frontier = hull.fitted + shift if additive else hull.fitted * np.exp(shift)
    composed = sign * (residual - residual.mean()) - abs(shift) if additive else sign * residual - abs(shift)
    columns = {"fitted": hull.fitted, "residual": residual, "frontier": frontier}
    columns |= _scores(composed, (sigma_u, sigma_v), frontier, error, settings)
    keys = table.keys()
    planes = {"intercept": hull.intercepts, **dict(zip(inputs, hull.slopes.T, strict=True))}
    call: dict[str, object] = {
        "output": output,
        "inputs": tuple(inputs),
        "unit": unit,
        "period": period,
        "error": error,
        "rts": rts,
    }
    return Stoned(
        frame=keys.hstack(pl.DataFrame(columns)),
        provenance=provenance("frontier.stoned", table.digests(), (), **call, **asdict(settings)),
        kind=table.kind,
        planes=keys.hstack(pl.DataFrame(planes)),
        sigma_u=sigma_u,
        sigma_v=sigma_v,
        reasons=tuple({"wrong-skewness": "moments-skewness"}.get(name, name) for name in wrong),
        hull=hull,
    )


def cnls(y: FloatArray, x: FloatArray, *, error: str = "additive", rts: str = "vrs", cost: bool = False) -> Hull:
    """Fit the monotone concave function nearest to the data, without taking the residual apart.

    Parameters
    ----------
    y, x
        Output `(n,)` and inputs `(n, p)`.
    error, rts, cost
        As in `stoned`.

    Examples
    --------
    >>> cnls(np.array([1.0, 3.0, 2.0, 4.0]), np.array([[1.0], [2.0], [3.0], [4.0]])).fitted.round(6).tolist()
    [1.0, 2.5, 3.0, 3.5]
    """
    _check(error, rts, Settings())
    return _fit(y, x, error, rts, convex=cost)


def _check(error: str, rts: str, settings: Settings) -> None:
    for name, value, choices in (
        ("error", error, ERRORS),
        ("rts", rts, SCALES),
        ("method", settings.method, METHODS),
    ):
        choose(name, value, choices)
    if not 0 < settings.level < 1:
        raise UsageError("frontier.level-of", level=settings.level)


def _fit(y: FloatArray, x: FloatArray, error: str, rts: str, *, convex: bool) -> Hull:
    """Return the fit; logs by Gauss and Newton's method, each step a weighted fit in levels."""
    if error == "additive":
        return concave_fit(y, x, rts=rts, convex=convex)
    hull = concave_fit(y, x, rts=rts, convex=convex, weights=1 / y**2)
    if error == "relative":
        return hull
    if hull.fitted.min() <= 0:
        raise InputError("frontier.not-positive-fit")
    loss = float(np.sum(np.log(y / hull.fitted) ** 2))
    for _ in range(_TURNS):
        f = hull.fitted
        aim = f * (1 + np.log(y / f))
        candidate = concave_fit(aim, x, rts=rts, convex=convex, weights=1 / f**2, pairs=hull.pairs)
        step = _between(hull, candidate, y, loss)
        if step is None:
            return hull
        hull, before, loss = step[0], loss, step[1]
        if before - loss < _CLOSE * loss:
            return hull
    raise InputError("frontier.log-fit", turns=_TURNS)


def _between(old: Hull, new: Hull, y: FloatArray, loss: float) -> tuple[Hull, float] | None:
    """Return the mixture of two concave functions that lowers the loss, the newer the better."""
    share = 1.0
    for _ in range(30):
        f = old.fitted + share * (new.fitted - old.fitted)
        if f.min() > 0:
            fallen = float(np.sum(np.log(y / f) ** 2))
            if fallen < loss:
                intercepts = old.intercepts + share * (new.intercepts - old.intercepts)
                slopes = old.slopes + share * (new.slopes - old.slopes)
                parts = (new.constraints, new.rounds, new.steps, new.violation, new.gap, new.pairs)
                return Hull(f, intercepts, slopes, *parts), fallen
        share *= 0.5
    return None


def moments(residual: FloatArray) -> tuple[float, float, list[str]]:
    """Return sigma_u and sigma_v of half-normal inefficiency from second and third moments, and what went wrong."""
    centred = residual - residual.mean()
    second, third = float(np.mean(centred**2)), float(np.mean(centred**3))
    if third >= 0:
        return 0.0, float(np.sqrt(second)), ["wrong-skewness"]
    sigma_u = float((third / (np.sqrt(2 / np.pi) * (1 - 4 / np.pi))) ** (1 / 3))
    noise = second - (1 - 2 / np.pi) * sigma_u**2
    if noise <= 0:
        return float(np.sqrt(second / (1 - 2 / np.pi))), 0.0, ["no-noise"]
    return sigma_u, float(np.sqrt(noise)), []


def pseudo_likelihood(residual: FloatArray) -> tuple[float, float, list[str]]:
    """Return sigma_u and sigma_v that maximise the likelihood of residuals whose mean is set by both."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_ndtr

    centred = residual - residual.mean()
    variance = float(np.mean(centred**2))

    def split(log_lambda: float) -> tuple[float, float]:
        ratio = np.exp(2 * log_lambda)
        noise = variance / (1 + (1 - 2 / np.pi) * ratio)
        return float(np.sqrt(ratio * noise)), float(np.sqrt(noise))

    def loss(log_lambda: float) -> float:
        sigma_u, sigma_v = split(log_lambda)
        sigma, e = np.hypot(sigma_u, sigma_v), centred - sigma_u * np.sqrt(2 / np.pi)
        inside = log_ndtr(-e * np.exp(log_lambda) / sigma) - 0.5 * (e / sigma) ** 2
        return float(residual.size * np.log(sigma) - inside.sum())

    if skewness(residual) >= 0:
        return 0.0, float(np.sqrt(variance)), ["wrong-skewness"]
    optimum = minimize_scalar(loss, bounds=(-6.0, 6.0), method="bounded", options={"xatol": 1e-10})
    return (*split(float(optimum.x)), [])


def _scores(
    composed: FloatArray, sigmas: tuple[float, float], frontier: FloatArray, error: str, settings: Settings
) -> dict[str, FloatArray]:
    """Return mean inefficiency and the efficiency with its interval; points where a variance is zero."""
    sigma_u, sigma_v = sigmas
    tail = 0.5 * (1 - settings.level)
    if sigma_u == 0 or sigma_v == 0:
        mean = np.zeros(composed.size) if sigma_u == 0 else np.maximum(-composed, 0.0)
        low = high = mean
        gain = np.exp(-mean)
    else:
        after = truncated_posterior(composed, (2 * np.log(sigma_v), 2 * np.log(sigma_u)))
        mean, low, high = after.mean(), after.quantile(tail), after.quantile(1 - tail)
        gain = after.efficiency()
    if error != "additive":
        return {"inefficiency": mean, "efficiency": gain, "lower": np.exp(-high), "upper": np.exp(-low)}

    def share(u: FloatArray) -> FloatArray:
        return frontier / (frontier + u) if settings.cost else 1 - u / frontier

    return {"inefficiency": mean, "efficiency": share(mean), "lower": share(high), "upper": share(low)}
