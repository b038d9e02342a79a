"""Conditions of leapfrogging and lane changes: by hand, and on the provinces."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import lane_changes, leapfrog
from xinzhi.pathways.leap.leapfrog import CONDITIONS

KEYS = {"place": "place", "activity": "activity", "value": "v", "period": "year"}


def panel(before, after):
    rows = [
        (place, activity, year, float(value))
        for year, table in ((1, before), (2, after))
        for place, row in table.items()
        for activity, value in zip("wxyz", row, strict=True)
    ]
    return pl.DataFrame(rows, schema=["place", "activity", "year", "v"], orient="row")


@pytest.fixture(scope="module")
def made():
    before = {"a": [8, 8, 0, 0], "b": [8, 8, 0, 0], "c": [0, 8, 8, 0], "d": [0, 0, 8, 8], "e": [8, 0, 0, 8]}
    after = {"a": [8, 8, 0, 8], "b": [8, 8, 8, 0], "c": [0, 8, 8, 0], "d": [0, 0, 8, 8], "e": [8, 0, 0, 8]}
    return panel(before, after)


def test_entries_by_given_density(made):
    places, activities = list("abcde"), list("wxyz")
    near = {"y": 0.9, "z": 0.1}
    rows = [(one, other, near.get(other, 0.5)) for one in places for other in activities]
    density = pl.DataFrame(rows, schema=["place", "activity", "density"], orient="row")
    found = lane_changes(made, **KEYS, between=(1, 2), density=density)
    by_place = {row["place"]: row for row in found.frame.iter_rows(named=True)}
    assert (by_place["a"]["entries"], by_place["a"]["unrelated"]) == (1, 1)  # z: far
    assert (by_place["b"]["entries"], by_place["b"]["unrelated"]) == (1, 0)  # y: near
    assert by_place["c"]["index"] is None
    assert by_place["a"]["index"] == pytest.approx(2.0)  # one of two candidates is unrelated
    assert found.cells["entered"].sum() == 2
    with pytest.raises(InputError, match="no density for"):
        lane_changes(made, **KEYS, between=(1, 2), density=density.filter(pl.col("place") != "a"))


def test_own_density_counts_what_stands_near(made):
    found = lane_changes(made, **KEYS, between=(1, 2))
    cells = {(row["place"], row["activity"]): row["density"] for row in found.cells.iter_rows(named=True)}
    # y goes with x in one place of three, and with z in one of two; z goes with w in one of three
    assert cells["a", "y"] > 0
    assert found.persistence.filter(place="c")["kept"].item() == 1.0


def test_options_are_checked(made):
    with pytest.raises(UsageError, match="absent 2"):
        lane_changes(made, **KEYS, between=(1, 2), absent=2.0)
    with pytest.raises(UsageError):
        lane_changes(made, **KEYS, between=(1, 9))


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def lanes(package):
    jobs = package.tables["activity"]
    return lane_changes(
        jobs, place="region", activity="industry", value="employment", period="year", between=(2006, 2016)
    )


def test_provinces_seldom_leave_their_lane(lanes):
    deciles = lanes.deciles
    rate = {row["decile"]: row["rate"] for row in deciles.iter_rows(named=True)}
    assert sum(rate[k] for k in (8, 9, 10)) > 2 * sum(rate[k] for k in (1, 2, 3))
    assert deciles["share"].sum() == pytest.approx(1.0)
    assert lanes.frame["entries"].sum() == deciles["entries"].sum()
    assert "unrelated to the old core" in lanes.summary()
    assert "关联度" in lanes.summary("zh")


def test_conditions_of_the_provinces(package, lanes):
    measured = xinzhi.measure(package)
    found = leapfrog(package, measurement=measured, year=2019, lanes=lanes)
    assert found.leader == measured.levels.filter(year=2019).sort("tfp_to_leader")["region"].item(-1)
    assert found.frame.height == 31 * len(CONDITIONS)
    top = {row["condition"]: row for row in found.explain(found.leader).iter_rows(named=True)}
    assert top["frontier_distance"]["value"] == 1.0
    assert top["frontier_distance"]["met"] is False  # nobody to leap over
    assert top["wage_gap"]["value"] == 1.0
    told = found.frame.filter(pl.col("met").is_null())
    assert told["missing_en"].is_not_null().all()  # nothing is left unjudged without a reason
    assert found.frame.filter(pl.col("met").is_not_null())["evidence_zh"].is_not_null().all()
    assert "Shanghai" in found.summary()
    assert "上海" in found.summary("zh")


def test_nowhere_is_no_list_of_all(package, lanes):
    found = leapfrog(package, year=2019, lanes=lanes)
    none = replace(found, regions=found.regions.with_columns(met=pl.lit(0, pl.Int64)))
    assert "headline.leapfrog_none" in none.facts()
    assert "holds in any region" in none.summary("en")
    assert "在任何地区都不成立" in none.summary("zh")


def test_what_is_missing_is_said(package):
    found = leapfrog(package, year=2019)
    lacking = found.frame.filter(condition="lane_change")
    assert lacking["met"].is_null().all()
    assert lacking["missing_en"].unique().to_list() == ["lane changes"]
    with pytest.raises(UsageError, match="no levels in 1900"):
        leapfrog(package, year=1900)
    with pytest.raises(UsageError, match="no region"):
        found.explain("999999")
