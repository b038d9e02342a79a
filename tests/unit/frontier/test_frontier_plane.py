"""The curve of a frontier on two axes, by hand: units A (1, 1), B (2, 3), C (4, 4) and D (3, 2)."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from xinzhi.frontier.economic import _losses
from xinzhi.frontier.plane import REACH, isoquant, production, transformation

X, Y = np.array([1.0, 2.0, 4.0, 3.0]), np.array([1.0, 3.0, 4.0, 2.0])
END = 4 * REACH


@pytest.mark.parametrize(
    ("rts", "curve"),
    [
        ("crs", [(0, 0), (END, 1.5 * END)]),
        ("vrs", [(1, 0), (1, 1), (2, 3), (4, 4), (END, 4)]),
        ("drs", [(0, 0), (2, 3), (4, 4), (END, 4)]),
        ("nirs", [(0, 0), (2, 3), (4, 4), (END, 4)]),
        ("ndrs", [(1, 0), (1, 1), (2, 3), (END, 1.5 * END)]),
    ],
)
def test_one_output_over_one_input(rts, curve):
    assert np.allclose(production(X, Y, rts), curve, atol=1e-12)


def test_the_curve_is_the_same_for_units_without_output_and_in_any_order():
    x, y = np.append(X, 0.5)[::-1], np.append(Y, 0.0)[::-1]
    assert production(x, y, "crs") == production(X, Y, "crs")
    assert production(x, y, "vrs") == [(0.5, 0.0), (0.5, 0.0), *production(X, Y, "vrs")[2:]]


def test_no_unit_lies_beyond_the_curve():
    random = np.random.default_rng(5)
    x, y = random.uniform(1, 9, 60), random.uniform(1, 9, 60)
    for rts in ("vrs", "drs", "ndrs"):
        curve = np.array(production(x, y, rts))
        assert (y <= np.interp(x, *curve[curve[:, 0].argsort(kind="stable")].T) + 1e-12).all()
    below = np.array(isoquant(x, y))
    assert (y >= np.interp(x, *below.T) - 1e-12).all()


def test_two_inputs_and_two_outputs_for_one_unit_of_the_other():
    a, b = np.array([1.0, 2.0, 4.0, 3.0]), np.array([4.0, 2.0, 1.0, 3.0])
    assert np.allclose(isoquant(a, b), [(1, END), (1, 4), (2, 2), (4, 1), (END, 1)], atol=1e-12)
    # the chord from (1, 4) to (4, 1) passes (3, 2), below (3, 3)
    assert np.allclose(transformation(a, b), [(0, 4), (1, 4), (3, 3), (4, 1), (4, 0)], atol=1e-12)


def test_losses_are_log_points_and_rounding_is_none():
    frame = pl.DataFrame({"technical": [1.0, 0.5, 1 - 1e-15, 0.0, None]})
    assert _losses(frame, ("technical",))["technical"].to_list() == pytest.approx([0, 100 * math.log(2), 0, 0])
