"""Projects held to the archive of known ones: a form, and the ledger of what it was given."""

from __future__ import annotations

from dataclasses import replace

from xinzhi.core.text import words
from xinzhi.studies import Study
from xinzhi.web.page import Address, Asked, Page, Part
from xinzhi.web.store import Store

FILE = "projects.csv"


def page(store: Store, address: Address) -> Page:  # noqa: ARG001 - a page without a question
    """Return the page with its form; what was uploaded is answered by `answered`."""
    return form(store)


def form(store: Store) -> Page:
    """Return what the page says before anything is uploaded."""
    return Page(
        title=words("web.projects.title"), lead=[words("web.projects.lead"), words("web.projects.care")],
        asked=Asked(topic="screen", data=FILE), template="projects.html.j2",
        more={"mb": store.limits.body // 1_000_000},
    )  # fmt: skip


def answered(store: Store, study: Study) -> Page:
    """Return the page of projects that were screened."""
    section = store.section(study)
    part = Part(section=replace(section, answer=()), titled=False)
    return replace(form(store), lead=section.answer, study=study, parts=[part])
