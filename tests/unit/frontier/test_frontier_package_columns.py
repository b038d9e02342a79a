"""Goods from a data package: which table a column comes from, how far official figures carry, what is left out."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier import efficiency
from xinzhi.frontier.package_columns import package_goods
from xinzhi.frontier.unit_names import labelled

GOODS = ["capital", "employment", "output_real", "energy_consumption"]


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def measurement(package):
    return xinzhi.measure(package)


@pytest.fixture(scope="module")
def found(package, measurement):
    return package_goods(package, GOODS, lambda: measurement, group="group_en")


def test_figures_are_those_of_accounts_measurement_and_indicators(found, package, measurement):
    row = found.frame.filter((pl.col("region") == "220000") & (pl.col("year") == 2010)).row(0, named=True)
    here = (pl.col("region") == "220000") & (pl.col("year") == 2010)
    accounts = package.tables["accounts"].filter(here)
    assert row["employment"] == accounts["employment"][0]
    assert row["capital"] == measurement.inputs.filter(here)["capital"][0]
    energy = package.tables["indicators"].filter(here & (pl.col("indicator") == "energy_consumption"))
    assert row["energy_consumption"] == energy["value"][0]
    assert row["group"] == "Northeast"


def test_the_last_official_year_is_that_of_the_shortest_series(found, measurement):
    behind = measurement.coverage.filter(pl.col("series").is_in(["investment", "investment_price"]))
    assert found.ends["capital"] == behind["last_official_year"].min() == 2017
    assert found.end == 2017
    assert found.official_years() == list(range(1996, 2018))


def test_a_region_without_a_figure_is_left_out_by_name(found):
    frame, labels = found.take([2015, 2016])
    assert frame.height == 60
    assert "540000" not in frame["region"].to_list()
    (note,) = labels.notes
    assert "2, of Tibet" in note.en
    assert "西藏" in note.zh


def test_years_beyond_the_official_ones_are_said(found):
    _, labels = found.take([2019])
    assert any("no official figure after 2017" in note.en for note in labels.notes)


def test_a_year_without_figures_names_the_good_that_lacks(package, measurement):
    goods = package_goods(package, ["capital", "schooling"], lambda: measurement)
    with pytest.raises(InputError, match="2010: no figures of schooling"):
        goods.take([2010])


def test_an_unknown_column_lists_what_there_is(package, measurement):
    with pytest.raises(UsageError, match=r"Did you mean 'capital'.*in accounts .*in measurement .*in indicators "):
        package_goods(package, ["capitel"], lambda: measurement)
    with pytest.raises(UsageError, match=r"they have .*group_en"):
        package_goods(package, ["capital"], lambda: measurement, group="zone")


def test_the_measurement_is_made_only_when_a_level_is_asked_for(package):
    def never():
        pytest.fail("measured although no level was asked for")

    assert package_goods(package, ["employment", "output_real"], never).frame.height > 0


def test_summaries_call_units_by_their_names(found):
    frame, labels = found.take([2017])
    result = efficiency(frame.select("region", "capital"), frame.select("region", "output_real"), units="region")
    assert "Shanghai" in result.summary("en")  # provinces have names anyway
    named = labelled(result, labels)
    assert "Shanghai" in named.summary("en")
    assert "上海" in named.summary("zh")
    assert named.frame.equals(result.frame)
