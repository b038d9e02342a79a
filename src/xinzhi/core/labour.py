"""Labour: the human capital of a worker, hours where they are not reported, and the pay of the self-employed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, fill_with_last, inside, interpolate, year_before
from xinzhi.core.errors import InputError


def two_year_mean(share: FloatArray) -> FloatArray:
    """Return the mean of the share `(..., T)` in this year and the year before, the weight of a Törnqvist index."""
    return (share + year_before(share)) / 2


def impute_self_employed(compensation: FloatArray, employee_hours: FloatArray, total_hours: FloatArray) -> FloatArray:
    """Return labour compensation when the self-employed earn per hour (or person) what employees earn.

    EU KLEMS & INTANProd, deliverable D2.3.1: ``LAB = COMP + COMP / H_EMPE (H_EMP - H_EMPE)``.
    """
    if np.any((employee_hours <= 0) | (employee_hours > total_hours)):
        raise InputError("core.hours-employees")
    return compensation * total_hours / employee_hours


def corner(labour_share: FloatArray, replacement: float) -> FloatArray:
    """Replace a labour share above 1, where capital would earn less than nothing (EU KLEMS: by 0.95)."""
    return np.where(labour_share > 1, replacement, labour_share)


def carry(share: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Carry the last observed share forward, and the first one back; return it and the cells that were filled."""
    filled = fill_with_last(share)
    return filled, np.isfinite(filled) & ~np.isfinite(share)


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


def fill_hours(hours: FloatArray, reference: FloatArray | None = None) -> FloatArray:
    """Fill missing hours per person `(..., R, T)`, each region by itself.

    Without a `reference` the nearest observed hours stand still. With the hours `(T,)` of a reference region, gaps lie
    on the straight line between their ends, the years outside the observed ones grow as the reference does, and a
    region that never reports has the hours of the reference. The Penn World Table treats countries without hours this
    way, with the United States as reference: TFP growth of 6,289 country-years can be rebuilt only so.
    """
    hours = np.atleast_2d(np.asarray(hours, dtype=np.float64))
    finite: BoolArray = np.isfinite(hours)
    if reference is None:
        return fill_with_last(hours)
    if not np.isfinite(reference).all():
        raise InputError("core.no-hours")
    between = inside(hours)
    relative = fill_with_last(np.log(hours / reference))
    outside = np.exp(np.where(finite.any(axis=-1, keepdims=True), relative, 0.0)) * reference
    return np.where(finite, hours, np.where(between, interpolate(hours), outside))
