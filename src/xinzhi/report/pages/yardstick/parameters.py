"""The protocol and the findings about the data as tables: in full for the workbook, in few columns for the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from xinzhi.core.finding import Finding
from xinzhi.core.schema import Column, Kind
from xinzhi.core.text import NOTHING, Text, words
from xinzhi.protocol import Alternative, Dated, Parameter, Protocol
from xinzhi.report.page import both
from xinzhi.report.table import Table

SHOWN = 200  # findings on the page; all of them are in the workbook and in the JSON document
SEVERITIES = {"error": 0, "warning": 1, "note": 2}
PARAMETER: Mapping[str, Kind] = {
    "parameter": "code", "title": "name", "value": "value", "unit": "text", "description": "value",
    "reference": "text", "alternatives": "text", "origin": "code",
}  # fmt: skip
FINDING: Mapping[str, Kind] = {
    "severity": "name", "where": "name", "message": "name", "hint": "name", "found": "text", "expected": "text",
    "rule": "code",
}  # fmt: skip


def introduction(document: Protocol) -> tuple[Markup, ...]:
    """Return what a protocol is, and its fingerprint."""
    status = both(words(f"status.{document.status}"))
    line = Markup("<b>{}</b> ({}, {}; {}; {}). {}").format(
        both(document.title),
        document.id,
        document.version,
        status,
        both(document.authority),
        both(document.description),
    )
    mark = Markup('<span class="fingerprint">{}</span>').format(
        both(words("note.protocol", fingerprint=document.fingerprint))
    )
    return line, mark


def protocol(document: Protocol) -> Table:
    """Return every parameter of the yardstick: value, unit, the argument for it, its sources and what others use."""
    rows = [
        (
            parameter.path,
            parameter.title,
            in_words(parameter),
            "" if parameter.unit == "choice" else parameter.unit,
            parameter.description,
            "; ".join(f"{one.title}, {one.where}" if one.where else one.title for one in parameter.reference),
            "; ".join(alternative(one) for one in parameter.alternatives),
            parameter.origin,
        )
        for parameter in document.parameters.values()
    ]
    return _table("protocol", PARAMETER, rows)


def _table(key: str, kinds: Mapping[str, Kind], rows: Sequence[tuple[Any, ...]]) -> Table:
    columns = tuple(Column(name=name, title=words(f"column.{name}"), kind=kind) for name, kind in kinds.items())
    return Table(key=key, title=words(f"table.{key}"), columns=columns, rows=rows)


def in_words(parameter: Parameter) -> str | float | Text:
    """Return the value of a parameter: a number as such, the word of a choice with its meaning."""
    from xinzhi.protocol import specification

    if isinstance(parameter.value, int | float) and not isinstance(parameter.value, bool):
        return parameter.value
    meaning = specification(parameter.path).allowed.get(parameter.value) if isinstance(parameter.value, str) else None
    if meaning is None:
        return shown(parameter.value)
    return Text(zh=f"{meaning.zh}（{parameter.value}）", en=f"{meaning.en} ({parameter.value})")


def shown(value: Any) -> str:  # noqa: ANN401 - a parameter of any kind
    """Write the value of a parameter; versions over time as ``from 1952: geometric``."""
    if value is None:
        return NOTHING
    if isinstance(value, Dated):
        return "; ".join(f"{start.isoformat()}: {shown(version)}" for start, version in value.entries)
    if isinstance(value, tuple) and value and isinstance(value[0], dict):  # given stocks: what they are, not whence
        return "; ".join(f"{row['region']}/{row['year']}: {row['value']:.10g}" for row in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def alternative(one: Alternative) -> str:
    """Write an alternative as value and who uses it."""
    return f"{shown(one.value)} ({', '.join(one.used_by)})" if one.used_by else shown(one.value)


def findings(found: Sequence[Finding]) -> Table:
    """Return what was found wrong with the data, errors first."""
    rows = [
        (
            words(f"severity.{one.severity}"),
            Text(zh=one.where("zh"), en=one.where("en")),
            one.message,
            one.hint,
            one.value or "",
            one.expected or "",
            one.rule,
        )
        for one in sorted(found, key=lambda one: SEVERITIES[one.severity])
    ]
    return _table("findings", FINDING, rows)


# On the page several columns share a cell, so that long texts have room: the table of the workbook is the full one.
def parameters_on_page(full: Table, own: str) -> Table:
    """Return the parameters as the page shows them; those that `own` does not fix say who does."""
    unit = Markup(' <span class="unit">{}</span>')
    rows = [
        (
            Markup("{}<br>{}").format(both(title), _code(path)),
            Markup("{}{}{}").format(
                both(value),
                unit.format(measure) if measure else "",
                Markup("<br>{}").format(_code(origin)) if origin != own else "",
            ),
            Markup("{}{}{}").format(both(said), _source("reference", reference), _source("alternatives", others)),
        )
        for path, title, value, measure, said, reference, others, origin in full.rows
    ]
    return _table(full.key, {"parameter": "name", "value": "value", "description": "value"}, rows)


def findings_on_page(full: Table) -> Table:
    """Return the findings as the page shows them, the first ones."""
    rows = [
        (
            Markup("{}<br><code>{} · {}</code>").format(both(where), both(severity), rule),
            Markup('{}<p class="source">{}</p>').format(both(message), both(hint)),
            Markup("{}{}").format(found, _source("expected", expected)),
        )
        for severity, where, message, hint, found, expected, rule in full.rows[:SHOWN]
    ]
    return _table(full.key, {"where": "name", "message": "value", "found": "value"}, rows)


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _source(name: str, text: str) -> Markup:
    return Markup('<p class="source">{}: {}</p>').format(both(words(f"column.{name}")), text) if text else Markup()
