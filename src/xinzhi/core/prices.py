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
