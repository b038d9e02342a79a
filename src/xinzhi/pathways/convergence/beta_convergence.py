"""The verb `beta_convergence`: whether laggards grow faster, and how many years half the gap takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.estimator import Estimator, with_tests
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.regression import clustered_errors, ols, within
from xinzhi.core.spatial import adjacency, row_standardised
from xinzhi.pathways.conventions import check_option, options_of, setting
from xinzhi.pathways.convergence.unit_years import (
    Gaps,
    UnitYears,
    balanced,
    grown_alike,
    logarithms,
    read_unit_years,
    span,
)

Effects = Literal["none", "unit", "time", "two-way"]
_LABELS = 40  # units that a cloud of points can name


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast a gap closes."""

    rate: float | None
    standard_error: float | None
    half_life: float | None
    note: str = ""


def speed_of_convergence(slope: float, years: float, standard_error: float = float("nan")) -> Speed:
    """Return the speed behind a slope of mean annual growth on the initial logarithm.

    Parameters
    ----------
    slope
        Of ``(ln y_T - ln y_0) / T`` on ``ln y_0``.
    years
        T.
    standard_error
        Of the slope.

    Notes
    -----
    Near the steady state ``(ln y_T - ln y_0) / T = a - (1 - exp(-lambda T)) / T ln y_0``, so that
    ``lambda = -ln(1 + b T) / T`` and half the gap is closed after ``ln 2 / lambda`` years (Barro and Sala-i-Martin
    1992, Journal of Political Economy 100(2), equation 11). ``-ln(1 + b) / T`` holds for growth over the whole span;
    put to mean annual growth it multiplies half-lives by about T.

    Examples
    --------
    >>> found = speed_of_convergence(-0.0073733, 4)
    >>> round(found.rate, 7), round(found.half_life, 1)
    (0.0074842, 92.6)
    """
    remaining = 1 + slope * years
    if remaining <= 0:
        note = "1 + bT is not positive: the order is turned over within the span; there is no constant speed"
        return Speed(rate=None, standard_error=None, half_life=None, note=note)
    rate = float(-np.log(remaining) / years)
    error = float(standard_error / remaining) if np.isfinite(standard_error) else None
    if rate <= 0:
        return Speed(rate=rate, standard_error=error, half_life=None, note="the gap does not close")
    return Speed(rate=rate, standard_error=error, half_life=float(np.log(2) / rate))


@dataclass(frozen=True, repr=False, kw_only=True)
class BetaConvergence(Estimator, verb="beta_convergence", topic="pathways", key=("term",)):
    """Whether laggards grow faster: a row for each term, with 95 % bounds (t); `points` has one for each unit and span.

    ``initial`` is the slope b of mean annual growth (log points) on the initial logarithm, ``spatial`` the weight of
    the neighbours' growth. `years` is the length of one span, `speed` what follows from b; `r2` is empty with a spatial
    lag, `spatial` without neighbours. The model is `conditional` where anything but the initial level explains growth.
    """

    points: pl.DataFrame
    slope: float
    standard_error: float
    years: int
    speed: Speed
    r2: float | None
    observations: int
    units: int
    conditional: bool
    spatial: SpatialLag | None
    findings: tuple[Finding, ...]

    @property
    def cloud(self) -> pl.DataFrame:
        """The points that have both figures; ``label`` names their units where each has one point and they are few."""
        points = self.points.drop_nulls()
        few = self.observations == self.units <= _LABELS
        return points.with_columns(label=pl.col("unit")) if few else points

    @property
    def fitted_line(self) -> list[tuple[float, float]]:
        """The ends of the fitted line, growth in percent; none of a conditional model."""
        if self.conditional:
            return []
        ends = self.cloud.sort("initial").select("initial", 100 * pl.col("fitted")).rows()
        return [ends[0], ends[-1]]

    @property
    def coefficients(self) -> pl.DataFrame:
        """The coefficients with standard error, t, p and the 95 % interval."""
        return with_tests(self.frame, degrees_of_freedom=self.freedom())

    def freedom(self) -> int | None:
        """Return the degrees of freedom: units less terms, or less one where units are clusters."""
        if self.spatial is not None:
            return None
        return self.units - (self.frame.height if self.provenance.options["span"] is None else 1)

    def answer(self) -> Iterator[Fact]:
        """Yield whether laggards catch up, how fast, and the half-life."""
        row = self.frame.row(by_predicate=pl.col("term") == "initial", named=True)
        b, se, n = row["estimate"], row["standard_error"], self.observations
        # Only a gap that closes has a half-life.
        if row["high"] < 0 and self.speed.half_life is not None:
            yield words.pathways.headline_beta(b=b, se=se, n=n, half=self.speed.half_life)
            yield words.pathways.summary_speed(rate=self.speed.rate, conditional=self.conditional)
        elif row["low"] > 0:
            yield words.pathways.headline_beta_apart(b=b, se=se, n=n)
        else:
            yield words.pathways.headline_no_beta(b=b, se=se, n=n)


def beta_convergence(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    controls: Sequence[str] = (),
    neighbours: Mapping[str, Sequence[str]] | None = None,
    spans: GrowthSpans | None = None,
) -> BetaConvergence:
    """Regress growth on the initial level: whether laggards grow faster, and how fast the gap closes.

    Parameters
    ----------
    frame, unit, time, value
        One row per unit and year. The others name its columns; `value` is a positive level (output per head, total
        factor productivity).
    controls
        Further columns, taken at the start of each span: conditional convergence.
    neighbours
        Unit and those it borders on: adds the mean growth of the neighbours (spatial lag, maximum likelihood).
    spans
        Which spans, effects and what to do with gaps; one span from the first to the last year when None.

    Raises
    ------
    InputError
        When there are gaps, one year only, fewer than three units, or a value without logarithm.

    Notes
    -----
    Least squares and the nonlinear form with lambda are the same model with its one slope written in two ways; estimate
    and standard error of lambda follow from b exactly (delta method = Gauss-Newton).

    Examples
    --------
    >>> start = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 3.0}
    >>> rows = [(u, 2000, y) for u, y in start.items()] + [(u, 2010, 8 * (y / 8) ** 0.5) for u, y in start.items()]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> found = beta_convergence(data, unit="unit", time="year", value="income")
    >>> round(found.slope, 6), round(found.speed.half_life, 6)
    (-0.05, 10.0)
    """
    rules = spans or GrowthSpans()
    rules.check(spatial=neighbours is not None)
    levels = read_unit_years(frame, unit=unit, time=time, value=value, verb="beta_convergence")
    levels = span(levels, rules.start, rules.end, verb="beta_convergence")
    starts = _starts(levels, rules)
    sampled = _at(levels, [*starts, starts[-1] + (rules.span or int(levels.years[-1] - starts[-1]))])
    logs = logarithms(balanced(sampled, verb="beta_convergence", gaps=rules.gaps), verb="beta_convergence")
    step = int(logs.years[1] - logs.years[0])
    if np.ptp(logs.values[:, :-1]) == 0:
        raise InputError("pathways.same-start", column=value)
    growth = np.diff(logs.values, axis=1) / step
    initial = logs.values[:, :-1]
    if grown_alike(logs.values):
        raise InputError("pathways.same-growth", column=value)
    control_values = _controls(frame, logs, unit=unit, time=time, names=controls)
    terms, estimates, errors, fitted, spatial, r2 = _estimate(
        growth, initial, control_values, logs, neighbours, rules, controls
    )
    estimated = len(terms) if rules.span is None else 1
    freedom = None if spatial else len(logs.units) - estimated
    bounds = _width(freedom) * errors
    options = options_of(rules)
    slope, error = (float(values[terms.index("initial")]) for values in (estimates, errors))
    return BetaConvergence(
        frame=pl.DataFrame(
            {
                "term": terms,
                "estimate": estimates,
                "standard_error": errors,
                "t": estimates / errors,
                "low": estimates - bounds,
                "high": estimates + bounds,
            }
        ),
        points=pl.DataFrame(
            {
                "unit": np.repeat(np.array(logs.units, dtype=object), growth.shape[1]),
                "year": np.tile(logs.years[:-1], len(logs.units)),
                "initial": initial.ravel(),
                "growth": growth.ravel(),
                "fitted": fitted,
            },
            schema_overrides={"unit": pl.String},
        ),
        slope=slope,
        standard_error=error,
        years=step,
        speed=speed_of_convergence(slope, step, error),
        r2=r2,
        observations=growth.size,
        units=len(logs.units),
        conditional=bool(controls) or rules.effects in {"unit", "two-way"},
        spatial=spatial,
        findings=logs.findings,
        kind=levels.kind,
        provenance=provenance(
            "beta_convergence", logs, value=value, controls=list(controls), spatial=neighbours is not None, **options
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthSpans:
    """Which growth spans are pooled, and which effects are taken out.

    Parameters
    ----------
    start, end
        First and last year; those of the frame when None.
    span
        Years of one growth span; the whole length when None: one cross-section.
    effects
        ``none``, ``unit``, ``time`` or ``two-way``: fixed effects of the units, of the spans, or both. Effects of units
        make convergence conditional on each one's own steady state, and bias the slope downwards in short panels
        (Nickell 1981, Econometrica 49).
    gaps
        ``refuse`` or ``drop`` units with gaps.
    """

    start: int | None = None
    end: int | None = None
    span: int | None = None
    effects: Effects = "none"
    gaps: Gaps = "refuse"

    def check(self, *, spatial: bool) -> None:
        """Raise a usage error where options are impossible, or exclude each other."""
        check_option("effects", self.effects, Effects)
        if self.span is None and self.effects != "none":
            raise UsageError("pathways.effects-span", effects=self.effects)
        if self.span is not None and self.span < 1:
            raise UsageError("pathways.span-length", span=self.span)
        if spatial and self.span is not None:
            raise UsageError("pathways.spatial-span")


def _starts(levels: UnitYears, rules: GrowthSpans) -> list[int]:
    """Return the first years of the growth spans."""
    first, last = int(levels.years[0]), int(levels.years[-1])
    if first == last:
        raise InputError("pathways.one-year", verb="beta_convergence", year=first)
    step = rules.span or last - first
    starts = list(range(first, last - step + 1, step))
    if not starts or (rules.effects in {"unit", "two-way"} and len(starts) < 2):  # noqa: PLR2004 - effects of units
        raise UsageError("pathways.few-spans", first=first, last=last, n=len(starts), step=step)
    return starts


def _at(levels: UnitYears, years: Sequence[int]) -> UnitYears:
    """Return the panel at some years; a year that no unit has is a column of gaps."""
    values = np.full((len(levels.units), len(years)), np.nan)
    for column, year in enumerate(years):
        place = np.flatnonzero(levels.years == year)
        if len(place):
            values[:, column] = levels.values[:, place[0]]
    return replace(levels, years=np.asarray(years, dtype=np.int64), values=values)


def _controls(frame: AnyFrame, logs: UnitYears, *, unit: str, time: str, names: Sequence[str]) -> FloatArray:
    """Return the controls at the start of every span `(N, S, k)`."""
    matrix = np.full((len(logs.units), len(logs.years) - 1, len(names)), np.nan)
    for column, name in enumerate(names):
        series = read_unit_years(frame, unit=unit, time=time, value=name, verb="beta_convergence")
        control = _at(series, logs.years[:-1].tolist())
        place = {item: row for row, item in enumerate(control.units)}
        for row, item in enumerate(logs.units):
            if item in place:
                matrix[row, :, column] = control.values[place[item]]
        if not np.isfinite(matrix[:, :, column]).all():
            row, year = np.argwhere(~np.isfinite(matrix[:, :, column]))[0]
            raise InputError("pathways.control-missing", column=name, unit=logs.units[row], year=logs.years[year])
    return matrix


def _estimate(
    growth: FloatArray,
    initial: FloatArray,
    controls: FloatArray,
    logs: UnitYears,
    neighbours: Mapping[str, Sequence[str]] | None,
    rules: GrowthSpans,
    names: Sequence[str],
) -> tuple[list[str], FloatArray, FloatArray, FloatArray, SpatialLag | None, float | None]:
    """Return terms, estimates, standard errors, fitted growth, the spatial model and the share explained."""
    regressors = np.concatenate([initial[:, :, None], controls], axis=2)
    if neighbours is not None:
        design = np.column_stack([np.ones(growth.size), regressors.reshape(growth.size, -1)])
        matrix = weights_matrix(neighbours, logs.units)
        lag = fit_spatial_lag(growth.ravel(), design, matrix)
        terms, estimates = ["constant", "initial", *names, "spatial"], np.append(lag.coefficients, lag.rho)
        return terms, estimates, lag.standard_errors, growth.ravel() - lag.residuals, lag, None
    design = regressors.reshape(growth.size, -1)
    unit = np.repeat(np.arange(len(growth)), growth.shape[1])
    if rules.effects == "none":
        y, x, terms = growth.ravel(), np.column_stack([np.ones(growth.size), design]), ["constant", "initial", *names]
    else:
        effects = {"unit": unit, "time": np.tile(np.arange(growth.shape[1]), len(growth))}
        groups = list(effects.values()) if rules.effects == "two-way" else [effects[rules.effects]]
        inner = within(np.column_stack([growth.ravel(), design]), groups)
        y, x, terms = inner[:, 0], inner[:, 1:], ["initial", *names]
    line = ols(y, x)
    errors = line.standard_errors
    if rules.span is not None:
        errors = clustered_errors(x, line.residuals, unit, counted=x.shape[1])
    return terms, line.coefficients, errors, growth.ravel() - line.residuals, None, line.r2


def _width(freedom: int | None) -> float:
    """Return half the width of a 95 % interval in standard errors: by Student's t, or the normal distribution."""
    from scipy.special import ndtr, stdtrit

    normal = setting("inference.normal_95")
    return float(normal if freedom is None else stdtrit(freedom, ndtr(normal)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpatialLag:
    """A fitted model ``y = rho W y + X b + e``."""

    # direct, total: Mean effect of a regressor on the own outcome, and on all outcomes with the feedback through
    # neighbours `(k,)`; total less direct is what spills over (LeSage and Pace 2009, section 2.7).

    rho: float
    coefficients: FloatArray
    standard_errors: FloatArray
    variance: float
    log_likelihood: float
    residuals: FloatArray
    direct: FloatArray
    total: FloatArray


def weights_matrix(neighbours: Mapping[str, Sequence[str]], units: Sequence[str]) -> FloatArray:
    """Return row-standardised weights among units `(n, n)`."""
    matrix = adjacency(neighbours, units)
    isolated = [name for name, row in zip(units, matrix, strict=True) if not row.any()]
    if isolated:
        raise InputError("pathways.no-neighbour", units=isolated)
    return row_standardised(matrix)


def fit_spatial_lag(y: FloatArray, x: FloatArray, weights: FloatArray) -> SpatialLag:
    """Fit ``y = rho W y + X b + e`` by maximum likelihood."""
    # The likelihood is concentrated to rho, with ``ln |I - rho W| = sum ln(1 - rho w_i)`` over the eigenvalues of W
    # (Ord 1975, Journal of the American Statistical Association 70); standard errors from the information matrix
    # (Anselin 1988, "Spatial econometrics", equation 6.29).
    from scipy.optimize import minimize_scalar

    count, columns = x.shape
    if count <= columns + 1:
        raise InputError("pathways.spatial-few", n=count, needed=columns + 2)
    roots = np.linalg.eigvals(weights)
    lagged = weights @ y
    coef_y, coef_lag = (np.linalg.lstsq(x, item)[0] for item in (y, lagged))
    rest, rest_around = y - x @ coef_y, lagged - x @ coef_lag

    def loss(rho: float) -> float:
        gap = rest - rho * rest_around
        return float(count / 2 * np.log(gap @ gap / count) - np.log(np.abs(1 - rho * roots)).sum())

    lowest = float(roots.real.min())
    optimum = minimize_scalar(
        loss, bounds=(1 / lowest + 1e-9 if lowest < 0 else -1.0, 1 - 1e-9), method="bounded", options={"xatol": 1e-12}
    )
    rho = float(optimum.x)
    b = coef_y - rho * coef_lag
    residuals = rest - rho * rest_around
    variance = float(residuals @ residuals / count)
    inverse = np.linalg.inv(np.eye(count) - rho * weights)
    spread = weights @ inverse
    effect = spread @ x @ b
    information = np.zeros((columns + 2, columns + 2))
    information[:columns, :columns] = x.T @ x / variance
    information[:columns, columns] = information[columns, :columns] = x.T @ effect / variance
    information[columns, columns] = np.trace(spread @ spread + spread.T @ spread) + effect @ effect / variance
    information[columns, -1] = information[-1, columns] = np.trace(spread) / variance
    information[-1, -1] = count / (2 * variance**2)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))[: columns + 1]
    return SpatialLag(
        rho=rho,
        coefficients=b,
        standard_errors=errors,
        variance=variance,
        log_likelihood=float(-loss(rho) - count / 2 * (np.log(2 * np.pi) + 1)),
        residuals=residuals,
        direct=b * np.trace(inverse) / count,
        total=b * float(inverse.sum()) / count,
    )
