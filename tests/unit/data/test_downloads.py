"""Downloads of official sources as packages; every file here is generated in the shape of the source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from called import called
from xlsxwriter import Workbook

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import connect, connectors, tables_by_name, units
from xinzhi.data.downloads import layouts

PWT = [
    "countrycode,country,currency_unit,year,rgdpna,emp,avh,hc,labsh,rnna,rkna,pop",
    "AAA,Alpha,Alpha Dollar,2016,90,10,2000,2,0.6,300,0.9,20",
    "AAA,Alpha,Alpha Dollar,2017,100,11,2000,2,0.6,310,1,20",
    "BBB,Beta,Beta Dollar,2016,NA,,,,,,,1",
    "BBB,Beta,Beta Dollar,2017,50,5,,2,0.5,100,1,9",
]
NBS = [
    "数据库：分省年度数据",
    "指标：地区生产总值(亿元)",
    "时间：最近2年",
    "地区,2023年,2022年",
    "北京市,43760.7,41540.9",
    "内蒙古自治区,24627,",
    "",
    "注：2023年为初步核算数。",
    "数据来源：国家统计局",
]
NATION = [
    "数据库：年度数据",
    "指标,2023年,2022年",
    "国内生产总值(亿元),1294271.7,1234029.4",
    "  第一产业增加值(亿元),89169.1,87116.6",
    "国内生产总值指数(上年=100),105.4,103.1",
    "年末总人口(万人),140967,141175",
    "居民消费水平(元),1,1",
    "数据来源：国家统计局",
]
WDI = [
    '"Data Source","World Development Indicators",',
    "",
    '"Last Updated Date","2025-01-28",',
    "",
    '"Country Name","Country Code","Indicator Name","Indicator Code","2019","2020",',
    '"Korea, Rep.","KOR","GDP (constant 2015 US$)","NY.GDP.MKTP.KD","1.6e12","",',
    '"Korea, Rep.","KOR","Population, total","SP.POP.TOTL","51764822","51836239",',
]
DATABANK = [
    "Country Name,Country Code,Series Name,Series Code,2019 [YR2019],2020 [YR2020]",
    "Korea,KOR,Gross fixed capital formation (current LCU),NE.GDI.FTOT.CN,6e14,..",
    ",,,,,",
    "Data from database: World Development Indicators,,,,,",
    "Last Updated: 10/24/2024",
]
OECD_HEAD = (
    "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,Reference area,TRANSACTION,Transaction,INSTR_ASSET,ACTIVITY,"
    "UNIT_MEASURE,PRICE_BASE,TRANSFORMATION,TIME_PERIOD,OBS_VALUE,UNIT_MULT,REF_YEAR_PRICE"
)
OECD_ROW = "DATAFLOW,OECD.SDD.NAD:DSD_NAMAIN10@DF_TABLE1(2.0),I,A,AUT,Austria,{}"
OECD = [
    OECD_HEAD,
    *(
        OECD_ROW.format(row)
        for row in (
            "B1GQ,Gross domestic product,_Z,_Z,XDC,V,N,2020,380888.5,6,",
            "B1GQ,Gross domestic product,_Z,_Z,XDC,L,N,2020,380888.5,6,2020",
            "B1GQ,Gross domestic product,_Z,_Z,XDC,L,G1,2020,-6.3,0,2020",
            "P51G,Gross fixed capital formation,N11G,_Z,XDC,V,N,2020,97000,6,",
            "P51G,Gross fixed capital formation,N111G,_Z,XDC,V,N,2020,20000,6,",
            "EMP,Total employment,_Z,_T,PS,_Z,N,2020,4480.5,3,",
            "EMP,Total employment,_Z,A,PS,_Z,N,2020,150,3,",
        )
    ),
]
KLEMS = [
    "nace_r2_code,geo_code,nace_r2_name,geo_name,var,year,value",
    *(
        f"{code},AT,{name},Austria,{var},{year},{value}"
        for code, name in (("TOT", "Total"), ("A", "Agriculture"), ("C", "Manufacturing"), ("C19", "Coke"))
        for var, year, value in (("VA_CP", 2015, 10), ("VA_Q", 2015, 11), ("CAP_QI", 2015, 100), ("CAP_QI", 2016, 103))
    ),
]
MADDISON = [
    "countrycode,country,region,year,gdppc,pop",
    "AFG,Afghanistan,South Asia,1,,3280",
    "AFG,Afghanistan,South Asia,1950,1156,8150",
]
BACI = ["t,i,j,k,v,q", "2023,156,842,10121,1.5,2", "2023,156,276,010129,2.5,NA", "2023,842,156,010121,7,1"]
ATLAS = [
    "country_id,country_iso3_code,product_hs92_code,year,export_value",
    "1,CHN,0101,2020,100",
    "1,CHN,101,2021,1000",
]
ROWS = {"pwt": PWT, "nbs": NBS, "world-bank": WDI, "oecd": OECD, "euklems": KLEMS, "maddison": MADDISON}
ROWS |= {"baci": BACI, "atlas": ATLAS, "yearbook": NBS}


def csv(folder, rows, name="download.csv", encoding="utf-8"):
    (folder / name).write_text("\n".join(rows) + "\n", encoding)
    return folder / name


def book(path, sheets):
    with Workbook(path) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for line, row in enumerate(rows):
                for place, value in enumerate(row):
                    if value not in {None, ""}:
                        sheet.write(line, place, value)
    return path


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return cell


def cells(package, table, *columns):
    return package.tables[table].select(columns).rows()


def rules(package, *severities):
    return {one.rule for one in package.findings if one.severity in severities}


@pytest.mark.parametrize("kind", [one.kind for one in connectors()])
def test_every_layout_reads_its_file_names_its_source_and_has_no_errors(tmp_path, kind):
    package = connect(kind, csv(tmp_path, ROWS[kind]))
    assert not rules(package, "error")
    about = next(one for one in connectors() if one.kind == kind)
    assert package.issued_by(["accounts"]) == about.issuer
    assert package.descriptor["sources"][0]["path"].startswith("https://")
    again = xinzhi.load(xinzhi.data.export(package, tmp_path / "out"))
    assert all(again.fingerprint(name) == package.fingerprint(name) for name in package.tables)
    assert again.issued_by(["accounts"]) == about.issuer


def test_penn_world_table(tmp_path):
    package = connect("pwt", csv(tmp_path, PWT))
    assert package.units["accounts"]["output_real"] == "1e8 USD at 2017 prices"
    assert package.units["accounts"]["capital_services"] == "index 2017=1"
    columns = ["region", "year", "output_real", "employment", "hours", "population"]
    assert cells(package, "accounts", *columns)[-1] == ("BBB", 2017, 0.5, 500.0, None, 900.0)
    assert package.tables["accounts"].height == 3  # a year without output is none
    assert cells(package, "regions", "region", "name_en") == [("AAA", "Alpha"), ("BBB", "Beta")]
    assert xinzhi.measure(package, "pwt-10.01").frame["tfp_growth"].is_not_null().sum() == 1


def test_a_workbook_with_covers_before_the_data(tmp_path):
    rows = [[number(cell) for cell in row.split(",")] for row in PWT]
    path = book(tmp_path / "pwt.xlsx", {"Info": [["Penn World Table"], ["a", "b"]], "Data": rows})
    assert connect("pwt", path).fingerprint("accounts") == connect("pwt", csv(tmp_path, PWT)).fingerprint("accounts")


def test_the_base_year_that_is_not_found_is_not_guessed(tmp_path):
    package = connect("pwt", csv(tmp_path, [row.replace(",1,20", ",1.1,20") for row in PWT[:3]]))
    assert package.units["accounts"]["output_real"] == "1e8 USD at constant prices"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_national_data_by_province(tmp_path, encoding):
    package = connect("nbs", csv(tmp_path, NBS, encoding=encoding))
    assert cells(package, "accounts", "region", "year", "output_nominal") == [
        ("110000", 2022, 41540.9),
        ("110000", 2023, 43760.7),
        ("150000", 2023, 24627.0),
    ]
    assert cells(package, "regions", "region", "name_zh")[0] == ("110000", "北京")


def test_an_old_workbook():
    """`nbs_export.xls` is generated, by xlwt 1.3.0: the format of Excel 97 to 2003."""
    package = connect("nbs", Path(__file__).parents[2] / "cases" / "data" / "nbs_export.xls")
    assert cells(package, "accounts", "region", "year", "output_nominal")[-1] == ("220000", 2023, 13531.2)


def test_national_data_of_the_nation(tmp_path):
    package = connect("nbs", csv(tmp_path, NATION, encoding="gb18030"))
    assert cells(package, "accounts", "region", "year", "output_real") == [
        ("nation", 2022, 1.0),
        ("nation", 2023, 1.054),
    ]
    assert cells(package, "sector_accounts", "sector", "year", "output_nominal")[1] == ("1", 2023, 89169.1)
    [left_out] = [one for one in package.findings if one.rule == "connector-unused"]
    assert "居民消费水平" in left_out.message.zh


def test_a_folder_is_read_together_and_units_are_made_one(tmp_path):
    csv(tmp_path, NBS, "a.csv", "gb18030")
    people = ["数据库：分省年度数据", "指标：年末常住人口(人)", "地区,2023年", "北京市,21858000"]
    csv(tmp_path, people, "b.csv")
    csv(tmp_path, ["指标：年末常住人口(万人)", "地区,2023年", "吉林省,2339"], "c.csv")
    package = connect("nbs", tmp_path)
    assert cells(package, "accounts", "region", "year", "population")[1] == ("110000", 2023, 2185.8)
    assert cells(package, "accounts", "region", "year", "population")[-1] == ("220000", 2023, 2339.0)


def test_two_downloads_that_contradict_each_other_are_an_error(tmp_path):
    csv(tmp_path, NBS, "old.csv")
    csv(tmp_path, [row.replace("43760.7", "49843.1") for row in NBS], "revised.csv")
    [found] = [one for one in connect("nbs", tmp_path).findings if one.rule == "connector-twice"]
    assert (found.severity, found.column, found.key) == ("error", "output_nominal", "110000/2023")


def test_the_nation_is_none_of_its_regions(tmp_path):
    csv(tmp_path, NBS, "a.csv")
    csv(tmp_path, NATION, "b.csv")
    package = connect("nbs", tmp_path)
    assert "nation" not in package.tables["accounts"]["region"].to_list()
    assert "connector-nation" in rules(package, "note")


@pytest.mark.parametrize(
    ("kind", "rows", "country", "group", "codes"),
    [
        ("world-bank", WDI, '"Korea, Rep.","KOR"', '"Group","{}"', ["WLD", "OED", "HIC", "EAS"]),
        ("oecd", OECD, ",AUT,Austria,", ",{},Group,", ["OECD", "EA20", "EU27_2020", "G7", "W", "DAE"]),
        ("euklems", KLEMS, ",AT,", ",{},", ["EU27_2020", "EA19", "EU"]),
    ],
)
def test_the_world_and_groups_of_countries_are_none_of_its_countries(tmp_path, kind, rows, country, group, codes):
    head = [row for row in rows if country not in row]
    groups = [row.replace(country, group.format(code)) for code in codes for row in rows if country in row]
    plain = connect(kind, csv(tmp_path, rows))
    package = connect(kind, csv(tmp_path, [*rows, *groups], "with groups.csv"))
    assert package.tables.keys() == plain.tables.keys()
    assert all(package.tables[name].equals(table) for name, table in plain.tables.items())
    [found] = [one for one in package.findings if one.rule == "connector-sums"]
    assert (found.severity, found.value) == ("note", str(len(codes)))
    assert all(min(codes) in found.text.lang(language) for language in ("zh", "en"))
    assert "connector-sums" not in rules(plain, "note")
    alone = connect(kind, csv(tmp_path, [*head, *groups], "groups alone.csv"))
    assert set(alone.tables["regions"]["region"]) == set(codes)


def test_a_city_is_not_taken_for_the_nation(tmp_path):
    rows = [
        "单位：亿元,,",
        "2022年主要城市,,",
        "地区,地区生产总值,第一产业",
        "长春市,7002,500",
        "吉林市,1500,300",
    ]
    with pytest.raises(InputError, match="none of the series"):
        connect("yearbook", csv(tmp_path, rows))
    with pytest.raises(InputError, match="none of the series"):
        connect("nbs", csv(tmp_path, ["指标：地区生产总值(亿元)", "地区,2023年", "长春市,7002"]))


def test_an_index_in_two_bases_is_not_mixed(tmp_path):
    rows = ["指标,2023年,2022年", "国内生产总值指数(上年=100),105.4,103.1", "国内生产总值指数(1978=100),4600,4400"]
    package = connect("nbs", csv(tmp_path, rows))
    assert rules(package, "warning") == {"connector-units"}
    assert package.tables["accounts"].height == 2


def test_yearbook_with_merged_headings(tmp_path):
    rows = [
        ["3-9  地区生产总值（2023年）"],
        ["", "", "", "", "单位：亿元"],
        ["地  区", "地区生产总值", "第二产业", "", "第三产业"],
        ["", "", "增加值", "工业", ""],
        ["全  国 National Total", 1294271.7, 475936.1, 412698, 729166.5],
        ["北  京 Beijing", 43760.7, 6525.6, 5000, 37129.6],
        ["黑龙江 Heilongjiang", 15883.9, 4291.3, 3500, 8068.8],
        ["注：本表按当年价格计算。"],
    ]
    package = connect("yearbook", book(tmp_path / "3-9.xlsx", {"3-9": rows}))
    assert cells(package, "accounts", "region", "year", "output_nominal") == [
        ("110000", 2023, 43760.7),
        ("230000", 2023, 15883.9),
    ]
    assert cells(package, "sector_accounts", "region", "sector", "output_nominal")[:2] == [
        ("110000", "2", 6525.6),
        ("110000", "3", 37129.6),
    ]


def test_yearbook_with_years_in_rows_or_in_headings(tmp_path):
    rows = [
        "2-2  人口数,,",
        ",,单位：万人",
        "年份,总人口(年末),城镇人口比重(%)",
        '2021,"141,260",64.72',
        "2022,141175,65.22",
    ]
    package = connect("yearbook", csv(tmp_path, rows))
    assert cells(package, "accounts", "year", "population", "urbanisation")[0] == (2021, 141260.0, 64.72)
    wide = [["2-6  年末人口"], ["单位：万人"], ["地 区", 2022, 2023], ["北 京", 2184, 2186], ["吉 林", 2348, 2339]]
    package = connect("yearbook", book(tmp_path / "2-6.xlsx", {"2-6": wide}))
    assert cells(package, "accounts", "region", "year", "population")[-1] == ("220000", 2023, 2339.0)


def test_world_development_indicators(tmp_path):
    package = connect("world-bank", csv(tmp_path, WDI))
    assert package.units["accounts"]["output_real"] == "1e8 USD at 2015 prices"
    assert cells(package, "accounts", "region", "year", "output_real", "population") == [
        ("KOR", 2019, 16000.0, 5176.4822),
        ("KOR", 2020, None, 5183.6239),
    ]
    databank = connect("world-bank", csv(tmp_path, DATABANK, "databank.csv"))
    assert cells(databank, "investment", "region", "year", "asset", "investment_nominal") == [
        ("KOR", 2019, "total", 6e6)
    ]


def test_oecd(tmp_path):
    package = connect("oecd", csv(tmp_path, OECD))
    columns = ["region", "year", "output_nominal", "output_real", "employment"]
    assert cells(package, "accounts", *columns) == [("AUT", 2020, 3808.885, 3808.885, 448.05)]
    assert cells(package, "investment", "investment_nominal") == [(970.0,)]
    assert package.units["accounts"]["output_real"] == "1e8 LCU at 2020 prices"


def test_sdmx_names_after_the_codes_of_headings(tmp_path):
    heads = {"REF_AREA": "REF_AREA: Reference area", "TIME_PERIOD": "TIME_PERIOD: Time period"}
    head = ",".join(heads.get(one, one) for one in OECD_HEAD.split(","))
    package = connect("oecd", csv(tmp_path, [head, *OECD[1:]]))
    assert package.tables["accounts"]["employment"].to_list() == [448.05]


def test_eu_klems(tmp_path):
    package = connect("euklems", csv(tmp_path, KLEMS))
    assert package.units["accounts"]["capital_services"] == "index 2015=1"
    assert package.tables["industry_accounts"]["industry"].unique().sort().to_list() == ["A", "C19"]
    assert package.tables["accounts"]["output_nominal"].to_list() == [0.1]


def test_maddison(tmp_path):
    package = connect("maddison", csv(tmp_path, MADDISON))
    assert cells(package, "accounts", "region", "year", "output_real", "population") == [("AFG", 1950, 94.214, 815.0)]


def test_trade(tmp_path):
    csv(tmp_path, ["country_code,country_name,country_iso3", "156,China,CHN"], "country_codes_V202501.csv")
    package = connect("baci", csv(tmp_path, BACI, "BACI_HS92_Y2023.csv"))
    exports = cells(package, "activity", "region", "industry", "year", "exports")
    assert exports == [("842", "0101", 2023, 7e-5), ("CHN", "0101", 2023, 4e-5)]
    assert connect("atlas", csv(tmp_path, ATLAS, "atlas.csv")).tables["activity"]["industry"].to_list() == [
        "0101",
        "0101",
    ]


@pytest.mark.parametrize(
    ("kind", "rows", "says", "zh"),
    [
        ("pwt", ["a,b", "1,2"], "It has the columns countrycode, country", "不是“佩恩世界表”的布局"),
        ("pwt", WDI, "like 'world-bank'", "像是“world-bank”"),
        ("world-bank", NATION, "like 'nbs'", "像是“nbs”"),
        ("nbs", ATLAS, "like 'atlas'", "像是“atlas”"),
        ("nbs", ["甲,乙", "丙,丁"], "headings found here", "不是“国家数据”的布局"),
        ("nbs", ["指标,2023年", "居民消费水平(元),1"], "none of the series", "没有“nbs”可读的指标"),
        ("world-bank", [*WDI[:5], '"Korea","KOR","Life","SP.DYN","1","2",'], "none of the series", "NY.GDP.MKTP.CN"),
        ("oecd", [""], "It has the columns REF_AREA", "不是“经合组织年度国民账户”的布局"),
    ],
)
def test_another_file_is_refused_in_both_languages(tmp_path, kind, rows, says, zh):
    with pytest.raises(InputError, match=says) as caught:
        connect(kind, csv(tmp_path, rows))
    assert zh in caught.value.lang("zh")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="nearest: maddison"):
        connect("madison", tmp_path)
    for place in (tmp_path, tmp_path / "no.csv"):
        with pytest.raises(InputError, match="there is no file"):
            connect("pwt", place)


def test_a_cell_that_is_no_number_keeps_its_line(tmp_path):
    package = connect("pwt", csv(tmp_path, [*PWT[:2], PWT[2].replace(",11,", ",about 11,")]))
    [found] = [one for one in package.findings if one.rule == "text-in-number"]
    assert (found.file, found.line, found.value) == ("download.csv", 3, "about 11")


@pytest.mark.parametrize("kind", list(ROWS))
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"a" * 200_000 + b",b\n1,2\n", b'"', b"\n\n", b",,,\n,,\n"])
def test_odd_bytes_are_refused_in_words(tmp_path, kind, data):
    (tmp_path / "odd.csv").write_bytes(data)
    with pytest.raises((InputError, UsageError)):
        connect(kind, tmp_path / "odd.csv")


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [("baci", ",2.5,", ",much,"), ("maddison", ",1156,", ",much,"), ("oecd", "97000,6", "much,6")],
)
def test_a_word_among_figures_that_are_computed_with_is_named(tmp_path, kind, old, new):
    rows = [row.replace(old, new) for row in ROWS[kind]]
    [found] = [one for one in connect(kind, csv(tmp_path, rows)).findings if one.severity == "error"]
    assert (found.rule, found.value) == ("text-in-number", "much")


def test_every_column_of_the_layouts_is_known():
    known = tables_by_name()
    for kind, about in layouts().items():
        for table, how in about["tables"].items():
            named = {column for column, source in how["columns"].items() if source or source == {}}
            assert named | set(how["key"]) <= set(known[table].columns), (kind, table)


def test_every_unit_of_the_layouts_is_known():
    for kind in layouts().values():
        for about in kind["tables"].values():
            for how in about["columns"].values():
                if how and "unit" in how and how["unit"] != "{unit}":
                    units.parse(how["unit"].format(base=2015))


def test_the_command_line(tmp_path):
    path = csv(tmp_path, NBS, encoding="gb18030")
    done = called("data", "import", "nbs", str(path), "--out", str(tmp_path / "mine"), "--lang", "zh")
    assert done.returncode == 0, done
    assert "来源：国家统计局" in done.stdout
    assert xinzhi.load(tmp_path / "mine").tables["accounts"].height == 3
    listed = json.loads(called("data", "import", "--list", "--json").stdout)
    assert [one["kind"] for one in listed] == [one.kind for one in connectors()]
    assert called("data", "import", "pwt", str(path), "--out", str(tmp_path / "no")).returncode == 3
    assert called("data", "import", "nbs", str(path), "--out", str(tmp_path / "mine")).returncode == 2
    assert called("data", "import", "nbs").returncode == 2
