"""All windows at once: series do not touch each other, scale does not matter, exact fits are left out."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl
import pytest

from xinzhi import risks
from xinzhi.risks import BubbleRules
from xinzhi.risks.prices.critical import sequences_of, sieve_panels, sieve_values, wild_values
from xinzhi.risks.prices.recursive import direct_statistics, recursive_adf

bubbles = partial(risks.bubbles, lag=0, critical=None)  # the plain test, as its peers have it

OPTIONS = {"window": 14, "lag": 0, "draws": 200, "seed": 1}


@pytest.fixture(scope="module")
def walk():
    return np.random.default_rng(4).standard_normal(60).cumsum()


@pytest.mark.parametrize("lag", [0, 2])
def test_a_series_has_the_same_statistics_in_any_company(lag):
    table = np.random.default_rng(3).standard_normal((90, 400)).cumsum(axis=0)  # more than one block
    together = recursive_adf(table, lag=lag)
    backwards = recursive_adf(table[:, ::-1], lag=lag)
    assert (backwards.bsadf[:, ::-1] == together.bsadf).all()
    for at in (0, 177, 399):
        assert (recursive_adf(table[:, at], lag=lag).bsadf[:, 0] == together.bsadf[:, at]).all()


@pytest.mark.parametrize("options", [{"critical": "sieve"}, {"critical": "wild-resampled", "lag": 1}, {"lag": "bic"}])
def test_critical_values_do_not_depend_on_order_or_company(options):
    table = np.random.default_rng(5).standard_normal((50, 3)).cumsum(axis=0)
    rows = pl.DataFrame(table, schema=list("abc")).with_row_index("t").unpivot(index="t", variable_name="s")
    rules = BubbleRules(draws=150)
    wanted = ["series", "gsadf", "critical_value"]
    found = bubbles(rows, "s", "t", "value", rules=rules, **options).statistics.select(wanted)
    shuffled = bubbles(rows.sample(fraction=1, shuffle=True, seed=2), "s", "t", "value", rules=rules, **options)
    assert shuffled.statistics.select(wanted).sort("series").equals(found)
    alone = bubbles(rows.filter(s="b"), "s", "t", "value", rules=rules, **options)
    assert alone.statistics.select(wanted).equals(found.filter(series="b"))


@pytest.mark.parametrize("scale", [2.0**600, 2.0**-600])
def test_scale_does_not_matter(walk, scale):
    for lag in (0, 2):
        assert (recursive_adf(scale * walk, lag=lag).bsadf == recursive_adf(walk, lag=lag).bsadf).all()
    for method in ("wild", "wild-resampled"):
        drawn = [wild_values(level, method=method, **OPTIONS).gsadf for level in (walk, scale * walk)]
        assert drawn[0] == pytest.approx(drawn[1])
    drawn = [sieve_values(level, **OPTIONS).gsadf for level in (walk, scale * walk)]
    assert drawn[0] == pytest.approx(drawn[1])
    rows = pl.DataFrame({"s": "a", "t": range(60), "v": scale * walk})
    row = bubbles(rows, "s", "t", "v").statistics.row(0, named=True)
    assert np.isfinite([row["drift"], row["autocorrelation"], row["gsadf"]]).all()


def test_a_bootstrap_of_a_series_that_stands_still_for_long(walk):
    level = walk.copy()
    level[5:40] = level[5]
    for found in (wild_values(level, method="wild", **OPTIONS), sieve_values(level, **OPTIONS)):
        assert np.isfinite(found.gsadf).all()
        assert (np.diff(found.gsadf) > 0).all()
    level[:40] = level[5]  # the first windows of every draw stand still
    found = wild_values(level, method="wild", **OPTIONS)
    assert np.isfinite(found.gsadf).all()
    assert np.isnan(found.sequences["pointwise"][0]).all()
    assert np.isfinite(found.sequences["pointwise"][-1]).all()
    assert np.isfinite(found.sadf).all()


def test_a_bootstrap_of_a_series_that_hardly_leaves_its_trend(walk):
    trend = 1e3 * np.arange(60)
    for lag in (0, 1):
        options = OPTIONS | {"lag": lag, "draws": 40}
        rough, smooth = (sieve_values(trend + size * walk, **options).gsadf for size in (1e-2, 1e-8))
        assert smooth == pytest.approx(rough, rel=2e-3)  # what the steps lose in 1e3 + 1e-8 is rounding of the input


def test_drawn_series_that_vary_need_no_mending():
    table = np.random.default_rng(6).standard_normal((60, 8)).cumsum(axis=0)
    for lag in (0, 1, 4):
        mended = recursive_adf(table, window=14, lag=lag)
        assert np.stack([mended.badf, mended.bsadf]) == pytest.approx(sequences_of(table, 14, lag), abs=1e-12)
    panel = sieve_panels(table, order=1, **OPTIONS)
    assert panel.shape == (46, 200)


def test_direct_windows_of_different_series_and_starts(walk):
    table = np.column_stack([walk, walk**2])
    found = direct_statistics(table, np.array([0, 7]), np.array([1, 0]), 20, 1)
    for at, (start, column) in enumerate(((0, 1), (7, 0))):
        level = table[start : start + 22, column]
        assert found[at] == pytest.approx(recursive_adf(level, window=20, lag=1).adf[0])


@pytest.mark.parametrize(
    "level",
    [
        1e6 + 0.1 * np.arange(50),  # a line, up to the rounding of its values
        100 * 1.002 ** np.arange(50),
        np.log(100 * 1.002 ** np.arange(50)),
        np.cumprod(np.full(50, 1.0371)),
        np.full(50, 7.0),
    ],
)
def test_an_exact_fit_has_no_statistic(level):
    for lag in (0, 1):
        found = recursive_adf(level, lag=lag)
        assert np.isnan(found.bsadf).all()
        assert found.skipped[0] == len(found.bsadf) * (len(found.bsadf) + 1) / 2


def test_rounded_growth_is_no_exact_fit():
    found = recursive_adf(np.round(100 * 1.05 ** np.arange(50), 2))  # as a table has it: to the cent
    assert found.skipped[0] == 0
    assert found.gsadf[0] > 1000
