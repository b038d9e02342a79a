"""A trend in growth, interest and borrowing: its slope, how sure it is, and futures that go on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.risks.debt.fan_shocks import (
    PanelAutoregression,
    chained,
    independent,
    panel_autoregression,
    persistent,
    residuals,
)
from xinzhi.risks.inputs import setting

_LOST = 2  # a level and a slope
_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trend:
    """One slope a year for each variable, common to the regions, and what it might be beside."""

    slopes: FloatArray  # (k,)
    drawn: FloatArray  # what resampled pasts without a trend give for slopes (B, k)

    @property
    def ratio(self) -> FloatArray:
        """Return the slopes over the spread of those that chance gives (k,); 0 where nothing moves."""
        spread = self.drawn.std(axis=0)
        return np.asarray(np.where(spread > _TINY, self.slopes / np.maximum(spread, _TINY), 0.0))

    def ahead(self, years: IntArray, horizon: int) -> FloatArray:
        """Return what the trend adds to a region's mean in the years ahead (B, H, k)."""
        away = years[-1] + np.arange(1, horizon + 1) - years.mean()
        return np.asarray((self.slopes + self.drawn)[:, None, :] * away[None, :, None])


def slope(pasts: Sequence[tuple[IntArray, FloatArray]]) -> FloatArray:
    """Return the least-squares slope a year that regions share, each with its own mean (k,).

    Examples
    --------
    >>> years = np.arange(2000, 2010)
    >>> float(slope([(years, 0.10 - 0.002 * (years[:, None] - 2000))])[0].round(6))
    -0.002
    """
    top = sum((years - years.mean()) @ (past - past.mean(axis=0)) for years, past in pasts)
    return np.asarray(top / sum(((years - years.mean()) ** 2).sum() for years, _ in pasts))


def detrended(years: IntArray, past: FloatArray, slopes: FloatArray) -> FloatArray:
    """Return a past without its trend (T, k), its mean unchanged, its spread corrected for a second estimate."""
    level, spread = past.mean(axis=0), np.sqrt((len(past) - 1) / max(len(past) - _LOST, 1))
    return np.asarray(level + (past - level - np.outer(years - years.mean(), slopes)) * spread)


def lasting(model: PanelAutoregression, years: int) -> PanelAutoregression:
    """Return an autoregression corrected for the trend that was taken out of so many years too.

    Least squares around a line loses ``(2 + 4 a) / T`` of a coefficient `a`, around a mean ``(1 + 3 a) / T``, which the
    model has made good already (Tanaka 1984, Journal of the Royal Statistical Society B 46(1)).
    """
    limit = float(setting("public_debt", "fan.largest_coefficient"))
    slopes, drawn = (np.clip(one + (1 + one) / years, -limit, limit) for one in (model.slopes, model.drawn))
    return replace(model, slopes=np.where(model.plain == 0, 0.0, slopes), drawn=np.where(model.plain == 0, 0.0, drawn))


def drawn_slopes(
    pasts: Sequence[tuple[IntArray, FloatArray]],
    model: PanelAutoregression | None,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return slopes (B, k) of pasts made of the resampled shocks that the regions have in common.

    `pasts` are without their trend. The mean of the regions of a year is what is common; what is a region's own
    averages out in the slope of all.
    """
    every = np.unique(np.concatenate([years for years, _ in pasts]))
    total, count = np.zeros((len(every), pasts[0][1].shape[1])), np.zeros((len(every), 1))
    for years, past in pasts:
        at = np.searchsorted(every, years)
        total[at] += past - past.mean(axis=0)
        count[at] += 1
    common = total / count
    away = every - every.mean()
    usual = np.zeros(common.shape[1]) if model is None else model.slopes
    left = common[1:] - usual * common[:-1]
    left = (left - left.mean(axis=0)) * np.sqrt(len(common) / max(len(common) - _LOST - 1, 1))
    shocks = left[rng.integers(len(left), size=(draws, len(every)))]
    paths = chained(shocks, usual if model is None else model.drawn)
    return np.asarray(np.einsum("t,btk->bk", away, paths) / (away @ away))


Pasts = Mapping[str, tuple[IntArray, FloatArray]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """How pasts go on: independent years (`order` 0) or autoregressions, with their trend or back to their mean."""

    count: int
    seed: int
    order: int | None
    trend: bool

    def own(
        self, past: tuple[IntArray, FloatArray], horizon: int, rng: np.random.Generator
    ) -> tuple[FloatArray, Trend]:
        """Return futures (B, H, k) from a past that is long enough to stand alone, and its trend."""
        alone = self.pooled({"": past})
        if alone.model is not None:
            return alone.future("", horizon, self, rng), alone.slow
        future = independent(alone.pasts[""][1], horizon, self.count, rng)
        return (future + alone.slow.ahead(past[0], horizon) if self.trend else future), alone.slow

    def pooled(self, pasts: Pasts) -> Pooled:
        """Return what pasts share: how long shocks last, the shocks, and the trend."""
        plain, found = self._model(pasts), slope(list(pasts.values()))
        without = {code: (years, detrended(years, past, found)) for code, (years, past) in pasts.items()}
        years = int(np.median([len(past) for _, past in pasts.values()]))
        model = self._model(without)  # around means a trend passes for shocks that last, and is never found
        held = None if model is None else lasting(model, years)
        rng = np.random.default_rng([self.seed, len(pasts), years])
        slow = Trend(slopes=found, drawn=drawn_slopes(list(without.values()), held, self.count, rng))
        kept = without if self.trend else pasts
        pool = np.concatenate([residuals(past) for _, past in kept.values()])
        return Pooled(plain=plain, model=held if self.trend else plain, slow=slow, pasts=kept, pool=pool)

    def _model(self, pasts: Pasts) -> PanelAutoregression | None:
        if self.order is not None:
            return None
        return panel_autoregression(list(pasts.values()), self.count, np.random.default_rng(self.seed))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """What pasts share; `plain` is the autoregression around means, `model` the one in use."""

    plain: PanelAutoregression | None
    model: PanelAutoregression | None
    slow: Trend
    pasts: Pasts
    pool: FloatArray

    def future(self, code: str, horizon: int, moves: Moves, rng: np.random.Generator) -> FloatArray:
        """Return futures (B, H, k) of one region."""
        years, past = self.pasts[code]
        if self.model is None:
            ahead = independent(past, horizon, moves.count, rng, self.pool)
        else:
            ahead = persistent(years, past, self.model, horizon, rng)
        return ahead + self.slow.ahead(years, horizon) if moves.trend else ahead
