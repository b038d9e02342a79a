"""Units by years: a long frame read into a matrix, with gaps, repeats and impossible values named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.data.frames import read_frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.core.result import FrameKind


Gaps = Literal["refuse", "drop"]
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitYears:
    """A matrix of units by years.

    Parameters
    ----------
    units
        Their names, sorted.
    years
        The years that occur `(T,)`, rising.
    values
        `(N, T)`, NaN where nothing was observed.
    findings
        Units that were left out, each by name.
    kind
        The kind of frame that the caller handed in.
    """

    units: tuple[str, ...]
    years: IntArray
    values: FloatArray
    findings: tuple[Finding, ...] = ()
    kind: FrameKind = "polars"

    def row(self, unit: str) -> FloatArray:
        """Return the series of a unit.

        Raises
        ------
        UsageError
            When there is no such unit.
        """
        if unit not in self.units:
            message = f"there is no unit '{unit}'; there are {shown(self.units)}."
            raise UsageError(message)
        series: FloatArray = self.values[self.units.index(unit)]
        return series


def read_columns(
    frame: Any,  # noqa: ANN401 - any kind of frame
    columns: Sequence[str],
    *,
    verb: str,
) -> tuple[pl.DataFrame, FrameKind]:
    """Return the columns asked for as polars, and the kind of frame.

    Raises
    ------
    UsageError
        When a column is missing.
    """
    (table,), kind = read_frames({"panel": frame})
    missing = [name for name in columns if name not in table.cells.columns]
    if missing:
        message = f"{verb}: the frame has no column {', '.join(missing)}; it has {', '.join(table.cells.columns)}."
        raise UsageError(message)
    return table.cells.select(list(dict.fromkeys(columns))), kind


def read_unit_years(
    frame: Any,  # noqa: ANN401 - any kind of frame
    *,
    unit: str,
    time: str,
    value: str,
    verb: str,
) -> UnitYears:
    """Return a long frame as a matrix of units by years; what is missing is NaN.

    Parameters
    ----------
    frame
        One row a unit and year.
    unit, time, value
        Names of its columns; `time` holds whole years, or dates of which the year counts.
    verb
        Who asks, for the messages.

    Raises
    ------
    UsageError
        When a column is missing.
    InputError
        When a value is no number or infinite, a key is empty, or a unit and year stand twice.

    Examples
    --------
    >>> long = pl.DataFrame({"u": ["a", "a", "b"], "y": [1, 2, 2], "v": [1.0, 2.0, 3.0]})
    >>> read_unit_years(long, unit="u", time="y", value="v", verb="show").values.tolist()
    [[1.0, 2.0], [nan, 3.0]]
    """
    cells, kind = read_columns(frame, [unit, time, value], verb=verb)
    when = pl.col(time).dt.year() if cells.schema[time].is_temporal() else pl.col(time).cast(pl.Float64)
    try:
        rows = cells.select(
            pl.col(unit).cast(pl.String).alias("unit"),
            when.alias("year").cast(pl.Float64).fill_nan(None),
            pl.col(value).cast(pl.Float64).alias("value").fill_nan(None),
        )
    except pl.exceptions.PolarsError as error:
        message = f"{verb}: '{time}' must hold whole years and '{value}' numbers ({str(error).splitlines()[0]})."
        raise InputError(message) from error
    if rows["unit"].null_count() or rows["year"].null_count():
        message = f"{verb}: a row has no {unit} or no {time}; every row needs both."
        raise InputError(message)
    broken = rows.filter(pl.col("year") != pl.col("year").round())
    if broken.height:
        message = f"{verb}: '{time}' is {broken['year'][0]:g} for {broken['unit'][0]}; it holds whole years."
        raise InputError(message)
    rows = rows.with_columns(pl.col("year").cast(pl.Int64))
    _refuse_repeats(rows, verb)
    rows = rows.drop_nulls("value")
    if not rows.height:
        message = f"{verb}: '{value}' has no value at all."
        raise InputError(message)
    if rows["value"].is_infinite().any():
        name, year, _ = rows.filter(pl.col("value").is_infinite()).row(0)
        message = f"{verb}: '{value}' is infinite for {name}, {year}; leave the cell empty if it is not known."
        raise InputError(message)
    units = rows["unit"].unique().sort()
    years = rows["year"].unique().sort()
    matrix = np.full((len(units), len(years)), np.nan)
    place = np.searchsorted(units.to_numpy(), rows["unit"].to_numpy())
    matrix[place, np.searchsorted(years.to_numpy(), rows["year"].to_numpy())] = rows["value"].to_numpy()
    return UnitYears(units=tuple(units.to_list()), years=years.to_numpy(), values=matrix, kind=kind)


def _refuse_repeats(rows: pl.DataFrame, verb: str) -> None:
    twice = rows.group_by("unit", "year").len().filter(pl.col("len") > 1).sort("unit", "year")
    if twice.height:
        name, year, count = twice.row(0)
        message = f"{verb}: {name} has {count} rows in {year}; keep one of them."
        raise InputError(message)


def balanced(panel: UnitYears, *, verb: str, gaps: Gaps = "refuse", fewest: int = 3) -> UnitYears:
    """Return a panel without gaps, at equal distances in time.

    Parameters
    ----------
    panel
        What was read.
    verb
        Who asks, for the messages.
    gaps
        ``refuse`` a panel with gaps, naming each; or ``drop`` the units that have any, naming each in the findings.
    fewest
        The least number of units.

    Raises
    ------
    UsageError
        When `gaps` is neither.
    InputError
        When there are gaps that are refused, years at unequal distances, one year only, or too few units.
    """
    if gaps not in {"refuse", "drop"}:
        message = f"gaps='{gaps}': it is refuse or drop."
        raise UsageError(message)
    _refuse_uneven(panel.years, verb)
    holed = ~np.isfinite(panel.values).all(axis=1)
    findings = tuple(_gap(panel, int(row), gaps) for row in np.flatnonzero(holed))
    if holed.any() and gaps == "refuse":
        names = shown([panel.units[row] for row in np.flatnonzero(holed)])
        few = f"{int(holed.sum())} of {len(panel.units)} units"
        message = f"{verb}: {few} have gaps: {names}. Fill them, or gaps='drop'."
        raise InputError(message, findings)
    kept = np.flatnonzero(~holed)
    if len(kept) < fewest:
        message = f"{verb}: {len(kept)} units without gaps; it needs {fewest}."
        raise InputError(message, findings)
    return replace(
        panel,
        units=tuple(panel.units[row] for row in kept),
        values=panel.values[kept],
        findings=(*panel.findings, *findings),
    )


def logarithms(panel: UnitYears, *, verb: str) -> UnitYears:
    """Return the panel in natural logarithms.

    Raises
    ------
    InputError
        When a value is zero or negative; the findings name each.
    """
    bad = np.argwhere(panel.values <= 0)
    if len(bad):
        findings = tuple(
            Finding(
                rule="no-logarithm",
                severity="error",
                message=Text(zh="没有对数", en="has no logarithm"),
                hint=Text(zh="水平值须为正；未知则留空。", en="Levels are positive; leave empty what is not known."),
                key=f"{panel.units[row]}/{panel.years[column]}",
                value=f"{panel.values[row, column]:g}",
            )
            for row, column in bad
        )
        message = f"{verb}: {len(bad)} values are zero or negative and have no logarithm, first {findings[0].key}."
        raise InputError(message, findings)
    return replace(panel, values=np.log(panel.values))


def _refuse_uneven(years: IntArray, verb: str) -> None:
    if len(years) < 2:  # noqa: PLR2004 - a change needs two years
        message = f"{verb}: there is one year only ({years[0]}); convergence is a matter of several."
        raise InputError(message)
    steps = np.diff(years)
    if len(set(steps.tolist())) > 1:
        usual = int(np.median(steps))
        place = int(np.flatnonzero(steps != usual)[0])
        message = (
            f"{verb}: no unit has a value between {years[place]} and {years[place + 1]}, while the usual step is "
            f"{usual}: fill the years, or take a span without such a gap."
        )
        raise InputError(message)


def _gap(panel: UnitYears, row: int, gaps: Gaps) -> Finding:
    missing = panel.years[~np.isfinite(panel.values[row])]
    return Finding(
        rule="gap",
        severity="error" if gaps == "refuse" else "warning",
        message=Text(zh=f"缺少 {shown(missing)} 年", en=f"no value in {shown(missing)}"),
        hint=Text(zh="补齐，或略去该单元。", en="Fill it, or leave the unit out."),
        key=panel.units[row],
    )


def span(panel: UnitYears, start: int | None, end: int | None, *, verb: str) -> UnitYears:
    """Return the years from `start` to `end`, both included.

    Raises
    ------
    UsageError
        When none is left.
    """
    kept: BoolArray = np.ones(len(panel.years), dtype=np.bool_)
    if start is not None:
        kept &= panel.years >= start
    if end is not None:
        kept &= panel.years <= end
    if not kept.any():
        message = f"{verb}: no year from {start} to {end}; there are {panel.years[0]} to {panel.years[-1]}."
        raise UsageError(message)
    return replace(panel, years=panel.years[kept], values=panel.values[:, kept])


def shown(items: Sequence[object] | IntArray) -> str:
    """Return the first few of many names."""
    names = [str(item) for item in items]
    return ", ".join(names[:_SHOWN]) + (f", ... ({len(names)})" if len(names) > _SHOWN else "")
