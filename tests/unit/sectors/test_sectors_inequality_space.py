"""Inequality, densities, borders, Moran and Markov: hand-worked cases and input that cannot be used."""

from __future__ import annotations

import itertools
import math

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import sectors
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.markov_chains import homogeneity, steady_state
from xinzhi.sectors.conventions import document
from xinzhi.sectors.distribution import bandwidth
from xinzhi.sectors.inequality import dagum, gini, theil
from xinzhi.sectors.spatial import global_moran, local_moran, spatial_weights

TOLERANCE = 1e-12
LINE = {"a": ["b"], "b": ["a", "c"], "c": ["b", "d"], "d": ["c"]}


@pytest.fixture(scope="module")
def income():
    tables = xinzhi.load("china-provinces").tables
    rows = tables["accounts"].filter(pl.col("year").is_between(2000, 2019))
    rows = rows.select("region", "year", "population", y=pl.col("output_real") / pl.col("population"))
    return rows.join(tables["regions"].select("region", "group_en"), on="region")


def test_dagum_by_hand():
    # a = 1, 3; b = 2, 4: mean differences .25 inside a, 1/6 inside b, 1.5 between, of which 2/3 net
    parts = dagum(np.array([1.0, 3.0, 2.0, 4.0]), list("aabb"))
    assert parts.gini == pytest.approx(20 / 80, abs=TOLERANCE)
    assert parts.within_groups.tolist() == pytest.approx([1 / 4, 1 / 6], abs=TOLERANCE)
    assert parts.between_groups[0, 1] == pytest.approx(1.5 / 5, abs=TOLERANCE)
    assert parts.affluence[0, 1] == pytest.approx(2 / 3, abs=TOLERANCE)
    found = [parts.within, parts.between, parts.transvariation]
    assert found == pytest.approx([0.1, 0.1, 0.05], abs=TOLERANCE)


def test_dagum_from_its_own_definition():
    rng = np.random.default_rng(8)
    values, groups = rng.lognormal(size=40), rng.choice(["x", "y", "z"], 40)
    parts = dagum(values, groups)
    names = parts.groups
    net = cross = 0.0
    for one in range(3):
        for two in range(3):
            j, h = values[groups == names[one]], values[groups == names[two]]
            if one == two or j.mean() < h.mean():
                continue
            gap = j[:, None] - h
            # gross economic affluence and the first-order moment of transvariation (Dagum 1997)
            gross, moment = np.clip(gap, 0, None).mean(), np.clip(-gap, 0, None).mean()
            weight = (len(j) * h.sum() + len(h) * j.sum()) / (len(values) * values.sum())
            ratio = np.abs(gap).mean() / (j.mean() + h.mean())
            affluence = (gross - moment) / (gross + moment)
            net += ratio * weight * affluence
            cross += ratio * weight * (1 - affluence)
    assert parts.between == pytest.approx(net, abs=TOLERANCE)
    assert parts.transvariation == pytest.approx(cross, abs=TOLERANCE)


def test_groups_that_do_not_overlap_have_no_transvariation():
    parts = dagum(np.array([1.0, 2.0, 10.0, 11.0]), list("aabb"))
    assert parts.transvariation == pytest.approx(0, abs=TOLERANCE)
    assert parts.affluence[0, 1] == pytest.approx(1, abs=TOLERANCE)


def test_the_ends_of_the_gini():
    assert gini(np.full(5, 3.0)) == 0.0
    assert gini(np.array([0.0, 0.0, 0.0, 8.0])) == pytest.approx(0.75, abs=TOLERANCE)


def test_theil_with_a_zero_has_t_and_no_l():
    parts = theil(np.array([0.0, 2.0]))
    assert parts.t == pytest.approx(math.log(2), abs=TOLERANCE)
    assert math.isnan(parts.l)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ([1.0, -1.0], "cannot be negative"),
        ([0.0, 0.0], "nor all of them zero"),
        ([1.0, np.nan], "missing"),
        ([], "needs"),
    ],
)
def test_values_without_a_relative_inequality_are_refused(values, match):
    with pytest.raises(InputError, match=match):
        gini(np.array(values))


def test_dagum_needs_two_groups_with_a_mean():
    with pytest.raises(InputError, match="two groups or more"):
        dagum(np.array([1.0, 2.0]), ["a", "a"])
    with pytest.raises(InputError, match="group b add up to zero"):
        dagum(np.array([1.0, 0.0]), ["a", "b"])


def test_inequality_over_the_years(income):
    result = sectors.inequality(income, "y", group="group_en", weight="population")
    frame = result.frame
    parts = frame["within"] + frame["between"] + frame["transvariation"]
    assert (parts - frame["gini"]).abs().max() < TOLERANCE
    # the provinces drew together after the middle of the 2000s, and what is left lies between the macro-regions
    assert frame["gini"][0] > frame["gini"][-1]
    assert (frame["between"] / frame["gini"]).min() > 0.5
    assert result.parts.group_by("year").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([1.0] * 20)
    assert result.pairs.filter(year=2019).height == 10
    assert "is between the groups, net" in result.summary("en")
    assert "组间净差异" in result.summary("zh")


def test_a_region_missing_in_one_year_is_named(income):
    gap = income.with_columns(
        y=pl.when((pl.col("region") == "220000") & (pl.col("year") == 2005)).then(None).otherwise("y")
    )
    result = sectors.inequality(gap, "y", group="group_en")
    assert result.omitted.select("region", "year", "reason_en").rows() == [("220000", 2005, "no value")]
    assert result.frame.filter(year=2005)["regions"].item() == 30
    assert result.fewest_and_most == (30, 31)
    with pytest.raises(UsageError, match="cannot be value and group"):
        sectors.inequality(income, "y", weight="y")
    with pytest.raises(InputError) as caught:
        sectors.inequality(pl.concat([income, income.filter(region="110000", year=2000)]), "y")
    assert (caught.value.findings[0].rule, caught.value.findings[0].key) == ("duplicate-key", "110000/2000")


def test_ridgelines_share_one_grid_and_name_years_without_a_density(income):
    extra = pl.DataFrame({"region": ["a", "b", "c", "a"], "year": [1990, 1990, 1990, 1991], "y": [1.0, 1.0, 1.0, 2.0]})
    data = pl.concat([income.select("region", "year", "y"), extra])
    result = sectors.ridgelines(data, "y", years=[1990, 1991, 2000, 2019])
    assert result.frame["year"].unique().sort().to_list() == [2000, 2019]
    reasons = dict(result.years.select("year", "reason_en").drop_nulls().iter_rows())
    assert reasons == {1990: "all values are equal", 1991: "fewer than 3 regions"}
    mass = [np.trapezoid(part["density"], part["x"]) for _, part in result.frame.group_by("year")]
    assert mass == pytest.approx([1, 1], abs=0.01)
    assert "Silverman (1986)" in result.summary("en")
    with pytest.raises(InputError, match="no density in any year"):
        sectors.ridgelines(extra, "y")


def test_silverman_by_hand():
    values = np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    # quartiles 2 and 4: their distance over 1.34 is below the standard deviation
    assert bandwidth(values) == pytest.approx(0.9 * 2 / 1.34 * 5**-0.2, abs=TOLERANCE)
    assert bandwidth(values, 0.5) == 0.5
    with pytest.raises(UsageError, match="must be positive"):
        bandwidth(values, 0.0)
    with pytest.raises(UsageError, match="unknown bandwidth rule"):
        bandwidth(values, "botev")


def test_the_borders_are_those_of_the_survey():
    facts, near = document("contiguity.yaml"), sectors.contiguity()
    assert all(one in near[other] for one, others in near.items() for other in others)
    assert sum(map(len, near.values())) == 2 * facts["borders"] == 136
    regions = xinzhi.load("china-provinces").tables["regions"]["region"].to_list()
    assert sorted(near) == regions
    assert [region for region, others in near.items() if not others] == ["460000"]
    # Inner Mongolia and Shaanxi border on eight, more than any other
    assert sorted(near, key=lambda region: len(near[region]))[-2:] == ["150000", "610000"]
    assert spatial_weights(sectors.contiguity(sea=True), regions).parts == 1


def test_an_island_is_named_or_dropped(income):
    with pytest.raises(InputError, match="no neighbour among the regions: 460000"):
        sectors.moran(income, "y", draws=9)
    dropped = sectors.moran(income, "y", islands="drop", draws=9)
    assert dropped.frame["regions"].unique().to_list() == [30]
    assert dropped.omitted["region"].unique().to_list() == ["460000"]
    assert dropped.omitted["reason_en"].unique().to_list() == ["no neighbour (island)"]
    with pytest.raises(UsageError, match="islands 'join'"):
        spatial_weights(LINE, list("abcd"), islands="join")


def test_neighbours_that_contradict_themselves_are_refused():
    with pytest.raises(InputError, match="a borders on b, but b does not on a"):
        spatial_weights({"a": ["b"], "b": []}, ["a", "b"])
    with pytest.raises(InputError, match="a borders on itself"):
        spatial_weights({"a": ["a"]}, ["a"])
    with pytest.raises(InputError, match="no neighbours are given for z"):
        spatial_weights(LINE, ["a", "z"])
    parts = spatial_weights({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, list("abcd"))
    assert parts.parts == 2


def test_rich_provinces_border_on_rich_ones(income):
    result = sectors.moran(income, "y", neighbours=sectors.contiguity(sea=True))
    last = result.frame.row(-1, named=True)
    assert last["moran"] > 0.3
    assert last["p"] < 0.01
    assert last["p_permutation"] < 0.05
    clusters = result.local.filter((pl.col("year") == 2019) & pl.col("significant"))
    # the delta of the Yangtze around Zhejiang, and the south-west; probabilities are two-sided
    assert "330000" in clusters.filter(cluster="HH")["region"]
    assert {"510000", "530000"} <= set(clusters.filter(cluster="LL")["region"])
    assert clusters["significant_fdr"].sum() <= clusters.height
    assert result.frame.equals(sectors.moran(income, "y", neighbours=sectors.contiguity(sea=True)).frame)
    assert "高-高" in result.summary("zh")


def test_permutations_are_those_that_enumeration_counts():
    values = np.array([0.0, 1.0, 2.0, 4.0, 7.0, 11.0])
    ring = (np.roll(np.eye(6), 1, axis=1) + np.roll(np.eye(6), -1, axis=1)) / 2
    draws = 20_000
    index, probability = local_moran(values, ring, draws=draws, seed=3)
    z = values - values.mean()
    for place in range(6):
        pairs = [(one + two) / 2 for one, two in itertools.combinations(np.delete(z, place), 2)]
        drawn = 5 / (z @ z) * z[place] * np.array(pairs)
        tails = [(drawn >= index[place] - 1e-12).mean(), (drawn <= index[place] + 1e-12).mean()]
        assert probability[place] == pytest.approx(min(1.0, 2 * min(tails)), abs=0.02)
    whole = global_moran(values, ring, draws=draws, seed=3)
    orders = np.array(list(itertools.permutations(z)))
    drawn = 6 / (6 * (z @ z)) * np.einsum("bi,ij,bj->b", orders, ring, orders)
    # the mean and variance under randomisation are those of all orders
    assert drawn.mean() == pytest.approx(whole["expected"], abs=TOLERANCE)
    assert drawn.var() == pytest.approx(whole["variance"], abs=TOLERANCE)
    tails = [(drawn >= whole["moran"] - 1e-12).mean(), (drawn <= whole["moran"] + 1e-12).mean()]
    assert whole["p_permutation"] == pytest.approx(min(1.0, 2 * min(tails)), abs=0.02)


def test_moran_names_years_without_one():
    data = pl.DataFrame({"region": list("abcd") * 2, "year": [1] * 4 + [2] * 4, "y": [1.0, 2, 3, 4, 5, 5, 5, 5]})
    result = sectors.moran(data, "y", neighbours=LINE, draws=9)
    assert result.frame["year"].to_list() == [1]
    assert result.omitted["year"].unique().to_list() == [2]
    with pytest.raises(InputError, match="no year in which 4"):
        sectors.moran(data.filter(year=2), "y", neighbours=LINE, draws=9)
    with pytest.raises(UsageError, match="permutations 0"):
        sectors.moran(data, "y", neighbours=LINE, draws=0)


def test_gaps_are_not_bridged_in_a_chain():
    data = pl.DataFrame({"region": list("aaabbb"), "year": [1, 2, 4, 1, 2, 4], "y": [1.0, 1, 1, 3, 3, 3]})
    assert sectors.markov(data, "y", classes=2).frame["count"].sum() == 2


def test_a_chain_says_what_it_cannot_count():
    one = pl.DataFrame({"region": ["a", "b"], "year": [1, 1], "y": [1.0, 2.0]})
    with pytest.raises(InputError, match="no transition to count"):
        sectors.markov(one, "y", classes=2)
    with pytest.raises(UsageError, match="two classes or more"):
        sectors.markov(one, "y", classes=1)
    with pytest.raises(UsageError, match="bounds that rise"):
        sectors.markov(one, "y", bounds=[2.0, 1.0])
    equal = pl.DataFrame({"region": list("abab"), "year": [1, 1, 2, 2], "y": 1.0})
    with pytest.raises(InputError, match="too many equal values"):
        sectors.markov(equal, "y")
    with pytest.raises(InputError, match="mean of 1 is not positive"):
        sectors.markov(equal.with_columns(y=pl.lit(-1.0)), "y")


def test_the_provinces_seldom_change_class(income):
    result = sectors.markov(income, "y", neighbours=sectors.contiguity(sea=True))
    plain = result.frame.filter(neighbours=0)
    assert plain["count"].sum() == 31 * 19
    assert result.frame.filter(pl.col("neighbours") > 0)["count"].sum() == 31 * 19
    stay = plain.filter(pl.col("origin") == pl.col("destination"))["probability"]
    assert stay.min() > 0.8
    assert result.steady.filter(neighbours=0)["probability"].sum() == pytest.approx(1)
    assert "stay" in result.summary("en")
    assert "留在原组" in result.summary("zh")
    yearly = sectors.markov(income, "y", bounds="yearly")
    assert yearly.bounds == ()
    assert yearly.frame["count"].sum() == 31 * 19


def test_a_chain_that_falls_apart_has_no_steady_state():
    assert steady_state(np.eye(3)) is None
    assert steady_state(np.array([[np.nan, np.nan], [0.5, 0.5]])) is None


def test_homogeneity_by_hand():
    counts = np.array([[[9.0, 1.0], [2.0, 8.0]], [[5.0, 5.0], [2.0, 8.0]]])
    test = homogeneity(counts)
    pooled = np.array([0.7, 0.3])
    expected = 2 * sum(
        count * math.log(count / 10 / share)
        for row in ((9, 1), (5, 5))
        for count, share in zip(row, pooled, strict=True)
    )
    assert test.statistic == pytest.approx(expected, abs=TOLERANCE)
    assert test.degrees == 2
    assert test.p == pytest.approx(math.exp(-expected / 2), abs=TOLERANCE)
