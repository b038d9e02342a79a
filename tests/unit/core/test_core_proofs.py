"""How far a solution is from a proof of its optimum, on two variables: at most 4 = x + 2 y, y as large as it can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xinzhi.core import inventory, markov_chains, programs
from xinzhi.core.errors import InputError

MATRIX = np.array([[1.0, 2.0]])
COSTS = np.array([0.0, 1.0])
ROWS = (np.array([-np.inf]), np.array([4.0]))
COLUMNS = (np.zeros(2), np.full(2, 10.0))


@pytest.fixture
def solution():
    bounds = {"row_upper": ROWS[1], "column_lower": COLUMNS[0], "column_upper": COLUMNS[1]}
    return programs.solve_once(MATRIX, costs=COSTS, row_lower=ROWS[0], maximise=True, **bounds)


def missing(solution, **parts):
    changed = replace(solution, **{name: np.array(values) for name, values in parts.items()})
    return programs.shortfall(MATRIX, changed, costs=COSTS, rows=ROWS, columns=COLUMNS, maximise=True)


def test_an_optimum_misses_nothing(solution):
    assert solution.primal.tolist() == [0.0, 2.0]
    assert solution.dual.tolist() == [0.5]
    assert missing(solution) == pytest.approx(0.0, abs=1e-15)


def test_a_variable_below_its_bound_counts_against_its_size(solution):
    assert missing(solution, primal=[-0.5, 2.0]) == pytest.approx(0.5 / 1.5, abs=1e-15)


def test_a_row_above_its_bound_counts_against_its_size(solution):
    assert missing(solution, primal=[0.5, 2.0]) == pytest.approx(0.5 / 5.5, abs=1e-15)


def test_a_price_of_the_wrong_sign_proves_nothing(solution):
    # As a minimum: costs (0, -1) = 0.5 * (1, 2) + (-0.5, -2), so the bound is 10 * (-0.5 - 2) = -25 against -2.
    assert missing(solution, dual=[-0.5], reduced=[0.5, 2.0]) == pytest.approx(23 / 3, abs=1e-12)


def test_one_rate_out_of_range_is_enough():
    for rates in ([0.1, 1.2], [0.1, -0.2]):
        with pytest.raises(InputError):
            inventory.geometric(np.ones((2, 3)), np.array(rates)[:, None], np.ones(2))


def test_a_class_is_left_after_the_inverse_of_its_chance_to_leave():
    stays = markov_chains.sojourn_times(np.array([[0.9, 0.1], [0.25, 0.75]]))
    np.testing.assert_allclose(stays, [10.0, 4.0], rtol=1e-12)


def test_a_matrix_is_handed_on_by_column():
    starts, rows, values = programs._by_column(np.array([[0.0, 2.0, 0.0], [3.0, 4.0, 0.0]]))  # noqa: SLF001 - the formula by itself
    assert (starts.tolist(), rows.tolist(), values.tolist()) == ([0, 1, 3, 3], [1, 0, 1], [3.0, 2.0, 4.0])
