"""The tables of an audit: one definition each, written into the page and into the workbook alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, has, words
from xinzhi.protocol import specification
from xinzhi.report.pages.yardstick.audit_view import AuditView, level_text
from xinzhi.report.pages.yardstick.parameters import protocol
from xinzhi.report.sentence import clauses, joined
from xinzhi.report.table import Column, Table, table
from xinzhi.yardstick import choice_title

ALL = 1000  # protocols up to which the workbook lists every one
POINTS = ("minimum", "p05", "median", "p95", "maximum")
RANKS = tuple(f"rank_{name}" for name in POINTS)
ROOM = (
    "region", "official_rank", "best_rank", "worst_rank", "everyone_rank", "official", "best_growth", "departures",
    "single_departure", "single_gain",
)  # fmt: skip
REGIONS = (
    "code", "region", "start", "end", "official_rank", "official", *POINTS, *RANKS, "best_rank", "rank_gain",
    "best_growth", "growth_gain", "departure_count", "departures", "single_departure", "single_gain", "everyone_rank",
    "nearest", "protocols",
)  # fmt: skip


def _made(key: str, columns: Sequence[str | Column], rows: Sequence[tuple[Any, ...]]) -> Table:
    """Return a table whose cells are ready: texts, and figures in percent."""
    described = tuple(one if isinstance(one, Column) else describe("audit", one) for one in columns)
    return Table(key=key, title=words(f"table.{key}"), columns=described, rows=rows, notes=_notes(key))


def _notes(key: str) -> tuple[Text, ...]:
    return (words(f"note.{key}"),) if has(f"note.{key}") else ()


def _of_regions(view: AuditView, key: str, frame: pl.DataFrame, columns: Sequence[str]) -> Table:
    """Return columns of regions in a period, departures in words."""
    source = frame.with_columns(
        pl.when(pl.col(name) == pl.col(name).round()).then(pl.col(name).round()).otherwise(pl.col(name)).alias(name)
        for name in RANKS
    ).with_columns(code=pl.col("region"), departures=pl.col("best_protocol"))
    said: Mapping[str, Callable[[Any], Text]] = {
        "region": view.name,
        "departures": view.departures,
        "single_departure": view.single,
    }
    return table(
        key, source.with_columns(pl.col("single_departure").fill_null("")), columns, view.audit, names=said,
        notes=_notes(key), title=words(f"table.{key}"),
    )  # fmt: skip


def room(view: AuditView) -> Table:
    """Return what each region could gain in the leading period, and by which departures."""
    return _of_regions(view, "room", view.rows, ROOM)


def ranks(view: AuditView) -> Table:
    """Return the spread of ranks in the leading period when every region is measured with the same protocol."""
    return _of_regions(view, "ranks", view.rows, ("region", "official_rank", *RANKS, "best_rank"))


def growth(view: AuditView) -> Table:
    """Return the spread of TFP growth of every region in the leading period."""
    return _of_regions(view, "curves", view.rows, ("region", "official_rank", "official", *POINTS, "growth_gain"))


def regions(view: AuditView) -> Table:
    """Return every region in every period."""
    return _of_regions(view, "audit_regions", view.audit.frame, REGIONS)


def curve(view: AuditView, region: str | None = None) -> Table:
    """Return the TFP growth of one region by level of each choice, over the protocols that have it."""
    found = view.curve(region)
    rows: list[tuple[Any, ...]] = []
    for choice in view.ordered:
        axis = view.choices.index(choice)
        for at in range(len(choice.levels)):
            inside = found.values[found.levels[:, axis] == at]
            if not len(inside):
                continue
            first = None if found.needed is None else 100 * float((inside >= found.needed).mean())
            figures = (100 * float(value) for value in (inside.min(), np.median(inside), inside.max()))
            mark = words("label.yes") if at == 0 else ""
            rows.append((choice_title(choice.name), level_text(choice, at), mark, *figures, first, len(inside)))
    columns = ("choice", "level", "is_official", "minimum", "median", "maximum", "ranks_first", "protocols")
    return _made("curve", columns, rows)


def choices(view: AuditView) -> Table:
    """Return what was varied: every choice with its levels, the reference one first, and what it is worth."""
    rows = [
        (
            choice_title(choice.name),
            ", ".join(choice.paths),
            clauses([level_text(choice, at) for at in range(len(choice.levels))]),
            100 * view.shares[choice.name] if choice.name in view.shares else None,
        )
        for choice in view.ordered
    ]
    return _made("choices", ("choice", "path", "levels", "part"), rows)


def variance(view: AuditView) -> Table:
    """Return the part of each choice in the spread of the leading period: together, by macro-region, and its range."""
    inside = view.audit.variance.filter(view.span.holds())
    groups = list(dict.fromkeys(view.group_of[code] for code in view.codes if code in view.group_of))
    ends = {name: tuple(some) for name, *some in inside.group_by("choice").agg(
        pl.col("share").min().alias("low"), pl.col("share").max().alias("high")).rows()}  # fmt: skip
    rows = []
    for choice in view.ordered:
        own: list[float | None] = [view.shares.get(choice.name)]
        for group in groups:
            members = [code for code in view.codes if view.group_of.get(code) == group]
            there = inside.filter(pl.col("region").is_in(members))
            whole = float(there["shapley"].sum())
            part = float(there.filter(choice=choice.name)["shapley"].sum())
            own.append(part / whole if whole > 0 else None)
        cells = [None if part is None else 100 * part for part in (*own, *ends.get(choice.name, (None, None)))]
        rows.append((choice_title(choice.name), choice.name, *cells))
    share = describe("audit", "part")
    columns: list[str | Column] = [
        "choice",
        "path",
        share,
        *(replace(share, title=group) for group in groups),
        "part_lowest",
        "part_highest",
    ]
    return _made("variance", columns, rows)


def variance_by_region(view: AuditView) -> Table:
    """Return the variance by choice of every region in every period."""
    titles = {choice.name: choice_title(choice.name) for choice in view.choices}
    whole = pl.col("variance")
    parts = {
        name: pl.when(whole > 0).then(pl.col(name) / whole).otherwise(pl.col(name)) for name in ("first_order", "total")
    }
    frame = view.audit.variance.select(
        "start", "end", code="region", region="region", path="choice", choice="choice",
        variance=1e4 * whole,
        **parts,
        part="share",
    )  # fmt: skip
    columns = ("code", "region", "start", "end", "choice", "path", "variance", "first_order", "total", "part")
    called = {"region": view.name, "choice": titles.__getitem__}
    key = "variance_by_region"
    title = words(f"table.{key}")
    return table(key, frame, columns, view.audit, names=called, title=title, notes=_notes(key))


def reversals(view: AuditView) -> Table:
    """Return the share of the protocols in which the row grows faster than the column, by reference rank."""
    inside = view.audit.reversals.filter(view.span.holds()).select("region", "other", "above")
    above = {(code, other): 100 * value for code, other, value in inside.rows()}
    share = describe("audit", "above")
    known = {code for code, _ in above}
    codes = [code for code in view.codes if code in known]
    columns = [describe("audit", "region"), *(replace(share, title=view.name(code)) for code in codes)]
    rows = [(view.name(code), *(above.get((code, other)) for other in codes)) for code in codes]
    return _made("reversals", columns, rows)


def protocols(view: AuditView) -> Table:
    """Return the protocols: all of a small set, else the reference one, those next to it, those best for a region."""
    frame = view.audit.protocols
    open_paths = frame.columns[4:]
    if frame.height > ALL:
        best = view.audit.frame["best_protocol"].unique().to_list()
        frame = frame.filter((pl.col("departure_count") <= 1) | pl.col("number").is_in(best))
    serves: dict[int, list[Text]] = {}
    for code, number in view.rows.select("region", "best_protocol").rows():
        serves.setdefault(number, []).append(view.name(code))
    columns = [
        *(describe("audit", name) for name in ("number", "departure_count")),
        replace(describe("audit", "departures"), name="departures"),
        *(describe("audit", name) for name in ("serves", "nearest")),
        *(Column(name=path, title=specification(path).title, kind="code") for path in open_paths),
    ]
    source = frame.with_columns(
        departures=pl.col("number"), serves=pl.when(pl.col("number").is_in(list(serves))).then(pl.col("number"))
    )
    called = {"departures": view.departures, "serves": lambda number: joined(serves[number])}
    return table("protocols", source, columns, names=called, title=words("table.protocols"), notes=_notes("protocols"))


def left_out(view: AuditView) -> Table:
    """Return the alternatives that the data cannot compute, and why."""
    rows = [
        (departures, Text(zh=zh, en=en))
        for departures, en, zh in view.audit.left_out.select("departures", "reason", "reason_zh").iter_rows()
    ]
    return _made("left_out", [describe("audit", name, "left_out") for name in ("departures", "reason")], rows)


def contents(view: AuditView) -> list[Table]:
    """Return the tables of the workbook, one a sheet."""
    found = [regions(view), choices(view), variance(view), variance_by_region(view)]
    if view.rows.height > 1:
        found.append(reversals(view))
    return [*found, protocols(view), left_out(view), protocol(view.audit.grid.protocol)]
