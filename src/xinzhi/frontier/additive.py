"""Additive efficiency: the largest weighted sum of slacks, inputs and outputs at once.

The plain sum depends on the units of measurement; the weighted ones do not: ranges (RAM: Cooper, Park and Pastor 1999),
the room of each unit (BAM: Cooper, Pastor, Borras, Aparicio and Pastor 2011), the unit's own values (MIP: Charnes,
Cooper, Golany, Seiford and Stutz 1985) and standard deviations (Lovell and Pastor 1995).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.data import Solved
from xinzhi.frontier.radial import ON_FRONTIER
from xinzhi.frontier.technology.distance import pack
from xinzhi.frontier.technology.envelopment import envelop, prepare
from xinzhi.frontier.technology.goods import check_options, check_signs, scaled_goods
from xinzhi.frontier.technology.technology import RTS, WITHOUT_CONVEXITY, technology

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray
    from xinzhi.frontier.data import Data, Options
    from xinzhi.frontier.technology.distance import Distances

WEIGHTS = ("none", "ram", "bam", "mip", "lovpast")


def solve(data: Data, options: Options) -> Solved:
    """Score every unit by its weighted sum of slacks: nought on the frontier, an inefficiency.

    Parameters
    ----------
    data
        The units; bad outputs count as inputs and need ``disposability="strong"``.
    options
        `rts`, `bounds`; of its own: ``weights``, one of ``none, ram, bam, mip, lovpast``, or an array `(p + q + r,)`.
    """
    weights = options.take(weights="none")["weights"]
    if options.orientation not in {"input", "none"} or options.direction is not None:
        message = "model='additive' moves inputs and outputs at once; it takes no orientation and no direction."
        raise UsageError(message)
    name = weights if isinstance(weights, str) else "given"
    counted = _weights(data, options, weights)
    found, score = largest_slacks(data, options, counted)
    columns = {"efficiency": 1.0 - score} if name in {"ram", "bam"} else {}
    return _solved(data, found, score, columns, counted > 0)


def endogenous(data: Data, options: Options) -> Solved:
    """Return the directional distance in the direction that makes it largest, of all with a sum of one.

    Each good is counted in means of its column. The programme is an additive one, and the direction is what its slacks
    say (Färe, Grosskopf and Whittaker 2013); it comes as the columns ``direction_<good>``.
    """
    parts = [part for part in (data.x, data.y, data.b) if part is not None]
    means = np.concatenate([np.abs(part).mean(axis=0) for part in parts])
    weights = np.divide(1.0, means, out=np.zeros_like(means), where=means > 0)
    counted = np.tile(weights, (data.x.shape[0], 1))
    found, score = largest_slacks(data, options, counted)
    slacks = _side_by_side(found) * weights
    total = np.where(score > ON_FRONTIER, score, np.nan)[:, None]
    columns = {
        f"direction_{good}": (slacks / total)[:, place]
        for place, good in enumerate((*data.inputs, *data.outputs, *data.bads))
    }
    return _solved(data, found, score, columns, counted > 0)


def largest_slacks(data: Data, options: Options, weights: FloatArray) -> tuple[Distances, FloatArray]:
    """Return the largest weighted sum of slacks of every unit, `weights` being `(n, goods)` per unit of the data."""
    if options.rts in RTS and RTS[options.rts] in WITHOUT_CONVEXITY:
        message = f"additive slacks are offered for convex technologies, not for rts='{options.rts}'."
        raise UsageError(message)
    check_options(options.rts, "directional", options.disposability)
    if data.b is not None and options.disposability != "strong":
        message = "slacks of bad outputs need disposability='strong'; weakly disposable ones have none."
        raise UsageError(message)
    parts = (data.x, data.y, data.b)
    check_signs(parts, parts, options.rts, "directional")
    goods = scaled_goods(parts, parts, "directional", None, options.disposability)
    known = technology(*goods.reference, rts=options.rts, disposability=options.disposability, bounds=options.bounds)
    ready = prepare(known, goods.target.shape[0])
    found = envelop(ready, goods.target, None, costs=weights * goods.scale)
    solved = found.status == "optimal"
    sums = (found.slacks[:, : known.goods] * goods.scale * weights).sum(axis=1)
    score = np.where(solved, sums, np.nan)
    return pack(goods, known, score, found), score


def _weights(data: Data, options: Options, weights: Any) -> FloatArray:  # noqa: ANN401 - a name or an array
    """Return the weights of slacks `(n, goods)`, per unit of the data."""
    parts = [part for part in (data.x, data.y, data.b) if part is not None]
    values = np.hstack(parts)
    n, goods = values.shape
    if not isinstance(weights, str):
        given = np.asarray(weights, dtype=float)
        if given.shape not in {(goods,), (n, goods)} or not np.isfinite(given).all() or (given < 0).any():
            message = f"weights must be {goods} numbers, one for each input and output, not negative."
            raise UsageError(message)
        return np.array(np.broadcast_to(given, (n, goods)))
    lower, upper = values.min(axis=0), values.max(axis=0)
    rising = np.repeat([False, True, False], [part.shape[1] for part in parts] + [0] * (3 - len(parts)))
    match weights:
        case "none":
            size = np.ones_like(values)
        case "ram":
            size = np.broadcast_to((upper - lower) * goods, values.shape)
        case "bam":
            if options.rts != "vrs":
                message = "weights='bam' measures the room within the observed range, which needs rts='vrs'."
                raise UsageError(message)
            size = np.where(rising, upper - values, values - lower) * goods
        case "mip":
            size = values
            if (values <= 0).any():
                unit, good = np.argwhere(values <= 0)[0]
                column = (*data.inputs, *data.outputs, *data.bads)[good]
                message = (
                    f"weights='mip' divides by the unit's own values, and '{column}' of unit '{data.units[unit]}' is "
                    f"{values[unit, good]:g}; use weights='ram'."
                )
                raise InputError(message)
        case "lovpast":
            size = np.broadcast_to(values.std(axis=0, ddof=1), values.shape)
        case _:
            message = f"unknown weights '{weights}'; choose one of {', '.join(WEIGHTS)}, or give an array."
            raise UsageError(message)
    # A good without room has no slack either: it counts nothing.
    return np.divide(1.0, size, out=np.zeros_like(values), where=size > 0)


def _side_by_side(found: Distances) -> FloatArray:
    """Return the slacks of all goods `(n, goods)`."""
    return np.hstack([part for part in (found.slack_x, found.slack_y, found.slack_b) if part is not None])


def _solved(data: Data, found: Distances, score: FloatArray, columns: dict[str, Any], counted: BoolArray) -> Solved:
    # Whether a slack is nought is read off each good in its own size: a sum in billions hides one in thousandths.
    means = np.hstack([np.abs(part).mean(axis=0) for part in (data.x, data.y, data.b) if part is not None])
    idle = ~counted | (_side_by_side(found) <= ON_FRONTIER * np.where(means > 0, means, 1.0))
    return Solved(
        score=score,
        status=found.status,
        programs=found.programs,
        efficient=(found.status == "optimal") & idle.all(axis=1),
        intensity=found.intensity,
        slack_x=found.slack_x,
        slack_y=found.slack_y,
        slack_b=found.slack_b,
        target_x=data.x - found.slack_x,
        target_y=data.y + found.slack_y,
        target_b=None if data.b is None or found.slack_b is None else data.b - found.slack_b,
        dual_x=found.dual_x,
        dual_y=found.dual_y,
        dual_b=found.dual_b,
        dual_scale=found.dual_scale,
        columns=columns,
    )
