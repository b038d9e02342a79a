"""A topic of the assessment in full: its answer, charts, tables and notes, as the report has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.web.page import Asked, Page, Part
from xinzhi.web.pages.overall import decimals, kicker, overall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.studies import Assessment
    from xinzhi.web.address import Address
    from xinzhi.web.store import Store


def keys(store: Store) -> Sequence[str]:
    """Return the topics that the package is enough for."""
    return [one.key for one in store.topics(overall(store))]


def page(store: Store, address: Address) -> Page:
    """Return the page of a topic; it rests on the protocol of the site."""
    study = overall(store)
    found = next(one for one in store.topics(study) if one.key == address.key)
    made = study.topics.get(address.key, study)
    asked = call(address.key, study)
    files = [(asked, name) for name in made.results] if address.key in study.topics else []
    return Page(
        title=found.title, kicker=kicker(study), lead=found.answer, study=made, asked=asked, decimals=decimals(study),
        parts=[Part(section=found)], template="topic.html.j2", files=files,
        more={"result": files[0] if len(files) == 1 else None},
    )  # fmt: skip


def call(topic: str, study: Assessment) -> Asked:
    """Return the call that gives a topic; what is in scope is asked for the last day of the data."""
    if topic not in study.topics:
        return Asked(topic="assess")
    last = max(study.measurement.frame["year"].to_list())
    return Asked(topic=topic, options={"as_of": f"{last}-12-31"} if topic == "scope" else {})
