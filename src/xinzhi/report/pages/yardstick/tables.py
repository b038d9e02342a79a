"""The tables of a measurement: ranking, periods, yearly accounts, levels, inputs, coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi.core import flags
from xinzhi.core.schema import Kind, describe
from xinzhi.core.text import Text, has, words
from xinzhi.report.numbers import unit_text
from xinzhi.report.sentence import names_joined
from xinzhi.report.table import Column, Table, table
from xinzhi.yardstick import NATIONAL, Span, View

GROWTH = ("output_growth", "capital_growth", "labour_growth", "human_capital_growth")
PARTS = ("capital_contribution", "labour_contribution", "human_capital_contribution", "tfp_growth")
COVERED = ("first_year", "last_year", "last_official_year", "last_revised_year")
NOTED = frozenset({"ranking", "periods", "growth", "levels", "national", "inputs", "coverage", "omitted"})


def accounts(
    view: View, key: str, frame: pl.DataFrame, columns: Sequence[str], units: Mapping[str, Text] | None = None
) -> Table:
    """Return the table of columns of a frame; ``code`` repeats the code of ``region`` as text."""
    source = frame.with_columns(code=pl.col("region"))
    if "period" in columns:
        source = source.with_columns(period=pl.format("{}–{}", "start", "end"))
    marks = source["flags"].to_list() if "flags" in columns else []
    return table(
        key, source, columns, view.measurement, names=view.name, units=units, notes=notes(key, marks),
        title=words(f"table.{key}"),
    )  # fmt: skip


def notes(key: str, cells: Iterable[str | None]) -> tuple[Text, ...]:
    """Return what is to be known of a table, and what the flags in it mean."""
    note = (words(f"note.{key}"),) if key in NOTED and has(f"note.{key}") else ()
    return (*note, *flags.legend(set(cells)))


def ranking(view: View) -> Table:
    """Return the ranking: the leading period, the latest one beside it, and the whole span."""
    own = ("output_growth", "tfp_growth", "tfp_part", "flags")
    frame = view.of(view.lead).select("rank", "region", *own)
    columns = [*(_column(name) for name in ("rank", "region", "group")), *(_column(name, view.lead) for name in own)]
    others = [span for span in (view.latest, view.whole) if span is not None and span != view.lead]
    for span in dict.fromkeys(others):
        names = {name: f"{name}{span.label}" for name in ("tfp_growth", "rank", "flags")}
        other = view.of(span).select("region", *names).rename(names)
        frame = frame.join(other, on="region", how="left", maintain_order="left")
        columns += [replace(_column(name, span), name=renamed) for name, renamed in names.items()]
    marks = [mark for name in frame.columns if name.startswith("flags") for mark in frame[name]]
    frame = frame.with_columns(group=pl.col("region"))
    called: Mapping[str, Callable[[Any], Text | None]] = {"region": view.name, "group": view.group_of.get}
    return table("ranking", frame, columns, names=called, notes=notes("ranking", marks))


def _column(name: str, period: Span | None = None) -> Column:
    """Return the column of a name, in a period where one is given."""
    plain = describe("measure", name)
    if period is None:
        return plain
    return replace(plain, title=words("column.in_period", title=plain.title, period=period.label))


def map_twin(view: View) -> Table:
    """Return the figures on the tiles: TFP growth of every region in the leading period."""
    return accounts(view, "map", view.of(view.lead), ("rank", "region", "tfp_growth", "flags"))


def sources(view: View) -> Table:
    """Return what growth came from in every region in the leading period, largest share of TFP first."""
    frame = view.of(view.lead).sort("tfp_part", descending=True, nulls_last=True)
    return accounts(view, "sources", frame, ("region", "output_growth", *PARTS, "tfp_part", "flags"))


def periods(view: View) -> Table:
    """Return growth and contributions of every region by period."""
    names = ("code", "region", "start", "end", "output_growth", *PARTS, "tfp_part", "labour_share", "rank", "flags")
    return accounts(view, "periods", view.measurement.periods, names)


def growth(view: View) -> Table:
    """Return the yearly growth accounts of every region."""
    names = ("code", "region", "year", *GROWTH, "labour_share", *PARTS, "tfp_level", "flags")
    return accounts(view, "growth", view.measurement.frame, names)


def levels(view: View) -> Table:
    """Return the yearly levels of every region, relative to the mean and to the leader."""
    ratios = ("output_per_worker", "capital_per_worker", "tfp_level", "tfp_to_leader")
    return accounts(view, "levels", view.measurement.levels, ("code", "region", "year", *ratios, "leader"))


def national(view: View) -> Table:
    """Return the yearly growth accounts of the total and of the macro-regions."""
    frame = pl.concat([view.measurement.national, view.measurement.groups], how="vertical_relaxed")
    return accounts(view, "national", frame, ("region", "year", "output_growth", *PARTS, "labour_share", "flags"))


def national_periods(view: View) -> Table:
    """Return growth and contributions of the total and of the macro-regions by period, the whole span last."""
    frame = pl.concat([view.measurement.national_periods, view.measurement.group_periods], how="vertical_relaxed")
    order = {NATIONAL: 0, **{group.en: i for i, group in enumerate(view.groups, start=1)}}
    last = (pl.col("end") - pl.col("start")) == view.whole.end - view.whole.start
    frame = frame.sort(pl.col("region").replace_strict(order, default=len(order)), last, "start", maintain_order=True)
    names = ("region", "period", "output_growth", *PARTS, "tfp_part", "flags")
    return accounts(view, "national_periods", frame, names)


def inputs(view: View, units: Mapping[str, str]) -> Table:
    """Return the levels behind the accounts: output, capital, labour, human capital, labour share."""
    names = ("code", "region", "year", "output", "capital", "labour", "human_capital", "labour_share", "flags")
    said = {name: unit_text(unit) for name, unit in units.items()}
    return accounts(view, "inputs", view.measurement.inputs, names, said)


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
    frames = {"cumulated": cumulated(view), "group_level": group_levels(view)}
    columns = [describe("measure", "year")]
    wide: pl.DataFrame | None = None
    for name, frame in frames.items():
        if frame.is_empty():
            continue
        turned = frame.pivot(on="group", index="year", values="value")
        shown = [group for group in view.shown_groups if group.en in turned.columns]
        turned = turned.select("year", *(pl.col(group.en).alias(f"{name} {group.en}") for group in shown))
        level = name == "group_level"
        columns += [
            Column(
                name=f"{name} {group.en}",
                title=words(f"column.{name}", group=group),
                kind="level" if level else "quantity",
                unit=words("unit_of.level" if level else "unit_of.index"),
            )
            for group in shown
        ]
        wide = turned if wide is None else wide.join(turned, on="year", how="full", coalesce=True)
    empty = pl.DataFrame(schema={one.name: pl.Float64 for one in columns})
    return table("groups", empty if wide is None else wide.sort("year"), columns)


def coverage(view: View) -> Table:
    """Return how far the figures of every series carry, and how far the official ones."""
    frame = view.measurement.coverage.select("series", "column", *COVERED)
    called = {"series": flags.series_name}
    return table("coverage", frame, None, view.measurement, part="coverage", names=called, notes=notes("coverage", ()))


def omitted(view: View) -> Table:
    """Return the years that could not be measured and why, one row for the regions of one reason."""
    years: dict[tuple[str, str], list[int]] = {}
    for code, year, missing in view.measurement.omitted.select("region", "year", "missing").rows():
        years.setdefault((code, missing), []).append(year)
    regions: dict[tuple[str, str], list[Text]] = {}
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
    kinds: Mapping[str, Kind] = {"years": "code", "regions": "name", "missing": "name"}
    columns = tuple(Column(name=name, title=words(f"column.{name}"), kind=kind) for name, kind in kinds.items())
    return Table(key="omitted", title=words("table.omitted"), columns=columns, rows=rows, notes=notes("omitted", ()))


def _missing(series: str) -> Text:
    parts = series.replace(",", ";").split(";")
    return names_joined([flags.series_name(part.strip()) for part in parts if part.strip()])
