"""The verb `plan` on the provinces: limits kept, compared, explained, and bad input named."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.regression import logit, logit_errors
from xinzhi.pathways import Limits, forecast, plan
from xinzhi.pathways.industries import jobs, nearness
from xinzhi.pathways.plans.plan_constraints import caps_of, debt_ratios, fit_entry, utilisation

BARE = ("regions", "accounts", "activity", "industries", "capacity", "debt")


@pytest.fixture(scope="module")
def whole():
    """The package with its categories of plans."""
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def package(whole):
    """A package that names no categories: the candidates are its industries."""
    return replace(whole, tables={name: whole.tables[name] for name in BARE})


@pytest.fixture(scope="module")
def found(package):
    return plan(package, untested=True)


@pytest.fixture(scope="module")
def weighed(whole):
    return plan(whole, untested=True)


def test_candidates_are_the_categories_that_plans_name_services_included(whole, weighed):
    codes = set(weighed.candidates["category"])
    known = set(whole.tables["plan_categories"]["category"])
    assert {"ai", "nev", "software", "finance", "logistics", "tourism", "biomed", "battery", "ic"} <= codes
    assert codes | set(weighed.unjudged["category"]) == known
    why = dict(weighed.unjudged.iter_rows())
    assert (why["computing"], why["coal"], why["digital"]) == ("no_base", "bound", "general")
    assert set(weighed.frame["category"]) <= codes
    assert weighed.frame.columns[:3] == ["region", "region_zh", "region_en"]
    assert {"category", "chance", "gain"} <= set(weighed.frame.columns)
    assert "Computing power and data centres" in weighed.summary("en")
    assert "算力/数据中心" in weighed.summary("zh")


def test_the_gain_is_the_value_added_at_the_weight_of_the_nation(whole, weighed):
    """By hand: output of 2023 x share of the category in the nation x (1 - quotient of urban-unit jobs in 2016)."""
    parts = weighed.parts
    region, category = parts.places.index("220000"), parts.industries.index("finance")
    accounts = whole.tables["accounts"].filter(region="220000", year=2023)["output_nominal"].item()
    services = [
        "ict",
        "finance",
        "transport_post",
        "culture_sports",
        "hotel_catering",
        "health_social",
        "water_env_public",
        "science_tech",
    ]
    jobs_of = pl.concat(
        [
            whole.tables["activity"].filter(year=2016).select("region", "employment", code="industry"),
            whole.tables["activity_sections"]
            .filter(year=2016)
            .select("region", "employment", code="section")
            .filter(pl.col("code").is_in(services)),
        ]
    )
    own, nation = jobs_of.filter(region="220000"), jobs_of
    share = [rows.filter(code="finance")["employment"].sum() / rows["employment"].sum() for rows in (own, nation)]
    quotient = share[0] / share[1]
    expected = accounts * 93926.9 / 1300965.2 * max(0.0, 1.0 - quotient)
    assert parts.gain[region, category] == pytest.approx(expected, rel=1e-9)


def test_what_complete_data_contradict_is_no_candidate(weighed):
    column = weighed.parts.industries.index("steel")
    assert np.isnan(weighed.task.value[weighed.parts.places.index("110000"), column])  # Beijing makes no steel


def test_the_herd_is_what_the_reports_name_and_first_come_stands_beside_the_optimum(whole, weighed):
    plans = whole.tables["plans"].filter(year=2026).group_by("category").agg(pl.col("named").sum())
    most = plans.filter(pl.col("category").is_in(weighed.candidates["category"])).sort("named", descending=True)
    assert weighed.crowded()["category"][0] == most["category"][0] == "tourism"
    kinds = dict(weighed.comparison.select("kind", "gain_realised").iter_rows())
    assert f"First come, first served reaches {kinds['queue'] / kinds['loose']:.0%}"[:-1] in weighed.summary("en")
    assert "are varied: at 1.5 times" in weighed.summary("en")


def test_nothing_is_recommended_of_categories_either(whole, weighed):
    result = plan(whole)
    assert not result.skill.beats
    assert result.frame.is_empty()
    assert result.candidates.equals(weighed.candidates)
    assert result.summary("zh").startswith("不能据此推荐")


@pytest.mark.shared
def test_value_added_of_the_categories_is_that_of_the_table(shared):
    import yaml

    file = Path(xinzhi.__file__).parent / "pathways" / "candidates.yaml"
    said = yaml.safe_load(file.read_text("utf-8"))
    table = pl.read_csv(
        shared / "data" / "china" / "additions" / "io_2023_value_added_211_products.csv",
        schema_overrides={"code": pl.String},
    )
    products = dict(table.select("code", "value_added").iter_rows())
    assert said["gain"]["total"] == pytest.approx(sum(products.values()) / 1e4, abs=0.1)
    for code, rule in said["categories"].items():
        assert rule["value_added"] == pytest.approx(sum(products[one] for one in rule["products"]) / 1e4, abs=0.06), (
            code
        )


def test_the_plan_keeps_every_limit(found):
    counts = found.frame.group_by("category").len()
    joined = counts.join(found.candidates.select("category", "cap"), on="category")
    assert (joined["len"].cast(pl.Int64) <= joined["cap"]).all()
    assert (found.regions["gain"] >= found.regions["floor"] - 1e-7).all()
    sizes = found.frame.group_by("region").len().sort("region")["len"].cast(pl.Int64)
    assert sizes.to_list() == found.regions["size"].to_list()
    assert found.gap < 1e-6
    assert not set(found.frame["category"]) & {"06", "07", "16", "44"}


def test_only_industries_that_the_region_lacks_are_given(found, package):
    near = nearness(jobs(package, 2016, verb="test")[0])
    for region, industry in found.frame.select("region", "category").iter_rows():
        assert not near.present[near.places.index(region), near.industries.index(industry)]


def test_no_rival_exceeds_the_optimum_and_the_herd_overshoots(found):
    rows = {row["kind"]: row for row in found.comparison.iter_rows(named=True)}
    assert set(rows) == {"coordinated", "loose", "queue", "greedy", "herd"}
    for row in rows.values():
        assert row["gain_realised"] <= rows["loose"]["gain_realised"] + 1e-7
        assert row["lost"] >= -1e-9
    assert rows["coordinated"]["excess"] == 0
    assert rows["herd"]["excess"] > rows["greedy"]["excess"] > 0
    assert rows["herd"]["mean_jaccard"] > rows["coordinated"]["mean_jaccard"]


def test_summary_and_explanation_in_both_languages(found):
    assert "proven optimal" in found.summary("en")
    assert "已证明最优" in found.summary("zh")
    why = found.explain("吉林")
    assert why.region == "220000"
    assert why.assigned.height == 1
    assert "debt 70\N{NO-BREAK SPACE}% of output in 2024" in why.text("en")
    assert "进入概率" in why.text("zh")
    given = found.frame.filter(pl.col("reason") == "moved")["region"][0]
    moved = found.explain(given)
    assert moved.passed.height > 0
    assert "Not given" in moved.text("en")
    assert "未得" in moved.text("zh")


def test_in_a_transport_problem_nothing_passed_over_was_worth_more_than_what_was_given(found):
    # Complementary slackness: less the price of a place, no passed-over industry beats the region's own price.
    assert found.assignment.proof == "flow"
    net = np.nan_to_num(found.task.value, nan=-np.inf) - found.assignment.cap_prices
    own = found.assignment.region_prices[:, None]
    outside = ~found.assignment.selection & np.isfinite(net)
    assert (net - own)[outside].max() < 1e-7


def test_sensitivity_rises_with_the_caps_and_names_what_cannot_be(found):
    rows = found.sensitivity()
    known = rows.filter(pl.col("gain").is_not_null())
    assert known["gain"].is_sorted()
    assert known.filter(pl.col("scale") == 1.0)["beside_plan"].item() == pytest.approx(0.0, abs=1e-9)
    assert "no plan keeps" in rows.filter(pl.col("gain").is_null())["status_en"][0]
    with pytest.raises(UsageError, match="scales above 0"):
        found.sensitivity([0.0])


def test_all_38_industries_and_tight_limits_are_proven(package):
    result = plan(package, exclude=(), limits=Limits(overlap=1, floor=0.6))
    assert result.candidates.height == 38
    assert result.gap < 1e-6


def test_chances_of_another_verb_are_taken_as_they_are(package):
    chances = forecast(
        package.tables["activity"],
        place="region",
        activity="industry",
        value="employment",
        period="year",
        train=(2006, 2011),
        at=2016,
        model="additive_logit",
    ).frame
    result = plan(package, probabilities=chances)
    assert result.odds is None
    one = result.frame.row(0, named=True)
    same = chances.filter(pl.col("place") == one["region"], pl.col("activity") == one["category"])
    assert one["chance"] == pytest.approx(same["probability"].item(), abs=1e-12)


def test_gains_by_industry_and_by_region(package, found):
    flat = plan(package, untested=True, gains=dict.fromkeys(found.parts.industries, 1.0))
    assert flat.frame["value"].to_numpy() == pytest.approx(flat.frame["chance"].to_numpy())
    frame = pl.DataFrame({"industry": found.parts.industries, "gain": 1.0})
    assert plan(package, gains=frame).assignment.objective == pytest.approx(flat.assignment.objective)


def test_capacity_limits_what_entrants_add(package):
    loose = plan(package, limits=Limits(caps=31, floor=0.0, overlap=math.inf))
    tight = plan(package, limits=Limits(caps=31, floor=0.0, overlap=math.inf, capacity=0.05))
    assert tight.assignment.objective < loose.assignment.objective
    taken = np.where(tight.assignment.selection, tight.parts.lack, 0.0).sum(axis=0)
    assert (taken <= 0.05 * tight.parts.nation * (1 + 1e-6)).all()


def test_the_logit_is_the_maximum_of_its_likelihood(package):
    odds = fit_entry(package, 2016, 5)
    assert odds.windows == ((2006, 2011), (2011, 2016))
    rng = np.random.default_rng(0)
    x = rng.uniform(size=400)
    y = rng.uniform(size=400) < 1 / (1 + np.exp(1 - 3 * x))
    design = np.column_stack([np.ones(400), x])
    beta = logit(design, y)
    errors = logit_errors(design, y, beta, np.arange(400))
    chance = 1 / (1 + np.exp(-beta[0] - beta[1] * x))
    assert abs((y - chance).sum()) < 1e-8
    assert abs(((y - chance) * x).sum()) < 1e-8
    assert abs(beta[1] - 3) < 3 * errors[1]


def test_clusters_of_one_give_the_usual_robust_errors():
    rng = np.random.default_rng(1)
    x = rng.uniform(size=300)
    y = rng.uniform(size=300) < 0.4
    design = np.column_stack([np.ones(300), x])
    beta = logit(design, y)
    errors = logit_errors(design, y, beta, np.arange(300))
    chance = 1 / (1 + np.exp(-design @ beta))
    bread = np.linalg.inv((design * (chance * (1 - chance))[:, None]).T @ design)
    meat = (design * ((y - chance) ** 2)[:, None]).T @ design
    assert errors == pytest.approx(np.sqrt(np.diag(bread @ meat @ bread) * 300 / 299))


def test_sizes_follow_debt_and_can_be_set(package):
    ratios, year = debt_ratios(package)
    assert year == 2024
    result = plan(package, limits=Limits(debt=False))
    assert (result.regions["size"] == 3).all()
    fixed = plan(package, limits=Limits(sizes={"220000": 2}))
    assert fixed.regions.filter(pl.col("region") == "220000")["size"].item() == 2
    usual = plan(package).regions
    indebted = usual.filter(pl.col("debt_ratio") >= 0.6)["size"]
    assert (indebted == 1).all()
    assert ratios["630000"] > 0.6


def test_idle_capacity_lowers_the_cap(package):
    used = utilisation(package, ["36", "28", "39"])
    assert used["36"] < 75 < used["39"] < 79 < used["28"]
    assert caps_of(None, ["36", "28", "39"], 12, used).tolist() == [4, 8, 6]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"portfolio": 0}, "a portfolio of 0"),
        ({"year": 1999}, "no year 1999"),
        ({"exclude": ["99"]}, "no industry '99'"),
        ({"gains": {"99": 1.0}}, "no industry '99'"),
        ({"limits": Limits(caps={"99": 1})}, "caps: there is no industry to choose '99'"),
        ({"limits": Limits(caps=-1)}, "a cap of -1"),
        ({"limits": Limits(caps={"39": -1})}, "the cap of industry 39 is -1"),
        ({"limits": Limits(sizes={"Atlantis": 1})}, "no region 'Atlantis'"),
        ({"limits": Limits(sizes={"220000": -1})}, "the size of region 220000 is -1"),
        ({"limits": Limits(floor=1.5)}, "a floor of 1.5"),
        ({"limits": Limits(overlap=-1)}, "an overlap of -1"),
        ({"limits": Limits(capacity=-0.1)}, "a capacity below 0"),
        ({"limits": Limits(capacity={"99": 0.1})}, "capacity: there is no industry to choose '99'"),
        ({"probabilities": pl.DataFrame({"a": [1]})}, "needs the columns region, industry, probability"),
    ],
)
def test_bad_calls_are_named(package, options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        plan(package, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limits": Limits(caps=1)}, "too tight by 40 places: 68 are asked for, the caps hold 28"),
        ({"portfolio": 26, "limits": Limits(debt=False)}, "31 regions have fewer industries to choose from"),
        ({"limits": Limits(floor=1.0)}, "floors cannot all be reached"),
        ({"limits": Limits(capacity=0.0001)}, "capacity is too small"),
    ],
)
def test_infeasible_limits_say_which_and_by_how_much(package, options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        plan(package, **options)


def test_bad_frames_are_named(package):
    cell = {"region": ["110000"], "industry": ["39"]}
    with pytest.raises(InputError, match="probabilities lie between 0 and 1"):
        plan(package, probabilities=pl.DataFrame({**cell, "probability": [1.5]}))
    with pytest.raises(InputError, match="A gain below zero"):
        plan(package, gains=pl.DataFrame({**cell, "gain": [-1.0]}))
    with pytest.raises(InputError, match="occurs again"):
        plan(package, gains=pl.DataFrame({**cell, "gain": [1.0]}).vstack(pl.DataFrame({**cell, "gain": [1.0]})))
    strange = pl.DataFrame({"region": ["Atlantis"], "industry": ["39"], "gain": [1.0]})
    with pytest.raises(UsageError, match="no row of the frame of gain"):
        plan(package, gains=strange)


def test_one_year_alone_has_no_past_to_learn_from(package):
    activity = package.tables["activity"].filter(pl.col("year") == 2016)
    tables = {"activity": activity, "accounts": package.tables["accounts"]}
    with pytest.raises(InputError, match="hold no window of 5 years"):
        plan(tables)


def test_a_package_without_debt_gives_full_portfolios_and_says_so(package):
    names = ("activity", "accounts")
    result = plan({name: package.tables[name] for name in names})
    assert (result.regions["size"] == 3).all()
    assert {one.rule for one in result.findings} == {"no-debt"}
    assert result.debt_year is None
    assert "of output" not in result.explain("220000").text("en")


def test_a_region_with_nothing_is_left_out_and_named(package):
    activity = package.tables["activity"].with_columns(
        employment=pl.when((pl.col("region") == "540000") & (pl.col("year") == 2016)).then(0.0).otherwise("employment")
    )
    tables = {name: package.tables[name] for name in ("accounts", "debt")}
    result = plan({"activity": activity, **tables})
    assert result.regions.height == 30
    assert "empty-place" in {one.rule for one in result.findings}


def test_nothing_is_recommended_where_the_model_does_not_beat_the_quotient(package, found):
    result = plan(package)
    assert not result.skill.beats
    assert result.skill.low < result.skill.value - result.skill.quotient < result.skill.high
    assert result.frame.columns == ["region", "category", "chance", "gain"]
    assert result.frame.is_empty()
    assert result.summary("en").startswith("Nothing can be recommended")
    assert result.summary("zh").startswith("不能据此推荐")
    assert "no industry can be recommended" in result.explain("Shanghai").text("en")
    assert result.comparison.equals(found.comparison)
    names = [text for text in package.tables["industries"]["name_en"] if text in result.summary("en")]
    assert names == []


def test_the_test_of_skill_equals_the_backtest(package):
    from xinzhi.pathways import backtest
    from xinzhi.pathways.internal import BacktestOptions

    skill = plan(package).skill
    other = backtest(
        package.tables["activity"],
        place="region",
        activity="industry",
        value="employment",
        period="year",
        train=(2006, 2011),
        test=(2011, 2016),
        options=BacktestOptions(absent=(1.0,), scores=("rca", "density"), draws=5),
    ).frame.filter(measure="average_precision")
    values = dict(other.select("score", "value").iter_rows())
    assert skill.quotient == pytest.approx(values["rca"])
    assert skill.value == pytest.approx(values["density"], abs=0.02)  # the verb leaves the industry itself out
