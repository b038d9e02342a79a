"""A topic of the assessment in full: its answer, charts, tables and notes, as the report has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.report.pages.yardstick.assessment import topics
from xinzhi.web.page import Asked, Page, Part
from xinzhi.web.pages.overall import decimals, kicker, overall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.web.address import Address
    from xinzhi.web.store import Store


def keys(store: Store) -> Sequence[str]:
    """Return the topics that the package is enough for."""
    return [one.key for one in topics(overall(store)) if one.answer]


def page(store: Store, address: Address) -> Page:
    """Return the page of a topic; it rests on the protocol of the site."""
    study = overall(store)
    found = next(one for one in topics(study) if one.key == address.key)
    made = study.topics.get(address.key, study)
    asked = Asked(topic=made.name, data=store.package.name)
    return Page(
        title=found.title, kicker=kicker(study), lead=found.answer, study=made, asked=asked, decimals=decimals(study),
        parts=[Part(section=found)], template="topic.html.j2",
    )  # fmt: skip
