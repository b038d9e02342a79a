"""What is read of project texts: quantities, places, owners, words; reference values by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from read_projects import levels, quantities

from xinzhi.risks import screen
from xinzhi.risks.projects import notices
from xinzhi.risks.projects import owners as naming
from xinzhi.risks.projects.comparison import cosines
from xinzhi.risks.projects.index import build
from xinzhi.risks.projects.owners import owners, syllables_of
from xinzhi.risks.projects.places import city_of, code_of, name_of, places
from xinzhi.risks.projects.quantities import numeral_value, plain
from xinzhi.risks.projects.reading import library
from xinzhi.risks.projects.records import NUMBERS, read
from xinzhi.risks.projects.vocabulary import approvals, find_words, labels, lower, phases, tokenise, without_buzzwords

MU = 2000 / 3


@pytest.mark.parametrize(
    ("text", "kind", "role", "value"),
    [
        ("总投资12.5亿元", "money", "investment", 1.25e9),
        ("计划总投资 125,000 万元", "money", "investment", 1.25e9),
        ("总投资为人民币１２５０００万元", "money", "investment", 1.25e9),
        ("with a total investment of CNY 1.25 billion", "money", "investment", 1.25e9),
        ("1.25 billion yuan of capital", "money", "-", 1.25e9),
        ("年产值30亿元", "money", "turnover", 3e9),
        ("US$3 million", "dollars", "-", 3e6),
        ("占地320亩", "area_land", "land", 320 * MU),
        ("占地三百二十亩", "area_land", "land", 320 * MU),
        ("covers 320 mu", "area_land", "land", 320 * MU),
        ("用地规模21.3公顷", "area_land", "land", 213_000),
        ("总建筑面积5.6万㎡", "area", "floor", 56_000),
        ("floor area of 56,000 m²", "area", "floor", 56_000),
        ("规划面积2.5平方公里", "area_land", "-", 2.5e6),
        ("年产10万吨", "mass", "capacity", 1e5),
        ("annual output of 100,000 t/a", "mass", "capacity", 1e5),
        ("日处理污水5万吨", "mass_day", "capacity", 5e4),
        ("5万吨/日", "mass_day", "-", 5e4),
        ("2×350MW机组", "power", "-", 7e8),
        ("装机20万千瓦", "power", "capacity", 2e8),
        ("产能20GWh", "energy", "capacity", 2e10),
        ("全长32.5公里", "length", "length", 32_500),
        ("3000余万元", "money", "-", 3e7),
        ("2023年", "year", "-", 2023),
        ("2022.08", "year", "-", 2022),
        ("总投资6.8亿", "money", "investment", 6.8e8),
        ("总投资四亿二千万元", "money", "investment", 4.2e8),
        ("花费估计接近九个亿", "money", "investment", 9e8),
        ("投资三亿左右", "money", "investment", 3e8),
        ("一万二千平方米", "area", "-", 12_000),
        ("110千伏", "voltage", "-", 110_000),
        ("500千瓦", "power", "-", 500_000),
        ("20,000 kL", "volume", "-", 20_000),
        ("a 12,000-ton store", "mass", "-", 12_000),
        ("twenty-four thousand tons", "mass", "-", 24_000),
        ("80 tons daily", "mass_day", "-", 80),
        ("规模每天3万立方米", "mass_day", "capacity", 3e4),
        ("60吨/小时", "mass_hour", "-", 60),
        ("3000吨级", "class", "-", 3000),
        ("现有8万吨", "mass", "other", 8e4),
    ],
)
def test_quantities_are_read_in_base_units(text, kind, role, value):
    found = quantities(text)
    assert found.height == 1
    assert found.select("kind", "role").row(0) == (kind, role)
    assert found["value"][0] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("text", ["总投资XX亿元", "总投资1X.5亿元", "投资□□万元", "若干亩", "增长12%", "一座泵站"])
def test_what_is_no_quantity_is_not_read(text):
    assert quantities(text).is_empty()


def test_significant_digits_tell_precise_from_round():
    assert quantities("12.50亿元、125000万元、300亩")["digits"].to_list() == [3, 3, 1]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("千万", None),
        ("一百二十万", 1.2e6),
        ("三点五亿", 3.5e8),
        ("十", 10),
        ("二十", 20),
        ("三百零五", 305),
        ("一千二百", 1200),
        ("两", 2),
        ("零", 0),
    ],
)
def test_chinese_numerals(word, value):
    assert numeral_value(word) == value


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("合肥市肥西县", [340123]),
        ("安徽省合肥市", [340100]),
        ("安徽", [340000]),
        ("昆山", [320583]),
        ("北京市朝阳区", [110105]),
        ("阿拉善盟阿拉善右旗", [152922]),
        ("徐州市鼓楼区", [320302]),
        ("鼓楼区", []),
        ("Feixi County, Hefei, Anhui Province", [340123]),
        ("sited in Xi'an", [610100]),
        ("Suzhou, Anhui", [341300]),
        ("Suzhou, Jiangsu", [320500]),
        ("in Inner Mongolia", [150000]),
        ("没有地名", []),
        ("战略合作，高密度电路板，房亭河北支，米仓山南麓", []),
        ("徐州市工业园东区", [320300]),
        ("攀枝花市东区", [510402]),
        ("Xiaoting Chemical Park, Yichang", [420505]),
        ("Xiaoting Chemical Park", []),
        ("杨凌示范区", [610403]),
        ("工布江达水电站", [540421]),
        ("位于平潭敖东片区", [350128]),
        ("项目选址在凤翔柳林镇", [610305]),
        ("肥西污水处理厂", [340123]),
        ("新建污水处理厂", []),
        ("Longkou, Shandong", [370681]),
        ("Korla City, Xinjiang", [652801]),
        ("Power, Shandong", [370000]),
        ("铁岭市开原风电场", [211282]),  # and not 铁岭县, which begins alike
        ("楚雄禄丰市土官镇", [532302]),
        ("铁岭风电场", [211200]),
        ("济南市历下区、市中区", [370102, 370103]),
        ("察右后旗土牧尔台镇", [150928]),
        ("厂址在池州东至", [341721]),
        ("在安徽省东至的工厂", [341721]),
        ("由东至经开区上报", [341721]),
        ("济南市中心医院", [370100]),
        ("青海互助合作社", [630223]),
    ],
)
def test_places(text, codes):
    assert [int(code) for code in places(pl.Series([text]))[0] if code] == codes


def test_a_region_beside_the_text_counts_and_unknown_ones_do_not():
    found = places(pl.Series(["水厂", "水厂", "水厂"]), pl.Series(["340123", "34", "999999"]))
    assert found[:, 0].tolist() == [340123, 340000, 0]
    assert code_of(pl.Series(["3401", "x", None])).to_list() == [340100, 0, 0]
    assert name_of(340123) == ("合肥市肥西县", "Feixi, Hefei")


def test_every_place_has_a_name_a_code_of_its_province_and_a_romanisation():
    from xinzhi.risks.projects.conventions import places_table

    table = places_table()
    assert table.height > 2800
    assert table["code"].is_unique().all()
    assert table["code"].str.contains(r"^[1-6]\d{5}$").all()
    assert table["roman"].str.contains(r"^[A-Z][a-zü']+$").all()
    assert table.filter(pl.col("code").str.ends_with("00")).height == 333


def test_municipalities_are_their_own_city():
    assert city_of(np.array([110105, 500101, 340123, 340000])).tolist() == [110000, 500000, 340100, 0]


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("由合肥鑫辉新能源科技有限公司投资建设", "xinhui"),
        ("建设单位：安徽省合肥市鑫辉材料股份有限公司", "xinhui"),
        ("built by Hefei Xinhui New Energy Technology Co., Ltd.", "xinhui"),
    ],
)
def test_brands_sound_alike_in_both_languages(text, brand):
    assert owners(plain(pl.Series([text])))["brand"].to_list() == [brand]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("项目公司为普宁市洁源环保电力有限公司", "普宁市洁源环保电力有限公司"),
        ("以上为沭阳花乡电子商务发展有限公司申报", "沭阳花乡电子商务发展有限公司"),
        ("本公司(盐城旭昇新能源集团)看好", "盐城旭昇新能源集团"),
        ("安徽汊河城市建设投资集团有限公司", "安徽汊河城市建设投资集团有限公司"),
        ("The applicant, Cangzhou Boxin Hairun Water Supply Co., plans", "Cangzhou Boxin Hairun Water Supply Co."),
        ("项目业主:资中县人民医院。为补齐短板", "资中县人民医院"),
        ("由项目公司实施", None),
    ],
)
def test_owners_are_read_without_what_stands_before_them(text, span):
    found = owners(plain(pl.Series([text])))["span"].to_list()
    assert found == ([span] if span else [])


def test_a_place_in_the_name_of_the_owner_is_where_the_owner_is_from():
    text = "普宁市洁源环保电力有限公司中标揭阳市惠来县垃圾焚烧发电"
    assert read(pl.Series([text, text[:13]])).place[:, 0].tolist() == [445224, 445281]


def test_of_several_figures_the_largest_is_the_whole_whatever_their_order():
    parts = ["分拣中心8000平方米", "加工车间6000平方米"]
    areas = [read(pl.Series(["、".join(order)])).number[0, NUMBERS.index("floor")] for order in (parts, parts[::-1])]
    assert areas == [8000, 8000]


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("污水处理厂一期工程。预留二期池位", 0),
        ("污水处理厂一期。二期用地预留在北侧", 0),
        ("污水处理厂二期扩建。一期已投运", 2),
        ("水厂。一期已满负荷，新建清水池", 9),
        ("水厂三期", 3),
        ("电站以大代小", 9),
        ("Phase II of a plant", 2),
        ("The second phase of a plant", 2),
        ("水厂续建", 0),  # carried on from the list of last year
        ("新建水厂", 0),
    ],
)
def test_later_phases(text, phase):
    assert phases(lower(plain(pl.Series([text])))).tolist() == [phase]


def test_approval_numbers_are_no_quantities():
    text = "总投资3亿元，皖发改产业〔2021〕123号，代码2106-340100-04-01-123456"
    assert approvals(plain(pl.Series([text])))["code"].to_list() == ["2021/123", "2106-340100-04-01-123456"]
    records = read(pl.Series([text]))
    assert records.number[0, NUMBERS.index("investment")] == 3e8
    tender = plain(
        pl.Series(
            ["行为管理系统（项目编号：GXZC2023-G1-004147-GXRY）公告", "招标编号：0724-2430ST820852项目", "编号：3"]
        )
    )
    assert approvals(tender)["code"].to_list() == ["GXZC2023-G1-004147-GXRY", "0724-2430ST820852"]
    assert records.years.tolist() == [[0, 0]]
    assert records.figure[np.isfinite(records.figure)].tolist() == [3e8]


def test_words_are_the_same_in_both_languages():
    bits = [
        set(find_words(lower(plain(pl.Series([text]))), "components")["bit"].to_list())
        for text in ("生产线4条、变电站", "4 production lines and a substation")
    ]
    assert bits[0] == bits[1]


def test_every_buzzword_is_dated_and_sourced():
    words = labels("buzzwords")
    assert len(words) >= 35
    assert all(2000 < word["since"] < 2030 and word["reference"] for word in words)
    text = lower(pl.Series(["以数字孪生为引领的水厂"]))
    assert "数字孪生" not in without_buzzwords(text)[0]


def test_no_token_is_lost_however_rare():
    tokens = tokenise(pl.Series(["磁山遗址", "塞墩遗址", "12.5亿", ""]))
    assert np.diff(tokens.start).tolist() == [3, 3, 1, 0]
    one, other = (set(tokens.bucket[tokens.start[at] : tokens.start[at + 1]].tolist()) for at in (0, 1))
    assert len(one & other) == 1


def test_reading_in_parts_changes_nothing(monkeypatch):
    from xinzhi.risks.projects import records

    texts = pl.Series([f"合肥市第{at}水厂，总投资{at + 1}.5亿元，占地{at + 20}亩" for at in range(7)])
    whole = read(texts)
    monkeypatch.setattr(records, "_CHUNK", 3)
    parts = read(texts)
    assert np.array_equal(whole.number, parts.number, equal_nan=True)
    assert np.array_equal(whole.tokens.bucket, parts.tokens.bucket)
    assert np.array_equal(whole.take(np.array([4, 2])).tokens.start, parts.take(np.array([4, 2])).tokens.start)


def test_levels_of_agreement():
    found = levels(
        "合肥市肥西县智慧水务，鑫辉水务有限公司，总投资1.84亿元，占地4.17公顷，日处理4.5万吨，泵站6座，2024年启动",
        "肥西县污水处理厂，合肥鑫辉水务集团，总投资18300万元，占地62.5亩，日处理污水4.5万吨，泵站6座，2016年开工",
    )
    assert found["place"] == "same county"
    assert found["owner"] == "same brand"
    assert found["investment"] == "within 3 %"
    assert found["land"] == "equal, precise"
    assert found["capacity"] == "equal, round"
    assert found["figures"] == "several rare"
    assert found["dates"] == "other years"
    assert found["phase"] == "same phase"
    assert "turnover" not in found
    assert "approval" not in found


def test_texts_in_two_languages_are_not_compared_by_wording():
    found = levels("A waterworks in Hefei, 62.5 mu of land", "合肥市水厂，占地62.5亩")
    assert "text" not in found
    assert found["land"] == "equal, precise"


def test_the_cosine_is_that_of_the_definition():
    texts = ["合肥水厂扩建", "合肥水厂", "长丰学校"]
    index = build(read(pl.Series(texts[1:])))
    mine = read(pl.Series(texts[:1]))
    found = cosines(index, mine, np.zeros(2, dtype=np.int64), np.array([0, 1]))
    sets = [{text[at : at + 2] for at in range(len(text) - 1)} for text in texts]
    weight = {pair: np.log1p(2 / (sum(pair in other for other in sets[1:]) + 0.5)) for pair in set().union(*sets)}
    norm = [np.sqrt(sum(weight[pair] ** 2 for pair in one)) for one in sets]
    shared = sum(weight[pair] ** 2 for pair in sets[0] & sets[1])
    assert found == pytest.approx([shared / norm[0] / norm[1], 0.0], rel=1e-6)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [("xianq", None), ("xian", ["xian"]), ("fangan", ["fang", "an"]), ("xinhui", ["xin", "hui"]), ("", [])],
)
def test_syllables_are_as_long_as_leave_a_whole_rest(word, syllables):
    assert syllables_of(word) == syllables


@pytest.mark.parametrize("end", ["", "q"])
def test_a_word_is_spelled_in_steps_that_grow_with_its_length(end, monkeypatch):
    asked = []

    class Known(frozenset):
        def __contains__(self, one):
            asked.append(one)
            return super().__contains__(one)

    known = Known(naming._syllables())  # noqa: SLF001 - what is asked of it is counted
    monkeypatch.setattr(naming, "_syllables", lambda: known)
    word = "xian" * 200 + end
    assert (syllables_of(word) is None) == bool(end)
    assert len(asked) <= 6 * len(word)


@pytest.mark.parametrize("text", ["1" * 128 + "吨", "投资" + "九" * 400 + "吨", "投资" + "亿" * 3000 + "元"])
def test_digits_without_end_are_no_quantity_and_no_fault(text):
    found = quantities(text)
    assert found["value"].is_finite().all()


def test_names_without_end_and_control_characters_are_told_and_cut():
    projects = {"id": ["a" * 100_000], "title": ["水\x01厂" * 100_000], "text": ["投资\x0b3亿元"]}
    made = screen(pl.DataFrame(projects), pl.DataFrame({"id": ["b"], "title": ["水厂"], "text": ["投资3亿元"]}))
    assert {(found.rule, found.column) for found in made.findings} >= {
        ("control-character", "title"),
        ("control-character", "text"),
        ("too-long", "id"),
        ("too-long", "title"),
    }
    assert max(len(found.sentence()) for found in made.findings) < 2000


def test_a_column_whose_name_says_the_scale_is_not_said_to_be_read_as_yuan():
    table = {"id": ["a"], "title": ["合肥市水厂"], "investment_yi": ["1.5"], "investment_wan": ["15000"]}
    assert "sum-in-yuan" not in {one.rule for one in library(pl.DataFrame(table), "projects").findings}


def test_notes_on_headings_are_no_problems_of_the_data():
    table = {"编号": ["a"], "项目名称": ["合肥市水厂"], "建设内容": ["总投资1.5亿元"]}
    found = screen(pl.DataFrame(table), pl.DataFrame(table))
    assert {one.severity for one in found.findings} == {"note"}
    assert "answer.findings" not in found.facts()


@pytest.mark.parametrize(
    ("name", "round_"),
    [
        ("二次供水改造", 0),
        ("二次供水设备采购招标公告", 0),
        ("二次装修招标公告", 0),
        ("二次供水改造(第三次)招标公告", 3),
        ("门诊楼（二次）", 2),
        ("门诊楼二次招标", 2),
        ("门诊楼3次公告", 3),
        ("门诊楼第二次", 2),
        ("12次采购", 0),
    ],
)
def test_a_round_is_no_part_of_the_thing(name, round_):
    assert notices.rounds(pl.Series([name])).tolist() == [round_]
