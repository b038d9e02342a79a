"""Returns to scale: tests of the whole technology, and the class of every unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.result import Facts
from xinzhi.core.text import words
from xinzhi.data import provenance
from xinzhi.frontier.bootstrap import choose_width, in_blocks, smooth_draws, smoothed_distances, unit_distances
from xinzhi.frontier.labelled import Labelled, rts_text, setting
from xinzhi.frontier.models.sweep import Units, checked
from xinzhi.frontier.reading import Table, read_data
from xinzhi.frontier.technology.technology import choose

STATISTICS = ("ratio-of-means", "mean-of-ratios")
_SAME = 1e-8  # two scores of one unit that differ by less are the same


@dataclass(frozen=True, repr=False, kw_only=True)
class ReturnsTest(Labelled, verb="returns_test", key=("null",)):
    """Tests of returns to scale, a row for each null hypothesis.

    `units` has a row for each unit: Farrell scores, scale efficiency (crs over vrs), and the returns ``constant``,
    ``increasing`` or ``decreasing`` where it, or its projection, stands.
    """

    units: pl.DataFrame
    level: float
    orientation: str
    seed: int

    @property
    def verdict(self) -> str:
        """Return ``crs``, ``nirs`` or ``vrs``: the narrowest technology that the tests do not reject."""
        rows = {row["null"]: row["p"] for row in self.frame.iter_rows(named=True)}
        if rows["crs"] >= self.level:
            return "crs"
        return "nirs" if rows["nirs"] >= self.level else "vrs"

    def facts(self) -> Facts:
        """Return the verdict with its p values, and where the units stand."""
        p = {row["null"]: row["p"] for row in self.frame.iter_rows(named=True)}
        counts = self.units["returns"].drop_nulls().value_counts(sort=True).rows()
        parts = [
            words("frontier.chart.count", name=words(f"frontier.status.returns_{name}"), k=k) for name, k in counts
        ]
        return {
            "headline.returns": {"verdict": rts_text(self.verdict), "level": f"{100 * self.level:g}", **p},
            "answer.returns": {"parts": parts},
        }


def returns_test(  # noqa: PLR0913 - data, the test, and how to draw
    x: Table,
    y: Table,
    *,
    orientation: str = "input",
    statistic: str = "ratio-of-means",
    replications: int = setting("replications"),
    seed: int = 0,
    level: float = setting("test_level"),
    bandwidth: str | float = "normal-reference",
    units: str | Sequence[Any] | None = None,
    n_jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> ReturnsTest:
    """Test constant, and then non-increasing, against variable returns to scale.

    Parameters
    ----------
    x, y
        Inputs `(n, p)` and outputs `(n, q)`.
    orientation
        ``input`` or ``output``.
    statistic
        ``ratio-of-means``: the sum of efficiencies under the null over that under variable returns;
        ``mean-of-ratios``: the mean of their ratios. Small values speak against the null.
    replications, seed, level
        Number of draws, their seed, level of the test.
    bandwidth, units, n_jobs, progress
        As in `bootstrap`.

    Returns
    -------
    ReturnsTest
        Both tests (read the second only when the first rejects), and the class of every unit.

    Notes
    -----
    Simar and Wilson (2002), EJOR 139, 115-132, their first and fourth statistics: samples are drawn by the smoothed
    bootstrap around the frontier of the null, and both frontiers are estimated on each. The p value is
    (1 + draws at or below the statistic) / (1 + draws).

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.array([2.0, 4.0, 3.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> found = returns_test(x, y, replications=100, seed=1)
    >>> round(found.frame["statistic"][0], 6)
    0.802947
    """
    choose("orientation", orientation, ("input", "output"))
    choose("statistic", statistic, STATISTICS)
    given = read_data(x, y, None, units)
    data = checked(given.goods.x, given.goods.y, positive=("x",) if orientation == "input" else ("x", "y"))
    distances = {rts: unit_distances(data, rts, orientation) for rts in ("crs", "nirs", "vrs")}
    rows = []
    for turn, null in enumerate(("crs", "nirs")):
        h = choose_width(distances[null], bandwidth)
        task = partial(_block, data, null, orientation, distances[null], h, statistic)
        drawn = np.concatenate(in_blocks(task, replications, seed + turn, n_jobs=n_jobs, progress=progress))
        value = float(_statistic(distances[null][None], distances["vrs"][None], statistic)[0])
        rows.append(
            {
                "null": null,
                "alternative": "vrs",
                "statistic": value,
                "critical": float(np.quantile(drawn, level)),
                "p": float((1 + (drawn <= value + 1e-12).sum()) / (1 + len(drawn))),
                "replications": replications,
                "bandwidth": h,
            }
        )
    options = {"orientation": orientation, "statistic": statistic, "replications": replications, "seed": seed}
    return ReturnsTest(
        frame=pl.DataFrame(rows),
        units=_classes(distances, orientation, given.units),
        kind=given.kind,
        level=level,
        orientation=orientation,
        seed=seed,
        provenance=provenance("returns_test", given.digests(), (), **options),
    )


def _statistic(null: FloatArray, wide: FloatArray, statistic: str) -> FloatArray:
    """Return the statistic of each replication from distances `(R, n)` of at least one."""
    if statistic == "ratio-of-means":
        return np.asarray((1 / null).sum(axis=1) / (1 / wide).sum(axis=1))
    ratios: FloatArray = (wide / null).mean(axis=1)
    return ratios


def _block(
    data: Units,
    null: str,
    orientation: str,
    distances: FloatArray,
    h: float,
    statistic: str,
    count: int,
    seeds: np.random.SeedSequence,
) -> FloatArray:
    drawn = smooth_draws(distances, h, count, np.random.default_rng(seeds))
    pair = [smoothed_distances(data, rts, orientation, distances, drawn) for rts in (null, "vrs")]
    return _statistic(pair[0], pair[1], statistic)


def _classes(distances: dict[str, FloatArray], orientation: str, names: tuple[str, ...]) -> pl.DataFrame:
    """Return the scores under three technologies and the returns where every unit (or its projection) stands."""
    crs, nirs, vrs = (distances[rts] for rts in ("crs", "nirs", "vrs"))
    returns = np.where(
        np.abs(crs - vrs) <= _SAME * vrs,
        "constant",
        np.where(np.abs(nirs - vrs) <= _SAME * vrs, "decreasing", "increasing"),
    )
    scores = {rts: 1 / each if orientation == "input" else each for rts, each in distances.items()}
    return pl.DataFrame(
        {"unit": names, **{rts: scores[rts] for rts in ("crs", "vrs", "nirs")}, "scale": vrs / crs, "returns": returns}
    )
