"""Results that estimate coefficients: what is the same of all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result

COLUMNS = ("term", "estimate", "standard_error", "t", "p", "low", "high")
LEVEL = 0.95


@dataclass(frozen=True, repr=False, kw_only=True)
class Estimator(Result):
    """Base of the results that have coefficients.

    `coefficients` has at least ``term, estimate, standard_error, t, p, low, high``: a row for each term; a result of
    several models names them before the term (`models`). Intervals are symmetric, by Student's t or by the normal
    distribution; a result whose intervals come from a bootstrap has those of its own level alone.
    """

    models: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:  # a field of some classes, a property of others

        @property
        def coefficients(self) -> pl.DataFrame:
            """The coefficients with standard error, t, p and interval."""

    def coverage(self) -> float:
        """Return the level of the intervals in `coefficients`."""
        return LEVEL

    def freedom(self) -> int | None:
        """Return the degrees of freedom of Student's t; None for the normal distribution."""
        return None

    def bootstrapped(self) -> bool:
        """Say whether the intervals come from a bootstrap."""
        return False

    def conf_int(self, level: float | None = None) -> pl.DataFrame:
        """Return the intervals of the coefficients: ``term, low, high``.

        Parameters
        ----------
        level
            Their coverage, between 0 and 1; that of `coefficients` when None.

        Raises
        ------
        UsageError
            When the level is none, or the intervals come from a bootstrap at another level.
        """
        rows, coverage = self.coefficients, self.coverage()
        if level is None or math.isclose(level, coverage):
            return rows.select(*self.models, "term", "low", "high")
        if not 0 < level < 1:
            raise UsageError("core.coverage", level=level)
        if self.bootstrapped():
            raise UsageError("core.bootstrap-level", level=coverage)
        low, high = interval(_numbers(rows, "estimate"), _numbers(rows, "standard_error"), level, self.freedom())
        bounds = pl.DataFrame({"low": low, "high": high}).fill_nan(None)
        return pl.concat([rows.select(*self.models, "term"), bounds], how="horizontal")

    def tidy(self) -> pl.DataFrame:
        """Return the coefficients, one term a row."""
        return self.coefficients


def _numbers(frame: pl.DataFrame, name: str) -> FloatArray:
    """Return a column as numbers, NaN where it is empty."""
    return frame[name].cast(pl.Float64).to_numpy()


def interval(
    estimate: FloatArray, standard_error: FloatArray, level: float, degrees_of_freedom: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of symmetric intervals."""
    from scipy.special import ndtri, stdtrit

    tail = 0.5 + 0.5 * level
    width = float(ndtri(tail) if degrees_of_freedom is None else stdtrit(degrees_of_freedom, tail))
    return estimate - width * standard_error, estimate + width * standard_error


def with_tests(frame: pl.DataFrame, level: float = LEVEL, degrees_of_freedom: int | None = None) -> pl.DataFrame:
    """Return estimates and standard errors with the columns ``t, p, low, high`` that the frame has not."""
    from scipy.special import ndtr, stdtr

    estimate, error = _numbers(frame, "estimate"), _numbers(frame, "standard_error")
    with np.errstate(divide="ignore", invalid="ignore"):
        t = estimate / error
    p = 2 * (ndtr(-abs(t)) if degrees_of_freedom is None else stdtr(degrees_of_freedom, -abs(t)))
    low, high = interval(estimate, error, level, degrees_of_freedom)
    columns = {"t": t, "p": p, "low": low, "high": high}
    fresh = [pl.Series(name, values).fill_nan(None) for name, values in columns.items() if name not in frame.columns]
    rows = frame.with_columns(fresh)
    return rows.select(pl.exclude(COLUMNS[1:]), *COLUMNS[1:])
