"""The main part of an assessment and its annex: `outline.yaml` says what stands where, the rest follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from xinzhi.core.parameters import read_yaml
from xinzhi.core.schema import COMMON, Column, describe
from xinzhi.core.text import Text, has, words
from xinzhi.report.section import Section
from xinzhi.report.table import Table

EMPTY = ("", Text(zh="", en=""))


@cache
def outline() -> Mapping[str, Any]:
    """Return what the main part shows by topic, and the columns of the table of regions."""
    found: Mapping[str, Any] = read_yaml(Path(__file__).with_suffix(".yaml"))
    return found


def split(sections: Sequence[Section]) -> tuple[list[Section], list[Section]]:
    """Return the main part and the annex of sections."""
    known, topics = {one.key: one for one in sections}, outline()["topics"]
    main = {key: _main(known[key], row) for key, row in topics.items() if key in known}
    annex = [_rest(one, main[one.key], topics[one.key]) if one.key in main else one for one in sections]
    return list(main.values()), [one for one in annex if one is not None]


def _main(one: Section, row: Mapping[str, Any]) -> Section:
    """Return what the main part shows of a topic."""
    drawn = tuple(shown for kind in row.get("pictures", ()) for shown in one.pictures if shown.kind == kind)
    wanted: Mapping[str, Sequence[str]] = row.get("tables", {})
    tables = tuple(_columns(table, wanted[table.key]) for table in one.tables if table.key in wanted)
    return Section(
        key=one.key, title=one.title, answer=one.answer[: row.get("sentences")], warning=one.warning, foot=one.foot,
        pictures=drawn or one.pictures[:1], tables=tables,
    )  # fmt: skip


def _columns(whole: Table, names: Sequence[str]) -> Table:
    """Return some columns of a table, without the rows that have nothing in them; all of it where none are named."""
    held = [name for name in names if name in {one.name for one in whole.columns}]
    if not held:
        return whole
    some = whole.of(*held)
    return replace(some, rows=[row for row in some.rows if any(_told(cell) for cell in row[1:])])


def _told(cell: object) -> bool:
    return cell is not None and cell not in EMPTY


def _rest(one: Section, main: Section, row: Mapping[str, Any]) -> Section | None:
    """Return what the annex shows of a topic; None where the main part has all of it."""
    kept: Mapping[str, Sequence[str]] = row.get("annex", {})
    shown = {picture.kind for picture in main.pictures}
    pictures = [picture for picture in one.pictures if picture.kind in kept.get("pictures", {picture.kind} - shown)]
    tables = [table for table in one.tables if table.key in kept.get("tables", {table.key})]
    rest = replace(
        one, anchor=f"annex-{one.key}", answer=one.answer[len(main.answer) :], warning=None, reach=(),
        pictures=tuple(pictures), tables=tuple(table for table in tables if table not in main.tables),
    )  # fmt: skip
    held = (rest.answer, rest.intro, rest.pictures, rest.sketches, rest.tables, rest.notes, rest.ledgers, rest.profiles)
    return rest if any(held) else None


def overview(sections: Sequence[Section], regions: Sequence[Text]) -> Table:
    """Return the table of the regions, in their order: columns of the tables of the topics, side by side."""
    drawn = {picture.twin.key: picture.twin for one in sections for picture in one.pictures}
    tables = {table.key: table for one in sections for table in one.contents()} | drawn
    found = [
        (tables[key], one) for key, name in outline()["overview"] if key in tables for one in _like(tables[key], name)
    ]
    cells = [_by_region(whole, one) for whole, one in found]
    return Table(
        key="overview",
        title=words("table.overview"),
        columns=(describe(COMMON, "region"), *(_titled(one) for _, one in found)),
        rows=[(name, *(some.get(name) for some in cells)) for name in regions],
        notes=(words("note.dash"), words("note.overview")),
    )


def _like(whole: Table, name: str) -> list[Column]:
    """Return the columns of a name; of one that the table has for several periods, each."""
    return [one for one in whole.columns if re.fullmatch(rf"{name}(\d.*)?", one.name)]


def _titled(one: Column) -> Column:
    """Return a column by the title that it has beside those of other topics, where it has one."""
    key = f"column.overview_{one.name}"
    return replace(one, title=words(key)) if has(key) else one


def _by_region(whole: Table, one: Column) -> dict[Any, Any]:
    """Return the cells of a column by the name of the region, the first where there are several."""
    head = next(at for at, other in enumerate(whole.columns) if other.name in {"region", "regions"})
    place = whole.columns.index(one)
    return {row[head]: row[place] for row in reversed(whole.rows) if _told(row[place])}
