"""Errors, draws and statements: shapes, sums that are kept, scales, quantiles, and the interval score."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.arrays import log_growth
from xinzhi.core.errors import InputError, UsageError
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick.estimates import draws
from xinzhi.yardstick.estimates.draws import (
    DRIFT,
    ESTIMATED,
    EVERYTHING,
    INVESTMENT,
    PRICE,
    SCHOOLING,
    SHARE,
    Changes,
    _blocks,
    _common_schooling,
    _real,
    draw,
    drawn_growth,
    generator,
    path,
    tfp_growth,
)
from xinzhi.yardstick.estimates.errors import Exchange, closing_errors, learn
from xinzhi.yardstick.estimates.intervals import (
    _quantiles,
    evaluate,
    interval_score,
    intervals,
    probability_above,
    rank_quantiles,
    ranks_by_draw,
)
from xinzhi.yardstick.estimating import as_of, live, share_as_of
from xinzhi.yardstick.growth_accounts import Inputs, account


@pytest.fixture(scope="module")
def measured():
    return xinzhi.measure("china-provinces")


@pytest.fixture(scope="module")
def panel(measured):
    return measured.panel


@pytest.fixture(scope="module")
def ours(measured):
    return measured.protocol


@pytest.fixture(scope="module")
def made(panel, ours):
    return path(panel, ours, int(2023 - panel.years[0]))


@pytest.fixture(scope="module")
def errors(panel, ours):
    return learn(panel, ours)


@pytest.fixture(scope="module")
def drawn(panel, ours, made, errors):
    return draw(panel, ours, made, errors, 400, np.random.default_rng(7))


def test_without_any_change_the_draws_are_the_measurement(measured, made, ours):
    drawn = tfp_growth(made, ours, Changes())
    shipped = measured.accounts.growth.tfp_growth[made.rows][:, made.at[1:]]
    assert drawn.shape == (1, 32, 6)
    assert np.abs(drawn[0, :-1] - shipped).max() < 1e-14
    nation = measured.national.filter(measured.national["year"] > 2017)["tfp_growth"].to_numpy()
    assert np.abs(drawn[0, -1] - nation).max() < 1e-12


def test_the_fast_account_is_the_account(made, ours, drawn):
    """The Törnqvist index by hand, against `account` on the very same drawn inputs, to 1e-12."""
    one = drawn.changes((INVESTMENT, PRICE, SHARE, SCHOOLING))
    few = replace(
        one,
        **{item.name: None if getattr(one, item.name) is None else getattr(one, item.name)[:5] for item in fields(one)},
    )
    fast = tfp_growth(made, ours, few)
    real = _real(made, few)
    stock = np.empty(real.shape)
    stock[..., 0] = made.inputs.capital[:, 0]
    for year in range(1, real.shape[-1]):
        stock[..., year] = stock[..., year - 1] * made.survival[year] + real[..., year]
    for number in range(5):
        skill = made.inputs.human_capital.copy()
        skill[:, 1:] *= np.exp(few.schooling[number])
        share = made.inputs.labour_share.copy()
        share[:, 1:] += few.share[number]
        inputs = Inputs(made.inputs.output, stock[number], made.inputs.labour, skill, share)
        slow = account(inputs, ours).tfp_growth[:, 1:]
        assert np.abs(fast[number, :-1] - slow).max() < 1e-12


def test_other_formulas_are_drawn_by_the_account_itself(panel, ours):
    rules = ours.replace({"index.formula": "fisher"})
    measured = xinzhi.measure("china-provinces", rules)
    made = path(panel, rules, int(2023 - panel.years[0]))
    shipped = measured.accounts.growth.tfp_growth[made.rows][:, made.at[1:]]
    assert np.abs(tfp_growth(made, rules, Changes())[0, :-1] - shipped).max() < 1e-14


def test_every_draw_keeps_to_the_control_total(made, drawn):
    for parts in ((INVESTMENT,), (INVESTMENT, PRICE)):
        real = _real(made, drawn.changes(parts))
        total = (real * made.worth).sum(axis=1)
        assert np.abs(total / (made.real * made.worth).sum(axis=0) - 1).max() < 1e-12
    drifted = _real(made, drawn.changes((DRIFT,)))
    moved = (drifted * made.worth).sum(axis=1)[:, 1:] / (made.real * made.worth).sum(axis=0)[1:]
    assert np.allclose(moved, np.exp(drawn.changes().control[:, 0]))


def test_a_region_with_an_official_figure_is_not_drawn(panel, ours, errors):
    row = panel.regions.index("440000")
    mask = panel.unofficial["investment_nominal"].copy()
    mask[0, row, (panel.years > 2017) & (panel.years <= 2022)] = False
    mixed = replace(panel, unofficial={**panel.unofficial, "investment_nominal": mask})
    made = path(mixed, live(ours), int(2023 - panel.years[0]))
    drawn = _real(made, draw(mixed, live(ours), made, errors, 50, np.random.default_rng(1)).changes((INVESTMENT,)))
    assert np.array_equal(drawn[:, row, :6], np.broadcast_to(made.real[row, :6], (50, 6)))
    assert drawn[:, row, 6].std() > 0


def test_errors_are_relative_to_the_sum_and_have_no_common_part(panel, errors):
    assert len(errors.years) == 17
    level = panel.investment["investment_nominal"][0]
    weight = level[:, errors.years - 1] / level[:, errors.years - 1].sum(axis=0)
    relative = errors.investment.standard * errors.investment.scale[:, None]
    assert np.abs((weight * relative).sum(axis=0)).max() < 0.01
    assert abs(errors.drift.mean()) < 1e-15


def test_scales_are_shrunk_towards_the_median():
    rng = np.random.default_rng(0)
    sizes = np.linspace(0.5, 3, 20)
    raw = rng.normal(size=(20, 17)) * sizes[:, None]
    none, some, full = (Exchange.from_errors(raw, strength).scale for strength in (0, 8, 1e9))
    square = (raw**2).mean(axis=1)
    assert np.allclose(none, np.sqrt(square))
    assert np.allclose(some, np.sqrt((17 * square + 8 * np.median(square)) / 25))
    assert np.allclose(full, np.sqrt(np.median(square)))


def test_a_region_with_holes_takes_the_median_scale_and_gives_nothing():
    raw = np.random.default_rng(0).normal(size=(12, 9))
    raw[3, 4] = np.nan
    found = Exchange.from_errors(raw, 8)
    assert not found.complete[3]
    assert found.complete.sum() == 11
    assert np.isfinite(found.scale).all()


def test_blocks_are_neighbouring_years_and_reach_every_year():
    rng = np.random.default_rng(0)
    source = _blocks(rng, 17, (4000, 7), 2)
    assert set(source.ravel().tolist()) == set(range(17))
    for first in (0, 2, 4):
        assert (source[:, first + 1] - source[:, first] == 1).all()
    assert _blocks(rng, 1, (10, 3), 2).max() == 0


def test_too_little_to_learn_from_is_refused(panel, ours):
    with pytest.raises(InputError) as error:
        learn(panel, ours.replace({"estimates.learn": [[2011, 2017]]}))
    assert error.value.code == "yardstick.too-little-to-learn"
    few = xinzhi.load("china-provinces")
    tables = {
        name: few.tables[name].filter(few.tables[name]["region"].is_in(list(panel.regions[:9])))
        for name in ("accounts", "investment")
    }
    nine = xinzhi.load(tables, units={name: dict(few.units[name]) for name in tables})
    with pytest.raises(InputError) as error:
        xinzhi.bands(xinzhi.measure(nine, ours.replace({"estimates.learned_from": None})))
    assert error.value.code == "yardstick.too-little-to-learn"
    assert "9" in error.value.text.zh
    towns = pl.col("region").replace_strict({code: f"9{n}" for n, code in enumerate(panel.regions[:9])})
    elsewhere = {name: one.with_columns(towns) for name, one in tables.items()}  # nine of another set
    free = ours.replace({"labour.breaks": "flag", "estimates.control_total": "none"})
    with pytest.raises(InputError) as error:  # what has no band has no test of bands
        xinzhi.backtest(xinzhi.load(elsewhere, units=dict(nine.units)), free)
    assert error.value.code == "yardstick.too-little-to-learn"


def test_negative_investment_in_a_learning_year_leaves_that_year_out(panel, ours):
    figures = panel.investment["investment_nominal"].copy()
    figures[0, 0, int(2005 - panel.years[0])] *= -1
    found = learn(replace(panel, investment={**panel.investment, "investment_nominal": figures}), ours)
    assert not {2005, 2006} & set(panel.years[found.years].tolist())
    assert len(found.years) == 15


def test_errors_know_nothing_after_the_pseudo_end(panel, ours):
    then = as_of(panel, 2011, 3)
    found = learn(then, live(ours), 2011, enough=False)
    assert then.years[found.years].max() == 2011
    early = learn(panel, ours, 2011)
    assert np.allclose(found.investment.standard, early.investment.standard)


def test_only_one_stock_under_a_rate_can_be_drawn(panel, ours):
    for change in ({"capital.measure": "services"}, {"capital.depreciation_rule": "hyperbolic"}):
        with pytest.raises(UsageError) as error:
            path(panel, ours.replace(change), 70)
        assert error.value.code == "yardstick.bands-need-one-stock"


def test_random_numbers_depend_on_the_seed_alone(ours):
    def numbers(protocol, *more):
        return generator(protocol, *more).integers(0, 1 << 30, 4).tolist()

    first = numbers(ours)
    assert first == numbers(ours) == numbers(ours.replace({"estimates.level": 0.8}))
    for other in (numbers(ours.replace({"estimates.seed": 1})), numbers(ours, 2009), numbers(ours, 2010)):
        assert other != first


def test_what_all_regions_share_of_schooling_is_as_unsure_as_its_years_are_few(ours):
    """The variance of independent yearly changes, of the mean that the drift is, and of an estimated deviation."""
    rng = np.random.default_rng(5)
    yearly = rng.normal(0.01, 0.01, 40)
    one = ours.replace({"estimates.block": 1})
    drawn = _common_schooling(yearly, one, (20000, 4), np.random.default_rng(1))
    assert drawn.mean(axis=0) == pytest.approx(yearly[-10:].mean() * np.arange(1, 5), abs=3e-4)
    spread, ahead = yearly.std(ddof=1), np.arange(1, 5)
    wanted = spread * np.sqrt((ahead + ahead**2 / 10) * 39 / 37)  # nu / (nu - 2) of Student's t
    assert drawn.std(axis=0) == pytest.approx(wanted, rel=0.03)
    short = _common_schooling(yearly[:8], one, (20000, 4), np.random.default_rng(1))
    narrow = yearly[:8].std(ddof=1)
    assert short.std(axis=0)[-1] > narrow * np.sqrt(4 + 16 / 8)
    assert np.ptp(_common_schooling(yearly[:1], one, (5, 2), rng), axis=0).max() == 0


def test_the_backtest_hides_the_share_as_it_hides_investment(panel, ours):
    then = share_as_of(panel, ours, 2011)
    assert max(then.value("shares.national")) == 2011
    assert then.value("shares.after") == "carry"
    assert share_as_of(panel, ours, 2017) is ours


def test_components_are_draws_of_the_same_years(drawn):
    assert drawn.changes(()).investment is None
    assert drawn.changes(ESTIMATED).control is None
    assert drawn.changes(ESTIMATED).recount is None
    assert drawn.changes(EVERYTHING).output is not None
    assert drawn.changes(EVERYTHING).recount is not None


def test_what_a_census_may_revise_has_one_sign_in_a_draw_and_begins_after_the_last_census(panel, made, drawn):
    recounts = drawn.changes().recount
    years = panel.years[made.at[1:]].tolist()
    names = np.array(panel.regions)[made.rows]
    unrevised = np.isin(names, ["110000", "340000", "430000", "630000"])  # their series step in 2020 or 2021
    assert np.abs(recounts[:, ~unrevised, years.index(2020)]).max() == 0
    assert np.abs(recounts[:, unrevised, years.index(2018)]).min() > 0
    yearly = np.diff(recounts, axis=2)[:, :, years.index(2021) - 1 :]
    assert np.abs(yearly - yearly[:, :, :1]).max() < 1e-15  # evenly
    # every draw gives the same errors, to other regions, and all of them with their sign or all of them turned
    errors = closing_errors(panel, load_protocol("xinzhi-cn-2026"))
    wanted = np.sort(1.3 * errors / 10)
    for one in yearly[:40, :, 0]:
        assert min(np.abs(np.sort(sign * one) - wanted).max() for sign in (1, -1)) < 1e-15
    turned = np.abs(np.sort(yearly[:, :, 0], axis=1) - wanted).max(axis=1) > 1e-12
    assert 0.4 < turned.mean() < 0.6


def test_a_share_may_have_moved_only_since_it_was_last_observed(panel, ours, made, errors, monkeypatch):
    series = draws.labour_share(panel, ours)
    until = panel.years <= 2020
    marks = {name: values & ~until for name, values in series.marks.items()}
    monkeypatch.setattr(draws, "labour_share", lambda *_: replace(series, marks=marks))
    source = np.random.default_rng(1).integers(0, len(errors.years), (20, made.shape[1]))
    moves = np.abs(draws._shares(panel, ours, made, errors, source)(slice(None)))  # noqa: SLF001 - the formula by itself
    years = panel.years[made.at[1:]]
    assert moves[:, :, years <= 2020].max() == 0
    assert (moves[:, :, years > 2020].max(axis=(0, 1)) > 0).all()


def test_a_year_that_a_census_did_not_revise_in_every_region_is_no_revision(panel, made):
    before = panel.vintages["census4"].copy()
    moved = panel.vintages["census5"] - before
    years = np.flatnonzero(np.isfinite(moved).all(axis=0) & (moved != 0).any(axis=0))
    before[3, years[len(years) // 2]] = np.nan
    gap = replace(panel, vintages={**panel.vintages, "census4": before})
    rng = np.random.default_rng(1)
    giver = rng.integers(0, len(panel.regions), (200, len(made.rows)))
    revised = draws._revisions(gap, made, 200, giver, rng)(slice(None))  # noqa: SLF001 - the formula by itself
    assert np.isfinite(revised).all()
    assert np.abs(revised).max() > 0


def test_a_pair_is_told_apart_from_the_very_probability_that_decides():
    """The first region is above the second in 19 draws of 20, which is .95."""
    mean = np.column_stack([np.r_[np.ones(19), -1.0], np.zeros(20), np.zeros(20)])
    truth = np.array([1.0, 0.0, 0.5])
    assert (evaluate(mean, truth, 0.9, 0.95).decided, evaluate(mean, truth, 0.9, 0.95).right) == (1, 1)
    assert evaluate(mean, truth, 0.9, 0.96).decided == 0


def test_draws_in_blocks_are_the_draws_at_once(made, ours, drawn, monkeypatch):
    whole = tfp_growth(made, ours, drawn.changes(ESTIMATED))
    monkeypatch.setattr(draws, "CELLS", 7 * len(made.rows))
    blocks = [*drawn_growth(made, ours, drawn, ESTIMATED)]
    assert {len(block) for block in blocks} == {7, 400 % 7}
    assert np.array_equal(np.concatenate(blocks), whole)
    parts = {name: getattr(drawn.changes(), name) for name in drawn.parts}
    assert set(parts) == {"investment", "price", "control", "share", "schooling", "employment", "output", "recount"}
    for at in (slice(0, 3), slice(399, 400)):
        some = drawn.changes(EVERYTHING, at)
        assert all(np.array_equal(getattr(some, name), values[at]) for name, values in parts.items())


@pytest.mark.parametrize("count", [5, 99, 100, 2000])
def test_a_quantile_of_ranks_is_the_nearest_rank_of_a_draw(count):
    ranks = ranks_by_draw(np.random.default_rng(count).standard_normal((count, 40)).round(1))
    tails = (0.05, 0.34, 0.95)
    expected = np.quantile(ranks.astype(float), tails, axis=0, method="nearest")
    assert np.array_equal(np.stack(rank_quantiles(ranks, tails)), expected)


def test_other_units_of_labour_and_other_regions_have_no_census_to_come(panel, ours):
    assert closing_errors(panel, ours.replace({"labour.unit": "hours"})) is None
    assert closing_errors(replace(panel, regions=tuple(f"c{one}" for one in panel.regions)), ours) is None
    assert closing_errors(replace(panel, years=panel.years - 100), ours) is None


def test_quantiles_of_a_known_distribution():
    """A band of 90 % of a normal distribution ends at 1.645 standard deviations (tolerance 0.05)."""
    rng = np.random.default_rng(3)
    mean = rng.normal(size=(40_000, 4)) + np.array([3.0, 0.0, -3.0, 0.0])
    said = intervals(mean, 0.9)
    assert said.low == pytest.approx(np.array([3, 0, -3, 0]) - 1.645, abs=0.05)
    assert said.high == pytest.approx(np.array([3, 0, -3, 0]) + 1.645, abs=0.05)
    assert said.median == pytest.approx([3, 0, -3, 0], abs=0.05)
    assert said.above_nation == pytest.approx([0.983, 0.5, 0.017], abs=0.01)
    assert intervals(mean, 0.5).high[0] == pytest.approx(3 + 0.674, abs=0.05)
    assert list(said.rank_low) == [1, 2, 3]
    assert list(said.rank_high) == [1, 2, 3]


def test_ranks_and_pairs_count_draws():
    values = np.array([[3.0, 1.0, 2.0], [1.0, 3.0, 2.0], [5.0, 4.0, 3.0], [2.0, 1.0, 0.0]])
    assert ranks_by_draw(values).tolist() == [[1, 3, 2], [3, 1, 2], [1, 2, 3], [1, 2, 3]]
    chance = probability_above(values)
    assert chance[0, 1] == 0.75
    assert chance[1, 0] == 0.25
    assert chance[1, 2] == 0.75
    assert np.diag(chance).tolist() == [0.5, 0.5, 0.5]


def test_equal_values_share_a_rank_whatever_their_order():
    values = np.array([[2.0, 3.0, 2.0, 1.0], [2.0, 2.0, 2.0, 2.0], [1.0, 2.0, 1.0, 3.0]])
    assert ranks_by_draw(values).tolist() == [[2, 1, 2, 4], [1, 1, 1, 1], [3, 2, 3, 1]]
    turned = [2, 3, 0, 1]
    assert np.array_equal(ranks_by_draw(values[:, turned]), ranks_by_draw(values)[:, turned])
    chance = probability_above(values)
    assert chance[0, 2] == chance[2, 0] == 0.5
    assert chance[0, 1] == 0.5 / 3
    assert np.abs(chance + chance.T - 1).max() == 0
    alike = intervals(np.repeat(np.random.default_rng(1).normal(size=(50, 1)), 4, axis=1), 0.9)
    assert alike.above_nation.tolist() == [0.5, 0.5, 0.5]
    assert alike.rank_low.tolist() == alike.rank_high.tolist() == [1, 1, 1]


def test_interval_score_by_hand():
    """Width alone inside; 2 / (1 - level) for every unit outside."""
    low, high = np.zeros(3), np.ones(3)
    score = interval_score(low, high, np.array([0.5, 1.2, -0.1]), 0.9)
    assert score == pytest.approx([1.0, 1.0 + 20 * 0.2, 1.0 + 20 * 0.1])


def test_a_verdict_counts_what_is_held_and_what_is_right():
    rng = np.random.default_rng(5)
    centre = np.array([2.0, 0.0, -2.0, 0.0])
    mean = centre + 0.1 * rng.normal(size=(4000, 4))
    good, bad = evaluate(mean, centre, 0.9, 0.95), evaluate(mean, centre[[2, 1, 0, 3]], 0.9, 0.95)
    assert good.holds.all()
    assert (good.decided, good.right) == (3, 3)
    assert (bad.decided, bad.right) == (3, 0)
    assert bad.holds.tolist() == [False, True, False]


def test_bands_hold_as_often_as_they_say_where_errors_are_exchangeable():
    """Errors made to the method's own assumptions, scales known to nobody: 90 % bands hold 0.86 to 0.94."""
    rng = np.random.default_rng(11)
    held = []
    for _ in range(40):
        scale = rng.uniform(0.03, 0.08, 31)
        past = rng.standard_t(6, size=(31, 17)) * scale[:, None]
        truth = (rng.standard_t(6, size=(31, 6)) * scale[:, None]).sum(axis=1)
        found = Exchange.from_errors(past, 8)
        source = _blocks(rng, 17, (800, 6), 2)
        giver = rng.permuted(np.broadcast_to(np.arange(31), (800, 31)), axis=1)
        drawn = (found.standard[giver[:, :, None], source[:, None, :]] * found.scale[:, None]).sum(axis=2)
        drawn *= np.sqrt(25 / rng.chisquare(25, drawn.shape))
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
        held.append((low <= truth) & (truth <= high))
    assert 0.86 < np.mean(held) < 0.94


def test_growth_of_a_level_that_is_not_positive_is_unknown():
    assert np.isnan(log_growth(np.array([[1.0, -1.0, 2.0]]))[0]).tolist() == [True, True, True]
    assert load_protocol("xinzhi-cn-2026").value("estimates.draws") == 2000


def test_quantiles_and_pairs_are_those_of_numpy():
    draws = np.random.default_rng(0).normal(size=(101, 7))
    draws[:, 2], draws[3, 5] = 1.0, np.nan
    shares = (0.0, 0.05, 0.3, 0.5, 0.77, 0.95, 1.0)
    assert np.array_equal(_quantiles(draws, shares), np.quantile(draws, shares, axis=0), equal_nan=True)
    # what cannot be compared counts half, as what is equal
    pairs = [[((one > other).mean() + 1 - (one < other).mean()) / 2 for other in draws.T] for one in draws.T]
    assert probability_above(draws) == pytest.approx(np.array(pairs), abs=1e-15)
