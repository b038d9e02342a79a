"""Likelihoods of panels against numerical integration over the unseen: 1e-8; with an edge at zero 1e-7; scores 1e-5."""

from __future__ import annotations

from math import erfc, exp, log, pi, sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from xinzhi.frontier.stochastic import problem
from xinzhi.frontier.stochastic.densities import EXPONENTIAL, HALF_NORMAL
from xinzhi.frontier.stochastic.likelihoods import InStep
from xinzhi.frontier.stochastic.random_effects import RandomEffects

EXACT, EDGE, DIFFERENCES = 1e-8, 1e-7, 1e-5
UNIT = np.array([0, 0, 0, 1, 1, 2])
TIME = np.array([1.0, 2.0, 3.0, 1.0, 3.0, 3.0])
E = np.array([-0.5, 0.1, -0.9, 0.3, 0.2, -1.4])  # residuals: the frontier is one constant at zero
ONES = np.ones((6, 1))


def normal(value, variance):
    return exp(-0.5 * value**2 / variance) / sqrt(2 * pi * variance)


def composed(e, noise, spread):
    """Return the density of Aigner, Lovell and Schmidt (1977), in their own form."""
    sigma, ratio = sqrt(noise + spread), sqrt(spread / noise)
    return 2 / sigma * normal(e / sigma, 1.0) * 0.5 * erfc(e * ratio / sigma / sqrt(2))


@pytest.mark.parametrize(
    ("path", "motion", "g"),
    [
        ("constant", (), lambda _: 1.0),
        ("decay", (0.3,), lambda t: exp(-0.3 * (t - 3))),
        ("logistic", (0.4, -0.1), lambda t: 1 / (1 + exp(0.4 * t - 0.1 * t**2))),
    ],
)
@pytest.mark.parametrize("location", [None, -0.4, 0.6])
def test_inefficiency_in_step(path, motion, g, location):
    noise, spread, mu = 0.2, 0.5, location or 0.0
    time = TIME - 3 if path == "decay" else TIME
    likelihood = InStep(E, ONES, UNIT, time, path, location is not None)
    middle = () if location is None else (location,)
    theta = np.array([0.0, log(noise), log(spread), *middle, *motion])
    value, scores = likelihood.scores(theta)
    posterior, factor = likelihood.posterior(theta)
    efficiency = posterior.efficiency(factor)
    cut = 0.5 * erfc(-mu / sqrt(2 * spread))
    for unit in range(3):
        rows = np.flatnonzero(unit == UNIT)

        def density(u, rows=rows):
            return normal(u - mu, spread) / cut * np.prod([normal(E[r] + g(TIME[r]) * u, noise) for r in rows])

        mass = quad(density, 0, 12, points=[0.1, 0.5, 1, 2, 4], epsabs=1e-16, epsrel=1e-12)[0]
        assert value[unit] == pytest.approx(log(mass), abs=EXACT)
        for row in rows:
            seen = quad(lambda u, r=row: exp(-g(TIME[r]) * u) * density(u), 0, 12, points=[0.1, 0.5, 1, 2, 4])[0]
            assert efficiency[row] == pytest.approx(seen / mass, abs=EXACT)
    check_scores(likelihood, theta, scores)


def check_scores(likelihood, theta, scores):
    for at in range(theta.size):
        step = 1e-5 * np.eye(theta.size)[at]
        slope = (likelihood.scores(theta + step)[0] - likelihood.scores(theta - step)[0]) / 2e-5
        np.testing.assert_allclose(scores[:, at], slope, atol=DIFFERENCES)


@pytest.mark.parametrize("distribution", [HALF_NORMAL, EXPONENTIAL], ids=lambda d: d.name)
@pytest.mark.parametrize("effect", [0.3, 0.01])
def test_true_random_effects(distribution, effect):
    noise, spread = 0.1, 0.4
    likelihood = RandomEffects(E, ONES, UNIT, persistent=False, distribution=distribution)
    theta = np.log(np.array([1.0, noise, spread, effect]))
    value, scores = likelihood.scores(theta)

    def row(e):
        if distribution is HALF_NORMAL:
            return composed(e, noise, spread)
        s, v = sqrt(spread), sqrt(noise)
        return exp(e / s + noise / (2 * spread)) / s * 0.5 * erfc((e / v + v / s) / sqrt(2))

    for unit in range(3):
        rows = np.flatnonzero(unit == UNIT)
        mass = quad(
            lambda w, rows=rows: normal(w, effect) * np.prod([row(E[r] - w) for r in rows]),
            -4,
            4,
            limit=200,
            points=[-1, -0.3, -0.1, 0, 0.1, 0.3, 1],
            epsabs=1e-16,
            epsrel=1e-12,
        )[0]
        assert value[unit] == pytest.approx(log(mass), abs=EXACT)
    check_scores(likelihood, theta, scores)


def test_four_components_by_two_integrals():
    noise, spread, effect, lasting = 0.1, 0.3, 0.05, 0.2
    likelihood = RandomEffects(E, ONES, UNIT, persistent=True)
    theta = np.log(np.array([1.0, noise, spread, effect, lasting]))
    value, scores = likelihood.scores(theta)
    both = likelihood.overall_efficiency(theta)
    apart = likelihood.persistent_posterior(theta).efficiency()

    def density(h, w, rows):
        return (
            2 * normal(h, lasting) * normal(w, effect) * np.prod([composed(E[r] - w + h, noise, spread) for r in rows])
        )

    for unit in range(3):
        rows = np.flatnonzero(unit == UNIT)
        options = {"epsabs": 1e-11, "epsrel": 1e-10}
        mass = dblquad(lambda h, w: density(h, w, rows), -1.8, 1.8, 0, 3.5, **options)[0]  # noqa: B023 - called in this turn
        assert value[unit] == pytest.approx(log(mass), abs=EXACT)
        seen = dblquad(lambda h, w: exp(-h) * density(h, w, rows), -1.8, 1.8, 0, 3.5, **options)[0] / mass  # noqa: B023 - called in this turn
        assert apart[rows[0]] == pytest.approx(seen, abs=EXACT)
    assert (both < apart).all()
    check_scores(likelihood, theta, scores)


@pytest.mark.parametrize("effect", [1e-5, 1e-3, 0.0])
def test_four_components_keep_their_digits_at_the_edge(effect):
    noise, spread, lasting = 0.1, 0.3, 0.2
    likelihood = RandomEffects(E, ONES, UNIT, persistent=True)
    theta = np.array([0.0, log(noise), log(spread), log(max(effect, 1e-13)), log(lasting)])
    value, _ = likelihood.scores(theta)
    for unit in range(3):
        rows = np.flatnonzero(unit == UNIT)

        def density(b, rows=rows):
            prior = composed(b, effect, lasting) if effect else 2 * normal(b, lasting) * (b <= 0)
            return prior * np.prod([composed(E[r] - b, noise, spread) for r in rows])

        edge = 8 * sqrt(effect)
        mass = sum(
            quad(density, a, b, epsabs=1e-16, epsrel=1e-12, limit=300)[0]
            for a, b in ((-4, -1), (-1, -edge), (-edge, 0), (0, max(edge, 1e-9)))
        )
        assert value[unit] == pytest.approx(log(mass), abs=EDGE)
    persistent = likelihood.persistent_posterior(theta)
    np.testing.assert_allclose(persistent.efficiency(), np.exp(-persistent.mean()), rtol=0.05)


@pytest.mark.parametrize("spread", [0.1, 10.0])
@pytest.mark.parametrize("split", [0.1, 0.5, 0.8])
def test_the_rule_of_a_unit_begins_at_the_peak_of_its_integrand(spread, split):
    e = spread * np.array([3.0, 2.0, 4.0, -3.0, -2.5, 0.1])
    likelihood = RandomEffects(e, ONES, UNIT, persistent=False)
    parts = spread * np.array([(1 - split) / 2, split, (1 - split) / 2])
    theta = np.array([0.0, *(2 * np.log(parts))])
    peak = likelihood._peak(e, theta)  # noqa: SLF001 - the formula by itself
    room = 2e-3 * spread
    assert (likelihood._at(peak - room, e, theta)[1] > 0).all()  # noqa: SLF001 - the formula by itself
    assert (likelihood._at(peak + room, e, theta)[1] < 0).all()  # noqa: SLF001 - the formula by itself


def test_a_search_begins_at_least_squares_raised_by_the_means_of_both_inefficiencies():
    y = np.array([1.0, 3.0, 5.0, 7.0])
    names = (problem.NOISE, problem.INEFFICIENCY, problem.EFFECT, problem.PERSISTENT)
    model = SimpleNamespace(
        likelihood=SimpleNamespace(names=names, x=np.ones((4, 1)), y=y), size=1, residuals=y - 4, model="four-component"
    )
    (start,) = problem._start(model, 0.4)  # noqa: SLF001 - the formula by itself
    between = problem._EFFECT_SHARE * 5.0  # noqa: SLF001 - of the variance 5, half to each effect
    total = (5.0 - between) / (0.6 + 0.4 * (1 - 2 / pi))
    raised = sqrt(2 / pi) * (sqrt(0.4 * total) + sqrt(between / 2))
    assert start[0] == pytest.approx(4 + raised)
    assert np.exp(start[1:]) == pytest.approx([0.6 * total, 0.4 * total, between / 2, between / 2])


def test_searches_agree_whose_summits_are_as_high_as_the_best(monkeypatch):
    values = {0.0: -100.0, 1.0: -100.0 - 1e-9, 2.0: -150.0, 3.0: -90.0}

    def climb(_likelihood, start, *_):
        """Return a summit: of the last start one whose gradient does not vanish."""
        gradient = np.full(2, 1e3 if start[0] == 3 else 0.0)
        return problem.Summit(np.zeros(2), values[start[0]], gradient, -np.eye(2), 1, np.zeros(2, dtype=bool))

    monkeypatch.setattr(problem, "climb", climb)
    monkeypatch.setattr(problem, "_settle", lambda _likelihood, summit, *_: summit)
    starts = [np.full(2, float(at)) for at in values]
    best = problem.highest(None, starts, {0: (), 1: ()}, 0)
    assert (best.value, best.starts, best.agreeing, best.higher) == (-100.0, 4, 2, -90.0)
    assert problem.highest(None, starts[:3], {0: (), 1: ()}, 0).higher is None
