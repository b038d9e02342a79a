"""Pages that ask: a claim held to the yardstick, what other protocols say of a region, projects held to the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from xinzhi import words
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.text import Text
from xinzhi.report.internal import hold, levels
from xinzhi.studies.internal import Assessment, Study
from xinzhi.web.page import Address, Call, Page, Part
from xinzhi.web.parameters import assessment_of, decimals
from xinzhi.web.store import Store
from xinzhi.yardstick import Audit
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
    assessment = assessment_of(store)
    fields = _form_fields(address)
    common = _form(store, assessment, fields)
    if not any(fields.values()):
        return Page(lead=[words.web.claim_lead()], study=assessment, **common)
    study = store.study("claim", address.query.get("protocol"), **claim_from_form(fields))
    section = store.section(study)
    return Page(
        lead=section.answer,
        study=study,
        call=Call(topic="claim", options=fields),
        parts=[Part(section=replace(section, answer=()), titled=False, result="claim", file=("claim", "claim"))],
        **common,
    )


def form_with_error(store: Store, address: Address, error: XinzhiError) -> Page | None:
    """Return the form with what was typed and what is wrong with it; None where the fault is not one of the form."""
    fields = _form_fields(address)
    wrong = _amiss(fields) if error.code == "web.claim" else FIELDS.get(error.code, ())
    return (
        Page(lead=[words.web.claim_lead()], **_form(store, assessment_of(store), fields, wrong, error))
        if wrong
        else None
    )


def _form_fields(address: Address) -> dict[str, str]:
    return {name: address.query.get(name, "").strip() for name in ASKS}


def _form(
    store: Store,
    assessment: Assessment,
    fields: Mapping[str, str],
    wrong: Sequence[str] = (),
    error: XinzhiError | None = None,
) -> dict[str, Any]:
    """Return what the page has with and without a verdict: its title, and the form with what was typed."""
    view = View(assessment.measurement)
    typed = {name: value for name, value in fields.items() if value}
    if "region" in typed and typed["region"] != NATIONAL and "region" not in wrong:
        with suppress(UsageError):  # the nation has names that are no region's
            typed["region"] = store.region(typed["region"])
    forms = {"start": str(view.spans[-1].start), "end": str(view.spans[-1].end), "region": NATIONAL, "growth": ""}
    defaults = forms if error is None else dict.fromkeys(ASKS, "")
    return {
        "title": words.web.claim_title(),
        "kicker": assessment.source,
        "decimals": decimals(assessment),
        "template": "claim.html.j2",
        "more": {
            "regions": [(NATIONAL, words.web.claim_nation()), *((code, view.name(code)) for code in view.codes)],
            "form": {**defaults, **typed},
            "wrong": wrong,
            "error": None if error is None else error.text,
        },
    }


def _amiss(fields: Mapping[str, str]) -> list[str]:
    """Return the fields that are empty, and years that are none."""
    return [name for name in ASKS if not (fields[name].isdecimal() if name in {"start", "end"} else fields[name])]


def claim_from_form(fields: Mapping[str, str]) -> dict[str, str | int]:
    """Return the claim of a form; one that lacks something, or a year that is none, is refused with what it lacks."""
    if _amiss(fields):
        raise UsageError("web.claim", given=[f"{name}={value}" for name, value in fields.items() if value])
    years = {name: int(fields[name]) for name in ("start", "end")}
    return {"region": fields["region"], **years, "growth": fields["growth"]}


def audit(store: Store, address: Address) -> Page:
    """Return what the other admissible protocols say; on a server the curve of the region that is asked for."""
    options = {"region": store.region(address.query["region"])} if "region" in address.query else {}
    study = store.study("audit", **options)
    section = store.section(study, region=study.region)
    audited = study.result(Audit)
    choices = levels(audited)
    level = address.query.get("hold", "")
    if level in {key for _, rows in choices for key, _ in rows}:
        name, _, at = level.rpartition(":")
        section = hold(section, audited, study.region, (name, int(at)))
    parts = [Part(section=replace(section, answer=()), titled=False, result="audit", file=("audit", "audit"))]
    why: list[Text] = []
    try:
        bridge = store.study("bridge")
        parts.append(
            Part(section=store.section(bridge), call=Call(topic="bridge"), result="bridge", file=("bridge", "bridge"))
        )
    except XinzhiError as error:  # a package without a nation has no bridge
        why = [error.text]
    assessment = assessment_of(store)
    lead = View(assessment.measurement).lead
    return Page(
        title=section.title,
        kicker=words.web.audit_kicker(source=assessment.source, span=lead.label),
        lead=[*section.answer, *why],
        study=study,
        call=Call(topic="audit", options=options),
        parts=parts,
        decimals=decimals(assessment),
        template="audit.html.j2",
        more={
            "regions": [(code, store.names.region(code)) for code in store.regions],
            "region": options.get("region"),
            "choices": choices,
            "hold": level,
            "label": words.web.audit_region(),
        },
    )


def projects(store: Store, address: Address) -> Page:  # noqa: ARG001 - a page without a question
    """Return the form of projects, as it stands before anything is uploaded; then it is the `screening_page`."""
    return Page(
        title=words.web.projects_title(),
        lead=[words.web.projects_lead(), words.web.projects_care()],
        call=Call(topic="screen", data="projects.csv"),
        template="projects.html.j2",
        more={"mb": store.limits.body // 1_000_000},
    )


def screening_page(store: Store, address: Address, study: Study) -> Page:
    """Return the page of projects that were screened."""
    section = store.section(study)
    part = Part(section=replace(section, answer=()), titled=False)
    return replace(projects(store, address), lead=section.answer, study=study, parts=[part])
