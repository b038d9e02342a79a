"""The page of `classify`, and the five powers: which industries count on a day, by whose list, how much of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

import polars as pl

from xinzhi import words
from xinzhi.core.text import Text, listing, same, unit_text
from xinzhi.report import palette
from xinzhi.report.charts import kinds
from xinzhi.report.charts.axes import Row
from xinzhi.report.charts.chart import Canvas, Chart, Drawing
from xinzhi.report.charts.labels import of_lines
from xinzhi.report.section import Picture, Section, picture, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, notes_of
from xinzhi.report.table import NO_UNIT, Column, Table, Writers, column, table
from xinzhi.scope import Scope, definition
from xinzhi.scope.internal import Era

FIRST, STEP, LINE_WIDTH = 1700, 40, 640
MIDDLE = 1850  # the words of eras that begin later stand to the left of their end
SPREAD = ("share", "lower", "upper")


def eras() -> tuple[Era, ...]:
    """Return the five eras in their order."""
    return definition("five-powers").eras


def year_of(day: date) -> float:
    """Return a day as a year with its fraction."""
    return day.year + (day.timetuple().tm_yday - 1) / 366


def era_of(day: date) -> Era:
    """Return the era that a day lies in."""
    return [era for era in eras() if era.begins is None or era.begins <= day][-1]


def power_line(day: date) -> Picture:
    """Return the picture of the five powers, with the day that was asked about."""
    now = era_of(day)
    facts: dict[str, object] = {"power": now.title, "day": day.isoformat()}
    if now.begins:
        facts |= {"event": now.event, "begins": now.begins.isoformat()}
    headline = None if now.begins else "timeline_open"
    return picture("scope.timeline", _eras, day, powers_table(), facts, headline=headline, unit="year")


def powers_table() -> Table:
    """Return the five powers with event, other dates, leading sectors and evidence."""
    columns = ("power", "begins", "ends", "event", "others", "leading", "evidence")
    return Table(
        key="scope_powers",
        title=words.scope.table_scope_powers(),
        columns=tuple(column(f"scope.{name}", "name" if name == "power" else "text") for name in columns),
        rows=[
            (
                era.title,
                era.begins.isoformat() if era.begins else None,
                era.ends.isoformat() if era.ends else None,
                era.event,
                listing([_with_date(event, when) for when, event in era.alternatives]) if era.alternatives else None,
                listing([_with_codes(name, codes) for name, codes in era.leading]),
                era.evidence,
            )
            for era in eras()
        ],
        notes=(words.scope.note_eras(),),
    )


def _with_date(event: Text, when: date) -> Text:
    return words.scope.label_event(event=event, begins=when.isoformat())


def _with_codes(name: Text, codes: tuple[str, ...]) -> Text:
    if not codes:
        return name
    return Text(zh=f"{name.zh}（{'、'.join(codes)}）", en=f"{name.en} ({', '.join(codes)})")


def _eras(day: date) -> Chart:
    """Return the eras as bars, with what began or ended each, and where other readings begin."""
    last = year_of(day) if day.year > FIRST else float(FIRST)
    end = max(last, 2026.0) + 4
    bars, events, gaps = _rows(end)
    names = [bar["name"] for bar in bars]
    inks = dict(zip(names, (palette.GROUPS[at] for at in (7, 2, 0, 1, 3)), strict=False))
    texts = [
        {
            "cells": [event for event in events if event["align"] == align],
            "align": align,
            "dy": 8,
            "letter": 10,
            "text_ink": palette.SOFT,
        }
        for align in ("left", "right")
    ]
    values = {
        "order": names,
        "step": STEP,
        "letters": 12,
        "domain": [FIRST, end],
        "format": "d",
        "axis_line": False,
        "grid_x": False,
        "ticks": 7,
        "thickness": 11,
        "raised": -7,
        "opacity": 0.85,
        "silent": True,
        "groups": list(inks),
        "inks": list(inks.values()),
        "bars": [{**bar, "group": bar["name"], "label": _era_label(bar)} for bar in bars],
        "marks": gaps,
        "mark_fill": "white",
        "mark_edge": palette.INK,
        "texts": texts,
        "rules": [{"at": last, "rule_ink": palette.ACCENT}] if day.year >= FIRST else [],
    }
    return Chart(template="rows", values=values, width=LINE_WIDTH + 110, layout=_event_lines)


def _era_label(bar: Row) -> Text:
    return of_lines([bar["name"], same(f"{bar['start']:.0f} – {bar['end']:.0f}")])


def _event_lines(canvas: Canvas) -> dict[str, object]:
    """Return the height of a row, which has more lines on a phone."""
    return {"step": STEP + 8} if canvas.phone else {}


def _rows(end: float) -> tuple[Sequence[Row], Sequence[Row], Sequence[Row]]:
    """Return the bars, the events at their ends, and where other readings begin."""
    bars, events, gaps = [], [], []
    for era in eras():
        start = year_of(era.begins) if era.begins else float(FIRST)
        stop = year_of(era.ends) if era.ends else end
        bars.append({"name": era.title, "start": start, "end": stop})
        event = _with_date(era.event, era.begins) if era.begins else era.event
        at_left = start < MIDDLE
        side = {"at": start, "align": "left"} if at_left else {"at": stop, "align": "right"}
        events.append({"name": era.title, "text": event, **side})
        for when, _ in era.alternatives:
            if when.year >= FIRST:
                gaps.append({"name": era.title, "mark": year_of(when)})
    return bars, events, gaps


@section.register
def classified(result: Scope) -> Section:
    """Return what counts as new quality on a day; the pictures show all regions."""
    pictures = [treemap(result), lists(result), regions(result), years(result), power_line(result.question.day)]
    return _section(result, pictures, [industries(result), sources(result)])


def brief(result: Scope) -> Section:
    """Return the section for the report of an assessment: the table holds only what counts."""
    tree, by_region = treemap(result), regions(result)
    content = industries(result, counted=True) if tree else powers_table()
    section = _section(result, [tree or power_line(result.question.day)], [content])
    return section if by_region is None else replace(section, sheets=(by_region.twin,))


def _section(result: Scope, pictures: list[Picture | None], tables: list[Table]) -> Section:
    facts = result.facts()
    return Section.of(
        "scope.scope",
        pictures,
        tables,
        anchor="scope",
        facts={"day": result.day},
        answer=answer_of(facts, "scope"),
        notes=tuple(notes_of(facts, "scope")),
    )


def unit(result: Scope) -> Text:
    """Return the unit of the measure; empty where it is not known."""
    weights = result.units.get(result.weight_name or "")
    return unit_text(weights) if weights else NO_UNIT


def _amount(result: Scope) -> Column:
    return column("scope.in_scope", "figure", unit(result))


def treemap(result: Scope) -> Picture | None:
    """Return what is in, coloured by the lists that name it; None where nothing is."""
    rows = result.inside
    if rows.is_empty():
        return None
    first = rows.row(0, named=True)
    total = float(rows["in_scope"].sum())
    facts = {"measure": result.share_base, "name": result.industry(first["code"]), "share": first["in_scope"] / total}
    names = {
        "industry": result.industry,
        "lists": lambda ids: listing([result.list_name(name) for name in ids.split(";") if name]),
    }
    twin = table(
        "scope_treemap",
        rows,
        [column("scope.industry", "name"), "code", *SPREAD, _amount(result), column("scope.lists", "text")],
        result,
        names=names,
    )
    return picture(
        "scope.treemap",
        _treemap,
        rows,
        twin,
        facts | {"count": rows.height},
        headline=None if result.weight_name else "treemap_plain",
        unit="share",
        result=result,
    )


def _treemap(units: pl.DataFrame, *, result: Scope) -> Drawing:
    rows: list[Row] = []
    for row in units.iter_rows(named=True):
        definitions = row["definitions"].split(";")
        group = result.list_name(definitions[0]) if len(definitions) == 1 else words.scope.label_several()
        rows.append({"name": result.industry(row["code"]), "value": row["in_scope"], "group": group})
    return kinds.treemap(rows)


def _spread(row: Row) -> dict[str, float]:
    return {"value": 100 * row["share"], "low": 100 * row["lower"], "high": 100 * row["upper"]}


def lists(result: Scope) -> Picture | None:
    """Return every list by itself and all of them together; None where there is one list."""
    rows, union = result.lists_by_share, result.whole
    if rows.height < 2 or union is None:  # noqa: PLR2004 - one list has nothing to be compared with
        return None
    bars = [
        {"name": result.list_name(row["definition"]), **_spread(row), "group": words.scope.column_list()}
        for row in rows.iter_rows(named=True)
    ]
    bars.append({"name": words.scope.label_union(), **_spread(union), "group": words.scope.label_in_scope()})
    labels = {name: words.scope.label_of(name) for name in ("sum", "twice", "union")}
    names = {"definition": lambda name: labels.get(name) or result.list_name(name)}
    twin = table(
        "scope_lists",
        result.lists_and_union,
        [column("scope.list", "name", of="definition"), column("scope.named", "integer"), *SPREAD],
        result,
        names=names,
    )
    facts = {"sum": float(rows["share"].sum()), "union": union["share"], "measure": result.share_base}
    return shown("scope.lists", result, result.lists_and_union, facts, rows=bars, twin=twin)


def regions(result: Scope) -> Picture | None:
    """Return the regions; None where there are none to compare."""
    rows = result.by_region
    if rows.height < 2:  # noqa: PLR2004 - one region has no other to be compared with
        return None
    names = {"region": result.names.region}
    columns = [column("scope.region", "name"), column("scope.code", "code"), *SPREAD]
    twin = table("scope_regions", rows, columns, result, names=names)
    facts = cast("Mapping[str, object]", result.facts()["answer.regions"])
    return shown("scope.regions", result, rows, facts, twin=twin, names=names, values={"measure": result.share_base})


def years(result: Scope) -> Picture | None:
    """Return the years; None where there is one."""
    rows = result.by_year
    if rows.height < 2:  # noqa: PLR2004 - one year is no line
        return None
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    facts = {"first": first["year"], "before": first["share"], "last": last["year"], "after": last["share"]}
    return shown("scope.years", result, rows, facts, draws={"group": words.scope.label_in_scope()})


def industries(result: Scope, *, counted: bool = False) -> Table:
    """Return every industry with verdict, bounds and who names it, or only those that count."""
    rows, nobody = result.in_scope if counted else result.industries, words.scope.label_nobody()
    writers: Writers = {"industry": result.industry, "reason": lambda code: result.reasons.get(code, nobody)}
    amount = [_amount(result)] if result.weight_name is not None else []
    columns = ["code", column("scope.industry", "text"), "verdict", *SPREAD, *amount, column("scope.reason", "text")]
    return table("scope_industries", rows, columns, result, names=writers)


def sources(result: Scope) -> Table:
    """Return the definitions that were used, with who issued them and where they stand."""
    rows = [
        (
            definition.title,
            definition.id,
            definition.authority,
            same(definition.valid_from.isoformat()),
            definition.source,
        )
        for definition in result.question.definitions
    ]
    texts = (column(f"scope.{name}", "text") for name in ("authority", "begins", "source"))
    columns = (column("scope.title", "name"), column("scope.definition", "code"), *texts)
    return Table(key="scope_sources", title=words.scope.table_scope_sources(), columns=columns, rows=rows)
