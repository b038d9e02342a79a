"""Who builds what: the assignment of industries to regions of largest total value under shared limits (HiGHS)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError
from xinzhi.pathways.conventions import setting
from xinzhi.pathways.plans.similarity import jaccard, mean_of_pairs, shared

if TYPE_CHECKING:
    from scipy.sparse import csc_array

Relaxed = tuple[FloatArray, float, FloatArray, FloatArray, FloatArray]
_WHOLE, _ROUNDS = 1e-6, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be assigned."""

    value: FloatArray
    sizes: IntArray
    caps: IntArray
    floors: FloatArray
    loads: FloatArray | None = None
    room: FloatArray | None = None
    overlap: int | None = None

    def eligible(self) -> BoolArray:
        """Return which cells may be chosen (n, p)."""
        return np.isfinite(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What was found."""

    selection: BoolArray
    objective: float
    bound: float
    proof: str
    cap_prices: FloatArray
    region_prices: FloatArray
    pairs: int = 0

    @property
    def gap(self) -> float:
        """Return how far the bound is above the total, relative to it."""
        return max(0.0, (self.bound - self.objective) / max(abs(self.objective), 1e-12))


def assign(task: Task, *, time_limit: float = setting("plan.time_limit"), least_gap: float = 0.0) -> Assignment:
    r"""Return the assignment of largest total value."""
    # Sizes and caps alone make the incidence matrix of a bipartite graph: it is totally unimodular (Hoffman and Kruskal
    # 1956), so that every vertex of the relaxation is whole and the linear program is the integer program. When its
    # optimum keeps floors, capacity and overlap too, it is optimal for the whole problem, and nothing is branched on.
    # Otherwise the mixed-integer program is solved; pairs of regions get rows only when an optimum lets them
    # share too much: :math:`y_k \ge x_{ik} + x_{jk} - 1, \sum_k y_k \le m`.
    model = Model(task)
    flow = model.relaxed(extras=False)
    if flow is None:
        raise InfeasibleTaskError
    solution, objective = flow[0], flow[1]
    integral = np.abs(solution - np.rint(solution)).max(initial=0.0) <= _WHOLE  # up to the tolerance of the solver
    if integral and not violations(task, solution > 0.5):  # noqa: PLR2004 - whole numbers, 0 or 1
        return Assignment(
            selection=solution > 0.5,  # noqa: PLR2004 - whole numbers, 0 or 1
            objective=objective,
            bound=objective,
            proof="flow",
            cap_prices=flow[2],
            region_prices=flow[4],
        )
    return _branched(model, time_limit, least_gap)


class InfeasibleTaskError(InputError):
    """No assignment keeps all limits; `limits.refuse` says which limit and by how much."""

    def __init__(self) -> None:
        super().__init__("pathways.infeasible")


def violations(task: Task, selection: BoolArray) -> list[str]:
    """Return which of the limits beyond sizes and caps an assignment breaks: ``floor, room, overlap``."""
    broken = []
    if (np.where(selection, np.nan_to_num(task.value), 0.0).sum(axis=1) < task.floors - _WHOLE).any():
        broken.append("floor")
    if task.loads is not None and task.room is not None:
        load = np.where(selection, task.loads, 0.0).sum(axis=0)
        if (load > task.room * (1 + _WHOLE)).any():
            broken.append("room")
    if task.overlap is not None and len(crowded(task, selection)):
        broken.append("overlap")
    return broken


def crowded(task: Task, selection: BoolArray) -> IntArray:
    """Return the pairs of regions that share more than they may (m, 2)."""
    if task.overlap is None:
        return np.zeros((0, 2), dtype=np.int64)
    return np.argwhere(np.triu(shared(selection), 1) > task.overlap)


class Model:
    """The rows and columns of a task: one column a cell that may be chosen."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.rows, self.columns = np.nonzero(task.eligible())
        self.costs = task.value[self.rows, self.columns]

    def matrix(self, *, extras: bool) -> tuple[csc_array, FloatArray, FloatArray]:
        """Return the coefficients and bounds of sizes, caps and, as `extras`, floors and room."""
        from scipy.sparse import coo_array

        task, cells = self.task, len(self.rows)
        n, p = task.value.shape
        number, ones = np.arange(cells), np.ones(cells)
        row = [self.rows, n + self.columns]
        data = [ones, ones]
        lower = [task.sizes.astype(float), np.full(p, -np.inf)]
        upper = [task.sizes.astype(float), task.caps.astype(float)]
        height = n + p
        if extras and (task.floors > 0).any():
            row.append(height + self.rows)
            data.append(self.costs)
            lower.append(np.where(task.floors > 0, task.floors, -np.inf))
            upper.append(np.full(n, np.inf))
            height += n
        if extras and task.loads is not None and task.room is not None:
            row.append(height + self.columns)
            data.append(task.loads[self.rows, self.columns])
            lower.append(np.full(p, -np.inf))
            upper.append(task.room)
            height += p
        matrix = coo_array(
            (np.concatenate(data), (np.concatenate(row), np.tile(number, len(row)))), shape=(height, cells)
        )
        return matrix.tocsc(), np.concatenate(lower), np.concatenate(upper)

    def relaxed(self, *, extras: bool) -> Relaxed | None:
        """Return the optimum of the linear relaxation and its prices of caps, room and sizes; None: infeasible."""
        from xinzhi.core.programs import solve_once

        matrix, lower, upper = self.matrix(extras=extras)
        solution = solve_once(
            matrix, costs=self.costs, row_lower=lower, row_upper=upper, column_upper=1.0, maximise=True
        )
        if solution.status != "optimal":
            return None
        n, p = self.task.value.shape
        room = solution.dual[-p:] if extras and self.task.loads is not None else np.zeros(p)
        caps = np.maximum(solution.dual[n : n + p], 0.0)
        return self.spread(solution.primal), solution.objective, caps, np.maximum(room, 0.0), solution.dual[:n]

    def spread(self, primal: FloatArray) -> FloatArray:
        """Return the values of the columns as a matrix (n, p)."""
        full = np.zeros(self.task.value.shape)
        full[self.rows, self.columns] = primal[: len(self.rows)]
        return full


def _branched(model: Model, time_limit: float, least_gap: float) -> Assignment:
    """Solve the mixed-integer program, telling pairs of regions apart as needed."""
    task, end = model.task, time.monotonic() + time_limit
    prices = model.relaxed(extras=True)
    if prices is None:
        raise InfeasibleTaskError
    pairs, bound, best, closed = np.zeros((0, 2), dtype=np.int64), prices[1], None, False
    for _ in range(_ROUNDS):
        selection, limit = whole_program(model, pairs, max(end - time.monotonic(), 1.0), least_gap)
        bound, more = min(bound, limit), crowded(task, selection)
        feasible = selection if not len(more) else repair(task, selection)
        if feasible is not None:
            best = max(
                [feasible, *([] if best is None else [best])], key=lambda candidate: float(task.value[candidate].sum())
            )
            total = float(task.value[best].sum())
            closed = bound - total <= max(1e-9, max(_WHOLE, least_gap) * abs(total))
        if closed or not len(more) or time.monotonic() > end:
            break
        pairs = np.vstack([pairs, more])
    if best is None:
        raise InputError("pathways.pairs-left", n=len(more), overlap=task.overlap)
    objective = float(task.value[best].sum())
    return Assignment(
        selection=best,
        objective=objective,
        bound=max(objective, bound),
        proof="branch and bound" if closed else "none",
        cap_prices=prices[2],
        region_prices=prices[4],
        pairs=len(pairs),
    )


def whole_program(model: Model, pairs: IntArray, seconds: float, least_gap: float) -> tuple[BoolArray, float]:
    """Solve the mixed-integer program with rows for these pairs of regions; return the cells chosen and the bound."""
    import highspy
    from scipy.sparse import csc_array, hstack, vstack

    matrix, lower, upper = model.matrix(extras=True)
    cells = len(model.rows)
    more, lowest, highest = _pair_rows(model, pairs)
    base = hstack([matrix, csc_array((len(lower), more.shape[1] - cells))])
    stacked = vstack([base, more]).tocsc()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = more.shape[1], len(lower) + len(lowest)
    lp.col_cost_ = np.concatenate([model.costs, np.zeros(more.shape[1] - cells)])
    lp.col_lower_, lp.col_upper_ = np.zeros(more.shape[1]), np.ones(more.shape[1])
    lp.row_lower_, lp.row_upper_ = np.concatenate([lower, lowest]), np.concatenate([upper, highest])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = stacked.indptr.astype(np.int32), stacked.indices.astype(np.int32)
    lp.a_matrix_.value_ = stacked.data.astype(float)
    lp.sense_ = highspy.ObjSense.kMaximize
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger] * cells + [kinds.kContinuous] * (more.shape[1] - cells)
    solver = _solver(highspy, seconds, least_gap)
    solver.passModel(lp)
    solver.run()
    status = solver.getModelStatus()
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        raise InfeasibleTaskError
    primal = np.array(solver.getSolution().col_value)
    if not len(primal) or not np.isfinite(solver.getInfo().mip_gap):
        raise InputError("pathways.no-assignment", seconds=seconds)
    selection = model.spread(np.rint(primal)) > 0.5  # noqa: PLR2004 - whole numbers, 0 or 1
    objective = float(model.task.value[selection].sum())
    return selection, max(objective, float(solver.getInfo().mip_dual_bound))


def _pair_rows(model: Model, pairs: IntArray) -> tuple[csc_array, FloatArray, FloatArray]:
    """Return the rows that limit what pairs share, with one more column a pair and industry that both may choose."""
    from scipy.sparse import coo_array

    cells = len(model.rows)
    place = np.full(model.task.value.shape, -1)
    place[model.rows, model.columns] = np.arange(cells)
    row, column, data, lower, upper = [], [], [], [], []
    width, height = cells, 0
    for first, second in pairs:
        common = np.flatnonzero((place[first] >= 0) & (place[second] >= 0))
        count = len(common)
        rows, extra = height + np.arange(count), width + np.arange(count)
        row += [rows, rows, rows, np.full(count, height + count)]
        column += [place[first, common], place[second, common], extra, extra]
        data += [np.ones(count), np.ones(count), -np.ones(count), np.ones(count)]
        lower += [-np.inf] * (count + 1)
        upper += [1.0] * count + [float(model.task.overlap or 0)]
        width, height = width + count, height + count + 1
    if not row:
        return coo_array((0, cells)).tocsc(), np.zeros(0), np.zeros(0)
    block = coo_array((np.concatenate(data), (np.concatenate(row), np.concatenate(column))), shape=(height, width))
    return block.tocsc(), np.array(lower), np.array(upper)


def _solver(highspy: Any, seconds: float, least_gap: float) -> Any:  # noqa: ANN401 - the solver ships no types
    """Return a silent solver on one core with a time limit and a gap at which it may stop."""
    # The constructor of `Highs` sets up callbacks, and that prints a banner on stdout; its base's does not.
    highs = highspy.Highs.__new__(highspy.Highs)
    super(highspy.Highs, highs).__init__()
    options = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "time_limit": float(seconds),
        "mip_rel_gap": float(least_gap),
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": 1e-9,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def greedy(task: Task) -> BoolArray:
    """Return what every region picks for itself: its own best, whatever others do (n, p)."""
    return first_of(task, np.where(task.eligible(), task.value, -np.inf))


def herd(task: Task, popularity: FloatArray) -> BoolArray:
    """Return what the regions pick when all follow the national favourites (n, p)."""
    return first_of(task, np.where(task.eligible(), popularity[None, :], -np.inf))


def first_of(task: Task, liking: FloatArray) -> BoolArray:
    """Return the industries that each region likes best, as many as it gets."""
    order = np.argsort(-liking, axis=1, kind="stable")
    selection = np.zeros(liking.shape, dtype=bool)
    for row, size in enumerate(task.sizes):
        selection[row, order[row, :size]] = True
    return selection & np.isfinite(liking)


def queue(task: Task) -> BoolArray:
    """Return what comes of giving out places in the order of the gain, cell by cell, until caps and sizes are full."""
    selection = np.zeros(task.value.shape, dtype=bool)
    remaining, free = task.sizes.copy(), task.caps.copy()
    rows, columns = np.nonzero(task.eligible())
    for number in np.argsort(-task.value[rows, columns], kind="stable"):
        row, column = rows[number], columns[number]
        if remaining[row] > 0 and free[column] > 0:
            selection[row, column] = True
            remaining[row] -= 1
            free[column] -= 1
    return selection


def realised(task: Task, selection: BoolArray) -> float:
    """Return the total value that the caps leave: in a crowded industry every entrant keeps the same share."""
    # Where `count` regions crowd into an industry that takes `cap`, each realises cap/count of its expected gain. These
    # shares are a fractional assignment within caps and sizes, so that the total is never above the optimum under these
    # two (gains are not negative).
    share = np.minimum(1.0, task.caps / np.maximum(selection.sum(axis=0), 1))
    return float((np.where(selection, np.nan_to_num(task.value), 0.0) * share).sum())


def row_of(task: Task, selection: BoolArray, kind: str, ceiling: Sequence[float]) -> dict[str, object]:
    """Return one row of the comparison."""
    counts = selection.sum(axis=0)
    gains = np.where(selection, np.nan_to_num(task.value), 0.0)
    got = realised(task, selection)
    after = (gains * np.minimum(1.0, task.caps / np.maximum(counts, 1))).sum(axis=1)
    return {
        "kind": kind,
        "places": int(selection.sum()),
        "industries": int((counts > 0).sum()),
        "gain_named": float(gains.sum()),
        "gain_realised": got,
        "lost": float(1.0 - got / ceiling[1]) if ceiling[1] > 0 else 0.0,
        "excess": int(np.maximum(counts - task.caps, 0).sum()),
        "crowded": int((counts > task.caps).sum()),
        "largest": int(counts.max(initial=0)),
        "mean_jaccard": mean_of_pairs(jaccard(selection)) if len(selection) > 1 else 0.0,
        "below_floor": int((after < task.floors - 1e-9).sum()),
        "beside_plan": float(got / ceiling[0] - 1.0) if ceiling[0] > 0 else 0.0,
    }


def repair(task: Task, selection: BoolArray) -> BoolArray | None:
    """Return an assignment that keeps the overlap, by the cheapest swaps; None when swaps do not get there."""
    now, value = selection.copy(), np.nan_to_num(task.value, nan=-np.inf)
    limit = len(now) * int(task.sizes.max(initial=1))
    for _ in range(limit):
        overlap = shared(now)
        np.fill_diagonal(overlap, 0)
        pairs = np.argwhere(np.triu(overlap) > (task.overlap or 0))
        if not len(pairs):
            return now
        options = _options(task, now, value, pairs)
        if not options:
            return None
        _, region, old, new = min(options)
        now[region, old], now[region, new] = False, True
    return None


def _options(task: Task, now: BoolArray, value: FloatArray, pairs: IntArray) -> list[tuple[float, int, int, int]]:
    """Return the swaps that pull the first pair apart that can be; each is loss, region, old and new industry."""
    for pair in pairs.tolist():
        common = np.flatnonzero(now[pair[0]] & now[pair[1]]).tolist()
        swaps = [_swap(task, now, value, region, old) for region in pair for old in common]
        if possible := [swap for swap in swaps if swap is not None]:
            return possible
    return []


def _swap(task: Task, now: BoolArray, value: FloatArray, region: int, old: int) -> tuple[float, int, int, int] | None:
    """Return the loss of the best industry that can take the place of `old`, and the swap; None where none can."""
    total = float(value[region, now[region]].sum())
    without = now[region].copy()
    without[old] = False
    common: IntArray = (now & without).sum(axis=1)
    common[region] = 0
    free = ~now[region] & np.isfinite(value[region]) & (now.sum(axis=0) < task.caps)
    # A new industry must not bring the region too close to any that has it.
    crowd = (now & (common >= (task.overlap or 0))[:, None]).any(axis=0)
    free &= ~crowd & (total - value[region, old] + value[region] >= task.floors[region])
    if task.loads is not None and task.room is not None:
        free &= np.where(now, task.loads, 0.0).sum(axis=0) + task.loads[region] <= task.room
    if not free.any():
        return None
    new = int(np.where(free, value[region], -np.inf).argmax())
    return float(value[region, old] - value[region, new]), region, old, new
