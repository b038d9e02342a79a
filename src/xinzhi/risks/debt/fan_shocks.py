"""Paths of debt to output from resampled shocks to growth, interest and borrowing, with or without a trend.

Years are drawn whole: independent, from an autoregression of a region's own past, or, where pasts are too short for one
each, from one autoregression of all regions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.risks.inputs import setting

_LOST = 2  # a level and a slope
_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trend:
    """One slope a year for each variable, common to the regions, and what it might be beside."""

    slopes: FloatArray  # (k,)
    slope_draws: FloatArray  # what resampled pasts without a trend give for slopes (B, k)

    @property
    def ratio(self) -> FloatArray:
        """Return the slopes over the spread of those that chance gives (k,); 0 where nothing moves."""
        spread = self.slope_draws.std(axis=0)
        return np.asarray(np.where(spread > _TINY, self.slopes / np.maximum(spread, _TINY), 0.0))

    def ahead(self, years: IntArray, horizon: int) -> FloatArray:
        """Return what the trend adds to a region's mean in the years ahead (B, H, k)."""
        away = years[-1] + np.arange(1, horizon + 1) - years.mean()
        return np.asarray((self.slopes + self.slope_draws)[:, None, :] * away[None, :, None])


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


def detrend(years: IntArray, past: FloatArray, slopes: FloatArray) -> FloatArray:
    """Return a past without its trend (T, k), its mean unchanged, its spread corrected for a second estimate."""
    level, spread = past.mean(axis=0), np.sqrt((len(past) - 1) / max(len(past) - _LOST, 1))
    return np.asarray(level + (past - level - np.outer(years - years.mean(), slopes)) * spread)


def lasting(model: PanelAutoregression, years: int) -> PanelAutoregression:
    """Return an autoregression corrected for the trend that was taken out of so many years too."""
    # Least squares around a line loses ``(2 + 4 a) / T`` of a coefficient `a`, around a mean ``(1 + 3 a) / T``, which
    # the model has made good already (Tanaka 1984, Journal of the Royal Statistical Society B 46(1)).
    limit = float(setting("public_debt", "fan.largest_coefficient"))
    slopes, slope_draws = (
        np.clip(estimate + (1 + estimate) / years, -limit, limit) for estimate in (model.slopes, model.slope_draws)
    )
    return replace(
        model,
        slopes=np.where(model.least_squares == 0, 0.0, slopes),
        slope_draws=np.where(model.least_squares == 0, 0.0, slope_draws),
    )


def drawn_slopes(
    pasts: Sequence[tuple[IntArray, FloatArray]],
    model: PanelAutoregression | None,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return slopes (B, k) of pasts made of the resampled shocks that the regions have in common."""
    # `pasts` are without their trend. The mean of the regions of a year is what is common; what is a region's own
    # averages out in the slope of all.
    all_years = np.unique(np.concatenate([years for years, _ in pasts]))
    total, count = np.zeros((len(all_years), pasts[0][1].shape[1])), np.zeros((len(all_years), 1))
    for years, past in pasts:
        at = np.searchsorted(all_years, years)
        total[at] += past - past.mean(axis=0)
        count[at] += 1
    common = total / count
    away = all_years - all_years.mean()
    usual = np.zeros(common.shape[1]) if model is None else model.slopes
    innovations = common[1:] - usual * common[:-1]
    innovations = (innovations - innovations.mean(axis=0)) * np.sqrt(len(common) / max(len(common) - _LOST - 1, 1))
    shocks = innovations[rng.integers(len(innovations), size=(draws, len(all_years)))]
    paths = chain_shocks(shocks, usual if model is None else model.slope_draws)
    return np.asarray(np.einsum("t,btk->bk", away, paths) / (away @ away))


Pasts = Mapping[str, tuple[IntArray, FloatArray]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """How pasts go on: independent years (`order` 0) or autoregressions, with their trend or back to their mean."""

    count: int
    seed: int
    order: int | None
    trend: bool

    def own_futures(
        self, past: tuple[IntArray, FloatArray], horizon: int, rng: np.random.Generator, *, look: bool = True
    ) -> tuple[FloatArray, Trend]:
        """Return futures (B, H, k) from a past that is long enough to stand alone, and its trend."""
        fit = self.pool_pasts({"": past}, look=look)
        if fit.model is not None:
            return fit.future("", horizon, self, rng), fit.slow
        future = independent(fit.pasts[""][1], horizon, self.count, rng)
        return (future + fit.slow.ahead(past[0], horizon) if self.trend else future), fit.slow

    def pool_pasts(self, pasts: Pasts, *, look: bool = True) -> Pooled:
        """Return what pasts share: how long shocks last, the shocks, and the trend (0 where nobody is to look)."""
        raw_model, slopes = self._model(pasts), slope(list(pasts.values()))
        if not look and not self.trend:
            still = Trend(slopes=np.zeros_like(slopes), slope_draws=np.zeros((1, len(slopes))))
            pool = np.concatenate([residuals(past) for _, past in pasts.values()])
            return Pooled(raw_model=raw_model, model=raw_model, slow=still, pasts=pasts, pool=pool)
        without = {code: (years, detrend(years, past, slopes)) for code, (years, past) in pasts.items()}
        years = int(np.median([len(past) for _, past in pasts.values()]))
        model = self._model(without)  # around means a trend passes for shocks that last, and is never found
        corrected = None if model is None else lasting(model, years)
        rng = np.random.default_rng([self.seed, len(pasts), years])
        slow = Trend(slopes=slopes, slope_draws=drawn_slopes(list(without.values()), corrected, self.count, rng))
        pasts_in_use = without if self.trend else pasts
        pool = np.concatenate([residuals(past) for _, past in pasts_in_use.values()])
        return Pooled(
            raw_model=raw_model, model=corrected if self.trend else raw_model, slow=slow, pasts=pasts_in_use, pool=pool
        )

    def _model(self, pasts: Pasts) -> PanelAutoregression | None:
        if self.order is not None:
            return None
        return panel_autoregression(list(pasts.values()), self.count, np.random.default_rng(self.seed))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled:
    """What pasts share; `raw_model` is the autoregression around means, `model` the one in use."""

    raw_model: PanelAutoregression | None
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


GROWTH, RATE, BORROWING = 0, 1, 2
_HALVINGS = 20
_PASSES = 5  # each leaves about a fifth of what is missing
NOTHING = 1e-24  # squares of rounding errors
_CELLS = 4_000_000  # numbers held at once
_FEWEST = 3


def recursion(start: float, growth: FloatArray, rate: FloatArray, borrowing: FloatArray) -> FloatArray:
    r"""Return debt to output along paths (..., H): :math:`d_t = \frac{1+r_t}{1+g_t} d_{t-1} + b_t`."""
    factor = (1.0 + rate) / (1.0 + growth)
    paths: FloatArray = np.empty(np.broadcast(factor, borrowing).shape)
    last: FloatArray | float = start
    for step in range(growth.shape[-1]):
        paths[..., step] = factor[..., step] * last + borrowing[..., step]
        last = paths[..., step]
    return paths


def residuals(history: FloatArray) -> FloatArray:
    """Return deviations from the mean (T, k), scaled so that their variance is the unbiased one."""
    years = len(history)
    return np.asarray((history - history.mean(axis=0)) * np.sqrt(years / (years - 1)))


def independent(
    history: FloatArray, horizon: int, draws: int, rng: np.random.Generator, pool: FloatArray | None = None
) -> FloatArray:
    """Draw futures (B, H, k) around the mean of the past, with rows of shocks drawn whole."""
    # The mean is not known: each future has a mean of its own, from a resampled past. Own shocks are few, so that their
    # spread is not known either: they are rescaled by the spread of the past over that of the resampled past (a
    # bootstrap-t), without which bands of short series are too narrow.
    years = len(history)
    shocks_pool = residuals(history) if pool is None else pool
    past = shocks_pool[rng.integers(len(shocks_pool), size=(draws, years))]
    scale = np.ones((draws, 1, history.shape[1]))
    if pool is None:
        scale = spread_ratio(history.std(axis=0, ddof=1), past.std(axis=1, ddof=1))[:, None]
    shocks = shocks_pool[rng.integers(len(shocks_pool), size=(draws, horizon))]
    return np.asarray(history.mean(axis=0) + (past.mean(axis=1, keepdims=True) + shocks) * scale)


def autoregressive(history: FloatArray, horizon: int, draws: int, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Draw futures (B, H, k) of a vector autoregression of order one, and the share of draws made stable."""
    # The past (T, k) must have T well above k + 2. Least squares takes short series for less persistent than they are.
    # The slopes are corrected by Pope's (1990, Journal of Time Series Analysis 11(3)) first-order bias; each future has
    # slopes of its own, estimated on a past made of resampled residuals and corrected by the same amount (Kilian 1998,
    # Review of Economics and Statistics 80(2)). Slopes that explode are shrunk until they do not.
    n, k = len(history) - 1, history.shape[1]
    slopes, innovations = _least_squares(history[None])
    bias = _bias(slopes[0], innovations[0].T @ innovations[0] / (n - k - 1), n)
    true, _ = _stable(slopes + bias, slopes)
    level, shocks = history.mean(axis=0), innovations[0] - innovations[0].mean(axis=0)
    shocks = shocks * np.sqrt(n / (n - k - 1))
    past = np.empty((draws, n + 1, k))
    past[:, 0] = history[rng.integers(n + 1, size=draws)] - level
    resampled = shocks[rng.integers(n, size=(draws, n))]
    for step in range(n):
        past[:, step + 1] = past[:, step] @ true[0] + resampled[:, step]
    again, rest = _least_squares(past)
    stable_slopes, pulled = _stable(again + bias, again)
    spread = np.sqrt((rest**2).sum(axis=1) / (n - k - 1))
    ratio = spread_ratio(np.sqrt((shocks**2).mean(axis=0)), spread)
    ahead = shocks[rng.integers(n, size=(draws, horizon))] * ratio[:, None]
    # what a resampled past is off its own mean is what the past may be off the true one
    centre = level + past.mean(axis=1)
    future = np.empty((draws, horizon, k))
    last = history[-1] - centre
    for step in range(horizon):
        last = np.einsum("bi,bij->bj", last, stable_slopes) + ahead[:, step]
        future[:, step] = centre + last
    return future, pulled


def _least_squares(series: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slopes (B, k, k), rows the lags, and residuals (B, n, k) of series (B, n + 1, k) around their means."""
    lag, now = series[:, :-1], series[:, 1:]
    lag, now = lag - lag.mean(axis=1, keepdims=True), now - now.mean(axis=1, keepdims=True)
    gram = np.einsum("bni,bnj->bij", lag, lag) + _TINY * np.eye(series.shape[2])
    slopes = np.linalg.solve(gram, np.einsum("bni,bnj->bij", lag, now))
    return slopes, now - lag @ slopes


def _bias(slopes: FloatArray, variance: FloatArray, years: int) -> FloatArray:
    """Return what least squares takes off the slopes (k, k) on average, to the order of 1 / years."""
    from scipy.linalg import solve_discrete_lyapunov

    a, identity = slopes.T, np.eye(len(slopes))
    roots = np.linalg.eigvals(a)
    if np.abs(roots).max() >= setting("public_debt", "fan.largest_root"):
        return np.zeros_like(slopes)
    spread = solve_discrete_lyapunov(a, variance)
    total = np.linalg.inv(identity - a.T) + a.T @ np.linalg.inv(identity - a.T @ a.T)
    total = total + sum(root * np.linalg.inv(identity - root * a.T) for root in roots)
    lost = variance @ total.real @ np.linalg.pinv(spread)
    return np.asarray((lost / years).T)


def _stable(corrected: FloatArray, uncorrected: FloatArray) -> tuple[FloatArray, float]:
    """Return slopes between the plain and the corrected ones that do not explode, and the share pulled back."""
    # where the plain ones explode themselves they are shrunk
    share, limit = np.ones(len(corrected)), setting("public_debt", "fan.largest_root")
    stable = corrected
    for _ in range(_HALVINGS):
        root = np.abs(np.linalg.eigvals(stable)).max(axis=1)
        explosive = root >= limit
        if not explosive.any():
            break
        share = np.where(explosive, share - 1 / _HALVINGS, share)
        stable = uncorrected + share[:, None, None] * (corrected - uncorrected)
    root = np.abs(np.linalg.eigvals(stable)).max(axis=1)
    factor = np.where(root >= limit, limit / np.maximum(root, _TINY), 1.0)
    return np.asarray(stable * factor[:, None, None]), float((share < 1).mean())


def spread_ratio(spread: FloatArray, resampled: FloatArray) -> FloatArray:
    """Return the spread of the past (k,) over that of resampled pasts (B, k); 1 where there is none."""
    safe = resampled > _TINY
    return np.asarray(np.where(safe, spread / np.where(safe, resampled, 1.0), 1.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelAutoregression:
    """Autoregressions of order one, one for each variable, with a mean for each region."""

    slopes: FloatArray  # corrected coefficients (k,); 0 where a variable never moves
    least_squares: FloatArray  # least squares with region means (k,)
    slope_draws: FloatArray  # coefficients as they might be (B, k)
    shocks: FloatArray  # residual rows of all regions (N, k), scaled to the unbiased variance
    scale: FloatArray  # their spread over that of resampled panels (B, k)
    pulled: float  # share of coefficients drawn that were pulled back to the limit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Panel:
    """Regions on one grid of years (Y, N)."""

    values: FloatArray  # deviations from the region's mean (Y, N, k)
    pairs: FloatArray  # 1 where a year and the one before are both known, else 0 (Y - 1, N, 1)
    count: FloatArray  # their number in each region, at least 1 (N, 1)
    donors: IntArray  # for each cell of (Y - 1, N) the flat index of the pair whose residual stands there


def panel_autoregression(
    pasts: Sequence[tuple[IntArray, FloatArray]], draws: int, rng: np.random.Generator
) -> PanelAutoregression | None:
    """Estimate how shocks last, by one coefficient of all regions for each variable."""
    # With region means, least squares on short pasts takes shocks for shorter-lived than they are (Nickell 1981,
    # Econometrica 49(6)). The coefficient is therefore the one whose resampled panels give, on average, the least
    # squares of the past (Everaert and Pozzi 2007, Journal of Economic Dynamics and Control 31(4)). Residuals are drawn
    # by whole years, all regions at once: what is common to them makes the coefficient less certain than its number of
    # rows says. With nine years this still falls short by a fifth where half of the variance is common, and overstates
    # by half where nothing is. A panel starts with a shock of the stationary spread.
    panel = _panel(pasts, rng)
    regions = int(panel.pairs.any(axis=0).sum())
    if panel.pairs.sum() - regions < _FEWEST:
        return None
    lag, now = _within(panel.values, panel)
    least_squares = _slopes(_moments(lag, now, panel))
    years = np.flatnonzero(panel.pairs.any(axis=(1, 2)))
    year_draws = years[rng.integers(len(years), size=(draws, len(panel.values)))]
    limit = setting("public_debt", "fan.largest_coefficient")
    slopes = np.clip(least_squares, -limit, limit)
    for _ in range(_PASSES):
        panels = _panels(_residuals(lag, now, slopes, panel), slopes, year_draws, panel)
        slopes = np.clip(slopes + least_squares - _slopes(panels).mean(axis=0), -limit, limit)
    innovations = _residuals(lag, now, slopes, panel)
    panels = _panels(innovations, slopes, year_draws, panel)
    again = _slopes(panels)
    centred = again + (slopes - again.mean(axis=0))
    bounded = np.clip(centred, -limit, limit)
    shocks = innovations[panel.pairs[..., 0] > 0]
    squares = panels[4] - 2 * bounded * panels[3] + bounded**2 * panels[2]  # of the residuals that the slopes leave
    return PanelAutoregression(
        slopes=slopes,
        least_squares=least_squares,
        slope_draws=bounded,
        shocks=shocks * np.sqrt(1 + 1 / max(len(shocks) - regions - 1, 1)),  # a slope is estimated, too
        scale=spread_ratio(np.sqrt((shocks**2).mean(axis=0)), np.sqrt(np.maximum(squares, 0.0) / len(shocks))),
        pulled=float((bounded != centred).mean()),
    )


def persistent(
    years: IntArray, history: FloatArray, model: PanelAutoregression, horizon: int, rng: np.random.Generator
) -> FloatArray:
    """Draw futures (B, H, k) of one region from the autoregression of all."""
    # Every future has a coefficient and a spread of its own, and a mean of its own: what a past made of resampled
    # shocks is off its mean is what the region's past may be off its.
    draws, k = model.slope_draws.shape
    offsets = years - years[0]
    resampled = model.shocks[rng.integers(len(model.shocks), size=(draws, offsets[-1] + 1))] * model.scale[:, None]
    past = chain_shocks(resampled, model.slope_draws)
    centre = history.mean(axis=0) + past[:, offsets].mean(axis=1)
    ahead = model.shocks[rng.integers(len(model.shocks), size=(draws, horizon))] * model.scale[:, None]
    future = np.empty((draws, horizon, k))
    last = history[-1] - centre
    for step in range(horizon):
        last = last * model.slope_draws + ahead[:, step]
        future[:, step] = centre + last
    return future


def _panel(pasts: Sequence[tuple[IntArray, FloatArray]], rng: np.random.Generator) -> _Panel:
    grid = np.unique(np.concatenate([years for years, _ in pasts]))
    values = np.zeros((len(grid), len(pasts), pasts[0][1].shape[1]))
    present = np.zeros(values.shape[:2], dtype=bool)
    for region, (years, rows) in enumerate(pasts):
        # around the mean: sums of squares of small deviations from large levels lose digits
        at = np.searchsorted(grid, years)
        values[at, region], present[at, region] = rows - rows.mean(axis=0), True
    pairs = present[1:] & present[:-1] & (np.diff(grid) == 1)[:, None]
    pairs &= pairs.sum(axis=0) > 1  # one pair says nothing beside a mean of its own
    donors = np.arange(pairs.size).reshape(pairs.shape)
    for region in range(len(pasts)):
        # years that a region lacks are filled from its others, or, where it has none, from those of all
        region_pairs = pairs[:, region]
        able = donors[region_pairs, region] if region_pairs.any() else np.flatnonzero(pairs)
        if len(able):
            donors[~region_pairs, region] = rng.choice(able, size=int((~region_pairs).sum()))
    weights = pairs[..., None].astype(float)
    return _Panel(values=values, pairs=weights, count=np.maximum(weights.sum(axis=0), 1.0), donors=donors)


def _within(values: FloatArray, panel: _Panel) -> tuple[FloatArray, FloatArray]:
    """Return lags and values (..., Y - 1, N, k) around the region's means of both; 0 where there is no pair."""
    lag, now = (
        (cells - (cells * panel.pairs).sum(axis=-3, keepdims=True) / panel.count) * panel.pairs
        for cells in (values[..., :-1, :, :], values[..., 1:, :, :])
    )
    return lag, now


def _weights(panel: _Panel) -> FloatArray:
    """Return what makes up for the mean that each region cost (N, 1)."""
    return np.asarray(panel.count / np.maximum(panel.count - 1, 1.0))


def _residuals(lag: FloatArray, now: FloatArray, slopes: FloatArray, panel: _Panel) -> FloatArray:
    return np.asarray((now - slopes * lag) * np.sqrt(_weights(panel)))


def _moments(lag: FloatArray, now: FloatArray, panel: _Panel) -> FloatArray:
    """Return sums (5, ..., k): squares of lags, products; then both and squares of values, weighted for the means."""
    weights = np.broadcast_to(_weights(panel), lag.shape[-2:])
    sums = [np.einsum("...tnk,...tnk->...k", lag, values) for values in (lag, now)]
    pairs = ((lag, lag), (lag, now), (now, now))
    return np.stack(sums + [np.einsum("...tnk,...tnk,nk->...k", a, b, weights) for a, b in pairs])


def _slopes(moments: FloatArray) -> FloatArray:
    """Return coefficients (..., k) of least squares; 0 where nothing moves."""
    moves = moments[0] > NOTHING
    return np.where(moves, moments[1] / np.where(moves, moments[0], 1.0), 0.0)


def _panels(innovations: FloatArray, slopes: FloatArray, year_draws: IntArray, panel: _Panel) -> FloatArray:
    """Return the moments (5, B, k) of panels made of the residuals of the years drawn (B, Y), all regions at once."""
    filled = innovations.reshape(-1, innovations.shape[-1])[panel.donors]
    block = max(1, _CELLS // panel.values.size)
    return np.concatenate(
        [
            _moments(*_within(chain_shocks(filled[year_draws[begin : begin + block]], slopes), panel), panel)
            for begin in range(0, len(year_draws), block)
        ],
        axis=1,
    )


def chain_shocks(shocks: FloatArray, slopes: FloatArray) -> FloatArray:
    """Return an autoregression (B, S, ..., k) of shocks of that shape, the first at the stationary spread."""
    chain = np.empty_like(shocks)
    chain[:, 0] = shocks[:, 0] / np.sqrt(1 - slopes**2)
    for step in range(1, shocks.shape[1]):
        chain[:, step] = chain[:, step - 1] * slopes + shocks[:, step]
    return chain
