"""The verb `transitions`: how units move between classes, how mobile the ranking is, whether neighbours matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.markov_chains import (
    Homogeneity,
    Mobility,
    classify,
    first_passage_times,
    homogeneity,
    mobility_indices,
    moves,
    probabilities,
    quantile_bounds,
    sojourn_times,
    steady_state,
    transition_table,
    yearly_means,
)
from xinzhi.core.result import Facts, Result
from xinzhi.core.spatial import neighbour_means
from xinzhi.data import provenance
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.convergence.beta_convergence import weights_matrix
from xinzhi.pathways.convergence.unit_years import UnitYears, read_unit_years

Bounds = Literal["yearly", "pooled"]
_TWO = 2


@dataclass(frozen=True, repr=False, kw_only=True)
class Transitions(Result, verb="transitions", topic="pathways", key=("neighbours", "origin", "destination")):
    """How units move between classes: counts and probabilities, by the class of the neighbours' mean (0: any).

    `classes` has the class of every unit in every year; `table` a row for each class: share in the long run, mean stay
    and mean time of return, in periods. `indices` are of the plain chain, None where a class was never left; `passage`
    `(k, k)` are mean periods from each class to each other, None without one long run; `homogeneity` tests that the
    class of the neighbours does not matter. `bounds` and `lag_bounds` are upper bounds of all classes but the last
    (pooled or given), empty where they move with the year.
    """

    classes: pl.DataFrame
    table: pl.DataFrame
    indices: Mobility | None
    passage: FloatArray | None
    homogeneity: Homogeneity | None
    bounds: tuple[float, ...]
    lag_bounds: tuple[float, ...]

    def facts(self) -> Facts:
        """Return how many stay, how mobile the chain is, and whether neighbours matter."""
        plain = self.frame.filter(neighbours=0)
        total = float(plain["count"].sum())
        stay = float(plain.filter(pl.col("origin") == pl.col("destination"))["count"].sum())
        found: Facts = {"summary.transitions": {"n": f"{total:.0f}", "stay": stay / total}}
        if self.indices is not None:
            found["summary.mobility"] = {"prais": self.indices.prais, "second": self.indices.second_eigenvalue}
        if self.homogeneity is not None:
            test = self.homogeneity
            matters = test.p < setting("inference.level")
            found["summary.neighbours"] = {
                "lr": test.statistic, "df": test.degrees, "p": test.p, "matters": matters
            }  # fmt: skip
        return found


def transitions(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    classes: int = setting("dynamics.classes"),
    bounds: Bounds | Sequence[float] = "yearly",
    neighbours: Mapping[str, Sequence[str]] | None = None,
) -> Transitions:
    """Count how units move between classes from one year to the next; with neighbours, by the class of those too.

    Parameters
    ----------
    frame
        One row per unit and year; a transition needs the unit in two successive years of the frame, and gaps are not
        bridged.
    unit, time, value
        Names of its columns.
    classes
        Number of classes (quantiles).
    bounds
        ``yearly``: quantiles of each year, so that moves are moves in the ranking; ``pooled``: quantiles of all values
        over the mean of their year; or upper bounds of all classes but the last, of values over the mean of their year.
    neighbours
        Unit and those it borders on: asks for the spatial chain, by the class of the neighbours' mean.

    Notes
    -----
    Quah (1993), European Economic Review 37; Rey (2001), Geographical Analysis 33. The spatial chain needs bounds that
    hold for all years, so that ``yearly`` ones become those of all years together for it.

    Examples
    --------
    >>> rows = [("a", 1, 1.0), ("a", 2, 4.0), ("b", 1, 2.0), ("b", 2, 2.0), ("c", 1, 3.0), ("c", 2, 3.0)]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> found = transitions(data, unit="unit", time="year", value="income", classes=3)
    >>> found.frame.filter(pl.col("count") > 0).select("origin", "destination").rows()
    [(1, 3), (2, 1), (3, 2)]
    """
    panel = read_unit_years(frame, unit=unit, time=time, value=value, verb="transitions")
    given = None if isinstance(bounds, str) else [float(item) for item in bounds]
    number = len(given) + 1 if given is not None else classes
    if number < _TWO or (given is not None and any(np.diff(given) <= 0)):
        raise UsageError("pathways.classes")
    if isinstance(bounds, str) and bounds not in {"yearly", "pooled"}:
        raise UsageError(
            "pathways.unknown-option",
            option="bounds",
            value=bounds,
            choices=["yearly", "pooled", "a list of upper bounds"],
        )
    relative = _relative(panel)
    fixed = _pooled(relative, number, value) if given is None else np.array(given)
    yearly = bounds == "yearly"
    own_bounds = quantile_bounds(panel.values, number, yearly=True) if yearly else fixed
    place = classify(panel.values if yearly else relative, own_bounds)
    counts = [moves(place, number)]
    if not counts[0].sum():
        raise InputError("pathways.no-moves", column=value)
    test, around, lag_cuts = None, None, ()
    if neighbours is not None:
        lag = neighbour_means(weights_matrix(neighbours, panel.units), relative)
        cuts = _pooled(lag, number, f"mean {value} of the neighbours")
        around, lag_cuts, own = classify(lag, cuts), tuple(cuts.tolist()), classify(relative, fixed)
        spatial = [moves(own, number, around == state) for state in range(number)]
        counts = [counts[0], *spatial]
        test = homogeneity(np.stack(spatial))
    chain = probabilities(counts[0])
    known = bool(np.isfinite(chain).all())
    return Transitions(
        frame=pl.DataFrame(transition_table(counts)).with_columns(pl.col("probability").fill_nan(None)),
        classes=_classes_frame(panel, place, around),
        table=_class_table(chain, number),
        indices=mobility_indices(chain) if known else None,
        passage=first_passage_times(chain) if known else None,
        homogeneity=test,
        bounds=() if yearly else tuple(fixed.tolist()),
        lag_bounds=lag_cuts,
        kind=panel.kind,
        provenance=provenance(
            "transitions", panel, value=value, classes=number, bounds=given or bounds, spatial=neighbours is not None
        ),
    )


def _relative(panel: UnitYears) -> FloatArray:
    """Return values over the mean of their year."""
    mean = yearly_means(panel.values)
    if (mean <= 0).any():
        raise InputError("pathways.mean-positive", year=panel.years[int(np.flatnonzero(mean <= 0)[0])])
    return np.asarray(panel.values / mean)


def _pooled(values: FloatArray, number: int, value: str) -> FloatArray:
    """Return the quantiles of all known values together `(k - 1,)`."""
    cuts = quantile_bounds(values, number)
    if (np.diff(cuts) <= 0).any():
        raise InputError("pathways.equal-values", column=value, n=number)
    return cuts


def _classes_frame(panel: UnitYears, place: IntArray, around: IntArray | None) -> pl.DataFrame:
    row, column = np.nonzero(place >= 0)
    frame = pl.DataFrame(
        {
            "unit": pl.Series([panel.units[item] for item in row.tolist()], dtype=pl.String),
            "year": panel.years[column],
            "class": place[row, column] + 1,
            "neighbours": np.zeros(len(row), dtype=np.int64) if around is None else around[row, column] + 1,
        }
    )
    return frame.with_columns(pl.when(pl.col("neighbours") > 0).then("neighbours"))


def _class_table(chain: FloatArray, number: int) -> pl.DataFrame:
    """Return the long run of every class; empty where there is none, or where the stay has no end."""
    limit = steady_state(chain)
    empty = np.full(number, np.nan)
    share = empty if limit is None else limit
    return pl.DataFrame(
        {
            "class": np.arange(1, number + 1),
            "long_run": share,
            "sojourn": sojourn_times(chain),
            "return": 1 / np.where(share > 0, share, np.nan),
        }
    ).with_columns(pl.col("long_run", "sojourn", "return").replace(float("inf"), None).fill_nan(None))
