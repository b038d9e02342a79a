"""What stands in the main part of an assessment and what in its annex, as `outline.yaml` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from pathlib import Path

from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text
from xinzhi.report.section import Section
from xinzhi.report.table import Table

EMPTY = ("", Text(zh="", en=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Annex:
    """The pictures, by kind, and the tables of a topic that the annex shows; None: those that the main part has not."""

    pictures: Sequence[str] | None = None
    tables: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """What the main part shows of a topic: sentences, kinds of pictures, tables with their columns."""

    sentences: int | None = None
    pictures: Sequence[str] = ()
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)
    annex: Annex = field(default_factory=Annex)


@dataclass(frozen=True, slots=True)
class Outline:
    """The excerpts by topic, the columns of the table of regions (table, name), and the sheets of the workbook."""

    topics: Mapping[str, Excerpt]
    overview: Sequence[tuple[str, str]]
    workbook: Sequence[str]


@cache
def outline() -> Outline:
    """Return the outline of an assessment."""
    content = read_yaml(Path(__file__).with_name("outline.yaml"))
    excerpts = {
        topic: Excerpt(**{**row, "annex": Annex(**row.get("annex", {}))}) for topic, row in content["topics"].items()
    }
    return Outline(excerpts, content["overview"], content["workbook"])


def split(sections: Sequence[Section]) -> tuple[list[Section], list[Section]]:
    """Return the main part and the annex of sections."""
    by_key, topics = {part.key: part for part in sections}, outline().topics
    main = {key: _main(by_key[key], row) for key, row in topics.items() if key in by_key}
    annex = [_rest(part, main[part.key], topics[part.key]) if part.key in main else part for part in sections]
    return list(main.values()), [part for part in annex if part is not None]


def _main(topic: Section, excerpt: Excerpt) -> Section:
    """Return what the main part shows of a topic."""
    pictures = tuple(chain.from_iterable(topic.pictures_of(kind) for kind in excerpt.pictures))
    tables = tuple(_excerpt(table, excerpt.tables[table.key]) for table in topic.tables if table.key in excerpt.tables)
    return Section(
        key=topic.key,
        title=topic.title,
        answer=topic.answer[: excerpt.sentences],
        warning=topic.warning,
        foot=topic.foot,
        pictures=pictures or topic.pictures[:1],
        tables=tables,
    )


def _excerpt(full: Table, names: Sequence[str]) -> Table:
    """Return some columns of a table, without the rows that have nothing in them; all of it where none are named."""
    present = [name for name in names if name in {column.name for column in full.columns}]
    if not present:
        return full
    part = full.excerpt(*present)
    return replace(part, rows=[row for row in part.rows if any(has_content(cell) for cell in row[1:])])


def has_content(cell: object) -> bool:
    """Say whether a cell says anything."""
    return cell is not None and cell not in EMPTY


def _rest(topic: Section, main: Section, excerpt: Excerpt) -> Section | None:
    """Return what the annex shows of a topic; None where the main part has all of it."""
    annex, in_main = excerpt.annex, {picture.kind for picture in main.pictures}
    if annex.pictures is None:
        pictures = tuple(picture for picture in topic.pictures if picture.kind not in in_main)
    else:
        pictures = tuple(picture for picture in topic.pictures if picture.kind in annex.pictures)
    tables = [table for table in topic.tables if annex.tables is None or table.key in annex.tables]
    rest = replace(
        topic,
        anchor=f"annex-{topic.key}",
        answer=topic.answer[len(main.answer) :],
        warning=None,
        reach=(),
        pictures=pictures,
        tables=tuple(table for table in tables if table not in main.tables),
    )
    contents = (
        rest.answer,
        rest.intro,
        rest.pictures,
        rest.sketches,
        rest.tables,
        rest.notes,
        rest.ledgers,
        rest.profiles,
    )
    return rest if any(contents) else None
