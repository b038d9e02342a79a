"""Noise in the measured inputs and output of firms, and what it adds to the gain of misallocation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi.core.arrays import Ibis
from xinzhi.core.errors import InputError
from xinzhi.micro.engine import Engine

_NAMES = ("tfpr", "inputs", "both", "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The share of the variance of log TFPR that is distortion, its standard error, and how many changes tell it.

    `share` is cut at zero and one; `estimate` is what the regression gives.
    """

    share: float
    estimate: float
    error: float
    observations: int

    def corrected(self, gain: pl.Expr) -> pl.Expr:
        """Return what a gain comes to when only the share that is distortion counts."""
        return (1 + gain) ** self.share - 1


def noise(engine: Engine, rows: Ibis) -> Noise:
    """Estimate the share from changes: where TFPR is mere error, output follows inputs less.

    Growth of output is regressed on log TFPR (mean of both years, relative to its industry), growth of inputs, and
    their product, within industries and years; the share is one plus the coefficient of the product over that of
    inputs.
    Only error that is added to an amount shows in this way. Error in proportion to it moves output and TFPR alike and
    counts as distortion, so that the share is then near one whatever the error.
    Cross products come home by industry and year, not rows.
    """
    now = rows.select("firm", "year", "industry", "y", "f", r=rows.xr)
    past = now.select(_firm=now.firm, _year=now.year + 1, y0=now.y, f0=now.f, r0=now.r)
    changes = now.join(past, [now.firm == past["_firm"], now.year == past["_year"]])
    changes = changes.select(
        "industry",
        "year",
        tfpr=(changes.r + changes.r0) / 2,
        inputs=changes.f - changes.f0,
        output=changes.y - changes.y0,
    )
    changes = changes.mutate(both=changes.tfpr * changes.inputs)
    sums = {"n": changes.count()} | {f"m_{name}": changes[name].sum() for name in _NAMES}
    pairs = [(first, second) for i, first in enumerate(_NAMES) for second in _NAMES[i:]]
    sums |= {f"{first}:{second}": (changes[first] * changes[second]).sum() for first, second in pairs}
    totals = engine.collect(changes.group_by(["industry", "year"]).agg(**sums))
    size, moments = len(_NAMES), np.zeros((len(_NAMES), len(_NAMES)))
    n = totals["n"].to_numpy().astype(float)
    for first, second in pairs:
        product = (
            totals[f"{first}:{second}"].to_numpy()
            - totals[f"m_{first}"].to_numpy() * totals[f"m_{second}"].to_numpy() / n
        )
        i, j = _NAMES.index(first), _NAMES.index(second)
        moments[i, j] = moments[j, i] = product.sum()
    free = int(n.sum()) - totals.height - (size - 1)
    if free <= 0 or np.linalg.matrix_rank(moments[:-1, :-1]) < size - 1:
        raise InputError("micro.no-changes", ())
    inverse = np.linalg.inv(moments[:-1, :-1])
    slope = inverse @ moments[:-1, -1]
    variance = max(moments[-1, -1] - slope @ moments[:-1, -1], 0.0) / free * inverse
    estimate = 1 + slope[2] / slope[1]
    gradient = np.array([0, -slope[2] / slope[1] ** 2, 1 / slope[1]])
    error = float(np.sqrt(gradient @ variance @ gradient))
    share = float(np.clip(estimate, 0, 1))
    return Noise(share=share, estimate=float(estimate), error=error, observations=int(n.sum()))
