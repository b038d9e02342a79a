"""Revealed comparative advantage (location quotient) in its forms, and when an activity counts as present."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray

Form = Literal["rca", "log", "symmetric", "difference", "shrunk"]
Presence = Literal["rca", "share", "poisson", "rca-and-count", "given"]


def revealed_advantage(values: FloatArray, form: Form = "rca", *, prior: float | None = None) -> FloatArray:
    r"""Return how far each place specialises in each activity.

    Parameters
    ----------
    values
        Amounts (n, p), not negative, with no empty row or column.
    form
        ``rca``: the location quotient :math:`\frac{x_{cp}/x_c}{x_p/x}` (Balassa 1965; Hoover 1936); ``log``: its
        natural logarithm, minus infinity replaced by that of the shrunk quotient; ``symmetric``: (rca - 1)/(rca + 1),
        between -1 and 1 (Laursen 2015); ``difference``: :math:`x_{cp}/x_c - x_p/x`, Hoover-style, in shares;
        ``shrunk``: the quotient pulled towards 1 by `prior` expected units, for small places.
    prior
        Pseudo-count of the shrunk forms, in units of the expected amount of a cell (the posterior mean of a gamma prior
        with mean 1, as in empirical-Bayes disease mapping, Clayton and Kaldor 1987); None: the median expected amount.

    Returns
    -------
    ndarray
        (n, p).

    Raises
    ------
    UsageError
        When the form is unknown.

    Examples
    --------
    >>> revealed_advantage(np.array([[3.0, 1.0], [0.0, 2.0]])).round(3).tolist()
    [[1.5, 0.5], [0.0, 2.0]]
    """
    if form not in get_args(Form):
        message = f"unknown form of advantage '{form}': choose one of {', '.join(get_args(Form))}."
        raise UsageError(message)
    row, column, total = values.sum(axis=1, keepdims=True), values.sum(axis=0, keepdims=True), values.sum()
    if form == "difference":
        return np.asarray(values / row - column / total, dtype=float)
    expected = row * (column / total)
    if form in {"shrunk", "log"}:
        pull = float(np.median(expected)) if prior is None else prior
        shrunk = (values + pull) / (expected + pull)
        if form == "shrunk":
            return np.asarray(shrunk)
        quotient = values / expected
        return np.asarray(np.log(np.where(quotient > 0, quotient, shrunk)))
    quotient = values / expected
    return np.asarray((quotient - 1) / (quotient + 1) if form == "symmetric" else quotient)


def present(
    values: FloatArray, rule: Presence = "rca", *, threshold: float = 1.0, least: float = 0.0, level: float = 0.05
) -> BoolArray:
    """Return which activities count as present in which places.

    Parameters
    ----------
    values
        Amounts (n, p).
    rule
        ``rca``: quotient at or above `threshold`; ``share``: share of the place at or above `threshold` (0.01 is 1 %);
        ``poisson``: the count is significantly above what the size of place and activity make expected, one-sided at
        `level`; ``rca-and-count``: quotient at or above `threshold` and at least `least` units, for small places and
        counts under disclosure control; ``given``: everything above zero, for values that are presences already.
    threshold, least, level
        As above.

    Raises
    ------
    UsageError
        When the rule is unknown.

    Examples
    --------
    >>> present(np.array([[3.0, 1.0], [0.0, 2.0]])).tolist()
    [[True, False], [False, True]]
    """
    if rule == "given":
        return np.asarray(values > 0)
    if rule == "share":
        return np.asarray(values / values.sum(axis=1, keepdims=True) >= threshold)
    if rule == "poisson":
        from scipy.special import gammainc

        expected = values.sum(axis=1, keepdims=True) * (values.sum(axis=0, keepdims=True) / values.sum())
        # P(N >= x | mean) of a Poisson count is the regularised incomplete gamma function P(x, mean).
        above = np.where(values > 0, gammainc(np.maximum(values, 1e-300), expected), 1.0)
        return np.asarray(above <= level)
    if rule not in get_args(Presence):
        message = f"unknown rule of presence '{rule}': choose one of {', '.join(get_args(Presence))}."
        raise UsageError(message)
    found = revealed_advantage(values) >= threshold
    return found & (values >= least) if rule == "rca-and-count" else np.asarray(found)
