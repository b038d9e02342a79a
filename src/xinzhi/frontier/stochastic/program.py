"""The quadratic program of convex nonparametric least squares, by an interior point method that knows its shape.

    minimise  sum w[i] (f[i] - y[i])**2 / 2   subject to   p[r] f[h[r]] + q[r] f[i[r]] + d[r]' b[i[r]] <= 0  for each
    row r

Every row touches two fitted values and the slopes b of one observation. Slopes of different observations never meet,
so the normal equations of a Newton step reduce to the fitted values alone: an n x n matrix, however many slopes there
are. General solvers (active set or sparse factorisation) do not see that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from xinzhi.core.errors import InputError

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray

_STEPS = 120
_ENOUGH, _STALLED = 1e-7, 50.0  # gap at which the last digits may be left, growth of the gap that shows they are lost
_BOUNDARY = 0.995  # of the way to the nearest bound
_WEIGHT = 1e4  # of complementarity beside the residuals: rows that bind without a multiplier leave its square root
_PROXIMITY = 1e-10  # of the multipliers to where they are: keeps the weights of binding rows below 1e10
_RIDGE = 1e-13  # relative, on the slopes' blocks: slopes that nothing binds stay where they are


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Constraints.

    Parameters
    ----------
    h, i
        The two observations of each row `(m,)`.
    p, q
        Factors of their fitted values `(m,)`.
    d
        Factors of the slopes of observation i, `(m, k)`.
    """

    h: IntArray
    i: IntArray
    p: FloatArray
    q: FloatArray
    d: FloatArray

    def join(self, other: Rows) -> Rows:
        """Return the rows of both."""
        return Rows(
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in ("h", "i", "p", "q", "d"))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A point that solves the program.

    Parameters
    ----------
    fitted, slopes
        `(n,)` and `(n, k)`.
    multipliers
        Of the rows `(m,)`.
    gap
        Complementarity and residual of the optimality conditions, whichever is larger.
    steps
        Newton steps.
    """

    fitted: FloatArray
    slopes: FloatArray
    multipliers: FloatArray
    gap: float
    steps: int


def solve(y: FloatArray, weights: FloatArray, rows: Rows, gap: float, start: Solution | None = None) -> Solution:
    """Solve the program.

    Parameters
    ----------
    y, weights
        `(n,)`, of order 1.
    rows
        The constraints.
    gap
        Largest complementarity and residual at the solution.
    start
        A point to begin with.

    Raises
    ------
    InputError
        When the method does not get there.

    Notes
    -----
    Mehrotra's predictor and corrector for convex quadratic programs (Nocedal and Wright 2006, algorithm 16.4).
    """
    n, count, k = y.size, rows.h.size, rows.d.shape[1]
    cells = np.arange(count)
    outer = csr_array(
        (np.concatenate([rows.p, rows.q]), (np.concatenate([cells, cells]), np.concatenate([rows.h, rows.i]))),
        shape=(count, n),
    )
    fitted = y.copy() if start is None else start.fitted.copy()
    slopes = np.zeros((n, k)) if start is None else start.slopes.copy()
    inside = outer @ fitted + (rows.d * slopes[rows.i]).sum(axis=1)
    slack, dual = np.maximum(-inside, 0.1), np.full(count, 0.1)
    best: Solution | None = None
    for step in range(1, _STEPS + 1):
        inside = outer @ fitted + (rows.d * slopes[rows.i]).sum(axis=1)
        gradient = weights * (fitted - y) + outer.T @ dual
        pull = _by_owner(rows, dual, n)
        primal = inside + slack
        mean = float(slack @ dual) / count
        worst = max(
            _WEIGHT * mean,
            float(np.abs(gradient).max()),
            float(np.abs(pull).max(initial=0)),
            float(np.abs(primal).max()),
        )
        if best is None or worst < best.gap:
            best = Solution(fitted, slopes, dual, worst, step)
        if worst < gap or (best.gap < _ENOUGH and worst > _STALLED * best.gap):
            return best
        try:
            newton = _Newton(weights, outer, rows, 1 / (slack / dual + _PROXIMITY))
        except np.linalg.LinAlgError:  # binding and idle rows lie so far apart that no digit is left
            break
        aim = slack * dual
        df, db, ds, dz = newton.step(gradient, pull, primal, slack, dual, aim)
        reach = min(_longest(slack, ds), _longest(dual, dz))
        after = float((slack + reach * ds) @ (dual + reach * dz)) / count
        centre = max((after / mean) ** 3 * mean, 0.1 * gap / _WEIGHT)
        df, db, ds, dz = newton.step(gradient, pull, primal, slack, dual, aim + ds * dz - centre)
        reach = min(_BOUNDARY * min(_longest(slack, ds), _longest(dual, dz)), 1.0)
        fitted, slopes = fitted + reach * df, slopes + reach * db
        slack, dual = slack + reach * ds, dual + reach * dz
    if best is not None and best.gap < _ENOUGH:
        return best
    message = f"the quadratic program of {n} observations and {count} constraints was not solved (gap {worst:.1e})."
    raise InputError(message)


def _longest(values: FloatArray, change: FloatArray) -> float:
    """Return how far `values` may go along `change` and stay positive, in units of the change."""
    falling = change < 0
    return min(1.0 / _BOUNDARY, float((-values[falling] / change[falling]).min(initial=np.inf)))


def _by_owner(rows: Rows, values: FloatArray, n: int) -> FloatArray:
    """Return the sum of ``values d`` over the rows of each observation `(n, k)`."""
    sums = np.zeros((n, rows.d.shape[1]))
    for at, column in enumerate(rows.d.T):
        sums[:, at] = np.bincount(rows.i, values * column, minlength=n)
    return sums


class _Newton:
    """One factorisation of the normal equations, for both steps of an iteration."""

    def __init__(self, weights: FloatArray, outer: csr_array, rows: Rows, ratio: FloatArray) -> None:
        n, k = weights.size, rows.d.shape[1]
        self.weights, self.outer, self.rows, self.ratio = weights, outer, rows, ratio
        scaled = outer.multiply(ratio[:, None]).tocsr()
        matrix = (outer.T @ scaled).toarray()
        matrix[np.arange(n), np.arange(n)] += weights
        blocks = np.empty((n, k, k))
        for a in range(k):
            for b in range(a, k):
                blocks[:, a, b] = blocks[:, b, a] = np.bincount(
                    rows.i, ratio * rows.d[:, a] * rows.d[:, b], minlength=n
                )
        size = np.einsum("naa->n", blocks)
        blocks[:, np.arange(k), np.arange(k)] += (_RIDGE * size + np.finfo(float).tiny)[:, None]
        self.inverse = np.linalg.inv(blocks) if k else blocks
        if k:
            cells = np.arange(rows.h.size)
            owners = (rows.i[:, None] * k + np.arange(k)).ravel()
            inner = csr_array((rows.d.ravel(), (np.repeat(cells, k), owners)), shape=(rows.h.size, n * k))
            self.cross = (scaled.T @ inner).tocsr()
            root = np.linalg.cholesky(self.inverse)
            diagonal = _block_diagonal(root)
            half = (self.cross @ diagonal).tocsr()
            matrix -= (half @ half.T).toarray()
        matrix[np.arange(n), np.arange(n)] *= 1 + 1e-14
        self.factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

    def step(
        self,
        gradient: FloatArray,
        pull: FloatArray,
        primal: FloatArray,
        slack: FloatArray,
        dual: FloatArray,
        aim: FloatArray,
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return changes of fitted values, slopes, slacks and multipliers."""
        bend = self.ratio * (primal - aim / dual)
        df, db, dz = self._solve(gradient, pull, bend)
        # once more with what rounding left over: weights of binding and idle rows differ by ten orders of magnitude
        left = gradient + self.weights * df + self.outer.T @ dz
        more_f, more_b, more_z = self._solve(left, pull + _by_owner(self.rows, dz, df.size), np.zeros_like(bend))
        df, db, dz = df + more_f, db + more_b, dz + more_z
        return df, db, -(aim + slack * dz) / dual, dz

    def _solve(
        self, gradient: FloatArray, pull: FloatArray, bend: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return changes of fitted values, slopes and multipliers."""
        rows, n = self.rows, gradient.size
        right = -(gradient + self.outer.T @ bend)
        right_slopes = -(pull + _by_owner(rows, bend, n))
        inner = np.einsum("nab,nb->na", self.inverse, right_slopes)
        if rows.d.shape[1]:
            df = cho_solve(self.factor, right - self.cross @ inner.ravel(), check_finite=False)
            back = (self.cross.T @ df).reshape(n, -1)
            db = inner - np.einsum("nab,nb->na", self.inverse, back)
        else:
            df, db = cho_solve(self.factor, right, check_finite=False), inner
        return df, db, bend + self.ratio * (self.outer @ df + (rows.d * db[rows.i]).sum(axis=1))


def _block_diagonal(blocks: FloatArray) -> csr_array:
    """Return square blocks `(n, k, k)` as one sparse matrix."""
    n, k, _ = blocks.shape
    place = np.arange(n * k).reshape(n, k)
    down = np.broadcast_to(place[:, :, None], (n, k, k)).ravel()
    across = np.broadcast_to(place[:, None, :], (n, k, k)).ravel()
    return csr_array((blocks.ravel(), (down, across)), shape=(n * k, n * k))
