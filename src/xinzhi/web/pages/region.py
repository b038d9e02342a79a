"""A region, its brief first, each answer with the evidence, its accounts, who is like it; and regions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from xinzhi import words
from xinzhi.core.schema import describe
from xinzhi.core.text import NOTHING, Text, percent, same
from xinzhi.report import Table
from xinzhi.report.page import both
from xinzhi.report.pages import brief
from xinzhi.report.pages.yardstick.regions import drawn, profiles
from xinzhi.studies import Assessment, Brief, input_units
from xinzhi.web.asked import decimals, kicker, overall
from xinzhi.web.drawing import CHOSEN, lines, pair, ranges
from xinzhi.web.page import Address, Asked, Page, file
from xinzhi.web.pages import category, exists
from xinzhi.web.pages.explain import COLUMNS, Why, explained, why
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import Span, View

FILES = (("measure", "measurement"), ("assess", "bands"), ("able", "able"))
LINKS = (  # the part of the brief, and the page and key of what says more
    ("where", "topic", "sources"), ("able", "topic", "plan"), ("moves", "topic", "paths"), ("flags", "topic", "risks"),
    ("company", "compare", ""),
)  # fmt: skip
APART = ("answer", "record")  # parts of the brief with a place of their own

Rows = dict[str, dict[str, Any]]
PARTS = ("output_growth", "capital_contribution", "labour_contribution", "human_capital_contribution")


def keys(store: Store) -> Sequence[str]:
    """Return the codes of the regions."""
    return store.regions


def page(store: Store, address: Address) -> Page:
    """Return the page of a region."""
    code = store.region(address.key)
    made = briefed(store, address, code)
    measured: Any = made.results["measurement"]
    view = View(measured)
    known = profiles(view, input_units(measured.protocol, store.package), [code]) if code in view.codes else ()
    profile = known[0] if known else None
    if profile is not None:  # drawn in both widths; its figures lead to what they are made of
        places = int(measured.protocol.value("reporting.decimals"))
        shapes = [drawn(view, code, address.language, narrow=one) for one in (False, True)]
        periods = explained(profile.periods, code, places, why(store, address))
        profile = replace(profile, svg=pair(*shapes), periods=periods)
    codes = store.regions
    at = codes.index(code)
    asked = Asked(topic="brief", options={"region": code})
    growth = brief.growth(made.more["sources_of_growth"], made.about, address.language)
    return Page(
        title=made.about,
        kicker=words.brief.subtitle(source=made.source, span=made.span),
        lead=made.sentences("answer"),
        study=made,
        asked=asked,
        decimals=int(measured.protocol.value("reporting.decimals")),
        template="region.html.j2",
        files=[file(*one) for one in FILES if one[1] in made.results],
        more={
            "brief": made,
            "sections": [part for part in made.parts if part not in APART],
            "evidence": _linked(store, address, made),
            "planned": planned(store, code),
            "place": made.span.en.replace("–", "-"),
            "gaps": brief.gaps(made),
            "growth": Markup(growth),  # noqa: S704 - made there, its words escaped
            "company": company(made, view),
            "profile": profile,
            "group": view.group_of.get(code),
            "code": code,
            "links": [one for one in LINKS if exists(store, Address(address.language, *one[1:]))],
            "before": (codes[at - 1], view.name(codes[at - 1])),
            "after": (codes[(at + 1) % len(codes)], view.name(codes[(at + 1) % len(codes)])),
        },
    )


def briefed(store: Store, address: Address, code: str) -> Brief:
    """Return the brief of a region; that under the protocol of the site is there with those of all the others."""
    if address.query.get("protocol") in {None, store.rules.id}:
        found = next((one for one in overall(store, address).briefs if one.region == code), None)
        if found is not None:
            return found
    made: Any = store.study("brief", address.query.get("protocol"), region=code)
    return made  # type: ignore[no-any-return] # a brief, by its topic


def planned(store: Store, code: str) -> list[tuple[str, Text]]:
    """Return the industries that the newest plan of a region names, each of which has a page."""
    if not category.ready(store):
        return []
    names = store.study("able").results["able"].names
    codes, own = category.keys(store), category.named(store).filter(region=code)["category"].to_list()
    return [(one, names.text("category", one)) for one in codes if one in own]


def _linked(store: Store, address: Address, made: Brief) -> Table | None:
    """Return the main evidence; its industries lead to their pages."""
    shown = brief.evidence(made)
    if shown is None or not category.ready(store):
        return shown
    link, codes = Markup('<a href="{}">{}</a>'), made.more["evidence"]["category"].to_list()
    rows = [
        (link.format(address.to("category", code), both(row[0])), *row[1:])
        for code, row in zip(codes, shown.rows, strict=True)
    ]
    return replace(shown, rows=rows)


def company(made: Brief, view: View) -> dict[str, Any]:
    """Return the region, its peers and its neighbours with growth, band and ranks of the newest period."""
    nation = view.national_of(view.spans[-1])["tfp_growth"]
    rows = [
        {
            "code": row["region"],
            "name": view.name(row["region"]),
            "value": row["growth"],
            "low": row["low"],
            "high": row["high"],
            "ranks": (row["rank_low"], row["rank_high"]),
            "kind": row["kind"],
            "about": words.brief.company_of(row["kind"]),
        }
        for row in made.more["company"].rows(named=True)
        if row["growth"] is not None
    ]
    axis, placed = ranges(rows, [] if nation is None else [float(nation)])
    return {"rows": placed, "axis": axis, "nation": nation, "title": words.brief.table_company(span=made.span)}


def compare(store: Store, address: Address) -> Page:
    """Return the page; the columns of all regions are there, those that were chosen are shown."""
    study = overall(store, address)
    view = View(study.measurement)
    chosen = [store.region(address.query[name]) for name in CHOSEN if name in address.query]
    newest = view.spans[-1]
    order = study.ranking.in_period(newest.start, newest.end).drop_nulls("tfp_growth")["region"].to_list() or view.codes
    chosen = list(dict.fromkeys(chosen or [order[0], order[-1]]))  # the ends of the ranking where nobody chose
    return Page(
        title=words.web.compare_title(),
        kicker=kicker(study),
        lead=[words.web.compare_lead(n=len(view.codes))],
        study=study,
        asked=Asked(topic="assess"),
        decimals=decimals(study),
        template="compare.html.j2",
        files=[file("assess", "ranking"), file("measure", "measurement")],
        more={
            "codes": view.codes,
            "names": {code: view.name(code) for code in view.codes},
            "chosen": chosen,
            "rows": rows(study, view, why(store, address)),
            "chart": lines(view.measurement.levels.select("region", "year", value="tfp_level"), chosen),
            "forms": [(name, chosen[at] if at < len(chosen) else "") for at, name in enumerate(CHOSEN)],
        },
    )


def rows(study: Assessment, view: View, link: Why) -> list[tuple[Text, list[Text | Markup]]]:
    """Return what is compared: its name, and the cell of every region."""
    newest = view.spans[-1]
    ranked = {row["region"]: row for row in study.ranking.in_period(newest.start, newest.end).rows(named=True)}
    own = {row["region"]: row for row in view.regions_in(newest).rows(named=True)}
    made = _growth(view, ranked, "tfp_growth", newest, link)
    found: list[tuple[Text, list[Text | Markup]]] = [(words.web.compare_tfp(span=newest.label), made)]
    found += [
        (words.web.compare_band(), [_band(ranked.get(code, {})) for code in view.codes]),
        (words.web.compare_ranks(), [_places(ranked, code, "rank") for code in view.codes]),
        (words.web.compare_wide(), [_places(ranked, code, "protocol_rank") for code in view.codes]),
        (words.web.compare_grade(), [same(_of(ranked, code, "grade") or NOTHING) for code in view.codes]),
    ]
    found += [(describe("measure", name).title, _growth(view, own, name, newest, link)) for name in PARTS]
    for span in reversed(view.spans[:-1]):
        before = {row["region"]: row for row in view.regions_in(span).rows(named=True)}
        found.append((words.web.compare_tfp(span=span.label), _growth(view, before, "tfp_growth", span, link)))
    return found


def _of(rows_: Rows, code: str, name: str) -> Any:  # noqa: ANN401 - a cell
    return rows_.get(code, {}).get(name)


def _growth(view: View, rows_: Rows, name: str, span: Span, link: Why) -> list[Text | Markup]:
    return [link(code, span, COLUMNS[name], percent(_of(rows_, code, name))) for code in view.codes]


def _band(row: dict[str, Any]) -> Text:
    low, high = row.get("low"), row.get("high")
    return same(NOTHING if low is None else f"{percent(low)} … {percent(high)}")


def _places(rows_: Rows, code: str, name: str) -> Text:
    low, high = (_of(rows_, code, f"{name}_{end}") for end in ("low", "high"))
    return same(NOTHING) if low is None else same(f"{low}–{high}")
