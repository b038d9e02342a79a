"""The columns of a call as arrays: read, logged, sorted by firm and year, with the row of the year before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core import parameters
from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Field, Tidy, tidy

_FILE = Path(__file__).with_name("production.yaml")


convention = partial(parameters.setting, _FILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which column plays which part."""

    output: str
    free: tuple[str, ...]
    state: tuple[str, ...]
    firm: str
    year: str
    proxy: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    share: str | None = None
    costs: tuple[str, ...] = ()
    by: str | None = None
    exit: str | None = None
    logs: bool = True

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs whose elasticities are wanted: free, then state."""
        return (*self.free, *self.state)

    @property
    def logged(self) -> tuple[str, ...]:
        """The columns of which logs are taken, if any are."""
        return tuple(dict.fromkeys([self.output, *self.free, *self.state, *self.proxy]))

    @property
    def figures(self) -> tuple[str, ...]:
        """All columns of figures."""
        extra = [self.share] if self.share else []
        extra += [self.exit] if self.exit else []
        return tuple(dict.fromkeys([*self.logged, *self.controls, *self.drivers, *extra, *self.costs]))


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One group of firms: logs `(n,)` and `(k, n)`, rows sorted by firm and year.

    `firm` are codes from 0, `now` and `before` the rows of the pairs of consecutive years, `alive` whether a row has
    the firm in the next year (only where that year is covered: `followed`).
    """

    roles: Roles
    ids: pl.Series
    firm: IntArray
    year: IntArray
    values: dict[str, FloatArray]
    now: IntArray
    before: IntArray
    alive: FloatArray
    followed: IntArray
    gaps: int
    rows: pl.DataFrame = field(repr=False)

    def block(self, names: Sequence[str]) -> FloatArray:
        """Return columns as rows of an array `(k, n)`."""
        return np.array([self.values[name] for name in names]).reshape(len(names), len(self.firm))

    @property
    def y(self) -> FloatArray:
        """Log output."""
        return self.values[self.roles.output]

    @property
    def firms(self) -> int:
        """How many firms there are."""
        return len(self.ids)

    def lag(self, years: int) -> IntArray:
        """Return the row of the same firm so many years before, -1 where there is none."""
        out = np.full(len(self.firm), -1)
        at = np.arange(years, len(self.firm))
        for step in range(1, years + 1):  # years are unique, so that the row is at most `years` above
            above = at[at >= step]
            match = (self.firm[above] == self.firm[above - step]) & (
                self.year[above] - self.year[above - step] == years
            )
            out[above[match]] = above[match] - step
        return out

    def by_firm(self, values: FloatArray, rows: IntArray | None = None) -> FloatArray:
        """Return the sums `(k, firms)` of rows `(k, n)` of each firm."""
        codes = self.firm if rows is None else self.firm[rows]
        out = np.zeros((len(values), self.firms))
        if len(codes):
            starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
            out[:, codes[starts]] = np.add.reduceat(values, starts, axis=1)
        return out


def read(frame: AnyFrame, roles: Roles, verb: str) -> tuple[Tidy, pl.DataFrame, pl.DataFrame]:
    """Return what was read, the usable rows (logged), and how many rows were left out for which reason."""
    twice = sorted({name for name in roles.inputs if roles.inputs.count(name) > 1})
    if twice:
        raise UsageError("production.named-twice", name=twice[0])
    fields = [Field(roles.firm, "any"), Field(roles.year, "year"), *(Field(name) for name in roles.figures)]
    fields += [Field(roles.by, "any")] if roles.by else []
    table = tidy(frame, fields, key=[roles.firm, roles.year], verb=verb, table="firms", named=True)
    positive = [*roles.logged] if roles.logs else []
    positive += [name for name in [roles.share] if name]
    faults: list[tuple[str, str]] = []
    for name in (*roles.figures, *([roles.by] if roles.by else [])):
        more = ("zero", "negative") if name in positive else ("negative",) if name in roles.costs else ()
        faults += [(name, why) for why in ("missing", *more)]
    good, dropped = usable(table.frame, faults)
    return table, good.with_columns(pl.col(name).log() for name in positive), dropped


def usable(frame: pl.DataFrame, faults: Sequence[tuple[str, str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows without a fault, and how many have which first: `faults` are columns, and what none may be."""
    marks = []
    for name, why in faults:
        figure = pl.col(name)
        wrong = figure.is_null() if why == "missing" else figure == 0 if why == "zero" else figure < 0
        marks.append(pl.when(wrong).then(pl.lit(f"{why}\t{name}")))
    marked = frame.with_columns(_why=pl.coalesce(marks))
    counted = marked.filter(pl.col("_why").is_not_null()).group_by("_why").len(name="rows").sort("_why")
    rows = [(*str(why).split("\t"), count) for why, count in counted.rows()]
    schema = {"reason": pl.String, "column": pl.String, "rows": pl.Int64}
    good = marked.filter(pl.col("_why").is_null()).drop("_why")
    return good, pl.DataFrame(rows, schema=schema, orient="row")


def panel(rows: pl.DataFrame, roles: Roles, last: int, followers: pl.DataFrame) -> Panel:
    """Return the arrays of one group; `followers` are all firms and years that were read, `last` the last year."""
    ids = rows[roles.firm].unique(maintain_order=True)
    least = convention("fewest_firms")
    if len(ids) < least:
        raise InputError("production.few-firms", firms=len(ids), least=least)
    firm = rows[roles.firm].rle_id().to_numpy().astype(np.int64)
    year = rows[roles.year].to_numpy().astype(np.int64)
    same = firm[1:] == firm[:-1]
    step = year[1:] == year[:-1] + 1
    now = np.flatnonzero(same & step) + 1
    key = [roles.firm, roles.year]
    nexts = followers.with_columns(pl.col(roles.year) - 1, _next=pl.lit(1.0)).select(*key, "_next")
    alive = rows.select(key).join(nexts, on=key, how="left", maintain_order="left")["_next"].fill_null(0.0)
    survived = 1 - rows[roles.exit].to_numpy() if roles.exit else alive.to_numpy()
    return Panel(
        roles=roles,
        ids=ids,
        firm=firm,
        year=year,
        values={name: rows[name].to_numpy().astype(np.float64) for name in roles.figures},
        now=now,
        before=now - 1,
        alive=np.asarray(survived, dtype=np.float64),
        followed=np.flatnonzero(year < last),
        gaps=int((same & ~step).sum()),
        rows=rows.select(*key, *([roles.by] if roles.by else [])),
    )
