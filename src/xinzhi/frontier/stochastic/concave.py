"""Convex nonparametric least squares: the monotone concave (or convex) function nearest to the data.

Only few of the n (n - 1) concavity constraints bind. Those between neighbours come first, then the ones that the
solution violates, until none is left (Lee, Johnson, Moreno-Centeno and Kuosmanen 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.stochastic.conventions import conventions
from xinzhi.frontier.stochastic.program import Rows, Solution, solve

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray

SCALES = ("vrs", "crs", "drs", "irs")


@dataclass(frozen=True, slots=True, eq=False)
class Hull:
    """A fitted concave (or convex) function.

    Parameters
    ----------
    fitted
        `(n,)`.
    intercepts, slopes
        Of the tangent plane at each observation: `(n,)` and `(n, p)`.
    constraints, rounds, steps
        Concavity constraints in use at the end, rounds of generation, Newton steps of the last one.
    violation
        Largest violation over all n (n - 1) constraints, relative to the standard deviation of the output.
    gap
        Residual of the optimality conditions of the last program.
    pairs
        The observations of the concavity constraints in use, with which a similar program may begin.
    """

    fitted: FloatArray
    intercepts: FloatArray
    slopes: FloatArray
    constraints: int
    rounds: int
    steps: int
    violation: float
    gap: float
    pairs: tuple[IntArray, IntArray]

    def at(self, x: FloatArray, *, convex: bool = False) -> FloatArray:
        """Return the function at other inputs `(m, p)`: the lowest (highest) of the tangent planes."""
        planes = self.intercepts + x @ self.slopes.T
        return np.asarray(planes.max(axis=1) if convex else planes.min(axis=1))


def concave_fit(
    y: FloatArray,
    x: FloatArray,
    *,
    rts: str = "vrs",
    convex: bool = False,
    weights: FloatArray | None = None,
    pairs: tuple[IntArray, IntArray] | None = None,
) -> Hull:
    """Fit the increasing concave function of `x` nearest to `y`.

    Parameters
    ----------
    y, x
        `(n,)` and `(n, p)`.
    rts
        Returns to scale: ``vrs``; ``crs``, ``drs``, ``irs`` restrict the intercepts of the planes to be zero, or not
        negative, or not positive (the other way round for a convex function).
    convex
        Fit a convex function (a cost frontier).
    weights
        Of the squared residuals `(n,)`.
    pairs
        Concavity constraints to begin with, as a `Hull` keeps them.

    Raises
    ------
    UsageError
        When `rts` is unknown.
    InputError
        When there are too many rows, or the program is not solved.

    Notes
    -----
    Kuosmanen (2008), Representation theorem for convex nonparametric least squares, Econometrics Journal 11.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> concave_fit(np.array([1.0, 3.0, 2.0, 4.0]), x).fitted.round(6).tolist()
    [1.0, 2.5, 3.0, 3.5]
    """
    if rts not in SCALES:
        message = f"unknown rts '{rts}'; choose among {', '.join(SCALES)}."
        raise UsageError(message)
    rules, n = conventions()["concave"], y.size
    if n > rules["rows"]:
        message = f"{n} rows: convex nonparametric least squares is meant for at most {rules['rows']}; draw a sample."
        raise InputError(message)
    sign = -1.0 if convex else 1.0
    shift, spread = (float(y.mean()) if rts == "vrs" else 0.0), float(y.std())
    size = np.abs(x).max(axis=0)
    if spread == 0 or (np.ptp(x, axis=0) == 0).any() or (size == 0).any():
        message = "the output or one of the inputs is constant: there is nothing to fit."
        raise InputError(message)
    weights = np.ones(n) if weights is None else weights / weights.mean()
    shape = _Shape(x / size, sign, rts)
    found, used, rounds, worst = _generate(shape, (y - shift) / spread, weights, pairs)
    slopes = shape.slopes(found) * spread / size
    fitted = shift + spread * found.fitted
    level = fitted - (slopes * x).sum(axis=1)
    return Hull(fitted, level, slopes, used[0].size, rounds, found.steps, worst, found.gap, used)


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """The constraints of a concave function in scaled inputs.

    Constant returns leave one slope out: it follows from the fitted value, ``b1 = (f - rest) / x1``.
    """

    x: FloatArray
    sign: float
    rts: str

    def pairs(self, i: IntArray, h: IntArray) -> Rows:
        """Return rows that say: observation h lies below (sign 1) the plane of observation i."""
        x, one = self.x, np.full(i.size, self.sign)
        if self.rts != "crs":
            return Rows(h, i, one, -one, -self.sign * (x[h] - x[i]))
        ratio = x[h, 0] / x[i, 0]
        return Rows(h, i, one, -one * ratio, -self.sign * (x[h, 1:] - x[i, 1:] * ratio[:, None]))

    def always(self) -> Rows:
        """Return the rows that do not come in pairs: the sign of slopes and of intercepts."""
        n, p = self.x.shape
        every = np.arange(n)
        parts = []
        if self.rts == "crs":
            parts.append(Rows(every, every, np.full(n, -1.0), np.zeros(n), self.x[:, 1:]))
        if self.rts in ("drs", "irs"):  # the plane of each observation passes above (below) the origin
            turn = self.sign * (1.0 if self.rts == "drs" else -1.0)
            parts.append(Rows(every, every, np.full(n, -turn), np.zeros(n), turn * self.x))
        k = p - (self.rts == "crs")
        for at in range(k):
            d = np.zeros((n, k))
            d[:, at] = -1.0
            parts.append(Rows(every, every, np.zeros(n), np.zeros(n), d))
        joined = parts[0]
        for part in parts[1:]:
            joined = joined.join(part)
        return joined

    def slopes(self, found: Solution) -> FloatArray:
        """Return all slopes."""
        if self.rts != "crs":
            return found.slopes
        first = (found.fitted - (found.slopes * self.x[:, 1:]).sum(axis=1)) / self.x[:, 0]
        return np.column_stack([first, found.slopes])

    def violations(self, found: Solution) -> FloatArray:
        """Return by how much every observation h lies above the plane of i, `(i, h)`."""
        slopes = self.slopes(found)
        level = found.fitted - (slopes * self.x).sum(axis=1)
        planes = level[:, None] + slopes @ self.x.T
        return np.asarray(self.sign * (found.fitted[None, :] - planes))


def _generate(
    shape: _Shape, y: FloatArray, weights: FloatArray, pairs: tuple[IntArray, IntArray] | None
) -> tuple[Solution, tuple[IntArray, IntArray], int, float]:
    """Return the solution, the pairs that it rests on, the rounds, and the largest violation."""
    rules, n = conventions()["concave"], y.size
    used = np.eye(n, dtype=bool)
    i, h = _neighbours(shape.x, min(rules["neighbours"], n - 1)) if pairs is None else pairs
    rows, worst = shape.always(), np.inf
    most, final = min(rules["added"], n - 1), pairs is not None
    for turn in range(1, rules["rounds"] + 1):
        fresh = ~used[i, h]
        i, h = i[fresh], h[fresh]
        used[i, h] = True
        rows = rows.join(shape.pairs(i, h))
        final = final or i.size <= n * rules["few"]
        found = solve(y, weights, rows, rules["gap"] if final else rules["draft"])
        over = np.where(used, -np.inf, shape.violations(found))
        worst = max(float(over.max()), 0.0)
        if worst <= rules["violation"]:
            if final:
                keep = ~np.eye(n, dtype=bool)
                return found, tuple(np.nonzero(used & keep)), turn, worst  # type: ignore[return-value] # two axes
            i, h = i[:0], h[:0]
            continue
        h = np.argpartition(-over, most - 1, axis=1)[:, :most]
        i, h = np.repeat(np.arange(n), most), h.ravel()
        keep_rows = over[i, h] > rules["violation"]
        i, h = i[keep_rows], h[keep_rows]
    message = f"concavity still fails by {worst:.1e} after {rules['rounds']} rounds of constraint generation."
    raise InputError(message)


def _neighbours(x: FloatArray, count: int) -> tuple[IntArray, IntArray]:
    """Return each observation with its nearest others, in both directions."""
    from scipy.spatial import KDTree

    scaled = x / np.maximum(x.std(axis=0), np.finfo(float).tiny)
    near = KDTree(scaled).query(scaled, count + 1)[1]
    i = np.repeat(np.arange(x.shape[0]), count + 1)
    h = np.minimum(near.ravel(), x.shape[0] - 1)
    apart = i != h
    i, h = i[apart], h[apart]
    both = np.unique(np.column_stack([np.concatenate([i, h]), np.concatenate([h, i])]), axis=0)
    return both[:, 0], both[:, 1]
