"""From a table to an index under one set of conventions: treat, normalise, weigh, aggregate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.sectors.composite.aggregation import MEANS, aggregate, ranks
from xinzhi.sectors.composite.messages import finding, refuse
from xinzhi.sectors.composite.normalisation import Normalisation, normalise, positive
from xinzhi.sectors.composite.table import constant
from xinzhi.sectors.composite.treatment import Treated, treat
from xinzhi.sectors.composite.weighting import expert, handed, judged
from xinzhi.sectors.composite.weights import objective

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.sectors.composite.system import System

UNIT = Normalisation("min-max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """One way to build the index.

    Parameters
    ----------
    weights
        A method, or weights by indicator.
    aggregation, treatment, imputation
        Methods.
    normalisation
        Method and scale.
    pooled
        Whether bounds and weights are set once for all years.
    """

    weights: str | Mapping[str, float] = "entropy"
    aggregation: str = "arithmetic"
    normalisation: Normalisation = UNIT
    treatment: str = "none"
    imputation: str = "none"
    pooled: bool = True

    def label(self, name: str) -> str:
        """Return the value of one of them as text."""
        value = getattr(self, name)
        if isinstance(value, Normalisation):
            return value.label()
        if isinstance(value, bool):
            return str(value).lower()
        return value if isinstance(value, str) else "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An index under one convention.

    Parameters
    ----------
    treated, scores
        `(n, m)` after treatment, and normalised.
    weights
        `(n, m)` weight of every indicator in every row; rows of one year are alike.
    index
        `(n,)`.
    groups
        Score of every sector and dimension, `(n,)` each.
    treatments
        What was done to every indicator, by year (None when all years are pooled).
    """

    treated: FloatArray
    scores: FloatArray
    weights: FloatArray
    index: FloatArray
    groups: dict[str, FloatArray]
    treatments: dict[int | None, list[Treated]]


def build(values: FloatArray, years: IntArray, system: System, how: Convention) -> Built:
    """Build the index of a complete table.

    Parameters
    ----------
    values
        `(n, m)`, nothing missing.
    years
        `(n,)` ascending.

    Raises
    ------
    UsageError
        When a method is not known or has no answer on these data.
    InputError
        When an indicator is constant over what is normalised together.
    """
    treated, scores, weights = (np.empty_like(values) for _ in range(3))
    treatments = {}
    for year, rows in blocks(years, pooled=how.pooled):
        refuse_constant(values[rows], system, year)
        done = [treat(values[rows, at], how.treatment) for at in range(values.shape[1])]
        treatments[year] = done
        treated[rows] = np.column_stack([item.values for item in done])
        refuse_constant(treated[rows], system, year)
        scores[rows] = normalise(treated[rows], system.directions, how.normalisation, system.targets)
        weights[rows] = weigh(how.weights, treated[rows], system)
    index = np.empty(len(values))
    groups = {code: np.empty(len(values)) for code in system.groups()}
    for _, rows in blocks(years, pooled=how.pooled):
        share = weights[rows[0]]
        index[rows] = aggregate(scores[rows], share, how.aggregation)
        for code, members in system.groups().items():
            groups[code][rows] = _group(scores[np.ix_(rows, members)], share[members], how.aggregation)
    return Built(treated=treated, scores=scores, weights=weights, index=index, groups=groups, treatments=treatments)


def blocks(years: IntArray, *, pooled: bool) -> Iterator[tuple[int | None, IntArray]]:
    """Yield the rows that share bounds and weights: all of them, or those of each year."""
    if pooled:
        yield None, np.arange(len(years))
        return
    for year in np.unique(years).tolist():
        yield year, np.flatnonzero(years == year)


def weigh(weights: str | Mapping[str, float], treated: FloatArray, system: System) -> FloatArray:
    """Return the weight of every indicator in the index, `(m,)`, summing to one.

    Raises
    ------
    UsageError
        When a method is not known, or has no answer on these data.
    """
    if not isinstance(weights, str):
        return handed(system, weights)
    if weights == "equal":
        return system.equal()
    if weights == "expert":
        return expert(system)
    if weights == "ahp":
        return judged(system)[0]
    return objective(weights, normalise(treated, system.directions, UNIT), treated, system.directions)


def refuse_constant(values: FloatArray, system: System, year: int | None) -> None:
    """Raise when an indicator is the same everywhere.

    Raises
    ------
    InputError
        With one finding per indicator.
    """
    wrong = [
        finding(
            "constant-indicator",
            place={"column": system.codes[at], "key": None if year is None else str(year)},
            name=system.codes[at],
            value=f"{values[0, at]:g}",
        )
        for at in constant(values).tolist()
    ]
    if wrong:
        refuse("the index cannot be built", wrong)


def yearly_ranks(index: FloatArray, years: IntArray) -> IntArray:
    """Return ranks within each year, 1 for the highest."""
    found = np.empty(len(index), dtype=np.int64)
    for _, rows in blocks(years, pooled=False):
        found[rows] = ranks(index[rows])
    return found


def positive_where_needed(scores: FloatArray, aggregation: str) -> FloatArray:
    """Return scores that the aggregation can take: a geometric or harmonic mean needs the positive range."""
    return positive(scores) if aggregation in MEANS[1:] and not (scores > 0).all() else scores


def _group(scores: FloatArray, share: FloatArray, method: str) -> FloatArray:
    """Return the score of a group; members that all weigh nothing count the same."""
    return aggregate(scores, share if share.sum() > 0 else np.ones_like(share), method)
