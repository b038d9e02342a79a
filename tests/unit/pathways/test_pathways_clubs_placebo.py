"""Clubs against a placebo: pieces of a continuum do not pass, clubs do; what the search had to bend is said."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pytest

from xinzhi.pathways import clubs
from xinzhi.pathways.convergence.clubs import _numbers
from xinzhi.pathways.convergence.log_t_test import placebo
from xinzhi.pathways.internal import ClubRules
from xinzhi.report.pages import section

UNITS, YEARS = 31, 24


def continuum(rng) -> np.ndarray:
    """Return paths (N, T) with levels and slopes from one normal distribution: no clubs."""
    level, slope = rng.normal(size=UNITS) * 0.3, rng.normal(size=UNITS) * 0.02
    walk = np.cumsum(rng.normal(size=(UNITS, YEARS)) * 0.01, axis=1)
    return 5 + level[:, None] + (0.05 + slope[:, None]) * np.arange(YEARS) + walk


def two(rng) -> np.ndarray:
    """Return paths of two clubs, each converging to its own slope."""
    slope = np.where(np.arange(UNITS) % 2, 0.02, -0.02)
    gap = 0.5 * rng.normal(size=UNITS)
    noise = 0.01 * rng.normal(size=(UNITS, YEARS))
    return 5 + (0.05 + slope[:, None]) * np.arange(YEARS) + gap[:, None] * 0.85 ** np.arange(YEARS) + noise


def long(values: np.ndarray) -> pl.DataFrame:
    rows = [(f"r{at:02d}", 2000 + year, float(values[at, year])) for at in range(UNITS) for year in range(YEARS)]
    return pl.DataFrame(rows, schema=["unit", "year", "v"], orient="row")


def test_pieces_of_a_continuum_pass_in_at_most_a_tenth_of_panels():
    rng, search = np.random.default_rng(4), partial(_numbers, rules=ClubRules())
    held = []
    for seed in range(30):
        values = continuum(rng)
        held.append(placebo(values, search(values), search, draws=19, seed=seed))
    assert np.mean([one.groups for one in held]) > 3  # what would be told as clubs
    assert np.mean([one.passes for one in held]) <= 0.1
    assert np.mean([one.as_many for one in held]) > 0.3  # as many as that are nothing rare


def test_true_clubs_pass():
    rng, search = np.random.default_rng(5), partial(_numbers, rules=ClubRules())
    for seed in range(3):
        values = two(rng)
        found = placebo(values, search(values), search, draws=39, seed=seed)
        assert (found.groups, found.passes) == (2, True)


def test_the_answer_says_what_the_clubs_are_worth():
    rng = np.random.default_rng(6)
    found = clubs(long(continuum(rng)), "unit", "year", "v", rules=ClubRules(placebo=19))
    assert found.placebo is not None
    assert "cannot be told from pieces of a continuum" in found.summary()
    assert "安慰剂" in found.summary("zh")
    assert "There are 24 years only" in found.summary()
    assert any("Placebo" in one.en for one in section(found).answer)
    again = clubs(long(found.panel.values), "unit", "year", "v", rules=ClubRules(placebo=19))
    assert again.placebo == found.placebo  # seeded
    plain = clubs(long(found.panel.values), "unit", "year", "v")
    assert plain.table.equals(found.table)
    assert "not held against a placebo" in plain.summary()
    raised = plain.table["sieve"].max()
    assert ("c* was raised" in plain.summary()) == (raised > 0)


def test_a_study_runs_the_placebo():
    assert ClubRules.yearly().placebo == 99
    assert ClubRules().placebo == 0


@pytest.mark.parametrize("merge", ["ps", "vlt"])
def test_the_placebo_merges_as_the_search_does(merge):
    values = two(np.random.default_rng(7))
    found = clubs(long(values), "unit", "year", "v", rules=ClubRules(merge=merge, placebo=9))
    numbers = _numbers(values, rules=ClubRules(merge=merge))
    units = found.frame.sort("unit").select(pl.col("club").fill_null(0))["club"].to_list()
    assert units == numbers.tolist()
