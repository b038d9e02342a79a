from __future__ import annotations

import polars as pl
import pytest

from xinzhi.risks.capacity.entry_categories import national_growth, read_categories, survey_series


def test_read_categories() -> None:
    from xinzhi.data import load

    year, of_sizes, found = read_categories(load("china-provinces"), None, ["pv"])
    assert (year, of_sizes, len(found[0].regions), found[0].survey) == (2026, 2016, 10, ("electrical_machinery",))


def test_survey_series() -> None:
    rows = pl.DataFrame({"period": ["2025Q1", "2025Q2"], "industry": ["coal"] * 2, "utilisation": [70.0, 72.0]})
    assert survey_series(rows)["06"] == ("coal", 0.71, 0.05, pytest.approx(float("nan"), nan_ok=True))


def test_national_growth() -> None:
    from xinzhi.data import load

    growth, first, last = national_growth(load("china-provinces"), 5)
    assert (round(growth, 3), first, last) == (0.053, 2020, 2025)
