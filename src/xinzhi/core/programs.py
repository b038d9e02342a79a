"""Linear programs: one model held in memory, changed in place and solved again from where it stopped (HiGHS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xinzhi.core.arrays import FloatArray, IntArray
from xinzhi.core.errors import UsageError

if TYPE_CHECKING:  # a dense matrix needs no more than numpy
    from scipy.sparse import coo_array, csc_array, csr_array

    Matrix = FloatArray | coo_array | csc_array | csr_array


Status = Literal["optimal", "infeasible", "unbounded", "failed"]
Numbers = FloatArray | Sequence[float] | float  # one for each row or column, or one for all
Places = IntArray | Sequence[int] | None  # of rows or columns; None: all

# HiGHS accepts nothing tighter than 1e-10; its default of 1e-7 costs the last digits of a score.
FEASIBILITY = 1e-10


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver found; numbers are NaN unless the status is ``optimal``."""

    status: Status
    objective: float
    primal: FloatArray  # (columns,)
    dual: FloatArray  # (rows,), by how much the objective grows when the binding bound of a row grows by one
    reduced: FloatArray  # (columns,), the same for the binding bound of a column


class Program:
    """A linear program that is changed in place and solved again, warm.

    Minimise (or maximise) ``costs @ z`` subject to ``row_lower <= matrix @ z <= row_upper`` and ``column_lower <= z <=
    column_upper``. Bounds may be infinite and are broadcast.
    """

    def __init__(
        self,
        matrix: Matrix,
        *,
        costs: Numbers,
        row_lower: Numbers,
        row_upper: Numbers,
        column_lower: Numbers = 0.0,
        column_upper: Numbers = np.inf,
        maximise: bool = False,
        integers: Sequence[int] = (),
    ) -> None:
        import highspy

        rows, columns = matrix.shape
        start, index, value = _by_column(matrix)
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = rows, columns
        lp.col_cost_ = _spread(costs, columns)
        lp.col_lower_, lp.col_upper_ = _spread(column_lower, columns), _spread(column_upper, columns)
        lp.row_lower_, lp.row_upper_ = _spread(row_lower, rows), _spread(row_upper, rows)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = start, index, value
        lp.sense_ = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
        if len(integers):
            kinds = [highspy.HighsVarType.kContinuous] * columns
            for column in integers:
                kinds[column] = highspy.HighsVarType.kInteger
            lp.integrality_ = kinds
        self._highs = _silent(highspy)
        self._highs.passModel(lp)
        self._whole = bool(len(integers))
        self.count = 0
        self.size = (rows, columns)

    def set_costs(self, costs: FloatArray | float, columns: Places = None) -> None:
        """Replace the costs of all columns, or of those numbered `columns`."""
        which = _numbers(columns, self.size[1])
        self._highs.changeColsCost(len(which), which, _spread(costs, len(which)))

    def set_row_bounds(self, lower: Numbers, upper: Numbers, rows: Places = None) -> None:
        """Replace the bounds of all rows, or of those numbered `rows`."""
        which = _numbers(rows, self.size[0])
        self._highs.changeRowsBounds(len(which), which, _spread(lower, len(which)), _spread(upper, len(which)))

    def set_column_bounds(self, lower: Numbers, upper: Numbers, columns: Places = None) -> None:
        """Replace the bounds of all columns, or of those numbered `columns`."""
        which = _numbers(columns, self.size[1])
        self._highs.changeColsBounds(len(which), which, _spread(lower, len(which)), _spread(upper, len(which)))

    def set_column(self, column: int, values: FloatArray) -> None:
        """Replace all coefficients of one column."""
        for row, value in enumerate(np.asarray(values, dtype=float).tolist()):
            self._highs.changeCoeff(row, column, value)

    def set_coefficient(self, row: int, column: int, value: float) -> None:
        """Replace one coefficient."""
        self._highs.changeCoeff(row, column, float(value))

    def add_columns(self, matrix: Matrix, costs: Numbers = 0.0, lower: Numbers = 0.0, upper: Numbers = np.inf) -> None:
        """Add columns `(rows, new)` behind the last one."""
        new = matrix.shape[1]
        start, index, value = _by_column(matrix)
        bounds = (_spread(costs, new), _spread(lower, new), _spread(upper, new))
        self._highs.addCols(new, *bounds, len(value), start[:-1], index, value)
        self.size = (self.size[0], self.size[1] + new)

    def forget(self) -> None:
        """Forget where the last solve stopped: the next one starts cold."""
        self._highs.clearSolver()

    def basis(self) -> tuple[IntArray, IntArray]:
        """Return the numbers of the columns and of the rows that are basic in the last solution."""
        import highspy

        basis = self._highs.getBasis()
        basic = highspy.HighsBasisStatus.kBasic
        kinds = (basis.col_status, basis.row_status)
        columns, rows = (np.flatnonzero([status == basic for status in kind]) for kind in kinds)
        return columns, rows

    def solve(self) -> Solution:
        """Solve the program as it stands, from the basis where the last solve stopped."""
        self.count += 1
        # A verdict that is not optimal is tried again from a cold start before it is believed.
        status = self._run()
        if status != "optimal" and not self._whole and self.count > 1:
            self.forget()
            status = self._run()
        if status != "optimal":
            rows, columns = (np.full(length, np.nan) for length in self.size)
            return Solution(status, np.nan, columns, rows, columns)
        solution = self._highs.getSolution()
        primal, dual, reduced = (np.array(part) for part in (solution.col_value, solution.row_dual, solution.col_dual))
        return Solution(status, float(self._highs.getObjectiveValue()), primal, dual, reduced)

    def _run(self) -> Status:
        import highspy

        kinds = highspy.HighsModelStatus
        self._highs.run()
        verdict = self._highs.getModelStatus()
        if verdict == kinds.kUnboundedOrInfeasible:  # presolve stops before it knows which
            self._highs.setOptionValue("presolve", "off")
            self._highs.clearSolver()
            self._highs.run()
            verdict = self._highs.getModelStatus()
            self._highs.setOptionValue("presolve", "choose")
        names: dict[Any, Status] = {
            kinds.kOptimal: "optimal",
            kinds.kInfeasible: "infeasible",
            kinds.kUnbounded: "unbounded",
        }
        return names.get(verdict, "failed")


def solve_once(matrix: Matrix, **arguments: Any) -> Solution:  # noqa: ANN401 - those of `Program`
    """Solve one linear (or mixed-integer) program; the arguments are those of `Program`."""
    return Program(matrix, **arguments).solve()


def shortfall(
    matrix: FloatArray,
    solution: Solution,
    *,
    costs: FloatArray,
    rows: tuple[FloatArray, FloatArray],
    columns: tuple[FloatArray, FloatArray],
    maximise: bool = False,
) -> float:
    """Return by how much a solution misses being a proof of its optimum, relative to the size of what is compared.

    Weak duality: prices whose signs fit the bounds, and which explain all costs, bound the optimum from the other side.
    The figure is the largest of what any bound is exceeded by, what is left of a cost, and the gap between both sides.
    """
    sign = -1.0 if maximise else 1.0
    dual, reduced, activity = sign * solution.dual, sign * solution.reduced, matrix @ solution.primal
    residual = sign * costs - dual @ matrix - reduced
    worst, bound = float(np.max(np.abs(residual) / (1 + np.abs(costs)), initial=0.0)), 0.0
    for value, price, (lower, upper) in ((activity, dual, rows), (solution.primal, reduced, columns)):
        over = np.maximum(np.maximum(lower - value, value - upper), 0.0) / (1 + np.abs(value))
        worst = max(worst, float(over.max(initial=0.0)))
        # A price on the side of a bound that is infinite proves nothing: it counts as an error of its own size.
        active = np.where(price > 0, lower, upper)
        worst = max(worst, float(np.abs(price[~np.isfinite(active)]).max(initial=0.0)))
        bound += float(price @ np.where(np.isfinite(active), active, 0.0))
    objective = sign * float(costs @ solution.primal)
    return max(worst, abs(objective - bound) / (1 + abs(objective)))


def _silent(highspy: Any) -> Any:  # noqa: ANN401 - the solver ships no types
    """Return a solver that says nothing, works on one core and stops only within `FEASIBILITY`."""
    # The constructor of `Highs` sets up callbacks, and that prints a banner on stdout; its base's does not.
    highs = highspy.Highs.__new__(highspy.Highs)
    super(highspy.Highs, highs).__init__()
    options: dict[str, Any] = {
        "output_flag": False,
        "threads": 1,
        "parallel": "off",
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.0,
        # At 1e-10 HiGHS 1.16 cuts off solutions that hold with equality and still reports an optimum.
        "mip_feasibility_tolerance": 10 * FEASIBILITY,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    return highs


def _by_column(matrix: Any) -> tuple[Any, Any, FloatArray]:  # noqa: ANN401 - dense or sparse
    """Return starts, row numbers and values of a matrix, column by column."""
    if isinstance(matrix, np.ndarray):
        if not np.isfinite(matrix).all():
            raise UsageError("core.not-finite")
        columns, rows = np.nonzero(matrix.T)
        start = np.searchsorted(columns, np.arange(matrix.shape[1] + 1))
        return start.astype(np.int32), rows.astype(np.int32), matrix.T[columns, rows].astype(float)
    packed = matrix.tocsc()
    return packed.indptr.astype(np.int32), packed.indices.astype(np.int32), packed.data.astype(float)


def _spread(values: Any, length: int) -> FloatArray:  # noqa: ANN401 - a number or a row of numbers
    return np.ascontiguousarray(np.broadcast_to(np.asarray(values, dtype=float), (length,)))


def _numbers(indices: Any, length: int) -> Any:  # noqa: ANN401 - column or row numbers
    return np.arange(length, dtype=np.int32) if indices is None else np.asarray(indices, dtype=np.int32)
