"""The technology that reference units span, as points and rays, and the goods that are measured against it.

Every returns to scale is a set of points (whose intensities add up to one) and of rays (whose intensities are free):
variable returns take the units as points, constant returns as rays, non-increasing returns add the origin as a point,
non-decreasing returns take each unit as both, and generalised returns take each unit at the lower and the upper scale.
So one program, and one solver, serves them all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from xinzhi.core.arrays import AnyArray, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.simplex import OPTIMAL, STATUSES, Answers, Batch, resolve_failures, solve_batch
from xinzhi.frontier.technology.starts import Facets, counted_bases, frame, lowest_bounds, solve_from_facets

# Every name that a caller may give, and the name that we go by.
RTS = {
    "crs": "crs", "vrs": "vrs", "nirs": "nirs", "drs": "nirs", "ndrs": "ndrs", "irs": "ndrs", "grs": "grs",
    "fdh": "fdh", "replication": "replication", "scaling": "scaling",
}  # fmt: skip
CONVEX = ("crs", "vrs", "nirs", "ndrs")
WITHOUT_CONVEXITY = ("fdh", "replication", "scaling")
DISPOSABILITY = ("weak", "kuosmanen", "equality", "strong")


def rts_of(rts: str, allowed: Collection[str] = CONVEX) -> str:
    """Return returns to scale by their own name (`drs` is `nirs`, `irs` is `ndrs`), or refuse them."""
    name = RTS.get(rts)
    if name is None or name not in allowed:
        raise UsageError("frontier.rts", rts=rts, known=list(allowed))
    return name


def choose(name: str, value: object, choices: Collection[str]) -> None:
    """Refuse an option that does not exist."""
    if value not in choices:
        raise UsageError("frontier.choice", name=name, value=value, known=list(choices))


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


ORIENTATIONS = ("input", "output", "directional", "hyperbolic")
_KINDS = ("input", "output", "bad output")


@dataclass(frozen=True, slots=True)
class Goods:
    """Inputs ``(n, p)``, outputs ``(n, q)`` and bad outputs ``(n, r)``, where r may be zero."""

    x: FloatArray
    y: FloatArray
    b: FloatArray

    @classmethod
    def from_arrays(cls, x: AnyArray, y: AnyArray, b: AnyArray = None) -> Goods:
        """Return array-likes as goods: two-dimensional, finite, with the same number of rows."""
        parts: list[FloatArray] = []
        for name, part in (("x", x), ("y", y), ("b", b)):
            values = np.zeros((len(parts[0]), 0)) if part is None else np.asarray(part, dtype=float)
            values = values[:, None] if values.ndim == 1 else values
            if values.ndim != 2 or (part is not None and values.shape[1] == 0):  # noqa: PLR2004 - units by goods
                raise UsageError("frontier.shape", name=name, shape=values.shape)
            if not np.isfinite(values).all():
                unit, good = np.argwhere(~np.isfinite(values))[0]
                raise InputError("frontier.not-finite", name=name, unit=str(unit), column=int(good))
            parts.append(values)
        if len({len(part) for part in parts}) > 1:
            raise UsageError("frontier.rows", lengths=[len(part) for part in parts])
        return cls(*parts)

    def __len__(self) -> int:
        """Return the number of units."""
        return len(self.x)

    @property
    def widths(self) -> tuple[int, int, int]:
        """Numbers of inputs, outputs and bad outputs."""
        return self.x.shape[1], self.y.shape[1], self.b.shape[1]

    @property
    def bad(self) -> FloatArray | None:
        """Bad outputs, None when there are none."""
        return self.b if self.b.shape[1] else None

    def take(self, x_rows: IntArray | BoolArray, y_rows: IntArray | BoolArray | None = None) -> Goods:
        """Return points with the inputs of some units and the outputs, good and bad, of others (or the same)."""
        rows = x_rows if y_rows is None else y_rows
        return Goods(self.x[x_rows], self.y[rows], self.b[rows])

    def all(self) -> FloatArray:
        """Return all goods side by side, ``(n, p + q + r)``."""
        return np.concatenate([self.x, self.y, self.b], axis=-1)

    def split(self, table: FloatArray) -> list[FloatArray]:
        """Return a table of all goods, ``(..., p + q + r)``, as those of inputs, outputs and bad outputs."""
        return np.split(table, np.cumsum(self.widths)[:-1], axis=-1)

    def parts(self, name: str, table: FloatArray) -> dict[str, Any]:
        """Return a table of all goods as a solution names its parts: ``slack_x, slack_y`` and, if any, ``slack_b``."""
        letters = "xy" if self.bad is None else "xyb"
        return {f"{name}_{letter}": part for letter, part in zip(letters, self.split(table), strict=False)}

    def over(self, size: FloatArray) -> Goods:
        """Return the goods divided by a size each, ``(p + q + r,)``."""
        return Goods(
            *(part / divisor for part, divisor in zip((self.x, self.y, self.b), self.split(size), strict=True))
        )


def means(goods: Goods) -> FloatArray:
    """Return the mean amount of each good, one where there is none: what makes units of measurement not matter."""
    size = np.abs(goods.all()).mean(axis=0) if len(goods) else np.ones(sum(goods.widths))
    return np.where(size > 0, size, 1.0)


@dataclass(frozen=True, slots=True)
class Netputs:
    """Points, reference and directions with every good divided by its mean; `scale` undoes it."""

    target: FloatArray
    gain: FloatArray
    reference: Goods
    scale: FloatArray
    shrinks: BoolArray
    disposability: str

    @property
    def widths(self) -> tuple[int, int, int]:
        """Numbers of inputs, outputs and bad outputs."""
        return self.reference.widths


def scaled_netputs(
    points: Goods, reference: Goods, orientation: str, direction: tuple[npt.ArrayLike, ...] | None, disposability: str
) -> Netputs:
    """Return points, reference and directions as scaled netputs."""
    if points.widths != reference.widths:
        raise UsageError("frontier.reference-goods", ours=points.widths, theirs=reference.widths)
    scale = means(reference)
    small = points.over(scale)
    moves = np.abs(small.all())
    if orientation in {"input", "output"}:
        moves = moves * np.repeat([orientation == "input", orientation == "output", False], points.widths)
    elif direction is not None:
        moves = np.hstack(given_direction(direction, points)) / scale
    sign = np.repeat([1.0, 1.0, 1.0 if disposability == "strong" else -1.0], points.widths)
    target = netputs(small.x, small.y, small.bad, disposability).T
    shrinks = np.repeat([True, False, True], points.widths)
    return Netputs(target, moves * sign, reference.over(scale), scale, shrinks, disposability)


def given_direction(direction: tuple[npt.ArrayLike, ...], points: Goods) -> list[FloatArray]:
    """Return the caller's direction ``(gx, gy)`` or ``(gx, gy, gb)`` for every point, inputs, outputs, bad outputs."""
    parts = (points.x, points.y, points.b)
    if len(direction) not in {2, 3}:
        raise UsageError("frontier.direction-parts")
    steps = []
    for name, move, part in zip(("gx", "gy", "gb"), (*direction, 0.0)[:3], parts, strict=True):
        try:
            step = np.broadcast_to(np.asarray(move, dtype=float), part.shape)
        except ValueError as error:
            raise UsageError("frontier.direction-shape", name=name, ours=np.shape(move), shape=part.shape) from error
        if not np.isfinite(step).all() or (step < 0).any():
            raise UsageError("frontier.direction-sign", name=name)
        steps.append(step)
    return steps


def check_options(rts: str, orientation: str, disposability: str) -> None:
    """Refuse options that are unknown or do not go together."""
    choose("rts", rts, RTS)
    choose("orientation", orientation, ORIENTATIONS)
    choose("disposability", disposability, DISPOSABILITY)
    if RTS[rts] in {"replication", "scaling"} and orientation not in {"input", "output"}:
        raise UsageError("frontier.whole-units-orientation", rts=rts, orientation=orientation)


def check_signs(points: Goods, reference: Goods, rts: str, orientation: str) -> None:
    """Refuse negative values where scaling a unit, or its inputs or outputs, has no meaning for them."""
    for kind, letter in zip(_KINDS, "xyb", strict=True):
        least = min(getattr(part, letter).min(initial=0) for part in (points, reference))
        if least >= 0:
            continue
        if RTS[rts] not in {"vrs", "fdh"}:
            raise InputError("frontier.negative-scaled", kind=kind, rts=rts)
        if orientation in {"hyperbolic", kind}:
            raise InputError("frontier.negative-oriented", kind=kind, orientation=orientation)


# Units among which facets are sought by HiGHS where no plain one serves, and how many at a time.
_SEARCHED, _SEEDS = 256, 8
# Reducing to the frame pays when there are this many columns and about as many units to score.
_WORTH_FRAMING = 400


@dataclass(slots=True)
class Envelopment:
    """The solved programs of n units, over the k columns of a technology."""

    objective: FloatArray  # (n,), NaN unless optimal
    status: npt.NDArray[np.str_]  # (n,): optimal, infeasible, unbounded or failed
    row: IntArray  # the positive weights: unit,
    column: IntArray  # column of the technology,
    weight: FloatArray  # and value
    prices: FloatArray  # (n, rows), by how much the objective falls when the target of a row rises by one
    slacks: FloatArray  # (n, rows)
    count: int = 0  # programs
    width: int = 0  # columns of the largest
    cold: int = 0  # programs that HiGHS took

    def put(self, new: Envelopment, fresh: BoolArray, units: IntArray, stale: IntArray | None = None) -> None:
        """Take the `fresh` weights of a solution of some units instead of those of units that are `stale` (all)."""
        rest = ~np.isin(self.row, units if stale is None else stale)
        self.row = np.concatenate([self.row[rest], units[new.row[fresh]]])
        self.column = np.concatenate([self.column[rest], new.column[fresh]])
        self.weight = np.concatenate([self.weight[rest], new.weight[fresh]])


def blank(n: int, rows: int) -> Envelopment:
    """Return the envelopment of n units of which nothing is known."""
    none = np.zeros(0, dtype=np.int64)
    missing = np.full((n, rows), np.nan)
    status = np.full(n, "failed", dtype="<U10")
    return Envelopment(np.full(n, np.nan), status, none, none, np.zeros(0), missing, missing.copy())


@dataclass(slots=True)
class Prepared:
    """A technology ready to measure points against: its frame, and the facets seen so far."""

    technology: Technology
    columns: FloatArray  # its columns with every ray of length one,
    norm: FloatArray  # and by what each was divided
    frame: IntArray  # the columns that span it
    facets: Facets  # facets that support all of it, over the frame
    count: int  # programs that finding the frame took, until an answer has counted them


def prepare(tech: Technology, units: int) -> Prepared:
    """Return the technology with its frame, when that pays for so many units."""
    ray = tech.columns[-1] == 0 if tech.points else np.ones(tech.columns.shape[1], dtype=bool)
    norm = np.where(ray, np.abs(tech.columns).sum(axis=0), 1.0)
    norm[norm == 0] = 1.0
    columns = tech.columns / norm
    small = min(units, columns.shape[1]) < _WORTH_FRAMING
    indices = np.arange(columns.shape[1])
    if small:
        return Prepared(tech, columns, norm, indices, Facets.plain(columns, tech.equal, points=tech.points), 0)
    return Prepared(tech, columns, norm, *frame(columns, tech.equal, points=tech.points))


def envelop(
    ready: Prepared,
    target: FloatArray,
    gain: FloatArray | None,
    *,
    costs: FloatArray | None = None,
    without: IntArray | None = None,
) -> Envelopment:
    """Solve the program of each unit `(n, goods)`; `without` `(n,)` leaves out the columns of one owner each."""
    tech = ready.technology
    envelopment = blank(len(target), tech.columns.shape[0])
    envelopment.count, ready.count = ready.count, 0
    inside = np.zeros(len(target), dtype=bool)
    if without is not None:  # a unit that is not in the frame loses nothing by leaving itself out
        inside = np.isin(without, tech.owner[ready.frame]) & (without >= 0)
    for units, use in ((np.flatnonzero(~inside), ready), (np.flatnonzero(inside), None)):
        if units.size == 0:
            continue
        prepared = ready
        if use is None:  # the facets are written over all columns instead of the frame
            k, width, codes = ready.frame.size, ready.columns.shape[1], ready.facets.codes
            codes = np.where(codes < k, ready.frame[np.minimum(codes, k - 1)], codes - k + width)
            prepared = replace(ready, frame=np.arange(width), facets=Facets(codes, ready.facets.prices), count=0)
        batch, size = _batch(prepared, target[units], None if gain is None else gain[units], costs, units)
        if use is None and without is not None:
            batch = replace(batch, barred=without[units])
        n, rows = batch.target.shape
        if gain is None:
            costly = (batch.columns[0] <= 0).all(axis=1) & (batch.columns[0] < 0).any(axis=1)
            fixed = np.array([*np.flatnonzero(costly), *([rows - 1] if tech.points else [])], dtype=np.int64)
            answers = solve_batch(batch, counted_bases(batch, fixed))
        else:
            if batch.barred is None:
                _seed(batch.take(np.arange(min(n, _SEARCHED))), prepared.facets)
            answers = solve_from_facets(batch, prepared.facets)
        envelopment.cold += resolve_failures(batch, answers)
        _collect(envelopment, (units, prepared.frame, size), batch, answers)
    envelopment.weight /= ready.norm[envelopment.column]
    return envelopment


def _batch(
    ready: Prepared, target: FloatArray, gain: FloatArray | None, costs: FloatArray | None, units: IntArray
) -> tuple[Batch, FloatArray]:
    """Return the programs of some units, under constant returns with every unit of size one, and the sizes."""
    tech = ready.technology
    n, goods = target.shape
    rest = tech.columns.shape[0] - goods
    # A ray has no size: a small unit is solved as well as a large one when both are brought to size one.
    size = np.ones((n, 1)) if tech.points else np.maximum(np.abs(target).sum(axis=1, keepdims=True), 1e-300)
    right, none = np.hstack([target / size, np.ones((n, rest))]), np.zeros((n, rest))
    ways = np.zeros((n, 0, goods + rest)) if gain is None else np.hstack([gain / size, none])[:, None]
    worth = np.zeros((n, goods)) if costs is None else np.where(tech.equal[:goods], 0.0, costs[units] * size)
    columns, owner = ready.columns[:, ready.frame][None], tech.owner[ready.frame]
    ones = np.ones((n, ways.shape[1]))
    return Batch(columns, tech.equal, right, ways, ones, np.hstack([worth, none]), owner=owner), size


def _seed(batch: Batch, facets: Facets) -> None:
    """Let HiGHS find facets where the plain ones serve too few: zeros in the data can leave an output without price."""
    tried = np.zeros(len(batch.target), dtype=bool)
    for _ in range(_SEEDS):
        lost = np.flatnonzero(~tried & (lowest_bounds(batch, facets.codes, facets.prices)[:, 0] < 0))[:_SEEDS]
        if lost.size == 0:
            return
        tried[lost] = True
        part = batch.take(lost)
        answers = Answers.blank(*part.target.shape)
        resolve_failures(part, answers)
        facets.learn(part, answers)


def _collect(
    envelopment: Envelopment, place: tuple[IntArray, IntArray, FloatArray], batch: Batch, answers: Answers
) -> None:
    """Write the solutions of some units down."""
    units, spanning, size = place
    k, rows, _ = batch.sizes
    envelopment.status[units] = np.array(STATUSES)[answers.status]
    good = np.flatnonzero(answers.status == OPTIMAL)
    optimal, codes, value = units[good], answers.codes[good], answers.value[good]
    envelopment.objective[optimal] = answers.objective(batch)[good]
    envelopment.prices[optimal] = answers.prices[good] / size[good]
    spare = np.zeros((good.size, rows))
    row, position = np.nonzero((codes >= k) & (codes < k + rows))
    spare[row, codes[row, position] - k] = np.maximum(value[row, position], 0.0)
    envelopment.slacks[optimal] = np.where(batch.equal, 0.0, spare) * size[good]
    row, position = np.nonzero((codes < k) & (value > 0))
    envelopment.row = np.concatenate([envelopment.row, optimal[row]])
    envelopment.column = np.concatenate([envelopment.column, spanning[codes[row, position]]])
    envelopment.weight = np.concatenate([envelopment.weight, value[row, position] * size[good][row, 0]])
    envelopment.count, envelopment.width = envelopment.count + units.size, max(envelopment.width, k)
