"""Distances of many points from many technologies, each technology set up once and all its points solved together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from xinzhi.frontier.change import batch
from xinzhi.frontier.change.envelopment import Shape, general, programs
from xinzhi.frontier.distance import distance
from xinzhi.frontier.technology import technology

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.frontier.technology import Technology

Orientation = Literal["input", "output", "directional"]
_BLOCK = 4_000_000  # entries of a points-by-columns array
# From this many observations on it pays to reduce a technology to its frame, which `distance` does.
_LARGE = 150


@dataclass(frozen=True, slots=True)
class Goods:
    """Inputs ``(n, p)``, outputs ``(n, q)`` and bad outputs ``(n, r)``."""

    x: FloatArray
    y: FloatArray
    b: FloatArray

    def take(self, x_rows: IntArray, y_rows: IntArray) -> Goods:
        """Return points with the inputs of some observations and the outputs, good and bad, of others."""
        return Goods(self.x[x_rows], self.y[y_rows], self.b[y_rows])

    def all(self) -> FloatArray:
        """Return all goods side by side, ``(n, p + q + r)``."""
        return np.concatenate([self.x, self.y, self.b], axis=1)

    @property
    def widths(self) -> tuple[int, int, int]:
        """Numbers of inputs, outputs and bad outputs."""
        return self.x.shape[1], self.y.shape[1], self.b.shape[1]


@dataclass(frozen=True, slots=True)
class Measure:
    """How the distance of a point is measured.

    Parameters
    ----------
    orientation
        ``output`` expands outputs, ``input`` shrinks inputs, ``directional`` moves along a direction.
    moves
        Of a directional measure: by how much of itself each good moves in one step, ``(p + q + r,)``; 0 holds it.
    weights
        Weights of a non-radial measure, ``(p + q + r,)``; None for a radial one.
    disposability
        Of bad outputs: ``kuosmanen``, ``equality`` or ``strong``.
    """

    orientation: Orientation = "output"
    moves: FloatArray | None = None
    weights: FloatArray | None = None
    disposability: str = "kuosmanen"

    def gains(self, points: Goods) -> FloatArray:
        """Return the directions of points as amounts of every good, not negative, ``(n, p + q + r)``."""
        p, q, r = points.widths
        held = self.moves
        if held is None:
            held = np.repeat([self.orientation == "input", self.orientation == "output", False], [p, q, r]).astype(
                float
            )
        gains: FloatArray = points.all() * held
        return gains


@dataclass(frozen=True, slots=True)
class Scores:
    """Distances of points.

    Parameters
    ----------
    beta
        How far each point can move along its direction, NaN unless optimal, ``(n,)``.
    status
        ``batch.OPTIMAL``, ``batch.INFEASIBLE`` or ``batch.UNSOLVED``, ``(n,)``.
    """

    beta: FloatArray
    status: IntArray


@dataclass(slots=True)
class Tally:
    """How many programs were solved, how large the largest was, and how many the general solver had to take."""

    count: int = 0
    rows: int = 0
    columns: int = 0
    general: int = 0

    def add(self, count: int, known: Technology) -> None:
        """Count the programs of one technology."""
        self.count += count
        self.rows = max(self.rows, known.columns.shape[0])
        self.columns = max(self.columns, known.columns.shape[1])

    def include(self, other: Tally) -> None:
        """Count the programs of another tally too."""
        self.count += other.count
        self.rows, self.columns = max(self.rows, other.rows), max(self.columns, other.columns)
        self.general += other.general


@dataclass(frozen=True, slots=True)
class Frontier:
    """Observations that may span technologies, and how distances from these are measured."""

    goods: Goods
    measure: Measure
    tally: Tally = field(default_factory=Tally)

    def score(self, rts: str, rows: IntArray, points: Goods) -> Scores:
        """Return the distances of points from the technology that some of the observations span."""
        reference = self.goods.take(rows, rows)
        if len(rows) >= _LARGE and self.measure.weights is None:
            return self._at_large(rts, reference, points)
        scale = scale_of(reference.all())
        known = reference_technology(reference, scale, rts, self.measure.disposability)
        self.tally.add(len(points.x), known)
        shape = self.shape(known)
        target, way = self.netputs(points.all() / scale, self.measure.gains(points) / scale)
        block = max(1, _BLOCK // known.columns.shape[1])
        parts = [
            self._solve(shape, known.columns[None], target[at : at + block], way[at : at + block])
            for at in range(0, len(target), block)
        ]
        return Scores(np.concatenate([part.beta for part in parts]), np.concatenate([part.status for part in parts]))

    def _at_large(self, rts: str, reference: Goods, points: Goods) -> Scores:
        """Return the same distances from a technology of many observations."""
        p, q, r = self.goods.widths
        ways = np.split(self.measure.gains(points), [p, p + q], axis=1)
        found = distance(
            points.x,
            points.y,
            points.b if r else None,
            x_ref=reference.x,
            y_ref=reference.y,
            b_ref=reference.b if r else None,
            rts=rts,
            orientation="directional",
            direction=tuple(ways) if r else (ways[0], ways[1]),
            disposability=self.measure.disposability,
        )
        status = np.select(
            [found.status == "optimal", found.status == "infeasible"], [batch.OPTIMAL, batch.INFEASIBLE], batch.UNSOLVED
        )
        self.tally.count += found.programs.count
        self.tally.rows = max(self.tally.rows, found.programs.rows)
        self.tally.columns = max(self.tally.columns, found.programs.columns)
        return Scores(found.score, status)

    def shape(self, known: Technology) -> Shape:
        """Return what the programs against a technology have in common."""
        inputs, outputs, _ = self.goods.widths
        return Shape(inputs, outputs, known.equal, known.points, self.measure.weights)

    def netputs(self, target: FloatArray, gain: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return amounts and moves of goods as netputs and their increase."""
        p, q, r = self.goods.widths
        strong = self.measure.disposability == "strong"
        signs = np.repeat([-1.0, 1.0, -1.0 if strong else 1.0], [p, q, r])
        ways = np.repeat([1.0, 1.0, 1.0 if strong else -1.0], [p, q, r])
        return target * signs, gain * ways

    def _solve(self, shape: Shape, columns: FloatArray, target: FloatArray, way: FloatArray) -> Scores:
        problem = programs(shape, columns, np.zeros(len(target), dtype=np.int64), target, way)
        return self.finish(problem)

    def finish(self, problem: batch.Programs) -> Scores:
        """Solve a batch; what it leaves unsolved goes to the general solver."""
        solution = batch.solve(problem)
        beta, status = -solution.value, solution.status
        lost = np.flatnonzero(status == batch.UNSOLVED)
        self.tally.general += len(lost)
        for at in lost.tolist():
            cost, status[at] = general(problem, at)
            beta[at] = -cost
        return Scores(beta, status)


def scale_of(goods: FloatArray) -> FloatArray:
    """Return what each good is divided by, so that its unit of measurement does not matter."""
    mean = goods.mean(axis=-2)
    return np.where(mean > 0, mean, 1.0)


def reference_technology(reference: Goods, scale: FloatArray, rts: str, disposability: str) -> Technology:
    """Return the technology of scaled observations."""
    p, q, r = reference.widths
    x, y, b = np.split(reference.all() / scale, [p, p + q], axis=1)
    return technology(x, y, b if r else None, rts=rts, disposability=disposability)
