"""Pathways in a report: every picture draws in both languages and says what the frames hold."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi import pathways
from xinzhi.core.errors import UsageError
from xinzhi.pathways import internal
from xinzhi.report import pages
from xinzhi.report.pages.pathways import complexity as layout

TIGHT = 1e-9
KEYS = {"unit": "region", "time": "year", "value": "tfp_level"}
PANEL = {"place": "region", "activity": "industry", "value": "employment"}


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def measurement(package):
    return xinzhi.measure(package)


@pytest.fixture(scope="module")
def measured(package):
    jobs = package.tables["activity"].filter(pl.col("year") == 2016)
    accounts = package.tables["accounts"].filter(pl.col("year") == 2016)
    anchor = dict(accounts.select("region", pl.col("output_nominal") / pl.col("population")).rows())
    return internal.with_names(pathways.complexity(jobs, **PANEL, anchor=anchor), package)


@pytest.fixture(scope="module")
def chances(package, measured):
    return internal.with_names(pathways.opportunities(measured, emerging=["39", "40"]), package)


@pytest.fixture(scope="module")
def plan(package):
    return pathways.plan(package, untested=True)


def draws(section):
    for picture in section.pictures:
        drawn = str(picture.figure("topic").svg)
        assert drawn.count('class="zh"') == drawn.count('class="en"') > 0
        assert picture.headline.zh != picture.headline.en
        assert picture.twin.rows
    return {picture.kind: picture for picture in section.pictures}


def test_complexity_shows_the_space_the_ranks_and_what_a_region_lives_on(measured):
    found = draws(pages.section(measured, region="Jilin"))
    assert list(found) == ["space", "complexity", "shares"]
    row = measured.frame.filter(place="220000").row(0, named=True)
    assert f"specialises in {row['diversity']} of 38" in found["space"].headline.en
    assert f"ranks {row['rank']} of 31" in found["space"].headline.en
    ranged = draws(pages.section(replace(measured, ranges={"220000": (12, 27)}), region="Jilin"))["space"].headline
    assert (ranged.en.endswith("(by draws 12 to 27)"), "抽样区间：第12至第27位" in ranged.zh) == (True, True)
    assert sum(cells[1] for cells in found["shares"].twin.rows) == pytest.approx(100, abs=TIGHT)
    assert [cells[1] for cells in found["complexity"].twin.rows] == list(range(1, 32))


def test_names_not_codes_stand_in_the_pictures(measured):
    said = json.dumps(xinzhi.plot(measured, "complexity", "en").to_dict())
    assert "Guangdong" in said
    assert "440000" not in said


def test_intervals_say_their_own_level(measured, package):
    result = internal.with_names(pathways.uncertainty(measured, draws=internal.Draws(draws=30, unit=0.05)), package)
    picture = draws(pages.section(result))["ranks"]
    assert "90\N{NO-BREAK SPACE}% interval" in picture.headline.en
    assert all(1 <= low <= high <= 31 for _, _, low, high, _ in picture.twin.rows)
    assert len(picture.twin.rows) == 31


def test_opportunities_of_a_region(chances):
    found = draws(pages.section(chances, region="220000"))
    assert list(found) == ["opportunities", "best", "regions"]
    own = chances.frame.filter(place="220000")
    near = own.filter(pl.col("quadrant") == "near-complex")
    assert f"Of {own.height} industries that Jilin could enter {near.height} are" in found["opportunities"].headline.en
    assert found["best"].twin.rows[0][1] == pytest.approx(near["gain"].max(), abs=TIGHT)
    total = sum(sum(cells[1:]) for cells in found["regions"].twin.rows)
    assert total == chances.frame.height
    with pytest.raises(UsageError, match="no region 'Mars'"):
        pages.section(chances, region="Mars")


def test_backtest_does_not_claim_what_is_not_beyond_chance(package):
    options = internal.BacktestOptions(absent=(1.0,), scores=("rca", "density", "additive_logit"), draws=50)
    result = pathways.backtest(
        package.tables["activity"], **PANEL, period="year", train=(2005, 2010), test=(2011, 2016), options=options
    )
    picture = draws(pages.section(result))["backtest"]
    row = result.comparison.filter(measure="average_precision").row(0, named=True)
    assert row["low"] < 0 < row["high"]
    assert "no model is better beyond chance" in picture.headline.en
    assert len(picture.twin.rows) == 3


def test_likeness_and_choices(package):
    result = pathways.isomorphism(package, years=[2005, 2016], draws=20)
    found = draws(pages.section(result))
    last = result.years.filter(level="2-digit", year=2016).row(0, named=True)
    assert f"to {last['mean_cosine']:.2f} in 2016" in found["likeness"].headline.en
    assert len(found["similarity"].twin.rows) == 31 * 30 / 2
    choice = draws(pages.section(result.choice))
    assert list(choice) == ["named", "lacking", "remedy"]
    assert "549 choices of 2026" in choice["named"].headline.en
    for row in choice["named"].twin.rows:
        assert row[1] == sum(row[2:6])


def test_the_matrix_of_what_regions_are_able_to_do(package):
    result = pathways.able(package)
    found = draws(pages.section(result, region="520000"))
    assert list(found) == ["able"]
    assert "nothing is known" in found["able"].headline.en


def test_convergence_and_overtaking(measurement, package):
    levels = measurement.levels
    rules = internal.ClubRules(test=internal.LogTRules(smoothing=6.25), merge="ps")
    clubs = internal.with_names(pathways.clubs(levels, **KEYS, rules=rules), package)
    assert f"{clubs.table.height} clubs" in draws(pages.section(clubs))["clubs"].headline.en
    beta = draws(pages.section(internal.with_names(pathways.beta_convergence(levels, **KEYS), package)))
    assert "no evidence" in beta["beta"].headline.en
    spread = draws(pages.section(pathways.sigma_convergence(levels, **KEYS)))["sigma"].headline.en
    assert spread.startswith("Differences widened from 0.219 in 1996 to 0.300 in 2023")
    lead = internal.with_names(pathways.lead_changes(levels, **KEYS), package)
    lasting = lead.frame.filter(pl.col("durable")).height
    picture = draws(pages.section(lead))["overtaking"]
    assert f"{lasting} of {lead.frame.height} changes" in picture.headline.en
    mine = lead.frame.filter((pl.col("challenger") == "310000") | (pl.col("incumbent") == "310000")).height
    assert f"of {mine} changes of lead" in pages.section(lead, region="Shanghai").answer[0].en
    alone = pathways.lead_changes(levels.filter(pl.col("region").is_in(["310000", "540000"])), **KEYS)
    assert "overtaken no other region" in pages.section(alone, region="310000").answer[0].en
    assert len(pages.section(lead, region="Jilin").pictures[0].twin.rows) < len(picture.twin.rows)


def test_leap_lanes_and_the_northeast(measurement, package):
    lanes = pathways.lane_changes(package.tables["activity"], **PANEL, period="year", between=(2005, 2016))
    found = draws(pages.section(internal.with_names(lanes, package)))
    assert f"of {int(lanes.frame['entries'].sum())} entries" in found["lanes"].headline.en
    leap = pathways.leapfrog(package, measurement=measurement, lanes=lanes)
    section = pages.section(leap, region="吉林")
    assert "Shanghai leads" in draws(section)["leapfrog"].headline.en
    assert section.tables[0].rows
    east = draws(pages.section(internal.northeast(package, measurement=measurement)))
    assert "Liaoning" in east["northeast"].headline.en


def test_plan_against_the_herd(plan):
    section = pages.section(plan, region="Jilin")
    found = draws(section)
    assert list(found) == ["plan", "herd", "portfolios", "scarce"]
    rows = {row["kind"]: row for row in plan.comparison.iter_rows(named=True)}
    assert f"gains {rows['coordinated']['gain_realised']:,.1f}" in found["plan"].headline.en
    assert sum(row[2] for row in found["herd"].twin.rows) == plan.frame.height
    assert section.notes[0].en.startswith("Jilin:")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_plot_validates(plan, language):
    title = "".join(xinzhi.plot(plan, "herd", language).to_dict()["title"]["text"])
    assert ("随大流" if language == "zh" else "herd") in title


def test_brief_is_the_test_and_the_evidence_or_none_or_says_why(package, brief):
    section = brief(package, "paths")
    assert section.key == "paths"
    assert not section.pictures
    assert "Nothing can be recommended" in section.answer[0].en
    assert [one.key for one in section.tables] == ["pathways_by_region"]
    without = xinzhi.load({name: table for name, table in package.tables.items() if name in {"accounts", "investment"}})
    assert brief(without, "paths") is None
    flat = package.tables["activity"].filter(pl.col("region") == "220000")
    said = brief(
        xinzhi.load(
            {"accounts": package.tables["accounts"], "activity": flat, "investment": package.tables["investment"]}
        ),
        "paths",
    )
    assert "could not be computed" in said.answer[0].en


def test_layout_is_the_same_at_every_call_and_the_tree_is_the_heaviest():
    near = np.random.default_rng(3).uniform(size=(12, 12))
    near = (near + near.T) / 2
    np.testing.assert_array_equal(layout.places(near), layout.places(near))
    networkx_like = layout.tree(near)
    assert len(networkx_like) == 11
    weight = sum(near[a, b] for a, b in networkx_like)
    # Kruskal, written apart
    parent = list(range(12))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    other = 0.0
    for a, b in sorted(zip(*np.triu_indices(12, 1), strict=True), key=lambda one: -near[one]):
        if root(a) != root(b):
            parent[root(a)] = root(b)
            other += near[a, b]
    assert weight == pytest.approx(other, abs=TIGHT)


def test_layout_keeps_points_apart():
    near = np.full((20, 20), 0.5)
    at = layout.places(near)
    gaps = np.sqrt(((at[:, None] - at[None]) ** 2).sum(axis=2))[~np.eye(20, dtype=bool)]
    assert gaps.min() > 0.02


def test_where_nothing_can_be_recommended_the_page_has_the_test_and_the_evidence(package):
    made = {
        "plan": xinzhi.studies.plan(package, region="Jilin").results["plan"],
        "opportunities": xinzhi.studies.paths(package, deeper=False).results["opportunities"],
    }
    first = {name: pages.section(result, region="Jilin").answer[0] for name, result in made.items()}
    assert first["plan"] == first["opportunities"]  # one test, one verdict
    for result in made.values():
        shown = pages.section(result, region="Jilin")
        assert "average precision 0.230 against 0.313" in shown.answer[0].en
        assert "one of 46 industries, 8 of them sections of services" in shown.answer[0].en
        assert "286 choices without sufficient evidence and 2" in shown.answer[1].en
        assert not shown.pictures
        (listed,) = shown.tables
        rows = {row[0].en: row for row in listed.rows}
        assert len(rows) == 31
        assert "Steel" in rows["Jilin"][1].en
        assert "Robots" in rows["Shanghai"][1].en
        text = " ".join(cell.en for row in listed.rows for cell in row)
        assert not [word for word in ("Apparel", "Leather", "Toys", "toys") if word in text]
    assert "钢铁" in pages.section(made["plan"], region="Jilin").notes[0].zh
    assert "43类产业（含服务业）中26类可以衡量" in pages.section(made["plan"], region="Jilin").notes[1].zh


def test_without_evidence_in_the_package_the_page_has_the_test_alone(package):
    bare = pathways.plan({name: package.tables[name] for name in ("activity", "accounts", "regions")})
    shown = pages.section(bare)
    assert shown.tables == ()
    assert "Nothing can be recommended" in shown.answer[0].en
    assert "no industry can be recommended" in bare.explain("Jilin").text("en")
