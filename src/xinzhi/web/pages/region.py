"""A region: the brief first, then each of its answers with the evidence, its accounts, and who is like it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinzhi.core.text import words
from xinzhi.report.pages import brief
from xinzhi.report.pages.yardstick.regions import narrow, profiles
from xinzhi.studies import input_units
from xinzhi.web.drawing import pair, sized
from xinzhi.web.page import Asked, Page, file
from xinzhi.web.pages.explain import Why, explained, why
from xinzhi.web.pages.overall import overall
from xinzhi.web.ranges import ranges
from xinzhi.yardstick import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.report.section import Profile
    from xinzhi.studies import Brief
    from xinzhi.web.address import Address
    from xinzhi.web.store import Store

FILES = (("measure", "measurement"), ("assess", "bands"), ("able", "able"))
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
            "evidence": brief.evidence(made),
            "gaps": brief.gaps(made),
            "growth": sized(brief.growth(made.more["sources_of_growth"], made.about)),
            "company": company(made, view),
            "profile": None if not known else _linked_profile(known[0], view, why(store, address)),
            "group": view.group_of.get(code),
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
