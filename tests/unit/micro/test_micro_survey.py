from __future__ import annotations

import polars as pl
import pytest

from xinzhi import micro
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro import internal

pytestmark = pytest.mark.filterwarnings("error")

# what a firm makes, its code by the editions of 1994, 2002 and 2011, and its division in that of 2017
MAKERS = {
    "coal": ("0610", "0610", "0610", "06"),
    "other mining": ("1100", "1100", "1200", "12"),
    "food": ("1411", "1411", "1411", "14"),
    "fibres": ("2820", "2820", "2821", "28"),
    "rubber": ("2910", "2911", "2911", "29"),
    "plastics": ("3010", "3010", "2921", "29"),
    "cement": ("3111", "3111", "3011", "30"),
    "steel": ("3220", "3220", "3120", "31"),
    "copper": ("3311", "3311", "3211", "32"),
    "tools": ("3421", "3421", "3321", "33"),
    "pumps": ("3541", "3541", "3441", "34"),
    "machines for mines": ("3611", "3611", "3511", "35"),
    "cars": ("3721", "3721", "3610", "36"),
    "trains": ("3711", "3711", "3711", "37"),
    "motors": ("4012", "3912", "3812", "38"),
    "telephones": ("4113", "4013", "3922", "39"),
    "meters": ("4211", "4111", "4011", "40"),
    "carpets": ("4314", "4216", "2437", "24"),
    "umbrellas": ("4352", "4222", "4119", "41"),
    "power": ("4411", "4411", "4411", "44"),
    "water": ("4610", "4610", "4610", "46"),
}


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_firm_stays_in_its_industry_when_the_codes_change(tmp_path, name):
    *codes, division = MAKERS[name]
    years = ((1998, codes[0]), (2002, codes[0]), (2003, codes[1]), (2012, codes[1]), (2013, codes[2]))
    for year, code in years:
        rows = {"法人代码": ["A1"], "行业代码": [code], "工业增加值": [5.0]}
        pl.DataFrame(rows).write_parquet(tmp_path / f"工业企业{year}.parquet")
    held = micro.read_survey(tmp_path)
    told = held.engine.collect(held.table.select("year", "industry").order_by("year"))
    assert told["industry"].to_list() == [division] * 5


def test_what_was_one_and_is_several_or_is_gone_has_a_place(tmp_path):
    rows = {
        "法人代码": ["waste", "office machines", "weapons", "cars, division alone"],
        "年份": [2005, 2005, 2001, 2001],
        "行业代码": ["4310", "4154", "3900", "37"],
        "工业增加值": [1.0] * 4,
    }
    pl.DataFrame(rows).write_parquet(tmp_path / "all.parquet")
    held = micro.read_survey(tmp_path)
    told = dict(held.engine.collect(held.table.select("firm", "industry")).iter_rows())
    assert told == {"waste": "42", "office machines": "34", "weapons": "33", "cars, division alone": "37"}


def test_codes_that_years_write_in_other_ways_are_the_same(tmp_path):
    rows = [
        ("letter", "C1320", "吉林省", "国有企业", "13", "220000", "state"),
        ("zero lost", "610", "220102", "110", "06", "220000", "state"),
        ("zero lost, two digits kept", "610.0", "22", "私营有限责任公司", "06", "220000", "private"),
        ("three digits", "131", "内蒙古自治区", "173", "13", "150000", "private"),
        ("one digit", "6", "220102", "合资经营企业(港或澳,台资)", "06", "220000", "hong-kong-macao-taiwan"),
        ("one digit, a number", "6.0", "22", "合作经营企业（港或澳、台资）", "06", "220000", "hong-kong-macao-taiwan"),
        ("words", "食品加工", "某地", "不详", "", "", ""),
    ]
    names = ["法人代码", "行业代码", "省地县码", "登记注册类型"]
    frame = pl.DataFrame([row[:4] for row in rows], schema=names, orient="row")
    frame.with_columns(年份=pl.lit(2015), 工业增加值=pl.lit(5.0)).write_parquet(tmp_path / "all.parquet")
    held = micro.read_survey(tmp_path)
    told = held.engine.collect(held.table.select("firm", "industry", "region", "ownership"))
    assert sorted(told.rows()) == sorted((row[0], *row[4:]) for row in rows)
    blank = {one.column for one in held.findings if one.rule == "missing"}
    assert {"行业代码", "省地县码", "登记注册类型"} <= blank
    strange = {one.column: one.sentence("en") for one in held.findings if one.rule == "strange-code"}
    assert set(strange) == {"行业代码", "省地县码", "登记注册类型"}
    assert "code not recognised, e.g. 食品加工" in strange["行业代码"]
    told = micro.read_survey(tmp_path, least=2).findings
    assert not [one for one in told if one.rule == "strange-code"]  # an entry of one row is not told


HEAD = "法人代码,年份,行业代码,工业增加值,固定资产净值,从业人员年平均人数"
ROWS = ["00001,2003,4061,5.5,10,3", "00002,2003,4061,-,12,4", '00003,2003,4061,"1,234",12,4', "00004,2003,4061,,12,4"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_cell_that_is_no_number_is_missing_and_told_with_file_line_and_column(tmp_path, encoding, end):
    path = tmp_path / "规上工业.csv"
    path.write_bytes(end.join([HEAD, *ROWS, ""]).encode(encoding))
    held = micro.read_survey(path, encoding=None if encoding.startswith("utf-8") else encoding)
    told = held.engine.collect(held.table.select("firm", "output", "capital").order_by("firm"))
    assert told.rows() == [("00001", 5.5, 10.0), ("00002", None, 12.0), ("00003", None, 12.0), ("00004", None, 12.0)]
    first = held.findings[0]
    assert (first.rule, first.file, first.line, first.column) == ("unreadable-at", "规上工业.csv", 3, "工业增加值")
    assert "2个单元格不是数值" in first.sentence("zh")
    assert "2 cells hold no number" in first.sentence("en")
    assert [(one.rule, one.column) for one in held.findings[1:]] == [("missing", "工业增加值")]


def test_a_file_in_another_encoding_is_refused_with_line_encoding_and_cure(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("firm,year,output\n1,2003,5\n企业,2003,6".encode("gb18030"))
    for read in (micro.panel, micro.read_survey):
        with pytest.raises(InputError) as error:
            read(path)
        assert "a.csv, line 3: the file is not in UTF-8 (its bytes read as GB18030)" in error.value.lang("en")
        assert "a.csv，第3行" in error.value.lang("zh")
        assert "encoding: gb18030" in error.value.lang("zh")
    assert micro.panel(path, encoding="gbk").rows["rows"].to_list() == [2]
    with pytest.raises(InputError, match=r"a.csv, line 3: the file is neither UTF-8 nor ascii"):
        micro.panel(path, encoding="ascii")
    with pytest.raises(UsageError, match="is not the name of an encoding"):
        micro.panel(path, encoding="chinese-ish")


def test_a_row_of_another_length_is_named_and_no_cell_of_it_is_told(tmp_path):
    path = tmp_path / "a.csv"
    for at, row in ((3, "SECRET,2003"), (30_003, "SECRET,2003,5,6")):
        path.write_text("\n".join(["firm,year,output", *["1,2003,5"] * (at - 2), row, ""]), encoding="utf-8")
        with pytest.raises(InputError) as error:
            micro.panel(path, duplicates="unchecked")
        assert f"a.csv, line {at}: 3 columns are expected, {row.count(',') + 1} are there" in error.value.lang("en")
        assert "SECRET" not in error.value.lang("en") + repr(error.value.__cause__)


def test_a_column_without_any_number_is_refused_and_a_file_without_header_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("firm,year,output\n1,2003,much\n2,2003,\n", encoding="utf-8")
    with pytest.raises(InputError, match="'output' should hold numbers"):
        micro.panel(path)
    path.write_text("\n1,2003,5\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a.csv: the first line should name the columns"):
        micro.panel(path)
    path.write_text("企业,产值\n1,5\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        micro.read_survey(path)
    assert "a.csv缺少列firm、year" in error.value.lang("zh")


def test_files_with_other_columns_are_one_table(tmp_path):
    (tmp_path / "2003.csv").write_text("firm,year,output\n007,2003,5\n", encoding="utf-8")
    (tmp_path / "2004.csv").write_text("year;output;wages;firm\n2004;6;2;007\n", encoding="utf-8")
    held = micro.panel(tmp_path)
    told = held.engine.collect(held.table.select("firm", "year", "output", "wages").order_by("year"))
    assert told.rows() == [("007", 2003, 5.0, None), ("007", 2004, 6.0, 2.0)]


def test_persons_and_wages_are_read_by_the_names_that_offices_give_them():
    named = internal.survey_columns(["企业代码", "年份", "从业人数", "工资"])
    assert (named["labour"], named["wages"]) == ("从业人数", "工资")


def test_what_no_column_was_read_as_is_told_with_its_names_and_the_columns_left_over(tmp_path):
    rows = {
        "法人代码": ["A1"],
        "年份": [2003],
        "行业代码": ["1310"],
        "工业增加值": [5.0],
        "固定资产净值": [1.0],
        "人手": [3.0],
    }
    pl.DataFrame(rows).write_parquet(tmp_path / "all.parquet")
    said = {one.column: one for one in micro.read_survey(tmp_path).findings if one.rule == "not-read"}
    assert set(said) == {"labour", "wages"}
    assert "未读的列：人手" in said["labour"].sentence("zh")
    assert "从业人数" in said["labour"].sentence("en")
    pl.DataFrame(rows).drop("人手").write_parquet(tmp_path / "all.parquet")
    assert not [one for one in micro.read_survey(tmp_path).findings if one.rule == "not-read"]
