"""How far points lie from a technology: radial, directional and hyperbolic distances, within a period and across.

The function that every index of productivity change and every radial model is built on. Farrell's forms are returned:
an input efficiency at most one inside the technology, an output efficiency at least one. Shephard's input distance is
the inverse of the first, his output distance the inverse of the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xinzhi.core.errors import UsageError
from xinzhi.frontier.technology.abatement import single_factor
from xinzhi.frontier.technology.envelopment import blank, envelop, prepare
from xinzhi.frontier.technology.goods import Goods, arrays, check_options, check_signs, scaled_goods
from xinzhi.frontier.technology.hull import single_peer, whole_units
from xinzhi.frontier.technology.technology import RTS, WITHOUT_CONVEXITY, Technology, netputs, technology

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_array

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.frontier.technology.envelopment import Envelopment

    Solver = Callable[..., Envelopment]

Orientation = Literal["input", "output", "directional", "hyperbolic"]
_STEPS = 60
_CLOSE = 1e-13
_LOST, _PATIENCE = 1e-9, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """How many linear programmes were solved, and how large the largest was.

    Parameters
    ----------
    count
        Programmes.
    rows, columns
        Size of the largest.
    """

    count: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """Distances of n points from the technology of m reference units.

    Parameters
    ----------
    score
        `(n,)`: Farrell input efficiency (theta), Farrell output efficiency (phi), directional distance (beta) or
        hyperbolic efficiency (h, at most one inside the technology). NaN where `status` is not ``optimal``.
    status
        `(n,)`: ``optimal``; ``infeasible``, no scaling brings the point into the technology; ``unbounded``, nothing
        that moves is bounded (a unit without any input or output of the kind); ``failed``, no proof was found.
    intensity
        `(n, m)`, sparse: the weights of the reference units; `.toarray()` makes it dense.
    dual_x, dual_y, dual_b
        `(n, p)`, `(n, q)`, `(n, r)`: multipliers of the goods, in units of the score per unit of the good, normalised
        so that the multipliers times the direction add up to one. Not unique at a kink of the frontier. A multiplier
        of a bad output under weak disposability may have either sign; positive means that less of it is better.
    dual_scale
        `(n,)`: multiplier of the sum of intensities; nought under constant returns.
    slack_x, slack_y, slack_b
        What is left in each good at the projection: of the optimal solution at hand, or the largest (`slacks`).
    programs
        Count and size of the linear programmes.
    """

    score: FloatArray
    status: Any
    intensity: csr_array
    dual_x: FloatArray
    dual_y: FloatArray
    dual_b: FloatArray | None
    dual_scale: FloatArray
    slack_x: FloatArray
    slack_y: FloatArray
    slack_b: FloatArray | None
    programs: Programs


def distance(  # noqa: PLR0913 - the coordinates of a distance function: points, reference, technology, direction
    x: FloatArray,
    y: FloatArray,
    b: FloatArray | None = None,
    *,
    x_ref: FloatArray | None = None,
    y_ref: FloatArray | None = None,
    b_ref: FloatArray | None = None,
    rts: str = "crs",
    orientation: Orientation = "input",
    direction: tuple[Any, ...] | None = None,
    disposability: str = "weak",
    slacks: bool | FloatArray = False,
    exclude_self: bool = False,
    bounds: tuple[float, float] | None = None,
) -> Distances:
    """Return the distances of points from the technology that reference units span.

    Parameters
    ----------
    x, y, b
        Inputs `(n, p)`, outputs `(n, q)` and bad outputs `(n, r)` of the points, in any units.
    x_ref, y_ref, b_ref
        The same of the m reference units; the points themselves when None. A point may lie outside.
    rts
        ``crs``, ``vrs``, ``nirs`` (``drs``), ``ndrs`` (``irs``), ``grs`` (with `bounds`); without convexity
        ``fdh`` (one unit), ``replication`` (whole numbers of units) or ``scaling`` (units at their own or a larger
        scale), the last two by mixed-integer programmes.
    orientation
        ``input`` shrinks all inputs, ``output`` expands all outputs, ``directional`` moves along `direction`,
        ``hyperbolic`` shrinks inputs (and bad outputs) and expands outputs by the same factor.
    direction
        ``(gx, gy)`` or ``(gx, gy, gb)``: how much less input, more output and less bad output one step is; each
        `(n, k)`, `(k,)` or a number, not negative. The points' own values when None.
    disposability
        Of bad outputs. ``weak``: they fall only together with the outputs, by one abatement factor for all units
        (Färe and Grosskopf); ``kuosmanen``: by a factor for each unit, the smallest convex technology that allows it;
        ``equality``: bad outputs as equalities without any factor, which many programmes call weak (the same as
        ``weak`` under constant returns); ``strong``: bad outputs treated as inputs.
    slacks
        Whether a second programme finds the largest sum of slacks at the projection, each counted in means of its
        good in the reference; an array `(p + q + r,)` counts them by its weights in the units of the data instead.
    exclude_self
        Super-efficiency: no point may use itself. The points must be the reference.
    bounds
        ``(L, U)``, limits of the sum of intensities for ``grs``.

    Returns
    -------
    Distances
        Scores with a status each; an infeasible programme is never a number.

    Raises
    ------
    UsageError
        When an option is unknown, options do not go together, or arrays do not match.
    InputError
        When a value is missing, or negative where the technology or orientation cannot take it.

    Notes
    -----
    Banker, Charnes and Cooper (1984) for variable returns; Chambers, Chung and Färe (1996) for directions; Kuosmanen
    (2005) and Färe and Grosskopf (2003) for weak disposability. Goods are divided by their mean inside, so the units
    of measurement change no digit.

    Examples
    --------
    >>> x, y = np.array([[2.0], [4.0], [4.0]]), np.array([[1.0], [3.0], [1.0]])
    >>> distance(x, y, rts="vrs").score.round(6).tolist()
    [1.0, 1.0, 0.5]
    >>> distance(x, y, rts="vrs", orientation="output").score.round(6).tolist()
    [1.0, 1.0, 3.0]
    >>> distance(x, y, x_ref=x[2:], y_ref=y[2:], rts="vrs").status.tolist()
    ['optimal', 'infeasible', 'optimal']
    """
    check_options(rts, orientation, disposability)
    points, reference = arrays(x, y, b), arrays(x, y, b)
    if x_ref is not None or y_ref is not None or b_ref is not None:
        if exclude_self:
            message = "exclude_self=True leaves each point out of the reference, so the points must be the reference."
            raise UsageError(message)
        reference = arrays(x_ref, y_ref, b_ref)
    check_signs(points, reference, rts, orientation)
    goods = scaled_goods(points, reference, orientation, direction, disposability)
    without = np.arange(goods.target.shape[0]) if exclude_self else None
    if RTS[rts] in WITHOUT_CONVEXITY:
        known, solve = _hull(goods, rts, without)
    else:
        known, solve = _convex(goods, rts, bounds, without)
    if orientation == "hyperbolic":
        score, found = hyperbolic(goods.target, goods.shrinks, solve)
    else:
        found = solve(goods.target, goods.gain, np.arange(goods.target.shape[0]))
        score = {"input": 1.0 - found.objective, "output": 1.0 + found.objective}.get(orientation, found.objective)
    if slacks is not False and RTS[rts] not in WITHOUT_CONVEXITY:
        if goods.widths[2] and disposability == "weak" and known.points:
            message = "slacks under one abatement factor are not offered; use disposability='kuosmanen'."
            raise UsageError(message)
        _largest_slacks(goods, known, solve, found, (score, orientation, slacks))
    return pack(goods, known, score, found)


def _convex(
    goods: Goods, rts: str, bounds: tuple[float, float] | None, without: IntArray | None
) -> tuple[Technology, Solver]:
    """Return the technology and what solves directional programmes against it."""
    known = technology(*goods.reference, rts=rts, disposability=goods.disposability, bounds=bounds)
    if goods.widths[2] and goods.disposability == "weak" and known.points:
        return known, _one_factor(known, goods.widths[0], without)
    ready = prepare(known, goods.target.shape[0])

    def solve(
        target: FloatArray, gain: FloatArray | None, units: IntArray, costs: FloatArray | None = None
    ) -> Envelopment:
        barred = None if without is None else without[units]
        return envelop(ready, target, gain, costs=costs, without=barred)

    return known, solve


def _one_factor(known: Technology, inputs: int, without: IntArray | None) -> Solver:
    """Return what solves directional programmes under one abatement factor for all units."""

    def solve(target: FloatArray, gain: FloatArray, units: IntArray) -> Envelopment:
        return single_factor(known, inputs, target, gain, None if without is None else without[units])

    return solve


def _hull(goods: Goods, rts: str, without: IntArray | None) -> tuple[Technology, Solver]:
    """Return a technology of whole units, and what finds peers in it."""
    x, y, b = goods.reference
    if b is not None and goods.disposability != "strong":
        message = f"rts='{rts}' with bad outputs needs disposability='strong': whole units never have exactly as much."
        raise UsageError(message)
    known = technology(x, y, b, rts="vrs", disposability=goods.disposability)
    reference = netputs(x, y, b, goods.disposability)

    def solve(target: FloatArray, gain: FloatArray, units: IntArray) -> Envelopment:
        barred = None if without is None else without[units]
        if RTS[rts] != "fdh":
            return whole_units(target, gain, reference, scaling=RTS[rts] == "scaling", without=barred)
        beta, peer = single_peer(target, gain, reference, barred)
        good = (peer >= 0) & np.isfinite(beta)
        found = blank(*target.shape)  # a staircase has no prices
        found.status = np.where(good, "optimal", np.where(peer < 0, "infeasible", "unbounded"))
        found.row = np.flatnonzero(good)
        found.column, found.weight = peer[good], np.ones(found.row.size)
        found.objective[good] = beta[good]
        found.slacks[good] = np.maximum(reference[:, peer[good]].T - target[good] - beta[good, None] * gain[good], 0.0)
        found.prices = np.full((target.shape[0], known.columns.shape[0]), np.nan)
        return found

    return known, solve


def _largest_slacks(
    goods: Goods,
    known: Technology,
    solve: Solver,
    found: Envelopment,
    first: tuple[FloatArray, str, bool | FloatArray],
) -> None:
    """Replace peers and slacks by those with the largest weighted sum of slacks at the projection."""
    score, orientation, wanted = first
    units = np.flatnonzero(found.status == "optimal")
    point = goods.target[units]
    if orientation == "hyperbolic":
        factor = score[units, None]
        point = point * np.where(goods.shrinks, factor, 1.0 / factor)
    else:
        point = point + found.objective[units, None] * goods.gain[units]
    weights = np.ones(known.goods) if wanted is True else np.asarray(wanted, dtype=float) * goods.scale
    weights = np.where(known.equal[: known.goods], 0.0, weights)
    costs = np.broadcast_to(weights, point.shape)
    second = solve(point, None, units, costs)
    done = second.status == "optimal"
    found.slacks[units[done]] = second.slacks[done]
    keep, fresh = ~np.isin(found.row, units[done]), done[second.row]
    found.row = np.concatenate([found.row[keep], units[second.row[fresh]]])
    found.column = np.concatenate([found.column[keep], second.column[fresh]])
    found.weight = np.concatenate([found.weight[keep], second.weight[fresh]])
    found.count += second.count
    found.width = max(found.width, second.width)


def pack(goods: Goods, known: Technology, score: FloatArray, found: Envelopment) -> Distances:
    """Return the solution in the units of the data, by reference unit."""
    from scipy.sparse import coo_array

    used = known.owner[found.column] >= 0
    place = (found.row[used], known.owner[found.column[used]])
    shape = (goods.target.shape[0], known.reference)
    intensity = coo_array((found.weight[used] * known.scale[found.column[used]], place), shape=shape).tocsr()
    missing = found.status != "optimal"
    sign = np.where(known.equal[: known.goods], -1.0, 1.0)
    duals = np.split(found.prices[:, : known.goods] * sign / goods.scale, np.cumsum(goods.widths)[:-1], axis=1)
    spare = np.split(found.slacks[:, : known.goods] * goods.scale, np.cumsum(goods.widths)[:-1], axis=1)
    bads = goods.widths[2] > 0
    return Distances(
        score=np.where(missing, np.nan, score),
        status=found.status,
        intensity=intensity,
        dual_x=duals[0],
        dual_y=duals[1],
        dual_b=duals[2] if bads else None,
        dual_scale=found.prices[:, -1] if known.points else np.zeros(shape[0]),
        slack_x=spare[0],
        slack_y=spare[1],
        slack_b=spare[2] if bads else None,
        programs=Programs(count=found.count, rows=known.columns.shape[0], columns=found.width),
    )


def hyperbolic(
    target: FloatArray,
    shrinks: BoolArray,
    solve: Callable[[FloatArray, FloatArray, IntArray], Envelopment],
) -> tuple[FloatArray, Envelopment]:
    """Return h and the programmes solved at the projection.

    The tangent of ``1 / h`` at a guess turns the programme into a directional one at the point ``(h x, y / h)`` in its
    own direction; its solution is the next guess. That is Newton's method on a convex curve: after the first step the
    guesses rise towards h and never pass it, and the digits that are right double at every step.

    Parameters
    ----------
    target
        `(n, goods)`, netputs of the units.
    shrinks
        `(goods,)`, whether a good is multiplied by h (inputs, bad outputs) rather than divided by it.
    solve
        Solves the directional programme: targets, gains and the numbers of the units in, an `Envelopment` out.

    Notes
    -----
    Färe, Grosskopf and Lovell (1985), The Measurement of Efficiency of Production.
    """
    n = target.shape[0]
    h, open_ = np.ones(n), np.arange(n)
    answer = blank(n, target.shape[1])
    count = width = 0
    never = free = open_[:0]
    for step in range(_STEPS):
        factor = h[open_, None]
        point = target[open_] * np.where(shrinks, factor, 1.0 / factor)
        part = solve(point, np.where(shrinks, -point, point), open_)
        count, width = count + part.count, max(width, part.width)
        answer = part if open_.size == n else _merge(answer, part, open_)
        beta = np.where(part.status == "optimal", part.objective, 0.0)
        h[open_] *= 1.0 - beta
        # A step of -1 gives all outputs up; a unit that keeps at it makes what the others do not make at any h.
        lost = (np.abs(beta + 1) <= _LOST) if step >= _PATIENCE else np.zeros(open_.size, dtype=bool)
        spent = h[open_] <= _CLOSE  # a unit without outputs shrinks to nothing: there is no smallest h above nought
        never, free = np.concatenate([never, open_[lost]]), np.concatenate([free, open_[spent]])
        open_ = open_[(np.abs(beta) > _CLOSE) & ~lost & ~spent]
        if open_.size == 0:
            break
    answer.count, answer.width = count, width
    answer.status[open_] = "failed"
    answer.status[never], answer.status[free] = "infeasible", "unbounded"
    return np.where(answer.status == "optimal", h, np.nan), answer


def _merge(old: Envelopment, new: Envelopment, units: IntArray) -> Envelopment:
    """Put the later solution of some units in the place of the earlier one."""
    for name in ("objective", "status", "prices", "slacks"):
        getattr(old, name)[units] = getattr(new, name)
    kept = ~np.isin(old.row, units)
    old.row = np.concatenate([old.row[kept], units[new.row]])
    old.column = np.concatenate([old.column[kept], new.column])
    old.weight = np.concatenate([old.weight[kept], new.weight])
    return old
