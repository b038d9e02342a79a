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
from xinzhi.frontier.data import Solved
from xinzhi.frontier.technology.distance import distance

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.data import Data, Options
    from xinzhi.frontier.technology.distance import Distances

# A score this close to the frontier is on it: ten times what a certificate leaves open.
ON_FRONTIER = 1e-9


def solve(data: Data, options: Options) -> Solved:
    """Score every unit; `scale=True` adds scale efficiency and the returns to scale at the unit.

    Parameters
    ----------
    data
        The units.
    options
        `rts`, `orientation`, `direction`, `disposability`, `bounds`, `slacks`; of its own: ``scale``.
    """
    own = options.take(scale=False)
    asked = replace(options, orientation=_orientation(options))
    if asked.direction == "endogenous":
        from xinzhi.frontier.additive import endogenous

        return endogenous(data, asked)
    found, moves = score(data, asked, exclude_self=False)
    solved = solution(data, found, asked.orientation, moves, looked=asked.slacks is not False)
    if own["scale"]:
        return replace(solved, columns={**solved.columns, **_scale(data, asked, found)})
    return solved


def _orientation(options: Options) -> str:
    if options.model == "hyperbolic":
        return "hyperbolic"
    if options.model == "directional":
        if options.orientation not in {"input", "directional"}:
            message = "model='directional' says by direction=(gx, gy) which goods move, not by orientation."
            raise UsageError(message)
        return "directional"
    return options.orientation


def score(data: Data, options: Options, *, exclude_self: bool) -> tuple[Distances, tuple[FloatArray, ...]]:
    """Return the distances of the units, and how far one step moves each good: inputs, outputs, bad outputs."""
    moves = directions(data, options)
    found = distance(
        data.x,
        data.y,
        data.b,
        rts=options.rts,
        orientation=options.orientation,  # type: ignore[arg-type] # `distance` names the orientations it knows
        direction=moves if options.orientation == "directional" else None,
        disposability=options.disposability,
        slacks=options.slacks,
        exclude_self=exclude_self,
        bounds=options.bounds,
    )
    return _at_the_ideal(found, moves) if options.direction == "range" else found, moves


def directions(data: Data, options: Options) -> tuple[FloatArray, ...]:
    """Return the direction of every unit in the units of the data.

    ``own``: its own goods (absolute values); ``mean``: the mean unit; ``unit``: one of each good, which depends on the
    units of measurement; ``range``: as far as the best value of each good among all units (Portela, Thanassoulis and
    Simpson 2004), which takes negative data.
    """
    parts = [part for part in (data.x, data.y, data.b) if part is not None]
    if options.orientation in {"input", "output"}:
        moving = 0 if options.orientation == "input" else 1
        return tuple(np.abs(part) if place == moving else 0 * part for place, part in enumerate(parts))
    direction = options.direction
    if direction is not None and options.orientation != "directional":
        message = f"direction=... belongs to model='directional'; the orientation is '{options.orientation}'."
        raise UsageError(message)
    if direction is None or isinstance(direction, str):
        name = direction or "own"
        if name not in _DIRECTIONS:
            message = (
                f"unknown direction '{name}'; choose {', '.join(_DIRECTIONS)}, endogenous, or arrays (gx, gy[, gb])."
            )
            raise UsageError(message)
        return tuple(_DIRECTIONS[name](part, place != 1) for place, part in enumerate(parts))
    given = [*direction, *[0.0] * (len(parts) - len(direction))]
    try:
        return tuple(np.broadcast_to(np.asarray(g, dtype=float), p.shape) for g, p in zip(given, parts, strict=True))
    except ValueError as error:
        message = f"direction must be (gx, gy) or (gx, gy, gb) that fit the goods; {error}."
        raise UsageError(message) from error


_DIRECTIONS: dict[str, Callable[[FloatArray, bool], FloatArray]] = {
    "own": lambda part, less: np.abs(part),  # noqa: ARG005 - all four take both
    "mean": lambda part, less: np.broadcast_to(np.abs(part).mean(axis=0), part.shape),  # noqa: ARG005 - as above
    "unit": lambda part, less: np.ones_like(part),  # noqa: ARG005 - as above
    "range": lambda part, less: part - part.min(axis=0) if less else part.max(axis=0) - part,
}


def _at_the_ideal(found: Distances, moves: tuple[FloatArray, ...]) -> Distances:
    """Give a unit that is best in every good, and has nowhere to go, a distance of nought."""
    ideal = np.hstack(moves).max(axis=1) == 0
    if not ideal.any():
        return found
    score, status = found.score.copy(), found.status.copy()
    score[ideal], status[ideal] = 0.0, "optimal"
    return replace(found, score=score, status=status)


def _share(parts: list[FloatArray], moves: tuple[FloatArray, ...]) -> FloatArray:
    """Return by which share of a unit's own goods one step of its direction moves it at most `(n,)`."""
    own = np.abs(np.hstack(parts))
    mean = own.mean(axis=0)
    size = np.where(own > 0, own, np.where(mean > 0, mean, 1.0))
    return np.asarray((np.hstack(moves) / size).max(axis=1))


def solution(data: Data, found: Distances, orientation: str, moves: tuple[FloatArray, ...], *, looked: bool) -> Solved:
    """Return distances as the solution of a model, with targets and Shephard's form; `looked` for slacks or not."""
    best = 0.0 if orientation == "directional" else 1.0
    columns: dict[str, Any] = {}
    if orientation in {"input", "output"}:
        with np.errstate(divide="ignore"):
            columns["shephard"] = np.where(found.score == 0, np.nan, 1.0 / found.score)
    spare = [found.slack_x, found.slack_y, *([] if found.slack_b is None else [found.slack_b])]
    parts = [part for part in (data.x, data.y, data.b) if part is not None]
    targets = []
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
    way = _share(parts, moves) if orientation == "directional" else 1.0
    efficient = np.abs(found.score - best) * way <= ON_FRONTIER
    if looked:  # a second phase looked for slacks: a unit with any is only weakly efficient
        sizes = [np.maximum(np.abs(part).mean(axis=0), 1e-300) for part in parts]
        left = np.hstack([slack / size for slack, size in zip(spare, sizes, strict=True)])
        efficient &= left.max(axis=1) <= ON_FRONTIER
    return Solved(
        score=found.score,
        status=found.status,
        programs=found.programs,
        efficient=efficient,
        intensity=found.intensity,
        slack_x=found.slack_x,
        slack_y=found.slack_y,
        slack_b=found.slack_b,
        target_x=targets[0],
        target_y=targets[1],
        target_b=targets[2] if data.b is not None else None,
        dual_x=found.dual_x,
        dual_y=found.dual_y,
        dual_b=found.dual_b,
        dual_scale=found.dual_scale,
        columns=columns,
    )


def _scale(data: Data, options: Options, found: Distances) -> dict[str, Any]:
    """Return scale efficiency and returns to scale: which of three technologies first gives the constant-returns score.

    Notes
    -----
    Färe, Grosskopf and Lovell (1985): equal scores under constant and variable returns, constant; else equal scores
    under constant and non-increasing returns, increasing; else decreasing.
    """
    if options.rts != "vrs" or options.orientation not in {"input", "output"}:
        message = "scale=True needs rts='vrs' and an input or output orientation; it adds the others itself."
        raise UsageError(message)
    others = {
        rts: score(data, replace(options, rts=rts, slacks=False), exclude_self=False)[0] for rts in ("crs", "nirs")
    }
    crs, nirs = others["crs"].score, others["nirs"].score
    ratio = crs / found.score if options.orientation == "input" else found.score / crs
    same = np.isclose(crs, found.score, rtol=ON_FRONTIER, atol=0)
    rising = np.isclose(crs, nirs, rtol=ON_FRONTIER, atol=0)
    returns = np.where(same, "constant", np.where(rising, "increasing", "decreasing")).astype(object)
    returns[~np.isfinite(ratio)] = None
    return {"crs": crs, "scale_efficiency": ratio, "returns": returns}
