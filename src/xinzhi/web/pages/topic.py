"""A topic in full: its answer, then what each result of its study says; of the assessment, and those beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text
from xinzhi.report import Section
from xinzhi.studies import Assessment, Study
from xinzhi.web.asked import decimals, overall
from xinzhi.web.page import Address, Asked, Page, Part
from xinzhi.web.store import Store

WHOLE = ("paths",)  # of which the assessment has a part: the page has every result of the study
BESIDE = ("plan", "digital", "bubbles", "vintages")  # topics that the assessment does not ask


def keys(store: Store) -> Sequence[str]:
    """Return the topics that the package is enough for."""
    return [one.key for one in store.topics(overall(store))] + [key for key in BESIDE if beside(store, key)]


def beside(store: Store, key: str) -> Study | None:
    """Return the study of a topic beside the assessment, where the package is enough for it."""
    try:
        return store.study(key)
    except (InputError, UsageError):
        return None


def said(store: Store) -> list[tuple[str, Text, Text]]:
    """Return what each topic answers: its key, title and first sentence."""
    found = [(one.key, one.title, one.answer[0]) for one in store.topics(overall(store))]
    for key in BESIDE:
        if (study := beside(store, key)) is not None:
            section = store.section(study)
            found.append((key, section.title, section.answer[0]))
    return found


def page(store: Store, address: Address) -> Page:
    """Return the page of a topic; it rests on the protocol of the site."""
    study, key = overall(store), address.key
    digest = next((one for one in store.topics(study) if one.key == key), None)
    made = store.study(key) if digest is None or key in WHOLE else study.topics.get(key, study)
    asked = call(key, study)
    files: list[tuple[str, str, Text]] = []
    if digest is None or key in WHOLE:
        parts = sections(store, made, asked)
    else:
        names = list(made.results) if key in study.topics else []
        files = [
            ("assess", name if name == key else f"{key}.{name}", store.section(made, name).title) for name in names
        ]
        own = names[0] if len(names) == 1 else ""
        parts = [Part(section=replace(digest, answer=()), titled=False, result=own)]
    first = digest or parts[0].section
    if digest is None:
        parts[0] = replace(parts[0], section=replace(first, answer=()), titled=False)
    return Page(
        title=first.title,
        kicker=study.source,
        lead=first.answer,
        study=made,
        asked=asked,
        decimals=decimals(study),
        parts=parts,
        template="topic.html.j2",
        files=files,
    )


def sections(store: Store, study: Study, asked: Asked) -> list[Part]:
    """Return what each result of a study says; the evidence behind the first one is open."""
    found: list[tuple[str, Section]] = []
    for name in study.results:
        try:
            found.append((name, store.section(study, name, region=study.region)))
        except UsageError:  # a result that is read in others alone
            continue
    held = {name: None if one.frame.is_empty() else (asked.topic, name) for name, one in study.results.items()}
    return [Part(section=one, result=name, file=held[name], folded=at > 0) for at, (name, one) in enumerate(found)]


def call(topic: str, study: Assessment) -> Asked:
    """Return the call that gives a topic; what is in scope is asked for the last day of the data."""
    if topic not in study.topics:
        return Asked(topic=topic if topic in BESIDE else "assess")
    last = max(study.measurement.frame["year"].to_list())
    return Asked(topic=topic, options={"as_of": f"{last}-12-31"} if topic == "scope" else {})
