"""Factor shares: from observed compensation to the elasticity that weights an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError
from xinzhi.core.gaps import hold

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray


def averaged(share: FloatArray) -> FloatArray:
    """Return the mean of the share in this year and the year before, the weight of a Törnqvist index.

    Parameters
    ----------
    share
        `(..., T)`.

    Returns
    -------
    FloatArray
        `(..., T)`; the first year is NaN.

    Examples
    --------
    >>> averaged(np.array([0.5, 0.6])).tolist()
    [nan, 0.55]
    """
    out = np.full_like(share, np.nan)
    out[..., 1:] = (share[..., 1:] + share[..., :-1]) / 2
    return out


def self_employed(compensation: FloatArray, employee_hours: FloatArray, total_hours: FloatArray) -> FloatArray:
    """Return labour compensation when the self-employed earn per hour what employees earn.

    Parameters
    ----------
    compensation
        Compensation of employees `(..., T)`.
    employee_hours, total_hours
        Hours (or persons) of employees and of everyone engaged `(..., T)`.

    Raises
    ------
    InputError
        When employees work no hours, or more than everyone together.

    Notes
    -----
    EU KLEMS & INTANProd, deliverable D2.3.1: ``LAB = COMP + COMP / H_EMPE (H_EMP - H_EMPE)``.

    Examples
    --------
    >>> self_employed(np.array([60.0]), np.array([30.0]), np.array([40.0])).tolist()
    [80.0]
    """
    if np.any((employee_hours <= 0) | (employee_hours > total_hours)):
        raise InputError("core.hours-employees")
    return compensation * total_hours / employee_hours


def corner(labour_share: FloatArray, replacement: float) -> FloatArray:
    """Replace a labour share above 1, where capital would earn less than nothing.

    Parameters
    ----------
    labour_share
        `(..., T)`.
    replacement
        The share that stands in (EU KLEMS: 0.95).

    Examples
    --------
    >>> corner(np.array([0.6, 1.0, 1.2]), 0.95).tolist()
    [0.6, 1.0, 0.95]
    """
    return np.where(labour_share > 1, replacement, labour_share)


def national(share: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the mean share of the regions, weighted by their output.

    Parameters
    ----------
    share, weights
        `(..., R, T)`; regions without share or weight in a year are left out of that year.

    Returns
    -------
    FloatArray
        `(..., T)`; NaN in a year without any share.

    Examples
    --------
    >>> national(np.array([[0.4], [0.6], [np.nan]]), np.array([[30.0], [10.0], [50.0]])).tolist()
    [0.45]
    """
    known = np.isfinite(share) & np.isfinite(weights)
    weight = np.where(known, weights, 0.0)
    total = weight.sum(axis=-2)
    mean: FloatArray = (weight * np.where(known, share, 0.0)).sum(axis=-2) / np.where(total > 0, total, np.nan)
    return mean


def carry(share: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Carry the last observed share forward, and the first one back.

    Parameters
    ----------
    share
        `(..., T)`, NaN where not observed.

    Returns
    -------
    share : FloatArray
        Without gaps, unless a series has no observation at all.
    carried : BoolArray
        The cells that were filled.

    Examples
    --------
    >>> values, carried = carry(np.array([np.nan, 0.5, np.nan]))
    >>> values.tolist(), carried.tolist()
    ([0.5, 0.5, 0.5], [True, False, True])
    """
    filled = hold(share)
    return filled, np.isfinite(filled) & ~np.isfinite(share)
