"""Additive efficiency: the largest weighted sum of slacks, inputs and outputs at once.

The plain sum depends on the units of measurement; the weighted ones do not: ranges (RAM: Cooper, Park and Pastor 1999),
the room of each unit (BAM: Cooper, Pastor, Borras, Aparicio and Pastor 2011), the unit's own values (MIP: Charnes,
Cooper, Golany, Seiford and Stutz 1985) and standard deviations (Lovell and Pastor 1995).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.models.sweep import ON_FRONTIER, Reference
from xinzhi.frontier.reading import Data
from xinzhi.frontier.technology.distance import Solution, pack
from xinzhi.frontier.technology.envelopment import envelop, prepare
from xinzhi.frontier.technology.technology import (
    RTS,
    WITHOUT_CONVEXITY,
    Goods,
    check_options,
    check_signs,
    scaled_netputs,
    technology,
)

WEIGHTS = ("none", "ram", "bam", "mip", "lovpast")


def additive(  # noqa: PLR0913 - the goods, the technology and the measure
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    *,
    rts: str = "vrs",
    weights: str | FloatArray = "none",
    disposability: str = "weak",
    bounds: tuple[float, float] | None = None,
    reference: Reference | None = None,
    names: Data | None = None,
) -> Solution:
    """Score every unit by its weighted sum of slacks: zero on the frontier, an inefficiency."""
    points = Goods.of(x, y, bad)
    others = points if reference is None else Goods.of(*reference)
    counted = _weights(points, others, rts, weights, names)
    found = _largest_slacks(points, others, counted, rts, disposability, bounds)
    known = isinstance(weights, str) and weights in {"ram", "bam"}
    return replace(found, factors={"efficiency": 1.0 - found.score} if known else {})


def endogenous(
    points: Goods, *, rts: str, disposability: str, bounds: tuple[float, float] | None, reference: Reference | None
) -> Solution:
    """Return the directional distance in the direction that makes it largest, of all with a sum of one."""
    # With goods in units of their means the best direction is that of the largest sum of slacks.
    others = points if reference is None else Goods.of(*reference)
    size = np.abs(others.all()).mean(axis=0)
    weights = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    found = _largest_slacks(points, others, np.tile(weights, (len(points), 1)), rts, disposability, bounds)
    total = np.where(found.score > ON_FRONTIER, found.score, np.nan)[:, None]
    shares = points.split(_side_by_side(found) * weights / total)
    return replace(found, factors={f"direction_{letter}": part for letter, part in zip("xyb", shares, strict=True)})


def _largest_slacks(
    points: Goods, others: Goods, weights: FloatArray, rts: str, disposability: str, bounds: tuple[float, float] | None
) -> Solution:
    """Return the largest weighted sum of slacks of every unit, `weights` being `(n, goods)` per unit of the data."""
    if RTS.get(rts) in WITHOUT_CONVEXITY:
        raise UsageError("frontier.additive-convex", rts=rts)
    check_options(rts, "directional", disposability)
    if points.bad is not None and disposability != "strong":
        raise UsageError("frontier.additive-bad")
    check_signs(points, others, rts, "directional")
    goods = scaled_netputs(points, others, "directional", None, disposability)
    reference = (goods.reference.x, goods.reference.y, goods.reference.bad)
    known = technology(*reference, rts=rts, disposability=disposability, bounds=bounds)
    found = envelop(prepare(known, len(points)), goods.target, None, costs=weights * goods.scale)
    sums = (found.slacks[:, : known.goods] * goods.scale * weights).sum(axis=1)
    solved = pack(goods, known, np.where(found.status == "optimal", sums, np.nan), found)
    # Whether a slack is zero is read off each good in its own size: a sum in billions hides one in thousandths.
    size = np.abs(points.all()).mean(axis=0)
    spare = points.split(_side_by_side(solved))
    idle = (weights == 0) | (_side_by_side(solved) <= ON_FRONTIER * np.where(size > 0, size, 1.0))
    return replace(
        solved,
        efficient=(solved.status == "optimal") & idle.all(axis=1),
        target_x=points.x - spare[0],
        target_y=points.y + spare[1],
        target_b=None if points.bad is None else points.b - spare[2],
    )


def _weights(points: Goods, others: Goods, rts: str, weights: AnyArray, names: Data | None) -> FloatArray:
    """Return the weights of slacks `(n, goods)`, per unit of the data."""
    values, spread = points.all(), others.all()
    n, goods = values.shape
    if not isinstance(weights, str):
        given = np.asarray(weights, dtype=float)
        if given.shape not in {(goods,), (n, goods)} or not np.isfinite(given).all() or (given < 0).any():
            raise UsageError("frontier.slack-weights", goods=goods)
        return np.array(np.broadcast_to(given, (n, goods)))
    lower, upper = spread.min(axis=0), spread.max(axis=0)
    rising = np.repeat([False, True, False], points.widths)
    match weights:
        case "none":
            size = np.ones_like(values)
        case "ram":
            size = np.broadcast_to((upper - lower) * goods, values.shape)
        case "bam":
            if rts != "vrs":
                raise UsageError("frontier.bam")
            size = np.where(rising, upper - values, values - lower) * goods
        case "mip":
            size = values
            if (values <= 0).any():
                unit, good = np.argwhere(values <= 0)[0].tolist()
                named = ("", str(good)) if names is None else (names.units[unit], names.columns[good])
                raise InputError("frontier.mip", unit=named[0], column=named[1], value=values[unit, good])
        case "lovpast":
            size = np.broadcast_to(spread.std(axis=0, ddof=1), values.shape)
        case _:
            raise UsageError("frontier.slack-weights-name", weights=weights, known=list(WEIGHTS))
    # A good that has nowhere to go has no slack either: it counts nothing.
    return np.divide(1.0, size, out=np.zeros_like(values), where=size > 0)


def _side_by_side(found: Solution) -> FloatArray:
    """Return the slacks of all goods `(n, goods)`."""
    return np.hstack([part for part in (found.slack_x, found.slack_y, found.slack_b) if part is not None])
