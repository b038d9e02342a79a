"""What a regression on a lagged distance finds where nobody catches up: own shocks in another order; the half panels.

Within effects of units a lagged level is correlated with the mean of the errors (Nickell 1981, Econometrica 49(6)), so
that a short panel shows distances that close where none does. The half-panel jackknife takes the first order of that
out (Dhaene and Jochmans 2015, Review of Economic Studies 82(3)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.sources.assumptions import setting

_TOGETHER = 50_000  # units times years times draws: what a processor keeps close by
_COLLINEAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """Units by years `(C, T)`: growth, that of the frontier, distance to it, drivers as they enter `(K, C, T)`.

    `industry` and `region` are codes `(C,)`. Missing figures are NaN.
    """

    growth: FloatArray
    frontier: FloatArray
    distance: FloatArray
    drivers: FloatArray
    industry: IntArray
    region: IntArray
    years: bool

    def estimates(self) -> FloatArray:
        """Return the coefficient of the distance within effects, and by the half-panel jackknife `(2,)`."""
        estimates: FloatArray = self._estimates(self.growth[None], self.frontier[None], self.distance[None])[0]
        return estimates

    def placebo(self) -> FloatArray:
        """Return both estimates in draws without catching up `(draws, 2)`."""
        # What all regions of an industry share in a year stays where it is, and so does the mean of every unit's own
        # growth; the rest keeps its size and loses its date. The industries of one region are reordered alike.
        count, (units, years) = int(setting("placebo.draws")), self.growth.shape
        level, growth_known = self._levels()
        level_known = np.isfinite(level)
        usual = _by_group(np.where(growth_known, self.growth, np.nan), self.industry)
        shock = np.where(growth_known, self.growth - usual, 0.0)
        # Over a year without figures the level jumps as it did.
        step = np.where(growth_known, usual, np.diff(_carry_forward(level), axis=1, prepend=0.0))
        place = np.argsort(~growth_known, axis=1, kind="stable")
        # The best stands above the highest of these regions as far as it did: not at all where it is one of them.
        best = np.cumsum(np.nan_to_num(self.frontier), axis=1)
        above = best - _highest(level[None], self.industry)[0]
        random = np.random.default_rng(int(setting("placebo.seed")))
        size = max(1, _TOGETHER // (units * years))
        draws_of_estimates = []
        for start in range(0, count, size):
            draws = min(size, count - start)
            keys = random.random((draws, int(self.region.max()) + 1, years))[:, self.region]
            order = np.argsort(np.where(growth_known, keys, 1.0), axis=2)
            reordered = np.empty(order.shape)
            np.put_along_axis(
                reordered, np.broadcast_to(place, order.shape), np.take_along_axis(shock[None], order, 2), 2
            )
            levels = np.where(level_known, np.cumsum(step + reordered, axis=2), np.nan)
            frontier = _highest(levels, self.industry) + above
            advance = np.where(np.isfinite(self.frontier), np.diff(frontier, axis=2, prepend=np.nan), np.nan)
            draws_of_estimates.append(
                self._estimates(np.where(growth_known, usual + reordered, np.nan), advance, frontier - levels)
            )
        return np.concatenate(draws_of_estimates)

    def _levels(self) -> tuple[FloatArray, BoolArray]:
        """Return levels that begin behind the frontier and move by own growth, and where that growth is known."""
        relative_level = np.cumsum(np.nan_to_num(self.frontier), axis=1) - self.distance
        growth_known = np.isfinite(self.growth) & np.isfinite(relative_level)
        growth_known[:, 1:] &= np.isfinite(relative_level[:, :-1])
        growth_known[:, 0] = False
        jump = np.diff(_carry_forward(relative_level), axis=1, prepend=0.0)
        level = np.cumsum(np.where(growth_known, np.nan_to_num(self.growth), jump), axis=1)
        return np.where(np.isfinite(relative_level), level, np.nan), growth_known

    def _estimates(self, growth: FloatArray, frontier: FloatArray, distance: FloatArray) -> FloatArray:
        """Return both estimates of every draw; NaN where the rows do not tell."""
        before = np.concatenate([np.full_like(distance[..., :1], np.nan), distance[..., :-1]], axis=-1)
        parts = [growth, before, frontier, *(np.broadcast_to(driver, growth.shape) for driver in self.drivers)]
        parts += [before * driver for driver in self.drivers]
        table = np.stack(parts, axis=1)
        rows = np.isfinite(table).all(axis=1) & (before > 0)
        table = np.where(rows[:, None], table, 0.0)
        full_panel = self._catch_up_coefficient(table, rows)
        years = np.flatnonzero(rows.any(axis=(0, 1)))
        if not len(years):
            return np.full((len(growth), 2), np.nan)
        first, span = int(years[0]), int(years[-1] - years[0]) + 1
        # With an odd number of years both ways of halving count; weighted by length, a bias of 1/T cancels.
        halves, cuts = np.zeros_like(full_panel), sorted({first + span // 2, first + (span + 1) // 2})
        for cut in cuts:
            late = np.arange(rows.shape[2]) >= cut
            share = (first + span - cut) / span
            halves += share * self._catch_up_coefficient(table, rows & late) + (1 - share) * self._catch_up_coefficient(
                table, rows & ~late
            )
        return np.stack([full_panel, 2 * full_panel - halves / len(cuts)], axis=1)

    def _catch_up_coefficient(self, table: FloatArray, rows: BoolArray) -> FloatArray:
        """Return the coefficient of the second of the parts `(n, k, C, T)` on the first, within effects, over rows."""
        inside = rows.astype(np.float64)
        count = np.maximum(inside.sum(axis=2, keepdims=True), 1.0)
        table = table * inside[:, None]
        table -= (table.sum(axis=3) / count[:, None, :, 0])[..., None]
        table *= inside[:, None]
        flat = table.reshape(*table.shape[:2], -1)
        cross = flat @ flat.transpose(0, 2, 1)
        if self.years:  # the effects of years, less what those of units hold of them, are swept out in one step
            by_year, share = table.sum(axis=2), inside / np.sqrt(count)
            total = np.eye(rows.shape[2]) * inside.sum(axis=1)[:, None, :] - share.transpose(0, 2, 1) @ share
            cross -= by_year @ np.linalg.pinv(total, rcond=_COLLINEAR, hermitian=True) @ by_year.transpose(0, 2, 1)
        x, y = cross[:, 1:, 1:], cross[:, 1:, :1]
        size = np.sqrt(np.maximum(np.diagonal(x, axis1=1, axis2=2), np.finfo(float).tiny))
        unit = x / size[:, :, None] / size[:, None, :]
        free = np.linalg.eigvalsh(unit)[:, 0] > _COLLINEAR
        unit[~free] = np.eye(unit.shape[1])
        speed = np.linalg.solve(unit, y / size[:, :, None])[:, 0, 0] / size[:, 0]
        return np.where(free, speed, np.nan)


def _carry_forward(values: FloatArray) -> FloatArray:
    """Return rows in which a missing figure is the one before it, and 0 before the first."""
    at = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.shape[1]), -1), axis=1)
    return np.where(at < 0, 0.0, np.take_along_axis(values, np.maximum(at, 0), axis=1))


def _by_group(values: FloatArray, group: IntArray) -> FloatArray:
    """Return the mean of the known figures of a unit's group in every year `(C, T)`; 0 where none is known."""
    total, count = np.zeros((2, int(group.max()) + 1, values.shape[1]))
    np.add.at(total, group, np.nan_to_num(values))
    np.add.at(count, group, np.isfinite(values))
    return np.asarray((total / np.maximum(count, 1.0))[group])


def _highest(levels: FloatArray, group: IntArray) -> FloatArray:
    """Return the highest level of a unit's group in every year of every draw `(n, C, T)`; NaN where none is known."""
    filled = np.where(np.isfinite(levels), levels, -np.inf)
    best = np.stack([filled[:, group == code].max(axis=1) for code in range(int(group.max()) + 1)], axis=1)[:, group]
    return np.where(np.isfinite(best), best, np.nan)
