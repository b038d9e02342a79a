"""Markov chains: how likely a region rises or falls in the ranking, and whether its neighbours matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.markov_chains import (
    Homogeneity,
    classify,
    homogeneity,
    moves,
    probabilities,
    quantile_bounds,
    steady_state,
    transition_table,
    yearly_means,
)
from xinzhi.core.result import Facts, Result
from xinzhi.core.spatial import neighbour_means
from xinzhi.sectors.conventions import series_text, setting
from xinzhi.sectors.figures import KEYS, figures, grid, omitted, reason
from xinzhi.sectors.moran import Islands, spatial_weights

Bounds = Literal["pooled", "yearly"]
_TWO = 2


@dataclass(frozen=True, repr=False, kw_only=True)
class MarkovChain(Result, verb="markov", topic="sectors", key=("neighbours", "origin", "destination")):
    """Transitions between classes, 1 being the lowest.

    `frame` counts them by the class of the neighbours (0 = whatever it is); `steady` has the long-run distributions
    that are unique, `classes` the class of every region and year, `bounds` the upper bounds of all classes but the
    last, empty where they move with the year. `homogeneity` tests that the class of the neighbours does not matter.
    """

    steady: pl.DataFrame
    classes: pl.DataFrame
    bounds: tuple[float, ...]
    homogeneity: Homogeneity | None
    omitted: pl.DataFrame

    def facts(self) -> Facts:
        """Return how often regions stay, rise and fall, and whether neighbours matter."""
        plain = self.frame.filter(neighbours=0)
        total = float(plain["count"].to_numpy().sum())
        moves = {
            "stay": pl.col("origin") == pl.col("destination"),
            "rise": pl.col("destination") > pl.col("origin"),
            "fall": pl.col("destination") < pl.col("origin"),
        }
        share = {name: float(plain.filter(rule)["count"].to_numpy().sum()) / total for name, rule in moves.items()}
        value = series_text(str(self.provenance.options["value"]), self.names)
        facts: Facts = {"answer.transitions": {"value": value, "total": total, **share}}
        if self.homogeneity is not None:
            test = self.homogeneity
            key = "answer.matter" if test.p < setting("significance.value") else "answer.no_matter"
            facts[key] = {"statistic": test.statistic, "degrees": test.degrees, "p": test.p}
        return facts


def markov(
    frame: object,
    value: str,
    *,
    classes: int | None = None,
    bounds: Bounds | Sequence[float] = "pooled",
    relative: bool = True,
    neighbours: Mapping[str, Sequence[str]] | None = None,
    islands: Islands = "refuse",
) -> MarkovChain:
    """Return how regions move between classes from one year to the next; with neighbours, by the class of those too.

    Parameters
    ----------
    frame, value
        A frame with ``region, year`` and the figure, and the figure's column.
    classes
        Number of classes (quantiles); 4 by default.
    bounds
        ``pooled``: quantiles of all years together; ``yearly``: of each year; or the upper bounds of all classes but
        the last.
    relative
        Divide by the mean of the regions in the year first, so that common growth moves nobody.
    neighbours
        Region and those it borders on (`contiguity()`): asks for the spatial chain, conditioned on the class of the
        mean of the neighbours in the first of the two years.
    islands
        ``refuse`` or ``drop``, for the spatial chain.

    Notes
    -----
    Quah (1993), European Economic Review 37; Rey (2001), Geographical Analysis 33, for the spatial chain. A transition
    needs the region in both of two successive years: gaps are left out, not bridged.

    Examples
    --------
    >>> data = pl.DataFrame({"region": list("aabb"), "year": [1, 2, 1, 2], "y": [1.0, 1.0, 3.0, 3.0]})
    >>> markov(data, "y", classes=2).frame.select("origin", "destination", "count").rows()
    [(1, 1, 1.0), (1, 2, 0.0), (2, 1, 0.0), (2, 2, 1.0)]
    """
    given = None if isinstance(bounds, str) else [float(bound) for bound in bounds]
    number = len(given) + 1 if given is not None else int(classes or setting("markov.classes"))
    if number < _TWO or (given is not None and any(np.diff(given) <= 0)):
        raise UsageError("sectors.markov-classes")
    data = figures(frame, [value], verb="markov")
    table = data.frame
    regions, years, cells = grid(table, value)
    cells = _relative(cells, years) if relative else cells
    cuts = _cuts(cells, number, given if given is not None else str(bounds), value)
    place = classify(cells, cuts)
    counts = [moves(place, number)]
    if not counts[0].sum():
        raise InputError("sectors.no-transition", value=value)
    test = None
    if neighbours is not None:
        lag = _lags(cells, regions, neighbours, islands)
        around = classify(lag, cuts)
        spatial = [moves(place, number, around == state) for state in range(number)]
        counts += spatial
        test = homogeneity(np.stack(spatial))
    missing = table.filter(pl.col(value).is_null()).select(KEYS).iter_rows()
    row, column = np.nonzero(place >= 0)
    return MarkovChain(
        frame=pl.DataFrame(transition_table(counts)).with_columns(pl.col("probability").fill_nan(None)),
        steady=_steady(counts, number),
        classes=pl.DataFrame(
            {
                "region": pl.Series(regions, dtype=pl.String).gather(row),
                "year": np.array(years)[column],
                "value": cells[row, column],
                "class": place[row, column] + 1,
            }
        ),
        bounds=tuple(cuts.tolist()) if cuts.ndim == 1 else (),
        homogeneity=test,
        omitted=omitted(missing, reason("no_value")),
        kind=data.kind,
        provenance=data.provenance("markov", value=value, classes=number, bounds=given or bounds, relative=relative),
    )


def _relative(cells: FloatArray, years: Sequence[int]) -> FloatArray:
    """Return values over the mean of their year."""
    mean = yearly_means(cells)
    if (mean <= 0).any():
        raise InputError("sectors.mean-not-positive", year=years[int(np.flatnonzero(mean <= 0)[0])])
    return np.asarray(cells / mean)


def _cuts(cells: FloatArray, number: int, bounds: str | list[float], value: str) -> FloatArray:
    """Return the upper bounds of the classes `(k - 1,)`, or `(T, k - 1)` where they move with the year."""
    if isinstance(bounds, list):
        return np.array(bounds)
    if bounds not in {"pooled", "yearly"}:
        raise UsageError("sectors.markov-bounds", bounds=bounds)
    cuts = quantile_bounds(cells, number, yearly=bounds == "yearly")
    if bounds == "pooled" and (np.diff(cuts) <= 0).any():
        raise InputError("sectors.equal-values", value=value, classes=number)
    return cuts


def _lags(
    cells: FloatArray, regions: tuple[str, ...], neighbours: Mapping[str, Sequence[str]], islands: Islands
) -> FloatArray:
    """Return the mean of the neighbours that have a value in each year; NaN for islands."""
    weights = spatial_weights(neighbours, regions, islands=islands)
    place = {name: row for row, name in enumerate(regions)}
    kept = [place[name] for name in weights.regions]
    out = np.full(cells.shape, np.nan)
    out[kept] = neighbour_means(weights.matrix, cells[kept])
    return out


def _steady(counts: list[FloatArray], number: int) -> pl.DataFrame:
    """Return the long-run distributions that exist and are unique."""
    schema = {"neighbours": pl.Int64, "class": pl.Int64, "probability": pl.Float64}
    rows = [
        (condition, state + 1, float(limit[state]))
        for condition, matrix in enumerate(counts)
        if (limit := steady_state(probabilities(matrix))) is not None
        for state in range(number)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
