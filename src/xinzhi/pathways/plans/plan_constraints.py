"""What a coordinated plan is made from: chances, gains, caps, sizes, and who may choose what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from xinzhi.core.arrays import AnyArray, AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import NO_NAMES, Names
from xinzhi.core.regression import logit, logit_errors
from xinzhi.core.schema import NO_TEXT
from xinzhi.core.text import Text, message
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_any
from xinzhi.data.package import Package
from xinzhi.pathways.complexity.cells import Cells
from xinzhi.pathways.complexity.complexity import measure_cells
from xinzhi.pathways.conventions import check_known, setting
from xinzhi.pathways.industries import Nearness, jobs, nearness, years_of
from xinzhi.pathways.plans.assignment import Model, Task

StrArray = npt.NDArray[np.str_]


_FEWEST = setting("choices.fewest")
_ALIASES = {"region": ("region", "place"), "industry": ("industry", "activity", "category")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a coordinated plan must keep; None: as ``pathways.yaml`` says.

    Parameters
    ----------
    caps
        How many regions an industry takes: one number, or numbers by industry (the others keep the rule); None: twice
        the even share, less where the survey shows idle capacity.
    capacity
        How much the entrants may add to an industry, as a share of its national employment: one number, or by
        industry. An entrant adds what it lacks to a location quotient of 1. None: no limit.
    floor
        The share of what it would gain if it chose alone that every region gets; 0: none.
    overlap
        How many industries two regions may share; ``math.inf``: any.
    sizes
        How many industries a region gets, by region; None: the portfolio, less where debt leaves little headroom.
    debt
        Whether the size follows debt.
    """

    caps: int | Mapping[str, int] | None = None
    capacity: float | Mapping[str, float] | None = None
    floor: float | None = None
    overlap: float | None = None
    sizes: Mapping[str, int] | None = None
    debt: bool = True


def chances_of(
    chances: AnyFrame, package: Package, relatedness: Nearness, year: int
) -> tuple[FloatArray, EntryOdds | None]:
    """Return the chance of entry of every cell (n, p), NaN where none is given, and the logit behind it if any."""
    if chances is None:
        odds = fit_entry(package, year, int(setting("plan.horizon")))
        return odds.chance(relatedness.density), odds
    matrix = spread(chances, "probability", relatedness.places, relatedness.industries)
    _refuse(matrix, relatedness.places, relatedness.industries, most=1.0)
    return matrix, None


def gains_of(gains: AnyFrame, package: Package, cells: Cells, year: int) -> FloatArray:
    """Return what every region gains when it builds an industry (n, p): complexity above the least complex industry."""
    if gains is None:
        try:
            measured = measure_cells(cells, anchor=output_per_head(package, year))
            measured.require_sign("plan")
        except InputError as error:
            raise InputError("pathways.no-worth", error.findings, why=error.text, year=year) from error
        worth = dict(measured.activities.select("activity", "complexity").iter_rows())
        least = min(worth.values())
        line = np.array([worth[code] - least if code in worth else np.nan for code in cells.activities])
        return np.array(np.broadcast_to(line, cells.values.shape))
    if isinstance(gains, Mapping):
        check_known(sorted(gains), cells.activities, "industry", "plan: gains")
        line = np.array([float(gains.get(code, np.nan)) for code in cells.activities])
        matrix = np.array(np.broadcast_to(line, cells.values.shape))
    else:
        matrix = spread(gains, "gain", cells.places, cells.activities)
    _refuse(matrix, cells.places, cells.activities)
    return matrix


def _refuse(matrix: FloatArray, places: Sequence[str], industries: Sequence[str], *, most: float = np.inf) -> None:
    """Raise where a gain or a chance is none that can be; the message names the first."""
    for row, column in np.argwhere((matrix < 0) | (matrix > most))[:1]:
        facts = {"region": places[row], "industry": industries[column], "value": f"{matrix[row, column]:g}"}
        raise InputError("pathways.negative-gain" if np.isinf(most) else "pathways.probability-range", **facts)


def output_per_head(package: Package, year: int, people: str = "population") -> dict[str, float] | None:
    """Return output per head by region in a year, which fixes the sign of complexity; None where it is not there."""
    table = package.optional("accounts", verb="plan")
    columns = [] if table is None else table.columns
    output = next((name for name in ("output_nominal", "output_real") if name in columns), None)
    if table is None or output is None or not {"region", "year", people} <= set(columns):
        return None
    rows = table.filter(pl.col("year") == year, pl.col(people) > 0, pl.col(output).is_not_null())
    per_head = dict(rows.select("region", pl.col(output) / pl.col(people)).iter_rows())
    return per_head or None


def spread(frame: AnyFrame, column: str, places: Sequence[str], industries: Sequence[str]) -> FloatArray:
    """Return a long frame as a matrix of these places and industries (n, p); NaN where it has no row."""
    # A frame without a column for the region holds for all regions. Places and industries may be called ``place`` and
    # ``activity``.
    table, _ = read_any(frame, column)
    names = {
        key: next((alias for alias in also if alias in table.cells.columns), None) for key, also in _ALIASES.items()
    }
    keys = tuple(key for key, name in names.items() if name is not None)
    if "industry" not in keys:
        raise UsageError("pathways.plan-columns", column=column, columns=table.cells.columns)
    fields = [*(Field(key, "code", column=names[key]) for key in keys), Field(column)]
    rows = tidy(table.cells, fields, key=keys, verb="plan", table=column, columns_from_caller=True).frame.drop_nulls(
        column
    )
    matrix = np.full((len(places), len(industries)), np.nan)
    row_of, column_of = ({name: number for number, name in enumerate(names)} for names in (places, industries))
    matched = False
    for line in rows.iter_rows(named=True):
        where = column_of.get(line["industry"])
        who = row_of.get(line["region"]) if "region" in keys else slice(None)
        if where is not None and who is not None:
            matrix[who, where], matched = line[column], True
    if not matched:
        raise UsageError("pathways.no-match", column=column, region=places[0], industry=industries[0])
    return matrix


def utilisation(package: Package, industries: Sequence[str]) -> dict[str, float]:
    """Return the last full-year (else last) capacity utilisation of the industries that the survey has, in percent."""
    table = package.optional("capacity", verb="plan")
    if table is None or not {"period", "industry", "utilisation"} <= set(table.columns):
        return {}
    rates: dict[str, float] = {}
    for name, codes in setting("plan.survey").items():
        rows = table.filter(pl.col("industry") == name, pl.col("utilisation").is_not_null())
        year = pl.col("period").str.slice(0, 4)
        last = rows.filter(year == year.max())
        full_year = last.filter(pl.col("period").str.ends_with("FY"))
        line = (full_year if full_year.height else last).sort("period")
        if line.height:
            rates |= {code: float(line["utilisation"][-1]) for code in codes if code in industries}
    return rates


def caps_of(
    caps: int | Mapping[str, int] | None, industries: Sequence[str], slots: int, used: Mapping[str, float]
) -> IntArray:
    """Return how many regions each industry takes (p,)."""
    if isinstance(caps, int):
        if caps < 0:
            raise UsageError("pathways.cap-negative", value=caps)
        return np.full(len(industries), caps)
    even = float(setting("plan.slack")) * slots / len(industries)
    steps = setting("plan.utilisation")
    factors = [  # what idle capacity leaves of a cap
        next((float(step["factor"]) for step in steps if used.get(code, np.inf) < step["below"]), 1.0)
        for code in industries
    ]
    limits = np.array([max(1, math.floor(even * factor + 1e-9)) for factor in factors])
    check_known(caps or (), industries, "choosable", "plan: caps")
    for code, cap in (caps or {}).items():
        if cap < 0:
            raise UsageError("pathways.cap-of-negative", industry=code, value=cap)
        limits[list(industries).index(code)] = cap
    return limits


def debt_ratios(package: Package) -> tuple[dict[str, float], int | None]:
    """Return government debt over output by region, in the last year that most regions have both; and the year."""
    debt, output = package.optional("debt", verb="plan"), package.optional("accounts", verb="plan")
    if debt is None or output is None or "debt_total" not in debt.columns or "output_nominal" not in output.columns:
        return {}, None
    joined = debt.join(output.select("region", "year", "output_nominal"), on=["region", "year"]).filter(
        pl.col("debt_total").is_not_null(), pl.col("output_nominal") > 0
    )
    if joined.is_empty():
        return {}, None
    counts = joined.group_by("year").len().filter(pl.col("len") == pl.col("len").max())
    year = max(years_of(counts))
    rows = joined.filter(pl.col("year") == year)
    return dict(rows.select("region", pl.col("debt_total") / pl.col("output_nominal")).iter_rows()), year


def sizes_of(
    limits: Limits, places: Sequence[str], portfolio: int, ratios: Mapping[str, float]
) -> tuple[IntArray, tuple[Finding, ...]]:
    """Return how many industries each region gets (n,), and who has no debt figure."""
    sizes = np.full(len(places), portfolio)
    findings: list[Finding] = []
    if limits.debt and limits.sizes is None:
        for number, place in enumerate(places):
            if place not in ratios:
                findings.append(finding("pathways.no-debt", table="debt", key=place))
                continue
            share = next(float(step["share"]) for step in setting("plan.debt") if ratios[place] < float(step["below"]))
            sizes[number] = max(1, round(portfolio * share))
    check_known(limits.sizes or (), places, "region", "plan: sizes")
    for place, size in (limits.sizes or {}).items():
        if size < 0:
            raise UsageError("pathways.size-negative", region=place, value=size)
        sizes[list(places).index(place)] = size
    return sizes, tuple(findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOdds:
    """A logit of entry: log odds = intercept + slope x density."""

    intercept: float
    slope: float
    intercept_error: float
    slope_error: float
    candidates: int
    entries: int
    windows: tuple[tuple[int, int], ...]

    def chance(self, density: FloatArray) -> FloatArray:
        """Return the chance of entry over one window at these densities."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.intercept + self.slope * density))))


def fit_entry(package: Package, last: int, horizon: int, *, verb: str = "plan") -> EntryOdds:
    """Estimate the logit from windows of `horizon` years that end in `last` and do not overlap."""
    years = years_of(package.require("activity", ["region", "industry", "year", "employment"], verb=verb))
    windows = [(end - horizon, end) for end in range(last, years[0] - 1, -horizon) if end - horizon in years]
    windows = [window for window in windows if window[1] in years][::-1]
    if not windows:
        raise InputError("pathways.no-window", verb=verb, first=years[0], last=years[-1], horizon=horizon, end=last)
    density, entered, owner = (
        np.concatenate(parts) for parts in zip(*(_window(package, *w, verb) for w in windows), strict=True)
    )
    entries = int(entered.sum())
    if entries < _FEWEST or len(entered) - entries < _FEWEST:
        raise InputError("pathways.few-entered", verb=verb, n=entries, of=len(entered))
    design = np.column_stack([np.ones(len(density)), density])
    coefficients = logit(design, entered)
    errors = logit_errors(design, entered, coefficients, np.unique(owner, return_inverse=True)[1])
    return EntryOdds(
        intercept=float(coefficients[0]),
        slope=float(coefficients[1]),
        intercept_error=float(errors[0]),
        slope_error=float(errors[1]),
        candidates=len(entered),
        entries=entries,
        windows=tuple(windows),
    )


def _window(package: Package, start: int, end: int, verb: str) -> tuple[FloatArray, BoolArray, StrArray]:
    """Return density at the start, entry by the end, and the region, of every cell that was absent at the start."""
    before = nearness(jobs(package, start, verb=verb)[0])
    after = nearness(jobs(package, end, verb=verb)[0])
    # both are sorted
    before_cells = np.ix_(np.isin(before.places, after.places), np.isin(before.industries, after.industries))
    after_cells = np.ix_(np.isin(after.places, before.places), np.isin(after.industries, before.industries))
    absent = ~before.present[before_cells]
    owner = np.broadcast_to(np.array(before.places)[before_cells[0]], absent.shape)
    return before.density[before_cells][absent], after.present[after_cells][absent], owner[absent]


_TINY = 1e-7


def refuse(task: Task, places: Sequence[str], industries: Sequence[str]) -> InputError:
    """Return the error that says which limit no assignment keeps, and what would be enough."""
    eligible = task.eligible().sum(axis=1)
    if few := np.flatnonzero(eligible < task.sizes).tolist():
        first = [
            _phrase("pathways.region-of", region=NO_NAMES.region(places[k]), n=int(eligible[k]), of=int(task.sizes[k]))
            for k in few
        ]
        return InputError("pathways.few-choices", n=len(few), regions=first)
    if short := _short(task, "caps"):
        cure = [_phrase("pathways.cap-by", industry=industries[k], by=max(1, round(by))) for k, by in short]
        n, demand, supply = round(sum(by for _, by in short)), int(task.sizes.sum()), int(task.caps.sum())
        return InputError("pathways.caps-tight", n=n, asked=demand, held=supply, cure=cure)
    if (task.floors > 0).any() and (short := _short(task, "floors")):
        worst = [
            _phrase("pathways.floor-by", region=NO_NAMES.region(places[k]), by=by, share=by / task.floors[k])
            for k, by in short
        ]
        return InputError("pathways.floors-tight", short=worst)
    if task.loads is not None and task.room is not None and (short := _short(task, "room")):
        worst = [
            _phrase("pathways.capacity-by", industry=industries[k], by=f"{by:.3g}", room=f"{task.room[k]:.3g}")
            for k, by in short
        ]
        return InputError("pathways.capacity-tight", short=worst)
    return InputError("pathways.whole-tight", overlap=task.overlap)


def _short(task: Task, what: str) -> list[tuple[int, float]]:
    """Return the limits of a kind that must give way and by how much, the largest shortfall first."""
    short = elastic(task, what)
    return [(int(k), float(short[k])) for k in np.argsort(-short, kind="stable") if short[k] > _TINY]


def _phrase(what: str, **values: object) -> Text:
    return message(what, **values) or NO_TEXT


def elastic(task: Task, what: str) -> FloatArray:
    """Return by how much a kind of limit must give way at least, when sizes (and caps) hold: one number a limit."""
    from scipy.sparse import coo_array, csc_array, hstack

    from xinzhi.core.programs import solve_once

    model = Model(task)
    matrix, lower, upper = model.matrix(extras=what != "caps")
    n, p = task.value.shape
    has_floors = bool((task.floors > 0).any()) and what != "caps"
    start, count, sign = {"caps": (n, p, -1.0), "floors": (n + p, n, 1.0), "room": (n + p + n * has_floors, p, -1.0)}[
        what
    ]
    if what == "room" and has_floors:
        lower[n + p : n + p + n] = -np.inf
    if what == "floors" and task.loads is not None:
        upper[n + p + n :] = np.inf
    give = coo_array((np.full(count, sign), (start + np.arange(count), np.arange(count))), shape=(len(lower), count))
    solution = solve_once(
        csc_array(hstack([matrix, give])),
        costs=np.concatenate([np.zeros(matrix.shape[1]), np.ones(count)]),
        row_lower=lower,
        row_upper=upper,
        column_upper=np.concatenate([np.ones(matrix.shape[1]), np.full(count, np.inf)]),
    )
    return np.maximum(solution.primal[-count:], 0.0) if solution.status == "optimal" else np.zeros(count)


def task_of(parts: Parts, sizes: AnyArray, caps: AnyArray, limits: Limits) -> Task:
    """Return the limits as arrays."""
    descending = np.sort(np.nan_to_num(parts.value), axis=1)[:, ::-1]
    best = np.array([row[:size].sum() for row, size in zip(descending, sizes, strict=True)])
    share = float(setting("plan.floor")) if limits.floor is None else limits.floor
    if not 0 <= share <= 1:
        raise UsageError("pathways.floor", value=share)
    overlap = float(setting("plan.overlap")) if limits.overlap is None else limits.overlap
    if overlap < 0:
        raise UsageError("pathways.overlap", value=overlap)
    loads = room = None
    if limits.capacity is not None:
        # how much entrants may add to every industry, in the unit of the activity
        if isinstance(limits.capacity, (int, float)):
            shares = np.full(len(parts.industries), float(limits.capacity))
        else:
            check_known(limits.capacity, parts.industries, "choosable", "plan: capacity")
            shares = np.array([float(limits.capacity.get(code, np.inf)) for code in parts.industries])
        if (shares < 0).any():
            raise UsageError("pathways.capacity-negative")
        loads, room = np.nan_to_num(parts.lack), np.where(np.isinf(shares), 1e30, shares * parts.nation)
    return Task(
        value=parts.value,
        sizes=sizes,
        caps=caps,
        floors=share * best,
        loads=loads,
        room=room,
        overlap=None if math.isinf(overlap) or overlap >= sizes.max() else int(overlap),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The matrices that a plan is made from, by region and what it may choose (n, p): ``category`` or ``industry``."""

    kind: str
    places: tuple[str, ...]
    industries: tuple[str, ...]
    probability: FloatArray
    gain: FloatArray
    value: FloatArray
    density: FloatArray
    lack: FloatArray
    nation: FloatArray
    names: Names
    excluded: tuple[str, ...]
