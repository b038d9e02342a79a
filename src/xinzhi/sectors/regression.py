"""A panel regression with fixed effects and standard errors that allow for dependence within a region."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray

Effects = Literal["none", "year", "two-way"]
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelFit:
    """A fitted panel regression.

    Parameters
    ----------
    coefficients, standard_errors, probabilities
        `(k,)`, in the order of the regressors; errors clustered by region, probabilities two-sided from the normal.
    rows, clusters
        Observations and regions.
    r2_within
        Share of the variance left by the effects that the regressors explain.
    """

    coefficients: FloatArray
    standard_errors: FloatArray
    probabilities: FloatArray
    rows: int
    clusters: int
    r2_within: float


def panel_fit(
    y: FloatArray, x: FloatArray, regions: Sequence[str], years: Sequence[int], *, effects: Effects = "year"
) -> PanelFit:
    """Regress `y` on `x` with fixed effects; errors clustered by region.

    Parameters
    ----------
    y, x
        `(n,)` and `(n, k)`, no value missing.
    regions, years
        Region and year of every row.
    effects
        ``none`` (a constant), ``year``, or ``two-way`` (region and year).

    Raises
    ------
    UsageError
        When the effects are unknown.
    InputError
        When there are too few rows or regions, or a regressor does not vary beside the effects.

    Notes
    -----
    The effects are partialled out by least squares (Frisch, Waugh and Lovell). The covariance is that of Liang and
    Zeger (1986) with the correction G/(G-1) · (n-1)/(n-p), p counting the effects.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [5.0]])
    >>> fit = panel_fit(2 * x[:, 0], x, ["a", "b", "c", "d"], [1, 1, 1, 1])
    >>> fit.coefficients.round(9).tolist()
    [2.0]
    """
    if effects not in {"none", "year", "two-way"}:
        message = f"effects='{effects}': it is none, year or two-way."
        raise UsageError(message)
    names, place = np.unique(np.asarray(regions), return_inverse=True)
    dummies = [np.ones((len(y), 1))]
    if effects != "none":
        dummies.append(_dummies(np.unique(np.asarray(years), return_inverse=True)[1]))
    if effects == "two-way":
        dummies.append(_dummies(place))
    base = np.hstack(dummies)
    free = np.hstack([x, y[:, None]])
    fitted, _, rank, _ = np.linalg.lstsq(base, free)
    residual = free - base @ fitted
    left, target = residual[:, :-1], residual[:, -1]
    rows, count = len(y), x.shape[1]
    parameters = int(rank) + count
    if rows <= parameters or len(names) < _TWO:
        message = f"{count} regressors with {rank} effects need more than {rows} rows, of two regions or more."
        raise InputError(message)
    # what the effects explain all but rounding does not vary beside them
    if np.any((left**2).sum(axis=0) <= 1e-16 * (x**2).sum(axis=0)) or np.linalg.matrix_rank(left) < count:
        message = "a regressor does not vary beside the fixed effects and the other regressors: drop it or an effect."
        raise InputError(message)
    bread = np.linalg.inv(left.T @ left)
    coefficients = bread @ left.T @ target
    errors = target - left @ coefficients
    scores = np.zeros((len(names), count))
    np.add.at(scores, place, left * errors[:, None])
    factor = len(names) / (len(names) - 1) * (rows - 1) / (rows - parameters)
    spread = np.sqrt(np.clip(factor * np.diag(bread @ scores.T @ scores @ bread), 0.0, None))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(coefficients) / spread
    total = float(target @ target)
    return PanelFit(
        coefficients=coefficients,
        standard_errors=spread,
        probabilities=np.array([math.erfc(value / math.sqrt(2)) for value in ratio]),
        rows=rows,
        clusters=len(names),
        r2_within=1 - float(errors @ errors) / total if total > 0 else math.nan,
    )


def _dummies(place: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> FloatArray:
    """Return one column a group, without the first."""
    return np.asarray(place[:, None] == np.arange(1, place.max() + 1), dtype=np.float64)
