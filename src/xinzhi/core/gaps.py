"""Gaps in a series: which years lie between observed ones, and what stands in for a missing one."""

from __future__ import annotations

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray


def inside(values: FloatArray) -> BoolArray:
    """Return the years between the first and the last observed one, both included."""
    before, after = _neighbours(values)
    return np.asarray((before >= 0) & (after < values.shape[-1]))


def interpolate(values: FloatArray) -> FloatArray:
    """Fill gaps of `(..., T)` on the straight line between their ends; outside them hold the nearest one."""
    before, after = _neighbours(values)
    last = values.shape[-1] - 1
    low, high = np.where(before < 0, after, before).clip(0, last), np.where(after > last, before, after).clip(0, last)
    start, end = np.take_along_axis(values, low, axis=-1), np.take_along_axis(values, high, axis=-1)
    span = np.maximum(high - low, 1)
    return np.asarray(start + (end - start) * (np.arange(last + 1) - low) / span)


def hold(values: FloatArray) -> FloatArray:
    """Fill every missing year with the last observed one, or the first where none came before."""
    before, after = _neighbours(values)
    last = values.shape[-1] - 1
    return np.take_along_axis(values, np.where(before < 0, after, before).clip(0, last), axis=-1)


def last_known(values: FloatArray) -> IntArray:
    """Return the position of the last observed one of `(..., T)`; the last position where there is none."""
    back = np.isfinite(values)[..., ::-1].argmax(axis=-1)
    return np.asarray(values.shape[-1] - 1 - back, dtype=np.int64)


def mask_after(values: FloatArray) -> BoolArray:
    """Return the years `(..., T)` after the last observed one."""
    return np.asarray(np.arange(values.shape[-1]) > last_known(values)[..., None])


def yearly_change(values: FloatArray) -> FloatArray:
    """Return the change over the year before, of logs the growth; NaN in the first."""
    moved = np.full(values.shape, np.nan)  # np.diff with a first value costs five times as much on a small panel
    np.subtract(values[..., 1:], values[..., :-1], out=moved[..., 1:])
    return moved


def year_before(values: FloatArray) -> FloatArray:
    """Return what stood in the year before; NaN in the first."""
    before = np.full(values.shape, np.nan)
    before[..., 1:] = values[..., :-1]
    return before


def _neighbours(values: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the position of the nearest observed year at or before (-1: none) and at or after (T: none) each."""
    known = np.isfinite(values)
    position = np.arange(values.shape[-1], dtype=np.int64)
    before = np.maximum.accumulate(np.where(known, position, -1), axis=-1)
    after = np.minimum.accumulate(np.where(known, position, values.shape[-1])[..., ::-1], axis=-1)[..., ::-1]
    return before, after
