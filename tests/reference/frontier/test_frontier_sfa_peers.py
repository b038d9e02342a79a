"""Stochastic frontiers against R: sfaR 1.0.1, frontier 1.1-8, Benchmarking 0.33 (calls in ../shared/ref/dea/*.R).

Tolerances: coefficients 1e-4, log-likelihood 1e-5, efficiencies 1e-4, after `frontier`'s pi is put right: it has
3.1415926, which lifts its log-likelihood by 2.403e-8 a row. Convergence of the peers bounds agreement of coefficients.
Left out on purpose: frontier's truncated normal on front41 (stopped at code 5, 0.010 below the maximum) and sfaR's BC95
on rice (its default optimiser ends at 1.28e78). sfaR's uniform ends at sigma_u = 0.0064; the likelihood is flat there,
and ours is the limit, least squares.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xinzhi.frontier import sfa

pytestmark = pytest.mark.shared
COEFFICIENT, LIKELIHOOD, EFFICIENCY, PI = 1e-4, 1e-5, 1e-4, 2.403e-8
FARM = ["AREA", "LABOR", "NPK"]


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "ref" / "dea"


@pytest.fixture(scope="module")
def plants(folder):
    return pl.read_csv(folder / "front41Data_input.csv")


@pytest.fixture(scope="module")
def rice(folder):
    return pl.read_csv(folder / "riceProdPhil_input.csv", infer_schema_length=None)


def read(folder, name):
    table = pl.read_csv(folder / f"{name}_coef.csv", null_values="NA")
    estimate = "est" if "est" in table.columns else "Estimate"
    return dict(table.select("par", estimate).iter_rows()), table["logLik"][0]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("half-normal", "hnormal"),
        ("exponential", "exponential"),
        ("truncated-normal", "tnormal"),
        ("rayleigh", "rayleigh"),
        ("gamma", "gamma"),
    ],
)
def test_cross_section_models_equal_sfar(folder, plants, model, name):
    theirs, level = read(folder, f"front41Data_sfaR_{name}")
    result = sfa(plants, "output", ["capital", "labour"], model=model)
    assert result.verdict.status == "converged"
    assert result.log_likelihood == pytest.approx(level, abs=LIKELIHOOD)
    names = {
        "(Intercept)": "constant",
        "log(capital)": "log(capital)",
        "log(labour)": "log(labour)",
        "Zu_(Intercept)": "ln(sigma_u2)",
        "Zv_(Intercept)": "ln(sigma_v2)",
        "Zmu_(Intercept)": "mu",
        "P": "shape",
    }
    for par, value in theirs.items():
        assert result.coefficient(names[par]) == pytest.approx(value, abs=COEFFICIENT), par


def test_uniform_inefficiency_is_none_at_all(folder, plants):
    theirs, level = read(folder, "front41Data_sfaR_uniform")
    result = sfa(plants, "output", ["capital", "labour"], model="uniform")
    assert result.verdict.reasons == ("no-inefficiency",)
    assert result.log_likelihood == pytest.approx(level, abs=LIKELIHOOD)
    assert result.log_likelihood >= level
    assert result.coefficient("log(labour)") == pytest.approx(theirs["log(labour)"], abs=COEFFICIENT)
    # their sigma_u of 0.0064 raises the frontier by its mean, half the width of the uniform
    raised = np.sqrt(3) * np.exp(theirs["Zu_(Intercept)"] / 2)
    assert result.coefficient("constant") == pytest.approx(theirs["(Intercept)"] - raised, abs=COEFFICIENT)


def test_efficiencies_and_intervals_equal_sfar(folder, plants):
    theirs = pl.read_csv(folder / "front41Data_sfaR_hnormal_eff.csv")
    ours = sfa(plants, "output", ["capital", "labour"]).frame
    pairs = {
        "inefficiency": "u",
        "efficiency": "teBC",
        "efficiency_jlms": "teJLMS",
        "lower": "teBCLB",
        "upper": "teBCUB",
    }
    for mine, their in pairs.items():
        np.testing.assert_allclose(ours[mine], theirs[their], atol=1e-7)


def test_half_normal_equals_frontier_and_benchmarking(folder, plants, rice):
    result = sfa(plants, "output", ["capital", "labour"])
    theirs, level = read(folder, "front41Data_frontier_halfnormal")
    assert result.log_likelihood == pytest.approx(level - 60 * PI, abs=1e-8)
    for par, term in (("gamma", "gamma"), ("lambda", "lambda"), ("sigmaSq", "sigma2"), ("sigmaU", "sigma_u")):
        assert result.coefficient(term) == pytest.approx(theirs[par], abs=COEFFICIENT)
    table = pl.read_csv(folder / "front41Data_Benchmarking_sfa_halfnormal_coef.csv")
    np.testing.assert_allclose(result.coefficients["estimate"][:3], table["est"][:3], atol=COEFFICIENT)
    pooled = sfa(rice, "PROD", FARM)
    theirs, level = read(folder, "riceProdPhil_frontier_pooled_halfnormal")
    assert pooled.log_likelihood == pytest.approx(level - 344 * PI, abs=1e-7)
    assert pooled.coefficient("gamma") == pytest.approx(theirs["gamma"], abs=COEFFICIENT)
    scores = pl.read_csv(folder / "riceProdPhil_frontier_pooled_halfnormal_eff.csv")["efficiency"]
    np.testing.assert_allclose(pooled.frame["efficiency"], scores, atol=EFFICIENCY)


PANELS = [
    ("pitt-lee", "half-normal", "panel_timeinv_halfnormal"),
    ("pitt-lee", "truncated-normal", "panel_timeinv_truncnormal"),
    ("bc92", "half-normal", "BC92_timeeffect_halfnormal"),
    ("bc92", "truncated-normal", "BC92_timeeffect_truncnormal"),
]


@pytest.mark.parametrize(("model", "distribution", "name"), PANELS, ids=[name for _, _, name in PANELS])
def test_panels_equal_frontier(folder, rice, model, distribution, name):
    theirs, level = read(folder, f"riceProdPhil_frontier_{name}")
    result = sfa(rice, "PROD", FARM, "FMERCODE", "YEARDUM", model=model, distribution=distribution)
    assert result.verdict.status == "converged"
    assert result.log_likelihood == pytest.approx(level - 344 * PI, abs=LIKELIHOOD)
    names = {"(Intercept)": "constant", "time": "eta", "mu": "mu", "sigmaSq": "sigma2", "gamma": "gamma"}
    for par in (*(f"log({farm})" for farm in FARM), *(par for par in names if par in theirs)):
        assert result.coefficient(names.get(par, par)) == pytest.approx(theirs[par], abs=COEFFICIENT), par
    compare_scores(folder, name, result)


def compare_scores(folder, name, result):
    scores = pl.read_csv(folder / f"riceProdPhil_frontier_{name}_eff.csv")
    if "efficiency" in scores.columns:
        both = result.frame.join(scores, left_on="unit", right_on="dmu", suffix="_r")
    else:
        long = scores.unpivot(index="dmu", variable_name="period", value_name="efficiency_r")
        long = long.with_columns(pl.col("dmu").cast(pl.Int64), pl.col("period").cast(pl.Int64))
        both = result.frame.join(long, left_on=["unit", "period"], right_on=["dmu", "period"])
    assert both.height == 344
    assert (both["efficiency"] - both["efficiency_r"]).abs().max() < EFFICIENCY


def test_determinants_equal_frontier(folder, rice):
    theirs, level = read(folder, "riceProdPhil_frontier_BC95_cross")
    result = sfa(rice, "PROD", FARM, model="bc95", determinants=["EDYRS", "BANRAT"])
    assert result.verdict.status == "converged"
    assert result.log_likelihood == pytest.approx(level - 344 * PI, abs=LIKELIHOOD)
    assert result.log_likelihood == pytest.approx(-77.31363416, abs=1e-7)
    for par in ("(Intercept)", "log(AREA)", "log(LABOR)", "log(NPK)", "gamma", "sigmaSq", "Z_EDYRS"):
        term = {"(Intercept)": "constant", "sigmaSq": "sigma2", "Z_EDYRS": "z:EDYRS"}.get(par, par)
        assert result.coefficient(term) == pytest.approx(theirs[par], abs=COEFFICIENT), par
    for par in ("Z_(Intercept)", "Z_BANRAT"):  # standard errors are 8: frontier stops 4e-5 short of the top
        term = {"Z_(Intercept)": "z:constant"}.get(par, par.replace("Z_", "z:"))
        assert result.coefficient(term) == pytest.approx(theirs[par], abs=COEFFICIENT), par
    scores = pl.read_csv(folder / "riceProdPhil_frontier_BC95_cross_eff.csv")["efficiency"]
    np.testing.assert_allclose(result.frame["efficiency"], scores, atol=EFFICIENCY)


def test_determinants_without_a_constant_equal_frontier(folder, rice):
    theirs, level = read(folder, "riceProdPhil_frontier_BC95_panel_noint")
    options = {"determinants": ["EDYRS", "BANRAT"], "determinants_constant": False}
    result = sfa(rice, "PROD", FARM, "FMERCODE", "YEARDUM", model="bc95", **options)
    assert result.log_likelihood == pytest.approx(level - 344 * PI, abs=LIKELIHOOD)
    for par in ("Z_EDYRS", "Z_BANRAT", "gamma", "sigmaSq"):
        term = {"sigmaSq": "sigma2"}.get(par, par.replace("Z_", "z:"))
        assert result.coefficient(term) == pytest.approx(theirs[par], abs=COEFFICIENT), par
    compare_scores(folder, "BC95_panel_noint", result)


def test_panels_that_break_down_say_so(rice):
    fixed = sfa(rice, "PROD", FARM, "FMERCODE", "YEARDUM", model="true-fixed")
    assert fixed.verdict.status == "not converged"
    assert "noise-vanishes" in fixed.verdict.reasons
    assert fixed.coefficients["standard_error"].null_count() == fixed.coefficients.height
    assert "NO maximum" in fixed.summary("en")
    assert "不可使用" in fixed.summary("zh")


def test_four_components_on_rice(rice):
    result = sfa(rice, "PROD", FARM, "FMERCODE", "YEARDUM", model="four-component")
    random = sfa(rice, "PROD", FARM, "FMERCODE", "YEARDUM", model="true-random")
    assert result.verdict.status == "boundary"
    assert result.verdict.reasons == ("no-effect",)
    assert result.log_likelihood > random.log_likelihood  # it nests true random effects
    assert random.verdict.status == "converged"
    assert random.log_likelihood > -68.10  # where panelsfa 0.1.2 stops, by simulation
    product = result.frame["transient_efficiency"] * result.frame["persistent_efficiency"]
    np.testing.assert_allclose(result.frame["efficiency"], product, rtol=0.05)
