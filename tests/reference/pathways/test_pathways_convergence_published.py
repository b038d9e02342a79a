"""The half-life of beta convergence against REAT 3.0.3 (R) on 402 German counties, gross product a head 2010-14.

REAT's betaconv.ols gives b = -0.0073733 of mean annual growth over T = 4, its nonlinear fit 0.00748427; it prints a
half-life of 374.6 years, from -ln(1 + b)/T, although growth is already a year's. The county data are not at hand: the
printed numbers are the anchor, and the same identity is fitted on countries here, with scipy's nonlinear least squares.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import curve_fit

from xinzhi.pathways.convergence.beta_convergence import beta_convergence, speed_of_convergence

PRINTED = 1e-7  # REAT prints five significant digits
TOLERANCE = 1e-6  # of a nonlinear search


def test_half_life_of_german_counties():
    found = speed_of_convergence(-0.0073733, 4)
    assert found.rate == pytest.approx(0.00748427, abs=PRINTED)
    assert found.half_life == pytest.approx(92.6, abs=0.05)
    wrong = np.log(2) / (-np.log(1 - 0.0073733) / 4)
    assert wrong == pytest.approx(374.6, abs=0.1)  # what is printed elsewhere, and how


@pytest.mark.shared
def test_least_squares_is_the_nonlinear_estimate(shared):
    wide = pl.read_csv(shared / "ref/paths/clubs_filteredGDP_input.csv")
    long = wide.unpivot(index="Countries", variable_name="year", value_name="log").with_columns(
        pl.col("year").str.slice(1).cast(pl.Int64), income=pl.col("log").exp()
    )
    found = beta_convergence(long, unit="Countries", time="year", value="income")
    initial, years = wide["Y1970"].to_numpy(), 33
    growth = (wide["Y2003"].to_numpy() - initial) / years

    def line(log_initial, constant, rate):
        return constant - (1 - np.exp(-rate * years)) / years * log_initial

    estimate, covariance = curve_fit(line, initial, growth, p0=[0.02, -0.001])
    assert found.years == years
    assert found.speed.rate == pytest.approx(estimate[1], rel=TOLERANCE)
    assert found.speed.standard_error == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-4)
    assert "no evidence" in found.summary()
    assert "years" not in found.summary()  # no half-life is told of a gap that is not seen to close
