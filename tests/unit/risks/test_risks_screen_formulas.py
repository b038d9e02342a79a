"""Parts of the screening of projects in numbers that can be checked on paper: trees, chances, patterns, figures."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from xinzhi.risks.projects import comparison, learning, scoring, weights
from xinzhi.risks.projects.comparison import NAMES, SAME_SITE
from xinzhi.risks.projects.forest import Forest
from xinzhi.risks.projects.learning import INNOCENT, NEAR, learn_agreement
from xinzhi.risks.projects.weights import SIZES, Agreement, Calibration

NAN = np.nan


def test_each_tree_adds_the_value_of_the_leaf_that_a_row_reaches():
    # The first tree asks whether the second feature is at most 2 (unknown counts as yes); the second is one leaf.
    trees = {
        "root": np.array([0, 3]),
        "feature": np.array([1, -1, -1, -1]),
        "threshold": np.array([2.0, 0.0, 0.0, 0.0]),
        "left_child": np.array([1, 0, 0, 0]),
        "right": np.array([2, 0, 0, 0]),
        "missing_left": np.array([True, False, False, False]),
        "value": np.array([100.0, 1.0, 2.0, 10.0]),
    }
    forest = Forest(**trees, base=0.5, deepest=1)
    rows = np.array([[9.0, 1.0], [0.0, 3.0], [9.0, 2.0], [0.0, NAN]])
    assert forest.log_odds(rows).tolist() == [11.5, 12.5, 11.5, 11.5]


def test_a_calibration_gives_the_odds_of_the_classes_to_the_first():
    model = Calibration(np.log([[2.0, 1.0], [1.0, 3.0]]), np.zeros((2, 2, 2, 2)), np.array([0.5, 0.25, 0.25]))
    features = np.array([[1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(model.probabilities(features), [[1 / 4, 2 / 4, 1 / 4], [1 / 6, 2 / 6, 3 / 6]])
    np.testing.assert_allclose(model.probabilities(features, model.shares), model.probabilities(features))
    # with as many of each class the odds of the second and third double
    equal = model.probabilities(features, np.full(3, 1 / 3))
    np.testing.assert_allclose(equal, [[1 / 7, 4 / 7, 2 / 7], [1 / 11, 4 / 11, 6 / 11]])


def test_the_interval_of_a_probability_is_on_the_logit_and_defined_at_certainty():
    covariance = np.zeros((2, 1, 2, 1))
    covariance[0, 0, 0, 0] = 0.04
    model = Calibration(np.zeros((2, 1)), covariance, np.full(3, 1 / 3))
    low, high = model.interval(np.ones((1, 1)), 1)
    # the logit of 1/3 moves by (1 - 1/3) / (1 - 1/3) for each unit of its own log-odds
    logits = np.log(np.array([low[0], high[0]]) / (1 - np.array([low[0], high[0]])))
    assert logits == pytest.approx(np.log(0.5) + np.array([-1, 1]) * weights.convention("interval") * 0.2)
    certain = replace_coefficients(model, 800.0).interval(np.ones((1, 1)), 1)
    assert np.isfinite(certain).all()
    assert certain[0][0] <= certain[1][0] <= 1


def replace_coefficients(model, value):
    return Calibration(np.array([[value], [0.0]]), model.covariance, model.shares)


def levels_of(**fields):
    """Return the levels of one pair, nothing known but some fields."""
    levels = np.full((1, len(NAMES)), -1, dtype=np.int8)
    for name, level in fields.items():
        levels[0, NAMES.index(name)] = level
    return levels


def test_a_part_of_a_pattern_differs_is_not_known_or_agrees():
    top = {name: SIZES[NAMES.index(name)] - 1 for name in ("place", "text", "owner")}
    parts = [
        [int(part[0]) for part in np.unravel_index(scoring.pattern_of(levels), scoring._PATTERN_SHAPE)]  # noqa: SLF001 - the formula by itself
        for levels in (
            levels_of(),
            levels_of(place=0, text=0, owner=0),
            levels_of(**top),
            levels_of(place=0, site=SAME_SITE),
            levels_of(approval=1),
        )
    ]
    assert parts == [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [2, 2, 2, 0, 0], [2, 1, 1, 0, 0], [1, 1, 1, 0, 1]]


def test_a_follow_on_of_a_stranger_counts_as_new():
    owner = SIZES[NAMES.index("owner")] - 1
    pairs = SimpleNamespace(levels=np.vstack([levels_of(owner=owner), levels_of(owner=0), levels_of(site=SAME_SITE)]))
    scores = SimpleNamespace(best=np.array([0, 1, 2, -1]))
    chance = np.tile([0.5, 0.3, 0.2], (4, 1))
    out = scoring._without_strangers(chance, pairs, scores)  # noqa: SLF001 - the formula by itself
    np.testing.assert_allclose(out, [[0.5, 0.3, 0.2], [0.8, 0.0, 0.2], [0.5, 0.3, 0.2], [0.8, 0.0, 0.2]])


def test_figures_that_both_texts_have_weigh_what_they_are_worth():
    common = SimpleNamespace(of_figures=lambda values: values / 100)
    within = float(comparison.convention("number_levels")[-1])
    project = np.array([[400.0, 317.0], [500.0, NAN], [600.0, 1.0], [NAN, NAN]], dtype=np.float32)
    record = np.array([[317.0, 400.0 * (1 + within / 2)], [100.0, 900.0], [NAN, NAN], [1.0, 2.0]], dtype=np.float32)
    nats = comparison._figures(project, record, common)  # noqa: SLF001 - the formula by itself
    assert nats.tolist() == pytest.approx([7.17, 0.0, NAN, NAN], nan_ok=True)


def test_classes_of_innocent_pairs_begin_by_whether_they_are_near(monkeypatch):
    begun = []
    monkeypatch.setattr(learning, "maximise", lambda _levels, begin, _sizes: begun.append(begin))
    monkeypatch.setattr(learning, "learn", lambda *_, **__: None)
    levels = np.vstack([levels_of(place=NEAR), levels_of(place=0), levels_of(), levels_of(place=NEAR)])
    learn_agreement(SimpleNamespace(levels=levels), np.array([0, 0, 0, 1]))
    rows = np.zeros((4, begun[0].shape[1]))
    rows[[0, 1, 2], [1, 0, 0]] = 1.0
    rows[0, 2:INNOCENT] = rows[1, 2:INNOCENT] = rows[2, 2:INNOCENT] = 1.0
    rows[3, INNOCENT] = 1.0
    np.testing.assert_array_equal(begun[0], rows)


def test_shares_and_levels_are_counts_with_a_prior(monkeypatch):
    monkeypatch.setattr(weights, "convention", lambda _name: 2.0)
    levels = np.array([[0, 1], [1, 2], [-1, 0]], dtype=np.int8)
    expected = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    model = weights.maximise(levels, expected, [2, 3])
    assert isinstance(model, Agreement)
    np.testing.assert_allclose(model.share, [2.5 / 5, 2.5 / 5])
    np.testing.assert_allclose(model.level[0, 0, :2], [2 / 3.5, 1.5 / 3.5])
    np.testing.assert_allclose(model.level[1, 0, :2], [1 / 2.5, 1.5 / 2.5])
    np.testing.assert_allclose(model.level[0, 1], np.array([2 / 3, 1 + 2 / 3, 0.5 + 2 / 3]) / 3.5)
    np.testing.assert_allclose(model.level[1, 1], np.array([1 + 2 / 3, 2 / 3, 0.5 + 2 / 3]) / 3.5)
