"""Capital services: what a year's use of each asset costs, and the volume of services of all assets together.

Arrays stack the assets on axis 0; the last axis is the year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.index_numbers import chain, contributions

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

NegativeRule = Literal["zero", "near_zero", "refuse", "keep"]


def revaluation(price: FloatArray, *, years: int, centred: bool) -> FloatArray:
    """Return the expected rate of change of asset prices: a mean of the yearly rates.

    Parameters
    ----------
    price
        Price of new assets `(n, ..., T)`.
    years
        Number of yearly rates in the mean; 1 takes the rate of the year itself.
    centred
        Whether the window is centred on the year (EU KLEMS: 3 years) or ends with it (Penn World Table: 5 years).

    Returns
    -------
    FloatArray
        Ratio per year `(n, ..., T)`. At the ends of the series the mean is taken over the years of the window that
        there are; NaN in the first year, which has no rate.

    Raises
    ------
    UsageError
        When the window is not positive, or centred and even.

    Examples
    --------
    >>> revaluation(np.array([[1.0, 1.1, 1.21, 1.21]]), years=3, centred=True).round(4).tolist()
    [[nan, 0.1, 0.0667, 0.05]]
    """
    if years < 1 or (centred and years % 2 == 0):
        raise UsageError("core.window", years=years)
    rate = np.full_like(price, np.nan)
    rate[..., 1:] = price[..., 1:] / price[..., :-1] - 1
    ahead = years // 2 if centred else 0
    margin = [(0, 0)] * (rate.ndim - 1) + [(years - 1 - ahead, ahead)]
    window = np.lib.stride_tricks.sliding_window_view(np.pad(rate, margin, constant_values=np.nan), years, axis=-1)
    known = np.isfinite(window)
    mean = np.where(known, window, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    return np.where(np.isfinite(rate), mean, np.nan)


def user_cost(
    price: FloatArray, rate_of_return: FloatArray | float, depreciation: FloatArray, revaluation: FloatArray
) -> FloatArray:
    """Return the cost of using one unit of each asset for a year, ``p[t-1] r + p[t] d - p[t-1] g``.

    Parameters
    ----------
    price
        Price of new assets `(n, ..., T)`.
    rate_of_return
        Nominal rate of return of the year, the same for all assets, `(..., T)` or one number: internal (see
        `internal_return`) or from outside.
    depreciation, revaluation
        Rates `d` and `g` of each asset, broadcastable to `(n, ..., T)`.

    Returns
    -------
    FloatArray
        `(n, ..., T)`; the first year is NaN. It can be negative: see `settle_negative`.

    Notes
    -----
    Jorgenson and Griliches (1967), The explanation of productivity change; Inklaar, Woltjer and Gallardo Albarran
    (2019) for the Penn World Table, equation 11.

    Examples
    --------
    >>> price, rate = np.array([[1.0, 1.02]]), np.array([[0.02, 0.02]])
    >>> user_cost(price, 0.08, np.array([[0.1]]), rate).round(4).tolist()
    [[nan, 0.162]]
    """
    before = np.full_like(price, np.nan)
    before[..., 1:] = price[..., :-1]
    cost: FloatArray = before * (rate_of_return - revaluation) + price * depreciation
    return cost


def internal_return(
    compensation: FloatArray, price: FloatArray, stock: FloatArray, depreciation: FloatArray, revaluation: FloatArray
) -> FloatArray:
    """Return the nominal rate of return at which the user costs of all assets exhaust the income of capital.

    Parameters
    ----------
    compensation
        Income of capital at current prices `(..., T)`.
    price, stock
        Price of new assets and real stock `(n, ..., T)`; ``price * stock`` in the unit of compensation.
    depreciation, revaluation
        As in `user_cost`.

    Returns
    -------
    FloatArray
        Ratio per year `(..., T)`; NaN in the first year and where there is no stock.

    Examples
    --------
    >>> price, stock = np.array([[1.0, 1.0]]), np.array([[100.0, 100.0]])
    >>> internal_return(np.array([18.0, 18.0]), price, stock, np.array([[0.1]]), np.zeros((1, 2))).round(4).tolist()
    [nan, 0.08]
    """
    before = np.full_like(price, np.nan)
    before[..., 1:] = price[..., :-1]
    without = _value(user_cost(price, 0.0, depreciation, revaluation), stock).sum(axis=0)
    invested = _value(before, stock).sum(axis=0)
    rate: FloatArray = (compensation - without) / np.where(invested > 0, invested, np.nan)
    return rate


def settle_negative(cost: FloatArray, rule: NegativeRule, *, floor: FloatArray | float = 0.0) -> FloatArray:
    """Apply the rule of the protocol to user costs below zero.

    Parameters
    ----------
    cost
        User costs `(n, ..., T)`.
    rule
        ``zero`` (EU KLEMS 2019), ``near_zero`` puts `floor` in their place (EU KLEMS & INTANProd), ``refuse`` raises,
        ``keep`` leaves them. Cost shares are taken afterwards, so that the other assets share what is left.
    floor
        The cost that stands in under ``near_zero``, broadcastable to `cost`; EU KLEMS does not publish its own. With 0
        the rule is ``zero``.

    Raises
    ------
    InputError
        Under ``refuse``, when a cost is negative.
    UsageError
        When the rule is unknown.

    Examples
    --------
    >>> settle_negative(np.array([0.2, -0.1]), "zero").tolist()
    [0.2, 0.0]
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
    """Return the volume index of capital services, a Törnqvist index of the stocks weighted by user cost.

    Parameters
    ----------
    stock, cost
        Real stock and user cost `(n, ..., T)`. An asset that a region does not use has the stock 0.

    Returns
    -------
    FloatArray
        `(..., T)`, 1 in the first year that has user costs; NaN before it.

    Notes
    -----
    OECD (2009), Measuring Capital.

    Examples
    --------
    >>> stock, cost = np.array([[10.0, 11.0], [10.0, 10.0]]), np.array([[0.4, 0.4], [0.1, 0.1]])
    >>> capital_services(stock, cost).round(4).tolist()
    [1.0, 1.08]
    """
    value = _value(cost, stock)
    change = np.full_like(stock, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        change[..., 1:] = np.log(stock[..., 1:] / stock[..., :-1])
        share = value / value.sum(axis=0)
    return chain(contributions(change, share, formula="tornqvist").sum(axis=0))


def _value(price: FloatArray, stock: FloatArray) -> FloatArray:
    """Return price times stock; an asset that is not used is worth nothing, even without a price."""
    return np.where(stock == 0, 0.0, price * stock)
