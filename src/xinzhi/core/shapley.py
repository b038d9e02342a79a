"""Shapley values: what each of several changes contributes when they act together, whatever their order."""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray


def shapley(outcome: FloatArray) -> FloatArray:
    """Return the mean over all orders of making the changes of what each adds; these sum to the whole change.

    A change that never moves the outcome gets exactly zero.

    Parameters
    ----------
    outcome
        `(2^n, ...)`: the outcome of every subset of the changes; change `i` is made where bit `i` of the index is set.

    Returns
    -------
    FloatArray
        `(n, ...)`, in the unit of the outcome.

    Notes
    -----
    Shapley (1953), A value for n-person games, in Kuhn and Tucker (eds), Contributions to the Theory of Games II; for
    its use on what makes a change, Shorrocks (2013), Decomposition procedures for distributional analysis: a unified
    framework based on the Shapley value, Journal of Economic Inequality 11, 99-126.

    Examples
    --------
    >>> shapley(np.array([1.0, 3.0, 2.0, 8.0])).tolist()
    [4.0, 3.0]
    """
    count = len(outcome).bit_length() - 1
    subset = np.arange(len(outcome))
    size = np.array([item.bit_count() for item in range(len(outcome))])
    orders = np.array([factorial(made) * factorial(count - made - 1) for made in range(count)], dtype=np.float64)
    parts = np.empty((count, *outcome.shape[1:]))
    for change in range(count):
        without = subset[subset >> change & 1 == 0]
        gain = outcome[without | 1 << change] - outcome[without]
        parts[change] = np.tensordot(orders[size[without]], gain, axes=1) / factorial(count)
    return parts
