"""False alarms on series without any break, at the rate that the rules promise, and power on planted ones.

Rates are tested against the binomial distribution at a one-in-a-million level, so that a right rate does not fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import bdtr, bdtrc

from xinzhi.core.breaks import classify, is_panel, scores
from xinzhi.yardstick.breaking import facts, rules

SURE = 1e-6


def alarmed(regions, years, rate, panels, seed, draw):
    """Return how many series of random walks are alarmed."""
    rng, terms, count = np.random.default_rng(seed), rules(rate), 0
    for _ in range(panels):
        growth = draw(rng, (regions, years))
        seen = scores(growth, fewest=terms.fewest_others, shortest=terms.shortest, floor=terms.floor)
        limit = terms.critical(np.full(regions, years), panel=is_panel(growth, fewest=terms.fewest_others))
        count += int(classify(seen, limit).any.any(axis=1).sum())
    return count


def normal(rng, shape):
    return rng.normal(0.05, 0.02, shape)


def with_cycle(rng, shape):
    return normal(rng, shape) + rng.normal(0, 0.05, (1, shape[1])) + rng.normal(0, 0.1, (shape[0], 1))


@pytest.mark.parametrize("draw", [normal, with_cycle])
@pytest.mark.parametrize("rate", sorted(facts()["critical"]["panel"]))
@pytest.mark.parametrize("years", [10, 27, 60])
def test_a_panel_without_breaks_is_alarmed_at_the_rate(years, rate, draw):
    series = 31 * 150
    count = alarmed(31, years, rate, 150, years, draw)
    assert bdtrc(count - 1, series, rate * 1.05) > SURE if count else True
    assert bdtr(count, series, rate * 0.9) > SURE


@pytest.mark.parametrize("rate", [0.1, 0.01])
@pytest.mark.parametrize("years", [10, 27])
def test_a_region_alone_is_alarmed_at_the_rate(years, rate):
    count = alarmed(1, years, rate, 3000, years, normal)
    assert bdtrc(count - 1, 3000, rate * 1.1) > SURE
    assert bdtr(count, 3000, rate * 0.9) > SURE


@pytest.mark.parametrize(("size", "least"), [(4, 0.35), (5, 0.7), (6, 0.85), (8, 0.98)])
def test_power_on_planted_shifts(size, least):
    rng, terms, found = np.random.default_rng(size), rules(), 0
    limit = terms.critical(np.full(31, 27), panel=True)
    for _ in range(200):
        growth = normal(rng, (31, 27))
        region, year = int(rng.integers(31)), int(rng.integers(1, 26))
        growth[region, year] += size * 0.02
        seen = scores(growth, fewest=terms.fewest_others, shortest=terms.shortest, floor=terms.floor)
        found += bool(classify(seen, limit).any[region, year])
    assert found / 200 >= least


def test_half_of_the_years_broken_hides_none_of_a_few():
    rng = np.random.default_rng(5)
    growth = normal(rng, (31, 27))
    years = [3, 6, 9, 12, 15, 18, 21, 24]
    growth[4, years] += 0.5
    terms = rules()
    seen = scores(growth, fewest=terms.fewest_others, shortest=terms.shortest, floor=terms.floor)
    found = classify(seen, terms.critical(np.full(31, 27), panel=True))
    assert found.any[4, years].all()
