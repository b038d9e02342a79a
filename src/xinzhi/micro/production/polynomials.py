"""Polynomials of several variables, and sums of products of their columns in one pass over the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations_with_replacement

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray

Columns = Callable[[slice], FloatArray]  # the columns of some rows, (columns, rows)
_CHUNK = 2_048  # rows that stay in the cache of a core, and too few for threads to fight over


@cache
def exponents(variables: int, degree: int) -> tuple[tuple[int, ...], ...]:
    """Return the exponents of all monomials up to a degree, the constant first."""
    powers: list[tuple[int, ...]] = []
    for total in range(degree + 1):
        chosen = combinations_with_replacement(range(variables), total)
        powers += [tuple(one.count(at) for at in range(variables)) for one in chosen]
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
        lower = tuple(one - (v == last) for v, one in enumerate(power))
        np.multiply(out[place[lower]], variables[last], out=out[at])
    return out


def slope(variables: FloatArray, powers: Sequence[tuple[int, ...]], by: int) -> FloatArray:
    """Return the derivatives `(m, n)` of the monomials by one variable."""
    lower = [tuple(one - (v == by) for v, one in enumerate(power)) for power in powers]
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
        some = slice(start, min(start + _CHUNK, rows))
        block = columns(some)
        if root is not None:
            block = block * root[some]
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
            [place[(int(one), *map(int, rest))] for one, rest in zip(total, further_powers, strict=True)]
        )
        factorial = np.cumprod([1, *range(1, degree + 1)])
        below = factorial[table[:, 0]] * factorial[self._v].prod(axis=1)
        self._times = factorial[total] / below
        self._rows = np.arange(len(table))

    def combine(self, d: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Return the matrix `(basis, terms)` that makes the polynomial of the basis, and its derivatives by d."""
        raised = (-d) ** self._v  # 0 ** 0 is 1
        matrix = self._empty()
        matrix[self._rows, self._column] = self._times * raised.prod(axis=1)
        slopes = []
        for at in range(len(d)):
            lower = raised.copy()
            lower[:, at] = -self._v[:, at] * (-d[at]) ** np.maximum(self._v[:, at] - 1, 0)
            one = self._empty()
            one[self._rows, self._column] = self._times * lower.prod(axis=1)
            slopes.append(one)
        return matrix, slopes

    def _empty(self) -> FloatArray:
        return np.zeros((len(self.basis), len(self.terms)))
