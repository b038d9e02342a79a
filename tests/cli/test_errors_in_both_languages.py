"""Every wrong call is told in the language that was asked for: what is wrong, and what to do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from xinzhi.cli import main
from xinzhi.data import known_tables, load

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/errors.yaml").read_text(encoding="utf-8"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What stays Latin in Chinese text: options, paths and files, quoted names, snake case, codes; columns that are listed.
LATIN = re.compile(
    r"--?[a-z-]+|\S*[/\\.]\S*|[“'‘`「][^”'’`」]*[”'’`」]|\b\w*[_-]\w+\b|\b[A-Z][A-Z0-9/.]*\b|\bxinzhi\b|\b[a-z]{1,2}\b",
    re.ASCII,
)
SENTENCE = re.compile(r"[A-Za-z']{2,} [A-Za-z']{2,} [A-Za-z']{2,}")
GROUPS = yaml.safe_load((Path(__file__).parents[1] / "cases/latin_words.yaml").read_text(encoding="utf-8"))
LISTED = {word for some in GROUPS.values() for words in some for word in words}
COLUMNS = set(known_tables()) | {name for table in load("china-provinces").tables.values() for name in table.columns}
COLUMNS |= {"measurement", "output", "capital", "labour"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("wrong")
    (tmp / "empty").mkdir()
    (tmp / "broken.xlsx").write_bytes(b"not a workbook")
    (tmp / "broken.json").write_text("{", encoding="utf-8")
    (tmp / "nokey.pem").write_text("no key", encoding="utf-8")
    (tmp / "table.csv").write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    (tmp / "words.csv").write_text("a,b,c\n1,two,x\n3,4,y\n", encoding="utf-8")
    return tmp


def called(call, folder, monkeypatch, capsys, language):
    words = [str(word).replace("{tmp}", str(folder)) for word in call]
    words += [] if "--lang" in words else ["--lang", language]
    monkeypatch.setenv("XINZHI_LANG", language)
    monkeypatch.setattr(sys, "argv", ["xinzhi", *words])
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as leaving:
        main()
    return leaving.value.code, capsys.readouterr().err


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case[1:4])))
def test_a_wrong_call_is_told_in_chinese(case, folder, monkeypatch, capsys):
    code, said = called(case[1:], folder, monkeypatch, capsys, "zh")
    assert code == case[0], said
    assert CHINESE.search(said)
    plain = LATIN.sub(" ", said.replace(str(folder), " "))
    assert not SENTENCE.search(plain), said
    assert len(set(re.findall(r"[A-Za-z]{3,}", plain)) - LISTED - COLUMNS) <= 2, said  # what the caller wrote


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case[1:4])))
def test_a_wrong_call_is_told_in_english(case, folder, monkeypatch, capsys):
    code, said = called(case[1:], folder, monkeypatch, capsys, "en")
    assert code == case[0], said
    assert len(re.findall(r"[A-Za-z]{2,}", said)) >= 4
    assert "Traceback" not in said
