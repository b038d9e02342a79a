from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from xinzhi import protocol
from xinzhi.core.errors import ProtocolError, UsageError
from xinzhi.protocol import DatedValue


@pytest.fixture(scope="module")
def ours():
    return protocol.load("xinzhi-cn-2026")


def test_values_have_the_types_of_the_catalogue(ours):
    assert ours.value("capital.depreciation") == 0.096
    assert type(ours.value("capital.initial_ratio")) is float
    assert ours.value("capital.initial_year") == 1952
    assert ours.value("reporting.periods")[0] == (1996, 2000)
    assert ours.value("labour.returns_to_schooling") == ((4.0, 0.134), (8.0, 0.101), (None, 0.068))
    assert ours.value("capital.initial_table")[0]["region"] == "500000"


def test_a_constant_does_not_need_a_year(ours):
    assert ours.value("capital.depreciation", 1066) == ours.value("capital.depreciation")


@pytest.mark.parametrize(
    ("year", "value"), [(1952, "geometric"), (1993, "geometric"), (1994, "reported"), (2500, "reported")]
)
def test_dated_look_up_at_the_edges(year, value):
    rules = protocol.load("chenpu-2021")
    assert rules.value("capital.depreciation_rule", year) == value
    assert rules.value("capital.depreciation_rule", np.int64(year)) == value


def test_dated_look_up_refuses_to_guess():
    rules = protocol.load("chenpu-2021")
    with pytest.raises(ProtocolError, match=r"capital\.depreciation_rule: no value is valid in 1951.*1952-01-01"):
        rules.value("capital.depreciation_rule", 1951)
    with pytest.raises(ProtocolError, match="changes with time"):
        rules.value("capital.depreciation_rule")


@pytest.mark.parametrize(
    ("start", "year", "found"), [("2004-12-31", 2004, True), ("2005-01-01", 2004, False), ("2004-07-01", 2004, True)]
)
def test_a_year_takes_what_holds_at_its_end(start, year, found):
    rate = DatedValue.from_mapping({1952: 0.05, start: 0.1})
    assert rate.at(year) == (0.1 if found else 0.05)


def test_values_over_years():
    rules = protocol.load("chenpu-2021")
    years = range(1992, 1996)
    assert rules.values("capital.depreciation_rule", years) == ["geometric", "geometric", "reported", "reported"]
    assert rules.values("capital.depreciation", years) == [0.096] * 4


def test_dated_sorts_and_refuses_two_of_one_day():
    assert [start for start, _ in DatedValue.from_mapping({1990: 1, "1952-01-01": 2}).entries] == [
        date(1952, 1, 1),
        date(1990, 1, 1),
    ]
    for wrong in ({}, {1952: 1, date(1952, 1, 1): 2}, {"soon": 1}, {True: 1}):
        with pytest.raises(ValueError, match=r"date|isoformat"):
            DatedValue.from_mapping(wrong)


def test_an_unknown_path_is_misuse_everywhere(ours):
    for call in (ours.value, ours.declares):
        with pytest.raises(UsageError, match=r"Did you mean 'capital\.depreciation'"):
            call("capital.deprecation")
    with pytest.raises(UsageError, match="unknown parameter"):
        ours.require(["capital.deprecation"])
    with pytest.raises(UsageError, match="unknown parameter"):
        ours.replace({"capital.deprecation": 0.1})


def test_a_path_that_the_protocol_does_not_fix(ours):
    assert not ours.declares("labour.missing_hours")
    with pytest.raises(ProtocolError, match=r"does not fix labour\.missing_hours \(missing hours\)"):
        ours.value("labour.missing_hours")


def test_what_is_needed_follows_the_choices(ours):
    assert "shares.constant" not in ours.required_paths()
    assert "shares.constant" in ours.replace({"shares.rule": "constant"}).required_paths()
    assert "shares.averaging" not in ours.replace({"shares.rule": "constant"}).required_paths()
    hours = ours.replace({"labour.unit": "hours"})
    assert hours.blank() == ("labour.missing_hours",)
    with pytest.raises(ProtocolError, match=r"labour\.missing_hours"):
        hours.require()
    given = ours.replace({"capital.measure": "given_services"})
    assert not [path for path in given.required_paths() if path.startswith("capital.") and path != "capital.measure"]


def test_a_dated_rule_needs_what_each_of_its_versions_needs(ours):
    rules = ours.replace({"capital.depreciation_rule": DatedValue.from_mapping({1952: "reported", 1990: "hyperbolic"})})
    assert set(rules.blank()) == {"capital.age_efficiency", "capital.service_life", "capital.retirement"}
    assert "capital.depreciation" not in rules.required_paths()


def test_require_asks_only_for_the_paths_given():
    rules = protocol.load("shan-2008")
    rules.require(["capital.depreciation", "labour.unit"])
    with pytest.raises(ProtocolError, match=r"capital\.initial_rule") as caught:
        rules.require(["capital.depreciation", "capital.initial_rule"])
    assert "capital.depreciation" not in str(caught.value).split("needs:")[1]


def test_replace_keeps_the_id_and_changes_the_fingerprint(ours):
    faster = ours.replace({"capital.depreciation": 0.1096, "labour.quality": "none"})
    assert faster.id == ours.id
    assert faster.fingerprint != ours.fingerprint
    assert faster.value("capital.depreciation") == 0.1096
    assert ours.value("capital.depreciation") == 0.096
    assert (
        faster.replace({"capital.depreciation": 0.096, "labour.quality": "schooling"}).fingerprint == ours.fingerprint
    )


def test_replace_takes_over_the_source_of_a_known_alternative(ours):
    item = ours.replace({"capital.depreciation": 0.1096}).parameters["capital.depreciation"]
    assert "单豪杰" in item.reference[0].title
    assert ours.replace({"capital.depreciation": 0.123}).parameters["capital.depreciation"].reference == ()


def test_replace_with_dated_values_or_a_blank(ours):
    dated = ours.replace({"capital.depreciation": DatedValue.from_mapping({1952: 0.05, 1993: 0.1})})
    assert dated.value("capital.depreciation", 1993) == 0.1
    assert not ours.replace({"capital.depreciation": None}).declares("capital.depreciation")


def test_replace_keeps_the_order_of_the_catalogue(ours):
    order = list(protocol.catalogue())
    paths = list(ours.replace({"labour.missing_hours": "refuse"}).parameters)
    assert paths == [path for path in order if path in paths]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("capital.depreciation", 2),
        ("capital.depreciation", "0.1"),
        ("capital.depreciation", float("nan")),
        ("capital.depreciation", 10**400),
        ("labour.unit", "heads"),
        ("labour.unit", ["persons"]),
        ("reporting.decimals", 2.0),
        ("reporting.decimals", DatedValue.from_mapping({1952: 2})),
        ("capital.depreciation", DatedValue.from_mapping({1952: 0.1, 1990: None})),
    ],
)
def test_replace_validates(ours, path, value):
    with pytest.raises(ProtocolError, match=path):
        ours.replace({path: value})


def test_excluded_combinations(ours):
    assert ours.excluded_combination() is None
    odd = ours.replace({"index.formula": "laspeyres", "shares.averaging": "current"})
    assert "Laspeyres" in odd.excluded_combination().reason.en


def test_diff_of_two_protocols():
    rows = {item.path: (item.left, item.right) for item in protocol.diff("zhang-2004", "shan-2008")}
    assert rows["capital.depreciation"] == (0.096, 0.1096)
    assert rows["capital.initial_rule"] == ("ratio_to_investment", None)
    assert not protocol.diff("zhang-2004", "zhang-2004")
    assert not [path for path in rows if path.startswith(("labour.", "shares.", "index."))]


def test_diff_is_antisymmetric_and_in_the_order_of_the_catalogue():
    there, back = protocol.diff("pwt-10.01", "chenpu-2021"), protocol.diff("chenpu-2021", "pwt-10.01")
    assert [(item.path, item.left, item.right) for item in there] == [
        (item.path, item.right, item.left) for item in back
    ]
    order = list(protocol.catalogue())
    assert [item.path for item in there] == sorted((item.path for item in there), key=order.index)
    assert json.dumps([item.to_dict() for item in there])


def test_a_protocol_can_be_copied_and_sent_to_another_process(ours):
    assert pickle.loads(pickle.dumps(ours)) == ours  # noqa: S301 - made in the line itself
    assert copy.deepcopy(ours).fingerprint == ours.fingerprint


def test_to_dict_is_json(ours):
    text = json.dumps(ours.to_dict(), ensure_ascii=False)
    assert json.loads(text)["parameters"]["capital.depreciation"]["alternatives"][0]["value"] == 0.05
    assert ours.to_dict()["fingerprint"] == ours.fingerprint


def test_load_hands_a_protocol_back(ours):
    assert protocol.load(ours) is ours


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("none", "none"),
        (0.096, "0.096"),
        (((1996, 2000),), "[[1996, 2000]]"),
        ({"IT": 0.3}, '{"IT": 0.3}'),
        (DatedValue.from_mapping({1952: "a", 1994: "b"}), "1952-01-01: a, 1994-01-01: b"),
    ],
)
def test_spell(value, text):
    assert protocol.spell(value) == text


def test_a_protocol_that_calls_itself_adopted_is_quoted_and_not_believed(ours):
    claimed = replace(ours, status="adopted")
    assert "says of itself: adopted (not signed)" in claimed.standing.en
    assert "自称已采用（无签名）" in claimed.standing.zh
    assert "proposed" in ours.standing.en


@pytest.mark.parametrize("status", ["adopted", "published"])
def test_what_departs_from_a_protocol_has_nobody_behind_it(ours, status):
    altered = replace(ours, status=status).replace({"capital.depreciation": 0.05})
    assert altered.standing.en == "an altered form of the protocol named, adopted by no authority"
    assert altered.standing.zh == "在所注协议上改动而成，未经任何机构采用"


def test_a_published_method_on_other_data_is_not_called_its_authors_result():
    said = protocol.load("zhang-2004").standing
    assert ("as its authors published" in said.en, "not its authors' figures" in said.en) == (False, True)
    assert "不是原作者的结果" in said.zh
