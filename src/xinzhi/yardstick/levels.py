"""Levels: how productive every region is beside the others in the same year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.index_numbers import multilateral_levels

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.yardstick.accounts import Inputs


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels `(R, T)` relative to the mean of the regions (geometric mean = 1), and to the leader of the year."""

    output_per_worker: FloatArray
    capital_per_worker: FloatArray
    tfp: FloatArray
    to_leader: FloatArray
    leader: IntArray


def levels(inputs: Inputs) -> Levels:
    """Compare regions within a year (Caves, Christensen and Diewert 1982).

    Every region is compared with the mean of all regions complete in that year, so the comparison is transitive and
    does not depend on which region is taken as the base.
    """
    whole = inputs.complete()

    def masked(values: FloatArray) -> FloatArray:
        return np.where(whole, values, np.nan)

    output, capital, labour = masked(inputs.output), masked(inputs.capital), masked(inputs.labour)
    share = masked(inputs.labour_share)
    tfp = multilateral_levels(
        output, np.stack([capital, labour * inputs.human_capital]), np.stack([1.0 - share, share])
    )
    best = np.where(np.isfinite(tfp), tfp, -np.inf)
    leader = best.argmax(axis=0)
    return Levels(
        output_per_worker=_to_mean(np.log(output / labour)),
        capital_per_worker=_to_mean(np.log(capital / labour)),
        tfp=np.exp(tfp),
        to_leader=np.exp(tfp - np.where(whole.any(axis=0), best.max(axis=0), np.nan)),
        leader=leader,
    )


def _to_mean(logs: FloatArray) -> FloatArray:
    """Return levels relative to the geometric mean of the regions that are known in the year."""
    known = np.isfinite(logs)
    mean = np.where(known, logs, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    level: FloatArray = np.exp(logs - mean)
    return level
