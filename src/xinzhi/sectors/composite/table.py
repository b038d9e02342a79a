"""The data of an index: a table of indicators by region and year, checked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.data.casting import cast
from xinzhi.data.frames import read_frames
from xinzhi.sectors.composite.messages import errors, finding, refuse

if TYPE_CHECKING:
    from xinzhi.core.arrays import FloatArray, IntArray
    from xinzhi.core.finding import Finding
    from xinzhi.core.result import FrameKind
    from xinzhi.sectors.composite.system import Indicator, System

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Indicators by region and year, sorted by year and region.

    Parameters
    ----------
    keys
        ``region, year`` and, where the caller has it, ``group``.
    values
        `(n, m)` in the order of the system; NaN where missing.
    kind, findings
        The caller's kind of frame, and what was found.
    """

    keys: pl.DataFrame
    values: FloatArray
    kind: FrameKind
    findings: tuple[Finding, ...]

    @property
    def years(self) -> IntArray:
        """`(n,)` the years."""
        return self.keys["year"].to_numpy()


def read_table(frame: Any, system: System) -> Table:  # noqa: ANN401 - a frame of any kind
    """Return the table of a system from a frame with ``region``, ``year`` and one column per indicator.

    An indicator that the frame has under its own name is taken as it is; one that it lacks is made from its parts.

    Raises
    ------
    InputError
        When a column is missing or holds no numbers, a key is blank or stands twice, or an indicator is constant.
    """
    raw, kind = read_frames({"frame": frame})
    cells = raw[0].cells
    found: list[Finding] = []
    if "region" not in cells.columns:
        refuse("the frame cannot be used", [finding("no-key-column", name="region")])
    if not cells.height:
        refuse("the frame cannot be used", [finding("no-rows")])
    if "year" not in cells.columns:
        cells = cells.with_columns(year=pl.lit(0, dtype=pl.Int64))
    cells = cells.with_columns(year=_years(cells["year"]))
    found += _key_findings(cells)
    columns = {}
    for item in system.indicators:
        series, wrong = _indicator(cells, item)
        found += wrong
        columns[item.code] = series
    if errors(found):
        refuse("the frame cannot be used", found)
    names = [name for name in ("region", "year", "group") if name in cells.columns]
    whole = cells.select(pl.col("region").cast(pl.String), pl.col("year").cast(pl.Int64), *names[2:]).with_columns(
        **columns
    )
    whole = whole.sort("year", "region")
    values = whole.select(system.codes).to_numpy().astype(np.float64)
    found += _value_findings(whole, values, system)
    made = {part.column for item in system.indicators for part in (item.numerator, item.divisor) if part}
    unused = [name for name in cells.columns if name not in {*system.codes, "region", "year", "group", *made}]
    found += [finding("unused-column", name=name) for name in unused]
    if errors(found):
        refuse("the frame cannot be used", found)
    return Table(keys=whole.select(names), values=values, kind=kind, findings=tuple(found))


def constant(values: FloatArray) -> IntArray:
    """Return the positions of the columns in which every known value is the same."""
    known = np.isfinite(values)
    low = np.where(known, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, values, -np.inf).max(axis=0, initial=-np.inf)
    return np.flatnonzero(known.any(axis=0) & (low == high))


def _years(column: pl.Series) -> pl.Series:
    """Return years as whole numbers, also from dates and from text; any whole number may number the periods."""
    if column.dtype.is_integer():
        return column
    made = cast(column, "year")
    if made.bad.any():
        value = column.filter(made.bad)[0]
        refuse("the frame cannot be used", [finding("not-a-year", place={"column": "year"}, value=value)])
    return made.values.alias("year")


def _key_findings(cells: pl.DataFrame) -> list[Finding]:
    blank = cells.filter(pl.col("region").is_null() | pl.col("year").is_null()).height
    found = [finding("blank-key", count=blank)] if blank else []
    twice = cells.group_by("region", "year").len().filter(pl.col("len") > 1).sort("region", "year").head(_NAMED)
    return found + [
        finding("duplicate-row", place={"key": f"{region}/{year}"}, count=count)
        for region, year, count in twice.iter_rows()
    ]


def _indicator(cells: pl.DataFrame, item: Indicator) -> tuple[pl.Series, list[Finding]]:
    empty = pl.Series(item.code, [None] * cells.height, dtype=pl.Float64)
    parts = [item.numerator, item.divisor] if item.numerator and item.divisor else [item.numerator]
    if item.code in cells.columns:
        names = [item.code]
    elif all(part and part.table is None and part.column in cells.columns for part in parts):
        names = [part.column for part in parts if part]
    else:
        near = get_close_matches(item.code, cells.columns, n=3) or cells.columns[:3]
        return empty, [finding("unknown-indicator", name=item.code, near=", ".join(near))]
    bad = [name for name in names if not (cells[name].dtype.is_numeric() or cells[name].dtype == pl.Null)]
    if bad:
        return empty, [finding("not-numeric", place={"column": name}, name=name) for name in bad]
    series = cells[names[0]].cast(pl.Float64).fill_nan(None)
    if names[0] != item.code:
        series = series * item.factor
        series = series / cells[names[1]].cast(pl.Float64).fill_nan(None) if len(names) > 1 else series
    if (series.is_infinite() | series.is_nan()).any():
        return empty, [finding("infinite-value", place={"column": names[-1]}, name=item.code)]
    return series.alias(item.code), []


def _value_findings(whole: pl.DataFrame, values: FloatArray, system: System) -> list[Finding]:
    found = [
        finding("constant-indicator", place={"column": system.codes[at]}, name=system.codes[at], value=f"{level:g}")
        for at in constant(values).tolist()
        for level in [float(np.nanmax(values[:, at]))]
    ]
    known = whole.group_by("region").agg(pl.col(name).is_not_null().any() for name in system.codes).sort("region")
    for name in system.codes:
        empty = known.filter(~pl.col(name))["region"].to_list()
        if empty and len(empty) == known.height:
            found.append(finding("unknown-indicator", place={"column": name}, name=name, near=name))
        else:
            found += [finding("region-without-indicator", place={"key": region}, name=name) for region in empty]
    return found
