"""Spatial weights: who borders on whom as a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from xinzhi.core.arrays import FloatArray


def adjacency(neighbours: Mapping[str, Sequence[str]], units: Sequence[str]) -> FloatArray:
    """Return 1 where a unit (row) names another one (column) among its neighbours, 0 elsewhere; the diagonal is 0."""
    place = {name: row for row, name in enumerate(units)}
    matrix = np.zeros((len(units), len(units)))
    for name, row in place.items():
        for neighbour in neighbours.get(name, ()):
            if neighbour in place and neighbour != name:
                matrix[row, place[neighbour]] = 1.0
    return matrix


def row_standardised(matrix: FloatArray) -> FloatArray:
    """Return weights whose rows add up to 1; the row of a unit without neighbours stays 0."""
    total = matrix.sum(axis=1, keepdims=True)
    return np.asarray(matrix / np.where(total > 0, total, 1.0))


def neighbour_means(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Return the weighted mean of the neighbours that have a value in each year; NaN where none has."""
    finite = np.isfinite(values)
    total, mass = weights @ np.where(finite, values, 0.0), weights @ finite.astype(np.float64)
    return np.asarray(total / np.where(mass > 0, mass, np.nan))


def parts(matrix: FloatArray) -> int:
    """Return the number of separate parts that a symmetric matrix of neighbours falls into."""
    adjacent, remaining, count = matrix > 0, np.ones(len(matrix), dtype=bool), 0
    while remaining.any():
        count += 1
        edge = np.arange(len(remaining)) == remaining.argmax()
        while edge.any():
            remaining &= ~edge
            edge = adjacent[edge].any(axis=0) & remaining
    return count
