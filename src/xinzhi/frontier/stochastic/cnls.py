"""Convex nonparametric least squares: the monotone concave (or convex) function nearest to the data.

Only few of the n (n - 1) concavity constraints bind. Those between neighbours come first, then the ones that the
solution violates, until none is left (Lee, Johnson, Moreno-Centeno and Kuosmanen 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.frontier.stochastic.design import CONVENTIONS

SCALES = ("vrs", "crs", "drs", "irs")


@dataclass(frozen=True, slots=True, eq=False)
class Hull:
    """A concave (or convex) function: `fitted` `(n,)`, and tangent planes, `intercepts` `(n,)` and `slopes` `(n, p)`.

    `constraints` counts the concavity constraints in use at the end, `rounds` those of generation, `steps` the Newton
    steps of the last one. `violation` is the largest over all n (n - 1) constraints, relative to the standard deviation
    of the output, `gap` the residual of the optimality conditions of the last program. With the `pairs` of observations
    of the constraints in use a similar program may begin.
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
    """Fit the increasing concave function of `x` nearest to `y`."""
    # Kuosmanen (2008), Representation theorem for convex nonparametric least squares, Econometrics Journal 11.
    if rts not in SCALES:
        raise UsageError("frontier.stochastic-rts", rts=rts, known=list(SCALES))
    rules, n = CONVENTIONS["concave"], y.size
    if n > rules["rows"]:
        raise InputError("frontier.cnls-rows", n=n, most=rules["rows"])
    sign = -1.0 if convex else 1.0
    shift, spread = (float(y.mean()) if rts == "vrs" else 0.0), float(y.std())
    size = np.abs(x).max(axis=0)
    if spread == 0 or (np.ptp(x, axis=0) == 0).any() or (size == 0).any():
        raise InputError("frontier.cnls-constant")
    weights = np.ones(n) if weights is None else weights / weights.mean()
    shape = _Shape(x / size, sign, rts)
    solution, used, rounds, worst = _generate(shape, (y - shift) / spread, weights, pairs)
    slopes = shape.slopes(solution) * spread / size
    fitted = shift + spread * solution.fitted
    level = fitted - (slopes * x).sum(axis=1)
    return Hull(fitted, level, slopes, used[0].size, rounds, solution.steps, worst, solution.gap, used)


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """The constraints of a concave function in scaled inputs."""

    # Constant returns leave one slope out: it follows from the fitted value, ``b1 = (f - rest) / x1``.

    x: FloatArray
    sign: float
    rts: str

    def pairs(self, i: IntArray, h: IntArray) -> Rows:
        """Return rows that say: observation h lies below (sign 1) the plane of observation i."""
        x, ones = self.x, np.full(i.size, self.sign)
        if self.rts != "crs":
            return Rows(h, i, ones, -ones, -self.sign * (x[h] - x[i]))
        ratio = x[h, 0] / x[i, 0]
        return Rows(h, i, ones, -ones * ratio, -self.sign * (x[h, 1:] - x[i, 1:] * ratio[:, None]))

    def always(self) -> Rows:
        """Return the rows that do not come in pairs: the sign of slopes and of intercepts."""
        n, p = self.x.shape
        index = np.arange(n)
        parts = []
        if self.rts == "crs":
            parts.append(Rows(index, index, np.full(n, -1.0), np.zeros(n), self.x[:, 1:]))
        if self.rts in ("drs", "irs"):  # the plane of each observation passes above (below) the origin
            turn = self.sign * (1.0 if self.rts == "drs" else -1.0)
            parts.append(Rows(index, index, np.full(n, -turn), np.zeros(n), turn * self.x))
        k = p - (self.rts == "crs")
        for at in range(k):
            d = np.zeros((n, k))
            d[:, at] = -1.0
            parts.append(Rows(index, index, np.zeros(n), np.zeros(n), d))
        joined = parts[0]
        for part in parts[1:]:
            joined = joined.join(part)
        return joined

    def slopes(self, solution: Solution) -> FloatArray:
        """Return all slopes."""
        if self.rts != "crs":
            return solution.slopes
        first = (solution.fitted - (solution.slopes * self.x[:, 1:]).sum(axis=1)) / self.x[:, 0]
        return np.column_stack([first, solution.slopes])

    def violations(self, solution: Solution) -> FloatArray:
        """Return by how much every observation h lies above the plane of i, `(i, h)`."""
        slopes = self.slopes(solution)
        level = solution.fitted - (slopes * self.x).sum(axis=1)
        planes = level[:, None] + slopes @ self.x.T
        return np.asarray(self.sign * (solution.fitted[None, :] - planes))


def _generate(
    shape: _Shape, y: FloatArray, weights: FloatArray, pairs: tuple[IntArray, IntArray] | None
) -> tuple[Solution, tuple[IntArray, IntArray], int, float]:
    """Return the solution, the pairs that it rests on, the rounds, and the largest violation."""
    rules, n = CONVENTIONS["concave"], y.size
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
        solution = solve(y, weights, rows, rules["gap"] if final else rules["draft"])
        over = np.where(used, -np.inf, shape.violations(solution))
        worst = max(float(over.max()), 0.0)
        if worst <= rules["violation"]:
            if final:
                keep = ~np.eye(n, dtype=bool)
                return solution, tuple(np.nonzero(used & keep)), turn, worst  # type: ignore[return-value] # two axes
            i, h = i[:0], h[:0]
            continue
        h = np.argpartition(-over, most - 1, axis=1)[:, :most]
        i, h = np.repeat(np.arange(n), most), h.ravel()
        keep_rows = over[i, h] > rules["violation"]
        i, h = i[keep_rows], h[keep_rows]
    raise InputError("frontier.cnls-rounds", worst=worst, rounds=rules["rounds"])


def _neighbours(x: FloatArray, count: int) -> tuple[IntArray, IntArray]:
    """Return each observation with its nearest others, in both directions."""
    from scipy.spatial import KDTree

    scaled = x / np.maximum(x.std(axis=0), np.finfo(float).tiny)
    neighbours = KDTree(scaled).query(scaled, count + 1)[1]
    i = np.repeat(np.arange(x.shape[0]), count + 1)
    h = np.minimum(neighbours.ravel(), x.shape[0] - 1)
    distinct = i != h
    i, h = i[distinct], h[distinct]
    pairs = np.unique(np.column_stack([np.concatenate([i, h]), np.concatenate([h, i])]), axis=0)
    return pairs[:, 0], pairs[:, 1]


_STEPS = 120
_ENOUGH, _STALLED = 1e-7, 50.0  # gap at which the last digits may be left, growth of the gap that shows they are lost
_BOUNDARY = 0.995  # of the way to the nearest bound
_WEIGHT = 1e4  # of complementarity beside the residuals: rows that bind without a multiplier leave its square root
_PROXIMITY = 1e-10  # of the multipliers to where they are: keeps the weights of binding rows below 1e10
_RIDGE = 1e-13  # relative, on the slopes' blocks: slopes that nothing binds stay where they are


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Constraints."""

    h: IntArray
    i: IntArray
    p: FloatArray
    q: FloatArray
    d: FloatArray

    def join(self, more: Rows) -> Rows:
        """Return the rows of both."""
        return Rows(*(np.concatenate([getattr(self, name), getattr(more, name)]) for name in "hipqd"))


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A point that solves the program."""

    fitted: FloatArray
    slopes: FloatArray
    gap: float
    steps: int


def solve(y: FloatArray, weights: FloatArray, rows: Rows, gap: float) -> Solution:
    """Solve the program."""
    # Mehrotra's predictor and corrector for convex quadratic programs (Nocedal and Wright 2006, algorithm 16.4).
    n, count, k = y.size, rows.h.size, rows.d.shape[1]
    cells = np.arange(count)
    outer = csr_array(
        (np.concatenate([rows.p, rows.q]), (np.concatenate([cells, cells]), np.concatenate([rows.h, rows.i]))),
        shape=(count, n),
    )
    fitted, slopes = y.copy(), np.zeros((n, k))
    inside = outer @ fitted + (rows.d * slopes[rows.i]).sum(axis=1)
    slack, dual = np.maximum(-inside, 0.1), np.full(count, 0.1)
    best: Solution | None = None
    for step in range(1, _STEPS + 1):
        inside = outer @ fitted + (rows.d * slopes[rows.i]).sum(axis=1)
        gradient = weights * (fitted - y) + outer.T @ dual
        pull = _by_owner(rows, dual, n)
        primal = inside + slack
        mean = float(slack @ dual) / count
        worst = max(_WEIGHT * mean, *(float(np.abs(part).max(initial=0)) for part in (gradient, pull, primal)))
        if best is None or worst < best.gap:
            best = Solution(fitted, slopes, worst, step)
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
    raise InputError("frontier.cnls-unsolved", n=n, count=count, worst=worst)


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
                products = ratio * rows.d[:, a] * rows.d[:, b]
                blocks[:, a, b] = blocks[:, b, a] = np.bincount(rows.i, products, minlength=n)
        size = np.einsum("naa->n", blocks)
        blocks[:, np.arange(k), np.arange(k)] += (_RIDGE * size + np.finfo(float).tiny)[:, None]
        self.inverse = np.linalg.inv(blocks) if k else blocks
        if k:
            cells = np.arange(rows.h.size)
            owners = (rows.i[:, None] * k + np.arange(k)).ravel()
            inner = csr_array((rows.d.ravel(), (np.repeat(cells, k), owners)), shape=(rows.h.size, n * k))
            self.cross = (scaled.T @ inner).tocsr()
            place = np.arange(n * k).reshape(n, k)  # the square blocks as one sparse matrix
            down, across = (np.broadcast_to(grid, (n, k, k)).ravel() for grid in (place[:, :, None], place[:, None, :]))
            root = np.linalg.cholesky(self.inverse).ravel()
            half = (self.cross @ csr_array((root, (down, across)), shape=(n * k, n * k))).tocsr()
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
        residual = gradient + self.weights * df + self.outer.T @ dz
        more_f, more_b, more_z = self._solve(residual, pull + _by_owner(self.rows, dz, df.size), np.zeros_like(bend))
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
