"""Bands of estimated years against the truth that was published later: provinces 2001-2017, pseudo ends 2008-2016.

Truth: official gross fixed capital formation, prices, shares and schooling of the shipped package. The bars were set
before the code; a coverage rests on about three independent spans of 31 regions, so that 4 points are chance.
"""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi

HELD_OUT, REAL_TIME = "held_out", "real_time"


@pytest.fixture(scope="module")
def backtest():
    return xinzhi.backtest("china-provinces")


def row(result, test, horizon=0):
    return result.frame.filter(test=test, horizon=horizon).row(0, named=True)


def test_learned_to_2009_the_bands_hold_what_they_promise(backtest):
    pooled = row(backtest, HELD_OUT)
    for name in ("coverage", "relative_coverage"):
        assert 0.87 <= pooled[name] <= 0.95
    by = backtest.frame.filter(pl.col("horizon") > 0, test=HELD_OUT)
    assert by["coverage"].min() >= 0.82
    assert by["relative_coverage"].min() >= 0.82


def test_in_real_time_the_bands_hold(backtest):
    pooled = row(backtest, REAL_TIME)
    assert pooled["coverage"] >= 0.87
    assert pooled["relative_coverage"] >= 0.87


def test_the_band_of_all_regions_together_holds(backtest):
    """Pooled over all horizons; at six years there are four spans, which overlap, and half of them held."""
    for test in (HELD_OUT, REAL_TIME):
        assert row(backtest, test)["nation_coverage"] >= 0.87
    six = row(backtest, REAL_TIME, 6)
    assert (six["ends"], six["nation_coverage"]) == (4, 0.5)
    assert 100 * six["nation_error"] == pytest.approx(0.45, abs=0.01)


def test_pairs_called_decided_are_right(backtest):
    for test in (HELD_OUT, REAL_TIME):
        assert row(backtest, test)["pairs_right"] >= 0.95
        assert 0.2 < row(backtest, test)["pairs_decided"] < 0.6


def test_at_six_years_the_score_beats_the_old_extrapolation(backtest):
    for test in (HELD_OUT, REAL_TIME):
        assert row(backtest, test, 6)["score_ratio"] <= 0.80


def test_bands_grow_wider_with_the_years_ahead(backtest):
    for test in (HELD_OUT, REAL_TIME):
        widths = backtest.frame.filter(pl.col("horizon").is_between(1, 6), test=test).sort("horizon")["half_width"]
        assert widths.is_sorted()


def test_pooled_rates_are_those_of_all_ends(backtest):
    ends = backtest.ends.filter(test=REAL_TIME)
    assert ends["end"].unique().sort().to_list() == list(range(2008, 2017))
    mine = backtest.frame.filter(pl.col("horizon") > 0, test=REAL_TIME)
    weight = mine.join(ends.group_by("horizon").len(), on="horizon")
    pooled = (weight["coverage"] * weight["len"]).sum() / weight["len"].sum()
    assert row(backtest, REAL_TIME)["coverage"] == pytest.approx(pooled, abs=1e-12)


def test_the_answers_speak_both_languages(backtest):
    right = 100 * row(backtest, HELD_OUT)["pairs_right"]
    assert f"{right:.1f} % of these were right" in backtest.summary("en").replace("\u00a0", " ")
    assert "真值" in backtest.summary("zh")
    assert [column.title.zh for column in backtest.columns()]


def test_nobody_has_adopted_the_protocol_of_a_backtest(backtest):
    assert "adopted by no statistical authority" in backtest.summary("en")
    assert "尚未被任何统计机构采纳" in backtest.summary("zh")
