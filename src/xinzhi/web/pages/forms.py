"""Pages that ask: a claim held to the yardstick, what other protocols say of a region, projects held to the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from xinzhi import words
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.text import Text
from xinzhi.report.pages.yardstick.audit import kept, levels
from xinzhi.studies import Assessment, Study
from xinzhi.web.asked import decimals, overall
from xinzhi.web.page import Address, Asked, Page, Part
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import NATIONAL, View

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


def claim(store: Store, address: Address) -> Page:
    """Return the page of a claim: the form, and below it the verdict where one was made."""
    made = overall(store)
    given = _given(address)
    common = _form(store, made, given)
    if not any(given.values()):
        return Page(lead=[words.web.claim_lead()], study=made, **common)
    study = store.study("claim", address.query.get("protocol"), **claimed(given))
    section = store.section(study)
    return Page(
        lead=section.answer,
        study=study,
        asked=Asked(topic="claim", options=given),
        parts=[Part(section=replace(section, answer=()), titled=False, result="claim", file=("claim", "claim"))],
        **common,
    )


def refused(store: Store, address: Address, error: XinzhiError) -> Page | None:
    """Return the form with what was typed and what is wrong with it; None where the fault is not one of the form."""
    given = _given(address)
    wrong = _amiss(given) if error.code == "web.claim" else FIELDS.get(error.code, ())
    return Page(lead=[words.web.claim_lead()], **_form(store, overall(store), given, wrong, error)) if wrong else None


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
        "title": words.web.claim_title(),
        "kicker": made.source,
        "decimals": decimals(made),
        "template": "claim.html.j2",
        "more": {
            "regions": [(NATIONAL, words.web.claim_nation()), *((one, view.name(one)) for one in view.codes)],
            "form": {**kept, **typed},
            "wrong": wrong,
            "error": None if error is None else error.text,
        },
    }


def _amiss(given: Mapping[str, str]) -> list[str]:
    """Return the fields that are empty, and years that are none."""
    return [name for name in ASKS if not (given[name].isdecimal() if name in {"start", "end"} else given[name])]


def claimed(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the claim of a form; one that lacks something, or a year that is none, is refused with what it lacks."""
    if _amiss(given):
        raise UsageError("web.claim", given=[f"{name}={value}" for name, value in given.items() if value])
    years = {name: int(given[name]) for name in ("start", "end")}
    return {"region": given["region"], **years, "growth": given["growth"]}


def audit(store: Store, address: Address) -> Page:
    """Return what the other admissible protocols say; on a server the curve of the region that is asked for."""
    asked = {"region": store.region(address.query["region"])} if "region" in address.query else {}
    study = store.study("audit", **asked)
    section = store.section(study, region=study.region)
    audited: Any = study.results["audit"]
    choices = levels(audited)
    wish = address.query.get("hold", "")
    if wish in {key for _, rows in choices for key, _ in rows}:
        name, _, at = wish.rpartition(":")
        section = kept(section, audited, study.region, (name, int(at)))
    parts = [Part(section=replace(section, answer=()), titled=False, result="audit", file=("audit", "audit"))]
    why: list[Text] = []
    try:
        bridge = store.study("bridge")
        parts.append(
            Part(section=store.section(bridge), asked=Asked(topic="bridge"), result="bridge", file=("bridge", "bridge"))
        )
    except XinzhiError as error:  # a package without a nation has no bridge
        why = [error.text]
    made = overall(store)
    lead = View(made.measurement).lead
    return Page(
        title=section.title,
        kicker=words.web.audit_kicker(source=made.source, span=lead.label),
        lead=[*section.answer, *why],
        study=study,
        asked=Asked(topic="audit", options=asked),
        parts=parts,
        decimals=decimals(made),
        template="audit.html.j2",
        more={
            "regions": [(code, store.names.region(code)) for code in store.regions],
            "region": asked.get("region"),
            "choices": choices,
            "hold": wish,
            "label": words.web.audit_region(),
        },
    )


def projects(store: Store, address: Address) -> Page:  # noqa: ARG001 - a page without a question
    """Return the form of projects, as it stands before anything is uploaded; then it is `answered`."""
    return Page(
        title=words.web.projects_title(),
        lead=[words.web.projects_lead(), words.web.projects_care()],
        asked=Asked(topic="screen", data="projects.csv"),
        template="projects.html.j2",
        more={"mb": store.limits.body // 1_000_000},
    )


def answered(store: Store, there: Address, study: Study) -> Page:
    """Return the page of projects that were screened."""
    section = store.section(study)
    part = Part(section=replace(section, answer=()), titled=False)
    return replace(projects(store, there), lead=section.answer, study=study, parts=[part])
