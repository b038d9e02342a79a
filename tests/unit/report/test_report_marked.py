from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import fastexcel
import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.data import check, load
from xinzhi.report import marked, write_marked

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTOR = """\
name: bad
resources:
  - name: accounts
    path: accounts.csv
    key: [region, year]
    fields:
      - {name: region, type: string}
      - {name: year, type: year}
      - {name: output_real, type: number, unit: 1e8 CNY at 2000 prices}
      - {name: labour_share, type: number, unit: ratio}
"""
ACCOUNTS = "region,year,output_real,labour_share\n110000,2000,100,0.5\n110000,2001,n/a,0.5\n110000,2002,120,5\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "datapackage.yaml").write_text(DESCRIPTOR, encoding="utf-8")
    (folder / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    return folder


def parts(path: Path, word: str) -> str:
    with zipfile.ZipFile(path) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if word in name)


def test_the_table_stands_as_it_was_read(source: Path, tmp_path: Path) -> None:
    path = write_marked(check(source), source, tmp_path / "marked.xlsx")
    book = fastexcel.read_excel(path)
    assert book.sheet_names == ["Findings", "accounts"]
    rows = book.load_sheet("accounts", header_row=None).to_polars().rows()
    assert rows[0] == ("region", "year", "output_real", "labour_share")
    assert rows[2][:3] == ("110000", "2001", "n/a")


def test_bad_cells_are_coloured_and_say_why(source: Path, tmp_path: Path) -> None:
    findings = check(source)
    assert findings
    path = write_marked(findings, source, tmp_path / "marked.xlsx")
    comments = parts(path, "comments")
    assert 'ref="C3"' in comments
    assert next(one for one in findings if one.line == 3).message.en in comments
    assert "FFF4C7C3" in parts(path, "styles")


def test_numbers_are_numbers_and_codes_stay_text(source: Path, tmp_path: Path) -> None:
    path = write_marked(check(source), source, tmp_path / "marked.xlsx")
    cells = parts(path, "worksheets/sheet2.xml")
    assert '<c r="C2"><v>100</v></c>' in cells
    assert '<c r="A2" t="s">' in cells


def test_the_list_is_in_both_languages(source: Path, tmp_path: Path) -> None:
    findings = check(source)
    book = fastexcel.read_excel(write_marked(findings, source, tmp_path / "m.xlsx", language="zh"))
    assert book.sheet_names[0] == "检查结果"
    cells = [cell for row in book.load_sheet(0, header_row=None).to_polars().rows() for cell in row]
    assert findings[0].message.zh in cells
    assert findings[0].message.en in cells


def test_a_package_is_read_again_from_its_source(source: Path, tmp_path: Path) -> None:
    package = load(source)
    book = fastexcel.read_excel(write_marked(package.findings, package, tmp_path / "m.xlsx"))
    assert book.load_sheet("accounts", header_row=None).to_polars().rows()[2][2] == "n/a"


def test_frames_count_their_rows_from_one(tmp_path: Path) -> None:
    frames = {"accounts": pl.DataFrame({"region": ["110000"] * 2, "year": [2000, 2001], "labour_share": [0.5, 5.0]})}
    findings = check(frames)
    assert findings
    comments = parts(write_marked(findings, frames, tmp_path / "m.xlsx"), "comments")
    assert 'ref="C3"' in comments


def test_long_tables_show_the_rows_with_findings(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked, "ROWS", 2)
    findings = [one for one in check(source) if one.line == 3]
    rows = fastexcel.read_excel(write_marked(findings, source, tmp_path / "m.xlsx")).load_sheet("accounts").to_polars()
    assert rows.height == 1
    assert rows["output_real"].to_list() == ["n/a"]


def test_nothing_found_is_an_empty_list(source: Path, tmp_path: Path) -> None:
    book = fastexcel.read_excel(write_marked((), source, tmp_path / "m.xlsx"))
    assert book.sheet_names == ["Findings"]


def test_only_a_workbook_can_be_marked(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must end in \.xlsx"):
        write_marked((), source, tmp_path / "m.csv")
