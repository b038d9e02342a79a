"""Prices: deflation, base years, and series that continue one another."""

from __future__ import annotations

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError


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


def volume_from_growth(growth: FloatArray, level: FloatArray | float, base: int) -> FloatArray:
    """Return the volume `(..., T)` that is `level` at the position `base` and moves by `growth` before and after.

    Growth is a ratio (0.05 is 5 %), the first year is not used; NaN beyond a missing rate, seen from the base year.
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
