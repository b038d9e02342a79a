"""Examples of the functions of xinzhi.risks.projects."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.risks.projects.owners import owners
from xinzhi.risks.projects.places import city_of, name_of, phonetic_form, places
from xinzhi.risks.projects.quantities import extract, numeral_value, plain
from xinzhi.risks.projects.quotations import passages, sayings
from xinzhi.risks.projects.reading import plain_heading, project_text, rename_columns, sentences
from xinzhi.risks.projects.records import read
from xinzhi.risks.projects.scoring import rising
from xinzhi.risks.projects.vocabulary import approvals, find_words, idf, lower, phases, tokenise
from xinzhi.risks.projects.weights import Agreement, adapt, calibrate, learn, shipped_weights


def test_city_of() -> None:
    assert city_of(np.array([340123, 340000, 110105])).tolist() == [340100, 0, 110000]


def test_learn() -> None:
    rng = np.random.default_rng(0)
    match = rng.random(4000) < 0.3
    truth = np.where(match[:, None], [0.9, 0.8, 0.7], [0.1, 0.2, 0.05])
    levels = (rng.random((4000, 3)) < truth).astype(np.int8)
    begin = Agreement(np.array([0.5, 0.5]), np.array([[[0.7, 0.3]] * 3, [[0.3, 0.7]] * 3]))
    found = learn(levels, [2, 2, 2], np.ones((4000, 2), dtype=bool), begin)
    assert (found.share.round(1).tolist(), found.level[1, :, 1].round(1).tolist()) == ([0.7, 0.3], [0.9, 0.8, 0.7])


def test_adapt() -> None:
    model = Agreement(np.array([0.9, 0.1]), np.array([[[0.9, 0.1]], [[0.1, 0.9]]]))
    often = np.repeat(np.array([[0], [1]], dtype=np.int8), 5000, axis=0)
    found = adapt(model, often, [2], mass=10, guilty=0.001)
    assert (float(found.level[0, 0, 1].round(2)), found.level[1].tolist()) == (0.5, [[0.1, 0.9]])


def test_owners() -> None:
    texts = pl.Series(["由合肥鑫辉新能源有限公司建设", "built by Hefei Xinhui New Energy Co., Ltd."])
    assert owners(texts)["brand"].to_list() == ["xinhui", "xinhui"]
    assert owners(pl.Series(["项目业主:资中县人民医院,新建住院楼"]))["span"].to_list() == ["资中县人民医院"]


def test_places() -> None:
    texts = pl.Series(["项目位于合肥市肥西县", "a plant in Hefei, Anhui Province", "鼓楼区", "徐州市鼓楼区"])
    assert places(texts).tolist() == [[340123, 0, 0], [340100, 0, 0], [0, 0, 0], [320302, 0, 0]]


def test_name_of() -> None:
    assert (name_of(340123), name_of(340000)) == (("合肥市肥西县", "Feixi, Hefei"), ("安徽省", "Anhui"))


def test_sound() -> None:
    assert (phonetic_form("Xi'an"), phonetic_form("Lüliang")) == ("xian", "lvliang")


def test_extract() -> None:
    found = extract(plain(pl.Series(["总投资12.5亿元，占地320亩，年产10万吨", "a 2×350 MW plant"])))
    assert found.select("kind", "role", pl.col("value").round()).rows()[:3] == [
        ("money", "investment", 1250000000.0),
        ("area_land", "land", 213333.0),
        ("mass", "capacity", 100000.0),
    ]
    assert found.select("kind", "value").row(-1) == ("power", 700000000.0)


def test_numeral_value() -> None:
    assert (numeral_value("三百二十"), numeral_value("两"), numeral_value("十二点五"), numeral_value("百千")) == (
        320.0,
        2.0,
        12.5,
        None,
    )
    assert (numeral_value("一万二千"), numeral_value("四亿二千万"), numeral_value("二点八亿")) == (
        12000.0,
        420000000.0,
        280000000.0,
    )


def test_sayings() -> None:
    said = sayings(pl.Series(["合肥市光伏项目，总投资12.5亿元"]))
    assert dict(said.select("field", "said").iter_rows()) == {
        "place": "合肥市",
        "investment": "总投资12.5亿元",
        "figures": "总投资12.5亿元",
        "sector": "光伏",
    }


def test_passages() -> None:
    assert passages("智慧园：新建标准化厂房和宿舍", "新建标准化厂房、食堂") == ([(4, 11)], [(0, 7)])


def test_plain_heading() -> None:
    assert (plain_heading("总投资（单位：万元）"), plain_heading("Project Name"), plain_heading("总投资/万元")) == (
        "总投资万元",
        "projectname",
        "总投资万元",
    )


def test_renamed() -> None:
    found, notes = rename_columns(pl.DataFrame({"项目名称": ["水厂"], "建设内容及规模": ["日供水5万吨"]}), "archive")
    assert (found.columns, len(notes)) == (["id", "title", "text"], 3)


def test_sentences() -> None:
    assert sentences(["id", "计划总投资（亿元）", "建设性质", "联系人"]) == {
        "计划总投资（亿元）": "总投资{}亿元。",
        "建设性质": "建设性质:{}。",
    }


def test_together() -> None:
    assert project_text(pl.DataFrame({"title": ["水厂"], "text": [None], "总投资（万元）": [5000]})).to_list() == [
        "水厂。总投资5000万元。"
    ]


def test_read() -> None:
    records = read(pl.Series(["合肥市光伏项目，总投资12.5亿元，占地320亩，装机100MW"]))
    assert (int(records.place[0, 0]), float(records.number[0, 0]), float(records.capacity[0, 0])) == (
        340100,
        1250000000.0,
        100000000.0,
    )


def test_rising() -> None:
    assert rising(np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.6, 0.3])).round(3).tolist() == [0.714, 0.714, 1.667]


def test_spotted() -> None:
    found = find_words(lower(pl.Series(["建设生产线四条", "Four production lines, roads"])), "components")
    assert found.rows() == [(0, "生产线", 1), (1, " production line", 1), (1, " road", 10)]


def test_phases() -> None:
    assert phases(
        lower(pl.Series(["光伏电站二期", "the expansion of a plant", "新建", "一期。预留二期用地"]))
    ).tolist() == [2, 9, 0, 0]


def test_approvals() -> None:
    assert approvals(pl.Series(["皖发改产业〔2021〕123号, 代码2106-340100-04-01-123456"]))["code"].to_list() == [
        "2021/123",
        "2106-340100-04-01-123456",
    ]


def test_tokenise() -> None:
    import polars as pl

    tokens = tokenise(pl.Series(["水厂12.5", "水厂", ""]))
    assert np.diff(tokens.start).tolist() == [2, 1, 0]


def test_idf() -> None:
    assert idf(np.array([0.0, 1.0, 100.0]), 100).astype(float).round(2).tolist() == [5.3, 4.21, 0.69]


def test_calibrate() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(size=20_000)
    label = (rng.random(20_000) < 1 / (1 + np.exp(1 - 2 * score))).astype(int)
    found = calibrate(np.column_stack([np.ones(20_000), score]), label)
    assert found.coefficients.round(1).tolist() == [[-1.0, 2.0]]


def test_shipped() -> None:
    assert shipped_weights().origin["synthetic"]


def test_plain() -> None:
    assert plain(pl.Series(["总投资１２．５亿元，占地５万㎡"])).to_list() == ["总投资12.5亿元,占地5万m2"]
