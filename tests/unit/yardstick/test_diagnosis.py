"""Peers, gaps and what earlier briefs would have been worth: by hand, without a look ahead, and in the known cases."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError
from xinzhi.yardstick import backcast, bands, gaps, peers
from xinzhi.yardstick.backcast import as_of, hit_rates
from xinzhi.yardstick.peers import distances


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def measured(package):
    return xinzhi.measure(package)


@pytest.fixture(scope="module")
def alike(measured, package):
    return peers(measured, package)


@pytest.fixture(scope="module")
def banded(measured):
    return bands(measured)


def test_distances_are_root_mean_squares_of_standardised_differences():
    found = distances(np.array([[0.0, 10.0], [1.0, 10.0], [2.0, 40.0]]))
    first = 1 / np.std([0, 1, 2], ddof=1)
    assert found[0, 1] == pytest.approx(math.sqrt(first**2 / 2))
    assert np.allclose(found, found.T)
    assert np.allclose(np.diag(found), 0)


def test_output_per_worker_stands_in_only_where_persons_are_missing(measured, package, alike):
    assert "output_per_worker" not in alike.structure.columns
    bare = {**package.tables, "accounts": package.tables["accounts"].drop("population")}
    found = peers(measured, replace(package, tables=bare))
    assert found.structure.columns[1] == "output_per_worker"
    assert found.missing == ("output_per_person", "density")


def test_density_is_persons_over_area(package, alike):
    rows = package.tables["accounts"].filter(year=2017).join(package.tables["regions"], on="region")
    known = {
        code: math.log(persons / area) for code, persons, area in rows.select("region", "population", "area").rows()
    }
    assert dict(alike.structure.select("region", "density").rows()) == pytest.approx(known)


def test_units_of_a_measure_do_not_move_the_distance():
    values = np.random.default_rng(1).normal(size=(9, 3))
    assert np.allclose(distances(values), distances(values * [1, 100, 0.01]))


def test_peers_are_of_the_start_of_the_newest_period_and_never_oneself(alike):
    assert alike.year == 2017
    assert alike.frame.filter(pl.col("region") == pl.col("peer")).is_empty()
    assert alike.frame.group_by("region").len()["len"].unique().to_list() == [5]
    assert alike.missing == ()


@pytest.mark.parametrize(
    ("region", "near"),
    [("110000", "310000"), ("520000", "530000"), ("440000", "330000"), ("320000", "330000"), ("520000", "450000")],
)
def test_peers_that_everybody_would_name(alike, region, near):
    assert near in alike.codes(region)


def test_beijing_and_tibet_are_said_to_be_unlike_the_others(alike):
    far = alike.frame.group_by("region").agg(pl.col("far").mean()).sort("far", descending=True)
    told = set(far.filter(pl.col("far") > 0.5)["region"])
    assert {"110000", "540000", "230000", "460000"} <= told  # Heilongjiang and Hainan are each other's peers
    assert not told & {"130000", "330000", "340000", "510000", "220000"}
    assert alike.frame["far"].mean() == pytest.approx(1 / 4, abs=0.01)  # of all peers, not of all pairs


def test_peers_that_hang_on_one_measure_are_said_to(alike):
    hung = {code: alike.hangs(code) for code in alike.structure["region"]}
    assert hung["640000"] == ("mining_share", 2)  # without mining Ningxia's would be others
    assert hung["330000"] is None
    for code, found in hung.items():
        kept = [len(set(alike.codes(code)) & set(others[code])) for others in alike.without.values()]
        assert (found is None) == (min(kept) > 2)


def test_sources_of_growth_of_output_per_worker_add_up(measured, alike):
    found = gaps(measured, alike)
    total = found.frame.group_by("region").agg(pl.col("own").sum()).sort("region")
    rows = measured.periods.filter(start=found.start, end=found.end).sort("region")
    assert total["own"].to_numpy() == pytest.approx(
        (rows["output_growth"] - rows["labour_growth"]).to_numpy(), abs=1e-12
    )


def test_a_gap_is_the_median_of_the_peers_less_the_region(measured, alike, banded):
    found = gaps(measured, alike, bands=banded)
    growth = dict(measured.periods.filter(start=2017, end=2023).select("region", "tfp_growth").rows())
    row = found.frame.row(by_predicate=(pl.col("region") == "220000") & (pl.col("factor") == "tfp"), named=True)
    assert row["gap"] == pytest.approx(median(growth[one] for one in alike.codes("220000")) - growth["220000"])
    half = dict(
        banded.components.filter(start=2017, end=2023, component="estimates")
        .select("region", "relative_half_width")
        .rows()
    )
    theirs = [half[one] ** 2 for one in alike.codes("220000")]
    assert row["high"] - row["gap"] == pytest.approx(math.sqrt(half["220000"] ** 2 + math.pi / 2 * sum(theirs) / 25))


@pytest.fixture(scope="module")
def narrow(banded):
    """Return bands a third as wide, under which some gaps are told from chance."""
    return replace(banded, components=banded.components.with_columns(pl.col("relative_half_width") / 3))


def test_no_gap_of_the_provinces_is_told_from_chance_and_the_counts_say_so(measured, alike, banded):
    found = gaps(measured, alike, bands=banded)
    assert not found.frame["sure"].any()
    assert {"of": 93, "above": 7, "chance": 5, "all": 0, "rate": 0.1}.items() <= found.counts().items()
    rows = found.frame.filter("banded").sort("p")
    ratio = [row["gap"] / (row["high"] - row["gap"]) * 1.6448536 for row in rows.iter_rows(named=True)]
    assert rows["p"].to_list() == pytest.approx([math.erfc(one / math.sqrt(2)) / 2 for one in ratio])
    steps = [p * rows.height / rank for rank, p in enumerate(rows["p"], 1)]
    assert rows["q"].to_list() == pytest.approx([min(steps[at:]) for at in range(rows.height)])


def test_a_gap_is_sure_only_if_it_holds_without_any_one_measure(measured, alike, narrow):
    assert set(alike.without) == set(alike.structure.columns[1:])
    found = gaps(measured, alike, bands=narrow).frame
    growth = dict(measured.periods.filter(start=2017, end=2023).select("region", "tfp_growth").rows())
    row = found.row(by_predicate=(pl.col("region") == "520000") & (pl.col("factor") == "tfp"), named=True)
    other = [median(growth[one] for one in theirs["520000"]) - growth["520000"] for theirs in alike.without.values()]
    assert (row["least"], row["most"]) == pytest.approx((min([*other, row["gap"]]), max([*other, row["gap"]])))
    assert found["sure"].any()
    values = alike.structure.drop("region", "density").to_numpy()
    line = distances(values)[alike.structure["region"].to_list().index("220000")]
    near = [alike.structure["region"][int(at)] for at in np.argsort(line, kind="stable")[1:6]]
    assert alike.without["density"]["220000"] == near
    strange = {code: sorted(growth, key=growth.__getitem__)[:5] for code in growth}  # the slowest five for everybody
    moved = gaps(measured, replace(alike, without={**alike.without, "density": strange}), bands=narrow).frame
    held = dict(moved.filter(factor="tfp").select("region", "sure").rows())
    slow = set(strange["110000"])
    assert not any(sure for code, sure in held.items() if code not in slow)


def test_nothing_is_sure_whose_band_holds_zero_or_whose_capital_is_abundant(measured, alike, narrow):
    bound = gaps(measured, alike, bands=narrow).frame.filter(pl.col("sure"))
    assert bound.height
    assert bound["low"].min() > 0
    assert bound["steady"].all()
    capital = bound.filter(factor="deepening")
    assert (capital["level"].round(1) <= capital["level_peers"].round(1)).all()  # in the decimals that are told


def test_reallocation_stands_beside_the_residual_and_is_never_sure(measured, alike, banded):
    chance = np.random.default_rng(3).normal(0, 0.02, 31)
    moved = measured.periods.filter(start=2017, end=2023).select("region", "start", "end")
    moved = moved.with_columns(allocation=pl.Series(chance))
    plain, split = gaps(measured, alike, bands=banded), gaps(measured, alike, bands=banded, allocation=moved)
    assert (plain.split, split.split) == (False, True)
    before, after = (one.frame.filter(factor="tfp").sort("region") for one in (plain, split))
    assert before.equals(after)
    assert not split.frame.filter(factor="allocation")["sure"].any()
    assert not split.frame.filter(factor="allocation")["banded"].any()
    other = moved.with_columns(allocation=pl.col("allocation") * pl.Series(np.where(chance > 0, 0.5, -1.0)))
    both, alone = (
        one.frame.filter(factor="allocation").sort("region")
        for one in (gaps(measured, alike, allocation=moved, alternative=other), gaps(measured, alike, allocation=other))
    )
    first = split.frame.filter(factor="allocation").sort("region")
    assert both["gap"].equals(first["gap"])
    assert both["gap_other"].to_list() == alone["gap"].to_list()
    for row, mine, theirs in zip(*(one.iter_rows(named=True) for one in (both, first, alone)), strict=True):
        assert row["least"] == min(mine["least"], theirs["least"])
        assert row["most"] == max(mine["most"], theirs["most"])
        assert row["steady"] == (mine["steady"] and theirs["steady"] and mine["gap"] * theirs["gap"] > 0)
    assert (both["gap"] * both["gap_other"]).min() < 0
    elsewhere = moved.with_columns(start=pl.lit(2012, pl.Int64))
    assert not gaps(measured, alike, allocation=elsewhere).split


def test_the_interval_draws_regions_whole_and_the_base_rate_knows_nothing():
    """Two dates that agree within each region are worth one: the interval is that of half as many statements."""
    regions, right = [f"{n:02}" for n in range(40)], [True] * 24 + [False] * 16
    once = pl.DataFrame({"rule": "persistence", "region": regions, "said": 1.0, "hit": right}).with_columns(
        happened=pl.when("hit").then(1.0).otherwise(-1.0)
    )
    one, both = (hit_rates(frame, math.nan).row(0, named=True) for frame in (once, pl.concat([once, once])))
    assert (both["n"], one["n"]) == (80, 40)
    assert (both["rate"], both["low"], both["high"]) == (one["rate"], one["low"], one["high"])
    half = 1.96 * math.sqrt(0.6 * 0.4 / 40)
    assert (one["low"], one["high"]) == pytest.approx((0.6 - half, 0.6 + half), abs=0.02)
    assert one["base"] == pytest.approx(0.6)  # always "faster", and three in five were


@pytest.mark.parametrize(("right", "ends"), [(0, (0.0, 0.658)), (2, (0.342, 1.0))])
def test_draws_of_one_outcome_give_way_to_wilsons_interval(right, ends):
    """Two shortfalls that both closed are no proof that none lasts: statsmodels' proportion_confint, method wilson."""
    rows = {"rule": "gap", "region": ["1", "2"], "said": -1.0, "happened": 1.0, "hit": [n < right for n in range(2)]}
    row = hit_rates(pl.DataFrame(rows), 0.5).row(0, named=True)
    assert (row["low"], row["high"]) == pytest.approx(ends, abs=5e-4)


def test_the_base_rate_of_gaps_is_of_all_regions(package):
    row = backcast(package).rates.row(by_predicate=pl.col("rule") == "gap", named=True)
    assert row["base"] == pytest.approx(33 / 62)
    assert row["low"] < row["base"] + 0.01  # a shortfall that lasts can hardly be told from any region


def test_a_past_brief_knows_nothing_later(package):
    cut, first = as_of(package, 2010)
    assert first
    assert max(frame["year"].max() or 0 for frame in cut.tables.values() if "year" in frame.columns) <= 2010


def test_output_of_a_past_brief_is_as_first_published(package):
    cut, _ = as_of(package, 2010)
    rows = cut.tables["accounts"].filter(region="210000").sort("year")
    growth = 100 * (rows["output_real"][-1] / rows["output_real"][-2] - 1)
    told = package.tables["vintages"].filter(region="210000", year=2010, vintage="first_published")
    assert growth == pytest.approx(told["output_growth"].item())


def test_what_was_said_does_not_depend_on_what_came_later(package):
    accounts = package.tables["accounts"].with_columns(
        output_real=pl.when((pl.col("year") > 2015) & (pl.col("region") == "440000"))
        .then(pl.col("output_real") * 1.5)
        .otherwise("output_real")
    )
    other = replace(package, tables={**package.tables, "accounts": accounts})
    one, two = (backcast(it).frame.filter(pl.col("rule") != "gap") for it in (package, other))
    assert one["said"].to_list() == pytest.approx(two["said"].to_list())
    assert one["happened"].to_list() != two["happened"].to_list()


def test_the_record_is_told_with_its_interval(package):
    found = backcast(package)
    assert found.first
    assert found.rates.filter(rule="persistence").select("n", "k").row(0) == (62, 36)
    assert "backcast.coin" in found.facts()
    assert "58" in found.summary()


def test_too_few_years_are_said(package):
    short = package.tables["accounts"].filter(pl.col("year") > 2014)
    with pytest.raises(InputError):
        backcast(replace(package, tables={**package.tables, "accounts": short}))


@pytest.mark.parametrize(
    ("best", "low", "key", "verdict"),
    [("long_run", 0.51, "best", "better"), ("persistence", 0.46, "same", "coin"), ("catch_up", 0.2, "best", "worse")],
)
def test_the_better_rule_stands_beside_plain_persistence(package, best, low, key, verdict):
    found = backcast(package)
    rates = found.rates.with_columns(
        low=pl.when(pl.col("rule") == best).then(low).otherwise("low"),
        high=pl.when(pl.col("rule") == best).then(low + 0.24).otherwise("high"),
    )
    facts = replace(found, rates=rates, best=best).facts()
    assert f"backcast.{key}" in facts
    assert f"backcast.{verdict}" in facts
    assert replace(found, rates=rates, best=best).summary("zh")


def test_the_page_of_the_docs_has_these_figures(package, measured, alike, banded):
    from pathlib import Path

    page = (Path(__file__).parents[3] / "docs" / "brief.md").read_text("utf-8")
    counts = gaps(measured, alike, bands=banded).counts()
    assert f"Of {counts['of']} gaps {counts['above']} have a band above zero, where chance alone would show" in page
    assert f"{counts['all']} survive" in page
    for row in backcast(package).rates.iter_rows(named=True):
        told = (
            f"{row['k']} of {row['n']}, {100 * row['rate']:.0f} % | {100 * row['low']:.0f} to {100 * row['high']:.0f} |"
            f" {100 * row['base']:.0f} |"
        )
        assert told in page


def test_no_gap_is_sure_where_the_data_of_the_period_before_fail(measured, alike, narrow):
    found = gaps(measured, alike, bands=narrow).frame
    failed = measured.periods.filter(start=2012, end=2017, grade="D")["region"].to_list()
    assert failed
    assert set(found.filter(~pl.col("reliable"))["region"]) == set(failed) & set(found["region"])
    assert not found.filter(pl.col("region").is_in(failed))["sure"].any()
    assert found["sure"].any()
