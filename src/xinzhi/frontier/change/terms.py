"""The distances that an index is made of: which technology, whose inputs, whose outputs.

Every radial and directional index is a sum of terms ``s``: the logarithm of an efficiency (Malmquist), the negative
logarithm of one plus a distance (Malmquist-Luenberger) or the negative distance (Luenberger). So one set of formulas,
in `decompositions.py`, serves them all, and products are sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from xinzhi.core.simplex import FAILED, INFEASIBLE, OPTIMAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.frontier.change.distances import Frontier
    from xinzhi.frontier.change.panel import Panel
    from xinzhi.frontier.change.references import Benchmarks

Where = Literal["earlier", "later", "own", "group"]
When = Literal[0, 1]


class Term(NamedTuple):
    """One distance of every pair.

    Parameters
    ----------
    rts
        Returns to scale of the technology.
    where
        Technology: benchmark of the ``earlier`` or ``later`` period, the ``own`` one of the observation or its
        ``group``'s (both only for an observed point).
    x, y
        Whose inputs and whose outputs: 0 the earlier, 1 the later observation.
    """

    rts: str
    where: Where
    x: When
    y: When


@dataclass(frozen=True, slots=True)
class Terms:
    """Solved terms.

    Parameters
    ----------
    beta
        Distances of each term, ``(pairs,)``.
    status
        ``OPTIMAL``, ``INFEASIBLE`` or ``FAILED`` of each, ``(pairs,)``.
    technology
        Number of the technology of each, ``(pairs,)``.
    """

    beta: dict[Term, FloatArray] = field(default_factory=dict)
    status: dict[Term, IntArray] = field(default_factory=dict)
    technology: dict[Term, IntArray] = field(default_factory=dict)


def solve_terms(frontier: Frontier, panel: Panel, marks: Benchmarks, wanted: Sequence[Term]) -> Terms:
    """Solve the programs behind some terms: each different one once, those of one technology together."""
    terms = list(dict.fromkeys(wanted))
    kinds = list(dict.fromkeys(term.rts for term in terms))
    ends = (panel.before, panel.after)
    where = {term: _technology(term, panel, marks) for term in terms}
    asked = np.concatenate(
        [np.stack([np.full(panel.pairs, kinds.index(t.rts)), where[t], ends[t.x], ends[t.y]], axis=1) for t in terms]
    )
    programs, back = np.unique(asked, axis=0, return_inverse=True)
    beta, status = np.full(len(programs), np.nan), np.full(len(programs), FAILED)
    starts = np.flatnonzero(np.r_[True, (np.diff(programs[:, :2], axis=0) != 0).any(axis=1)])
    places = [np.arange(first, last) for first, last in zip(starts, [*starts[1:], len(programs)], strict=True)]
    for kind, rts in enumerate(kinds):
        mine = [at for at in places if programs[at[0], 0] == kind]
        spans = [marks.technologies[programs[at[0], 1]] for at in mine]
        points = [frontier.goods.take(programs[at, 2], programs[at, 3]) for at in mine]
        for at, found in zip(mine, frontier.scores(rts, spans, points), strict=True):
            beta[at], status[at] = found.beta, found.status
    back = back.reshape(len(terms), panel.pairs)
    return Terms(
        beta={term: beta[back[k]] for k, term in enumerate(terms)},
        status={term: status[back[k]] for k, term in enumerate(terms)},
        technology=where,
    )


def _technology(term: Term, panel: Panel, marks: Benchmarks) -> IntArray:
    """Return the technology of a term for every pair."""
    if term.where == "earlier":
        return marks.earlier
    if term.where == "later":
        return marks.later
    rows = panel.after if term.y else panel.before
    return (marks.own if term.where == "own" else marks.group)[rows]


def log_output(beta: FloatArray) -> FloatArray:
    """Return the logarithm of an output efficiency (Shephard), NaN where outputs cannot be scaled into reach."""
    return -np.log(np.where(beta > -1.0, 1.0 + beta, np.nan))


def log_input(beta: FloatArray) -> FloatArray:
    """Return the logarithm of an input efficiency (Farrell)."""
    return np.log(np.where(beta < 1.0, 1.0 - beta, np.nan))


def negative(beta: FloatArray) -> FloatArray:
    """Return the negative of a directional distance."""
    return -beta


def reasons(panel: Panel, marks: Benchmarks, terms: Terms, values: dict[Term, FloatArray]) -> list[str]:
    """Return one status for each pair: ``optimal``, or the programs that have no solution."""
    ends = (panel.before, panel.after)
    words: list[list[str]] = [[] for _ in range(panel.pairs)]
    for term, value in values.items():
        for pair in np.flatnonzero(~np.isfinite(value)).tolist():
            verdict = {INFEASIBLE: "infeasible", OPTIMAL: "undefined"}.get(int(terms.status[term][pair]), "failed")
            x, y = (panel.periods[int(panel.period[ends[end][pair]])] for end in (term.x, term.y))
            point = f"unit of {y}" if x == y else f"inputs of {x} with outputs of {y}"
            name = marks.names[int(terms.technology[term][pair])]
            text = f"{verdict}: {point} against the {term.rts} technology of {name}"
            if text not in words[pair]:
                words[pair].append(text)
    return ["; ".join(parts) if parts else "optimal" for parts in words]
