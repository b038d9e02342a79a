"""The verb `distribution_dynamics`: where units go from where they are, as a conditional density, and the long run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.markov_chains import steady_state
from xinzhi.core.result import Facts, Result
from xinzhi.data import provenance
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.convergence.unit_years import UnitYears, logarithms, read_unit_years

_FEWEST = setting("dynamics.fewest")
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

    def facts(self) -> Facts:
        """Return whether the distribution has one peak or several, now and in the long run."""
        first, last, limit = self.modes
        return {"summary.peaks": {"n": self.moves, "lag": self.lag, "first": first, "last": last, "limit": limit}}


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
        width = "-" if bandwidth is None else bandwidth
        raise UsageError("pathways.distribution-options", lag=lag, points=points, bandwidth=width)
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
        provenance=provenance("distribution_dynamics", logs, value=value, lag=lag, points=points, bandwidth=bandwidth),
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
    return np.asarray(np.exp(-(distance**2) / 2) / (width * np.sqrt(2 * np.pi)))


def _long_run(matrix: FloatArray) -> FloatArray:
    """Return the distribution that the rows `(k, k)` leave unchanged."""
    found = steady_state(matrix)
    if found is None:
        raise InputError("pathways.no-long-run")
    return np.asarray(found / found.sum())


def _peaks(density: FloatArray) -> int:
    """Count the peaks that rise above a thousandth of the highest."""
    inner = density[1:-1]
    peak = (inner > density[:-2]) & (inner >= density[2:]) & (inner > density.max() / 1000)
    return int(peak.sum())
