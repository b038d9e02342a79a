"""How far growth and rank depend on the protocol, over every admissible one: data that fail under one have no rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.parameters import setting
from xinzhi.yardstick.audit.choices import Grid, choices, grid, used
from xinzhi.yardstick.audit.multiverse import (
    CONVENTIONS,
    Distinct,
    Multiverse,
    Span,
    computable,
    rank,
    settle,
    weighted_quantiles,
)
from xinzhi.yardstick.grading import fails
from xinzhi.yardstick.measurement import Measurement


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The set with the alternatives that no source uses for the economy: its size, and how many could rank first."""

    protocols: int
    first: int


# The parameters that decide whether data pass: what is mended by a protocol is not held against them.
MENDED = ("capital.benchmark", "labour.breaks", "output.vintage")


@dataclass(frozen=True, slots=True)
class Admission:
    """Under which protocols the data of a region fail admission: `failed` `(B, R, P)` by the branch `(N,)` of each."""

    branch: IntArray
    failed: BoolArray

    @classmethod
    def of(cls, reference: Measurement, every: Grid, spans: Sequence[Span]) -> Admission:
        """Grade the data once for every combination of what a protocol mends."""
        axes = [at for at, choice in enumerate(every.choices) if set(choice.paths) & set(MENDED)]
        sizes = [len(every.choices[at].levels) for at in axes]
        failed = np.zeros((int(np.prod(sizes)), len(reference.panel.regions), len(spans)), dtype=np.bool_)
        for branch, levels in enumerate(product(*(every.choices[at].levels for at in axes))):
            rules = every.protocol.replace({path: level.values[path] for level in levels for path in level.departs})
            if reference.graded is None or reference.accounts is None:
                break
            failed[branch] = fails(reference.graded, reference.panel, rules, reference.accounts.growth, spans)
        picked = every.rows[:, axes]
        return cls(np.ravel_multi_index(picked.T.tolist(), sizes) if axes else np.zeros(len(picked), np.int64), failed)

    def of_span(self, at: int) -> BoolArray:
        """Return the regions whose data fail in one span under every protocol `(N, R)`."""
        return self.failed[self.branch, :, at]


def widened(reference: Measurement, every: Grid, span: Span) -> WhatIf:
    """Return how many regions could rank first in a period under a larger set, among those that are ranked."""
    rows, regions, growth = Multiverse.of(reference.panel, every, [span]).distinct(0).known()
    admission = Admission.of(reference, every, [span])
    barred = admission.of_span(0)[rows[growth.lead]][:, regions]
    values = np.where(barred, -np.inf, growth.values)[:, ~barred[growth.which[0]]]
    own = values[growth.which[0]]
    best = [(top >= np.delete(own, at)).all() for at, top in enumerate(values.max(axis=0))]
    return WhatIf(len(rows), int(np.sum(best)))


FIRST = setting(CONVENTIONS, "first")
SCHEMA: dict[str, Any] = {
    "region": pl.String, "start": pl.Int64, "end": pl.Int64, "protocols": pl.Int64, "protocol_low": pl.Float64,
    "protocol_high": pl.Float64, "protocol_rank_low": pl.Int64, "protocol_rank_high": pl.Int64,
    "among_first": pl.Float64, "protocol_above": pl.Float64,
}  # fmt: skip


def robustness(measurement: Measurement, spans: Sequence[Span]) -> pl.DataFrame:
    """Return the range of growth and rank of every region over all protocols, and how often it is among the first.

    Every admissible protocol counts once, as in `audit`, of which this is the part that a ranking shows: nothing is
    sampled. The ranks of a region are those of the protocols under which its data pass admission. Without alternatives,
    or with more regions than ``most_compared``, there are no rows. `protocol_above` is the part of the protocols under
    which a region grows faster than all together, whose growth is taken to move from the reference as the regions' does
    on average, weighted by output; it is missing where the regions do not add up to a whole.

    Parameters
    ----------
    measurement
        What `measure` returns, of output that is value added.
    spans
        Periods, each as its start and end.

    Examples
    --------
    >>> import xinzhi
    >>> measured = xinzhi.measure("china-provinces")
    >>> found = robustness(measured, [(2012, 2017)])
    >>> round(found.filter(region="360000")["among_first"].item(), 2)  # Jiangxi
    0.88
    """
    panel, rules = measurement.panel, measurement.protocol
    if len(panel.regions) > setting(CONVENTIONS, "most_compared"):
        return pl.DataFrame(schema=SCHEMA)
    found, _ = settle(rules, used(rules, computable(panel, rules, choices(rules))[0])[0])
    every = grid(rules, found)
    if len(every.rows) == 1:
        return pl.DataFrame(schema=SCHEMA)
    estimates, admission = Multiverse.of(panel, every, spans), Admission.of(measurement, every, spans)
    return pl.concat([_of_span(measurement, estimates, admission, at) for at in range(len(spans))])


def _of_span(measurement: Measurement, estimates: Multiverse, admission: Admission, at: int) -> pl.DataFrame:
    """Return the ranges of one span; ranks are among the regions that have one, and need the whole set."""
    rows, regions, growth = estimates.distinct(at).known()
    times, (start, end) = np.bincount(growth.which), estimates.spans[at]
    names = [measurement.panel.regions[row] for row in regions.tolist()]
    low, high = weighted_quantiles(growth.values, times)[[1, 3]]
    place = {"start": [start] * len(names), "end": [end] * len(names), "protocols": [len(rows)] * len(names)}
    above = _above(measurement, growth, regions, times, (start, end))
    frame = pl.DataFrame(
        {"region": names, **place, "protocol_low": low, "protocol_high": high, "protocol_above": above}
    )
    ranked = measurement.periods.filter(pl.col("start") == start, pl.col("end") == end).drop_nulls("rank")
    kept = np.isin(names, ranked["region"].to_list())
    passed = ~admission.of_span(at)[rows[growth.lead]][:, regions[kept]]
    places, counted = rank(growth.values[:, kept]), times[:, None] * passed
    first, last = weighted_quantiles(places, counted)[[1, 3]] if kept.any() else np.empty((2, 0))
    ranges = pl.DataFrame(
        {
            "region": np.array(names)[kept].tolist(),
            "protocol_rank_low": np.floor(first).astype(np.int64),
            "protocol_rank_high": np.ceil(last).astype(np.int64),
            "among_first": (counted * (places <= FIRST)).sum(axis=0) / times.sum(),
        },
        schema={name: SCHEMA[name] for name in ("region", *list(SCHEMA)[6:9])},
    )
    return frame.join(ranges, on="region", how="left", maintain_order="left").select(
        pl.col(name).cast(kind) for name, kind in SCHEMA.items()
    )


def _above(
    measurement: Measurement, growth: Distinct, regions: IntArray, times: IntArray, span: Span
) -> FloatArray | None:
    """Return the part of the protocols under which each region grows faster than all together; None without a whole."""
    whole = measurement.national_periods.filter(start=span[0], end=span[1])["tfp_growth"].drop_nulls()
    if whole.is_empty():
        return None
    years = (measurement.panel.years > span[0]) & (measurement.panel.years <= span[1])
    size = np.nan_to_num(measurement.panel.account("output_nominal")[regions][:, years]).sum(axis=1)
    moved = (growth.values - growth.values[growth.which[0]]) @ (size / size.sum())
    above: FloatArray = (times @ (growth.values > (whole[0] + moved)[:, None])) / times.sum()
    return above
