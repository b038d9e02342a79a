"""Perpetual inventory: the stock of capital that a history of investment leaves behind.

Every function counts investment of a year in full at the end of that year; `at_timing` moves the stock to the moment
at which production uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray

Timing = Literal["end_of_year", "beginning_of_year", "mid_year"]


def geometric(
    investment: FloatArray,
    depreciation: FloatArray | float,
    initial: FloatArray | float,
    *,
    start: IntArray | int | None = None,
) -> FloatArray:
    """Return the end-of-year stock under geometric depreciation, ``K[t] = (1 - d[t]) K[t-1] + I[t]``.

    Parameters
    ----------
    investment
        Real investment `(..., T)`. A missing year leaves the stock missing from there on.
    depreciation
        Rate per year, 0 to 1, broadcastable to `(..., T)`.
    initial
        Stock `(...)` at the end of year `start`; investment up to that year is part of it.
    start
        Position of the initial year, `(...)` or one for all; the first year when not given. NaN before it.

    Returns
    -------
    FloatArray
        Stock `(..., T)` in the unit of investment.

    Raises
    ------
    InputError
        When a rate lies outside 0 to 1.

    Notes
    -----
    Goldsmith (1951), A perpetual inventory of national wealth; OECD (2009), Measuring Capital.

    Examples
    --------
    >>> geometric(np.array([0.0, 10.0, 20.0]), 0.1, 100.0).tolist()
    [100.0, 100.0, 110.0]
    """
    if np.any((np.asarray(depreciation) < 0) | (np.asarray(depreciation) > 1)):
        raise InputError("core.depreciation-range")
    kept = 1 - np.asarray(depreciation, dtype=np.float64)
    return _accumulate(kept, np.asarray(investment, dtype=np.float64), initial, start)


def reported(
    investment: FloatArray,
    depreciation_flow: FloatArray,
    initial: FloatArray | float,
    *,
    start: IntArray | int | None = None,
) -> FloatArray:
    """Return the end-of-year stock under reported depreciation, ``K[t] = K[t-1] + I[t] - D[t]``.

    Parameters
    ----------
    investment, depreciation_flow
        Real investment and real consumption of fixed capital `(..., T)`, deflated by the same price.
    initial, start
        As in `geometric`.

    Returns
    -------
    FloatArray
        Stock `(..., T)`.

    Examples
    --------
    >>> reported(np.array([0.0, 10.0, 20.0]), np.array([0.0, 4.0, 5.0]), 100.0).tolist()
    [100.0, 106.0, 121.0]
    """
    net = np.asarray(investment, dtype=np.float64) - depreciation_flow
    return _accumulate(np.ones(1), net, initial, start)


def _accumulate(
    kept: FloatArray, flow: FloatArray, initial: FloatArray | float, start: IntArray | int | None
) -> FloatArray:
    """Run ``K[t] = kept[t] K[t-1] + flow[t]`` from the initial stock of every series."""
    stock = np.asarray(initial, dtype=np.float64)
    first = np.asarray(0 if start is None else start)
    leading = np.broadcast_shapes(flow.shape[:-1], kept.shape[:-1], stock.shape, first.shape)
    years = flow.shape[-1]
    kept = np.broadcast_to(kept, (*kept.shape[:-1], years))
    out = np.empty((*leading, years))
    level = np.full(leading, np.nan)
    for year in range(years):
        level = np.where(first == year, stock, kept[..., year] * level + flow[..., year])
        out[..., year] = level
    return out


def age_efficiency(service_life: float, efficiency_beta: float, retirement_sd: float = 0.0) -> FloatArray:
    """Return the efficiency that a cohort keeps at the ages 0, 1, 2, ... when single assets age hyperbolically.

    An asset of life ``L`` keeps ``(L - s) / (L - beta s)`` of its efficiency at age ``s``. Lives within a cohort are
    normal around the mean, on a grid of whole years from the mean, cut off at zero and at twice the mean.

    Parameters
    ----------
    service_life
        Mean life in years.
    efficiency_beta
        Shape, below or equal to 1: 1 is no loss before retirement, 0 a straight line, negative a faster start.
    retirement_sd
        Standard deviation of lives in years; 0 retires a cohort at once.

    Returns
    -------
    FloatArray
        Profile from age 0 (= 1) to the last age at which any efficiency is left.

    Raises
    ------
    InputError
        When a parameter is out of range.

    Notes
    -----
    OECD (2009), Measuring Capital; U.S. Bureau of Labor Statistics (1983), Trends in multifactor productivity.

    Examples
    --------
    >>> age_efficiency(4, 0.5).round(3).tolist()
    [1.0, 0.857, 0.667, 0.4]
    """
    if not (service_life > 0 and efficiency_beta <= 1 and retirement_sd >= 0):
        raise InputError(
            "core.age-efficiency",
            service_life=service_life,
            efficiency_beta=efficiency_beta,
            retirement_sd=retirement_sd,
        )
    offset = np.zeros(1)
    if retirement_sd > 0:
        reach = np.ceil(service_life) - 1
        offset = np.arange(-reach, reach + 1)
    with np.errstate(over="ignore"):  # a spread of next to nothing: all other lives have the weight 0
        density = np.exp(-0.5 * (offset / (retirement_sd or 1.0)) ** 2)
    life = (service_life + offset)[:, None]
    age = np.arange(np.ceil(life[-1, 0]))
    alive = age < life
    efficiency = np.where(alive, life - age, 0.0) / np.where(alive, life - efficiency_beta * age, 1.0)
    profile: FloatArray = density @ efficiency / density.sum()
    return profile


def hyperbolic(
    investment: FloatArray,
    *,
    service_life: float,
    efficiency_beta: float,
    retirement_sd: float = 0.0,
    initial: FloatArray | float = 0.0,
    start: IntArray | int | None = None,
) -> FloatArray:
    """Return the end-of-year productive stock when efficiency falls hyperbolically with age.

    Parameters
    ----------
    investment
        Real investment of one kind of asset `(..., T)`. A missing year leaves the stock missing from there on.
    service_life, efficiency_beta, retirement_sd
        As in `age_efficiency`.
    initial
        Stock `(...)` at the end of year `start`, investment of that year included. Its ages are those that constant
        investment would have left.
    start
        As in `geometric`.

    Returns
    -------
    FloatArray
        Stock `(..., T)` in efficiency units of new assets.

    Examples
    --------
    >>> hyperbolic(np.array([0.0, 10.0, 0.0]), service_life=2, efficiency_beta=0).tolist()
    [0.0, 10.0, 5.0]
    """
    profile = age_efficiency(service_life, efficiency_beta, retirement_sd)
    stock = np.asarray(initial, dtype=np.float64)
    first = np.asarray(0 if start is None else start)
    first = np.broadcast_to(first, np.broadcast_shapes(investment.shape[:-1], stock.shape, first.shape))
    years = np.arange(investment.shape[-1])
    elapsed = years - first[..., None]
    flow = np.where(elapsed > 0, investment, 0.0)
    # What is left of the initial stock after n years: the ages n and above of a stationary population.
    left = np.append(np.cumsum(profile[::-1])[::-1], 0.0) / profile.sum()
    out = stock[..., None] * left[np.clip(elapsed, 0, len(profile))]
    for year in years[1:]:
        ages = profile[: year + 1]
        out[..., year] += flow[..., year + 1 - len(ages) : year + 1] @ ages[::-1]
        # A gap in the history never heals: later stocks would be missing one cohort.
        out[..., year] += 0.0 * flow[..., : year + 1].sum(axis=-1)
    return np.where(elapsed < 0, np.nan, out)


def at_timing(stock: FloatArray, timing: Timing) -> FloatArray:
    """Move an end-of-year stock to the moment at which production uses it.

    Parameters
    ----------
    stock
        End-of-year stock `(..., T)`.
    timing
        ``end_of_year`` as it is; ``beginning_of_year`` the stock of the year before; ``mid_year`` the mean of both.

    Returns
    -------
    FloatArray
        `(..., T)`; the first year is NaN unless the timing is ``end_of_year``.

    Raises
    ------
    UsageError
        When the timing is unknown.

    Examples
    --------
    >>> at_timing(np.array([100.0, 110.0]), "mid_year").tolist()
    [nan, 105.0]
    """
    before = np.full_like(stock, np.nan)
    before[..., 1:] = stock[..., :-1]
    match timing:
        case "end_of_year":
            return stock
        case "beginning_of_year":
            return before
        case "mid_year":
            return (before + stock) / 2
        case _:
            raise UsageError("core.unknown-timing", timing=timing)
