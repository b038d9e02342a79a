"""One linear program per unit: the reference set stays in the solver, only the unit's own part changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.programs import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The part of a program that belongs to one unit.

    Parameters
    ----------
    columns
        Coefficients `(rows, k)` of the unit's own variables (slacks, factors, scale).
    costs
        `(k,)`; the intensities of the reference units cost nothing unless `intensity_costs` says so.
    lower, upper
        Bounds `(rows,)` of the rows.
    column_lower, column_upper
        Bounds `(k,)` of the own variables.
    intensity_costs
        `(n,)` or None.
    """

    columns: FloatArray
    costs: FloatArray
    lower: FloatArray
    upper: FloatArray
    column_lower: FloatArray
    column_upper: FloatArray
    intensity_costs: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """Solutions of all units.

    Parameters
    ----------
    objective
        `(units,)`, NaN unless optimal.
    status
        `(units,)` of ``optimal``, ``infeasible``, ``unbounded`` or ``failed``.
    own, intensities
        Values `(units, k)` and `(units, n)`.
    duals
        `(units, rows)`.
    programs, size
        How many programs were solved, and rows and columns of each.
    """

    objective: FloatArray
    status: tuple[str, ...]
    own: FloatArray
    intensities: FloatArray
    duals: FloatArray
    programs: int
    size: tuple[int, int]


def sweep(
    reference: FloatArray,
    own: Callable[[int], Own],
    units: int,
    *,
    maximise: bool = False,
    leave_out: bool = False,
) -> Sweep:
    """Solve the program of every unit, each from where the one before stopped.

    Parameters
    ----------
    reference
        Coefficients `(rows, n)` of the intensities.
    own
        The part of unit `o`.
    units
        Number of units.
    maximise
        Whether the objective is maximised.
    leave_out
        Whether a unit is kept out of its own reference set (super-efficiency); the reference set then holds the units.

    Returns
    -------
    Sweep
        Solutions in the order of the units.
    """
    rows, count = reference.shape
    part = own(0)
    program = _program(reference, part, maximise=maximise)
    numbers = list(range(count, count + len(part.costs)))
    objective, status = np.full(units, np.nan), []
    values, duals = np.full((units, count + len(numbers)), np.nan), np.full((units, rows), np.nan)
    previous = part.columns
    for unit in range(units):
        part = own(unit)
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
        found = program.solve()
        objective[unit], values[unit], duals[unit] = found.objective, found.primal, found.dual
        status.append(found.status)
        if leave_out:
            program.set_column_bounds(0.0, np.inf, [unit])
    return Sweep(objective, tuple(status), values[:, count:], values[:, :count], duals, program.count, program.size)


def _program(reference: FloatArray, part: Own, *, maximise: bool) -> Program:
    """Return the program of the first unit."""
    from xinzhi.core.programs import Program

    count = reference.shape[1]
    zeros = np.zeros(count) if part.intensity_costs is None else part.intensity_costs
    return Program(
        np.concatenate([reference, part.columns], axis=1),
        costs=np.concatenate([zeros, part.costs]),
        row_lower=part.lower,
        row_upper=part.upper,
        column_lower=np.concatenate([np.zeros(count), part.column_lower]),
        column_upper=np.concatenate([np.full(count, np.inf), part.column_upper]),
        maximise=maximise,
    )
