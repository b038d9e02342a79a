"""Decompositions against R `dfvad::dynamics()` 0.3.6 on its own data, to 1e-10 (the reference has 12 digits).

The call that made the reference: ``dynamics(firms, 'tfp', 's', 'id', 't', typ)`` for bhc, gr, fhk, bg, df, mp. There is
no known difference. Dias and Marques is held to Melitz and Polanec, whose entry and exit it splits in two.
"""

from __future__ import annotations

import polars as pl
import pytest

from xinzhi import micro

pytest.importorskip("ibis", reason="the extra micro is not installed")
TOLERANCE = 1e-10
NAMES = {
    "bhc": "baily-hulten-campbell",
    "gr": "griliches-regev",
    "fhk": "foster-haltiwanger-krizan",
    "bg": "baldwin-gu",
    "df": "diewert-fox",
    "mp": "melitz-polanec",
}


def split(firms, method):
    return micro.decompose(firms, value="tfp", weight="s", firm="id", year="t", method=method).frame


@pytest.mark.shared
@pytest.mark.parametrize("short", NAMES)
def test_six_formulas_are_those_of_dfvad(shared, short):
    folder = shared / "ref" / "firms"
    known = pl.read_csv(folder / "dfvad_dynamics_reference.csv").filter(pl.col("typ") == short)
    made = split(pl.read_csv(folder / "dfvad_firms.csv"), NAMES[short])
    assert known.height
    for row in known.iter_rows(named=True):
        cells = made.filter(pl.col("end") == row["period"])
        name = {"total": "growth"}.get(row["component"], row["component"])
        assert cells[name].item() == pytest.approx(float(row["value"]), abs=TOLERANCE), row


@pytest.mark.shared
def test_dias_and_marques_split_entry_and_exit_of_melitz_and_polanec(shared):
    firms = pl.read_csv(shared / "ref" / "firms" / "dfvad_firms.csv")
    whole, halves = split(firms, "melitz-polanec"), split(firms, "dias-marques")
    for name in ("entry", "exit"):
        both = halves[f"{name}_mean"] + halves[f"{name}_covariance"]
        assert both.to_list() == pytest.approx(whole[name].to_list(), abs=TOLERANCE)
    # the mean part is the change of the plain mean that those who come (or go) make
    means = firms.group_by("t").agg(pl.col("tfp").mean()).sort("t")["tfp"].to_list()
    moved = halves.select(pl.sum_horizontal("mean", "entry_mean", "exit_mean")).to_series().to_list()
    assert moved == pytest.approx([means[1] - means[0], means[2] - means[1]], abs=TOLERANCE)
