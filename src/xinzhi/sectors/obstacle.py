"""Obstacle degree: how much of what is missing to the full score each indicator stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.result import Result
from xinzhi.sectors.conventions import share_text
from xinzhi.sectors.coupling import check_weights
from xinzhi.sectors.figures import KEYS, missing_reasons, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.result import Facts

ITEM = "indicator"


def obstacle_degree(levels: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the share of every indicator in the weighted distance to 1; the shares of a row add up to 1.

    O_j = w_j (1 - x_j) / sum_k w_k (1 - x_k); NaN where all levels are 1.
    """
    levels = np.asarray(levels, dtype=np.float64)
    if np.any(levels < 0) or np.any(levels > 1):
        raise InputError("sectors.level-outside", level=levels[(levels < 0) | (levels > 1)][0])
    distance = weights * (1 - levels)
    total = distance.sum(axis=-1, keepdims=True)
    share: FloatArray = distance / np.where(total > 0, total, np.nan)
    return share


@dataclass(frozen=True, repr=False, kw_only=True)
class Obstacles(Result):
    """Obstacle degrees by region, year and indicator.

    Parameters
    ----------
    frame
        ``region, year, indicator, level, weight, deviation`` (1 less the level), ``obstacle`` (share of the weighted
        distance to the full score; null where there is none), ``rank`` (1 = largest obstacle).
    mean
        ``year, indicator, obstacle``: the mean over the regions, for bars.
    omitted
        ``region, year, reason_zh, reason_en``.
    """

    verb: ClassVar[str] = "obstacle"
    topic: ClassVar[str] = "sectors"
    key: ClassVar[tuple[str, ...]] = (*KEYS, ITEM)

    mean: pl.DataFrame
    omitted: pl.DataFrame

    def facts(self) -> Facts:
        """Return the largest obstacles of the last year."""
        last = self.mean.filter(pl.col("year") == pl.col("year").max()).sort("obstacle", descending=True).head(3)
        named = [share_text(name, share) for name, share in last.select(ITEM, "obstacle").iter_rows()]
        return {"answer.obstacles": {"year": last["year"][0], "names": named}} if named else {}


def obstacle(source: object, indicators: Sequence[str], *, weights: Mapping[str, float] | None = None) -> Obstacles:
    """Return the obstacle degree of every indicator by region and year.

    Parameters
    ----------
    source
        A frame with ``region, year`` and the normalised indicators, each in [0, 1].
    indicators
        Their columns.
    weights
        Weights of the indicators; equal by default.

    Raises
    ------
    UsageError
        When the weights do not fit the indicators.
    InputError
        When a column is missing or a level lies outside [0, 1].

    Examples
    --------
    >>> frame = pl.DataFrame({"region": ["a"], "year": [2020], "schools": [0.5], "energy": [0.75]})
    >>> obstacle(frame, ["schools", "energy"]).frame.select("indicator", pl.col("obstacle").round(4), "rank").rows()
    [('schools', 0.6667, 1), ('energy', 0.3333, 2)]
    """
    share = check_weights(indicators, weights)
    given = read(source, list(indicators), verb="obstacle")
    frame = obstacle_frame(given.frame, tuple(indicators), share)
    mean = frame.group_by("year", ITEM, maintain_order=True).agg(pl.col("obstacle").mean()).sort("year", ITEM)
    return Obstacles(
        frame=frame,
        mean=mean,
        omitted=missing_reasons(given.frame, list(indicators)),
        kind=given.kind,
        provenance=given.provenance("obstacle", indicators=list(indicators), weights=share.tolist()),
    )


def obstacle_frame(levels: pl.DataFrame, names: tuple[str, ...], weights: FloatArray) -> pl.DataFrame:
    """Return the obstacle degrees of levels by region and year, one row an indicator."""
    degree = obstacle_degree(levels.select(names).to_numpy(), weights)
    cells = pl.DataFrame({name: degree[:, position] for position, name in enumerate(names)})
    wide = pl.concat([levels.select(KEYS), cells], how="horizontal")
    tall = wide.unpivot(list(names), index=list(KEYS), variable_name=ITEM, value_name="obstacle")
    level = levels.unpivot(list(names), index=list(KEYS), variable_name=ITEM, value_name="level")
    weight = pl.DataFrame({ITEM: list(names), "weight": weights})
    rank = pl.col("obstacle").rank("min", descending=True).over(KEYS).cast(pl.Int64)
    return (
        level.join(weight, on=ITEM, maintain_order="left")
        .join(tall, on=[*KEYS, ITEM], maintain_order="left")
        .with_columns(pl.col("obstacle").fill_nan(None), deviation=1 - pl.col("level"))
        .with_columns(rank=rank)
        .select(*KEYS, ITEM, "level", "weight", "deviation", "obstacle", "rank")
        .sort(*KEYS, "rank", ITEM, nulls_last=True)
    )
