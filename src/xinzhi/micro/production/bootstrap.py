"""Weights of firms for a bootstrap: Poisson of mean one, drawn by hashing the firm and the number of the draw."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.core.parameters import setting
from xinzhi.micro.engine import CONVENTIONS, DRAW, MIXING, PRIME, SEED
from xinzhi.micro.production.fit import ANSWERS, Fit, Method


def keys(ids: pl.Series) -> IntArray:
    """Return one whole number for each firm: a whole number itself, of any other name the digest of its words."""
    if ids.dtype.is_integer():
        return ids.to_numpy().astype(np.int64)
    names = ids.cast(pl.String).to_list()
    return np.array([int.from_bytes(blake2b(str(one).encode(), digest_size=7).digest()) for one in names], np.int64)


def poisson(key: IntArray, draw: int, seed: int) -> FloatArray:
    """Return the weights of firms in a draw, those of `xinzhi.micro.poisson_weight` where firms are whole numbers."""
    mixed = (key % PRIME + draw * DRAW + seed * SEED) % PRIME
    for factor, step in MIXING:
        mixed = (mixed * ((mixed + factor) % PRIME) + step) % PRIME
    steps = np.exp(-1.0) / np.cumprod([1.0, *range(1, setting(CONVENTIONS, "poisson.most"))])
    return np.searchsorted(np.cumsum(steps), (mixed + 0.5) / PRIME, side="right").astype(np.float64)


def draws(method: Method, fit: Fit, ids: pl.Series, count: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return coefficients `(draws, k)` and mean elasticities `(draws, p)` of samples of firms that have a solution."""
    key = keys(ids)
    fits = [method.fit(poisson(key, draw, seed), fit) for draw in range(count)]
    found = [one for one in fits if one.status in ANSWERS]
    if len(found) <= 1:
        raise InputError("production.no-draws", draws=count)
    return np.array([one.coefficients for one in found]), np.array([one.mean for one in found])
