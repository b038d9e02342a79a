"""Gini, Moran, Markov chains and ellipses against the packages of PySAL, on the provinces.

``pysal.json`` holds their values and the input that they had; ``make_pysal_reference.py`` beside it made it, with the
versions that it names: inequality (Gini, TheilD), esda (Moran, Moran_Local), giddy (Markov, Spatial_Markov), pointpats
(ellipse). The density is held to scipy, which is here.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import gaussian_kde

from xinzhi.core.markov_chains import probabilities, steady_state
from xinzhi.sectors.distribution import bandwidth, kernel_density, markov
from xinzhi.sectors.inequality import gini, theil
from xinzhi.sectors.spatial import global_moran, local_moran, spatial_weights

TOLERANCE = 1e-12
YEAR = 2015


@pytest.fixture(scope="module")
def peers():
    return json.loads(Path(__file__).with_name("pysal.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def given(peers):
    return peers["input"]


@pytest.fixture(scope="module")
def latest(given):
    return np.array(given["income"])[:, given["years"].index(YEAR)]


@pytest.fixture(scope="module")
def income(given):
    regions, years = given["regions"], given["years"]
    keys = {"region": np.repeat(regions, len(years)), "year": np.tile(years, len(regions))}
    return pl.DataFrame({**keys, "y": np.ravel(given["income"])})


@pytest.fixture(scope="module")
def weights(given):
    return spatial_weights(given["neighbours"], given["regions"]).matrix


def test_gini_is_that_of_inequality(peers, given):
    ours = [gini(column) for column in np.array(given["income"]).T]
    assert len(ours) == 20
    assert ours == pytest.approx(peers["inequality"]["gini"], abs=TOLERANCE)


def test_theil_is_that_of_inequality(peers, given, latest):
    ours = theil(latest, given["groups"])
    for name, value in peers["inequality"]["theil"].items():
        assert getattr(ours, name) == pytest.approx(value, abs=TOLERANCE)


def test_moran_is_that_of_esda(peers, latest, weights):
    ours = global_moran(latest, weights, draws=99)
    for name in ("moran", "expected", "variance"):
        assert ours[name] == pytest.approx(peers["moran"]["index" if name == "moran" else name], abs=TOLERANCE)
    assert ours["p"] == pytest.approx(peers["moran"]["p"], abs=1e-10)


def test_local_moran_is_that_of_esda(peers, latest, weights):
    index, _ = local_moran(latest, weights, draws=9)
    assert index == pytest.approx(peers["moran"]["local"], abs=TOLERANCE)


def test_markov_is_that_of_giddy(peers, income):
    theirs = peers["markov"]
    counts = markov(income, "y", classes=4).frame.filter(neighbours=0)["count"].to_numpy().reshape(4, 4)
    assert counts.tolist() == theirs["counts"]
    assert steady_state(probabilities(counts)) == pytest.approx(theirs["steady"], abs=1e-9)


def test_spatial_markov_is_that_of_giddy(peers, given, income):
    theirs = peers["markov"]
    ours = markov(income, "y", classes=4, neighbours=given["neighbours"])
    assert ours.bounds == pytest.approx(theirs["bounds"], abs=TOLERANCE)
    counts = ours.frame.filter(pl.col("neighbours") > 0)["count"].to_numpy().reshape(4, 4, 4)
    assert counts.tolist() == theirs["spatial_counts"]
    used = counts.sum(axis=2) > 0
    assert probabilities(counts)[used] == pytest.approx(np.array(theirs["spatial_probabilities"])[used], abs=TOLERANCE)
    assert ours.homogeneity.statistic == pytest.approx(theirs["homogeneity"]["statistic"], abs=1e-9)
    assert ours.homogeneity.degrees == theirs["homogeneity"]["degrees"]
    assert ours.homogeneity.p == pytest.approx(theirs["homogeneity"]["p"], abs=1e-9)


def test_density_is_that_of_scipy(latest):
    at = np.linspace(latest.min(), latest.max(), 50)
    theirs = gaussian_kde(latest, bw_method="scott")
    assert kernel_density(latest, at, bandwidth(latest, "scott")) == pytest.approx(theirs(at), rel=1e-12)
