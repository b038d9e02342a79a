"""Cross-efficiency: every unit rated with the weights of every other (Sexton, Silkman and Hogan 1986).

The weights that make a unit look best are not unique, so a second programme chooses among them: the aggressive one puts
the other units in the worst light, the benevolent one in the best (Doyle and Green 1994).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.programs import Program
from xinzhi.frontier.data import Solved
from xinzhi.frontier.radial import ON_FRONTIER
from xinzhi.frontier.technology.distance import distance
from xinzhi.frontier.technology.envelopment import prepare
from xinzhi.frontier.technology.technology import technology

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.data import Data, Options

METHODS = ("arbitrary", "aggressive", "benevolent")
SECOND = ("M2", "M3")


def solve(data: Data, options: Options) -> Solved:
    """Rate every unit by the weights of all.

    Parameters
    ----------
    data
        The units, without bad outputs; inputs and outputs positive.
    options
        ``rts="crs"`` and ``orientation="input"``; of its own ``method`` (``arbitrary, aggressive, benevolent``),
        ``second``, how the others are judged: ``M2`` by the sum of their values added less costs, ``M3`` by the
        efficiency of their sum, and ``self_rating``, whether a unit's own weights count in its mean.

    Returns
    -------
    Solved
        `score` is the mean rating a unit receives; the columns are ``simple`` (its own rating), ``given`` (the mean
        that it gives) and ``maverick`` (by how much its own rating exceeds the mean rating of the others, relative to
        that mean). `dual_x` and `dual_y` are the weights.
    """
    own = options.take(method="benevolent", second="M2", self_rating=True)
    _check(data, options, own["method"], own["second"])
    x, y = data.x / data.x.mean(axis=0), data.y / data.y.mean(axis=0)
    simple = distance(x, y, rts="crs")
    if (simple.status != "optimal").any():
        message = f"unit '{data.units[int(np.argmax(simple.status != 'optimal'))]}' has no efficiency of its own."
        raise InputError(message)
    v, u, count = simple.dual_x, simple.dual_y, simple.programs.count
    if own["method"] != "arbitrary":
        v, u, more = _second(x, y, simple.score, own["method"], own["second"])
        count += more
    ratings = (u @ y.T) / (v @ x.T)
    received, given = _means(ratings, count_self=own["self_rating"])
    others = _means(ratings, count_self=False)[0]
    return Solved(
        score=received,
        status=simple.status,
        programs=type(simple.programs)(count=count, rows=simple.programs.rows, columns=simple.programs.columns),
        efficient=simple.score >= 1 - ON_FRONTIER,
        intensity=simple.intensity,
        dual_x=v / data.x.mean(axis=0),
        dual_y=u / data.y.mean(axis=0),
        columns={"simple": simple.score, "given": given, "maverick": simple.score / others - 1.0},
    )


def _check(data: Data, options: Options, method: str, second: str) -> None:
    if method not in METHODS or second not in SECOND:
        message = (
            f"method is one of {', '.join(METHODS)} and second one of {', '.join(SECOND)}; got {method}, {second}."
        )
        raise UsageError(message)
    if options.rts != "crs" or options.orientation != "input":
        message = (
            "model='cross' needs rts='crs' and orientation='input': under other returns to scale the weights of one "
            "unit can give another a negative efficiency, and under constant ones both orientations rate alike."
        )
        raise UsageError(message)
    if data.b is not None:
        message = "model='cross' takes no bad outputs; make them inputs, if that is what they are."
        raise UsageError(message)
    if data.x.shape[0] < 2:  # noqa: PLR2004 - there is no other unit
        message = "cross-efficiency needs at least two units."
        raise InputError(message)
    for name, values, goods in (("input", data.x, data.inputs), ("output", data.y, data.outputs)):
        if (values < 0).any() or not (values > 0).any(axis=1).all():
            unit = int(np.argmax((values < 0).any(axis=1) | ~(values > 0).any(axis=1)))
            message = f"unit '{data.units[unit]}' has a negative or no positive {name} among {', '.join(goods)}."
            raise InputError(message)


def _means(ratings: FloatArray, *, count_self: bool) -> tuple[FloatArray, FloatArray]:
    """Return the mean rating each unit receives (columns) and gives (rows)."""
    if count_self:
        return ratings.mean(axis=0), ratings.mean(axis=1)
    own, others = np.diag(ratings), ratings.shape[0] - 1
    return (ratings.sum(axis=0) - own) / others, (ratings.sum(axis=1) - own) / others


def _second(
    x: FloatArray, y: FloatArray, theta: FloatArray, method: str, second: str
) -> tuple[FloatArray, FloatArray, int]:
    """Return the weights that keep each unit's own efficiency and judge the others worst or best.

    M2 fixes the unit's own cost at one and takes the value less cost of all others; M3 fixes the cost of all others at
    one and takes their value. Only units of the frame can limit the weights.
    """
    n, p = x.shape
    spanning = prepare(technology(x, y, rts="crs"), n).frame
    limits = np.hstack([-x[spanning], y[spanning]])
    blank = np.zeros((2, p + y.shape[1]))
    program = Program(
        np.vstack([limits, blank]),
        costs=0.0,
        row_lower=np.append(np.full(spanning.size, -np.inf), [0.0, 1.0]),
        row_upper=np.append(np.zeros(spanning.size), [0.0, 1.0]),
        maximise=method == "benevolent",
    )
    weights = np.zeros((n, p + y.shape[1]))
    all_x, all_y = x.sum(axis=0), y.sum(axis=0)
    for unit in range(n):
        rest_x, rest_y = all_x - x[unit], all_y - y[unit]
        cost = x[unit] if second == "M2" else rest_x
        for good, value in enumerate(np.append(-theta[unit] * x[unit], y[unit])):
            program.set_coefficient(spanning.size, good, value)
        for good, value in enumerate(cost):
            program.set_coefficient(spanning.size + 1, good, value)
        program.set_costs(np.append(-rest_x if second == "M2" else 0.0 * rest_x, rest_y))
        answer = program.solve()
        if answer.status != "optimal":
            message = f"the second programme of unit number {unit + 1} ended as {answer.status}."
            raise InputError(message)
        weights[unit] = answer.primal
    return weights[:, :p], weights[:, p:], program.count
