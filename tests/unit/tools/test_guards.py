from __future__ import annotations

import argparse
import ast

import pytest
import yaml

import guards
import lint_form
import lint_names
import lint_words
import ratchet
from ratchet import Count, Place

OPTIONS = argparse.Namespace(update=False, report=False)
UPDATE = argparse.Namespace(update=True, report=False)


@pytest.fixture
def bounds(tmp_path):
    path = tmp_path / "ratchet.yaml"
    path.write_text("form: {any: 10, fmt-skip: 3}\n", encoding="utf-8")
    return path


def lines(rule, source):
    return [node.lineno for node in rule(ast.parse(source))]


def test_a_count_above_its_bound_fails_and_says_where(bounds, capsys):
    places = [Place("a.py:1", "Any")]
    assert ratchet.judge("form", [Count("any", 11, places)], OPTIONS, bounds) == 1
    assert "form: any 11 (at most 10)\n    a.py:1: Any\n" in capsys.readouterr().out


def test_a_count_at_its_bound_passes(bounds):
    assert ratchet.judge("form", [Count("any", 10)], OPTIONS, bounds) == 0


def test_what_has_no_row_is_bound_by_its_default(bounds):
    assert ratchet.judge("form", [Count("comprehension", 1)], OPTIONS, bounds) == 1
    assert ratchet.judge("form", [Count("face.risks", 25, default=25)], OPTIONS, bounds) == 0
    assert ratchet.judge("form", [Count("face.risks", 26, default=25)], OPTIONS, bounds) == 1


def test_an_update_lowers_a_bound_and_never_raises_one(bounds):
    assert ratchet.judge("form", [Count("any", 12), Count("fmt-skip", 0)], UPDATE, bounds) == 1
    assert yaml.safe_load(bounds.read_text(encoding="utf-8")) == {"form": {"any": 10}}


def test_an_update_leaves_the_other_guards_alone(bounds):
    ratchet.judge("names", [Count("variables", 1.5)], UPDATE, bounds)
    assert yaml.safe_load(bounds.read_text(encoding="utf-8")) == {
        "form": {"any": 10, "fmt-skip": 3},
        "names": {"variables": 1.5},
    }


def test_names_are_counted_by_section():
    tree = ast.parse("found = 1\nfor region in found: pass\ndef told(data, _one): pass\nclass Shares: pass\n")
    variables, functions = lint_names.count_names({"a.py": tree}, lint_names.read_words())
    assert (variables.value, [place.where for place in variables.places]) == (50, ["a.py:1", "a.py:3"])
    assert (functions.value, [place.text for place in functions.places]) == (50, ["told"])


def test_terms_of_the_field_are_no_empty_names():
    words = lint_names.read_words()
    assert {"one", "found", "known"} <= words["variables"]
    assert not {"weighted", "lagged", "fixed"} & (words["variables"] | words["functions"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1 if a else 2", []),
        ("x = 1 if a else 2 if b else 3", [1]),
        ("x = f(1 if a else 2) if b else 3", [1]),
    ],
)
def test_conditional_expressions_inside_others(source, expected):
    assert lines(lint_form.nested_choices, source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = [a for a in b if a]", []),
        ("x = [a for b in c for a in b]", []),
        ("x = {a: 1 for b in c for a in b if a}", [1]),
    ],
)
def test_comprehensions_with_two_loops_and_a_condition(source, expected):
    assert lines(lint_form.dense_comprehensions, source) == expected


ROWS = "".join(f"    {number},\n" for number in range(7))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"x = f(\n{ROWS})", []),
        (f"x = [\n{ROWS}]", []),
        (f"x = frame.filter(\n{ROWS}).sort(\n{ROWS})", []),
        (f"def f():\n    '''First.\n{ROWS}    '''", []),
        (f"x = 1 + f(\n{ROWS})", [1]),
        (f"x = [\n    y\n    for y in f(\n{ROWS})\n]", [1]),
        ("x = f(a, b,\n\n\n\n\n\n\nc)", [1]),
        ("if f(a, b,\n\n\n\n\n\n\nc):\n    pass", [1]),
    ],
)
def test_statements_of_more_than_six_lines_have_one_part_a_line(source, expected):
    assert lines(lint_form.long_statements, source) == expected


def test_an_annotation_with_any_counts_once():
    source = "x: dict[Any, Any] = {}\ndef f(a: int, b: Any) -> list[Any]: pass\nA: TypeAlias = Any\ny = cast(Any, 1)\n"
    assert sorted(lines(lint_form.uses_of_any, source)) == [1, 2, 2, 3, 4]


@pytest.mark.parametrize(
    "source",
    ["x = frame.filter(a)", "x = a.join(b, on='region')", "x = pl.concat(frames)", "if frame.sort('x').height: pass"],
)
def test_statements_of_frame_algebra(source):
    assert lines(lint_form.frame_statements, source) == [1]


@pytest.mark.parametrize(
    "source",
    ["x = ', '.join(names)", "names.sort(key=len)", "x = pl.col('region')", "x = frame.head(3)", "x = frame.height"],
)
def test_statements_without_frame_algebra(source):
    assert lines(lint_form.frame_statements, source) == []


def test_a_statement_inside_another_counts_for_itself():
    assert lines(lint_form.frame_statements, "def f():\n    if a:\n        x = frame.filter(a)\n") == [3]


def test_imports_past_a_face():
    source = (
        "from xinzhi.report.page import page\nfrom xinzhi.report import plot\nfrom xinzhi.report.internal import page\n"
    )
    trees = {"xinzhi/web/app.py": ast.parse(source), "xinzhi/report/page.py": ast.parse(source)}
    assert {count.name: count.value for count in lint_form.count_inner(trees)} == {
        "inner.report": 1,
        "inner.studies": 0,
        "inner.web": 0,
    }


def test_names_on_a_face(tmp_path):
    (tmp_path / "risks").mkdir()
    face = tmp_path / "risks/__init__.pyi"
    face.write_text("from .debt import a as a, b as b\nfrom .herd import c as c\n", encoding="utf-8")
    assert [(count.name, count.value, count.default) for count in lint_form.count_faces(tmp_path)] == [
        ("face.risks", 3, 25)
    ]


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{region} grew by {growth:%.1} %", "X grew by 1 %"),
        ("since {start}, {n:region|regions}", "since Y, 1 regions"),
        ("it {way:[rise=rose by {n}|*=fell]}", "it rose by 1"),
        ("{n:?is|are}", "are"),
        ("a set {a, b", "a set {a, b"),
    ],
)
def test_a_template_is_read_as_a_sentence(template, sentence):
    assert lint_words.example(template) == sentence


@pytest.mark.parametrize(
    ("text", "language", "rule"),
    [
        ("They can be told apart.", "en", "E01"),
        ("They are told apart.", "en", "E01"),
        ("两地分不出快慢。", "zh", "Z01"),
        ("It grew by 1, 2, 3 and 4.", "en", "E31"),
        (" ".join(["word"] * 26), "en", "E30"),
        ("字" * 46, "zh", "Z30"),
        ("One (two (three)).", "en", "E33"),
        ("一（二）三（四）。", "zh", "Z32"),
    ],
)
def test_a_sentence_breaks_a_rule(text, language, rule):
    assert rule in lint_words.broken_rules(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "Output grew by 1.8 a year between 2017 and 2023 (90 % interval 1.4 to 2.1).".replace(
                " %", "\N{NO-BREAK SPACE}%"
            ),
            "en",
        ),
        ("字" * 44 + "。" + "字" * 44 + "。", "zh"),
        ("Use clubs(rules=ClubRules(placebo=99)) in Python.", "en"),
        ("2017—2023年平均增长6.0%，快0.6个百分点，居第3位，见表1。", "zh"),
    ],
)
def test_a_sentence_breaks_no_rule(text, language):
    assert lint_words.broken_rules(text, language) == {}


def test_the_catalogue_is_counted_by_file(tmp_path):
    pages = tmp_path / "words/pages"
    pages.mkdir(parents=True)
    (pages / "bands.yaml").write_text(
        "a: {zh: 差异显著, en: They are told apart}\nb: {zh: '有{n}个', en: 'There are {k}'}\nc: {zh: 无}\n",
        encoding="utf-8",
    )
    (tmp_path / "names.yaml").write_text("a: {zh: 河北}\n", encoding="utf-8")
    counts, rules = lint_words.count_catalogue(tmp_path)
    assert [(count.name, count.value) for count in counts] == [("names", 0), ("pages/bands", 3)]
    assert rules == {"E01": 1, "B01": 1, "B02": 1}


def test_a_rule_may_be_allowed_at_a_place():
    texts = {"zh": "基准协议", "en": "reference protocol"}
    assert "Z04" in lint_words.breaches(lint_words.Entry("words/pages/brief", "a", texts))
    assert "Z04" not in lint_words.breaches(lint_words.Entry("words/pages/protocol", "a", texts))


def test_the_prose_of_a_page():
    drawing, table = "<svg><text>x</text></svg>", "<table><tr><td>1</td></tr></table>"
    page = f"<h1>Growth</h1>{table}<p>One <b>two</b>.</p>{drawing}<p lang=zh>三</p>"
    assert lint_words.prose(page) == ["Growth", "One two.", "三"]


def test_printed_sentences_count_once_a_topic():
    texts = [("bands", "They are told apart."), ("bands", "They are told apart."), ("bands", "能分开。")]
    counts, rules = lint_words.count_printed(texts)
    assert [(count.name, count.value) for count in counts] == [("bands.en", 1), ("bands.zh", 1)]
    assert rules == {"E01": 1, "Z01": 1}


def test_every_bound_belongs_to_a_guard():
    assert set(yaml.safe_load(ratchet.BOUNDS.read_text(encoding="utf-8"))) == {"names", "form", "words", "printed"}


def test_the_guards_are_those_of_make_lint():
    assert "python tools/guards.py\n" in (ratchet.ROOT / "Makefile").read_text(encoding="utf-8")
    assert callable(guards.main)
