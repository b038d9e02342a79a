"""Which choice moves a rank: the variance of ranks, taken apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.shapley import effects
from xinzhi.core.text import words
from xinzhi.sectors.composite.build import Ranking, blocks
from xinzhi.sectors.composite.uncertainty import AXES, Space, draw, grid, left_out, rank_draws, space
from xinzhi.sectors.conventions import share_text

METHODS = ("exact", "sobol")
_FEWEST = 2


@dataclass(frozen=True, repr=False, kw_only=True)
class Sensitivity(Result, verb="index_sensitivity", topic="sectors", key=("region", "year", "choice")):
    """The variance of every rank, by choice.

    In `frame`, `variance` is that of the rank over all conventions; `first_order` is what fixing the choice alone
    explains and `total` what is left when all others are fixed, as shares of it, empty where the rank never moves; the
    shares of `shapley` (exact only) add up to one. `overall` has the same of the sum of variances over all regions and
    years.
    """

    overall: pl.DataFrame
    left_out: pl.DataFrame
    method: str
    evaluations: int

    def shares(self) -> pl.DataFrame:
        """Return ``choice, share`` of the variance, largest first: Shapley's where exact, else total effects."""
        by = "shapley" if "shapley" in self.overall.columns else "total"
        rows = self.overall.fill_nan(None).drop_nulls(by).sort(by, descending=True)
        return rows.select("choice", share=by)

    def facts(self) -> Facts:
        """Return which choice moves ranks most."""
        count = f"{self.evaluations:,}"
        parts = [share_text(words(f"sectors.choice.{name}"), share) for name, share in self.shares().iter_rows()]
        return (
            {"answer.sensitivity": {"count": count, "parts": parts}} if parts else {"answer.unmoved": {"count": count}}
        )


def sensitivity(result: Ranking, method: str, *, draws: int, seed: int) -> Sensitivity:
    """Return the variance of every rank by choice; ``sobol`` is Jansen (1999) on Saltelli et al. (2010)."""
    if method not in METHODS:
        raise UsageError("sectors.sensitivity-method", method=method, known=list(METHODS))
    around = space(result)
    open_axes = [axis for axis, size in enumerate(around.shape) if size > 1]
    own = result.frame.filter(pl.col("status") != "incomplete").select("region", "year")
    if method == "exact":
        variance, parts, count = _exact(around, open_axes)
        names = [AXES[axis] for axis in open_axes]
    else:
        if draws < _FEWEST:
            raise UsageError("sectors.few-draws", draws=draws, fewest=_FEWEST)
        variance, parts, count = _sobol(around, open_axes, draws, seed)
        names = [*(AXES[axis] for axis in open_axes), "noise"]
    options = {**result.provenance.options, "method": method, "draws": draws, "seed": seed}
    return Sensitivity(
        frame=_frame(own, names, variance, parts),
        provenance=replace(result.provenance, verb="index sensitivity", options=options),
        kind=result.kind,
        overall=_overall(names, variance, parts),
        left_out=left_out(around),
        method=method,
        evaluations=count,
    )


Parts = dict[str, "FloatArray"]


def _exact(around: Space, open_axes: list[int]) -> tuple[FloatArray, Parts, int]:
    picks = grid(around)
    shape = tuple(around.shape[axis] for axis in open_axes)
    variance = np.empty(len(around.years))
    parts = {name: np.empty((len(open_axes), len(around.years))) for name in ("first_order", "total", "shapley")}
    for _, rows in blocks(around.years, pooled=False):
        ranks = rank_draws(around, picks, None, rows).astype(np.float64)
        found = effects(ranks.reshape(*shape, len(rows)), np.ones(shape, dtype=bool))
        variance[rows] = found.variance
        for name, values in parts.items():
            values[:, rows] = getattr(found, name)
    return variance, parts, len(picks)


def _sobol(around: Space, open_axes: list[int], draws: int, seed: int) -> tuple[FloatArray, Parts, int]:
    random = np.random.default_rng(seed)
    first, second = draw(around, draws, random), draw(around, draws, random)
    count = len(open_axes) + 1
    variance = np.empty(len(around.years))
    parts = {name: np.empty((count, len(around.years))) for name in ("first_order", "total")}
    for _, rows in blocks(around.years, pooled=False):
        one, two = (rank_draws(around, *half, rows).astype(np.float64) for half in (first, second))
        spread = np.concatenate([one, two]).var(axis=0)
        variance[rows] = spread
        for at, axis in enumerate([*open_axes, None]):
            mixed = rank_draws(around, *_mixed(first, second, axis), rows).astype(np.float64)
            parts["first_order"][at, rows] = spread - ((two - mixed) ** 2).mean(axis=0) / 2
            parts["total"][at, rows] = ((one - mixed) ** 2).mean(axis=0) / 2
    return variance, parts, draws * (count + 2)


def _mixed(
    first: tuple[IntArray, FloatArray], second: tuple[IntArray, FloatArray], axis: int | None
) -> tuple[IntArray, FloatArray]:
    """Return the first draws with one choice from the second; None is the noise."""
    if axis is None:
        return first[0], second[1]
    picks = first[0].copy()
    picks[:, axis] = second[0][:, axis]
    return picks, first[1]


def _frame(own: pl.DataFrame, names: list[str], variance: FloatArray, parts: Parts) -> pl.DataFrame:
    moves = variance > 0
    frames = []
    for at, name in enumerate(names):
        shares = {
            part: pl.Series(
                np.divide(values[at], variance, out=np.full_like(variance, np.nan), where=moves), nan_to_null=True
            )
            for part, values in parts.items()
        }
        frames.append(own.with_columns(choice=pl.lit(name), variance=pl.Series(variance), **shares))
    if not frames:
        raise UsageError("sectors.nothing-to-vary")
    return pl.concat(frames).sort("year", "region", maintain_order=True)


def _overall(names: list[str], variance: FloatArray, parts: Parts) -> pl.DataFrame:
    total = variance.sum()
    if not total > 0:
        raise UsageError("sectors.no-rank-moves")
    return pl.DataFrame({"choice": names, **{part: values.sum(axis=1) / total for part, values in parts.items()}})
