"""How sure is a score? Bias and intervals by the smoothed bootstrap and by subsampling."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Provenance
from xinzhi.frontier.bandwidth import bandwidth as choose_bandwidth
from xinzhi.frontier.labels import Labelled
from xinzhi.frontier.models.units import check_choice, check_rts, checked
from xinzhi.frontier.reading import read_data
from xinzhi.frontier.replications import efficiencies, in_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Language
    from xinzhi.frontier.data import Data
    from xinzhi.frontier.models.units import Table, Units

METHODS = ("smoothed", "subsampling")
_RATE = 0.7  # power of n that gives the default size of a subsample


@dataclass(frozen=True, repr=False, kw_only=True)
class Bootstrap(Labelled):
    """Scores with bias and interval.

    `frame`: unit, score, corrected, bias, error, lower, upper, bias_to_error, missing. `bias` is score less corrected;
    `error` the standard deviation of the bootstrap distances, in distances (at least 1);
    `bias_to_error` their ratio: below about 1.7 (the root of 3) the correction adds more noise than it removes.
    `missing` is the share of replications in which the unit could not be scored (subsampling only).

    Parameters
    ----------
    method, rts, orientation, level, replications, seed
        What was done; the seed reproduces every figure.
    bandwidth
        Of the smoothed bootstrap, None for subsampling.
    size
        Of the subsamples, None for the smoothed bootstrap.
    draws
        Bootstrap distances `(replications, n)`, at least 1 inside the frontier.
    """

    key: ClassVar[tuple[str, ...]] = ("unit",)

    method: str
    rts: str
    orientation: str
    level: float
    replications: int
    seed: int
    bandwidth: float | None
    size: int | None
    draws: FloatArray

    def summary(self, language: Language = "en") -> str:
        """Return mean score, mean correction and the width of the intervals in two lines."""
        means = self.frame.select("score", "corrected", "lower", "upper").mean().row(0)
        score, corrected, lower, upper = (float("nan") if value is None else value for value in means)
        how = f"h = {self.bandwidth:.4f}" if self.bandwidth is not None else f"m = {self.size}"
        if language == "zh":
            return (
                f"平均效率 {score:.4f}，纠偏后 {corrected:.4f}；"
                f"{self.level:.0%} 置信区间平均为 {lower:.4f}–{upper:.4f}。\n"
                f"{self.replications} 次自助抽样（{how}，随机种子 {self.seed}）。{self.provenance.foot()}"
            )
        return (
            f"Mean score {score:.4f}, corrected for bias {corrected:.4f}; mean {self.level:.0%} interval "
            f"{lower:.4f} to {upper:.4f}.\n"
            f"{self.replications} replications ({self.method}, {how}, seed {self.seed}). {self.provenance.foot()}"
        )


def bootstrap(  # noqa: PLR0913 - data, technology, and how to draw
    x: Table,
    y: Table,
    *,
    rts: str = "vrs",
    orientation: str = "input",
    method: str = "smoothed",
    replications: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    bandwidth: str | float = "normal-reference",
    size: int | None = None,
    units: str | Sequence[Any] | None = None,
    n_jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Bootstrap:
    """Return bias and confidence interval of every unit's radial efficiency.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    rts
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``.
    orientation
        ``input`` or ``output``.
    method
        ``smoothed``: the bootstrap of Simar and Wilson (1998). It supposes that inefficiency does not depend on size
        and mix. ``subsampling``: m out of n, which does not.
    replications, seed, level
        Number of draws, their seed, and the level of the intervals.
    bandwidth
        ``normal-reference``, ``cross-validation`` or a number, see `xinzhi.frontier.bandwidth.bandwidth`.
    size
        Size m of the subsamples; n^0.7 unless given.
    units
        Names of the units, or of the column that holds them.
    n_jobs
        Processes (`joblib`); the figures do not depend on it.
    progress
        Called with the replications done and their total.

    Returns
    -------
    Bootstrap
        Scores in Farrell's form: at most 1 for inputs, at least 1 for outputs.

    Raises
    ------
    InputError, UsageError
        When data or options cannot be used.

    Notes
    -----
    Simar and Wilson (1998), Management Science 44, 49-61, in distances of at least one as in their (2008) chapter:
    draws from the scores reflected at one, plus h times a normal, shrunk towards one by (1 + h^2 / s^2)^(-1/2), and
    reflected; each reference unit is moved to its drawn distance. Interval: distance less the quantiles of (bootstrap
    distance less distance). Subsampling: Kneip, Simar and Wilson (2008), Econometric Theory 24, 1663-1697, with the
    rate 2 / (p + q + 1), under constant returns 2 / (p + q).

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([2.0, 4.0, 3.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> found = bootstrap(x, y, replications=200, seed=1)
    >>> found.frame["score"].round(4).to_list()
    [1.0, 0.625, 1.0, 0.9, 1.0]
    >>> (found.frame["upper"] <= found.frame["score"] + 1e-12).all()
    True
    """
    check_choice("method", method, METHODS)
    check_choice("orientation", orientation, ("input", "output"))
    if not 0 < level < 1:
        message = f"level must lie between 0 and 1; got {level}."
        raise UsageError(message)
    known = check_rts(rts)
    given = read_data(x, y, None, units)
    data = checked(given.x, given.y, positive=("x",) if orientation == "input" else ("x", "y"))
    distances = unit_distances(data, known, orientation)
    count = len(data.x)
    h, m = None, None
    if method == "smoothed":
        h = choose_bandwidth(distances, bandwidth)
        task = partial(_smoothed_block, data, known, orientation, distances, h)
    else:
        m = round(count**_RATE) if size is None else size
        if not 1 < m < count:
            message = f"a subsample must have more than 1 and fewer than {count} units; got {m}."
            raise UsageError(message)
        task = partial(_subsampled_block, data, known, orientation, m)
    draws = np.concatenate(in_blocks(task, replications, seed, n_jobs=n_jobs, progress=progress))
    rates = (1.0, 1.0)
    if m is not None:
        power = 2 / (data.x.shape[1] + data.y.shape[1] + (known != "crs"))
        rates = (float(m**power), float(count**power))
    return _result(
        distances, draws, rates, given,
        method=method, rts=known, orientation=orientation, level=level, replications=replications, seed=seed,
        bandwidth=h, size=m,
    )  # fmt: skip


def smooth_draws(distances: FloatArray, h: float, count: int, rng: np.random.Generator) -> FloatArray:
    """Return `count` sets of distances `(count, n)` from the reflected kernel density of `distances`.

    Parameters
    ----------
    distances
        At least 1, `(n,)`.
    h
        Bandwidth.
    count
        Number of sets.
    rng
        Where the random numbers come from.

    Returns
    -------
    array (count, n)
        At least 1.
    """
    both = np.concatenate([distances, 2 - distances])
    picked = both[rng.integers(0, len(both), (count, len(distances)))]
    rough = picked + h * rng.standard_normal(picked.shape)
    drawn = 1 + (rough - 1) / np.sqrt(1 + h**2 / both.var(ddof=1))
    reflected: FloatArray = np.where(drawn < 1, 2 - drawn, drawn)
    return reflected


def smoothed_distances(data: Units, rts: str, orientation: str, distances: FloatArray, drawn: FloatArray) -> FloatArray:
    """Return the distances of the units from reference sets that were moved to the `drawn` distances.

    Parameters
    ----------
    data
        The units.
    rts, orientation
        Of the frontier that the distances are measured from.
    distances
        The units' distances `(n,)`, under which they are moved to the frontier.
    drawn
        Where they are put, `(R, n)`.

    Returns
    -------
    array (R, n)
        At least 1 inside the frontier.
    """
    move = (drawn / distances)[:, :, None]
    if orientation == "input":
        return 1 / efficiencies(data.x, data.y, data.x * move, data.y, rts=rts, orientation=orientation)
    return efficiencies(data.x, data.y, data.x, data.y / move, rts=rts, orientation=orientation)


def unit_distances(data: Units, rts: str, orientation: str) -> FloatArray:
    """Return the distances of the units from their own frontier, at least 1."""
    found = efficiencies(data.x, data.y, data.x[None], data.y[None], rts=rts, orientation=orientation)[0]
    distances: FloatArray = np.maximum(1 / found if orientation == "input" else found, 1.0)
    return distances


def _smoothed_block(
    data: Units, rts: str, orientation: str, distances: FloatArray, h: float, count: int, seeds: np.random.SeedSequence
) -> FloatArray:
    drawn = smooth_draws(distances, h, count, np.random.default_rng(seeds))
    return smoothed_distances(data, rts, orientation, distances, drawn)


def _subsampled_block(
    data: Units, rts: str, orientation: str, size: int, count: int, seeds: np.random.SeedSequence
) -> FloatArray:
    """Return distances from the frontiers of subsamples without replacement; NaN where there is none."""
    rng = np.random.default_rng(seeds)
    rows = np.argsort(rng.random((count, len(data.x))), axis=1)[:, :size]
    found = efficiencies(data.x, data.y, data.x[rows], data.y[rows], rts=rts, orientation=orientation)
    return 1 / found if orientation == "input" else found


def _result(
    distances: FloatArray,
    draws: FloatArray,
    rates: tuple[float, float],
    given: Data,
    **done: Any,  # noqa: ANN401 - the fields of the result
) -> Bootstrap:
    """Turn distances and draws into scores with bias and interval."""
    import polars as pl
    import polars.selectors as cs

    from xinzhi import __version__

    tails = ((1 - done["level"]) / 2, (1 + done["level"]) / 2)
    with np.errstate(invalid="ignore"):
        # Smoothed: distance less (bootstrap distance less distance). Subsampling: the relative error of the subsample,
        # brought to the rate of the full sample.
        pivots = 2 * distances - draws
        if done["size"] is not None:
            pivots = distances * (1 + rates[0] / rates[1] * (distances / draws - 1))
        present = ~np.isnan(pivots)
        enough = present.sum(axis=0) > 1
        corrected, low, high, error = (np.full(len(distances), np.nan) for _ in range(4))
        if enough.any():
            kept = pivots[:, enough]
            corrected[enough] = np.nanmean(kept, axis=0)
            low[enough], high[enough] = np.nanquantile(kept, tails, axis=0)
            error[enough] = np.nanstd(kept, axis=0, ddof=1)
    inward = done["orientation"] == "input"
    bounds = (1 / high, 1 / low) if inward else (low, high)
    score, better = (1 / distances, 1 / corrected) if inward else (distances, corrected)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio_to_error = np.abs(distances - corrected) / error
    frame = pl.DataFrame(
        {
            "unit": given.units,
            "score": score,
            "corrected": better,
            "bias": score - better,
            "error": error,
            "lower": bounds[0],
            "upper": bounds[1],
            "bias_to_error": ratio_to_error,
            "missing": 1 - present.mean(axis=0),
        }
    ).with_columns(cs.float().fill_nan(None))
    return Bootstrap(
        frame=frame,
        draws=draws,
        kind=given.kind,
        provenance=Provenance(verb="bootstrap", version=__version__, options=done),
        **done,
    )
