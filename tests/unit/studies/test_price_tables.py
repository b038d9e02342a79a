"""Prices as people have them: findings name the file, the line and the column of an empty cell, long and wide."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.core.finding import finding
from xinzhi.core.text import same
from xinzhi.studies import bubbles
from xinzhi.studies.tables import Prices

YEARS = list(range(1970, 2020))


def prices(**holes):
    rng = np.random.default_rng(3)
    walk = {name: np.exp(np.cumsum(rng.normal(0, 0.1, len(YEARS)))).round(4).tolist() for name in ("a", "b")}
    for name, years in holes.items():
        walk[name] = [None if year in years else value for year, value in zip(YEARS, walk[name], strict=True)]
    return pl.DataFrame({"year": YEARS, **walk})


def test_the_first_empty_cell_inside_a_series_is_found_and_no_end():
    frame = pl.DataFrame(
        {
            "series": ["a"] * 5 + ["b"] * 4 + ["c"] * 2,
            "value": [None, 1.0, None, None, 2.0, 1.0, 2.0, 3.0, None, None, None],
        }
    )
    made = Prices(
        frame=frame, source=same("x"), file="x.csv", value="price", lines=range(2, 13), columns=[*"vvvvvwwwwuu"]
    )
    placed = made.with_places(
        [finding("prices.gap", table="bubbles", key=key, words={"first": "?", "count": 1}) for key in ("a", "b")]
    )
    assert [(one.file, one.line, one.column) for one in placed] == [("x.csv", 4, "v"), ("x.csv", None, "w")]


@pytest.mark.parametrize("shape", ["wide", "long"])
def test_a_gap_is_named_by_the_line_and_column_of_its_first_empty_cell(shape, tmp_path):
    frame, asked = prices(b=(1990, 1991, 2001)), {}
    if shape == "long":
        frame = frame.unpivot(index="year", variable_name="series", value_name="price")
        asked = {"series": "series", "date": "year", "value": "price"}
    path = tmp_path / "prices.csv"
    frame.write_csv(path)
    made = bubbles(path, critical="stored", **asked)
    (gap,) = [one for one in made.results["bubbles"].findings if one.key == "b" and one.line is not None]
    line = YEARS.index(1990) + 2 + (len(YEARS) if shape == "long" else 0)
    assert (gap.file, gap.line, gap.column) == ("prices.csv", line, "price" if shape == "long" else "b")
