"""Shapley values: what each of several changes contributes, and what each choice adds to the spread of a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import UsageError


def shapley(outcome: FloatArray) -> FloatArray:
    """Return the mean over all orders of making `n` changes of what each adds `(n, ...)`; these sum to the whole.

    `outcome` `(2^n, ...)` holds every subset of the changes: change `i` is made where bit `i` of the index is set.
    Shapley (1953), A value for n-person games; Shorrocks (2013), Journal of Economic Inequality 11, 99-126.
    """
    count = len(outcome).bit_length() - 1
    subset = np.arange(len(outcome))
    size = np.array([number.bit_count() for number in range(len(outcome))])
    orders = np.array([factorial(before) * factorial(count - before - 1) for before in range(count)], dtype=np.float64)
    parts = np.empty((count, *outcome.shape[1:]))
    for change in range(count):
        without = subset[subset >> change & 1 == 0]
        gain = outcome[without | 1 << change] - outcome[without]
        parts[change] = np.tensordot(orders[size[without]], gain, axes=1) / factorial(count)
    return parts


@dataclass(frozen=True, slots=True)
class Effects:
    """Variance `(...)` of a result over all admissible combinations, and the part of each choice `(d, ...)`.

    `first_order` is what fixing a choice alone explains, `total` what is left when everything else is fixed, `shapley`
    the mean over all orders of fixing the choices of what each adds; these sum to the variance.
    """

    variance: FloatArray
    first_order: FloatArray
    total: FloatArray
    shapley: FloatArray


def effects(values: FloatArray, admissible: BoolArray, weights: Sequence[FloatArray] | None = None) -> Effects:
    """Decompose the variance of a result `(n_1, ..., n_d, ...)` over the `admissible` choices `(n_1, ..., n_d)`.

    First-order and total effects: Sobol' (1993), Homma and Saltelli (1996). Shapley effects: Owen (2014); Song, Nelson
    and Staum (2016), which hold for dependent choices too, as when some combinations are excluded. Every conditional
    mean is taken over all combinations, so nothing is sampled. Who decomposes many results over the same choices
    gives the `cell_weights` of these, computed once.
    """
    choices = admissible.ndim
    count = int(admissible.sum())
    if not count:
        raise UsageError("core.nothing-admissible")
    trailing = values.shape[choices:]
    flat = values.reshape(*admissible.shape, -1)
    centred = np.where(admissible[..., None], flat, 0.0)
    centred -= centred.sum(axis=tuple(range(choices))) / count
    centred[~admissible] = 0.0
    explained = np.empty((1 << choices, centred.shape[-1]))
    _explain(centred, cell_weights(admissible) if weights is None else weights, choices - 1, 0, explained)
    explained /= count
    everything = (1 << choices) - 1
    shape = (choices, *trailing)
    return Effects(
        variance=explained[everything].reshape(trailing),
        first_order=explained[[1 << choice for choice in range(choices)]].reshape(shape),
        total=(explained[everything] - explained[[everything ^ 1 << choice for choice in range(choices)]]).reshape(
            shape
        ),
        shapley=shapley(explained).reshape(shape),
    )


def cell_weights(admissible: BoolArray) -> list[FloatArray]:
    """Return for every subset of choices one over the number of combinations in each of its cells, 1 where none is."""
    out = []
    for subset in range(1 << admissible.ndim):
        summed = tuple(axis for axis in range(admissible.ndim) if not subset >> axis & 1)
        out.append(1.0 / np.maximum(admissible.sum(axis=summed), 1).ravel())
    return out


def _explain(total: FloatArray, weights: Sequence[FloatArray], axis: int, subset: int, out: FloatArray) -> None:
    """Fill in the explained sum of squares of every subset of choices, summing out axes from the last to the first."""
    if axis < 0:
        sums = total.reshape(-1, total.shape[-1])
        out[subset] = np.einsum("c,cr,cr->r", weights[subset], sums, sums)
        return
    _explain(total, weights, axis - 1, subset | 1 << axis, out)
    _explain(total.sum(axis=axis), weights, axis - 1, subset, out)
