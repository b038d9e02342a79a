"""Swap industries until no two regions share too much: a feasible assignment when the proof takes too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.pathways.similarity import shared

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.pathways.assignment import Task


def repair(task: Task, chosen: BoolArray) -> BoolArray | None:
    """Return an assignment that keeps the overlap, by the cheapest swaps; None when swaps do not get there.

    Parameters
    ----------
    task
        With an overlap.
    chosen
        An assignment that keeps all other limits (n, p).

    Examples
    --------
    >>> from xinzhi.pathways.assignment import Task
    >>> task = Task(value=np.array([[3.0, 1.0], [3.0, 2.0]]), sizes=np.array([1, 1]), caps=np.array([2, 2]),
    ...             floors=np.zeros(2), overlap=0)
    >>> repair(task, np.array([[True, False], [True, False]])).tolist()
    [[True, False], [False, True]]
    """
    now, value = chosen.copy(), np.nan_to_num(task.value, nan=-np.inf)
    limit = len(now) * int(task.sizes.max(initial=1))
    for _ in range(limit):
        both = shared(now)
        np.fill_diagonal(both, 0)
        pairs = np.argwhere(np.triu(both) > (task.overlap or 0))
        if not len(pairs):
            return now
        options = _options(task, now, value, pairs)
        if not options:
            return None
        _, region, old, new = min(options)
        now[region, old], now[region, new] = False, True
    return None


def _options(task: Task, now: BoolArray, value: FloatArray, pairs: IntArray) -> list[tuple[float, int, int, int]]:
    """Return the swaps that pull the first pair apart that can be; each is loss, region, old and new industry."""
    for pair in pairs.tolist():
        found = [
            swap
            for region, other in (pair, pair[::-1])
            for old in np.flatnonzero(now[region] & now[other])
            if (swap := _swap(task, now, value, region, int(old))) is not None
        ]
        if found:
            return found
    return []


def _swap(task: Task, now: BoolArray, value: FloatArray, region: int, old: int) -> tuple[float, int, int, int] | None:
    """Return the loss of the best industry that can take the place of `old`, and the swap; None where none can."""
    total = float(value[region, now[region]].sum())
    without = now[region].copy()
    without[old] = False
    common: IntArray = (now & without).sum(axis=1)
    common[region] = 0
    free = ~now[region] & np.isfinite(value[region]) & (now.sum(axis=0) < task.caps)
    # A new industry must not bring the region too close to any that has it.
    crowd = (now & (common >= (task.overlap or 0))[:, None]).any(axis=0)
    free &= ~crowd & (total - value[region, old] + value[region] >= task.floors[region])
    if task.loads is not None and task.room is not None:
        free &= np.where(now, task.loads, 0.0).sum(axis=0) + task.loads[region] <= task.room
    if not free.any():
        return None
    new = int(np.where(free, value[region], -np.inf).argmax())
    return float(value[region, old] - value[region, new]), region, old, new
