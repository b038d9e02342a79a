"""A column is computed once and described once: an invented one of each kind comes out everywhere by itself."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import xinzhi
from xinzhi.core import schema
from xinzhi.core.text import read_words
from xinzhi.report.table import table
from xinzhi.web.page import Address
from xinzhi.web.pages import figures

KINDS = sorted(set(schema.KINDS) - {"name", "flags"})  # those are codes that something else must know
VALUES = {"text": "words", "code": "A01", "flag": True, "value": "anything", "year": 2020, "integer": 7}


def describe_invented(monkeypatch):
    """Describe a column of each kind, as a contributor would in `words/results/measure.yaml`."""
    columns = read_words("results/measure.yaml")["columns"]
    for kind in KINDS:
        about = {"zh": f"{kind}的说明。", "en": f"What {kind} is."}
        entry = {"zh": f"新{kind}", "en": f"invented {kind}", "kind": kind, "about": about}
        monkeypatch.setitem(columns, f"invented_{kind}", entry)
    schema._columns.cache_clear()  # noqa: SLF001 - the file is read once


@pytest.fixture(autouse=True)
def clear():
    """Read the descriptions again afterwards, without the invented ones."""
    yield
    schema._columns.cache_clear()  # noqa: SLF001 - as above


@pytest.fixture
def study(store, monkeypatch):
    describe_invented(monkeypatch)
    measured = figures.assessment_of(store)
    columns = [pl.lit(VALUES.get(kind, 0.25)).alias(f"invented_{kind}") for kind in KINDS]
    levels = measured.measurement.levels.with_columns(columns)
    frame = measured.measurement.frame.with_columns(columns)
    result = replace(measured.measurement, frame=frame, levels=levels)
    return replace(measured, results={**measured.results, "measurement": result})


def test_it_is_in_the_table_the_csv_and_the_workbook(study, tmp_path):
    result = study.measurement
    titles = [column.title.en for column in table("levels", result.levels, of=result).columns]
    assert set(titles) >= {f"invented {kind}" for kind in KINDS}
    xinzhi.write(result, tmp_path / "measure.csv")
    header = (tmp_path / "measure.csv").read_text("utf-8").splitlines()[0].split(",")
    assert set(header) >= {f"invented_{kind}" for kind in KINDS}
    xinzhi.write(result, tmp_path / "measure.xlsx")
    sheets = pl.read_excel(tmp_path / "measure.xlsx", sheet_id=0, has_header=False)
    cells = {str(cell) for sheet in sheets.values() for row in sheet.rows() for cell in row}
    assert cells >= {f"invented_{kind}" for kind in KINDS}


@pytest.mark.parametrize("kind", sorted(figures.KINDS))
def test_it_has_a_page_of_the_explorer_that_says_what_it_is(store, study, kind, monkeypatch):
    monkeypatch.setattr(figures, "assessment_of", lambda *_: study)
    key = f"invented_{kind}.{figures.YEARS}"
    assert key in figures.keys(store)
    page = figures.figure(store, Address(language="en", page="figures", key=key), key)
    assert page.title.en == f"Invented {kind}"
    assert page.more["about"].en == f"What {kind} is."
