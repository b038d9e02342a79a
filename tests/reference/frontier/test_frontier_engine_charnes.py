"""Charnes, Cooper and Rhodes (1981), 70 schools: against Benchmarking 0.33, deaR 1.5.3 and additiveDEA 1.1.

Five inputs, three outputs. Exact calls: ref/dea/ref_dea.R. The reference holds 12 significant digits.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

import xinzhi.frontier as xf
from xinzhi.frontier.technology.distance import distance

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

# Scores; sums of slacks in the units of the data, of up to 140 and printed to 12 digits.
SCORE, SUM = 1e-9, 1e-9
# Benchmarking's second phase starts from its own theta, exact to 5e-13; a price of slack of up to 3e2 per unit of input
# times inputs of up to 1e2 makes that 2e-8. `test_sum_of_slacks_is_that_of_an_independent_program` holds ours tighter.
SECOND_PHASE = 2e-8
# Benchmarking finds the graph score by bisection that stops at 1e-6.
BISECTION = 1e-6

INPUTS, OUTPUTS = [f"x{i}" for i in range(1, 6)], ["y1", "y2", "y3"]


@cache
def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / "ref/dea" / f"charnes1981_{name}.csv", infer_schema_length=None)


@pytest.fixture(scope="module")
def goods(shared):
    data = table(shared, "input")
    return data.select(INPUTS).to_numpy(), data.select(OUTPUTS).to_numpy()


def column(shared, name, key):
    return table(shared, name)[key].cast(pl.Float64).to_numpy()


@pytest.mark.parametrize("rts", ["crs", "vrs", "drs", "irs", "fdh"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_radial(shared, goods, rts, orientation):
    found = xf.efficiency(*goods, rts=rts, orientation=orientation)
    expected = column(shared, "Benchmarking_dea", f"{rts}_{orientation[:-3]}")
    np.testing.assert_allclose(found.scores, expected, rtol=0, atol=SCORE)
    assert set(found.status) == {"optimal"}


@pytest.mark.parametrize(("rts", "theirs"), [("replication", "add"), ("scaling", "irs2")])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_whole_units(shared, goods, rts, theirs, orientation):
    found = distance(*goods, rts=rts, orientation=orientation)
    expected = column(shared, "Benchmarking_dea", f"{theirs}_{orientation[:-3]}")
    np.testing.assert_allclose(found.score, expected, rtol=0, atol=SCORE)


@pytest.mark.parametrize("rts", ["crs", "vrs", "nirs", "ndrs"])
@pytest.mark.parametrize(("orientation", "short"), [("input", "io"), ("output", "oo")])
def test_radial_of_a_second_peer(shared, goods, rts, orientation, short):
    found = distance(*goods, rts=rts, orientation=orientation)
    np.testing.assert_allclose(found.score, column(shared, "deaR_basic", f"{rts}_{short}"), rtol=0, atol=SCORE)


@pytest.mark.parametrize("rts", ["crs", "vrs", "drs", "irs"])
def test_graph(shared, goods, rts):
    found = xf.efficiency(*goods, rts=rts, model="hyperbolic")
    np.testing.assert_allclose(found.scores, column(shared, "Benchmarking_dea", f"{rts}_graph"), rtol=0, atol=BISECTION)


def test_graph_under_constant_returns_is_the_root_of_the_input_score(shared, goods):
    found = distance(*goods, rts="crs", orientation="hyperbolic")
    np.testing.assert_allclose(found.score, np.sqrt(column(shared, "Benchmarking_dea", "crs_in")), rtol=0, atol=SCORE)


@pytest.mark.parametrize("rts", ["vrs", "drs", "irs"])
def test_graph_score_is_where_the_projection_becomes_possible(goods, rts):
    x, y = goods
    h = distance(x, y, rts=rts, orientation="hyperbolic").score[:, None]
    there = distance(h * x, y / h, x_ref=x, y_ref=y, rts=rts, orientation="directional", direction=(h * x, y / h))
    np.testing.assert_allclose(there.score, 0, atol=1e-11)


@pytest.mark.parametrize("rts", ["crs", "vrs", "drs", "irs"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_super_efficiency(shared, goods, rts, orientation):
    found = xf.efficiency(*goods, rts=rts, orientation=orientation, model="super")
    expected = column(shared, "Benchmarking_sdea", f"{rts}_{orientation[:-3]}")
    solved = np.isfinite(expected)  # Benchmarking: +Inf or -Inf where the programme is infeasible
    np.testing.assert_allclose(found.scores[solved], expected[solved], rtol=0, atol=SCORE)
    assert (found.status[~solved] == "infeasible").all()
    assert np.isnan(found.scores[~solved]).all()
    assert (found.status[solved] == "optimal").all()


@pytest.mark.parametrize("rts", ["crs", "vrs"])
@pytest.mark.parametrize("moving", ["in", "out", "in-out"])
@pytest.mark.parametrize("size", ["own", "ones"])
def test_directional(shared, goods, rts, moving, size):
    x, y = goods
    gx, gy = (x, y) if size == "own" else (1.0, 1.0)
    direction = (gx if "in" in moving else 0.0, gy if "out" in moving else 0.0)
    found = xf.efficiency(x, y, rts=rts, model="directional", direction=direction)
    expected = column(shared, "Benchmarking_ddf_objval", f"{rts}_{moving}_{size}")
    np.testing.assert_allclose(found.scores, expected, rtol=0, atol=SCORE)


@pytest.mark.parametrize("rts", ["crs", "vrs"])
def test_directional_beta_of_a_second_peer(shared, goods, rts):
    found = xf.efficiency(*goods, rts=rts, model="directional")
    np.testing.assert_allclose(found.scores, column(shared, "deaR_ddf", rts), rtol=0, atol=SCORE)


@pytest.mark.parametrize("rts", ["crs", "vrs", "drs", "irs"])
def test_additive(shared, goods, rts):
    found = xf.efficiency(*goods, rts=rts, model="additive")
    np.testing.assert_allclose(found.scores, column(shared, "Benchmarking_dea_add", rts), rtol=1e-11, atol=SUM)


@pytest.mark.parametrize("weights", ["additive", "RAM", "BAM", "MIP", "LovPast"])
def test_weighted_additive(shared, goods, weights):
    ours = "none" if weights == "additive" else weights.lower()
    found = xf.efficiency(*goods, model="additive", weights=ours)
    np.testing.assert_allclose(found.scores, column(shared, "additiveDEA_gem_vrs", weights), rtol=1e-11, atol=SUM)


@pytest.mark.parametrize(
    ("method", "second", "theirs"),
    [
        ("aggressive", "M2", "M2agg_e"),
        ("benevolent", "M2", "M2ben_e"),
        ("aggressive", "M3", "M3agg_e"),
        ("benevolent", "M3", "M3ben_e"),
    ],
)
def test_cross_efficiency(shared, goods, method, second, theirs):
    found = xf.efficiency(*goods, rts="crs", model="cross", method=method, second=second)
    np.testing.assert_allclose(found.scores, column(shared, "deaR_crosseff", theirs), rtol=0, atol=SCORE)


def test_second_phase(shared, goods):
    found = xf.efficiency(*goods, slacks=np.ones(8))
    total = found.slacks.select(INPUTS + OUTPUTS).sum_horizontal().to_numpy()
    expected = table(shared, "Benchmarking_vrs_in_slack")
    np.testing.assert_allclose(found.scores, expected["eff"], rtol=0, atol=SCORE)
    np.testing.assert_allclose(total, expected["sum"], rtol=0, atol=SECOND_PHASE)


def test_sum_of_slacks_is_that_of_an_independent_program(goods):
    x, y = goods
    found = distance(x, y, rts="vrs", slacks=np.ones(8))
    for unit in range(0, 70, 3):
        # Both phases in one programme, the slack worth next to nothing: no theta is handed over.
        a = np.hstack([np.vstack([x.T, y.T]), np.diag([1.0] * 5 + [-1.0] * 3), np.append(-x[unit], [0] * 3)[:, None]])
        rows = np.vstack([a, [1.0] * 70 + [0.0] * 9])
        right = np.concatenate([np.zeros(5), y[unit], [1.0]])
        costs = np.append(np.zeros(70), np.append(np.full(8, -1e-7), 1.0))
        answer = linprog(costs, A_eq=rows, b_eq=right, bounds=(0, None), options={"dual_feasibility_tolerance": 1e-10})
        total = found.slack_x[unit].sum() + found.slack_y[unit].sum()
        assert total == pytest.approx(answer.x[70:78].sum(), abs=1e-6)
        assert found.score[unit] == pytest.approx(answer.x[-1], abs=1e-9)


def test_multipliers_certify_the_scores(goods):
    x, y = goods
    found = distance(x, y, rts="vrs")
    cost, value = (found.dual_x * x).sum(axis=1), (found.dual_y * y).sum(axis=1)
    np.testing.assert_allclose(cost, 1, atol=1e-10)
    worth = found.dual_y @ y.T - found.dual_x @ x.T + found.dual_scale[:, None]
    assert worth.max() <= 1e-10
    np.testing.assert_allclose(value + found.dual_scale, found.score, atol=1e-10)
