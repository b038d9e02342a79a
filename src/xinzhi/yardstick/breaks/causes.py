"""Known causes of breaks, and what a break does to TFP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.yardstick.breaks.judge import seam
from xinzhi.yardstick.growth_accounts import account, build_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.core.text import Text
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.breaks.judge import Judgement, Rules
    from xinzhi.yardstick.panel import Panel


def causes(package: Package, panel: Panel, found: Judgement, terms: Rules) -> list[tuple[Text, BoolArray]]:
    """Return every known cause of breaks in one series with the region-years `(R, T)` that it covers."""
    # A cause of an outlier also covers the next year, in which the level comes back.
    from xinzhi.data.rules.keys import PROVINCES, standard

    chinese = np.isin(panel.regions, list(standard(PROVINCES)))[:, None]
    known = [
        (event.text, chinese & np.isin(panel.years, event.years))
        for event in terms.events
        if found.rule.name in event.series
    ]
    known.append((seam("vintage"), _vintages(package, panel, found)))
    known.append((seam("status"), _status(panel, found)))
    outlier = found.breaks.outlier
    return [(text, mask | _next(mask & outlier)) for text, mask in known]


def _next(mask: BoolArray) -> BoolArray:
    out = np.zeros_like(mask)
    out[:, 1:] = mask[:, :-1]
    return out


def _vintages(package: Package, panel: Panel, found: Judgement) -> BoolArray:
    """Return the years in which nominal output changes its vintage; real output is chained across them."""
    import polars as pl

    out = np.zeros(panel.shape, dtype=np.bool_)
    table = package.tables["accounts"]
    if found.rule.name != "output_nominal" or "output_vintage" not in table.columns:
        return out
    rows = table.sort("region", "year").with_columns(before=pl.col("output_vintage").shift(1).over("region"))
    changed = rows.filter(pl.col("before") != pl.col("output_vintage"))
    row = np.searchsorted(panel.regions, changed["region"].to_numpy())
    out[row, changed["year"].to_numpy() - panel.years[0]] = True
    return out


def _status(panel: Panel, found: Judgement) -> BoolArray:
    """Return the years in which the figures begin or cease to be official."""
    marks = panel.unofficial.get(found.rule.column)
    if marks is None:
        return np.zeros(panel.shape, dtype=np.bool_)
    mask = marks.any(axis=0) if marks.ndim > found.growth.ndim else marks
    changed: BoolArray = mask != np.roll(mask, 1, axis=1)
    changed[:, 0] = False
    return changed


def tfp_effects(
    panel: Panel, protocol: Protocol, found: Judgement, place: tuple[IntArray, IntArray], actual: FloatArray
) -> FloatArray:
    """Return how much of TFP growth in each break year is the break, in log points."""
    # The level from the break on is moved so that the move of that year alone becomes the expected one, and the region
    # is measured again under the same protocol. One break of each region at a time; under a national labour share,
    # where one region's share enters the figures of all, one break at a time.
    row, column = place
    effect = np.full(row.shape, np.nan)
    excess = (found.growth - found.scores.expected)[row, column]
    together = found.rule.name != "labour_share" or protocol.value("shares.rule") == "observed_regional"
    for turn in _turns(row, together=together):
        mended = _mended(panel, found, row[turn], column[turn], excess[turn])
        growth = account(build_inputs(mended, protocol)[0], protocol).tfp_growth
        effect[turn] = (actual - growth)[row[turn], column[turn]]
    return effect


def _turns(row: IntArray, *, together: bool) -> Iterator[IntArray]:
    """Yield the breaks that can be mended at once: one of every region, or one alone."""
    if not together:
        yield from np.arange(len(row), dtype=np.int64)[:, None]
        return
    _, first, count = np.unique(row, return_index=True, return_counts=True)
    for turn in range(count.max(initial=0)):
        yield first[count > turn] + turn


def _mended(panel: Panel, found: Judgement, row: IntArray, column: IntArray, excess: FloatArray) -> Panel:
    """Return the panel with the levels from each break on moved by what was not expected."""
    factor = np.ones(panel.shape)
    later = np.arange(panel.shape[1]) >= column[:, None]
    factor[row] = np.where(later, np.exp(-excess)[:, None], 1.0)
    name = found.rule.column
    if found.rule.table == "investment":
        return replace(panel, investment={**panel.investment, name: panel.investment[name] * factor})
    return replace(panel, accounts={**panel.accounts, name: panel.accounts[name] * factor})
