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
from xinzhi.report.pages.yardstick import tables
from xinzhi.report.table import DECIMALS, FRACTIONS, Table
from xinzhi.studies import Assessment, Study, input_units
from xinzhi.web.asked import asked, capital, decimals, kicker, offers, overall
from xinzhi.web.drawing import CHOSEN, lines, ranges
from xinzhi.web.page import PROTOCOL, Address, Asked, Page, file
from xinzhi.web.pages.explain import COLUMNS
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import NATIONAL, Span, View

YEARS, LOG = "years", "years-log"  # of a key: on a plain scale, and where equal steps are equal ratios
KINDS = frozenset({"level", "score", "quantity", "share", "percent"})
THOUSAND = 1000.0
APART: Mapping[str, tuple[str, str, Sequence[str], dict[str, Any]]] = {  # what other studies give a region a year:
    "sectors": ("sectors", "advance", ("economy", "education", "culture", "green", "development"), {}),
    "risks": ("debt", "debt", ("to_output",), {"only": ("debt",)}),
}  # topic, result, verb of the schema, columns, and what is asked
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
    study = overall(store)
    every = [f"{name}.{one.start}-{one.end}" for name in growth(study) for one in _spans(View(study.measurement))]
    levels = [(f"{name}.{form}", one) for name, one in known(store, study).items() for form in (YEARS, LOG)]
    return [*every, *(key for key, one in levels if one.positive or not key.endswith(LOG))]


def page(store: Store, address: Address) -> Page:
    """Return the page of an indicator and a period, or over the years; without a key growth in the newest period."""
    return figure(store, address, address.key or [key for key in keys(store) if key.startswith(f"{FIRST}.")][-1])


def _indicators(store: Store, study: Assessment, label: str, here: str) -> Shelves:
    """Return the links to all indicators: those of a period, and those over the years; `here` is a key."""
    every = known(store, study)
    kept = here.partition(".")[2] if here.endswith((YEARS, LOG)) else YEARS
    return [
        (
            "indicator",
            [(f"{name}.{label}", describe("measure", name).title, here == f"{name}.{label}") for name in growth(study)],
        ),
        (
            "over",
            [
                (key, one.about.title, here == key)
                for name, one in every.items()
                for key in [f"{name}.{kept if one.positive else YEARS}"]
            ],
        ),
    ]


def figure(store: Store, address: Address, key: str) -> Page:
    """Return the page of a key."""
    study = overall(store, address)
    view = View(study.measurement)
    name, _, label = key.partition(".")
    if label in {YEARS, LOG}:
        newest = view.spans[-1]
        return _over_years(store, address, key, _indicators(store, study, f"{newest.start}-{newest.end}", key))
    span = next((one for one in _spans(view) if f"{one.start}-{one.end}" == label), view.spans[-1])
    about, rows = describe("measure", name), values(study, view, name, span)
    nation = next((row["value"] for row in rows if row["code"] == NATIONAL), None)
    own = [row for row in rows if row["code"] != NATIONAL]
    axis, placed = ranges(own, [] if nation is None else [float(nation)])
    share = about.kind == "share"

    def shown(value: float | None) -> str:  # as the table below writes it
        return number(None if value is None else 100 * value, 0 if share else 1)

    frame = study.measurement.periods.filter(span.holds()).sort(pl.col("tfp_growth"), descending=True, nulls_last=True)
    return Page(
        title=capital(about.title),
        kicker=kicker(study),
        lead=_lead(about.title, span, own, nation, shown, view),
        study=study,
        asked=Asked(topic="measure"),
        decimals=decimals(study),
        template="figures.html.j2",
        files=[file("measure", "measurement"), file("assess", "bands")],
        more={
            "unit": about.unit,
            "part": COLUMNS.get(name),
            "span": span.label,
            "key": key,
            "indicators": _indicators(store, study, f"{span.start}-{span.end}", f"{name}.{span.start}-{span.end}"),
            "settings": offers(store.protocol(address.query.get(PROTOCOL)), asked(address)),
            "periods": [(f"{name}.{one.start}-{one.end}", one.label, one == span) for one in _spans(view)],
            "rows": [{**row, "shown": shown(row["value"])} for row in placed],
            "axis": axis,
            "nation": nation,
            "nation_shown": shown(nation),
            "banded": any(row.get("low") is not None for row in own),
            "twin": tables.shown(view, "periods", frame),
            "about": about.about,
        },
    )


def values(study: Assessment, view: View, name: str, span: Span) -> list[dict[str, Any]]:
    """Return a row a region with a figure of the indicator, the largest first, and one of all together."""
    rows = view.regions_in(span).select("region", value=name)
    national = view.national_of(span).get(name)
    if national is not None:
        rows = rows.vstack(pl.DataFrame({"region": [NATIONAL], "value": [float(national)]}))
    found = rows.fill_nan(None).drop_nulls("value").sort("value", descending=True)
    bands = study.ranking.bands
    known: dict[str, tuple[float, float]] = {}
    if name == FIRST and bands is not None:
        held = bands.frame.filter(start=span.start, end=span.end, component="estimates").drop_nulls("low")
        known = {code: (low, high) for code, low, high in held.select("region", "low", "high").rows()}
    return [
        {
            "code": code,
            "name": view.name(code),
            "value": value,
            "low": known.get(code, (None, None))[0],
            "high": known.get(code, (None, None))[1],
        }
        for code, value in found.rows()
    ]


def _spans(view: View) -> list[Span]:
    """Return the periods, the whole span first and the newest one last."""
    return list(dict.fromkeys([view.whole, *view.spans]))


def _lead(
    title: Text,
    span: Span,
    rows: Sequence[dict[str, Any]],
    nation: float | None,
    shown: Callable[[float | None], str],
    view: View,
) -> list[Text]:
    """Return the sentence that says what the figures are: all together, the largest and the smallest."""
    if not rows:
        return [words.web.measure_none(title=title, span=span.label)]
    facts: Values = {
        "title": title,
        "span": span.label,
        "high": view.name(rows[0]["code"]),
        "most": shown(rows[0]["value"]),
        "low": view.name(rows[-1]["code"]),
        "least": shown(rows[-1]["value"]),
        "n": len(rows),
    }
    if nation is None:
        return [words.web.measure_apart(**facts)]
    return [words.web.measure_together(**facts, nation=shown(nation))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """An indicator over the years: what it is, its figures as they are shown, and the study that gives them."""

    about: Column
    frame: pl.DataFrame  # region, year, value
    topic: str = "measure"
    study: Study | None = None

    @property
    def positive(self) -> bool:
        """Whether a scale of ratios can show all figures."""
        return bool((self.frame["value"] > 0).all())

    def said(self, value: float) -> str:
        """Return a figure as it is written."""
        if abs(value) >= THOUSAND:
            return f"{value:,.0f}".replace("-", "−")
        return number(value, DECIMALS.get(self.about.kind, 1))


def known(store: Store, study: Assessment) -> dict[str, Level]:
    """Return the indicators over the years by name: levels and inputs of the measurement, then of other studies."""
    measured = study.measurement
    units = input_units(measured.protocol, store.package)
    found: dict[str, Level] = {}
    for frame in (measured.levels, measured.inputs):
        for name in frame.columns:
            about = _column("measure", name)
            if about is not None and name not in found:
                found |= _level(name, about, frame, units.get(name, ""))
    if measured.protocol.fingerprint == store.rules.fingerprint:
        for topic, (result, verb, columns, asked) in APART.items():
            try:
                made = store.study(topic, **asked)
            except XinzhiError:  # the package has no tables for it
                continue
            of: Any = made.results.get(result)
            for name in columns if of is not None else ():
                about = _column(verb, name) if name in of.frame.columns else None
                found |= {} if about is None else _level(name, about, of.frame, "", topic, made)
    return found


def _column(verb: str, name: str) -> Column | None:
    try:
        about = describe(verb, name)
    except KeyError:
        return None
    return about if about.kind in KINDS else None


def _level(
    name: str, about: Column, frame: pl.DataFrame, unit: str, topic: str = "measure", study: Study | None = None
) -> dict[str, Level]:
    factor = 100 if about.kind in FRACTIONS else 1
    rows = (
        frame.select("region", "year", value=factor * pl.col(name)).fill_nan(None).drop_nulls().sort("region", "year")
    )
    if unit:
        about = replace(about, unit=unit_text(unit))
    return {name: Level(about=about, frame=rows, topic=topic, study=study)} if rows.height else {}


def _over_years(store: Store, address: Address, key: str, indicators: Sequence[Any]) -> Page:
    study = overall(store, address)
    view = View(study.measurement)
    name, _, form = key.partition(".")
    one = known(store, study)[name]
    last = int(str(one.frame["year"].max()))
    rows = one.frame.filter(year=last).sort("value", descending=True)
    own = [{"code": code, "name": view.name(code), "value": value} for code, _, value in rows.rows()]
    chosen = [store.region(address.query[place]) for place in CHOSEN if place in address.query]
    chosen = list(dict.fromkeys(chosen)) or list(dict.fromkeys([own[0]["code"], own[-1]["code"]]))
    axis, placed = ranges(own)
    unit = one.about.unit
    title = words.web.measure_in_unit(title=one.about.title, unit=unit) if unit.en else one.about.title
    facts: Values = {
        "title": title,
        "year": last,
        "high": own[0]["name"],
        "most": one.said(own[0]["value"]),
        "low": own[-1]["name"],
        "least": one.said(own[-1]["value"]),
        "n": len(own),
    }
    # the figures as a table: a row a year, a column a region
    wide = one.frame.pivot("region", index="year", values="value").sort("year")
    codes = [code for code in wide.columns if code != "year"]
    columns = [Column(name=code, title=view.name(code), kind=one.about.kind) for code in codes]
    twin = Table(
        key="levels",
        title=words.web.measure_by_year(title=one.about.title),
        columns=(describe("measure", "year"), *columns),
        rows=wide.select("year", *codes).rows(),
    )
    forms = [(f"{name}.{each}", words.web.measure_of(each), each == form) for each in (YEARS, LOG)]
    return Page(
        title=capital(one.about.title),
        kicker=kicker(study),
        lead=[words.web.measure_at(**facts)],
        study=one.study or study,
        asked=Asked(topic=one.topic),
        decimals=decimals(study),
        template="levels.html.j2",
        files=[file("measure", "measurement")] if one.study is None else [],
        more={
            "unit": one.about.unit,
            "key": key,
            "settings": offers(store.protocol(address.query.get(PROTOCOL)), asked(address)),
            "last": str(last),
            "indicators": indicators,
            "scales": forms if one.positive else forms[:1],
            "chart": lines(one.frame, chosen, log=form == LOG, end=one.said, tick=one.said),
            "rows": [{**row, "shown": one.said(row["value"])} for row in placed],
            "axis": axis,
            "codes": [row["code"] for row in sorted(own, key=lambda row: row["code"])],
            "names": {code: view.name(code) for code in one.frame["region"].unique().to_list()},
            "forms": [(place, chosen[at] if at < len(chosen) else "") for at, place in enumerate(CHOSEN)],
            "twin": twin,
            "about": one.about.about,
        },
    )
