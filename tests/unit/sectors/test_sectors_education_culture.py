"""Education and culture: contributions that are those of the ruler, and what the accounts cannot say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import sectors
from xinzhi.core.errors import InputError, UsageError
from xinzhi.sectors.conventions import returns_to_schooling

TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def measurement():
    return xinzhi.measure("china-provinces")


def test_the_contribution_is_that_of_the_growth_accounts(measurement):
    frame = sectors.education("china-provinces", measurement).frame.drop_nulls("contribution")
    both = frame.join(measurement.frame, on=["region", "year"])
    assert both.height == 31 * 17
    assert (both["contribution"] - both["human_capital_contribution"]).abs().max() < TOLERANCE


def test_without_a_measurement_nothing_is_weighed(measurement):
    alone = sectors.education("china-provinces")
    assert alone.frame["contribution"].null_count() == alone.frame.height
    assert "no contribution to growth" in alone.summary("en")
    # the registry's returns and those of this package are the same table
    assert alone.frame["human_capital"].equals(sectors.education("china-provinces", measurement).frame["human_capital"])


def test_what_reads_alike_has_no_most_and_no_least(measurement):
    alike = pl.DataFrame({"region": list("ab"), "year": 2001, "schooling": [9.0, 9.001]})
    assert "is 2.74 in every region" in sectors.education(alike).summary("en")
    assert "各地区均为2.74" in sectors.education(alike).summary("zh")
    assert "highest in b" in sectors.education(alike.with_columns(pl.Series("schooling", [9.0, 10.0]))).summary("en")
    made = sectors.education("china-provinces", measurement)
    assert "most in" in made.summary("en")
    same = replace(made, spans=made.spans.with_columns(contribution=pl.lit(0.0016)))
    assert "most in" not in same.summary("en")
    assert "最多的是" not in same.summary("zh")


def test_human_capital_by_hand_and_a_gap_that_is_marked():
    data = pl.DataFrame({"region": "a", "year": [2000, 2001, 2003], "schooling": [8.0, 9.0, 11.0]})
    frame = sectors.education(data).frame
    # four years at .134, four at .101, the rest at .068
    assert frame["human_capital"].to_list() == pytest.approx(
        [math.exp(0.94), math.exp(1.008), math.exp(1.076), math.exp(1.144)], abs=TOLERANCE
    )
    assert frame["flags"].to_list() == ["", "", "interpolated", ""]
    assert frame["human_capital_growth"].to_list()[1:] == pytest.approx([0.068] * 3, abs=TOLERANCE)


def test_a_region_without_schooling_is_named():
    data = pl.DataFrame({"region": list("aab"), "year": [1, 2, 1], "schooling": [8.0, 9.0, None]})
    result = sectors.education(data.with_columns(year=pl.col("year") + 2000))
    assert result.omitted.select("region", "year").rows() == [("b", 2001)]


@pytest.mark.parametrize("bad", [-1.0, math.inf])
def test_schooling_that_cannot_be_is_named(bad):
    data = pl.DataFrame({"region": ["a"], "year": [2001], "schooling": [bad]})
    with pytest.raises(InputError, match=r"'schooling'.*a(/|, )2001"):
        sectors.education(data)


def test_returns_are_dated():
    assert returns_to_schooling(2015)[0] == (4, 0.134)
    with pytest.raises(InputError, match="no returns to schooling are dated to 1850"):
        returns_to_schooling(1850)


def test_the_return_is_found_again_behind_effects_and_a_control():
    rng = np.random.default_rng(4)
    region, year = np.repeat(np.arange(12), 9), np.tile(np.arange(2000, 2009), 12)
    schooling, capital = rng.normal(9, 1, 108), rng.normal(0, 1, 108)
    wage = np.exp(0.09 * schooling + 0.3 * capital + 0.2 * region + 0.1 * (year - 2000))
    data = pl.DataFrame({"region": region, "year": year, "schooling": schooling, "capital": capital, "wage": wage})
    found = sectors.schooling_return(data, "wage", controls=["capital"], effects="two-way")
    assert found.frame["estimate"].to_list() == pytest.approx([0.09, 0.3], abs=1e-9)
    assert found.r2_within == pytest.approx(1, abs=1e-9)
    assert "9.0" in found.summary("en")
    assert "9.0" in found.summary("zh")


def test_a_regression_says_what_it_lacks():
    data = pl.DataFrame({"region": ["a", "b"], "year": [1, 1], "schooling": [8.0, 9.0], "wage": [1.0, 2.0]})
    with pytest.raises(InputError, match="need more than 2 rows"):
        sectors.schooling_return(data, "wage")
    with pytest.raises(InputError, match="'wage' is 0 in region a"):
        sectors.schooling_return(data.with_columns(wage=pl.lit(0.0)), "wage")
    with pytest.raises(UsageError, match="effects 'county'"):
        sectors.schooling_return(data, "wage", effects="county")
    constant = pl.DataFrame({"region": list("abcd"), "year": 1, "schooling": 8.0, "wage": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(InputError, match="does not vary"):
        sectors.schooling_return(constant, "wage")


@pytest.mark.shared
def test_wages_and_schooling_of_the_provinces_go_together(shared):
    # urban non-private units, 2006-2019: dearer labour where people have been to school longer
    wages = pl.read_csv(shared / "data/china/urban_unit_wage_by_sector_2006_2019.csv")
    wages = wages.select(pl.col("region_code").cast(pl.String).alias("region"), "year", wage=pl.col("total"))
    schooling = xinzhi.load("china-provinces").tables["accounts"].select("region", "year", "schooling")
    found = sectors.schooling_return(wages.join(schooling, on=["region", "year"]), "wage")
    assert found.regions == 31
    row = found.frame.row(0, named=True)
    assert 0 < row["estimate"] < 0.5


def test_composition_needs_the_year_before_and_every_group():
    rows = {
        "region": "a",
        "year": [1, 1, 2, 2, 4, 4],
        "level": ["low", "high"] * 3,
        "persons": [50.0, 50.0, 50.0, 100.0, 50.0, 100.0],
        "wage": [1.0, 2.0] * 3,
    }
    found = sectors.composition(pl.DataFrame(rows), "level", "persons", "wage")
    assert found.omitted["year"].to_list() == [4]
    # compensation shares 1/3, 2/3 then 1/5, 4/5; high doubles
    expected = (2 / 3 + 4 / 5) / 2 * math.log(2)
    row = found.frame.row(0, named=True)
    assert row["labour_growth"] == pytest.approx(expected, abs=TOLERANCE)
    assert row["composition_growth"] == pytest.approx(expected - math.log(1.5), abs=TOLERANCE)


def test_equal_wages_leave_no_composition():
    rng = np.random.default_rng(5)
    data = pl.DataFrame(
        {
            "region": "a",
            "year": np.repeat(np.arange(4), 3),
            "level": list("xyz") * 4,
            "persons": rng.uniform(10, 20, 12),
            "wage": 3.0,
        }
    )
    # Törnqvist of heads with shares of heads is not exactly the sum: the Fisher index of equal wages is
    found = sectors.composition(data, "level", "persons", "wage", formula="fisher")
    assert found.frame["composition_growth"].abs().max() < TOLERANCE


def test_culture_says_what_the_accounts_do_not_list():
    result = sectors.culture("china-provinces")
    assert result.frame["value_added_share"].null_count() == result.frame.height
    assert {note.table for note in result.notes} == {"branch_output", "activity"}
    ceiling = result.frame.drop_nulls(["value_added_ceiling", "employment_share"])
    assert (ceiling["value_added_ceiling"] > ceiling["employment_share"]).all()
    sums = result.frame.drop_nulls("employment_share").filter(year=2015)
    # the quotient averages to one with employment as the weight
    sections = xinzhi.load("china-provinces").tables["activity_sections"].filter(year=2015)
    total = sections.group_by("region").agg(pl.col("employment").sum().alias("total"))
    both = sums.join(total, on="region")
    assert (both["location_quotient"] * both["total"]).sum() / both["total"].sum() == pytest.approx(1, abs=1e-9)


def test_the_digital_part_follows_a_scope_list():
    listed = pl.DataFrame({"industry": ["39", "23", "8710"], "share": [1.0, 0.5, 1.0]})
    result = sectors.culture("china-provinces", digital=listed)
    assert any("8710" in note.message.en for note in result.notes)
    activity = xinzhi.load("china-provinces").tables["activity"].filter(region="440000", year=2015)
    part = sum(share * activity.filter(industry=code)["employment"].sum() for code, share in (("39", 1.0), ("23", 0.5)))
    row = result.frame.filter(region="440000", year=2015).row(0, named=True)
    assert row["digital_share"] == pytest.approx(part / activity["employment"].sum(), abs=TOLERANCE)
    whole = sectors.culture("china-provinces", digital=listed.select("industry")).frame  # without shares, all of each
    part = activity.filter(pl.col("industry").is_in(["39", "23"]))["employment"].sum() / activity["employment"].sum()
    assert whole.filter(region="440000", year=2015)["digital_share"][0] == pytest.approx(part, abs=TOLERANCE)


@pytest.mark.parametrize("share", [1.5, -0.1])
def test_a_scope_share_outside_the_unit_interval_is_refused(share):
    with pytest.raises(InputError, match="not within 0-1"):
        sectors.culture("china-provinces", digital=pl.DataFrame({"industry": ["39"], "share": [share]}))


def test_culture_needs_a_package_with_the_section():
    with pytest.raises(InputError, match="hand in a package"):
        sectors.culture(pl.DataFrame({"region": ["a"]}))
    rows = pl.DataFrame({"region": ["a"], "section": ["mining"], "year": [2010], "employment": [1.0]})
    with pytest.raises(InputError, match="no section 'culture_sports'"):
        sectors.culture({"activity_sections": rows})
