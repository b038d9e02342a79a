"""The verb: verdicts, ledger, what it says, and what it does with bad input."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import polars.testing
import pytest

import xinzhi.risks
from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks import index_archive, screen
from xinzhi.risks.projects.comparison import NAMES
from xinzhi.risks.projects.conventions import document
from xinzhi.risks.projects.index import build
from xinzhi.risks.projects.screening import true_accusations
from xinzhi.risks.projects.weights import shipped_weights

OLD = pl.DataFrame(
    {
        "id": ["a1", "a2", "a3"],
        "title": ["肥西县污水处理厂", "长丰县自来水厂", "巢湖光伏电站"],
        "text": [
            "合肥市肥西县，由合肥鑫辉水务有限公司建设，总投资1.83亿元，占地62.5亩，日处理污水4.5万吨，泵站6座，2016年开工",
            "合肥市长丰县，总投资2.1亿元，占地48.3亩，日供水5万立方米，2017年开工",
            "合肥市，总投资6.3亿元，占地2100亩，装机容量120MW，2018年开工",
        ],
    }
)
NEW = pl.DataFrame(
    {
        "id": ["p1", "p2", "p3", "p4"],
        "title": ["数字孪生水质净化中心", "Digital twin water quality centre", "肥西县污水处理厂二期", "职业学院"],
        "text": [
            "面向双碳目标，肥西县拟投资18300万元，用地62.5亩，建成后日处理4.5万吨，提升泵房6座，2024年启动",
            "In Feixi County, Hefei, Xinhui Water Co., Ltd. invests CNY 183 million on 62.5 mu, treating 45,000 t/d",
            "合肥鑫辉水务有限公司在肥西县扩建，总投资9700万元，占地21亩，日处理污水2万吨，2022年开工",
            "昆明市五华区，总投资8.7亿元，占地410亩，在校生5200人，2024年开工",
        ],
    }
)


@pytest.fixture(scope="module")
def found():
    return screen(NEW, OLD)


def test_the_four_cases(found):
    assert found.frame.select("id", "archive_id", "verdict").rows() == [
        ("p1", "a1", "repackaged"),
        ("p2", "a1", "repackaged"),
        ("p3", "a1", "follow-on"),
        ("p4", None, "new"),
    ]
    assert found.frame.select((pl.col("lower") <= pl.col("probability")).all()).item()
    assert found.frame.select((pl.col("probability") <= pl.col("upper")).all()).item()
    total = pl.sum_horizontal("probability", "probability_follow_on", "probability_new")
    assert found.frame.select(total.is_close(1.0).all()).item()


def test_neither_probability_nor_interval_goes_beyond_what_is_borne_out(found):
    largest = shipped_weights().largest
    sure = screen(OLD.with_columns(id="n" + pl.col("id")), OLD).frame  # word for word
    assert found.frame["upper"].max() <= largest
    assert sure["upper"].max() <= largest
    assert screen(OLD.with_columns(id="n" + pl.col("id")), OLD, prior=0.9).frame["upper"].max() == largest
    assert (sure["lower"] < sure["probability"]).all()  # a bound is no certainty


def test_the_ledger_quotes_both_texts_and_says_what_changed(found):
    pair = found.explain("p1")
    row = pair.ledger.filter(field="investment").row(0, named=True)
    assert (row["agreement"], row["project"], row["archive"]) == ("equal, precise", "投资18300万元", "总投资1.83亿元")
    assert row["weight"] > 2
    assert pair.ledger["field"].to_list() == list(NAMES)
    assert {"buzzword", "name", "dates"} <= set(pair.changes["what"].to_list())
    assert any("2021" in said and "digital twin" in said for said in pair.changes["en"].to_list())
    spans = {field: (here, there) for field, here, there in pair.marks()}
    (a, b), (c, d) = spans["land"]
    assert (pair.project_text[a:b], pair.archive_text[c:d]) == ("用地62.5亩", "占地62.5亩")


def test_english_is_held_against_chinese(found):
    pair = found.explain("p2")
    agreement = dict(pair.ledger.select("field", "agreement").iter_rows())
    assert agreement["place"] == "same county"
    assert agreement["owner"] in {"same brand", "same name"}
    assert agreement["land"] == "equal, precise"
    assert agreement["capacity"] == "equal, round"
    assert agreement["text"] is None
    assert "language" in pair.changes["what"].to_list()


def test_it_speaks_both_languages(found):
    assert found.summary().startswith(
        "4 projects against 3 archived ones: 2 repackaged, 1 follow-on, 1 not found in this archive"
    )
    assert found.summary("zh").startswith("4个项目与3个历史项目比对：旧项目新包装2个")
    assert "synthetic" in found.summary()
    assert "合成" in found.summary("zh")
    assert "用地：相等，有效数字多" in found.explain("p1").text("zh")
    assert "no archived project" in found.explain("p4").text()
    row = found.frame.row(0, named=True)
    assert row["evidence"].startswith("agrees in ")
    assert row["evidence_zh"].startswith("相符：")


def test_the_summary_quotes_both_trials_and_rests_on_the_worse(found):
    told = document("trials.yaml")
    for language, share in (("en", "a tenth repackaged"), ("zh", "只占一成")):
        said = found.summary(language)
        assert share in said
        for name in ("kept", "last"):
            assert {str(told[name][key]) for key in ("honest", "accused", "repeats", "found")} <= numbers(said)
        worse = min(true_accusations(told[name])[0] for name in ("kept", "last"))
        assert f"{100 * worse:.0f}" in numbers(said)
        prior = replace(found, prior=0.1).summary(language)
        assert share not in prior
        assert {"10", str(told["kept"]["accused"]), str(told["last"]["found"])} <= numbers(prior)


def numbers(said):
    return set(re.findall(r"[0-9]+", said))


def test_no_probability_is_told_where_nothing_but_the_place_was_compared():
    old = {"id": ["a"], "title": ["储潭镇乡村振兴综合体"], "text": ["赣州市赣县区储潭镇，占地1200亩，总投资3.3亿元"]}
    texts = ["赣县区储潭镇", "", "数字产业园，位于贵州省贵阳市观山湖区", "赣县区储潭镇，占地1200亩，总投资3.3亿元"]
    found = screen(pl.DataFrame({"id": list("pqrs"), "text": texts}), pl.DataFrame(old))
    bare = found.frame.head(3)
    assert bare["verdict"].to_list() == ["cannot tell"] * 3
    assert bare["reason"].to_list() == ["unreadable", "empty", "unreadable"]
    for name in ("probability", "lower", "upper", "probability_follow_on", "probability_new"):
        assert bare[name].null_count() == 3
    assert found.frame["probability"][3] > 0.5
    for language in ("zh", "en"):
        assert found.summary(language)
        assert "%" not in found.explain("p").text(language).splitlines()[0]


def test_explain_names_what_is_not_there(found):
    with pytest.raises(UsageError, match="no project 'p9'"):
        found.explain("p9")
    with pytest.raises(UsageError, match="none of rank 7"):
        found.explain("p1", 7)


def test_an_indexed_archive_gives_the_same(found):
    again = screen(NEW, index_archive(OLD))
    assert again.frame.equals(found.frame)
    assert again.provenance.inputs == found.provenance.inputs


def test_an_archive_kept_on_disk_gives_the_same(found, tmp_path, monkeypatch):
    kept = index_archive(OLD, folder=tmp_path / "whole")
    for archive in (kept, tmp_path / "whole"):
        again = screen(NEW, archive)
        assert again.frame.equals(found.frame)
        assert again.ledger.equals(found.ledger)
        assert again.provenance.inputs == found.provenance.inputs
    for module in (index_archive, build):
        monkeypatch.setattr(sys.modules[module.__module__], "PART", 2)
    parts = index_archive(OLD.lazy(), folder=tmp_path / "parts")
    assert np.array_equal(parts.index.postings, kept.index.postings)
    assert screen(NEW, tmp_path / "parts").frame.equals(found.frame)
    with pytest.raises(InputError, match="identifiers that repeat"):
        index_archive(pl.concat([OLD, OLD]).lazy(), folder=tmp_path / "twice")
    with pytest.raises(InputError):
        screen(NEW, tmp_path / "twice")
    (tmp_path / "whole" / "archive.json").write_text('{"layout": 0}', encoding="utf-8")
    with pytest.raises(InputError, match=r"made by xinzhi [?]"):
        screen(NEW, tmp_path / "whole")


def test_the_order_of_rows_does_not_matter(found):
    assert screen(NEW.reverse(), OLD.reverse()).frame.sort("id").equals(found.frame.sort("id"))


def test_a_project_alone_is_told_the_same(found):
    old = index_archive(OLD)
    alone = [screen(one, old) for one in NEW.iter_slices(1)]
    pl.testing.assert_frame_equal(pl.concat([one.frame for one in alone]), found.frame)
    assert pl.concat([one.ledger for one in alone])["archive"].equals(found.ledger["archive"])


def test_a_rarer_fault_needs_more_evidence(found):
    rare = screen(NEW, OLD, prior=0.01).frame["probability"]
    assert (rare < found.frame["probability"]).all()
    with pytest.raises(UsageError, match="between 0 and 1"):
        screen(NEW, OLD, prior=1.5)


def test_wording_alone_only_tells_verbatim_repeats():
    old = pl.DataFrame({"id": [1, 2, 3], "title": ["完善财政转移支付制度研究", "明诗总集叙录", "中国近代翻译文学史"]})
    new = pl.DataFrame({"id": [1, 2], "title": ["完善财政转移支付制度研究", "清诗总集叙录"]})
    frame = screen(new, old).frame
    assert frame["verdict"].to_list() == ["repackaged", "cannot tell"]
    assert frame["reason"].to_list() == [None, "unreadable"]
    assert frame["basis"].to_list() == ["wording", "wording"]


def test_frames_come_back_as_they_came():
    assert type(screen(NEW.to_pandas(), OLD).to_native()).__module__.startswith("pandas")


def test_bad_input_is_named_and_nothing_is_lost():
    old = pl.DataFrame(
        {"id": ["a1", "a1", None], "text": [OLD["text"][0], OLD["text"][1], None], "region": ["340123", "999999", None]}
    )
    new = pl.DataFrame(
        {"id": ["p1", "p2", "p1"], "text": [NEW["text"][0], "", "位于云上市的光伏电站，总投资3亿元，装机100MW"]}
    )
    found = screen(new, old)
    assert found.frame["id"].to_list() == ["p1", "p1#2", "p2"]
    assert found.archive_size == 3
    assert found.frame.filter(id="p2").select("verdict", "reason").row(0) == ("cannot tell", "empty")
    rules = [(item.table, item.rule) for item in found.findings]
    assert {
        ("projects", "duplicate-key"),
        ("projects", "empty-text"),
        ("projects", "unknown-place"),
        ("archive", "duplicate-key"),
        ("archive", "missing-key"),
        ("archive", "empty-text"),
        ("archive", "unknown-place"),
    } <= set(rules)
    place = next(item for item in found.findings if item.rule == "unknown-place")
    assert "云上市" in place.sentence()
    assert "云上市" in place.sentence("zh")


def test_an_archive_in_gb18030_is_named_and_read(tmp_path, found):
    (tmp_path / "archive.csv").write_bytes(OLD.write_csv().encode("gb18030"))
    (tmp_path / "projects.csv").write_text(NEW.write_csv(), encoding="utf-8")
    with pytest.raises(InputError, match="GB18030"):
        screen(tmp_path / "projects.csv", tmp_path / "archive.csv")
    again = screen(tmp_path / "projects.csv", tmp_path / "archive.csv", encoding="gb18030")
    assert again.frame["verdict"].to_list() == found.frame["verdict"].to_list()


def test_findings_of_a_file_name_its_lines(tmp_path):
    (tmp_path / "archive.csv").write_text("id,text\na1,水厂\na1,学校\n", encoding="utf-8")
    findings = screen(NEW, tmp_path / "archive.csv").findings
    assert [(item.file, item.line) for item in findings if item.rule == "duplicate-key"] == [("archive.csv", 3)]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pl.DataFrame({"id": ["1"], "colour": ["x"]}), "Name the column with the project's content 'text'"),
        (pl.DataFrame({"id": [], "text": []}), "no rows"),
    ],
)
def test_what_cannot_be_screened_says_why(table, words):
    with pytest.raises(InputError, match=words):
        screen(table, OLD)


def test_the_usual_headings_are_known_and_said(tmp_path):
    old = pl.DataFrame(
        {
            "序号": [2, 10],
            "项目名称": ["水厂", "学校"],
            "建设内容及规模": ["日供水5万立方米", "学位1200个"],
            "项目概况": ["位于肥西县", "位于长丰县"],
            "总投资【单位：亿元】": [1.83, 2.1],
            "建设性质": ["新建", "改扩建"],
        }
    )
    old.write_csv(tmp_path / "archive.csv")
    for archive in (old, tmp_path / "archive.csv"):
        found = index_archive(archive)
        assert found.frame["id"].to_list() == ["10", "2"]
        assert found.frame["text"][1] == "水厂。日供水5万立方米。位于肥西县。总投资1.83亿元。建设性质:新建。"
        assert found.index.records.phase.tolist() == [9, 0]
        assert [(item.column, item.expected) for item in found.findings] == [
            ("序号", "id"),
            ("项目名称", "title"),
            ("建设内容及规模", "text"),
        ]


def test_known_names_win_and_rows_without_identifiers_are_numbered_in_order():
    many = pl.DataFrame(
        {"title": [f"第{at}水厂" for at in range(12)], "名称": ["x"] * 12, "text": ["日供水5万吨"] * 12}
    )
    found = screen(many, OLD)
    assert found.frame["id"].to_list() == [f"{at:02}" for at in range(1, 13)]
    assert found.projects["title"][10] == "第10水厂"
    assert [item.rule for item in found.findings if item.table == "projects"] == ["rows-numbered"]


def test_further_columns_are_read():
    old = pl.DataFrame(
        {
            "id": ["a"],
            "title": ["水厂"],
            "建设单位": ["鑫辉水务有限公司"],
            "总投资（万元）": [18300],
            "place": ["肥西县"],
        }
    )
    new = pl.DataFrame({"id": ["p"], "text": ["肥西县，鑫辉水务有限公司，总投资1.83亿元"]})
    agreement = dict(screen(new, old).ledger.select("field", "agreement").iter_rows())
    assert (agreement["owner"], agreement["investment"], agreement["place"]) == (
        "same name",
        "equal, precise",
        "same county",
    )


def test_the_room_offers_it():
    assert {"screen", "Screening", "index_archive"} <= set(xinzhi.risks.__all__)


def test_texts_are_quoted_in_their_own_characters():
    old = {
        "id": ["a1"],
        "title": ["肥西县上派镇水厂"],
        "text": ["鑫辉水务公司，投资1.83亿元，占地62.5亩，管网12.7公里"],
    }
    new = {
        "id": ["p1", "p2"],
        "title": ["肥西縣智慧水務中心", "肥西縣上派鎮水廠"],
        "text": ["上派鎮，鑫輝水務公司，投資18300萬元，用地62.5畝，管網12.7公里"] * 2,
    }
    told = screen(pl.DataFrame(new), pl.DataFrame(old))
    pair = told.explain("p1")
    assert "肥西縣智慧水務中心" in told.names.text("project", "p1").zh
    said = dict(pair.ledger.select("field", "project").rows())
    assert (said["land"], said["owner"], said["site"]) == ("用地62.5畝", "鑫輝水務公司", "上派鎮")
    spans = {field: pair.project_text[slice(*mine)] for field, mine, _ in pair.marks()}
    assert spans["land"] == "用地62.5畝"
    assert any("肥西縣智慧水務中心" in text.zh for text in pair.sentences()[1])
    assert "name" not in told.explain("p2").changes["what"].to_list()  # 繁體 is no other name


def test_of_two_projects_nothing_is_said_to_have_changed():
    old = {
        "id": ["a1"],
        "title": ["肥西县水厂"],
        "text": ["合肥鑫辉水务有限公司，总投资1.83亿元，占地62.5亩，2017年开工"],
    }
    new = {"id": ["p1"], "title": ["肥西县小学"], "text": ["合肥宏图教育有限公司，总投资1.7亿元，占地60亩，2022年开工"]}
    told = screen(pl.DataFrame(new), pl.DataFrame(old))
    assert told.frame["verdict"].item() == "new"
    lines = told.explain("p1").sentences()[1]
    assert lines
    assert not any("改为" in text.zh or "moved" in text.en or "renamed" in text.en for text in lines)
    assert "；变化" not in told.frame["evidence_zh"].item()
