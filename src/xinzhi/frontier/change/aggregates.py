"""Indices with fixed weights: productivity as one sum of outputs over one sum of inputs, and O'Donnell's parts.

The weights are shadow prices of the mean observation (Färe-Primont), mean prices (Lowe), the prices of the earlier or
the later period (Laspeyres, Paasche), or both (Fisher). Whatever the weights, the parts are those of O'Donnell (2008,
2012): the best that the technology can do, and how far from it the unit is, by efficiency, scale and mix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.frontier.change.distances import Frontier, distance_batch
from xinzhi.frontier.change.panel import Benchmarks
from xinzhi.frontier.technology.technology import Technology, means, technology

_UNIQUE = 1e-7  # shadow prices that differ by less, in shares of the aggregate, are one
_HAIR = 1e-11  # room for rounding on the optimal face


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of observations, one row each or one row for all."""

    output: FloatArray
    input: FloatArray


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of observations, in logarithms, ``(n,)`` each."""

    output: FloatArray
    input: FloatArray
    best: FloatArray
    technical: FloatArray
    cone: FloatArray
    mixed: FloatArray

    def table(self) -> dict[str, FloatArray]:
        """Return the levels under their usual names, in logarithms."""
        productivity = self.output - self.input
        efficiency = productivity - self.best
        return {
            "output": self.output,
            "input": self.input,
            "productivity": productivity,
            "best_productivity": self.best,
            "productivity_efficiency": efficiency,
            "technical_efficiency": self.technical,
            "scale_efficiency": self.cone - self.technical,
            "mix_efficiency": self.mixed - self.technical,
            "residual_scale_efficiency": efficiency - self.mixed,
            "scale_mix_efficiency": efficiency - self.technical,
            "residual_mix_efficiency": efficiency - self.cone,
        }


def levels(
    frontier: Frontier, rts: str, marks: Benchmarks, rows: IntArray, weights: Weights, efficiency: dict[str, FloatArray]
) -> Levels:
    """Return the levels of some observations under weights."""
    goods = frontier.goods
    count = len(rows)
    output = np.einsum("nq,nq->n", weights.output, goods.y[rows])
    input_ = np.einsum("np,np->n", weights.input, goods.x[rows])
    best, mixed = np.full(count, np.nan), np.full(count, np.nan)
    for number in np.unique(marks.own[rows]).tolist():
        part = np.flatnonzero(marks.own[rows] == number)
        span = marks.technologies[number]
        outputs, inputs = weights.output[part] @ goods.y[span].T, weights.input[part] @ goods.x[span].T
        # The best ratio of two sums over a convex technology lies at an observation, whatever the returns to scale.
        best[part] = (outputs / inputs).max(axis=1)
        mixed[part] = _mixed(frontier, rts, span, rows[part], (outputs, output[part]), (inputs, input_[part]))
    return Levels(
        np.log(output), np.log(input_), np.log(best), efficiency[rts][rows], efficiency["crs"][rows], np.log(mixed)
    )


def _mixed(
    frontier: Frontier,
    rts: str,
    span: IntArray,
    rows: IntArray,
    outputs: tuple[FloatArray, FloatArray],
    inputs: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return aggregate output over the revenue maximum at the same inputs, or the cost minimum over aggregate input."""
    # A program for the most revenue is one for an output efficiency where the only output is revenue; so for cost.
    goods = frontier.goods
    forwards = frontier.measure.orientation == "output"
    reference, target = (goods.x[span], goods.x[rows]) if forwards else (goods.y[span], goods.y[rows])
    totals, total = outputs if forwards else inputs
    scale = np.where(reference.mean(axis=0) > 0, reference.mean(axis=0), 1.0)
    size = totals.mean(axis=1)
    dummy = np.ones((len(span), 1))
    sides = (reference / scale, dummy) if forwards else (dummy, reference / scale)
    known = technology(*sides, rts=rts)
    columns = np.repeat(known.columns[None], len(rows), axis=0)
    row = reference.shape[1] if forwards else 0
    scaled = np.where(known.owner >= 0, totals[:, np.maximum(known.owner, 0)], 0.0) * known.scale / size[:, None]
    columns[:, row] = scaled if forwards else -scaled
    way = np.zeros((len(rows), reference.shape[1] + 1))
    way[:, row] = total / size
    points = target / scale
    netput = np.column_stack([-points, way[:, row]]) if forwards else np.column_stack([-way[:, row], points])
    widths = (reference.shape[1], 1) if forwards else (1, reference.shape[1])
    found = frontier.finish(*distance_batch(known, columns, netput, way, np.arange(len(rows)), widths=widths))
    return 1.0 / (1.0 + found.beta) if forwards else 1.0 - found.beta


def shadow_prices(frontier: Frontier, rts: str) -> tuple[FloatArray, FloatArray]:
    """Return the shadow price of each input and output at the mean observation, and its range ``(p + q, 2)``."""
    # Gradients of the input distance function with respect to inputs, and of the output distance function with respect
    # to outputs, of the technology of all observations, at their mean. At a kink the gradient is not unique: the range
    # has the lowest and the highest, and the price is the mean of the extreme ones, which depends on no solver.
    p, q, _ = frontier.goods.widths
    scale = means(frontier.goods)[: p + q]
    known = technology(frontier.goods.x / scale[:p], frontier.goods.y / scale[p:], rts=rts)
    prices, ranges = np.empty(p + q), np.empty((p + q, 2))
    for rows, sign in ((np.arange(p), -1.0), (np.arange(p, p + q), 1.0)):
        beta, gradients = _gradients(known, p, rows)
        gradients /= 1.0 + sign * beta
        lowest, highest = gradients.min(axis=0), gradients.max(axis=0)
        loose = highest - lowest > _UNIQUE
        prices[rows] = np.where(loose, gradients[1:].mean(axis=0), gradients[0])
        ranges[rows] = np.where(loose[:, None], np.stack([lowest, highest], axis=1), prices[rows, None])
    return prices / scale, ranges / scale[:, None]


def _gradients(known: Technology, inputs: int, rows: IntArray) -> tuple[float, FloatArray]:
    """Return the distance of the mean along some goods, and optimal multipliers: any, then each lowest and highest."""
    from xinzhi.core.programs import Program

    size = known.columns.shape[0]
    goods = known.goods
    target = np.ones(size)
    target[:inputs] = -1.0  # goods are scaled by their means
    way = np.zeros(size)
    way[rows] = 1.0
    program = Program(
        np.vstack([known.columns.T, way[None], -target[None]]),
        costs=-target,
        row_lower=np.concatenate([np.full(known.columns.shape[1], -np.inf), [1.0, -np.inf]]),
        row_upper=np.concatenate([np.zeros(known.columns.shape[1]), [1.0, np.inf]]),
        column_lower=np.where(np.arange(size) < goods, 0.0, -np.inf),
    )
    first = program.solve()
    found = [first.primal[rows]]
    program.set_row_bounds(-np.inf, first.objective + _HAIR, [known.columns.shape[1] + 1])
    for row in rows.tolist():
        for sign in (1.0, -1.0):
            costs = np.zeros(size)
            costs[row] = sign
            program.set_costs(costs)
            found.append(program.solve().primal[rows])
    return first.objective, np.array(found)
