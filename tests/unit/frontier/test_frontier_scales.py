"""Goods in billions beside goods in thousandths: the same verdicts, and slacks that a solver for itself finds too."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from xinzhi.frontier import efficiency

# A score, relative to itself; a slack, relative to the mean of its good.
TOLERANCE = 1e-9
SCALES = np.array([1e9, 1.0, 1e-3, 1e12, 1e-6])


def firms(n=30):
    draw = np.random.default_rng(5)
    return draw.lognormal(size=(n, 3)), draw.lognormal(size=(n, 2))


def one_by_one(x, y, unit, weights, rts):
    """Return the largest weighted sum of slacks from a programme written out in full."""
    n, goods = len(x), x.shape[1] + y.shape[1]
    rows = np.hstack([np.vstack([x.T, -y.T]), np.eye(goods)])
    limits = np.append(x[unit], -y[unit])
    if rts == "vrs":
        rows, limits = np.vstack([rows, np.append(np.ones(n), np.zeros(goods))]), np.append(limits, 1.0)
    costs = -np.append(np.zeros(n), weights) / weights.max()
    return -linprog(costs, A_eq=rows, b_eq=limits, method="highs").fun * weights.max()


@pytest.mark.parametrize("rts", ["crs", "vrs"])
def test_plain_slacks_of_goods_that_differ_by_18_digits(rts):
    x, y = firms()
    found = efficiency(x * SCALES[:3], y * SCALES[3:], model="additive", rts=rts)
    assert set(found.status) == {"optimal"}
    counted = efficiency(x, y, model="additive", rts=rts, weights=SCALES)
    np.testing.assert_allclose(
        np.hstack([found.solved.slack_x, found.solved.slack_y]) / SCALES,
        np.hstack([counted.solved.slack_x, counted.solved.slack_y]),
        atol=TOLERANCE,
    )
    truth = np.array([one_by_one(x, y, unit, SCALES, rts) for unit in range(len(x))])
    np.testing.assert_allclose(found.scores, truth, rtol=TOLERANCE, atol=TOLERANCE * SCALES.max())
    # A unit is on the additive frontier whatever its slacks are counted in.
    plain = efficiency(x, y, model="additive", rts=rts)
    assert found.frame["efficient"].to_list() == plain.frame["efficient"].to_list()


def test_a_direction_of_one_of_each_good_in_any_units():
    x, y = firms()
    found = efficiency(x * SCALES[:3], y * SCALES[3:], model="directional", direction="unit")
    same = efficiency(x, y, model="directional", direction=(1 / SCALES[:3], 1 / SCALES[3:]))
    step = np.hstack([1 / (x * SCALES[:3]), 1 / (y * SCALES[3:])]).max(axis=1)
    np.testing.assert_allclose(found.scores * step, same.scores * step, atol=TOLERANCE)
    assert set(found.status) == {"optimal"}
    assert 0 < found.frame["efficient"].sum() < len(x)


def test_hyperbolic_super_efficiency_without_a_counterpart_is_infeasible():
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
    for rts in ("crs", "vrs", "nirs", "ndrs"):
        found = efficiency(x, y, model="super", rts=rts, orientation="hyperbolic")
        assert found.status[1] == "infeasible"  # nobody else makes the second output
        assert "failed" not in found.status


def test_a_unit_without_outputs_has_no_hyperbolic_score():
    found = efficiency([[1.0], [2.0]], [[1.0], [0.0]], rts="crs", orientation="hyperbolic")
    assert found.status.tolist() == ["optimal", "unbounded"]
    assert found.frame["score"].to_list() == [1.0, None]


def test_a_summary_where_every_efficient_unit_is_infeasible():
    x, y = np.array([[1.0], [2.0], [2.0]]), np.array([[1.0], [2.0], [1.0]])
    found = efficiency(x, y, model="super", rts="vrs", orientation="output")
    assert found.status[0] == "infeasible"
    for language in ("en", "zh"):
        assert "nan" not in found.summary(language)
