"""Under `--lang zh` no English is left: on the terminal, in help, on pages."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import fastexcel
import pytest
from latin import CHINESE, strange

import xinzhi
from xinzhi.cli import main
from xinzhi.cli.verbs import VERBS
from xinzhi.core.text import read_words
from xinzhi.sectors import load_system

SOURCE = Path(xinzhi.__file__).parent
DATA = "china-provinces"
OUTPUT = ("-x", "capital,labour", "-y", "output")
# Calls that together run every verb; what a later one reads, an earlier one of its own has made.
PROJECTS = "id,text\np1,长丰县学校，总投资2.4亿元\np2,肥西县智慧水务中心：投资18300万元，用地62.5亩，2024年启动\n"
DOWNLOADED = "数据库：分省年度数据\n指标：地区生产总值(亿元)\n地区,2023年,2022年\n北京市,43760.7,41540.9\n"
ARCHIVE = "id,text\na1,合肥市肥西县污水处理厂，总投资1.83亿元，占地62.5亩，2016年开工\n"
ADOPTED = """\
id: ours-2027
version: "1"
title: {zh: 某省协议, en: Protocol of a province}
status: adopted
authority: {zh: 某局, en: A bureau}
description: {zh: 试行, en: on trial}
extends: xinzhi-cn-2026
"""
MADE = ("key", "new", "k", "--owner-zh", "某局", "--owner-en", "A bureau")
TRUSTED = (MADE, ("key", "trust", "list.yaml", "k.yaml"))
CALLS = {
    "measure": ("measure", DATA, "--out", "out"),
    "assess": ("assess", DATA, "--out", "out"),
    "verify": ("verify", "certified/certificate.json", "--data", DATA),
    "audit": ("audit", DATA, "--out", "out"),
    "claim": ("claim", DATA, "--region", "Jilin", "--from", "2012", "--to", "2017", "--growth", "3.4%", "--out", "out"),
    "bridge": ("bridge", DATA, "--out", "out"),
    "digital": ("digital", DATA, "--out", "out"),
    "bands": ("bands", DATA, "--quick", "--out", "out"),
    "backtest": ("backtest", DATA, "--out", "out"),
    "scope": ("scope", DATA, "--as-of", "2024", "--out", "out"),
    "scope-list": ("scope", "--list"),
    "scope-explain": ("scope", "--as-of", "2024", "--explain", "3670"),
    "check": ("check", DATA),
    "sources": ("sources", DATA, "--out", "out"),
    "frontier": ("frontier", DATA, *OUTPUT, "--year", "2016", "--out", "out"),
    "frontier-index": ("frontier", DATA, *OUTPUT, "--index", "malmquist", "--years", "2005:2016", "--out", "out"),
    "sectors": ("sectors", DATA, "--out", "out"),
    "sectors-list": ("sectors", "--list"),
    "sectors-index": ("sectors", DATA, "--system", "xinzhi-sectors", "--draws", "20", "--region", "22", "--out", "out"),
    "paths": ("paths", DATA, "--region", "Jilin", "--draws", "20", "--out", "out"),
    "able": ("able", DATA, "--region", "Jilin", "--category", "nev", "--out", "out"),
    "plan": ("plan", DATA, "--region", "Jilin", "--out", "out"),
    "risks": ("risks", DATA, "--only", "capacity", "--only", "debt", "--out", "out"),
    "bubbles": ("bubbles", DATA, "--of", "provinces", "--critical", "stored", "--out", "out"),
    "brief": ("brief", "贵州", "--out", "out"),
    "goals": ("goals", "贵州", "--out", "out"),
    "screen": ("screen", "projects.csv", "--archive", "archive.csv", "--out", "out"),
    "firms": ("firms", "汇总表", "--out", "out"),
    "screen-example": ("screen", "--example", "out"),
    "protocol-list": ("protocol", "list"),
    "protocol-show": ("protocol", "show", "xinzhi-cn-2026"),
    "protocol-diff": ("protocol", "diff", "xinzhi-cn-2026", "pwt-10.01"),
    "protocol-diff-stocks": ("protocol", "diff", "xinzhi-cn-2026", "zhang-2004"),
    "protocol-new": ("protocol", "new", "mine.yaml"),
    "protocol-check": ("protocol", "check", "ours.yaml"),
    "protocol-sign": (
        "protocol",
        "sign",
        "adopted.yaml",
        "--key",
        "k.pem",
        "--in-force",
        "2027-01-01",
        "--act",
        "某令",
    ),
    "key-new": ("key", "new", "k", "--owner-zh", "某局", "--owner-en", "A bureau"),
    "key-trust": ("key", "trust", "list.yaml", "k.yaml"),
    "key-show": ("key", "show", "k.yaml"),
    "key-show-list": ("key", "show", "list.yaml"),
    "key-revoke": ("key", "revoke", "list.yaml", "k.yaml"),
    "key-sign": ("key", "sign", "certified/certificate.json", "--key", "k.pem"),
    "data-list": ("data", "list"),
    "data-export": ("data", "export", DATA, "out"),
    "data-import": ("data", "import", "nbs", "downloaded.csv", "--out", "out"),
    "new": ("new", "out"),
    "data-new": ("data", "new", "out"),
}
ELSEWHERE = {
    "serve",  # answers until it is stopped: tests/web
    "mcp",  # answers until it is left: tests/unit/web
    "site",  # writes the pages that `serve` answers: tests/web
}
# What is called before a call, and is held to the same.
FIRST = {
    "verify": (("assess", DATA, "--only", "none", "--out", "certified"),),
    "key-sign": (("assess", DATA, "--only", "none", "--out", "certified"), MADE),
    "key-trust": (MADE,),
    "key-show": (MADE,),
    "key-show-list": TRUSTED,
    "key-revoke": TRUSTED,
    "protocol-sign": (MADE,),
    "firms": (
        ("firms", "mock", "--number", "2000", "--out", "made"),
        ("firms", "made", "--plan", "made/plan.yaml", "--out", "汇总表"),
    ),
}
HEADER = re.compile("[a-z][a-z0-9_]*")
AUTHORS = re.compile("[A-Z][A-Za-z]+(?:[、与和][A-Z][A-Za-z]+)*(?=等?（[12][0-9]{3}[年）])")


EMPTY = {"br", "hr", "img", "input", "link", "meta", "col", "wbr"}


class _Page(HTMLParser):
    """The Chinese text of a page in two languages."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in EMPTY:
            return
        given = dict(attrs)
        english = "en" in (given.get("class") or "").split() or given.get("lang") == "en"
        hidden = english or tag in {"style", "script", "code", "pre"} or any(one for _, one in self.open[-1:])
        self.open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(hidden for _, hidden in self.open[-1:]):
            self.texts.append(data.strip())


def texts_of_page(html: str) -> list[str]:
    """Return the Chinese texts of a page."""
    page = _Page()
    page.feed(html)
    return page.texts


def texts_of_workbook(path: object) -> dict[str, list[str]]:
    """Return what stands in the first rows of every sheet of a workbook, by its name."""
    book = fastexcel.read_excel(str(path))
    sheets = {name: book.load_sheet(name, header_row=None, n_rows=4, dtypes="string") for name in book.sheet_names}
    return {name: [cell for row in one.to_polars().iter_rows() for cell in row if cell] for name, one in sheets.items()}


@pytest.fixture(scope="module")
def registered():
    """Return the text of the registries: a reference stands in the language of its source."""
    files = [path for path in SOURCE.rglob("*.yaml") if "words" not in path.parts]
    return " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in files).replace("''", "'")


def spoken(call, folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["xinzhi", *call, "--lang", "zh"])
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr()
    return [*said.out.splitlines(), *said.err.splitlines()]


def english(texts, registered=""):
    """Return the texts that have Latin words which may not stand there; references stand in their own language."""
    found = []
    for text in texts:
        if not (words := strange(AUTHORS.sub("", text))):
            continue
        parts = re.split("[,;] ", text.strip(" :。"))
        cited = not CHINESE.search(text) and (text.startswith("[{") or all(part in registered for part in parts))
        if not cited:
            found.append(f"{words}: {text.strip()[:200]}")
    return found


def written(folder):
    """Write what some calls read."""
    (folder / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    (folder / "archive.csv").write_text(ARCHIVE, encoding="utf-8")
    (folder / "downloaded.csv").write_text(DOWNLOADED, encoding="utf-8")
    (folder / "adopted.yaml").write_text(ADOPTED, encoding="utf-8")
    (folder / "ours.yaml").write_text("id: ours\nversion: 1\nextends: xinzhi-cn-2026\n", encoding="utf-8")


def described():
    """Return every column that the catalogue describes, with its Chinese title."""
    books = [read_words(f"results/{path.name}") for path in (SOURCE / "words/results").glob("*.yaml")]
    titles = {name.split(".")[-1]: entry["zh"] for book in books for name, entry in book.get("columns", {}).items()}
    return titles | {name: group.name.zh for name, group in load_system("xinzhi-sectors").sectors.items()}


@pytest.mark.parametrize("name", CALLS)
def test_no_english_is_left_in_chinese_output(name, registered, tmp_path, monkeypatch, capsys):
    written(tmp_path)
    monkeypatch.setenv("XINZHI_KEY_PASSWORD", "a sentence of some length")
    calls = (*FIRST.get(name, ()), CALLS[name])
    said = [line for call in calls for line in spoken(call, tmp_path, monkeypatch, capsys)]
    assert said
    assert english(said) == []
    for page in tmp_path.glob("out/*.html"):
        assert english(texts_of_page(page.read_text(encoding="utf-8")), registered) == [], page.name
    for page in tmp_path.glob("out/*.md"):
        assert english(page.read_text(encoding="utf-8").splitlines()) == [], page.name
    for book in (
        tmp_path.glob("out/*.xlsx") if name not in {"new", "data-new"} else ()
    ):  # a package is read by the names of its tables
        for sheet, rows in texts_of_workbook(book).items():
            assert CHINESE.search(sheet), f"{book.name}: {sheet}"
            assert any(CHINESE.search(cell) for cell in rows), f"{book.name}: {sheet}"
    if name not in {"data-export", "screen-example"}:  # columns of the caller's own
        headers_are_names_of_columns_that_have_a_chinese_title(tmp_path.glob("out/*.csv"))


def headers_are_names_of_columns_that_have_a_chinese_title(tables):
    titles = described()
    for table in tables:
        names = table.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
        assert [name for name in names if not HEADER.fullmatch(name)] == [], table.name
        stems = [name if name in titles else re.sub("_(zh|en)$", "", name) for name in names]
        assert [name for name in stems if name not in titles] == [], table.name
        alone = [name for name in names if name.endswith("_en") and f"{name[:-3]}_zh" not in names]
        assert alone == [], f"{table.name}: English without Chinese"


def test_every_verb_is_called():
    called = {" ".join(call[:2]) if call[0] in {"protocol", "data", "key"} else call[0] for call in CALLS.values()}
    assert set(VERBS) - called == ELSEWHERE


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_in_chinese_has_no_english(verb, tmp_path, monkeypatch, capsys):
    assert english(spoken([*verb.split(), "--help"], tmp_path, monkeypatch, capsys)) == []
