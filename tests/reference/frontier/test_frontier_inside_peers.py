"""Materials balance and stages within units against DEAPack 2.0.1, and against programs written from the papers.

`deapack.json` holds data and what the calls named there returned, digit for digit. Tolerance: 1e-9.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from xinzhi.frontier import dynamic_efficiency, materials_balance, network_efficiency

KNOWN: dict[str, Any] = json.loads(Path(__file__).with_name("deapack.json").read_text())
DIGITS = 1e-9


def columns(data: str, *names: str) -> np.ndarray:
    return np.array([KNOWN[data][name] for name in names], dtype=float).T


X, Y = (columns("series_data", f"{letter}1", f"{letter}2") for letter in "xy")


@pytest.mark.parametrize("rts", ["crs", "vrs"])
def test_materials_balance(rts: str) -> None:
    found = materials_balance(X, Y, [2, 0.5], [0.1, 0.05], rts=rts)
    for name, theirs in KNOWN["materials"][rts].items():
        np.testing.assert_allclose(found.frame[name], theirs, rtol=DIGITS, atol=DIGITS)
    np.testing.assert_allclose(found.optimal_x @ [2, 0.5], found.frame["least"], rtol=DIGITS)


@pytest.mark.parametrize("rts", ["nirs", "ndrs"])
def test_materials_balance_of_returns_that_the_peer_has_not(rts: str) -> None:
    found = materials_balance(X, Y, [2, 0.5], rts=rts).frame["least"]
    sign = 1 if rts == "nirs" else -1
    for unit, least in enumerate(found):
        more = np.vstack([-Y.T, np.full((1, len(X)), sign)])
        program = linprog(X @ [2, 0.5], A_ub=more, b_ub=[*-Y[unit], sign])
        np.testing.assert_allclose(least, program.fun, rtol=DIGITS)


@pytest.mark.parametrize("call", list(KNOWN["network"]))
def test_network(call: str) -> None:
    rts, orientation, link = call.split()
    theirs, weights = KNOWN["network"][call], {"d1": 0.4, "d2": 0.2, "d3": 0.4}
    inputs, outputs = (("x1", "x2"), ("x3",), ("x4",)), ("y1", "y2", "y3")
    divisions = {
        name: (columns("network_data", *x), columns("network_data", y))
        for name, x, y in zip(weights, inputs, outputs, strict=True)
    }
    pairs = {("d1", "d2"): "z1", ("d1", "d3"): "z2", ("d2", "d3"): "z3"}
    links = {pair: columns("network_data", z) for pair, z in pairs.items()}
    found = network_efficiency(divisions, links, link=link, rts=rts, orientation=orientation, weights=weights)
    np.testing.assert_allclose(found.scores, theirs["score"], atol=DIGITS)
    np.testing.assert_allclose(found.stages["score"], theirs["parts"], atol=DIGITS)


@pytest.mark.parametrize("call", list(KNOWN["dynamic"]))
def test_dynamic(call: str) -> None:
    rts, orientation = call.split()
    theirs = KNOWN["dynamic"][call]
    frame = pl.DataFrame(KNOWN["dynamic_data"]).with_columns(pl.col("id").str.zfill(2))
    kinds = {kind: [kind] for kind in ("good", "bad", "free", "fixed")}
    weights = {2001: 0.5, 2002: 0.3, 2003: 0.2} if rts == "vrs" else None
    found = dynamic_efficiency(
        frame, "id", "year", ["x1", "x2"], ["y"], rts=rts, orientation=orientation, weights=weights, **kinds
    )
    np.testing.assert_allclose(found.scores, theirs["score"], atol=DIGITS)
    np.testing.assert_allclose(found.stages["score"], theirs["parts"], atol=DIGITS)
