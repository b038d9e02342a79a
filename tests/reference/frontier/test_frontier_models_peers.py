"""SBM, super-SBM, Russell and environmental distances against other programs' figures.

Tolerance 1e-9 where the peer prints 12 digits. charnes1981 (70 schools, 5 inputs, 3 outputs), calls in
../shared/ref/dea: deaR 1.5.3 ``model_sbmeff``, ``model_sbmsupereff`` (inefficient units print 1), ``model_nonradial``
(mean_eff), nonparaeff 0.5-15 ``sbm.tone``, ``sbm.vrs``, additiveDEA 1.1 ``dea.sbm``. DataEnvelopmentAnalysis.jl 0.9.2
(Julia, MIT): figures that its own tests hold, with the digits they have.

Known differences: DataEnvelopmentAnalysis.jl's ``deaenv`` takes bad outputs as inequalities (``strong`` here); its
Russell graph measure averages theta and 1 / phi, which is not linear, and is not the ratio that
``russell(orientation="graph")`` gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.frontier.models.environmental import directional
from xinzhi.frontier.models.slacks_based import russell, slacks_based, super_slacks_based

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 1e-9
ORIENTATION = {"no": "none", "io": "input", "oo": "output"}


def table(shared: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(shared / "ref" / "dea" / name, null_values=["NA"])


def schools(shared: Path) -> tuple[np.ndarray, np.ndarray]:
    frame = table(shared, "charnes1981_input.csv")
    return frame.select(f"x{k}" for k in range(1, 6)).to_numpy(), frame.select("y1", "y2", "y3").to_numpy()


@pytest.mark.shared
@pytest.mark.parametrize("rts", ["crs", "vrs", "nirs", "ndrs"])
@pytest.mark.parametrize("orientation", ["no", "io", "oo"])
def test_sbm_as_in_dear(shared: Path, rts: str, orientation: str) -> None:
    found = slacks_based(*schools(shared), rts=rts, orientation=ORIENTATION[orientation])
    theirs = table(shared, "charnes1981_deaR_sbm.csv")[f"{rts}_{orientation}"].to_numpy()
    assert set(found.status) == {"optimal"}
    np.testing.assert_allclose(found.score, theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.shared
def test_sbm_as_in_three_more_programs(shared: Path) -> None:
    theirs = table(shared, "charnes1981_sbm_otherpeers.csv")
    for rts, columns in (
        ("crs", ("nonparaeff_crs", "additiveDEA_rts1")),
        ("vrs", ("nonparaeff_vrs", "additiveDEA_rts2")),
    ):
        found = slacks_based(*schools(shared), rts=rts)
        for column in columns:
            np.testing.assert_allclose(found.score, theirs[column].to_numpy(), rtol=0, atol=TOLERANCE)


@pytest.mark.shared
@pytest.mark.parametrize("rts", ["crs", "vrs"])
@pytest.mark.parametrize("orientation", ["no", "io", "oo"])
def test_super_sbm_as_in_dear_with_its_infeasible_units(shared: Path, rts: str, orientation: str) -> None:
    found = super_slacks_based(*schools(shared), rts=rts, orientation=ORIENTATION[orientation], inefficient="one")
    theirs = table(shared, f"charnes1981_deaR_sbmsuper_{rts}.csv")[f"{rts}_{orientation}"].cast(pl.Float64)
    missing = theirs.is_null().to_numpy()
    np.testing.assert_array_equal(np.array(found.status) == "infeasible", missing)
    np.testing.assert_array_equal(np.isnan(found.score), missing)
    np.testing.assert_allclose(found.score[~missing], theirs.drop_nulls().to_numpy(), rtol=0, atol=TOLERANCE)


@pytest.mark.shared
@pytest.mark.parametrize("rts", ["crs", "vrs"])
@pytest.mark.parametrize("orientation", ["io", "oo"])
def test_russell_as_the_nonradial_model_of_dear(shared: Path, rts: str, orientation: str) -> None:
    found = russell(*schools(shared), rts=rts, orientation=ORIENTATION[orientation])
    theirs = table(shared, "charnes1981_deaR_nonradial_meaneff.csv")[f"{rts}_{orientation}"].to_numpy()
    np.testing.assert_allclose(found.score, theirs, rtol=0, atol=TOLERANCE)


JULIA_X = np.array([2, 4, 8, 12, 6, 14, 14, 9.412])
JULIA_Y = np.array([1, 5, 8, 9, 3, 7, 9, 2.353])


@pytest.mark.parametrize(
    ("rts", "theirs"),
    [
        ("crs", [0.4, 1.0, 0.8, 0.6, 0.4, 0.4, 0.514285714285650175, 0.2]),
        ("vrs", [1.0, 1.0, 1.0, 1.0, 0.4, 0.4761904761904763, 0.8571428571428572, 0.2]),
    ],
)
def test_enhanced_russell_graph_as_in_julia(rts: str, theirs: list[float]) -> None:
    found = russell(JULIA_X, JULIA_Y, rts=rts, orientation="graph")
    np.testing.assert_allclose(found.score, theirs, rtol=0, atol=1e-9)


def test_slacks_of_the_graph_measure_under_variable_returns_as_in_julia() -> None:
    found = slacks_based(JULIA_X, JULIA_Y, rts="vrs")
    np.testing.assert_allclose(found.slack_x[4:, 0], [2.0, 22 / 3, 2, 5.412], atol=1e-9)
    np.testing.assert_allclose(found.slack_y[4:, 0], [2.0, 0, 0, 2.647], atol=1e-9)
    assert found.intensity.toarray()[5, [1, 2]] == pytest.approx([1 / 3, 2 / 3], abs=1e-9)


def test_russell_input_and_output_as_in_julia() -> None:
    x = np.array([[2, 2], [1, 4], [4, 1], [4, 3], [5, 5], [6, 1], [2, 5], [1.6, 8]])
    theirs = [1, 1, 1, 0.5833333333333334, 0.4, 0.8333333333333334, 0.65, 0.5625]
    np.testing.assert_allclose(russell(x, np.ones(8)).score, theirs, atol=1e-12)
    y = np.array([[7, 7], [4, 8], [8, 4], [3, 5], [3, 3], [8, 2], [6, 4], [1.5, 5]])
    theirs = [1, 1, 1, 1.8666666666666665, 2.333333333333333, 1.5, 1.4583333333333335, 3.0555555555555554]
    np.testing.assert_allclose(russell(np.ones(8), y, orientation="output").score, theirs, atol=1e-12)


def test_environmental_distances_as_in_julia() -> None:
    x, y, b = np.ones(5), np.array([7.0, 5, 1, 3, 4]), np.array([2.0, 5, 3, 3, 2])
    found = directional(x, y, b, disposability="strong")
    theirs = [0.0, 0.4, 0.8260869565217392, 0.5555555555555556, 0.27272727272727276]
    np.testing.assert_allclose(found.score, theirs, atol=1e-12)
    np.testing.assert_allclose(found.slack_x[:, 0], [0, 0, 0.7391304347826089, 1 / 3, 3 / 11], atol=1e-12)
    np.testing.assert_allclose(found.slack_b[:, 0], [0, 1, 0, 0, 0], atol=1e-12)
    every = directional(x, y, b, disposability="strong", direction="all")
    np.testing.assert_allclose(every.score, [0, 1 / 6, 3 / 4, 2 / 5, 3 / 11], atol=1e-12)
    ones = directional(x, y, b, disposability="strong", direction=(np.ones((5, 1)),) * 3)
    np.testing.assert_allclose(ones.score, [0, 1 / 4, 3 / 4, 1 / 2, 3 / 8], atol=1e-12)
    mean = tuple(np.full((5, 1), part.mean()) for part in (x, y, b))
    found = directional(x, y, b, disposability="strong", direction=mean)
    np.testing.assert_allclose(found.score, [0, 2 / 11, 6 / 11, 4 / 11, 0.20689655172413798], atol=1e-12)
