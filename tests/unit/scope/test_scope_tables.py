"""Input-output tables and the concordance: what is refused, and what is named in doing so."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.scope import (
    classify,
    concordance,
    definition,
    digital_dependence,
    history,
    input_output,
    lookup,
    standard,
)

FLOWS = [[10.0, 50.0], [30.0, 40.0]]
OUTPUT = [100.0, 200.0]


def two(**changes):
    return input_output(FLOWS, OUTPUT, industries=["chips", "cars"], **changes)


@pytest.mark.parametrize(
    ("flows", "output", "says"),
    [
        ([[10, -5], [30, 40]], OUTPUT, r"1 flows are negative.*chips to cars \(-5\)"),
        (FLOWS, [100, -200], "output is negative: cars"),
        (FLOWS, [100, float("nan")], "missing or no number: cars"),
        (FLOWS, [100, 0], "output is zero, but inputs are bought: cars"),
        ([[10, 0], [30, 0]], [100, 0], "output is zero, but sales are made: cars"),
        (
            [[90, 150], [30, 60]],
            OUTPUT,
            r"not productive.*spectral radius.*1\.\d+.*chips \(1\.200\) and cars \(1\.050\)",
        ),
        ([[0, 0], [0, 0]], [0, 0], "no industry has output"),
        ([[1, 2, 3], [1, 2, 3]], OUTPUT, "flows are square"),
    ],
)
def test_tables_without_meaning_are_refused(flows, output, says: str) -> None:
    with pytest.raises(InputError, match=says):
        input_output(flows, output, industries=["chips", "cars"])


def test_an_idle_industry_is_no_fault() -> None:
    table = input_output([[10, 0], [0, 0]], [100, 0], industries=["chips", "none"])
    found = digital_dependence(table, digital=["chips"], threshold=0.5)
    assert found.frame["because"].to_list() == ["core", "no output"]
    assert found.frame["share"].to_list() == [1.0, None]
    assert found.by_year["in_scope"].item() == 1.0


def test_frames_and_arrays_give_the_same() -> None:
    flows = pl.DataFrame(
        {"from": ["chips", "chips", "cars", "cars"], "to": ["chips", "cars"] * 2, "value": [10, 50, 30, 40]}
    )
    output = pl.DataFrame({"industry": ["chips", "cars"], "output": OUTPUT})
    np.testing.assert_array_equal(input_output(flows, output).flows, two().flows)
    with pytest.raises(InputError, match="buyer buses, which have no row in output"):
        input_output(flows.with_columns(to=pl.lit("buses")), output)
    with pytest.raises(InputError, match="no column 'value'"):
        input_output(flows.drop("value"), output)
    with pytest.raises(InputError, match="twice"):
        input_output(flows, pl.concat([output, output]))


def test_bounds_of_the_core_bound_the_dependence() -> None:
    found = digital_dependence(
        two(), digital={"chips": {"lower": 0.2, "share": 0.5, "upper": 0.8}}, threshold=0.1
    ).frame
    whole = digital_dependence(two(), digital=["chips"], threshold=0.1).frame
    for name, part in (("total_lower", 0.2), ("total", 0.5), ("total_upper", 0.8)):
        np.testing.assert_allclose(found[name], part * whole["total"].to_numpy(), rtol=1e-12)


def test_ict_capital_brings_an_industry_in() -> None:
    found = digital_dependence(two(), digital=["chips"], threshold=0.9, ict_capital={"cars": 0.25})
    assert found.frame.select("because", "share").row(1) == ("ict capital", 1.0)
    assert digital_dependence(two(), digital=["chips"], threshold=0.9).frame["because"][1] == "below"
    with pytest.raises(UsageError, match="between 0 and 1"):
        digital_dependence(two(), digital=["chips"], threshold=0.9, ict_capital={"cars": 25})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"digital": ["buses"]}, "buses, which the table does not have"),
        ({"digital": "chips"}, "in a list"),
        ({"digital": {"chips": 2}}, "lower <= share <= upper"),
        ({"digital": ["chips"], "threshold": "high"}, "upper-quartile-1995"),
        ({"digital": ["chips"], "threshold": 0.0}, "above 0"),
        ({"digital": ["chips"], "region": "CHN"}, "no region 'CHN'"),
        ({"digital": ["chips", "cars"], "threshold": "median-1995"}, "every industry belongs to the core"),
    ],
)
def test_questions_that_cannot_be_asked(options: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        digital_dependence(two(), **options)


def test_several_regions_need_a_name() -> None:
    table = input_output(FLOWS, OUTPUT, regions=["a", "b"], industries=["chips", "chips"])
    with pytest.raises(UsageError, match="2 regions"):
        digital_dependence(table, digital=["chips"])
    found = digital_dependence(table, digital=["chips"], region="b", threshold=0.1).frame
    assert found["total_domestic"].item() + found["total_imported"].item() == pytest.approx(found["total"].item())


def test_the_use_test_feeds_classify() -> None:
    table = input_output(FLOWS, OUTPUT, industries=["39", "36"])
    use = digital_dependence({2020: table}, digital=["39"], threshold=0.3).use()
    scope = classify(pl.DataFrame({"code": ["36", "17"]}), as_of=2024, use=use)
    assert scope.frame["verdict"].to_list() == ["in", "unknown"]


def test_years_must_have_the_same_industries() -> None:
    other = input_output(FLOWS, OUTPUT, industries=["chips", "buses"])
    with pytest.raises(InputError, match=r"2005 has other industries than 1995: buses and cars"):
        digital_dependence({1995: two(), 2005: other}, digital=["chips"])


def test_thresholds_are_dated() -> None:
    with pytest.raises(UsageError, match="no threshold is in force in 1990"):
        digital_dependence({1990: two()}, digital=["chips"])
    found = digital_dependence({1995: two()}, digital=["chips"])
    assert found.rule["id"] == "upper-quartile-1995"
    assert found.explain("cars")["rule"].item() == "upper-quartile-1995"
    with pytest.raises(UsageError, match="there is no buses"):
        found.explain("buses")


def test_translation_keeps_totals_and_bounds() -> None:
    series = pl.DataFrame({"year": [2020] * 3, "code": ["2455", "2451", "9030"], "value": [6.0, 4.0, 1.0]})
    found = concordance().translate(series)
    rows = {row["code"]: (row["value"], row["lower"], row["upper"]) for row in found.frame.to_dicts()}
    assert rows == {"3092": (3.0, 0.0, 6.0), "3240": (7.0, 4.0, 10.0)}
    assert found.unmapped["code"].to_list() == ["9030"]
    weighted = concordance().translate(series, weights={"3092": 1.0, "3240": 2.0}).frame
    assert weighted.filter(code="3092").select("value", "lower", "upper").row(0) == (2.0, 2.0, 2.0)
    back = concordance().translate(found.frame.select("year", "code", "value"), to="gbt")
    assert back.frame["value"].sum() == pytest.approx(10.0)


@pytest.mark.parametrize(("code", "says"), [("39", "joins classes"), ("1322", "1329"), ("zzz", "no code")])
def test_translation_takes_classes_only(code: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        concordance().translate(pl.DataFrame({"code": [code], "value": [1.0]}))


def test_weights_are_numbers() -> None:
    with pytest.raises(UsageError, match="at least 0"):
        concordance().shares(weights={"3092": -1.0})


def test_lookup_offers_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 1329 \(1329 in .*, a class\)"):
        lookup("1322")


def test_energy_that_cannot_be_used() -> None:
    good = {"Entity": ["X"], "Year": [1900], "Human muscle": ["5"], "Coal": ["95"]}
    with pytest.raises(InputError, match="is not a number"):
        history(pl.DataFrame(good | {"Coal": ["much"]}))
    with pytest.raises(InputError, match="occurs again"):
        history(pl.concat([pl.DataFrame(good)] * 2))
    with pytest.raises(InputError, match="human or animal muscle"):
        history(pl.DataFrame(good).drop("Human muscle"))
    with pytest.raises(InputError, match="no column 'Year'"):
        history(pl.DataFrame(good).drop("Year"))
    assert any("miss 100" in finding.en for finding in history(pl.DataFrame(good | {"Coal": ["50"]})).findings)


def test_a_code_is_known_as_it_is_written_and_an_unknown_one_has_a_neighbour():
    gbt = standard("GB/T 4754-2017")
    assert gbt.counts() == {"section": 20, "division": 97, "group": 473, "class": 1381}
    assert (gbt.normal("C39"), gbt.normal("A39"), gbt.normal("399")) == ("39", None, "399")
    assert (gbt.suggest("1322"), gbt.suggest("集成电路制造")) == ("1329", "3973")
    assert concordance().targets("3973") == ("2610",)
    assert concordance().targets("2610", to="gbt")[:2] == ("3821", "3824")
    assert definition("strategic-emerging-2018").needs() == "485 classes; 9 categories"


def test_values_of_classes_add_up_in_the_other_standard():
    found = concordance().translate(pl.DataFrame({"code": ["0111", "0112"], "value": [3.0, 5.0]}))
    assert found.frame.rows() == [("0111", 5.0, 5.0, 5.0), ("0112", 3.0, 3.0, 3.0)]


def test_an_industry_is_explained_on_another_day():
    scope = classify(pl.DataFrame({"code": ["17", "39", "65"]}), as_of=2023)
    assert scope.mask() == ("39", "65")
    rows = scope.explain("44", date=1913).select("definition", "category", "verdict").rows()
    assert rows == [("five-powers", "electric", "in"), ("union", "", "in")]


def test_what_bounds_leave_open_is_said_to_be_open_and_extremes_have_their_bounds() -> None:
    made = xinzhi.study("scope", "china-provinces")
    use, lists = made.results["dependence"].summary("en"), made.results["scope"].summary("en")
    assert use.startswith("The industries that hold the digital core were 11.0")
    assert "cannot be fixed (0 to 94" in use
    assert "72.1" not in use
    assert "bounds 28 to 58" in lists
    assert "the order is not sure" in lists
