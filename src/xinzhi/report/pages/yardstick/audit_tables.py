"""The tables of an audit: regions, choices, spread by choice, reversals, protocols, misreports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from xinzhi import words
from xinzhi.core.arrays import IntArray
from xinzhi.core.schema import Column, describe
from xinzhi.core.text import Text
from xinzhi.data import admission
from xinzhi.protocol import specification
from xinzhi.report.pages.yardstick.tables import COLUMNS, notes, picked, protocol
from xinzhi.report.sentence import clauses, join_with_commas, to_percent
from xinzhi.report.table import Table, Writers, table
from xinzhi.yardstick.internal import AuditView, Curve, choice_title, level_text, value_text

__all__ = ["AuditView", "Curve", "level_text", "thinned", "value_text"]

POINTS = 240  # a page tells no more places of a curve apart


def thinned(count: int, most: int = POINTS) -> IntArray:
    """Return at most so many places of a list, evenly spread, with its first and last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def regions(view: AuditView, key: str) -> Table:
    """Return columns of the regions, in the leading period or (`audit_regions`) in every one; departures in words."""
    frame = view.regions_by_period if key == "audit_regions" else view.regions
    writers: Writers = {"region": view.name, "departures": view.departures, "single_departure": view.single}
    return picked(key, frame, view.audit, writers)


def _table(key: str, rows: Sequence[tuple[object, ...]], columns: Sequence[Column] | None = None) -> Table:
    """Return a table whose cells are ready: texts, and figures in percent."""
    described = [describe("audit", name, key) for name in COLUMNS[key]] if columns is None else columns
    return Table(key=key, title=words.shared.table_of(key), columns=tuple(described), rows=rows, notes=notes(key))


def curve(view: AuditView, lead_curve: Curve) -> Table:
    """Return the TFP growth of one region by level of each choice, over the protocols that have it."""
    rows: list[tuple[object, ...]] = []
    for choice in view.ordered:
        axis = view.choices.index(choice)
        for at in range(len(choice.levels)):
            rows_at = lead_curve.levels[:, axis] == at
            inside = lead_curve.values[rows_at]
            if not len(inside):
                continue
            first = None if lead_curve.needed is None else 100 * float(lead_curve.leads[rows_at].mean())
            figures = (100 * float(value) for value in (inside.min(), np.median(inside), inside.max()))
            mark = words.shared.label_yes() if at == 0 else ""
            rows.append((choice_title(choice.name), level_text(choice, at), mark, *figures, first, len(inside)))
    return _table("curve", rows)


def choices(view: AuditView) -> Table:
    """Return what was varied: every choice with its levels, the reference one first, and what it is worth."""
    rows = [
        (
            choice_title(choice.name),
            ", ".join(choice.paths),
            clauses([level_text(choice, at) for at in range(len(choice.levels))]),
            to_percent(view.shares.get(choice.name)),
        )
        for choice in view.ordered
    ]
    return _table("choices", rows)


def variance(view: AuditView) -> Table:
    """Return the part of each choice in the spread of the leading period: together, by macro-region, and its range."""
    groups = list(dict.fromkeys(view.group_of[code] for code in view.codes if code in view.group_of))
    rows = []
    for name in (choice.name for choice in view.ordered):
        of_groups = (view.shares_by_group.get((name, group.en)) for group in groups)
        cells = (view.shares.get(name), *of_groups, *view.share_ranges.get(name, (None, None)))
        rows.append((choice_title(name), name, *map(to_percent, cells)))
    *first, part, lowest, highest = (describe("audit", name) for name in COLUMNS["variance"])
    return _table("variance", rows, [*first, part, *(replace(part, title=group) for group in groups), lowest, highest])


def variance_by_region(view: AuditView) -> Table:
    """Return the variance by choice of every region in every period."""
    writers: Writers = {"region": view.name, "choice": choice_title}
    return picked("variance_by_region", view.variance_by_region, view.audit, writers)


def reversals(view: AuditView) -> Table:
    """Return the share of the protocols in which the row grows faster than the column, by reference rank."""
    share = describe("audit", "above")
    compared = {code for code, _ in view.above}
    codes = [code for code in view.codes if code in compared]
    columns = [describe("audit", "region"), *(replace(share, title=view.name(code)) for code in codes)]
    above = {pair: 100 * part for pair, part in view.above.items()}
    rows = [(view.name(code), *(above.get((code, other)) for other in codes)) for code in codes]
    return _table("reversals", rows, columns)


def protocols(view: AuditView) -> Table:
    """Return the protocols: all of a small set, else the reference one, those next to it, those best for a region."""
    names = ("number", "departure_count", "departures", "serves", "nearest")
    paths = view.audit.protocols.columns[4:]
    settings = (Column(name=path, title=specification(path).title, kind="code") for path in paths)
    writers: Writers = {"departures": view.departures, "serves": lambda number: join_with_commas(view.serves[number])}
    return table(
        "protocols", view.protocol_list, [*names, *settings], view.audit, names=writers, notes=notes("protocols")
    )


def left_out(view: AuditView) -> Table:
    """Return the alternatives that the data cannot compute, and why."""
    rows = view.audit.left_out.iter_rows(named=True)
    return _table("left_out", [(row["departures"], Text(zh=row["reason_zh"], en=row["reason"])) for row in rows])


def misreports(view: AuditView) -> Table:
    """Return what each region would gain by each kind of misreport, and which tests report it."""
    writers: Writers = {"region": view.name, "caught_during": _tests, "caught_after": _tests}
    return picked("misreports", view.misreports, view.audit, writers, part="misreports")


def misreport_kinds(view: AuditView) -> Table:
    """Return the kinds of misreport: what each gains, mean of the regions, and in how many a test reports it."""
    return picked("misreport_kinds", view.misreport_kinds, view.audit, {}, part="misreports")


def _tests(codes: str) -> Text:
    """Return the titles of tests of admission."""
    tests = admission.terms()["tests"]
    titles = [Text(**tests[code]["title"]) for code in codes.split(", ") if code in tests]
    return join_with_commas(titles or [words.shared.label_no_test()])


def contents(view: AuditView) -> list[Table]:
    """Return the tables of the workbook, one a sheet."""
    tables = [regions(view, "audit_regions"), choices(view), variance(view), variance_by_region(view)]
    if view.rows.height > 1:
        tables.append(reversals(view))
    if view.audit.misreports.height:
        tables.append(misreports(view))
    return [*tables, protocols(view), left_out(view), protocol(view.audit.grid.protocol)]
