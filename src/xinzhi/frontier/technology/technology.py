"""The technology that reference units span, written as points and rays.

Every returns to scale is a set of points (whose intensities add up to one) and of rays (whose intensities are free):
variable returns take the units as points, constant returns as rays, non-increasing returns add the origin as a point,
non-decreasing returns take each unit as both, and generalised returns take each unit at the lower and the upper scale.
So one programme, and one solver, serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

RTS = {
    "crs": "crs",
    "vrs": "vrs",
    "nirs": "nirs",
    "drs": "nirs",
    "ndrs": "ndrs",
    "irs": "ndrs",
    "grs": "grs",
    "fdh": "fdh",
    "replication": "replication",
    "scaling": "scaling",
}
WITHOUT_CONVEXITY = ("fdh", "replication", "scaling")
DISPOSABILITY = ("weak", "kuosmanen", "equality", "strong")


@dataclass(frozen=True, slots=True)
class Technology:
    """Points and rays, row by row: inputs (negative), outputs, bad outputs, and the sum of the points' intensities.

    Parameters
    ----------
    columns
        `(rows, k)`: coefficients of the k points and rays. The last row is one for a point and nought for a ray; it
        is missing when there are rays only.
    owner
        `(k,)`: which reference unit stands behind a column; -1 for the origin.
    scale
        `(k,)`: how many times that unit the column is; nought for the origin.
    equal
        `(rows,)`: whether a row must hold with equality (bad outputs that cannot be disposed of freely, and the sum
        of intensities).
    points
        Whether the last row is the sum of intensities.
    reference
        Number of reference units.
    """

    columns: FloatArray
    owner: IntArray
    scale: FloatArray
    equal: BoolArray
    points: bool
    reference: int

    @property
    def goods(self) -> int:
        """Number of rows that are inputs and outputs of any kind."""
        return int(self.columns.shape[0]) - int(self.points)

    def alike(self, netputs: FloatArray) -> FloatArray:
        """Return the columns `(sets, rows, k)` of other reference sets `(sets, units, goods)`, laid out as these."""
        columns = np.repeat(self.columns[None], len(netputs), axis=0)
        used = (self.owner >= 0) * self.scale
        columns[:, : self.goods] = (netputs[:, np.maximum(self.owner, 0)] * used[None, :, None]).transpose(0, 2, 1)
        return columns


def netputs(x: FloatArray, y: FloatArray, b: FloatArray | None, disposability: str = "weak") -> FloatArray:
    """Return `(rows, n)`: inputs as negative numbers, outputs, bad outputs (negative when freely disposable)."""
    parts = [-x.T, y.T]
    if b is not None:
        parts.append(-b.T if disposability == "strong" else b.T)
    return np.vstack(parts)


def technology(
    x: FloatArray,
    y: FloatArray,
    b: FloatArray | None = None,
    *,
    rts: str = "crs",
    disposability: str = "weak",
    bounds: tuple[float, float] | None = None,
) -> Technology:
    """Return the technology spanned by reference units.

    Parameters
    ----------
    x, y, b
        Inputs `(m, p)`, outputs `(m, q)` and bad outputs `(m, r)` of the reference units.
    rts
        ``crs``, ``vrs``, ``nirs`` (``drs``), ``ndrs`` (``irs``) or ``grs``.
    disposability
        Of bad outputs: ``equality`` and ``weak`` make them equalities, ``kuosmanen`` adds each unit fully abated,
        ``strong`` treats them as inputs. (The single abatement factor of ``weak`` belongs to the programme.)
    bounds
        Lower and upper limit of the sum of intensities for ``grs``; the upper one may be infinite.

    Raises
    ------
    UsageError
        When the returns to scale are unknown or the limits impossible.

    Examples
    --------
    >>> known = technology(np.array([[2.0], [4.0]]), np.array([[1.0], [3.0]]), rts="nirs")
    >>> known.columns.tolist(), known.owner.tolist()
    ([[-2.0, -4.0, 0.0], [1.0, 3.0, 0.0], [1.0, 1.0, 1.0]], [0, 1, -1])
    """
    base = netputs(x, y, b, disposability)
    number = np.arange(base.shape[1])
    if b is not None and disposability == "kuosmanen":
        idle = base.copy()
        idle[x.shape[1] :] = 0.0
        base, number = np.hstack([base, idle]), np.concatenate([number, number])
    pieces = _pieces(rts, bounds)
    blocks = [np.vstack([base * scale, np.full(base.shape[1], point)]) for scale, point in pieces]
    owner = [number for _ in pieces]
    scale = [np.full(base.shape[1], size) for size, _ in pieces]
    if RTS[rts] == "nirs":
        origin = np.zeros((base.shape[0] + 1, 1))
        origin[-1] = 1.0
        blocks, owner, scale = [*blocks, origin], [*owner, np.array([-1])], [*scale, np.zeros(1)]
    points = any(point for _, point in pieces)
    columns = np.hstack(blocks)
    bads = 0 if b is None or disposability == "strong" else b.shape[1]
    equal = np.concatenate([np.zeros(base.shape[0] - bads, bool), np.ones(bads + 1, bool)])
    if not points:
        columns, equal = columns[:-1], equal[:-1]
    return Technology(columns, np.concatenate(owner), np.concatenate(scale), equal, points, x.shape[0])


def _pieces(rts: str, bounds: tuple[float, float] | None) -> list[tuple[float, float]]:
    """Return at which scales each unit stands, and whether as a point (1) or a ray (0)."""
    match RTS.get(rts):
        case "crs":
            return [(1.0, 0.0)]
        case "vrs" | "nirs":
            return [(1.0, 1.0)]
        case "ndrs":
            return [(1.0, 1.0), (1.0, 0.0)]
        case "grs":
            lower, upper = _limits(bounds)
            return [(lower, 1.0), (1.0, 0.0) if np.isinf(upper) else (upper, 1.0)]
    message = f"unknown returns to scale '{rts}'; choose one of {', '.join(RTS)}."
    raise UsageError(message)


def _limits(bounds: tuple[float, float] | None) -> tuple[float, float]:
    if bounds is None or not 0 <= bounds[0] <= 1 <= bounds[1]:
        message = f"rts='grs' needs bounds=(L, U) with 0 <= L <= 1 <= U for the sum of intensities; got {bounds}."
        raise UsageError(message)
    return bounds
