"""How far growth and rank depend on the protocol: their range over every admissible one, without what choosing buys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.parameters import setting
from xinzhi.yardstick.audit.choices import choices, grid
from xinzhi.yardstick.audit.multiverse import (
    CONVENTIONS,
    Multiverse,
    Span,
    computable,
    rank,
    settle,
    weighted_quantiles,
)
from xinzhi.yardstick.measurement import Measurement

FIRST = setting(CONVENTIONS, "first")
SCHEMA: dict[str, Any] = {
    "region": pl.String, "start": pl.Int64, "end": pl.Int64, "protocols": pl.Int64, "protocol_low": pl.Float64,
    "protocol_high": pl.Float64, "protocol_rank_low": pl.Int64, "protocol_rank_high": pl.Int64,
    "among_first": pl.Float64,
}  # fmt: skip


def robustness(measurement: Measurement, spans: Sequence[Span]) -> pl.DataFrame:
    """Return the range of growth and rank of every region over all protocols, and how often it is among the first.

    Every admissible protocol counts once, as in `audit`, of which this is the part that a ranking shows: nothing is
    sampled. Without alternatives, or with more regions than ``most_compared``, there are no rows.

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
    >>> found.filter(region="360000")["among_first"].item() > 0.9  # Jiangxi
    True
    """
    panel, rules = measurement.panel, measurement.protocol
    if len(panel.regions) > setting(CONVENTIONS, "most_compared"):
        return pl.DataFrame(schema=SCHEMA)
    found, _ = settle(rules, computable(panel, rules, choices(rules))[0])
    every = grid(rules, found)
    if len(every.rows) == 1:
        return pl.DataFrame(schema=SCHEMA)
    estimates = Multiverse.of(panel, every, spans)
    ranked = measurement.regions_declared.complete
    return pl.concat([_of_span(estimates, at, panel.regions, ranked=ranked) for at in range(len(spans))])


def _of_span(estimates: Multiverse, at: int, names: Sequence[str], *, ranked: bool) -> pl.DataFrame:
    """Return the ranges of one span; ranks need the whole set of regions."""
    rows, regions, growth = estimates.distinct(at).known()
    times, (start, end) = np.bincount(growth.which), estimates.spans[at]
    places = rank(growth.values)
    low, high = weighted_quantiles(growth.values, times)[[1, 3]]
    first, last = weighted_quantiles(places.astype(np.min_scalar_type(-places.shape[1])), times)[[1, 3]]
    among = (times[:, None] * (places <= FIRST)).sum(axis=0) / times.sum()
    count = len(regions)
    frame = pl.DataFrame(
        {
            "region": [names[row] for row in regions.tolist()],
            "start": [start] * count, "end": [end] * count, "protocols": [len(rows)] * count,
            "protocol_low": low, "protocol_high": high,
            "protocol_rank_low": np.floor(first).astype(np.int64), "protocol_rank_high": np.ceil(last).astype(np.int64),
            "among_first": among,
        },
        schema=SCHEMA,
    )  # fmt: skip
    return (
        frame
        if ranked
        else frame.with_columns(
            pl.lit(None, SCHEMA[name]).alias(name)
            for name in ("protocol_rank_low", "protocol_rank_high", "among_first")
        )
    )
