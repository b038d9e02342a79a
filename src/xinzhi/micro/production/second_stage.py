"""The second stage: coefficients such that productivity is a Markov process, searched from many starts.

Productivity is ``w = s - z b`` with a signal s of the first stage and inputs z. It follows ``w = g(before, further) +
innovation``, g a polynomial. Either the innovation is uncorrelated with instruments (Ackerberg, Caves and Frazer 2015;
Gandhi, Navarro and Rivers 2020), or ``outcome - z b - g`` has the least squares (Olley and Pakes 1996; Levinsohn and
Petrin 2003). Both are polynomials in b whose coefficients are sums of products over the rows: after one pass over the
rows a search costs nothing that grows with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import InputError

_STEPS, _SETTLED, _STIFFEST = 200, 1e-11, 1e12
_SAME = 1e-3  # distance between two solutions that are one, in standard units
_FAR = 1e3  # of a search that runs away, in standard units
_ZERO = 1e-12  # of a criterion that is a share of the variance


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What the second stage is made of: a column for each row that has its predecessor.

    `signal` and `signal_before` `(n,)`, `inputs` and `inputs_before` `(q, n)`, `further` `(r, n)` variables of the
    process, `instruments` `(m, n)`; without them the squares of ``outcome - z b - g`` are the least.
    """

    signal: FloatArray
    signal_before: FloatArray
    inputs: FloatArray
    inputs_before: FloatArray
    further: FloatArray
    degree: int
    instruments: FloatArray | None = None
    outcome: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """Where searches ended: coefficients, criterion (a share of variance), how many starts led there."""

    coefficients: FloatArray
    criterion: float
    starts: int
    lean: FloatArray  # t of the covariance of the innovation with each input


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """The second stage at a solution, row by row, for its standard errors.

    The estimating equation is ``sum(weight * residual) = 0`` with `weight` `(q, n)` at right angles to the polynomial;
    `slope` `(n,)` is that of g by productivity before, `further` `(r, n)` that by the further variables.
    """

    weight: FloatArray
    residual: FloatArray
    slope: FloatArray
    further: FloatArray
    bread: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Standard units, which only serve the arithmetic: the signal less its regression on the inputs, and the rest."""

    mean: FloatArray  # of inputs
    sd: FloatArray
    signal: float  # mean of the signal, its slopes by inputs, and what is left
    base: FloatArray
    scale: float
    further_mean: FloatArray
    further_sd: FloatArray

    @classmethod
    def from_pairs(cls, pairs: Pairs) -> Units:
        """Return the units of some rows."""
        if not pairs.signal.size:
            raise InputError("production.short-panel", years=2)
        mean, signal, further = pairs.inputs.mean(axis=1), float(pairs.signal.mean()), pairs.further
        centred = pairs.inputs - mean[:, None]
        base = np.linalg.lstsq(centred @ centred.T, centred @ (pairs.signal - signal), rcond=None)[0]
        residual = pairs.signal - signal - base @ centred
        spread = further.std(axis=1)
        return cls(
            mean=mean,
            sd=np.sqrt((centred**2).mean(axis=1)),
            signal=signal,
            base=base,
            scale=float(np.sqrt((residual**2).mean())) or 1.0,
            further_mean=further.mean(axis=1),
            further_sd=np.where(spread > 0, spread, 1.0),
        )

    def of_rows(self, signal: FloatArray, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the signal less its regression, and the inputs, in these units."""
        v = inputs - self.mean[:, None]
        return (signal - self.signal - self.base @ v) / self.scale, v / self.sd[:, None]

    def of_further(self, further: FloatArray) -> FloatArray:
        """Return further variables in these units."""
        return np.asarray((further - self.further_mean[:, None]) / self.further_sd[:, None])


class SecondStage:
    """The criterion of a second stage and its derivatives, from sums of products alone."""

    def __init__(
        self,
        pairs: Pairs,
        weights: FloatArray | None = None,
        units: Units | None = None,
        sums: FloatArray | None = None,
    ) -> None:
        self.pairs, self.units = pairs, units or Units.from_pairs(pairs)
        self.powers = Powers(len(pairs.inputs), len(pairs.further), pairs.degree)
        products = gram(self._columns, len(pairs.signal), weights) if sums is None else sums
        self.rows = len(pairs.signal) if sums is None else int(sums[0, 0])  # the constant is the first monomial
        self._sums = products / products[0, 0]
        self._place()

    def _columns(self, part: slice) -> FloatArray:
        p = self.pairs
        u0, v0 = self.units.of_rows(p.signal_before[part], p.inputs_before[:, part])
        u, v = self.units.of_rows(p.signal[part], p.inputs[:, part])
        x = self.units.of_further(p.further[:, part])
        basis = monomials(np.vstack([u0, v0, x]), self.powers.basis)
        parts = [basis, u, v]
        if p.instruments is not None:
            parts.append(p.instruments[:, part])
        if p.outcome is not None:
            parts.append(self.units.of_rows(p.outcome[part], p.inputs[:, part])[0])
        return np.vstack(parts)

    def _place(self) -> None:
        size, count = len(self.powers.basis), len(self.pairs.inputs)
        self._b = slice(0, size)
        self._signal, self._z = size, slice(size + 1, size + 1 + count)
        self._outcome = len(self._sums) - 1 if self.pairs.outcome is not None else size
        if self.pairs.instruments is None:
            values, vectors = np.linalg.eigh(self._sums)
            self._root = np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
            return
        at = size + 1 + count
        z = slice(at, at + len(self.pairs.instruments))
        means = self._sums[z, 0]
        inner = self._sums[z, z] - np.outer(means, means)
        values, vectors = np.linalg.eigh(inner / np.sqrt(np.outer(np.diag(inner), np.diag(inner))))
        keep = values > 1e-12  # noqa: PLR2004 - an instrument that repeats others
        whiten = (vectors[:, keep] / np.sqrt(values[keep])).T / np.sqrt(np.diag(inner))
        self._root = whiten @ (self._sums[z] - np.outer(means, self._sums[0]))

    def standard(self, coefficients: FloatArray) -> FloatArray:
        """Return coefficients in standard units."""
        return np.asarray((coefficients - self.units.base) * self.units.sd / self.units.scale)

    def natural(self, d: FloatArray) -> FloatArray:
        """Return coefficients in the units of the data."""
        return np.asarray(self.units.base + d * self.units.scale / self.units.sd)

    def _vector(self, d: FloatArray, *, by_row: int | None = None) -> FloatArray:
        """Return ``signal - z d`` (or another column less z d) in the columns of the sums."""
        out = np.zeros(len(self._sums))
        out[self._signal if by_row is None else by_row] = 1.0
        out[self._z] = -d
        return out

    def residual(self, d: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the vector whose squares are the criterion, and its derivatives `(., q)`."""
        s, b = self._sums, self._b
        matrix, slopes = self.powers.combine(d)
        inner = matrix.T @ s[b, b] @ matrix
        productivity = self._vector(d)
        cross = s[b] @ productivity
        solve = np.linalg.pinv(inner, rcond=1e-13, hermitian=True)
        law = solve @ (matrix.T @ cross)
        gap = cross - s[b, b] @ (matrix @ law)
        rho = self._vector(d, by_row=self._outcome)
        rho[b] -= matrix @ law
        turned = np.zeros((len(s), len(d)))
        for at, derivative in enumerate(slopes):
            z = self._z.start + at
            law_change = solve @ (derivative.T @ gap - matrix.T @ s[b, z] - matrix.T @ (s[b, b] @ (derivative @ law)))
            turned[z, at] = -1.0
            turned[b, at] = -(derivative @ law) - matrix @ law_change
        return self._root @ rho, self._root @ turned

    def law(self, d: FloatArray) -> FloatArray:
        """Return the coefficients of productivity on the polynomial of the process."""
        s, b = self._sums, self._b
        matrix, _ = self.powers.combine(d)
        inner = np.linalg.pinv(matrix.T @ s[b, b] @ matrix, rcond=1e-13, hermitian=True)
        return np.asarray(inner @ (matrix.T @ (s[b] @ self._vector(d))))

    def innovation(self, d: FloatArray) -> tuple[float, FloatArray]:
        """Return the variance of the innovation, and the t of its covariance with each input."""
        s, b = self._sums, self._b
        matrix, _ = self.powers.combine(d)
        rho = self._vector(d)
        law = np.linalg.lstsq(matrix.T @ s[b, b] @ matrix, matrix.T @ (s[b] @ rho), rcond=1e-13)[0]
        rho[b] -= matrix @ law
        variance = max(float(rho @ s @ rho), float(np.finfo(float).tiny))
        return variance, np.asarray((s[self._z] @ rho) / np.sqrt(variance / self.rows))

    def descend(self, d: FloatArray) -> tuple[FloatArray, float] | None:
        """Go down from a start (Levenberg and Marquardt); None when the search runs away or does not settle."""
        stiff = 1e-3
        f, jacobian = self.residual(d)
        value = float(f @ f)
        for _ in range(_STEPS):
            hessian, downhill = jacobian.T @ jacobian, -jacobian.T @ f
            step = np.linalg.lstsq(hessian + stiff * np.diag(np.diag(hessian)), downhill, rcond=None)[0]
            trial, slopes = self.residual(d + step)
            fallen = float(trial @ trial)
            if fallen < value:
                d, f, jacobian, stiff = d + step, trial, slopes, max(stiff / 10, 1e-14)
                small = np.abs(step).max() < _SETTLED * (1 + np.abs(d).max())
                value = fallen
                if np.abs(d).max() > _FAR:
                    return None
                if small:
                    return d, value
            else:
                if np.abs(step).max() < _SETTLED * (1 + np.abs(d).max()):
                    return d, value
                stiff *= 10
                if stiff > _STIFFEST:
                    return d, value
        return None

    def search(self, starts: FloatArray) -> list[Minimum]:
        """Return the distinct solutions from starts `(k, q)` in the units of the data, the lowest criterion first."""
        solutions: list[tuple[FloatArray, float, int]] = []
        for start in starts:
            ended = self.descend(self.standard(start))
            if ended is None:
                continue
            d, value = ended
            for at, (point, least, count) in enumerate(solutions):
                if np.abs(d - point).max() < _SAME * (1 + np.abs(point).max()):
                    better = (d, value) if value < least else (point, least)
                    solutions[at] = (*better, count + 1)
                    break
            else:
                solutions.append((d, value, 1))
        minima = []
        for d, value, count in solutions:
            variance, lean = self.innovation(d)
            minima.append(Minimum(self.natural(d), value / variance, count, lean))
        return sorted(minima, key=lambda minimum: minimum.criterion)

    @property
    def exact(self) -> bool:
        """Whether there are as many conditions as coefficients, so that the criterion of the truth is zero."""
        return self.pairs.instruments is not None and len(self._root) == len(self.pairs.inputs)

    def root(self, minimum: Minimum) -> bool:
        """Say whether a solution meets all conditions."""
        return minimum.criterion < _ZERO

    def local(self, coefficients: FloatArray) -> Local:
        """Return the second stage at a solution, row by row (without weights)."""
        p, d = self.pairs, self.standard(coefficients)
        u, v = self.units.of_rows(p.signal, p.inputs)
        u0, v0 = self.units.of_rows(p.signal_before, p.inputs_before)
        w, before = u - d @ v, u0 - d @ v0
        x = self.units.of_further(p.further)
        variables = np.vstack([before, x])
        terms = monomials(variables, self.powers.terms)
        inner = np.linalg.pinv(terms @ terms.T, rcond=1e-13, hermitian=True)
        law = inner @ (terms @ w)
        by = [law @ slope(variables, self.powers.terms, at) for at in range(len(variables))]
        turned = p.inputs - by[0] * p.inputs_before
        source = p.instruments if p.instruments is not None else turned
        weight = source - (source @ terms.T) @ inner @ terms
        if p.instruments is not None and len(weight) > len(turned):
            bread = weight @ turned.T
            weight = bread.T @ np.linalg.pinv(weight @ weight.T, hermitian=True) @ weight
        further = np.array(by[1:]).reshape(-1, self.rows) / self.units.further_sd[:, None]
        goal = w if p.outcome is None else self.units.of_rows(p.outcome, p.inputs)[0] - d @ v
        residual = (goal - law @ terms) * self.units.scale
        return Local(weight, residual, by[0], further * self.units.scale, weight @ turned.T)


Columns = Callable[[slice], FloatArray]  # the columns of some rows, (columns, rows)
_CHUNK = 2_048  # rows that stay in the cache of a core, and too few for threads to fight over


@cache
def exponents(variables: int, degree: int) -> tuple[tuple[int, ...], ...]:
    """Return the exponents of all monomials up to a degree, the constant first."""
    powers: list[tuple[int, ...]] = []
    for total in range(degree + 1):
        selections = combinations_with_replacement(range(variables), total)
        powers += [tuple(selection.count(at) for at in range(variables)) for selection in selections]
    return tuple(powers)


def monomials(variables: FloatArray, powers: Sequence[tuple[int, ...]]) -> FloatArray:
    """Return the monomials `(m, n)` of variables `(v, n)`; each is a lower one times a variable."""
    out = np.empty((len(powers), variables.shape[1]))
    place = {power: at for at, power in enumerate(powers)}
    for at, power in enumerate(powers):
        last = next((v for v in reversed(range(len(power))) if power[v]), None)
        if last is None:
            out[at] = 1.0
            continue
        lower = tuple(exponent - (v == last) for v, exponent in enumerate(power))
        np.multiply(out[place[lower]], variables[last], out=out[at])
    return out


def slope(variables: FloatArray, powers: Sequence[tuple[int, ...]], by: int) -> FloatArray:
    """Return the derivatives `(m, n)` of the monomials by one variable."""
    lower = [tuple(exponent - (v == by) for v, exponent in enumerate(power)) for power in powers]
    values = monomials(variables, powers)
    place = {power: at for at, power in enumerate(powers)}
    out = np.zeros_like(values)
    for at, (power, below) in enumerate(zip(powers, lower, strict=True)):
        if power[by]:
            out[at] = power[by] * values[place[below]]
    return out


def gram(columns: Columns, rows: int, weights: FloatArray | None = None) -> FloatArray:
    """Return the sums of the products of all pairs of columns, weighted."""
    root = None if weights is None else np.sqrt(weights)
    total = np.zeros((1, 1))
    for start in range(0, rows, _CHUNK):
        part = slice(start, min(start + _CHUNK, rows))
        block = columns(part)
        if root is not None:
            block = block * root[part]
        total = total + block @ block.T  # of one array with itself: half the work
    return total


class Powers:
    """The powers of ``u - v d``, times those of further variables, as monomials of (u, v, further).

    The polynomial of a given degree in ``w = u - v d`` and further variables is, for every d, a combination of the
    columns of one basis that does not depend on d: sums of products of the basis are enough to know those of the
    polynomial at any d.
    """

    def __init__(self, coefficients: int, further: int, degree: int) -> None:
        self.basis = exponents(1 + coefficients + further, degree)
        self.terms = exponents(1 + further, degree)
        place = {term: at for at, term in enumerate(self.terms)}
        table = np.array(self.basis, dtype=np.int64)
        self._v = table[:, 1 : 1 + coefficients]
        total = table[:, : 1 + coefficients].sum(axis=1)
        further_powers = table[:, 1 + coefficients :]
        self._column: IntArray = np.array(
            [place[(int(power_sum), *map(int, rest))] for power_sum, rest in zip(total, further_powers, strict=True)]
        )
        factorial = np.cumprod([1, *range(1, degree + 1)])
        below = factorial[table[:, 0]] * factorial[self._v].prod(axis=1)
        self._times = factorial[total] / below
        self._rows = np.arange(len(table))

    def combine(self, d: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Return the matrix `(basis, terms)` that makes the polynomial of the basis, and its derivatives by d."""
        raised = (-d) ** self._v  # 0 ** 0 is 1
        matrix = np.zeros((len(self.basis), len(self.terms)))
        matrix[self._rows, self._column] = self._times * raised.prod(axis=1)
        slopes = []
        for at in range(len(d)):
            lower = raised.copy()
            lower[:, at] = -self._v[:, at] * (-d[at]) ** np.maximum(self._v[:, at] - 1, 0)
            derivative = np.zeros_like(matrix)
            derivative[self._rows, self._column] = self._times * lower.prod(axis=1)
            slopes.append(derivative)
        return matrix, slopes
