from __future__ import annotations

import importlib.util
from pathlib import Path

import polars as pl
import pytest

import xinzhi

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_readme_table", ROOT / "docs/make_readme_table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measurement():
    return xinzhi.measure("china-provinces", protocol="xinzhi-cn-2026")


@pytest.fixture(scope="module")
def audited():
    return xinzhi.audit("china-provinces", protocol="xinzhi-cn-2026")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_of_the_readme_is_what_xinzhi_measures(maker, measurement, audited, language):
    name, _, _ = maker.WORDS[language]
    text = (ROOT / name).read_text(encoding="utf-8")
    assert maker.table(measurement, audited, language) in text, "run `python docs/make_readme_table.py`"


def test_the_table_has_the_first_and_the_last(maker, measurement, audited):
    lines = maker.table(measurement, audited, "en").splitlines()
    ranks = [int(line.split("|")[1]) for line in lines[2:] if line.startswith("|")]
    last = measurement.periods.filter(pl.col("grade") != "D", start=2012, end=2017).height
    assert ranks == [1, 2, 3, *range(last - 2, last + 1)]


def test_every_rank_has_its_range(maker, measurement, audited):
    table = maker.table(measurement, audited, "zh")
    assert "| 1 | 1–5 | 江西 |" in table  # README's first line as `xinzhi audit` prints it
    assert f"{audited.protocols.height:,}个协议" in table
