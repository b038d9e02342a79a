"""Data that are transformed first: bad outputs turned round (Seiford and Zhu), and negative figures by their range."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError
from xinzhi.frontier.models.sweep import Own, Reference, Units, checked, solved, sweep
from xinzhi.frontier.technology.distance import Solution
from xinzhi.frontier.technology.technology import Goods, choose


def seiford_zhu(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray,
    *,
    orientation: str = "output",
    translation: FloatArray | None = None,
    reference: Reference | None = None,
) -> Solution:
    """Score units radially with bad outputs replaced by a constant less the bad output."""
    # Seiford and Zhu (2002), EJOR 142, 16-20. The output score changes with the constant, and with the unit in which
    # "one" is added: take a directional distance if that matters.
    choose("orientation", orientation, ("input", "output"))
    points = Goods.of(x, y, bad)
    others = points if reference is None else Goods.of(*reference)
    shift = others.b.max(axis=0) + 1 if translation is None else np.broadcast_to(translation, others.b.shape[1:])
    for goods in (others, points):
        if (goods.b >= shift).any():
            row, column = np.argwhere(goods.b >= shift)[0].tolist()
            raise InputError(
                "frontier.translation", shift=shift[column], column=column, unit=row, value=goods.b[row, column]
            )
    checked(points.x, points.y, points.b, reference)  # refuses what is missing or negative before it is turned round
    turned = [(part.x, np.concatenate([part.y, shift - part.b], axis=1)) for part in (points, others)]
    data = checked(*turned[0], reference=turned[1])
    outward = orientation == "output"
    found = sweep(data.envelope(), lambda unit: _own(data, unit, outward=outward), len(data.x), maximise=outward)
    factor = found.own[:, :1]
    reached = (found.intensities @ data.xr, found.intensities @ data.yr)
    theta, phi = (np.ones_like(factor), factor) if outward else (factor, np.ones_like(factor))
    slacks = (theta * data.x - reached[0], reached[1] - phi * data.y, data.b)
    worth = 1.0 if outward else -1.0
    result = solved(data, found, factor[:, 0], slacks, targets=(*reached, data.b), worth=worth)
    parts = {
        name: np.split(getattr(result, name), [points.widths[1]], axis=1) for name in ("dual_y", "slack_y", "target_y")
    }
    return replace(
        result,
        dual_y=parts["dual_y"][0],
        dual_b=parts["dual_y"][1],
        slack_y=parts["slack_y"][0],
        slack_b=parts["slack_y"][1],
        target_y=parts["target_y"][0],
        target_b=shift - parts["target_y"][1],
    )


def _own(data: Units, unit: int, *, outward: bool) -> Own:
    """Return the radial factor of one unit."""
    p, q = data.x.shape[1], data.y.shape[1]
    x, y = data.x[unit], data.y[unit]
    column = np.concatenate([np.zeros(p), -y, [0.0]]) if outward else np.concatenate([-x, np.zeros(q), [0.0]])
    return Own(
        columns=column[:, None],
        costs=np.ones(1),
        lower=np.concatenate([np.full(p, -np.inf), np.zeros(q) if outward else y, [1.0]]),
        upper=np.concatenate([x if outward else np.zeros(p), np.full(q, np.inf), [1.0]]),
    )


def range_directional(
    x: FloatArray, y: FloatArray, *, orientation: str = "none", reference: Reference | None = None
) -> Solution:
    """Score units whose inputs or outputs may be negative, by the share of their way to the ideal point."""
    # Portela, Thanassoulis and Simpson (2004), JORS 55, 1111-1121: the direction is the distance to the best figure of
    # each column, x - min(x) and max(y) - y.
    choose("orientation", orientation, ("none", "input", "output"))
    data = checked(x, y, reference=reference, negative=True)
    to_x = np.maximum(data.x - data.xr.min(axis=0), 0.0) * (orientation != "output")
    to_y = np.maximum(data.yr.max(axis=0) - data.y, 0.0) * (orientation != "input")
    found = sweep(data.envelope(), lambda unit: _step(data, unit, to_x[unit], to_y[unit]), len(data.x), maximise=True)
    beta = found.own[:, :1]
    reached = (found.intensities @ data.xr, found.intensities @ data.yr, data.b)
    slacks = (data.x - beta * to_x - reached[0], reached[1] - data.y - beta * to_y, data.b)
    score = 1 - found.objective
    return solved(data, found, score, slacks, targets=reached, worth=1.0, beta=beta[:, 0])


def _step(data: Units, unit: int, to_x: FloatArray, to_y: FloatArray) -> Own:
    """Return the step of one unit; a unit that is best in every column stays where it is."""
    p, q = data.x.shape[1], data.y.shape[1]
    moves = bool(to_x.any() or to_y.any())
    return Own(
        columns=np.concatenate([to_x, -to_y, [0.0]])[:, None],
        costs=np.ones(1),
        lower=np.concatenate([np.full(p, -np.inf), data.y[unit], [1.0]]),
        upper=np.concatenate([data.x[unit], np.full(q, np.inf), [1.0]]),
        column_lower=-np.inf if moves else 0.0,
        column_upper=np.inf if moves else 0.0,
    )
