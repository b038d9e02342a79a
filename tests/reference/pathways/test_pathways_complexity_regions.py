"""Complexity of Australian regions in 2021, where the usual rule for the sign turns it upside down.

Reference: R economiccomplexity 2.0.0 (`AU_sa3_2021_ecR_places.csv`) on `AU_sa3_anzsic3_2021_input.csv`, which holds the
presences (0 or 1) of the counts of `sa3_indp3.csv.gz`: its index ranks inner Sydney last. Tolerance 1e-10 up to the
sign. The anchor here is employment in professions that need a degree: the share of three knowledge-based activities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.pathways import complexity

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 1e-10
pytestmark = pytest.mark.shared
COLUMNS = {"place": "place", "activity": "activity", "value": "value"}
KNOWLEDGE = (
    "Computer System Design and Related Services",
    "Legal and Accounting Services",
    "Management and Related Consulting Services",
)


@pytest.fixture(scope="module")
def jobs(shared: Path) -> pl.DataFrame:
    counts = pl.read_csv(shared / "data" / "world" / "sa3_indp3.csv.gz")
    kept = counts.filter((pl.col("year") == 2021) & ~pl.col("indp").str.contains("nfd"))
    return kept.select(place="sa3", activity="indp", value="count")


@pytest.fixture(scope="module")
def anchor(jobs: pl.DataFrame) -> dict[str, float]:
    known = pl.col("value").filter(pl.col("activity").is_in(KNOWLEDGE)).sum() / pl.col("value").sum()
    return dict(jobs.group_by("place").agg(known).rows())


def test_without_an_anchor_the_sign_stays_open(jobs):
    found = complexity(jobs, **COLUMNS)
    assert not found.signed
    assert "only 0.1" in found.findings[0].message.en


def test_with_an_anchor_the_inner_cities_are_in_the_top_third(jobs, anchor):
    found = complexity(jobs, **COLUMNS, anchor=anchor)
    rank = dict(found.frame.select("place", "rank").rows())
    for city in ("Sydney Inner City", "Melbourne City"):
        assert rank[city] <= found.frame.height / 3
    assert rank["Bowen Basin - North"] > found.frame.height * 2 / 3


def test_the_input_of_r_holds_our_presences(shared, jobs, anchor):
    wide = pl.read_csv(shared / "ref" / "paths" / "AU_sa3_anzsic3_2021_input.csv").sort("")
    found = complexity(jobs, **COLUMNS, anchor=anchor)
    assert tuple(wide[""]) == found.matrix.places
    assert (wide.select(found.matrix.activities).to_numpy() == found.present).all()


def test_up_to_the_sign_it_is_the_index_of_r(shared, jobs, anchor):
    found = complexity(jobs, **COLUMNS, anchor=anchor)
    theirs = pl.read_csv(shared / "ref" / "paths" / "AU_sa3_2021_ecR_places.csv")
    other = dict(theirs.select(theirs.columns[0], "eci").rows())
    pairs = np.array([(row[0], other[row[1]]) for row in found.frame.select("complexity", "place").rows()])
    standard = (pairs - pairs.mean(axis=0)) / pairs.std(axis=0)
    assert np.abs(standard[:, 0] + standard[:, 1]).max() < TOLERANCE
