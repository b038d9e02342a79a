"""Claims under the method that their source states: what is read from its words, and what the data give under it.

What the data give is worked again with `measure_nation` and `measure` under protocols written out here.
"""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi.yardstick.claims.figures import choices_text, stated_choices
from xinzhi.yardstick.internal import note

CONSTANT = {"shares.rule": "constant"}


@pytest.mark.parametrize(
    ("row", "choices"),
    [
        ({"capital": "stock, depreciation 5%"}, {"capital.measure": "stock", "capital.depreciation": 0.05}),
        ({"capital": "资本存量，折旧率9.6%"}, {"capital.measure": "stock", "capital.depreciation": 0.096}),
        (
            {"capital": "capital services; depreciation 0.050-0.059 (yearly)"},
            {"capital.measure": "services", "capital.depreciation": 0.0545},
        ),
        ({"capital": "depreciation rate: 5-6 %"}, {"capital.depreciation": 0.055}),
        ({"labour": "persons, hours and human capital (hc)"}, {"labour.unit": "hours", "labour.quality": "schooling"}),
        ({"labour": "从业人员与人力资本"}, {"labour.unit": "persons", "labour.quality": "schooling"}),
        ({"shares": "0.42-0.55 (labsh, yearly)"}, {**CONSTANT, "shares.constant": 0.485}),
        ({"shares": "劳动份额0.6"}, {**CONSTANT, "shares.constant": 0.6}),
        ({"shares": "national accounts / input-output, yearly"}, {"shares.rule": "observed_national"}),
        ({"data": "first published"}, {"output.vintage": "first_published"}),
    ],
)
def test_words_become_parameters(row, choices):
    assert stated_choices(row) == choices


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"capital": None, "labour": "", "shares": None},
        {"capital": "investment by asset; depreciation by industry and asset"},
        {"capital": "depreciation of 96 years"},
        {"shares": "capital share 0.4"},
        {"shares": "not stated in what was opened"},
        {"labour": "employment, adjusted"},
        {"data": "PWT 10.01"},
        {"scope": "stock", "method": "human capital"},
    ],
)
def test_nothing_is_read_that_is_not_written(row):
    assert stated_choices(row) == {}


def table(**cells):
    row = {"region": "nation", "start": 2007, "end": 2012, "growth": "2.50", **cells}
    return pl.DataFrame({name: [value] for name, value in row.items()})


def checked(**cells):
    return xinzhi.check_claims("china-provinces", table(**cells)).frame.row(0, named=True)


def mean(measured, region, start, end):
    years = measured.frame.filter(pl.col("region") == region, pl.col("year") > start, pl.col("year") <= end)
    return years["tfp_growth"].mean()


def changed(**values):
    rules = xinzhi.protocol.load("xinzhi-cn-2026")
    return rules.replace({path.replace("__", "."): value for path, value in values.items()})


def test_the_nation_is_measured_under_the_stated_choices():
    row = checked(capital="stock; depreciation 0.05", shares="0.6")
    rules = changed(capital__depreciation=0.05, shares__rule="constant", shares__constant=0.6)
    own = mean(xinzhi.measure_nation("china-provinces", rules), "nation", 2007, 2012)
    reference = mean(xinzhi.measure_nation("china-provinces"), "nation", 2007, 2012)
    assert row["own_growth"] == pytest.approx(own, abs=1e-12)
    assert row["method_part"] == pytest.approx(own - reference, abs=1e-12)
    assert row["reference"] + row["method_part"] + row["data_part"] == pytest.approx(0.025, abs=1e-12)
    assert row["own_left"] == ""


def test_a_region_is_measured_under_the_stated_choices():
    row = checked(region="220000", start=2012, end=2017, capital="折旧率10.96%")
    own = mean(xinzhi.measure("china-provinces", changed(capital__depreciation=0.1096)), "220000", 2012, 2017)
    assert row["own_growth"] == pytest.approx(own, abs=1e-12)


def test_what_the_data_cannot_follow_is_left_and_named():
    row = checked(capital="capital services", labour="hours and human capital")
    assert row["own_choices"] == "labour.quality=schooling"
    assert row["own_left"] == "capital.measure=services, labour.unit=hours"
    assert row["own_growth"] == pytest.approx(row["reference"], abs=1e-12)


def test_a_claim_that_states_nothing_has_no_figure_of_its_own():
    for row in (checked(), checked(capital="capital services")):
        assert row["own_growth"] is row["method_part"] is row["data_part"] is None
        assert row["own_choices"] == ""


def test_the_verdict_does_not_change():
    alone = xinzhi.check_claims("china-provinces", table()).frame.row(0, named=True)
    row = checked(capital="depreciation 0.031")
    assert {name: row[name] for name in ("verdict", "giving", "lowest", "highest", "departures")} == {
        name: alone[name] for name in ("verdict", "giving", "lowest", "highest", "departures")
    }


@pytest.mark.parametrize(
    ("language", "said", "choice"),
    [
        ("en", "under the choices that its source states", "depreciation rate: 5%"),
        ("zh", "按出处所述的选择", "折旧率：5%"),
    ],
)
def test_it_is_said_in_both_languages(language, said, choice):
    result = xinzhi.check_claims("china-provinces", table(capital="depreciation 5%", labour="hours"))
    for text in (result.summary(language), note(result, language)):
        assert said in text
        assert choice in text
        assert {"en": "not to be followed on these data", "zh": "无法照做"}[language] in text


def test_a_constant_share_is_said_once():
    assert choices_text("shares.rule=constant, shares.constant=0.6").en == "constant labour share: 60%"
    assert choices_text("").en == ""


@pytest.mark.parametrize("word", ["economy", "Total", "国民经济", "whole economy", ""])
def test_words_for_the_whole_economy(word):
    assert checked(scope=word)["verdict"] != "unjudged"
    assert checked(scope="manufacturing")["verdict"] == "unjudged"
