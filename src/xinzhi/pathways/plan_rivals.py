"""What happens without coordination: the herd, everybody for itself, first come first served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.pathways.similarity import jaccard, mean_of_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.pathways.assignment import Task


def greedy(task: Task) -> BoolArray:
    """Return what every region picks for itself: its own best, whatever others do (n, p).

    Examples
    --------
    >>> from xinzhi.pathways.assignment import Task
    >>> task = Task(value=np.array([[3.0, 2.0], [2.5, 0.0]]), sizes=np.array([1, 1]), caps=np.array([1, 1]),
    ...             floors=np.zeros(2))
    >>> greedy(task).tolist()
    [[True, False], [True, False]]
    """
    return first_of(task, np.where(task.eligible(), task.value, -np.inf))


def herd(task: Task, popularity: FloatArray) -> BoolArray:
    """Return what the regions pick when all follow the national favourites (n, p).

    Parameters
    ----------
    task
        What is to be assigned.
    popularity
        How favoured each industry is (p,); a region passes over what it cannot enter.
    """
    return first_of(task, np.where(task.eligible(), popularity[None, :], -np.inf))


def first_of(task: Task, liking: FloatArray) -> BoolArray:
    """Return the industries that each region likes best, as many as it gets."""
    order = np.argsort(-liking, axis=1, kind="stable")
    found = np.zeros(liking.shape, dtype=bool)
    for row, size in enumerate(task.sizes):
        found[row, order[row, :size]] = True
    return found & np.isfinite(liking)


def queue(task: Task) -> BoolArray:
    """Return what comes of giving out places in the order of the gain, cell by cell, until caps and sizes are full."""
    found = np.zeros(task.value.shape, dtype=bool)
    left, free = task.sizes.copy(), task.caps.copy()
    rows, columns = np.nonzero(task.eligible())
    for number in np.argsort(-task.value[rows, columns], kind="stable"):
        row, column = rows[number], columns[number]
        if left[row] > 0 and free[column] > 0:
            found[row, column] = True
            left[row] -= 1
            free[column] -= 1
    return found


def realised(task: Task, chosen: BoolArray) -> float:
    """Return the total value that the caps leave: in a crowded industry every entrant keeps the same share.

    Where `count` regions crowd into an industry that takes `cap`, each realises cap/count of its expected gain. These
    shares are a fractional assignment within caps and sizes, so that the total is never above the optimum under these
    two (gains are not negative).

    Examples
    --------
    >>> from xinzhi.pathways.assignment import Task
    >>> task = Task(value=np.array([[3.0, 2.0], [2.5, 0.0]]), sizes=np.array([1, 1]), caps=np.array([1, 1]),
    ...             floors=np.zeros(2))
    >>> realised(task, greedy(task))
    2.75
    """
    share = np.minimum(1.0, task.caps / np.maximum(chosen.sum(axis=0), 1))
    return float((np.where(chosen, np.nan_to_num(task.value), 0.0) * share).sum())


def row_of(task: Task, chosen: BoolArray, kind: str, ceiling: Sequence[float]) -> dict[str, Any]:
    """Return one row of the comparison.

    Parameters
    ----------
    task, chosen, kind
        What was to be assigned, what was, and what this is called.
    ceiling
        Total of the coordinated plan, and of the optimum under sizes and caps alone.
    """
    counts = chosen.sum(axis=0)
    own = np.where(chosen, np.nan_to_num(task.value), 0.0)
    got = realised(task, chosen)
    after = (own * np.minimum(1.0, task.caps / np.maximum(counts, 1))).sum(axis=1)
    return {
        "kind": kind,
        "places": int(chosen.sum()),
        "industries": int((counts > 0).sum()),
        "gain_named": float(own.sum()),
        "gain_realised": got,
        "lost": float(1.0 - got / ceiling[1]) if ceiling[1] > 0 else 0.0,
        "excess": int(np.maximum(counts - task.caps, 0).sum()),
        "crowded": int((counts > task.caps).sum()),
        "largest": int(counts.max(initial=0)),
        "mean_jaccard": mean_of_pairs(jaccard(chosen)) if len(chosen) > 1 else 0.0,
        "below_floor": int((after < task.floors - 1e-9).sum()),
        "beside_plan": float(got / ceiling[0] - 1.0) if ceiling[0] > 0 else 0.0,
    }
