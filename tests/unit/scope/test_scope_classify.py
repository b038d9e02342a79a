"""The verb `classify`: shares, bounds, unions, totals, reasons, and input that cannot be used."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.scope import classify, explain, read_definition, standard, timeline, treemap

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.scope import Definition

EXACT = 1e-12


@pytest.fixture
def made(tmp_path) -> Callable[..., Definition]:
    def make(name: str, lines: list[str], of: str = "GB/T 4754-2017") -> Definition:
        text = (
            f"id: {name}\nseries: {name}\nstatus: complete\nstandard: {of}\nvalid_from: 2020-01-01\n"
            f"title: {{zh: {name}, en: {name}}}\nauthority: {{zh: 我, en: me}}\nsource: test\nentries:\n"
        )
        file = tmp_path / f"{name}.yaml"
        file.write_text(text + "".join(f"  - {{{line}}}\n" for line in lines), encoding="utf-8")
        return read_definition(file)

    return make


def row(scope, code: str) -> dict:
    return scope.frame.filter(code=code).row(0, named=True)


WHOLE = ("digital-core-divisions", "five-powers", "high-tech-manufacturing-2017")  # lists entered completely


def test_whole_part_and_out() -> None:
    table = pl.DataFrame({"code": ["39", "26", "17"], "output": [10.0, 20.0, 70.0]})
    scope = classify(table, as_of="2024-01-01", definitions=WHOLE)
    assert scope.frame["verdict"].to_list() == ["in", "part", "out"]
    part = row(scope, "26")
    assert (part["lower"], part["upper"]) == (0.0, 1.0)
    assert part["share"] == pytest.approx(2 / 38)
    total = scope.totals.row(0, named=True)
    assert total["in_scope"] == pytest.approx(10 + 20 * 2 / 38)
    assert (total["in_scope_lower"], total["in_scope_upper"], total["share"]) == (10.0, 30.0, total["in_scope"] / 100)


def test_what_a_list_entered_in_part_does_not_name_is_unknown() -> None:
    """Only a list entered completely, or a line that excepts it, can say that an industry is out."""
    table = pl.DataFrame({"code": ["39", "26", "17"], "output": [10.0, 20.0, 70.0]})
    scope = classify(table, as_of="2024-01-01")
    assert scope.frame["verdict"].to_list() == ["in", "part", "unknown"]
    found = row(scope, "17")
    assert (found["lower"], found["share"], found["upper"]) == (0.0, None, None)
    assert "is unknown: only part of its codes" in found["reason_en"]
    whole = classify(table, as_of="2024-01-01", definitions=WHOLE)
    assert scope.totals["total"].item() == whole.totals["total"].item()
    assert scope.facts()["answer.count"] == {
        "day": "2024-01-01",
        "all": 3,
        "inside": 1,
        "part": 1,
        "out": 0,
        "unknown": 1,
    }
    assert scope.facts()["answer.unknown"]["count"] == 1
    assert "answer.unknown" not in whole.facts()
    rows = scope.explain("17").select("definition", "verdict", "share", "upper").rows()
    assert rows[-2:] == [("strategic-emerging-2018", "unknown", None, None), ("union", "unknown", None, None)]
    assert {one[1] for one in rows[:-2]} == {"out"}
    assert scope.mask(at_least=0.01) == whole.mask(at_least=0.01)


def test_weights_make_a_share_exact() -> None:
    tree = standard()
    weights = dict.fromkeys(tree.below("26"), 1.0) | {"2664": 30.0, "2665": 33.0}
    scope = classify(pl.DataFrame({"code": ["26"]}), as_of=2024, weights=weights)
    found = row(scope, "26")
    assert found["lower"] == pytest.approx(63 / 99)
    assert found["upper"] == pytest.approx(63 / 99)
    assert found["verdict"] == "part"
    with pytest.raises(InputError, match="weights are by class"):
        classify(pl.DataFrame({"code": ["26"]}), as_of=2024, weights={"26": 1.0})


def test_stars_carry_their_bounds(made) -> None:
    one = made("one", ['code: "3911"', 'code: "3912", starred: true, lower: 0.2, upper: 0.6'])
    scope = classify(pl.DataFrame({"code": ["3911", "3912"]}), as_of=2024, definitions=[one])
    assert [row(scope, "3912")[name] for name in ("lower", "share", "upper")] == [0.2, 0.4, 0.6]
    said = scope.lists.filter(code="3912").row(0, named=True)
    assert said["starred"]
    assert said["assumed"]
    assert "the middle of the bounds" in row(scope, "3912")["reason_en"]
    assert "带星号" in row(scope, "3912")["reason_zh"]


def test_overlaps_count_once_with_frechet_bounds(made) -> None:
    one = made("one", ['code: "3911", starred: true, share: 0.5, lower: 0.5, upper: 0.5, source: a'])
    two = made("two", ['code: "3911", starred: true, share: 0.7, lower: 0.6, upper: 0.7, source: b'])
    scope = classify(pl.DataFrame({"code": ["3911"], "output": [10.0]}), as_of=2024, definitions=[one, two])
    found = row(scope, "3911")
    assert (found["lower"], found["upper"]) == (0.6, 1.0)  # at least the larger, at most both and no more than all
    assert found["share"] == pytest.approx(1 - 0.5 * 0.3)
    whole = made("whole", ['code: "39"'])
    again = classify(pl.DataFrame({"code": ["3911"]}), as_of=2024, definitions=[whole, one])
    assert row(again, "3911")["share"] == 1.0
    assert row(again, "3911")["definitions"] == "whole;one"


def test_a_list_in_the_other_standard_is_carried_over_with_bounds(made) -> None:
    """2455 goes to 3240 and 3092; a list that holds only 3092 bounds it by nothing and all."""
    one = made("one", ['code: "3092"'], of="ISIC Rev.4")
    scope = classify(pl.DataFrame({"code": ["2455", "2451", "9030"]}), as_of=2024, definitions=[one])
    assert [row(scope, "2455")[name] for name in ("lower", "share", "upper")] == [0.0, 0.5, 1.0]
    assert row(scope, "2451")["verdict"] == "out"
    assert "splits" in row(scope, "2455")["reason_en"]
    lost = row(scope, "9030")  # the concordance does not know it: nothing is known
    assert (lost["lower"], lost["upper"]) == (0.0, 1.0)
    assert "does not say" in lost["reason_en"]
    splits = {"3092": 30.0, "3240": 10.0}
    exact = classify(pl.DataFrame({"code": ["2455"]}), as_of=2024, definitions=[one], splits=splits)
    assert [row(exact, "2455")[name] for name in ("lower", "share", "upper")] == [0.75, 0.75, 0.75]


def test_the_use_test_brings_industries_in() -> None:
    use = pl.DataFrame(
        {
            "code": ["17", "36", "48"],
            "total": [0.05, 0.12, 0.09],
            "lower": [0.0, 0.11, 0.08],
            "upper": [0.06, 0.2, 0.13],
            "threshold": 0.1,
        }
    )
    scope = classify(pl.DataFrame({"code": ["17", "36", "48"]}), as_of=2024, use=use)
    assert scope.frame["verdict"].to_list() == ["unknown", "in", "part"]
    assert row(scope, "36")["definitions"] == "strategic-emerging-2018;use"
    assert "reaches the threshold" in row(scope, "36")["reason_en"]
    assert scope.explain("36")["definition"].to_list()[-2:] == ["use", "union"]
    with pytest.raises(InputError, match="tested twice"):
        classify(pl.DataFrame({"code": ["36"]}), as_of=2024, use=pl.concat([use, use]))
    with pytest.raises(InputError, match="no column 'threshold'"):
        classify(pl.DataFrame({"code": ["36"]}), as_of=2024, use=use.drop("threshold"))


@pytest.mark.parametrize(
    ("day", "industry", "power"),
    [
        ("1900-01-01", "44", "electric"),
        ("1800-01-01", "17", "horse"),
        ("1900-01-01", "31", "electric"),
        ("1900-01-01", "373", "electric"),
        ("1990-01-01", "63", "network"),
        (2010, "65", "computing"),
    ],
)
def test_the_leading_sectors_change_with_the_era(day: object, industry: str, power: str) -> None:
    found = explain(industry, day, definitions=["five-powers"])
    assert found.select("category", "verdict").row(0) == (power, "in")
    assert explain("44", "1990-01-01")["verdict"].to_list()[-1] == "out"


def test_explain_answers_for_another_day() -> None:
    scope = classify(pl.DataFrame({"code": ["39"]}), as_of="2024-01-01")
    now, then = scope.explain("39"), scope.explain("39", "1995-06-30")
    assert now["as_of"][0] == date(2024, 1, 1)
    lists = {"digital-core-divisions", "five-powers", "high-tech-manufacturing-2017", "strategic-emerging-2018"}
    assert set(now["definition"]) == lists | {"union"}
    assert then.select("definition", "category").row(0) == ("five-powers", "network")
    with pytest.raises(UsageError, match="Did you mean 97"):
        scope.explain("99")


def test_new_energy_vehicles_and_photovoltaics_are_in_by_the_list_that_names_them() -> None:
    scope = classify(pl.DataFrame({"code": ["3612", "3825", "3611"]}), as_of="2024-01-01")
    assert scope.frame["verdict"].to_list() == ["in", "in", "unknown"]
    assert "Strategic Emerging Industries" in row(scope, "3612")["reason_en"]
    assert "whether Classification of Strategic" in row(scope, "3611")["reason_en"]
    assert [title.en for title in scope.facts()["note.entered"]["names"]] == [
        "Classification of Strategic Emerging Industries (2018)"
    ]
    assert classify(pl.DataFrame({"code": ["3612"]}), as_of="2018-01-01").frame["verdict"].to_list() == ["out"]


def test_regions_and_years_share_one_classification() -> None:
    table = pl.DataFrame(
        {"region": ["a", "a", "b"], "year": [2020, 2020, 2020], "code": ["39", "17", "39"], "employment": [1, 3, 2]}
    )
    scope = classify(table, as_of=2024)
    assert scope.totals.select("region", "measure", "share").rows() == [
        ("a", "employment", 0.25),
        ("b", "employment", 1.0),
    ]
    assert scope.mask() == ("39",)
    assert scope.key == ("region", "year", "code")
    assert scope.compare(scope)["share_difference"].sum() == 0
    assert scope.glance()["rows"].item() == 3


def test_every_kind_of_frame_comes_back() -> None:
    pandas = pytest.importorskip("pandas")
    scope = classify(pandas.DataFrame({"code": ["39"]}), as_of=2024)
    assert isinstance(scope.to_native(), pandas.DataFrame)


def test_summaries_lead_with_the_finding() -> None:
    scope = classify(pl.DataFrame({"code": ["39", "26", "17"], "output": [10.0, 20.0, 70.0]}), as_of="2024-01-01")
    assert scope.summary().startswith(
        "On 2024-01-01, 1 of 3 industries count in full as new quality, "
        "1 in part, 0 not at all, and of 1 nobody can say."
    )
    assert "No list names these 1" in scope.summary()
    assert scope.summary("zh").startswith(
        "截至2024-01-01，3个行业中1个全部、1个部分计入新质生产力，0个不计入，1个无法判断。"
    )
    assert "无法判断的1个行业" in scope.summary("zh")
    told = "What counts holds 11.1\u00a0% of output of the 3 industries listed, at least 10.0\u00a0% and at most 30.0"
    assert told in scope.summary()


@pytest.mark.parametrize(
    ("table", "rule", "says"),
    [
        ({"code": ["39", "391"], "output": [2.0, 1.0]}, "counted-twice", "39, which holds 391"),
        ({"code": ["C", "391"], "output": [2.0, 1.0]}, "counted-twice", "C, which holds 391"),
        ({"code": ["39", "C39"]}, "counted-twice", "already in row 1"),
        ({"code": ["1322"]}, "unknown-code", "Is it 1329 in Processing of food"),
        ({"code": ["B39"]}, "unknown-code", "Is it 39 Computers, communication"),
        ({"code": ["集成电路制造"]}, "unknown-code", "Is it 3973 in Computers"),
        ({"code": [1, 39]}, "unknown-code", "Is it 01 Farming?"),
        ({"code": [None, "39"]}, "unknown-code", "row"),
        ({"code": ["39"], "output": [-1.0]}, "bad-weight", "at least 0"),
        ({"code": ["39"], "output": [float("nan")]}, "bad-weight", "at least 0"),
    ],
)
def test_industries_that_cannot_be_classified(table: dict, rule: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        classify(pl.DataFrame(table, strict=False), as_of=2024)
    assert [finding.rule for finding in caught.value.findings][:1] == [rule]
    assert says in str(caught.value) or says == "row"
    assert caught.value.exit_code == 3


def test_codes_alone_of_any_level_and_standards_by_any_spelling() -> None:
    codes = ["C", "C39", "397", "3973"]
    frame = classify(pl.DataFrame({"code": codes}), as_of=2024).frame
    assert frame["code"].to_list() == ["C", "39", "397", "3973"]
    assert frame["verdict"].to_list() == ["part", "in", "in", "in"]
    for kind in (list, tuple, set, pl.Series):
        scope = classify(kind(codes), as_of=2024)
        assert scope.frame.sort("code").equals(frame.sort("code"))
    assert [one.rule for one in scope.findings] == ["mixed-levels"]
    for name in ("ISIC Rev.4", "isic rev 4", "ISIC4"):
        assert classify(["26"], as_of=2024, standard=name).question.name == "ISIC Rev.4"
    with pytest.raises(UsageError, match="there is no tree of the standard 'GB/T 4754-2011'"):
        classify(["39"], as_of=2024, standard="GB/T 4754-2011")


def test_columns_and_standards_that_are_not_there(tmp_path) -> None:
    with pytest.raises(InputError, match=r"no column 'code'\. It has name"):
        classify(pl.DataFrame({"name": ["39"]}), as_of=2024)
    with pytest.raises(InputError, match="no rows"):
        classify(pl.DataFrame({"code": []}, schema={"code": pl.String}), as_of=2024)
    with pytest.raises(UsageError, match=r"ISIC Rev\.4"):
        classify(pl.DataFrame({"code": ["39"]}), as_of=2024, standard="NACE")
    with pytest.raises(InputError, match="there is no file"):
        classify(tmp_path / "none.csv", as_of=2024)


def test_mixed_levels_that_do_not_overlap_are_a_note(tmp_path) -> None:
    file = tmp_path / "industries.csv"
    file.write_text("code,output\n01,5\nC39,10\n", encoding="utf-8")
    scope = classify(file, as_of=2024)
    assert scope.findings == ()
    mixed = classify(pl.DataFrame({"code": ["39", "G"]}), as_of=2024)
    assert [finding.rule for finding in mixed.findings] == ["mixed-levels"]


def test_mask_levels() -> None:
    scope = classify(pl.DataFrame({"code": ["39", "26", "27"]}), as_of=2024)
    assert scope.mask() == ("27", "39")
    assert scope.mask(at_least=0.01) == ("26", "27", "39")
    with pytest.raises(UsageError, match="no share"):
        scope.mask(at_least=0)


def test_tables_for_pictures() -> None:
    line = timeline(2030)
    assert line["power"].to_list() == ["human", "horse", "electric", "network", "computing"]
    assert line["ends"][-1] == date(2030, 12, 31)
    assert line["open_start"].to_list() == [True, False, False, False, False]
    scope = classify(pl.DataFrame({"code": ["39", "26", "17"], "output": [10.0, 20.0, 70.0]}), as_of=2024)
    tiles = treemap(scope)
    assert tiles.select("code", "value", "definition").rows() == [
        ("39", 10.0, "digital-core-divisions"),
        ("26", 20.0, "high-tech-manufacturing-2017"),
    ]
    assert treemap(classify(pl.DataFrame({"code": ["39"]}), as_of=2024))["value"].to_list() == [1.0]
    with pytest.raises(UsageError, match="no measure"):
        treemap(scope, "jobs")
