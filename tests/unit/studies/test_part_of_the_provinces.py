"""What is said of a region does not depend on who else is in its package."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import xinzhi
from xinzhi.pathways import able
from xinzhi.risks import register

WHOLE = xinzhi.load("china-provinces")
PARTS = (["520000"], ["520000", "370000", "140000"])


def part(regions: list[str]) -> xinzhi.Package:
    """Return the package with some of its regions."""
    tables = {
        name: table.filter(pl.col("region").is_in(regions)) if "region" in table.columns else table
        for name, table in WHOLE.tables.items()
    }
    return replace(WHOLE, tables=tables)


@pytest.fixture(scope="module")
def among_all() -> tuple[object, object]:
    found = able(WHOLE)
    return found, register(WHOLE, able=found)


@pytest.mark.parametrize("regions", PARTS)
def test_verdicts_and_flags_are_those_among_all(among_all, regions) -> None:
    every, flagged = among_all
    here = pl.col("region").is_in(regions)
    found = able(part(regions))
    assert_frame_equal(found.frame, every.frame.filter(here), rel_tol=1e-12)
    assert found.table().equals(every.table())  # who else is able is told of all
    assert found.explain("520000", "ic").able != "able"  # one region alone has all of the nation's output
    assert "against all 31 regions" in found.summary()
    assert "against all" not in every.summary()
    made = register(part(regions), able=found)
    told = flagged.frame.filter(here)
    assert_frame_equal(made.frame.drop("source"), told.drop("source"), rel_tol=1e-9)
    assert_frame_equal(made.checks, flagged.checks.filter(here), rel_tol=1e-9)
    assert made.codes() == sorted(regions)
    assert "rank 1 of 1 " not in " ".join(made.frame["evidence_en"])
    assert {one.split("/")[0] for one in made.provenance.inputs if "/" in one} == {"china-provinces"}


def test_another_country_stands_alone() -> None:
    tables = {
        name: table.with_columns(pl.col("region").replace({"520000": "X1"})) if "region" in table.columns else table
        for name, table in part(["520000"]).tables.items()
    }
    assert able(tables).everywhere["region"].unique().to_list() == ["X1"]


def test_a_plan_of_too_few_regions_holds_plans_against_evidence_and_says_why() -> None:
    made = xinzhi.study("plan", part(["140000", "370000", "520000"]), region="Guizhou")
    assert list(made.results) == ["choices"]
    assert "nothing was weighed, plans stand against evidence alone" in made.notes[0].en
    assert "probabilities=" not in made.notes[0].en + made.notes[0].zh
    assert made.more["explanation"].region == "520000"
    assert made.summary().splitlines()[0].startswith("2025: 3 regions")
