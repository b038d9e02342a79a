"""Which are the returns to scale? Tests by the smoothed bootstrap, and where every unit stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyArray, FloatArray
from xinzhi.core.facts import Fact
from xinzhi.core.provenance import provenance
from xinzhi.frontier.bootstrap import (
    choose_width,
    in_blocks,
    radial_units,
    smooth_draws,
    smoothed_distances,
    unit_distances,
)
from xinzhi.frontier.reading import read_data
from xinzhi.frontier.technology.technology import choose
from xinzhi.frontier.unit_names import Labelled, rts_text, setting

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

    @property
    def codes(self) -> list[str]:
        """The units."""
        return self.units["unit"].to_list()

    @property
    def returns_counts(self) -> list[Fact]:
        """How many units stand where, most first."""
        counts = self.units["returns"].drop_nulls().value_counts(sort=True).rows()
        return [words.frontier.chart_count(name=words.frontier.status_of(f"returns_{name}"), k=k) for name, k in counts]

    @property
    def scale_headline(self) -> Fact:
        """Where the units stand."""
        return words.frontier.headline_scale(parts=self.returns_counts)

    def answer(self) -> Iterator[Fact]:
        """Yield the verdict with its p values, and where the units stand."""
        crs, nirs = (self.frame.filter(self.frame["null"] == null)["p"].item() for null in ("crs", "nirs"))
        verdict, level = rts_text(self.verdict), f"{100 * self.level:g}"
        yield words.frontier.headline_returns(verdict=verdict, level=level, crs=crs, nirs=nirs)
        if nirs < self.level <= crs:  # the wider technology fails and the narrower passes
            yield words.frontier.answer_at_odds()
        yield words.frontier.answer_returns(parts=self.returns_counts)


def returns_test(  # noqa: PLR0913 - data, the test, and how to draw
    x: AnyArray,
    y: AnyArray,
    *,
    orientation: str = "input",
    statistic: str = "ratio-of-means",
    draws: int = setting("replications"),
    seed: int = 0,
    level: float = setting("test_level"),
    bandwidth: str | float = "normal-reference",
    units: str | Sequence[object] | None = None,
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
    draws, seed, level
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
    >>> found = returns_test(x, y, draws=100, seed=1)
    >>> round(found.frame["statistic"][0], 6)
    0.802947
    """
    choose("orientation", orientation, ("input", "output"))
    choose("statistic", statistic, STATISTICS)
    source = read_data(x, y, None, units)
    data = radial_units(source, orientation)
    distances = {rts: unit_distances(data, rts, orientation) for rts in ("crs", "nirs", "vrs")}

    def against_vrs(turn: int, null: str) -> dict[str, object]:
        null_distances, h = distances[null], choose_width(distances[null], bandwidth)

        def task(count: int, seeds: np.random.SeedSequence) -> FloatArray:
            sample = smooth_draws(null_distances, h, count, np.random.default_rng(seeds))
            pair = [smoothed_distances(data, rts, orientation, null_distances, sample) for rts in (null, "vrs")]
            return _statistic(pair[0], pair[1], statistic)

        samples = np.concatenate(in_blocks(task, draws, seed + turn, n_jobs=n_jobs, progress=progress))
        value = float(_statistic(null_distances[None], distances["vrs"][None], statistic)[0])
        p = float((1 + (samples <= value + 1e-12).sum()) / (1 + len(samples)))
        outcome = {"statistic": value, "critical": float(np.quantile(samples, level)), "p": p}
        return {"null": null, "alternative": "vrs", **outcome, "replications": draws, "bandwidth": h}

    rows = [against_vrs(turn, null) for turn, null in enumerate(("crs", "nirs"))]
    # the returns where every unit, or its projection, stands
    crs, nirs, vrs = (distances[rts] for rts in ("crs", "nirs", "vrs"))
    falling = np.where(np.abs(nirs - vrs) <= _SAME * vrs, "decreasing", "increasing")
    returns = np.where(np.abs(crs - vrs) <= _SAME * vrs, "constant", falling)
    scores = {rts: 1 / distances[rts] if orientation == "input" else distances[rts] for rts in ("crs", "vrs", "nirs")}
    options = {"orientation": orientation, "statistic": statistic, "replications": draws, "seed": seed}
    return ReturnsTest(
        frame=pl.DataFrame(rows),
        units=pl.DataFrame({"unit": source.units, **scores, "scale": vrs / crs, "returns": returns}),
        kind=source.kind,
        level=level,
        orientation=orientation,
        seed=seed,
        provenance=provenance("returns_test", source.digests(), (), **options),
    )


def _statistic(null: FloatArray, alternative: FloatArray, statistic: str) -> FloatArray:
    """Return the statistic of each replication from distances `(R, n)` of at least one."""
    if statistic == "ratio-of-means":
        return np.asarray((1 / null).sum(axis=1) / (1 / alternative).sum(axis=1))
    ratios: FloatArray = (alternative / null).mean(axis=1)
    return ratios
