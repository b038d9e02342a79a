"""Sums of an engine give what the rows in memory give: estimates and errors to 1e-8, statuses and counts the same."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs
import pytest

from made_up_firms import panel
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro import connect, production_function
from xinzhi.micro.production.by_engine import METHODS

pytest.importorskip("ibis", reason="the extra micro is not installed")
CALL = ("output", ["labour"], ["capital"])


def both(data, *call, **options):
    return [production_function(data, *call, **options, **more) for more in ({"engine": "duckdb"}, {})]


def assert_alike(one, two):
    for name in ("coefficients", "elasticities"):
        ours, theirs = getattr(one, name), getattr(two, name)
        assert ours.columns == theirs.columns
        assert ours.drop(cs.float()).equals(theirs.drop(cs.float()))
        for column in ours.select(cs.float()).columns:
            near = {"rel": 1e-6} if column == "t" else {"abs": 1e-8}
            assert ours[column].to_list() == pytest.approx(theirs[column].to_list(), **near)
    assert one.minima["estimate"].to_list() == pytest.approx(two.minima["estimate"].to_list(), abs=1e-6)
    counts = ["firms", "rows", "status", "minima", "leaning"]
    assert one.diagnostics[counts].equals(two.diagnostics[counts])
    assert one.diagnostics["returns_error"].to_list() == pytest.approx(
        two.diagnostics["returns_error"].to_list(), abs=1e-8
    )
    assert one.dropped.sort("column", "reason").equals(two.dropped.sort("column", "reason"))


@pytest.mark.parametrize("method", METHODS)
def test_estimates_errors_and_productivity_are_those_of_rows_in_memory(method, tmp_path):
    data = panel(300, 1).sample(fraction=1.0, shuffle=True, seed=1)
    costs = {"costs": ["wages", "rent"]} if method == "cost-shares" else {}
    one, two = both(data, *CALL, "investment" if method == "op" else "materials", method=method, **costs)
    assert_alike(one, two)
    told = pl.read_parquet(one.write_firms(tmp_path / "tfp.parquet")).sort("firm", "year")
    rows = two.productivity.sort("firm", "year")
    assert one.productivity.is_empty()
    for name in ("productivity", "noise") if method in {"op", "lp", "acf"} else ("productivity",):
        assert told[name].to_list() == pytest.approx(rows[name].to_list(), abs=1e-7)


def test_groups_controls_gaps_and_bad_rows(tmp_path):
    data = (
        panel(240, 2)
        .filter(pl.col("year") != 2004)
        .with_columns(
            industry=(pl.col("firm") % 2).cast(pl.String),
            age=pl.col("year") - 1990.0,
            capital=pl.when(pl.col("firm") == 7).then(-1.0).when(pl.col("firm") == 9).then(0.0).otherwise("capital"),
            output=pl.when(pl.col("firm") == 8).then(None).otherwise("output"),
        )
    )
    path = tmp_path / "firms.csv"
    data.write_csv(path)
    how = {"by": "industry", "controls": ["age"], "method": ["ols", "fe", "robinson", "lp", "acf"]}
    one = production_function(path, *CALL, "materials", engine=connect(memory_limit="500MB"), **how)
    two = production_function(data, *CALL, "materials", **how)
    assert_alike(one, two)
    staged = ~pl.col("method").is_in(["ols", "fe"])
    for name in ("pairs", "gaps"):
        assert one.diagnostics.filter(staged)[name].equals(two.diagnostics.filter(staged)[name])


# by `acf` it is not identified at prices that are alike, and the last digits of the sums move the solution
def test_gross_output():
    one, two = both(panel(200, 3, "gross-output"), "output ~ labour + materials | capital | materials", method="lp")
    assert_alike(one, two)


def test_what_needs_the_rows_is_refused_and_double_rows_are_counted():
    data = panel(20, 1)
    for options in ({"draws": 10}, {"attrition": True}, {"method": "gnr"}, {"method": "acf", "form": "translog"}):
        with pytest.raises(UsageError, match="engine does not go with"):
            production_function(data, *CALL, "materials", engine="duckdb", **options)
    for name, why in (("robinson", "cannot be a free input"), ("cost-shares", "costs")):
        with pytest.raises(UsageError, match=why):
            production_function(data, "output ~ labour + materials | capital | materials", method=name, engine="duckdb")
    unpaid = data.with_columns(wages=pl.lit(0.0), rent=pl.lit(0.0))
    with pytest.raises(UsageError, match="200 rows add up to nothing"):
        production_function(unpaid, *CALL, method="cost-shares", costs=["wages", "rent"], engine="duckdb")
    with pytest.raises(InputError, match="20 firm-years have more than one row"):
        production_function(pl.concat([data, data.head(20)]), *CALL, "materials", engine="duckdb")
    with pytest.raises(InputError, match="lacks the columns"):
        production_function(data.drop("capital"), *CALL, "materials", engine="duckdb")
    with pytest.raises(InputError, match="only 4 firms"):
        production_function(data.filter(pl.col("firm") < 4), *CALL, "materials", engine="duckdb")
