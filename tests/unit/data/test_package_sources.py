from __future__ import annotations

import json
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xlsxwriter
import yaml
from polars.testing import assert_frame_equal

from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import check, export, load, packages
from xinzhi.data.tidy import Field, tidy

TABLE = pl.DataFrame(
    {
        "region": ["220000", "220000", "110000", "110000"],
        "year": [2021, 2020, 2020, 2021],
        "output_real": [12411.1, 12311.25, 1 / 3, None],
        "output_vintage": ["census5", None, "census4", "census5"],
        "employment_break": [0, 1, 0, None],
    }
)
UNITS = {"accounts": {"output_real": "1e4 CNY at 2000 prices"}}
FIELDS = [
    {"name": column.name} | ({"unit": "1e4 CNY at 2000 prices"} if column.name == "output_real" else {})
    for column in TABLE
]


def describe(folder, fields=FIELDS, path="accounts.csv", name="datapackage.yaml", dump=yaml.safe_dump):
    resource = {"name": "accounts", "path": path, "schema": {"primaryKey": ["region", "year"], "fields": fields}}
    (folder / name).write_text(dump({"name": "case", "resources": [resource]}), "utf-8")


def from_csv(folder):
    TABLE.write_csv(folder / "accounts.csv")
    describe(folder)
    return load(folder)


def from_quoted_csv(folder):
    TABLE.write_csv(folder / "accounts.csv", quote_style="always", separator=";", line_terminator="\r\n")
    describe(folder)
    return load(folder)


def from_json_descriptor(folder):
    TABLE.write_csv(folder / "accounts.csv", separator="\t")
    describe(folder, name="datapackage.json", dump=json.dumps)
    return load(folder / "datapackage.json")


def from_short_descriptor(folder):
    TABLE.write_csv(folder / "accounts.csv")
    resource = {"name": "accounts", "path": "accounts.csv", "key": ["region", "year"], "fields": FIELDS}
    (folder / "datapackage.yml").write_text(yaml.safe_dump({"resources": [resource]}), "utf-8")
    return load(folder)


def from_described_parquet(folder):
    TABLE.write_parquet(folder / "accounts.parquet")
    describe(folder, path="accounts.parquet")
    return load(folder)


def from_parquet_folder(folder):
    TABLE.write_parquet(folder / "accounts.parquet")
    return load(folder, units=UNITS)


def from_workbook(folder):
    with xlsxwriter.Workbook(folder / "book.xlsx") as book:
        cover = book.add_worksheet("cover")
        cover.write("B7", "not a table")
        sheet = book.add_worksheet("accounts")
        sheet.write_row(2, 1, TABLE.columns)
        for number, row in enumerate(TABLE.iter_rows(), start=3):
            sheet.write_row(number, 1, [None if cell is None else cell for cell in row])
        units = book.add_worksheet("units")
        units.write_row(0, 0, ["table", "column", "unit"])
        units.write_row(1, 0, ["accounts", "output_real", "1e4 CNY at 2000 prices"])
    return load(folder / "book.xlsx")


def from_frame(convert):
    return lambda _: load({"accounts": convert(TABLE)}, units=UNITS)


def numeric_codes(table):
    return table.with_columns(pl.col("region").cast(pl.Float64), pl.col("year").cast(pl.Float64)).to_pandas()


SOURCES = {
    "csv": from_csv,
    "quoted csv": from_quoted_csv,
    "json descriptor": from_json_descriptor,
    "short descriptor": from_short_descriptor,
    "described parquet": from_described_parquet,
    "parquet folder": from_parquet_folder,
    "workbook": from_workbook,
    "polars": from_frame(lambda table: table),
    "polars lazy": from_frame(lambda table: table.lazy()),
    "polars shuffled": from_frame(lambda table: table.sample(fraction=1, shuffle=True, seed=3)),
    "pandas": from_frame(lambda table: table.to_pandas()),
    "pandas with an index": from_frame(lambda table: table.to_pandas().set_index(["region", "year"])),
    "pandas with codes as numbers": from_frame(numeric_codes),
    "pyarrow": from_frame(lambda table: table.to_arrow()),
    "duckdb": from_frame(lambda table: duckdb.from_arrow(table.to_arrow())),
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_data_from_everywhere(source, tmp_path):
    package = SOURCES[source](tmp_path)
    expected = TABLE.sort("region", "year").with_columns(pl.col("output_real") / 1e4)
    # A spreadsheet program writes 16 digits of a number.
    assert_frame_equal(package.tables["accounts"], expected, rel_tol=1e-15, abs_tol=0, check_column_order=False)
    assert package.units["accounts"] == {"output_real": "1e8 CNY at 2000 prices"}
    assert not [found for found in package.findings if found.severity == "error"]
    if source != "workbook":
        reference = load({"accounts": TABLE}, units=UNITS)
        assert package.fingerprint("accounts") == reference.fingerprint("accounts")


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "duckdb"])
def test_the_kind_of_frame_is_remembered(kind, tmp_path):
    assert SOURCES[kind](tmp_path).kind == kind


def test_lines_of_a_workbook_are_its_rows(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet("accounts")
        sheet.write_row(1, 1, ["region", "year", "employment", "population"])
        sheet.write_row(2, 1, ["AUT", 2020, 10, 20])
        sheet.write_row(4, 1, ["AUT", 2021, "ten", 20])
        sheet.write_formula(5, 3, "=1/0", None, "#DIV/0!")
        sheet.write_row(5, 1, ["AUT", 2022])
        sheet.write(5, 4, 20)
    errors = [found for found in check(tmp_path / "book.xlsx") if found.severity == "error"]
    assert [(found.rule, found.file, found.line, found.column, found.value) for found in errors] == [
        ("text-in-number", "book.xlsx", 5, "employment", "ten"),
        ("spreadsheet-error", "book.xlsx", 6, "employment", "#DIV/0!"),
    ]


def test_empty_sheet_is_a_finding(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        book.add_worksheet("accounts")
    assert {found.rule for found in check(tmp_path / "book.xlsx")} >= {"empty-table", "missing-column"}


def refused(source, **options):
    with pytest.raises(InputError) as caught:
        load(source, **options)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_nothing_there():
    assert "china-provinces" in refused("no/such/place")


def test_folder_without_descriptor(tmp_path):
    (tmp_path / "accounts.csv").write_text("region,year\n", "utf-8")
    assert "datapackage.yaml" in refused(tmp_path)


def test_single_table(tmp_path):
    (tmp_path / "accounts.csv").write_text("region,year\n", "utf-8")
    assert "folder" in refused(tmp_path / "accounts.csv")


def test_missing_file_of_a_table(tmp_path):
    describe(tmp_path)
    assert "accounts.csv" in refused(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_empty_file(tmp_path, data):
    (tmp_path / "accounts.csv").write_bytes(data)
    describe(tmp_path)
    assert "empty" in refused(tmp_path)


def test_binary_file(tmp_path):
    (tmp_path / "accounts.csv").write_bytes(b"region,year\n\0\1\2\n")
    describe(tmp_path)
    assert "not a text file" in refused(tmp_path)


def test_truncated_workbook(tmp_path):
    from_workbook(tmp_path)
    whole = (tmp_path / "book.xlsx").read_bytes()
    (tmp_path / "half.xlsx").write_bytes(whole[: len(whole) // 2])
    assert "cannot be read" in refused(tmp_path / "half.xlsx")


def book_with(path, stray=None, change=lambda xml: xml):
    """Write a workbook of one row, with a stray cell, and change the text of its sheet."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("accounts")
        sheet.write_row(0, 0, ["region", "year", "employment"])
        sheet.write_row(1, 0, ["220000", 2020, 10])
        if stray:
            sheet.write(stray, "x")
    with zipfile.ZipFile(path) as parts:
        texts = {name: parts.read(name) for name in parts.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, text in texts.items():
            parts.writestr(name, change(text) if name.endswith("sheet1.xml") else text)
    return path


@pytest.mark.parametrize("cell", ["XFD1048576", "SG200001", "XFD6"])
def test_a_sheet_is_refused_by_its_used_range_before_it_is_held(cell, tmp_path):
    assert "its filled cells span" in refused(book_with(tmp_path / "book.xlsx", cell))
    assert "Ctrl+End" in refused_file(tmp_path / "book.xlsx")


def test_a_cell_beyond_the_sheet_is_a_damaged_workbook(tmp_path):
    path = book_with(tmp_path / "book.xlsx", change=lambda xml: xml.replace(b'r="C2"', b'r="ZZZZZZ99999999999"'))
    assert "cannot be read" in refused(path)


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    path = book_with(tmp_path / "book.xlsx", change=lambda xml: xml + b" " * 3_000_000)
    assert path.stat().st_size < 20_000
    monkeypatch.setattr("xinzhi.data.workbook.limit", lambda _: 2e6)
    assert "unpacks to 3 MB" in refused(path)


def refused_file(path):
    with pytest.raises(InputError) as caught:
        tidy(path, [Field("region", "code")])
    return str(caught.value)


def test_a_panic_of_a_native_library_is_an_error_of_the_input(tmp_path, monkeypatch):
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})

    def read(*_, **__):
        raise panic

    monkeypatch.setattr("xinzhi.data.frames.pl.read_parquet", read)
    monkeypatch.setattr("fastexcel.read_excel", read)
    (tmp_path / "accounts.parquet").touch()
    assert "cannot be read" in refused(tmp_path)
    assert "cannot be read" in refused(book_with(tmp_path / "book.xlsx"))


def test_workbook_without_known_sheets(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        book.add_worksheet("Sheet1").write(0, 0, "region")
    assert "Sheet1" in refused(tmp_path / "book.xlsx")


def test_sheet_of_units_without_its_columns(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        book.add_worksheet("accounts").write_row(0, 0, ["region", "year"])
        book.add_worksheet("units").write_row(0, 0, ["table", "unit"])
    assert "missing: column" in refused(tmp_path / "book.xlsx")


def test_damaged_parquet(tmp_path):
    (tmp_path / "accounts.parquet").write_bytes(b"PAR1 no more")
    assert "accounts.parquet" in refused(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resources: [", "line 2"),
        ("- 1", "mapping"),
        ("name: x", "no resources"),
        ("resources: [accounts.csv]", "resource 1"),
        ("resources: [{name: accounts}]", "path"),
        ("resources: [{name: a, path: ../a.csv}]", "outside"),
        ("resources: [{name: a, path: /etc/passwd}]", "outside"),
        ("resources: [{name: a, path: 'https://example.org/a.csv'}]", "outside"),
        ("resources: [{name: a, path: a.csv, schema: a.json}]", "schema"),
        ("resources: [{name: a, path: a.csv, fields: [region]}]", "fields"),
        ("resources: [{name: a, path: a.csv}, {name: a, path: b.csv}]", "two resources"),
    ],
)
def test_descriptor_that_is_none(tmp_path, text, says):
    (tmp_path / "datapackage.yaml").write_text(text, "utf-8")
    (tmp_path / "a.csv").write_text("x\n1\n", "utf-8")
    assert says in refused(tmp_path)


def test_descriptor_in_another_encoding(tmp_path):
    (tmp_path / "datapackage.yaml").write_bytes("title: 核算".encode("gb18030"))
    assert "UTF-8" in refused(tmp_path)


def test_something_that_is_no_frame():
    assert "list" in refused({"accounts": [1, 2]})
    assert "no tables" in refused({})


def test_unknown_encoding(tmp_path):
    from_csv(tmp_path)
    with pytest.raises(UsageError, match="klingon"):
        load(tmp_path, encoding="klingon")


def test_wrong_encoding(tmp_path):
    (tmp_path / "accounts.csv").write_bytes(b"region,year\n\xff\xff,2000\n")
    describe(tmp_path, fields=[{"name": "region"}, {"name": "year"}])
    assert "line 2" in refused(tmp_path, encoding="gb18030")


def test_title_in_two_languages(tmp_path):
    (tmp_path / "a.csv").write_text("region\nAUT\n", "utf-8")
    resources = "resources: [{name: regions, path: a.csv}]"
    for head in ("title: {zh: 甲, en: A}", "title: A\ntitle_zh: 甲"):
        (tmp_path / "datapackage.yaml").write_text(f"{head}\n{resources}", "utf-8")
        title = load(tmp_path).title
        assert (title.zh, title.en) == ("甲", "A")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_export_round_trip(kind, tmp_path):
    package = load({"accounts": TABLE.with_columns(note=pl.lit('a "b", c\nd'))}, units=UNITS)
    made = export(package, tmp_path / "new" / "copy", format=kind)
    again = load(made)
    assert_frame_equal(again.tables["accounts"], package.tables["accounts"])
    assert again.units == package.units
    assert again.fingerprint("accounts") == package.fingerprint("accounts")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["copy"]


def test_export_does_not_overwrite(tmp_path):
    package = load({"accounts": TABLE}, units=UNITS)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "mine.txt").write_text("keep", "utf-8")
    with pytest.raises(UsageError, match="exists"):
        export(package, tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["mine.txt"]


def test_export_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(InputError, match="the disk is full"):
        export(load({"accounts": TABLE}, units=UNITS), tmp_path / "copy")
    assert not list(tmp_path.iterdir())


def test_export_in_no_known_format(tmp_path):
    with pytest.raises(UsageError, match="csv or parquet"):
        export(load({"accounts": TABLE}, units=UNITS), tmp_path / "copy", format="dbf")


def test_shipped_names():
    assert packages() == ("china-provinces",)


def test_pandas_missing_values_are_empty():
    frame = pd.DataFrame({"region": ["AUT", "AUT"], "year": [2000, 2001], "employment": [1.0, float("nan")]})
    assert load({"accounts": frame}).tables["accounts"]["employment"].to_list() == [1.0, None]
    table = pa.table({"region": ["AUT"], "year": [2000], "employment": [float("inf")]})
    assert [found.rule for found in check({"accounts": table}) if found.severity == "error"] == ["text-in-number"]
