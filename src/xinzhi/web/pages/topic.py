"""A topic in full: its answer, then what each result of its study says; of the assessment, and those beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text
from xinzhi.report import Section
from xinzhi.studies.internal import Assessment, Study
from xinzhi.web.page import Address, Call, Page, Part
from xinzhi.web.parameters import assessment_of, decimals
from xinzhi.web.store import Store

COMPLETE = ("paths",)  # of which the assessment has a part: the page has every result of the study
OUTSIDE: Mapping[str, Sequence[set[str]]] = {  # topics that the assessment does not ask, and the tables they need
    "plan": ({"activity"},),
    "digital": ({"nation", "asset_investment"},),
    "bubbles": ({"city_prices"}, {"prices"}),  # one of the two
    "vintages": ({"vintages"},),
}


def keys(store: Store) -> Sequence[str]:
    """Return the topics with an answer in the assessment, and those beside it whose tables the package has."""
    tables = store.package.tables.keys()
    outside = [key for key, choices in OUTSIDE.items() if any(needs <= tables for needs in choices)]
    return [section.key for section in store.topics(assessment_of(store))] + outside


def study_outside_assessment(store: Store, key: str) -> Study | None:
    """Return the study of a topic beside the assessment, where the package is enough for it."""
    try:
        return store.study(key)
    except (InputError, UsageError):
        return None


def topic_answers(store: Store) -> list[tuple[str, Text, Text]]:
    """Return what each topic answers: its key, title and first sentence."""
    answers = [(section.key, section.title, section.answer[0]) for section in store.topics(assessment_of(store))]
    for key in OUTSIDE:
        if (study := study_outside_assessment(store, key)) is not None:
            section = store.section(study)
            answers.append((key, section.title, section.answer[0]))
    return answers


def page(store: Store, address: Address) -> Page:
    """Return the page of a topic; it rests on the protocol of the site."""
    study, key = assessment_of(store), address.key
    digest = next((section for section in store.topics(study) if section.key == key), None)
    topic_call = call(key, study)
    try:
        topic_study = store.study(key) if digest is None or key in COMPLETE else study.topics.get(key, study)
    except (InputError, UsageError) as error:  # the tables are there, and not enough
        return Page(title=words.web.error_refused(), kicker=study.source, lead=(error.text,), call=topic_call)
    files: list[tuple[str, str, Text]] = []
    if digest is None or key in COMPLETE:
        parts = sections(store, topic_study, topic_call)
    else:
        names = list(topic_study.results) if key in study.topics else []
        files = [
            ("assess", name if name == key else f"{key}.{name}", store.section(topic_study, name).title)
            for name in names
        ]
        single_result = names[0] if len(names) == 1 else ""
        parts = [Part(section=replace(digest, answer=()), titled=False, result=single_result)]
    first = digest or parts[0].section
    if digest is None:
        parts[0] = replace(parts[0], section=replace(first, answer=()), titled=False)
    return Page(
        title=first.title,
        kicker=study.source,
        lead=first.answer,
        study=topic_study,
        call=topic_call,
        decimals=decimals(study),
        parts=parts,
        template="topic.html.j2",
        files=files,
    )


def sections(store: Store, study: Study, topic_call: Call) -> list[Part]:
    """Return what each result of a study says; the evidence behind the first one is open."""
    named_sections: list[tuple[str, Section]] = []
    for name in study.results:
        try:
            named_sections.append((name, store.section(study, name, region=study.region)))
        except UsageError:  # a result that is read in others alone
            continue
    files = {
        name: None if result.frame.is_empty() else (topic_call.topic, name) for name, result in study.results.items()
    }
    return [
        Part(section=section, result=name, file=files[name], folded=at > 0)
        for at, (name, section) in enumerate(named_sections)
    ]


def call(topic: str, study: Assessment) -> Call:
    """Return the call that gives a topic; what is in scope is asked for the last day of the data."""
    if topic not in study.topics:
        return Call(topic=topic if topic in OUTSIDE else "assess")
    last = max(study.measurement.frame["year"].to_list())
    return Call(topic=topic, options={"as_of": f"{last}-12-31"} if topic == "scope" else {})
