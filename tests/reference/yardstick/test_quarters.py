"""Quarters under frbsf-fernald, measured as they are written.

Reference: the formula that Fernald (2014) prints, dtfp = dY - α dk - (1 - α)(dhours + dLQ), on 315 made-up
quarters, each with its own capital share; the published series is not among the references. Tolerance 1e-12 log points.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.quarters import is_quarter, label, quarter, read, year_of

COUNT, FIRST = 315, 1947
WRITTEN = {
    "1947:Q2": [f"{FIRST + at // 4}:Q{at % 4 + 1}" for at in range(COUNT)],
    "1947Q2": [f"{FIRST + at // 4}Q{at % 4 + 1}" for at in range(COUNT)],
    "1947-Q2": [f"{FIRST + at // 4}-Q{at % 4 + 1}" for at in range(COUNT)],
    "1947年第2季度": [f"{FIRST + at // 4}年第{at % 4 + 1}季度" for at in range(COUNT)],
    "first days": [dt.date(FIRST + at // 4, 3 * (at % 4) + 1, 1) for at in range(COUNT)],
    "last months as text": [f"{FIRST + at // 4}-{3 * (at % 4) + 3:02d}-28" for at in range(COUNT)],
}


def rates():
    random = np.random.default_rng(2012)
    capital, hours, quality, tfp = random.normal(0.01, 0.01, (4, COUNT))
    alpha = np.clip(random.normal(0.33, 0.02, COUNT), 0.2, 0.5)
    output = tfp + alpha * capital + (1 - alpha) * (hours + quality)
    return {"output": output, "capital": capital, "hours": hours, "quality": quality, "alpha": alpha, "tfp": tfp}


def level(growth, first):
    return first * np.exp(np.cumsum(np.where(np.arange(len(growth)) > 0, growth, 0.0)))


def accounts(periods, column="year"):
    made = rates()
    return pl.DataFrame(
        {
            "region": ["USA"] * COUNT,
            column: periods,
            "output_real": level(made["output"], 100.0),
            "capital_services": level(made["capital"], 1.0),
            "hours": level(made["hours"], 1e11),
            "human_capital": level(made["quality"], 1.0),
            "labour_share": 1 - made["alpha"],
        }
    )


@pytest.mark.parametrize("way", sorted(WRITTEN))
def test_quarters_however_they_are_written(way):
    result = xinzhi.measure({"accounts": accounts(WRITTEN[way])}, "frbsf-fernald")
    assert result.frame["year"].to_list() == WRITTEN["1947Q2"][1:]
    assert np.abs(result.frame["tfp_growth"].to_numpy() - rates()["tfp"][1:]).max() <= 1e-12


@pytest.mark.parametrize("name", ["date", "quarter", "period"])
def test_a_column_of_the_original_name_is_the_time(name):
    result = xinzhi.measure({"accounts": accounts(WRITTEN["1947:Q2"], name)}, "frbsf-fernald")
    assert result.frame.height == COUNT - 1


def test_period_means_are_per_year_and_their_ends_are_quarters():
    result = xinzhi.measure({"accounts": accounts(WRITTEN["1947:Q2"])}, "frbsf-fernald")
    row = result.periods.row(0, named=True)
    assert (row["start"], row["end"]) == ("1947Q1", "2025Q3")
    assert row["tfp_growth"] == pytest.approx(4 * rates()["tfp"][1:].mean(), abs=1e-12)
    share = 1 - rates()["alpha"]
    assert row["labour_share"] == pytest.approx(share[1:].mean(), abs=1e-12)
    assert "1947Q1" in result.summary("en")


def test_one_quarter_is_explained():
    result = xinzhi.measure({"accounts": accounts(WRITTEN["1947:Q2"])}, "frbsf-fernald")
    told = result.explain("USA", "1950:Q3")
    assert told.year == "1950Q3"
    tfp = told.frame.filter(item="tfp")["growth"].item()
    assert tfp == pytest.approx(rates()["tfp"][WRITTEN["1947:Q2"].index("1950:Q3")], abs=1e-12)
    with pytest.raises(UsageError, match="1947Q1"):
        result.explain("USA", "1947:Q1")


def test_what_goes_by_years_refuses_quarters_by_name():
    made = {"accounts": accounts(WRITTEN["1947:Q2"])}
    for verb in (xinzhi.audit, xinzhi.breaks):
        with pytest.raises(InputError) as caught:
            verb(made, "frbsf-fernald")
        assert caught.value.code == "yardstick.yearly-only"


def test_a_quarter_that_is_missing_is_named_and_growth_over_it_left_out():
    periods = WRITTEN["1947:Q2"]
    package = xinzhi.load({"accounts": accounts(periods).filter(pl.col("year") != "1950:Q3")})
    found = [item for item in package.findings if item.rule == "missing-year"]
    assert [item.value for item in found] == ["1950Q3"]
    result = xinzhi.measure(package, "frbsf-fernald")
    assert result.frame.height == COUNT - 3


def test_years_among_quarters_are_errors():
    periods = [*WRITTEN["1947:Q2"][:-1], "2026"]
    findings = xinzhi.load({"accounts": accounts(periods)}).findings
    assert [item.value for item in findings if item.rule == "not-quarter"] == ["2026"]


def test_yearly_dates_are_years():
    frame = pl.DataFrame({"region": ["a"] * 2, "year": [dt.date(2000, 12, 31), dt.date(2001, 12, 31)]})
    assert xinzhi.load({"accounts": frame}).tables["accounts"]["year"].to_list() == [2000, 2001]


def test_quarters_follow_one_another_and_are_no_years():
    codes = [quarter(year, number) for year in (1947, 1948) for number in (1, 2, 3, 4)]
    assert np.diff(codes).tolist() == [1] * 7
    assert [label(code) for code in codes[3:5]] == ["1947Q4", "1948Q1"]
    assert all(is_quarter(code) and year_of(code) in {1947, 1948} for code in codes)
    assert not is_quarter(9999)
    assert (read("1947:Q2"), read("1947"), read(1947), read("soon")) == (quarter(1947, 2), 1947, 1947, None)
