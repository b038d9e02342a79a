"""Inputs, outputs and bad outputs of units and of the reference set, checked and put on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from xinzhi.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.models.sweep import Sweep

Table = Any  # an array, or a frame of any kind
Rts = Literal["crs", "vrs", "nirs", "ndrs"]
Reference = tuple["FloatArray", "FloatArray"] | tuple["FloatArray", "FloatArray", "FloatArray | None"]

_ALIASES: dict[str, Rts] = {"crs": "crs", "vrs": "vrs", "nirs": "nirs", "drs": "nirs", "ndrs": "ndrs", "irs": "ndrs"}


@dataclass(frozen=True, slots=True)
class Units:
    """Units and reference set on one scale: every column is divided by its mean over the reference set.

    Parameters
    ----------
    x, y, b
        Inputs `(n, p)`, outputs `(n, q)`, bad outputs `(n, r)` (r may be 0) of the units, scaled.
    xr, yr, br
        The same of the reference set `(m, ...)`.
    scale_x, scale_y, scale_b
        What a scaled figure is multiplied with to be in the caller's units.
    """

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


def checked(
    x: FloatArray,
    y: FloatArray,
    bad: FloatArray | None = None,
    reference: Reference | None = None,
    *,
    positive: Sequence[Literal["x", "y", "b"]] = (),
    negative: bool = False,
) -> Units:
    """Check the data and put them on one scale.

    Parameters
    ----------
    x, y, bad
        Inputs `(n, p)`, outputs `(n, q)`, bad outputs `(n, r)`; a vector is one column.
    reference
        Inputs, outputs (and bad outputs) of the reference set; the units themselves when None.
    positive
        Which of ``x``, ``y``, ``b`` may hold no zero because the model divides by them.
    negative
        Whether negative figures are allowed.

    Returns
    -------
    Units
        The data on one scale.

    Raises
    ------
    InputError
        When shapes do not agree, or a value is missing, negative or zero where it may not be; names the column and
        the first row.
    """
    tables = {"x": _table(x, "x"), "y": _table(y, "y")}
    tables["b"] = np.zeros((len(tables["x"]), 0)) if bad is None else _table(bad, "b")
    others = dict(tables)
    if reference is not None:
        others = {name: _table(part, name) for name, part in zip("xyb", reference, strict=False) if part is not None}
        others.setdefault("b", np.zeros((len(others["x"]), 0)))
    for group in (tables, others):
        for name, table in group.items():
            if len(table) != len(group["x"]) or table.shape[1] != tables[name].shape[1]:
                message = (
                    f"{name} has the shape {table.shape}; it must have as many rows as x and columns as the units."
                )
                raise InputError(message)
            _check(table, name, zero=name not in positive, negative=negative)
    scales = {name: np.abs(table).mean(axis=0) for name, table in others.items()}
    for name, scale in scales.items():
        if (scale == 0).any():
            column = int(np.flatnonzero(scale == 0)[0])
            message = f"column {column} of {name} is zero for every unit: it says nothing; leave it out."
            raise InputError(message)
    done = {name: tables[name] / scales[name] for name in "xyb"}
    reference_done = {name: others[name] / scales[name] for name in "xyb"}
    return Units(
        x=done["x"],
        y=done["y"],
        b=done["b"],
        xr=reference_done["x"],
        yr=reference_done["y"],
        br=reference_done["b"],
        scale_x=scales["x"],
        scale_y=scales["y"],
        scale_b=scales["b"],
    )


def check_rts(rts: str, allowed: Sequence[str] = ("crs", "vrs", "nirs", "ndrs")) -> Rts:
    """Return the returns to scale by their own name (`drs` is `nirs`, `irs` is `ndrs`).

    Raises
    ------
    UsageError
        When the model does not know them.
    """
    name = _ALIASES.get(rts)
    if name is None or name not in allowed:
        message = f"rts '{rts}' is not one of {', '.join(allowed)} (drs and irs are other names of nirs and ndrs)."
        raise UsageError(message)
    return name


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse an option that does not exist.

    Raises
    ------
    UsageError
        Names the option, the value and what is allowed.
    """
    if value not in allowed:
        message = f"{name} '{value}' is not one of {', '.join(allowed)}."
        raise UsageError(message)


def sum_bounds(rts: Rts) -> tuple[float, float]:
    """Return the bounds of the sum of intensities."""
    return {"crs": (-np.inf, np.inf), "vrs": (1.0, 1.0), "nirs": (-np.inf, 1.0), "ndrs": (1.0, np.inf)}[rts]


def _table(values: FloatArray, name: str) -> FloatArray:
    table = np.asarray(values, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not table.size:  # noqa: PLR2004 - rows and columns
        message = f"{name} must be a table of units by columns; got an array of the shape {table.shape}."
        raise InputError(message)
    return table


def _check(table: FloatArray, name: str, *, zero: bool, negative: bool) -> None:
    """Refuse what the model cannot use, and say where it stands."""
    wrong = [
        (~np.isfinite(table), "missing or infinite", "fill it or leave the unit out"),
        (table < 0 if not negative else np.zeros_like(table, dtype=bool), "negative", "use model 'range-directional'"),
        (table == 0 if not zero else np.zeros_like(table, dtype=bool), "zero", "this model divides by it; use a DDF"),
    ]
    for where, what, cure in wrong:
        if where.any():
            row, column = np.argwhere(where)[0].tolist()
            message = f"column {column} of {name} is {what} for unit {row} ({int(where.sum())} such values): {cure}."
            raise InputError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSolution:
    """What a model found for every unit.

    Parameters
    ----------
    model
        Name of the model.
    score
        `(n,)`, NaN unless the status is ``optimal``.
    status
        `(n,)` of ``optimal``, ``infeasible``, ``unbounded`` or ``failed``.
    slack_x, slack_y, slack_b
        Input surplus, output shortfall and surplus of bad outputs at the solution, in the caller's units.
    target_x, target_y, target_b
        Where the model sends the unit.
    factors
        Named arrays of the model, such as the factor of every input.
    intensities
        `(n, m)`, the weight of every reference unit.
    duals
        Multipliers of inputs `(n, p)`, outputs `(n, q)`, bad outputs `(n, r)` and of the sum of intensities `(n,)` in
        the caller's units; positive where less input, more output or less of the bad is better. Not unique on a kink;
        None when the model has no single program.
    programs, size
        Number of linear programs, and rows and columns of one.
    """

    model: str
    score: FloatArray
    status: tuple[str, ...]
    slack_x: FloatArray
    slack_y: FloatArray
    slack_b: FloatArray
    target_x: FloatArray
    target_y: FloatArray
    target_b: FloatArray
    factors: dict[str, FloatArray]
    intensities: FloatArray
    duals: tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None
    programs: int
    size: tuple[int, int]


def solved(
    model: str,
    data: Units,
    found: Sweep,
    score: FloatArray,
    slacks: tuple[FloatArray, FloatArray, FloatArray],
    *,
    targets: tuple[FloatArray, FloatArray, FloatArray] | None = None,
    worth: float | None = None,
    **factors: FloatArray,
) -> ModelSolution:
    """Return the solution in the caller's units.

    The targets are the units less their slacks unless given. `worth` is 1 where the duals of the program are those of
    a maximum, -1 for a minimum, None when they are not the multipliers of the goods.
    """
    scales = (data.scale_x, data.scale_y, data.scale_b)
    if targets is None:
        targets = (data.x - slacks[0], data.y + slacks[1], data.b - slacks[2])
    slack = [part * scale + 0.0 for part, scale in zip(slacks, scales, strict=True)]
    target = [part * scale for part, scale in zip(targets, scales, strict=True)]
    return ModelSolution(
        model=model,
        score=score + 0.0,  # no -0.0
        status=found.status,
        slack_x=slack[0],
        slack_y=slack[1],
        slack_b=slack[2],
        target_x=target[0],
        target_y=target[1],
        target_b=target[2],
        factors=factors,
        intensities=found.intensities,
        duals=None if worth is None else _multipliers(found.duals * worth, data),
        programs=found.programs,
        size=found.size,
    )


def _multipliers(duals: FloatArray, data: Units) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return row prices of a maximum as multipliers of the goods in the caller's units."""
    _, p, q, r = data.counts
    x, y, b, rest = np.split(duals, np.cumsum([p, q, r]), axis=1)
    return x / data.scale_x, -y / data.scale_y, b / data.scale_b, rest[:, 0]
