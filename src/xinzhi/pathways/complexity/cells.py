"""Places by activities: a long frame read into a matrix, with what it lacks named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import finding
from xinzhi.core.text import same
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_any
from xinzhi.pathways.conventions import conventions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.result import FrameKind


_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A matrix of places by activities.

    Parameters
    ----------
    places, activities
        Their names, sorted.
    values
        The amount of each activity in each place (n, p), not negative; what the frame does not list is zero.
    findings
        Places with nothing and activities that no place has, which are left out, each by name.
    kind
        The kind of frame that the caller handed in.
    """

    places: tuple[str, ...]
    activities: tuple[str, ...]
    values: FloatArray
    findings: tuple[Finding, ...] = ()
    kind: FrameKind = "polars"


def read_cells(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    place: str,
    activity: str,
    value: str,
    suppressed: float | None = None,
) -> Cells:
    """Return a long frame as a matrix; places without anything and activities of no place are left out and named."""
    table, kind = read_any(frame, "cells")
    cells, findings = _withheld(table.cells, place, activity, value, suppressed)
    amount = Field("value", column=value, missing="refuse", sign="non-negative")
    keys = {"place": place, "activity": activity}
    long = tidy(
        cells, [*(Field(key, "any", column=keys[key]) for key in keys), amount], table="cells", named=True
    ).frame
    (rows, places), (columns, activities) = _coded(long["place"]), _coded(long["activity"])
    times = np.bincount(rows * len(activities) + columns, minlength=len(places) * len(activities))
    # To look at every name and key costs more than to count cells: it is done only where it will name the rows.
    if times.max() > 1 or not all(name.strip() for name in (*places, *activities)):
        strict = [Field(key, "code", column=keys[key], missing="refuse") for key in keys]
        tidy(cells, [*strict, amount], key=tuple(keys), table="cells", named=True)
    matrix = np.zeros((len(places), len(activities)))
    matrix[rows, columns] = long["value"].to_numpy()
    found = without_empty(places, activities, matrix, kind=kind)
    return replace(found, findings=(*findings, *found.findings))


def _coded(names: pl.Series) -> tuple[IntArray, list[str]]:
    """Return the position of each name among the sorted names, and these."""
    names = names.cast(pl.String)
    kinds = sorted(name or "" for name in names.unique())
    return names.fill_null("").cast(pl.Enum(kinds)).to_physical().cast(pl.Int64).to_numpy(), kinds


def _withheld(
    cells: pl.DataFrame, place: str, activity: str, value: str, suppressed: float | None
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Fill in what a statistics office withholds and say how many cells that are, or refuse and name them."""
    if not {place, activity, value} <= set(cells.columns) or cells[value].dtype != pl.String:
        return cells, ()
    marks = conventions("disclosure")["marks"]
    text = pl.col(value).str.strip_chars().str.to_lowercase()
    masked = cells.select(text.is_in(marks) | text.str.contains(r"^[<\u2264]\s*\d+$"))[:, 0].fill_null(value=False)
    if not masked.any():
        return cells, ()
    keys = cells.with_row_index("line", offset=1).filter(masked).select("line", place, activity, value).rows()
    if suppressed is None:
        findings = [
            finding(
                "pathways.suppressed-cell", table="cells", line=line, column=value, key=f"{here}/{what}", value=given
            )
            for line, here, what, given in keys
        ]
        raise InputError("pathways.suppressed", findings, n=len(findings), first=findings[0].where())
    filled = cells.with_columns(pl.when(masked).then(pl.lit(str(suppressed))).otherwise(pl.col(value)).alias(value))
    names = [same(f"{here}/{what}") for _, here, what, _ in keys]
    said = {"n": len(keys), "amount": suppressed, "cells": names}
    return filled, (finding("pathways.suppressed-filled", table="cells", column=value, words=said),)


def without_empty(
    places: Sequence[str], activities: Sequence[str], values: FloatArray, *, kind: FrameKind = "polars"
) -> Cells:
    """Return the matrix without rows and columns that hold nothing; each is named in a finding."""
    full = np.asarray(values > 0)
    rows, columns = np.asarray(full.any(axis=1)), np.asarray(full.any(axis=0))
    findings = [
        finding(code, table="cells", column=what, key=name)
        for code, what, names, some in (
            ("pathways.empty-place", "place", places, rows),
            ("pathways.empty-activity", "activity", activities, columns),
        )
        for name in np.asarray(names, dtype=object)[~some]
    ]
    if rows.sum() < 2 or columns.sum() < 2:  # noqa: PLR2004 - one row or column has nothing to be compared with
        raise InputError("pathways.too-few-cells", findings)
    return Cells(
        places=tuple(np.asarray(places, dtype=object)[rows]),
        activities=tuple(np.asarray(activities, dtype=object)[columns]),
        values=np.ascontiguousarray(values[np.ix_(rows, columns)]),
        findings=tuple(findings),
        kind=kind,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Matrices of places by activities, one a period.

    Parameters
    ----------
    places, activities
        Those of every period, sorted.
    values
        By period, amounts (n, p).
    findings
        Places and activities left out because a period does not have them.
    kind
        The kind of frame that the caller handed in.
    """

    places: tuple[str, ...]
    activities: tuple[str, ...]
    values: Mapping[Any, FloatArray]
    findings: tuple[Finding, ...] = ()
    kind: FrameKind = "polars"


def read_panel(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    place: str,
    activity: str,
    value: str,
    period: str,
    periods: Sequence[Any],
    least_place: tuple[Any, float] | None = None,
) -> Panel:
    """Return some periods of a long frame as matrices of the places and activities that every one of them lists."""
    table, kind = read_any(frame, "cells")
    if period not in table.cells.columns:
        raise UsageError("pathways.no-column", column=period, columns=table.cells.columns)
    there = table.cells[period].unique().drop_nulls().sort().to_list()
    if len(there) == 1:
        raise InputError("pathways.one-period", period=period, only=there[0])
    absent = sorted({str(one) for one in periods if one not in there})
    if absent:
        raise UsageError(
            "pathways.no-period", period=period, asked=absent, first=there[0], last=there[-1], n=len(there)
        )
    own = [pl.col(place).cast(pl.String), pl.col(activity).cast(pl.String)]
    slices = {one: table.cells.filter(pl.col(period) == one) for one in dict.fromkeys(periods)}
    places = _common(data.select(own[0])[:, 0] for data in slices.values())
    activities = _common(data.select(own[1])[:, 0] for data in slices.values())
    findings = [
        *_left("pathways.left-out-place", "place", _missing(own[0], slices, places)),
        *_left("pathways.left-out-activity", "activity", _missing(own[1], slices, activities)),
    ]
    values = {
        one: _matrix(data, (place, activity, value), places, activities) for one, data in slices.items()
    }  # fmt: skip
    if least_place is not None:
        large = values[least_place[0]].sum(axis=1) > least_place[1]
        findings += _left(
            "pathways.left-out-place", "place", [name for name, keep in zip(places, large, strict=True) if not keep]
        )
        places = [name for name, keep in zip(places, large, strict=True) if keep]
        values = {one: matrix[large] for one, matrix in values.items()}
    if min(len(places), len(activities)) < 3:  # noqa: PLR2004 - as many as complexity needs
        raise InputError(
            "pathways.too-few-common",
            places=len(places),
            activities=len(activities),
            periods=[str(one) for one in slices],
        )
    return Panel(
        places=tuple(places),
        activities=tuple(activities),
        values=values,
        findings=tuple(findings),
        kind=kind,
    )


def _matrix(data: pl.DataFrame, columns: tuple[str, str, str], places: list[str], activities: list[str]) -> FloatArray:
    """Return one period as a matrix over the names in common; a name that holds nothing there is a row of zeros."""
    place, activity, value = columns
    cells = read_cells(data, place=place, activity=activity, value=value)
    found = np.zeros((len(places), len(activities)))
    rows, row_at = _at(cells.places, places)
    columns_from, column_at = _at(cells.activities, activities)
    found[np.ix_(row_at, column_at)] = cells.values[np.ix_(rows, columns_from)]
    return found


def _at(have: Sequence[str], wanted: Sequence[str]) -> tuple[list[int], list[int]]:
    position = {name: index for index, name in enumerate(wanted)}
    pairs = [(index, position[name]) for index, name in enumerate(have) if name in position]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _common(columns: Iterable[pl.Series]) -> list[str]:
    return sorted(set.intersection(*(set(column.drop_nulls().to_list()) for column in columns)))


def _missing(column: pl.Expr, slices: Mapping[Any, pl.DataFrame], kept: Sequence[str]) -> list[str]:
    everyone = set().union(*(set(data.select(column)[:, 0].drop_nulls().to_list()) for data in slices.values()))
    return sorted(everyone - set(kept))


def _left(code: str, column: str, names: Sequence[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    said = {"n": len(names), "left": [same(name) for name in names]}
    return (finding(code, table="cells", column=column, words=said),)
