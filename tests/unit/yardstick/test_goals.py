"""What growth targets require, held to code that shares nothing with ours, and to the record of past targets.

Tolerance: 1e-9 points of required growth. `by_hand` rebuilds it in plain Python from levels of the measurement and the
package's own files; the acceptance figures are those of the back-cast of targets 2001-2025.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.goals.arithmetic import capital_growth, needed_investment, required

TOLERANCE = 1e-9
SHARED = Path(__file__).parents[3].parent / "shared"
REPORT = {"340000": (2.37, 3.21), "440000": (2.42, 3.14), "230000": (3.55, 4.24), "540000": (2.67, 3.87)}


@pytest.fixture(scope="module")
def china():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def goals(china):
    return xinzhi.goals(china)


def test_required_growth_by_hand(goals):
    """In step and at its level, all regions: inputs from a table of the research, arithmetic in plain Python."""
    path = SHARED / "design/goals/inputs_2025.csv"
    if not path.exists():
        pytest.skip("the table of inputs of the research is not here")
    with path.open(encoding="utf-8") as lines:
        inputs = {row["region"]: row for row in csv.DictReader(lines)}
    for row in goals.frame.iter_rows(named=True):
        own = {name: float(value) for name, value in inputs[row["region"]].items() if name not in {"region", "name"}}
        stock, invested = own["capital_2025"], own["investment_2025"]
        for _ in range(5):
            invested *= 1 + row["investment_growth"]
            stock = (1 - 0.096) * stock + invested
        capital = math.log(stock / own["capital_2025"]) / 5
        work = (own["labour_growth"] + own["human_capital_growth"]) / 100
        high = row["low"] if row["high"] is None or row["reading"] == "low" else row["high"]
        growth = math.log(1 + (row["low"] + high) / 200)
        expected = growth - (1 - own["labour_share"]) * capital - own["labour_share"] * work
        assert row["required"] == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("region", REPORT)
def test_acceptance_figures(goals, region):
    rows = goals.frame.filter(region=region, document="report", reading="middle").sort("scenario")
    assert rows["required"].to_list() == pytest.approx([value / 100 for value in REPORT[region]], abs=0.5e-4)


def test_contributions_add_up(goals):
    parts = ["capital_contribution", "labour_contribution", "human_capital_contribution", "required"]
    gap = goals.frame.select(pl.col("growth") - pl.sum_horizontal(parts)).to_series().abs().max()
    assert gap < 1e-12


def test_the_account_read_over_the_past_gives_measured_growth(china):
    """Identity: actual growth and actual inputs in, measured TFP growth of a span with one share out."""
    rules = load_protocol("xinzhi-cn-2026").replace({"shares.rule": "constant", "shares.constant": 0.5})
    measured = xinzhi.measure(china, rules)
    inputs = measured.accounts.inputs
    first, last = (int(year - measured.panel.years[0]) for year in (2012, 2017))
    rows = slice(None)
    logs = {name: np.log(getattr(inputs, name)) for name in ("output", "capital", "labour", "human_capital")}
    mean = {name: (values[rows, last] - values[rows, first]) / 5 for name, values in logs.items()}
    share = inputs.labour_share[rows, last]
    need = required(mean["output"], mean["capital"], mean["labour"], mean["human_capital"], share)
    periods = measured.periods.filter(start=2012, end=2017).sort("region")
    assert need == pytest.approx(periods["tfp_growth"].to_numpy(), abs=1e-12)


def test_gaps_are_those_of_joint_draws(goals):
    """Significant gaps: about 21 regions with investment level, few in step; and none shown as an interval of a sum."""
    level, step = (goals.headline.filter(scenario=name) for name in ("level", "in_step"))
    assert 18 <= level.filter(pl.col("gap_low") > 0).height <= 23
    assert 2 <= step.filter(pl.col("gap_low") > 0).height <= 6
    assert {"440000", "630000"} <= set(step.filter(pl.col("gap_low") > 0)["region"])
    apart = (step["required_high"] - step["required_low"]) ** 2 + (step["measured_high"] - step["measured_low"]) ** 2
    joint = step["gap_high"] - step["gap_low"]
    assert (joint < apart.sqrt()).all()  # an error of the past enters both sides once


def test_the_record_of_targets(goals):
    rates = {(row["scenario"], row["verdict"]): row for row in goals.record.iter_rows(named=True)}
    above, pooled = rates["in_step", "above"], rates["in_step", "all"]
    assert (above["targets"], pooled["targets"]) == (112, 686)
    assert above["share"] == pytest.approx(0.59, abs=0.005)
    assert pooled["share"] == pytest.approx(0.34, abs=0.005)
    areas = dict(goals.order.iter_rows())
    assert areas["gap"] == pytest.approx(0.66, abs=0.005)
    assert areas["simple"] == pytest.approx(0.74, abs=0.005)
    missed = {row["year"]: row["missed"] for row in goals.misses.iter_rows(named=True)}
    assert [missed[year] for year in (2021, 2023, 2025)] == [6, 17, 16]


def test_accelerations(goals):
    shares = dict(goals.accelerations.select("acceleration", "share").iter_rows())
    assert shares[0.01] == pytest.approx(0.15, abs=0.005)
    assert shares[0.02] == pytest.approx(0.075, abs=0.005)


def test_the_sum_of_the_targets_is_above_the_national_range(goals):
    row = goals.nation.row(0, named=True)
    assert row["weighted"] == pytest.approx(0.0504, abs=5e-5)
    assert row["weighted"] > row["high"]


def test_every_region_has_a_sentence(goals):
    for region in goals.frame["region"].unique().to_list():
        about = goals.about(region)
        text = " ".join(sentence.en for sentence in about.requirement(region))
        assert "targets growth" in text
        assert "TFP must grow" in text


def test_a_region_by_itself_has_the_same_figures(china, goals):
    alone = xinzhi.goals(china, "吉林")
    assert alone.frame.equals(goals.frame.filter(region="220000"))
    assert alone.targets["region"].unique().to_list() == ["220000"]


RATES = st.floats(-0.03, 0.12)


@given(growth=RATES, more=st.floats(1e-4, 0.05), invested=st.floats(-0.1, 0.2), ratio=st.floats(0.03, 0.3))
def test_monotone(growth, more, invested, ratio):
    """A higher target, or less investment, never asks less of TFP; and more of investment at the same TFP."""
    stock, flow, share = np.array([1.0]), np.array([ratio]), np.array([0.5])
    zero = np.array([0.0])

    def need(target, investment):
        capital = capital_growth(stock, flow, np.array([investment]), 0.096, 5)
        return required(np.array([target]), capital, zero, zero, share)[0]

    def investment(target):
        return needed_investment(np.array([target]), zero, stock, flow, zero, share, 0.096, 5)[0]

    assert need(growth + more, invested) > need(growth, invested)
    assert need(growth, invested + more) < need(growth, invested)
    lower, higher = investment(growth), investment(growth + more)
    if np.isfinite(lower) and np.isfinite(higher):
        assert higher > lower
        assert need(growth, lower) == pytest.approx(0.0, abs=1e-9)


def test_in_step_is_level_at_a_target_of_zero(china):
    rows = xinzhi.goals(china, "Anhui", growth=0.0).frame
    assert rows["required"][0] == pytest.approx(rows["required"][1], abs=1e-15)


def test_what_if(china, goals):
    base = goals.frame.filter(region="340000", document="plan", reading="middle", scenario="in_step")["required"][0]
    lower = xinzhi.goals(china, "Anhui", growth="5.25%", labour="-2.0%").frame.filter(scenario="in_step")
    assert lower["required"][0] > base
    schooled = xinzhi.goals(china, "Anhui", growth="5.25%", schooling=0.2).frame.filter(scenario="in_step")
    assert schooled["required"][0] < base
    given_rate = xinzhi.goals(china, "Anhui", growth="5.25%", investment="5.25%").frame
    assert given_rate["scenario"].to_list() == ["given"]
    assert given_rate["required"][0] == pytest.approx(base, abs=1e-12)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"growth": "60%"}, UsageError),
        ({"investment": "80%"}, UsageError),
        ({"schooling": 3.0}, UsageError),
        ({"region": "Atlantis"}, UsageError),
        ({"growth": "much"}, UsageError),
    ],
)
def test_refused(china, options, error):
    with pytest.raises(error):
        xinzhi.goals(china, **options)


def test_data_without_targets_or_investment(china):
    tables = {name: frame for name, frame in china.tables.items() if name != "targets"}
    with pytest.raises(InputError, match="growth"):
        xinzhi.goals(tables)
    assert xinzhi.goals(tables, "Anhui", growth="5%").frame.height == 2
    penn = xinzhi.load("china-provinces").tables["accounts"].with_columns(capital=pl.col("output_real") * 2.5)
    with pytest.raises(InputError, match="investment"):
        xinzhi.goals({"accounts": penn}, growth="5%", protocol="textbook")


def test_a_target_without_a_figure_gives_way_to_one_that_has(goals):
    """Ningxia's plan says only "above the nation": its target of the year leads, with its document."""
    rows = goals.headline.filter(region="640000")
    assert rows["document"].unique().to_list() == ["report"]
    words_of_plan = goals.targets.filter(region="640000", document="plan", indicator="gdp_growth")
    assert words_of_plan["low"].to_list() == [None]
