"""The regression behind a frontier: columns read, checked, logged and expanded; wrong rows are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.result import FrameKind
from xinzhi.data import Field
from xinzhi.data.tidy import Kind, Sign
from xinzhi.frontier.technology.technology import choose

Form = Literal["cobb-douglas", "translog"]
Covariance = Literal["information", "robust", "cluster"]
CONSTANT = "constant"
_DEPENDENT = 1e-9  # diagonal of R, relative to its column, below which a column repeats the others


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a call, in the order of the caller's rows; units by number, periods as numbers."""

    frame: pl.DataFrame
    kind: FrameKind
    unit: str | None
    period: str | None
    codes: IntArray
    time: FloatArray

    def digests(self) -> Mapping[str, str]:
        """Return the digest of the columns of the call."""
        from xinzhi.core.provenance import fingerprint

        return {"frame": fingerprint(self.frame, {})}

    def numbers(self, name: str) -> FloatArray:
        """Return one column of figures."""
        return np.asarray(self.frame[name].to_numpy(), dtype=np.float64)

    def keys(self) -> pl.DataFrame:
        """Return ``row`` and, where the call names them, ``unit`` and ``period``."""
        key_columns = {kind: name for kind, name in (("unit", self.unit), ("period", self.period)) if name is not None}
        rows = pl.int_range(1, self.frame.height + 1, dtype=pl.Int64, eager=True)
        return self.frame.select(rows.alias("row"), **{kind: pl.col(name) for kind, name in key_columns.items()})


def read_table(
    verb: str,
    frame: AnyFrame,
    figures: Mapping[str, Sign | None],
    unit: str | None = None,
    period: str | None = None,
    *plain_columns: str | None,
) -> Table:
    """Read the columns of a call: `figures` with the sign that each must have, and `plain_columns` as they stand."""
    from xinzhi.data import Field, tidy

    columns: dict[str, Field] = {name: Field(name, missing="refuse", sign=sign) for name, sign in figures.items()}
    kinds: list[tuple[str | None, Kind]] = [
        (period, "period"),
        (unit, "any"),
        *((name, "any") for name in plain_columns),
    ]
    for name, kind in kinds:
        if name is not None and (name not in columns or kind == "period"):
            columns[name] = Field(name, kind, missing="refuse")
    key = [unit, period] if unit is not None and period is not None else []
    table = tidy(frame, list(columns.values()), key=key, verb=verb, table="frame")
    cells = table.frame[table.rows.arg_sort()]
    codes = np.arange(cells.height) if unit is None else cells[unit].rank("dense").to_numpy().astype(np.int64) - 1
    time = pl.Series([0.0] * cells.height) if period is None else cells[period]
    time = time if time.dtype.is_numeric() else time.rank("dense")  # dates and words by their order
    return Table(cells, table.kind, unit, period, codes, np.asarray(time.to_numpy(), dtype=np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """The deterministic part: ``f(x)`` as a linear combination of columns."""

    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    form: Form
    logs: bool
    trend: bool
    first: float

    def label(self, name: str) -> str:
        """Return how the logged variable is called."""
        return f"log({name})" if self.logs else name

    def variables(self, table: Table) -> FloatArray:
        """Return the logged inputs, then the trend `(n, p)`."""
        columns = [np.log(table.numbers(name)) if self.logs else table.numbers(name) for name in self.inputs]
        return np.column_stack([*columns, *([table.time - self.first] if self.trend else [])])

    def pairs(self) -> list[tuple[int, int]]:
        """Return the products of a translog, by position of their variables."""
        count = len(self.inputs) + self.trend
        return [(i, j) for i in range(count) for j in range(i, count)] if self.form == "translog" else []

    def terms(self) -> list[str]:
        """Return the names of the columns; the square of v enters as ``0.5*v^2``."""
        names = [self.label(name) for name in self.inputs] + (["trend"] if self.trend else [])  # of `variables`
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


def check_names(inputs: Sequence[str], *columns: str | None) -> None:
    """Check that a call names inputs, and no column twice."""
    if isinstance(inputs, str) or not inputs:
        raise UsageError("frontier.inputs-list")
    names = [*inputs, *(name for name in columns if name is not None)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError("frontier.named-twice", name=twice[0])


CONVENTIONS: Mapping[str, Any] = read_yaml(Path(__file__).with_name("conventions.yaml"))

CROSS = ("half-normal", "truncated-normal", "exponential", "gamma", "rayleigh", "uniform")
IN_STEP = ("pitt-lee", "battese-coelli-1992", "kumbhakar-1990")
EFFECTS = ("true-fixed", "true-random", "four-component")
MODELS = (*CROSS, *IN_STEP, "battese-coelli-1995", *EFFECTS)
ALIASES = {
    "bc92": "battese-coelli-1992", "bc95": "battese-coelli-1995", "k90": "kumbhakar-1990", "tfe": "true-fixed",
    "tre": "true-random", "gtre": "four-component", "hn": "half-normal", "tn": "truncated-normal",
}  # fmt: skip
_DISTRIBUTIONS = {
    **dict.fromkeys(IN_STEP, ("half-normal", "truncated-normal")),
    "true-fixed": ("half-normal", "truncated-normal", "exponential"),
    "true-random": ("half-normal", "exponential"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The further keywords of `sfa`.

    `determinants` are columns that shift the location of inefficiency (Battese and Coelli 1995).
    """

    distribution: str = "half-normal"
    form: Form = "cobb-douglas"
    cost: bool = False
    prices: tuple[str, ...] = ()
    trend: bool = False
    controls: tuple[str, ...] = ()
    determinants: tuple[str, ...] = ()
    determinants_constant: bool = True
    covariance: Covariance = "information"
    cluster: str | None = None
    level: float = CONVENTIONS["level"]
    draws: int | None = CONVENTIONS["halton"]["draws"]


def settle(model: str, options: Mapping[str, Any]) -> tuple[str, Settings]:
    """Return the model by its full name and the settings, checked."""
    model = ALIASES.get(str(model).lower(), str(model).lower())
    choose("model", model, MODELS)
    choices = [field.name for field in fields(Settings)]
    for name in options:
        choose("option", name, choices)
    arguments = dict(options)
    for name in ("prices", "controls", "determinants"):
        if isinstance(arguments.get(name), str):
            raise UsageError("frontier.columns-list", name=name, given=arguments[name])
        arguments[name] = tuple(arguments.get(name, ()))
    settings = Settings(**arguments)
    choose("form", settings.form, get_args(Form))
    choose("covariance", settings.covariance, get_args(Covariance))
    if "distribution" in options and settings.distribution not in _DISTRIBUTIONS.get(model, ()):
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
    return model, settings
