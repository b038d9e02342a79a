"""Variance by choice: how much of the spread of a result each choice makes, exactly, over all combinations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.core.shapley import shapley

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Effects:
    """Variance of a result over all admissible combinations, and the part of each choice.

    Parameters
    ----------
    variance
        `(...)` variance over the combinations, each counted once.
    first_order
        `(d, ...)` variance of the mean given the choice: what fixing it alone explains.
    total
        `(d, ...)` variance that is left when everything but the choice is fixed.
    shapley
        `(d, ...)` the mean over all orders of fixing the choices of what each adds; these sum to the variance.
    """

    variance: FloatArray
    first_order: FloatArray
    total: FloatArray
    shapley: FloatArray


def effects(values: FloatArray, admissible: BoolArray) -> Effects:
    """Decompose the variance of a result over a grid of choices.

    Parameters
    ----------
    values
        `(n_1, ..., n_d, ...)`: one axis per choice, then the axes of the result. Cells that are not admissible are
        not read.
    admissible
        `(n_1, ..., n_d)`: the combinations that count.

    Raises
    ------
    UsageError
        When no combination is admissible.

    Notes
    -----
    First-order and total effects: Sobol' (1993), Homma and Saltelli (1996). Shapley effects: Owen (2014); Song, Nelson
    and Staum (2016), which hold for dependent choices too, as when some combinations are excluded. Every conditional
    mean is taken over all combinations, so nothing is sampled.

    Examples
    --------
    >>> found = effects(np.array([[0.0, 1.0], [2.0, 3.0]]), np.ones((2, 2), dtype=bool))
    >>> float(found.variance), found.shapley.tolist(), found.first_order.tolist()
    (1.25, [1.0, 0.25], [1.0, 0.25])
    """
    choices = admissible.ndim
    count = int(admissible.sum())
    if not count:
        raise UsageError("core.nothing-admissible")
    trailing = values.shape[choices:]
    flat = values.reshape(*admissible.shape, -1)
    kept = np.where(admissible[..., None], flat, 0.0)
    mean = kept.sum(axis=tuple(range(choices))) / count
    centred = np.where(admissible[..., None], flat - mean, 0.0)
    explained = np.empty((1 << choices, centred.shape[-1]))
    _explain(centred, admissible.astype(np.float64), choices - 1, 0, explained)
    explained /= count
    everything = (1 << choices) - 1
    shape = (choices, *trailing)
    return Effects(
        variance=explained[everything].reshape(trailing),
        first_order=explained[[1 << item for item in range(choices)]].reshape(shape),
        total=(explained[everything] - explained[[everything ^ 1 << item for item in range(choices)]]).reshape(shape),
        shapley=shapley(explained).reshape(shape),
    )


def _explain(total: FloatArray, count: FloatArray, axis: int, subset: int, out: FloatArray) -> None:
    """Fill in the explained sum of squares of every subset of choices, summing out axes from the last to the first."""
    if axis < 0:
        weight = np.where(count > 0, count, 1.0)[..., None]
        out[subset] = (total**2 / weight).reshape(-1, total.shape[-1]).sum(axis=0)
        return
    _explain(total, count, axis - 1, subset | 1 << axis, out)
    _explain(total.sum(axis=axis), count.sum(axis=axis), axis - 1, subset, out)
