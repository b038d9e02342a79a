"""Distances of many points from many technologies, each technology set up once and all its points solved together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.simplex import STATUSES, Answers, Batch, solve_batch, solve_failed
from xinzhi.frontier.technology.distance import distance
from xinzhi.frontier.technology.starts import best_pairs, counted_bases
from xinzhi.frontier.technology.technology import Goods, Technology, means, technology

Orientation = Literal["input", "output", "directional"]
_BLOCK = 4_000_000  # entries of a points-by-columns array
# From this many observations on it pays to reduce a technology to its frame, which `distance` does.
_LARGE = 150
# Up to this many observations the technologies of all periods are solved in one batch.
_SMALL = 64


@dataclass(frozen=True, slots=True)
class Measure:
    """How the distance of a point is measured."""

    orientation: Orientation = "output"
    moves: FloatArray | None = None
    weights: FloatArray | None = None
    disposability: str = "kuosmanen"

    def gains(self, points: Goods) -> FloatArray:
        """Return the directions of points as amounts of every good, not negative, ``(n, p + q + r)``."""
        p, q, r = points.widths
        held = self.moves
        if held is None:
            held = np.repeat(
                [1.0 * (self.orientation == "input"), 1.0 * (self.orientation == "output"), 0.0], [p, q, r]
            )
        return np.asarray(points.all() * held)


@dataclass(frozen=True, slots=True)
class Scores:
    """Distances of points."""

    beta: FloatArray
    status: IntArray


@dataclass(slots=True)
class Tally:
    """How many programs were solved, how large the largest was, and how many the general solver had to take."""

    count: int = 0
    rows: int = 0
    columns: int = 0
    general: int = 0

    def add(self, count: int, size: tuple[int, ...]) -> None:
        """Count programs of one size."""
        self.count += count
        self.rows, self.columns = max(self.rows, size[0]), max(self.columns, size[1])

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
        return self.scores(rts, [rows], [points])[0]

    def scores(self, rts: str, spans: Sequence[IntArray], points: Sequence[Goods]) -> list[Scores]:
        """Return the distances of each set of points from its technology; small technologies are solved together."""
        found: dict[int, Scores] = {}
        alike: dict[int, list[int]] = {}
        for at, rows in enumerate(spans):
            if len(rows) >= _LARGE and self.measure.weights is None:
                found[at] = self._at_large(rts, self.goods.take(rows, rows), points[at])
            else:
                alike.setdefault(len(rows), []).append(at)
        for size, places in alike.items():
            count = len(places) if size <= _SMALL else 1
            for start in range(0, len(places), count):
                some = places[start : start + count]
                answers = self._together(rts, [spans[at] for at in some], [points[at] for at in some])
                ends = np.cumsum([len(points[at].x) for at in some])[:-1]
                pairs = zip(np.split(answers.beta, ends), np.split(answers.status, ends), strict=True)
                found |= {at: Scores(*pair) for at, pair in zip(some, pairs, strict=True)}
        return [found[at] for at in range(len(spans))]

    def _together(self, rts: str, spans: Sequence[IntArray], points: Sequence[Goods]) -> Scores:
        """Return the distances from technologies of as many observations each, one set of points after the other."""
        columns, targets, ways = [], [], []
        for rows, part in zip(spans, points, strict=True):
            reference = self.goods.take(rows, rows)
            scale = means(reference)
            known = reference_technology(reference, scale, rts, self.measure.disposability)
            target, way = self.netputs(part.all() / scale, self.measure.gains(part) / scale)
            columns.append(known.columns)
            targets.append(target)
            ways.append(way)
        which = np.repeat(np.arange(len(spans)), [len(target) for target in targets])
        target, way, block = np.concatenate(targets), np.concatenate(ways), max(1, _BLOCK // columns[0].shape[1])
        one = len(spans) == 1
        parts = [
            self.finish(*self.batch(known, np.stack(columns), target[part], way[part], None if one else which[part]))
            for part in (slice(at, at + block) for at in range(0, len(target), block))
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
        status = np.array([STATUSES.index(status) for status in found.status])
        self.tally.add(found.programs.count, (found.programs.rows, found.programs.columns))
        return Scores(found.score, status)

    def netputs(self, target: FloatArray, gain: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return amounts and moves of goods as netputs and their increase."""
        p, q, r = self.goods.widths
        strong = self.measure.disposability == "strong"
        signs = np.repeat([-1.0, 1.0, -1.0 if strong else 1.0], [p, q, r])
        ways = np.repeat([1.0, 1.0, 1.0 if strong else -1.0], [p, q, r])
        return target * signs, gain * ways

    def batch(
        self, known: Technology, columns: FloatArray, target: FloatArray, way: FloatArray, which: IntArray | None = None
    ) -> tuple[Batch, IntArray]:
        """Return the programs of points against technologies `(t, rows, k)` of one shape, and their starts."""
        # ``max w @ beta`` where ``columns @ z - way * beta - slack = target``: one beta for all goods, or one for each.
        widths, weights = self.goods.widths[:2], self.measure.weights
        return distance_batch(known, columns, target, way, which, widths=widths, weights=weights)

    def finish(self, batch: Batch, codes: IntArray) -> Scores:
        """Solve a batch from its starts."""
        answers = self.solve(batch, codes)
        return Scores(answers.objective(batch), answers.status)

    def solve(self, batch: Batch, codes: IntArray) -> Answers:
        """Solve a batch and count its programs; what fails goes to HiGHS."""
        answers = solve_batch(batch, codes)
        self.tally.general += solve_failed(batch, answers)
        self.tally.add(len(codes), batch.columns.shape[1:])
        return answers


def distance_batch(
    known: Technology,
    columns: FloatArray,
    target: FloatArray,
    way: FloatArray,
    which: IntArray | None = None,
    *,
    widths: tuple[int, int],
    weights: FloatArray | None = None,
) -> tuple[Batch, IntArray]:
    """Return the programs of points in netputs `(n, goods)`, and the bases that they start from."""
    count, goods = target.shape
    rows = columns.shape[1]
    # A ray has no size: a small point is solved as well as a large one when both are brought to order one.
    size = np.ones(count) if known.points else np.maximum(np.abs(target).max(axis=1), np.finfo(float).tiny)
    right, wide = np.ones((count, rows)), np.zeros((count, rows))
    right[:, :goods], wide[:, :goods] = target / size[:, None], way / size[:, None]
    ways, worth = wide[:, None], np.ones((count, 1))
    if weights is not None:
        steps = np.flatnonzero(weights > 0)
        ways = np.zeros((count, len(steps), rows))
        ways[:, np.arange(len(steps)), steps] = wide[:, steps]
        worth = weights[steps] * (wide[:, steps] != 0)
    batch = Batch(columns, known.equal, right, ways, worth, np.zeros((count, rows)), free=weights is None, which=which)
    held = np.array([*range(widths[0]), *([rows - 1] if known.points else [])])
    if weights is not None:
        return batch, counted_bases(batch, held)
    return batch, best_pairs(batch, np.arange(widths[0], sum(widths)), held)


def reference_technology(reference: Goods, scale: FloatArray, rts: str, disposability: str) -> Technology:
    """Return the technology of scaled observations."""
    small = reference.over(scale)
    return technology(small.x, small.y, small.bad, rts=rts, disposability=disposability)
