"""Convergence tests by hand: speeds, effects, variances, bad input."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import beta_convergence, distribution_dynamics, log_t_test, sigma_convergence, transitions
from xinzhi.pathways.convergence.beta_convergence import fit_spatial_lag, speed_of_convergence, weights_matrix
from xinzhi.pathways.convergence.log_t_test import (
    growing_variation,
    hodrick_prescott,
    quadratic_spectral,
    variation,
    variation_with_one_more,
)
from xinzhi.pathways.internal import GrowthSpans, LogTRules

KEYS = {"unit": "unit", "time": "year", "value": "y"}


def frame(paths, first=2000):
    rows = [(name, first + step, float(value)) for name, path in paths.items() for step, value in enumerate(path)]
    return pl.DataFrame(rows, schema=["unit", "year", "y"], orient="row")


def closing(rate, units=8, years=21, seed=1):
    """Gaps to a common path of 2 % growth that close at a rate: the theory, without noise."""
    gaps = np.random.default_rng(seed).normal(0, 0.5, units)
    steps = np.arange(years)
    return frame({f"u{i}": np.exp(0.02 * steps + gap * np.exp(-rate * steps)) for i, gap in enumerate(gaps)})


@pytest.mark.parametrize("rate", [0.005, 0.02, 0.1])
def test_the_rate_that_made_the_data_comes_back(rate):
    found = beta_convergence(closing(rate), **KEYS)
    assert found.speed.rate == pytest.approx(rate, rel=1e-9)
    assert found.speed.half_life == pytest.approx(np.log(2) / rate, rel=1e-9)
    assert found.slope == pytest.approx(-(1 - np.exp(-rate * 20)) / 20, rel=1e-9)


def test_panels_find_the_same_rate():
    found = beta_convergence(closing(0.03), **KEYS, spans=GrowthSpans(span=5, effects="time"))
    assert found.years == 5
    assert found.observations == 32
    assert found.speed.rate == pytest.approx(0.03, rel=1e-6)
    # without effects of the spans the common growth of 2 % stands in the initial levels and hides part of it
    pooled = beta_convergence(closing(0.03), **KEYS, spans=GrowthSpans(span=5))
    assert pooled.speed.rate < 0.028


def test_effects_of_units_find_each_ones_own_steady_state():
    rng = np.random.default_rng(3)
    steady, steps = rng.normal(0, 1, 10), np.arange(31)
    paths = {f"u{i}": np.exp(s + rng.normal(0, 0.5) * np.exp(-0.1 * steps)) for i, s in enumerate(steady)}
    found = beta_convergence(frame(paths), **KEYS, spans=GrowthSpans(span=5, effects="two-way"))
    assert found.conditional
    assert found.speed.rate == pytest.approx(0.1, rel=1e-9)
    plain = beta_convergence(frame(paths), **KEYS)
    assert plain.speed.rate < 0.05  # without effects of units the different steady states hide it


def test_a_control_makes_it_conditional():
    rng = np.random.default_rng(5)
    steady = rng.normal(0, 1, 12)
    steps = np.arange(11)
    data = frame({f"u{i}": np.exp(s + rng.normal(0, 0.5) * np.exp(-0.05 * steps)) for i, s in enumerate(steady)})
    control = pl.DataFrame({"unit": [f"u{i}" for i in range(12)], "s": steady})
    found = beta_convergence(data.join(control, on="unit"), **KEYS, controls=["s"])
    assert found.speed.rate == pytest.approx(0.05, rel=1e-8)
    assert found.frame["term"].to_list() == ["constant", "initial", "s"]
    with pytest.raises(InputError, match="control 's' is missing for u3"):
        beta_convergence(
            data.join(control, on="unit").with_columns(s=pl.when(pl.col("unit") != "u3").then("s")),
            **KEYS,
            controls=["s"],
        )


def test_no_speed_where_the_order_turns_over():
    found = speed_of_convergence(-0.3, 4)
    assert (found.rate, found.half_life) == (None, None)
    assert "turned over" in found.note
    assert speed_of_convergence(0.01, 4).half_life is None


def test_spatial_lag_is_the_maximum_of_the_whole_likelihood():
    rng = np.random.default_rng(0)
    names = [str(i) for i in range(30)]
    ring = {str(i): [str((i - 1) % 30), str((i + 1) % 30)] for i in range(30)}
    weights = weights_matrix(ring, names)
    x = np.column_stack([np.ones(30), rng.normal(size=30)])
    y = np.linalg.solve(np.eye(30) - 0.5 * weights, x @ [1.0, 2.0] + rng.normal(size=30))
    found = fit_spatial_lag(y, x, weights)

    def likelihood(rho, b, variance):
        e = y - rho * weights @ y - x @ b
        jacobian = np.linalg.slogdet(np.eye(30) - rho * weights)[1]
        return -15 * np.log(2 * np.pi * variance) + jacobian - e @ e / (2 * variance)

    best = likelihood(found.rho, found.coefficients, found.variance)
    assert best == pytest.approx(found.log_likelihood, abs=1e-9)
    for step in (-1e-3, 1e-3):
        assert likelihood(found.rho + step, found.coefficients, found.variance) < best
        assert likelihood(found.rho, found.coefficients + step, found.variance) < best
        assert likelihood(found.rho, found.coefficients, found.variance * (1 + step)) < best
    assert found.total == pytest.approx(found.coefficients / (1 - found.rho))


def test_sigma_tests_by_hand():
    first, last = np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.5, 0.7, 1.5, 1.7])
    found = sigma_convergence(
        frame({f"u{i}": np.exp([a, b]) for i, (a, b) in enumerate(zip(first, last, strict=True))}), **KEYS
    )
    one, two, both = first.var(ddof=1), last.var(ddof=1), np.cov(first, last)[0, 1]
    tests = {row["test"]: row for row in found.tests.iter_rows(named=True)}
    assert found.ratio == pytest.approx(two / one)
    assert tests["f-ratio"]["statistic"] == pytest.approx(one / two)
    r = np.corrcoef(first + last, first - last)[0, 1]
    t = r * np.sqrt(2 / (1 - r**2))
    assert tests["pitman-morgan"]["statistic"] == pytest.approx(t)
    # two degrees of freedom: the distribution of t is elementary
    assert tests["pitman-morgan"]["p"] == pytest.approx(1 - abs(t) / np.sqrt(2 + t**2))
    # the likelihood ratio is the same correlation
    assert tests["carree-klomp-t2"]["statistic"] == pytest.approx(-(4 - 2.5) * np.log(1 - r**2))
    slope = both / one
    assert tests["carree-klomp-t3"]["statistic"] == pytest.approx(2 * (one / two - 1) / (2 * np.sqrt(1 - slope**2)))
    assert tests["trend"]["statistic"] is None  # two years have no trend to test


def test_the_trend_of_the_differences_allows_autocorrelation_by_hand():
    """Newey and West: weights that fall in a straight line, here 1, 2/3 and 1/3 at the lags 0, 1 and 2."""
    rng = np.random.default_rng(4)
    shocks = np.cumsum(rng.normal(0, 0.1, (6, 21)), axis=1)
    data = frame({f"u{i}": np.exp(0.3 * i + path) for i, path in enumerate(shocks)})
    found = sigma_convergence(data, **KEYS)
    y = np.log(found.frame["deviation"].to_numpy())
    time = np.arange(21.0) - 10
    slope = (time @ y) / (time @ time)
    scores = time * (y - y.mean() - slope * time)
    meat = sum((1 - abs(i - j) / 3) * scores[i] * scores[j] for i in range(21) for j in range(21) if abs(i - j) <= 2)
    assert found.trend == pytest.approx(slope)
    trend = found.tests.filter(test="trend").row(0, named=True)
    assert trend["statistic"] == pytest.approx(slope / (np.sqrt(meat) / (time @ time)))


def test_clustered_errors_and_fitted_growth_by_hand():
    """Two regressors, effects of the years, errors clustered by unit with G/(G-1) (n-1)/(n-k)."""
    rng = np.random.default_rng(5)
    units, years = 7, (2000, 2005, 2010, 2015)
    levels = np.exp(rng.normal(0, 0.5, (units, 4)))
    rows = [(f"u{i}", year, levels[i, t], rng.normal()) for i in range(units) for t, year in enumerate(years)]
    data = pl.DataFrame(rows, schema=["unit", "year", "y", "control"], orient="row")
    found = beta_convergence(data, **KEYS, controls=["control"], spans=GrowthSpans(span=5, effects="time"))
    logs = np.log(levels)
    growth = np.diff(logs, axis=1) / 5
    given = np.array([row[3] for row in rows]).reshape(units, 4)[:, :3]
    dummies = np.tile(np.eye(3), (units, 1))
    design = np.column_stack([logs[:, :3].ravel(), given.ravel(), dummies])
    beta = np.linalg.lstsq(design, growth.ravel(), rcond=None)[0]
    fitted = design @ beta
    assert found.points["fitted"].to_numpy() == pytest.approx(fitted)
    assert found.frame["estimate"].to_numpy() == pytest.approx(beta[:2])
    inner = design[:, :2] - dummies @ np.linalg.lstsq(dummies, design[:, :2], rcond=None)[0]
    left = growth.ravel() - fitted
    meat = np.zeros((2, 2))
    for i in range(units):
        score = inner[3 * i : 3 * i + 3].T @ left[3 * i : 3 * i + 3]
        meat += np.outer(score, score)
    bread = np.linalg.inv(inner.T @ inner)
    n, k = growth.size, 2
    errors = np.sqrt(np.diag(bread @ meat @ bread) * units / (units - 1) * (n - 1) / (n - k))
    assert found.frame["standard_error"].to_numpy() == pytest.approx(errors)


@pytest.mark.parametrize(("units", "spans", "freedom"), [(4, None, 2), (12, None, 10), (5, GrowthSpans(span=5), 4)])
def test_bounds_are_those_of_students_t(units, spans, freedom):
    rng = np.random.default_rng(units)
    data = frame({f"u{i}": np.exp(rng.normal(0, 0.5, 11)) for i in range(units)})
    row = beta_convergence(data, **KEYS, spans=spans).frame.row(by_predicate=pl.col("term") == "initial", named=True)
    width = {2: 4.302653, 4: 2.776445, 10: 2.228139}[freedom]  # from a printed table
    assert (row["high"] - row["low"]) / 2 == pytest.approx(width * row["standard_error"], rel=1e-6)


def test_lichtenberg_test_of_variances_rejects_too_rarely():
    """The same units stand in both years: the F test is too careful, the exact test holds its level."""
    rng = np.random.default_rng(8)
    hits = {"f-ratio": 0, "pitman-morgan": 0}
    for _ in range(200):
        start = rng.normal(size=20)
        end = 0.9 * start + np.sqrt(1 - 0.81) * rng.normal(size=20)
        data = frame({f"u{i}": np.exp([a, b]) for i, (a, b) in enumerate(zip(start, end, strict=True))})
        tests = sigma_convergence(data, **KEYS).tests
        for name in hits:
            hits[name] += tests.filter(test=name)["p"].item() < 0.05
    assert hits["f-ratio"] <= 2
    assert 3 <= hits["pitman-morgan"] <= 20


def test_growing_variation_is_each_group_by_itself():
    values = np.random.default_rng(2).uniform(1, 2, (6, 5))
    grown = growing_variation(values)
    assert grown == pytest.approx(np.stack([variation(values[:size]) for size in range(2, 7)]), rel=1e-12)
    core, others = values[:3], values[3:]
    one_more = variation_with_one_more(core, others)
    assert one_more == pytest.approx(np.stack([variation(np.vstack([core, row])) for row in others]), rel=1e-12)
    with_core = growing_variation(others, core)
    assert with_core == pytest.approx(np.stack([variation(values[:size]) for size in range(4, 7)]), rel=1e-12)


def test_quadratic_spectral_near_zero_is_smooth():
    distance = np.array([2.6e-3, 2.7e-3])  # on both sides of where the series takes over
    angle = 6 * np.pi * distance / 5
    assert quadratic_spectral(distance) == pytest.approx(1 - angle**2 / 10 + angle**4 / 280, abs=1e-11)


def test_the_filter_solves_its_equations():
    values = np.random.default_rng(4).normal(size=(3, 12)).cumsum(axis=1)
    trend = hodrick_prescott(values, 6.25)
    second = np.diff(np.eye(12), 2, axis=0)
    assert (np.eye(12) + 6.25 * second.T @ second) @ trend.T == pytest.approx(values.T, abs=1e-10)


def test_convergence_of_provincial_productivity():
    """On total factor productivity, not output alone."""
    levels = xinzhi.measure("china-provinces").levels
    keys = {"unit": "region", "time": "year", "value": "tfp_level"}
    assert sigma_convergence(levels, **keys).frame["units"].to_list() == [31] * 28
    assert beta_convergence(levels, **keys).units == 31
    moves = transitions(levels, **keys)
    assert moves.frame["count"].sum() == 31 * 27
    assert moves.indices.prais > 0
    assert log_t_test(levels, **keys, rules=LogTRules(logs=True, smoothing=6.25)).paths.height == 31 * 28
    assert distribution_dynamics(levels, **keys, lag=5).moves == 31 * 23


BAD = {
    "a gap": (lambda data: data.filter(~((pl.col("unit") == "u1") & (pl.col("year") == 2003))), "u1"),
    "one year": (lambda data: data.filter(pl.col("year") == 2000), "one year only"),
    "two units": (lambda data: data.filter(pl.col("unit").is_in(["u0", "u1"])), "2 units"),
    "zero": (
        lambda data: data.with_columns(y=pl.when(pl.col("year") == 2001).then(0.0).otherwise("y")),
        "no logarithm",
    ),
    "a missing year": (lambda data: data.filter(pl.col("year") != 2004), "between 2003 and 2005"),
    "twice": (lambda data: pl.concat([data, data.head(1)]), "the key u0/2000 occurs again"),
    "infinite": (
        lambda data: data.with_columns(y=pl.when(pl.col("year") == 2001).then(np.inf).otherwise("y")),
        "infinite",
    ),
    "all equal": (lambda data: data.with_columns(y=pl.lit(3.0)), "identical|equal|no difference"),
    "all equal but for rounding": (lambda data: data.with_columns(y=pl.lit(5.1)), "identical|equal|no difference"),
}


@pytest.mark.parametrize("case", list(BAD))
@pytest.mark.parametrize("verb", [log_t_test, sigma_convergence])
def test_bad_input_is_named(case, verb):
    spoil, words = BAD[case]
    options = {"rules": LogTRules(logs=True)} if verb is log_t_test else {}
    with pytest.raises((InputError, UsageError), match=words):
        verb(spoil(closing(0.02)), **KEYS, **options)


@pytest.mark.parametrize("rate", [0.0, 0.02])
def test_where_all_grow_alike_nothing_converges(rate):
    data = frame({f"u{i}": (100 + 3 * i) * np.exp(rate * np.arange(12)) for i in range(8)})
    with pytest.raises(InputError, match="grows alike in all units"):
        beta_convergence(data, **KEYS)
    found = sigma_convergence(data, **KEYS)
    assert found.tests.filter(pl.col("test").is_in(["pitman-morgan", "carree-klomp-t2"]))["p"].to_list() == [1, 1]
    assert "did not change" in found.summary("en")


def test_units_with_gaps_can_be_dropped_and_are_named():
    data = closing(0.02).filter(~((pl.col("unit") == "u1") & (pl.col("year") == 2003)))
    found = sigma_convergence(data, **KEYS, gaps="drop")
    assert [item.key for item in found.findings] == ["u1"]
    assert found.frame["units"].to_list() == [7] * 21


def test_a_short_panel_has_no_log_t():
    with pytest.raises(InputError, match="longer panel"):
        log_t_test(closing(0.02, years=6), **KEYS)


def test_unknown_options_are_named():
    with pytest.raises(UsageError, match="fqsb"):
        log_t_test(closing(0.02), **KEYS, rules=LogTRules(variance="hac"))
    with pytest.raises(UsageError, match="span="):
        beta_convergence(closing(0.02), **KEYS, spans=GrowthSpans(effects="unit"))
    with pytest.raises(UsageError, match="no column"):
        beta_convergence(closing(0.02), unit="unit", time="year", value="z")


def test_frames_of_any_kind_come_back_as_they_came():
    data = closing(0.02)
    pandas = data.to_pandas()
    assert type(sigma_convergence(pandas, **KEYS).to_native()) is type(pandas)
    arrow = data.to_arrow()
    assert type(transitions(arrow, **KEYS, classes=3).to_native()) is type(arrow)


def test_summaries_speak_two_languages():
    data = closing(0.05)
    assert "存在β收敛" in beta_convergence(data, **KEYS).summary("zh")
    assert "half of the gap closes in" in beta_convergence(data, **KEYS).summary()
    assert "Differences shrank" in sigma_convergence(data, **KEYS).summary()
    assert "差距缩小" in sigma_convergence(data, **KEYS).summary("zh")
    assert "次转移" in transitions(data, **KEYS, classes=3).summary("zh")
    assert "峰" in distribution_dynamics(data, **KEYS).summary("zh")
    apart = data.with_columns(y=pl.col("y") ** (1 + 0.3 * (pl.col("year") - 2000)))
    assert "Differences widened" in sigma_convergence(apart, **KEYS).summary()
    assert "拒绝" in log_t_test(apart, **KEYS).summary("zh")


def test_moves_need_two_classes_and_two_years():
    with pytest.raises(UsageError, match="two classes"):
        transitions(closing(0.02), **KEYS, classes=1)
    with pytest.raises(UsageError, match="yearly, pooled"):
        transitions(closing(0.02), **KEYS, bounds="monthly")
    with pytest.raises(InputError, match="two successive years"):
        transitions(closing(0.02).filter(pl.col("year") == 2000), **KEYS, classes=3)
    with pytest.raises(InputError, match="too many equal values"):
        transitions(closing(0.02).with_columns(y=pl.lit(1.0)), **KEYS, classes=3)
    with pytest.raises(InputError, match="0 moves"):
        distribution_dynamics(closing(0.02), **KEYS, lag=40)
