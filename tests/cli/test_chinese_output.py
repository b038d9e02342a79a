"""Under `--lang zh` no English is left: on the terminal, in help, on pages."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import fastexcel
import pytest
import yaml

import xinzhi
from xinzhi.cli import main
from xinzhi.cli.verbs import VERBS
from xinzhi.data import known_tables, load

CASES = Path(__file__).parents[1] / "cases"
GROUPS = yaml.safe_load((CASES / "latin_words.yaml").read_text(encoding="utf-8"))
LISTED = {word for some in GROUPS.values() for words in some for word in words}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
DATA = "china-provinces"
OUTPUT = ("-x", "capital,labour", "-y", "output")
# Calls that together run every verb. Projects speak the language in which they were written, so `screen` is not here.
CALLS = {
    "assess": ("assess", DATA, "--out", "out"),
    "audit": ("audit", DATA, "--out", "out"),
    "claim": ("claim", DATA, "--region", "Jilin", "--from", "2012", "--to", "2017", "--growth", "3.4%", "--out", "out"),
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
    "plan": ("plan", DATA, "--region", "Jilin", "--out", "out"),
    "risks": ("risks", DATA, "--only", "capacity", "--only", "debt", "--out", "out"),
    "bubbles": ("bubbles", DATA, "--of", "provinces", "--critical", "stored", "--out", "out"),
    "protocol-list": ("protocol", "list"),
    "data-list": ("data", "list"),
}


CODE = re.compile(
    r"""--?[a-z][a-z-]*(?:\ [A-Z]+)?      # options
    |\S*[/\\@]\S*                          # paths, units and what has a version
    |\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,}\b   # fingerprints
    |\b[\w.-]+\.[a-z_]{2,}\b               # files, parameters of a protocol
    |\b\w+(?:[_=:-][\w.-]+)+               # columns, identifiers, values of parameters
    |[“‘`「][^”’`」]*[”’`」]                # what is quoted
    |\['[^]]*'\]                           # lists of codes
    """,
    re.VERBOSE | re.ASCII,
)
WORD = re.compile(r"[A-Za-z][A-Za-z']+")
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


def latin(text: str) -> list[str]:
    """Return the Latin words of a text that are neither code nor quoted."""
    return WORD.findall(CODE.sub(" ", text))


@pytest.fixture(scope="module")
def allowed():
    """Return what may stand in Chinese text: the list, and the names of tables, columns and indicators."""
    package = load(DATA)
    columns = {name for table in package.tables.values() for name in table.columns}
    return LISTED | set(known_tables()) | set(package.tables) | columns | {"projects", "archive"}


@pytest.fixture(scope="module")
def registered():
    """Return the text of the registries: a reference stands in the language of its source."""
    files = [path for path in Path(xinzhi.__file__).parent.rglob("*.yaml") if "words" not in path.parts]
    return " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in files).replace("''", "'")


def spoken(call, folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["xinzhi", *call, "--lang", "zh"])
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr()
    return [*said.out.splitlines(), *said.err.splitlines()]


def english(texts, allowed, registered=""):
    """Return the texts that have Latin words which may not stand there."""
    found = []
    for text in texts:
        strange = [word for word in latin(text) if word not in allowed]
        parts = text.strip(" :。").split(", ")
        data = not CHINESE.search(text) and (len(latin(text)) == 1 or all(part in registered for part in parts))
        if strange and not data and not text.startswith("[{"):
            found.append(f"{strange}: {text.strip()[:200]}")
    return found


@pytest.mark.parametrize("name", CALLS)
def test_no_english_is_left_in_chinese_output(name, allowed, registered, tmp_path, monkeypatch, capsys):
    said = spoken(CALLS[name], tmp_path, monkeypatch, capsys)
    assert english(said, allowed) == []
    for page in tmp_path.glob("out/*.html"):
        assert english(texts_of_page(page.read_text(encoding="utf-8")), allowed, registered) == [], page.name
    for book in tmp_path.glob("out/*.xlsx"):
        for sheet, rows in texts_of_workbook(book).items():
            assert CHINESE.search(sheet), f"{book.name}: {sheet}"
            assert any(CHINESE.search(cell) for cell in rows), f"{book.name}: {sheet}"


def test_every_verb_is_called():
    assert {verb.partition(" ")[0] for verb in VERBS} - {call[0] for call in CALLS.values()} == {"verify", "screen"}


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_in_chinese_has_no_english(verb, tmp_path, monkeypatch, capsys):
    said = spoken([*verb.split(), "--help"], tmp_path, monkeypatch, capsys)
    sentence = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
    assert [line for line in said if sentence.search(line) and not re.search(r"xinzhi|[A-Z]{3}", line)] == []
