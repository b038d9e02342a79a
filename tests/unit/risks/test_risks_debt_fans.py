"""Fans of pooled shocks: the coefficient against two estimators of its own, the bands against simulated panels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.risks import debt_dynamics, debt_fan
from xinzhi.risks.debt.fan_shocks import independent, panel_autoregression, persistent, recursion, residuals
from xinzhi.risks.inputs import setting

YEARS, AHEAD = 9, 3
NAMES = ("growth", "rate", "net_borrowing")


def simulated(regions, years, slope, rng, common=0.0, spread=0.02):
    """Return an autoregression (regions, years, 3) whose shocks share `common` of their variance."""
    size = (regions, 40 + years, 3)
    shocks = np.sqrt(common) * rng.normal(size=(1, *size[1:])) + np.sqrt(1 - common) * rng.normal(size=size)
    series = spread * shocks
    for t in range(1, size[1]):
        series[:, t] += slope * series[:, t - 1]
    return series[:, 40:] + np.array([0.06, 0.03, 0.02])


def dated(panel):
    return [(np.arange(2000, 2000 + panel.shape[1]), rows) for rows in panel]


def table(panel, first=2000):
    regions, years, _ = panel.shape
    keys = {
        "region": np.repeat([f"r{i:02}" for i in range(regions)], years),
        "year": np.tile(np.arange(first, first + years), regions),
    }
    return pl.DataFrame(keys | {"debt_ratio": [0.5] * (regions * years)}).with_columns(
        **{name: pl.Series(panel[..., k].ravel()) for k, name in enumerate(NAMES)}
    )


def nickell(slope, pairs):
    """Return what least squares with means of many regions finds (Nickell 1981, equation 18)."""
    part = 1 - (1 - slope**pairs) / (pairs * (1 - slope))
    return slope - (1 + slope) / (pairs - 1) * part / (1 - 2 * slope / ((1 - slope) * (pairs - 1)) * part)


def test_least_squares_is_that_of_dummies_on_a_panel_with_holes():
    rng = np.random.default_rng(3)
    panel = simulated(7, 12, 0.5, rng)
    kept = [np.sort(rng.choice(12, size=9, replace=False)) for _ in panel]
    found = panel_autoregression([(2000 + at, rows[at]) for at, rows in zip(kept, panel, strict=True)], 10, rng)
    for k in range(3):
        rows = [
            (region, panel[region, t - 1, k], panel[region, t, k])
            for region, at in enumerate(kept)
            for t in at
            if t - 1 in at
        ]
        region, lag, now = (np.array(one) for one in zip(*rows, strict=True))
        design = np.column_stack([lag, region[:, None] == np.arange(7)])
        assert found.least_squares[k] == pytest.approx(np.linalg.lstsq(design, now, rcond=None)[0][0], abs=1e-10)


@pytest.mark.parametrize("slope", [0.0, 0.36, 0.7])
def test_the_coefficient_is_the_one_whose_bias_nickell_gives(slope):
    rng = np.random.default_rng(5)
    found = panel_autoregression(dated(simulated(400, YEARS, slope, rng)), 100, rng)
    grid = np.linspace(-0.9, 0.97, 4000)
    for plain, ours in zip(found.least_squares, found.slopes, strict=True):
        inverted = grid[np.abs(nickell(grid, YEARS - 1) - plain).argmin()]
        assert ours == pytest.approx(inverted, abs=0.03)
        assert ours == pytest.approx(slope, abs=0.08)
        assert plain < slope - 0.08


def test_coefficients_drawn_are_as_uncertain_as_those_of_panels_with_common_shocks():
    rng = np.random.default_rng(8)
    runs = [panel_autoregression(dated(simulated(20, YEARS, 0.4, rng, common=0.5)), 100, rng) for _ in range(60)]
    true = np.std([run.slopes for run in runs])
    drawn = np.mean([run.slope_draws.std(axis=0) for run in runs])
    assert np.mean([run.slopes for run in runs]) == pytest.approx(0.4, abs=0.07)
    assert 0.65 < drawn / true < 1.2  # 0.81 on many panels; rows drawn one by one give 0.5


@pytest.mark.parametrize(("slope", "narrow"), [(0.0, False), (0.6, True)])
def test_bands_of_pooled_shocks_hold_as_often_as_they_say(slope, narrow):
    # 90 % bands of 4 regions of each of 50 panels (15 x 9): standard error about .03. The table is in bench_debt.py.
    rng, hits = np.random.default_rng(17), []
    for _ in range(50):
        panel = simulated(15, YEARS + AHEAD, slope, rng, common=0.5)
        pasts, ahead = panel[:, :YEARS], panel[:, YEARS:]
        model = panel_autoregression(dated(pasts), 150, rng)
        pool = np.concatenate([residuals(past) for past in pasts])
        for region in range(4):
            truth = recursion(0.6, *ahead[region].T)[-1]
            futures = (
                persistent(np.arange(YEARS), pasts[region], model, AHEAD, rng),
                independent(pasts[region], AHEAD, 150, rng, pool),
            )
            ends = [recursion(0.6, *np.moveaxis(one, 2, 0))[:, -1] for one in futures]
            hits.append([np.percentile(one, 5) <= truth <= np.percentile(one, 95) for one in ends])
    ours, plain = np.mean(hits, axis=0)
    assert 0.82 <= ours <= 0.97
    assert (plain < 0.75) == narrow


@given(st.integers(0, 2**31), st.floats(1e-3, 1e3), st.floats(-0.2, 0.2))
@settings(max_examples=25, deadline=None)
def test_the_coefficient_knows_neither_unit_nor_level_nor_order_of_regions(seed, unit, level):
    panel = simulated(5, YEARS, 0.4, np.random.default_rng(seed))
    one, moved, turned = (
        panel_autoregression(dated(each), 40, np.random.default_rng(0))
        for each in (panel, unit * panel + level, panel[::-1])
    )
    assert np.abs(one.slope_draws).max() <= setting("public_debt", "fan.largest_coefficient")
    for other in (moved, turned):
        assert other.slopes == pytest.approx(one.slopes, abs=1e-6)
        assert other.slope_draws == pytest.approx(one.slope_draws, abs=1e-6)


def test_short_pasts_follow_one_autoregression_and_long_ones_their_own():
    rng = np.random.default_rng(2)
    short = table(simulated(12, YEARS, 0.5, rng))
    fan = debt_fan(short, draws=100)
    note = next(one for one in fan.findings if one.rule == "pooled-autoregression")
    rows = fan.persistence.rows_by_key("variable", named=True, unique=True, include_key=True)
    assert set(rows) == set(NAMES)
    for one in rows.values():
        assert one["low"] < one["coefficient"] < one["high"]
        assert one["least_squares"] < one["coefficient"]
        assert f"{one['coefficient']:.2f}" in note.message.en
    assert fan.provenance.options["persistence"]["growth"] == rows["growth"]["coefficient"]
    assert "one first-order autoregression of all" in fan.summary()
    assert "一阶自回归" in fan.summary("zh")
    assert not any(one.rule == "autocorrelated" for one in fan.findings)
    free = debt_fan(short, draws=100, order=0)
    assert free.persistence.is_empty()
    assert "Each year is drawn on its own" in free.summary()
    # a region with a past of its own draws from it, whatever the others do
    long = table(simulated(1, 30, 0.0, rng), first=1979).with_columns(region=pl.lit("long"))
    both = debt_fan(pl.concat([short, long]), draws=100)
    assert dict(both.ends.select("region", "shocks").rows())["long"] == "own"
    assert both.frame.filter(region="long").equals(
        debt_fan(pl.concat([short.filter(region="r1"), long]), draws=100).frame.filter(region="long")
    )
    assert debt_fan(long, draws=100).persistence.is_empty()


def test_years_that_do_not_adjoin_are_drawn_as_independent_and_said():
    rows = table(simulated(6, 10, 0.3, np.random.default_rng(4))).filter(pl.col("year") % 2 == 0)
    fan = debt_fan(rows, draws=50)
    assert [one.rule for one in fan.findings] == ["years-apart"]
    assert fan.frame.equals(debt_fan(rows, draws=50, order=0).frame)


def test_what_never_moves_has_no_coefficient_and_stays():
    panel = simulated(6, YEARS, 0.3, np.random.default_rng(6))
    panel[..., 1] = 0.0332
    fan = debt_fan(table(panel), draws=50, baseline={"rate": 0.03})
    assert fan.persistence["variable"].to_list() == ["growth", "net_borrowing"]
    model = panel_autoregression(dated(panel), 50, np.random.default_rng(0))
    future = persistent(np.arange(YEARS), panel[0], model, 4, np.random.default_rng(0))
    assert future[..., 1] == pytest.approx(np.full((50, 4), 0.0332), abs=1e-12)


def test_fans_of_provinces_are_wider_than_those_of_independent_years():
    moved = debt_dynamics("china-provinces")
    ours, free = (debt_fan(moved, draws=500, order=order).ends for order in (None, 0))
    assert ((ours["high"] - ours["low"]) > (free["high"] - free["low"])).all()
    assert (ours["shocks"] == "pooled").all()


def test_the_record_is_that_of_fans_drawn_on_the_data_up_to_then():
    """Coverage and error of the package's fans, against fans of a cut frame; from 2022 most misses lie above."""
    names = ["region", "year", "debt_ratio", *NAMES]
    rows = debt_dynamics("china-provinces").frame.select(names).drop_nulls()
    fan = debt_fan(rows, draws=150)
    assert fan.record.group_by("origin").len().sort("origin").rows() == [(2020 + k, 5 - k) for k in range(5)]
    until = rows.filter(pl.col("year") <= 2022)  # interest ahead as of today was not known then
    cut = debt_fan(until, draws=150, origins=0, baseline={"rate": until["rate"][0]})
    assert cut.record.is_empty()
    assert "answer.held" not in cut.facts()
    ends = cut.frame.pivot("percentile", index=["region", "year"], values="debt_ratio")
    both = rows.select("region", "year", actual="debt_ratio").join(ends, on=["region", "year"])
    for ahead, part in ((1, 2023), (3, 2025)):
        came = both.filter(year=part)
        held = fan.record.row(by_predicate=(pl.col("origin") == 2022) & (pl.col("ahead") == ahead), named=True)
        assert held["regions"] == came.height
        assert held["inside"] == pytest.approx(came["actual"].is_between(came["5.0"], came["95.0"]).mean())
        assert held["error"] == pytest.approx((came["actual"] - came["50.0"]).mean(), abs=1e-12)
        assert held["inside"] + held["below"] + held["above"] == pytest.approx(1)
    told = fan.facts()["answer.held"]
    assert (told["worst"], told["k"], told["m"]) == (2022, 4, 5)
    assert told["worst_inside"] < 0.85 < told["inside"]
    assert told["worst_inside"] + told["worst_above"] == pytest.approx(1)
    assert "中位数偏低" in fan.summary("zh")
