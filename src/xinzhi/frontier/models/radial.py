"""Radial, directional and hyperbolic efficiency, super-efficiency, and cross-efficiency by the radial multipliers.

Input efficiency is the smallest theta with ``(theta x, y)`` possible, output efficiency the largest phi with
``(x, phi y)`` possible (Farrell 1957; Charnes, Cooper and Rhodes 1978; Banker, Charnes and Cooper 1984); the
directional distance the largest beta with ``(x - beta gx, y + beta gy)`` possible (Chambers, Chung and Färe 1996); the
hyperbolic efficiency the smallest h with ``(h x, y / h)`` possible (Färe, Grosskopf and Lovell 1985). Shephard's
distances are the inverses of the first two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Unpack

import numpy as np

from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.programs import Program
from xinzhi.frontier.models.sweep import ON_FRONTIER, Reference
from xinzhi.frontier.reading import Data
from xinzhi.frontier.technology.distance import How, Solution, between, distance
from xinzhi.frontier.technology.technology import Goods, choose, given_direction, prepare, technology


def radial(  # noqa: PLR0913 - the goods, the technology and the measure
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "vrs",
    orientation: str = "input",
    direction: AnyArray = None,
    disposability: str = "weak",
    slacks: bool | FloatArray = False,
    bounds: tuple[float, float] | None = None,
    scale: bool = False,
    reference: Reference | None = None,
    exclude_self: bool = False,
) -> Solution:
    """Score every unit; `scale` adds scale efficiency and the returns to scale at the unit."""
    # With `exclude_self` against the technology of all others (Andersen and Petersen 1993). Off constant returns a unit
    # may have no counterpart among the others at all; its program is then infeasible, and the status says so.
    direction_name = direction if isinstance(direction, str) else None
    if exclude_self and direction_name == "endogenous":
        raise UsageError("frontier.super-endogenous")
    points = Goods.from_arrays(x, y, bad)
    how: How = {"disposability": disposability, "bounds": bounds, "exclude_self": exclude_self}
    distances_of = partial(score, orientation=orientation, reference=reference, **how)
    if direction_name == "endogenous" and orientation == "directional":
        from xinzhi.frontier.models.additive import endogenous

        return endogenous(points, rts=rts, disposability=disposability, bounds=bounds, reference=reference)
    moves = directions(points, orientation, direction, reference)
    distances = distances_of(points, moves, rts=rts, slacks=slacks, ideal=direction_name == "range")
    solved = solution(points, distances, orientation, moves, looked=slacks is not False and not exclude_self)
    if exclude_self:
        reached = {"directional": distances.score <= 0, "output": distances.score <= 1}.get(
            orientation, distances.score >= 1
        )
        return replace(solved, efficient=reached | (distances.status == "infeasible"))
    if not scale:
        return solved
    if rts != "vrs" or orientation not in {"input", "output"}:
        raise UsageError("frontier.scale")
    # returns to scale: which of three technologies first gives the score of constant returns
    vrs, crs, nirs = distances.score, *(distances_of(points, moves, rts=kind).score for kind in ("crs", "nirs"))
    ratio = crs / vrs if orientation == "input" else vrs / crs
    same = np.isclose(crs, vrs, rtol=ON_FRONTIER, atol=0)
    rising = np.isclose(crs, nirs, rtol=ON_FRONTIER, atol=0)
    returns = np.where(same, "constant", np.where(rising, "increasing", "decreasing")).astype(object)
    returns[~np.isfinite(ratio)] = None
    return replace(solved, factors={**solved.factors, "crs": crs, "scale_efficiency": ratio, "returns": returns})


def score(
    points: Goods,
    moves: tuple[FloatArray, ...],
    *,
    orientation: str,
    reference: Reference | None = None,
    ideal: bool = False,
    **how: Unpack[How],
) -> Solution:
    """Return the distances of the units; with `ideal`, one that is best in every good has a distance of zero."""
    benchmark = None if reference is None else Goods.from_arrays(*reference)
    direction = moves if orientation == "directional" else None
    distances = between(points, benchmark, orientation=orientation, direction=direction, **how)
    still = np.hstack(moves).max(axis=1) == 0
    if not ideal or not still.any():
        return distances
    return replace(
        distances, score=np.where(still, 0.0, distances.score), status=np.where(still, "optimal", distances.status)
    )


def directions(
    points: Goods, orientation: str, direction: AnyArray, reference: Reference | None
) -> tuple[FloatArray, ...]:
    """Return how far one step moves each good of every unit: inputs, outputs, bad outputs, in the units of the data."""
    parts = (points.x, points.y, points.b)
    if orientation in {"input", "output"}:
        moving = 0 if orientation == "input" else 1
        return tuple(np.abs(part) if place == moving else 0 * part for place, part in enumerate(parts))
    if direction is not None and orientation != "directional":
        raise UsageError("frontier.direction-of-orientation", orientation=orientation)
    if direction is not None and not isinstance(direction, str):
        return tuple(given_direction(direction, points))
    benchmark = points if reference is None else Goods.from_arrays(*reference)
    rules: dict[str, Callable[[FloatArray, FloatArray, bool], FloatArray]] = {
        "own": lambda part, _table, _less: np.abs(part),
        "mean": lambda part, table, _less: np.broadcast_to(np.abs(table).mean(axis=0), part.shape),
        "unit": lambda part, _table, _less: np.ones_like(part),
        "range": lambda part, table, less: np.maximum(
            part - table.min(axis=0) if less else table.max(axis=0) - part, 0
        ),
    }
    name = direction or "own"
    choose("direction", name, (*rules, "endogenous"))
    against = (benchmark.x, benchmark.y, benchmark.b)
    pairs = enumerate(zip(parts, against, strict=True))
    return tuple(rules[name](part, table, place != 1) for place, (part, table) in pairs)


def solution(
    points: Goods, distances: Solution, orientation: str, moves: tuple[FloatArray, ...], *, looked: bool
) -> Solution:
    """Return distances with targets, the efficient units and Shephard's form; `looked` for slacks or not."""
    best = 0.0 if orientation == "directional" else 1.0
    factors: dict[str, FloatArray] = {}
    if orientation in {"input", "output"}:
        with np.errstate(divide="ignore"):
            factors["shephard"] = np.where(distances.score == 0, np.nan, 1.0 / distances.score)
    slacks, sign = distances.slacks, np.repeat([-1.0, 1.0, -1.0], points.widths)
    if orientation == "hyperbolic":
        factor = distances.score[:, None]
        reached = np.where(sign > 0, points.all() / factor, points.all() * factor)
    else:
        step = distances.score - 1.0 if orientation == "output" else 1.0 - distances.score
        step = distances.score if orientation == "directional" else step
        reached = points.all() + step[:, None] * np.hstack(moves) * sign
    way: FloatArray | float = 1.0
    if orientation == "directional":  # by which share of its own goods one step of its direction moves a unit at most
        amounts = np.abs(points.all())
        mean = amounts.mean(axis=0)
        way = (np.hstack(moves) / np.where(amounts > 0, amounts, np.where(mean > 0, mean, 1.0))).max(axis=1)
    efficient = np.abs(distances.score - best) * way <= ON_FRONTIER
    if looked:  # a second phase looked for slacks: a unit with any is only weakly efficient
        efficient &= (slacks / np.maximum(np.abs(points.all()).mean(axis=0), 1e-300)).max(axis=1) <= ON_FRONTIER
    return replace(distances, efficient=efficient, factors=factors, **points.parts("target", reached + slacks * sign))


def cross_efficiency(
    x: FloatArray,
    y: FloatArray,
    *,
    method: str = "benevolent",
    second: str = "M2",
    self_rating: bool = True,
    names: Data,
) -> Solution:
    """Rate every unit by the weights of all: the mean rating that it receives (Sexton, Silkman and Hogan 1986)."""
    # The weights that make a unit look best are not unique, so a second program chooses among them: the aggressive one
    # puts the other units in the worst light, the benevolent one in the best (Doyle and Green 1994).
    choose("method", method, ("arbitrary", "aggressive", "benevolent"))
    choose("second", second, ("M2", "M3"))
    if len(x) < 2:  # noqa: PLR2004 - there is no other unit
        raise UsageError("frontier.cross-alone")
    for kind, values, goods in (("input", x, names.inputs), ("output", y, names.outputs)):
        wrong = (values < 0).any(axis=1) | ~(values > 0).any(axis=1)
        if wrong.any():
            unit = names.units[int(np.argmax(wrong))]
            raise InputError("frontier.cross-signs", unit=unit, kind=kind, goods=list(goods))
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
    mean_received, mean_given = _means(ratings, count_self=self_rating)
    without_self = _means(ratings, count_self=False)[0]
    return replace(
        simple,
        score=mean_received,
        programs=replace(simple.programs, count=count),
        efficient=simple.score >= 1 - ON_FRONTIER,
        dual_x=v / mean_x,
        dual_y=u / mean_y,
        dual_scale=None,
        slack_x=None,
        slack_y=None,
        factors={"simple": simple.score, "given": mean_given, "maverick": simple.score / without_self - 1.0},
    )


def _means(ratings: FloatArray, *, count_self: bool) -> tuple[FloatArray, FloatArray]:
    """Return the mean rating each unit receives (columns) and gives (rows)."""
    if count_self:
        return ratings.mean(axis=0), ratings.mean(axis=1)
    diagonal, count = np.diag(ratings), ratings.shape[0] - 1
    return (ratings.sum(axis=0) - diagonal) / count, (ratings.sum(axis=1) - diagonal) / count


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
