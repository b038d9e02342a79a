from __future__ import annotations

import io
import zipfile
from functools import partial

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest
import xlsxwriter

from xinzhi.data import export, load
from xinzhi.report.certificate import verify as verify_all

verify = partial(verify_all, files=False)  # certificates that are forged here stand alone


def text(path):
    return path.read_text(encoding="utf-8")


def frames(folder):
    return {path.stem: pd.read_csv(path, dtype={"region": str}) for path in sorted(folder.glob("*.csv"))}


def resave(folder, change):
    for path in folder.glob("*.csv"):
        path.write_bytes(change(text(path)).encode())


def through_pandas(folder):
    for path in folder.glob("*.csv"):
        pd.read_csv(path).to_csv(path, index=False)


def through_polars_shuffled(folder):
    for path in folder.glob("*.csv"):
        frame = pl.read_csv(path, infer_schema_length=None)
        rng = np.random.default_rng(3)
        columns = rng.permutation(frame.columns).tolist()
        frame[rng.permutation(frame.height)].select(columns).write_csv(path)


def other_line_ends(folder):
    resave(folder, lambda content: content.replace("\n", "\r\n"))


def byte_order_mark(folder):
    resave(folder, lambda content: "\ufeff" + content)


def decimals(folder):
    """Write every number with an exponent, and whole ones with a decimal point."""

    def spell(word):
        if word.count(".") == 1 and word.replace(".", "").isdecimal():
            return f"{word}e0"
        return f"{word}.0" if word.isdecimal() and len(word) < 4 else word

    resave(folder, lambda content: "\n".join(",".join(map(spell, row.split(","))) for row in content.split("\n")))


def trailing_zeros(folder):
    def spell(word):
        return f"{word}00" if word.count(".") == 1 and word.replace(".", "").isdecimal() else word

    resave(folder, lambda content: "\n".join(",".join(map(spell, row.split(","))) for row in content.split("\n")))


@pytest.mark.parametrize(
    "change",
    [through_pandas, through_polars_shuffled, other_line_ends, byte_order_mark, decimals, trailing_zeros],
)
def test_a_folder_that_was_resaved(certificate, copy, change):
    before = {path.name: path.read_bytes() for path in copy.glob("*.csv")}
    change(copy)
    assert any(path.read_bytes() != before[path.name] for path in copy.glob("*.csv"))
    result = verify(certificate, load(copy))
    assert result.differences == ()
    assert result.notes == ()


def test_another_encoding(certificate, copy):
    for path in copy.glob("*.csv"):
        path.write_bytes(text(path).encode("gb18030"))
    data = load(copy, encoding="gb18030")
    assert verify(certificate, data).equal
    (found,) = verify(certificate, data, encoding="gb18030").differences
    assert (found.rule, found.key, found.value, found.expected) == ("form", "encoding", "gb18030", "-")


def test_parquet(certificate, package, tmp_path):
    assert verify(certificate, load(export(package, tmp_path / "china-provinces", format="parquet"))).equal


def test_frames_in_memory(certificate, package, folder):
    assert verify(certificate, load(frames(folder), units=package.units), allow_unproved=True).equal


def with_xlsxwriter(package, path):
    book = xlsxwriter.Workbook(path, {"strings_to_numbers": True})
    for name, frame in package.tables.items():
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, frame.columns)
        for line, row in enumerate(frame.iter_rows(), 1):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(line, column, value)
    units = [(table, column, unit) for table, entries in package.units.items() for column, unit in entries.items()]
    sheet = book.add_worksheet("units")
    for line, row in enumerate([("table", "column", "unit"), *(row for row in units if row[0] in package.tables)]):
        sheet.write_row(line, 0, row)
    book.close()


def test_a_workbook(certificate, package, tmp_path):
    path = tmp_path / "provinces.xlsx"
    with_xlsxwriter(package, path)
    assert [found.rule for found in verify(certificate, load(path)).differences] == ["package"]
    result = verify(certificate, load(path), allow_unproved=True)
    assert result.differences == ()
    assert [found.rule for found in result.notes] == ["package"]


def test_a_workbook_saved_again(certificate, package, tmp_path):
    path = tmp_path / "provinces.xlsx"
    with_xlsxwriter(package, path)
    book = openpyxl.load_workbook(path)
    book.move_sheet("accounts", offset=2)
    book["accounts"]["D2"].number_format = "0"
    book.save(tmp_path / "again.xlsx")
    assert zipfile.is_zipfile(tmp_path / "again.xlsx")
    assert verify(certificate, load(tmp_path / "again.xlsx"), allow_unproved=True).equal


def test_a_cell_of_a_workbook(certificate, package, tmp_path):
    path = tmp_path / "provinces.xlsx"
    with_xlsxwriter(package, path)
    book = openpyxl.load_workbook(path)
    sheet = book["accounts"]
    headers = [cell.value for cell in sheet[1]]
    region, year, output = (headers.index(name) for name in ("region", "year", "output_real"))
    (cells,) = [row for row in sheet.iter_rows(2) if (str(row[region].value), row[year].value) == ("220000", 2017)]
    cells[output].value += 0.01
    stream = io.BytesIO()
    book.save(stream)
    path.write_bytes(stream.getvalue())
    named = [(found.table, found.column, found.key) for found in verify(certificate, load(path)).differences]
    assert named[0] == ("accounts", "output_real", "220000/2017")
