"""What explains efficiency? The two-stage truncated regressions of Simar and Wilson."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance
from xinzhi.frontier.labels import Labelled
from xinzhi.frontier.models.units import check_choice, check_rts, checked
from xinzhi.frontier.reading import read_data
from xinzhi.frontier.replications import in_blocks
from xinzhi.frontier.smoothing import smoothed_distances, unit_distances
from xinzhi.frontier.truncated import Truncated, truncated_draws, truncated_regression

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.core.text import Language
    from xinzhi.frontier.data import Data
    from xinzhi.frontier.models.units import Table, Units

_EFFICIENT = 1e-5  # a distance this close to one is that of a unit on its own frontier


@dataclass(frozen=True, repr=False, kw_only=True)
class TwoStage(Labelled):
    """Coefficients of the second stage; `frame`: variable, coefficient, error, lower, upper (sigma is the last row).

    A positive coefficient raises the distance: it makes units less efficient.

    Parameters
    ----------
    scores
        unit, distance, corrected (equal to the distance under algorithm 1).
    algorithm, rts, orientation, level, replications, seed
        What was done.
    observations
        Units in the regression: the inefficient ones under algorithm 1, all under algorithm 2.
    lost
        Replications whose likelihood had no maximum; they are left out of errors and intervals.
    """

    key: ClassVar[tuple[str, ...]] = ("variable",)

    scores: pl.DataFrame
    algorithm: int
    rts: str
    orientation: str
    level: float
    replications: int
    seed: int
    observations: int
    lost: int

    def summary(self, language: Language = "en") -> str:
        """Return which variables raise or lower the distance at the level of the intervals."""
        rows = self.frame.filter(~self.frame["variable"].is_in(["constant", "sigma"])).iter_rows(named=True)
        signs = {row["variable"]: np.sign(row["coefficient"]) * (row["lower"] > 0 or row["upper"] < 0) for row in rows}
        worse, better, unclear = ([name for name, sign in signs.items() if sign == which] for which in (1, -1, 0))
        if language == "zh":
            parts = (("降低效率", worse), ("提高效率", better), ("方向不明", unclear))
            said = "；".join(f"{what}：{'、'.join(names)}" for what, names in parts if names)
            how = f"算法 {self.algorithm}，{self.observations} 个单元，{self.level:.0%} 置信区间"
            return f"两阶段截断回归（{how}）：{said}。"
        parts = (("lowers efficiency", worse), ("raises efficiency", better), ("unclear", unclear))
        said = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)
        return (
            f"Two-stage truncated regression (algorithm {self.algorithm}, {self.observations} units, {self.level:.0%} "
            f"intervals): {said}."
        )


def two_stage(  # noqa: PLR0913 - data, technology, regressors, and how to draw
    x: Table,
    y: Table,
    z: Table,
    *,
    algorithm: int = 2,
    rts: str = "vrs",
    orientation: str = "output",
    replications: int = 2000,
    bias_replications: int = 100,
    seed: int = 0,
    level: float = 0.95,
    units: str | Sequence[Any] | None = None,
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
    replications, bias_replications
        Draws for intervals (L2) and for the correction (L1).
    seed, level, units, n_jobs, progress
        Seed; level of the intervals; names of the units; processes; progress callback.

    Returns
    -------
    TwoStage
        Coefficients, standard errors and intervals.

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
    >>> found = two_stage(x, y, z, replications=100, bias_replications=50, seed=1)
    >>> found.frame["variable"].to_list()
    ['constant', 'z1', 'sigma']
    """
    check_choice("orientation", orientation, ("input", "output"))
    if algorithm not in {1, 2}:
        message = f"algorithm must be 1 or 2 (Simar and Wilson 2007); got {algorithm}."
        raise UsageError(message)
    known = check_rts(rts)
    given = read_data(x, y, z, units)
    labels = given.bads if hasattr(z, "columns") else tuple(f"z{at + 1}" for at in range(len(given.bads)))
    data = checked(given.x, given.y, positive=("x",) if orientation == "input" else ("x", "y"))
    regressors = _regressors(given.b)
    distances = unit_distances(data, known, orientation)
    first = _fit(distances, regressors, distances > 1 + _EFFICIENT)
    corrected, fit, used = distances, first, distances > 1 + _EFFICIENT
    if algorithm == 2:  # noqa: PLR2004 - the paper's number
        mean, sigma = regressors @ first.coefficients[0], float(first.sigma[0])
        task = partial(_bias_block, data, known, orientation, distances, mean, sigma)
        draws = in_blocks(task, bias_replications, seed, n_jobs=n_jobs)
        corrected = 2 * distances - np.concatenate(draws).mean(axis=0)
        used = corrected > 1
        fit = _fit(corrected, regressors, used)
    task = partial(_regression_block, regressors[used], fit.coefficients[0], float(fit.sigma[0]))
    parts = in_blocks(task, replications, seed + 1, n_jobs=n_jobs, progress=progress)
    estimates = np.concatenate(parts)
    return _result(
        fit, estimates, (distances, corrected), labels, given,
        algorithm=algorithm, rts=known, orientation=orientation, level=level, replications=replications, seed=seed,
        observations=int(used.sum()),
    )  # fmt: skip


def _regressors(z: FloatArray | None) -> FloatArray:
    """Return the circumstances with a constant in front."""
    if z is None:
        message = "z is missing: hand in the circumstances that may explain efficiency."
        raise UsageError(message)
    table: FloatArray = np.column_stack([np.ones(len(z)), z])
    if np.linalg.matrix_rank(table) < table.shape[1]:
        message = "a column of z repeats the others or the constant: drop it."
        raise InputError(message)
    return table


def _fit(distances: FloatArray, regressors: FloatArray, used: BoolArray) -> Truncated:
    """Fit the units in the regression, or say why that is impossible."""
    if used.sum() <= regressors.shape[1] + 1:
        message = f"only {int(used.sum())} units are inefficient, for {regressors.shape[1] + 1} parameters: too few."
        raise InputError(message)
    found = truncated_regression(distances[used], regressors[used])
    if not found.converged[0]:
        message = "the truncated regression has no maximum on these distances (they fall off like an exponential)."
        raise InputError(message)
    return found


def _bias_block(
    data: Units,
    rts: str,
    orientation: str,
    distances: FloatArray,
    mean: FloatArray,
    sigma: float,
    count: int,
    seeds: np.random.SeedSequence,
) -> FloatArray:
    drawn = truncated_draws(mean, sigma, count, np.random.default_rng(seeds))
    return smoothed_distances(data, rts, orientation, distances, drawn)


def _regression_block(
    regressors: FloatArray, coefficients: FloatArray, sigma: float, count: int, seeds: np.random.SeedSequence
) -> FloatArray:
    """Return bootstrap estimates `(count, k + 1)`, NaN where the likelihood had no maximum."""
    drawn = truncated_draws(regressors @ coefficients, sigma, count, np.random.default_rng(seeds))
    found = truncated_regression(drawn, regressors)
    estimates = np.column_stack([found.coefficients, found.sigma])
    return np.where(found.converged[:, None], estimates, np.nan)


def _result(
    fit: Truncated,
    estimates: FloatArray,
    distances: tuple[FloatArray, FloatArray],
    labels: tuple[str, ...],
    given: Data,
    **done: Any,  # noqa: ANN401 - the fields of the result
) -> TwoStage:
    import polars as pl

    from xinzhi import __version__

    point = np.append(fit.coefficients[0], fit.sigma[0])
    kept = estimates[np.isfinite(estimates).all(axis=1)]
    tails = ((1 + done["level"]) / 2, (1 - done["level"]) / 2)
    lower, upper = 2 * point - np.quantile(kept, tails, axis=0)
    frame = pl.DataFrame(
        {
            "variable": ["constant", *labels, "sigma"],
            "coefficient": point,
            "error": kept.std(axis=0, ddof=1),
            "lower": lower,
            "upper": upper,
        }
    )
    scores = pl.DataFrame({"unit": given.units, "distance": distances[0], "corrected": distances[1]})
    return TwoStage(
        frame=frame,
        scores=scores,
        lost=len(estimates) - len(kept),
        kind=given.kind,
        provenance=Provenance(verb="two_stage", version=__version__, options=done),
        **done,
    )
