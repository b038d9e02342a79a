"""What counts on a day: which industries, by whose list, how much of the whole, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.report.catalogue import listing, words
from xinzhi.report.numbers import number
from xinzhi.report.rooms.scope import pictures, tables
from xinzhi.report.rooms.scope.eras import powers_table, timeline
from xinzhi.report.rooms.scope.view import ScopeView
from xinzhi.report.section import Section
from xinzhi.scope import definitions

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.scope.result import Scope

NAMED, NARROW = 3, 0.01


def classified(result: Scope, *, region: str | None = None) -> Section:
    """Return what counts as new quality on a day.

    Parameters
    ----------
    result
        What `classify` returns.
    region
        Not used: the pictures show all regions.
    """
    del region
    view = ScopeView(result)
    makers = (pictures.treemap, pictures.lists, pictures.regions, pictures.years)
    found = [picture for picture in (make(view) for make in makers) if picture is not None]
    return Section(
        key="scope",
        title=words("scope.title.scope", day=view.day),
        answer=tuple(answer(view)),
        pictures=(*found, timeline(result.question.day)),
        tables=(tables.industries(view), tables.sources(view)),
        notes=tuple(notes(view)),
    )


def brief(result: Scope) -> Section:
    """Return the section for the report of an assessment: the table holds only what counts."""
    view = ScopeView(result)
    whole = pictures.treemap(view)
    return Section(
        key="scope",
        title=words("scope.title.scope", day=view.day),
        answer=tuple(answer(view)),
        pictures=(whole,) if whole else (timeline(result.question.day),),
        tables=(tables.industries(view, counted=True),) if whole else (powers_table(),),
        notes=tuple(notes(view)),
    )


def answer(view: ScopeView) -> list[Text]:
    """Return the finding in a few sentences."""
    count = view.count
    found = [
        words(
            "scope.answer.count",
            day=view.day,
            inside=count["in"],
            all=view.codes.height,
            part=count["part"],
            out=count["out"],
        )
    ]
    whole = view.whole
    if whole is not None:
        parts = {name: number(100 * whole[name]) for name in ("share", "lower", "upper")}
        exact = whole["upper"] - whole["lower"] < NARROW / 100
        kind = "scope.answer.exact" if exact else "scope.answer.share"
        found.append(words(kind, measure=view.measured, **parts))
        if whole["upper"] - whole["lower"] > NARROW:
            found.append(words("scope.answer.wide", names=listing(_widest(view))))
    names = listing([view.list_name(one.id) for one in view.scope.question.chosen])
    many = len(view.scope.question.chosen) > 1
    found.append(words("scope.answer.lists", names=names) if many else words("scope.answer.list", names=names))
    rows = view.by_region
    if rows.height > 1:
        first, last = rows.row(0, named=True), rows.row(-1, named=True)
        found.append(
            words(
                "scope.answer.regions",
                count=rows.height,
                first=view.region(first["region"]),
                most=number(100 * first["share"]),
                last=view.region(last["region"]),
                least=number(100 * last["share"]),
            )
        )
    return found


def _widest(view: ScopeView) -> list[Text]:
    """Return the industries that widen the bounds most."""
    rows = view.codes.filter(pl.col("upper") > pl.col("lower"))
    rows = rows.sort((pl.col("upper") - pl.col("lower")) * pl.col("value"), descending=True).head(NAMED)
    return [view.coded(code) for code in rows["code"]]


def notes(view: ScopeView) -> list[Text]:
    """Return what the figures rest on, and what is not in them."""
    day = view.scope.question.day
    found = []
    if view.year is not None and view.year < day.year:
        found.append(words("scope.note.year", year=view.year, day=view.day))
    if view.year is not None and view.year > day.year:
        found.append(words("scope.note.later", year=view.year, day=view.day))
    if view.scope.absent:
        found.append(words("scope.note.absent", names=listing([view.coded(code) for code in view.scope.absent])))
    if view.count["part"]:
        found.append(words("scope.note.partial"))
    chosen = [one.id for one in view.scope.question.chosen]
    force = definitions(day).filter(~pl.col("definition").is_in(chosen))
    for key, some in (
        ("others", force.filter(pl.col("status") != "template")),
        ("templates", force.filter(pl.col("status") == "template")),
    ):
        if some.height:
            found.append(
                words(f"scope.note.{key}", names=listing([view.list_title(one) for one in some["definition"]]))
            )
    return [*found, *(finding.message for finding in view.scope.findings), words("scope.note.word")]
