"""Which notices of a purchase are told as one purchase, as the next one, or not at all; texts made up."""

from __future__ import annotations

import polars as pl
import pytest

from xinzhi.risks import screen
from xinzhi.risks.projects.comparison import level

COLUMNS = ["id", "title", "采购人", "预算金额(万元)", "公告日期"]
COUNTIES = ("石台县", "泾县", "绩溪县", "旌德县", "郎溪县", "黟县", "祁门县", "休宁县")
THINGS = ("数字化工作站", "查房推车", "水处理设备", "智能药柜", "病床")


def asked(
    now: str,
    before: str,
    *,
    buyers: tuple[str, str] = ("青阳县人民医院", "青阳县人民医院"),
    sums: tuple[str, str] = ("100", "100"),
    days: tuple[str, str] = ("", ""),
) -> tuple[str, str]:
    """Return the verdict on a notice beside an archived one among forty of others, and on what it rests."""
    others = [
        (f"b{at}{number}", f"{county}人民医院{thing}采购项目公开招标公告", f"{county}人民医院", f"{107 + 31 * at}",
         "")
        for at, county in enumerate(COUNTIES) for number, thing in enumerate(THINGS)
    ]  # fmt: skip
    (mine, theirs), (sum_now, sum_before), (day_now, day_before) = buyers, sums, days
    archive = pl.DataFrame([("a", before, theirs, sum_before, day_before), *others], schema=COLUMNS, orient="row")
    project = pl.DataFrame([("p", now, mine, sum_now, day_now)], schema=COLUMNS, orient="row")
    verdict, found, basis = screen(project, archive).frame.select("verdict", "archive_id", "basis").row(0)
    return verdict if found == "a" else "new", basis


def test_a_level_is_named_as_the_ledger_names_it():
    assert [level("place", said) for said in ("other province", "same city", "same county")] == [0, 3, 4]
    assert [level("owner", "same brand"), level("investment", "equal, precise")] == [2, 5]


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("设计", "监理", False),
        ("勘察", "设计", False),
        ("勘察设计", "设计", True),  # one of the two is bought again
        ("监理", "监理", True),
        ("", "监理", True),  # that a notice does not say what it is for tells nothing
    ],
)
def test_another_service_at_one_building_is_another_purchase(before, now, same):
    name = "青阳县人民医院内镜中心大楼{}招标公告"
    told = asked(name.format(now), name.format(before))
    assert (told[0] == "repackaged") == same
    assert (told[0] == "follow-on") != same


@pytest.mark.parametrize(("ours", "theirs", "basis"), [("018", "018", "buyer"), ("018", "019", "notices")])
def test_an_approval_stands_for_part_of_a_name(ours, theirs, basis):
    number = "(项目编号:2106-341723-04-01-123{})"
    before = f"青阳县人民医院内镜清洗消毒系统采购项目{number.format(theirs)}公开招标公告"
    longer = f"青阳县人民医院内镜清洗消毒系统及水箱采购项目{number.format(ours)}公开招标公告"
    verdict, found = asked(longer, before)
    assert found == basis
    assert (verdict == "repackaged") == (basis == "buyer")
