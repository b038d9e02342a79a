"""Convex nonparametric least squares and StoNED.

The program is checked against its dual, a non-negative least squares problem over all n (n - 1) constraints that shares
no code with it (tolerance 1e-5 of the range of output: what the penalty on the dual's equalities leaves), against cases
worked by hand, and against R's Benchmarking, whose ridge of 1e-10 of the largest diagonal moves its frontier by 1.3e-4
at most (2e-4).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import nnls

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier import cnls, stoned
from xinzhi.frontier.stochastic import cnls as programs
from xinzhi.frontier.stochastic.cnls import concave_fit

DUAL, PEER = 1e-5, 2e-4


def sample(rows=30, inputs=2, seed=0, noise=0.1, waste=0.3):
    draw = np.random.default_rng(seed)
    x = draw.uniform(1, 10, (rows, inputs))
    error = noise * draw.normal(size=rows) - np.abs(waste * draw.normal(size=rows))
    return np.exp(np.log(x) @ np.full(inputs, 0.8 / inputs) + error), x


def by_the_dual(y, x, *, sign=1.0, penalty=1e5):
    """Return fitted values as y less a combination of the constraints, with multipliers from an active set method."""
    n, p = x.shape
    x, spread = x / x.max(axis=0), y.std()
    pairs = [(i, h) for i in range(n) for h in range(n) if i != h]
    values, slopes = np.zeros((n, len(pairs) + n * p)), np.zeros((n * p, len(pairs) + n * p))
    for at, (i, h) in enumerate(pairs):
        values[h, at], values[i, at] = sign, -sign
        slopes[i * p : (i + 1) * p, at] = -sign * (x[h] - x[i])
    slopes[np.arange(n * p), len(pairs) + np.arange(n * p)] = -1.0
    target = np.concatenate([y / spread, np.zeros(n * p)])
    multipliers = nnls(np.vstack([values, penalty * slopes]), target, maxiter=100_000)[0]
    return y - spread * values @ multipliers


@pytest.mark.parametrize("convex", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_fit_solves_the_program_with_all_constraints(seed, convex):
    y, x = sample(seed=seed)
    hull = concave_fit(y, x, convex=convex)
    dual = by_the_dual(y, x, sign=-1.0 if convex else 1.0)
    assert np.abs(hull.fitted - dual).max() < DUAL * np.ptp(y)
    assert np.sum((y - hull.fitted) ** 2) == pytest.approx(np.sum((y - dual) ** 2), rel=1e-6)


def test_cases_worked_by_hand():
    x = np.array([[1.0], [2.0], [3.0], [4.0]])
    np.testing.assert_allclose(cnls(np.array([1.0, 3.0, 2.0, 4.0]), x).fitted, [1, 2.5, 3, 3.5], atol=1e-7)
    line = 2 + 0.5 * x[:, 0]
    np.testing.assert_allclose(cnls(line, x).fitted, line, atol=1e-7)  # concave already
    np.testing.assert_allclose(cnls(np.array([4.0, 3.0, 2.0, 1.0]), x).fitted, 2.5, atol=1e-7)  # may not fall
    ray = cnls(np.array([1.0, 3.0, 2.0, 4.0]), x, rts="crs")  # one ray: x'y / x'x = 29 / 30
    np.testing.assert_allclose(ray.fitted, 29 / 30 * x[:, 0], atol=1e-7)
    relative = cnls(np.array([1.0, 3.0, 2.0, 4.0]), x, rts="crs", error="relative")
    ratio = x[:, 0] / np.array([1.0, 3.0, 2.0, 4.0])
    np.testing.assert_allclose(relative.fitted, ratio.sum() / (ratio @ ratio) * x[:, 0], atol=1e-6)
    logs = cnls(np.array([1.0, 3.0, 2.0, 4.0]), x, rts="crs", error="multiplicative")
    np.testing.assert_allclose(logs.fitted, np.exp(np.mean(np.log([1, 1.5, 2 / 3, 1]))) * x[:, 0], atol=1e-6)


@pytest.mark.parametrize("rts", ["vrs", "crs", "drs", "irs"])
@pytest.mark.parametrize("cost", [False, True])
def test_planes_obey_theory(rts, cost):
    y, x = sample(60, 3, seed=4)
    hull = cnls(y, x, rts=rts, cost=cost)
    assert hull.slopes.min() > -1e-7
    np.testing.assert_allclose(hull.at(x, convex=cost), hull.fitted, atol=1e-6)
    bound = {"crs": (-1e-7, 1e-7), "drs": (-1e-7, np.inf), "irs": (-np.inf, 1e-7), "vrs": (-np.inf, np.inf)}[rts]
    low, high = (-bound[1], -bound[0]) if cost else bound
    assert low <= hull.intercepts.min()
    assert hull.intercepts.max() <= high
    free = cnls(y, x, cost=cost)
    assert np.sum((y - hull.fitted) ** 2) >= np.sum((y - free.fitted) ** 2) - 1e-7


def test_logarithmic_fit_is_a_minimum():
    y, x = sample(60, 2, seed=7)
    hull, relative = cnls(y, x, error="multiplicative"), cnls(y, x, error="relative")
    loss = np.sum(np.log(y / hull.fitted) ** 2)
    assert loss < np.sum(np.log(y / relative.fitted) ** 2)
    # no mixture with another concave function lowers the loss
    for other in (relative, cnls(y, x), cnls(y, x, rts="crs")):
        slope = np.sum(-2 * np.log(y / hull.fitted) / hull.fitted * (other.fitted - hull.fitted))
        assert slope > -1e-5 * loss


def test_moments_and_pseudo_likelihood_find_the_inefficiency():
    draw = np.random.default_rng(3)
    x = draw.uniform(1, 10, 250)
    waste = np.abs(0.5 * draw.normal(size=250))
    frame = pl.DataFrame({"y": 2 * x**0.6 * np.exp(0.15 * draw.normal(size=250) - waste), "x": x})
    for method in ("moments", "pseudo-likelihood"):
        result = stoned(frame, "y", ["x"], error="multiplicative", method=method)
        assert result.sigma_u == pytest.approx(0.5, abs=0.15)
        np.testing.assert_allclose(result.frame["frontier"].mean(), np.mean(2 * x**0.6), rtol=0.1)
        assert np.corrcoef(result.frame["inefficiency"], waste)[0, 1] > 0.85
        frame_columns = result.frame.select("lower", "efficiency", "upper").to_numpy()
        assert (np.diff(frame_columns, axis=1) >= 0).all()
        assert result.planes.columns == ["row", "intercept", "x"]
        assert "凹性约束" in result.summary("zh")


def test_wrong_skewness_and_vanishing_noise_are_named():
    y, x = sample(80, 1, seed=1, noise=0.0, waste=0.5)
    mirrored = pl.DataFrame({"y": 10 / y, "x": 1 / x[:, 0]})
    result = stoned(mirrored, "y", ["x"])
    assert result.sigma_u == 0
    assert "skewed the wrong way" in result.summary("en")
    assert (result.frame["efficiency"] == 1).all()
    spiky = pl.DataFrame({"y": [1.0, 2.0, 2.5, 2.7, 2.8, 0.1, 2.9, 2.95, 2.97, 2.98], "x": np.arange(1.0, 11.0)})
    noiseless = stoned(spiky, "y", ["x"], error="relative")
    assert noiseless.sigma_v == 0
    assert "负的噪声方差" in noiseless.summary("zh")


def test_bad_input_is_named():
    y, x = sample(20, 1)
    frame = pl.DataFrame({"y": y, "x": x[:, 0]})
    with pytest.raises(UsageError, match="unknown error 'log'"):
        stoned(frame, "y", ["x"], error="log")
    with pytest.raises(UsageError, match="unknown rts"):
        cnls(y, x, rts="fdh")
    with pytest.raises(UsageError, match="unknown method"):
        stoned(frame, "y", ["x"], method="mm")
    with pytest.raises(UsageError, match="unknown option 'levels'"):
        stoned(frame, "y", ["x"], levels=0.9)
    with pytest.raises(InputError, match="line 1, column 'y': 0 is not positive"):
        stoned(frame.with_columns(y=pl.when(pl.col("y") == y[0]).then(0.0).otherwise("y")), "y", ["x"])
    with pytest.raises(InputError, match="negative"):
        stoned(frame.with_columns(x=-pl.col("x")), "y", ["x"])
    with pytest.raises(InputError, match="constant"):
        stoned(frame.with_columns(x=pl.lit(1.0)), "y", ["x"])
    with pytest.raises(InputError, match="at most 2000"):
        cnls(np.ones(2001), np.ones((2001, 1)))


@pytest.mark.shared
def test_frontier_equals_benchmarking(shared):
    folder = shared / "ref" / "dea"
    frame = pl.read_csv(folder / "front41Data_input.csv")
    theirs = pl.read_csv(folder / "front41Data_Benchmarking_stoned_vrs_MM_mult.csv")
    ours = stoned(frame, "output", ["capital", "labour"], error="relative").frame
    np.testing.assert_allclose(ours["frontier"], theirs["front"], rtol=PEER)
    # its efficiencies, up to 1.42, come from a slip in the conditional mean (sigma_v / sigma_v); ours are efficiencies
    assert theirs["eff"].max() > 1.4
    assert ours["efficiency"].max() < 1


def test_a_program_that_is_not_solved_in_its_steps_is_refused(monkeypatch):
    y, x = sample()
    monkeypatch.setattr(programs, "_STEPS", 1)
    with pytest.raises(InputError) as error:
        concave_fit(y, x)
    assert error.value.code == "frontier.cnls-unsolved"
