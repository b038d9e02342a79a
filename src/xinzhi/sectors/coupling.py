"""Coupling, coordination and obstacle degrees: do systems stand at one level, at a high one, what is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import Column, describe
from xinzhi.core.text import Text, same
from xinzhi.sectors.conventions import setting, text
from xinzhi.sectors.figures import KEYS, missing_reasons, read

Form = Literal["standard", "corrected"]
_TWO = 2


def check_weights(names: Sequence[str], weights: Mapping[str, float] | None) -> FloatArray:
    """Return the weights of the systems, adding up to 1; equal ones where none are given."""
    if weights is None:
        return np.full(len(names), 1 / len(names))
    if set(weights) != set(names):
        raise UsageError("sectors.weights-for-others", names=list(names), given=list(weights))
    values = np.array([float(weights[name]) for name in names])
    if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise UsageError("sectors.weights-negative", weights=dict(weights))
    return np.asarray(values / values.sum())


def coupling_degree(levels: FloatArray, *, form: Form = "corrected") -> FloatArray:
    """Return the coupling degree C of several systems: 1 where all levels are equal.

    Standard: geometric over arithmetic mean. Corrected (Wang et al. 2021): the root of one less the mean absolute
    difference of all pairs, times the geometric mean of the ratios of the others to the highest level.
    """
    if form not in get_args(Form):
        raise UsageError("sectors.unknown-form", form=form, forms=list(get_args(Form)))
    levels = np.asarray(levels, dtype=np.float64)
    count = levels.shape[-1]
    if count < _TWO:
        raise UsageError("sectors.one-system")
    if np.any(levels < 0) or np.any(levels > 1):
        raise InputError("sectors.level-outside", level=levels[(levels < 0) | (levels > 1)][0])
    highest = levels.max(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = levels / np.where(highest > 0, highest, np.nan)
        if form == "standard":
            # relative to the highest: no product of many small levels can underflow to zero
            degree = np.exp(np.log(ratio).mean(axis=-1)) / ratio.mean(axis=-1)
        else:
            rank = np.sort(levels, axis=-1)
            # sum of |U_i - U_j| over all pairs, from the order statistics
            spread = (rank * (2 * np.arange(1, count + 1) - count - 1)).sum(axis=-1) / (count * (count - 1) / 2)
            degree = np.sqrt(np.clip(1 - spread, 0, 1) * np.exp(np.log(ratio).sum(axis=-1) / (count - 1)))
    equal = (levels == highest).all(axis=-1) & (highest[..., 0] > 0)
    return np.where(equal, 1.0, np.clip(degree, 0.0, 1.0))


def coordination_degree(coupling: FloatArray, development: FloatArray) -> FloatArray:
    """Return the coordination degree D, the root of coupling times development; 0 where nothing is developed."""
    return np.where(development == 0, 0.0, np.sqrt(coupling * development))


def grade(degree: FloatArray) -> list[Text | None]:
    """Return the class of each coordination degree, ten equal ones of [0, 1]; None where it is NaN."""
    classes = setting("coupling.grades.classes")
    position = np.searchsorted(np.array([item["upper"] for item in classes]), np.asarray(degree) - 1e-12)
    words = [Text(zh=item["zh"], en=item["en"]) for item in classes]
    return [None if np.isnan(value) else words[place] for value, place in zip(degree, position, strict=True)]


def relative_levels(levels: FloatArray) -> FloatArray:
    """Return every level relative to the mean of the systems `(..., n)`: below 1 where a system lags."""
    mean = levels.mean(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative: FloatArray = levels / np.where(mean > 0, mean, np.nan)
    return relative


def lagging(levels: FloatArray, names: Sequence[str]) -> list[str | None]:
    """Return the lowest system of every row `(m, n)`, equal ones joined with ``;``; None where all are equal."""
    lowest = levels.min(axis=-1, keepdims=True)
    out: list[str | None] = []
    for row, low, high in zip(levels, lowest[..., 0], levels.max(axis=-1), strict=True):
        comparable = bool(np.isfinite(row).all() and high > low)
        out.append(
            ";".join(name for name, value in zip(names, row, strict=True) if value == low) if comparable else None
        )
    return out


@dataclass(frozen=True, repr=False, kw_only=True)
class Coupling(Result, verb="coupling", topic="sectors", key=KEYS):
    """Coupling and coordination of several `systems`, by both forms; `weights` are theirs in the development T."""

    omitted: pl.DataFrame
    systems: tuple[str, ...]
    weights: tuple[float, ...]

    def columns(self, frame: str = "frame") -> list[Column]:
        """Return the descriptions of the columns of a frame; the level of a system is called as the system is."""
        return [
            Column(name=name, title=same(name), kind="level")
            if name in self.systems
            else describe(self.verb, name, frame)
            for name in getattr(self, frame).columns
        ]

    def facts(self) -> Facts:
        """Return the span of both degrees in the last year, and how they differ by form."""
        last = self.frame.filter(pl.col("year") == pl.col("year").max()).drop_nulls("coordination_corrected")
        if not last.height:
            return {"answer.no_rows": {}}
        forms = []
        for form in get_args(Form):
            coupling_values = last[f"coupling_{form}"].drop_nulls().to_numpy()
            mean = float(last[f"coordination_{form}"].to_numpy().mean())
            ends = {"low": float(coupling_values.min()), "high": float(coupling_values.max()), "mean": mean}
            forms.append({"form": text(f"coupling.forms.{form}"), **ends})
        return {"answer.coupling": {"year": last["year"][0], "regions": last.height}, "answer.coupling_form": forms}


def coupling(source: object, systems: Sequence[str], *, weights: Mapping[str, float] | None = None) -> Coupling:
    """Return coupling and coordination of several systems by region and year, in the standard and the corrected form.

    Parameters
    ----------
    source, systems
        A frame with ``region, year`` and the levels of two or more systems in [0, 1], or a package that has them; their
        columns.
    weights
        Weights of the systems in the development T; equal by default.

    Notes
    -----
    Wang et al. (2021), Journal of Natural Resources 36(3), 793-810: both forms; D is the root of C times T in either.

    Examples
    --------
    >>> frame = pl.DataFrame({"region": ["a", "b"], "year": [2020, 2020], "economy": [0.4, 0.9], "green": [0.4, 0.1]})
    >>> found = coupling(frame, ["economy", "green"]).frame
    >>> found.select("region", pl.col("coupling_standard", "coupling_corrected").round(3)).rows()
    [('a', 1.0, 1.0), ('b', 0.6, 0.149)]
    """
    share = check_weights(systems, weights)
    figures = read(source, list(systems), verb="coupling")
    levels = figures.frame.select(systems).to_numpy()
    columns = degrees(levels, share, tuple(systems))
    frame = pl.concat([figures.frame, pl.DataFrame(columns)], how="horizontal")
    return Coupling(
        frame=frame,
        omitted=missing_reasons(figures.frame, list(systems)),
        systems=tuple(systems),
        weights=tuple(share.tolist()),
        kind=figures.kind,
        provenance=figures.provenance("coupling", systems=list(systems), weights=share.tolist()),
    )


def degrees(levels: FloatArray, weights: FloatArray, names: tuple[str, ...]) -> dict[str, pl.Series]:
    """Return T, C, D, grades and the lagging system of every row of levels `(m, n)` as columns."""
    development = levels @ weights
    columns: dict[str, pl.Series] = {"development": pl.Series(development)}
    for form in get_args(Form):
        coupling_values = coupling_degree(levels, form=form)
        degree = coordination_degree(coupling_values, development)
        classes = grade(degree)
        columns[f"coupling_{form}"] = pl.Series(coupling_values)
        columns[f"coordination_{form}"] = pl.Series(degree)
        columns[f"grade_{form}_zh"] = pl.Series([item and item.zh for item in classes], dtype=pl.String)
        columns[f"grade_{form}_en"] = pl.Series([item and item.en for item in classes], dtype=pl.String)
    columns["lagging"] = pl.Series(lagging(levels, names), dtype=pl.String)
    columns["relative"] = pl.Series(relative_levels(levels).min(axis=-1))
    return {
        name: column.fill_nan(None).alias(name) if column.dtype == pl.Float64 else column.alias(name)
        for name, column in columns.items()
    }


ITEM = "indicator"


def obstacle_degree(levels: FloatArray, weights: FloatArray) -> FloatArray:
    """Return O_j = w_j (1 - x_j) / sum_k w_k (1 - x_k), the share of every indicator; NaN where all levels are 1."""
    levels = np.asarray(levels, dtype=np.float64)
    if np.any(levels < 0) or np.any(levels > 1):
        raise InputError("sectors.level-outside", level=levels[(levels < 0) | (levels > 1)][0])
    distance = weights * (1 - levels)
    total = distance.sum(axis=-1, keepdims=True)
    return np.asarray(distance / np.where(total > 0, total, np.nan))


def obstacle_frame(levels: pl.DataFrame, names: tuple[str, ...], weights: FloatArray) -> pl.DataFrame:
    """Return the obstacle degrees of levels by region and year, one row an indicator."""
    degree = obstacle_degree(levels.select(names).to_numpy(), weights)
    tall = levels.unpivot(list(names), index=list(KEYS), variable_name=ITEM, value_name="level")
    # one indicator after the other, as the arrays are laid out by columns
    columns = {"weight": np.repeat(weights, levels.height), "obstacle": degree.T.ravel()}
    rank = pl.col("obstacle").rank("min", descending=True).over(KEYS).cast(pl.Int64)
    return (
        tall.hstack(pl.DataFrame(columns))
        .with_columns(pl.col("obstacle").fill_nan(None), deviation=1 - pl.col("level"))
        .with_columns(rank=rank)
        .select(*KEYS, ITEM, "level", "weight", "deviation", "obstacle", "rank")
        .sort(*KEYS, "rank", ITEM, nulls_last=True)
    )
