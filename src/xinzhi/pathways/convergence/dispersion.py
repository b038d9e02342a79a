"""Dispersion: whether differences shrink (`sigma_convergence`), and where units go (`distribution_dynamics`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.markov_chains import steady_state
from xinzhi.core.regression import hac_errors, newey_west_lags
from xinzhi.core.result import Result
from xinzhi.data import provenance
from xinzhi.pathways.conventions import conventions
from xinzhi.pathways.convergence.unit_years import balanced, logarithms, read_unit_years, span

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.result import Facts
    from xinzhi.pathways.convergence.unit_years import Gaps, UnitYears


@dataclass(frozen=True, repr=False, kw_only=True)
class SigmaConvergence(Result):
    """Whether differences shrink.

    Parameters
    ----------
    frame
        One row per year: how far the units are apart.
    tests
        One row per test; `p` is that of no change against any change.
    ratio
        Variance of the logarithms in the last year over that in the first.
    trend
        Mean yearly change of the logarithm of the standard deviation.
    findings
        Units left out.
    """

    verb: ClassVar[str] = "sigma_convergence"
    topic: ClassVar[str] = "pathways"
    key: ClassVar[tuple[str, ...]] = ("year",)

    tests: pl.DataFrame
    ratio: float
    trend: float
    findings: tuple[Finding, ...]

    def facts(self) -> Facts:
        """Return whether differences shrank, and how sure that is."""
        first, last = self.frame.row(0, named=True), self.frame.row(-1, named=True)
        p = float(self.tests.filter(test="pitman-morgan")["p"].item())
        moved = "less" if self.ratio < 1 else "more"
        verdict = "same" if p >= conventions("inference")["level"] else moved
        said = {"start": first["year"], "end": last["year"], "first": first["deviation"], "last": last["deviation"]}
        return {f"headline.sigma_{verdict}": {**said, "p": p}}


def sigma_convergence(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    unit: str,
    time: str,
    value: str,
    start: int | None = None,
    end: int | None = None,
    gaps: Gaps = "refuse",
) -> SigmaConvergence:
    """Measure whether the differences between units shrink, and test it.

    Parameters
    ----------
    frame
        One row per unit and year.
    unit, time, value
        Names of its columns; `value` is a positive level.
    start, end
        First and last year; those of the frame when None.
    gaps
        ``refuse`` or ``drop`` units with gaps.

    Raises
    ------
    UsageError
        When a column is missing.
    InputError
        When there are gaps, one year only, fewer than three units, a value without logarithm, or no difference at all
        in a year.

    Notes
    -----
    Lichtenberg (1994), Review of Economics and Statistics 76(3), divides the two variances as if they were independent,
    which they are not: the same units stand in both. Carree and Klomp (1997), ibid. 79(4), correct that (T2, a
    likelihood ratio; T3); the test of Pitman (1939) and Morgan (1939), Biometrika 31, is exact: variances are equal
    when sum and difference are uncorrelated. Only in the first does a p lean on independence.

    Examples
    --------
    >>> start = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 3.0}
    >>> rows = [(u, 2000, y) for u, y in start.items()] + [(u, 2010, 8 * (y / 8) ** 0.5) for u, y in start.items()]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> round(sigma_convergence(data, unit="unit", time="year", value="income").ratio, 9)
    0.25
    """
    panel = span(
        read_unit_years(frame, unit=unit, time=time, value=value, verb="sigma_convergence"), start, end, verb="sigma"
    )
    logs = logarithms(balanced(panel, verb="sigma_convergence", gaps=gaps), verb="sigma_convergence")
    deviation = logs.values.std(axis=0, ddof=1)
    if (deviation == 0).any():
        year = logs.years[int(np.flatnonzero(deviation == 0)[0])]
        raise InputError("pathways.all-equal", year=year)
    levels = np.exp(logs.values)
    return SigmaConvergence(
        frame=pl.DataFrame(
            {
                "year": logs.years,
                "units": np.full(len(logs.years), len(logs.units)),
                "deviation": deviation,
                "variation": levels.std(axis=0, ddof=1) / levels.mean(axis=0),
                "range": np.ptp(logs.values, axis=0),
            }
        ),
        tests=_tests(logs, deviation),
        ratio=float((deviation[-1] / deviation[0]) ** 2),
        trend=_trend(np.log(deviation), logs.years.astype(np.float64))[0],
        findings=logs.findings,
        kind=panel.kind,
        provenance=provenance("sigma_convergence", value=value, start=start, end=end, gaps=gaps),
    )


def _tests(logs: UnitYears, deviation: FloatArray) -> pl.DataFrame:
    """Return the tests of equal variance in the first and last year, and that of a trend."""
    from scipy.special import fdtrc, gammaincc, ndtr, stdtr

    first, last = logs.values[:, 0], logs.values[:, -1]
    count = len(first)
    (one, both), (_, two) = np.cov(first, last)
    ratio = one / two
    f = 2 * min(fdtrc(count - 1, count - 1, ratio), 1 - fdtrc(count - 1, count - 1, ratio))
    inside = 1 - (both / one) ** 2
    t3 = np.sqrt(count) * (ratio - 1) / (2 * np.sqrt(inside)) if inside > 0 else np.nan
    # Where last year's logarithms are a straight line of the first's, both tests are certain: infinite, p = 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = (count - 2.5) * np.log1p((one - two) ** 2 / 4 / max(one * two - both**2, 0.0))
        r = (one - two) / np.sqrt((one + two + 2 * both) * (one + two - 2 * both))
        pitman = r * np.sqrt(np.float64(count - 2) / max(1 - r**2, 0.0))
    slope, error = _trend(np.log(deviation), logs.years.astype(np.float64))
    z = slope / error if np.isfinite(error) and error > 0 else np.nan
    rows = [
        ("f-ratio", ratio, f, "首末年方差之比（视为独立）", "first over last variance, taken for independent"),
        ("carree-klomp-t2", likelihood, gammaincc(0.5, likelihood / 2), "似然比，自由度 1", "likelihood ratio, 1 df"),
        ("carree-klomp-t3", t3, 2 * ndtr(-abs(t3)), "考虑持续性的方差比", "variance ratio given persistence"),
        ("pitman-morgan", pitman, 2 * stdtr(count - 2, -abs(pitman)), "相关样本方差相等的精确检验", "exact, dependent"),
        ("trend", z, 2 * ndtr(-abs(z)), "对数标准差的趋势（HAC）", "trend of the log deviation, HAC"),
    ]
    schema = ["test", "statistic", "p", "meaning_zh", "meaning_en"]
    plain = [(name, float(value), float(p), zh, en) for name, value, p, zh, en in rows]
    return pl.DataFrame(plain, schema=schema, orient="row").with_columns(pl.col("statistic", "p").fill_nan(None))


def _trend(y: FloatArray, x: FloatArray) -> tuple[float, float]:
    """Return the slope on time and its standard error (Newey-West, 4 (n/100)^(2/9) lags); NaN in short series."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    residuals = y - y.mean() - slope * centred
    count = len(y)
    if count < 5:  # noqa: PLR2004 - too short for an error that allows autocorrelation
        return slope, np.nan
    return slope, float(hac_errors(centred[:, None], residuals, newey_west_lags(count))[0])


_FEWEST = 10
_MARGIN = 3.0  # bandwidths beyond the data: the kernel of the outermost unit has room


@dataclass(frozen=True, repr=False, kw_only=True)
class DistributionDynamics(Result):
    """Where units go from where they are.

    Parameters
    ----------
    frame
        Density of the destination given the origin, in logarithms relative to the mean of their year.
    long_run
        Densities of the first and last year, and that which the kernel leaves unchanged.
    ridge
        Expected and most likely destination of every origin.
    modes
        Peaks of the density in the first year, the last year and the long run: two or more mean clubs.
    lag
        Years from origin to destination.
    bandwidths
        Of origin and destination.
    moves
        Number of moves observed.
    """

    verb: ClassVar[str] = "distribution_dynamics"
    topic: ClassVar[str] = "pathways"
    key: ClassVar[tuple[str, ...]] = ("origin", "destination")

    long_run: pl.DataFrame
    ridge: pl.DataFrame
    modes: tuple[int, int, int]
    lag: int
    bandwidths: tuple[float, float]
    moves: int

    def facts(self) -> Facts:
        """Return whether the distribution has one peak or several, now and in the long run."""
        first, last, limit = self.modes
        return {"summary.peaks": {"n": self.moves, "lag": self.lag, "first": first, "last": last, "limit": limit}}


def distribution_dynamics(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    unit: str,
    time: str,
    value: str,
    lag: int = 1,
    points: int = 101,
    bandwidth: float | None = None,
) -> DistributionDynamics:
    """Estimate the density of where units are `lag` years later, given where they are, and the long run it implies.

    Parameters
    ----------
    frame
        One row per unit and year; gaps are left out, not bridged.
    unit, time, value
        Names of its columns; `value` is a positive level.
    lag
        Years between origin and destination.
    points
        Points of the grid.
    bandwidth
        Of both directions; Silverman's rule when None.

    Raises
    ------
    UsageError
        When a column is missing or an option is impossible.
    InputError
        When there are fewer than ten moves, or no differences.

    Notes
    -----
    Quah (1997), Journal of Economic Growth 2; the kernel is a Gaussian product estimate, divided by the marginal of the
    origin on the same grid. The long run is the eigenvector of the kernel with eigenvalue one (Johnson 2005, Review of
    Economics and Statistics 87): it says where present moves would lead, and predicts nothing.

    Examples
    --------
    >>> rows = [(f"u{i}", y, float(np.exp(0.1 * i * 0.9**y))) for i in range(12) for y in range(4)]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> distribution_dynamics(data, unit="unit", time="year", value="income").moves
    36
    """
    if lag < 1 or points < 11 or (bandwidth is not None and bandwidth <= 0):  # noqa: PLR2004 - a grid needs points
        raise UsageError("pathways.distribution-options", lag=lag, points=points, bandwidth=bandwidth)
    logs = logarithms(
        read_unit_years(frame, unit=unit, time=time, value=value, verb="distribution"), verb="distribution"
    )
    known = np.isfinite(logs.values)
    mean = np.where(known, logs.values, 0.0).sum(axis=0) / known.sum(axis=0)
    relative = logs.values - mean
    before, after = _moves(relative, logs, lag)
    if len(before) < _FEWEST:
        raise InputError("pathways.few-moves", n=len(before), lag=lag, least=_FEWEST)
    if before.std() == 0 or after.std() == 0:
        raise InputError("pathways.no-differences")
    widths = (bandwidth or _silverman(before), bandwidth or _silverman(after))
    edge = _MARGIN * max(widths)
    everything = relative[known]
    grid = np.linspace(everything.min() - edge, everything.max() + edge, points)
    step = float(grid[1] - grid[0])
    origin, destination = _kernel(grid, before, widths[0]), _kernel(grid, after, widths[1])
    joint = origin @ destination.T / len(before)
    marginal = joint.sum(axis=1, keepdims=True) * step
    # Far from all data the marginal underflows: the nearest move stands in for the conditional density there.
    nearest = destination.T[np.abs(grid[:, None] - before).argmin(axis=1)]
    conditional = np.where(marginal > np.finfo(np.float64).tiny, joint / np.maximum(marginal, 1e-300), nearest)
    conditional = conditional / (conditional.sum(axis=1, keepdims=True) * step)
    limit = _long_run(conditional * step) / step
    start, end = (_kernel(grid, relative[known[:, k], k], widths[0]).mean(axis=1) for k in (0, -1))
    return DistributionDynamics(
        frame=pl.DataFrame(
            {"origin": np.repeat(grid, points), "destination": np.tile(grid, points), "density": conditional.ravel()}
        ),
        long_run=pl.DataFrame({"level": grid, "density_start": start, "density_end": end, "density_long_run": limit}),
        ridge=pl.DataFrame(
            {"origin": grid, "mean": conditional @ grid * step, "mode": grid[conditional.argmax(axis=1)]}
        ),
        modes=(_peaks(start), _peaks(end), _peaks(limit)),
        lag=lag,
        bandwidths=widths,
        moves=len(before),
        kind=logs.kind,
        provenance=provenance("distribution_dynamics", value=value, lag=lag, points=points, bandwidth=bandwidth),
    )


def _moves(relative: FloatArray, logs: UnitYears, lag: int) -> tuple[FloatArray, FloatArray]:
    """Return origins and destinations of all moves over `lag` years."""
    place = {int(year): column for column, year in enumerate(logs.years)}
    pairs = [(column, place[year + lag]) for year, column in place.items() if year + lag in place]
    if not pairs:
        return np.empty(0), np.empty(0)
    before = np.concatenate([relative[:, one] for one, _ in pairs])
    after = np.concatenate([relative[:, other] for _, other in pairs])
    both = np.isfinite(before) & np.isfinite(after)
    return before[both], after[both]


def _silverman(values: FloatArray) -> float:
    """Return the bandwidth of Silverman (1986, equation 3.31)."""
    low, high = np.quantile(values, [0.25, 0.75])
    spread = min(values.std(ddof=1), (high - low) / 1.349) or values.std(ddof=1)
    return float(0.9 * spread * len(values) ** -0.2)


def _kernel(grid: FloatArray, values: FloatArray, width: float) -> FloatArray:
    """Return the Gaussian kernel of every value at every point of the grid `(points, n)`."""
    distance = (grid[:, None] - values) / width
    heights: FloatArray = np.exp(-(distance**2) / 2) / (width * np.sqrt(2 * np.pi))
    return heights


def _long_run(matrix: FloatArray) -> FloatArray:
    """Return the distribution that the rows `(k, k)` leave unchanged."""
    found = steady_state(matrix)
    if found is None:
        raise InputError("pathways.no-long-run")
    share: FloatArray = found / found.sum()
    return share


def _peaks(density: FloatArray) -> int:
    """Count the peaks that rise above a thousandth of the highest."""
    inner = density[1:-1]
    peak = (inner > density[:-2]) & (inner >= density[2:]) & (inner > density.max() / 1000)
    return int(peak.sum())
