"""Weights and TOPSIS against pymcdm 1.4.0, pyDecision 5.1.8 and scikit-criteria 0.10, and the entropy shift experiment.

Reference: ``weights_ref.py`` beside the files; the input is COINr's ASEM table, min-max from 0 to 1 (51 x 49). Where
the three packages agree: 1e-9. MEREC needs positive values, so all of them (and we) get the table plus 0.0001 there.
pyDecision adds a constant of its own before logarithms: its entropy and MEREC differ from the others by 9.3e-9 and
6.5e-9.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.sectors.composite.build import ranks, topsis, vikor
from xinzhi.sectors.composite.gaming import shifted_entropy
from xinzhi.sectors.composite.transform import Normalisation, critic, deviation, entropy, merec, normalise

TOLERANCE = 1e-9
PYDECISION = 1e-8
SHIFT = 1e-4
# pymcdm 1.4.0: VIKOR()(table, entropy weights without shift, types=1); Q, 0 is the best
VIKOR_Q = {
    "AUS": 0.8666759422748114,
    "CHE": 0.19392722826796432,
    "CHN": 0.9848040119354204,
    "LAO": 0.8306647429343947,
    "SGP": 0.5084836639261732,
}

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "ref" / "risk" / "weights"


@pytest.fixture(scope="module")
def table(folder):
    return pl.read_csv(folder / "input_asem_minmax01.csv", infer_schema_length=None)


@pytest.fixture(scope="module")
def scores(table):
    return table.drop("uCode").cast(pl.Float64).to_numpy()


@pytest.fixture(scope="module")
def weights(folder):
    return pl.read_csv(folder / "weights.csv")


@pytest.fixture(scope="module")
def closeness(folder):
    lines = (folder / "topsis.csv").read_text().splitlines()
    first, second = (line.split(",")[1:] for line in lines[:2])
    values = np.array([[float(cell) for cell in line.split(",")[1:]] for line in lines[2:]])
    return {key: values[:, at] for at, key in enumerate(zip(first, second, strict=True))}


def column(weights, name):
    return weights[name].to_numpy()


def test_entropy_without_shift(scores, weights):
    assert np.abs(entropy(scores) - column(weights, "entropy_zero_log0")).max() < TOLERANCE


@pytest.mark.parametrize(("shift", "name"), [(1e-5, "1e-5"), (1e-4, "1e-4"), (0.01, "0.01"), (1.0, "1")])
def test_the_shifted_forms_are_reproduced(scores, weights, shift, name):
    assert np.abs(shifted_entropy(scores, shift) - column(weights, f"entropy_shift_{name}")).max() < TOLERANCE


@pytest.mark.parametrize("peer", ["pymcdm_entropy_weights_shift1e-4", "skcriteria_entropy_weights"])
def test_entropy_as_two_packages_have_it(scores, weights, peer):
    assert np.abs(shifted_entropy(scores, SHIFT) - column(weights, peer)).max() < TOLERANCE


@pytest.mark.parametrize("peer", ["pymcdm_critic_weights", "pyDecision_critic", "skcriteria_critic_weights"])
def test_critic_as_three_packages_have_it(scores, weights, peer):
    assert np.abs(critic(scores) - column(weights, peer)).max() < TOLERANCE


@pytest.mark.parametrize("peer", ["pymcdm_standard_deviation_weights", "skcriteria_std_weights"])
def test_deviation_as_two_packages_have_it(scores, weights, peer):
    assert np.abs(deviation(scores) - column(weights, peer)).max() < TOLERANCE


@pytest.mark.parametrize(
    ("peer", "tolerance"), [("pymcdm_merec_weights_shift1e-4", TOLERANCE), ("pyDecision_merec", PYDECISION)]
)
def test_merec_as_two_packages_have_it(scores, weights, peer, tolerance):
    ours = merec(scores + SHIFT, np.ones(scores.shape[1]))
    assert np.abs(ours - column(weights, peer)).max() < tolerance


@pytest.mark.parametrize("name", ["entropy_zero_log0", "entropy_shift_1e-4", "entropy_shift_1"])
@pytest.mark.parametrize("method", ["min-max", "vector"])
def test_topsis(scores, weights, closeness, name, method):
    turned = normalise(scores, np.ones(scores.shape[1]), Normalisation("min-max" if method == "min-max" else "vector"))
    theirs = closeness[name, "minmax" if method == "min-max" else "vector"]
    assert np.abs(topsis(turned, column(weights, name)) - theirs).max() < TOLERANCE


def test_vikor(table, scores):
    ours = dict(zip(table["uCode"], vikor(scores, entropy(scores)), strict=True))
    for unit, value in VIKOR_Q.items():
        assert ours[unit] == pytest.approx(value, abs=TOLERANCE)


def test_the_entropy_shift_experiment(scores):
    """A constant of 0.0001 changes no rank of 51; one of 1 moves a unit by 25."""
    plain = ranks(topsis(scores, entropy(scores)))
    moves = {
        shift: int(np.abs(ranks(topsis(scores, shifted_entropy(scores, shift))) - plain).max())
        for shift in (1e-5, 1e-4, 0.01, 1.0)
    }
    assert moves == {1e-5: 0, 1e-4: 0, 0.01: 2, 1.0: 25}
    assert entropy(scores).max() == pytest.approx(0.0633, abs=5e-5)
    assert shifted_entropy(scores, 1.0).max() == pytest.approx(0.0448, abs=5e-5)
