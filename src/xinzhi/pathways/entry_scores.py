"""How well a score foretells which activities enter: measures that rare entries do not flatter, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

MEASURES = ("auc", "average_precision", "precision_at_100", "mean_precision_at_10", "auc_within_place")
_TOP, _TOP_PLACE, _BLOCK = 100, 10, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A score put in order once, so that it can be measured under many weights of the places.

    Parameters
    ----------
    entered
        Whether the cell entered (m,), best score first.
    group
        The place of each cell, a number from 0, in the same order.
    ties
        Where a run of equal scores ends (m,).
    within
        By place (n,): precision among its ten best, NaN for places with fewer than ten cells or no entry.
    within_auc
        By place (n,): area under the curve; NaN for these and where everything entered.
    """

    entered: BoolArray
    group: IntArray
    ties: BoolArray
    within: FloatArray
    within_auc: FloatArray


def ordered(entered: BoolArray, score: FloatArray, group: IntArray, places: int) -> Sorted:
    """Put the cells in order of their score, and measure each place by itself.

    Parameters
    ----------
    entered, score, group
        Whether each cell entered, its score, the number of its place (m,).
    places
        Number of places.

    Examples
    --------
    >>> found = ordered(np.array([True, False, True]), np.array([0.9, 0.8, 0.1]), np.zeros(3, dtype=int), 1)
    >>> measures(found, np.ones((1, 1)))["auc"].tolist()
    [0.5]
    """
    order = np.argsort(-score, kind="stable")
    sorted_score, here, whose = score[order], entered[order], group[order]
    ties = np.append(sorted_score[1:] != sorted_score[:-1], True)
    within, within_auc = np.full(places, np.nan), np.full(places, np.nan)
    by_place = np.argsort(whose, kind="stable")
    starts = np.searchsorted(whose[by_place], np.arange(places + 1))
    for place in range(places):
        cells = by_place[starts[place] : starts[place + 1]]
        if len(cells) < _TOP_PLACE or not here[cells].any():
            continue
        within[place] = here[cells[:_TOP_PLACE]].mean()
        if not here[cells].all():
            within_auc[place] = area(here[cells], sorted_score[cells])
    return Sorted(entered=here, group=whose, ties=ties, within=within, within_auc=within_auc)


def area(entered: BoolArray, score: FloatArray) -> float:
    """Return the area under the curve of true against false positives; ties count half.

    Examples
    --------
    >>> area(np.array([True, False, True]), np.array([0.9, 0.8, 0.1]))
    0.5
    """
    _, run, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[run]
    yes = int(entered.sum())
    return float((rank[entered].sum() - yes * (yes + 1) / 2) / (yes * (len(entered) - yes)))


def measures(found: Sorted, weights: FloatArray) -> dict[str, FloatArray]:
    """Return all measures under weights of the places: how often each is drawn.

    Parameters
    ----------
    found
        The score in order.
    weights
        (draws, places); a row of ones is the sample itself.

    Returns
    -------
    dict
        By name of the measure, one number a draw: area under the curve, average precision (the sum of precision over
        the steps of recall), precision among the first 100, mean over places of the precision among their first 10, and
        mean over places of the area under their own curve.
    """
    parts = [_measured(found, weights[start : start + _BLOCK]) for start in range(0, len(weights), _BLOCK)]
    return {name: np.concatenate([part[name] for part in parts]) for name in MEASURES}


def _measured(found: Sorted, weights: FloatArray) -> dict[str, FloatArray]:
    cell = weights[:, found.group]
    hits, seen = np.cumsum(cell * found.entered, axis=1), np.cumsum(cell, axis=1)
    yes, total = hits[:, -1:], seen[:, -1:]
    at_hits, at_seen = hits[:, found.ties], seen[:, found.ties]
    step = np.diff(at_hits, axis=1, prepend=0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw may lead with places of weight nought: 0/0
        precision = np.nan_to_num(at_hits / at_seen)
    misses = at_seen - at_hits
    below = total - yes - (misses + np.concatenate([np.zeros_like(yes), misses[:, :-1]], axis=1)) / 2
    first = np.minimum(_TOP, total[:, 0])
    edge = (seen < first[:, None]).sum(axis=1)
    rows = np.arange(len(weights))
    before = np.where(edge > 0, hits[rows, edge - 1], 0)
    taken = np.where(edge > 0, seen[rows, edge - 1], 0)
    inside = before + (first - taken) * found.entered[edge]  # the place that straddles the edge counts in part
    return {
        "auc": (step * below).sum(axis=1) / (yes * (total - yes))[:, 0],
        "average_precision": (step * precision).sum(axis=1) / yes[:, 0],
        "precision_at_100": inside / first,
        "mean_precision_at_10": _mean(found.within, weights),
        "auc_within_place": _mean(found.within_auc, weights),
    }


def _mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted mean over the places where the value exists, a row of weights at a time."""
    there = np.isfinite(values)
    weight = weights[:, there]
    with np.errstate(invalid="ignore", divide="ignore"):  # no such place: not a number, and said so by the caller
        return np.asarray((weight @ values[there]) / weight.sum(axis=1))


def draws(places: int, count: int, seed: int) -> FloatArray:
    """Return how often each place is drawn in each bootstrap sample of the places (count, places).

    Examples
    --------
    >>> draws(5, 3, seed=0).sum(axis=1).tolist()
    [5.0, 5.0, 5.0]
    """
    rng = np.random.default_rng(seed)
    return rng.multinomial(places, np.full(places, 1 / places), size=count).astype(float)
