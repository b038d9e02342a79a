"""Places by activities: a long frame read into a matrix, with what it lacks named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.data.frames import read_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import FloatArray
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
        Places with nothing and activities that nobody has, which are left out, each by name.
    kind
        The kind of frame that the caller handed in.
    """

    places: tuple[str, ...]
    activities: tuple[str, ...]
    values: FloatArray
    findings: tuple[Finding, ...] = ()
    kind: FrameKind = "polars"


def read_cells(frame: Any, *, place: str, activity: str, value: str) -> Cells:  # noqa: ANN401 - any kind of frame
    """Return a long frame as a matrix; places without anything and activities of nobody are left out and named.

    Parameters
    ----------
    frame
        One row a place and activity; rows that are not there count as zero.
    place, activity, value
        Names of its columns; `value` is an amount, such as employment, exports or patents.

    Raises
    ------
    UsageError
        When a column is missing.
    InputError
        When a place and activity stand twice, a value is negative or no number, or nothing is left; the findings name
        the rows.

    Examples
    --------
    >>> import polars as pl
    >>> long = pl.DataFrame({"city": ["A", "A", "B"], "industry": ["x", "y", "y"], "workers": [3.0, 1.0, 2.0]})
    >>> read_cells(long, place="city", activity="industry", value="workers").values.tolist()
    [[3.0, 1.0], [0.0, 2.0]]
    """
    (table,), kind = read_frames({"cells": frame})
    missing = [name for name in (place, activity, value) if name not in table.cells.columns]
    if missing:
        message = f"the frame has no column {', '.join(missing)}; it has {', '.join(table.cells.columns)}."
        raise UsageError(message)
    long = table.cells.select(
        pl.col(place).cast(pl.String).alias("place"),
        pl.col(activity).cast(pl.String).alias("activity"),
        pl.col(value).cast(pl.Float64, strict=False).alias("value"),
    ).with_row_index("line", offset=1)
    _refuse(long, value)
    wide = long.pivot(on="activity", index="place", values="value").sort("place").fill_null(0.0)
    names = sorted(name for name in wide.columns if name != "place")
    matrix = wide.select(names).to_numpy().astype(float)
    return without_empty(tuple(wide["place"]), tuple(names), matrix, kind=kind)


def without_empty(
    places: Sequence[str], activities: Sequence[str], values: FloatArray, *, kind: FrameKind = "polars"
) -> Cells:
    """Return the matrix without rows and columns that hold nothing; each is named in a finding."""
    full = np.asarray(values > 0)
    rows, columns = np.asarray(full.any(axis=1)), np.asarray(full.any(axis=0))
    findings = [_empty("empty-place", "place", name) for name, some in zip(places, rows, strict=True) if not some]
    findings += [
        _empty("empty-activity", "activity", name) for name, some in zip(activities, columns, strict=True) if not some
    ]
    if rows.sum() < 2 or columns.sum() < 2:  # noqa: PLR2004 - one row or column has nothing to be compared with
        message = "relatedness and complexity need at least two places and two activities that are not empty."
        raise InputError(message, findings)
    return Cells(
        places=tuple(np.asarray(places, dtype=object)[rows]),
        activities=tuple(np.asarray(activities, dtype=object)[columns]),
        values=np.ascontiguousarray(values[np.ix_(rows, columns)]),
        findings=tuple(findings),
        kind=kind,
    )


_RULES = {
    "not-a-number": (
        Text(zh="不是数值", en="is no number"),
        Text(
            zh="请填写数值，或删去该行（缺失的组合按零计）。",
            en="Write a number, or leave the row out: combinations that are not listed count as zero.",
        ),
    ),
    "negative-value": (
        Text(zh="为负值", en="is negative"),
        Text(
            zh="活动规模不能为负；请核对符号或单位。", en="An amount of an activity cannot be negative: check its sign."
        ),
    ),
    "duplicate-cell": (
        Text(zh="重复出现", en="stands twice"),
        Text(zh="请先合并，或指定另一年份。", en="Add the rows up first, or choose one year."),
    ),
    "blank-name": (Text(zh="名称为空", en="has no name"), Text(zh="请填写名称。", en="Name it.")),
}


def _refuse(long: pl.DataFrame, value: str) -> None:
    """Raise on rows that cannot be used, naming them."""
    blank = pl.any_horizontal(
        pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "") for name in ("place", "activity")
    )
    wrong = {
        "not-a-number": pl.col("value").is_null() | ~pl.col("value").is_finite(),
        "negative-value": pl.col("value") < 0,
        "duplicate-cell": pl.struct("place", "activity").is_duplicated(),
        "blank-name": blank,
    }
    findings = [
        _bad(rule, row, value) for rule, bad in wrong.items() for row in long.filter(bad).head(_SHOWN).rows(named=True)
    ]
    if findings:
        message = f"{len(findings)} or more rows cannot be used; the first: {findings[0].sentence()}"
        raise InputError(message, findings)
    if long.is_empty():
        message = "the frame has no rows."
        raise InputError(message)


def _bad(rule: str, row: dict[str, Any], column: str) -> Finding:
    what, hint = _RULES[rule]
    shown = None if row["value"] is None else f"{row['value']:g}"
    return Finding(
        rule=rule, severity="error", message=what, hint=hint, table="cells", line=row["line"], column=column,
        key=f"{row['place']}/{row['activity']}", value=shown,
    )  # fmt: skip


def _empty(rule: str, column: str, name: str) -> Finding:
    return Finding(
        rule=rule,
        severity="warning",
        message=Text(zh=f"{name} 没有任何数值，未参与计算", en=f"{name} holds nothing and is left out"),
        hint=Text(zh="若应有数值，请补上。", en="Fill it in if it should hold something."),
        table="cells",
        column=column,
        key=name,
    )
