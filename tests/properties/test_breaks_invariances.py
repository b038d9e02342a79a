from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.core.breaks import classify, leave_one_out, scores

LIMIT = 3.9


def judged(growth):
    seen = scores(growth, fewest=5, shortest=8, floor=0.001)
    return seen, classify(seen, np.full(len(growth), LIMIT))


@st.composite
def levels(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    regions, years = draw(st.integers(1, 12)), draw(st.integers(10, 30))
    moves = rng.standard_t(3, (regions, years)) * 0.02 + 0.05
    moves[rng.random(moves.shape) < draw(st.sampled_from([0.0, 0.1]))] = np.nan
    return moves, rng


def same(first, second):
    np.testing.assert_array_equal(first[1].any, second[1].any)
    np.testing.assert_array_equal(first[1].outlier, second[1].outlier)
    np.testing.assert_allclose(first[0].shift, second[0].shift, atol=1e-8)
    np.testing.assert_allclose(first[0].outlier, second[0].outlier, atol=1e-8)


@given(levels())
@settings(max_examples=60, deadline=None)
def test_the_order_of_regions_does_not_matter(case):
    growth, rng = case
    order = rng.permutation(len(growth))
    seen, found = judged(growth)
    again, mixed = judged(growth[order])
    np.testing.assert_array_equal(found.any[order], mixed.any)
    np.testing.assert_allclose(seen.shift[order], again.shift, atol=1e-9)


@given(levels(), st.floats(0.01, 1e6))
@settings(max_examples=60, deadline=None)
def test_units_do_not_matter(case, unit):
    growth, _ = case
    level = np.exp(np.nancumsum(growth, axis=1))
    level[np.isnan(growth)] = np.nan
    moves = [np.diff(np.log(scaled), axis=1, prepend=np.nan) for scaled in (level, level * unit)]
    same(judged(moves[0]), judged(moves[1]))


@given(levels(), st.floats(-0.2, 0.2))
@settings(max_examples=60, deadline=None)
def test_a_national_boom_does_not_matter(case, boost):
    growth, rng = case
    if len(growth) > 6 and np.isfinite(growth).all():
        same(judged(growth), judged(growth + boost * rng.normal(size=(1, growth.shape[1]))))


@given(levels(), st.floats(-0.2, 0.2))
@settings(max_examples=60, deadline=None)
def test_faster_growth_everywhere_does_not_matter(case, boost):
    same(judged(case[0]), judged(case[0] + boost))


@given(levels())
@settings(max_examples=60, deadline=None)
def test_a_mirror_image_breaks_in_the_same_years(case):
    growth, _ = case
    seen, found = judged(growth)
    again, mirrored = judged(-growth)
    np.testing.assert_array_equal(found.any, mirrored.any)
    np.testing.assert_allclose(seen.shift, -again.shift, atol=1e-9)


@given(levels())
@settings(max_examples=60, deadline=None)
def test_every_year_has_one_kind(case):
    _, found = judged(case[0])
    kinds = found.shift.astype(int) + found.outlier + found.returns
    assert kinds.max() <= 1
    assert not found.outlier[:, -1].any()
    assert not found.any[np.isnan(case[0])].any()


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 1e6))
@settings(max_examples=60, deadline=None)
def test_one_wild_year_moves_the_measure_of_the_others_little(seed, size):
    growth = np.random.default_rng(seed).normal(0.05, 0.01, 25)
    broken = growth.copy()
    broken[7] += size
    before, after = leave_one_out(growth), leave_one_out(broken)
    assert after[0][7] == before[0][7]
    assert after[1][7] == before[1][7]
    # The median stays between the two moves next to it, however large the break.
    ordered = np.sort(growth)
    assert (after[0] <= ordered[14]).all()
    assert (after[0] >= ordered[10]).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.floats(8, 50))
@settings(max_examples=60, deadline=None)
def test_a_large_planted_break_is_found_wherever_it_is(seed, year, size):
    rng = np.random.default_rng(seed)
    growth = rng.normal(0.05, 0.01, (31, 32))
    growth[5, year] += size * 0.02
    assert judged(growth)[1].any[5, year]
