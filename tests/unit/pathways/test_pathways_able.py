"""`able`: the rule on made-up evidence, and what it must and must not say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import able
from xinzhi.pathways.entry.forecast import Skill
from xinzhi.pathways.internal import Able

REGIONS = ("110000", "120000", "130000", "140000")


def fact(region: str, category: str, evidence: str, measure: str, value: float, **more: Any) -> dict[str, Any]:
    base = {"name_zh": measure, "name_en": measure, "unit": "", "year": 2024, "issuer": "somebody"}
    row = {"region": region, "category": category, "evidence": evidence, "measure": measure, "value": value}
    return row | {"nation": None, "nation_year": None} | base | more


def judged(*rows: dict[str, Any], sizes: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0), as_of: int | None = None) -> Able:
    accounts = pl.DataFrame({"region": REGIONS, "year": 2010, "output_nominal": sizes})
    table = pl.DataFrame(list(rows), infer_schema_length=None).cast({"nation": pl.Float64, "nation_year": pl.Int64})
    regions = pl.DataFrame({"region": REGIONS, "name_zh": REGIONS, "name_en": REGIONS})
    return able({"capability": table, "accounts": accounts, "regions": regions}, as_of)


def answer(found: Able, region: str, category: str) -> tuple[str, str | None, str]:
    row = found.frame.row(by_predicate=(pl.col("region") == region) & (pl.col("category") == category), named=True)
    return row["able"], row["grade"], row["reason"]


def nev(region: str, value: float, **more: Any) -> dict[str, Any]:
    return fact(region, "nev", "output", "nev_output", value, nation=100.0, nation_year=2024, **more)


def test_no_evidence_is_unknown_and_never_unable() -> None:
    found = judged(nev("110000", 50))
    assert answer(found, "120000", "nev") == ("unknown", None, "none")
    assert set(found.frame["able"]) == {"able", "unknown"}


def test_output_alone_needs_the_share_of_the_size_and_must_be_recent() -> None:
    found = judged(nev("110000", 26), nev("120000", 24), nev("130000", 10), nev("140000", 26, year=2014))
    assert answer(found, "110000", "nev") == ("able", "medium", "output")
    assert answer(found, "120000", "nev") == ("by proxy", "low", "part")
    assert answer(found, "130000", "nev")[0] == "unknown"
    assert answer(found, "140000", "nev") == ("by proxy", "low", "part")


def test_old_output_alone_is_kept_for_seven_years_where_it_was_a_tenth_of_the_nation() -> None:
    sizes = (10.0, 10.0, 10.0, 1.0)
    old = judged(nev("110000", 1), nev("120000", 40, year=2017), nev("140000", 9, year=2017), sizes=sizes)
    assert answer(old, "120000", "nev") == ("able", "medium", "output")
    assert answer(old, "140000", "nev") == ("by proxy", "low", "part")
    older = judged(nev("110000", 1), nev("120000", 40, year=2016), sizes=sizes)
    assert answer(older, "120000", "nev") == ("by proxy", "low", "part")


@pytest.mark.parametrize(
    ("unit", "staff", "kept"), [("1e4 pieces", 0.4, False), ("1e4 pieces", 0.6, True), ("1e4 t", 0.4, True)]
)
def test_old_pieces_are_kept_only_with_the_staff_that_makes_them(unit: str, staff: float, *, kept: bool) -> None:
    """Whatever the category: what is counted one by one says little of what it is worth."""
    jobs = [
        fact(region, "all", "employment", name, value * 100, year=2016)
        for region, share in zip(REGIONS, (staff, (4 - staff) / 3, (4 - staff) / 3, (4 - staff) / 3), strict=True)
        for name, value in (("employment_36", share), ("employment_industry", 1.0))
    ]
    made = [
        fact(region, "auto", "output", "motor_vehicle_output", value, unit=unit, year=2019)
        for region, value in zip(REGIONS, (30.0, 20.0, 20.0, 20.0), strict=True)
    ]
    found = judged(nev("140000", 50, year=2026), *made, *jobs)
    assert (answer(found, "110000", "auto")[0] == "able") == kept


@pytest.mark.shared
def test_a_tenth_of_the_nation_was_chosen_on_one_half_of_products_and_told_on_the_other(shared: Path) -> None:
    folder, text = shared / "data" / "china", {"region_code": pl.String}
    made = pl.read_csv(
        folder / "industrial_product_output_2000_2019.csv", schema_overrides=text | {"output": pl.Float64}
    )
    size = pl.read_csv(folder / "core_panel_1952_2024.csv", schema_overrides=text, infer_schema_length=None)
    keys = ["region_code", "year"]
    size = size.select(*keys, size=pl.col("gdp_nominal_spliced") / pl.col("gdp_nominal_spliced").sum().over("year"))
    share = pl.col("output") / pl.col("output").sum().over("product", "year")
    made = made.with_columns(share=share).join(size, on=keys).with_columns(full=pl.col("share") / pl.col("size"))
    later = made.select("region_code", "product", year=pl.col("year") - 7, still="full")
    known = pl.col("year") + 7 <= pl.col("year").max().over("product")
    cases = made.filter(known).join(later, on=["region_code", "product", "year"], how="left")
    cases = cases.filter(pl.col("full") >= 1).with_columns(pl.col("still").fill_null(0.0))
    products = made["product"].unique().sort().to_list()

    def kept(half: list[str], least: float) -> tuple[int, float, float]:
        own = cases.filter(pl.col("product").is_in(half), pl.col("share") >= least)["still"]
        return len(own), (own >= 1).mean(), (own >= 0.5).mean()

    first, second = products[0::2], products[1::2]
    chosen = {least: round(kept(first, least)[1], 2) for least in (0.01, 0.02, 0.05, 0.1, 0.15)}
    assert next(least for least, held in chosen.items() if held >= 0.9) == 0.1
    assert (chosen[0.01], chosen[0.1], kept(first, 0.1)[0]) == (0.8, 0.93, 626)
    assert kept(second, 0.1) == (514, pytest.approx(0.88, abs=0.005), pytest.approx(0.97, abs=0.005))


def test_half_of_the_size_is_enough_where_a_designation_agrees() -> None:
    cluster = fact("120000", "nev", "designation", "manufacturing_cluster_2024", 1.0)
    found = judged(nev("110000", 26), nev("120000", 13), cluster)
    assert answer(found, "120000", "nev") == ("able", "high", "output")


@pytest.mark.parametrize(
    ("measure", "value", "expected"),
    [
        ("manufacturing_cluster_2022", 1.0, ("able", "medium", "cluster")),
        ("manufacturing_cluster_2022", 0.3333, ("by proxy", "low", "designated")),
        ("computing_hub", 1.0, ("by proxy", "low", "designated")),
        ("fuel_cell_group_member", 1.0, ("by proxy", "low", "designated")),
        ("provincial_designation", 1.0, ("unknown", None, "none")),
    ],
)
def test_a_task_of_the_centre_alone_is_a_proxy(measure: str, value: float, expected: tuple[str, str, str]) -> None:
    found = judged(fact("110000", "pv", "designation", measure, value))
    assert answer(found, "110000", "pv") == expected


def test_a_cluster_of_two_categories_in_one_region_is_its_own() -> None:
    halves = [
        fact("110000", kind, "designation", "manufacturing_cluster_2022", 0.5, name_en="drugs and devices")
        for kind in ("biomed", "meddev")
    ]
    assert answer(judged(*halves), "110000", "biomed") == ("able", "medium", "cluster")


def test_a_figure_counts_where_a_designation_agrees() -> None:
    figure = fact("110000", "computing", "stock", "computing_power", 10.0)
    hub = fact("110000", "computing", "designation", "computing_hub", 1.0)
    assert answer(judged(figure), "110000", "computing")[0] == "unknown"
    assert answer(judged(figure, hub), "110000", "computing") == ("able", "medium", "stated")


def test_a_stated_rank_alone_is_a_proxy_and_a_mention_nothing() -> None:
    rank = fact("110000", "pv", "stock", "rank", 2.0, unit="rank")
    low = fact("120000", "pv", "stock", "rank", 9.0, unit="rank")
    said = fact("130000", "pv", "output", "mention", 1.0, unit="mention")
    found = judged(rank, low, said)
    assert [answer(found, one, "pv")[0] for one in REGIONS[:3]] == ["by proxy", "unknown", "unknown"]


def filed(region: str, value: float) -> dict[str, Any]:
    return fact(region, "ai", "count", "generative_ai_services", value, nation=1000.0, nation_year=2024)


def test_not_able_needs_a_complete_series_no_figure_and_little_employment() -> None:
    rows = [filed("110000", 700), filed("120000", 300)]
    staff = [fact(one, "software", "employment", "employment_section_i", 40.0) for one in REGIONS[:2]]
    staff += [
        fact("130000", "software", "employment", "employment_section_i", 1.0),
        fact("140000", "software", "employment", "employment_section_i", 30.0),
    ]
    urban = [fact(one, "all", "employment", "employment_urban", 100.0) for one in REGIONS]
    found = judged(*rows, *staff, *urban)
    assert answer(found, "130000", "ai") == ("not able", "high", "little")
    assert answer(found, "140000", "ai")[0] == "by proxy"  # employment says more than filings
    stated = fact("130000", "ai", "output", "figure", 900.0)
    assert answer(judged(*rows, *staff, *urban, stated), "130000", "ai")[0] == "unknown"


def test_few_counts_are_not_judged() -> None:
    found = judged(filed("110000", 990), filed("120000", 9), sizes=(1.0, 0.001, 1.0, 1.0))
    assert answer(found, "120000", "ai")[0] == "unknown"


def test_a_quotient_from_a_small_base_does_not_count() -> None:
    staff = [fact(one, "biomed", "employment", "employment_27", 1000.0) for one in REGIONS[:3]]
    staff.append(fact("140000", "biomed", "employment", "employment_27", 20.0))
    base = [fact(one, "all", "employment", "employment_industry", 10_000.0) for one in REGIONS[:3]]
    base.append(fact("140000", "all", "employment", "employment_industry", 50.0))
    found = judged(*staff, *base)
    row = found.frame.row(by_predicate=(pl.col("region") == "140000") & (pl.col("category") == "biomed"), named=True)
    assert row["quotient"] > 1
    assert row["able"] == "unknown"


def test_later_evidence_is_left_out() -> None:
    early, late = nev("110000", 26, year=2020), nev("120000", 74)
    assert answer(judged(early, late), "120000", "nev")[0] == "able"
    found = judged(early, late, as_of=2021)
    assert answer(found, "120000", "nev")[0] == "unknown"
    assert found.as_of == 2020
    with pytest.raises(InputError, match="no evidence up to 1990"):
        judged(early, as_of=1990)


def test_explain_takes_names_and_lists_what_was_read() -> None:
    found = able("china-provinces")
    said = found.explain("贵州", "算力/数据中心")
    assert (said.able, said.grade) == ("able", "medium")
    assert {"stock", "designation"} == set(said.evidence["evidence"])
    assert "2021" in said.text("en")
    assert "国家算力枢纽节点" in said.text("zh")
    with pytest.raises(UsageError, match="gold"):
        found.explain("Guizhou", "gold")


def test_not_able_is_said_of_complete_series_only() -> None:
    found = able("china-provinces").frame
    assert set(found.filter(able="not able")["category"]) <= {"ai", "ic", "steel"}
    alone = found.filter(pl.col("reason") == "designated")
    assert set(alone["able"]) == {"by proxy"}


def test_counts_of_a_category_add_up_to_all_regions_and_nothing_is_a_double_negative() -> None:
    found = able("china-provinces")
    counts = re.findall(r"\((\d+) able, (\d+) by proxy, (\d+) not able, (\d+) unknown\)", found.summary())
    assert counts
    assert {sum(map(int, one)) for one in counts} == {31}
    assert "Not able: none." in str(found.of_region("Jiangsu"))


def test_what_is_significantly_worse_is_not_called_no_better() -> None:
    skill = Skill(
        industries=3,
        services=0,
        start=2013,
        end=2016,
        candidates=9,
        entries=3,
        value=0.1,
        quotient=0.2,
        low=-0.15,
        high=-0.05,
    )
    (told,) = skill.answer()
    assert "significantly worse than" in told.en
    assert "显著不如区位商" in told.zh
    (tie,) = replace(skill, high=0.05).answer()
    assert "no better than" in tie.en


def test_one_region_alone_is_no_nation_of_its_own() -> None:
    rows = [
        nev("990001", 50),
        fact("990001", "ai", "employment", "employment_section_i", 5.0),
        fact("990001", "all", "employment", "employment_urban", 50.0),
        fact("990001", "robots", "designation", "manufacturing_cluster_2024", 1.0),
    ]
    table = pl.DataFrame(rows, infer_schema_length=None).cast({"nation": pl.Float64, "nation_year": pl.Int64})
    accounts = pl.DataFrame({"region": ["990001"], "year": [2010], "output_nominal": [1.0]})
    regions = pl.DataFrame({"region": ["990001"], "name_zh": ["甲"], "name_en": ["A"]})
    found = able({"capability": table, "accounts": accounts, "regions": regions})
    assert answer(found, "990001", "nev") == ("unknown", None, "none")
    assert answer(found, "990001", "ai") == ("unknown", None, "none")
    assert answer(found, "990001", "robots")[0] == "able"
    assert found.frame["output"].null_count() == found.frame.height


def test_what_a_region_is_named_has_no_count_and_amounts_are_in_words() -> None:
    said = able("china-provinces").explain("Beijing", "ai")
    assert "National AI innovation and application pilot area: Beijing (Ministry" in said.text("en")
    assert "国家人工智能创新应用先导区：北京（工业和信息化部）" in said.text("zh")
    assert "above 300 billion yuan" in said.text("en")
    assert "3,000亿元" in said.text("zh")
