"""Regressions against sums written out, dummies, and scipy; tolerance 1e-12."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import (
    bartlett,
    benjamini_hochberg,
    clustered_errors,
    fixed_effects,
    hac_errors,
    long_run_variance,
    newey_west_lags,
    ols,
    within,
)

TOLERANCE = 1e-12


def close(value):
    return pytest.approx(value, abs=TOLERANCE, rel=TOLERANCE)


def test_line_by_hand():
    # Sums of squares: Sxx = 5, Sxy = 9, Syy = 17; slope 9/5, residual sum 17 - 81/5 = 0.8 on 2 degrees of freedom.
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0, 6.0])
    line = ols(y, np.column_stack([np.ones(4), x]))
    assert line.coefficients.tolist() == close([0.8, 1.8])
    assert line.standard_errors.tolist() == close([(0.4 * (1 / 4 + 1.5**2 / 5)) ** 0.5, (0.4 / 5) ** 0.5])
    assert line.r2 == close(1 - 0.8 / 17)
    assert line.residuals.tolist() == close([0.2, -0.6, 0.6, -0.2])


@pytest.mark.parametrize(
    ("y", "x", "message"),
    [
        (np.ones(2), np.ones((2, 2)), "more rows"),
        (np.array([1.0, np.nan, 2.0]), np.ones((3, 1)), "no missing value"),
        (np.arange(4.0), np.ones((4, 2)), "only 1 independent"),
    ],
)
def test_what_cannot_be_fitted_is_refused(y, x, message):
    with pytest.raises(InputError, match=message):
        ols(y, x)


def _panel():
    """Return an unbalanced panel of 12 units and 9 years with two regressors, and clusters of two units."""
    n, t = 12, 9
    unit, year = np.repeat(np.arange(n), t), np.tile(np.arange(t), n)
    k = np.arange(n * t, dtype=float)
    x = np.column_stack([np.sin(k * 1.7) + 0.1 * unit, np.cos(k * 0.9) * (1 + 0.05 * year)])
    y = 0.7 * x[:, 0] - 0.3 * x[:, 1] + 0.2 * unit - 0.1 * year + 0.3 * np.sin(k * k)
    keep = (k % 7) != 3
    return y[keep], x[keep], unit[keep], year[keep], (unit // 2)[keep]


def _by_dummies(y, x, dummies, cluster, counted):
    """Return coefficients and clustered errors of least squares on all dummies, the sandwich written out."""
    full = np.column_stack([x, *dummies])
    beta = np.linalg.lstsq(full, y)[0]
    residuals = y - full @ beta
    bread = np.linalg.pinv(full.T @ full)
    groups = cluster.max() + 1
    meat = sum(
        np.outer(full[cluster == g].T @ residuals[cluster == g], residuals[cluster == g] @ full[cluster == g])
        for g in range(groups)
    )
    factor = groups / (groups - 1) * (len(y) - 1) / (len(y) - counted)
    return beta[:2], np.sqrt(factor * np.diag(bread @ meat @ bread)[:2])


@pytest.mark.parametrize(
    ("which", "counted", "parameters"),
    [
        ("", "outside", 2 + 1),
        ("unit", "outside", 2 + 1),  # units lie inside the clusters
        ("year", "outside", 2 + 9),
        ("unit year", "outside", 2 + 9),
        ("unit year", "all", 2 + 12 + 9 - 1),
        ("unit", "all", 2 + 12),
        ("", "all", 2 + 1),
        ("unit year", "regressors", 2),
        ("", "regressors", 2),
    ],
)
def test_fixed_effects_equal_dummies(which, counted, parameters):
    y, x, unit, year, cluster = _panel()
    effects = [{"unit": unit, "year": year}[name] for name in which.split()]
    fit = fixed_effects(y, x, ["a", "b"], effects, cluster, counted=counted)
    dummies = [np.eye(effect.max() + 1)[effect] for effect in effects] or [np.ones((len(y), 1))]
    coefficients, errors = _by_dummies(y, x, dummies, cluster, parameters)
    assert fit.coefficients == pytest.approx(coefficients, abs=1e-11)
    assert fit.standard_errors == pytest.approx(errors, abs=1e-11)
    assert (fit.observations, fit.clusters) == (93, 6)
    plain = fixed_effects(y, x, ["a", "b"], effects, cluster, counted=counted, small_sample=False)
    assert plain.standard_errors * sqrt(6 / 5 * 92 / (93 - parameters)) == close(fit.standard_errors)


def test_two_clusters_by_hand():
    # one regressor beside a constant: the sandwich of the two clusters' scores with its small-sample factor
    y, x = np.array([1.0, 2.0, 2.0, 5.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    fit = fixed_effects(y, x[:, None], ["x"], [], np.repeat([0, 1], 3), counted="all")
    left, target = x - x.mean(), y - y.mean()
    slope = left @ target / (left @ left)
    scores = left * (target - slope * left)
    meat = scores[:3].sum() ** 2 + scores[3:].sum() ** 2
    assert fit.coefficients[0] == close(slope)
    assert fit.standard_errors[0] == close(sqrt(2 / 1 * 5 / 4 * meat) / (left @ left))
    assert fit.r2_within == close(slope**2 * (left @ left) / (target @ target))
    assert fit.residuals == close(target - slope * left)
    assert fit.frame.rows() == [("x", fit.coefficients[0], fit.standard_errors[0], slope / fit.standard_errors[0])]


def test_a_level_outcome_has_no_share_explained():
    x = np.array([0.0, 1.0, 2.0, 4.0])[:, None]
    assert np.isnan(ols(np.full(4, 2.0), np.column_stack([np.ones(4), x])).r2)
    assert np.isnan(fixed_effects(np.full(4, 2.0), x, ["x"], [], np.array([0, 0, 1, 1])).r2_within)


def test_probabilities_are_two_sided_and_normal():
    y, x, unit, year, cluster = _panel()
    fit = fixed_effects(y * 0.02 + np.cos(np.arange(93.0) ** 2), x, ["a", "b"], [unit, year], cluster)
    assert fit.probabilities == close(2 * stats.norm.sf(np.abs(fit.coefficients / fit.standard_errors)))
    assert 0.01 < fit.probabilities.min() < 0.99


def test_clustered_errors_count_the_parameters_that_they_are_told():
    x, residuals = np.array([[1.0], [2.0], [0.0], [-3.0]]), np.array([1.0, -1.0, 2.0, 0.5])
    cluster = np.array([0, 0, 1, 1])
    plain = sqrt((1 - 2) ** 2 + 1.5**2) / 14
    assert clustered_errors(x, residuals, cluster, counted=1, small_sample=False) == close([plain])
    assert clustered_errors(x, residuals, cluster, counted=2) == close([plain * sqrt(2 * 3 / 2)])


def test_means_are_taken_out():
    values = np.array([[1.0], [3.0], [5.0], [11.0]])
    assert within(values, []).ravel() == close([-4.0, -2.0, 0.0, 6.0])
    assert within(values, [np.array([0, 0, 1, 1])]).ravel() == close([-1.0, 1.0, -3.0, 3.0])
    assert within(values, [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]).ravel() == close([1.0, -1.0, -1.0, 1.0])


def test_fixed_effects_name_what_cannot_be_estimated():
    y, x, unit, year, cluster = _panel()
    with pytest.raises(InputError, match="fixed does not vary"):
        fixed_effects(y, np.column_stack([x, unit]), ["a", "b", "fixed"], [unit, year], cluster)
    with pytest.raises(InputError, match="repeat each other"):
        fixed_effects(y, np.column_stack([x, x[:, 0]]), ["a", "b", "c"], [unit, year], cluster)
    with pytest.raises(InputError, match="two clusters; got 1"):
        fixed_effects(y, x, ["a", "b"], [unit, year], np.zeros_like(cluster))
    with pytest.raises(InputError, match="missing values"):
        fixed_effects(np.where(unit == 1, np.nan, y), x, ["a", "b"], [unit, year], cluster)
    with pytest.raises(UsageError, match="unknown engine"):
        fixed_effects(y, x, ["a", "b"], [unit, year], cluster, engine="stata")
    # three regressors and effects of two units and two years take all of six rows
    few = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 1, 0, 0, 1])
    three = np.random.default_rng(1).normal(size=(6, 3))
    with pytest.raises(InputError, match="3 regressors beside 3 effects need more than 6 rows"):
        fixed_effects(three[:, 0], three, ["a", "b", "c"], few, few[0], counted="all")


def test_autocorrelation_by_hand():
    # scores 2, -1, 3, 1 of a regressor with sum of squares 10; with two lags the weights are 2/3 and 1/3
    x, scores = np.array([1.0, 2.0, -1.0, 2.0]), np.array([2.0, -1.0, 3.0, 1.0])
    weighted = 15 + 2 * (2 / 3 * (-2 - 3 + 3) + 1 / 3 * (6 - 1))
    assert hac_errors(x[:, None], scores / x, 2) == close([sqrt(weighted) / 10])
    assert hac_errors(x[:, None], scores / x, 0) == close([sqrt(15) / 10])
    assert long_run_variance(scores[None, :], bartlett(4, 2)) == close([weighted])
    assert bartlett(5, 2) == close([2 / 3, 1 / 3, 0, 0])


@pytest.mark.parametrize(("rows", "lags"), [(5, 2), (20, 2), (50, 3), (99, 3), (100, 4), (1000, 6)])
def test_lags_of_newey_and_west(rows, lags):
    assert newey_west_lags(rows) == lags


def test_false_discoveries_equal_scipy_and_skip_what_is_missing():
    p = np.array([0.04, 0.001, 0.9, 0.03, 0.03, 0.2])
    assert benjamini_hochberg(p) == close(stats.false_discovery_control(p))
    # of six tests the second smallest is multiplied by 6/2, the third by 6/3, and none exceeds a larger one
    assert benjamini_hochberg(p) == close([0.06, 0.006, 0.9, 0.06, 0.06, 0.24])
    gap = benjamini_hochberg(np.insert(p, 2, np.nan))
    assert np.isnan(gap[2])
    assert np.delete(gap, 2) == close(benjamini_hochberg(p))


def test_fixed_effects_by_linearmodels():
    pytest.importorskip("linearmodels")
    y, x, unit, year, cluster = _panel()
    own = fixed_effects(y, x, ["a", "b"], [unit, year], cluster, small_sample=False)
    theirs = fixed_effects(y, x, ["a", "b"], [unit, year], cluster, engine="linearmodels")
    assert theirs.coefficients == pytest.approx(own.coefficients, abs=1e-10)
    # It multiplies the variance by n / (n - k), k counting two regressors and all effects.
    factor = sqrt(93 / (93 - 2 - 12 - 9 + 1))
    assert theirs.standard_errors == pytest.approx(own.standard_errors * factor, abs=1e-10)
