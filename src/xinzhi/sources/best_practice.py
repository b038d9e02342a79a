"""Best practice: the frontier of every industry, how far each region is from it, and the parts that follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.index_numbers import multilateral_levels
from xinzhi.sources.assumptions import Assumptions
from xinzhi.sources.detail import Detail
from xinzhi.sources.identity import Accounts, require_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPractice:
    """Levels and frontier `(I, R, T)`; `cross_section` compares the regions of one year alone (Caves et al. 1982)."""

    level: FloatArray
    cross_section: FloatArray
    movement: FloatArray
    distance: FloatArray
    leader: IntArray


def best_practice(detail: Detail, accounts: Accounts, assume: Assumptions) -> BestPractice:
    """Return where the frontier of every industry stands and how it moved."""
    # Regions are compared once, by the multilateral index, in the first year in which an industry can be measured; from
    # there every region's level moves by its own residual. Levels compared anew each year would move with every change
    # of factor shares even if no region's productivity did.
    # A region that enters later, or returns after a gap, is placed by its multilateral level of that year among the
    # regions already there. The movement of the frontier compares the same regions in both years, so that an entrant is
    # no progress.
    change = accounts.residual * (1.0 - accounts.intermediate_share)
    if not detail.comparable:
        nothing = np.full(change.shape, np.nan)
        return BestPractice(
            level=nothing,
            cross_section=nothing,
            movement=nothing[:, 0],
            distance=nothing,
            leader=np.full(nothing[:, 0].shape, -1, dtype=np.int64),
        )
    section = cross_section(detail, accounts)
    level = linked_levels(section, change)
    movement = frontier_movement(level, change, best_of=assume["best_of"], at_least=assume["frontier_regions"])
    best, leader = _best(level, np.isfinite(level), assume["best_of"])
    if assume["memory"] == "sequential":
        path = np.cumsum(np.nan_to_num(movement), axis=-1)
        highest = np.maximum.accumulate(path, axis=-1)
        best = best + (highest - path)
        movement = np.where(np.isfinite(movement), np.diff(highest, axis=-1, prepend=0.0), np.nan)
    enough = np.isfinite(level).sum(axis=1) >= assume["frontier_regions"]
    distance = np.where(enough, best, np.nan)[:, None, :] - level
    return BestPractice(level=level, cross_section=section, movement=movement, distance=distance, leader=leader)


def cross_section(detail: Detail, accounts: Accounts) -> FloatArray:
    """Return log levels of TFP relative to the mean of the regions in each year, industry by industry `(I, R, T)`."""
    skilled = detail.labour * detail.human_capital
    share = accounts.current_share
    if detail.gross is None:
        inputs, shares = np.stack([detail.capital, skilled]), np.stack([1.0 - share, share])
        return multilateral_levels(detail.output, inputs, shares)
    bought = detail.gross.share
    inputs = np.stack([detail.capital, skilled, detail.gross.intermediate])
    shares = np.stack([(1.0 - bought) * (1.0 - share), (1.0 - bought) * share, bought])
    return multilateral_levels(detail.gross.output, inputs, shares)


def linked_levels(section: FloatArray, change: FloatArray) -> FloatArray:
    """Return levels that begin with the cross-section and move by each region's own growth."""
    level = np.full(section.shape, np.nan)
    level[..., 0] = section[..., 0]
    for year in range(1, section.shape[-1]):
        here = section[..., year]
        moved = level[..., year - 1] + change[..., year]
        both = np.isfinite(moved) & np.isfinite(here)
        count = both.sum(axis=1, keepdims=True)
        # Entrants take the place that the cross-section gives them beside the regions that went on.
        shift = np.where(both, moved - here, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
        level[..., year] = np.where(np.isfinite(moved), moved, here + shift)
    return level


def frontier_movement(level: FloatArray, change: FloatArray, *, best_of: int, at_least: int) -> FloatArray:
    """Return the log growth of best practice `(I, T)`, over regions known in both years."""
    out = np.full((level.shape[0], level.shape[2]), np.nan)
    before = level[..., :-1]
    same = np.isfinite(change[..., 1:]) & np.isfinite(before) & np.isfinite(level[..., 1:])
    now, _ = _best(level[..., 1:], same, best_of)
    then, _ = _best(before, same, best_of)
    out[:, 1:] = np.where(same.sum(axis=1) >= at_least, now - then, np.nan)
    return out


def _best(level: FloatArray, known: BoolArray, best_of: int) -> tuple[FloatArray, IntArray]:
    """Return the mean of the highest levels over the regions `(I, T)`, and the position of the highest."""
    filled = np.where(known, level, -np.inf)
    count = np.minimum(known.sum(axis=1), best_of)
    leader = np.where(count > 0, filled.argmax(axis=1), -1).astype(np.int64)
    if best_of == 1:
        return np.where(count > 0, filled.max(axis=1), np.nan), leader
    width = min(best_of, level.shape[1])
    top = -np.partition(-filled, width - 1, axis=1)[:, :width]
    total = np.where(np.isfinite(top), top, 0.0).sum(axis=1)
    return total / np.where(count > 0, count, np.nan), leader


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of the residual `(R, T)`; NaN where one cannot be told from the others."""

    breakthrough: FloatArray
    allocation: FloatArray
    traditional: FloatArray
    emerging: FloatArray
    allocation_capital: FloatArray
    allocation_labour: FloatArray
    unallocated: FloatArray
    within: FloatArray
    by_industry: tuple[FloatArray, FloatArray]
    mask: BoolArray

    @classmethod
    def of(cls, detail: Detail, accounts: Accounts, best: BestPractice, mask: BoolArray) -> Parts:
        """Weigh the movement of best practice and the rest of every industry's residual."""
        exists = detail.exists[..., None]
        carried = accounts.domar * best.movement[:, None, :]
        advance = np.where(exists, carried, np.where(np.isfinite(accounts.weight), 0.0, np.nan))
        behind = np.where(exists, accounts.weight * accounts.residual - carried, advance)
        # Inside one industry nothing can be seen to move.
        unseen = np.nan if detail.level == "total" else 0.0
        capital, labour = accounts.allocation_capital + unseen, accounts.allocation_labour + unseen
        return cls(
            breakthrough=advance.sum(axis=0),
            allocation=capital + labour,
            traditional=behind[~mask].sum(axis=0) + _unknown(behind),
            emerging=behind[mask].sum(axis=0) + _unknown(behind),
            allocation_capital=capital,
            allocation_labour=labour,
            unallocated=accounts.unallocated,
            within=accounts.within,
            by_industry=(advance, behind),
            mask=mask,
        )

    def check(self, residual: FloatArray) -> float:
        """Return the largest gap between the measured residual and the known parts; refuse one that matters."""
        whole = self.breakthrough + self.traditional + self.emerging
        rest = np.where(np.isfinite(whole), whole, self.within)
        total = rest + np.nan_to_num(self.allocation) + self.unallocated
        return require_identity(residual, total)


def _unknown(parts: FloatArray) -> FloatArray:
    """Return 0 `(R, T)`, NaN where a part of any industry is unknown: an empty sum is no knowledge."""
    return np.where(np.isfinite(parts).all(axis=0), 0.0, np.nan)
