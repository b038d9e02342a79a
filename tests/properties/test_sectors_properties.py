"""What must hold whatever the figures: exact decompositions, bounds, and invariance to units and order."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xinzhi.core.markov_chains import probabilities, steady_state
from xinzhi.sectors.coupling import coordination_degree, coupling_degree, obstacle_degree, relative_levels
from xinzhi.sectors.distribution import bandwidth, kernel_density
from xinzhi.sectors.green import decoupling_state
from xinzhi.sectors.inequality import dagum, gini, theil
from xinzhi.sectors.lmdi import lmdi, lmdi_additive, logarithmic_mean
from xinzhi.sectors.spatial import global_moran, local_moran

quick = settings(deadline=None, max_examples=60)
level = st.floats(0, 1).map(lambda value: round(value, 6))
positive = st.floats(1e-3, 1e6)
FORMS = ("standard", "corrected")


@st.composite
def grouped(draw):
    size = draw(st.integers(4, 25))
    values = draw(arrays(np.float64, size, elements=st.floats(0.01, 1e4)))
    weights = draw(arrays(np.float64, size, elements=st.floats(0.1, 50)))
    groups = ["a", "b", *draw(st.lists(st.sampled_from("abc"), min_size=size - 2, max_size=size - 2))]
    return values, groups, weights


@st.composite
def factors(draw, *, zeros=False):
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 4)))
    element = st.one_of(st.just(0.0), st.floats(0.01, 100)) if zeros else st.floats(0.01, 100)
    return draw(arrays(np.float64, shape, elements=element)), draw(arrays(np.float64, shape, elements=element))


@quick
@given(arrays(np.float64, (7, 4), elements=level))
def test_coupling_and_coordination_lie_between_zero_and_one(levels):
    for form in FORMS:
        degree = coupling_degree(levels, form=form)
        known = levels.max(axis=1) > 0
        assert np.isfinite(degree[known]).all()
        assert np.isnan(degree[~known]).all()
        assert ((degree[known] >= 0) & (degree[known] <= 1)).all()
        both = coordination_degree(degree, levels.mean(axis=1))
        assert ((both >= 0) & (both <= 1)).all()


@quick
@given(arrays(np.float64, 3, elements=st.floats(0.01, 1)))
def test_coupling_is_one_exactly_where_all_are_equal(levels):
    equal = bool((levels == levels[0]).all())
    for form in FORMS:
        assert coupling_degree(np.full(3, levels[0]), form=form) == 1.0
        # rounding cannot tell levels apart that differ by less than the root of the last digit
        if equal or np.ptp(levels) > 1e-6:
            assert (coupling_degree(levels, form=form) == 1.0) == equal


@quick
@given(arrays(np.float64, 5, elements=st.floats(0.01, 1)), st.permutations(range(5)))
def test_coupling_does_not_depend_on_the_order_of_systems(levels, order):
    for form in FORMS:
        assert coupling_degree(levels[order], form=form) == pytest.approx(coupling_degree(levels, form=form), abs=1e-12)


@quick
@given(arrays(np.float64, 4, elements=st.floats(0.01, 1)), st.floats(0.1, 1))
def test_the_standard_form_is_blind_to_the_scale_and_the_corrected_is_not_above_it(levels, scale):
    standard = coupling_degree(levels, form="standard")
    assert coupling_degree(levels * scale, form="standard") == pytest.approx(standard, abs=1e-9)
    assert coupling_degree(levels, form="corrected") <= standard + 1e-12


@quick
@given(arrays(np.float64, (6, 3), elements=level), arrays(np.float64, 3, elements=st.floats(0.1, 1)))
def test_obstacles_add_up_to_one(levels, weights):
    degree = obstacle_degree(levels, weights / weights.sum())
    full = (levels == 1).all(axis=1)
    assert degree[~full].sum(axis=1) == pytest.approx(np.ones((~full).sum()), abs=1e-9)
    assert np.isnan(degree[full]).all()


@quick
@given(arrays(np.float64, (5, 4), elements=st.floats(0.01, 1)))
def test_relative_levels_have_the_mean_one(levels):
    assert relative_levels(levels).mean(axis=1) == pytest.approx(np.ones(5), abs=1e-12)


@quick
@given(factors())
def test_lmdi_leaves_no_residual(pair):
    before, after = pair
    change = after.prod(axis=1) - before.prod(axis=1)
    scale = np.maximum(after.prod(axis=1), before.prod(axis=1))
    assert np.abs(lmdi_additive(before, after).sum(axis=1) - change) == pytest.approx(
        0 * change, abs=1e-11 * scale.max()
    )


@quick
@given(factors(zeros=True))
def test_lmdi_leaves_no_residual_with_zeros(pair):
    before, after = pair
    change = after.prod(axis=1) - before.prod(axis=1)
    scale = 1 + np.maximum(after.prod(axis=1), before.prod(axis=1))
    assert (np.abs(lmdi_additive(before, after).sum(axis=1) - change) <= 1e-11 * scale).all()


@quick
@given(factors())
def test_lmdi_backwards_is_lmdi_with_the_sign_turned(pair):
    before, after = pair
    assert lmdi_additive(after, before) == pytest.approx(-lmdi_additive(before, after), rel=1e-9, abs=1e-9)


@quick
@given(factors())
def test_multiplicative_lmdi_multiplies_to_the_ratio_of_sums_of_items(pair):
    before, after = pair
    names = [f"f{place}" for place in range(before.shape[1])]
    rows = [
        {"region": "r", "year": year, "item": str(place), **dict(zip(names, cells, strict=True))}
        for year, table in ((1, before), (2, after))
        for place, cells in enumerate(table.tolist())
    ]
    result = lmdi(pl.DataFrame(rows), names, item="item")
    total = result.totals.row(0, named=True)
    assert np.prod(result.frame["multiplicative"].to_numpy()) == pytest.approx(
        total["after"] / total["before"], rel=1e-9
    )
    assert result.frame["additive"].sum() == pytest.approx(
        total["after"] - total["before"], abs=1e-10 * (total["after"] + total["before"])
    )


@quick
@given(positive, positive)
def test_the_logarithmic_mean_lies_between_geometric_and_arithmetic(a, b):
    mean = float(logarithmic_mean(np.array(a), np.array(b)))
    assert np.sqrt(a * b) * (1 - 1e-9) <= mean <= (a + b) / 2 * (1 + 1e-9)


@quick
@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_every_pair_of_growth_rates_has_one_state(pressure, driver):
    state = decoupling_state(np.array([pressure]), np.array([driver]))[0]
    assert (state is None) == (driver == 0)
    if state is not None and pressure != 0 and (pressure > 0) != (driver > 0):
        assert state.startswith("strong")


@quick
@given(grouped())
def test_the_parts_of_dagum_add_up_to_the_gini(case):
    values, groups, weights = case
    parts = dagum(values, groups, weights)
    assert parts.within + parts.between + parts.transvariation == pytest.approx(parts.gini, abs=1e-12)
    assert min(parts.within, parts.between, parts.transvariation) >= -1e-12
    assert ((parts.affluence >= 0) & (parts.affluence <= 1)).all()


@quick
@given(grouped())
def test_theil_adds_up(case):
    parts = theil(*case)
    assert parts.t_within + parts.t_between == pytest.approx(parts.t, abs=1e-12)
    assert parts.l_within + parts.l_between == pytest.approx(parts.l, abs=1e-12)
    assert min(parts.t, parts.l, parts.t_between, parts.l_between) >= -1e-12


@quick
@given(grouped(), st.floats(0.01, 1000))
def test_inequality_does_not_depend_on_the_unit(case, scale):
    values, groups, weights = case
    assert gini(values * scale, weights) == pytest.approx(gini(values, weights), abs=1e-12)
    assert gini(values, weights * scale) == pytest.approx(gini(values, weights), abs=1e-12)
    one, other = dagum(values, groups, weights), dagum(values * scale, groups, weights)
    assert other.between == pytest.approx(one.between, abs=1e-11)
    assert theil(values * scale, groups, weights).t == pytest.approx(theil(values, groups, weights).t, abs=1e-11)


@quick
@given(grouped(), st.randoms(use_true_random=False))
def test_inequality_does_not_depend_on_the_order(case, random):
    values, groups, weights = case
    order = list(range(len(values)))
    random.shuffle(order)
    one, other = (
        dagum(values, groups, weights),
        dagum(values[order], [groups[place] for place in order], weights[order]),
    )
    assert other.transvariation == pytest.approx(one.transvariation, abs=1e-12)
    assert other.gini == pytest.approx(one.gini, abs=1e-12)


@quick
@given(arrays(np.float64, 6, elements=st.floats(0.01, 100)), st.integers(2, 5))
def test_a_weight_of_k_is_k_equal_units(values, times):
    weights = np.array([times, 1, 1, 1, 1, 1], dtype=float)
    repeated = np.concatenate([np.repeat(values[0], times), values[1:]])
    assert gini(values, weights) == pytest.approx(gini(repeated), abs=1e-12)
    assert theil(values, weights=weights).t == pytest.approx(theil(repeated).t, abs=1e-12)


@quick
@given(arrays(np.float64, 8, elements=st.floats(-100, 100), unique=True), st.floats(0.1, 10), st.floats(-50, 50))
def test_moran_does_not_depend_on_unit_and_origin(values, scale, shift):
    if np.ptp(values) < 1e-3:
        return
    ring = np.roll(np.eye(8), 1, axis=1) / 2 + np.roll(np.eye(8), -1, axis=1) / 2
    one, other = (global_moran(item, ring, draws=19, seed=5) for item in (values, values * scale + shift))
    assert other["moran"] == pytest.approx(one["moran"], abs=1e-7)
    assert other["p_permutation"] == one["p_permutation"] or abs(one["moran"]) < 1e-6
    local, _ = local_moran(values, ring, draws=9)
    # the local indices average to the global one, up to the n/(n-1) of their scale
    assert local.mean() * 8 / 7 == pytest.approx(one["moran"], abs=1e-9)


@quick
@given(arrays(np.float64, (4, 4), elements=st.floats(0.1, 50)))
def test_the_steady_state_is_left_unchanged(counts):
    matrix = probabilities(counts)
    limit = steady_state(matrix)
    assert limit @ matrix == pytest.approx(limit, abs=1e-9)
    assert limit.sum() == pytest.approx(1, abs=1e-9)


@quick
@given(arrays(np.float64, 9, elements=st.floats(-50, 50), unique=True))
def test_a_density_has_the_mass_one(values):
    width = bandwidth(values)
    step = max(width / 10, np.ptp(values) / 20_000)
    if step > width / 2:  # too narrow beside the range for a sum over so many points
        return
    at = np.arange(values.min() - 8 * width, values.max() + 8 * width, step)
    assert np.trapezoid(kernel_density(values, at, width), at) == pytest.approx(1, abs=1e-3)
