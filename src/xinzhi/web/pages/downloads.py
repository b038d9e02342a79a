"""Every result as a file: what it holds, how many rows, and the files in four formats."""

from __future__ import annotations

from collections.abc import Mapping

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Text, words
from xinzhi.web.page import Address, Asked, Page
from xinzhi.web.pages import topic
from xinzhi.web.settings import overall
from xinzhi.web.store import Store

ALONE = ("able", "audit", "bridge")  # topics with a page of their own

Row = tuple[str, str, Text, int]  # topic, name, title, rows


def page(store: Store, address: Address) -> Page:  # noqa: ARG001 - a page without a question
    """Return the page."""
    study = overall(store)
    rows = held(store)
    return Page(
        title=words("web.downloads.title"), kicker=study.source,
        lead=[words("web.downloads.lead", n=len(rows)), words("web.downloads.formats")],
        study=study, asked=Asked(topic="assess"), template="downloads.html.j2",
        more={"rows": rows, "export": f"xinzhi data export {store.package.name} {store.package.name}"},
    )  # fmt: skip


def held(store: Store) -> list[Row]:
    """Return the results that pages offer as files: those of the assessment, then those of the other topics."""
    study = overall(store)
    bands = study.ranking.bands
    first: Mapping[str, Result] = {"ranking": study.ranking, **({} if bands is None else {"bands": bands})}
    rows = [("measure", "measurement", words("web.file.measurement"), study.measurement.frame.height)]
    rows += [("assess", name, words(f"web.file.{name}"), one.frame.height) for name, one in first.items()]
    for key, made in study.topics.items():
        if key in topic.WHOLE:
            continue
        for name, one in made.results.items():
            rows.append(
                ("assess", name if name == key else f"{key}.{name}", store.section(made, name).title, one.frame.height)
            )
    for key in (*topic.WHOLE, *topic.BESIDE, *ALONE):
        try:
            made = store.study(key)
        except (InputError, UsageError):
            continue
        for part in topic.sections(store, made, Asked(topic=key)):
            if part.file is not None:
                rows.append((*part.file, part.section.title, made.results[part.result].frame.height))
    return rows
