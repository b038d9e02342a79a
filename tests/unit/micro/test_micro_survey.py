from __future__ import annotations

import polars as pl
import pytest

from xinzhi import micro

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
