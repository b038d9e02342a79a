"""What is read of project texts: sites, counties under other names, owners before, lots, figures in other words."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from read_projects import levels, quantities

from xinzhi.risks import screen
from xinzhi.risks.projects.comparison import FIELDS, MEASURES, MISSING, NAMES, compare, cosines
from xinzhi.risks.projects.index import build
from xinzhi.risks.projects.landmarks import landmark_spans
from xinzhi.risks.projects.ledger import findings
from xinzhi.risks.projects.owners import owners
from xinzhi.risks.projects.places import places
from xinzhi.risks.projects.quantities import extract, plain
from xinzhi.risks.projects.records import NUMBERS, figure_spans, read
from xinzhi.risks.projects.scoring import PATTERNS, pattern_of, supporting_repeats
from xinzhi.risks.projects.sites import numbered_objects, numbered_spans, site_spans, sites
from xinzhi.risks.projects.weights import shipped_weights


@pytest.mark.parametrize(
    "text",
    [
        "处治隐患路",
        "新建沥青路",
        "修复损毁路",
        "改造老街",
        "建设一条街",
        "硬化村",
        "实施整村",
        "另选片区",
        "治理小流域片区",
        "打造示范片区",
    ],
)
def test_what_is_built_is_no_site(text):
    assert site_spans(plain(pl.Series([text]))).is_empty()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("平山县李家屯镇卫生院", "平山县下口镇卫生院", False),  # the sign of a village within the name of a town
        ("金坛区薛市镇敬老院", "金坛区朱林镇敬老院", False),  # and that of a rank
        ("胜利道18号幼儿园", "友谊路6号第三幼儿园", False),  # words of the language, but a house stands there
        ("地址沙坪坝村南侧", "拟在沙坪坝村建设", True),
        ("拆除槐荫路旧市场", "槐荫路旧市场改造", True),
        ("龙坑五金工业园", "龙坑园区", True),
        ("柳林苏木北侧", "柳林苏木草场", True),
        ("石桥村水厂", "Shiqiao Village", True),
        ("塘东工业园厂房", "Tangdong Park", True),  # a direction may end a name
        ("北牛工业园", "Beiniu Park", True),  # or begin it
        ("北牛工业园", "黄牛工业园", False),
        ("海西蒙古族藏族自治州下沙产业园", "厂址下沙产业园", True),
        ("饶河县四排赫哲族乡", "四排乡", True),
    ],
)
def test_sites_are_told_apart_though_glued_to_other_words(one, other, same):
    keys = [{*site_spans(plain(pl.Series([text])))["key"]} for text in (one, other)]
    assert all(keys)
    assert bool(keys[0] & keys[1]) == same


def test_a_township_and_a_park_of_one_name_are_partly_one_site():
    assert levels("罗坳镇厂房", "罗坳工业园厂房")["site"] == "partly the same site"
    assert "site" not in levels("罗坳镇厂房", "贡江工业园厂房")
    assert levels("罗坳镇厂房", "贡江镇厂房")["site"] == "other site"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("柳陂大桥前期工作", "架设柳陂桥", "same landmark"),
        ("鹭鸶礁海上平台", "以鹭鸶礁为基", "same landmark"),
        ("老松老街旁", "near Laosonglaojie", "same landmark"),
        ("梅马水库以北", "near the town, beside Meima Reservoir", "same landmark"),
        ("翠湖小学食堂", "榕树小学食堂", "other landmark"),
        ("翠湖小学食堂", "柳陂大桥引道", "no landmark in common"),
    ],
)
def test_bridges_schools_and_clinics_are_told_apart_by_name(one, other, level):
    assert levels(one, other)["landmark"] == level


@pytest.mark.parametrize(
    "text", ["新建人行桥", "石嘴山供热", "宿州砀山果园", "步古沟镇中心小学", "病险水库除险", "收集污水"]
)
def test_what_bears_no_name_of_its_own_is_no_landmark(text):
    assert landmark_spans(plain(pl.Series([text]))).is_empty()


@pytest.mark.parametrize("text", ["最美丽的美丽乡村", "加快城镇化", "表面处理绿色园区", "戈壁高效农业节水示范产业园"])
def test_what_a_place_is_to_become_is_no_site(text):
    assert site_spans(plain(pl.Series([text]))).is_empty()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("滨海大道南侧停车场", []),
        ("河西走廊节水农业", []),
        ("位于肥西", [340123]),
        ("新能源示范(临泽)", [620723]),
        ("阜南县洪河桥镇", [341225]),  # and not 南县
        ("推进乌蒙山新型城镇化", []),
        ("横县花茶加工", [450181]),  # 横州市 today
        ("四川通达县道", [510000]),
        ("京山县水厂", [420882]),  # 京山市 today
        ("宜丰县工业园区", [360924]),  # and not 丰县
        ("新疆维吾尔自治区阿克苏地区塘湾产业园", [652900]),
        ("合肥市北京路改造", [340100]),
        ("上海市杨浦区延吉新村街道", [310110]),
        ("合肥路灯改造", [340100]),
        ("河南郑州水厂", [410100]),  # and no county of Qinghai
        ("阿克苏林果加工", [652900]),  # the prefecture, of which the city is but a part
    ],
)
def test_counties_under_short_and_former_names(text, codes):
    assert [int(code) for code in places(plain(pl.Series([text])))[0] if code] == codes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("年处理污水547.5万吨", "日处理污水1.5万立方米"),
        ("仓容0.9亿斤", "仓容4.5万吨"),
        ("隧道长二百三十七米", "隧道长237m"),
        ("设闸孔贰拾肆孔", "设24孔"),
        ("轨距六十厘米", "轨距600毫米"),
    ],
)
def test_one_figure_in_other_words(one, other):
    found = [figure_spans(quantities(text))["value"].to_list() for text in (one, other)]
    assert found[0] == found[1] != []


def test_metres_are_no_years_and_lengths_only_where_the_text_says_so():
    assert figure_spans(quantities("洞深1907米"))["value"].to_list() == [1907]
    long, deep = read(pl.Series(["全长1280米", "井深1280米"])).number[:, NUMBERS.index("length")]
    assert long == 1280
    assert np.isnan(deep)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("项目单位:合肥江鸣电器。地点:", "合肥江鸣电器"),
        ("冷库。合肥江鸣食品,占地20亩", "合肥江鸣食品"),
        ("推广农业科技,建设冷库", None),
        ("合肥市,发展绿色食品,增收", None),
    ],
)
def test_companies_without_a_legal_form(text, span):
    assert owners(plain(pl.Series([text])))["span"].to_list() == ([span] if span else [])


def test_the_company_before_is_the_same_owner_and_two_public_bodies_are_no_difference():
    old = "由合肥江鸣精密机械有限公司建设"
    assert levels("合肥均研智造有限公司(由原江鸣精密更名而来)", old)["owner"] == "same brand"
    assert levels("合肥均研智造有限公司", old)["owner"] == "other owner"
    assert "owner" not in levels("肥西县农投集团", "肥西县城市建设投资有限公司")


def test_parcels_are_lots():
    texts = ("XH-02-0415号用地", "XH-02-0415地块", "依托B7地块", "B地块")
    found = [numbered_spans(plain(pl.Series([text])))["key"].to_list() for text in texts]
    assert found == [["lot XH-02-0415"], ["lot XH-02-0415"], ["lot B7"], ["lot B"]]


def test_two_texts_of_one_site_are_of_one_place_for_the_support():
    said = [{"site": 2, "text": 0, "owner": 0}, {"place": 4, "text": 0, "owner": 0}, {"text": 0, "owner": 0}]
    levels = np.array([[one.get(name, MISSING) for name in NAMES] for one in said], dtype=np.int8)
    two = pattern_of(levels)
    assert two[0] == two[1] > two[2]


def test_two_zones_of_one_city_are_two_sites():
    found = [site_spans(plain(pl.Series([text])))["key"].to_list() for text in ("合肥高新区", "合肥经开区", "桃花镇")]
    assert len({*map(tuple, found)}) == len(found)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("二标段", "lot 2"),
        ("2标段", "lot 2"),
        ("02包", "lot 2"),
        ("施工一标", "lot 1"),
        ("II标段", "lot 2"),
        ("A地块", "lot A"),
        ("Lot B", "lot B"),
        ("市七中", "school 7"),
        ("丰县五中", "school 5"),
        ("二十七中学", "school 27"),
        ("第一中心医院", None),
        ("三中全会", None),
        ("采购包二", "lot 2"),
        ("B-12地块", "lot B-12"),
        ("03-05地块", "lot 3-05"),
        ("二水厂", "works 2"),
        ("G244线改线工程LJ-4标段", "lot 4"),
        ("1号高炉", "unit 1"),
        ("B区", "lot B"),
        ("K3+200", "stake K3+200"),
        ("2022-15号地块", "lot 15"),
        ("琴江二桥", "unit 2"),
        ("琴江第二大桥", "unit 2"),
        ("琴江大桥", None),
        ("三桥镇", None),
        ("承包10年", None),
        ("C30混凝土", None),
    ],
)
def test_lots_and_schools_are_read_with_their_numbers(text, key):
    assert numbered_spans(plain(pl.Series([text])))["key"].to_list() == ([key] if key else [])


@pytest.mark.parametrize("other", ["合肥市肥西县水厂，占地62.5亩", "安徽省水厂，占地62.5亩", "水厂，占地62.5亩"])
@pytest.mark.parametrize("text", ["水厂，占地62.5亩", "肥西县水厂，占地62.5亩", "合肥市水厂，占地62.5亩"])
def test_to_add_the_province_never_makes_two_places_of_one(text, other):
    order = FIELDS[NAMES.index("place")].levels
    one, more = levels(text, other), levels(f"安徽省{text}", other)
    assert ("place" in one) == ("place" in more)
    assert "place" not in one or order.index(more["place"]) >= order.index(one["place"])


def test_a_sum_of_equal_parts_agrees_with_one_part():
    assert levels("道路，全长2×1.86公里", "道路两条，全长1.86公里")["length"].startswith("equal")
    assert levels("道路，全长3.72公里", "道路两条，全长1.86公里")["length"] == "differs"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"place": 2, "text": 4}, "design"),
        ({"place": 4, "text": 4, "owner": 0}, None),
        ({"place": 2, "text": 4, "investment": 5}, None),
        ({"place": 4, "text": 4, "object": 0}, "numbered"),
        ({"place": 4, "text": 4, "edition": 0}, "yearly"),
    ],
)
def test_a_design_explains_only_what_stands_elsewhere(said, what):
    pair = np.array([said.get(name, MISSING) for name in NAMES], dtype=np.int8)
    explained = [name for name, _ in findings(pair, repackaged=False) if name not in ("beyond", "differs")]
    assert explained == ([what] if what else [])


def test_more_evidence_is_never_borne_out_less():
    support = supporting_repeats(shipped_weights().support, np.arange(PATTERNS)).reshape(3, 3, 3, 3, 2)
    assert all((np.diff(support, axis=axis) >= 0).all() for axis in range(support.ndim))


def test_a_park_is_the_same_under_its_long_name_and_behind_its_county():
    texts = plain(
        pl.Series(
            [
                "位于安平经开区。",
                "衡水安平县经济开发区纬二路。",
                "濉溪零碳产业园。",
                "西南部汇湾镇。",
                "汇湾镇。",
                "依托香隅片区14号地。",
                "磁县讲武城镇",
                "讲武城镇遗址公园入口",
                "推进新型城镇化",
            ]
        )
    )
    park, town = (sites(texts)[:, kind, 0] for kind in (2, 1))
    assert park[0] == park[1] > 0
    assert park[2] == 0  # what it is to become, and no name
    assert town[3] == town[4] > 0
    assert park[5] == sites(plain(pl.Series(["香隅化工园"])))[0, 2, 0] > 0
    assert town[6] == town[7] > 0
    assert town[8] == 0


def test_reaches_and_buildings_are_told_apart_like_numbered_objects():
    texts = plain(
        pl.Series(
            ["孟沟河治理（孙疃至五沟段）", "孟沟河治理（城关至孙疃段）", "科技园K栋", "科技园D栋", "路面（一标段）"]
        )
    )
    kind, key = numbered_objects(texts).T
    assert kind[0] == kind[1] > 0
    assert kind[2] == kind[3] > 0
    assert len(set(key.tolist())) == len(texts)
    assert kind[4] not in {0, kind[0]}


def test_who_holds_the_tender_is_no_owner():
    texts = plain(pl.Series(["浙江大地工程咨询有限公司关于玉环锐达制药有限公司净化车间的招标公告"]))
    assert owners(texts)["span"].to_list() == ["玉环锐达制药有限公司"]


def test_years_without_a_word_are_no_figures():
    assert figure_spans(extract(plain(pl.Series(["教育史(1912—1947)，桩1950根"]))))["span"].to_list() == ["1950根"]


def test_a_length_agrees_with_one_of_several_pipes():
    old, new = "管廊9.6公里。", "管廊9600米，热力管19.2公里。"
    index = build(read(pl.Series([old])))
    at = np.zeros(1, dtype=np.int64)
    records = read(pl.Series([new]))
    levels, _ = compare(index, records, at, at, cosines(index, records, at, at))
    assert FIELDS[NAMES.index("length")].levels[levels[0, NAMES.index("length")]] == "equal, round"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("庄浪县大新污水处理厂。", "庄浪县杨老污水处理厂。", "another of the kind"),
        ("庄浪县大新污水处理厂。", "庄浪县杨老小学教学楼。", "other beginning"),
        ("庄浪县大新污水处理厂。", "庄浪县大新环保产业园。", "same beginning"),
        ("庄浪县污水处理厂。", "庄浪县杨老污水处理厂。", None),  # begins with a word of the language
    ],
)
def test_a_name_is_told_apart_by_what_it_begins_with(one, other, expected):
    assert levels(one, other).get("beginning") == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("城北敬老院。", "城北小学。", "other sector"),
        ("储能电站。", "抽水蓄能电站。", "related sector"),
        ("自来水厂。", "自来水厂扩容。", "same sector"),
        ("自来水厂。", "污水处理厂。", "other sector"),
        ("中心小学旁建污水处理站。", "中心小学教学楼。", "other sector"),
        ("大桥镇学院路公墓。", "大桥镇学院路殡仪馆。", "other sector"),
        ("化工园区公墓。", "化工园区氢能公司。", "other sector"),
        ("蛋鸡养殖场。", "大棚蔬菜种植。", "related sector"),
        ("以算力为引领的职业学院。", "职业学院。", "same sector"),
        ("Sewage plant near Longtan Primary School.", "A primary school.", "other sector"),
        ("化工园区标准厂房。", "化工厂。", None),  # a park is where it stands
        ("停车场。", "小学停车场。", None),
    ],
)
def test_trades_are_the_same_related_or_others(one, other, expected):
    assert levels(one, other).get("sector") == expected


def test_greenery_is_no_floor_area():
    assert levels("绿化50平方米。", "建筑面积42.5万平方米。").get("floor") is None
    assert levels("绿化50平方米，建筑面积2万平方米。", "建筑面积2万平方米。")["floor"] == "equal, round"


def test_nobody_is_accused_for_a_place():
    archive = pl.DataFrame(
        {
            "id": ["a", "b"],
            "title": ["赣县区储潭镇乡村振兴综合体", "城北小学"],
            "text": [
                "赣县区储潭镇，占地1200亩，投资3.3亿元",
                "于都县贡江镇，占地30亩，建筑面积1万平方米，总投资5000万元",
            ],
        }
    )
    projects = pl.DataFrame(
        {
            "id": ["place alone", "another trade"],
            "title": ["", "城北敬老院"],
            "text": ["赣县区储潭镇", "于都县贡江镇，占地30亩，建筑面积1万平方米，床位280张，总投资5000万元"],
        }
    )
    told = screen(projects, archive).frame
    assert told.select("id", "verdict", "reason").rows() == [
        ("another trade", "cannot tell", "outside"),
        ("place alone", "cannot tell", "unreadable"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "column", "told"),
    [
        ("抽水蓄能电站1号机组。", "抽水蓄能电站。", "numbered once", 1.0),
        ("抽水蓄能电站1号机组。", "抽水蓄能电站1号机组。", "numbered once", 0.0),
        ("医院，床位300张。", "发电厂，装机30万千瓦。", "sized otherwise", 1.0),
        ("医院，床位300张。", "医院，床位280张。", "sized otherwise", 0.0),
        ("医院，床位300张。", "发电厂。", "sized otherwise", 0.0),
    ],
)
def test_a_number_or_a_unit_of_one_side_is_told(one, other, column, told):
    projects, archive = (read(pl.Series([text])) for text in (one, other))
    index = build(archive)
    at = np.zeros(1, dtype=np.int64)
    _, measures = compare(index, projects, at, at, cosines(index, projects, at, at))
    assert measures[0, MEASURES.index(column)] == told
