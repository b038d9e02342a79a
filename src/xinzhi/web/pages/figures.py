"""One indicator region by region: in one period with its band and the whole table, or over the years, a line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.errors import XinzhiError
from xinzhi.core.schema import Column, describe, described
from xinzhi.core.text import Text, Values, number, unit_text
from xinzhi.report.internal import DECIMALS, FRACTIONS, Table, tables
from xinzhi.studies.internal import Assessment, Series, Study, input_units
from xinzhi.web.html_charts import SLOTS, lines, ranges
from xinzhi.web.page import PROTOCOL, Address, Call, Page, file
from xinzhi.web.pages.explain import COLUMNS
from xinzhi.web.parameters import assessment_of, capital, changed_parameters, decimals, kicker, offers
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import NATIONAL, Span, View, figures_by_region

YEARS, LOG = "years", "years-log"  # of a key: on a plain scale, and where equal steps are equal ratios
KINDS = frozenset({"level", "score", "quantity", "share", "percent"})
THOUSAND = 1000.0
YEARLY_RESULTS: Mapping[
    str, tuple[str, str, Sequence[str], dict[str, object]]
] = {  # figures of a year in other studies:
    "sectors": ("sectors", "advance", ("economy", "education", "culture", "green", "development"), {}),
    "risks": ("debt", "debt", ("to_output",), {"only": ("debt",)}),
}  # topic, result, verb of the schema, columns, and options
FIRST = "tfp_growth"
Shelves = list[tuple[str, list[tuple[str, Text, bool]]]]  # name, and the links: key, title, whether it is this page
AGAIN = ("raw_", "linked_")  # the same figure with breaks handled otherwise


def growth(study: Assessment) -> list[str]:
    """Return the indicators of a period: growth, contributions and shares as the schema has them."""
    names = [name for name in study.measurement.periods.columns if not name.startswith(AGAIN)]
    kinds = {name: describe("measure", name).kind for name in names if described("measure", name)}
    return sorted((name for name, kind in kinds.items() if kind in FRACTIONS), key=lambda name: name != FIRST)


def keys(store: Store) -> Sequence[str]:
    """Return a key for each indicator and period, the newest period last; then those over the years."""
    study = assessment_of(store)
    period_keys = [
        f"{name}.{span.start}-{span.end}" for name in growth(study) for span in _spans(View(study.measurement))
    ]
    levels = [
        (f"{name}.{form}", level) for name, level in indicators_by_name(store, study).items() for form in (YEARS, LOG)
    ]
    return [*period_keys, *(key for key, level in levels if level.series.positive or not key.endswith(LOG))]


def page(store: Store, address: Address) -> Page:
    """Return the page of an indicator and a period, or over the years; without a key growth in the newest period."""
    return figure(store, address, address.key or [key for key in keys(store) if key.startswith(f"{FIRST}.")][-1])


def _indicators(store: Store, study: Assessment, label: str, current: str) -> Shelves:
    """Return the links to all indicators: those of a period, and those over the years; `current` is a key."""
    levels = indicators_by_name(store, study)
    form = current.partition(".")[2] if current.endswith((YEARS, LOG)) else YEARS
    return [
        (
            "indicator",
            [
                (f"{name}.{label}", describe("measure", name).title, current == f"{name}.{label}")
                for name in growth(study)
            ],
        ),
        (
            "over",
            [
                (key, level.about.title, current == key)
                for name, level in levels.items()
                for key in [f"{name}.{form if level.series.positive else YEARS}"]
            ],
        ),
    ]


def figure(store: Store, address: Address, key: str) -> Page:
    """Return the page of a key."""
    study = assessment_of(store, address)
    view = View(study.measurement)
    name, _, label = key.partition(".")
    if label in {YEARS, LOG}:
        newest = view.spans[-1]
        return _over_years(store, address, key, _indicators(store, study, f"{newest.start}-{newest.end}", key))
    span = next((period for period in _spans(view) if f"{period.start}-{period.end}" == label), view.spans[-1])
    about, rows = describe("measure", name), values(study, view, name, span)
    nation = next((row["value"] for row in rows if row["code"] == NATIONAL), None)
    regions = [row for row in rows if row["code"] != NATIONAL]
    axis, placed = ranges(regions, [] if nation is None else [float(nation)])
    share = about.kind == "share"

    def format_growth(value: float | None) -> str:  # as the table below writes it
        return number(None if value is None else 100 * value, 0 if share else 1)

    return Page(
        title=capital(about.title),
        kicker=kicker(study),
        lead=_lead(about.title, span, regions, nation, format_growth, view),
        study=study,
        call=Call(topic="measure"),
        decimals=decimals(study),
        template="figures.html.j2",
        files=[file("measure", "measurement"), file("assess", "bands")],
        more={
            "unit": about.unit,
            "part": COLUMNS.get(name),
            "span": span.label,
            "period": span,
            "key": key,
            "indicators": _indicators(store, study, f"{span.start}-{span.end}", f"{name}.{span.start}-{span.end}"),
            "settings": offers(store.protocol(address.query.get(PROTOCOL)), changed_parameters(address)),
            "periods": [
                (f"{name}.{period.start}-{period.end}", period.label, period == span) for period in _spans(view)
            ],
            "rows": [{**row, "shown": format_growth(row["value"])} for row in placed],
            "axis": axis,
            "nation": nation,
            "nation_shown": format_growth(nation),
            "banded": any(row.get("low") is not None for row in regions),
            "twin": tables.table_of(view, "periods", view.by_growth(span)),
            "about": about.about,
        },
    )


def values(study: Assessment, view: View, name: str, span: Span) -> list[dict[str, Any]]:
    """Return a row a region with a figure of the indicator, the largest first, and one of all together."""
    return [
        {"code": code, "name": view.name(code), "value": value, "low": low, "high": high}
        for code, value, low, high in figures_by_region(view, name, span, study.ranking.bands).rows()
    ]


def _spans(view: View) -> list[Span]:
    """Return the periods, the whole span first and the newest one last."""
    return list(dict.fromkeys([view.whole, *view.spans]))


def _lead(
    title: Text,
    span: Span,
    rows: Sequence[dict[str, Any]],
    nation: float | None,
    write: Callable[[float | None], str],
    view: View,
) -> list[Text]:
    """Return the sentence that says what the figures are: all together, the largest and the smallest."""
    if not rows:
        return [words.web.measure_none(title=title, span=span.label)]
    facts: Values = {
        "title": title,
        "span": span.label,
        "high": view.name(rows[0]["code"]),
        "most": write(rows[0]["value"]),
        "low": view.name(rows[-1]["code"]),
        "least": write(rows[-1]["value"]),
        "n": len(rows),
    }
    if nation is None:
        return [words.web.measure_apart(**facts)]
    return [words.web.measure_together(**facts, nation=write(nation))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """An indicator over the years: what it is, its figures as they are shown, and the study that gives them."""

    about: Column
    series: Series
    topic: str = "measure"
    study: Study | None = None

    def write(self, value: float) -> str:
        """Return a figure as it is written."""
        if abs(value) >= THOUSAND:
            return f"{value:,.0f}".replace("-", "−")
        return number(value, DECIMALS.get(self.about.kind, 1))


def indicators_by_name(store: Store, study: Assessment) -> dict[str, Level]:
    """Return the indicators over the years by name: levels and inputs of the measurement, then of other studies."""
    measured = study.measurement
    units = input_units(measured.protocol, store.package)
    levels: dict[str, Level] = {}
    for frame in (measured.levels, measured.inputs):
        for name in frame.columns:
            about = _column("measure", name)
            if about is not None and name not in levels:
                levels |= _level(name, about, frame, units.get(name, ""))
    if measured.protocol.fingerprint == store.rules.fingerprint:
        for topic, (result, verb, columns, options) in YEARLY_RESULTS.items():
            try:
                study_of_topic = store.study(topic, None, **options)
            except XinzhiError:  # the package has no tables for it
                continue
            frame = study_of_topic.results[result].frame if result in study_of_topic.results else pl.DataFrame()
            for name in columns:
                about = _column(verb, name) if name in frame.columns else None
                levels |= {} if about is None else _level(name, about, frame, "", topic, study_of_topic)
    return levels


def _column(verb: str, name: str) -> Column | None:
    try:
        about = describe(verb, name)
    except KeyError:
        return None
    return about if about.kind in KINDS else None


def _level(
    name: str, about: Column, frame: pl.DataFrame, unit: str, topic: str = "measure", study: Study | None = None
) -> dict[str, Level]:
    series = Series.from_column(frame, name, 100 if about.kind in FRACTIONS else 1)
    if unit:
        about = replace(about, unit=unit_text(unit))
    return {name: Level(about=about, series=series, topic=topic, study=study)} if series.frame.height else {}


def _over_years(store: Store, address: Address, key: str, indicators: Shelves) -> Page:
    study = assessment_of(store, address)
    view = View(study.measurement)
    name, _, form = key.partition(".")
    level = indicators_by_name(store, study)[name]
    regions = [{"code": code, "name": view.name(code), "value": value} for code, _, value in level.series.latest.rows()]
    selection = [store.region(address.query[place]) for place in SLOTS if place in address.query]
    selection = list(dict.fromkeys(selection)) or list(dict.fromkeys([regions[0]["code"], regions[-1]["code"]]))
    axis, placed = ranges(regions)
    unit = level.about.unit
    title = words.web.measure_in_unit(title=level.about.title, unit=unit) if unit.en else level.about.title
    facts: Values = {
        "title": title,
        "year": level.series.last,
        "high": regions[0]["name"],
        "most": level.write(regions[0]["value"]),
        "low": regions[-1]["name"],
        "least": level.write(regions[-1]["value"]),
        "n": len(regions),
    }
    # the figures as a table: a row a year, a column a region
    by_year = level.series.by_year
    columns = [Column(name=code, title=view.name(code), kind=level.about.kind) for code in by_year.columns[1:]]
    twin = Table(
        key="levels",
        title=words.web.measure_by_year(title=level.about.title),
        columns=(describe("measure", "year"), *columns),
        rows=by_year.rows(),
    )
    forms = [(f"{name}.{scale}", words.web.measure_of(scale), scale == form) for scale in (YEARS, LOG)]
    return Page(
        title=capital(level.about.title),
        kicker=kicker(study),
        lead=[words.web.measure_at(**facts)],
        study=level.study or study,
        call=Call(topic=level.topic),
        decimals=decimals(study),
        template="levels.html.j2",
        files=[file("measure", "measurement")] if level.study is None else [],
        more={
            "unit": level.about.unit,
            "key": key,
            "settings": offers(store.protocol(address.query.get(PROTOCOL)), changed_parameters(address)),
            "last": str(level.series.last),
            "indicators": indicators,
            "scales": forms if level.series.positive else forms[:1],
            "chart": lines(level.series.lines, selection, log=form == LOG, end=level.write, tick=level.write),
            "rows": [{**row, "shown": level.write(row["value"])} for row in placed],
            "axis": axis,
            "codes": [row["code"] for row in sorted(regions, key=lambda row: row["code"])],
            "names": {code: view.name(code) for code in level.series.lines},
            "forms": [(place, selection[at] if at < len(selection) else "") for at, place in enumerate(SLOTS)],
            "twin": twin,
            "about": level.about.about,
        },
    )
