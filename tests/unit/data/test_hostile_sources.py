"""Descriptors, units, paths, blanks and names that nobody should write: refused or named, never a traceback."""

from __future__ import annotations

import os
import time

import polars as pl
import pytest
import yaml

from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Field, check, export, load, tidy

HEAD = "region,year,output_real,employment,investment_price\n"
ACCOUNTS = "region,year,output_real,employment\na,2000,10,5\na,2001,11,5\na,2002,12,6\n"


def package(folder, text=ACCOUNTS, name="accounts", path="accounts.csv", **more):
    folder.mkdir(exist_ok=True)
    (folder / "accounts.csv").write_text(text, "utf-8")
    fields = [{"name": one} for one in text.split("\n", 1)[0].split(",") if one.strip()]
    resource = {"name": name, "path": path, "schema": {"fields": fields}, **more}
    document = {"name": "mine", "resources": [resource]}
    (folder / "datapackage.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    return folder


def append(folder, line):
    file = folder / "datapackage.yaml"
    file.write_text(file.read_text("utf-8") + line + "\n", "utf-8")
    return folder


@pytest.mark.parametrize(
    "line",
    [
        "version: 2026-13-01",
        "created: 2026-02-30",
        "version: !!int abc",
        "version: !!float abc",
        "version: !!bool abc",
        "version: !!timestamp abc",
        "version: !!python/name:os.system",
        "licenses: 5",
        "keywords: " + "[" * 100 + "]" * 100,
        "keywords: " + "[" * 100_000,
        "title: &a x\nversion: *a",
        "name: again",
        "x: " + "y" * 2_100_000,
    ],
)
def test_a_descriptor_line_that_cannot_be_is_refused(tmp_path, line):
    with pytest.raises(InputError, match=r"datapackage\.yaml"):
        check(append(package(tmp_path), line))


def test_a_whole_number_of_any_length_is_no_matter(tmp_path):
    assert load(append(package(tmp_path), "version: " + "9" * 4301)).tables


def test_an_alias_bomb_ends_at_once(tmp_path):
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    start = time.process_time()
    with pytest.raises(InputError, match="alias"):
        check(append(package(tmp_path), bomb + "title: *a9"))
    assert time.process_time() - start < 2


@pytest.mark.parametrize("delimiter", [";;", "\uff0c", "\n", "ab"])
def test_a_delimiter_of_more_than_one_letter_is_refused(tmp_path, delimiter):
    with pytest.raises(InputError, match="delimiter is one character"):
        check(package(tmp_path, dialect={"delimiter": delimiter}))


@pytest.mark.parametrize("encoding", ["base64", "hex", "zlib", "bz2", "rot13", "uu", "utf\0", "idna", "punycode", "no"])
def test_what_is_no_encoding_of_files_is_refused(tmp_path, encoding):
    (tmp_path / "datapackage.yaml").write_text("resources: [{name: regions, path: a.csv}]", "utf-8")
    (tmp_path / "a.csv").write_bytes(b"region,name_zh\n220000,\xc1\xd6\n")
    with pytest.raises(UsageError, match="not the name of an encoding"):
        check(tmp_path, encoding=encoding)


@pytest.mark.parametrize(
    "unit", ["1e99 1e99 1e99 1e99 CNY", "1e99 " * 50 + "CNY", "9" * 5000 + " CNY", "1 per 1e99 1e99 CNY"]
)
def test_a_unit_of_absurd_size_is_not_known(unit):
    frame = pl.DataFrame({"region": ["a"], "year": [2000], "output_nominal": [1.0]})
    found = check({"accounts": frame}, units={"accounts": {"output_nominal": unit}})
    assert [one.rule for one in found if one.severity == "error"] == ["unit-unknown"]


@pytest.mark.parametrize("unit", ["percent", "ratio", "persons"])
def test_an_index_in_a_unit_of_something_else_is_a_mismatch(unit):
    frame = pl.DataFrame({"region": ["a"], "year": [2000], "investment_price": [1.0]})
    found = check({"investment": frame}, units={"investment": {"investment_price": unit}})
    assert [one.rule for one in found if one.severity == "error"] == ["unit-mismatch"]


@pytest.mark.parametrize("value", [1e-308, 5e-324, 1e308, -1e40, 1e31, 1e-31])
@pytest.mark.parametrize("column", ["output_real", "employment"])
def test_figures_of_absurd_size_are_named_and_empty(column, value):
    frame = pl.DataFrame(
        {"region": ["a", "a"], "year": [2000, 2001], "output_real": [1.0, 1.0], "employment": [1.0, 1.0]}
    )
    frame = frame.with_columns(pl.when(pl.col("year") == 2001).then(value).otherwise(column).alias(column))
    made = load({"accounts": frame})
    (found,) = [one for one in made.findings if one.rule == "absurd-size"]
    assert (found.severity, found.line, found.column) == ("error", 2, column)
    assert made.tables["accounts"][column].to_list() == [1.0, None]


def test_a_figure_that_its_unit_makes_absurd_is_named():
    frame = pl.DataFrame({"region": ["a"], "year": [2000], "output_nominal": [1e20]})
    found = check({"accounts": frame}, units={"accounts": {"output_nominal": "1e90 CNY"}})
    assert "absurd-size" in {one.rule for one in found}


def test_thirty_thousand_unknown_columns_are_one_finding():
    frame = pl.DataFrame({"region": ["a"], "year": [2000], "employment": [5.0]})
    frame = frame.with_columns(pl.lit(1.0).alias(f"accounts_{at}") for at in range(30_000))
    start = time.process_time()
    (found,) = [one for one in check({"accounts": frame}) if one.rule == "unknown-column"]
    assert time.process_time() - start < 5
    assert found.value == "30000"


@pytest.mark.parametrize(
    "place",
    [
        "../x.csv",
        "/etc/passwd",
        "a/../../x.csv",
        "..\\..\\x.csv",
        "a\\..\\..\\x.csv",
        "C:\\x.csv",
        "C:x.csv",
        "c:/x.csv",
        "\\\\server\\share\\x.csv",
        "//server/share/x.csv",
        "\\x.csv",
        "http://a.b/x.csv",
        "a\0b",
    ],
)
def test_paths_that_leave_the_folder_on_any_system_are_refused(tmp_path, place):
    with pytest.raises(InputError, match="outside the package"):
        check(package(tmp_path, path=place))


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_that_leave_the_folder_are_refused_and_others_are_followed(tmp_path):
    folder = package(tmp_path / "package")
    (tmp_path / "secret.csv").write_text(ACCOUNTS, "utf-8")
    (folder / "accounts.csv").rename(folder / "real.csv")
    (folder / "accounts.csv").symlink_to("real.csv")
    assert load(folder).tables["accounts"].height == 3
    (folder / "accounts.csv").unlink()
    (folder / "accounts.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(InputError, match="link that leads out"):
        check(folder)
    (tmp_path / "link").symlink_to(package(tmp_path / "other"))
    assert load(tmp_path / "link").tables["accounts"].height == 3
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "datapackage.yaml").symlink_to(tmp_path / "other" / "datapackage.yaml")
    with pytest.raises(InputError, match="link that leads out"):
        check(inner)
    parquet = tmp_path / "parquet"
    parquet.mkdir()
    pl.DataFrame({"region": ["a"], "year": [1]}).write_parquet(tmp_path / "accounts.parquet")
    (parquet / "accounts.parquet").symlink_to(tmp_path / "accounts.parquet")
    with pytest.raises(InputError, match="link that leads out"):
        check(parquet)


@pytest.mark.parametrize("blank", [" ", "   ", "\t", "\u3000", "\u00a0", " \u3000\t"])
@pytest.mark.parametrize("column", ["output_real", "employment"])
def test_blanks_of_every_kind_are_gaps(tmp_path, column, blank):
    rows = [
        dict(zip(ACCOUNTS.split("\n", 1)[0].split(","), row.split(","), strict=True)) for row in ACCOUNTS.split()[1:]
    ]
    rows[1][column] = blank
    text = "\n".join([ACCOUNTS.split("\n", 1)[0], *(",".join(row.values()) for row in rows)]) + "\n"
    (found,) = [
        one for one in check(package(tmp_path, text, dialect={"delimiter": ","})) if one.rule == "gap-in-series"
    ]
    assert (found.line, found.column) == (3, column)
    frames = pl.DataFrame(rows)
    assert [one.rule for one in check({"accounts": frames}) if one.rule == "gap-in-series"] == ["gap-in-series"]


@pytest.mark.parametrize("blank", [" ", "\u3000", "\u00a0"])
def test_a_key_of_blanks_and_a_status_of_blanks_are_missing(blank):
    frame = pl.DataFrame({"region": ["a", blank], "year": [2000, 2000], "employment": [1.0, 1.0]})
    frame = frame.with_columns(employment_status=pl.lit(blank))
    assert {"missing-key", "status-blank"} <= {one.rule for one in check({"accounts": frame})}


@pytest.mark.parametrize("text", [",,,\n,,,\n", ",\n", ";;\n;;\n", " , , \n\u3000,,\n", "\ufeff,,,\n,,,\n"])
def test_a_file_of_commas_is_an_empty_table(tmp_path, text):
    found = check(package(tmp_path, text))
    assert "empty-table" in {one.rule for one in found if one.severity == "error"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_one_flipped_bit_of_an_exported_package_is_named(tmp_path, kind):
    frame = pl.DataFrame({"region": ["a", "b"], "year": [2000, 2000], "employment": [1234.5, 99.5]})
    folder = export(
        load({"accounts": frame}, units={"accounts": {"employment": "1e4 persons"}}), tmp_path / "a", format=kind
    )
    assert not check(folder)
    resource = yaml.safe_load((folder / "datapackage.yaml").read_text("utf-8"))["resources"][0]
    file = folder / f"accounts.{kind}"
    data = bytearray(file.read_bytes())
    assert resource["bytes"] == len(data)
    assert resource["hash"].startswith("sha256:")
    at = data.index(b"1234.5") if kind == "csv" else 12
    data[at + 1] ^= 1
    file.write_bytes(data)
    (found,) = [one for one in check(folder) if one.rule == "file-changed"]
    assert found.file == file.name
    assert found.severity == ("warning" if kind == "csv" else "error")
    again = export(load(folder), tmp_path / "b", format=kind)
    assert not [one for one in check(again) if one.rule == "file-changed"]


def test_line_ends_are_no_change_and_an_md5_is_read(tmp_path):
    frame = pl.DataFrame({"region": ["a", "b"], "year": [2000, 2000], "employment": [1234.5, 99.5]})
    folder = export(load({"accounts": frame}, units={"accounts": {"employment": "1e4 persons"}}), tmp_path / "a")
    file = folder / "accounts.csv"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert not check(folder)
    for sum_, rules in (
        ("7b5e9b1d9bfb2e83a5a3d1c5b6b3c4a1", ["file-changed"]),
        ("crc32:12", []),
        (5, ["file-changed"]),
    ):
        document = yaml.safe_load((folder / "datapackage.yaml").read_text("utf-8"))
        document["resources"][0] |= {"hash": sum_}
        (folder / "datapackage.yaml").write_text(yaml.safe_dump(document), "utf-8")
        assert [one.rule for one in check(folder)] == rules


@pytest.mark.parametrize("name", ["Accounts", " accounts ", "ACCOUNTS"])
def test_a_table_is_known_whatever_its_case_and_blanks(tmp_path, name):
    assert load(package(tmp_path, name=name)).tables.keys() == {"accounts"}
    frame = pl.DataFrame({"region": ["a"], "year": [2000], "employment": [5e4]})
    made = load({name: frame}, units={name: {"employment": "persons"}})
    assert made.tables["accounts"]["employment"].to_list() == [5.0]


@pytest.mark.parametrize("name", ["核算数据", "accouns", "account"])
def test_a_table_of_another_name_is_asked_after(tmp_path, name):
    (found,) = [one for one in check(package(tmp_path, name=name)) if one.rule == "unknown-table"]
    assert (found.severity, found.expected) == ("warning", "accounts")


def test_a_sheet_of_another_name_is_asked_after_and_its_units_are_one_finding(tmp_path):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "book.xlsx"
    rows = [("region", "year", "employment", "output_nominal"), ("a", 2000, 5, 5)]
    units = [("table", "column", "unit"), *(("accounts", name, "1e4 persons") for name in rows[0][2:])]
    with xlsxwriter.Workbook(path) as book:
        for name, lines in (
            ("核算数据", rows),
            ("regions", [("region",), ("a",)]),
            ("units", units),
            ("notes", [("x",)]),
        ):
            sheet = book.add_worksheet(name)
            for at, line in enumerate(lines):
                sheet.write_row(at, 0, line)
    found = check(path)
    assert [(one.rule, one.expected) for one in found if one.severity == "warning"] == [
        ("unknown-table", "accounts"),
        ("unit-unused", None),
    ]
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("核算数据")
    with pytest.raises(InputError, match="may be 'accounts'"):
        check(path)


def test_a_table_without_its_key_is_read_by_nobody():
    frame = pl.DataFrame({"region": ["a"], "employment": [1.0]})
    made = load({"accounts": frame})
    assert "accounts" not in made.tables
    with pytest.raises(InputError, match="the column 'year' is missing") as caught:
        made.require("accounts", ["employment"], verb="measure")
    assert caught.value.findings


def test_frames_and_units_that_cannot_be_read_are_refused(country):
    tables = {name: frame.to_pandas() for name, frame in country().items()}
    tables["accounts"]["schooling"] = tables["accounts"]["schooling"].astype(complex)
    with pytest.raises(InputError, match="cannot be read"):
        load(tables)
    with pytest.raises(UsageError, match="by table, then by column"):
        load(country(), units={"employment": "persons"})


def test_a_column_of_our_own_name_is_no_crash(country):
    tables = country()
    tables["accounts"] = tables["accounts"].rename({"schooling": "__row__"})
    assert "schooling" not in load(tables).tables["accounts"].columns


def test_truth_values_are_no_figures(country):
    tables = country()
    tables["accounts"] = tables["accounts"].with_columns(pl.col("schooling") > 0)
    found = [one for one in check(tables) if one.column == "schooling"]
    assert {one.rule for one in found} == {"text-in-number"}
    frame = pl.DataFrame({"a": [True, False]})
    with pytest.raises(InputError, match="'True' is not a number"):
        tidy(frame, [Field("a", sign="non-negative")])
    assert tidy(frame, [Field("a")]).frame["a"].to_list() == [1.0, 0.0]
