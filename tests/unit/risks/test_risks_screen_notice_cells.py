"""Days, editions, periods and sums of the notices of public buyers, as cells and texts write them; texts made up."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.risks.projects import notices
from xinzhi.risks.projects.owners import owners
from xinzhi.risks.projects.quantities import extract, plain
from xinzhi.risks.projects.reading import library
from xinzhi.risks.projects.records import read


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-03-20", "2024-03-20"),
        ("2024/3/20 0:00", "2024-03-20"),
        ("2024.03.20", "2024-03-20"),
        ("2024-03-20T09:00:00.000", "2024-03-20"),
        ("2024年3月20日", "2024-03-20"),
        ("2024 年 3 月 20 日", "2024-03-20"),
        ("2024年12月2", "2024-12-02"),
        ("20240320", "2024-03-20"),
        ("20240320090000", "2024-03-20"),
        ("二〇二四年三月二十日", "2024-03-20"),
        ("二零二四年十二月三十一日", "2024-12-31"),
        ("45000", "2023-03-15"),
        ("45000.375", "2023-03-15"),
        *((other, None) for other in ("2024-12", "2024年12月", "2024.12", "202412", "2024-0320", "2024-03/20", "300")),
        *((other, None) for other in ("01/03/2024", "20240231", "2024-13-20", "见公告", "2024")),
    ],
)
def test_a_day_is_read_where_a_whole_one_is_written(written, day):
    texts = plain(pl.Series([f"水厂。总投资300万元。公告日期:{written}。占地20亩。"]))
    found, rest = notices.notice_days(texts)
    assert int(found[0]) == (int(np.datetime64(day).astype(int)) if day else 0)
    # the sums stay, and the day is none
    assert rest.to_list() == ["水厂。总投资300万元。占地20亩。"]
    record = read(texts)
    assert np.flatnonzero(np.isfinite(record.figure[0])).size == 2
    assert record.years.tolist() == [[0, 0]]


def test_a_day_in_running_text_takes_no_sum_with_it():
    texts = plain(pl.Series(["水厂。公告日期：2024-03-20，总投资300万元。"]))
    assert notices.notice_days(texts)[1].to_list() == ["水厂。总投资300万元。"]


@pytest.mark.parametrize(
    ("head", "edition"),
    [
        ("2023-2024学年牛奶", (2023, 0)),
        ("2023/2024供暖", (2023, 0)),
        ("2023—24年度供暖", (2023, 0)),
        ("二〇二四年供暖", (2024, 0)),
        ("第一季度抽检", (0, 13)),
        ("2024年三季度抽检", (2024, 15)),
        ("上半年牛奶", (0, 17)),
        ("2024年3月抽检", (2024, 3)),
        ("2024年十二月抽检", (2024, 12)),
        ("十月份抽检", (0, 10)),
        ("3个月抽检", (0, 0)),
        ("AHQY-2024-018内镜", (0, 0)),
    ],
)
def test_the_year_in_a_name_and_the_part_of_it_are_read(head, edition):
    assert tuple(notices.editions(pl.Series([head]))[0].tolist()) == edition


@pytest.mark.parametrize(
    ("heading", "cell", "yuan"),
    [
        ("预算金额(万元)", "187.36", 1_873_600),
        ("预算金额", "1873600", 1_873_600),
        ("采购预算（元）", "1873600", 1_873_600),
        ("最高限价(万元)", "187.36万元", 1_873_600),
        ("控制价", "187.36万元", 1_873_600),
        ("中标金额(元)", "1873600", 1_873_600),
        ("成交金额（万元）", "187.36", 1_873_600),
        ("合同金额", "1873600.00", 1_873_600),
        ("总投资(万元)", "1873600元", 1_873_600),
    ],
)
def test_columns_of_sums_are_read_with_their_unit_and_role(heading, cell, yuan):
    found = library(pl.DataFrame({"id": ["a"], "title": ["内镜采购公告"], heading: [cell]}), "projects")
    quantities = extract(plain(found.frame["text"]))
    money = quantities.filter(pl.col("kind") == "money")
    assert money["value"].to_list() == pytest.approx([yuan])
    assert money["role"].to_list() == ["investment" if "投资" in heading else "tender"]
    assert read(found.frame["text"]).number[0, 0] == pytest.approx(yuan)
    told = [one.rule for one in found.findings]
    assert ("sum-in-yuan" in told) == (heading in ("预算金额", "合同金额"))
    assert "sum-not-read" not in told


def test_a_column_of_sums_that_is_not_read_is_named():
    table = pl.DataFrame({"id": ["a"], "title": ["内镜采购公告"], "资金预算数": ["180"], "联系电话": ["180"]})
    found = [one for one in library(table, "projects").findings if one.rule == "sum-not-read"]
    assert [one.column for one in found] == ["资金预算数"]
    assert "金额" in found[0].sentence("zh")
    assert "not read" in found[0].sentence("en")


def test_cells_that_name_no_day_are_counted():
    days = ["2024-03-20", "01/03/2024", "2024-12", "", "45000"]
    table = pl.DataFrame({"id": [*"abcde"], "title": ["内镜采购公告"] * 5, "公告日期": days})
    found = [one for one in library(table, "projects").findings if one.rule == "no-day"]
    assert len(found) == 1
    assert "2个值" in found[0].sentence("zh")
    assert "2 cells" in found[0].sentence("en")
    assert not [one for one in library(table.head(1), "projects").findings if one.rule == "no-day"]


def test_a_buyer_with_a_number_is_read():
    said = owners(
        plain(pl.Series(["中国人民解放军第902医院核素成像仪公开招标公告。", "水厂。建设单位:解放军第902医院。"]))
    )
    assert said.sort("row")["span"].to_list() == ["中国人民解放军第902医院", "解放军第902医院"]
