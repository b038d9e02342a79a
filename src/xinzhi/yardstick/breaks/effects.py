"""What a break does to TFP: the accounts with its move, less those with the move that was expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.protocol import Protocol
from xinzhi.yardstick.breaking import Judgement
from xinzhi.yardstick.growth_accounts import account, build_inputs
from xinzhi.yardstick.panel import Panel


def tfp_effects(
    panel: Panel, protocol: Protocol, found: Judgement, place: tuple[IntArray, IntArray], actual: FloatArray
) -> FloatArray:
    """Return how much of TFP growth in each break year is the break, in log points."""
    # The level from the break on is moved so that the move of that year alone becomes the expected one, and the region
    # is measured again under the same protocol, one break of each region at a time.
    row, column = place
    effect = np.full(row.shape, np.nan)
    excess = (found.growth - found.scores.expected)[row, column]
    for turn in _turns(row):
        mended = _mended(panel, found, row[turn], column[turn], excess[turn])
        growth = account(build_inputs(mended, protocol)[0], protocol).tfp_growth
        effect[turn] = (actual - growth)[row[turn], column[turn]]
    return effect


def _turns(row: IntArray) -> Iterator[IntArray]:
    """Yield the breaks that can be mended at once: one of every region."""
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
