"""Bandwidths for efficiency scores, whose density ends at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray

RULES = ("normal-reference", "cross-validation")
_EFFICIENT = 1e-5  # a distance this close to one is that of a unit on its own frontier: it says nothing of the density


def bandwidth(distances: FloatArray, rule: str | float = "normal-reference") -> float:
    """Return the bandwidth of the kernel density of distances of at least one, reflected at one.

    Parameters
    ----------
    distances
        Shephard's input or Farrell's output distances `(n,)`, at least 1.
    rule
        ``normal-reference``: 0.9 min(s, IQR / 1.349) (2m)^(-1/5) on the m inefficient units and their reflections;
        ``cross-validation``: least squares cross-validation on the same; or a positive number, taken as it is. Both
        rules are then adjusted for scale and sample size by (2m / n)^(1/5) s(n) / s(2m).

    Returns
    -------
    float
        The bandwidth.

    Raises
    ------
    InputError
        When fewer than two units are inefficient: there is no spread to smooth.

    Notes
    -----
    Simar and Wilson (2008), in Fried, Lovell and Schmidt, eds., section 4.3.5; Silverman (1986), equation (3.31).

    Examples
    --------
    >>> import numpy as np
    >>> round(bandwidth(np.array([1.0, 11 / 6, 1.0, 13 / 12, 1.0])), 7)
    0.1398634
    """
    if not isinstance(rule, str):
        if not (np.isfinite(rule) and rule > 0):
            message = f"a bandwidth must be a positive number; got {rule}."
            raise UsageError(message)
        return float(rule)
    if rule not in RULES:
        message = f"bandwidth '{rule}' is not one of {', '.join(RULES)} or a number."
        raise UsageError(message)
    kept = distances[distances > 1 + _EFFICIENT]
    if len(kept) < 2:  # noqa: PLR2004 - a spread needs two
        message = f"{len(kept)} of {len(distances)} units are inefficient: there is nothing to smooth; use subsampling."
        raise InputError(message)
    both = np.concatenate([2 - kept, kept])
    spread = both.std(ddof=1)
    reference = 0.9 * min(spread, np.subtract(*np.percentile(both, [75, 25])) / 1.349) * len(both) ** -0.2
    chosen = reference if rule == "normal-reference" else _cross_validated(both, spread * len(both) ** -0.2)
    return float(chosen * (len(both) / len(distances)) ** 0.2 * distances.std(ddof=1) / spread)


def _cross_validated(sample: FloatArray, guess: float) -> float:
    """Return the bandwidth with the least integrated squared error but for a constant, Gaussian kernel.

    The search runs from a twentieth of the guess to twice it; the best point of a grid is refined.
    """
    from scipy.optimize import minimize_scalar

    count = len(sample)
    gaps = (sample[:, None] - sample[None, :])[np.triu_indices(count, 1)] ** 2

    def loss(log_h: float) -> float:
        h = np.exp(log_h)
        near, far = np.exp(-gaps / (4 * h * h)).sum(), np.exp(-gaps / (2 * h * h)).sum()
        squared = (count + 2 * near) / (count**2 * h * 2 * np.sqrt(np.pi))
        left_out = 2 * far / (count * (count - 1) * h * np.sqrt(2 * np.pi))
        return float(squared - 2 * left_out)

    grid = np.log(guess) + np.linspace(np.log(0.05), np.log(2.0), 40)
    values = np.array([loss(point) for point in grid])
    at = int(np.clip(values.argmin(), 1, len(grid) - 2))
    found = minimize_scalar(loss, bounds=(grid[at - 1], grid[at + 1]), method="bounded")
    return float(np.exp(found.x))
