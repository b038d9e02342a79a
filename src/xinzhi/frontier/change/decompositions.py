"""An index as a sum of its parts: efficiency, technology, scale, mix and bias, in the additive form of `terms.py`.

``c(k, x, y)`` is the term of the cone (constant returns), ``v(k, x, y)`` that of the best-practice technology, of
benchmark k (0 the earlier, 1 the later) at the inputs and outputs of x and y. Each part is worked out from its own
definition, never as a remainder, so that adding up is a check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import IdentityError

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

    def own(self, end: When, rts: str | None = None) -> FloatArray:
        return self.get(Term(rts or self._plan.cone, "own", end, end))

    def group(self, end: When) -> FloatArray:
        return self.get(Term(self._plan.cone, "group", end, end))

    def mean(self, part: Callable[[When], FloatArray]) -> FloatArray:
        """Return the weighted mean of a part over the benchmarks, asking only for those that count."""
        ends: tuple[When, When] = (0, 1)
        return np.asarray(np.sum([w * part(k) for k, w in zip(ends, self._plan.weights, strict=True) if w], axis=0))


def needed(plan: Plan) -> list[Term]:
    """Return the terms that a plan needs."""
    reader = _Reader(plan, None)
    _work_out(plan, reader)
    return list(dict.fromkeys(reader.wanted))


def decompose(plan: Plan, values: Mapping[Term, FloatArray]) -> Parts:
    """Return index and parts from the values of the terms."""
    return _work_out(plan, _Reader(plan, values))


def _work_out(plan: Plan, t: _Reader) -> Parts:
    makers: dict[str, Callable[[Plan, _Reader], Parts]] = {
        "none": _fgnz, "fgnz": _fgnz, "ray-desli": _ray_desli, "grifell-lovell": _grifell_lovell, "balk": _balk,
        "bias": _bias, "metafrontier": _metafrontier,
    }  # fmt: skip
    return makers[plan.decomposition](plan, t)


def _index(t: _Reader) -> FloatArray:
    return t.mean(lambda k: t.c(k, 1, 1) - t.c(k, 0, 0))


def _efficiency(t: _Reader, rts: str | None = None) -> FloatArray:
    return t.own(1, rts) - t.own(0, rts)


def _technical(t: _Reader) -> FloatArray:
    """How far the benchmark moved away from the efficiency of the observations' own technologies."""
    return t.mean(lambda k: (t.c(k, 1, 1) - t.own(1)) - (t.c(k, 0, 0) - t.own(0)))


def _fgnz(plan: Plan, t: _Reader) -> Parts:
    """Färe, Grosskopf, Norris and Zhang (1994): efficiency times technology; efficiency as pure and scale."""
    parts = {"efficiency_change": _efficiency(t), "technical_change": _technical(t)}
    identities: list[tuple[str, ...]] = [("efficiency_change", "technical_change")]
    if plan.rts != plan.cone:
        parts["pure_efficiency_change"] = _efficiency(t, plan.rts)
        parts["scale_efficiency_change"] = (t.own(1) - t.own(1, plan.rts)) - (t.own(0) - t.own(0, plan.rts))
        identities.append(("pure_efficiency_change", "scale_efficiency_change", "technical_change"))
    return Parts(_index(t), parts, tuple(identities))


def _pure(plan: Plan, t: _Reader) -> dict[str, FloatArray]:
    """Pure efficiency change and the change of the best-practice technology."""
    technical = t.mean(lambda k: (t.v(k, 1, 1) - t.own(1, plan.rts)) - (t.v(k, 0, 0) - t.own(0, plan.rts)))
    return {"pure_efficiency_change": _efficiency(t, plan.rts), "pure_technical_change": technical}


def _scale(t: _Reader, k: When, x: When, y: When) -> FloatArray:
    """Scale efficiency of a point under one benchmark."""
    return t.c(k, x, y) - t.v(k, x, y)


def _ray_desli(plan: Plan, t: _Reader) -> Parts:
    """Ray and Desli (1997): the technology of best practice, and the scale efficiency of both points under it."""
    parts = _pure(plan, t)
    parts["scale_change"] = t.mean(lambda k: _scale(t, k, 1, 1) - _scale(t, k, 0, 0))
    return Parts(_index(t), parts, (tuple(parts),))


def _scale_and_mix(plan: Plan, t: _Reader) -> tuple[FloatArray, FloatArray]:
    """Scale efficiency change while the mix is held, and the rest of the way, the change of mix (Balk 2001)."""
    # With the earlier benchmark the mixed point comes after the scale change, with the later one before it, so that
    # both hold the mix of their own period.
    corner: tuple[When, When] = (1, 0) if plan.corner == "inputs" else (0, 1)
    other: tuple[When, When] = (corner[1], corner[0])

    def scale(k: When) -> FloatArray:
        if k:
            return _scale(t, 1, 1, 1) - _scale(t, 1, *other)
        return _scale(t, 0, *corner) - _scale(t, 0, 0, 0)

    def mix(k: When) -> FloatArray:
        if k:
            return _scale(t, 1, *other) - _scale(t, 1, 0, 0)
        return _scale(t, 0, 1, 1) - _scale(t, 0, *corner)

    return t.mean(scale), t.mean(mix)


def _grifell_lovell(plan: Plan, t: _Reader) -> Parts:
    """Grifell-Tatjé and Lovell (1999): the generalised index, best practice times scale, without the mix."""
    parts = _pure(plan, t)
    parts["scale_change"], _ = _scale_and_mix(plan, t)
    index = t.mean(lambda k: t.v(k, 1, 1) - t.v(k, 0, 0)) + parts["scale_change"]
    return Parts(index, parts, (tuple(parts),))


def _balk(plan: Plan, t: _Reader) -> Parts:
    """Balk (2001): best practice, scale, and the mix of outputs (of inputs in the input orientation)."""
    parts = _pure(plan, t)
    parts["scale_change"], parts["mix_change"] = _scale_and_mix(plan, t)
    return Parts(_index(t), parts, (tuple(parts),))


def _bias(plan: Plan, t: _Reader) -> Parts:
    """Färe, Grifell-Tatjé, Grosskopf and Lovell (1997): technical change as magnitude and biases."""
    base = _fgnz(plan, t)
    parts = dict(base.parts)

    def shift(x: When, y: When) -> FloatArray:
        return t.c(0, x, y) - t.c(1, x, y)

    parts["output_bias"] = 0.5 * (shift(1, 1) - shift(1, 0))
    parts["input_bias"] = 0.5 * (shift(1, 0) - shift(0, 0))
    parts["magnitude"] = shift(0, 0)
    identity = ("efficiency_change", "output_bias", "input_bias", "magnitude")
    return Parts(base.index, parts, (*base.identities, identity))


def _metafrontier(plan: Plan, t: _Reader) -> Parts:
    """Oh and Lee (2010): efficiency within the group, the group's best practice, and its gap to the metafrontier."""
    del plan
    parts = {
        "efficiency_change": _efficiency(t),
        "best_practice_change": (t.group(1) - t.own(1)) - (t.group(0) - t.own(0)),
        "technology_gap_change": (t.c(1, 1, 1) - t.group(1)) - (t.c(0, 0, 0) - t.group(0)),
    }
    return Parts(t.c(1, 1, 1) - t.c(0, 0, 0), parts, (tuple(parts),))


_ENDS: tuple[tuple[When, Where], ...] = ((0, "earlier"), (1, "later"))


def output_terms(rts: str) -> list[Term]:
    """Return the output distances of the output quantity index: each period's inputs, both periods' outputs."""
    return [Term(rts, where, k, y) for k, where in _ENDS for y in (0, 1)]


def input_terms(rts: str) -> list[Term]:
    """Return the input distances of the input quantity index: each period's outputs, both periods' inputs."""
    return [Term(rts, where, x, k) for k, where in _ENDS for x in (0, 1)]


def factor_terms(rts: str) -> list[Term]:
    """Return the distances of efficiency change and technical change in the chosen orientation."""
    return [
        *(Term(rts, where, k, k) for _, where in _ENDS for k in (0, 1)),
        Term(rts, "own", 0, 0),
        Term(rts, "own", 1, 1),
    ]


def hicks_moorsteen(
    rts: str, output: Mapping[Term, FloatArray], input_: Mapping[Term, FloatArray], chosen: Mapping[Term, FloatArray]
) -> Parts:
    """Return the index and its parts in logarithms."""
    # Bjurek (1996): the geometric mean of the indices of both periods. Efficiency change and technical change are those
    # of Diewert and Fox (2017); what is left is the effect of scale and mix together, O'Donnell's (2012) scale-mix
    # efficiency change.
    halves_out = [output[Term(rts, where, k, 1)] - output[Term(rts, where, k, 0)] for k, where in _ENDS]
    halves_in = [input_[Term(rts, where, 0, k)] - input_[Term(rts, where, 1, k)] for k, where in _ENDS]
    outputs, inputs = 0.5 * (halves_out[0] + halves_out[1]), 0.5 * (halves_in[0] + halves_in[1])
    efficiency = chosen[Term(rts, "own", 1, 1)] - chosen[Term(rts, "own", 0, 0)]
    moved = [chosen[Term(rts, where, 1, 1)] - chosen[Term(rts, where, 0, 0)] - efficiency for _, where in _ENDS]
    technical = 0.5 * (moved[0] + moved[1])
    index = outputs - inputs
    parts = {
        "output_change": outputs,
        "input_change": inputs,
        "efficiency_change": efficiency,
        "technical_change": technical,
        "scale_mix_change": index - efficiency - technical,
    }
    return Parts(index, parts, ())
