"""One indicator over the years, region by region: a line each, on a plain scale or on one of ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from xinzhi.core.errors import XinzhiError
from xinzhi.core.schema import Column, describe
from xinzhi.core.text import number, unit_text, words
from xinzhi.report.table import DECIMALS, FRACTIONS, Table
from xinzhi.studies import Assessment, Study, input_units
from xinzhi.web.drawing import CHOSEN, lines, ranges
from xinzhi.web.page import PROTOCOL, Address, Asked, Page, file
from xinzhi.web.settings import asked, capital, decimals, kicker, offers, overall
from xinzhi.web.store import Store
from xinzhi.yardstick import View

YEARS, LOG = "years", "years-log"  # of a key: on a plain scale, and where equal steps are equal ratios
KINDS = frozenset({"level", "score", "quantity", "share", "percent"})
THOUSAND = 1000.0
APART: Mapping[str, tuple[str, str, Sequence[str], dict[str, Any]]] = {  # what other studies give a region a year:
    "sectors": ("sectors", "advance", ("economy", "education", "culture", "green", "development"), {}),
    "risks": ("debt", "debt", ("to_output",), {"only": ("debt",)}),
}  # topic, result, verb of the schema, columns, and what is asked


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
        about = Column(name=name, title=about.title, kind=about.kind, unit=unit_text(unit))
    return {name: Level(about=about, frame=rows, topic=topic, study=study)} if rows.height else {}


def keys(store: Store) -> Sequence[str]:
    """Return the keys of the indicators over the years."""
    every = known(store, overall(store))
    return [f"{name}.{form}" for name, one in every.items() for form in (YEARS, LOG) if form == YEARS or one.positive]


def level(store: Store, address: Address, key: str, indicators: Sequence[Any]) -> Page:
    """Return the page of an indicator over the years."""
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
    title = words("web.measure.in_unit", title=one.about.title, unit=unit) if unit.en else one.about.title
    facts = {"title": title, "year": last, "high": own[0]["name"], "most": one.said(own[0]["value"]),
             "low": own[-1]["name"], "least": one.said(own[-1]["value"]), "n": len(own)}  # fmt: skip
    forms = [(f"{name}.{each}", words(f"web.measure.{each}"), each == form) for each in (YEARS, LOG)]
    call = Asked(topic=one.topic)
    return Page(
        title=capital(one.about.title),
        kicker=kicker(study),
        lead=[words("web.measure.at", **facts)],
        study=one.study or study,
        asked=call,
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
            "twin": _twin(one, view),
            "about": words(f"web.measure.{name}"),
        },
    )


def _twin(one: Level, view: View) -> Table:
    """Return the figures as a table: a row a year, a column a region."""
    wide = one.frame.pivot("region", index="year", values="value").sort("year")
    codes = [name for name in wide.columns if name != "year"]
    columns = [
        describe("measure", "year"),
        *(Column(name=code, title=view.name(code), kind=one.about.kind) for code in codes),
    ]
    return Table(key="levels", title=words("web.measure.by_year", title=one.about.title), columns=tuple(columns),
                 rows=wide.select("year", *codes).rows())  # fmt: skip
