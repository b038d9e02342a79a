"""The pieces of the bootstraps, each against its definition; seeds; and what the algorithms refuse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog, minimize
from scipy.stats import norm, truncnorm

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.bootstrap import (
    bootstrap,
    choose_width,
    efficiencies,
    smooth_draws,
    smoothed_distances,
    unit_distances,
)
from xinzhi.frontier.models.sweep import validate_and_scale
from xinzhi.frontier.returns import returns_test
from xinzhi.frontier.two_stage import truncated_draws, truncated_regression, two_stage

TOLERANCE = 1e-9


def sample(seed: int = 0, n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 9, (n, 2))
    return x, (x.prod(axis=1) ** 0.4 * np.exp(-np.abs(rng.normal(0, 0.3, n))))[:, None]


def one(x: np.ndarray, y: np.ndarray, x_ref: np.ndarray, y_ref: np.ndarray, rts: str, orientation: str) -> float:
    """Return a Farrell efficiency by a program of its own."""
    n = len(x_ref)
    inward = orientation == "input"
    upper = np.column_stack([np.append(-x * inward, y * (not inward)), np.vstack([x_ref.T, -y_ref.T])])
    right = np.append(x * (not inward), -y * inward)
    total = np.append(0.0, np.ones(n))
    if rts in {"nirs", "ndrs"}:
        sign = 1 if rts == "nirs" else -1
        upper, right = np.vstack([upper, sign * total]), np.append(right, sign)
    equal = {"A_eq": total[None], "b_eq": [1.0]} if rts == "vrs" else {}
    found = linprog(np.append(1.0 if inward else -1.0, np.zeros(n)), A_ub=upper, b_ub=right, method="highs", **equal)
    return float(found.x[0]) if found.status == 0 else np.nan


@pytest.mark.parametrize("rts", ["crs", "vrs", "nirs", "ndrs"])
@pytest.mark.parametrize("orientation", ["input", "output"])
def test_many_reference_sets_as_one_by_one(rts: str, orientation: str) -> None:
    x, y = sample()
    rng = np.random.default_rng(1)
    rows = np.stack([rng.choice(40, 12, replace=False) for _ in range(6)])
    found = efficiencies(x, y, x[rows], y[rows], rts=rts, orientation=orientation)
    theirs = [[one(x[k], y[k], x[row], y[row], rts, orientation) for k in range(40)] for row in rows]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(theirs))
    np.testing.assert_allclose(found, theirs, atol=TOLERANCE)


def test_a_unit_on_the_edge_of_its_own_reference_set_is_never_lost() -> None:
    x, y = sample(3, 60)
    moved = x * np.random.default_rng(2).uniform(1, 1.5, (200, 60, 1))
    assert np.isfinite(efficiencies(x, y, moved, y)).all()


def test_normal_reference_bandwidth_by_its_formula() -> None:
    distances = np.array([1.0, 1.2, 1.5, 1.1, 1.9, 1.0, 1.35])
    kept = distances[distances > 1.00001]
    both = np.append(2 - kept, kept)
    quartiles = np.percentile(both, [25, 75])
    h = 0.9 * min(both.std(ddof=1), (quartiles[1] - quartiles[0]) / 1.349) * len(both) ** -0.2
    h *= (len(both) / 7) ** 0.2 * distances.std(ddof=1) / both.std(ddof=1)
    assert choose_width(distances) == pytest.approx(h, abs=1e-14)
    assert choose_width(distances, 0.25) == 0.25


def test_cross_validated_bandwidth_minimises_the_loss_written_out() -> None:
    distances = 1 + np.abs(np.random.default_rng(8).normal(0, 0.4, 60))
    both = np.concatenate([2 - distances, distances])
    n, points = len(both), np.linspace(-4, 6, 4001)

    def loss(h: float) -> float:
        density = norm.pdf((points[:, None] - both) / h).mean(axis=1) / h
        left_out = [norm.pdf((both[k] - np.delete(both, k)) / h).mean() / h for k in range(n)]
        return float((density**2).sum() * (points[1] - points[0]) - 2 * np.mean(left_out))

    scale = distances.std(ddof=1) / both.std(ddof=1) * (n / 60) ** 0.2
    chosen = choose_width(distances, "cross-validation") / scale
    assert loss(chosen) <= min(loss(chosen * 0.9), loss(chosen * 1.1)) + 1e-6


def test_draws_are_reflected_and_keep_mean_and_variance() -> None:
    distances = np.array([1.0, 1.2, 1.5, 1.1, 1.9, 1.0, 1.35])
    drawn = smooth_draws(distances, 0.2, 40_000, np.random.default_rng(4))
    assert drawn.shape == (40_000, 7)
    assert drawn.min() >= 1
    signed = np.concatenate([drawn.ravel(), 2 - drawn.ravel()])
    both = np.concatenate([distances, 2 - distances])
    assert signed.var() == pytest.approx(both.var(ddof=1), rel=0.09)  # n against n - 1 of fourteen, and the draws


def test_moved_units_and_their_distances() -> None:
    """One replication, by hand: every input times drawn / distance, and the units held against that."""
    x, y = sample(2, 15)
    data = validate_and_scale(x, y)
    distances = unit_distances(data, "vrs", "input")
    drawn = smooth_draws(distances, 0.1, 2, np.random.default_rng(0))
    found = smoothed_distances(data, "vrs", "input", distances, drawn)
    for turn in range(2):
        moved = x * (drawn[turn] / distances)[:, None]
        theirs = [1 / one(x[k], y[k], moved, y, "vrs", "input") for k in range(15)]
        np.testing.assert_allclose(found[turn], theirs, atol=TOLERANCE)


def test_bias_and_interval_by_their_formulas() -> None:
    x, y = sample(5, 20)
    found = bootstrap(x, y, orientation="output", draws=150, seed=9)
    distances, draws = found.frame["score"].to_numpy(), found.draws
    np.testing.assert_allclose(found.frame["corrected"], 2 * distances - draws.mean(axis=0), atol=1e-12)
    low, high = np.quantile(draws - distances, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(found.frame["lower"], distances - high, atol=1e-12)
    np.testing.assert_allclose(found.frame["upper"], distances - low, atol=1e-12)
    inward = bootstrap(x, y, draws=150, seed=9).frame
    assert (inward["corrected"] <= inward["score"] + 1e-12).all()
    assert (inward["lower"] <= inward["corrected"]).all()


def test_subsampling_by_its_formula_and_missing_shares() -> None:
    x, y = sample(6, 30)
    found = bootstrap(x, y, method="subsampling", size=12, draws=200, seed=2)
    distances = 1 / found.frame["score"].to_numpy()
    rate = (12 / 30) ** (2 / 4)
    pivots = distances * (1 + rate * (distances / found.draws - 1))
    np.testing.assert_allclose(found.frame["corrected"], 1 / np.nanmean(pivots, axis=0), atol=1e-12)
    np.testing.assert_allclose(found.frame["missing"], np.isnan(found.draws).mean(axis=0), atol=1e-12)
    assert found.bandwidth is None
    assert found.size == 12


def test_the_seed_decides_and_the_number_of_jobs_does_not() -> None:
    x, y = sample(7, 12)
    first = bootstrap(x, y, draws=150, seed=3)
    assert bootstrap(x, y, draws=150, seed=3, n_jobs=2).frame.equals(first.frame)
    assert not bootstrap(x, y, draws=150, seed=4).frame.equals(first.frame)
    calls: list[tuple[int, int]] = []
    bootstrap(x, y, draws=150, seed=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(100, 150), (150, 150)]


def test_names_and_kind_of_frame_come_back() -> None:
    x, y = sample(7, 12)
    frame = pl.DataFrame({"region": [f"r{k}" for k in range(12)], "a": x[:, 0], "b": x[:, 1]})
    found = bootstrap(frame, y, draws=20, seed=3)
    assert found.frame["unit"].to_list()[:2] == ["r0", "r1"]
    assert "纠偏" in found.summary("zh")
    assert "20 replications" in found.summary()


def test_truncated_regression_against_a_general_optimiser() -> None:
    rng = np.random.default_rng(11)
    z = np.column_stack([np.ones(200), rng.normal(size=200)])
    y = truncated_draws(z @ [1.2, 0.4], 0.5, 1, rng)[0]

    def loss(at: np.ndarray) -> float:
        mean, sigma = z @ at[:2], np.exp(at[2])
        return -float((norm.logpdf(y, mean, sigma) - norm.logsf(1, mean, sigma)).sum())

    theirs = minimize(loss, [1.5, 0.1, -1.0], method="BFGS", options={"gtol": 1e-7})
    found = truncated_regression(y, z)
    assert found.converged.all()
    assert found.likelihood[0] == pytest.approx(-theirs.fun, abs=1e-8)
    np.testing.assert_allclose(found.coefficients[0], theirs.x[:2], atol=1e-5)
    assert found.sigma[0] == pytest.approx(np.exp(theirs.x[2]), abs=1e-5)


def test_truncated_regression_of_a_stack_is_that_of_each_and_an_exponential_has_no_maximum() -> None:
    rng = np.random.default_rng(12)
    z = np.column_stack([np.ones(80), rng.normal(size=80)])
    y = truncated_draws(z @ [1.5, 0.3], 0.5, 5, rng)
    stack = truncated_regression(y, z)
    for turn in range(5):
        alone = truncated_regression(y[turn], z)
        np.testing.assert_allclose(stack.coefficients[turn], alone.coefficients[0], atol=1e-7)
    heavy = 1 + rng.pareto(1.5, 400)
    assert not truncated_regression(heavy, np.ones((400, 1))).converged[0]


def test_truncated_draws_are_those_of_the_truncated_normal() -> None:
    drawn = truncated_draws(np.array([1.5, -8.0]), 0.5, 40_000, np.random.default_rng(0))
    assert drawn.min() >= 1
    for column, mean in enumerate((1.5, -8.0)):
        law = truncnorm((1 - mean) / 0.5, np.inf, loc=mean, scale=0.5)
        assert drawn[:, column].mean() == pytest.approx(law.mean(), abs=5 * law.std() / 200)
        assert np.quantile(drawn[:, column], 0.9) == pytest.approx(law.ppf(0.9), abs=8 * law.std() / 200)


def circumstances(n: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(21)
    x, z = rng.uniform(1, 9, n), rng.normal(size=(n, 2))
    distance = truncated_draws(1.3 + z @ [0.4, 0.0], 0.3, 1, rng)[0]
    return x, np.sqrt(x) / distance, z


def test_two_stage_algorithm_one_is_the_truncated_regression_of_inefficient_units() -> None:
    x, y, z = circumstances()
    found = two_stage(x, y, z, algorithm=1, draws=200, seed=1)
    distance = found.scores["distance"].to_numpy()
    used = distance > 1.00001
    plain = truncated_regression(distance[used], np.column_stack([np.ones(len(z)), z])[used])
    np.testing.assert_allclose(found.frame["coefficient"][:3], plain.coefficients[0], atol=1e-12)
    assert found.observations == used.sum()
    rows = {row["variable"]: row for row in found.frame.iter_rows(named=True)}
    assert rows["z1"]["lower"] > 0
    assert rows["z2"]["lower"] < 0 < rows["z2"]["upper"]
    assert "z1 lower efficiency" in found.summary()
    assert "降低效率的有z1" in found.summary("zh")


def test_two_stage_algorithm_two_corrects_distances_upwards_and_finds_the_slope() -> None:
    x, y, z = circumstances()
    found = two_stage(x, y, pl.DataFrame({"rain": z[:, 0], "slope": z[:, 1]}), draws=200, seed=1)
    assert (found.scores["corrected"] > found.scores["distance"]).mean() > 0.95
    rows = {row["variable"]: row for row in found.frame.iter_rows(named=True)}
    assert abs(rows["rain"]["coefficient"] - 0.4) < 4 * rows["rain"]["error"]
    assert rows["rain"]["lower"] > 0
    again = two_stage(x, y, z, draws=200, seed=1)
    np.testing.assert_allclose(again.frame["coefficient"], found.frame["coefficient"], atol=1e-10)


def test_constant_returns_are_kept_and_decreasing_ones_are_found() -> None:
    rng = np.random.default_rng(31)
    x = rng.uniform(1, 9, 60)
    level = np.exp(-np.abs(rng.normal(0, 0.2, 60)))
    straight = returns_test(x, x * level, draws=300, seed=1)
    assert straight.verdict == "crs"
    bent = returns_test(x, x**0.4 * level, draws=300, seed=1)
    assert bent.verdict == "nirs"
    assert bent.frame["p"][0] < 0.02
    assert "非递增" in bent.summary("zh")
    assert "non-increasing" in bent.summary()
    rising = returns_test(x, np.maximum(x - 0.9, 0.05) * level, draws=300, seed=1)
    assert rising.verdict == "vrs"
    assert set(bent.units["returns"]) <= {"constant", "increasing", "decreasing"}
    assert "answer.at_odds" not in rising.facts()
    odd = rising.frame.with_columns(p=pl.when(pl.col("null") == "crs").then(0.21).otherwise(0.008))
    assert "answer.at_odds" in replace(rising, frame=odd).facts()  # the wider is rejected, the narrower is not
    ratio = returns_test(x, x * level, statistic="mean-of-ratios", draws=50, seed=1).frame["statistic"][0]
    assert ratio == pytest.approx((straight.units["crs"] / straight.units["vrs"]).mean())


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: bootstrap(np.ones(5), np.ones(5)), InputError, "nothing to smooth"),
        (lambda: bootstrap(*sample(), bandwidth="silverman"), UsageError, "bandwidth 'silverman'"),
        (lambda: bootstrap(*sample(), bandwidth=-1.0), UsageError, "positive number"),
        (lambda: bootstrap(*sample(), method="naive"), UsageError, "method 'naive'"),
        (lambda: bootstrap(*sample(), level=95), UsageError, "level must lie"),
        (lambda: bootstrap(*sample(), method="subsampling", size=40), UsageError, "fewer than 40"),
        (lambda: bootstrap(*sample(), draws=0), UsageError, "at least 1"),
        (lambda: two_stage(*sample(), np.ones(40)), InputError, "repeats the others or the constant"),
        (lambda: two_stage(*sample(), np.arange(40.0), algorithm=3), UsageError, "1 or 2"),
        (lambda: two_stage(*sample(0, 6), np.arange(6.0)), InputError, "too few"),
        (lambda: returns_test(*sample(), statistic="median"), UsageError, "statistic 'median'"),
    ],
)
def test_what_is_refused_is_named(call, error, words) -> None:
    with pytest.raises(error, match=words):
        call()
