"""The tables of a scope: every industry and its reason, the lists, their overlap, regions, years, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.tables import NO_UNIT, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.report.rooms.scope.view import ScopeView

_SPREAD: tuple[tuple[str, Kind], ...] = (("share", "quantity"), ("lower", "quantity"), ("upper", "quantity"))


def made(
    key: str,
    columns: Sequence[tuple[str, Kind]],
    rows: Sequence[tuple[Any, ...]],
    *,
    notes: tuple[Text, ...] = (),
    amount: Text = NO_UNIT,
) -> Table:
    """Return a table of the room from names and kinds of its columns; shares and bounds are percent.

    Parameters
    ----------
    key, columns, rows, notes
        Of the table.
    amount
        The unit of the column ``in_scope``.
    """
    units = {**dict.fromkeys(("share", "lower", "upper"), same("%")), "in_scope": amount}
    return Table(
        key=key,
        title=words(f"scope.table.{key}"),
        columns=tuple(
            Column(title=words(f"scope.column.{name}"), kind=kind, unit=units.get(name, NO_UNIT))
            for name, kind in columns
        ),
        rows=rows,
        notes=notes,
    )


def industries(view: ScopeView, *, counted: bool = False) -> Table:
    """Return every industry with verdict, bounds, reason and reference, or only those that count."""
    verdicts = {
        "in": words("scope.label.in"),
        "part": words("scope.label.part"),
        "out": words("scope.label.out"),
    }
    rows = view.codes.filter(pl.col("verdict") != "out") if counted else view.codes
    weighed = view.weighed is not None
    amount: tuple[tuple[str, Kind], ...] = (("in_scope", "figure"),) if weighed else ()
    said = _reasons(view)
    return made(
        "scope_industries",
        (("code", "code"), ("industry", "text"), ("verdict", "text"), *_SPREAD, *amount, ("reason", "text")),
        [
            (
                row["code"],
                view.name(row["code"]),
                verdicts[row["verdict"]],
                *(100 * row[name] for name, _ in _SPREAD),
                *((row["in_scope"],) if weighed else ()),
                said.get(row["code"]) or words("scope.label.nobody"),
            )
            for row in rows.iter_rows(named=True)
        ],
        amount=view.unit,
    )


def _reasons(view: ScopeView) -> dict[str, Text]:
    """Return the lists that name an industry, each with how many of its classes; the whole reason is in the frame."""
    found: dict[str, list[Text]] = {}
    for row in view.scope.lists.filter(pl.col("upper") > 0).iter_rows(named=True):
        name = view.list_name(row["definition"])
        if row["classes_in"] < row["classes"]:
            name = words("scope.label.some_of", list=name, inside=row["classes_in"], classes=row["classes"])
        elif row["lower"] < row["upper"]:
            name = words("scope.label.part_of", list=name)
        found.setdefault(row["code"], []).append(name)
    return {code: joined(names) for code, names in found.items()}


def joined(names: Sequence[Text]) -> Text:
    """Return names that may hold commas, parted by semicolons."""
    return Text(zh="；".join(one.zh for one in names), en="; ".join(one.en for one in names))


def inside(view: ScopeView) -> Table:
    """Return what is in, largest first."""
    some = view.codes.filter(pl.col("in_scope") > 0).sort("in_scope", descending=True, maintain_order=True)
    return made(
        "scope_treemap",
        (("industry", "name"), ("code", "code"), *_SPREAD, ("in_scope", "figure"), ("lists", "text")),
        [
            (
                view.name(row["code"]),
                row["code"],
                *(100 * row[name] for name, _ in _SPREAD),
                row["in_scope"],
                _lists(view, row["definitions"]),
            )
            for row in some.iter_rows(named=True)
        ],
        amount=view.unit,
    )


def lists(view: ScopeView) -> Table:
    """Return every list by itself, their sum, what of it is named more than once, and all of them together."""
    rows = view.by_list
    whole = view.whole
    assert whole is not None  # noqa: S101 - the picture asks first
    sums = float(rows["share"].sum())
    union = (view.count["in"] + view.count["part"], *(100 * whole[name] for name, _ in _SPREAD))
    return made(
        "scope_lists",
        (("list", "name"), ("named", "integer"), *_SPREAD),
        [
            *(
                (view.list_name(row["definition"]), row["named"], *(100 * row[name] for name, _ in _SPREAD))
                for row in rows.iter_rows(named=True)
            ),
            (words("scope.label.sum"), None, 100 * sums, None, None),
            (words("scope.label.twice"), None, 100 * (sums - whole["share"]), None, None),
            (words("scope.label.union"), *union),
        ],
    )


def regions(view: ScopeView) -> Table:
    """Return the share of every region."""
    return made(
        "scope_regions",
        (("region", "name"), ("code", "code"), *_SPREAD),
        [
            (view.region(row["region"]), str(row["region"]), *(100 * row[name] for name, _ in _SPREAD))
            for row in view.by_region.iter_rows(named=True)
        ],
    )


def years(view: ScopeView) -> Table:
    """Return the share of every year, all regions together."""
    return made(
        "scope_years",
        (("year", "year"), *_SPREAD),
        [
            (row["year"], *(100 * row[name] for name, _ in _SPREAD))
            for row in view.by_year.iter_rows(named=True)
        ],
    )  # fmt: skip


def sources(view: ScopeView) -> Table:
    """Return the definitions that were used, with who issued them and where they stand."""
    return made(
        "scope_sources",
        (("title", "name"), ("definition", "code"), ("authority", "text"), ("begins", "text"), ("source", "text")),
        [
            (one.title, one.id, one.authority, one.valid_from.isoformat(), same(one.source))
            for one in view.scope.question.chosen
        ],
    )


def _lists(view: ScopeView, named: str) -> Text:
    """Return the lists that name an industry; nothing where none does."""
    return listing([view.list_name(one) for one in named.split(";") if one])
