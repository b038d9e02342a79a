"""How sure is a score? The smoothed bootstrap, and subsampling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict, TypeVar

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts
from xinzhi.core.simplex import resolve_failures, solve_batch
from xinzhi.frontier.change.decompositions import distance_batch
from xinzhi.frontier.models.sweep import Units, validate_and_scale
from xinzhi.frontier.reading import Data, read_data
from xinzhi.frontier.technology.technology import choose, rts_of, technology
from xinzhi.frontier.unit_names import Labelled, null_for_nan, rts_text, setting

METHODS = ("smoothed", "subsampling")


@dataclass(frozen=True, repr=False, kw_only=True)
class Bootstrap(Labelled, verb="bootstrap", key=("unit",)):
    """Scores with bias and interval, a row for each unit; the seed reproduces every figure.

    Errors are in distances (at least 1). Where `bias_to_error` is below about 1.7 (the root of 3) the correction adds
    more noise than it removes. `bandwidth` is that of the smoothed bootstrap, `size` that of the subsamples; `draws`
    are the bootstrap distances `(replications, n)`, at least 1 inside the frontier.
    """

    method: str
    rts: str
    orientation: str
    level: float
    replications: int
    seed: int
    bandwidth: float | None
    size: int | None
    draws: FloatArray

    @cached_property
    def shares(self) -> pl.DataFrame:
        """``unit, score, value, low, high``: score, corrected score and interval as shares, best first."""
        outward = self.orientation == "output"
        low, high = ("upper", "lower") if outward else ("lower", "upper")
        columns = {"score": "score", "value": "corrected", "low": low, "high": high}
        share = (lambda of: pl.when(pl.col(of) > 0).then(1 / pl.col(of))) if outward else pl.col
        shares = self.frame.select("unit", **{name: share(of) for name, of in columns.items()})
        return self.with_groups(shares.sort("value", descending=True, nulls_last=True, maintain_order=True))

    @property
    def shares_reach(self) -> tuple[float, float]:
        """The ends of the axis of `shares`."""
        bounds = self.shares.drop_nulls("low").select("low", "high", "value").to_numpy()
        return float(bounds.min()) * 0.95, max(float(bounds.max()), 1.0) * 1.03

    @property
    def percent_level(self) -> str:
        """The level of the intervals in percent."""
        return f"{100 * self.level:g}"

    def facts(self) -> Facts:
        """Return mean score and correction, the width of the intervals, who differs insignificantly from the best."""
        shares, how = self.shares, {"rts": rts_text(self.rts), "seed": self.seed, "level": self.percent_level}
        intervals = shares.drop_nulls("low")
        note: dict[str, object] = {**how, "n": self.replications, "method": words.frontier.chart_of(self.method)}
        note |= {"how": f"m = {self.size}" if self.bandwidth is None else f"h = {self.bandwidth:.4f}"}
        noisy = self.frame.filter(self.frame["bias_to_error"] < setting("bias_to_error")).height
        notes: Facts = {"note.bootstrap": note}
        if noisy:
            notes["note.noisy"] = {"k": noisy, "n": self.frame.height}
        if not intervals.height:
            return {"answer.nothing": {}} | notes
        width = float((intervals["high"] - intervals["low"]).to_numpy().mean())
        columns = {"score": "score", "corrected": "value"}
        means = {name: float(shares[of].drop_nulls().to_numpy().mean()) for name, of in columns.items()}
        values = {"n": intervals.height, "what": self.what(self.frame["unit"]), "width": width, **means, **how}
        facts: Facts = {"headline.bootstrap": values}
        best, rest = intervals.row(0, named=True), intervals.slice(1)
        alike = rest.filter(rest["high"] >= best["low"])["unit"].to_list()
        if alike:
            names = [self.names.region(unit) for unit in alike]
            values = {"best": self.names.region(best["unit"]), "k": len(alike), "n": rest.height, "names": names}
            facts["answer.alike"] = values
        elif rest.height:
            facts["answer.apart"] = {"best": self.names.region(best["unit"])}
        return facts | notes


def bootstrap(  # noqa: PLR0913 - data, technology, and how to draw
    x: AnyArray,
    y: AnyArray,
    *,
    rts: str = "vrs",
    orientation: str = "input",
    method: str = "smoothed",
    draws: int = setting("replications"),
    seed: int = 0,
    level: float = setting("level"),
    bandwidth: str | float = "normal-reference",
    size: int | None = None,
    units: str | Sequence[object] | None = None,
    n_jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Bootstrap:
    """Return bias and confidence interval of every unit's radial efficiency.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    rts, orientation
        ``crs``, ``vrs``, ``nirs`` or ``ndrs``; ``input`` or ``output``.
    method
        ``smoothed``: the bootstrap of Simar and Wilson (1998). It supposes that inefficiency does not depend on size
        and mix. ``subsampling``: m out of n, which does not.
    draws, seed, level
        Number of draws, their seed, and the level of the intervals.
    bandwidth
        ``normal-reference``, ``cross-validation`` or a number.
    size
        Size m of the subsamples; n^0.7 unless given.
    units, n_jobs, progress
        Names of the units, or of their column; processes (`joblib`), on which the figures do not depend; what is called
        with the replications done and their total.

    Returns
    -------
    Bootstrap
        Scores in Farrell's form: at most 1 for inputs, at least 1 for outputs.

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
    >>> found = bootstrap(x, y, draws=200, seed=1)
    >>> found.frame["score"].round(4).to_list()
    [1.0, 0.625, 1.0, 0.9, 1.0]
    >>> (found.frame["upper"] <= found.frame["score"] + 1e-12).all()
    True
    """
    choose("method", method, METHODS)
    choose("orientation", orientation, ("input", "output"))
    if not 0 < level < 1:
        raise UsageError("frontier.level", level=level)
    rts = rts_of(rts)
    source = read_data(x, y, None, units)
    data = radial_units(source, orientation)
    distances = unit_distances(data, rts, orientation)
    count = len(data.x)
    h, m = None, None
    if method == "smoothed":
        h = choose_width(distances, bandwidth)
    else:
        m = round(count ** setting("subsample_power")) if size is None else size
        if not 1 < m < count:
            raise UsageError("frontier.subsample", count=count, m=m)

    def task(many: int, seeds: np.random.SeedSequence) -> FloatArray:
        rng = np.random.default_rng(seeds)
        if h is not None:
            return smoothed_distances(data, rts, orientation, distances, smooth_draws(distances, h, many, rng))
        # subsamples without replacement; NaN where a unit has no distance from their frontier
        rows = np.argsort(rng.random((many, count)), axis=1)[:, :m]
        scores = efficiencies(data.x, data.y, data.x[rows], data.y[rows], rts=rts, orientation=orientation)
        return 1 / scores if orientation == "input" else scores

    samples = np.concatenate(in_blocks(task, draws, seed, n_jobs=n_jobs, progress=progress))
    tails = ((1 - level) / 2, (1 + level) / 2)
    with np.errstate(invalid="ignore"):
        # Smoothed: distance less (bootstrap distance less distance). Subsampling: the relative error of the subsample,
        # brought to the rate of the full sample.
        pivots = 2 * distances - samples
        if m is not None:
            power = 2 / (data.x.shape[1] + data.y.shape[1] + (rts != "crs"))
            pivots = distances * (1 + float(m**power) / float(count**power) * (distances / samples - 1))
        present = ~np.isnan(pivots)
        enough = present.sum(axis=0) > 1
        corrected, low, high, error = (np.full(count, np.nan) for _ in range(4))
        if enough.any():
            valid = pivots[:, enough]
            corrected[enough] = np.nanmean(valid, axis=0)
            low[enough], high[enough] = np.nanquantile(valid, tails, axis=0)
            error[enough] = np.nanstd(valid, axis=0, ddof=1)
    inward = orientation == "input"
    bounds = (1 / high, 1 / low) if inward else (low, high)
    score, better = (1 / distances, 1 / corrected) if inward else (distances, corrected)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio_to_error = np.abs(distances - corrected) / error
    columns = {
        "unit": source.units,
        "score": score,
        "corrected": better,
        "bias": score - better,
        "error": error,
        "lower": bounds[0],
        "upper": bounds[1],
        "bias_to_error": ratio_to_error,
        "missing": 1 - present.mean(axis=0),
    }
    done: _Choices = {
        "method": method,
        "rts": rts,
        "orientation": orientation,
        "level": level,
        "replications": draws,
        "seed": seed,
        "bandwidth": h,
        "size": m,
    }
    record = provenance("bootstrap", source.digests(), (), **done)
    return Bootstrap(frame=null_for_nan(columns), draws=samples, kind=source.kind, provenance=record, **done)


class _Choices(TypedDict):
    """What a bootstrap was asked, as its result and its provenance say it."""

    method: str
    rts: str
    orientation: str
    level: float
    replications: int
    seed: int
    bandwidth: float | None
    size: int | None


def smooth_draws(distances: FloatArray, h: float, count: int, rng: np.random.Generator) -> FloatArray:
    """Return `count` sets of distances `(count, n)` from the reflected kernel density of `distances`."""
    symmetric = np.concatenate([distances, 2 - distances])
    picked = symmetric[rng.integers(0, len(symmetric), (count, len(distances)))]
    rough = picked + h * rng.standard_normal(picked.shape)
    sample = 1 + (rough - 1) / np.sqrt(1 + h**2 / symmetric.var(ddof=1))
    return np.asarray(np.where(sample < 1, 2 - sample, sample))


def smoothed_distances(data: Units, rts: str, orientation: str, distances: FloatArray, draws: FloatArray) -> FloatArray:
    """Return the distances of the units from reference sets that were moved to the `draws` distances."""
    move = (draws / distances)[:, :, None]
    if orientation == "input":
        return 1 / efficiencies(data.x, data.y, data.x * move, data.y, rts=rts, orientation=orientation)
    return efficiencies(data.x, data.y, data.x, data.y / move, rts=rts, orientation=orientation)


def radial_units(source: Data, orientation: str) -> Units:
    """Return the units of radial distances, on one scale."""
    return validate_and_scale(source.goods.x, source.goods.y, positive=("x",) if orientation == "input" else ("x", "y"))


def unit_distances(data: Units, rts: str, orientation: str) -> FloatArray:
    """Return the distances of the units from their own frontier, at least 1."""
    scores = efficiencies(data.x, data.y, data.x[None], data.y[None], rts=rts, orientation=orientation)[0]
    return np.asarray(np.maximum(1 / scores if orientation == "input" else scores, 1.0))


RULES = ("normal-reference", "cross-validation")


def choose_width(distances: FloatArray, rule: str | float = "normal-reference") -> float:
    """Return the bandwidth of the kernel density of distances of at least one, reflected at one."""
    # Simar and Wilson (2008), in Fried, Lovell and Schmidt, eds., section 4.3.5; Silverman (1986), equation (3.31).
    if not isinstance(rule, str):
        if not (np.isfinite(rule) and rule > 0):
            raise UsageError("frontier.bandwidth", rule=rule)
        return float(rule)
    if rule not in RULES:
        raise UsageError("frontier.bandwidth-rule", rule=rule, known=list(RULES))
    inefficient = distances[distances > 1 + setting("own_frontier")]
    if len(inefficient) < 2:  # noqa: PLR2004 - a spread needs two
        raise InputError("frontier.nothing-to-smooth", inefficient=len(inefficient), units=len(distances))
    symmetric = np.concatenate([2 - inefficient, inefficient])
    spread = symmetric.std(ddof=1)
    reference = 0.9 * min(spread, np.subtract(*np.percentile(symmetric, [75, 25])) / 1.349) * len(symmetric) ** -0.2
    width = reference if rule == "normal-reference" else _cross_validated(symmetric, spread * len(symmetric) ** -0.2)
    return float(width * (len(symmetric) / len(distances)) ** 0.2 * distances.std(ddof=1) / spread)


def _cross_validated(sample: FloatArray, guess: float) -> float:
    """Return the bandwidth with the least integrated squared error but for a constant, Gaussian kernel."""
    # The search runs from a twentieth of the guess to twice it; the best point of a grid is refined.
    from scipy.optimize import minimize_scalar

    count = len(sample)
    gaps = (sample[:, None] - sample[None, :])[np.triu_indices(count, 1)] ** 2

    def loss(log_h: float) -> float:
        h = np.exp(log_h)
        convolution, density = np.exp(-gaps / (4 * h * h)).sum(), np.exp(-gaps / (2 * h * h)).sum()
        squared = (count + 2 * convolution) / (count**2 * h * 2 * np.sqrt(np.pi))
        left_out = 2 * density / (count * (count - 1) * h * np.sqrt(2 * np.pi))
        return float(squared - 2 * left_out)

    grid = np.log(guess) + np.linspace(np.log(0.05), np.log(2.0), 40)
    values = np.array([loss(point) for point in grid])
    at = int(np.clip(values.argmin(), 1, len(grid) - 2))
    optimum = minimize_scalar(loss, bounds=(grid[at - 1], grid[at + 1]), method="bounded")
    return float(np.exp(optimum.x))


BLOCK = 100  # replications that share one stream of random numbers: results do not depend on the number of jobs
Part = TypeVar("Part")


def efficiencies(
    x: FloatArray, y: FloatArray, x_ref: FloatArray, y_ref: FloatArray, *, rts: str = "vrs", orientation: str = "input"
) -> FloatArray:
    """Return Farrell efficiencies of k points against R reference sets."""
    reps = max(len(part) for part in (x_ref, y_ref) if part.ndim == 3)  # noqa: PLR2004 - sets, units, goods
    x_ref, y_ref = (np.broadcast_to(part, (reps, *part.shape[-2:])) for part in (x_ref, y_ref))
    p, q = x.shape[1], y.shape[1]
    netputs = np.concatenate([-x_ref, y_ref], axis=2)
    scale = np.abs(netputs).max(axis=(0, 1))
    scale = np.where(scale > 0, scale, 1.0)
    tech = technology(x_ref[0], y_ref[0], rts=rts)
    columns = tech.alike(netputs / scale)
    target, way = np.concatenate([-x, y], axis=1) / scale, np.zeros((len(x), p + q))
    moving = slice(0, p) if orientation == "input" else slice(p, p + q)
    way[:, moving] = np.abs(target[:, moving])
    target, way = (np.tile(part, (reps, 1)) for part in (target, way))
    which = np.repeat(np.arange(reps), len(x))
    batch, codes = distance_batch(tech, columns, target, way, which, widths=(p, q))
    answers = solve_batch(batch, codes)
    resolve_failures(batch, answers)
    step = answers.objective(batch).reshape(reps, len(x))
    return 1 - step if orientation == "input" else 1 + step


def in_blocks(
    task: Callable[[int, np.random.SeedSequence], Part],
    draws: int,
    seed: int,
    *,
    n_jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Part]:
    """Run `task(count, seeds)` on blocks of replications, each with random numbers of its own, over processes."""
    if draws < 1 or n_jobs < 1:
        raise UsageError("frontier.draws-and-jobs", draws=draws, n_jobs=n_jobs)
    sizes = [min(BLOCK, draws - start) for start in range(0, draws, BLOCK)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))
    done, parts = 0, []
    blocks: Iterator[Part] = map(task, sizes, seeds)
    if n_jobs > 1:
        from joblib import Parallel, delayed

        jobs = (delayed(task)(size, child) for size, child in zip(sizes, seeds, strict=True))
        blocks = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    for part, size in zip(blocks, sizes, strict=True):
        parts.append(part)
        done += size
        if progress is not None:
            progress(done, draws)
    return parts
