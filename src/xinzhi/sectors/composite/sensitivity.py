"""Which choice moves a rank: the variance of ranks, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text
from xinzhi.core.variance import effects
from xinzhi.sectors.composite.compute import blocks
from xinzhi.sectors.composite.space import AXES, Space, grid, rank_draws, space
from xinzhi.sectors.composite.uncertainty import draw, left_out
from xinzhi.sectors.naming import CHOICES

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.text import Language
    from xinzhi.sectors.composite.result import Index

METHODS = ("exact", "sobol")
_FEWEST = 2


@dataclass(frozen=True, repr=False, kw_only=True)
class Sensitivity(Result):
    """The variance of every rank, by choice.

    Parameters
    ----------
    frame
        ``region, year, choice, variance, first_order, total``, and ``shapley`` when exact: `variance` is that of the
        rank over all conventions; `first_order` what fixing the choice alone explains, `total` what is left when all
        others are fixed, as shares of the variance; shares are empty where the rank never moves. `shapley` shares add
        up to one.
    overall
        ``choice, first_order, total`` (and ``shapley``): the same of the sum of variances over all regions and years.
    left_out
        ``choice, level, reason``.
    method, evaluations
        ``exact`` or ``sobol``, and how many indices were ranked.
    """

    key: ClassVar[tuple[str, ...]] = ("region", "year", "choice")

    overall: pl.DataFrame
    left_out: pl.DataFrame
    method: str
    evaluations: int

    def summary(self, language: Language = "en") -> str:
        """Return which choice moves ranks most."""
        by = "shapley" if self.method == "exact" else "total"
        parts = self.overall.sort(by, descending=True)
        named = [f"{CHOICES[row['choice']].lang(language)} {row[by]:.0%}" for row in parts.iter_rows(named=True)]
        said = Text(
            zh="排名方差的来源（{count:,} 种构建方法）：{parts}",
            en="what moves ranks, over {count:,} ways to build the index: {parts}",
        ).lang(language)
        text = said.format(count=self.evaluations, parts=("、" if language == "zh" else ", ").join(named))
        return f"{text}\n{self.provenance.foot()}"


def sensitivity(result: Index, method: str, *, draws: int, seed: int) -> Sensitivity:
    """Return the variance of every rank by choice.

    Raises
    ------
    UsageError
        When there is no such method, too few draws, or nothing to vary.

    Notes
    -----
    ``exact``: over the whole grid, without noise in the weights (`xinzhi.core.variance.effects`). ``sobol``: the
    estimators of Jansen (1999) on the design of Saltelli et al. (2010), with noise as one more choice.
    """
    if method not in METHODS:
        message = f"method '{method}' is not known: take {' or '.join(METHODS)}."
        raise UsageError(message)
    around = space(result)
    open_axes = [axis for axis, size in enumerate(around.shape) if size > 1]
    own = result.frame.filter(pl.col("status") != "incomplete").select("region", "year")
    if method == "exact":
        variance, parts, count = _exact(around, open_axes)
        names = [AXES[axis] for axis in open_axes]
    else:
        if draws < _FEWEST:
            message = f"draws has to be at least {_FEWEST}, not {draws}."
            raise UsageError(message)
        variance, parts, count = _sobol(around, open_axes, draws, seed)
        names = [*(AXES[axis] for axis in open_axes), "noise"]
    kept = result.provenance
    return Sensitivity(
        frame=_frame(own, names, variance, parts),
        provenance=Provenance(
            verb="index sensitivity",
            version=kept.version,
            package=kept.package,
            inputs=kept.inputs,
            options={**kept.options, "method": method, "draws": draws, "seed": seed},
        ),
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
        message = "there is nothing to vary: every choice has a single level on these data."
        raise UsageError(message)
    return pl.concat(frames).sort("year", "region", maintain_order=True)


def _overall(names: list[str], variance: FloatArray, parts: Parts) -> pl.DataFrame:
    total = variance.sum()
    if not total > 0:
        message = "no rank ever moves: there is no variance to take apart."
        raise UsageError(message)
    return pl.DataFrame({"choice": names, **{part: values.sum(axis=1) / total for part, values in parts.items()}})
