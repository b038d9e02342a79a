"""Places by activities: a long frame read into a matrix, with what it lacks named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.data.frames import read_frames
from xinzhi.pathways.conventions import conventions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinzhi.core.arrays import FloatArray, IntArray
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


def read_cells(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    place: str,
    activity: str,
    value: str,
    suppressed: float | None = None,
) -> Cells:
    """Return a long frame as a matrix; places without anything and activities of nobody are left out and named.

    Parameters
    ----------
    frame
        One row a place and activity; rows that are not there count as zero.
    place, activity, value
        Names of its columns; `value` is an amount, such as employment, exports or patents.
    suppressed
        What a cell counts as that a statistics office withholds (marks such as ``x``, ``np``, ``..``, ``<5``, listed in
        ``pathways.yaml``), often half of the threshold of disclosure; None: such cells are refused and named.

    Raises
    ------
    UsageError
        When a column is missing.
    InputError
        When a place and activity stand twice, a value is negative, withheld or no number, or nothing is left; the
        findings name the rows.

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
        pl.col(value).alias("given"),
        pl.col(value).cast(pl.Float64, strict=False).alias("value"),
    )
    if long.is_empty():
        message = "the frame has no rows."
        raise InputError(message)
    long, findings = _withheld(long, value, suppressed)
    (rows, places), (columns, activities) = _coded(long["place"]), _coded(long["activity"])
    amounts = long["value"].to_numpy()
    times = np.bincount(rows * len(activities) + columns, minlength=len(places) * len(activities))
    if times.max() > 1 or _suspect(amounts) or _blank(places) or _blank(activities):
        _refuse(long, value)
    matrix = np.zeros((len(places), len(activities)))
    matrix[rows, columns] = amounts
    found = without_empty(places, activities, matrix, kind=kind)
    return replace(found, findings=(*findings, *found.findings))


def _coded(names: pl.Series) -> tuple[IntArray, list[str]]:
    """Return the position of each name among the sorted names, and these."""
    kinds = sorted(name or "" for name in names.unique())
    position = names.fill_null("").cast(pl.Enum(kinds)).to_physical()
    return position.cast(pl.Int64).to_numpy(), kinds


def _suspect(amounts: FloatArray) -> bool:
    return not bool(np.isfinite(amounts).all() and (amounts >= 0).all())


def _blank(names: list[str]) -> bool:
    return any(not name.strip() for name in names)


def _withheld(long: pl.DataFrame, column: str, suppressed: float | None) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Fill in what a statistics office withholds and say how many cells that are, or refuse and name them."""
    if long["given"].dtype != pl.String:
        return long, ()
    marks = conventions("disclosure")["marks"]
    text = pl.col("given").str.strip_chars().str.to_lowercase()
    masked = long.select(text.is_in(marks) | text.str.contains(r"^[<\u2264]\s*\d+$"))[:, 0].fill_null(value=False)
    if not masked.any():
        return long, ()
    if suppressed is None:
        findings = [
            _bad("suppressed-cell", row, column)
            for row in long.with_row_index("line", offset=1).filter(masked).rows(named=True)
        ]
        message = f"{len(findings)} cells are withheld for disclosure; the first: {findings[0].sentence()}"
        raise InputError(message, findings)
    names = [f"{row['place']}/{row['activity']}" for row in long.filter(masked).head(_SHOWN).rows(named=True)]
    filled = long.with_columns(value=pl.when(masked).then(suppressed).otherwise("value"))
    return filled, (_filled(int(masked.sum()), names, suppressed, column),)


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
        Text(zh="请先合并；若有多个年份，只保留一年。", en="Add the rows up first; of several years, keep one."),
    ),
    "suppressed-cell": (
        Text(zh="因保密未公布", en="is withheld for disclosure"),
        Text(
            zh="用 suppressed= 指定这类单元格的取值（常取保密阈值的一半），或合并地区、行业。",
            en="Say what such cells count as with suppressed= (often half of the threshold), or merge places or "
            "activities.",
        ),
    ),
    "blank-name": (Text(zh="名称为空", en="has no name"), Text(zh="请填写名称。", en="Name it.")),
}


def _refuse(long: pl.DataFrame, value: str) -> None:
    """Raise on rows that cannot be used, naming them."""
    long = long.with_row_index("line", offset=1)
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
    message = f"{len(findings)} or more rows cannot be used; the first: {findings[0].sentence()}"
    raise InputError(message, findings)


def _bad(rule: str, row: dict[str, Any], column: str) -> Finding:
    what, hint = _RULES[rule]
    shown = None if row["given"] is None else str(row["given"])
    return Finding(
        rule=rule, severity="error", message=what, hint=hint, table="cells", line=row["line"], column=column,
        key=f"{row['place']}/{row['activity']}", value=shown,
    )  # fmt: skip


def _filled(count: int, names: list[str], amount: float, column: str) -> Finding:
    more = "" if count <= len(names) else " …"
    return Finding(
        rule="suppressed-cell",
        severity="note",
        message=Text(
            zh=f"{count} 个单元格因保密未公布，按 {amount:g} 计：{'、'.join(names)}{more}",
            en=f"{count} cells are withheld for disclosure and count as {amount:g}: {', '.join(names)}{more}",
        ),
        hint=Text(zh="换一个取值，看结果是否改变。", en="Try another amount and see whether results change."),
        table="cells",
        column=column,
    )


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
    """Return some periods of a long frame as matrices of the places and activities that every one of them lists.

    Parameters
    ----------
    frame
        One row a place, activity and period; combinations that are not there count as zero.
    place, activity, value, period
        Names of its columns.
    periods
        Which periods.
    least_place
        A period, and the total of it that a place must exceed to stay; None: all stay.

    Raises
    ------
    UsageError
        When a column or a period is missing.
    InputError
        When a period cannot be used, or nothing is left.

    Examples
    --------
    >>> import polars as pl
    >>> long = pl.DataFrame({"c": ["A", "B", "C"] * 6, "i": [*"xxxyyyzzz"] * 2, "t": [1] * 9 + [2] * 9,
    ...                      "v": [float(number) for number in range(18)]})
    >>> read_panel(long, place="c", activity="i", value="v", period="t", periods=(1, 2)).values[2].tolist()
    [[9.0, 12.0, 15.0], [10.0, 13.0, 16.0], [11.0, 14.0, 17.0]]
    """
    (table,), kind = read_frames({"cells": frame})
    if period not in table.cells.columns:
        message = f"the frame has no column {period}; it has {', '.join(table.cells.columns)}."
        raise UsageError(message)
    there = table.cells[period].unique().drop_nulls().sort().to_list()
    if len(there) == 1:
        message = f"the frame holds one {period} only ({there[0]}): a comparison over time needs at least two."
        raise InputError(message)
    absent = sorted({str(one) for one in periods if one not in there})
    if absent:
        message = f"no {period} {', '.join(absent)}; there are {there[0]} to {there[-1]} ({len(there)} of them)."
        raise UsageError(message)
    own = [pl.col(place).cast(pl.String), pl.col(activity).cast(pl.String)]
    slices = {one: table.cells.filter(pl.col(period) == one) for one in dict.fromkeys(periods)}
    places = _common(data.select(own[0])[:, 0] for data in slices.values())
    activities = _common(data.select(own[1])[:, 0] for data in slices.values())
    findings = [_left("place", place, _missing(own[0], slices, places))]
    findings += [_left("activity", activity, _missing(own[1], slices, activities))]
    values = {
        one: _matrix(data, (place, activity, value), places, activities) for one, data in slices.items()
    }  # fmt: skip
    if least_place is not None:
        large = values[least_place[0]].sum(axis=1) > least_place[1]
        findings.append(_left("place", place, [name for name, keep in zip(places, large, strict=True) if not keep]))
        places = [name for name, keep in zip(places, large, strict=True) if keep]
        values = {one: matrix[large] for one, matrix in values.items()}
    if min(len(places), len(activities)) < 3:  # noqa: PLR2004 - as many as complexity needs
        message = (
            f"{len(places)} places and {len(activities)} activities are in all of {list(slices)}; three are needed."
        )
        raise InputError(message)
    return Panel(
        places=tuple(places),
        activities=tuple(activities),
        values=values,
        findings=tuple(finding for finding in findings if finding is not None),
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


def _left(rule: str, column: str, names: Sequence[str]) -> Finding | None:
    if not names:
        return None
    some = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    what = Text(zh="个地区" if rule == "place" else "项活动", en="places" if rule == "place" else "activities")
    return Finding(
        rule=f"left-out-{rule}",
        severity="note",
        message=Text(
            zh=f"{len(names)} {what.zh}不在所有年份或规模不足，未参与：{some}",
            en=f"{len(names)} {what.en} are not in every period, or too small, and are left out: {some}",
        ),
        hint=Text(zh="若应保留，请补齐各年份。", en="Complete the periods if they should stay."),
        table="cells",
        column=column,
    )
