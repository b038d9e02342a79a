"""Efficiency depends neither on units of measurement nor on the order of rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xinzhi.frontier import sfa, stoned

MODELS = ["half-normal", "exponential", "truncated-normal", "pitt-lee", "battese-coelli-1992"]


def table(seed, rows=96):
    draw = np.random.default_rng(seed)
    capital, labour = draw.uniform(0, 3, (2, rows))
    unit = np.repeat(np.arange(rows // 4), 4)
    waste = np.abs(0.5 * draw.normal(size=rows)) + np.abs(0.3 * draw.normal(size=rows // 4))[unit]
    output = 1 + 0.4 * capital + 0.5 * labour + 0.25 * draw.normal(size=rows) - waste
    columns = {"firm": unit, "year": np.tile(np.arange(4), rows // 4)}
    return pl.DataFrame({**columns, "y": np.exp(output), "k": np.exp(capital), "l": np.exp(labour)})


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 20), st.sampled_from(MODELS), st.floats(-9, 9), st.floats(-9, 9))
def test_units_of_measurement_do_not_matter(seed, model, output, capital):
    frame = table(seed)
    scaled = frame.with_columns(y=pl.col("y") * 10**output, k=pl.col("k") * 10**capital)
    first, second = (sfa(data, "y", ["k", "l"], "firm", "year", model=model) for data in (frame, scaled))
    assert second.verdict.status == first.verdict.status
    assume(first.verdict.usable)
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-6)
    if first.verdict.status == "converged" and first.verdict.condition < 1e4:
        np.testing.assert_allclose(first.frame["efficiency"], second.frame["efficiency"], atol=1e-4)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 20), st.sampled_from(MODELS))
def test_order_of_rows_does_not_matter(seed, model):
    frame = table(seed)
    order = np.random.default_rng(seed).permutation(frame.height)
    first, second = (sfa(data, "y", ["k", "l"], "firm", "year", model=model) for data in (frame, frame[order]))
    assert second.verdict.status == first.verdict.status
    assume(first.verdict.usable)
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-6)
    if first.verdict.status == "converged" and first.verdict.condition < 1e4:
        np.testing.assert_allclose(first.frame["efficiency"].to_numpy()[order], second.frame["efficiency"], atol=1e-4)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 20), st.floats(-6, 6), st.floats(-6, 6), st.sampled_from(["additive", "relative"]))
def test_concave_fit_is_free_of_units_and_order(seed, output, capital, error):
    frame = table(seed, 40)
    order = np.random.default_rng(seed).permutation(40)
    scaled = frame[order].with_columns(y=pl.col("y") * 10**output, k=pl.col("k") * 10**capital)
    first, second = (stoned(data, "y", ["k", "l"], error=error) for data in (frame, scaled))
    fitted = second.frame["fitted"].to_numpy() / 10**output
    np.testing.assert_allclose(fitted, first.frame["fitted"].to_numpy()[order], rtol=1e-4)
