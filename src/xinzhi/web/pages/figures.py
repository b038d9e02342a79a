"""One indicator in one period, region by region, with its band where there is one; the whole table below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from xinzhi.core.schema import describe, described
from xinzhi.core.text import Text, number, words
from xinzhi.report.pages.yardstick import tables
from xinzhi.report.table import FRACTIONS
from xinzhi.studies import Assessment
from xinzhi.web.drawing import ranges
from xinzhi.web.page import PROTOCOL, Address, Asked, Page, file
from xinzhi.web.pages import levels
from xinzhi.web.pages.explain import COLUMNS
from xinzhi.web.settings import asked, capital, decimals, kicker, offers, overall
from xinzhi.web.store import Store
from xinzhi.yardstick import NATIONAL, Span, View

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
    return [*every, *levels.keys(store)]


def page(store: Store, address: Address) -> Page:
    """Return the page of an indicator and a period, or over the years; without a key growth in the newest period."""
    return figure(store, address, address.key or [key for key in keys(store) if key.startswith(f"{FIRST}.")][-1])


def _indicators(store: Store, study: Assessment, label: str, here: str) -> Shelves:
    """Return the links to all indicators: those of a period, and those over the years; `here` is a key."""
    every = levels.known(store, study)
    kept = here.partition(".")[2] if here.endswith((levels.YEARS, levels.LOG)) else levels.YEARS
    return [
        ("indicator", [
            (f"{name}.{label}", describe("measure", name).title, here == f"{name}.{label}") for name in growth(study)
        ]),
        ("over", [
            (key, one.about.title, here == key)
            for name, one in every.items()
            for key in [f"{name}.{kept if one.positive else levels.YEARS}"]
        ]),
    ]  # fmt: skip


def figure(store: Store, address: Address, key: str) -> Page:
    """Return the page of a key."""
    study = overall(store, address)
    view = View(study.measurement)
    name, _, label = key.partition(".")
    if label in {levels.YEARS, levels.LOG}:
        newest = view.spans[-1]
        return levels.level(store, address, key, _indicators(store, study, f"{newest.start}-{newest.end}", key))
    span = next((one for one in _spans(view) if f"{one.start}-{one.end}" == label), view.spans[-1])
    about, rows = describe("measure", name), values(study, view, name, span)
    nation = next((row["value"] for row in rows if row["code"] == NATIONAL), None)
    own = [row for row in rows if row["code"] != NATIONAL]
    axis, placed = ranges(own, [] if nation is None else [float(nation)])
    shown = _figures(name)
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
            "about": words(f"web.measure.{name}"),
        },
    )


def values(study: Assessment, view: View, name: str, span: Span) -> list[dict[str, Any]]:
    """Return a row a region with a figure of the indicator, the largest first, and one of all together."""
    rows = view.of(span).select("region", value=name)
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
        {"code": code, "name": view.name(code), "value": value, "low": known.get(code, (None, None))[0],
         "high": known.get(code, (None, None))[1]}
        for code, value in found.rows()
    ]  # fmt: skip


def _spans(view: View) -> list[Span]:
    """Return the periods, the whole span first and the newest one last."""
    return list(dict.fromkeys([view.whole, *view.spans]))


def _figures(name: str) -> Callable[[float | None], str]:
    """Return what writes a figure of an indicator, as the table below does."""
    kind = describe("measure", name).kind
    return lambda value: number(None if value is None else 100 * value, 0 if kind == "share" else 1)


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
        return [words("web.measure.none", title=title, span=span.label)]
    facts = {"title": title, "span": span.label, "high": view.name(rows[0]["code"]), "most": shown(rows[0]["value"]),
             "low": view.name(rows[-1]["code"]), "least": shown(rows[-1]["value"]), "n": len(rows)}  # fmt: skip
    if nation is None:
        return [words("web.measure.apart", **facts)]
    return [words("web.measure.together", **facts, nation=shown(nation))]
