"""What pages of the frontier need: sentences and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.schema import Kind
from xinzhi.core.text import Text
from xinzhi.frontier.internal import Labelled, good_text
from xinzhi.report.section import Picture, Section, shown
from xinzhi.report.sentence import sentence
from xinzhi.report.table import NO_UNIT, Column, Table, column


def sentences_of(result: Labelled) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Return the answer and the notes that the facts of a result make."""
    answer: list[Text] = []
    notes: list[Text] = []
    for key, values in result.facts().items():
        entries = [values] if not isinstance(values, list) else values
        sentences = [words.by_key(f"frontier.{key}", **entry) for entry in entries]
        if key.startswith("headline."):
            sentences = [sentence(text) for text in sentences]
        (notes if key.startswith("note.") else answer).extend(sentences)
    return tuple(answer), tuple(notes)


def section_of_facts(
    result: Labelled,
    name: str,
    pictures: Iterable[Picture | None],
    tables: Iterable[Table | None] = (),
    *more: Text,
    facts: Mapping[str, object] | None = None,
) -> Section:
    """Return the page of a result: what its facts say, pictures and tables, and notes, those on the data last."""
    answer, notes = sentences_of(result)
    return Section.of(
        f"frontier.{name}",
        pictures,
        tables,
        anchor=name.replace("_", "-"),
        answer=answer,
        facts=facts,
        notes=(*notes, *more, *result.labels.notes),
    )


def draw(
    name: str,
    result: Labelled,
    frame: pl.DataFrame | None = None,
    facts: Mapping[str, Any] | None = None,
    **options: Any,  # noqa: ANN401 - as `shown` takes them
) -> Picture | None:
    """Return a picture from its row of data; without facts of its own it has the leading one of the result."""
    leading = {} if facts is not None else {"headline": headline(result)}
    return shown(f"frontier.{name}", result, frame, facts, **{"names": labels(result), **leading, **options})


def headline(result: Labelled) -> Text:
    """Return the leading fact in words."""
    key, values = next((pair for pair in result.facts().items() if pair[0].startswith("headline.")), ("", {}))
    return words.by_key(f"frontier.{key}", **values) if key else words.frontier.answer_nothing()


def chosen(result: Labelled, region: str | None, units: Iterable[object]) -> str | None:
    """Return the code of the unit that was asked for by code or name, None where none was."""
    return None if region is None else result.names.resolve(region, units)


def labels(result: Labelled) -> dict[str, Callable[[Any], Text | None]]:
    """Return what units, their groups and goods are called, for the columns of a table."""
    region = result.names.region
    return {"unit": region, "peer": region, "group": lambda unit: group_text(result, unit), "good": good_text}


def group_text(result: Labelled, unit: object) -> Text | None:
    """Return the group of a unit, None where it has none."""
    return result.labels.groups.get(str(unit))


def head(name: str, kind: Kind, unit: Text | None = None, *, of: str | None = None, **values: object) -> Column:
    """Return a column of the catalogue of the topic."""
    return column(f"frontier.{name}", kind, unit, of=of, **values)


def column_of(title: Text, kind: Kind, name: str, unit: Text | None = None) -> Column:
    """Return a column with a title of its own."""
    return Column(title=title, kind=kind, name=name, unit=unit or NO_UNIT)


def domain(frame: pl.DataFrame, *columns: str, at: float = 0.0) -> tuple[float, float]:
    """Return the ends of an axis that holds every value, interval and the reference."""
    reach = [at, *(value for name in columns for value in frame[name].drop_nulls())]
    margin = 0.05 * ((max(reach) - min(reach)) or 1.0)
    return min(reach) - margin, max(reach) + margin
