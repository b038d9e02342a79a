"""When a bubble began and burst: runs of dates on which BSADF passes its critical value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Dates in a row on which the statistic passes its critical value, as places in the series (from 0).

    Parameters
    ----------
    start, peak, last
        First date, date of the largest BSADF, last date.
    ongoing
        Whether the sample ends before the run does.
    rising
        Whether the series stood higher at the peak than before the start: False marks an accelerating fall.
    """

    start: int
    peak: int
    last: int
    ongoing: bool
    rising: bool

    @property
    def duration(self) -> int:
        """Return the number of dates."""
        return self.last - self.start + 1


def date_runs(level: FloatArray, bsadf: FloatArray, critical: FloatArray, *, shortest: int = 0) -> list[Run]:
    """Return the runs of explosive behaviour of one series.

    Parameters
    ----------
    level
        `(T,)`, the series.
    bsadf, critical
        `(S,)`, of the last S observations; NaN never passes.
    shortest
        Dates that a run must have to be told.

    Notes
    -----
    Phillips, Shi and Yu (2015), equations 11 and 12: it begins with the first date on which BSADF passes its critical
    value and ends with the next on which it does not.

    Examples
    --------
    >>> found = date_runs(np.arange(6.0), np.array([0.0, 2.0, 3.0, 1.0]), np.ones(4))
    >>> [(run.start, run.peak, run.last, run.ongoing) for run in found]
    [(3, 4, 4, False)]
    """
    with np.errstate(invalid="ignore"):
        passes = np.concatenate([[False], bsadf > critical, [False]])
    turns = np.flatnonzero(passes[1:] != passes[:-1])
    offset = len(level) - len(bsadf)
    runs = []
    for first, after in turns.reshape(-1, 2).tolist():
        if after - first < shortest:
            continue
        peak = first + int(np.argmax(bsadf[first:after]))
        start = offset + first
        run = Run(
            start=start,
            peak=offset + peak,
            last=offset + after - 1,
            ongoing=after == len(bsadf),
            rising=bool(level[offset + peak] > level[start - 1]),
        )
        runs.append(run)
    return runs


def shortest_duration(rule: int | Literal["log"], observations: int) -> int:
    """Return the dates that a run must have: a number, or ``log`` for ln T rounded up.

    Notes
    -----
    Phillips, Shi and Yu (2015) ask for more than ln T; exuber rounds it to the nearest.

    Examples
    --------
    >>> shortest_duration("log", 100), shortest_duration(3, 100)
    (5, 3)
    """
    return int(np.ceil(np.log(observations))) if rule == "log" else rule
