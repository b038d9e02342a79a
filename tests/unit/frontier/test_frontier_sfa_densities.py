"""Densities, scores and posteriors of the composed error against numerical integration that shares no code with them.

Tolerances: log densities, means and efficiencies 1e-8, scores 1e-6 (finite differences), probabilities of quantiles
1e-8 (gamma, whose quantiles lie between points, 2e-3).
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, gamma, log, pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf, log_ndtr

from xinzhi.frontier.stochastic import densities
from xinzhi.frontier.stochastic.densities import log_scaled_cdf, moment_ratios
from xinzhi.frontier.stochastic.likelihoods import Simulated, halton
from xinzhi.frontier.stochastic.likelihoods import gamma as gamma_distribution

ERRORS = np.array([-2.5, -0.6, -0.1, 0.2, 1.1])
EXACT, DIFFERENCES, QUANTILE, POINTS = 1e-8, 1e-6, 1e-8, 2e-3

PRIORS = {
    "half-normal": lambda u, s, _: 2 * exp(-0.5 * (u / s) ** 2) / (s * sqrt(2 * pi)),
    "truncated-normal": lambda u, s, m: (
        exp(-0.5 * ((u - m) / s) ** 2) / (s * sqrt(2 * pi)) / (0.5 * (1 + erf(m / s / sqrt(2))))
    ),
    "exponential": lambda u, s, _: exp(-u / s) / s,
    "rayleigh": lambda u, s, _: u / s**2 * exp(-0.5 * (u / s) ** 2),
    "uniform": lambda u, s, _: 1 / (s * sqrt(12)) if u < s * sqrt(12) else 0.0,
    "gamma": lambda u, s, p: exp((exp(p) - 1) * log(u) - u / s) / (gamma(exp(p)) * s ** exp(p)) if u > 0 else 0.0,
}
CASES = [
    *[(densities.HALF_NORMAL, shape) for shape in ((-2.0, -1.0), (-3.0, 0.5), (0.0, -4.0))],
    *[(densities.TRUNCATED, shape) for shape in ((-2.0, -1.0, -0.5), (-3.0, 0.5, 0.7), (-1.0, 0.2, -2.5))],
    *[(densities.EXPONENTIAL, shape) for shape in ((-2.0, -1.0), (-3.0, 0.5), (0.0, -4.0))],
    *[(densities.RAYLEIGH, shape) for shape in ((-2.0, -1.0), (-3.0, 0.5), (0.0, -4.0))],
    *[(densities.UNIFORM, shape) for shape in ((-2.0, -1.0), (-3.0, 0.5), (0.0, -4.0))],
    *[
        (gamma_distribution(5, None, 2, 10), shape)
        for shape in ((-2.0, -1.0, -0.5), (-3.0, 0.5, 0.7), (0.0, -2.0, 0.3), (-5.0, -4.0, 3.0))
    ],
]


def integrate(function, top, breaks):
    corners = sorted({0.0, top, *(min(max(point, 0.0), top) for point in breaks)})
    return sum(quad(function, a, b, epsabs=1e-15, epsrel=1e-12, limit=200)[0] for a, b in pairwise(corners))


def joint(distribution, shape, e):
    """Return the density of (e, u) as a function of u, where it ends, and where to break the integral."""
    scale, spread = exp(shape[0] / 2), exp(shape[1] / 2)
    prior, third = PRIORS[distribution.name], shape[2] if len(shape) > 2 else 0.0
    top = spread * sqrt(12) if distribution.name == "uniform" else 12 * (spread * 4 + scale) + max(-e, 0)

    def density(u):
        return prior(u, spread, third) * exp(-0.5 * ((e + u) / scale) ** 2) / (scale * sqrt(2 * pi))

    near = [max(-e, 0) + k * min(scale, spread) for k in (-8, -4, -2, -1, 0, 1, 2, 4, 8, 16)]
    return density, top, [*near, 1e-8, 1e-5, 1e-3, 1e-2, 0.1]


@pytest.mark.parametrize(("distribution", "shape"), CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_density_and_posterior_equal_numerical_integrals(distribution, shape):
    terms, after = distribution.terms(ERRORS, shape), distribution.posterior(ERRORS, shape)
    mean, efficiency, quantile = after.mean(), after.efficiency(), after.quantile(0.3)
    close = POINTS if distribution.name == "gamma" else QUANTILE
    for at, e in enumerate(ERRORS):
        density, top, breaks = joint(distribution, shape, float(e))
        mass = integrate(density, top, breaks)
        assert terms.value[at] == pytest.approx(log(mass), abs=EXACT)
        assert mean[at] == pytest.approx(integrate(lambda u: u * density(u), top, breaks) / mass, rel=EXACT)  # noqa: B023 - called in this turn
        assert efficiency[at] == pytest.approx(integrate(lambda u: exp(-u) * density(u), top, breaks) / mass, rel=EXACT)  # noqa: B023 - called in this turn
        assert integrate(density, float(quantile[at]), breaks) / mass == pytest.approx(0.3, abs=close)


@pytest.mark.parametrize(("distribution", "shape"), CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_scores_are_the_slopes_of_the_density(distribution, shape):
    step, terms = 1e-5, distribution.terms(ERRORS, shape)
    slope = (distribution.terms(ERRORS + step, shape).value - distribution.terms(ERRORS - step, shape).value) / (
        2 * step
    )
    np.testing.assert_allclose(terms.slope, slope, rtol=DIFFERENCES, atol=DIFFERENCES)
    for at, part in enumerate(terms.shape):
        up, down = (tuple(np.array(shape) + sign * step * np.eye(len(shape))[at]) for sign in (1, -1))
        slope = (distribution.terms(ERRORS, up).value - distribution.terms(ERRORS, down).value) / (2 * step)
        np.testing.assert_allclose(part, slope, rtol=DIFFERENCES, atol=DIFFERENCES)


def test_simulated_gamma_approaches_the_integral_and_has_its_own_exact_score():
    shape, step = (-2.0, -1.0, -0.5), 1e-6
    exact = gamma_distribution(5, None, 2, 10).terms(ERRORS, shape).value
    gaps = []
    for draws in (100, 10_000):
        simulated = gamma_distribution(5, draws, 2, 10).terms(ERRORS, shape).value
        gaps.append(np.abs(simulated - exact).max())
    assert gaps[1] < 2e-3
    assert gaps[0] > 5 * gaps[1]
    few = Simulated(halton(500, 2, 10).reshape(5, 100))
    terms = few.terms(ERRORS, shape)
    for at in range(3):
        up, down = (tuple(np.array(shape) + sign * step * np.eye(3)[at]) for sign in (1, -1))
        slope = (few.terms(ERRORS, up).value - few.terms(ERRORS, down).value) / (2 * step)
        np.testing.assert_allclose(terms.shape[at], slope, atol=1e-7)


def test_shape_one_makes_the_gamma_exponential():
    exact = densities.EXPONENTIAL.terms(ERRORS, (-2.0, -1.0)).value
    for draws in (50, None):
        found = gamma_distribution(5, draws, 2, 10).terms(ERRORS, (-2.0, -1.0, 0.0)).value
        np.testing.assert_allclose(found, exact, atol=1e-10)


def test_tails_keep_their_digits():
    far = np.array([-1e8, -1e4, -40.0, -3.0, 0.0, 3.0, 40.0])
    assert np.isfinite(log_scaled_cdf(far)).all()
    np.testing.assert_allclose(log_scaled_cdf(far[3:]), log_ndtr(far[3:]) + far[3:] ** 2 / 2, rtol=1e-12, atol=1e-14)
    first, second = moment_ratios(far)
    np.testing.assert_allclose(first[:2] * -far[:2], 1.0, rtol=1e-7)  # an exponential tail: mean 1 / |r|
    np.testing.assert_allclose(second[:2] * -far[:2], 2.0, rtol=1e-7)
    left, right = moment_ratios(np.array([-3.0 - 1e-12])), moment_ratios(np.array([-3.0 + 1e-12]))
    np.testing.assert_allclose(left, right, rtol=1e-11)


@pytest.mark.parametrize(
    ("location", "median"),
    [(-20.0, log(2) / 20), (22.0, 2 - log(2) / 20), (1.0, 1.0), (-50.0, log(2) / 50), (52.0, 2 - log(2) / 50)],
)
def test_the_median_of_a_normal_variable_cut_far_out_is_that_of_an_exponential_one(location, median):
    cut = densities.BoxNormal(np.array([location]), 1.0, 2.0)
    assert cut.quantile(0.5)[0] == pytest.approx(median, abs=2e-4)
