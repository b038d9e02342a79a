"""Outliers: indicators whose skewness and kurtosis let one or two observations decide everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.sectors.composite.conventions import convention

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

TREATMENTS = ("none", "winsorise", "log", "box-cox")
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Treated:
    """One indicator after treatment.

    Parameters
    ----------
    values
        `(n,)` the treated values.
    done
        ``none``, ``winsorise``, ``log`` or ``box-cox``: what was done to it.
    count
        Observations that were winsorised.
    exponent
        The Box-Cox exponent; NaN where there is none.
    """

    values: FloatArray
    done: str
    count: int = 0
    exponent: float = float("nan")


def skewness(values: FloatArray) -> float:
    """Return the unbiased skewness (G1); NaN for fewer than three observations or a constant.

    Notes
    -----
    Joanes and Gill (1998), type 2, as spreadsheets and COINr have it.

    Examples
    --------
    >>> round(skewness(np.array([1.0, 2.0, 3.0, 10.0])), 6)
    1.763633
    """
    known = values[np.isfinite(values)]
    n = len(known)
    spread = known - known.mean() if n else known
    second = float((spread**2).mean()) if n else 0.0
    if n < _FEWEST - 1 or second <= 0:
        return float("nan")
    return float((spread**3).mean() / second**1.5 * np.sqrt(n * (n - 1)) / (n - 2))


def kurtosis(values: FloatArray) -> float:
    """Return the unbiased excess kurtosis (G2); NaN for fewer than four observations or a constant.

    Examples
    --------
    >>> round(kurtosis(np.array([1.0, 2.0, 3.0, 4.0])), 6)
    -1.2
    """
    known = values[np.isfinite(values)]
    n = len(known)
    spread = known - known.mean() if n else known
    second = float((spread**2).mean()) if n else 0.0
    if n < _FEWEST or second <= 0:
        return float("nan")
    excess = float((spread**4).mean()) / second**2 - 3
    return ((n + 1) * excess + 6) * (n - 1) / ((n - 2) * (n - 3))


def has_outliers(values: FloatArray) -> bool:
    """Return whether skewness and kurtosis are both beyond their limits.

    Examples
    --------
    >>> has_outliers(np.arange(50.0)), has_outliers(np.array([*np.arange(50.0), 1000.0]))
    (False, True)
    """
    return bool(abs(skewness(values)) > convention("skewness") and kurtosis(values) > convention("kurtosis"))


def treat(values: FloatArray, method: str) -> Treated:
    """Treat one indicator, if it has outliers; leave it alone otherwise.

    Parameters
    ----------
    values
        `(n,)`; NaN is kept.
    method
        ``none``; ``winsorise`` (the most extreme observations are moved to the next one, and the logarithm is taken
        where the limit does not suffice); ``log``; ``box-cox`` (exponent by maximum likelihood).

    Raises
    ------
    UsageError
        When there is no such method.

    Notes
    -----
    The logarithm is that of the JRC's COIN tool, mirrored where the long tail is on the left. Both transformations
    start one hundredth of the range above zero, so that nothing depends on the unit of measurement.

    Examples
    --------
    >>> found = treat(np.array([*np.arange(50.0), 1000.0]), "winsorise")
    >>> found.done, found.count, float(found.values.max())
    ('winsorise', 1, 49.0)
    """
    if method not in TREATMENTS:
        message = f"treatment '{method}' is not known: take one of {', '.join(TREATMENTS)}."
        raise UsageError(message)
    if method == "none" or not has_outliers(values):
        return Treated(values, "none")
    if method == "winsorise":
        calmed, count = winsorise(values)
        if not has_outliers(calmed):
            return Treated(calmed, "winsorise", count)
    if method == "box-cox":
        exponent = _exponent(_from_zero(values)[0])
        return Treated(_mirrored(values, exponent), "box-cox", exponent=exponent)
    return Treated(_mirrored(values, 0.0), "log")


def winsorise(values: FloatArray) -> tuple[FloatArray, int]:
    """Move the most extreme observations to the next one until the indicator passes or the limit is reached.

    Returns
    -------
    tuple
        The values, and how many observations were moved.

    Examples
    --------
    >>> winsorise(np.array([*np.arange(50.0), 1000.0]))[1]
    1
    """
    moved = values.copy()
    touched = np.zeros(len(values), dtype=bool)
    while has_outliers(moved) and touched.sum() < convention("winsorised_most"):
        sign = 1.0 if skewness(moved) >= 0 else -1.0
        ordered = sign * moved
        extreme = ordered == np.nanmax(ordered)
        moved[extreme] = sign * np.nanmax(ordered[~extreme])
        touched |= extreme
    return moved, int(touched.sum())


def _from_zero(values: FloatArray) -> tuple[FloatArray, float]:
    """Return the values with the long tail to the right, starting just above zero, and the sign that did it."""
    sign = 1.0 if skewness(values) >= 0 else -1.0
    ordered = sign * values
    low, high = np.nanmin(ordered), np.nanmax(ordered)
    return ordered - low + convention("log_offset") * (high - low), sign


def _mirrored(values: FloatArray, exponent: float) -> FloatArray:
    start, sign = _from_zero(values)
    power: FloatArray = np.log(start) if exponent == 0 else np.expm1(exponent * np.log(start)) / exponent
    return sign * power


def _exponent(start: FloatArray) -> float:
    """Return the Box-Cox exponent of the highest profile likelihood."""
    from scipy.optimize import minimize_scalar

    known = start[np.isfinite(start)]
    logs = np.log(known / np.exp(np.log(known).mean()))

    def loss(exponent: float) -> float:
        power = logs if abs(exponent) < np.finfo(float).eps else np.expm1(exponent * logs) / exponent
        return float(np.log(power.var()))  # with the geometric mean at one, the Jacobian is one

    return float(minimize_scalar(loss, bounds=tuple(convention("box_cox_range")), method="bounded").x)
