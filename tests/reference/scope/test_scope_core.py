"""The digital core of the nation, and what shares of employment are shares of.

References: value added by industry of the input-output tables of 2002-2023 (National Bureau of Statistics), read here
with `csv` in plain Python; employment by section and in all, likewise (1e4 persons; by industry in persons).
Tolerance 1e-12.
"""

from __future__ import annotations

import csv
from importlib.resources import files

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.scope import digital_core

TIGHT = 1e-12


def _rows(name):
    text = (files("xinzhi.data") / "packages" / "china-provinces" / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_the_core_is_the_sum_of_its_activities_over_all_value_added():
    nation = [row for row in _rows("nation") if row["variable"].startswith("value_added")]
    found = digital_core(xinzhi.load("china-provinces"))
    assert found.by_year["year"].to_list() == [2002, 2007, 2012, 2017, 2018, 2020, 2023]
    for year, _, share in found.by_year.rows():
        here = {row["variable"]: float(row["value"]) for row in nation if int(row["year"]) == year}
        whole = here.pop("value_added")
        assert share == pytest.approx(sum(here.values()) / whole, abs=TIGHT)
    assert [round(100 * share, 1) for share in found.by_year["share"]] == [4.8, 4.8, 4.3, 5.5, 5.5, 6.0, 6.7]
    assert found.facts()["answer.core"]["name"].en == "software and information technology services"


def test_without_the_series_there_is_no_core():
    package = xinzhi.load("china-provinces")
    nation = package.tables["nation"].filter(~pl.col("variable").str.starts_with("value_added"))
    units = {"investment": package.units["investment"]}
    bare = xinzhi.load({"nation": nation, "accounts": package.tables["accounts"]}, units=units)
    with pytest.raises(InputError, match="no value added of the digital core"):
        digital_core(bare)


def test_denominators_are_all_urban_units_and_all_the_employed():
    industries = [row for row in _rows("activity") if row["year"] == "2016"]
    part = sum(float(row["employment"]) for row in industries if row["employment"]) / 1e4
    urban = sum(float(row["employment"]) for row in _rows("activity_sections") if row["year"] == "2016")
    everyone = sum(float(row["employment"]) for row in _rows("accounts") if row["year"] == "2016")
    scope = xinzhi.scope.classify_package(xinzhi.load("china-provinces"), as_of="2024-01-01")
    told = scope.facts()["answer.denominators"]
    assert told["urban"] == pytest.approx(part / urban, rel=TIGHT)
    assert told["everyone"] == pytest.approx(part / everyone, rel=TIGHT)
    assert told["of_urban"] == pytest.approx(scope.whole["share"] * part / urban, rel=TIGHT)
    assert told["of_everyone"] < 0.02 < told["of_urban"] < 0.08 < scope.whole["share"]
    for language, word in (("en", "of the 38 industries listed, 2016"), ("zh", "2016年所列38个行业")):
        assert word in scope.summary(language)


def test_without_sections_there_are_no_denominators():
    package = xinzhi.load("china-provinces")
    bare = xinzhi.load({"activity": package.tables["activity"], "accounts": package.tables["accounts"]})
    assert xinzhi.scope.classify_package(bare, as_of=2024).wholes == {}


def test_a_package_leads_with_the_core_and_the_use_test():
    study = xinzhi.studies.scope("china-provinces")
    assert list(study.results) == ["core", "dependence", "scope"]
    assert study.results["scope"].day == "2025-12-31"
    assert "Beijing Daily" in xinzhi.scope.definition("five-powers").source.en
