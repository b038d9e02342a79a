"""The verb `sfa`: what it refuses, what it says of an estimate, and whether it finds what made the data.

Recovery runs on one sample of each model, large enough that four standard errors mean something; the full Monte Carlo
stands in bench/bench_sfa.py.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import ndtr, ndtri

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier import sfa
from xinzhi.frontier.stochastic.design import Frontier, read_table
from xinzhi.frontier.stochastic.inference import mixed_critical, mixed_tail
from xinzhi.frontier.stochastic.sfa import StochasticFrontier


def farms(rows=200, seed=3, sigma_u=0.4, sigma_v=0.15, sign=1.0):
    draw = np.random.default_rng(seed)
    capital, labour = draw.uniform(0, 3, (2, rows))
    error = sigma_v * draw.normal(size=rows) - sign * np.abs(sigma_u * draw.normal(size=rows))
    output = 1.0 + 0.4 * capital + 0.5 * labour + error
    return pl.DataFrame({"y": np.exp(output), "k": np.exp(capital), "l": np.exp(labour)})


def panel(units, years, seed, **sigmas):
    """Return a panel with effects w, persistent h, transient u and noise v."""
    draw = np.random.default_rng(seed)
    unit, year = np.repeat(np.arange(units), years), np.tile(np.arange(2000, 2000 + years), units)
    capital, labour = draw.uniform(0, 3, (2, unit.size))
    part = {name: sigmas.get(name, 0.0) for name in "whuv"}
    effect = part["w"] * draw.normal(size=units) - np.abs(part["h"] * draw.normal(size=units))
    error = part["v"] * draw.normal(size=unit.size) - np.abs(part["u"] * draw.normal(size=unit.size))
    output = 1.0 + 0.4 * capital + 0.5 * labour + effect[unit] + error
    columns = {"firm": unit, "year": year, "y": np.exp(output), "k": np.exp(capital), "l": np.exp(labour)}
    return pl.DataFrame(columns), draw


@pytest.mark.parametrize("model", ["half-normal", "exponential", "rayleigh", "uniform", "truncated-normal"])
def test_cross_section_recovers_what_made_it(model):
    draw, rows, spread = np.random.default_rng(11), 3000, 0.5
    inefficiency = {
        "half-normal": lambda: np.abs(spread * draw.normal(size=rows)),
        "exponential": lambda: draw.exponential(spread, rows),
        "rayleigh": lambda: draw.rayleigh(spread, rows),
        "uniform": lambda: draw.uniform(0, spread * np.sqrt(12), rows),
        "truncated-normal": lambda: np.abs(spread * draw.normal(size=rows)),
    }[model]()
    labour = draw.uniform(0, 3, rows)
    output = 1 + 0.5 * labour + 0.15 * draw.normal(size=rows) - inefficiency
    result = sfa(pl.DataFrame({"y": output, "l": labour}), "y", ["l"], model=model, logs=False)
    assert result.verdict.status == "converged"
    wide = 0.3 if model == "truncated-normal" else 0.06
    assert result.coefficient("l") == pytest.approx(0.5, abs=0.03)
    assert result.coefficient("sigma_v") == pytest.approx(0.15, abs=0.06)
    assert result.coefficient("sigma_u") == pytest.approx(spread, abs=wide)
    assert np.corrcoef(result.frame["inefficiency"], inefficiency)[0, 1] > 0.9
    inside = (np.exp(-inefficiency) >= result.frame["lower"].to_numpy()) & (
        np.exp(-inefficiency) <= result.frame["upper"].to_numpy()
    )
    assert inside.mean() == pytest.approx(0.95, abs=0.03)


def test_gamma_recovers_its_shape():
    draw = np.random.default_rng(5)
    labour = draw.uniform(0, 3, 600)
    output = 1 + 0.5 * labour + 0.1 * draw.normal(size=600) - draw.gamma(2.0, 0.25, 600)
    result = sfa(pl.DataFrame({"y": output, "l": labour}), "y", ["l"], model="gamma", logs=False)
    assert result.verdict.status == "converged"
    assert result.verdict.reasons == ("simulated",)
    assert 1.2 < result.coefficient("shape") < 3.2


def test_panels_recover_what_made_them():
    frame, _ = panel(150, 8, 1, h=0.4, v=0.2)
    lasting = sfa(frame, "y", ["k", "l"], "firm", "year", model="pitt-lee")
    assert lasting.verdict.status == "converged"
    assert lasting.coefficient("sigma_u") == pytest.approx(0.4, abs=0.08)
    assert lasting.frame.group_by("unit").agg(pl.col("efficiency").n_unique())["efficiency"].to_list() == [1] * 150
    frame, _ = panel(40, 15, 2, w=0.4, u=0.4, v=0.2)
    fixed = sfa(frame, "y", ["k", "l"], "firm", "year", model="true-fixed")
    assert fixed.verdict.status == "converged"
    assert fixed.coefficient("log(k)") == pytest.approx(0.4, abs=0.04)
    assert fixed.effects.height == 40
    assert "constant" not in fixed.coefficients["term"].to_list()
    random = sfa(frame, "y", ["k", "l"], "firm", "year", model="true-random")
    assert random.verdict.status == "converged"
    for term, value in (("sigma_w", 0.4), ("sigma_u", 0.4), ("sigma_v", 0.2), ("log(l)", 0.5)):
        assert random.coefficient(term) == pytest.approx(value, abs=0.1), term


def test_four_components_recover_what_made_them():
    frame, _ = panel(80, 5, 5, w=0.2, h=0.5, u=0.3, v=0.1)
    result = sfa(frame, "y", ["k", "l"], "firm", "year", model="gtre")
    assert result.verdict.usable
    for term, value in (("sigma_h", 0.5), ("sigma_u", 0.3), ("sigma_v", 0.1), ("log(k)", 0.4)):
        assert result.coefficient(term) == pytest.approx(value, abs=0.15), term


def test_decay_and_determinants_recover_what_made_them():
    frame, draw = panel(100, 10, 6, v=0.1)
    lasting = np.abs(0.5 * draw.normal(size=100))
    moving = np.exp(-0.1 * (frame["year"].to_numpy() - 2009)) * lasting[frame["firm"].to_numpy()]
    decay = sfa(frame.with_columns(pl.col("y") * np.exp(-moving)), "y", ["k", "l"], "firm", "year", model="bc92")
    assert decay.coefficient("eta") == pytest.approx(0.1, abs=0.02)
    z, share = draw.uniform(-1, 1, (2, frame.height))
    location = 0.4 + 0.5 * z
    waste = location - 0.3 * ndtri(0.5 * (1 + share) * ndtr(location / 0.3))
    rows = frame.with_columns(z=z, y=frame["y"] * np.exp(-waste))
    caused = sfa(rows, "y", ["k", "l"], model="bc95", determinants=["z"])
    assert caused.verdict.status == "converged"
    assert caused.coefficient("z:z") == pytest.approx(0.5, abs=0.15)
    effects = caused.marginal_effects
    assert effects.height == rows.height
    assert (effects["inefficiency"] > 0).all()
    assert (effects["efficiency"] < 0).all()


def test_marginal_effects_are_slopes():
    frame = farms(300).with_columns(z=np.random.default_rng(0).uniform(0, 1, 300))
    result = sfa(frame, "y", ["k", "l"], model="bc95", determinants=["z"])
    from xinzhi.frontier.stochastic.densities import moment_ratios, truncated_posterior

    lv, lu, c, d = (result.coefficient(term) for term in ("ln(sigma_v2)", "ln(sigma_u2)", "z:constant", "z:z"))
    e, step = result.frame["residual"].to_numpy(), 1e-5

    def both(z):
        location, root = c + d * z, np.exp(lu / 2)
        return root * moment_ratios(location / root, 1)[0], truncated_posterior(e, (lv, lu, location)).efficiency()

    up, down = both(frame["z"].to_numpy() + step), both(frame["z"].to_numpy() - step)
    np.testing.assert_allclose(result.marginal_effects["inefficiency"], (up[0] - down[0]) / (2 * step), atol=1e-7)
    np.testing.assert_allclose(result.marginal_effects["efficiency"], (up[1] - down[1]) / (2 * step), atol=1e-7)


def test_wrong_skewness_is_named_and_gives_least_squares():
    frame = farms(sign=-1.0)
    result = sfa(frame, "y", ["k", "l"])
    assert result.verdict.status == "boundary"
    assert result.verdict.reasons == ("no-inefficiency", "wrong-skewness")
    assert result.frame["efficiency"].min() > 0.999
    x = np.column_stack([np.ones(200), np.log(frame["k"]), np.log(frame["l"])])
    beta = np.linalg.lstsq(x, np.log(frame["y"].to_numpy()))[0]
    np.testing.assert_allclose(result.coefficients["estimate"][:3], beta, atol=1e-4)
    assert result.tests["statistic"][0] == 0
    assert result.tests["p_value"][0] == 1
    boundary = result.coefficients.filter(pl.col("term") == "sigma_u")
    assert boundary["status"][0] == "at the boundary"
    assert boundary["standard_error"][0] is None
    assert "无效率" in result.summary("zh")
    assert "skewed the wrong way" in result.summary("en")


def test_a_cost_frontier_mirrors_a_production_frontier():
    frame = farms()
    made = sfa(frame, "y", ["k", "l"])
    cost = sfa(frame.with_columns(y=1 / pl.col("y"), k=1 / pl.col("k"), l=1 / pl.col("l")), "y", ["k", "l"], cost=True)
    assert cost.log_likelihood == pytest.approx(made.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(cost.frame["efficiency"], made.frame["efficiency"], atol=1e-6)
    assert cost.checks["status"][1].startswith("not checked")
    priced = sfa(frame.with_columns(y=1 / pl.col("y"), k=1 / pl.col("k")), "y", ["k", "l"], cost=True, prices=["k"])
    assert priced.elasticities["curved"].all()  # a share of 0.4 of one price: concave


def test_translog_elasticities_and_curvature_equal_derivatives_of_the_frontier():
    frame = farms(400, seed=8).with_columns(year=np.tile(np.arange(4), 100), firm=np.repeat(np.arange(100), 4))
    result = sfa(frame, "y", ["k", "l"], "firm", "year", form="translog", trend=True)
    step, levels = 1e-4, frame.select("k", "l", "year")

    def log_frontier(k=0.0, l=0.0, year=0.0):  # noqa: E741 - labour, as in the frame
        moved = levels.with_columns(k=pl.col("k") * np.exp(k), l=pl.col("l") * np.exp(l), year=pl.col("year") + year)
        beta, form = result.coefficients["estimate"].to_numpy()[:10], result.frontier
        logs = [np.log(moved["k"]), np.log(moved["l"]), moved["year"] - form.first]
        squares = [logs[i] * logs[j] * (0.5 if i == j else 1) for i in range(3) for j in range(i, 3)]
        return np.column_stack([np.ones(400), *logs, *squares]) @ beta

    for name, at in (("k", "k"), ("l", "l"), ("technical_change", "year")):
        slope = (log_frontier(**{at: step}) - log_frontier(**{at: -step})) / (2 * step)
        np.testing.assert_allclose(result.elasticities[name], slope, atol=1e-8)
    np.testing.assert_allclose(result.predict(levels)["fitted"], log_frontier(), atol=1e-10)
    np.testing.assert_allclose(result.predict(levels)["fitted"], result.frame["fitted"], atol=1e-10)
    # quasi-concave with two inputs: the bordered Hessian 2 f1 f2 f12 - f1^2 f22 - f2^2 f11 is not negative, in levels
    f = np.exp(log_frontier())
    k, labour = frame["k"].to_numpy(), frame["l"].to_numpy()
    bend = {
        pair: result.coefficient(term)
        for pair, term in {"kk": "0.5*log(k)^2", "kl": "log(k)*log(l)", "ll": "0.5*log(l)^2"}.items()
    }
    ek, el = result.elasticities["k"].to_numpy(), result.elasticities["l"].to_numpy()
    f1, f2 = f * ek / k, f * el / labour
    f11, f22 = f / k**2 * (bend["kk"] + ek**2 - ek), f / labour**2 * (bend["ll"] + el**2 - el)
    f12 = f / (k * labour) * (bend["kl"] + ek * el)
    bordered = 2 * f1 * f2 * f12 - f1**2 * f22 - f2**2 * f11
    assert (result.elasticities["curved"].to_numpy() == (bordered >= 0)).all()


def test_robust_and_clustered_errors():
    frame, _ = panel(60, 6, 9, h=0.3, v=0.2)
    plain, robust, cluster = (
        sfa(frame, "y", ["k", "l"], "firm", "year", covariance=kind) for kind in ("information", "robust", "cluster")
    )
    assert plain.log_likelihood == robust.log_likelihood == cluster.log_likelihood
    errors = [result.coefficients["standard_error"][0] for result in (plain, robust, cluster)]
    assert errors[2] > 1.1 * errors[1]  # rows of a firm share its inefficiency
    named = sfa(frame, "y", ["k", "l"], covariance="cluster", cluster="firm")
    np.testing.assert_allclose(named.covariance, cluster.covariance, rtol=1e-10)
    lasting = [
        sfa(frame, "y", ["k", "l"], "firm", "year", model="pitt-lee", covariance=c) for c in ("robust", "cluster")
    ]
    np.testing.assert_allclose(lasting[0].covariance, lasting[1].covariance)  # its groups are firms already


def test_mixed_chi_square_equals_kodde_and_palm():
    printed = {1: 2.706, 2: 5.138, 3: 7.045, 4: 8.761}  # table 1, 5 per cent: one edge, the rest equalities
    for count, value in printed.items():
        assert mixed_critical(0.05, count - 1, 1) == pytest.approx(value, abs=1e-3)
    assert mixed_tail(0.0, 0, 1) == 1.0


def test_native_frames_and_glance():
    frame = farms(60).to_pandas()
    result = sfa(frame, "y", ["k", "l"])
    assert isinstance(result.to_native(), pd.DataFrame)
    row = result.glance().row(0, named=True)
    assert row["aic"] == pytest.approx(10 - 2 * result.log_likelihood)
    assert result.compare(sfa(frame, "y", ["k", "l"], model="exponential"))["efficiency_difference"].abs().max() > 0
    with pytest.raises(InputError, match="no term 'log\\(z\\)'"):
        result.coefficient("log(z)")


BASE = pl.DataFrame(farms(40).to_dict() | {"firm": np.repeat(np.arange(10), 4), "year": np.tile(np.arange(4), 10)})


@pytest.mark.parametrize(
    ("change", "inputs", "options", "error", "says"),
    [
        (
            lambda: BASE.with_columns(y=pl.when(pl.col("year") == 2).then(0).otherwise("y")),
            ["k"],
            {},
            InputError,
            r"line 3, .*0/2.*9 more",
        ),
        (lambda: BASE.with_columns(k=-pl.col("k")), ["k"], {}, InputError, "column 'k'.*is not positive"),
        (lambda: BASE.with_columns(k=pl.lit(None, pl.Float64)), ["k"], {}, InputError, "39 more"),
        (lambda: BASE.with_columns(k=pl.lit("much")), ["k"], {}, InputError, "'much'"),
        (lambda: BASE.with_columns(k=pl.lit(2.0)), ["k", "l"], {}, InputError, r"'log\(k\)' is constant"),
        (lambda: BASE.with_columns(k=pl.col("l") ** 2), ["k", "l"], {}, InputError, "collinear"),
        (lambda: BASE.head(3), ["k", "l"], {}, InputError, "3 rows for 3 coefficients"),
        (lambda: BASE, ["k", "m"], {}, InputError, "no column 'm'"),
        (lambda: pl.concat([BASE, BASE]), ["k"], {}, InputError, "39 more"),
        (lambda: BASE.head(0), ["k"], {}, InputError, "no rows"),
        (lambda: BASE, "k", {}, UsageError, "list of column names"),
        (lambda: BASE, ["k", "k"], {}, UsageError, "named twice"),
        (lambda: BASE, ["k"], {"model": "normal"}, UsageError, "unknown model 'normal'"),
        (lambda: BASE, ["k"], {"modell": 1}, UsageError, "unknown option 'modell'"),
        (lambda: BASE, ["k"], {"model": "bc95"}, UsageError, "determinants"),
        (lambda: BASE, ["k"], {"distribution": "exponential"}, UsageError, "leave it out"),
        (lambda: BASE, ["k"], {"model": "gtre", "distribution": "exponential"}, UsageError, "four-component"),
        (lambda: BASE, ["k"], {"form": "ces"}, UsageError, "unknown form"),
        (lambda: BASE, ["k"], {"level": 95}, UsageError, "between 0 and 1"),
        (lambda: BASE, ["k"], {"draws": 0}, UsageError, "draws"),
        (lambda: BASE, ["k"], {"prices": ["w"]}, UsageError, "none of the inputs"),
    ],
)
def test_bad_input_is_named(change, inputs, options, error, says):
    with pytest.raises(error, match=says):
        sfa(change(), "y", inputs, "firm", "year", **options)


def test_panel_models_need_units_and_periods():
    for model in ("bc92", "kumbhakar-1990", "true-fixed", "true-random", "four-component"):
        with pytest.raises(UsageError, match="needs period="):
            sfa(BASE, "y", ["k"], "firm", model=model)
    with pytest.raises(UsageError, match="needs unit="):
        sfa(BASE, "y", ["k"], model="pitt-lee")
    with pytest.raises(InputError, match="seen more than once"):
        sfa(BASE.unique("firm"), "y", ["k"], "firm", "year", model="true-random")
    with pytest.raises(InputError, match="two rows for every unit"):
        sfa(BASE.head(37), "y", ["k"], "firm", "year", model="true-fixed")
    with pytest.raises(UsageError, match="trend=True needs period="):
        sfa(BASE, "y", ["k"], trend=True)
    with pytest.raises(UsageError, match="needs cluster="):
        sfa(BASE, "y", ["k"], covariance="cluster")


def test_findings_name_the_cell():
    with pytest.raises(InputError) as caught:
        sfa(BASE.with_columns(y=pl.when(pl.col("firm") == 3).then(-1.5).otherwise("y")), "y", ["k"], "firm", "year")
    finding = caught.value.findings[0]
    assert (finding.line, finding.column, finding.key, finding.value) == (13, "y", "3/0", "-1.5")
    assert "应为正数" in finding.sentence("zh")


def test_an_exact_fit_leaves_nothing_to_take_apart():
    with pytest.raises(InputError, match="exactly"):
        sfa(BASE.with_columns(y=pl.col("k") ** 0.5), "y", ["k"])


def test_a_frontier_is_predicted_with_its_error_and_the_effects_of_its_units():
    form = Frontier(inputs=("k",), controls=(), form="cobb-douglas", logs=True, trend=False, first=0.0)
    fixed = SimpleNamespace(
        provenance=SimpleNamespace(options={"unit": "firm", "period": None}),
        model="true-fixed",
        frontier=form,
        terms=("log(k)", "effect:a", "effect:b"),
        coefficients=pl.DataFrame({"block": ["frontier", "noise"], "estimate": [0.5, 9.0]}),
        effects=pl.DataFrame({"effect": [1.0, 2.0]}),
        covariance=np.diag([0.04, 0.01, 0.09, 7.0]),
    )
    rows = pl.DataFrame({"firm": ["b", "a"], "k": [np.exp(2.0), 1.0]})
    table = StochasticFrontier.predict(fixed, rows)
    assert table["row"].to_list() == [1, 2]
    np.testing.assert_allclose(table["fitted"], [0.5 * 2 + 2, 1.0])
    np.testing.assert_allclose(table["frontier"], np.exp([3.0, 1.0]))
    np.testing.assert_allclose(table["standard_error"], [np.sqrt(4 * 0.04 + 0.09), 0.1])
    with pytest.raises(InputError, match="c"):
        StochasticFrontier.predict(fixed, rows.with_columns(firm=pl.Series(["b", "c"])))
    common = SimpleNamespace(
        provenance=fixed.provenance,
        model="half-normal",
        frontier=form,
        coefficients=pl.DataFrame({"block": ["frontier", "frontier", "noise"], "estimate": [1.0, 0.5, 9.0]}),
        effects=pl.DataFrame({"effect": []}, schema={"effect": pl.Float64}),
        covariance=np.diag([0.01, 0.04, 7.0]),
    )
    table = StochasticFrontier.predict(common, rows.select("k"))
    np.testing.assert_allclose(table["fitted"], [2.0, 1.0])
    np.testing.assert_allclose(table["standard_error"], [np.sqrt(0.01 + 4 * 0.04), 0.1])


def test_rows_without_a_period_have_the_time_zero():
    frame = pl.DataFrame({"k": [1.0, 2.0, 3.0], "firm": list("bab")})
    table = read_table("sfa", frame, {"k": "positive"}, "firm")
    assert (table.time.tolist(), table.codes.tolist()) == ([0.0, 0.0, 0.0], [1, 0, 1])
