"""The goods of a plain table of units, or of units and periods; what cannot be used is named cell by cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from xinzhi import data
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.data import internal as data_internal
from xinzhi.frontier import internal as frontier_internal
from xinzhi.studies.tables import in_order, whole

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.data import Tidy
    from xinzhi.studies.tables import Plain

EXACT = 2.0**53  # the whole numbers that a double tells apart
REGION, YEAR, GROUP = "region", "year", "group"
LINE = "__line__"  # where a row stands in its file


def at_lines(frame: pl.DataFrame, file: str) -> pl.DataFrame | data_internal.RawTable:
    """Return the rows of a plain table with the lines that a finding names; those of a package as they are."""
    if LINE not in frame.columns:
        return frame
    return data_internal.RawTable(name="frame", file=file, cells=frame.drop(LINE), lines=frame[LINE])


def read_goods(
    table: Plain, columns: Iterable[str], period: str | None, unit: str | None, group: str | None
) -> tuple[frontier_internal.PackageGoods, tuple[Finding, ...]]:
    """Return the figures of a plain table, and what is odd about them."""
    goods = tuple(dict.fromkeys(columns))
    unit = unit or _unit(table.frame, {*goods, group, period}, period)
    if unit is None and period is not None:
        raise UsageError("studies.name-unit", table=table.name)
    pasted = table.frame.is_duplicated()  # a row that stands twice is named with its line below
    if (
        unit is not None
        and period is None
        and 2 * (twice := table.frame[unit].is_duplicated() & ~pasted).sum() > len(twice)
    ):
        raise InputError("studies.unit-twice", table=table.name, unit=table.frame[unit].filter(twice)[0])
    places = {REGION: unit, YEAR: period, GROUP: group}
    fields = [
        *(
            data.Field(name, "any" if name == YEAR else "code", column=column)
            for name, column in places.items()
            if column
        ),
        *(data.Field(good) for good in goods),
    ]
    key = [name for name in (REGION, YEAR) if places[name]]
    tidy = data.tidy(table.raw, fields, key=key, verb="frontier", columns_from_caller=True)
    _refuse_odd(tidy, goods, period)
    if period is not None:
        tidy = replace(tidy, frame=tidy.frame.with_columns(in_order(whole(tidy.frame[YEAR]))))
    numbered = {REGION: pl.int_range(1, pl.len() + 1).cast(pl.String), YEAR: pl.lit(0)}
    lines = table.raw.lines.gather(tidy.rows).alias(LINE)
    frame = tidy.frame.with_columns(
        lines, *(column.alias(name) for name, column in numbered.items() if not places[name])
    )
    ends = {good: frame.drop_nulls(good)[YEAR].sort().to_list()[-1:] for good in goods}
    if empty := [good for good, end in ends.items() if not end]:
        raise InputError("studies.empty-column", table=table.name, column=empty[0])
    findings = tidy.slips(*goods, unit=REGION if unit else None, period=YEAR if period else None)
    last = {good: end[0] for good, end in ends.items()}
    return frontier_internal.PackageGoods(frame=frame.sort(YEAR, REGION), goods=goods, ends=last), findings


def _refuse_odd(tidy: Tidy, goods: tuple[str, ...], period: str | None) -> None:
    """Refuse figures that cannot be computed with, and among numbered periods those that are no number."""
    size = frontier_internal.setting("figure_size")
    for good in goods:
        extreme = (pl.col(good).abs() > size) | ((pl.col(good) != 0) & (pl.col(good).abs() < 1 / size))
        tidy.refuse(extreme, "studies.figure-size", column=good, least=f"{1 / size:g}", most=f"{size:g}")
    if period is not None:
        number = tidy.frame[YEAR].cast(pl.Float64, strict=False)
        sound = ((number.abs() < EXACT) & number.is_finite()).fill_null(value=False)
        if sound.any() or tidy.frame[YEAR].dtype.is_numeric():
            tidy.refuse(~sound, "studies.no-period-cell", column=period)


def _unit(frame: pl.DataFrame, used: set[str | None], period: str | None) -> str | None:
    """Return the column that names every row of a period once, one of words if there is any, or nearly all rows."""
    free = [name for name in frame.columns if name not in used]
    texts = [name for name in free if frame[name].dtype == pl.String]
    numbers = [name for name in free if name not in texts and whole(frame[name]).dtype == pl.Int64]
    keys = [] if period is None else [period]
    twice = {name: int(frame.select(name, *keys).is_duplicated().sum()) for name in (*texts, *numbers)}
    exact = next((name for name, rows in twice.items() if not rows), None)
    # a row that was pasted twice is a mistake of the rows, which are named, and not of the column
    recur = [name for name in numbers if keys and 2 * frame[name].n_unique() <= frame.height]  # codes, not figures
    return exact or next((name for name in (*texts, *recur) if 2 * twice[name] < frame.height), None)
