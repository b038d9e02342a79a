"""What a mark says to the pointer and to a screen reader: its name, then each figure with its title and unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from xinzhi import words
from xinzhi.core.schema import Column
from xinzhi.core.text import Text, is_finite_number, number, same
from xinzhi.report.table import DECIMALS

Titles: TypeAlias = Mapping[str, Column | Text]  # what the fields of rows are

NAMES = ("name", "row", "column", "region", "group", "part", "end", "period", "year")  # what a row is of
ENDS = {"low": "low", "high": "high", "bound": "limit", "limit": "limit"}  # fields with words of their own


def label(row: object, titles: Titles, decimals: int) -> Text:
    """Return what the mark of a row says, a line for its name and one for each figure."""
    if not isinstance(row, Mapping):
        return same("")
    text = row.get("label")
    if isinstance(text, Text):
        return text
    names = [name_text(row[name]) for name in NAMES if row.get(name) is not None and name not in titles]
    lines = [_joined(list(dict.fromkeys(names)))] if names else []
    for name, cell in row.items():
        title = titles.get(name) or (words.by_key(f"chart.told.{ENDS[name]}") if name in ENDS else None)
        value = _value(cell, title, decimals)
        if title is not None and value is not None:
            lines.append(value if title == same("") else words.shared.chart_told_line(name=_title(title), value=value))
    return of_lines(lines)


def of_lines(lines: list[Text]) -> Text:
    """Return lines as a text."""
    lines = list(dict.fromkeys(lines))
    return Text(zh="\n".join(line.zh for line in lines), en="\n".join(line.en for line in lines))


def _joined(names: list[Text]) -> Text:
    return Text(zh=" · ".join(name.zh for name in names), en=" · ".join(name.en for name in names))


def name_text(name: object) -> Text:
    """Return a name as it is read; a quarter or month of a year."""
    if isinstance(name, Text):
        return name
    if not isinstance(name, int | float):
        return same(str(name))
    year, part = divmod(name, 1)
    if not part:
        return same(f"{year:.0f}")
    quarter = 4 * part + 1
    return same(
        f"{year:.0f}Q{quarter:.0f}" if float(quarter).is_integer() else f"{year:.0f}-{round(12 * part) + 1:02d}"
    )


def _title(title: Column | Text) -> Text:
    if isinstance(title, Text):
        return title
    if not title.unit.en:
        return title.title
    units = (words.shared.chart_told_unit(unit=title.unit),)
    return Text(zh=title.title.zh + units[0].zh, en=title.title.en + units[0].en)


def _value(cell: object, title: Column | Text | None, decimals: int) -> Text | None:
    """Return a figure, or a text where its field has a title; None where there is nothing to say."""
    if isinstance(cell, Text):
        return cell
    if isinstance(cell, str):
        return same(cell) if cell else None
    if not isinstance(cell, int | float) or isinstance(cell, bool) or not is_finite_number(cell):
        return None
    if not isinstance(title, Column):
        return same(f"{cell:d}" if isinstance(cell, int) else number(cell, decimals))
    if title.kind in {"integer", "year"}:
        return same(f"{cell:.0f}")
    places = DECIMALS.get(title.kind, decimals) if title.decimals is None else title.decimals
    return same(number(cell, places))
