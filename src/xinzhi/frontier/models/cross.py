"""Cross-efficiency: every unit rated with the weights of every other (Sexton, Silkman and Hogan 1986).

The weights that make a unit look best are not unique, so a second program chooses among them: the aggressive one puts
the other units in the worst light, the benevolent one in the best (Doyle and Green 1994).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.programs import Program
from xinzhi.frontier.models.sweep import ON_FRONTIER
from xinzhi.frontier.technology.distance import distance
from xinzhi.frontier.technology.envelopment import prepare
from xinzhi.frontier.technology.technology import choose, technology

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.reading import Data
    from xinzhi.frontier.technology.distance import Solution


def cross_efficiency(
    x: FloatArray,
    y: FloatArray,
    *,
    method: str = "benevolent",
    second: str = "M2",
    self_rating: bool = True,
    names: Data,
) -> Solution:
    """Rate every unit by the weights of all: the mean rating that it receives."""
    choose("method", method, ("arbitrary", "aggressive", "benevolent"))
    choose("second", second, ("M2", "M3"))
    _check(x, y, names)
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x / mean_x, y / mean_y
    simple = distance(x, y, rts="crs")
    if (simple.status != "optimal").any():
        raise InputError("frontier.cross-own", unit=names.units[int(np.argmax(simple.status != "optimal"))])
    v, u, count = simple.dual_x, simple.dual_y, simple.programs.count
    assert v is not None  # noqa: S101 - a convex technology has prices
    assert u is not None  # noqa: S101 - as above
    if method != "arbitrary":
        v, u, more = _second(x, y, simple.score, method, second)
        count += more
    ratings = (u @ y.T) / (v @ x.T)
    received, given = _means(ratings, count_self=self_rating)
    others = _means(ratings, count_self=False)[0]
    return replace(
        simple,
        score=received,
        programs=replace(simple.programs, count=count),
        efficient=simple.score >= 1 - ON_FRONTIER,
        dual_x=v / mean_x,
        dual_y=u / mean_y,
        dual_scale=None,
        slack_x=None,
        slack_y=None,
        factors={"simple": simple.score, "given": given, "maverick": simple.score / others - 1.0},
    )


def _check(x: FloatArray, y: FloatArray, names: Data) -> None:
    if len(x) < 2:  # noqa: PLR2004 - there is no other unit
        raise UsageError("frontier.cross-alone")
    for kind, values, goods in (("input", x, names.inputs), ("output", y, names.outputs)):
        wrong = (values < 0).any(axis=1) | ~(values > 0).any(axis=1)
        if wrong.any():
            unit = names.units[int(np.argmax(wrong))]
            raise InputError("frontier.cross-signs", unit=unit, kind=kind, goods=list(goods))


def _means(ratings: FloatArray, *, count_self: bool) -> tuple[FloatArray, FloatArray]:
    """Return the mean rating each unit receives (columns) and gives (rows)."""
    if count_self:
        return ratings.mean(axis=0), ratings.mean(axis=1)
    own, others = np.diag(ratings), ratings.shape[0] - 1
    return (ratings.sum(axis=0) - own) / others, (ratings.sum(axis=1) - own) / others


def _second(
    x: FloatArray, y: FloatArray, theta: FloatArray, method: str, second: str
) -> tuple[FloatArray, FloatArray, int]:
    """Return the weights that keep each unit's own efficiency and judge the others worst or best."""
    # M2 fixes the unit's own cost at one and takes the value less cost of all others; M3 fixes the cost of all others
    # at one and takes their value. Only units of the frame can limit the weights.
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
            raise InputError("frontier.cross-second", unit=unit + 1, status=answer.status)
        weights[unit] = answer.primal
    return weights[:, :p], weights[:, p:], program.count
