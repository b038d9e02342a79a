"""How far points lie from a technology: radial, directional and hyperbolic distances, within a period and across.

The function that every index of productivity change and every radial model is built on. Farrell's forms are returned:
an input efficiency at most one inside the technology, an output efficiency at least one. Shephard's input distance is
the inverse of the first, his output distance the inverse of the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from xinzhi.core import programs
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import UsageError
from xinzhi.frontier.technology import technology

if TYPE_CHECKING:
    from scipy.sparse import csr_array


# Rows of a block are chosen so that a block of comparisons stays within a few megabytes.
_BLOCK = 400_000


def single_peer(
    target: FloatArray, gain: FloatArray, reference: FloatArray, without: IntArray | None = None
) -> tuple[FloatArray, IntArray]:
    """Return how far each point can go before no single reference unit dominates it, by enumeration."""
    n, goods = target.shape
    m = reference.shape[1]
    beta, peer = np.full(n, -np.inf), np.full(n, -1)
    step = max(1, _BLOCK // max(m, 1))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        best = np.full((rows.stop - start, m), np.inf)
        for good in range(goods):
            # A good that does not move must not be worse; a hair of rounding in the data is no difference.
            spare = reference[good] - target[rows, good, None]
            move = gain[rows, good, None]
            slack = 1e-12 * np.abs(target[rows, good, None])
            still = np.where(spare >= -slack, np.inf, -np.inf)
            with np.errstate(divide="ignore", invalid="ignore"):
                np.minimum(best, np.where(move > 0, spare / move, still), out=best)
        if without is not None:
            excluded = without[rows]
            best[np.flatnonzero(excluded >= 0), excluded[excluded >= 0]] = -np.inf
        peer[rows] = best.argmax(axis=1)
        beta[rows] = best[np.arange(best.shape[0]), peer[rows]]
    peer[beta == -np.inf] = -1
    return beta, peer


def whole_units(
    target: FloatArray, gain: FloatArray, reference: FloatArray, *, scaling: bool, without: IntArray | None = None
) -> technology.Envelopment:
    """Return how far each point can go before no sum of whole reference units dominates it."""
    # Tulkens (1993) and Bogetoft (1996). One mixed-integer program a point; for some hundred units, not for
    # thousands.
    n, goods = target.shape
    m = reference.shape[1]
    envelopment = technology.blank(n, goods + 1)
    weights = np.zeros((n, m))
    for unit in range(n):
        # the largest multiple of each reference unit that can be of use: what stands still sets it
        still = gain[unit] <= 0
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.abs(target[unit, still])[:, None] / np.abs(reference[still])
        rate = np.nan_to_num(rate, nan=0.0, posinf=np.inf)
        if (reference[still] <= 0).all():  # inputs stand still: they must suffice
            upper = np.where(reference[still] < 0, rate, np.inf).min(axis=0)
        else:  # outputs stand still: once a unit alone provides them all, more of it only costs inputs
            upper = np.maximum(np.ceil(np.where(np.isfinite(rate), rate, 0.0).max(axis=0)), 1.0)
        if without is not None and without[unit] >= 0:
            upper[without[unit]] = 0.0
        answer = _mixed(target[unit], gain[unit], reference, upper, scaling=scaling)
        envelopment.status[unit] = answer.status
        if answer.status == "optimal":
            weights[unit] = answer.primal[:m] if scaling else np.round(answer.primal[:m])
            spare = reference @ weights[unit] - target[unit]
            moves = gain[unit] > 0
            envelopment.objective[unit] = (spare[moves] / gain[unit, moves]).min()
            envelopment.slacks[unit, :goods] = np.maximum(spare - envelopment.objective[unit] * gain[unit], 0.0)
    envelopment.row, envelopment.column = np.nonzero(weights > 0)
    envelopment.weight = weights[envelopment.row, envelopment.column]
    envelopment.count, envelopment.width = n, m + 1
    return envelopment


def _mixed(
    target: FloatArray, gain: FloatArray, reference: FloatArray, upper: FloatArray, *, scaling: bool
) -> programs.Solution:
    """Solve one mixed-integer program: multiples of the reference units, switches when scaling, the distance."""
    goods, m = reference.shape
    # A hair of room keeps a unit that just suffices in reach of the solver's tolerance.
    upper = upper + 1e-9 * np.where(np.isfinite(upper), upper, 0.0)

    def farthest(low: FloatArray, high: FloatArray, integers: Sequence[int] = ()) -> programs.Solution:
        return programs.solve_once(
            np.hstack([reference, -gain[:, None]]),
            costs=np.append(np.zeros(m), 1.0),
            row_lower=target,
            row_upper=np.inf,
            column_lower=np.append(low, -np.inf),
            column_upper=np.append(high, np.inf),
            maximise=True,
            integers=integers,
        )

    if not scaling:
        return farthest(np.zeros(m), np.floor(upper), integers=range(m))
    on = upper >= 1
    limit = np.where(on & np.isfinite(upper), upper, 1e6)
    matrix = np.zeros((goods + 2 * m, 2 * m + 1))
    matrix[:goods, :m], matrix[:goods, -1] = reference, -gain
    for block, size in ((goods, -1.0), (goods + m, -limit)):
        matrix[block : block + m, :m] = np.eye(m)
        matrix[block : block + m, m : 2 * m] = np.diag(np.broadcast_to(size, (m,)))
    program = programs.Program(
        matrix,
        costs=np.append(np.zeros(2 * m), 1.0),
        row_lower=np.concatenate([target, np.zeros(m), np.full(m, -np.inf)]),
        row_upper=np.concatenate([np.full(goods + m, np.inf), np.zeros(m)]),
        column_lower=np.append(np.zeros(2 * m), -np.inf),
        column_upper=np.concatenate([np.where(on, limit, 0.0), np.where(on, 1.0, 0.0), [np.inf]]),
        maximise=True,
        integers=range(m, 2 * m),
    )
    answer = program.solve()
    if answer.status != "optimal":
        return answer
    active = np.round(answer.primal[m : 2 * m])  # which units are used is settled; how much of each is linear
    return farthest(active, active * limit)


def single_factor(
    tech: technology.Technology, inputs: int, target: FloatArray, gain: FloatArray, without: IntArray | None = None
) -> technology.Envelopment:
    """Solve the directional program of each unit under the single abatement factor."""
    inward = bool((gain[:, :inputs] != 0).any())
    if inward and (gain[:, inputs:] != 0).any():
        raise UsageError("frontier.one-factor-moves")
    n, goods = target.shape
    rows, k = tech.columns.shape
    # The last two columns are the distance and the factor (or its inverse); the last row bounds the factor.
    program = programs.Program(
        np.hstack([tech.columns, np.zeros((rows, 1)), np.ones((rows, 1))]),
        costs=np.append(np.zeros(k), [1.0, 0.0]),
        row_lower=0.0,
        row_upper=np.inf,
        column_lower=np.append(np.zeros(k), [-np.inf, 1.0 if inward else 0.0]),
        column_upper=np.append(np.full(k, np.inf), [np.inf, np.inf if inward else 1.0]),
        maximise=True,
    )
    envelopment = technology.blank(n, rows)
    weights: list[FloatArray] = []
    columns: list[tuple[int, int]] = []
    for unit in range(n):
        scaled = np.zeros(rows)
        fixed = np.append(target[unit], 1.0)
        part = slice(inputs, goods) if inward else np.r_[0:inputs, goods]
        scaled[part], fixed[part] = -fixed[part], 0.0
        program.set_column(k, np.append(-gain[unit], 0.0))
        program.set_column(k + 1, scaled)
        program.set_row_bounds(fixed, np.where(tech.equal, fixed, np.inf))
        if without is not None:
            excluded = tech.owner == without[unit]
            program.set_column_bounds(0.0, np.where(excluded, 0.0, np.inf), np.arange(k))
        answer = program.solve()
        envelopment.status[unit] = answer.status
        if answer.status != "optimal":
            continue
        weight, factor = answer.primal[:k], answer.primal[k + 1]
        envelopment.objective[unit], envelopment.prices[unit] = answer.objective, -answer.dual
        spare = (tech.columns @ weight)[:goods]
        share = 1.0 if inward else max(factor, 1e-300)
        if inward:  # the factor multiplies the outputs of the combination
            spare[inputs:] /= factor
        else:  # the program's weights are already abated; inputs are not
            spare[:inputs] /= share
        spare -= target[unit] + answer.objective * gain[unit]
        envelopment.slacks[unit] = np.append(np.where(tech.equal[:-1], 0.0, np.maximum(spare, 0.0)), 0.0)
        used = np.flatnonzero(weight > 0)
        columns += [(unit, column) for column in used.tolist()]
        weights.append(weight[used] / share)  # before abatement
    if columns:
        envelopment.row, envelopment.column = np.array(columns, dtype=np.int64).T
        envelopment.weight = np.concatenate(weights)
    envelopment.count, envelopment.width = program.count, k + 2
    return envelopment


Solver = Callable[..., technology.Envelopment]


_STEPS = 60
_CLOSE = 1e-13
_LOST, _PATIENCE = 1e-9, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """How many linear programs were solved, and the size of the largest."""

    count: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What a model found for every unit; arrays are NaN where the status is not ``optimal``, or None."""

    # ``status``: ``optimal``; ``infeasible``, no scaling brings the point into the technology; ``unbounded``, nothing
    # that moves is bounded; ``failed``, no proof was found. Multipliers are in units of the score per unit of the good,
    # and not unique at a kink of the frontier; one of a bad output under weak disposability may have either sign, and
    # positive means that less of it is better.

    score: FloatArray  # (n,)
    status: npt.NDArray[np.str_]  # (n,)
    programs: Programs
    efficient: BoolArray | None = None  # by the model's own measure
    intensity: csr_array | None = None  # (n, m), weights of the reference units
    slack_x: FloatArray | None = None  # (n, p), what is left in each good at the projection
    slack_y: FloatArray | None = None
    slack_b: FloatArray | None = None
    target_x: FloatArray | None = None  # the projection on the frontier
    target_y: FloatArray | None = None
    target_b: FloatArray | None = None
    dual_x: FloatArray | None = None
    dual_y: FloatArray | None = None
    dual_b: FloatArray | None = None
    dual_scale: FloatArray | None = None  # (n,), of the sum of intensities
    factors: Mapping[str, FloatArray | npt.NDArray[np.object_]] = field(
        default_factory=dict
    )  # further numbers, (n,) or (n, goods): `theta_x`
    notes: tuple[tuple[str, Mapping[str, object]], ...] = ()  # sentences for the reader, by their key

    @property
    def slacks(self) -> FloatArray:
        """The slacks of all goods `(n, goods)`."""
        return np.hstack([part for part in (self.slack_x, self.slack_y, self.slack_b) if part is not None])


class How(TypedDict, total=False):
    """How a distance is measured; see `distance`."""

    rts: str
    disposability: str
    slacks: bool | FloatArray
    exclude_self: bool
    bounds: tuple[float, float] | None


def between(
    points: technology.Goods,
    reference: technology.Goods | None,
    *,
    orientation: str,
    direction: tuple[npt.ArrayLike, ...] | None,
    **how: Unpack[How],
) -> Solution:
    """Return the distances of points from the technology that a reference set (or the points) spans."""
    x, y, b = (None, None, None) if reference is None else (reference.x, reference.y, reference.bad)
    return distance(
        points.x, points.y, points.bad, x_ref=x, y_ref=y, b_ref=b, orientation=orientation, direction=direction, **how
    )


def distance(  # noqa: PLR0913 - the coordinates of a distance function: points, reference, technology, direction
    x: FloatArray,
    y: FloatArray,
    b: FloatArray | None = None,
    *,
    x_ref: FloatArray | None = None,
    y_ref: FloatArray | None = None,
    b_ref: FloatArray | None = None,
    rts: str = "crs",
    orientation: str = "input",
    direction: tuple[npt.ArrayLike, ...] | None = None,
    disposability: str = "weak",
    slacks: bool | FloatArray = False,
    exclude_self: bool = False,
    bounds: tuple[float, float] | None = None,
) -> Solution:
    """Return the distances of points `(n, goods)` from the technology that reference units (or the points) span."""
    # The score is Farrell's input efficiency (theta), Farrell's output efficiency (phi), the directional distance
    # (beta) or the hyperbolic efficiency (h, at most one inside the technology). `direction` ``(gx, gy[, gb])`` says
    # how much less input, more output and less bad output one step is; the points' own amounts when None. `slacks` asks
    # a second program for the largest sum of slacks at the projection, each counted in means of its good (or by
    # weights). `exclude_self` leaves each point out of the reference, which must be the points.
    # Disposability of bad outputs: `weak` has one abatement factor for all units (Färe and Grosskopf), `kuosmanen` one
    # for each unit, `equality` none, which many programs call weak; `strong` treats bad outputs as inputs.
    technology.check_options(rts, orientation, disposability)
    points = reference = technology.Goods.from_arrays(x, y, b)
    if x_ref is not None or y_ref is not None or b_ref is not None:
        if exclude_self:
            raise UsageError("frontier.self-and-reference")
        reference = technology.Goods.from_arrays(x_ref, y_ref, b_ref)
    technology.check_signs(points, reference, rts, orientation)
    goods = technology.scaled_netputs(points, reference, orientation, direction, disposability)
    indices = np.arange(len(points))
    without = indices if exclude_self else None
    hull = technology.RTS[rts] in technology.WITHOUT_CONVEXITY
    tech, solve = _hull(goods, rts, without) if hull else _convex(goods, rts, bounds, without)
    if orientation == "hyperbolic":
        score, envelopment = hyperbolic(goods.target, goods.shrinks, solve)
    else:
        envelopment = solve(goods.target, goods.gain, indices)
        score = {"input": 1.0 - envelopment.objective, "output": 1.0 + envelopment.objective}.get(
            orientation, envelopment.objective
        )
    if slacks is not False and not hull:
        if reference.b.size and disposability == "weak" and tech.points:
            raise UsageError("frontier.slacks-of-one-factor")
        _largest_slacks(goods, tech, solve, envelopment, (score, orientation, slacks))
    return pack(goods, tech, score, envelopment)


def _convex(
    goods: technology.Netputs, rts: str, bounds: tuple[float, float] | None, without: IntArray | None
) -> tuple[technology.Technology, Solver]:
    """Return the technology and what solves directional programs against it."""
    framed = (goods.reference.x, goods.reference.y, goods.reference.bad)
    tech = technology.technology(*framed, rts=rts, disposability=goods.disposability, bounds=bounds)
    if goods.widths[2] and goods.disposability == "weak" and tech.points:
        p = goods.widths[0]
        return tech, lambda target, gain, units: single_factor(
            tech, p, target, gain, None if without is None else without[units]
        )
    ready = technology.prepare(tech, goods.target.shape[0])

    def solve(
        target: FloatArray, gain: FloatArray | None, units: IntArray, costs: FloatArray | None = None
    ) -> technology.Envelopment:
        barred = None if without is None else without[units]
        return technology.envelop(ready, target, gain, costs=costs, without=barred)

    return tech, solve


def _hull(goods: technology.Netputs, rts: str, without: IntArray | None) -> tuple[technology.Technology, Solver]:
    """Return a technology of whole units, and what finds peers in it."""
    x, y, b = goods.reference.x, goods.reference.y, goods.reference.bad
    if b is not None and goods.disposability != "strong":
        raise UsageError("frontier.whole-units-bad", rts=rts)
    tech = technology.technology(x, y, b, rts="vrs", disposability=goods.disposability)
    reference = technology.netputs(x, y, b, goods.disposability)

    def solve(target: FloatArray, gain: FloatArray, units: IntArray) -> technology.Envelopment:
        barred = None if without is None else without[units]
        if technology.RTS[rts] != "fdh":
            return whole_units(target, gain, reference, scaling=technology.RTS[rts] == "scaling", without=barred)
        beta, peer = single_peer(target, gain, reference, barred)
        good = (peer >= 0) & np.isfinite(beta)
        envelopment = technology.blank(*target.shape)  # a staircase has no prices
        envelopment.status = np.where(good, "optimal", np.where(peer < 0, "infeasible", "unbounded"))
        envelopment.row = np.flatnonzero(good)
        envelopment.column, envelopment.weight = peer[good], np.ones(envelopment.row.size)
        envelopment.objective[good] = beta[good]
        envelopment.slacks[good] = np.maximum(
            reference[:, peer[good]].T - target[good] - beta[good, None] * gain[good], 0.0
        )
        envelopment.prices = np.full((target.shape[0], tech.columns.shape[0]), np.nan)
        return envelopment

    return tech, solve


def _largest_slacks(
    goods: technology.Netputs,
    tech: technology.Technology,
    solve: Solver,
    envelopment: technology.Envelopment,
    first: tuple[FloatArray, str, bool | FloatArray],
) -> None:
    """Replace peers and slacks by those with the largest weighted sum of slacks at the projection."""
    score, orientation, slack_weights = first
    units = np.flatnonzero(envelopment.status == "optimal")
    point = goods.target[units]
    if orientation == "hyperbolic":
        factor = score[units, None]
        point = point * np.where(goods.shrinks, factor, 1.0 / factor)
    else:
        point = point + envelopment.objective[units, None] * goods.gain[units]
    weights = np.ones(tech.goods) if slack_weights is True else np.asarray(slack_weights, dtype=float) * goods.scale
    weights = np.where(tech.equal[: tech.goods], 0.0, weights)
    costs = np.broadcast_to(weights, point.shape)
    second = solve(point, None, units, costs)
    done = second.status == "optimal"
    envelopment.slacks[units[done]] = second.slacks[done]
    envelopment.put(second, done[second.row], units, stale=units[done])
    envelopment.count += second.count
    envelopment.width = max(envelopment.width, second.width)


def pack(
    goods: technology.Netputs, tech: technology.Technology, score: FloatArray, envelopment: technology.Envelopment
) -> Solution:
    """Return the solution in the units of the data, by reference unit."""
    from scipy.sparse import coo_array

    used = tech.owner[envelopment.column] >= 0
    place = (envelopment.row[used], tech.owner[envelopment.column[used]])
    shape = (len(score), tech.reference)
    intensity = coo_array((envelopment.weight[used] * tech.scale[envelopment.column[used]], place), shape=shape).tocsr()
    sign = np.where(tech.equal[: tech.goods], -1.0, 1.0)
    return Solution(
        score=np.where(envelopment.status != "optimal", np.nan, score),
        status=envelopment.status,
        intensity=intensity,
        **goods.reference.parts("dual", envelopment.prices[:, : tech.goods] * sign / goods.scale),
        **goods.reference.parts("slack", envelopment.slacks[:, : tech.goods] * goods.scale),
        dual_scale=envelopment.prices[:, -1] if tech.points else np.zeros(shape[0]),
        programs=Programs(count=envelopment.count, rows=tech.columns.shape[0], columns=envelopment.width),
    )


def hyperbolic(
    target: FloatArray, shrinks: BoolArray, solve: Callable[[FloatArray, FloatArray, IntArray], technology.Envelopment]
) -> tuple[FloatArray, technology.Envelopment]:
    """Return h and the programs solved at the projection."""
    # The tangent of ``1 / h`` at a guess turns the program into a directional one at the point ``(h x, y / h)`` in
    # its own direction; its solution is the next guess. That is Newton's method on a convex curve: after the first step
    # the guesses rise towards h and never pass it, and the digits that are right double at every step.
    # Färe, Grosskopf and Lovell (1985), The Measurement of Efficiency of Production.
    n = target.shape[0]
    h, open_ = np.ones(n), np.arange(n)
    answer = technology.blank(n, target.shape[1])
    count = width = 0
    never = free = open_[:0]
    for step in range(_STEPS):
        factor = h[open_, None]
        point = target[open_] * np.where(shrinks, factor, 1.0 / factor)
        part = solve(point, np.where(shrinks, -point, point), open_)
        count, width = count + part.count, max(width, part.width)
        if open_.size == n:
            answer = part
        else:  # the later solution of some units takes the place of the earlier one
            for name in ("objective", "status", "prices", "slacks"):
                getattr(answer, name)[open_] = getattr(part, name)
            answer.put(part, np.ones(part.row.size, dtype=bool), open_)
        beta = np.where(part.status == "optimal", part.objective, 0.0)
        h[open_] *= 1.0 - beta
        # A step of -1 gives all outputs up; a unit that keeps at it makes what the others do not make at any h.
        lost = (np.abs(beta + 1) <= _LOST) if step >= _PATIENCE else np.zeros(open_.size, dtype=bool)
        spent = h[open_] <= _CLOSE  # a unit without outputs shrinks to nothing: there is no smallest h above zero
        never, free = np.concatenate([never, open_[lost]]), np.concatenate([free, open_[spent]])
        open_ = open_[(np.abs(beta) > _CLOSE) & ~lost & ~spent]
        if open_.size == 0:
            break
    answer.count, answer.width = count, width
    answer.status[open_] = "failed"
    answer.status[never], answer.status[free] = "infeasible", "unbounded"
    return np.where(answer.status == "optimal", h, np.nan), answer
