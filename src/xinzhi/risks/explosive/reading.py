"""From a frame to series that can be tested; what cannot is named, with the cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text
from xinzhi.data.frames import read_frames
from xinzhi.risks.explosive.conventions import setting, text
from xinzhi.risks.explosive.dates import read_calendar, read_steps, written

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.result import FrameKind
    from xinzhi.risks.explosive.dates import Calendar, Steps

Gaps = Literal["refuse", "longest"]
Zeros = Literal["refuse", "keep"]
_UNIT_WORDS = {
    "month": ("个月", "months"),
    "quarter": ("个季度", "quarters"),
    "year": ("年", "years"),
    "day": ("天", "days"),
    "position": ("期", "steps"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series in order of time.

    Parameters
    ----------
    name
        As in the frame.
    dates
        `(T,)`, as in the frame.
    level
        `(T,)`, finite; empty where the series cannot be tested.
    problem
        Name of the rule that keeps it from the test; empty where nothing does.
    """

    name: str
    dates: pl.Series
    level: FloatArray
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All series of a frame.

    Parameters
    ----------
    series
        In the order of the frame.
    findings
        What was found in them.
    kind
        The caller's kind of frame.
    """

    series: tuple[Series, ...]
    findings: tuple[Finding, ...]
    kind: FrameKind


def read_series(
    frame: Any,  # noqa: ANN401 - any kind of frame
    series: str,
    date: str,
    value: str,
    *,
    gaps: Gaps = "refuse",
    zeros: Zeros = "refuse",
) -> Reading:
    """Return the series of a long frame.

    Parameters
    ----------
    frame
        One row a series and date, of any kind.
    series, date, value
        Names of its columns.
    gaps
        ``refuse`` a series with a hole in it, or take the ``longest`` unbroken stretch.
    zeros
        ``refuse`` a zero among positive values, or ``keep`` it.

    Raises
    ------
    InputError
        When a column is missing, values are no numbers, dates cannot be read, or the frame is empty.

    Examples
    --------
    >>> rows = pl.DataFrame({"s": ["a"] * 4, "t": [2001, 2002, 2004, 2005], "v": [1.0, 2.0, 1.5, 1.7]})
    >>> read_series(rows, "s", "t", "v").series[0].problem
    'gap'
    """
    tables, kind = read_frames({"bubbles": frame})
    cells = tables[0].cells
    _check(cells, (series, date, value))
    cells = cells.with_row_index("_line", offset=1).select(
        pl.col("_line"),
        pl.col(series).cast(pl.String).alias("_series"),
        pl.col(date).alias("_date"),
        pl.col(value).cast(pl.Float64).fill_nan(None).alias("_value"),
    )
    findings: list[Finding] = []
    undated = cells.filter(pl.col("_date").is_null() | pl.col("_series").is_null())
    if undated.height:
        line = int(undated["_line"][0])
        findings.append(finding("no-date", column=date, line=line, severity="error", count=undated.height))
        cells = cells.filter(pl.col("_date").is_not_null() & pl.col("_series").is_not_null())
    if not cells.height:
        message = f"bubbles: the frame has no row with a series ('{series}') and a date ('{date}')."
        raise InputError(message, findings)
    calendar = read_calendar(cells["_date"].alias(date))
    cells = cells.with_columns(pl.Series("_ordinal", calendar.ordinal))
    reader = _Reader(column=value, calendar=calendar, gaps=gaps, zeros=zeros, findings=findings)
    names = cells["_series"].unique(maintain_order=True).to_list()
    groups = cells.partition_by("_series", as_dict=True, maintain_order=True)
    found = tuple(reader.read(name, groups[(name,)]) for name in names)
    return Reading(series=found, findings=tuple(findings), kind=kind)


def _check(cells: pl.DataFrame, wanted: tuple[str, str, str]) -> None:
    """Raise when a column is missing or the values are no numbers."""
    if missing := [name for name in wanted if name not in cells.columns]:
        message = f"bubbles needs the columns {', '.join(missing)}; the frame has {', '.join(cells.columns)}."
        raise InputError(message)
    value = cells[wanted[2]]
    if not (value.dtype.is_numeric() or value.dtype == pl.Null):
        text_cells = value.cast(pl.String).cast(pl.Float64, strict=False)
        bad = value.filter(text_cells.is_null() & value.is_not_null())
        shown = f", such as {bad[0]!r}" if len(bad) else ""
        message = f"bubbles: the column '{wanted[2]}' holds {value.dtype}, no numbers{shown}; convert it first."
        raise InputError(message)


def finding(
    rule: str,
    *,
    column: str | None,
    key: str | None = None,
    line: int | None = None,
    severity: Literal["error", "warning", "note"],
    **values: Any,  # noqa: ANN401 - what the words are filled with
) -> Finding:
    """Return a finding with the words of ``bubbles.yaml``."""
    place = "problems" if severity == "error" else "notes"
    node = setting(place)[rule]
    return Finding(
        rule=f"bubbles-{rule}",
        severity=severity,
        message=text(f"{place}.{rule}", **values),
        hint=Text(zh=node.get("cure_zh", ""), en=node.get("cure_en", "")),
        table="bubbles",
        column=column,
        key=key,
        line=line,
    )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads one series after the other and gathers the findings."""

    column: str
    calendar: Calendar
    gaps: Gaps
    zeros: Zeros
    findings: list[Finding]

    def read(self, name: str, rows: pl.DataFrame) -> Series:
        """Return one series."""
        if not rows["_ordinal"].is_sorted():
            self._note("unsorted", name)
            rows = rows.sort("_ordinal", maintain_order=True)
        ordinal = rows["_ordinal"]
        twice = rows.filter(ordinal.is_duplicated())
        if twice.height:
            first = twice["_date"][0]
            count = twice.filter(pl.col("_ordinal") == twice["_ordinal"][0]).height
            return self._refuse("duplicate", name, rows, line=int(twice["_line"][1]), first=first, count=count)
        known = rows["_value"].is_not_null()
        if not known.any():
            return self._refuse("too-short", name, rows, count=0, least=setting("shortest"))
        places = known.arg_true()
        inner = rows.slice(int(places[0]), int(places[-1]) - int(places[0]) + 1)
        if inner.height < rows.height:
            ends = {"first": inner["_date"][0], "last": inner["_date"][-1]}
            self._note("trimmed", name, count=rows.height - inner.height, **ends)
        infinite = inner.filter(pl.col("_value").is_infinite())
        if infinite.height:
            return self._refuse("infinite", name, rows, line=int(infinite["_line"][0]), first=infinite["_date"][0])
        return self._unbroken(name, inner)

    def _unbroken(self, name: str, rows: pl.DataFrame) -> Series:
        """Return a series without holes, or name the first hole."""
        present = rows.filter(pl.col("_value").is_not_null())
        ordinal = present["_ordinal"].to_numpy()
        steps = read_steps(rows["_ordinal"].to_numpy(), self.calendar.unit)
        if steps.other is not None:
            other, at = steps.other
            unit_zh, unit_en = _UNIT_WORDS[self.calendar.unit]
            words: dict[str, Any] = {"usual": steps.usual, "other": other, "unit_zh": unit_zh, "unit_en": unit_en}
            return self._refuse("mixed-frequency", name, rows, first=rows["_date"][at], **words)
        if steps.trading:
            self._note("trading-days", name)
        empty = rows["_value"].null_count()
        if steps.missing or empty:
            if self.gaps == "refuse":
                first = self._first_hole(rows, steps)
                return self._refuse("gap", name, rows, first=first, count=steps.missing + empty)
            present = self._longest(name, present, ordinal, steps)
        return self._values(name, present)

    def _first_hole(self, rows: pl.DataFrame, steps: Steps) -> str:
        """Return the first date that is missing."""
        ordinal = rows["_ordinal"].to_numpy()
        holes = [int(ordinal[at - 1]) + steps.usual for at in steps.breaks.tolist()]
        holes += [int(value) for value in rows.filter(pl.col("_value").is_null())["_ordinal"].to_list()]
        return written(min(holes), self.calendar.unit)

    def _longest(self, name: str, present: pl.DataFrame, ordinal: IntArray, steps: Steps) -> pl.DataFrame:
        """Return the longest stretch without a hole (the latest of equals)."""
        cuts = np.flatnonzero(np.diff(ordinal) != steps.usual) + 1
        bounds = np.concatenate([[0], cuts, [len(ordinal)]])
        lengths = np.diff(bounds)
        at = int(np.flatnonzero(lengths == lengths.max())[-1])
        part = present.slice(int(bounds[at]), int(lengths[at]))
        ends = {"first": part["_date"][0], "last": part["_date"][-1]}
        self._note("longest", name, count=part.height, left=present.height - part.height, **ends)
        return part

    def _values(self, name: str, rows: pl.DataFrame) -> Series:
        """Return a series whose values can be tested."""
        level = rows["_value"].to_numpy().astype(np.float64)
        zero = np.flatnonzero(level == 0)
        if len(zero) and len(zero) < len(level) and (level >= 0).all():
            if self.zeros == "refuse":
                at = int(zero[0])
                return self._refuse(
                    "zero", name, rows, line=int(rows["_line"][at]), count=len(zero), first=rows["_date"][at]
                )
            self._note("zeros-kept", name, count=len(zero))
        if len(level) < setting("shortest"):
            return self._refuse("too-short", name, rows, count=len(level), least=setting("shortest"))
        if np.ptp(level) == 0:
            return self._refuse("constant", name, rows)
        return Series(name=name, dates=rows["_date"], level=level)

    def _refuse(
        self,
        rule: str,
        name: str,
        rows: pl.DataFrame,
        *,
        line: int | None = None,
        **values: Any,  # noqa: ANN401 - what the words are filled with
    ) -> Series:
        found = finding(rule, column=self.column, key=name, line=line, severity="error", **values)
        self.findings.append(found)
        return Series(name=name, dates=rows["_date"], level=np.empty(0), problem=rule)

    def _note(self, rule: str, name: str, **values: Any) -> None:  # noqa: ANN401 - what the words are filled with
        self.findings.append(finding(rule, column=self.column, key=name, severity="note", **values))
