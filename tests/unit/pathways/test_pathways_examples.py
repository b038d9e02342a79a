"""Small examples of what is inside pathways, each with a result that one can check by hand."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.pathways.complexity.cells import read_cells, read_panel
from xinzhi.pathways.complexity.complexity import read_anchor
from xinzhi.pathways.complexity.relatedness import (
    density,
    nearest_only,
    outlook,
    present,
    proximity,
    revealed_advantage,
)
from xinzhi.pathways.complexity.spectrum import fitness, listed, reflections, spectrum
from xinzhi.pathways.complexity.uncertainty import weighted_index
from xinzhi.pathways.complexity.validated_proximity import configuration, pair_tails, tail_exact, tail_saddlepoint
from xinzhi.pathways.convergence.beta_convergence import fit_spatial_lag, weights_matrix
from xinzhi.pathways.convergence.log_t_test import hodrick_prescott, quadratic_spectral, relative_paths, variation
from xinzhi.pathways.convergence.unit_years import read_unit_years
from xinzhi.pathways.entry.backtest import area, draws, measures, ordered
from xinzhi.pathways.entry.models import available, fit_additive_logit, quotient, traits, unit_of_chance
from xinzhi.pathways.entry.opportunities import complete, estimated_fit, given_fit, read_factors
from xinzhi.pathways.industries import as_package, jobs, nearness
from xinzhi.pathways.leap.counterfactual import simplex_weights
from xinzhi.pathways.plans.assignment import Task, assign, greedy, realised, repair, violations
from xinzhi.pathways.plans.limits import Limits, caps_of, fit_entry, refuse, sizes_of, spread
from xinzhi.pathways.plans.lists import chosen_categories, divisions_of, fit_of, plan_years, read_lists
from xinzhi.pathways.plans.plan import own_ranks
from xinzhi.pathways.plans.similarity import (
    add_up,
    chosen_levels,
    cosine,
    curveball,
    ellison_glaeser,
    finger_kreinin,
    hachman,
    hhi,
    hypergeometric_at_most,
    jaccard,
    krugman,
    krugman_to_rest,
    length_chances,
    location_gini,
    mean_of_pairs,
    parents,
    permuted_structures,
    poisson_binomial,
    sampled_structures,
    shared,
    shares,
    tails,
)


def test_read_cells() -> None:
    import polars as pl

    long = pl.DataFrame({"city": ["A", "A", "B"], "industry": ["x", "y", "y"], "workers": [3.0, 1.0, 2.0]})
    assert read_cells(long, place="city", activity="industry", value="workers").values.tolist() == [
        [3.0, 1.0],
        [0.0, 2.0],
    ]


def test_read_panel() -> None:
    import polars as pl

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
    import polars as pl

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


def test_reflections() -> None:
    nested = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=bool)
    assert reflections(nested, 4)[0].round(2).tolist() == [1.22, 0.0, -1.22]


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
    import polars as pl

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
    import polars as pl

    assert read_factors(pl.DataFrame({"city": ["B", "A"], "schooling": [9.0, 11.0]}), ["A", "B"], "place")[
        1
    ].tolist() == [[11.0], [9.0]]


def test_complete() -> None:
    kept, findings = complete(np.array([[1.0], [np.nan], [2.0]]), ["A", "B", "C"], ["energy"])
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


def test_simplex_weights() -> None:
    assert simplex_weights(np.array([1.0, 1.0]), np.array([[0.0, 2.0, 9.0], [0.0, 2.0, 0.0]])).round(9).tolist() == [
        0.5,
        0.5,
        0.0,
    ]


def test_assign() -> None:
    task = Task(
        value=np.array([[3.0, 2.0], [2.5, 0.0]]), sizes=np.array([1, 1]), caps=np.array([1, 1]), floors=np.zeros(2)
    )
    found = assign(task)
    assert (found.chosen.tolist(), found.objective, found.proof) == ([[False, True], [True, False]], 4.5, "flow")


def test_violations() -> None:
    task = Task(value=np.ones((2, 2)), sizes=np.array([1, 1]), caps=np.array([2, 2]), floors=np.zeros(2), overlap=0)
    assert violations(task, np.array([[True, False], [True, False]])) == ["overlap"]


def test_greedy() -> None:
    from xinzhi.pathways.plans.assignment import Task

    task = Task(
        value=np.array([[3.0, 2.0], [2.5, 0.0]]), sizes=np.array([1, 1]), caps=np.array([1, 1]), floors=np.zeros(2)
    )
    assert greedy(task).tolist() == [[True, False], [True, False]]


def test_realised() -> None:
    from xinzhi.pathways.plans.assignment import Task

    task = Task(
        value=np.array([[3.0, 2.0], [2.5, 0.0]]), sizes=np.array([1, 1]), caps=np.array([1, 1]), floors=np.zeros(2)
    )
    assert realised(task, greedy(task)) == 2.75


def test_repair() -> None:
    from xinzhi.pathways.plans.assignment import Task

    task = Task(
        value=np.array([[3.0, 1.0], [3.0, 2.0]]),
        sizes=np.array([1, 1]),
        caps=np.array([2, 2]),
        floors=np.zeros(2),
        overlap=0,
    )
    assert repair(task, np.array([[True, False], [True, False]])).tolist() == [[True, False], [False, True]]


def test_hypergeometric_at_most() -> None:
    assert round(hypergeometric_at_most(0, 4, 2, 2), 6) == 0.166667


def test_refuse() -> None:
    from xinzhi.pathways.plans.assignment import Task

    task = Task(value=np.ones((2, 1)), sizes=np.array([1, 1]), caps=np.array([1]), floors=np.zeros(2))
    assert str(refuse(task, ["a", "b"], ["x"])) == (
        "plan: the caps are too tight by 1 place: 2 are asked for, the caps hold 1. Raise the cap o"
        "f x by 1, or ask for less."
    )


def test_spread() -> None:
    frame = pl.DataFrame({"region": ["a", "b"], "industry": ["x", "y"], "gain": [1.0, 2.0]})
    assert repr(spread(frame, "gain", ("a", "b"), ("x", "y")).tolist()) == "[[1.0, nan], [nan, 2.0]]"


def test_caps_of() -> None:
    assert caps_of(None, ["26", "36"], 10, {"36": 72.2}).tolist() == [10, 5]


def test_sizes_of() -> None:
    assert sizes_of(Limits(), ["a", "b"], 3, {"a": 0.2, "b": 0.7})[0].tolist() == [3, 1]


def test_fit_entry() -> None:
    from xinzhi.data import load

    odds = fit_entry(load("china-provinces"), 2016, 5)
    assert (odds.windows, odds.slope > 0) == (((2006, 2011), (2011, 2016)), True)


def test_chosen_categories() -> None:
    from xinzhi.data import load

    assert len(chosen_categories(load("china-provinces"), "informative", verb="show")) == 34


def test_plan_years() -> None:
    from xinzhi.data import load

    assert plan_years(load("china-provinces"), None, verb="show") == [2025, 2026]


def test_read_lists() -> None:
    from xinzhi.data import load

    lists = read_lists(load("china-provinces"), 2025, ("ai", "computing", "nev"), verb="show")
    assert lists.named.sum(axis=0).tolist() == [22, 25, 17]


def test_divisions_of() -> None:
    from xinzhi.data import load

    assert divisions_of(load("china-provinces"), verb="show")["nev"] == ("36", "38")


def test_fit_of() -> None:
    from xinzhi.data import load
    from xinzhi.pathways.industries import jobs, nearness

    package = load("china-provinces")
    near = nearness(jobs(package, None, verb="show")[0])
    lists = read_lists(package, 2025, ("ai", "finance"), verb="show")
    assert fit_of(lists, divisions_of(package, verb="show"), near).known.all(axis=0).tolist() == [True, False]


def test_poisson_binomial() -> None:
    assert poisson_binomial(np.array([0.5, 0.5])).tolist() == [0.25, 0.5, 0.25]


def test_tails() -> None:
    more, fewer = tails(np.array([[0.5, 0.5]]), np.array([2]))
    assert (more.tolist(), fewer.tolist()) == ([0.25], [1.0])


def test_length_chances() -> None:
    assert length_chances(np.array([[True, False], [True, True]])).tolist() == [[0.5, 0.5], [1.0, 1.0]]


def test_curveball() -> None:
    lists = np.array([[True, False, True], [False, True, False]])
    assert {tuple(drawn.sum(axis=0).tolist()) for drawn in curveball(lists, 20)} == {(1, 1, 1)}


def test_permuted_structures() -> None:
    drawn = next(permuted_structures(np.array([[3.0, 1.0], [1.0, 3.0]]), 1))
    assert drawn.sum(axis=1).tolist() == [1.0, 1.0]


def test_sampled_structures() -> None:
    assert next(sampled_structures(np.array([[3.0, 1.0], [1.0, 3.0]]), 1, seed=1)).sum(axis=1).tolist() == [1.0, 1.0]


def test_own_ranks() -> None:
    assert own_ranks(np.array([[0.1, np.nan, 0.3]])).tolist() == [[2, 0, 1]]


def test_shares() -> None:
    assert shares(np.array([[3.0, 1.0], [0.0, 2.0]])).tolist() == [[0.75, 0.25], [0.0, 1.0]]


def test_cosine() -> None:
    assert cosine(np.array([[1.0, 0.0], [1.0, 1.0]])).round(4).tolist() == [[1.0, 0.7071], [0.7071, 1.0]]


def test_krugman() -> None:
    assert krugman(np.array([[3.0, 1.0], [1.0, 3.0]])).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_finger_kreinin() -> None:
    assert finger_kreinin(np.array([[3.0, 1.0], [1.0, 3.0]])).tolist() == [[1.0, 0.5], [0.5, 1.0]]


def test_krugman_to_rest() -> None:
    assert krugman_to_rest(np.array([[3.0, 1.0], [1.0, 3.0]])).tolist() == [1.0, 1.0]
    assert krugman_to_rest(np.array([[3.0, 1.0], [1.0, 3.0]]), include_own=True).tolist() == [0.5, 0.5]


def test_hachman() -> None:
    assert hachman(np.array([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0001]])).round(3).tolist() == [1.0, 1.0, 0.5]


def test_hhi() -> None:
    assert hhi(np.array([[1.0, 1.0], [0.0, 5.0]])).tolist() == [0.5, 1.0]


def test_location_gini() -> None:
    assert location_gini(np.array([[2.0, 0.0], [0.0, 2.0]])).tolist() == [0.5, 0.5]


def test_ellison_glaeser() -> None:
    assert ellison_glaeser(np.array([[2.0, 0.0], [0.0, 2.0]])).tolist() == [1.0, 1.0]


def test_shared() -> None:
    assert shared(np.array([[True, True], [False, True]])).tolist() == [[2.0, 1.0], [1.0, 1.0]]


def test_jaccard() -> None:
    assert jaccard(np.array([[True, True], [False, True]])).tolist() == [[1.0, 0.5], [0.5, 1.0]]


def test_mean_of_pairs() -> None:
    assert mean_of_pairs(np.array([[1.0, 0.2], [0.2, 1.0]])) == 0.2


def test_parents() -> None:
    assert parents(["0610", "3610", "3620"]) == {
        "section": ("B", "C", "C"),
        "group": ("BA", "CF", "CF"),
        "2-digit": ("06", "36", "36"),
        "3-digit": ("061", "361", "362"),
        "4-digit": ("0610", "3610", "3620"),
    }
    assert parents(["ships", "cars"]) == {"as given": ("ships", "cars")}


def test_add_up() -> None:
    assert add_up(np.array([[1.0, 2.0, 3.0]]), ("a", "b", "a"))[0].tolist() == [[4.0, 2.0]]


def test_chosen_levels() -> None:
    assert list(chosen_levels(parents(["06", "36"]), ["2-digit"])) == ["2-digit"]
