"""Many series: the share of false discoveries, falls that are no bubbles, joined episodes, months by trading days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from xinzhi import study
from xinzhi.risks import BubbleRules, bubbles, register
from xinzhi.risks.prices.critical import (
    Until,
    critical_values,
    explosive_series,
    p_value,
    random_walks,
    sieve_values,
    wild_values,
)
from xinzhi.risks.prices.recursive import date_runs, minimum_window, recursive_adf

SIZE = 60
PLAIN = {"lag": 0, "critical": "simulated", "rules": BubbleRules(draws=999)}


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
    null = critical_values(SIZE, draws=2000, seed=11)
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
        1.0,
        0.1,
        0.05,
        0.01,
    ]


def test_one_default_for_python_and_the_command():
    rows = long(np.cumsum(np.random.default_rng(1).normal(0.3, 1, (SIZE, 2)), axis=0) + 50)
    rules = BubbleRules(draws=100)
    found = bubbles(rows, "s", "t", "v", rules=rules)
    assert (found.provenance.options["lag"], found.provenance.options["critical"]) == ("bic", "sieve")
    same = bubbles(rows, "s", "t", "v", lag="bic", critical="sieve", rules=rules)
    assert found.statistics.equals(same.statistics)
    asked = study("bubbles", rows, series="s", date="t", value="v", draws=100).results["bubbles"]
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
    hole = bubbles(
        long(table, days).filter(pl.col("t") != days[20]),
        "s",
        "t",
        "v",
        **PLAIN | {"rules": BubbleRules(draws=999, gaps="longest")},
    )
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


@pytest.fixture(scope="module")
def mixed():
    """Return ten series, two of them bubbles, with lags and drifts of their own."""
    random = np.random.default_rng(8)
    walks = 50 + np.cumsum(random.normal(0.1, 1, (SIZE, 8)), axis=0)
    return long(np.hstack([walks, explosive_series(SIZE, 2, random)]))


@pytest.mark.parametrize(("critical", "level"), [("sieve", 95), ("sieve", 90), ("wild", 95), ("wild-resampled", 95)])
def test_a_bootstrap_that_ends_early_gives_the_verdicts_of_all_draws(mixed, critical, level):
    made = {
        ends: bubbles(mixed, "s", "t", "v", critical=critical, rules=BubbleRules(level=level, sequential=ends))
        for ends in (True, False)
    }
    early, whole = (made[ends].statistics for ends in (True, False))
    assert early["rejects"].to_list() == whole["rejects"].to_list()
    assert 0 < early["rejects"].sum() < early.height
    assert made[True].episodes.equals(made[False].episodes)
    assert (whole["replications"] == 1000).all()
    drawn = early["replications"] == 1000
    assert (early["rejects"] <= drawn).all()
    assert (
        early.filter("rejects")
        .drop("p_adjusted", "survives")
        .equals(whole.filter("rejects").drop("p_adjusted", "survives"))
    )
    assert (early["replications"] >= 100).all()
    assert early["replications"].sum() < 0.6 * whole["replications"].sum()
    # of an early end the p-value says no, too, and lies where that of all draws does
    cut = early.filter(~drawn)
    assert (cut["p_value"] > 1 - level / 100).all()
    far = (cut["p_value"] - whole.filter(~drawn)["p_value"]).abs()
    assert (far < 4 * cut["p_value"] / np.sqrt(51)).all()


def test_the_p_value_of_an_early_end_is_counted_by_hand():
    level = 50 + np.cumsum(np.random.default_rng(5).normal(size=SIZE))
    options = {"window": minimum_window(SIZE), "lag": 1, "draws": 400, "seed": 4}
    for make in (sieve_values, lambda values, **more: wild_values(values, method="wild-resampled", **more)):
        whole = make(level, **options)
        middle = float(np.median(whole.draws))
        early = make(level, **options, until=Until(middle, 30, 100))
        assert set(early.draws) <= set(whole.draws)
        assert early.replications == len(early.draws) < 400
        reached = (early.draws >= middle).sum()
        assert reached >= 30
        assert 30 / early.replications <= p_value(middle, early) <= 30 / 31
        few = make(level, **options, until=Until(middle, 1, 100))
        assert few.replications >= 100
        none = make(level, **options, until=Until(float(whole.draws[-1]), 2, 100))
        assert none.sequential is None
        assert p_value(float(whole.draws[-1]), none) == 2 / 401


def test_no_series_is_given_up_that_all_draws_would_reject():
    random = np.random.default_rng(1)
    for level in (90, 95, 99):
        for replications in (*range(100, 140), 999, 1000, 2000):
            draws = np.sort(random.normal(size=replications))
            least = Until.for_level(0.0, level, replications).exceedances
            assert draws[-least] <= np.quantile(draws, level / 100) <= draws[1 - least]  # the fewest that decide


def test_sequential_p_values_are_valid():
    # Besag and Clifford: of a true null, P(p <= a) <= a; here every draw and the statistic are uniform
    random = np.random.default_rng(7)
    trials, most, ends = 4000, 200, Until.for_level(0.0, 95, 200).exceedances
    reached = (random.random((trials, most)) >= random.random((trials, 1))).cumsum(axis=1)
    at = (reached >= ends).argmax(axis=1) + 1
    p = np.where(reached[:, -1] >= ends, ends / at, (1 + reached[:, -1]) / (1 + most))
    for edge in (0.01, 0.05, 0.1, 0.3, 0.5, 0.8):
        assert (p <= edge).mean() <= edge + 3 * np.sqrt(edge * (1 - edge) / trials)
        assert (p <= edge).mean() >= edge - 0.06


def test_a_series_has_the_same_test_alone_and_in_any_order(mixed):
    rules = BubbleRules(draws=300)
    together = bubbles(mixed, "s", "t", "v", rules=rules)
    turned = bubbles(mixed.sort("s", "t", descending=[True, False]), "s", "t", "v", rules=rules)
    assert together.statistics.equals(turned.statistics.sort("series"))
    alone = bubbles(mixed.filter(s="s03"), "s", "t", "v", rules=rules).statistics
    # what is adjusted for the others depends on them
    own = pl.exclude("p_adjusted", "survives")
    assert alone.select(own).equals(together.statistics.filter(series="s03").select(own))
