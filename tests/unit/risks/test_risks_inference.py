"""Inference of the risks: every quantile, weight and correction against a calculation of its own, to 1e-9."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.core.names import NO_NAMES
from xinzhi.risks import capacity, debt, debt_fan, herd_entry, peak_to_peak, plant_capacity, zombies
from xinzhi.risks.capacity.entry_categories import read_categories, survey_series
from xinzhi.risks.debt.fan_shocks import _bias, autoregressive, independent, panel_autoregression, persistent
from xinzhi.risks.register.evidence import _few

NAMES = ("growth", "rate", "net_borrowing")


def pasts(years, regions=1, seed=0, persistence=0.5):
    rng = np.random.default_rng(seed)
    series = rng.normal(0, 0.02, (regions, years, 3))
    for t in range(1, years):
        series[:, t] += persistence * series[:, t - 1]
    return series + np.array([0.06, 0.03, 0.02])


def frame(series, start=0.5):
    regions, years, _ = series.shape
    named, dates = [f"r{i}" for i in range(regions)], np.arange(2000, 2000 + years)
    keys = {"region": np.repeat(named, years), "year": np.tile(dates, regions)}
    return pl.DataFrame(keys | {"debt_ratio": [start] * (regions * years)}).with_columns(
        **{name: pl.Series(series[..., k].ravel()) for k, name in enumerate(NAMES)}
    )


def paths(start, future):
    """Carry a ratio along futures (B, H, 3), year by year."""
    ratios, now = [], np.full(len(future), start)
    for growth, rate, borrowing in np.moveaxis(future, 1, 0).transpose(0, 2, 1):
        now = (1 + rate) / (1 + growth) * now + borrowing
        ratios.append(now)
    return np.array(ratios).T


def test_a_fan_holds_the_percentiles_median_and_chance_of_its_paths():
    series = pasts(25)
    cuts = [10, 50, 80]
    fan = debt_fan(frame(series), draws=301, horizon=4, percentiles=cuts, order=0)
    rng = np.random.default_rng([0, crc32(b"r0")])
    drawn = paths(0.5, independent(series[0], 4, 301, rng))
    for cut in cuts:
        shown = fan.frame.filter(percentile=float(cut))["debt_ratio"].to_numpy()
        assert shown == pytest.approx(np.percentile(drawn, cut, axis=0), abs=1e-12)
    end = fan.ends.row(0, named=True)
    last = np.sort(drawn[:, -1])
    assert end["median"] == pytest.approx(last[150], abs=1e-12)
    assert (end["low"], end["high"]) == pytest.approx(tuple(np.percentile(last, [10, 80])), abs=1e-12)
    assert end["chance_higher"] == pytest.approx(np.mean(last > 0.5), abs=1e-12)
    assert 0.5 not in {end["median"], end["chance_higher"]}


def test_independent_futures_resample_the_mean_and_rescale_to_the_spread_of_the_past():
    past = pasts(7)[0]
    future = independent(past, 3, 50, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    shocks = (past - past.mean(axis=0)) * np.sqrt(7 / 6)
    again, ahead = shocks[rng.integers(7, size=(50, 7))], shocks[rng.integers(7, size=(50, 3))]
    for b in range(50):
        for k in range(3):
            ratio = past[:, k].std(ddof=1) / again[b, :, k].std(ddof=1)
            expected = past[:, k].mean() + (again[b, :, k].mean() + ahead[b, :, k]) * ratio
            assert future[b, :, k] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("slope", [-0.3, 0.0, 0.5])
def test_the_bias_of_one_series_is_that_of_kendall(slope):
    # least squares with a mean takes (1 + 3 a) / n off the coefficient of one series (Kendall 1954)
    assert _bias(np.array([[slope]]), np.array([[0.7]]), 40)[0, 0] == pytest.approx((1 + 3 * slope) / 40, abs=1e-12)


def test_a_regions_own_autoregression_is_corrected_before_and_after_it_is_drawn():
    past = pasts(45)[0][:, :1]
    future, pulled = autoregressive(past, 3, 40, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    n, x = 44, past[:, 0]

    def least_squares(series):
        lag, now = series[:-1] - series[:-1].mean(), series[1:] - series[1:].mean()
        slope = lag @ now / (lag @ lag + 1e-12)
        return slope, now - slope * lag

    plain, left = least_squares(x)
    off = (1 + 3 * plain) / n
    shocks = (left - left.mean()) * np.sqrt(n / (n - 2))
    first = x[rng.integers(n + 1, size=40)] - x.mean()
    drawn = shocks[rng.integers(n, size=(40, n))]
    ahead = shocks[rng.integers(n, size=(40, 3))]
    assert pulled == 0
    for b in range(40):
        world = [first[b]]
        for shock in drawn[b]:
            world.append((plain + off) * world[-1] + shock)
        own, rest = least_squares(np.array(world))
        ratio = np.sqrt((shocks**2).mean()) / np.sqrt((rest**2).sum() / (n - 2))
        centre = x.mean() + np.mean(world)
        last = x[-1] - centre
        for step in range(3):
            last = (own + off) * last + ahead[b, step] * ratio
            assert future[b, step, 0] == pytest.approx(centre + last, abs=1e-9)


def within(panel):
    """Return lags and values (regions, pairs) around their means, and least squares with a mean for each region."""
    lag, now = panel[:, :-1], panel[:, 1:]
    lag, now = lag - lag.mean(axis=1, keepdims=True), now - now.mean(axis=1, keepdims=True)
    return lag, now, (lag * now).sum() / (lag**2).sum()


def test_the_panel_autoregression_is_the_one_whose_resampled_panels_give_least_squares():
    panel, draws, pairs = pasts(9, regions=5, seed=8)[..., 0], 25, 8
    found = panel_autoregression([(np.arange(9), rows[:, None]) for rows in panel], draws, np.random.default_rng(1))
    years = np.random.default_rng(1).integers(pairs, size=(draws, 9))
    lag, now, plain = within(panel)
    slope = plain

    def worlds(slope):
        left = (now - slope * lag) * np.sqrt(pairs / (pairs - 1))  # each region's mean cost one pair
        made = []
        for b in range(draws):
            chain = [left[:, years[b, 0]] / np.sqrt(1 - slope**2)]
            for year in years[b, 1:]:
                chain.append(slope * chain[-1] + left[:, year])
            made.append(np.array(chain).T)
        return left, made

    for _ in range(5):
        slope = slope + plain - np.mean([within(one)[2] for one in worlds(slope)[1]])
    left, made = worlds(slope)
    again = np.array([within(one)[2] for one in made])
    own = np.clip(again + slope - again.mean(), -0.98, 0.98)
    spread = []
    for one, coefficient in zip(made, own, strict=True):
        before, after, _ = within(one)
        spread.append(np.sqrt(((after - coefficient * before) ** 2 * pairs / (pairs - 1)).sum() / left.size))
    assert found.least_squares[0] == pytest.approx(plain, abs=1e-12)
    assert found.slopes[0] == pytest.approx(slope, abs=1e-9)
    assert found.slope_draws[:, 0] == pytest.approx(own, abs=1e-9)
    wider = np.sqrt((left.size - 5) / (left.size - 5 - 1))  # five means and a slope are estimated
    assert np.sort(found.shocks[:, 0]) == pytest.approx(np.sort(wider * left.ravel()), abs=1e-12)
    assert found.scale[:, 0] == pytest.approx(np.sqrt((left**2).mean()) / np.array(spread), abs=1e-9)

    future = persistent(np.arange(9), panel[0][:, None], found, 2, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    past = found.shocks[rng.integers(left.size, size=(draws, 9)), 0]
    ahead = found.shocks[rng.integers(left.size, size=(draws, 2)), 0]
    for b in range(draws):
        chain = [past[b, 0] * found.scale[b, 0] / np.sqrt(1 - own[b] ** 2)]
        for shock in past[b, 1:]:
            chain.append(own[b] * chain[-1] + shock * found.scale[b, 0])
        centre = panel[0].mean() + np.mean(chain)
        last = panel[0, -1] - centre
        for step in range(2):
            last = own[b] * last + ahead[b, step] * found.scale[b, 0]
            assert future[b, step, 0] == pytest.approx(centre + last, abs=1e-9)


def test_the_range_of_a_coefficient_is_its_5th_to_95th_percentile():
    series = pasts(9, regions=6, seed=2)
    fan = debt_fan(frame(series), draws=60)
    dated = [(np.arange(2000, 2009), rows) for rows in series]
    model = panel_autoregression(dated, 60, np.random.default_rng(0))
    for k, name in enumerate(NAMES):
        row = fan.persistence.row(by_predicate=pl.col("variable") == name, named=True)
        expected = np.percentile(model.slope_draws[:, k], [5, 95])
        assert (row["low"], row["high"]) == pytest.approx(tuple(expected), abs=1e-12)


def test_the_usual_range_of_a_quarter_is_the_inner_four_fifths_of_the_other_years():
    rates = [70.0, 72.0, 75.0, 79.0, 90.0, 60.0]
    rows = pl.DataFrame({"period": [f"20{20 + at}Q3" for at in range(6)], "industry": "coal", "utilisation": rates})
    for at, row in enumerate(capacity(rows).frame.sort("year").iter_rows(named=True)):
        others = rates[:at] + rates[at + 1 :]
        assert row["same_quarter"] == pytest.approx(np.mean(others))
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(others, [0.1, 0.9])))


def test_base_and_spread_of_a_category_weigh_its_divisions_by_their_jobs():
    package = xinzhi.load("china-provinces")
    tables = package.tables
    _, _, (nev,) = read_categories(package, 2026, ["nev"])
    jobs = tables["activity"].filter(pl.col("year") == 2016).drop_nulls("employment")
    weights, bases, spreads = [], [], []
    for division, series in (("36", "automobile"), ("38", "electrical_machinery")):
        weights.append(jobs.filter(industry=division)["employment"].sum())
        quarters = tables["capacity"].filter(pl.col("industry") == series, pl.col("period").str.contains("Q"))
        rates = dict(quarters.select("period", "utilisation").rows())
        bases.append(np.mean([rate for period, rate in rates.items() if period > "2023Q2"]) / 100)
        steps = [(rates.get(f"{int(period[:4]) - 1}{period[4:]}"), rate) for period, rate in rates.items()]
        spreads.append(np.std([np.log(now / before) for before, now in steps if before], ddof=1))
    assert weights[0] != weights[1]
    assert nev.base == pytest.approx(np.average(bases, weights=weights), abs=1e-12)
    assert nev.spread == pytest.approx(np.average(spreads, weights=weights), abs=1e-12)


def test_chances_of_a_loss_and_what_one_entrant_expects_are_those_of_own_draws():
    rules = {"draws": 60_000, "demand_elasticity": 1.0, "supply_elasticity": 1.0}
    found = herd_entry("china-provinces", categories=["biomed"], paths=(), **rules)
    row = found.frame.filter(entry="all").row(0, named=True)
    _, _, (one,) = read_categories(xinzhi.load("china-provinces"), 2026, ["biomed"])
    rng, count, n = np.random.default_rng(7), 200_000, len(one.regions)
    demand = np.exp(5 * np.log1p(row["growth"]) + np.sqrt(5) * one.spread * rng.normal(size=count))
    size = np.median(rng.choice(one.sizes, (count, len(one.sizes))), axis=1)

    def profit(entrants):
        price = np.sqrt(demand / (1 + size * entrants))
        used = np.minimum(one.base * price, 1)
        price = np.where(one.base * price > 1, one.base * price**2, price)
        return (price - 0.8533) * used / one.base - (1 - 0.8533 - 0.054)

    every, alone = profit(n), profit(1 + rng.binomial(n - 1, rng.random(count)))
    wave = found.waves.row(0, named=True)
    # Monte-Carlo errors of 60,000 draws are below 0.003
    assert row["chance_loss"] == pytest.approx((every < 0).mean(), abs=0.01)
    assert wave["profit_if_all"] == pytest.approx(every.mean(), abs=0.003)
    assert wave["expected_profit"] == pytest.approx(alone.mean(), abs=0.003)
    assert wave["chance_loss"] == pytest.approx((alone < 0).mean(), abs=0.01)
    assert 0.05 < wave["chance_loss"] < 0.45  # far from its complement
    # profit is nil where price is p with p² - 0.8533 p = 0.0927; entrants are capacity over that of one of middle size
    price = (0.8533 + np.sqrt(0.8533**2 + 4 * (1 - 0.8533 - 0.054))) / 2
    bears = (demand / price**2 - 1) / np.median(size)
    ends = np.percentile(bears, [50, 5, 95])
    assert (row["break_even"], row["break_even_low"], row["break_even_high"]) == pytest.approx(tuple(ends), rel=0.02)


def test_the_line_beyond_the_last_peak_goes_on_as_between_the_last_two():
    output = np.exp([0.0, 1.0, 0.5, 2.0, 1.9, 2.2, 1.0, 1.0])  # peaks at 1, 3 and 5: slopes of 0.5 and 0.1
    rows = pl.DataFrame({"industry": "a", "year": range(2000, 2008), "output": output})
    found = peak_to_peak(rows).frame
    assert found["peak"].to_list() == [False, True, False, True, False, True, False, False]
    trend = np.log(found["trend"].to_numpy())
    assert trend == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.1, 2.2, 2.3, 2.4], abs=1e-12)


def test_variable_inputs_at_capacity_are_those_of_the_peers_by_their_weights():
    # with constant returns b, twice as large as a and making as much, is at capacity as a twice over
    found = plant_capacity([[1.0], [2.0]], [[1.0], [1.0]], [[1.0], [1.0]], units=list("ab"), rts="crs")
    assert dict(found.variable.select("unit", "needed").rows()) == pytest.approx({"a": 1.0, "b": 2.0})


def test_the_share_of_assets_is_of_those_that_can_be_judged():
    rows = pl.DataFrame(
        {
            "firm": ["a", "a", "b", "b", "c"],
            "year": [2019, 2020, 2019, 2020, 2020],
            "profit": [-1.0, -1.0, 2.0, 2.0, -1.0],
            "assets": [10.0, 10.0, 30.0, 30.0, 60.0],
        }
    )
    found = zombies(rows, loss_years=2).counts.filter(year=2020).row(0, named=True)
    # of c one year is known: it may or may not be one, and stands neither above nor below
    assert (found["firms"], found["zombies"], found["unknown"]) == (2, 1, 1)
    assert found["share_of_assets"] == pytest.approx(10 / 40)


def test_a_total_of_debt_names_only_whom_it_counts():
    rows = pl.DataFrame({"region": ["a", "b"], "year": [2020] * 2, "debt": [1.0, 3.0], "output": [10.0, None]})
    facts = debt(rows).facts()
    assert facts["headline.to_output_one"]["total"] == pytest.approx(0.1)
    assert facts["headline.to_output_one"]["most"] == NO_NAMES.region("a")


def test_a_region_with_a_long_past_follows_its_own_autoregression_when_asked():
    series = pasts(48, persistence=0.6)
    fan = debt_fan(frame(series), order=1, draws=80, horizon=3, percentiles=[5, 50, 95])
    drawn, _ = autoregressive(series[0], 3, 80, np.random.default_rng([0, crc32(b"r0")]))
    last = paths(0.5, drawn)[:, -1]
    assert fan.ends["median"][0] == pytest.approx(np.median(last), abs=1e-12)
    assert fan.ends["high"][0] == pytest.approx(np.percentile(last, 95), abs=1e-12)
    # shocks that nearly all stay make some of the draws explode: they are named
    walk = np.cumsum(np.random.default_rng(1).normal(0, 0.01, (1, 45, 3)), axis=1)
    notes = debt_fan(frame(walk), order=1, draws=80).findings
    assert [note.rule for note in notes] == ["explosive-draws"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (lambda: frame(pasts(3)), "debt.fan-too-short"),
        (lambda: frame(pasts(6)).with_columns(growth=pl.lit(-1.0)), "debt.no-output"),
    ],
)
def test_pasts_without_enough_years_or_output_have_no_fan(rows, code):
    with pytest.raises(InputError) as caught:
        debt_fan(rows(), draws=20)
    assert caught.value.code == code
    assert caught.value.lang("zh") != caught.value.lang("en")


def test_regions_that_are_too_short_are_left_out_and_named():
    rows = pl.concat([frame(pasts(9, regions=3)), frame(pasts(2)).with_columns(region=pl.lit("new"))])
    fan = debt_fan(rows, draws=20)
    assert "new" not in fan.ends["region"]
    assert [(note.rule, note.key) for note in fan.findings if note.key] == [("too-short", "new")]


@pytest.mark.parametrize(
    ("few", "said"),
    [
        (None, "nothing, as utilisation does not move"),
        (-1.0, "capacity retired first"),
        (0.4, "none of them"),
        (5.7, "at most 5 of them building"),
    ],
)
def test_what_would_clear_a_wave_is_said_for_any_number_of_entrants(few, said):
    assert said in _few(few).en


def test_capacity_that_nobody_surveyed_has_no_start():
    rates = pl.DataFrame({"period": ["2020FY"], "industry": ["coal"], "utilisation": [70.0]})
    with pytest.raises(InputError, match="no quarter"):
        survey_series(rates)
