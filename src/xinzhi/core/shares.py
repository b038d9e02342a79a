"""Factor shares: from observed compensation to the elasticity that weights an input."""

from __future__ import annotations

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.gaps import hold, year_before


def averaged(share: FloatArray) -> FloatArray:
    """Return the mean of the share `(..., T)` in this year and the year before, the weight of a Törnqvist index."""
    return (share + year_before(share)) / 2


def self_employed(compensation: FloatArray, employee_hours: FloatArray, total_hours: FloatArray) -> FloatArray:
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
    filled = hold(share)
    return filled, np.isfinite(filled) & ~np.isfinite(share)
