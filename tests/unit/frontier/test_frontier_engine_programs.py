"""The linear program held in memory: verdicts, duals, and changes in place against a fresh model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_array

from xinzhi.core.errors import UsageError
from xinzhi.core.programs import Program, solve_once
from xinzhi.frontier.technology.starts import plain_facets
from xinzhi.frontier.technology.technology import prepare

A = np.array([[1.0, 2.0], [3.0, 1.0]])


def test_duals_say_how_the_objective_grows_with_a_bound():
    for maximise, bounds in ((True, (-np.inf, [4.0, 6.0])), (False, ([4.0, 6.0], np.inf))):
        found = solve_once(A, costs=[1.0, 1.0], row_lower=bounds[0], row_upper=bounds[1], maximise=maximise)
        moved = [np.asarray(bound) + 1e-3 * np.array([1.0, 0.0]) if np.ndim(bound) else bound for bound in bounds]
        more = solve_once(A, costs=[1.0, 1.0], row_lower=moved[0], row_upper=moved[1], maximise=maximise)
        assert found.objective == pytest.approx(2.8)
        assert (more.objective - found.objective) / 1e-3 == pytest.approx(found.dual[0])


def test_every_change_in_place_equals_a_new_model():
    program = Program(csr_array(A), costs=1.0, row_lower=[4.0, 6.0], row_upper=np.inf)
    assert program.solve().objective == pytest.approx(2.8)
    program.set_costs([2.0], [1])
    program.set_coefficient(0, 0, 5.0)
    program.set_column(1, np.array([1.0, 4.0]))
    program.set_row_bounds(3.0, np.inf, [1])
    program.set_column_bounds(0.25, 0.5, [0])
    program.add_columns(np.array([[1.0], [1.0]]), costs=0.1, upper=0.2)
    fresh = solve_once(
        np.array([[5.0, 1.0, 1.0], [3.0, 4.0, 1.0]]),
        costs=[1.0, 2.0, 0.1],
        row_lower=[4.0, 3.0],
        row_upper=[np.inf, np.inf],
        column_lower=[0.25, 0.0, 0.0],
        column_upper=[0.5, np.inf, 0.2],
    )
    warm = program.solve()
    assert warm.objective == pytest.approx(fresh.objective, abs=1e-12)
    np.testing.assert_allclose(warm.primal, fresh.primal, atol=1e-10)
    assert (program.count, program.size) == (2, (2, 3))


@pytest.mark.parametrize(
    ("lower", "upper", "costs", "status"),
    [(4.0, 3.0, 1.0, "infeasible"), (1.0, np.inf, -1.0, "unbounded"), (1.0, 2.0, 1.0, "optimal")],
)
def test_verdicts(lower, upper, costs, status):
    found = solve_once(A[:1], costs=costs, row_lower=lower, row_upper=upper)
    assert found.status == status
    assert np.isnan(found.objective) == (status != "optimal")


def test_a_verdict_does_not_outlive_its_cause():
    program = Program(A, costs=1.0, row_lower=[4.0, 6.0], row_upper=np.inf)
    program.solve()
    program.set_row_bounds(4.0, 3.0, [0])
    assert program.solve().status == "infeasible"
    program.set_row_bounds(4.0, np.inf, [0])
    assert program.solve().objective == pytest.approx(2.8)


def test_whole_numbers():
    assert (
        solve_once(np.array([[2.0, 2.0]]), costs=[3.0, 4.0], row_lower=3.0, row_upper=np.inf, integers=[0, 1]).objective
        == 6
    )


def test_solver_says_nothing(capfd):
    solve_once(A, costs=1.0, row_lower=1.0, row_upper=2.0)
    assert capfd.readouterr() == ("", "")


def test_missing_coefficients_are_refused():
    with pytest.raises(UsageError, match="not a finite number"):
        solve_once(np.array([[np.nan]]), costs=1.0, row_lower=0.0, row_upper=1.0)


def test_a_facet_of_one_output_and_one_input_breaks_even_at_the_best_ray():
    # Two rays give 1 and 2 for 1; at 2 the first point loses 1 and the second 2.
    columns = np.array([[-1.0, -1.0, -1.0, -4.0], [1.0, 2.0, 1.0, 6.0], [0.0, 0.0, 1.0, 1.0]])
    facets = plain_facets(columns, np.array([False, False, True]), points=True)
    assert facets.tolist() == [[5, 2, 7], [1, 2, 7]]  # slack of the output, first point; second ray, first point


def test_rays_have_length_one_and_points_stay_as_they_are():
    columns = np.array([[-3.0, 0.0, -2.0], [4.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    ready = prepare(SimpleNamespace(columns=columns, points=True, equal=np.array([False, False, True])), 1)
    assert ready.norm.tolist() == [7.0, 1.0, 1.0]
    np.testing.assert_allclose(ready.columns, columns / [7, 1, 1])
