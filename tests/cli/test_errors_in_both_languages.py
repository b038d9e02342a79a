"""Every wrong call is told in the language that was asked for: what is wrong, and what to do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml
from latin import CHINESE, strange

from xinzhi.cli import main

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/errors.yaml").read_text(encoding="utf-8"))
# How a sentence says what to do: it asks for it, or names what there is, what would be allowed, or an example.
CURES = {
    "zh": re.compile(r"请|可选|可用|可另|是否|须|见--help|例如|现有|有“|没有这|只有|数据为|查看|允许范围"),
    "en": re.compile(
        r"\b(write|give|name|take|choose|check|see|such as|for example|it is|it has|there (is|are)|must|needs?|add|"
        r"fill|keep|say|mend|make|did you mean|known|definitions|put|hand in|leave|look it up|has \d+ to|reach from|"
        r"fetch|save|so start|only|hold|lie in)\b",
        re.IGNORECASE,
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("wrong")
    (tmp / "empty").mkdir()
    (tmp / "broken.xlsx").write_bytes(b"not a workbook")
    (tmp / "broken.json").write_text("{", encoding="utf-8")
    (tmp / "other.json").write_text("{}", encoding="utf-8")
    (tmp / "blank.yaml").write_text("id: mine\n", encoding="utf-8")
    (tmp / "nokey.pem").write_text("no key", encoding="utf-8")
    (tmp / "table.csv").write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    (tmp / "words.csv").write_text("a,b,c\n1,two,x\n3,4,y\n", encoding="utf-8")
    return tmp


def called(call, folder, monkeypatch, capsys, language):
    words = [str(word).replace("{tmp}", str(folder)) for word in call]
    words += [] if "--lang" in words or "--encoding" in words else ["--lang", language]
    monkeypatch.setenv("XINZHI_LANG", language)
    monkeypatch.setattr(sys, "argv", ["xinzhi", *words])
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as leaving:
        main()
    return leaving.value.code, capsys.readouterr().err.replace(str(folder), "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case[1:4])))
def test_a_wrong_call_is_told_in_chinese(case, folder, monkeypatch, capsys):
    code, said = called(case[1:], folder, monkeypatch, capsys, "zh")
    assert code == case[0], said
    typed = {part for word in case[1:] for part in re.split(r"[^\w-]+", str(word))} | {"a", "b", "two"}
    for line in said.splitlines():
        assert CHINESE.search(line)
        assert strange(line.removeprefix("xinzhi: "), typed) == [], line
    cure = CURES["zh"].search(said)
    assert cure, said
    assert CHINESE.search(said[cure.start() :]), said
    assert "{" not in said.replace("{region", "").replace("{structures", ""), said


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case[1:4])))
def test_a_wrong_call_is_told_in_english(case, folder, monkeypatch, capsys):
    code, said = called(case[1:], folder, monkeypatch, capsys, "en")
    assert code == case[0], said
    assert len(re.findall(r"[A-Za-z]{2,}", said)) >= 4
    assert CURES["en"].search(said), said
    assert not CHINESE.search(said), said
    assert "Traceback" not in said
