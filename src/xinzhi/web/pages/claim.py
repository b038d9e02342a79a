"""A published growth rate held to the yardstick: a form, the verdict with its evidence, and an address to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.text import words
from xinzhi.studies import Assessment
from xinzhi.web.page import Address, Asked, Page, Part
from xinzhi.web.settings import decimals, overall
from xinzhi.web.store import Store
from xinzhi.yardstick import NATIONAL, View

ASKS = ("region", "start", "end", "growth")
FIELDS = {  # the fields that a refusal speaks of, by its code
    "core.other-region": ("region",),
    "core.ambiguous-region": ("region",),
    "yardstick.claim-order": ("start", "end"),
    "yardstick.claim-years": ("start", "end"),
    "yardstick.figure-unreadable": ("growth",),
    "yardstick.growth-too-large": ("growth",),
    "yardstick.growth-unsigned": ("growth",),
}


def page(store: Store, address: Address) -> Page:
    """Return the page: the form, and below it the verdict where a claim was made."""
    made = overall(store)
    given = _given(address)
    common = _form(store, made, given)
    if not any(given.values()):
        return Page(lead=[words("web.claim.lead")], study=made, **common)
    study = store.study("claim", address.query.get("protocol"), **claimed(given))
    section = store.section(study)
    return Page(
        lead=section.answer, study=study, asked=Asked(topic="claim", options=given),
        parts=[Part(section=replace(section, answer=()), titled=False, result="claim", file=("claim", "claim"))],
        **common,
    )  # fmt: skip


def refused(store: Store, address: Address, error: XinzhiError) -> Page | None:
    """Return the form with what was typed and what is wrong with it; None where the fault is not one of the form."""
    given = _given(address)
    wrong = _amiss(given) if error.code == "web.claim" else FIELDS.get(error.code, ())
    return Page(lead=[words("web.claim.lead")], **_form(store, overall(store), given, wrong, error)) if wrong else None


def _given(address: Address) -> dict[str, str]:
    return {name: address.query.get(name, "").strip() for name in ASKS}


def _form(
    store: Store,
    made: Assessment,
    given: Mapping[str, str],
    wrong: Sequence[str] = (),
    error: XinzhiError | None = None,
) -> dict[str, Any]:
    """Return what the page has with and without a verdict: its title, and the form with what was typed."""
    view = View(made.measurement)
    typed = {name: value for name, value in given.items() if value}
    if "region" in typed and typed["region"] != NATIONAL and "region" not in wrong:
        with suppress(UsageError):  # the nation has names that are no region's
            typed["region"] = store.region(typed["region"])
    forms = {"start": str(view.spans[-1].start), "end": str(view.spans[-1].end), "region": NATIONAL, "growth": ""}
    kept = forms if error is None else dict.fromkeys(ASKS, "")
    return {
        "title": words("web.claim.title"), "kicker": made.source, "decimals": decimals(made),
        "template": "claim.html.j2",
        "more": {
            "regions": [(NATIONAL, words("web.claim.nation")), *((one, view.name(one)) for one in view.codes)],
            "form": {**kept, **typed},
            "wrong": wrong,
            "error": None if error is None else error.text,
        },
    }  # fmt: skip


def _amiss(given: Mapping[str, str]) -> list[str]:
    """Return the fields that are empty, and years that are none."""
    return [name for name in ASKS if not (given[name].isdecimal() if name in {"start", "end"} else given[name])]


def claimed(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the claim of a form; one that lacks something, or a year that is none, is refused with what it lacks."""
    if _amiss(given):
        raise UsageError("web.claim", given=[f"{name}={value}" for name, value in given.items() if value])
    years = {name: int(given[name]) for name in ("start", "end")}
    return {"region": given["region"], **years, "growth": given["growth"]}
