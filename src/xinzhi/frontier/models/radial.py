"""Radial, directional and hyperbolic efficiency against the technology that the units span.

Input efficiency is the smallest theta with ``(theta x, y)`` possible, output efficiency the largest phi with
``(x, phi y)`` possible (Farrell 1957; Charnes, Cooper and Rhodes 1978; Banker, Charnes and Cooper 1984); the
directional distance the largest beta with ``(x - beta gx, y + beta gy)`` possible (Chambers, Chung and Färe 1996); the
hyperbolic efficiency the smallest h with ``(h x, y / h)`` possible (Färe, Grosskopf and Lovell 1985). Shephard's
distances are the inverses of the first two.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.models.sweep import ON_FRONTIER
from xinzhi.frontier.technology.distance import distance
from xinzhi.frontier.technology.technology import Goods, choose, given_direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.models.sweep import Reference
    from xinzhi.frontier.technology.distance import Solution


def radial(  # noqa: PLR0913 - the goods, the technology and the measure
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "vrs",
    orientation: str = "input",
    direction: Any = None,  # noqa: ANN401 - a name, arrays or None
    disposability: str = "weak",
    slacks: bool | FloatArray = False,
    bounds: tuple[float, float] | None = None,
    scale: bool = False,
    reference: Reference | None = None,
) -> Solution:
    """Score every unit; `scale` adds scale efficiency and the returns to scale at the unit."""
    points = Goods.of(x, y, bad)
    how: dict[str, Any] = {
        "orientation": orientation, "disposability": disposability, "bounds": bounds, "reference": reference
    }  # fmt: skip
    if isinstance(direction, str) and direction == "endogenous" and orientation == "directional":
        from xinzhi.frontier.models.additive import endogenous

        return endogenous(points, rts=rts, disposability=disposability, bounds=bounds, reference=reference)
    moves = directions(points, orientation, direction, reference)
    found = score(points, moves, rts=rts, slacks=slacks, ideal=_ranged(direction), **how)
    solved = solution(points, found, orientation, moves, looked=slacks is not False)
    if not scale:
        return solved
    if rts != "vrs" or orientation not in {"input", "output"}:
        raise UsageError("frontier.scale")
    others = {kind: score(points, moves, rts=kind, **how).score for kind in ("crs", "nirs")}
    return replace(solved, factors={**solved.factors, **_scale(orientation, found.score, others)})


def super_efficiency(  # noqa: PLR0913 - the goods, the technology and the measure
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "vrs",
    orientation: str = "input",
    direction: Any = None,  # noqa: ANN401 - a name, arrays or None
    disposability: str = "weak",
    slacks: bool | FloatArray = False,
    bounds: tuple[float, float] | None = None,
) -> Solution:
    """Score every unit against the technology of all others (Andersen and Petersen 1993)."""
    # Off constant returns a unit may have no counterpart among the others at all; its program is then infeasible, and
    # the status says so. No number stands in for it.
    if isinstance(direction, str) and direction == "endogenous":
        raise UsageError("frontier.super-endogenous")
    points = Goods.of(x, y, bad)
    moves = directions(points, orientation, direction, None)
    how: dict[str, Any] = {
        "orientation": orientation, "disposability": disposability, "bounds": bounds, "exclude_self": True
    }  # fmt: skip
    found = score(points, moves, rts=rts, slacks=slacks, ideal=_ranged(direction), **how)
    solved = solution(points, found, orientation, moves, looked=False)
    best = found.score <= 0 if orientation == "directional" else found.score >= 1
    if orientation == "output":
        best = found.score <= 1
    return replace(solved, efficient=best | (found.status == "infeasible"))


def _ranged(direction: Any) -> bool:  # noqa: ANN401 - a name, arrays or None
    return isinstance(direction, str) and direction == "range"


def score(
    points: Goods,
    moves: tuple[FloatArray, ...],
    *,
    orientation: str,
    reference: Reference | None = None,
    ideal: bool = False,
    **how: Any,  # noqa: ANN401 - options of `distance`
) -> Solution:
    """Return the distances of the units; with `ideal`, one that is best in every good has a distance of zero."""
    others = None if reference is None else Goods.of(*reference)
    found = distance(
        points.x,
        points.y,
        points.bad,
        x_ref=None if others is None else others.x,
        y_ref=None if others is None else others.y,
        b_ref=None if others is None else others.bad,
        orientation=orientation,  # type: ignore[arg-type] # `distance` names the orientations it knows
        direction=moves if orientation == "directional" else None,
        **how,
    )
    still = np.hstack(moves).max(axis=1) == 0
    if not ideal or not still.any():
        return found
    return replace(found, score=np.where(still, 0.0, found.score), status=np.where(still, "optimal", found.status))


def directions(
    points: Goods,
    orientation: str,
    direction: Any,  # noqa: ANN401 - a name, arrays or None
    reference: Reference | None,
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
    others = points if reference is None else Goods.of(*reference)
    named: dict[str, Callable[[FloatArray, FloatArray, bool], FloatArray]] = {
        "own": lambda part, _other, _less: np.abs(part),
        "mean": lambda part, other, _less: np.broadcast_to(np.abs(other).mean(axis=0), part.shape),
        "unit": lambda part, _other, _less: np.ones_like(part),
        "range": lambda part, other, less: np.maximum(
            part - other.min(axis=0) if less else other.max(axis=0) - part, 0
        ),
    }
    name = direction or "own"
    choose("direction", name, (*named, "endogenous"))
    against = (others.x, others.y, others.b)
    pairs = enumerate(zip(parts, against, strict=True))
    return tuple(named[name](part, other, place != 1) for place, (part, other) in pairs)


def _share(points: Goods, moves: tuple[FloatArray, ...]) -> FloatArray:
    """Return by which share of a unit's own goods one step of its direction moves it at most `(n,)`."""
    own = np.abs(points.all())
    mean = own.mean(axis=0)
    size = np.where(own > 0, own, np.where(mean > 0, mean, 1.0))
    return np.asarray((np.hstack(moves) / size).max(axis=1))


def solution(
    points: Goods, found: Solution, orientation: str, moves: tuple[FloatArray, ...], *, looked: bool
) -> Solution:
    """Return distances with targets, the efficient units and Shephard's form; `looked` for slacks or not."""
    best = 0.0 if orientation == "directional" else 1.0
    factors: dict[str, Any] = {}
    if orientation in {"input", "output"}:
        with np.errstate(divide="ignore"):
            factors["shephard"] = np.where(found.score == 0, np.nan, 1.0 / found.score)
    parts = (points.x, points.y, points.b)
    left = np.hstack([part for part in (found.slack_x, found.slack_y, found.slack_b) if part is not None])
    spare, targets = points.split(left), []
    for place, (part, slack, move) in enumerate(zip(parts, spare, moves, strict=True)):
        more = place == 1
        if orientation == "hyperbolic":
            factor = found.score[:, None]
            reached = part / factor if more else part * factor
        else:
            step = found.score - 1.0 if orientation == "output" else 1.0 - found.score
            step = found.score if orientation == "directional" else step
            reached = part + step[:, None] * move * (1.0 if more else -1.0)
        targets.append(reached + slack if more else reached - slack)
    way = _share(points, moves) if orientation == "directional" else 1.0
    efficient = np.abs(found.score - best) * way <= ON_FRONTIER
    if looked:  # a second phase looked for slacks: a unit with any is only weakly efficient
        efficient &= (left / np.maximum(np.abs(points.all()).mean(axis=0), 1e-300)).max(axis=1) <= ON_FRONTIER
    return replace(
        found,
        efficient=efficient,
        target_x=targets[0],
        target_y=targets[1],
        target_b=targets[2] if points.bad is not None else None,
        factors=factors,
    )


def _scale(orientation: str, own: FloatArray, others: dict[str, FloatArray]) -> dict[str, Any]:
    """Return scale efficiency and returns to scale: which of three technologies first gives the crs score."""
    crs, nirs = others["crs"], others["nirs"]
    ratio = crs / own if orientation == "input" else own / crs
    same = np.isclose(crs, own, rtol=ON_FRONTIER, atol=0)
    rising = np.isclose(crs, nirs, rtol=ON_FRONTIER, atol=0)
    returns = np.where(same, "constant", np.where(rising, "increasing", "decreasing")).astype(object)
    returns[~np.isfinite(ratio)] = None
    return {"crs": crs, "scale_efficiency": ratio, "returns": returns}
