"""The tables behind `plan`: assignments, industries, regions, the comparison and the sensitivity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.pathways.assignment import InfeasibleTaskError, assign
from xinzhi.pathways.package_reading import named
from xinzhi.pathways.plan_inputs import setting
from xinzhi.pathways.plan_rivals import queue, row_of
from xinzhi.pathways.similarity import jaccard, mean_of_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.core.text import Text
    from xinzhi.pathways.assignment import Assignment, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The matrices that a plan is made from, by region and industry to choose (n, p).

    Parameters
    ----------
    places, industries
        Their codes.
    probability, gain, value
        Chance of entry, gain, and their product, NaN where the industry cannot be chosen.
    density
        Relatedness density.
    lack
        What the region lacks to a location quotient of 1, in the unit of the activity.
    nation
        The industry's total (p,).
    labels
        Names of regions and industries.
    excluded
        Industries that are not to choose.
    """

    places: tuple[str, ...]
    industries: tuple[str, ...]
    probability: FloatArray
    gain: FloatArray
    value: FloatArray
    density: FloatArray
    lack: FloatArray
    nation: FloatArray
    labels: Mapping[str, Mapping[str, Text]]
    excluded: tuple[str, ...]


def own_ranks(value: FloatArray) -> IntArray:
    """Return the place of every industry in its region's own order, 1 the best; 0 where it cannot be chosen.

    Examples
    --------
    >>> own_ranks(np.array([[0.1, np.nan, 0.3]])).tolist()
    [[2, 0, 1]]
    """
    order = np.argsort(-np.nan_to_num(value, nan=-np.inf), axis=1, kind="stable")
    rank = np.empty(value.shape, dtype=np.int64)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(1, value.shape[1] + 1), value.shape), axis=1)
    return np.where(np.isfinite(value), rank, 0)


def _names(labels: Mapping[str, Text], codes: Sequence[str], stem: str) -> dict[str, list[str]]:
    shown = [named(labels, code) for code in codes]
    return {stem: list(codes), f"{stem}_zh": [name.zh for name in shown], f"{stem}_en": [name.en for name in shown]}


def assigned_rows(task: Task, best: Assignment, parts: Parts) -> pl.DataFrame:
    """Return one row an assignment; the columns are those of `Plan.frame`."""
    rows, columns = np.nonzero(best.chosen)
    rank = own_ranks(task.value)[rows, columns]
    frame = pl.DataFrame(
        {
            **_names(parts.labels["region"], [parts.places[row] for row in rows], "region"),
            **_names(parts.labels["industry"], [parts.industries[column] for column in columns], "industry"),
            "probability": parts.probability[rows, columns],
            "gain": parts.gain[rows, columns],
            "value": task.value[rows, columns],
            "own_rank": rank,
            "cap": task.caps[columns],
            "taken": best.chosen.sum(axis=0)[columns],
            "cap_price": best.cap_prices[columns],
            "reason": np.where(rank <= task.sizes[rows], "own choice", "moved"),
        },
        schema_overrides=dict.fromkeys(
            ("region", "region_zh", "region_en", "industry", "industry_zh", "industry_en", "reason"), pl.String
        ),
    )
    return frame.sort("region", "own_rank")


def cap_rows(
    task: Task, best: Assignment, parts: Parts, rivals: Mapping[str, BoolArray], used: Mapping[str, float]
) -> pl.DataFrame:
    """Return one row an industry; the columns are those of `Plan.industries`."""
    counts = {kind: chosen.sum(axis=0) for kind, chosen in rivals.items()}
    return pl.DataFrame(
        {
            **_names(parts.labels["industry"], parts.industries, "industry"),
            "utilisation": [used.get(code) for code in parts.industries],
            "cap": task.caps,
            "coordinated": best.chosen.sum(axis=0),
            "greedy": counts["greedy"],
            "herd": counts["herd"],
            "cap_price": best.cap_prices,
            "greedy_excess": np.maximum(counts["greedy"] - task.caps, 0),
            "herd_excess": np.maximum(counts["herd"] - task.caps, 0),
        },
        schema_overrides={"utilisation": pl.Float64},
    )


def region_rows(task: Task, best: Assignment, parts: Parts, ratios: Mapping[str, float]) -> pl.DataFrame:
    """Return one row a region; the columns are those of `Plan.regions`."""
    own = np.where(best.chosen, np.nan_to_num(task.value), 0.0).sum(axis=1)
    order = np.sort(np.nan_to_num(task.value), axis=1)[:, ::-1]
    alone = np.array([row[:size].sum() for row, size in zip(order, task.sizes, strict=True)])
    return pl.DataFrame(
        {
            **_names(parts.labels["region"], parts.places, "region"),
            "debt_ratio": [ratios.get(place) for place in parts.places],
            "size": task.sizes,
            "choices": task.eligible().sum(axis=1),
            "gain": own,
            "own_best": alone,
            "floor": task.floors,
            "share": np.where(alone > 0, own / np.where(alone > 0, alone, 1.0), 1.0),
        },
        schema_overrides={"debt_ratio": pl.Float64},
    )


def comparison_rows(task: Task, best: Assignment, loose: Assignment, rivals: Mapping[str, BoolArray]) -> pl.DataFrame:
    """Return one row a way of choosing; the columns are those of `Plan.comparison`."""
    ceiling = (best.objective, loose.objective)
    every = {"coordinated": best.chosen, "loose": loose.chosen, "queue": queue(task), **rivals}
    return pl.DataFrame([row_of(task, chosen, kind, ceiling) for kind, chosen in every.items()])


def sensitivity_row(task: Task, scale: float, reference: float) -> dict[str, Any]:
    """Return what caps times `scale` do; the columns are those of `Plan.sensitivity`."""
    caps = np.maximum(np.floor(task.caps * scale + 1e-9).astype(np.int64), np.minimum(task.caps, 1))
    row: dict[str, Any] = {"scale": scale, "places": int(caps.sum())}
    try:
        found = assign(replace(task, caps=caps), time_limit=float(setting("time_limit")))
    except InfeasibleTaskError:
        why = ("没有方案能同时满足所有限制", "no plan keeps all limits under these caps")
    except InputError as error:
        why = ("限时内未找到方案", str(error))
    else:
        return row | {
            "gain": found.objective,
            "beside_plan": found.objective / reference - 1.0 if reference > 0 else 0.0,
            "gap": found.gap,
            "mean_jaccard": mean_of_pairs(jaccard(found.chosen)),
            "status_zh": "已计算",
            "status_en": "computed",
        }
    nothing = dict.fromkeys(("gain", "beside_plan", "gap", "mean_jaccard"))
    return row | nothing | {"status_zh": why[0], "status_en": why[1]}
