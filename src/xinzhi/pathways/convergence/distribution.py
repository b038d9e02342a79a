"""Distributions over time: whether differences shrink, how units move between classes, and where moves would lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core import densities
from xinzhi.core import markov_chains as chains
from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.regression import hac_errors, newey_west_lags
from xinzhi.core.result import Result
from xinzhi.core.spatial import neighbour_means
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.convergence.beta_convergence import weights_matrix
from xinzhi.pathways.convergence.unit_years import (
    Gaps,
    UnitYears,
    balanced,
    grown_alike,
    logarithms,
    read_unit_years,
    span,
)


@dataclass(frozen=True, repr=False, kw_only=True)
class SigmaConvergence(Result, verb="sigma_convergence", topic="pathways", key=("year",)):
    """Whether differences shrink: `frame` has a row for each year, `tests` for each test of no change against any.

    `ratio` is the variance of the logarithms in the last year over that in the first, `trend` the mean yearly change of
    the logarithm of their standard deviation.
    """

    tests: pl.DataFrame
    ratio: float
    trend: float
    findings: tuple[Finding, ...]

    def answer(self) -> Iterator[Fact]:
        """Yield whether differences shrank, and how sure that is."""
        first, last = self.frame.row(0, named=True), self.frame.row(-1, named=True)
        p = float(self.tests.filter(test="pitman-morgan")["p"].item())
        direction: Literal["sigma_less", "sigma_more"] = "sigma_less" if self.ratio < 1 else "sigma_more"
        yield words.pathways.headline_of(
            "sigma_same" if p >= setting("inference.level") else direction,
            start=first["year"],
            end=last["year"],
            first=first["deviation"],
            last=last["deviation"],
            p=p,
        )


def sigma_convergence(
    frame: AnyFrame,
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
    frame, unit, time, value
        One row per unit and year. The others name its columns; `value` is a positive level.
    start, end
        First and last year; those of the frame when None.
    gaps
        ``refuse`` or ``drop`` units with gaps.

    Raises
    ------
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
    equal = np.ptp(logs.values, axis=0) == 0  # the deviation of equal figures is not always 0 to the last digit
    if equal.any():
        year = logs.years[int(np.flatnonzero(equal)[0])]
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
        provenance=provenance("sigma_convergence", panel, value=value, start=start, end=end, gaps=gaps),
    )


def _tests(logs: UnitYears, deviation: FloatArray) -> pl.DataFrame:
    """Return the tests of equal variance in the first and last year, and that of a trend."""
    from scipy.special import fdtrc, gammaincc, ndtr, stdtr

    first, last = logs.values[:, 0], logs.values[:, -1]
    count = len(first)
    (var_first, covariance), (_, var_last) = np.cov(first, last)
    ratio = var_first / var_last
    f = 2 * min(fdtrc(count - 1, count - 1, ratio), 1 - fdtrc(count - 1, count - 1, ratio))
    inside = 1 - (covariance / var_first) ** 2
    t3 = np.sqrt(count) * (ratio - 1) / (2 * np.sqrt(inside)) if inside > 0 else np.nan
    # Where last year's logarithms are a straight line of the first's, both tests are certain: infinite, p = 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = (count - 2.5) * np.log1p(
            (var_first - var_last) ** 2 / 4 / max(var_first * var_last - covariance**2, 0.0)
        )
        r = (var_first - var_last) / np.sqrt(
            (var_first + var_last + 2 * covariance) * (var_first + var_last - 2 * covariance)
        )
        pitman = r * np.sqrt(np.float64(count - 2) / max(1 - r**2, 0.0))
    if grown_alike(logs.values[:, [0, -1]]):  # nothing moved: rounding would decide the tests
        likelihood = pitman = np.float64(0)
    slope, error = _trend(np.log(deviation), logs.years.astype(np.float64))
    z = slope / error if np.isfinite(error) and error > 0 else np.nan
    rows = [
        ("f-ratio", ratio, f),
        ("carree-klomp-t2", likelihood, gammaincc(0.5, likelihood / 2)),
        ("carree-klomp-t3", t3, 2 * ndtr(-abs(t3))),
        ("pitman-morgan", pitman, 2 * stdtr(count - 2, -abs(pitman))),
        ("trend", z, 2 * ndtr(-abs(z))),
    ]
    schema = ["test", "statistic", "p", "meaning_zh", "meaning_en"]
    meant = {name: words.pathways.equal_spread_of(name) for name, *_ in rows}
    table = [(name, float(value), float(p), meant[name].zh, meant[name].en) for name, value, p in rows]
    return pl.DataFrame(table, schema=schema, orient="row").with_columns(pl.col("statistic", "p").fill_nan(None))


def _trend(y: FloatArray, x: FloatArray) -> tuple[float, float]:
    """Return the slope on time and its standard error (Newey-West, 4 (n/100)^(2/9) lags); NaN in short series."""
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    residuals = y - y.mean() - slope * centred
    count = len(y)
    if count < 5:  # noqa: PLR2004 - too short for an error that allows autocorrelation
        return slope, np.nan
    return slope, float(hac_errors(centred[:, None], residuals, newey_west_lags(count))[0])


Bounds = Literal["yearly", "pooled"]
_TWO = 2


@dataclass(frozen=True, repr=False, kw_only=True)
class Transitions(Result, verb="transitions", topic="pathways", key=("neighbours", "origin", "destination")):
    """How units move between classes: counts and probabilities, by the class of the neighbours' mean (0: any).

    `classes` has the class of every unit in every year; `table` a row for each class: share in the long run, mean stay
    and mean time of return, in periods. `indices` are of the plain chain, None where a class was never left; `passage`
    `(k, k)` are mean periods from each class to each other, None without one long run; `homogeneity` tests that the
    class of the neighbours does not matter. `bounds` and `lag_bounds` are upper bounds of all classes but the last
    (pooled or given), empty where they move with the year.
    """

    classes: pl.DataFrame
    table: pl.DataFrame
    indices: chains.Mobility | None
    passage: FloatArray | None
    homogeneity: chains.Homogeneity | None
    bounds: tuple[float, ...]
    lag_bounds: tuple[float, ...]

    def answer(self) -> Iterator[Fact]:
        """Yield how many stay, how mobile the chain is, and whether neighbours matter."""
        pooled = self.frame.filter(neighbours=0)
        total = float(pooled["count"].sum())
        stay = float(pooled.filter(pl.col("origin") == pl.col("destination"))["count"].sum())
        yield words.pathways.summary_transitions(n=f"{total:.0f}", stay=stay / total)
        if self.indices is not None:
            yield words.pathways.summary_mobility(prais=self.indices.prais, second=self.indices.second_eigenvalue)
        if self.homogeneity is not None:
            test = self.homogeneity
            matters = test.p < setting("inference.level")
            yield words.pathways.summary_neighbours(lr=test.statistic, df=test.degrees, p=test.p, matters=matters)


def transitions(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    classes: int = setting("dynamics.classes"),
    bounds: Bounds | Sequence[float] = "yearly",
    neighbours: Mapping[str, Sequence[str]] | None = None,
) -> Transitions:
    """Count how units move between classes from one year to the next; with neighbours, by the class of those too.

    Parameters
    ----------
    frame
        One row per unit and year; a transition needs the unit in two successive years of the frame, and gaps are not
        bridged.
    unit, time, value
        Names of its columns.
    classes
        Number of classes (quantiles).
    bounds
        ``yearly``: quantiles of each year, so that moves are moves in the ranking; ``pooled``: quantiles of all values
        over the mean of their year; or upper bounds of all classes but the last, of values over the mean of their year.
    neighbours
        Unit and those it borders on: asks for the spatial chain, by the class of the neighbours' mean.

    Notes
    -----
    Quah (1993), European Economic Review 37; Rey (2001), Geographical Analysis 33. The spatial chain needs bounds that
    hold for all years, so that ``yearly`` ones become those of all years together for it.

    Examples
    --------
    >>> rows = [("a", 1, 1.0), ("a", 2, 4.0), ("b", 1, 2.0), ("b", 2, 2.0), ("c", 1, 3.0), ("c", 2, 3.0)]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> found = transitions(data, unit="unit", time="year", value="income", classes=3)
    >>> found.frame.filter(pl.col("count") > 0).select("origin", "destination").rows()
    [(1, 3), (2, 1), (3, 2)]
    """
    panel = read_unit_years(frame, unit=unit, time=time, value=value, verb="transitions")
    limits = None if isinstance(bounds, str) else [float(item) for item in bounds]
    number = len(limits) + 1 if limits is not None else classes
    if number < _TWO or (limits is not None and any(np.diff(limits) <= 0)):
        raise UsageError("pathways.classes")
    kinds = ["yearly", "pooled", "a list of upper bounds"]
    if isinstance(bounds, str) and bounds not in kinds[:_TWO]:
        raise UsageError("pathways.unknown-option", option="bounds", value=bounds, choices=kinds)
    mean = chains.yearly_means(panel.values)
    if (mean <= 0).any():
        raise InputError("pathways.mean-positive", year=panel.years[int(np.flatnonzero(mean <= 0)[0])])
    relative = np.asarray(panel.values / mean)
    fixed = _pooled(relative, number, value) if limits is None else np.array(limits)
    yearly = bounds == "yearly"
    own_bounds = chains.quantile_bounds(panel.values, number, yearly=True) if yearly else fixed
    place = chains.classify(panel.values if yearly else relative, own_bounds)
    counts = [chains.moves(place, number)]
    if not counts[0].sum():
        raise InputError("pathways.no-moves", column=value)
    test, around, lag_cuts = None, None, ()
    if neighbours is not None:
        lag = neighbour_means(weights_matrix(neighbours, panel.units), relative)
        cuts = _pooled(lag, number, f"mean {value} of the neighbours")
        around, lag_cuts, own_class = chains.classify(lag, cuts), tuple(cuts.tolist()), chains.classify(relative, fixed)
        spatial = [chains.moves(own_class, number, around == state) for state in range(number)]
        counts = [counts[0], *spatial]
        test = chains.homogeneity(np.stack(spatial))
    row, column = np.nonzero(place >= 0)
    neighbour_class = np.zeros(len(row), dtype=np.int64) if around is None else around[row, column] + 1
    states = {"year": panel.years[column], "class": place[row, column] + 1, "neighbours": neighbour_class}
    names = pl.Series("unit", [panel.units[item] for item in row.tolist()], dtype=pl.String)
    neighbours_or_null = pl.when(pl.col("neighbours") > 0).then("neighbours")
    chain = chains.probabilities(counts[0])
    complete = bool(np.isfinite(chain).all())
    return Transitions(
        frame=pl.DataFrame(chains.transition_table(counts)).with_columns(pl.col("probability").fill_nan(None)),
        classes=pl.DataFrame({"unit": names, **states}).with_columns(neighbours_or_null),
        table=_class_table(chain, number),
        indices=chains.mobility_indices(chain) if complete else None,
        passage=chains.first_passage_times(chain) if complete else None,
        homogeneity=test,
        bounds=() if yearly else tuple(fixed.tolist()),
        lag_bounds=lag_cuts,
        kind=panel.kind,
        provenance=provenance(
            "transitions", panel, value=value, classes=number, bounds=limits or bounds, spatial=neighbours is not None
        ),
    )


def _pooled(values: FloatArray, number: int, value: str) -> FloatArray:
    """Return the quantiles of all known values together `(k - 1,)`."""
    cuts = chains.quantile_bounds(values, number)
    if (np.diff(cuts) <= 0).any():
        raise InputError("pathways.equal-values", column=value, n=number)
    return cuts


def _class_table(chain: FloatArray, number: int) -> pl.DataFrame:
    """Return the long run of every class; empty where there is none, or where the stay has no end."""
    limit = chains.steady_state(chain)
    empty = np.full(number, np.nan)
    share = empty if limit is None else limit
    return pl.DataFrame(
        {
            "class": np.arange(1, number + 1),
            "long_run": share,
            "sojourn": chains.sojourn_times(chain),
            "return": 1 / np.where(share > 0, share, np.nan),
        }
    ).with_columns(pl.col("long_run", "sojourn", "return").replace(float("inf"), None).fill_nan(None))


_FEWEST, _TWO = setting("dynamics.fewest"), 2
_QUARTILES = 1.349  # standard deviations between the quartiles of the normal distribution
_LEAST = 1e-3  # of the highest: what counts as a peak
_MARGIN = 3.0  # bandwidths beyond the data: the kernel of the outermost unit has room


@dataclass(frozen=True, repr=False, kw_only=True)
class DistributionDynamics(Result, verb="distribution_dynamics", topic="pathways", key=("origin", "destination")):
    """Where units go from where they are: the density of the destination given the origin.

    Both are in logarithms relative to the mean of their year. `long_run` has the densities of the first and last year,
    and that which the kernel leaves unchanged; `ridge` the expected and most likely destination of every origin.
    `modes` counts peaks in the first year, the last year and the long run: two or more mean clubs. `lag` is in years;
    `bandwidths` are those of origin and destination, `moves` is how many there are.
    """

    long_run: pl.DataFrame
    ridge: pl.DataFrame
    modes: tuple[int, int, int]
    lag: int
    bandwidths: tuple[float, float]
    moves: int

    def answer(self) -> Iterator[Fact]:
        """Yield whether the distribution has one peak or several, now and in the long run."""
        first, last, limit = self.modes
        yield words.pathways.summary_peaks(n=self.moves, lag=self.lag, first=first, last=last, limit=limit)


def distribution_dynamics(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    lag: int = 1,
    points: int = setting("dynamics.points"),
    bandwidth: float | None = None,
) -> DistributionDynamics:
    """Estimate the density of where units are `lag` years later, given where they are, and the long run it implies.

    Parameters
    ----------
    frame, unit, time, value
        One row per unit and year; gaps are left out, not bridged. The others name its columns; `value` is a positive
        level.
    lag
        Years between origin and destination.
    points
        Points of the grid.
    bandwidth
        Of both directions; Silverman's rule when None.

    Raises
    ------
    InputError
        When there are fewer than ten moves, or no differences.

    Notes
    -----
    Quah (1997), Journal of Economic Growth 2; the kernel is a Gaussian product estimate, divided by the marginal of the
    origin on the same grid. The long run is the eigenvector of the kernel with eigenvalue one (Johnson 2005, Economics
    Letters 86): it says where present moves would lead, and predicts nothing.

    Examples
    --------
    >>> rows = [(f"u{i}", y, float(np.exp(0.1 * i * 0.9**y))) for i in range(12) for y in range(4)]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> distribution_dynamics(data, unit="unit", time="year", value="income").moves
    36
    """
    if lag < 1 or points < 11 or (bandwidth is not None and bandwidth <= 0):  # noqa: PLR2004 - a grid needs points
        width = "-" if bandwidth is None else bandwidth
        raise UsageError("pathways.distribution-options", lag=lag, points=points, bandwidth=width)
    panel = read_unit_years(frame, unit=unit, time=time, value=value, verb="distribution")
    logs = logarithms(panel, verb="distribution")
    finite = np.isfinite(logs.values)
    mean = np.where(finite, logs.values, 0.0).sum(axis=0) / finite.sum(axis=0)
    relative = logs.values - mean
    before, after = _moves(relative, logs, lag)
    if len(before) < _FEWEST:
        raise InputError("pathways.few-moves", n=len(before), lag=lag, least=_FEWEST)
    if before.std() == 0 or after.std() == 0:
        raise InputError("pathways.no-differences")
    widths = (bandwidth or densities.silverman(before, _QUARTILES), bandwidth or densities.silverman(after, _QUARTILES))
    edge = _MARGIN * max(widths)
    everything = relative[finite]
    grid = np.linspace(everything.min() - edge, everything.max() + edge, points)
    step = float(grid[1] - grid[0])
    origin, destination = densities.kernels(grid, before, widths[0]), densities.kernels(grid, after, widths[1])
    joint = origin @ destination.T / len(before)
    marginal = joint.sum(axis=1, keepdims=True) * step
    # Far from all data the marginal underflows: the nearest move replaces the conditional density there.
    nearest = destination.T[np.abs(grid[:, None] - before).argmin(axis=1)]
    conditional = np.where(marginal > np.finfo(np.float64).tiny, joint / np.maximum(marginal, 1e-300), nearest)
    conditional = conditional / (conditional.sum(axis=1, keepdims=True) * step)
    steady = chains.steady_state(conditional * step)  # of the rows
    if steady is None:
        raise InputError("pathways.no-long-run")
    limit = np.asarray(steady / steady.sum()) / step
    start, end = (densities.kernels(grid, relative[finite[:, k], k], widths[0]).mean(axis=1) for k in (0, -1))
    return DistributionDynamics(
        frame=pl.DataFrame(
            {"origin": np.repeat(grid, points), "destination": np.tile(grid, points), "density": conditional.ravel()}
        ),
        long_run=pl.DataFrame({"level": grid, "density_start": start, "density_end": end, "density_long_run": limit}),
        ridge=pl.DataFrame(
            {"origin": grid, "mean": conditional @ grid * step, "mode": grid[conditional.argmax(axis=1)]}
        ),
        modes=(
            densities.peaks(start, _LEAST).size,
            densities.peaks(end, _LEAST).size,
            densities.peaks(limit, _LEAST).size,
        ),
        lag=lag,
        bandwidths=widths,
        moves=len(before),
        kind=logs.kind,
        provenance=provenance("distribution_dynamics", logs, value=value, lag=lag, points=points, bandwidth=bandwidth),
    )


def _moves(relative: FloatArray, logs: UnitYears, lag: int) -> tuple[FloatArray, FloatArray]:
    """Return origins and destinations of all moves over `lag` years."""
    place = {int(year): column for column, year in enumerate(logs.years)}
    pairs = [(column, place[year + lag]) for year, column in place.items() if year + lag in place]
    if not pairs:
        return np.empty(0), np.empty(0)
    before = np.concatenate([relative[:, start] for start, _ in pairs])
    after = np.concatenate([relative[:, end] for _, end in pairs])
    finite = np.isfinite(before) & np.isfinite(after)
    return before[finite], after[finite]


def _peaks(density: FloatArray) -> int:
    """Count the peaks of a density."""
    return densities.peaks(density, _LEAST).size
