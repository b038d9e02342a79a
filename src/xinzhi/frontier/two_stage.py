"""What explains efficiency? The two-stage truncated regressions of Simar and Wilson."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.estimator import Estimator, with_tests
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.core.text import Text, clauses
from xinzhi.frontier.bootstrap import in_blocks, radial_units, smoothed_distances, unit_distances
from xinzhi.frontier.reading import read_data
from xinzhi.frontier.technology.technology import choose, rts_of
from xinzhi.frontier.unit_names import Labelled, axis_ends, good_text, rts_text, setting, term_text


@dataclass(frozen=True, repr=False, kw_only=True)
class TwoStage(Labelled, Estimator, verb="two_stage", key=("variable",)):
    """Coefficients of the second stage, sigma last; a positive one makes units less efficient (further away).

    `scores` has the distance of each unit, and the corrected one (the same under algorithm 1). `observations` are the
    inefficient units under algorithm 1, all under algorithm 2; `lost` counts the replications whose likelihood had no
    maximum: they are left out of errors and intervals.
    """

    scores: pl.DataFrame
    algorithm: int
    rts: str
    orientation: str
    level: float
    replications: int
    seed: int
    observations: int
    lost: int

    @property
    def coefficients(self) -> pl.DataFrame:
        """The coefficients with intervals by the bootstrap; t and p by the normal distribution from its errors."""
        names = {
            "variable": "term",
            "coefficient": "estimate",
            "error": "standard_error",
            "lower": "low",
            "upper": "high",
        }
        return with_tests(self.frame.rename(names), self.level)

    def coverage(self) -> float:
        """Return the level of the intervals."""
        return self.level

    def bootstrapped(self) -> bool:
        """Say that the intervals come from a bootstrap."""
        return True

    @property
    def codes(self) -> list[str]:
        """The units."""
        return self.scores["unit"].to_list()

    @property
    def writers(self) -> Mapping[str, Callable[[str], Text | None]]:
        """What units and circumstances are called."""
        return {**super().writers, "variable": term_text}

    @property
    def percent_level(self) -> str:
        """The level of the intervals in percent."""
        return f"{100 * self.level:g}"

    @property
    def circumstances(self) -> pl.DataFrame:
        """The rows of the frame without constant and sigma."""
        return self.frame.filter(~pl.col("variable").is_in(["constant", "sigma"]))

    @property
    def circumstances_reach(self) -> tuple[float, float]:
        """The ends of the axis of `circumstances`."""
        return axis_ends(self.circumstances, "coefficient", "lower", "upper")

    def answer(self) -> Iterator[Fact]:
        """Yield which circumstances lower or raise efficiency at the level of the intervals."""
        rows = self.circumstances
        signs = {
            "worse": rows.filter(pl.col("lower") > 0),
            "better": rows.filter((pl.col("lower") <= 0) & (pl.col("upper") < 0)),
            "unclear": rows.filter((pl.col("lower") <= 0) & (pl.col("upper") >= 0)),
        }
        parts = [
            words.frontier.chart_of(sign, names=[good_text(name) for name in group["variable"]])
            for sign, group in signs.items()
            if group.height
        ]
        yield words.frontier.headline_two_stage(level=self.percent_level, parts=clauses(parts))
        yield words.frontier.note_two_stage(
            algorithm=self.algorithm,
            n=self.observations,
            rts=rts_text(self.rts),
            seed=self.seed,
            replications=self.replications,
        )


def two_stage(  # noqa: PLR0913 - data, technology, regressors, and how to draw
    x: AnyArray,
    y: AnyArray,
    z: AnyArray,
    *,
    algorithm: int = 2,
    rts: str = "vrs",
    orientation: str = "output",
    draws: int = setting("replications"),
    bias_draws: int = setting("bias_replications"),
    seed: int = 0,
    level: float = setting("level"),
    units: str | Sequence[object] | None = None,
    n_jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> TwoStage:
    """Regress distances on circumstances, with inference that knows the distances are estimated.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    z
        Circumstances `(n, k)`, an array or a frame with their names, without the constant, which is added.
    algorithm
        1: truncated regression of the inefficient units' distances, intervals by the parametric bootstrap. 2: distances
        are first corrected for bias by a bootstrap that draws from the regression.
    rts, orientation
        Of the first stage. Distances are Farrell's for outputs and their inverse for inputs: at least 1 both times.
    draws, bias_draws
        Draws for intervals (L2) and for the correction (L1).
    seed, level, units, n_jobs, progress
        Seed; level of the intervals; names of the units; processes; progress callback.

    Raises
    ------
    InputError
        When a circumstance is missing or collinear, units are too few, or the regression has no maximum.

    Notes
    -----
    Simar and Wilson (2007), J. Econometrics 136, 31-64. It supposes separability: circumstances shift efficiency, not
    the frontier. Intervals: estimate less the quantiles of (bootstrap estimate less estimate).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> x, z = rng.uniform(1, 9, 120), rng.normal(size=120)
    >>> y = np.sqrt(x) / (1 + np.abs(rng.normal(0.3 + 0.2 * z, 0.3)))
    >>> found = two_stage(x, y, z, draws=100, bias_draws=50, seed=1)
    >>> found.frame["variable"].to_list()
    ['constant', 'z1', 'sigma']
    """
    choose("orientation", orientation, ("input", "output"))
    if algorithm not in {1, 2}:
        raise UsageError("frontier.algorithm", algorithm=algorithm)
    rts = rts_of(rts)
    source = read_data(x, y, z, units)
    labels = source.bads if hasattr(z, "columns") else tuple(f"z{at + 1}" for at in range(len(source.bads)))
    data = radial_units(source, orientation)
    regressors = np.column_stack([np.ones(len(data.x)), source.goods.b])
    if np.linalg.matrix_rank(regressors) < regressors.shape[1]:
        raise InputError("frontier.repeated-column")
    distances = unit_distances(data, rts, orientation)
    used = distances > 1 + setting("own_frontier")
    fit = first = _fit(distances, regressors, used)
    corrected = distances
    if algorithm == 2:  # noqa: PLR2004 - the paper's number
        mean, sigma = regressors @ first.coefficients[0], float(first.sigma[0])

        def bias(count: int, seeds: np.random.SeedSequence) -> FloatArray:
            sample = truncated_draws(mean, sigma, count, np.random.default_rng(seeds))
            return smoothed_distances(data, rts, orientation, distances, sample)

        samples = in_blocks(bias, bias_draws, seed, n_jobs=n_jobs)
        corrected = 2 * distances - np.concatenate(samples).mean(axis=0)
        used = corrected > 1
        fit = _fit(corrected, regressors, used)
    centre, spread = regressors[used] @ fit.coefficients[0], float(fit.sigma[0])

    def task(count: int, seeds: np.random.SeedSequence) -> FloatArray:  # NaN where the likelihood had no maximum
        sample = truncated_draws(centre, spread, count, np.random.default_rng(seeds))
        regression = truncated_regression(sample, regressors[used])
        return np.where(
            regression.converged[:, None], np.column_stack([regression.coefficients, regression.sigma]), np.nan
        )

    estimates = np.concatenate(in_blocks(task, draws, seed + 1, n_jobs=n_jobs, progress=progress))
    point = np.append(fit.coefficients[0], fit.sigma[0])
    valid = estimates[np.isfinite(estimates).all(axis=1)]
    lower, upper = 2 * point - np.quantile(valid, ((1 + level) / 2, (1 - level) / 2), axis=0)
    columns = {"coefficient": point, "error": valid.std(axis=0, ddof=1), "lower": lower, "upper": upper}
    done: _Choices = {
        "algorithm": algorithm,
        "rts": rts,
        "orientation": orientation,
        "level": level,
        "replications": draws,
        "seed": seed,
        "observations": int(used.sum()),
    }
    return TwoStage(
        frame=pl.DataFrame({"variable": ["constant", *labels, "sigma"], **columns}),
        scores=pl.DataFrame({"unit": source.units, "distance": distances, "corrected": corrected}),
        lost=len(estimates) - len(valid),
        kind=source.kind,
        provenance=provenance("two_stage", source.digests(), (), **done),
        **done,
    )


class _Choices(TypedDict):
    """What the regressions were asked, as their result and its provenance say it."""

    algorithm: int
    rts: str
    orientation: str
    level: float
    replications: int
    seed: int
    observations: int


def _fit(distances: FloatArray, regressors: FloatArray, used: BoolArray) -> Truncated:
    """Fit the units in the regression, or say why that is impossible."""
    if used.sum() <= regressors.shape[1] + 1:
        raise InputError("frontier.few-inefficient", units=int(used.sum()), parameters=regressors.shape[1] + 1)
    fit = truncated_regression(distances[used], regressors[used])
    if not fit.converged[0]:
        raise InputError("frontier.no-maximum")
    return fit


_STEPS, _HALVINGS, _GRADIENT = 100, 30, 1e-9


@dataclass(frozen=True, slots=True)
class Truncated:
    """Estimates of B samples."""

    coefficients: FloatArray
    sigma: FloatArray
    likelihood: FloatArray
    converged: BoolArray


def truncated_regression(values: FloatArray, regressors: FloatArray) -> Truncated:
    """Fit ``values = regressors @ b + e`` where e is normal and only values above one are seen."""
    # Truncated: By Newton's method with halved steps in b / sigma and 1 / sigma (Olsen 1978), where the likelihood has
    # one maximum (Orme and Ruud 2002, Economics Letters 75, 209-217).
    y = np.atleast_2d(values)
    width = regressors.shape[1]
    slope = np.linalg.lstsq(regressors, y.T)[0].T
    spread = np.maximum((y - slope @ regressors.T).std(axis=1), np.finfo(float).tiny)
    at = np.column_stack([slope / spread[:, None], 1 / spread])
    level = _likelihood(y, regressors, at)
    open_ = np.ones(len(y), dtype=bool)
    for _ in range(_STEPS):
        rows = np.flatnonzero(open_)
        gradient, hessian = _derivatives(y[rows], regressors, at[rows])
        still = np.abs(gradient).max(axis=1) > _GRADIENT * y.shape[1]
        open_[rows[~still]] = False
        rows, gradient, hessian = rows[still], gradient[still], hessian[still]
        if not len(rows):
            break
        ridge = 1e-12 * np.trace(hessian, axis1=1, axis2=2)[:, None, None] * np.eye(width + 1)
        step = -np.linalg.solve(hessian + ridge, gradient[:, :, None])[:, :, 0]
        better = _line_search(y, regressors, (at, level), (rows, step))
        open_[rows[~better]] = False
    gradient, _ = _derivatives(y, regressors, at)
    flat = np.abs(gradient).max(axis=1) <= 1e3 * _GRADIENT * y.shape[1]
    return Truncated(at[:, :width] / at[:, width:], 1 / at[:, width], level, flat & np.isfinite(level))


def truncated_draws(mean: FloatArray, sigma: float, count: int, rng: np.random.Generator) -> FloatArray:
    """Return `count` samples `(count, n)` of normals with these means and deviation, each above one."""
    from scipy.special import log_ndtr, ndtri_exp

    room = log_ndtr((mean - 1.0) / sigma)
    uniform = rng.random((count, len(mean)))
    return np.maximum(mean - sigma * ndtri_exp(np.log1p(-uniform) + room), 1.0)


def _likelihood(y: FloatArray, z: FloatArray, at: FloatArray) -> FloatArray:
    """Return the log likelihood of each sample at (b / sigma, 1 / sigma)."""
    from scipy.special import log_ndtr

    mean, scale = at[:, :-1] @ z.T, at[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        terms = np.log(scale) - 0.5 * (scale * y - mean) ** 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(mean - scale)
    return np.where(at[:, -1] > 0, terms.sum(axis=1), -np.inf)


def _derivatives(y: FloatArray, z: FloatArray, at: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gradient `(B, k + 1)` and Hessian `(B, k + 1, k + 1)`."""
    from scipy.special import log_ndtr

    mean, scale = at[:, :-1] @ z.T, at[:, -1:]
    argument = mean - scale
    mills = np.exp(-0.5 * argument**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(argument))
    bend = mills * (mills + argument)
    rest = scale * y - mean
    gradient = np.concatenate([(rest - mills) @ z, (1 / scale - y * rest + mills).sum(axis=1, keepdims=True)], axis=1)
    width = z.shape[1]
    hessian = np.empty((len(y), width + 1, width + 1))
    hessian[:, :width, :width] = np.einsum("bn,nk,nl->bkl", bend - 1, z, z)
    hessian[:, :width, width] = hessian[:, width, :width] = (y - bend) @ z
    hessian[:, width, width] = (-1 / scale**2 - y**2 + bend).sum(axis=1)
    return gradient, hessian


def _line_search(
    y: FloatArray, z: FloatArray, state: tuple[FloatArray, FloatArray], move: tuple[FloatArray, FloatArray]
) -> BoolArray:
    """Take the step, halved until the likelihood does not fall; return which samples moved."""
    at, level = state
    rows, step = move
    done = np.zeros(len(rows), dtype=bool)
    size = 1.0
    for _ in range(_HALVINGS):
        pending = np.flatnonzero(~done)
        trial = at[rows[pending]] + size * step[pending]
        value = _likelihood(y[rows[pending]], z, trial)
        better = value >= level[rows[pending]] - 1e-12 * np.abs(level[rows[pending]])
        took = pending[better]
        at[rows[took]], level[rows[took]], done[took] = trial[better], value[better], True
        if done.all():
            break
        size /= 2
    return done
