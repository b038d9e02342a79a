from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from made_up_firms import CAPITAL, GROSS, LABOUR, panel
from xinzhi.core.errors import InputError, UsageError
from xinzhi.micro import markups, production_function
from xinzhi.micro.internal import METHODS
from xinzhi.micro.production.estimator import keys, poisson
from xinzhi.micro.production.result import method_text
from xinzhi.micro.production.second_stage import Pairs, Powers, SecondStage, exponents, monomials, slope

OUTPUT = ("output", ["labour"], ["capital"], "materials")


@pytest.fixture(scope="module")
def firms():
    return panel(300, 3)


def by_term(result, column="estimate"):
    return dict(result.coefficients.select("term", column).rows())


@pytest.mark.parametrize("method", ["lp", "acf", "wooldridge", "robinson"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_default_call_finds_the_truth(method, seed):
    result = production_function(panel(600, seed), *OUTPUT, method=method)
    assert result.diagnostics["status"].to_list() == ["ok"]
    truth = np.array([LABOUR, CAPITAL])
    away = (result.coefficients["estimate"].to_numpy() - truth) / result.coefficients["standard_error"].to_numpy()
    assert np.abs(away).max() < 3
    assert np.abs(result.coefficients["estimate"].to_numpy() - truth).max() < 0.15


def test_the_share_equation_finds_the_truth():
    result = production_function(panel(600, 1, "gross-output"), *OUTPUT, method="gnr", share="share")
    for term, value in GROSS.items():
        row = result.coefficients.row(by_predicate=pl.col("term") == term, named=True)
        assert abs(row["estimate"] - value) < 3 * row["standard_error"]


def test_blundell_bond_allows_for_effects_of_firms():
    data = panel(5000, 1, "effects")
    result = production_function(data, *OUTPUT, method=["blundell-bond", "lp"])
    assert abs(result.estimate("labour", "blundell-bond") - LABOUR) < 0.15
    assert result.diagnostics["p_value"][0] > 0.001


def test_least_squares_lie_above_where_labour_follows_productivity(firms):
    result = production_function(firms, *OUTPUT, method=["ols", "fe", "lp"])
    labour = result.coefficients.filter(pl.col("term") == "labour")["estimate"].to_list()
    assert labour[0] > labour[2] + 0.2
    assert labour[1] > labour[2] + 0.2


@pytest.mark.parametrize(
    ("method", "process", "options"),
    [
        ("lp", "proxy", {}),
        ("acf", "proxy", {}),
        ("op", "proxy", {}),
        ("robinson", "proxy", {}),
        ("ols", "given", {}),
        ("acf", "proxy", {"form": "translog"}),
        ("gnr", "gross-output", {"share": "share"}),
        ("fe", "given", {}),
        ("wooldridge", "proxy", {}),
    ],
)
def test_analytic_errors_are_those_of_the_bootstrap(method, process, options):
    data = panel(300, 5, process)
    call = (*OUTPUT[:3], "investment" if method == "op" else "materials")
    draws = 120 if method in {"lp", "ols", "fe", "robinson"} else 40
    results = [production_function(data, *call, method=method, draws=one, **options) for one in (0, draws)]
    errors = [one.coefficients["standard_error"].to_numpy() for one in results]
    assert np.all(np.abs(np.log(errors[1] / errors[0])) < 0.45), errors


def test_attrition_adds_its_own_error():
    data = panel(400, 2).filter(pl.col("year") - 2000 <= 4 + pl.col("firm") % 6)
    plain, drawn = (production_function(data, *OUTPUT, attrition=True, draws=one) for one in (0, 40))
    ratio = drawn.coefficients["standard_error"] / plain.coefficients["standard_error"]
    assert ratio.is_between(0.6, 1.6).all()


@pytest.mark.parametrize(("process", "doubted"), [("sure", True), ("proxy", False)])
def test_a_state_that_follows_from_the_process_is_doubted_with_attrition(process, doubted):
    data = panel(1500, 1, process)
    omega = data["output"].log() - 0.6 * data["labour"].log() - 0.4 * data["capital"].log()
    chance = omega - 0.1 * data["capital"].log() + np.random.default_rng(7).normal(0, 0.2, data.height)
    gone = data.filter(chance < -0.6).group_by("firm").agg(last=pl.col("year").min())
    left = data.join(gone, on="firm", how="left").filter(pl.col("year") <= pl.col("last").fill_null(9999))
    made = production_function(left, *OUTPUT[:3], "investment", method="op", attrition=True)
    assert (made.diagnostics["explained"][0] > 0.75) == doubted
    assert ("Leave out attrition" in made.summary("en")) == doubted
    assert ("请去掉attrition" in made.summary("zh")) == doubted
    plain = production_function(left, *OUTPUT[:3], "investment", method="op")
    assert plain.diagnostics["explained"][0] is None


def test_a_gap_is_no_lag(firms):
    rows = firms.filter(pl.col("year") != 2004)
    row = production_function(rows, *OUTPUT).diagnostics.row(0, named=True)
    assert (row["gaps"], row["pairs"]) == (300, 300 * 7)


def test_every_group_on_its_own(firms):
    data = firms.with_columns(industry=pl.col("firm") % 2)
    both = production_function(data, *OUTPUT, by="industry")
    one = production_function(data.filter(pl.col("industry") == 1), *OUTPUT)
    assert both.estimate("capital", group="1") == one.estimate("capital")
    assert both.productivity.height == data.height


def test_a_small_group_is_named_and_left_out(firms):
    data = firms.with_columns(industry=pl.when(pl.col("firm") < 4).then(pl.lit("x")).otherwise(pl.lit("y")))
    result = production_function(data, *OUTPUT, by="industry")
    assert result.dropped.rows() == [("few-firms", "x", 40)]
    assert "x" not in result.coefficients["group"]


def test_a_group_that_cannot_be_estimated_does_not_stop_the_others(firms):
    labour = pl.when(pl.col("firm") % 2 == 0).then(pl.col("capital")).otherwise("labour")
    data = firms.with_columns(industry=pl.col("firm") % 2, labour=labour)
    result = production_function(data, *OUTPUT, by="industry", method=["lp", "ols"])
    assert result.dropped.rows() == [("failed", "0, lp", 1500), ("failed", "0, ols", 1500)]
    assert result.coefficients["group"].unique().to_list() == ["1"]


@pytest.mark.parametrize(
    ("method", "options"),
    [("wooldridge", {"attrition": True}), ("ols", {"drivers": ["materials"]}), ("gnr", {"controls": ["wages"]})],
)
def test_an_option_without_effect_is_refused(firms, method, options):
    with pytest.raises(UsageError) as caught:
        production_function(firms, *OUTPUT, method=method, **options)
    assert caught.value.code == "production.idle"


def test_what_drives_productivity_is_told_apart():
    """A policy that lifts productivity a year later and comes with capital: unseen, it is taken for capital's part."""
    rng = np.random.default_rng(5)
    count, years = 800, 8
    omega, k, rows = rng.normal(0, 0.3, count), rng.normal(0, 0.5, count), []
    for year in range(years):
        policy = (k + rng.normal(0, 0.3, count) > 0).astype(float)
        labour = 0.8 * omega + 0.6 * k + rng.normal(0, 0.4, count)
        output = LABOUR * labour + CAPITAL * k + omega + rng.normal(0, 0.1, count)
        materials = 1.2 * omega + 0.8 * k
        rows.append(np.column_stack([range(count), [year] * count, output, labour, k, materials, policy]))
        k = 0.9 * k + 0.15 * omega + 0.3 * policy + rng.normal(0, 0.2, count)  # set before the next year's productivity
        omega = 0.7 * omega + 0.3 * policy + rng.normal(0, 0.2, count)
    data = pl.DataFrame(np.vstack(rows), schema=["firm", "year", "output", "labour", "capital", "materials", "policy"])
    data = data.with_columns(pl.col("firm", "year").cast(pl.Int64))
    seen, unseen = (production_function(data, *OUTPUT, logs=False, drivers=one) for one in (["policy"], []))
    error = seen.coefficients["standard_error"][1]
    assert abs(seen.estimate("capital") - CAPITAL) < 3 * error
    assert abs(unseen.estimate("capital") - CAPITAL) > 4 * error


def test_gross_output_has_the_proxy_among_free_inputs():
    data = panel(800, 2, "gross-output").with_columns(
        materials=pl.col("materials") * (0.3 * pl.col("firm").hash(1).mod(97) / 97 - 0.15).exp()
    )
    for method in ("lp", "acf"):
        result = production_function(data, "output", ["labour", "materials"], ["capital"], "materials", method=method)
        assert result.minima.filter(pl.col("term") == "materials").height
        assert "materials" in result.coefficients["term"]


def test_what_has_no_logarithm_is_counted_by_reason(firms):
    spoilt = firms.with_columns(
        capital=pl.when(pl.col("firm") == 0).then(-1.0).otherwise("capital"),
        labour=pl.when(pl.col("firm") == 1).then(0.0).otherwise("labour"),
        output=pl.when((pl.col("firm") == 2) & (pl.col("year") == 2003)).then(None).otherwise("output"),
    )
    result = production_function(spoilt, *OUTPUT)
    assert sorted(result.dropped.rows()) == [
        ("missing", "output", 1),
        ("negative", "capital", 10),
        ("zero", "labour", 10),
    ]
    assert result.diagnostics["rows"][0] == 3000 - 21
    assert "10 rows were left out: capital is negative" in result.summary()
    assert "10行未使用：capital为负" in result.summary("zh")


def test_two_rows_of_a_firm_in_a_year_are_refused(firms):
    with pytest.raises(InputError, match="line") as caught:
        production_function(pl.concat([firms, firms.head(3)]), *OUTPUT)
    assert len(caught.value.findings) == 3


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"method": "magic"}, "production.method"),
        ({"form": "cubic"}, "production.form-unknown"),
        ({"form": "translog", "method": "lp"}, "production.form"),
        ({"level": 2}, "production.level"),
        ({"starts": 0}, "production.size"),
        ({"method": "gnr"}, "production.no-share"),
        ({"method": "cost-shares"}, "production.costs"),
        ({"attrition": True}, "production.no-exit"),
        ({"colour": 1}, "production.option"),
    ],
)
def test_misuse_is_named(firms, options, code):
    with pytest.raises(UsageError) as caught:
        production_function(firms, *OUTPUT, **options)
    assert caught.value.code == code


def test_misuse_of_inputs_is_named(firms):
    for call, code in (
        (("output",), "production.no-inputs"),
        (("output", ["labour"], ["labour"]), "production.named-twice"),
        (("output", ["labour"], ["capital"]), "production.no-proxy"),
        (("output ~ a | b", ["c"]), "production.formula"),
    ):
        with pytest.raises(UsageError) as caught:
            production_function(firms, *call)
        assert caught.value.code == code


def test_one_firm_is_too_few(firms):
    with pytest.raises(InputError) as caught:
        production_function(firms.filter(pl.col("firm") == 1), *OUTPUT)
    assert caught.value.code == "production.few-firms"


def test_a_repeated_input_is_named(firms):
    data = firms.with_columns(again=pl.col("labour") * 2)
    with pytest.raises(InputError) as caught:
        production_function(data, "output", ["labour", "again"], ["capital"], "materials")
    assert caught.value.code == "production.collinear"


def test_a_formula_is_the_same_call(firms):
    assert by_term(production_function(firms, "output ~ labour | capital | materials")) == by_term(
        production_function(firms, *OUTPUT)
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_mirror_of_acf_is_no_answer(seed):
    """Labour at its static optimum but for wages that persist: (1, 0) meets all conditions too."""
    result = production_function(panel(400, seed, "static"), *OUTPUT, method="acf")
    roots = result.minima.filter(pl.col("criterion") < 1e-12, pl.col("term") == "capital")["estimate"]
    assert (roots.abs() < 0.1).any()
    assert result.diagnostics["status"][0] == "ok"
    assert abs(result.estimate("labour") - LABOUR) < 0.25
    assert abs(result.estimate("capital") - CAPITAL) < 0.25


def test_noise_and_productivity_add_up(firms):
    result = production_function(firms, *OUTPUT)
    rows = result.productivity.sort("firm", "year")
    logs = firms.sort("firm", "year").select(pl.col("output", "labour", "capital").log())
    left = logs["output"] - result.estimate("labour") * logs["labour"] - result.estimate("capital") * logs["capital"]
    np.testing.assert_allclose(rows["productivity"], left, atol=1e-12)
    assert abs(rows["noise"].std() - 0.1) < 0.02


def test_markups_are_price_over_marginal_cost():
    data = panel(300, 1, "gross-output").with_columns(bill=pl.col("materials") / 1.25)
    data = data.with_columns(bill=pl.when(pl.col("firm") == 0).then(0.0).otherwise("bill"))
    result = production_function(data, *OUTPUT, method="gnr", share="share")
    found = markups(result, data, "materials", cost="bill", revenue="output")
    assert found.dropped.rows() == [("zero", "bill", 10)]
    # firms expect exp(noise), whose mean is exp(0.1 ** 2 / 2)
    assert abs(found.frame["markup"].median() - 1.25 * np.exp(-(0.1**2) / 2)) < 0.01
    assert found.years.height == 10
    assert all(one.title.zh for name in ("frame", "years", "dropped") for one in found.columns(name))
    with pytest.raises(UsageError):
        markups(result, data, "capital", cost="bill", revenue="output")


@pytest.mark.parametrize("frame", ["frame", "elasticities", "diagnostics", "minima", "dropped", "productivity"])
def test_every_column_is_described(frame):
    data = panel(60, 1, "gross-output").with_columns(wages=0.6, rent=0.4, power=0.5)
    result = production_function(data, *OUTPUT, method=["gnr", "cost-shares"], share="share", costs=["wages", "rent"])
    assert all(one.title.zh and one.title.en for one in result.columns(frame))


def test_all_methods_have_a_name():
    assert all(method_text(name).zh and method_text(name).en for name in METHODS)


def test_weights_are_poisson_and_belong_to_the_firm():
    ids = pl.Series([f"firm {number}" for number in range(20_000)])
    weights = np.array([poisson(keys(ids), draw, 0) for draw in range(5)])
    assert abs(weights.mean() - 1) < 0.02
    assert abs(weights.var() - 1) < 0.03
    assert abs(np.corrcoef(weights)[0, 1]) < 0.03
    np.testing.assert_array_equal(weights[:, ::-1][:, :7], [poisson(keys(ids[::-1][:7]), draw, 0) for draw in range(5)])


def test_weights_stay_what_they_were():
    assert poisson(keys(pl.Series(range(1, 9))), 3, 0).tolist() == [1, 3, 1, 1, 1, 2, 1, 0]


def test_powers_are_the_polynomial():
    rng = np.random.default_rng(0)
    u, v, x = rng.normal(size=(1, 50)), rng.normal(size=(2, 50)), rng.normal(size=(1, 50))
    powers, d = Powers(2, 1, 3), np.array([0.3, -0.7])
    matrix, slopes = powers.combine(d)
    basis = monomials(np.vstack([u, v, x]), powers.basis)
    wanted = monomials(np.vstack([u - d @ v, x]), powers.terms)
    np.testing.assert_allclose(matrix.T @ basis, wanted, atol=1e-12)
    for at, one in enumerate(slopes):
        step = np.eye(2)[at] * 1e-6
        numeric = (powers.combine(d + step)[0] - powers.combine(d - step)[0]) / 2e-6
        np.testing.assert_allclose(one, numeric, atol=1e-8)
    step, cubic = np.array([[1e-6], [0]]), exponents(2, 3)
    numeric = (monomials(v + step, cubic) - monomials(v - step, cubic)) / 2e-6
    np.testing.assert_allclose(slope(v, cubic, 0), numeric, atol=1e-8)


@pytest.mark.parametrize("instruments", [True, False])
def test_gradients_of_the_second_stage(instruments):
    rng = np.random.default_rng(2)
    s, s0, out = rng.normal(size=(3, 200))
    z, z0, more = rng.normal(size=(3, 2, 200))
    pairs = Pairs(s, s0, z, z0, np.zeros((0, 200)), 3, more if instruments else None, None if instruments else out)
    stage = SecondStage(pairs)
    d = np.array([0.4, -0.2])
    numeric = [(stage.residual(d + e)[0] - stage.residual(d - e)[0]) / 2e-6 for e in 1e-6 * np.eye(2)]
    np.testing.assert_allclose(stage.residual(d)[1].T, numeric, atol=1e-7)


def test_omega_is_productivity_without_noise(firms):
    made = production_function(firms, *OUTPUT, method=["lp", "ols"])
    rows = made.productivity.filter(method="lp")
    assert (rows["omega"] + rows["noise"] - rows["productivity"]).abs().max() < 1e-12
    assert rows["omega"].var() < rows["productivity"].var()
    assert made.productivity.filter(method="ols")["omega"].is_null().all()
