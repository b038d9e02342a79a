"""Sections as data: what a result says, from the rows of ``words/sections/<topic>.yaml``.

A page in code registers its function with ``@section.register``; the class of a result whose section is a row needs
none: the row stands under the name of its class, in the file of its topic::

    sections:
      SigmaConvergence:
        anchor: paths-sigma       # where it stands on the page
        title: sigma_section      # pathways.title.sigma_section, or frame.<name>, a text of the result
        pictures: [sigma]         # rows of pictures, the leading one first
        tables: [pathways_ends, "pathways_path?"]  # rows of tables; ?: where no picture of the section has it
        answer: [pictures]        # what answers (see below); without: the headlines of the pictures
        notes: [note.beta, findings]
        warning: warning          # pathways.warning

An entry of `answer` and of `notes` is the key of a text; facts of that key fill it, once for each of their values;
with a question mark it is left out where there are none. ``pictures`` stands for the headlines of the pictures,
``facts`` for all facts (of `notes`: those that are notes), ``findings`` for the findings of the result,
``frame.<name>`` for a text or the texts that the property `name` of the result has. Rows of pictures and tables are
those of `xinzhi.report.section` and `xinzhi.report.table`; a table of a frame without rows is left out. Pictures of
one region show that of `Result.about`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import singledispatch

import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Text
from xinzhi.report.rows import property_of, rows_of_topic
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.sentence import answer_of, finding_notes, notes_of, sentence
from xinzhi.report.table import Table, table


@singledispatch
def section(result: Result, *, region: str | None = None) -> Section:
    """Return what a result says, by its row; a page in code registers what it does for its class."""
    result = result.about(region)
    rows = rows_of_topic(result.topic).sections
    row = next((rows[kind.__name__] for kind in type(result).__mro__ if kind.__name__ in rows), None)
    if row is None:
        raise UsageError("report.no-picture", name=type(result).__name__)
    facts = result.facts()
    pictures = [picture for name in row.pictures if (picture := picture_of(result, name, facts)) is not None]
    return Section(
        key=row.anchor,
        title=_title(result, row.title),
        answer=tuple(text for entry in row.answer for text in _answers(result, entry, facts, pictures)),
        pictures=tuple(pictures),
        tables=tables_of(result, row.tables, [picture.twin.key for picture in pictures]),
        sheets=tables_of(result, row.sheets),
        notes=tuple(text for entry in row.notes for text in _notes(result, entry, facts)),
        warning=None if row.warning is None else words.by_key(f"{result.topic}.{row.warning}"),
    )


def _title(result: Result, title: str) -> Text:
    """Return the title of a section: a word of the topic, or a text that the result has."""
    name = title.removeprefix("frame.")
    text: Text = words.by_key(f"{result.topic}.title.{title}") if name == title else property_of(result, name)
    return text


def picture_of(result: Result, name: str, facts: Facts) -> Picture | None:
    """Return a picture of a result by its row; None where its frame is empty or too long, or it has no headline."""
    row = rows_of_topic(result.topic).pictures[name]
    frame: pl.DataFrame = property_of(result, row.frame)
    names = [
        frame[column] for field, column in row.draws.items() if field in {"name", "row"} and column in frame.columns
    ]
    if frame.is_empty() or (row.most is not None and any(column.n_unique() > row.most for column in names)):
        return None
    return shown(f"{result.topic}.{name}", result, frame, facts)


def tables_of(result: Result, entries: Sequence[str], twins: Sequence[str] = ()) -> tuple[Table, ...]:
    """Return the tables of a result by their rows, without those whose frame is empty."""
    rows = rows_of_topic(result.topic).tables
    keys = [entry.removesuffix("?") for entry in entries if entry.removesuffix("?") not in twins or entry[-1] != "?"]
    return tuple(
        table(key, of=result) for key in keys if not property_of(result, rows[key].frame or "frame").is_empty()
    )


def _answers(result: Result, entry: str, facts: Facts, pictures: Sequence[Picture]) -> Iterator[Text]:
    """Yield the sentences of the answer that an entry stands for."""
    if entry == "pictures":
        yield from (sentence(picture.headline) for picture in pictures)
    elif entry == "facts":
        yield from answer_of(facts, result.topic)
    else:
        yield from _texts(result, entry, facts)


def _notes(result: Result, entry: str, facts: Facts) -> Iterator[Text]:
    """Yield the notes that an entry stands for."""
    if entry == "findings":
        yield from finding_notes(property_of(result, entry))
    elif entry == "facts":
        yield from notes_of(facts, result.topic)
    else:
        yield from _texts(result, entry, facts)


def _texts(result: Result, entry: str, facts: Facts) -> Iterator[Text]:
    """Yield the texts of a key: filled by the facts of that key, or as they stand; none of a question mark's."""
    if entry.startswith("frame."):
        texts: Text | Sequence[Text] = property_of(result, entry.removeprefix("frame."))
        yield from [texts] if isinstance(texts, Text) else texts
        return
    key, optional = entry.removesuffix("?"), entry.endswith("?")
    values = facts.get(key)
    if values is None and not optional:
        yield words.by_key(f"{result.topic}.{key}")
    elif values is not None:
        rows: Sequence[Mapping[str, object]] = values if isinstance(values, list) else [values]
        yield from (words.by_key(f"{result.topic}.{key}", **row) for row in rows)
