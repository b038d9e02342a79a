"""Capital: what a history of investment leaves behind, the stock it begins with, and the services that it gives.

The perpetual inventory counts investment of a year in full at the end of that year; `at_timing` moves the stock to the
moment at which production uses it. For the services, arrays stack the assets on axis 0; the last axis is the year.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, year_before
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.index_numbers import chain, contributions

Timing = Literal["end_of_year", "beginning_of_year", "mid_year"]


def deflate(nominal: FloatArray, price: FloatArray) -> FloatArray:
    """Return amounts `(..., T)` at the prices of the year in which `price` is 1."""
    if np.any(price <= 0):
        raise InputError("core.price-range", value=np.nanmin(price))
    return nominal / price


def rebase(index: FloatArray, base: IntArray | int) -> FloatArray:
    """Return the index `(..., T)` with the value 1 at the position `base`, one for all or `(...)`."""
    where = np.broadcast_to(base, index.shape[:-1])[..., None]
    return index / np.take_along_axis(index, where, axis=-1)


def splice(first: FloatArray, second: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Extend `first` by the growth of `second` after the year in which it ends; return it and the cells so supplied.

    Both are `(..., T)`, NaN where a series has no figure; the result is NaN where neither can say.
    """
    first, second = np.broadcast_arrays(first, second)
    years = first.shape[-1]
    last = years - 1 - np.isfinite(first)[..., ::-1].argmax(axis=-1)[..., None]
    link = np.take_along_axis(first, last, axis=-1) / np.take_along_axis(second, last, axis=-1)
    after = np.arange(years) > last
    series = np.where(after, second * link, first)
    return series, after & np.isfinite(series)


def geometric(
    investment: FloatArray,
    depreciation: FloatArray | float,
    initial: FloatArray | float,
    *,
    start: IntArray | int | None = None,
) -> FloatArray:
    """Return the end-of-year stock under geometric depreciation, ``K[t] = (1 - d[t]) K[t-1] + I[t]``.

    Investment is real, `(..., T)`; a missing year leaves the stock missing from there on. `depreciation` is a rate per
    year; `initial` the stock `(...)` at the end of the year `start` (a position, the first year when None), investment
    up to then included. Goldsmith (1951), A perpetual inventory of national wealth; OECD (2009), Measuring Capital.
    """
    if np.any((np.asarray(depreciation) < 0) | (np.asarray(depreciation) > 1)):
        raise InputError("core.depreciation-range")
    survival = 1 - np.asarray(depreciation, dtype=np.float64)
    return _accumulate(survival, np.asarray(investment, dtype=np.float64), initial, start)


def stock_with_reported_depreciation(
    investment: FloatArray,
    depreciation_flow: FloatArray,
    initial: FloatArray | float,
    *,
    start: IntArray | int | None = None,
) -> FloatArray:
    """Return the stock under reported depreciation at the prices of investment, ``K[t] = K[t-1] + I[t] - D[t]``."""
    net = np.asarray(investment, dtype=np.float64) - depreciation_flow
    return _accumulate(np.ones(1), net, initial, start)


def _accumulate(
    survival: FloatArray, flow: FloatArray, initial: FloatArray | float, start: IntArray | int | None
) -> FloatArray:
    """Run ``K[t] = survival[t] K[t-1] + flow[t]`` from the initial stock of every series."""
    stock = np.asarray(initial, dtype=np.float64)
    first = np.asarray(0 if start is None else start)
    leading = np.broadcast_shapes(flow.shape[:-1], survival.shape[:-1], stock.shape, first.shape)
    years = flow.shape[-1]
    survival = np.broadcast_to(survival, (*survival.shape[:-1], years))
    out = np.empty((*leading, years))
    level = np.full(leading, np.nan)
    last = first.max(initial=-1)  # later no series begins
    for year in range(years):
        level = survival[..., year] * level + flow[..., year]
        if year <= last:
            level = np.where(first == year, stock, level)
        out[..., year] = level
    return out


def age_efficiency(service_life: float, efficiency_beta: float, retirement_sd: float = 0.0) -> FloatArray:
    """Return the efficiency that a cohort keeps at the ages 0 (= 1), 1, 2, ... when assets age hyperbolically.

    An asset of life ``L`` keeps ``(L - s) / (L - beta s)`` at age ``s``; beta 1 is no loss before retirement, 0 a
    straight line, negative a faster start. Lives are normal around the mean with `retirement_sd` years (0: all retire
    at once), on a grid of whole years cut off at zero and twice the mean. OECD (2009), Measuring Capital; BLS (1983),
    Trends in multifactor productivity.
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
    return np.asarray(density @ efficiency / density.sum())


def hyperbolic(
    investment: FloatArray,
    *,
    service_life: float,
    efficiency_beta: float,
    retirement_sd: float = 0.0,
    initial: FloatArray | float = 0.0,
    start: IntArray | int | None = None,
) -> FloatArray:
    """Return the end-of-year productive stock `(..., T)` in new assets, when efficiency falls as `age_efficiency` says.

    `investment`, `initial` and `start` are those of `geometric`; the ages of the initial stock are those that constant
    investment would have left.
    """
    profile = age_efficiency(service_life, efficiency_beta, retirement_sd)
    stock = np.asarray(initial, dtype=np.float64)
    first = np.asarray(0 if start is None else start)
    first = np.broadcast_to(first, np.broadcast_shapes(investment.shape[:-1], stock.shape, first.shape))
    years = np.arange(investment.shape[-1])
    elapsed = years - first[..., None]
    flow = np.where(elapsed > 0, investment, 0.0)
    # What is left of the initial stock after n years: the ages n and above of a stationary population.
    remaining = np.append(np.cumsum(profile[::-1])[::-1], 0.0) / profile.sum()
    out = stock[..., None] * remaining[np.clip(elapsed, 0, len(profile))]
    for year in years[1:]:
        ages = profile[: year + 1]
        out[..., year] += flow[..., year + 1 - len(ages) : year + 1] @ ages[::-1]
        # A gap in the history never heals: later stocks would be missing one cohort.
        out[..., year] += 0.0 * flow[..., : year + 1].sum(axis=-1)
    return np.where(elapsed < 0, np.nan, out)


def at_timing(stock: FloatArray, timing: Timing) -> FloatArray:
    """Move an end-of-year stock `(..., T)` to the moment at which production uses it; its first year can be NaN."""
    before = year_before(stock)
    match timing:
        case "end_of_year":
            return stock
        case "beginning_of_year":
            return before
        case "mid_year":
            return (before + stock) / 2
        case _:
            raise UsageError("core.unknown-timing", timing=timing)


def ratio_to_investment(investment0: FloatArray | float, ratio: FloatArray | float) -> FloatArray:
    """Return years of investment of the initial year; Zhang, Wu and Zhang (2004) take ten times that of 1952."""
    return np.asarray(investment0, dtype=np.float64) * ratio


def steady_state(
    investment0: FloatArray | float, growth: FloatArray | float, depreciation: FloatArray | float
) -> FloatArray:
    """Return the stock ``I / (g + d)`` whose net growth is `growth` (Harberger 1978); NaN unless ``g + d > 0``."""
    rate = np.asarray(growth, dtype=np.float64) + depreciation
    return np.asarray(investment0, dtype=np.float64) / np.where(rate > 0, rate, np.nan)


def capital_output_ratio(output0: FloatArray | float, ratio: FloatArray | float) -> FloatArray:
    """Return the stock as a multiple of output in the initial year."""
    return np.asarray(output0, dtype=np.float64) * ratio


NegativeRule = Literal["zero", "near_zero", "refuse", "keep"]


def revaluation(price: FloatArray, *, years: int, centred: bool) -> FloatArray:
    """Return the expected rate of change of asset prices `(n, ..., T)`: the mean of the rates of some `years`.

    The window is centred on the year (EU KLEMS: 3 years) or ends with it (Penn World Table: 5 years); at the ends of
    the series the mean is over the years of it that there are. NaN in the first year, which has no rate.
    """
    if years < 1 or (centred and years % 2 == 0):
        raise UsageError("core.window", years=years)
    rate = price / year_before(price) - 1
    ahead = years // 2 if centred else 0
    margin = [(0, 0)] * (rate.ndim - 1) + [(years - 1 - ahead, ahead)]
    window = np.lib.stride_tricks.sliding_window_view(np.pad(rate, margin, constant_values=np.nan), years, axis=-1)
    finite = np.isfinite(window)
    mean = np.where(finite, window, 0.0).sum(axis=-1) / np.maximum(finite.sum(axis=-1), 1)
    return np.where(np.isfinite(rate), mean, np.nan)


def user_cost(
    price: FloatArray, rate_of_return: FloatArray | float, depreciation: FloatArray, revaluation: FloatArray
) -> FloatArray:
    """Return the cost of using one unit of each asset for a year `(n, ..., T)`, ``p[t-1] r + p[t] d - p[t-1] g``.

    `rate_of_return` is nominal and the same for all assets `(..., T)`: internal (`internal_return`) or from outside.
    The cost can be negative (`settle_negative`). Jorgenson and Griliches (1967), The explanation of productivity
    change; Inklaar, Woltjer and Gallardo Albarran (2019) for the Penn World Table, equation 11.
    """
    return np.asarray(year_before(price) * (rate_of_return - revaluation) + price * depreciation)


def internal_return(
    compensation: FloatArray, price: FloatArray, stock: FloatArray, depreciation: FloatArray, revaluation: FloatArray
) -> FloatArray:
    """Return the nominal rate of return `(..., T)` at which the user costs of all assets exhaust the income of capital.

    `compensation` `(..., T)` is in the unit of ``price * stock`` `(n, ..., T)`; NaN in the first year and without a
    stock.
    """
    without = _value(user_cost(price, 0.0, depreciation, revaluation), stock).sum(axis=0)
    invested = _value(year_before(price), stock).sum(axis=0)
    return np.asarray((compensation - without) / np.where(invested > 0, invested, np.nan))


def settle_negative(cost: FloatArray, rule: NegativeRule, *, floor: FloatArray | float = 0.0) -> FloatArray:
    """Apply the rule of the protocol to user costs below zero; cost shares are taken afterwards.

    ``zero`` (EU KLEMS 2019), ``near_zero`` puts `floor` in their place (EU KLEMS & INTANProd, which does not publish
    its own; with 0 the rule is ``zero``), ``refuse`` raises an `InputError`, ``keep`` leaves them.
    """
    negative = cost < 0
    match rule:
        case "keep":
            return cost
        case "zero":
            return np.where(negative, 0.0, cost)
        case "near_zero":
            return np.where(negative, floor, cost)
        case "refuse":
            if negative.any():
                raise InputError("core.negative-user-cost", count=int(negative.sum()))
            return cost
        case _:
            raise UsageError("core.unknown-user-cost-rule", rule=rule)


def capital_services(stock: FloatArray, cost: FloatArray) -> FloatArray:
    """Return the volume index of capital services `(..., T)`, a Törnqvist index of the stocks weighted by user cost.

    1 in the first year that has user costs, NaN before it; an asset that is not used has the stock 0. OECD (2009).
    """
    value = _value(cost, stock)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(stock / year_before(stock))
        share = value / value.sum(axis=0)
    return chain(contributions(change, share, formula="tornqvist").sum(axis=0))


def _value(price: FloatArray, stock: FloatArray) -> FloatArray:
    """Return price times stock; an asset that is not used is worth nothing, even without a price."""
    return np.where(stock == 0, 0.0, price * stock)
