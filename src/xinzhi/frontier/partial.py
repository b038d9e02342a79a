"""Partial frontiers: order-m and order-alpha, which outliers cannot move far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.frontier.models.sweep import Reference, validate_and_scale
from xinzhi.frontier.reading import read_data
from xinzhi.frontier.technology.technology import choose
from xinzhi.frontier.unit_names import Labelled, null_for_nan

ORIENTATIONS = ("input", "output", "hyperbolic")
_ROUNDING = 1e-9  # of (1 - alpha) N when it is whole


@dataclass(frozen=True, repr=False, kw_only=True)
class Partial(Labelled, verb="partial", key=("unit",)):
    """Scores against a partial frontier, ``order-m`` or ``order-alpha``, by unit; `parameter` is m or alpha."""

    frontier: str
    parameter: float
    orientation: str

    @cached_property
    def shares(self) -> pl.DataFrame:
        """The frame with ``share`` of the frontier that a unit reaches, best first."""
        share = 1 / pl.col("score") if self.orientation == "output" else pl.col("score")
        return self.frame.with_columns(share=share).sort("share", "unit", descending=[True, False], nulls_last=True)

    @property
    def reading(self) -> str:
        """How a share reads: of inputs, of outputs, or as an index."""
        return "index" if self.orientation == "hyperbolic" else self.orientation

    def answer(self) -> Iterator[Fact]:
        """Yield how many units lie beyond the partial frontier, and which."""
        rows = self.shares.drop_nulls("share")
        beyond = rows.filter(rows["share"] > 1 + _ROUNDING)["unit"].to_list()
        name = words.frontier.chart_order_m() if self.frontier == "order-m" else words.frontier.chart_order_alpha()
        yield words.frontier.headline_partial(
            name=name,
            parameter=f"{self.parameter:g}",
            k=len(beyond),
            n=rows.height,
            what=self.what(self.frame["unit"]),
        )
        if beyond:
            yield words.frontier.answer_beyond(names=[self.names.region(unit) for unit in beyond])


def order_m(
    x: AnyArray,
    y: AnyArray,
    *,
    m: int,
    orientation: str = "input",
    reference: Reference | None = None,
    draws: int = 0,
    seed: int | None = None,
    units: str | Sequence[object] | None = None,
) -> Partial:
    """Score units against the expected best of m units drawn from those that dominate them.

    Parameters
    ----------
    x, y
        Positive inputs `(n, p)` and outputs `(n, q)`, at least zero.
    m
        The order. As m grows the score tends to that of the free disposal hull.
    orientation
        ``input`` (units with at least as much output), ``output`` (units with at most as much input; scores below 1
        lie beyond the frontier) or ``hyperbolic`` (all units).
    draws, seed
        0 for the exact expectation; otherwise the number of Monte-Carlo draws, and `seed` must be given.
    reference, units
        Another reference set; names of the units, or of the column that holds them.

    Returns
    -------
    Partial
        `error` is the standard error of the Monte-Carlo mean, 0 for the exact formula; `dominating` counts the units
        that the draws come from; status ``infeasible`` where there is none.

    Notes
    -----
    Cazals, Florens and Simar (2002), J. Econometrics 106, 1-25. With v(1) <= ... <= v(N) the radial distances to the N
    dominating units, the expected least of m draws with replacement is the sum over k of
    v(k) [((N - k + 1) / N)^m - ((N - k) / N)^m], so no simulation is needed. Hyperbolic: Wheelock and Wilson (2008).

    Examples
    --------
    >>> import numpy as np
    >>> order_m(np.array([1.0, 2.0]), np.ones(2), m=2).frame["score"].to_list()
    [1.25, 0.625]
    """
    if m < 1 or int(m) != m:
        raise UsageError("frontier.order-m", m=m)
    if draws < 0:
        raise UsageError("frontier.order-m-draws", draws=draws)
    if draws and seed is None:
        raise UsageError("frontier.order-m-seed")
    rng = np.random.default_rng(seed)

    def score(values: FloatArray) -> tuple[float, float]:
        if draws:
            best = values[rng.integers(0, len(values), (draws, int(m)))].min(axis=1)
            with np.errstate(divide="ignore"):
                best = 1 / best if orientation == "output" else best
            return float(best.mean()), float(best.std(ddof=1) / np.sqrt(draws)) if draws > 1 else np.nan
        ranked = np.sort(values)
        remaining = np.arange(len(ranked), -1, -1) / len(ranked)
        return float((1 / ranked if orientation == "output" else ranked) @ -np.diff(remaining**m)), 0.0

    options = {"m": int(m), "orientation": orientation, "draws": draws, "seed": seed}
    return _scored("order-m", float(m), (x, y, units), reference, score, options, orientation=orientation)


def order_alpha(
    x: AnyArray,
    y: AnyArray,
    *,
    alpha: float,
    orientation: str = "input",
    reference: Reference | None = None,
    units: str | Sequence[object] | None = None,
) -> Partial:
    """Score units against the frontier that a share 1 - alpha of the dominating units lies beyond.

    Parameters
    ----------
    x, y, orientation, reference, units
        As in `order_m`.
    alpha
        The order in (0, 1]; 1 is the free disposal hull.

    Returns
    -------
    Partial
        As of `order_m`; the figures are exact.

    Notes
    -----
    Aragon, Daouia and Thomas-Agnan (2005), Econometric Theory 21, 358-389; Daouia and Simar (2007), J. Econometrics
    140, 375-400: by the definition, the least distance that a share above 1 - alpha of the N dominating units does not
    exceed: the one with number floor((1 - alpha) N) + 1, counted from the best.

    Examples
    --------
    >>> import numpy as np
    >>> order_alpha(np.array([1.0, 2.0, 4.0]), np.ones(3), alpha=0.6).frame["score"].to_list()
    [2.0, 1.0, 0.5]
    """
    if not 0 < alpha <= 1:
        raise UsageError("frontier.order-alpha", alpha=alpha)

    def score(values: FloatArray) -> tuple[float, float]:
        best = np.sort(values)[int((1 - alpha) * len(values) + _ROUNDING)]
        return float(1 / best if orientation == "output" else best), 0.0

    options = {"alpha": alpha, "orientation": orientation}
    return _scored("order-alpha", alpha, (x, y, units), reference, score, options, orientation=orientation)


def _scored(
    frontier: str,
    parameter: float,
    tables: tuple[AnyArray, AnyArray, str | Sequence[object] | None],
    reference: Reference | None,
    score: Callable[[FloatArray], tuple[float, float]],
    options: Mapping[str, object],
    *,
    orientation: str,
) -> Partial:
    """Score every unit by its radial distances to the reference units that count, of which lower ones are better."""
    choose("orientation", orientation, ORIENTATIONS)
    source = read_data(tables[0], tables[1], None, tables[2])
    data = validate_and_scale(source.goods.x, source.goods.y, reference=reference, positive=("x",))
    rows = []
    for x, y in zip(data.x, data.y, strict=True):
        mask = np.ones(len(data.xr), dtype=bool)
        if orientation == "input":
            mask = (data.yr >= y).all(axis=1)
        elif orientation == "output":
            mask = (data.xr <= x).all(axis=1)
        inward = (data.xr[mask] / x).max(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            outward = np.where(y > 0, y / data.yr[mask], 0.0).max(axis=1)
        values = {"input": inward, "output": outward}.get(orientation, np.maximum(inward, outward))
        count = len(values)
        rows.append((*(score(values) if count else (np.nan, np.nan)), count, "optimal" if count else "infeasible"))
    columns = dict(zip(("score", "error", "dominating", "status"), zip(*rows, strict=True), strict=True))
    return Partial(
        frame=null_for_nan({"unit": source.units, **columns}),
        frontier=frontier,
        parameter=parameter,
        orientation=orientation,
        kind=source.kind,
        provenance=provenance(frontier, source.digests(), (), **options),
    )
