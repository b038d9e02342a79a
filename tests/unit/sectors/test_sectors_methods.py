from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.sectors.composite import transform
from xinzhi.sectors.composite.build import aggregate, grey, ranks, topsis, vikor
from xinzhi.sectors.composite.gaming import shifted_entropy
from xinzhi.sectors.composite.system import Part, read_part
from xinzhi.sectors.composite.transform import (
    Normalisation,
    ahp,
    critic,
    deviation,
    entropy,
    has_outliers,
    impute,
    kurtosis,
    merec,
    normalise,
    pca,
    positive,
    skewness,
    treat,
    winsorise,
)
from xinzhi.sectors.composite.uncertainty import quantiles
from xinzhi.sectors.conventions import convention, returns_to_schooling, text
from xinzhi.sectors.coupling import coordination_degree, coupling_degree, lagging, obstacle_degree, relative_levels
from xinzhi.sectors.distribution import bandwidth, kernel_density
from xinzhi.sectors.figures import balanced_cells
from xinzhi.sectors.green import decoupling_state
from xinzhi.sectors.lmdi import lmdi, lmdi_additive, logarithmic_mean
from xinzhi.sectors.spatial import _two_sided, global_moran, local_moran, spatial_weights

HALVES = np.array([0.5, 0.5])
CORNERS = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]])
OUTLIER = np.array([*np.arange(50.0), 1000.0])
LINE = np.array([[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0, 0, 1, 0]])


@pytest.mark.parametrize(
    ("method", "expected"),
    [(topsis, [0, 1, 0.5]), (vikor, [1, 0, 0.75]), (grey, [1 / 3, 1, 2 / 3])],
)
def test_compromise_methods_by_hand(method, expected):
    assert method(CORNERS, HALVES) == pytest.approx(expected)


def test_means_ranks_and_quantiles_by_hand():
    assert aggregate(np.array([[0.2, 0.8], [0.6, 0.4]]), HALVES, "arithmetic") == pytest.approx([0.5, 0.5])
    assert ranks(np.array([0.2, 0.9, 0.9, 0.1])).tolist() == [3, 1, 1, 4]
    assert quantiles(np.array([[1], [4], [2], [3]], dtype=np.int16)).ravel().tolist() == [1, 1, 2, 4, 4]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (entropy(np.array([[0.0, 0.0], [0.0, 0.5], [1.0, 1.0]])), [0.704, 0.296]),
        (shifted_entropy(np.array([[0.0, 0.0], [0.0, 0.5], [1.0, 1.0]]), 1.0), [0.609, 0.391]),
        (critic(np.array([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [1.0, 1.0, 0.5]])), [0.25, 0.25, 0.5]),
        (deviation(np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.5]])), [0.536, 0.464]),
        (
            pca(np.array([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0], [1.0, 1.0, 1.0], [0.2, 0.2, 0.4]])),
            [0.492, 0.492, 0.017],
        ),
        (merec(np.array([[1.0, 2.0], [2.0, 2.5], [4.0, 3.0]]), np.ones(2)), [0.79, 0.21]),
        (ahp(np.array([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]])).weights, [0.637, 0.258, 0.105]),
    ],
)
def test_weights_by_hand(weights, expected):
    assert weights == pytest.approx(expected, abs=5e-4)


def test_a_lower_eigenvalue_keeps_more_components(monkeypatch):
    # Correlation .6 of the first two, none with the third: eigenvalues 1.6, 1 and .4.
    x, y, z = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, 1, -1, -1] * 2, [1, -1] * 4], dtype=float)
    scores = np.column_stack([x, 0.6 * x + 0.8 * y, z])
    weights = {}
    for least in (1.0, 0.5, 0.1):
        monkeypatch.setattr(transform, "convention", lambda _name, least=least: least)
        weights[least] = pca(scores).tolist()
    assert weights[1.0] == pytest.approx([0.5, 0.5, 0], abs=1e-9)  # communalities .8, .8, 0
    assert weights[0.5] == pytest.approx([0.8 / 2.6, 0.8 / 2.6, 1 / 2.6], abs=1e-9)
    assert weights[0.1] == pytest.approx([1 / 3, 1 / 3, 1 / 3], abs=1e-9)


def test_consistency_of_comparisons():
    assert ahp(np.array([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]])).ratio == pytest.approx(0.033, abs=5e-4)


def test_outliers_and_scales_by_hand():
    assert skewness(np.array([1.0, 2.0, 3.0, 10.0])) == pytest.approx(1.763633)
    assert kurtosis(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(-1.2)
    assert not has_outliers(OUTLIER[:-1])
    assert has_outliers(OUTLIER)
    found = treat(OUTLIER, "winsorise")
    assert (found.done, found.count, found.values.max(), winsorise(OUTLIER)[1]) == ("winsorise", 1, 49, 1)
    scores = normalise(np.array([[1.0, 5], [2, 4], [4, 1]]), np.array([1.0, -1]), Normalisation("min-max", 0, 100))
    assert scores.ravel() == pytest.approx([0, 0, 100 / 3, 25, 100, 100])
    assert positive(np.array([[-1.0, 0.0], [0.5, 1.0]])).ravel() == pytest.approx([1, 50.5, 75.25, 100])


def test_a_gap_between_two_years_is_filled_on_a_line():
    keys = pl.DataFrame({"region": ["a", "a", "a"], "year": [2020, 2021, 2023]})
    assert impute(np.array([[1.0], [np.nan], [4.0]]), keys, "linear").ravel().tolist() == [1, 2, 4]


def test_sources_and_conventions_are_read():
    part = Part("sector_accounts", "employment", "sector", "3")
    assert read_part("sector_accounts.employment[sector=3]") == part
    assert read_part("a.b.c") is None
    assert convention("skewness") == 2
    assert text("advance.sectors.green").zh == "绿色"
    assert returns_to_schooling(2010) == ((4, 0.134), (8, 0.101), (None, 0.068))


def test_coupling_lag_and_obstacles_by_hand():
    levels = np.array([[0.4, 0.4], [0.2, 0.8], [0.0, 1.0]])
    assert coupling_degree(levels, form="standard") == pytest.approx([1, 0.8, 0])
    assert coupling_degree(levels, form="corrected") == pytest.approx([1, np.sqrt(0.1), 0])
    assert coordination_degree(np.array([0.64, np.nan]), np.array([0.25, 0.0])) == pytest.approx([0.4, 0])
    assert relative_levels(np.array([0.2, 0.6])) == pytest.approx([0.5, 1.5])
    rows = np.array([[0.2, 0.6, 0.2], [0.3, 0.1, 0.4], [0.5, 0.5, 0.5]])
    assert lagging(rows, ["a", "b", "c"]) == ["a;c", "b", None]
    assert obstacle_degree(np.array([0.5, 0.75, 1.0]), np.full(3, 1 / 3)) == pytest.approx([2 / 3, 1 / 3, 0])


def test_regions_complete_in_the_usual_years_are_kept():
    cells = balanced_cells(np.array([[False, True, True], [False, True, True], [True, False, True]]))
    assert cells.tolist() == [[False, True, True], [False, True, True], [False, False, False]]


def test_decomposition_by_hand():
    assert logarithmic_mean(np.array([2.0, 3, 0]), np.array([1.0, 3, 5])) == pytest.approx([1 / np.log(2), 3, 0])
    assert lmdi_additive(np.array([1.0, 2.0]), np.array([2.0, 2.0])) == pytest.approx([2, 0])
    assert lmdi_additive(np.array([0.0, 5.0]), np.array([2.0, 4.0])) == pytest.approx([8, 0])
    rates = decoupling_state(np.array([-0.01, 0.02, 0.05]), np.full(3, 0.05))
    assert rates == ["strong_decoupling", "weak_decoupling", "expansive_coupling"]


def test_a_contribution_names_the_year_that_it_starts_from():
    data = pl.DataFrame({"region": "a", "year": [2001, 2003, 2005], "x": [1.0, 2.0, 2.0], "y": [3.0, 3.0, 6.0]})
    rows = lmdi(data, ["x", "y"], span=2).frame.filter(factor="x").sort("year")
    assert rows.select("start", "year").rows() == [(2001, 2003), (2003, 2005)]
    assert rows["additive"].to_list() == pytest.approx([3, 0])  # from 3 to 6, and from 6 to 12 by y alone


def test_a_permutation_counts_the_observation_among_the_draws():
    draws = np.arange(1.0, 10.0)[:, None]
    # two of nine draws are at least 8; none is at least 12; the median is as far from either end
    tails = _two_sided(np.hstack([draws, draws, draws]), np.array([8.0, 12.0, 5.0]))
    assert tails == pytest.approx([2 * 3 / 10, 2 * 1 / 10, 1.0])


def test_space_by_hand():
    weights = spatial_weights({"a": ["b"], "b": ["a", "c"], "c": ["b"]}, ["a", "b", "c"])
    assert weights.matrix.tolist() == [[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]
    chain = np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
    assert global_moran(np.arange(5.0), chain, draws=99)["moran"] == pytest.approx(0.5)
    local = local_moran(np.arange(1.0, 5.0), LINE, draws=99)[0]
    assert local == pytest.approx([0.45, 0.15, 0.15, 0.45])


def test_densities_by_hand():
    assert bandwidth(np.arange(1.0, 5.0), "scott") == pytest.approx(0.9784, abs=5e-5)
    assert kernel_density(np.zeros(1), np.zeros(1), 1.0) == pytest.approx([(2 * np.pi) ** -0.5])


def test_obstacles_are_shares_of_what_is_missing_and_levels_lie_between_none_and_all():
    parts = obstacle_degree(np.array([[0.0, 0.5, 1.0], [1.0, 1.0, 1.0], [0.8, 0.8, 0.8]]), np.array([0.2, 0.3, 0.5]))
    np.testing.assert_allclose(parts, [[4 / 7, 3 / 7, 0.0], [np.nan] * 3, [0.2, 0.3, 0.5]], atol=1e-12)
    for outside in (-0.001, 1.001):
        with pytest.raises(InputError):
            obstacle_degree(np.array([0.5, outside]), HALVES)


def test_weights_that_are_passed_are_put_on_a_sum_of_one():
    system = SimpleNamespace(id="small", codes=("a", "b", "c"))
    assert transform.given_weights(system, {"c": 1, "a": 3, "b": 0}).tolist() == [0.75, 0.0, 0.25]
    for wrong in ({"a": 1, "b": 1}, {"a": 0, "b": 0, "c": 0}, {"a": 2, "b": -1, "c": 0}, {"a": np.nan, "b": 1, "c": 1}):
        with pytest.raises(UsageError):
            transform.given_weights(system, wrong)
