"""The tables of a measurement: ranking, periods, yearly accounts, levels, inputs, coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core import flags
from xinzhi.core.parameters import read_yaml
from xinzhi.core.result import Result
from xinzhi.core.schema import Kind, describe
from xinzhi.core.text import Text, has, words
from xinzhi.report.numbers import unit_text
from xinzhi.report.sentence import names_joined
from xinzhi.report.table import Called, Column, Table, column, table, with_period
from xinzhi.yardstick import NATIONAL, Span, View

COLUMNS: Mapping[str, list[str]] = read_yaml(Path(__file__).with_name("columns.yaml"))


def picked(
    key: str,
    frame: pl.DataFrame,
    of: Result,
    names: Called,
    units: Mapping[str, Text] | None = None,
    part: str = "frame",
) -> Table:
    """Return the columns of a frame that ``columns.yaml`` names; ``code`` repeats the code of ``region`` as text."""
    chosen = [name for name in COLUMNS[key] if name != "grade" or not _ungraded(frame)]
    if "code" in chosen:
        frame = frame.with_columns(code=pl.col("region"))
    if "rank" in chosen and "start" in frame.columns:  # a rank of estimated years is not told without its range
        estimated = [flags.is_extrapolated(cell) for cell in frame["flags"]]
        frame = frame.with_columns(rank=pl.when(~pl.Series(estimated, dtype=pl.Boolean)).then(pl.col("rank")))
    if "period" in chosen:
        frame = with_period(frame)
    marks = frame["flags"].to_list() if "flags" in chosen else []
    return table(key, frame, chosen, of, part=part, names=names, units=units, notes=notes(key, marks))


def _ungraded(frame: pl.DataFrame) -> bool:
    """Whether no figure of a frame has a grade, so that there is no column to show."""
    return "grade" not in frame.columns or frame["grade"].null_count() == frame.height


def notes(key: str, cells: Iterable[str | None] = ()) -> tuple[Text, ...]:
    """Return what is to be known of a table, and what the flags in it mean."""
    return (*([words(f"note.{key}")] if has(f"note.{key}") else []), *flags.legend(set(cells)))


def _by_period(view: View) -> pl.DataFrame:
    """Return the periods of the total and of the macro-regions, the whole span last."""
    frame = pl.concat([view.measurement.national_periods, view.measurement.group_periods], how="vertical_relaxed")
    order = {NATIONAL: 0, **{group.en: i for i, group in enumerate(view.groups, start=1)}}
    last = (pl.col("end") - pl.col("start")) == view.whole.end - view.whole.start
    place = pl.col("region").replace_strict(order, default=len(order))
    return frame.sort(place, last, "start", maintain_order=True)


FRAMES: Mapping[str, Callable[[View], pl.DataFrame]] = {
    "map": lambda view: view.of(view.lead),
    "sources": lambda view: view.of(view.lead).sort("tfp_part", descending=True, nulls_last=True),
    "periods": lambda view: view.measurement.periods,
    "growth": lambda view: view.measurement.frame,
    "levels": lambda view: view.measurement.levels,
    "inputs": lambda view: view.measurement.inputs,
    "national": lambda view: pl.concat([view.measurement.national, view.measurement.groups], how="vertical_relaxed"),
    "national_periods": _by_period,
    "coverage": lambda view: view.measurement.coverage,
}


def shown(view: View, key: str, frame: pl.DataFrame | None = None, units: Mapping[str, str] | None = None) -> Table:
    """Return a table of a measurement, of some rows where they are given; `units` are those of the inputs."""
    said = {name: unit_text(unit) for name, unit in (units or {}).items()}
    rows = FRAMES[key](view) if frame is None else frame
    if key == "coverage":
        return picked(key, rows, view.measurement, {"series": flags.series_name}, part=key)
    return picked(key, rows, view.measurement, view.name, said)


def workbook(view: View, units: Mapping[str, str] | None = None) -> list[Table]:
    """Return the tables of the workbook, one a sheet."""
    first = [ranking(view), *(shown(view, key) for key in ("periods", "growth", "levels", "national"))]
    more = [shown(view, "national_periods"), shown(view, "inputs", units=units), shown(view, "coverage")]
    return [*first, *more, omitted(view)]


def ranking(view: View) -> Table:
    """Return the ranking: the leading period, the latest one beside it, and the whole span."""
    grade = () if view.measurement.graded is None else ("grade",)
    own = ("output_growth", "tfp_growth", "tfp_part", *grade, "flags")
    frame = view.of(view.lead).select("rank", "region", *own)
    columns = [*(_column(name) for name in ("rank", "region", "group")), *(_column(name, view.lead) for name in own)]
    others = [span for span in (view.latest, view.whole) if span is not None and span != view.lead]
    for span in dict.fromkeys(others):
        places = () if view.is_extrapolated(span) else ("rank",)  # no rank of estimated years without its range
        names = {name: f"{name}{span.label.en}" for name in ("tfp_growth", *places, *grade, "flags")}
        other = view.of(span).select("region", *names).rename(names)
        frame = frame.join(other, on="region", how="left", maintain_order="left")
        columns += [replace(_column(name, span), name=renamed) for name, renamed in names.items()]
    marks = [mark for name in frame.columns if name.startswith("flags") for mark in frame[name]]
    called: Mapping[str, Callable[[Any], Text | None]] = {"region": view.name, "group": view.group_of.get}
    source = frame.with_columns(group=pl.col("region"))
    return table("ranking", source, columns, names=called, notes=notes("ranking", marks))


def _column(name: str, period: Span | None = None) -> Column:
    """Return the column of a name, in a period where one is given."""
    plain = describe("measure", name)
    if period is None:
        return plain
    return replace(plain, title=words("column.in_period", title=plain.title, period=period.label))


def cumulated(view: View) -> pl.DataFrame:
    """Return ``group, year, value``: TFP of each macro-region cumulated from the first year (= 100)."""
    frame = view.measurement.groups.fill_nan(None).drop_nulls("tfp_growth").sort("region", "year")
    start = frame.group_by("region", maintain_order=True).agg(year=pl.col("year").min() - 1, value=pl.lit(100.0))
    later = frame.select("region", "year", value=100 * pl.col("tfp_growth").cum_sum().over("region").exp())
    both = pl.concat([start, later], how="vertical_relaxed")
    return both.rename({"region": "group"}).sort("group", "year")


def group_levels(view: View) -> pl.DataFrame:
    """Return ``group, year, value``: mean in logs of the TFP levels of the regions of each macro-region."""
    member = view.measurement.regions.select("region", group="group_en").drop_nulls("group")
    frame = view.measurement.levels.fill_nan(None).drop_nulls("tfp_level").join(member, on="region")
    return frame.group_by("group", "year").agg(value=pl.col("tfp_level").log().mean().exp()).sort("group", "year")


def groups(view: View) -> Table:
    """Return the lines of the macro-regions as a table: cumulated TFP and TFP level by year."""
    lines = {"cumulated": cumulated(view), "group_level": group_levels(view)}
    kinds: Mapping[str, tuple[Kind, Text]] = {
        "cumulated": ("quantity", words("unit_of.index")), "group_level": ("level", words("unit_of.level")),
    }  # fmt: skip
    frame, columns = lines["cumulated"].select("year").clear(), [describe("measure", "year")]
    for name, found in lines.items():
        groups_ = [group for group in view.shown_groups if group.en in set(found["group"])]
        named = {group.en: f"{name} {group.en}" for group in groups_}
        wide = found.pivot(on="group", index="year", values="value").select("year", *named).rename(named)
        frame = frame.join(wide, on="year", how="full", coalesce=True)
        columns += [column(name, *kinds[name], of=named[group.en], group=group) for group in groups_]
    return table("groups", frame.sort("year"), columns)


def omitted(view: View) -> Table:
    """Return the years that could not be measured and why, one row for the regions of one reason."""
    years: dict[tuple[str, str], list[int]] = {}
    for code, year, missing in view.measurement.omitted.select("region", "year", "missing").rows():
        years.setdefault((code, missing), []).append(year)
    regions: dict[tuple[Text, str], list[Text]] = {}
    for (code, missing), some in years.items():
        regions.setdefault((flags.year_ranges(some), missing), []).append(view.name(code))
    everyone = len(view.codes)
    rows = [
        (
            span,
            words("label.all_regions", n=everyone) if len(names) == everyone > 1 else names_joined(names),
            _missing(cell),
        )
        for (span, cell), names in regions.items()
    ]
    columns = (column("years", "code"), column("regions", "name"), column("missing", "name"))
    return Table(key="omitted", title=words("table.omitted"), columns=columns, rows=rows, notes=notes("omitted"))


def _missing(series: str) -> Text:
    parts = series.replace(",", ";").split(";")
    return names_joined([flags.series_name(part.strip()) for part in parts if part.strip()])
