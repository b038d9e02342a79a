from __future__ import annotations

import polars as pl
import pytest

from xinzhi.core.errors import InputError
from xinzhi.core.parameters import read_yaml
from xinzhi.data import load, national_series
from xinzhi.data.catalogue import HERE
from xinzhi.data.nation import national_choice
from xinzhi.data.units import parse


@pytest.fixture(scope="module")
def package():
    return load("china-provinces")


def rows(**columns):
    return pl.DataFrame(
        {"variable": "employment", "year": [2000, 2001], "unit": "1e4 persons", "status": "official"} | columns
    )


def test_every_series_has_one_figure_a_year_and_a_unit(package):
    table = package.tables["nation"]
    for variable in table["variable"].unique():
        series = national_series(package, variable)
        assert series["year"].is_unique().all(), variable
        assert series["value"].is_finite().all()
    assert all(parse(unit) for unit in table["unit"].unique())


def test_every_choice_names_vintages_and_variables_that_are_there(package):
    table = package.tables["nation"]
    for choice in read_yaml(HERE / "nation.yaml")["choices"]:
        for variable in choice["variables"]:
            there = set(table.filter(variable=variable)["vintage"])
            assert there & set(choice["vintages"]), variable
        assert set(choice["vintages"]) <= set(table["vintage"])


def test_series_reach_as_far_as_they_are_published(package):
    reach = {name: national_series(package, name)["year"] for name in ("gdp_growth", "gfcf_nominal", "gdp_nominal")}
    assert {name: (years.min(), years.max()) for name, years in reach.items()} == {
        "gdp_growth": (1979, 2025),
        "gfcf_nominal": (1978, 2023),
        "gdp_nominal": (1978, 2025),
    }


def test_output_adds_up(package):
    """Expenditure: consumption, capital formation and net exports make gross domestic product."""
    # before the fifth census, of which the parts are
    table = package.tables["nation"].filter(vintage="census4 (before the fifth census)", variable="gdp_nominal")
    parts = [national_series(package, name) for name in ("final_consumption", "gcf_nominal")]
    parts.append(national_series(package, "net_exports_of_goods_and_services"))
    total = pl.concat(parts).group_by("year").agg(pl.col("value").sum())
    both = total.join(table.select("year", gdp="value"), on="year")
    assert both.height == 46
    assert both.select((pl.col("value") / pl.col("gdp") - 1).abs().max()).item() < 1e-5  # printed to 0.01


def test_units_convert():
    package = load({"nation": rows(value=[1.0, 2.0])})
    assert national_series(package, "employment", unit="1e6 persons")["value"].to_list() == [0.01, 0.02]
    assert not [found for found in package.findings if found.severity == "error"]


def test_a_blank_vintage_is_no_error_and_a_repeated_one_is():
    blank = rows(value=[1.0, 2.0], vintage=[None, None])
    assert not [found for found in load({"nation": blank}).findings if found.severity == "error"]
    twice = load({"nation": pl.concat([blank, blank])})
    assert [found.rule for found in twice.findings if found.severity == "error"] == ["duplicate-key"] * 2


def test_several_vintages_without_a_choice_are_refused():
    table = pl.concat([rows(value=[1.0, 2.0], vintage=name) for name in ("mine", "yours")])
    with pytest.raises(InputError, match="mine"):
        national_series(load({"nation": table}), "employment")


def test_what_is_missing_is_named():
    with pytest.raises(InputError, match="nation"):
        national_series(load({"regions": pl.DataFrame({"region": ["a"]})}), "employment")
    with pytest.raises(InputError, match="gdp_growth"):
        national_series(load({"nation": rows(value=[1.0, 2.0])}), "gdp_growth")


def test_the_shipped_choice_of_a_variable_names_its_vintages():
    assert national_choice("employment")["vintages"][0] == "before the 2020 census"
