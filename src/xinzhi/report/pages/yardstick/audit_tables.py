"""The tables of an audit: one definition each, written into the page and into the workbook alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.schema import describe
from xinzhi.core.text import Text, words
from xinzhi.data import admission
from xinzhi.protocol import specification
from xinzhi.report.pages.yardstick.audit_view import AuditView, level_text
from xinzhi.report.pages.yardstick.parameters import protocol
from xinzhi.report.pages.yardstick.tables import COLUMNS, notes, picked
from xinzhi.report.sentence import clauses, joined
from xinzhi.report.table import Column, Table, table
from xinzhi.yardstick import choice_title

ALL = 1000  # protocols up to which the workbook lists every one


def regions(view: AuditView, key: str) -> Table:
    """Return columns of the regions, in the leading period or (`audit_regions`) in every one; departures in words."""
    frame = view.audit.frame if key == "audit_regions" else view.rows
    source = frame.with_columns(pl.col("single_departure").fill_null(""), departures=pl.col("best_protocol"))
    said: Mapping[str, Callable[[Any], Text]] = {
        "region": view.name, "departures": view.departures, "single_departure": view.single,
    }  # fmt: skip
    return picked(key, source, view.audit, said)


def _made(key: str, rows: Sequence[tuple[Any, ...]], columns: Sequence[Column] | None = None) -> Table:
    """Return a table whose cells are ready: texts, and figures in percent."""
    known = columns or [describe("audit", name, key) for name in COLUMNS[key]]
    return Table(key=key, title=words(f"table.{key}"), columns=tuple(known), rows=rows, notes=notes(key))


def curve(view: AuditView, region: str | None = None, held: tuple[str, int] | None = None) -> Table:
    """Return the TFP growth of one region by level of each choice, over the protocols that have it."""
    found = view.curve(region, held)
    rows: list[tuple[Any, ...]] = []
    for choice in view.ordered:
        axis = view.choices.index(choice)
        for at in range(len(choice.levels)):
            taken = found.levels[:, axis] == at
            inside = found.values[taken]
            if not len(inside):
                continue
            first = None if found.needed is None else 100 * float(found.leads[taken].mean())
            figures = (100 * float(value) for value in (inside.min(), np.median(inside), inside.max()))
            mark = words("label.yes") if at == 0 else ""
            rows.append((choice_title(choice.name), level_text(choice, at), mark, *figures, first, len(inside)))
    return _made("curve", rows)


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
    return _made("choices", rows)


def variance(view: AuditView) -> Table:
    """Return the part of each choice in the spread of the leading period: together, by macro-region, and its range."""
    groups = list(dict.fromkeys(view.group_of[code] for code in view.codes if code in view.group_of))
    inside = view.audit.variance.filter(view.span.holds(), pl.col("region").is_in(view.codes))
    member = pl.col("region").replace_strict({code: group.en for code, group in view.group_of.items()}, default=None)
    sums = inside.group_by("choice", group=member).agg(pl.col("shapley").sum())
    whole = sums.group_by("group").agg(whole=pl.col("shapley").sum()).filter(pl.col("whole") > 0)
    share = pl.col("shapley") / pl.col("whole")
    parts = {row[:2]: row[2] for row in sums.join(whole, on="group").select("choice", "group", share).rows()}
    ends = inside.group_by("choice").agg(low=pl.col("share").min(), high=pl.col("share").max())
    reach = {name: (low, high) for name, low, high in ends.rows()}
    rows = []
    for choice in view.ordered:
        name = choice.name
        own = (
            view.shares.get(name),
            *(parts.get((name, group.en)) for group in groups),
            *reach.get(name, (None, None)),
        )
        rows.append((choice_title(name), name, *(None if part is None else 100 * part for part in own)))
    part = describe("audit", "part")
    first, last = (
        [describe("audit", name) for name in some] for some in (("choice", "path"), ("part_lowest", "part_highest"))
    )
    return _made("variance", rows, [*first, part, *(replace(part, title=group) for group in groups), *last])


def variance_by_region(view: AuditView) -> Table:
    """Return the variance by choice of every region in every period."""
    whole = pl.col("variance")
    parts = {
        name: pl.when(whole > 0).then(pl.col(name) / whole).otherwise(pl.col(name)) for name in ("first_order", "total")
    }
    frame = view.audit.variance.with_columns(path=pl.col("choice"), variance=1e4 * whole, part=pl.col("share"), **parts)
    return picked("variance_by_region", frame, view.audit, {"region": view.name, "choice": choice_title})


def reversals(view: AuditView) -> Table:
    """Return the share of the protocols in which the row grows faster than the column, by reference rank."""
    inside = view.audit.reversals.filter(view.span.holds()).select("region", "other", "above")
    above = {(code, other): 100 * value for code, other, value in inside.rows()}
    share = describe("audit", "above")
    known = {code for code, _ in above}
    codes = [code for code in view.codes if code in known]
    columns = [describe("audit", "region"), *(replace(share, title=view.name(code)) for code in codes)]
    rows = [(view.name(code), *(above.get((code, other)) for other in codes)) for code in codes]
    return _made("reversals", rows, columns)


def protocols(view: AuditView) -> Table:
    """Return the protocols: all of a small set, else the reference one, those next to it, those best for a region."""
    frame = view.audit.protocols
    open_paths = frame.columns[4:]
    if frame.height > ALL:
        best = view.audit.frame["best_protocol"].drop_nulls().unique().to_list()
        frame = frame.filter((pl.col("departure_count") <= 1) | pl.col("number").is_in(best))
    serves: dict[int, list[Text]] = {}
    for code, number in view.ranked.select("region", "best_protocol").drop_nulls().rows():
        serves.setdefault(number, []).append(view.name(code))
    names = ("number", "departure_count", "departures", "serves", "nearest")
    columns = [
        *(describe("audit", name) for name in names),
        *(Column(name=path, title=specification(path).title, kind="code") for path in open_paths),
    ]
    source = frame.with_columns(
        departures=pl.col("number"), serves=pl.when(pl.col("number").is_in(list(serves))).then(pl.col("number"))
    )
    called: Mapping[str, Callable[[Any], Text]] = {
        "departures": view.departures, "serves": lambda number: joined(serves[number]),
    }  # fmt: skip
    return table("protocols", source, columns, names=called, notes=notes("protocols"))


def left_out(view: AuditView) -> Table:
    """Return the alternatives that the data cannot compute, and why."""
    frame = view.audit.left_out.select("departures", "reason", "reason_zh")
    return _made("left_out", [(departures, Text(zh=zh, en=en)) for departures, en, zh in frame.rows()])


def misreports(view: AuditView) -> Table:
    """Return what each region would gain by each kind of misreport, and which tests report it."""
    said: Mapping[str, Callable[[Any], Text]] = {
        "region": view.name, "caught_during": _tests, "caught_after": _tests,
    }  # fmt: skip
    return picked("misreports", view.audit.misreports, view.audit, said, part="misreports")


def misreport_kinds(view: AuditView) -> Table:
    """Return the kinds of misreport: what each gains, mean of the regions, and in how many a test reports it."""
    seen = {f"seen_{when}": (pl.col(f"caught_{when}") != "none").sum() for when in ("during", "after")}
    frame = view.audit.misreports.group_by("kind", "start", "end", "corrected_end", maintain_order=True).agg(
        pl.col("gain").mean(),
        pl.col("loss").mean(),
        up=(pl.col("honest_rank") - pl.col("misreported_rank")).mean(),
        first=(pl.col("misreported_rank") == 1).sum(),
        **seen,
    )
    return picked("misreport_kinds", frame, view.audit, {}, part="misreports")


def _tests(codes: str) -> Text:
    """Return the titles of tests of admission."""
    known = admission.terms()["tests"]
    return joined(
        [Text(**known[code]["title"]) for code in codes.split(", ") if code in known] or [words("label.no_test")]
    )


def twin(view: AuditView, kind: str, region: str | None = None) -> Table:
    """Return the table of a picture."""
    if kind == "curve":
        return curve(view, region)
    own = {"variance": variance, "reversals": reversals}.get(kind)
    return regions(view, kind) if own is None else own(view)


def contents(view: AuditView) -> list[Table]:
    """Return the tables of the workbook, one a sheet."""
    found = [regions(view, "audit_regions"), choices(view), variance(view), variance_by_region(view)]
    if view.rows.height > 1:
        found.append(reversals(view))
    if view.audit.misreports.height:
        found.append(misreports(view))
    return [*found, protocols(view), left_out(view), protocol(view.audit.grid.protocol)]
