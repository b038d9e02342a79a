"""The space of conventions: every choice with its levels, and ranks of many draws at once.

Means, TOPSIS and grey grades are linear in the weights (or in their squares) once the table is transformed, so that
thousands of draws of weights are one matrix product per year and table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.core.text import words
from xinzhi.sectors.composite.build import MEANS, grey_coefficients, ranks, weigh
from xinzhi.sectors.composite.transform import Normalisation, constant, impute, normalise, positive, treat
from xinzhi.sectors.conventions import convention

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.text import Text
    from xinzhi.sectors.composite.index import Index
    from xinzhi.sectors.composite.system import System

AXES = ("imputation", "treatment", "normalisation", "weights", "aggregation")
_AT_ONCE = 250  # draws ranked together: their scores stay in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """The levels of every choice, the index's own first, and what they make of the data."""

    levels: Mapping[str, tuple[object, ...]]
    left_out: tuple[tuple[str, str, Text], ...]
    tables: Mapping[tuple[int, int, int], FloatArray]
    base: FloatArray
    years: IntArray
    bounds: Mapping[tuple[int, int, int], tuple[FloatArray, FloatArray]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each choice."""
        return tuple(len(self.levels[name]) for name in AXES)

    def labels(self, name: str) -> list[str]:
        """Return the levels of a choice as text."""
        return [
            level.label() if isinstance(level, Normalisation) else level if isinstance(level, str) else "given"
            for level in self.levels[name]
        ]


def space(result: Index) -> Space:
    """Return the space around an index: its own convention, and the alternatives of ``conventions.yaml``."""
    own = result.convention
    if not own.pooled:
        raise UsageError("sectors.not-pooled")
    if own.aggregation == "vikor":
        raise UsageError("sectors.vikor-draws")
    left_out: list[tuple[str, str, Text]] = []
    system, rows = result.system, result.complete
    filled = _filled(result, left_out)
    treatments = _levels("treatment", own.treatment)
    scales = [own.normalisation, *(Normalisation(name) for name in convention("alternatives")["normalisation"])]
    scales = [scale for at, scale in enumerate(scales) if not at or scale.method != own.normalisation.method]
    methods: list[str | Mapping[str, float]] = [own.weights]
    methods += [name for name in convention("alternatives")["weights"] if name != own.weights]
    treated: dict[tuple[int, int], FloatArray] = {}
    for one, values in enumerate(filled.values()):
        for two, name in enumerate(treatments):
            table = np.column_stack([treat(values[rows, at], name).values for at in range(values.shape[1])])
            treated[one, two] = table
    usable = [name for two, name in enumerate(treatments) if _usable(treated, two, system, name, left_out)]
    kept = [treatments.index(name) for name in usable]
    methods = [method for method in methods if _weighable(method, treated[0, kept[0]], system, left_out)]
    tables, base = {}, np.empty((len(filled), len(usable), len(methods), len(system.codes)))
    for one in range(len(filled)):
        for two, at in enumerate(kept):
            values = treated[one, at]
            for three, scale in enumerate(scales):
                tables[one, two, three] = normalise(values, system.directions, scale, system.targets)
            for four, method in enumerate(methods):
                base[one, two, four] = weigh(method, values, system)
    levels = {
        "imputation": tuple(filled),
        "treatment": tuple(usable),
        "normalisation": tuple(scales),
        "weights": tuple(methods),
        "aggregation": tuple(_levels("aggregation", own.aggregation)),
    }
    return Space(
        levels=levels,
        left_out=tuple(left_out),
        tables=tables,
        base=base,
        years=result.table.years[result.complete],
        bounds={key: (table.min(axis=0), table.max(axis=0)) for key, table in tables.items()},
    )


def rank_draws(
    around: Space, picks: IntArray, noise: FloatArray | None, rows: IntArray, *, dtype: type = np.int32
) -> IntArray:
    """Return the ranks of the rows of one year under many draws."""
    found: IntArray = np.empty((len(picks), len(rows)), dtype=dtype)
    cells = picks[:, [0, 1, 2, 4]]
    order = np.lexsort(cells.T)
    starts = np.flatnonzero(np.any(cells[order][1:] != cells[order][:-1], axis=1)) + 1
    for group in np.split(order, starts):
        one, two, three, four = cells[group[0]].tolist()
        aggregation = str(around.levels["aggregation"][four])
        prepared = _prepare(around.tables[one, two, three][rows], around.bounds[one, two, three], aggregation)
        for start in range(0, len(group), _AT_ONCE):
            chosen = group[start : start + _AT_ONCE]
            weights = around.base[one, two, picks[chosen, 3]]
            if noise is not None:
                weights = weights * noise[chosen]
            weights = weights / weights.sum(axis=1, keepdims=True)
            found[chosen] = ranks(_scores(weights, prepared, aggregation))
    return found


def grid(around: Space) -> IntArray:
    """Return every combination of the levels, `(N, 5)`, the index's own first."""
    return np.indices(around.shape).reshape(len(AXES), -1).T


def _levels(name: str, own: str) -> list[str]:
    return [own, *(level for level in convention("alternatives")[name] if level != own)]


def _filled(result: Index, left_out: list[tuple[str, str, Text]]) -> dict[str, FloatArray]:
    """Return the imputations that complete every row of the index."""
    own = result.convention.imputation
    found = {own: result.filled}
    if np.isfinite(result.table.values[result.complete]).all():
        return found
    for name in convention("alternatives")["imputation"]:
        if name == own:
            continue
        values = impute(result.table.values, result.table.keys, name)
        if np.isfinite(values[result.complete]).all():
            found[name] = values
        else:
            left_out.append(("imputation", name, words("sectors.reason.gaps_left")))
    return found


def _usable(
    treated: Mapping[tuple[int, int], FloatArray],
    at: int,
    system: System,
    name: str,
    left_out: list[tuple[str, str, Text]],
) -> bool:
    """Return whether a treatment leaves every indicator with more than one value."""
    flat = {
        system.codes[column] for (_, two), table in treated.items() if two == at for column in constant(table).tolist()
    }
    if flat:
        left_out.append(("treatment", name, words("sectors.reason.made_constant", names=sorted(flat))))
    return not flat


def _weighable(
    name: str | Mapping[str, float], values: FloatArray, system: System, left_out: list[tuple[str, str, Text]]
) -> bool:
    try:
        weigh(name, values, system)
    except UsageError as error:
        left_out.append(("weights", str(name), error.text))
        return False
    return True


def _prepare(part: FloatArray, bounds: tuple[FloatArray, FloatArray], aggregation: str) -> tuple[FloatArray, ...]:
    """Return the transposed tables that weights multiply; bounds are those of all years."""
    low, high = bounds
    if aggregation == "topsis":
        return ((part - high) ** 2).T.copy(), ((part - low) ** 2).T.copy()
    if aggregation == "grey":
        return (grey_coefficients(part, high, float((high - low).max())).T.copy(),)
    if aggregation in MEANS[1:]:
        if low.min() <= 0:
            part = positive(part, (float(low.min()), float(high.max())))
        part = np.log(part) if aggregation == "geometric" else -1 / part
    return (part.T.copy(),)


def _scores(weights: FloatArray, prepared: tuple[FloatArray, ...], aggregation: str) -> FloatArray:
    """Return `(d, r)` numbers that order the rows as the index does."""
    if aggregation != "topsis":
        return np.asarray(weights @ prepared[0])
    squares = weights**2
    to_best, to_worst = (np.sqrt(squares @ part) for part in prepared)
    total = to_best + to_worst
    return np.asarray(np.divide(to_worst, total, out=np.full_like(total, 0.5), where=total > 0))
