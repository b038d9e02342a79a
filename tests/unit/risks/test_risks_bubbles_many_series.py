"""Many series: the share of false discoveries, falls that are no bubbles, joined episodes, months by trading days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from xinzhi import study
from xinzhi.risks import BubbleRules, bubbles, register
from xinzhi.risks.prices.critical import critical_values, explosive_series, p_value, random_walks
from xinzhi.risks.prices.recursive import date_runs, minimum_window, recursive_adf

SIZE = 60
PLAIN = {"lag": 0, "critical": "simulated", "rules": BubbleRules(replications=999)}


def long(table: np.ndarray, dates=None) -> pl.DataFrame:
    """Return a table (T, N) as one row a series and date."""
    when = list(range(len(table))) if dates is None else dates
    rows = [(f"s{at:02d}", day, float(table[row, at])) for at in range(table.shape[1]) for row, day in enumerate(when)]
    return pl.DataFrame(rows, schema=["s", "t", "v"], orient="row")


@pytest.fixture(scope="module")
def many():
    """Return thirty walks and five bubbles."""
    random = np.random.default_rng(3)
    walks = 100 + 6.79 * random_walks(SIZE, 30, random)
    return bubbles(long(np.hstack([walks, explosive_series(SIZE, 5, random)])), "s", "t", "v", **PLAIN)


def test_adjusted_values_are_those_of_another_implementation(many):
    rows = many.statistics
    assert rows["p_adjusted"].to_numpy() == pytest.approx(
        false_discovery_control(rows["p_value"].to_numpy()), abs=1e-14
    )
    assert rows["survives"].to_list() == ((rows["p_adjusted"] <= 0.05) & rows["rejects"]).to_list()
    assert (rows["p_value"] <= rows["p_adjusted"]).all()
    # the p value and the critical value tell the same: it rejects where fewer than one draw in twenty reaches it
    assert ((rows["p_value"] < 0.05) == rows["rejects"]).all()


def test_what_is_left_stands_in_the_answer(many):
    left = many.statistics.filter("survives").height
    assert 0 < left <= many.statistics.filter("rejects").height
    said = many.summary()
    assert (
        f"Once all 35 series are allowed for (Benjamini-Hochberg, false discovery rate 5\xa0%), {left} remain" in said
    )
    assert "Benjamini-Hochberg" in many.summary("zh")


def test_p_values_of_walks_are_even_and_no_family_of_walks_is_often_wrong():
    window = minimum_window(SIZE)
    null = critical_values(SIZE, replications=2000, seed=11)
    walks = random_walks(SIZE, 2000, np.random.default_rng(12))
    top = np.fmax.reduce(recursive_adf(walks, window=window, lag=0).bsadf)
    p = np.array([p_value(float(one), null) for one in top])
    for edge in (0.05, 0.2, 0.5):
        assert (p <= edge).mean() == pytest.approx(edge, abs=4.3 * np.sqrt(edge * (1 - edge) / 1000))
    families = p.reshape(100, 20)
    wrong = np.mean([(false_discovery_control(family) <= 0.05).any() for family in families])
    plain = np.mean([(family <= 0.05).any() for family in families])
    assert wrong <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert plain > 0.4  # one of twenty walks rejects as often as not: what is allowed for


def test_a_stored_table_gives_upper_bounds():
    from xinzhi.risks.prices.critical import stored_values

    stored = stored_values(SIZE)
    low, middle, high = stored.gsadf
    assert [round(p_value(float(one), stored), 12) for one in (low - 1, low + 0.01, middle + 0.01, high + 1)] == [
        1.0, 0.1, 0.05, 0.01,
    ]  # fmt: skip


def test_one_default_for_python_and_the_command():
    rows = long(np.cumsum(np.random.default_rng(1).normal(0.3, 1, (SIZE, 2)), axis=0) + 50)
    rules = BubbleRules(replications=100)
    found = bubbles(rows, "s", "t", "v", rules=rules)
    assert (found.provenance.options["lag"], found.provenance.options["critical"]) == ("bic", "sieve")
    same = bubbles(rows, "s", "t", "v", lag="bic", critical="sieve", rules=rules)
    assert found.statistics.equals(same.statistics)
    asked = study("bubbles", rows, series="s", date="t", value="v", replications=100).results["bubbles"]
    assert asked.statistics["gsadf"].to_list() == found.statistics["gsadf"].to_list()
    assert asked.statistics["critical_value"].to_list() == found.statistics["critical_value"].to_list()
    short = bubbles(rows.filter(pl.col("t") < 30), "s", "t", "v", rules=rules)
    assert short.provenance.options["lag"] == 0


def test_falls_are_no_bubbles_in_the_answer():
    falling = -explosive_series(SIZE, 1, np.random.default_rng(6)) + 500
    found = bubbles(long(falling).vstack(long(falling).with_columns(s=pl.lit("other"))), "s", "t", "v", **PLAIN)
    if not found.statistics["rejects"].all():
        pytest.skip("the draw is not found")
    assert "No bubble: 2 of 2 series are explosive" in found.summary()
    assert "没有泡沫" in found.summary("zh")


def test_episodes_that_few_dates_part_are_one_on_request():
    level = np.arange(30.0)
    passes = np.zeros(25)
    passes[[5, 6, 9, 10, 20]] = 1.0
    line = np.full(25, 0.5)
    apart = date_runs(level, passes, line)
    assert [(run.start, run.last) for run in apart] == [(10, 11), (14, 15), (25, 25)]
    joined = date_runs(level, passes, line, nearer=4)  # ln 30 = 3.4, rounded up
    assert [(run.start, run.last) for run in joined] == [(10, 15), (25, 25)]
    assert [(run.start, run.last) for run in date_runs(level, passes, line, nearer=2)] == [
        (run.start, run.last) for run in apart
    ]


def trading_ends(first: int, count: int) -> list[date]:
    """Return the last weekday of every month, and the 27th of January where markets close for the spring festival."""
    ends = []
    for month in range(count):
        year, at = divmod(first * 12 + month, 12)
        day = date(year + (at == 11), (at + 1) % 12 + 1, 1) - timedelta(days=1)
        day -= timedelta(days=max(0, day.weekday() - 4))
        ends.append(date(year, 1, 24) if at == 0 else day)
    return ends


def test_the_last_trading_day_of_the_month_is_monthly():
    days = trading_ends(2015, 48)
    assert len({day.day for day in days}) > 3
    table = 100 + np.cumsum(np.random.default_rng(2).normal(size=(48, 1)), axis=0)
    found = bubbles(long(table, days), "s", "t", "v", **PLAIN)
    assert found.statistics["status"].to_list() == ["tested"]
    assert found.timeline.unit == "month"
    months = bubbles(long(table, [f"{day:%Y-%m}" for day in days]), "s", "t", "v", **PLAIN)
    assert found.statistics["gsadf"][0] == months.statistics["gsadf"][0]
    hole = bubbles(long(table, days).filter(pl.col("t") != days[20]), "s", "t", "v", **PLAIN | {
        "rules": BubbleRules(replications=999, gaps="longest")})  # fmt: skip
    assert hole.statistics["observations"][0] == 27
    middle = [day - timedelta(days=15) for day in days]
    from xinzhi.risks.prices.series import read_calendar

    assert read_calendar(pl.Series(middle)).unit == "day"


def test_the_register_flags_what_is_left_only(many):
    plans = pl.DataFrame({"region": ["s00"], "year": [2026], "category": ["c"], "named": [1]})
    kinds = pl.DataFrame({"category": ["c"], "divisions": ["36"], "informative": [1]})
    regions = pl.DataFrame({"region": many.statistics["series"].to_list()})
    found = register({"plans": plans, "plan_categories": kinds, "regions": regions}, bubbles=many)
    flagged = found.checks.filter(rule="ongoing-episode", status="flagged")["item"]
    assert {*flagged} <= {*many.statistics.filter("survives")["series"]}
