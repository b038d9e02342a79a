"""An index as a sum of its parts: efficiency, technology, scale, mix and bias, in additive form.

``c(k, x, y)`` is the term of the cone (constant returns), ``v(k, x, y)`` that of the best-practice technology, of
benchmark k (0 the earlier, 1 the later) at the inputs and outputs of x and y. Each part is worked out from its own
definition, never as a remainder, so that adding up is a check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import IdentityError
from xinzhi.core.simplex import STATUSES, Answers, Batch, resolve_failures, solve_batch
from xinzhi.frontier.technology.distance import between
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
        moves = self.moves
        if moves is None:
            moves = np.repeat([float(self.orientation == "input"), float(self.orientation == "output"), 0.0], [p, q, r])
        return np.asarray(points.all() * moves)


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

    def include(self, tally: Tally) -> None:
        """Count the programs of another tally too."""
        self.count += tally.count
        self.rows, self.columns = max(self.rows, tally.rows), max(self.columns, tally.columns)
        self.general += tally.general


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
        scores: dict[int, Scores] = {}
        alike: dict[int, list[int]] = {}
        for at, rows in enumerate(spans):
            if len(rows) >= _LARGE and self.measure.weights is None:
                scores[at] = self._at_large(rts, self.goods.take(rows, rows), points[at])
            else:
                alike.setdefault(len(rows), []).append(at)
        for size, places in alike.items():
            count = len(places) if size <= _SMALL else 1
            for start in range(0, len(places), count):
                group = places[start : start + count]
                answers = self._batch_distances(rts, [spans[at] for at in group], [points[at] for at in group])
                ends = np.cumsum([len(points[at].x) for at in group])[:-1]
                pairs = zip(np.split(answers.beta, ends), np.split(answers.status, ends), strict=True)
                scores |= {at: Scores(*pair) for at, pair in zip(group, pairs, strict=True)}
        return [scores[at] for at in range(len(spans))]

    def _batch_distances(self, rts: str, spans: Sequence[IntArray], points: Sequence[Goods]) -> Scores:
        """Return the distances from technologies of as many observations each, one set of points after the other."""
        columns, targets, ways = [], [], []
        for rows, part in zip(spans, points, strict=True):
            reference = self.goods.take(rows, rows)
            scale = means(reference)
            tech = reference_technology(reference, scale, rts, self.measure.disposability)
            target, way = self.netputs(part.all() / scale, self.measure.gains(part) / scale)
            columns.append(tech.columns)
            targets.append(target)
            ways.append(way)
        which = np.repeat(np.arange(len(spans)), [len(target) for target in targets])
        target, way, block = np.concatenate(targets), np.concatenate(ways), max(1, _BLOCK // columns[0].shape[1])
        single = len(spans) == 1
        parts = [
            self.finish(*self.batch(tech, np.stack(columns), target[part], way[part], None if single else which[part]))
            for part in (slice(at, at + block) for at in range(0, len(target), block))
        ]
        return Scores(np.concatenate([part.beta for part in parts]), np.concatenate([part.status for part in parts]))

    def _at_large(self, rts: str, reference: Goods, points: Goods) -> Scores:
        """Return the same distances from a technology of many observations."""
        direction = tuple(points.parts("way", self.measure.gains(points)).values())
        solution = between(
            points,
            reference,
            orientation="directional",
            direction=direction,
            rts=rts,
            disposability=self.measure.disposability,
        )
        status = np.array([STATUSES.index(status) for status in solution.status])
        self.tally.add(solution.programs.count, (solution.programs.rows, solution.programs.columns))
        return Scores(solution.score, status)

    def netputs(self, target: FloatArray, gain: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return amounts and moves of goods as netputs and their increase."""
        p, q, r = self.goods.widths
        strong = self.measure.disposability == "strong"
        signs = np.repeat([-1.0, 1.0, -1.0 if strong else 1.0], [p, q, r])
        ways = np.repeat([1.0, 1.0, 1.0 if strong else -1.0], [p, q, r])
        return target * signs, gain * ways

    def batch(
        self, tech: Technology, columns: FloatArray, target: FloatArray, way: FloatArray, which: IntArray | None = None
    ) -> tuple[Batch, IntArray]:
        """Return the programs of points against technologies `(t, rows, k)` of one shape, and their starts."""
        # ``max w @ beta`` where ``columns @ z - way * beta - slack = target``: one beta for all goods, or one for each.
        widths, weights = self.goods.widths[:2], self.measure.weights
        return distance_batch(tech, columns, target, way, which, widths=widths, weights=weights)

    def finish(self, batch: Batch, codes: IntArray) -> Scores:
        """Solve a batch from its starts."""
        answers = self.solve(batch, codes)
        return Scores(answers.objective(batch), answers.status)

    def solve(self, batch: Batch, codes: IntArray) -> Answers:
        """Solve a batch and count its programs; what fails goes to HiGHS."""
        answers = solve_batch(batch, codes)
        self.tally.general += resolve_failures(batch, answers)
        self.tally.add(len(codes), batch.columns.shape[1:])
        return answers


def distance_batch(
    tech: Technology,
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
    size = np.ones(count) if tech.points else np.maximum(np.abs(target).max(axis=1), np.finfo(float).tiny)
    right, moves = np.ones((count, rows)), np.zeros((count, rows))
    right[:, :goods], moves[:, :goods] = target / size[:, None], way / size[:, None]
    ways, worth = moves[:, None], np.ones((count, 1))
    if weights is not None:
        steps = np.flatnonzero(weights > 0)
        ways = np.zeros((count, len(steps), rows))
        ways[:, np.arange(len(steps)), steps] = moves[:, steps]
        worth = weights[steps] * (moves[:, steps] != 0)
    batch = Batch(columns, tech.equal, right, ways, worth, np.zeros((count, rows)), free=weights is None, which=which)
    fixed = np.array([*range(widths[0]), *([rows - 1] if tech.points else [])])
    if weights is not None:
        return batch, counted_bases(batch, fixed)
    return batch, best_pairs(batch, np.arange(widths[0], sum(widths)), fixed)


def reference_technology(reference: Goods, scale: FloatArray, rts: str, disposability: str) -> Technology:
    """Return the technology of scaled observations."""
    small = reference.over(scale)
    return technology(small.x, small.y, small.bad, rts=rts, disposability=disposability)


Where = Literal["earlier", "later", "own", "group"]
When = Literal[0, 1]


class Term(NamedTuple):
    """One distance of every pair."""

    rts: str
    where: Where
    x: When
    y: When


DECOMPOSITIONS = ("none", "fgnz", "ray-desli", "grifell-lovell", "balk", "bias")
NEEDS_SCALE = ("ray-desli", "grifell-lovell", "balk")
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Plan:
    """What to work out."""

    decomposition: str  # one of `DECOMPOSITIONS`, or ``metafrontier``
    rts: str  # of the best-practice technology
    base: str  # ``mean`` of both benchmarks, or the ``earlier`` or ``later`` one alone
    corner: str  # where scale changes first: later ``inputs`` with earlier outputs, or the other way round

    @property
    def cone(self) -> str:
        """Returns to scale on which the index is taken."""
        return self.rts if self.decomposition in {"none", "metafrontier"} else "crs"

    @property
    def weights(self) -> tuple[float, float]:
        """Weights of the earlier and the later benchmark."""
        return {"mean": (0.5, 0.5), "earlier": (1.0, 0.0), "later": (0.0, 1.0)}[self.base]


@dataclass(frozen=True, slots=True)
class Parts:
    """An index and its parts in additive form."""

    index: FloatArray
    parts: dict[str, FloatArray]
    identities: tuple[tuple[str, ...], ...]

    def check(self, key: Callable[[int], str]) -> None:
        """Raise when parts do not add up to the index."""
        for names in self.identities:
            total = np.sum([self.parts[name] for name in names], axis=0)
            gap = np.abs(np.expm1(total - self.index))
            bad = np.flatnonzero(gap > _TOLERANCE)
            if bad.size:
                raise IdentityError("frontier.identity", parts=" + ".join(names), gap=gap[bad[0]], key=key(int(bad[0])))


class _Reader:
    """Terms by the letters of the formulas; with no values yet it only notes what will be needed."""

    def __init__(self, plan: Plan, values: Mapping[Term, FloatArray] | None) -> None:
        self._plan, self._values = plan, values
        self.wanted: list[Term] = []

    def get(self, term: Term) -> FloatArray:
        self.wanted.append(term)
        return np.zeros(1) if self._values is None else self._values[term]

    def c(self, k: When, x: When, y: When) -> FloatArray:
        return self.get(Term(self._plan.cone, "later" if k else "earlier", x, y))

    def v(self, k: When, x: When, y: When) -> FloatArray:
        return self.get(Term(self._plan.rts, "later" if k else "earlier", x, y))

    def scale(self, k: When, x: When, y: When) -> FloatArray:
        """Return the scale efficiency of a point under one benchmark."""
        return self.c(k, x, y) - self.v(k, x, y)

    def contemporaneous(self, end: When, rts: str | None = None) -> FloatArray:
        return self.get(Term(rts or self._plan.cone, "own", end, end))

    def group(self, end: When) -> FloatArray:
        return self.get(Term(self._plan.cone, "group", end, end))

    def index(self) -> FloatArray:
        return self.mean(lambda k: self.c(k, 1, 1) - self.c(k, 0, 0))

    def mean(self, part: Callable[[When], FloatArray]) -> FloatArray:
        """Return the weighted mean of a part over the benchmarks, asking only for those that count."""
        ends: tuple[When, When] = (0, 1)
        return np.asarray(np.sum([w * part(k) for k, w in zip(ends, self._plan.weights, strict=True) if w], axis=0))


def required_terms(plan: Plan) -> list[Term]:
    """Return the terms that a plan needs."""
    reader = _Reader(plan, None)
    _work_out(plan, reader)
    return list(dict.fromkeys(reader.wanted))


def decompose(plan: Plan, values: Mapping[Term, FloatArray]) -> Parts:
    """Return index and parts from the values of the terms."""
    return _work_out(plan, _Reader(plan, values))


def _work_out(plan: Plan, t: _Reader) -> Parts:
    """Return index and parts by the formulas of the decomposition."""
    if plan.decomposition in NEEDS_SCALE:
        return _best_practice(plan, t)
    if plan.decomposition == "metafrontier":  # Oh and Lee (2010): within the group, its best practice, and its gap
        parts = {
            "efficiency_change": t.contemporaneous(1) - t.contemporaneous(0),
            "best_practice_change": (t.group(1) - t.contemporaneous(1)) - (t.group(0) - t.contemporaneous(0)),
            "technology_gap_change": (t.c(1, 1, 1) - t.group(1)) - (t.c(0, 0, 0) - t.group(0)),
        }
        return Parts(t.c(1, 1, 1) - t.c(0, 0, 0), parts, (tuple(parts),))
    # Färe, Grosskopf, Norris and Zhang (1994): efficiency times technology; efficiency as pure and scale. Technical
    # change is how far the benchmark moved away from the efficiency of the observations' own technologies.
    parts = {"efficiency_change": t.contemporaneous(1) - t.contemporaneous(0)}
    parts["technical_change"] = t.mean(
        lambda k: (t.c(k, 1, 1) - t.contemporaneous(1)) - (t.c(k, 0, 0) - t.contemporaneous(0))
    )
    identities: list[tuple[str, ...]] = [("efficiency_change", "technical_change")]
    if plan.rts != plan.cone:
        parts["pure_efficiency_change"] = t.contemporaneous(1, plan.rts) - t.contemporaneous(0, plan.rts)
        parts["scale_efficiency_change"] = (t.contemporaneous(1) - t.contemporaneous(1, plan.rts)) - (
            t.contemporaneous(0) - t.contemporaneous(0, plan.rts)
        )
        identities.append(("pure_efficiency_change", "scale_efficiency_change", "technical_change"))
    index = t.index()
    if plan.decomposition == "bias":  # Färe, Grifell-Tatjé, Grosskopf and Lovell (1997): magnitude and biases

        def shift(x: When, y: When) -> FloatArray:
            return t.c(0, x, y) - t.c(1, x, y)

        parts["output_bias"] = 0.5 * (shift(1, 1) - shift(1, 0))
        parts["input_bias"] = 0.5 * (shift(1, 0) - shift(0, 0))
        parts["magnitude"] = shift(0, 0)
        identities.append(("efficiency_change", "output_bias", "input_bias", "magnitude"))
    return Parts(index, parts, tuple(identities))


def _best_practice(plan: Plan, t: _Reader) -> Parts:
    """Return pure efficiency, the change of the best-practice technology, scale, and the mix where it is known."""
    technical = t.mean(
        lambda k: (t.v(k, 1, 1) - t.contemporaneous(1, plan.rts)) - (t.v(k, 0, 0) - t.contemporaneous(0, plan.rts))
    )
    pure = t.contemporaneous(1, plan.rts) - t.contemporaneous(0, plan.rts)
    parts = {"pure_efficiency_change": pure, "pure_technical_change": technical}
    if plan.decomposition == "ray-desli":  # Ray and Desli (1997): scale efficiency of both points under the technology
        parts["scale_change"] = t.mean(lambda k: t.scale(k, 1, 1) - t.scale(k, 0, 0))
    elif plan.decomposition == "balk":  # Balk (2001): scale, and the mix of outputs (inputs in the input orientation)
        parts["scale_change"], parts["mix_change"] = _scale_and_mix(plan, t)
    else:  # Grifell-Tatjé and Lovell (1999): the generalised index, best practice times scale, without the mix
        parts["scale_change"], _ = _scale_and_mix(plan, t)
        index = t.mean(lambda k: t.v(k, 1, 1) - t.v(k, 0, 0)) + parts["scale_change"]
        return Parts(index, parts, (tuple(parts),))
    return Parts(t.index(), parts, (tuple(parts),))


def _scale_and_mix(plan: Plan, t: _Reader) -> tuple[FloatArray, FloatArray]:
    """Scale efficiency change while the mix is held, and the rest of the way, the change of mix (Balk 2001)."""
    # With the earlier benchmark the mixed point comes after the scale change, with the later one before it, so that
    # both hold the mix of their own period.
    corner: tuple[When, When] = (1, 0) if plan.corner == "inputs" else (0, 1)
    opposite: tuple[When, When] = (corner[1], corner[0])

    def scale(k: When) -> FloatArray:
        return t.scale(1, 1, 1) - t.scale(1, *opposite) if k else t.scale(0, *corner) - t.scale(0, 0, 0)

    def mix(k: When) -> FloatArray:
        return t.scale(1, *opposite) - t.scale(1, 0, 0) if k else t.scale(0, 1, 1) - t.scale(0, *corner)

    return t.mean(scale), t.mean(mix)


_ENDS: tuple[tuple[When, Where], ...] = ((0, "earlier"), (1, "later"))


def moorsteen_terms(rts: str) -> tuple[list[Term], list[Term], list[Term]]:
    """Return the distances of a Hicks-Moorsteen index: of outputs, of inputs, and of the chosen orientation's changes.

    The quantity index of outputs has each period's inputs with both periods' outputs, that of inputs conversely.
    """
    outputs = [Term(rts, where, k, y) for k, where in _ENDS for y in (0, 1)]
    inputs = [Term(rts, where, x, k) for k, where in _ENDS for x in (0, 1)]
    changes = [Term(rts, where, k, k) for _, where in _ENDS for k in (0, 1)]
    return outputs, inputs, [*changes, Term(rts, "own", 0, 0), Term(rts, "own", 1, 1)]


def hicks_moorsteen(
    rts: str, output: Mapping[Term, FloatArray], input_: Mapping[Term, FloatArray], oriented: Mapping[Term, FloatArray]
) -> Parts:
    """Return the index and its parts in logarithms."""
    # Bjurek (1996): the geometric mean of the indices of both periods. Efficiency change and technical change are those
    # of Diewert and Fox (2017); what is left is the effect of scale and mix together, O'Donnell's (2012) scale-mix
    # efficiency change.
    halves_out = [output[Term(rts, where, k, 1)] - output[Term(rts, where, k, 0)] for k, where in _ENDS]
    halves_in = [input_[Term(rts, where, 0, k)] - input_[Term(rts, where, 1, k)] for k, where in _ENDS]
    outputs, inputs = 0.5 * (halves_out[0] + halves_out[1]), 0.5 * (halves_in[0] + halves_in[1])
    efficiency = oriented[Term(rts, "own", 1, 1)] - oriented[Term(rts, "own", 0, 0)]
    shifts = [oriented[Term(rts, where, 1, 1)] - oriented[Term(rts, where, 0, 0)] - efficiency for _, where in _ENDS]
    technical = 0.5 * (shifts[0] + shifts[1])
    index = outputs - inputs
    parts = {
        "output_change": outputs,
        "input_change": inputs,
        "efficiency_change": efficiency,
        "technical_change": technical,
        "scale_mix_change": index - efficiency - technical,
    }
    return Parts(index, parts, ())
