"""The log t regression of Phillips and Sul: whether units converge, whatever the paths they take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.estimator import Estimator, with_tests
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.regression import bartlett, long_run_variance, newey_west_lags
from xinzhi.pathways.conventions import check_option, options_of, setting
from xinzhi.pathways.convergence.unit_years import Gaps, UnitYears, balanced, logarithms, read_unit_years, span

Variance = Literal["fqsb", "aqsb", "andrews", "newey-west"]
_NEAR_ZERO = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTRules:
    """How a log t regression is run.

    Parameters
    ----------
    trim
        Share of the first years that is discarded; ``round(trim * T)`` of them.
    variance
        Long-run variance: ``fqsb`` (the program of the authors), ``aqsb`` (of the scores), ``andrews`` (of the
        residuals, all of them) or ``newey-west``.
    critical
        Convergence is rejected at or below it: the one-sided 5 % point of the normal distribution.
    logs
        Take logarithms first.
    smoothing
        Take the trend of Hodrick and Prescott first, with this smoothing; None leaves the series alone.
    gaps
        ``refuse`` or ``drop`` units with gaps.
    """

    trim: float = setting("log_t.trim")
    variance: Variance = "fqsb"
    critical: float = setting("log_t.critical")
    logs: bool = False
    smoothing: float | None = None
    gaps: Gaps = "refuse"

    def check(self) -> None:
        """Raise a usage error where an option is impossible."""
        check_option("variance", self.variance, Variance)
        if not 0 < self.trim < 1:
            raise UsageError("pathways.trim", trim=self.trim)


@dataclass(frozen=True, slots=True)
class Regressions:
    """Many log t regressions at once, each array `(m,)`; NaN where one could not be run."""

    intercept: FloatArray
    slope: FloatArray
    standard_error: FloatArray
    t: FloatArray


def relative_paths(values: FloatArray) -> FloatArray:
    """Return relative transition paths: every value over the mean of its year `(N, T)`."""
    return np.asarray(values / _means(values))


def variation(values: FloatArray) -> FloatArray:
    """Return the cross-sectional variance of the relative paths in every year, ``H_t``."""
    # ``H_t = (1/N) sum_i (h_it - 1)^2`` (Phillips and Sul 2007, Econometrica 75(6), equation 5).
    return np.asarray(((values / _means(values) - 1) ** 2).mean(axis=-2))


def _means(values: FloatArray) -> FloatArray:
    """Return the mean of every year over the units, which nothing can be divided by where it is zero."""
    mean: FloatArray = values.mean(axis=-2, keepdims=True)
    if (mean == 0).any():
        raise InputError("pathways.zero-mean")
    return mean


def growing_variation(values: FloatArray, core: FloatArray | None = None) -> FloatArray:
    """Return ``H_t`` of the first 2, 3, ..., N units (or of a core and the first 1, 2, ... units), all at once."""
    # The squares of a group grow by ``(k - 1)/k (x_k - mean_{k-1})^2`` when its k-th unit joins (Welford 1962,
    # Technometrics 4): only positive terms, so that nothing cancels.
    stacked = values if core is None else np.concatenate([core, values])
    size = np.arange(1, len(stacked) + 1)[:, None]
    mean = np.cumsum(stacked, axis=0) / size
    joined = np.concatenate([np.zeros((1, stacked.shape[1])), (stacked[1:] - mean[:-1]) ** 2])
    squares = np.cumsum(joined * (size - 1) / size, axis=0)
    variations: FloatArray = squares / size / mean**2
    return variations[1:] if core is None else variations[len(core) :]


def variation_with_one_more(core: FloatArray, candidates: FloatArray) -> FloatArray:
    """Return ``H_t`` of a core `(k, T)` and one other unit, for each of the others `(m, T)`."""
    size = len(core)
    mean = core.mean(axis=0)
    squares = ((core - mean) ** 2).sum(axis=0)
    means = (mean * size + candidates) / (size + 1)
    return np.asarray((squares + (candidates - mean) ** 2 * size / (size + 1)) / (size + 1) / means**2)


def regress(spread: FloatArray, rules: LogTRules) -> Regressions:
    """Return the log t regressions of many groups."""
    # ``log(H_1 / H_t) - 2 log log t = a + b log t + u_t`` for the years that are not discarded (Phillips and Sul 2007,
    # equation 31; 2009, Journal of Applied Econometrics 24(7)). A group whose members coincide in a year has H = 0 and
    # cannot be tested: NaN.
    count = spread.shape[-1]
    first = round(count * rules.trim)
    used = count - first
    if first < 1 or used < setting("log_t.fewest"):
        raise InputError("pathways.few-years", used=used, n=count, first=first, least=setting("log_t.fewest"))
    log_t = np.log(np.arange(first + 1, count + 1))
    design = np.column_stack([np.ones(used), log_t])
    # The logarithm of a variance of zero is the end of the test, not of the program.
    testable = (spread[:, 0] > 0) & (spread[:, first:] > 0).all(axis=1)
    safe = np.where(testable[:, None], spread, 1.0)
    dependent = np.log(safe[:, :1] / safe[:, first:]) - 2 * np.log(log_t)
    inverse = np.linalg.inv(design.T @ design)
    coefficients = dependent @ design @ inverse
    residuals = dependent - coefficients @ design.T
    squared = _slope_variance(residuals, design, inverse, rules.variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(testable & (squared > 0), np.sqrt(squared), np.nan)
    intercept, slope = (np.where(testable, item, np.nan) for item in coefficients.T)
    return Regressions(intercept, slope, error, slope / error)


def _slope_variance(residuals: FloatArray, design: FloatArray, inverse: FloatArray, how: Variance) -> FloatArray:
    """Return the variance of the slope of each regression `(m,)`."""
    count = residuals.shape[1]
    if how in {"fqsb", "andrews"}:
        bandwidth = _bandwidth(residuals, intercept=False)
        # The authors' program sums the autocovariances over all residuals but the last, and divides by n - 1.
        series, total = (residuals[:, :-1], count - 1) if how == "fqsb" else (residuals, count)
        weights = quadratic_spectral(np.arange(1, series.shape[1]) / bandwidth[:, None])
        # and adds twice them to the squares of all residuals, the last among them
        last = (residuals**2).sum(axis=1) - (series**2).sum(axis=1)
        return np.asarray((last + long_run_variance(series, weights)) / total * inverse[1, 1])
    # The influence of each year on the slope; its long-run variance is that of the sandwich.
    influence = residuals * (design @ inverse)[:, 1]
    if how == "aqsb":
        bandwidth = _bandwidth(residuals * design[:, 1], intercept=True)
        weights = quadratic_spectral(np.arange(1, count) / bandwidth[:, None])
        scale = count / (count - design.shape[1])
    else:
        weights, scale = bartlett(count, newey_west_lags(count)), 1.0
    return np.asarray(scale * long_run_variance(influence, weights))


def _bandwidth(series: FloatArray, *, intercept: bool) -> FloatArray:
    """Return the bandwidth of Andrews with an autoregression of order one as plug-in `(m,)`."""
    # ``1.3221 (alpha n)^(1/5)``, ``alpha = 4 rho^2 / (1 - rho)^4`` (Andrews 1991, Econometrica 59, equations 6.2, 6.4).
    before, after = series[:, :-1], series[:, 1:]
    if intercept:
        before, after = (item - item.mean(axis=1, keepdims=True) for item in (before, after))
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = (before * after).sum(axis=1) / (before**2).sum(axis=1)
        alpha = 4 * rho**2 / (1 - rho) ** 4
    return np.asarray(np.clip(1.3221 * (alpha * series.shape[1]) ** 0.2, 1e-8, 1e8))


def quadratic_spectral(distance: FloatArray) -> FloatArray:
    """Return the weights of the quadratic spectral kernel (Andrews 1991, equation 2.7)."""
    angle = 6 * np.pi * np.asarray(distance, dtype=np.float64) / 5
    near_zero = np.abs(angle) < _NEAR_ZERO
    safe = np.where(near_zero, 1.0, angle)
    # Near zero the difference cancels: the series of the same function.
    weights: FloatArray = np.where(
        near_zero, 1 - angle**2 / 10 + angle**4 / 280, 3 / safe**2 * (np.sin(safe) / safe - np.cos(safe))
    )
    return weights


@dataclass(frozen=True, repr=False, kw_only=True)
class LogT(Estimator, verb="log_t_test", topic="pathways", key=("time",)):
    """A log t test of a whole panel: a row for each year with H, and the regression where years are not discarded.

    `slope` is that of log t, `p` the probability of a smaller `t` where units converge, `speed` half the slope: the
    rate at which differences of the loadings fade; between 0 and 1 growth rates converge, from 1 on levels do.
    `converges` says whether convergence is not rejected; `paths` are the relative transition paths.
    """

    paths: pl.DataFrame
    slope: float
    standard_error: float
    t: float
    p: float
    speed: float
    converges: bool
    findings: tuple[Finding, ...]

    @property
    def coefficients(self) -> pl.DataFrame:
        """The slope of log t with its 95 % interval; p is that of the one-sided test."""
        row = {"term": "log_t", "estimate": self.slope, "standard_error": self.standard_error, "t": self.t, "p": self.p}
        return with_tests(pl.DataFrame([row]))

    def answer(self) -> Iterator[Fact]:
        """Yield whether the units converge, and in what sense."""
        # Phillips and Sul: levels converge from b = 2 on.
        sense = "levels" if self.slope >= 2 else "rates"  # noqa: PLR2004 - b = 2, see above
        sense = sense if self.converges else "rejected"
        yield words.pathways.summary_log_t(n=self.paths["unit"].n_unique(), sense=sense, b=self.slope, t=self.t)


def prepared(frame: AnyFrame, *, unit: str, time: str, value: str, rules: LogTRules, verb: str) -> UnitYears:
    """Return the panel that a test runs on: balanced, in logarithms and filtered as the rules say."""
    rules.check()
    panel = balanced(read_unit_years(frame, unit=unit, time=time, value=value, verb=verb), verb=verb, gaps=rules.gaps)
    if rules.logs:
        panel = logarithms(panel, verb=verb)
    if rules.smoothing is not None:
        panel = replace(panel, values=hodrick_prescott(panel.values, rules.smoothing))
    return panel


def log_t_test(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    rules: LogTRules | None = None,
    start: int | None = None,
    end: int | None = None,
) -> LogT:
    """Test whether all units of a panel converge.

    Parameters
    ----------
    frame, unit, time, value
        One row per unit and year, without gaps. The others name its columns. The papers use logarithms with the
        business cycle taken out: hand those in, or ask for them with the rules.
    rules
        How it is run.
    start, end
        First and last year; all when None.

    Raises
    ------
    InputError
        When the panel has gaps, too few units or years, or the units coincide in a year.

    Examples
    --------
    >>> years = list(range(2000, 2021))
    >>> apart = {"a": 0.5, "b": 0.2, "c": -0.7}
    >>> rows = [(u, y, 10 + x * np.exp(-0.2 * (y - 2000))) for u, x in apart.items() for y in years]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> log_t_test(data, unit="unit", time="year", value="income").converges
    True
    """
    from scipy.special import ndtr

    rules = rules or LogTRules()
    panel = prepared(frame, unit=unit, time=time, value=value, rules=rules, verb="log_t_test")
    panel = span(panel, start, end, verb="log_t_test")
    spread = variation(panel.values)
    refuse_identical(panel, spread)
    fit = regress(spread[None, :], rules)
    slope, error, t = (float(item[0]) for item in (fit.slope, fit.standard_error, fit.t))
    if not np.isfinite(t):
        raise InputError("pathways.variance-negative")
    first = round(len(panel.years) * rules.trim)
    log_t = np.log(np.arange(first + 1, len(panel.years) + 1))
    empty = np.full(first, np.nan)
    dependent = np.log(spread[0] / spread[first:]) - 2 * np.log(log_t)
    return LogT(
        frame=pl.DataFrame(
            {
                "time": panel.years,
                "variation": spread,
                "dependent": np.concatenate([empty, dependent]),
                "fitted": np.concatenate([empty, fit.intercept[0] + slope * log_t]),
            }
        ).fill_nan(None),
        paths=paths_frame(panel),
        slope=slope,
        standard_error=error,
        t=t,
        p=float(ndtr(t)),
        speed=slope / 2,
        converges=t > rules.critical,
        findings=panel.findings,
        kind=panel.kind,
        provenance=provenance("log_t_test", panel, value=value, **options_of(rules)),
    )


def refuse_identical(panel: UnitYears, spread: FloatArray) -> None:
    """Raise where all units coincide in a year."""
    relative_paths(panel.values)
    if (spread <= 0).any():
        year = panel.years[int(np.flatnonzero(spread <= 0)[0])]
        raise InputError("pathways.identical-year", year=year)


def paths_frame(panel: UnitYears) -> pl.DataFrame:
    """Return the relative transition paths in long form."""
    count = len(panel.years)
    return pl.DataFrame(
        {
            "unit": np.repeat(np.array(panel.units, dtype=object), count),
            "time": np.tile(panel.years, len(panel.units)),
            "path": relative_paths(panel.values).ravel(),
        },
        schema_overrides={"unit": pl.String},
    )


_FEWEST = 4


def hodrick_prescott(values: FloatArray, smoothing: float) -> FloatArray:
    """Return the trend of every row."""
    # smoothing: Price of a change of slope; 400 for annual data in Phillips and Sul (2007), 6.25 in Ravn and Uhlig
    # (2002).
    # Solves ``(I + lambda D'D) trend = values`` with second differences D (Hodrick and Prescott 1997, Journal of Money,
    # Credit and Banking 29), a system of five diagonals.
    from scipy.linalg import solveh_banded

    count = values.shape[-1]
    if smoothing < 0:
        raise UsageError("pathways.smoothing", value=smoothing)
    if count < _FEWEST or not np.isfinite(values).all():
        raise InputError("pathways.filter-years", least=_FEWEST, n=count)
    second = np.zeros((count - 2, count))
    rows = np.arange(count - 2)
    for step, weight in enumerate((1.0, -2.0, 1.0)):
        second[rows, rows + step] = weight
    matrix = np.eye(count) + smoothing * second.T @ second
    bands = np.zeros((3, count))
    for distance in range(3):
        bands[distance, : count - distance] = np.diag(matrix, -distance)
    flat = values.reshape(-1, count)
    trend = solveh_banded(bands, flat.T, lower=True).T
    return np.asarray(trend, dtype=np.float64).reshape(values.shape)


_LAST = 3  # the last third of the years says where a path is


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebo:
    """What a continuum gives: how often as many clubs or more (`as_many`), and as tight ones for their number (`p`).

    `clubs` are the numbers found in each draw, units that converge with none counted as groups of one.
    """

    draws: int
    groups: int
    clubs: tuple[int, ...]
    as_many: float
    p: float

    @property
    def passes(self) -> bool:
        """Whether the clubs stand further apart than pieces of a continuum do."""
        return self.p <= float(setting("inference.level"))


def placebo(
    values: FloatArray, clubs: IntArray, search: Callable[[FloatArray], IntArray], *, draws: int, seed: int
) -> Placebo:
    """Hold clubs (0: none) of paths (N, T) against those that a search finds in a continuum of paths.

    Paths are a common one, and of each unit a level, a slope and a rest around both. In the continuum level and slope
    are normal with the variances and the covariance of the units', and rests are drawn whole: the spread is the same,
    and there are no clubs in it.
    """
    rng = np.random.default_rng(seed)
    count, periods = values.shape
    time = np.arange(periods) - (periods - 1) / 2
    common = values.mean(axis=0)
    deviations = values - common
    trends = np.stack([deviations.mean(axis=1), deviations @ time / (time @ time)])
    rest = deviations - trends[0][:, None] - trends[1][:, None] * time
    tightness = _tight(values, clubs)
    numbers, tight = [], []
    for _ in range(draws):
        level, slope = rng.multivariate_normal(np.zeros(2), np.cov(trends), size=count, method="eigh").T
        paths = common + level[:, None] + slope[:, None] * time + rest[rng.integers(count, size=count)]
        again = search(paths)
        numbers.append(_groups(again))
        tight.append(_tight(paths, again))
    groups = _groups(clubs)
    as_many = (1 + sum(number >= groups for number in numbers)) / (1 + draws)
    p = (1 + sum(value <= tightness for value in tight)) / (1 + draws)
    return Placebo(draws=draws, groups=groups, clubs=tuple(numbers), as_many=as_many, p=p)


def _groups(clubs: IntArray) -> int:
    """Return the number of clubs, and of units in none."""
    return int(len(np.unique(clubs[clubs > 0])) + (clubs == 0).sum())


def _tight(values: FloatArray, clubs: IntArray) -> float:
    """Return the spread within clubs over that of all, times the square of their number: about 1 for equal pieces."""
    at = values[:, -max(values.shape[1] // _LAST, 1) :].mean(axis=1)
    parts = [at[clubs == club] for club in np.unique(clubs[clubs > 0])]
    within = sum(float(((part - part.mean()) ** 2).sum()) for part in parts)
    total = float(((at - at.mean()) ** 2).sum())
    return within / total * _groups(clubs) ** 2 if total > 0 else 1.0


def numbered(count: int, members: Sequence[IntArray]) -> IntArray:
    """Return the club of every unit, 0 for none."""
    numbers = np.zeros(count, dtype=np.int64)
    for number, rows in enumerate(members, 1):
        numbers[rows] = number
    return numbers
