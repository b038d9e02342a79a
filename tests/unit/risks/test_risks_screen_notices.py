"""Notices of public buyers: what is bought of them, and whether one buyer buys it again; texts made up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from xinzhi.risks import screen
from xinzhi.risks.projects import notices, purchases, sites
from xinzhi.risks.projects.comparison import NAMES
from xinzhi.risks.projects.conventions import convention, document
from xinzhi.risks.projects.owners import owners
from xinzhi.risks.projects.quantities import plain
from xinzhi.risks.register.evidence import old_wine

BUYERS = {
    "青阳县": "内镜",
    "石台县": "病理",
    "泾县": "超声",
    "绩溪县": "血透",
    "旌德县": "静配",
    "郎溪县": "眼科",
    "黟县": "口腔",
    "祁门县": "康复",
}
THINGS = ("清洗消毒系统", "数字化工作站", "查房推车", "水处理设备", "智能药柜")


def archive(before: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Return forty notices of eight hospitals, of which the first is as told."""
    rows = [
        {
            "title": f"{county}人民医院{part}{thing}采购项目公开招标公告",
            "owner": f"{county}人民医院",
            "总投资(万元)": f"{100 + 7 * at + 31 * number}",
            "date": "",
        }
        for at, (county, part) in enumerate(BUYERS.items())
        for number, thing in enumerate(THINGS)
    ]
    rows[0] |= before or {}
    return pl.DataFrame([{"id": f"a{at:02}", **row} for at, row in enumerate(rows)])


def asked(
    title: str, yuan: str = "", owner: str = "青阳县人民医院", date: str = "", before: Mapping[str, str] | None = None
) -> tuple[str, str, str]:
    """Return the verdict on a notice, the record it is held against, and on what the verdict rests."""
    project = pl.DataFrame({"id": ["p"], "title": [title], "owner": [owner], "总投资(万元)": [yuan], "date": [date]})
    return screen(project, archive(before)).frame.select("verdict", "archive_id", "basis").row(0)


SYSTEM = "青阳县人民医院内镜清洗消毒系统采购项目"


@pytest.mark.parametrize(
    "title",
    [
        "内镜清洗消毒系统招标公告",
        "安徽某某招标代理有限公司关于青阳县人民医院内镜清洗消毒系统采购项目的公开招标公告",
        "青阳县人民医院内镜清洗消毒系统采购项目(项目编号:AHQY-2024-018)竞争性磋商公告",
        "关于青阳县人民医院内镜清洗消毒系统采购项目的采购公告[安徽某某招标代理有限公司]",
    ],
)
def test_what_is_bought_is_read_without_agent_number_and_buyer(title):
    texts = plain(
        pl.Series([f"{SYSTEM}公开招标公告。建设单位:青阳县人民医院。", f"{title}。建设单位:青阳县人民医院。"])
    )
    heads = sites.heads(texts)
    codes, *_ = sites.names(heads, notices.bare(heads, owners(texts)))
    assert codes[0] == codes[1] > 0
    # the rest of the notices stays as it was
    assert heads[1] == plain(pl.Series([title]))[0]


def test_of_what_little_is_left_the_buyer_is_part_of_the_name():
    heads = pl.Series(["青阳县人民医院门诊楼招标公告", "泾县中医院门诊楼招标公告"])
    bare = notices.bare(heads, owners(heads))
    assert bare.to_list() == ["门诊楼", "门诊楼"]
    codes, *_ = sites.names(heads, bare)
    assert codes[0] != codes[1]


def test_the_buyer_is_whom_the_column_names_or_with_whom_the_title_begins():
    said = owners(
        plain(
            pl.Series(
                [
                    "手术麻醉系统招标公告。建设单位:南沙区卫生健康局。",
                    "江州医科大学第二附属医院手术麻醉系统公开招标公告。",
                    "江州医科大学第二附属医院旁道路工程。",
                ]
            )
        )
    )
    assert said.sort("row")["span"].to_list() == ["南沙区卫生健康局", "江州医科大学第二附属医院"]


def test_a_notice_out_again_for_the_same_sum_is_the_same_purchase():
    assert asked(f"{SYSTEM}公开招标公告", "100") == ("repackaged", "a00", "buyer")
    assert asked(f"{SYSTEM}(二次)招标公告")[:2] == ("repackaged", "a00")
    assert asked("内镜清洗消毒系统招标公告", "100")[0] == "repackaged"


@pytest.mark.parametrize(
    ("title", "yuan", "owner"),
    [
        (f"{SYSTEM}公开招标公告", "", "青阳县人民医院"),  # neither sum nor day nor word tells it from the next one
        (f"{SYSTEM}公开招标公告", "260", "青阳县人民医院"),
        (f"{SYSTEM}公开招标公告", "100", "宁国市人民医院"),  # another buyer
        ("青阳县人民医院全自动生化分析仪采购项目公开招标公告", "100", "青阳县人民医院"),  # another thing
    ],
)
def test_what_does_not_decide_accuses_nobody(title, yuan, owner):
    assert asked(title, yuan, owner)[0] != "repackaged"


@pytest.mark.parametrize(
    ("before", "now", "verdict"),
    [
        ("(第一批)", "(第二批)", False),
        ("(一标段)", "(二标段)", False),
        ("2023年", "2024年", False),
        ("2024年", "2024年", True),
        ("(第二批)", "(第二批)", True),
    ],
)
def test_lots_batches_and_years_tell_purchases_apart(before, now, verdict):
    name = "青阳县人民医院{}内镜清洗消毒系统采购项目公开招标公告"
    assert (asked(name.format(now), "100", before={"title": name.format(before)})[0] == "repackaged") == verdict


def test_what_runs_out_is_bought_again():
    name = "青阳县人民医院内镜清洗耗材采购项目公开招标公告"
    assert asked(name, "100", before={"title": name})[0] != "repackaged"


def test_a_tender_follows_its_intention():
    before = {"title": f"{SYSTEM}采购意向公开", "date": "2023-06-01"}
    late = {"date": "2024-04-20"}  # the days themselves say nothing
    assert asked(f"{SYSTEM}招标公告", before=before, **late)[0] == "repackaged"
    # neither two tenders nor two intentions follow one another so, and an intention after a tender is of the next one
    assert asked(f"{SYSTEM}招标公告", before=before | {"title": f"{SYSTEM}公开招标公告"}, **late)[0] != "repackaged"
    assert asked(f"{SYSTEM}采购意向公开", before=before, **late)[0] != "repackaged"
    assert asked(f"{SYSTEM}采购意向公开", "100", before={"title": f"{SYSTEM}公开招标公告"})[0] == "follow-on"


@pytest.mark.parametrize(
    ("day", "repeat"), [("2024-03-20", True), ("2024年3月20日", True), ("2026-03-20", False), ("2023-05-01", False)]
)
def test_days_between_notices_count(day, repeat):
    verdict = asked(f"{SYSTEM}公开招标公告", date=day, before={"date": "2024-01-15"})[0]
    assert (verdict == "repackaged") == repeat


def test_the_ledger_says_that_it_is_one_buyer_and_one_name_and_how_many_days_lie_between():
    project = pl.DataFrame(
        {"id": ["p"], "title": [f"{SYSTEM}(二次)招标公告"], "owner": ["青阳县人民医院"], "date": ["2024-03-20"]}
    )
    found = screen(project, archive({"date": "2024-01-15"}))
    beside, _ = found.explain("p").sentences()
    assert "65天" in beside[0].zh
    assert "65 days" in beside[0].en
    undated, _ = screen(project.drop("date"), archive()).explain("p").sentences()
    assert "天" not in undated[0].zh


def test_a_buyer_that_buys_much_of_one_name_is_not_accused_of_it():
    name, sums = f"{SYSTEM}公开招标公告", ("260", "340", "455", "610")
    old = archive()
    bought = pl.DataFrame(
        [
            {"id": f"b{at}", "date": "", "title": name, "owner": "青阳县人民医院", "总投资(万元)": each}
            for at, each in enumerate(sums)
        ]
    )
    project = pl.DataFrame({"id": ["p"], "title": [name], "owner": ["青阳县人民医院"], "总投资(万元)": ["100"]})
    both = (old, pl.concat([old, bought.select(old.columns)]))
    once, often = (screen(project, each).frame["probability"][0] for each in both)
    assert often < once
    assert once > convention("purchase_said") > often


def test_a_small_archive_does_not_make_a_name_rare():
    few = archive().head(1)
    project = pl.DataFrame({"id": ["p"], "title": [f"{SYSTEM}公开招标公告"], "owner": ["青阳县人民医院"]})
    wide, narrow = (screen(project, each).frame["probability"][0] for each in (archive(), few))
    assert narrow < wide


def test_the_day_of_a_notice_is_no_figure_of_the_project():
    texts = pl.Series(
        ["水厂。公告日期:2024-03-20 09:00。", "水厂。", "水厂。公告日期:另行通知。", "水厂。公告日期:2024-13-20。"]
    )
    day, rest = notices.notice_days(texts)
    assert day.tolist() == [int(np.datetime64("2024-03-20").astype(int)), 0, 0, 0]
    assert rest.to_list()[:2] == ["水厂。", "水厂。"]
    assert texts[0].endswith("09:00。")


@pytest.mark.parametrize(
    ("title", "stage"),
    [
        ("内镜采购意向公开", "intention"),
        ("内镜采购项目公开招标公告", "tender"),
        ("内镜采购项目竞争性磋商公告", "tender"),
        ("内镜采购项目单一来源公示", "tender"),
        ("MRI scanner Procurement", "tender"),
        ("Invitation for bids: MRI scanner", "tender"),
        ("内镜采购项目公开招标更正公告", "correction"),
        ("内镜采购项目答疑澄清公告", "correction"),
        ("内镜采购项目延期公告", "correction"),
        ("内镜采购项目流标公告", "failed"),
        ("内镜采购项目终止公告", "failed"),
        ("内镜采购项目中标候选人公示", "award"),
        ("内镜采购项目成交公告", "award"),
        ("内镜采购项目结果公示", "award"),
        ("内镜采购项目合同公告", "contract"),
        ("内镜采购项目履约验收公告", "contract"),
        ("水厂澄清池改造", None),
        ("合同能源管理路灯改造", None),
    ],
)
def test_the_stage_of_a_notice_is_read_and_its_words_are_no_name(title, stage):
    heads = plain(pl.Series([title, "内镜"]))
    assert (int(notices.kinds(heads)[0]) & notices.STAGE) == notices.STAGES.get(stage, 0)
    if stage and title.startswith("内镜"):
        codes, *_ = sites.names(heads, notices.bare(heads, owners(heads)))
        assert codes[0] == codes[1]


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("门诊楼建设项目设计招标公告", {"design"}),
        ("门诊楼建设项目勘察设计招标公告", {"survey", "design"}),
        ("门诊楼建设项目勘察、设计服务采购公告", {"survey", "design"}),
        ("门诊楼建设项目监理(第二次)招标公告", {"supervision"}),
        ("门诊楼建设项目监理一标段招标公告", {"supervision"}),
        ("门诊楼建设项目(施工)", {"works"}),
        ("门诊楼建设项目设计施工总承包招标公告", {"design", "works"}),
        ("门诊楼桩基检测服务采购公告", {"testing"}),
        ("门诊楼造价咨询服务询价公告", {"costing"}),
        ("门诊楼招标代理机构比选公告", {"agency"}),
        ("放射检测设备采购项目招标公告", set()),
        ("工业设计中心家具采购公告", set()),
    ],
)
def test_the_service_that_is_bought_is_read(title, found):
    bits = int(notices.services(pl.Series([title]))[0])
    kinds = document("words.yaml")["services"]["kinds"]
    assert {name for at, name in enumerate(kinds) if bits >> at & 1} == found


@pytest.mark.parametrize(
    ("title", "again"),
    [
        ("县医院中药饮片采购项目", True),
        ("学校取暖用煤采购项目", True),
        ("学生牛奶采购项目", True),
        ("农产品监测项目", True),
        ("办公楼维修项目", True),
        ("办公楼维修改造项目", False),
        ("办公楼维修工程", False),
        ("心电监测系统采购项目", False),
        ("煤矿智能化改造", False),
    ],
)
def test_what_runs_out_recurs_and_a_refit_does_not(title, again):
    assert bool(notices.kinds(pl.Series([title]))[0] & notices.RECURRING) == again


@pytest.mark.parametrize("agent", ["芜湖市公共资源交易中心", "襄阳市政府采购中心"])
def test_an_office_that_buys_for_others_is_no_buyer(agent):
    said = owners(
        plain(pl.Series([f"办公家具招标公告。建设单位:{agent}。", f"泾县中医院办公家具招标公告。建设单位:{agent}。"]))
    )
    assert said["span"].to_list() == ["泾县中医院"]


def pair(**levels: int) -> np.ndarray:
    """Return the levels of one pair of which only what is given is known, in one county."""
    out = np.full((1, len(NAMES)), -1, dtype=np.int8)
    for name, level in ({"place": 4} | levels).items():
        out[0, NAMES.index(name)] = level
    return out


@pytest.mark.parametrize(
    ("levels", "same"),
    [
        ({}, True),
        ({"place": 2}, False),
        ({"phase": 0}, True),
        ({"phase": 1}, False),
        ({"floor": 4}, True),
        ({"floor": 3}, False),
        ({"capacity": 0}, False),
        ({"investment": 0}, True),  # the sum is weighed
        ({"dates": 2}, True),
        ({"dates": 1}, False),
        ({"site": 0}, False),
        ({"edition": 0}, False),
    ],
)
def test_place_phase_measures_and_years_tell_two_purchases_apart(levels, same):
    assert purchases.alike(pair(**levels)).tolist() == [same]


@pytest.mark.parametrize(
    ("levels", "public", "days", "held"),
    [
        ({}, False, 30.0, False),
        ({}, False, np.nan, False),
        ({}, False, -1.0, True),  # the archived notice is the later one
        ({"place": -1}, False, 30.0, True),
        ({}, True, 30.0, True),
        ({"investment": 4}, True, 30.0, False),
        ({"approval": 1}, True, 30.0, False),
        ({"investment": 4}, False, 0.0, True),
        ({"investment": 5}, False, 0.0, False),
        ({"approval": 1}, False, 0.0, False),
    ],
)
def test_of_some_notices_nothing_is_said(levels, public, days, held):
    told = purchases.undecidable_notices(pair(**levels), np.array([public]), np.array([days]), np.array([True]))
    assert told.tolist() == [held]


def test_chance_counts_the_notices_of_the_buyer_and_the_others_of_that_name():
    few, many = purchases.chance_pairs(np.array([5, 5]), np.array([0, 4]), 40)
    assert many == pytest.approx(9 * few)
    assert purchases.chance_pairs(np.array([10]), np.array([0]), 40)[0] == pytest.approx(2 * few)


@pytest.mark.parametrize(
    ("before", "now"),
    [("第一手术室", "第二手术室"), ("第一季度", "第二季度"), ("2023-2024学年", "2024-2025学年")],
)
def test_parts_quarters_and_school_years_are_no_repeats(before, now):
    name = "青阳县人民医院{}内镜清洗消毒系统采购项目公开招标公告"
    days = {"title": name.format(before), "date": "2024-01-15"}
    assert asked(name.format(now), "100", date="2024-03-20", before=days)[0] != "repackaged"


def test_what_is_bought_for_the_second_theatre_is_not_what_was_bought_for_the_first():
    title = "阳新县人民医院{}手术室无影灯采购项目招标公告"
    lists = [
        pl.DataFrame(
            {
                "id": [day],
                "title": [title.format(which)],
                "owner": ["阳新县人民医院"],
                "investment": [25.0],
                "date": [day],
            }
        )
        for which, day in (("第二", "2024-02-20"), ("第一", "2024-02-10"))
    ]
    assert screen(*lists).frame["probability"][0] <= 0.5
    assert screen(lists[0], lists[1].with_columns(title=lists[0]["title"])).frame["probability"][0] > 0.5


def test_a_further_round_is_told_only_beside_an_earlier_one_of_the_year():
    again = {"id": ["p"], "title": [f"{SYSTEM}(第二次)招标公告"], "owner": ["青阳县人民医院"]}
    told = [
        screen(
            pl.DataFrame(again | {"date": [day]}),
            archive({"title": f"{SYSTEM}{first}招标公告", "date": "2024-01-15"}),
        ).frame["probability"][0]
        for day, first in (("2024-09-20", ""), ("2024-09-20", "(第二次)"), ("2026-09-20", ""))
    ]
    assert told[0] > told[1]
    assert told[0] > convention("purchase_said") > told[2]


def test_what_a_reader_is_told_of_notices_is_the_course_of_a_purchase():
    project = pl.DataFrame({"id": ["p"], "title": [f"{SYSTEM}(二次)招标公告"], "owner": ["青阳县人民医院"]})
    found = screen(project, archive())
    assert found.frame["verdict"].to_list() == ["repackaged"]
    assert found.frame["lower"][0] < found.frame["probability"][0] < 0.93
    words = {"zh": ("同一采购的先后公告", "新包装的概率"), "en": ("notices of one purchase", "being repackaged")}
    for language, (said, never) in words.items():
        text = found.explain("p").text(language)
        assert said in text
        assert never not in text
    facts = found.facts()
    assert facts["answer.usual"] == {"k": 1}
    assert not {"answer.surest", "answer.assumed", "answer.closest"} & set(facts)
    rows, _ = old_wine(found.frame.with_columns(region=pl.lit("340000")), None, ["340000"])
    assert rows["value"].to_list() == [None]


@pytest.mark.parametrize(
    ("before", "now", "repeat"),
    [
        ("上半年", "下半年", False),
        ("2023-2024学年", "2024-2025学年", False),
        ("2023/2024", "2024/2025", False),
        ("3月份", "4月份", False),
        ("第一季度", "第二季度", False),
        ("第一手术室", "第二手术室", False),
        ("2024年上半年", "2024年下半年", False),
        ("2024年上半年", "上半年", True),
        ("第一手术室", "第一手术室", True),
    ],
)
def test_periods_and_numbered_rooms_tell_purchases_apart(before, now, repeat):
    name = "青阳县人民医院{}内镜清洗消毒系统采购项目公开招标公告"
    assert (asked(name.format(now), "100", before={"title": name.format(before)})[0] == "repackaged") == repeat
