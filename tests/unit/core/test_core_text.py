from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

import xinzhi
from xinzhi import words
from xinzhi.core.names import Names, distinct
from xinzhi.core.parameters import setting
from xinzhi.core.programs import Program, solve_once
from xinzhi.core.schema import describe
from xinzhi.core.text import (
    MissingTextError,
    Text,
    listing,
    number,
    percent,
    printable,
    probability,
    sentence,
    sentences,
    significant,
)

NAMES = [Text(zh="吉林", en="Jilin"), Text(zh="辽宁", en="Liaoning"), Text(zh="河北", en="Hebei")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (number(-1.26), "−1.3"),
        (number(1.26, sign=True), "+1.3"),
        (number(None), "–"),
        (number(-0.04), "0.0"),
        (significant(0.0123456), "0.01235"),
        (significant(123456.7), "123,457"),
        (significant(-2.5), "−2.500"),
        (percent(0.0123), "1.2"),
        (probability(0.042), "p = 0.042"),
        (probability(0.0001), "p < 0.001"),
        (probability(None), "p = –"),
        (listing(NAMES).en, "Jilin, Liaoning and Hebei"),
        (listing(NAMES, limit=1), Text(zh="吉林等3个", en="Jilin and 2 others")),
        (
            listing([Text(zh="甲（1、2）", en="A (1, 2)"), NAMES[0]]),
            Text(zh="甲（1、2）、吉林", en="A (1, 2) and Jilin"),
        ),
        (sentence(Text(zh="没有标记", en="no flag")), Text(zh="没有标记。", en="No flag.")),
        (sentence(Text(zh="c23居首", en="c23 comes first")), Text(zh="c23居首。", en="c23 comes first.")),
        (sentences({"label.national": {}}, "shared")[0].en, "All regions together."),
        (describe("measure", "region").title.en, "region"),
        (setting(Path(xinzhi.__file__).with_name("sources") / "conventions.yaml", "obsolescence"), 0.15),
    ],
)
def test_how_it_is_written(written, expected):
    assert written == expected


def test_names_that_read_alike_get_their_codes():
    found = distinct({"a": Text(zh="文化", en="culture"), "b": Text(zh="文化业", en="culture")})
    assert found["b"] == Text(zh="文化业 (b)", en="culture (b)")
    assert Names().text("industry", "37").en == "37"
    assert Names().resolve("吉林省", ["A", "220000"]) == Names().resolve("22", ["A", "220000"]) == "220000"


def test_a_program_is_changed_and_solved_again():
    program = Program(np.array([[1.0, 2.0]]), costs=[1.0, 1.0], row_lower=-np.inf, row_upper=4.0, maximise=True)
    assert program.solve().objective == 4.0
    program.set_row_bounds(-np.inf, 6.0)
    assert (program.solve().objective, program.count, program.size) == (6.0, 2, (1, 2))
    assert solve_once(np.array([[2.0]]), costs=1.0, row_lower=3.0, row_upper=np.inf, integers=[0]).objective == 2.0


def test_what_no_page_or_terminal_takes_is_left_out_of_a_text():
    assert printable(" a\x00\x1b[1m\ufeffb\ufffe\n c\ud800 ") == "a[1mb  c"
    assert printable("每人，　10\u00a0%") == "每人，　10\u00a0%"


@pytest.mark.parametrize(
    ("use", "topic", "key"),
    [
        (lambda: words.by_key("frontier.chart.nowhere"), "frontier", "chart.nowhere"),
        (lambda: words.by_key("nowhere"), "shared", "nowhere"),
        (lambda: words.frontier.chart_of("nowhere"), "frontier", "chart.nowhere"),
        (lambda: getattr(words.frontier, "now" + "here"), "frontier", "nowhere"),
        (lambda: words.frontier.nowhere_of("x"), "frontier", "nowhere"),
    ],
)
def test_a_text_that_is_not_there_is_named_with_its_topic_and_the_cure(use, topic, key):
    with pytest.raises(MissingTextError) as missing:
        use()
    assert f"words/pages/{topic}.yaml has no text '{key}'" in str(missing.value)
    assert "python tools/generate_words.py" in str(missing.value)
    assert str(copy.copy(missing.value)) == str(missing.value)
    assert not hasattr(words.frontier, "nowhere")
