"""Breaks of employment linked, computed again from the CSV file in plain Python.

The calculation shares no code with xinzhi: expected moves are medians over the other regions and over the other years
of a region, as docs/breaks.md describes them; which years are linked follows from events and marks. Tolerance: 1e-12.
"""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from importlib.resources import files
from statistics import median, pstdev

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.data import load
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.breaking import link, live_linked_growth
from xinzhi.yardstick.estimates.errors import closing_errors, conventions
from xinzhi.yardstick.panel import read_panel

OURS = load_protocol("xinzhi-cn-2026")
STATED = OURS.value("labour.linked_growth")
EVENTS = {1998, 2000, 2010, 2011, 2020}


def accounts():
    with (files("xinzhi.data") / "packages" / "china-provinces" / "accounts.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


ROWS = accounts()
PERSONS = {(row["region"], int(row["year"])): float(row["employment"]) for row in ROWS if row["employment"]}
MARKED = {(row["region"], int(row["year"])) for row in ROWS if row["employment_break"] == "1"}
REGIONS, YEARS = sorted({region for region, _ in PERSONS}), sorted({year for _, year in PERSONS})[1:]
MOVE = {(r, y): math.log(PERSONS[r, y] / PERSONS[r, y - 1]) for r in REGIONS for y in YEARS}


def expected(region, year):
    """What the other regions did less their usual leads, plus the usual lead of the region in all other years."""
    common = {y: median(MOVE[r, y] for r in REGIONS) for y in YEARS}
    lead = {r: median(MOVE[r, y] - common[y] for y in YEARS) for r in REGIONS}

    def others(y):
        return median(MOVE[r, y] - lead[r] for r in REGIONS if r != region)

    return others(year) + median(MOVE[region, y] - others(y) for y in YEARS if y != year)


@pytest.fixture(scope="module")
def panel():
    return read_panel(load("china-provinces"))


def test_the_growth_that_stands_in_is_the_expected_move():
    for region, series in STATED.items():
        assert series == pytest.approx({year: expected(region, year) for year in series}, abs=1e-12), region


def test_the_series_of_the_protocol_is_that_of_the_complete_package(panel):
    made = live_linked_growth(panel)
    found = {(panel.regions[r], int(panel.years[c])): made[r, c] for r, c in np.argwhere(np.isfinite(made)).tolist()}
    stated = {(region, year): value for region, series in STATED.items() for year, value in series.items()}
    assert stated == pytest.approx(found, abs=1e-12)


def test_only_changes_of_statistics_are_linked():
    """An event or a mark in the year, or in the other year of an outlier; 40 of 54 breaks, none in the last year."""
    count = 0
    for region, series in STATED.items():
        for year in series:
            near = {year - 1, year, year + 1}
            assert (
                year in EVENTS or (region, year) in MARKED or near & EVENTS or {(region, one) for one in near} & MARKED
            )
            count += 1
    frame = xinzhi.breaks("china-provinces").frame.filter(series="employment")
    assert (frame.height, frame["linkable"].sum(), count) == (54, 40, 40)
    assert not frame.filter(region="500000")[
        "linkable"
    ].any()  # four years in which Chongqing's workers left are no census


def test_linked_levels_equal_the_plain_calculation(panel):
    """The newest level stands; the sums of 2019 and 2020 are the nation's after the census (75,447 and 75,064)."""
    made, _ = link(panel, OURS, panel.account("employment"))
    for region in REGIONS:
        level = {2023: PERSONS[region, 2023]}
        for year in range(2022, 1995, -1):
            level[year] = level[year + 1] / math.exp(STATED.get(region, {}).get(year + 1, MOVE[region, year + 1]))
        row = panel.region_index(region)
        for year, value in level.items():
            assert made[row, year - panel.years[0]] == pytest.approx(value, rel=1e-12)
    assert np.nansum(made[:, 2019 - panel.years[0]]) == pytest.approx(75447, rel=1.1e-3)
    assert np.nansum(made[:, 2020 - panel.years[0]]) == pytest.approx(75064, rel=1e-4)


def test_the_census_reached_the_series_of_beijing_a_year_late():
    """The argument of breaks.yaml, from the files alone: whose figure of 2020 is not in the nation's total."""
    path = files("xinzhi.data") / "packages" / "china-provinces" / "nation.csv"
    with path.open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["variable"] == "employment"]
    nation = {int(row["year"]): float(row["value"]) for row in rows if int(row["year"]) > 2019}
    excess = {year: sum(PERSONS[r, year] for r in REGIONS) - nation[year] for year in (2020, 2021, 2022, 2023)}
    assert {year: round(value, 1) for year, value in excess.items()} == {2020: 95.4, 2021: 0, 2022: 0, 2023: 0}
    left = nation[2020] - sum(PERSONS[r, 2020] for r in REGIONS if r != "110000")
    assert round(left) == 1164
    move = {r: MOVE[r, 2021] for r in REGIONS} | {"110000": math.log(PERSONS["110000", 2021] / left)}
    assert move["110000"] == pytest.approx(-0.005, abs=5e-4)
    assert min(move.values()) > -0.04  # with it no region falls by more than Heilongjiang
    assert STATED["110000"][2021] == pytest.approx(expected("110000", 2021), abs=1e-12)


def test_the_errors_that_a_census_closed_equal_the_plain_calculation(panel):
    """The moves of 2010 and 2011 beyond what was expected: ten years of error, 1.03 points a year between regions."""
    by_hand = {r: sum(MOVE[r, year] - expected(r, year) for year in (2010, 2011)) for r in REGIONS}
    found = closing_errors(panel, OURS)
    assert dict(zip(panel.regions, found.tolist(), strict=True)) == pytest.approx(by_hand, abs=1e-12)
    assert 10 * pstdev(by_hand.values()) == pytest.approx(1.03, abs=0.005)


@pytest.mark.shared
def test_the_revision_after_the_census_of_2020_differed_1_3_times_as_much(shared):
    """Growth of 2011-2018 before and after the revision: the factor `spread` of estimates.yaml."""
    with (shared / "data" / "china" / "core_panel_1952_2024.csv").open(encoding="utf-8") as handle:
        before = {
            (row["region_code"], int(row["year"])): float(row["employment_alt_WD"])
            for row in csv.DictReader(handle)
            if row["employment_alt_WD"]
        }
    revised = [
        (math.log(PERSONS[r, 2018] / PERSONS[r, 2011]) - math.log(before[r, 2018] / before[r, 2011])) / 7
        for r in REGIONS
    ]
    assert 100 * pstdev(revised) == pytest.approx(1.36, abs=0.005)
    assert 10 * pstdev(revised) / pstdev(closing_errors(read_panel(load("china-provinces")), OURS)) == pytest.approx(
        conventions()["employment_revision"]["spread"], abs=0.05
    )


def test_raw_and_linked_stand_side_by_side_and_ranks_follow_the_default():
    frame = xinzhi.measure("china-provinces").periods
    assert (frame["tfp_growth"] - frame["linked_tfp_growth"]).abs().max() < 1e-12
    assert frame["rank"].equals(frame["linked_rank"])
    flag = xinzhi.measure("china-provinces", OURS.replace({"labour.breaks": "flag"})).periods
    both = frame.join(flag, on=["region", "start", "end"], suffix="_flag")
    assert (both["raw_tfp_growth"] - both["tfp_growth_flag"]).abs().max() < 1e-12
    assert flag["rank"].equals(flag["raw_rank"])
    passed = frame.filter(pl.col("grade") != "D", pl.col("end") - pl.col("start") < 10)
    # by growth, since estimated years have no rank without its range
    places = passed.with_columns(
        pl.col("raw_tfp_growth", "linked_tfp_growth").rank("min", descending=True).over("start").cast(pl.Int64)
    )
    ranks = {
        (row["region"], row["start"]): (row["raw_tfp_growth"], row["linked_tfp_growth"])
        for row in places.iter_rows(named=True)
    }
    assert ranks["310000", 2012] == (24, 9)  # Shanghai, whose employment rises by 23 % in 2013
    assert ranks["340000", 2017] == (2, 20)  # Anhui, whose employment falls by 26 % in 2020


def test_the_engine_and_the_link_say_the_same():
    """The effect on TFP that the engine gives to a break is what linking it takes out, year by year."""
    found = xinzhi.breaks("china-provinces").frame.filter("linkable", series="employment")
    frames = [
        xinzhi.measure("china-provinces", OURS.replace({"labour.breaks": way})).frame.select(
            "region", "year", "tfp_growth"
        )
        for way in ("flag", "link")
    ]
    both = frames[0].join(frames[1], on=["region", "year"], suffix="_linked")
    both = found.join(both, on=["region", "year"])
    assert both.height == 40
    assert (both["tfp_growth"] - both["tfp_growth_linked"] - both["tfp_effect"]).abs().max() < 1e-12


def test_a_break_in_the_last_year_is_named_and_not_linked():
    whole = load("china-provinces")
    tables = {name: whole.tables[name] for name in ("accounts", "investment", "regions")}
    tables["accounts"] = tables["accounts"].filter(pl.col("year") <= 2020)
    free = OURS.replace({"labour.linked_growth": None})
    made = xinzhi.breaks(tables, free)
    anhui = made.frame.filter(region="340000", year=2020, series="employment")
    assert anhui["linkable"].to_list() == [False]
    assert any(str(said["year"]) == "2020" for said in made.facts()["breaks.open"])
    frame = xinzhi.measure(tables, free).frame.filter(region="340000", year=2020)
    assert frame["labour_growth"].item() == pytest.approx(MOVE["340000", 2020], abs=1e-12)
    assert "break:employment" in frame["flags"].item()


def test_a_part_of_the_regions_needs_the_series():
    whole = load("china-provinces")
    tables = {name: whole.tables[name].filter(pl.col("region") < "150000") for name in ("accounts", "investment")}
    with pytest.raises(InputError) as caught:
        xinzhi.measure(tables, OURS.replace({"labour.linked_growth": None}))
    assert caught.value.code == "yardstick.links-of-a-part"


def test_regions_without_marks_and_events_are_left_alone(panel):
    """Counties have no events of the provinces: what they do not mark themselves is flagged, not replaced."""
    regions = tuple(f"c{region}" for region in panel.regions)
    counties = replace(panel, regions=regions, breaks=np.zeros_like(panel.breaks))
    made, linked = link(counties, OURS, counties.account("employment"))
    assert not linked.any()
    assert np.array_equal(made, counties.account("employment"), equal_nan=True)
