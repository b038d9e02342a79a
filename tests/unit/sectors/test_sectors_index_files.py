"""Files of indicators: csv, parquet and workbooks, and what is wrong with them."""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.sectors import index
from xinzhi.sectors.composite.build import is_table, read_indicators

FRAME = pl.DataFrame(
    {
        "region": ["110000", "120000", "130000"],
        "year": [2020, 2020, 2020],
        "schooling": [12.5, 11.0, None],
        "name": ["北京", "天津", "河北"],
    }
)
ITEM = {"indicator": "schooling", "sector": "education", "direction": 1, "unit": "years", "denominator": "score"}


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_every_format_gives_the_same_table(tmp_path, suffix):
    file = tmp_path / f"wide.{suffix}"
    {"csv": FRAME.write_csv, "parquet": FRAME.write_parquet, "xlsx": FRAME.write_excel}[suffix](file)
    assert is_table(file)
    found = read_indicators(file)
    assert found["region"].to_list() == FRAME["region"].to_list()
    assert found.schema["year"] == pl.Int64
    assert found["schooling"].to_list() == [12.5, 11.0, None]
    assert found["name"].to_list() == FRAME["name"].to_list()


def test_semicolons_and_gb18030_are_read(tmp_path):
    file = tmp_path / "wide.csv"
    file.write_bytes("region;year;平均受教育年限\n110000;2020;12.5\n".encode("gb18030"))
    assert read_indicators(file, encoding="gb18030")["平均受教育年限"].to_list() == [12.5]
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_indicators(file)
    assert caught.value.findings[0].rule == "encoding-gb18030"


def test_cells_that_are_no_numbers_are_named_with_their_lines(tmp_path):
    file = tmp_path / "wide.csv"
    file.write_text("region,year,a,b\n1,2020,1.5,x\n2,2O20,n/a,2\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_indicators(file)
    places = [(one.line, one.column, one.value) for one in caught.value.findings]
    assert places == [(3, "year", "2O20"), (3, "a", "n/a"), (2, "b", "x")]


def test_a_workbook_with_tables_of_a_package_is_no_table(tmp_path):
    FRAME.write_excel(tmp_path / "book.xlsx", worksheet="accounts")
    assert not is_table(tmp_path / "book.xlsx")
    assert not is_table("china-provinces")
    assert not is_table(FRAME)


@pytest.mark.parametrize("name", ["wide.csv", "wide.parquet", "wide.xlsx"])
def test_what_cannot_be_read_says_so(tmp_path, name):
    with pytest.raises(InputError, match="there is no file"):
        read_indicators(tmp_path / name)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match=r"empty|damaged"):
        read_indicators(tmp_path / name)


def test_a_damaged_workbook_is_named(tmp_path):
    (tmp_path / "wide.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match="this workbook cannot be read"):
        is_table(tmp_path / "wide.xlsx")


def test_the_verb_takes_the_path(tmp_path):
    FRAME.drop_nulls().write_csv(tmp_path / "wide.csv")
    found = index(tmp_path / "wide.csv", {"id": "mine", "indicators": [ITEM]}, weights="equal")
    assert found.frame["rank"].to_list() == [1, 2]
    assert found.provenance.package is None


def test_an_index_of_one_region_has_no_ranks_to_compare(tmp_path):
    rows = [("b0", 2015 + year, 1.0 + year, 3.0 - year % 3) for year in range(5)]
    frame = pl.DataFrame(rows, schema=["region", "year", "rd", "so2"], orient="row")
    given = "  - {indicator: %s, sector: s, direction: %d, unit: index, denominator: none, from: {numerator: %s}}\n"
    head = "id: one\ntitle: {zh: 一, en: one}\nsectors:\n  s: {name: {zh: 创新, en: innovation}}\nindicators:\n"
    path = tmp_path / "one.yaml"
    path.write_text(head + given % ("rd", 1, "rd") + given % ("so2", -1, "so2"), encoding="utf-8")
    made = xinzhi.study("sectors", frame, system=str(path), draws=100)
    assert set(made.results) == {"index"}
    assert any("one region only" in note.en for note in made.notes)
    made.write(tmp_path / "out", "zh")
    assert (tmp_path / "out" / "sectors.html").exists()
