"""The types of all packages: arrays (float64 numbers and masks, the last axis is the year), and gaps in them."""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

# no type is common to what these libraries make; `data` and `frontier.reading` look at what comes
AnyArray: TypeAlias = Any  # whatever makes an array of numbers, or a frame of them
AnyFrame: TypeAlias = Any  # a frame of any kind, a mapping of columns, a result, or a path
AnyPackage: TypeAlias = Any  # a data package, its name or path, or a mapping of frames
AnyEngine: TypeAlias = Any  # a word, an address or a connection of Ibis, or an engine of `micro`
Ibis: TypeAlias = Any  # a table or column of Ibis


def digest(values: FloatArray, *names: Sequence[object]) -> str:
    """Return the sha256 of a table of numbers and what its rows and columns are called."""
    header = json.dumps([values.shape, *([str(label) for label in axis] for axis in names)], ensure_ascii=False)
    return hashlib.sha256(header.encode() + np.ascontiguousarray(values, dtype="<f8").tobytes()).hexdigest()


def release(*arrays: npt.NDArray[Any]) -> None:
    """Give back the memory of arrays that are mapped from files; what is read again comes from the file."""
    for array in arrays:
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, mmap.mmap) and hasattr(base, "madvise"):  # not on Windows
            base.madvise(mmap.MADV_DONTNEED)


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


def fill_with_last(values: FloatArray) -> FloatArray:
    """Fill every missing year with the last observed one, or the first where none came before."""
    before, after = _neighbours(values)
    last = values.shape[-1] - 1
    return np.take_along_axis(values, np.where(before < 0, after, before).clip(0, last), axis=-1)


def last_observed_position(values: FloatArray) -> IntArray:
    """Return the position of the last observed one of `(..., T)`; the last position where there is none."""
    back = np.isfinite(values)[..., ::-1].argmax(axis=-1)
    return np.asarray(values.shape[-1] - 1 - back, dtype=np.int64)


def mask_after(values: FloatArray) -> BoolArray:
    """Return the years `(..., T)` after the last observed one."""
    return np.asarray(np.arange(values.shape[-1]) > last_observed_position(values)[..., None])


def yearly_change(values: FloatArray) -> FloatArray:
    """Return the change over the year before, of logs the growth; NaN in the first."""
    change = np.full(values.shape, np.nan)  # np.diff with a first value costs five times as much on a small panel
    np.subtract(values[..., 1:], values[..., :-1], out=change[..., 1:])
    return change


def log_growth(values: FloatArray) -> FloatArray:
    """Return log growth over the year before `(..., T)`; NaN where a level is missing or not positive."""
    return yearly_change(np.log(np.where(values > 0, values, np.nan)))


def year_before(values: FloatArray) -> FloatArray:
    """Return what stood in the year before; NaN in the first."""
    before = np.full(values.shape, np.nan)
    before[..., 1:] = values[..., :-1]
    return before


def _neighbours(values: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the position of the nearest observed year at or before (-1: none) and at or after (T: none) each."""
    finite = np.isfinite(values)
    position = np.arange(values.shape[-1], dtype=np.int64)
    before = np.maximum.accumulate(np.where(finite, position, -1), axis=-1)
    after = np.minimum.accumulate(np.where(finite, position, values.shape[-1])[..., ::-1], axis=-1)[..., ::-1]
    return before, after
