"""Places by activities: a long frame filtered (`restrict`) and read into a matrix, with what it lacks named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray, digest
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, Place, finding
from xinzhi.core.result import FrameKind
from xinzhi.core.text import same
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_any
from xinzhi.data.internal import RawTable
from xinzhi.data.raw import ROW
from xinzhi.pathways.conventions import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A matrix of places by activities, both sorted: `values` (n, p) are not negative; what is not listed is zero.

    `findings` name the places with nothing and the activities that no place has, which are left out; `kind` is the kind
    of frame that the caller supplied.
    """

    places: tuple[str, ...]
    activities: tuple[str, ...]
    values: FloatArray
    findings: tuple[Finding, ...] = ()
    kind: FrameKind = "polars"

    @property
    def inputs(self) -> Mapping[str, str]:
        """The digest of the matrix."""
        return {"cells": digest(self.values, self.places, self.activities)}


def read_cells(frame: AnyFrame, *, place: str, activity: str, value: str, suppressed: float | None = None) -> Cells:
    """Return a long frame as a matrix; places without anything and activities of no place are left out and named."""
    table, kind = read_any(frame, "cells")
    cells, findings = _withheld(table, place, activity, value, suppressed)
    rows_read = replace(table, cells=cells)  # with file and lines, where findings stand
    amount = Field("value", column=value, missing="refuse", sign="non-negative")
    keys = {"place": place, "activity": activity}
    long = tidy(
        rows_read, [*(Field(key, "any", column=keys[key]) for key in keys), amount], columns_from_caller=True
    ).frame
    (rows, places), (columns, activities) = _encode_names(long["place"]), _encode_names(long["activity"])
    times = np.bincount(rows * len(activities) + columns, minlength=len(places) * len(activities))
    # To look at every name and key costs more than to count cells: it is done only where it will name the rows.
    if times.max() > 1 or not all(name.strip() for name in (*places, *activities)):
        strict = [Field(key, "code", column=keys[key], missing="refuse") for key in keys]
        tidy(rows_read, [*strict, amount], key=tuple(keys), columns_from_caller=True)
    matrix = np.zeros((len(places), len(activities)))
    matrix[rows, columns] = long["value"].to_numpy()
    result = without_empty(places, activities, matrix, kind=kind, columns=(place, activity), file=table.file)
    return replace(result, findings=(*findings, *result.findings))


def _encode_names(names: pl.Series) -> tuple[IntArray, list[str]]:
    """Return the position of each name among the sorted names, and these."""
    names = names.cast(pl.String)
    kinds = sorted(name or "" for name in names.unique())
    return names.fill_null("").cast(pl.Enum(kinds)).to_physical().cast(pl.Int64).to_numpy(), kinds


def _withheld(
    table: RawTable, place: str, activity: str, value: str, suppressed: float | None
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Fill in what a statistics office withholds and say how many cells that are, or refuse and name them."""
    cells = table.cells
    stands: Place = {"table": table.name, "file": table.file, "column": value}
    if not {place, activity, value} <= set(cells.columns) or cells[value].dtype != pl.String:
        return cells, ()
    marks = setting("disclosure.marks")
    text = pl.col(value).str.strip_chars().str.to_lowercase()
    masked = cells.select(text.is_in(marks) | text.str.contains(r"^[<\u2264]\s*\d+$"))[:, 0].fill_null(value=False)
    if not masked.any():
        return cells, ()
    keys = cells.with_columns(table.lines.alias(ROW)).filter(masked).select(ROW, place, activity, value).rows()
    if suppressed is None:
        findings = [
            finding("pathways.suppressed-cell", **{**stands, "line": at, "key": f"{place_name}/{what}", "value": entry})
            for at, place_name, what, entry in keys
        ]
        raise InputError("pathways.suppressed", findings, n=len(findings), first=findings[0].where())
    filled = cells.with_columns(pl.when(masked).then(pl.lit(str(suppressed))).otherwise(pl.col(value)).alias(value))
    names = [same(f"{place_name}/{what}") for _, place_name, what, _ in keys]
    facts = {"n": len(keys), "amount": suppressed, "cells": names}
    return filled, (finding("pathways.suppressed-filled", **stands, words=facts),)


def without_empty(
    places: Sequence[str],
    activities: Sequence[str],
    values: FloatArray,
    *,
    kind: FrameKind = "polars",
    columns: tuple[str, str] = ("place", "activity"),
    file: str | None = None,
) -> Cells:
    """Return the matrix without rows and columns that hold nothing; each is named in a finding.

    `columns` and `file` say where the names of places and activities were read.
    """
    full = np.asarray(values > 0)
    rows, heads = np.asarray(full.any(axis=1)), np.asarray(full.any(axis=0))
    findings = [
        finding(code, table=file or "cells", file=file, column=what, key=name)
        for code, what, names, present in (
            ("pathways.empty-place", columns[0], places, rows),
            ("pathways.empty-activity", columns[1], activities, heads),
        )
        for name in np.asarray(names, dtype=object)[~present]
    ]
    if rows.sum() < 2 or heads.sum() < 2:  # noqa: PLR2004 - one row or column has nothing to be compared with
        raise InputError("pathways.too-few-cells", findings)
    return Cells(
        places=tuple(np.asarray(places, dtype=object)[rows]),
        activities=tuple(np.asarray(activities, dtype=object)[heads]),
        values=np.ascontiguousarray(values[np.ix_(rows, heads)]),
        findings=tuple(findings),
        kind=kind,
    )


def cell_frame(
    of: Cells | Panel, rows: IntArray, columns: IntArray, **values: FloatArray | IntArray | BoolArray | Sequence[object]
) -> pl.DataFrame:
    """Return some cells of a matrix in long form: ``place, activity`` and the given values."""
    places, activities = (pl.Series(names, dtype=pl.String) for names in (of.places, of.activities))
    return pl.DataFrame({"place": places.gather(rows), "activity": activities.gather(columns), **values})


PeriodT = TypeVar("PeriodT", int, str, date)  # of whatever kind the column of periods is


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Matrices of places by activities (n, p) by period; `findings` name what is left out as a period lacks it."""

    places: tuple[str, ...]
    activities: tuple[str, ...]
    values: Mapping[object, FloatArray]
    findings: tuple[Finding, ...] = ()
    kind: FrameKind = "polars"

    @property
    def inputs(self) -> Mapping[str, str]:
        """The digest of the matrices."""
        return {"cells": digest(np.stack(list(self.values.values())), self.places, self.activities, list(self.values))}


def read_panel(
    frame: AnyFrame,
    *,
    place: str,
    activity: str,
    value: str,
    period: str,
    periods: Sequence[object],
    least_place: tuple[object, float] | None = None,
) -> Panel:
    """Return some periods of a long frame as matrices of the places and activities that every one of them lists."""
    table, kind = read_any(frame, "cells")
    if period not in table.cells.columns:
        raise UsageError("pathways.no-column", column=period, columns=table.cells.columns)
    available = table.cells[period].unique().drop_nulls().sort().to_list()
    if len(available) == 1:
        raise InputError("pathways.one-period", period=period, only=available[0])
    absent = sorted({str(date) for date in periods if date not in available})
    if absent:
        raise UsageError(
            "pathways.no-period", period=period, asked=absent, first=available[0], last=available[-1], n=len(available)
        )
    slices = {date: _rows(table, table.cells[period] == date) for date in dict.fromkeys(periods)}
    columns = {"place": place, "activity": activity}
    names_by_period = {
        what: [set(data.cells[column].cast(pl.String).drop_nulls()) for data in slices.values()]
        for what, column in columns.items()
    }
    places, activities = (sorted(set.intersection(*sets)) for sets in names_by_period.values())
    out_place, out_activity = (sorted(set.union(*sets) - set.intersection(*sets)) for sets in names_by_period.values())
    findings = [
        *_left("pathways.left-out-place", "place", out_place),
        *_left("pathways.left-out-activity", "activity", out_activity),
    ]
    values = {date: _matrix(data, (place, activity, value), places, activities) for date, data in slices.items()}
    if least_place is not None:
        large = values[least_place[0]].sum(axis=1) > least_place[1]
        small = [name for name, keep in zip(places, large, strict=True) if not keep]
        findings += _left("pathways.left-out-place", "place", small)
        places = [name for name, keep in zip(places, large, strict=True) if keep]
        values = {date: matrix[large] for date, matrix in values.items()}
    if min(len(places), len(activities)) < 3:  # noqa: PLR2004 - as many as complexity needs
        dates = [str(date) for date in slices]
        raise InputError("pathways.too-few-common", places=len(places), activities=len(activities), periods=dates)
    return Panel(places=tuple(places), activities=tuple(activities), values=values, findings=tuple(findings), kind=kind)


def _rows(table: RawTable, mask: pl.Series) -> RawTable:
    """Return some rows of a table with their lines."""
    return replace(table, cells=table.cells.filter(mask), lines=table.lines.filter(mask))


def _matrix(data: RawTable, columns: tuple[str, str, str], places: list[str], activities: list[str]) -> FloatArray:
    """Return one period as a matrix over the names in common; a name that holds nothing there is a row of zeros."""
    place, activity, value = columns
    cells = read_cells(data, place=place, activity=activity, value=value)
    matrix = np.zeros((len(places), len(activities)))
    # both are sorted
    common = np.ix_(np.isin(places, cells.places), np.isin(activities, cells.activities))
    matrix[common] = cells.values[np.ix_(np.isin(cells.places, places), np.isin(cells.activities, activities))]
    return matrix


def _left(code: str, column: str, names: Sequence[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    facts = {"n": len(names), "left": [same(name) for name in names]}
    return (finding(code, table="cells", column=column, words=facts),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a place and an activity must have to be measured; zero asks for nothing.

    Parameters
    ----------
    least_population
        Population of the place, in the unit of the mapping (the Atlas: a million).
    least_value
        Mean total of the place over the periods, in the unit of the values (the Atlas: a billion US dollars of trade).
    least_activity
        Mean total of the activity over the periods.
    least_places
        Places in which the activity is not zero, in at least one period.
    least_periods
        Periods in which the place, and the activity, hold anything.
    """

    least_population: float = 0.0
    least_value: float = 0.0
    least_activity: float = 0.0
    least_places: int = 0
    least_periods: int = 0


def restrict(
    frame: AnyFrame,
    sample: Sample,
    *,
    place: str,
    activity: str,
    value: str,
    period: str | None = None,
    population: Mapping[str, float] | None = None,
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return the rows of the places and activities that pass, and a finding for each rule that left some out.

    Places are judged first, on all rows; activities afterwards, on what the places that stay hold. Every year is cut to
    the same places and activities, so that nothing enters or leaves by the filter.

    Parameters
    ----------
    frame
        One row per place, activity (and period).
    sample
        The filter.
    place, activity, value, period
        Names of its columns; no `period`: one date.
    population
        By place; needed for `Sample.least_population`.

    Examples
    --------
    >>> long = pl.DataFrame({"c": ["A", "A", "B"], "i": ["x", "y", "x"], "v": [5.0, 4.0, 1.0]})
    >>> rows, findings = restrict(long, Sample(least_value=2), place="c", activity="i", value="v")
    >>> rows["c"].to_list(), findings[0].message.en
    (['A', 'A'], '1 place holds less than 2 on average: B.')
    """
    table, _ = read_any(frame, "cells")
    rows = table.cells
    missing = [name for name in (place, activity, value, *([period] if period else [])) if name not in rows.columns]
    if missing:
        raise UsageError("pathways.no-column", column=missing, columns=rows.columns)
    amount = pl.col(value).cast(pl.Float64, strict=False).fill_null(0.0)
    times = rows[period].n_unique() if period else 1
    findings: list[Finding] = []
    rows = _populous(rows, place, sample.least_population, population, findings)
    for column, least, small, brief in (
        (place, sample.least_value, "pathways.small-places", "pathways.brief-places"),
        (activity, sample.least_activity, "pathways.small-activities", "pathways.brief-activities"),
    ):
        few = rows.group_by(column).agg(total=amount.sum() / times).filter(pl.col("total") < least)[column]
        rows = _without(rows, few, findings, small, least)
        if period and sample.least_periods:
            active = rows.filter(amount > 0).group_by(column).agg(n=pl.col(period).n_unique())
            enough = active.filter(pl.col("n") >= sample.least_periods)[column]
            few = rows.filter(~pl.col(column).is_in(enough.implode()))[column].unique()
            rows = _without(rows, few, findings, brief, sample.least_periods)
    spread = rows.filter(amount > 0).group_by(activity).agg(n=pl.col(place).n_unique())
    enough = spread.filter(pl.col("n") >= sample.least_places)[activity]
    rare = (
        rows.filter(~pl.col(activity).is_in(enough.implode()))[activity].unique() if sample.least_places else enough[:0]
    )
    rows = _without(rows, rare, findings, "pathways.rare-activities", sample.least_places)
    if rows.is_empty():
        raise InputError("pathways.filter-empty", findings)
    return rows, tuple(findings)


def _populous(
    rows: pl.DataFrame, place: str, least: float, population: Mapping[str, float] | None, findings: list[Finding]
) -> pl.DataFrame:
    """Leave out places with too few people."""
    if least <= 0:
        return rows
    if population is None:
        raise UsageError("pathways.no-population")
    names = rows[place].cast(pl.String).unique().to_list()
    unknown = sorted(name for name in names if name not in population)
    if unknown:
        raise UsageError("pathways.population-missing", places=unknown)
    few = pl.Series(place, [name for name in names if population[name] < least], dtype=pl.String)
    return _without(rows, few, findings, "pathways.few-people", least)


def _without(rows: pl.DataFrame, names: pl.Series, findings: list[Finding], rule: str, least: float) -> pl.DataFrame:
    """Leave out some names and say so."""
    if names.is_empty():
        return rows
    listed = sorted(str(name) for name in names)
    facts = {"n": len(listed), "left": listed, "least": f"{least:g}"}
    findings.append(finding(rule, table="cells", column=names.name, words=facts))
    return rows.filter(~pl.col(names.name).cast(pl.String).is_in(listed))
