"""The anchor of complexity: what has nothing to do with it fixes its sign as often as is stated, and not more often."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import polars as pl
import pytest
from scipy.stats import pearsonr

import xinzhi
from xinzhi.pathways import complexity
from xinzhi.pathways.complexity.relatedness import by_anchor, chance, level_of

DRAWS = 1500
KINDS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "long tail": lambda rng, n: rng.lognormal(sigma=1.5, size=n),
    "one apart": lambda rng, n: rng.standard_cauchy(size=n),
}


@pytest.fixture(scope="module")
def index():
    """Return the index of 31 provinces and their names."""
    package = xinzhi.load("china-provinces")
    jobs = package.tables["activity"].filter(pl.col("year") == 2016)
    rich = package.tables["accounts"].filter(pl.col("year") == 2016)
    anchor = dict(rich.select("region", pl.col("output_nominal") / pl.col("population")).rows())
    found = complexity(jobs, place="region", activity="industry", value="employment", anchor=anchor)
    assert found.signed  # the anchor of the shipped package stands
    assert f"{found.anchoring.places} places" in found.summary()
    return found.frame["place"].to_list(), found.frame["complexity"].to_numpy()


def test_three_places_tell_nothing():
    names, five = list("abcde"), np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    assert by_anchor(five, names, dict(zip(names, [1.0, 2.0, 2.5, 5.0, 6.0], strict=True))).fixed
    assert not by_anchor(five, names, {"a": 1.0, "b": 2.0, "c": 2.5}).fixed
    assert chance(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0]))[1] == 1.0  # of six orders none is rare


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize(("places", "most"), [(31, 0.01), (12, 0.01), (5, 0.05), (4, 0.05), (3, 0.0)])
def test_noise_is_accepted_as_rarely_as_is_stated(index, kind, places, most):
    names, values = index
    rng, taken = np.random.default_rng(places), 0
    for _ in range(DRAWS):
        some = rng.choice(len(names), places, replace=False)
        noise = KINDS[kind](rng, places)
        taken += by_anchor(values, names, {names[at]: float(x) for at, x in zip(some, noise, strict=True)}).fixed
    assert taken / DRAWS <= most + 3 * np.sqrt(most * (1 - most) / DRAWS)
    assert most in (level_of(places), 0.0)


def test_the_p_value_of_few_places_is_that_of_all_orders():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 6))
    own = abs(pearsonr(one, other)[0])
    orders = [abs(pearsonr(one, other[list(order)])[0]) for order in permutations(range(6))]
    p, limit = chance(one, other)
    assert p == pytest.approx(np.mean([r >= own - 1e-12 for r in orders]), abs=1e-12)
    assert np.mean([r >= limit - 1e-12 for r in orders]) > level_of(6)  # the limit itself is not passed
    assert np.mean([r > limit + 1e-12 for r in orders]) <= level_of(6)


def test_the_limit_of_many_places_is_that_of_the_t_distribution():
    from scipy.stats import t

    rng = np.random.default_rng(2)
    _, limit = chance(*rng.normal(size=(2, 31)))
    edge = t.ppf(1 - level_of(31) / 2, 29)
    assert limit == pytest.approx(edge / np.sqrt(29 + edge**2), abs=0.04)  # 0.456; Pitman (1937)


def test_a_true_anchor_is_taken(index):
    names, values = index
    rng = np.random.default_rng(3)
    taken = [
        by_anchor(values, names, dict(zip(names, values + rng.normal(size=31), strict=True))).fixed for _ in range(200)
    ]
    assert np.mean(taken) > 0.95
