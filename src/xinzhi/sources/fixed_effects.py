"""Fixed effects: least squares within units and years, with standard errors that allow for clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray, IntArray

Engine = Literal["numpy", "linearmodels"]
_ROUNDS = 10_000
_STILL = 1e-13


@dataclass(frozen=True, slots=True)
class Regression:
    """A regression within units and years.

    Parameters
    ----------
    names
        The regressors.
    coefficients, standard_errors
        `(k,)`; standard errors are clustered.
    observations, clusters
        How many rows and clusters.
    r2_within
        Share of the variance within units and years that the regressors explain.
    residuals
        `(n,)`.
    """

    names: tuple[str, ...]
    coefficients: FloatArray
    standard_errors: FloatArray
    observations: int
    clusters: int
    r2_within: float
    residuals: FloatArray

    @property
    def frame(self) -> pl.DataFrame:
        """``term, coefficient, standard_error, t``."""
        import polars as pl

        return pl.DataFrame(
            {
                "term": self.names,
                "coefficient": self.coefficients,
                "standard_error": self.standard_errors,
                "t": self.coefficients / self.standard_errors,
            }
        )


def fixed_effects(
    y: FloatArray,
    x: FloatArray,
    names: Sequence[str],
    effects: Sequence[IntArray],
    cluster: IntArray,
    *,
    small_sample: bool = True,
    engine: Engine = "numpy",
) -> Regression:
    """Regress `y` on `x` within the given effects, with clustered standard errors.

    Parameters
    ----------
    y, x
        `(n,)` and `(n, k)`, without missing values.
    names
        Names of the `k` regressors.
    effects
        Codes from 0 on `(n,)` of each effect, such as units and years; one or two.
    cluster
        Codes from 0 on `(n,)` of the clusters.
    small_sample
        Multiply the variance by ``G / (G - 1) (n - 1) / (n - k)``, where `k` counts the regressors and the effects that
        do not lie inside the clusters, as fixest and pyfixest do.
    engine
        ``numpy``, or ``linearmodels`` (the extra `panel`), which takes units and years: the same coefficients, and
        standard errors with its own small-sample factor ``n / (n - k)`` and no factor for few clusters.

    Raises
    ------
    InputError
        When values are missing, a regressor does not vary within the effects, or there are fewer than two clusters.

    Notes
    -----
    Effects are swept out by alternating projections (Frisch and Waugh 1933; Guimarães and Portugal 2010); standard
    errors as in Cameron, Gelbach and Miller (2011).

    Examples
    --------
    >>> unit, year = np.repeat([0, 1, 2], 4), np.tile([0, 1, 2, 3], 3)
    >>> x = np.arange(12.0)[:, None] ** 2
    >>> y = 2 * x[:, 0] + unit - year
    >>> fixed_effects(y, x, ["x"], [unit, year], unit).coefficients.round(9).tolist()
    [2.0]
    """
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        message = "a regression within units and years needs rows without missing values: drop them first."
        raise InputError(message)
    groups = int(cluster.max()) + 1 if len(cluster) else 0
    if groups <= 1 or len(y) <= x.shape[1]:
        message = f"standard errors need two clusters and more rows than regressors; got {groups} and {len(y)} rows."
        raise InputError(message)
    inner = _sweep(np.column_stack([y, x]), effects)
    inner_y, inner_x = inner[:, 0], inner[:, 1:]
    _vary(x, inner_x, names)
    if engine == "linearmodels":
        return _by_linearmodels(y, x, names, effects, cluster)
    if engine != "numpy":
        message = f"unknown engine '{engine}': it is numpy or linearmodels."
        raise UsageError(message)
    bread = np.linalg.inv(inner_x.T @ inner_x)
    coefficients = bread @ (inner_x.T @ inner_y)
    residuals = inner_y - inner_x @ coefficients
    scores = np.zeros((groups, x.shape[1]))
    np.add.at(scores, cluster, inner_x * residuals[:, None])
    rows, columns = x.shape
    counted = columns + _free_effects(effects, cluster)
    factor = groups / (groups - 1) * (rows - 1) / (rows - counted) if small_sample else 1.0
    variance = factor * bread @ (scores.T @ scores) @ bread
    total = float(inner_y @ inner_y)
    return Regression(
        names=tuple(names),
        coefficients=coefficients,
        standard_errors=np.sqrt(np.diag(variance)),
        observations=rows,
        clusters=groups,
        r2_within=1.0 - float(residuals @ residuals) / total if total > 0 else float("nan"),
        residuals=residuals,
    )


def _free_effects(effects: Sequence[IntArray], cluster: IntArray) -> int:
    """Return how many effects do not lie inside the clusters; a constant at least."""
    free = [effect for effect in effects if len(np.unique(np.stack([effect, cluster]), axis=1).T) > effect.max() + 1]
    return sum(int(effect.max()) + 1 for effect in free) - max(len(free) - 1, 0) if free else 1


def codes(values: Sequence[object]) -> IntArray:
    """Return codes from 0 on, in the order of first appearance.

    Examples
    --------
    >>> codes(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def _sweep(values: FloatArray, effects: Sequence[IntArray]) -> FloatArray:
    """Take the means of every effect out, in turn, until nothing moves."""
    out: FloatArray = values - values.mean(axis=0)
    scale = np.abs(out).max(axis=0) + np.finfo(float).tiny
    counts = [np.bincount(effect) for effect in effects]
    for _ in range(_ROUNDS):
        before = out
        for effect, count in zip(effects, counts, strict=True):
            sums = np.stack([np.bincount(effect, weights=column, minlength=len(count)) for column in out.T], axis=1)
            out = out - (sums / np.maximum(count, 1)[:, None])[effect]
        if (np.abs(out - before).max(axis=0) <= _STILL * scale).all():
            return out
    message = "the effects of units and years do not settle: the panel falls into parts that share no unit or year."
    raise InputError(message)


def _vary(x: FloatArray, inner: FloatArray, names: Sequence[str]) -> None:
    """Refuse regressors that the effects, or the other regressors, explain entirely."""
    left = np.sqrt((inner**2).sum(axis=0)) / (np.sqrt((x**2).sum(axis=0)) + np.finfo(float).tiny)
    still = [name for name, part in zip(names, left.tolist(), strict=True) if part < 1e-10]  # noqa: PLR2004 - rounding of float64
    if still:
        message = f"{', '.join(still)} does not vary within units and years: leave it out, or drop an effect."
        raise InputError(message)
    if np.linalg.matrix_rank(inner / np.sqrt((inner**2).sum(axis=0))) < x.shape[1]:
        message = f"the regressors {', '.join(names)} repeat each other within units and years: drop one."
        raise InputError(message)


def _by_linearmodels(
    y: FloatArray, x: FloatArray, names: Sequence[str], effects: Sequence[IntArray], cluster: IntArray
) -> Regression:
    """Let linearmodels estimate the same regression."""
    try:
        from linearmodels.panel import PanelOLS  # type: ignore[import-not-found,unused-ignore] # an extra, without types
    except ModuleNotFoundError:
        message = "the engine linearmodels is not installed: install xinzhi[panel], or take the engine numpy."
        raise UsageError(message) from None
    import polars as pl

    if len(effects) != 2:  # noqa: PLR2004 - units and years
        message = "the engine linearmodels takes two effects, units and years."
        raise UsageError(message)
    data = pl.DataFrame({"unit": effects[0], "year": effects[1], "y": y, "cluster": cluster}).with_columns(
        pl.Series(f"x{column}", x[:, column]) for column in range(x.shape[1])
    )
    table = data.to_pandas().set_index(["unit", "year"])
    model = PanelOLS(table["y"], table[[f"x{n}" for n in range(x.shape[1])]], entity_effects=True, time_effects=True)
    fit = model.fit(cov_type="clustered", clusters=table[["cluster"]])
    return Regression(
        names=tuple(names),
        coefficients=np.asarray(fit.params, dtype=np.float64),
        standard_errors=np.asarray(fit.std_errors, dtype=np.float64),
        observations=len(y),
        clusters=int(cluster.max()) + 1,
        r2_within=float(fit.rsquared),
        residuals=np.asarray(fit.resids, dtype=np.float64),
    )
