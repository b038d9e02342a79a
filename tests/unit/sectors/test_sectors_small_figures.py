"""Figures beside the main ones by hand: status of a row, one indicator, relative levels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import sectors
from xinzhi.sectors.composite.transform import objective


def test_a_row_is_imputed_only_where_a_figure_was_missing():
    columns = {"a": [1.0, 2.0, 4.0, None], **{name: [3.0, 1.0, 2.0, 5.0 + at] for at, name in enumerate("bcde")}}
    frame = pl.DataFrame({"region": list("pqrs"), "year": [2020] * 4, **columns})
    rows = [{"indicator": name, "sector": "s", "direction": 1, "unit": "%", "denominator": "total"} for name in "abcde"]
    result = sectors.index(frame, {"id": "small", "indicators": rows}, imputation="mean").frame.sort("region")
    assert result["status"].to_list() == ["observed"] * 3 + ["imputed"]
    assert result["imputed"].to_list() == [0, 0, 0, 1]


@pytest.mark.parametrize("method", ["entropy", "critic", "deviation", "pca"])
def test_one_indicator_has_all_the_weight(method):
    scores = np.array([[0.1], [0.5], [0.9]])
    assert objective(method, scores, scores, np.ones(1)).tolist() == [1.0]


def test_a_level_is_relative_to_the_mean_of_the_sectors():
    levels = pl.DataFrame(
        {"region": ["p", "p", "q", "q"], "year": [2019, 2020] * 2, "a": [0.2, 0.4, 0.3, 0.5], "b": [0.6, 0.4, 0.9, 0.1]}
    )
    parts = sectors.advance(levels=levels).sectors
    first = parts.filter(region="p", year=2019).sort("level")
    assert first["relative"].to_list() == pytest.approx([0.5, 1.5], abs=1e-12)
    later = parts.filter(region="q", year=2020).sort("level")
    assert later["relative"].to_list() == pytest.approx([1 / 3, 5 / 3], abs=1e-12)
    assert later["change"].to_list() == pytest.approx([-0.8, 0.2], abs=1e-12)


def test_a_span_begins_in_the_year_before_its_first_contribution():
    package = xinzhi.load("china-provinces")
    result = sectors.education(package, xinzhi.measure(package))
    rows = result.frame.drop_nulls("contribution")
    years = {region: [] for region in rows["region"].unique()}
    for region, year in rows.select("region", "year").iter_rows():
        years[region].append(year)
    spans = {row["region"]: row for row in result.spans.iter_rows(named=True)}
    assert {region: (min(span) - 1, max(span)) for region, span in years.items()} == {
        region: (row["start"], row["end"]) for region, row in spans.items()
    }
