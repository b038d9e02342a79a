"""Inequality between regions: Gini, its decomposition by Dagum, and Theil's, each exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.sectors.conventions import series_text
from xinzhi.sectors.figures import KEYS, figures, omission_frame, reason

PARTS = ("within", "between", "transvariation")  # of the Gini coefficient, after Dagum
THEIL = ("t", "t_within", "t_between", "l", "l_within", "l_between")
_PAIR = 2


def _validate(values: FloatArray, weights: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Return values and weights that a measure of relative inequality can be taken of."""
    values = np.asarray(values, dtype=np.float64)
    weights = np.ones(values.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if not values.size or weights.shape != values.shape:
        raise InputError("sectors.values-and-weights", values=values.size, weights=weights.size)
    if not (np.isfinite(values).all() and np.isfinite(weights).all()):
        raise InputError("sectors.inequality-missing")
    if np.any(values < 0) or np.any(weights < 0) or weights.sum() == 0 or (weights * values).sum() == 0:
        raise InputError("sectors.inequality-negative", value=float(values.min()), weight=float(weights.min()))
    return values, weights


def gini(values: FloatArray, weights: FloatArray | None = None) -> float:
    """Return the Gini coefficient, half the relative mean difference of all pairs (Gini 1912), in O(n log n).

    Parameters
    ----------
    values, weights
        Values that are not negative, `(n,)`, and the weight of every unit, such as its population; equal by default.

    Returns
    -------
    float
        From 0 (all equal) to ``1 - 1/n`` (one has all): without the factor ``n / (n - 1)`` of some samples.

    Examples
    --------
    >>> round(gini(np.array([1.0, 2.0, 3.0])), 12)
    0.222222222222
    """
    values, weights = _validate(values, weights)
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    mass, worth = np.cumsum(weights), np.cumsum(weights * values)
    # every pair once, from its higher member; the member itself adds nothing
    pairs = float(weights @ (values * mass - worth))
    return pairs / float(mass[-1] * worth[-1])


def _spread(x: FloatArray, v: FloatArray, y: FloatArray, w: FloatArray) -> float:
    """Return the sum of ``v_i w_j |x_i - y_j|`` over all pairs of two groups."""
    order = np.argsort(y, kind="stable")
    y, w = y[order], w[order]
    below = np.searchsorted(y, x, side="right")
    mass, worth = np.concatenate([[0.0], np.cumsum(w)]), np.concatenate([[0.0], np.cumsum(w * y)])
    return float((v * (x * (2 * mass[below] - mass[-1]) + worth[-1] - 2 * worth[below])).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Dagum:
    """Dagum's decomposition of one Gini coefficient.

    `within`, `between` and `transvariation` add up to `gini`. By the sorted `groups`: the Gini inside each `(g,)` and
    between every two `(g, g)`, and their relative economic affluence D `(g, g)`, 0 where their values are all equal.
    """

    gini: float
    within: float
    between: float
    transvariation: float
    groups: tuple[str, ...]
    within_groups: FloatArray
    between_groups: FloatArray
    affluence: FloatArray


def dagum(values: FloatArray, groups: Sequence[str], weights: FloatArray | None = None) -> Dagum:
    """Decompose the Gini coefficient into within groups, net between groups, and transvariation.

    Parameters
    ----------
    values, groups, weights
        Values that are not negative, `(n,)`, the group of every unit, and its weight; equal by default.

    Notes
    -----
    Dagum (1997), A new approach to the decomposition of the Gini income inequality ratio, Empirical Economics 22. With
    population shares p and value shares s: G_w = Σ_j G_jj p_j s_j; G_nb = Σ_{j≠h} G_jh p_j s_h D_jh over the ordered
    pairs; G_t the same with 1 - D_jh. D_jh = abs(μ_j - μ_h) / Δ_jh, because the gross affluence less the first-order
    moment of transvariation is the difference of the means, and their sum the mean absolute difference Δ_jh.

    Examples
    --------
    >>> parts = dagum(np.array([1.0, 3.0, 2.0, 4.0]), ["a", "a", "b", "b"])
    >>> [round(part, 4) for part in (parts.gini, parts.within, parts.between, parts.transvariation)]
    [0.25, 0.1, 0.1, 0.05]
    """
    values, weights = _validate(values, weights)
    names, place = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < _PAIR or place.shape != values.shape:
        raise InputError("sectors.dagum-groups")
    mass = np.bincount(place, weights)
    worth = np.bincount(place, weights * values)
    if np.any(worth == 0):
        raise InputError("sectors.dagum-zero", group=names[int(np.argmin(worth))])
    means = worth / mass
    members = [(values[place == group], weights[place == group]) for group in range(len(names))]
    gap = np.empty((len(names), len(names)))  # weighted sums of absolute differences between all groups
    for j, (x, v) in enumerate(members):
        for h in range(j, len(names)):
            gap[j, h] = gap[h, j] = _spread(x, v, *members[h])
    gap /= np.outer(mass, mass)
    total = means[:, None] + means
    ratio = gap / total
    difference = np.abs(means[:, None] - means)
    affluence = np.where(gap > 0, np.minimum(difference / np.where(gap > 0, gap, 1.0), 1.0), 0.0)
    share = np.outer(mass / mass.sum(), worth / worth.sum()) * ratio
    between_shares = share * (1 - np.eye(len(names)))
    return Dagum(
        gini=gini(values, weights),
        within=float(np.trace(share)),
        between=float((between_shares * affluence).sum()),
        transvariation=float((between_shares * (1 - affluence)).sum()),
        groups=tuple(names.tolist()),
        within_groups=np.diag(ratio).copy(),
        between_groups=ratio,
        affluence=affluence,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Theil:
    """Theil's T and L with their exact parts; `t` weights groups by value, `l` by population (NaN with a zero)."""

    t: float
    t_within: float
    t_between: float
    l: float  # noqa: E741 - the name of the measure
    l_within: float
    l_between: float


def theil(values: FloatArray, groups: Sequence[str] | None = None, weights: FloatArray | None = None) -> Theil:
    """Return Theil's T and L, split into within and between groups.

    Parameters
    ----------
    values, groups, weights
        Values that are not negative, `(n,)` (L needs them positive), the group of every unit (without, all is within),
        and its weight; equal by default.

    Notes
    -----
    Theil (1967), Economics and Information Theory; Shorrocks (1980), Econometrica 48, for the decomposition. 0 ln 0 =
    0.

    Examples
    --------
    >>> parts = theil(np.array([1.0, 1.0, 3.0, 3.0]), ["a", "a", "b", "b"])
    >>> round(parts.t, 4), parts.t_within, round(parts.t_between, 4)
    (0.1308, 0.0, 0.1308)
    """
    values, weights = _validate(values, weights)
    labels = None if groups is None else np.asarray(groups)
    if labels is not None and labels.shape != values.shape:
        raise InputError("sectors.theil-groups", groups=labels.size, values=values.size)
    counted = weights > 0
    if not counted.all():
        values, weights = values[counted], weights[counted]
        labels = None if labels is None else labels[counted]
    people, income = weights / weights.sum(), weights * values / (weights * values).sum()
    relative = income / people  # of the unit to the mean
    t, l = _divergences(income, people, relative)  # noqa: E741 - the name of the measure
    t_within, l_within, t_between, l_between = t, l, 0.0, 0.0
    if labels is not None:
        place = np.unique(labels, return_inverse=True)[1]
        group_people, group_income = (np.bincount(place, part).astype(np.float64) for part in (people, income))
        mean = group_income / group_people
        t_between, l_between = _divergences(group_income, group_people, mean)
        t_within, l_within = _divergences(income, people, relative / np.where(mean > 0, mean, 1.0)[place])
    if not values.all():
        l = l_within = l_between = np.nan  # noqa: E741 - the name of the measure
    return Theil(t=t, t_within=t_within, t_between=t_between, l=l, l_within=l_within, l_between=l_between)


def _divergences(income: FloatArray, people: FloatArray, relative: FloatArray) -> tuple[float, float]:
    """Return ``sum income ln(relative)``, to which a zero adds nothing, and ``-sum people ln(relative)``."""
    logs = np.log(np.maximum(relative, np.finfo(np.float64).tiny))
    return float(income @ logs), -float(people @ logs)


@dataclass(frozen=True, repr=False, kw_only=True)
class Inequality(Result, verb="inequality", topic="sectors", key=("year",)):
    """Inequality between regions over the years.

    `pairs` has the Gini inside a group (the same twice) and between every two, `parts` the three parts of Dagum in long
    form, for a chart. `dataclasses.replace` adds `names` of the figure and its groups (kind ``series``).
    """

    pairs: pl.DataFrame
    parts: pl.DataFrame
    omitted: pl.DataFrame

    @property
    def value_text(self) -> Text:
        """What the figure is called."""
        return series_text(str(self.provenance.options["value"]), self.names)

    @property
    def last_pairs(self) -> pl.DataFrame:
        """The pairs of groups in the last year."""
        return self.pairs.filter(year=self.frame["year"][-1])

    @property
    def peak(self) -> pl.DataFrame:
        """The years, the most unequal first."""
        return self.frame.sort("gini", descending=True)

    @property
    def fewest_and_most(self) -> tuple[int, int]:
        """How many regions a year has, at least and at most."""
        counts = self.frame["regions"].to_list()
        return min(counts), max(counts)

    def years_of(self, measure: str) -> pl.DataFrame:
        """Return the years that have a measure."""
        return self.frame.drop_nulls(measure)

    def answer(self) -> Iterator[Fact]:
        """Yield the Gini of the first and last year, and what it is made of."""
        if not self.frame.height:
            yield words.sectors.answer_no_years()
            return
        first, last = self.frame.row(0, named=True), self.frame.row(-1, named=True)
        yield words.sectors.answer_gini(
            value=self.value_text,
            first=first["year"],
            before=first["gini"],
            last=last["year"],
            after=last["gini"],
        )
        if last["within"] is not None and last["gini"]:
            shares = {name: last[name] / last["gini"] for name in PARTS}
            yield words.sectors.answer_parts(year=last["year"], **shares)


def inequality(frame: object, value: str, *, group: str | None = None, weight: str | None = None) -> Inequality:
    """Return inequality of a figure between regions in every year, with its decompositions.

    Parameters
    ----------
    frame, value
        A frame with ``region, year`` and the columns named; the column that is compared, not negative.
    group
        Column of groups, such as macro-regions: asks for Dagum's and Theil's decomposition.
    weight
        Column of weights, such as population.

    Notes
    -----
    Regions without a value in a year are left out of that year only and named in `omitted`: comparing years then mixes
    different sets of regions, which `regions` counts.

    Examples
    --------
    >>> data = pl.DataFrame({"region": list("abcd"), "year": 2020, "y": [1.0, 3.0, 2.0, 4.0], "part": list("eeww")})
    >>> inequality(data, "y", group="part").frame.select(pl.col("gini", "within", "between").round(4)).rows()
    [(0.25, 0.1, 0.1)]
    """
    if value in {group, weight}:
        raise UsageError("sectors.value-twice", value=value)
    data = figures(frame, [value, *([weight] if weight else [])], verb="inequality", texts=[group] if group else [])
    table = data.frame
    out, usable = [], table
    for column, why in ((value, "no_value"), (weight, "no_weight"), (group, "no_group")):
        if column:
            out += [(*key, reason(why)) for key in usable.filter(pl.col(column).is_null()).select(KEYS).iter_rows()]
            usable = usable.drop_nulls(column)
    rows: list[dict[str, float | int | None]] = []
    pairs: list[dict[str, object]] = []
    for (year,), part in usable.group_by("year", maintain_order=True):
        measured, between = _one_year(part, value, weight, group)
        rows.append({"year": year, "regions": part.height, **measured})
        pairs += [{"year": year, **pair} for pair in between]
    numbers = ["gini", *PARTS, *(f"theil_{name}" for name in THEIL)]
    schema: dict[str, type[pl.DataType]] = {"year": pl.Int64, "regions": pl.Int64} | dict.fromkeys(numbers, pl.Float64)
    measures = pl.DataFrame(rows, schema=schema).with_columns(pl.selectors.float().fill_nan(None)).sort("year")
    columns: dict[str, type[pl.DataType]] = {"year": pl.Int64, "group": pl.String, "other": pl.String}
    columns |= {"gini": pl.Float64, "affluence": pl.Float64}
    parts = (
        measures.unpivot(list(PARTS), index=["year", "gini"], variable_name="part")
        .drop_nulls("value")
        .with_columns(share=pl.when(pl.col("gini") > 0).then(pl.col("value") / pl.col("gini")))
        .select("year", "part", "value", "share")
        .sort("year", "part")
    )
    return Inequality(
        frame=measures,
        pairs=pl.DataFrame(pairs, schema=columns).sort("year", "group", "other"),
        parts=parts,
        omitted=omission_frame(out),
        kind=data.kind,
        provenance=data.provenance("inequality", value=value, group=group, weight=weight),
    )


def _one_year(
    part: pl.DataFrame, value: str, weight: str | None, group: str | None
) -> tuple[dict[str, float | None], list[dict[str, object]]]:
    """Return the measures of one year, and those of its pairs of groups."""
    values = part[value].to_numpy()
    weights = part[weight].to_numpy() if weight else None
    labels = part[group].to_list() if group else None
    t = theil(values, labels, weights)
    split: dict[str, float | None] = {"gini": gini(values, weights), **dict.fromkeys(PARTS)}
    pairs: list[dict[str, object]] = []
    if labels is not None:
        parts = dagum(values, labels, weights)
        split |= {name: getattr(parts, name) for name in PARTS}
        pairs = [
            {"group": a, "other": b, "gini": parts.between_groups[j, h], "affluence": parts.affluence[j, h]}
            for j, a in enumerate(parts.groups)
            for h, b in enumerate(parts.groups[j:], start=j)
        ]
    return split | {f"theil_{name}": getattr(t, name) for name in THEIL}, pairs
