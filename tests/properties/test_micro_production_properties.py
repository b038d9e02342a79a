"""What must not matter to a production function: units, the order of rows, what firms are called."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_up_firms import panel
from xinzhi.micro import production_function

CALL = ("output", ["labour"], ["capital"], "materials")
FIRMS = panel(120, 4, "gross-output")
factors = st.floats(1e-6, 1e6)


def estimates(data, method, **options):
    share = {"share": "share"} if method == "gnr" else {}
    result = production_function(data, *CALL, method=method, starts=15, **share, **options)
    return result.coefficients.select("estimate", "standard_error").to_numpy().astype(float), result


@pytest.mark.parametrize("method", ["ols", "fe", "lp", "acf", "robinson", "gnr", "wooldridge", "blundell-bond"])
@settings(max_examples=4, deadline=None)
@given(scale=st.tuples(factors, factors, factors, factors))
def test_units_do_not_matter(method, scale):
    names = ("output", "labour", "capital", "materials")
    scaled = FIRMS.with_columns(pl.col(name) * factor for name, factor in zip(names, scale, strict=True))
    found, wanted = estimates(scaled, method)[0], estimates(FIRMS, method)[0]
    np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("method", ["lp", "acf"])
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(method, seed):
    found, result = estimates(FIRMS.sample(fraction=1, shuffle=True, seed=seed), method, draws=3)
    wanted, plain = estimates(FIRMS, method, draws=3)
    np.testing.assert_array_equal(found, wanted)
    assert result.productivity.equals(plain.productivity)


@settings(max_examples=4, deadline=None)
@given(first=st.integers(-3000, 3000))
def test_the_calendar_does_not_matter(first):
    moved = FIRMS.with_columns(pl.col("year") + first)
    np.testing.assert_array_equal(estimates(moved, "lp")[0], estimates(FIRMS, "lp")[0])
