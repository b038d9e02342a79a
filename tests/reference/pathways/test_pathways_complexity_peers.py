"""Relatedness and complexity against the programs in use, on the trade of 226 countries in 785 products (1998-2000).

References: R economiccomplexity 2.0.0 (`balassa_index`, `complexity_measures`, `proximity`, `density`,
`complexity_outlook`), Python ecomplexity 0.5.3 (`ecomplexity(..., verbose=False)`), economic-complexity 0.3.0 (`rca`,
`relatedness`, `opportunity_gain`), econcomplex 1.0.1 (`eci_pci`, `density`, `coi`, `cog`), fermi-cref 0.2.0
(`get_eci_pci`, `get_fitness_complexity`). Tolerance 1e-10 on each, relative to values above 1; the conventions that
reproduce a program are named in each test. Known differences: the outlook and the gain depend on where the complexity
of activities has its zero (R standardises first, ecomplexity leaves the raw vector), and econcomplex signs places and
activities apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.pathways.complexity import relatedness
from xinzhi.pathways.complexity.cells import read_cells
from xinzhi.pathways.complexity.relatedness import fitness, present, revealed_advantage, spectrum

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 1e-10
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "ref" / "paths"


@pytest.fixture(scope="module")
def trade(folder: Path):
    long = pl.read_csv(folder / "world_trade_input.csv.gz", schema_overrides={"product": pl.String})
    return read_cells(long, place="country", activity="product", value="value")


@pytest.fixture(scope="module")
def here(trade):
    return present(trade.values)


@pytest.fixture(scope="module")
def raw(here):
    found = spectrum(here)
    sign = np.sign(np.corrcoef(found.places, here.sum(axis=1))[0, 1])
    return sign * found.places, sign * found.activities


def z(values, lost=0):
    return (values - values.mean()) / values.std(ddof=lost)


def column(folder: Path, name: str) -> np.ndarray:
    return pl.read_csv(folder / name, infer_schema_length=0)[:, -1].cast(pl.Float64).to_numpy()


def table(folder: Path, name: str) -> np.ndarray:
    return pl.read_csv(folder / name, infer_schema_length=0)[:, 1:].cast(pl.Float64).to_numpy()


def peak(ours, theirs):
    theirs = np.asarray(theirs)
    return float(np.nanmax(np.abs(np.asarray(ours) - theirs) / np.maximum(np.abs(theirs), 1)))


def test_advantage_and_presence_are_those_of_r(folder, trade, here):
    theirs = table(folder, "ecR_rca.csv.gz")
    assert peak(revealed_advantage(trade.values), theirs) < TOLERANCE
    assert (here == (table(folder, "ecR_mcp.csv") > 0)).all()
    assert here.sum() == 31951


def test_eigenvalues(here):
    assert spectrum(here).eigenvalues[:4] == pytest.approx([1, 0.179134, 0.120949, 0.100205], abs=1e-6)


def test_complexity_of_places_in_four_programs(folder, raw):
    assert peak(z(raw[0], 1), column(folder, "ecR_eigenvalues_country.csv")) < TOLERANCE
    assert peak(z(raw[0]), column(folder, "econcomplex_eigenvector_loc.csv")) < TOLERANCE
    assert peak(z(raw[0]), column(folder, "fermi_eci_loc.csv")) < TOLERANCE


def test_complexity_of_activities_in_three_programs_each_with_its_scale_and_sign(folder, raw):
    assert peak(z(raw[1], 1), column(folder, "ecR_eigenvalues_product.csv")) < TOLERANCE
    assert peak(z(raw[1]), column(folder, "econcomplex_eigenvector_act.csv")) < TOLERANCE
    assert peak(z(raw[1]), -column(folder, "fermi_eci_act.csv")) < TOLERANCE  # its sign is opposite to its own places


def test_ecomplexity_gives_both_on_the_scale_of_places(folder, raw, here):
    theirs = pl.read_csv(folder / "py_ecomplexity_0.5.3.csv.gz", schema_overrides={"prod": pl.String}).sort(
        "loc", "prod"
    )
    shape = here.shape
    middle, spread = raw[0].mean(), raw[0].std()
    assert peak((raw[0] - middle) / spread, theirs["eci"].to_numpy().reshape(shape)[:, 0]) < TOLERANCE
    assert peak((raw[1] - middle) / spread, theirs["pci"].to_numpy().reshape(shape)[0]) < TOLERANCE
    near = relatedness.proximity(here)
    shares = relatedness.density(here, near)
    assert peak(shares, theirs["density"].to_numpy().reshape(shape)) < TOLERANCE
    outlook = relatedness.outlook(here, shares, raw[1])
    assert peak(z(outlook), theirs["coi"].to_numpy().reshape(shape)[:, 0]) < TOLERANCE


def test_fitness_at_convergence(folder, here):
    found = fitness(here)
    assert found.converged
    assert not found.decaying.any()
    assert peak(found.places, column(folder, "ecR_fitness1000_country.csv")) < TOLERANCE
    assert peak(found.activities, column(folder, "ecR_fitness1000_product.csv")) < TOLERANCE
    assert peak(found.places, column(folder, "fermi_fc_loc.csv")) < TOLERANCE
    # econcomplex stops 2e-10 before the limit that the two others reach
    assert peak(found.places, column(folder, "econcomplex_fitness1000_loc.csv")) < 1e-9


def test_proximity_density_outlook_and_gain_of_r(folder, raw, here):
    near = relatedness.proximity(here)
    assert peak(near, table(folder, "ecR_proximity_product.csv.gz")) < TOLERANCE
    shares = relatedness.density(here, near)
    assert peak(shares, table(folder, "ecR_density.csv.gz")) < TOLERANCE
    worth = z(raw[1], 1)
    assert peak(relatedness.outlook(here, shares, worth), column(folder, "ecR_coi.csv")) < TOLERANCE
    theirs = np.where(here, np.nan, table(folder, "ecR_cog.csv.gz"))
    assert peak(relatedness.gain(here, near, shares, worth, "ecomplexity"), theirs) < TOLERANCE


def test_relatedness_and_gain_of_oec_and_econcomplex(folder, raw, here):
    near = relatedness.proximity(here, diagonal="zero")
    shares = relatedness.density(here, near)
    assert peak(shares, table(folder, "oec_relatedness.csv.gz")) < TOLERANCE
    assert peak(100 * shares, table(folder, "econcomplex_density.csv.gz")) < TOLERANCE
    worth = z(raw[1])
    assert peak(relatedness.outlook(here, shares, worth), column(folder, "econcomplex_coi.csv")) < TOLERANCE
    theirs = np.where(here, np.nan, table(folder, "econcomplex_cog.csv.gz"))
    assert peak(relatedness.gain(here, near, shares, worth, "econcomplex"), theirs) < TOLERANCE
    # The index that OEC hands to its gain stops after 20 reflections: the formula is compared at that index.
    early = column(folder, "oec_pci_it20.csv")
    theirs = np.where(here, np.nan, table(folder, "oec_opportunity_gain.csv.gz"))
    assert peak(relatedness.gain(here, near, shares, early, "oec"), theirs) < TOLERANCE


def test_the_gain_is_exact_against_adding_each_activity_in_turn(raw, here):
    near = relatedness.proximity(here)
    shares = relatedness.density(here, near)
    worth = z(raw[1])
    gained = relatedness.gain(here, near, shares, worth)
    before = relatedness.outlook(here, shares, worth)
    rng = np.random.default_rng(7)
    for place in rng.choice(len(here), 12, replace=False):
        for activity in rng.choice(np.flatnonzero(~here[place]), 12, replace=False):
            more = here[[place]].copy()
            more[0, activity] = True
            after = relatedness.outlook(more, relatedness.density(more, near), worth)[0]
            assert gained[place, activity] == pytest.approx(after - before[place], abs=1e-12)
