"""The frontier in a report: sections in both languages, every picture, and headline figures equal to the frames."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import frontier
from xinzhi.core.errors import UsageError
from xinzhi.core.names import Names
from xinzhi.core.text import Text, number
from xinzhi.frontier import package_goods
from xinzhi.frontier.change.points import STACKS
from xinzhi.frontier.internal import Labels, labelled
from xinzhi.frontier.plane import isoquant, production, transformation
from xinzhi.report.pages import section

GOODS = ["capital", "employment", "output_real"]


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def measurement(package):
    return xinzhi.measure(package)


@pytest.fixture(scope="module")
def goods(package, measurement):
    return package_goods(package, [*GOODS, "energy_consumption"], lambda: measurement, group="group_en")


@pytest.fixture(scope="module")
def year(goods):
    return goods.take([2017])


@pytest.fixture(scope="module")
def panel(goods):
    return goods.take(range(2011, 2018))


@pytest.fixture(scope="module")
def results(year, panel):
    """Return a result of every class that the package draws."""
    frame, labels = year
    years, notes = panel
    x, y = frame.select("region", "capital", "employment"), frame.select("region", "output_real")
    bad = frame.select("region", "energy_consumption")
    change = {"unit": "region", "period": "year", "inputs": GOODS[:2], "outputs": GOODS[2:]}
    codes = frame["region"].to_list()
    made = {
        "radial": frontier.efficiency(x, y, orientation="output", scale=True, slacks=True, units="region"),
        "one_one": frontier.efficiency(x.drop("employment"), y, rts="nirs", units="region"),
        "two_one": frontier.efficiency(x, y, rts="crs", units="region"),
        "super": frontier.efficiency(x, y, model="super", orientation="output", units="region"),
        "sbm": frontier.efficiency(x, y, bad, model="sbm", orientation="none", units="region"),
        "environmental": frontier.efficiency(x, y, bad, model="environmental", units="region"),
        "additive": frontier.efficiency(x, y, model="additive", units="region"),
        "cross": frontier.efficiency(x, y, model="cross", rts="crs", units="region"),
        "ebm": frontier.efficiency(x, y, model="ebm", units="region"),
        "bootstrap": frontier.bootstrap(x, y, orientation="output", draws=100, units="region"),
        "returns": frontier.returns_test(x, y, draws=100, units="region"),
        "two_stage": frontier.two_stage(x, y, np.log(frame["capital"].to_numpy()), draws=50, units="region"),
        "metafrontier": frontier.metafrontier(x, y, frame["group"].to_list(), measure="output", units="region"),
        "order_m": frontier.order_m(x, y, m=10, orientation="output", units="region"),
        "cost": frontier.cost_efficiency(x, y, np.array([0.1, 2.0]), units="region"),
        "profit": frontier.profit_efficiency(x, y, np.array([0.1, 2.0]), np.array([1.0]), units="region"),
        "change": frontier.productivity_change(years, **change, rts="vrs"),
        "unsolved": frontier.productivity_change(years, **change, rts="vrs", decomposition="grifell-lovell"),
        "drawn": frontier.productivity_change(years.filter(pl.col("year") >= 2016), **change, draws=20),
        "green": frontier.productivity_change(
            years, **change, bad=["energy_consumption"], index="malmquist-luenberger", reference="global"
        ),
        "luenberger": frontier.productivity_change(years, **change, index="luenberger"),
        "weights": frontier.productivity_change(years, **change, index="fare-primont"),
        "window": frontier.window_analysis(
            years.select(GOODS[:2]), years.select(GOODS[2:]), years["region"].to_list(), years["year"].to_list()
        ),
        "sfa": frontier.sfa(years, "output_real", GOODS[:2], "region", "year", model="pitt-lee", trend=True),
        "stoned": frontier.stoned(frame, "output_real", GOODS[:2], "region"),
    }
    assert set(codes) == set(made["radial"].frame["unit"])
    return {name: labelled(result, notes if "change" in name else labels) for name, result in made.items()}


NAMES = (
    "radial",
    "one_one",
    "two_one",
    "super",
    "sbm",
    "environmental",
    "additive",
    "cross",
    "ebm",
    "bootstrap",
    "returns",
    "two_stage",
    "metafrontier",
    "order_m",
    "cost",
    "profit",
    "change",
    "unsolved",
    "drawn",
    "green",
    "luenberger",
    "weights",
    "window",
    "sfa",
    "stoned",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_result_makes_a_section_whose_pictures_draw_in_both_languages(results, name):
    made = section(results[name])
    assert made.pictures
    for text in (*made.answer, *made.notes, *(one.headline for one in made.pictures)):
        assert text.zh
        assert text.en
        assert not any("\u4e00" <= sign <= "\u9fff" for sign in text.en)
    for one in made.pictures:
        drawn = str(one.figure("topic").svg)
        assert drawn.count('class="zh"') == drawn.count('class="en"') > 0
        assert one.twin.rows
        assert all(len(row) == len(one.twin.columns) for row in one.twin.rows)
    keys = [table.key for table in made.contents()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("name", "kind"), [("radial", "efficiency"), ("two_one", "frontier"), ("change", "cumulated")])
def test_plot_draws_by_name(results, name, kind):
    assert xinzhi.plot(results[name], kind, "zh").to_dict()["title"]["text"]
    with pytest.raises(UsageError, match=r"choose one of (efficiency|change)"):
        xinzhi.plot(results[name], "pie")


def test_output_scores_are_told_as_shares_of_what_the_best_would_make(results):
    result = results["radial"]
    made = section(result)
    off = result.frame.filter(~pl.col("efficient"))
    share = 100 * float((1 / off["score"]).mean())
    worst = result.frame.sort("score").row(-1, named=True)
    headline = made.pictures[0].headline.en
    assert f"{number(share, 1)}\u00a0%" in headline
    assert f"{number(100 / worst['score'], 1)}\u00a0%" in headline
    assert made.pictures[0].twin.rows[0][2] == pytest.approx(1 / result.frame["score"].min())


def test_a_unit_without_a_score_is_named_with_its_reason(results):
    lost = results["super"].frame.filter(pl.col("status") == "infeasible")
    assert lost.height == 1
    said = " ".join(text.en for text in section(results["super"]).answer)
    assert "No score for Tibet: infeasible" in said


def test_peers_and_targets_are_called_by_name(results):
    tables = {table.key: table for table in section(results["radial"]).contents()}
    result = results["radial"]
    jilin = next(row for row in tables["frontier_peers"].rows if row[0].en == "Jilin")
    peers = result.peers.filter(pl.col("unit") == "220000")
    assert jilin[1].en.startswith("Shanghai " + number(peers["weight"].max(), 3))
    row = next(row for row in tables["frontier_targets"].rows if row[0].en == "Jilin" and row[1].en == "real GDP")
    score = result.frame.filter(pl.col("unit") == "220000")["score"][0]
    assert row[5] == pytest.approx(100 * (score - 1))
    assert all(row[0].en != "Shanghai" for row in tables["frontier_targets"].rows)


def test_one_region_has_its_own_way_to_the_frontier(results):
    named = {one.kind: one for one in section(results["radial"], region="河南").pictures}
    assert named["targets"].title.en.startswith("Henan")
    with pytest.raises(UsageError, match="Atlantis"):
        section(results["radial"], region="Atlantis")


def test_headline_of_a_change_equals_the_mean_of_its_logs(results):
    frame = results["change"].frame.drop_nulls()
    index = 100 * float(frame["index"].log().mean())
    rose = frame.group_by("unit").agg(pl.col("index").log().mean()).filter(pl.col("index") > 0).height
    headline = section(results["change"]).pictures[0].headline.en
    assert f"{number(index, 2, sign=True)} % a year" in headline.replace("\u00a0", " ")
    assert f"it rose in {rose} of" in headline


@pytest.mark.parametrize("name", ["change", "unsolved", "drawn", "green", "luenberger", "weights"])
def test_stacked_parts_add_up_to_the_index(results, name):
    result = results[name]
    assert result.stack in STACKS
    gap = result.mean_points("unit").select(pl.sum_horizontal(result.stack) - pl.col("index")).to_numpy()
    assert np.abs(gap).max() < 1e-8


def test_chains_end_where_the_result_itself_ends(results):
    result = results["change"]

    def chain(name, **asked):
        twin = next(one.twin for one in section(result, **asked).pictures if one.kind == "cumulated")
        place = next(at for at, column in enumerate(twin.columns) if column.title.en == name)
        return [(row[0], row[place]) for row in twin.rows]

    own = result.cumulative().filter(pl.col("unit") == "220000")
    jilin = chain("Malmquist index", region="220000")
    assert jilin[0] == ("2011", 100.0)
    assert jilin[-1][1] == pytest.approx(100 * own["index"][-1])
    members = [unit for unit, group in result.labels.groups.items() if group.en == "East"]
    logs = result.frame.filter(pl.col("unit").is_in(members))["index"].log()
    assert chain("East")[-1][1] == pytest.approx(100 * math.exp(float(logs.sum()) / len(members)))


def test_what_could_not_be_computed_is_named_in_both_languages(results):
    table = next(one for one in section(results["unsolved"]).tables if one.key == "frontier_unsolved")
    assert len(table.rows) == results["unsolved"].frame.filter(pl.col("status") != "optimal").height > 0
    reason = table.rows[0][2]
    assert reason.en.startswith("infeasible: the unit of")
    assert reason.zh.startswith("无可行解：")
    assert "变" in reason.zh


def test_no_maximum_no_picture(panel):
    years, labels = panel
    years = years.filter(pl.col("region") != "540000")  # has one year only
    failed = frontier.sfa(years, "output_real", GOODS[:2], "region", "year", model="true-fixed")
    assert failed.verdict.status == "not converged"
    made = section(labelled(failed, labels))
    assert made.answer[0].en.startswith("NO maximum")
    assert made.pictures == ()
    assert any(table.key == "frontier_coefficients" for table in made.tables)


def test_units_without_names_keep_their_codes():
    result = frontier.efficiency([[1.0], [2.0], [3.0]], [[1.0], [1.0], [4.0]], units=["a", "b", "c"])
    made = section(result)
    assert "units" in made.answer[0].en
    assert {one.kind for one in made.pictures} == {"efficiency", "frontier", "peers", "targets"}
    assert (
        section(labelled(result, Labels(names=Names({"region": {"b": Text(zh="乙", en="Bee")}})))).pictures[2].twin.rows
    )


def test_all_on_the_frontier_says_so():
    result = frontier.efficiency([[1.0], [2.0]], [[1.0], [3.0]], units=["a", "b"])
    assert section(result).answer[0].en.startswith("All 2 units are on the frontier")


@pytest.mark.parametrize("rts", ["crs", "vrs", "nirs", "ndrs", "fdh"])
def test_the_curve_of_one_input_and_output_is_where_output_scores_end(rts):
    rng = np.random.default_rng(4)
    x, y = rng.uniform(1, 9, 25), rng.uniform(1, 9, 25)
    found = frontier.efficiency(x[:, None], y[:, None], rts=rts, orientation="output")
    curve = production(x, y, rts)
    for a, b, score in zip(x, y, found.scores, strict=True):
        reach = max(_heights(curve, a))
        assert reach == pytest.approx(score * b, rel=1e-9)


def _heights(curve, x):
    """Yield the heights of a path at a place."""
    for (x0, y0), (x1, y1) in pairwise(curve):
        if x0 <= x <= x1:
            yield max(y0, y1) if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def test_isoquant_and_transformation_curve_hold_efficient_units_and_no_other_is_beyond():
    rng = np.random.default_rng(5)
    two, one = rng.uniform(1, 9, (25, 2)), rng.uniform(1, 9, (25, 1))
    low = frontier.efficiency(two, one, rts="crs", orientation="input")
    points = (two / one)[np.asarray(low.solved.efficient)]
    corners = set(isoquant(*(two / one).T)[1:-1])
    assert {tuple(point) for point in points.tolist()} == corners
    high = frontier.efficiency(one, two, rts="crs", orientation="output")
    points = (two / one)[np.asarray(high.solved.efficient)]
    assert {tuple(point) for point in points.tolist()} == set(transformation(*(two / one).T)[1:-1])


def test_brief_sets_the_index_beside_the_growth_accounts(package, measurement, brief):
    made = brief(package, "frontier")
    assert made is not None
    years = measurement.inputs.filter(pl.col("year") <= 2017)
    change = frontier.productivity_change(
        years, "region", "year", ["capital", "labour"], ["output"], reference="sequential"
    )
    index = 100 * float(change.frame["index"].log().mean())
    accounts = 100 * float(measurement.frame.filter(pl.col("year") <= 2017)["tfp_growth"].mean())
    verdict = made.answer[0].en.replace("\u00a0", " ")
    assert verdict.startswith(
        f"The growth figure is TFP of the growth accounts: {number(accounts, 2, sign=True)} % a year"
    )
    assert f"The frontier index, {number(index, 2, sign=True)} %, is no growth figure" in verdict
    assert made.answer[-1].en.startswith("They differ in their weights")
    (one,) = made.figures()
    assert one.picture.twin.key == "frontier_beside"


def test_the_page_of_a_package_gives_the_verdict_first(package, measurement):
    study = xinzhi.studies.frontier(package, measurement=measurement)
    result = study.results["change"]
    assert (result.provenance.options["index"], result.provenance.options["reference"]) == ("malmquist", "sequential")
    page = section(result)
    assert page.pictures[0].kind == "beside"
    assert page.answer[0].en.startswith("The growth figure is TFP of the growth accounts")
    assert "增长数是增长核算的全要素生产率" in page.answer[0].zh
    facts = result.facts()
    assert next(iter(facts)) == "answer.verdict"
    # At the weight of capital that the page names the index is output growth less weighted inputs.
    rows, weight = result.beside_accounts(), facts["answer.why"]["implied"] / 100
    mean = {name: float(rows[name].mean()) for name in rows.columns if name != "unit"}
    inputs = weight * mean["capital_growth"] + (1 - weight) * mean["labour_growth"]
    assert mean["output_growth"] - inputs == pytest.approx(mean["index"], abs=1e-9)
    assert mean["difference"] == pytest.approx(mean["tfp_growth"] - mean["index"], abs=1e-12)


def test_other_goods_and_indices_have_no_verdict(package, measurement):
    study = xinzhi.studies.frontier(
        package, measurement=measurement, inputs=("capital",), outputs=("output",), index="malmquist", years="2015:2017"
    )
    result = study.results["change"]
    assert result.accounts is None
    assert "answer.verdict" not in result.facts()
    with pytest.raises(UsageError, match="no growth accounts beside it"):
        result.beside_accounts()
    assert list(xinzhi.studies.frontier(package, measurement=measurement, year=2017).results) == ["efficiency"]


def test_brief_of_a_single_region_is_none(country, brief):
    package = xinzhi.load(country(regions=1))
    assert brief(package, "frontier") is None


def test_scores_are_a_table_of_their_own_only_where_no_picture_has_them():
    result = frontier.efficiency([[1.0], [2.0]], [[1.0], [1.0]], units=["a", "b"])
    assert "frontier_scores" not in {table.key for table in section(result).tables}
    unscored = replace(result, frame=result.frame.with_columns(score=pl.lit(None, dtype=pl.Float64)))
    (only,) = [table for table in section(unscored).tables if table.key == "frontier_scores"]
    assert [row[0].en for row in only.rows] == ["a", "b"]


def test_a_result_about_a_unit_names_it_and_refuses_strangers():
    result = frontier.efficiency([[1.0], [2.0]], [[1.0], [1.0]], units=["a", "b"])
    assert result.about("b").labels.unit == "b"
    assert result.about(None) is result
    with pytest.raises(UsageError, match="there are a and b"):
        result.about("c")
