"""The verdict on one claim, from TFP growth under every admissible protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.yardstick.claims.survey import parts

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.yardstick.claims.figures import Figure
    from xinzhi.yardstick.claims.survey import Part, Survey

Verdict = Literal["supported", "reachable", "superseded", "unreachable"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one claim and what it rests on; numbers point into the rows of the survey's grid.

    Parameters
    ----------
    verdict
        What the claim is.
    official, lowest, highest
        TFP growth under the official protocol, and its bounds over all admissible ones, in log points per year.
    tried
        How many admissible protocols measure the region and years.
    giving
        The protocols that give the figure: the official one, then the official one on older vintages, then by the
        number of departures, those on current data first.
    older
        The older vintages on which the protocol, official in all else, gives the figure: named whatever the verdict.
    nearest
        The first of `giving`; where there is none, the protocol that comes nearest.
    growth
        `(N,)` TFP growth under every protocol.
    parts
        What each departure contributes, for the first of `giving` or for `nearest`, by number of the protocol.
    """

    verdict: Verdict
    official: float
    lowest: float
    highest: float
    tried: int
    giving: IntArray
    older: tuple[str, ...]
    nearest: int
    growth: FloatArray
    parts: dict[int, list[Part]]


def judge(figure: Figure, found: Survey, values: FloatArray, listed: int) -> Judgement:
    """Return the verdict on one figure.

    Parameters
    ----------
    figure
        What is claimed.
    found
        The survey.
    values
        `(n_1, ..., n_d)` TFP growth of the region over the years of the claim.
    listed
        How many protocols are taken apart.
    """
    growth = values[found.grid.admissible]
    hit = figure.holds(growth)
    known = np.isfinite(growth) & found.admissible
    alone = found.alone() & hit
    older = tuple(found.vintages[at] for at in sorted(set(found.vintage[alone].tolist())))
    gap = np.where(known, np.abs(growth - float(figure.growth)), np.inf)
    giving = np.flatnonzero(hit & (found.admissible | alone))
    order = (giving, gap[giving], found.vintage[giving], ~alone[giving], found.departures[giving])
    giving = giving[np.lexsort(order)]
    # Float rounding must not decide between protocols that are equally near.
    nearest = int(giving[0]) if giving.size else int(np.lexsort((found.departures, np.round(gap, 12)))[0])
    shown = giving[:listed].tolist() if giving.size else [nearest]
    return Judgement(
        verdict=_verdict(hit, alone, found.admissible),
        official=float(growth[0]),
        lowest=float(growth[known].min()),
        highest=float(growth[known].max()),
        tried=int(known.sum()),
        giving=giving,
        older=older,
        nearest=nearest,
        growth=growth,
        parts={number: parts(found.grid, found.rows[number], values) for number in shown},
    )


def _verdict(hit: BoolArray, alone: BoolArray, admissible: BoolArray) -> Verdict:
    """Name the least that explains the figure: nothing, older data alone, another ruler, or nothing at all.

    Older data come before another ruler: among thousands of rulers one will nearly always give an old figure too, and
    whoever published it has chosen none of them.
    """
    if hit[0]:
        return "supported"
    if alone.any():
        return "superseded"
    return "reachable" if (hit & admissible).any() else "unreachable"
