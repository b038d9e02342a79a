"""The technology that reference units span, written as points and rays; and the words for its returns to scale.

Every returns to scale is a set of points (whose intensities add up to one) and of rays (whose intensities are free):
variable returns take the units as points, constant returns as rays, non-increasing returns add the origin as a point,
non-decreasing returns take each unit as both, and generalised returns take each unit at the lower and the upper scale.
So one program, and one solver, serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray

# Every name that a caller may give, and the name that we go by.
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
CONVEX = ("crs", "vrs", "nirs", "ndrs")
WITHOUT_CONVEXITY = ("fdh", "replication", "scaling")
DISPOSABILITY = ("weak", "kuosmanen", "equality", "strong")


def rts_of(rts: str, allowed: Collection[str] = CONVEX) -> str:
    """Return returns to scale by their own name (`drs` is `nirs`, `irs` is `ndrs`), or refuse them."""
    name = RTS.get(rts)
    if name is None or name not in allowed:
        raise UsageError("frontier.rts", rts=rts, known=list(allowed))
    return name


def choose(name: str, value: object, known: Collection[str]) -> None:
    """Refuse an option that does not exist."""
    if value not in known:
        raise UsageError("frontier.choice", name=name, value=value, known=list(known))


def sum_bounds(rts: str) -> tuple[float, float]:
    """Return the bounds of the sum of intensities."""
    return {"crs": (-np.inf, np.inf), "vrs": (1.0, 1.0), "nirs": (-np.inf, 1.0), "ndrs": (1.0, np.inf)}[rts]


@dataclass(frozen=True, slots=True)
class Technology:
    """Points and rays, row by row: inputs (negative), outputs, bad outputs, and the sum of the points' intensities."""

    columns: FloatArray  # (rows, k); the last row is one for a point, zero for a ray, and missing without points
    owner: IntArray  # (k,), which reference unit stands behind a column; -1 for the origin
    scale: FloatArray  # (k,), how many times that unit the column is; zero for the origin
    equal: BoolArray  # (rows,), whether a row must hold with equality
    points: bool  # whether the last row is the sum of intensities
    reference: int  # number of reference units

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
    """Return the technology spanned by reference units, `(m, p)`, `(m, q)` and `(m, r)`."""
    # Bad outputs are equalities when their disposability is ``equality`` or ``weak`` (whose single factor belongs to
    # the program); ``kuosmanen`` adds each unit fully abated, ``strong`` treats them as inputs. `bounds` are those of
    # the sum of intensities for ``grs``; the upper one may be infinite.
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
    match rts_of(rts, (*CONVEX, "grs")):
        case "crs":
            return [(1.0, 0.0)]
        case "ndrs":
            return [(1.0, 1.0), (1.0, 0.0)]
        case "grs":
            if bounds is None or not 0 <= bounds[0] <= 1 <= bounds[1]:
                raise UsageError("frontier.bounds", bounds=bounds)
            return [(bounds[0], 1.0), (1.0, 0.0) if np.isinf(bounds[1]) else (bounds[1], 1.0)]
    return [(1.0, 1.0)]
