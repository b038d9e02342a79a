"""Coupling degrees against the printed output of an independent implementation.

R package coupling 0.1 (Lyu 2026), vignette "ccd": ``coupling::ccd(dt)`` and ``ccd(dt, method = "wang")`` on the first
six rows of the normalised scores of social space in Guangzhou. Seven digits are printed, of input and output alike.
"""

from __future__ import annotations

import numpy as np
import pytest

from xinzhi.sectors.coupling import coordination_degree, coupling_degree

TOLERANCE = 2e-7
LEVELS = np.array(
    [
        [0.8179733, 0.3246648, 0.6590316, 0.1308531],
        [0.3020233, 0.1318888, 0.4046987, 0.5173794],
        [0.9209903, 0.3353516, 0.6921477, 0.3141320],
        [0.9604095, 0.3914758, 0.7099999, 0.4316421],
        [0.9061589, 0.3473603, 0.7297774, 0.6909494],
        [0.9456379, 0.4391423, 0.7304117, 0.4792905],
    ]
)
PRINTED = {
    "standard": (
        [0.8051958, 0.8914577, 0.8999423, 0.9346128, 0.9440912, 0.9519923],
        [0.6237105, 0.5497290, 0.7134825, 0.7632959, 0.7944703, 0.7858001],
    ),
    "corrected": (
        [0.4722274, 0.6211236, 0.5375842, 0.5861986, 0.6640321, 0.6319211],
        [0.4776480, 0.4588675, 0.5514412, 0.6045044, 0.6662930, 0.6402164],
    ),
}


@pytest.mark.parametrize("form", PRINTED)
def test_both_forms_are_those_of_the_r_package(form):
    coupling, coordination = PRINTED[form]
    found = coupling_degree(LEVELS, form=form)
    assert found == pytest.approx(coupling, abs=TOLERANCE)
    assert coordination_degree(found, LEVELS.mean(axis=1)) == pytest.approx(coordination, abs=TOLERANCE)


def test_two_systems_are_the_formulas_of_the_paper():
    # Wang et al. (2021): C = 2 sqrt(U1 U2) / (U1 + U2), and sqrt([1 - (U2 - U1)] U1 / U2) for U2 the larger
    low, high = np.random.default_rng(1).uniform(0.01, 1, (2, 200))
    low, high = np.minimum(low, high), np.maximum(low, high)
    levels = np.column_stack([high, low])
    assert coupling_degree(levels, form="standard") == pytest.approx(2 * np.sqrt(low * high) / (low + high), abs=1e-12)
    assert coupling_degree(levels, form="corrected") == pytest.approx(np.sqrt((1 - high + low) * low / high), abs=1e-12)


def test_the_standard_form_is_crowded_near_one_and_the_corrected_is_not():
    # the finding of the paper, on levels drawn evenly from the unit cube
    levels = np.random.default_rng(2).uniform(0, 1, (20_000, 2))
    above = {form: (coupling_degree(levels, form=form) > 0.8).mean() for form in ("standard", "corrected")}
    assert above["standard"] > 0.7
    assert above["corrected"] < 0.35
