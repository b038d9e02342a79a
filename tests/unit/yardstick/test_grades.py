from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import UsageError
from xinzhi.yardstick import breaks, grades


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def measured(package):
    return xinzhi.measure(package)


@pytest.fixture(scope="module")
def found(package):
    return grades(package)


@pytest.fixture(scope="module")
def raw(package):
    """The data as they were published: nothing scaled to the nation, no break linked."""
    return grades(
        package, protocol.load("xinzhi-cn-2026").replace({"capital.benchmark": "none", "labour.breaks": "flag"})
    )


def test_grades_touch_no_figure(package, measured):
    off = xinzhi.measure(package, protocol.load("xinzhi-cn-2026").replace({"reporting.grades": "off"}))
    numbers = [name for name, kind in off.frame.schema.items() if kind == pl.Float64]
    np.testing.assert_array_equal(off.frame.select(numbers).to_numpy(), measured.frame.select(numbers).to_numpy())
    assert off.frame["grade"].null_count() == off.frame.height
    known = ~(pl.col("end") == 2023)  # estimated years have no rank without its range
    assert off.periods.filter(known)["rank"].null_count() == 0
    for _, rows in off.periods.filter(known).group_by("start", "end"):
        assert sorted(rows["rank"].to_list()) == list(range(1, rows.height + 1))


def test_what_fails_is_measured_and_not_ranked(measured):
    periods = measured.periods
    failed = periods.filter(grade="D")
    assert failed["tfp_growth"].null_count() == 0
    assert failed["rank"].null_count() == failed.height > 0
    rest = periods.filter(pl.col("grade") != "D", pl.col("end") < 2023)
    for _, rows in rest.group_by("start", "end"):
        assert sorted(rows["rank"].to_list()) == list(range(1, rows.height + 1))


def test_the_cases_that_are_known(raw):
    """Investment above output, output cut and investment not, deflator, breaks: the cases an expert names."""
    failed = {
        (row["region"], row["start"], row["test"]) for row in raw.frame.filter(test_grade="D").iter_rows(named=True)
    }
    assert {
        ("630000", 2012, "investment"),  # Qinghai
        ("120000", 2012, "vintage"),  # Tianjin
        ("230000", 2012, "deflator"),  # Heilongjiang
        ("310000", 2012, "employment_break"),  # Shanghai, 2013
        ("340000", 2017, "employment_break"),  # Anhui, 2020
        ("150000", 2007, "vintage"),  # Inner Mongolia
    } <= failed
    sound = {row[0] for row in raw.frame.filter(start=2012, grade="B").select("region").rows()}
    assert {"110000", "320000", "330000", "440000"} <= sound


def test_what_the_protocol_mends_no_longer_fails(found, raw):
    """Scaling to the nation mends investment of another vintage than output, linking mends breaks of employment."""
    failed = {row[:3] for row in found.frame.filter(test_grade="D").select("region", "start", "test").rows()}
    assert {("630000", 2012, "investment"), ("230000", 2012, "deflator")} <= failed
    assert not {row[2] for row in failed} & {"vintage"}
    assert len(failed) < raw.frame.filter(test_grade="D").height / 4


def test_the_grade_is_the_worst_of_its_tests(found):
    worst = found.frame.group_by("region", "start", "end").agg(pl.col("test_grade").max(), pl.col("grade").first())
    assert (worst["test_grade"] == worst["grade"]).all()


def test_a_period_takes_the_mean_of_its_years(package, raw):
    value = raw.frame.filter(region="630000", start=2012, test="investment")["value"].item()
    accounts = package.tables["accounts"].filter(pl.col("year").is_between(2013, 2017), region="630000")
    both = accounts.join(package.tables["investment"], on=["region", "year"])
    ratios = [row["investment_nominal"] / row["output_nominal"] for row in both.iter_rows(named=True)]
    assert value == pytest.approx(sum(ratios) / 5)


def test_breaks_have_the_effect_that_breaks_finds(package, raw):
    """Reference: `breaks` measures the region again without the break; here it is the excess times the labour share."""
    effect = breaks(package).frame.filter(pl.col("year") > 2012, pl.col("year") <= 2017, series="employment")
    effect = dict(effect.group_by("region").agg(pl.col("tfp_effect").sum()).iter_rows())
    rows = raw.frame.filter(start=2012, end=2017, test="employment_break")
    for region, value in rows.select("region", "value").iter_rows():
        assert 5 * value == pytest.approx(effect.get(region, 0.0), abs=0.002)
    assert math.copysign(1, effect["310000"]) == -1


def test_estimates_are_c_at_best(measured):
    marked = measured.frame.filter(pl.col("flags").str.contains("extrapolated:investment"))
    assert marked.height > 0
    assert set(marked["grade"]) <= {"C", "D"}


def test_without_a_nation_its_tests_are_not_made(package):
    tables = {name: frame for name, frame in package.tables.items() if name in {"accounts", "investment", "vintages"}}
    alone = grades(xinzhi.load(tables, units={name: package.units[name] for name in tables}))
    assert not [name for name in alone.frame["test"].unique() if name.startswith(("sum_", "deflator"))]
    assert alone.frame.filter(region="630000", start=2012, test="investment")["test_grade"].item() == "D"


def test_a_protocol_that_does_not_grade_says_so(package):
    with pytest.raises(UsageError, match=r"reporting\.grades"):
        grades(package, protocol.load("xinzhi-cn-2026").replace({"reporting.grades": "off"}))


def test_the_figures_of_the_page(measured):
    page = (Path(__file__).parents[3] / "docs" / "grades.md").read_text("utf-8")
    counts = measured.periods.group_by("start", "end", "grade").len()
    for start, end in ((1996, 2000), (2000, 2007), (2007, 2012), (2012, 2017), (2017, 2023)):
        mine = dict(counts.filter(start=start, end=end).select("grade", "len").iter_rows())
        row = " | ".join(str(mine.get(letter, 0)) for letter in "ABCD")
        assert f"| {start}-{end} | {row} |" in page


def test_the_summary_counts_and_names(found):
    said = found.summary("en")
    assert "2012–2017: grade A 13 regions, B 9, C 7, D 2" in said
    assert "Heilongjiang" in said
    assert "黑龙江" in found.summary("zh")
