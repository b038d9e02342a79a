"""What was varied in an audit, looked up once: choices in words, the leading period, curves; and its tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
from xinzhi.core.names import Names
from xinzhi.core.schema import Column, describe
from xinzhi.core.text import Text, same
from xinzhi.data import admission
from xinzhi.protocol import specification
from xinzhi.report.pages.yardstick.tables import COLUMNS, notes, picked, protocol
from xinzhi.report.sentence import clauses, join_with_commas, to_percent
from xinzhi.report.table import Table, table
from xinzhi.yardstick import Audit
from xinzhi.yardstick.internal import (
    Choice,
    Span,
    choice_title,
    departure,
    departures_text,
    level_text,
    region_groups,
    region_names,
    value_text,
)

__all__ = ["AuditView", "Curve", "level_text", "thinned", "value_text"]

POINTS = 240  # a page tells no more places of a curve apart
ALL = 1000  # protocols up to which the workbook lists every one


def thinned(count: int, most: int = POINTS) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return at most so many places of a list, evenly spread, with its first and last."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """All protocols ordered by the TFP growth of one region in the leading period."""

    code: str
    values: FloatArray
    levels: IntArray
    reference: float
    place: float
    needed: float | None
    leads: BoolArray

    @property
    def first(self) -> float:
        """Return the share of the protocols under which the region would rank first."""
        return float(self.leads.mean())


@dataclass(frozen=True)
class AuditView:
    """An audit with its names looked up; unknown numbers are null, never NaN."""

    audit: Audit

    @cached_property
    def span(self) -> Span:
        """Return the period that leads: the latest one on official figures."""
        return Span(*self.audit.official_span)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Return the regions in the leading period by reference rank, with ``worst_rank`` beside the best one."""
        rows = self.audit.frame.filter(self.span.holds()).fill_nan(None)
        rows = rows.sort("reference_rank", "region", nulls_last=True)
        reference, lowest = rows["reference"].to_numpy(), rows["minimum"].to_numpy()
        ranked = rows["region"].is_in(self.audit.ranked(rows)["region"].implode())
        values = np.sort(reference[ranked.to_numpy()])
        # A region is not overtaken by itself.
        above = len(values) - np.searchsorted(values, lowest, side="right") - (reference > lowest)
        return rows.with_columns(worst_rank=pl.when(ranked).then(pl.Series(1 + above, dtype=pl.Int64)))

    @cached_property
    def ranked(self) -> pl.DataFrame:
        """Return the regions in the leading period whose data pass admission."""
        return self.audit.ranked(self.rows)

    @cached_property
    def codes(self) -> list[str]:
        """Return the regions in the leading period by reference rank."""
        return self.rows["region"].to_list()

    @cached_property
    def names(self) -> Mapping[str, Text]:
        """Return the name of every region; two of one name get their codes."""
        return region_names(self.audit.regions)

    @cached_property
    def group_of(self) -> Mapping[str, Text]:
        """Return the macro-region of every region that has one."""
        return region_groups(self.audit.regions)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Return the choices."""
        return self.audit.grid.choices

    @cached_property
    def protocols(self) -> int:
        """Return how many protocols measure every region in the leading period."""
        return int(self._measured.sum())

    @cached_property
    def shares(self) -> dict[str, float]:
        """Return the part of each choice in the spread, over all regions, largest first; empty without spread."""
        from xinzhi.yardstick.internal import choice_shares

        rows = self.audit.variance.filter(self.span.holds())
        return choice_shares(self.audit, self.audit.official_span) if rows["shapley"].sum() > 0 else {}

    def parts(self, code: str) -> dict[str, float]:
        """Return the part of each choice in the spread of one region."""
        rows = self.audit.variance.filter(self.span.holds(), pl.col("region") == code, pl.col("variance") > 0)
        return dict(rows.select("choice", "share").iter_rows())

    @cached_property
    def ordered(self) -> list[Choice]:
        """Return the choices, the one that makes most of the spread first."""
        place = {name: at for at, name in enumerate(self.shares)}
        return sorted(self.choices, key=lambda choice: place.get(choice.name, len(place)))

    @cached_property
    def furthest(self) -> str | None:
        """Return the region that could move furthest up by choosing its own ruler; None when there are no regions."""
        order = self.rows.sort("rank_gain", "growth_gain", descending=True, nulls_last=True)["region"]
        return str(order[0]) if order.len() else None

    def row(self, code: str) -> dict[str, object]:
        """Return a region in the leading period."""
        return self.rows.row(self.codes.index(code), named=True)

    def name(self, code: str) -> Text:
        """Return the name of a region."""
        return self.names.get(code, same(code))

    def curve(self, code: str | None = None, level: tuple[str, int] | None = None) -> Curve:
        """Return the specification curve of a region; None is the region that could move furthest."""
        # `held` keeps the protocols that have a level of a choice: its name and the place of the level.
        code = Names({"region": self.names}).resolve(code or self.furthest, self.codes)
        place, rows, measured = self._places[code], self.audit.grid.rows, self._measured
        reference = float(self._values[measured, place][0])
        rest = self.ranked.filter(pl.col("region") != code)["reference"]
        needed = float(rest.to_numpy().max()) if rest.len() and code in self.ranked["region"] else None
        if level is not None:
            axis = [choice.name for choice in self.choices].index(level[0])
            measured = measured & (rows[:, axis] == level[1])
        values = self._values[measured, place]
        barred = self.audit.admission.of_span(self.audit.spans.index(self.audit.official_span))[measured, place]
        leads = ~barred & (values >= (math.inf if needed is None else needed))
        order = np.argsort(values, kind="stable")
        below = float((values < reference).mean())
        return Curve(
            code=code,
            values=values[order],
            levels=rows[measured][order],
            reference=reference,
            place=below,
            needed=needed,
            leads=leads[order],
        )

    def departures(self, number: int) -> Text:
        """Return how one protocol of the set departs from the reference one; empty for the reference one."""
        return departures_text(self.choices, self.audit.grid.rows[number])

    def single(self, label: str) -> Text:
        """Return a single departure, given as ``path=value``, in words."""
        single: Text = self._singles.get(label, same(label))
        return single

    @cached_property
    def _singles(self) -> dict[str, Text]:
        return {
            level.label(): departure(choice, at)
            for choice in self.choices
            for at, level in enumerate(choice.levels)
            if len(level.departs) == 1
        }

    @cached_property
    def _values(self) -> FloatArray:
        return self.audit.estimates.of_span(self.audit.spans.index(self.audit.official_span))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {code: at for at, code in enumerate(self.audit.regions["region"])}

    @cached_property
    def _measured(self) -> BoolArray:
        positions = [self._places[code] for code in self.codes]
        return np.asarray(np.isfinite(self._values[:, positions]).all(axis=1))


def regions(view: AuditView, key: str) -> Table:
    """Return columns of the regions, in the leading period or (`audit_regions`) in every one; departures in words."""
    frame = view.audit.frame if key == "audit_regions" else view.rows
    source = frame.with_columns(pl.col("single_departure").fill_null(""), departures=pl.col("best_protocol"))
    columns: dict[str, Any] = {"region": view.name, "departures": view.departures, "single_departure": view.single}
    return picked(key, source, view.audit, columns)


def _table(key: str, rows: Sequence[tuple[Any, ...]], columns: Sequence[Column] | None = None) -> Table:
    """Return a table whose cells are ready: texts, and figures in percent."""
    described = [describe("audit", name, key) for name in COLUMNS[key]] if columns is None else columns
    return Table(key=key, title=words.shared.table_of(key), columns=tuple(described), rows=rows, notes=notes(key))


def curve(view: AuditView, lead_curve: Curve) -> Table:
    """Return the TFP growth of one region by level of each choice, over the protocols that have it."""
    rows: list[tuple[Any, ...]] = []
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
    inside = view.audit.variance.filter(view.span.holds(), pl.col("region").is_in(view.codes))
    member = pl.col("region").replace_strict({code: group.en for code, group in view.group_of.items()}, default=None)
    # sorted, a group is added up by one thread: the last digit does not hang on how many there are
    sums = inside.group_by("choice", group=member).agg(pl.col("shapley").sort().sum())
    totals = sums.group_by("group").agg(whole=pl.col("shapley").sort().sum()).filter(pl.col("whole") > 0)
    share = pl.col("shapley") / pl.col("whole")
    parts = {row[:2]: row[2] for row in sums.join(totals, on="group").select("choice", "group", share).rows()}
    ends = inside.group_by("choice").agg(low=pl.col("share").min(), high=pl.col("share").max())
    reach = {name: (low, high) for name, low, high in ends.rows()}
    rows = []
    for name in (choice.name for choice in view.ordered):
        of_groups = (parts.get((name, group.en)) for group in groups)
        cells = (view.shares.get(name), *of_groups, *reach.get(name, (None, None)))
        rows.append((choice_title(name), name, *map(to_percent, cells)))
    *first, part, lowest, highest = (describe("audit", name) for name in COLUMNS["variance"])
    return _table("variance", rows, [*first, part, *(replace(part, title=group) for group in groups), lowest, highest])


def variance_by_region(view: AuditView) -> Table:
    """Return the variance by choice of every region in every period."""
    total = pl.col("variance")
    parts = {
        name: pl.when(total > 0).then(pl.col(name) / total).otherwise(pl.col(name)) for name in ("first_order", "total")
    }
    frame = view.audit.variance.with_columns(path=pl.col("choice"), variance=1e4 * total, part=pl.col("share"), **parts)
    return picked("variance_by_region", frame, view.audit, {"region": view.name, "choice": choice_title})


def reversals(view: AuditView) -> Table:
    """Return the share of the protocols in which the row grows faster than the column, by reference rank."""
    inside = view.audit.reversals.filter(view.span.holds()).select("region", "other", "above")
    above = {(code, column): 100 * value for code, column, value in inside.rows()}
    share = describe("audit", "above")
    supplied = {code for code, _ in above}
    codes = [code for code in view.codes if code in supplied]
    columns = [describe("audit", "region"), *(replace(share, title=view.name(code)) for code in codes)]
    rows = [(view.name(code), *(above.get((code, column)) for column in codes)) for code in codes]
    return _table("reversals", rows, columns)


def protocols(view: AuditView) -> Table:
    """Return the protocols: all of a small set, else the reference one, those next to it, those best for a region."""
    frame = view.audit.protocols
    if frame.height > ALL:
        best = view.audit.frame["best_protocol"].drop_nulls().unique().to_list()
        frame = frame.filter((pl.col("departure_count") <= 1) | pl.col("number").is_in(best))
    serves: dict[int, list[Text]] = {}
    for code, number in view.ranked.select("region", "best_protocol").drop_nulls().rows():
        serves.setdefault(number, []).append(view.name(code))
    names = ("number", "departure_count", "departures", "serves", "nearest")
    settings = (Column(name=path, title=specification(path).title, kind="code") for path in frame.columns[4:])
    source = frame.with_columns(
        departures=pl.col("number"), serves=pl.when(pl.col("number").is_in(list(serves))).then(pl.col("number"))
    )
    formats: dict[str, Any] = {"departures": view.departures, "serves": lambda number: join_with_commas(serves[number])}
    return table("protocols", source, [*names, *settings], view.audit, names=formats, notes=notes("protocols"))


def left_out(view: AuditView) -> Table:
    """Return the alternatives that the data cannot compute, and why."""
    frame = view.audit.left_out.select("departures", "reason", "reason_zh")
    return _table("left_out", [(departures, Text(zh=zh, en=en)) for departures, en, zh in frame.rows()])


def misreports(view: AuditView) -> Table:
    """Return what each region would gain by each kind of misreport, and which tests report it."""
    formats: dict[str, Any] = {"region": view.name, "caught_during": _tests, "caught_after": _tests}
    return picked("misreports", view.audit.misreports, view.audit, formats, part="misreports")


def misreport_kinds(view: AuditView) -> Table:
    """Return the kinds of misreport: what each gains, mean of the regions, and in how many a test reports it."""
    counts = {f"seen_{when}": (pl.col(f"caught_{when}") != "none").sum() for when in ("during", "after")}
    frame = view.audit.misreports.group_by("kind", "start", "end", "corrected_end", maintain_order=True).agg(
        pl.col("gain").mean(),
        pl.col("loss").mean(),
        up=(pl.col("honest_rank") - pl.col("misreported_rank")).mean(),
        first=(pl.col("misreported_rank") == 1).sum(),
        **counts,
    )
    return picked("misreport_kinds", frame, view.audit, {}, part="misreports")


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
