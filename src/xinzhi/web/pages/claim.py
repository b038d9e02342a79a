"""A published growth rate held to the yardstick: a form, the verdict with its evidence, and an address to send."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.core.text import words
from xinzhi.web.page import Asked, Page, Part
from xinzhi.web.pages.overall import decimals, kicker, overall
from xinzhi.yardstick import NATIONAL, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.web.address import Address
    from xinzhi.web.store import Store

ASKS = ("region", "start", "end", "growth")


def page(store: Store, address: Address) -> Page:
    """Return the page: the form, and below it the verdict where a claim was made."""
    made = overall(store)
    view = View(made.measurement)
    given = {name: address.query.get(name, "").strip() for name in ASKS}
    forms = {"start": str(view.spans[-1].start), "end": str(view.spans[-1].end), "region": NATIONAL, "growth": ""}
    common: dict[str, Any] = {
        "title": words("web.claim.title"), "kicker": kicker(made), "decimals": decimals(made),
        "template": "claim.html.j2",
        "more": {
            "regions": [(NATIONAL, words("web.claim.nation")), *((one, view.name(one)) for one in view.codes)],
            "form": forms | {name: value for name, value in given.items() if value},
        },
    }  # fmt: skip
    if not any(given.values()):
        return Page(lead=[words("web.claim.lead")], study=made, **common)
    study = store.study("claim", address.query.get("protocol"), **claimed(given))
    section = store.section(study)
    return Page(
        lead=section.answer, study=study, parts=[Part(section=replace(section, answer=()), titled=False)],
        asked=Asked(topic="claim", data=store.package.name, options={**given, "growth": rate(given["growth"])}),
        **common,
    )  # fmt: skip


def claimed(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the claim of a form; one that lacks something, or a year that is none, is refused with what it lacks."""
    missing = [name for name in ASKS if not given[name]]
    years = [given[name] for name in ("start", "end")]
    if missing or not all(year.isdecimal() for year in years):
        raise UsageError("web.claim", given=[f"{name}={value}" for name, value in given.items() if value])
    return {"region": given["region"], "start": int(years[0]), "end": int(years[1]), "growth": rate(given["growth"])}


def rate(text: str) -> str:
    """Return a growth rate with its sign of percent: the form asks for percent a year.

    Examples
    --------
    >>> rate("1.8"), rate("1.8%"), rate("1.8％")
    ('1.8%', '1.8%', '1.8%')
    """
    return text.strip().rstrip("%％").strip() + "%"
