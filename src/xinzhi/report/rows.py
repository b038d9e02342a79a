"""The rows of ``words/sections/<topic>.yaml``: sections, pictures and tables as data.

A field that nobody knows is a `TypeError` when a file is read first; a test draws what each row says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from xinzhi.core.text import read_words, words_exist

Spec: TypeAlias = str | Mapping[str, str | Mapping[str, str]]  # a column: its name, or what it is
CHART = ("x", "y", "reference", "decimals", "domain", "total", "cell", "split")  # options of charts


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRow:
    """A section: see `xinzhi.report.section_rows`."""

    anchor: str
    title: str
    pictures: Sequence[str] = ()
    tables: Sequence[str] = ()
    sheets: Sequence[str] = ()
    answer: Sequence[str] = ("pictures",)
    notes: Sequence[str] = ()
    warning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """A picture: see `xinzhi.report.section`."""

    chart: str | None = None
    frame: str = "frame"
    draws: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] | str = field(default_factory=dict)
    groups: Sequence[str] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    table: str = ""
    columns: Sequence[Spec] | None = None
    order: Sequence[str] = ()
    most: int | None = None
    headlines: Sequence[str] = ()
    kind: str | None = None
    capital: bool = False
    title: str | None = None
    headline: str | None = None
    how: str | None = None
    unit: str | None = None
    legend: str | None = None
    x: str | None = None
    y: str | None = None
    reference: float | None = None
    decimals: int | None = None
    domain: Sequence[float] | None = None
    total: str | None = None
    cell: int | None = None
    split: Sequence[float | None] | None = None

    def options(self) -> dict[str, object]:
        """Return the words and the options of the chart that the row has."""
        names = ("chart", "title", "headline", "how", "unit", "legend", *CHART)
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """A table: see `xinzhi.report.table`."""

    frame: str | None = None
    columns: Sequence[Spec] | None = None
    order: Sequence[str] = ()
    title: str | None = None
    notes: Sequence[str] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def placeholders(self, result: object) -> dict[str, object]:
        """Return what a result fills the placeholders of the titles with."""
        return {name: property_of(result, value) for name, value in self.values.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The rows of a topic: sections by the class of their results, pictures and tables by name."""

    sections: Mapping[str, SectionRow] = field(default_factory=dict)
    pictures: Mapping[str, PictureRow] = field(default_factory=dict)
    tables: Mapping[str, TableRow] = field(default_factory=dict)


def property_of(result: object, name: str) -> Any:  # noqa: ANN401 - a frame, texts or an option of a chart
    """Return a property of a result that a row names, or one of that (``history.points``); a test looks for each."""
    return attrgetter(name)(result)


@cache
def rows_of_topic(topic: str) -> Topic:
    """Return the rows of a topic; often it has none."""
    path = f"sections/{topic}.yaml"
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]] = read_words(path) if words_exist(path) else {}
    return Topic(
        sections={name: SectionRow(**row) for name, row in rows.get("sections", {}).items()},
        pictures={name: PictureRow(**row) for name, row in rows.get("pictures", {}).items()},
        tables={name: TableRow(**row) for name, row in rows.get("tables", {}).items()},
    )
