"""No text of a CSV file is a formula to a spreadsheet, and all come back as they were."""

from __future__ import annotations

import csv

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzhi.core.formulas import escape_formulas, unescape_formulas
from xinzhi.data import load
from xinzhi.report.export import write_csv

SIGNS = ("=", "+", "-", "@", "\t", "\r")
TEXTS = st.one_of(st.text(), st.text(alphabet="'=+-@\t\r1.5%a"), st.none())


@given(st.lists(TEXTS, min_size=1))
def test_texts_come_back(texts):
    frame = pl.DataFrame(
        {"text": texts, "number": [-1.5] * len(texts)}, schema={"text": pl.String, "number": pl.Float64}
    )
    safe = escape_formulas(frame)
    assert unescape_formulas(safe).equals(frame)
    assert safe["number"].equals(frame["number"])
    for one in safe["text"].drop_nulls():
        assert (
            not one.startswith(SIGNS)
            or one.strip("+-").replace(".", "").replace(",", "").rstrip("%").isdecimal()
            or len(one) == 1
        )


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "'=1"])
def test_a_formula_is_a_text(tmp_path, text):
    write_csv(
        pl.DataFrame({"name": [text, "Jilin"], "shares": [[text], ["a", "b"]], "value": [-1.5, 2.0]}),
        tmp_path / "a.csv",
    )
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as content:
        rows = list(csv.reader(content))
    assert rows[1] == [f"'{text}", f"'{text}", "-1.5"]
    assert rows[2] == ["Jilin", "a;b", "2.0"]


@pytest.mark.parametrize("text", ["-5", "+3.2", "-12.5%", "-", "1e-5", "吉林", ""])
def test_numbers_and_other_texts_stay(text):
    frame = pl.DataFrame({"text": [text]})
    assert escape_formulas(frame).equals(frame)


def test_lists_of_numbers_stay(tmp_path):
    write_csv(pl.DataFrame({"list": [[-0.5, 1.0]]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == "-0.5;1.0"


def test_a_frame_without_texts():
    frame = pl.DataFrame({"a": [1]})
    assert escape_formulas(frame).equals(frame)
    assert unescape_formulas(frame).equals(frame)


def test_a_package_comes_back(tmp_path):
    from dataclasses import replace

    from xinzhi.data import export

    package = load("china-provinces")
    names = package.tables["regions"].with_columns(name_en=pl.lit("=") + pl.col("name_en"))
    odd = replace(package, tables={"regions": names})
    made = export(odd, tmp_path / "odd")
    assert ",'=" in (made / "regions.csv").read_text(encoding="utf-8")
    assert load(made).tables["regions"].equals(names)
