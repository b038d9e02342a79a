"""Why no plan keeps all limits: which limit is too tight, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.pathways.plans.assignment import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.pathways.plans.assignment import Task


_SHOWN, _TINY = 6, 1e-7


def refuse(task: Task, places: Sequence[str], industries: Sequence[str]) -> InputError:
    """Return the error that says which limit no assignment keeps, and what would be enough.

    Parameters
    ----------
    task
        One that has no assignment.
    places, industries
        Names of its rows and columns.

    Examples
    --------
    >>> from xinzhi.pathways.plans.assignment import Task
    >>> task = Task(value=np.ones((2, 1)), sizes=np.array([1, 1]), caps=np.array([1]), floors=np.zeros(2))
    >>> print(refuse(task, ["a", "b"], ["x"]))
    plan: the caps are too tight by 1 place: 2 are asked for, the caps hold 1. Raise the cap of x by 1, or ask for less.
    """
    few = task.eligible().sum(axis=1) < task.sizes
    if few.any():
        first = [
            f"{places[row]} ({int(task.eligible()[row].sum())} of {int(task.sizes[row])})"
            for row in np.flatnonzero(few)[:_SHOWN]
        ]
        return InputError(
            f"plan: {int(few.sum())} regions have fewer industries to choose from than they are to get: "
            f"{', '.join(first)}. Make the portfolio smaller (portfolio= or Limits(sizes=...)), or exclude less."
        )
    short = elastic(task, "caps")
    if short.sum() > _TINY:
        missing, asked, held = round(float(short.sum())), int(task.sizes.sum()), int(task.caps.sum())
        most = np.argsort(-short, kind="stable")[:_SHOWN]
        cure = [f"{industries[k]} by {max(1, round(float(short[k])))}" for k in most if short[k] > _TINY]
        places_ = "place" if missing == 1 else "places"
        return InputError(
            f"plan: the caps are too tight by {missing} {places_}: {asked} are asked for, the caps hold {held}. Raise "
            f"the cap of {', '.join(cure)}, or ask for less."
        )
    return _beyond(task, places, industries)


def _beyond(task: Task, places: Sequence[str], industries: Sequence[str]) -> InputError:
    """Return the error about floors, capacity or overlap: sizes and caps alone can be kept."""
    if (task.floors > 0).any():
        short = elastic(task, "floors")
        if short.sum() > _TINY:
            worst = [
                f"{places[row]} by {short[row]:.3g} ({short[row] / task.floors[row]:.0%} of its floor)"
                for row in np.argsort(-short, kind="stable")[:_SHOWN]
                if short[row] > _TINY
            ]
            return InputError(
                f"plan: under the caps the floors cannot all be reached; at best short: {', '.join(worst)}. Lower "
                "Limits(floor=...), or raise the caps."
            )
    if task.loads is not None and task.room is not None:
        short = elastic(task, "room")
        if short.sum() > _TINY:
            worst = [
                f"{industries[k]} by {short[k]:.3g} (room {task.room[k]:.3g})"
                for k in np.argsort(-short, kind="stable")[:_SHOWN]
                if short[k] > _TINY
            ]
            return InputError(
                f"plan: the capacity is too small for the portfolios; least excess: {', '.join(worst)}. Raise "
                "Limits(capacity=...), or make the portfolio smaller."
            )
    return InputError(
        "plan: every limit can be kept by itself in fractions, but not all of them at once in whole industries. Loosen "
        f"Limits(floor=...) or Limits(overlap=...), now {task.overlap}."
    )


def elastic(task: Task, what: str) -> FloatArray:
    """Return by how much a kind of limit must give way at least, when sizes (and caps) hold: one number a limit.

    Parameters
    ----------
    task
        What is to be assigned.
    what
        ``caps``: floors and capacity are set aside; ``floors`` and ``room``: caps hold, each without the other.
    """
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
