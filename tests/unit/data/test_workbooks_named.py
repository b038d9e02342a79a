"""A workbook of an office with Chinese headings: findings name the sheet, and which column each heading is."""

from __future__ import annotations

import polars as pl
from xlsxwriter import Workbook

import xinzhi


def test_findings_of_a_workbook_name_the_sheet_and_the_column(tmp_path):
    path = tmp_path / "本省.xlsx"
    frame = pl.DataFrame({"地区": ["吉林"], "年份": [2020], "地区生产总值（亿元）": [1.0]})
    with Workbook(path) as book:
        frame.write_excel(book, worksheet="accounts")
    found = {one.column: one for one in xinzhi.load(path).findings if one.rule == "unknown-column"}
    assert {name: one.expected for name, one in found.items()} == {
        "地区": "region",
        "年份": "year",
        "地区生产总值（亿元）": "output_nominal",
    }
    assert found["地区"].where("zh") == "本省.xlsx，工作表“accounts”，第1行，“地区”列"
    assert found["地区"].where("en") == "本省.xlsx, sheet 'accounts', line 1, column '地区'"
