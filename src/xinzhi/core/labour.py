"""Labour: the human capital of a worker, and hours where they are not reported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import hold


def human_capital(years_of_schooling: FloatArray, returns: Sequence[tuple[float | None, float]]) -> FloatArray:
    """Return human capital per worker, ``exp(phi(s))``, from mean years of schooling `(..., T)`; 1 without schooling.

    `returns` are the pieces of the linear ``phi``: (upper limit in years, return per year), the last limit None. Hall
    and Jones (1999), Why do some countries produce so much more output per worker than others?, with the rates of
    Psacharopoulos (1994).
    """
    schooling = np.asarray(years_of_schooling, dtype=np.float64)
    if np.any(schooling < 0):
        raise InputError("core.negative-schooling", value=np.nanmin(schooling))
    limits = [0.0, *(np.inf if upper is None else float(upper) for upper, _ in returns)]
    if not np.isinf(limits[-1]) or any(upper <= lower for lower, upper in pairwise(limits)):
        raise InputError("core.returns-schooling")
    phi = np.zeros_like(schooling)
    for (lower, upper), (_, rate) in zip(pairwise(limits), returns, strict=True):
        phi += rate * np.clip(schooling - lower, 0.0, upper - lower)
    return np.exp(phi)


def fill_hours(hours: FloatArray, growth: FloatArray) -> FloatArray:
    """Fill missing hours per person `(..., R, T)`: they move by a common log growth `(T,)` from the nearest ones.

    A gap continues the years before it; the years before the first observation are projected back. A region that never
    reports stands at the geometric mean of the others in the first year. The Penn World Table treats countries without
    hours this way: TFP growth of 6,289 country-years can be rebuilt only so.
    """
    hours = np.atleast_2d(np.asarray(hours, dtype=np.float64))
    known: BoolArray = np.isfinite(hours)
    path = np.cumsum(np.where(np.arange(hours.shape[-1]) > 0, growth, 0.0))
    if not np.isfinite(path).all() or not known.any(axis=(-2, -1)).all():
        raise InputError("core.no-hours")
    # Relative to the common path a missing year is a plain repetition.
    relative = hold(np.log(hours) - path)
    reports = known.any(axis=-1, keepdims=True)
    first = np.where(reports, relative, 0.0)[..., :1]
    mean = first.sum(axis=-2, keepdims=True) / reports.sum(axis=-2, keepdims=True)
    return np.where(known, hours, np.exp(np.where(reports, relative, mean) + path))
