from __future__ import annotations

from xinzhi.sources.tables import cumulative, period_means, with_productivity_index


def test_period_means() -> None:
    import polars as pl

    rows = pl.DataFrame({"region": ["a", "a"], "year": [2001, 2002], "x": [0.01, 0.03]})
    assert period_means(rows, [[1990, 2001]]).rows() == [("a", 2000, 2001, 1, 0.01), ("a", 2000, 2002, 2, 0.02)]


def test_cumulative() -> None:
    import polars as pl

    rows = pl.DataFrame({"region": ["a", "a"], "year": [2001, 2002], "x": [0.01, 0.03]})
    assert cumulative(rows)["x"].round(9).to_list() == [0.01, 0.04]


def test_beside() -> None:
    import polars as pl

    ours = pl.DataFrame({"region": ["a"], "year": [2001], "tfp_growth": [0.03], "breakthrough": [0.01]})
    theirs = {"unit": ["a"], "period": [2001], "efficiency_change": [1.0], "technical_change": [1.0]}
    assert with_productivity_index(ours, pl.DataFrame(theirs))["difference"].round(3).to_list() == [0.01, 0.02, 0.03]
