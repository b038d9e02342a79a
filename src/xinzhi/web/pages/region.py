"""A region: the brief first, then each of its answers with the evidence, its accounts, and who is like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from xinzhi.core.text import Text, words
from xinzhi.report import Table
from xinzhi.report.page import both
from xinzhi.report.pages import brief
from xinzhi.report.pages.yardstick.regions import narrow, profiles
from xinzhi.report.section import Profile
from xinzhi.studies import Brief, input_units
from xinzhi.web.drawing import pair, ranges, sized
from xinzhi.web.page import Address, Asked, Page, file
from xinzhi.web.pages import category, exists
from xinzhi.web.pages.explain import Why, explained, why
from xinzhi.web.settings import overall
from xinzhi.web.store import Store
from xinzhi.yardstick import View

FILES = (("measure", "measurement"), ("assess", "bands"), ("able", "able"))
LINKS = (  # the part of the brief, and the page and key of what says more
    ("where", "topic", "sources"), ("able", "topic", "plan"), ("moves", "topic", "paths"), ("flags", "topic", "risks"),
    ("company", "compare", ""),
)  # fmt: skip
APART = ("answer", "record")  # parts of the brief with a place of their own


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
    codes = store.regions
    at = codes.index(code)
    asked = Asked(topic="brief", options={"region": code})
    return Page(
        title=made.about,
        kicker=words("brief.subtitle", source=made.source, span=made.span),
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
            "growth": sized(brief.growth(made.more["sources_of_growth"], made.about)),
            "company": company(made, view),
            "profile": None if not known else _linked_profile(known[0], view, why(store, address)),
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
        {"code": row["region"], "name": view.name(row["region"]), "value": row["growth"], "low": row["low"],
         "high": row["high"], "ranks": (row["rank_low"], row["rank_high"]), "kind": row["kind"],
         "about": words(f"brief.company.{row['kind']}")}
        for row in made.more["company"].rows(named=True)
        if row["growth"] is not None
    ]  # fmt: skip
    axis, placed = ranges(rows, [] if nation is None else [float(nation)])
    return {"rows": placed, "axis": axis, "nation": nation, "title": words("brief.table.company", span=made.span)}


def _linked_profile(profile: Profile, view: View, link: Why) -> Profile:
    """Return the accounts of a region, drawn in both widths, whose figures lead to what they are made of."""
    places = int(view.measurement.protocol.value("reporting.decimals"))
    periods = explained(profile.periods, profile.code, places, link)
    return replace(profile, svg=pair(profile.svg, narrow(view, profile.code)), periods=periods)
