"""Prices: deflation, base years, and series that continue one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray


def deflate(nominal: FloatArray, price: FloatArray) -> FloatArray:
    """Return amounts at the prices of the year in which `price` is 1.

    Parameters
    ----------
    nominal, price
        Amounts at current prices and price index `(..., T)`.

    Raises
    ------
    InputError
        When a price is zero or negative.

    Examples
    --------
    >>> deflate(np.array([10.0, 12.0]), np.array([1.0, 1.2])).tolist()
    [10.0, 10.0]
    """
    if np.any(price <= 0):
        raise InputError("core.price-range", value=np.nanmin(price))
    return nominal / price


def rebase(index: FloatArray, base: IntArray | int) -> FloatArray:
    """Return the index with the value 1 in the year `base`.

    Parameters
    ----------
    index
        `(..., T)`.
    base
        Position of the base year, one for all or `(...)`.

    Examples
    --------
    >>> rebase(np.array([1.0, 2.0, 4.0]), 1).tolist()
    [0.5, 1.0, 2.0]
    """
    where = np.broadcast_to(base, index.shape[:-1])[..., None]
    return index / np.take_along_axis(index, where, axis=-1)


def splice(first: FloatArray, second: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Extend `first` by the growth of `second` after the year in which it ends.

    Parameters
    ----------
    first, second
        `(..., T)`, NaN where a series has no figure. Only the growth of `second` is used, not its level.

    Returns
    -------
    series : FloatArray
        `first` up to its last year, then continued as far as `second` reaches; NaN where neither can say.
    spliced : BoolArray
        The cells that `second` supplied.

    Examples
    --------
    >>> series, spliced = splice(np.array([1.0, 2.0, np.nan]), np.array([5.0, 10.0, 11.0]))
    >>> series.tolist(), spliced.tolist()
    ([1.0, 2.0, 2.2], [False, False, True])
    """
    first, second = np.broadcast_arrays(first, second)
    years = first.shape[-1]
    last = years - 1 - np.isfinite(first)[..., ::-1].argmax(axis=-1)[..., None]
    link = np.take_along_axis(first, last, axis=-1) / np.take_along_axis(second, last, axis=-1)
    after = np.arange(years) > last
    series = np.where(after, second * link, first)
    return series, after & np.isfinite(series)


def volume_from_growth(growth: FloatArray, level: FloatArray | float, base: int) -> FloatArray:
    """Return the volume that stands at `level` in the year `base` and moves by `growth` before and after.

    Parameters
    ----------
    growth
        Growth over the year before as a ratio (0.05 is 5 %), `(..., T)`; the first year is not used.
    level
        Amount `(...)` in the year `base`, at the prices of that year.
    base
        Position of the base year.

    Returns
    -------
    FloatArray
        `(..., T)`; NaN beyond a missing growth rate, seen from the base year.

    Raises
    ------
    InputError
        When a volume would fall to zero or below (growth of -100 % or less).

    Examples
    --------
    >>> volume_from_growth(np.array([np.nan, 1.0, 0.5]), 10.0, 1).tolist()
    [5.0, 10.0, 15.0]
    """
    if np.any(growth[..., 1:] <= -1):
        raise InputError("core.growth-range", value=np.nanmin(growth[..., 1:]))
    ratio = 1 + np.asarray(growth, dtype=np.float64)
    forward = np.cumprod(ratio[..., base + 1 :], axis=-1)
    backward = np.cumprod(ratio[..., base:0:-1], axis=-1)[..., ::-1]
    one = np.ones((*ratio.shape[:-1], 1))
    path = np.concatenate([1 / backward, one, forward], axis=-1)
    volume: FloatArray = np.asarray(level, dtype=np.float64)[..., None] * path
    return volume
