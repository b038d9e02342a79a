"""Bands of a package that holds a part of the declared set: those that its regions have among all, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.protocol import load as load_protocol

TABLES = ("accounts", "investment", "regions", "vintages")
EXACT = ("median", "low", "high", "measured")
COMPARED = ("relative_low", "relative_high", "above_nation", "rank_low", "rank_high")


@pytest.fixture(scope="module")
def whole():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def among(whole):
    return xinzhi.bands(whole)


def of(package, regions, change=None):
    """Return a package with some regions, its accounts changed."""
    tables = {name: package.tables[name].filter(pl.col("region").is_in(regions)) for name in TABLES}
    if change is not None:
        tables["accounts"] = tables["accounts"].with_columns(change)
    return xinzhi.load(tables, units={name: dict(package.units.get(name, {})) for name in tables})


@pytest.mark.parametrize("regions", [["520000"], ["540000"], ["110000", "120000", "440000"]])
def test_the_band_of_a_part_is_that_among_all_to_the_last_bit(whole, among, regions):
    made = xinzhi.bands(of(whole, regions))
    both = made.frame.join(among.frame, on=["region", "start", "end", "component"], suffix="_all")
    assert both.height == made.frame.height == among.frame.filter(pl.col("region").is_in(regions)).height > 0
    for name in EXACT:
        assert (both[name] == both[f"{name}_all"]).all()
    assert made.part == (len(regions), 31)
    assert among.part is None


def test_what_compares_regions_is_not_given_and_said(whole):
    made = xinzhi.bands(of(whole, ["220000"]))
    assert all(made.frame[name].null_count() == made.frame.height for name in COMPARED)
    assert "total" not in made.frame["region"]
    assert made.pairs.is_empty()
    assert "need all 31; the package has 1" in made.summary("en")
    assert "Jilin" in made.summary("en")
    assert "全部31个地区" in made.summary("zh")
    wide = made.frame.filter(region="220000", start=2017, end=2023, component="everything").row(0, named=True)
    said = f"Jilin {100 * wide['low']:.1f} to {100 * wide['high']:.1f} %."
    assert f"at the size of past ones, the bands are: {said}" in made.summary("en").replace("\N{NO-BREAK SPACE}", " ")
    assert "若再按以往的幅度计入产出修订、就业修订，区间为：吉林" in made.summary("zh")
    assert made.components["relative_half_width"].null_count() == 0  # what gaps between regions are held to


def test_the_tables_that_errors_are_learned_from_stand_in_the_result(whole, among):
    made = xinzhi.bands(of(whole, ["220000"]))
    assert made.provenance.inputs["china-provinces/investment"] == whole.fingerprint("investment")
    assert made.provenance.inputs["china-provinces/vintages"] == whole.fingerprint("vintages")
    of_all = among.provenance
    assert of_all.inputs["vintages"] == whole.fingerprint("vintages")
    source, _, digest = str(made.provenance.options["learned_from"]).partition("@")
    assert (source, len(digest)) == ("china-provinces", 12)
    assert of_all.options["learned_from"] == made.provenance.options["learned_from"]
    tables = {**whole.tables, "vintages": whole.tables["vintages"].with_columns(pl.col(pl.Float64) * 1.01)}
    assert xinzhi.bands(replace(whole, tables=tables)).provenance.options["learned_from"] != f"{source}@{digest}"


def test_a_province_with_figures_of_its_own_has_a_band_around_them(whole, among):
    higher = pl.when(pl.col("year") > 2017).then(pl.col("output_real") * 1.06).otherwise("output_real")
    made = xinzhi.bands(of(whole, ["220000"], higher.alias("output_real")))
    key = {"region": "220000", "start": 2017, "end": 2023, "component": "estimates"}
    own, shipped = (one.frame.filter(**key).row(0, named=True) for one in (made, among))
    for name in EXACT:
        assert own[name] - shipped[name] == pytest.approx(0.0583 / 6, abs=1e-4)


def test_without_a_package_to_learn_from_there_is_no_band(whole):
    free = load_protocol("xinzhi-cn-2026").replace({"estimates.learned_from": None})
    with pytest.raises(InputError) as error:
        xinzhi.bands(xinzhi.measure(of(whole, ["220000"]), free))
    assert error.value.code == "yardstick.too-little-to-learn"
    assert "1 region " in error.value.text.en


def test_a_protocol_that_cannot_measure_the_others_has_no_band_of_a_part(whole):
    """Hours are given by the province alone: a band that nobody else's errors enter would be too narrow."""
    hours = (pl.col("employment") * 2000).alias("hours")
    tables = {name: whole.tables[name].filter(region="220000") for name in TABLES}
    tables["accounts"] = tables["accounts"].with_columns(hours)
    units = {name: dict(whole.units.get(name, {})) for name in tables}
    units["accounts"]["hours"] = "1e4 hours"
    rules = load_protocol("xinzhi-cn-2026").replace({"labour.unit": "hours", "labour.missing_hours": "refuse"})
    measured = xinzhi.measure(xinzhi.load(tables, units=units), rules)
    with pytest.raises(InputError) as error:
        xinzhi.bands(measured)
    assert error.value.code == "yardstick.others-not-measured"
    assert "china-provinces" in error.value.text.zh


def test_a_brief_on_a_part_compares_with_nobody(whole):
    answer = xinzhi.study("brief", of(whole, ["220000"]), region="Jilin").parts["answer"]
    assert answer["growth.banded_alone"]["n"] == 31
    assert not {"growth.banded", "growth.plain", "growth.ranks"} & set(answer)


def test_without_a_control_total_a_part_has_no_band_of_a_level(whole):
    free = load_protocol("xinzhi-cn-2026").replace({"estimates.control_total": "none"})
    made = xinzhi.bands(xinzhi.measure(of(whole, ["220000"]), free))
    assert made.frame["low"].null_count() == made.frame.height
    assert "no control total" in made.summary("en")


def test_a_backtest_judges_the_rules_on_all_regions(whole):
    with pytest.raises(InputError) as error:
        xinzhi.backtest(of(whole, ["220000"]))
    assert error.value.code == "yardstick.backtest-of-a-part"
    assert "1 region of the 31" in error.value.text.en


@pytest.mark.parametrize(("regions", "quick"), [(["220000", "520000"], True), (["520000"], False)])
def test_the_pages_of_a_part_are_written(whole, tmp_path, regions, quick):
    made = xinzhi.studies.bands(of(whole, regions), quick=quick)
    assert made.results["bands"].spread.is_empty() is quick
    made.write(tmp_path, "zh")
    assert any(tmp_path.iterdir())
