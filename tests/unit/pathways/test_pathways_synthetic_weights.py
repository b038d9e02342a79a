"""Synthetic controls: weights by hand and by brute force, placebos, bad input, the Northeast page."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import counterfactual
from xinzhi.pathways.internal import MatchRules, northeast
from xinzhi.pathways.leap.counterfactual import simplex_weights

KEYS = {"unit": "unit", "time": "year", "value": "y"}


@pytest.mark.parametrize("seed", range(5))
def test_weights_solve_the_quadratic_program(seed):
    rng = np.random.default_rng(seed)
    donors, target = rng.normal(size=(7, 12)), rng.normal(size=7) * 2
    ours = simplex_weights(target, donors)
    assert ours.min() >= 0
    assert ours.sum() == pytest.approx(1)

    def distance(weights):
        return float(((donors @ weights - target) ** 2).sum())

    theirs = minimize(
        distance,
        np.full(12, 1 / 12),
        bounds=[(0, 1)] * 12,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert distance(ours) <= theirs.fun + 1e-9
    # the conditions of Karush, Kuhn and Tucker: the slope is the same for all donors with weight, no less elsewhere
    slope = donors.T @ (donors @ ours - target)
    assert np.ptp(slope[ours > 1e-9]) == pytest.approx(0, abs=1e-8)
    assert slope.min() >= slope[ours > 1e-9].mean() - 1e-8


def panel(effect=0.0, seed=0, units=10, years=20):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(2, years)).cumsum(axis=1)
    loads = rng.uniform(0, 1, (units, 2))
    values = 10 + loads @ factors + rng.normal(0, 0.05, (units, years))
    values[0, 12:] += effect
    rows = [(f"u{i}", 2000 + t, values[i, t]) for i in range(units) for t in range(years)]
    return pl.DataFrame(rows, schema=["unit", "year", "y"], orient="row")


def test_an_effect_stands_out_and_none_does_not():
    found = counterfactual(panel(5.0), **KEYS, treated="u0", start=2012)
    assert found.p == pytest.approx(0.1)
    assert found.frame.filter("after")["gap"].mean() == pytest.approx(5.0, abs=0.5)
    assert found.fit_before < 0.3
    none = counterfactual(panel(0.0), **KEYS, treated="u0", start=2012)
    assert abs(none.frame.filter("after")["gap"].mean()) < 0.5
    assert found.placebos["unit"].item(0) == "u0"
    assert found.placebos.height == 10
    assert found.weights["weight"].sum() == pytest.approx(1)
    assert "placebo p = 0.100" in found.summary()
    assert "安慰剂检验" in found.summary("zh")


def test_predictors_are_matched():
    data = panel()
    structure = pl.DataFrame({"unit": [f"u{i}" for i in range(10)], "size": np.linspace(1, 2, 10)})
    structure = structure.with_columns(size=pl.when(unit="u0").then(1.5).otherwise("size"))
    rules = MatchRules(history=False)
    found = counterfactual(data, **KEYS, treated="u0", start=2012, predictors=structure, rules=rules)
    assert found.balance.filter(predictor="size")["synthetic"].item() == pytest.approx(1.5)


def test_bad_input_is_named():
    data = panel()
    with pytest.raises(UsageError, match="no unit 'x'"):
        counterfactual(data, **KEYS, treated="x", start=2012)
    with pytest.raises(UsageError, match="inside 2000 to 2019"):
        counterfactual(data, **KEYS, treated="u0", start=2000)
    with pytest.raises(UsageError, match="nothing to match on"):
        counterfactual(data, **KEYS, treated="u0", start=2012, rules=MatchRules(history=False))
    holed = data.filter(~((pl.col("unit") == "u0") & (pl.col("year") == 2005)))
    with pytest.raises(InputError, match="'u0' itself has gaps"):
        counterfactual(holed, **KEYS, treated="u0", start=2012, rules=MatchRules(gaps="drop"))
    few = pl.DataFrame({"unit": [f"u{i}" for i in range(10) if i != 3], "size": np.linspace(1, 2, 9)})
    with pytest.raises(InputError, match="no predictors for u3"):
        counterfactual(data, **KEYS, treated="u0", start=2012, predictors=few)
    same = pl.DataFrame({"unit": [f"u{i}" for i in range(10)], "size": np.ones(10)})
    with pytest.raises(InputError, match="the same everywhere"):
        counterfactual(data, **KEYS, treated="u0", start=2012, predictors=same)


@pytest.fixture(scope="module")
def page():
    package = xinzhi.load("china-provinces")
    return northeast(package, measurement=xinzhi.measure(package))


def test_the_northeast_page(page):
    assert page.table.height == 3 * 6
    totals = page.weights.group_by("region", "series").agg(pl.col("weight").sum())
    assert totals["weight"].to_numpy() == pytest.approx(1.0)
    assert not set(page.weights["donor"].to_list()) & {"210000", "220000", "230000"}
    people = page.table.filter(series="population")
    assert (people["actual"] < people["synthetic"]).all()  # people left, or were not born
    head = page.frame.filter(series="population", region="230000", year=2000)
    assert head["actual"].item() == 100
    accounts = xinzhi.load("china-provinces").tables["accounts"]
    others = accounts.filter(~pl.col("region").is_in(["210000", "220000", "230000"]))
    ends = [others.filter(year=year)["population"].sum() for year in (2000, 2024)]
    assert page.elsewhere == pytest.approx(100 * (ends[1] / ends[0] - 1))
    growth = page.momentum.filter(region="210000", period="2013-2023").row(0, named=True)
    assert growth["gap"] == pytest.approx(growth["growth"] - growth["synthetic"])
    assert "Heilongjiang" in page.summary()
    assert "自然增长" in page.summary("zh")


def test_the_page_says_what_it_lacks():
    page = northeast()
    assert any("no measurement" in item.en for item in page.missing)
    assert "tfp" not in page.table["series"].to_list()
    with pytest.raises(UsageError, match="unknown region 999999"):
        northeast(regions=["999999"])


def test_what_no_control_is_like_is_refused(page):
    rows = {(row["region"], row["series"]): row for row in page.table.iter_rows(named=True)}
    kept, out = rows["210000", "population"], rows["230000", "population"]
    assert kept["fits"]
    assert (kept["off_path"], kept["off_structure"]) == pytest.approx((0.13, 0.10), abs=0.01)
    assert not out["fits"]
    assert (out["gap"], out["p"], out["without"]) == (None, None, None)
    assert out["off_structure"] == pytest.approx(0.88, abs=0.01)
    momentum = page.momentum.filter(region="230000")
    assert momentum["growth"].null_count() == 0
    assert momentum["gap"].null_count() == momentum.height
    for language, words in (("en", "Heilongjiang: no comparison of any series"), ("zh", "黑龙江的各项指标不作比较")):
        assert words in page.summary(language)


def test_donors_are_named_and_the_largest_left_out(page):
    row = page.table.filter(region="210000", series="population").row(0, named=True)
    assert row["largest"] == "330000"
    control = page.controls["210000", "population"]
    assert row["largest_weight"] == control.weights["weight"][0]
    said = page.summary()
    assert "Zhejiang 52" in said
    assert "without Zhejiang" in said
    package = xinzhi.load("china-provinces")
    accounts = package.tables["accounts"].filter(pl.col("region") != "330000")
    bare = northeast({"accounts": accounts, "sector_accounts": package.tables["sector_accounts"]}, regions=["210000"])
    same = northeast(package, regions=["210000"]).table.filter(series="population")
    assert bare.table.filter(series="population")["actual"].item() == same["actual"].item()
    assert "330000" not in bare.weights["donor"].to_list()


def test_a_province_that_is_a_mixture_of_others_fits():
    package = xinzhi.load("china-provinces")
    found = northeast(package, regions=["410000"])
    assert found.table["off_structure"].is_between(0, 10).all()
    assert (
        found.table["fits"] == ((found.table["off_path"].fill_null(0) <= 0.5) & (found.table["off_structure"] <= 0.25))
    ).all()
