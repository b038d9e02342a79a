"""Gini, Moran, Markov chains and ellipses against the packages of PySAL, on the provinces.

inequality 1.1.2 (Gini, TheilD), esda 2.9.0 (Moran, Moran_Local), giddy 2.3.6 (Markov, Spatial_Markov), pointpats 2.5.5
(ellipse), scipy (gaussian_kde).
"""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest
from scipy.stats import gaussian_kde

import xinzhi
from xinzhi.sectors.autocorrelation import global_moran, local_moran
from xinzhi.sectors.borders import contiguity, spatial_weights
from xinzhi.sectors.centrography import deviational_ellipse
from xinzhi.sectors.chains import markov, probabilities, steady_state
from xinzhi.sectors.density import bandwidth, kernel_density
from xinzhi.sectors.dispersion import gini, theil

TOLERANCE = 1e-12
NEEDS = "{} is a peer to compare with, no dependency: `uv pip install {}` runs this test"


def peer(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=NEEDS.format(name, name.partition(".")[0]))


@pytest.fixture(scope="module")
def income():
    accounts = xinzhi.load("china-provinces").tables["accounts"].filter(pl.col("year").is_between(2000, 2019))
    return accounts.select("region", "year", y=pl.col("output_real") / pl.col("population")).sort("region", "year")


@pytest.fixture(scope="module")
def weights():
    return spatial_weights(contiguity(sea=True), list(contiguity()))


def pysal(weights):
    libpysal = peer("libpysal")
    names = {region: place for place, region in enumerate(weights.regions)}
    near = {names[one]: [names[other] for other in contiguity(sea=True)[one]] for one in weights.regions}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = libpysal.weights.W(near, silence_warnings=True)
        made.transform = "r"
    return made


def test_gini_is_that_of_inequality(income):
    gini_of = peer("inequality.gini").Gini
    for (_,), part in income.group_by("year"):
        values = part["y"].to_numpy()
        assert gini(values) == pytest.approx(gini_of(values).g, abs=TOLERANCE)


def test_theil_is_that_of_inequality(income):
    theil_of = peer("inequality.theil").TheilD
    regions = xinzhi.load("china-provinces").tables["regions"]
    part = income.filter(year=2015).join(regions, on="region")
    ours = theil(part["y"].to_numpy(), part["group_en"].to_list())
    theirs = theil_of(part["y"].to_numpy(), part["group_en"].to_numpy())
    assert ours.t == pytest.approx(float(np.squeeze(theirs.T)), abs=TOLERANCE)
    assert ours.t_between == pytest.approx(float(np.squeeze(theirs.bg)), abs=TOLERANCE)
    assert ours.t_within == pytest.approx(float(np.squeeze(theirs.wg)), abs=TOLERANCE)


def test_moran_is_that_of_esda(income, weights):
    esda = peer("esda")
    values = income.filter(year=2015).sort("region")["y"].to_numpy()
    theirs = esda.Moran(values, pysal(weights), permutations=0)
    ours = global_moran(values, weights.matrix, permutations=99)
    assert ours.index == pytest.approx(theirs.I, abs=TOLERANCE)
    assert ours.expected == pytest.approx(theirs.EI, abs=TOLERANCE)
    assert ours.variance == pytest.approx(theirs.VI_rand, abs=TOLERANCE)
    assert ours.variance_normal == pytest.approx(theirs.VI_norm, abs=TOLERANCE)
    assert ours.p == pytest.approx(theirs.p_rand, abs=1e-10)


def test_local_moran_is_that_of_esda(income, weights):
    esda = peer("esda")
    values = income.filter(year=2015).sort("region")["y"].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # without permutations: its compiler takes twenty seconds; ours are held to enumeration in the unit tests
        theirs = esda.Moran_Local(values, pysal(weights), permutations=0)
    index, _ = local_moran(values, weights.matrix, permutations=9)
    assert index == pytest.approx(theirs.Is, abs=TOLERANCE)


def test_markov_is_that_of_giddy(income):
    giddy = peer("giddy.markov")
    ours = markov(income, "y", classes=4)
    wide = ours.classes.pivot("year", index="region", values="class").drop("region").to_numpy() - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = giddy.Markov(wide, summary=False)
    plain = ours.frame.filter(neighbours=0)
    assert plain["count"].to_numpy().reshape(4, 4).tolist() == theirs.transitions.tolist()
    assert steady_state(np.asarray(theirs.p)) == pytest.approx(np.ravel(theirs.steady_state), abs=1e-9)


def test_spatial_markov_is_that_of_giddy(income, weights):
    giddy = peer("giddy.markov")
    ours = markov(income, "y", classes=4, neighbours=contiguity(sea=True))
    relative = ours.classes.pivot("year", index="region", values="value").sort("region").drop("region").to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = giddy.Spatial_Markov(
            relative, pysal(weights), fixed=True, k=4, m=4, cutoffs=list(ours.bounds), lag_cutoffs=list(ours.bounds)
        )
    counts = ours.frame.filter(pl.col("neighbours") > 0)["count"].to_numpy().reshape(4, 4, 4)
    assert counts.tolist() == np.asarray(theirs.T).tolist()
    used = counts.sum(axis=2) > 0
    assert probabilities(counts)[used] == pytest.approx(np.asarray(theirs.P)[used], abs=TOLERANCE)
    assert ours.homogeneity.statistic == pytest.approx(theirs.LR, abs=1e-9)
    assert ours.homogeneity.degrees == theirs.dof_hom
    assert ours.homogeneity.p == pytest.approx(theirs.LR_p_value, abs=1e-9)


def test_ellipse_is_that_of_pointpats():
    centrography = peer("pointpats.centrography")
    points = np.random.default_rng(3).normal(size=(40, 2)) @ np.array([[3.0, 1.0], [0.0, 1.0]])
    major, minor, _ = centrography.ellipse(points, method="crimestat")
    ours = deviational_ellipse(points, np.ones(40), method="crimestat")
    assert sorted([ours.major, ours.minor]) == pytest.approx(sorted([major, minor]), rel=1e-10)


def test_density_is_that_of_scipy(income):
    values = income.filter(year=2015)["y"].to_numpy()
    at = np.linspace(values.min(), values.max(), 50)
    theirs = gaussian_kde(values, bw_method="scott")
    assert kernel_density(values, at, bandwidth(values, "scott")) == pytest.approx(theirs(at), rel=1e-12)
