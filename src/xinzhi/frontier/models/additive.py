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
from xinzhi.frontier.models.sweep import ON_FRONTIER, Reference, UnitProgram, solved, sweep, validate_and_scale
from xinzhi.frontier.reading import Data
from xinzhi.frontier.technology.distance import Solution, pack
from xinzhi.frontier.technology.technology import (
    RTS,
    WITHOUT_CONVEXITY,
    Goods,
    check_options,
    check_signs,
    choose,
    envelop,
    prepare,
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
    points = Goods.from_arrays(x, y, bad)
    benchmark = points if reference is None else Goods.from_arrays(*reference)
    counted = _weights(points, benchmark, rts, weights, names)
    solution = _largest_slacks(points, benchmark, counted, rts, disposability, bounds)
    bounded = isinstance(weights, str) and weights in {"ram", "bam"}
    return replace(solution, factors={"efficiency": 1.0 - solution.score} if bounded else {})


def endogenous(
    points: Goods, *, rts: str, disposability: str, bounds: tuple[float, float] | None, reference: Reference | None
) -> Solution:
    """Return the directional distance in the direction that makes it largest, of all with a sum of one."""
    # With goods in units of their means the best direction is that of the largest sum of slacks.
    benchmark = points if reference is None else Goods.from_arrays(*reference)
    size = np.abs(benchmark.all()).mean(axis=0)
    weights = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    solution = _largest_slacks(points, benchmark, np.tile(weights, (len(points), 1)), rts, disposability, bounds)
    total = np.where(solution.score > ON_FRONTIER, solution.score, np.nan)[:, None]
    shares = points.split(solution.slacks * weights / total)
    return replace(solution, factors={f"direction_{letter}": part for letter, part in zip("xyb", shares, strict=True)})


def _largest_slacks(
    points: Goods,
    benchmark: Goods,
    weights: FloatArray,
    rts: str,
    disposability: str,
    bounds: tuple[float, float] | None,
) -> Solution:
    """Return the largest weighted sum of slacks of every unit, `weights` being `(n, goods)` per unit of the data."""
    if RTS.get(rts) in WITHOUT_CONVEXITY:
        raise UsageError("frontier.additive-convex", rts=rts)
    check_options(rts, "directional", disposability)
    if points.bad is not None and disposability != "strong":
        raise UsageError("frontier.additive-bad")
    check_signs(points, benchmark, rts, "directional")
    goods = scaled_netputs(points, benchmark, "directional", None, disposability)
    reference = (goods.reference.x, goods.reference.y, goods.reference.bad)
    tech = technology(*reference, rts=rts, disposability=disposability, bounds=bounds)
    envelopment = envelop(prepare(tech, len(points)), goods.target, None, costs=weights * goods.scale)
    sums = (envelopment.slacks[:, : tech.goods] * goods.scale * weights).sum(axis=1)
    solved = pack(goods, tech, np.where(envelopment.status == "optimal", sums, np.nan), envelopment)
    # Whether a slack is zero is read off each good in its own size: a sum in billions hides one in thousandths.
    size = np.abs(points.all()).mean(axis=0)
    idle = (weights == 0) | (solved.slacks <= ON_FRONTIER * np.where(size > 0, size, 1.0))
    targets = points.all() - solved.slacks * np.repeat([1.0, -1.0, 1.0], points.widths)
    efficient = (solved.status == "optimal") & idle.all(axis=1)
    return replace(solved, efficient=efficient, **points.parts("target", targets))


def _weights(points: Goods, benchmark: Goods, rts: str, weights: AnyArray, names: Data | None) -> FloatArray:
    """Return the weights of slacks `(n, goods)`, per unit of the data."""
    values, spread = points.all(), benchmark.all()
    n, goods = values.shape
    if not isinstance(weights, str):
        table = np.asarray(weights, dtype=float)
        if table.shape not in {(goods,), (n, goods)} or not np.isfinite(table).all() or (table < 0).any():
            raise UsageError("frontier.slack-weights", goods=goods)
        return np.array(np.broadcast_to(table, (n, goods)))
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
                labels = ("", str(good)) if names is None else (names.units[unit], names.columns[good])
                raise InputError("frontier.mip", unit=labels[0], column=labels[1], value=values[unit, good])
        case "lovpast":
            size = np.broadcast_to(spread.std(axis=0, ddof=1), values.shape)
        case _:
            raise UsageError("frontier.slack-weights-name", weights=weights, known=list(WEIGHTS))
    # A good that has nowhere to go has no slack either: it counts nothing.
    return np.divide(1.0, size, out=np.zeros_like(values), where=size > 0)


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
    points = Goods.from_arrays(x, y, bad)
    benchmark = points if reference is None else Goods.from_arrays(*reference)
    shift = benchmark.b.max(axis=0) + 1 if translation is None else np.broadcast_to(translation, benchmark.b.shape[1:])
    for goods in (benchmark, points):
        if (goods.b >= shift).any():
            row, column = np.argwhere(goods.b >= shift)[0].tolist()
            facts = {"shift": shift[column], "value": goods.b[row, column]}
            raise InputError("frontier.translation", column=column, unit=row, **facts)
    validate_and_scale(
        points.x, points.y, points.b, reference
    )  # refuses what is missing or negative before it is turned round
    turned = [(part.x, np.concatenate([part.y, shift - part.b], axis=1)) for part in (points, benchmark)]
    data = validate_and_scale(*turned[0], reference=turned[1])
    outward = orientation == "output"
    _, p, q, _ = data.counts

    def unit_program(unit: int) -> UnitProgram:  # the radial factor
        x, y = data.x[unit], data.y[unit]
        column = np.concatenate([np.zeros(p), -y, [0.0]]) if outward else np.concatenate([-x, np.zeros(q), [0.0]])
        lower = np.concatenate([np.full(p, -np.inf), np.zeros(q) if outward else y, [1.0]])
        upper = np.concatenate([x if outward else np.zeros(p), np.full(q, np.inf), [1.0]])
        return UnitProgram(columns=column[:, None], costs=np.ones(1), lower=lower, upper=upper)

    solutions = sweep(data.envelope(), unit_program, len(data.x), maximise=outward)
    factor = solutions.unknowns[:, :1]
    reached = (solutions.intensities @ data.xr, solutions.intensities @ data.yr)
    theta, phi = (np.ones_like(factor), factor) if outward else (factor, np.ones_like(factor))
    slacks = (theta * data.x - reached[0], reached[1] - phi * data.y, data.b)
    worth = 1.0 if outward else -1.0
    result = solved(data, solutions, factor[:, 0], slacks, targets=(*reached, data.b), worth=worth)
    (dual_y, dual_b), (slack_y, slack_b), (target_y, target_b) = (
        np.split(np.asarray(part), [points.widths[1]], axis=1)
        for part in (result.dual_y, result.slack_y, result.target_y)
    )
    return replace(
        result,
        dual_y=dual_y,
        dual_b=dual_b,
        slack_y=slack_y,
        slack_b=slack_b,
        target_y=target_y,
        target_b=shift - target_b,
    )


def range_directional(
    x: FloatArray, y: FloatArray, *, orientation: str = "none", reference: Reference | None = None
) -> Solution:
    """Score units whose inputs or outputs may be negative, by the share of their way to the ideal point."""
    # Portela, Thanassoulis and Simpson (2004), JORS 55, 1111-1121: the direction is the distance to the best figure of
    # each column, x - min(x) and max(y) - y.
    choose("orientation", orientation, ("none", "input", "output"))
    data = validate_and_scale(x, y, reference=reference, negative=True)
    to_x = np.maximum(data.x - data.xr.min(axis=0), 0.0) * (orientation != "output")
    to_y = np.maximum(data.yr.max(axis=0) - data.y, 0.0) * (orientation != "input")
    _, p, q, _ = data.counts

    def unit_program(unit: int) -> UnitProgram:  # a unit that is best in every column stays where it is
        limit = np.inf if to_x[unit].any() or to_y[unit].any() else 0.0
        column = np.concatenate([to_x[unit], -to_y[unit], [0.0]])
        lower = np.concatenate([np.full(p, -np.inf), data.y[unit], [1.0]])
        upper = np.concatenate([data.x[unit], np.full(q, np.inf), [1.0]])
        return UnitProgram(
            columns=column[:, None],
            costs=np.ones(1),
            lower=lower,
            upper=upper,
            column_lower=0.0 - limit,
            column_upper=limit,
        )

    solutions = sweep(data.envelope(), unit_program, len(data.x), maximise=True)
    beta = solutions.unknowns[:, :1]
    reached = (solutions.intensities @ data.xr, solutions.intensities @ data.yr, data.b)
    slacks = (data.x - beta * to_x - reached[0], reached[1] - data.y - beta * to_y, data.b)
    score = 1 - solutions.objective
    result = solved(data, solutions, score, slacks, targets=reached, worth=1.0)
    return replace(result, factors={"beta": beta[:, 0]})
