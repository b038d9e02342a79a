"""Normal kernel densities: bandwidth, kernels on a grid, peaks."""

from __future__ import annotations

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray


def silverman(values: FloatArray, quartile_width: float = 1.34) -> float:
    """Return the bandwidth of Silverman (1986, equation 3.31).

    `quartile_width` is the distance of the quartiles of a standard normal variable: 1.34 there, 1.349 in three digits.
    """
    spread = float(values.std(ddof=1))
    low, high = np.quantile(values, [0.25, 0.75])
    quartiles = float(high - low) / quartile_width
    # where more than half the values are equal, the quartiles say nothing
    smaller = min(spread, quartiles) if quartiles > 0 else spread
    return 0.9 * smaller * float(np.power(values.size, -0.2))


def kernels(grid: FloatArray, values: FloatArray, width: float) -> FloatArray:
    """Return the normal kernel of each value at each point of the grid `(points, n)`; their mean is the density."""
    distance = (np.asarray(grid)[:, None] - np.asarray(values)) / width
    return np.asarray(np.exp(-(distance**2) / 2) / (width * np.sqrt(2 * np.pi)))


def peaks(density: FloatArray, least: float = 0.0) -> IntArray:
    """Return the places of the peaks that rise above a share `least` of the highest."""
    inner = density[1:-1]
    rises = (inner > density[:-2]) & (inner >= density[2:]) & (inner > least * density.max())
    return np.flatnonzero(rises) + 1
