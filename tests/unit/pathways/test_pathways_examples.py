"""Small examples of what is inside pathways, each with a result that one can check by hand."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from xinzhi.core.names import NO_NAMES
from xinzhi.pathways.complexity.relatedness import (
    columns_by_row,
    nearest_only,
)
from xinzhi.pathways.complexity.uncertainty import weighted_index
from xinzhi.pathways.complexity.validated_proximity import tail_exact, tail_saddlepoint
from xinzhi.pathways.convergence.beta_convergence import fit_spatial_lag, weights_matrix
from xinzhi.pathways.convergence.log_t_test import quadratic_spectral, relative_paths
from xinzhi.pathways.convergence.unit_years import read_unit_years
from xinzhi.pathways.entry.backtest import area, draws
from xinzhi.pathways.entry.models import unit_of_chance
from xinzhi.pathways.entry.opportunities import complete, given_fit
from xinzhi.pathways.industries import as_package, jobs, nearness


def test_nearest_only() -> None:
    assert nearest_only(np.array([[1.0, 0.2, 0.5], [0.2, 1.0, 0.1], [0.5, 0.1, 1.0]]), 1).tolist() == [
        [0.0, 0.2, 0.5],
        [0.0, 0.0, 0.0],
        [0.5, 0.0, 0.0],
    ]


def test_listed() -> None:
    assert columns_by_row(np.array([[True, False], [True, True]])).indices.tolist() == [0, 0, 1]


def test_weighted_index() -> None:
    nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    doubled = weighted_index(nested, np.array([1.0, 1.0, 2.0]))
    copied = weighted_index(nested[:, [0, 1, 2, 2]], np.ones(4))
    assert bool(np.allclose(np.abs(doubled), np.abs(copied)))


def test_tail_exact() -> None:
    assert tail_exact(np.array([[0.5]]), np.array([2]), np.array([[0, 1, 2]])).round(3).tolist() == [[1.0, 0.75, 0.25]]


def test_tail_saddlepoint_at_the_mean_is_that_of_the_binomial_distribution() -> None:
    exact = sum(math.comb(40, k) * 0.3**k * 0.7 ** (40 - k) for k in range(12, 41))
    tail = tail_saddlepoint(np.full((1, 1), 0.3), np.array([40]), np.array([12]))
    assert float(tail[0]) == pytest.approx(exact, abs=0.015)


def test_tail_saddlepoint() -> None:
    found = tail_saddlepoint(np.full((1, 1), 0.3), np.array([40]), np.array([20]))
    assert bool(abs(found[0] / 0.00633 - 1) < 0.02)


def test_weights_matrix() -> None:
    assert weights_matrix({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, ["a", "b", "c"]).tolist() == [
        [0.0, 1.0, 0.0],
        [0.5, 0.0, 0.5],
        [0.0, 1.0, 0.0],
    ]


def test_fit_spatial_lag() -> None:
    ring = np.roll(np.eye(8), 1, axis=1) / 2 + np.roll(np.eye(8), -1, axis=1) / 2
    x = np.column_stack([np.ones(8), [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 3.0, 6.0]])
    noise = np.array([1, -1, -1, 1, 1, -1, -1, 1]) / 100
    y = np.linalg.solve(np.eye(8) - 0.4 * ring, x @ np.array([1.0, 0.5]) + noise)
    assert round(fit_spatial_lag(y, x, ring).rho, 1) == 0.4


def test_relative_paths() -> None:
    assert relative_paths(np.array([[1.0, 2.0], [3.0, 2.0]])).tolist() == [[0.5, 1.0], [1.5, 1.0]]


def test_quadratic_spectral() -> None:
    assert quadratic_spectral(np.array([0.0, 5 / 6])).round(6).tolist() == [1.0, 0.303964]


def test_read_unit_years() -> None:

    long = pl.DataFrame({"u": ["a", "a", "b"], "y": [1, 2, 2], "v": [1.0, 2.0, 3.0]})
    assert repr(read_unit_years(long, unit="u", time="y", value="v", verb="show").values.tolist()) == (
        "[[1.0, 2.0], [nan, 3.0]]"
    )


def test_area() -> None:
    assert area(np.array([True, False, True]), np.array([0.9, 0.8, 0.1])) == 0.5


def test_draws() -> None:
    assert draws(5, 3, seed=0).sum(axis=1).tolist() == [5.0, 5.0, 5.0]


def test_complete() -> None:
    kept, findings = complete(np.array([[1.0], [np.nan], [2.0]]), ["A", "B", "C"], ["energy"], NO_NAMES)
    assert (kept.tolist(), findings[0].key) == ([True, False, True], "B")


def test_given_fit() -> None:
    assert given_fit(np.array([[1.0], [3.0]]), np.array([[1.0], [2.0], [3.0]]), ["capital"]).fit.round(2).tolist() == [
        [1.22, -1.22],
        [0.0, 0.0],
        [-1.22, 1.22],
    ]


def test_unit_of_chance() -> None:
    assert unit_of_chance(np.array([[3.0, 0.0], [1.0, 2.0]])) == 1.0


def test_jobs() -> None:
    cells, year = jobs(as_package("china-provinces"), None, verb="show")
    assert (cells.values.shape, year) == ((31, 38), 2016)


def test_nearness() -> None:
    from xinzhi.pathways.complexity.cells import without_empty

    cells = without_empty(list("ab"), list("xy"), np.array([[3.0, 1.0], [1.0, 3.0]]))
    assert nearness(cells).able.tolist() == [[True, False], [False, True]]
