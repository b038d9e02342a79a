"""The tables of a measurement: ranking, periods, yearly accounts, levels, inputs, coverage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
from markupsafe import Markup

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.finding import Finding
from xinzhi.core.parameters import read_yaml
from xinzhi.core.result import Result
from xinzhi.core.schema import Column, Kind, describe
from xinzhi.core.text import NOTHING, Text, has, unit_text
from xinzhi.protocol import Alternative, DatedValue, Parameter, Protocol
from xinzhi.report.page import bilingual_html
from xinzhi.report.section import Section
from xinzhi.report.sentence import join_names
from xinzhi.report.table import NameSource, Table, Writers, column, table
from xinzhi.yardstick.internal import Span, View, listed

SHOWN = 200  # findings on the page; all of them are in the workbook and in the JSON document
SEVERITIES = {"error": 0, "warning": 1, "note": 2}
PARAMETER: Mapping[str, Kind] = {
    "parameter": "code",
    "title": "name",
    "value": "value",
    "unit": "text",
    "description": "value",
    "reference": "text",
    "alternatives": "text",
    "origin": "code",
}
FINDING: Mapping[str, Kind] = {
    "severity": "name",
    "where": "name",
    "message": "name",
    "hint": "name",
    "found": "text",
    "expected": "text",
    "rule": "code",
}
COLUMNS: Mapping[str, list[str]] = read_yaml(Path(__file__).with_name("columns.yaml"))


def introduction(document: Protocol) -> tuple[Markup, ...]:
    """Return what a protocol is, and its fingerprint."""
    status, mark = words.shared.status_of(document.state), words.shared.note_protocol(fingerprint=document.fingerprint)
    line = Markup("<b>{}</b> ({}, {}; {}; {}). {}").format(
        bilingual_html(document.title),
        document.id,
        document.version,
        bilingual_html(status),
        bilingual_html(document.authority),
        bilingual_html(document.description),
    )
    return line, Markup('<span class="fingerprint">{}</span>').format(bilingual_html(mark))


def of_table(key: str, content: Table, intro: tuple[Text | Markup, ...] = (), notes: tuple[Text, ...] = ()) -> Section:
    """Return the section of one table; an empty one is a sentence."""
    name = key.replace("-", "_")
    empty, title = f"note.no_{name}", words.shared.title_of(name)
    if not content.rows and has(empty):
        return Section(key=key, title=title, answer=(), intro=(words.by_key(empty),))
    return Section(key=key, title=title, answer=(), intro=intro, tables=(content,), notes=notes)


def protocol(document: Protocol) -> Table:
    """Return every parameter of the yardstick: value, unit, the argument for it, its sources and what others use."""
    rows = [
        (
            parameter.path,
            parameter.title,
            in_words(parameter),
            "" if parameter.unit == "choice" else parameter.unit,
            parameter.description,
            "; ".join(
                f"{source.title}, {source.where}" if source.where else source.title for source in parameter.reference
            ),
            "; ".join(map(alternative, parameter.alternatives)),
            parameter.origin,
        )
        for parameter in document.parameters.values()
    ]
    return _table("protocol", PARAMETER, rows)


def _table(key: str, kinds: Mapping[str, Kind], rows: Sequence[tuple[object, ...]]) -> Table:
    columns = tuple(Column(name=name, title=words.shared.column_of(name), kind=kind) for name, kind in kinds.items())
    return Table(key=key, title=words.shared.table_of(key), columns=columns, rows=rows)


def in_words(parameter: Parameter) -> str | float | Text:
    """Return the value of a parameter: a number as such, the word of a choice with its meaning."""
    from xinzhi.protocol import specification

    if isinstance(parameter.value, int | float) and not isinstance(parameter.value, bool):
        return parameter.value
    meaning = specification(parameter.path).allowed.get(parameter.value) if isinstance(parameter.value, str) else None
    if meaning is None:
        return as_written(parameter.value)
    return Text(zh=f"{meaning.zh}（{parameter.value}）", en=f"{meaning.en} ({parameter.value})")


def as_written(value: object) -> str:
    """Write the value of a parameter; versions over time as ``from 1952: geometric``."""
    if value is None:
        return NOTHING
    if isinstance(value, DatedValue):
        return "; ".join(f"{start.isoformat()}: {as_written(version)}" for start, version in value.entries)
    if isinstance(value, tuple) and value and isinstance(value[0], dict):  # given stocks: what they are, not whence
        return "; ".join(f"{row['region']}/{row['year']}: {row['value']:.10g}" for row in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def alternative(choice: Alternative) -> str:
    """Write an alternative as value and who uses it."""
    return f"{as_written(choice.value)} ({', '.join(choice.used_by)})" if choice.used_by else as_written(choice.value)


def findings(items: Sequence[Finding]) -> Table:
    """Return what was found wrong with the data, errors first."""
    rows = [
        (
            words.shared.severity_of(finding.severity),
            Text(zh=finding.where("zh"), en=finding.where("en")),
            finding.message,
            finding.hint,
            finding.value or "",
            finding.expected or "",
            finding.rule,
        )
        for finding in sorted(items, key=lambda finding: SEVERITIES[finding.severity])
    ]
    return _table("findings", FINDING, rows)


# On the page several columns share a cell, so that long texts have room: the table of the workbook is the full one.
def parameters_on_page(full: Table, section_key: str) -> Table:
    """Return the parameters as the page shows them; those that `section_key` does not fix say who does."""
    unit = Markup(' <span class="unit">{}</span>')
    rows = [
        (
            Markup("{}<br>{}").format(bilingual_html(title), _code(path)),
            Markup("{}{}{}").format(
                bilingual_html(value),
                unit.format(measure) if measure else "",
                Markup("<br>{}").format(_code(origin)) if origin != section_key else "",
            ),
            Markup("{}{}{}").format(
                bilingual_html(measured_in), _source("reference", reference), _source("alternatives", alternatives)
            ),
        )
        for path, title, value, measure, measured_in, reference, alternatives, origin in full.rows
    ]
    return _table(full.key, {"parameter": "name", "value": "value", "description": "value"}, rows)


def findings_on_page(full: Table) -> Table:
    """Return the findings as the page shows them, the first ones."""
    rows = [
        (
            Markup("{}<br><code>{} · {}</code>").format(bilingual_html(where), bilingual_html(severity), rule),
            Markup('{}<p class="source">{}</p>').format(bilingual_html(message), bilingual_html(hint)),
            Markup("{}{}").format(value, _source("expected", expected)),
        )
        for severity, where, message, hint, value, expected, rule in full.rows[:SHOWN]
    ]
    return _table(full.key, {"where": "name", "message": "value", "found": "value"}, rows)


def _code(text: object) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _source(name: str, text: object) -> Markup:
    return (
        Markup('<p class="source">{}: {}</p>').format(bilingual_html(words.shared.column_of(name)), text)
        if text
        else Markup()
    )


def picked(
    key: str,
    frame: pl.DataFrame,
    of: Result,
    names: NameSource,
    units: Mapping[str, Text] | None = None,
    part: str = "frame",
) -> Table:
    """Return the columns of a frame that ``columns.yaml`` names; ``code`` repeats the code of ``region`` as text."""
    graded = "grade" in frame.columns and frame["grade"].null_count() < frame.height
    columns = [name for name in COLUMNS[key] if name != "grade" or graded]
    marks = frame["flags"].to_list() if "flags" in columns else []
    return table(key, frame, columns, of, part=part, names=names, units=units, notes=notes(key, marks))


def notes(key: str, cells: Iterable[str | None] = ()) -> tuple[Text, ...]:
    """Return what is to be known of a table, and what the flags in it mean."""
    return (*([words.shared.note_of(key)] if has(f"note.{key}") else []), *flags.legend(set(cells)))


FRAMES: Mapping[str, Callable[[View], pl.DataFrame]] = {
    "map": lambda view: view.regions_in(view.lead),
    "sources": lambda view: view.by_share,
    "periods": lambda view: view.measurement.periods,
    "growth": lambda view: view.measurement.frame,
    "levels": lambda view: view.measurement.levels,
    "inputs": lambda view: view.measurement.inputs,
    "national": lambda view: view.total_and_groups,
    "national_periods": lambda view: view.total_and_groups_by_period,
    "coverage": lambda view: view.measurement.coverage,
}


def table_of(view: View, key: str, frame: pl.DataFrame | None = None, units: Mapping[str, str] | None = None) -> Table:
    """Return a table of a measurement, of some rows where they are given; `units` are those of the inputs."""
    unit_texts = {name: unit_text(unit) for name, unit in (units or {}).items()}
    rows = listed(FRAMES[key](view) if frame is None else frame)
    if key == "coverage":
        return picked(key, rows, view.measurement, {"series": flags.series_name}, part=key)
    return picked(key, rows, view.measurement, view.name, unit_texts)


def workbook(view: View, units: Mapping[str, str] | None = None) -> list[Table]:
    """Return the tables of the workbook, one a sheet."""
    first = [ranking(view), *(table_of(view, key) for key in ("periods", "growth", "levels", "national"))]
    more = [table_of(view, "national_periods"), table_of(view, "inputs", units=units), table_of(view, "coverage")]
    return [*first, *more, omitted(view)]


def ranking(view: View) -> Table:
    """Return the ranking: the leading period, the latest one beside it, and the whole span."""
    frame = view.ranking
    lead = ("output_growth", "tfp_growth", "tfp_part", "grade", "flags")
    columns = [_column(name) for name in ("rank", "region", "group")]
    columns += [_column(name, view.lead) for name in lead if name in frame.columns]
    for span in view.compared_spans:
        names = {name: f"{name}{span.label.en}" for name in ("tfp_growth", "rank", "grade", "flags")}
        columns += [replace(_column(name, span), name=own) for name, own in names.items() if own in frame.columns]
    flagged = [name for name in frame.columns if name.startswith("flags")]
    marks = [mark for name in flagged for mark in frame[name]]
    writers: Writers = {"region": view.name, "group": view.group_of.get}
    return table("ranking", frame, columns, names=writers, notes=notes("ranking", marks))


def _column(name: str, period: Span | None = None) -> Column:
    """Return the column of a name, in a period where one is given."""
    description = describe("measure", name)
    if period is None:
        return description
    return replace(description, title=words.shared.column_in_period(title=description.title, period=period.label))


def groups(view: View) -> Table:
    """Return the lines of the macro-regions as a table: cumulated TFP and TFP level by year."""
    frame, columns = view.group_lines, [describe("measure", "year")]
    kinds: Mapping[str, tuple[Kind, Text]] = {
        "cumulated": ("quantity", words.shared.unit_of_index()),
        "group_level": ("level", words.shared.unit_of_level()),
    }
    for name, (kind, unit) in kinds.items():
        titles = {f"{name} {group.en}": group for group in view.shown_groups}
        columns += [
            column(name, kind, unit, of=title, group=group) for title, group in titles.items() if title in frame.columns
        ]
    return table("groups", frame, columns)


def omitted(view: View) -> Table:
    """Return the years that could not be measured and why, one row for the regions of one reason."""
    years: dict[tuple[str, str], list[int]] = {}
    for row in view.measurement.omitted.iter_rows(named=True):
        years.setdefault((row["region"], row["missing"]), []).append(row["year"])
    regions: dict[tuple[Text, str], list[Text]] = {}
    for (code, missing), missing_rows in years.items():
        regions.setdefault((flags.year_ranges(missing_rows), missing), []).append(view.name(code))
    everyone = len(view.codes)
    rows = [
        (
            span,
            words.shared.label_all_regions(n=everyone) if len(names) == everyone > 1 else join_names(names),
            _missing(cell),
        )
        for (span, cell), names in regions.items()
    ]
    columns = (column("years", "code"), column("regions", "name"), column("missing", "name"))
    return Table(key="omitted", title=words.shared.table_omitted(), columns=columns, rows=rows, notes=notes("omitted"))


def _missing(series: str) -> Text:
    parts = series.replace(",", ";").split(";")
    return join_names([flags.series_name(part.strip()) for part in parts if part.strip()])
