"""From a table to an index under one set of conventions: treat, normalise, weigh, aggregate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.sectors.composite import transform
from xinzhi.sectors.composite.system import System, finding, listed_errors
from xinzhi.sectors.composite.table import Indicators
from xinzhi.sectors.composite.transform import Normalisation, Treated, normalise, treat
from xinzhi.sectors.conventions import convention

AGGREGATIONS = ("arithmetic", "geometric", "harmonic", "topsis", "vikor", "grey")
MEANS = ("arithmetic", "geometric", "harmonic")


def aggregate(scores: FloatArray, weights: FloatArray, method: str) -> FloatArray:
    """Return one number per row; a mean of means is the mean over all, with the products of the weights."""
    share = weights / weights.sum()
    if method in MEANS:
        return _mean(scores, share, method)
    if method == "topsis":
        return topsis(scores, share)
    if method == "vikor":
        return 1 - vikor(scores, share)
    if method == "grey":
        return grey(scores, share)
    raise UsageError("sectors.unknown-aggregation", method=method, known=list(AGGREGATIONS))


def _mean(scores: FloatArray, share: FloatArray, method: str) -> FloatArray:
    if method == "arithmetic":
        return np.asarray(scores @ share)
    if not (scores > 0).all():
        raise UsageError("sectors.mean-of-positive", method=method, lowest=float(scores.min()))
    return np.asarray(np.exp(np.log(scores) @ share) if method == "geometric" else 1 / ((1 / scores) @ share))


def topsis(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the closeness to the best of every indicator. Hwang and Yoon (1981): Euclidean distances."""
    to_best = np.sqrt((scores - scores.max(axis=0)) ** 2 @ weights**2)
    to_worst = np.sqrt((scores - scores.min(axis=0)) ** 2 @ weights**2)
    total = to_best + to_worst
    return np.asarray(np.divide(to_worst, total, out=np.full(len(scores), 0.5), where=total > 0))


def vikor(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the compromise Q of VIKOR (Opricovic and Tzeng 2004): half utility, half the worst regret; 0 is best."""
    best, worst = scores.max(axis=0), scores.min(axis=0)
    regret = weights * (best - scores) / np.where(best > worst, best - worst, 1.0)
    balance = convention("vikor_balance")
    return np.asarray(balance * _span(regret.sum(axis=1)) + (1 - balance) * _span(regret.max(axis=1)))


def grey(scores: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the grey relational grade to the best of every indicator. Deng (1989), distances of the whole table."""
    best = scores.max(axis=0)
    furthest = float((best - scores.min(axis=0)).max())
    return np.asarray(grey_coefficients(scores, best, furthest) @ weights)


def grey_coefficients(scores: FloatArray, best: FloatArray, furthest: float) -> FloatArray:
    """Return the grey relational coefficients."""
    share = convention("grey_distinguishing") * furthest
    return np.asarray(share / (best - scores + share))


def ranks(index: FloatArray) -> IntArray:
    """Return ranks along the last axis, 1 for the highest; what differs by less than rounding shares a rank."""
    order = np.argsort(-index, axis=-1)
    falling = np.take_along_axis(index, order, axis=-1)
    spread = np.maximum(np.abs(falling[..., :1]), np.abs(falling[..., -1:]))
    apart = falling[..., :-1] - falling[..., 1:] > convention("tie") * spread
    place = np.broadcast_to(np.arange(1, index.shape[-1] + 1), index.shape)
    if not apart.all():
        place = place.copy()
        place[..., 1:][~apart] = 1
        place = np.maximum.accumulate(place, axis=-1)
    found = np.empty(index.shape, dtype=np.int64)
    np.put_along_axis(found, order, place, axis=-1)
    return found


def _span(values: FloatArray) -> FloatArray:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


UNIT = Normalisation("min-max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """One way to build the index."""

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
    """An index under one convention."""

    treated: FloatArray
    scores: FloatArray
    weights: FloatArray
    index: FloatArray
    groups: dict[str, FloatArray]
    treatments: dict[int | None, list[Treated]]


@dataclass(frozen=True, repr=False, kw_only=True)
class Ranking(Result):
    """An index with everything that it was built from, which its uncertainty and its gaming need."""

    system: System
    convention: Convention
    table: Indicators
    built: Built
    filled: FloatArray  # after imputation
    complete: BoolArray  # rows that have an index


def build(values: FloatArray, years: IntArray, system: System, how: Convention) -> Built:
    """Build the index of a complete table."""
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
            part = share[members]  # members that all weigh nothing count the same
            part = part if part.sum() > 0 else np.ones_like(part)
            groups[code][rows] = aggregate(scores[np.ix_(rows, members)], part, how.aggregation)
    return Built(treated=treated, scores=scores, weights=weights, index=index, groups=groups, treatments=treatments)


def blocks(years: IntArray, *, pooled: bool) -> Iterator[tuple[int | None, IntArray]]:
    """Yield the rows that share bounds and weights: all of them, or those of each year."""
    if pooled:
        yield None, np.arange(len(years))
        return
    for year in np.unique(years).tolist():
        yield year, np.flatnonzero(years == year)


def weigh(weights: str | Mapping[str, float], treated: FloatArray, system: System) -> FloatArray:
    """Return the weight of every indicator in the index, `(m,)`, summing to one."""
    if not isinstance(weights, str):
        return transform.handed(system, weights)
    if weights == "equal":
        return system.equal()
    if weights == "expert":
        return transform.expert(system)
    if weights == "ahp":
        return transform.judged(system)[0]
    return transform.objective(weights, normalise(treated, system.directions, UNIT), treated, system.directions)


def refuse_constant(values: FloatArray, system: System, year: int | None) -> None:
    """Raise when an indicator is the same everywhere."""
    wrong = [
        finding(
            "constant-indicator",
            place={"column": system.codes[at], "key": None if year is None else str(year)},
            name=system.codes[at],
            value=f"{values[0, at]:g}",
        )
        for at in transform.constant(values).tolist()
    ]
    if wrong:
        raise InputError("sectors.not-buildable", wrong, problems=listed_errors(wrong))


def yearly_ranks(index: FloatArray, years: IntArray) -> IntArray:
    """Return ranks within each year, 1 for the highest."""
    found = np.empty(len(index), dtype=np.int64)
    for _, rows in blocks(years, pooled=False):
        found[rows] = ranks(index[rows])
    return found


def positive_where_needed(scores: FloatArray, aggregation: str) -> FloatArray:
    """Return scores that the aggregation can take: a geometric or harmonic mean needs the positive range."""
    short = aggregation in MEANS[1:] and not (scores > 0).all()
    return transform.positive(scores) if short else scores
