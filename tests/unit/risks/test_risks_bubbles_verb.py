"""The verbs `bubbles` and `panel_bubbles`: columns, conventions, sentences, options."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial

import numpy as np
import polars as pl
import pytest

import xinzhi
from make_critical_values import rejection_rates
from xinzhi.core.errors import InputError, UsageError
from xinzhi.risks import BubbleRules, house_prices, panel_bubbles
from xinzhi.risks.internal import CriticalValues
from xinzhi.risks.prices.critical import (
    critical_values,
    explosive_series,
    power_of,
    stored_power,
    stored_values,
)
from xinzhi.risks.prices.recursive import date_runs, minimum_window

bubbles = partial(xinzhi.risks.bubbles, lag=0, critical=None)  # the plain test, as its peers have it

FEW = BubbleRules(draws=200)


@pytest.fixture(scope="module")
def panel():
    random = np.random.default_rng(6)
    bubble = explosive_series(80, 1, random)[:, 0]
    walk = 100 + random.standard_normal(80).cumsum()
    names = ["bubble"] * 80 + ["walk"] * 80
    return pl.DataFrame({"s": names, "t": [*range(80)] * 2, "v": np.concatenate([bubble, walk])})


def test_a_bubble_is_found_and_dated_and_a_walk_is_not(panel):
    found = bubbles(panel, "s", "t", "v")
    assert found.statistics.columns[:4] == ["series", "adf", "sadf", "gsadf"]
    assert found.statistics["rejects"].to_list() == [True, False]
    assert found.episodes["series"].unique().to_list() == ["bubble"]
    row = found.episodes.sort("duration").row(-1, named=True)
    assert 32 <= row["start"] < row["peak"] <= row["last"] == 47  # it burst at 48
    assert row["end"] == 48
    assert row["duration"] == row["last"] - row["start"] + 1
    inside = found.frame.filter((pl.col("series") == "bubble") & pl.col("date").is_between(row["start"], row["last"]))
    assert inside["explosive"].all()


def test_the_frame_waits_for_the_smallest_window(panel):
    found = bubbles(panel, "s", "t", "v")
    rows = found.frame.filter(series="walk")
    assert rows.height == 80
    assert rows["bsadf"].null_count() == minimum_window(80)
    assert rows["explosive"].null_count() == minimum_window(80)
    tops = found.frame.group_by("series", maintain_order=True).agg(pl.col("bsadf").max())["bsadf"]
    assert tops.to_list() == found.statistics["gsadf"].to_list()


def test_every_output_names_the_convention(panel):
    for convention in ("pointwise", "running-maximum", "family-wise"):
        found = bubbles(panel, "s", "t", "v", convention=convention)
        assert found.statistics["convention"].unique().to_list() == [convention]
        assert found.episodes["convention"].unique().to_list() == [convention]
        assert found.convention == convention
        assert found.provenance.options["convention"] == convention
        for language, word in (("en", "Dates follow"), ("zh", "起止日期")):
            assert word in found.summary(language)
    assert "pointwise" in bubbles(panel, "s", "t", "v", convention="pointwise").summary()


def test_a_stricter_convention_dates_less_and_cries_wolf_less(panel):
    order = ("pointwise", "running-maximum", "family-wise")
    found = [bubbles(panel, "s", "t", "v", convention=name) for name in order]
    days = [one.frame["explosive"].sum() for one in found]
    alarms = [one.statistics["false_alarms"][0] for one in found]
    assert days[0] >= days[1] >= days[2] > 0
    assert alarms[0] > alarms[1] > alarms[2] == pytest.approx(0.05)
    gsadf = [one.statistics["gsadf"].to_list() for one in found]
    assert gsadf[0] == gsadf[1] == gsadf[2]  # the statistic does not depend on it


def test_nonrejected_and_minimum_duration(panel):
    walk = panel.filter(s="walk")
    assert bubbles(walk, "s", "t", "v").episodes.height == 0
    loose = bubbles(walk, "s", "t", "v", convention="pointwise", rules=BubbleRules(nonrejected=True)).episodes
    assert loose.height > 0
    assert not loose["rejects"].any()
    longest = int(loose["duration"].max())
    rules = BubbleRules(nonrejected=True, minimum_duration=longest + 1)
    assert bubbles(walk, "s", "t", "v", convention="pointwise", rules=rules).episodes.height == 0
    rules = BubbleRules(nonrejected=True, minimum_duration="log")
    kept = bubbles(walk, "s", "t", "v", convention="pointwise", rules=rules).episodes["duration"]
    assert (kept >= np.log(80)).all()


def test_an_ongoing_run_and_a_fall():
    level = np.array([5.0, 4.0, 3.0, 1.0, -3.0])
    (run,) = date_runs(level, np.array([0.0, 2.0, 3.0]), np.ones(3))
    assert (run.start, run.last, run.ongoing, run.rising) == (3, 4, True, False)
    assert date_runs(level, np.array([np.nan, 1.0, 1.0]), np.ones(3)) == []  # equal does not pass


def test_lags_by_information_criterion(panel):
    found = bubbles(panel, "s", "t", "v", lag="aic", rules=FEW).statistics
    assert found["lag"].is_between(0, 4).all()
    fixed = bubbles(panel.filter(s="walk"), "s", "t", "v", lag=int(found["lag"][1]), rules=FEW).statistics
    assert fixed["gsadf"][0] == found["gsadf"][1]
    assert fixed["method"][0] == ("stored" if found["lag"][1] == 0 else "simulated")
    assert bubbles(panel, "s", "t", "v", lag=2, rules=FEW).statistics["power"].null_count() == 2


def test_bootstraps_belong_to_the_series(panel):
    found = bubbles(panel, "s", "t", "v", critical="wild", rules=FEW).statistics
    assert found["method"].to_list() == ["wild", "wild"]
    assert found["critical_value"].n_unique() == 2
    again = bubbles(panel, "s", "t", "v", critical="wild", rules=FEW).statistics
    assert again["critical_value"].to_list() == found["critical_value"].to_list()
    other = bubbles(panel, "s", "t", "v", critical="wild", rules=BubbleRules(draws=200, seed=7)).statistics
    assert other["critical_value"].to_list() != found["critical_value"].to_list()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"convention": "familywise"}, "family-wise"),
        ({"critical": "table"}, "stored"),
        ({"critical": "stored", "lag": 1}, "simulated"),
        ({"lag": -1}, "'aic'"),
        ({"lag": "hq"}, "'bic'"),
    ],
)
def test_options_that_are_off(panel, options, words):
    with pytest.raises(UsageError, match=words):
        bubbles(panel, "s", "t", "v", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"level": 97},
        {"gaps": "fill"},
        {"zeros": "drop"},
        {"minimum_window": 0},
        {"draws": 10},
        {"seed": -1},
        {"minimum_duration": "ln"},
        {"minimum_duration": True},
    ],
)
def test_rules_that_are_off(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        BubbleRules(**options)


def test_whole_numbers_of_numpy_are_whole_numbers(panel):
    rules = BubbleRules(level=np.int64(90), draws=np.int32(200), seed=np.int64(3), minimum_duration=np.int8(2))
    found = bubbles(panel, "s", "t", "v", lag=np.int64(1), rules=rules)
    plain = BubbleRules(level=90, draws=200, seed=3, minimum_duration=2)
    assert found.statistics.equals(bubbles(panel, "s", "t", "v", lag=1, rules=plain).statistics)
    assert json.dumps(found.provenance.options)


def test_given_critical_values_must_fit(panel):
    with pytest.raises(UsageError, match="take those of its size"):
        bubbles(panel, "s", "t", "v", critical=critical_values(40, draws=200))
    partial = stored_values(80)
    own = CriticalValues(
        adf=partial.adf,
        sadf=partial.sadf,
        gsadf=partial.gsadf,
        sequences={"pointwise": partial.sequences["pointwise"]},
        method="given",
    )
    assert "given by the user" in bubbles(panel, "s", "t", "v", critical=own, convention="pointwise").summary()
    with pytest.raises(UsageError, match="pointwise"):
        bubbles(panel, "s", "t", "v", critical=own)
    with pytest.raises(UsageError, match="three numbers"):
        CriticalValues(adf=own.adf, sadf=own.sadf, gsadf=np.array([1.0, np.nan, 2.0]), sequences={}, method="given")


def test_long_series_are_simulated_and_say_so():
    walk = np.random.default_rng(2).standard_normal(640).cumsum()
    rows = pl.DataFrame({"s": "a", "t": range(640), "v": walk})
    found = bubbles(rows, "s", "t", "v", rules=BubbleRules(draws=100))
    assert found.statistics.select("method", "replications", "power").row(0) == ("simulated", 100, None)
    assert "The power was not simulated" in found.summary()


def test_kinds_of_frames_come_back(panel):
    pandas = pytest.importorskip("pandas")
    frame = panel.to_pandas()
    frame["t"] = pandas.to_datetime("2019-01-01") + pandas.to_timedelta(frame["t"] * 7, unit="D")
    found = bubbles(frame, "s", "t", "v")
    assert isinstance(found.to_native(), pandas.DataFrame)
    assert found.statistics["gsadf"].to_list() == bubbles(panel, "s", "t", "v").statistics["gsadf"].to_list()
    start = found.episodes["start"][0]
    assert isinstance(start, dt.datetime)


def test_explain_and_its_sentences(panel):
    found = bubbles(panel, "s", "t", "v")
    told = found.explain("bubble")
    assert "GSADF rejects a unit root at 99\N{NO-BREAK SPACE}%" in told.text()
    assert "拒绝单位根" in told.text("zh")
    assert told.critical.height == 9
    assert told.episodes.height >= 1
    with pytest.raises(UsageError, match="no series 'nobody'"):
        found.explain("nobody")


def test_steady_growth_is_taken_for_a_bubble_unless_the_bootstrap_grows_too():
    # the trap of nominal prices: 8 % a year and noise, no bubble anywhere
    random = np.random.default_rng(1)
    logs = 0.08 * np.arange(60) + 0.02 * random.standard_normal((80, 60)).cumsum(axis=1)
    names = np.repeat([f"{at:03d}" for at in range(80)], 60)
    rows = pl.DataFrame({"s": names, "t": [*range(60)] * 80, "v": logs.ravel()})
    plain = bubbles(rows, "s", "t", "v")
    in_levels = bubbles(rows.with_columns(pl.col("v").exp()), "s", "t", "v")
    sieve = bubbles(rows, "s", "t", "v", critical="sieve", rules=BubbleRules(draws=300))
    assert in_levels.statistics["rejects"].mean() > 0.95
    assert plain.statistics["rejects"].mean() > 0.6  # the usual critical values assume that it hardly drifts
    assert sieve.statistics["rejects"].mean() < 0.15
    assert (plain.statistics["drift"] > 1.96).all()
    assert "80 of 80 series drift" in plain.summary()
    assert "--critical sieve" in plain.summary("zh")
    assert not any(one.rule == "bubbles-drift" for one in sieve.findings)


def test_autocorrelated_steps_are_named():
    random = np.random.default_rng(3)
    steps = random.standard_normal(90)
    for at in range(1, 90):
        steps[at] += 0.8 * steps[at - 1]
    rows = pl.DataFrame({"s": "a", "t": range(90), "v": steps.cumsum()})
    found = bubbles(rows, "s", "t", "v")
    assert "bubbles-autocorrelated" in {one.rule for one in found.findings}
    assert "--lag bic" in found.summary()
    assert "--lag bic" in found.summary("zh")
    better = bubbles(rows, "s", "t", "v", lag="bic", rules=FEW)
    assert better.statistics["lag"][0] >= 1
    assert abs(better.statistics["autocorrelation"][0]) < abs(found.statistics["autocorrelation"][0])


def test_power_is_stored_as_it_is_simulated():
    row = stored_power().filter((pl.col("observations") == 30) & (pl.col("level") == 95)).sort("speed")
    for at, speed in enumerate(("gentle", "standard")):
        options = {"window": minimum_window(30), "lag": 0, "draws": 3000, "seed": 9, "speed": speed}
        again = rejection_rates(30, stored_values(30), **options)
        assert again[2, 1] == pytest.approx(row["gsadf"][at], abs=0.04)
    assert power_of(9, 95) is None
    assert power_of(20, 99) < power_of(20, 95) < power_of(20, 90)


def test_short_series_say_what_an_acquittal_is_worth():
    random = np.random.default_rng(5)
    rows = pl.DataFrame({"s": "a", "t": range(2000, 2020), "v": random.standard_normal(20).cumsum()})
    found = bubbles(rows, "s", "t", "v")
    assert "fewer than 40 observations" in found.summary()
    assert "What it could miss at 20 observations" in found.summary()
    assert "不说明没有泡沫" in found.summary("zh")
    assert found.statistics["power_gentle"][0] < 0.15 < found.statistics["power"][0]


def test_a_panel_that_explodes_together():
    random = np.random.default_rng(2)
    tables = explosive_series(60, 6, random)
    names = [f"p{at}" for at in range(6)]
    rows = pl.DataFrame({"t": range(60)} | {name: tables[:, at] for at, name in enumerate(names)})
    found = panel_bubbles(rows.unpivot(index="t", variable_name="s", value_name="v"), "s", "t", "v", rules=FEW)
    assert found.statistics["rejects"][0]
    assert found.statistics["p_value"][0] <= 0.05
    assert found.members == tuple(names)
    assert found.episodes.height
    assert found.episodes["last"].max() >= 35  # burst at 36
    assert found.frame["bsadf"].max() == found.statistics["gsadf"][0]
    assert "are explosive together" in found.summary()
    assert "筛自助法" in found.summary("zh")
    strict = panel_bubbles(
        rows.unpivot(index="t", variable_name="s", value_name="v"), "s", "t", "v", convention="family-wise", rules=FEW
    )
    assert strict.statistics["false_alarms"][0] <= 0.05 < found.statistics["false_alarms"][0]
    assert strict.episodes["duration"].sum() <= found.episodes["duration"].sum()


def test_panels_cut_to_their_common_span_or_refuse(panel):
    late = panel.filter((pl.col("s") == "bubble") | (pl.col("t") >= 30))
    found = panel_bubbles(late, "s", "t", "v", rules=FEW)
    assert found.statistics.select("observations", "first").row(0) == (50, 30)
    assert [one.rule for one in found.findings] == ["bubbles-common-span"]
    with pytest.raises(InputError, match="share 5 dates"):
        panel_bubbles(
            pl.concat(
                [
                    panel.filter((pl.col("s") == "bubble") & (pl.col("t") < 40)),
                    panel.filter((pl.col("s") == "walk") & (pl.col("t") >= 35)),
                ]
            ),
            "s",
            "t",
            "v",
        )
    with pytest.raises(InputError, match="only 'walk'"):
        panel_bubbles(panel.filter(s="walk"), "s", "t", "v")
    with pytest.raises(UsageError, match="order"):
        panel_bubbles(panel, "s", "t", "v", order=-1)
    with pytest.raises(UsageError, match="family-wise"):
        panel_bubbles(panel, "s", "t", "v", convention="running-maximum")


def test_house_prices_chain_the_months():
    package = xinzhi.load("china-provinces")
    cities = house_prices(package)
    beijing = cities.filter(name_en="Beijing").sort("month")
    steps = package.tables["city_prices"].filter(city="110000").sort("month")["second_hand_mom"].to_numpy()
    assert beijing["price"].to_list() == pytest.approx([100.0, *(100 * np.cumprod(steps / 100))])
    assert beijing["month"][0] == "2017-12"
    new = house_prices(package, homes="new").filter(name_zh="北京市").drop_nulls()
    assert (new["month"].min(), new["price"][0]) == ("2018-02", 100.0)
    regions = house_prices(package, "provinces")
    assert regions.height == 620
    row = regions.filter(region="110000", year=2000).row(0, named=True)
    account = package.tables["accounts"].filter(region="110000", year=2000).row(0, named=True)
    head = 1e8 * account["output_nominal"] / (1e4 * account["population"])
    assert row["price_to_output"] == pytest.approx(100 * row["price"] / head)
    with pytest.raises(UsageError, match="second-hand"):
        house_prices(package, homes="old")
    with pytest.raises(InputError, match="prices"):
        house_prices({"regions": package.tables["regions"]})


def test_the_seventy_cities_as_far_as_their_months_go():
    rows = house_prices("china-provinces")
    found = bubbles(rows, "name_en", "month", "log_price")
    statuses = found.statistics.group_by("status").len().sort("status").rows()
    assert statuses == [("gap", 35), ("tested", 35)]
    why = found.explain("Tangshan").text()
    assert "2024-01 is missing (2 periods" in why
    assert "gaps longest" in why
    whole = bubbles(rows, "name_en", "month", "log_price", rules=BubbleRules(gaps="longest"))
    assert (whole.statistics["status"] == "tested").all()
    assert whole.statistics.filter(series="Tangshan").select("last", "observations").row(0) == ("2023-12", 73)


def test_a_price_that_only_grows_with_income_is_no_bubble():
    rows = house_prices("china-provinces", "provinces")
    shares = {
        name: bubbles(rows, "region", "year", name).statistics["rejects"].mean()
        for name in ("price", "log_price", "price_to_output")
    }
    assert shares["price"] > shares["log_price"] > shares["price_to_output"]
