"""One linear program per unit: the reference set stays in the solver, only the unit's own part changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.programs import Program, shortfall
from xinzhi.core.programs import Solution as Answer
from xinzhi.frontier.technology.distance import Programs, Solution
from xinzhi.frontier.technology.technology import Goods, means

Reference = tuple[Any, ...]  # inputs, outputs, and bad outputs or nothing
ON_FRONTIER = 1e-9  # a score this close to the best is the best
_PROOF = 1e-9  # what the two sides of a proof may differ by


@dataclass(frozen=True, slots=True)
class Units:
    """Units and reference set on one scale: every column is divided by its mean over the reference set."""

    x: FloatArray
    y: FloatArray
    b: FloatArray
    xr: FloatArray
    yr: FloatArray
    br: FloatArray
    scale_x: FloatArray
    scale_y: FloatArray
    scale_b: FloatArray

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Return the numbers of units, inputs, outputs and bad outputs."""
        return len(self.x), self.x.shape[1], self.y.shape[1], self.b.shape[1]

    def envelope(self, more: int = 0) -> FloatArray:
        """Return the coefficients of intensities: all goods, their sum, and `more` rows that hold own parts alone."""
        count = len(self.xr)
        return np.concatenate([self.xr.T, self.yr.T, self.br.T, np.ones((1, count)), np.zeros((more, count))])


def validate_and_scale(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    reference: Reference | None = None,
    *,
    positive: Sequence[Literal["x", "y", "b"]] = (),
    negative: bool = False,
) -> Units:
    """Check the data and put them on one scale; `positive` tables may hold no zero, others neither nor negatives."""
    points = Goods.from_arrays(x, y, bad)
    benchmark = points if reference is None else Goods.from_arrays(*reference)
    if points.widths != benchmark.widths:
        raise UsageError("frontier.reference-goods", ours=points.widths, theirs=benchmark.widths)
    for goods in (points, benchmark):
        for name in "xyb":
            table: FloatArray = getattr(goods, name)
            below = (table < 0) & (not negative)
            wrong = below if below.any() else (table == 0) & (name in positive)
            if wrong.any():  # what the model cannot use, and where it stands
                row, column = np.argwhere(wrong)[0].tolist()
                raise InputError(
                    "frontier.model-negative" if below.any() else "frontier.model-zero",
                    name=name,
                    column=column,
                    unit=row,
                    n=int(wrong.sum()),
                )
    for name, part in zip("xyb", (benchmark.x, benchmark.y, benchmark.b), strict=True):
        idle = np.flatnonzero(np.abs(part).sum(axis=0) == 0)
        if len(idle):
            raise InputError("frontier.idle-column", name=name, column=int(idle[0]))
    scale = means(benchmark)
    scaled_points, scaled_reference = points.over(scale), benchmark.over(scale)
    return Units(
        scaled_points.x,
        scaled_points.y,
        scaled_points.b,
        scaled_reference.x,
        scaled_reference.y,
        scaled_reference.b,
        *points.split(scale),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitProgram:
    """The part of a program that belongs to one unit: its columns `(rows, own)` and the bounds."""

    columns: FloatArray
    costs: FloatArray
    lower: FloatArray
    upper: FloatArray
    column_lower: FloatArray | float = 0.0
    column_upper: FloatArray | float = np.inf
    intensity_costs: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """Solutions of all units."""

    objective: FloatArray  # (n,)
    status: tuple[str, ...]
    unknowns: FloatArray  # (n, own)
    intensities: FloatArray  # (n, k)
    duals: FloatArray  # (n, rows)
    programs: int
    size: tuple[int, int]


def sweep(
    reference: FloatArray,
    unit_program: Callable[[int], UnitProgram],
    units: int,
    *,
    maximise: bool = False,
    leave_out: bool = False,
    prove: bool = False,
) -> Sweep:
    """Solve the program of every unit, each from where the one before stopped; `reference` is `(rows, k)`.

    With `prove` an optimum counts only when its prices prove it from the data; without a proof the unit has ``failed``.
    """
    rows, count = reference.shape
    part = unit_program(0)
    free = np.zeros(count) if part.intensity_costs is None else part.intensity_costs
    program = Program(
        np.concatenate([reference, part.columns], axis=1),
        costs=np.concatenate([free, part.costs]),
        row_lower=part.lower,
        row_upper=part.upper,
        column_lower=np.append(np.zeros(count), np.broadcast_to(part.column_lower, part.costs.shape)),
        column_upper=np.append(np.full(count, np.inf), np.broadcast_to(part.column_upper, part.costs.shape)),
        maximise=maximise,
    )
    numbers = list(range(count, count + len(part.costs)))
    objective, status = np.full(units, np.nan), []
    values, duals = np.full((units, count + len(numbers)), np.nan), np.full((units, rows), np.nan)
    previous = part.columns
    for unit in range(units):
        part = unit_program(unit)
        for row, column in np.argwhere(part.columns != previous).tolist():
            program.set_coefficient(row, count + column, part.columns[row, column])
        previous = part.columns
        program.set_costs(part.costs, numbers)
        if part.intensity_costs is not None:
            program.set_costs(part.intensity_costs, list(range(count)))
        program.set_row_bounds(part.lower, part.upper)
        program.set_column_bounds(part.column_lower, part.column_upper, numbers)
        if leave_out:
            program.set_column_bounds(0.0, 0.0, [unit])
        answer = program.solve()
        if prove and answer.status == "optimal" and _unproved(reference, part, answer, free, maximise=maximise):
            program.forget()
            answer = program.solve()
            if answer.status == "optimal" and _unproved(reference, part, answer, free, maximise=maximise):
                nothing = (np.full(length, np.nan) for length in (count + len(numbers), rows, count + len(numbers)))
                answer = Answer("failed", np.nan, *nothing)
        objective[unit], values[unit], duals[unit] = answer.objective, answer.primal, answer.dual
        status.append(answer.status)
        if leave_out:
            program.set_column_bounds(0.0, np.inf, [unit])
    return Sweep(objective, tuple(status), values[:, count:], values[:, :count], duals, program.count, program.size)


def _unproved(reference: FloatArray, part: UnitProgram, answer: Answer, free: FloatArray, *, maximise: bool) -> bool:
    """Whether the prices of a solution do not prove it."""
    count, shape = reference.shape[1], part.costs.shape
    lower = np.append(np.zeros(count), np.broadcast_to(part.column_lower, shape))
    upper = np.append(np.full(count, np.inf), np.broadcast_to(part.column_upper, shape))
    costs = np.append(free if part.intensity_costs is None else part.intensity_costs, part.costs)
    missed = shortfall(
        np.concatenate([reference, part.columns], axis=1),
        answer,
        costs=costs,
        rows=(part.lower, part.upper),
        columns=(lower, upper),
        maximise=maximise,
    )
    return missed > _PROOF


def solved(
    data: Units,
    solutions: Sweep,
    score: FloatArray,
    slacks: tuple[FloatArray, FloatArray, FloatArray],
    *,
    targets: tuple[FloatArray, FloatArray, FloatArray] | None = None,
    worth: float | None = None,
    best: float = 1.0,
    beyond: bool = False,
) -> Solution:
    """Return the solution in the caller's units."""
    # `worth` turns row prices into multipliers (none when None), `best` is the score of an efficient unit, and with
    # `beyond` scores above it are efficient too.
    from scipy.sparse import csr_array

    points, scale = Goods(data.x, data.y, data.b), np.concatenate([data.scale_x, data.scale_y, data.scale_b])
    if targets is None:
        targets = (data.x - slacks[0], data.y + slacks[1], data.b - slacks[2])
    prices, sign = solutions.duals * (worth or 0.0), np.repeat([1.0, -1.0, 1.0], points.widths)
    multipliers = {} if worth is None else points.parts("dual", prices[:, : len(scale)] * sign / scale)
    dual_scale = None if worth is None else prices[:, len(scale)]
    return Solution(
        score=score + 0.0,  # no -0.0
        status=np.array(solutions.status),
        programs=Programs(count=solutions.programs, rows=solutions.size[0], columns=solutions.size[1]),
        efficient=score >= best - ON_FRONTIER if beyond else np.abs(score - best) <= ON_FRONTIER,
        intensity=csr_array(np.nan_to_num(solutions.intensities)),  # a unit that is not optimal has no peers
        **points.parts("slack", np.hstack(slacks) * scale + 0.0),
        **points.parts("target", np.hstack(targets) * scale),
        dual_scale=dual_scale,
        **multipliers,
    )
