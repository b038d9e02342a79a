"""The tables of the report: one definition each, written into the page and into the workbook alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import Text
from xinzhi.protocol import Dated
from xinzhi.report import flags
from xinzhi.report.catalogue import words
from xinzhi.report.numbers import number, unit_text
from xinzhi.report.table import NO_UNIT, NUMERIC, Column, Kind, Table, without_notes
from xinzhi.report.view import NATIONAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinzhi.core.finding import Finding
    from xinzhi.protocol import Alternative, Parameter, Protocol
    from xinzhi.report.view import Span, View

__all__ = ["NO_UNIT", "NUMERIC", "Column", "Kind", "Table", "column", "from_frame", "without_notes"]

UNIT_OF: Mapping[Kind, str] = {"percent": "unit_of.percent", "share": "unit_of.share", "level": "unit_of.level"}
UNIT_OF_COLUMN: Mapping[str, str] = {"tfp_to_leader": "unit_of.leader"}
GROWTH = ("output_growth", "capital_growth", "labour_growth", "human_capital_growth")
PARTS = ("capital_contribution", "labour_contribution", "human_capital_contribution", "tfp_growth")
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("region", "group", "leader"), "name"),
    **dict.fromkeys(("code", "period"), "code"),
    **dict.fromkeys(
        ("year", "start", "end", "first_year", "last_year", "last_official_year", "last_revised_year"), "year"
    ),
    **dict.fromkeys(("rank",), "integer"),
    **dict.fromkeys((*GROWTH, *PARTS), "percent"),
    **dict.fromkeys(("labour_share", "tfp_part"), "share"),
    **dict.fromkeys(("tfp_level", "tfp_to_leader", "output_per_worker", "capital_per_worker"), "level"),
    **dict.fromkeys(("output", "capital", "labour", "human_capital"), "quantity"),
    **dict.fromkeys(("flags",), "flags"),
}


def column(name: str, *, period: Span | None = None, unit: Text | None = None, kind: Kind | None = None) -> Column:
    """Return the column of a name of the measurement, in a period where one is given."""
    kind = kind or KINDS.get(name, "text")
    title = words(f"column.{name}")
    if period is not None:
        title = words("column.in_period", title=title, period=period.label)
    of = UNIT_OF_COLUMN.get(name, UNIT_OF.get(kind))
    known = words(of) if of else None
    return Column(title=title, kind=kind, unit=unit or known or NO_UNIT)


def _numbers(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    hundredfold = [name for name in names if KINDS.get(name) in {"percent", "share"}]
    return frame.fill_nan(None).with_columns(pl.col(hundredfold) * 100)


def from_frame(
    key: str, frame: pl.DataFrame, names: Sequence[str], view: View, *, units: Mapping[str, Text] | None = None
) -> Table:
    """Return the table of the named columns of a frame; ``code`` repeats the code of ``region`` as text."""
    source = _numbers(frame, [name for name in names if name in frame.columns]).with_columns(code=pl.col("region"))
    if "period" in names:
        source = source.with_columns(period=pl.format("{}–{}", "start", "end"))
    places = [i for i, name in enumerate(names) if KINDS.get(name) == "name"]
    rows = []
    for row in source.select(names).rows():
        cells = list(row)
        for i in places:
            cells[i] = None if cells[i] is None else view.name(cells[i])
        rows.append(tuple(cells))
    columns = tuple(column(name, unit=(units or {}).get(name)) for name in names)
    marked = source["flags"].to_list() if "flags" in names else []
    return Table(key=key, title=words(f"table.{key}"), columns=columns, rows=rows, notes=_notes(key, marked))


def _notes(key: str, cells: Iterable[str | None]) -> tuple[Text, ...]:
    note = (words(f"note.{key}"),) if key in NOTED else ()
    return (*note, *flags.legend(set(cells)))


NOTED = frozenset({"ranking", "periods", "growth", "levels", "national", "inputs", "coverage", "omitted"})


def ranking(view: View) -> Table:
    """Return the ranking: the leading period, the latest one beside it, and the whole span."""
    lead = _numbers(view.of(view.lead), ("output_growth", "tfp_growth", "tfp_part"))
    frame = lead.select("rank", "region", "output_growth", "tfp_growth", "tfp_part", "flags")
    columns = [
        *(column(name) for name in ("rank", "region", "group")),
        *(column(name, period=view.lead) for name in ("output_growth", "tfp_growth", "tfp_part", "flags")),
    ]
    others = [span for span in (view.latest, view.whole) if span is not None and span != view.lead]
    for span in dict.fromkeys(others):
        other = _numbers(view.of(span), ("tfp_growth",)).select("region", "tfp_growth", "rank", "flags")
        frame = frame.join(other, on="region", how="left", suffix=span.label, maintain_order="left")
        columns += [column(name, period=span) for name in ("tfp_growth", "rank", "flags")]
    rows = [(rank, view.name(code), view.group_of.get(code), *rest) for rank, code, *rest in frame.rows()]
    cells = [cell for name in frame.columns if name.startswith("flags") for cell in frame[name]]
    return Table(
        key="ranking", title=words("table.ranking"), columns=tuple(columns), rows=rows, notes=_notes("ranking", cells)
    )


def map_twin(view: View) -> Table:
    """Return the figures on the tiles: TFP growth of every region in the leading period."""
    frame = view.of(view.lead).select("rank", "region", "tfp_growth", "flags")
    return from_frame("map", frame, ("rank", "region", "tfp_growth", "flags"), view)


def sources(view: View) -> Table:
    """Return what growth came from in every region in the leading period, largest share of TFP first."""
    frame = view.of(view.lead).sort("tfp_part", descending=True, nulls_last=True)
    return from_frame("sources", frame, ("region", "output_growth", *PARTS, "tfp_part", "flags"), view)


def periods(view: View) -> Table:
    """Return growth and contributions of every region by period."""
    frame = view.measurement.periods
    return from_frame("periods", frame, ("code", *PERIOD, "labour_share", "rank", "flags"), view)


PERIOD = ("region", "start", "end", "output_growth", *PARTS, "tfp_part")


def growth(view: View) -> Table:
    """Return the yearly growth accounts of every region."""
    names = ("code", "region", "year", *GROWTH, "labour_share", *PARTS, "tfp_level", "flags")
    return from_frame("growth", view.measurement.frame, names, view)


def levels(view: View) -> Table:
    """Return the yearly levels of every region, relative to the mean and to the leader."""
    names = (
        "code",
        "region",
        "year",
        "output_per_worker",
        "capital_per_worker",
        "tfp_level",
        "tfp_to_leader",
        "leader",
    )
    return from_frame("levels", view.measurement.levels, names, view)


def national(view: View) -> Table:
    """Return the yearly growth accounts of the total and of the macro-regions."""
    frame = pl.concat([view.measurement.national, view.measurement.groups], how="vertical_relaxed")
    return from_frame("national", frame, ("region", "year", "output_growth", *PARTS, "labour_share", "flags"), view)


def national_periods(view: View) -> Table:
    """Return growth and contributions of the total and of the macro-regions by period, the whole span last."""
    frame = pl.concat([view.measurement.national_periods, view.measurement.group_periods], how="vertical_relaxed")
    order = {NATIONAL: 0, **{group.en: i for i, group in enumerate(view.groups, start=1)}}
    last = (pl.col("end") - pl.col("start")) == view.whole.end - view.whole.start
    frame = frame.sort(pl.col("region").replace_strict(order, default=len(order)), last, "start", maintain_order=True)
    names = ("region", "period", "output_growth", *PARTS, "tfp_part", "flags")
    return from_frame("national_periods", frame, names, view)


def inputs(view: View, units: Mapping[str, str]) -> Table:
    """Return the levels behind the accounts: output, capital, labour, human capital, labour share."""
    names = ("code", "region", "year", "output", "capital", "labour", "human_capital", "labour_share", "flags")
    written = {name: unit_text(unit) for name, unit in units.items()}
    return from_frame("inputs", view.measurement.inputs, names, view, units=written)


COVERED = ("first_year", "last_year", "last_official_year", "last_revised_year")


def coverage(view: View) -> Table:
    """Return how far the figures of every series carry, and how far the official ones."""
    rows = [
        (flags.series_name(series), *rest)
        for series, *rest in view.measurement.coverage.select("series", "column", *COVERED).rows()
    ]
    columns = (
        column("series", kind="name"),
        column("column", kind="code"),
        *(column(name) for name in COVERED),
    )
    return Table(
        key="coverage", title=words("table.coverage"), columns=columns, rows=rows, notes=(words("note.coverage"),)
    )


def omitted(view: View) -> Table:
    """Return the years that could not be measured and why, one row per region and reason."""
    frame = view.measurement.omitted.fill_nan(None)
    grouped: dict[tuple[str, str], list[int]] = {}
    for code, year, missing in frame.select("region", "year", "missing").rows():
        grouped.setdefault((code, missing), []).append(year)
    by_reason: dict[tuple[str, str], list[Text]] = {}
    for (code, missing), years in grouped.items():
        by_reason.setdefault((flags.year_ranges(years), missing), []).append(view.name(code))
    everyone = len(view.codes)
    rows = [
        (
            years,
            words("label.all_regions", n=everyone) if len(names) == everyone > 1 else _joined(names),
            _missing(cell),
        )
        for (years, cell), names in by_reason.items()
    ]
    columns = (column("years", kind="code"), column("regions", kind="name"), column("missing", kind="name"))
    return Table(
        key="omitted", title=words("table.omitted"), columns=columns, rows=rows, notes=(words("note.omitted"),)
    )


def _joined(names: Sequence[Text]) -> Text:
    return Text(zh="、".join(name.zh for name in names), en=", ".join(name.en for name in names))


def _missing(series: str) -> Text:
    parts = series.replace(",", ";").split(";")
    return _joined([flags.series_name(part.strip()) for part in parts if part.strip()])


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
    columns = (
        column("parameter", kind="code"),
        column("title", kind="name"),
        column("value", kind="value"),
        column("unit"),
        column("description", kind="value"),
        column("reference"),
        column("alternatives"),
        column("origin", kind="code"),
    )
    return Table(key="protocol", title=words("table.protocol"), columns=columns, rows=rows)


def in_words(parameter: Parameter) -> str | float | Text:
    """Return the value of a parameter: a number as such, the word of a choice with its meaning."""
    from xinzhi.protocol.catalogue import specification

    if isinstance(parameter.value, int | float) and not isinstance(parameter.value, bool):
        return parameter.value
    meaning = specification(parameter.path).allowed.get(parameter.value) if isinstance(parameter.value, str) else None
    if meaning is None:
        return shown(parameter.value)
    return Text(zh=f"{meaning.zh}（{parameter.value}）", en=f"{meaning.en} ({parameter.value})")


def shown(value: Any) -> str:  # noqa: ANN401 - a parameter of any kind
    """Write the value of a parameter; versions over time as ``from 1952: geometric``.

    Examples
    --------
    >>> shown(((1996, 2000), (2000, 2007))), shown(0.096), shown(Dated.of({1952: "geometric"}))
    ('[[1996, 2000], [2000, 2007]]', '0.096', '1952-01-01: geometric')
    """
    if value is None:
        return number(None)
    if isinstance(value, Dated):
        return "; ".join(f"{start.isoformat()}: {shown(version)}" for start, version in value.entries)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def alternative(one: Alternative) -> str:
    """Write an alternative as value and who uses it."""
    return f"{shown(one.value)} ({', '.join(one.used_by)})" if one.used_by else shown(one.value)


def findings(found: Sequence[Finding]) -> Table:
    """Return what was found wrong with the data, errors first."""
    order = {"error": 0, "warning": 1, "note": 2}
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
        for one in sorted(found, key=lambda one: order[one.severity])
    ]
    columns = (
        column("severity", kind="name"),
        column("where", kind="name"),
        column("message", kind="name"),
        column("hint", kind="name"),
        column("found", kind="text"),
        column("expected", kind="text"),
        column("rule", kind="code"),
    )
    return Table(key="findings", title=words("table.findings"), columns=columns, rows=rows)
