from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import yaml

import xinzhi.data
from xinzhi.data import load, national_series, tables_by_name
from xinzhi.data.units import parse

REPLACED = {("accounts", "population"), ("accounts", "urbanisation"), ("vintages", "output_growth")}
HOME = Path(xinzhi.data.__file__).parent / "packages" / "china-provinces"


@pytest.fixture(scope="module")
def package():
    return load("china-provinces")


def test_no_errors_and_no_unknown_parts(package):
    kinds = Counter((found.severity, found.rule) for found in package.findings)
    assert set(kinds) == {
        ("warning", "admission"),
        ("warning", "growth-implausible"),
        ("warning", "missing-year"),
        ("warning", "not-positive"),
        ("warning", "price-spike"),
        ("note", "mixed-vintage"),
        ("warning", "mixed-vintage"),  # branches of 2018 and 2019
    }
    assert set(package.tables) <= set(tables_by_name())


def test_what_is_known_to_be_odd_is_named(package):
    named = {(found.table, found.key, found.column) for found in package.findings}
    assert {
        ("accounts", "210000/2016", "fixed_asset_investment"),  # inflated figures withdrawn
        ("investment", "350000/total/1968", "investment_nominal"),  # negative, as published
    } <= named


def test_the_one_mended_defect_is_left_out_and_said(package):
    energy = package.tables["indicators"].filter(region="640000", indicator="energy_consumption")
    assert energy.filter(pl.col("year").is_between(2019, 2021))["value"].to_list() == [7648, 8047.9]
    document = next(item for item in package.descriptor["resources"] if item["name"] == "indicators")
    assert "0.79" in document["description"]


def test_breaks_that_the_table_owns_up_to_are_not_named(package):
    breaks = package.tables["accounts"].filter(pl.col("employment_break") == 1).height
    assert breaks == 26
    assert not [found for found in package.findings if (found.table, found.column) == ("accounts", "employment")]


def test_population_is_resident_and_moves_by_people(package):
    accounts = package.tables["accounts"].sort("region", "year")
    step = pl.col("population").log().diff().over("region").abs()
    steps = accounts.with_columns(step=step)
    # the fastest city grows by 5.5 % a year; censuses move it by up to 9 %, and say so
    assert steps.filter(pl.col("population_break") == 0)["step"].max() < 0.06
    assert steps.filter(pl.col("population_break") == 1)["step"].max() < 0.10
    assert not [found for found in package.findings if found.column == "population"]
    marked = accounts.filter(pl.col("population_status") == "extrapolated")
    assert set(marked["region"]) >= {"330000", "410000", "440000"}
    assert marked["year"].max() == 2014


def test_population_adds_up_to_the_nation(package):
    """Reference: residents of the nation; 2001-2008 it alone was revised after the census of 2010."""
    sums = package.tables["accounts"].group_by("year").agg(pl.col("population").sum())
    both = sums.join(national_series(package, "population"), on="year")
    gap = dict(both.select("year", pl.col("population") / pl.col("value") - 1).iter_rows())
    assert all(abs(one) < (0.017 if 2001 <= year <= 2008 else 0.01) for year, one in gap.items() if year < 2025)


def test_keys_are_complete(package):
    accounts, investment = package.tables["accounts"], package.tables["investment"]
    assert accounts.height == 31 * 30
    assert accounts.select("output_nominal", "output_real").null_count().row(0) == (0, 0)
    assert investment.height == 30 * 74 + 30
    assert package.units["accounts"]["output_real"] == "1e8 CNY at 2000 prices"
    assert package.units["investment"]["investment_price"] == "index 2000=1"


def test_nothing_extrapolated_passes_as_official(package):
    investment = package.tables["investment"]
    official = investment.filter(pl.col("investment_status") == "official")
    assert official["year"].max() == 2017
    price = investment.filter(pl.col("investment_price_status") == "official")
    assert price["year"].max() == 2019
    assert package.tables["accounts"].filter(pl.col("labour_share").is_not_null())["year"].max() == 2017


def test_real_output_is_the_chain_of_published_growth(package):
    accounts = package.tables["accounts"].sort("region", "year")
    growth = pl.col("output_real") / pl.col("output_real").shift(1).over("region") * 100 - 100
    both = accounts.with_columns(
        growth=growth, vintage=pl.when(pl.col("year") <= 2015).then(pl.lit("census4")).otherwise("output_vintage")
    ).join(package.tables["vintages"], on=["region", "year", "vintage"])
    gap = both.select((pl.col("growth") - pl.col("output_growth")).abs().max()).item()
    # The level is printed with four decimals.
    assert gap < 1e-4
    assert both.height == 31 * 26


def test_descriptor_is_frictionless():
    document = yaml.safe_load((HOME / "datapackage.yaml").read_text("utf-8"))
    types = {"string", "number", "integer", "year", "yearmonth"}
    assert isinstance(document["title"], str)
    assert isinstance(document["version"], str)
    names = {resource["name"] for resource in document["resources"]}
    assert names == {path.stem for path in HOME.glob("*.csv")}
    for resource in document["resources"]:
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        assert set(resource["schema"]["primaryKey"]) <= set(fields)
        assert {field["type"] for field in fields.values()} <= types
        for key in resource["schema"].get("foreignKeys", ()):
            assert key["fields"] in fields
            assert key["reference"]["resource"] in names
        for field in fields.values():
            assert "unit" not in field or parse(field["unit"])
    indicators = next(item["indicators"] for item in document["resources"] if "indicators" in item)
    assert all(parse(about["unit"]) for about in indicators.values())


def test_every_indicator_has_a_unit(package):
    document = next(item for item in package.descriptor["resources"] if item["name"] == "indicators")
    assert set(document["indicators"]) == set(package.tables["indicators"]["indicator"])


@pytest.mark.shared
def test_figures_are_those_of_the_facts(shared, package):
    # Reference: ../shared/facts/china-provinces/*.csv, read as text. Tolerance: none, but for one defect mended.
    slip = b"640000,2020,energy_consumption,0.79\n"
    # The package has more columns and later years, branches of the fifth census, and residents where the facts have
    # registered persons: the rest is compared.
    for path in sorted((shared / "facts" / "china-provinces").glob("*.csv")):
        facts = path.read_bytes()
        facts = facts.replace(slip, b"") if path.name == "indicators.csv" else facts
        facts = facts.replace("(含零部件)".encode(), "（含零部件）".encode())  # brackets as Chinese is set
        facts = pl.read_csv(facts, infer_schema=False)
        ours = pl.read_csv(HOME / path.name, infer_schema=False)
        same = [name for name in facts.columns if (path.stem, name) not in REPLACED]
        key = [name for name in tables_by_name()[path.stem].key if name in same]
        lost = facts.select(same).join(ours, on=same, how="anti", nulls_equal=True)
        lost = lost.filter(pl.col("year") != "2019") if path.stem == "branch_output" else lost
        assert lost.is_empty(), path.name
        assert not ours.select(key).is_duplicated().any()
        assert package.tables[path.stem].height == ours.height


def test_growth_bounds_say_what_they_say(package):
    """The arguments of tables.yaml quote the largest steps of this package."""

    def largest(table, column, group):
        step = (pl.col(column) / pl.col(column).shift(1).over(group)).log().abs()
        return package.tables[table].sort(*group, "year").select(step.max()).item()

    assert math.isclose(largest("accounts", "output_nominal", ["region"]), 0.26, abs_tol=0.005)
    assert math.isclose(largest("accounts", "output_real", ["region"]), 0.18, abs_tol=0.005)
    assert math.isclose(largest("fiscal", "tax_revenue", ["region"]), 0.59, abs_tol=0.006)
    assert math.isclose(largest("fiscal", "revenue", ["region"]), 0.43, abs_tol=0.06)
