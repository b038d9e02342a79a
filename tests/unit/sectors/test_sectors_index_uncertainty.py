from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import UsageError
from xinzhi.sectors import Normalisation, index
from xinzhi.sectors.composite.build import UNIT, aggregate, build, positive_where_needed, yearly_ranks
from xinzhi.sectors.composite.gaming import gaming, shifted_entropy
from xinzhi.sectors.composite.transform import normalise
from xinzhi.sectors.composite.uncertainty import draw, grid, rank_draws, space
from xinzhi.sectors.conventions import convention


@pytest.fixture(scope="module")
def provinces():
    return index("china-provinces", "xinzhi-sectors")


def made(regions=12, years=2, seed=3, codes=("a", "b", "c", "d")):
    random = np.random.default_rng(seed)
    rows = [{"indicator": c, "sector": "s", "direction": 1, "unit": "%", "denominator": "total"} for c in codes]
    frame = pl.DataFrame(
        {
            "region": [f"r{at:02d}" for at in range(regions)] * years,
            "year": np.repeat(np.arange(years), regions),
            **{code: random.lognormal(size=regions * years) for code in codes},
        }
    )
    return frame, {"id": "made", "indicators": rows}


def test_the_first_draw_of_the_grid_is_the_index_itself():
    frame, system = made()
    for options in (
        {},
        {"aggregation": "topsis", "weights": "critic"},
        {"aggregation": "grey", "normalisation": "z"},
        {"aggregation": "harmonic", "normalisation": Normalisation("min-max", 1, 100)},
    ):
        result = index(frame, system, **options)
        around = space(result)
        for year in (0, 1):
            rows = np.flatnonzero(around.years == year)
            ranks = rank_draws(around, grid(around)[:1], None, rows)[0]
            assert ranks.tolist() == result.frame.filter(year=year)["rank"].to_list()


def test_every_draw_is_what_a_plain_computation_gives():
    frame, system = made()
    around = space(index(frame, system))
    picks, noise = draw(around, 60, np.random.default_rng(5))
    assert {tuple(row) for row in picks[:, [2, 4]].tolist()} == {(a, b) for a in range(3) for b in range(3)}
    for at, (one, two, three, four, five) in enumerate(picks.tolist()):
        method = str(around.levels["aggregation"][five])
        scores = positive_where_needed(around.tables[one, two, three], method)
        plain = yearly_ranks(aggregate(scores, around.base[one, two, four] * noise[at], method), around.years)
        for year in (0, 1):
            rows = np.flatnonzero(around.years == year)
            fast = rank_draws(around, picks[at : at + 1], noise[at : at + 1], rows)[0]
            assert fast.tolist() == plain[rows].tolist()


def test_intervals_hold_the_order_of_their_columns_and_repeat(provinces):
    found = provinces.uncertainty(400, seed=2)
    columns = found.frame.select("rank_minimum", "rank_p05", "rank_median", "rank_p95", "rank_maximum").to_numpy()
    assert (np.diff(columns, axis=1) >= 0).all()
    assert columns.min() >= 1
    # ranks without ties are 1 to R, whatever the draw
    mean = found.frame.group_by("year").agg(pl.col("rank_mean").mean(), pl.len().alias("regions"))
    assert np.allclose(mean["rank_mean"], (mean["regions"] + 1) / 2, atol=0.01)
    assert columns.max() <= 31
    assert found.frame.filter(year=2017)["first"].sum() == pytest.approx(1, abs=0.01)
    # each draw has one level of each choice
    drawn = found.levels.group_by("choice").agg(pl.col("draws").sum(), pl.len().alias("levels"))
    assert drawn["draws"].to_list() == [400] * drawn.height
    assert drawn["levels"].max() > 2


def test_summaries_name_regions_and_speak_both_languages(provinces):
    found = provinces.uncertainty(100)
    assert "Beijing" in found.summary("en")
    assert "北京" in found.summary("zh")
    game = provinces.gaming()
    assert "300 conventions" in game.summary("en")
    assert "对数" in game.summary("zh")
    assert "weights" in provinces.sensitivity().summary("en")
    assert "权重" in provinces.sensitivity().summary("zh")
    assert "北京" in provinces.summary("zh")


def test_exact_shares_add_up_and_sobol_comes_near_them(provinces):
    exact = provinces.sensitivity()
    assert exact.evaluations == 90
    assert exact.overall["shapley"].sum() == pytest.approx(1, abs=1e-9)
    shares = exact.frame.group_by("region", "year").agg(pl.col("shapley").sum(), pl.col("variance").first())
    assert np.allclose(shares.filter(pl.col("variance") > 0)["shapley"], 1, atol=1e-9)
    assert (exact.overall["first_order"] <= exact.overall["total"] + 1e-12).all()
    sobol = provinces.sensitivity("sobol", draws=3000, seed=1)
    # Saltelli: two samples, and one more for each factor, of which the noise is one
    assert sobol.evaluations == 3000 * (sobol.overall.height + 2)
    both = exact.overall.join(sobol.overall, on="choice", suffix="_sobol")
    assert np.abs(both["total"] - both["total_sobol"]).max() < 0.06
    assert np.abs(both["first_order"] - both["first_order_sobol"]).max() < 0.08
    assert sobol.overall.filter(choice="noise")["total"][0] < 0.2


def test_imputation_is_a_choice_only_where_something_is_missing():
    frame, system = made(years=4)
    assert space(index(frame, system)).levels["imputation"] == ("none",)
    hole = frame.with_columns(a=pl.when((pl.col("region") != "r03") | (pl.col("year") != 1)).then("a"))
    assert space(index(hole, system, imputation="mean")).levels["imputation"] == ("mean", "median", "linear", "nearest")
    edge = frame.with_columns(a=pl.when((pl.col("region") != "r03") | (pl.col("year") != 0)).then("a"))
    found = index(edge, system, imputation="mean").uncertainty(50)
    assert found.left_out.select("choice", "level").rows() == [("imputation", "linear")]


def test_gaming_ranks_are_those_of_the_convention_that_is_named(provinces):
    game = provinces.gaming()
    assert game.frame["rank"].to_list() == game.ranks[0].tolist()
    assert (game.frame["best_rank"] <= game.frame["single_rank"]).all()
    assert (game.frame["single_rank"] <= game.frame["rank"]).all()
    assert (game.frame["worst_rank"] >= game.frame["rank"]).all()
    assert (game.frame["rank"] - game.frame["best_rank"]).to_list() == game.frame["gain"].to_list()
    assert (game.frame["rank"] - game.frame["single_rank"]).to_list() == game.frame["single_gain"].to_list()
    row = game.frame.sort("gain", descending=True).row(0, named=True)
    changes = dict(part.split("=") for part in row["convention"].split(", "))
    assert len(changes) == row["departures"]
    options = {"normalisation": Normalisation("min-max", 1, 100), **changes}
    if "pooled" in options:
        options["pooled"] = options["pooled"] == "true"
    again = index("china-provinces", "xinzhi-sectors", **options)
    assert again.frame.filter(region=row["region"], year=row["year"])["rank"][0] == row["best_rank"]


def test_shifts_are_kept_apart_from_conventions_in_use(provinces):
    game = provinces.gaming()
    assert game.shifts["shift"].to_list() == convention("entropy_shifts")
    moves = dict(game.shifts.select("shift", "furthest").iter_rows())
    assert moves[1e-5] == 0
    assert moves[1.0] > 10
    assert game.frame.filter(pl.col("shift").is_null())["shift_gain"].max() <= 0
    assert "shift" not in game.conventions.columns


def test_the_largest_change_of_a_weight_is_a_gain_or_a_loss():
    frame, system = made(years=1)
    result = index(frame, system)
    values, years = result.filled[result.complete], result.table.years[result.complete]
    how = replace(result.convention, weights="entropy", pooled=True)
    base = build(values, years, result.system, how)
    scores = normalise(base.treated, result.system.directions, UNIT)
    moves = np.array([shifted_entropy(scores, shift) - base.weights[0] for shift in convention("entropy_shifts")])
    assert (moves.max(axis=1) < -moves.min(axis=1)).any()
    largest = gaming(result).shifts["largest_change"]
    assert largest.to_list() == pytest.approx(np.maximum(moves.max(axis=1), -moves.min(axis=1)), abs=1e-12)


def test_what_cannot_be_drawn_says_why(provinces):
    frame, system = made()
    with pytest.raises(UsageError, match="pooled=True"):
        index(frame, system, pooled=False).uncertainty(10)
    with pytest.raises(UsageError, match="vikor"):
        index(frame, system, aggregation="vikor").sensitivity()
    with pytest.raises(UsageError, match="between 1 and"):
        provinces.uncertainty(0)
    with pytest.raises(UsageError, match="exact and sobol"):
        provinces.sensitivity("guess")
    assert index(frame, system, aggregation="vikor").gaming().frame.height == frame.height


def test_identical_regions_share_every_rank():
    frame, system = made(regions=6, years=1)
    twin = pl.concat([frame, frame.filter(region="r02").with_columns(region=pl.lit("r99"))])
    found = index(twin, system).uncertainty(200).frame
    one, two = (found.filter(region=name).drop("region").row(0) for name in ("r02", "r99"))
    assert one == two
