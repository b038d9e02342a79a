"""What estimators take and hand back: arrays of columns, settings, the form, and which of several solutions counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import polars as pl

from xinzhi.core import parameters
from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import setting
from xinzhi.data import Field, Tidy, tidy
from xinzhi.micro.engine import CONVENTIONS, PRIME
from xinzhi.micro.production.second_stage import Minimum, SecondStage, Units

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
    table = tidy(frame, fields, key=[roles.firm, roles.year], verb=verb, table="firms", columns_from_caller=True)
    positive = [*roles.logged] if roles.logs else []
    positive += [name for name in [roles.share] if name]
    faults: list[tuple[str, str]] = []
    for name in (*roles.figures, *([roles.by] if roles.by else [])):
        faults.append((name, "missing"))
        if name in positive:
            faults.append((name, "zero"))
        if name in positive or name in roles.costs:
            faults.append((name, "negative"))
    good, dropped = usable(table.frame, faults)
    return table, good.with_columns(pl.col(name).log() for name in positive), dropped


def usable(frame: pl.DataFrame, faults: Sequence[tuple[str, str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows without a fault, and how many have which first: `faults` are columns, and what none may be."""
    marks = []
    for name, why in faults:
        figure = pl.col(name)
        wrong = {"missing": figure.is_null(), "zero": figure == 0}.get(why, figure < 0)
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


Status = Literal["ok", "out-of-range", "none-in-range", "several", "local", "no-solution"]
ANSWERS: tuple[Status, ...] = ("ok", "out-of-range")
_RANK = 1e-11  # of a matrix of correlations, below which a column repeats others


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to estimate."""

    form: str = "cobb-douglas"
    degree: tuple[int, int] = tuple(convention("degree"))
    share_degree: int = convention("share_degree")
    starts: int = convention("starts")
    attrition: bool = False
    draws: int = convention("draws")
    level: float = convention("level")
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fit:
    """One estimate: coefficients `(k,)`, mean elasticities `(p,)`, and their influences `(., firms)`.

    The covariance is that of sums over firms of the influences; it is None with weights. `elasticities` `(p, n)` stand
    row by row where they differ; `productivity` is output less the function, `noise` what of it is no productivity.
    """

    coefficients: FloatArray
    mean: FloatArray
    influence: FloatArray | None = None
    mean_influence: FloatArray | None = None
    elasticities: FloatArray | None = None
    productivity: FloatArray | None = None
    noise: FloatArray | None = None
    status: Status = "ok"
    minima: tuple[Minimum, ...] = ()
    starts: int = 0
    criterion: float | None = None
    degrees: int = 0
    leaning: tuple[str, ...] = ()
    explained: float | None = None  # share of a state that the process with attrition explains
    units: Units | None = None  # of the second stage, which draws keep
    extra: FloatArray = field(default_factory=lambda: np.zeros(0))  # where the next search begins


class Method(Protocol):
    """An estimator that has its columns ready, and solves for any weights of firms."""

    terms: tuple[str, ...]
    inputs: tuple[str, ...]
    searched: tuple[str, ...]  # what the coefficients of its `minima` are

    def fit(self, weights: FloatArray | None = None, warm: Fit | None = None) -> Fit:
        """Return the estimate with weights `(firms,)`, the search beginning at another one."""
        ...


def least_squares(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Return coefficients `(k,)` of rows `(k, n)` and the inverse of their sums of products."""
    xw = x if weights is None else x * weights
    inverse = invert(xw @ x.T)
    return inverse @ (xw @ y), inverse


def invert(sums: FloatArray) -> FloatArray:
    """Return the inverse of a matrix of sums of products; `InputError` when a column repeats others."""
    size = np.sqrt(np.diag(sums))
    if (size == 0).any():
        raise InputError("production.collinear")
    scaled = sums / np.outer(size, size)
    values, vectors = np.linalg.eigh(scaled)
    if values[0] < _RANK:
        raise InputError("production.collinear")
    return np.asarray((vectors / values) @ vectors.T / np.outer(size, size))


class Form:
    """Cobb-Douglas or translog: the columns of the function, and its elasticities.

    Translog columns are taken at the mean of the logs, so that first-order coefficients are the elasticities there and
    no unit of measurement matters.
    """

    def __init__(self, inputs: FloatArray, names: Sequence[str], form: str) -> None:
        self.centre = inputs.mean(axis=1)[:, None]
        count = len(inputs)
        self.pairs = [(i, j) for i in range(count) for j in range(i, count)] if form == "translog" else []
        squares = [f"0.5*{names[i]}^2" if i == j else f"{names[i]}*{names[j]}" for i, j in self.pairs]
        self.terms = (*names, *squares)

    def columns(self, inputs: FloatArray) -> FloatArray:
        """Return the columns `(q, n)`."""
        if not self.pairs:
            return inputs
        v = inputs - self.centre
        return np.vstack([v, [v[i] * v[j] * (0.5 if i == j else 1.0) for i, j in self.pairs]])

    def elasticities(self, theta: FloatArray, inputs: FloatArray) -> FloatArray:
        """Return the elasticities `(p, n)`."""
        count = len(inputs)
        bend = np.zeros((count, count))
        for (i, j), value in zip(self.pairs, theta[count:], strict=True):
            bend[i, j] = bend[j, i] = value
        return np.asarray(theta[:count, None] + bend @ (inputs - self.centre))

    def at_mean(self, inputs: FloatArray) -> FloatArray:
        """Return the matrix `(p, q)` that gives the mean elasticities of the coefficients."""
        count, mean = len(inputs), (inputs - self.centre).mean(axis=1)
        matrix = np.hstack([np.eye(count), np.zeros((count, len(self.pairs)))])
        for at, (i, j) in enumerate(self.pairs):
            matrix[i, count + at] += mean[j]
            matrix[j, count + at] += mean[i] if i != j else 0.0
        return matrix


def unsolved(method: Method, starts: int) -> Fit:
    """Return what is left when no search settles."""
    coefficients, mean = np.full(len(method.terms), np.nan), np.full(len(method.inputs), np.nan)
    return Fit(coefficients=coefficients, mean=mean, status="no-solution", starts=starts)


def hypercube(first: int, second: int, starts: int) -> FloatArray:
    """Return starts `(starts, q)`: a Latin hypercube over elasticities, and a narrow one over second-order terms."""
    low, high = convention("box")
    width = (high - low) / 10
    rng, size = np.random.default_rng(1).spawn(1)[0], first + second
    inside = rng.uniform(size=(starts, size))
    rank = np.tile(np.arange(1, starts + 1), (size, 1))
    for line in rank:
        rng.shuffle(line)
    cube = (rank.T - inside) / starts  # one start in each slice of every coordinate
    bottom = np.r_[np.full(first, low), np.full(second, -width)]
    return np.asarray(bottom + cube * (np.r_[np.full(first, high), np.full(second, width)] - bottom))


def choose(
    stage: SecondStage,
    minima: Sequence[Minimum],
    elasticities: Callable[[FloatArray], FloatArray],
    free: Sequence[int],
    *,
    is_draw: bool = False,
) -> tuple[Minimum | None, Status, Minimum]:
    """Return the solution that is the answer (None where there is none), how it stands, and what is shown.

    With as many conditions as coefficients every root meets them exactly, and there may be several; elsewhere solutions
    are equal when the data cannot tell them apart. Of equal ones those out of range on average are no answer, nor,
    while there is another, one where the innovation falls with the free inputs, nor one out of range in many rows.
    `elasticities` gives those of rows `(p, n)`, or `(p, 1)`. With `is_draw` the search starts
    from the estimate alone: its end is the answer where it meets the conditions.
    """
    nothing = Minimum(np.full(len(stage.units.base), np.nan), np.nan, 0, np.zeros(0))
    solution = minima[0] if minima else nothing
    if not minima:
        return None, "no-solution", solution
    if is_draw:
        return (None, "local", solution) if stage.exact and not stage.root(solution) else (solution, "ok", solution)
    low, high = convention("elasticity_range")
    if stage.exact:
        equal = [minimum for minimum in minima if stage.root(minimum)]
    else:
        limit = convention("indistinct")
        equal = [minimum for minimum in minima if stage.rows * (minimum.criterion / solution.criterion - 1) < limit]
    if not equal:
        return None, "local", solution
    values = {id(minimum): elasticities(minimum.coefficients) for minimum in equal}
    inside = [
        minimum for minimum in equal if ((mean := values[id(minimum)].mean(axis=1)) > low).all() and (mean < high).all()
    ]
    if not inside:
        return (equal[0], "out-of-range", equal[0]) if len(equal) == 1 else (None, "none-in-range", solution)
    if len(inside) > 1:
        fit = [minimum for minimum in inside if all(minimum.lean[at] > convention("lean") for at in free)] or inside
        rows = {
            id(minimum): ((values[id(minimum)] > low) & (values[id(minimum)] < high)).all(axis=0).mean()
            for minimum in fit
        }
        inside = [minimum for minimum in fit if rows[id(minimum)] >= convention("rows_in_range")] or fit
    return (inside[0], "ok", inside[0]) if len(inside) == 1 else (None, "several", solution)


def leaning(solution: Minimum, free: Sequence[int], names: Sequence[str]) -> tuple[str, ...]:
    """Return the free inputs with which the innovation falls at a solution."""
    return tuple(names[at] for at in free if len(solution.lean) and solution.lean[at] < convention("lean"))


def standardised(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rows `(k, n)` in standard units, their means and standard deviations."""
    mean, sd = values.mean(axis=1)[:, None], values.std(axis=1)[:, None]
    if (sd == 0).any():
        raise InputError("production.collinear")
    return (values - mean) / sd, mean, sd


def per_row(panel: Panel, weights: FloatArray | None) -> FloatArray | None:
    """Return the weights of firms row by row."""
    return None if weights is None else weights[panel.firm]


def keys(ids: pl.Series) -> IntArray:
    """Return one whole number for each firm: a whole number itself, of any other name the digest of its words."""
    if ids.dtype.is_integer():
        return ids.to_numpy().astype(np.int64)
    names = ids.cast(pl.String).to_list()
    return np.array([int.from_bytes(blake2b(str(name).encode(), digest_size=7).digest()) for name in names], np.int64)


MIXING = ((1_664_525, 1_013_904_223), (22_695_477, 12_345_678), (1_103_515_245, 907_633_385))
DRAW, SEED = 7_919, 104_729  # primes that keep draws and seeds apart


def poisson(key: IntArray, draw: int, seed: int) -> FloatArray:
    """Return the weights of firms in a draw of the bootstrap: Poisson of mean one, by hashing."""
    mixed = (key % PRIME + draw * DRAW + seed * SEED) % PRIME
    for factor, step in MIXING:
        mixed = (mixed * ((mixed + factor) % PRIME) + step) % PRIME
    steps = np.exp(-1.0) / np.cumprod([1.0, *range(1, setting(CONVENTIONS, "poisson.most"))])
    return np.searchsorted(np.cumsum(steps), (mixed + 0.5) / PRIME, side="right").astype(np.float64)


def draws(method: Method, fit: Fit, ids: pl.Series, count: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return coefficients `(draws, k)` and mean elasticities `(draws, p)` of samples of firms that have a solution."""
    key = keys(ids)
    fits = [method.fit(poisson(key, draw, seed), fit) for draw in range(count)]
    answers = [answer for answer in fits if answer.status in ANSWERS]
    if len(answers) <= 1:
        raise InputError("production.no-draws", draws=count)
    return np.array([answer.coefficients for answer in answers]), np.array([answer.mean for answer in answers])
