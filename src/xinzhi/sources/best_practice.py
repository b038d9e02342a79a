"""The residual of a region: what its industries did, what moved between them, and their distance to best practice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import IdentityError, InputError
from xinzhi.core.index_numbers import multilateral_levels
from xinzhi.core.labour import two_year_mean
from xinzhi.sources.assumptions import Assumptions
from xinzhi.sources.detail import Detail, MeasuredInputs, growth
from xinzhi.yardstick.internal import IDENTITY_TOLERANCE

# From any bracket that shares can span down to the rounding of float64.
_HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Growth accounts of the industries `(I, R, T)` and what is left between them `(R, T)`, in log points."""

    weight: FloatArray
    domar: FloatArray
    output: FloatArray
    capital: FloatArray
    labour: FloatArray
    human_capital: FloatArray
    labour_share: FloatArray
    current_share: FloatArray
    intermediate_share: FloatArray
    residual: FloatArray
    within: FloatArray
    allocation_capital: FloatArray
    allocation_labour: FloatArray
    unallocated: FloatArray
    output_gap: FloatArray


def industry_accounts(detail: Detail, measured: MeasuredInputs, assume: Assumptions) -> Accounts:
    r"""Split the measured residual of every region into its industries' residuals and reallocation."""
    # .. math:: \Delta\ln A = \sum_i w_i \Delta\ln A_i + \sum_F \Big(\sum_i w_i s_{Fi} \Delta\ln F_i - s_F \Delta\ln
    # F\Big)
    # Massell (1961), Journal of Political Economy 69(6); Jorgenson, Gollop and Fraumeni (1987), Productivity and U.S.
    # Economic Growth, chapter 2. Domar weights as in Jorgenson, Ho and Stiroh (2005), Information Technology and the
    # American Growth Resurgence, chapter 8: the value-added weight over the share of value added in gross output.
    exists = detail.exists[..., None]
    complete = (detail.complete() | ~exists).all(axis=0) & exists.any(axis=0)
    share = np.where(exists, detail.nominal, 0.0)
    share = share / np.where(complete, share.sum(axis=0), np.nan)
    weight = two_year_mean(share)

    def change(levels: FloatArray) -> FloatArray:
        return np.where(exists, growth(np.where(complete, levels, np.nan)), np.where(np.isfinite(weight), 0.0, np.nan))

    output, capital, labour = change(detail.output), change(detail.capital), change(detail.labour)
    output = output if detail.anew is None else np.where(detail.anew & exists, np.nan, output)
    skill = change(detail.human_capital)
    gap = measured.growth.output_growth - (weight * output).sum(axis=0)
    scaled = assume["output_gap"] == "scale"
    output = np.where(exists, output + gap, output) if scaled else output
    labour_share, current = _shares(detail, measured, assume, weight, share)
    outside = (labour_share < 0) | (labour_share > 1)
    if outside.any():
        names = [detail.names[row] for row in np.flatnonzero(outside.any(axis=(1, 2))).tolist()]
        raise InputError("sources.share-outside", names=names[:5])
    people = labour + skill
    residual = output - (1.0 - labour_share) * capital - labour_share * people
    ruler = measured.growth
    moved_capital = (weight * (1.0 - labour_share) * capital).sum(axis=0)
    moved_capital = moved_capital - measured.capital_weight * ruler.capital_growth
    grown = ruler.labour_growth + ruler.human_capital_growth
    moved_labour = (weight * labour_share * people).sum(axis=0) - ruler.labour_share * grown
    bought = np.zeros_like(weight) if detail.gross is None else np.where(exists, two_year_mean(detail.gross.share), 0.0)
    accounts = Accounts(
        weight=weight,
        domar=weight / (1.0 - bought),
        output=output,
        capital=capital,
        labour=labour,
        human_capital=skill,
        labour_share=labour_share,
        current_share=current,
        intermediate_share=bought,
        residual=residual,
        within=(weight * residual).sum(axis=0),
        allocation_capital=moved_capital,
        allocation_labour=moved_labour,
        unallocated=np.zeros_like(gap) if scaled else gap,
        output_gap=gap,
    )
    require_identity(ruler.tfp_growth, accounts.within + moved_capital + moved_labour + accounts.unallocated)
    return accounts


def require_identity(total: FloatArray, parts: FloatArray) -> float:
    """Return the largest absolute gap between a total and its parts, both `(R, T)`; refuse one that matters."""
    gap = np.abs(total - parts)
    worst = float(np.nanmax(gap)) if np.isfinite(gap).any() else 0.0
    if worst >= IDENTITY_TOLERANCE:
        raise IdentityError("sources.identity", worst=worst)
    return worst


def _shares(
    detail: Detail, measured: MeasuredInputs, assume: Assumptions, weight: FloatArray, share: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the labour share of every industry as a weight of growth, and that of the year itself."""
    rules = measured.rules
    if detail.labour_share is not None:
        now = np.where(detail.exists[..., None], detail.labour_share, 0.5)
        current = rules.declares("shares.averaging") and rules.value("shares.averaging") == "current"
        return (now if current else two_year_mean(now)), now
    ruler, now_ruler = measured.growth.labour_share, measured.inputs.labour_share
    if assume["shares"] == "common":
        return np.broadcast_to(ruler, weight.shape), np.broadcast_to(now_ruler, weight.shape)
    # the national labour shares of the sectors, the nearest year where the table has none
    shares_by_year = assume["sector_labour_shares"]
    absent = [name for name in detail.names if name not in shares_by_year]
    if absent:
        raise InputError("sources.sector-shares", known=list(shares_by_year), absent=absent[:5])
    table = np.empty((len(detail.names), 1, len(measured.panel.years)))
    for row, name in enumerate(detail.names):
        years = np.array(sorted(shares_by_year[name]), dtype=np.float64)
        table[row, 0] = np.interp(measured.panel.years, years, [shares_by_year[name][int(year)] for year in years])
    return scaled_shares(two_year_mean(table), weight, ruler), scaled_shares(table, share, now_ruler)


def scaled_shares(share: FloatArray, weight: FloatArray, total: FloatArray) -> FloatArray:
    """Move labour shares so that their weighted mean is the region's, by one shift of their log odds."""
    # Shares stay between 0 and 1 and keep their order, which a common factor would not grant.
    odds = np.broadcast_to(np.log(share / (1.0 - share)), weight.shape)
    target = np.log(total / (1.0 - total))
    # With every share at or below the wanted mean the mean is too low, with every one at or above it too high.
    low, high = target - odds.max(axis=0), target - odds.min(axis=0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = (weight / (1.0 + np.exp(-(odds + middle)))).sum(axis=0) < total
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(np.isfinite(weight), 1.0 / (1.0 + np.exp(-(odds + (low + high) / 2))), np.nan)


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
        lone = np.full(nothing[:, 0].shape, -1, dtype=np.int64)
        levels = {"level": nothing, "cross_section": nothing, "distance": nothing}
        return BestPractice(**levels, movement=nothing[:, 0], leader=lone)
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
        placed = section[..., year]
        continued = level[..., year - 1] + change[..., year]
        linked = np.isfinite(continued) & np.isfinite(placed)
        count = linked.sum(axis=1, keepdims=True)
        # Entrants take the place that the cross-section gives them beside the regions that went on.
        shift = np.where(linked, continued - placed, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
        level[..., year] = np.where(np.isfinite(continued), continued, placed + shift)
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


def _best(level: FloatArray, present: BoolArray, best_of: int) -> tuple[FloatArray, IntArray]:
    """Return the mean of the highest levels over the regions `(I, T)`, and the position of the highest."""
    filled = np.where(present, level, -np.inf)
    count = np.minimum(present.sum(axis=1), best_of)
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
    def from_accounts(cls, detail: Detail, accounts: Accounts, best: BestPractice, mask: BoolArray) -> Parts:
        """Weigh the movement of best practice and the rest of every industry's residual."""
        exists = detail.exists[..., None]
        carried = accounts.domar * best.movement[:, None, :]
        advance = np.where(exists, carried, np.where(np.isfinite(accounts.weight), 0.0, np.nan))
        upgrading = np.where(exists, accounts.weight * accounts.residual - carried, advance)
        # Inside one industry nothing can be seen to move.
        unseen = np.nan if detail.level == "total" else 0.0
        capital, labour = accounts.allocation_capital + unseen, accounts.allocation_labour + unseen
        # NaN where a part of any industry is unknown: an empty sum is no knowledge
        unknown = np.where(np.isfinite(upgrading).all(axis=0), 0.0, np.nan)
        return cls(
            breakthrough=advance.sum(axis=0),
            allocation=capital + labour,
            traditional=upgrading[~mask].sum(axis=0) + unknown,
            emerging=upgrading[mask].sum(axis=0) + unknown,
            allocation_capital=capital,
            allocation_labour=labour,
            unallocated=accounts.unallocated,
            within=accounts.within,
            by_industry=(advance, upgrading),
            mask=mask,
        )

    def check(self, residual: FloatArray) -> float:
        """Return the largest gap between the measured residual and the known parts; refuse one that matters."""
        frontier_parts = self.breakthrough + self.traditional + self.emerging
        rest = np.where(np.isfinite(frontier_parts), frontier_parts, self.within)
        total = rest + np.nan_to_num(self.allocation) + self.unallocated
        return require_identity(residual, total)
