"""Examples of the functions of xinzhi.risks.prices."""

from __future__ import annotations

import numpy as np
import polars as pl

from make_critical_values import rejection_rates
from xinzhi.risks.prices.conventions import setting, whole_number
from xinzhi.risks.prices.critical import (
    at_level,
    critical_values,
    episode,
    explosive_series,
    from_sequences,
    power_of,
    sieve_panels,
    sieve_values,
    simulate_null,
    stored_values,
    wild_values,
)
from xinzhi.risks.prices.recursive import (
    date_runs,
    direct_statistics,
    minimum_window,
    recursive_adf,
    scale_to_unit,
    shortest_duration,
)
from xinzhi.risks.prices.series import read_series, read_steps, written
from xinzhi.risks.prices.testing import chosen_lag, drift, residual_autocorrelation


def test_wild_values() -> None:
    walk = np.random.default_rng(1).standard_normal(60).cumsum()
    found = wild_values(walk, method="wild", window=14, lag=0, draws=300, seed=1)
    assert found.gsadf.round(2).tolist() == [2.47, 3.13, 6.1]


def test_sieve_values() -> None:
    walk = np.random.default_rng(1).standard_normal(60).cumsum() + 2.0 * np.arange(60)
    found = sieve_values(walk, window=14, lag=0, draws=300, seed=1)
    assert found.gsadf.round(2).tolist() == [3.49, 3.79, 4.59]


def test_sieve_panels() -> None:
    walks = np.random.default_rng(1).standard_normal((40, 3)).cumsum(axis=0)
    assert sieve_panels(walks, window=11, lag=0, order=1, draws=50, seed=1).shape == (29, 50)


def test_setting() -> None:
    assert setting("shortest") == 10


def test_whole() -> None:
    assert whole_number("replications", 200, least=100) == 200


def test_at_level() -> None:
    assert at_level(95) == 1


def test_from_sequences() -> None:
    draws = simulate_null(30, window=10, lag=0, draws=400, seed=1)
    values = from_sequences(draws, method="simulated", seed=1)
    assert bool((values.adf < values.sadf).all() and (values.sadf < values.gsadf).all())


def test_critical_values() -> None:
    assert critical_values(40, draws=500).gsadf.shape == (3,)


def test_stored_values() -> None:
    assert (stored_values(100).gsadf.round(2).tolist(), stored_values(5000) is None) == ([1.66, 1.96, 2.57], True)


def test_chosen_lag() -> None:
    steps = np.random.default_rng(1).standard_normal(300)
    for at in range(1, 300):
        steps[at] += 0.6 * steps[at - 1]
    assert (chosen_lag(steps.cumsum(), "bic", window=40), chosen_lag(steps.cumsum(), 2, window=40)) == (1, 2)


def test_residual_autocorrelation() -> None:
    assert abs(residual_autocorrelation(np.random.default_rng(1).standard_normal(200).cumsum(), 0)) < 0.14


def test_drift() -> None:
    assert round(drift(np.array([1.0, 2.0, 4.0, 5.0, 7.0])), 2) == 5.2


def test_episode() -> None:
    start, stop, root = episode(20)
    assert (start, stop, round(root, 3)) == (8, 12, 1.166)


def test_explosive_series() -> None:
    assert explosive_series(50, 3, np.random.default_rng(1)).shape == (50, 3)


def test_rejection_rates() -> None:
    from xinzhi.risks.prices.critical import stored_values

    found = rejection_rates(100, stored_values(100), window=19, lag=0, draws=500, seed=1)
    assert bool(found[2, 1] > 0.5 > found[0, 1])


def test_power_of() -> None:
    assert (power_of(20, 95) < power_of(100, 95), power_of(20, 95, "gentle") < 0.2) == (True, True)


def test_direct_statistics() -> None:
    level = np.array([[1.0], [2.0], [1.5], [3.0], [2.0], [4.0]])
    assert direct_statistics(level, np.array([0]), np.array([0]), 5, 0).round(4).tolist() == [-1.4356]


def test_minimum_window() -> None:
    assert (minimum_window(100), minimum_window(20)) == (19, 8)


def test_recursive_adf() -> None:
    level = np.array([1.0, 1.2, 0.9, 1.1, 1.6, 1.4, 1.9, 2.6, 3.7, 5.4, 7.8, 4.0])
    found = recursive_adf(level)
    assert [round(float(value[0]), 4) for value in (found.adf, found.sadf, found.gsadf)] == [-1.2192, 7.0512, 7.0512]


def test_unit_scaled() -> None:
    assert scale_to_unit(np.array([[3.0], [-6.0]])).ravel().tolist() == [0.375, -0.75]


def test_read_steps() -> None:
    assert read_steps(np.array([1, 2, 3, 6, 7]), "year").missing == 2


def test_written() -> None:
    assert (written(2024 * 12 + 1, "month"), written(2024 * 4, "quarter")) == ("2024-02", "2024Q1")


def test_read_series() -> None:
    rows = pl.DataFrame({"s": ["a"] * 4, "t": [2001, 2002, 2004, 2005], "v": [1.0, 2.0, 1.5, 1.7]})
    assert read_series(rows, "s", "t", "v").series[0].problem == "gap"


def test_date_runs() -> None:
    found = date_runs(np.arange(6.0), np.array([0.0, 2.0, 3.0, 1.0]), np.ones(4))
    assert [(run.start, run.peak, run.last, run.ongoing) for run in found] == [(3, 4, 4, False)]


def test_shortest_duration() -> None:
    assert (shortest_duration("log", 100), shortest_duration(3, 100)) == (5, 3)
