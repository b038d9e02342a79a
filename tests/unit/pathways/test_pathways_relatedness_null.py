"""The bipartite configuration model and its tails against other ways to compute them.

References: margins (by definition), the form of maximum entropy (log odds add up), convolution of the Bernoulli draws
one after another. Tolerances 1e-10 (chances), 1e-12 (exact tails), 3 % in the tail (saddlepoint).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.core.regression import benjamini_hochberg
from xinzhi.pathways import validated_proximity
from xinzhi.pathways.complexity.validated_proximity import (
    configuration,
    pair_tails,
    tail_exact,
    tail_saddlepoint,
)


def presences(n: int = 40, p: int = 25, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    here = rng.normal(size=(n, 1)) + rng.normal(size=p) + rng.normal(size=(n, p)) > 0.8
    return here[np.ix_(here.any(axis=1), here.any(axis=0))]


def convolved(chances: np.ndarray) -> np.ndarray:
    mass = np.array([1.0])
    for chance in chances:
        mass = np.convolve(mass, [1 - chance, chance])
    return np.cumsum(mass[::-1])[::-1]


@pytest.mark.parametrize("seed", range(4))
def test_margins_are_those_of_the_matrix(seed):
    here = presences(seed=seed)
    found = configuration(here)
    assert found.probability.sum(axis=1) == pytest.approx(here.sum(axis=1), abs=1e-8)
    assert found.probability.sum(axis=0) == pytest.approx(here.sum(axis=0), abs=1e-8)
    assert found.gap <= 1e-8


def test_chances_are_of_the_form_of_maximum_entropy():
    chance = configuration(presences()).probability
    odds = np.log(chance / (1 - chance))
    apart = odds - odds.mean(axis=1, keepdims=True) - odds.mean(axis=0) + odds.mean()
    assert np.abs(apart).max() < 1e-9


def test_full_and_empty_margins_are_certain():
    here = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]], dtype=bool)
    chance = configuration(here).probability
    assert chance[0].tolist() == [1, 1, 1, 1]
    assert chance[:, 0].tolist() == [1, 1, 1, 1]
    assert chance[3, 1:].tolist() == [0, 0, 0]
    assert chance[1, 1] + chance[1, 2] == pytest.approx(1, abs=1e-10)


def test_exact_tails_against_convolution():
    rng = np.random.default_rng(2)
    chance, repeated = rng.random((3, 5)), np.array([4, 1, 7, 2, 3])
    seen = np.broadcast_to(np.arange(18), (3, 18))
    found = tail_exact(chance, repeated, seen)
    for row, one in zip(found, chance, strict=True):
        assert row == pytest.approx(convolved(np.repeat(one, repeated)), abs=1e-12)


def test_saddlepoint_tails_against_convolution():
    rng = np.random.default_rng(3)
    repeated = np.array([20, 30, 10, 40])
    chance = rng.uniform(0.05, 0.6, (1, 4))
    exact = convolved(np.repeat(chance[0], repeated))
    mean = int(chance[0] @ repeated)
    for seen in (mean, mean + 3, mean + 10, mean + 20, 95, 100, 0):
        found = tail_saddlepoint(chance, repeated, np.array([seen]))[0]
        assert found == pytest.approx(exact[seen], rel=0.03)


@pytest.mark.parametrize("places", [40, 41])  # the transform differs for an even and an odd number of places
def test_p_values_of_pairs_are_the_tails_of_their_own_chances(places):
    here = presences(places)
    together, expected, p_value, tail = pair_tails(here)
    chance = configuration(here).probability
    assert tail == "exact"
    for a, b in [(0, 1), (3, 9), (12, 18)]:
        assert together[a, b] == (here[:, a] & here[:, b]).sum()
        joint = chance[:, a] * chance[:, b]
        assert expected[a, b] == pytest.approx(joint.sum(), abs=1e-10)
        assert p_value[a, b] == pytest.approx(convolved(joint)[int(together[a, b])], abs=1e-12)
    assert (p_value == p_value.T).all()
    near = pair_tails(here, "saddlepoint")[2]
    upper = np.triu_indices(here.shape[1], 1)
    assert np.abs(np.log(near[upper] / p_value[upper])).max() < 0.15


def test_false_discoveries_by_hand():
    p_values = np.array([0.01, 0.02, 0.03, 0.04, 0.2])
    assert (benjamini_hochberg(p_values) <= 0.05).tolist() == [True, True, True, True, False]
    assert not (benjamini_hochberg(np.array([0.5, 0.9])) <= 0.05).any()


def test_matrices_of_the_null_itself_give_few_discoveries_and_planted_pairs_are_found():
    chance = configuration(presences(80, 40)).probability
    rng = np.random.default_rng(5)
    drawn = rng.random(chance.shape) < chance
    drawn = drawn[np.ix_(drawn.any(axis=1), drawn.any(axis=0))]
    upper = np.triu_indices(drawn.shape[1], 1)
    p_value = pair_tails(drawn)[2][upper]
    assert (p_value <= 0.05).mean() < 0.08
    assert (benjamini_hochberg(p_value) <= 0.05).sum() <= 3
    planted = drawn.copy()
    common = np.argsort(np.abs(drawn.sum(axis=0) - 30))[0]
    twin = np.hstack([planted, planted[:, [common]]])
    found = pair_tails(twin)[2]
    assert found[common, -1] < 1e-3
    assert found[common, -1] == found.min()


def test_the_verb_returns_pairs_and_refuses_a_level_that_is_none():
    here = presences()
    rows = pl.DataFrame(
        {
            "c": np.repeat([f"c{i:02d}" for i in range(len(here))], here.shape[1]),
            "i": np.tile([f"i{j:02d}" for j in range(here.shape[1])], len(here)),
            "v": here.ravel().astype(float),
        }
    )
    found = validated_proximity(rows, place="c", activity="i", value="v", level=0.1)
    assert found.frame.height == found.valid.shape[0] * (found.valid.shape[0] - 1) // 2
    assert int(found.frame["valid"].sum()) * 2 == int(found.valid.sum())
    assert "pairs" in found.summary()
    assert "共现" in found.summary("zh")
    with pytest.raises(UsageError, match="share"):
        validated_proximity(rows, place="c", activity="i", value="v", level=5)
