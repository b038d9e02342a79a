"""What must not matter does not, and what must does."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xinzhi.sectors import Normalisation, index
from xinzhi.sectors.composite.build import aggregate, ranks
from xinzhi.sectors.composite.transform import OBJECTIVE, ahp, normalise, objective, treat

CLOSE = 1e-8
QUICK = settings(deadline=None, max_examples=30)


@st.composite
def tables(draw, least=4, most=12):
    rows, columns = draw(st.integers(least, most)), draw(st.integers(2, 5))
    # permutations keep columns apart from constants, and values apart from each other
    steps = [draw(st.permutations(range(1, rows + 1))) for _ in range(columns)]
    powers = draw(arrays(np.float64, columns, elements=st.floats(0.3, 3)))
    values = np.array(steps, dtype=np.float64).T ** powers
    # where all indicators say the same, CRITIC has nothing to weigh
    assume(np.corrcoef(values, rowvar=False).min() < 0.999)
    return values


def weights_of(method, values, directions):
    return objective(method, normalise(values, directions, Normalisation()), values, directions)


@QUICK
@given(tables(), st.data())
@pytest.mark.parametrize("method", OBJECTIVE)
def test_weights_do_not_depend_on_units(method, values, data):
    scale = data.draw(arrays(np.float64, values.shape[1], elements=st.floats(1e-3, 1e3)))
    directions = data.draw(arrays(np.float64, values.shape[1], elements=st.sampled_from([-1.0, 1.0])))
    ours = weights_of(method, values, directions)
    assert np.allclose(ours, weights_of(method, values * scale, directions), atol=CLOSE)
    assert ours.sum() == pytest.approx(1)
    assert (ours >= 0).all()


@QUICK
@given(tables(), st.floats(-50, 50))
@pytest.mark.parametrize("method", ["entropy", "critic", "deviation", "pca"])
def test_weights_do_not_depend_on_the_zero_of_the_scale(method, values, shift):
    directions = np.ones(values.shape[1])
    assert np.allclose(
        weights_of(method, values, directions), weights_of(method, values + shift, directions), atol=CLOSE
    )


@QUICK
@given(tables())
@pytest.mark.parametrize("method", ["arithmetic", "geometric", "harmonic", "topsis"])
def test_more_of_an_indicator_never_lowers_the_index(method, values):
    scores = normalise(values, np.ones(values.shape[1]), Normalisation("min-max", 1, 100))
    weights = np.full(values.shape[1], 1 / values.shape[1])
    middle = int(np.argsort(scores[:, 0])[1])
    raised = scores.copy()
    raised[middle, 0] += 0.5 * (scores[:, 0].max() - scores[middle, 0])
    assert aggregate(raised, weights, method)[middle] >= aggregate(scores, weights, method)[middle] - CLOSE


@QUICK
@given(tables())
def test_means_are_ordered_and_lie_between_worst_and_best(values):
    scores = normalise(values, np.ones(values.shape[1]), Normalisation("min-max", 1, 100))
    weights = np.full(values.shape[1], 1 / values.shape[1])
    three = [aggregate(scores, weights, name) for name in ("harmonic", "geometric", "arithmetic")]
    for low, high in zip([scores.min(axis=1), *three], [*three, scores.max(axis=1)], strict=True):
        assert (low <= high + CLOSE).all()


@QUICK
@given(tables())
@pytest.mark.parametrize("method", ["rank", "percentile", "borda"])
def test_rank_scores_do_not_feel_increasing_transformations(method, values):
    directions = np.where(np.arange(values.shape[1]) % 2, -1.0, 1.0)
    plain = normalise(values, directions, Normalisation(method))
    assert np.array_equal(plain, normalise(np.log(values), directions, Normalisation(method)))
    assert np.array_equal(plain, normalise(values**3, directions, Normalisation(method)))


@QUICK
@given(tables(), st.randoms())
def test_the_order_of_rows_and_indicators_does_not_matter(values, shuffle):
    names = [f"x{at}" for at in range(values.shape[1])]
    regions = [f"r{at:02d}" for at in range(len(values))]
    rows = [{"indicator": name, "sector": "s", "direction": 1, "unit": "%", "denominator": "total"} for name in names]
    frame = pl.DataFrame({"region": regions, **{name: values[:, at] for at, name in enumerate(names)}})
    plain = index(frame, {"id": "p", "indicators": rows})
    shuffle.shuffle(rows)
    mixed = index(frame.sample(fraction=1, shuffle=True, seed=1), {"id": "p", "indicators": rows})
    assert np.allclose(plain.frame["index"], mixed.frame["index"], atol=CLOSE)


@QUICK
@given(arrays(np.float64, 30, elements=st.floats(0.1, 100), unique=True), st.floats(0.01, 100))
@pytest.mark.parametrize("method", ["winsorise", "log", "box-cox"])
def test_treatment_keeps_the_order_and_does_not_feel_the_unit(method, values, scale):
    values[0] = 1e5
    done, scaled = treat(values, method), treat(values * scale, method)
    order = np.argsort(values)
    assert (np.diff(done.values[order]) >= 0).all()
    assert done.done == scaled.done
    ours, theirs = ((item - item.min()) / (item.max() - item.min()) for item in (done.values, scaled.values))
    assert np.allclose(ours, theirs, atol=1e-4)


@QUICK
@given(arrays(np.float64, st.integers(2, 7), elements=st.floats(0.2, 5)))
def test_consistent_judgements_give_back_their_weights(truth):
    found = ahp(truth[:, None] / truth)
    assert np.allclose(found.weights, truth / truth.sum(), atol=CLOSE)
    assert abs(found.ratio) < CLOSE


@QUICK
@given(arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 6).map(float)))
def test_ranks_count_those_above(index_values):
    assert ranks(index_values).tolist() == [1 + int((index_values > value).sum()) for value in index_values]
