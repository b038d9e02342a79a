"""Places by activities over several periods: the same places and activities on every date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.data.frames import read_frames
from xinzhi.pathways.cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinzhi.core.arrays import FloatArray
    from xinzhi.core.result import FrameKind

_SHOWN = 5


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
