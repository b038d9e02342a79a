"""What a break does to TFP: measured as it is, less measured with the expected move in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.yardstick.accounts import account
from xinzhi.yardstick.measure import build_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick.breaks.judge import Judgement
    from xinzhi.yardstick.panel import Panel


def tfp_effects(panel: Panel, protocol: Protocol, found: Judgement, row: IntArray, column: IntArray) -> FloatArray:
    """Return how much of TFP growth in each break year is the break, in log points.

    The level from the break on is moved so that the move of that year alone becomes the expected one, and the region is
    measured again under the same protocol. One break of each region at a time; under a national labour share, where
    one region's share enters the figures of all, one break at a time.

    Parameters
    ----------
    panel, protocol
        What is measured, and how.
    found
        The judgement of one series.
    row, column
        `(N,)` positions of its breaks, in row order.

    Returns
    -------
    FloatArray
        `(N,)`; NaN where TFP growth of that year cannot be measured.
    """
    effect = np.full(row.shape, np.nan)
    actual = account(build_inputs(panel, protocol)[0], protocol).tfp_growth
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
