"""Which notices of a purchase are told as one purchase, as the next one, or not at all; texts made up."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pytest

from xinzhi.risks import screen
from xinzhi.risks.projects.comparison import level
from xinzhi.risks.projects.owners import owners
from xinzhi.risks.projects.quantities import plain

COLUMNS = ["id", "title", "采购人", "预算金额(万元)", "公告日期"]
OTHERS = ("石台县", "泾县", "绩溪县", "旌德县", "郎溪县", "黟县", "祁门县", "休宁县")
TENDER = "公开招标公告"
THINGS = ("数字化工作站", "查房推车", "水处理设备", "智能药柜", "病床")
# one county a case: no case is held against another
COUNTIES = (
    "青阳县",
    "枞阳县",
    "怀宁县",
    "太湖县",
    "宿松县",
    "望江县",
    "岳西县",
    "歙县",
    "来安县",
    "全椒县",
    "定远县",
    "凤阳县",
    "临泉县",
    "太和县",
    "阜南县",
    "颍上县",
    "砀山县",
    "萧县",
    "灵璧县",
    "泗县",
    "霍邱县",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Two notices, `{}` for the county: what each is called, and its buyer, sum and day."""

    now: str
    before: str
    buyers: tuple[str, str] = ("{}人民医院", "{}人民医院")
    sums: tuple[str, str] = ("100", "100")
    days: tuple[str, str] = ("", "")


def asked(*cases: Case) -> list[tuple[str, str]]:
    """Return the verdict on each newer notice beside the older ones and forty of others, and on what it rests."""
    others = [
        (f"{county}{thing}", f"{county}人民医院{thing}采购项目{TENDER}", f"{county}人民医院", sums, "")
        for sums, county in zip("12345678", OTHERS, strict=True)
        for thing in THINGS
    ]
    sides = [
        [
            (f"{at:02}", title.format(county), buyer.format(county), yuan, day)
            for at, (county, (title, buyer, yuan, day)) in enumerate(zip(COUNTIES, side, strict=False))
        ]
        for side in (
            [(one.now, one.buyers[0], one.sums[0], one.days[0]) for one in cases],
            [(one.before, one.buyers[1], one.sums[1], one.days[1]) for one in cases],
        )
    ]
    projects, archive = (pl.DataFrame(rows, schema=COLUMNS, orient="row") for rows in (sides[0], sides[1] + others))
    frame = screen(projects, archive).frame.sort("id")
    return [
        (verdict if found == name else "new", basis)
        for name, verdict, found, basis in frame.select("id", "verdict", "archive_id", "basis").rows()
    ]


def test_a_level_is_named_as_the_ledger_names_it():
    assert [level("place", said) for said in ("other province", "same city", "same county")] == [0, 3, 4]
    assert [level("owner", "same brand"), level("investment", "equal, precise")] == [2, 5]


def test_another_service_at_one_building_is_another_purchase():
    told = [
        ("设计", "监理", "follow-on"),
        ("勘察", "设计", "follow-on"),
        ("勘察设计", "设计", "repackaged"),  # one of the two is bought again
        ("监理", "监理", "repackaged"),
        ("", "监理", "repackaged"),  # that a notice does not say what it is for tells nothing
    ]
    names = [
        f"{{{{}}}}人民医院{building}大楼{{}}招标公告" for building in ("内镜中心", "康复", "儿科", "传染病", "体检")
    ]
    found = asked(
        *(
            Case(now=name.format(now), before=name.format(before))
            for name, (before, now, _) in zip(names, told, strict=True)
        )
    )
    assert [verdict for verdict, _ in found] == [verdict for *_, verdict in told]


def test_an_approval_stands_for_part_of_a_name():
    number = "(项目编号:2106-341723-04-01-123{})公开招标公告"
    shorter, longer = "{}人民医院内镜清洗消毒系统采购项目", "{}人民医院内镜清洗消毒系统及水箱采购项目"
    same, other = asked(
        *(
            Case(now=longer + number.replace("{}", ours), before=shorter + number.replace("{}", "018"))
            for ours in ("018", "019")
        )
    )
    assert same == ("repackaged", "buyer")
    assert other[0] != "repackaged"
    assert other[1] == "notices"


def test_a_service_of_every_year_is_bought_anew_at_the_turn_of_the_year():
    told = [
        (TENDER, TENDER, ("2024-02-12", "2023-12-10"), False),
        (TENDER, TENDER, ("2024-01-15", "2023-11-20"), False),
        ("中标结果公告", TENDER, ("2024-01-15", "2023-12-10"), False),
        (TENDER, TENDER, ("2023-04-12", "2023-03-10"), True),  # of one year
        (TENDER, "中标结果公告", ("2024-01-12", "2023-12-10"), True),  # the stages of one purchase
        ("采购意向公开", TENDER, ("2024-02-12", "2023-12-10"), True),
        ("流标公告", TENDER, ("2024-01-12", "2023-12-10"), True),
        (TENDER, "(第二次)公开招标公告", ("2024-02-12", "2023-12-10"), True),
        (f"(项目编号:QYZC-2023-031){TENDER}", f"(项目编号:QYZC-2023-031){TENDER}", ("2024-02-12", "2023-12-10"), True),
    ]
    things = ("物业管理", "保安", "医疗设备维保", "保洁", "被服洗涤", "职工体检", "绿化养护", "配送", "电梯维保")
    cases = [
        Case(
            now=f"{{}}第一中学{thing}服务项目{now}",
            before=f"{{}}第一中学{thing}服务项目{before}",
            buyers=("{}第一中学", "{}第一中学"),
            days=days,
        )
        for thing, (before, now, days, _) in zip(things, told, strict=True)
    ]
    assert asked(*cases) == [("repackaged" if same else "follow-on", "buyer") for *_, same in told]


def test_what_is_used_up_is_bought_again_within_a_year_unless_number_round_or_stage_tell():
    days = ("2024-04-20", "2024-03-20")
    things = ("疫苗", "药品", "医用耗材", "检验试剂", "办公用品", "食堂食材", "学生饮用奶")
    again = [
        Case(now=name, before=name, sums=(yuan, yuan), days=days)
        for at, thing in enumerate(things)
        for yuan in (("200", "187.36")[at % 2],)
        for name in (f"{{}}人民医院{thing}采购项目公开招标公告",)
    ]
    stages = [
        (TENDER, "中标公告"),
        (TENDER, "更正公告"),
        ("采购意向公开", TENDER),
        (TENDER, f"(二次){TENDER}"),
        (f"(项目编号:QYZC-2024-031){TENDER}", f"(项目编号:QYZC-2024-031){TENDER}"),
        (f"(QYZC2024-G3-990650){TENDER}", f"(QYZC2024-G3-990650){TENDER}"),
    ]
    others = ("流感疫苗", "肝素药品", "骨科耗材", "尿检试剂", "打印耗材", "大米")
    known = [
        Case(now=f"{{}}人民医院{thing}采购项目{now}", before=f"{{}}人民医院{thing}采购项目{before}", days=days)
        for thing, (before, now) in zip(others, stages, strict=True)
    ]
    found = asked(*again, *known)
    assert "repackaged" not in [verdict for verdict, _ in found[: len(again)]]
    assert found[len(again) :] == [("repackaged", "buyer")] * len(known)


def test_buildings_and_equipment_are_bought_once_whatever_the_buyer_is_called():
    days, institute = ("2024-02-12", "2023-12-10"), "{}药品检验研究院"
    names = "{}人民医院综合教学楼建设工程施工招标公告", f"{institute}液相色谱仪采购项目公开招标公告"
    renamed = Case(
        now="{}人民医院门诊综合楼工程施工招标公告",
        before="{}人民医院门诊楼建设项目施工招标公告",
        sums=("18736.2", "18736.2"),
    )
    turn = Case(now=names[0], before=names[0], days=days)
    drugs = Case(now=names[1], before=names[1], buyers=(institute, institute), days=("2024-04-20", "2024-03-20"))
    assert [verdict for verdict, _ in asked(renamed, turn, drugs)] == ["repackaged"] * 3


OFFICES = (
    "{}政府采购中心",
    "{}公共资源交易中心",
    "{}公共资源交易服务中心",
    "{}政务服务和公共资源交易管理办公室",
    "{}集中采购机构",
    "{}政府采购办公室",
    "{}机关事务集中采购服务中心",
    "{}政府采购管理中心",
    "{}华信招标代理有限公司",
    "Anhui Huaxin Tendering Co., Ltd.",
)


@pytest.mark.parametrize("title", ["{office}笔记本电脑采购项目公开招标公告", "{{}}笔记本电脑采购项目公开招标公告"])
def test_what_an_office_buys_for_others_twice_is_no_repeat(title):
    names = [(office, title.format(office=office)) for office in OFFICES]
    found = asked(
        *(
            Case(now=name, before=name, buyers=(office, office), days=("2024-04-20", "2024-03-20"))
            for office, name in names
        )
    )
    assert [told for told in found if told[0] == "repackaged" or told[1] in ("buyer", "notices")] == []


def test_a_hospital_that_buys_by_a_department_of_its_own_is_the_buyer():
    said = owners(plain(pl.Series(["CT机招标公告。建设单位:青阳县人民医院集中采购办公室。"])))
    assert said["span"].to_list() == ["青阳县人民医院集中采购办公室"]


PANELS = "{}屋顶分布式光伏发电项目组件采购招标公告"
NUMBERED = "{}渔光互补电站逆变器采购(二次)招标公告(项目编号:HFGF-2024-031)"
SUN, STAR = "{}晶耀新能源有限公司", "阳光新能源开发股份有限公司"
XINHUI, DAHUA, HOSPITAL = "Xinhui Engineering Co., Ltd.", "Dahua Construction Co., Ltd.", "Wuhu First People's Hospital"


def test_notices_in_the_same_words_need_an_owner_or_a_number_that_agrees():
    told = [
        (PANELS, ("", ""), "", False),
        (PANELS, ("", ""), "1800", False),
        (PANELS, (SUN, STAR), "1800", False),
        (PANELS, (SUN, SUN), "1800", True),
        (NUMBERED, (SUN, ""), "1800", True),
        ("Tender notice: refurbishment of the cooling towers of the Anqing power station", ("", ""), "1200", False),
        ("Tender notice: supply of switchgear to the Wuhu metro", (XINHUI, DAHUA), "1200", False),
        ("Tender notice: dredging of the Bengbu river port", (XINHUI, XINHUI), "1200", True),
        (f"{HOSPITAL} MRI scanner procurement tender notice", (HOSPITAL, HOSPITAL), "1200", True),
    ]
    found = asked(
        *(
            Case(
                now=title,
                before=title.replace("(二次)", ""),
                buyers=buyers,
                sums=(yuan, yuan),
                days=("2024-04-20", "2024-03-20"),
            )
            for title, buyers, yuan, _ in told
        )
    )
    assert [verdict == "repackaged" for verdict, _ in found] == [same for *_, same in told]


def test_a_second_round_of_one_title_in_one_county_needs_no_owner():
    names = {"now": "{}紫蓬山湿地修复(二次)招标公告", "before": "{}紫蓬山湿地修复招标公告"}
    assert asked(Case(**names, buyers=("", "")))[0][0] == "repackaged"


def test_the_ledger_says_that_like_words_alone_are_no_repeat():
    archive, project = (
        pl.DataFrame({"id": [name], "title": [PANELS.format("肥西县")], "公告日期": [day]})
        for name, day in (("a", "2024-03-20"), ("p", "2024-04-20"))
    )
    beside, _ = screen(project, archive).explain("p").sentences()
    assert "业主、编号和精确数字均无相符之处" in beside[0].zh
    assert "neither owner nor number" in beside[0].en
