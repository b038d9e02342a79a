"""One autoregression for the shocks of many regions whose pasts are too short for one each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.risks.debt.fan_paths import spread_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray, IntArray

# a half-life of 34 years: a short past cannot tell slower ones from a trend
LIMIT = 0.98
_PASSES = 5  # each leaves about a fifth of what is missing
NOTHING = 1e-24  # squares of rounding errors
_CELLS = 4_000_000  # numbers held at once
_FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelAutoregression:
    """Autoregressions of order one, one for each variable, with a mean for each region.

    Parameters
    ----------
    slopes
        Coefficients (k,), corrected; 0 where a variable never moves.
    plain
        Least squares with region means (k,).
    drawn
        Coefficients as they might be (B, k).
    shocks
        Residual rows of all regions (N, k), scaled to the unbiased variance.
    scale
        Their spread over that of resampled panels (B, k).
    pulled
        Share of coefficients drawn that were pulled back to the limit of 0.98.
    """

    slopes: FloatArray
    plain: FloatArray
    drawn: FloatArray
    shocks: FloatArray
    scale: FloatArray
    pulled: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Panel:
    """Regions on one grid of years (Y, N).

    Parameters
    ----------
    values
        Deviations from the region's mean (Y, N, k).
    pairs
        1 where a year and the one before are both known, else 0 (Y - 1, N, 1).
    count
        Their number in each region, at least 1 (N, 1).
    donors
        For each cell of (Y - 1, N) the flat index of the pair whose residual stands there: itself where it is a pair.
    """

    values: FloatArray
    pairs: FloatArray
    count: FloatArray
    donors: IntArray


def panel_autoregression(
    pasts: Sequence[tuple[IntArray, FloatArray]], draws: int, rng: np.random.Generator
) -> PanelAutoregression | None:
    """Estimate how shocks last, by one coefficient of all regions for each variable.

    Parameters
    ----------
    pasts
        Of each region its years (T,), rising, and values (T, k). Gaps are left out.
    draws
        Number of coefficients to draw.
    rng
        Source of chance.

    Returns
    -------
    PanelAutoregression | None
        None where pairs of neighbouring years, less one for each region's mean, are fewer than three.

    Notes
    -----
    With region means, least squares on short pasts takes shocks for shorter-lived than they are (Nickell 1981,
    Econometrica 49(6)). The coefficient is therefore the one whose resampled panels give, on average, the least squares
    of the past (Everaert and Pozzi 2007, Journal of Economic Dynamics and Control 31(4)). Residuals are drawn by whole
    years, all regions at once: what is common to them makes the coefficient less certain than its number of rows says.
    With nine years this still falls short by a fifth where half of the variance is common, and overstates by half
    where nothing is. A panel starts with a shock of the stationary spread.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = panel_autoregression([(np.arange(9), rng.normal(size=(9, 1))) for _ in range(40)], 200, rng)
    >>> found.plain.round(2).tolist(), found.slopes.round(2).tolist()
    ([-0.11], [0.02])
    """
    panel = _panel(pasts, rng)
    regions = int(panel.pairs.any(axis=0).sum())
    if panel.pairs.sum() - regions < _FEWEST:
        return None
    lag, now = _within(panel.values, panel)
    plain = _slopes(_moments(lag, now, panel))
    years = np.flatnonzero(panel.pairs.any(axis=(1, 2)))
    drawn = years[rng.integers(len(years), size=(draws, len(panel.values)))]
    slopes = np.clip(plain, -LIMIT, LIMIT)
    for _ in range(_PASSES):
        worlds = _worlds(_residuals(lag, now, slopes, panel), slopes, drawn, panel)
        slopes = np.clip(slopes + plain - _slopes(worlds).mean(axis=0), -LIMIT, LIMIT)
    left = _residuals(lag, now, slopes, panel)
    worlds = _worlds(left, slopes, drawn, panel)
    again = _slopes(worlds)
    own = again + (slopes - again.mean(axis=0))
    kept = np.clip(own, -LIMIT, LIMIT)
    shocks = left[panel.pairs[..., 0] > 0]
    return PanelAutoregression(
        slopes=slopes,
        plain=plain,
        drawn=kept,
        shocks=shocks,
        scale=spread_ratio(np.sqrt((shocks**2).mean(axis=0)), _spread(worlds, kept, len(shocks))),
        pulled=float((kept != own).mean()),
    )


def persistent(
    years: IntArray, history: FloatArray, model: PanelAutoregression, horizon: int, rng: np.random.Generator
) -> FloatArray:
    """Draw futures (B, H, k) of one region from the autoregression of all.

    Parameters
    ----------
    years, history
        The region's years (T,) and values (T, k).
    model
        With B coefficients drawn.
    horizon, rng
        Years ahead, and the source of chance.

    Notes
    -----
    Every future has a coefficient and a spread of its own, and a mean of its own: what a past made of resampled shocks
    is off its mean is what the region's past may be off its.
    """
    draws, k = model.drawn.shape
    known = years - years[0]
    past = _chain(model.shocks[rng.integers(len(model.shocks), size=(draws, known[-1] + 1))], model.slopes)
    centre = history.mean(axis=0) + past[:, known].mean(axis=1)
    ahead = model.shocks[rng.integers(len(model.shocks), size=(draws, horizon))] * model.scale[:, None]
    future = np.empty((draws, horizon, k))
    last = history[-1] - centre
    for step in range(horizon):
        last = last * model.drawn + ahead[:, step]
        future[:, step] = centre + last
    return future


def _panel(pasts: Sequence[tuple[IntArray, FloatArray]], rng: np.random.Generator) -> _Panel:
    grid = np.unique(np.concatenate([years for years, _ in pasts]))
    values = np.zeros((len(grid), len(pasts), pasts[0][1].shape[1]))
    known = np.zeros(values.shape[:2], dtype=bool)
    for region, (years, rows) in enumerate(pasts):
        # around the mean: sums of squares of small deviations from large levels lose digits
        at = np.searchsorted(grid, years)
        values[at, region], known[at, region] = rows - rows.mean(axis=0), True
    pairs = known[1:] & known[:-1] & (np.diff(grid) == 1)[:, None]
    pairs &= pairs.sum(axis=0) > 1  # one pair says nothing beside a mean of its own
    donors = np.arange(pairs.size).reshape(pairs.shape)
    for region in range(len(pasts)):
        # years that a region lacks are filled from its others, or, where it has none, from everybody's
        own = pairs[:, region]
        able = donors[own, region] if own.any() else np.flatnonzero(pairs)
        if len(able):
            donors[~own, region] = rng.choice(able, size=int((~own).sum()))
    weights = pairs[..., None].astype(float)
    return _Panel(values=values, pairs=weights, count=np.maximum(weights.sum(axis=0), 1.0), donors=donors)


def _within(values: FloatArray, panel: _Panel) -> tuple[FloatArray, FloatArray]:
    """Return lags and values (..., Y - 1, N, k) around the region's means of both; 0 where there is no pair."""
    lag, now = (
        (one - (one * panel.pairs).sum(axis=-3, keepdims=True) / panel.count) * panel.pairs
        for one in (values[..., :-1, :, :], values[..., 1:, :, :])
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
    plain = [np.einsum("...tnk,...tnk->...k", lag, one) for one in (lag, now)]
    pairs = ((lag, lag), (lag, now), (now, now))
    return np.stack(plain + [np.einsum("...tnk,...tnk,nk->...k", a, b, weights) for a, b in pairs])


def _slopes(moments: FloatArray) -> FloatArray:
    """Return coefficients (..., k) of least squares; 0 where nothing moves."""
    moves = moments[0] > NOTHING
    return np.where(moves, moments[1] / np.where(moves, moments[0], 1.0), 0.0)


def _spread(moments: FloatArray, slopes: FloatArray, count: int) -> FloatArray:
    """Return the standard deviation (..., k) of the residuals that the slopes leave."""
    squares = moments[4] - 2 * slopes * moments[3] + slopes**2 * moments[2]
    return np.asarray(np.sqrt(np.maximum(squares, 0.0) / count))


def _worlds(left: FloatArray, slopes: FloatArray, drawn: IntArray, panel: _Panel) -> FloatArray:
    """Return the moments (5, B, k) of panels made of the residuals of the years drawn (B, Y), all regions at once."""
    filled = left.reshape(-1, left.shape[-1])[panel.donors]
    block = max(1, _CELLS // panel.values.size)
    return np.concatenate(
        [
            _moments(*_within(_chain(filled[drawn[begin : begin + block]], slopes), panel), panel)
            for begin in range(0, len(drawn), block)
        ],
        axis=1,
    )


def _chain(shocks: FloatArray, slopes: FloatArray) -> FloatArray:
    """Return an autoregression (B, S, ..., k) of shocks of that shape, the first at the stationary spread."""
    chain = np.empty_like(shocks)
    chain[:, 0] = shocks[:, 0] / np.sqrt(1 - slopes**2)
    for step in range(1, shocks.shape[1]):
        chain[:, step] = chain[:, step - 1] * slopes + shocks[:, step]
    return chain
