"""Measures of structure, tests of convergence and scores of entry, in numbers that can be checked on paper."""

from __future__ import annotations

from math import comb, pi, sqrt
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways.complexity import relatedness, uncertainty, validated_proximity
from xinzhi.pathways.complexity.cells import read_panel, without_empty
from xinzhi.pathways.complexity.complexity import with_presence
from xinzhi.pathways.convergence.distribution import _trend
from xinzhi.pathways.convergence.log_t_test import quadratic_spectral
from xinzhi.pathways.entry import backtest, models
from xinzhi.pathways.leap.leapfrog import _by_place
from xinzhi.pathways.plans import capability_evidence, plan, similarity

NAN = np.nan


def test_concentration_is_the_sum_of_squared_shares():
    assert similarity.hhi(np.array([[1.0, 1.0, 2.0], [5.0, 0.0, 0.0]])).tolist() == pytest.approx([0.375, 1.0])


def test_plants_that_are_one_plant_leave_no_index_of_concentration():
    values = np.array([[3.0, 1.0], [1.0, 1.0]])
    # places hold 2/3 and 1/3 of all; shares of the activities are 3/4 and 1/2
    raw = np.array([2 * (1 / 12) ** 2, 2 * (1 / 6) ** 2]) / (1 - 5 / 9)
    assert similarity.ellison_glaeser(values).tolist() == pytest.approx(raw)
    with pytest.raises(UsageError):
        similarity.ellison_glaeser(values, np.array([1.0, 0.0]))


def test_successes_of_trials_with_chances_of_their_own():
    masses = similarity.poisson_binomial(np.array([[0.5, 0.2], [0.1, 1.0]]))
    np.testing.assert_allclose(masses, [[0.4, 0.5, 0.1], [0.0, 0.9, 0.1]], atol=1e-15)


def test_exact_tails_are_binomial_where_all_chances_are_equal():
    for n in (3, 4):
        tail = validated_proximity.tail_exact(np.array([[0.3]]), np.array([n]), np.arange(n + 1)[None])[0]
        mass = [comb(n, k) * 0.3**k * 0.7 ** (n - k) for k in range(n + 1)]
        np.testing.assert_allclose(tail, np.cumsum(mass[::-1])[::-1], atol=1e-12)


def test_weights_of_the_quadratic_spectral_kernel():
    # at 5/6 the angle is pi: 3 / pi^2; at 5/12 it is pi / 2: 12 / pi^2 times 2 / pi
    assert quadratic_spectral(np.array([0.0, 5 / 6, 5 / 12])).tolist() == pytest.approx([1, 3 / pi**2, 24 / pi**3])


def test_a_straight_line_has_its_slope_and_no_error():
    years = np.arange(2000.0, 2010.0)
    slope, error = _trend(3 + 0.5 * (years - 2000), years)
    assert (slope, error) == pytest.approx((0.5, 0.0), abs=1e-10)
    assert np.isnan(_trend(np.array([1.0, 2.0, 4.0, 4.0]), years[:4])[1])
    assert np.isfinite(_trend(np.array([1.0, 2.0, 4.0, 4.0, 5.0]), years[:5])[1])


def test_ends_of_an_interval_are_quantiles_of_what_is_a_number():
    values = np.array([[1.0, NAN, NAN], [4.0, 7.0, NAN], [2.0, 9.0, NAN], [3.0, 8.0, NAN], [5.0, NAN, NAN]])
    low, high = uncertainty._ends(values, 0.5)  # noqa: SLF001 - the formula by itself
    np.testing.assert_allclose(low, [2.0, 7.5, NAN])
    np.testing.assert_allclose(high, [4.0, 8.5, NAN])


def test_a_draw_agrees_with_the_sample_over_the_places_that_it_has():
    index, base = np.array([1.0, 2.0, NAN, 3.0]), np.array([3.0, 2.0, 9.0, 1.0])
    assert uncertainty._agreement(index, base) == pytest.approx(-1)  # noqa: SLF001 - the formula by itself
    assert uncertainty._agreement(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0])) == pytest.approx(  # noqa: SLF001 - the formula by itself
        1 / sqrt(2 * (14 / 3))
    )


def test_columns_that_do_not_vary_correlate_with_nothing():
    columns = np.array([[1.0, 5.0, 2.0], [2.0, 5.0, 4.0], [3.0, 5.0, 0.0]])
    r = -1 / 2
    np.testing.assert_allclose(models._correlated(columns.copy()), [[1, 0, r], [0, 0, 0], [r, 0, 1]], atol=1e-12)  # noqa: SLF001 - the formula by itself


def test_log_odds_are_a_constant_and_what_each_trait_adds(monkeypatch):
    monkeypatch.setattr(models, "_bent", lambda traits, _knots: (np.hstack([traits, traits[:, :1] ** 2]), None))
    logit = models.AdditiveLogit(
        names=("a", "b"),
        knots=(),
        owner=np.array([0, 1, 0]),
        centre=np.array([1.0, 0.0, 0.0]),
        scale=np.array([2.0, 1.0, 1.0]),
        intercept=0.5,
        slopes=np.array([1.0, 2.0, 3.0]),
    )
    traits = np.array([[2.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(logit.parts(traits), [[0.5 + 12, 2], [3, 0]])
    np.testing.assert_allclose(logit.log_odds(traits), [15, 3.5])


def test_a_place_is_scored_alone_with_ten_candidates_and_an_entry():
    entered = np.array([*[False] * 9, True, *[False] * 10, *[True] * 9])
    score = np.arange(29.0)
    order = backtest.ordered(entered, score, np.repeat([0, 1, 2], [10, 10, 9]), 3)
    np.testing.assert_allclose(order.within, [0.1, NAN, NAN])
    np.testing.assert_allclose(order.within_auc, [1.0, NAN, NAN])


def test_our_score_is_held_against_the_best_baseline_of_the_sample_itself():
    theirs = [name for name in backtest.BASELINE if name not in backtest.OWN]
    tables = {
        backtest.OWN[0]: dict.fromkeys(backtest.MEASURES, np.array([0.7, 0.6, 0.8, 0.5, 0.9])),
        theirs[0]: dict.fromkeys(backtest.MEASURES, np.array([0.6, 0.1, 0.1, 0.1, 0.1])),
        theirs[1]: dict.fromkeys(backtest.MEASURES, np.array([0.5, 0.9, 0.9, 0.9, 0.9])),
    }
    row = backtest._comparison(1.0, tables, 0.5).row(0, named=True)  # noqa: SLF001 - the formula by itself
    assert (row["baseline"], row["value"], row["baseline_value"]) == (theirs[0], 0.7, 0.6)
    assert row["difference"] == pytest.approx(0.1)
    assert (row["low"], row["high"]) == pytest.approx((0.475, 0.725))
    assert row["share_better"] == 1.0


def test_the_share_of_entries_far_off_has_the_interval_of_wilson():
    candidate = np.ones((1, 10), dtype=bool)
    entered = np.array([[True, True, True, True, *[False] * 6]])
    row = _by_place(("p",), candidate, entered, np.arange(1, 11)[None], 1).row(0, named=True)
    z2 = 1.959963984540054**2
    half = sqrt(z2) * sqrt(0.25 * 0.75 / 4 + z2 / 64) / (1 + z2 / 4)
    middle = (0.25 + z2 / 8) / (1 + z2 / 4)
    figures = [value for value in row.values() if isinstance(value, float)]
    for end in (middle - half, middle + half, 0.25, 0.1, 2.5):
        assert any(value == pytest.approx(end, abs=1e-4) for value in figures), end


def test_two_places_are_too_few_for_complexity():
    rows = [(place, good, year, 1.0) for place in "ab" for good in "xyz" for year in (2000, 2001)]
    frame = pl.DataFrame(rows, schema=["place", "activity", "year", "value"], orient="row")
    with pytest.raises(InputError) as error:
        read_panel(frame, place="place", activity="activity", value="value", period="year", periods=(2000, 2001))
    assert error.value.code == "pathways.too-few-common"


def test_the_best_list_of_a_region_by_itself_has_its_largest_values(monkeypatch):
    value = np.array([[3.0, NAN, 5.0, 1.0], [2.0, 4.0, 1.0, 0.0]])
    shape = {"sizes": np.array([2, 1]), "caps": np.ones(4), "floors": np.zeros(2)}
    task = SimpleNamespace(value=value, eligible=lambda: np.isfinite(value), **shape)
    selection = np.array([[True, False, False, True], [False, True, False, False]])
    monkeypatch.setattr(plan, "_code_and_names", lambda *_: {"region": ["p", "q"]})
    parts = SimpleNamespace(names=None, places=("p", "q"))
    table = plan.region_rows(task, SimpleNamespace(selection=selection), parts, {"p": 0.5, "q": 1.0})
    assert table.select("choices", "gain", "own_best", "share").rows() == [(3, 4.0, 8.0, 0.5), (4, 4.0, 4.0, 1.0)]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"passes": True}, ("able", "medium")),  # recent and large
        ({"passes": True, "close": True}, ("able", "high")),
        ({"lasting": True, "close": True}, ("able", "high")),  # half of the full share, with the staff beside it
        ({"lasting": True}, ("by proxy", "low")),
        ({"close": True}, ("by proxy", "low")),
        ({"passes": True, "soft": True}, ("by proxy", "low")),
        ({"passes": True, "output_year": 2000}, ("by proxy", "low")),
        ({"output": 0.0, "output_share": 0.0, "little": True}, ("not able", "high")),
        ({"output": 0.0, "output_share": 0.0}, ("unknown", None)),
    ],
)
def test_the_verdict_of_a_cell_by_its_evidence(monkeypatch, changes, verdict):
    bounds = {"old": 3, "full_share": 1.0, "output_share": 0.5, "least_share": 0.01, "kept_share": 0.2, "kept_years": 9}
    monkeypatch.setattr(capability_evidence, "threshold", (bounds | {"absent_quotient": 0.3}).__getitem__)
    cell = {"region": "r", "category": "c", "designation": None, "designation_year": None, "output": 1.0}
    cell |= {"output_share": 0.05, "output_year": 2020, "output_measure": "m", "lasting": False, "counted": False}
    cell |= {"passes": False, "soft": False, "little": False, "close": False, "quotient": 0.1, "quotient_year": 2020}
    cell |= {"stated": None, "rank": None, "rank_year": None, "evidence": 1}
    numbers = dict.fromkeys(("designation_year", "stated", "rank", "rank_year"), pl.Int64)
    rows = pl.DataFrame([cell | changes], schema_overrides=numbers | {"designation": pl.String})
    row = capability_evidence.verdicts(rows, 2021).row(0, named=True)
    assert (row["able"], row["grade"]) == verdict


def test_a_place_counts_by_its_size_at_the_end_of_the_learning_years(monkeypatch):
    def read(_frame, **options):
        raise LookupError(options["least_place"], options["periods"])

    monkeypatch.setattr(backtest, "read_panel", read)
    with pytest.raises(LookupError) as error:
        backtest.backtest(
            None,
            **{name: name for name in ("place", "activity", "value", "period")},
            train=(2000, 2004),
            test=(2005, 2009),
            options=backtest.BacktestOptions(least_place=7.0),
        )
    assert error.value.args == ((2004, 7.0), (2000, 2004, 2005, 2009))


def test_eigenvalues_of_a_small_operator_take_all_its_directions():
    values = np.array([1.0, 0.2, 0.9, 0.1, 0.5, 0.3])
    leading, second = relatedness.lanczos(lambda vector: values * vector, np.eye(6)[0])
    np.testing.assert_allclose(leading, [1.0, 0.9, 0.5, 0.3], atol=1e-9)
    np.testing.assert_allclose(np.abs(second), np.eye(6)[2], atol=1e-9)


@pytest.mark.parametrize("turn", [False, True])
def test_what_is_present_nowhere_is_left_out_until_nothing_is(turn):
    presence = np.array([[True, True, False], [False, False, False], [True, False, False]])
    presence = presence.T if turn else presence
    cells = without_empty(("a", "b", "c"), ("x", "y", "z"), np.arange(1.0, 10.0).reshape(3, 3))
    rest, present = with_presence(cells, presence)
    assert (list(rest.places), list(rest.activities)) == (
        (["a", "b"], ["x", "z"]) if turn else (["a", "c"], ["x", "y"])
    )
    assert present.shape == (2, 2)
    assert len(rest.findings) == 2


def test_a_place_without_presence_is_left_out_where_every_activity_is_present():
    cells = without_empty(("a", "b", "c"), ("x", "y"), np.ones((3, 2)))
    rest, _ = with_presence(cells, np.array([[True, True], [False, False], [True, False]]))
    assert (list(rest.places), list(rest.activities)) == (["a", "c"], ["x", "y"])
