"""Growth of aggregate productivity: within firms, between them, and by entry and exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyEngine, AnyFrame, Ibis
from xinzhi.core.errors import IdentityError, InputError
from xinzhi.core.finding import Finding
from xinzhi.core.parameters import setting
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import Column
from xinzhi.core.text import same, span_text
from xinzhi.micro.cohorts import COHORTS, METHODS, cells, pair_sums, parts
from xinzhi.micro.engine import CONVENTIONS
from xinzhi.micro.panel import YEARS, Duplicates, Panel, choose, counted_finding, panel

OLLEY = "olley-pakes"
Method = Literal[
    "olley-pakes", "baily-hulten-campbell", "griliches-regev", "foster-haltiwanger-krizan", "baldwin-gu",
    "diewert-fox", "melitz-polanec", "dias-marques",
]  # fmt: skip
DECOMPOSITIONS = (OLLEY, *METHODS)
_DECIMALS = 4  # of the sentences
_SURVIVORS = ("mean", "covariance")  # of what the firms that stay add to growth
Split = tuple[pl.DataFrame, tuple[str, ...], tuple[Finding, ...]]  # the frame, its parts, what is wrong


@dataclass(frozen=True, repr=False, kw_only=True)
class Decomposition(Result, verb="micro_decompose", topic="firms"):
    """Growth of aggregate productivity and its parts, by group and pair of periods; or levels, by Olley and Pakes.

    `method` names the formula, `parts` the columns that add up to ``growth`` (or ``aggregate``), `groups` those that
    name a row, `findings` what is wrong with the rows and which pairs could not be split; `value` what productivity
    is, where that is known: ``labour-current, labour-constant, tfp-current, tfp-constant``.
    """

    method: str
    parts: tuple[str, ...]
    groups: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    value: str = "any"

    @property
    def total(self) -> str:
        """The column to which the parts add up."""
        return "aggregate" if self.method == OLLEY else "growth"

    def row_key(self) -> tuple[str, ...]:
        """Return the groups, and the year or the pair of periods."""
        return (*self.groups, *(("year",) if self.method == OLLEY else ("start", "end")))

    @property
    def by_period(self) -> pl.DataFrame:
        """The parts and what they add up to, by the year (`name`) or the last year of a pair."""
        last = pl.col("year" if self.method == OLLEY else "end").cast(pl.Int64)
        return self.frame.select(*self.parts, self.total, name=last)

    def columns(self, frame: str = "frame") -> list[Column]:
        """Return the descriptions; mean and covariance of growth are those of survivors."""
        columns, growth = super().columns(frame), self.method != OLLEY
        return [
            replace(column, title=words.firms.survivors(part=column.title))
            if growth and column.name in _SURVIVORS
            else column
            for column in columns
        ]

    def facts(self) -> Facts:
        """Return over which periods, and what each part comes to on average."""
        ends = ("year", "year") if self.method == OLLEY else ("start", "end")
        start, end = self.frame[ends[0]].min(), self.frame[ends[1]].max()
        cells = "all" if self.frame.height > 1 else "one"
        values: dict[str, object] = {
            "method": words.firms.method_of(self.method),
            "n": self.frame.height,
            "cells": "groups" if self.groups else cells,
            "span": same(start) if start == end else span_text(start, end),
            "what": words.firms.of_of(self.value),
            "how": words.firms.how_of_of(self.value),
        }
        column = {entry.name: entry.title for entry in self.columns()}
        means = self.frame.select(pl.col(self.parts).mean().fill_null(0.0).round(_DECIMALS)).row(0, named=True)
        parts = [{"part": column[name], "mean": mean} for name, mean in means.items() if mean]
        values["total"] = sum(means.values())  # of the rounded parts, so that they add up to it
        return {f"answer.{self.total}": values, "answer.part": parts}


def decompose(  # noqa: PLR0913 - a table, its columns, and the policies
    frame: AnyFrame,
    value: str = "value",
    weight: str = "weight",
    firm: str = "firm",
    year: str = "year",
    *,
    group: str | Sequence[str] | None = None,
    method: Method = "melitz-polanec",
    born: str | None = None,
    closed: str | None = None,
    step: int | None = None,
    movers: Literal["apart", "entry"] = "apart",
    duplicates: Duplicates = "refuse",
    engine: AnyEngine = None,
) -> Decomposition:
    """Split the growth of aggregate productivity, or its level, by one of eight formulas.

    Parameters
    ----------
    frame
        A table of any kind, a file, an Ibis table; or a `Panel`, whose rows are then not checked again.
    value, weight, firm, year
        Columns: productivity (in logarithms, if growth is to be in log points), the weight, whose share in the group is
        taken, and the key.
    group
        One column or several, such as ``industry``: every group is split by itself.
    method
        ``olley-pakes`` (levels: mean and covariance), ``baily-hulten-campbell``, ``griliches-regev``,
        ``foster-haltiwanger-krizan``, ``baldwin-gu``, ``diewert-fox``, ``melitz-polanec`` or ``dias-marques``.
    born, closed
        Columns with the years of foundation and closure. A firm that was at work before it is first seen is not an
        entrant but comes into the sample (``rotation_in``); one that is not closed has left it (``rotation_out``). So
        has, with or without these columns, a firm whose row lacks value or weight in one of the two years.
    step
        How many years lie between the two periods; by default a pair is a year and the next that there is.
    movers
        A firm that changes its group: ``apart``, a part of its own in both, or ``entry``, as if it exited and entered.
    duplicates, engine
        See `panel` and `connect`.

    Raises
    ------
    IdentityError
        When parts do not add up: a defect, never rounded away.

    Notes
    -----
    The guide has the formulas. Every pair is computed from nine sums over each cohort of firms, which one join
    gives; a group without survivors, or without weight, has no parts, and the findings say so.

    Examples
    --------
    >>> import polars as pl
    >>> firms = pl.DataFrame({"firm": [1, 2, 1, 3], "year": [1, 1, 2, 2], "a": [1.0, 3.0, 2.0, 5.0], "s": [1, 1, 1, 3]})
    >>> decompose(firms, value="a", weight="s").frame.select("growth", "mean", "covariance", "entry", "exit").row(0)
    (2.25, 1.0, 0.0, 2.25, -1.0)
    """
    choose("method", DECOMPOSITIONS, method)
    choose("movers", ("apart", "entry"), movers)
    groups = (group,) if isinstance(group, str) else tuple(group or ())
    firms = frame if isinstance(frame, Panel) else None
    if firms is None:
        names = {"firm": firm, "year": year, "value": value, "weight": weight}
        names |= {role: name for role, name in (("born", born), ("closed", closed)) if name is not None}
        used = ("value", "weight", *YEARS, *groups)
        sums = (groups, _sums)
        firms = panel(frame, names, groups, roles=used, engine=engine, duplicates=duplicates, sums=sums)
    firms.need("value", "weight", *groups)
    usable, totals = _usable(firms, groups)
    if method == OLLEY:
        table, names_of_parts, findings = _levels(usable, totals, groups)
    else:
        table, names_of_parts, findings = _pairs(usable, totals, groups, method, step, movers_apart=movers == "apart")
    return Decomposition(
        frame=table,
        provenance=provenance("micro_decompose", method=method, group=list(groups)),
        method=method,
        parts=names_of_parts,
        groups=groups,
        findings=findings,
    )


def _usable(firms: Panel, by: Sequence[str]) -> tuple[Panel, pl.DataFrame]:
    """Return the rows, what cannot be used blank, and totals by group and year; a negative weight is refused.

    A row without value or weight has no group: it only says that the firm is there.
    """
    table, totals = firms.table, firms.sums
    if totals is None:
        table = table.filter(table.value.notnull() & table.weight.notnull())
        totals = firms.engine.collect(table.group_by(["year", *by]).agg(**_sums(table))).sort("year", *by)
    if totals.filter(pl.col("lightest") < 0).height:
        negative = firms.engine.collect(table.aggregate(n=(table.weight < 0).cast("int64").sum())).item()
        refusal = counted_finding("micro.negative-weight", int(negative), firms.least, firms.columns["weight"])
        raise InputError("micro.weights", (refusal,), what=refusal.text)
    if totals.is_empty():
        label = "/".join(firms.columns[name] for name in ("value", "weight"))
        raise InputError("micro.nothing-left", (), columns=[same(name) for name in dict.fromkeys(label.split("/"))])
    if int(totals["n"].sum()) < int(firms.rows["rows"].sum()):
        full = firms.table.value.notnull() & firms.table.weight.notnull()
        blank = {name: full.ifelse(firms.table[name], None) for name in ("value", "weight", *by)}
        table = firms.table.mutate(**blank)
    return replace(firms, table=table), totals


def _sums(table: Ibis) -> dict[str, Ibis]:
    """Return what a decomposition needs of the rows of a group."""
    return {
        "n": table.count(),
        "weight": table.weight.sum(),
        "weighted": (table.weight * table.value).sum(),
        "plain": table.value.sum(),
        "covariance": table.weight.cov(table.value, how="pop"),
        "lightest": table.weight.min(),
    }


def _levels(usable: Panel, totals: pl.DataFrame, by: tuple[str, ...]) -> Split:
    """Return mean and covariance of Olley and Pakes by group and year; the covariance from its own sum."""
    frame = totals.with_columns(
        aggregate=pl.col("weighted") / pl.col("weight"),
        mean=pl.col("plain") / pl.col("n"),
        covariance=pl.col("n") * pl.col("covariance") / pl.col("weight"),
        firms=pl.col("n"),
    )
    frame, findings = _without(frame, pl.col("weight") > 0, "micro.no-weight", usable.least)
    closes(frame, "aggregate", ["mean", "covariance"], pl.col("aggregate").abs())
    frame = frame.select(*by, "year", "firms", "aggregate", "mean", "covariance").sort(*by, "year")
    return frame, ("mean", "covariance"), (*usable.findings, *findings)


def _pairs(
    usable: Panel, totals: pl.DataFrame, by: tuple[str, ...], method: Method, step: int | None, *, movers_apart: bool
) -> Split:
    """Return growth and its parts by group and pair of periods."""
    years = sorted(totals["year"].unique().to_list())
    later = dict(pairwise(years))
    if step is not None:
        later = {year: year + step for year in years if year + step in years}
    if not later:
        raise InputError("micro.one-year", ())
    sums = usable.engine.collect(pair_sums(usable.table, by, later, [name for name in YEARS if usable.has(name)]))
    by_group = cells(sums, by, movers_apart=movers_apart)
    torn = int(sums["blank"].sum() or 0)
    blank_findings = (counted_finding("micro.blank-between", torn, usable.least),) if torn else ()
    table, names = parts(by_group, method)
    earlier = pl.DataFrame({"year": list(later.values()), "start": list(later)}, schema_overrides={"year": pl.Int64})
    table = table.join(earlier.with_columns(pl.col("start").cast(pl.Int64)), on="year", how="left")
    for side, at in (("before", "start"), ("after", "year")):
        level = (pl.col("weighted") / pl.col("weight")).alias(side)
        table = table.join(totals.select(pl.col("year").cast(pl.Int64).alias(at), *by, level), on=[at, *by], how="left")
    table = table.with_columns(growth=pl.col("after") - pl.col("before"))
    table, one_sided = _without(table, pl.col("growth").is_finite(), "micro.one-sided", usable.least)
    finite = pl.all_horizontal(pl.col(name).is_finite() for name in names)
    table, split = _without(table, finite, "micro.no-survivor", usable.least)
    if table.is_empty():
        raise InputError("micro.no-pair", (*usable.findings, *blank_findings, *one_sided, *split))
    closes(table, "growth", names, pl.max_horizontal(pl.col("before").abs(), pl.col("after").abs()))
    used = [name for name in names if name.partition("_")[0] not in {"rotation", "moved"} or (table[name] != 0).any()]
    counts = [f"n_{name}" for name in COHORTS if name in {"stay", "entry", "exit"} or (table[f"n_{name}"] > 0).any()]
    frame = table.select(*by, "start", pl.col("year").alias("end"), "growth", *used, *counts).sort(*by, "start")
    return frame, tuple(used), (*usable.findings, *blank_findings, *one_sided, *split)


def _without(
    frame: pl.DataFrame, condition: pl.Expr, code: str, least: int
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Return the rows that stay, and a finding that counts the others."""
    good = frame.filter(condition.fill_null(value=False))
    lost = frame.height - good.height
    return good, (counted_finding(code, lost, least),) if lost else ()


def closes(frame: pl.DataFrame, total: str, names: Sequence[str], size: pl.Expr) -> None:
    """Refuse parts that do not add up to their total, to the tolerance of the conventions."""
    gap = (pl.sum_horizontal(*names) - pl.col(total)).abs() / pl.max_horizontal(size, pl.lit(1.0))
    worst = frame.select(gap.max()).item()
    if worst is not None and not worst <= setting(CONVENTIONS, "engine.tolerance"):
        raise IdentityError("micro.identity", gap=float(worst))
