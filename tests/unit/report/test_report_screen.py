"""A screening in a report: ledger view, pictures and tables say what the frames hold, and escape what they quote."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

import xinzhi
from made_up_projects import labelled
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text
from xinzhi.report import pages, write_report
from xinzhi.report.pages.screening import pieces
from xinzhi.risks import screen
from xinzhi.risks.internal import value_words
from xinzhi.risks.projects.screening import by_probability, calibration_table, with_truth

OLD = pl.DataFrame(
    {
        "id": ["a1", "a2"],
        "title": ["肥西县污水处理厂", "长丰县自来水厂"],
        "text": [
            "合肥市肥西县，由合肥鑫辉水务有限公司建设，总投资1.83亿元，占地62.5亩，日处理污水4.5万吨，7台风机，泵站6座，2座水池",
            "合肥市长丰县，总投资2.1亿元，占地48.3亩，日供水5万立方米，2017年开工",
        ],
    }
)
NEW = pl.DataFrame(
    {
        "id": ["p1", "p2", "p3", "<b>"],
        "title": ["数字孪生水质净化中心", "Digital twin water", "肥西县污水处理厂二期", "<script>alert(1)</script>"],
        "text": [
            "面向双碳目标，肥西县拟投资18300万元，用地63亩，建成后日处理4.5万吨，提升泵房6座，风机7台，2024年启动",
            "Feixi County, Hefei: Xinhui Water Co., Ltd. invests CNY 183 million on 62.5 mu, 9 m2, 2 ponds, 45,000 t/d",
            "合肥鑫辉水务有限公司在肥西县扩建，总投资9700万元，占地21亩，日处理污水2万吨，2022年开工",
            "成都市<i>双流区</i>，总投资3亿元，占地60亩 & 更多",
        ],
    }
)


@pytest.fixture(scope="module")
def found():
    return screen(NEW, OLD)


@pytest.fixture(scope="module")
def section(found):
    return pages.section(found)


@pytest.fixture(scope="module")
def many():
    made = labelled("held_out", archive=150, rewrites=6, others=12, cities=6)
    return with_truth(screen(made.projects, made.archive), made.truth)


def drawn(section):
    for picture in section.pictures:
        inline = str(picture.figure("topic").svg)
        assert inline.count('class="zh"') == inline.count('class="en"') > 0
        assert picture.headline.zh != picture.headline.en
        assert picture.twin.rows
    return {picture.kind: picture for picture in section.pictures}


def words_of(side, mark):
    return [piece.text for piece in side if piece.mark == mark]


def test_the_answer_counts_and_names_the_surest_with_its_source(section):
    counts, surest, evidence, assumed, rests = (line.en for line in section.answer)
    parts = "2 repackaged, 1 follow-on, 1 not found in this archive and 0 cannot tell"
    assert counts == f"4 projects against 2 archived ones: {parts}."
    assert evidence.startswith("The first of them agrees in ")
    assert "p1 数字孪生水质净化中心 looks like a1 肥西县污水处理厂 again" in surest
    assert "synthetic projects" in rests
    assert assumed.startswith("The probabilities take 45\N{NO-BREAK SPACE}% to be repackaged")
    assert "合成项目" in section.answer[4].zh


def test_agreeing_words_bear_one_number_a_field_in_both_texts(section):
    first = next(one for one in section.ledgers if one.heads[0].en == "Project p1")
    number = {entry.field.en: entry.mark for entry in first.entries}
    ours, old = first.sides
    assert words_of(ours, number["investment"]) == ["投资18300万元"]
    assert words_of(old, number["investment"]) == ["总投资1.83亿元"]
    assert words_of(ours, number["place"]) == ["肥西县"]
    assert set(words_of(ours, number["all figures"])) == {"6座", "7台"}
    assert set(words_of(old, number["all figures"])) == {"6座", "7台"}
    near = {piece.field.en for piece in ours if piece.near}
    assert near == {"land"}  # 63 mu against 62.5
    weights = [float(entry.figure.replace("−", "-")) for entry in first.entries]
    assert weights[:-1] == sorted(weights[:-1], reverse=True)
    assert max(entry.length for entry in first.entries) <= 100


def test_the_pieces_are_the_text_and_the_marks_of_one_meaning(found):
    for name in ("p1", "p2", "p3"):
        pair = found.explain(name)
        spans = pair.marks()
        for side, text in ((1, pair.project_text), (2, pair.archive_text)):
            own = [(one[side], one[0]) for one in spans]
            cut = list(
                pieces(text, own, dict.fromkeys(value_words("field", "ledger"), 1), set(), pair.passages()[side - 1])
            )
            assert "".join(piece.text for piece in cut) == text
            assert sum(piece.mark is not None for piece in cut) == len(own)
    pair = found.explain("p1")
    figures = [
        (pair.project_text[a:b], pair.archive_text[c:d]) for field, (a, b), (c, d) in pair.marks() if field == "figures"
    ]
    assert sorted(figures) == [("6座", "6座"), ("7台", "7台")]  # not in the order in which they are told
    english = found.explain("p2")
    (a, b) = next(here for field, here, _ in english.marks() if field == "figures")
    assert english.project_text[a : b + 6] == "2 ponds"  # not that of m2


def test_a_long_stretch_without_marks_is_shortened():
    cut = list(pieces("字" * 1000, [], {}, set(), []))
    assert len(cut) == 1
    assert len(cut[0].text) < 240
    assert "[…]" in cut[0].text


def test_pictures_add_up_and_say_the_figures_of_the_frames(found, section):
    pictures = drawn(section)
    assert list(pictures) == ["weights", "probabilities"]
    surest = by_probability(found.frame)["id"][0]
    total = found.candidates.filter(id=surest, rank=1)["odds_repackaged"][0]
    rows = pictures["weights"].twin.rows
    assert sum(row[2] for row in rows[:-1]) == pytest.approx(rows[-1][2], abs=1e-9)
    assert rows[-1][2] == pytest.approx(total, abs=1e-9)
    assert f"{total:.1f} in all" in pictures["weights"].headline.en
    assert "2 of 4 projects are found to be repackaged" in pictures["probabilities"].headline.en
    cells = {row[0]: row[3] for row in pictures["probabilities"].twin.rows}
    for name, value in found.frame.select("id", "probability").rows():
        assert cells[name] == pytest.approx(100 * value)
    assert "100.0" not in str(xinzhi.plot(found, "probabilities").to_dict())  # no probability is shown as certain


def test_the_page_escapes_and_stands_in_both_languages(found, tmp_path):
    source = Text(zh="示例", en="example")
    files = write_report([found], tmp_path, name="screen", source=source)
    page = Path(files[0]).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<i>双流区" not in page
    assert "&lt;script&gt;alert(1)" in page
    anchors = set(re.findall(r'<article class="ledger" id="([^"]+)"', page))
    assert anchors == set(re.findall(r'<li><a href="#(screen-[^"]+)"', page))
    assert len(anchors) == 3
    assert page.count('class="zh"') == page.count('class="en"')
    again = write_report([found], tmp_path / "again", name="screen", source=source)
    assert Path(again[0]).read_text(encoding="utf-8") == page


def test_tables_hold_every_project_and_the_whole_ledger(found, section):
    book = {table.key: table for table in section.contents()}
    assert len(book["screen_verdicts"].rows) == 4
    assert [column.title.en for column in book["screen_verdicts"].columns][3] == "probability"
    kept = found.ledger.filter((pl.col("rank") == 1) & (pl.col("level") >= 0))
    assert len(book["screen_ledger"].rows) == kept.height
    assert len(book["screen_changes"].rows) == found.changes.height


def test_one_project_or_one_region(found):
    one = pages.section(found, region="p3")
    assert {pair.heads[0].en for pair in one.ledgers} == {"Project p3"}
    assert len(one.ledgers) == found.candidates.filter(id="p3").height
    assert "follow-on; owner" in one.pictures[0].headline.en
    assert "of being a follow-on" in one.ledgers[0].finding.en
    assert pages.section(found, region="肥西县").answer[0].en.startswith("3 projects against 2 archived ones")
    assert pages.section(found, region="510000").answer[0].en.startswith("1 project against 2 archived ones")
    assert pages.section(found, region="Anhui").answer[0].en.startswith("3 projects against 2 archived ones")
    with pytest.raises(UsageError, match="'Mars' is no project and no region"):
        pages.section(found, region="Mars")


def test_thin_input_says_why():
    nothing = pages.section(screen(NEW.filter(id="<b>"), OLD.filter(id="a2")))
    assert [picture.kind for picture in nothing.pictures] == ["probabilities"]
    assert nothing.ledgers == ()
    assert "No project shares two clues" in nothing.answer[1].en
    drawn(nothing)
    empty = pages.section(screen(pl.DataFrame({"id": ["e"], "text": [""]}), OLD))
    assert "there is no text (1)" in " ".join(note.en for note in empty.notes)
    assert any(table.key == "findings" for table in empty.tables)


def test_of_many_projects_the_doubtful_ones_are_drawn(many):
    section = pages.section(many)
    pictures = drawn(section)
    assert list(pictures) == ["weights", "probabilities", "spread", "calibration"]
    assert len(pictures["probabilities"].twin.rows) == 40
    assert many.frame.height == 66
    told = many.frame["probability"].drop_nulls()  # of a place alone there is none
    assert sum(row[-1] for row in pictures["spread"].twin.rows) == len(told) > 60
    away = (told - 0.8).abs().sort()
    shown = [abs(row[3] / 100 - 0.8) for row in pictures["probabilities"].twin.rows]
    assert max(shown) == pytest.approx(away[39])
    calls = many.frame.filter(verdict="repackaged")
    sides = [pair.heads[0].en.removeprefix("Project ") for pair in section.ledgers][:12]
    assert set(sides) == set(by_probability(calls)["id"].head(12))


def test_calibration_is_what_counting_gives(many):
    picture = drawn(pages.section(many))["calibration"]
    joined = many.truth.join(many.frame, on="id", suffix="_found")
    assert sum(row[-1] for row in picture.twin.rows) == joined["probability"].count() > 60
    top = joined.filter(pl.col("probability") >= 0.9)
    assert picture.twin.rows[-1][2] == pytest.approx(100 * (top["label"] == "repackaged").mean())
    # Wilson's interval solves (share - p)^2 = z^2 p (1 - p) / n
    table = calibration_table(joined)
    for end in ("lower", "upper"):
        for share, p, n in table.select("was", end, "projects").rows():
            assert (share - p) ** 2 == pytest.approx(1.959964**2 * p * (1 - p) / n, abs=1e-7)
    hits = top.filter(label="repackaged").height
    assert hits > 10
    assert (
        f"{joined.filter(verdict='repackaged', label='repackaged').height} of the " in pages.section(many).answer[3].en
    )


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ({"id": ["p1"]}, "label is not among"),
        ({"id": ["p1"], "label": ["old"]}, "old is no label; a label is one of repackaged"),
        ({"id": ["p1", "p1"], "label": ["new", "new"]}, "p1 is labelled twice"),
        ({"id": ["q"], "label": ["new"]}, "none of the labelled projects"),
    ],
)
def test_labels_that_cannot_be_used_are_named(found, truth, message):
    with pytest.raises(InputError, match=message):
        with_truth(found, pl.DataFrame(truth))


def test_a_word_inside_another_word_is_not_marked():
    new = "Xinhui Water Co., Ltd. intends to build ten ponds in Feixi County, Hefei; CNY 183 million, 62.5 mu"
    old = "合肥市肥西县，由合肥鑫辉水务有限公司建设，总投资1.83亿元，占地62.5亩，水池10座"
    pair = screen(pl.DataFrame({"id": ["p"], "text": [new]}), pl.DataFrame({"id": ["a"], "text": [old]})).explain("p")
    starts = [pair.project_text.index(" ten ") + 1]
    assert [here[0] for field, here, _ in pair.marks() if field == "figures"] == starts


def test_pairs_that_have_no_room_on_the_page_are_said(many, found):
    section = pages.section(many)
    near = many.frame.filter(pl.col("archive_id").is_not_null()).height
    assert len(section.ledgers) < near
    assert section.notes[0].en.startswith(f"The {len(section.ledgers)} most telling pairs stand side by side")
    assert not any("side by side" in note.en for note in pages.section(found, region="p1").notes)
