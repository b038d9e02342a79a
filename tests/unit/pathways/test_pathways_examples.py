"""Small examples of what is inside pathways, each with a result that one can check by hand."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.core.names import NO_NAMES
from xinzhi.pathways.complexity.cells import read_cells, read_panel
from xinzhi.pathways.complexity.complexity import read_anchor
from xinzhi.pathways.complexity.relatedness import (
    density,
    fitness,
    listed,
    nearest_only,
    outlook,
    present,
    proximity,
    revealed_advantage,
    spectrum,
)
from xinzhi.pathways.complexity.uncertainty import weighted_index
from xinzhi.pathways.complexity.validated_proximity import configuration, pair_tails, tail_exact, tail_saddlepoint
from xinzhi.pathways.convergence.beta_convergence import fit_spatial_lag, weights_matrix
from xinzhi.pathways.convergence.log_t_test import hodrick_prescott, quadratic_spectral, relative_paths, variation
from xinzhi.pathways.convergence.unit_years import read_unit_years
from xinzhi.pathways.entry.backtest import area, draws, measures, ordered
from xinzhi.pathways.entry.models import available, fit_additive_logit, quotient, traits, unit_of_chance
from xinzhi.pathways.entry.opportunities import complete, estimated_fit, given_fit, read_factors
from xinzhi.pathways.industries import as_package, jobs, nearness


def test_read_cells() -> None:

    long = pl.DataFrame({"city": ["A", "A", "B"], "industry": ["x", "y", "y"], "workers": [3.0, 1.0, 2.0]})
    assert read_cells(long, place="city", activity="industry", value="workers").values.tolist() == [
        [3.0, 1.0],
        [0.0, 2.0],
    ]


def test_read_panel() -> None:

    long = pl.DataFrame(
        {
            "c": ["A", "B", "C"] * 6,
            "i": [*"xxxyyyzzz"] * 2,
            "t": [1] * 9 + [2] * 9,
            "v": [float(number) for number in range(18)],
        }
    )
    assert read_panel(long, place="c", activity="i", value="v", period="t", periods=(1, 2)).values[2].tolist() == [
        [9.0, 12.0, 15.0],
        [10.0, 13.0, 16.0],
        [11.0, 14.0, 17.0],
    ]


def test_read_anchor() -> None:

    assert read_anchor({"A": 1, "B": None}) == {"A": 1.0}
    assert read_anchor(pl.DataFrame({"city": ["A", "B"], "wage": [3.0, 2.0]}), place="city") == {"A": 3.0, "B": 2.0}


def test_revealed_advantage() -> None:
    assert revealed_advantage(np.array([[3.0, 1.0], [0.0, 2.0]])).round(3).tolist() == [[1.5, 0.5], [0.0, 2.0]]


def test_present() -> None:
    assert present(np.array([[3.0, 1.0], [0.0, 2.0]])).tolist() == [[True, False], [False, True]]


def test_proximity() -> None:
    assert proximity(np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=bool)).round(2).tolist() == [
        [1.0, 0.67, 0.5],
        [0.67, 1.0, 0.67],
        [0.5, 0.67, 1.0],
    ]


def test_density() -> None:
    presence = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=bool)
    assert density(presence, proximity(presence)).round(3).tolist() == [
        [0.769, 0.714, 0.538],
        [1.0, 1.0, 1.0],
        [0.538, 0.714, 0.769],
    ]


def test_nearest_only() -> None:
    assert nearest_only(np.array([[1.0, 0.2, 0.5], [0.2, 1.0, 0.1], [0.5, 0.1, 1.0]]), 1).tolist() == [
        [0.0, 0.2, 0.5],
        [0.0, 0.0, 0.0],
        [0.5, 0.0, 0.0],
    ]


def test_outlook() -> None:
    presence = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=bool)
    assert outlook(presence, density(presence, proximity(presence)), np.array([1.0, 0.0, -1.0])).round(3).tolist() == [
        -0.538,
        0.0,
        0.538,
    ]


def test_spectrum() -> None:
    nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    assert spectrum(nested).eigenvalues.round(3)[:2].tolist() == [1.0, 0.25]


def test_listed() -> None:
    assert listed(np.array([[True, False], [True, True]])).indices.tolist() == [0, 0, 1]


def test_fitness() -> None:
    nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    found = fitness(nested, rounds=200)
    assert (found.decaying.tolist(), bool(found.places[0] > found.places[1])) == ([False, True, True], True)


def test_weighted_index() -> None:
    nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    doubled = weighted_index(nested, np.array([1.0, 1.0, 2.0]))
    copied = weighted_index(nested[:, [0, 1, 2, 2]], np.ones(4))
    assert bool(np.allclose(np.abs(doubled), np.abs(copied)))


def test_configuration() -> None:
    found = configuration(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=bool))
    assert (found.probability.sum(axis=1).round(6).tolist(), found.probability.sum(axis=0).round(6).tolist()) == (
        [2.0, 2.0, 1.0],
        [2.0, 2.0, 1.0],
    )


def test_tail_exact() -> None:
    assert tail_exact(np.array([[0.5]]), np.array([2]), np.array([[0, 1, 2]])).round(3).tolist() == [[1.0, 0.75, 0.25]]


def test_tail_saddlepoint() -> None:
    found = tail_saddlepoint(np.full((1, 1), 0.3), np.array([40]), np.array([20]))
    assert bool(abs(found[0] / 0.00633 - 1) < 0.02)


def test_pair_tails() -> None:
    together, _expected, p, tail = pair_tails(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]], dtype=bool))
    assert (tail, int(together[0, 1]), bool(p[0, 1] < p[0, 2])) == ("exact", 2, True)


def test_weights_matrix() -> None:
    assert weights_matrix({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, ["a", "b", "c"]).tolist() == [
        [0.0, 1.0, 0.0],
        [0.5, 0.0, 0.5],
        [0.0, 1.0, 0.0],
    ]


def test_fit_spatial_lag() -> None:
    ring = np.roll(np.eye(8), 1, axis=1) / 2 + np.roll(np.eye(8), -1, axis=1) / 2
    x = np.column_stack([np.ones(8), [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 3.0, 6.0]])
    noise = np.array([1, -1, -1, 1, 1, -1, -1, 1]) / 100
    y = np.linalg.solve(np.eye(8) - 0.4 * ring, x @ np.array([1.0, 0.5]) + noise)
    assert round(fit_spatial_lag(y, x, ring).rho, 1) == 0.4


def test_relative_paths() -> None:
    assert relative_paths(np.array([[1.0, 2.0], [3.0, 2.0]])).tolist() == [[0.5, 1.0], [1.5, 1.0]]


def test_variation() -> None:
    assert variation(np.array([[1.0, 2.0], [3.0, 2.0]])).tolist() == [0.25, 0.0]


def test_quadratic_spectral() -> None:
    assert quadratic_spectral(np.array([0.0, 5 / 6])).round(6).tolist() == [1.0, 0.303964]


def test_hodrick_prescott() -> None:
    assert hodrick_prescott(np.array([1.0, 2.0, 3.0, 4.0]), 400.0).round(9).tolist() == [1.0, 2.0, 3.0, 4.0]


def test_read_unit_years() -> None:

    long = pl.DataFrame({"u": ["a", "a", "b"], "y": [1, 2, 2], "v": [1.0, 2.0, 3.0]})
    assert repr(read_unit_years(long, unit="u", time="y", value="v", verb="show").values.tolist()) == (
        "[[1.0, 2.0], [nan, 3.0]]"
    )


def test_ordered() -> None:
    found = ordered(np.array([True, False, True]), np.array([0.9, 0.8, 0.1]), np.zeros(3, dtype=int), 1)
    assert measures(found, np.ones((1, 1)))["auc"].tolist() == [0.5]


def test_area() -> None:
    assert area(np.array([True, False, True]), np.array([0.9, 0.8, 0.1])) == 0.5


def test_draws() -> None:
    assert draws(5, 3, seed=0).sum(axis=1).tolist() == [5.0, 5.0, 5.0]


def test_read_factors() -> None:

    assert read_factors(pl.DataFrame({"city": ["B", "A"], "schooling": [9.0, 11.0]}), ["A", "B"], "place")[
        1
    ].tolist() == [[11.0], [9.0]]


def test_complete() -> None:
    kept, findings = complete(np.array([[1.0], [np.nan], [2.0]]), ["A", "B", "C"], ["energy"], NO_NAMES)
    assert (kept.tolist(), findings[0].key) == ([True, False, True], "B")


def test_estimated_fit() -> None:
    rng = np.random.default_rng(0)
    endowment = rng.normal(size=(40, 1))
    found = estimated_fit(endowment * [1.0, -1.0] + rng.normal(0, 0.1, (40, 2)), endowment, ["schooling"])
    assert (found.intensity.round(1).tolist(), bool(found.explained > 0.9)) == ([[0.8], [-0.8]], True)


def test_given_fit() -> None:
    assert given_fit(np.array([[1.0], [3.0]]), np.array([[1.0], [2.0], [3.0]]), ["capital"]).fit.round(2).tolist() == [
        [1.22, -1.22],
        [0.0, 0.0],
        [-1.22, 1.22],
    ]


def test_quotient() -> None:
    assert quotient(np.array([[3.0, 0.0], [1.0, 0.0]])).tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_unit_of_chance() -> None:
    assert unit_of_chance(np.array([[3.0, 0.0], [1.0, 2.0]])) == 1.0


def test_traits() -> None:
    found = traits(np.random.default_rng(0).poisson(5.0, (12, 9)).astype(float))
    assert (len(found), found["latent"].shape) == (24, (12, 9))


def test_available() -> None:
    assert "additive_logit" in available()


def test_fit_additive_logit() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 1))
    model = fit_additive_logit(x, rng.random(400) < 1 / (1 + np.exp(-2 * x[:, 0])), ["x"], bends=0, ridge=1.0)
    assert bool(1.5 < model.slopes[0] / model.scale[0] < 2.5)


def test_jobs() -> None:
    cells, year = jobs(as_package("china-provinces"), None, verb="show")
    assert (cells.values.shape, year) == ((31, 38), 2016)


def test_nearness() -> None:
    from xinzhi.pathways.complexity.cells import without_empty

    cells = without_empty(list("ab"), list("xy"), np.array([[3.0, 1.0], [1.0, 3.0]]))
    assert nearness(cells).able.tolist() == [[True, False], [False, True]]
