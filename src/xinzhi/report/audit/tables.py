"""The tables of an audit: one definition each, written into the page and into the workbook alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.report.audit import levels
from xinzhi.report.catalogue import has, words
from xinzhi.report.tables import Column, Table, column
from xinzhi.report.tables import protocol as parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.report.audit.view import AuditView
    from xinzhi.report.tables import Kind

ALL = 1000  # protocols up to which the workbook lists every one
POINTS = ("minimum", "p05", "median", "p95", "maximum")
RANKS = tuple(f"rank_{name}" for name in POINTS)
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("region", "choice", "level"), "name"),
    **dict.fromkeys(("departures", "single_departure", "levels", "serves"), "value"),
    **dict.fromkeys(("code", "path", "nearest"), "code"),
    **dict.fromkeys(("start", "end"), "year"),
    **dict.fromkeys((*RANKS, "official_rank", "best_rank", "worst_rank", "everyone_rank", "rank_gain"), "integer"),
    **dict.fromkeys(("protocols", "number", "departure_count"), "integer"),
    **dict.fromkeys(("official", *POINTS, "best_growth", "growth_gain", "single_gain"), "percent"),
    **dict.fromkeys(("part", "part_lowest", "part_highest", "first_order", "total", "ranks_first", "above"), "share"),
}
ROOM = (
    "region", "official_rank", "best_rank", "worst_rank", "everyone_rank", "official", "best_growth", "departures",
    "single_departure", "single_gain",
)  # fmt: skip
REGIONS = (
    "code", "region", "start", "end", "official_rank", "official", *POINTS, *RANKS, "best_rank", "rank_gain",
    "best_growth", "growth_gain", "departure_count", "departures", "single_departure", "single_gain", "everyone_rank",
    "nearest", "protocols",
)  # fmt: skip


def of(name: str, *, title: str | None = None) -> Column:
    """Return the column of a name of the audit."""
    made = column(name, kind=KINDS.get(name, "text"))
    return made if title is None else Column(title=words(title), kind=made.kind, unit=made.unit)


def _table(key: str, columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> Table:
    notes = (words(f"note.{key}"),) if has(f"note.{key}") else ()
    return Table(key=key, title=words(f"table.{key}"), columns=tuple(columns), rows=rows, notes=notes)


def _cells(view: AuditView, row: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    """Return the cells of one region in one period, growth and shares in percent, departures in words."""
    cells: list[Any] = []
    for name in names:
        kind = KINDS.get(name, "text")
        value = row["region"] if name == "code" else row.get(name)
        if name == "region":
            value = view.name(row["region"])
        elif name == "departures":
            value = view.departures(row["best_protocol"])
        elif name == "single_departure":
            value = view.single(value) if value else ""
        elif kind in {"percent", "share"} and value is not None:
            value = 100 * value
        elif name in RANKS and value is not None and value == round(value):
            value = round(value)
        cells.append(value)
    return tuple(cells)


def _from_rows(view: AuditView, key: str, frame: pl.DataFrame, names: Sequence[str]) -> Table:
    rows = [_cells(view, row, names) for row in frame.fill_nan(None).rows(named=True)]
    return _table(key, [of(name) for name in names], rows)


def room(view: AuditView) -> Table:
    """Return what each region could gain in the leading period, and by which departures."""
    return _from_rows(view, "room", view.rows, ROOM)


def ranks(view: AuditView) -> Table:
    """Return the spread of ranks in the leading period when every region is measured with the same protocol."""
    return _from_rows(view, "ranks", view.rows, ("region", "official_rank", *RANKS, "best_rank"))


def growth(view: AuditView) -> Table:
    """Return the spread of TFP growth of every region in the leading period."""
    return _from_rows(view, "curves", view.rows, ("region", "official_rank", "official", *POINTS, "growth_gain"))


def regions(view: AuditView) -> Table:
    """Return every region in every period."""
    return _from_rows(view, "audit_regions", view.audit.frame, REGIONS)


def curve(view: AuditView, code: str | None = None) -> Table:
    """Return the TFP growth of one region by level of each choice, over the protocols that have it."""
    found = view.curve(code)
    rows: list[tuple[Any, ...]] = []
    for choice in view.ordered:
        axis = view.choices.index(choice)
        for at in range(len(choice.levels)):
            has_level = found.levels[:, axis] == at
            if not has_level.any():
                continue
            inside = found.values[has_level]
            first = None if found.needed is None else 100 * float((inside >= found.needed).mean())
            figures = (100 * float(value) for value in (inside.min(), np.median(inside), inside.max()))
            mark = words("label.yes") if at == 0 else ""
            rows.append((levels.title(choice), levels.level(choice, at), mark, *figures, first, len(inside)))
    columns = [of("choice"), of("level"), of("is_official"), *(of(name) for name in ("minimum", "median", "maximum"))]
    return _table("curve", [*columns, of("ranks_first"), of("protocols")], rows)


def choices(view: AuditView) -> Table:
    """Return what was varied: every choice with its levels, the official one marked, and what it is worth."""
    rows = [
        (
            levels.title(choice),
            ", ".join(choice.paths),
            levels.listed([levels.level(choice, at) for at in range(len(choice.levels))]),
            100 * view.shares[choice.name] if choice.name in view.shares else None,
        )
        for choice in view.ordered
    ]
    return _table("choices", [of("choice"), of("path"), of("levels"), of("part")], rows)


def variance(view: AuditView) -> Table:
    """Return the part of each choice in the spread of the leading period: together, by macro-region, and its range."""
    inside = view.audit.variance.filter(view.span.holds())
    groups = list(dict.fromkeys(view.group_of[code] for code in view.codes if code in view.group_of))
    columns = [of("choice"), of("path"), of("part")]
    columns += [Column(title=group, kind="share", unit=words("unit_of.share")) for group in groups]
    columns += [of("part_lowest"), of("part_highest")]
    rows: list[tuple[Any, ...]] = []
    for choice in view.ordered:
        own = inside.filter(choice=choice.name)
        by_group = []
        for group in groups:
            members = [code for code in view.codes if view.group_of.get(code) == group]
            whole = float(inside.filter(pl.col("region").is_in(members))["shapley"].sum())
            part = float(own.filter(pl.col("region").is_in(members))["shapley"].sum())
            by_group.append(100 * part / whole if whole > 0 else None)
        ends = [None if end is None else 100 * float(str(end)) for end in (own["share"].min(), own["share"].max())]
        share = view.shares.get(choice.name)
        rows.append((levels.title(choice), choice.name, None if share is None else 100 * share, *by_group, *ends))
    return _table("variance", columns, rows)


def variance_by_region(view: AuditView) -> Table:
    """Return the variance by choice of every region in every period."""
    titles = {choice.name: levels.title(choice) for choice in view.choices}
    parts = ("first_order", "total", "share")
    names = ("region", "start", "end", "choice", "variance", *parts)
    frame = view.audit.variance.with_columns(
        pl.when(pl.col("variance") > 0).then(pl.col(name) / pl.col("variance")).alias(name)
        for name in ("first_order", "total")
    )
    rows = [
        (code, view.name(code), start, end, titles[name], name, 1e4 * whole, *(_percent(part) for part in found))
        for code, start, end, name, whole, *found in frame.fill_nan(None).select(names).rows()
    ]
    columns = [of("code"), of("region"), of("start"), of("end"), of("choice"), of("path")]
    columns.append(Column(title=words("column.variance"), kind="level", unit=words("unit_of.squared")))
    columns += [of("first_order"), of("total"), of("part")]
    return _table("variance_by_region", columns, rows)


def _percent(part: float | None) -> float | None:
    return None if part is None else 100 * part


def reversals(view: AuditView) -> Table:
    """Return the share of the protocols in which the row grows faster than the column, by official rank."""
    inside = view.audit.reversals.filter(view.span.holds()).select("region", "other", "above")
    above = {(code, other): 100 * value for code, other, value in inside.rows()}
    unit = words("unit_of.share")
    columns = [of("region"), *(Column(title=view.name(code), kind="share", unit=unit) for code in view.codes)]
    rows = [(view.name(code), *(above.get((code, other)) for other in view.codes)) for code in view.codes]
    return _table("reversals", columns, rows)


def protocols(view: AuditView) -> Table:
    """Return the protocols: all of a small set, else the official one, those next to it and those best for a region."""
    frame = view.audit.protocols
    open_paths = frame.columns[4:]
    if frame.height > ALL:
        best = view.audit.frame["best_protocol"].unique().to_list()
        frame = frame.filter((pl.col("departure_count") <= 1) | pl.col("number").is_in(best))
    serves: dict[int, list[str]] = {}
    for code, number in view.rows.select("region", "best_protocol").rows():
        serves.setdefault(number, []).append(code)
    rows = [
        (
            number,
            count,
            view.departures(number),
            levels.joined([view.name(code) for code in serves[number]]) if number in serves else None,
            nearest,
            *values,
        )
        for number, count, nearest, *values in frame.select(
            "number", "departure_count", "nearest", *open_paths
        ).iter_rows()
    ]
    columns = [of("number"), of("departure_count"), of("departures"), of("serves"), of("nearest")]
    columns += [Column(title=_title(path), kind="code") for path in open_paths]
    return _table("protocols", columns, rows)


def _title(path: str) -> Any:  # noqa: ANN401 - a Text
    from xinzhi.protocol.catalogue import specification

    return specification(path).title


def left_out(view: AuditView) -> Table:
    """Return the alternatives that the data cannot compute, and why."""
    rows = view.audit.left_out.select("departures", "reason").rows()
    return _table("left_out", [of("departures"), of("reason")], rows)


def contents(view: AuditView) -> list[Table]:
    """Return the tables of the workbook, one a sheet."""
    found = [regions(view), choices(view), variance(view), variance_by_region(view)]
    if view.rows.height > 1:
        found.append(reversals(view))
    return [*found, protocols(view), left_out(view), parameters(view.audit.grid.protocol)]
