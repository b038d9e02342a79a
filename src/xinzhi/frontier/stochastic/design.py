"""The regression behind a frontier: columns read, checked, logged and expanded; wrong rows are named."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
import yaml

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.result import FrameKind

CONSTANT = "constant"
_SHOWN = 5  # findings of one kind that are listed
_DEPENDENT = 1e-9  # diagonal of R, relative to its column, below which a column repeats the others


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a call as arrays."""

    frame: pl.DataFrame
    kind: FrameKind
    unit: str | None
    period: str | None
    codes: IntArray
    time: FloatArray

    def numbers(self, name: str) -> FloatArray:
        """Return one column as numbers."""
        import polars as pl

        if name not in self.frame.columns:
            raise InputError("frontier.column-unknown", name=name, known=list(self.frame.columns))
        cells = self.frame[name]
        if not (cells.dtype.is_numeric() or cells.dtype in (pl.Boolean, pl.Null)):
            raise InputError("frontier.column-type", name=name, dtype=str(cells.dtype))
        values = cells.cast(pl.Float64).to_numpy()
        self.refuse(
            name,
            ~np.isfinite(values),
            "missing-value",
            Text(zh="缺失或不是有限数", en="missing or not finite"),
            Text(zh="请补上或删去该行。", en="fill it in or drop the row."),
        )
        return np.asarray(values, dtype=np.float64)

    def logs(self, name: str) -> FloatArray:
        """Return the logs of one column."""
        values = self.numbers(name)
        self.refuse(
            name,
            values <= 0,
            "not-positive",
            Text(zh="不是正数，无法取对数", en="not positive"),
            Text(
                zh="请核对数值，或用 logs=False。", en="it has no logarithm; check it, or hand in logs with logs=False."
            ),
        )
        return np.log(values)

    def where(self, row: int) -> str:
        """Return how a row is called: its unit and period, or its number counted from 1."""
        parts = [str(self.frame[name][row]) for name in (self.unit, self.period) if name is not None]
        return "/".join(parts) or f"row {row + 1}"

    def refuse(self, name: str, bad: FloatArray | Any, rule: str, message: Text, hint: Text) -> None:  # noqa: ANN401 - a mask; one finding has that many parts
        """Raise an error that names the rows for which `bad` holds."""
        rows = np.flatnonzero(bad)
        if not rows.size:
            return
        findings = [
            Finding(
                rule=rule,
                severity="error",
                message=message,
                hint=hint,
                table="frame",
                line=int(row) + 1,
                column=name,
                key=self.where(int(row)),
                value=str(self.frame[name][int(row)]),
            )
            for row in rows[:_SHOWN]
        ]
        where = [self.where(int(row)) for row in rows]
        raise InputError("frontier.cells", findings, column=name, what=message, n=rows.size, rows=where, cure_of=hint)


def read_table(frame: Any, unit: str | None, period: str | None) -> Table:  # noqa: ANN401 - any kind of frame
    """Return the frame with its rows identified."""
    import polars as pl

    from xinzhi.data.frames import read_frames

    tables, kind = read_frames({"frame": frame})
    cells = tables[0].cells
    for name in (unit, period):
        if name is not None and name not in cells.columns:
            raise InputError("frontier.column-unknown", name=name, known=list(cells.columns))
        if name is not None and cells[name].null_count():
            raise InputError("frontier.empty-keys", name=name, n=cells[name].null_count())
    if unit is not None and period is not None:
        twice = cells.group_by(unit, period).len().filter(pl.col("len") > 1).sort(unit, period)
        if twice.height:
            first = "/".join(str(value) for value in twice.row(0)[:2])
            raise InputError("frontier.keys-twice", n=twice.height, first=first)
    if unit is None:
        codes = np.arange(cells.height)
    else:
        names = cells[unit]
        codes = (names.rank("dense").cast(pl.Int64) - 1).to_numpy()
    table = Table(cells, kind, unit, period, np.asarray(codes, dtype=np.int64), np.zeros(cells.height))
    if period is None:
        return table
    return Table(cells, kind, unit, period, table.codes, _years(table, period))


def _years(table: Table, period: str) -> FloatArray:
    """Return periods as numbers: as they are, or their order when they are dates or words."""
    cells = table.frame[period]
    if cells.dtype.is_numeric():
        return table.numbers(period)
    return np.asarray(cells.rank("dense").to_numpy(), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """The deterministic part: ``f(x)`` as a linear combination of columns."""

    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    form: str
    logs: bool
    trend: bool
    first: float

    def label(self, name: str) -> str:
        """Return how the logged variable is called."""
        return f"log({name})" if self.logs else name

    def variables(self, table: Table) -> FloatArray:
        """Return the logged inputs, then the trend `(n, p)`."""
        columns = [table.logs(name) if self.logs else table.numbers(name) for name in self.inputs]
        if self.trend:
            columns.append(table.time - self.first)
        return np.column_stack(columns)

    def variable_names(self) -> list[str]:
        """Return the names of `variables`."""
        return [self.label(name) for name in self.inputs] + (["trend"] if self.trend else [])

    def pairs(self) -> list[tuple[int, int]]:
        """Return the products of a translog, by position of their variables."""
        count = len(self.inputs) + self.trend
        return [(i, j) for i in range(count) for j in range(i, count)] if self.form == "translog" else []

    def terms(self) -> list[str]:
        """Return the names of the columns; the square of v enters as ``0.5*v^2``."""
        names = self.variable_names()
        squares = [f"0.5*{names[i]}^2" if i == j else f"{names[i]}*{names[j]}" for i, j in self.pairs()]
        return [CONSTANT, *names, *squares, *self.controls]

    def matrix(self, table: Table) -> FloatArray:
        """Return the columns `(n, k)`, the constant first."""
        values = self.variables(table)
        squares = [values[:, i] * values[:, j] * (0.5 if i == j else 1.0) for i, j in self.pairs()]
        shifters = [table.numbers(name) for name in self.controls]
        return np.column_stack([np.ones(values.shape[0]), values, *squares, *shifters])

    def slopes(self, beta: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first derivatives by the variables `(n, p)` and the matrix of second derivatives `(p, p)`."""
        count = values.shape[1]
        bend = np.zeros((count, count))
        for (i, j), coefficient in zip(self.pairs(), beta[1 + count :], strict=False):
            bend[i, j] = bend[j, i] = coefficient
        return beta[1 : 1 + count] + values @ bend, bend


def orthonormal(matrix: FloatArray, names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Return columns of length ``sqrt(n)`` at right angles, and the matrix that maps their coefficients back."""
    rows, columns = matrix.shape
    if rows <= columns:
        raise InputError("frontier.few-rows", rows=rows, columns=columns)
    for at, name in enumerate(names):
        if name != CONSTANT and np.ptp(matrix[:, at]) <= _DEPENDENT * max(float(np.abs(matrix[:, at]).max()), 1e-300):
            raise InputError("frontier.constant-column", name=name)
    size = np.linalg.norm(matrix, axis=0)
    q, r = np.linalg.qr(matrix / size)
    weak = np.flatnonzero(np.abs(np.diag(r)) < _DEPENDENT)
    if weak.size:
        raise InputError("frontier.collinear", name=names[weak[0]])
    back = np.linalg.inv(r) * np.sqrt(rows) / size[:, None]
    return q * np.sqrt(rows), back


def check_names(inputs: Sequence[str], *others: str | None) -> None:
    """Check that a call names inputs, and no column twice."""
    if isinstance(inputs, str) or not inputs:
        raise UsageError("frontier.inputs-list")
    named = [*inputs, *(name for name in others if name is not None)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise UsageError("frontier.named-twice", name=twice[0])


@cache
def conventions() -> dict[str, Any]:
    """Return the conventions.

    Examples
    --------
    >>> conventions()["level"]
    0.95
    """
    text = (resources.files("xinzhi.frontier.stochastic") / "conventions.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


Covariance = Literal["information", "robust", "cluster"]

CROSS = ("half-normal", "truncated-normal", "exponential", "gamma", "rayleigh", "uniform")
IN_STEP = ("pitt-lee", "battese-coelli-1992", "kumbhakar-1990")
EFFECTS = ("true-fixed", "true-random", "four-component")
MODELS = (*CROSS, *IN_STEP, "battese-coelli-1995", *EFFECTS)
ALIASES = {
    "bc92": "battese-coelli-1992",
    "bc95": "battese-coelli-1995",
    "k90": "kumbhakar-1990",
    "tfe": "true-fixed",
    "tre": "true-random",
    "gtre": "four-component",
    "hn": "half-normal",
    "tn": "truncated-normal",
}
_DISTRIBUTIONS = {
    "true-fixed": ("half-normal", "truncated-normal", "exponential"),
    "true-random": ("half-normal", "exponential"),
    "pitt-lee": ("half-normal", "truncated-normal"),
    "battese-coelli-1992": ("half-normal", "truncated-normal"),
    "kumbhakar-1990": ("half-normal", "truncated-normal"),
}


class Options(TypedDict, total=False):
    """Further keywords of `sfa`; `Settings` says what each is and its default."""

    distribution: str
    form: Literal["cobb-douglas", "translog"]
    cost: bool
    prices: Sequence[str]
    trend: bool
    controls: Sequence[str]
    determinants: Sequence[str]
    determinants_constant: bool
    covariance: Covariance
    cluster: str
    level: float
    draws: int | None


@dataclass(frozen=True, slots=True)
class Settings:
    """The further keywords of `sfa`."""

    # determinants, determinants_constant: Columns that shift the location of inefficiency (Battese and Coelli 1995),
    # and whether a constant joins them.

    distribution: str = "half-normal"
    form: str = "cobb-douglas"
    cost: bool = False
    prices: tuple[str, ...] = ()
    trend: bool = False
    controls: tuple[str, ...] = ()
    determinants: tuple[str, ...] = ()
    determinants_constant: bool = True
    covariance: str = "information"
    cluster: str | None = None
    level: float = 0.95
    draws: int | None = 100


def settle(model: str, options: Mapping[str, Any]) -> tuple[str, Settings]:
    """Return the model by its full name and the settings, checked."""
    model = ALIASES.get(str(model).lower(), str(model).lower())
    _among("model", model, MODELS)
    known = [field.name for field in fields(Settings)]
    for name in options:
        _among("option", name, known)
    rules = conventions()
    given = {"level": rules["level"], "draws": rules["halton"]["draws"]} | dict(options)
    for name in ("prices", "controls", "determinants"):
        if isinstance(given.get(name), str):
            raise UsageError("frontier.columns-list", name=name, given=given[name])
        given[name] = tuple(given.get(name, ()))
    settings = Settings(**given)
    _check(model, settings, "distribution" in options)
    return model, settings


def _check(model: str, settings: Settings, chosen: bool) -> None:  # noqa: FBT001 - whether a distribution was named
    _among("form", settings.form, ("cobb-douglas", "translog"))
    _among("covariance", settings.covariance, ("information", "robust", "cluster"))
    if chosen and settings.distribution not in _DISTRIBUTIONS.get(model, ()):
        allowed = _DISTRIBUTIONS.get(model)
        values = {"distribution": settings.distribution, "model": model}
        if allowed:
            raise UsageError("frontier.distribution", known=list(allowed), **values)
        raise UsageError("frontier.distribution-fixed", **values)
    if bool(settings.determinants) != (model == "battese-coelli-1995"):
        raise UsageError("frontier.determinants")
    if not 0 < settings.level < 1:
        raise UsageError("frontier.level-of", level=settings.level)
    if settings.draws is not None and (not isinstance(settings.draws, int) or settings.draws < 2):  # noqa: PLR2004 - a mean needs two
        raise UsageError("frontier.draws", draws=settings.draws)


def _among(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UsageError("frontier.choice", name=what, value=name, known=list(known))
