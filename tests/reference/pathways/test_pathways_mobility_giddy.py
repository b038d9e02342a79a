"""Markov chains of the incomes of 48 states, 1929-2009, against giddy 2.3.8; a spatial lag against spreg 1.9.0.

Reference: ../shared/ref/paths/scripts/giddy_ref.py: Markov(quintiles of each year), markov_mobility (B1, B2 with equal
initial weights), Spatial_Markov(relative incomes, states48, fixed=True, k=5, m=5); spreg.ML_Lag(growth on the initial
logarithm, method="full", epsilon=1e-14). Known difference: ML_Lag(method="ord") has the same coefficients, but takes
the eigenvalues' symmetric weights for the information matrix, so that its errors are 0.7 % larger.
"""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from xinzhi.pathways.convergence.beta_convergence import beta_convergence
from xinzhi.pathways.convergence.distribution import transitions

TOLERANCE = 1e-10
pytestmark = pytest.mark.shared
# Who borders on whom: the 48 states in alphabetical order, counted from 0.
BORDERS = (
    "7 8 21 39; 3 4 25 28 41; 15 21 22 33 39 40; 1 25 34; 1 13 24 28 33 41 47; 18 29 36; 17 27 35; 0 8; 0 7 30 37 "
    "39; 23 25 34 41 44 47; 11 12 14 22 46; 10 14 19 32; 10 20 22 24 38 46; 4 22 24 33; 10 11 22 32 39 43 45; 2 21 "
    "40; 26; 6 35 43 45; 5 26 29 36 42; 11 32 46; 12 31 38 46; 0 2 15 39; 2 10 12 13 14 24 33 39; 9 31 38 47; 4 12 "
    "13 22 38 47; 1 3 9 34 41; 16 18 42; 6 29 35; 1 4 33 40 41; 5 18 27 35 42; 8 37 39 43; 20 23 38; 11 14 19 35 "
    "45; 2 4 13 22 28 40; 3 9 25 44; 6 17 27 29 32 45; 5 18; 8 30; 12 20 23 24 31 47; 0 2 8 14 21 22 30 43; 2 15 28 "
    "33; 1 4 9 25 28 47; 18 26 29; 14 17 30 39 45; 9 34; 14 17 32 35 43; 10 12 19 20; 4 9 23 24 38 41 "
)
NEIGHBOURS = {str(place): row.split() for place, row in enumerate(BORDERS.split(";"))}


@pytest.fixture(scope="module")
def incomes(shared):
    values = np.loadtxt(shared / "ref/paths/giddy_usjoin_pci_48x81.csv", delimiter=",")
    states, years = values.shape
    return pl.DataFrame(
        {
            "state": [str(place) for place in range(states) for _ in range(years)],
            "year": np.tile(np.arange(1929, 2010), states),
            "income": values.ravel(),
        }
    )


@pytest.fixture(scope="module")
def giddy(shared):
    return json.loads((shared / "ref/paths/giddy_markov_usjoin.json").read_text(encoding="utf-8"))


def test_transitions_are_those_of_giddy(incomes, giddy):
    found = transitions(incomes, unit="state", time="year", value="income")
    assert found.frame["count"].to_numpy().reshape(5, 5).tolist() == giddy["transitions"]
    assert found.frame["probability"].to_numpy().reshape(5, 5) == pytest.approx(np.array(giddy["p"]), abs=TOLERANCE)
    assert found.table["long_run"].to_numpy() == pytest.approx(giddy["steady_state"], abs=TOLERANCE)
    assert found.table["sojourn"].to_numpy() == pytest.approx(giddy["sojourn"], rel=TOLERANCE)
    assert found.passage == pytest.approx(np.array(giddy["mfpt"]), rel=TOLERANCE)


def test_mobility_is_that_of_giddy(incomes, giddy):
    found = transitions(incomes, unit="state", time="year", value="income").indices
    for ours, theirs in (
        (found.prais, "P"),
        (found.determinant, "D"),
        (found.second_eigenvalue, "L2"),
        (found.bartholomew_stay, "B1"),
        (found.bartholomew_jump, "B2"),
    ):
        assert ours == pytest.approx(giddy[f"mobility_{theirs}"], abs=TOLERANCE)


def test_spatial_chain_is_that_of_giddy(incomes, giddy):
    found = transitions(incomes, unit="state", time="year", value="income", bounds="pooled", neighbours=NEIGHBOURS)
    assert found.bounds == pytest.approx(giddy["spatial_cutoffs"], abs=TOLERANCE)
    spatial = found.frame.filter(pl.col("neighbours") > 0)["probability"].to_numpy().reshape(5, 5, 5)
    assert spatial == pytest.approx(np.array(giddy["spatial_P"]), abs=TOLERANCE)
    assert found.homogeneity.pearson == pytest.approx(giddy["spatial_Q"], abs=1e-9)
    assert found.homogeneity.statistic == pytest.approx(giddy["spatial_LR"], abs=1e-9)
    assert "the neighbours matter" in found.summary()


def test_spatial_lag_is_that_of_spreg(incomes):
    ends = incomes.filter(pl.col("year").is_in([1929, 2009]))
    found = beta_convergence(ends, unit="state", time="year", value="income", neighbours=NEIGHBOURS)
    # the optimum is flat: two optimisers agree to the square root of their precision
    expected = [0.09510589600222887, -0.008141771013033094, 0.1656536390510751]
    assert found.frame["estimate"].to_numpy() == pytest.approx(expected, rel=1e-6)
    errors = [0.008900388105414669, 0.0007379344285350297, 0.09119086918169597]
    assert found.frame["standard_error"].to_numpy() == pytest.approx(errors, rel=1e-6)
    assert found.spatial.log_likelihood == pytest.approx(255.73895907375754, abs=1e-9)
