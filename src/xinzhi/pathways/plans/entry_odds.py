"""The chance of entry in relatedness density: a logit estimated from the package's own past, for when none is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.pathways.industries import jobs, nearness, years_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.data.package import Package

    StrArray = npt.NDArray[np.str_]


_STEPS, _CLOSE, _FEWEST = 50, 1e-12, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOdds:
    """A logit of entry: log odds = intercept + slope x density.

    Parameters
    ----------
    intercept, slope
        Of the log odds; density between 0 and 1.
    intercept_error, slope_error
        Standard errors, clustered by region.
    candidates, entries
        How many cells were absent at the start of a window, and how many of them were there at its end.
    windows
        First and last year of each window.
    """

    intercept: float
    slope: float
    intercept_error: float
    slope_error: float
    candidates: int
    entries: int
    windows: tuple[tuple[int, int], ...]

    def chance(self, density: FloatArray) -> FloatArray:
        """Return the chance of entry over one window at these densities."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.intercept + self.slope * density))))


def fit_entry(package: Package, last: int, horizon: int, *, verb: str = "plan") -> EntryOdds:
    """Estimate the logit from windows of `horizon` years that end in `last` and do not overlap.

    Parameters
    ----------
    package
        With `activity`.
    last
        The last year.
    horizon
        Length of a window in years.
    verb
        Who asks, for the messages.

    Raises
    ------
    InputError
        When no window fits into the years, or too few cells entered or stayed away.

    Examples
    --------
    >>> from xinzhi.data import load
    >>> odds = fit_entry(load("china-provinces"), 2016, 5)
    >>> odds.windows, odds.slope > 0
    (((2006, 2011), (2011, 2016)), True)
    """
    years = years_of(package.require("activity", ["region", "industry", "year", "employment"], verb=verb))
    windows = [(end - horizon, end) for end in range(last, years[0] - 1, -horizon) if end - horizon in years]
    windows = [window for window in windows if window[1] in years][::-1]
    if not windows:
        message = (
            f"{verb}: the years {years[0]}-{years[-1]} of 'activity' hold no window of {horizon} years that ends in "
            f"{last}: hand in chances of entry (probabilities=), for example of `backtest`, or add earlier years."
        )
        raise InputError(message)
    density, entered, owner = (np.concatenate(parts) for parts in zip(*(_window(package, *w, verb) for w in windows),
                                                                      strict=True))  # fmt: skip
    entries = int(entered.sum())
    if entries < _FEWEST or len(entered) - entries < _FEWEST:
        message = (
            f"{verb}: {entries} of {len(entered)} candidates entered: too few on one side to estimate chances of "
            "entry; hand them in (probabilities=)."
        )
        raise InputError(message)
    coefficients, errors = logit(density, entered, owner)
    return EntryOdds(
        intercept=float(coefficients[0]),
        slope=float(coefficients[1]),
        intercept_error=float(errors[0]),
        slope_error=float(errors[1]),
        candidates=len(entered),
        entries=entries,
        windows=tuple(windows),
    )


def _window(package: Package, start: int, end: int, verb: str) -> tuple[FloatArray, BoolArray, StrArray]:
    """Return density at the start, entry by the end, and the region, of every cell that was absent at the start."""
    before = nearness(jobs(package, start, verb=verb)[0])
    after = nearness(jobs(package, end, verb=verb)[0])
    rows = [number for number, place in enumerate(before.places) if place in after.places]
    columns = [number for number, code in enumerate(before.industries) if code in after.industries]
    there = np.ix_(np.array(rows), np.array(columns))
    then = np.ix_(
        np.array([after.places.index(before.places[row]) for row in rows]),
        np.array([after.industries.index(before.industries[column]) for column in columns]),
    )
    absent = ~before.present[there]
    names = np.array(before.places)[np.array(rows)]
    owner = np.broadcast_to(names[:, None], absent.shape)
    return before.density[there][absent], after.present[then][absent], owner[absent]


def logit(x: FloatArray, y: BoolArray, cluster: StrArray | IntArray) -> tuple[FloatArray, FloatArray]:
    """Fit ``log odds = a + b x`` by maximum likelihood; return (a, b) and their standard errors, clustered.

    Examples
    --------
    >>> x = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    >>> y = np.array([True, False, False, False, True, True, True, False])
    >>> (logit(x, y, np.arange(8))[0] / np.log(3)).round(9).tolist()
    [-1.0, 2.0]
    """
    design = np.column_stack([np.ones(len(x)), x])
    beta = np.zeros(2)
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-design @ beta))
        curve = (design * (chance * (1 - chance))[:, None]).T @ design
        step = np.linalg.solve(curve, design.T @ (y - chance))
        beta += step
        if np.abs(step).max() < _CLOSE:
            break
    scores = design * (y - chance)[:, None]
    groups = np.unique(cluster, return_inverse=True)[1]
    summed = np.zeros((int(groups.max()) + 1, 2))
    np.add.at(summed, groups, scores)
    bread = np.linalg.inv(curve)
    count = len(summed)
    spread = bread @ (summed.T @ summed) @ bread * count / max(count - 1, 1)
    return beta, np.sqrt(np.diag(spread))
