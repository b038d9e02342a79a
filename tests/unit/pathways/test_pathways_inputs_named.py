"""What the verbs do with inputs of other kinds and with inputs that cannot be used: accepted, or named with the cure.

References: the same call on a polars frame with a mapping as anchor (equal digits), and the definition of presence.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import backtest, beta_convergence, clubs, complexity, lead_changes, plan, uncertainty
from xinzhi.pathways.complexity.complexity import read_anchor
from xinzhi.pathways.internal import BacktestOptions, ComplexityOptions, Draws

COLUMNS = ("place", "activity", "value")
SPAN = {"unit": "unit", "time": "year", "value": "income"}


@pytest.fixture(scope="module")
def cells() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    reach, demand = np.linspace(0, 1, 30)[:, None], np.linspace(0, 1, 40)
    values = rng.lognormal(0, 1, (30, 40)) * (rng.random((30, 40)) < 1 / (1 + np.exp(-8 * (reach - demand + 0.1))))
    names = [f"r{i:02d}" for i in range(30)], [f"a{j:02d}" for j in range(40)]
    return pl.DataFrame({"place": np.repeat(names[0], 40), "activity": np.tile(names[1], 30), "value": values.ravel()})


@pytest.fixture(scope="module")
def wage() -> dict[str, float]:
    return {f"r{i:02d}": 1.0 + i for i in range(30)}


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    rows = [(f"u{u}", y, 5 + u * 0.9 ** (y - 1990) + 0.01 * (y % (u + 2))) for u in range(5) for y in range(1990, 2020)]
    return pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")


def test_an_anchor_may_be_a_mapping_a_series_a_frame_or_a_column(cells, wage):
    known = complexity(cells, *COLUMNS, anchor=wage)
    assert known.sign[0] == "anchor"
    table = pl.DataFrame({"place": list(wage), "wage": list(wage.values())})
    for given in (pd.Series(wage), table, table.to_pandas(), table.to_arrow()):
        assert complexity(cells, *COLUMNS, anchor=given).places.equals(known.places)
    assert complexity(cells.join(table, on="place"), *COLUMNS, anchor="wage").places.equals(known.places)


def test_an_anchor_that_cannot_be_used_is_named(cells, wage):
    with pytest.raises(UsageError, match="no such column"):
        complexity(cells, *COLUMNS, anchor="wage")
    with pytest.raises(UsageError, match="names 0 of the 30 places"):
        complexity(cells, *COLUMNS, anchor=dict.fromkeys(wage, float("nan")))
    with pytest.raises(UsageError, match=r"missing: r00, .* the anchor is about Rome"):
        complexity(cells, *COLUMNS, anchor={"Rome": 1.0})
    with pytest.raises(UsageError, match=r"the anchor is 5\.?0* in all 30 places"):
        complexity(cells, *COLUMNS, anchor=dict.fromkeys(wage, 5.0))
    with pytest.raises(InputError, match="'high', which is no number"):
        read_anchor({"r00": "high"})
    with pytest.raises(InputError, match="r00 is 1 and 2"):
        read_anchor(pl.DataFrame({"place": ["r00", "r00"], "wage": [1.0, 2.0]}))
    with pytest.raises(UsageError, match="it needs two"):
        read_anchor(pl.DataFrame({"place": ["r00"], "wage": [1.0], "more": [1.0]}))


def test_too_few_places_for_any_anchor_are_told_so(cells, wage):
    few = dict(list(wage.items())[:3])
    said = complexity(cells, *COLUMNS, anchor=few)
    assert said.anchoring.limit == 1
    assert "too few for any correlation to fix it" in said.summary("en")
    assert "地区太少" in said.summary("zh")
    assert not any("1.00" in item.message.en for item in said.findings)


def test_presences_are_taken_as_they_are_or_a_finding_says_otherwise(cells):
    zeros = cells.with_columns(value=(pl.col("value") > 0).cast(pl.Int64))
    found = complexity(zeros, *COLUMNS, options=ComplexityOptions(presence="given"))
    assert found.cells.select((pl.col("present") == (pl.col("value") > 0)).all()).item()
    assert "looks-like-presences" not in {item.rule for item in found.findings}
    assert "looks-like-presences" in {item.rule for item in complexity(zeros, *COLUMNS).findings}


@pytest.mark.parametrize("option", ["presence", "measure", "diagonal", "gain", "scale", "precision"])
def test_an_unknown_convention_is_refused(cells, option):
    with pytest.raises(UsageError, match="nonsense"):
        complexity(cells, *COLUMNS, options=ComplexityOptions(**{option: "nonsense"}))


def test_the_least_count_reaches_the_rule(cells):
    found = complexity(cells, *COLUMNS, options=ComplexityOptions(presence="rca-and-count", least=0.5))
    held = found.cells.filter(pl.col("present"))["value"]
    assert held.min() >= 0.5
    assert complexity(cells, *COLUMNS).cells.filter(pl.col("present"))["value"].min() < 0.5


def test_densities_of_draws_count_the_same_nearest(cells):
    found = complexity(cells, *COLUMNS, options=ComplexityOptions(nearest=5))
    drawn = uncertainty(found, draws=Draws(source="counts", unit=1e-9, draws=3))
    assert drawn.density is not None
    assert (drawn.density["low"] - drawn.density["density"]).abs().max() == pytest.approx(0, abs=1e-6)


def test_dates_count_as_years_and_half_years_are_refused(panel):
    dated = panel.with_columns(year=pl.date(pl.col("year"), 1, 1))
    assert clubs(dated, **SPAN).frame.equals(clubs(panel, "unit", "year", "income").frame)
    with pytest.raises(InputError, match="is not a year"):
        clubs(panel.with_columns(year=pl.col("year") + 0.5), **SPAN)


def test_an_index_with_one_base_year_is_no_divergence(panel):
    based = panel.with_columns(income=pl.when(pl.col("year") == 1990).then(100.0).otherwise("income"))
    with pytest.raises(InputError, match="identical in 1990"):
        clubs(based, **SPAN)


def test_units_that_start_alike_have_no_laggard(panel):
    with pytest.raises(InputError, match="no unit lags behind"):
        beta_convergence(panel.with_columns(income=pl.lit(3.0)), **SPAN)


def test_one_unit_or_one_year_changes_no_lead(panel):
    with pytest.raises(InputError, match="one unit only"):
        lead_changes(panel.filter(pl.col("unit") == "u1"), **SPAN)
    with pytest.raises(InputError, match="one year only"):
        lead_changes(panel.filter(pl.col("year") == 2000), **SPAN)


def test_a_backtest_of_baselines_alone_and_a_plan_without_accounts_speak():
    jobs = xinzhi.load("china-provinces").tables["activity"]
    found = backtest(
        jobs,
        place="region",
        activity="industry",
        value="employment",
        period="year",
        train=(2005, 2010),
        test=(2011, 2016),
        options=BacktestOptions(absent=(1.0,), scores=("rca", "density"), draws=20),
    )
    best = found.frame.filter(measure="average_precision")["value"].max()
    assert f"{best:.3f}" in found.summary()
    assert f"{best:.3f}" in found.summary("zh")
    with pytest.raises(InputError, match="Add the table 'accounts'"):
        plan({"activity": jobs})
