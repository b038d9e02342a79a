"""Why no plan keeps all limits: which limit is too tight, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.names import NO_NAMES
from xinzhi.core.schema import NO_TEXT
from xinzhi.core.text import message
from xinzhi.pathways.plans.assignment import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.text import Text
    from xinzhi.pathways.plans.assignment import Task


_TINY = 1e-7


def refuse(task: Task, places: Sequence[str], industries: Sequence[str]) -> InputError:
    """Return the error that says which limit no assignment keeps, and what would be enough."""
    few = task.eligible().sum(axis=1) < task.sizes
    if few.any():
        first = [
            _said(
                "pathways.region-of",
                region=NO_NAMES.region(places[row]),
                n=int(task.eligible()[row].sum()),
                of=int(task.sizes[row]),
            )
            for row in np.flatnonzero(few).tolist()
        ]
        return InputError("pathways.few-choices", n=int(few.sum()), regions=first)
    short = elastic(task, "caps")
    if short.sum() > _TINY:
        cure = [
            _said("pathways.cap-by", industry=industries[k], by=max(1, round(float(short[k])))) for k in _largest(short)
        ]
        n, asked, held = round(float(short.sum())), int(task.sizes.sum()), int(task.caps.sum())
        return InputError("pathways.caps-tight", n=n, asked=asked, held=held, cure=cure)
    if (task.floors > 0).any():
        short = elastic(task, "floors")
        if short.sum() > _TINY:
            worst = [
                _said(
                    "pathways.floor-by", region=NO_NAMES.region(places[k]), by=short[k], share=short[k] / task.floors[k]
                )
                for k in _largest(short)
            ]
            return InputError("pathways.floors-tight", short=worst)
    if task.loads is not None and task.room is not None:
        short = elastic(task, "room")
        if short.sum() > _TINY:
            worst = [
                _said("pathways.capacity-by", industry=industries[k], by=f"{short[k]:.3g}", room=f"{task.room[k]:.3g}")
                for k in _largest(short)
            ]
            return InputError("pathways.capacity-tight", short=worst)
    return InputError("pathways.whole-tight", overlap=task.overlap)


def _largest(short: FloatArray) -> list[int]:
    """Return the limits that must give way, the largest shortfall first."""
    return [int(k) for k in np.argsort(-short, kind="stable") if short[k] > _TINY]


def _said(what: str, **values: object) -> Text:
    return message(what, **values) or NO_TEXT


def elastic(task: Task, what: str) -> FloatArray:
    """Return by how much a kind of limit must give way at least, when sizes (and caps) hold: one number a limit."""
    from scipy.sparse import coo_array, csc_array, hstack

    from xinzhi.core.programs import solve_once

    model = Model(task)
    matrix, lower, upper = model.matrix(extras=what != "caps")
    n, p = task.value.shape
    has_floors = bool((task.floors > 0).any()) and what != "caps"
    start, count, sign = {
        "caps": (n, p, -1.0),
        "floors": (n + p, n, 1.0),
        "room": (n + p + n * has_floors, p, -1.0),
    }[what]
    if what == "room" and has_floors:
        lower[n + p : n + p + n] = -np.inf
    if what == "floors" and task.loads is not None:
        upper[n + p + n :] = np.inf
    give = coo_array((np.full(count, sign), (start + np.arange(count), np.arange(count))), shape=(len(lower), count))
    found = solve_once(
        csc_array(hstack([matrix, give])),
        costs=np.concatenate([np.zeros(matrix.shape[1]), np.ones(count)]),
        row_lower=lower,
        row_upper=upper,
        column_upper=np.concatenate([np.ones(matrix.shape[1]), np.full(count, np.inf)]),
    )
    return np.maximum(found.primal[-count:], 0.0) if found.status == "optimal" else np.zeros(count)
