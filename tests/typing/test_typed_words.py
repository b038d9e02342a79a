"""The type checker finds a wrong text, and a missing, superfluous or mistyped value of one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

import xinzhi

PACKAGE = Path(xinzhi.__file__).parent
TYPED = ("words/bands.pyi", "words/spans.pyi", "core/text.py", "core/facts.py")  # the rest of the package is skipped
SOURCE = """\
from xinzhi.words import bands, spans

bands.answer_pairs(n=465, k=83, part=0.18, decided=0.9, wide="").text.en.upper()
bands.answer_pair()
bands.answer_pairs(n=465, k=83, part=0.18, decided=0.9)
bands.answer_pairs(n=465, k=83, part=0.18, decided=0.9, wide="", level=0.9)
bands.answer_pairs(n=465, k=83, part="18 %", decided=0.9, wide="")
spans.topic_of("nothing")
"""
WRONG = {
    4: 'has no attribute "answer_pair"',
    5: 'Missing named argument "wide"',
    6: 'Unexpected keyword argument "level"',
    7: 'incompatible type "str"; expected "float | None"',
    8: "expected \"Literal['",
}


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("typing")
    path = folder / "calls.py"
    path.write_text(SOURCE, encoding="utf-8")
    options = ["--follow-imports=skip", "--no-error-summary", f"--cache-dir={folder}"]
    report = api.run([*options, str(path), *(str(PACKAGE / file) for file in TYPED)])[0]
    found = re.findall(r"calls\.py:(\d+): error: (.*)", report)
    return {int(line): text for line, text in found}


def test_the_right_call_passes_and_no_wrong_one_does(errors):
    assert set(errors) == set(WRONG)


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_said(errors, line):
    assert WRONG[line] in errors[line]
